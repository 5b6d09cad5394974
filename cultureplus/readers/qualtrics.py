"""Qualtrics exports: three header rows (name, question, import id), then the records.

Previews and test answers are no answers and are left out; so is nothing else. The question texts,
line breaks and all, travel along.
"""

from __future__ import annotations

from dataclasses import replace

from cultureplus.errors import InputError
from cultureplus.grid import Grid
from cultureplus.raw_table import RawTable, under_header
from cultureplus.spelling import plain_text

_HEADER_ROWS = 3
# Status of records made while testing a survey (2 by the programme itself, 9 taken for spam).
_PREVIEW = {"1", "2", "9", "17", "Survey Preview", "Survey Test", "Preview"}


def marks(grid: Grid) -> str:
    """What shows that a file is of this kind, or ''."""
    if any('"ImportId"' in cell for cell in grid.texts(_HEADER_ROWS - 1)):
        return "its third row holds import ids"
    return ""


def read(grid: Grid) -> RawTable:
    """Read a Qualtrics csv, tsv or xlsx export, made with numbers or with choice texts.

    Raises `InputError` where the file has not the three header rows.
    """
    if not marks(grid):
        raise InputError(
            "The third row of a Qualtrics export holds import ids; here it does not.",
            file=grid.file,
            row=grid.row(0) + _HEADER_ROWS - 1,
            fix='export it again without changing rows, or kind = "plain" in survey.toml',
        )
    raw = under_header(grid, header_rows=_HEADER_ROWS)
    asked = {
        plain_text(name): " ".join(text.split())
        for name, text in zip(grid.texts(0), grid.texts(1), strict=True)
    }
    frame, left_out = raw.frame, {}
    if "Status" in frame:
        previews = frame["Status"].isin(_PREVIEW)
        if previews.any():
            left_out = {"previews and test answers left out": int(previews.sum())}
            frame = frame.loc[~previews]
    if frame.empty:
        raise InputError(
            "There are only previews and test answers in this file.",
            file=grid.file,
            fix="export again once people have answered",
        )
    return replace(raw, frame=frame, questions=asked, left_out=left_out)
