"""What a file is, told by how it begins: every kind is known, and no table is taken for one."""

from __future__ import annotations

import bz2
import gzip
import lzma
import pickle

import pytest

from cultureplus.errors import InputError
from cultureplus.export_file import ExportFile
from cultureplus.file_signature import archive_kind, evident_kind

TEXT = b"who,team\nP1,Red\n"
KNOWN = {
    "a packed file (gzip)": gzip.compress(TEXT),
    "a packed file (bzip2)": bz2.compress(TEXT),
    "a packed file (xz)": lzma.compress(TEXT),
    "an archive (7-Zip)": b"7z\xbc\xaf\x27\x1c",
    "an archive (RAR)": b"Rar!\x1a\x07",
    "an SQLite database": b"SQLite format 3\0",
    "a packed SPSS file": b"$FL3@(#) SPSS DATA FILE",
    "a Stata file": b"<stata_dta><header>",
    "an Arrow file": b"ARROW1\0\0",
    "a web page": b"\xef\xbb\xbf \r\n<!DOCTYPE HTML>",
    "an XML document": b"<?xml version='1.0'?>",
    "a JSON file": b"[ {",
    "a Python pickle": pickle.dumps({"who": ["P1"]}),
}
TABLES = [
    TEXT, b"PAR1,PAR2\n1,2\n", b"BZh,who\n", b"[Q1],[Q2]\n", b"{who},x\n", b"<who>,x\n", b"",
    b'{"ImportId":"startDate"}\t{"ImportId":"QID1"}\n', b"html,xml\n", b"PK,who\n", b"ARROW,x\n",
    b"PARENT,who\n", b"ARROW1,ARROW2\n1,2\n", b"PARE\n",
]  # fmt: skip


@pytest.mark.parametrize("what", KNOWN)
def test_a_kind_is_known_by_its_beginning(tmp_path, what):
    assert evident_kind(KNOWN[what])[0] == what
    (tmp_path / "answers.csv").write_bytes(KNOWN[what])
    with pytest.raises(InputError, match=rf"^answers.csv: This is {what.split(' (')[0]}"):
        ExportFile(tmp_path / "answers.csv").refuse_evident("text")


@pytest.mark.parametrize("beginning", TABLES)
def test_a_table_is_no_other_kind(tmp_path, beginning):
    assert evident_kind(beginning) is None
    (tmp_path / "answers.csv").write_bytes(beginning)
    ExportFile(tmp_path / "answers.csv").refuse_evident("text")


def test_a_workbook_is_no_other_archive():
    assert archive_kind(["[Content_Types].xml", "xl/workbook.xml", "word/document.xml"]) is None
    assert archive_kind(["sheets/workbook.xml"]) is None
    assert archive_kind([])[0] == "an archive"
