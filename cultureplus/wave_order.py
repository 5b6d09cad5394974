"""Waves that can't be told apart or put in order.

A wave is compared with the one before it. So one file under two names, one wave in two spellings
and dates that sort by their day are refused: each would show a change that nobody made. So is a
column whose cells are no row of periods, such as names, unless survey.toml states its waves.
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
from cultureplus.quotable import period_shape
from cultureplus.raw_table import RawTable
from cultureplus.spelling import in_order, same_name

_FEW = 6  # waves that even a handful of records may come from
_YEAR_FIRST = re.compile(r"[0-9]{4}(?![0-9])")
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
    shapes = [period_shape(wave) for wave in found]
    places = [raw.row(waves.index[waves == wave][0]) for wave in found]
    spelled: dict[str, str] = {}
    for wave, shape, place in zip(found, shapes, places, strict=True):
        if shape is None:
            raise InputError(
                "This wave is no period, so its place among the others can't be told.",
                file=raw.file,
                row=place,
                column=column,
                found=f"{counted(shapes.count(None), 'such wave')} among {count}",
                fix=_STATE,
            )
        other = spelled.setdefault(same_name(wave), wave)
        if other != wave:
            raise InputError(
                "A wave is spelled in two ways.",
                file=raw.file,
                row=place,
                column=column,
                found=f"{other}, {wave}",
                fix="write its name in one way in all its rows",
            )
        look = look_of(wave)
        if look and look[0] == "a date" and not _YEAR_FIRST.match(wave):
            raise InputError(
                "The order of waves with such dates can't be told.",
                file=raw.file,
                row=place,
                column=column,
                fix="write each wave with its year first, such as 2026-03 or 2026Q1",
            )
    in_time = order_told(found)
    if in_time is None:
        raise InputError(
            "These waves are not written alike or without their year in front, so their order "
            "can't be told.",
            file=raw.file,
            column=column,
            fix=_STATE,
        )
    return in_time


def order_told(waves: Sequence[str]) -> list[str] | None:
    """Waves in order of time, or None where they do not tell it themselves.

    >>> order_told(["wave 10", "wave 9"]), order_told(["Q3 2025", "Q1 2026"])
    (['wave 9', 'wave 10'], None)
    """
    shapes = {period_shape(wave) for wave in waves}
    in_time = sorted(waves, key=in_order)
    return (
        None
        if None in shapes or len(shapes) > 1 or in_time != sorted(waves, key=_by_year)
        else in_time
    )


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


def _by_year(wave: str) -> tuple[str, list[tuple[int, str]]]:
    """A sorting key by the first year within a wave's name."""
    year = re.search(r"(?<![0-9])[0-9]{4}", wave)
    return year[0] if year else "", in_order(wave)
