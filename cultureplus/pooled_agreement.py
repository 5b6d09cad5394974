"""Agreement of all teams together: one number for a survey, and how sure it is.

The agreement of one team rests on its few members. Pooled over teams it says whether the people of
this organisation answer alike within teams: the variance within teams, each team counting by its
people less one, held against the null. Its interval is that of other teams of this kind, so the
teams are what is counted, not the people.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from cultureplus import columns as c
from cultureplus.errors import InputError
from cultureplus.estimability import too_few
from cultureplus.tails import t_quantile
from cultureplus.within_group import MIN_GROUPS, complete_rows, null_variance, per_group, rwg_j

R_STAR_LOW, R_STAR_HIGH = "r_star_low", "r_star_high"
RWG_LOW, RWG_HIGH = "rwg_low", "rwg_high"
N_INCOMPLETE, N_ALONE = "n_incomplete", "n_alone"

_NOTHING = 1e-12  # of a variance: what rounding leaves of one that is nought


def pooled_agreement(
    items: pd.DataFrame,
    group: pd.Series,
    low: int,
    high: int,
    *,
    null: str = "uniform",
    level: float = 0.95,
) -> pd.Series:
    """How far people agree within their groups, over all groups, with an interval.

    `items`: keyed, one row per person, answers from low to high (the declared range); `group`: one
    label per row; `null`: as in `within_group`. Rows with a missing answer or no group are left
    out, and so is who is alone in a group. r* = 1 - s2/sE2, where s2 is the sum over groups and
    items of the squares within, divided by J times the sum of n - 1, for J items.

    Returns r_star (at most 1; below 0 where people disagree more than by chance), r_star_low,
    r_star_high, rwg (0-1; rwg(j) of the same variance), rwg_low, rwg_high, n and n_groups (what
    was used), n_incomplete and n_alone (people left out), reason. s2 is a ratio of totals over
    groups; its interval is linearised over them on the logarithm, with t on groups - 1, and the
    ends of the others are its own. Fewer than ten groups of two are not estimable; where all groups
    agree to the same degree there is no interval. Raises `InputError` for an answer outside the
    range, an unknown null, or a level that is not between 0 and 1.

    References: LeBreton & Senter (2008), Organizational Research Methods 11, 815-852 (pooled
    agreement); Cochran (1977), Sampling techniques, ch. 6 and 9A (the ratio).
    R: survey::svyratio gives s2 and its standard error.

    >>> items = pd.DataFrame({"a": [3, 3] * 5 + [2, 4] * 5})
    >>> found = pooled_agreement(items, pd.Series(range(10)).repeat(2).reset_index(drop=True), 1, 5)
    >>> found[["r_star", "r_star_low", "r_star_high"]].astype(float).round(3).tolist()
    [0.5, -0.063, 0.765]
    >>> found[["rwg", "rwg_low", "n_groups"]].tolist()
    [0.5, 0.0, 10]
    """
    if not 0 < level < 1:
        raise InputError("The level of an interval lies between 0 and 1.", fix="level=0.95")
    expected = null_variance(null, low, high)
    values, codes, labels = complete_rows(items, group, low, high)
    everybody = per_group(codes, len(labels))
    in_company = (everybody >= 2)[codes]
    values, codes = values[in_company], codes[in_company]
    n, groups = len(values), int((everybody >= 2).sum())
    names = [c.R_STAR, R_STAR_LOW, R_STAR_HIGH, c.RWG, RWG_LOW, RWG_HIGH]
    found = pd.Series(dict.fromkeys(names, np.nan), dtype="object")
    found[c.N], found[c.N_GROUPS] = n, groups
    found[N_INCOMPLETE] = len(items) - int(everybody.sum())
    found[N_ALONE] = int((everybody == 1).sum())
    found[c.REASON] = too_few(groups, MIN_GROUPS, "groups of two or more")
    if found[c.REASON]:
        return found
    k, used = values.shape[1], everybody >= 2
    freedom = k * (everybody[used] - 1)
    squares = np.zeros(groups)
    for column in values.T - values.mean(axis=0)[:, None]:
        mean = per_group(codes, len(labels), column) / np.maximum(everybody, 1.0)
        squares += per_group(codes, len(labels), (column - mean[codes]) ** 2)[used]
    variance = squares.sum() / freedom.sum()
    found[c.R_STAR], found[c.RWG] = _both(variance / expected, k)
    away = squares - variance * freedom
    error = np.sqrt(groups / (groups - 1) * (away**2).sum()) / freedom.sum()
    if error <= _NOTHING * max(variance, expected):
        found[c.REASON] = "no interval: all groups agree to the same degree"
        return found
    factor = np.exp(t_quantile((1 + level) / 2, groups - 1) * error / variance)
    found[R_STAR_LOW], found[RWG_LOW] = _both(variance * factor / expected, k)
    found[R_STAR_HIGH], found[RWG_HIGH] = _both(variance / factor / expected, k)
    return found


def _both(ratio: float, items: int) -> tuple[float, float]:
    """r* and rwg(j) of a variance divided by that of the null."""
    return float(1 - ratio), float(rwg_j(np.array([ratio]), items)[0])
