"""Readers: one file per export format, each ending in a `RawTable`.

`kind` in survey.toml names the reader; what a file looks like only serves to say that another kind
was meant. To add a format, write its file with `marks(grid)` and `read(grid)` and name it here.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from cultureplus.errors import InputError
from cultureplus.export_file import ExportFile
from cultureplus.grid import Grid
from cultureplus.parquet_file import read_parquet
from cultureplus.raw_table import RawTable
from cultureplus.readers import (
    googleforms,
    limesurvey,
    microsoftforms,
    plain,
    qualtrics,
    redcap,
    spss,
    surveymonkey,
)
from cultureplus.text_file import text_grid
from cultureplus.workbook import book_grid

_OPENED: dict[str, Callable[[ExportFile], Grid]] = {
    ".csv": text_grid, ".tsv": text_grid, ".txt": text_grid, ".xlsx": book_grid,
}  # fmt: skip
# Files that name their columns and types themselves: ending -> the one kind they are, and how read.
_TYPED: dict[str, tuple[str, Callable[[ExportFile], RawTable]]] = {
    ".parquet": ("plain", read_parquet),
    ".sav": ("spss", spss.read),
    ".zsav": ("spss", spss.read),
}
WITH_DICTIONARY = ("redcap",)  # kinds whose tool writes one beside the data


@dataclass(frozen=True)
class Reader:
    """One kind of export: its tool's name, what shows that a file is one, and how it is read."""

    title: str
    marks: Callable[[Grid], str]
    read: Callable[[Grid], RawTable]


READERS: Mapping[str, Reader] = {
    "plain": Reader("plain table", plain.marks, plain.read),
    "limesurvey": Reader("LimeSurvey export", limesurvey.marks, limesurvey.read),
    "googleforms": Reader("Google Forms export", googleforms.marks, googleforms.read),
    "microsoftforms": Reader("Microsoft Forms export", microsoftforms.marks, microsoftforms.read),
    "qualtrics": Reader("Qualtrics export", qualtrics.marks, qualtrics.read),
    "spss": Reader("file of SPSS", spss.marks, spss.refuse),
    "redcap": Reader("REDCap export", redcap.marks, redcap.read),
    "surveymonkey": Reader("SurveyMonkey export", surveymonkey.marks, surveymonkey.read),
}


def read_export(kind: str, export: ExportFile) -> RawTable:
    """The records of a file, read as the kind that survey.toml says.

    Raises `InputError` where the file is missing, of an ending that is not read, not what its
    ending says, or evidently of another kind.
    """
    export.refuse_absent()
    if export.suffix in _TYPED:
        own, read = _TYPED[export.suffix]
        if kind != own:
            _refuse_kind(export, kind, {own: f"it ends in {export.suffix}"})
        return read(export)
    grid = open_grid(export)
    evidence = evidence_in(grid)
    if evidence and kind not in evidence:
        _refuse_kind(export, kind, evidence)
    return READERS[kind].read(grid)


def read_table(export: ExportFile) -> RawTable:
    """A plain table that stands beside the exports (people, ties), whatever it looks like."""
    if export.suffix in _TYPED:
        export.refuse_absent()
        return _TYPED[export.suffix][1](export)
    return plain.read(open_grid(export))


def open_grid(export: ExportFile) -> Grid:
    """Every cell of a text file or of a workbook's first sheet.

    Raises `InputError` for a missing file, an ending that is not read, and whatever is not what
    its ending says.
    """
    export.refuse_absent()
    if export.suffix not in _OPENED:
        raise InputError(
            "Files of this kind are not read.",
            file=export.name,
            found=export.suffix or "no ending",
            possible=endings(),
            fix="export it again in one of the possible kinds",
        )
    return _OPENED[export.suffix](export)


def endings() -> list[str]:
    """The endings of files that are read."""
    return [*_OPENED, *_TYPED]


def kind_of_ending(ending: str) -> str:
    """The one kind that files of this ending are, or '' where their cells must say it."""
    return _TYPED[ending][0] if ending in _TYPED else ""


def evidence_in(grid: Grid) -> dict[str, str]:
    """The kinds that a file shows it is, each with what shows it; mostly one or none."""
    found = {kind: reader.marks(grid) for kind, reader in READERS.items()}
    return {kind: why for kind, why in found.items() if why}


def _refuse_kind(export: ExportFile, kind: str, evidence: Mapping[str, str]) -> None:
    likely, why = next(iter(evidence.items()))
    raise InputError(
        f"This is a {READERS[likely].title}, not a {READERS[kind].title}.",
        file=export.name,
        found=why,
        possible=evidence if len(evidence) > 1 else (),
        fix=f'kind = "{likely}" in survey.toml',
    )
