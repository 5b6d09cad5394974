# SPDX-License-Identifier: GPL-3.0-or-later
# Ties between and inside units: E-I, density, assortativity, brokerage, communities.
# Run from the top folder of the project: Rscript tests/oracle/network.R

source("tests/oracle/record.R")
source("tests/oracle/networks.R")

case <- function(ties, people, lens) {
  people <- read_table(people)
  c(
    list(data = ties, lens = lens),
    measures(read_table(ties), people$person, people[[lens]])
  )
}
made_up <- c("tests/oracle/data/network_ties.csv", "tests/oracle/data/network_people.csv")
record(
  "network",
  list(
    ties = "without self ties, ties named twice, and ties with people of no known unit",
    ei = "(external - internal) / (external + internal); directed ties at the unit that names; undirected: each pair once, in both units",
    null_mean_all = "exact mean of the index of all ties when the units are permuted over all people",
    assortativity = "Newman (2003) from the shares of ties between units",
    roles = "coordinator, consultant, gatekeeper, representative, liaison; rows are units; only paths whose ends are not tied",
    shared_information = "mutual information over the mean entropy, igraph's greedy communities against units, tied people only",
    modularity_louvain = "the best of 20 runs of igraph's Louvain"
  ),
  list(
    by_unit = case(made_up[1], made_up[2], "unit"),
    by_level = case(made_up[1], made_up[2], "level")
  ),
  c("igraph", "sna", "jsonlite")
)
