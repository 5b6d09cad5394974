"""Changes of linked people: what two means and a change together say of those who came or left.

A report gives a unit's mean of now, the one before gave its mean of then, and the change table adds
the mean change of the people who are in both. Take the change from the difference of the two sums,
and what is left is: the answers of now of those who came, less the answers of then of those who
left or moved away, plus the answers of then of those who moved in. Everybody else cancels. If one
person came and nobody left, that person's answer is what is left.

So a change is shown where nobody is left over, or at least `min_n` people are; the same holds for
what is left when shown units are taken from everybody, or from a coarser unit that they lie in.
Then the attacker who looks through a plan (`attack`) looks through the shown cells of both waves
and the changes together, over all lenses and pairs, for the sum over fewer than `min_n` of the
answers that may be left over, or of the answers of one wave, and changes are taken back until
nothing is found. Where the change of the same people may not be shown, the difference of the two
means as they are told takes its place: it adds nothing to them. So does a change without linked
people.

What does not follow: from two means alone, whose people differ by one or two, nothing exact, for
everybody may have answered anew. What is not searched for: differences between the answers of few
people over several lenses, changes over three waves. Rounding is not counted on, though it leaves
open most of what is left.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy import sparse

from cultureplus import columns as c
from cultureplus.disclosure.attack import Attack, attack
from cultureplus.disclosure.plan import ReportingPlan
from cultureplus.disclosure.reasons import HIDDEN_WITH
from cultureplus.errors import InputError
from cultureplus.units import lenses_of, unit_scores

TWO_MEANS = "difference of two means"
MOVES = "no interval: the same people's change would tell of who came, left or moved"

Flags = npt.NDArray[np.bool_]
Codes = npt.NDArray[np.int64]
Key = tuple[str, str]  # lens, unit


def release_changes(
    changes: pd.DataFrame, scores: pd.DataFrame, plan: ReportingPlan
) -> pd.DataFrame:
    """A table of changes as it may be shown: by the plan, and beside the means of both waves.

    `changes`: as `compare_waves` gives it; `scores`: what it was made from; `plan`: over both
    waves. Returns what `plan.apply` returns; where change and means together would leave 1 to
    `min_n - 1` answers, the row has design 'difference of two means', the smaller n, their
    difference as told, and no interval. Missing scores count as not there. Raises `InputError`
    where the table lacks a column or is of waves that the scores do not have.

    Reference: Denning, Denning & Schwartz (1979), ACM Transactions on Database Systems 4, 76-96.

    >>> from cultureplus import compare_waves, plan_reporting, read_survey, score
    >>> sample = read_survey("data/sample").in_waves(["2026Q2", "2026Q3"])
    >>> scores, plan = score(sample), plan_reporting(sample)
    >>> changes = compare_waves(scores).query("scale == 'psychological_safety'")
    >>> whole = release_changes(changes, scores, plan).iloc[0]
    >>> print(whole["unit"], whole["design"], whole["n"], whole["change"])
    all linked 626.0 0.05
    """
    released = plan.apply(changes)
    absent = [name for name in (c.PREVIOUS, c.SCALE, c.DESIGN) if name not in released]
    if absent:
        raise InputError(
            "This is no table of changes.", found=f"no {', '.join(absent)}",
            fix="make it with compare_waves",
        )  # fmt: skip
    shown = released[c.SHOWN].astype("bool").to_numpy(copy=True)
    # Two cross-sections are named otherwise, and no waves at all ''.
    linked = released[c.SHOWN] & (released[c.DESIGN] == "linked")
    for key, rows in released.loc[linked].groupby([c.WAVE, c.PREVIOUS, c.SCALE], sort=False):
        wave, previous, scale = (str(part) for part in key)
        for name in (wave, previous):
            if name not in scores.index.get_level_values(c.WAVE):
                raise InputError("The scores are not those of this table.", found=f"no wave {name}")
        moves = _Moves(scores.xs(wave, level=c.WAVE), scores.xs(previous, level=c.WAVE), scale)
        cells = [(str(lens), str(unit)) for lens, unit in rows[[c.LENS, c.UNIT]].to_numpy()]
        people = moves.people
        sums = (plan.sums(wave, scale, people), plan.sums(previous, scale, people))
        known = tuple(
            sparse.csr_array(each.multiply(there.astype(np.int64)[None, :]))
            for each, there in zip(sums, moves.there, strict=True)
        )
        parents = plan.parents.loc[plan.parents[c.WAVE] == wave]
        counted = dict(zip(cells, rows[c.N].astype("int64"), strict=True))
        apart = _apart(counted, moves, parents, plan.min_n)
        kept = _unseen(sorted(apart), moves, known, plan.min_n)
        shown[rows.index[[cell not in kept for cell in cells]]] = False
    further = released[c.SHOWN].to_numpy(dtype="bool") & ~shown
    if not further.any():
        return released
    return _with_two_means(released, further, scores, plan)


def _with_two_means(
    released: pd.DataFrame, which: Flags, scores: pd.DataFrame, plan: ReportingPlan
) -> pd.DataFrame:
    """Some rows with the difference of their unit's two means instead of people's own change."""
    rows = released.loc[which]
    n, means = [], []
    for column in (c.WAVE, c.PREVIOUS):
        here = scores.loc[scores.index.get_level_values(c.WAVE).isin(rows[column].unique())]
        told = plan.apply(unit_scores(here)).set_index([c.WAVE, c.LENS, c.UNIT, c.SCALE])
        keys = pd.MultiIndex.from_frame(rows[[column, c.LENS, c.UNIT, c.SCALE]])
        n.append(told[c.N].reindex(keys).to_numpy())
        means.append(told[c.MEAN].reindex(keys).to_numpy())
    out = released.copy()
    out.loc[which, c.DESIGN] = TWO_MEANS
    out.loc[which, c.CHANGE] = np.round(means[0] - means[1], 2) + 0.0
    out.loc[which, c.N] = np.minimum(n[0], n[1])
    out.loc[which, [c.LOW, c.HIGH, c.EFFECT_SIZE]] = np.nan
    out.loc[which, c.REASON] = MOVES
    untold = which & out[c.CHANGE].isna().to_numpy()
    out.loc[untold, c.SHOWN] = False
    out.loc[untold, c.REASON] = HIDDEN_WITH
    return out


def _unseen(cells: list[Key], moves: _Moves, sums: tuple[Any, Any], min_n: int) -> set[Key]:
    """The changes of one scale that an attacker gets nothing from, beside the means of both waves.

    `sums`: what is shown of the means of now and of then, as rows over the people of `moves`.
    """
    people = [moves.both(*cell) for cell in cells]
    kept = np.ones(len(cells), np.bool_)
    now, then = (each.shape[0] for each in sums)
    width = sums[0].shape[1]
    every, none = np.ones(width, np.bool_), np.zeros(width, np.bool_)
    left_over = np.concatenate(moves.unlinked())
    for suspects in (left_over, np.concatenate([every, none]), np.concatenate([none, every])):
        among: Flags = suspects
        while kept.any():
            rows = np.flatnonzero(kept)
            found = _attacked(sums, [people[row] for row in rows], min_n, among)
            if not found.found:
                break
            among = found.suspects
            used = found.made_of[:, now + then :].astype(np.int64)
            used = used[used.any(axis=1)]
            gone = _cover(used, np.array([people[row].sum() for row in rows]))
            if not len(gone):  # nothing is known of the way, so nothing is risked
                near = np.isin(now + then + np.arange(len(rows)), found.undecided)
                gone = np.flatnonzero(near) if near.any() else np.arange(len(rows))
            kept[rows[gone]] = False
    return {cell for cell, stays in zip(cells, kept, strict=True) if stays}


def _attacked(sums: tuple[Any, Any], changes: list[Flags], min_n: int, among: Flags) -> Attack:
    """What follows from the means of now and of then and the changes, among some answers.

    The columns are the answers of now, then those of then, each of which counts as its negative, so
    that a change is a sum as well.
    """
    now, then = sums
    both = sparse.csr_array(np.array(changes, np.int64))
    published = sparse.vstack([
        sparse.hstack([now, sparse.csr_array(now.shape, dtype=np.int64)]),
        sparse.hstack([sparse.csr_array(then.shape, dtype=np.int64), then]),
        sparse.hstack([both, both]),
    ])  # fmt: skip
    return attack(published, np.ones(published.shape[1], np.int64), min_n, among=among)


def _cover(used: Codes, people: Codes) -> Codes:
    """Changes of which at least one stands in each way: those in most, for their size, first."""
    gone: list[int] = []
    while len(used):
        best = int(np.lexsort((np.arange(len(people)), people, -used.sum(axis=0) / people))[0])
        gone.append(best)
        used = used[used[:, best] == 0]
    return np.array(gone, np.int64)


class _Moves:
    """Who has a score in either of two waves, and in which unit, over one list of people."""

    def __init__(self, now: pd.DataFrame, then: pd.DataFrame, scale: str) -> None:
        self.people = now.index.union(then.index)
        self._now, self._then = now.reindex(self.people), then.reindex(self.people)
        self.there: list[Flags] = [
            table[scale].notna().to_numpy() for table in (self._now, self._then)
        ]
        self._lenses = lenses_of(now)
        self._codes: dict[str, tuple[list[str], Codes, Codes]] = {}

    def codes(self, lens: str) -> tuple[list[str], Codes, Codes]:
        """The units of a lens, and per person the place of the unit of now and of then, or -1."""
        if lens not in self._codes:
            both = pd.concat([self._now[lens], self._then[lens]]).astype("str")
            both = both.where(pd.concat([self._now[lens], self._then[lens]]).notna())
            codes, names = pd.factorize(both, sort=True)
            half = len(self._now)
            found = [np.where(self.there[k], codes[k * half :][:half], -1) for k in (0, 1)]
            self._codes[lens] = [str(name) for name in names], found[0], found[1]
        return self._codes[lens]

    def both(self, lens: str, unit: str) -> Flags:
        """Whose change is in the change of a unit: they are in both waves, and in it now."""
        linked = self.there[0] & self.there[1]
        if lens == c.ALL:
            return linked
        names, now, _ = self.codes(lens)
        return linked & (now == names.index(unit))

    def unlinked(self) -> tuple[Flags, Flags]:
        """Whose answer of now, and of then, may be left over: who came, left, or moved."""
        moved = np.zeros(len(self.people), np.bool_)
        for lens in self._lenses:
            _, now, then = self.codes(lens)
            moved |= now != then
        both = self.there[0] & self.there[1]
        return self.there[0] & (~both | moved), self.there[1] & (~both | moved)

    def left(self, lens: str, units: set[str]) -> Codes:
        """Per person the part in what is left of units of a lens together: -1, 0 or 1."""
        if lens == c.ALL:
            now, then = self.there
            return now.astype("int64") - then
        names, now_codes, then_codes = self.codes(lens)
        inside = np.array([name in units for name in names] + [False])  # the last for no unit
        return inside[now_codes].astype("int64") - inside[then_codes]

    def single(self, lens: str) -> dict[str, int]:
        """How many people are left over in each unit of a lens."""
        if lens == c.ALL:
            return {c.ALL: int(np.count_nonzero(self.left(c.ALL, set())))}
        names, now, then = self.codes(lens)
        moved = now != then
        counts = sum(
            np.bincount(codes[moved & (codes >= 0)], minlength=len(names)) for codes in (now, then)
        )
        return dict(zip(names, np.asarray(counts).tolist(), strict=True))


def _apart(n: dict[Key, int], moves: _Moves, parents: pd.DataFrame, min_n: int) -> set[Key]:
    """The cells of which nobody, or enough, is left over; the smallest goes first."""
    single = {lens: moves.single(lens) for lens in sorted({lens for lens, _ in n})}
    kept = {cell for cell in n if not 0 < single[cell[0]][cell[1]] < min_n}
    settled = False
    while not settled:
        settled = True
        for top, units, left in _together(kept, moves, parents):
            if 0 < np.count_nonzero(left) < min_n:
                some = sorted((n[cell], cell) for cell in units if single[cell[0]][cell[1]] > 0)
                gone = some[0][1] if some else top
                if gone is not None:
                    kept.discard(gone)
                    settled = False
                    break
    return kept


def _together(
    kept: set[Key], moves: _Moves, parents: pd.DataFrame
) -> Iterator[tuple[Key | None, list[Key], Codes]]:
    """What is left where shown units are put together, or taken from what holds them."""
    everybody = (c.ALL, c.ALL)
    for lens in sorted({lens for lens, _ in kept} - {c.ALL}):
        units = {unit for name, unit in kept if name == lens}
        cells = [(lens, unit) for unit in sorted(units)]
        whole = moves.left(lens, units)
        yield None, cells, whole
        if everybody in kept:
            yield everybody, cells, moves.left(c.ALL, set()) - whole
        mine = parents.loc[(parents[c.LENS] == lens) & parents[c.UNIT].isin(sorted(units))]
        for (above, name), rows in mine.groupby(["parent_lens", "parent"], sort=True):
            top = (str(above), str(name))
            if top in kept:
                inside = set(rows[c.UNIT].astype("str"))
                left = moves.left(top[0], {top[1]}) - moves.left(lens, inside)
                yield top, [(lens, unit) for unit in sorted(inside)], left
