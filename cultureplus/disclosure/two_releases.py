"""The attackers who hold two releases against each other: a rerun of a wave, and a change.

The same wave in an earlier report tells of those who answered late or were replaced. The change of
linked people beside the means of both waves tells of those who came and left; who moved from one
unit to another can't be seen from outside.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import replace

from cultureplus import columns as c
from cultureplus.disclosure.attackers import JOINERS, RERUN, Finding, Looked, label
from cultureplus.disclosure.named_people import EVERYBODY, Key
from cultureplus.disclosure.released_cells import Cell, Column, Columns


def reruns(
    column: Column, earlier: Column, min_n: int, looked: Looked
) -> tuple[list[Finding], Column | None]:
    """The seventh attacker: cells that say something else than an earlier report of the same wave.

    Returns the findings, and the column with the earlier report's cells added where both reports
    are of the same people and the earlier one shows more.
    """
    found: list[Finding] = []
    alike, more = True, False
    merged = replace(column, cells=dict(column.cells))
    for key, before in earlier.cells.items():
        cell = column.cells.get(key, Cell())
        if before.n is None:
            continue
        looked.equations += 1
        if cell.n is None:
            merged.cells[key], more = before, True
            continue
        apart = cell.low > before.high or before.low > cell.high
        people = abs(cell.n - before.n)
        alike &= not people and not apart
        if not 1 <= people < min_n and not (people == 0 and apart):
            continue
        ends = math.nan, math.nan
        if people and not column.counts_only:
            larger, smaller = (cell, before) if cell.n > before.n else (before, cell)
            ends = _of_the_few(larger, smaller, column)
        found.append(
            Finding(
                RERUN, column.key, f"who came or went in {label(key)}" if people
                else f"who was replaced in {label(key)}", people or 1, people or cell.n, *ends,
                f"{label(key)} now - {label(key)} in the earlier report", exact=bool(people),
            )
        )  # fmt: skip
    return found, merged if alike and more else None


def _of_the_few(larger: Cell, smaller: Cell, column: Column) -> tuple[float, float]:
    """Between what the mean of those lies who are in the one cell only."""
    n, m = larger.n or 0, smaller.n or 0

    def within(cell: Cell) -> tuple[float, float]:
        return max(cell.low, column.low), min(cell.high, column.high)

    low = (within(larger)[0] * n - within(smaller)[1] * m) / (n - m)
    high = (within(larger)[1] * n - within(smaller)[0] * m) / (n - m)
    return max(low, column.low), min(high, column.high)


def movements(change: Column, columns: Columns, min_n: int, looked: Looked) -> Iterator[Finding]:
    """The eighth attacker: who came and who left, where a change stands beside both means.

    Whoever moved from unit to unit can't be seen from outside, so of units it is told but is no
    breach; of everybody together it is, for nobody moves out of that.
    """
    now = columns.get((change.wave, change.scale, change.item, ""))
    then = columns.get((change.previous, change.scale, change.item, ""))
    if now is None or then is None:
        return
    moves: dict[Key, tuple[int, int]] = {}
    for key, cell in change.cells.items():
        sizes = [column.cells.get(key, Cell()).n for column in (now, then)]
        if cell.n is None or sizes[0] is None or sizes[1] is None:
            continue
        moves[key] = sizes[0] - cell.n, sizes[1] - cell.n
        looked.equations += 1
        yield from _moved(change, key, moves[key], min_n, "")
    if EVERYBODY not in moves:
        return
    for lens in sorted({lens for lens, _ in moves} - {c.ALL}):
        mine = [moves[key] for key in moves if key[0] == lens]
        left = tuple(moves[EVERYBODY][k] - sum(each[k] for each in mine) for k in (0, 1))
        looked.equations += 1
        yield from _moved(change, EVERYBODY, left, min_n, lens)


def _moved(
    change: Column, key: Key, moves: tuple[int, ...], min_n: int, lens: str
) -> Iterator[Finding]:
    came, left = moves
    if came < 0 or left < 0 or not 1 <= came + left < min_n:
        return
    name = label(key) + (f" less the shown units of {lens}" if lens else "")
    less = f" - the same of the shown units of {lens}" if lens else ""
    sure = key == EVERYBODY and not lens
    yield Finding(
        JOINERS, change.key, f"who came ({came}) or left ({left}): {name}", came + left,
        came + left, math.nan, math.nan,
        f"mean of {change.wave} - mean of {change.previous} - change{less}",
        "" if sure else "if nobody moved between units", breach=sure,
    )  # fmt: skip
