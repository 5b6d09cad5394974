"""The parts of a workbook (or of another office file) as they lie in its archive.

Visible or hidden makes no difference here: cells, formulas, comments, properties, the numbers that
a chart keeps and the records behind a pivot table are all read from the XML itself.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any
from xml.etree.ElementTree import Element, ParseError

from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import fromstring

from cultureplus.disclosure.contents import UNOPENED, Grid, Piece, Problem, Text

PIVOT = "records behind a pivot table"
_PLACES = {"r", "s", "t", "ref", "sqref", "spans", "count", "uniqueCount"}  # say where, not what
_FEWEST = 4
_COMMENT = re.compile(rb"<!--(.*?)-->", re.DOTALL)


def shared_strings(data: bytes) -> list[str]:
    """The texts that a workbook's cells point at, in order; none where they can't be read."""
    root = _root(data)
    if root is None:
        return []
    return ["".join(text for text in each.itertext()) for each in root if _tag(each) == "si"]


def in_part(data: bytes, place: str, shared: list[str]) -> Iterator[Piece]:
    """The pieces of one XML part; a document type, the way to an entity bomb, is refused."""
    root = _root(data)
    if root is None:
        yield Problem(place, UNOPENED, "XML that is damaged or declares a document type")
        return
    # The parser leaves comments out.
    words = [part.decode("utf-8", errors="replace") for part in _COMMENT.findall(data)]
    cells: set[int] = set()
    found: list[Element] = []
    for element in root.iter():
        tag = _tag(element)
        if tag == "row":
            found.append(element)
            cells |= {id(part) for cell in element for part in cell.iter() if _tag(part) != "f"}
        if id(element) not in cells:
            words += [text for text in (element.text, element.tail) if text and text.strip()]
            words += [value for key, value in element.items() if _name(key) not in _PLACES]
            run = [] if tag == "row" else [_number(child) for child in element]
            if sum(value is not None for value in run) >= _FEWEST:
                yield Grid(place, (), [[value for value in run if value is not None]])
    yield Text(place, "\n".join(words))
    if _tag(root) == "pivotCacheRecords":
        yield Problem(place, PIVOT, f"{len(root)} records")
    rows = [
        [(each.get("r", ""), _cell(each, shared)) for each in row if _tag(each) == "c"]
        for row in found
    ]
    if any(rows):
        names = tuple(str(cell) for _, cell in rows[0])
        yield Grid(place, names, [[cell for _, cell in row] for row in rows])
        yield Grid(place, (), _columns(rows))


def _columns(rows: list[list[tuple[str, Any]]]) -> list[list[Any]]:
    """The cells of each column from top to bottom, by the letters that say where they stand.

    A row leaves its empty cells out, so a cell's number in its row is not its column's.
    """
    columns: dict[str, list[Any]] = {}
    for row in rows:
        for number, (place, cell) in enumerate(row):
            columns.setdefault(place.rstrip("0123456789") or str(number), []).append(cell)
    return list(columns.values())


def _cell(element: Element, shared: list[str]) -> Any:
    kind = element.get("t", "n")
    value = next((part.text or "" for part in element if _tag(part) == "v"), "")
    if kind == "s":
        return shared[int(value)] if value.isdigit() and int(value) < len(shared) else value
    if kind == "inlineStr":
        return "".join(text for part in element if _tag(part) == "is" for text in part.itertext())
    return value


def _number(element: Element) -> float | None:
    """The number that an element stands for: its `v`, or its text (a chart's points)."""
    text = element.get("v") or "".join(element.itertext()).strip()
    try:
        return float(text)
    except ValueError:
        return None


def _root(data: bytes) -> Element | None:
    try:
        found: Element = fromstring(data, forbid_dtd=True)
    except (ParseError, DefusedXmlException, ValueError, LookupError):
        return None
    return found


def _tag(element: Element) -> str:
    return _name(str(element.tag))


def _name(qualified: str) -> str:
    return qualified.rpartition("}")[2]
