"""Several answers in one cell, taken apart again.

Some tools write a select-all question into one column: `a, b`, `a;b;` or `1,4,5`. An answer may
contain the very mark that stands between answers, so a cell is not cut at every mark: it is
divided into known pieces, and where that can be done in two ways it is refused.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NoReturn

import numpy as np
import pandas as pd

from cultureplus.asked import Together
from cultureplus.cells import MISSING_CODES, is_code
from cultureplus.errors import InputError, counted
from cultureplus.raw_table import RawTable
from cultureplus.spelling import plain_text, same_name
from cultureplus.text_columns import distinct_texts

TAKEN_APART = "with all its answers in one taken apart"
UNLISTED = "with a text beside the options: the options count"
NO_OPTION = "with a piece that survey.toml calls no option: the options count"
NOTHING_ELSE = "without any of the options counted as not answered"


@dataclass(frozen=True)
class Division:
    """A cell taken apart: the options in it, how many pieces are unknown, whether one is none."""

    options: frozenset[str]
    unknown: int = 0
    beside: bool = False


def divisions(text: str, pieces: Mapping[str, str], joins: str) -> list[Division]:
    """The ways to divide a cell into known pieces that leave the fewest pieces unknown.

    `text`: the cell; `pieces`: as in `Together`; `joins`: what stands between them (odd spaces
    around it don't count). A mark at the end, and two in a row, part nothing; an unknown piece
    reaches to the next mark. Ways that name the same options are one.

    >>> pieces = {"tea": "t", "milk, cold": "m", "milk": "m2", "cold": "c"}
    >>> [(sorted(each.options), each.unknown) for each in divisions("Tea, milk, hot", pieces, ",")]
    [(['m2', 't'], 1)]
    >>> [sorted(each.options) for each in divisions("milk, cold", pieces, ", ")]
    [['c', 'm2'], ['m']]
    """
    text = same_name(text)
    mark = re.compile(rf"\s*{re.escape(same_name(joins))}\s*" if joins.strip() else r"\s+")
    after = {start: mark.match(text, start) for start in range(len(text))}
    behind = {start: found.end() for start, found in after.items() if found}
    # From the end back: the best ways to divide what begins behind each mark.
    best: dict[int, tuple[int, set[frozenset[str]]]] = {len(text): (0, {frozenset()})}
    for start in sorted({0, *behind.values()} - {len(text)}, reverse=True):
        ways: list[tuple[int, set[frozenset[str]]]] = []
        for piece, option in pieces.items():
            end = start + len(piece)
            if text.startswith(piece, start) and (end == len(text) or end in behind):
                unknown, sets = best[behind.get(end, end)]
                ways.append((unknown, {each | {option} for each in sets}))
        if start in behind:
            ways.append(best[behind[start]])
        else:
            end = next((place for place in range(start, len(text)) if place in behind), len(text))
            unknown, sets = best[behind.get(end, end)]
            ways.append((unknown + 1, sets))
        fewest = min(unknown for unknown, _ in ways)
        best[start] = (fewest, set().union(*(sets for number, sets in ways if number == fewest)))
    fewest, sets = best[0]
    found = {
        each - {""}: Division(each - {""}, fewest, "" in each) for each in sorted(sets, key=len)
    }
    return sorted(found.values(), key=lambda each: sorted(each.options))


def ticked_together(
    raw: RawTable,
    together: Together,
    options: Mapping[str, str],
    *,
    question: str,
    missing: tuple[float, ...],
    tally: Counter[str],
) -> pd.DataFrame:
    """A column of joined answers as a column per option: 1 (named), 0 (not named).

    `options`: the text of each; `tally` is added to: how many cells were treated in which way.
    Blank cells and missing codes name nothing. Raises `InputError`, with the row, for an unknown
    piece (unless such are ignored) and for a cell that can be divided in two ways.
    """
    key = f"instruments.{question}"
    joins = together.joins or raw.joins
    if not joins:
        raise InputError(
            "The file does not say what stands between several answers in one cell.",
            file=raw.file,
            column=together.column,
            fix=f'say it in survey.toml: {key}.joins = ";"',
        )
    cells = raw.frame[together.column]
    pieces = _with_codes(raw, together, missing)
    places, distinct = distinct_texts(cells)
    texts = [plain_text(cell) for cell in distinct]
    coded = np.array([is_code(text, missing) for text in texts], dtype=bool)
    found = [
        divisions("" if code else text, pieces, joins)
        for text, code in zip(texts, coded, strict=True)
    ]
    _refuse_unclear(raw, together, options, found, places, key)
    ways = [each[0] for each in found]
    named = np.array([[option in way.options for option in options] for way in ways], dtype=float)
    some = named.any(axis=1)
    for words, which in {
        MISSING_CODES: coded,
        TAKEN_APART: np.array([bool(text) for text in texts]) & ~coded,
        UNLISTED: np.array([bool(way.unknown) for way in ways]) & some,
        NO_OPTION: np.array([way.beside for way in ways]) & some,
        NOTHING_ELSE: np.array([bool(way.unknown or way.beside) for way in ways]) & ~some,
    }.items():
        tally[words] += int(which[places].sum())
    return pd.DataFrame(named[places], index=cells.index, columns=list(options))


def _refuse_unclear(
    raw: RawTable,
    together: Together,
    options: Mapping[str, str],
    found: Sequence[Sequence[Division]],
    places: np.ndarray,
    key: str,
) -> None:
    """Refuse a cell with an unknown piece, unless such are ignored, or with two meanings.

    `found`: how each different cell can be divided; `places`: of each record among these.
    """
    unknown = np.array([bool(ways[0].unknown) for ways in found])[places]
    if unknown.any() and not together.ignore:
        first = next(iter(options))
        _refuse(
            raw, together.column, unknown,
            "A cell holds a text that is not among the options.",
            possible=list(options.values()),
            fix=f'say in survey.toml which option it is: {key}.choices = {{ "..." = "{first}" }}, '
            f'"" for none; if people could write an answer of their own: {key}.unlisted = "ignore"',
        )  # fmt: skip
    unclear = np.array([len(ways) > 1 for ways in found])[places]
    if unclear.any():
        _refuse(
            raw, together.column, unclear,
            "A cell can be taken apart into options in more than one way.",
            fix="export this question with one column per option, or with numbers in place of "
            f"texts and {key}.choices in survey.toml",
        )  # fmt: skip


def _with_codes(raw: RawTable, together: Together, missing: tuple[float, ...]) -> dict[str, str]:
    """The known pieces, and the codes that the file itself declares for them.

    Raises `InputError` where one that stands for an option is a missing code as well: alone in a
    cell it would be no answer.
    """
    pieces = dict(together.pieces)
    for code, label in raw.labels.get(together.column, {}).items():
        if same_name(label) in together.pieces:
            pieces.setdefault(same_name(code), together.pieces[same_name(label)])
    if any(option and is_code(piece, missing) for piece, option in pieces.items()):
        raise InputError(
            "A missing code is also the number of an option here.",
            file=raw.file,
            column=together.column,
            fix="give missing answers another code in the export and under missing.codes in "
            "survey.toml, or export this question as texts",
        )
    return pieces


def _refuse(
    raw: RawTable,
    column: str,
    wrong: np.ndarray,
    sentence: str,
    *,
    fix: str,
    possible: Sequence[str] = (),
) -> NoReturn:
    raise InputError(
        sentence,
        file=raw.file,
        row=raw.row(raw.frame.index[wrong.argmax()]),
        column=column,
        found=f"{counted(int(wrong.sum()), 'such cell')} in this column",
        possible=possible,
        fix=fix,
    )
