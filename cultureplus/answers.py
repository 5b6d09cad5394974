"""The answers of one wave: every item, option and rated unit as a column of numbers."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor

import pandas as pd

from cultureplus import cells
from cultureplus.asked import Asked
from cultureplus.errors import InputError, counted
from cultureplus.import_log import ImportLog
from cultureplus.joined import ticked_together
from cultureplus.misplaced import refuse_misplaced
from cultureplus.people import Batch
from cultureplus.quotable import quotable_units
from cultureplus.raw_table import RawTable, column_of
from cultureplus.settings import Settings
from cultureplus.spelling import slug
from cultureplus.tool_columns import columns_in


def instruments_absent(
    settings: Settings, exports: Mapping[str, RawTable], people: pd.DataFrame
) -> dict[str, set[str]]:
    """Per wave, the instruments of which not one column is in the export.

    `people`: everybody with their units, which a matrix rates. Absent from some waves is a question
    that was not asked then; absent from every wave is a mistake in the mapping and raises
    `InputError`, and so does a file without any of them: it is no wave of this survey.
    """
    absent: dict[str, set[str]] = {wave: set() for wave in exports}
    for name, asked in settings.asked.items():
        places = _rated(settings, asked, people) if asked.lens else asked.places
        there = {
            wave: set(columns_in(raw, asked.instrument, places).values()) & set(raw.frame)
            for wave, raw in exports.items()
        }
        gone = [wave for wave, columns in there.items() if not columns]
        if len(gone) == len(exports):
            first = next(iter(places))
            if asked.lens:
                first = _unit_told(settings, asked, people, exports[gone[0]])
            key = f"instruments.{name}.column" if asked.together else _key(name, first)
            column_of(exports[gone[0]], places[first], setting=key, taken=_taken(settings))
        for wave in gone:
            absent[wave].add(name)
    for wave, names in absent.items():
        if names == set(settings.asked):
            raise InputError(
                "No question of this survey has a column in this file.",
                file=exports[wave].file,
                found=f"nothing for {', '.join(settings.asked)}",
                fix=f"name the export of wave {wave} under [waves] in survey.toml; if it is this, "
                "export it with the names that the columns have in the other waves",
            )
    return absent


def _unit_told(settings: Settings, asked: Asked, people: pd.DataFrame, raw: RawTable) -> str:
    """A unit to speak of where no column rates one; `InputError` where none may be quoted."""
    column = settings.units[asked.lens]
    told = sorted(quotable_units(people, asked.lens, column))
    if told:
        return told[0]
    raise InputError(
        f"Can't find a column in which a {asked.lens} is rated.",
        file=raw.file,
        found=f"the names of each {asked.lens}, from the column '{column}', are few people's: "
        "not listed here",
        fix=f"name the columns: instruments.{asked.instrument.id}.columns in survey.toml, or take "
        "the question out",
    )


def answers_of(
    settings: Settings, batch: Batch, people: pd.DataFrame, absent: set[str], log: ImportLog
) -> pd.DataFrame:
    """Answers of a wave by (wave, respondent), as given, missing where there is none.

    `people`: everybody of all waves with their units; `absent`: instruments not asked in this wave.
    """
    languages = None
    if "language" in settings.columns:
        languages = column_of(
            batch.raw, settings.columns["language"], setting="columns.language",
            known=settings.columns.values(),
        )  # fmt: skip
    found: dict[str, pd.Series] = {}
    tally: Counter[str] = Counter()
    for name, asked in settings.asked.items():
        if name in absent:
            log.add(batch.raw.file, f"not asked in this wave: {name}", wave=batch.wave)
        elif asked.instrument.kind == "rating":
            places = _in_export(batch, asked, asked.places, log)
            refuse_misplaced(batch.raw, asked.instrument, places, key=_columns(name))
            found |= _rated_items(settings, batch, asked, places, languages, tally)
        elif asked.instrument.kind == "select_all":
            found |= _ticked(settings, batch, asked, log, tally)
        else:
            found |= _rated_units(settings, batch, asked, people, languages, log, tally)
    for decision, count in tally.items():
        if count:
            log.add(batch.raw.file, f"{counted(count, 'cell')} {decision}", wave=batch.wave)
    # Not copied into one block: a million people would stand in memory twice.
    return pd.DataFrame(found, index=batch.raw.frame.index, copy=False).set_axis(batch.index)


def _in_export(
    batch: Batch, asked: Asked, places: Mapping[str, str], log: ImportLog
) -> dict[str, str]:
    """The columns as this export has them, with a note where its tool gave them other names."""
    found = columns_in(batch.raw, asked.instrument, places)
    renamed = {places[key]: column for key, column in found.items() if column != places[key]}
    if renamed:
        named, column = next(iter(renamed.items()))
        log.add(
            batch.raw.file,
            f"{counted(len(renamed), 'column')} of '{asked.instrument.id}' read under the names "
            f"that the survey tool gave them, such as '{column}' for '{named}'",
            wave=batch.wave,
        )
    return found


def _taken(settings: Settings) -> set[str]:
    """The columns that survey.toml and the instruments have a use for already."""
    taken = {*settings.columns.values(), *settings.units.values(), *settings.adjust}
    return taken.union(*(asked.places.values() for asked in settings.asked.values()))


def _key(question: str, name: str) -> str:
    """The key of survey.toml that names a column of the export."""
    bare = name.isascii() and name.replace("_", "").replace("-", "").isalnum()
    return f"{_columns(question)}." + (name if bare else f'"{name}"')


def _columns(question: str) -> str:
    return f"instruments.{question}.columns"


def _rated_items(
    settings: Settings,
    batch: Batch,
    asked: Asked,
    places: Mapping[str, str],
    languages: pd.Series | None,
    tally: Counter[str],
) -> dict[str, pd.Series]:
    """The items of a questionnaire; `places`: the column of each.

    Several columns are read at a time, for none depends on another; what is wrong with the first
    of them is told, as if they were read one by one.
    """
    name = asked.instrument.id
    taken = _taken(settings)

    def read(item: str) -> tuple[pd.Series, Counter[str]]:
        counts: Counter[str] = Counter()
        column_of(batch.raw, places[item], setting=_key(name, item), taken=taken)
        return _ratings(settings, batch, places[item], asked, languages, counts), counts

    found = {}
    with ThreadPoolExecutor() as pool:
        for item, (values, counts) in zip(places, pool.map(read, places), strict=True):
            found[item] = values
            tally.update(counts)
    return found


def _ratings(
    settings: Settings,
    batch: Batch,
    column: str,
    asked: Asked,
    languages: pd.Series | None,
    tally: Counter[str],
) -> pd.Series:
    return cells.ratings(
        batch.raw,
        column,
        asked.instrument,
        missing=settings.missing,
        labels=asked.labels,
        languages=languages,
        tally=tally,
    )


def _ticked(
    settings: Settings, batch: Batch, asked: Asked, log: ImportLog, tally: Counter[str]
) -> dict[str, pd.Series]:
    """A select-all question; who ticked nothing at all, not even "none", did not answer it."""
    question = asked.instrument
    if asked.together:
        places = {option.id: asked.together.column for option in question.options}
        table = ticked_together(
            batch.raw, asked.together, {option.id: option.text for option in question.options},
            question=question.id, missing=settings.missing, tally=tally,
        )  # fmt: skip
    else:
        places = _in_export(batch, asked, asked.places, log)
        refuse_misplaced(batch.raw, question, places, key=_columns(question.id))
        for name, column in places.items():
            column_of(batch.raw, column, setting=_key(question.id, name), taken=_taken(settings))
        table = pd.DataFrame(
            {
                option.id: cells.ticks(
                    batch.raw, places[option.id], option,
                    question=question.id, missing=settings.missing, labels=asked.labels,
                    tally=tally,
                )
                for option in question.options
            }
        )  # fmt: skip
    for option in question.options:
        beside = (table[option.id] == 1) & (table.drop(columns=option.id).sum(axis=1) > 0)
        if option.exclusive and beside.any():
            records = counted(int(beside.sum()), "record")
            log.add(
                batch.raw.file,
                f"'{option.id}' ticked beside others in {records}: the others count",
                wave=batch.wave,
                column=places[option.id],
            )
            table.loc[beside, option.id] = 0.0
    table = table.where(table.sum(axis=1) > 0)
    return {f"{question.id}.{name}": table[name] for name in table}


def _rated(settings: Settings, asked: Asked, people: pd.DataFrame) -> dict[str, str]:
    """The column of the export in which each unit of a matrix's lens is rated."""
    question = asked.instrument.id
    units = sorted(people[asked.lens].dropna().unique())
    table = settings.source.table("instruments").table(question)
    if not units:
        raise table.error(
            "lens",
            f"Nobody has a {asked.lens}, so there is nothing that '{question}' rates.",
            fix=f"fill the column '{settings.units[asked.lens]}', or take '{question}' out",
        )
    places: dict[str, str] = {}
    for unit in units:
        column = asked.columns.get(unit, asked.instrument.column(slug(unit)))
        other = next((name for name, taken in places.items() if taken == column), None)
        if other is not None:
            shared = quotable_units(people, asked.lens, settings.units[asked.lens])
            told = next((each for each in (unit, other) if each in shared), "")
            raise table.error(
                "columns",
                f"The column '{column}' would rate both '{told}' and another unit."
                if told
                else f"One column would rate two units of {asked.lens}.",
                fix=f'name a column for each: {_key(question, told)} = "..."'
                if told
                else f"name a column for each: instruments.{question}.columns",
            )
        places[unit] = column
    return places


def _rated_units(
    settings: Settings,
    batch: Batch,
    asked: Asked,
    people: pd.DataFrame,
    languages: pd.Series | None,
    log: ImportLog,
    tally: Counter[str],
) -> dict[str, pd.Series]:
    """One rating per unit of the lens; a rating of one's own unit is left out."""
    question = asked.instrument.id
    places = _in_export(batch, asked, _rated(settings, asked, people), log)
    strange = sorted(set(asked.columns) - set(places))
    if strange:
        log.add(
            batch.raw.file,
            f"no {asked.lens} is called {', '.join(strange)}: what rates it is not read",
            wave=batch.wave,
        )
    own = people.loc[batch.index, asked.lens].set_axis(batch.raw.frame.index)
    told = quotable_units(people, asked.lens, settings.units[asked.lens])
    found = {}
    left_out = unrated = 0
    for unit, column in places.items():
        if column not in batch.raw.frame:
            if unit in told:
                log.add(batch.raw.file, f"no column rates '{unit}'", wave=batch.wave, column=column)
            else:
                unrated += 1
            continue
        values = _ratings(settings, batch, column, asked, languages, tally)
        left_out += int((values.notna() & (own == unit)).sum())
        found[f"{question}.{unit}"] = values.mask(own == unit)
    if unrated:
        log.add(batch.raw.file, f"no column rates {counted(unrated, 'unit')}", wave=batch.wave)
    if left_out:
        log.add(
            batch.raw.file, f"{counted(left_out, 'rating')} of one's own {asked.lens} left out",
            wave=batch.wave,
        )  # fmt: skip
    return found
