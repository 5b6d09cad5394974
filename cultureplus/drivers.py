"""Which scores carry the explained variance of an outcome, and how sure that is.

Scores of one survey go together, so there is no one share that belongs to each of them. LMG
(general dominance) gives each predictor what it adds to R2, averaged over all orders in which the
predictors can enter; Johnson's relative weights come near it through uncorrelated stand-ins. Both
sum to R2. The word driver is the field's: the shares say what goes with the outcome, not what moves
it, and no share is a cause.

All subsets of the predictors come from one correlation matrix. Each predictor in turn is either
left out or partialled out of those that follow, so the matrices double in number while they shrink:
2^p of them cost about as much as one pass over 6 * 2^p numbers.
"""

from __future__ import annotations

from math import comb

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from cultureplus import columns as c
from cultureplus.errors import InputError
from cultureplus.estimability import MIN_RESIDUAL_DF, too_few
from cultureplus.listwise import COLLINEAR, Rows, listwise
from cultureplus.one_thread import one_thread

Array = NDArray[np.float64]

_NUMBERS = (
    c.R, c.LMG, c.LOW, c.HIGH, c.JOHNSON, c.JOHNSON_LOW, c.JOHNSON_HIGH, c.MEAN, c.MEAN_LOW,
    c.MEAN_HIGH, c.R2,
)  # fmt: skip
COLUMNS = [c.PREDICTOR, *_NUMBERS, c.N, c.N_GROUPS, c.REASON]
_OUTCOME = "the outcome"
_MOST = 15  # predictors: 32,768 subsets
_MIN_GROUPS = 10  # fewer groups drawn anew say little of other groups
_FEWEST_DRAWS = 100
_NUMBERS_AT_ONCE = 4_000_000  # while drawing
_SUBSETS_AT_ONCE = 131_072  # few enough to stay near the processor


@one_thread
def drivers(
    outcome: pd.Series,
    predictors: pd.DataFrame,
    group: pd.Series | None = None,
    *,
    draws: int = 1000,
    seed: int = 1,
) -> pd.DataFrame:
    """How much of an outcome's variance goes with each of several predictors.

    `outcome`: numbers; `predictors`: one column each, at most 15; `group`: one label per row, all
    aligned by index. Rows missing any of these are left out. Returns, per predictor: r (with the
    outcome), lmg (0-1), low, high, johnson (0-1), johnson_low, johnson_high, mean (as given),
    mean_low, mean_high, r2 (of all together, to which either kind of share sums), n, n_groups,
    reason. Intervals (95 %, percentile) come from drawing whole groups anew, people where there is
    no group, and always hold the share itself; shares are never below nought, so an interval above
    nought tests nothing. With fewer than ten groups there is no interval. Collinear or constant
    predictors (named) and fewer than ten residual degrees of freedom are not estimable. Raises
    `InputError` for more than 15 predictors, what is no number or not aligned. These are shares of
    association, never causes.

    References: Lindeman, Merenda & Gold (1980), Introduction to bivariate and multivariate
    analysis, 119 ff.; Budescu (1993), Psychological Bulletin 114, 542-551; Johnson (2000),
    Multivariate Behavioral Research 35, 1-19. R: relaimpo::calc.relimp(type = "lmg").

    >>> a, b = np.tile([-1.0, 1, -1, 1], 5), np.tile([-1.0, -1, 1, 1], 5)
    >>> error = np.tile([-1.0, 1, 1, -1], 5)
    >>> found = drivers(pd.Series(2 * a + b + error), pd.DataFrame({"a": a, "b": b}), draws=100)
    >>> found[["predictor", "lmg", "johnson", "r2"]].round(3).to_numpy().tolist()
    [['a', 0.667, 0.667, 0.833], ['b', 0.167, 0.167, 0.833]]
    """
    names = _checked(predictors, draws, seed)
    columns = dict(zip(names, (each for _, each in predictors.items()), strict=True))
    rows = listwise({_OUTCOME: outcome} | columns, group)
    values = rows.numbers.to_numpy(dtype="float64")
    table = pd.DataFrame({c.PREDICTOR: names}).assign(**dict.fromkeys(_NUMBERS, np.nan))
    table[c.N], table[c.N_GROUPS] = rows.n, rows.n_groups
    if reason := _why_not(rows, names):
        return table.assign(**{c.REASON: reason})[COLUMNS]
    centre, spread = values.mean(axis=0), values.std(axis=0)
    z = (values - centre) / spread
    r = (z.T @ z / rows.n)[None]
    table[c.R], table[c.MEAN] = r[0, 0, 1:], centre[1:]
    table[c.LMG], table[c.JOHNSON] = lmg(r)[0], johnson(r)[0]
    table[c.R2] = table[c.LMG].sum()
    grouped = group is not None
    what = "groups" if grouped else "people"
    reason = too_few(rows.n_groups, _MIN_GROUPS, what).replace("not estimable", "no interval")
    if not reason:
        drawn = _drawn(z, rows, draws, seed)
        ends = [np.percentile(each, [2.5, 97.5], axis=0) for each in drawn]
        for share, low, high, (least, most) in (
            (c.LMG, c.LOW, c.HIGH, ends[0]),
            (c.JOHNSON, c.JOHNSON_LOW, c.JOHNSON_HIGH, ends[1]),
        ):  # shares drawn anew lean upwards; where rows are few past the share itself
            table[low] = np.minimum(least, table[share])
            table[high] = np.maximum(most, table[share])
        table[c.MEAN_LOW], table[c.MEAN_HIGH] = centre[1:] + ends[2] * spread[1:]
    return table.assign(**{c.REASON: reason})[COLUMNS]


def lmg(r: Array) -> Array:
    """What each predictor adds to R2, averaged over all orders, for many matrices at once.

    `r`: correlations, matrices x (1 + p) x (1 + p), the outcome first. Returns matrices x p.

    >>> lmg(np.array([[[1.0, 0.6, 0.3], [0.6, 1.0, 0.5], [0.3, 0.5, 1.0]]])).round(4).tolist()
    [[0.315, 0.045]]
    """
    p = r.shape[1] - 1
    weights = _weights(p)
    step = max(1, _SUBSETS_AT_ONCE >> p)
    blocks = [r[start : start + step] for start in range(0, len(r), step)]
    return np.concatenate([weights @ _unexplained(block) for block in blocks], axis=1).T


def _weights(p: int) -> Array:
    """Per predictor and subset, how much of the subset's unexplained variance is in its share.

    The first predictor decides the lowest bit of a subset's number.
    """
    subsets = np.arange(1 << p)
    member = (subsets >> np.arange(p)[:, None]) & 1
    size = member.sum(axis=0)
    share = np.array([1 / (p * comb(p - 1, before)) for before in range(p)])
    without = share[np.minimum(size, p - 1)]
    with_ = share[np.maximum(size, 1) - 1]
    return np.where(member == 1, -with_, without)


def _unexplained(r: Array) -> Array:
    """The outcome's variance that each subset leaves: subsets x matrices."""
    # The outcome goes last and the matrices along the last axis, where the processor likes them.
    turned = np.roll(r, -1, axis=(1, 2))
    left = np.ascontiguousarray(np.moveaxis(turned, 0, -1))[:, :, None, :]
    while len(left) > 1:
        k, subsets, matrices = len(left) - 1, left.shape[2], left.shape[3]
        pivot, row, rest = left[0, 0], left[0, 1:], left[1:, 1:]
        safe = pivot > COLLINEAR
        scaled = row * np.where(safe, 1 / np.where(safe, pivot, 1.0), 0.0)
        both = np.empty((k, k, 2, subsets, matrices))
        both[:, :, 0] = rest
        for place in range(k):  # a symmetric matrix: the upper half is all that is read
            np.multiply(scaled[place], row[place:], out=both[place, place:, 1])
            np.subtract(rest[place, place:], both[place, place:, 1], out=both[place, place:, 1])
        left = both.reshape(k, k, 2 * subsets, matrices)
    return left[0, 0]


def johnson(r: Array) -> Array:
    """Johnson's relative weights for many correlation matrices at once.

    `r`: matrices x (1 + p) x (1 + p), the outcome first. Returns matrices x p.

    >>> johnson(np.array([[[1.0, 0.6, 0.3], [0.6, 1.0, 0.5], [0.3, 0.5, 1.0]]])).round(4).tolist()
    [[0.315, 0.045]]
    """
    values, vectors = np.linalg.eigh(r[:, 1:, 1:])
    safe = values > COLLINEAR
    root = np.sqrt(np.where(safe, values, 0.0))
    inverse = np.where(safe, 1 / np.where(safe, root, 1.0), 0.0)
    turned = np.swapaxes(vectors, 1, 2)
    loadings = (vectors * root[:, None]) @ turned
    slopes = (vectors * inverse[:, None]) @ turned @ r[:, 1:, :1]
    return np.asarray((loadings**2 @ slopes**2)[:, :, 0])


def _checked(predictors: pd.DataFrame, draws: int, seed: int) -> list[str]:
    if not isinstance(predictors, pd.DataFrame):
        raise InputError(
            "Predictors are a table, one column each.", found=type(predictors).__name__
        )
    names = [str(name) for name in predictors.columns]
    if not names:
        raise InputError("There is no predictor.")
    if len(set(names)) < len(names):
        raise InputError("A predictor stands twice in the table.", found=", ".join(names))
    if len(names) > _MOST:
        raise InputError(f"At most {_MOST} predictors can be weighed.", found=f"{len(names)}")
    if draws < _FEWEST_DRAWS or seed < 0:
        raise InputError(f"An interval needs {_FEWEST_DRAWS} draws and a seed from 0 up.")
    return names


def _why_not(rows: Rows, names: list[str]) -> str:
    p = len(names)
    freedom = max(rows.n - p - 1, 0)
    if reason := too_few(freedom, MIN_RESIDUAL_DF, "residual degrees of freedom"):
        return reason
    if not rows.varies(_OUTCOME):
        return f"not estimable: {_OUTCOME} does not vary"
    return rows.tied({name: name for name in names})


def _drawn(z: Array, rows: Rows, draws: int, seed: int) -> tuple[Array, Array, Array]:
    """LMG, Johnson's weights and the means in each draw of whole groups."""
    q = z.shape[1]
    upper = np.triu_indices(q)
    columns = [np.ones(rows.n), *z.T, *(z[:, i] * z[:, j] for i, j in zip(*upper, strict=True))]
    if rows.n_groups == rows.n:
        sums = np.column_stack(columns)
    else:
        sums = np.column_stack([np.bincount(rows.codes, weights=each) for each in columns])
    draw = np.random.default_rng(seed)
    groups = rows.n_groups
    totals = np.empty((draws, sums.shape[1]))
    step = max(1, _NUMBERS_AT_ONCE // groups)
    for start in range(0, draws, step):
        size = min(step, draws - start)
        chosen = draw.integers(0, groups, (size, groups)) + groups * np.arange(size)[:, None]
        counts = np.bincount(chosen.ravel(), minlength=size * groups).reshape(size, groups)
        totals[start : start + size] = counts @ sums
    means = totals[:, 1 : q + 1] / totals[:, :1]
    moments = np.empty((draws, q, q))
    moments[:, upper[0], upper[1]] = totals[:, q + 1 :] / totals[:, :1]
    moments[:, upper[1], upper[0]] = moments[:, upper[0], upper[1]]
    moments -= means[:, :, None] * means[:, None, :]
    spread = np.sqrt(np.maximum(np.diagonal(moments, axis1=1, axis2=2), 0.0))
    safe = np.where(
        spread > np.sqrt(COLLINEAR), spread, np.inf
    )  # alike in a draw: explains nothing
    r = moments / (safe[:, :, None] * safe[:, None, :])
    r[:, np.arange(q), np.arange(q)] = 1.0
    return lmg(r), johnson(r), means[:, 1:]
