"""What a notebook publishes: tables with names, and nothing else.

`publish(table, name)` is the last line of a table cell. It rounds, shows the first rows as a person
reads them, and carries the whole table as data in the cell's output. The quarterly run collects
these outputs from the executed notebooks: the workbook, the csv files, the key numbers and the
report hold exactly what the notebooks show, computed once.
"""

from __future__ import annotations

import csv
import html
import io
import json
import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd

from cultureplus import columns as c
from cultureplus.errors import InputError

MIME = "application/vnd.cultureplus.table.csv"  # a line of JSON for the head, then rows as csv
_DECIMALS = 3
# Half of a last digit may come out a hair below or above it, as the order of summing has it.
_NOISE = 9  # decimals; what lies below is not of the data
_FINER = {"icc1": 4, "icc1_low": 4, "icc1_high": 4, "icc1_mean_n": 4}
_PREVIEW = 12
_NAME_LENGTH = 48  # a longer text is a sentence
_NAME = re.compile(r"[a-z][a-z0-9_]*")
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")  # all but the tab and the line's end
_SHARES = {c.SHARE, c.PUBLISHED, c.FAVOURABLE, c.RESPONSE_RATE, c.FAVOURABLE_DIFFERENCE}
_SCALES = {c.SCALE, c.OUTCOME, c.PREDICTOR, c.BARRIER}


@dataclass(frozen=True, eq=False)
class Published:
    """A table with a name and a caption, rounded for good; `key` marks key numbers."""

    table: pd.DataFrame
    name: str
    caption: str
    key: bool = False

    def as_data(self) -> dict[str, Any]:
        """The whole table as plain data: name, caption, key, columns, rows; missing is null."""
        rows = [[_plain(value) for value in row] for row in self.table.itertuples(index=False)]
        return {
            "name": self.name,
            "caption": self.caption,
            "key": self.key,
            "columns": [_plain(str(name)) for name in self.table.columns],
            "rows": rows,
        }

    def __repr__(self) -> str:
        return as_text(self.as_data(), _PREVIEW)

    def _repr_html_(self) -> str:
        return as_html(self.as_data(), rows=_PREVIEW)

    def _repr_mimebundle_(self, **_: Any) -> dict[str, Any]:
        return {
            "text/plain": repr(self),
            "text/html": self._repr_html_(),
            MIME: _as_output(self.as_data()),
        }


def publish(table: pd.DataFrame, name: str, caption: str = "", *, key: bool = False) -> Published:
    """Show a table in a notebook and hand it to whatever collects the notebook's results.

    `table`: any table of aggregates; a table of units must have gone through a reporting plan
    (column `shown`). `name`: its file name in the released tables; `key`: also among the key
    numbers. Numbers are rounded to 3 decimals (ICC(1) to 4). Raises `InputError` for a table of
    rows per person, or of units without a plan.

    >>> publish(pd.DataFrame({"scale": ["trust"], "alpha": [0.81234]}), "reliability")
    reliability
    scale  alpha
    Trust  0.812
    """
    if not _NAME.fullmatch(name):
        raise InputError(
            "A published table's name is a file name: lower case, digits, _.", found=name
        )
    if c.RESPONDENT in [*table.columns, *table.index.names]:
        raise InputError("A table with a row per person is never published.", found=name)
    if {c.UNIT, c.FROM} & set(table) and c.SHOWN not in table:
        raise InputError(
            "A table of units is published only after a reporting plan.",
            found=name,
            fix="show_seams(table, plan) or show_density(table, plan)"
            if c.FROM in table
            else "plan.apply(table)",
        )
    rounded = table.reset_index(drop=True).copy()
    for column in rounded.select_dtypes("number"):
        if pd.api.types.is_float_dtype(rounded[column]):
            exact = rounded[column].round(_NOISE)
            rounded[column] = exact.round(_FINER.get(str(column), _DECIMALS)) + 0.0
    return Published(rounded, name, caption, key)


def _as_output(data: Mapping[str, Any]) -> str:
    """A table as text for a notebook's output: short, and a row a line where somebody compares."""
    kinds = [_kind([row[place] for row in data["rows"]]) for place in range(len(data["columns"]))]
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    head = {name: value for name, value in data.items() if name != "rows"} | {"kinds": kinds}
    text.write(json.dumps(head, ensure_ascii=False) + "\n")
    for row in data["rows"]:
        writer.writerow([_written(value) for value in row])
    return text.getvalue()


def read_published(output: str) -> dict[str, Any]:
    """A published table from a notebook's output: name, caption, key, columns, rows."""
    first, _, rest = output.partition("\n")
    head = json.loads(first)
    kinds = [_KINDS[kind] for kind in head.pop("kinds")]
    rows = [
        [None if cell == _MISSING else kind(cell) for kind, cell in zip(kinds, row, strict=True)]
        for row in csv.reader(io.StringIO(rest))
    ]
    return {**head, "rows": rows}


_MISSING = "\\N"
_KINDS: dict[str, Callable[[str], Any]] = {
    "yes or no": lambda cell: cell == "True",
    "number": lambda cell: int(cell) if cell.lstrip("-").isdigit() else float(cell),
    "text": lambda cell: cell.removeprefix("\\"),
}


def _written(value: Any) -> Any:
    """A cell as it stands in an output; a text that begins like the sign for missing is marked."""
    if value is None:
        return _MISSING
    return "\\" + value if isinstance(value, str) and value.startswith("\\") else value


def _kind(values: list[Any]) -> str:
    given = [value for value in values if value is not None]
    if given and all(isinstance(value, bool) for value in given):
        return "yes or no"
    return "number" if given and all(map(_is_number, given)) else "text"


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _plain(value: Any) -> Any:
    """A cell as JSON knows it; whole floats as whole numbers, missing as None, one line end.

    No control character is left in a text: a terminal obeys them, and a workbook can't hold them.
    """
    if value is None or value is pd.NA or value is pd.NaT:
        return None
    if isinstance(value, float) and not math.isfinite(value):
        return None
    if hasattr(value, "item"):
        value = value.item()
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if isinstance(value, str):  # Python 3.11 writes a bare \r into csv that it cannot read
        return _CONTROL.sub("", value.replace("\r\n", "\n").replace("\r", "\n"))
    return value


def _words(column: str, value: Any, row: Mapping[str, Any], decimals: int = 0) -> str:
    """A cell as a person reads it; numbers of a column end at the same decimal."""
    if value is None:
        return "" if row.get(c.SHOWN, True) else "hidden"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if _is_number(value):
        if column == c.P and value < 0.001:
            return "< .001"
        # The interval of a barrier's prevalence is read beside its share.
        if column in _SHARES or (column in (c.LOW, c.HIGH) and {c.BARRIER, c.SHARE} <= row.keys()):
            return f"{100 * value:.0f} %"
        return f"{value:.{decimals}f}" if decimals else str(value)
    return c.title_of(str(value)) if column in _SCALES else str(value)


def _decimals(data: Mapping[str, Any], place: int) -> int:
    """How many decimals a column shows: as many as its longest number has.

    A plan rounds units more coarsely than the whole; zeros behind would claim what nobody knows.
    """
    if c.SHOWN in data["columns"]:
        return 0
    floats = (str(row[place]) for row in data["rows"] if isinstance(row[place], float))
    return max((len(text.partition(".")[2]) for text in floats if "e" not in text), default=0)


def visible_columns(data: Mapping[str, Any]) -> list[int]:
    """The places of the columns worth showing.

    `reason` only where there is one, and no empty column in a table that says why it is empty.
    """
    columns = data["columns"]
    values = [{row[place] for row in data["rows"]} for place in range(len(columns))]
    explained = c.REASON in columns and not values[columns.index(c.REASON)] <= {"", None}
    keep = []
    for place, name in enumerate(columns):
        if name in (c.SHOWN, c.NOTE) or (name == c.REASON and not explained):
            continue
        if name in (c.LENS, c.UNIT) and values[place] == {c.ALL}:
            continue
        if explained and c.SHOWN not in columns and values[place] == {None}:
            continue
        keep.append(place)
    return keep


def _cells(data: Mapping[str, Any], rows: int | None) -> tuple[list[str], list[list[str]], int]:
    names, places = data["columns"], visible_columns(data)
    decimals = {place: _decimals(data, place) for place in places}
    body = []
    for row in data["rows"][:rows]:
        whole = dict(zip(names, row, strict=True))
        body.append([_words(names[place], row[place], whole, decimals[place]) for place in places])
    left = max(0, len(data["rows"]) - len(body))
    return [names[place].replace("_", " ") for place in places], body, left


def as_text(data: Mapping[str, Any], rows: int | None = None) -> str:
    """A published table as plain text."""
    head, body, left = _cells(data, rows)
    widths = [max(map(len, column)) for column in zip(head, *body, strict=True)]
    lines = [
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in [head, *body]
    ]
    more = [f"and {left} more {'row' if left == 1 else 'rows'}"] if left else []
    return "\n".join([data["caption"] or data["name"], *lines, *more])


def _html_class(values: list[Any]) -> str:
    """What a style needs to know of a column: numbers stand right, sentences may be broken."""
    if values and all(value is None or _is_number(value) for value in values):
        return " class=number"
    return " class=long" if any(len(str(value)) > _NAME_LENGTH for value in values) else ""


def as_html(data: Mapping[str, Any], *, rows: int | None = None, rest: str = "") -> str:
    """A published table as HTML, every text from the data escaped.

    `rows`: how many are shown, default all; `rest`: where the others are found.
    """
    head, body, left = _cells(data, rows)
    kinds = [_html_class([row[place] for row in data["rows"]]) for place in visible_columns(data)]

    def line(tag: str, cells: list[str]) -> str:
        return "".join(
            f"<{tag}{kind}>{html.escape(cell)}</{tag}>"
            for cell, kind in zip(cells, kinds, strict=True)
        )

    parts = [
        "<table class=cultureplus>",
        f"<caption>{html.escape(data['caption'])}</caption>" if data["caption"] else "",
        f"<thead><tr>{line('th', head)}</tr></thead><tbody>",
        *(f"<tr>{line('td', row)}</tr>" for row in body),
        "</tbody></table>",
    ]
    if left:
        where = f" in {html.escape(rest)}" if rest else ""
        parts.append(f"<p>and {left} more {'row' if left == 1 else 'rows'}{where}</p>")
    return "".join(parts)
