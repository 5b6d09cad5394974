# SPDX-License-Identifier: GPL-3.0-or-later
# Several random intercepts at once, crossed and nested, fitted by REML: coefficients with
# Satterthwaite's degrees of freedom, variances, likelihood, intervals of the variances and of their
# shares by the profile of the restricted likelihood, and whether a fit is singular.
# It makes its own tables first, from fixed seeds.
# Run from the top folder of the project: Rscript tests/oracle/crossed.R

suppressMessages({library(lmerTest); library(multilevel)})
source("tests/oracle/record.R")
folder <- "tests/oracle/data"
RNGkind("Mersenne-Twister", "Inversion", "Rejection")

keep <- function(table, name) {
  out <- file(file.path(folder, name), open = "wb")
  write.csv(table, out, row.names = FALSE, quote = FALSE, eol = "\n", na = "")
  close(out)
}

fine <- lmerControl(
  optimizer = "nloptwrap",
  optCtrl = list(xtol_abs = 1e-12, xtol_rel = 1e-12, ftol_abs = 1e-15, ftol_rel = 1e-15),
  check.conv.singular = "ignore"
)

# ---------------------------------------------------------------------------- tables
effects <- function(codes, sd) rnorm(max(codes), sd = sd)[codes]

make_survey <- function(seed, n, teams, functions, locations, sds) {
  set.seed(seed)
  home <- sample(functions, teams, replace = TRUE, prob = seq_len(functions)^-0.5)
  site <- sample(locations, teams, replace = TRUE, prob = seq_len(locations)^-0.7)
  team <- sample(teams, n, replace = TRUE, prob = runif(teams, 0.3, 2))
  # Some people work at another place than their team.
  location <- ifelse(runif(n) < 0.2, sample(locations, n, replace = TRUE), site[team])
  x <- round(rnorm(n) + effects(team, 0.4), 3)
  size <- round(effects(team, 1), 3)
  y <- 3.5 - 0.3 * x + 0.2 * size + effects(home[team], sds[1]) + effects(location, sds[2]) +
    effects(team, sds[3]) + rnorm(n)
  data.frame(
    team = sprintf("t%03d", team), func = sprintf("f%d", home[team]),
    location = sprintf("l%d", location), x, size, y = round(y, 3)
  )
}
keep(make_survey(41, 420, 40, 8, 5, c(0.5, 0.4, 0.0)), "crossed_two.csv")
keep(make_survey(42, 600, 60, 8, 6, c(0.4, 0.3, 0.5)), "crossed_three.csv")
keep(make_survey(47, 300, 35, 6, 4, c(0.0, 0.0, 0.5)), "crossed_singular.csv")
keep(make_survey(51, 300, 35, 6, 4, c(0.0, 0.0, 0.5)), "crossed_one_zero.csv")

set.seed(44) # everybody rates everything once: two large groupings, one row per meeting
cells <- expand.grid(rater = 1:24, rated = 1:16)
cells$y <- round(effects(cells$rater, 0.6) + effects(cells$rated, 0.8) + rnorm(nrow(cells)), 3)
cells <- cells[sample(nrow(cells), 350), ] # with gaps, so that nothing has a closed form
keep(cells, "crossed_ratings.csv")

# Small tables where a variance is often 0: whether the fit is singular is what matters.
set.seed(45)
boundary <- do.call(rbind, lapply(1:60, function(case) {
  n <- 40
  a <- sample(8, n, replace = TRUE)
  b <- sample(5, n, replace = TRUE)
  y <- effects(a, 0.35) + effects(b, 0.35) + rnorm(n)
  data.frame(case, a, b, y = round(y, 2))
}))
keep(boundary, "crossed_boundary.csv")

data(bh1996)
keep(
  data.frame(group = bh1996$GRP, hours = bh1996$HRS, wellbeing = round(bh1996$WBEING, 6)),
  "bh1996_wellbeing.csv"
)

# ---------------------------------------------------------------------------- profiles
# lme4's confint() profiles the likelihood of ML, also for a fit by REML. Here the restricted
# likelihood is profiled, from the parts that lme4's own deviance function leaves behind.
profiles <- function(formula, table, names, variances, df) {
  deviance_of <- lmer(formula, table, devFunOnly = TRUE, control = fine)
  place <- environment(deviance_of)
  at <- function(v) { # variances in the order of lme4, residual last
    s <- v[length(v)]
    reached <- try(deviance_of(sqrt(v[-length(v)] / s)), silent = TRUE)
    if (inherits(reached, "try-error")) return(1e12) # a residual variance of next to nothing
    place$pp$ldL2() + place$pp$ldRX2() + df * log(2 * pi * s) +
      (place$resp$wrss() + place$pp$sqrL(1)) / s
  }
  k <- length(variances)
  lowest <- function(of, start) {
    found <- lapply(c(1, 0.6, 1.5), function(times) {
      nlminb(sqrt(start) * times, function(root) of(root^2), lower = c(rep(0, k - 2), 1e-6),
             control = list(rel.tol = 1e-14, x.tol = 1e-14, eval.max = 2000, iter.max = 1000))
    })
    min(sapply(found, function(one) one$objective))
  }
  least <- at(variances)
  drop <- qchisq(.95, 1)
  total <- sum(variances)
  put <- function(others, index, value) append(others, value, after = index - 1)
  ends <- function(gap, at_best, floor, ceiling) {
    cross <- function(from, to) {
      exp(uniroot(function(l) gap(exp(l)), log(c(from, to)), tol = 1e-10)$root)
    }
    low <- if (at_best <= 1e-8 * total || gap(floor) < 0) 0 else cross(floor, at_best)
    c(low, cross(max(at_best, floor), ceiling))
  }
  lapply(setNames(seq_len(k), names), function(i) {
    others <- pmax(variances[-i], 1e-4 * total)
    absolute <- function(v) lowest(function(z) at(put(z, i, v)), others) - least - drop
    odds <- function(o) lowest(function(z) at(put(z, i, o * sum(z))), others) - least - drop
    # A share is held: one more direction is flat, which does no harm.
    held <- ends(absolute, variances[i], 1e-9 * total, 1e3 * total)
    share <- ends(odds, variances[i] / sum(variances[-i]), 1e-9, 1e5)
    list(
      variance = variances[i], low = held[1], high = held[2],
      share = variances[i] / total, share_low = share[1] / (1 + share[1]),
      share_high = share[2] / (1 + share[2])
    )
  })
}

row_of <- function(estimate, se, df) {
  step <- qt(.975, df)
  list(
    estimate = estimate, se = se, df = df, t = estimate / se,
    p = 2 * pt(-abs(estimate / se), df), low = estimate - step * se, high = estimate + step * se
  )
}

# The formula of the covariance written out: V is small enough here to be held whole.
check_by_hand <- function(fit, table, what) {
  spread <- as.data.frame(VarCorr(fit))
  n <- nrow(table)
  v <- diag(spread$vcov[nrow(spread)], n)
  for (i in seq_len(nrow(spread) - 1)) {
    same <- outer(table[[spread$grp[i]]], table[[spread$grp[i]]], "==")
    v <- v + spread$vcov[i] * same
  }
  x <- model.matrix(fit)
  y <- getME(fit, "y")
  inverse <- solve(v)
  xx <- t(x) %*% inverse %*% x
  b <- solve(xx, t(x) %*% inverse %*% y)
  rest <- y - x %*% b
  loglik <- -(determinant(v)$modulus + determinant(xx)$modulus + t(rest) %*% inverse %*% rest +
    (n - ncol(x)) * log(2 * pi)) / 2
  agree(as.vector(b), fixef(fit), paste(what, "coefficients"), 1e-7)
  agree(sqrt(diag(solve(xx))), sqrt(diag(as.matrix(vcov(fit)))), paste(what, "errors"), 1e-7)
  agree(as.numeric(loglik), as.numeric(logLik(fit)), paste(what, "likelihood"), 1e-6)
}

describe <- function(name, outcome, terms, groups, prepare = identity) {
  path <- file.path(folder, name)
  table <- prepare(read_table(path))
  right <- c(if (length(terms)) terms else "1", sprintf("(1 | %s)", groups))
  formula <- as.formula(paste(outcome, "~", paste(right, collapse = " + ")))
  fit <- suppressMessages(lmer(formula, table, control = fine))
  if (nrow(table) < 1000) check_by_hand(fit, table, name)
  spread <- as.data.frame(VarCorr(fit))
  names <- c(spread$grp[-nrow(spread)], "residual")
  variances <- spread$vcov
  singular <- isSingular(fit, tol = 1e-4)
  known <- coef(summary(fit))
  if (singular) {
    # What has no variance is left out; the rest must be the same.
    zero <- variances[-length(variances)] <= 1e-8 * sum(variances)
    left <- setdiff(groups, names[-length(names)][zero])
    smaller <- c(right[!grepl("|", right, fixed = TRUE)], sprintf("(1 | %s)", left))
    again <- lmer(as.formula(paste(outcome, "~", paste(smaller, collapse = " + "))), table,
                  control = fine)
    agree(coef(summary(again))[, "df"] / known[, "df"], rep(1, nrow(known)), "df", 1e-3)
    agree(fixef(again), fixef(fit), "coefficients", 1e-5)
    known <- coef(summary(again))
    variances[which(zero)] <- 0
    kept <- as.data.frame(VarCorr(again))
    variances[!c(zero, FALSE)] <- kept$vcov[match(names[!c(zero, FALSE)],
                                                  c(kept$grp[-nrow(kept)], "residual"))]
  }
  fixed <- var(as.vector(model.matrix(fit) %*% known[, "Estimate"]))
  whole <- fixed + sum(variances)
  rows <- lapply(seq_len(nrow(known)), function(i) {
    row_of(known[i, "Estimate"], known[i, "Std. Error"], known[i, "df"])
  })
  list(
    data = path, outcome = outcome, predictors = I(as.character(terms)), groups = I(groups),
    n = nrow(table), status = if (singular) "singular" else "ok",
    coefficients = setNames(rows, c("intercept", terms)),
    variances = setNames(as.list(variances), names),
    loglik = as.numeric(logLik(fit)),
    r2_marginal = fixed / whole,
    r2_conditional = (whole - variances[length(variances)]) / whole,
    intervals = profiles(formula, table, names, variances, nrow(table) - nrow(known))
  )
}

cases <- list(
  two = describe("crossed_two.csv", "y", "x", c("func", "location")),
  nested = describe("crossed_three.csv", "y", c("x", "size"), c("func", "team")),
  three = describe("crossed_three.csv", "y", c("x", "size"), c("func", "location", "team")),
  intercept = describe("crossed_three.csv", "y", character(), c("team", "location", "func")),
  singular = describe("crossed_singular.csv", "y", "x", c("func", "location", "team")),
  one_zero = describe("crossed_one_zero.csv", "y", "x", c("func", "location", "team")),
  ratings = describe("crossed_ratings.csv", "y", character(), c("rater", "rated")),
  bh1996 = describe(
    "bh1996_wellbeing.csv", "wellbeing", c("hours", "group_hours"), "group",
    prepare = function(table) transform(table, group_hours = ave(hours, group))
  )
)

# lme4's own rule, at its own stopping rule and at the finer one; both must say the same.
boundary <- read_table(file.path(folder, "crossed_boundary.csv"))
said <- lapply(split(boundary, boundary$case), function(one) {
  plain <- lmer(y ~ 1 + (1 | a) + (1 | b), one,
                control = lmerControl(check.conv.singular = "ignore"))
  better <- lmer(y ~ 1 + (1 | a) + (1 | b), one, control = fine)
  if (isSingular(plain) != isSingular(better)) stop("case ", one$case[1], " is at the edge")
  isSingular(better)
})
cases$boundary <- list(data = file.path(folder, "crossed_boundary.csv"), singular = said)

record(
  "crossed",
  packages = c("lme4", "lmerTest", "multilevel"),
  cases = cases,
  variants = list(
    model = "outcome ~ predictors + (1 | each grouping), REML, no variance below nought",
    df = "Satterthwaite; where a fit is singular, of the model without the groupings of variance 0",
    intervals = "profile of the restricted likelihood, chi-square .95 with 1 df; not confint(), which profiles ML",
    share = "variance over the sum of all variances, given the predictors",
    r2 = "Nakagawa and Schielzeth (2013); variance of the fixed part with n - 1",
    boundary = "lme4's isSingular at its own tolerance",
    bh1996 = "all 99 groups; group_hours is the mean over the group; wellbeing rounded to six decimals"
  )
)
