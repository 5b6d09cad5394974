"""A table as it stands in a file, before anybody interprets it.

Every reader ends here: cells as they were, the names of the columns, and the row of the file in
which the first record stands, so that whatever is wrong later can be named by file, column and
row. Files are opened here and nowhere else: delimited text, workbook, parquet.
"""

from __future__ import annotations

import csv
import io
import warnings
from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pandas as pd

from cultureplus.errors import InputError, by_likeness, counted, nearest
from cultureplus.spelling import plain_text

_TEXT = (".csv", ".tsv", ".txt")
_BOOK = (".xlsx",)
_PARQUET = (".parquet",)
DELIMITERS = {";": ";", ",": ",", "\t": r"\t", "|": "|"}  # and how TOML spells them
_ZIP = b"PK\x03\x04"  # how a workbook begins, whatever its name says


@dataclass(frozen=True)
class RawTable:
    """Records of one file: `frame` (cells, column names as in the file), where they came from.

    `first_row` is the file's row of the first record, counted from 1 as a spreadsheet does;
    `questions` holds what each column asks, where the file says so; `notes` what the reader
    decided on the way; `left_out` which records it left out, and how many.
    """

    frame: pd.DataFrame
    file: str
    first_row: int
    questions: Mapping[str, str] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    left_out: Mapping[str, int] = field(default_factory=dict)

    def row(self, label: object) -> int:
        """The row of the file in which the record with this index label stands."""
        return int(str(label)) + self.first_row


def read_grid(path: Path, *, delimiter: str = ",") -> pd.DataFrame:
    """Every cell of a text file or of a workbook's first sheet, as text, without a header.

    The index is the row of the file less one; blank rows above the first filled one are left out.
    Blank cells are empty texts, cells that a short row does not have are missing. Raises
    `InputError` where the file is missing, empty, binary, of an unknown kind or not rectangular.
    """
    suffix = path.suffix.lower()
    _refuse_absent(path)
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


def _refuse_absent(path: Path) -> None:
    try:
        there, is_file = path.exists(), path.is_file()
    except OSError:  # a name that no file can have, or a folder that may not be looked into
        there = is_file = False
    if not there:
        raise InputError(
            f"There is no file {path}.", fix="check the name in survey.toml, or put the file there"
        )
    if not is_file:
        raise InputError(f"{path} is a folder.", fix="name a file in survey.toml")


def _text_grid(path: Path, delimiter: str) -> pd.DataFrame:
    text = _text_of(path)
    rows: list[list[str]] = []
    try:
        for row in csv.reader(io.StringIO(text), delimiter=delimiter, strict=True):
            rows.append(row)  # noqa: PERF402 - what came before a bad row tells where it stands
    except csv.Error:
        raise InputError(
            "This row can't be divided into cells.",
            file=path.name,
            row=len(rows) + 1,
            fix="look for a quotation mark that is not closed or stands in the middle of a cell; "
            "better, export the file again",
        ) from None
    start = _first_filled(rows, path)
    width = len(rows[start])
    marks = [mark for mark in DELIMITERS if mark in rows[start][0]]
    if width == 1 and marks:
        raise InputError(
            f"There is only one column when cells are divided by '{delimiter}'.",
            file=path.name,
            row=start + 1,
            fix="say what divides the cells, at the top of survey.toml: "
            f'delimiter = "{DELIMITERS[marks[0]]}"',
        )
    for place, row in enumerate(rows):
        if len(row) > width:  # even a blank cell too many may have moved the others
            raise InputError(
                "A row has more cells than the header.",
                file=path.name,
                row=place + 1,
                found=f"{len(row)} cells where the header in row {start + 1} has {width}",
                fix=f"a text with '{delimiter}' in it stands in quotation marks, and nothing "
                "stands above the header; better, export the file again",
            )
    return _grid(rows, start, width)


def _text_of(path: Path) -> str:
    """A file's text; what is no text, or none that can be read for sure, is refused."""
    try:
        data = path.read_bytes()
    except OSError as problem:
        raise InputError(
            "This file can't be opened.",
            file=path.name,
            found=problem.strerror,
            fix="close it in other programs, and check who may read it",
        ) from None
    if data.startswith(_ZIP):
        raise InputError(
            "This is a workbook or an archive, not text.",
            file=path.name,
            fix="give it the ending .xlsx if it is a workbook, or unpack it",
        )
    try:
        text = data.decode("utf-8-sig").replace("\r\n", "\n").replace("\r", "\n")
    except UnicodeDecodeError as problem:
        # No row: line breaks inside quoted cells can't be told apart before the text is known.
        raise InputError(
            "This is not UTF-8 text.",
            file=path.name,
            line=data[: problem.start].count(b"\n") + 1,
            fix="export it again as UTF-8 (in a spreadsheet: 'CSV UTF-8')",
        ) from None
    if not text.strip():
        raise InputError("This file is empty.", file=path.name, fix="export it again")
    if "\x00" in text:
        raise InputError("This is not text.", file=path.name, fix="export it again as csv")
    return text


def _first_filled(rows: list[list[str]], path: Path) -> int:
    """The place of the first row that holds anything: the header."""
    for place, row in enumerate(rows):
        if any(cell.strip() for cell in row):
            return place
    raise InputError("This file is empty.", file=path.name, fix="export it again")


def _grid(rows: list[list[str]], start: int, width: int) -> pd.DataFrame:
    padded = [[*row, *[None] * (width - len(row))] for row in rows[start:]]
    return pd.DataFrame(padded, dtype="str", index=range(start, len(rows)))


def _book_grid(path: Path) -> pd.DataFrame:
    from openpyxl import load_workbook

    try:
        with warnings.catch_warnings():
            # What a workbook's styles and drop-down lists look like does not matter here.
            warnings.simplefilter("ignore")
            book = load_workbook(path, read_only=True, data_only=True)
            try:
                sheet = book.worksheets[0]
                sheet.reset_dimensions()  # some programs declare a smaller table than they write
                rows = [[_cell(value) for value in row] for row in sheet.values]
            finally:
                book.close()
    except Exception:  # a broken workbook breaks in the zip, the XML or anywhere between
        raise InputError(
            "This is not a workbook.", file=path.name, fix="save it again as .xlsx"
        ) from None
    if not any(any(row) for row in rows):
        raise InputError(
            "The first sheet of this workbook is empty.",
            file=path.name,
            fix="move the sheet with the answers to the front",
        )
    width = max(map(len, rows))
    rows = [row + [""] * (width - len(row)) for row in rows]  # a workbook has no short rows
    return _grid(rows, _first_filled(rows, path), width)


def _cell(value: object) -> str:
    if value is None or pd.isna(value) is True:
        return ""
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value)


def is_parquet(path: Path) -> bool:
    """Whether a file is parquet by its name."""
    return path.suffix.lower() in _PARQUET


def read_parquet(path: Path) -> RawTable:
    """A parquet file as a raw table, its cells as texts as they would stand in a csv.

    Its records count from row 1. Raises `InputError` where the file is missing or no parquet.
    """
    _refuse_absent(path)
    try:
        frame = pd.read_parquet(path)
    except Exception:  # a broken file breaks in more ways than its library has errors for
        raise InputError(
            "This is not a parquet file.", file=path.name, fix="write it again"
        ) from None
    if any(name is not None for name in frame.index.names):
        frame = frame.reset_index()  # pandas keeps a named index apart; here it is a column
    texts = {place: _texts(frame.iloc[:, place]) for place in range(frame.shape[1])}
    names = [plain_text(name) for name in frame.columns]
    return _records(pd.DataFrame(texts), names, path.name, first_row=1)


def _texts(column: pd.Series) -> pd.Series:
    """Cells as texts; each different one is looked at once."""
    cells = column.astype("object").to_numpy()
    try:
        places, distinct = pd.factorize(cells, use_na_sentinel=False)
    except TypeError:  # lists and the like can't be told apart by their hash
        return pd.Series([_cell(cell) for cell in cells], dtype="str")
    texts = pd.Series([_cell(value) for value in distinct], dtype="str")
    return texts.take(places).reset_index(drop=True)


def under_header(grid: pd.DataFrame, file: str, *, header_rows: int) -> RawTable:
    """The records below the header rows, named by the first of them; wholly blank rows go.

    Raises `InputError` for a repeated name and where no record is left.
    """
    names = [plain_text(name) for name in grid.iloc[0].fillna("")]
    frame = grid.iloc[header_rows:].reset_index(drop=True)
    return _records(frame, names, file, first_row=int(grid.index[0]) + header_rows + 1)


def _records(frame: pd.DataFrame, names: list[str], file: str, *, first_row: int) -> RawTable:
    """A raw table of the filled records under these names.

    The index counts records from 0, blank ones included, so that rows can still be named.
    """
    repeated = [name for name, count in Counter(names).items() if count > 1 and name]
    if repeated:
        raise InputError(
            "Two columns have the same name.",
            file=file,
            column=repeated[0],
            fix="rename one of them in the file",
        )
    short = frame.isna().any(axis=1) if frame.shape[1] else pd.Series(dtype="bool")
    frame = frame.fillna("")
    filled = (frame != "").any(axis=1)
    if not filled.any():
        raise InputError(
            "There is no record in this file, only a header.", file=file, fix="export it again"
        )
    notes = []
    count = int((short & filled).sum())
    if count:
        notes.append(
            f"{counted(count, 'row')} shorter than the header: what is lacking counts as blank"
        )
    named = [bool(name) for name in names]
    count = sum(bool((frame.iloc[:, i] != "").any()) for i, has in enumerate(named) if not has)
    if count:
        notes.append(f"{counted(count, 'column')} without a name left out")
    frame.columns = pd.Index(names)
    return RawTable(frame.loc[filled, named], file, first_row, notes=tuple(notes))


def column_of(
    raw: RawTable, name: str, *, setting: str, listed: bool = False, taken: Collection[str] = ()
) -> pd.Series:
    """A column that must be there; `setting` is the key of survey.toml that names it.

    `listed`: whether that key holds a list of names; `taken`: columns that hold something else for
    sure. Raises `InputError` with what there is and which key to change.
    """
    if name not in raw.frame:
        free = [each for each in raw.frame.columns if each not in taken]
        close = nearest(name, free)
        value = f'"{close or "..."}"'
        raise InputError(
            f"Can't find the column '{name}'.",
            file=raw.file,
            possible=by_likeness(name, free),
            fix=f"if it has another name: {setting} = {f'[{value}]' if listed else value} "
            "in survey.toml",
        )
    return raw.frame[name]
