"""Qualtrics exports: header rows for the name, the question and the import id, then the records.

Read are csv, tsv (Qualtrics writes it in UTF-16) and xlsx, made with numbers or choice texts:

- three header rows, the third with import ids: what exports are today;
- two, known by the response ids below them: workbooks, and the older exports, in which the first
  columns are called V1, V2 and so on. Those take the name that stands below (`ResponseID`).

Line breaks in headers go. A select-all question may have a column per choice, or one with its
answers joined by commas. Codes for what was seen and not answered (often -99) stand in survey.toml.
Previews and test answers are no answers and are left out; so is nothing else. The question texts
travel along. Columns that Qualtrics fills itself with who answered, where and on what device are
known by their import ids, or by their names where there are none.
"""

from __future__ import annotations

import json
import re
from dataclasses import replace

from cultureplus.errors import InputError
from cultureplus.grid import Grid
from cultureplus.raw_table import RawTable, under_header
from cultureplus.spelling import plain_text

_HEADER_ROWS = 3
# Status of records made while testing a survey, by the code and in words (2 by the programme
# itself, 9 taken for spam, 17 without a connection).
_PREVIEW = {
    "1": "Survey Preview", "2": "Survey Test", "9": "Survey Preview Spam",
    "17": "Offline Survey Preview",
}  # fmt: skip
_RESPONSE = re.compile(r"R_[0-9A-Za-z]{6,}")
_NUMBERED = re.compile(r"V[0-9]+")
_TELLING = {
    "ipaddress": "IP address",
    "recipientlastname": "name", "recipientfirstname": "name", "participant name": "name",
    "recipientemail": "e-mail", "participant email": "e-mail",
    "locationlatitude": "coordinates", "locationlongitude": "coordinates",
    "locationaccuracy": "coordinates",
    "externalreference": "reference to a list of people",
    "externaldatareference": "reference to a list of people",
    "q_browser": "device", "browser": "device", "useragent": "device", "user agent": "device",
    "q_useragent": "device",
}  # fmt: skip
_TELLING_BELOW = {"name": "name", "emailaddress": "e-mail"}  # in the older exports' second row
_DEVICE = re.compile(
    r"(.+)_(?:browser|version|operating system|os|resolution|user agent|flash version|java support)"
)


def marks(grid: Grid) -> str:
    """What shows that a file is of this kind, or ''."""
    if _has_ids(grid):
        return "its third row holds import ids"
    first, second, third = map(grid.texts, range(3))
    if {"ResponseID", "ResponseSet"} <= set(second):
        return "its second row has the columns 'ResponseID' and 'ResponseSet' of Qualtrics"
    for head, below, record in zip(first, second, third, strict=False):
        if (
            head.casefold() == "responseid"
            and _RESPONSE.fullmatch(record.strip())
            and not _RESPONSE.fullmatch(below.strip())
        ):
            return f"its column '{head}' holds ids of Qualtrics below a second header row"
    return ""


def read(grid: Grid) -> RawTable:
    """Read a Qualtrics csv, tsv or xlsx export, made with numbers or with choice texts.

    Raises `InputError` where the file has not the header rows of such an export.
    """
    if not marks(grid):
        raise InputError(
            "The third row of a Qualtrics export holds import ids; here it does not.",
            file=grid.file,
            row=grid.row(0) + _HEADER_ROWS - 1,
            fix='export it again without changing rows, or kind = "plain" in survey.toml',
        )
    count = _HEADER_ROWS if _has_ids(grid) else _HEADER_ROWS - 1
    first, second = ([plain_text(cell) for cell in grid.texts(place)] for place in range(2))
    renamed = [
        count < _HEADER_ROWS and bool(_NUMBERED.fullmatch(head)) and below not in ("", *first)
        for head, below in zip(first, second, strict=True)
    ]
    names = [
        below if other else head
        for head, below, other in zip(first, second, renamed, strict=True)
    ]  # fmt: skip
    raw = under_header(grid, header_rows=count, names=names)
    if any(renamed):
        numbered = [head for head, other in zip(first, renamed, strict=True) if other]
        note = f"columns {numbered[0]} to {numbered[-1]} are named by the second header row"
        raw = replace(raw, notes=(*raw.notes, note))
    asked = zip(names, second, strict=True)
    ids = [_import_id(cell) if _has_ids(grid) else "" for cell in grid.texts(_HEADER_ROWS - 1)]
    return replace(
        _without_previews(raw),
        questions={name: " ".join(text.split()) for name, text in asked if name},
        identifying=_identifying(names, second, ids),
        joins=",",
    )


def _without_previews(raw: RawTable) -> RawTable:
    """The records of people; those made while testing the survey are counted."""
    if "Status" not in raw.frame:
        return raw
    previews = raw.frame["Status"].isin([*_PREVIEW, *_PREVIEW.values(), "Preview"])
    if previews.all():
        raise InputError(
            "There are only previews and test answers in this file.",
            file=raw.file,
            fix="export again once people have answered",
        )
    if not previews.any():
        return raw
    left_out = {"previews and test answers left out": int(previews.sum())}
    return replace(raw, frame=raw.frame.loc[~previews], left_out=left_out)


def _has_ids(grid: Grid) -> bool:
    return any('"ImportId"' in cell for cell in grid.texts(_HEADER_ROWS - 1))


def _import_id(cell: str) -> str:
    """The import id in a cell of the third row, or ''.

    >>> _import_id('{"ImportId":"QID5_TEXT"}'), _import_id('{"ImportId":"QID5","choiceId":"1"}')
    ('QID5_TEXT', 'QID5')
    """
    try:
        found = json.loads(cell)
    except (ValueError, RecursionError):
        return ""
    return str(found.get("ImportId", "")) if isinstance(found, dict) else ""


def _identifying(names: list[str], below: list[str], ids: list[str]) -> dict[str, str]:
    """The columns that Qualtrics fills with who answered, where and on what, and what each holds.

    A question is known by an import id that begins with QID, or a number and QID in a loop.
    """
    both = [text.casefold() for pair in zip(names, ids, strict=True) for text in pair]
    stems = {text.removesuffix("_browser") for text in both if text.endswith("_browser")}
    told = {}
    for name, text, number in zip(names, below, ids, strict=True):
        tells = ""
        for known in (name.casefold(), number.casefold()):
            part = _DEVICE.fullmatch(known)
            if part and part[1] in stems:
                tells = "device"
        own = text if not number and _NUMBERED.fullmatch(name) else name
        if not tells and not re.match(r"(?:[0-9]+_)?QID[0-9]", number):
            tells = _TELLING.get(number.casefold()) or _TELLING.get(own.casefold(), "")
        if not tells and not number and own == text:
            tells = _TELLING_BELOW.get(own.casefold(), "")
        if tells and name:
            told[name] = tells
    return told
