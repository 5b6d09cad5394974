# SPDX-License-Identifier: GPL-3.0-or-later
# Makes the tables for the factor models: two extracts of published surveys and three surveys drawn
# here from a fixed seed. Rounded BEFORE writing, so that R and Python start from the same numbers.
# Run from the top folder of the project: Rscript tests/oracle/make_factor_data.R

suppressMessages(library(lavaan))
suppressMessages(library(psych))

folder <- "tests/oracle/data"
if (!dir.exists(folder)) stop("Run this from the top folder of the project.")
RNGkind("Mersenne-Twister", "Inversion", "Rejection")
set.seed(20261123)

keep <- function(table, name) {
  out <- file(file.path(folder, name), open = "wb")
  write.table(table, out, sep = ",", row.names = FALSE, quote = FALSE, na = "", eol = "\n")
  close(out)
}

# --- Published: 301 pupils of two schools, nine tests; and the same cut at the quartiles ---------
pupils <- HolzingerSwineford1939[c("school", paste0("x", 1:9))]
pupils[-1] <- round(pupils[-1], 8)
keep(pupils, "hs1939.csv")
four <- pupils
four[-1] <- lapply(pupils[-1], function(x) findInterval(x, quantile(x, c(.25, .5, .75))) + 1)
keep(four, "hs1939_four.csv")

# --- Published: five times five statements, answered 1 to 6 by the first thousand people ---------
keep(bfi[1:1000, c(1:25, 26)], "bfi_five.csv")

# --- Drawn ---------------------------------------------------------------------------------------
common <- function(people, r) {
  m <- nrow(r)
  matrix(rnorm(people * m), people) %*% chol(r)
}
answer <- function(scores, loading, cuts, shift = 0) {
  latent <- loading * scores + sqrt(1 - loading^2) * rnorm(length(scores)) + shift
  findInterval(latent, cuts) + 1
}

# Two factors of four five-point items; the second half of the people stands higher on the first
# factor, varies more on the second, and answers item a4 more readily at equal standing.
people <- 900
group <- rep(c("plant", "office"), c(400, 500))
f <- common(people, matrix(c(1, .5, .5, 1), 2))
f[group == "office", 1] <- f[group == "office", 1] + .4
f[group == "office", 2] <- f[group == "office", 2] * 1.3
cuts <- c(-1.5, -.6, .3, 1.2)
two <- data.frame(
  group,
  a1 = answer(f[, 1], .8, cuts), a2 = answer(f[, 1], .7, cuts - .2),
  a3 = answer(f[, 1], .6, cuts + .1),
  a4 = answer(f[, 1], .7, cuts, ifelse(group == "office", .6, 0)),
  b1 = answer(f[, 2], .75, cuts), b2 = answer(f[, 2], .65, cuts + .3),
  b3 = answer(f[, 2], .8, cuts - .1), b4 = answer(f[, 2], .6, cuts)
)
two <- two[sample(people), ]
for (name in c("a2", "b3")) two[runif(people) < .03, name] <- NA
keep(two, "two_groups.csv")

# The same three-answer and two-answer items in two groups, all alike.
people <- 800
f <- common(people, matrix(1))
few <- data.frame(
  group = rep(c("north", "south"), people / 2),
  t1 = answer(f, .8, c(-.7, .6)), t2 = answer(f, .7, c(-.5, .8)), t3 = answer(f, .6, c(-.9, .4)),
  d1 = answer(f, .7, 0), d2 = answer(f, .6, .4), d3 = answer(f, .75, -.3)
)
keep(few, "few_answers.csv")

# Four factors of three items with one factor behind them; every third item reversed, and the
# reversed ones share something of their own.
people <- 500
general <- rnorm(people)
wording <- rnorm(people)
weights <- c(.8, .7, .6, .75)
items <- lapply(1:12, function(i) {
  k <- (i - 1) %/% 3 + 1
  if (i %% 3 == 1) score <<- weights[k] * general + sqrt(1 - weights[k]^2) * rnorm(people)
  own <- c(.8, .7, .65)[(i - 1) %% 3 + 1] * score + (i %% 3 == 0) * .45 * wording
  4 + 1.2 * own + .7 * rnorm(people)
})
names(items) <- paste0("h", 1:12)
keep(round(as.data.frame(items), 3), "second_order.csv")
