# SPDX-License-Identifier: GPL-3.0-or-later
# Cronbach's alpha and what belongs to it, on people who answered every item.
# Run from the top folder of the project: Rscript tests/oracle/alpha.R

suppressMessages(library(psych))
source("tests/oracle/record.R")

# Cronbach (1951): what the items share, by their variances against that of the sum.
cronbach <- function(items) {
  k <- ncol(items)
  k / (k - 1) * (1 - sum(apply(items, 2, var)) / var(rowSums(items)))
}

# Feldt (1965): (1 - population alpha) / (1 - sample alpha) follows F(n - 1, (n - 1)(k - 1)).
feldt <- function(value, n, k, level = .95) {
  tails <- c(1 + level, 1 - level) / 2
  1 - (1 - value) * qf(tails, n - 1, (n - 1) * (k - 1))
}

# The score of a person: the mean of the answered items, if enough of them were answered.
scored <- function(items, min_share) {
  answered <- rowSums(!is.na(items))
  score <- rowMeans(items, na.rm = TRUE)[answered >= min_share * ncol(items) - 1e-9]
  score <- score[is.finite(score)]
  list(n = length(score), mean = mean(score), sd = sd(score))
}

describe <- function(path, columns, low, high, reversed = character()) {
  items <- read_table(path)[columns]
  for (item in reversed) items[[item]] <- low + high - items[[item]]
  whole <- items[complete.cases(items), ]
  n <- nrow(whole)
  k <- ncol(whole)

  value <- cronbach(whole)
  interval <- feldt(value, n, k)
  # One item alone has no alpha, so every case here has at least three items.
  dropped <- sapply(columns, function(item) cronbach(whole[setdiff(columns, item)]))
  item_rest <- sapply(columns, function(item) {
    cor(whole[[item]], rowSums(whole[setdiff(columns, item)]))
  })

  known <- suppressWarnings(psych::alpha(whole, check.keys = FALSE, warnings = FALSE))
  known_interval <- unclass(psych::alpha.ci(value, n, k, p.val = .05))
  agree(value, known$total$raw_alpha, paste(path, "alpha"))
  agree(interval, known_interval[c("lower.ci", "upper.ci")], paste(path, "Feldt interval"))
  agree(dropped, known$alpha.drop$raw_alpha, paste(path, "alpha without each item"))
  agree(item_rest, known$item.stats$r.drop, paste(path, "item against the rest"))

  list(
    data = path, items = columns, range = c(low, high), reversed = I(reversed),
    n_rows = nrow(items), n = n, n_items = k,
    alpha = value, alpha_low = interval[1], alpha_high = interval[2],
    alpha_if_dropped = as.list(dropped), item_rest_r = as.list(item_rest),
    item_means = as.list(colMeans(items, na.rm = TRUE)),
    score_min_share_0.8 = scored(items, .8), score_min_share_0.5 = scored(items, .5)
  )
}

five <- "tests/oracle/data/five_point.csv"
seven <- "tests/oracle/data/seven_point.csv"
cases <- list(
  army_leadership_climate = describe(army_path, army_scales$leadership_climate, 1, 5),
  army_task_significance = describe(army_path, army_scales$task_significance, 1, 5),
  army_hostility = describe(army_path, army_scales$hostility, 0, 4),
  five_point = describe(five, paste0("q", 1:6), 1, 5, reversed = c("q2", "q5")),
  five_point_key_forgotten = describe(five, paste0("q", 1:6), 1, 5, reversed = "q2"),
  seven_point = describe(seven, paste0("q", 1:7), 1, 7, reversed = c("q1", "q3", "q5")),
  three_items = describe(seven, c("q2", "q4", "q6"), 1, 7)
)
agree(
  round(sapply(cases[1:3], `[[`, "alpha"), 3), c(.902, .823, .873),
  "alpha of the army scales against the known values"
)

record(
  "alpha",
  packages = "psych",
  cases = cases,
  variants = list(
    rows = "alpha, its interval and item_rest_r: people who answered every item (n)",
    reversed = "low + high - answer with the declared range, before anything else",
    alpha = "k/(k-1) * (1 - sum of item variances / variance of the sum), n - 1 below",
    alpha_low = "Feldt, 95 %: 1 - (1 - alpha) * qf(.975, n-1, (n-1)(k-1))",
    alpha_high = "Feldt, 95 %: 1 - (1 - alpha) * qf(.025, n-1, (n-1)(k-1))",
    alpha_if_dropped = "alpha of the other items, same rows",
    item_rest_r = "Pearson r of the item with the sum of the others (corrected item-total)",
    item_means = "after reversing, all answers to the item, complete row or not",
    score_min_share = "mean of the answered items where answered / k >= share; n people, mean, sd"
  )
)
