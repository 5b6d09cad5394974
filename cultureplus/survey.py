"""The survey: everything that was asked and answered, read once and never changed.

`Survey` is the only object on the way from files to charts. Answers are as given (not yet turned
round), people include those who were invited and did not answer, and the import log tells what was
read, recoded, merged and dropped.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import pandas as pd

from cultureplus import columns as c
from cultureplus.errors import InputError, did_you_mean
from cultureplus.instrument import Instrument

CHANGED = (c.WAVE, c.PREVIOUS, c.SCALE, c.ITEM, c.NOTE)


@dataclass(frozen=True, eq=False)
class Survey:
    """One survey over one or more waves.

    `answers`: indexed by (wave, respondent), one column per item, option (`question.option`) or
    rated unit (`question.unit`), numbers as answered. `people`: same index, everybody invited, the
    lenses, `responded` (missing where nobody knows who was invited), seconds, language and
    adjusting columns where there are any. `ties`: wave, from, to. `comments`: wave, respondent,
    text. `units`: wave, lens, unit, invited, n. `import_log`: file, wave, column, decision,
    rows_in, rows_out. `changed`: questions that were other ones in the wave before: wave, previous,
    scale (the instrument), item, note.
    """

    title: str
    waves: tuple[str, ...]
    lenses: tuple[str, ...]
    adjust: tuple[str, ...]
    instruments: Mapping[str, Instrument]
    answers: pd.DataFrame
    people: pd.DataFrame
    ties: pd.DataFrame
    comments: pd.DataFrame
    import_log: pd.DataFrame
    matrix_lens: Mapping[str, str]
    changed: pd.DataFrame = field(default_factory=lambda: pd.DataFrame(columns=list(CHANGED)))

    @property
    def wave(self) -> str:
        """The last wave."""
        return self.waves[-1]

    @property
    def units(self) -> pd.DataFrame:
        """Per wave, lens and unit: how many were invited (missing if unknown) and answered."""
        people = self.people.reset_index()
        tables = []
        for lens in self.lenses:
            grouped = people.groupby([c.WAVE, lens], sort=True)[c.RESPONDED]
            known = grouped.count() > 0
            counts = pd.DataFrame(
                {
                    c.INVITED: grouped.size().where(known),
                    c.N: grouped.sum().where(known, grouped.size()),
                }
            ).reset_index()
            counts = counts.rename(columns={lens: c.UNIT})
            counts.insert(1, c.LENS, lens)
            tables.append(counts)
        if not tables:
            return pd.DataFrame(columns=[c.WAVE, c.LENS, c.UNIT, c.INVITED, c.N])
        return pd.concat(tables, ignore_index=True)

    def in_waves(self, waves: Sequence[str]) -> Survey:
        """The same survey with these waves only, in the survey's order."""
        if not waves:
            raise InputError("No wave is named.", possible=self.waves)
        for wave in waves:
            check_wave(wave, self.waves)
        kept = tuple(wave for wave in self.waves if wave in waves)

        def rows(table: pd.DataFrame) -> pd.DataFrame:
            if c.WAVE in table.index.names:
                return table.loc[table.index.get_level_values(c.WAVE).isin(kept)]
            return table.loc[table[c.WAVE].isin(kept)].reset_index(drop=True)

        return replace(
            self,
            waves=kept,
            answers=rows(self.answers),
            people=rows(self.people),
            ties=rows(self.ties),
            comments=rows(self.comments),
            changed=rows(self.changed),
        )

    def not_asked(self, *instruments: str) -> str:
        """A sentence that says which of these instruments this survey did not ask, or ''."""
        absent = [name for name in instruments if name not in self.instruments]
        return f"not asked in this survey: {', '.join(absent)}" if absent else ""

    def __repr__(self) -> str:
        rows = len(self.people), int(self.people[c.RESPONDED].fillna(value=True).sum())
        return (
            f"Survey({self.title!r}: waves {', '.join(self.waves)}; {rows[0]} people rows, "
            f"{rows[1]} answered; {len(self.instruments)} instruments; "
            f"lenses {', '.join(self.lenses) or 'none'})"
        )


def check_wave(wave: str, waves: Sequence[str]) -> None:
    """Raise `InputError` unless the wave is one of the survey's."""
    if wave not in waves:
        raise InputError(
            f"There is no wave '{wave}' in this survey.",
            possible=waves,
            fix=did_you_mean(wave, waves) or "name one of these, or add it under [waves]",
        )
