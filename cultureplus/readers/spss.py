"""SPSS exports: .sav and .zsav, with what the file says of its own codes.

A number is the text that it would be in a csv; labels of values travel beside it and never replace
it. What the file declares missing is blank, and the log says where. Dates are ISO texts. Nothing is
taken from labels that do not fit their variable without a word.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from cultureplus.errors import InputError, counted
from cultureplus.export_file import ExportFile
from cultureplus.grid import Grid
from cultureplus.raw_table import RawTable, records
from cultureplus.spelling import plain_text
from cultureplus.spss_file import SpssColumn, SpssTable, read_spss
from cultureplus.workbook import as_text

ENDINGS = (".sav", ".zsav")
_FIRST_DAY = datetime(1582, 10, 14)  # SPSS knows no time zones
_DAY = 86_400
_LAST = (datetime.max - _FIRST_DAY).days * _DAY
_HUGE = 1e100
_MOST_NAMED = 12


def marks(grid: Grid) -> str:
    """What shows that a file is of this kind: no text and no workbook is."""
    return ""


def refuse(grid: Grid) -> RawTable:
    """Say that a text or a workbook is no SPSS file."""
    raise InputError(
        "This is not an SPSS file.",
        file=grid.file,
        possible=ENDINGS,
        fix="save it from SPSS as .sav, or name the kind that this file is: kind in survey.toml",
    )


def read(export: ExportFile) -> RawTable:
    """Read an SPSS file; its cases count from row 1, as in SPSS.

    System-missing and user-missing cells are blank, the latter with a note of how many there are.
    Raises `InputError` where the file can't be read for sure.
    """
    return raw_table(read_spss(export), export.name)


def raw_table(table: SpssTable, file: str) -> RawTable:
    """The cells of an SPSS file as texts, and what it says of them."""
    if table.rows == 0:
        raise InputError("There is no record in this file.", file=file, fix="export it again")
    texts, missing, labels = {}, {}, {}
    problems: dict[str, dict[str, int]] = {kind: {} for kind in _PROBLEMS}
    for place, column in enumerate(table.columns):
        name = plain_text(column.name)
        gone = _user_missing(column)
        texts[place] = _cells(column, gone, file)
        if gone.any():
            missing[name] = int(gone.sum())
        if found := _labels(column, file):
            labels[name] = found
            for kind, count in _misfits(found, texts[place], column).items():
                problems[kind][name] = count
        for kind, count in (("far", _far(column)), ("cut", column.cut)):
            if count:
                problems[kind][name] = count
    frame = pd.DataFrame(texts)
    names = [plain_text(column.name) for column in table.columns]
    raw = records(frame, names, file, first_row=1)
    blank = table.rows - len(raw.frame)
    asked = {plain_text(each.name): plain_text(each.label) for each in table.columns if each.label}
    return replace(
        raw,
        questions=asked,
        labels=labels,
        notes=(*_told(table), *_counts(missing, problems), *raw.notes),
        left_out={"records without any value left out": blank} if blank else {},
    )


def _user_missing(column: SpssColumn) -> NDArray[np.bool_]:
    gone = np.zeros(len(column.cells), dtype=bool)
    if column.is_text:
        codes = {str(low).rstrip(" ") for low, _ in column.missing}
        if codes:
            gone |= [str(cell).rstrip(" ") in codes for cell in column.cells]
        return gone
    values = np.asarray(column.cells)
    for low, high in column.missing:
        gone |= (values >= float(low)) & (values <= float(high))
    return gone


def _cells(column: SpssColumn, gone: NDArray[np.bool_], file: str) -> pd.Series:
    """Cells as texts, blank where missing; each different number is looked at once."""
    if column.is_text:
        cells = pd.Series([str(cell).rstrip(" ") for cell in column.cells], dtype="str")
        return cells.mask(gone, "")
    values = np.where(gone, np.nan, np.asarray(column.cells))
    codes, distinct = pd.factorize(values)  # missing ones are -1, which takes the last text
    told = _spelling(column)
    try:
        texts = [*(told(float(value)) for value in distinct), ""]
    except ValueError:
        wrong = [_beyond(told, float(value)) for value in distinct]
        outside = np.isin(codes, np.flatnonzero(wrong))
        raise InputError(
            "A date is outside the years 1582 to 9999, or a time longer than them.",
            file=file,
            row=int(outside.argmax()) + 1,
            column=column.name,
            found=counted(int(outside.sum()), "such cell"),
            fix="correct it in SPSS, or give the variable a format that is no date",
        ) from None
    return pd.Series(texts, dtype="str").take(codes).reset_index(drop=True)


def _beyond(told: Callable[[float], str], value: float) -> bool:
    try:
        told(value)
    except ValueError:
        return True
    return False


def _spelling(column: SpssColumn) -> Callable[[float], str]:
    """How numbers of this variable's format are written."""
    kind = re.match("[A-Z]*", column.format)
    return _SPELT.get(kind[0] if kind else "", as_text)


def _date(seconds: float) -> str:
    """A date, with the time of day where it is not midnight.

    >>> _date(13744944000.0), _date(13744980610.5)
    ('2018-05-06', '2018-05-06 10:10:10.5')
    """
    return _dated(seconds, clock=False)


def _date_and_time(seconds: float) -> str:
    """A date with the time of day.

    >>> _date_and_time(13744944000.0)
    '2018-05-06 00:00:00'
    """
    return _dated(seconds, clock=True)


def _dated(seconds: float, *, clock: bool) -> str:
    if not 0 <= seconds <= _LAST:
        raise ValueError
    days, rest = divmod(Decimal(repr(seconds)), _DAY)
    day = (_FIRST_DAY + timedelta(days=int(days))).strftime("%Y-%m-%d")
    return f"{day} {_clock(rest)}" if clock or rest else day


def _duration(seconds: float) -> str:
    """Hours, minutes and seconds.

    >>> _duration(36610.0), _duration(-90.5)
    ('10:10:10', '-00:01:30.5')
    """
    if not abs(seconds) <= _LAST:
        raise ValueError
    return ("-" if seconds < 0 else "") + _clock(Decimal(repr(abs(seconds))))


def _clock(seconds: Decimal) -> str:
    whole, fraction = divmod(seconds, 1)
    minutes, second = divmod(int(whole), 60)
    after = f"{fraction.normalize():f}"[1:] if fraction else ""
    return f"{minutes // 60:02}:{minutes % 60:02}:{second:02}{after}"


_SPELT: Mapping[str, Callable[[float], str]] = (
    dict.fromkeys(("DATE", "ADATE", "EDATE", "JDATE", "SDATE", "MOYR", "QYR", "WKYR"), _date)
    | dict.fromkeys(("DATETIME", "YMDHMS"), _date_and_time)
    | dict.fromkeys(("TIME", "DTIME", "MTIME"), _duration)
)


def _labels(column: SpssColumn, file: str) -> dict[str, str]:
    """What each code that can stand in a cell means; those of missing values can't."""
    found: dict[str, str] = {}
    for code, label in column.labels:
        spelt = _code(column, code)
        if spelt is None:
            continue
        if spelt in found:
            raise InputError(
                "A code has two labels.",
                file=file,
                column=column.name,
                fix="correct the value labels in SPSS and save the file again",
            )
        found[spelt] = plain_text(label)
    return found


def _code(column: SpssColumn, code: float | str) -> str | None:
    """A labelled code as it stands in a cell, or None where it is a missing value."""
    if column.is_text:
        spelt = str(code).rstrip(" ")
        return None if spelt in {str(low).rstrip(" ") for low, _ in column.missing} else spelt
    number = float(code)
    if any(float(low) <= number <= float(high) for low, high in column.missing):
        return None
    try:
        return _spelling(column)(number)
    except ValueError:  # a label of what is no date, in a variable of dates
        return as_text(number)


_PROBLEMS = {
    "parts": "labels of codes that are no whole numbers",
    "alike": "two codes with the same label",
    "bare": "cells whose code has no label",
    "cut": "texts cut off in the middle of their last letter",
    "far": "numbers beyond all that people can answer",
}


def _misfits(labels: Mapping[str, str], cells: pd.Series, column: SpssColumn) -> dict[str, int]:
    """What does not fit between a variable's labels and its cells, and how often."""
    parts = 0 if column.is_text else sum("." in code for code in labels)
    alike = len(labels) - len(set(labels.values()))
    bare = int((~cells.isin({"", *labels})).sum())
    counts = {"parts": parts, "alike": alike, "bare": bare}
    return {kind: count for kind, count in counts.items() if count}


def _far(column: SpssColumn) -> int:
    """Cells with numbers that stand in files only where their bytes were moved."""
    if column.is_text:
        return 0
    sizes = np.abs(np.asarray(column.cells))
    return int(((sizes > _HUGE) | ((sizes > 0) & (sizes < 1 / _HUGE))).sum())


def _counts(missing: Mapping[str, int], problems: Mapping[str, Mapping[str, int]]) -> list[str]:
    notes = []
    if missing:
        cells = counted(sum(missing.values()), "user-missing cell")
        notes.append(f"{cells} in {_named(missing)}: blank")
    for kind, columns in problems.items():
        if columns:
            notes.append(f"{_PROBLEMS[kind]} in {_named(columns)}: kept as the file has them")
    return notes


def _named(columns: Mapping[str, int]) -> str:
    """How many columns, and which, each with its count.

    >>> _named({"q1": 3, "q2": 1})
    '2 columns (q1: 3, q2: 1)'
    """
    each = [f"{name}: {count}" for name, count in columns.items()]
    more = f" and {len(each) - _MOST_NAMED} more" if len(each) > _MOST_NAMED else ""
    return f"{counted(len(each), 'column')} ({', '.join(each[:_MOST_NAMED])}{more})"


def _told(table: SpssTable) -> list[str]:
    """What the file leaves open, or says of all its records."""
    notes = []
    if table.rows_declared is None:
        notes.append(f"the file does not say how many records it has: {table.rows} found")
    if not table.encoding_stated and table.beyond_ascii:
        notes.append(f"the file does not say how its letters are coded: read as {table.encoding}")
    if table.weight:
        notes.append(f"the file weights records by '{plain_text(table.weight)}': not done here")
    return notes
