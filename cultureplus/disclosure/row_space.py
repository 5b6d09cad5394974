"""What linear algebra gives away: the sums that follow from published ones, and how.

A published sum is a row over the atoms. Whoever adds and subtracts published sums reaches every
row of their span and nothing else. Of that span only the part that vanishes on the large atoms can
tell of few people, so elimination takes the columns of the large atoms first; what is left when
these are used up is a basis of just that part, and with it, row by row, which published sums it was
made of.

Reckoned is modulo the prime 2^31 - 1, hence without rounding. A combination could be missed only if
its coefficients had a denominator that this prime divides, which for sums of people they have not
short of an organisation built for the purpose.

Many rows are tiny (a team, a team at one place) and few are huge (a location). The tiny ones are
eliminated as sparse rows among themselves, the huge ones after that and all at once.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import sparse
from scipy.sparse import csgraph

PRIME = 2**31 - 1
_TINY = 16  # entries of a row that is always eliminated as a sparse one
_HUGE_ROWS = 500  # about so many rows are eliminated together
_FILLED = 600  # a sparse row that has grown beyond this is sparse no more

Whole = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class SmallSpan:
    """The part of the span of published rows that vanishes on large atoms, as an echelon basis.

    `tiny` (sparse) and `huge` (dense) are basis rows over the atoms, `tiny_pivots` and
    `huge_pivots` their leading columns: each tiny row is the only tiny row in its pivot, each huge
    row the only huge one in its, and huge rows are zero in tiny pivots.
    """

    tiny: Any  # scipy.sparse.csr_array
    tiny_pivots: Whole
    huge: Whole
    huge_pivots: Whole
    _origin: _Origin

    @property
    def rank(self) -> int:
        """The dimension."""
        return len(self.tiny_pivots) + len(self.huge_pivots)

    def null_vectors(self, draw: np.random.Generator, count: int) -> Whole:
        """Random rows over the atoms to which the whole small span is orthogonal.

        `count`: how many; large atoms get zero. A sum of few people follows from what is published
        if, and but for chance in 2^31 only if, the entries of its atoms add up to nothing.
        """
        out = draw.integers(0, PRIME, (count, self.huge.shape[1]))
        if len(self.huge_pivots):
            out[:, self.huge_pivots] = 0
            out[:, self.huge_pivots] = -multiply(self.huge, out.T).T % PRIME
        if len(self.tiny_pivots):
            out[:, self.tiny_pivots] = 0
            for vector in out:
                vector[self.tiny_pivots] = -_apply(self.tiny, vector) % PRIME
        return out

    def made_of(self, targets: Whole) -> Flags:
        """Of which published rows each of some rows of the span is made: targets x published."""
        tiny = targets[:, self.tiny_pivots] % PRIME
        made = _transposed_apply(self.tiny[:, self.huge_pivots], tiny)
        huge = (targets[:, self.huge_pivots] - made) % PRIME
        return self._origin.published(tiny, huge)


@dataclass(frozen=True, eq=False)
class _Origin:
    """Of which published rows the basis is made."""

    made: Any  # sparse: eliminated tiny rows x published rows
    basis: Whole  # which eliminated tiny rows are in the basis
    huge_rows: Whole  # published rows that were eliminated together
    taken: (
        Any  # sparse: huge published rows x eliminated tiny rows: how often these were taken away
    )
    huge: Whole  # huge basis rows x huge published rows

    def published(self, tiny: Whole, huge: Whole) -> Flags:
        """Which published rows stand in combinations of the basis rows."""
        used = np.zeros((len(tiny), self.made.shape[0]), np.int64)
        used[:, self.basis] = tiny
        found = np.zeros((len(tiny), self.made.shape[1]), bool)
        wide = np.flatnonzero(huge.any(axis=1))
        if len(wide):
            whole = multiply(huge[wide], self.huge)
            found[np.ix_(wide, self.huge_rows)] = whole != 0
            used[wide] = (used[wide] - _transposed_apply(self.taken, whole)) % PRIME
        found |= _transposed_apply(self.made, used) != 0
        return found


def small_span(
    published: Any, large: Flags, wide: Flags | None = None, *, most: int | None = None
) -> SmallSpan:
    """The part of the span that says nothing of large atoms.

    `published`: sparse zeros and ones, sums x atoms; `large`: per atom whether it is large; `wide`:
    per sum whether it runs across many others, by default the longest do (it is a matter of speed);
    `most`: rows with entries in more atoms than this may be left out, by default none is.

    >>> whole_and_part = sparse.csr_array(np.array([[1, 1, 1], [1, 0, 0]]))
    >>> found = small_span(whole_and_part, np.array([True, False, False]))
    >>> found.tiny.toarray().tolist(), found.made_of(np.array([[0, 1, 1]])).tolist()
    ([[0, 1, 1]], [[True, True]])
    """
    published = sparse.csr_array(published)
    length = np.diff(published.indptr)
    across = length > _TINY if wide is None else wide & (length > 1)
    order = np.lexsort((np.arange(len(length)), length, across))
    tiny_first = ~across[order] | (np.arange(len(order)) < len(order) - _HUGE_ROWS)
    sieve = _Sieve(large)
    grown = [int(row) for row in order[tiny_first] if not sieve.take(published, int(row))]
    huge_rows = np.array([*grown, *order[~tiny_first].tolist()], np.int64)
    return _completed(published, large, sieve, huge_rows, most)


def knots(rows: Any) -> Whole:
    """Per column the number of its knot: columns that rows tie together, one by one or in chains.

    >>> knots(sparse.csr_array(np.array([[1, 1, 0, 0], [0, 1, 1, 0]]))).tolist()
    [0, 0, 0, 1]
    """
    n_rows, n_columns = rows.shape
    entries = sparse.coo_array(rows)
    ties = sparse.coo_array(
        (np.ones(len(entries.row), np.int8), (entries.col, n_columns + entries.row)),
        shape=(n_rows + n_columns,) * 2,
    )
    _, label = csgraph.connected_components(ties, directed=False)
    return np.unique(label[:n_columns], return_inverse=True)[1].astype(np.int64)


def telling_columns(rows: Whole, columns: Whole) -> tuple[Whole, Whole]:
    """Columns, out of those given, that tell as many combinations of rows apart as all of them do.

    Returns the chosen columns, and a basis of the combinations that vanish on all that were given.
    """
    left = np.eye(len(rows), dtype=np.int64)
    chosen: list[int] = []
    start, step = 0, 2 * len(rows)
    while start < len(columns) and len(left):
        some = columns[start : start + step]
        seen = multiply(left, rows[:, some]) if start else rows[:, some]
        form, change, leading = reduced_echelon(seen, keep_zero=True)
        chosen += some[leading].tolist()
        left = multiply(change[len(leading) :], left)
        # What few combinations are left is looked for in more columns at a time.
        start, step = start + step, min(step * 4, 2**14)
        del form
    return np.array(chosen, np.int64), left


class _Sieve:
    """Sparse rows, reduced against one another as they come; columns of large atoms lead."""

    def __init__(self, large: Flags) -> None:
        self.large = large
        self.rows: list[dict[int, int]] = []
        self.made: list[dict[int, int]] = []
        self.pivots: list[int] = []
        self._row_of: dict[int, int] = {}
        self._users: dict[int, set[int]] = {}

    def take(self, published: Any, number: int) -> bool:
        """Add a row; False where it has filled up too much to be kept as a sparse one."""
        columns = published.indices[published.indptr[number] : published.indptr[number + 1]]
        row = dict.fromkeys(columns.tolist(), 1)
        made = {number: 1}
        for column in [column for column in row if column in self._row_of]:
            factor = row[column]
            other = self._row_of[column]
            _subtract(row, self.rows[other], factor)
            _subtract(made, self.made[other], factor)
        if not row:
            return True
        if len(row) > _FILLED:
            return False
        users = self._users
        pivot = min(row, key=lambda col: (not self.large[col], len(users.get(col, ())), col))
        inverse = pow(row[pivot], -1, PRIME)
        if inverse != 1:
            row = {column: value * inverse % PRIME for column, value in row.items()}
            made = {source: value * inverse % PRIME for source, value in made.items()}
        for other in sorted(users.get(pivot, ())):
            before = set(self.rows[other])
            factor = self.rows[other][pivot]
            _subtract(self.rows[other], row, factor)
            _subtract(self.made[other], made, factor)
            for column in before - self.rows[other].keys():
                users[column].discard(other)
            for column in self.rows[other].keys() - before:
                users.setdefault(column, set()).add(other)
        self._row_of[pivot] = len(self.rows)
        for column in row:
            users.setdefault(column, set()).add(len(self.rows))
        self.rows.append(row)
        self.made.append(made)
        self.pivots.append(pivot)
        return True


def _subtract(row: dict[int, int], other: dict[int, int], factor: int) -> None:
    for column, value in other.items():
        left = (row.get(column, 0) - factor * value) % PRIME
        if left:
            row[column] = left
        else:
            row.pop(column, None)


def _completed(
    published: Any, large: Flags, sieve: _Sieve, huge_rows: Whole, most: int | None
) -> SmallSpan:
    """The huge rows, freed of the tiny ones, then of the large atoms, then reduced."""
    n_atoms = published.shape[1]
    pivots = np.array(sieve.pivots, np.int64)
    tiny = _sparse(sieve.rows, n_atoms)
    basis = np.flatnonzero(~large[pivots]) if len(pivots) else np.zeros(0, np.int64)
    small = tiny[basis]
    dense = published[huge_rows].toarray().astype(np.int64)
    taken = dense[:, pivots]
    dense = (dense - _transposed_apply(tiny, taken)) % PRIME
    vanish, rows = np.eye(len(dense), dtype=np.int64), dense
    if large.any():
        vanish = left_null(dense[:, large])
        rows = np.zeros((len(vanish), n_atoms), np.int64)
        rows[:, ~large] = multiply(vanish, dense[:, ~large])
    if most is not None and len(rows):
        few = _of_few(rows, knots(small), most)
        if few is not None:
            vanish, rows = multiply(few, vanish), multiply(few, rows)
    reduced, change, leading = reduced_echelon(rows)
    origin = _Origin(
        made=_sparse(sieve.made, published.shape[0]),
        basis=basis,
        huge_rows=huge_rows,
        taken=sparse.csr_array(taken),
        huge=multiply(change, vanish),
    )
    return SmallSpan(small, pivots[basis], reduced, leading, origin)


def _of_few(rows: Whole, knot: Whole, most: int) -> Whole | None:
    """The combinations of rows that can have entries in `most` atoms or fewer, and some more.

    Tiny rows tie atoms into knots. Several sets of knots are chosen, disjoint and each enough to
    tell all combinations apart. A combination with entries in no more knots than there are sets
    less one vanishes on one of the sets, hence is nothing. Where the last set can't tell all apart,
    the combinations that it misses are what is left. None where nothing can be left out.
    """
    free = np.ones(len(knot), bool)
    left = np.eye(len(rows), dtype=np.int64)
    for _ in range(most + 1):
        chosen, left = telling_columns(rows, np.flatnonzero(free))
        if len(left) == len(rows):
            return None
        free &= ~np.isin(knot, knot[chosen])
    return left


def left_null(matrix: Whole) -> Whole:
    """A basis of the combinations of rows that give nothing, modulo the prime.

    `matrix`: rows x columns. Where there are many more columns than rows, random sums of columns
    are asked first; what they leave over is then held against the columns themselves.

    >>> left_null(np.array([[1, 2], [2, 4]])).tolist() in ([[PRIME - 2, 1]], [[2, PRIME - 1]])
    True
    """
    draw = np.random.default_rng(20263)
    left = np.eye(len(matrix), dtype=np.int64)
    rest = matrix
    while len(left) and rest.any():
        _, change, leading = reduced_echelon(_drawn_together(rest, draw), keep_zero=True)
        null = change[len(leading) :]
        left, rest = multiply(null, left), multiply(null, rest)
    return left


def _drawn_together(matrix: Whole, draw: np.random.Generator) -> Whole:
    """Random sums of columns, each column in one of them: a few more than there are rows."""
    n_rows, n_columns = matrix.shape
    kept = n_rows + 8
    if n_columns <= kept:
        return matrix
    each = -(-n_columns // kept)
    spread = np.zeros((n_rows, kept * each), np.int64)
    spread[:, draw.permutation(kept * each)[:n_columns]] = (
        matrix * draw.integers(1, PRIME, n_columns) % PRIME
    )
    return spread.reshape(n_rows, kept, each).sum(axis=2) % PRIME


def reduced_echelon(matrix: Whole, *, keep_zero: bool = False) -> tuple[Whole, Whole, Whole]:
    """The reduced echelon form modulo the prime, how it was made, and the leading columns.

    `keep_zero`: rows that vanish are kept at the end.

    >>> form, change, leading = reduced_echelon(np.array([[0, 2], [1, 1]]))
    >>> form.tolist(), leading.tolist()
    ([[1, 0], [0, 1]], [0, 1])
    """
    n_rows, n_columns = matrix.shape
    work = np.hstack([matrix % PRIME, np.eye(n_rows, dtype=np.int64)])
    leading: list[int] = []
    column = 0
    while len(leading) < n_rows and column < n_columns:
        done = len(leading)
        here = np.flatnonzero(work[done:, column])
        if not len(here):  # look for the next column with anything in it
            ahead = np.flatnonzero(work[done:, column:n_columns].any(axis=0))
            if not len(ahead):
                break
            column += int(ahead[0])
            here = np.flatnonzero(work[done:, column])
        pivot = done + int(here[0])
        if pivot != done:
            work[[done, pivot]] = work[[pivot, done]]
        work[done] = work[done] * pow(int(work[done, column]), -1, PRIME) % PRIME
        others = np.flatnonzero(work[:, column])
        others = others[others != done]
        where = np.flatnonzero(work[done])
        if len(others):
            spot = np.ix_(others, where)
            taken = work[others, column][:, None] * work[done, where][None, :] % PRIME
            work[spot] = (work[spot] - taken) % PRIME
        leading.append(column)
        column += 1
    kept = n_rows if keep_zero else len(leading)
    return work[:kept, :n_columns], work[:kept, n_columns:], np.array(leading, np.int64)


def multiply(one: Whole, other: Whole) -> Whole:
    """A matrix product modulo the prime.

    Each number is cut into halves of 16 bits, so that every product of halves is exact in the
    floating-point arithmetic of the machine, which is much the fastest it has.

    >>> multiply(np.array([[PRIME - 1]]), np.array([[PRIME - 1]])).tolist()
    [[1]]
    """
    if not one.shape[0] or not one.shape[1] or not other.shape[1]:
        return np.zeros((one.shape[0], other.shape[1]), np.int64)
    total = np.zeros((one.shape[0], other.shape[1]), np.int64)
    # 2^20 products of 2^32 stay below the 2^53 up to which whole numbers are exact.
    for start in range(0, one.shape[1], 2**20):
        left = one[:, start : start + 2**20] % PRIME
        right = other[start : start + 2**20] % PRIME
        top, bottom = (right >> 16).astype(float), (right & 0xFFFF).astype(float)
        signed = np.where(left > PRIME // 2, left - PRIME, left)
        if np.abs(signed).max() < 2**15:  # as good as always in the rows of a lattice
            small = signed.astype(float)
            part = (_whole(small @ top) << 16) + _whole(small @ bottom)
            total = (total + part) % PRIME
            continue
        high, low = (left >> 16).astype(float), (left & 0xFFFF).astype(float)
        middle = _whole(high @ bottom) + _whole(low @ top)
        part = (_whole(high @ top) << 16) % PRIME
        part = ((part + middle) % PRIME << 16) % PRIME
        total = (total + part + _whole(low @ bottom)) % PRIME
    return total


def _whole(matrix: npt.NDArray[np.float64]) -> Whole:
    return matrix.astype(np.int64) % PRIME


def _sparse(rows: list[dict[int, int]], n_columns: int) -> Any:
    """Rows of numbers below the prime as a sparse matrix."""
    indptr = np.cumsum([0, *(len(row) for row in rows)])
    indices = np.array([column for row in rows for column in row], np.int64)
    values = np.array([value for row in rows for value in row.values()], np.int64)
    return sparse.csr_array((values, indices, indptr), shape=(len(rows), n_columns))


def _apply(matrix: Any, vector: Whole) -> Whole:
    """A sparse matrix times a vector, modulo the prime; no product of two is ever summed raw."""
    products = matrix.data * vector[matrix.indices] % PRIME
    sums = np.concatenate([[0], np.cumsum(products)])  # 2^32 entries would still fit
    return (sums[matrix.indptr[1:]] - sums[matrix.indptr[:-1]]) % PRIME


def _transposed_apply(matrix: Any, rows: Whole) -> Whole:
    """Rows of coefficients times a sparse matrix, modulo the prime."""
    high = sparse.csr_array((matrix.data >> 16, matrix.indices, matrix.indptr), shape=matrix.shape)
    low = sparse.csr_array((matrix.data & 0xFFFF, matrix.indices, matrix.indptr), matrix.shape)
    rows = rows % PRIME
    # A number below 2^31 times one below 2^16 leaves room for 2^16 summands.
    if rows.shape[1] > 2**16:
        half = rows.shape[1] // 2
        first = _transposed_apply(matrix[:half], rows[:, :half])
        return (first + _transposed_apply(matrix[half:], rows[:, half:])) % PRIME
    upper = np.asarray((high.T @ rows.T).T) % PRIME
    return ((upper << 16) % PRIME + np.asarray((low.T @ rows.T).T)) % PRIME
