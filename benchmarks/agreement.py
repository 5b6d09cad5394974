"""Agreement and screening: 20,000 people in 1,000 teams, beside R's multilevel on the same file.

R's times leave out reading the file. multilevel gives rwg(j), AD and the analysis of variance in
calls of their own; `within_group` gives rwg(j), r*, AD and a_wg in one.
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

from cultureplus.agreement import icc
from cultureplus.careless import (
    duplicates,
    longest_string,
    mahalanobis,
    response_variability,
    synonym_pairs,
)
from cultureplus.item_statistics import item_table
from cultureplus.within_group import (
    agreement_test,
    icc_bootstrap,
    unit_reliability,
    within_group,
)

ROOT = Path(__file__).resolve().parent.parent
PEOPLE, TEAMS, ITEMS = 20_000, 1_000, 7

R_SCRIPT = """
suppressMessages(library(multilevel))
library(nlme)
d <- read.csv(commandArgs(TRUE)[1])
x <- d[, -1]
d$score <- rowMeans(x)
took <- function(work) {
  median(replicate(5, system.time(work())[["elapsed"]]))
}
cat(
  took(function() rwg.j(x, d$team, ranvar = 4)),
  took(function() ad.m(x, d$team)),
  took(function() awg(x, d$team, range = c(1, 7))),
  took(function() VarCorr(lme(score ~ 1, random = ~ 1 | team, data = d)))
)
"""


def seconds(work: Callable[[], object], runs: int = 7) -> float:
    """The median wall time of a call."""
    times = []
    for _ in range(runs):
        start = time.perf_counter()
        work()
        times.append(time.perf_counter() - start)
    return statistics.median(times)


def answers(people: int, teams: int, items: int) -> tuple[pd.DataFrame, pd.Series]:
    """Made-up answers 1-7, a fifth of the variance between teams."""
    draw = np.random.default_rng(20261)
    team = np.sort(draw.integers(0, teams, people))
    latent = draw.normal(size=teams)[team] * 0.45 + draw.normal(size=people) * 0.6
    noise = 0.7 * draw.normal(size=(people, items))
    values = np.clip(np.round(4 + 1.3 * (latent[:, None] + noise)), 1, 7)
    table = pd.DataFrame(values, columns=[f"i{place:02d}" for place in range(items)])
    return table, pd.Series([f"t{place:04d}" for place in team])


def r_times(items: pd.DataFrame, group: pd.Series) -> list[float]:
    """rwg(j), AD, a_wg, ICC by multilevel; empty where R is not installed."""
    if not shutil.which("Rscript"):
        return []
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "answers.csv"
        items.assign(team=group)[["team", *items]].to_csv(path, index=False)
        found = subprocess.run(
            ["Rscript", "-e", R_SCRIPT, str(path)], capture_output=True, text=True, check=False
        )
    return [float(word) for word in found.stdout.split()] if found.returncode == 0 else []


def main() -> None:
    items, group = answers(PEOPLE, TEAMS, ITEMS)
    score = items.mean(axis=1)
    who = f"{PEOPLE:,} people in {TEAMS:,} teams"
    own = seconds(lambda: within_group(items, group, 1, 7))
    own_icc = seconds(lambda: icc(score, group))
    rows = [(f"rwg(j), r*, AD, a_wg of {ITEMS} items, {who}", f"{own:.4f} s", "1")]
    theirs = r_times(items, group)
    for name, took in zip(("rwg.j", "ad.m", "awg"), theirs, strict=False):
        rows.append((f"multilevel::{name} alone (R)", f"{took:.3f} s", f"{own / took:.3f}"))
    rows.append((f"ICC(1), ICC(2), F, {who}", f"{own_icc:.4f} s", "1"))
    if theirs:
        rows.append(
            (
                "ICC from nlme::lme (R; aov with 1,000 teams takes far longer)",
                f"{theirs[3]:.3f} s",
                f"{own_icc / theirs[3]:.3f}",
            )
        )

    def once(what: str, work: Callable[[], object], runs: int = 3) -> None:
        rows.append((what, f"{seconds(work, runs):.3f} s", ""))

    once(f"ICC interval, 2,000 team bootstraps, {who}", lambda: icc_bootstrap(score, group, seed=1))
    once(f"reliability of each team's mean, {who}", lambda: unit_reliability(score, group))
    once(
        f"significance of agreement, 10,000 drawn teams of each size, {who}",
        lambda: agreement_test(items, group, 1, 7, seed=1),
    )
    once(
        "the same against teams drawn from all people",
        lambda: agreement_test(items, group, 1, 7, seed=1, null="pooled"),
    )
    many, teams = answers(1_000_000, 50_000, 20)
    crowd = "1,000,000 people, 20 items"
    once(f"within_group, {crowd}, 50,000 teams", lambda: within_group(many, teams, 1, 7), 1)
    once(f"item table, {crowd}", lambda: item_table(many, 1, 7), 1)
    once(f"longest string, {crowd}", lambda: longest_string(many), 1)
    once(f"variability, {crowd}", lambda: response_variability(many), 1)
    once(f"pairs of synonyms, {crowd}", lambda: synonym_pairs(many), 1)
    once(f"Mahalanobis, {crowd}", lambda: mahalanobis(many), 1)
    once(f"duplicates, {crowd}", lambda: duplicates(many), 1)
    lines = ["| what | median | ratio, ours to this |", "|---|---|---|"]
    lines += [f"| {what} | {took} | {ratio} |" for what, took, ratio in rows]
    text = "# Agreement and screening\n\nTwo cores.\n\n" + "\n".join(lines) + "\n"
    folder = ROOT / "benchmarks" / "results"
    folder.mkdir(exist_ok=True)
    (folder / "agreement.md").write_text(text, encoding="utf-8")
    print(text)


if __name__ == "__main__":
    main()
