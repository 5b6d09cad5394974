"""The reporting plan: which units may be shown, decided once per wave from membership alone.

Rules so far. No unit with fewer than `min_n` respondents is shown. Hidden people may not be few
either: where the units of a lens add up to the whole (or to a unit of a coarser lens), the people
outside the shown units are none or at least `min_n`; if not, the smallest shown unit is hidden as
well. What is shown is rounded. What is hidden stays visible as hidden, with its reason.

The same rule is applied once more to each table, because a scale that somebody left out may have
fewer answers than the unit has respondents. Attacks over several lenses together, over waves and by
insiders are not yet searched for; PRIVACY notes and the report say so.
"""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from cultureplus import columns as c
from cultureplus.errors import InputError
from cultureplus.survey import Survey

LOWEST_MIN_N = 5
_KEYS = (c.WAVE, c.PREVIOUS, c.LENS, c.UNIT, c.SCALE, c.ITEM, c.TEXT, c.REVERSED, c.DESIGN)
_MEANS = (c.MEAN, c.LOW, c.HIGH, c.DIFFERENCE, c.CHANGE, c.EFFECT_SIZE)
_SHARES = (c.FAVOURABLE, c.FAVOURABLE_DIFFERENCE, c.SHARE, c.RESPONSE_RATE)
_MANY = (
    100  # from here on a mean to 0.01 says no more of the sum than one to 0.1 does of ten people
)


@dataclass(frozen=True, eq=False)
class ReportingPlan:
    """The decision: `cells` has wave, lens, unit, n (respondents), shown, reason.

    `parents` says in which unit of a coarser lens each unit lies: wave, lens, unit, parent_lens,
    parent. `plan.apply(table)` is the only way from a computed table to a chart or a report.
    """

    cells: pd.DataFrame
    parents: pd.DataFrame
    min_n: int

    def apply(self, table: pd.DataFrame) -> pd.DataFrame:
        """Hide and round a table of units.

        `table`: at least wave, lens, unit and n. Adds `shown` and `reason`; numbers of hidden rows
        are missing, shown ones rounded (means to 0.1, or to 0.01 from 100 people
        on; shares to whole per cent). A row is shown
        only if its unit is in the plan of its wave, and of the previous wave where the table
        compares two. Raises `InputError` where a needed column is missing.
        """
        needed = [c.WAVE, c.LENS, c.UNIT, c.N]
        absent = [name for name in needed if name not in table]
        if absent:
            raise InputError(
                f"A table of units has the columns {', '.join(needed)}.",
                found=f"no {', '.join(absent)}",
                fix="make it with unit_scores, response, answer_shares or compare_waves",
            )
        table = table.reset_index(drop=True)
        had_reason = table[c.REASON] if c.REASON in table else pd.Series("", index=table.index)
        reason = self._reasons(table, c.WAVE)
        if c.PREVIOUS in table:
            before = self._reasons(table, c.PREVIOUS).mask(table[c.PREVIOUS] == "", "")
            reason = reason.mask(reason == "", before)
        empty = table[c.N].fillna(0) == 0
        few = table[c.N].notna() & (table[c.N] < self.min_n) & ~empty
        reason = reason.mask((reason == "") & few, hidden_below(self.min_n))
        reason = self._complete(table, reason)
        out = table.drop(columns=[c.SHOWN, c.REASON], errors="ignore")
        hidden = reason != ""
        for name in out:
            if name in _KEYS or name == c.ANSWER or not pd.api.types.is_numeric_dtype(out[name]):
                continue
            out[name] = out[name].astype("float64").mask(hidden)
            if name in _MEANS and c.ANSWER not in out:
                many = table[c.N].fillna(0) >= _MANY
                out[name] = out[name].round(2).where(many, out[name].round(1))
            elif name in _SHARES:
                out[name] = out[name].round(2)
            elif name == c.POMP:
                out[name] = out[name].round(0)
            out[name] += 0.0  # no minus zero
        out[c.SHOWN] = ~hidden
        out[c.REASON] = reason.mask(reason == "", had_reason)
        return out

    def _reasons(self, table: pd.DataFrame, wave: str) -> pd.Series:
        """Why each row's unit may not be shown in that wave, or ''."""
        known = self.cells.set_index([c.WAVE, c.LENS, c.UNIT])[c.REASON]
        keys = pd.MultiIndex.from_frame(table[[wave, c.LENS, c.UNIT]])
        found = known.reindex(keys).set_axis(table.index)
        return found.fillna("hidden (not in the plan)")

    def _complete(self, table: pd.DataFrame, reason: pd.Series) -> pd.Series:
        """The remainder rule within each scale (or item) of a table."""
        by = [name for name in (c.WAVE, c.SCALE, c.ITEM) if name in table]
        rows = zip(
            zip(*(table[name] for name in by), strict=True),
            table[c.LENS], table[c.UNIT], table[c.N].fillna(0), reason, strict=True,
        )  # fmt: skip
        wholes: dict[tuple[object, ...], float] = {}
        groups: dict[tuple[object, ...], dict[str, tuple[float, str]]] = {}
        places: list[tuple[tuple[object, ...], str]] = []
        for key, lens, unit, n, why in rows:
            if lens == c.ALL:
                wholes[key] = n
            groups.setdefault((*key, lens), {})[unit] = (n, why)
            places.append(((*key, lens), unit))
        parents = self._parents()
        settled = {
            key: units
            if key[-1] == c.ALL
            else complement(
                units, parents.get((key[0], key[-1]), {}), self.min_n, total=wholes.get(key[:-1])
            )
            for key, units in groups.items()
        }
        return pd.Series([settled[key][unit][1] for key, unit in places], index=table.index)

    def _parents(self) -> dict[tuple[object, object], dict[str, dict[str, str]]]:
        """Per wave and lens: per coarser lens, the unit in which each unit lies."""
        found: dict[tuple[object, object], dict[str, dict[str, str]]] = {}
        for row in self.parents.itertuples(index=False):
            inside = found.setdefault((row.wave, row.lens), {})
            inside.setdefault(row.parent_lens, {})[row.unit] = row.parent
        return found

    def __repr__(self) -> str:
        shown = self.cells.groupby([c.WAVE, c.LENS], sort=False)[c.SHOWN].agg(["sum", "size"])
        return f"ReportingPlan(min_n={self.min_n}; units shown / all)\n{shown.to_string()}"


def hidden_below(min_n: int) -> str:
    """The reason of a unit that is too small."""
    return f"hidden (<{min_n})"


HIDDEN_WITH = "hidden (protects a smaller unit)"


def complement(
    units: dict[str, tuple[float, str]],
    parents: dict[str, dict[str, str]],
    min_n: int,
    *,
    total: float | None = None,
) -> dict[str, tuple[float, str]]:
    """Hide further units until the hidden people of each whole are none or at least `min_n`.

    `units`: per unit of a lens its people and the reason why it is hidden ('' where it is shown);
    `parents`: per coarser lens, the unit in which each unit lies; `total`: everybody, where the
    units do not cover all. Returns the units with their reasons. The smallest unit goes first, and
    of equals the first by name.

    >>> units = {"a": (3, "hidden (<5)"), "b": (7, ""), "c": (9, "")}
    >>> complement(units, {}, 5)["b"]
    (7, 'hidden (protects a smaller unit)')
    """
    found = dict(units)
    order = sorted(found, key=lambda unit: (found[unit][0], unit))
    beyond = 0.0 if total is None else max(total - sum(n for n, _ in found.values()), 0.0)
    wholes = [(order, beyond)]
    for inside in parents.values():
        members: dict[str, list[str]] = {}
        for unit in order:
            if unit in inside:
                members.setdefault(inside[unit], []).append(unit)
        wholes += [(members[parent], 0.0) for parent in sorted(members)]
    settled = False
    while not settled:
        settled = True
        for members_of, outside in wholes:
            hidden = outside + sum(found[unit][0] for unit in members_of if found[unit][1])
            if 0 < hidden < min_n:
                open_ = [unit for unit in members_of if not found[unit][1] and found[unit][0] > 0]
                if open_:
                    found[open_[0]] = (found[open_[0]][0], HIDDEN_WITH)
                    settled = False
    return found


def plan_reporting(survey: Survey, min_n: int = LOWEST_MIN_N) -> ReportingPlan:
    """Decide which units may be shown in each wave, from who answered and nothing else.

    `min_n`: the smallest number of respondents whose result is shown; it may be raised, not lowered
    below 5. Returns the plan with every unit of every lens and the whole (lens 'all'). People
    without a unit count as hidden.
    """
    if isinstance(min_n, bool) or int(min_n) != min_n or min_n < LOWEST_MIN_N:
        raise InputError(
            f"min_n is a whole number of at least {LOWEST_MIN_N}.",
            fix="raise it; fewer people can't be protected",
        )
    min_n = int(min_n)
    answered = survey.people[survey.people[c.RESPONDED].fillna(value=True).astype("bool")]
    cells, parents = [], []
    for wave in survey.waves:
        people = answered.loc[answered.index.get_level_values(c.WAVE) == wave]
        whole = "" if len(people) >= min_n else hidden_below(min_n)
        cells.append(
            pd.DataFrame(
                {c.WAVE: [wave], c.LENS: c.ALL, c.UNIT: c.ALL, c.N: len(people), c.REASON: whole}
            )
        )
        for lens in survey.lenses:
            inside = _coarser(people, lens, survey.lenses)
            sizes = people.groupby(lens).size()
            table = pd.DataFrame({c.UNIT: sizes.index, c.N: sizes.to_numpy()})
            units = {
                str(unit): (float(n), hidden_below(min_n) if n < min_n else "")
                for unit, n in zip(table[c.UNIT], table[c.N], strict=True)
            }
            settled = complement(units, inside, min_n, total=len(people))
            table[c.REASON] = [settled[str(unit)][1] for unit in table[c.UNIT]]
            cells.append(table.assign(**{c.WAVE: wave, c.LENS: lens}))
            parents += [
                (wave, lens, unit, parent_lens, parent)
                for parent_lens, units in inside.items()
                for unit, parent in units.items()
            ]
    found = pd.concat(cells, ignore_index=True)
    found[c.SHOWN] = found[c.REASON] == ""
    return ReportingPlan(
        found[[c.WAVE, c.LENS, c.UNIT, c.N, c.SHOWN, c.REASON]],
        pd.DataFrame(parents, columns=[c.WAVE, c.LENS, c.UNIT, "parent_lens", "parent"]),
        min_n,
    )


def _coarser(people: pd.DataFrame, lens: str, lenses: tuple[str, ...]) -> dict[str, dict[str, str]]:
    """The lenses in whose units every unit of this lens lies wholly, with the unit it lies in."""
    found = {}
    for other in lenses:
        if other == lens:
            continue
        pairs = people[[lens, other]].dropna(subset=[lens]).drop_duplicates()
        if pairs[other].notna().all() and not pairs[lens].duplicated().any():
            found[other] = dict(zip(pairs[lens], pairs[other], strict=True))
    return found
