"""Parquet and SPSS files as programs and people leave them: file -> how its bytes are made."""

from __future__ import annotations

import io
import tempfile
from collections.abc import Callable
from datetime import datetime
from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pyreadstat
from pandas import DataFrame
from pyarrow import feather, parquet

from tests.bad_inputs.parts import ROWS

COLUMNS = {name: [row[place] for row in ROWS[1:]] for place, name in enumerate(ROWS[0])}


def table(**columns: object) -> pa.Table:
    """The answers, some columns otherwise; None leaves one out."""
    whole = COLUMNS | columns
    return pa.table({name: cells for name, cells in whole.items() if cells is not None})


def written(content: pa.Table, **options: object) -> bytes:
    stream = io.BytesIO()
    parquet.write_table(content, stream, **options)
    return stream.getvalue()


def named_alike() -> bytes:
    whole = table()
    return written(whole.rename_columns(["who", "team", "tea_1", "tea_1", "tea_3", "note"]))


def arrow() -> bytes:
    stream = io.BytesIO()
    feather.write_feather(table(), stream, compression="uncompressed")
    return stream.getvalue()


def damaged(data: bytes, at: int, value: bytes) -> bytes:
    return data[:at] + value + data[at + len(value) :]


def sav(name: str = "answers.sav", **options: object) -> bytes:
    """The answers as SPSS writes them; its time of making is taken out."""
    frame = DataFrame(
        {column: ["" if v is None else v for v in c] for column, c in COLUMNS.items()}
    )
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / name
        pyreadstat.write_sav(frame, path, **options)
        data = path.read_bytes()
    # 9 letters of the date and 8 of the time stand behind the number that marks the bias.
    return damaged(data, 92, b"01 Jan 26" + b"00:00:00")


_FRACTIONS = [float("nan"), 2.0, 1.0, 5.0]

SMALL: dict[str, Callable[[], bytes]] = {
    "fine.parquet": lambda: written(table()),
    "floats.parquet": lambda: written(table(tea_1=[4.0, 2.0, 1.0, 5.0])),
    "not_a_number.parquet": lambda: written(table(tea_1=_FRACTIONS)),
    "infinite.parquet": lambda: written(table(tea_1=[float("inf"), 2.0, 1.0, 5.0])),
    "true.parquet": lambda: written(table(tea_1=[True, False, True, True])),
    "decimals.parquet": lambda: written(table(tea_1=[Decimal("4.0"), Decimal("2.00"), None, None])),
    "moments.parquet": lambda: written(table(tea_1=[datetime(2026, 1, 2)] * 4)),
    "bytes.parquet": lambda: written(table(team=[b"Red", b"canary\xff", b"Blue", b"Red"])),
    "no_such_zone.parquet": lambda: written(table(at=pa.array([1] * 4, pa.timestamp("us", "Tea")))),
    "some_bytes.parquet": lambda: written(table(note=[b"fine", b"", b"canary", None])),
    "lists.parquet": lambda: written(table(tea_1=[[4], [77], [1], None])),
    "records.parquet": lambda: written(table(tea_1=[{"canary": 77}] * 4)),
    "categories.parquet": lambda: written(
        table(team=pa.array(COLUMNS["team"]).dictionary_encode())
    ),
    "nothing_known.parquet": lambda: written(table(tea_1=pa.nulls(4))),
    "large_numbers.parquet": lambda: written(table(who=[2**53 + 1, 2**53 + 2, 2**53 + 3, 5])),
    "letters_as_bytes.parquet": lambda: written(table(team=[b"Red", b"Blue", b"Blue", b"Red"])),
    "named_alike.parquet": named_alike,
    "no_rows.parquet": lambda: written(table().slice(0, 0)),
    "no_columns.parquet": lambda: written(pa.table({})),
    "cut.parquet": lambda: written(table())[:-60],
    "spoilt_middle.parquet": lambda: damaged(written(table(), compression="none"), 4, b"\xff" * 90),
    "spoilt_end.parquet": lambda: damaged(
        written(table()), len(written(table())) - 300, b"\0" * 90
    ),
    "encrypted.parquet": lambda: b"PARE" + written(table())[4:-4] + b"PARE",
    "arrow.parquet": arrow,
    "book.parquet": lambda: b"PK\x03\x04canary",
    "sav.parquet": sav,
    "parquet.csv": lambda: written(table()),
    "sav.csv": sav,
    "fine.sav": sav,
    "cut.sav": lambda: sav()[:-40],
    "head_only.sav": lambda: sav()[:176],
    "text.sav": lambda: b"who,team,tea_1\nP1,Red,4\n",
    "empty.sav": lambda: b"",
    "parquet.sav": lambda: written(table()),
    "columns_lied.sav": lambda: damaged(sav(), 68, b"\xff\xff\xff\x7f"),
    "rows_lied.sav": lambda: damaged(sav(), 80, b"\xff\xff\xff\x7f"),
    "rows_fewer.sav": lambda: damaged(sav(), 80, b"\x02\0\0\0"),
    "layout_lied.sav": lambda: damaged(sav(), 64, b"\x63\0\0\0"),
    "packing_lied.sav": lambda: damaged(sav(), 72, b"\x09\0\0\0"),
    "labels.sav": lambda: sav(
        variable_value_labels={"tea_1": {1: "Strongly disagree", 5: "Strongly agree"}}
    ),
}
