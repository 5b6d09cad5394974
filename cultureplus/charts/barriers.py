"""What stands between us: the barriers that people name.

The share of respondents who name each barrier, with its interval, and beside it the figure that
was published for organisations in general. The base of the published figures is unverified, so
they are a point of reference and never a norm; the chart says so wherever it shows them.
"""

from __future__ import annotations

from typing import Any

import pandas as pd
import plotly.graph_objects as go

from cultureplus.charts import house
from cultureplus.columns import (
    BARRIER,
    HIGH,
    LOW,
    NOTE,
    PUBLISHED,
    REASON,
    SHARE,
    WAVE,
    N,
    title_of,
)

_NEEDED = (WAVE, BARRIER, N, SHARE, LOW, HIGH, PUBLISHED, NOTE, REASON)
_TITLE = "What stands between us?"


def plot_barriers(barriers: pd.DataFrame, *, wave: str | None = None) -> go.Figure:
    """Draw the share of people who name each barrier, with interval and published figure.

    Parameters
    ----------
    barriers
        One row per barrier: `wave, barrier, n, share` (0 to 1), `low, high` (95 % interval),
        `published` (0 to 1, missing where nothing was published), `note`, `reason`.
    wave
        Which wave to draw; the newest in the table where nothing is said.

    Returns
    -------
    go.Figure
        Barriers from the most to the least named. A barrier without a share is listed with the
        reason; its published figure stays.

    Raises
    ------
    InputError
        Where the table lacks a column, or the wave is not in it.

    Examples
    --------
    >>> barriers = pd.DataFrame({
    ...     "wave": "2026Q3", "barrier": ["silos"], "n": [200], "share": [0.58], "low": [0.51],
    ...     "high": [0.65], "published": [0.67], "note": ["base unverified"], "reason": [""]})
    >>> [list(trace.x) for trace in plot_barriers(barriers).data[:3]]
    [[58.0], [67.0], [51.0, 65.0, None]]
    """
    house.require_columns(barriers, _NEEDED, chart="plot_barriers")
    if reason := house.why_nothing(barriers, SHARE):
        return house.empty_chart(_TITLE, reason, chart="plot_barriers", table="barriers")
    rows, wave = house.one_wave(barriers, wave)
    rows = rows.sort_values([SHARE, BARRIER], ascending=[False, True], ignore_index=True)
    drawn, rest = rows[rows[SHARE].notna()], rows[rows[SHARE].isna()]
    published = rows[rows[PUBLISHED].notna()]
    at = [int(index) for index in drawn.index]
    traces: list[Any] = [
        go.Bar(
            x=house.numbers(drawn[SHARE], times=100),
            y=at,
            orientation="h",
            width=0.6,
            marker={"color": "#8FBBE0", "line": {"color": house.BLUE, "width": 1}},
            name="named here, with 95 % interval",
            hovertext=[_hover(row) for row in drawn.to_dict("records")],
            hoverinfo="text",
        ),
    ]
    if not published.empty:
        traces.append(
            go.Scatter(
                x=house.numbers(published[PUBLISHED], times=100),
                y=[int(index) for index in published.index],
                mode="markers",
                marker={
                    "symbol": "diamond",
                    "size": 11,
                    "color": house.VERMILLION,
                    "line": {"color": house.PAPER, "width": 1},
                },
                name="published figure (base unverified)",
                hovertext=[_published(row) for row in published.to_dict("records")],
                hoverinfo="text",
            )
        )
    # The interval lies over the diamond: which of the two is ours must stay plain.
    traces.append(
        house.whiskers(
            house.numbers(drawn[LOW], times=100),
            house.numbers(drawn[HIGH], times=100),
            at,
            colour=house.BLACK,
        )
    )
    traces.append(
        house.words(
            [house.why_empty(row) for row in rest.to_dict("records")],
            [int(index) for index in rest.index],
        )
    )
    notes = _notes(rows)
    view = house.View(
        name="barriers",
        traces=traces,
        rows=[house.scale_title(barrier) for barrier in rows[BARRIER]],
        subtitle=". ".join([f"Per cent of respondents who name the barrier, {wave}", *notes[:1]]),
        row_height=40,
    )
    return house.figure(
        [view],
        title=_TITLE,
        alt=_alt(drawn, rest, published, notes, wave),
        chart="plot_barriers",
        table="barriers",
        layout={
            "xaxis": {
                "range": [0, 100],
                "ticksuffix": " %",
                "title": {"text": "respondents who name it (several may be named)"},
            },
            "xaxis2": house.MARGIN_AXIS,
            "legend": {"traceorder": "normal"},
        },
        foot=104,
    )


def _notes(rows: pd.DataFrame) -> list[str]:
    notes = [str(note).strip() for note in rows[NOTE] if not house.missing(note)]
    return house.in_order(note for note in notes if note)


def _hover(row: dict[Any, Any]) -> str:
    ends = [house.say(row[end], digits=0, times=100) for end in (LOW, HIGH)]
    return "<br>".join(
        [
            house.scale_title(row[BARRIER], width=120),
            f"{house.say(row[SHARE], digits=0, times=100)} % ({ends[0]} to {ends[1]})",
            f"n = {house.say(row[N], digits=0)}",
        ]
    )


def _published(row: dict[Any, Any]) -> str:
    note = "" if house.missing(row[NOTE]) else str(row[NOTE])
    lines = [f"published: {house.say(row[PUBLISHED], digits=0, times=100)} % (base unverified)"]
    return "<br>".join(lines + ([house.wrapped(note, width=60)] if note.strip() else []))


def _alt(
    drawn: pd.DataFrame, rest: pd.DataFrame, published: pd.DataFrame, notes: list[str], wave: str
) -> str:
    text = (
        f"Share of respondents who name each of {len(drawn) + len(rest)} barriers, "
        f"wave {house.plain(wave)}."
    )
    if not drawn.empty:
        top = drawn.iloc[0]
        text += (
            f" Most named: {house.plain(title_of(top[BARRIER]))} "
            f"({house.say(top[SHARE], digits=0, times=100)} %)."
        )
    if not published.empty:
        text += " Diamonds mark the published figures, whose base is unverified."
    if not rest.empty:
        text += f" Without a share: {', '.join(house.plain(title_of(b)) for b in rest[BARRIER])}."
    return " ".join([text, *(house.plain(note).rstrip(".") + "." for note in notes)])
