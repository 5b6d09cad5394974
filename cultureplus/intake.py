"""Reading a survey: settings and files in, one frozen `Survey` out.

The order is fixed: exports, people, answers wave by wave, ties. The first thing that is not as
declared stops the reading with one error; every decision taken on the way (previews left out,
spellings merged, records without an answer) stands in the import log.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd

from cultureplus import columns as c
from cultureplus.answers import answers_of, instruments_absent
from cultureplus.cells import MISSING_CODES, is_code
from cultureplus.errors import InputError, counted
from cultureplus.identity import hashed, named_columns, protected
from cultureplus.import_log import ImportLog
from cultureplus.mending import with_place
from cultureplus.people import Batch, batch, check_filled, people_table, read_roster
from cultureplus.raw_table import NO_HEADER, ROW_OF_NAMES, RawTable, column_of
from cultureplus.readers import read_export, read_table
from cultureplus.settings import Settings, read_settings
from cultureplus.spelling import tidied
from cultureplus.spoilt_names import refuse_spoilt
from cultureplus.survey import Survey, check_wave
from cultureplus.wave_changes import changed_questions, changed_units, never_linked
from cultureplus.wave_order import refuse_same_files, waves_in_order

_A_NUMBER = r"[-+]?[0-9]+(?:\.[0-9]*)?"


def read_survey(path: str | Path, *, waves: Sequence[str] | None = None) -> Survey:
    """Read a survey from its survey.toml and the files that it names.

    `path`: survey.toml or its folder; `waves`: only these (default: all), in the survey's order.
    Blank cells and declared codes are missing answers. Raises `InputError` with file, row and
    column for anything that is not as survey.toml and the instruments say.
    """
    settings = read_settings(path)
    try:
        return _read(settings, waves)
    except InputError as problem:
        raise with_place(problem, settings.source, labels=_label_sets(settings)) from None


def _label_sets(settings: Settings) -> dict[str, str]:
    """Which set of labels each column of the exports is read with."""
    said = {
        name: settings.source.table("instruments").table(name).get("labels", str)
        for name in settings.asked
    }
    return {
        column: said[name]
        for name, asked in settings.asked.items() if said[name]
        for column in asked.places.values()
    }  # fmt: skip


def _read(settings: Settings, waves: Sequence[str] | None) -> Survey:
    log = ImportLog()
    exports = _exports(settings, log)
    if waves is not None and not waves:
        raise InputError("No wave is named.", possible=exports, fix="name one, or None for all")
    for wave in waves or ():
        check_wave(wave, list(exports))
    roster = read_roster(settings, log)
    batches = [
        batch(settings, wave, raw, roster, log)
        for wave, raw in exports.items()
        if waves is None or wave in waves
    ]
    people = people_table(settings, batches, roster, log)
    absent = instruments_absent(settings, exports, people)
    parts = [answers_of(settings, each, people, absent[each.wave], log) for each in batches]
    answers = pd.concat(parts) if len(parts) > 1 else parts[0]
    refuse_same_files(settings.exports)
    answers, people = _answered(settings, answers, people, batches, log)
    changed = _changed(settings, batches, answers, people, log)
    return Survey(
        title=settings.title,
        waves=tuple(each.wave for each in batches),
        lenses=tuple(settings.units),
        adjust=settings.adjust,
        instruments={name: each.instrument for name, each in settings.asked.items()},
        answers=answers,
        people=people,
        ties=_ties(settings, people, list(exports), log),
        comments=pd.concat([_comments(settings, each, log) for each in batches], ignore_index=True),
        import_log=log.table(),
        matrix_lens={name: each.lens for name, each in settings.asked.items() if each.lens},
        changed=changed,
    )


def _changed(
    settings: Settings,
    batches: list[Batch],
    answers: pd.DataFrame,
    people: pd.DataFrame,
    log: ImportLog,
) -> pd.DataFrame:
    """Questions that are other ones than in the wave before; these and units of other names noted.

    Of many items of one instrument the log names the first.
    """
    raws = {each.wave: each.raw for each in batches}
    found = changed_questions(raws, settings.asked, answers)
    for (wave, scale), rows in found.groupby([c.WAVE, c.SCALE], sort=False):
        item, note = rows[[c.ITEM, c.NOTE]].iloc[0]
        more = f" (and {counted(len(rows) - 1, 'more change')})" if len(rows) > 1 else ""
        told = f"{item or scale} is not what it was in wave {rows[c.PREVIOUS].iloc[0]}: {note}"
        log.add(raws[str(wave)].file, told + more, wave=str(wave))
    if c.RESPONDENT in settings.columns:
        for wave, told in never_linked({each.wave: each.keys for each in batches}).items():
            log.add(raws[wave].file, told, wave=wave)
    file = settings.people.file.name if settings.people else "exports"
    for wave, told in changed_units(people, settings.units):
        log.add(file, told, wave=wave)
    return found


def _exports(settings: Settings, log: ImportLog) -> dict[str, RawTable]:
    """The raw table of each wave."""
    if settings.export is None:
        found = {wave: read_export(settings.kind, file) for wave, file in settings.exports.items()}
        for wave, raw in found.items():
            refuse_spoilt(raw, *_names(settings))
            log.read(raw, wave=wave)
            found[wave] = protected(settings, "columns", raw, log, wave=wave)
    else:
        raw = read_export(settings.kind, settings.export)
        name = settings.columns["wave"]
        known = named_columns(settings, "columns")
        waves = tidied(column_of(raw, name, setting="columns.wave", known=known))
        check_filled(waves, raw, name, "A record has no wave.")
        refuse_spoilt(raw, *_names(settings))
        log.read(raw)
        raw = protected(settings, "columns", raw, log)
        # After it, for it quotes waves: they are nobody's key or address now.
        in_order = waves_in_order(waves, raw, name, settings.order)
        found = {wave: replace(raw, frame=raw.frame.loc[waves == wave]) for wave in in_order}
        for wave, part in found.items():
            log.add(raw.file, f"{counted(len(part.frame), 'record')} of this wave", wave=wave)
    return found


def _names(settings: Settings) -> tuple[list[str], list[str]]:
    """The columns of the export that hold ids and units."""
    keys = [settings.columns[c.RESPONDENT]] if c.RESPONDENT in settings.columns else []
    return keys, [] if settings.people else list(settings.units.values())


def _answered(
    settings: Settings,
    answers: pd.DataFrame,
    people: pd.DataFrame,
    batches: list[Batch],
    log: ImportLog,
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Respondents are those with at least one answer; others are at most invited."""
    silent = np.arange(len(answers))
    for name in answers:  # who is left is looked at again; most are not after the first item
        silent = silent[np.isnan(answers[name].to_numpy()[silent])]
    some = pd.Series(data=True, index=answers.index)
    some.iloc[silent] = False
    if not some.any():
        raise InputError(
            "Nobody answered anything here.",
            file=", ".join(sorted({each.raw.file for each in batches})),
            fix="export with answers as numbers or texts, not as a summary",
        )
    for each in batches:
        mine = some.loc[each.index]
        if not mine.all():
            log.add(
                each.raw.file,
                "records without any answer left out",
                wave=each.wave,
                rows=(len(mine), int(mine.sum())),
            )
    if settings.people is None:
        people = people if some.all() else people.loc[some.reindex(people.index)]
        responded = pd.array([pd.NA], dtype="boolean").repeat(len(people))
    else:
        responded = some.reindex(people.index, fill_value=False).astype("boolean")
    people = people.assign(**{c.RESPONDED: responded})
    return answers if some.all() else answers.loc[some], people


def _comments(settings: Settings, each: Batch, log: ImportLog) -> pd.DataFrame:
    """Free text as it was written: wave, respondent, text. Blank cells and missing codes are none.

    Survey tools code what was seen and not answered in questions of every kind.
    """
    name = settings.columns.get("comment")
    if name is None:
        return pd.DataFrame(columns=[c.WAVE, c.RESPONDENT, c.TEXT], dtype="str")
    known = settings.columns.values()
    cells = column_of(each.raw, name, setting="columns.comment", known=known).str.strip()
    numbers = cells.loc[cells.str.fullmatch(_A_NUMBER)].unique()
    gone = cells.isin([text for text in numbers if is_code(text, settings.missing)])
    if gone.any():
        log.add(
            each.raw.file,
            f"{counted(int(gone.sum()), 'cell')} {MISSING_CODES}",
            wave=each.wave,
            column=name,
        )
    filled = ((cells != "") & ~gone).to_numpy()
    table = pd.DataFrame(index=each.index[filled]).reset_index()
    return table.assign(**{c.TEXT: cells.loc[filled].array})


def _ties(
    settings: Settings, people: pd.DataFrame, every: list[str], log: ImportLog
) -> pd.DataFrame:
    """Who works with whom: wave, from, to. Ties to people who are not in the survey are counted.

    `every`: all waves of the survey; ties without a wave are those of the last one.
    """
    names = [c.WAVE, c.FROM, c.TO]
    side = settings.ties
    if side is None:
        return pd.DataFrame(columns=names, dtype="str")
    raw = read_table(side.file)
    ends = [side.columns[c.FROM], side.columns[c.TO]]
    refuse_spoilt(raw, [*dict.fromkeys(ends)], [])  # of a hash nothing is to be seen
    raw = protected(settings, "ties", raw, log)
    everybody = people.index.get_level_values(c.RESPONDENT)
    if hashed(pd.Series(ends), settings.salt).isin(everybody).any():
        raise InputError(NO_HEADER, file=raw.file, fix=ROW_OF_NAMES)
    found = {}
    for name, column in side.columns.items():
        found[name] = tidied(column_of(raw, column, setting=f"ties.{name}"))
        check_filled(found[name], raw, column, f"A tie has no '{name}'.")
    table = pd.DataFrame(found)
    waves = people.index.get_level_values(c.WAVE).unique()
    if c.WAVE not in table:
        table[c.WAVE] = every[-1]
    elif not table[c.WAVE].isin(every).any():
        raise InputError(
            "No tie is of a wave of this survey.",
            file=raw.file,
            column=side.columns[c.WAVE],
            possible=every,
            fix="write the waves as survey.toml calls them, or name the column: ties.wave",
        )
    kept = table.loc[table[c.WAVE].isin(waves), names].reset_index(drop=True)
    log.read(raw, kept=len(kept))
    for end in (c.FROM, c.TO):
        known = pd.MultiIndex.from_frame(kept[[c.WAVE, end]]).isin(people.index)
        if not known.all():
            count = int((~known).sum())
            log.add(
                raw.file, f"{counted(count, 'tie')} '{end}' somebody who is not in the survey: kept"
            )
    return kept
