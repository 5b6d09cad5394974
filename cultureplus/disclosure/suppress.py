"""Which cells of the lattice may be shown, so that no sum of few people follows from them.

Hidden first is every cell of fewer than `min_n` people. That alone protects nobody: whoever takes
the shown cells from one another gets most of the hidden ones back. So an attacker (`attack`) looks
for unions of fewer than `min_n` people in the span of all that is shown, and for each union some of
the cells that give it away are hidden as well, until the attacker finds nothing more. Then hidden
cells are shown again, as far as the attacker still finds nothing.

While there are many unions, one cell of each way to get at them goes, those first that stand in
many ways; this is quick and gets rid of what follows within a unit. A few that are left can often
be got at in a thousand ways, over half the lattice. For each of these a linear programme looks for
the cheapest set of cells that ends all ways at once, mostly the three that make a square with it.
After the first attack only those atoms are asked about that it could not clear. The last attack, on
the pattern that is given out, is the whole one.

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
from cultureplus.crossed import CROSS
from cultureplus.disclosure.attack import Attack, attack, parted, vanishing_sums
from cultureplus.disclosure.lattice import CELL, LENSES, Lattice
from cultureplus.disclosure.reasons import HIDDEN_WITH, hidden_below
from cultureplus.disclosure.row_space import PRIME, small_span
from cultureplus.errors import InputError

Whole = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]

NOT_WANTED = "hidden (not asked for)"
_ROUNDS = 4  # of showing again
_WORTH = 300  # a round that shows less than one in so many again is the last
_AHEAD = 64  # cells shown again before the attacker is asked
_FEW_UNIONS = 50  # so many are taken out of the span one by one
_FIRST, _SECOND = 400, 2000  # about so many atoms around a union, and around these, may help
_WHOLE = 4000  # a lattice of so many atoms may be drawn upon as a whole
_DEAR = 100  # times the cost of a pair is that of a unit, where a unit may be hidden
_TIE = 1e-3
_PARTED = 1e-6  # of what rounding leaves in a linear programme
_NEAR = 120  # small atoms around a cell of which three are tried together
_NEAR_FOUR = 40  # and four
_MANY = 5000  # small atoms of which not all pairs are tried in a quick look
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
        self.length = np.diff(lattice.matrix.indptr)
        self.narrow = lattice.matrix[np.flatnonzero(lenses == min(int(lenses.max(initial=1)), 2))]

    def decide(self, start: Flags) -> Flags:
        """The cells to show, out of those of enough people."""
        shown = self.mended(start, start & (self.rank < 4))
        tried = shown.copy()
        for _ in range(_ROUNDS):
            more = self._again(shown, start & ~tried)
            if not more.any():
                break
            tried |= more
            before = int(shown.sum())
            shown = self.mended(shown | more, more)
            if (int(shown.sum()) - before) * _WORTH < before:
                break
        # The last word has the attacker who is told nothing of what was looked for before.
        return self.mended(shown, shown & (self.rank < 4))

    def mended(self, shown: Flags, may_hide: Flags) -> Flags:
        """Hide cells until the attacker finds nothing."""
        shown = shown.copy()
        suspects = None
        while True:
            rows = np.flatnonzero(shown)
            found = self._attack(rows, suspects)
            if not found.found:
                return shown
            suspects = found.suspects
            open_ = np.flatnonzero(may_hide[rows])
            hide = rows[:0]
            if 0 < len(found.unions) <= _FEW_UNIONS:
                hide = self._parted(rows, may_hide, found.unions)
            if found.unions and not len(hide):
                hide = self._cover(found.made_of[:, open_], rows[open_])
            elif not found.unions:  # nothing is known, so nothing is risked
                hide = rows[open_[np.isin(open_, found.undecided)]]
                hide = hide[np.lexsort((hide, self.people[hide], self.rank[hide]))][:1]
            if not len(hide):  # none of those that may be hidden stands near: then all of them
                hide = rows[open_]
            if not len(hide):
                return shown
            shown[hide] = False

    def _attack(self, rows: Whole, among: Flags | None) -> Attack:
        wide = None if self.wide is None else self.wide[rows]
        return attack(
            self.lattice.matrix[rows], self.lattice.sizes, self.min_n, wide=wide, among=among
        )

    def _parted(self, rows: Whole, may_hide: Flags, unions: Sequence[tuple[int, ...]]) -> Whole:
        """Cells without which none of the unions follows any more, as far as these can be found."""
        left = rows
        open_ = set(unions)
        for union in unions:
            some = self._parting(left, may_hide, union) if union in open_ else None
            if some is not None:
                weights, away = some
                left = np.delete(left, away)
                # What parts one union from the span parts others too, where the weights say so.
                open_ = {one for one in open_ if abs(weights[list(one)].sum()) < _PARTED}
        return np.setdiff1d(rows, left)

    def _parting(
        self, rows: Whole, may_hide: Flags, union: tuple[int, ...]
    ) -> tuple[npt.NDArray[np.float64], Whole] | None:
        """Weights of the atoms that part one union from the span, and which rows are hidden for it.

        Pairs are asked first, and atoms near the union; None where nothing helps.
        """
        matrix = self.lattice.matrix
        near = self._near(np.array(union))
        whole = np.arange(matrix.shape[1])
        hoods = [near, whole] if len(near) < len(whole) <= _WHOLE else [near]
        for level in range(4):
            if not (may_hide[rows] & (self.rank[rows] == level)).any():
                continue
            cost = np.where(self.rank < 2, 1.0, _DEAR) * self.people.astype(np.float64)
            # Of equals the first by name is cheapest, so that no solver has a choice.
            cost *= 1 + _TIE * np.arange(len(cost)) / len(cost)
            cost[~may_hide | (self.rank > level)] = np.inf
            for hood in hoods:
                some = parted(matrix[rows][:, hood], np.isin(hood, union), cost[rows])
                if some is not None:
                    weights = np.zeros(matrix.shape[1])
                    weights[hood] = some[0]
                    return weights, some[1]
        return None

    def _near(self, union: Whole) -> Whole:
        """The atoms in small pairs with a union, and those in small pairs with these.

        Without pairs, units are taken for them.
        """
        near = union
        for most in (_FIRST, _SECOND):
            share = np.flatnonzero(np.asarray(self.narrow[:, near].sum(axis=1)))
            length = np.diff(self.narrow.indptr)[share]
            order = np.argsort(length, kind="stable")
            count = int(np.searchsorted(np.cumsum(length[order]), most, side="right"))
            around = self.narrow[share[order[: max(count, 1)]]].indices
            near = np.unique(np.concatenate([near, around])).astype(np.int64)
        return near

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
            ahead = (null[1:4, small] - factor[:3, None] * null[0, small]) % PRIME
            if not self._seen_at_once(ahead, small, members):
                more[cell] = True
                null = (null[1:] - factor[:, None] * null[0]) % PRIME
                if len(null) < 4:
                    break
        return more

    def _seen_at_once(self, numbers: Whole, small: Whole, members: Whole) -> bool:
        """Whether one or two small atoms, or more of those around a cell, are given away.

        `numbers`: of the small atoms; `members`: the cell's atoms.
        """
        sizes, most = self.lattice.sizes, self.min_n - 1
        few = 2 if len(small) <= _MANY else 1
        if vanishing_sums(numbers, sizes[small], most, few) != []:
            return True
        for around in (self._outer(members), members):
            near = np.flatnonzero(np.isin(small, around))
            if len(near) <= _NEAR and most > 2:
                few = 4 if len(near) <= _NEAR_FOUR else 3
                return vanishing_sums(numbers[:, near], sizes[small[near]], most, few) != []
        return False

    def _outer(self, members: Whole) -> Whole:
        """The atoms of the smallest cell that holds all members and others."""
        matrix = self.lattice.matrix
        inside = np.zeros(matrix.shape[1], np.int64)
        inside[members] = 1
        holds = (np.asarray(matrix @ inside) == len(members)) & (self.length > len(members))
        if not holds.any():
            return members
        cells = np.flatnonzero(holds)
        cell = int(cells[np.argmin(self.length[cells])])
        found: Whole = matrix.indices[matrix.indptr[cell] : matrix.indptr[cell + 1]]
        return found


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
