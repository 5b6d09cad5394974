"""survey.toml: what a survey's files mean.

One file beside the exports says which export is which wave, which column is which item, unit or
person, what stands for a missing answer and what each answer label means. Nothing is guessed:
what is not said here is not read.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from math import isfinite
from pathlib import Path
from secrets import token_hex

from cultureplus import columns as c
from cultureplus import readers
from cultureplus.asked import Asked, asked_of
from cultureplus.errors import counted, did_you_mean
from cultureplus.export_file import DECIMALS, DELIMITERS, ENCODINGS, ExportFile
from cultureplus.spelling import plain_text, slug
from cultureplus.toml_source import TomlTable, read_toml

FILE_NAME = "survey.toml"
_LEAST_SALT = 16
_TOP = {
    "title", "kind", "delimiter", "encoding", "decimal", "dictionary", "export",
    "instrument_files", "salt", "waves", "columns", "units", "rename", "people", "ties", "adjust",
    "missing", "labels", "instruments",
}  # fmt: skip
# Names that the tables use themselves, so no lens and no adjusting column can have them.
_TAKEN = (
    c.WAVE, c.RESPONDENT, c.RESPONDED, c.SECONDS, c.LANGUAGE, c.LENS, c.UNIT, c.SCALE, c.ALL,
)  # fmt: skip


@dataclass(frozen=True)
class SideFile:
    """A file beside the exports (people, ties) and the columns in it that are read."""

    file: ExportFile
    columns: Mapping[str, str]
    strangers: str = "refuse"


@dataclass(frozen=True)
class Settings:
    """Everything that survey.toml says, checked; `order`: the waves of one file, where stated."""

    title: str
    folder: Path
    kind: str
    exports: Mapping[str, ExportFile]
    export: ExportFile | None
    order: Sequence[str]
    columns: Mapping[str, str]
    units: Mapping[str, str]
    rename: Mapping[str, Mapping[str, str]]
    people: SideFile | None
    ties: SideFile | None
    adjust: tuple[str, ...]
    missing: tuple[float, ...]
    asked: Mapping[str, Asked]
    salt: str = field(repr=False)
    source: TomlTable = field(repr=False)

    @property
    def files(self) -> list[Path]:
        """Every file that belongs to the survey, survey.toml first."""
        found = [self.folder / self.source.file]
        found += [self.folder / name for name in self.source.get("instrument_files", list, [])]
        read = [*self.exports.values(), *([self.export] if self.export else [])]
        found += [each.path for each in read]
        found += dict.fromkeys(each.dictionary for each in read if each.dictionary)
        found += [side.file.path for side in (self.people, self.ties) if side]
        return found


def read_settings(path: str | Path) -> Settings:
    """Read and check survey.toml.

    `path`: the file, or the folder in which it stands. Raises `InputError` with the line for
    whatever is unknown, missing, of the wrong type, or contradicts an instrument.
    """
    path = Path(path)
    if path.is_dir() or not path.suffix:
        path = path / FILE_NAME
    table = read_toml(path)
    table.refuse_unknown(_TOP)
    table.refuse_open()
    folder = path.parent
    kind = table.need("kind", str)
    if kind not in readers.READERS:
        raise table.error(
            "kind",
            f"There is no reader for exports of kind '{kind}'.",
            possible=readers.READERS,
            fix=did_you_mean(kind, readers.READERS),
        )
    written = _written(table, folder, kind)
    exports, export, columns = _exports(table, written)
    units = _names(table.table("units"))
    missing = _missing(table)
    asked = asked_of(table, folder, lenses=units, missing=missing)
    adjust = _adjust(table)
    _refuse_taken(table, units, adjust, asked)
    people = _side(table, "people", written, {"respondent"}, {"wave"})
    _refuse_answers(table, asked, columns, units if people is None else {})
    ties = _side(table, "ties", written, {"from", "to"}, {"wave"})
    has_keys = "respondent" in columns or people is not None or ties is not None
    return Settings(
        title=table.need("title", str),
        folder=folder,
        kind=kind,
        exports=exports,
        export=export,
        order=_order(table),
        columns=columns,
        units=units,
        rename=_rename(table, units),
        people=people,
        ties=ties,
        adjust=adjust,
        missing=missing,
        asked=asked,
        salt=_salt(table, needed=has_keys),
        source=table,
    )


def _salt(table: TomlTable, *, needed: bool) -> str:
    """The secret with which respondents' keys are hashed; '' where there are no keys."""
    salt = str(table.get("salt", str, ""))
    if len(salt) < _LEAST_SALT and (needed or "salt" in table.values):
        raise table.error(
            "salt" if "salt" in table.values else None,
            "Respondents' keys are hashed with a salt of your own: a secret that stays the same for"
            " all waves and reruns."
            if "salt" not in table.values
            else f"A salt has at least {_LEAST_SALT} characters, so that nobody guesses it.",
            found=None if "salt" not in table.values else f"{len(salt)} characters",
            fix=f'put this above the first [table], and keep it:\n    salt = "{token_hex(16)}"',
        )
    return salt


def _exports(
    table: TomlTable, written: ExportFile
) -> tuple[dict[str, ExportFile], ExportFile | None, dict[str, str]]:
    part = table.table("columns")
    part.refuse_unknown({"respondent", "seconds", "language", "comment", "wave"})
    columns = _names(part)
    listed = isinstance(table.values.get("waves"), list)
    exports = {} if listed else _waves(table.table("waves"), written)
    one = table.get("export", str)
    if bool(exports) is (one is not None):
        raise table.error(
            "export" if exports else None,
            "Name either one file per wave under [waves], or one file for all as 'export'.",
            fix='[waves]\n    2026Q3 = "answers.csv"',
        )
    if (one is not None) is not ("wave" in columns):
        raise part.error(
            "wave",
            "With one file for all waves, and only then, a column says the wave.",
            fix='export = "answers.csv" and columns.wave = "wave", or [waves] and no columns.wave',
        )
    return exports, None if one is None else _named(written, one), columns


def _order(table: TomlTable) -> tuple[str, ...]:
    """The waves of one file for all, where survey.toml states them in order."""
    stated = table.values.get("waves")
    if not isinstance(stated, list):
        return ()
    waves = tuple(plain_text(wave) for wave in stated if isinstance(wave, str))
    if len(waves) < len(stated) or "" in waves or len(set(waves)) < len(waves) or not waves:
        raise table.error(
            "waves",
            "Each wave needs a name of its own.",
            found=counted(len(stated), "wave"),
            fix='in order of time, as in the column: waves = ["before", "after"]',
        )
    return waves


def _waves(table: TomlTable, written: ExportFile) -> dict[str, ExportFile]:
    """The export of each wave; one file can't be two waves."""
    found: dict[str, ExportFile] = {}
    for key, name in table.texts().items():
        wave = plain_text(key)
        if not wave or wave in found:
            raise table.error(key, "Each wave needs a name of its own.", found=f"'{wave}'")
        if _named(written, name) in found.values():
            raise table.error(
                key,
                f"The file '{name}' stands for two waves.",
                fix="name each wave's own export; if one file holds several waves: "
                f'export = "{name}" and columns.wave',
            )
        found[wave] = _named(written, name)
    return found


def _written(table: TomlTable, folder: Path, kind: str) -> ExportFile:
    """How all files of the survey are written; each one's name takes the place of the folder's."""
    possible = {"delimiter": tuple(DELIMITERS), "encoding": ENCODINGS, "decimal": DECIMALS}
    said = {}
    for key, allowed in possible.items():
        said[key] = str(table.get(key, str, {"delimiter": ",", "decimal": "."}.get(key, "utf-8")))
        if said[key] not in allowed:
            raise table.error(
                key,
                f"'{key}' can't be this.",
                possible=[f'"{DELIMITERS.get(each, each)}"' for each in allowed],
                fix=did_you_mean(said[key], allowed),
            )
    if said["delimiter"] == said["decimal"] == ",":
        raise table.error(
            "decimal",
            "A comma can't both divide cells and mark decimals.",
            fix='delimiter = ";" if that is what divides the cells',
        )
    dictionary = table.get("dictionary", str)
    if dictionary is not None and kind not in readers.WITH_DICTIONARY:
        raise table.error(
            "dictionary",
            f"Exports of kind '{kind}' have no dictionary.",
            possible=readers.WITH_DICTIONARY,
            fix="remove this line",
        )
    place = None if dictionary is None else folder / dictionary
    return ExportFile(folder, **said, dictionary=place)


def _named(written: ExportFile, name: str) -> ExportFile:
    return replace(written, path=written.path / name)


def _names(table: TomlTable) -> dict[str, str]:
    """Names of columns, compared as the readers tidy them."""
    return {key: plain_text(name) for key, name in table.texts().items()}


def _refuse_taken(
    table: TomlTable,
    units: Mapping[str, str],
    adjust: tuple[str, ...],
    asked: Mapping[str, Asked],
) -> None:
    """Lenses, adjusting columns and scores are columns of one table, so no two share a name."""
    taken = {scale for each in asked.values() for scale in each.instrument.scales}
    taken |= set(asked) | set(_TAKEN)
    for name in adjust:
        if name in taken or name in units or adjust.count(name) > 1:
            raise table.table("adjust").error(
                "columns",
                f"An adjusting column can't be called '{name}': that name is taken.",
                fix="rename the column in the file",
            )
    for lens in units:
        if lens in taken or not lens.strip():
            raise table.table("units").error(
                lens,
                f"A lens can't be called '{lens}': that name is taken.",
                fix=f'choose another, such as my_{slug(lens)} = "{units[lens]}"',
            )


def _refuse_answers(
    table: TomlTable,
    asked: Mapping[str, Asked],
    columns: Mapping[str, str],
    units: Mapping[str, str],
) -> None:
    """A column of answers is nothing else: read as waves or units, answers would be quoted."""
    answers = {column: name for each in asked.values() for name, column in each.places.items()}
    for part, read in (("columns", columns), ("units", units)):
        for key, column in read.items():
            if column in answers:
                raise table.table(part).error(
                    key,
                    f"The column '{column}' is read for '{answers[column]}' and as {part}.{key}.",
                    fix="name another column, or take one of the two out",
                )


def _rename(table: TomlTable, units: Mapping[str, str]) -> dict[str, dict[str, str]]:
    part = table.table("rename")
    part.refuse_unknown(units)
    return {lens: part.table(lens).texts() for lens in part.values}


def _side(
    table: TomlTable, name: str, written: ExportFile, needed: set[str], optional: set[str]
) -> SideFile | None:
    if name not in table.values:
        return None
    part = table.table(name)
    choices = {"strangers"} if name == "people" else set()
    part.refuse_unknown({"file", *needed, *optional, *choices})
    columns = {key: plain_text(part.need(key, str)) for key in sorted(needed)}
    columns |= {
        key: plain_text(part.get(key, str)) for key in sorted(optional) if key in part.values
    }
    strangers = part.get("strangers", str, "refuse")
    if strangers not in ("refuse", "drop"):
        raise part.error("strangers", "What to do with strangers?", possible=["refuse", "drop"])
    file = replace(_named(written, part.need("file", str)), dictionary=None)
    return SideFile(file, columns, strangers)


def _adjust(table: TomlTable) -> tuple[str, ...]:
    part = table.table("adjust")
    part.refuse_unknown({"columns"})
    return tuple(plain_text(name) for name in part.get("columns", list, []))


def _missing(table: TomlTable) -> tuple[float, ...]:
    part = table.table("missing")
    part.refuse_unknown({"codes"})
    codes = part.get("codes", list, [])
    for code in codes:
        if isinstance(code, bool) or not isinstance(code, (int, float)) or not isfinite(code):
            raise part.error("codes", "A missing code is a number.", fix="codes = [-99]")
    return tuple(float(code) for code in codes)
