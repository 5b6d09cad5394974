"""Reliability of ordered answers: what coarse answers leave of a scale.

An answer from 'never' to 'always' is a step, not a measurement. Two coefficients start from the
polychoric correlations of what lies underneath. Categorical omega goes back to the answers: it is
the reliability of the sum that people really get (Green & Yang 2009), and the one to lead with.
Ordinal alpha stays underneath: it is the alpha of leanings that nobody observes, hypothetical, and
mostly above that of any score (Chalmers 2018).

References: Green & Yang (2009), Psychometrika 74, 155-167; Zumbo, Gadermann & Zeisser (2007),
Journal of Modern Applied Statistical Methods 6, 21-29; Chalmers (2018), Educational and
Psychological Measurement 78, 1056-1071.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy import special

from cultureplus import columns as c
from cultureplus.cfa import cfa
from cultureplus.errors import InputError
from cultureplus.estimability import MIN_COMPLETE_ROWS, too_few
from cultureplus.polychoric import MAX_ANSWERS, Array, both_below, two_step

TOTALS = ("implied", "observed")
_SCALE = "the scale"  # the factor, where the user has named none
_ONE_ITEM = "not estimable: one item has no internal consistency"
_TWO_ITEMS = (
    "not estimable: two items do not say how strongly each speaks for the scale, at least 3 needed"
)


def ordinal_alpha(items: pd.DataFrame) -> float:
    """Alpha of the polychoric correlations, k/(k-1) (1 - k / sum of the matrix): hypothetical.

    `items`: keyed, numbers, at most 30 different answers an item; rows with a missing answer are
    left out. Returns alpha (at most 1) of the leanings behind the answers, not of a score of the
    answers. Raises `InputError` where it is not estimable: fewer than two items or ten complete
    rows, an item without variance, a correlation that is as good as perfect.

    Reference: Zumbo, Gadermann & Zeisser (2007). R: psych::alpha(psych::polychoric(items)$rho).

    Twelve of sixteen people give the same of two equally frequent answers: r = .7071, and alpha is
    2 r / (1 + r).

    >>> items = pd.DataFrame({"a": [1] * 8 + [2] * 8, "b": [1] * 6 + [2] * 8 + [1] * 2})
    >>> round(ordinal_alpha(items), 4)
    0.8284
    """
    value, reason = estimate_ordinal_alpha(items)
    if reason:
        raise InputError(f"ordinal alpha is {reason}.")
    return value


def categorical_omega(items: pd.DataFrame, *, total: str = "implied") -> float:
    """Omega of the sum of ordered answers, from one factor behind them (Green & Yang).

    `items` as in `ordinal_alpha`. The factor model is fitted to the polychoric correlations by
    diagonally weighted least squares; its loadings and the thresholds say how two answers would go
    together if they shared nothing but the factor, and this is the part of the variance of the sum
    that is reliable. Answers count with their values, also where one was never given. `total`: the
    correlations behind the variance of the sum are those that the model implies, or the 'observed'
    polychoric ones. Returns omega (0-1). Raises `InputError` where it is not estimable: as in
    `ordinal_alpha`, and fewer than three items, no minimum, a loading above 1.

    Reference: Green & Yang (2009), formula 21. R: semTools::compRelSEM(fit, obs.var = FALSE) on
    lavaan::cfa(..., ordered = TRUE).

    >>> draw = np.random.default_rng(1)
    >>> trust = draw.normal(size=2000)
    >>> items = pd.DataFrame({name: trust + draw.normal(size=2000) for name in "abcd"})
    >>> round(categorical_omega(items.clip(-1, 1).round()), 2)  # 0.8 before rounding to three
    0.73
    """
    value, reason = estimate_categorical_omega(items, total=total)
    if reason:
        raise InputError(f"categorical omega is {reason}.")
    return value


def estimate_ordinal_alpha(items: pd.DataFrame) -> tuple[float, str]:
    """Ordinal alpha and '', or a missing number and the reason."""
    r, reason = _correlations(items)
    if reason:
        return np.nan, reason
    k = len(r)
    if r.sum() <= 0:
        return np.nan, "not estimable: the items contradict each other"
    return float(k / (k - 1) * (1 - k / r.sum())), ""


def estimate_categorical_omega(items: pd.DataFrame, *, total: str = "implied") -> tuple[float, str]:
    """Categorical omega and '', or a missing number and the reason."""
    if total not in TOTALS:
        raise InputError("There is no such variance of the sum.", found=total, possible=TOTALS)
    reason = _unfit(items)
    if reason or items.shape[1] == 2:
        return np.nan, reason or _TWO_ITEMS
    names = [str(name) for name in items.columns]
    items = items.set_axis(names, axis=1)
    fit = cfa(items, {_SCALE: names}, "wlsmv")
    loading = fit.loadings[c.STD].to_numpy(dtype="float64")
    if fit.status != "ok":
        return np.nan, _said(fit.reason)
    r: Array = np.outer(loading, loading)
    observed, reason = _correlations(items) if total == "observed" else (r, "")
    if reason:
        return np.nan, reason
    given = [np.unique(column) for column in items.dropna().to_numpy(dtype="float64").T]
    of = np.repeat(np.arange(len(names)), [len(answers) - 1 for answers in given])
    steps = np.concatenate([np.diff(answers) for answers in given])
    cuts = fit.thresholds[c.ESTIMATE].to_numpy(dtype="float64")
    below = special.ndtr(cuts)
    alone = np.outer(below, below)
    # How far two steps are taken together, over chance: by what is shared, and in all.
    shared = _both(cuts, r[np.ix_(of, of)]) - alone
    same = of[:, None] == of
    apart = np.where(same, 0.0, observed[np.ix_(of, of)])
    whole = np.where(same, np.minimum.outer(below, below), _both(cuts, apart)) - alone
    return float(steps @ shared @ steps / (steps @ whole @ steps)), ""


def _both(cuts: Array, r: Array) -> Array:
    """The share of people below both of two thresholds, for all of them."""
    return both_below(cuts[:, None], cuts[None, :], r)


def _correlations(items: pd.DataFrame) -> tuple[Array, str]:
    """Polychoric correlations, and '' or why some are missing."""
    reason = _unfit(items)
    if reason:
        return np.zeros((0, 0)), reason
    found = two_step(items, acov=False)
    r = found.correlations.to_numpy(dtype="float64")
    return r, "" if found.status == "ok" else _said(found.reason)


def _said(reason: str) -> str:
    """A reason from elsewhere, as one of ours: here nothing is given at a bound."""
    return f"not estimable: {reason.removeprefix('not estimable: ').partition(', given at')[0]}"


def _unfit(items: pd.DataFrame) -> str:
    """Why these items have no polychoric correlations to begin with, or ''."""
    if not isinstance(items, pd.DataFrame):
        raise InputError("items are a DataFrame, a row per person, a column per item.")
    if items.shape[1] < 2:
        return _ONE_ITEM
    for place, name in enumerate(items.columns):
        answers = items.iloc[:, place].nunique()
        if answers == 0:
            return f"not estimable: nobody answered {name}"
        if answers > MAX_ANSWERS:
            return f"not estimable: {name} has {answers} different answers, at most {MAX_ANSWERS}"
    return too_few(len(items.dropna()), MIN_COMPLETE_ROWS, "complete rows")
