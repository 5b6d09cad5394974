"""A table as it stands in a file, before anybody interprets it.

Every reader ends here: cells as they were, the names of the columns, and the row of the file in
which the first record stands, so that whatever is wrong later can be named by file, column and
row. Files are opened here and nowhere else: delimited text, workbook, parquet.
"""

from __future__ import annotations

import csv
import io
import re
import zipfile
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pandas as pd

from cultureplus.errors import InputError, nearest

_TEXT = (".csv", ".tsv", ".txt")
_BOOK = (".xlsx",)
_PARQUET = (".parquet",)


@dataclass(frozen=True)
class RawTable:
    """Records of one file: `frame` (cells, column names as in the file), where they came from.

    `first_row` is the file's row of the first record, counted from 1 as a spreadsheet does;
    `questions` holds what each column asks, where the file says so; `notes` what the reader
    decided on the way.
    """

    frame: pd.DataFrame
    file: str
    first_row: int
    questions: Mapping[str, str] = field(default_factory=dict)
    notes: tuple[str, ...] = ()

    def row(self, label: object) -> int:
        """The row of the file in which the record with this index label stands."""
        return int(str(label)) + self.first_row


def read_grid(path: Path, *, delimiter: str = ",") -> pd.DataFrame:
    """Every cell of a text file or of a workbook's first sheet, as text, without a header.

    Blank cells are empty texts. Raises `InputError` where the file is missing, empty, binary, of
    an unknown kind or not rectangular.
    """
    if not path.exists():
        raise InputError(
            f"There is no file {path}.", fix="check the name in survey.toml, or put the file there"
        )
    suffix = path.suffix.lower()
    if suffix in _TEXT:
        return _text_grid(path, "\t" if suffix == ".tsv" else delimiter)
    if suffix in _BOOK:
        return _book_grid(path)
    raise InputError(
        "Files of this kind are not read.",
        file=path.name,
        found=suffix or "no ending",
        possible=[*_TEXT, *_BOOK, *_PARQUET],
        fix="export it again in one of the possible kinds",
    )


def _text_grid(path: Path, delimiter: str) -> pd.DataFrame:
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError as problem:
        raise InputError(
            "This is not UTF-8 text.",
            file=path.name,
            row=path.read_bytes()[: problem.start].count(b"\n") + 1,
            fix="export it again as UTF-8 (in a spreadsheet: 'CSV UTF-8')",
        ) from None
    if not text.strip():
        raise InputError("This file is empty.", file=path.name, fix="export it again")
    if "\x00" in text:
        raise InputError("This is not text.", file=path.name, fix="export it again as csv")
    width = len(next(csv.reader(io.StringIO(text), delimiter=delimiter)))
    try:
        return pd.read_csv(
            io.StringIO(text),
            header=None,
            names=range(width),
            index_col=False,
            dtype=str,
            keep_default_na=False,
            na_filter=False,
            sep=delimiter,
            skip_blank_lines=False,
            on_bad_lines="error",
        )
    except (pd.errors.ParserError, pd.errors.ParserWarning, ValueError) as problem:
        place = re.search(r"line (\d+)", str(problem))
        raise InputError(
            "A row has more cells than the header.",
            file=path.name,
            row=int(place[1]) if place else None,
            fix="a text with a comma stands in quotes; export the file again",
        ) from None


def _book_grid(path: Path) -> pd.DataFrame:
    from openpyxl import load_workbook
    from openpyxl.utils.exceptions import InvalidFileException

    try:
        book = load_workbook(path, read_only=True, data_only=True)
    except (InvalidFileException, zipfile.BadZipFile, KeyError, ValueError, OSError):
        raise InputError(
            "This is not a workbook.", file=path.name, fix="save it again as .xlsx"
        ) from None
    try:
        rows = [[_cell(value) for value in row] for row in book.worksheets[0].values]
    finally:
        book.close()
    while rows and not any(rows[-1]):
        rows.pop()
    if not rows:
        raise InputError("The first sheet of this workbook is empty.", file=path.name)
    return pd.DataFrame(rows, dtype=str).fillna("")


def _cell(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value)


def is_parquet(path: Path) -> bool:
    """Whether a file is parquet by its name."""
    return path.suffix.lower() in _PARQUET


def read_parquet(path: Path) -> pd.DataFrame:
    """A parquet file's columns, numbers as numbers."""
    if not path.exists():
        raise InputError(f"There is no file {path}.", fix="check the name in survey.toml")
    import pyarrow

    try:
        return pd.read_parquet(path)
    except (pyarrow.ArrowException, OSError, ValueError):
        raise InputError("This is not a parquet file.", file=path.name) from None


def under_header(grid: pd.DataFrame, file: str, *, header_rows: int) -> pd.DataFrame:
    """The records below the header rows, named by the first of them; wholly blank rows go.

    The index counts records from 0, blank ones included, so that rows can still be named. Raises
    `InputError` for a repeated name and where no record is left.
    """
    names = [str(name).strip() for name in grid.iloc[0]]
    repeated = [name for name, count in Counter(names).items() if count > 1 and name]
    if repeated:
        raise InputError(
            "Two columns have the same name.",
            file=file,
            row=1,
            column=repeated[0],
            fix="rename one of them in the file",
        )
    frame = grid.iloc[header_rows:].reset_index(drop=True)
    frame.columns = pd.Index(names)
    frame = frame.loc[:, [bool(name) for name in names]]
    filled = (frame != "").any(axis=1)
    if not filled.any():
        raise InputError(
            "There is no record in this file, only a header.", file=file, fix="export it again"
        )
    return frame.loc[filled]


def column_of(raw: RawTable, name: str, *, setting: str) -> pd.Series:
    """A column that must be there; `setting` is the key of survey.toml that names it.

    Raises `InputError` with what there is and which key to change.
    """
    if name not in raw.frame:
        close = nearest(name, raw.frame.columns)
        raise InputError(
            f"Can't find the column '{name}'.",
            file=raw.file,
            possible=raw.frame.columns,
            fix=f'if it has another name: {setting} = "{close or "..."}" in survey.toml',
        )
    return raw.frame[name]
