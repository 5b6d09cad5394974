# SPDX-License-Identifier: GPL-3.0-or-later
# Factor models by ML, MLR and WLSMV, distinctness of factors, eigenvalues.
# lavaan does the fit, at a finer stopping rule than its own; the test statistics and the indices
# of fit are found once more from the implied and observed moments by the textbook formulas.
# Run from the top folder of the project: Rscript tests/oracle/factor.R

suppressMessages(library(lavaan))
suppressMessages(library(semTools))
source("tests/oracle/record.R")

# lavaan's stopping rule leaves about five digits. Finer ones may end in a complaint where the search
# can go no further, or go astray; so the usual rule must be met, and what ends lowest is taken.
at_bottom <- function(...) {
  best <- cfa(...)
  if (!lavInspect(best, "converged")) stop("no convergence", call. = FALSE)
  for (fine in c(1e-12, 1e-13, 1e-15)) {
    rule <- list(iter.max = 20000, eval.max = 20000, rel.tol = fine)
    fit <- suppressWarnings(cfa(..., control = rule, optim.force.converged = TRUE))
    fall <- fitMeasures(best, "chisq") - fitMeasures(fit, "chisq")
    if (is.finite(fall) && fall > -1e-9) best <- fit
  }
  best
}
measures <- c(
  chisq = "chisq", df = "df", pvalue = "pvalue", cfi = "cfi", tli = "tli", rmsea = "rmsea",
  rmsea_low = "rmsea.ci.lower", rmsea_high = "rmsea.ci.upper", srmr = "srmr", aic = "aic",
  bic = "bic", chisq_scaled = "chisq.scaled", pvalue_scaled = "pvalue.scaled",
  cfi_scaled = "cfi.scaled", tli_scaled = "tli.scaled", rmsea_scaled = "rmsea.scaled",
  rmsea_scaled_low = "rmsea.ci.lower.scaled", rmsea_scaled_high = "rmsea.ci.upper.scaled"
)

syntax <- function(model, second_order, method) {
  lines <- paste(names(model), "=~", sapply(model, paste, collapse = " + "))
  if (!is.null(second_order)) {
    lines <- c(lines, paste(second_order, "=~", paste(names(model), collapse = " + ")))
  }
  if (length(method)) {
    apart <- if (is.null(second_order)) names(model) else second_order
    lines <- c(
      lines, paste("method =~", paste(method, collapse = " + ")),
      paste("method ~~ 0 *", apart)
    )
  }
  paste(lines, collapse = "\n")
}

# The discrepancy of normal theory, from observed and implied moments, and what follows from it.
check_normal <- function(fit, found, what) {
  observed <- lavInspect(fit, "sampstat")
  implied <- lavInspect(fit, "implied")
  if (lavInspect(fit, "ngroups") == 1) {
    observed <- list(observed)
    implied <- list(implied)
  }
  n <- lavInspect(fit, "nobs")
  half <- function(s, sigma, gap) {
    inner <- solve(sigma)
    sum(diag(inner %*% s)) - log(det(inner %*% s)) - nrow(s) + c(t(gap) %*% inner %*% gap)
  }
  by_group <- mapply(function(o, i) {
    gap <- if (is.null(o$mean)) rep(0, nrow(o$cov)) else o$mean - i$mean
    half(o$cov, i$cov, gap)
  }, observed, implied)
  base <- sapply(observed, function(o) half(o$cov, diag(diag(o$cov)), rep(0, nrow(o$cov))))
  check_indices(sum(n * by_group), sum(n * base), sum(n), length(n), nrow(observed[[1]]$cov),
    found, what)
}

# The same for diagonal weights: squared residuals over their sampling variances, n less one.
check_ordinal <- function(fit, found, what) {
  groups <- lavInspect(fit, "ngroups")
  listed <- function(x) if (groups == 1) list(x) else x
  observed <- listed(lavInspect(fit, "wls.obs"))
  implied <- listed(lavInspect(fit, "wls.est"))
  weight <- listed(lavInspect(fit, "wls.v"))
  n <- lavInspect(fit, "nobs") - 1
  p <- length(lavNames(fit))
  pairs <- seq(length(observed[[1]]) - p * (p - 1) / 2 + 1, length(observed[[1]]))
  each <- mapply(function(o, e, w) sum(diag(as.matrix(w)) * (o - e)^2), observed, implied, weight)
  base <- mapply(function(o, w) sum((diag(as.matrix(w)) * o^2)[pairs]), observed, weight)
  check_indices(sum(n * each), sum(n * base), sum(n), groups, p, found, what)
}

check_indices <- function(chisq, base, n, groups, p, found, what) {
  df <- found$df
  base_df <- groups * p * (p - 1) / 2
  agree(chisq / found$chisq, 1, paste(what, "chi-square"), 1e-6)
  cfi <- 1 - max(chisq - df, 0) / max(base - base_df, chisq - df)
  tli <- 1 - (chisq - df) / df * base_df / (base - base_df)
  rmsea <- sqrt(groups * max(chisq - df, 0) / (df * n))
  agree(c(cfi, tli, rmsea), found[c("cfi", "tli", "rmsea")], paste(what, "indices"), 1e-6)
}

tables <- function(fit, group) {
  raw <- parameterEstimates(fit)
  std <- standardizedSolution(fit)
  raw$std <- std$est.std
  raw$std_se <- std$se
  if (is.null(group)) raw$group <- 1
  labels <- if (is.null(group)) "" else lavInspect(fit, "group.label")
  raw$label <- labels[raw$group]
  rows <- function(which, columns) {
    part <- raw[which, columns]
    rownames(part) <- NULL
    lapply(seq_len(nrow(part)), function(i) as.list(part[i, ]))
  }
  factors <- lavNames(fit, "lv")
  list(
    loadings = rows(raw$op == "=~", c("label", "lhs", "rhs", "est", "se", "std", "std_se")),
    correlations = rows(
      raw$op == "~~" & raw$lhs %in% factors & raw$lhs != raw$rhs & raw$se > 0,
      c("label", "lhs", "rhs", "std", "std_se")
    ),
    residuals = rows(
      raw$op == "~~" & raw$lhs == raw$rhs & !raw$lhs %in% factors,
      c("label", "lhs", "est", "se", "std", "std_se")
    ),
    thresholds = rows(raw$op == "|", c("label", "lhs", "rhs", "est", "se")),
    means = rows(raw$op == "~1" & raw$lhs %in% factors, c("label", "lhs", "est", "se"))
  )
}

describe <- function(path, model, estimator, group = NULL, equal = character(),
                     second_order = NULL, method = character()) {
  items <- unlist(model, use.names = FALSE)
  table <- read_table(path)
  table <- table[complete.cases(table[c(items, group)]), ]
  # The first group in sorted order is the one the others are compared with.
  if (!is.null(group)) table <- table[order(table[[group]]), ]
  ordinal <- estimator == "wlsmv"
  fit <- at_bottom(
    syntax(model, second_order, method), table,
    estimator = toupper(estimator), ordered = if (ordinal) items else NULL,
    group = group, group.equal = if (length(equal)) equal else ""
  )
  what <- paste(path, estimator, paste(equal, collapse = "+"))
  found <- fitMeasures(fit)
  found <- as.list(found[intersect(measures, names(found))])
  names(found) <- names(measures)[match(names(found), measures)]
  (if (ordinal) check_ordinal else check_normal)(fit, found, what)
  c(
    list(
      data = path, model = lapply(model, I), estimator = estimator, group = group,
      equal = I(equal), second_order = second_order, method = I(method),
      n = sum(lavInspect(fit, "nobs")), n_parameters = unname(fitMeasures(fit, "npar")),
      fit = found
    ),
    tables(fit, group)
  )
}

# Roemer, Schuberth and Henseler (2021), written out, beside semTools.
distinct <- function(path, model) {
  items <- unlist(model, use.names = FALSE)
  table <- read_table(path)
  table <- table[complete.cases(table[items]), items]
  r <- abs(cor(table))
  geometric <- function(x) exp(mean(log(x)))
  within <- sapply(model, function(m) geometric(r[m, m][lower.tri(r[m, m])]))
  pairs <- combn(names(model), 2)
  value <- apply(pairs, 2, function(p) {
    geometric(r[model[[p[1]]], model[[p[2]]]]) / sqrt(prod(within[p]))
  })
  known <- htmt(syntax(model, NULL, character()), table, htmt2 = TRUE)
  agree(value, apply(pairs, 2, function(p) known[p[2], p[1]]), paste(path, "HTMT2"), 1e-9)
  list(
    data = path, model = lapply(model, I), n = nrow(table),
    pairs = lapply(seq_along(value), function(i) {
      list(factor = pairs[1, i], other = pairs[2, i], htmt2 = value[i])
    })
  )
}

# Horn (1965): eigenvalues of unrelated normal answers, drawn here one survey at a time.
chance <- function(path, items, draws = 1000) {
  table <- read_table(path)
  table <- table[complete.cases(table[items]), items]
  drawn <- replicate(draws, eigen(
    cor(matrix(rnorm(length(items) * nrow(table)), nrow(table))), TRUE, TRUE
  )$values)
  list(
    data = path, items = items, n = nrow(table), observed = eigen(cor(table), TRUE, TRUE)$values,
    reference = unname(apply(drawn, 1, quantile, .95))
  )
}

hs <- "tests/oracle/data/hs1939.csv"
four <- "tests/oracle/data/hs1939_four.csv"
big <- "tests/oracle/data/bfi_five.csv"
two <- "tests/oracle/data/two_groups.csv"
layered <- "tests/oracle/data/second_order.csv"
tests <- list(
  visual = paste0("x", 1:3), textual = paste0("x", 4:6), speed = paste0("x", 7:9)
)
five <- list(
  agree = paste0("A", 1:5), conscientious = paste0("C", 1:5), extraverted = paste0("E", 1:5),
  neurotic = paste0("N", 1:5), open = paste0("O", 1:5)
)
halves <- list(a = paste0("a", 1:4), b = paste0("b", 1:4))
parts <- setNames(lapply(0:3, function(k) paste0("h", 3 * k + 1:3)), paste0("part", 1:4))
turned <- paste0("h", c(3, 6, 9, 12))

fits <- list(
  hs_ml = describe(hs, tests, "ml"),
  hs_mlr = describe(hs, tests, "mlr"),
  hs_school_ml = describe(hs, tests, "ml", "school"),
  hs_school_metric_ml = describe(hs, tests, "ml", "school", "loadings"),
  hs_school_scalar_mlr = describe(hs, tests, "mlr", "school", c("loadings", "intercepts")),
  hs_school_strict_mlr = describe(
    hs, tests, "mlr", "school", c("loadings", "intercepts", "residuals")
  ),
  hs_four_wlsmv = describe(four, tests, "wlsmv"),
  hs_four_school_wlsmv = describe(four, tests, "wlsmv", "school"),
  bfi_ml = describe(big, five, "ml"),
  bfi_mlr = describe(big, five, "mlr"),
  bfi_wlsmv = describe(big, five, "wlsmv"),
  army_mlr = describe(army_path, army_scales, "mlr"),
  army_wlsmv = describe(army_path, army_scales, "wlsmv"),
  second_order_ml = describe(layered, parts, "ml", second_order = "whole"),
  second_order_mlr = describe(layered, parts, "mlr", second_order = "whole"),
  method_ml = describe(layered, parts, "ml", method = turned),
  method_second_order_mlr = describe(
    layered, parts, "mlr", second_order = "whole", method = turned
  ),
  two_groups_wlsmv = describe(two, halves, "wlsmv", "group")
)
agree(
  round(unlist(fits$hs_ml$fit[c("chisq", "df", "cfi", "tli", "rmsea", "srmr", "aic", "bic")]), 3),
  c(85.306, 24, .931, .896, .092, .065, 7517.490, 7595.339), "HolzingerSwineford1939"
)

record(
  "factor",
  packages = c("lavaan", "semTools"),
  cases = c(
    fits,
    list(
      htmt2_hs = distinct(hs, tests), htmt2_army = distinct(army_path, army_scales),
      parallel_hs = chance(hs, unlist(tests, use.names = FALSE)),
      parallel_bfi = chance(big, unlist(five, use.names = FALSE))
    )
  ),
  variants = list(
    rows = "complete in all items (and the group); groups in sorted order, the first the reference",
    identification = "the loading named first is 1; means of factors 0 in the first group",
    ml = "divisor n, expected information; means in the model where there are groups",
    mlr = "Huber-White with observed information; test of Yuan and Bentler in the variant of Mplus",
    wlsmv = "diagonal weights, n - 1 per group; robust errors; scaled and shifted test",
    zero_cells = "lavaan's half a person for empty cells touches tables of two by two only",
    reference = "parallel_*: 95th percentile of 1000 surveys of unrelated normal answers"
  )
)
