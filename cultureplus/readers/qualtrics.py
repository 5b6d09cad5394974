"""Qualtrics exports: three header rows (name, question, import id), then the records.

Previews are no answers and are left out; so is nothing else. The question texts, line breaks and
all, travel along.
"""

from __future__ import annotations

from pathlib import Path

from cultureplus.errors import InputError
from cultureplus.raw_table import RawTable, read_grid, under_header

_HEADER_ROWS = 3
_PREVIEW = {"1", "17", "Survey Preview", "Preview"}  # Status of records made while testing a survey


def read(path: Path, *, delimiter: str = ",") -> RawTable:
    """Read a Qualtrics csv, tsv or xlsx export, made with numbers or with choice texts.

    Raises `InputError` where the file is missing, empty, or has not the three header rows.
    """
    grid = read_grid(path, delimiter=delimiter)
    if len(grid) < _HEADER_ROWS or not grid.iloc[2].str.contains('"ImportId"', regex=False).any():
        raise InputError(
            "The third row of a Qualtrics export holds import ids; here it does not.",
            file=path.name,
            row=3,
            fix='export it again without changing rows, or kind = "plain" in survey.toml',
        )
    frame = under_header(grid, path.name, header_rows=_HEADER_ROWS)
    asked = {
        str(name).strip(): " ".join(str(text).split())
        for name, text in zip(grid.iloc[0], grid.iloc[1], strict=True)
    }
    notes: tuple[str, ...] = ()
    if "Status" in frame:
        previews = frame["Status"].isin(_PREVIEW)
        if previews.any():
            notes = (f"{int(previews.sum())} previews left out",)
            frame = frame.loc[~previews]
    if frame.empty:
        raise InputError("There are only previews in this file.", file=path.name)
    return RawTable(frame, path.name, _HEADER_ROWS + 1, asked, notes)
