# SPDX-License-Identifier: GPL-3.0-or-later
# Makes the network under tests/oracle/data from a fixed seed: 84 people in six units, who name two
# to six others, half of them in their own unit; nine name nobody. As in real lists some people name
# themselves, name somebody twice, name strangers, or have no unit.
# Run from the top folder of the project: Rscript tests/oracle/make_network_data.R

folder <- "tests/oracle/data"
if (!dir.exists(folder)) stop("Run this from the top folder of the project.")
RNGkind("Mersenne-Twister", "Inversion", "Rejection")
set.seed(20261122)

keep <- function(table, name) {
  out <- file(file.path(folder, name), open = "wb")
  write.table(table, out, sep = ",", row.names = FALSE, quote = FALSE, na = "", eol = "\n")
  close(out)
}

sizes <- c(Care = 9, Finance = 14, Legal = 1, Logistics = 16, Product = 24, Sales = 20)
unit <- rep(names(sizes), sizes)
people <- sprintf("p%02d", seq_along(unit))
level <- sample(c("Associate", "Specialist", "Lead"), length(unit), TRUE, c(.6, .3, .1))
silent <- sample(length(people), 9)
ties <- do.call(rbind, lapply(setdiff(seq_along(people), silent), function(i) {
  named <- replicate(sample(2:6, 1), {
    inside <- setdiff(which(unit == unit[i]), i)
    if (length(inside) > 0 && runif(1) < .5) inside[sample(length(inside), 1)]
    else sample(setdiff(seq_along(people), i), 1)
  })
  data.frame(from = people[i], to = people[named])
}))
odd <- data.frame(from = c("p03", "p40", "x1", "p22", "x1"), to = c("p03", "p40", "p05", "x2", "x2"))
ties <- rbind(ties, odd)
unit[c(17, 61)] <- NA
keep(data.frame(person = people, unit = unit, level = level), "network_people.csv")
keep(ties, "network_ties.csv")
