"""Who names a barrier: how the odds, and the share, go with the scores.

A barrier is named or not, so the model is one of odds, with people of one team answering alike
(generalised estimating equations, exchangeable working correlation). The odds ratio is what the
field reports; the average marginal effect is what most readers can use: by how much the share of
people who name the barrier differs, per answer of the score. With few teams the usual robust errors
are too small; here they are those of Mancl and DeRouen, and the interval takes t with as many
degrees of freedom as teams are left after the terms. Associations, not causes.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
import scipy
from numpy.typing import NDArray
from scipy import special

from cultureplus import columns as c
from cultureplus.errors import InputError, did_you_mean
from cultureplus.estimability import MIN_RESIDUAL_DF, too_few
from cultureplus.gee import gee
from cultureplus.listwise import Rows, listwise
from cultureplus.one_thread import one_thread
from cultureplus.tails import t_above, t_quantile

Array = NDArray[np.float64]

ALONE = "no exchangeable correlation fits: people taken as independent"

_NUMBERS = (c.ODDS_RATIO, c.LOW, c.HIGH, c.P, c.AME, c.AME_LOW, c.AME_HIGH)
COLUMNS = [c.BARRIER, c.PREDICTOR, *_NUMBERS, c.N, c.N_GROUPS, c.STATUS, c.REASON]
_BARRIER = "the barrier"
_FEWEST = 10  # people who name a barrier, and people who don't
_NO_DISTANCE = 1e-9  # what the search leaves of nought


@one_thread
def barrier_odds(
    scores: pd.DataFrame,
    barriers: pd.DataFrame,
    predictors: Sequence[str],
    group: pd.Series | str,
) -> pd.DataFrame:
    """How the odds of naming each barrier, and the share who do, go with the scores.

    `scores`: the predictors as columns; `barriers`: one column per barrier, 1 (named), 0 (not) or
    missing, by the same index; `predictors`: columns of scores, all in one model per barrier;
    `group`: one label per row, or the column of scores that holds it. Rows missing any of these are
    left out, per barrier. Returns, per barrier and predictor: odds_ratio (per answer of the score),
    low, high (95 %), p, ame (difference in the share of people, -1 to 1, per answer of the score,
    averaged over people), ame_low, ame_high (95 %, delta method), n, n_groups, status ('ok' or
    'not_estimable'), reason. The model speaks of the population and does not part within from
    between groups. Not estimable, with the reason: a barrier that nobody, everybody, or fewer than
    ten people name (or don't), one group, fewer than ten degrees of freedom among people or groups,
    constant or collinear predictors, and separation. Where no exchangeable correlation fits (each
    stands alone, or people differ within groups more than it allows) people are taken as
    independent, and reason says so. Raises `InputError`
    for an unknown predictor, a barrier that is not 0 or 1, or rows that are not aligned.

    References: Liang & Zeger (1986), Biometrika 73, 13-22; Mancl & DeRouen (2001), Biometrics 57,
    126-134. R: gee::gee(y ~ x, id = team, family = binomial, corstr = "exchangeable").

    >>> draw = np.random.default_rng(1)
    >>> scores = pd.DataFrame({"trust": draw.normal(size=400), "team": np.arange(400) // 10})
    >>> named = (draw.uniform(size=400) < 1 / (1 + np.exp(scores["trust"]))).astype(int)
    >>> found = barrier_odds(scores, named.to_frame("silos"), ["trust"], "team")
    >>> found[["odds_ratio", "low", "high", "ame"]].round(2).to_numpy().tolist()
    [[0.36, 0.27, 0.48, -0.22]]
    """
    chosen = _checked(scores, barriers, predictors)
    if isinstance(group, str):
        if group not in scores:
            raise InputError(
                f"There is no column '{group}' in these scores.",
                possible=scores.columns,
                fix=did_you_mean(group, scores.columns),
            )
        group = scores[group]
    if not scores.index.equals(barriers.index):
        alike = scores.index.nlevels == barriers.index.nlevels
        if not (alike and scores.index.is_unique and barriers.index.is_unique):
            raise InputError(
                "The barriers have other rows than the scores.", fix="give both one index"
            )
        if len(scores) and (barriers.index.get_indexer(scores.index) < 0).all():
            raise InputError("The barriers and the scores have no row in common.")
        barriers = barriers.reindex(scores.index)
    parts = []
    for barrier in barriers:
        columns = {f"score {place}": scores[name] for place, name in enumerate(chosen)}
        rows = listwise({_BARRIER: _named(barriers[barrier], barrier)} | columns, group)
        parts.append(_odds(rows, chosen).assign(**{c.BARRIER: str(barrier)}))
    return pd.concat(parts, ignore_index=True)[COLUMNS]


def _odds(rows: Rows, names: list[str]) -> pd.DataFrame:
    """The rows of one barrier."""
    table = pd.DataFrame({c.PREDICTOR: names}).assign(**dict.fromkeys(_NUMBERS, np.nan))
    table[c.N], table[c.N_GROUPS], table[c.STATUS] = rows.n, rows.n_groups, "not_estimable"
    if reason := _why_not(rows, names):
        return table.assign(**{c.REASON: reason})
    values = rows.numbers.to_numpy(dtype="float64")
    y, x = values[:, 0], values[:, 1:]
    spread = x.std(axis=0)
    design = np.column_stack([np.ones(rows.n), (x - x.mean(axis=0)) / spread])
    if _separated(y, design):
        reason = "not estimable: the predictors tell without error who names it (separation)"
        return table.assign(**{c.REASON: reason})
    fit = gee(y, design, rows.codes)
    said = "" if fit else ALONE
    fit = fit or gee(y, design, rows.codes, exchangeable=False)
    if fit is None:
        reason = "not estimable: the estimating equations have no solution"
        return table.assign(**{c.REASON: reason})
    slopes, covariance = fit.slopes, fit.covariance
    step = t_quantile(0.975, rows.n_groups - len(slopes))
    b, se = slopes[1:], np.sqrt(np.diag(covariance))[1:]
    effects, errors = _marginal(slopes, covariance, design)
    table[c.ODDS_RATIO] = np.exp(b / spread)
    table[c.LOW], table[c.HIGH] = (np.exp((b + end * step * se) / spread) for end in (-1, 1))
    table[c.P] = 2 * t_above(np.abs(b / se), rows.n_groups - len(slopes))
    table[c.AME] = effects / spread
    table[c.AME_LOW], table[c.AME_HIGH] = (
        (effects + end * step * errors) / spread for end in (-1, 1)
    )
    return table.assign(**{c.STATUS: "ok", c.REASON: said})


def _marginal(slopes: Array, covariance: Array, design: Array) -> tuple[Array, Array]:
    """Average marginal effects per standard deviation, and their errors by the delta method."""
    share = special.expit(design @ slopes)
    steep = share * (1 - share)
    turn = (steep * (1 - 2 * share)) @ design / len(design)
    jacobian = np.outer(slopes[1:], turn)
    jacobian[:, 1:] += np.eye(len(slopes) - 1) * steep.mean()
    errors = np.sqrt(np.einsum("ij,jk,ik->i", jacobian, covariance, jacobian))
    return slopes[1:] * steep.mean(), errors


def _separated(y: Array, design: Array) -> bool:
    """Whether some weighing of the predictors never puts a person on the wrong side."""
    signed = design * (2 * y - 1)[:, None]
    found = scipy.optimize.linprog(
        -signed.mean(axis=0), A_ub=-signed, b_ub=np.zeros(len(y)), bounds=(-1, 1), method="highs"
    )
    return bool(found.status == 0 and -found.fun > _NO_DISTANCE)


def _why_not(rows: Rows, names: list[str]) -> str:
    """Why there is no model of this barrier, or ''."""
    if rows.n == 0:
        return "not estimable: nobody has both an answer and the scores"
    named = float(rows.numbers[_BARRIER].sum())
    if named in (0.0, float(rows.n)):
        return f"not estimable: {'everybody' if named else 'nobody'} names it"
    for count, who in ((named, "name it"), (rows.n - named, "don't name it")):
        if count < _FEWEST:  # how many is not said: few people's ticks are theirs
            return f"not estimable: fewer than {_FEWEST} people {who}"
    terms = len(names) + 1
    if reason := too_few(
        max(rows.n - terms, 0), MIN_RESIDUAL_DF, "degrees of freedom among people"
    ):
        return reason
    if rows.n_groups == 1:
        return "not estimable: 1 group"
    freedom = max(rows.n_groups - terms, 0)
    if reason := too_few(freedom, MIN_RESIDUAL_DF, "degrees of freedom among groups"):
        return reason
    return rows.tied({f"score {place}": name for place, name in enumerate(names)})


def _checked(scores: pd.DataFrame, barriers: pd.DataFrame, predictors: Sequence[str]) -> list[str]:
    for table, what in ((scores, "scores"), (barriers, "barriers")):
        if not isinstance(table, pd.DataFrame):
            raise InputError(f"The {what} are a table.", found=type(table).__name__)
        if not table.columns.is_unique:
            raise InputError(f"A column stands twice in the {what}.")
    chosen = [predictors] if isinstance(predictors, str) else list(predictors)
    if not chosen or not len(barriers.columns):
        raise InputError("Barrier odds need at least one predictor and one barrier.")
    if len(set(chosen)) < len(chosen):
        raise InputError("A predictor stands twice in the list.", found=", ".join(chosen))
    for name in chosen:
        if name not in scores:
            raise InputError(
                f"There is no column '{name}' in these scores.",
                possible=scores.columns,
                fix=did_you_mean(name, scores.columns),
            )
    return chosen


def _named(column: pd.Series, barrier: object) -> pd.Series:
    known = column.dropna()
    if not known.isin([0, 1]).all():
        raise InputError("A barrier is named (1) or not (0).", column=barrier)
    return pd.Series(column.to_numpy(dtype="float64", na_value=np.nan), index=column.index)
