"""The reporting plan: which cells may be shown, decided once per wave from membership alone.

Reported are the whole, every unit of every lens and every cell of two lenses crossed. A cell of
fewer than `min_n` respondents is hidden, and so are as many others as it takes that no combination
of what is shown gives the sum over fewer than `min_n` people (`suppress`). The same holds within
those who answered: per instrument there is one pattern for all its scores, and within that one for
its single questions, because somebody who left a question out is in no sum of it. Nobody's answers
are looked at, only whether there are any.

What is shown is rounded and banded (`telling`). What is hidden stays visible as hidden, with its
reason. A table of which the plan knows nothing but the numbers of people (a scale of your own) is
held to the remainder rule besides (`settle`), which does not see lenses that cross.

Not searched for here: how narrowly answers of a bounded range pin a hidden sum down, what somebody
knows who was there, what two waves say together. METHOD.md and PRIVACY.md say what is done about
these.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from math import nan
from numbers import Real
from typing import Any

import pandas as pd

from cultureplus import columns as c
from cultureplus.crossed import crossed_units, pairs_of
from cultureplus.disclosure.answering import instrument_of
from cultureplus.disclosure.patterns import Patterns
from cultureplus.disclosure.reasons import HIDDEN_WITH, hidden_below
from cultureplus.disclosure.settle import Nesting, Units, settle
from cultureplus.disclosure.telling import Asked, tell
from cultureplus.errors import InputError
from cultureplus.survey import Survey

LOWEST_MIN_N = 5
_KEYS = (c.WAVE, c.PREVIOUS, c.LENS, c.UNIT, c.SCALE, c.ITEM, c.TEXT, c.REVERSED, c.DESIGN)


@dataclass(frozen=True, eq=False)
class ReportingPlan:
    """The decision: `cells` has wave, lens, unit, n (respondents), shown, reason.

    Two lenses crossed are a lens of their own: lens 'function x level', unit 'Sales x Head'.
    `parents` says in which unit of a coarser lens each unit lies: wave, lens, unit, parent_lens,
    parent. `plan.apply(table)` is the only way from a computed table to a chart or a report.
    """

    cells: pd.DataFrame
    parents: pd.DataFrame
    min_n: int
    _patterns: Patterns = field(repr=False)

    def apply(self, table: pd.DataFrame) -> pd.DataFrame:
        """Hide and round a table of units.

        `table`: at least wave, lens, unit and n. Adds `shown` and `reason`; numbers of hidden rows
        are missing, shown ones rounded (means to 0.1, or to 0.01 from 100 people on; shares to
        whole per cent; agreement to 0.1, and only from 100 people on: beside a mean it gives
        answers back) and kept away from the ends of what is possible. A row is shown only if its
        cell is in the plan of its wave, and of the previous wave where the table compares two. What
        an earlier plan has hidden stays hidden. Raises `InputError` where a needed column is
        missing.
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
        reason = reason.mask(reason.isin(["", HIDDEN_WITH]) & few, hidden_below(self.min_n))
        if c.SHOWN in table:
            earlier = ~table[c.SHOWN].astype("bool") & (had_reason != "")
            reason = reason.mask(earlier, had_reason)
        reason = self._complete(table, reason)
        out = table.drop(columns=[c.SHOWN, c.REASON], errors="ignore")
        hidden = reason != ""
        numbers = []
        for name in out:
            if name in _KEYS or name == c.ANSWER:
                continue
            if pd.api.types.is_bool_dtype(out[name]):
                out[name] = out[name].astype("boolean").mask(hidden)
            elif not pd.api.types.is_numeric_dtype(out[name]):
                out[name] = out[name].mask(hidden, "")
            else:
                # Half of a last digit must not go by the order in which people were summed.
                out[name] = out[name].astype("float64").round(9).mask(hidden)
                numbers.append(name)
        people = table[c.N].fillna(0).astype("float64")
        together = None
        if c.ANSWER in table:
            by = [name for name in _KEYS if name in table]
            together = table.groupby(by, sort=False, dropna=False).ngroup()
        out[numbers] = tell(
            out[numbers], people, self._asked(table), items=c.ITEM in table, answers=together
        )
        out[c.SHOWN] = ~hidden
        out[c.REASON] = reason.mask(reason == "", had_reason)
        return out

    def sums(self, wave: str, scale: str, people: pd.Index) -> Any:
        """What is shown of a scale in a wave, as rows of zeros and ones over those who have it.

        `people`: respondents with a score. Returns a sparse matrix, shown cells x people; it is
        what an attacker who knows everybody's place has in hand.
        """
        return self._patterns.sums(wave, instrument_of(scale), people)

    def _reasons(self, table: pd.DataFrame, wave: str) -> pd.Series:
        """Why each row's cell may not be shown in that wave, or ''."""
        known = self.cells.set_index([c.WAVE, c.LENS, c.UNIT])[c.REASON]
        keys = pd.MultiIndex.from_frame(table[[wave, c.LENS, c.UNIT]])
        found = known.reindex(keys).set_axis(table.index).fillna("hidden (not in the plan)")
        if c.SCALE not in table:
            return found
        single = c.ITEM in table
        instruments = table[c.SCALE].map(instrument_of, na_action="ignore")
        for (name, instrument), rows in table.groupby([table[wave], instruments], sort=False):
            if not self._knows(name, instrument) or (rows[c.LENS] == c.ALL).all():
                continue  # the whole is never hidden but for its own size
            gone = self._patterns.hidden(name, instrument, single=single)
            cells = zip(rows[c.LENS], rows[c.UNIT], strict=True)
            more = pd.Series([cell in gone for cell in cells], rows.index)
            found = found.mask(
                more.reindex(found.index, fill_value=False) & (found == ""), HIDDEN_WITH
            )
        return found

    def _knows(self, wave: object, instrument: object) -> bool:
        waves = set(self.cells[c.WAVE])
        return wave in waves and self._patterns.knows(str(instrument))

    def _asked(self, table: pd.DataFrame) -> Asked:
        """What lies behind each row: answers per person, their range, and the size of the whole."""
        known = self._patterns.questions
        scales = table[c.SCALE] if c.SCALE in table else pd.Series("", table.index)
        questions = [known.get(scale) for scale in scales]
        items, low, high = (
            pd.Series([nan if each is None else float(getattr(each, name)) for each in questions],
                      table.index, dtype="float64")
            for name in ("items", "low", "high")
        )  # fmt: skip
        if c.ITEM in table:
            items = items.where(items.isna(), 1.0)
        sizes = self.cells.loc[self.cells[c.LENS] == c.ALL].set_index(c.WAVE)[c.N]
        whole = sizes.reindex(table[c.WAVE]).set_axis(table.index).fillna(0)
        return Asked(items, low, high, whole)

    def _complete(self, table: pd.DataFrame, reason: pd.Series) -> pd.Series:
        """The remainder rule within each scale (or item) of which the plan knows no people."""
        by = [name for name in (c.WAVE, c.PREVIOUS, c.SCALE, c.ITEM) if name in table]
        keys = list(zip(*(table[name] for name in by), strict=True))
        groups: dict[tuple[object, ...], dict[str, Units]] = {}
        n = table[c.N].fillna(0)
        for key, lens, unit, people, why in zip(
            keys, table[c.LENS], table[c.UNIT], n, reason, strict=True
        ):
            units = groups.setdefault(key, {}).setdefault(lens, {})
            # Rows of one unit that differ in a column unknown here stand and fall together.
            fewest, before = units.get(unit, (people, why))
            units[unit] = (min(people, fewest), before or why)
        settled = {
            key: lenses if self._of_known_people(dict(zip(by, key, strict=True)), lenses)
            else self._settled(key[0], lenses)
            for key, lenses in groups.items()
        }  # fmt: skip
        found = [
            settled[key][lens][unit][1]
            for key, lens, unit in zip(keys, table[c.LENS], table[c.UNIT], strict=True)
        ]
        return pd.Series(found, index=table.index, dtype="str")

    def _of_known_people(self, key: Mapping[str, object], lenses: Mapping[str, Units]) -> bool:
        """Whether rows are over just those people for whom the plan has a pattern."""
        if set(lenses) == {c.ALL}:
            return True
        if c.PREVIOUS in key:
            return False
        wave = str(key[c.WAVE])
        if c.SCALE in key:
            instrument = instrument_of(str(key[c.SCALE]))
            if not self._knows(wave, instrument):
                return False
            counts = self._patterns.counts(wave, instrument, str(key.get(c.ITEM, key[c.SCALE])))
        else:
            mine = self.cells.loc[self.cells[c.WAVE] == wave]
            counts = {
                (str(lens), str(unit)): int(n)
                for lens, unit, n in mine[[c.LENS, c.UNIT, c.N]].itertuples(index=False)
            }
        return all(
            counts.get((lens, unit)) == n
            for lens, units in lenses.items()
            for unit, (n, why) in units.items()
            if not why
        )

    def _settled(self, wave: object, lenses: dict[str, Units]) -> dict[str, Units]:
        """Units of one table by the remainder rule; lenses that are not in it may be elsewhere."""
        whole = lenses.pop(c.ALL, {})
        total = whole[c.ALL][0] if c.ALL in whole else None
        absent = {
            lens: {unit: (nan, why) for unit, (_, why) in units.items()}
            for lens, units in self._lenses(wave).items()
            if lens not in lenses
        }
        return settle(lenses | absent, self._nesting(wave), self.min_n, total=total) | {
            c.ALL: whole
        }

    def _lenses(self, wave: object) -> dict[str, Units]:
        """The units of each single lens, as they were decided."""
        found: dict[str, Units] = {}
        mine = self.cells.loc[(self.cells[c.WAVE] == wave) & (self.cells[c.LENS] != c.ALL)]
        for row in mine.itertuples(index=False):
            if row.lens in self._patterns.lenses:
                found.setdefault(row.lens, {})[row.unit] = (row.n, row.reason)
        return found

    def _nesting(self, wave: object) -> Nesting:
        """Which unit lies in which of a coarser lens."""
        found: Nesting = {}
        for row in self.parents.loc[self.parents[c.WAVE] == wave].itertuples(index=False):
            inside = found.setdefault(row.lens, {})
            inside.setdefault(row.parent_lens, {})[row.unit] = row.parent
        return found

    def __repr__(self) -> str:
        shown = self.cells.groupby([c.WAVE, c.LENS], sort=False)[c.SHOWN].agg(["sum", "size"])
        return f"ReportingPlan(min_n={self.min_n}; units shown / all)\n{shown.to_string()}"


def plan_reporting(survey: Survey, min_n: int = LOWEST_MIN_N) -> ReportingPlan:
    """Decide which cells may be shown in each wave, from who answered and nothing else.

    `min_n`: the smallest number of respondents whose result is shown; it may be raised, not lowered
    below 5. Returns the plan with the whole (lens 'all'), every unit of every lens and every cell
    of two lenses crossed. People without a unit are in the whole only. Raises `InputError` for a
    `min_n` that protects nobody.

    Reference: Cox (1980), Journal of the American Statistical Association 75, 377-385.

    >>> from cultureplus import read_survey
    >>> plan = plan_reporting(read_survey("data/army2002"))
    >>> plan.cells["shown"].all()
    np.True_
    """
    if not _is_whole_number(min_n) or min_n < LOWEST_MIN_N:
        raise InputError(
            f"min_n is a whole number of at least {LOWEST_MIN_N}.",
            fix="raise it; fewer people can't be protected",
        )
    min_n = int(min_n)
    patterns = Patterns(survey, min_n)
    cells, parents = [], []
    for wave in survey.waves:
        cells.append(patterns.respondents(wave).assign(**{c.WAVE: wave}))
        people = patterns.people(wave)
        for lens in survey.lenses:
            parents += [
                (wave, lens, unit, parent_lens, parent)
                for parent_lens, units in _coarser(people, lens, survey.lenses).items()
                for unit, parent in units.items()
            ]
        for pair, (one, other) in pairs_of(survey.lenses).items():
            crossed = people.assign(**{pair: crossed_units(people, one, other)})
            rows = crossed[[pair, one, other]].dropna(subset=[pair]).drop_duplicates()
            parents += [
                (wave, pair, unit, lens, parent)
                for lens in (one, other)
                for unit, parent in zip(rows[pair], rows[lens], strict=True)
            ]
    found = pd.concat(cells, ignore_index=True)
    return ReportingPlan(
        found[[c.WAVE, c.LENS, c.UNIT, c.N, c.SHOWN, c.REASON]],
        pd.DataFrame(parents, columns=[c.WAVE, c.LENS, c.UNIT, "parent_lens", "parent"]),
        min_n,
        patterns,
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
