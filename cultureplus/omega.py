"""Omega: how much of a sum of items comes from what the items share.

Alpha takes every item to speak for its scale equally strongly. Omega asks a factor model how
strongly each one speaks, and gives the share of the sum's variance that the factor carries. Where a
questionnaire has subscales, hierarchical omega gives the share that the one thing behind all of
them carries. A model that failed, or whose numbers are impossible, gives no omega but a reason.

References: McDonald (1999), Test theory: a unified treatment; Zinbarg, Revelle, Yovel & Li (2005),
Psychometrika 70, 123-133; Raykov (2002), Structural Equation Modeling 9, 195-212.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import special

from cultureplus import cfa_model as cm
from cultureplus.cfa import cfa
from cultureplus.cfa_report import CfaFit, Free
from cultureplus.errors import InputError, counted
from cultureplus.estimability import MIN_COMPLETE_ROWS, too_few

TOTALS = ("implied", "observed")
_TWO_ITEMS = (
    "not estimable: two items do not say how strongly each speaks for the scale, at least 3 needed"
)
_ONE_ITEM = "not estimable: one item has no internal consistency"
_MIN_SUBSCALES = 3
_NOTHING = 1e-12  # loadings that cancel out leave an omega of nought, and it has no logit
_SCALE = "the scale"  # the factor, where the user has named none
_GENERAL = "the general factor"


@dataclass(frozen=True)
class Omega:
    """An omega (0-1) with its interval, or why there is none (then all numbers are missing)."""

    value: float = np.nan
    low: float = np.nan
    high: float = np.nan
    reason: str = ""


def omega(items: pd.DataFrame, *, total: str = "implied") -> float:
    """Omega total of one factor, (sum of loadings)^2 / ((sum of loadings)^2 + sum of residuals).

    `items`: keyed, one row per person; rows with a missing answer are left out. The model is fitted
    by maximum likelihood to the covariances. `total`: the variance of the sum is the one that the
    model implies (as above), or the 'observed' one. Returns omega (0-1). Raises `InputError` where
    it is not estimable: fewer than three items or ten complete rows, an item without variance, no
    minimum, an impossible residual.

    Reference: McDonald (1999). R: semTools::compRelSEM(fit, obs.var = FALSE).

    >>> draw = np.random.default_rng(1)
    >>> trust = draw.normal(size=20_000)
    >>> items = pd.DataFrame({name: trust + draw.normal(size=20_000) for name in "abcd"})
    >>> round(omega(items), 2)  # four loadings and four residuals of 1: 16 / (16 + 4)
    0.8
    """
    return _or_error(estimate_omega(items, total=total))


def omega_hierarchical(
    items: pd.DataFrame, subscales: Mapping[str, Sequence[str]], *, total: str = "implied"
) -> float:
    """Hierarchical omega: the share of the sum's variance that one factor behind all subscales has.

    `items` as in `omega`; `subscales`: subscale -> its items, at least three subscales of two. The
    variant is that of a second-order model by maximum likelihood: an item's general loading is its
    loading times that of its subscale (Schmid & Leiman 1957). `total` as in `omega`. Returns 0-1.
    Raises `InputError` where it is not estimable, or where a subscale does not fit the columns.

    Reference: Zinbarg, Revelle, Yovel & Li (2005). R: semTools::compRelSEM(fit, higher = "g").

    >>> draw = np.random.default_rng(1)
    >>> general = draw.normal(size=20_000)
    >>> subscales = {"x": ["x1", "x2"], "y": ["y1", "y2"], "z": ["z1", "z2"]}
    >>> own = {name: general + draw.normal(size=20_000) for name in subscales}
    >>> items = pd.DataFrame({item: own[name] + draw.normal(size=20_000)
    ...     for name, mine in subscales.items() for item in mine})
    >>> round(omega_hierarchical(items, subscales), 2)  # 6^2 / (6^2 + 3 * 2^2 + 6) = 0.67
    0.67
    """
    return _or_error(estimate_omega_hierarchical(items, subscales, total=total))


def estimate_omega(items: pd.DataFrame, *, total: str = "implied", level: float = 0.95) -> Omega:
    """Omega total with its interval, or the reason why there is none.

    The interval is that of the delta method on the scale of the logit, from standard errors that
    hold without normality (MLR), so that few and coarse answers do not make it too narrow. With the
    'observed' total there is none, nor where the loadings cancel out and omega is 0.

    Reference: Raykov (2002), Structural Equation Modeling 9, 195-212; on the logit scale and with
    robust errors Kelley & Pornprasertmanit (2016), Psychological Methods 21, 69-92.
    """
    items = _checked(items, total)
    names = list(items)
    if len(names) < 3:
        return Omega(reason=_ONE_ITEM if len(names) < 2 else _TWO_ITEMS)
    if few := _few(items, names):
        return Omega(reason=few)
    return _share(cfa(items, {_SCALE: names}, "mlr"), items, total, level)


def estimate_omega_hierarchical(
    items: pd.DataFrame,
    subscales: Mapping[str, Sequence[str]],
    *,
    total: str = "implied",
    level: float = 0.95,
) -> Omega:
    """Hierarchical omega with its interval (as in `estimate_omega`), or why there is none."""
    items = _checked(items, total)
    names = list(cm.read_model(subscales, items.columns).items)
    if len(subscales) < _MIN_SUBSCALES:
        have = counted(len(subscales), "subscale")
        return Omega(reason=f"not estimable: {have}, at least {_MIN_SUBSCALES} needed")
    for name, mine in subscales.items():
        if len(mine) < 2:
            return Omega(reason=f"not estimable: {name} has one item, at least 2 needed")
    if few := _few(items, names):
        return Omega(reason=few)
    fit = cfa(items, subscales, "mlr", second_order=_GENERAL)
    return _share(fit, items[names], total, level)


def _checked(items: pd.DataFrame, total: str) -> pd.DataFrame:
    """The items, each by a name of its own that is text."""
    if total not in TOTALS:
        raise InputError("There is no such variance of the sum.", found=total, possible=TOTALS)
    if not isinstance(items, pd.DataFrame):
        raise InputError("items are a DataFrame, a row per person, a column per item.")
    names = [str(name) for name in items.columns]
    if twice := [name for name in names if names.count(name) > 1]:
        raise InputError(f"Two columns are called '{twice[0]}'.")
    return items.set_axis(names, axis=1)


def _few(items: pd.DataFrame, names: list[str]) -> str:
    parts, _, reason = cm.complete_rows(items, names, None)
    few = too_few(sum(map(len, parts)), MIN_COMPLETE_ROWS, "complete rows")
    return few if few and "nobody answered" not in reason else reason


def _share(fit: CfaFit, items: pd.DataFrame, total: str, level: float) -> Omega:
    """What the factor, or the general factor where there is one, has of the variance of the sum."""
    if fit.status != "ok" or fit.free is None:
        return Omega(reason=f"not estimable: {fit.reason.removeprefix('not estimable: ')}")
    free = fit.free
    if total == "observed":
        part = float(_parts(free, free.layout.entries(free.theta))[0][0])
        return Omega(part / float(items.dropna().sum(axis=1).var(ddof=0)))

    def share(entries: cm.Entries) -> cm.Numbers:
        part, rest = _parts(free, entries)
        return part / (part + rest)

    values, errors = free.follow(share)
    value, se = float(values[0]), float(errors[0])
    if value < _NOTHING:
        return Omega(0.0)
    reach = special.ndtri((1 + level) / 2) * se / (value * (1 - value))
    low, high = special.expit(special.logit(value) + np.array([-reach, reach]))
    return Omega(value, float(low), float(high))


def _parts(free: Free, entries: cm.Entries) -> tuple[cm.Numbers, cm.Numbers]:
    """The variance of the sum that is due to the factor in question, and all the rest of it."""
    through = free.unit @ entries["loading"]  # of each factor, over the items
    own = (entries["residual"] * free.unit**2).sum(axis=-1)
    shared = (through * (cm.factor_covariance(entries) @ through[..., None])[..., 0]).sum(axis=-1)
    if free.layout.structure.second_order is None:
        return shared, own
    general = entries["top"] * (through * entries["second"]).sum(axis=-1) ** 2
    return general, shared - general + own


def _or_error(found: Omega) -> float:
    if found.reason:
        raise InputError(f"omega is {found.reason}.")
    return found.value
