"""Who may stand where, from the names of cells alone.

An attacker who has only tables does not know which people there are, but the names say which may
be: the units of one lens are disjoint, a cell of two lenses crossed lies in its two units, and
where the crossing of two units is not named, nobody stands in both. So everybody is of a kind: one
unit, or none, of each lens. Every cell is a union of kinds, and whatever follows from the tables
follows from sums over kinds. Lenses that are never crossed tell nothing of one another; each
connected set of lenses is a system of its own.

Whether somebody has no unit of a lens is not known, so there are kinds without one; except where
the numbers of people in all units of a lens add up to everybody.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import sparse

from cultureplus import columns as c
from cultureplus.crossed import CROSS
from cultureplus.errors import InputError

Key = tuple[str, str]  # lens, unit
Whole = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]
Floats = npt.NDArray[np.float64]

_MOST_KINDS = 30_000
_NOBODY = -1  # no unit of a lens
EVERYBODY: Key = (c.ALL, c.ALL)


@dataclass(frozen=True, eq=False)
class System:
    """Cells over kinds of people: `matrix` (cells x kinds, zeros and ones), in the order of `keys`.

    `n`: people per cell, -1 where hidden; `reasons`: why; `loose`: kinds that lack some unit.
    """

    keys: list[Key]
    n: Whole
    reasons: list[str]
    matrix: Any  # scipy.sparse.csr_array
    loose: Flags

    @property
    def shown(self) -> Flags:
        """Which cells are shown."""
        return self.n >= 0


def uncrossed(name: str) -> tuple[str, str] | None:
    """The two names of which `crossed_name` made one, or None where it is no such name.

    >>> uncrossed("Sales x Head"), uncrossed('"A x" x B'), uncrossed("Sales")
    (('Sales', 'Head'), ('A x', 'B'), None)
    """
    first, rest = _part(name)
    if first is None or not rest.startswith(CROSS):
        return None
    second, left = _part(rest.removeprefix(CROSS))
    return None if second is None or left else (first, second)


def _part(text: str) -> tuple[str | None, str]:
    """The first of two crossed names, and what follows it."""
    if not text.startswith('"'):
        place = text.find(CROSS)
        return (text, "") if place < 0 else (text[:place], text[place:])
    place = 1
    while place < len(text):
        if text[place] == '"':
            if text[place : place + 2] != '""':
                return text[1:place].replace('""', '"'), text[place + 1 :]
            place += 1
        place += 1
    return None, ""


def systems_of(
    cells: Mapping[Key, tuple[int | None, str]], lenses: Collection[str]
) -> list[System]:
    """The systems that the cells of one column make.

    `cells`: people (None where hidden) and the reason per lens and unit; `lenses`: which are no
    crossings. Lenses that are crossed with very many kinds are taken two by two.

    >>> [found] = systems_of({("all", "all"): (9, ""), ("team", "a"): (6, ""),
    ...     ("team", "b"): (None, "hidden (<5)")}, ["team"])
    >>> found.keys, found.matrix.toarray().tolist()
    ([('all', 'all'), ('team', 'a'), ('team', 'b')], [[1, 1, 1], [0, 1, 0], [0, 0, 1]])
    """
    units = {lens: sorted({unit for name, unit in cells if name == lens}) for lens in lenses}
    units = {lens: some for lens, some in sorted(units.items()) if some}
    pairs: dict[tuple[str, str], set[tuple[str, str]]] = {}
    for lens, unit in cells:
        both, inside = uncrossed(lens), uncrossed(unit)
        if lens in units or both is None or inside is None or not set(both) <= set(units):
            continue
        pairs.setdefault(both, set()).add(inside)
    complete = _complete(cells, units)
    found: list[System] = []
    for part in _connected(list(units), list(pairs)):
        mine = {both: some for both, some in pairs.items() if set(both) <= set(part)}
        kinds = _kinds(part, units, mine, complete)
        if kinds is not None:
            found.append(_system(cells, part, units, mine, kinds))
            continue
        for both, some in mine.items():
            few = _kinds(list(both), units, {both: some}, complete)
            if few is None:
                raise InputError(
                    "There are too many units to be taken together.", found=" x ".join(both)
                )
            found.append(_system(cells, list(both), units, {both: some}, few))
    return found


def _complete(
    cells: Mapping[Key, tuple[int | None, str]], units: Mapping[str, Sequence[str]]
) -> set[str]:
    """The lenses whose units add up to everybody."""
    total = cells.get(EVERYBODY, (None, ""))[0]
    return {
        lens
        for lens, some in units.items()
        if total is not None
        and all(cells[lens, unit][0] is not None for unit in some)
        and sum(cells[lens, unit][0] or 0 for unit in some) == total
    }


def _connected(lenses: list[str], pairs: list[tuple[str, str]]) -> list[list[str]]:
    """Lenses that crossings connect."""
    group = {lens: {lens} for lens in lenses}
    for one, other in pairs:
        both = group[one] | group[other]
        for lens in both:
            group[lens] = both
    return [sorted(each) for each in {id(group[lens]): group[lens] for lens in lenses}.values()]


def _kinds(
    lenses: Sequence[str],
    units: Mapping[str, Sequence[str]],
    pairs: Mapping[tuple[str, str], Collection[tuple[str, str]]],
    complete: Collection[str],
) -> Whole | None:
    """Every combination of units, or none, that no crossing rules out; None if too many."""
    rows = np.zeros((1, 0), np.int64)
    for place, lens in enumerate(lenses):
        options = [*range(len(units[lens])), *([] if lens in complete else [_NOBODY])]
        if len(rows) * len(options) > 40 * _MOST_KINDS:
            return None
        rows = np.hstack(
            [np.repeat(rows, len(options), axis=0), np.tile(options, len(rows))[:, None]]
        )
        for before, other in enumerate(lenses[:place]):
            both = (other, lens) if (other, lens) in pairs else (lens, other)
            if both not in pairs:
                continue
            allowed = _allowed(units[other], units[lens], pairs[both], turned=both[0] == lens)
            rows = rows[allowed[rows[:, before], rows[:, place]]]
        if len(rows) > _MOST_KINDS:
            return None
    return rows[np.lexsort(rows.T[::-1])] if rows.shape[1] else rows


def _allowed(
    one: Sequence[str],
    other: Sequence[str],
    named: Collection[tuple[str, str]],
    *,
    turned: bool,
) -> Flags:
    """Which units may meet; the last row and column stand for no unit."""
    place = {unit: number for number, unit in enumerate(one)}
    places = {unit: number for number, unit in enumerate(other)}
    found = np.zeros((len(one) + 1, len(other) + 1), bool)
    found[_NOBODY, :] = found[:, _NOBODY] = True
    for first, second in named:
        here, there = (second, first) if turned else (first, second)
        if here in place and there in places:
            found[place[here], places[there]] = True
    return found


def _system(
    cells: Mapping[Key, tuple[int | None, str]],
    lenses: Sequence[str],
    units: Mapping[str, Sequence[str]],
    pairs: Mapping[tuple[str, str], Collection[tuple[str, str]]],
    kinds: Whole,
) -> System:
    """The named cells over the kinds."""
    where = {lens: place for place, lens in enumerate(lenses)}
    number = {lens: {unit: code for code, unit in enumerate(units[lens])} for lens in lenses}
    keys: list[Key] = []
    rows: list[Flags] = []
    for lens, unit in cells:
        if (lens, unit) == EVERYBODY:
            row = np.ones(len(kinds), bool)
        elif lens in where:
            row = kinds[:, where[lens]] == number[lens][unit]
        else:
            both, inside = uncrossed(lens), uncrossed(unit)
            if both is None or inside is None or both not in pairs:
                continue
            row = np.ones(len(kinds), bool)
            for name, part in zip(both, inside, strict=True):
                row &= kinds[:, where[name]] == number[name].get(part, -2)
        keys.append((lens, unit))
        rows.append(row)
    known = [cells[key][0] for key in keys]
    return System(
        keys,
        np.array([-1 if n is None else n for n in known], np.int64),
        [cells[key][1] for key in keys],
        sparse.csr_array(np.array(rows, np.int64).reshape(len(keys), len(kinds))),
        (kinds == _NOBODY).any(axis=1),
    )
