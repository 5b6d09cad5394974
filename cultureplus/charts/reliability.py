"""The reliability of each scale: how far its items pull together.

Cronbach's alpha with its interval. The lines at .70 and .80 are customary rules of thumb and no
law: alpha rises with the number of items alone, and a short scale with a clear meaning may serve
well below them. Where alpha can't be estimated the reason stands in its place.
"""

from __future__ import annotations

import math
from typing import Any

import pandas as pd
import plotly.graph_objects as go

from cultureplus.charts import house
from cultureplus.columns import (
    ALPHA,
    ALPHA_HIGH,
    ALPHA_LOW,
    N_ITEMS,
    REASON,
    SCALE,
    WAVE,
    N,
    title_of,
)

_NEEDED = (WAVE, SCALE, N, N_ITEMS, ALPHA, ALPHA_LOW, ALPHA_HIGH, REASON)
_TITLE = "Do the items of a scale pull together?"
_LOWER, _UPPER = 0.70, 0.80  # customary rules of thumb (Nunnally 1978), drawn and named as such


def plot_reliability(reliability: pd.DataFrame, *, wave: str | None = None) -> go.Figure:
    """Draw each scale's Cronbach alpha with its interval, beside two rules of thumb.

    Parameters
    ----------
    reliability
        One row per scale: `wave, scale, n, n_items, alpha` (at most 1), `alpha_low, alpha_high`
        (95 % interval), `reason`.
    wave
        Which wave to draw; the newest in the table where nothing is said.

    Returns
    -------
    go.Figure
        Scales from top to bottom as in the table. A scale without an alpha is listed with the
        reason.

    Raises
    ------
    InputError
        Where the table lacks a column, or the wave is not in it.

    References
    ----------
    Nunnally (1978), Psychometric Theory, on .70 and .80.

    Examples
    --------
    >>> reliability = pd.DataFrame({
    ...     "wave": "2026Q3", "scale": ["trust"], "n": [300], "n_items": [3], "alpha": [0.81],
    ...     "alpha_low": [0.77], "alpha_high": [0.84], "reason": [""]})
    >>> plot_reliability(reliability).data[1].x
    (0.81,)
    """
    house.require_columns(reliability, _NEEDED, chart="plot_reliability")
    if reason := house.why_nothing(reliability, ALPHA):
        return house.empty_chart(_TITLE, reason, chart="plot_reliability", table="reliability")
    rows, wave = house.one_wave(reliability, wave)
    known = rows[ALPHA].notna()
    drawn, rest = rows[known], rows[~known]
    at = [int(index) for index in drawn.index]
    traces: list[Any] = [
        house.whiskers(house.numbers(drawn[ALPHA_LOW]), house.numbers(drawn[ALPHA_HIGH]), at),
        go.Scatter(
            x=house.numbers(drawn[ALPHA]),
            y=at,
            mode="markers",
            marker={"color": house.BLUE, "size": 9},
            name="alpha, with 95 % interval",
            hovertext=[_hover(row) for row in drawn.to_dict("records")],
            hoverinfo="text",
        ),
        house.reference(_LOWER, len(rows), name="rule of thumb .70", dash="dot"),
        house.reference(_UPPER, len(rows), name="rule of thumb .80", dash="dash"),
        house.words(
            [house.why_empty(row) for row in rest.to_dict("records")],
            [int(index) for index in rest.index],
        ),
    ]
    view = house.View(
        name="alpha",
        traces=traces,
        rows=[house.scale_title(scale) for scale in rows[SCALE]],
        subtitle=f"Cronbach's alpha, {wave}. The lines are customary rules of thumb, not limits",
    )
    return house.figure(
        [view],
        title=_TITLE,
        alt=_alt(drawn, rest, wave),
        chart="plot_reliability",
        table="reliability",
        layout={
            "xaxis": {"range": [_floor(drawn), 1], "title": {"text": "Cronbach's alpha"}},
            "xaxis2": house.MARGIN_AXIS,
        },
        foot=104,
    )


def _floor(drawn: pd.DataFrame) -> float:
    ends = [
        end
        for column in (ALPHA, ALPHA_LOW)
        for end in house.numbers(drawn[column])
        if end is not None
    ]
    return round(math.floor(min([0.55, *ends]) * 10) / 10, 1)


def _hover(row: dict[Any, Any]) -> str:
    return "<br>".join(
        [
            house.scale_title(row[SCALE], width=120),
            f"alpha {house.say(row[ALPHA])} "
            f"({house.say(row[ALPHA_LOW])} to {house.say(row[ALPHA_HIGH])})",
            f"{house.say(row[N_ITEMS], digits=0)} items, n = {house.say(row[N], digits=0)}",
        ]
    )


def _alt(drawn: pd.DataFrame, rest: pd.DataFrame, wave: str) -> str:
    count = len(drawn) + len(rest)
    text = f"Cronbach's alpha of {count} scales with intervals, wave {house.plain(wave)}."
    if not drawn.empty:
        best, worst = house.furthest(drawn, ALPHA), house.furthest(drawn, ALPHA, lowest=True)
        text += (
            f" Highest: {house.plain(title_of(best[SCALE]))} ({house.say(best[ALPHA])}), "
            f"lowest: {house.plain(title_of(worst[SCALE]))} ({house.say(worst[ALPHA])})."
        )
    if not rest.empty:
        text += f" Not estimable: {', '.join(house.plain(title_of(s)) for s in rest[SCALE])}."
    return text + " Lines mark the rules of thumb .70 and .80."
