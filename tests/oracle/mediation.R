# SPDX-License-Identifier: GPL-3.0-or-later
# Mediation within and between teams: paths by lmerTest, products of paths by drawing.
# Run from the top folder of the project: Rscript tests/oracle/mediation.R

suppressMessages(library(lmerTest))
source("tests/oracle/record.R")

fine <- lmerControl(
  optimizer = "nloptwrap",
  optCtrl = list(xtol_abs = 1e-12, xtol_rel = 1e-12, ftol_abs = 1e-15, ftol_rel = 1e-15)
)
draws <- 2e6

row_of <- function(fit, term) {
  found <- coef(summary(fit))[term, ]
  step <- qt(.975, found[["df"]]) * found[["Std. Error"]]
  list(
    estimate = found[["Estimate"]], se = found[["Std. Error"]], df = found[["df"]],
    p = found[["Pr(>|t|)"]], low = found[["Estimate"]] - step, high = found[["Estimate"]] + step
  )
}

# Each path has the t distribution of its own test; their product is drawn.
product_of <- function(a, b) {
  drawn <- (a$estimate + a$se * rt(draws, a$df)) * (b$estimate + b$se * rt(draws, b$df))
  ends <- unname(quantile(drawn, c(.025, .975)))
  # How far the ends of 10,000 draws lie from those of all: their error over 200 such batches.
  batches <- apply(matrix(drawn, 1e4), 2, quantile, c(.025, .975))
  list(
    estimate = a$estimate * b$estimate, se = sqrt(a$estimate^2 * b$se^2 + b$estimate^2 * a$se^2),
    low = ends[1], high = ends[2], error_low = sd(batches[1, ]), error_high = sd(batches[2, ])
  )
}

at_level <- function(level, of_m, of_y, of_total) {
  path <- function(fit, name) row_of(fit, paste0(name, "_", level))
  a <- path(of_m, "x")
  b <- path(of_y, "m")
  list(
    a = a, b = b, direct = path(of_y, "x"), indirect = product_of(a, b), total = path(of_total, "x")
  )
}

mediated <- function(table, x, m, y, by, design = "1-1-1") {
  table <- data.frame(x = table[[x]], m = table[[m]], y = table[[y]], team = table[[by]])
  table <- table[complete.cases(table), ]
  table$team <- factor(table$team)
  if (design == "2-1-1") table$x <- ave(table$x, table$team)
  for (name in c("x", "m")) {
    table[[paste0(name, "_between")]] <- ave(table[[name]], table$team)
    table[[paste0(name, "_within")]] <- table[[name]] - table[[paste0(name, "_between")]]
  }
  x_terms <- if (design == "1-1-1") c("x_within", "x_between") else "x_between"
  fitted <- function(left, right) {
    lmer(reformulate(c(right, "(1 | team)"), left), table, control = fine)
  }
  of_m <- fitted("m", x_terms)
  of_y <- fitted("y", c(x_terms, "m_within", "m_between"))
  of_total <- fitted("y", x_terms)
  stopifnot(!isSingular(of_m), !isSingular(of_y), !isSingular(of_total))
  answer <- list(
    design = design, n = nrow(table), n_groups = nlevels(table$team),
    between = at_level("between", of_m, of_y, of_total)
  )
  if (design == "1-1-1") {
    answer$within <- at_level("within", of_m, of_y, of_total)
    # Within teams the paths are those of least squares on the distances from the team's means.
    y_within <- table$y - ave(table$y, table$team)
    plain <- c(
      coef(lm(m_within ~ 0 + x_within, table)), coef(lm(y_within ~ 0 + x_within + m_within, table)),
      coef(lm(y_within ~ 0 + x_within, table))
    )
    mixed <- sapply(answer$within[c("a", "direct", "b", "total")], `[[`, "estimate")
    agree(plain, mixed, "paths within", 1e-7)
    agree(
      answer$within$direct$estimate + answer$within$indirect$estimate,
      answer$within$total$estimate, "direct and indirect make the total", 1e-7
    )
  }
  answer
}

set.seed(20261122)
army <- read_table(army_path)
for (name in names(army_scales)) army[[name]] <- rowMeans(army[army_scales[[name]]])
of <- function(path, x, m, y, by, design = "1-1-1", table = read_table(path)) {
  c(list(data = path, x = x, m = m, y = y, group = by), mediated(table, x, m, y, by, design))
}
simulated <- function(name) file.path("tests/oracle/data", name)

cases <- list(
  army = of(
    army_path, "leadership_climate", "task_significance", "hostility", "company", table = army
  ),
  bh1996 = of(simulated("bh1996.csv"), "leadership", "cohesion", "wellbeing", "group"),
  balanced = of(simulated("balanced.csv"), "safety", "skill", "barrier", "team"),
  unequal_with_missing = of(simulated("unequal.csv"), "safety", "skill", "barrier", "team"),
  balanced_of_teams = of(
    simulated("balanced.csv"), "safety", "skill", "barrier", "team", design = "2-1-1"
  ),
  bh1996_of_groups = of(
    simulated("bh1996.csv"), "leadership", "cohesion", "wellbeing", "group", design = "2-1-1"
  )
)

record(
  "mediation",
  packages = c("lme4", "lmerTest"),
  cases = cases,
  variants = list(
    rows = "people with all three scores and a team; team means are taken over these people",
    within = "distance from the team's mean; between: the team's mean; one random intercept, REML",
    `2-1-1` = "x is the mean of the team; m enters by its mean and the distance from it",
    total = "y on x alone, a model of its own",
    indirect = "a * b; se by the delta method; ends are quantiles of 2,000,000 products of t draws",
    error_low = "standard deviation of the lower end over batches of 10,000 draws; high alike"
  )
)
