"""Exports for the readers' tests: real ones that stand beside the repository, and made-up ones."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from pathlib import Path

import pytest
from openpyxl import Workbook

from cultureplus.export_file import ExportFile
from cultureplus.raw_table import RawTable
from cultureplus.readers import read_export

OPEN_DATA = Path(__file__).parents[2].parent / "shared" / "data"


@pytest.fixture
def open_data() -> Callable[[str], Path]:
    """The path of a real export; the test is skipped where the open data are not here."""

    def path(name: str) -> Path:
        if not (OPEN_DATA / name).is_file():
            pytest.skip("the open export files are not here")
        return OPEN_DATA / name

    return path


@pytest.fixture
def read_rows(tmp_path: Path) -> Callable[..., RawTable]:
    """Rows written as a csv, tsv or xlsx and read back as a kind."""

    def read(
        rows: list[list[str]],
        kind: str,
        name: str = "export.csv",
        encoding: str = "utf-8",
        delimiter: str = ",",
    ) -> RawTable:
        path = tmp_path / name
        if path.suffix == ".xlsx":
            book = Workbook()
            for row in rows:
                book.active.append([cell or None for cell in row])
            book.save(path)
        else:
            mark = "\t" if path.suffix == ".tsv" else delimiter
            text = io.StringIO()
            csv.writer(text, delimiter=mark, quoting=csv.QUOTE_ALL).writerows(rows)
            path.write_bytes(text.getvalue().encode(encoding))
        said = encoding.removesuffix("-sig")
        return read_export(kind, ExportFile(path, encoding=said, delimiter=delimiter))

    return read
