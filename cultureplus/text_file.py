"""Delimited text: bytes to cells, strictly.

A file is text in the declared encoding and every row can be divided into cells, or it is refused
with the row and the way out. It is read as a stream, so that a large file needs no second copy.
"""

from __future__ import annotations

import codecs
import contextlib
import csv
import io
import re
from collections.abc import Iterator
from dataclasses import replace
from itertools import islice
from typing import NoReturn

from cultureplus.errors import InputError, counted
from cultureplus.even_text import MOST_COLUMNS, even_cells
from cultureplus.export_file import DELIMITERS, ExportFile
from cultureplus.grid import Cells, Grid, filled, laid_down

_MARKS = {
    b"\xff\xfe": "utf-16", b"\xfe\xff": "utf-16", b"\xef\xbb\xbf": "utf-8",
}  # fmt: skip
_USUAL = "utf-8-sig"
_BLOCK = 1 << 20
_HEAD, _ROWS = 1 << 16, 20  # what is looked at to see how a table is divided
_SEP = re.compile("sep=(.)", re.IGNORECASE)  # how a spreadsheet is told what divides the cells
_END = "\x1a"  # the end of a file under DOS
_TWICE = re.compile(rb"\xc3[\x82\x83][\xc2\xc5\xc6\xcb\xe2]")  # letters of UTF-8 taken for cp1252
_LOST = b"\xef\xbf\xbd"
# Signs of control, which nobody types: letters of a Windows program taken for ISO-8859. Read as
# they stand they can't be seen, and "Manager's" would lose its apostrophe.
_WINDOWS = re.compile(rb"[\x80-\x9f]")
_WINDOWS_CODED = re.compile(rb"(?<!\xc3[\x82\x83])\xc2[\x80-\x9f]")


def text_grid(export: ExportFile) -> Grid:
    """Every cell of a text file.

    Raises `InputError` where the file is empty, binary, in another encoding than declared, divided
    by another mark, or not rectangular.
    """
    export.refuse_evident("text")
    encoding = _checked_encoding(export)
    notes = _odd_letters(export) if encoding == _USUAL else []
    plain = encoding == _USUAL and b"sep=" not in export.beginning(8).lower()
    try:
        cells = even_cells(export.path, divided_by(export)) if plain else None
        if cells is not None and cells.shape[1] > 1:  # one column may be divided by another mark
            return Grid(export, cells, tuple(notes))
        with export.path.open(encoding=encoding, newline=None) as stream:
            cells = laid_down(_rows(stream, export, notes))
    except UnicodeError:
        _refuse_encoding(export)
    except OSError as problem:
        raise export.closed(problem) from None
    grid = filled(export, cells, "This file is empty.", "export it again")
    return replace(grid, notes=tuple(notes))


def _rows(stream: Iterator[str], export: ExportFile, notes: list[str]) -> Iterator[Cells]:
    """The rows one by one; what can't be a row is refused. `notes` is added to."""
    delimiter = divided_by(export)
    reader = csv.reader(stream, delimiter=delimiter, strict=True)
    count = width = head = 0
    while True:
        try:
            row = next(reader)
        except StopIteration:
            return
        except csv.Error as problem:
            if "field limit" in str(problem):
                raise InputError(
                    "A cell of this row is longer than any answer.",
                    file=export.name,
                    row=count + 1,
                    possible=[f"at most {csv.field_size_limit():,} characters"],
                    fix="shorten it, or take its column out; a quotation mark that is not closed "
                    "makes one cell of all that follows",
                ) from None
            _refuse_divided(export, delimiter)
            raise InputError(
                "This row can't be divided into cells.",
                file=export.name,
                row=count + 1,
                fix="look for a quotation mark that is not closed or stands in the middle of a "
                "cell; better, export the file again",
            ) from None
        if not count and _says_delimiter(row, export, delimiter):
            notes.append("its first row only said what divides the cells (sep=) and is not counted")
            continue
        if row == [_END]:
            continue
        count += 1
        if len(row) > MOST_COLUMNS:
            raise InputError(
                "This row has too many cells to be a survey.",
                file=export.name,
                row=count,
                possible=[f"at most {MOST_COLUMNS}, as in a spreadsheet"],
                fix="look whether line ends are lacking; better, export the file again",
            )
        if width > 1 and len(row) == 1:
            _refuse_other_delimiter(row[0], export, delimiter, count, width)
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


def said_to_divide(line: str) -> str:
    """The mark of which the first line of a file says that it divides the cells, or ''.

    >>> said_to_divide("sep=;"), said_to_divide("a;b")
    (';', '')
    """
    said = _SEP.fullmatch(line.strip(' "'))
    return said[1] if said else ""


def _says_delimiter(row: list[str], export: ExportFile, delimiter: str) -> bool:
    """Whether a first row only says what divides the cells; it must say what survey.toml says."""
    said = said_to_divide(delimiter.join(row))
    if said not in ("", delimiter):
        raise InputError(
            f"The first row says that '{said}' divides the cells, not '{delimiter}'.",
            file=export.name,
            row=1,
            fix=f'delimiter = "{DELIMITERS.get(said, said)}" at the top of survey.toml',
        )
    return said != ""


def _refuse_other_delimiter(
    cell: str, export: ExportFile, delimiter: str, row: int, width: int
) -> None:
    """Refuse a row in which another mark divides as many cells as the header has."""
    for mark in DELIMITERS:
        if mark != delimiter and cell.count(mark) == width - 1:
            raise InputError(
                f"This row is divided by '{mark}', the header by '{delimiter}'.",
                file=export.name,
                row=row,
                fix="export the file again; rows of two files may have been put together",
            )


def _refuse_undivided(row: list[str], export: ExportFile, delimiter: str, place: int) -> None:
    if len(row) == 1 and delimiter in row[0] and f"{delimiter} " not in row[0]:  # no sentence
        raise InputError(
            "The whole row stands in quotation marks, as one cell.",
            file=export.name,
            row=place,
            fix="take away the first and the last quotation mark of each row; better, export the "
            "file again",
        )
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


def _checked_encoding(export: ExportFile) -> str:
    """The declared encoding, unless the bytes say that it is another one."""
    marked = next((name for mark, name in _MARKS.items() if _begins(export, mark)), None)
    if marked == "utf-16" and export.encoding != "utf-16":
        _refuse_encoding(export, marked)
    if export.encoding == "utf-8":
        _refuse_unmarked(export)
        return _USUAL
    if export.encoding == "utf-16":
        if marked != "utf-16":
            _refuse_unmarked(export)
            raise InputError(
                "This is not UTF-16 text, as survey.toml says of all its text files.",
                file=export.name,
                fix="save it as UTF-16, or as a workbook (.xlsx), which is coded in one way only; "
                'if no file is UTF-16: encoding = "utf-8" at the top of survey.toml',
            )
        return "utf-16"
    _refuse_unmarked(export)
    for block in _blocks(export):
        _refuse_null(export, block)
    if marked or _is_utf8_beyond_ascii(export):
        # Read in an encoding in which all bytes are letters, every accent would become two.
        _refuse_encoding(export, "utf-8")
    if export.encoding.startswith("iso-") and any(map(_WINDOWS.search, _blocks(export))):
        _refuse_encoding(export, "cp1250" if export.encoding == "iso-8859-2" else "cp1252")
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


def _odd_letters(export: ExportFile) -> list[str]:
    """What to note of letters that were spoilt before this file was written.

    Raises `InputError` where there is a null sign, which no text has.
    """
    twice = lost = windows = 0
    for block in _blocks(export):
        _refuse_null(export, block)
        if not block.isascii():
            twice += len(_TWICE.findall(block))
            lost += block.count(_LOST)
            windows += len(_WINDOWS_CODED.findall(block))
    notes = []
    if twice:
        where = f"in {counted(twice, 'place')}: kept as they are"
        notes.append(f"letters coded twice ('\u00c3\u00bc' for '\u00fc') {where}")
    if windows:
        notes.append(
            f"{counted(windows, 'letter')} of a Windows program taken for signs of control before "
            "this file was written (U+0080 to U+009F)"
        )
    if lost:
        notes.append(f"{counted(lost, 'letter')} lost before this file was written (U+FFFD)")
    return notes


def _refuse_unmarked(export: ExportFile) -> None:
    """Refuse UTF-16 without its mark, in which every other byte of common letters is null."""
    head = export.beginning(64)
    if max(head[::2].count(0), head[1::2].count(0)) > len(head) // 3:
        raise InputError(
            "This is UTF-16 text without the mark that says so.",
            file=export.name,
            fix="open it in a text editor and save it as UTF-8; better, export it again as UTF-8",
        )


def _refuse_null(export: ExportFile, block: bytes) -> None:
    if b"\0" in block:
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
            except UnicodeDecodeError as problem:
                # No row: line breaks in quoted cells can't be told before the text is known.
                line = done + problem.object[: problem.start].count(b"\n")
                break
            done += block.count(b"\n")
        else:
            raise InputError(
                "The file ends in the middle of a letter: its end is lacking.",
                file=export.name,
                fix="export it again, and let the download finish",
            )
    named = {"utf-8": "UTF-8", "utf-16": "UTF-16"}.get(export.encoding, export.encoding)
    likely = really or ("..." if export.encoding == "cp1252" else "cp1252")
    raise InputError(
        f"This is not {named} text.",
        file=export.name,
        line=line,
        fix="export it again as UTF-8 (in a spreadsheet: 'CSV UTF-8'), or say how it is coded, at "
        f'the top of survey.toml: encoding = "{likely}"',
    )
