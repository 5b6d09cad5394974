"""Snapshots: who stood in which published cell, and what two of them give away together.

A wave that is released twice, with one late answer in between, gives that answer away: the new sum
less the old one is one person's. So a release leaves a snapshot behind, of membership and never of
answers, and the next one is held against it. A sum is published per cell and per column (an item,
a scale), so somebody who came back for one more question counts as having joined that column.

What is looked at, for the people and for every column, is how many people have a part in
- the difference of a cell that both releases show;
- the difference of a remainder: a cell less all shown units of a lens that lie in it;
- a remainder of one release after the units that only the other one shows are taken away as well;
- the difference of two such cell differences of different lenses (the people alone; of more than
  1,500 changed cells those that changed least).
What is not looked for: other sums and differences of several cells, three releases at once, what
rounding leaves open, and answers that were corrected while the people stayed the same.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from cultureplus import columns as c
from cultureplus.crossed import crossed_units, pairs_of
from cultureplus.disclosure.plan import ReportingPlan
from cultureplus.errors import InputError
from cultureplus.survey import Survey

Cell = tuple[str, str]  # lens, unit
Places = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]
Term = tuple[int, int, Cell]  # sign, release (0 the earlier, 1 the later), cell

EVERYBODY: Cell = (c.ALL, c.ALL)
_MOST_PAIRED = 1_500  # changed cells of which every two are compared


@dataclass(frozen=True)
class Snapshot:
    """Who was counted in one wave, and where.

    `people`: a keyed hash of each respondent, in the order of the hashes; `linked`: whether these
    stand for the same person in every file (False: for a row of the export); `cells`: per published
    (lens, unit) the places of its people in that list; `without`: per column (item, scale) the
    places of those who have no value in it; `salt`: a keyed hash of the salt with which the files
    were read, because with another one the same people have other keys.
    """

    wave: str
    min_n: int
    linked: bool
    people: tuple[str, ...]
    cells: Mapping[Cell, tuple[int, ...]]
    without: Mapping[str, tuple[int, ...]]
    salt: str = ""


def snapshot_of(
    survey: Survey,
    scores: pd.DataFrame,
    plan: ReportingPlan,
    wave: str,
    *,
    linked: bool,
    keyed: Callable[[str], str],
    salt: str = "",
) -> Snapshot:
    """The snapshot of a wave as a plan releases it.

    `scores`: as `score` gives them for this survey; `linked`: whether the export says who answers;
    `keyed`: makes a respondent's key unreadable, the same each time; `salt`: that of survey.toml,
    '' where nothing there is keyed. Missing answers are noted per
    column, whoever answered nothing is left out, and a column that nobody answered was not asked.
    Raises `InputError` where the plan shows a lens that the survey does not have.

    >>> from cultureplus import plan_reporting, read_survey, score
    >>> army = read_survey("data/army2002")
    >>> found = snapshot_of(army, score(army), plan_reporting(army), army.wave,
    ...                     linked=False, keyed=str)
    >>> len(found.people), len(found.cells[("all", "all")]), found.min_n
    (2042, 2042, 5)
    """
    answered = survey.people[c.RESPONDED].fillna(value=True).astype("bool")
    here = answered & (survey.people.index.get_level_values(c.WAVE) == wave)
    people = survey.people.loc[here].droplevel(c.WAVE)
    names = [keyed(str(name)) for name in people.index]
    order = np.argsort(np.array(names, dtype="str"), kind="stable")
    people, hashes = people.iloc[order], tuple(names[place] for place in order)

    cells: dict[Cell, tuple[int, ...]] = {}
    pairs = pairs_of(survey.lenses)
    shown = plan.cells.loc[(plan.cells[c.WAVE] == wave) & plan.cells[c.SHOWN]]
    for lens, units in shown.groupby(c.LENS, sort=True)[c.UNIT]:
        if lens == c.ALL:
            cells[EVERYBODY] = tuple(range(len(people)))
            continue
        if lens in pairs:
            units_of = crossed_units(people, *pairs[str(lens)])
        elif lens in survey.lenses:
            units_of = people[lens]
        else:
            raise InputError(
                "A cell is to be published, but who is in it can't be entered in the ledger.",
                found=lens,
                possible=[*survey.lenses, *pairs],
            )
        places = people.groupby(units_of.to_numpy(), sort=True).indices
        for unit in sorted(units):
            cells[str(lens), str(unit)] = tuple(int(place) for place in places[unit])

    columns = {name: survey.answers[name] for name in survey.answers}
    columns |= {name: scores[name] for name in c.scale_columns(scores)}
    keys = pd.MultiIndex.from_product([[wave], people.index], names=[c.WAVE, c.RESPONDENT])
    without = {}
    for name, values in sorted(columns.items()):
        absent = values.reindex(keys).isna().to_numpy()
        if not absent.all():
            without[str(name)] = tuple(np.flatnonzero(absent).tolist())
    own = keyed(salt) if linked and salt else ""
    return Snapshot(wave, plan.min_n, linked, hashes, cells, without, own)


def same_people(one: Snapshot, other: Snapshot) -> bool:
    """Whether the same people stand in two snapshots, and answered the same questions.

    Only cells and columns that stand in both are compared.
    """
    cells, columns = set(one.cells) & set(other.cells), set(one.without) & set(other.without)
    return (
        one.people == other.people
        and all(one.cells[cell] == other.cells[cell] for cell in cells)
        and all(one.without[column] == other.without[column] for column in columns)
    )


def almost_the_same(earlier: Snapshot, later: Snapshot, min_n: int) -> list[Cell]:
    """Cells shown in two waves that differ by 1 to `min_n - 1` people; none without linked people.

    Their means are of different answers, so nothing exact follows from the two alone.

    >>> def wave(people):
    ...     return Snapshot("w", 5, True, people, {("all", "all"): tuple(range(len(people)))}, {})
    >>> almost_the_same(wave(tuple("abcdef")), wave(tuple("abcdeg")), 5)
    [('all', 'all')]
    """
    if not (earlier.linked and later.linked):
        return []
    pair = _Pair(earlier, later)
    found = []
    for cell in sorted(set(earlier.cells) & set(later.cells)):
        differing = len(np.setxor1d(pair.places[0][cell], pair.places[1][cell]))
        if 0 < differing < min_n:
            found.append(cell)
    return found


def given_away(earlier: Snapshot, later: Snapshot, min_n: int) -> list[Cell]:
    """Cells whose two releases of one wave would give 1 to `min_n - 1` people away.

    The module's essay says what is looked at and what is not. A remainder is named by the lens that
    leaves it and the unit that it lies in. Returns lens and unit, none where all is well.

    Reference: Denning, Denning & Schwartz (1979), ACM Transactions on Database Systems 4, 76-96.

    >>> def release(people):
    ...     return Snapshot("w", 5, True, people, {("all", "all"): tuple(range(len(people)))}, {})
    >>> given_away(release(tuple("abcdef")), release(tuple("abcdefg")), 5)
    [('all', 'all')]
    >>> given_away(release(tuple("abcdef")), release(tuple("abcdefghijk")), 5)
    []
    """
    pair = _Pair(earlier, later)
    found: set[Cell] = set()
    changes: list[tuple[Cell, list[Term]]] = []
    for cell in sorted(set(earlier.cells) & set(later.cells)):
        terms: list[Term] = [(1, 1, cell), (-1, 0, cell)]
        counts = pair.taking_part(terms)
        if pair.few(counts, terms, min_n):
            found.add(cell)
        if counts[0]:
            changes.append((cell, terms))
    for name, terms in _remainders(pair):
        if pair.few(pair.taking_part(terms), terms, min_n):
            found.add(name)
    well = [change for change in changes if change[0] not in found]
    return sorted(found | _crossing(pair, well, min_n))


class _Pair:
    """Two snapshots over one list of people."""

    def __init__(self, earlier: Snapshot, later: Snapshot) -> None:
        self.releases = (earlier, later)
        everybody = sorted({*earlier.people, *later.people})
        number = {name: place for place, name in enumerate(everybody)}
        # First the people themselves, then each column that both releases have.
        columns = sorted(set(earlier.without) & set(later.without))
        self.there: list[Flags] = []
        self.places: list[dict[Cell, Places]] = []
        for each in self.releases:
            own = np.array([number[name] for name in each.people], np.int64)
            there = np.zeros((len(everybody), 1 + len(columns)), np.bool_)
            there[own] = True
            for column, name in enumerate(columns, start=1):
                there[own[np.array(each.without[name], np.int64)], column] = False
            self.there.append(there)
            self.places.append(
                {cell: own[np.array(places, np.int64)] for cell, places in each.cells.items()}
            )

    def taking_part(self, terms: list[Term]) -> Places:
        """How many people have a part in a sum of cells: in all, and per column."""
        counts: Places = np.count_nonzero(self.vector(terms)[1], axis=0).astype(np.int64)
        return counts

    def vector(self, terms: list[Term]) -> tuple[Places, npt.NDArray[np.int8]]:
        """The people of a sum of cells, and how often each counts: people x columns."""
        parts = [self.places[release][cell] for _, release, cell in terms]
        people = np.unique(np.concatenate(parts))
        total = np.zeros((len(people), self.there[0].shape[1]), np.int8)
        for (sign, release, _), places in zip(terms, parts, strict=True):
            total[np.searchsorted(people, places)] += np.int8(sign) * self.there[release][places]
        return people, total

    def few(self, counts: Places, terms: list[Term], min_n: int) -> bool:
        """Whether a column that all of these cells publish is left with a few people."""
        published = np.ones(len(counts), np.bool_)
        for _, release, cell in terms[:2]:  # the cells themselves; units only take away
            n = self.there[release][self.places[release][cell]].sum(axis=0)
            published &= n >= self.releases[release].min_n
        return bool(((counts > 0) & (counts < min_n) & published).any())

    def inside(self, release: int, lens: str, within: str) -> dict[Cell, list[Cell]]:
        """Which shown units of a lens lie wholly in which shown unit of another."""
        places = self.places[release]
        units = [cell for cell in places if cell[0] == lens]
        if within == c.ALL:
            return {EVERYBODY: units} if EVERYBODY in places else {}
        above = [cell for cell in places if cell[0] == within]
        number = np.full(len(self.there[0]), -1, np.int64)
        for code, cell in enumerate(above):
            number[places[cell]] = code
        found: dict[Cell, list[Cell]] = {cell: [] for cell in above}
        for cell in units:
            codes = number[places[cell]]
            if len(codes) and codes[0] >= 0 and (codes == codes[0]).all():
                found[above[codes[0]]].append(cell)
        return found


def _remainders(pair: _Pair) -> Iterator[tuple[Cell, list[Term]]]:
    """What is left of a cell when shown units are taken from it, over both releases."""
    lenses = sorted({cell[0] for places in pair.places for cell in places} - {c.ALL})
    for lens in lenses:
        for within in (c.ALL, *lenses):
            if within == lens:
                continue
            inside = [pair.inside(release, lens, within) for release in (0, 1)]
            for whole in sorted({*inside[0], *inside[1]}):
                units = [set(side.get(whole, [])) for side in inside]
                if not (units[0] or units[1]):
                    continue
                name = (lens, whole[1])
                if whole in inside[0] and whole in inside[1]:
                    terms: list[Term] = [(1, 1, whole), (-1, 0, whole)]
                    terms += [(-1, 1, cell) for cell in sorted(units[1])]
                    yield name, terms + [(1, 0, cell) for cell in sorted(units[0])]
                for release in (0, 1):
                    alien = units[1 - release] - units[release]
                    if whole in inside[release] and alien:
                        terms = [(1, release, whole)]
                        terms += [(-1, release, cell) for cell in sorted(units[release])]
                        yield name, terms + [(-1, 1 - release, cell) for cell in sorted(alien)]


def _crossing(pair: _Pair, changes: list[tuple[Cell, list[Term]]], min_n: int) -> set[Cell]:
    """Cells of two lenses whose changes are nearly the same people."""
    signed: list[tuple[Cell, dict[int, int]]] = []
    for cell, terms in changes:
        people, total = pair.vector(terms)
        signed.append(
            (cell, {int(p): int(v) for p, v in zip(people, total[:, 0], strict=True) if v})
        )
    signed = sorted(signed, key=lambda each: len(each[1]))[:_MOST_PAIRED]
    found: set[Cell] = set()
    for place, (cell, change) in enumerate(signed):
        for other in range(place - 1, -1, -1):
            rival, second = signed[other]
            if len(change) - len(second) >= min_n:
                break  # from here on they are smaller still
            if rival[0] == cell[0]:
                continue  # units of one lens share nobody but those who moved between them
            everybody = {*change, *second}
            for sign in (1, -1):
                left = sum(change.get(p, 0) != sign * second.get(p, 0) for p in everybody)
                if 0 < left < min_n:
                    found |= {cell, rival}
    return found
