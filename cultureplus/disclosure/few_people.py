"""Unions of few people that follow from shown cells, when nobody knows who stands where.

`attack` looks for such unions among people whose places are known. Here only names and numbers are
known, so which kinds of people are few must itself be worked out: a kind that could have `most`
people or more, as far as the shown numbers go, is in no union of fewer, because whatever follows
from the tables is the same however the people are really spread. Linear programmes find such large
kinds; elimination takes them out of what is published (`row_space`). Mostly nothing is left. If
something is, kinds that it never tells apart are put together, and among these sets the search
of `attack` and an integer programme look for unions.

The same search with the own row of somebody added is the attack of an insider who stands alone in
a kind: that row may be taken away any number of times.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations_with_replacement, product
from typing import Any

import numpy as np
import scipy
from scipy import sparse

from cultureplus.disclosure.attack import vanishing_sums
from cultureplus.disclosure.bounds import most_people
from cultureplus.disclosure.named_people import Flags, Floats, Whole
from cultureplus.disclosure.row_space import (
    PRIME,
    left_null,
    multiply,
    reduced_echelon,
)

_LONGEST = 4  # sets of kinds that are put together by search; integer programming goes on
_SECONDS = 3.0  # for one integer programme
_PROGRAMMES = 3
_EXAMPLES = 8
_ASKED = 2_000  # rows of shown cells, over all sets of examples that are asked to be enough
_MANY = 10**6
_EPS = 1e-6


@dataclass(frozen=True, eq=False)
class Found:
    """Unions of few people: `unions` (flags over blocks) and `people` in each.

    `undecided`: whether the search was given up somewhere; `fits`: whether the numbers fit one
    another at all; `examples`: numbers of people per block that fit, one row each.
    """

    unions: list[Flags]
    people: list[int]
    undecided: bool
    fits: bool
    empty: Flags
    examples: Floats


class Blocks:
    """Shown cells over blocks of kinds: kinds that no shown cell tells apart are one block.

    `matrix`: shown cells x kinds; `n`: people per shown cell.
    """

    def __init__(self, matrix: Any, n: Whole) -> None:
        turned = sparse.csr_array(sparse.csr_array(matrix).T)
        draw = np.random.default_rng(20268)
        keys = draw.integers(1, 2**62, (2, turned.shape[1]), dtype=np.int64)
        marks = np.column_stack([np.asarray(turned @ key) for key in keys])
        _, first, inverse = np.unique(marks, axis=0, return_index=True, return_inverse=True)
        place = np.argsort(np.argsort(first))
        self.of_kind: Whole = place[inverse.ravel()].astype(np.int64)
        self.first: Whole = np.sort(first).astype(np.int64)
        self.rows: Whole = np.array(turned[self.first].toarray().T, np.int64)
        self.n = n

    def __len__(self) -> int:
        return self.rows.shape[1]

    def search(self, most: int, alone: Sequence[int] = ()) -> Found:
        """The unions of 1 to `most` people, none inside another.

        `alone`: blocks in which one person stands whose answer is known (twice: two such people).

        >>> cells = sparse.csr_array(np.array([[1, 1, 1], [1, 0, 0]]))
        >>> found = Blocks(cells, np.array([9, 6])).search(4)
        >>> [union.tolist() for union in found.unions], found.people
        ([[False, True]], [3])
        """
        return _Search(self, most, alone).result()

    def helpless(self, most: int, examples: Floats) -> Helpless:
        """What insiders are known to gain nothing, without a search for each.

        `examples`: numbers of people that fit the shown cells, one row each.
        """
        return Helpless(self, most, examples)


class Helpless:
    """Insiders who can't be led to fewer than `most` other people.

    Take the examples in which nobody stands in the insiders' blocks, and a little of another in
    which many do, so that in the mixture each insider stands alone; blocks that were large in the
    one stay large enough in the other. If these, even without the insiders' own, tell all
    combinations of shown cells apart, then none is made of insiders and few others alone.
    """

    def __init__(self, blocks: Blocks, most: int, examples: Floats) -> None:
        few = np.argsort(-(examples >= most + 1 - _EPS).sum(axis=1), kind="stable")[:_EXAMPLES]
        examples = examples[np.sort(few)]
        self._basis = reduced_echelon(blocks.rows)[0]
        self._large = examples >= most + 1 - _EPS
        masks = ((examples < _EPS).T @ (1 << np.arange(len(examples)))).astype(np.int64)
        # Who can't be one of many can't be mixed in: no example speaks for them.
        self._masks: list[int] = np.where(self._large.any(axis=0), masks, 0).tolist()
        self._tried: dict[int, set[int] | None] = {0: None}

    def unsafe(self, there: Sequence[int], count: int) -> Iterator[tuple[tuple[int, ...], int]]:
        """Groups of one or two insiders who may gain something, each with how many are left."""
        groups: dict[int, list[int]] = {}
        for block in there:
            groups.setdefault(self._masks[block], []).append(block)
        if count == 1:
            wanted = [
                (block,)
                for mask in sorted(groups)
                for block in groups[mask]
                if block in self._suspects(mask, groups[mask])
            ]
            yield from ((each, len(wanted) - place) for place, each in enumerate(wanted))
            return
        sides = []
        for one, other in combinations_with_replacement(sorted(groups), 2):
            some, more = groups[one], groups[other]
            bad = [block in self._suspects(one & other, some) for block in some]
            worse = [block in self._suspects(one & other, more) for block in more]
            rest = [block for block, flag in zip(more, worse, strict=True) if flag]
            first = [block for block, flag in zip(some, bad, strict=True) if flag]
            if one == other:
                sides.append((first, some, True))
            else:
                fine = [block for block, flag in zip(some, bad, strict=True) if not flag]
                sides += [(first, more, False), (fine, rest, False)]
        # In one group, a pair of two suspects would come twice.
        left = sum(
            len(some) * len(more) - (len(some) * (len(some) - 1) // 2 if same else 0)
            for some, more, same in sides
        )
        for some, more, same in sides:
            for one, other in product(some, more):
                if same and other in some and other < one:
                    continue
                yield (one, other), left
                left -= 1

    def _suspects(self, mask: int, blocks: Sequence[int]) -> Collection[int]:
        """Those of some blocks that, alone or in twos, may be all that a combination is made of."""
        if mask not in self._tried:
            often = max(_ASKED // len(self._basis), 8)
            self._tried[mask] = self._tells(mask) if len(self._tried) <= often else None
        suspects = self._tried[mask]
        return blocks if suspects is None else suspects

    def _tells(self, mask: int) -> set[int] | None:
        """Blocks without which, or two of which, the large ones do not tell all rows apart.

        None where they do not even with all. A block that stands in no relation between columns is
        needed by itself; two that stand in all relations with one proportion are needed together.
        """
        used = np.array([bool(mask >> place & 1) for place in range(len(self._large))], bool)
        places = np.flatnonzero(self._large[used].any(axis=0))
        if len(places) < len(self._basis):
            return None
        form, _, pivots = reduced_echelon(self._basis[:, places])
        if len(form) < len(self._basis):
            return None
        relations = np.random.default_rng(20271).integers(1, PRIME, (len(places), 3))
        relations[pivots] = 0
        relations[pivots] = -multiply(form, relations) % PRIME
        needed = set(places[~relations.any(axis=1)].tolist())
        seen: dict[tuple[int, int], int] = {}
        for place, (one, two, three) in zip(places.tolist(), relations.tolist(), strict=True):
            if not one:
                needed.add(place)
                continue
            inverse = pow(one, -1, PRIME)
            twin = seen.setdefault((two * inverse % PRIME, three * inverse % PRIME), place)
            if twin != place:
                needed |= {place, twin}
        return needed


class _Search:
    """One search for unions."""

    def __init__(self, blocks: Blocks, most: int, alone: Sequence[int]) -> None:
        self.most = most
        self.own = sorted(set(alone))
        rows, n = blocks.rows, blocks.n.astype(float)
        if self.own:
            own = np.zeros((len(self.own), rows.shape[1]), np.int64)
            own[np.arange(len(self.own)), self.own] = 1
            rows = np.vstack([rows, own])
            n = np.append(n, [float(list(alone).count(block)) for block in self.own])
        self.rows, self.n = rows, n
        self.sparse = sparse.csc_array(rows.astype(float))
        self.large = np.zeros(rows.shape[1], bool)
        self.empty = np.zeros(rows.shape[1], bool)
        self.small = np.zeros(rows.shape[1], bool)
        self.examples: list[Floats] = []
        self.undecided = False

    def result(self) -> Found:
        """The unions."""
        everything = np.arange(self.rows.shape[1])
        fits = self._example(everything, self.most + 1.0) is not None
        unions: list[Flags] = []
        if fits:
            left = self._left()
            unions = self._unions(left) if len(left) else []
        examples = np.array(self.examples).reshape(len(self.examples), self.rows.shape[1])
        people = [round(float(examples[0] @ union)) for union in unions]
        kept = [place for place, count in enumerate(people) if 1 <= count <= self.most]
        return Found(
            [unions[place] for place in kept],
            [people[place] for place in kept],
            self.undecided,
            fits,
            self.empty,
            examples,
        )

    def _example(self, targets: Whole, cap: float | None) -> Floats | None:
        """Numbers that fit, with many people in the targets; what is large there is large."""
        people = most_people(self.sparse, self.n, targets, cap)
        if people is not None:
            self.examples.append(people)
            self.large |= people >= self.most + 1 - _EPS
        return people

    def _left(self) -> Whole:
        """What is published of small blocks alone: a basis over all blocks."""
        batch = True
        left = self.rows
        gone = np.zeros(self.rows.shape[1], bool)
        while True:
            # What vanishes on more blocks is a part of what vanished on fewer.
            left = multiply(left_null(left[:, self.large & ~gone]), left)
            gone |= self.large
            left = left * ~self.empty
            active = (left != 0).any(axis=0)
            active[self.own] = False
            todo = np.flatnonzero(active & ~self.small)
            if not len(todo):
                return left
            before = int(self.large.sum())
            if batch:
                self._example(todo, self.most + 1.0)
                batch = int(self.large.sum()) > before
                continue
            block = int(todo[0])
            people = self._example(np.array([block]), None)
            if people is not None and people[block] < 1 - _EPS:
                self.empty[block] = True
            elif not self.large[block]:
                self.small[block] = True
            else:
                batch = int(self.large.sum()) > before + 1

    def _unions(self, left: Whole) -> list[Flags]:
        """Sets of small blocks in the span of what is left."""
        places = np.flatnonzero(self.small & ~self.empty)
        places = places[~np.isin(places, self.own)]
        basis, _, pivots = reduced_echelon(left[:, places])
        if not len(basis):
            return []
        columns, group = np.unique(basis, axis=1, return_inverse=True)
        group = group.ravel()
        nothing = ~(columns != 0).any(axis=0)
        wanted = np.flatnonzero(~nothing)
        grouped = columns[:, wanted]
        basis, _, pivots = reduced_echelon(grouped)
        numbers = np.random.default_rng(20269).integers(0, PRIME, (len(wanted), 3))
        numbers[pivots] = 0
        numbers[pivots] = -multiply(basis, numbers) % PRIME
        sets = vanishing_sums(numbers.T, np.ones(len(wanted), np.int64), _MANY, _LONGEST)
        if sets is None:
            self.undecided = True
            sets = []
        weight = np.zeros(columns.shape[1])
        np.add.at(weight, group, self.examples[0][places])
        if not sets or len(basis) <= 12:
            sets = sets + self._by_programme(basis, numbers, weight[wanted], sets)
        found = []
        for some in sets:
            union = np.zeros(self.rows.shape[1], bool)
            union[places[np.isin(group, wanted[list(some)])]] = True
            found.append(union)
        return found

    def _by_programme(
        self, basis: Whole, numbers: Whole, people: Floats, known: list[tuple[int, ...]]
    ) -> list[tuple[int, ...]]:
        """Longer unions: zeros and ones in the span with few people, none of the known inside."""
        n_rows, n_sets = basis.shape
        if n_sets <= _LONGEST:
            return []
        signed = np.where(basis > PRIME // 2, basis - PRIME, basis).astype(float)
        if np.abs(signed).max() > 1000:
            self.undecided = True
            return []
        found: list[tuple[int, ...]] = []
        for _ in range(_PROGRAMMES):
            cuts = [*known, *found]
            constraints = [
                scipy.optimize.LinearConstraint(np.hstack([signed.T, -np.eye(n_sets)]), 0, 0),
                scipy.optimize.LinearConstraint(
                    np.concatenate([np.zeros(n_rows), people])[None, :], 0.5, self.most + 0.5
                ),
            ]
            if cuts:
                cut = np.zeros((len(cuts), n_rows + n_sets))
                for row, some in zip(cut, cuts, strict=True):
                    row[n_rows + np.array(some)] = 1
                sizes = np.array([len(some) for some in cuts], float)
                constraints.append(scipy.optimize.LinearConstraint(cut, -np.inf, sizes - 1))
            answer = scipy.optimize.milp(
                np.concatenate([np.zeros(n_rows), np.ones(n_sets)]),
                constraints=constraints,
                integrality=np.concatenate([np.zeros(n_rows), np.ones(n_sets)]),
                bounds=scipy.optimize.Bounds(
                    np.concatenate([np.full(n_rows, -np.inf), np.zeros(n_sets)]),
                    np.concatenate([np.full(n_rows, np.inf), np.ones(n_sets)]),
                ),
                options={"time_limit": _SECONDS},
            )
            if answer.x is None:
                self.undecided |= answer.status != 2
                return found
            union = np.flatnonzero(answer.x[n_rows:] > 0.5)
            if (numbers[union].sum(axis=0) % PRIME).any():
                self.undecided = True
                return found
            found.append(tuple(union.tolist()))
        return found
