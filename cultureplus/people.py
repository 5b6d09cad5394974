"""People: who was invited, who answered, and where in the organisation they are.

The people file lists everybody invited, per wave, and holds the units; without it the export
itself holds the units and nobody knows who was invited. Answers of people who are not on the list
are refused unless the survey says to drop them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import compress

import numpy as np
import pandas as pd

from cultureplus import columns as c
from cultureplus.cells import MISSING_CODES, as_number, is_code
from cultureplus.errors import InputError, counted
from cultureplus.identity import hashed, protected
from cultureplus.import_log import ImportLog
from cultureplus.quotable import is_period, names_a_person, quotable
from cultureplus.raw_table import NO_HEADER, ROW_OF_NAMES, RawTable, column_of
from cultureplus.readers import read_table
from cultureplus.settings import Settings
from cultureplus.spelling import merge_spellings, plain_text, same_name, tidied
from cultureplus.spoilt_names import refuse_spoilt
from cultureplus.text_columns import all_differ, distinct_texts, laid_over

_KEY = [c.WAVE, c.RESPONDENT]
_OTHERS = "*"


@dataclass(frozen=True)
class Batch:
    """The records of one wave, each with its respondent's key."""

    wave: str
    raw: RawTable
    keys: pd.Series

    @cached_property
    def index(self) -> pd.MultiIndex:
        """(wave, respondent) of each record."""
        return _index(self.wave, self.keys)


def _index(wave: str, keys: pd.Series) -> pd.MultiIndex:
    """(wave, respondent) for keys of which none is repeated, in the order of the file."""
    return pd.MultiIndex(
        levels=[[wave], keys],
        codes=[np.zeros(len(keys), dtype="int8"), np.arange(len(keys))],
        names=_KEY,
        verify_integrity=False,
    )


def read_roster(settings: Settings, log: ImportLog) -> dict[str, pd.DataFrame] | None:
    """Everybody invited, per wave, from the people file; None where there is none.

    A people file without a wave column holds for every wave and stands under ''.
    """
    side = settings.people
    if side is None:
        return None
    raw = read_table(side.file)
    log.read(raw)
    name = side.columns["respondent"]
    refuse_spoilt(raw, [name], list(settings.units.values()))  # of a hash nothing is to be seen
    raw = protected(settings, "people", raw, log)
    keys = column_of(raw, name, setting="people.respondent")
    waves = pd.Series("", index=keys.index)
    if "wave" in side.columns:
        waves = tidied(column_of(raw, side.columns["wave"], setting="people.wave"))
        check_filled(waves, raw, side.columns["wave"], "A person has no wave.")
    found = {}
    attributes = _attributes(settings, raw, log)
    for wave, group in keys.groupby(waves):
        _check_keys(group, raw, name)
        found[str(wave)] = attributes.loc[group.index].set_axis(group)
    return found


def batch(
    settings: Settings,
    wave: str,
    raw: RawTable,
    roster: Mapping[str, pd.DataFrame] | None,
    log: ImportLog,
) -> Batch:
    """The records of a wave with their keys, strangers refused or dropped as declared."""
    name = settings.columns.get("respondent")
    if name is None:
        if roster is not None:
            raise settings.source.table("columns").error(
                None,
                "With a people file the export needs a column that says who answers.",
                fix='columns.respondent = "..."',
            )
        log.add(raw.file, "no respondent column: waves can't be linked", wave=wave)
        again = int(raw.frame.duplicated().sum())
        if again:
            log.add(raw.file, f"{counted(again, 'record')} the same as one above: kept", wave=wave)
        rows = [f"{wave}/{raw.row(i)}" for i in raw.frame.index]
        return Batch(wave, raw, pd.Series(rows, index=raw.frame.index))
    keys = column_of(raw, name, setting="columns.respondent")
    _check_keys(keys, raw, name)
    side = settings.people
    if roster is None or side is None:
        return Batch(wave, raw, keys)
    if keys.isin(hashed(pd.Series([side.columns["respondent"]]), settings.salt)).any():
        # Whoever answers is the name of a column there.
        raise InputError(NO_HEADER, file=side.file.name, fix=ROW_OF_NAMES)
    known = keys.isin(_invited(settings, roster, wave).index)
    if known.all():
        return Batch(wave, raw, keys)
    if side.strangers == "refuse":
        raise InputError(
            f"A respondent is not among the people of wave {wave} in {side.file.name}.",
            file=raw.file,
            row=raw.row((~known).idxmax()),
            column=name,
            found=counted(int((~known).sum()), "such record"),
            fix='add the person there, or people.strangers = "drop" in survey.toml',
        )
    log.add(
        raw.file,
        f"respondents not in {side.file.name} left out",
        wave=wave,
        rows=(len(keys), int(known.sum())),
    )
    return Batch(wave, replace(raw, frame=raw.frame.loc[known]), keys.loc[known])


def people_table(
    settings: Settings,
    batches: list[Batch],
    roster: Mapping[str, pd.DataFrame] | None,
    log: ImportLog,
) -> pd.DataFrame:
    """Everybody of these waves by (wave, respondent): lenses, adjusting columns, paradata."""
    parts = []
    for each in batches:
        if roster is None:
            part = _attributes(settings, each.raw, log).set_axis(each.index)
        else:
            invited = _invited(settings, roster, each.wave)
            part = invited.set_axis(_index(each.wave, invited.index.to_series()))
        for role in (c.SECONDS, c.LANGUAGE):
            if role in settings.columns:
                found = column_of(
                    each.raw, settings.columns[role], setting=f"columns.{role}",
                    known=settings.columns.values(),
                )  # fmt: skip
                if role == c.SECONDS:
                    found = _seconds(each, found, log)
                part[role] = found.set_axis(each.index).reindex(part.index)
        parts.append(part)
    return _spelled(settings, pd.concat(parts), log)


def _invited(settings: Settings, roster: Mapping[str, pd.DataFrame], wave: str) -> pd.DataFrame:
    if wave in roster:
        return roster[wave]
    if "" in roster:
        return roster[""]
    raise InputError(
        f"The people file has nobody in wave '{wave}'.",
        file=settings.people.file.name if settings.people else None,
        possible=[each for each in roster if is_period(each)],  # others may be names
        fix="add the people who were invited then, or remove people.wave from survey.toml",
    )


def check_filled(cells: pd.Series, raw: RawTable, name: str, sentence: str) -> None:
    """Raise with this sentence where a tidy cell of a column is blank."""
    blank = cells == ""
    if blank.any():
        raise InputError(
            sentence,
            file=raw.file,
            row=raw.row(blank.idxmax()),
            column=name,
            found=counted(int(blank.sum()), "such row"),
            fix="fill the cell or delete the row",
        )


def _check_keys(keys: pd.Series, raw: RawTable, name: str) -> None:
    """Raise where a record has no key, or one that another record of the wave has."""
    check_filled(keys, raw, name, "A record has no respondent.")
    if not all_differ(keys):
        place = keys.duplicated().idxmax()
        first = keys.index[keys == keys.loc[place]][0]
        raise InputError(
            "A respondent stands here twice in one wave.",
            file=raw.file,
            row=raw.row(place),
            column=name,
            found=f"the same respondent as in row {raw.row(first)}",
            fix="keep one of the two rows",
        )


def _attributes(settings: Settings, raw: RawTable, log: ImportLog) -> pd.DataFrame:
    """Units and adjusting columns from the file that holds them."""
    found = {
        lens: column_of(raw, name, setting=f"units.{lens}") for lens, name in settings.units.items()
    }
    for name in settings.adjust:
        cells = column_of(raw, name, setting="adjust.columns", listed=True)
        numbers, wrong = _numbers(cells)
        if wrong.any():
            raise InputError(
                "An adjusting column holds numbers; here is a text.",
                file=raw.file,
                row=raw.row(wrong.idxmax()),
                column=name,
                found=f"{counted(int(wrong.sum()), 'such cell')} in this column",
                fix="write the number with a decimal point, or leave the cell blank",
            )
        coded = numbers.isin(settings.missing)
        if coded.any():
            log.add(raw.file, f"{counted(int(coded.sum()), 'cell')} {MISSING_CODES}", column=name)
        found[name] = numbers.mask(coded)
    return pd.DataFrame(found, index=raw.frame.index)


def _seconds(each: Batch, cells: pd.Series, log: ImportLog) -> pd.Series:
    """How long each record took; what is no number is missing, for no score hangs on it."""
    numbers, wrong = _numbers(cells)
    if wrong.any():
        log.add(
            each.raw.file,
            f"{counted(int(wrong.sum()), 'cell')} without a number of seconds counted as blank",
            wave=each.wave,
            column=str(cells.name),
        )
    return numbers


def _numbers(cells: pd.Series) -> tuple[pd.Series, pd.Series]:
    """Cells as finite numbers, missing where blank, and which of them hold something else."""
    places, distinct = distinct_texts(cells)
    tidy = [plain_text(cell) for cell in distinct]
    values = np.array([as_number(text) for text in tidy], dtype="float64")
    wrong = np.isnan(values) & np.array([text != "" for text in tidy], dtype=bool)
    return (
        pd.Series(values[places], index=cells.index, copy=False),
        pd.Series(wrong[places], index=cells.index, copy=False),
    )


def _spelled(settings: Settings, people: pd.DataFrame, log: ImportLog) -> pd.DataFrame:
    """The renamings of survey.toml, then one spelling per unit over all waves."""
    file = settings.people.file.name if settings.people else "exports"
    for lens, column in settings.units.items():
        places, texts = distinct_texts(people[lens])
        counts = np.bincount(places, minlength=len(texts)).tolist()
        names = _renamed(texts, counts, settings.rename.get(lens, {}), file, column, log)
        _refuse_coded(names, counts, settings.missing, lens, file, column)
        merged, spellings = merge_spellings(names, counts)
        if merged != texts:
            people[lens] = laid_over(places, merged, people[lens])
        waves = _in_waves(people.index, places, merged)
        shared = set().union(*(quotable(column, wave) for wave in waves))
        own = [several for name, several in spellings.items() if name not in shared]
        for name, several in spellings.items():
            if name in shared:
                log.add(file, f"{len(several)} spellings of '{name}' merged", column=column)
        if own:
            told = f"{sum(map(len, own))} spellings of {counted(len(own), 'name')} merged"
            log.add(file, told, column=column)
        if None in merged:
            count = sum(n for n, name in zip(counts, merged, strict=True) if name is None)
            log.add(file, f"{counted(count, 'record')} without a {lens}", column=column)
        if names_a_person(column):
            log.add(
                file,
                f"units of {lens} are called after people, and a report shows these names: if it "
                f"should not, rename.{lens} in survey.toml",
                column=column,
            )
        if sum(count == 1 for wave in waves for count in wave.values()) > 2:
            log.add(
                file,
                f"some units of {lens} have one person: a report names them, without numbers; if "
                f'these are texts people wrote: rename.{lens} with "*" = "Other"',
                column=column,
            )
    return people


def _refuse_coded(
    names: Sequence[str],
    counts: Sequence[int],
    missing: tuple[float, ...],
    lens: str,
    file: str,
    column: str,
) -> None:
    """Refuse a unit that is called like a missing code: a unit of people of whom nobody knows one.

    `names`: the different ones of a column, renamed; `counts`: how often each is there.
    """
    coded = [is_code(plain_text(name), missing) for name in names]
    if any(coded):
        code = plain_text(next(compress(names, coded)))
        raise InputError(
            "A missing code stands where a unit should be.",
            file=file,
            column=column,
            found=counted(sum(compress(counts, coded)), "such record"),
            fix=f'if it means that the {lens} is not known: rename.{lens}."{code}" = "" in '
            "survey.toml; if it is a unit, give it a name there",
        )


def _in_waves(
    index: pd.MultiIndex, places: np.ndarray, names: Sequence[str | None]
) -> list[dict[str, int]]:
    """How many people each unit has, wave by wave.

    `index`: (wave, respondent); `places`, `names`: each person's place among the names of units.
    """
    units = list(dict.fromkeys(filter(None, names)))
    number = {name: place for place, name in enumerate(units)}
    size = len(units) + 1  # the last is nobody's unit
    unit = np.array([number[name] if name else size - 1 for name in names], dtype="int64")
    both = index.codes[0].astype("int64") * size + unit[places]
    counts = np.bincount(both, minlength=size * index.levshape[0]).reshape(-1, size)
    return [
        {name: count for name, count in zip(units, row, strict=False) if count}
        for row in counts.tolist()
    ]


def _renamed(
    names: Sequence[str],
    counts: Sequence[int],
    renaming: Mapping[str, str],
    file: str,
    column: str,
    log: ImportLog,
) -> list[str]:
    """Units under their new names; `*` renames every one that the renaming does not mention.

    `names`: the different ones of a column; `counts`: how often each is there.
    """
    keys = [same_name(name) for name in names]
    mentioned = {same_name(name) for each in renaming.items() for name in each}
    others = [key != "" and key not in mentioned for key in keys]
    found = list(names)
    for old, new in renaming.items():
        meant = others if old == _OTHERS else [key == same_name(old) for key in keys]
        found = [new if is_meant else name for is_meant, name in zip(meant, found, strict=True)]
        told = "every other name" if old == _OTHERS else f"'{old}'"
        records = counted(sum(compress(counts, meant)), "record")
        log.add(file, f"{told} renamed '{new}' in {records}", column=column)
    return found
