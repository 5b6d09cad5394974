"""Chance that falls the same way everywhere.

The sample is committed, so the same seed must give the same bytes on each Python, each numpy and
each processor. Three habits see to that. Only one method of numpy's generator is used, `random()`
on the named bit generator PCG64 (the stream of `default_rng` and of the ready-made distributions
may change between releases). A normal number is the sum of twelve uniform ones less six, which
needs additions only, in a fixed order, and no logarithm whose last digit depends on the processor;
its mean is 0, its variance 1, and nothing lies beyond six. Sums over people are exactly rounded
(`math.fsum`), never left to a matrix product.
"""

from __future__ import annotations

import math
import zlib
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Whole = NDArray[np.int64]
Flags = NDArray[np.bool_]

DECIMALS = 9  # latent values are rounded to this before they meet a threshold


class Draws:
    """A stream of chance for one topic of one seed; topics do not disturb one another.

    >>> Draws(1, "coins").uniform(2).tolist() == Draws(1, "coins").uniform(2).tolist()
    True
    """

    def __init__(self, seed: int, topic: str) -> None:
        entropy = np.random.SeedSequence([seed, zlib.crc32(topic.encode("utf-8"))])
        self._generator = np.random.Generator(np.random.PCG64(entropy))

    def uniform(self, *shape: int) -> Floats:
        """Numbers from 0 (included) to 1 (excluded)."""
        return np.asarray(self._generator.random(shape), dtype=np.float64)

    def normal(self, *shape: int) -> Floats:
        """Numbers of mean 0 and variance 1: twelve uniform ones less six."""
        total = np.zeros(shape, dtype=np.float64)
        for _ in range(12):
            total = total + self.uniform(*shape)
        return np.round(total - 6.0, DECIMALS)

    def whole(self, low: int, high: int, *shape: int) -> Whole:
        """Whole numbers from low to high, both included, each as likely."""
        return (np.floor(self.uniform(*shape) * (high - low + 1)) + low).astype(np.int64)

    def order(self, n: int) -> list[int]:
        """The numbers 0 to n - 1 in a random order."""
        return [int(place) for place in np.argsort(self.uniform(n), kind="stable")]

    def pick(self, n: int) -> int:
        """One of the numbers 0 to n - 1."""
        return int(self.whole(0, n - 1, 1)[0])


def standardised(values: Floats, weights: Sequence[float], against: Floats | None = None) -> Floats:
    """Values with weighted mean 0 and variance 1, and no correlation with `against`.

    Where nothing is left to standardise (one unit, or two of which one contrast is taken), zeros:
    such an organisation has no differences of that kind.

    >>> standardised(np.array([1.0, 3.0]), [1, 1]).tolist()
    [-1.0, 1.0]
    """
    total = math.fsum(weights)
    share = [weight / total for weight in weights]

    def product(one: Floats, other: Floats) -> float:
        return math.fsum(
            s * a * b for s, a, b in zip(share, one.tolist(), other.tolist(), strict=True)
        )

    ones = np.ones(len(values), dtype=np.float64)
    rest = values - product(values, ones)
    if against is not None and product(against, against) > 0:
        rest = rest - against * (product(rest, against) / product(against, against))
    spread = math.sqrt(product(rest, rest))
    if spread < 1e-6:
        return np.zeros(len(values), dtype=np.float64)
    return np.round(rest / spread, DECIMALS)
