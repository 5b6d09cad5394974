# SPDX-License-Identifier: GPL-3.0-or-later
# The share of people who name a barrier, with intervals that know people come in teams, and
# with one that does not.
# Run from the top folder of the project: Rscript tests/oracle/prevalence.R

suppressMessages(library(survey))
source("tests/oracle/record.R")

share_of <- function(named, team) {
  answered <- !is.na(named) & !is.na(team)
  y <- named[answered]
  team <- as.character(team[answered])
  n <- length(y)
  share <- mean(y)

  # Linearised: each team gives the sum of its people's distances from the share.
  pull <- tapply(y - share, team, sum)
  k <- length(pull)
  se <- sqrt(k / (k - 1) * sum(pull^2)) / n
  se_simple <- sqrt(share * (1 - share) / n)
  step <- qt(.975, k - 1)

  # Wilson (1927), without continuity correction: both ends solve |p - share| = z se(p).
  z2 <- qnorm(.975)^2
  centre <- (share + z2 / (2 * n)) / (1 + z2 / n)
  half <- sqrt(z2 * (share * (1 - share) / n + z2 / (4 * n^2))) / (1 + z2 / n)

  inside <- share > 0 && share < 1
  bend <- if (inside) plogis(qlogis(share) + c(-1, 1) * step * se / (share * (1 - share)))

  test <- suppressWarnings(prop.test(sum(y), n, correct = FALSE))
  agree(c(centre - half, centre + half), test$conf.int, "Wilson", 1e-8)
  if (inside) {
    people <- data.frame(y, team)
    design <- svydesign(ids = ~team, weights = ~1, data = people)
    whole <- svymean(~y, design)
    agree(c(share, se), c(coef(whole), SE(whole)), "team-clustered SE", 1e-9)
    agree(share + c(-1, 1) * step * se, confint(whole, df = degf(design)), "t interval", 1e-9)
    bent <- confint(svyciprop(~y, design, method = "logit"))
    agree(bend, bent, "logit interval", 1e-6)
  }

  list(
    n = n, n_named = sum(y), n_groups = k, share = share,
    se_clustered = se, low_clustered = share - step * se, high_clustered = share + step * se,
    df = k - 1,
    low_logit = if (inside) bend[1] else NA_real_, high_logit = if (inside) bend[2] else NA_real_,
    se_simple = se_simple, design_effect = if (inside) se^2 / se_simple^2 else NA_real_,
    low_wilson = centre - half, high_wilson = centre + half
  )
}

barriers <- read_table("tests/oracle/data/barriers.csv")
army <- read_table(army_path)

ticked <- function(column) {
  c(
    list(data = "tests/oracle/data/barriers.csv", named = column, group = "team"),
    share_of(barriers[[column]], barriers$team)
  )
}
army_at_least <- function(column, answer) {
  c(
    list(data = army_path, named = paste(column, ">=", answer), group = "company"),
    share_of(as.integer(army[[column]] >= answer), army$company)
  )
}

cases <- list(
  army_task_1_favourable = army_at_least("task_1", 4),
  army_lead_3_favourable = army_at_least("lead_3", 4),
  army_hostile_1_at_all = army_at_least("hostile_1", 1),
  silos = ticked("silos"),
  missing_vision = ticked("missing_vision"),
  control_holding = ticked("control_holding"),
  rare = ticked("rare"),
  nobody = ticked("nobody")
)

record(
  "prevalence",
  packages = "survey",
  cases = cases,
  variants = list(
    rows = "people who answered and have a team",
    se_clustered = "linearised: sqrt(k/(k-1) * sum over teams of (sum of y - share)^2) / n",
    low_clustered = "share - qt(.975, k - 1) * se_clustered, 95 %; not cut at 0; high alike",
    low_logit = "the same on the logit scale, 95 %; null where the share is 0 or 1; high alike",
    se_simple = "sqrt(share (1 - share) / n), as if people were no team",
    design_effect = "(se_clustered / se_simple)^2",
    low_wilson = "Wilson score interval, 95 %, no continuity correction, no clustering; high alike"
  )
)
