# SPDX-License-Identifier: GPL-3.0-or-later
# Makes the small tables under tests/oracle/data. All but one are drawn here from a fixed seed;
# bh1996.csv is an extract of a published survey. Everything is rounded BEFORE it is written, so
# that R and Python start from exactly the same numbers.
# Run from the top folder of the project: Rscript tests/oracle/make_data.R

suppressMessages(library(multilevel))

folder <- "tests/oracle/data"
if (!dir.exists(folder)) stop("Run this from the top folder of the project.")
RNGkind("Mersenne-Twister", "Inversion", "Rejection")
set.seed(20261122)

keep <- function(table, name) {
  out <- file(file.path(folder, name), open = "wb")
  write.table(table, out, sep = ",", row.names = FALSE, quote = FALSE, na = "", eol = "\n")
  close(out)
}

# Blanks each of the named columns for about the given share of the rows.
with_gaps <- function(table, columns, share) {
  for (column in columns) table[runif(nrow(table)) < share, column] <- NA
  table
}

# --- Answers to a scale: one common factor, cut into whole answers ------------------------------
likert <- function(people, loadings, cuts, reversed) {
  common <- rnorm(people)
  high <- length(cuts) + 1
  items <- lapply(seq_along(loadings), function(i) {
    latent <- loadings[i] * common + sqrt(1 - loadings[i]^2) * rnorm(people)
    answer <- findInterval(latent, cuts) + 1
    if (i %in% reversed) high + 1 - answer else answer
  })
  as.data.frame(setNames(items, paste0("q", seq_along(loadings))))
}

five <- likert(160, c(.7, .6, .8, .5, .65, .75), c(-1.6, -.7, .2, 1.2), reversed = c(2, 5))
# Nobody gives q2 its highest answer: whoever reverses by the range that was SEEN is found out.
five$q2 <- pmin(five$q2, 4)
five <- with_gaps(five, names(five), .04)
keep(cbind(respondent = seq_len(nrow(five)), five), "five_point.csv")

seven_cuts <- c(-1.9, -1.3, -.7, 0, .6, 1.3)
seven <- likert(90, c(.7, .5, .6, .8, .55, .65, .7), seven_cuts, reversed = c(1, 3, 5))
seven$q3 <- pmax(seven$q3, 2)
seven <- with_gaps(seven, names(seven), .05)
seven[7, paste0("q", 1:7)] <- NA # one person who answered nothing
keep(cbind(respondent = seq_len(nrow(seven)), seven), "seven_point.csv")

# --- People in teams ----------------------------------------------------------------------------
# Three scores, each partly shared by the team; the barrier falls with them, and for safety more
# steeply between teams than within.
teams <- function(sizes, team_sd) {
  team <- rep(seq_along(sizes), sizes)
  people <- length(team)
  shared <- function(sd) rnorm(length(sizes), sd = sd)[team]
  safety_team <- shared(.5)
  safety <- 4.8 + safety_team + rnorm(people, sd = .9)
  mindset <- 4.5 + .4 * safety_team + shared(.3) + .3 * (safety - 4.8) + rnorm(people, sd = .8)
  skill <- 4.6 + shared(.25) + .2 * (mindset - 4.5) + rnorm(people, sd = .7)
  barrier <- 3.6 - .35 * (safety - 4.8) - .4 * safety_team - .15 * (mindset - 4.5) +
    shared(team_sd) + rnorm(people, sd = .9)
  scores <- data.frame(safety, mindset, skill, barrier)
  data.frame(respondent = seq_len(people), team = sprintf("t%02d", team), round(scores, 3))
}

keep(teams(rep(8, 24), .45), "balanced.csv")

unequal <- teams(c(rep(1, 5), 2, 2, 3, 3, 4, 5, 5, 6, 7, 8, 9, 10, 12, 14, 17, 21, 26, 30), .5)
unequal <- with_gaps(unequal, "skill", .08)
unequal$skill[unequal$team == "t06"] <- NA # a whole team without this score
unequal <- unequal[sample(nrow(unequal)), ] # teams need not stand together
keep(unequal, "unequal.csv")

# Teams that resemble each other MORE than chance: the team variance is estimated as nought.
flat <- teams(rep(c(3, 4, 6, 9), 5), 0)
left <- residuals(lm(barrier ~ safety + mindset + skill, flat))
flat$barrier <- round(flat$barrier - .9 * ave(left, flat$team), 3)
keep(flat, "flat.csv")

# --- Barriers named: yes or no, alike within teams ----------------------------------------------
sizes <- c(1, 1, 2, 3, 3, 4, 4, 5, 5, 6, 6, 7, 8, 8, 9, 10, 11, 12, 13, 14, 15, 16, 18, 20)
team <- rep(seq_along(sizes), sizes)
named <- function(share, team_sd) {
  lean <- rnorm(length(sizes), sd = team_sd)[team]
  as.integer(runif(length(team)) < plogis(qlogis(share) + lean))
}
barriers <- data.frame(
  respondent = seq_along(team), team = sprintf("t%02d", team),
  silos = named(.67, .8), missing_vision = named(.32, .6), control_holding = named(.32, 0),
  rare = named(.03, 0), nobody = 0L
)
barriers <- with_gaps(barriers, c("silos", "control_holding"), .05)
keep(barriers, "barriers.csv")

# --- Two waves of the same organisation: some left after the first, some joined for the second ---
people <- 140
before <- 4.4 + rnorm(people, sd = 1)
after <- 4.9 + .65 * (before - 4.4) + rnorm(people, sd = .75)
waves <- data.frame(
  respondent = seq_len(people),
  team = sprintf("t%02d", rep(1:14, c(4, 6, 7, 8, 8, 9, 10, 10, 11, 12, 12, 13, 14, 16))),
  before = round(before, 3), after = round(after, 3)
)
waves$after[sample(people, 25)] <- NA
waves$before[sample(which(!is.na(waves$after)), 22)] <- NA
keep(waves, "two_waves.csv")

# --- A published survey, first thirty groups ----------------------------------------------------
data(bh1996)
some <- bh1996[bh1996$GRP %in% unique(bh1996$GRP)[1:30], ]
keep(
  data.frame(
    group = some$GRP, cohesion = round(some$COHES, 3), leadership = round(some$LEAD, 3),
    hours = some$HRS, wellbeing = round(some$WBEING, 3)
  ),
  "bh1996.csv"
)
