"""One pair of scores, several correlations: over people, within teams, between teams.

People who score higher than their own colleagues may meet fewer barriers while teams that score
higher on average meet more. Both are true at once, and to read the one for the other is the level
fallacy. So the correlations stand side by side, with a sentence on whether they agree.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from cultureplus import columns as c
from cultureplus.estimability import MIN_RESIDUAL_DF, too_few
from cultureplus.listwise import Rows, listwise
from cultureplus.tails import normal_quantile

Array = NDArray[np.float64]

_NUMBERS = (
    c.TOTAL, c.WITHIN, c.WITHIN_LOW, c.WITHIN_HIGH, c.BETWEEN, c.BETWEEN_LOW, c.BETWEEN_HIGH,
    c.BETWEEN_WEIGHTED,
)  # fmt: skip
COLUMNS = [*_NUMBERS, c.N, c.N_GROUPS, c.VERDICT, c.REASON]
_ENDS = ((c.WITHIN_LOW, c.WITHIN_HIGH), (c.BETWEEN_LOW, c.BETWEEN_HIGH))
_NEARLY_ONE = 1 - 1e-12


def levels(x: pd.Series, y: pd.Series, group: pd.Series) -> pd.DataFrame:
    """The correlation of two scores over people, within groups and between groups.

    `x`, `y`: numbers aligned by index; `group`: one label per row. Rows missing any of the three
    are left out. Returns one row, all correlations from -1 to 1: total (over people), within (of
    the distances from the own group's means), within_low, within_high, between (of the groups'
    means, each group once), between_low, between_high, between_weighted (each group by its
    people), n, n_groups, verdict (whether the levels agree, in words), reason. Intervals (95 %)
    are Fisher's, with n - groups degrees of freedom behind the within and groups - 1 behind the
    between correlation. Fewer than ten degrees of freedom at a level, or no variation there, and
    this level is not estimable. Raises `InputError` for what is no number or not aligned.

    References: Robinson (1950), American Sociological Review 15, 351-357; Dansereau, Alutto &
    Yammarino (1984), Theory testing in organizational behavior. R: multilevel::waba.

    >>> x = pd.Series([1.0, 2, 3] * 12) + np.repeat(np.arange(12), 3)
    >>> y = pd.Series([3.0, 2, 1] * 12) + np.repeat(np.arange(12), 3)
    >>> found = levels(x, y, pd.Series(np.repeat(list("abcdefghijkl"), 3)))
    >>> found[["total", "within", "between"]].round(2).to_numpy().tolist()
    [[0.89, -1.0, 1.0]]
    >>> print(found.loc[0, "verdict"])
    opposite signs: within teams -1.00, between teams 1.00; neither number may stand for the other
    """
    rows = listwise({"x": x, "y": y}, group)
    found: dict[str, object] = dict.fromkeys(_NUMBERS, np.nan)
    found |= {c.N: rows.n, c.N_GROUPS: rows.n_groups, c.VERDICT: "", c.REASON: ""}
    reasons = {
        c.TOTAL: _why_not(rows, rows.n - 2, "among people", rows.varies),
        c.WITHIN: _why_not(rows, rows.n - rows.n_groups - 1, "within teams", rows.varies_within),
        c.BETWEEN: _why_not(rows, rows.n_groups - 2, "between teams", rows.varies_between),
    }
    one, two = (rows.numbers[name].to_numpy(dtype="float64") for name in ("x", "y"))
    means = [rows.group_means(name) for name in ("x", "y")]
    if not reasons[c.TOTAL]:
        found[c.TOTAL] = _r(one, two)
    if not reasons[c.WITHIN]:
        r = _r(one - means[0], two - means[1])
        ends = _fisher(r, rows.n - rows.n_groups)
        found |= {c.WITHIN: r, c.WITHIN_LOW: ends[0], c.WITHIN_HIGH: ends[1]}
    if not reasons[c.BETWEEN]:
        first = np.unique(rows.codes, return_index=True)[1]
        r = _r(means[0][first], means[1][first])
        ends = _fisher(r, rows.n_groups - 1)
        found |= {c.BETWEEN: r, c.BETWEEN_LOW: ends[0], c.BETWEEN_HIGH: ends[1]}
        found[c.BETWEEN_WEIGHTED] = _r(*means)
    found[c.REASON] = "; ".join(dict.fromkeys(filter(None, reasons.values())))
    found[c.VERDICT] = _verdict(found, rows)
    return pd.DataFrame([found], columns=COLUMNS)


def _why_not(rows: Rows, freedom: int, where: str, varies: Callable[[str], bool]) -> str:
    """Why there is no correlation at a level, or ''."""
    reason = too_few(max(freedom, 0), MIN_RESIDUAL_DF, f"degrees of freedom {where}")
    alike = [name for name in ("x", "y") if not reason and not varies(name)]
    return f"not estimable: {' and '.join(alike)} alike {where}" if alike else reason


def _r(one: Array, two: Array) -> float:
    one, two = one - one.mean(), two - two.mean()
    r = float(one @ two / np.sqrt((one @ one) * (two @ two)))
    return min(max(r, -1.0), 1.0)


def _fisher(r: float, freedom: int) -> tuple[float, float]:
    """The interval of a correlation whose squares have so many degrees of freedom."""
    if abs(r) > _NEARLY_ONE:
        return r, r
    half = normal_quantile(0.975) / np.sqrt(freedom - 2)
    return float(np.tanh(np.arctanh(r) - half)), float(np.tanh(np.arctanh(r) + half))


def _verdict(found: Mapping[str, Any], rows: Rows) -> str:
    within, between = float(found[c.WITHIN]), float(found[c.BETWEEN])
    if np.isnan(within) or np.isnan(between):
        if np.isnan(within) and np.isnan(between):
            return "no level can be told"
        name, other = (c.WITHIN, c.BETWEEN) if np.isnan(between) else (c.BETWEEN, c.WITHIN)
        return f"{name} teams only; this says nothing about what holds {other} teams"
    both = f"within teams {within:.2f}, between teams {between:.2f}"
    away = [float(found[low]) * float(found[high]) > 0 for low, high in _ENDS]
    if all(away) and within * between < 0:
        return f"opposite signs: {both}; neither number may stand for the other"
    near = [np.arctanh(np.clip(r, -_NEARLY_ONE, _NEARLY_ONE)) for r in (within, between)]
    error = np.sqrt(1 / (rows.n - rows.n_groups - 2) + 1 / (rows.n_groups - 3))
    if abs(near[0] - near[1]) > normal_quantile(0.975) * error:
        return f"the levels differ: {both}; neither number may stand for the other"
    return (
        f"no difference shown: {both}; that is no proof that they are equal, so each level keeps "
        "its own number"
    )
