"""The reliability of each scale: how far its items pull together.

Cronbach's alpha with its interval, and below it McDonald's omega where the table has it: omega
lets each item speak with its own strength, alpha takes them as equal. The lines at .70 and .80 are
customary rules of thumb and no law: both rise with the number of items alone, and a short scale
with a clear meaning may serve well below them. Where nothing can be estimated the reason stands in
its place.
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
    OMEGA,
    OMEGA_HIGH,
    OMEGA_LOW,
    REASON,
    SCALE,
    WAVE,
    N,
    title_of,
)

_NEEDED = (WAVE, SCALE, N, N_ITEMS, ALPHA, ALPHA_LOW, ALPHA_HIGH, REASON)
_TITLE = "Do the items of a scale pull together?"
_OMEGA = (OMEGA, OMEGA_LOW, OMEGA_HIGH)
_APART = 0.15  # rows; how far alpha stands above and omega below the middle of their row
_LOWER, _UPPER = 0.70, 0.80  # customary rules of thumb (Nunnally 1978), drawn and named as such


def plot_reliability(reliability: pd.DataFrame, *, wave: str | None = None) -> go.Figure:
    """Draw each scale's Cronbach alpha with its interval, beside two rules of thumb.

    Parameters
    ----------
    reliability
        One row per scale: `wave, scale, n, n_items, alpha` (at most 1), `alpha_low, alpha_high`
        (95 % interval), `reason`; where there are the columns `omega` (at most 1), `omega_low,
        omega_high` (95 % interval), they are drawn as well.
    wave
        Which wave to draw; the newest in the table where nothing is said.

    Returns
    -------
    go.Figure
        Scales from top to bottom as in the table. A scale without a number is listed with
        the reason.

    Raises
    ------
    InputError
        Where the table lacks a column, or the wave is not in it.

    References
    ----------
    Nunnally (1978), Psychometric Theory, on .70 and .80; McDonald (1999), Test theory, on omega.

    Examples
    --------
    >>> reliability = pd.DataFrame({
    ...     "wave": "2026Q3", "scale": ["trust"], "n": [300], "n_items": [3], "alpha": [0.81],
    ...     "alpha_low": [0.77], "alpha_high": [0.84], "reason": [""]})
    >>> plot_reliability(reliability).data[1].x
    (0.81,)
    """
    house.require_columns(reliability, _NEEDED, chart="plot_reliability")
    table = reliability.assign(**{name: float("nan") for name in _OMEGA if name not in reliability})
    reason = house.why_nothing(table, ALPHA)
    if reason and table[OMEGA].isna().all():
        return house.empty_chart(_TITLE, reason, chart="plot_reliability", table="reliability")
    rows, wave = house.one_wave(table, wave)
    drawn = rows[rows[ALPHA].notna()]
    omegas = rows[rows[OMEGA].notna()]
    rest = rows[rows[ALPHA].isna() & rows[OMEGA].isna()]
    both = not omegas.empty
    at = [index - _APART if index in omegas.index else index for index in map(int, drawn.index)]
    traces: list[Any] = [
        house.whiskers(house.numbers(drawn[ALPHA_LOW]), house.numbers(drawn[ALPHA_HIGH]), at),
        go.Scatter(
            x=house.numbers(drawn[ALPHA]),
            y=at,
            mode="markers",
            marker={"color": house.BLUE, "size": 9},
            name="alpha" if both else "alpha, with 95 % interval",
            hovertext=[_hover(row) for row in drawn.to_dict("records")],
            hoverinfo="text",
        ),
        *(_omegas(omegas, drawn) if both else []),
        house.reference(_LOWER, len(rows), name="rule of thumb .70", dash="dot"),
        house.reference(_UPPER, len(rows), name="rule of thumb .80", dash="dash"),
        house.words(
            [house.why_empty(row) for row in rest.to_dict("records")],
            [int(index) for index in rest.index],
        ),
    ]
    names = "Cronbach's alpha" + (" and McDonald's omega" if both else "")
    view = house.View(
        name="alpha",
        traces=traces,
        rows=[house.scale_title(scale) for scale in rows[SCALE]],
        subtitle=f"{names}, {wave}. The lines are customary rules of thumb, not limits",
        row_height=34 if both else 26,
    )
    return house.figure(
        [view],
        title=_TITLE,
        alt=_alt(drawn, omegas, rest, wave),
        chart="plot_reliability",
        table="reliability",
        layout={
            "xaxis": {
                "range": [_floor(rows), 1],
                "title": {
                    "text": "alpha and omega, with 95 % intervals" if both else "Cronbach's alpha"
                },
            },
            "xaxis2": house.MARGIN_AXIS,
            **({"legend": {"traceorder": "normal"}} if both else {}),
        },
        foot=104,
    )


def _omegas(rows: pd.DataFrame, drawn: pd.DataFrame) -> list[Any]:
    at = [index + _APART if index in drawn.index else index for index in map(int, rows.index)]
    return [
        house.whiskers(house.numbers(rows[OMEGA_LOW]), house.numbers(rows[OMEGA_HIGH]), at),
        go.Scatter(
            x=house.numbers(rows[OMEGA]),
            y=at,
            mode="markers",
            marker={
                "color": house.PAPER,
                "symbol": "diamond",
                "size": 9,
                "line": {"color": house.VERMILLION, "width": 1.6},
            },
            name="omega",
            hovertext=[_hover(row) for row in rows.to_dict("records")],
            hoverinfo="text",
        ),
    ]


def _floor(rows: pd.DataFrame) -> float:
    ends = [
        end
        for column in (ALPHA, ALPHA_LOW, OMEGA, OMEGA_LOW)
        for end in house.numbers(rows[column])
        if end is not None
    ]
    return round(math.floor(min([0.55, *ends]) * 10) / 10, 1)


def _hover(row: dict[Any, Any]) -> str:
    return "<br>".join(
        [
            house.scale_title(row[SCALE], width=120),
            f"alpha {house.say(row[ALPHA])} "
            f"({house.say(row[ALPHA_LOW])} to {house.say(row[ALPHA_HIGH])})",
            *_omega_words(row),
            f"{house.say(row[N_ITEMS], digits=0)} items, n = {house.say(row[N], digits=0)}",
        ]
    )


def _omega_words(row: dict[Any, Any]) -> list[str]:
    """Omega's line on hovering, or the table's reason why there is none beside an alpha."""
    if not house.missing(row[OMEGA]):
        ends = f"{house.say(row[OMEGA_LOW])} to {house.say(row[OMEGA_HIGH])}"
        return [f"omega {house.say(row[OMEGA])} ({ends})"]
    reason = "" if house.missing(row[REASON]) else str(row[REASON]).strip()
    return [house.wrapped(reason, width=60, lines=4)] if reason else []


def _alt(drawn: pd.DataFrame, omegas: pd.DataFrame, rest: pd.DataFrame, wave: str) -> str:
    count = len({*drawn.index, *omegas.index, *rest.index})
    names = "Cronbach's alpha" if omegas.empty else "Cronbach's alpha and McDonald's omega"
    text = f"{names} of {count} scales with intervals, wave {house.plain(wave)}."
    for word, found, column in (("", drawn, ALPHA), (" omega", omegas, OMEGA)):
        if not found.empty:
            best, worst = house.furthest(found, column), house.furthest(found, column, lowest=True)
            text += (
                f" Highest{word}: {house.plain(title_of(best[SCALE]))} "
                f"({house.say(best[column])}), lowest: {house.plain(title_of(worst[SCALE]))} "
                f"({house.say(worst[column])})."
            )
    if not rest.empty:
        text += f" Not estimable: {', '.join(house.plain(title_of(s)) for s in rest[SCALE])}."
    return text + " Lines mark the rules of thumb .70 and .80."
