"""Who names whom, made ready: people as places, ties as pairs of places.

Lists of ties are untidy: people name themselves, name somebody twice, name people who are not in
the survey or whose unit nobody knows. None of these ties can be counted as inside or outside a
unit, so they are left out here, once for every analysis, and counted.
"""

from __future__ import annotations

from dataclasses import dataclass
from numbers import Real

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from cultureplus import columns as c
from cultureplus.errors import InputError

Codes = NDArray[np.int64]

NO_TIES = "not estimable: no ties here"
_FEWEST = 100  # permutations; fewer say nothing of a 95 % interval


@dataclass(frozen=True, eq=False)
class TieTable:
    """Ties between people whose unit is known, each once.

    `people`: their names, in order; `labels`: the units' names, in order; `unit`: per person the
    place of the unit; `start` and `end`: per tie the places of the two people; `counts`: how many
    ties were given, left out (self, strangers, no_unit, twice, in this order) and kept.
    """

    people: pd.Index
    labels: pd.Index
    unit: Codes
    start: Codes
    end: Codes
    counts: pd.Series


def tie_table(ties: pd.DataFrame, units: pd.Series, *, directed: bool = True) -> TieTable:
    """Ties as pairs of places, without those that cannot be counted.

    `ties`: from, to (one wave); `units`: person -> unit, missing where unknown. With
    `directed=False` it does not matter who names whom: a pair that name each other is one tie.
    Raises `InputError` for a missing column, a person with two units or ties of several waves.

    >>> ties = pd.DataFrame({"from": list("aabcz"), "to": list("bbaca")})
    >>> found = tie_table(ties, pd.Series(["x", "x", "y"], index=list("abc")))
    >>> found.counts.to_dict()
    {'given': 5, 'self': 1, 'strangers': 1, 'no_unit': 0, 'twice': 1, 'kept': 2}
    """
    _check(ties, units)
    people = units.index
    start, end = people.get_indexer(ties[c.FROM]), people.get_indexer(ties[c.TO])
    counts = {c.GIVEN: len(ties)}
    itself = (ties[c.FROM] == ties[c.TO]).to_numpy(dtype=bool)
    start, end = start[~itself], end[~itself]
    counts[c.SELF] = int(itself.sum())
    known = (start >= 0) & (end >= 0)
    start, end = start[known], end[known]
    counts[c.STRANGERS] = int((~known).sum())
    codes, labels = pd.factorize(units, sort=True)
    placed = (codes[start] >= 0) & (codes[end] >= 0)
    start, end = start[placed], end[placed]
    counts[c.NO_UNIT] = int((~placed).sum())
    if not directed:
        start, end = np.minimum(start, end), np.maximum(start, end)
    once = np.unique(start.astype("int64") * len(people) + end)
    counts[c.TWICE] = len(start) - len(once)
    counts[c.KEPT] = len(once)
    kept = np.flatnonzero(codes >= 0)
    # By name, so that what is drawn by chance does not depend on the order of the rows.
    kept = kept[people[kept].astype("str").argsort(kind="stable")]
    place = np.full(len(people), -1, dtype="int64")
    place[kept] = np.arange(len(kept))
    size = max(len(people), 1)
    pairs = place[once // size], place[once % size]
    if not directed:
        pairs = np.minimum(*pairs), np.maximum(*pairs)
    order = np.lexsort(pairs[::-1])
    return TieTable(
        people=people[kept],
        labels=pd.Index(np.asarray(labels, dtype="object")),
        unit=codes[kept].astype("int64"),
        start=pairs[0][order],
        end=pairs[1][order],
        counts=pd.Series(counts, dtype="int64"),
    )


def _check(ties: object, units: object) -> None:
    if not isinstance(ties, pd.DataFrame) or not {c.FROM, c.TO} <= set(ties):
        raise InputError(
            "Ties are a table with the columns from and to.",
            found=", ".join(map(str, ties)) if isinstance(ties, pd.DataFrame) else type(ties),
            fix='rename them: ties.rename(columns={"sender": "from", "receiver": "to"})',
        )
    if not isinstance(units, pd.Series):
        raise InputError("Units are a Series: its index the people, its values their units.")
    if not units.index.is_unique:
        raise InputError(
            "A person has two units.",
            found=f"{int(units.index.duplicated().sum())} people more than once in the index",
            fix="give the units of one wave",
        )
    if c.WAVE in ties and ties[c.WAVE].nunique() > 1:
        raise InputError(
            "These are the ties of several waves.",
            possible=sorted(map(str, ties[c.WAVE].unique())),
            fix='choose one: ties[ties["wave"] == "..."]',
        )
    if len(ties) and ties[[c.FROM, c.TO]].isna().to_numpy().any():
        raise InputError("A tie has no 'from' or no 'to'.", fix="leave such rows out")


def grid(one: Codes, other: Codes, size: int) -> Codes:
    """How often each place of the first meets each of the second, as a square table.

    >>> grid(np.array([0, 0, 1]), np.array([1, 1, 0]), 2).tolist()
    [[0, 2], [1, 0]]
    """
    return np.bincount(one * size + other, minlength=size * size).reshape(size, size)


def checked(permutations: object) -> int:
    """A number of permutations that a null can be made of.

    >>> checked(1000)
    1000
    """
    number = 0.0 if isinstance(permutations, bool) else _number(permutations)
    if not number.is_integer() or number < _FEWEST:
        raise InputError(
            f"The number of permutations is a whole number of at least {_FEWEST}.",
            found=permutations,
            fix="permutations=10000",
        )
    return int(number)


def _number(value: object) -> float:
    return float(value) if isinstance(value, Real) else 0.0
