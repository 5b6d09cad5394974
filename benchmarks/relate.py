"""Levels, drivers, mediation and barrier odds, beside pingouin, statsmodels and R where installed.

R's times leave out reading the file. pingouin and relaimpo-like sums in R go through every subset
with a regression of its own; `drivers` takes all subsets of a matrix at once, for every draw.
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
import pingouin
from statsmodels.genmod.cov_struct import Exchangeable
from statsmodels.genmod.families import Binomial
from statsmodels.genmod.generalized_estimating_equations import GEE

from cultureplus.drivers import drivers, lmg
from cultureplus.relate import barrier_odds, levels, mediation

ROOT = Path(__file__).resolve().parent.parent
PEOPLE, TEAMS, SCORES = 20_000, 1_000, 15

R_SCRIPT = """
suppressMessages({library(lme4); library(multilevel)})
d <- read.csv(commandArgs(TRUE)[1])
took <- function(work, times = 3) median(replicate(times, system.time(work())[["elapsed"]]))
cat(took(function() waba(d$x00, d$y, d$team)), "")
mean_of <- function(v) ave(v, d$team)
d$xb <- mean_of(d$x00); d$xw <- d$x00 - d$xb; d$mb <- mean_of(d$x01); d$mw <- d$x01 - d$mb
cat(took(function() {
  lmer(x01 ~ xw + xb + (1 | team), d)
  lmer(y ~ xw + xb + mw + mb + (1 | team), d)
  lmer(y ~ xw + xb + (1 | team), d)
}), "")
if (requireNamespace("gee", quietly = TRUE)) {
  d <- d[order(d$team), ]
  cat(took(function() capture.output(suppressMessages(
    gee::gee(named ~ x00 + x01 + x02, id = factor(team), data = d, family = binomial,
             corstr = "exchangeable")))))
}
"""


def seconds(work: Callable[[], object], runs: int = 5) -> float:
    """The median wall time of a call."""
    times = []
    for _ in range(runs):
        start = time.perf_counter()
        work()
        times.append(time.perf_counter() - start)
    return statistics.median(times)


def survey(people: int, teams: int, scores: int) -> pd.DataFrame:
    """Made-up scores that go together, an outcome and a barrier named or not."""
    draw = np.random.default_rng(20264)
    team = np.sort(draw.integers(0, teams, people))

    def column(alike: float) -> np.ndarray:
        return alike * draw.normal(size=teams)[team] + draw.normal(size=people)

    common = column(0.4)
    table = pd.DataFrame({f"x{k:02d}": 4 + common + column(0.4) for k in range(scores)})
    table["y"] = 6 - 0.05 * table.sum(axis=1) + column(0.5)
    table["named"] = (draw.uniform(size=people) < 1 / (1 + np.exp(3 - table["y"]))).astype(int)
    table["team"] = [f"t{k:04d}" for k in team]
    return table


def r_times(table: pd.DataFrame) -> list[float]:
    """waba, three lmer fits, gee; as many as R could do."""
    if not shutil.which("Rscript"):
        return []
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "scores.csv"
        table.to_csv(path, index=False)
        found = subprocess.run(
            ["Rscript", "-e", R_SCRIPT, str(path)], capture_output=True, text=True, check=False
        )
    return [float(word) for word in found.stdout.split()] if found.returncode == 0 else []


def by_statsmodels(table: pd.DataFrame, names: list[str]) -> None:
    """Slopes and bias-reduced errors, without marginal effects."""
    design = np.column_stack([np.ones(len(table)), table[names]])
    model = GEE(
        table["named"].to_numpy(), design, groups=table["team"].to_numpy(), family=Binomial(),
        cov_struct=Exchangeable(),
    )  # fmt: skip
    model.fit(cov_type="bias_reduced")


def main() -> None:
    table = survey(PEOPLE, TEAMS, SCORES)
    names = [name for name in table if name.startswith("x")]
    y, x, team = table["y"], table[names], table["team"]
    who = f"{PEOPLE:,} people in {TEAMS:,} teams"
    theirs = dict(zip(("waba", "lmer", "gee"), r_times(table), strict=False))
    rows: list[tuple[str, str, str]] = []

    def ours(what: str, work: Callable[[], object], runs: int = 5) -> float:
        took = seconds(work, runs)
        rows.append((what, f"{took:.3f} s", "1"))
        return took

    def beside(what: str, took: float | None, own: float) -> None:
        if took is not None:
            rows.append((what, f"{took:.3f} s", f"{own / took:.3f}"))

    own = ours(f"levels, {who}", lambda: levels(table["x00"], y, team))
    beside("multilevel::waba (R)", theirs.get("waba"), own)
    whole = f"drivers: LMG, Johnson, means, 1,000 draws of teams, {SCORES} predictors, {who}"
    ours(whole, lambda: drivers(y, x, team), 3)
    ours(f"the same, draws of people, {who}", lambda: drivers(y, x), 1)
    matrix = np.corrcoef(np.column_stack([y, x]), rowvar=False)[None]
    own = ours(f"LMG alone of {SCORES} predictors, once", lambda: lmg(matrix))
    ten = np.corrcoef(np.column_stack([y, x[names[:10]]]), rowvar=False)[None]
    own = ours("LMG alone of 10 predictors, once", lambda: lmg(ten))
    beside(
        "pingouin.linear_regression(relimp=True), 10 predictors",
        seconds(lambda: pingouin.linear_regression(x[names[:10]], y, relimp=True), 1),
        own,
    )
    own = ours(
        f"mediation 1-1-1, 10,000 draws, {who}",
        lambda: mediation(table["x00"], table["x01"], y, team),
    )
    beside("the three fits alone by lme4::lmer (R)", theirs.get("lmer"), own)
    named = table[["named"]]
    own = ours(
        f"barrier odds, one barrier, 3 predictors, {who}",
        lambda: barrier_odds(table, named, names[:3], "team"),
        3,
    )
    beside(
        "the same by statsmodels' GEE", seconds(lambda: by_statsmodels(table, names[:3]), 1), own
    )
    beside("gee::gee (R; without the bias-reduced errors)", theirs.get("gee"), own)
    lines = ["| what | median | ratio, ours to this |", "|---|---|---|"]
    lines += [f"| {what} | {took} | {ratio} |" for what, took, ratio in rows]
    text = "# Relating scores to barriers\n\nTwo cores.\n\n" + "\n".join(lines) + "\n"
    folder = ROOT / "benchmarks" / "results"
    folder.mkdir(exist_ok=True)
    (folder / "relate.md").write_text(text, encoding="utf-8")
    print(text)


if __name__ == "__main__":
    main()
