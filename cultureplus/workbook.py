"""Workbooks: the first sheet of an .xlsx file, cell by cell, within limits.

A workbook is an archive of XML, and both can be made to unfold without end. So its size when
unpacked is looked at first, document types (the way to an entity bomb) are refused, and a sheet is
read row by row without the rows and columns that are only declared. A formula counts as the value
that was saved with it; one that was never worked out is refused, not read as blank.
"""

from __future__ import annotations

import re
import warnings
import zipfile
from collections.abc import Iterator
from contextlib import redirect_stdout
from datetime import datetime, time
from io import StringIO
from itertools import islice
from typing import Any, NoReturn

import pandas as pd
from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import iterparse

from cultureplus.errors import InputError, counted
from cultureplus.export_file import ExportFile
from cultureplus.file_signature import archive_kind
from cultureplus.grid import Cells, Grid, filled, laid_down

_MOST_UNPACKED = 1 << 30  # a sheet of a million rows and 25 columns
_MOST_SHARED = 1 << 28  # texts that the library holds in memory, ten times as large there
_MOST_PARTS = 10_000
_MOST_CELLS = 100_000_000
_FORMULA = re.compile(rb"<(?:\w+:)?f[\s>/]")
_BLOCK = 1 << 20
_VALUE = re.compile(rb"<(?:\w+:)?(?:v(?:\s[^<>]*)?>[^<]|is[\s>])")
_ESCAPED = re.compile("_x(00[0-9A-Fa-f]{2})_")  # how XML spells what it can't hold
_STRICT = "{http://purl.oclc.org/ooxml/"
_LAST_ROW, _LAST_COLUMN = 1 << 20, 1 << 14
_FAR_RIGHT = 1_000  # blank columns that no table has in its middle
_ARCHIVE = b"PK\x03\x04"
_TO_FRONT = "move the sheet with the answers to the front"
_BLANK_RUN = 100_000  # blank rows that no table has in its middle


def book_grid(export: ExportFile) -> Grid:
    """Every cell of a workbook's first sheet.

    Raises `InputError` where the file is no workbook, unfolds beyond the limits, declares a
    document type, holds formulas without a value, or where its first sheet is empty.
    """
    beginning = export.beginning(len(_ARCHIVE))
    if beginning != _ARCHIVE:
        export.refuse_evident("an .xlsx workbook")
    if not beginning:
        raise InputError("This file is empty.", file=export.name, fix="export it again")
    has_formula = _look_inside(export)
    cells, others = _opened(export, has_formula=has_formula)
    grid = filled(
        export,
        cells,
        "The first sheet of this workbook is empty.",
        _TO_FRONT,
    )
    if not others:
        return grid
    note = f"only the first of its sheets was read, not {counted(others, 'other')}"
    return Grid(export, grid.cells.fillna(""), (note,))


def _opened(export: ExportFile, *, has_formula: bool) -> tuple[pd.DataFrame | None, int]:
    """The cells of the first sheet, and how many other sheets there are."""
    from openpyxl import load_workbook

    worked: set[tuple[int, int]] = set()
    try:
        # What a workbook's styles and drop-down lists look like does not matter here, and the
        # library prints what is wrong with a style.
        with (
            warnings.catch_warnings(),
            redirect_stdout(StringIO()),
            export.path.open("rb") as stream,
        ):
            warnings.simplefilter("ignore")
            book = load_workbook(stream, read_only=True, data_only=True)
            if not book.worksheets:
                raise InputError(
                    "This workbook has no sheet with cells.", file=export.name, fix=_TO_FRONT
                )
            sheet = book.worksheets[0]
            if sheet.sheet_state != "visible":
                raise InputError(
                    "The first sheet of this workbook is hidden.",
                    file=export.name,
                    fix=f"look whether it holds the answers and show it; else {_TO_FRONT}",
                )
            cells = laid_down(_rows(sheet, export, worked))
            others = sum(_is_filled(each) for each in book.worksheets[1:])
            if has_formula:
                _refuse_unworked(export, load_workbook(stream, read_only=True), cells, worked)
    except InputError:
        raise
    except Exception:  # a broken workbook breaks in the zip, the XML or anywhere between
        _refuse(export)
    return None if cells is None else cells.fillna(""), others


def _is_filled(sheet: Any) -> bool:
    sheet.reset_dimensions()
    return any(any(cell is not None for cell in row) for row in islice(sheet.values, 50))


def _rows(sheet: Any, export: ExportFile, worked: set[tuple[int, int]]) -> Iterator[Cells]:
    """The rows without blank cells at their ends and without blank rows at the sheet's end.

    `worked` is added to: row and column of each formula that gave an empty text.
    """
    last = count = seen = width = 0
    looked = False
    for number, row in _written(sheet, export, worked):
        seen += sum(value is not None for value in row)
        texts = [as_text(value) for value in row]
        while texts and not texts[-1]:
            texts.pop()
        far = number - last > _BLANK_RUN
        if far and not texts and not looked:
            if _count_values(sheet) == seen:
                return  # a million rows with a look and without a value are soon told
            looked = True
        if not texts:
            continue
        gap = max(len(run) for run in "".join("x" if text else " " for text in texts).split("x"))
        if far or (gap if not width else len(texts) - width) > _FAR_RIGHT:
            raise InputError(
                f"A cell stands far {'below' if far else 'to the right of'} the table.",
                file=export.name,
                row=number,
                fix="delete it, or move the table to a sheet of its own",
            )
        yield from ([""] for _ in range(number - last - 1))
        last, width = number, width or len(texts)
        yield texts
        count += len(texts)
        if count > _MOST_CELLS:
            _refuse_large(export, "cells")


def _written(
    sheet: Any, export: ExportFile, worked: set[tuple[int, int]]
) -> Iterator[tuple[int, list[Any]]]:
    """The rows that are written, each with its number and its values from the first column on.

    Nothing is taken from the declared size, which some programs write too small. The library's own
    way through a sheet leaves out, without a word, what is not in order; here it is refused.
    """
    from openpyxl.worksheet._reader import WorkSheetParser

    book = sheet.parent
    last = 0
    with book._archive.open(sheet._worksheet_path) as stream:
        parser = WorkSheetParser(
            stream,
            sheet._shared_strings,
            data_only=book.data_only,
            epoch=book.epoch,
            date_formats=book._date_formats,
            timedelta_formats=book._timedelta_formats,
        )
        for number, cells in parser.parse():
            columns = [cell["column"] for cell in cells]
            if (
                not last < number <= _LAST_ROW
                or columns != sorted(set(columns))
                or (columns and not 1 <= columns[0] <= columns[-1] <= _LAST_COLUMN)
                or {cell["row"] for cell in cells} - {number}
            ):
                raise InputError(
                    "Rows or cells of this sheet are not in order.",
                    file=export.name,
                    row=number if 0 < number <= _LAST_ROW else None,
                    fix="open the file in a spreadsheet and save it again; better, export it again",
                )
            last = number
            values = [None] * (columns[-1] if columns else 0)
            for cell in cells:
                values[cell["column"] - 1] = cell["value"]
                if cell["data_type"] == "str" and cell["value"] is None:
                    worked.add((number, cell["column"]))
            yield number, values


def _count_values(sheet: Any) -> int:
    """How many cells of a sheet hold a value, by its bytes alone."""
    count = 0
    rest = b""
    with sheet.parent._archive.open(sheet._worksheet_path) as stream:
        while block := stream.read(_BLOCK):
            data = rest + block
            whole = data.rfind(b"<")
            count += len(_VALUE.findall(data, 0, whole))
            rest = data[whole:]
    return count


def as_text(value: object) -> str:
    """A cell's value as it would stand in a csv: '' for none, whole numbers without a point.

    A day is a day: a workbook has no dates without a time, and midnight stands for none.

    >>> as_text(None), as_text(4.0), as_text(4.5), as_text(True), as_text(datetime(2026, 3, 1))
    ('', '4', '4.5', 'True', '2026-03-01')
    """
    if value is None or pd.isna(value) is True:
        return ""
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    if isinstance(value, datetime) and value.time() == time():
        value = value.date()
    text = str(value)
    return _ESCAPED.sub(lambda found: chr(int(found[1], 16)), text) if "_x" in text else text


def _look_inside(export: ExportFile) -> bool:
    """Whether there are formulas; what unfolds too far or declares document types is refused."""
    has_formula = False
    try:
        with zipfile.ZipFile(export.path) as archive:
            parts = archive.infolist()
            other = archive_kind([part.filename for part in parts])
            if other is not None:
                what, fix = other
                raise InputError(
                    f"This is {what}, not an .xlsx workbook.", file=export.name, fix=fix
                )
            if len(parts) > _MOST_PARTS:
                _refuse_large(export, "parts")
            if sum(part.file_size for part in parts) > _MOST_UNPACKED:
                _refuse_large(export, "bytes when unpacked")
            for part in parts:
                if part.filename.endswith("sharedStrings.xml") and part.file_size > _MOST_SHARED:
                    _refuse_large(export, "bytes of text")
                if not part.filename.endswith((".xml", ".rels")):
                    continue
                with archive.open(part) as stream:
                    for _, element in iterparse(stream, events=("start",), forbid_dtd=True):
                        if element.tag.startswith(_STRICT):
                            raise InputError(
                                "This workbook is saved as Strict Open XML, which is not read.",
                                file=export.name,
                                fix="open it and save it as 'Excel Workbook (.xlsx)'",
                            )
                        break  # a document type stands before the first element
                if "worksheets/" in part.filename and not has_formula:
                    with archive.open(part) as stream:
                        has_formula = _has_formula(stream)
    except InputError:
        raise
    except DefusedXmlException:
        raise InputError(
            "This workbook declares document types, which no spreadsheet writes.",
            file=export.name,
            fix="do not open it; ask where it comes from, and export it again",
        ) from None
    except Exception:  # a broken archive breaks in more ways than its library has errors for
        _refuse(export)
    return has_formula


def _has_formula(stream: Any) -> bool:
    rest = b""
    while block := stream.read(_BLOCK):
        if _FORMULA.search(rest + block):
            return True
        rest = block[-32:]
    return False


def _refuse_unworked(
    export: ExportFile, book: Any, cells: pd.DataFrame | None, worked: set[tuple[int, int]]
) -> None:
    """Refuse a formula whose value is not in the file: it would look like a blank cell.

    `worked`: those whose value is an empty text, as of a lookup that found nothing.
    """
    sheet = book.worksheets[0]
    sheet.reset_dimensions()
    for row in sheet.rows:
        for cell in row:
            if (
                cell.data_type == "f"
                and (cell.row, cell.column) not in worked
                and _is_blank(cells, cell.row - 1, cell.column - 1)
            ):
                raise InputError(
                    "A formula has no value here: nobody has worked it out.",
                    file=export.name,
                    row=cell.row,
                    column=cell.column_letter,
                    fix="open the file in a spreadsheet and save it, or put values in place of "
                    "the formulas",
                )


def _is_blank(cells: pd.DataFrame | None, row: int, column: int) -> bool:
    if cells is None or row not in cells.index or column >= cells.shape[1]:
        return True
    cell = cells.iat[row - cells.index[0], column]
    return pd.isna(cell) or cell == ""  # rows end with their last filled cell


def _refuse(export: ExportFile) -> NoReturn:
    if export.beginning(len(_ARCHIVE)) == _ARCHIVE:
        raise InputError(
            "This is not a workbook that can be read: it is damaged, or its end is lacking.",
            file=export.name,
            fix="export it again, and let the download finish",
        ) from None
    raise InputError(
        "This is not a workbook.",
        file=export.name,
        fix="save it again as .xlsx; if it is text, give it the ending .csv",
    ) from None


def _refuse_large(export: ExportFile, what: str) -> NoReturn:
    raise InputError(
        f"This workbook has too many {what} to be a survey.",
        file=export.name,
        fix="export it as csv, or delete other sheets and formats, and try again",
    )
