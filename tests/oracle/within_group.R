# SPDX-License-Identifier: GPL-3.0-or-later
# Agreement within teams: rwg, rwg(j), r*, AD and a_wg, and how reliable a team's mean is.
# Run from the top folder of the project: Rscript tests/oracle/within_group.R

suppressMessages({
  library(multilevel)
  library(lme4)
  library(MASS) # multilevel draws correlated items with it
})
source("tests/oracle/record.R")

# LeBreton and Senter (2008), table 2, for five, six and seven answers.
nulls <- c("uniform", "slight skew", "moderate skew", "heavy skew", "triangular", "normal")
published <- list(
  `5` = c(2.00, 1.34, .90, .44, 1.32, 1.04),
  `6` = c(35 / 12, 1.85, 1.26, .69, 1.45, 1.25),
  `7` = c(4.00, 2.90, 2.14, 1.39, 2.10, 1.40)
)

# Lines up what a package says per group with the groups as they are sorted here.
per_group <- function(found, value, groups) {
  found[[value]][match(groups, as.character(found$grpid))]
}

# NA stands in the same places on both routes; the rest must meet.
meet <- function(ours, theirs, what) {
  if (!identical(is.na(ours), is.na(theirs))) stop(what, ": not missing in the same places")
  agree(ours[!is.na(ours)], theirs[!is.na(theirs)], what)
}

# Brown and Hauenstein (2005): one item, people in rows; NA where the mean is out of bounds.
a_wg_of <- function(x, low, high) {
  n <- length(x)
  m <- mean(x)
  if (var(x) == 0) return(1)
  least <- (low * (n - 1) + high) / n
  most <- (high * (n - 1) + low) / n
  if (m < least - 1e-9 || m > most + 1e-9) return(NA)
  1 - 2 * var(x) / (((high + low) * m - m^2 - high * low) * n / (n - 1))
}

agreement <- function(path, items, group, low, high) {
  table <- read_table(path)
  everybody <- sort(unique(as.character(table[[group]])))
  table <- table[complete.cases(table[c(items, group)]), ]
  x <- table[items]
  g <- as.character(table[[group]])
  j <- length(items)
  answers <- high - low + 1
  groups <- everybody[everybody %in% g]
  parts <- lapply(groups, function(name) x[g == name, , drop = FALSE])
  n <- sapply(parts, nrow)
  s2 <- sapply(parts, function(p) if (nrow(p) < 2) NA else mean(sapply(p, var)))
  rwg <- function(expected) {
    ratio <- pmin(s2 / expected, 1)
    j * (1 - ratio) / (j * (1 - ratio) + ratio)
  }
  known_rwg <- function(expected) {
    found <- if (j == 1) multilevel::rwg(x[[1]], g, ranvar = expected) else {
      multilevel::rwg.j(x, g, ranvar = expected)
    }
    per_group(found, if (j == 1) "rwg" else "rwg.j", groups)
  }
  expected <- (answers^2 - 1) / 12
  r_star <- 1 - s2 / expected
  ad <- sapply(parts, function(p) {
    if (nrow(p) < 2) NA else mean(sapply(p, function(i) mean(abs(i - mean(i)))))
  })
  kappa <- sapply(parts, function(p) {
    each <- if (nrow(p) < 2) NA else sapply(p, a_wg_of, low, high)
    if (all(is.na(each))) NA else mean(each, na.rm = TRUE)
  })
  several <- if (j == 1) x[[1]] else x
  meet(rwg(expected), known_rwg(expected), paste(path, "rwg"))
  if (j > 1) {
    known <- multilevel::rwg.j.lindell(x, g, ranvar = expected)
    meet(r_star, per_group(known, "rwg.lindell", groups), paste(path, "r*"))
  }
  meet(ad, per_group(multilevel::ad.m(several, g), "AD.M", groups), paste(path, "AD"))
  known <- per_group(multilevel::awg(several, g, range = c(low, high)), "a.wg", groups)
  known[is.nan(known)] <- NA
  # Not compared: a mean exactly on a bound, which may fall in or out there by rounding; and an item
  # that all answer alike out of bounds, which multilevel counts at the ends of the range alone.
  apart <- sapply(parts, function(p) {
    bounds <- c(low * (nrow(p) - 1) + high, high * (nrow(p) - 1) + low) / nrow(p)
    any(sapply(p, function(x) {
      out <- mean(x) < bounds[1] || mean(x) > bounds[2]
      any(abs(mean(x) - bounds) < 1e-9) || (out && length(unique(x)) == 1)
    }))
  })
  meet(kappa[!apart], known[!apart], paste(path, "a_wg"))
  message(path, ": a_wg compared in ", sum(!apart & !is.na(kappa)), " of ", length(n), " groups")

  under <- published[[as.character(answers)]]
  by_null <- lapply(setNames(under, nulls), function(variance) {
    meet(rwg(variance), known_rwg(variance), paste(path, "rwg under", variance))
    rwg(variance)
  })
  list(
    data = path, items = I(items), group = group, range = c(low, high),
    groups = groups, n = n, r_star = r_star, ad_m = ad, a_wg = kappa, rwg = by_null
  )
}

# How reliable each team's mean is, from a random intercept by REML.
reliable <- function(path, column, group) {
  table <- read_table(path)
  table <- table[complete.cases(table[c(column, group)]), ]
  g <- factor(table[[group]])
  fit <- lmer(table[[column]] ~ 1 + (1 | g), REML = TRUE, control = lmerControl(
    optimizer = "nloptwrap", optCtrl = list(xtol_abs = 1e-12, ftol_abs = 1e-14)
  ))
  between <- as.numeric(VarCorr(fit)$g)
  within <- sigma(fit)^2
  n <- tapply(table[[column]], g, length)
  value <- between / (between + within / n)
  slow <- nlme::lme(y ~ 1, random = ~ 1 | g, data = data.frame(y = table[[column]], g))
  known <- multilevel::gmeanrel(slow)
  agree(value, known$MeanRel[match(names(n), known$Group)], paste(path, "reliability"), 1e-4)
  list(
    data = path, value = column, group = group,
    groups = names(n), n = as.integer(n), reliability = as.numeric(value)
  )
}

# Chance agreement with correlated items: what 95 % of made-up teams stay below.
chance <- function(path, items, answers, sizes) {
  x <- read_table(path)[items]
  x <- x[complete.cases(x), ]
  set.seed(20261123)
  found <- sapply(sizes, function(size) {
    multilevel::rwg.j.sim(gsize = size, nresp = answers, itemcors = cor(x), nrep = 20000)$rwg.95
  })
  list(
    data = path, items = items, range = c(1, answers),
    sizes = sizes, critical = as.numeric(found)
  )
}

simulated <- "tests/oracle/data/agreement.csv"
soldiers <- "tests/oracle/data/bhr2000.csv"
cases <- list(
  army_leadership_climate = agreement(army_path, army_scales$leadership_climate, "company", 1, 5),
  army_task_significance = agreement(army_path, army_scales$task_significance, "company", 1, 5),
  army_hostility = agreement(army_path, army_scales$hostility, "company", 0, 4),
  army_one_item = agreement(army_path, "lead_1", "company", 1, 5),
  bhr2000 = agreement(
    soldiers, c("af06", "af07", "ap12", "ap17", "ap33", "ap34", "as14", "as15"), "grp", 1, 5
  ),
  simulated_five = agreement(simulated, paste0("five", 1:4), "team", 1, 5),
  simulated_six = agreement(simulated, paste0("six", 1:3), "team", 1, 6),
  simulated_seven = agreement(simulated, paste0("seven", 1:5), "team", 1, 7),
  simulated_one_item = agreement(simulated, "seven1", "team", 1, 7),
  reliable_unequal = reliable("tests/oracle/data/unequal.csv", "safety", "team"),
  reliable_bh1996 = reliable("tests/oracle/data/bh1996.csv", "leadership", "group"),
  chance_task = chance(army_path, army_scales$task_significance, 5, c(4, 8, 15)),
  chance_climate = chance(army_path, army_scales$leadership_climate, 5, c(3, 10))
)

record(
  "within_group",
  packages = c("multilevel", "lme4", "MASS"),
  cases = cases,
  variants = list(
    rows = "people with an answer to every item and a team; groups with nobody left are not listed",
    rwg = paste(
      "J(1 - q) / (J(1 - q) + q) with q the mean item variance by that of the null, at most 1;",
      "per null of LeBreton and Senter (2008), table 2, uniform (A^2 - 1)/12"
    ),
    r_star = "1 - q under the uniform null, not truncated",
    ad_m = "mean over items of the mean absolute deviation from the item's mean",
    a_wg = paste(
      "mean over the items that have one of 1 - 2 s2 / (((H + L)M - M^2 - HL) k/(k - 1));",
      "1 where all answer alike, none where M is out of bounds"
    ),
    reliability = "tau2 / (tau2 + sigma2 / n), REML",
    critical = "the 95th percentile of rwg(j) of 20,000 made-up teams, items correlated as observed"
  )
)
