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
        frame = read_parquet(path)
        frame.columns = frame.columns.map(str)
        if frame.empty:
            raise InputError("There is no record in this file.", file=path.name)
        return RawTable(frame.reset_index(drop=True), path.name, first_row=1)
    grid = read_grid(path, delimiter=delimiter)
    if len(grid) > 2 and grid.iloc[2].str.contains('"ImportId"', regex=False).any():
        raise InputError(
            "This is a Qualtrics export, with three header rows.",
            file=path.name,
            row=3,
            fix='kind = "qualtrics" in survey.toml',
        )
    if grid.shape[1] == 1 and any(mark in str(grid.iloc[0, 0]) for mark in ";\t|"):
        raise InputError(
            f"There is only one column when cells are divided by '{delimiter}'.",
            file=path.name,
            fix='say what divides the cells: delimiter = ";" at the top of survey.toml',
        )
    return RawTable(under_header(grid, path.name, header_rows=1), path.name, first_row=2)
