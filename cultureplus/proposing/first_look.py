"""A first look at an export: its kind, and how its text is written, found by trying.

Reading a survey never guesses; it does what survey.toml says. This is where what it should say is
proposed: encoding by the bytes, the delimiter that divides all rows alike, a decimal comma where
numbers have one, the kind by the marks that its tool leaves in the file.
"""

from __future__ import annotations

import codecs
import csv
import io
import re
from dataclasses import dataclass, field, replace
from pathlib import Path

from cultureplus import readers
from cultureplus.errors import InputError
from cultureplus.export_file import DELIMITERS, ExportFile
from cultureplus.grid import Grid
from cultureplus.raw_table import RawTable
from cultureplus.text_file import said_to_divide

_TEXT = (".csv", ".tsv", ".txt")
_HEAD = 1 << 18
_BLOCK = 1 << 20
_ROWS = 200
_ALIKE = 0.8  # the share of rows that have as many cells as the header
_COMMA_NUMBER = re.compile(r"[+-]?\d+,\d+")
_POINT_NUMBER = re.compile(r"[+-]?\d+\.\d+")


@dataclass(frozen=True)
class FirstLook:
    """A file, its kind with what shows it ('' for a plain table), and how it is written.

    `guessed`: which of delimiter, encoding and decimal were found by trying, and why.
    """

    export: ExportFile
    kind: str
    evidence: str
    raw: RawTable = field(repr=False)
    guessed: dict[str, str] = field(default_factory=dict)


def first_look(path: Path, *, dictionary: Path | None = None) -> FirstLook:
    """Read an export of any kind as it seems to be written.

    Raises `InputError` where it can't be read as any kind, with what its reader says.
    """
    export = ExportFile(path, dictionary=dictionary)
    export.refuse_absent(named="")
    guessed: dict[str, str] = {}
    if export.suffix in _TEXT:
        export = _as_written(export, guessed)
    kind = readers.kind_of_ending(export.suffix)
    if kind:
        evidence = "" if kind == "plain" else f"it ends in {export.suffix}"
        return FirstLook(export, kind, evidence, readers.read_export(kind, export))
    grid = readers.open_grid(export)
    kind, evidence = _kind(grid)
    raw = readers.READERS[kind].read(grid)
    if export.suffix in _TEXT and export.delimiter != "," and _has_comma_numbers(raw):
        export = replace(export, decimal=",")
        guessed["decimal"] = "numbers in it have a comma"
        raw = readers.READERS[kind].read(replace(grid, export=export))
    return FirstLook(export, kind, evidence, raw, guessed)


def _kind(grid: Grid) -> tuple[str, str]:
    """The kind that a file shows it is, with what shows it."""
    evidence = readers.evidence_in(grid)
    if len(evidence) > 1:
        kinds = "; ".join(f"{kind}: {why}" for kind, why in evidence.items())
        raise InputError(
            "This file looks like exports of several kinds.", file=grid.file, found=kinds,
            fix="export it again without changing it",
        )  # fmt: skip
    return next(iter(evidence.items()), ("plain", ""))


def _as_written(export: ExportFile, guessed: dict[str, str]) -> ExportFile:
    head = export.beginning(_HEAD)
    encoding = _encoding(export, head, guessed)
    text = codecs.getincrementaldecoder("utf-8-sig" if encoding == "utf-8" else encoding)(
        errors="replace"
    ).decode(head)
    delimiter = ","
    if export.suffix != ".tsv":
        said = said_to_divide(text.partition("\n")[0].rstrip("\r"))
        tried = _delimiter(text, whole=len(head) < _HEAD)
        delimiter = said if said in DELIMITERS else tried
        if delimiter != ",":
            why = "it divides every row into the same number of cells"
            guessed["delimiter"] = "its first row says so" if said == delimiter else why
    return replace(export, encoding=encoding, delimiter=delimiter)


def _encoding(export: ExportFile, head: bytes, guessed: dict[str, str]) -> str:
    if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        guessed["encoding"] = "the mark at its beginning"
        return "utf-16"
    decoder = codecs.getincrementaldecoder("utf-8")()
    try:
        with export.path.open("rb") as stream:
            while block := stream.read(_BLOCK):
                decoder.decode(block)
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        guessed["encoding"] = "it is no UTF-8, and most such files are this; look at its accents"
        return "cp1252"
    except OSError as problem:
        raise export.closed(problem) from None
    return "utf-8"


def _delimiter(text: str, *, whole: bool) -> str:
    """What divides the cells: the mark that makes most columns, as many in the rows as above."""
    best, most = ",", (0.0, 1)
    for mark in DELIMITERS:
        widths = _widths(text, mark, whole=whole)
        if not widths:
            continue
        alike = widths.count(widths[0]) / len(widths)
        if widths[0] > 1 and alike >= _ALIKE:
            best, most = max((best, most), (mark, (alike, widths[0])), key=lambda pair: pair[1])
    return best


def _widths(text: str, mark: str, *, whole: bool) -> list[int]:
    """How many cells each of the first filled rows has; [] where a row can't be divided."""
    widths = []
    try:
        for row in csv.reader(io.StringIO(text, newline=""), delimiter=mark, strict=True):
            if any(cell.strip() for cell in row):
                widths.append(len(row))
            if len(widths) == _ROWS:
                break
    except csv.Error:
        return [] if whole else widths  # cut off in the middle of a row
    return widths


def _has_comma_numbers(raw: RawTable) -> bool:
    """Whether a column holds numbers with a comma, and none holds numbers with a point."""
    commas = points = False
    for name in raw.frame.columns:
        cells = [cell.strip() for cell in raw.frame[name].drop_duplicates().head(500) if cell]
        if not cells:
            continue
        with_comma = sum(bool(_COMMA_NUMBER.fullmatch(cell)) for cell in cells)
        numbers = sum(cell.lstrip("+-").isdecimal() for cell in cells)
        commas = commas or (with_comma > 0 and with_comma + numbers >= 0.9 * len(cells))
        points = points or sum(bool(_POINT_NUMBER.fullmatch(c)) for c in cells) >= 0.9 * len(cells)
    return commas and not points
