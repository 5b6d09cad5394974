"""Random intercepts: one grouping, three crossed ones, beside statsmodels and R's lme4.

Times leave out making and reading the data. Beside the times: the largest relative difference to
lme4 in estimates and variances, how often a fit is singular where lme4 says so (500 tables at the
boundary), and how often the 95 % profile intervals of the shares hold the truth.

    OPENBLAS_NUM_THREADS=1 python benchmarks/mixed.py
"""

from __future__ import annotations

import os
import shutil
import statistics
import subprocess
import tempfile
import time
import warnings
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd

from cultureplus.lens_shares import walls
from cultureplus.mixed import MixedFit, random_intercepts

ROOT = Path(__file__).resolve().parent.parent
CASES, SURVEYS = 500, 200

FIT = """
suppressMessages(library(lme4))
said <- commandArgs(TRUE)
d <- read.csv(said[1], stringsAsFactors = TRUE)
took <- system.time(fit <- lmer(as.formula(said[2]), d))[["elapsed"]]
cat(took, fixef(fit), as.data.frame(VarCorr(fit))$vcov, sep = "\\n")
"""
SINGULAR = """
suppressMessages(library(lme4))
d <- read.csv(commandArgs(TRUE)[1])
still <- lmerControl(check.conv.singular = "ignore")
cat(sapply(split(d, d$case), function(one) {
  suppressWarnings(isSingular(lmer(y ~ 1 + (1 | a) + (1 | b), one, control = still)))
}), sep = "\\n")
"""


def seconds(work: Callable[[], object], runs: int) -> float:
    """The median wall time of a call."""
    times = []
    for _ in range(runs):
        start = time.perf_counter()
        work()
        times.append(time.perf_counter() - start)
    return statistics.median(times)


def r(script: str, table: pd.DataFrame, *words: str) -> list[str]:
    """What R prints about a table, or nothing where it is not installed."""
    if not shutil.which("Rscript"):
        return []
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "rows.csv"
        table.to_csv(path, index=False)
        found = subprocess.run(
            ["Rscript", "-e", script, str(path), *words], capture_output=True, text=True,
            check=False,
        )  # fmt: skip
    return found.stdout.split() if found.returncode == 0 else []


def survey(people: int, teams: int, functions: int, locations: int, seed: int) -> pd.DataFrame:
    """People in teams, teams in functions, locations across; one score, one outcome."""
    draw = np.random.default_rng(seed)
    team = draw.integers(0, teams, people)
    function = draw.integers(0, functions, teams)[team]
    location = np.where(
        draw.random(people) < 0.3, draw.integers(0, locations, people), team % locations
    )
    x = draw.normal(size=people) + 0.5 * draw.normal(size=teams)[team]
    y = (
        3.5 - 0.3 * x + 0.3 * draw.normal(size=functions)[function]
        + 0.2 * draw.normal(size=locations)[location] + 0.4 * draw.normal(size=teams)[team]
        + draw.normal(size=people)
    )  # fmt: skip
    names = {"team": team, "fun": function, "location": location}
    labels = {name: [f"{name}{code}" for code in codes] for name, codes in names.items()}
    return pd.DataFrame({"y": y, "x": x, **labels})


def apart(fit: MixedFit, theirs: list[str]) -> str:
    """The largest relative difference of estimates and variances; R sorts groupings by size."""
    ours = [*fit.coefficients["estimate"], *sorted(fit.variances)]
    count = len(fit.coefficients)
    numbers = [float(word) for word in theirs[1:]]
    other = [*numbers[:count], *sorted(numbers[count:])]
    return f"{max(abs(a / b - 1) for a, b in zip(ours, other, strict=True)):.0e}"


def compared(
    rows: list[tuple[str, ...]], what: str, table: pd.DataFrame, names: list[str], runs: int
) -> None:
    """Ours, then lme4, on the same rows."""
    groups = table[names[0]] if len(names) == 1 else table[names]
    fit = random_intercepts(table["y"], table[["x"]], groups)
    own = seconds(lambda: random_intercepts(table["y"], table[["x"]], groups), runs)
    rows.append((what, f"{own:.4f} s", "1", ""))
    columns = table[["y", "x", *names]]
    formula = "y ~ x + " + " + ".join(f"(1 | {name})" for name in names)
    if theirs := r(FIT, columns, formula):
        took = float(theirs[0])
        rows.append(("lme4::lmer (R), one run", f"{took:.2f} s", f"{own / took:.4f}",
                     apart(fit, theirs)))  # fmt: skip


def by_statsmodels(table: pd.DataFrame) -> float:
    import statsmodels.formula.api as smf

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model = smf.mixedlm("y ~ x", table, groups="team")
        return seconds(lambda: model.fit(reml=True, method="powell"), 1)


def boundary() -> str:
    """How many of the tables at the boundary are singular for both or for neither."""
    draw = np.random.default_rng(500)
    n, parts = 60, []
    for case in range(CASES):
        a, b = draw.integers(0, 10, n), draw.integers(0, 6, n)
        y = 0.3 * draw.normal(size=10)[a] + 0.3 * draw.normal(size=6)[b] + draw.normal(size=n)
        parts.append(pd.DataFrame({"case": case, "a": a, "b": b, "y": y}))
    ours = [
        random_intercepts(one["y"], None, one[["a", "b"]]).status == "singular" for one in parts
    ]
    theirs = [word == "TRUE" for word in r(SINGULAR, pd.concat(parts))]
    if len(theirs) != CASES:
        return "R is not installed"
    same = sum(one == other for one, other in zip(ours, theirs, strict=True))
    return f"{same} of {CASES} ({sum(ours)} singular)"


def coverage() -> pd.DataFrame:
    """How often the intervals of `walls` hold the shares that a survey was drawn from."""
    truth = {"function": 0.08, "location": 0.02, "team": 0.12, "person": 0.78}
    held: dict[str, list[bool]] = {lens: [] for lens in truth}
    for seed in range(SURVEYS):
        draw = np.random.default_rng(seed)
        team = draw.integers(0, 70, 700)
        codes = {
            "function": (team % 10), "location": draw.integers(0, 6, 700), "team": team,
        }  # fmt: skip
        y = np.sqrt(truth["person"]) * draw.normal(size=700)
        for lens, code in codes.items():
            y += np.sqrt(truth[lens]) * draw.normal(size=int(code.max()) + 1)[code]
        index = pd.MultiIndex.from_product([["w"], range(700)], names=["wave", "respondent"])
        scores = pd.DataFrame(
            {name: code.astype("str") for name, code in codes.items()}, index=index
        ).assign(responded=True, score=y)
        found = walls(scores.assign(**{"score:n_answered": 5})).set_index("lens")
        for lens, share in truth.items():
            held[lens].append(bool(found.loc[lens, "low"] <= share <= found.loc[lens, "high"]))
    return pd.DataFrame({"truth": truth, "held": {k: np.mean(v) for k, v in held.items()}})


def main() -> None:
    load = os.getloadavg()[0]
    rows: list[tuple[str, ...]] = []
    small = survey(20_000, 1_000, 12, 10, seed=1)
    compared(rows, "one grouping: 20,000 people in 1,000 teams", small, ["team"], 15)
    took = by_statsmodels(small)
    own = float(rows[0][1].split()[0])
    rows.append(("statsmodels MixedLM (powell), one run", f"{took:.2f} s", f"{own / took:.4f}", ""))
    many = survey(2_000_000, 200_000, 12, 10, seed=2)
    took = seconds(lambda: random_intercepts(many["y"], many[["x"]], many["team"]), 3)
    rows.append(("one grouping: 2,000,000 people in 200,000 teams", f"{took:.2f} s", "", ""))
    crossed = survey(200_000, 10_000, 20, 30, seed=3)
    lenses = ["fun", "location", "team"]
    compared(rows, "crossed: 200,000 people, 20 functions x 30 locations x 10,000 teams",
             crossed, lenses, 3)  # fmt: skip
    took = seconds(
        lambda: random_intercepts(crossed["y"], crossed[["x"]], crossed[lenses]).intervals, 1
    )
    rows.append(("our crossed fit with profile intervals of all variances and shares",
                 f"{took:.2f} s", "", ""))  # fmt: skip
    lines = [
        "| what | median | ratio, ours to this | largest relative difference |",
        "|---|---|---|---|",
    ]
    lines += [f"| {' | '.join(row)} |" for row in rows]
    told = coverage()
    text = (
        f"# Random intercepts\n\nTwo cores (load when it began: {load:.1f}), one term and the "
        "intercept.\n\n" + "\n".join(lines) + "\n\n"
        f"Singular for both or for neither, tables at the boundary, against lme4's isSingular: "
        f"{boundary()}.\n\n"
        f"How often the 95 % profile interval of a share holds the truth, {SURVEYS} surveys of 700 "
        "people in 10 functions, 6 locations, 70 teams:\n\n"
        "| lens | true share | held |\n|---|---|---|\n"
        + "\n".join(f"| {lens} | {row.truth:.2f} | {row.held:.3f} |"
                    for lens, row in told.iterrows())
        + "\n"
    )  # fmt: skip
    (ROOT / "benchmarks" / "results" / "mixed.md").write_text(text, encoding="utf-8")
    print(text)


if __name__ == "__main__":
    main()
