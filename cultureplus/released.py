"""The released tables of a run: one csv each, one workbook of all, and the key numbers.

All come from what the notebooks published. Texts that a spreadsheet would run as a formula are
quoted; the workbook carries no date, so the same tables give the same bytes.
"""

from __future__ import annotations

import csv
import io
import json
import re
import zipfile
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from cultureplus.errors import InputError

_RISKY = ("=", "+", "-", "@", "\t", "\r", "\n")
_EPOCH = (1980, 1, 1, 0, 0, 0)  # the earliest date that a zip file knows
_SHEET = 31  # the longest name of a sheet


def quoted(value: Any) -> Any:
    """A cell that no spreadsheet runs: risky texts get an apostrophe in front.

    >>> quoted("=1+1"), quoted("Sales"), quoted(-0.5)
    ("'=1+1", 'Sales', -0.5)
    """
    if isinstance(value, str) and (value.startswith(_RISKY) or value.lstrip().startswith(_RISKY)):
        return "'" + value
    return value


def unique_tables(tables: Sequence[Mapping[str, Any]]) -> dict[str, Mapping[str, Any]]:
    """The tables by name; two notebooks may not publish different tables under one name."""
    found: dict[str, Mapping[str, Any]] = {}
    for table in tables:
        if found.setdefault(table["name"], table) != table:
            raise InputError(
                f"Two different tables are published as '{table['name']}'.",
                fix="give one of them another name in its notebook",
            )
    return found


def write_tables(folder: Path, tables: Mapping[str, Mapping[str, Any]]) -> None:
    """Write each table as csv (UTF-8 with a mark that spreadsheets know) and all as tables.xlsx."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, table in tables.items():
        with (folder / f"{name}.csv").open("w", encoding="utf-8-sig", newline="") as file:
            writer = csv.writer(file, lineterminator="\n")
            writer.writerow([quoted(column) for column in table["columns"]])
            writer.writerows([quoted(value) for value in row] for row in table["rows"])
    (folder / "tables.xlsx").write_bytes(_workbook(tables))


def _workbook(tables: Mapping[str, Mapping[str, Any]]) -> bytes:
    from openpyxl import Workbook
    from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE
    from openpyxl.styles import Font
    from openpyxl.utils import get_column_letter

    book = Workbook()
    book.remove(book.active)
    for name, table in tables.items():
        sheet = book.create_sheet(_sheet_name(name, book.sheetnames))
        sheet.append([quoted(column) for column in table["columns"]])
        for row in table["rows"]:
            sheet.append(
                [
                    ILLEGAL_CHARACTERS_RE.sub("", text) if isinstance(text, str) else text
                    for text in map(quoted, row)
                ]
            )
        for cell in sheet[1]:
            cell.font = Font(bold=True)
        sheet.freeze_panes = "A2"
        for place, column in enumerate(table["columns"], start=1):
            texts = [str(column), *(str(row[place - 1]) for row in table["rows"][:200])]
            width = min(50, max(map(len, texts)) + 2)
            sheet.column_dimensions[get_column_letter(place)].width = width
    if not book.worksheets:
        book.create_sheet("nothing published")
    book.properties.created = book.properties.modified = datetime(*_EPOCH)
    raw = io.BytesIO()
    book.save(raw)
    return without_clock(raw.getvalue())


def _sheet_name(name: str, taken: Sequence[str]) -> str:
    """A table's name cut to what a sheet may have, with a number where two are cut to the same."""
    found, count = name[:_SHEET], 1
    while found in taken:
        count += 1
        found = f"{name[: _SHEET - 4]}_{count}"
    return found


def without_clock(raw: bytes) -> bytes:
    """The same workbook with every date in it, and in its zip entries, set to one day."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(raw)) as old, zipfile.ZipFile(out, "w") as new:
        for name in old.namelist():
            content = old.read(name)
            if name == "docProps/core.xml":
                content = re.sub(
                    rb"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", b"1980-01-01T00:00:00Z", content
                )
            entry = zipfile.ZipInfo(name, _EPOCH)
            entry.compress_type = zipfile.ZIP_DEFLATED
            new.writestr(entry, content)
    return out.getvalue()


def key_numbers(tables: Mapping[str, Mapping[str, Any]], parameters: Mapping[str, Any]) -> str:
    """The tables marked as key numbers, as JSON: parameters, then per table its rows by column."""
    content = dict(parameters) | {
        name: [dict(zip(table["columns"], row, strict=True)) for row in table["rows"]]
        for name, table in tables.items()
        if table["key"]
    }
    return json.dumps(content, indent=2, ensure_ascii=False) + "\n"
