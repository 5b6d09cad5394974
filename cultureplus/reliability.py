"""Reliability: whether the items of a scale hang together.

Coefficient alpha (Cronbach 1951) on complete rows of keyed items, with the interval of Feldt
(1965); beside it omega, which does not take the items to be equally good, and the coefficients of
ordered answers. What cannot be given says why.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping, Sequence
from types import ModuleType

import numpy as np
import pandas as pd

from cultureplus import columns as c
from cultureplus.errors import InputError
from cultureplus.estimability import MIN_COMPLETE_ROWS, too_few
from cultureplus.instrument import Instrument
from cultureplus.omega import estimate_omega, estimate_omega_hierarchical, omega, omega_hierarchical
from cultureplus.ordinal_reliability import (
    categorical_omega,
    estimate_categorical_omega,
    estimate_ordinal_alpha,
    ordinal_alpha,
)
from cultureplus.scoring import scale_items
from cultureplus.survey import Survey
from cultureplus.tails import f_quantile

__all__ = [
    "alpha",
    "alphas",
    "categorical_omega",
    "feldt_interval",
    "omega",
    "omega_hierarchical",
    "ordinal_alpha",
    "reliability",
]

_ALPHA = [c.N, c.N_ITEMS, c.ALPHA, c.ALPHA_LOW, c.ALPHA_HIGH]
_OMEGA = [c.OMEGA, c.OMEGA_LOW, c.OMEGA_HIGH, c.OMEGA_HIERARCHICAL]
_ORDINAL = [c.ORDINAL_ALPHA, c.CATEGORICAL_OMEGA]


def alpha(items: pd.DataFrame) -> float:
    """Coefficient alpha, k/(k-1) (1 - sum of item variances / variance of the sum).

    `items`: keyed, one row per person; rows with a missing answer are left out. Returns alpha (at
    most 1; negative where items contradict each other). Raises `InputError` where it is not
    defined: fewer than two items or rows, or no variance; and for what is no finite number.

    Reference: Cronbach (1951), Psychometrika 16, 297-334. R: psych::alpha, raw_alpha.

    >>> items = pd.DataFrame({"a": [1, 2, 3, 4], "b": [1, 3, 2, 4]})
    >>> round(alpha(items), 4)
    0.8889
    """
    if not isinstance(items, pd.DataFrame):
        raise InputError("items are a DataFrame, a row per person, a column per item.")
    try:
        complete = items.dropna().to_numpy(dtype="float64")
    except (TypeError, ValueError) as error:
        raise InputError("An item holds something that is no number.") from error
    if not np.isfinite(complete).all():
        raise InputError("An item holds an infinite number.")
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
    low = 1 - (1 - value) * f_quantile(1 - tail, df1, df2)
    high = 1 - (1 - value) * f_quantile(tail, df1, df2)
    return float(low), float(high)


def reliability(survey: Survey) -> pd.DataFrame:
    """How far the items of every scale hang together, in every wave of a survey.

    Returns wave, scale, n (complete rows), n_items, alpha, alpha_low, alpha_high (95 %, Feldt),
    omega, omega_low, omega_high (one factor by maximum likelihood; 95 %, delta method on the logit
    scale with robust errors), omega_hierarchical (what is behind all subscales, by a second-order
    model; only for the total score of an instrument that has subscales), ordinal_alpha (of
    polychoric correlations: hypothetical, of leanings and not of a score), categorical_omega (of
    the sum of the ordered answers; Green & Yang), reason ('' or what is not estimable, and why).
    Rows with a missing answer are left out. `alphas` gives the first part alone, and at once.

    References: see `alpha`, `omega`, `omega_hierarchical`, `ordinal_alpha`, `categorical_omega`.
    """
    rows = []
    for instrument, start, items in _scales(survey):
        row = {**start, **_alpha_row(items)}
        subscales = _subscales(instrument, str(row[c.SCALE]))
        rows.append(row | _further(items, subscales, str(row[c.REASON])))
    names = [c.WAVE, c.SCALE, *_ALPHA, *_OMEGA, *_ORDINAL, c.REASON]
    return pd.DataFrame(rows, columns=names)


def alphas(survey: Survey) -> pd.DataFrame:
    """Alpha of every scale in every wave of a survey, without the coefficients of factor models.

    Returns wave, scale, n (complete rows), n_items, alpha, alpha_low, alpha_high (95 %, Feldt),
    reason ('' or why it is not estimable). Rows with a missing answer are left out.
    """
    rows = [{**start, **_alpha_row(items)} for _, start, items in _scales(survey)]
    return pd.DataFrame(rows, columns=[c.WAVE, c.SCALE, *_ALPHA, c.REASON])


def _scales(survey: Survey) -> Iterator[tuple[Instrument, dict[str, object], pd.DataFrame]]:
    """Every rated scale in every wave: its instrument, what the row begins with, keyed items."""
    for instrument in survey.instruments.values():
        if instrument.kind != "rating":
            continue
        for scale, items in scale_items(survey, instrument).items():
            for wave in survey.waves:
                mine = items.loc[items.index.get_level_values(c.WAVE) == wave]
                yield instrument, {c.WAVE: wave, c.SCALE: scale}, mine


def _subscales(instrument: Instrument, scale: str) -> dict[str, list[str]]:
    """The items of each subscale, where the scale is the total score of an instrument with such."""
    if scale != instrument.id or not instrument.subscales:
        return {}
    return {
        name: [item.id for item in instrument.items if item.subscale == name]
        for name in instrument.subscales
    }


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


def _further(
    items: pd.DataFrame, subscales: Mapping[str, Sequence[str]], reason: str
) -> dict[str, object]:
    """Omega and the coefficients of ordered answers; nothing where alpha had a reason already."""
    row: dict[str, object] = dict.fromkeys([*_OMEGA, *_ORDINAL], np.nan)
    if reason:
        return row | {c.REASON: reason}
    items = items.dropna()
    found = estimate_omega(items)
    row |= {c.OMEGA: found.value, c.OMEGA_LOW: found.low, c.OMEGA_HIGH: found.high}
    why = {c.OMEGA: found.reason}
    if subscales:
        found = estimate_omega_hierarchical(items, subscales)
        row[c.OMEGA_HIERARCHICAL], why[c.OMEGA_HIERARCHICAL] = found.value, found.reason
    row[c.ORDINAL_ALPHA], why[c.ORDINAL_ALPHA] = estimate_ordinal_alpha(items)
    row[c.CATEGORICAL_OMEGA], why[c.CATEGORICAL_OMEGA] = estimate_categorical_omega(items)
    return row | {c.REASON: _together(why)}


def _together(why: Mapping[str, str]) -> str:
    """One sentence of several reasons, what has the same reason named together.

    >>> _together({"omega": "not estimable: a", "ordinal_alpha": "", "alpha": "not estimable: b"})
    'omega is not estimable: a; alpha is not estimable: b'
    >>> _together({"omega": "not estimable: a", "ordinal_alpha": "not estimable: a"})
    'omega, ordinal alpha are not estimable: a'
    """
    said: dict[str, list[str]] = {}
    for name, reason in why.items():
        if reason:
            said.setdefault(reason, []).append(name.replace("_", " "))
    return "; ".join(
        f"{', '.join(names)} {'is' if len(names) == 1 else 'are'} {reason}"
        for reason, names in said.items()
    )


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
