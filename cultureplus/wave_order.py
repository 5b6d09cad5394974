"""Waves that can't be told apart or put in order.

A wave is compared with the one before it. So one file under two names, one wave in two spellings
and dates that sort by their day are refused: each would show a change that nobody made.
"""

from __future__ import annotations

import filecmp
import re
from collections.abc import Mapping
from itertools import combinations

import pandas as pd

from cultureplus.cell_looks import look_of
from cultureplus.errors import InputError
from cultureplus.export_file import ExportFile
from cultureplus.raw_table import RawTable
from cultureplus.spelling import same_name

_FEW = 6  # waves that even a handful of records may come from
_YEAR_FIRST = re.compile(r"[0-9]{4}(?![0-9])")


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


def refuse_unordered(waves: pd.Series, raw: RawTable, column: str) -> None:
    """Raise `InputError` where a wave is spelled in two ways or is a date that does not sort.

    `waves`: the wave of each record, tidied. Where most records have a wave of their own, these are
    no waves but what people wrote, and none is quoted.
    """
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
    spelled: dict[str, str] = {}
    for wave in map(str, waves.unique()):
        place = raw.row(waves.index[waves == wave][0])
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
