"""Recovery: in how many of 1,000 simulated surveys does an interval of 95 % hold the true value?

The population is known: people in teams, eight items of two factors with known loadings, answered
without categories, on seven points, or on five. What is true of answers in categories is worked out
from the normal distribution, not simulated. Every survey has its own seed, so a single one can be
made again. Run with OPENBLAS_NUM_THREADS=1: one survey is too small for two threads.

    python benchmarks/recovery.py 1000 2  # surveys, and processes that share the kinds of them
"""

from __future__ import annotations

import sys
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import stats

from cultureplus.agreement import icc, icc_bootstrap
from cultureplus.factor import cfa
from cultureplus.pooled_agreement import pooled_agreement
from cultureplus.reliability import alpha, feldt_interval
from cultureplus.silos import wilson
from cultureplus.within_group import null_variance

Array = NDArray[np.float64]

ROOT = Path(__file__).resolve().parent.parent
SEED, SURVEYS = 20263, 1_000
LOADINGS = np.array([0.8, 0.7, 0.6, 0.5, 0.75, 0.65, 0.55, 0.7])
OF_FACTOR = np.array([0, 0, 0, 0, 1, 1, 1, 1])
CORRELATION = 0.4
NAMES = [f"item_{place}" for place in range(1, 9)]
MODEL = {"safety": NAMES[:4], "mindset": NAMES[4:]}
SCALE = slice(0, 4)  # the items of the first factor are the scale that teams are compared on
SHARED = 0.2  # of the variance of a factor, between teams
# People answer rather high, and not to every item alike.
SHIFTS = np.array([-0.2, 0.0, 0.2, 0.0, 0.1, -0.1, 0.0, 0.2])[:, None]
SEVEN = np.array([-1.9, -1.4, -0.8, -0.2, 0.5, 1.2]) + SHIFTS
FIVE = np.array([-1.6, -0.8, 0.0, 1.0]) + SHIFTS
TERMS = 120
Z = float(stats.norm.ppf(0.975))


# ---------------------------------------------------------------------------------- what is drawn
@dataclass(frozen=True)
class Teams:
    """So many teams, each as likely of one size as of another; teams of one are independent people.

    Of the variance of a factor the share `shared` is between teams.
    """

    count: int
    least: int
    most: int
    shared: float


def latent_answers(random: np.random.Generator, teams: Teams) -> tuple[pd.DataFrame, pd.Series]:
    """Normal items with variance 1, and each person's team."""
    sizes, shared = random.integers(teams.least, teams.most + 1, teams.count), teams.shared
    team = np.repeat(np.arange(len(sizes)), sizes)
    root = np.linalg.cholesky(np.array([[1, CORRELATION], [CORRELATION, 1]])).T
    factors = np.sqrt(shared) * (random.normal(size=(len(sizes), 2)) @ root)[team]
    factors += np.sqrt(1 - shared) * (random.normal(size=(len(team), 2)) @ root)
    own = np.sqrt(1 - LOADINGS**2) * random.normal(size=(len(team), len(LOADINGS)))
    return pd.DataFrame(factors[:, OF_FACTOR] * LOADINGS + own, columns=NAMES), pd.Series(team)


def in_categories(latent: pd.DataFrame, cuts: Array) -> pd.DataFrame:
    """The answers from 1 that people give who stand there."""
    values = [
        1 + np.searchsorted(cut, latent[name]) for name, cut in zip(latent, cuts, strict=True)
    ]
    return pd.DataFrame(dict(zip(latent, values, strict=True)))


# ---------------------------------------------------------------------------------- what is true
def latent_covariances(shared: float) -> tuple[Array, Array]:
    """Covariances of the normal items: of one person, and of two people of one team."""
    factors = np.where(OF_FACTOR[:, None] == OF_FACTOR, 1.0, CORRELATION)
    common = np.outer(LOADINGS, LOADINGS) * factors
    return common + np.diag(1 - LOADINGS**2), shared * common


def covariances(shared: float, cuts: Array) -> tuple[Array, Array]:
    """The same of answers in categories.

    The covariance of two step functions of correlated normal values is a power series in their
    correlation (Mehler), whose coefficients are those of the steps in Hermite polynomials.
    """
    before, now = np.zeros_like(cuts), np.ones_like(cuts)
    steps = []
    for term in range(1, TERMS):
        steps.append((stats.norm.pdf(cuts) * now).sum(axis=1) / np.sqrt(term))
        before, now = now, (cuts * now - np.sqrt(term - 1) * before) / np.sqrt(term)
    coefficients = np.array(steps)
    latent = latent_covariances(shared)
    one, two = (
        sum(np.outer(each, each) * rho**power for power, each in enumerate(coefficients, 1))
        for rho in latent
    )
    shares = np.diff(stats.norm.cdf(cuts), axis=1, prepend=0.0, append=1.0)
    answers = np.arange(1, shares.shape[1] + 1)
    np.fill_diagonal(one, shares @ answers**2 - (shares @ answers) ** 2)
    return one, two


def true_scale(one: Array, two: Array, answers: int | None = None) -> dict[str, float]:
    """Alpha, ICC(1) and pooled agreement of the scale, from the covariances of its items."""
    one, two = one[SCALE, SCALE], two[SCALE, SCALE]
    k = len(one)
    found = {
        "alpha": k / (k - 1) * (1 - np.trace(one) / one.sum()),
        "icc1": two.sum() / one.sum(),
    }
    if answers is not None:
        ratio = (np.trace(one) - np.trace(two)) / k / null_variance("uniform", 1, answers)
        found |= {"r_star": 1 - ratio, "rwg": k * (1 - ratio) / (k * (1 - ratio) + ratio)}
    return {name: float(value) for name, value in found.items()}


def loadings_of(covariance: Array) -> tuple[Array, float]:
    """Standardised loadings and the factors' correlation of the model fitted to a population.

    Cut into categories the items no longer fit a factor model exactly; what ML aims at is its
    best fit to the whole population, here to people who have exactly its covariances.
    """
    people = np.random.default_rng(0).normal(size=(1_000, len(covariance)))
    people -= people.mean(axis=0)
    spread = people.T @ people / len(people)
    people = people @ np.linalg.inv(np.linalg.cholesky(spread)).T
    people = people @ np.linalg.cholesky(covariance).T
    found = cfa(pd.DataFrame(people, columns=NAMES), MODEL)
    return found.loadings["std"].to_numpy(), float(found.factor_correlations["estimate"].iloc[0])


# -------------------------------------------------------------------------------- what was found
@dataclass
class Tally:
    """Per quantity its true value, and of each survey the estimate and the interval."""

    truth: dict[str, float] = field(default_factory=dict)
    found: dict[str, list[tuple[float, float, float]]] = field(default_factory=dict)

    def add(self, name: str, truth: float, estimate: float, low: float, high: float) -> None:
        self.truth[name] = truth
        whole = np.isfinite([estimate, low, high]).all()
        row = (estimate, low, high) if whole else (np.nan, np.nan, np.nan)
        self.found.setdefault(name, []).append(row)

    def intervals(self, name: str, shrunk: float = 1.0) -> tuple[Array, Array, Array]:
        """Estimates and both ends; `shrunk` draws the ends that much nearer to the estimate."""
        estimate, low, high = np.array(self.found[name], dtype="float64").T
        return estimate, estimate + shrunk * (low - estimate), estimate + shrunk * (high - estimate)

    def covered(self, name: str, shrunk: float = 1.0) -> Array:
        """Per survey 1 where the interval holds the truth, 0 where not, missing without one."""
        _, low, high = self.intervals(name, shrunk)
        truth = self.truth[name]
        return np.where(np.isnan(low), np.nan, (low <= truth) & (truth <= high))

    def table(self) -> pd.DataFrame:
        rows = []
        for name, truth in self.truth.items():
            estimate, low, high = self.intervals(name)
            there = ~np.isnan(estimate)
            covered = self.covered(name)[there]
            row = {"quantity": name, "truth": truth, "mean estimate": np.nan}
            if there.any():
                chance = wilson(float(covered.mean()), int(there.sum()))
                row |= {
                    "mean estimate": estimate[there].mean(),
                    "coverage": 100 * covered.mean(),
                    "from": 100 * chance[0],
                    "to": 100 * chance[1],
                    "truth below": 100 * (truth < low[there]).mean(),
                    "truth above": 100 * (truth > high[there]).mean(),
                    "width": (high - low)[there].mean(),
                }
            rows.append(row | {"not estimable": 100 * (1 - there.mean())})
        return pd.DataFrame(rows)

    def together(self, names: Sequence[str], shrunk: float = 1.0) -> tuple[float, float, float]:
        """Coverage of several intervals of each survey, and its range over surveys, in per cent."""
        every = np.array([self.covered(name, shrunk) for name in names])
        every = every[:, ~np.isnan(every).all(axis=0)]
        each = 100 * np.nanmean(every, axis=0)
        half = Z * each.std(ddof=1) / np.sqrt(len(each))
        return float(each.mean()), float(each.mean() - half), float(each.mean() + half)


def on_fisher_scale(value: float, error: float) -> tuple[float, float]:
    """An interval of a standardised loading or a correlation, on the scale of artanh."""
    half = Z * error / (1 - value**2)
    return float(np.tanh(np.arctanh(value) - half)), float(np.tanh(np.arctanh(value) + half))


def add_loadings(
    tally: Tally, items: pd.DataFrame, estimator: str, truth: tuple[Array, float], label: str
) -> None:
    """The loadings and the factors' correlation of one survey, each on both scales."""
    fit = cfa(items, MODEL, estimator)
    values = fit.loadings["std"].to_numpy()
    errors = fit.loadings["std_se"].to_numpy()
    values = np.append(values, fit.factor_correlations["estimate"].iloc[0])
    errors = np.append(errors, fit.factor_correlations["se"].iloc[0])
    names = [*(f"loading of {name}" for name in NAMES), "factor correlation"]
    for name, true, value, error in zip(names, [*truth[0], truth[1]], values, errors, strict=True):
        good = fit.status == "ok" and abs(value) < 1
        plain = (value - Z * error, value + Z * error) if good else (np.nan, np.nan)
        fisher = on_fisher_scale(value, error) if good else (np.nan, np.nan)
        tally.add(f"{label}: {name}", true, value, *plain)
        tally.add(f"{label}, Fisher: {name}", true, value, *fisher)


def loading_names(label: str) -> list[str]:
    return [f"{label}: loading of {name}" for name in NAMES]


def add_scale(
    tally: Tally,
    items: pd.DataFrame,
    group: pd.Series,
    truth: Mapping[str, float],
    answers: int | None,
    label: str,
    *,
    seed: int,
    draws: int,
) -> None:
    """Alpha, ICC(1) and pooled agreement of the scale in one survey."""
    mine = items.iloc[:, SCALE]
    value = alpha(mine)
    low, high = feldt_interval(value, len(mine), mine.shape[1])
    tally.add(f"{label}: alpha, Feldt", truth["alpha"], value, low, high)
    score = mine.mean(axis=1)
    by_f = icc(score, group)
    ends = [float(by_f[name]) for name in ("icc1", "icc1_low", "icc1_high")]
    tally.add(f"{label}: ICC(1), F", truth["icc1"], *ends)
    if draws:
        drawn = icc_bootstrap(score, group, draws, seed=seed)
        ends = [float(drawn[name]) for name in ("icc1", "icc1_low", "icc1_high")]
        tally.add(f"{label}: ICC(1), teams drawn anew", truth["icc1"], *ends)
    if answers is not None:
        pooled = pooled_agreement(mine, group, 1, answers)
        for name in ("r_star", "rwg"):
            ends = [float(pooled[part]) for part in (name, f"{name}_low", f"{name}_high")]
            tally.add(f"{label}: pooled {name}", truth[name], *ends)


# --------------------------------------------------------------------------------- the two studies
ESTIMATES = (
    ("ML, no categories", "ml", None),
    ("MLR, no categories", "mlr", None),
    ("ML, seven points", "ml", SEVEN),
    ("MLR, seven points", "mlr", SEVEN),
    ("WLSMV, five points", "wlsmv", FIVE),
)

KINDS = (("no categories", None), ("seven points", SEVEN), ("five points", FIVE))


def true_loadings(estimator: str, cuts: Array | None) -> tuple[Array, float]:
    """WLSMV aims at the values behind the categories, ML at the answers as they are."""
    if cuts is None or estimator == "wlsmv":
        return LOADINGS, CORRELATION
    return loadings_of(covariances(0.0, cuts)[0])


def study_loadings(
    surveys: int,
    teams: Teams,
    *,
    seed: int = SEED,
    estimates: Sequence[tuple[str, str, Array | None]] = ESTIMATES,
) -> Tally:
    """Factor models of many surveys."""
    tally = Tally()
    truths = {label: true_loadings(name, cuts) for label, name, cuts in estimates}
    for survey in range(surveys):
        random = np.random.default_rng([seed, survey])
        latent, _ = latent_answers(random, teams)
        for label, estimator, cuts in estimates:
            items = latent if cuts is None else in_categories(latent, cuts)
            add_loadings(tally, items, estimator, truths[label], label)
        _tick(survey, surveys)
    return tally


def study_teams(
    surveys: int,
    teams: Teams,
    *,
    seed: int = SEED + 1,
    draws: int = 1_000,
    kinds: Sequence[tuple[str, Array | None]] = KINDS,
) -> Tally:
    """Alpha, ICC(1) and pooled agreement of many surveys of people in teams."""
    tally = Tally()
    truths = {
        label: true_scale(*latent_covariances(teams.shared))
        if cuts is None
        else true_scale(*covariances(teams.shared, cuts), cuts.shape[1] + 1)
        for label, cuts in kinds
    }
    for survey in range(surveys):
        random = np.random.default_rng([seed, survey])
        latent, group = latent_answers(random, teams)
        for label, cuts in kinds:
            items = latent if cuts is None else in_categories(latent, cuts)
            answers = None if cuts is None else cuts.shape[1] + 1
            add_scale(tally, items, group, truths[label], answers, label, seed=survey, draws=draws)
        _tick(survey, surveys)
    return tally


def _tick(survey: int, surveys: int) -> None:
    if surveys >= SURVEYS and (survey + 1) % 500 == 0:
        print(f"  {survey + 1} of {surveys} surveys", file=sys.stderr, flush=True)


# ----------------------------------------------------------------------------------- what is told
def _row(cells: Sequence[object]) -> str:
    return "| " + " | ".join(str(cell) for cell in cells) + " |"


def _full(tally: Tally) -> list[str]:
    head = [
        "quantity", "truth", "mean estimate", "coverage, %", "by chance", "truth below, %",
        "truth above, %", "mean width", "not estimable, %",
    ]  # fmt: skip
    lines = [_row(head), _row(["---"] * len(head))]
    for _, row in tally.table().iterrows():
        cells = [
            row["quantity"], f"{row['truth']:.3f}", f"{row['mean estimate']:.3f}",
            f"{row['coverage']:.1f}", f"{row['from']:.1f}-{row['to']:.1f}",
            f"{row['truth below']:.1f}", f"{row['truth above']:.1f}",
            f"{row['width']:.3f}", f"{row['not estimable']:.1f}",
        ]  # fmt: skip
        lines.append(_row(cells))
    return lines


def _short(tallies: Mapping[str, Tally]) -> list[str]:
    head = [
        "people", "how", "estimate ± 1.96 se, %", "by chance", "Fisher's scale, %", "by chance",
        "not estimable, %",
    ]  # fmt: skip
    lines = [_row(head), _row(["---"] * len(head))]
    for people, tally in tallies.items():
        for label, _, _ in ESTIMATES:
            names = loading_names(label)
            cells = [people, label]
            for each in (names, loading_names(f"{label}, Fisher")):
                mean, low, high = tally.together(each)
                cells += [f"{mean:.1f}", f"{low:.1f}-{high:.1f}"]
            gone = np.mean([np.isnan(tally.covered(name)).mean() for name in names])
            lines.append(_row([*cells, f"{100 * gone:.1f}"]))
    return lines


def _outside(kinds: Mapping[str, Tally]) -> list[str]:
    """What lies outside 93 to 97 %, every kind of survey and every quantity looked through."""
    head = ["surveys", "quantity", "coverage, %", "by chance"]
    lines = [_row(head), _row(["---"] * len(head))]
    looked = 0
    for kind, tally in kinds.items():
        table = tally.table()
        looked += len(table)
        for _, row in table[~table["coverage"].between(93, 97)].iterrows():
            chance = f"{row['from']:.1f}-{row['to']:.1f}"
            lines.append(_row([kind, row["quantity"], f"{row['coverage']:.1f}", chance]))
    return [f"{len(lines) - 2} of {looked} quantities.", "", *lines]


READING = """\
- Factor models and Feldt's interval count people as independent. In teams that share part of a
  factor the intervals of alpha and of the factors' correlation are too narrow; those of loadings
  suffer less. MLR does not mend this: it is for answers that are not normal, not for teams.
- With few people the interval of a standardised loading is better taken on Fisher's scale, where
  it cannot pass 1 and misses more evenly on both sides.
- The intervals of ICC(1) miss a little more often than they say: the one from F where teams of
  unequal size differ, the one from teams drawn anew in most of these surveys.
- One of so many quantities may lie outside by chance; its own range says how far it may be off."""

USUAL = Teams(60, 4, 16, SHARED)
LOADINGS_IN = {
    "600, independent": Teams(600, 1, 1, 0.0),
    "150, independent": Teams(150, 1, 1, 0.0),
    "60 teams of 4 to 16": USUAL,
}
SCALE_IN = {
    "60 teams of 4 to 16": USUAL,
    "15 teams of 3 to 8": Teams(15, 3, 8, SHARED),
    "60 teams of 4 to 16 that share nothing": Teams(60, 4, 16, 0.0),
}


def main(surveys: int = SURVEYS, workers: int = 1) -> None:
    start = time.perf_counter()
    with ProcessPoolExecutor(workers) as pool:
        first = {
            people: pool.submit(study_loadings, surveys, teams)
            for people, teams in LOADINGS_IN.items()
        }
        second = {
            people: pool.submit(study_teams, surveys, teams) for people, teams in SCALE_IN.items()
        }
        loadings = {people: work.result() for people, work in first.items()}
        scales = {people: work.result() for people, work in second.items()}
    lines = [
        "# Recovery",
        "",
        f"{surveys:,} simulated surveys each; how often an interval of 95 % holds the true value. "
        "By chance alone a coverage of 95 % comes out between 93.6 and 96.4 in 1,000 surveys; the "
        "column beside each coverage is its own range. Eight items of two factors, loadings "
        f"{LOADINGS.min()} to {LOADINGS.max()}, factors correlating {CORRELATION}; in teams "
        f"{100 * SHARED:.0f} % of the variance of a factor is between teams. ML aims at the "
        "loadings of the answers in their categories, WLSMV at those behind them.",
        "",
        "## All loadings together",
        "",
        *_short(loadings),
        "",
        "## Outside 93 to 97 %",
        "",
        *_outside(scales | {f"factor model, {kind}": each for kind, each in loadings.items()}),
        "",
        READING,
    ]
    for people, tally in scales.items():
        lines += ["", f"## The scale of four items: {people}", "", *_full(tally)]
    for people, tally in loadings.items():
        lines += ["", f"## Each loading: {people}", "", *_full(tally)]
    text = "\n".join(lines) + "\n"
    if surveys >= SURVEYS:  # a smaller trial is looked at and not kept
        folder = ROOT / "benchmarks" / "results"
        folder.mkdir(exist_ok=True)
        (folder / "recovery.md").write_text(text, encoding="utf-8")
    print(text)
    print(f"{time.perf_counter() - start:.0f} s", file=sys.stderr)


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
