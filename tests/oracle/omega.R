# SPDX-License-Identifier: GPL-3.0-or-later
# Omega total with its interval, hierarchical omega, ordinal alpha and categorical omega.
# lavaan fits the models; each coefficient is found by its formula from the estimates and once more
# by semTools or psych.
# Run from the top folder of the project: Rscript tests/oracle/omega.R

suppressMessages(library(lavaan))
suppressMessages(library(semTools))
suppressMessages(library(psych))
source("tests/oracle/record.R")

# The usual stopping rule leaves about five digits; a finer one must end at the same place or below.
at_bottom <- function(...) {
  usual <- cfa(...)
  if (!lavInspect(usual, "converged")) stop("no convergence", call. = FALSE)
  rule <- list(iter.max = 20000, eval.max = 20000, rel.tol = 1e-13)
  fine <- suppressWarnings(cfa(..., control = rule, optim.force.converged = TRUE))
  better <- fitMeasures(fine, "chisq") <= fitMeasures(usual, "chisq") + 1e-9
  if (isTRUE(unname(better))) fine else usual
}

read_items <- function(path, columns, range = NULL, reversed = character()) {
  items <- read_table(path)[columns]
  for (item in reversed) items[[item]] <- sum(range) - items[[item]]
  items[complete.cases(items), ]
}

# One factor of variance 1; omega and its logit are functions of the free numbers, so that lavaan
# itself makes their standard errors by the delta method, robust ones (MLR).
omega_total <- function(items, what) {
  k <- ncol(items)
  loading <- paste0("l", seq_len(k))
  residual <- paste0("t", seq_len(k))
  model <- c(
    paste("f =~", paste(loading, names(items), sep = " * ", collapse = " + ")),
    paste(names(items), "~~", residual, "*", names(items)),
    paste0("part := (", paste(loading, collapse = " + "), ")^2"),
    paste0("omega := part / (part + ", paste(residual, collapse = " + "), ")"),
    "logit := log(omega / (1 - omega))"
  )
  fit <- at_bottom(paste(model, collapse = "\n"), items, estimator = "MLR", std.lv = TRUE)
  found <- parameterEstimates(fit)
  pick <- function(name, column) found[found$label == name, column]
  value <- pick("omega", "est")
  ends <- plogis(pick("logit", "est") + c(-1, 1) * qnorm(.975) * pick("logit", "se"))
  part <- sum(found$est[found$op == "=~"])^2
  observed <- part / (sum(cov(items)) * (nrow(items) - 1) / nrow(items))
  agree(value, compRelSEM(fit, obs.var = FALSE)[["f"]], paste(what, "omega"))
  agree(observed, compRelSEM(fit, obs.var = TRUE)[["f"]], paste(what, "omega, observed variance"))
  list(
    omega = value, omega_se = pick("omega", "se"), omega_low = ends[1], omega_high = ends[2],
    omega_observed = observed
  )
}

# Green & Yang (2009), formula 21: covariance of two answers = sum over their steps of the share of
# people above both thresholds less what chance would make of it, each step with its size.
categorical <- function(loading, cuts, r, steps) {
  of <- rep(seq_along(cuts), lengths(cuts))
  cut <- unlist(cuts)
  size <- unlist(steps)
  covariance <- function(r, same) {
    total <- 0
    for (a in seq_along(cut)) {
      for (b in seq_along(cut)) {
        both <- if (same && of[a] == of[b]) {
          pnorm(min(cut[a], cut[b]))
        } else {
          mnormt::biv.nt.prob(
            Inf, rep(-Inf, 2), c(cut[a], cut[b]), c(0, 0),
            matrix(c(1, r[of[a], of[b]], r[of[a], of[b]], 1), 2)
          )
        }
        total <- total + size[a] * size[b] * (both - pnorm(cut[a]) * pnorm(cut[b]))
      }
    }
    unname(total)
  }
  shared <- tcrossprod(loading)
  part <- covariance(shared, FALSE)
  c(implied = part / covariance(shared, TRUE), observed = part / covariance(r, TRUE))
}

omega_categorical <- function(items, what) {
  model <- paste("f =~", paste(names(items), collapse = " + "))
  fit <- at_bottom(model, items, estimator = "WLSMV", ordered = names(items), std.lv = TRUE)
  loading <- unname(lavInspect(fit, "std")$lambda[, 1])
  cuts <- lapply(names(items), function(item) {
    share <- cumsum(table(items[[item]])) / nrow(items)
    qnorm(share[-length(share)])
  })
  r <- unname(unclass(lavInspect(fit, "sampstat")$cov))
  ones <- lapply(cuts, function(each) rep(1, length(each)))
  steps <- lapply(names(items), function(item) diff(sort(unique(items[[item]]))))
  known <- c(
    compRelSEM(fit, obs.var = FALSE)[["f"]], compRelSEM(fit, obs.var = TRUE)[["f"]]
  )
  agree(categorical(loading, cuts, r, ones), known, paste(what, "categorical omega"), 1e-7)
  found <- categorical(loading, cuts, r, steps)
  list(categorical_omega = found[["implied"]], categorical_omega_observed = found[["observed"]])
}

alpha_ordinal <- function(items, what) {
  k <- ncol(items)
  r <- unclass(lavCor(items, ordered = names(items)))
  value <- k / (k - 1) * (1 - k / sum(r))
  known <- suppressWarnings(psych::alpha(r, check.keys = FALSE, warnings = FALSE))
  agree(value, known$total$raw_alpha, paste(what, "ordinal alpha"), 1e-8)
  value
}

describe <- function(path, columns, range = NULL, reversed = character(), ordinal = TRUE) {
  items <- read_items(path, columns, range, reversed)
  what <- paste(path, paste(columns, collapse = " "))
  c(
    list(
      data = path, items = columns, range = range, reversed = I(reversed), n = nrow(items),
      n_items = length(columns)
    ),
    if (length(columns) > 2) omega_total(items, what),
    if (ordinal) list(ordinal_alpha = alpha_ordinal(items, what)),
    if (ordinal && length(columns) > 2) omega_categorical(items, what)
  )
}

# Second-order model, first-order loadings free but for the first, McDonald's share of the second-
# order factor: (sum of loading times second-order loading)^2 over the variance of the sum.
hierarchical <- function(path, subscales, range = NULL, reversed = character()) {
  columns <- unlist(subscales, use.names = FALSE)
  items <- read_items(path, columns, range, reversed)
  model <- c(
    paste(names(subscales), "=~", sapply(subscales, paste, collapse = " + ")),
    paste("general =~", paste(names(subscales), collapse = " + "))
  )
  fit <- at_bottom(paste(model, collapse = "\n"), items, estimator = "ML")
  est <- lavInspect(fit, "est")
  first <- names(subscales)
  general <- est$lambda[, first] %*% est$beta[first, "general"] * sqrt(est$psi["general", "general"])
  part <- sum(general)^2
  value <- part / sum(lavInspect(fit, "implied")$cov)
  observed <- part / (sum(cov(items)) * (nrow(items) - 1) / nrow(items))
  known <- sapply(c(FALSE, TRUE), function(obs) {
    compRelSEM(fit, obs.var = obs, higher = "general")[["general"]]
  })
  agree(c(value, observed), known, paste(path, "hierarchical omega"))
  list(
    data = path, subscales = subscales, range = range, reversed = I(reversed), n = nrow(items),
    omega_hierarchical = value, omega_hierarchical_observed = observed
  )
}

simulated <- function(name) file.path("tests/oracle/data", name)
big_five <- simulated("bfi_five.csv")
factors <- function(letters) setNames(lapply(letters, paste0, 1:5), letters)
mixed <- c("three_a", "three_b", "five_a", "five_b", "seven_a", "seven_b")
turned <- paste0("h", c(3, 6, 9, 12))
four <- split(paste0("h", 1:12), rep(paste0("f", 1:4), each = 3))
cases <- list(
  army_leadership_climate = describe(army_path, army_scales$leadership_climate),
  army_task_significance = describe(army_path, army_scales$task_significance),
  army_hostility = describe(army_path, army_scales$hostility),
  five_point = describe(simulated("five_point.csv"), paste0("q", 1:6), c(1, 5), c("q2", "q5")),
  seven_point = describe(
    simulated("seven_point.csv"), paste0("q", 1:7), c(1, 7), c("q1", "q3", "q5")
  ),
  bfi_agreeable = describe(big_five, paste0("A", 1:5), c(1, 6), "A1"),
  bfi_agreeable_key_forgotten = describe(big_five, paste0("A", 1:5)),
  bfi_neurotic = describe(big_five, paste0("N", 1:5)),
  an_answer_never_given = describe(simulated("ordinal_mixed.csv"), mixed),
  few_answers = describe(simulated("few_answers.csv"), c("t1", "t2", "t3", "d1", "d2", "d3")),
  three_of_four_answers = describe(simulated("holzinger_in_four.csv"), paste0("x", 4:6)),
  measurements = describe(simulated("hs1939.csv"), paste0("x", 4:9), ordinal = FALSE),
  two_items = describe(big_five, c("N1", "N2"))
)
subscale_cases <- list(
  second_order = hierarchical(simulated("second_order.csv"), four),
  holzinger = hierarchical(
    simulated("hs1939.csv"),
    list(visual = paste0("x", 1:3), verbal = paste0("x", 4:6), speed = paste0("x", 7:9))
  ),
  army = hierarchical(army_path, army_scales),
  big_five = hierarchical(
    big_five, factors(c("A", "C", "E", "N")), c(1, 6), c("A1", "C4", "C5", "E1", "E2", paste0("N", 1:5))
  )
)

record(
  "omega",
  packages = c("lavaan", "semTools", "psych", "mnormt"),
  cases = c(cases, list(subscales = subscale_cases)),
  variants = list(
    rows = "people who answered every item (n)",
    reversed = "low + high - answer with the declared range, before anything else",
    omega = "one factor by ML: (sum of loadings)^2 / ((sum of loadings)^2 + sum of residuals)",
    omega_se = "delta method from the robust (MLR) covariance of the free numbers",
    omega_low = "95 %: the same on the scale of the logit, turned back",
    omega_observed = "over the observed variance of the sum (divisor n) instead",
    ordinal_alpha = "k/(k-1) * (1 - k / sum of the polychoric correlations)",
    categorical_omega = paste(
      "Green & Yang (2009), formula 21, one factor by WLSMV; in the denominator the correlations that",
      "the model implies, with 'observed' the polychoric ones. Steps between answers have their own",
      "size where an answer was never given; semTools takes all as one and meets the formula so"
    ),
    omega_hierarchical = "second-order model by ML; the share of the second-order factor, as above"
  )
)
