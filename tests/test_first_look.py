"""The first look at a file finds how it is written, and what it finds reads the file."""

from __future__ import annotations

import csv
import io

import hypothesis.strategies as st
import pytest
from hypothesis import given, settings

from cultureplus.errors import InputError
from cultureplus.export_file import DELIMITERS
from cultureplus.proposing.first_look import first_look

ROWS = 'who{0}team{0}note\nP1{0}Br\u00e9al{0}"a, b; c"\nP2{0}Red{0}\nP3{0}Red{0}"two\nlines"\n'

# case: (name, bytes, what is found)
WRITTEN = {
    "commas": ("a.csv", ROWS.format(",").encode(), (",", "utf-8", ".")),
    "semicolons": ("a.csv", ROWS.format(";").encode(), (";", "utf-8", ".")),
    "tabs": ("a.txt", ROWS.format("\t").encode(), ("\t", "utf-8", ".")),
    "strokes": ("a.csv", ROWS.format("|").encode(), ("|", "utf-8", ".")),
    "a tsv file": ("a.tsv", ROWS.format("\t").encode(), (",", "utf-8", ".")),
    "with a mark": ("a.csv", b"\xef\xbb\xbf" + ROWS.format(";").encode(), (";", "utf-8", ".")),
    "utf-16": ("a.csv", ROWS.format("\t").encode("utf-16"), ("\t", "utf-16", ".")),
    "cp1252": ("a.csv", ROWS.format(";").encode("cp1252"), (";", "cp1252", ".")),
    "decimal commas": ("a.csv", b"who;years\nP1;1,5\nP2;2\nP3;0,25\n", (";", "utf-8", ",")),
    "commas in texts only": (
        "a.csv", b"who;text\nP1;1,5 or so\nP2;yes, 2,5\n", (";", "utf-8", ".")),
    "points and commas": (
        "a.csv", b"who;a;b\nP1;1,5;1.5\nP2;2,5;2.5\n", (";", "utf-8", ".")),
    "commas within, semicolons between": (
        "a.csv", b"who;text\nP1;a, b, c\nP2;d, e\n", (";", "utf-8", ".")),
    "another mark in the cells only": (
        "a.csv", b"who,text\nP1,a;b\nP2,c;d\nP3,e;f\n", (",", "utf-8", ".")),
    "one column": ("a.csv", b"who\nP1\nP2\n", (",", "utf-8", ".")),
}  # fmt: skip


@pytest.mark.parametrize("case", WRITTEN)
def test_how_a_file_is_written(tmp_path, case):
    name, content, expected = WRITTEN[case]
    (tmp_path / name).write_bytes(content)
    look = first_look(tmp_path / name)
    export = look.export
    assert (export.delimiter, export.encoding, export.decimal) == expected
    assert look.raw.frame.columns[0] == "who"
    assert (look.kind, look.evidence) == ("plain", "")
    plainest = {"delimiter": ",", "encoding": "utf-8", "decimal": "."}
    assert set(look.guessed) == {k for k, v in plainest.items() if getattr(export, k) != v}


CELL = st.text(st.sampled_from("ab ,;|\u00e9\"'\n-"), max_size=6).map(str.strip)


@settings(max_examples=15, deadline=None)
@given(
    st.sampled_from(list(DELIMITERS)),
    st.lists(st.tuples(CELL, CELL, CELL), min_size=2, max_size=6),
)
def test_the_delimiter_of_a_table_that_a_tool_wrote(tmp_path_factory, mark, rows):
    stream = io.StringIO()
    writer = csv.writer(stream, delimiter=mark)
    writer.writerow(["who", "x", "y", "z"])
    writer.writerows([f"P{place}", *cells] for place, cells in enumerate(rows))
    path = tmp_path_factory.mktemp("written") / "a.csv"
    path.write_text(stream.getvalue(), encoding="utf-8", newline="")
    look = first_look(path)
    assert look.export.delimiter == mark
    assert list(look.raw.frame.columns) == ["who", "x", "y", "z"]


@pytest.mark.parametrize("first", ["sep=;", "SEP=;", '"sep=;"'])
def test_a_first_row_may_say_what_divides_the_cells(tmp_path, first):
    (tmp_path / "a.csv").write_text(f"{first}\r\nwho;x,y\r\nP1;1,5\r\nP2;2,0\r\n", encoding="utf-8")
    look = first_look(tmp_path / "a.csv")
    assert (look.export.delimiter, look.guessed["delimiter"]) == (";", "its first row says so")
    assert list(look.raw.frame.columns) == ["who", "x,y"]


def test_the_kind_comes_with_what_shows_it(tmp_path):
    ids = '"{""ImportId"":""a""}","{""ImportId"":""b""}"\n'
    (tmp_path / "q.csv").write_text(f"ps_1,b\nHow?,What?\n{ids}1,x\n", encoding="utf-8")
    look = first_look(tmp_path / "q.csv")
    assert (look.kind, look.evidence) == ("qualtrics", "its third row holds import ids")


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [
        ("a.xls", b"x", "Files of this kind are not read"),
        ("a.csv", b"", "This file is empty"),
        ("a.csv", b"who,team\n", "only a header"),
        ("a.xlsx", b"who", "This is not a workbook"),
        ("a.csv", b"PK\x03\x04canary", "a workbook or an archive"),
        ("a.csv", bytes(range(256)) * 8, "not text"),
    ],
)
def test_what_cannot_be_read_is_refused_as_ever(tmp_path, name, content, says):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(InputError, match=says) as found:
        first_look(tmp_path / name)
    assert "canary" not in str(found.value)
