"""The scanner: whether anything that was released comes from a single person.

It opens every artefact of a run and holds what it finds against the survey: identifiers, comments
and long parts of them, rows of one person's answers, unrounded scores, columns with one entry per
respondent, charts that are computed from rows, and files that nobody can look into. A finding says
where and what kind, never the content itself.

Numbers are found only where coinciding by chance is improbable (`fingerprints`). So a row over few
items, answers that go only up or only down, a jittered or rounded answer among others, labels in
place of numbers, pixels of a picture and texts in other words are not found; rules that keep them
from being written stand elsewhere.
"""

from __future__ import annotations

import itertools
import math
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.lib.stride_tricks import sliding_window_view

from cultureplus import columns as c
from cultureplus.disclosure.artefacts import DEEPEST, MOST_BYTES, pieces
from cultureplus.disclosure.contents import Grid, Problem, Text
from cultureplus.disclosure.fingerprints import (
    BY_CHANCE,
    MISSING,
    NOBODY,
    Fingerprints,
    answers_of,
    coded,
    column_keys,
    fingerprints_of,
    folded,
    hashed_rows,
    uneven,
    words_of,
)
from cultureplus.errors import counted
from cultureplus.identity import Identities
from cultureplus.survey import Survey

FINDING = (c.FILE, c.PLACE, c.KIND, c.HINT)
IDENTIFIER = "respondent's identifier"
COMMENT = "comment"
ROW = "one person's answers"
EXACT = "unrounded score"
COLUMN = "one entry per respondent"

_FEWEST = 5
_PART, _OVERLAP = 1_000_000, 2_000  # letters looked at together
_AT_ONCE = 2_000_000  # cells held in memory together
_NAMES_OF_IDS = {
    "email", "employee", "externalreference", "firstname", "id", "ids", "ip", "ipaddress",
    "lastname", "latitude", "locationlatitude", "locationlongitude", "longitude", "mail",
    "participant", "participants", "person", "persons", "recipientemail", "recipientfirstname",
    "recipientlastname", "respondent", "respondents", "responseid", "surname", "user", "who",
}  # fmt: skip
_WORD = re.compile(r"[^\W_]+")
_DIGITS = re.compile(r"[-+]?\d+(?:[.,](\d+))?(?:[eE]([-+]?\d+))?")
_MISSING = {"", "nan", "na", "none", "null", "\\n", "<na>"}
_LETTERS = np.int64(MISSING + 1)  # the code of a cell that is no number


def scan(
    path: str | Path,
    survey: Survey,
    identities: Identities = NOBODY,
    *,
    most_bytes: int = MOST_BYTES,
    deepest: int = DEEPEST,
) -> pd.DataFrame:
    """Look through released files for anything that comes from a single respondent.

    `path`: a folder, all of it and what is hidden in it, or one file; `survey`: with all the waves
    that the files may come from; `identities`: keys as they stand in its files and what the dropped
    columns hold (`identities_of`), without which only hashed keys are known; `most_bytes`: how
    large one file may become when all that is packed in it is opened; `deepest`: how often it may
    be packed. Returns one row per place and
    kind: `file` (its way from the folder), `place` (inside the file), `kind` and `hint` (texts,
    without the content); no row where nothing is found. Missing answers match missing ones. Raises
    `InputError` where there is no such file.

    Reference: Hundepool et al. (2012), Statistical Disclosure Control, Wiley, chapters 1 and 2.

    >>> import tempfile
    >>> from cultureplus.identity import identities_of
    >>> from cultureplus.intake import read_survey
    >>> from cultureplus.settings import read_settings
    >>> sample = read_survey("data/sample", waves=["2026Q3"])
    >>> identities = identities_of(read_settings("data/sample"))
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     _ = (Path(folder) / "note.txt").write_text("Ask P0001 about it.")
    ...     scan(folder, sample, identities).iloc[0].tolist()
    ['note.txt', 'line 1', "respondent's identifier", 'P****']
    """
    look = _Search(fingerprints_of(survey, identities))
    found: dict[tuple[str, str, str], str] = {}
    for file, piece in pieces(Path(path), most_bytes=most_bytes, deepest=deepest):
        for hit in look.at(piece):
            found.setdefault((look.masked(file), look.masked(hit.place), hit.kind), hit.hint)
    rows = [(*place, hint) for place, hint in found.items()]
    return pd.DataFrame(rows, columns=list(FINDING), dtype="str")


@dataclass(frozen=True)
class _Hit:
    place: str
    kind: str
    hint: str


@dataclass
class _Run:
    """The numbers of one row or column: values, decimals, and a code for each cell."""

    values: list[float] = field(default_factory=list)
    decimals: list[int] = field(default_factory=list)
    cells: list[float | None] = field(default_factory=list)  # None: no number


class _Search:
    """What is looked for, at one piece after the other."""

    def __init__(self, known: Fingerprints) -> None:
        self._known = known
        self._runs = sorted({len(each) for each in known.fragments}, reverse=True)
        self._allowed = {value for rows in known.rows for value in answers_of(rows)}
        self._sizes = {size for kind in known.columns.values() for size, _ in kind}
        self._shortest = min((rows.length for rows in known.rows), default=0)

    def at(self, piece: Any) -> Iterator[_Hit]:
        if isinstance(piece, Text):
            yield from self._words(piece.text, piece.place)
        elif isinstance(piece, Problem):
            yield _Hit(piece.place, piece.kind, piece.hint)
        elif isinstance(piece, Grid):
            yield from self._grid(piece)

    def masked(self, place: str) -> str:
        """A place without what it might tell: a file or a name can be called after a person."""
        if self._fragment(words_of(place)) is not None:
            return "(named by a comment)"
        for start, text in reversed(list(self._identifiers(place))):
            place = f"{place[:start]}{'*' * len(text)}{place[start + len(text) :]}"
        return _WORD.sub(
            lambda word: (
                "*" * len(word.group())
                if word.group().casefold() in self._known.plain and not word.group().isdigit()
                else word.group()
            ),
            place,
        )

    # --- words ------------------------------------------------------------------------------

    def _words(self, text: str, place: str) -> Iterator[_Hit]:
        found: list[tuple[int, str]] = []
        comment = None
        # In parts, because the words of a long text take many times its room.
        for begin in range(0, max(len(text), 1), _PART):
            part = text[begin : begin + _PART + _OVERLAP]
            found += [(begin + at, each) for at, each in self._identifiers(part)]
            words = words_of(part) if comment is None else []
            at = self._fragment(words)
            if at is not None:
                comment = self._length_at(words, at)
        if found:
            start, first = found[0]
            more = len({each for _, each in found}) - 1
            hint = first[0] + "*" * (len(first) - 1) + (f" and {more} more" if more else "")
            yield _Hit(_line(text, start, place), IDENTIFIER, hint)
        if comment is not None:
            yield _Hit(place, COMMENT, f"{comment} words in a row")

    def _identifiers(self, text: str) -> Iterator[tuple[int, str]]:
        """Where an identifier stands, as it stands there."""
        ids = self._known.ids
        plain = folded(text)
        if ids.keys().isdisjoint(_WORD.findall(plain)):
            return
        same = plain if len(plain) != len(text) else text  # a letter may have become two
        for match in _WORD.finditer(plain):
            for each in ids.get(match.group(), ()):
                start = match.start() - each.index(match.group())
                if start >= 0 and _stands_alone(plain, start, each):
                    yield start, same[start : start + len(each)]
                    break

    def _fragment(self, words: Sequence[str]) -> int | None:
        """Where words of a comment stand in a row, or None."""
        known = self._known
        start = 0
        for inside, group in itertools.groupby(words, key=known.words.__contains__):
            part = list(group)
            if inside:
                for at in range(len(part)):
                    for length in self._runs:
                        if tuple(part[at : at + length]) in known.fragments:
                            return start + at
            start += len(part)
        return None

    def _length_at(self, words: Sequence[str], at: int) -> int:
        return next(n for n in self._runs if tuple(words[at : at + n]) in self._known.fragments)

    # --- grids ------------------------------------------------------------------------------

    def _grid(self, grid: Grid) -> Iterator[_Hit]:
        texts = [_as_word(cell) for row in grid.rows for cell in row if cell is not None]
        yield from self._words("\n".join(texts), grid.place)
        rows = [list(row) for row in grid.rows]
        blocks = [list(block) for _, block in itertools.groupby(rows, key=len)]
        columns = [
            list(column)
            for block in blocks
            if len(block) > 1
            for column in zip(*block, strict=True)
        ]
        named = self._named(grid, rows)
        if named:
            yield _Hit(grid.place, IDENTIFIER, counted(named, "cell") + " under a name of such")
        lists = [*rows, *columns]
        if any(self._is_list_of_ids(cells) for cells in lists):
            yield _Hit(grid.place, IDENTIFIER, "several in a row")
        if any(self._is_list_of_remarks(cells) for cells in lists):
            yield _Hit(grid.place, COMMENT, "several short ones in a row")
        runs = [_parsed(cells) for cells in lists]
        yield from self._rows(grid.place, runs)
        yield from self._exact(grid.place, runs[: len(rows)])
        for run in runs:
            if len(run.values) in self._sizes and len(run.values) >= _FEWEST:
                yield from self._column(grid.place, run)

    def _named(self, grid: Grid, rows: list[list[Any]]) -> int:
        """How many cells hold an identifier below a name that says so."""
        places = [
            at for at, name in enumerate(grid.names) if _NAMES_OF_IDS & set(words_of(str(name)))
        ]
        plain = self._known.plain
        return sum(
            _as_word(row[at]).casefold().strip() in plain
            for at in places
            for row in rows
            if at < len(row) and row[at] is not None
        )

    def _is_list_of_ids(self, cells: list[Any]) -> bool:
        words = {_as_word(cell).casefold().strip() for cell in cells if cell is not None} - {""}
        inside = words & self._known.plain
        return (
            len(inside) >= _FEWEST
            and len(words - inside) <= 1  # a heading
            and not all(word.isdigit() for word in inside)
        )

    def _is_list_of_remarks(self, cells: list[Any]) -> bool:
        remarks = self._known.remarks
        if not remarks:
            return False
        found = [tuple(words_of(cell)) for cell in cells if isinstance(cell, str) and cell.strip()]
        inside = [words for words in found if words in remarks]
        return len(set(inside)) >= _FEWEST - 2 and len(found) - len(inside) <= 1

    def _rows(self, place: str, runs: list[_Run]) -> Iterator[_Hit]:
        if not self._known.rows:
            return
        # All runs one behind the other, with something that is no answer between them.
        between = np.array([_LETTERS])
        parts = [part for run in runs for part in (*self._answer_like(run), between)]
        codes = np.concatenate(parts) if parts else np.empty(0, "int64")
        best: tuple[int, str] | None = None
        for rows in self._known.rows:
            tried: set[int] = set()
            starts = _starts(np.isin(codes, rows.allowed), rows.length)
            if len(starts):
                for some in np.array_split(starts, 1 + len(starts) * rows.length // _AT_ONCE):
                    windows = sliding_window_view(codes, rows.length)[some]
                    tried.update(hashed_rows(windows[uneven(windows)]).tolist())
            same = tried & rows.hashes
            if same and _improbable(len(same), len(tried), rows.chance):
                best = max(best or (0, ""), (len(same), rows.name), key=lambda each: each[0])
        if best is not None:
            people, name = best
            yield _Hit(place, ROW, f"{name}, {counted(people, 'row')}")

    def _answer_like(self, run: _Run) -> Iterator[np.ndarray]:
        """The longest stretches of a run that could be answers."""
        start = 0
        fits = [cell is not None and (cell != cell or cell in self._allowed) for cell in run.cells]
        for inside, group in itertools.groupby(fits):
            end = start + len(list(group))
            if inside and end - start >= self._shortest:
                part = coded(np.array(run.cells[start:end], dtype="float64"))
                if uneven(part[None]).all():
                    yield part
            start = end

    def _exact(self, place: str, runs: list[_Run]) -> Iterator[_Hit]:
        low, high = self._known.span
        found: dict[int, set[int]] = {}
        for run in runs:
            for value, decimals in zip(run.values, run.decimals, strict=True):
                if decimals > 3 and low - 1 <= value <= high + 1:
                    step = min(decimals, 9)
                    found.setdefault(step, set()).add(round(value * 10**step))
        for step, numbers in found.items():
            scores = self._known.exact.get(step, frozenset())
            same = numbers & scores
            chance = len(scores) / ((high - low + 1) * 10**step)
            if same and _improbable(len(same), len(numbers), chance):
                yield _Hit(place, EXACT, f"{counted(len(same), 'number')} with {step} decimals")

    def _column(self, place: str, run: _Run) -> Iterator[_Hit]:
        values = np.array(run.values)
        if not np.isfinite(values).all() or (np.diff(values) == 1).all():
            return  # counting tells nothing
        for kind, key in column_keys(values, max(run.decimals)):
            name = self._known.columns[kind].get(key)
            if name is not None:
                yield _Hit(place, COLUMN, f"{len(values)} values of {self.masked(name)}, {kind}")
                return


def _starts(fits: np.ndarray, length: int) -> np.ndarray:
    """Where so many cells in a row fit."""
    if len(fits) < length:
        return np.empty(0, "int64")
    sums = np.concatenate([[0], np.cumsum(fits)])
    return np.flatnonzero(sums[length:] - sums[:-length] == length)


def _improbable(found: int, tried: int, chance: float) -> bool:
    """Whether so many coincide less often than by chance (a bound on the binomial tail)."""
    if chance <= 0:
        return True
    ways = math.lgamma(tried + 1) - math.lgamma(found + 1) - math.lgamma(tried - found + 1)
    return ways + found * math.log(chance) <= math.log(BY_CHANCE)


def _stands_alone(text: str, start: int, word: str) -> bool:
    """Whether an identifier is there, no part of a longer word or of a number with decimals."""
    if not text.startswith(word, start):
        return False
    end = start + len(word)
    before, after = text[start - 1 : start], text[end : end + 1]
    if before.isalnum() or after.isalnum():
        return False
    if not word.isdigit():
        return True
    return not (before == "." and text[start - 2 : start - 1].isdigit()) and not (
        after == "." and text[end + 1 : end + 2].isdigit()
    )


def _line(text: str, start: int, place: str) -> str:
    if place:
        return place
    return f"line {text.count(chr(10), 0, start) + 1}"


def _as_word(cell: Any) -> str:
    if isinstance(cell, float) and cell.is_integer() and abs(cell) < 1e15:
        return str(int(cell))
    return str(cell)


def _parsed(cells: Sequence[Any]) -> _Run:
    """A row or column as numbers; a decimal comma counts as a point where a cell is only that."""
    run = _Run()
    for cell in cells:
        if isinstance(cell, bool):
            run.cells.append(None)
        elif cell is None:
            run.cells.append(math.nan)
        elif isinstance(cell, (int, float)):
            _number(run, float(cell) if abs(cell) < 1e300 else math.inf, repr(cell))
        else:
            text = str(cell).strip()
            match = _DIGITS.fullmatch(text)
            if match and len(text) < 40:
                _number(run, float(text.replace(",", ".")), text.replace(",", "."))
            else:
                run.cells.append(math.nan if text.casefold() in _MISSING else None)
    return run


def _number(run: _Run, value: float, text: str) -> None:
    run.cells.append(value)
    if math.isfinite(value):
        run.values.append(value)
        match = _DIGITS.fullmatch(text)
        digits = len((match.group(1) or "").rstrip("0")) if match else 0
        run.decimals.append(max(0, digits - int(match.group(2) or 0) if match else 0))
