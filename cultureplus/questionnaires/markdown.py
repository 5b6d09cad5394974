"""Markdown: the questionnaire for people, to read, to discuss and to translate.

A table an instrument, a row a question, with an empty column for the translation. Codes stand
beside the texts, so that a translation finds its way back into an instrument's file.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from cultureplus.questionnaires.pages import Page

# Whatever is a mark anywhere in a line; what is one only at its beginning never stands there.
_MARKS = re.compile(r"([\\`*_{}\[\]<>#|~&$!^=@:])")


def write(pages: Sequence[Page], *, title: str, language: str) -> bytes:
    """The questionnaire as Markdown, one table an instrument."""
    lines = [f"# {_text(title)} ({_text(language)})"]
    for page in pages:
        lines += ["", f"## {_text(page.title)}", ""]
        lines += [_text(page.text), ""] if page.text else []
        if not page.select_all:
            lines += _table("answer", [(str(value), label) for value, label in page.answers])
            lines.append("")
        asked = [
            (f"`{each.column}`", each.row + (" (goes with no other)" if each.exclusive else ""))
            for each in page.questions
        ]
        lines += _table(
            "option, of which several may be ticked" if page.select_all else "question", asked
        )
    return "\n".join([*lines, ""]).encode()


def _table(what: str, rows: Sequence[tuple[str, str]]) -> list[str]:
    lines = [f"| code | {what} | translation |", "|---|---|---|"]
    return lines + [f"| {code} | {_text(text)} | |" for code, text in rows]


def _text(text: str) -> str:
    return _MARKS.sub(r"\\\1", text)
