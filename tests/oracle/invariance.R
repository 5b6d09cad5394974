# SPDX-License-Identifier: GPL-3.0-or-later
# The ladder of invariance: measurements by lavaan's own constraints, ordered answers with the
# identification of Wu and Estabrook (2016) as semTools writes it. The textbook's known numbers
# for two schools are demanded of the first ladder.
# Run from the top folder of the project: Rscript tests/oracle/invariance.R

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
  chisq = "chisq", df = "df", cfi = "cfi", tli = "tli", rmsea = "rmsea", srmr = "srmr",
  chisq_scaled = "chisq.scaled", cfi_scaled = "cfi.scaled", tli_scaled = "tli.scaled",
  rmsea_scaled = "rmsea.scaled"
)
continuous <- list(
  configural = character(), metric = "loadings", scalar = c("loadings", "intercepts")
)
ordinal <- list(
  configural = character(), thresholds = "thresholds", loadings = c("thresholds", "loadings"),
  intercepts = c("thresholds", "loadings", "intercepts")
)

describe <- function(path, model, group, estimator) {
  items <- unlist(model, use.names = FALSE)
  table <- read_table(path)
  table <- table[complete.cases(table[c(items, group)]), ]
  table <- table[order(table[[group]]), ]
  text <- paste(names(model), "=~", sapply(model, paste, collapse = " + "), collapse = "\n")
  ladder <- if (estimator == "wlsmv") ordinal else continuous
  levels <- lapply(names(ladder), function(level) {
    equal <- ladder[[level]]
    if (estimator == "wlsmv") {
      written <- measEq.syntax(
        text, table, ordered = items, parameterization = "delta", ID.fac = "std.lv",
        ID.cat = "Wu.Estabrook.2016", group = group, group.equal = if (length(equal)) equal else ""
      )
      fit <- at_bottom(
        as.character(written), table, ordered = items, parameterization = "delta",
        estimator = "WLSMV", group = group
      )
    } else {
      fit <- at_bottom(
        text, table, estimator = toupper(estimator), group = group,
        group.equal = if (length(equal)) equal else ""
      )
    }
    found <- fitMeasures(fit)
    found <- as.list(found[intersect(measures, names(found))])
    names(found) <- names(measures)[match(names(found), measures)]
    raw <- parameterEstimates(fit)
    std <- standardizedSolution(fit)
    second <- raw$lhs %in% names(model) & raw$group == 2
    loading <- raw[second & raw$op == "=~", ]
    # From factors of unit variance to the scale of the item named first.
    first <- loading$est[match(sapply(model, `[`, 1), loading$rhs)]
    names(first) <- names(model)
    mean <- raw[second & raw$op == "~1", ]
    here <- std$op == "=~" & std$group == 2
    c(list(level = level), found, list(
      second_group = list(
        loadings = as.list(setNames(loading$est / first[loading$lhs], loading$rhs)),
        std = as.list(setNames(std$est.std[here], std$rhs[here])),
        std_errors = as.list(setNames(std$se[here], std$rhs[here])),
        means = as.list(setNames(mean$est * first[mean$lhs], mean$lhs))
      )
    ))
  })
  list(
    data = path, model = lapply(model, I), group = group, estimator = estimator,
    n = nrow(table), levels = levels
  )
}

tests <- list(
  visual = paste0("x", 1:3), textual = paste0("x", 4:6), speed = paste0("x", 7:9)
)
halves <- list(a = paste0("a", 1:4), b = paste0("b", 1:4))
two <- "tests/oracle/data/two_groups.csv"
few <- "tests/oracle/data/few_answers.csv"
cases <- list(
  hs_ml = describe("tests/oracle/data/hs1939.csv", tests, "school", "ml"),
  hs_mlr = describe("tests/oracle/data/hs1939.csv", tests, "school", "mlr"),
  two_groups_mlr = describe(two, halves, "group", "mlr"),
  two_groups_wlsmv = describe(two, halves, "group", "wlsmv"),
  hs_four_wlsmv = describe("tests/oracle/data/hs1939_four.csv", tests, "school", "wlsmv"),
  three_answers_wlsmv = describe(few, list(t = paste0("t", 1:3)), "group", "wlsmv"),
  two_and_three_answers_wlsmv = describe(
    few, list(f = c(paste0("t", 1:3), paste0("d", 1:3))), "group", "wlsmv"
  )
)
agree(
  round(sapply(cases$hs_ml$levels, function(l) c(l$chisq, l$df)), 3),
  c(115.851, 48, 124.044, 54, 164.103, 60), "two schools"
)

record(
  "invariance",
  packages = c("lavaan", "semTools"),
  cases = cases,
  variants = list(
    continuous = "lavaan group.equal: none; loadings; loadings and intercepts",
    ordinal = "semTools measEq.syntax, delta, Wu.Estabrook.2016, std.lv",
    second_group = "second in sorted order; loadings and means where the first item's is 1"
  )
)
