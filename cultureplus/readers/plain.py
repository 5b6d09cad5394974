"""Plain tables: one header row, one record a row, as csv, tsv, xlsx or parquet."""

from __future__ import annotations

from pathlib import Path

from cultureplus.errors import InputError
from cultureplus.raw_table import RawTable, is_parquet, read_grid, read_parquet, under_header


def read(path: Path, *, delimiter: str = ",") -> RawTable:
    """Read a table with one header row.

    Raises `InputError` where the file is missing, empty, no table, or evidently of another kind.
    """
    if is_parquet(path):
        return read_parquet(path)
    grid = read_grid(path, delimiter=delimiter)
    if len(grid) > 2 and grid.iloc[2].str.contains('"ImportId"', regex=False).any():
        raise InputError(
            "This is a Qualtrics export, with three header rows.",
            file=path.name,
            row=int(grid.index[2]) + 1,
            fix='kind = "qualtrics" in survey.toml',
        )
    return under_header(grid, path.name, header_rows=1)
