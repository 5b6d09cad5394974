"""Networks: the E-I index with its null, brokerage and communities, beside igraph and sna (R).

R has no E-I index with a permutation null; its row permutes the units in a plain loop over the same
ties. R's times leave out reading the file.
"""

from __future__ import annotations

import shutil
import statistics
import subprocess
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd

from cultureplus.network import assortativity, brokerage, communities, density_matrix, ei_index

ROOT = Path(__file__).resolve().parent.parent
UNITS = 12

LOOP = """
a <- commandArgs(TRUE)
t <- as.matrix(read.csv(a[1]))
u <- read.csv(a[2])$unit
set.seed(1)
k <- max(u)
d <- tabulate(t[, 1], length(u))
runs <- 300
took <- system.time(for (i in seq_len(runs)) {
  p <- sample(u)
  f <- p[t[, 1]]
  inside <- tabulate(f[f == p[t[, 2]]], k)
  total <- rowsum(d, p)
  ei <- (total - 2 * inside) / total
})[["elapsed"]]
cat(took / runs * 10000)
"""
IGRAPH = """
suppressMessages(library(igraph))
a <- commandArgs(TRUE)
t <- as.matrix(read.csv(a[1]))
u <- read.csv(a[2])$unit
g <- graph_from_edgelist(t)
p <- as.undirected(g, mode = "collapse")
took <- function(work) median(replicate(3, system.time(work())[["elapsed"]]))
cat(took(function() assortativity_nominal(g, u[seq_len(vcount(g))], directed = TRUE)),
    took(function() cluster_louvain(p)))
"""
SNA = """
suppressMessages(library(sna))
a <- commandArgs(TRUE)
t <- as.matrix(read.csv(a[1]))
u <- read.csv(a[2])$unit
m <- matrix(0, length(u), length(u))
m[t] <- 1
cat(system.time(suppressWarnings(brokerage(m, u)))[["elapsed"]])
"""


def seconds(work: Callable[[], object], runs: int = 3) -> float:
    """The median wall time of a call."""
    times = []
    for _ in range(runs):
        start = time.perf_counter()
        work()
        times.append(time.perf_counter() - start)
    return statistics.median(times)


def network(people: int, ties: int) -> tuple[pd.DataFrame, pd.Series]:
    """Made-up ties, four in ten of them inside the unit of the person who names."""
    draw = np.random.default_rng(20261)
    unit = draw.integers(0, UNITS, people)
    order = np.argsort(unit, kind="stable")
    first = np.searchsorted(unit[order], np.arange(UNITS + 1))
    start = draw.integers(0, people, ties * 2)
    size = first[1:] - first[:-1]
    inside = order[first[unit[start]] + draw.integers(0, 10**9, len(start)) % size[unit[start]]]
    end = np.where(draw.random(len(start)) < 0.4, inside, draw.integers(0, people, len(start)))
    table = pd.DataFrame({"from": start, "to": end})
    table = table[table["from"] != table["to"]].drop_duplicates().head(ties)
    return table, pd.Series(unit)


def r_times(script: str, ties: pd.DataFrame, units: pd.Series) -> list[float]:
    """Seconds as an R script prints them; empty where R or a package is not installed."""
    if not shutil.which("Rscript"):
        return []
    with tempfile.TemporaryDirectory() as folder:
        paths = [Path(folder) / name for name in ("ties.csv", "units.csv")]
        (ties + 1).to_csv(paths[0], index=False)
        pd.DataFrame({"unit": units + 1}).to_csv(paths[1], index=False)
        found = subprocess.run(
            ["Rscript", "-e", script, *map(str, paths)], capture_output=True, text=True, check=False
        )
    return [float(word) for word in found.stdout.split()] if found.returncode == 0 else []


def main() -> None:
    rows: list[tuple[str, str, str]] = []

    def row(what: str, own: float, theirs: dict[str, float]) -> None:
        rows.append((what, f"{own:.3f} s", "1" if theirs else ""))
        rows.extend((name, f"{took:.3f} s", f"{own / took:.3f}") for name, took in theirs.items())

    for people in (5_000, 20_000):
        ties, units = network(people, 100_000)
        who = f"{people:,} people in {UNITS} units, 100,000 ties"
        own = seconds(lambda ties=ties, units=units: ei_index(ties, units, 10_000, seed=1), 1)
        loop = r_times(LOOP, ties, units)
        row(
            f"E-I of all and of each unit, 10,000 permutations, {who}",
            own,
            {"the same in a plain loop (R, 300 permutations scaled up)": loop[0]} if loop else {},
        )
    place = pd.Series(np.random.default_rng(1).integers(0, 6, len(units)))
    own = seconds(lambda: ei_index(ties, units, 10_000, seed=1, within=place), 1)
    row("the same within six locations", own, {})
    teams = pd.Series(np.random.default_rng(1).integers(0, 1_000, len(units)))
    own = seconds(lambda: ei_index(ties, teams, 10_000, seed=1), 1)
    row("the same with 1,000 units", own, {})
    known = r_times(IGRAPH, ties, units)
    own = seconds(lambda: assortativity(ties, units))
    row(f"assortativity, {who}", own, {"igraph (R)": known[0]} if known else {})
    own = seconds(lambda: communities(ties, units, 100, seed=1), 1)
    row(
        f"communities and 100 permutations, {who}",
        own,
        {"igraph's Louvain alone (R, compiled)": known[1]} if known else {},
    )
    own = seconds(lambda: density_matrix(ties, units))
    row(f"density matrix, {who}", own, {})
    own = seconds(lambda: brokerage(ties, units))
    row(f"brokerage, {who}", own, {})
    few, theirs = network(1_000, 8_000)
    known = r_times(SNA, few, theirs)
    own = seconds(lambda: brokerage(few, theirs))
    row(
        "brokerage, 1,000 people, 8,000 ties",
        own,
        {"sna::brokerage (R)": known[0]} if known else {},
    )
    own = seconds(lambda: communities(few, theirs, 1000, seed=1), 1)
    row("communities in 21 orders and 1,000 permutations, the same ties", own, {})
    lines = ["| what | median | ratio, ours to this |", "|---|---|---|"]
    lines += [f"| {what} | {took} | {ratio} |" for what, took, ratio in rows]
    text = "# Networks\n\nTwo cores.\n\n" + "\n".join(lines) + "\n"
    folder = ROOT / "benchmarks" / "results"
    folder.mkdir(exist_ok=True)
    (folder / "network.md").write_text(text, encoding="utf-8")
    print(text)


if __name__ == "__main__":
    main()
