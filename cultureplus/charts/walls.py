"""Which wall is highest: the share of people's differences that each lens carries.

One bar per lens (function, location, level, team), the highest first, with its interval; what is
each person's own stands below in words, because it is nearly always by far the largest part and
would flatten every wall. The axis is the same for all scales of the menu. A high wall shows where
people see things differently; the chart says that it does not show why.
"""

from __future__ import annotations

import math
from typing import Any

import pandas as pd
import plotly.graph_objects as go

from cultureplus.charts import house
from cultureplus.columns import (
    HIGH,
    LENS,
    LOW,
    N_UNITS,
    PERSON,
    REASON,
    SCALE,
    SHARE,
    WAVE,
    N,
    title_of,
)

_NEEDED = (WAVE, SCALE, LENS, N, N_UNITS, SHARE, LOW, HIGH, REASON)
_TITLE = "Which wall is highest?"
_WARNING = "A high wall shows where people differ, not why: no cause"

Row = dict[Any, Any]


def plot_walls(walls: pd.DataFrame, *, wave: str | None = None) -> go.Figure:
    """Draw the share of a scale's variance that each lens carries, with its interval.

    Parameters
    ----------
    walls
        One row per scale and lens: `wave, scale, lens` ("person" is what no lens carries), `n,
        n_units, share` (0 to 1), `low, high` (95 % interval), `reason`.
    wave
        Which wave to draw; the newest in the table where nothing is said.

    Returns
    -------
    go.Figure
        Lenses from the highest share to the lowest, one scale at a time through a menu. A lens
        without a share is listed with the reason.

    Raises
    ------
    InputError
        Where the table lacks a column, or the wave is not in it.

    References
    ----------
    Searle, Casella & McCulloch (1992), Variance components.

    Examples
    --------
    >>> walls = pd.DataFrame({
    ...     "wave": "2026Q3", "scale": "silo_barriers.silos", "lens": ["team", "person"],
    ...     "n": 800, "n_units": [100, 800], "share": [0.12, 0.88], "low": [0.07, 0.82],
    ...     "high": [0.18, 0.93], "reason": ""})
    >>> plot_walls(walls).data[0].x
    (12.0,)
    """
    house.require_columns(walls, _NEEDED, chart="plot_walls")
    if reason := house.why_nothing(walls, SHARE):
        return house.empty_chart(_TITLE, reason, chart="plot_walls", table="walls")
    rows, wave = house.one_wave(walls, wave)
    scales = house.in_order(rows[SCALE])
    return house.figure(
        [_view(rows[rows[SCALE] == scale], scale, wave) for scale in scales],
        title=_TITLE,
        alt=_alt(rows, scales, wave),
        chart="plot_walls",
        table="walls",
        layout={
            "xaxis": {
                "range": [0, _reach(rows)],
                "ticksuffix": " %",
                "title": {"text": "share of the variance, with 95 % interval"},
            },
            "xaxis2": house.MARGIN_AXIS,
        },
        foot=64,
    )


def _reach(rows: pd.DataFrame) -> int:
    """The end of the axis: the farthest whisker of a lens, in tens of per cent."""
    own = rows[rows[LENS] != PERSON]
    ends = [end for name in (SHARE, HIGH) for end in house.numbers(own[name]) if end is not None]
    return min(100, 10 * math.ceil(10 * max([0.1, *ends])))


def _view(rows: pd.DataFrame, scale: Any, wave: str) -> house.View:
    rows = rows.assign(last=rows[LENS] == PERSON).sort_values(
        ["last", SHARE], ascending=[True, False], kind="stable", ignore_index=True
    )
    drawn = rows[rows[SHARE].notna() & ~rows["last"]]
    rest = rows[rows[SHARE].isna() | rows["last"]]
    at = [int(index) for index in drawn.index]
    traces: list[Any] = [
        go.Bar(
            x=house.numbers(drawn[SHARE], times=100),
            y=at,
            orientation="h",
            width=0.6,
            marker={"color": "#8FBBE0", "line": {"color": house.BLUE, "width": 1}},
            showlegend=False,
            hovertext=[_hover(row) for row in drawn.to_dict("records")],
            hoverinfo="text",
        ),
        house.whiskers(
            house.numbers(drawn[LOW], times=100),
            house.numbers(drawn[HIGH], times=100),
            at,
            colour=house.BLACK,
        ),
        house.words(
            [_words(row) for row in rest.to_dict("records")],
            [int(index) for index in rest.index],
        ),
    ]
    return house.View(
        name=title_of(str(scale)),
        traces=traces,
        rows=[_name(row) for row in rows.to_dict("records")],
        subtitle=f"{title_of(str(scale))}, {wave}: how much of the variance goes with each lens",
        notes=[_WARNING],
        row_height=40,
    )


def _name(row: Row) -> str:
    if row[LENS] == PERSON:
        return "within all of them"
    return house.label(row[LENS])


def _share(row: Row) -> str:
    text = f"{house.say(row[SHARE], digits=0, times=100)} %"
    if house.missing(row[LOW]) or house.missing(row[HIGH]):
        return text
    ends = [house.say(row[end], digits=0, times=100) for end in (LOW, HIGH)]
    return f"{text} ({ends[0]} to {ends[1]})"


def _words(row: Row) -> str:
    if house.missing(row[SHARE]):
        return house.why_empty(row)
    return f"{_share(row)}: each person's own view, and error of measurement"


def _hover(row: Row) -> str:
    return "<br>".join(
        [
            house.label(row[LENS], width=80),
            _share(row),
            f"n = {house.say(row[N], digits=0)} in {house.say(row[N_UNITS], digits=0)} units",
        ]
    )


def _alt(rows: pd.DataFrame, scales: list[Any], wave: str) -> str:
    first = rows[rows[SCALE] == scales[0]]
    text = (
        f"Share of the variance of {house.plain(title_of(str(scales[0])))} that each lens "
        f"carries, with intervals, wave {house.plain(wave)}."
    )
    drawn = first[first[SHARE].notna() & (first[LENS] != PERSON)]
    if not drawn.empty:
        top = house.furthest(drawn, SHARE)
        text += f" Highest: {house.plain(top[LENS])}, {_share(top)}."
    lost = first.loc[first[SHARE].isna() & (first[LENS] != PERSON), LENS]
    if not lost.empty:
        text += f" Not estimable: {', '.join(house.plain(lens) for lens in lost)}."
    if len(scales) > 1:
        text += f" A menu offers {len(scales) - 1} more scales."
    return f"{text} {_WARNING}."
