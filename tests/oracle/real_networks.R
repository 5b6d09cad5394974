# SPDX-License-Identifier: GPL-3.0-or-later
# The same measures on networks of real firms, which are no part of this project: Lazega's lawyers
# (R package networkdata, MIT), contacts and emails of departments (R package onadata, MIT).
# Needs them as csv in a folder of yours, so run_all.R leaves it out.
# Run from the top folder of the project: Rscript tests/oracle/real_networks.R FOLDER

source("tests/oracle/record.R")
source("tests/oracle/networks.R")

folder <- commandArgs(trailingOnly = TRUE)[1]
if (is.na(folder)) stop("Name the folder that holds the networks.")
case <- function(ties, people, lens) {
  found <- read_table(file.path(folder, paste0(people, ".csv")))
  person <- if ("id" %in% names(found)) found$id else seq_len(nrow(found))
  answer <- measures(
    read_table(file.path(folder, paste0(ties, ".csv"))), as.character(person), found[[lens]]
  )
  answer <- answer[!names(answer) %in% c("mixing", "possible", "circles", "tied")]
  c(list(ties_of = ties, people_of = people, lens = lens), answer)
}
law <- function(net, lens) case(paste0("lazega-lawyers/law_", net, "_edges"), paste0("lazega-lawyers/law_", net, "_nodes"), lens)
record(
  "real_networks",
  list(as = "in network.json"),
  list(
    advice_office = law("advice", "office"),
    advice_practice = law("advice", "practice"),
    friends_office = law("friends", "office"),
    contacts = case("onadata-departments/workfrance_edgelist", "onadata-departments/workfrance_vertices", "dept"),
    emails = case("onadata-departments/email_edgelist", "onadata-departments/email_vertices", "dept")
  ),
  c("igraph", "sna", "jsonlite")
)
