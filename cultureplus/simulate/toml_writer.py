"""Settings and truths as TOML text.

The standard library reads TOML and does not write it; the little that a survey's settings need
(texts, numbers, true and false, lists, tables) is written here.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

_BARE = re.compile(r"[A-Za-z0-9_-]+")
_WIDTH = 96


def toml_text(values: Mapping[str, Any]) -> str:
    """Nested tables as TOML, in the order given; an empty table keeps its heading.

    >>> print(toml_text({"title": "A", "waves": {"2026Q3": "a.csv"}}), end="")
    title = "A"
    <BLANKLINE>
    [waves]
    2026Q3 = "a.csv"
    """
    return "\n".join(_lines(values, ())).strip("\n") + "\n"


def _lines(values: Mapping[str, Any], path: tuple[str, ...]) -> list[str]:
    plain = {key: value for key, value in values.items() if not isinstance(value, Mapping)}
    tables = {key: value for key, value in values.items() if isinstance(value, Mapping)}
    lines: list[str] = []
    if path and (plain or not tables):
        lines += ["", f"[{'.'.join(map(_key, path))}]"]
    lines += [f"{_key(key)} = {_value(value)}" for key, value in plain.items()]
    for key, table in tables.items():
        lines += _lines(table, (*path, key))
    return lines


def _key(name: str) -> str:
    return name if _BARE.fullmatch(name) else json.dumps(name, ensure_ascii=False)


def _value(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return repr(value)
    if isinstance(value, str):
        return json.dumps(value, ensure_ascii=False)
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
