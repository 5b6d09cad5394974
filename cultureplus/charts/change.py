"""The change since the last wave.

A dot is the change of a mean, with its interval, against a line at zero. Where the same people
answered twice the change is theirs; in a repeated cross-section it may as well come from other
people answering, and the chart says which of the two it shows. Units that the reporting plan hides
are listed as hidden.
"""

from __future__ import annotations

from typing import Any

import pandas as pd
import plotly.graph_objects as go

from cultureplus.charts import house
from cultureplus.columns import (
    ALL,
    CHANGE,
    DESIGN,
    EFFECT_SIZE,
    HIGH,
    LENS,
    LOW,
    PREVIOUS,
    REASON,
    SCALE,
    SHOWN,
    UNIT,
    WAVE,
    N,
    title_of,
)
from cultureplus.errors import InputError

_NEEDED = (
    WAVE,
    PREVIOUS,
    LENS,
    UNIT,
    SCALE,
    DESIGN,
    N,
    CHANGE,
    LOW,
    HIGH,
    EFFECT_SIZE,
    SHOWN,
    REASON,
)
_TITLE = "What changed since the last wave?"
_CROWDED = 40  # rows beyond which they move closer together

Row = dict[Any, Any]


def plot_change(change: pd.DataFrame, *, lens: str = ALL, wave: str | None = None) -> go.Figure:
    """Draw the change of means between two waves with intervals, against zero.

    Parameters
    ----------
    change
        Changes that went through a reporting plan: `wave, previous, lens, unit, scale, design`
        ("linked" or "repeated cross-section"), `n, change` (on the answer range), `low, high`
        (95 % interval), `effect_size, shown, reason`; where there is a column `warning` ('' or a
        sentence), a warned scale is marked and the sentence stands below the subtitle.
    lens
        "all" draws every scale for the whole organisation; any other lens draws its units, one
        scale at a time, with a menu over the scales.
    wave
        Which wave to draw; the newest in the table where nothing is said.

    Returns
    -------
    go.Figure
        Hidden rows and rows that can't be estimated are listed with the reason instead of a mark.

    Raises
    ------
    InputError
        Where the table lacks `shown` (no reporting plan) or another column, or where the lens or
        the wave is not in it.

    Examples
    --------
    >>> change = pd.DataFrame({
    ...     "wave": "2026Q3", "previous": "2026Q2", "lens": "all", "unit": "all",
    ...     "scale": ["trust"], "design": "linked", "n": [200], "change": [0.2], "low": [0.1],
    ...     "high": [0.3], "effect_size": [0.25], "shown": [True], "reason": [""]})
    >>> list(plot_change(change).data[1].x)
    [0.2]
    """
    house.require_plan(change)
    house.require_columns(change, _NEEDED, chart="plot_change")
    if reason := house.why_nothing(change, CHANGE):
        return house.empty_chart(_TITLE, reason, chart="plot_change", table="change")
    rows, wave = house.one_wave(change, wave)
    possible = house.in_order(rows[LENS].astype(str))
    if lens not in possible:
        raise InputError("This lens is not in the table.", found=lens, possible=possible)
    own = rows[rows[LENS].astype(str) == lens]
    scales = house.in_order(own[SCALE])
    if lens == ALL:
        groups = [("Every scale", _known_first(own, by_size=False))]
    else:
        groups = [
            (title_of(scale), _known_first(own[own[SCALE] == scale], by_size=True))
            for scale in scales
        ]
    return house.figure(
        [_view(name, group, lens, wave) for name, group in groups],
        title=_TITLE,
        alt=_alt(groups[0][1], groups[0][0], lens, wave, len(groups) - 1)
        + house.warned(own[_known(own)]).spoken,
        chart="plot_change",
        table="change",
        layout={
            "xaxis": {
                "zeroline": True,
                "zerolinecolor": house.BLACK,
                "title": {"text": "change of the mean, with 95 % interval"},
            },
            "xaxis2": house.MARGIN_AXIS,
            "showlegend": False,
        },
    )


def _known(rows: pd.DataFrame) -> pd.Series:
    return house.shown(rows) & rows[CHANGE].notna()


def _known_first(rows: pd.DataFrame, *, by_size: bool) -> pd.DataFrame:
    """Put rows with a number first; of units, the risen on top, and the hidden by name."""
    if not by_size:
        return rows.reset_index(drop=True)
    known = _known(rows)
    drawn = rows[known].sort_values([CHANGE, UNIT], ascending=[False, True])
    return pd.concat([drawn, rows[~known].sort_values(UNIT)], ignore_index=True)


def _name(row: Row, lens: str) -> str:
    return title_of(row[SCALE]) if lens == ALL else house.unit_name(row[LENS], row[UNIT])


def _view(name: str, rows: pd.DataFrame, lens: str, wave: str) -> house.View:
    known = _known(rows)
    drawn, rest = rows[known], rows[~known]
    warned = house.warned(drawn)
    at = [int(index) for index in drawn.index]
    previous = " and ".join(str(value) for value in house.in_order(rows[PREVIOUS].dropna()))
    designs = " and ".join(str(value) for value in house.in_order(rows[DESIGN].dropna()))
    ends = [house.numbers(drawn[name]) for name in (LOW, CHANGE, HIGH)]
    reach = house.span(*ends, around=0.0)
    if lens != ALL and not rows.empty:
        name = warned.title(rows[SCALE].iloc[0])
    who = "Whole organisation" if lens == ALL else f"{name}, by {lens}"
    return house.View(
        name=name,
        traces=[
            house.whiskers(house.numbers(drawn[LOW]), house.numbers(drawn[HIGH]), at),
            go.Scatter(
                x=house.numbers(drawn[CHANGE]),
                y=at,
                mode="markers",
                marker={"color": house.BLUE, "size": 9},
                hovertext=[_hover(row, lens) for row in drawn.to_dict("records")],
                hoverinfo="text",
            ),
            house.words(
                [house.why_empty(row) for row in rest.to_dict("records")],
                [int(index) for index in rest.index],
            ),
        ],
        rows=[
            house.label(_name(row, lens), width=40)
            + (warned.mark(row[SCALE]) if lens == ALL else "")
            for row in rows.to_dict("records")
        ],
        subtitle=f"{who}, {previous or 'before'} to {wave}; {designs or 'design not said'}",
        notes=warned.notes,
        row_height=26 if len(rows) <= _CROWDED else 18,
        layout={"xaxis.range": reach, "xaxis.autorange": reach is None},
    )


def _hover(row: Row, lens: str) -> str:
    ends = f"{house.say(row[LOW], sign=True)} to {house.say(row[HIGH], sign=True)}"
    return "<br>".join(
        [
            house.label(_name(row, lens), width=120),
            f"change {house.say(row[CHANGE], sign=True)} ({ends})",
            f"effect size {house.say(row[EFFECT_SIZE], sign=True)}",
            f"n = {house.say(row[N], digits=0)}, {house.label(row[DESIGN])}",
        ]
    )


def _alt(rows: pd.DataFrame, name: str, lens: str, wave: str, more: int) -> str:
    who = "the whole organisation" if lens == ALL else f"units by {house.plain(lens)}"
    text = f"Changes of means of {who} ({house.plain(name)}) up to wave {house.plain(wave)}."
    drawn = rows[_known(rows)]
    if drawn.empty:
        text += " No change can be shown."
    else:
        top = house.furthest(drawn, CHANGE)
        low = house.furthest(drawn, CHANGE, lowest=True)
        text += f" Highest change: {_reading(top, lens)}; lowest: {_reading(low, lens)}."
    text += house.hidden_count(rows)
    return text + (f" A menu offers {more} more scales." if more > 0 else "")


def _reading(row: Row, lens: str) -> str:
    return f"{house.plain(_name(row, lens))} ({house.say(row[CHANGE], sign=True)})"
