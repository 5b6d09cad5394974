# SPDX-License-Identifier: GPL-3.0-or-later
# One pair of scores, four correlations: over all people, within teams, and between teams with
# each team counting once or by its size.
# Run from the top folder of the project: Rscript tests/oracle/levels.R

suppressMessages(library(multilevel))
source("tests/oracle/record.R")

four <- function(x, y, group) {
  both <- !is.na(x) & !is.na(y) & !is.na(group)
  x <- x[both]
  y <- y[both]
  group <- as.character(group[both])
  # ave() hands each person the mean of their team, so that large teams weigh more.
  x_team <- ave(x, group)
  y_team <- ave(y, group)
  first <- !duplicated(group)
  answer <- list(
    n = length(x), n_groups = sum(first), total = cor(x, y),
    within = cor(x - x_team, y - y_team),
    between = cor(x_team[first], y_team[first]),
    between_weighted = cor(x_team, y_team),
    eta_x = sd(x_team) / sd(x), eta_y = sd(y_team) / sd(y)
  )

  known <- multilevel::waba(x, y, group)$Cov.Theorem
  agree(answer$total, known$RawCorr, "total", 1e-8)
  agree(answer$within, known$CorrW, "within", 1e-8)
  agree(answer$between_weighted, known$CorrB, "between, weighted", 1e-8)
  # The covariance theorem ties three of the four together.
  joined <- with(answer, eta_x * eta_y * between_weighted +
    sqrt(1 - eta_x^2) * sqrt(1 - eta_y^2) * within)
  agree(joined, answer$total, "covariance theorem", 1e-9)
  answer
}

of <- function(path, x, y, by) {
  table <- read_table(path)
  c(list(data = path, x = x, y = y, group = by), four(table[[x]], table[[y]], table[[by]]))
}

army <- read_table(army_path)
army_case <- function(x, y) {
  c(
    list(data = army_path, x = paste("mean of", x), y = paste("mean of", y), group = "company"),
    four(rowMeans(army[army_scales[[x]]]), rowMeans(army[army_scales[[y]]]), army$company)
  )
}

simulated <- function(name) file.path("tests/oracle/data", name)
cases <- list(
  army_leadership_climate_hostility = army_case("leadership_climate", "hostility"),
  army_task_significance_hostility = army_case("task_significance", "hostility"),
  army_leadership_climate_task_significance = army_case("leadership_climate", "task_significance"),
  bh1996_hours_wellbeing = of(simulated("bh1996.csv"), "hours", "wellbeing", "group"),
  bh1996_leadership_wellbeing = of(simulated("bh1996.csv"), "leadership", "wellbeing", "group"),
  balanced_safety_barrier = of(simulated("balanced.csv"), "safety", "barrier", "team"),
  unequal_safety_barrier = of(simulated("unequal.csv"), "safety", "barrier", "team"),
  unequal_skill_barrier_with_missing = of(simulated("unequal.csv"), "skill", "barrier", "team"),
  flat_safety_barrier = of(simulated("flat.csv"), "safety", "barrier", "team")
)

record(
  "levels",
  packages = "multilevel",
  cases = cases,
  variants = list(
    rows = "people with both scores and a team; team means are taken over these people",
    total = "Pearson r over people",
    within = "Pearson r of the deviations from the own team's means, all people pooled",
    between = "Pearson r of team means, each team once",
    between_weighted = "Pearson r of team means, each team counted by its people",
    eta_x = "sd of the team means over people / sd of the scores over people; eta_y alike"
  )
)
