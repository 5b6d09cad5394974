"""A table as it stands in a file, before anybody interprets it.

Every reader ends here: cells as they were, the names of the columns, and the row of the file in
which the first record stands, so that whatever is wrong later can be named by file, column and
row.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace

import pandas as pd

from cultureplus.errors import InputError, by_likeness, counted, nearest
from cultureplus.grid import Grid
from cultureplus.no_record import holds_values, is_made_up, refuse_odd_rows, shown_as_header
from cultureplus.spelling import plain_text

NO_HEADER = "What stands where the header should be looks like a record."
_LOOKED_AT = 50  # records
ROW_OF_NAMES = "put the row with the names of the columns in front of the records"


@dataclass(frozen=True)
class RawTable:
    """Records of one file: `frame` (cells, column names as in the file), where they came from.

    `first_row` is the file's row of the first record, counted from 1 as a spreadsheet does;
    `questions` holds what each column asks, where the file says so; `labels` what each code means,
    where the file says so (column -> code -> label); `identifying` the columns that tell who
    somebody is or where they sat, each with what it holds; `joins` what stands between several
    answers in one cell, where the tool writes them so; `notes` what the reader decided on the way;
    `left_out` which records it left out, and how many.
    """

    frame: pd.DataFrame
    file: str
    first_row: int
    questions: Mapping[str, str] = field(default_factory=dict)
    labels: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    identifying: Mapping[str, str] = field(default_factory=dict)
    joins: str = ""
    notes: tuple[str, ...] = ()
    left_out: Mapping[str, int] = field(default_factory=dict)

    def row(self, label: object) -> int:
        """The row of the file in which the record with this index label stands."""
        return int(str(label)) + self.first_row


def under_header(grid: Grid, *, header_rows: int, names: Sequence[str] | None = None) -> RawTable:
    """The records below the header rows; wholly blank rows go.

    `names`: of the columns, blank for one to leave out (default: the first header row). Raises
    `InputError` for a repeated name and where no record is left.
    """
    tidy = [plain_text(name) for name in (grid.texts(0) if names is None else names)]
    frame = grid.cells.iloc[header_rows:].reset_index(drop=True)
    _refuse_title(grid, tidy if names is None else grid.texts(0), frame)
    raw = records(frame, tidy, grid.file, first_row=grid.row(0) + header_rows)
    if grid.export.decimal == ",":
        raw = replace(raw, frame=raw.frame.apply(_with_point))
    return replace(raw, notes=(*grid.notes, *raw.notes))


def _refuse_title(grid: Grid, names: Sequence[str], frame: pd.DataFrame) -> None:
    """Refuse a header in which one column of several has a name."""
    if sum(map(bool, names)) > 1:
        return
    filled = [name or frame[place].fillna("").ne("").any() for place, name in enumerate(names)]
    if sum(map(bool, filled)) > 2:
        raise InputError(
            "Only one column has a name here.",
            file=grid.file,
            row=grid.row(0),
            fix="delete what stands above the row with the names of the columns",
        )


def told_apart(names: Sequence[str]) -> tuple[list[str], tuple[str, ...]]:
    """Names of which none is repeated, and the note that says which were; blank ones stay.

    For tools that write the question as a column's name and allow the same question twice.

    >>> told_apart(["Why?", "Why?", ""])
    (['Why?', 'Why? (2)', ''], ("asked twice or more, told apart by a number: 'Why?'",))
    """
    taken = set(names)
    found: list[str] = []
    again: dict[str, int] = {}
    for name in names:
        if name and name in found:
            number = again.get(name, 1) + 1
            while f"{name} ({number})" in taken:
                number += 1
            again[name] = number
            found.append(f"{name} ({number})")
            taken.add(found[-1])
        else:
            found.append(name)
    listed = ", ".join(f"'{name}'" for name in again)
    return found, (f"asked twice or more, told apart by a number: {listed}",) if again else ()


def _with_point(cells: pd.Series) -> pd.Series:
    """Numbers with a decimal comma, written with a point; everything else as it is."""
    return cells.str.replace(r"^\s*([+-]?[0-9]+),([0-9]+)\s*$", r"\1.\2", regex=True)


def records(frame: pd.DataFrame, names: list[str], file: str, *, first_row: int) -> RawTable:
    """A raw table of the filled records under these names.

    The index counts records from 0, blank ones included, so that rows can still be named.
    """
    repeated = [name for name, count in Counter(names).items() if count > 1 and name]
    if repeated and (
        holds_values(names) or frame.iloc[:, names.index(repeated[0])].eq(repeated[0]).any()
    ):
        raise InputError(NO_HEADER, file=file, fix=ROW_OF_NAMES)
    if repeated:
        header = frame.fillna("").set_axis(pd.Index(names), axis=1)
        told = len(repeated) == 1 and shown_as_header(header)  # otherwise it may be somebody's
        places = [str(place) for place, name in enumerate(names, 1) if name == repeated[0]]
        raise InputError(
            "Two columns have the same name.",
            file=file,
            column=repeated[0] if told else None,
            found=None if told else f"columns {' and '.join(places[:2])} of the table",
            fix="rename one of them in the file",
        )
    short = pd.Series(data=False, index=frame.index)
    for place in frame:
        if frame[place].hasnans:
            short |= frame[place].isna()
            frame[place] = frame[place].fillna("")
    filled = pd.Series(data=False, index=frame.index)
    for place in frame:
        if filled.all():
            break
        filled |= frame[place] != ""
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
    nameless = [place for place, name in zip(frame, names, strict=True) if not name]
    count = sum(bool((frame[place] != "").any()) for place in nameless)
    if count:
        notes.append(f"{counted(count, 'column')} without a name left out")
    if not filled.all():
        frame = frame.loc[filled]
    refuse_odd_rows(frame, names, file, first_row)
    frame.columns = pd.Index(names)
    return RawTable(frame.loc[:, named], file, first_row, notes=tuple(notes))


def column_of(
    raw: RawTable,
    name: str,
    *,
    setting: str,
    listed: bool = False,
    known: Collection[str] = (),
    taken: Collection[str] = (),
) -> pd.Series:
    """A column that must be there; `setting` is the key of survey.toml that names it.

    `listed`: whether that key holds a list of names; `known`: names that a header of this file
    would have; `taken`: those of columns that hold something else for sure. Raises `InputError`
    with what there is, as far as it is shown to be a header, and which key to change.
    """
    if name not in raw.frame:
        _refuse_header(raw, name, {*known, *taken})
        free = [each for each in raw.frame.columns if each not in taken]
        close = nearest(name, free)
        value = '"' + (close or "...").replace("\\", "\\\\").replace('"', '\\"') + '"'
        raise InputError(
            f"Can't find the column '{name}'.",
            file=raw.file,
            found="; ".join(raw.notes) or None,
            possible=by_likeness(name, free),
            fix=f"if it has another name: {setting} = {f'[{value}]' if listed else value} "
            "in survey.toml",
        )
    return raw.frame[name]


def has_header(raw: RawTable, known: Collection[str] = ()) -> bool:
    """Whether anything shows that the names of the columns are names, and not somebody's record.

    `known`: names that a header of this file would have.
    """
    # Where the question is the name itself, the reader only repeats the first row.
    asked = any(text != name for name, text in raw.questions.items())
    if sum(not is_made_up(str(name)) for name in raw.frame) < 2 < raw.frame.shape[1]:
        return False  # a program read what stands above the header
    told = bool(asked or raw.labels or raw.identifying)
    if raw.frame.shape[1] == 1:  # all names may stand in one cell: not divided
        words = re.split(r"[^\w.]+", str(raw.frame.columns[0]))
        told = told or len(set(known).intersection(words)) > 1
    first = raw.frame.iloc[:_LOOKED_AT, 0] if raw.frame.shape[1] else ()
    if not set(known).isdisjoint(map(plain_text, first)):
        return False  # rows and columns are exchanged, and the header may be everybody's keys
    return (
        told
        or any((raw.frame[name] != name).all() for name in known if name in raw.frame)
        or shown_as_header(raw.frame)
    )


def _refuse_header(raw: RawTable, name: str, known: Collection[str]) -> None:
    """Refuse a table whose header is a record, or whose header stands further below."""
    rows = raw.frame.head(20)
    cells = rows.to_numpy(dtype="object")
    below = [
        label for label, row in zip(rows.index, cells, strict=True) if name in map(plain_text, row)
    ]
    if below:
        raise InputError(
            f"The first row has no column '{name}', this one has: it seems to be the header.",
            file=raw.file,
            row=raw.row(below[0]),
            fix="delete the rows above it; if the names stand one below the other, exchange rows "
            "and columns",
        )
    # Where its names would be somebody's answers, or the people of a tie, none is listed.
    if not has_header(raw, {name, *known}) or holds_values(raw.frame.columns):
        alike = holds_values(raw.frame.columns) or any(
            (raw.frame[each] == each).any() for each in raw.frame
        )
        raise InputError(
            f"Can't find the column '{name}', and "
            + (
                "what stands in the header looks like a record."
                if alike
                else "nothing in the file shows that its first row is a header."
            ),
            file=raw.file,
            fix=ROW_OF_NAMES
            if alike
            else f"{ROW_OF_NAMES}; if it is there, write its names into "
            "survey.toml, letter by letter",
        )
