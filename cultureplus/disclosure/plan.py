"""The reporting plan: which units may be shown, decided once per wave from membership alone.

Rules so far. No unit with fewer than `min_n` respondents is shown. Hidden people may not be few
either: whoever takes the shown units away from the whole, or from a unit of a coarser lens that
they lie in, is left with nobody or with at least `min_n` people; if not, the smallest shown unit is
hidden as well. Lenses that lie in one another (teams in functions) are taken away one after the
other. What is shown is rounded. What is hidden stays visible as hidden, with its reason.

The same rule is applied once more to each table, because a scale that somebody left out may have
fewer answers than the unit has respondents. Attacks over lenses that cross (functions and
locations), over waves and by insiders are not yet searched for; METHOD.md and the report say so.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import isnan, nan
from numbers import Real

import pandas as pd

from cultureplus import columns as c
from cultureplus.disclosure.reasons import HIDDEN_WITH, hidden_below
from cultureplus.errors import InputError
from cultureplus.survey import Survey

LOWEST_MIN_N = 5
_KEYS = (c.WAVE, c.PREVIOUS, c.LENS, c.UNIT, c.SCALE, c.ITEM, c.TEXT, c.REVERSED, c.DESIGN)
_MEANS = (c.MEAN, c.LOW, c.HIGH, c.DIFFERENCE, c.CHANGE, c.EFFECT_SIZE)
_SHARES = (c.FAVOURABLE, c.FAVOURABLE_DIFFERENCE, c.SHARE, c.RESPONSE_RATE, c.RELIABILITY)
_AGREEMENT = (c.RWG, c.R_STAR, c.AD_M, c.A_WG)  # each tells of the spread, as a deviation would
# From here on a mean to 0.01 says no more of the sum than one to 0.1 does of ten people.
_MANY = 100

Units = dict[str, tuple[float, str]]  # per unit its people, and why it is hidden ('' where shown)
Nesting = dict[str, dict[str, dict[str, str]]]  # lens -> coarser lens -> unit -> the unit it is in


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
        are missing, shown ones rounded (means to 0.1, or to 0.01 from 100 people on; shares to
        whole per cent; agreement to 0.1, and only from 100 people on: beside a mean it gives
        answers back). A row is shown only if its unit is in the plan of its wave, and of the
        previous wave where the table compares two. What an earlier plan has hidden stays hidden.
        Raises `InputError` where a needed column is missing.
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
        if c.SHOWN in table:
            reason = reason.mask((reason == "") & ~table[c.SHOWN].astype("bool"), had_reason)
        reason = self._complete(table, reason)
        out = table.drop(columns=[c.SHOWN, c.REASON], errors="ignore")
        hidden = reason != ""
        for name in out:
            if name in _KEYS or name == c.ANSWER:
                continue
            if pd.api.types.is_bool_dtype(out[name]):
                out[name] = out[name].astype("boolean").mask(hidden)
                continue
            if not pd.api.types.is_numeric_dtype(out[name]):
                out[name] = out[name].mask(hidden, "")
                continue
            out[name] = out[name].astype("float64").mask(hidden)
            many = table[c.N].fillna(0) >= _MANY
            if name in _MEANS and c.ANSWER not in out:
                out[name] = out[name].round(2).where(many, out[name].round(1))
            elif name in _SHARES:
                out[name] = out[name].round(2)
            elif name in _AGREEMENT:
                out[name] = out[name].round(1).where(many)
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
        by = [name for name in (c.WAVE, c.PREVIOUS, c.SCALE, c.ITEM) if name in table]
        keys = list(zip(*(table[name] for name in by), strict=True))
        groups: dict[tuple[object, ...], dict[str, Units]] = {}
        rows = zip(keys, table[c.LENS], table[c.UNIT], table[c.N].fillna(0), reason, strict=True)
        for key, lens, unit, n, why in rows:
            units = groups.setdefault(key, {}).setdefault(lens, {})
            # Rows of one unit that differ in a column unknown here stand and fall together.
            fewest, before = units.get(unit, (n, why))
            units[unit] = (min(n, fewest), before or why)
        plans = self._lenses()
        nesting = self._nesting()
        settled = {}
        for key, lenses in groups.items():
            whole = lenses.pop(c.ALL, {})
            total = whole[c.ALL][0] if c.ALL in whole else None
            # A coarser lens that is not in the table may be in another one.
            absent = {
                lens: {unit: (nan, why) for unit, (_, why) in units.items()}
                for lens, units in plans.get(key[0], {}).items()
                if lens not in lenses
            }
            settled[key] = settle(
                lenses | absent, nesting.get(key[0], {}), self.min_n, total=total
            ) | {c.ALL: whole}
        found = [
            settled[key][lens][unit][1]
            for key, lens, unit in zip(keys, table[c.LENS], table[c.UNIT], strict=True)
        ]
        return pd.Series(found, index=table.index, dtype="str")

    def _lenses(self) -> dict[object, dict[str, Units]]:
        """Per wave and lens, the units as they were decided."""
        found: dict[object, dict[str, Units]] = {}
        for row in self.cells.loc[self.cells[c.LENS] != c.ALL].itertuples(index=False):
            found.setdefault(row.wave, {}).setdefault(row.lens, {})[row.unit] = (row.n, row.reason)
        return found

    def _nesting(self) -> dict[object, Nesting]:
        """Per wave, which unit lies in which of a coarser lens."""
        found: dict[object, Nesting] = {}
        for row in self.parents.itertuples(index=False):
            inside = found.setdefault(row.wave, {}).setdefault(row.lens, {})
            inside.setdefault(row.parent_lens, {})[row.unit] = row.parent
        return found

    def __repr__(self) -> str:
        shown = self.cells.groupby([c.WAVE, c.LENS], sort=False)[c.SHOWN].agg(["sum", "size"])
        return f"ReportingPlan(min_n={self.min_n}; units shown / all)\n{shown.to_string()}"


def settle(
    lenses: Mapping[str, Units], nesting: Nesting, min_n: int, *, total: float | None = None
) -> dict[str, Units]:
    """Hide further units until nothing that can be taken from anything leaves a few people.

    `lenses`: per lens its units; `nesting`: per lens and coarser lens, the unit in which each unit
    lies; `total`: everybody, missing where unknown. Returns the lenses with their reasons.

    >>> lenses = {"team": {"a": (3, "hidden (<5)"), "b": (7, ""), "c": (9, "")}}
    >>> settle(lenses, {}, 5, total=19)["team"]["b"]
    (7, 'hidden (protects a smaller unit)')
    """
    done: dict[str, Units] = {}
    for lens in sorted(lenses, key=lambda lens: len(nesting.get(lens, {}))):  # the coarser first
        upper = _remainders(lens, done | {lens: lenses[lens]}, nesting, total)
        done[lens] = complement(lenses[lens], upper, min_n)
    return {lens: done[lens] for lens in lenses}


def complement(
    units: Units, remainders: Iterable[tuple[Sequence[str], float]], min_n: int
) -> Units:
    """Hide further units of a lens until in each remainder nobody or at least `min_n` are hidden.

    `remainders`: the units that lie in it, and how many people of it are in no unit. The smallest
    unit is hidden first, and of equals the first by name.

    >>> complement({"a": (6, ""), "b": (7, "")}, [(["a", "b"], 2)], 5)["a"]
    (6, 'hidden (protects a smaller unit)')
    """
    found = dict(units)
    every = [
        (sorted(members, key=lambda unit: (units[unit][0], unit)), outside)
        for members, outside in remainders
    ]
    settled = False
    while not settled:
        settled = True
        for members, outside in every:
            hidden = outside + sum(found[unit][0] for unit in members if found[unit][1])
            if 0 < hidden < min_n:
                open_ = [unit for unit in members if not found[unit][1] and found[unit][0] > 0]
                if open_:
                    found[open_[0]] = (found[open_[0]][0], HIDDEN_WITH)
                    settled = False
    return found


def _remainders(
    lens: str, lenses: Mapping[str, Units], nesting: Nesting, total: float | None
) -> Iterator[tuple[list[str], float]]:
    """What is left of the whole, or of a unit, when coarser lenses are taken from it in turn.

    `lenses`: this lens and the coarser ones, these decided. Each remainder is given by the units of
    this lens that lie in it, and its people outside of these (0 where nobody can count them).
    """
    chains = _chains([name for name in lenses if name != lens], lens, nesting)
    # The narrowest first: what is hidden for a part is often enough for the whole.
    for chain in sorted(chains, key=len, reverse=True):
        for start, (people, _) in lenses[chain[0]].items() if chain else ():
            top = [(chain[0], {start})]
            yield _remainder(lens, chain[1:], lenses, nesting, people, top)
        yield _remainder(lens, chain, lenses, nesting, nan if total is None else total, [])


def _chains(coarser: list[str], lens: str, nesting: Nesting) -> Iterator[list[str]]:
    """Every row of lenses, coarse to fine, each lying in the one before and `lens` in the last."""
    yield []
    for place, name in enumerate(coarser):
        if name in nesting.get(lens, {}):
            yield from ([*chain, name] for chain in _chains(coarser[:place], name, nesting))


def _remainder(
    lens: str,
    chain: list[str],
    lenses: Mapping[str, Units],
    nesting: Nesting,
    people: float,
    within: list[tuple[str, set[str]]],
) -> tuple[list[str], float]:
    """The units of `lens` that no shown unit of the chain covers, and the people in no unit."""

    def lying(name: str) -> list[str]:
        parents = nesting.get(name, {})
        return [u for u in lenses[name] if all(parents[top].get(u) in some for top, some in within)]

    for name in chain:
        units = lying(name)
        people -= sum(lenses[name][unit][0] for unit in units if not lenses[name][unit][1])
        within = [*within, (name, {unit for unit in units if lenses[name][unit][1]})]
    members = lying(lens)
    outside = people - sum(lenses[lens][unit][0] for unit in members)
    return members, 0.0 if isnan(outside) else max(outside, 0.0)


def plan_reporting(survey: Survey, min_n: int = LOWEST_MIN_N) -> ReportingPlan:
    """Decide which units may be shown in each wave, from who answered and nothing else.

    `min_n`: the smallest number of respondents whose result is shown; it may be raised, not lowered
    below 5. Returns the plan with every unit of every lens and the whole (lens 'all'). People
    without a unit count as hidden.
    """
    if not _is_whole_number(min_n) or min_n < LOWEST_MIN_N:
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
        sizes = {lens: people.groupby(lens).size() for lens in survey.lenses}
        nesting = {lens: _coarser(people, lens, survey.lenses) for lens in survey.lenses}
        settled = settle(
            {
                lens: {
                    str(unit): (float(n), hidden_below(min_n) if n < min_n else "")
                    for unit, n in counts.items()
                }
                for lens, counts in sizes.items()
            },
            nesting,
            min_n,
            total=len(people),
        )
        for lens, counts in sizes.items():
            table = pd.DataFrame({c.UNIT: counts.index, c.N: counts.to_numpy()})
            table[c.REASON] = [settled[lens][str(unit)][1] for unit in counts.index]
            cells.append(table.assign(**{c.WAVE: wave, c.LENS: lens}))
            parents += [
                (wave, lens, unit, parent_lens, parent)
                for parent_lens, units in nesting[lens].items()
                for unit, parent in units.items()
            ]
    found = pd.concat(cells, ignore_index=True)
    found[c.SHOWN] = found[c.REASON] == ""
    return ReportingPlan(
        found[[c.WAVE, c.LENS, c.UNIT, c.N, c.SHOWN, c.REASON]],
        pd.DataFrame(parents, columns=[c.WAVE, c.LENS, c.UNIT, "parent_lens", "parent"]),
        min_n,
    )


def _is_whole_number(value: object) -> bool:
    if isinstance(value, bool):
        return False
    return isinstance(value, Real) and float(value).is_integer()


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
