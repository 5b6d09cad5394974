"""A grid: every cell of a file as text, before anybody says which rows are headers.

Rows come one by one from a text file or a workbook and are laid down column by column, some
thousands at a time, so that a file of a million rows fits into memory.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import islice, zip_longest
from typing import Any

import pandas as pd

from cultureplus.errors import InputError
from cultureplus.export_file import ExportFile

_AT_ONCE = 20_000
_TOP = 4
Cells = Sequence[str | None]


@dataclass(frozen=True, eq=False)
class Grid:
    """The cells of a file: `cells` has a column per column of the file, numbered from 0.

    The index is the row of the file less one, as a spreadsheet counts; blank rows above the first
    filled one are left out. Blank cells are empty texts; cells that a short row does not have are
    missing. `notes`: what had to be decided on the way.
    """

    export: ExportFile
    cells: pd.DataFrame
    notes: tuple[str, ...] = ()

    @property
    def file(self) -> str:
        """The name of the file."""
        return self.export.name

    def texts(self, place: int) -> list[str]:
        """The cells of the grid's row at this place, blank where there is none; [] past the end."""
        if place >= len(self.cells):
            return []
        if place >= _TOP:
            return [str(cell) for cell in self.cells.iloc[place].fillna("")]
        return self._top[place].copy()

    @cached_property
    def _top(self) -> list[list[str]]:
        """The first rows, which every reader looks at, many of them several times."""
        rows = self.cells.iloc[:_TOP].to_numpy(dtype="object", na_value="")
        return [list(map(str, row)) for row in rows]

    def row(self, place: int) -> int:
        """The row of the file that stands at this place of the grid."""
        return int(self.cells.index[place]) + 1


def laid_down(rows: Iterable[Cells]) -> pd.DataFrame | None:
    """Rows as columns of texts, from the first row on that holds anything; None if none does.

    >>> laid_down([["", ""], ["who", "tea"], ["P1", "4"], ["P2"]]).fillna("?").values.tolist()
    [['who', 'tea'], ['P1', '4'], ['P2', '?']]
    """
    import pyarrow as pa

    coming = iter(rows)
    start = 0
    for first in coming:
        if any(cell and cell.strip() for cell in first):
            break
        start += 1
    else:
        return None
    columns: list[list[Any]] = []
    count = 0
    part: list[Cells] = [first, *islice(coming, _AT_ONCE)]
    while part:
        for place, cells in enumerate(zip_longest(*part)):
            if place == len(columns):  # a row longer than any before it
                columns.append([pa.nulls(count, pa.large_string())] if count else [])
            columns[place].append(pa.array(cells, pa.large_string()))
        width = max(map(len, part))
        for column in columns[width:]:
            column.append(pa.nulls(len(part), pa.large_string()))
        count += len(part)
        part = list(islice(coming, _AT_ONCE))
    table = pa.table({str(place): pa.chunked_array(each) for place, each in enumerate(columns)})
    del columns
    frame: pd.DataFrame = table.to_pandas()
    frame.columns = pd.RangeIndex(frame.shape[1])
    frame.index = pd.RangeIndex(start, start + count)
    return frame


def filled(export: ExportFile, cells: pd.DataFrame | None, sentence: str, fix: str) -> Grid:
    """The cells as a grid. Raises `InputError` with this sentence where there are none."""
    if cells is None:
        raise InputError(sentence, file=export.name, fix=fix)
    return Grid(export, cells)
