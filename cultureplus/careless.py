"""Traces of careless answering, each an index over one table of answers.

Long strings of one answer and little variation are looked for before items are turned round, halves
of scales and near-synonyms that contradict each other after; then answers far from everybody's, and
the very answers of somebody else. Each function takes plain tables and knows no survey.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from cultureplus import columns as c
from cultureplus.errors import InputError, did_you_mean
from cultureplus.estimability import MIN_COMPLETE_ROWS
from cultureplus.tails import chi2_above

Array = NDArray[np.float64]
Flags = NDArray[np.bool_]

LONGEST_STRING, IRV, EVEN_ODD = "longest_string", "irv", "even_odd"
SYNONYMS, MAHALANOBIS = "synonyms", "mahalanobis"
SECONDS_PER_ITEM, DUPLICATES = "seconds_per_item", "duplicates"

MIN_ANSWERS = 10  # a string, a spread or a likeness of fewer answers is nobody's carelessness
MIN_SCALES = 3  # pairs of half scales behind a correlation within a person
MIN_PAIRS = 3  # pairs of synonyms
SYNONYM_R = 0.60
_ROWS_PER_ITEM = 2  # complete rows per item that a distance needs
_PRODUCT = 2**18  # multiplications at once
_LEAST_BLOCK = 64  # rows
_FLAT = 1e-12  # sums of squares below this are rounding
_RANK = 1e-8  # share of an item's variance below which it is a sum of other items


def longest_string(answers: pd.DataFrame) -> pd.Series:
    """The longest run of one and the same answer, per person.

    `answers`: as given, before turning, columns in the order in which they were asked. A missing
    answer neither ends nor lengthens a run. Returns whole numbers from 0 (answered nothing).

    Reference: Johnson (2005), Journal of Research in Personality 39, 103-129.

    >>> longest_string(pd.DataFrame([[3, 3, None, 3, 1], [1, 2, 2, 1, 2]])).tolist()
    [3, 2]
    """
    last = np.full(len(answers), np.nan)
    run, longest = (np.zeros(len(answers), dtype="int64") for _ in range(2))
    for given in _columns(answers):
        there = ~np.isnan(given)
        run = np.where(there, np.where(given == last, run + 1, 1), run)
        last = np.where(there, given, last)
        np.maximum(longest, run, out=longest)
    return pd.Series(longest, index=answers.index, name=LONGEST_STRING)


def response_variability(answers: pd.DataFrame) -> pd.Series:
    """The standard deviation (n - 1) of each person's answers; missing for fewer than two.

    `answers`: before turning, on one common range.

    Reference: Dunn et al. (2018), Journal of Business and Psychology 33, 105-121.

    >>> response_variability(pd.DataFrame([[1.0, 3.0, None], [2.0, 2.0, 2.0]])).round(3).tolist()
    [1.414, 0.0]
    """
    total, squares, n = (np.zeros(len(answers)) for _ in range(3))
    for given in _columns(answers):
        there = ~np.isnan(given)
        n += there
        np.add(total, given, out=total, where=there)
    mean = total / np.where(n > 0, n, np.nan)
    for given in _columns(answers):
        rest = given - mean
        np.add(squares, rest**2, out=squares, where=~np.isnan(rest))
    found = np.sqrt(squares / np.where(n > 1, n - 1, np.nan))
    return pd.Series(found, index=answers.index, name=IRV)


def even_odd(items: pd.DataFrame, scales: Mapping[str, Sequence[str]]) -> pd.Series:
    """Whether the odd and the even items of a person's scales tell the same story.

    `items`: keyed, on one common range; `scales`: the items of each scale in their order. Per scale
    the mean of the answered odd items and that of the even ones; their correlation over the scales
    that have both, within the person, lengthened by Spearman-Brown, 2r/(1 + r), and not below -1.
    Missing for fewer than three such scales, or where one half does not vary.

    Reference: Johnson (2005), Journal of Research in Personality 39, 103-129.

    >>> one = pd.DataFrame({"a1": [1], "a2": [2], "b1": [3], "b2": [3], "c1": [5], "c2": [4]})
    >>> even_odd(one, {"a": ["a1", "a2"], "b": ["b1", "b2"], "c": ["c1", "c2"]}).tolist()
    [1.0]
    """
    pairs = []
    for names in scales.values():
        if len(names) < 2:
            continue
        for name in names:
            if name not in items:
                raise InputError(
                    f"There is no item '{name}'.",
                    possible=items.columns,
                    fix=did_you_mean(name, items.columns),
                )
        pairs.append((_row_means(items, names[0::2]), _row_means(items, names[1::2])))
    r = _correlation_within(pairs, len(items), least=MIN_SCALES)
    found = np.where(r <= -1 / 3, -1.0, 2 * r / np.where(r <= -1 / 3, 1.0, 1 + r))
    found = np.where(np.isnan(r), np.nan, found)
    return pd.Series(found, index=items.index, name=EVEN_ODD)


def synonym_pairs(items: pd.DataFrame, *, above: float = SYNONYM_R) -> pd.DataFrame:
    """The pairs of items that correlate above .60: first, second, r.

    `items`: keyed, one row per person; each pair on the rows that have both. The first of a pair
    is the one whose name sorts first, so the order of the columns changes nothing.

    >>> items = pd.DataFrame({"b": [1, 2, 3, 4], "a": [1, 2, 4, 3], "c": [4, 1, 2, 3]})
    >>> synonym_pairs(items).round(2).values.tolist()
    [['a', 'b', 0.8]]
    """
    names = sorted(map(str, items.columns))
    renamed = items.set_axis([str(name) for name in items.columns], axis=1)[names]
    r = _correlations(_numbers(renamed))
    first, second = np.triu_indices(len(names), k=1)
    kept = r[first, second] > above
    return pd.DataFrame(
        {
            "first": [names[place] for place in first[kept]],
            "second": [names[place] for place in second[kept]],
            c.R: r[first, second][kept],
        }
    )


def synonyms(items: pd.DataFrame, *, above: float = SYNONYM_R) -> pd.Series:
    """Whether a person answers psychometric synonyms alike: their correlation within the person.

    `items`: keyed, on one common range. Pairs as in `synonym_pairs`. Missing for everybody with
    fewer than three pairs, for a person who answered fewer than three, or where one side does not
    vary; missing answers are never filled in.

    Reference: Meade & Craig (2012), Psychological Methods 17, 437-455.

    >>> items = pd.DataFrame({"a": [1, 2, 3, 4], "b": [2, 3, 4, 5], "c": [3, 4, 5, None]})
    >>> len(synonym_pairs(items)), synonyms(items).round(2).tolist()
    (3, [0.5, 0.5, 0.5, nan])
    """
    return synonyms_of(items, synonym_pairs(items, above=above))


def synonyms_of(items: pd.DataFrame, table: pd.DataFrame) -> pd.Series:
    """The same, over the pairs of a table that `synonym_pairs` made."""
    found = pd.Series(np.nan, index=items.index, name=SYNONYMS)
    if len(table) >= MIN_PAIRS:
        named = {str(name): items.iloc[:, place] for place, name in enumerate(items.columns)}
        sides = {name: as_numbers(named[name]) for name in {*table["first"], *table["second"]}}
        pairs = [
            (sides[one], sides[other])
            for one, other in zip(table["first"], table["second"], strict=True)
        ]
        found[:] = _correlation_within(pairs, len(items), least=MIN_PAIRS)
    return found


def mahalanobis(items: pd.DataFrame) -> pd.DataFrame:
    """How far each person's answers lie from everybody's: d2, df, p.

    `items`: one row per person, numbers; turning them round changes nothing. d2 is the squared
    Mahalanobis distance, df the number of items that are no sum of others (collinear and constant
    items add nothing), p the upper tail of chi-squared. Missing for a row with a missing answer,
    and for all where fewer than ten rows are complete, or fewer than two per item.

    Reference: Meade & Craig (2012), Psychological Methods 17, 437-455.

    >>> items = pd.DataFrame({"a": [1, 2, 3, 4, 5] * 2, "b": [2, 1, 3, 5, 4] * 2})
    >>> mahalanobis(items)["d2"].round(2).tolist()[:3]
    [2.25, 2.25, 0.0]
    """
    values = _numbers(items)
    whole = ~np.isnan(values).any(axis=1)
    found = pd.DataFrame(np.nan, index=items.index, columns=["d2", c.DF, c.P])
    n, k = int(whole.sum()), values.shape[1]
    if k == 0 or n < max(MIN_COMPLETE_ROWS, _ROWS_PER_ITEM * k):
        return found
    values = values[whole]
    mean = values.mean(axis=0)
    covariance = np.zeros((k, k))
    for rows in _blocks(n, k):
        rest = values[rows] - mean
        covariance += rest.T.copy() @ rest
    covariance /= n - 1
    spread = np.sqrt(np.diag(covariance))
    varies = np.ptp(values, axis=0) > 0
    if not varies.any():
        return found
    spread = np.where(varies, spread, np.inf)
    roots, vectors = np.linalg.eigh(covariance / np.outer(spread, spread))
    kept = roots > _RANK
    to_scores = vectors[:, kept] / np.sqrt(roots[kept]) / spread[:, None]
    d2 = np.empty(n)
    for rows in _blocks(n, k):
        d2[rows] = (((values[rows] - mean) @ to_scores) ** 2).sum(axis=1)
    df = int(kept.sum())
    found.loc[whole, "d2"] = d2
    found.loc[whole, c.DF] = df
    found.loc[whole, c.P] = chi2_above(d2, df)
    return found


def duplicates(answers: pd.DataFrame) -> pd.Series:
    """How many others gave exactly the same answers, gaps included; 0 for most people.

    >>> duplicates(pd.DataFrame([[1, None], [1, None], [1, 2]])).tolist()
    [1, 1, 0]
    """
    found = np.zeros(len(answers), dtype="int64")
    values = pd.DataFrame(_numbers(answers) + 0.0)  # -0 and 0 are one answer
    if values.shape[1]:
        marks = pd.util.hash_pandas_object(values, index=False).to_numpy()
        _, place, count = np.unique(marks, return_inverse=True, return_counts=True)
        some = np.flatnonzero(count[place] > 1)  # alike, or by chance of one mark: looked at again
        again = values.iloc[some]
        if len(again):
            alike = again.groupby(list(again.columns), dropna=False, sort=False).ngroup()
            found[some] = np.bincount(alike)[alike] - 1
    return pd.Series(found, index=answers.index, name=DUPLICATES)


def as_numbers(column: pd.Series) -> Array:
    """A column as numbers, missing where it is; an error of ours where it holds texts."""
    try:
        return np.asarray(column.to_numpy(dtype="float64", na_value=np.nan))
    except (TypeError, ValueError):
        raise InputError("Answers are numbers, one row per person.", column=column.name) from None


def _columns(table: pd.DataFrame) -> Iterator[Array]:
    return (as_numbers(table.iloc[:, place]) for place in range(table.shape[1]))


def _numbers(table: pd.DataFrame) -> Array:
    values = np.empty(table.shape, order="F")
    for place, column in enumerate(_columns(table)):
        values[:, place] = column
    return values


def _row_means(items: pd.DataFrame, names: Sequence[str]) -> Array:
    total, n = np.zeros(len(items)), np.zeros(len(items))
    for name in names:
        given = as_numbers(items[name])
        there = ~np.isnan(given)
        n += there
        np.add(total, given, out=total, where=there)
    return total / np.where(n > 0, n, np.nan)


def _correlation_within(pairs: Sequence[tuple[Array, Array]], rows: int, *, least: int) -> Array:
    """Per row the correlation over the pairs that are there; missing for fewer than `least`."""
    n, one, other = (np.zeros(rows) for _ in range(3))
    for first, second in pairs:
        there = ~(np.isnan(first) | np.isnan(second))
        n += there
        np.add(one, first, out=one, where=there)
        np.add(other, second, out=other, where=there)
    enough = np.where(n >= least, n, np.nan)
    one, other = one / enough, other / enough
    both, left, right = (np.zeros(rows) for _ in range(3))
    for first, second in pairs:
        there = ~(np.isnan(first) | np.isnan(second))
        a, b = first - one, second - other
        np.add(both, a * b, out=both, where=there)
        np.add(left, a * a, out=left, where=there)
        np.add(right, b * b, out=right, where=there)
    varies = (left > _FLAT) & (right > _FLAT) & ~np.isnan(enough)
    r = both / np.sqrt(np.where(varies, left * right, np.nan))
    return np.clip(r, -1.0, 1.0)


def _correlations(values: Array) -> Array:
    """Pearson correlations, each on the rows that have both; missing where one does not vary."""
    k = values.shape[1]
    n = (~np.isnan(values)).sum(axis=0)
    mean = np.nansum(values, axis=0) / np.where(n > 0, n, np.nan)
    both, sums, squares, products = (np.zeros((k, k)) for _ in range(4))
    for rows in _blocks(len(values), max(k, 1)):
        rest = values[rows] - mean
        mask = (~np.isnan(rest)).astype("float64")
        rest = np.nan_to_num(rest, copy=False)
        both += mask.T.copy() @ mask
        sums += rest.T @ mask
        squares += (rest**2).T @ mask
        products += rest.T.copy() @ rest
    both = np.where(both >= 2, both, np.nan)
    spread = squares - sums**2 / both
    defined = (spread > _FLAT) & (spread.T > _FLAT)
    scale = np.sqrt(np.where(defined, spread * spread.T, np.nan))
    return np.asarray((products - sums * sums.T / both) / scale)


def _blocks(rows: int, columns: int) -> Iterator[slice]:
    """Slices of rows for matrix products that stay in the cache and on one processor.

    Larger products are shared out among processors; where those are busy, waiting for them takes
    a hundred times as long as the work. (A copy keeps numpy from a routine that always shares.)
    """
    step = max(_LEAST_BLOCK, _PRODUCT // columns**2)
    return (slice(start, start + step) for start in range(0, rows, step))
