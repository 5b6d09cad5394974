"""The lattice: every sum that a report publishes about one wave, as sets of people.

Published are the whole, every unit of every lens and every cell of two lenses crossed. Two people
who share all their units stand in the same cells, so nothing that is published can tell them apart:
together they are one atom. A cell is then a row of zeros and ones over the atoms, and what can be
worked out from published sums is what can be combined linearly from these rows.

Names and cells are two things. A team of one function is the same people as that function crossed
with the team, so it is one cell with two names; it is decided once, and every name of it follows.
An empty cell is no cell. Whoever has no unit in a lens is in no unit of it but in the whole still.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy import sparse

from cultureplus import columns as c
from cultureplus.crossed import crossed_name
from cultureplus.errors import InputError

CELL = "cell"
LENSES = "lenses"  # how many lenses name the cell: 0 the whole, 1 a unit, 2 a pair

Whole = npt.NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Lattice:
    """Cells of one wave over the atoms of its people.

    `names`: lens, unit, n (people), lenses (0, 1 or 2), cell (which row of the matrix), one row per
    name, the whole first; `matrix`: cells x atoms, zeros and ones; `sizes`: people per atom;
    `atom`: the atom of each person, in the order in which they were given. A cell's first name is
    the one with the fewest lenses.
    """

    names: pd.DataFrame
    matrix: Any  # scipy.sparse.csr_array
    sizes: Whole
    atom: Whole

    @property
    def cells(self) -> pd.DataFrame:
        """The first name of every cell, in the order of the matrix: lens, unit, n, lenses."""
        first = self.names.drop_duplicates(CELL).sort_values(CELL, ignore_index=True)
        return first[[c.LENS, c.UNIT, c.N, LENSES]]


def lattice_of(membership: pd.DataFrame, *, pairs: bool = True) -> Lattice:
    """The cells, the atoms and who lies where.

    `membership`: one row per respondent, one column per lens, units as text, missing where somebody
    has none; `pairs`: whether two lenses crossed are published too. The order of the rows changes
    nothing. Raises `InputError` where a lens stands twice or is called 'all'.

    Reference: Cox (1980), Journal of the American Statistical Association 75, 377-385.

    >>> people = pd.DataFrame({"function": ["F", "F", "G"], "level": ["1", "2", "2"]})
    >>> found = lattice_of(people)
    >>> print(found.names[["lens", "unit", "n", "cell"]].to_string(index=False))
                    lens  unit  n  cell
                     all   all  3     0
                function     F  2     1
                function     G  1     2
                   level     1  1     3
                   level     2  2     4
        function x level F x 1  1     3
        function x level F x 2  1     5
        function x level G x 2  1     2
    """
    lenses = [str(name) for name in membership.columns]
    twice = sorted({name for name in lenses if lenses.count(name) > 1})
    if twice or c.ALL in lenses:
        raise InputError(
            f"Every lens has a name of its own, and none is called '{c.ALL}'.",
            found=", ".join(twice) or c.ALL,
            fix="rename it under [units] in survey.toml",
        )
    codes, units = _codes(membership, lenses)
    atoms, atom, sizes = np.unique(codes, axis=0, return_inverse=True, return_counts=True)
    if not len(lenses):
        atoms, sizes = np.zeros((1, 0), np.int64), np.array([len(membership)])
        atom = np.zeros(len(membership), np.int64)
    names: list[tuple[str, str, int]] = []
    rows: list[Whole] = []
    if len(membership):
        names.append((c.ALL, c.ALL, 0))
        rows.append(np.arange(len(atoms)))
    for place, lens in enumerate(lenses):
        for code, members in _groups(atoms[:, place]):
            names.append((lens, units[place][code], 1))
            rows.append(members)
    for one, other in combinations(range(len(lenses)), 2) if pairs else ():
        inside = (atoms[:, one] >= 0) & (atoms[:, other] >= 0)
        width = len(units[other])
        crossed = np.where(inside, atoms[:, one] * width + atoms[:, other], -1)
        for code, members in _groups(crossed):
            unit = crossed_name(units[one][code // width], units[other][code % width])
            names.append((crossed_name(lenses[one], lenses[other]), unit, 2))
            rows.append(members)
    return _assembled(names, rows, sizes.astype(np.int64), atom.ravel().astype(np.int64))


def _codes(membership: pd.DataFrame, lenses: Sequence[str]) -> tuple[Whole, list[list[str]]]:
    """Per person and lens the number of the unit in the order of names, -1 where there is none."""
    codes = np.full((len(membership), len(lenses)), -1, np.int64)
    units: list[list[str]] = []
    for place in range(len(lenses)):
        column = membership.iloc[:, place]
        known = column.notna().to_numpy()
        text = column[known].astype("str")
        found = sorted(set(text))
        number = {unit: code for code, unit in enumerate(found)}
        codes[known, place] = [number[unit] for unit in text]
        units.append(found)
    return codes, units


def _groups(code: Whole) -> list[tuple[int, Whole]]:
    """Every code from 0 on, with the places where it stands."""
    order = np.argsort(code, kind="stable")
    found, starts = np.unique(code[order], return_index=True)
    members = np.split(order, starts[1:]) if len(found) else []
    pairs = zip(found.tolist(), members, strict=True)
    return [(value, np.sort(some)) for value, some in pairs if value >= 0]


def _assembled(
    names: Sequence[tuple[str, str, int]], rows: Sequence[Whole], sizes: Whole, atom: Whole
) -> Lattice:
    """Names of the same atoms become one cell."""
    cell_of: dict[bytes, int] = {}
    cells: list[int] = []
    kept: list[Whole] = []
    for row in rows:
        key = row.tobytes()
        if key not in cell_of:
            cell_of[key] = len(kept)
            kept.append(row)
        cells.append(cell_of[key])
    indptr = np.cumsum([0, *(len(row) for row in kept)])
    indices = np.concatenate(kept) if kept else np.zeros(0, np.int64)
    matrix = sparse.csr_array(
        (np.ones(len(indices), np.int64), indices, indptr), shape=(len(kept), len(sizes))
    )
    people = np.asarray(matrix @ sizes, np.int64)
    table = pd.DataFrame(
        {
            c.LENS: pd.Series([name[0] for name in names], dtype="str"),
            c.UNIT: pd.Series([name[1] for name in names], dtype="str"),
            c.N: people[cells] if cells else np.zeros(0, np.int64),
            LENSES: np.array([name[2] for name in names], np.int64),
            CELL: np.array(cells, np.int64),
        }
    )
    return Lattice(table, matrix, sizes, atom)
