"""Qualtrics: a survey in the Advanced Format TXT that its Import Survey reads.

Each item is a question of its own, because the column of a question is its `[[ID:...]]`, while
the rows of a matrix come back as `ID_1`, `ID_2`: a row cannot be given a name in this format. The
answers' codes stand in `[[Choice:code]]`, which become the recode values. A select-all question is
one question of several answers, numbered in the instrument's order; its columns come back as
`ID_1`, `ID_2` with the option's text in the header, by which they are told apart.

Texts are HTML to Qualtrics, and `[[` and `${` are commands: what would be taken for one of these
is written as an entity. The format knows no option that excludes the others; where one is ticked
beside others all the same, the others count.

Checked against pages about importing surveys and public files of other authors that use the
same tags (`[[Question:MC:...]]`, `[[ID:...]]`, `[[AdvancedChoices]]`, `[[Choice:0]]`), not against
Qualtrics itself.
"""

from __future__ import annotations

import html
import re
from collections.abc import Sequence

from cultureplus.errors import InputError
from cultureplus.questionnaires.pages import Page

_COMMAND = re.compile(r"\[(?=\[)|\](?=\])|\$(?=\{)")
BACK = (
    'download as csv, "Use numeric values" and, where several answers may be ticked, "Split '
    'multi-value fields into columns"'
)


def write(pages: Sequence[Page], *, title: str, language: str) -> bytes:
    """The questionnaire as Qualtrics imports it; the survey's title is given on importing.

    Raises `InputError` for answers below 0, which the format's codes don't allow for sure.
    """
    del title, language  # neither has a place in this format
    lines = ["[[AdvancedFormat]]"]
    for page in pages:
        lines += ["", f"[[Block:{page.id}]]"]
        if page.select_all:
            options = [
                (number, option.row) for number, option in enumerate(page.questions, start=1)
            ]
            lines += _question("MultipleAnswer:Vertical", page.id, page.text, options)
            continue
        if page.answers[0][0] < 0:
            raise InputError(
                f"'{page.id}' has answers below 0, for which Qualtrics has no codes.",
                fix="move the range in the instrument's file, such as 0-6 instead of -3 to 3",
            )
        for question in page.questions:
            lines += _question(
                "SingleAnswer:Horizontal", question.column, question.text, page.answers
            )
    return "\n".join([*lines, ""]).encode()


def _question(kind: str, code: str, text: str, choices: Sequence[tuple[int, str]]) -> list[str]:
    lines = ["", f"[[Question:MC:{kind}]]", f"[[ID:{code}]]", _text(text), "[[AdvancedChoices]]"]
    for value, label in choices:
        lines += [f"[[Choice:{value}]]", _text(label)]
    return lines


def _text(text: str) -> str:
    """A text in which nothing is a tag, a command or piped text."""
    return _COMMAND.sub(lambda found: f"&#{ord(found[0])};", html.escape(text, quote=False))
