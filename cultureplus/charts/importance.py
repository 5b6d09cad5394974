"""Importance and performance: what goes with the outcome, against where the scores stand.

Each score is a point: to the right where people answer high, up where the score carries much of
the explained variance. A score that stands low and carries much is worth a conversation first. Both
intervals are drawn, because points that seem far apart often are not. The picture ranks nothing by
itself, draws no lines between quadrants, and shows no cause.
"""

from __future__ import annotations

from typing import Any

import pandas as pd
import plotly.graph_objects as go

from cultureplus.charts import house
from cultureplus.columns import (
    HIGH,
    LMG,
    LOW,
    MEAN,
    MEAN_HIGH,
    MEAN_LOW,
    PREDICTOR,
    REASON,
    N,
    title_of,
)

_NEEDED = (PREDICTOR, LMG, LOW, HIGH, MEAN, MEAN_LOW, MEAN_HIGH, N, REASON)
_TITLE = "Where do the scores stand that carry most?"
_HEIGHT = 380  # pixels of the plot

Row = dict[Any, Any]


def plot_importance(drivers: pd.DataFrame, *, unit: str = "mean score") -> go.Figure:
    """Draw each score's share of the outcome's variance against its mean, with both intervals.

    Parameters
    ----------
    drivers
        One row per predictor, and per outcome where there is a column `outcome`: `predictor, lmg`
        (0 to 1), `low, high` (95 % interval), `mean, mean_low, mean_high` (95 % interval), `n,
        reason`. Means stand side by side only where all scores have one range, as POMP (0-100) has.
    unit
        What the means are, for the axis.

    Returns
    -------
    go.Figure
        One point per score, with a menu over outcomes. Without numbers the reason stands instead.

    Raises
    ------
    InputError
        Where the table lacks a column.

    References
    ----------
    Martilla & James (1977), Journal of Marketing 41, 77-79.

    Examples
    --------
    >>> drivers = pd.DataFrame({
    ...     "predictor": ["trust"], "lmg": [0.1], "low": [0.05], "high": [0.2], "mean": [61.0],
    ...     "mean_low": [58.0], "mean_high": [64.0], "n": [300], "reason": [""]})
    >>> point = plot_importance(drivers).data[2]
    >>> point.x, point.y
    ((61.0,), (10.0,))
    """
    house.require_columns(drivers, _NEEDED, chart="plot_importance")
    if reason := house.why_nothing(drivers, LMG):
        return house.empty_chart(_TITLE, reason, chart="plot_importance", table="drivers")
    parts = house.by_outcome(drivers)
    return house.figure(
        [_view(rows, outcome) for outcome, rows in parts],
        title=_TITLE,
        alt=_alt(*_drawn(parts[0][1]), parts[0][0], len(parts) - 1),
        chart="plot_importance",
        table="drivers",
        layout={
            "xaxis": {"title": {"text": house.label(unit, width=60)}},
            "yaxis": {
                "showgrid": True,
                "gridcolor": "#E4E4E4",
                "ticksuffix": " %",
                "title": {"text": "share of the outcome's variance", "font": {"size": 12}},
            },
        },
        foot=104,
    )


def _drawn(rows: pd.DataFrame) -> tuple[pd.DataFrame, list[str]]:
    """The scores with a point, from the largest share on, and the names of those without."""
    rows = rows.sort_values([LMG, PREDICTOR], ascending=[False, True], ignore_index=True)
    drawn = rows[rows[LMG].notna() & rows[MEAN].notna()]
    return drawn, [str(name) for name in rows.loc[~rows.index.isin(drawn.index), PREDICTOR]]


def _view(rows: pd.DataFrame, outcome: str) -> house.View:
    drawn, lost = _drawn(rows)
    x, y = house.numbers(drawn[MEAN]), house.numbers(drawn[LMG], times=100)
    across = [house.numbers(drawn[name]) for name in (MEAN_LOW, MEAN_HIGH)]
    up = [house.numbers(drawn[name], times=100) for name in (LOW, HIGH)]
    traces: list[Any] = [
        _cross(across[0], across[1], y, flat=True),
        _cross(up[0], up[1], x, flat=False),
        go.Scatter(
            x=x,
            y=y,
            mode="markers+text",
            marker={"color": house.BLUE, "size": 10},
            text=_names(drawn),
            textposition=_sides(x),
            textfont={"size": 11, "color": house.BLACK},
            cliponaxis=False,
            name="a score, with 95 % intervals",
            hovertext=[_hover(row) for row in drawn.to_dict("records")],
            hoverinfo="text",
            showlegend=True,
        ),
    ]
    reasons = house.in_order(
        str(value) for value in rows[REASON] if not house.missing(value) and str(value).strip()
    )
    notes = reasons[:1]
    if lost:
        notes = [*notes, f"Without a point: {', '.join(title_of(name) for name in lost)}"]
    what = title_of(outcome) if outcome else "the outcome"
    tallest = house.span(y, up[1], around=0.0)
    return house.View(
        name=title_of(outcome) if outcome else "importance",
        traces=traces,
        rows=[""],
        subtitle=(
            f"Up: carries more of the variance of {what}. Right: people answer higher. "
            "An association, not a cause"
        ),
        notes=notes,
        row_height=_HEIGHT,
        layout={
            "yaxis.tickvals": None,
            "yaxis.ticktext": None,
            "yaxis.range": tallest or [0, 1],
            "xaxis.range": house.span(x, *across),
        },
    )


def _names(drawn: pd.DataFrame) -> list[str]:
    """Short names beside the points: the last part of each, where that tells them apart."""
    names = [title_of(str(name)) for name in drawn[PREDICTOR]]
    ends = [name.rsplit(": ", 1)[-1] for name in names]
    short = ends if len(set(ends)) == len(set(names)) else names
    return ["\u00a0" + house.label(name[:1].upper() + name[1:], width=30) for name in short]


def _sides(x: list[float | None]) -> list[str]:
    """From left to right one name above its point and the next below: neighbours keep apart."""
    known = [-1e9 if value is None else value for value in x]
    order = sorted(range(len(x)), key=lambda place: known[place])
    sides = dict(zip(order, ["top right", "bottom right"] * len(x), strict=False))
    return [sides[place] for place in range(len(x))]


def _cross(
    lows: list[float | None], highs: list[float | None], at: list[float | None], *, flat: bool
) -> go.Scatter:
    """Intervals as thin lines through the points, along one of the two axes."""
    ends = [
        (end, place)
        for low, high, place in zip(lows, highs, at, strict=True)
        if low is not None and high is not None
        for end, place in ((low, place), (high, place), (None, None))
    ]
    along, beside = [end for end, _ in ends], [place for _, place in ends]
    return go.Scatter(
        x=along if flat else beside,
        y=beside if flat else along,
        mode="lines",
        line={"color": house.GREY, "width": 1.2},
        hoverinfo="skip",
        showlegend=False,
    )


def _hover(row: Row) -> str:
    share, low, high = (house.say(row[name], digits=1, times=100) for name in (LMG, LOW, HIGH))
    return "<br>".join(
        [
            house.scale_title(row[PREDICTOR], width=120),
            f"share {share} % ({low} to {high})",
            f"mean {house.say(row[MEAN])} "
            f"({house.say(row[MEAN_LOW])} to {house.say(row[MEAN_HIGH])})",
            f"n = {house.say(row[N], digits=0)}",
        ]
    )


def _alt(drawn: pd.DataFrame, lost: list[str], outcome: str, more: int) -> str:
    what = f" for {house.plain(title_of(outcome))}" if outcome else ""
    text = (
        f"Importance{what} against performance of {len(drawn)} scores, with intervals; "
        "association, not cause."
    )
    if not drawn.empty:
        top, low = drawn.iloc[0], house.furthest(drawn, MEAN, lowest=True)
        text += (
            f" Carries most: {house.plain(title_of(top[PREDICTOR]))} "
            f"({house.say(top[LMG], digits=1, times=100)} per cent). Stands lowest: "
            f"{house.plain(title_of(low[PREDICTOR]))} ({house.say(low[MEAN])})."
        )
    if lost:
        text += f" {len(lost)} without a point."
    return text + (f" A menu offers {more} more outcomes." if more > 0 else "")
