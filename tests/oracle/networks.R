# SPDX-License-Identifier: GPL-3.0-or-later
# What the scripts on networks share: cleaning ties, and each measure by a formula over the whole
# adjacency matrix and once more by igraph or sna.

suppressMessages(library(igraph))

# Ties between two different people of known unit, each once, as a matrix of people by people.
adjacency <- function(ties, people, unit) {
  known <- people[!is.na(unit)]
  ties <- ties[ties$from != ties$to & ties$from %in% known & ties$to %in% known, ]
  a <- matrix(0, length(known), length(known), dimnames = list(known, known))
  a[cbind(match(ties$from, known), match(ties$to, known))] <- 1
  a
}

ei_of <- function(external, internal) ifelse(external + internal > 0, (external - internal) / (external + internal), NA)

measures <- function(ties, people, unit) {
  a <- adjacency(ties, people, unit)
  u <- unit[!is.na(unit)]
  same <- outer(u, u, "==")
  units <- sort(unique(u), method = "radix")
  size <- sapply(units, function(g) sum(u == g))
  either <- 1 * (a + t(a) > 0)
  graph <- graph_from_adjacency_matrix(a, mode = "directed")
  plain <- graph_from_adjacency_matrix(either, mode = "undirected")
  place <- match(u, units)

  # Internal and external ties: cells of the matrix, and once more the ends of igraph's edges.
  count <- function(inside) sapply(units, function(g) sum(a[u == g, ][same[u == g, ] == inside]))
  ends <- as_edgelist(graph, names = FALSE)
  by_edge <- function(inside) {
    as.vector(table(factor(u[ends[, 1]][(place[ends[, 1]] == place[ends[, 2]]) == inside], units)))
  }
  agree(count(TRUE), by_edge(TRUE), "internal")
  agree(count(FALSE), by_edge(FALSE), "external")
  both_ends <- function(inside) {
    sapply(units, function(g) {
      total <- sum(either[u == g, ][same[u == g, ] == inside])
      if (inside) total / 2 else total
    })
  }

  # Newman's assortativity and modularity.
  mixing <- t(sapply(units, function(g) sapply(units, function(h) sum(a[u == g, u == h]))))
  newman <- function(m) {
    e <- m / sum(m)
    q <- sum(diag(e)) - sum(rowSums(e) * colSums(e))
    c(r = q / (1 - sum(rowSums(e) * colSums(e))), q = q)
  }
  directed <- newman(mixing)
  agree(directed["r"], assortativity_nominal(graph, place, directed = TRUE), "assortativity")
  m <- t(sapply(units, function(g) sapply(units, function(h) sum(either[u == g, u == h]))))
  undirected <- newman(m)
  agree(undirected["r"], assortativity_nominal(plain, place, directed = FALSE), "undirected")
  agree(undirected["q"], modularity(plain, place), "modularity")

  # Gould and Fernandez: every open path of two steps, and once more sna.
  roles <- matrix(0, length(units), 5)
  for (b in seq_along(u)) {
    for (i in which(a[, b] > 0)) {
      for (j in which(a[b, ] > 0 & a[i, ] == 0)) {
        if (i == j) next
        role <- if (u[i] == u[b] && u[b] == u[j]) 1 else if (u[i] == u[j]) 2 else
          if (u[b] == u[j]) 3 else if (u[i] == u[b]) 4 else 5
        roles[place[b], role] <- roles[place[b], role] + 1
      }
    }
  }
  theirs <- suppressWarnings(sna::brokerage(a, u))$raw.nli
  # sna: w_I coordinator, w_O itinerant (consultant), b_IO representative, b_OI gatekeeper, b_O liaison
  theirs <- theirs[, c("w_I", "w_O", "b_OI", "b_IO", "b_O")]
  agree(roles, rowsum(theirs, u)[as.character(units), , drop = FALSE], "brokerage")

  # Communities: what igraph reaches, and how its circles go with the units, both ways of counting.
  weighted <- graph_from_adjacency_matrix(a + t(a), mode = "undirected", weighted = TRUE)
  greedy <- cluster_fast_greedy(weighted)
  tied <- degree(weighted) > 0
  entropy <- function(p) { p <- p[p > 0]; -sum(p * log(p)) }
  cells <- table(membership(greedy)[tied], u[tied]) / sum(tied)
  shared <- (entropy(rowSums(cells)) + entropy(colSums(cells)) - entropy(cells)) /
    ((entropy(rowSums(cells)) + entropy(colSums(cells))) / 2)
  agree(shared, compare(membership(greedy)[tied], place[tied], method = "nmi"), "nmi")
  set.seed(1)
  louvain <- max(replicate(20, modularity(cluster_louvain(weighted))))

  possible <- outer(size, size)
  diag(possible) <- size * (size - 1)
  n <- length(u)
  chance <- sum(size * (size - 1)) / (n * (n - 1))
  list(
    units = units, n = unname(size), ties = sum(a), pairs = sum(either) / 2,
    internal = unname(count(TRUE)), external = unname(count(FALSE)),
    ei = unname(ei_of(count(FALSE), count(TRUE))),
    ei_all = ei_of(sum(a[!same]), sum(a[same])),
    undirected_internal = unname(both_ends(TRUE)), undirected_external = unname(both_ends(FALSE)),
    undirected_ei = unname(ei_of(both_ends(FALSE), both_ends(TRUE))),
    undirected_ei_all = ei_of(sum(either[!same]), sum(either[same])),
    null_mean_all = 1 - 2 * chance,
    mixing = unname(mixing), possible = unname(possible),
    assortativity = unname(directed["r"]), modularity = unname(directed["q"]),
    undirected_assortativity = unname(undirected["r"]),
    undirected_modularity = unname(undirected["q"]),
    roles = roles,
    circles = unname(as.vector(membership(greedy)[tied])), tied = names(which(tied)),
    shared_information = shared,
    largest_unit_share = sum(apply(cells, 1, max)),
    modularity_greedy = max(greedy$modularity), modularity_louvain = louvain
  )
}
