"""Guesses that a person has yet to confirm: comments in survey.toml that begin with `guess:`.

A proposed survey.toml marks every line that rests on likeness. Checking works while such marks are
left and says where they are; a report is only made when none is.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

from cultureplus.errors import InputError, counted
from cultureplus.toml_source import comment_lines

_MARK = re.compile(r"#\s*guess:", re.IGNORECASE)
_MOST = 8


def marked(reason: str) -> str:
    """The comment that marks a guessed line.

    >>> marked("93 % like the item's text")
    "guess: 93 % like the item's text; confirm by deleting this comment"
    """
    return f"guess: {reason}; confirm by deleting this comment"


def guesses_in(files: Iterable[Path]) -> dict[str, list[int]]:
    """The lines of TOML files whose guess nobody has confirmed, by file; files without go."""
    found = {
        path.name: [line for line, text in comment_lines(path).items() if _MARK.search(text)]
        for path in files
        if path.suffix == ".toml"
    }
    return {name: lines for name, lines in found.items() if lines}


def guesses_said(found: dict[str, list[int]]) -> str:
    """How many guesses are left and where, in words; '' where none is.

    >>> guesses_said({"survey.toml": [3, 9]}), guesses_said({})
    ('2 guesses are left: survey.toml, lines 3, 9', '')
    """
    count = sum(map(len, found.values()))
    if not count:
        return ""
    places = []
    for name, lines in found.items():
        more = f" and {len(lines) - _MOST} more" if len(lines) > _MOST else ""
        word = "line" if len(lines) == 1 else "lines"
        places.append(f"{name}, {word} {', '.join(map(str, lines[:_MOST]))}{more}")
    left = "1 guess is left" if count == 1 else f"{counted(count, 'guesse')} are left"
    return f"{left}: {'; '.join(places)}"


def refuse_guesses(files: Iterable[Path]) -> None:
    """Raise `InputError` where a guess is left."""
    found = guesses_in(files)
    if found:
        name, lines = next(iter(found.items()))
        raise InputError(
            "Nobody has confirmed the guesses here yet.",
            file=name,
            line=lines[0],
            found=guesses_said(found),
            fix="look at each line, correct it or leave it, and delete its comment '# guess: ...'",
        )
