"""The attack: unions of few people whose sum follows from published sums.

A union of atoms is found out when its row of zeros and ones lies in the span of the published rows.
Fewer than `min_n` people are fewer than `min_n` atoms, so what is looked for is a handful of small
atoms. Each atom gets a random number such that every row of the span adds up to nothing; a union is
found out exactly when the numbers of its atoms do. That makes a search for sums of zero: all
singles, all pairs, and from there on halves that meet in the middle. Where a knot of atoms is too
large for that, integer programming decides: is there a vector of zeros and ones in the span with
between one and `min_n - 1` people in it?

Both are exact, and a union is only reported when it has been checked to lie in the span. What this
does not look for: intervals (that a hidden sum must lie between two values), and what somebody
knows who was there.

How it is fast: elimination deals with what is large before anything is searched, small knots are
searched by the handful, and whoever hides rows and asks again need only ask about the atoms that
were in a union before (`Attack.suspects`), which leaves next to nothing to eliminate and to search.
How a union is best taken out of the span is a linear programme (`parted`); of what it hides, the
attacker is asked again.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import chain
from typing import Any

import numpy as np
import numpy.typing as npt
import scipy
from scipy import sparse

from cultureplus.disclosure.row_space import PRIME, SmallSpan, knots, small_span

Whole = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]

_MOST_SUBSETS = 3_000_000  # of one knot, before integer programming takes over
_MOST_PAIRS = 100_000_000  # of one knot, where pairs are the longest sets that are needed
_MOST_FOUND = 4_000  # unions given back at once; whoever mends them asks again
_SECONDS = 20.0  # for one integer programme
_FEW = 2_000  # from here on a table is asked first whether two halves can meet
_MARKS = 2**24 - 1  # its last place
_LONG_MARKS = 2**28 - 1  # of the table for very many pairs
_AT_ONCE = 256  # unions checked together
_TOGETHER = 192  # blocks of small knots that are searched together
_ALIKE = 24  # pairs of halves that meet in the same sum and are gone through
_NOTHING = 1e-7  # of what rounding leaves in a linear programme
_PLENTY = 200  # unions in one search, before the longer ones are left for the next time


@dataclass(frozen=True, eq=False)
class Attack:
    """What an attacker found in published sums.

    `unions`: atoms of each union of too few people, as tuples; `made_of`: unions x published rows,
    which rows give each away; `undecided`: published rows around which the search was given up;
    `suspects`: per atom whether it can be in a union when some of the rows are no longer published.
    """

    unions: list[tuple[int, ...]]
    made_of: Flags
    undecided: Whole
    suspects: Flags

    @property
    def found(self) -> bool:
        """Whether anything was found, or could not be ruled out."""
        return bool(self.unions) or len(self.undecided) > 0


def attack(
    published: Any,
    sizes: Whole,
    min_n: int,
    *,
    wide: Flags | None = None,
    among: Flags | None = None,
) -> Attack:
    """Look for unions of 1 to `min_n - 1` people in the span of published rows.

    `published`: sparse zeros and ones, sums x atoms; `sizes`: people per atom; `wide`: per sum
    whether it runs across many others (by default the longest do; a matter of speed alone);
    `among`: per atom whether a union may hold it, by default any may. Where there are very many
    unions, not all are given, those of up to three atoms first; none is found only if there is
    none.

    Every union in the span is put together from unions that hold no smaller one. So when all of
    these are known, no union in any part of the span holds another atom than they do: that is what
    `suspects` says, and whoever asks again after hiding rows may ask `among` them only.

    Reference: Fischetti & Salazar (2000), Journal of the American Statistical Association 95,
    916-928, for the attacker as an integer programme; Horowitz & Sahni (1974), Journal of the ACM
    21, 277-292, for meeting in the middle.

    >>> all_but_two = sparse.csr_array(np.array([[1, 1], [1, 0]]))
    >>> attack(all_but_two, np.array([7, 2]), 5).unions
    [(1,)]
    """
    published = sparse.csr_array(published, copy=True)
    published.eliminate_zeros()  # where an entry stands, somebody is counted
    blocks, size = _blocks(published, sizes)
    closed = size >= min_n
    if among is not None:
        closed[blocks[(blocks >= 0) & ~among]] = True
    merged = _merged(published, blocks, len(size))
    span = small_span(merged, closed, wide, most=min_n - 1)
    numbers = span.null_vectors(np.random.default_rng(20264), 3)
    found: list[tuple[int, ...]] = []
    undecided: list[int] = []
    suspect = np.zeros(len(size), bool)
    for knot in _together(_knots(span, closed)):
        if len(found) >= _MOST_FOUND:
            suspect[knot] = True
            continue
        unions, every = _searched(merged, size, knot, numbers, min_n)
        if unions is None:
            undecided += _touching(merged, knot)
        else:
            found += [tuple(knot[list(each)].tolist()) for each in unions]
        suspect[knot if not every else list(chain.from_iterable(found))] = True
    found = found[:_MOST_FOUND]
    made_of = _sources(span, found, merged.shape)
    atoms_of = np.split(
        np.argsort(blocks, kind="stable"), np.searchsorted(np.sort(blocks), range(len(size)))
    )[1:]
    return Attack(
        [
            tuple(sorted(chain.from_iterable(atoms_of[block].tolist() for block in union)))
            for union in found
        ],
        made_of,
        np.array(sorted(set(undecided)), np.int64),
        (blocks >= 0) & np.append(suspect, False)[blocks],
    )


def _blocks(published: Any, sizes: Whole) -> tuple[Whole, Whole]:
    """Per atom its block, -1 where nothing is published of it, and the sizes of the blocks.

    A block is all atoms that no published row tells apart.
    """
    draw = np.random.default_rng(20265)
    keys = draw.integers(1, 2**62, (2, published.shape[0]), dtype=np.int64)
    by_atom = sparse.csr_array(published.T)
    first, second = (np.asarray(by_atom @ key) for key in keys)  # sums may wrap round, alike
    covered = np.diff(by_atom.indptr) > 0
    both = np.column_stack([first, second])[covered]
    blocks = np.full(len(sizes), -1, np.int64)
    _, inverse = np.unique(both, axis=0, return_inverse=True)
    # Numbered by their first atom, so that the numbers follow the names.
    inverse = inverse.ravel()
    _, start = np.unique(inverse, return_index=True)
    place = np.argsort(np.argsort(start))
    blocks[covered] = place[inverse] if len(inverse) else inverse
    size = np.bincount(blocks[covered], weights=sizes[covered], minlength=len(start))
    return blocks, size.astype(np.int64)


def _merged(published: Any, blocks: Whole, n_blocks: int) -> Any:
    """The published rows over blocks."""
    first = np.zeros(n_blocks, np.int64)
    atoms = np.flatnonzero(blocks >= 0)[::-1]
    first[blocks[atoms]] = atoms
    return sparse.csr_array(published[:, first])


def _knots(span: SmallSpan, large: Flags) -> Iterator[Whole]:
    """Small blocks that basis rows tie together; a union without a smaller one lies in one knot."""
    rows = sparse.vstack([span.tiny, sparse.csr_array(span.huge)], format="csr")
    active = np.zeros(rows.shape[1], bool)
    active[rows.indices] = True
    blocks = np.flatnonzero(active & ~large)
    knot = knots(rows)[blocks]
    order = np.argsort(knot, kind="stable")
    cuts = np.flatnonzero(np.diff(knot[order])) + 1
    yield from (blocks[some] for some in np.split(order, cuts) if len(some))


def _together(ties: Iterable[Whole]) -> Iterator[Whole]:
    """Knots, small ones by the handful: what vanishes in one of them vanishes in the handful."""
    some: list[Whole] = []
    count = 0
    for knot in ties:
        if count and count + len(knot) > _TOGETHER:
            yield np.concatenate(some)
            some, count = [], 0
        some.append(knot)
        count += len(knot)
    if some:
        yield np.concatenate(some)


def _searched(
    merged: Any, size: Whole, knot: Whole, numbers: Whole, min_n: int
) -> tuple[list[tuple[int, ...]] | None, bool]:
    """The unions in a knot, None if unsure, and whether none that holds no smaller one is missing.

    Sets of more than three atoms are gone through only where there aren't plenty of shorter ones.
    """
    most = min_n - 1
    short = _vanishing(numbers[:, knot], size[knot], most, min(3, most))
    if short is not None and (most <= 3 or len(short[0]) > _PLENTY):
        return short[0], short[1] and most <= 3
    if short is not None:
        long = _vanishing(numbers[:, knot], size[knot], most, most, shortest=4)
        if long is not None:
            return short[0] + long[0], short[1] and long[1]
        if short[0]:
            return short[0], False
    found = _by_programme(merged, size[knot], knot, numbers[:, knot], min_n)
    return found, found == []


def vanishing_sums(
    numbers: Whole, size: Whole, most: int, longest: int
) -> list[tuple[int, ...]] | None:
    """Places whose numbers add up to zero, with `most` people at most and no such set inside.

    `numbers`: 3 x places; `longest`: how many places a set may have. None where
    there are too many sets to go through.
    """
    found = _vanishing(numbers, size, most, longest)
    return None if found is None else found[0]


def _vanishing(
    numbers: Whole, size: Whole, most: int, longest: int, *, shortest: int = 1
) -> tuple[list[tuple[int, ...]], bool] | None:
    """`vanishing_sums`, and whether it gives every set in which there is no smaller one.

    `shortest`: sets of fewer places are passed over.
    """
    single = np.flatnonzero((numbers == 0).all(axis=0) & (size <= most))
    found: list[tuple[int, ...]] = [(place,) for place in single.tolist() if shortest == 1]
    room = most - max(shortest - 1, 1)  # what the others leave, each of them at least one person
    rest = np.flatnonzero((numbers != 0).any(axis=0) & (size <= room))
    if len(rest) < 2 or longest < 2:
        return found, True
    half = (longest + 1) // 2
    ways = _count_sets(size[rest], most - 1, half)
    if ways > _MOST_SUBSETS:
        if half > 2 or ways > _MOST_PAIRS:
            return None
        singles = _Sets(rest[:, None], size[rest], numbers[:, rest])
        some, every = _among_many(singles, most, range(max(shortest, 2), longest + 1))
        return found + some, every
    layers = [_Sets(rest[:, None], size[rest], numbers[:, rest])]
    every = True
    for members in range(2, longest + 1):
        small, big = members // 2, members - members // 2
        if big > len(layers):
            layers.append(layers[-1].longer(layers[0], most - 1))
        if not len(layers[big - 1].people):
            break
        if members >= shortest:
            some, all_ = _meeting(layers[small - 1], layers[big - 1], most)
            found += some
            every &= all_
        if len(found) > _MOST_FOUND:
            return found, False
        if members <= len(layers):
            layers[members - 1] = layers[members - 1].open_only()
    return found, every


@dataclass(frozen=True, eq=False)
class _Sets:
    """Sets of as many places each, rising: their places, people and the sums of their numbers."""

    places: Whole
    people: Whole
    sums: Whole

    def longer(self, singles: _Sets, most: int) -> _Sets:
        """Each set with one place more that stands behind its last one."""
        start = np.searchsorted(singles.places[:, 0], self.places[:, -1], side="right")
        count = len(singles.people) - start
        one = np.repeat(np.arange(len(start)), count)
        behind = np.arange(len(one)) - np.repeat(np.cumsum(count) - count, count)
        other = np.repeat(start, count) + behind
        fits = self.people[one] + singles.people[other] <= most
        one, other = one[fits], other[fits]
        places = np.hstack([self.places[one], singles.places[other]])
        sums = (self.sums[:, one] + singles.sums[:, other]) % PRIME
        return _Sets(places, self.people[one] + singles.people[other], sums)

    def open_only(self) -> _Sets:
        """Without the sets that vanish already."""
        return self.only(np.flatnonzero((self.sums != 0).any(axis=0)))

    def only(self, which: Whole) -> _Sets:
        """Some of the sets."""
        return _Sets(self.places[which], self.people[which], self.sums[:, which])


def _meeting(one: _Sets, other: _Sets, most: int) -> tuple[list[tuple[int, ...]], bool]:
    """Disjoint pairs of sets, few people together, whose sums cancel, and whether these are all."""
    wanted = -other.sums % PRIME
    if len(one.people) > _FEW:
        here = np.flatnonzero(_marked(one.sums[2])[wanted[2] & _MARKS])
        other, wanted = other.only(here), wanted[:, here]
        one = one.only(np.flatnonzero(_marked(wanted[2])[one.sums[2] & _MARKS]))
    key = (one.sums[0] << 31) + one.sums[1]
    wish = np.sort((wanted[0] << 31) + wanted[1])
    back = np.argsort((wanted[0] << 31) + wanted[1], kind="stable")
    other = other.only(back)
    order = np.argsort(key, kind="stable")
    left = np.searchsorted(key[order], wish, side="left")
    count = np.searchsorted(key[order], wish, side="right") - left
    # Many ways to the same sum say the same thing many times; some of them are enough for now.
    every = count.max(initial=0) <= _ALIKE
    count = np.minimum(count, _ALIKE)
    second = np.repeat(np.arange(len(wish)), count)
    step = np.arange(len(second)) - np.repeat(np.cumsum(count) - count, count)
    first = order[np.repeat(left, count) + step]
    fits = one.people[first] + other.people[second] <= most
    both = np.sort(np.hstack([one.places[first[fits]], other.places[second[fits]]]), axis=1)
    apart = (np.diff(both, axis=1) > 0).all(axis=1)
    if not apart.any():
        return [], bool(every)
    found = np.unique(both[apart], axis=0)
    return [tuple(row) for row in found[:_MOST_FOUND].tolist()], bool(
        every and len(found) <= _MOST_FOUND
    )


def _among_many(singles: _Sets, most: int, lengths: range) -> tuple[list[tuple[int, ...]], bool]:
    """Vanishing sets of two to four places, made only of pairs that could be part of one."""
    found: list[tuple[int, ...]] = []
    every = True
    # Eight places of the table for each pair, so that few pairs are kept by mistake.
    last = min(2 ** (4 * len(singles.people) ** 2).bit_length() - 1, _LONG_MARKS)
    table = np.zeros(last + 1, bool)
    for members in lengths:
        if members == 2:
            found, every = _meeting(singles, singles, most)
            continue
        table[:] = False
        if members == 3:
            table[-singles.sums[2] % PRIME & last] = True
        else:
            for numbers, _ in _pair_numbers(singles):
                table[-numbers % PRIME & last] = True
        parts = []
        for numbers, start in _pair_numbers(singles):
            one, other = np.nonzero(table[numbers & last])
            one, other = one + start, other + start + 1
            fits = (other > one) & (singles.people[one] + singles.people[other] < most)
            parts.append(np.column_stack([one[fits], other[fits]]))
        chosen = np.vstack(parts)
        sums = (singles.sums[:, chosen[:, 0]] + singles.sums[:, chosen[:, 1]]) % PRIME
        people = singles.people[chosen].sum(axis=1)
        pairs = _Sets(singles.places[chosen, 0], people, sums).open_only()
        some, all_ = _meeting(singles if members == 3 else pairs, pairs, most)
        found += some
        every &= all_
    return found, every


def _pair_numbers(singles: _Sets) -> Iterator[tuple[Whole, int]]:
    """The third number of every pair of places, some rows at a time; the first one's place."""
    numbers = singles.sums[2]
    step = max(2_000_000 // len(numbers), 1)
    for start in range(0, len(numbers) - 1, step):
        sums = numbers[start : start + step, None] + numbers[None, start + 1 :]
        yield np.where(sums >= PRIME, sums - PRIME, sums), start


def _marked(numbers: Whole) -> Flags:
    """A table in which the places of these numbers are marked."""
    table = np.zeros(_MARKS + 1, bool)
    table[numbers & _MARKS] = True
    return table


def _count_sets(size: Whole, most: int, longest: int) -> float:
    """About how many sets of up to `longest` places have `most` people at most."""
    ways = np.zeros((longest + 1, most + 1))
    ways[0, 0] = 1
    for people, count in zip(*np.unique(size, return_counts=True), strict=True):
        if people > most:
            continue
        before = ways.copy()
        term = np.ones(1)
        for copies in range(1, longest + 1):
            term = term * (count - copies + 1) / copies
            if copies * people > most or count < copies:
                break
            ways[copies:, copies * people :] += (
                term * before[: longest + 1 - copies, : most + 1 - copies * people]
            )
    return float(ways.sum())


def _by_programme(
    merged: Any, size: Whole, knot: Whole, numbers: Whole, min_n: int
) -> list[tuple[int, ...]] | None:
    """Integer programming's answer: a union in the knot, none where there is none, None if unsure.

    `size`, `numbers`: of the blocks of the knot.
    """
    rows = np.array(_touching(merged, np.arange(merged.shape[1])), np.int64)
    n_rows = len(rows)
    pick = sparse.coo_array(
        (-np.ones(len(knot)), (knot, np.arange(len(knot)))), shape=(merged.shape[1], len(knot))
    )
    span = sparse.hstack([sparse.csr_array(merged[rows].T).astype(float), pick], format="csr")
    people = np.concatenate([np.zeros(n_rows), size])
    answer = scipy.optimize.milp(
        people,
        constraints=[
            scipy.optimize.LinearConstraint(span, 0, 0),
            scipy.optimize.LinearConstraint(people[None, :], 1, min_n - 1),
        ],
        integrality=np.concatenate([np.zeros(n_rows), np.ones(len(knot))]),
        bounds=scipy.optimize.Bounds(
            np.concatenate([np.full(n_rows, -np.inf), np.zeros(len(knot))]),
            np.concatenate([np.full(n_rows, np.inf), np.ones(len(knot))]),
        ),
        options={"time_limit": _SECONDS},
    )
    if answer.x is not None:
        union = np.flatnonzero(answer.x[n_rows:] > 0.5)
        # The programme reckons with rounding; what it found is only believed when it holds.
        holds = not (numbers[:, union].sum(axis=1) % PRIME).any()
        return [tuple(union.tolist())] if holds else None
    return [] if answer.status == 2 else None


def parted(
    published: Any, union: Flags, cost: npt.NDArray[np.float64]
) -> tuple[npt.NDArray[np.float64], Whole] | None:
    """Rows which, when hidden, no longer let the sum of a union follow from the others.

    `published`: rows x atoms, those atoms of the lattice that may be drawn upon; `union`: per atom;
    `cost`: of hiding each row, infinite where it has to stay. A union is outside of the span of
    rows exactly when some weights of the atoms give zero in each of these rows, but not in the
    union. Linear programming finds weights that are nothing in as many rows as can be; where they
    are something, the row is hidden. Returns the weights, and these rows; None where there are no
    such weights.

    Reference: Fischetti & Salazar (2000), Journal of the American Statistical Association 95,
    916-928.

    >>> rows = sparse.csr_array(np.array([[1, 1, 1], [1, 0, 0], [0, 1, 0]]))
    >>> parted(rows, np.array([False, False, True]), np.array([np.inf, 9, 7]))[1].tolist()
    [2]
    """
    touched = np.flatnonzero(np.diff(published.indptr))
    rows = published[touched].astype(float)
    free = np.flatnonzero(np.isfinite(cost[touched]))
    # Columns: the weights of the atoms, then what each free row is above nothing, and below it.
    entry, n_atoms, n_free = rows.tocoo(), published.shape[1], len(free)
    inside = np.flatnonzero(union)
    at_row = [entry.row, free, free, np.full(len(inside), len(touched))]
    at_column = [entry.col, n_atoms + np.arange(2 * n_free), inside]
    entries = [entry.data, -np.ones(n_free), np.ones(n_free), np.ones(len(inside))]
    held = sparse.csr_array(
        (np.concatenate(entries), (np.concatenate(at_row), np.concatenate(at_column))),
        shape=(len(touched) + 1, n_atoms + 2 * n_free),
    )
    value = np.zeros(len(touched) + 1)
    value[-1] = 1
    price = np.concatenate([np.zeros(n_atoms), cost[touched][free], cost[touched][free]])
    bounds = np.zeros((len(price), 2))
    bounds[:, 1] = np.inf
    bounds[:n_atoms, 0] = -np.inf
    answer = scipy.optimize.linprog(
        price,
        A_eq=held,
        b_eq=value,
        bounds=bounds,
        method="highs",
        options={"time_limit": _SECONDS},
    )
    if answer.x is None or answer.status != 0:
        return None
    weights = answer.x[:n_atoms]
    given = answer.x[n_atoms : n_atoms + n_free] + answer.x[n_atoms + n_free :]
    return weights, touched[free[given > _NOTHING]]


def _touching(merged: Any, knot: Whole) -> list[int]:
    """The published rows with a block of the knot in them."""
    return np.flatnonzero(np.diff(merged[:, knot].indptr)).tolist()


def _sources(span: SmallSpan, found: list[tuple[int, ...]], shape: tuple[int, int]) -> Flags:
    """The published rows of which each union is made."""
    parts = [np.zeros((0, shape[0]), bool)]
    for start in range(0, len(found), _AT_ONCE):
        some = found[start : start + _AT_ONCE]
        targets = np.zeros((len(some), shape[1]), np.int64)
        where = np.repeat(np.arange(len(some)), [len(union) for union in some])
        targets[where, list(chain.from_iterable(some))] = 1
        parts.append(span.made_of(targets))
    return np.vstack(parts)
