"""Polychoric correlations of 19 seven-point items, with and without their covariance.

Where R is installed psych::polychoric and lavaan::lavCor fit the same file in the same run, and the
largest difference between their correlations and ours stands beside the times. Like R it is best
run on one thread, so that the ratio does not depend on who else is at work:

    OPENBLAS_NUM_THREADS=1 python benchmarks/polychoric.py
"""

from __future__ import annotations

import os
import shutil
import statistics
import subprocess
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd

from cultureplus.polychoric import polychoric, two_step

ROOT = Path(__file__).resolve().parent.parent
ITEMS, CUTS = 19, (-1.9, -1.2, -0.6, 0.0, 0.7, 1.4)

R_SCRIPT = """
suppressMessages({library(psych); library(lavaan)})
said <- commandArgs(TRUE)
x <- read.csv(said[1])
what <- switch(said[2],
  psych = function() suppressMessages(polychoric(x, correct = 0)$rho),
  lavaan = function() lavCor(x, ordered = names(x), output = "cor"),
  covariance = function() {
    fit <- lavCor(x, ordered = names(x), output = "fit", se = "robust.sem")
    lavInspect(fit, "gamma")
    lavInspect(fit, "sampstat")$cov
  }
)
start <- proc.time()[["elapsed"]]
found <- suppressWarnings(what())
cat(proc.time()[["elapsed"]] - start, "\\n")
write.csv(as.data.frame(unclass(found)), said[3], row.names = FALSE)
"""


def seconds(work: Callable[[], object], runs: int = 7) -> float:
    """The median wall time of a call."""
    times = []
    for _ in range(runs):
        start = time.perf_counter()
        work()
        times.append(time.perf_counter() - start)
    return statistics.median(times)


def answers(people: int) -> pd.DataFrame:
    """Three factors, loadings of .7, seven skewed answers."""
    draw = np.random.default_rng(20263)
    factors = draw.normal(size=(people, 3))[:, np.arange(ITEMS) % 3]
    leaning = 0.7 * factors + np.sqrt(0.51) * draw.normal(size=(people, ITEMS))
    return pd.DataFrame(
        np.digitize(leaning, CUTS) + 1, columns=[f"i{place}" for place in range(ITEMS)]
    )


def in_r(items: pd.DataFrame, what: str) -> tuple[float, pd.DataFrame] | None:
    """Seconds and correlations of an R function on the same file, or None without R."""
    if not shutil.which("Rscript"):
        return None
    with tempfile.TemporaryDirectory() as folder:
        given, back = Path(folder) / "answers.csv", Path(folder) / "correlations.csv"
        items.to_csv(given, index=False)
        ran = subprocess.run(
            ["Rscript", "-e", R_SCRIPT, str(given), what, str(back)],
            capture_output=True, text=True, check=False,
        )  # fmt: skip
        if ran.returncode:
            return None
        return float(ran.stdout.split()[0]), pd.read_csv(back)


def rows_of(people: int, peers: tuple[str, ...]) -> list[tuple[str, ...]]:
    items = answers(people)
    plain = seconds(lambda: polychoric(items))
    whole = seconds(lambda: two_step(items))
    matrix = polychoric(items).to_numpy()
    rows = [
        (f"{people:,} people, correlations", f"{plain:.3f} s", "1", ""),
        (f"{people:,} people, with their covariance", f"{whole:.3f} s", "1", ""),
    ]
    titles = {
        "psych": "psych::polychoric (R), correlations",
        "lavaan": "lavaan::lavCor (R), correlations",
        "covariance": "lavaan::lavCor (R), with their covariance",
    }
    for peer in peers:
        if (answer := in_r(items, peer)) is not None:
            took, theirs = answer
            own = whole if peer == "covariance" else plain
            gap = np.abs(theirs.to_numpy() - matrix).max()
            rows.append((titles[peer], f"{took:.2f} s", f"{own / took:.3f}", f"{gap:.0e}"))
    return rows


def million() -> list[tuple[str, ...]]:
    items = answers(1_000_000)
    plain = seconds(lambda: polychoric(items), runs=3)
    return [("1,000,000 people, correlations", f"{plain:.2f} s", "1", "")]


def main() -> None:
    busy = os.getloadavg()[0]
    rows = [
        *rows_of(2_000, ("psych", "lavaan", "covariance")),
        *rows_of(20_000, ("lavaan", "covariance")),
        *million(),
    ]
    lines = [
        "| what | median | ratio, ours to this | largest difference in r |",
        "|---|---|---|---|",
    ]
    lines += [f"| {' | '.join(row)} |" for row in rows]
    threads = os.environ.get("OPENBLAS_NUM_THREADS", "all")
    text = (
        f"# Polychoric correlations\n\n{ITEMS} seven-point items in three factors. Two cores (load"
        f" when it began: {busy:.1f}), threads of\nlinear algebra: {threads}. The median of seven"
        " runs; a million people: of three; R: one run.\n\n" + "\n".join(lines) + "\n"
    )
    folder = ROOT / "benchmarks" / "results"
    folder.mkdir(exist_ok=True)
    (folder / "polychoric.md").write_text(text, encoding="utf-8")
    print(text)


if __name__ == "__main__":
    main()
