"""Two lenses crossed: the people of a unit of one who are in a unit of the other.

A pair of lenses is a lens of its own, named after the two: the heads in Sales are the unit
"Sales x Head" of the lens "function x level".
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations

import numpy as np
import pandas as pd

CROSS = " x "


def crossed_name(one: str, other: str) -> str:
    """The name of two lenses, or two units, crossed; no two pairs have the same.

    >>> print(crossed_name("Sales", "Head"), crossed_name("A x", "B"), sep="; ")
    Sales x Head; "A x" x B
    """
    return CROSS.join(
        '"' + name.replace('"', '""') + '"' if CROSS in f" {name} " or '"' in name else name
        for name in (one, other)
    )


def pairs_of(lenses: Sequence[str]) -> dict[str, tuple[str, str]]:
    """Every two lenses by the name of the pair, in the order of the lenses.

    >>> pairs_of(["function", "level"])
    {'function x level': ('function', 'level')}
    """
    return {crossed_name(one, other): (one, other) for one, other in combinations(lenses, 2)}


def crossed_units(people: pd.DataFrame, one: str, other: str) -> pd.Series:
    """The unit of each person in two lenses crossed, missing where one of the two is missing.

    `people`: one row per person, a column per lens.

    >>> people = pd.DataFrame({"function": ["Sales", "IT"], "level": ["Head", None]})
    >>> crossed_units(people, "function", "level").tolist()
    ['Sales x Head', nan]
    """
    first, firsts = pd.factorize(people[one])
    second, seconds = pd.factorize(people[other])
    both = np.where((first < 0) | (second < 0), -1, first * max(len(seconds), 1) + second)
    codes, pairs = pd.factorize(pd.Series(both).mask(both < 0))
    width = max(len(seconds), 1)
    names = [
        crossed_name(str(firsts[int(pair) // width]), str(seconds[int(pair) % width]))
        for pair in pairs
    ]
    texts = np.array([*names, np.nan], dtype="object")[codes]
    return pd.Series(texts, index=people.index, dtype="str")
