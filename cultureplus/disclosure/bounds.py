"""Bounds by linear programming: how many people may stand where, and what their mean may be.

Numbers of people are not negative, numbers of shown cells are exact, and what is hidden as too
small has fewer than the smallest group. Sums of shown cells lie in intervals, because means are
rounded, and every answer lies in the answer range. What these leave for the mean of a hidden cell
is a fraction of two linear forms; its ends are two linear programmes (Charnes & Cooper 1962).

Most hidden cells are wide open, and to know that, two examples will do: numbers of people and two
sets of sums that fit everything published and differ in the mean of the cell. One programme gives
examples for many cells at once, so the exact ends are reckoned only for the few that are left.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import scipy
from scipy import sparse

from cultureplus.disclosure.named_people import Flags, Floats, System, Whole

_WORLDS = 4
_ROUNDS = 5
_WORLD = 2.0  # people that a hidden cell is given in an example, where that many are possible
_SLACK = 1e-7


def most_people(
    matrix: Any, n: npt.ArrayLike, targets: Whole, cap: float | None = None
) -> Floats | None:
    """People per kind, with as many as possible in the targets, each counted up to `cap`.

    `matrix`: sums x kinds; `n`: people per sum. None where no numbers fit.

    >>> whole_and_part = sparse.csr_array(np.array([[1.0, 1.0], [1.0, 0.0]]))
    >>> most_people(whole_and_part, [7, 5], np.array([1])).tolist()
    [5.0, 2.0]
    """
    matrix = sparse.csc_array(matrix)
    n_kinds = matrix.shape[1]
    cost = np.concatenate([np.zeros(n_kinds), -np.ones(len(targets))])
    upper = np.concatenate([np.full(n_kinds, np.inf), np.full(len(targets), cap or np.inf)])
    answer = scipy.optimize.linprog(
        cost,
        A_eq=sparse.hstack([matrix, matrix[:, targets]], format="csc"),
        b_eq=np.asarray(n, float),
        bounds=np.column_stack([np.zeros(len(upper)), upper]),
        method="highs",
    )
    if answer.x is None:
        return None
    people: Floats = answer.x[:n_kinds].copy()
    people[targets] += answer.x[n_kinds:]
    return people


def cheapest_way(matrix: Any, union: Floats, weights: Floats) -> Floats | None:
    """The combination of sums that gives a union of kinds and uses the least people.

    `matrix`: sums x kinds; `union`: the coefficient wanted per kind; `weights`: people per sum.

    >>> whole_and_part = sparse.csr_array(np.array([[1.0, 1.0], [1.0, 0.0]]))
    >>> cheapest_way(whole_and_part, np.array([0.0, 1.0]), np.array([7.0, 5.0])).tolist()
    [1.0, -1.0]
    """
    turned = sparse.csc_array(sparse.csr_array(matrix).T)
    answer = scipy.optimize.linprog(
        np.concatenate([weights, weights]) + 1,
        A_eq=sparse.hstack([turned, -turned], format="csc"),
        b_eq=union,
        bounds=(0, None),
        method="highs",
    )
    if answer.x is None:
        return None
    half = len(weights)
    found: Floats = answer.x[:half] - answer.x[half:]
    found[np.abs(found) < _SLACK] = 0.0
    return found + 0.0


@dataclass(frozen=True, eq=False)
class Sizes:
    """What is known of the numbers of people: exact, at least, at most, per cell of a system."""

    system: System
    fewest: Floats
    most: Floats

    @classmethod
    def of(cls, system: System, min_n: int, *, small: str, there: bool) -> Sizes:
        """Shown cells are exact; a cell hidden as `small` has fewer than `min_n` people.

        `there`: whether a cell that is named has at least one person.
        """
        shown = system.shown
        fewest = np.where(shown, system.n, 1.0 if there else 0.0).astype(float)
        few = np.array([reason == small for reason in system.reasons], bool)
        most = np.where(shown, system.n, np.where(few, min_n - 1, np.inf)).astype(float)
        return cls(system, fewest, most)

    def allow(self, kinds: Flags, people: int, *, or_more: bool = False) -> bool:
        """Whether so many people may stand in some kinds of people, by all that is known."""
        matrix = sparse.csc_array(self.system.matrix, dtype=float)
        exact = self.fewest == self.most
        some = np.isfinite(self.most) & ~exact
        least = (self.fewest > 0) & ~exact
        own = np.array(kinds, float)
        limits: dict[str, Any] = {
            "A_ub": sparse.vstack([matrix[some], -matrix[least]], format="csc"),
            "b_ub": np.concatenate([self.most[some], -self.fewest[least]]),
            "A_eq": matrix[exact],
            "b_eq": self.most[exact],
            "bounds": (0, None),
            "method": "highs",
        }
        answer = scipy.optimize.linprog(-own, **limits)
        if answer.x is None or answer.status != 0:
            return bool(answer.status == 3)  # without bounds there may be any number
        top = -answer.fun
        if top < people - _SLACK or or_more:
            return bool(top >= people - _SLACK)
        answer = scipy.optimize.linprog(own, **limits)
        return bool(answer.fun <= people + _SLACK)

    def merged(self) -> tuple[Any, Whole]:
        """The cells over kinds that some cell tells apart, and the first kind of each."""
        turned = sparse.csr_array(self.system.matrix.T)
        draw = np.random.default_rng(20266)
        keys = draw.integers(1, 2**62, (2, turned.shape[1]), dtype=np.int64)
        marks = np.column_stack([np.asarray(turned @ key) for key in keys])
        _, first = np.unique(marks, axis=0, return_index=True)
        first = np.sort(first)
        return sparse.csc_array(self.system.matrix[:, first], dtype=float), first


@dataclass(frozen=True, eq=False)
class Means:
    """How far the means of hidden cells can be known in one column.

    `sizes`; `low`, `high`: bounds of each cell's mean, infinite where there are none; `ends`: of
    the answer range.
    """

    sizes: Sizes
    low: Floats
    high: Floats
    ends: tuple[float, float]

    def narrow(self, targets: Whole, width: float) -> dict[int, tuple[float, float] | None]:
        """Those of some cells whose mean lies between two values no more than `width` apart.

        None for a cell of which nothing can be said, because no numbers fit what is published.
        """
        if self.ends[1] - self.ends[0] <= width or not len(targets):
            return {}
        matrix, _ = self.sizes.merged()
        left = set(targets.tolist())
        for _ in range(_WORLDS):
            opened = self._open(matrix, np.array(sorted(left), np.int64), width)
            left -= opened
            if not left or not opened:
                break
        found: dict[int, tuple[float, float] | None] = {}
        for target in sorted(left):
            ends = self._ends(matrix, target)
            if ends is None or ends[1] - ends[0] <= width + _SLACK:
                found[target] = ends
        return found

    def _world(self, matrix: Any, targets: Whole) -> Floats | None:
        """Numbers of people that sums fit to, with some in as many targets as possible."""
        n_kinds, count = matrix.shape[1], len(targets)
        rows, low, high = self._sums(self.sizes.most)
        exact = self.sizes.fewest == self.sizes.most
        some = np.isfinite(self.sizes.most) & ~exact
        least = (self.sizes.fewest > 0) & ~exact
        one = sparse.eye_array(n_kinds, format="csc")
        # Unknown: people per kind, sums per kind, and people per target as far as they are wanted.
        above = sparse.block_array(
            [
                [-matrix[targets], None, sparse.eye_array(count)],
                [matrix[some], None, None],
                [-matrix[least], None, None],
                [-(self.ends[1] - self.ends[0]) * one, one, None],
                [None, matrix[rows], None],
                [None, -matrix[rows], None],
            ],
            format="csc",
        )
        right = [
            np.zeros(count), self.sizes.most[some], -self.sizes.fewest[least], np.zeros(n_kinds),
            high, -low,
        ]  # fmt: skip
        equal = sparse.hstack(
            [matrix[exact], sparse.csc_array((int(exact.sum()), n_kinds + count))], format="csc"
        )
        upper = np.append(np.full(2 * n_kinds, np.inf), np.full(count, _WORLD))
        answer = scipy.optimize.linprog(
            np.append(np.zeros(2 * n_kinds), -np.ones(count)),
            A_ub=above,
            b_ub=np.concatenate(right),
            A_eq=equal,
            b_eq=self.sizes.most[exact],
            bounds=np.column_stack([np.zeros(len(upper)), upper]),
            method="highs",
        )
        return None if answer.x is None else answer.x[:n_kinds]

    def _open(self, matrix: Any, targets: Whole, width: float) -> set[int]:
        """Cells for which two examples show that their mean is open."""
        people = self._world(matrix, targets)
        if people is None:
            return set()
        there = np.flatnonzero(people > _SLACK)
        small = matrix[:, there]
        people = people[there]
        size = np.asarray(small[targets] @ people)
        usable = size > 0.01
        rows, low, high = self._sums(np.asarray(small @ people))
        draw = np.random.default_rng(20267)
        ends = np.full((2, len(targets)), np.nan)
        span = self.ends[1] - self.ends[0]
        for turn in range(_ROUNDS):
            todo = usable & ~(ends[1] - ends[0] > width)
            if not todo.any():
                break
            weight = np.where(todo, 1.0 if turn == 0 else draw.choice([-1.0, 1.0], len(todo)), 0)
            weight = weight / np.where(usable, size, 1.0)
            cost = np.asarray(small[targets].T @ weight)
            for sign in (1.0, -1.0):
                answer = scipy.optimize.linprog(
                    sign * cost,
                    A_ub=sparse.vstack([small[rows], -small[rows]], format="csc"),
                    b_ub=np.concatenate([high, -low]),
                    bounds=np.column_stack([np.zeros(len(there)), span * people]),
                    method="highs",
                )
                if answer.x is None:
                    return set()
                means = np.asarray(small[targets] @ answer.x) / np.where(usable, size, 1.0)
                ends = np.array([np.fmin(ends[0], means), np.fmax(ends[1], means)])
        opened: Flags = usable & (ends[1] - ends[0] > width)
        return set(targets[opened].tolist())

    def _sums(self, people: Floats) -> tuple[Whole, Floats, Floats]:
        """The cells whose sum is bounded, and the bounds, counted from the low end of the range."""
        rows = np.flatnonzero(np.isfinite(self.low) | np.isfinite(self.high))
        low = np.maximum(self.low[rows], self.ends[0]) - self.ends[0]
        high = np.minimum(self.high[rows], self.ends[1]) - self.ends[0]
        return rows, low * people[rows], high * people[rows]

    def _ends(self, matrix: Any, target: int) -> tuple[float, float] | None:
        """The least and the greatest mean of a cell, None where nothing fits what is published."""
        n_cells, n_kinds = matrix.shape
        rows, low, high = self._sums(np.ones(n_cells))
        n = self.sizes.most[rows]
        exact = self.sizes.fewest == self.sizes.most
        some = np.isfinite(self.sizes.most) & ~exact
        least = (self.sizes.fewest > 0) & ~exact
        nothing = sparse.csc_array((n_cells, n_kinds))
        span = self.ends[1] - self.ends[0]
        one = sparse.eye_array(n_kinds, format="csc")

        def column(values: Floats) -> Any:
            return sparse.csc_array(values[:, None])

        # Unknown: people per kind, sums per kind, and the scale by which all were divided so that
        # the cell holds one person.
        above = sparse.vstack(
            [
                sparse.hstack([nothing[rows], matrix[rows], column(-high * n)]),
                sparse.hstack([nothing[rows], -matrix[rows], column(low * n)]),
                sparse.hstack([-span * one, one, sparse.csc_array((n_kinds, 1))]),
                sparse.hstack([matrix[some], nothing[some], column(-self.sizes.most[some])]),
                sparse.hstack([-matrix[least], nothing[least], column(self.sizes.fewest[least])]),
            ],
            format="csc",
        )
        equal = sparse.vstack(
            [
                sparse.hstack([matrix[exact], nothing[exact], column(-self.sizes.most[exact])]),
                sparse.hstack([matrix[[target]], nothing[[target]], sparse.csc_array((1, 1))]),
            ],
            format="csc",
        )
        right = np.append(np.zeros(int(exact.sum())), 1.0)
        cost = np.concatenate(
            [np.zeros(n_kinds), matrix[[target]].toarray()[0].astype(float), [0.0]]
        )
        found = []
        for sign in (1.0, -1.0):
            answer = scipy.optimize.linprog(
                sign * cost, A_ub=above, b_ub=np.zeros(above.shape[0]), A_eq=equal, b_eq=right,
                bounds=(0, None), method="highs",
            )  # fmt: skip
            if answer.x is None:
                return None
            found.append(self.ends[0] + float(cost @ answer.x))
        return found[0], found[1]
