"""The quarterly run: import, scoring of a million people, and the run on the sample.

Scoring is compared with the shortest pandas that gives the mean alone (no missing rule, no counts,
no further readings) and, where R is installed, with psych::scoreItems on the same file.
"""

from __future__ import annotations

import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd

from cultureplus.instrument import Instrument, Item
from cultureplus.scoring import keyed, score_items

ROOT = Path(__file__).resolve().parent.parent
PEOPLE, ITEMS = 1_000_000, 40

R_SCRIPT = """
suppressMessages(library(psych))
x <- as.matrix(read.csv(commandArgs(TRUE)[1]))
keys <- list(scale = ifelse((seq_len(ncol(x)) - 1) %% 5 == 0, -1, 1) |> (\\(k) {
  paste0(ifelse(k < 0, "-", ""), colnames(x)) })())
start <- proc.time()[["elapsed"]]
invisible(scoreItems(keys, x, missing = TRUE, impute = "none", min = 1, max = 7))
cat(proc.time()[["elapsed"]] - start)
"""


def seconds(work: Callable[[], object], runs: int = 5) -> float:
    """The median wall time of a call."""
    times = []
    for _ in range(runs):
        start = time.perf_counter()
        work()
        times.append(time.perf_counter() - start)
    return statistics.median(times)


def answers(people: int) -> tuple[pd.DataFrame, Instrument]:
    """Made-up answers 1-7, two per cent missing, every fifth item reversed."""
    draw = np.random.default_rng(20260)
    values = draw.integers(1, 8, (people, ITEMS)).astype("float64")
    values[draw.random(values.shape) < 0.02] = np.nan
    items = tuple(Item(f"i{place}", reversed=place % 5 == 0) for place in range(ITEMS))
    instrument = Instrument(
        id="bench", title="", kind="rating", about="", validity="", source="", licence="",
        low=1, high=7, favourable=(6, 7), items=items,
    )  # fmt: skip
    return pd.DataFrame(values, columns=[item.id for item in items]), instrument


def scoring() -> list[tuple[str, str, str]]:
    table, instrument = answers(PEOPLE)

    def ours() -> object:
        return score_items(keyed(table, instrument), instrument, min_answered=0.8)

    def bare_pandas() -> object:
        turned = table.copy()
        for item in instrument.items:
            if item.reversed:
                turned[item.id] = 8 - turned[item.id]
        return turned.mean(axis=1)

    own, bare = seconds(ours), seconds(bare_pandas)
    what = f"score {PEOPLE:,} people x {ITEMS} items"
    rows = [
        (what, f"{own:.2f} s", "1"),
        ("the same, pandas mean alone", f"{bare:.2f} s", f"{own / bare:.1f}"),
    ]
    if shutil.which("Rscript"):
        part = table.head(PEOPLE // 10)
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "answers.csv"
            part.to_csv(path, index=False, na_rep="NA")
            found = subprocess.run(
                ["Rscript", "-e", R_SCRIPT, str(path)], capture_output=True, text=True, check=False
            )
        if found.returncode == 0:
            theirs = float(found.stdout)
            small, _ = answers(PEOPLE // 10)
            mine = seconds(
                lambda: score_items(keyed(small, instrument), instrument, min_answered=0.8)
            )
            rows.append((f"score {len(part):,} people", f"{mine:.3f} s", "1"))
            rows.append(
                (
                    "the same, psych::scoreItems (R; gives reliabilities as well)",
                    f"{theirs:.2f} s",
                    f"{mine / theirs:.3f}",
                )
            )
    return rows


def importing() -> list[tuple[str, str, str]]:
    def start(code: str) -> float:
        return seconds(lambda: subprocess.run([sys.executable, "-c", code], check=True))

    empty = start("pass")
    own, pandas = start("import cultureplus") - empty, start("import pandas") - empty
    return [
        ("import cultureplus", f"{own:.3f} s", "1"),
        ("import pandas", f"{pandas:.2f} s", f"{own / pandas:.3f}"),
    ]


def running() -> list[tuple[str, str, str]]:
    code = "import sys; from cultureplus.cli import main; sys.exit(main(sys.argv[1:]))"
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-c", code, "run", str(ROOT / "data" / "sample")]
        wall = seconds(
            lambda: subprocess.run(
                [*command, "--out", f"{folder}/report"], check=True, stdout=subprocess.DEVNULL
            ),
            runs=3,
        )
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
    return [("cultureplus run data/sample", f"{wall:.0f} s, largest process {peak:.0f} MB", "")]


def main() -> None:
    rows = [*importing(), *scoring(), *running()]
    lines = ["| what | median | ratio, ours to this |", "|---|---|---|"]
    lines += [f"| {what} | {took} | {ratio} |" for what, took, ratio in rows]
    text = "# The quarterly run\n\nTwo cores, no other load.\n\n" + "\n".join(lines) + "\n"
    (ROOT / "benchmarks" / "results" / "quarterly_run.md").write_text(text, encoding="utf-8")
    print(text)


if __name__ == "__main__":
    main()
