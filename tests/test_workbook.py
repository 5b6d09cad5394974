"""Workbooks: within limits, formulas with their values, and nothing that is only declared."""

from __future__ import annotations

import re
import zipfile
from datetime import date, datetime
from pathlib import Path

import pytest
from openpyxl import Workbook

from cultureplus import workbook
from cultureplus.errors import InputError
from cultureplus.export_file import ExportFile
from cultureplus.workbook import book_grid


def written(folder: Path, cells: dict[str, object], **sheets: dict[str, object]) -> Path:
    """A workbook whose first sheet has these cells, with further sheets."""
    book = Workbook()
    for place, value in cells.items():
        book.active[place] = value
    for name, more in sheets.items():
        sheet = book.create_sheet(name)
        for place, value in more.items():
            sheet[place] = value
    path = folder / "book.xlsx"
    book.save(path)
    return path


def rewritten(path: Path, part: str, pattern: str, new: str) -> Path:
    """The same archive with one place of one part changed."""
    with zipfile.ZipFile(path) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    text, count = re.subn(pattern, new, parts[part].decode(), count=1)
    assert count == 1
    parts[part] = text.encode()
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in parts.items():
            archive.writestr(name, data)
    return path


def complaint(path: Path) -> str:
    with pytest.raises(InputError) as caught:
        book_grid(ExportFile(path))
    return str(caught.value)


TABLE = {"A1": "who", "B1": "tea", "A2": "P1", "B2": 4}
SHEET = "xl/worksheets/sheet1.xml"


def test_cells_are_texts_as_in_a_csv(tmp_path):
    grid = book_grid(ExportFile(written(tmp_path, TABLE | {"B3": 4.5, "A3": True, "A5": "P4"})))
    wanted = [["who", "tea"], ["P1", "4"], ["True", "4.5"], ["", ""], ["P4", ""]]
    assert grid.cells.to_numpy().tolist() == wanted
    assert grid.notes == ()


def test_other_sheets_with_something_in_them_are_told_of(tmp_path):
    grid = book_grid(ExportFile(written(tmp_path, TABLE, notes={"A1": "x"}, empty={})))
    assert grid.notes == ("only the first of its sheets was read, not 1 other",)


def test_a_cell_far_below_the_table_is_not_left_out_in_silence(tmp_path):
    said = complaint(written(tmp_path, TABLE | {"C900000": "canary"}))
    assert said.startswith("book.xlsx, row 900000: A cell stands far below the table.")
    assert "canary" not in said


def test_a_formula_is_the_value_saved_with_it(tmp_path):
    path = written(tmp_path, TABLE | {"B3": "=B2+1"})
    assert complaint(path).startswith("book.xlsx, row 3, column 'B': A formula has no value here")
    rewritten(path, SHEET, r"<f>B2\+1</f><v ?/>|<f>B2\+1</f><v></v>", "<f>B2+1</f><v>5</v>")
    assert book_grid(ExportFile(path)).cells.iloc[2].tolist() == ["", "5"]


@pytest.mark.parametrize("place", ["A2", "B2", "B3", "C3", "B4", "C4", "D4"])
def test_a_formula_without_a_value_is_refused_wherever_it_stands(tmp_path, place):
    table = {"A1": "who", "B1": "tea", "C1": "milk", "A2": "P1", "B2": 4, "C2": 2, "A3": "P2"}
    path = written(tmp_path, table | {"A4": "P3", "B4": 3} | {place: "=1+1"})
    said = complaint(path)
    assert said.startswith(
        f"book.xlsx, row {place[1]}, column '{place[0]}': A formula has no value"
    )


@pytest.mark.parametrize("value", ["<v></v>", "<v/>", ""])
def test_a_formula_that_gives_an_empty_text_is_a_blank_cell(tmp_path, value):
    path = written(tmp_path, TABLE | {"A3": "P2", "B3": "=B2+1", "C3": "x"})
    new = f'<c r="B3" t="str"><f>IFERROR(B9,"")</f>{value}</c>'
    rewritten(path, SHEET, r'<c r="B3"[^>]*>.*?</c>', new)
    assert book_grid(ExportFile(path)).cells.iloc[2].tolist() == ["P2", "", "x"]


def test_a_style_that_is_not_there_prints_nothing(tmp_path, capsys):
    path = written(tmp_path, TABLE)
    rewritten(path, "xl/styles.xml", r'(<cellStyle [^>]*xfId=)"0"', r'\1"253"')
    complaint(path)
    assert capsys.readouterr() == ("", "")


def test_document_types_are_refused(tmp_path):
    path = rewritten(written(tmp_path, TABLE), SHEET, "^", '<!DOCTYPE x [<!ENTITY a "b">]>')
    assert "declares document types" in complaint(path)


@pytest.mark.parametrize(("limit", "what"), [
    ("_MOST_UNPACKED", "bytes when unpacked"), ("_MOST_PARTS", "parts"), ("_MOST_CELLS", "cells"),
    ("_MOST_SHARED", "bytes of text"),
])  # fmt: skip
def test_what_unfolds_too_far_is_refused(tmp_path, monkeypatch, limit, what):
    path = written(tmp_path, TABLE)
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr("xl/sharedStrings.xml", "<sst><si><t>more than three</t></si></sst>")
    book_grid(ExportFile(path))
    monkeypatch.setattr(workbook, limit, 3)
    assert f"too many {what}" in complaint(path)


def test_an_old_workbook_or_one_with_a_password_is_named_so(tmp_path):
    path = tmp_path / "book.xlsx"
    path.write_bytes(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600)
    assert "old workbook (.xls) or one with a password" in complaint(path)


def test_a_day_is_read_without_a_time(tmp_path):
    cells = {"A1": "wave", "A2": date(2026, 3, 1), "A3": datetime(2026, 3, 1, 9, 14)}
    grid = book_grid(ExportFile(written(tmp_path, cells)))
    assert [grid.texts(row)[0] for row in range(3)] == ["wave", "2026-03-01", "2026-03-01 09:14:00"]
