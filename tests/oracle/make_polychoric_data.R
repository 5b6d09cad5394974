# SPDX-License-Identifier: GPL-3.0-or-later
# Makes the tables of ordered answers that polychoric.R reads: two drawn here from a fixed seed,
# two extracts of published data.
# Run from the top folder of the project: Rscript tests/oracle/make_polychoric_data.R

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

# --- Three, five and seven answers side by side, most of them skewed ----------------------------
people <- 400
common <- rnorm(people)
answer <- function(loading, cuts) {
  findInterval(loading * common + sqrt(1 - loading^2) * rnorm(people), cuts) + 1
}
mixed <- data.frame(
  three_a = answer(.7, c(-.4, .9)), three_b = answer(-.5, c(.6, 1.5)),
  five_a = answer(.8, c(-2, -1.4, -.6, .3)), five_b = answer(.6, c(-1.2, -.5, .4, 1.2)),
  seven_a = answer(.85, c(-2.2, -1.7, -1.2, -.8, -.2, .6)),
  seven_b = answer(.4, c(-1.6, -1, -.4, .2, .9, 1.6))
)
mixed$seven_b[mixed$seven_b == 3] <- 4 # an answer that nobody gave
mixed$five_b[sample(people, 12)] <- NA
mixed$three_a[sample(people, 9)] <- NA
keep(mixed, "ordinal_mixed.csv")

# --- Yes and no, one of the questions named by hardly anybody, so that cells stay empty ---------
people <- 150
common <- rnorm(people)
binary <- data.frame(
  often = answer(.7, 0) - 1, seldom = answer(.8, 1.1) - 1, rare = answer(.85, 1.3) - 1,
  most = answer(.75, -1.3) - 1, alone = answer(0, .3) - 1
)
binary$rare <- pmin(binary$rare, binary$seldom) # who says yes to the one says yes to the other
keep(binary, "ordinal_binary.csv")

# --- Published data -----------------------------------------------------------------------------
keep(bfi[1:800, c(paste0("A", 1:5), paste0("N", 1:5))], "bfi.csv")

scores <- HolzingerSwineford1939[paste0("x", 1:9)]
in_four <- function(score) {
  findInterval(score, quantile(score, c(.15, .5, .8)), left.open = TRUE) + 1
}
keep(as.data.frame(lapply(scores, in_four)), "holzinger_in_four.csv")
