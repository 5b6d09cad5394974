"""LimeSurvey exports: one header row, in which a heading is a code, a text, or both.

Read are csv (LimeSurvey divides by ';' and begins with a byte-order mark), tsv and xlsx, with
headings as question code (`likert0[time1]`), as question text, or as `code. text`, the text with
its subquestion in brackets; dual scales (`code[row][1]`), `code[other]` and `code[comment]` are
columns like any other. Codes become the names of columns, or texts where there are no codes. What
stands between code and text may be chosen in LimeSurvey: '. ', ': ', ' - ' and '._.' are known.

Answers stay as exported. As codes, an unticked option is blank and a ticked one 'Y', or both are
what was chosen on exporting (2 and 1); as texts they are 'No' and 'Yes', and 'N/A' where the
question was not shown, in the language of the export. Not read, and refused with the way
out: the survey's structure (tab-separated), the VV file (two header rows) and its statistics.
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import NoReturn

from cultureplus.errors import InputError, counted
from cultureplus.grid import Grid
from cultureplus.raw_table import RawTable, told_apart, under_header
from cultureplus.spelling import plain_text

_CODE = r"[A-Za-z][A-Za-z0-9_]*(?:\[[^\[\]]*\]){0,2}"
_BETWEEN = (". ", "._.", ": ", " - ")
_ROW_CODE = re.compile(r"[A-Za-z][A-Za-z0-9_]*(?:\[\w+\]){1,2}(?:\. |\._\.).*")
_OWN = {"submitdate", "lastpage", "startlanguage"}
_OWN_TEXTS = (
    {"Date submitted", "Last page", "Start language"},
    {"Datum Abgeschickt", "Letzte Seite", "Start-Sprache"},
)
_SUBMITTED = {"submitdate", "Date submitted", "Datum Abgeschickt"}
_IDENTIFYING = {
    "ipaddr": "IP address", "ip address": "IP address", "ip-adresse": "IP address",
    "refurl": "page they came from", "referrer url": "page they came from",
    "token": "access code", "access code": "access code", "zugangscode": "access code",
    "firstname": "name", "first name": "name", "vorname": "name",
    "lastname": "name", "last name": "name", "nachname": "name",
    "email": "e-mail", "email address": "e-mail", "e-mail-adresse": "e-mail",
}  # fmt: skip
_EXPORT = "in LimeSurvey, Responses > Export > Export responses, as csv with question codes"


def marks(grid: Grid) -> str:
    """What shows that a file is of this kind, or ''."""
    if what := _no_answers(grid):
        return f"it is {what}"
    heads = [plain_text(each) for each in grid.texts(0)]
    codes = {re.split(r"\. |\._\.", head)[0] for head in heads}
    for own in (_OWN & codes, *(texts & set(heads) for texts in _OWN_TEXTS)):
        if len(own) > 1:
            named = " and ".join(f"'{name}'" for name in sorted(own)[:2])
            return f"its columns {named} are those of LimeSurvey"
    if any(_ROW_CODE.fullmatch(head) for head in heads):
        return "its header has codes with subquestions before the texts"
    return ""


def read(grid: Grid) -> RawTable:
    """Read a LimeSurvey export of responses.

    Raises `InputError` where the file holds no responses but a structure, a VV file or statistics.
    """
    if what := _no_answers(grid):
        _refuse(grid, what)
    heads = [plain_text(each) for each in grid.texts(0)]
    names, asked = _parted(heads)
    names, notes = told_apart(names)
    if _is_key(grid, names):
        names[0] = "id"
        notes += ("the first column has no name: called 'id'",)
    raw = under_header(grid, header_rows=1, names=names)
    submitted = next((name for name in names if name in _SUBMITTED), None)
    if submitted is not None:
        count = int((raw.frame[submitted].str.strip() == "").sum())
        if count:
            notes += (f"{counted(count, 'record')} begun and not submitted: kept",)
    told = {name: _IDENTIFYING.get(name.casefold(), "") for name in names}
    questions = {name: text for name, text in zip(names, asked, strict=True) if name and text}
    return replace(
        raw,
        questions=questions,
        identifying={name: what for name, what in told.items() if what},
        notes=(*raw.notes, *notes),
    )


def _parted(heads: list[str]) -> tuple[list[str], list[str]]:
    """Names and question texts of the columns.

    Codes and texts are taken apart where most headings have both; a column that somebody added
    keeps its heading.
    """
    named = [head for head in heads if head]
    for between in _BETWEEN:
        end = re.escape(between.rstrip())
        pattern = re.compile(f"({_CODE})(?:{re.escape(between)}(.*)|{end})", re.DOTALL)
        parts = [pattern.fullmatch(head) for head in heads]
        if 2 * sum(part is not None for part in parts) > len(named):
            return (
                [part[1] if part else head for part, head in zip(parts, heads, strict=True)],
                [_text(part[2] or "") if part else "" for part in parts],
            )
    if all(re.fullmatch(_CODE, head) for head in named):
        return heads, [""] * len(heads)
    return heads, [_text(head) for head in heads]


def _text(head: str) -> str:
    """A question's text without brackets that hold nothing or all of it.

    >>> _text("Who uses it? []"), _text("[Time for research]"), _text("Which? [Tea]")
    ('Who uses it?', 'Time for research', 'Which? [Tea]')
    """
    head = head.strip().removesuffix("[]").strip()
    whole = re.fullmatch(r"\[([^\[\]]*)\]", head)
    return whole[1].strip() if whole else head


def _is_key(grid: Grid, names: list[str]) -> bool:
    """Whether a first column without a name numbers the records."""
    if names[0] or "id" in names:
        return False
    keys = grid.cells.iloc[1:, 0]
    keys = keys.loc[(grid.cells.iloc[1:].fillna("") != "").any(axis=1)]
    return bool(keys.fillna("").str.fullmatch(r"[0-9]+").all() and keys.is_unique and len(keys))


def _no_answers(grid: Grid) -> str:
    """What the file is where it holds no responses as people gave them, or ''."""
    first, second = set(grid.texts(0)), set(grid.texts(1))
    if {"class", "type/scale", "relevance"} <= first:
        return "the structure of a LimeSurvey survey"
    if len(_OWN & second) > 1:
        return "a VV file of LimeSurvey"
    if any("Number of records in this query" in cell for cell in first | second):
        return "a summary of LimeSurvey: statistics, not responses"
    return ""


def _refuse(grid: Grid, what: str) -> NoReturn:
    raise InputError(
        "There are no responses to read here.", file=grid.file, found=what, fix=f"export {_EXPORT}"
    )
