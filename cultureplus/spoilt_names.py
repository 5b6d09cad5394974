"""Ids and names of units that a spreadsheet spoilt before the file was written.

A long id opened in a spreadsheet becomes 1.23E+15, and several people one; a lookup that finds
nothing leaves #N/A where a department stood. Taken as names they would be people and units.
"""

from __future__ import annotations

from collections.abc import Collection

import pandas as pd

from cultureplus.cell_looks import SPREADSHEET_ERROR, look_of
from cultureplus.errors import InputError, counted
from cultureplus.raw_table import RawTable
from cultureplus.text_columns import may_hold

_SHORTENED = r"\s*[+-]?[0-9](?:[.,][0-9]+)?[eE]\+[0-9]+\s*"


def refuse_spoilt(raw: RawTable, keys: Collection[str], units: Collection[str]) -> None:
    """Raise `InputError` where an id or a unit is an error of a spreadsheet, or an id shortened.

    `keys`, `units`: names of columns; one that the file has not is somebody else's complaint.
    """
    for name in [*keys, *units]:
        if name not in raw.frame:
            continue
        cells = raw.frame[name]
        marked = _with(cells, "#")
        errors = marked.loc[[_is_error(cell) for cell in marked]]
        if len(errors):
            raise InputError(
                f"{'An id' if name in keys else 'A unit'} is {SPREADSHEET_ERROR}.",
                file=raw.file,
                row=raw.row(errors.index[0]),
                column=name,
                found=counted(len(errors), "such cell"),
                fix="mend the formula or clear the cell, and save the file again",
            )
        if name not in keys:
            continue
        likely = _with(cells, "+")
        short = likely.loc[likely.str.fullmatch(_SHORTENED)]
        if len(short):
            raise InputError(
                "A spreadsheet has shortened this id, so people can't be told apart.",
                file=raw.file,
                row=raw.row(short.index[0]),
                column=name,
                found=counted(len(short), "such cell"),
                fix="export again and do not save the file from a spreadsheet, or give the column "
                "the format 'text' there before the file is loaded",
            )


def _with(cells: pd.Series, sign: str) -> pd.Series:
    """The cells in which a sign stands."""
    if not may_hold(cells, sign):
        return cells.iloc[:0]
    return cells.loc[cells.str.contains(sign, regex=False)]


def _is_error(cell: str) -> bool:
    look = look_of(cell)
    return look is not None and look[0] == SPREADSHEET_ERROR
