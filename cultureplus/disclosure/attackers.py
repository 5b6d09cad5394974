"""The eight attackers: what each of them can work out from published cells.

Each looks at the same cells and does one thing more than the one before. What a simpler attacker
has found is not told again by a cleverer one, so a finding says what it takes. A finding is a
breach where the sum over 1 to `min_n` - 1 people follows, whatever the rounding leaves of it, for
nobody should have to count on rounding; or where the mean of so few is known within one point of
the answer range (half a point for a score of several answers).

Where an insider stands is known from no table. So an insider is put into every place that names and
numbers allow, alone; what follows then is told, but is a breach only where that place is a cell
that the report itself calls too small, or where the numbers say that nobody else can stand there.
Whether somebody stands alone where three lenses cross, no table says. Where the files alone give
few people away, no insider is asked.

In a shown cell of exactly `min_n` people, somebody who is in it always knows the sum of the others.
That is what `min_n` means; it is counted, not called a breach.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from cultureplus.disclosure.bounds import Means, Sizes, cheapest_way, most_people
from cultureplus.disclosure.few_people import Blocks, Found
from cultureplus.disclosure.named_people import (
    EVERYBODY,
    Flags,
    Floats,
    Key,
    System,
    Whole,
    systems_of,
    uncrossed,
)
from cultureplus.disclosure.reasons import hidden_below
from cultureplus.disclosure.released_cells import RESPONSE, Column

SUBTRACTION = "subtraction"
GAUSS = "Gaussian elimination"
UNION = "union of cells"
INTERVAL = "interval"
INSIDER = "insider"
COALITION = "coalition of two"
RERUN = "rerun"
JOINERS = "joiners and leavers"
ATTACKERS: Mapping[str, str] = {
    SUBTRACTION: "takes all parts but one from a shown cell: what is left is the hidden part",
    GAUSS: "combines any number of shown cells until one hidden cell is left",
    UNION: "combines shown cells until a union of several hidden cells of few people is left",
    INTERVAL: "bounds the mean of a hidden cell by rounding, numbers of people and answer range",
    INSIDER: "stands alone where two cells cross, and takes the own answer out of what is left",
    COALITION: "two people who tell one another what they answered do the same",
    RERUN: "holds the report against an earlier one of the same wave",
    JOINERS: "holds the change of linked people against the means of both waves",
}

POINT, HALF_POINT = 1.0, 0.5  # of the answer range: of one answer, of a score of several
SEARCHES = 40  # for insiders who are not known to gain nothing, per set of shown cells
_NAMED = 6  # cells that a finding names
_EXAMPLES = 10


@dataclass(frozen=True)
class Finding:
    """What somebody could derive.

    `group`: whose sum it is; `fewest` and `most`: how many people; `low` and `high`: between what
    their mean lies (missing where only their number is known); `made_of`: published cells; `note`;
    `exact`: whether the sum follows but for rounding; `breach`.
    """

    attacker: str
    column: tuple[str, str, str, str]
    group: str
    fewest: int
    most: int
    low: float
    high: float
    made_of: str
    note: str = ""
    exact: bool = True
    breach: bool = True


@dataclass
class Looked:
    """How much an attacker looked at: columns, cells, and equations or programmes."""

    columns: set[tuple[str, str, str, str]] = field(default_factory=set)
    cells: int = 0
    equations: int = 0
    undecided: int = 0


Book = dict[str, Looked]


def new_book() -> Book:
    """Nothing looked at yet, by any attacker."""
    return {name: Looked() for name in ATTACKERS}


@dataclass(frozen=True, eq=False)
class Union:
    """Few people whose sum follows: who found it, flags over kinds, and of which cells it is made.

    `way`: how often each cell of the system is taken, negative where it is taken away.
    """

    attacker: str
    kinds: Flags
    people: int
    group: str
    way: Floats
    note: str = ""
    certain: bool = True


@dataclass(frozen=True, eq=False)
class Solved:
    """The linear part of one system: unions of few people, and what the search saw."""

    system: System
    blocks: Blocks
    found: Found
    unions: list[Union]


def label(key: Key) -> str:
    """A cell's name as people read it.

    >>> label(("function", "Sales")), label(("all", "all"))
    ('Sales (function)', 'everybody')
    """
    return "everybody" if key == EVERYBODY else f"{key[1]} ({key[0]})"


def pattern_of(column: Column) -> tuple[tuple[Key, int | None, str], ...]:
    """What of a column decides which sums follow: columns with one pattern are solved once."""
    return tuple(
        sorted(
            ((key, cell.n, cell.reason) for key, cell in column.cells.items()),
            key=lambda each: each[0],
        )
    )


def solve(column: Column, lenses: frozenset[str], min_n: int, book: Book) -> list[Solved]:
    """The first three attackers on one pattern."""
    cells = {key: (cell.n, cell.reason) for key, cell in sorted(column.cells.items())}
    out = []
    for system in systems_of(cells, lenses):
        shown = np.flatnonzero(system.shown)
        unions = list(_subtraction(system, min_n, book[SUBTRACTION]))
        blocks = Blocks(system.matrix[shown], system.n[shown])
        found = blocks.search(min_n - 1)
        for name in (GAUSS, UNION):
            book[name].equations += len(shown)
            book[name].undecided += int(found.undecided or not found.fits)
        empty = found.empty[blocks.of_kind]
        for flags, people in zip(found.unions, found.people, strict=True):
            kinds = flags[blocks.of_kind]
            if any(people == old.people and not (kinds & ~old.kinds).any() for old in unions):
                continue
            attacker, group = _described(system, kinds, empty)
            way = _way(system, blocks, shown, flags, found.empty, [])
            unions.append(Union(attacker, kinds, people, group, way))
        out.append(Solved(system, blocks, found, unions))
    return out


def _subtraction(system: System, min_n: int, looked: Looked) -> Iterator[Union]:
    """Every shown cell less its shown parts by one lens, where one part at most is hidden."""
    place = {key: number for number, key in enumerate(system.keys)}
    parts: dict[tuple[int, str], list[int]] = {}
    for number, (lens, unit) in enumerate(system.keys):
        if (lens, unit) == EVERYBODY:
            continue
        both, inside = uncrossed(lens), uncrossed(unit)
        if both is not None and inside is not None and (both[0], inside[0]) in place:
            for one in (0, 1):
                above = place.get((both[one], inside[one]))
                if above is not None:
                    parts.setdefault((above, lens), []).append(number)
        elif EVERYBODY in place:
            parts.setdefault((place[EVERYBODY], lens), []).append(number)
    for (above, _), some in parts.items():
        if system.n[above] < 0:
            continue
        looked.equations += 1
        shown = [number for number in some if system.n[number] >= 0]
        hidden = [number for number in some if system.n[number] < 0]
        people = int(system.n[above] - system.n[shown].sum())
        if len(hidden) > 1 or not 1 <= people < min_n:
            continue
        way = np.zeros(len(system.keys))
        way[above], way[shown] = 1, -1
        kinds = np.asarray(way.astype(np.int64) @ system.matrix) > 0
        group = "people without a unit in it"
        if hidden:
            group = label(system.keys[hidden[0]])
        yield Union(SUBTRACTION, kinds, people, group, way)


def _described(system: System, kinds: Flags, empty: Flags) -> tuple[str, str]:
    """Who found a union and what it is called."""
    rows = system.matrix
    size = np.asarray(rows.sum(axis=1)).ravel()
    inside = np.asarray(rows @ (kinds | empty).astype(np.int64)).ravel() == size
    touches = np.asarray(rows @ kinds.astype(np.int64)).ravel()
    hidden = np.flatnonzero(inside & (touches > 0) & ~system.shown)
    order = hidden[np.argsort(-touches[hidden], kind="stable")]
    covered = np.zeros(len(kinds), bool)
    names = []
    for cell in order.tolist():
        mine = rows[[cell]].toarray()[0].astype(bool) & kinds
        if (mine & ~covered).any():
            names.append(cell)
            covered |= mine
    rest = kinds & ~covered & ~system.loose
    if names and not rest.any():
        group = " + ".join(label(system.keys[cell]) for cell in names[:_NAMED])
        more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
        return (GAUSS if len(names) == 1 else UNION), group + more
    return UNION, _around(system, kinds)


def _around(system: System, kinds: Flags) -> str:
    """Kinds of people, called after the smallest cells that hold them."""
    rows = system.matrix
    touches = np.asarray(rows @ kinds.astype(np.int64)).ravel()
    size = np.asarray(rows.sum(axis=1)).ravel()
    holding = np.flatnonzero(touches == kinds.sum())
    order = holding[np.argsort(size[holding], kind="stable")][:2]
    return "some of " + " and ".join(label(system.keys[cell]) for cell in order.tolist())


def _way(
    system: System,
    blocks: Blocks,
    shown: Whole,
    flags: Flags,
    empty: Flags,
    own: Sequence[int],
) -> Floats:
    """How a union is made of shown cells, nothing where the programme does not say."""
    way = np.zeros(len(system.keys))
    counted = ~empty
    counted[list(own)] = False
    found = cheapest_way(
        blocks.rows[:, counted].astype(float), flags[counted].astype(float), blocks.n.astype(float)
    )
    if found is not None:
        way[shown] = found
    return way


def told(union: Union, system: System, column: Column) -> Finding:
    """A union as a finding in one column: between what the mean of its people lies."""
    low = high = 0.0
    cells = [column.cells[key] for key in system.keys]
    for often, cell in zip(union.way.tolist(), cells, strict=True):
        if often:
            n = float(cell.n or 0)
            ends = max(cell.low, column.low) * n * often, min(cell.high, column.high) * n * often
            low, high = low + min(ends), high + max(ends)
    known = not column.counts_only and union.attacker not in (INSIDER, COALITION)
    ends = (
        max(low / union.people, column.low) if known else math.nan,
        min(high / union.people, column.high) if known else math.nan,
    )
    return Finding(
        union.attacker, column.key, union.group, union.people, union.people, ends[0], ends[1],
        _made_of(union.way, system), union.note, breach=union.certain,
    )  # fmt: skip


def _made_of(way: Floats, system: System) -> str:
    """A combination in words: what is added, then what is taken away."""
    parts = []
    for sign, word in ((1, "+"), (-1, "-")):
        for place in np.flatnonzero(np.sign(way) == sign).tolist():
            often = abs(way[place])
            times = "" if abs(often - 1) < 1e-6 else f"{often:.3g} x "
            parts.append(f"{word} {times}{label(system.keys[place])}")
    more = f" and {len(parts) - 2 * _NAMED} more" if len(parts) > 2 * _NAMED else ""
    return " ".join(parts[: 2 * _NAMED]).removeprefix("+ ") + more


def intervals(
    column: Column, solved: Sequence[Solved], min_n: int, looked: Looked
) -> Iterator[Finding]:
    """The fourth attacker: hidden cells of few people whose mean is known nearly enough."""
    if column.counts_only:
        return
    width = POINT if column.n_items == 1 else HALF_POINT
    small = hidden_below(min_n)
    for each in solved:
        system = each.system
        cells = [column.cells[key] for key in system.keys]
        sizes = Sizes.of(system, min_n, small=small, there=column.scale == RESPONSE)
        few = np.array([cell.reason == small and not cell.shown for cell in cells], bool)
        for union in each.unions:  # told already
            inside = np.asarray(system.matrix @ (~union.kinds).astype(np.int64)).ravel() == 0
            few &= ~inside
        targets = np.flatnonzero(few)
        looked.cells += len(targets)
        looked.equations += int(system.shown.sum())
        if not len(targets) or not each.found.fits:
            continue
        means = Means(
            sizes,
            np.array([cell.low for cell in cells]),
            np.array([cell.high for cell in cells]),
            (column.low, column.high),
        )
        for target, ends in means.narrow(targets, width).items():
            if ends is None:
                looked.undecided += 1
                continue
            yield Finding(
                INTERVAL, column.key, label(system.keys[target]), 1, min_n - 1, *ends,
                "all shown cells of the column together",
                "the answer range is assumed" if column.assumed else "", exact=False,
            )  # fmt: skip


def insiders(solved: Solved, column: Column, min_n: int, book: Book, searches: int) -> list[Union]:
    """The fifth and sixth attacker, put into every place that the names and numbers allow."""
    sizes = Sizes.of(
        solved.system, min_n, small=hidden_below(min_n), there=column.scale == RESPONSE
    )
    system, blocks, base = solved.system, solved.blocks, solved.found
    crossed = len({lens for lens, _ in system.keys if uncrossed(lens) is None}) > 2
    found: list[Union] = []
    there = [block for block in range(len(blocks)) if not base.empty[block]]
    for name, count in ((INSIDER, 1), (COALITION, 2)):
        book[name].cells += len(there)
        if not crossed or not base.fits or solved.unions or min_n - count < 2:
            continue  # the units of one lens are disjoint: nothing to take oneself out of
        helpless = blocks.helpless(min_n - 1, _examples(blocks, base, min_n))
        book[name].equations += math.comb(len(there) + count - 1, count)
        todo = searches * 20 // max(len(blocks.rows), 20) // count  # as large ones take longer
        for own, left in helpless.unsafe(there, count):
            if not todo:
                book[name].undecided += left
                break
            todo -= 1
            found += _by_insiders(solved, own, name, min_n, found, sizes)
    return found


def _examples(blocks: Blocks, base: Found, min_n: int) -> Floats:
    """Further numbers of people that fit, each with other blocks large."""
    draw = np.random.default_rng(20270)
    out = list(base.examples)
    for _ in range(_EXAMPLES):
        some = np.flatnonzero(draw.random(len(blocks)) < 0.5)
        people = most_people(blocks.rows, blocks.n, some, float(min_n)) if len(some) else None
        if people is not None:
            out.append(people)
    return np.array(out)


def _by_insiders(
    solved: Solved,
    own: tuple[int, ...],
    name: str,
    min_n: int,
    before: Sequence[Union],
    sizes: Sizes,
) -> list[Union]:
    """What these people find out about few others and nobody could without them."""
    system, blocks = solved.system, solved.blocks
    search = blocks.search(min_n - 1 - len(own), own)
    found: list[Union] = []
    mine = np.isin(blocks.of_kind, own)
    for flags, people in zip(search.unions, search.people, strict=True):
        kinds = flags[blocks.of_kind]
        known = [*solved.unions, *before, *found]
        if any(not (old.kinds & ~(kinds | mine)).any() for old in known):
            continue
        if not sizes.allow(mine, len(own)):
            continue
        _, group = _described(system, kinds, search.empty[blocks.of_kind])
        shown = np.flatnonzero(system.shown)
        way = _way(system, blocks, shown, flags, search.empty, sorted(set(own)))
        places = " and ".join(
            _around(system, blocks.of_kind == block).removeprefix("some of ") for block in own
        )
        who = f"somebody alone in {places}" if name == INSIDER else f"two in {places}"
        certain = not sizes.allow(mine, len(own) + 1, or_more=True) or all(
            _is_small_cell(system, blocks.of_kind == block, search.empty[blocks.of_kind], min_n)
            for block in own
        )
        note = f"by {who}" if certain else f"by {who}, if nobody else is there"
        found.append(Union(name, kinds, people, group, way, note, certain))
    return found


def _is_small_cell(system: System, kinds: Flags, empty: Flags, min_n: int) -> bool:
    """Whether a place has a name of its own and is hidden as small."""
    small = hidden_below(min_n)
    return any(
        reason == small and np.array_equal(row.astype(bool) & ~empty, kinds & ~empty)
        for row, reason in zip(system.matrix.toarray(), system.reasons, strict=True)
    )
