"""Which cells of the lattice may be shown, so that no sum of few people follows from them.

Hidden first is every cell of fewer than `min_n` people. That alone protects nobody: whoever takes
the shown cells from one another gets most of the hidden ones back. So an attacker (`attack`) looks
for unions of fewer than `min_n` people in the span of all that is shown, and for each union one of
the cells that give it away is hidden as well, until the attacker finds nothing more. Then hidden
cells are shown again, as far as the attacker still finds nothing.

What is hidden: pairs of lenses before units of one lens; of these the cell that stands in most of
the ways to give something away, for its size, so small cells before large ones; the whole never.
Large units outlast small ones, so a team that must be hidden still has its function, and everybody
has the whole.

Guaranteed: no linear combination of the shown counts and sums, over all lenses and pairs at once,
is the sum over fewer than `min_n` people. Not guaranteed: how narrowly a hidden sum can be bounded
because answers have a range; what somebody knows from elsewhere, their own answer included; what
two waves say together; and sums over other people than the cells' (those who answered one scale
only), for which the plan has to be made again among the cells shown here.

The same people, in any order, get the same plan.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace

import numpy as np
import numpy.typing as npt
import pandas as pd

from cultureplus import columns as c
from cultureplus.disclosure.attack import Attack, attack, vanishing_sums
from cultureplus.disclosure.lattice import CELL, CROSS, LENSES, Lattice
from cultureplus.disclosure.reasons import HIDDEN_WITH, hidden_below
from cultureplus.disclosure.row_space import PRIME, small_span
from cultureplus.errors import InputError

Whole = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]

NOT_WANTED = "hidden (not asked for)"
_ROUNDS = 4  # of showing again
_AHEAD = 64  # cells shown again before the attacker is asked
_FEW_UNIONS = 200  # so many are remembered, with the ways to them
_NEAR = 120  # atoms around a cell in which three are tried together
_FINE = 50  # units that a lens has before the others are taken to run across it


def suppress(
    lattice: Lattice,
    min_n: int,
    *,
    prefer: Sequence[str] = (),
    allowed: Collection[tuple[str, str]] | None = None,
) -> pd.DataFrame:
    """Decide for every cell of a lattice whether it may be shown.

    `min_n`: the smallest number of people whose sum may be known; `prefer`: lenses (or pairs, as
    'function x level') whose cells are hidden after others of their kind; `allowed`: names (lens,
    unit) that may be shown at all, by default every one. Returns lens, unit, n, shown, reason ('',
    'hidden (<5)' and the like), one row per name; names of one cell have one fate. Raises
    `InputError` where a lens in `prefer` is not in the lattice or `min_n` is below 1.

    Reference: Cox (1980), Journal of the American Statistical Association 75, 377-385; Fischetti &
    Salazar (2000), Journal of the American Statistical Association 95, 916-928.

    >>> from cultureplus.disclosure.lattice import lattice_of
    >>> people = pd.DataFrame({"team": [*"aaaaaaa", *"bbbbbbb", *"cc"]})
    >>> print(suppress(lattice_of(people), 5).to_string(index=False))
    lens unit  n  shown                           reason
     all  all 16   True
    team    a  7  False hidden (protects a smaller unit)
    team    b  7   True
    team    c  2  False                      hidden (<5)
    """
    if min_n < 1:
        raise InputError("min_n is a whole number of at least 1.", found=min_n)
    names = lattice.names
    unknown = sorted(set(prefer) - set(names[c.LENS]))
    if unknown:
        raise InputError(
            f"There is no lens '{unknown[0]}' to prefer.", possible=dict.fromkeys(names[c.LENS])
        )
    wanted = np.ones(len(names), bool)
    if allowed is not None:
        wanted = np.array([name in allowed for name in _keys(names)], bool)
    desk = _Desk(lattice, min_n, prefer)
    asked = np.zeros(len(desk.people), bool)
    asked[names.loc[wanted, CELL]] = True
    shown = desk.decide(asked & (desk.people >= min_n))
    out = names[[c.LENS, c.UNIT, c.N]].copy()
    cell = names[CELL].to_numpy()
    out[c.SHOWN] = shown[cell] & wanted
    out[c.REASON] = np.select(
        [desk.people[cell] < min_n, out[c.SHOWN], ~wanted],
        [hidden_below(min_n), "", NOT_WANTED],
        HIDDEN_WITH,
    )
    out[c.REASON] = out[c.REASON].astype("str")
    return out


def narrowed(lattice: Lattice, shown: Flags, answering: Whole, min_n: int) -> Flags:
    """Which of the shown cells may also give a sum over those people who answered something.

    `shown`: per cell of the lattice; `answering`: people per atom who answered, none to all of it.
    Cells in which nobody answered keep their fate: there is nothing to give. Small cells are hidden
    before large ones, pairs before units, the whole never, unless it is too small itself.

    >>> from cultureplus.disclosure.lattice import lattice_of
    >>> teams = lattice_of(pd.DataFrame({"team": [*"aaaaaaa", *"bbbbbbb", *"ccccccc"]}))
    >>> narrowed(teams, np.ones(4, bool), np.array([7, 6, 3]), 5).tolist()
    [True, True, False, False]
    """
    there = np.flatnonzero(answering)
    matrix = lattice.matrix[:, there]
    people = np.asarray(matrix @ answering[there], np.int64)
    desk = _Desk(replace(lattice, matrix=matrix, sizes=answering[there]), min_n, (), people)
    start = shown & (people >= min_n)
    mended: Flags = desk.mended(start, start & (desk.rank < 4))
    return mended | (shown & (people == 0))


def _keys(names: pd.DataFrame) -> list[tuple[str, str]]:
    return list(zip(names[c.LENS], names[c.UNIT], strict=True))


class _Desk:
    """A lattice with what is needed to decide about its cells again and again."""

    def __init__(
        self, lattice: Lattice, min_n: int, prefer: Sequence[str], people: Whole | None = None
    ) -> None:
        self.lattice = lattice
        self.min_n = min_n
        cells = lattice.cells
        self.people: Whole = cells[c.N].to_numpy(np.int64) if people is None else people
        preferred = set(lattice.names.loc[lattice.names[c.LENS].isin(list(prefer)), CELL])
        lenses = cells[LENSES].to_numpy()
        late = np.isin(np.arange(len(cells)), list(preferred))
        # Who goes first: pairs (0, preferred 1), then units (2, preferred 3); the whole (4) never.
        self.rank = np.where(lenses == 0, 4, 2 * (lenses == 1) + late)
        self.wide = _running_across(lattice)

    def decide(self, start: Flags) -> Flags:
        """The cells to show, out of those of enough people."""
        shown = self.mended(start, start & (self.rank < 4))
        tried = shown.copy()
        for _ in range(_ROUNDS):
            more = self._again(shown, start & ~tried)
            if not more.any():
                break
            tried |= more
            shown = self.mended(shown | more, more)
        return shown

    def mended(self, shown: Flags, may_hide: Flags) -> Flags:
        """Hide cells until the attacker finds nothing."""
        shown = shown.copy()
        ways: dict[tuple[int, ...], set[int]] = {}
        while True:
            rows = np.flatnonzero(shown)
            found = self._attack(rows)
            if not found.found:
                return shown
            open_ = np.flatnonzero(may_hide[rows])
            if found.unions:
                made_of = found.made_of[:, open_]
                if len(made_of) <= _FEW_UNIONS:
                    _in_every_way(found.unions, made_of, rows[open_], ways)
                hide = self._cover(made_of, rows[open_])
            else:  # nothing is known, so nothing is risked
                hide = rows[open_[np.isin(open_, found.undecided)]]
                hide = hide[np.lexsort((hide, self.people[hide], self.rank[hide]))][:1]
            if not len(hide):  # none of those that may be hidden stands near: then all of them
                hide = rows[open_]
            if not len(hide):
                return shown
            shown[hide] = False

    def _attack(self, rows: Whole) -> Attack:
        wide = None if self.wide is None else self.wide[rows]
        return attack(self.lattice.matrix[rows], self.lattice.sizes, self.min_n, wide=wide)

    def _cover(self, made_of: Flags, cells: Whole) -> Whole:
        """Cells of which at least one stands in each union: those in most, for their size, first.

        `made_of`: unions x cells.
        """
        rank, people = self.rank[cells], self.people[cells]
        lowest = np.where(made_of, rank, 9).min(axis=1)
        left = np.ones(len(made_of), bool)
        hidden: list[int] = []
        for level in (3, 2, 1, 0):  # where only a unit helps, it may help elsewhere too
            allowed = rank == level
            some = left & (lowest == level)
            count = made_of[some].sum(axis=0) * allowed
            while some.any():
                best = int(np.lexsort((cells, people, -count / people))[0])
                hidden.append(best)
                done = made_of[:, best] & some
                count = count - made_of[done].sum(axis=0) * allowed
                some &= ~done
                left &= ~made_of[:, best]
        return cells[sorted(hidden)]

    def _again(self, shown: Flags, hidden: Flags) -> Flags:
        """Hidden cells that could be shown again as far as a quick look can tell."""
        matrix, sizes = self.lattice.matrix, self.lattice.sizes
        rows = np.flatnonzero(shown)
        wide = None if self.wide is None else self.wide[rows]
        span = small_span(matrix[rows], np.zeros(len(sizes), bool), wide)
        null = span.null_vectors(np.random.default_rng(20266), _AHEAD)
        small = np.flatnonzero(sizes < self.min_n)
        more = np.zeros(len(shown), bool)
        candidates = np.flatnonzero(hidden)
        for cell in candidates[
            np.lexsort((candidates, -self.people[candidates], -self.rank[candidates]))
        ]:
            members = matrix.indices[matrix.indptr[cell] : matrix.indptr[cell + 1]]
            value = null[:, members].sum(axis=1) % PRIME
            if value[0] == 0:  # it follows from what is shown
                more[cell] = True
                continue
            # Every null vector but the first, freed of what it has in common with this cell.
            factor = value[1:] * pow(int(value[0]), -1, PRIME) % PRIME
            ahead = (null[1:4] - factor[:3, None] * null[0]) % PRIME
            if not self._seen_at_once(ahead, small, members):
                more[cell] = True
                null = (null[1:] - factor[:, None] * null[0]) % PRIME
                if len(null) < 4:
                    break
        return more

    def _seen_at_once(self, numbers: Whole, small: Whole, members: Whole) -> bool:
        """Whether one or two small atoms, or three of those in a cell, are given away."""
        sizes, most = self.lattice.sizes, self.min_n - 1
        if vanishing_sums(numbers[:, small], sizes[small], most, 2) != []:
            return True
        near = np.intersect1d(small, members)
        if len(near) > _NEAR or most < 3:
            return False
        return vanishing_sums(numbers[:, near], sizes[near], most, 3) != []


def _in_every_way(
    unions: Sequence[tuple[int, ...]],
    made_of: Flags,
    cells: Whole,
    ways: dict[tuple[int, ...], set[int]],
) -> None:
    """Narrow the sources of a union that comes again to what stands in every way to it so far.

    Otherwise one cell of each way in turn would be hidden. `made_of` (unions x cells) and `ways`,
    the sources of each union up to now, are changed.
    """
    for number, union in enumerate(unions):
        now = set(cells[made_of[number]].tolist())
        ways[union] = now & ways.get(union, now) or now
        made_of[number] = np.isin(cells, list(ways[union]))


def _running_across(lattice: Lattice) -> Flags | None:
    """The cells that say nothing of the finest lens, where there is a fine one."""
    units = lattice.names.loc[lattice.names[LENSES] == 1, c.LENS].value_counts(sort=False)
    if not len(units) or units.max() < _FINE:
        return None
    finest = str(units.idxmax())
    lens = lattice.cells[c.LENS]
    named = (
        (lens == finest) | lens.str.startswith(finest + CROSS) | lens.str.endswith(CROSS + finest)
    )
    return ~named.to_numpy(bool)
