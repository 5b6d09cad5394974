"""TOML that remembers where each key stands.

Instruments and surveys are files that people write by hand, so a complaint about one must name the
line. The standard library parses TOML but forgets lines; here a scan of the text keeps, for each
key, the line it stands on, and checked access turns every wrong type or unknown key into one clear
error.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from cultureplus.errors import InputError, did_you_mean

Key = tuple[str | int, ...]
OPEN = "?"  # what a person has still to write

_TOKEN = re.compile(
    r'"""(?:\\.|[^\\])*?"{3,5}|\'\'\'.*?\'{3,5}|"(?:\\.|[^"\\\n])*"|\'[^\'\n]*\'|#[^\n]*'
    r"|[\[\]{}=\n]|[^\[\]{}=\n#\"']+",
    re.DOTALL,
)


def _lines_of(text: str) -> dict[Key, int]:
    """Where each key stands; keys inside an inline table share their parent's line.

    `text` is known to parse, so strings, comments and brackets can be told apart token by token;
    what TOML calls a key is left to the parser itself.
    """
    places: dict[Key, int] = {}
    table: Key = ()
    counts: dict[Key, int] = {}
    for line, statement, key in _statements(text):
        if statement.startswith("[["):
            table = _table_path(_names(statement[2:-2]), counts, is_array=True)
            places.setdefault(table[:-1], line)
            places.setdefault(table, line)
        elif statement.startswith("["):
            table = _table_path(_names(statement[1:-1]), counts, is_array=False)
            places.setdefault(table, line)
        elif key:
            places.setdefault((*table, *_names(key)), line)
    return places


def comment_lines(path: Path) -> dict[int, str]:
    """The comments of a TOML file, each by its line. Raises `InputError` as `read_toml` does."""
    found: dict[int, str] = {}
    line = 1
    for piece in _TOKEN.finditer(read_toml(path).text):
        if piece[0].startswith("#"):
            found[line] = piece[0]
        line += piece[0].count("\n")
    return found


def _statements(text: str) -> Iterator[tuple[int, str, str]]:
    """Each header or assignment: its first line, its text without comments, its key."""
    line = start = 1
    depth = 0
    parts: list[str] = []
    key = ""
    for found in _TOKEN.finditer(text + "\n"):
        piece = found[0]
        if piece == "\n" and depth == 0:
            statement = "".join(parts).strip()
            if statement:
                yield start, statement, key
            line += 1
            start, parts, key = line, [], ""
            continue
        line += piece.count("\n")
        if piece.startswith("#"):
            continue
        if piece == "=" and not key:
            key = "".join(parts)
        depth += (piece in ("[", "{")) - (piece in ("]", "}"))
        parts.append(piece)


def _names(dotted: str) -> list[str]:
    """Split a dotted key into its names, quotes and escapes undone by the parser."""
    names: list[str] = []
    value: Any = tomllib.loads(f"{dotted} = 0")
    while isinstance(value, dict):
        name, value = next(iter(value.items()))
        names.append(name)
    return names


def _table_path(names: list[str], counts: dict[Key, int], *, is_array: bool) -> Key:
    """The path of a table header; elements of arrays of tables are counted from 0."""
    path: Key = ()
    for name in names[:-1]:
        path = (*path, name)
        if path in counts:
            path = (*path, counts[path] - 1)
    path = (*path, names[-1])
    if is_array:
        counts[path] = counts.get(path, 0) + 1
        path = (*path, counts[path] - 1)
    return path


@dataclass(frozen=True)
class TomlTable:
    """One table of a TOML file, with its place, read by name and type.

    `get` and `need` return a checked value; `refuse_unknown` holds the vocabulary.
    """

    file: str
    path: Key
    values: Mapping[str, Any]
    lines: Mapping[Key, int] = field(repr=False)
    text: str = field(default="", repr=False)

    def error(self, key: str | int | None, sentence: str, **more: Any) -> InputError:
        """An error that names this file and the line of `key` (or of the nearest table above)."""
        path = self.path if key is None else (*self.path, key)
        while path and path not in self.lines:
            path = path[:-1]
        return InputError(sentence, file=self.file, line=self.lines.get(path), **more)

    def refuse_unknown(self, known: Collection[str]) -> None:
        """Raise for the first key that is not in the vocabulary, suggesting the nearest."""
        for key in self.values:
            if key not in known:
                raise self.error(
                    key,
                    f"The key '{key}' is not known here.",
                    possible=sorted(known),
                    fix=did_you_mean(key, known) or "remove or rename it",
                )

    def refuse_open(self) -> None:
        """Raise for the first value, here or below, that is still to be written."""
        for key, value in self.values.items():
            if value == OPEN:
                raise self.error(
                    key,
                    f"'{key}' is still open.",
                    found=f'"{OPEN}"',
                    fix="write what belongs here; the comments beside it say what was found",
                )
            if isinstance(value, dict):
                self.table(key).refuse_open()

    def at(self, key: Key) -> Any:
        """What stands at a key below this table, or None; elements of arrays by their place."""
        value: Any = self.values
        for name in key:
            if isinstance(value, list) and isinstance(name, int) and name < len(value):
                value = value[name]
            else:
                value = value.get(name) if isinstance(value, Mapping) else None
        return value

    def get(self, key: str, kind: type | tuple[type, ...], default: Any = None) -> Any:
        """The value of `key` if it is of `kind`, or `default` where it is absent."""
        if key not in self.values:
            return default
        value = self.values[key]
        kinds = kind if isinstance(kind, tuple) else (kind,)
        if (isinstance(value, bool) and bool not in kinds) or not isinstance(value, kinds):
            wanted = " or ".join(_WORDS[each] for each in kinds)
            raise self.error(key, f"'{key}' must be {wanted}.", found=_WORDS.get(type(value)))
        return value

    def need(self, key: str, kind: type | tuple[type, ...]) -> Any:
        """The value of `key`, which must be there and of `kind`."""
        if key not in self.values:
            raise self.error(
                None,
                f"'{key}' is missing here.",
                found=", ".join(self.values) or "nothing",
                fix=f"add '{key} = ...'",
            )
        return self.get(key, kind)

    def table(self, key: str) -> TomlTable:
        """The sub-table `key`, empty where it is absent."""
        return TomlTable(self.file, (*self.path, key), self.get(key, dict, {}), self.lines)

    def texts(self) -> dict[str, str]:
        """Every key with its value, all of which must be texts."""
        return {str(key): str(self.get(key, str)) for key in self.values}

    def tables(self, key: str) -> list[TomlTable]:
        """The array of tables `key`, empty where it is absent."""
        found = self.get(key, list, [])
        if not all(isinstance(each, dict) for each in found):
            raise self.error(key, f"'{key}' must be tables, each under [[{key}]].")
        return [
            TomlTable(self.file, (*self.path, key, place), each, self.lines)
            for place, each in enumerate(found)
        ]


_WORDS: dict[type, str] = {
    str: "a text in quotes",
    int: "a whole number",
    float: "a number",
    bool: "true or false",
    list: "a list in square brackets",
    dict: "a table",
}


def read_toml(path: Path) -> TomlTable:
    """Read a TOML file into its top table.

    Raises `InputError` for a missing file, for bytes that are not UTF-8, and for TOML that does
    not parse (with the line).
    """
    name = path.name
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError:
        raise InputError("This is not UTF-8 text.", file=name, fix="save it as UTF-8") from None
    except FileNotFoundError:
        raise InputError(
            f"There is no file {path}.", fix="check the path, or write the file"
        ) from None
    except (OSError, ValueError) as problem:  # a name with a null sign is a ValueError
        why = problem.strerror if isinstance(problem, OSError) else "a name that no file can have"
        raise InputError("A file can't be read.", file=name, found=why) from None
    try:
        values = tomllib.loads(text)
    except tomllib.TOMLDecodeError as problem:
        place = re.search(r"line (\d+)", str(problem))
        raise InputError(
            "This is not valid TOML.",
            file=name,
            line=int(place[1]) if place else None,
            found=re.sub(r"\s*\(at.*\)$", "", str(problem)),
            fix="texts stand in quotes, lists in square brackets, one key a line",
        ) from None
    except RecursionError:
        raise InputError(
            "This TOML is nested too deeply.", file=name, fix="a list holds texts or numbers"
        ) from None
    return TomlTable(name, (), values, _lines_of(text), text)
