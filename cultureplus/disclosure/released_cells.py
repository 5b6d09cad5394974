"""A report as its readers get it: the published tables, read into cells.

Whoever attacks a report has no survey, only files. From them come, per wave and column (a scale, an
item, the response), the named cells: a lens, a unit, how many people, and bounds of their mean.
Cells of different tables that have one name are of the same people, so whatever one
table says of them holds in the other. A hidden cell is known too, by its name and the reason.

What a rounded mean says is an interval. It is narrowed by every other reading of the same sum: the
middle of the confidence interval, the difference from everybody, the mean in per cent of the range;
but not by readings that were all worked out from the rounded mean, for these say nothing more. A
mean near an end of the answer range is taken as a bound only, because such means may have been
moved away from the end. The answer range itself is read from a table that gives it, or from means
that stand beside their per cent of the range; failing both it is taken as 1 to 7, and that is said.
"""

from __future__ import annotations

import csv
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd

from cultureplus import columns as c
from cultureplus.disclosure.named_people import EVERYBODY, Key, uncrossed
from cultureplus.errors import InputError, counted
from cultureplus.manifest import FILE_NAME, read_manifest, sha256

RESPONSE = "response"
ASSUMED = (1.0, 7.0)

_TABLES = "tables"
_MANY = 100  # from so many people on, means are given to 0.01
_NEAR_THE_END = 0.15
_RISKY = ("=", "+", "-", "@", "\t", "\r", "\n")
_OF_SCORES = {c.MEAN, c.POMP, c.CHANGE, c.ANSWER}
_RANGES = [(low, high) for low in (1.0, 0.0) for high in range(2, 12) if high > low]
_NUMBERS = (
    c.N, c.MEAN, c.LOW, c.HIGH, c.POMP, c.DIFFERENCE, c.CHANGE, c.SHARE, c.ANSWER, c.LOWEST,
    c.HIGHEST, c.N_ITEMS,
)  # fmt: skip


@dataclass
class Cell:
    """What is published of one group: people, why it is hidden, bounds of its mean."""

    n: int | None = None
    reason: str = ""
    low: float = -math.inf
    high: float = math.inf

    @property
    def shown(self) -> bool:
        """Whether its number of people is known."""
        return self.n is not None

    def narrow(self, low: float, high: float) -> None:
        """Take in one more reading; one that contradicts the others is of another sum."""
        both = max(self.low, low), min(self.high, high)
        if both[0] <= both[1]:
            self.low, self.high = both


@dataclass
class Column:
    """The cells of one wave and one scale, item or count, and the range of its answers.

    `previous`: the earlier wave where it is a column of changes; `n_items`: answers behind a
    score, 0 where unknown.
    """

    wave: str
    scale: str
    item: str = ""
    previous: str = ""
    low: float = ASSUMED[0]
    high: float = ASSUMED[1]
    assumed: bool = True
    counts_only: bool = True
    n_items: int = 0
    cells: dict[Key, Cell] = field(default_factory=dict)
    tables: set[str] = field(default_factory=set)

    @property
    def key(self) -> tuple[str, str, str, str]:
        """What the column is called."""
        return self.wave, self.scale, self.item, self.previous


Columns = dict[tuple[str, str, str, str], Column]


@dataclass(frozen=True, eq=False)
class Released:
    """A report: the folder's name, its smallest group, its columns and what could not be read.

    `lenses`: every lens that is no crossing of two others.
    """

    name: str
    min_n: int
    columns: Columns
    lenses: frozenset[str]
    tables: int
    other_tables: int


def read_released(folder: Path) -> Released:
    """Read a report's folder as an outsider can: manifest and tables, nothing else.

    Raises `InputError` where there is no such folder or manifest, where a table is missing, cut off
    or not as the run wrote it, and where no smallest group is named.
    """
    if not folder.is_dir():
        raise InputError(f"There is no folder {folder}.", fix="name the folder of a finished run")
    manifest = read_manifest(folder)
    parameters = manifest.get("parameters")
    min_n = parameters.get("min_n") if isinstance(parameters, Mapping) else None
    if not isinstance(min_n, int) or isinstance(min_n, bool) or min_n < 1:
        raise InputError(
            "This manifest does not say how small a group may be.", file=FILE_NAME,
            fix="name the folder of a finished run",
        )  # fmt: skip
    there = {path.name for path in (folder / _TABLES).glob("*.csv")}
    listed = {
        name.rpartition("/")[2]: str(digest)
        for name, digest in manifest["outputs"].items()
        if name.startswith(f"{_TABLES}/") and name.endswith(".csv")
    }
    gone = sorted(set(listed) - there)
    if gone or not there:
        raise InputError(
            "A table of this report is missing." if gone else "This report has no tables.",
            file=gone[0] if gone else None,
            fix="take the whole folder that the run wrote",
        )
    tables = {}
    for name in sorted(there):
        path = folder / _TABLES / name
        tables[name] = _read_table(path)
        if name in listed and sha256(path) != listed[name]:
            raise InputError(
                "This table is not as the run wrote it.", file=name,
                fix="take the whole folder that the run wrote; cultureplus verify names the files",
            )  # fmt: skip
    return _assembled(folder.name, min_n, tables)


def _read_table(path: Path) -> pd.DataFrame:
    """One csv, every row as long as its head."""
    try:
        text = path.read_bytes().decode("utf-8-sig")
        rows = list(csv.reader(text.splitlines(keepends=True), strict=True))
    except (UnicodeDecodeError, csv.Error):
        rows, text = [], ""
    if not rows or not rows[0] or not text.endswith("\n"):
        raise InputError(
            "This table is cut off or no table.", file=path.name,
            fix="take the whole folder that the run wrote",
        )  # fmt: skip
    for number, row in enumerate(rows, start=1):
        if len(row) != len(rows[0]):
            raise InputError(
                "This row is cut off.", file=path.name, row=number,
                found=f"{counted(len(row), 'cell')} under {counted(len(rows[0]), 'column')}",
                fix="take the whole folder that the run wrote",
            )  # fmt: skip
    table = pd.DataFrame([[_plain(cell) for cell in row] for row in rows[1:]], columns=rows[0])
    if {c.LENS, c.UNIT, c.N} <= set(table):
        for name in _NUMBERS:
            if name in table:
                table[f"{name} as written"] = table[name]
                table[name] = _numbers(table[name], path.name, name)
    return table


def _plain(cell: str) -> str:
    """A text as it was before it was kept from running as a formula."""
    bare = cell[1:]
    risky = bare.startswith(_RISKY) or bare.lstrip().startswith(_RISKY)
    return bare if cell.startswith("'") and risky else cell


def _numbers(texts: pd.Series, file: str, column: str) -> pd.Series:
    numbers = pd.to_numeric(texts.where(texts != ""), errors="coerce")
    wrong = numbers.isna() & (texts != "")
    if wrong.any():
        raise InputError(
            "A number is expected here.", file=file, column=column, row=int(wrong.idxmax()) + 2,
            fix="take the whole folder that the run wrote",
        )  # fmt: skip
    return numbers.astype("float64")


def _assembled(name: str, min_n: int, tables: Mapping[str, pd.DataFrame]) -> Released:
    """Every table of units, taken into the columns."""
    ours = {
        title: table
        for title, table in tables.items()
        if {c.WAVE, c.LENS, c.UNIT, c.N} <= set(table.columns)
    }
    ours = {title: _linked_only(table) for title, table in ours.items()}
    seen = {lens for table in ours.values() for lens in table[c.LENS]}
    lenses = frozenset(
        lens for lens in seen if not _is_crossing(lens, seen)
    ) - {c.ALL}  # fmt: skip
    columns: Columns = {}
    ranges = _ranges(ours)
    for title, table in ours.items():
        for key, rows in _by_column(title, table):
            column = columns.setdefault(key, Column(*key))
            column.tables.add(title)
            _take(column, rows)
    items = _items_behind(tables)
    for column in columns.values():
        column.n_items = 1 if column.item else items.get(column.scale, 0)
        known = ranges.get(column.scale) or ranges.get(column.scale.partition(".")[0])
        column.assumed = known is None
        low, high = known or ASSUMED
        column.low, column.high = (low - high, high - low) if column.previous else (low, high)
    for title, table in ours.items():
        for key, rows in _by_column(title, table):
            _read_means(columns[key], rows, columns)
    return Released(name, min_n, columns, lenses, len(ours), len(tables) - len(ours))


def _linked_only(table: pd.DataFrame) -> pd.DataFrame:
    """A table of changes in which only those of linked people are numbers of their own.

    The difference of two means adds nothing to the means, and its n is nobody's.
    """
    if c.DESIGN not in table or c.PREVIOUS not in table:
        return table
    linked = table[c.DESIGN] == "linked"
    numbers = [name for name in _NUMBERS if name in table]
    return table.assign(**{name: table[name].where(linked) for name in numbers})


def _is_crossing(lens: str, seen: set[str]) -> bool:
    both = uncrossed(lens)
    return both is not None and set(both) <= seen


def _by_column(
    title: str, table: pd.DataFrame
) -> Iterator[tuple[tuple[str, str, str, str], pd.DataFrame]]:
    """The rows of each column of a table."""
    scale = table[c.SCALE] if c.SCALE in table else pd.Series("", index=table.index)
    if c.SCALE not in table:
        # Two counts are of the same people only where the tables say so.
        scale[:] = RESPONSE if c.RESPONSE_RATE in table else title.removesuffix(".csv")
    elif _OF_SCORES.isdisjoint(table):
        # A table that tells nothing of scores counts others: agreement is of complete answers.
        scale = scale + f" ({title.removesuffix('.csv')})"
    blank = pd.Series("", index=table.index)
    item = table[c.ITEM] if c.ITEM in table else blank  # noqa: SIM401 - pandas types
    previous = table[c.PREVIOUS] if c.PREVIOUS in table else blank  # noqa: SIM401
    keys = list(zip(table[c.WAVE], scale, item, previous, strict=True))
    for key in dict.fromkeys(keys):
        yield key, table.loc[[each == key for each in keys]]


def _take(column: Column, rows: pd.DataFrame) -> None:
    """The names, the numbers of people and the reasons of one column's rows."""
    reasons = rows[c.REASON] if c.REASON in rows else pd.Series("", index=rows.index)
    for lens, unit, n, reason in zip(rows[c.LENS], rows[c.UNIT], rows[c.N], reasons, strict=True):
        cell = column.cells.setdefault((lens, unit), Cell())
        if not math.isnan(n):
            cell.n, cell.reason = int(n), ""
        elif cell.n is None and reason:
            cell.reason = reason


def _ranges(tables: Mapping[str, pd.DataFrame]) -> dict[str, tuple[float, float]]:
    """The answer range of every scale whose range is published or follows from two readings."""
    found: dict[str, tuple[float, float]] = {}
    fitting: dict[str, set[tuple[float, float]]] = {}
    for table in tables.values():
        if c.SCALE not in table:
            continue
        ends = (c.LOW, c.HIGH) if c.ANSWER in table else (c.LOWEST, c.HIGHEST)
        if set(ends) <= set(table):
            for scale, rows in table.groupby(c.SCALE):
                low, high = rows[ends[0]].min(), rows[ends[1]].max()
                if low < high:
                    found[str(scale)] = float(low), float(high)
        if {c.MEAN, c.POMP} <= set(table):
            for scale, rows in table.dropna(subset=[c.MEAN, c.POMP]).groupby(c.SCALE):
                if rows[c.POMP].nunique() < 2:
                    continue
                before = fitting.get(str(scale), set(_RANGES))
                fitting[str(scale)] = {each for each in before if _fits(rows, *each)}
    for scale, some in fitting.items():
        if some and scale not in found:
            found[scale] = min(low for low, _ in some), max(high for _, high in some)
    return found


def _fits(rows: pd.DataFrame, low: float, high: float) -> bool:
    expected = low + (high - low) * rows[c.POMP] / 100
    slack = 0.5 * (high - low) / 100 + rows[c.N].map(lambda n: 0.005 if n >= _MANY else 0.05)
    return bool(((rows[c.MEAN] - expected).abs() <= slack + 1e-9).all())


def _items_behind(tables: Mapping[str, pd.DataFrame]) -> dict[str, int]:
    """How many items a scale has, where a table says so."""
    found: dict[str, int] = {}
    for table in tables.values():
        if {c.SCALE, c.N_ITEMS} <= set(table):
            for scale, text in zip(table[c.SCALE], table[c.N_ITEMS], strict=True):
                try:
                    found[scale] = int(float(text))
                except ValueError:
                    continue
    return found


def _steps(rows: pd.DataFrame, name: str) -> pd.Series:
    """Half the rounding step of each row, never more than the digits that are there allow."""
    digits = rows[f"{name} as written"].map(lambda text: len(text.partition(".")[2]))
    many = rows[c.N] >= _MANY
    seen = pd.Series(0, index=rows.index)
    for flag in (True, False):
        if (many == flag).any():
            seen[many == flag] = max(int(digits[many == flag].max()), 2 if flag else 1)
    return 0.5 * 10.0**-seen


def _read_means(column: Column, rows: pd.DataFrame, columns: Columns) -> None:
    """Every reading of the mean that the rows hold."""
    rows = rows.loc[rows[c.N].notna()]
    if rows.empty:
        return
    if c.ANSWER in rows and c.SHARE in rows:
        _read_shares(column, rows)
        return
    name = c.CHANGE if column.previous else c.MEAN
    if name in rows:
        _read_mean(column, rows.dropna(subset=[name]), name)
    if c.POMP in rows and not column.assumed and not column.previous:
        _read_per_cent(column, rows.dropna(subset=[c.POMP]))
    whole = columns[column.key].cells.get(EVERYBODY)
    if {c.DIFFERENCE, c.MEAN} <= set(rows) and whole is not None and math.isfinite(whole.low):
        half = _steps(rows, c.DIFFERENCE)
        told = rows.loc[[key == EVERYBODY for key in _keys(rows)], c.MEAN]
        expected = rows[c.MEAN] - (told.iloc[0] if len(told) else math.nan)
        if _all_near(rows[c.DIFFERENCE], expected, half):
            return
        for key, value, step in zip(_keys(rows), rows[c.DIFFERENCE], half, strict=True):
            if key != EVERYBODY and not math.isnan(value):
                low, high = whole.low + value - step, whole.high + value + step
                _narrow(column, column.cells[key], low, high)


def _read_mean(column: Column, rows: pd.DataFrame, name: str) -> None:
    """The mean or the mean change itself, and the middle of its interval."""
    column.counts_only = False
    half = _steps(rows, name) if len(rows) else pd.Series(dtype="float64")
    low, high = rows[name] - half, rows[name] + half
    if {c.LOW, c.HIGH} <= set(rows) and len(rows):
        middle, step = (rows[c.LOW] + rows[c.HIGH]) / 2, _steps(rows, c.LOW)
        # Ends that were rounded after they had been laid around a rounded mean tell nothing new.
        if not _all_near(rows[name], middle, step):
            lower, upper = low.combine(middle - step, _max), high.combine(middle + step, _min)
            apart = lower > upper
            low, high = low.where(apart, lower), high.where(apart, upper)
    for key, one, other in zip(_keys(rows), low, high, strict=True):
        _narrow(column, column.cells[key], one, other)


def _read_per_cent(column: Column, rows: pd.DataFrame) -> None:
    """The mean in per cent of the answer range."""
    column.counts_only = False
    width = column.high - column.low
    middle = column.low + width * rows[c.POMP] / 100
    if c.MEAN in rows and _all_near(rows[c.MEAN], middle, pd.Series(0.005 * width, rows.index)):
        return
    for key, value in zip(_keys(rows), middle, strict=True):
        _narrow(column, column.cells[key], value - 0.005 * width, value + 0.005 * width)


def _keys(rows: pd.DataFrame) -> list[Key]:
    return list(zip(rows[c.LENS], rows[c.UNIT], strict=True))


def _max(one: float, other: float) -> float:
    return one if math.isnan(other) else max(one, other)


def _min(one: float, other: float) -> float:
    return one if math.isnan(other) else min(one, other)


def _all_near(one: pd.Series, other: pd.Series, slack: pd.Series) -> bool:
    """Whether two readings agree everywhere, as they do where one was worked out from the other."""
    gap = (one - other).abs()
    return bool((gap.isna() | (gap <= slack + 1e-9)).all())


def _narrow(column: Column, cell: Cell, low: float, high: float) -> None:
    """Take in a reading, as a bound on one side only where it stands near an end."""
    drawn_in = 4 / (cell.n * column.n_items) if cell.n and column.n_items else 0.0
    margin = max(_NEAR_THE_END, drawn_in + 1e-6)
    if high >= column.high - margin:
        high = math.inf
    if low <= column.low + margin:
        low = -math.inf
    cell.narrow(low - 1e-9, high + 1e-9)


def _read_shares(column: Column, rows: pd.DataFrame) -> None:
    """The mean that the shares of the answers leave, each of them rounded."""
    column.counts_only = False
    for key, some in rows.dropna(subset=[c.SHARE]).groupby([c.LENS, c.UNIT], sort=False):
        whole: Any = some[c.SHARE].sum()
        if len(some) < 2 or abs(whole - 1) > 0.1:
            continue
        half = max(0.005, 1 / float(some[c.N].iloc[0]))
        middle = float((some[c.ANSWER] * some[c.SHARE]).sum() / whole)
        away = float((some[c.ANSWER] - middle).abs().sum()) * half
        _narrow(column, column.cells[key[0], key[1]], middle - away, middle + away)
