"""Sums over groups, and the restricted likelihood that follows from them.

For y = X b + sum of Z_k u_k + e no row is needed once the sums over groups are known. The grouping
with most groups is eliminated by formula: its groups enter through their sizes and the sums of
everything else in them, so that a million rows in many teams cost no more than a few numbers per
size of team. The other groupings (functions, locations) stay as small square matrices. Memory
follows the number of groups, and of pairs of groups that meet, not the number of rows.

Everything is derived from E'V^-1 E with E = [Z of the other groupings, X, y] and
V = I + sum of ratio_k Z_k Z_k': the deviance, its gradient and its exact second derivatives.

References: Harville (1977), JASA 72, 320-338; Searle, Casella & McCulloch (1992), Variance
components, ch. 6 and 8.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

Array = NDArray[np.float64]
Codes = NDArray[np.intp]

_KEPT = 4_000_000  # numbers held for sums of products by size of group


class Curve(NamedTuple):
    """A deviance at a point: its value, gradient, second derivatives, expected information."""

    value: float
    slope: Array
    bend: Array
    information: Array


class Point(NamedTuple):
    """What the restricted likelihood needs to know at given variance ratios."""

    logdet: float  # of V
    logdet_x: float  # of X'V^-1 X
    b: Array
    inverse: Array  # of X'V^-1 X
    rest: float  # y'Py
    traces: Array  # tr(P V_k)
    quads: Array  # y'P V_k P y
    information: Array  # tr(P V_k P V_l)
    bends: Array  # y'P V_k P V_l P y
    lead_slope: Array  # X'V^-1 V_k V^-1 X of the lead
    met: Array  # X'V^-1 Z of all other groupings


@dataclass(frozen=True)
class Sums:
    """Sums of products within and between the groups of the grouping that has most of them."""

    n: int
    levels: tuple[int, ...]  # groups per grouping, as given
    lead: int  # the grouping that is eliminated
    columns: int  # of X
    sizes: Array  # each size of a group of the lead, once
    counts: Array  # how many groups have it
    within: Array  # E'E within the groups of the lead
    by_size: Array | None  # per size, products of sums over groups; None where it would not fit
    group_sums: sparse.csr_matrix
    size_of: Codes  # per group, the place of its size

    @property
    def others(self) -> int:
        """How many groups all other groupings have together."""
        return sum(self.levels) - self.levels[self.lead]

    def weighted(self, weights: Array) -> list[Array]:
        """For each row of weights (one per size): the weighted products of sums over groups."""
        size = self.within.shape[0]
        if self.by_size is not None:
            return list((weights @ self.by_size).reshape(len(weights), size, size))
        found = []
        for row in weights:
            scaled = self.group_sums.multiply(row[self.size_of][:, None]).tocsr()
            found.append(np.asarray((self.group_sums.T @ scaled).toarray(), dtype="float64"))
        return found


def sums_of(y: Array, x: Array, codes: Sequence[Codes], levels: Sequence[int]) -> Sums:
    """One pass over the rows: y, columns x, and per grouping the number of each row's group."""
    lead = int(np.argmax(levels))
    groups = levels[lead]
    rest = [place for place in range(len(levels)) if place != lead]
    own = codes[lead]
    numbers = [*x.T, y]
    table = np.empty((groups, len(numbers)))
    for place, each in enumerate(numbers):
        table[:, place] = np.bincount(own, weights=each, minlength=groups)
    pieces = [_meetings(own, codes[k], groups, levels[k]) for k in rest]
    group_sums = sparse.csr_matrix(sparse.hstack([*pieces, sparse.csr_matrix(table)]))
    total = _products(x, y, [codes[k] for k in rest], [levels[k] for k in rest])
    counted = np.bincount(own, minlength=groups)
    sizes, size_of = np.unique(counted, return_inverse=True)
    places = np.asarray(size_of, dtype=np.intp)
    sums = Sums(
        n=len(y),
        levels=tuple(levels),
        lead=lead,
        columns=x.shape[1],
        sizes=sizes.astype("float64"),
        counts=np.bincount(places).astype("float64"),
        within=total,
        by_size=_by_size(group_sums, table, places, len(sizes)),
        group_sums=group_sums,
        size_of=places,
    )
    between = sums.weighted((1 / sums.sizes)[None, :])[0]
    return Sums(**{**sums.__dict__, "within": total - between})


def _meetings(one: Codes, other: Codes, rows: int, columns: int) -> sparse.csr_matrix:
    """How many people each pair of groups has in common."""
    if rows * columns <= _KEPT:
        flat = np.bincount(one * columns + other, minlength=rows * columns)
        return sparse.csr_matrix(flat.reshape(rows, columns).astype("float64"))
    found = sparse.coo_matrix((np.ones(len(one)), (one, other)), shape=(rows, columns))
    return found.tocsr()


def _products(x: Array, y: Array, codes: list[Codes], levels: list[int]) -> Array:
    """E'E over all rows."""
    numbers = [*x.T, y]
    starts = np.cumsum([0, *levels])
    size = starts[-1] + len(numbers)
    found = np.zeros((size, size))
    for i, (mine, many) in enumerate(zip(codes, levels, strict=True)):
        span = slice(starts[i], starts[i + 1])
        found[span, span] = np.diag(np.bincount(mine, minlength=many))
        for j in range(i):
            meet = _meetings(mine, codes[j], many, levels[j]).toarray()
            found[span, starts[j] : starts[j + 1]] = meet
            found[starts[j] : starts[j + 1], span] = meet.T
        for place, each in enumerate(numbers, start=starts[-1]):
            column = np.bincount(mine, weights=each, minlength=many)
            found[span, place], found[place, span] = column, column
    found[starts[-1] :, starts[-1] :] = _dense_products(x, y)
    return found


def _dense_products(x: Array, y: Array) -> Array:
    found = np.empty((x.shape[1] + 1, x.shape[1] + 1))
    found[:-1, :-1] = x.T @ x
    found[:-1, -1] = found[-1, :-1] = x.T @ y
    found[-1, -1] = y @ y
    return found


def _by_size(
    group_sums: sparse.csr_matrix, table: Array, size_of: Codes, sizes: int
) -> Array | None:
    """Products of the sums over groups, added up over groups of the same size."""
    width = group_sums.shape[1]
    if sizes * width**2 > _KEPT:
        return None
    order = np.argsort(size_of, kind="stable")
    ends = np.concatenate([[0], np.cumsum(np.bincount(size_of, minlength=sizes))])
    found = np.empty((sizes, width, width))
    plain = table[order] if width == table.shape[1] else None
    sorted_sums = None if plain is not None else group_sums[order]
    for place in range(sizes):
        rows = slice(ends[place], ends[place + 1])
        if plain is not None:
            found[place] = plain[rows].T @ plain[rows]
        elif sorted_sums is not None:
            mine = sorted_sums[rows]
            found[place] = (mine.T @ mine).toarray()
    return found.reshape(sizes, -1)


def point(sums: Sums, ratios: Array) -> Point:
    """The restricted likelihood's parts at variance ratios (one per grouping, in their order)."""
    q, p, k = sums.others, sums.columns, len(sums.levels)
    lead = float(ratios[sums.lead])
    shrunk = 1 / (1 + lead * sums.sizes)
    around, w2, w3 = sums.weighted(
        np.stack([shrunk / sums.sizes, shrunk**2, sums.sizes * shrunk**3])
    )
    a = sums.within + around  # E'V^-1 E with the lead alone
    rest = [place for place in range(k) if place != sums.lead]
    starts = np.cumsum([0, *(sums.levels[place] for place in rest)])
    xs, y = slice(q, q + p), q + p
    logdet = float(sums.counts @ np.log1p(lead * sums.sizes))
    turn = np.eye(q + p + 1)  # E'V^-1 E with all groupings is a @ turn
    b_r = np.zeros((q, q))
    t = a.copy()
    if q:
        theta = np.sqrt(np.repeat(ratios[rest], [sums.levels[place] for place in rest]))
        middle = theta[:, None] * a[:q, :q] * theta
        middle[np.diag_indices(q)] += 1
        logdet += 2 * float(np.log(np.diag(np.linalg.cholesky(middle))).sum())
        # Solved rather than multiplied by an inverse: large ratios would lose many digits.
        solved = np.linalg.solve(middle, np.hstack([theta[:, None] * a[:q], np.eye(q)]))
        full, inverse = solved[:, : q + p + 1], solved[:, q + p + 1 :]
        b_r = theta[:, None] * inverse * theta
        there = theta > 0
        safe = np.where(there, theta, 1.0)
        turn[:q] -= theta[:, None] * full
        turn[:q, :q] = np.where(there, theta[:, None] * inverse / safe, turn[:q, :q])
        # Divided rather than subtracted: nothing is lost however large a variance is.
        t[:q] = np.where(there[:, None], full / safe[:, None], a[:q] - (a[:q, :q] * theta) @ full)
        t[q:, :q] = t[:q, q:].T
        t[q:, q:] -= (theta[:, None] * a[:q, q:]).T @ full[:, q:]
    xx = t[xs, xs]
    inverse_x = np.asarray(np.linalg.inv(xx), dtype="float64")
    b = inverse_x @ t[xs, y]
    turned = turn[:, xs]
    clear = turn - turned @ (inverse_x @ t[xs])  # the same with X taken out
    seen = t - t[:, xs] @ (inverse_x @ t[xs])
    gamma = turned @ inverse_x @ turned.T
    gamma[:q, :q] += b_r

    traces, quads = np.empty(k), np.empty(k)
    information, bends = np.empty((k, k)), np.empty((k, k))
    first, spread = sums.lead, sums.sizes * shrunk
    gamma_w2 = gamma @ w2
    mine = clear[:, y]
    w2_mine = w2 @ mine
    traces[first] = sums.counts @ spread - np.trace(gamma_w2)
    quads[first] = mine @ w2_mine
    information[first, first] = (
        sums.counts @ spread**2 - 2 * (gamma * w3).sum() + (gamma_w2 * gamma_w2.T).sum()
    )
    bends[first, first] = mine @ w3 @ mine - w2_mine @ gamma @ w2_mine
    if q:
        begin, score, block = starts[:-1], seen[:q, y], seen[:q, :q]
        across = w2 @ clear[:, :q]
        traces[rest] = np.add.reduceat(np.diag(block), begin)
        quads[rest] = np.add.reduceat(score**2, begin)
        edge = np.add.reduceat((clear[:, :q] * across).sum(axis=0), begin)
        information[rest, first] = information[first, rest] = edge
        edge = np.add.reduceat((mine @ across) * score, begin)
        bends[rest, first] = bends[first, rest] = edge
        square = np.ix_(rest, rest)
        by_rows = np.add.reduceat(block**2, begin, axis=0)
        information[square] = np.add.reduceat(by_rows, begin, axis=1)
        by_rows = np.add.reduceat(score[:, None] * block * score, begin, axis=0)
        bends[square] = np.add.reduceat(by_rows, begin, axis=1)
    return Point(
        logdet=logdet,
        logdet_x=float(np.linalg.slogdet(xx)[1]),
        b=b,
        inverse=inverse_x,
        rest=float(seen[y, y]),
        traces=traces,
        quads=quads,
        information=information,
        bends=bends,
        lead_slope=turned.T @ w2 @ turned,
        met=t[xs, :q],
    )


def slopes(sums: Sums, at: Point) -> list[Array]:
    """X'V^-1 V_k V^-1 X, per grouping."""
    ends = np.cumsum([0, *(n for k, n in enumerate(sums.levels) if k != sums.lead)])
    found = [at.met[:, start:end] @ at.met[:, start:end].T for start, end in pairwise(ends)]
    return [*found[: sums.lead], at.lead_slope, *found[sums.lead :]]


def profiled(sums: Sums, ratios: Array) -> Curve:
    """The REML deviance over the ratios alone, the residual variance at its best for them."""
    at = point(sums, ratios)
    free = sums.n - sums.columns
    if not at.rest > 0:  # rounding, far out where nothing is left
        return _nowhere(len(ratios))
    pull = at.quads / at.rest
    return Curve(
        value=free * float(np.log(at.rest)) + at.logdet + at.logdet_x,
        slope=at.traces - free * pull,
        bend=free * (2 * at.bends / at.rest - np.outer(pull, pull)) - at.information,
        information=at.information - np.outer(at.traces, at.traces) / free,
    )


def _nowhere(size: int) -> Curve:
    nothing = np.zeros((size, size))
    return Curve(np.inf, np.zeros(size), nothing, nothing)


def deviance(sums: Sums, variances: Array) -> Curve:
    """The REML deviance over all variances, the residual one last; infinite where that is 0."""
    k = len(sums.levels)
    s = float(variances[-1])
    if not s > 0:
        return _nowhere(k + 1)
    at = point(sums, variances[:-1] / s)
    free = sums.n - sums.columns
    slope, bend, information = np.empty(k + 1), np.empty((k + 1, k + 1)), np.empty((k + 1, k + 1))
    slope[:k] = (at.traces - at.quads / s) / s
    bend[:k, :k] = (2 * at.bends / s - at.information) / s**2
    information[:k, :k] = at.information / s**2
    # What belongs to the residual follows from V being the sum of its parts.
    slope[k] = (free - at.rest / s - variances[:k] @ slope[:k]) / s
    bend[k, :k] = bend[:k, k] = (at.quads / s**2 - slope[:k] - variances[:k] @ bend[:k, :k]) / s
    edge = (at.traces / s - variances[:k] @ information[:k, :k]) / s
    information[k, :k] = information[:k, k] = edge
    homogeneous = (
        free - 2 * (at.traces @ variances[:k]) / s
        + variances[:k] @ information[:k, :k] @ variances[:k]
    )  # fmt: skip
    information[k, k] = homogeneous / s**2
    # s * slope_residual + sum of variance * slope = free - rest, differentiated in s.
    squares = at.rest / s - 2 * (at.quads @ variances[:k]) / s**2
    twice = variances[:k] @ at.bends @ variances[:k] / s**3
    bend[k, k] = (2 * (squares + twice) - homogeneous) / s**2
    value = free * float(np.log(s)) + at.logdet + at.logdet_x + at.rest / s
    return Curve(value, slope, bend, information)
