"""Waves that can't be told apart or put in order.

A wave is compared with the one before it. So one file under two names, one wave in two spellings
and names that do not tell their order are refused: each would show a change that nobody made, or
one the wrong way round ("Q1 2026" stands in front of "Q4 2025" in the alphabet). So is a column
whose cells are no periods, such as names, unless survey.toml states its waves.
"""

from __future__ import annotations

import filecmp
import re
from collections.abc import Mapping, Sequence
from itertools import combinations

import pandas as pd

from cultureplus.cell_looks import look_of
from cultureplus.errors import InputError, counted
from cultureplus.export_file import ExportFile
from cultureplus.quotable import is_period
from cultureplus.raw_table import RawTable
from cultureplus.spelling import same_name

_FEW = 6  # waves that even a handful of records may come from
_YEAR_FIRST = re.compile(r"[0-9]{4}(?![0-9])")
_YEAR = re.compile(r"(?:19|20)[0-9]{2}")
_PART = re.compile(r"[0-9]+|[^\W\d_]+")
# What stands in front of the number of a part of a year, and how many such parts a year has.
_PARTS_OF_A_YEAR = {"q": 4, "quarter": 4, "quartal": 4, "h": 2, "half": 2, "w": 53, "kw": 53}
_STATE = (
    "if this is the column of waves, state them in order of time at the top of survey.toml, as: "
    'waves = ["before", "after"]; otherwise name the column that says in which wave a record was '
    "collected: columns.wave"
)


def refuse_same_files(exports: Mapping[str, ExportFile]) -> None:
    """Raise `InputError` where the files of two waves hold the same, byte by byte."""
    for (wave, one), (other, two) in combinations(exports.items(), 2):
        if filecmp.cmp(one.path, two.path, shallow=False):
            raise InputError(
                "The files of two waves hold the same.",
                file=two.name,
                found=f"{one.name} for wave {wave}, {two.name} for wave {other}",
                fix="put each wave's own export there, or take one wave out of survey.toml",
            )


def waves_in_order(
    waves: pd.Series, raw: RawTable, column: str, stated: Sequence[str] = ()
) -> list[str]:
    """The different waves of a file in order of time.

    `waves`: the wave of each record, tidied; `stated`: all waves in order, as survey.toml has them.
    Raises `InputError` where a wave is not among these or has no record. Where none are stated, the
    cells must be periods in the same words whose numbers put them in order; whatever else they are
    may be a name, and none is quoted.
    """
    if stated:
        return _as_stated(waves, raw, column, stated)
    count = waves.nunique()
    if count > _FEW and 2 * count > len(waves):
        raise InputError(
            "This column holds no waves: most records have one of their own.",
            file=raw.file,
            column=column,
            found=f"{count} different cells in {len(waves)} records",
            fix="name the column that says in which wave a record was collected: columns.wave = "
            '"..." in survey.toml',
        )
    found = [str(wave) for wave in waves.unique()]
    place = {wave: raw.row(waves.index[waves == wave][0]) for wave in found}
    strange = [wave for wave in found if not is_period(wave)]
    if strange:
        raise InputError(
            "This wave is no period, so its place among the others can't be told.",
            file=raw.file,
            row=place[strange[0]],
            column=column,
            found=f"{counted(len(strange), 'such wave')} among {count}",
            fix=_STATE,
        )
    spelled: dict[str, str] = {}
    for wave in found:
        other = spelled.setdefault(same_name(wave), wave)
        if other != wave:
            raise InputError(
                "A wave is spelled in two ways.",
                file=raw.file,
                row=place[wave],
                column=column,
                found=f"{other}, {wave}",
                fix="write its name in one way in all its rows",
            )
        look = look_of(wave)
        if look and look[0] == "a date" and not _YEAR_FIRST.match(wave):
            raise InputError(
                "The order of waves with such dates can't be told.",
                file=raw.file,
                row=place[wave],
                column=column,
                fix="write each wave with its year first, such as 2026-03 or 2026Q1",
            )
    told = in_time(found)
    if told is None:
        raise InputError(
            "The order of these waves can't be told from their names.",
            file=raw.file,
            column=column,
            found=", ".join(found),
            fix=_STATE,
        )
    return told


def in_time(waves: Sequence[str]) -> list[str] | None:
    """Waves in the order that the numbers in their names tell, or None where they do not tell one.

    They do where all are periods that differ in numbers only, and it is plain which number comes
    first: a year does, wherever it stands. The alphabet tells nothing.

    >>> in_time(["Q1 2026", "Q4 2025"]), in_time(["wave 10", "wave 9"])
    (['Q4 2025', 'Q1 2026'], ['wave 9', 'wave 10'])
    >>> in_time(["pre", "post"]), in_time(["3/26", "12/25"])
    (None, None)
    """
    if not all(map(is_period, waves)):
        return None
    read = [_words_and_numbers(wave) for wave in waves]
    keys = [tuple(numbers) for _, numbers, _ in read]
    if len({(*words, len(numbers)) for words, numbers, _ in read}) > 1:
        return None
    varying = sum(len(set(column)) > 1 for column in zip(*keys, strict=True))
    if len(set(keys)) < len(keys) or (varying > 1 and not all(sure for _, _, sure in read)):
        return None
    return [wave for _, wave in sorted(zip(keys, waves, strict=True))]


def _words_and_numbers(wave: str) -> tuple[list[str], list[int], bool]:
    """A name's words, its numbers with the year in front, and whether their order is sure."""
    parts = _PART.findall(wave.casefold())
    words = sorted(part for part in parts if not part.isdecimal())
    places = [place for place, part in enumerate(parts) if part.isdecimal()]
    numbers = [int(parts[place]) for place in places]
    for place, at in enumerate(places):
        if _YEAR.fullmatch(parts[at]):
            rest = numbers[:place] + numbers[place + 1 :]
            return words, [numbers[place], *rest], place == 0 or len(rest) < 2
    if len(numbers) != 2:
        return words, numbers, len(numbers) < 2
    of_year = [  # "FY25 H2", "Q3/25"
        number <= _PARTS_OF_A_YEAR.get(parts[at - 1] if at else "", 0)
        for at, number in zip(places, numbers, strict=True)
    ]
    turned = of_year == [True, False]
    return words, numbers[::-1] if turned else numbers, turned or of_year == [False, True]


def _as_stated(waves: pd.Series, raw: RawTable, column: str, stated: Sequence[str]) -> list[str]:
    others = ~waves.isin(stated)
    if others.any():
        raise InputError(
            "A record is of a wave that survey.toml does not state.",
            file=raw.file,
            row=raw.row(others.idxmax()),
            column=column,
            found=counted(int(others.sum()), "such record"),
            possible=stated,
            fix='state all waves in order of time: waves = ["before", "after"]; or mend the cell',
        )
    for wave in stated:
        if not (waves == wave).any():
            raise InputError(
                f"No record is of the wave '{wave}', which survey.toml states.",
                file=raw.file,
                column=column,
                fix="state only waves that have records, written as in the file: waves = [...]",
            )
    return [*stated]
