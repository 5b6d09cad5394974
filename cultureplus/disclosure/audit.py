"""The audit of a report: eight attackers, who have nothing but what was published.

`audit(report)` reads the tables of a report's folder, and of earlier reports of the same survey,
and says what could be worked out from them about fewer than `min_n` people. It never sees the
survey, so it holds for whoever gets the folder, and it checks the reporting plan from outside: the
plan knows where everybody stands, the audit knows only names and numbers.

Columns in which the same cells are shown with the same numbers of people have the same
combinations, so these are looked for once. Insiders are put to work once per set of shown cells, in
the column of most people. Not looked at: tables without units (models, pairs of units, lists over
the whole organisation), charts and text; what one person's answer changes in a rounded number; nor
what a reader knows from elsewhere, but for the insiders' own answers.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from cultureplus import columns as c
from cultureplus.disclosure.attackers import (
    ATTACKERS,
    COALITION,
    GAUSS,
    INSIDER,
    INTERVAL,
    JOINERS,
    RERUN,
    SEARCHES,
    SUBTRACTION,
    UNION,
    Book,
    Finding,
    Solved,
    insiders,
    intervals,
    new_book,
    pattern_of,
    solve,
    told,
)
from cultureplus.disclosure.named_people import EVERYBODY
from cultureplus.disclosure.released_cells import (
    Cell,
    Column,
    Columns,
    Released,
    read_released,
)
from cultureplus.disclosure.two_releases import movements, reruns
from cultureplus.errors import InputError
from cultureplus.manifest import FILE_NAME, read_manifest

_TITLE = "title"
_FINDINGS = [
    c.ATTACKER, c.WAVE, c.SCALE, c.ITEM, c.GROUP, c.FEWEST, c.MOST, c.LOW, c.HIGH, c.EXACT,
    c.MADE_OF, c.BREACH, c.NOTE,
]  # fmt: skip
_LOOKED = [
    c.ATTACKER, c.LOOKED_AT, c.CELLS, c.EQUATIONS, c.UNDECIDED, c.FINDINGS, c.BREACHES, c.NOTE,
]  # fmt: skip
_SAID = 5  # findings of one attacker that are printed


@dataclass(frozen=True, eq=False)
class Audit:
    """What the attackers found, and how much they looked at.

    `findings`: attacker, wave, scale, item, group (whose sum it is), fewest and most (people), low
    and high (of their mean, in the answer range; missing where only their number follows), exact
    (follows but for rounding), made_of (published cells), breach, note. `looked_at`: per attacker
    looked_at (columns), cells (hidden ones that were attacked), equations (sums or programmes that
    were tried), undecided (searches that were given up), findings, breaches, note.
    """

    findings: pd.DataFrame
    looked_at: pd.DataFrame

    @property
    def breached(self) -> bool:
        """Whether anything of fewer than `min_n` people could be derived."""
        return bool(self.findings[c.BREACH].any())

    def __repr__(self) -> str:
        return "\n".join(self._lines())

    def _lines(self) -> Iterable[str]:
        for row in self.looked_at.to_dict("records"):
            name = row[c.ATTACKER]
            possible = row[c.FINDINGS] - row[c.BREACHES]
            yield (
                f"{name}: {row[c.BREACHES] or 'nothing'} found"
                + (f", {possible} can't be ruled out" if possible else "")
                + f" ({row[c.LOOKED_AT]} columns, {row[c.CELLS]} cells"
                + f", {row[c.EQUATIONS]} equations"
                + (f", {row[c.UNDECIDED]} searches given up" if row[c.UNDECIDED] else "")
                + ")"
                + (f"; {row[c.NOTE]}" if row[c.NOTE] else "")
            )
            mine = self.findings.loc[self.findings[c.ATTACKER] == name]
            for finding in mine.head(_SAID).to_dict("records"):
                yield f"  {_said(finding)}"
            if len(mine) > _SAID:
                yield f"  and {len(mine) - _SAID} more"


def _said(finding: Mapping[str, object]) -> str:
    """One finding as a line."""
    few = finding[c.FEWEST]
    people = f"{few} to {finding[c.MOST]}" if finding[c.MOST] != few else f"{few}"
    low, high = float(str(finding[c.LOW])), float(str(finding[c.HIGH]))
    known = "" if math.isnan(low) else f", mean {low:.2f} to {high:.2f}"
    what = " ".join(str(finding[name]) for name in (c.WAVE, c.SCALE, c.ITEM) if finding[name])
    note = f" [{finding[c.NOTE]}]" if finding[c.NOTE] else ""
    return f"{what}: {finding[c.GROUP]}, {people} people{known} = {finding[c.MADE_OF]}{note}"


def audit(
    report: str | Path,
    *,
    earlier: Sequence[str | Path] | None = None,
    searches: int = SEARCHES,
) -> Audit:
    """Attack a released report with what it and earlier reports have published.

    `report`: the folder of a finished run; `earlier`: folders of earlier reports, by default those
    beside it that are of the same survey; `searches`: how many are made for insiders, per set of
    shown cells (those left over are counted as undecided). Returns an `Audit`. Hidden rows are
    taken as hidden; answers that are missing count as not there, as in the report itself. Raises
    `InputError` where a folder is no report, or a table in it is missing, cut off or changed.

    Reference: Cox (1980), Journal of the American Statistical Association 75, 377-385; Fischetti &
    Salazar (2000), Journal of the American Statistical Association 95, 916-928.

    >>> audit("no/such/report")
    Traceback (most recent call last):
    cultureplus.errors.InputError: There is no folder no/such/report.
      fix: name the folder of a finished run
    """
    folder = Path(report)
    released = read_released(folder)
    if earlier is None:
        before, unread = _beside(folder)
    else:
        before, unread = [read_released(Path(each)) for each in earlier], 0
    book = new_book()
    found = _within(released, book, searches)
    found += _against(released, before, book)
    return Audit(_table(found), _looked(released, before, unread, book, found))


def _beside(folder: Path) -> tuple[list[Released], int]:
    """The reports of the same survey beside a report, and how many could not be read."""
    title = _title(folder)
    found, unread = [], 0
    for place in sorted(folder.resolve().parent.iterdir()):
        if place == folder.resolve() or not (place / FILE_NAME).is_file():
            continue
        try:
            if _title(place) == title:
                found.append(read_released(place))
        except InputError:
            unread += 1
    return found, unread


def _title(folder: Path) -> object:
    parameters = read_manifest(folder).get("parameters")
    return parameters.get(_TITLE) if isinstance(parameters, Mapping) else None


def _within(released: Released, book: Book, searches: int) -> list[Finding]:
    """The first six attackers."""
    solved: dict[object, list[Solved]] = {}
    widest: dict[object, tuple[int, Column, list[Solved]]] = {}
    found: list[Finding] = []
    for key, column in sorted(released.columns.items()):
        pattern = pattern_of(column)
        for name in (SUBTRACTION, GAUSS, UNION, INTERVAL, INSIDER, COALITION):
            book[name].columns.add(key)
        hidden = sum(not cell.shown for cell in column.cells.values())
        for name in (SUBTRACTION, GAUSS, UNION):
            book[name].cells += hidden
        if pattern not in solved:
            solved[pattern] = solve(column, released.lenses, released.min_n, book)
        systems = solved[pattern]
        for each in systems:
            found += [told(union, each.system, column) for union in each.unions]
        found += intervals(column, systems, released.min_n, book[INTERVAL])
        shown = tuple(sorted(name for name, cell in column.cells.items() if cell.shown))
        people = column.cells.get(EVERYBODY, Cell()).n or 0
        if shown not in widest or people > widest[shown][0]:
            widest[shown] = people, column, systems
    for _, column, systems in widest.values():
        for each in systems:
            some = insiders(each, column, released.min_n, book, searches)
            found += [told(union, each.system, column) for union in some]
    return found


def _against(released: Released, before: Sequence[Released], book: Book) -> list[Finding]:
    """The seventh and the eighth attacker."""
    found: list[Finding] = []
    every: Columns = {}
    for each in [*before, released]:
        every |= each.columns
    for old in before:
        quiet = new_book()
        for key, column in sorted(released.columns.items()):
            if key not in old.columns:
                continue
            book[RERUN].columns.add(key)
            book[RERUN].cells += len(column.cells)
            some, merged = reruns(column, old.columns[key], released.min_n, book[RERUN])
            found += some
            if merged is None:
                continue
            lenses = released.lenses | old.lenses
            known = {
                union.group
                for part in solve(column, lenses, released.min_n, quiet)
                for union in part.unions
            }
            note = f"with cells that {old.name} shows"
            found += [
                _as_rerun(told(union, part.system, merged), note)
                for part in solve(merged, lenses, released.min_n, quiet)
                for union in part.unions
                if union.group not in known
            ]
    for key, column in sorted(every.items()):
        if column.previous and key in released.columns:
            book[JOINERS].columns.add(key)
            book[JOINERS].cells += len(column.cells)
            found += movements(column, every, released.min_n, book[JOINERS])
    return found


def _as_rerun(finding: Finding, note: str) -> Finding:
    """A sum that follows only with an earlier report."""
    return Finding(
        RERUN, finding.column, finding.group, finding.fewest, finding.most, finding.low,
        finding.high, finding.made_of, note,
    )  # fmt: skip


def _table(found: Sequence[Finding]) -> pd.DataFrame:
    """The findings, each once, in the order of the attackers."""
    order = {name: place for place, name in enumerate(ATTACKERS)}
    rows = [
        (
            each.attacker, each.column[0],
            each.column[1] + (f" (change since {each.column[3]})" if each.column[3] else ""),
            each.column[2], each.group, each.fewest, each.most, each.low, each.high, each.exact,
            each.made_of, each.breach, each.note,
        )
        for each in sorted(
            found, key=lambda each: (order[each.attacker], each.column, each.fewest, each.group)
        )
    ]  # fmt: skip
    return pd.DataFrame(rows, columns=_FINDINGS).astype({c.EXACT: bool, c.BREACH: bool})


def _looked(
    released: Released, before: Sequence[Released], unread: int, book: Book, found: list[Finding]
) -> pd.DataFrame:
    """How much each attacker looked at."""
    smallest = sum(
        cell.n == released.min_n
        for column in released.columns.values()
        for cell in column.cells.values()
    )
    beside = f"{len(before)} earlier reports" + (f", {unread} unreadable" if unread else "")
    notes = {
        SUBTRACTION: f"{released.tables} tables of units, {released.other_tables} others not read",
        INSIDER: f"in {smallest} shown cells of exactly {released.min_n} people each knows the sum"
        f" of the {released.min_n - 1} others, as min_n says",
        RERUN: beside,
        JOINERS: "movers between units can't be seen from outside",
    }
    assumed = sum(column.assumed and not column.counts_only for column in released.columns.values())
    if assumed:
        notes[INTERVAL] = f"answer range assumed to be 1 to 7 in {assumed} columns"
    rows = []
    for name in ATTACKERS:
        mine = [each for each in found if each.attacker == name]
        looked = book[name]
        rows.append(
            (
                name, len(looked.columns), looked.cells, looked.equations, looked.undecided,
                len(mine), sum(each.breach for each in mine), notes.get(name, ""),
            )
        )  # fmt: skip
    return pd.DataFrame(rows, columns=_LOOKED)
