# SPDX-License-Identifier: GPL-3.0-or-later
# How much of a score belongs to the team: one-way analysis of variance and the two ICCs.
# Run from the top folder of the project: Rscript tests/oracle/icc.R

suppressMessages(library(multilevel))
source("tests/oracle/record.R")

one_way <- function(values, group, drop_single = FALSE) {
  answered <- !is.na(values) & !is.na(group)
  values <- values[answered]
  group <- as.character(group[answered])
  if (drop_single) {
    alone <- ave(values, group, FUN = length) == 1
    values <- values[!alone]
    group <- group[!alone]
  }
  size <- tapply(values, group, length)
  centre <- tapply(values, group, mean)
  n <- length(values)
  k <- length(size)
  msb <- sum(size * (centre - mean(values))^2) / (k - 1)
  msw <- sum((values - centre[group])^2) / (n - k)
  f <- msb / msw
  n0 <- (n - sum(size^2) / n) / (k - 1)
  share <- function(each) (msb - msw) / (msb + (each - 1) * msw)

  # Searle's interval turns the F interval into one for ICC(1): exact where all teams are of one
  # size, close to it with n0 in the place of that size.
  f_low <- f / qf(.975, k - 1, n - k)
  f_high <- f / qf(.025, k - 1, n - k)

  fit <- aov(values ~ factor(group))
  table <- summary(fit)[[1]]
  agree(c(msb, msw), table[["Mean Sq"]], "mean squares", 1e-8)
  agree(f, table[["F value"]][1], "F", 1e-8)
  agree(share(n / k), multilevel::ICC1(fit), "ICC(1), mean group size", 1e-8)
  agree((msb - msw) / msb, multilevel::ICC2(fit), "ICC(2)", 1e-8)

  list(
    n = n, n_groups = k, n_singletons = sum(size == 1), n0 = n0, n_mean = n / k,
    mean = mean(values), ms_between = msb, ms_within = msw, df_between = k - 1, df_within = n - k,
    f = f, p = pf(f, k - 1, n - k, lower.tail = FALSE),
    icc1 = share(n0), icc1_mean_n = share(n / k), icc2 = (msb - msw) / msb,
    icc1_low = (f_low - 1) / (f_low + n0 - 1), icc1_high = (f_high - 1) / (f_high + n0 - 1)
  )
}

of <- function(path, column, by, ...) {
  table <- read_table(path)
  c(list(data = path, value = column, group = by), one_way(table[[column]], table[[by]], ...))
}

army <- read_table(army_path)
army_case <- function(scale) {
  c(
    list(data = army_path, value = paste("person's mean of", scale), group = "company"),
    one_way(rowMeans(army[army_scales[[scale]]]), army$company)
  )
}

simulated <- function(name) file.path("tests/oracle/data", name)
cases <- list(
  army_leadership_climate = army_case("leadership_climate"),
  army_task_significance = army_case("task_significance"),
  army_hostility = army_case("hostility"),
  bh1996_cohesion = of(simulated("bh1996.csv"), "cohesion", "group"),
  bh1996_leadership = of(simulated("bh1996.csv"), "leadership", "group"),
  bh1996_hours = of(simulated("bh1996.csv"), "hours", "group"),
  bh1996_wellbeing = of(simulated("bh1996.csv"), "wellbeing", "group"),
  balanced_safety = of(simulated("balanced.csv"), "safety", "team"),
  unequal_safety = of(simulated("unequal.csv"), "safety", "team"),
  unequal_safety_without_singletons = of(
    simulated("unequal.csv"), "safety", "team",
    drop_single = TRUE
  ),
  unequal_skill_with_missing = of(simulated("unequal.csv"), "skill", "team"),
  flat_barrier_below_nought = of(simulated("flat.csv"), "barrier", "team")
)
agree(
  round(sapply(cases[1:3], `[[`, "icc1_mean_n"), 4), c(.0880, .0804, .0540),
  "ICC(1) of the army scales against the known values"
)

record(
  "icc",
  packages = "multilevel",
  cases = cases,
  variants = list(
    rows = "people with a score and a team; teams of one stay in, but where the case says without",
    f = "one-way analysis of variance, ms_between / ms_within; p from F(k-1, N-k)",
    n0 = "(N - sum of squared team sizes / N) / (k - 1)",
    icc1 = "(MSB - MSW) / (MSB + (n0 - 1) MSW); may be below nought",
    icc1_mean_n = "the same with the mean team size N / k (what multilevel::ICC1 gives)",
    icc2 = "(MSB - MSW) / MSB; may be below nought",
    icc1_low = "95 %, Searle: (F/qf(.975) - 1) / (F/qf(.975) + n0 - 1); icc1_high with qf(.025)"
  )
)
