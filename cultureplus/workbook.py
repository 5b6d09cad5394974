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
from itertools import islice
from typing import Any, NoReturn

import pandas as pd
from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import iterparse

from cultureplus.errors import InputError, counted
from cultureplus.export_file import ExportFile
from cultureplus.grid import Cells, Grid, filled, laid_down

_MOST_UNPACKED = 1 << 30  # a sheet of a million rows and 25 columns
_MOST_SHARED = 1 << 28  # texts that the library holds in memory, ten times as large there
_MOST_PARTS = 10_000
_MOST_CELLS = 100_000_000
_FORMULA = re.compile(rb"<(?:\w+:)?f[\s>/]")
_BLOCK = 1 << 20
_OLD_BOOK = b"\xd0\xcf\x11\xe0"
_BLANK_RUN = 100_000  # blank rows that no table has in its middle


def book_grid(export: ExportFile) -> Grid:
    """Every cell of a workbook's first sheet.

    Raises `InputError` where the file is no workbook, unfolds beyond the limits, declares a
    document type, holds formulas without a value, or where its first sheet is empty.
    """
    if export.beginning(4) == _OLD_BOOK:
        raise InputError(
            "This is an old workbook (.xls) or one with a password.",
            file=export.name,
            fix="open it and save it as .xlsx without a password",
        )
    has_formula = _look_inside(export)
    cells, others = _opened(export, has_formula=has_formula)
    grid = filled(
        export,
        cells,
        "The first sheet of this workbook is empty.",
        "move the sheet with the answers to the front",
    )
    if not others:
        return grid
    note = f"only the first of its sheets was read, not {counted(others, 'other')}"
    return Grid(export, grid.cells.fillna(""), (note,))


def _opened(export: ExportFile, *, has_formula: bool) -> tuple[pd.DataFrame | None, int]:
    """The cells of the first sheet, and how many other sheets there are."""
    from openpyxl import load_workbook

    try:
        with warnings.catch_warnings(), export.path.open("rb") as stream:
            # What a workbook's styles and drop-down lists look like does not matter here.
            warnings.simplefilter("ignore")
            book = load_workbook(stream, read_only=True, data_only=True)
            sheet = book.worksheets[0]
            sheet.reset_dimensions()  # some programs declare a smaller table than they write
            cells = laid_down(_rows(sheet.values, export))
            others = sum(_is_filled(each) for each in book.worksheets[1:])
            if has_formula:
                _refuse_unworked(export, load_workbook(stream, read_only=True), cells)
    except InputError:
        raise
    except Exception:  # a broken workbook breaks in the zip, the XML or anywhere between
        _refuse(export)
    return None if cells is None else cells.fillna(""), others


def _is_filled(sheet: Any) -> bool:
    sheet.reset_dimensions()
    return any(any(cell is not None for cell in row) for row in islice(sheet.values, 50))


def _rows(rows: Any, export: ExportFile) -> Iterator[Cells]:
    """The rows without blank cells at their ends and without blank rows at the sheet's end."""
    blank = count = 0
    for place, row in enumerate(rows, start=1):
        texts = [as_text(cell) for cell in row]
        while texts and not texts[-1]:
            texts.pop()
        if not texts:
            blank += 1
            continue
        if blank > _BLANK_RUN:
            raise InputError(
                "A cell stands far below the table.",
                file=export.name,
                row=place,
                fix="delete it, or move the table to a sheet of its own",
            )
        yield from ([""] for _ in range(blank))
        blank = 0
        yield texts
        count += len(texts)
        if count > _MOST_CELLS:
            _refuse_large(export, "cells")


def as_text(value: object) -> str:
    """A cell's value as it would stand in a csv: '' for none, whole numbers without a point.

    >>> as_text(None), as_text(4.0), as_text(4.5), as_text(True)
    ('', '4', '4.5', 'True')
    """
    if value is None or pd.isna(value) is True:
        return ""
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value)


def _look_inside(export: ExportFile) -> bool:
    """Whether there are formulas; what unfolds too far or declares document types is refused."""
    has_formula = False
    try:
        with zipfile.ZipFile(export.path) as archive:
            parts = archive.infolist()
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
                    for _ in iterparse(stream, events=("start",), forbid_dtd=True):
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


def _refuse_unworked(export: ExportFile, book: Any, cells: pd.DataFrame | None) -> None:
    """Refuse a formula whose value is not in the file: it would look like a blank cell."""
    sheet = book.worksheets[0]
    sheet.reset_dimensions()
    for row in sheet.rows:
        for cell in row:
            if cell.data_type == "f" and _is_blank(cells, cell.row - 1, cell.column - 1):
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
    return not cells.iat[row - cells.index[0], column]


def _refuse(export: ExportFile) -> NoReturn:
    raise InputError(
        "This is not a workbook.", file=export.name, fix="save it again as .xlsx"
    ) from None


def _refuse_large(export: ExportFile, what: str) -> NoReturn:
    raise InputError(
        f"This workbook has too many {what} to be a survey.",
        file=export.name,
        fix="export it as csv, or delete other sheets and formats, and try again",
    )
