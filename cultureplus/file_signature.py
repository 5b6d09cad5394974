"""What a file is, whatever its name says: told by how it begins, or by the parts of an archive.

A download that failed is a web page called .csv, and a document of any kind may be given any
ending. Whoever opens such a file is told what it is, not what a parser stumbles over.
"""

from __future__ import annotations

import re
from collections.abc import Collection

LONGEST = 512  # bytes that are enough to tell

_UNPACK = "unpack it, and name the file that comes out"
_AGAIN = "export the answers as .csv or .xlsx"
_BEGINNINGS: dict[bytes, tuple[str, str]] = {
    b"PK\x03\x04": (
        "a workbook or an archive", "give it the ending .xlsx if it is a workbook, or unpack it"),
    b"\xd0\xcf\x11\xe0": (
        "an old workbook (.xls) or one with a password",
        "open it and save it as .xlsx without a password"),
    b"PARE": ("a file with a password (encrypted parquet)", "write it again without encryption"),
    b"PAR1\x15": ("a parquet file", "give it the ending .parquet"),
    b"$FL2@(#)": ("an SPSS file", "give it the ending .sav"),
    b"$FL3@(#)": ("a packed SPSS file", "give it the ending .zsav"),
    b"<stata_dta>": ("a Stata file", _AGAIN),
    b"ARROW1": ("an Arrow file", "write it again as parquet"),
    b"SQLite format 3\0": ("an SQLite database", _AGAIN),
    b"%PDF-": ("a PDF document", _AGAIN),
    b"{\\rtf": ("a document (rtf)", _AGAIN),
    b"\x89PNG": ("a picture", _AGAIN),
    b"\xff\xd8\xff": ("a picture", _AGAIN),
    b"GIF89a": ("a picture", _AGAIN),
    b"\x80\x04\x95": ("a Python pickle", f"never open one that came by mail; {_AGAIN}"),
    b"\x80\x05\x95": ("a Python pickle", f"never open one that came by mail; {_AGAIN}"),
    b"\x1f\x8b": ("a packed file (gzip)", _UNPACK),
    b"BZh91AY&SY": ("a packed file (bzip2)", _UNPACK),
    b"\xfd7zXZ": ("a packed file (xz)", _UNPACK),
    b"\x28\xb5\x2f\xfd": ("a packed file (zstandard)", _UNPACK),
    b"7z\xbc\xaf": ("an archive (7-Zip)", _UNPACK),
    b"Rar!": ("an archive (RAR)", _UNPACK),
    b"version https://git-lfs": (
        "a pointer that Git LFS keeps in the file's place", "fetch the file itself: git lfs pull"),
}  # fmt: skip
# Files of text that are no tables; the mark or the spaces in front do not count.
_WORDED = {
    rb"<!doctype\s+html|<html|<head|<body|<table": (
        "a web page",
        "sign in to the tool again and export the answers; a page came in the file's place"),
    rb"<\?xml": ("an XML document", "open it in a spreadsheet and save it as .xlsx"),
    rb'\{\s*["}](?!ImportId)|\[\s*(?:\{|\])': ("a JSON file", _AGAIN),
}  # fmt: skip
_PARTS = {
    "word/document.xml": ("a Word document", _AGAIN),
    "ppt/presentation.xml": ("a presentation", _AGAIN),
    "xl/workbook.bin": ("a binary workbook (.xlsb)", "open it and save it as .xlsx"),
    "Index/Document.iwa": ("a Numbers document", "export it from there as .xlsx"),
    "META-INF/manifest.xml": ("an OpenDocument file", "open it and save it as .xlsx"),
}


def evident_kind(beginning: bytes) -> tuple[str, str] | None:
    """What a file is that begins like this, and what to do about it; None where nothing tells.

    >>> evident_kind(b"%PDF-1.7")
    ('a PDF document', 'export the answers as .csv or .xlsx')
    >>> evident_kind(b"who,team")
    """
    is_text = b"\0" not in beginning
    for mark, kind in _BEGINNINGS.items():
        # A table may begin with letters such as PARE(NT) as well.
        if beginning.startswith(mark) and not (is_text and mark.isalnum()):
            return kind
    text = beginning.removeprefix(b"\xef\xbb\xbf").lstrip()
    for pattern, kind in _WORDED.items():
        if re.match(pattern, text, re.IGNORECASE):
            return kind
    return None


def archive_kind(parts: Collection[str]) -> tuple[str, str] | None:
    """What an archive with these parts is, and what to do about it; None for an .xlsx workbook.

    >>> archive_kind(["word/document.xml"])
    ('a Word document', 'export the answers as .csv or .xlsx')
    """
    if "xl/workbook.xml" in parts:
        return None
    found = [kind for part, kind in _PARTS.items() if part in parts]
    if found or any(part.endswith("workbook.xml") for part in parts):
        return found[0] if found else None
    return "an archive", _UNPACK
