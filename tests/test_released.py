"""The released tables: safe in a spreadsheet, the same in each file, the same bytes twice."""

from __future__ import annotations

import csv
import json
import zipfile

import openpyxl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cultureplus.errors import InputError
from cultureplus.released import key_numbers, quoted, unique_tables, write_tables

RISKY = [
    "=1+1",
    "+1",
    "-1",
    "@SUM(A1)",
    "\t=1",
    "\tplain",
    "\r=1",
    "\n=1",
    "  =1",
    "\u00a0=1",
    " \t-1",
    "=cmd|' /C calc'!A0",
]


def table(name="units", columns=("unit", "mean"), rows=(("Sales", 3.5),), *, key=False):
    return {
        "name": name, "caption": "", "key": key,
        "columns": list(columns), "rows": [list(row) for row in rows],
    }  # fmt: skip


def read_csv(path):
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.reader(file))


@pytest.mark.parametrize("text", RISKY)
def test_what_a_spreadsheet_would_run_is_quoted(text):
    assert quoted(text) == "'" + text


@pytest.mark.parametrize(
    "value", ["", "Sales", "a=b", "1+1", "'=1", -0.5, -3, 0, None, True, "(R)"]
)
def test_all_else_stays(value):
    assert quoted(value) is value


@given(st.text())
def test_no_text_is_left_that_begins_a_formula(text):
    safe = str(quoted(text))
    assert not safe.lstrip().startswith(("=", "+", "-", "@"))
    assert safe.endswith(text)


def test_risky_texts_are_quoted_in_both_files_and_no_cell_is_a_formula(tmp_path):
    risky = [text for text in RISKY if "\r" not in text]  # no published table holds it
    rows = [(text, -1.5) for text in risky]
    write_tables(tmp_path, {"units": table(columns=("=unit", "mean"), rows=rows)})
    expected = [["'=unit", "mean"], *[["'" + text, "-1.5"] for text in risky]]
    assert read_csv(tmp_path / "units.csv") == expected
    sheet = openpyxl.load_workbook(tmp_path / "tables.xlsx")["units"]
    assert {cell.data_type for row in sheet for cell in row} <= {"s", "n"}
    assert [cell.value for cell in sheet["A"]][:3] == ["'=unit", "'=1+1", "'+1"]
    assert [cell.value for cell in sheet["B"]][1:] == [-1.5] * len(risky)


def test_csv_and_workbook_hold_the_same(tmp_path):
    rows = [("Forschung & Entwicklung", 3.25, True, None), ('a "b", c', 4, False, "hidden (<5)")]
    tables = {
        "units": table(columns=("unit", "mean", "shown", "reason"), rows=rows),
        "empty": table("empty", rows=()),
    }
    write_tables(tmp_path, tables)
    book = openpyxl.load_workbook(tmp_path / "tables.xlsx")
    assert book.sheetnames == ["units", "empty"]
    for name in tables:
        own = [["" if value is None else str(value) for value in row] for row in book[name].values]
        assert own == read_csv(tmp_path / f"{name}.csv")
    assert [list(row) for row in book["units"].values][1:] == [list(row) for row in rows]


def test_signs_that_a_workbook_cannot_hold_do_not_stop_the_run(tmp_path):
    write_tables(tmp_path, {"units": table(rows=[("a\x07b\x0b", 1)])})
    assert openpyxl.load_workbook(tmp_path / "tables.xlsx")["units"]["A2"].value == "ab"


def test_long_names_get_sheets_of_their_own(tmp_path):
    names = ["a" * 31 + "b", "a" * 31 + "c"]
    write_tables(tmp_path, {name: table(name) for name in names})
    assert len(openpyxl.load_workbook(tmp_path / "tables.xlsx").sheetnames) == 2
    assert all((tmp_path / f"{name}.csv").exists() for name in names)


def test_nothing_published_is_a_workbook_all_the_same(tmp_path):
    write_tables(tmp_path / "new", {})
    assert openpyxl.load_workbook(tmp_path / "new" / "tables.xlsx").sheetnames == [
        "nothing published"
    ]


def test_the_same_tables_give_the_same_bytes_whatever_the_clock_says(tmp_path, monkeypatch):
    import time

    tables = {"units": table()}
    write_tables(tmp_path / "one", tables)
    now = time.time()
    monkeypatch.setattr(time, "time", lambda: now + 1e6)
    monkeypatch.setattr(time, "localtime", lambda *_: time.gmtime(now + 1e6))
    write_tables(tmp_path / "two", tables)
    for name in ("units.csv", "tables.xlsx"):
        assert (tmp_path / "one" / name).read_bytes() == (tmp_path / "two" / name).read_bytes()
    with zipfile.ZipFile(tmp_path / "one" / "tables.xlsx") as book:
        assert {entry.date_time for entry in book.infolist()} == {(1980, 1, 1, 0, 0, 0)}
        assert b"1980-01-01T00:00:00Z" in book.read("docProps/core.xml")


def test_one_table_published_twice_is_one_table():
    assert list(unique_tables([table("a"), table("b"), table("a")])) == ["a", "b"]


def test_two_tables_under_one_name_are_refused():
    with pytest.raises(InputError, match="'a'"):
        unique_tables([table("a"), table("a", rows=[("Sales", 3.6)])])


def test_key_numbers_are_the_marked_tables_by_column():
    tables = {
        "alphas": table("alphas", ("scale", "alpha"), [("trust", 0.8), ("é", None)], key=True),
        "units": table(),
    }
    assert json.loads(key_numbers(tables, {"wave": "2026Q3", "min_n": 5})) == {
        "wave": "2026Q3",
        "min_n": 5,
        "alphas": [{"scale": "trust", "alpha": 0.8}, {"scale": "é", "alpha": None}],
    }
