"""survey.toml: what a survey's files mean.

One file beside the exports says which export is which wave, which column is which item, unit or
person, what stands for a missing answer and what each answer label means. Nothing is guessed:
what is not said here is not read.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from cultureplus import readers
from cultureplus.errors import InputError, did_you_mean
from cultureplus.instrument import Instrument, instrument_or_error, load_instruments
from cultureplus.spelling import plain_text
from cultureplus.toml_source import TomlTable, read_toml

FILE_NAME = "survey.toml"
_TOP = {
    "title", "kind", "delimiter", "export", "instrument_files", "waves", "columns", "units",
    "rename", "people", "ties", "adjust", "missing", "labels", "instruments",
}  # fmt: skip

Labels = Mapping[str, Mapping[str, int]]


@dataclass(frozen=True)
class Asked:
    """One instrument as this survey asks it: columns of the export, answer labels, lens."""

    instrument: Instrument
    columns: Mapping[str, str] = field(default_factory=dict)
    labels: Labels = field(default_factory=dict)
    lens: str = ""


@dataclass(frozen=True)
class SideFile:
    """A file beside the exports (people, ties) and the columns in it that are read."""

    path: Path
    columns: Mapping[str, str]
    strangers: str = "refuse"


@dataclass(frozen=True)
class Settings:
    """Everything that survey.toml says, checked."""

    title: str
    folder: Path
    kind: str
    delimiter: str
    exports: Mapping[str, Path]
    export: Path | None
    columns: Mapping[str, str]
    units: Mapping[str, str]
    rename: Mapping[str, Mapping[str, str]]
    people: SideFile | None
    ties: SideFile | None
    adjust: tuple[str, ...]
    missing: tuple[float, ...]
    asked: Mapping[str, Asked]
    source: TomlTable = field(repr=False)

    @property
    def files(self) -> list[Path]:
        """Every file that belongs to the survey, survey.toml first."""
        found = [self.folder / self.source.file]
        found += [self.folder / name for name in self.source.get("instrument_files", list, [])]
        found += [*self.exports.values()] + ([self.export] if self.export else [])
        found += [side.path for side in (self.people, self.ties) if side]
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
    folder = path.parent
    kind = table.need("kind", str)
    if kind not in readers.READERS:
        raise table.error(
            "kind",
            f"There is no reader for exports of kind '{kind}'.",
            possible=readers.READERS,
            fix=did_you_mean(kind, readers.READERS),
        )
    exports, export, columns = _exports(table, folder)
    units = _texts(table.table("units"))
    return Settings(
        title=table.need("title", str),
        folder=folder,
        kind=kind,
        delimiter=table.get("delimiter", str, ","),
        exports=exports,
        export=export,
        columns=columns,
        units=units,
        rename=_rename(table, units),
        people=_side(table, "people", folder, {"respondent"}, {"wave"}),
        ties=_side(table, "ties", folder, {"from", "to"}, {"wave"}),
        adjust=_adjust(table),
        missing=_missing(table),
        asked=_asked(table, folder, units),
        source=table,
    )


def _exports(table: TomlTable, folder: Path) -> tuple[dict[str, Path], Path | None, dict[str, str]]:
    part = table.table("columns")
    part.refuse_unknown({"respondent", "seconds", "language", "comment", "wave"})
    columns = _texts(part)
    exports = {wave: folder / name for wave, name in _texts(table.table("waves")).items()}
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
    return exports, None if one is None else folder / one, columns


def _texts(table: TomlTable) -> dict[str, str]:
    return {str(key): str(table.get(key, str)) for key in table.values}


def _rename(table: TomlTable, units: Mapping[str, str]) -> dict[str, dict[str, str]]:
    part = table.table("rename")
    part.refuse_unknown(units)
    return {lens: _texts(part.table(lens)) for lens in part.values}


def _side(
    table: TomlTable, name: str, folder: Path, needed: set[str], optional: set[str]
) -> SideFile | None:
    if name not in table.values:
        return None
    part = table.table(name)
    choices = {"strangers"} if name == "people" else set()
    part.refuse_unknown({"file", *needed, *optional, *choices})
    columns = {key: part.need(key, str) for key in sorted(needed)}
    columns |= {key: part.get(key, str) for key in sorted(optional) if key in part.values}
    strangers = part.get("strangers", str, "refuse")
    if strangers not in ("refuse", "drop"):
        raise part.error("strangers", "What to do with strangers?", possible=["refuse", "drop"])
    return SideFile(folder / part.need("file", str), columns, strangers)


def _adjust(table: TomlTable) -> tuple[str, ...]:
    part = table.table("adjust")
    part.refuse_unknown({"columns"})
    return tuple(str(name) for name in part.get("columns", list, []))


def _missing(table: TomlTable) -> tuple[float, ...]:
    part = table.table("missing")
    part.refuse_unknown({"codes"})
    codes = part.get("codes", list, [])
    for code in codes:
        if isinstance(code, bool) or not isinstance(code, (int, float)):
            raise part.error("codes", "A missing code is a number.", fix="codes = [-99]")
    return tuple(float(code) for code in codes)


def _asked(table: TomlTable, folder: Path, units: Mapping[str, str]) -> dict[str, Asked]:
    files = table.get("instrument_files", list, [])
    instruments = load_instruments(*(folder / str(name) for name in files))
    part = table.table("instruments")
    if not part.values:
        raise table.error(
            "instruments",
            "No instrument is named.",
            possible=sorted(instruments),
            fix="[instruments.psychological_safety]",
        )
    found: dict[str, Asked] = {}
    for name in part.values:
        mine = part.table(name)
        try:
            instrument = instrument_or_error(instruments, name)
        except InputError as problem:
            raise part.error(
                name,
                problem.sentence,
                possible=sorted(instruments),
                fix=did_you_mean(name, instruments) or 'instrument_files = ["its_file.toml"]',
            ) from None
        mine.refuse_unknown({"columns", "form", "labels", "lens"})
        if mine.get("form", str, "full") == "pulse":
            instrument = instrument.pulse()
        if mine.get("form", str, "full") not in ("full", "pulse") or (
            instrument.kind == "rating" and not instrument.items
        ):
            raise mine.error(
                "form",
                f"'{name}' has no such form.",
                possible=["full", "pulse"],
                fix="mark items with pulse = true in the instrument's file, or ask it in full",
            )
        columns = mine.table("columns")
        if instrument.kind != "matrix":
            items = [item.id for item in instrument.items]
            columns.refuse_unknown(items + [option.id for option in instrument.options])
        lens = mine.get("lens", str, "")
        if (instrument.kind == "matrix") is not bool(lens) or (lens and lens not in units):
            raise mine.error(
                "lens",
                f"'{name}' rates the units of a lens: name it."
                if instrument.kind == "matrix"
                else f"'{name}' has no lens.",
                possible=units if instrument.kind == "matrix" else (),
            )
        found[name] = Asked(instrument, _texts(columns), _labels(table, mine, instrument), lens)
    _refuse_shared(part, found)
    return found


def _labels(table: TomlTable, mine: TomlTable, instrument: Instrument) -> dict[str, dict[str, int]]:
    """Per language, what each answer label means; labels compare without odd spaces."""
    name = mine.get("labels", str)
    if name is None:
        return {}
    sets = table.table("labels")
    if name not in sets.values:
        raise mine.error(
            "labels",
            f"There are no labels '{name}'.",
            possible=sets.values,
            fix=did_you_mean(name, sets.values) or f"add [labels.{name}.en]",
        )
    found: dict[str, dict[str, int]] = {}
    for language in sets.table(name).values:
        part = sets.table(name).table(language)
        for label in part.values:
            value = part.get(label, int)
            if not instrument.low <= value <= instrument.high:
                raise part.error(
                    label,
                    f"This label lies outside the range {instrument.low}-{instrument.high} of "
                    f"'{instrument.id}'.",
                    found=value,
                )
            found.setdefault(language.lower(), {})[plain_text(label)] = value
    return found


def _refuse_shared(part: TomlTable, asked: Mapping[str, Asked]) -> None:
    """No item and no column may serve two questions."""
    owner: dict[str, str] = {}
    for name, each in asked.items():
        items = each.instrument.items if each.instrument.kind == "rating" else ()
        for item in items:
            column = each.columns.get(item.id, item.id)
            if column in owner:
                raise part.table(name).error(
                    "columns",
                    f"The column '{column}' is read for '{owner[column]}' and for '{name}'.",
                    fix="give each item a column of its own",
                )
            owner[column] = name
