# SPDX-License-Identifier: GPL-3.0-or-later
# Polychoric correlations in two steps, and the covariance of thresholds and correlations.
# Run from the top folder of the project: Rscript tests/oracle/polychoric.R

suppressMessages(library(lavaan))
suppressMessages(library(psych))
source("tests/oracle/record.R")

# Olsson (1979). The share below two cuts is that of independence plus the integral of the
# bivariate density over the correlation (Plackett 1954, Biometrika 41).
density2 <- function(h, k, r) {
  exp(-(h^2 - 2 * r * h * k + k^2) / (2 * (1 - r^2))) / (2 * pi * sqrt(1 - r^2))
}
below2 <- function(h, k, r) {
  gained <- integrate(function(s) density2(h, k, s), 0, r, rel.tol = 1e-12, abs.tol = 0)
  pnorm(h) * pnorm(k) + gained$value
}

cells <- function(inner, margin_a, margin_b, corner) {
  whole <- rbind(0, cbind(0, inner, margin_a), c(0, margin_b, corner))
  apply(apply(whole, 2, diff), 1, diff) |> t()
}

cuts_of <- function(answers) qnorm(head(cumsum(table(answers)) / length(answers), -1))

# The correlation at which the likelihood of the table is level.
two_step <- function(x, y) {
  a <- cuts_of(x)
  b <- cuts_of(y)
  counts <- unclass(table(x, y))
  slope <- function(r) {
    inner <- outer(a, b, Vectorize(function(h, k) below2(h, k, r)))
    chance <- pmax(cells(inner, pnorm(a), pnorm(b), 1), 1e-15)
    change <- cells(outer(a, b, density2, r = r), 0 * a, 0 * b, 0)
    sum((counts * change / chance)[counts > 0])
  }
  uniroot(slope, c(-.95, .95), tol = 1e-13)$root
}

# Pairs in the order (2,1), (3,1), (3,2), (4,1) ...: the lower triangle, row by row.
pairs_of <- function(columns) {
  do.call(rbind, lapply(2:length(columns), function(i) {
    data.frame(item = columns[i], other = columns[seq_len(i - 1)])
  }))
}

read_off <- function(matrix, pairs) {
  matrix <- as.matrix(unclass(matrix))
  mapply(function(i, j) matrix[i, j], pairs$item, pairs$other, USE.NAMES = FALSE)
}

fitted <- function(items, zero_add) {
  suppressWarnings(lavCor(
    items,
    ordered = names(items), output = "fit", se = "robust.sem", zero.add = c(zero_add, 0)
  ))
}

# lavaan's "gamma": of sqrt(N) times thresholds and correlations.
covariance <- function(fit, items, pairs) {
  gamma <- as.matrix(unclass(lavInspect(fit, "gamma")))
  cuts <- unlist(lapply(names(items), function(i) {
    paste0(i, "|t", seq_len(length(unique(items[[i]])) - 1))
  }))
  links <- paste0(pairs$other, "~~", pairs$item)
  order <- c(cuts, links)
  if (!setequal(order, rownames(gamma))) stop("unknown names in gamma")
  gamma[order, order]
}

describe <- function(path, columns, empty_cells = 0, whole = FALSE) {
  table <- read_table(path)[columns]
  items <- table[complete.cases(table), ]
  n <- nrow(items)
  pairs <- pairs_of(columns)
  cuts <- lapply(items, cuts_of)
  fit <- fitted(items, empty_cells)
  r <- read_off(lavInspect(fit, "sampstat")$cov, pairs)
  agree(unlist(cuts), lavInspect(fit, "sampstat")$th, paste(path, "thresholds"))
  gamma <- covariance(fit, items, pairs)

  # A threshold is the quantile of a share, so its error is that of the share over the density.
  share <- pnorm(unlist(cuts))
  agree(
    sqrt(share * (1 - share)) / dnorm(unlist(cuts)),
    sqrt(diag(gamma))[seq_along(share)], paste(path, "errors of thresholds")
  )
  if (empty_cells == 0) {
    by_formula <- mapply(function(i, j) two_step(items[[i]], items[[j]]), pairs$item, pairs$other)
    agree(by_formula, r, paste(path, "correlations, lavaan"), 1e-6)
    by_psych <- suppressWarnings(suppressMessages(
      psych::polychoric(items, correct = 0, smooth = FALSE)$rho
    ))
    agree(by_formula, read_off(by_psych, pairs), paste(path, "correlations, psych"), 1e-4)
    r <- unname(by_formula)
  }
  found <- list(
    data = path, items = columns, empty_cells = empty_cells, n_rows = nrow(table), n = n,
    thresholds = lapply(cuts, function(each) I(unname(each))),
    pairs = data.frame(pairs, r = r, se = sqrt(diag(gamma)[-seq_along(share)] / n)),
    acov_trace = sum(diag(gamma)), acov_sum = sum(gamma)
  )
  if (whole) found$acov <- unname(gamma)
  found
}

simulated <- function(name) file.path("tests/oracle/data", name)
mixed <- c("three_a", "three_b", "five_a", "five_b", "seven_a", "seven_b")
binary <- c("often", "seldom", "rare", "most", "alone")
cases <- list(
  mixed = describe(simulated("ordinal_mixed.csv"), mixed, whole = TRUE),
  binary = describe(simulated("ordinal_binary.csv"), c("often", "seldom", "alone")),
  binary_half_a_person = describe(
    simulated("ordinal_binary.csv"), binary,
    empty_cells = .5, whole = TRUE
  ),
  bfi = describe(simulated("bfi.csv"), c(paste0("A", 1:5), paste0("N", 1:5))),
  holzinger = describe(simulated("holzinger_in_four.csv"), paste0("x", 1:9)),
  army = describe(army_path, c(army_scales$task_significance, army_scales$hostility))
)

record(
  "polychoric",
  packages = c("lavaan", "psych"),
  cases = cases,
  variants = list(
    rows = "people who answered every item (n)",
    thresholds = "qnorm of the cumulated shares of the answers that were given",
    r = paste(
      "maximum likelihood for each pair, thresholds held; found where the slope of the likelihood",
      "is nought, met by lavaan to 1e-6 and by psych to 1e-4"
    ),
    empty_cells = paste(
      "people put into an empty cell of a 2 x 2 table, margins held; where it is not nought the",
      "correlations are those of lavaan alone"
    ),
    pairs = "lower triangle row by row: (2,1), (3,1), (3,2), (4,1) ...",
    acov = paste(
      "lavaan's gamma, of sqrt(n) times all thresholds, then all correlations; se of a",
      "correlation: root of its diagonal over n; trace and sum are over the whole matrix"
    )
  )
)
