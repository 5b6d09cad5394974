"""Delimited text: two ways through one file give the same cells, and odd files are refused."""

from __future__ import annotations

import csv
import io

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from cultureplus import even_text
from cultureplus.errors import InputError
from cultureplus.even_text import even_cells
from cultureplus.export_file import ENCODINGS, ExportFile
from cultureplus.grid import laid_down
from cultureplus.text_file import text_grid

QUICK = settings(
    max_examples=400, deadline=None, derandomize=True, database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)  # fmt: skip
PIECES = ["a", "b", "1", "é", "🍵", '"', '""', ",", ";", "\n", "\r\n", "\r", " ", "\t", "\ufeff"]


def row_by_row(data: bytes, delimiter: str = ",") -> pd.DataFrame | None:
    """The cells as Python's own strict reader divides them; None where it can't."""
    text = data.decode("utf-8-sig").replace("\r\n", "\n").replace("\r", "\n")
    try:
        return laid_down(list(csv.reader(io.StringIO(text), delimiter=delimiter, strict=True)))
    except csv.Error:
        return None


@QUICK
@given(st.lists(st.sampled_from(PIECES), max_size=14).map("".join))
@example('a,"b\r\nc"\r\n1,2\r\n')
@example('a,b\n"1"x,2\n')
@example('a,b\nx"1",2\n')
@example('a,b\n"1,2\n')
@example("a,b\n\n1,2\n")
@example("a,b\n1\n")
@example('"a","b"\n"say ""so""",""\n')
def test_a_file_read_in_blocks_has_the_cells_of_one_read_row_by_row(tmp_path, text):
    path = tmp_path / "text.csv"
    path.write_bytes(text.encode())
    found = even_cells(path, ",")
    if found is None:
        return
    wanted = row_by_row(text.encode())
    assert wanted is not None
    assert found.shape == wanted.shape
    assert found.index.equals(wanted.index)
    lines = wanted.isna().all(axis=1)  # a line with nothing in it is a blank row either way
    wanted.loc[lines] = ""
    assert found.fillna("?").to_numpy().tolist() == wanted.fillna("?").to_numpy().tolist()


@pytest.mark.parametrize("text", [
    "a,b\n1,2\n", '"a","b"\r\n"1","x, y"\r\n', 'a,b\n"two\nlines",2\n', "\ufeffa,b\n1,\n",
])  # fmt: skip
def test_ordinary_files_are_read_in_blocks(tmp_path, text):
    path = tmp_path / "text.csv"
    path.write_bytes(text.encode())
    assert even_cells(path, ",") is not None


@pytest.mark.parametrize("size", [3, 7, 64])
def test_blocks_may_end_anywhere(tmp_path, monkeypatch, size):
    text = 'a,"b ""c"" d"\r\n"1","2"\r\n' * 20
    path = tmp_path / "text.csv"
    path.write_text(text, newline="")
    monkeypatch.setattr(even_text, "_BLOCK", size)
    data = np.memmap(path, dtype="uint8", mode="r")
    assert even_text._marks(data, ",") == {"quotes": True, "returns": True}


SPOKEN = {
    "utf-16": "wer,tee\nGrüße,4\n", "cp1250": "kto,herbata\nŁódź,4\n",
    "cp1251": "кто,чай\nСкажем,4\n", "cp1252": "wer,tee\nGrüße “so”,4\n", "cp1253": "ποιος\n",
    "shift_jis": "誰,お茶\n営業,4\n", "gb18030": "谁,茶\n销售,4\n", "big5": "誰,茶\n業務,4\n",
    "euc-kr": "누구,차\n영업,4\n", "mac-roman": "wer,tee\nGrüße,4\n",
    "iso-8859-15": "wer,tee\n10 €,4\n",
}  # fmt: skip


@pytest.mark.parametrize("encoding", SPOKEN)
def test_an_encoding_that_is_declared_is_read(tmp_path, encoding):
    assert encoding in ENCODINGS
    path = tmp_path / "text.csv"
    path.write_bytes(SPOKEN[encoding].encode(encoding))
    grid = text_grid(ExportFile(path, encoding=encoding))
    rows = list(csv.reader(io.StringIO(SPOKEN[encoding])))
    assert grid.cells.to_numpy().tolist() == rows


# what stands in the file, what is declared, what the error must say
WRONG = {
    "cp1252 as utf-8": ("wer\nGrüße\n".encode("cp1252"), "utf-8", ["line 2", "UTF-8 text"]),
    "utf-8 as cp1252": ("wer\nGrüße\n".encode(), "cp1252", ['encoding = "utf-8"']),
    "utf-8 with its mark as cp1252": (b"\xef\xbb\xbfwho\n", "cp1252", ['encoding = "utf-8"']),
    "utf-16 as cp1252": ("who\n".encode("utf-16"), "cp1252", ['encoding = "utf-16"']),
    "utf-8 as utf-16": (b"who\nP1\n", "utf-16",
                        ["not UTF-16 text", "as a workbook", 'encoding = "utf-8"']),
    "letters that cp1252 has not": (b"who\n\x81\x8d\n", "cp1252",
                                    ["line 2", "not cp1252 text", 'encoding = "..."']),
    "cp1252 as iso-8859-1": ("wer\n“so”\n".encode("cp1252"), "iso-8859-1",
                             ["not iso-8859-1 text", 'encoding = "cp1252"']),
    "cp1252 as iso-8859-15": ("wer\nit’s\n".encode("cp1252"), "iso-8859-15", ['"cp1252"']),
    "cp1250 as iso-8859-2": ("kto\nżółć ”tak”\n".encode("cp1250"), "iso-8859-2", ['"cp1250"']),
    "a null sign": (b"who\n\0\n", "cp1252", ["not text"]),
    "an old workbook": (b"\xd0\xcf\x11\xe0" + b"\0" * 50, "utf-8", ["old workbook", ".xlsx"]),
}  # fmt: skip


@pytest.mark.parametrize(("data", "encoding", "said"), WRONG.values(), ids=WRONG)
def test_text_in_another_encoding_is_refused(tmp_path, data, encoding, said):
    path = tmp_path / "text.csv"
    path.write_bytes(data)
    with pytest.raises(InputError) as caught:
        text_grid(ExportFile(path, encoding=encoding))
    assert all(part in str(caught.value) for part in said), caught.value


def test_letters_that_a_program_took_for_signs_of_control_are_told(tmp_path):
    path = tmp_path / "text.csv"
    path.write_bytes("who,team\nP1,\x93so\x94\nP2,GrÃ\x9fe\n".encode())  # the last is coded twice
    notes = text_grid(ExportFile(path)).notes
    assert [note.split(" (")[0] for note in notes] == [
        "letters coded twice",
        "2 letters of a Windows program taken for signs of control before this file was written",
    ]


def test_a_cell_that_never_ends_is_told_from_a_row_that_cannot_be_divided(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text('who,note\nP1,"' + "canary " * 30_000)
    with pytest.raises(InputError, match=r"row 2: A cell of this row is longer than any answer"):
        text_grid(ExportFile(path))


def test_a_single_column_may_hold_its_own_delimiter_in_quotes(tmp_path):
    path = tmp_path / "table.csv"
    path.write_text('"why; how"\n"so; so"\n')
    cells = text_grid(ExportFile(path, delimiter=";")).cells
    assert cells.to_numpy().tolist() == [["why; how"], ["so; so"]]


@pytest.mark.parametrize(
    ("name", "text", "delimiter", "said"),
    [
        ("a.csv", '"id";"why, how"\n"1";"so"\n', ",", "divided by ';', not by ','."),
        ("a.csv", '\ufeff"id"\t"why"\n"1"\t"a\nb"\n', ";", r"divided by '\t', not by ';'."),
        ("a.csv", "id;why, how\n1;a,b,c\n2;d\n", ",", "divided by ';', not by ','."),
        ("a.tsv", '"id","why"\n"1","so"\n', ",", "fix: give it the ending .csv, and say so"),
        ("a.csv", '"id","why"\n"1"x,"so"\n', ",", "row 2: This row can't be divided"),
        ("a.csv", 'id,why\n1,"so;so\n', ",", "row 2: This row can't be divided"),
        ("a.csv", "id,why;how\n1,a;b\n2,c,d\n", ",", "row 3: A row has more cells"),
        ("a.csv", "id,why\n1,a,b\n", ",", "row 2: A row has more cells"),
    ],
)
def test_a_table_divided_by_another_mark_is_refused_with_that_mark(
    tmp_path, name, text, delimiter, said
):
    path = tmp_path / name
    path.write_text(text, encoding="utf-8")
    with pytest.raises(InputError) as caught:
        text_grid(ExportFile(path, delimiter=delimiter))
    assert said in str(caught.value)
