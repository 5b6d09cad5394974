"""What a table warns of, as marks and sentences of a chart.

A comparison that should not be made is drawn all the same, because it stands in the table, but
never without its warning: the scale's label carries a mark, a line below the subtitle says the
sentence, and so does the alternative text.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import pandas as pd

from cultureplus.charts.labels import missing, plain
from cultureplus.columns import SCALE, WARNING, title_of

_MARKS: Final = ("†", "‡", "§", "¶")


@dataclass(frozen=True)
class Warned:
    """What a table warns of: a mark per scale, the sentence of each mark, and all of it in words.

    `marks` holds only the scales with a warning; `notes` are raw text, `spoken` is ready for an
    alternative text.
    """

    marks: Mapping[str, str]
    notes: Sequence[str]
    spoken: str

    def title(self, scale: object) -> str:
        """The scale's name as raw text, with its mark where it has one."""
        return title_of(str(scale)) + self.mark(scale)

    def mark(self, scale: object) -> str:
        """The scale's mark with a space before it, or ''."""
        return f" {self.marks[str(scale)]}" if str(scale) in self.marks else ""


def warned(rows: pd.DataFrame) -> Warned:
    """The warnings of the rows that a chart draws, from their column `warning` where there is one.

    >>> table = pd.DataFrame({"scale": ["trust", "care"], "warning": ["means differ in kind", ""]})
    >>> found = warned(table)
    >>> found.title("trust"), found.title("care"), found.notes
    ('Trust †', 'Care', ['† means differ in kind'])
    """
    of: dict[str, list[str]] = {}  # sentence -> its scales
    if WARNING in rows:
        for scale, value in zip(rows[SCALE], rows[WARNING], strict=True):
            sentence = "" if missing(value) else " ".join(str(value).split())
            if sentence and str(scale) not in of.setdefault(sentence, []):
                of[sentence].append(str(scale))
    marks: dict[str, str] = {}
    notes: list[str] = []
    for number, (sentence, scales) in enumerate(of.items()):
        mark = _MARKS[min(number, len(_MARKS) - 1)]
        for scale in scales:
            marks[scale] = "".join(dict.fromkeys(marks.get(scale, "") + mark))
        if number < len(_MARKS):
            notes.append(f"{mark} {sentence}")
    if len(of) > len(_MARKS):
        notes[-1] = f"{_MARKS[-1]} {len(of) - len(_MARKS) + 1} more warnings are in the table"
    return Warned(marks, notes, "".join(_spoken(*pair) for pair in list(of.items())[:4]))


def _spoken(sentence: str, scales: Sequence[str]) -> str:
    names = ", ".join(plain(title_of(scale)) for scale in scales[:3])
    more = f" and {len(scales) - 3} more scales" if len(scales) > 3 else ""
    return f" Warning on {names}{more}: {plain(sentence, width=300).rstrip('.')}."
