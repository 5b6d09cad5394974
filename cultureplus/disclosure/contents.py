"""What stands in a text: words, grids of numbers, and further files packed as letters.

A released file is looked through by content, not by what it claims to be. Here a text (JSON, HTML,
a table with separators, a script with data inside, or plain prose) is taken apart into a few kinds
of piece that a search can work on. Nothing is judged here.
"""

from __future__ import annotations

import base64
import binascii
import csv
import io
import itertools
import json
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote, unquote_to_bytes

import numpy as np

from cultureplus.disclosure.page import Page

_LONG = 120  # a longer text in a cell is a document of its own
_WRAPPED = 60  # base64 in lines of at least so many letters
_FEWEST_IN_A_RUN = 4
_GLANCE = 4000
_NUMBER = r"(?:[-+]?\d++(?:\.\d++)?(?:[eE][-+]?\d++)?|NaN|nan|None|null|<NA>)"
_RUN = re.compile(rf"(?<![\w.]){_NUMBER}(?:[\s,;|\[\]()]++{_NUMBER}(?![\w.])){{3,}}")
_PART = re.compile(r"[^\s,;|\[\]()]+")
_JSON_BEGINS = re.compile(r"[\[{](?=\s*[\"{\[\d\-])")
_HTML = re.compile(r"<(?:!--|!doctype|/?[a-zA-Z][a-zA-Z0-9-]*[\s>/])", re.IGNORECASE)
_BASE64 = re.compile(rf"(?<![\w+/])(?:[\w+/-]{{{_WRAPPED},}}(?:\r?\n|\\n))*+[\w+/-]{{24,}}={{0,2}}")
_WHOLE_BASE64 = re.compile(r"[\w+/-]{6,}={0,2}")
_DATA_URI = re.compile(r"data:([\w.+/-]*)((?:;[\w=.-]+)*),([^\s\"'<>)]*)")
_PERCENT = re.compile(r"%[0-9A-Fa-f]{2}")
# Charts that plotly computes or draws from one row per person, and what such a trace must hold.
_ROW_CHARTS = {
    "box", "histogram", "histogram2d", "histogram2dcontour", "parcats", "parcoords", "splom",
    "violin",
}  # fmt: skip
_ROWS_IN = {"x", "y", "z", "dimensions"}
_SUMMARY = {"q1", "median", "q3"}  # a box that was computed before it was drawn


@dataclass(frozen=True)
class Text:
    """Words as they stand."""

    place: str
    text: str


@dataclass(frozen=True, eq=False)
class Grid:
    """Cells in rows; `names` are the columns' where they are known. Rows may differ in length."""

    place: str
    names: tuple[str, ...]
    rows: Sequence[Sequence[Any]]


@dataclass(frozen=True)
class Blob:
    """Bytes inside a text; `declared` where the text says that they are a file."""

    place: str
    data: bytes
    declared: bool = False


@dataclass(frozen=True)
class Problem:
    """What is a finding whatever it holds."""

    place: str
    kind: str
    hint: str


Piece = Text | Grid | Blob | Problem

ROW_CHART = "chart computed from rows"
UNOPENED = "cannot be opened"


class _Object(list[tuple[str, Any]]):
    """A JSON object with all its pairs: a name that stands twice hides nothing."""


def in_text(text: str, place: str) -> Iterator[Piece]:
    """The pieces of a text: JSON, HTML, or words with tables, numbers and files among them.

    >>> [type(piece).__name__ for piece in in_text('{"a": [4, 5, 3, 1]}', "x")]
    ['Text', 'Grid']
    """
    try:
        value = _as_json(text)
    except RecursionError:
        yield Problem(place, UNOPENED, "JSON nested too deeply")
        return
    if value is not None:
        yield from _in_json(value, place)
    elif len(_HTML.findall(text)) > 1:
        yield from _in_html(text, place)
    else:
        yield Text(place, text)
        yield from _inside(text, place)


def floats_of(data: bytes, kind: str, place: str, shape: Any = None) -> Piece:
    """Numbers that were written as bytes (plotly's `bdata`), as a grid."""
    try:
        values = np.frombuffer(data, dtype=np.dtype(kind).newbyteorder("<"))
        if values.dtype.kind not in "iuf":
            raise TypeError
        sides = [int(side) for side in str(shape).split(",")] if shape else [values.size]
        table = values.reshape(-1, sides[-1])
    except (TypeError, ValueError):
        return Problem(place, UNOPENED, "numbers in bytes that can't be read")
    return grid_of(table, place)


def grid_of(values: np.ndarray, place: str) -> Grid:
    """An array of numbers as a grid; single precision is cut to the decimals that it has."""
    if values.dtype == np.float32:
        values = values.astype("float64").round(5)
    return Grid(place, (), np.atleast_2d(values).tolist())


# --- JSON -----------------------------------------------------------------------------------


def _as_json(text: str) -> Any:
    """A text that is JSON as a whole, or JSON line by line; else None."""
    stripped = text.strip("\ufeff \t\r\n")
    if not stripped.startswith(("{", "[")):
        return None
    try:
        return json.loads(stripped, object_pairs_hook=_Object)
    except ValueError:
        lines = stripped.splitlines()
    try:
        return [json.loads(line, object_pairs_hook=_Object) for line in lines if line.strip()]
    except ValueError:
        return None


def _in_json(value: Any, place: str) -> Iterator[Piece]:
    if isinstance(value, _Object):
        yield from _in_objects([value], place, [place])
    elif not isinstance(value, list):
        yield from _in_row([value], place)
    elif any(isinstance(each, str) and each.endswith("\n") for each in value) and all(
        isinstance(each, str) for each in value
    ):
        yield from in_text("".join(value), place)  # how notebooks store a text of several lines
    elif not any(isinstance(each, list) for each in value):
        yield from _in_row(value, place)
    elif all(isinstance(each, _Object) for each in value):
        yield from _in_objects(value, place, [f"{place}[{at}]" for at in range(len(value))])
    elif all(isinstance(each, list) and _is_flat(each) for each in value):
        yield Grid(place, (), [[_cell(cell) for cell in row] for row in value])
        for at, row in enumerate(value):
            yield from _opened((f"{place}[{at}]", cell) for cell in row)
    else:
        yield from _in_row([each for each in value if not isinstance(each, list)], place)
        for at, each in enumerate(value):
            if isinstance(each, list):
                yield from _in_json(each, f"{place}[{at}]")


def _in_row(values: list[Any], place: str) -> Iterator[Piece]:
    if values:
        yield Grid(place, (), [[_cell(value) for value in values]])
        yield from _opened((place, value) for value in values)


def _in_objects(objects: list[_Object], place: str, places: list[str]) -> Iterator[Piece]:
    """One object, or several that are the rows of a table."""
    names = tuple(dict.fromkeys(name for each in objects for name, _ in each))
    yield Text(f"{place} (names)", "\n".join(names))
    plain = tuple(
        dict.fromkeys(
            name for each in objects for name, value in each if not isinstance(value, list)
        )
    )
    if plain:
        rows = []
        for each in objects:
            for pairs in _once_each(each):
                cells = dict.fromkeys(plain) | pairs
                rows.append([_cell(cells[name]) for name in plain])
        yield Grid(place, plain, rows)
    for each, where in zip(objects, places, strict=True):
        held = dict(each)
        if {"bdata", "dtype"} <= held.keys():
            data = _decoded(str(held["bdata"]))
            if data is None:
                yield Problem(where, UNOPENED, "numbers in bytes that can't be read")
            else:
                yield floats_of(data, str(held["dtype"]), where, held.get("shape"))
        if _computes_from_rows(held):
            yield Problem(where, ROW_CHART, f"a {held['type']} carries every row")
        for name, value in each:
            if isinstance(value, list):
                yield from _in_json(value, f"{where}.{name}")
            elif name != "bdata":
                yield from _opened([(f"{where}.{name}", value)])


def _once_each(pairs: _Object) -> Iterator[dict[str, Any]]:
    """The plain values of an object; a name that comes again begins another row."""
    row: dict[str, Any] = {}
    for name, value in pairs:
        if isinstance(value, list):
            continue
        if name in row:
            yield row
            row = {}
        row[name] = value
    yield row


def _computes_from_rows(held: dict[str, Any]) -> bool:
    kind = held.get("type")
    if not isinstance(kind, str) or kind not in _ROW_CHARTS or not _ROWS_IN & held.keys():
        return False
    rows = [held.get(name) for name in ("x", "y")]
    nested = any(isinstance(row, list) and any(isinstance(v, list) for v in row) for row in rows)
    return nested or not (kind == "box" and held.keys() >= _SUMMARY)


def _is_flat(values: list[Any]) -> bool:
    return not any(isinstance(each, list) for each in values)


def _cell(value: Any) -> Any:
    """A cell of a grid; what is opened as a document of its own leaves a gap."""
    return None if isinstance(value, str) and _is_document(value) else value


def _is_document(text: str) -> bool:
    return (
        len(text) > _LONG or "\n" in text or text.lstrip()[:1] in ("{", "[", "<") or "data:" in text
    )


def _opened(cells: Iterable[tuple[str, Any]]) -> Iterator[Piece]:
    for place, text in cells:
        if not isinstance(text, str):
            continue
        if _is_document(text):
            yield from in_text(text, place)
        elif _WHOLE_BASE64.fullmatch(text) and (data := _decoded(text)) is not None:
            yield Blob(place, data)


# --- words with something among them --------------------------------------------------------


def _inside(text: str, place: str) -> Iterator[Piece]:
    yield from _tables(text, place)
    runs = [
        [None if part[0] in "Nn<" else float(part) for part in _PART.findall(match.group())]
        for match in _RUN.finditer(text)
    ]
    if runs:
        yield Grid(place, (), runs)
    yield from _embedded(text, place)
    for kind, options, body in _DATA_URI.findall(text):
        data = _decoded(unquote(body)) if ";base64" in options else unquote_to_bytes(body)
        if data:
            yield Blob(f"{place} (data:{kind})", data, declared=True)
    for match in _BASE64.finditer(text):
        data = _decoded(match.group().replace("\\n", ""))
        if data:
            yield Blob(f"{place} (base64)", data)
    if _PERCENT.search(text):
        yield Text(f"{place} (unquoted)", unquote(text))


def _embedded(text: str, place: str) -> Iterator[Piece]:
    """Data in a script: whatever is JSON from some bracket on."""
    decoder = json.JSONDecoder(object_pairs_hook=_Object)
    end, count = 0, 0
    for match in _JSON_BEGINS.finditer(text):
        if match.start() < end:
            continue
        try:
            value, end = _decoded_at(decoder, text, match.start())
        except ValueError:
            continue
        except RecursionError:
            yield Problem(place, UNOPENED, "JSON nested too deeply")
            return
        if len(value) >= _FEWEST_IN_A_RUN or isinstance(value, _Object) or not _is_flat(value):
            count += 1
            yield from _in_json(value, f"{place}, data {count}")


def _decoded_at(decoder: json.JSONDecoder, text: str, start: int) -> tuple[Any, int]:
    """The JSON that begins at a place, and where it ends.

    A failure counts the lines before it, which on a long script costs more than the search, so a
    short part is tried first.
    """
    part = text[start : start + _GLANCE]
    try:
        value, length = decoder.raw_decode(part)
    except json.JSONDecodeError as problem:
        at_its_end = problem.pos > len(part) - 16 or problem.msg.startswith("Unterminated")
        if len(part) < _GLANCE or not at_its_end:
            raise
        return decoder.raw_decode(text, start)
    return value, start + length


def _tables(text: str, place: str) -> Iterator[Piece]:
    """Lines that fall into the same number of cells, by the first separator that does it."""
    lines = text.splitlines()
    for sign in ("\t", ";", "|", ",", "  "):
        if not any(sign in line for line in lines):
            continue
        if sign == "  ":
            rows: Iterable[list[str]] = (re.split(r"\s{2,}", line.strip()) for line in lines)
        else:
            rows = _csv_rows(text, sign)
        found = False
        for width, group in itertools.groupby(rows, key=len):
            block = list(group)
            if width > 1 and (len(block) > 1 or width > _FEWEST_IN_A_RUN):
                found = True
                yield Grid(place, tuple(block[0]), block)
        if found:
            return


def _csv_rows(text: str, sign: str) -> list[list[str]]:
    try:
        return [
            [cell.strip() for cell in row] for row in csv.reader(io.StringIO(text), delimiter=sign)
        ]
    except csv.Error:  # a cell without end: lines as they are
        return [[cell.strip() for cell in line.split(sign)] for line in text.splitlines()]


def _decoded(text: str) -> bytes | None:
    """Base64, the one for addresses included, or None."""
    plain = "".join(text.split()).replace("-", "+").replace("_", "/").rstrip("=")
    try:
        return base64.b64decode(plain + "=" * (-len(plain) % 4), validate=True)
    except (binascii.Error, ValueError):
        return None


# --- HTML -----------------------------------------------------------------------------------


def _in_html(text: str, place: str) -> Iterator[Piece]:
    page = Page()
    try:
        page.feed(text)
        page.close()
    except AssertionError:  # how the standard library says that a declaration makes no sense
        yield Problem(place, UNOPENED, "HTML that makes no sense")
        yield Text(place, text)
        yield from _inside(text, place)
        return
    words = "\n".join(page.words)
    yield Text(f"{place} (text)", words)
    yield from _inside(words, f"{place} (text)")
    for number, rows in enumerate(page.tables, start=1):
        yield Grid(f"{place} (table {number})", tuple(rows[0]) if rows else (), rows)
    for number, script in enumerate(page.scripts, start=1):
        yield from in_text(script, f"{place} (script {number})")
    attributes = "\n".join(page.attributes)
    yield Text(f"{place} (attributes)", attributes)
    if _PERCENT.search(attributes):
        yield Text(f"{place} (attributes)", unquote(attributes))
    for value in page.attributes:
        if _is_document(value):
            parsed, where = _as_json(value), f"{place} (attributes)"
            yield from _inside(value, where) if parsed is None else _in_json(parsed, where)
