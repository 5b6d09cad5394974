# SPDX-License-Identifier: GPL-3.0-or-later
# Makes the tables for agreement and screening under tests/oracle/data: one drawn here from a fixed
# seed, two extracts of published surveys. All answers are whole numbers.
# Run from the top folder of the project: Rscript tests/oracle/make_agreement_data.R

suppressMessages({
  library(multilevel)
  library(psych)
})

folder <- "tests/oracle/data"
if (!dir.exists(folder)) stop("Run this from the top folder of the project.")
RNGkind("Mersenne-Twister", "Inversion", "Rejection")
set.seed(20261123)

keep <- function(table, name) {
  out <- file(file.path(folder, name), open = "wb")
  write.table(table, out, sep = ",", row.names = FALSE, quote = FALSE, na = "", eol = "\n")
  close(out)
}

# --- Teams of 1 to 25 answering on ranges of five, six and seven --------------------------------
sizes <- c(1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 6, 6, 7, 8, 8, 9, 10, 11, 12, 13, 14, 16, 19, 22, 25)
team <- rep(seq_along(sizes), sizes)
people <- length(team)
# Some teams agree and some are split; the last sits at the upper end of the range.
unrest <- rep(c(.3, .6, 1, 1.6), length.out = length(sizes))[team]
centre <- rnorm(length(sizes), sd = .6)
centre[length(sizes)] <- 2.5
answers <- function(prefix, items, high) {
  person <- rnorm(people)
  table <- lapply(seq_len(items), function(i) {
    latent <- centre[team] + unrest * (.7 * person + .7 * rnorm(people))
    pmin(pmax(round((high + 1) / 2 + latent * high / 5), 1), high)
  })
  setNames(as.data.frame(table), paste0(prefix, seq_len(items)))
}
teams <- cbind(
  team = sprintf("t%02d", team),
  answers("five", 4, 5), answers("six", 3, 6), answers("seven", 5, 7)
)
for (column in names(teams)[-1]) teams[runif(people) < .02, column] <- NA
teams[teams$team == "t03", "six1"] <- NA # a team that nobody answered completely
teams <- teams[sample(people), ]
keep(teams, "agreement.csv")

# --- A published survey: leadership in army companies, first thirty groups ----------------------
data(bhr2000)
some <- bhr2000[bhr2000$GRP %in% unique(bhr2000$GRP)[1:30], ]
names(some) <- tolower(names(some))
keep(some[c("grp", "af06", "af07", "ap12", "ap17", "ap33", "ap34", "as14", "as15")], "bhr2000.csv")

# --- A published survey: 25 items of five traits, answers 1-6, first 250 people ------------------
data(bfi, package = "psych")
keep(bfi[1:250, 1:25], "bfi_250.csv")
