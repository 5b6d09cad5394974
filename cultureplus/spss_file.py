"""SPSS files (.sav, .zsav), read in a limited process of their own and checked afterwards.

The file is first counted here (`spss_layout`), then parsed there (`spss_child`), then the answer is
held against the count and against itself. A crash, a limit, a time-out and an answer that does not
hold together all end in the same kind of error, with the way out.
"""

from __future__ import annotations

import json
import math
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from importlib.util import find_spec
from operator import and_, gt
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cultureplus.errors import InputError
from cultureplus.export_file import ExportFile
from cultureplus.spss_child import ANSWER, BYTES, DONE, NO_MEMORY, NUMBERS, REFUSED, TEXTS
from cultureplus.spss_layout import ROWS_AT, WAY_OUT, SpssLayout, spss_layout

# The address space of the child: 40 bytes for each of the most cells, an interpreter, and the
# texts. Its own sum for a survey of a million people is about 3 GiB.
MEMORY = 4 * 2**30
# Seconds of computing: an interpreter starts in a quarter of one, ten million cells take two.
CPU_SECONDS, CELLS_A_SECOND = 3, 1_000_000
# By the clock it may take ten times as long on a busy machine: it waits for nothing, so computing
# is what an endless loop runs out of. Where nobody counts that, the clock is all there is.
CLOCK = 2 if find_spec("resource") is None else 10
# Of each file that it writes; its numbers take 8 bytes a cell, 512 MB for the largest survey.
FILE_BYTES = 2**30

_NEEDED = ("pyreadstat", "narwhals", "numpy")  # what the child imports beside the standard library
TIMED_OUT = 1000  # how a child ended that the clock ended; no exit status is as large
_ELEMENT = 8
_SEGMENT, _IN_SEGMENT = 252, 255  # texts over 255 bytes stand in pieces of 252
_MEASURES = {"nominal", "ordinal", "scale", "unknown"}
_MOST_MISSING = 3
# Bytes at which SPSS cuts texts, and as many as a letter has at most.
_LONGEST_TEXT, _FULL_NAME, _FULL_LABEL, _FULL_VALUE_LABEL, _LETTER = 32767, 64, 255, 120, 4


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
    user-missing values as (lowest, highest), the same twice for a single one; `cut`: how many texts
    end in the middle of a letter, where the variable's width has cut them (the half one is gone).
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
    cut: int = 0


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


Run = Callable[[Path, Path, Limits], int]


def read_spss(export: ExportFile, *, run: Run | None = None) -> SpssTable:
    """Read an SPSS file, whatever is in it.

    `run`: what parses it apart (default: `run_apart`). Numbers that are system-missing are NaN,
    user-missing values stay as they are. Texts are decoded as the file says, or else as the export
    does. Raises `InputError` where the file is no SPSS file, damaged, too large, in another
    encoding than it says, or ends its parser.
    """
    layout = spss_layout(export)
    cells = layout.rows * layout.width
    seconds = CPU_SECONDS + math.ceil(cells / CELLS_A_SECOND)
    limits = Limits(MEMORY, seconds, FILE_BYTES, CLOCK * seconds)
    with tempfile.TemporaryDirectory(prefix="spss-") as name:
        folder = Path(name)  # made so that nobody else can look into it
        ended = (run or run_apart)(_source(export, layout, folder), folder, limits)
        if ended != DONE:
            raise _failed(export, ended)
        try:
            return _table(folder, layout, layout.encoding or export.encoding)
        except _WrongLetters as problem:
            raise problem.error(export, layout.encoding) from None
        except (_Invalid, ValueError, TypeError, KeyError, OverflowError, OSError, RecursionError):
            raise InputError(
                "What this SPSS file holds does not hold together.",
                file=export.name,
                found="an answer of its parser that contradicts the file",
                fix=WAY_OUT,
            ) from None


def _source(export: ExportFile, layout: SpssLayout, folder: Path) -> Path:
    """The file that is parsed: where its header does not count its rows, a copy that does.

    The parser takes room for a hundred thousand rows where it does not know better.
    """
    if layout.rows_declared is not None:
        return export.path.absolute()
    copy = folder / "counted.sav"
    shutil.copyfile(export.path, copy)
    with copy.open("r+b") as file:
        file.seek(ROWS_AT)
        file.write(layout.rows.to_bytes(4, layout.order))
    return copy


def run_apart(source: Path, folder: Path, limits: Limits, *, program: Path | None = None) -> int:
    """Run the parser in a new interpreter; returns how it ended.

    `program`: the file that is run (default: `spss_child`).
    """
    program = program or Path(__file__).absolute().with_name("spss_child.py")
    bounds = f"{limits.memory},{limits.cpu_seconds},{limits.file_bytes}"
    command = [sys.executable, "-I", "-S", str(program), str(source), str(folder), bounds]
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
        found.append(str(Path(spec.origin).absolute().parent.parent))
    return list(dict.fromkeys(found))


def _failed(export: ExportFile, ended: int) -> InputError:
    found = {
        REFUSED: "its parser refuses it",
        NO_MEMORY: "its parser asks for more memory than it gets",
        TIMED_OUT: "its parser does not come to an end",
    }.get(ended, "its parser breaks down")
    return InputError("This SPSS file can't be read.", file=export.name, found=found, fix=WAY_OUT)


class _Invalid(Exception):
    """The answer contradicts the file or itself."""


class _WrongLetters(Exception):
    """A text is not in the encoding that it should be in."""

    def __init__(self, what: str, column: str | None = None, row: int | None = None) -> None:
        self.what, self.column, self.row = what, column, row
        super().__init__(what)

    def error(self, export: ExportFile, stated: str) -> InputError:
        """What to do about it depends on who named the encoding."""
        return InputError(
            f"{self.what} is not in {stated or export.encoding}, as "
            f"{'the file says that it is' if stated else 'its letters are read'}.",
            file=export.name,
            column=self.column,
            row=self.row,
            fix=WAY_OUT
            if stated
            else 'say how letters are coded: encoding = "cp1252" in '
            "survey.toml, if a Windows program wrote the file; or " + WAY_OUT,
        )


def _hold(condition: bool) -> None:  # noqa: FBT001
    if not condition:
        raise _Invalid


def _table(folder: Path, layout: SpssLayout, encoding: str) -> SpssTable:
    answer = _loaded(folder / ANSWER)
    facts = answer["columns"]
    _hold(answer["rows"] == layout.rows)
    numeric = sum(not each["is_text"] for each in facts)
    _hold(numeric == layout.numeric)
    short = [not each["is_text"] or each["storage"] <= _ELEMENT for each in facts]
    some = [bool(each["missing"]) for each in facts]
    _hold(sum(map(and_, some, short)) == layout.with_missing)
    _hold(any(map(gt, some, short)) is layout.long_missing)
    _hold((folder / NUMBERS).stat().st_size == 8 * numeric * layout.rows)
    numbers = iter(np.fromfile(folder / NUMBERS, dtype=np.float64).reshape(numeric, layout.rows))
    texts = _loaded(folder / TEXTS)
    _hold(len(texts) == len(facts) - numeric)
    texts = iter(texts)
    columns, weight, place = [], "", 0
    for each in facts:
        cells = next(texts) if each["is_text"] else next(numbers)
        _hold(len(cells) == layout.rows)
        column = _column(each, cells, encoding)
        if layout.weight == place + 1:
            weight = column.name
        place += _elements(each)
        columns.append(column)
    _hold(place == layout.width)
    _hold(not layout.weight or weight != "")
    _hold(len({column.name for column in columns}) == len(columns))
    return SpssTable(
        columns=tuple(columns),
        rows=layout.rows,
        rows_declared=layout.rows_declared,
        encoding=encoding,
        encoding_stated=layout.encoding != "",
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
    _hold(type(size) is int and 0 < size <= _LONGEST_TEXT)
    if size <= _IN_SEGMENT:
        return math.ceil(size / _ELEMENT)
    full, rest = divmod(size, _SEGMENT)
    return full * math.ceil(_IN_SEGMENT / _ELEMENT) + math.ceil(rest / _ELEMENT)


def _column(fact: dict[str, Any], cells: Any, encoding: str) -> SpssColumn:
    """A variable, each of whose parts is what it claims to be."""
    is_text = fact["is_text"]
    _hold(type(is_text) is bool and fact["measure"] in _MEASURES)
    _hold(type(fact["width"]) is int and type(fact["format"]) is str)
    _hold(len(fact["name"]) <= _FULL_NAME)
    try:
        name = _decoded(_bytes(fact["name"]), encoding, _FULL_NAME)
    except UnicodeDecodeError:
        raise _WrongLetters("The name of a variable") from None
    _hold(name.strip() != "")
    cut = 0
    if is_text:
        raw = [_bytes(cell) for cell in cells]
        cells = _texts(raw, encoding, fact["storage"], name)
        cut = sum(not _is_whole(text, encoding) for text in raw)
    else:
        _hold(not np.isinf(cells).any())
    code = partial(_code, is_text=is_text, encoding=encoding)
    try:
        label = _decoded(_bytes(fact["label"]), encoding, _FULL_LABEL)
        labels = tuple(
            (code(value), _decoded(_bytes(said), encoding, _FULL_VALUE_LABEL))
            for value, said in fact["labels"]
        )
        missing = tuple((code(low), code(high)) for low, high in fact["missing"])
    except UnicodeDecodeError:
        raise _WrongLetters("What the file says of this variable", name) from None
    _hold(all(is_text or math.isfinite(float(value)) for value, _ in labels))
    _hold(len(missing) <= _MOST_MISSING)
    for low, high in missing:
        _hold(low == high if is_text else float(low) <= float(high))
    return SpssColumn(
        name, label, is_text, fact["format"], fact["width"], fact["measure"], labels,
        missing, cells, cut,
    )  # fmt: skip


def _bytes(value: object) -> bytes:
    """A text of the child as the bytes that stand in the file."""
    if not isinstance(value, str):
        raise _Invalid
    _hold("\x00" not in value)
    return value.encode(BYTES)


def _texts(cells: list[bytes], encoding: str, size: int, column: str) -> tuple[str, ...]:
    found = []
    for row, cell in enumerate(cells, start=1):
        try:
            found.append(_decoded(cell, encoding, size))
        except UnicodeDecodeError:
            raise _WrongLetters("A text", column, row) from None
    return tuple(found)


def _decoded(text: bytes, encoding: str, full: int) -> str:
    """Bytes as letters; half a letter at the end goes where the text fills its place."""
    try:
        return text.decode(encoding)
    except UnicodeDecodeError as problem:
        if len(text) < full or problem.end < len(text) or problem.start < len(text) - _LETTER:
            raise
        return text[: problem.start].decode(encoding)


def _is_whole(text: bytes, encoding: str) -> bool:
    if text.isascii():
        return True
    try:
        text.decode(encoding)
    except UnicodeDecodeError:
        return False
    return True


def _code(value: object, *, is_text: bool, encoding: str) -> float | str:
    if is_text:
        return _decoded(_bytes(value), encoding, _LONGEST_TEXT)
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise _Invalid
    return float(value)
