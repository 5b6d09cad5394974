"""Text files in which nothing is odd, read many rows at a time.

Reading row by row finds the exact place of whatever is wrong, and takes ten times as long. So the
bytes are looked through first: where every quotation mark opens or closes a cell, no line end
stands alone and every row has as many cells as the first, dividing them is plain arithmetic, and
a library does it in parallel. Whatever else a file holds, it is left to `text_file`; both give the
same cells (`tests/test_text_file.py` holds them to it).
"""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

MOST_COLUMNS = 1 << 14  # as in a spreadsheet
_BLOCK = 1 << 23
_QUOTE, _RETURN, _NEWLINE = (ord(mark) for mark in '"\r\n')
_BOM = b"\xef\xbb\xbf"


def even_cells(path: Path, delimiter: str) -> pd.DataFrame | None:
    """Every cell of a UTF-8 text, as `laid_down` gives them; None where anything is odd.

    `path`: the file; `delimiter`: one ASCII letter. Numbers of rows and columns from 0.
    """
    import pyarrow as pa
    from pyarrow import csv as arrow_csv

    if path.stat().st_size == 0:
        return None
    data = np.memmap(path, dtype="uint8", mode="r")
    marks = _marks(data, delimiter)
    if marks is None:
        return None
    width = _width(path, delimiter)
    if not 0 < width <= MOST_COLUMNS:
        return None
    names = [f"f{place}" for place in range(width)]  # as the library numbers them
    try:
        table = arrow_csv.read_csv(
            path,
            read_options=arrow_csv.ReadOptions(autogenerate_column_names=True, block_size=_BLOCK),
            parse_options=arrow_csv.ParseOptions(
                delimiter=delimiter, ignore_empty_lines=False, newlines_in_values=marks["quotes"]
            ),
            convert_options=arrow_csv.ConvertOptions(
                column_types=dict.fromkeys(names, pa.large_string()), strings_can_be_null=False
            ),
        )
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError):  # a row of another length, no UTF-8 ...
        return None
    if table.column_names != names:
        return None
    frame: pd.DataFrame = table.to_pandas()
    if marks["quotes"] and marks["returns"]:
        frame = frame.apply(lambda cells: cells.str.replace("\r\n", "\n", regex=False))
    frame.columns = pd.RangeIndex(width)
    return frame


def _marks(data: Any, delimiter: str) -> dict[str, bool] | None:
    """Whether there are quotation marks and carriage returns; None where any stands oddly."""
    size = len(data)
    start = len(_BOM) if bytes(data[: len(_BOM)]) == _BOM else 0
    edge = np.zeros(256, dtype=bool)
    edge[[_QUOTE, _RETURN, _NEWLINE, ord(delimiter)]] = True
    quotes = 0
    returns = False
    for begin in range(start, size, _BLOCK):
        block = data[begin : begin + _BLOCK]
        if not block.all():  # a null sign
            return None
        found = np.flatnonzero(block == _RETURN) + begin
        if len(found):
            returns = True
            if found[-1] + 1 == size or (data[found + 1] != _NEWLINE).any():
                return None
        found = np.flatnonzero(block == _QUOTE) + begin
        # Of a doubled quotation mark the first closes and the second opens again.
        before = found[quotes % 2 :: 2] - 1
        after = found[1 - quotes % 2 :: 2] + 1
        quotes += len(found)
        before = before[1:] if len(before) and before[0] < start else before
        after = after[:-1] if len(after) and after[-1] == size else after
        if not (edge.take(data[before]).all() and edge.take(data[after]).all()):
            return None
    return None if quotes % 2 else {"quotes": quotes > 0, "returns": returns}


def _width(path: Path, delimiter: str) -> int:
    """How many cells the first row has; 0 where it holds nothing."""
    with path.open(encoding="utf-8-sig", errors="replace", newline=None) as stream:
        try:
            first = next(csv.reader(stream, delimiter=delimiter), [])
        except csv.Error:
            return 0
    return len(first) if any(cell.strip() for cell in first) else 0
