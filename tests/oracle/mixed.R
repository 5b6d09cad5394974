# SPDX-License-Identifier: GPL-3.0-or-later
# One random intercept per team, fitted by REML, with Satterthwaite's degrees of freedom.
# lmerTest does the fit; the likelihood, the coefficients and the degrees of freedom are found
# once more by a plain search on the textbook formulas.
# Run from the top folder of the project: Rscript tests/oracle/mixed.R

suppressMessages(library(lmerTest))
source("tests/oracle/record.R")

# lme4's own stopping rule leaves the variance ratio good to about four digits; this asks for more.
fine <- lmerControl(
  optimizer = "nloptwrap",
  optCtrl = list(xtol_abs = 1e-12, xtol_rel = 1e-12, ftol_abs = 1e-15, ftol_rel = 1e-15),
  check.conv.singular = "ignore"
)

# Laird and Ware (1982): within a team of n people the covariance is tau2 between any two and
# sigma2 + tau2 for each, so its inverse needs only the sums over the team.
gls <- function(variances, x, y, team) {
  size <- as.vector(table(team))
  tau2 <- variances[1]
  sigma2 <- variances[2]
  x_sum <- rowsum(x, team)
  y_sum <- as.vector(rowsum(y, team))
  shrink <- tau2 / (sigma2 + size * tau2)
  xx <- (crossprod(x) - crossprod(x_sum, shrink * x_sum)) / sigma2
  xy <- (crossprod(x, y) - crossprod(x_sum, shrink * y_sum)) / sigma2
  yy <- (sum(y^2) - sum(shrink * y_sum^2)) / sigma2
  cov <- solve(xx)
  beta <- cov %*% xy
  log_det <- sum((size - 1) * log(sigma2) + log(sigma2 + size * tau2))
  deviance <- log_det + as.numeric(determinant(xx)$modulus) +
    (yy - sum(beta * xy)) + (length(y) - ncol(x)) * log(2 * pi)
  list(beta = as.vector(beta), cov = cov, deviance = deviance)
}

# Second derivatives by central differences, extrapolated once (Richardson).
curvature <- function(f, at) {
  by_step <- function(h) {
    outer(1:2, 1:2, Vectorize(function(i, j) {
      e <- diag(h * at)
      (f(at + e[i, ] + e[j, ]) - f(at + e[i, ] - e[j, ]) -
        f(at - e[i, ] + e[j, ]) + f(at - e[i, ] - e[j, ])) / (4 * e[i, i] * e[j, j])
    }))
  }
  (4 * by_step(5e-3) - by_step(1e-2)) / 3
}

# Satterthwaite (1941) as Giesbrecht and Burns (1985) carry it over: df = 2 v^2 / var(v), where
# v = c' C c is the variance of the contrast and var(v) comes from the curvature of the deviance.
satterthwaite <- function(contrast, variances, x, y, team) {
  v <- function(at) as.numeric(t(contrast) %*% gls(at, x, y, team)$cov %*% contrast)
  h <- 1e-4 * variances
  slope <- sapply(1:2, function(i) {
    e <- replace(c(0, 0), i, h[i])
    (v(variances + e) - v(variances - e)) / (2 * h[i])
  })
  bend <- curvature(function(at) gls(at, x, y, team)$deviance, variances)
  2 * v(variances)^2 / as.numeric(t(slope) %*% (2 * solve(bend)) %*% slope)
}

row_of <- function(estimate, se, df) {
  step <- qt(.975, df)
  list(
    estimate = estimate, se = se, df = df, t = estimate / se,
    p = 2 * pt(-abs(estimate / se), df), low = estimate - step * se, high = estimate + step * se
  )
}

fitted_model <- function(table, outcome, predictors, by, split) {
  columns <- c(outcome, predictors, by)
  table <- table[complete.cases(table[columns]), columns]
  names(table)[match(by, names(table))] <- "team"
  table$team <- factor(table$team)
  terms <- predictors
  if (split) {
    for (name in predictors) {
      centre <- ave(table[[name]], table$team)
      table[[paste0(name, "_within")]] <- table[[name]] - centre
      table[[paste0(name, "_between")]] <- centre
    }
    terms <- c(paste0(predictors, "_within"), paste0(predictors, "_between"))
  }
  right <- if (length(terms)) paste(terms, collapse = " + ") else "1"
  formula <- as.formula(paste(outcome, "~", right, "+ (1 | team)"))
  list(table = table, terms = terms, fit = suppressMessages(lmer(formula, table, control = fine)))
}

# What a team's mean adds beyond the person's own score: between less within.
contextual <- function(fit, predictors, df_of) {
  names <- names(fixef(fit))
  rows <- lapply(predictors, function(name) {
    l <- (names == paste0(name, "_between")) - (names == paste0(name, "_within"))
    estimate <- sum(l * fixef(fit))
    se <- sqrt(as.numeric(t(l) %*% as.matrix(vcov(fit)) %*% l))
    known <- contest(fit, l, joint = FALSE)
    agree(c(estimate, se), known[c("Estimate", "Std. Error")], paste(name, "contextual"), 1e-9)
    agree(df_of(l) / known$df, 1, paste(name, "contextual df"), 1e-3)
    row_of(estimate, se, known$df)
  })
  setNames(rows, paste0(predictors, "_contextual"))
}

describe <- function(path, outcome, predictors = character(), by = "team", split = FALSE,
                     table = read_table(path)) {
  model <- fitted_model(table, outcome, predictors, by, split)
  fit <- model$fit
  what <- paste(path, outcome, paste(predictors, collapse = " + "))
  spread <- as.data.frame(VarCorr(fit))$vcov
  singular <- isSingular(fit, tol = 1e-6)
  known <- coef(summary(fit))
  x <- model.matrix(fit)
  y <- model$table[[outcome]]
  team <- model$table$team

  if (singular) {
    # With no team variance the model is ordinary least squares, df being n less the coefficients.
    plain <- lm.fit(x, y)
    agree(known[, "Estimate"], plain$coefficients, paste(what, "least squares"), 1e-6)
    agree(spread[2], sum(plain$residuals^2) / plain$df.residual, paste(what, "variance"), 1e-6)
    df_of <- function(contrast) plain$df.residual
    df <- rep(plain$df.residual, ncol(x))
    agree(known[, "df"] / df, rep(1, ncol(x)), paste(what, "df"), 1e-6)
    spread[1] <- 0 # the search may stop a hair above it
  } else {
    deviance_at <- function(logs) gls(exp(logs), x, y, team)$deviance
    own <- optim(log(spread), deviance_at, method = "BFGS", control = list(reltol = 1e-15))
    own_variances <- exp(own$par)
    at <- gls(own_variances, x, y, team)
    agree(spread, own_variances, paste(what, "variances"), 2e-5)
    agree(-own$value / 2, as.numeric(logLik(fit)), paste(what, "REML likelihood"), 1e-7)
    agree(at$beta, known[, "Estimate"], paste(what, "coefficients"), 1e-5)
    agree(sqrt(diag(at$cov)), known[, "Std. Error"], paste(what, "standard errors"), 1e-5)
    df_of <- function(contrast) satterthwaite(contrast, own_variances, x, y, team)
    df <- known[, "df"]
    agree(apply(diag(ncol(x)), 2, df_of) / df, rep(1, ncol(x)), paste(what, "df"), 1e-3)
  }

  rows <- lapply(seq_len(ncol(x)), function(i) {
    row_of(known[i, "Estimate"], known[i, "Std. Error"], df[[i]])
  })
  size <- table(team)
  answer <- list(
    data = path, outcome = outcome, predictors = I(predictors), group = by, split = split,
    n = nrow(x), n_groups = length(size), n_singletons = sum(size == 1),
    coefficients = setNames(rows, c("intercept", model$terms)),
    variances = list(team = spread[1], residual = spread[2]),
    icc = spread[1] / sum(spread), loglik = as.numeric(logLik(fit)),
    status = if (singular) "singular" else "ok"
  )
  if (split) answer$contextual <- contextual(fit, predictors, df_of)
  answer
}

simulated <- function(name) file.path("tests/oracle/data", name)
three <- c("safety", "mindset", "skill")
army <- read_table(army_path)
for (scale in names(army_scales)) army[[scale]] <- rowMeans(army[army_scales[[scale]]])
of_army <- function(...) describe(army_path, "hostility", ..., by = "company", table = army)

cases <- list(
  army_intercept = of_army(),
  army_leadership = of_army("leadership_climate", split = TRUE),
  army_leadership_task = of_army(c("leadership_climate", "task_significance"), split = TRUE),
  balanced_intercept = describe(simulated("balanced.csv"), "barrier"),
  balanced_one = describe(simulated("balanced.csv"), "barrier", "safety"),
  balanced_split = describe(simulated("balanced.csv"), "barrier", three, split = TRUE),
  unequal_intercept = describe(simulated("unequal.csv"), "barrier"),
  unequal_one = describe(simulated("unequal.csv"), "barrier", "safety"),
  unequal_split = describe(simulated("unequal.csv"), "barrier", three, split = TRUE),
  flat_intercept = describe(simulated("flat.csv"), "barrier"),
  flat_split = describe(simulated("flat.csv"), "barrier", three, split = TRUE),
  bh1996_split = describe(
    simulated("bh1996.csv"), "wellbeing", c("hours", "leadership"),
    by = "group", split = TRUE
  )
)

record(
  "mixed",
  packages = c("lme4", "lmerTest"),
  cases = cases,
  variants = list(
    rows = "complete in outcome, predictors and team; team means are taken over these rows",
    model = "outcome ~ terms + (1 | team), REML, team variance not below nought",
    split = "predictor becomes its distance from the team mean (_within) and the mean (_between)",
    contextual = "between less within, its own se and Satterthwaite df",
    df = "Satterthwaite, observed curvature of the REML deviance; singular: n - coefficients",
    low = "estimate - qt(.975, df) * se, 95 %; high alike; p two-sided from t with df",
    icc = "team variance / (team + residual variance), given the predictors",
    loglik = "REML, constants in: -(log|V| + log|X'V^-1 X| + r'V^-1 r + (n - p) log(2 pi)) / 2",
    singular = "team variance 0 (ordinary least squares); status says so"
  )
)
