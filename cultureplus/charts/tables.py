"""What a chart accepts: a table with the columns that it draws, and leave to draw them.

A chart of units refuses a table that went through no reporting plan, and draws a row's numbers
only where the plan says plainly that it may. A row without leave, and a row without a number, stay
in the picture with the reason in words: silence would look like everything were there.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping, Sequence
from typing import Any

import pandas as pd

from cultureplus.charts.labels import HIDDEN, NO_DATA, missing
from cultureplus.columns import ALL, LENS, OUTCOME, REASON, RESPONDENT, SHOWN, UNIT, WAVE
from cultureplus.errors import InputError


def require_columns(table: object, needed: Sequence[str], *, chart: str) -> None:
    """Refuse a table that lacks a column which the chart draws.

    >>> require_columns(pd.DataFrame({"n": [3]}), ["n"], chart="plot_units")
    """
    if not isinstance(table, pd.DataFrame):
        raise InputError(f"{chart} draws a table (a pandas DataFrame).", found=type(table).__name__)
    refuse_people(table)
    for name in needed:
        if name not in table.columns:
            raise InputError(
                f"{chart} needs a column that this table does not have: '{name}'.",
                found=", ".join(str(column) for column in table.columns),
                possible=needed,
            )


def refuse_people(table: pd.DataFrame) -> None:
    """Refuse a table with a row per person: a chart would carry every row inside.

    >>> refuse_people(pd.DataFrame({"unit": ["North"], "n": [12]}))
    """
    if RESPONDENT in [*table.columns, *table.index.names]:
        raise InputError(
            "A chart is never drawn from rows of people.",
            found=f"a table with '{RESPONDENT}'",
            fix="draw a table of aggregates, such as plan.apply(unit_scores(scores))",
        )


def require_plan(table: object, *, fix: str = "plan.apply(table)") -> None:
    """Refuse a table of units that went through no reporting plan, that is, has no `shown`.

    `fix`: the call that takes this table through a plan.

    >>> require_plan(pd.DataFrame({"unit": ["North"], "shown": [True]}))
    """
    if isinstance(table, pd.DataFrame):
        refuse_people(table)
    if not isinstance(table, pd.DataFrame) or SHOWN not in table.columns:
        raise InputError(
            "A chart of units takes only a table that went through a reporting plan.",
            found="a table without the column 'shown'"
            if isinstance(table, pd.DataFrame)
            else type(table).__name__,
            fix=fix,
        )


def shown(table: pd.DataFrame) -> pd.Series:
    """Which rows may be drawn with their numbers: only those where `shown` is plainly true.

    >>> shown(pd.DataFrame({"shown": [True, False, None]})).tolist()
    [True, False, False]
    """
    return table[SHOWN].map(_granted).astype(bool)


def _granted(value: object) -> bool:
    # A missing value, a word or a 2 must not count as leave to show.
    return bool(not missing(value) and value == 1)


def why_empty(row: Mapping[Hashable, Any]) -> str:
    """What stands where a row has no number: why it is hidden, or why there is none.

    >>> why_empty({"shown": False, "reason": ""}), why_empty({"shown": True, "reason": ""})
    ('hidden', 'no data')
    """
    reason = row.get(REASON, "")
    reason = "" if missing(reason) else str(reason)
    return reason or (HIDDEN if not _granted(row.get(SHOWN, True)) else NO_DATA)


def why_nothing(table: pd.DataFrame, column: str) -> str:
    """Why a table gives nothing to draw, or '' where it gives something.

    That is so where it has no rows, and where every row lacks the number for one and the same
    reason. Hidden units are something to draw: they stay visible as hidden.

    >>> why_nothing(pd.DataFrame({"alpha": [None], "reason": ["not estimable"]}), "alpha")
    'not estimable'
    """
    if table.empty:
        return "There is nothing to draw: these questions were not asked."
    granted = shown(table) if SHOWN in table else pd.Series(data=True, index=table.index)
    if not granted.all() or table[column].notna().any():
        return ""
    reasons = {why_empty(row) for row in table.to_dict("records")}
    return reasons.pop() if len(reasons) == 1 else ""


def one_wave(table: pd.DataFrame, wave: str | None) -> tuple[pd.DataFrame, str]:
    """The rows of one wave, by default the newest in the table, and its name.

    >>> one_wave(pd.DataFrame({"wave": ["2026Q2", "2026Q3"]}), None)[1]
    '2026Q3'
    """
    waves = sorted({str(value) for value in table[WAVE]})
    chosen = str(wave) if wave is not None else waves[-1]
    if chosen not in waves:
        raise InputError("This wave is not in the table.", found=chosen, possible=waves)
    return table[table[WAVE].astype(str) == chosen].reset_index(drop=True), chosen


def in_order(values: Iterable[Any]) -> list[Any]:
    """Each value once, in the order of the table.

    >>> in_order(["b", "a", "b"])
    ['b', 'a']
    """
    return list(dict.fromkeys(values))


def lenses(table: pd.DataFrame) -> list[str]:
    """The lenses of a table of units, the whole last and only where nothing else is there.

    >>> lenses(pd.DataFrame({"lens": ["all", "team"]}))
    ['team']
    """
    names = [str(name) for name in in_order(table[LENS])]
    return [name for name in names if name != ALL] or names


def furthest(rows: pd.DataFrame, column: str, *, lowest: bool = False) -> dict[Hashable, Any]:
    """The row with the highest number of a column (or the lowest), for an alternative text.

    >>> furthest(pd.DataFrame({"unit": ["a", "b"], "mean": [3.0, 4.0]}), "mean")["unit"]
    'b'
    """
    values = rows[column].to_numpy(dtype=float)
    return rows.iloc[int(values.argmin() if lowest else values.argmax())].to_dict()


def hidden_count(rows: pd.DataFrame) -> str:
    """The sentence of an alternative text on how many units are hidden.

    >>> hidden_count(pd.DataFrame({"unit": ["a", "b"], "shown": [True, False]}))
    ' 1 is hidden.'
    """
    count = int(rows.loc[~shown(rows), UNIT].nunique())
    return "" if count == 0 else f" {count} {'is' if count == 1 else 'are'} hidden."


def by_outcome(table: pd.DataFrame) -> list[tuple[str, pd.DataFrame]]:
    """Each outcome of a table with its rows; rows that belong to no outcome stand with each.

    >>> table = pd.DataFrame({"outcome": ["silos", "", "vision"], "predictor": ["a", "b", "a"]})
    >>> [(name, rows["predictor"].tolist()) for name, rows in by_outcome(table)]
    [('silos', ['a', 'b']), ('vision', ['a', 'b'])]
    """
    if OUTCOME not in table:
        return [("", table)]
    names = [str(name) for name in in_order(table[OUTCOME]) if str(name)]
    every = table[table[OUTCOME] == ""]
    return [(name, pd.concat([table[table[OUTCOME] == name], every])) for name in names] or [
        ("", table)
    ]
