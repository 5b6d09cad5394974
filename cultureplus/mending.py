"""Where in survey.toml the line stands that mends an error.

An error found in a file often has its cause in a setting, and its `fix` says which key to write.
Here that key is looked up, so that every such error ends with the line to change, or with the table
under which a new line belongs.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from typing import Any

from cultureplus.errors import InputError
from cultureplus.toml_source import Key, TomlTable

_ALONE = (
    "kind", "delimiter", "encoding", "decimal", "dictionary", "export", "salt", "title", "waves",
)  # fmt: skip
_TABLES = (
    "waves", "columns", "units", "rename", "people", "ties", "adjust", "missing", "labels",
    "instruments",
)  # fmt: skip
# A key as a fix writes it: `columns.respondent`, `[labels]`, `kind =`; quoted parts where need be.
_PART = r'(?:[\w-]+|"[^"\n]*")'
_NAMED = re.compile(
    rf"(?<![\w.\"])(?:(?:{'|'.join(_TABLES)})(?:\.{_PART})+"
    rf"|\[(?:{'|'.join(_TABLES)})(?:\.{_PART})*\]"
    rf"|(?:{'|'.join(_ALONE)})(?=\s*=))"
)


def with_place(
    problem: InputError, table: TomlTable, *, labels: Mapping[str, str] | None = None
) -> InputError:
    """The error, ending with the place in survey.toml that mends it, where its fix names one.

    `table`: the top table of survey.toml; `labels`: the set of labels of each column that has one.
    An error that names a line already is left as it is.
    """
    if problem.line is not None or not problem.fix:
        return problem
    named = _NAMED.search(problem.fix)
    if named is None:
        key = _naming(problem, table) if table.file in problem.fix else None
    else:
        key = _key(named[0])
        if key == ("labels",) and problem.column in (labels or {}):
            key = ("labels", (labels or {})[str(problem.column)])
    return problem if key is None else problem.mended_at(place_of(key, table))


def _naming(problem: InputError, table: TomlTable) -> Key | None:
    """The key whose value is the file that an error's sentence names."""
    for key in table.lines:
        value = table.at(key)
        if isinstance(value, str) and f"/{value}" in problem.sentence.replace("\\", "/"):
            return key
    return None


def place_of(key: Key, table: TomlTable) -> str:
    r"""Where a key stands, or where a new line for it belongs.

    >>> import tempfile, pathlib
    >>> from cultureplus.toml_source import read_toml
    >>> file = pathlib.Path(tempfile.mkdtemp()) / "survey.toml"
    >>> _ = file.write_text('title = "A"\n[columns]\nseconds = "s"\n')
    >>> top = read_toml(file)
    >>> place_of(("columns", "seconds"), top), place_of(("columns", "respondent"), top)
    ('survey.toml, line 3', 'survey.toml, a new line below line 2')
    >>> place_of(("missing", "codes"), top), place_of(("kind",), top)
    ('survey.toml, a new table [missing] at the end', 'survey.toml, a new line at the top')
    """
    first = [line for each, line in table.lines.items() if each[: len(key)] == key]
    if first:
        return f"{table.file}, line {first[0]}"
    if len(key) == 1 and key[0] in _ALONE:
        return f"{table.file}, a new line at the top"
    beside = [line for each, line in table.lines.items() if each[: len(key) - 1] == key[:-1]]
    if len(key) > 1 and key[:-1] not in table.lines and beside:
        if _is_header(beside[0], table):
            name = ".".join(map(str, key[:-1]))
            return f"{table.file}, a new table [{name}] above line {beside[0]}"
        return f"{table.file}, a new line beside line {beside[0]}"
    above = key[:-1]
    while above and above not in table.lines:
        above = above[:-1]
    if above and not _is_header(table.lines[above], table):
        return f"{table.file}, line {table.lines[above]}"
    if len(above) == len(key) - 1 and above:
        return f"{table.file}, a new line below line {table.lines[above]}"
    if not above:
        return f"{table.file}, a new table [{key[0]}] at the end"
    name = ".".join(map(str, key[:-1]))
    return f"{table.file}, a new table [{name}] below that of line {table.lines[above]}"


def _is_header(line: int, table: TomlTable) -> bool:
    """Whether a line is a table's heading, and no `name = { ... }` or `a.b = 1`."""
    return table.text.split("\n")[line - 1].lstrip().startswith("[")


def _key(named: str) -> Key:
    found: list[str] = []
    value: Any = tomllib.loads(f"{named.strip('[]')} = 0")
    while isinstance(value, dict):
        name, value = next(iter(value.items()))
        found.append(name)
    return tuple(found)
