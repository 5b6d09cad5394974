"""How many sets of answers fit what is told of a few people.

A mean of 6.8 from five people who could answer 1 to 7 leaves one possibility: four sevens and a
six. So before anything of a single question is told about few people, the sets of answers that
would give the same rounded numbers are counted. Where they are too few, less is told.
"""

from __future__ import annotations

from functools import cache

import numpy as np
from numpy.typing import NDArray

from cultureplus.tails import t_quantile

ENOUGH_SETS = 5
_FAR = 8  # steps from an end of the range, of three answers or more, can be made in five ways
_COUNTED = 30  # people; above, only sets near the ends of the range can be too few


def sets_with_mean(n: int, low: int, high: int, mean: float, digits: int) -> int:
    """How many sets of n answers from low to high have this mean when rounded, counted to five.

    >>> sets_with_mean(5, 1, 7, 6.8, 1), sets_with_mean(5, 1, 7, 6.4, 1)
    (1, 3)
    """
    span = (high - low) * n
    sums = np.arange(span + 1)
    fits = _rounded(low + sums / n, digits) == _rounded(np.array([mean]), digits)
    if n > _COUNTED:
        from_end = np.minimum(sums, span - sums)[fits]
        if high - low > 1 and (from_end >= _FAR).any():
            return ENOUGH_SETS
        return min(int(sum(_near_end(int(away), high - low) for away in from_end)), ENOUGH_SETS)
    table = _sets(n, high - low)
    return min(int(table.sum(axis=1)[fits].sum()), ENOUGH_SETS)


def sets_with_interval(
    n: int, low: int, high: int, told: tuple[float, float, float], digits: int
) -> int:
    """How many sets of n answers have this mean and this 95 % t interval when rounded, to five.

    `told`: mean, lower and upper end. Above 30 people the ends narrow little, and the mean counts.

    >>> sets_with_interval(5, 1, 7, (4.4, 3.7, 5.1), 1)
    1
    """
    if n > _COUNTED or n < 2:
        return sets_with_mean(n, low, high, told[0], digits)
    table = _sets(n, high - low)
    sums, squares = np.nonzero(table)
    variance = np.maximum(squares - sums**2 / n, 0) / (n - 1)
    half = t_quantile(0.975, n - 1) * np.sqrt(variance / n)
    mean = low + sums / n
    fits = np.ones(len(sums), dtype=bool)
    for value, end in zip((mean, mean - half, mean + half), told, strict=True):
        fits &= _rounded(value, digits) == _rounded(np.array([end]), digits)
    return min(int(table[sums, squares][fits].sum()), ENOUGH_SETS)


def _rounded(values: NDArray[np.float64], digits: int) -> NDArray[np.int64]:
    return np.rint(np.round(values, digits) * 10**digits).astype("int64")


def _near_end(away: int, most: int) -> int:
    """In how many ways many answers lie `away` from an end in all: partitions of a small number."""
    ways = [1] + [0] * away
    for part in range(1, most + 1):
        for total in range(part, away + 1):
            ways[total] += ways[total - part]
    return ways[away]


@cache
def _sets(n: int, most: int) -> NDArray[np.int64]:
    """Sets of n answers 0 to `most` by their sum and sum of squares, each counted to five."""
    sums, squares = n * most + 1, n * most**2 + 1
    ways = np.zeros((n + 1, sums, squares), dtype="int8")
    ways[0, 0, 0] = 1
    for answer in range(1, most + 1):
        for count in range(1, n + 1):
            part = ways[count, answer:, answer**2 :]
            part += ways[count - 1, : sums - answer, : squares - answer**2]
            np.minimum(part, ENOUGH_SETS, out=part)
    return np.minimum(ways.sum(axis=0, dtype="int64"), ENOUGH_SETS)  # the rest answered 0
