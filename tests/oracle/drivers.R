# SPDX-License-Identifier: GPL-3.0-or-later
# Shares of explained variance: LMG (general dominance) and Johnson's relative weights.
# Run from the top folder of the project: Rscript tests/oracle/drivers.R

source("tests/oracle/record.R")

r2_of <- function(y, x) if (ncol(x)) summary(lm(y ~ ., data.frame(x, y = y)))$r.squared else 0

orders <- function(v) {
  if (length(v) < 2) return(list(v))
  do.call(c, lapply(seq_along(v), function(i) lapply(orders(v[-i]), function(rest) c(v[i], rest))))
}

# Lindeman, Merenda and Gold (1980): the mean, over every order of entering, of what R2 gains.
by_orders <- function(y, x) {
  p <- ncol(x)
  known <- new.env()
  r2 <- function(set) {
    key <- paste(c("set", sort(set)), collapse = " ")
    if (is.null(known[[key]])) known[[key]] <- r2_of(y, x[, set, drop = FALSE])
    known[[key]]
  }
  gains <- sapply(orders(seq_len(p)), function(order) {
    gain <- numeric(p)
    for (place in seq_len(p)) {
      gain[order[place]] <- r2(order[seq_len(place)]) - r2(order[seq_len(place - 1)])
    }
    gain
  })
  rowMeans(matrix(gains, p))
}

# Budescu (1993): first the mean gain beside subsets of one size, then the mean over sizes.
by_dominance <- function(y, x) {
  p <- ncol(x)
  sapply(seq_len(p), function(one) {
    others <- setdiff(seq_len(p), one)
    mean(sapply(0:(p - 1), function(size) {
      sets <- if (size) combn(length(others), size, simplify = FALSE) else list(integer())
      mean(sapply(sets, function(set) {
        before <- others[set]
        r2_of(y, x[, c(before, one), drop = FALSE]) - r2_of(y, x[, before, drop = FALSE])
      }))
    }))
  })
}

# Johnson (2000): uncorrelated stand-ins nearest to the predictors, from the singular values of the
# scores; and once more from the correlations, by the symmetric root.
johnson <- function(y, x) {
  z <- scale(x) / sqrt(nrow(x) - 1)
  parts <- svd(z)
  stand_ins <- parts$u %*% t(parts$v)
  beta <- crossprod(stand_ins, scale(y) / sqrt(nrow(x) - 1))
  weights <- crossprod(z, stand_ins)^2 %*% beta^2
  roots <- eigen(cor(x), symmetric = TRUE)
  loadings <- roots$vectors %*% diag(sqrt(roots$values), ncol(x)) %*% t(roots$vectors)
  agree(weights, loadings^2 %*% solve(loadings, cor(x, y))^2, "relative weights", 1e-10)
  as.vector(weights)
}

shares <- function(table, outcome, predictors) {
  table <- table[complete.cases(table[c(outcome, predictors)]), ]
  x <- table[predictors]
  y <- table[[outcome]]
  lmg <- by_orders(y, x)
  agree(lmg, by_dominance(y, x), "LMG", 1e-10)
  r2 <- r2_of(y, x)
  weights <- johnson(y, x)
  agree(c(sum(lmg), sum(weights)), c(r2, r2), "sum of the shares", 1e-10)
  list(n = nrow(table), r2 = r2, r = unname(cor(x, y)[, 1]), lmg = lmg, johnson = weights)
}

of <- function(path, outcome, predictors) {
  c(
    list(data = path, outcome = outcome, predictors = I(predictors)),
    shares(read_table(path), outcome, predictors)
  )
}

# R's own data sets, for which others have published shares: kept as correlations, outcome first.
known <- function(table, outcome, predictors = setdiff(names(table), outcome)) {
  r <- unname(cor(table[c(outcome, predictors)]))
  c(
    list(correlations = r, outcome = outcome, predictors = predictors),
    shares(table, outcome, predictors)
  )
}
simulated <- function(name) file.path("tests/oracle/data", name)
cases <- list(
  balanced = of(simulated("balanced.csv"), "barrier", c("safety", "mindset", "skill")),
  unequal_with_missing = of(simulated("unequal.csv"), "barrier", c("safety", "mindset", "skill")),
  bh1996 = of(simulated("bh1996.csv"), "wellbeing", c("hours", "cohesion", "leadership")),
  bfi_with_missing = of(simulated("bfi_250.csv"), "N1", c("A1", "A2", "C1", "E1", "N3", "N4")),
  two = of(simulated("bh1996.csv"), "wellbeing", c("hours", "leadership")),
  one = of(simulated("bh1996.csv"), "wellbeing", "hours"),
  swiss = known(swiss, "Fertility"),
  attitude = known(attitude, "rating"),
  mtcars = known(mtcars, "mpg", c("cyl", "disp", "hp", "wt"))
)

record(
  "drivers",
  cases = cases,
  variants = list(
    rows = "people with the outcome and all predictors",
    lmg = "gain in R2, averaged over all orders of entering; the same by sizes of subsets",
    johnson = "relative weights, by singular values of the scores; the same by the symmetric root",
    r = "correlation with the outcome",
    correlations = "R's own data sets swiss, attitude, mtcars: of the outcome, then the predictors"
  )
)
