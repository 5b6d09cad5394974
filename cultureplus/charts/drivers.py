"""Which scores carry the explained variance of an outcome.

A bar per score: its share of the outcome's variance (LMG), with the interval that drawing whole
groups anew gives, and a diamond for Johnson's relative weight, the other customary way to share
out what correlated scores explain together. Where the two part, the ranking rests on the method.
The shares say what goes with the outcome. They don't say what would move it.
"""

from __future__ import annotations

from typing import Any

import pandas as pd
import plotly.graph_objects as go

from cultureplus.charts import house
from cultureplus.columns import (
    HIGH,
    JOHNSON,
    JOHNSON_HIGH,
    JOHNSON_LOW,
    LMG,
    LOW,
    N_GROUPS,
    PREDICTOR,
    R2,
    REASON,
    N,
    title_of,
)

_NEEDED = (
    PREDICTOR, LMG, LOW, HIGH, JOHNSON, JOHNSON_LOW, JOHNSON_HIGH, R2, N, N_GROUPS, REASON,
)  # fmt: skip
_TITLE = "Which scores carry what is explained?"

Row = dict[Any, Any]


def plot_drivers(drivers: pd.DataFrame) -> go.Figure:
    """Draw each score's share of the outcome's variance, with its interval.

    Parameters
    ----------
    drivers
        One row per predictor, and per outcome where there is a column `outcome`: `predictor, lmg`
        (0 to 1), `low, high` (95 % interval), `johnson` (0 to 1), `johnson_low, johnson_high`,
        `r2` (of all together), `n, n_groups, reason`.

    Returns
    -------
    go.Figure
        Scores from the largest to the smallest share, with a menu over outcomes. Without numbers
        the reason stands instead; without an interval the subtitle gives the reason.

    Raises
    ------
    InputError
        Where the table lacks a column.

    References
    ----------
    Budescu (1993), Psychological Bulletin 114, 542-551; Johnson (2000), Multivariate Behavioral
    Research 35, 1-19.

    Examples
    --------
    >>> drivers = pd.DataFrame({
    ...     "predictor": ["trust", "care"], "lmg": [0.1, 0.3], "low": [0.05, 0.2],
    ...     "high": [0.2, 0.4], "johnson": [0.12, 0.28], "johnson_low": [0.06, 0.19],
    ...     "johnson_high": [0.2, 0.38], "r2": 0.4, "n": 300, "n_groups": 40, "reason": ""})
    >>> list(plot_drivers(drivers).data[0].x)
    [30.0, 10.0]
    """
    house.require_columns(drivers, _NEEDED, chart="plot_drivers")
    if reason := house.why_nothing(drivers, LMG):
        return house.empty_chart(_TITLE, reason, chart="plot_drivers", table="drivers")
    parts = house.by_outcome(drivers)
    ends = [house.numbers(drivers[name], times=100) for name in (LMG, HIGH, JOHNSON)]
    reach = house.span(*ends, around=0.0)
    return house.figure(
        [_view(rows, outcome) for outcome, rows in parts],
        title=_TITLE,
        alt=_alt(parts[0][1], parts[0][0], len(parts) - 1),
        chart="plot_drivers",
        table="drivers",
        layout={
            "xaxis": {
                "range": None if reach is None else [0, reach[1]],
                "ticksuffix": " %",
                "title": {"text": "share of the outcome's variance"},
            },
            "xaxis2": house.MARGIN_AXIS,
            "legend": {"traceorder": "normal"},
        },
        foot=104,
    )


def _view(rows: pd.DataFrame, outcome: str) -> house.View:
    rows = rows.sort_values([LMG, PREDICTOR], ascending=[False, True], ignore_index=True)
    drawn, rest = rows[rows[LMG].notna()], rows[rows[LMG].isna()]
    at = [int(index) for index in drawn.index]
    hovers = [_hover(row) for row in drawn.to_dict("records")]
    traces: list[Any] = [
        go.Bar(
            x=house.numbers(drawn[LMG], times=100),
            y=at,
            orientation="h",
            width=0.6,
            marker={"color": "#8FBBE0", "line": {"color": house.BLUE, "width": 1}},
            name="LMG, with 95 % interval",
            hovertext=hovers,
            hoverinfo="text",
        ),
        house.whiskers(
            house.numbers(drawn[LOW], times=100),
            house.numbers(drawn[HIGH], times=100),
            at,
            colour=house.BLACK,
        ),
        go.Scatter(
            x=house.numbers(drawn[JOHNSON], times=100),
            y=at,
            mode="markers",
            marker={
                "symbol": "diamond",
                "size": 9,
                "color": house.PAPER,
                "line": {"color": house.VERMILLION, "width": 1.6},
            },
            name="Johnson's relative weight",
            hovertext=hovers,
            hoverinfo="text",
        ),
        house.words(
            [house.why_empty(row) for row in rest.to_dict("records")],
            [int(index) for index in rest.index],
        ),
    ]
    reasons = house.in_order(
        str(value) for value in drawn[REASON] if not house.missing(value) and str(value).strip()
    )
    what = title_of(outcome) if outcome else "the outcome"
    return house.View(
        name=title_of(outcome) if outcome else "drivers",
        traces=traces,
        rows=[house.wrapped(title_of(str(name)), width=32, lines=2) for name in rows[PREDICTOR]],
        subtitle=(
            f"Shares of the variance of {what}; all together {_whole(drawn)} %. "
            "They say what goes with it, and show no cause"
        ),
        notes=reasons[:1],
        row_height=40,
    )


def _whole(drawn: pd.DataFrame) -> str:
    return house.say(drawn[R2].dropna().iloc[0], digits=0, times=100) if len(drawn) else "0"


def _per_cent(row: Row, *columns: str) -> list[str]:
    return [house.say(row[name], digits=1, times=100) for name in columns]


def _hover(row: Row) -> str:
    share, low, high = _per_cent(row, LMG, LOW, HIGH)
    weight, least, most = _per_cent(row, JOHNSON, JOHNSON_LOW, JOHNSON_HIGH)
    return "<br>".join(
        [
            house.scale_title(row[PREDICTOR], width=120),
            f"LMG {share} % ({low} to {high})",
            f"Johnson {weight} % ({least} to {most})",
            f"n = {house.say(row[N], digits=0)}, "
            f"drawn anew: {house.say(row[N_GROUPS], digits=0)} groups",
        ]
    )


def _alt(rows: pd.DataFrame, outcome: str, more: int) -> str:
    rows = rows.sort_values([LMG, PREDICTOR], ascending=[False, True], ignore_index=True)
    drawn, rest = rows[rows[LMG].notna()], rows[rows[LMG].isna()]
    what = house.plain(title_of(outcome)) if outcome else "an outcome"
    text = (
        f"Shares of the variance of {what} that go with {len(rows)} scores, with intervals; "
        f"all together {_whole(drawn)} per cent; association, not cause."
    )
    if not drawn.empty:
        top = drawn.iloc[0]
        text += (
            f" Largest: {house.plain(title_of(top[PREDICTOR]))} "
            f"({_per_cent(top.to_dict(), LMG)[0]} per cent)."
        )
    if not rest.empty:
        text += f" {len(rest)} without a share."
    return text + (f" A menu offers {more} more outcomes." if more > 0 else "")
