"""Settings and truths as TOML text.

The standard library reads TOML and does not write it; the little that a survey's settings need
(texts, numbers, true and false, lists, tables, comments) is written here.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

_BARE = re.compile(r"[A-Za-z0-9_-]+")
_WIDTH = 96


@dataclass(frozen=True)
class Noted:
    """A value, a table or a list of tables with a comment on its line."""

    value: Any
    note: str


@dataclass(frozen=True)
class Remark:
    """A comment on a line of its own; under which key it stands does not matter."""

    text: str


def toml_text(values: Mapping[str, Any]) -> str:
    """Nested tables as TOML, in the order given; an empty table keeps its heading.

    A list of mappings is an array of tables.

    >>> print(toml_text({"title": Noted("A", "new"), "waves": {"2026Q3": "a.csv"}}), end="")
    title = "A"  # new
    <BLANKLINE>
    [waves]
    2026Q3 = "a.csv"
    """
    return "\n".join(_lines(values, (), "")).strip("\n") + "\n"


def _lines(values: Mapping[str, Any], path: tuple[str, ...], note: str) -> list[str]:
    plain: dict[str, Any] = {}
    tables: dict[str, Any] = {}
    for key, value in values.items():
        (tables if _is_table(_bare(value)) else plain)[key] = value
    lines: list[str] = []
    if path and (plain or note or not tables):
        lines += ["", f"[{'.'.join(map(_key, path))}]{_comment(note)}"]
    lines += _assignments(plain)
    for key, given in tables.items():
        table, said = _bare(given), given.note if isinstance(given, Noted) else ""
        if isinstance(table, Mapping):
            lines += _lines(table, (*path, key), said)
            continue
        for each in table:
            lines += ["", f"[[{'.'.join(map(_key, (*path, key)))}]]{_comment(said)}"]
            lines += _assignments(each)
    return lines


def _assignments(values: Mapping[str, Any]) -> list[str]:
    lines = []
    for key, value in values.items():
        if isinstance(value, Remark):
            lines.append(_comment(value.text).strip())
        elif isinstance(value, Noted):
            lines.append(f"{_key(key)} = {_value(value.value)}{_comment(value.note)}")
        else:
            lines.append(f"{_key(key)} = {_value(value)}")
    return lines


def _bare(value: Any) -> Any:
    return value.value if isinstance(value, Noted) else value


def _is_table(value: Any) -> bool:
    if isinstance(value, list | tuple):
        return bool(value) and all(isinstance(each, Mapping) for each in value)
    return isinstance(value, Mapping)


def _comment(text: str) -> str:
    """A comment that stays on its line; control characters are not allowed in one."""
    tidy = " ".join("".join(sign if sign.isprintable() else " " for sign in text).split())
    return f"  # {tidy}" if tidy else ""


def _key(name: str) -> str:
    return name if _BARE.fullmatch(name) else _text(name)


def _text(text: str) -> str:
    """A basic string; JSON leaves one control character as it is, which TOML does not allow."""
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")


def _value(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return repr(value)
    if isinstance(value, str):
        return _text(value)
    parts = [_value(each) for each in value]
    line = f"[{', '.join(parts)}]"
    if len(line) <= _WIDTH:
        return line
    lines, current = ["["], "   "
    for part in parts:
        if len(current) + len(part) + 2 > _WIDTH:
            lines.append(current)
            current = "   "
        current += f" {part},"
    return "\n".join([*lines, current, "]"])
