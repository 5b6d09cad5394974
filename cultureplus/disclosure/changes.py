"""Changes of linked people: what two means and a change together say of those who came or left.

A report gives a unit's mean of now, the one before gave its mean of then, and the change table adds
the mean change of the people who are in both. Take the change from the difference of the two sums,
and what is left is: the answers of now of those who came, less the answers of then of those who
left or moved away, plus the answers of then of those who moved in. Everybody else cancels. If one
person came and nobody left, that person's answer is what is left.

So a change is shown where nobody is left over, or at least `min_n` people are. The same holds for
what is left when shown units are taken from everybody, or from a coarser unit that they lie in, and
for all shown units of a lens together. Without linked people a change is the difference of the two
means and adds nothing to them.

What does not follow: from two means alone, whose people differ by one or two, nothing exact, for
everybody may have answered anew. What is not searched for: other unions of units, lenses that
cross, changes over three waves. Rounding is not counted on, though it leaves open most of what
is left.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt
import pandas as pd

from cultureplus import columns as c
from cultureplus.disclosure.plan import ReportingPlan
from cultureplus.errors import InputError

HIDDEN_MOVES = "hidden (protects who came, left or moved)"

Flags = npt.NDArray[np.bool_]
Codes = npt.NDArray[np.int64]
Key = tuple[str, str]  # lens, unit


def release_changes(
    changes: pd.DataFrame, scores: pd.DataFrame, plan: ReportingPlan
) -> pd.DataFrame:
    """A table of changes as it may be shown: by the plan, and beside the means of both waves.

    `changes`: as `compare_waves` gives it; `scores`: what it was made from; `plan`: over both
    waves. Returns what `plan.apply` returns, with further rows hidden where change and means
    together would leave 1 to `min_n - 1` people. Missing scores count as not there. Raises
    `InputError` where the table lacks a column or is of waves that the scores do not have.

    Reference: Denning, Denning & Schwartz (1979), ACM Transactions on Database Systems 4, 76-96.

    >>> from cultureplus import compare_waves, plan_reporting, read_survey, score
    >>> sample = read_survey("data/sample")
    >>> scores, plan = score(sample), plan_reporting(sample)
    >>> found = release_changes(compare_waves(scores), scores, plan)
    >>> bool(found.loc[found["lens"] == "all", "shown"].all())
    True
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
        n = {
            (str(row[0]), str(row[1])): (int(row[2]), place)
            for place, row in zip(rows.index, rows[[c.LENS, c.UNIT, c.N]].to_numpy(), strict=True)
        }
        parents = plan.parents.loc[plan.parents[c.WAVE] == wave]
        kept = _kept({cell: people for cell, (people, _) in n.items()}, moves, parents, plan.min_n)
        shown[[place for cell, (_, place) in n.items() if cell not in kept]] = False
    further = released[c.SHOWN].to_numpy(dtype="bool") & ~shown
    if not further.any():
        return released
    reason = released[c.REASON].mask(further, HIDDEN_MOVES)
    marked = changes.reset_index(drop=True).assign(**{c.SHOWN: shown, c.REASON: reason})
    return plan.apply(marked)


class _Moves:
    """Who has a score in either of two waves, and in which unit, over one list of people."""

    def __init__(self, now: pd.DataFrame, then: pd.DataFrame, scale: str) -> None:
        people = now.index.union(then.index)
        self._now, self._then = now.reindex(people), then.reindex(people)
        self.there: list[Flags] = [
            table[scale].notna().to_numpy() for table in (self._now, self._then)
        ]
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


def _kept(n: dict[Key, int], moves: _Moves, parents: pd.DataFrame, min_n: int) -> set[Key]:
    """The shown units of one scale whose changes stay shown; the smallest goes first."""
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
