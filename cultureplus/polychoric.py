"""Polychoric correlations: how two ordered answers hang together underneath.

An answer from 'never' to 'always' is read as a normal leaning cut into steps. Where the cuts lie
follows from how often each answer is given; the correlation of two leanings is then the one under
which the table of both answers is most likely (two steps, Olsson 1979). All pairs are fitted at
once. Empty cells are left empty: nothing is added to them unless it is asked for.

References: Olsson (1979), Psychometrika 44, 443-460; Muthén (1984), Psychometrika 49, 115-132;
Owen (1956), Annals of Mathematical Statistics 27, 1075-1090.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import special

from cultureplus import columns as c
from cultureplus.errors import InputError
from cultureplus.estimability import MIN_COMPLETE_ROWS, too_few
from cultureplus.one_thread import one_thread

Array = NDArray[np.float64]
Codes = NDArray[np.integer]

BOUND = 0.9999  # a correlation is never given nearer to 1 than this
MAX_ANSWERS = 30  # more different answers than these are a measurement, not an ordered answer
_NEVER = 40.0  # a threshold that nobody passes, where items differ in their number of answers
_LEAST = 1e-18  # probabilities below this are rounding
_ROUNDS = 60
_STOP = 1e-10  # step in atanh(r) after which a pair is done; the steps shrink quadratically
_AT_BOUND = f"as good as perfect, given at the bound of {BOUND} without a standard error"
_NO_MAXIMUM = "not estimable: the likelihood has no clear maximum"
_BLOCK = 4096  # people looked up at a time, so that memory does not grow with their number


@dataclass(frozen=True)
class PolychoricFit:
    """Thresholds and correlations of ordered answers, with their joint sampling covariance.

    `correlations`: items by items. `thresholds`: item, threshold (from 1), estimate, se, answer
    (the answer just below the cut); items in the order of the columns. `pairs`: item, other, r,
    se, reason, in the order of `numpy.tril_indices(k, -1)`: (1,0), (2,0), (2,1), (3,0) and so on.
    `acov`: asymptotic covariance of sqrt(n) times (all rows of `thresholds`, then all rows of
    `pairs`), or None where it was not asked for; NaN where a pair has no standard error. `names`:
    its rows in words. `n`: complete rows.

    `status`: 'ok'; 'bounded' (a correlation lies at the bound .9999, without a standard error);
    'partial' (some items have no correlations); 'not_estimable' (none has). `reason` says why.
    """

    correlations: pd.DataFrame
    thresholds: pd.DataFrame
    pairs: pd.DataFrame
    acov: Array | None
    names: tuple[str, ...]
    n: int
    status: str
    reason: str = ""

    def _repr_html_(self) -> str:
        return str(self.correlations.round(3).to_html())

    def __repr__(self) -> str:
        head = f"polychoric correlations: {self.n} complete rows, {self.status}"
        return f"{head} {self.reason}".rstrip() + f"\n{self.correlations.round(3).to_string()}"


@dataclass(frozen=True)
class _Tables:
    """The answers of complete rows, coded from nought, and every table of two items."""

    codes: Codes  # items x people
    sizes: Codes  # answers used, per item
    cuts: Array  # items x (most answers - 1), padded
    first: Codes  # the two items of each pair
    second: Codes
    counts: Array  # pairs x answers x answers, padded with noughts
    filled: Array  # the same after something was put into empty cells

    @property
    def n(self) -> int:
        return int(self.codes.shape[1])


def polychoric(items: pd.DataFrame, *, empty_cells: float = 0.0) -> pd.DataFrame:
    """Polychoric correlation (-1 to 1) of every item with every other.

    `items`: ordered answers (numbers or ordered categories, at most 30 different ones an item),
    one row per person; rows with a missing answer are left out. An item that nobody answered, or
    everybody alike, gets NaN; `two_step` says why. The matrix is pairwise and need not be positive
    definite. `empty_cells`: see `two_step`. Raises `InputError` for what is no ordered answer.

    Reference: Olsson (1979), Psychometrika 44, 443-460. R: psych::polychoric(x, correct = 0),
    lavaan::lavCor(x, ordered = names(x), zero.add = 0).

    Twelve of sixteen people give the same of two equally frequent answers: r = sin(45 degrees).

    >>> items = pd.DataFrame({"a": [1] * 8 + [2] * 8, "b": [1] * 6 + [2] * 8 + [1] * 2})
    >>> round(float(polychoric(items).loc["a", "b"]), 4)
    0.7071
    """
    return two_step(items, acov=False, empty_cells=empty_cells).correlations


@one_thread
def two_step(items: pd.DataFrame, *, acov: bool = True, empty_cells: float = 0.0) -> PolychoricFit:
    """Thresholds from the margins, then correlations by maximum likelihood, with their covariance.

    `items` as in `polychoric`; an answer that nobody gave has no threshold of its own. `acov`:
    whether to make the covariance (Muthén's sandwich, its inner matrix from the scores of single
    people; memory: its own size and 4,096 people at a time). `empty_cells`: how many people to put
    into the empty cells of 2 x 2 tables, the margins held (0: none; lavaan's default is 0.5).
    Not estimable, with the reason: fewer than ten complete rows; items without variance. Raises
    `InputError` for what is no ordered answer.

    Reference: Muthén (1984), Psychometrika 49, 115-132. R: lavaan::lavCor(..., output = "fit").

    >>> items = pd.DataFrame({"a": [1] * 8 + [2] * 8, "b": [1] * 6 + [2] * 8 + [1] * 2})
    >>> fit = two_step(items)
    >>> fit.names, fit.n, fit.status
    (('a|1', 'b|1', 'b~a'), 16, 'ok')
    >>> fit.pairs.round(3)
      item other      r     se reason
    0    b     a  0.707  0.24
    """
    names, coded, answers = _coded(items)
    if not 0 <= empty_cells <= 0.5:
        raise InputError(
            "what is put into an empty cell is at most half a person.",
            found=empty_cells, fix="empty_cells between 0 and 0.5",
        )  # fmt: skip
    asked: NDArray[np.bool_] = np.asarray((coded >= 0).any(axis=1))
    whole: NDArray[np.bool_] = np.asarray((coded[asked] >= 0).all(axis=0)) & bool(asked.any())
    coded = coded[:, whole]
    used = [np.flatnonzero(np.bincount(each[each >= 0])) for each in coded]
    few = too_few(coded.shape[1], MIN_COMPLETE_ROWS, "complete rows") if asked.any() else ""
    why = [_why_not(name, given) for name, given in zip(names, used, strict=True)]
    good = np.flatnonzero([not (few or reason) for reason in why])
    tables = _tables(coded[good], [used[item] for item in good], empty_cells)
    r, notes = _correlations(tables)
    inner = _covariance(tables, r, notes != "") if acov else None
    thresholds = _threshold_table(tables, [names[item] for item in good])
    thresholds[c.ANSWER] = [answers[item][cut] for item in good for cut in used[item][:-1]]
    size = len(thresholds)
    # The pairs that were fitted, put back among the pairs of all items.
    rows, others = np.tril_indices(len(names), -1)
    place = good[tables.first] * (good[tables.first] - 1) // 2 + good[tables.second]
    reasons = [few or _not_estimable(why[a], why[b]) for a, b in zip(rows, others, strict=True)]
    for where, note in zip(place, notes, strict=True):
        reasons[where] = note
    every, errors = np.full((2, len(rows)), np.nan)
    every[place] = r
    covariance = None
    if inner is not None:
        covariance = np.full((size + len(rows),) * 2, np.nan)
        mine = np.concatenate([np.arange(size), size + place])
        covariance[np.ix_(mine, mine)] = inner
        errors = np.sqrt(np.diag(covariance)[size:] / max(tables.n, 1))
    pairs = {c.ITEM: [names[a] for a in rows], c.OTHER: [names[b] for b in others]}
    both = list(zip(pairs[c.ITEM], pairs[c.OTHER], strict=True))
    matrix = np.full((len(names),) * 2, np.nan)
    matrix[rows, others] = matrix[others, rows] = every
    matrix[good, good] = 1.0
    cuts = zip(thresholds[c.ITEM], thresholds[c.THRESHOLD], strict=True)
    note = pd.Series(reasons, dtype="str")
    return PolychoricFit(
        pd.DataFrame(matrix, index=names, columns=names),
        thresholds,
        pd.DataFrame({**pairs, c.R: every, c.SE: errors, c.REASON: note}),
        covariance,
        (*(f"{item}|{cut}" for item, cut in cuts), *(f"{item}~{other}" for item, other in both)),
        tables.n,
        *_verdict(few, why, [f"{b} with {a}" for a, b in both], every, reasons),
    )


def ordered_moments(answers: Array) -> tuple[Array, Array, Array]:
    """Thresholds, correlations and their covariance, as `two_step` gives them, in bare arrays.

    `answers`: people x items, complete. Correlations in the order of `numpy.tril_indices(k, -1)`.
    Everything is NaN where `two_step` has a reason to give: fewer than ten rows, or an item that
    everybody answered alike.
    """
    found = [np.unique(column, return_inverse=True) for column in answers.T]
    sizes = [len(each) for each, _ in found]
    k, cuts = len(sizes), sum(sizes) - len(sizes)
    pairs = k * (k - 1) // 2
    if len(answers) < MIN_COMPLETE_ROWS or min(sizes, default=0) < 2:
        nothing = np.full((cuts + pairs,) * 2, np.nan)
        return np.full(cuts, np.nan), np.full(pairs, np.nan), nothing
    coded = np.array([codes for _, codes in found], dtype="int16")
    tables = _tables(coded, [np.arange(size) for size in sizes], 0.0)
    r, notes = _correlations(tables)
    return tables.cuts[tables.cuts < _NEVER], r, _covariance(tables, r, notes != "")


def _coded(items: pd.DataFrame) -> tuple[list[object], Codes, list[list[object]]]:
    """Names, answers as places in the sorted list of answers (-1: missing), and those lists."""
    if not isinstance(items, pd.DataFrame) or not items.shape[1]:
        raise InputError("items are a DataFrame with at least one column, a row per person.")
    names = list(items.columns)
    if twice := [name for name in dict.fromkeys(names) if names.count(name) > 1]:
        raise InputError("two items have one name.", column=twice[0])
    coded = np.empty((len(names), len(items)), dtype="int16")
    answers: list[list[object]] = []
    for place, name in enumerate(names):
        column = items.iloc[:, place]
        if isinstance(column.dtype, pd.CategoricalDtype) and column.cat.ordered:
            codes, different = column.cat.codes.to_numpy(), list(column.cat.categories)
            finite = True
        elif _is_number(column):
            values = column.to_numpy(dtype="float64", na_value=np.nan)
            codes, found = pd.factorize(values, sort=True)
            different, finite = found.tolist(), bool(np.isfinite(found).all())
        else:
            raise InputError(
                "an item holds numbers or an ordered categorical.",
                column=name,
                found=column.dtype,
                fix="turn its answers into numbers, or into pd.Categorical(..., ordered=True)",
            )
        if len(different) > MAX_ANSWERS or not finite:
            raise InputError(
                "a polychoric correlation is one of a few ordered answers.",
                column=name,
                found=f"{len(different)} different answers" if finite else "an infinite answer",
                fix=f"at most {MAX_ANSWERS} answers, all finite; else take Pearson's correlation",
            )
        coded[place] = codes
        answers.append(different)
    return names, coded, answers


def _is_number(column: pd.Series) -> bool:
    if column.dtype == object:
        kinds = ("integer", "floating", "mixed-integer-float", "boolean", "empty")
        return pd.api.types.infer_dtype(column, skipna=True) in kinds
    number = pd.api.types.is_numeric_dtype(column)
    return bool(number and not pd.api.types.is_complex_dtype(column))


def _why_not(name: object, given: Codes) -> str:
    if not len(given):
        return f"nobody answered {name}"
    return f"everybody answered {name} alike" if len(given) == 1 else ""


def _not_estimable(one: str, other: str) -> str:
    reasons = "; ".join(reason for reason in (other, one) if reason)
    return f"not estimable: {reasons}" if reasons else ""


def _verdict(
    few: str, why: list[str], pairs: list[str], r: Array, reasons: list[str]
) -> tuple[str, str]:
    """Status and reason of the whole from those of its items and pairs."""
    if few:
        return "not_estimable", few
    items = "; ".join(reason for reason in why if reason)
    said = [f"not estimable: {items}"] if items else []
    noted = [pair for pair, reason in enumerate(reasons) if reason in (_AT_BOUND, _NO_MAXIMUM)]
    if noted:
        more = f" (and {len(noted) - 1} more pairs)" if len(noted) > 1 else ""
        said.append(f"{pairs[noted[0]]}{more}: {reasons[noted[0]]}")
    if all(why) or (len(r) and np.isnan(r).all()):
        status = "not_estimable"
    elif items or np.isnan(r).any():
        status = "partial"
    else:
        status = "bounded" if noted else "ok"
    return status, "; ".join(said)


def _tables(coded: Codes, used: list[Codes], empty_cells: float) -> _Tables:
    k, n = coded.shape
    sizes = np.array([len(given) for given in used], dtype="int64")
    most = int(sizes.max(initial=2))
    codes = np.empty((k, n), dtype="int16")
    cuts = np.full((k, most - 1), _NEVER)
    for item, given in enumerate(used):
        codes[item] = np.searchsorted(given, np.arange(given[-1] + 1))[coded[item]]
        share = np.cumsum(np.bincount(codes[item]))[:-1] / n
        cuts[item, : len(share)] = special.ndtri(share)
    first, second = np.tril_indices(k, -1)
    counts = np.empty((len(first), most, most))
    for pair, (a, b) in enumerate(zip(first, second, strict=True)):
        cells = np.bincount(codes[a] * np.int16(most) + codes[b], minlength=most * most)
        counts[pair] = cells.reshape(most, most)
    filled = counts
    if empty_cells:
        small = (sizes[first] == 2) & (sizes[second] == 2)
        same = small & (counts[:, [0, 1], [0, 1]] == 0).any(axis=1)
        cross = small & ~same & (counts[:, [0, 1], [1, 0]] == 0).any(axis=1)
        shift = empty_cells * (same.astype("float64") - cross.astype("float64"))
        filled = counts.copy()
        filled[:, :2, :2] += shift[:, None, None] * np.array([[1.0, -1.0], [-1.0, 1.0]])
    return _Tables(codes, sizes, cuts, first, second, counts, filled)


def _threshold_table(tables: _Tables, names: list[object]) -> pd.DataFrame:
    cuts = tables.cuts[tables.cuts < _NEVER]
    share = special.ndtr(cuts)
    return pd.DataFrame(
        {
            c.ITEM: [name for name, size in zip(names, tables.sizes, strict=True)
                     for _ in range(size - 1)],
            c.THRESHOLD: [cut for size in tables.sizes for cut in range(1, size)],
            c.ESTIMATE: cuts,
            c.SE: np.sqrt(share * (1 - share) / max(tables.n, 1)) / _density(cuts),
        }
    )  # fmt: skip


def _density(x: Array) -> Array:
    return np.asarray(np.exp(-0.5 * x * x) / np.sqrt(2 * np.pi))


def both_below(h: Array, k: Array, r: Array) -> Array:
    """Share of a bivariate normal of correlation r below h and k, by Owen's T function.

    `h`, `k`: in standard deviations from the mean; `r`: above -1 and below 1; one shape, or shapes
    that go together. Returns shares (0-1).

    Reference: Owen (1956), Annals of Mathematical Statistics 27, 1075-1090.

    Both below their mean: a quarter, and more where they go together (an angle of 30 degrees).

    >>> both_below(np.array([0.0, 0.0]), np.array([0.0, 0.0]), np.array([0.0, 0.5])).round(4)
    array([0.25  , 0.3333])
    """
    h = np.where(h == 0, 1e-150, h)  # the formula divides by both
    k = np.where(k == 0, 1e-150, k)
    root = np.sqrt((1 - r) * (1 + r))
    t = special.owens_t(h, (k / h - r) / root) + special.owens_t(k, (h / k - r) / root)
    apart = np.where((h < 0) != (k < 0), 0.5, 0.0)
    return np.asarray(0.5 * (special.ndtr(h) + special.ndtr(k)) - t - apart)


def _cells(corners: Array) -> Array:
    """What lies in each cell, from what lies below each corner."""
    return np.diff(np.diff(corners, axis=1), axis=2)


def _probabilities(a: Array, b: Array, r: Array) -> tuple[Array, Array, Array]:
    """Probability of each cell of each pair, and its first and second derivative in r."""
    pairs, cuts = a.shape
    h, k, r = a[:, :, None], b[:, None, :], r[:, None, None]
    corners = np.zeros((3, pairs, cuts + 2, cuts + 2))
    corners[0, :, 1:-1, 1:-1] = both_below(h, k, r)
    corners[0, :, 1:-1, -1] = special.ndtr(a)
    corners[0, :, -1, 1:-1] = special.ndtr(b)
    corners[0, :, -1, -1] = 1.0
    rest = 1 - r * r
    density = np.exp(-(h * h - 2 * r * h * k + k * k) / (2 * rest)) / (2 * np.pi * np.sqrt(rest))
    bend = (r * rest + h * k * (1 + r * r) - r * (h * h + k * k)) / rest**2
    corners[1, :, 1:-1, 1:-1] = density
    corners[2, :, 1:-1, 1:-1] = density * bend
    first, second = _cells(corners[1]), _cells(corners[2])
    return np.maximum(_cells(corners[0]), _LEAST), first, second


def _step(tables: _Tables, live: Codes, at: Array) -> tuple[Array, Array]:
    """Log-likelihood of some pairs at z = atanh(r), and the Newton step that climbs from there."""
    r = np.tanh(at)
    counts = tables.filled[live]
    p, d1, d2 = _probabilities(tables.cuts[tables.first[live]], tables.cuts[tables.second[live]], r)
    score = d1 / p
    value = (counts * np.log(p)).sum(axis=(1, 2))
    slope = (counts * score).sum(axis=(1, 2))
    bend = (counts * (d2 / p - score**2)).sum(axis=(1, 2))
    stretch = 1 - r * r  # dr / dz
    curvature = 2 * r * stretch * slope - stretch**2 * bend
    expected = stretch**2 * tables.n * (score * d1).sum(axis=(1, 2))
    by = np.where(curvature > 0, curvature, expected)  # far from the top Fisher's is the safe one
    step = np.divide(stretch * slope, by, out=np.zeros_like(by), where=by > 0)
    limit = np.arctanh(BOUND)
    return value, np.clip(at + np.clip(step, -1, 1), -limit, limit) - at


def _start(tables: _Tables) -> Array:
    """Pearson's correlation of the mean leanings behind each answer."""
    padded = np.pad(tables.cuts, ((0, 0), (1, 1)), constant_values=((0, 0), (-_NEVER, _NEVER)))
    share = np.diff(special.ndtr(padded), axis=1)
    mean = -np.diff(_density(padded), axis=1)
    mean = np.divide(mean, share, out=np.zeros_like(mean), where=share > 0)
    spread = np.sqrt((share * mean**2).sum(axis=1))
    a, b = mean[tables.first], mean[tables.second]
    together = np.einsum("pij,pi,pj->p", tables.filled, a, b) / max(tables.n, 1)
    return np.clip(together / (spread[tables.first] * spread[tables.second]), -0.95, 0.95)


def _correlations(tables: _Tables) -> tuple[Array, NDArray[np.object_]]:
    """The most likely correlation of every pair, and a note where there is one to make."""
    live: Codes = np.arange(len(tables.first))
    at = np.arctanh(_start(tables))
    value, step = _step(tables, live, at)
    for _ in range(_ROUNDS):
        live = np.flatnonzero(np.abs(step) > _STOP)
        if not len(live):
            break
        trial = at[live] + step[live]
        found, onward = _step(tables, live, trial)
        worse = found < value[live] - 1e-12 * np.abs(value[live])
        step[live] = np.where(worse, step[live] / 2, onward)
        at[live] = np.where(worse, at[live], trial)
        value[live] = np.where(worse, value[live], found)
    lost = np.abs(step) > _STOP
    at = at + np.where(lost, 0.0, step)
    # Where the table is as good as perfect the likelihood is flat up to the bound: that is the
    # answer then, and not the place where the climb happened to stop.
    edge = np.copysign(np.arctanh(BOUND), at)
    bounded = _step(tables, np.arange(len(at)), edge)[0] >= value - 1e-10 * np.abs(value)
    note = np.where(lost, _NO_MAXIMUM, "").astype(object)
    note[bounded] = _AT_BOUND
    r = np.tanh(np.where(bounded, edge, at))
    return np.where(lost & ~bounded, np.nan, np.where(bounded, np.sign(r) * BOUND, r)), note


def _covariance(tables: _Tables, r: Array, missed: NDArray[np.bool_]) -> Array:
    """Covariance of sqrt(n) (thresholds, correlations), from what each person moves them by.

    The sandwich A^-1 B A^-T in its casewise form: A is lower block triangular, so a person's row
    of A^-1 times the scores depends on no more than the answer (thresholds) or the cell of the
    table of two answers (correlations). These are looked up, a block of people at a time.
    """
    n, most = tables.n, tables.counts.shape[1]
    cuts = tables.cuts
    below = np.arange(most)[None, :, None] <= np.arange(most - 1)[None, None, :]
    moved = np.where(
        cuts[:, None, :] < _NEVER,
        (below - special.ndtr(cuts)[:, None, :]) / _density(np.minimum(cuts, 8))[:, None, :],
        0.0,
    )  # items x answers x thresholds
    cells = _cell_influence(tables, np.where(missed, 0.0, r), moved).reshape(len(r), most * most)
    starts = np.concatenate([[0], np.cumsum(tables.sizes - 1)])
    total = np.zeros((starts[-1] + len(r),) * 2)
    looked_up = np.empty((len(total), min(n, _BLOCK)))
    for low in range(0, n, _BLOCK):
        codes = tables.codes[:, low : low + _BLOCK].astype("int64")
        rows = codes * most
        each = looked_up[:, : codes.shape[1]]
        for item, size in enumerate(tables.sizes):
            each[starts[item] : starts[item + 1]] = moved[item, :, : size - 1].T[:, codes[item]]
        for pair, (a, b) in enumerate(zip(tables.first, tables.second, strict=True)):
            # Every code is within the table; to have it clipped is only the quicker check.
            np.take(cells[pair], rows[a] + codes[b], out=each[starts[-1] + pair], mode="clip")
        total += each @ each.T
    total /= max(n, 1)
    gone = starts[-1] + np.flatnonzero(missed)
    total[gone] = total[:, gone] = np.nan
    return total


def _cell_influence(tables: _Tables, r: Array, moved: Array) -> Array:
    """By how much a person in each cell moves each correlation (pairs x answers x answers)."""
    first, second = tables.first, tables.second
    a, b = tables.cuts[first], tables.cuts[second]
    p, d1, _ = _probabilities(a, b, r)
    score = d1 / p
    root = np.sqrt((1 - r) * (1 + r))[:, None, None]
    down, across = a[:, :, None], b[:, None, :]
    slope = r[:, None, None]
    edges = ((0, 0), (0, 0), (1, 1))
    # Derivatives of the cell probabilities in the cuts of the first and of the second item.
    by_b = np.pad(special.ndtr((across - slope * down) / root), edges)
    by_b[:, :, -1] = 1.0
    by_a = np.pad(special.ndtr((down - slope * across) / root).swapaxes(1, 2), edges)
    by_a[:, :, -1] = 1.0
    weight = tables.counts / max(tables.n, 1) * score / p
    from_a = -(_density(down) * np.diff(by_b, axis=2) * np.diff(weight, axis=1)).sum(axis=2)
    from_b = -(
        _density(across) * np.diff(by_a, axis=2).swapaxes(1, 2) * np.diff(weight, axis=2)
    ).sum(axis=1)
    via_a = np.einsum("pkm,pm->pk", moved[first], from_a)[:, :, None]
    via_b = np.einsum("pkm,pm->pk", moved[second], from_b)[:, None, :]
    information = (weight * p * score).sum(axis=(1, 2))[:, None, None]
    rest = score - via_a - via_b
    return np.divide(rest, information, out=np.zeros_like(rest), where=information > 0)
