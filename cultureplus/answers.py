"""The answers of one wave: every item, option and rated unit as a column of numbers."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from cultureplus import cells
from cultureplus.import_log import ImportLog
from cultureplus.people import Batch
from cultureplus.raw_table import RawTable, column_of
from cultureplus.settings import Asked, Settings
from cultureplus.spelling import slug


def instruments_absent(settings: Settings, exports: Mapping[str, RawTable]) -> dict[str, set[str]]:
    """Per wave, the instruments of which not one column is in the export.

    Absent from some waves is a question that was not asked then; absent from every wave is a
    mistake in the mapping and raises `InputError`.
    """
    absent: dict[str, set[str]] = {wave: set() for wave in exports}
    for name, asked in settings.asked.items():
        if asked.lens:
            continue
        places = _places(asked)
        gone = [wave for wave, raw in exports.items() if not set(places.values()) & set(raw.frame)]
        if len(gone) == len(exports):
            first = next(iter(places))
            column_of(
                exports[gone[0]], places[first], setting=f"instruments.{name}.columns.{first}"
            )
        for wave in gone:
            absent[wave].add(name)
    return absent


def answers_of(
    settings: Settings, batch: Batch, people: pd.DataFrame, absent: set[str], log: ImportLog
) -> pd.DataFrame:
    """Answers of a wave by (wave, respondent), as given, missing where there is none.

    `people`: everybody of all waves with their units; `absent`: instruments not asked in this wave.
    """
    languages = None
    if "language" in settings.columns:
        languages = column_of(batch.raw, settings.columns["language"], setting="columns.language")
    found: dict[str, pd.Series] = {}
    for name, asked in settings.asked.items():
        if name in absent:
            log.add(batch.raw.file, f"not asked in this wave: {name}", wave=batch.wave)
        elif asked.instrument.kind == "rating":
            for item, column in _places(asked).items():
                column_of(batch.raw, column, setting=f"instruments.{name}.columns.{item}")
                found[item] = _ratings(settings, batch, column, asked, languages)
        elif asked.instrument.kind == "select_all":
            found |= _ticked(settings, batch, asked, log)
        else:
            found |= _rated_units(settings, batch, asked, people, languages, log)
    return pd.DataFrame(found, index=batch.raw.frame.index).set_axis(batch.index)


def _places(asked: Asked) -> dict[str, str]:
    """The column of the export in which each item or option stands."""
    own = {item.id: item.id for item in asked.instrument.items}
    own |= {each.id: f"{asked.instrument.id}_{each.id}" for each in asked.instrument.options}
    return {name: asked.columns.get(name, column) for name, column in own.items()}


def _ratings(
    settings: Settings, batch: Batch, column: str, asked: Asked, languages: pd.Series | None
) -> pd.Series:
    return cells.ratings(
        batch.raw,
        column,
        asked.instrument,
        missing=settings.missing,
        labels=asked.labels,
        languages=languages,
    )


def _ticked(settings: Settings, batch: Batch, asked: Asked, log: ImportLog) -> dict[str, pd.Series]:
    """A select-all question; who ticked nothing at all, not even "none", did not answer it."""
    question = asked.instrument
    places = _places(asked)
    for name, column in places.items():
        column_of(batch.raw, column, setting=f"instruments.{question.id}.columns.{name}")
    table = pd.DataFrame(
        {
            option.id: cells.ticks(batch.raw, places[option.id], option, settings.missing)
            for option in question.options
        }
    )
    for option in question.options:
        beside = (table[option.id] == 1) & (table.drop(columns=option.id).sum(axis=1) > 0)
        if option.exclusive and beside.any():
            log.add(
                batch.raw.file,
                f"'{option.id}' ticked beside others in {int(beside.sum())} records: the others "
                "count",
                wave=batch.wave,
                column=places[option.id],
            )
            table.loc[beside, option.id] = 0.0
    table = table.where(table.sum(axis=1) > 0)
    return {f"{question.id}.{name}": table[name] for name in table}


def _rated_units(
    settings: Settings,
    batch: Batch,
    asked: Asked,
    people: pd.DataFrame,
    languages: pd.Series | None,
    log: ImportLog,
) -> dict[str, pd.Series]:
    """One rating per unit of the lens; a rating of one's own unit is left out."""
    question = asked.instrument.id
    units = sorted(people[asked.lens].dropna().unique())
    places = {unit: asked.columns.get(unit, f"{question}_{slug(unit)}") for unit in units}
    if not set(places.values()) & set(batch.raw.frame):
        column_of(batch.raw, places[units[0]], setting=f"instruments.{question}.columns")
    own = people.loc[batch.index, asked.lens].set_axis(batch.raw.frame.index)
    found = {}
    left_out = 0
    for unit, column in places.items():
        if column not in batch.raw.frame:
            log.add(batch.raw.file, f"no column rates '{unit}'", wave=batch.wave, column=column)
            continue
        values = _ratings(settings, batch, column, asked, languages)
        left_out += int((values.notna() & (own == unit)).sum())
        found[f"{question}.{unit}"] = values.mask(own == unit)
    if left_out:
        log.add(
            batch.raw.file, f"{left_out} ratings of one's own {asked.lens} left out",
            wave=batch.wave,
        )  # fmt: skip
    return found
