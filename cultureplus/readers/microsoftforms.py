"""Microsoft Forms: five columns of the tool's own, then one a question, whose header is its text.

Read are the workbook that the form downloads or keeps, and a csv or tsv saved from it, with the
interface in any language: ID, start time, completion time, e-mail, name, in some forms also when
an answer was changed, its language, and a quiz's points. Each statement of a Likert question has a
column of its own; where a text is asked twice, the tool itself puts a number behind the second.
Answers are texts, several in one cell each with a `;` behind it. The points of a quiz and the
feedback to it are left out. Of a summary there is no csv or workbook.
"""

from __future__ import annotations

import re
from dataclasses import replace

from cultureplus.errors import InputError, counted
from cultureplus.grid import Grid
from cultureplus.moments import is_moment
from cultureplus.raw_table import RawTable, told_apart, under_header
from cultureplus.spelling import plain_text

# What the second and third column are called, by the language of the interface.
_TIMES = {
    ("Start time", "Completion time"),
    ("Startzeit", "Fertigstellungszeit"),
    ("Startzeit", "Abschlusszeit"),
    ("Heure de début", "Heure de fin"),
    ("Hora de inicio", "Hora de finalización"),
    ("Hora de início", "Hora de conclusão"),
    ("Ora di inizio", "Ora di completamento"),
    ("Begintijd", "Tijd van voltooien"),
    ("Starttid", "Slutförandetid"),
    ("Godzina rozpoczęcia", "Godzina ukończenia"),
    ("開始時刻", "完了時刻"),
    ("开始时间", "完成时间"),
}
_OWN = 5
_WHO = {3: "e-mail", 4: "name"}  # the fourth and fifth column
# What these two are called in the same languages; whoever deletes them puts questions there.
_MAIL = re.compile(r"mail|messag|courri|correo|correio|posta|e-post|poczt|メール|邮件", re.I)
_NAME = re.compile(
    r"(?:full |display )?name|nom|nombre|nome|naam|namn|nazwa|imię.*|名前|姓名|名称", re.I
)
_FURTHER = {
    "last modified time", "language", "total points", "quiz feedback", "grade posted time",
    "uhrzeit der letzten änderung", "sprache", "heure de la dernière modification", "langue",
    "hora de la última modificación", "idioma", "total de puntos",
}  # fmt: skip
_GRADES = (
    "points", "feedback", "punkte", "commentaires", "puntos", "comentarios", "pontos",
    "comentários", "punti", "commenti", "punten",
)  # fmt: skip


def marks(grid: Grid) -> str:
    """What shows that a file is of this kind, or ''."""
    texts = [plain_text(text) for text in grid.texts(0)]
    if (
        len(texts) >= _OWN
        and texts[0].casefold() == "id"
        and tuple(texts[1:3]) in _TIMES
        and _MAIL.search(texts[3])
        and _NAME.fullmatch(texts[4])
    ):
        return "its first columns are a form's ID, start and completion time"
    return ""


def read(grid: Grid) -> RawTable:
    """Read the responses to a Microsoft form.

    Raises `InputError` where the first five columns are not the tool's own.
    """
    texts = [plain_text(text) for text in grid.texts(0)]
    if not (marks(grid) or _looks_so(texts, [plain_text(cell) for cell in grid.texts(1)])):
        raise InputError(
            "The first five columns of a Microsoft Forms export are ID, start time, completion "
            "time, e-mail and name; here they are not.",
            file=grid.file,
            row=grid.row(0),
            fix='export it again without moving columns or rows, or kind = "plain" in survey.toml',
        )
    names, again = told_apart(texts)
    graded = {
        name for place, name in enumerate(names) if _is_grade(texts[place], texts[:place][-2:])
    }
    raw = under_header(grid, header_rows=1, names=names)
    notes = [*raw.notes, *again]
    if graded:
        notes.append(f"{counted(len(graded), 'column')} with points or feedback of a quiz left out")
    own = _OWN
    while own < len(texts) and texts[own].casefold() in _FURTHER:
        own += 1
    asked = dict(zip(names[own:], texts[own:], strict=True))
    kept = [name for name in raw.frame if name not in graded]
    return replace(
        raw,
        frame=raw.frame[kept],
        questions={name: asked[name] for name in kept if name in asked},
        identifying={names[place]: what for place, what in _WHO.items() if names[place]},
        joins=";",
        notes=tuple(notes),
    )


def _looks_so(texts: list[str], first: list[str]) -> bool:
    """Whether the columns are the tool's own in a language that is not listed here."""
    return (
        len(first) > _OWN
        and tuple(texts[1:3]) not in _TIMES
        and all(texts[:_OWN])
        and first[0].isdecimal()
        and is_moment(first[1])
        and is_moment(first[2])
    )


def _is_grade(text: str, before: list[str]) -> bool:
    """Whether a column holds the points for, or the feedback to, one of the two before it."""
    what, dash, question = text.partition(" - ")
    return bool(dash) and what.casefold() in _GRADES and question in before
