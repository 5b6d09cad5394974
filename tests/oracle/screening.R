# SPDX-License-Identifier: GPL-3.0-or-later
# Indices of careless answering per person, and how each item behaves in its scale.
# Run from the top folder of the project: Rscript tests/oracle/screening.R

suppressMessages(library(psych))
source("tests/oracle/record.R")

meet <- function(ours, theirs, what) {
  if (!identical(unname(is.na(ours)), unname(is.na(theirs)))) stop(what, ": gaps differ")
  agree(ours[!is.na(ours)], theirs[!is.na(theirs)], what)
}

# Longest run of one answer among those given, by run lengths and by walking along.
longest <- function(x) {
  x <- x[!is.na(x)]
  if (length(x) == 0) return(0)
  max(rle(x)$lengths)
}
longest_walk <- function(x) {
  last <- NA
  run <- 0
  best <- 0
  for (value in x) {
    if (is.na(value)) next
    run <- if (!is.na(last) && value == last) run + 1 else 1
    last <- value
    best <- max(best, run)
  }
  best
}

# Pearson's r written out, NA where a side does not vary or fewer than `least` pairs are there.
pearson <- function(x, y, least) {
  there <- !is.na(x) & !is.na(y)
  x <- x[there]
  y <- y[there]
  if (length(x) < least) return(NA)
  x <- x - mean(x)
  y <- y - mean(y)
  if (sum(x^2) < 1e-12 || sum(y^2) < 1e-12) return(NA)
  sum(x * y) / sqrt(sum(x^2) * sum(y^2))
}
known_r <- function(x, y, least) {
  there <- complete.cases(x, y)
  if (sum(there) < least || sd(x[there]) < 1e-7 || sd(y[there]) < 1e-7) return(NA)
  cor(x[there], y[there])
}

even_odd <- function(table, scales, correlate) {
  apply(table, 1, function(person) {
    halves <- sapply(scales, function(items) {
      odd <- person[items[seq(1, length(items), 2)]]
      even <- person[items[seq(2, length(items), 2)]]
      c(mean(odd, na.rm = TRUE), mean(even, na.rm = TRUE))
    })
    halves[is.nan(halves)] <- NA
    r <- correlate(halves[1, ], halves[2, ], 3)
    max(2 * r / (1 + r), -1) # Spearman-Brown; not below -1
  })
}

synonym_pairs <- function(table, above) {
  names <- sort(names(table), method = "radix")
  r <- cor(table[names], use = "pairwise.complete.obs")
  at <- which(upper.tri(r) & r > above, arr.ind = TRUE)
  at <- at[order(at[, 1], at[, 2]), , drop = FALSE]
  data.frame(first = names[at[, 1]], second = names[at[, 2]], r = r[at])
}

screened <- function(path, scales, low, high, reversed, above) {
  given <- read_table(path)[unlist(scales)]
  turned <- given
  for (item in reversed) turned[[item]] <- low + high - turned[[item]]
  strings <- apply(given, 1, longest)
  agree(strings, apply(given, 1, longest_walk), paste(path, "longest string"))
  variability <- apply(given, 1, sd, na.rm = TRUE)
  n <- rowSums(!is.na(given))
  direct <- sqrt(rowSums((given - rowMeans(given, na.rm = TRUE))^2, na.rm = TRUE) / (n - 1))
  meet(variability, direct, paste(path, "variability"))
  halves <- even_odd(turned, scales, pearson)
  meet(halves, even_odd(turned, scales, known_r), paste(path, "even-odd"))
  pairs <- synonym_pairs(turned, above)
  synonyms <- function(correlate) {
    apply(turned, 1, function(person) correlate(person[pairs$first], person[pairs$second], 3))
  }
  alike <- synonyms(pearson)
  meet(alike, synonyms(known_r), paste(path, "synonyms"))
  whole <- complete.cases(turned)
  x <- as.matrix(turned[whole, ])
  d2 <- rep(NA_real_, nrow(turned))
  d2[whole] <- mahalanobis(x, colMeans(x), cov(x))
  scores <- prcomp(x, scale. = TRUE)
  agree(
    d2[whole], rowSums(sweep(scores$x, 2, scores$sdev, "/")^2), paste(path, "Mahalanobis"), 1e-8
  )
  list(
    data = path, scales = lapply(scales, I), range = c(low, high), reversed = I(reversed),
    above = above, pairs = pairs, longest_string = strings, irv = unname(variability),
    even_odd = unname(halves), synonyms = unname(alike), d2 = d2,
    p = pchisq(d2, ncol(x), lower.tail = FALSE)
  )
}

described <- function(path, items, low, high, reversed) {
  table <- read_table(path)[items]
  for (item in reversed) table[[item]] <- low + high - table[[item]]
  whole <- table[complete.cases(table), ]
  known <- suppressWarnings(psych::alpha(whole, check.keys = FALSE, warnings = FALSE))
  rest <- sapply(items, function(item) cor(whole[[item]], rowSums(whole[setdiff(items, item)])))
  agree(rest, known$item.stats$r.drop, paste(path, "item against the rest"))
  known_all <- psych::describe(table)
  means <- sapply(table, mean, na.rm = TRUE)
  sds <- sapply(table, sd, na.rm = TRUE)
  agree(means, known_all$mean, paste(path, "means"))
  agree(sds, known_all$sd, paste(path, "standard deviations"))
  list(
    data = path, items = items, range = c(low, high), reversed = I(reversed),
    n = unname(colSums(!is.na(table))), missing = unname(colMeans(is.na(table))),
    mean = unname(means), sd = unname(sds),
    floor = unname(colMeans(table == low, na.rm = TRUE)),
    ceiling = unname(colMeans(table == high, na.rm = TRUE)),
    r_rest = unname(rest), alpha_dropped = known$alpha.drop$raw_alpha
  )
}

bfi <- "tests/oracle/data/bfi_250.csv"
traits <- lapply(setNames(nm = c("A", "C", "E", "N", "O")), paste0, 1:5)
turned <- c("A1", "C4", "C5", "E1", "E2", "O2", "O5")
seven <- "tests/oracle/data/agreement.csv"
blocks <- list(
  five = paste0("five", 1:4), six = paste0("six", 1:3), seven = paste0("seven", 1:5)
)
cases <- list(
  bfi = screened(bfi, traits, 1, 6, turned, .5),
  teams = screened(seven, blocks, 1, 7, character(), .6),
  items_bfi_agreeableness = described(bfi, traits$A, 1, 6, "A1"),
  items_bfi_agreeableness_key_forgotten = described(bfi, traits$A, 1, 6, character()),
  items_bfi_neuroticism = described(bfi, traits$N, 1, 6, character()),
  items_seven = described(seven, blocks$seven, 1, 7, character())
)

record(
  "screening",
  packages = "psych",
  cases = cases,
  variants = list(
    longest_string = "longest run of one answer among those given, before turning, in column order",
    irv = "standard deviation (n - 1) of a person's answers, before turning",
    even_odd = paste(
      "r over scales of the mean of items 1, 3, 5 with that of items 2, 4, after turning;",
      "2r/(1 + r), not below -1; at least three scales"
    ),
    synonyms = "r over the pairs of items that correlate above `above`, the first by name first",
    d2 = "squared Mahalanobis distance, complete rows; p from chi-squared, df the number of items",
    items = "n, missing, mean, sd, floor, ceiling: all answers; r_rest, alpha_dropped: whole rows"
  )
)
