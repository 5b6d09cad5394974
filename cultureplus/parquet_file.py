"""Parquet: a table with named columns, as texts as they would stand in a csv."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pandas as pd

from cultureplus.errors import InputError
from cultureplus.export_file import ExportFile
from cultureplus.raw_table import RawTable, records
from cultureplus.spelling import plain_text
from cultureplus.workbook import as_text

_PARQUET = b"PAR1"


def read_parquet(export: ExportFile) -> RawTable:
    """A parquet file as a raw table; its records count from row 1.

    Raises `InputError` where the file is no parquet.
    """
    import pyarrow as pa
    from pyarrow import parquet

    if export.beginning(len(_PARQUET)) != _PARQUET:
        export.refuse_evident("a parquet file")
    try:
        table = parquet.ParquetFile(export.path).read()
        # pandas keeps a named index apart; here it is a column, and an unnamed one is nothing.
        table = table.replace_schema_metadata(None).select(
            [place for place, name in enumerate(table.column_names) if not _unnamed(name)]
        )
    except Exception:  # a broken file breaks in more ways than its library has errors for
        begun = export.beginning(len(_PARQUET)) == _PARQUET
        damaged = " that can be read: it is damaged, or its end is lacking" if begun else ""
        raise InputError(
            f"This is not a parquet file{damaged}.", file=export.name, fix="write it again"
        ) from None
    names = [plain_text(name) for name in table.column_names]
    with ThreadPoolExecutor() as pool:
        parts = [pool.submit(_texts, column) for column in table.columns]
    texts = {}
    for place, (name, column, part) in enumerate(zip(names, table.columns, parts, strict=True)):
        try:
            texts[place] = part.result()
        except (ValueError, OverflowError):  # as Arrow's own errors are
            timed = pa.types.is_temporal(column.type)
            what = "times of no known zone or year" if timed else "bytes that are no letters"
            raise InputError(
                f"This column holds {what}.",
                file=export.name,
                column=name,
                fix="write it again as text, or leave this column out",
            ) from None
    frame = pd.DataFrame(texts, index=pd.RangeIndex(table.num_rows))
    return records(frame, names, export.name, first_row=1)


def _unnamed(name: str) -> bool:
    return name.startswith("__index_level_") and name.endswith("__")


def _holds_bytes(kind: Any) -> bool:
    from pyarrow.types import is_binary, is_binary_view, is_fixed_size_binary, is_large_binary

    every = (is_binary, is_large_binary, is_fixed_size_binary, is_binary_view)
    return any(is_kind(kind) for is_kind in every)


def _texts(column: Any) -> pd.Series:
    """Cells as texts; of what is no text, each different value is looked at once."""
    import pyarrow as pa

    if pa.types.is_dictionary(column.type):
        column = column.cast(column.type.value_type)
    if _holds_bytes(column.type):
        texts = [None if cell is None else cell.decode() for cell in column.to_pylist()]
        column = pa.chunked_array([texts], pa.large_string())
    if pa.types.is_string(column.type) or pa.types.is_large_string(column.type):
        column.validate(full=True)
        return column.fill_null("").to_pandas()
    try:
        encoded = column.combine_chunks().dictionary_encode(null_encoding="encode")
        if isinstance(encoded, pa.ChunkedArray):
            encoded = encoded.combine_chunks()
        distinct = [as_text(value) for value in encoded.dictionary.to_pylist()]
        texts = pa.array(distinct, pa.large_string()).take(encoded.indices)
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError):  # lists and the like have no dictionary
        texts = pa.array([as_text(value) for value in column.to_pylist()], pa.large_string())
    found: pd.Series = pa.chunked_array([texts]).to_pandas()
    return found
