# SPDX-License-Identifier: GPL-3.0-or-later
# From one wave to the next: the same people twice, two cross-sections, and means of a small
# organisation of which most were heard.
# Run from the top folder of the project: Rscript tests/oracle/change.R

suppressMessages(library(survey))
source("tests/oracle/record.R")

path <- "tests/oracle/data/two_waves.csv"
waves <- read_table(path)

around <- function(change, se, df) {
  t <- change / se
  step <- qt(.975, df)
  list(
    change = change, se = se, df = df, t = t, p = 2 * pt(-abs(t), df),
    low = change - step * se, high = change + step * se
  )
}

meets <- function(own, test) {
  agree(c(own$df, own$t, own$p), c(test$parameter, test$statistic, test$p.value), "t test", 1e-8)
  agree(c(own$low, own$high), test$conf.int, "interval of the change", 1e-8)
}

linked <- function(table) {
  both <- table[!is.na(table$before) & !is.na(table$after), ]
  step <- both$after - both$before
  own <- around(mean(step), sd(step) / sqrt(nrow(both)), nrow(both) - 1)
  meets(own, t.test(both$after, both$before, paired = TRUE))
  c(
    list(n = nrow(both), mean_before = mean(both$before), mean_after = mean(both$after)), own,
    list(
      sd_change = sd(step),
      effect_size = mean(step) / sd(both$before),
      effect_size_all_first = mean(step) / sd(table$before, na.rm = TRUE),
      effect_size_dz = mean(step) / sd(step)
    )
  )
}

apart <- function(table) {
  x <- table$before[!is.na(table$before)]
  y <- table$after[!is.na(table$after)]
  vx <- var(x) / length(x)
  vy <- var(y) / length(y)
  df_welch <- (vx + vy)^2 / (vx^2 / (length(x) - 1) + vy^2 / (length(y) - 1))
  df_pooled <- length(x) + length(y) - 2
  sd_pooled <- sqrt(((length(x) - 1) * var(x) + (length(y) - 1) * var(y)) / df_pooled)
  change <- mean(y) - mean(x)
  welch <- around(change, sqrt(vx + vy), df_welch)
  pooled <- around(change, sd_pooled * sqrt(1 / length(x) + 1 / length(y)), df_pooled)
  meets(welch, t.test(y, x))
  meets(pooled, t.test(y, x, var.equal = TRUE))
  list(
    n_before = length(x), n_after = length(y), mean_before = mean(x), mean_after = mean(y),
    sd_before = sd(x), sd_after = sd(y), welch = welch, pooled = pooled,
    effect_size = change / sd(x), effect_size_pooled = change / sd_pooled
  )
}

# Cochran (1977): when n of N were heard, only the others are left to chance.
finite_mean <- function(values, invited) {
  values <- values[!is.na(values)]
  n <- length(values)
  se_plain <- sd(values) / sqrt(n)
  se <- se_plain * sqrt(1 - n / invited)
  step <- qt(.975, n - 1)
  if (n < invited) {
    people <- data.frame(values, invited)
    whole <- svymean(~values, svydesign(ids = ~1, fpc = ~invited, data = people))
    agree(c(mean(values), se), c(coef(whole), SE(whole)), "finite population", 1e-9)
  }
  list(
    n = n, invited = invited, response_rate = n / invited, mean = mean(values), sd = sd(values),
    se = se, low = mean(values) - step * se, high = mean(values) + step * se, df = n - 1,
    se_plain = se_plain, low_plain = mean(values) - step * se_plain,
    high_plain = mean(values) + step * se_plain
  )
}

named <- function(what, answer) c(list(data = path, rows = what), answer)
in_team <- function(team) waves[waves$team == team, ]
army <- read_table(army_path)
army_leadership <- rowMeans(army[army_scales$leadership_climate])

cases <- list(
  linked = named("all", linked(waves)),
  linked_team_t14 = named("team t14", linked(in_team("t14"))),
  cross_section = named("all", apart(waves)),
  cross_section_team_t14 = named("team t14", apart(in_team("t14"))),
  finite_before = named("all, 140 invited", finite_mean(waves$before, 140)),
  finite_after = named("all, 140 invited", finite_mean(waves$after, 140)),
  finite_team_t02 = named("before, team t02, 8 invited", finite_mean(in_team("t02")$before, 8)),
  finite_everybody_heard = named(
    "before, team t14, as many invited as answered",
    finite_mean(in_team("t14")$before, sum(!is.na(in_team("t14")$before)))
  ),
  army_leadership_climate_finite = c(
    list(data = army_path, rows = "person's mean of leadership_climate; 3000 invited is made up"),
    finite_mean(army_leadership, 3000)
  )
)

record(
  "change",
  packages = "survey",
  cases = cases,
  variants = list(
    linked = "paired t on people with both waves, after - before, df n - 1, 95 %",
    effect_size = "linked: mean change / SD of the first wave over the linked people",
    effect_size_all_first = "mean change / SD of the first wave over all who answered it",
    effect_size_dz = "mean change / SD of the change",
    cross_section = "two independent samples of all who answered each wave, after - before",
    welch = "unequal variances, Welch-Satterthwaite df, 95 %",
    pooled = "equal variances, df n1 + n2 - 2, 95 %",
    cross_section_effect_size = "difference / SD of the first wave; effect_size_pooled: pooled SD",
    finite = "se = sd / sqrt(n) * sqrt(1 - n / invited); mean +- qt(.975, n - 1) * se",
    plain = "the same without the finite population correction"
  )
)
