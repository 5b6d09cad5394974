"""SurveyMonkey exports of all responses: what was asked stands in the first row, options below it.

Read are csv and xlsx, with answers as texts or numbers, in expanded columns (a select-all question
has a column per option, which holds the option's text or number where it is ticked) or condensed
ones (several answers in one cell), with a byte-order mark or in the encoding that survey.toml says:

- two header rows: the question, which is not repeated over its columns, and below it the option,
  the row of a matrix, or words such as 'Response', 'Open-Ended Response', 'Other (please specify)';
- three, where a matrix has rows and columns;
- one, where somebody has put them together: then only a first column 'RespondentID' with long
  numbers beside columns that end in a question mark shows where the file comes from.

A column is named by its question, with ` [option]` behind it where the question has several. In
other languages than English and German the columns about respondents are known by where they
stand: before the questions, with nothing below. A summary (counts per question) is refused.
"""

from __future__ import annotations

import re
from dataclasses import replace

from cultureplus.errors import InputError
from cultureplus.grid import Grid
from cultureplus.raw_table import RawTable, told_apart, under_header
from cultureplus.spelling import plain_text

_WHOLE = {"response", "open-ended response"}  # below a question, these are no options
_ID = re.compile(r"[0-9]{8,}")
_NUMBER = {"respondentid", "befragtenid"}
_HARMLESS = {
    *_NUMBER, "collectorid", "startdate", "enddate", "startdatum", "enddatum",
    "datecreated", "datemodified",
}  # fmt: skip
_IDENTIFYING = {
    "ipaddress": "IP address", "ipadresse": "IP address",
    "emailaddress": "e-mail", "emailadresse": "e-mail", "email": "e-mail",
    "firstname": "name", "vorname": "name", "lastname": "name", "nachname": "name",
}  # fmt: skip
_CUSTOM = re.compile(r"custom(?:data)?[0-9]*|benutzerdefiniertedaten[0-9]*")
_WAY_OUT = "in SurveyMonkey, Analyze Results > Save As > Export file > All responses data"


def marks(grid: Grid) -> str:
    """What shows that a file is of this kind, or ''."""
    if _is_summary(grid):
        return "it is a summary of SurveyMonkey, with counts instead of responses"
    heads = [plain_text(each) for each in grid.texts(0)]
    keys = [_key(head) for head in heads]
    if "respondentid" in keys and "collectorid" in keys:
        own = [heads[keys.index(key)] for key in ("respondentid", "collectorid")]
        return f"its columns '{own[0]}' and '{own[1]}' are those of SurveyMonkey"
    if _has_options(grid):
        return "its second row holds options, and nothing below the columns about respondents"
    ids = [row[0] for row in map(grid.texts, (1, 2, 3)) if row]
    asked = any(head.endswith("?") for head in heads)
    if keys[0] in _NUMBER and asked and ids and all(map(_ID.fullmatch, ids)):
        return f"its column '{heads[0]}' holds numbers as SurveyMonkey gives them, before questions"
    return ""


def read(grid: Grid) -> RawTable:
    """Read a SurveyMonkey export of all responses, with one to three header rows.

    Raises `InputError` for a summary, and where nothing shows that the file is such an export.
    """
    if _is_summary(grid):
        raise InputError(
            "This is a summary: counts per question, not what each person answered.",
            file=grid.file,
            fix=f"export {_WAY_OUT}",
        )
    if not marks(grid):
        raise InputError(
            "A SurveyMonkey export begins with the respondents' numbers; here it does not.",
            file=grid.file,
            row=grid.row(0),
            fix=f"export it again, {_WAY_OUT}; or, if somebody has made another table of it, "
            'kind = "plain" in survey.toml',
        )
    count = _header_rows(grid)
    heads = [plain_text(each) for each in grid.texts(0)]
    asked = _asked(grid, count) if count > 1 else heads
    names, notes = told_apart(asked)
    raw = under_header(grid, header_rows=count, names=names)
    about = _about(grid, count)
    told = {names[i]: _holds(heads[i], localised=_key(heads[0]) not in _HARMLESS) for i in about}
    return replace(
        raw,
        questions={
            name: text
            for i, (name, text) in enumerate(zip(names, asked, strict=True))
            if name and i not in about
        },
        identifying={name: what for name, what in told.items() if what},
        notes=(*raw.notes, *notes),
    )


def _key(head: str) -> str:
    """A heading without what differs between exports.

    >>> _key("Respondent ID") == _key("RespondentID") == _key("respondent_id")
    True
    """
    return re.sub(r"[\s_-]", "", plain_text(head)).casefold()


def _header_rows(grid: Grid) -> int:
    """How many header rows there are: below the first, nothing stands under the first column."""
    later = [row[0].strip() for row in map(grid.texts, (1, 2)) if row]
    return 1 + next((place for place, cell in enumerate(later) if cell), len(later))


def _has_options(grid: Grid) -> bool:
    """Whether the second row can only hold options: numbers as SurveyMonkey gives them follow."""
    count = _header_rows(grid)
    numbers = grid.texts(count)
    if count == 1 or not numbers or not _ID.fullmatch(numbers[0].strip()):
        return False
    heads, below = grid.texts(0), [cell.strip() for cell in grid.texts(1)]
    about = len(_about(grid, count))
    spread = [cell for head, cell in zip(heads, below, strict=True) if not head.strip()]
    return _key(heads[0]) in _NUMBER or (
        about > 2 and all(below[about:]) and any(cell and not cell.isdigit() for cell in spread)
    )


def _about(grid: Grid, count: int) -> list[int]:
    """The places of the columns about respondents."""
    if count == 1:
        keys = [_key(head) for head in grid.texts(0)]
        own = [*_HARMLESS, *_IDENTIFYING]
        return [i for i, key in enumerate(keys) if key in own or _CUSTOM.fullmatch(key)]
    below = grid.texts(1)
    first = next((place for place, cell in enumerate(below) if cell.strip()), len(below))
    return list(range(first))


def _holds(head: str, *, localised: bool) -> str:
    """What a column about respondents holds, in words; '' where that tells nothing of them."""
    key = _key(head)
    if key in _IDENTIFYING:
        return _IDENTIFYING[key]
    if _CUSTOM.fullmatch(key):  # what the sender put there: often the very unit
        return ""
    return "data about the respondent" if localised and key not in _HARMLESS else ""


def _asked(grid: Grid, count: int) -> list[str]:
    """What each column asks: its question, and its option where the question has several."""
    rows = [[plain_text(cell) for cell in grid.texts(place)] for place in range(count)]
    asked: list[str] = []
    for head, *below in zip(*rows, strict=True):
        asked.append(head or (asked[-1] if asked and any(below) else ""))
    options: list[str] = []
    row = ""
    for place, (head, *below) in enumerate(zip(*rows, strict=True)):
        row = below[0] or ("" if head else row)
        parts = [row, *below[1:]]
        beside = asked[max(place - 1, 0) : place + 2].count(asked[place]) > 1
        kept = [part for part in parts if part and part.casefold() not in _WHOLE]
        options.append(" - ".join(kept) if beside else "")
    return [
        f"{question} [{option}]" if question and option else question
        for question, option in zip(asked, options, strict=True)
    ]


def _is_summary(grid: Grid) -> bool:
    """Whether one of the first rows is the head of a table of counts."""
    for place in range(4):
        cells = {plain_text(cell).casefold() for cell in grid.texts(place)}
        if {"answer choices", "responses"} <= cells or {"total", "weighted average"} <= cells:
            return True
    return False
