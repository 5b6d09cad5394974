"""The same people said both: how much of a link between teams lies in its source.

Who is in a good mood ticks high everywhere, and the means of a team go together although nothing in
the team does. So each team is cut in half at random: the score of one half is held against the
barrier of the other. What is left is not carried by the same people's pens. What is gone was
carried by persons: by mood and style of answering, or by what each has lived through; which of the
two, halves can't tell. Halves are small, and their means less reliable, so the fair comparison is
the link within one half, not that of whole teams.

Reference: Ostroff, Kinicki & Clark (2002), J. Applied Psychology 87, 355-368.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from cultureplus import columns as c
from cultureplus.declared import question_of
from cultureplus.errors import InputError
from cultureplus.estimability import MIN_RESIDUAL_DF, too_few
from cultureplus.tails import t_quantile
from cultureplus.units import no_lens

Array = NDArray[np.float64]

SMALLEST = 4  # people in a team that can be cut in half and still has means
_SPLITS = 200
_NAMES = [
    c.OUTCOME, c.PREDICTOR, c.VERDICT, "same_people", "other_people", c.DIFFERENCE, c.LOW, c.HIGH,
    c.N, c.N_GROUPS, c.REASON,
]  # fmt: skip


def same_source_check(
    scores: pd.DataFrame,
    by: str = "team",
    outcome: str | Sequence[str] | None = None,
    predictors: Sequence[str] | None = None,
    *,
    splits: int = _SPLITS,
    seed: int = 1,
) -> pd.DataFrame:
    """The correlation of team means where the same people gave both, and where others gave one.

    `scores`, `by`, `outcome`, `predictors`: as in `silo_links`; the last wave, teams of four and
    more who have both scores. Each of `splits` times every team is cut in half at random. Returns,
    per outcome and predictor: verdict, same_people (both means from one half, -1 to 1),
    other_people (each mean from another half), difference (same less other), low, high (95 % of
    the difference, jackknife over teams with all their halves, t on teams - 1), n, n_groups,
    reason. At least thirteen teams. The same seed gives the same table, whatever the order of the
    rows.

    References: Ostroff, Kinicki & Clark (2002); Efron & Stein (1981), Annals of Statistics 9,
    586-596 (jackknife).

    >>> draw = np.random.default_rng(1)
    >>> mood = draw.normal(size=200)
    >>> index = pd.MultiIndex.from_product([["Q1"], range(200)], names=["wave", "respondent"])
    >>> made = pd.DataFrame({"team": [f"t{n % 40}" for n in range(200)], "responded": True,
    ...     "x": mood, "x:n_answered": 1, "y": mood + draw.normal(size=200), "y:n_answered": 1},
    ...     index=index)
    >>> float(same_source_check(made, outcome="y", predictors=["x"]).round(1).loc[0, "same_people"])
    0.8
    """
    if splits < 20:
        raise InputError("A check over random halves needs at least 20 of them.", found=splits)
    question = question_of(scores, outcome, predictors)
    rows = []
    for y in question.outcomes:
        for x in question.predictors:
            row: dict[str, object] = dict.fromkeys(_NAMES, np.nan)
            row |= {c.OUTCOME: y, c.PREDICTOR: x, c.VERDICT: "", c.N: 0, c.N_GROUPS: 0}
            if reason := question.not_asked(x, y) or no_lens(question.scores, by):
                row[c.REASON] = reason
            else:
                row |= _checked(question.scores[[by, x, y]].dropna(), by, x, y, splits, seed)
            rows.append(row)
    return pd.DataFrame(rows, columns=_NAMES)


def _checked(
    rows: pd.DataFrame, by: str, x: str, y: str, splits: int, seed: int
) -> dict[str, object]:
    """The numbers of one pair."""
    rows = rows[rows.groupby(by)[x].transform("size") >= SMALLEST]
    rows = rows.sort_values([by, x, y])
    codes, teams = pd.factorize(rows[by])
    found: dict[str, object] = {c.N: len(rows), c.N_GROUPS: len(teams)}
    reason = too_few(len(teams) - 3, MIN_RESIDUAL_DF, f"{by}s of {SMALLEST} and more, less three")
    if reason:
        return found | {c.REASON: reason}
    values = rows[[x, y]].to_numpy(dtype="float64")
    if (np.ptp(values, axis=0) == 0).any():
        return found | {c.REASON: "not estimable: everybody has the same score"}
    random = np.random.default_rng(seed)
    halves = _halves(values, codes, len(teams), splits, random)
    same, other = _links(halves, np.ones((1, len(teams))))
    low, high = _around(float(same[0] - other[0]), halves)
    found |= {
        "same_people": float(same[0]), "other_people": float(other[0]),
        c.DIFFERENCE: float(same[0] - other[0]), c.LOW: low, c.HIGH: high,
        c.REASON: "",
    }  # fmt: skip
    return found | {c.VERDICT: _verdict(float(same[0]), float(other[0]), low, high)}


def _around(difference: float, halves: Array) -> tuple[float, float]:
    """The interval of the difference: t with teams - 1 over the results without each team in turn.

    Teams drawn anew would do for many teams; with fifteen their interval is too narrow.
    """
    teams = halves.shape[-1]
    without = np.subtract(*_links(halves, 1.0 - np.eye(teams)))
    error = np.sqrt((teams - 1) / teams * ((without - without.mean()) ** 2).sum())
    half = float(t_quantile(0.975, teams - 1) * error)
    return difference - half, difference + half


def _halves(
    values: Array, codes: NDArray[np.intp], teams: int, splits: int, random: np.random.Generator
) -> Array:
    """Means of x and y in both halves: splits x halves x scores x teams."""
    found = np.empty((splits, 2, 2, teams))
    sizes = np.bincount(codes, minlength=teams)
    starts = np.cumsum(sizes) - sizes
    for split in range(splits):
        order = np.lexsort([random.random(len(codes)), codes])
        place = np.arange(len(codes)) - starts[codes[order]]
        first = place < (sizes // 2)[codes[order]]
        for half, chosen in enumerate((order[first], order[~first])):
            count = np.bincount(codes[chosen], minlength=teams)
            for score in range(2):
                total = np.bincount(codes[chosen], values[chosen, score], minlength=teams)
                found[split, half, score] = total / count
    return found


def _links(halves: Array, weights: Array) -> tuple[Array, Array]:
    """Mean correlation over the splits, within halves and across them, per row of team weights."""
    same, other = [], []
    for half in (0, 1):
        x, here, there = halves[:, half, 0], halves[:, half, 1], halves[:, 1 - half, 1]
        same.append(_correlation(x, here, weights))
        other.append(_correlation(x, there, weights))
    return np.mean(same, axis=0), np.mean(other, axis=0)


def _correlation(x: Array, y: Array, weights: Array) -> Array:
    """Weighted correlations, averaged over the splits: splits x teams, draws x teams -> draws."""
    total = weights.sum(axis=1, keepdims=True)
    parts = [weights @ part.T / total for part in (x, y, x * y, x * x, y * y)]
    mx, my, xy, xx, yy = parts
    spread = np.sqrt(np.maximum(xx - mx**2, 0.0) * np.maximum(yy - my**2, 0.0))
    r = (xy - mx * my) / np.where(spread > 0, spread, np.nan)
    return np.asarray(np.nanmean(r, axis=1))


def _verdict(same: float, other: float, low: float, high: float) -> str:
    said = f"{same:+.2f} where the same people gave both, {other:+.2f} where others gave one"
    if low > 0 or high < 0:
        return f"Part of the link needs the same people on both sides: {said}."
    return f"No sign that the link needs the same people on both sides: {said}."
