"""Plain tables: one header row, one record a row, as csv, tsv or xlsx."""

from __future__ import annotations

from cultureplus.grid import Grid
from cultureplus.raw_table import RawTable, under_header


def marks(grid: Grid) -> str:
    """What shows that a file is of this kind: nothing does, any table may be plain."""
    return ""


def read(grid: Grid) -> RawTable:
    """Read a table with one header row.

    Raises `InputError` where two columns share a name or no record is there.
    """
    return under_header(grid, header_rows=1)
