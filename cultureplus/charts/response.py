"""The response rate: who answered.

Before any score is read: how many of those invited took part, unit by unit. A low rate does not
make a mean wrong, but it says how far the silent ones could pull it. Units that the reporting plan
hides stay in the picture as hidden.
"""

from __future__ import annotations

from typing import Any

import pandas as pd
import plotly.graph_objects as go

from cultureplus.charts import house
from cultureplus.columns import (
    ALL,
    INVITED,
    LENS,
    REASON,
    RESPONSE_RATE,
    SHOWN,
    UNIT,
    WAVE,
    N,
)

_NEEDED = (WAVE, LENS, UNIT, INVITED, N, RESPONSE_RATE, SHOWN, REASON)
_TITLE = "Who answered?"
_CROWDED = 40  # rows beyond which they move closer together


def plot_response(response: pd.DataFrame, *, wave: str | None = None) -> go.Figure:
    """Draw the response rate of each unit as a bar, one lens at a time.

    Parameters
    ----------
    response
        Response rates that went through a reporting plan: `wave, lens, unit, invited, n,
        response_rate` (0 to 1), `shown`, `reason`.
    wave
        Which wave to draw; the newest in the table where nothing is said.

    Returns
    -------
    go.Figure
        With a menu over the lenses; the whole organisation stands on top of each. Hidden units and
        units without a rate are listed with the reason instead of a bar.

    Raises
    ------
    InputError
        Where the table lacks `shown` (no reporting plan) or another column, or the wave is not
        in it.

    Examples
    --------
    >>> response = pd.DataFrame({
    ...     "wave": "2026Q3", "lens": "function", "unit": ["Sales"], "invited": [20], "n": [15],
    ...     "response_rate": [0.75], "shown": [True], "reason": [""]})
    >>> list(plot_response(response).data[0].x)
    [75.0]
    """
    house.require_plan(response)
    house.require_columns(response, _NEEDED, chart="plot_response")
    if reason := house.why_nothing(response, RESPONSE_RATE):
        return house.empty_chart(_TITLE, reason, chart="plot_response", table="response")
    rows, wave = house.one_wave(response, wave)
    names = house.lenses(rows)
    whole = rows[rows[LENS].astype(str) == ALL]
    views = [_view(_ordered(rows, lens, whole), lens, wave) for lens in names]
    return house.figure(
        views,
        title=_TITLE,
        alt=_alt(_ordered(rows, names[0], whole), names[0], wave, len(names) - 1),
        chart="plot_response",
        table="response",
        layout={
            "xaxis": {
                "range": [0, 100],
                "ticksuffix": " %",
                "title": {"text": "answered, per cent of those invited"},
            },
            "xaxis2": house.MARGIN_AXIS,
            "margin": {"r": 110},
            "showlegend": False,
            "bargap": 0.35,
        },
    )


def _ordered(rows: pd.DataFrame, lens: str, whole: pd.DataFrame) -> pd.DataFrame:
    # Hidden units go last by name, so that their place does not tell their rate.
    own = rows[rows[LENS].astype(str) == lens] if lens != ALL else rows.iloc[:0]
    drawn = own[house.shown(own) & own[RESPONSE_RATE].notna()]
    rest = own[~own.index.isin(drawn.index)].sort_values(UNIT)
    drawn = drawn.sort_values([RESPONSE_RATE, UNIT], ascending=[False, True])
    return pd.concat([whole, drawn, rest], ignore_index=True)


def _view(rows: pd.DataFrame, lens: str, wave: str) -> house.View:
    visible = house.shown(rows) & rows[RESPONSE_RATE].notna()
    drawn, rest = rows[visible], rows[~visible]
    records = drawn.to_dict("records")
    return house.View(
        name="Whole organisation" if lens == ALL else f"By {lens}",
        traces=[
            go.Bar(
                x=house.numbers(drawn[RESPONSE_RATE], times=100),
                y=[int(index) for index in drawn.index],
                orientation="h",
                marker={
                    "color": [house.GREY if row[LENS] == ALL else house.BLUE for row in records]
                },
                hovertext=[_hover(row) for row in records],
                hoverinfo="text",
            ),
            house.words(
                [_counts(row) for row in records],
                [int(index) for index in drawn.index],
                side=1.0,
                colour=house.BLACK,
            ),
            house.words(
                [house.why_empty(row) for row in rest.to_dict("records")],
                [int(index) for index in rest.index],
            ),
        ],
        rows=[
            house.label(house.unit_name(row[LENS], row[UNIT])) for row in rows.to_dict("records")
        ],
        subtitle=f"{wave}" if lens == ALL else f"By {lens}, {wave}",
        row_height=26 if len(rows) <= _CROWDED else 18,
    )


def _counts(row: dict[Any, Any]) -> str:
    rate = house.say(row[RESPONSE_RATE], digits=0, times=100)
    n, invited = house.say(row[N], digits=0), house.say(row[INVITED], digits=0)
    return (
        f"{rate} %"
        if house.missing(row[N]) or house.missing(row[INVITED])
        else f"{rate} %: {n} of {invited}"
    )


def _hover(row: dict[Any, Any]) -> str:
    name = house.label(house.unit_name(row[LENS], row[UNIT]), width=120)
    return f"{name}<br>{_counts(row)}"


def _alt(rows: pd.DataFrame, lens: str, wave: str, more: int) -> str:
    text = f"Response rates by {house.plain(lens)}, wave {house.plain(wave)}."
    drawn = rows[house.shown(rows) & rows[RESPONSE_RATE].notna()]
    units = drawn[drawn[LENS].astype(str) != ALL]
    for row in drawn[drawn[LENS].astype(str) == ALL].to_dict("records"):
        text += f" In all {house.say(row[RESPONSE_RATE], digits=0, times=100)} % answered."
    if len(units) > 1:
        best, worst = units.iloc[0], units.iloc[-1]
        text += (
            f" Highest: {house.plain(best[UNIT])} "
            f"({house.say(best[RESPONSE_RATE], digits=0, times=100)} %), "
            f"lowest: {house.plain(worst[UNIT])} "
            f"({house.say(worst[RESPONSE_RATE], digits=0, times=100)} %)."
        )
    text += house.hidden_count(rows)
    return text + (f" A menu offers {more} more lenses." if more > 0 else "")
