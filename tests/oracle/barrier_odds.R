# SPDX-License-Identifier: GPL-3.0-or-later
# Named or not: generalised estimating equations with an exchangeable working correlation, odds
# ratios and average marginal effects with the bias-reduced covariance of Mancl and DeRouen.
# Run from the top folder of the project: Rscript tests/oracle/barrier_odds.R

suppressMessages(library(gee))
source("tests/oracle/record.R")

# Liang and Zeger (1986), their moment estimates of scale and correlation, p terms taken off.
equations <- function(y, x, team) {
  rows <- split(seq_along(y), team)
  n <- length(y)
  p <- ncol(x)
  pairs <- sum(sapply(rows, function(i) choose(length(i), 2)))
  b <- coef(glm.fit(x, y, family = binomial()))
  names(b) <- NULL
  for (round in 1:500) {
    mu <- plogis(as.vector(x %*% b))
    e <- (y - mu) / sqrt(mu * (1 - mu))
    phi <- sum(e^2) / (n - p)
    alpha <- sum(sapply(rows, function(i) (sum(e[i])^2 - sum(e[i]^2)) / 2)) / phi / (pairs - p)
    parts <- lapply(rows, function(i) {
      a <- sqrt(mu[i] * (1 - mu[i]))
      working <- matrix(alpha, length(i), length(i))
      diag(working) <- 1
      d <- x[i, , drop = FALSE] * (mu[i] * (1 - mu[i]))
      list(d = d, v = solve(working * outer(a, a)), rest = y[i] - mu[i])
    })
    bread <- Reduce(`+`, lapply(parts, function(q) t(q$d) %*% q$v %*% q$d))
    score <- Reduce(`+`, lapply(parts, function(q) t(q$d) %*% q$v %*% q$rest))
    step <- as.vector(solve(bread, score))
    b <- b + step
    if (max(abs(step)) < 1e-13) break
  }
  inverse <- solve(bread)
  sandwich <- function(correct) {
    meat <- Reduce(`+`, lapply(parts, function(q) {
      rest <- q$rest
      if (correct) rest <- solve(diag(length(rest)) - q$d %*% inverse %*% t(q$d) %*% q$v, rest)
      tcrossprod(t(q$d) %*% q$v %*% rest)
    }))
    inverse %*% meat %*% inverse
  }
  list(b = b, alpha = alpha, robust = sandwich(FALSE), reduced = sandwich(TRUE))
}

# By numbers alone: how the mean share moves when everybody's score does.
marginal <- function(b, x, k) {
  moved <- function(h) {
    x[, k] <- x[, k] + h
    mean(plogis(as.vector(x %*% b)))
  }
  by <- function(h) (moved(h) - moved(-h)) / (2 * h)
  (4 * by(5e-4) - by(1e-3)) / 3
}
slope_of <- function(f, b) {
  sapply(seq_along(b), function(i) {
    by <- function(h) (f(replace(b, i, b[i] + h)) - f(replace(b, i, b[i] - h))) / (2 * h)
    (4 * by(1e-3) - by(2e-3)) / 3
  })
}

odds <- function(table, named, predictors, by) {
  known <- complete.cases(table[c(predictors, by)]) & !is.na(named)
  table <- table[known, ]
  named <- as.integer(named[known])
  order <- order(as.character(table[[by]]))
  table <- table[order, ]
  named <- named[order]
  team <- as.character(table[[by]])
  x <- cbind(1, as.matrix(table[predictors]))
  fit <- equations(named, x, team)
  quiet <- capture.output(known <- suppressMessages(gee(
    named ~ x - 1, id = factor(team), family = binomial, corstr = "exchangeable", tol = 1e-11,
    maxiter = 200
  )))
  agree(fit$b, coef(known), "coefficients", 1e-6)
  agree(sqrt(diag(fit$robust)), sqrt(diag(known$robust.variance)), "robust errors", 1e-6)
  agree(fit$alpha, known$working.correlation[1, 2], "correlation", 1e-6)
  freedom <- length(unique(team)) - ncol(x)
  step <- qt(.975, freedom)
  terms <- lapply(seq_along(predictors), function(i) {
    k <- i + 1
    b <- fit$b[k]
    se <- sqrt(fit$reduced[k, k])
    ame <- marginal(fit$b, x, k)
    pull <- slope_of(function(b) marginal(b, x, k), fit$b)
    ame_se <- sqrt(as.numeric(t(pull) %*% fit$reduced %*% pull))
    list(
      log_odds = b, se = se, se_robust = sqrt(fit$robust[k, k]), odds_ratio = exp(b),
      low = exp(b - step * se), high = exp(b + step * se), p = 2 * pt(-abs(b / se), freedom),
      ame = ame, ame_low = ame - step * ame_se, ame_high = ame + step * ame_se
    )
  })
  list(
    n = length(named), n_named = sum(named), n_groups = length(unique(team)), alpha = fit$alpha,
    terms = setNames(terms, predictors)
  )
}

army <- read_table(army_path)
for (name in names(army_scales)) army[[name]] <- rowMeans(army[army_scales[[name]]])
of <- function(path, column, at_least, predictors, by, table = read_table(path)) {
  c(
    list(data = path, column = column, at_least = at_least, predictors = predictors, group = by),
    odds(table, table[[column]] >= at_least, predictors, by)
  )
}
simulated <- function(name) file.path("tests/oracle/data", name)
scores <- c("safety", "mindset", "skill")

cases <- list(
  army = of(
    army_path, "hostile_1", 1, c("leadership_climate", "task_significance"), "company",
    table = army
  ),
  balanced = of(simulated("balanced.csv"), "barrier", 4.5, scores, "team"),
  unequal_with_missing = of(simulated("unequal.csv"), "barrier", 4.5, scores, "team"),
  bh1996 = of(simulated("bh1996.csv"), "wellbeing", 3.5, c("hours", "leadership"), "group")
)

record(
  "barrier_odds",
  packages = "gee",
  cases = cases,
  variants = list(
    rows = "people with the answer, all predictors and a team; named: the column is at_least that",
    model = "logit, exchangeable; scale and correlation by moments with the terms taken off",
    se = "Mancl and DeRouen (2001); se_robust: without the correction, met by gee",
    low = "t on teams - terms, 95 %; high alike",
    ame = "mean over people of the slope of the share, by numeric derivative",
    ame_low = "delta method by numeric derivative, t on teams - terms, 95 %; high alike"
  )
)
