# SPDX-License-Identifier: GPL-3.0-or-later
# Agreement pooled over teams: r* and rwg(j) of the variance within, with an interval over teams.
# Run from the top folder of the project: Rscript tests/oracle/pooled_agreement.R

suppressMessages(library(survey))
source("tests/oracle/record.R")
options(survey.lonely.psu = "fail")

published <- list(
  `5` = c(uniform = 2.00, `heavy skew` = .44), `6` = c(uniform = 35 / 12, triangular = 1.45),
  `7` = c(uniform = 4.00, `slight skew` = 2.90)
)

pooled <- function(path, items, group, low, high, level = .95) {
  everybody <- read_table(path)
  table <- everybody[complete.cases(everybody[c(items, group)]), ]
  size <- ave(seq_len(nrow(table)), as.character(table[[group]]), FUN = length)
  alone <- sum(size == 1)
  table <- table[size > 1, ]
  g <- factor(as.character(table[[group]]))
  x <- as.matrix(table[items])
  j <- length(items)
  a <- tapply(seq_len(nrow(x)), g, function(rows) {
    sum(apply(x[rows, , drop = FALSE], 2, var)) * (length(rows) - 1)
  })
  b <- j * (as.numeric(table(g)) - 1)
  many <- length(a)
  s2 <- sum(a) / sum(b)
  se <- sqrt(many / (many - 1) * sum((a - s2 * b)^2)) / sum(b)

  # The same from the analysis of variance, and from the people as a sample of teams.
  agree(s2, mean(apply(x, 2, function(y) summary(lm(y ~ g))$sigma^2)), paste(path, "s2"))
  own <- x - apply(x, 2, function(y) ave(y, g))
  people <- data.frame(
    g, squares = rowSums(own^2), freedom = j * (1 - 1 / as.numeric(table(g))[as.integer(g)])
  )
  known <- svyratio(~squares, ~freedom, svydesign(ids = ~g, weights = ~1, data = people))
  agree(c(s2, se), c(coef(known), SE(known)), paste(path, "svyratio"))

  ends <- s2 * exp(c(0, 1, -1) * qt((1 + level) / 2, many - 1) * se / s2)
  indices <- lapply(as.list(published[[as.character(high - low + 1)]]), function(expected) {
    q <- ends / expected
    cut <- pmin(q, 1)
    list(r_star = 1 - q, rwg = j * (1 - cut) / (j * (1 - cut) + cut))
  })
  list(
    data = path, items = I(items), group = group, range = c(low, high), level = level,
    n = nrow(x), n_groups = many, n_alone = alone,
    n_incomplete = nrow(everybody) - nrow(table) - alone,
    variance = s2, se = se, by_null = indices
  )
}

simulated <- "tests/oracle/data/agreement.csv"
cases <- list(
  army_leadership_climate = pooled(army_path, army_scales$leadership_climate, "company", 1, 5),
  army_hostility = pooled(army_path, army_scales$hostility, "company", 0, 4),
  army_one_item = pooled(army_path, "lead_1", "company", 1, 5, .9),
  bhr2000 = pooled(
    "tests/oracle/data/bhr2000.csv",
    c("af06", "af07", "ap12", "ap17", "ap33", "ap34", "as14", "as15"), "grp", 1, 5
  ),
  simulated_five = pooled(simulated, paste0("five", 1:4), "team", 1, 5),
  simulated_six = pooled(simulated, paste0("six", 1:3), "team", 1, 6, .99),
  simulated_seven = pooled(simulated, paste0("seven", 1:5), "team", 1, 7)
)

record(
  "pooled_agreement",
  packages = "survey",
  cases = cases,
  variants = list(
    rows = "people with an answer to every item and a team that has another such person",
    variance = "squares within teams and items, summed, by J times the sum of n - 1",
    se = "of that ratio, linearised over teams, with k/(k - 1) for k teams",
    by_null = paste(
      "estimate, lower and upper end; the variance times exp(-+ t se / variance), t on k - 1;",
      "r_star 1 - q, rwg J(1 - q) / (J(1 - q) + q) with q at most 1"
    )
  )
)
