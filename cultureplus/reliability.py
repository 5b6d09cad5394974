"""Reliability: whether the items of a scale hang together.

Coefficient alpha (Cronbach 1951) on complete rows of keyed items, with the interval of Feldt
(1965). A scale whose alpha cannot be given says why.
"""

from __future__ import annotations

import sys
from types import ModuleType

import numpy as np
import pandas as pd
from scipy import stats

from cultureplus import columns as c
from cultureplus.errors import InputError
from cultureplus.estimability import MIN_COMPLETE_ROWS, too_few
from cultureplus.scoring import scale_items
from cultureplus.survey import Survey


def alpha(items: pd.DataFrame) -> float:
    """Coefficient alpha, k/(k-1) (1 - sum of item variances / variance of the sum).

    `items`: keyed, one row per person; rows with a missing answer are left out. Returns alpha (at
    most 1; negative where items contradict each other). Raises `InputError` where it is not
    defined: fewer than two items or rows, or no variance.

    Reference: Cronbach (1951), Psychometrika 16, 297-334. R: psych::alpha, raw_alpha.

    >>> items = pd.DataFrame({"a": [1, 2, 3, 4], "b": [1, 3, 2, 4]})
    >>> round(alpha(items), 4)
    0.8889
    """
    complete = items.dropna().to_numpy(dtype="float64")
    rows, k = complete.shape
    if k < 2 or rows < 2:
        raise InputError("alpha needs at least two items and two complete rows.")
    total = complete.sum(axis=1).var(ddof=1)
    if total == 0:
        raise InputError("alpha is not defined where everybody answered alike.")
    return float(k / (k - 1) * (1 - complete.var(axis=0, ddof=1).sum() / total))


def feldt_interval(value: float, n: int, k: int, *, level: float = 0.95) -> tuple[float, float]:
    """The interval of an alpha from n complete rows and k items, by Feldt's F distribution.

    Reference: Feldt (1965), Psychometrika 30, 357-370.

    >>> low, high = feldt_interval(0.8, 100, 5)
    >>> round(low, 3), round(high, 3)
    (0.731, 0.856)
    """
    df1, df2 = n - 1, (n - 1) * (k - 1)
    tail = (1 - level) / 2
    low = 1 - (1 - value) * stats.f.ppf(1 - tail, df1, df2)
    high = 1 - (1 - value) * stats.f.ppf(tail, df1, df2)
    return float(low), float(high)


def reliability(survey: Survey) -> pd.DataFrame:
    """Alpha of every scale in every wave of a survey.

    Returns wave, scale, n (complete rows), n_items, alpha, alpha_low, alpha_high (95 %, Feldt),
    reason ('' or why it is not estimable). Rows with a missing answer are left out.
    """
    rows = []
    for instrument in survey.instruments.values():
        if instrument.kind != "rating":
            continue
        for scale, items in scale_items(survey, instrument).items():
            for wave in survey.waves:
                mine = items.loc[items.index.get_level_values(c.WAVE) == wave]
                rows.append({c.WAVE: wave, c.SCALE: scale, **_alpha_row(mine)})
    names = [c.WAVE, c.SCALE, c.N, c.N_ITEMS, c.ALPHA, c.ALPHA_LOW, c.ALPHA_HIGH, c.REASON]
    return pd.DataFrame(rows, columns=names)


def _alpha_row(items: pd.DataFrame) -> dict[str, object]:
    complete = items.dropna()
    n, k = complete.shape
    row: dict[str, object] = {
        c.N: n, c.N_ITEMS: k, c.ALPHA: np.nan, c.ALPHA_LOW: np.nan, c.ALPHA_HIGH: np.nan,
        c.REASON: _why_not(items, complete),
    }  # fmt: skip
    if not row[c.REASON]:
        value = alpha(complete)
        low, high = feldt_interval(value, n, k)
        row |= {c.ALPHA: value, c.ALPHA_LOW: low, c.ALPHA_HIGH: high}
    return row


def _why_not(items: pd.DataFrame, complete: pd.DataFrame) -> str:
    if items.shape[1] < 2:
        return "not estimable: one item has no internal consistency"
    if items.isna().all(axis=None):
        return "not estimable: nobody was asked in this wave"
    for name in items:
        if items[name].isna().all():
            return f"not estimable: nobody answered {name}"
    if few := too_few(len(complete), MIN_COMPLETE_ROWS, "complete rows"):
        return few
    for name in complete:
        if complete[name].nunique() == 1:
            return f"not estimable: everybody answered {name} alike"
    if complete.sum(axis=1).nunique() == 1:
        return "not estimable: everybody has the same sum"
    return ""


class _CallableModule(ModuleType):
    """Lets `cp.reliability(survey)` and `cp.reliability.alpha(items)` live under one name."""

    def __call__(self, survey: Survey) -> pd.DataFrame:
        return reliability(survey)


sys.modules[__name__].__class__ = _CallableModule
