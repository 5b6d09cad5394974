"""Delimited text: bytes to cells, strictly.

A file is text in the declared encoding and every row can be divided into cells, or it is refused
with the row and the way out. It is read as a stream, so that a large file needs no second copy.
"""

from __future__ import annotations

import codecs
import contextlib
import csv
import io
from collections.abc import Iterator
from itertools import islice
from typing import NoReturn

from cultureplus.errors import InputError
from cultureplus.even_text import even_cells
from cultureplus.export_file import DELIMITERS, ExportFile
from cultureplus.grid import Cells, Grid, filled, laid_down

_ZIP = b"PK\x03\x04"  # how a workbook begins, whatever its name says
_OLD_BOOK = b"\xd0\xcf\x11\xe0"  # how .xls and a workbook with a password begin
_MARKS = {
    b"\xff\xfe": "utf-16", b"\xfe\xff": "utf-16", b"\xef\xbb\xbf": "utf-8",
}  # fmt: skip
_USUAL = "utf-8-sig"
_BLOCK = 1 << 20
_HEAD, _ROWS = 1 << 16, 20  # what is looked at to see how a table is divided


def text_grid(export: ExportFile) -> Grid:
    """Every cell of a text file.

    Raises `InputError` where the file is empty, binary, in another encoding than declared, divided
    by another mark, or not rectangular.
    """
    _refuse_other(export)
    encoding = _checked_encoding(export)
    try:
        cells = even_cells(export.path, divided_by(export)) if encoding == _USUAL else None
        if cells is not None and cells.shape[1] > 1:  # one column may be divided by another mark
            return Grid(export, cells)
        with export.path.open(encoding=encoding, newline=None) as stream:
            cells = laid_down(_rows(stream, export))
    except UnicodeError:
        _refuse_encoding(export)
    except OSError as problem:
        raise export.closed(problem) from None
    return filled(export, cells, "This file is empty.", "export it again")


def _rows(stream: Iterator[str], export: ExportFile) -> Iterator[Cells]:
    """The rows one by one; what can't be a row is refused."""
    delimiter = divided_by(export)
    reader = csv.reader(stream, delimiter=delimiter, strict=True)
    count = width = head = 0
    while True:
        try:
            row = next(reader)
        except StopIteration:
            return
        except csv.Error:
            _refuse_divided(export, delimiter)
            raise InputError(
                "This row can't be divided into cells.",
                file=export.name,
                row=count + 1,
                fix="look for a quotation mark that is not closed or stands in the middle of a "
                "cell; better, export the file again",
            ) from None
        count += 1
        if not width and any(cell.strip() for cell in row):
            width, head = len(row), count
            _refuse_undivided(row, export, delimiter, head)
        if width and len(row) > width:  # even a blank cell too many may have moved the others
            _refuse_divided(export, delimiter)
            raise InputError(
                "A row has more cells than the header.",
                file=export.name,
                row=count,
                found=f"{len(row)} cells where the header in row {head} has {width}",
                fix=f"a text with '{delimiter}' in it stands in quotation marks, and nothing "
                "stands above the header; better, export the file again",
            )
        yield row


def divided_by(export: ExportFile) -> str:
    """What divides the cells: the ending .tsv says it, else survey.toml."""
    return "\t" if export.suffix == ".tsv" else export.delimiter


def _refuse_undivided(row: list[str], export: ExportFile, delimiter: str, place: int) -> None:
    marks = [mark for mark in DELIMITERS if mark in row[0] and mark != delimiter]
    if len(row) == 1 and marks:
        raise InputError(
            f"There is only one column when cells are divided by '{delimiter}'.",
            file=export.name,
            row=place,
            fix="say what divides the cells, at the top of survey.toml: "
            f'delimiter = "{DELIMITERS[marks[0]]}"',
        )


def _refuse_divided(export: ExportFile, delimiter: str) -> None:
    """Refuse text whose first rows are a table when they are divided by another mark."""
    encoding = _USUAL if export.encoding == "utf-8" else export.encoding
    head = export.beginning(_HEAD)
    text = head.decode(encoding, errors="replace")
    renamed = "give it the ending .csv, and " if export.suffix == ".tsv" else ""
    for mark, spelt in DELIMITERS.items():
        rows = csv.reader(io.StringIO(text), delimiter=mark, strict=True)
        widths: list[int] = []
        with contextlib.suppress(csv.Error):
            for row in islice(rows, _ROWS):
                widths += [len(row)] if row else []
        whole = widths if len(head) < _HEAD else widths[:-1]  # the last row may be cut off
        if mark != delimiter and len(whole) > 1 and min(whole) == max(whole) > 1:
            raise InputError(
                f"This table is divided by '{spelt}', not by '{DELIMITERS[delimiter]}'.",
                file=export.name,
                fix=f'{renamed}say so at the top of survey.toml: delimiter = "{spelt}"',
            )


def _refuse_other(export: ExportFile) -> None:
    """Refuse what begins like no text at all."""
    head = export.beginning(8)
    if head.startswith(_ZIP):
        raise InputError(
            "This is a workbook or an archive, not text.",
            file=export.name,
            fix="give it the ending .xlsx if it is a workbook, or unpack it",
        )
    if head.startswith(_OLD_BOOK):
        raise InputError(
            "This is an old workbook (.xls) or one with a password, not text.",
            file=export.name,
            fix="open it and save it as .xlsx without a password",
        )


def _checked_encoding(export: ExportFile) -> str:
    """The declared encoding, unless the bytes say that it is another one."""
    marked = next((name for mark, name in _MARKS.items() if _begins(export, mark)), None)
    if marked == "utf-16" and export.encoding != "utf-16":
        _refuse_encoding(export, marked)
    if export.encoding == "utf-8":
        _refuse_null(export)
        return _USUAL
    if export.encoding == "utf-16":
        if marked != "utf-16":
            _refuse_encoding(export)
        return "utf-16"
    _refuse_null(export)
    if marked or _is_utf8_beyond_ascii(export):
        # Read in an encoding in which all bytes are letters, every accent would become two.
        _refuse_encoding(export, "utf-8")
    return export.encoding


def _begins(export: ExportFile, mark: bytes) -> bool:
    return export.beginning(len(mark)) == mark


def _blocks(export: ExportFile) -> Iterator[bytes]:
    try:
        with export.path.open("rb") as stream:
            while block := stream.read(_BLOCK):
                yield block
    except OSError as problem:
        raise export.closed(problem) from None


def _refuse_null(export: ExportFile) -> None:
    if any(b"\0" in block for block in _blocks(export)):
        raise InputError("This is not text.", file=export.name, fix="export it again as csv")


def _is_utf8_beyond_ascii(export: ExportFile) -> bool:
    decoder = codecs.getincrementaldecoder("utf-8")()
    ascii_only = True
    try:
        for block in _blocks(export):
            decoder.decode(block)
            ascii_only = ascii_only and block.isascii()
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return False
    return not ascii_only


def _refuse_encoding(export: ExportFile, really: str | None = None) -> NoReturn:
    """Refuse text in another encoding than declared, with the line where that shows."""
    line = None
    if really is None:
        decoder = codecs.getincrementaldecoder(export.encoding)()
        done = 1
        for block in _blocks(export):
            try:
                decoder.decode(block)
            except UnicodeError as problem:
                if not isinstance(problem, UnicodeDecodeError):  # UTF-16 without its mark
                    break
                # No row: line breaks in quoted cells can't be told before the text is known.
                line = done + problem.object[: problem.start].count(b"\n")
                break
            done += block.count(b"\n")
    named = {"utf-8": "UTF-8", "utf-16": "UTF-16"}.get(export.encoding, export.encoding)
    likely = f'encoding = "{really or "cp1252"}"'
    raise InputError(
        f"This is not {named} text.",
        file=export.name,
        line=line,
        fix="export it again as UTF-8 (in a spreadsheet: 'CSV UTF-8'), or say how it is coded, at "
        f"the top of survey.toml: {likely}",
    )
