"""SPSS files (.sav, .zsav), read in a limited process of their own and checked afterwards.

The file is first counted here (`spss_layout`), then parsed there (`spss_child`), then the answer is
held against the count and against itself. A crash, a limit, a time-out and an answer that does not
hold together all end in the same kind of error, with the way out.
"""

from __future__ import annotations

import json
import math
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from importlib.util import find_spec
from operator import and_, gt
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cultureplus.errors import InputError
from cultureplus.export_file import ExportFile
from cultureplus.spss_child import ANSWER, DONE, NO_MEMORY, NUMBERS, REFUSED, TEXTS, WRONG_BYTES
from cultureplus.spss_layout import WAY_OUT, SpssLayout, spss_layout

# The address space of the child: 40 bytes for each of the most cells, an interpreter, and the
# texts. Its own sum for a survey of a million people is about 3 GiB.
MEMORY = 4 * 2**30
# Seconds of computing: an interpreter starts in well under one, and ten million cells take two.
CPU_SECONDS, CELLS_A_SECOND = 5, 1_000_000
# By the clock it may take as long again and half a minute more: the machine may be busy, and only
# systems that count no computing time need this limit to end it.
SLACK_SECONDS = 30
# Of each file that it writes; its numbers take 8 bytes a cell, 512 MB for the largest survey.
FILE_BYTES = 2**30

_ICONV = {"mac-roman": "MACINTOSH"}  # where the parser's name for an encoding is another
_NEEDED = ("pyreadstat", "narwhals", "numpy")  # what the child imports beside the standard library
TIMED_OUT = 1000  # how a child ended that the clock ended; no exit status is as large
_ELEMENT = 8
_SEGMENT, _IN_SEGMENT = 252, 255  # texts over 255 bytes stand in pieces of 252
_MEASURES = {"nominal", "ordinal", "scale", "unknown"}
_LONGEST_NAME = 64 * 4


@dataclass(frozen=True)
class Limits:
    """What the child may use: address space, computing seconds, bytes a file, clock seconds."""

    memory: int
    cpu_seconds: int
    file_bytes: int
    clock_seconds: float


@dataclass(frozen=True)
class SpssColumn:
    """One variable: what the file says of it, and its cells.

    `cells`: numbers (NaN where system-missing) or texts; `labels`: (code, label) pairs; `missing`:
    user-missing values as (lowest, highest), the same twice for a single one.
    """

    name: str
    label: str
    is_text: bool
    format: str
    width: int
    measure: str
    labels: tuple[tuple[float | str, str], ...]
    missing: tuple[tuple[float | str, float | str], ...]
    cells: NDArray[np.float64] | tuple[str, ...]


@dataclass(frozen=True)
class SpssTable:
    """The variables of one file, all of them `rows` long.

    `rows_declared`: what the header says, None where it does not; `encoding`: of the texts, and
    whether the file states it; `weight`: the variable that weights cases, blank for none.
    """

    columns: tuple[SpssColumn, ...]
    rows: int
    rows_declared: int | None
    encoding: str
    encoding_stated: bool
    weight: str

    @property
    def beyond_ascii(self) -> bool:
        """Whether any text of the file depends on how its letters are coded."""
        return not all(
            text.isascii()
            for column in self.columns
            for text in (
                column.name,
                column.label,
                *(label for _, label in column.labels),
                *(column.cells if column.is_text else ()),
            )
        )


Run = Callable[[Path, Path, str, Limits], int]


def read_spss(export: ExportFile, *, run: Run | None = None) -> SpssTable:
    """Read an SPSS file, whatever is in it.

    `run`: what parses it apart (default: `run_apart`). Numbers that are system-missing are NaN,
    user-missing values stay as they are. Raises `InputError` where the file is no SPSS file,
    damaged, too large, in another encoding than it says, or ends its parser.
    """
    layout = spss_layout(export)
    encoding = "" if layout.encoding_stated else export.encoding
    cells = layout.rows * layout.width
    seconds = CPU_SECONDS + math.ceil(cells / CELLS_A_SECOND)
    limits = Limits(MEMORY, seconds, FILE_BYTES, 2 * seconds + SLACK_SECONDS)
    with tempfile.TemporaryDirectory(prefix="spss-") as name:
        folder = Path(name)  # made so that nobody else can look into it
        source = export.path.resolve()
        ended = (run or run_apart)(source, folder, _ICONV.get(encoding, encoding), limits)
        if ended != DONE:
            raise _failed(export, ended, encoding)
        try:
            return _table(folder, layout)
        except (_Invalid, ValueError, TypeError, KeyError, OverflowError, OSError, RecursionError):
            raise InputError(
                "What this SPSS file holds does not hold together.",
                file=export.name,
                found="an answer of its parser that contradicts the file",
                fix=WAY_OUT,
            ) from None


def run_apart(
    source: Path, folder: Path, encoding: str, limits: Limits, *, program: Path | None = None
) -> int:
    """Run the parser in a new interpreter; returns how it ended.

    `program`: the file that is run (default: `spss_child`).
    """
    program = program or Path(__file__).with_name("spss_child.py")
    bounds = f"{limits.memory},{limits.cpu_seconds},{limits.file_bytes}"
    command = [sys.executable, "-I", "-S", str(program), str(source), str(folder), encoding, bounds]
    try:
        done = subprocess.run(  # noqa: S603 - our own interpreter and our own file
            [*command, *_places()],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            cwd=folder,
            env=os.environ | {"OPENBLAS_NUM_THREADS": "1"},  # each thread takes address space
            timeout=limits.clock_seconds,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return TIMED_OUT
    return done.returncode


def _places() -> list[str]:
    """The folders in which the child finds the packages it needs: nothing else of this process."""
    found = []
    for name in _NEEDED:
        spec = find_spec(name)
        if spec is None or spec.origin is None:
            raise InputError(
                f"The package '{name}' is missing, without which no SPSS file is read.",
                fix="pip install pyreadstat",
            )
        found.append(str(Path(spec.origin).parent.parent))
    return list(dict.fromkeys(found))


def _failed(export: ExportFile, ended: int, encoding: str) -> InputError:
    if ended == WRONG_BYTES:
        return InputError(
            f"The texts of this SPSS file are not in {encoding or 'the encoding that it says'}.",
            file=export.name,
            fix='say which they are in: encoding = "cp1252" in survey.toml; or ' + WAY_OUT
            if encoding
            else WAY_OUT,
        )
    found = {
        REFUSED: "its parser refuses it",
        NO_MEMORY: "its parser asks for more memory than it gets",
        TIMED_OUT: "its parser does not come to an end",
    }.get(ended, "its parser breaks down")
    return InputError("This SPSS file can't be read.", file=export.name, found=found, fix=WAY_OUT)


class _Invalid(Exception):
    """The answer contradicts the file or itself."""


def _hold(condition: bool) -> None:  # noqa: FBT001
    if not condition:
        raise _Invalid


def _table(folder: Path, layout: SpssLayout) -> SpssTable:
    answer = _loaded(folder / ANSWER)
    facts = answer["columns"]
    _hold(answer["rows"] == layout.rows and isinstance(answer["encoding"], str | None))
    numeric = sum(not each["is_text"] for each in facts)
    _hold(numeric == layout.numeric)
    short = [not each["is_text"] or each["storage"] <= _ELEMENT for each in facts]
    some = [bool(each["missing"]) for each in facts]
    _hold(sum(map(and_, some, short)) == layout.with_missing)
    _hold(any(map(gt, some, short)) is layout.long_missing)
    _hold((folder / NUMBERS).stat().st_size == 8 * numeric * layout.rows)
    numbers = iter(np.fromfile(folder / NUMBERS, dtype=np.float64).reshape(numeric, layout.rows))
    texts = iter(_loaded(folder / TEXTS))
    columns, weight, place = [], "", 0
    for each in facts:
        column = _column(each, next(texts) if each["is_text"] else next(numbers), layout.rows)
        if layout.weight == place + 1:
            weight = column.name
        place += _elements(each)
        columns.append(column)
    _hold(place == layout.width and next(texts, None) is None)
    _hold(not layout.weight or weight != "")
    _hold(len({column.name.casefold() for column in columns}) == len(columns))
    return SpssTable(
        columns=tuple(columns),
        rows=layout.rows,
        rows_declared=layout.rows_declared,
        encoding=answer["encoding"] or "",
        encoding_stated=layout.encoding_stated,
        weight=weight,
    )


def _loaded(path: Path) -> Any:
    _hold(path.stat().st_size <= FILE_BYTES)
    return json.loads(path.read_bytes().decode("utf-8"))


def _elements(fact: dict[str, Any]) -> int:
    """How many elements of 8 bytes a variable takes in a row."""
    size = fact["storage"]
    if not fact["is_text"]:
        return 1
    _hold(type(size) is int and 0 < size <= 32767)
    if size <= _IN_SEGMENT:
        return math.ceil(size / _ELEMENT)
    full, rest = divmod(size, _SEGMENT)
    return full * math.ceil(_IN_SEGMENT / _ELEMENT) + math.ceil(rest / _ELEMENT)


def _column(fact: dict[str, Any], cells: Any, rows: int) -> SpssColumn:
    """A variable, each of whose parts is what it claims to be."""
    is_text = fact["is_text"]
    name, label = _text(fact["name"]), _text(fact["label"])
    _hold(type(is_text) is bool and 0 < len(name.strip()) <= _LONGEST_NAME)
    _hold(len(cells) == rows and fact["measure"] in _MEASURES and type(fact["width"]) is int)
    if is_text:
        cells = tuple(_text(cell) for cell in cells)
    else:
        _hold(not np.isinf(cells).any())
    labels = tuple((_code(code, is_text), _text(said)) for code, said in fact["labels"])
    _hold(all(is_text or math.isfinite(float(code)) for code, _ in labels))
    missing = tuple((_code(low, is_text), _code(high, is_text)) for low, high in fact["missing"])
    _hold(len(missing) <= 3)
    for low, high in missing:
        _hold(low == high if is_text else float(low) <= float(high))
    return SpssColumn(
        name, label, is_text, _text(fact["format"]), fact["width"], fact["measure"], labels,
        missing, cells,
    )  # fmt: skip


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise _Invalid
    value.encode("utf-8")  # half a surrogate pair is no text
    _hold("\x00" not in value)
    return value


def _code(value: object, is_text: bool) -> float | str:  # noqa: FBT001
    if is_text:
        return _text(value)
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise _Invalid
    return float(value)
