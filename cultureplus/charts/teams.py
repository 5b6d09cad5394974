"""Of which scores one may speak as of a whole team's.

The intraclass correlation ICC(1) says how much of a single answer is shared within teams, ICC(2)
how reliable the mean of a team is. Both are put together with the people's agreement into one of
three verdicts, told by colour and by shape: the team's mean may be spoken of, with care, or not.
A score that teams do not share may still say much about persons.
"""

from __future__ import annotations

from typing import Any

import pandas as pd
import plotly.graph_objects as go

from cultureplus.charts import house
from cultureplus.columns import (
    ICC1,
    ICC1_HIGH,
    ICC1_LOW,
    ICC2,
    REASON,
    SCALE,
    SPEAK,
    VERDICT,
    WAVE,
    title_of,
)
from cultureplus.errors import InputError

_NEEDED = (WAVE, SCALE, ICC1, ICC1_LOW, ICC1_HIGH, ICC2, VERDICT, SPEAK, REASON)
_TITLE = "Of which scores may one speak as a team's?"
_MAY: dict[str, tuple[str, str, str]] = {
    "yes": (house.BLUE, "circle", "may be spoken of"),
    "with care": (house.BLACK, "diamond", "may be spoken of with care"),
    "no": (house.VERMILLION, "x", "may not be spoken of"),
}

Row = dict[Any, Any]


def plot_teams(dossier: pd.DataFrame, *, wave: str | None = None) -> go.Figure:
    """Draw each scale's ICC(1) with its interval and whether its team means may be spoken of.

    Parameters
    ----------
    dossier
        One row per scale: `wave, scale, icc1` (share of a single answer's variance between teams,
        at most 1; below 0 where teams differ less than by chance), `icc1_low, icc1_high` (95 %
        interval), `icc2` (reliability of the team means, at most 1), `verdict` (a sentence),
        `speak` ("yes", "with care" or "no"), `reason`.
    wave
        Which wave to draw; the newest in the table where nothing is said.

    Returns
    -------
    go.Figure
        Scales from top to bottom as in the table. A scale without an ICC is listed with the reason.

    Raises
    ------
    InputError
        Where the table lacks a column or `speak` holds another word, or the wave is not in it.

    References
    ----------
    Bliese (2000), in Klein & Kozlowski, Multilevel theory, 349-381.

    Examples
    --------
    >>> dossier = pd.DataFrame({
    ...     "wave": "2026Q3", "scale": ["trust"], "icc1": [0.18], "icc1_low": [0.13],
    ...     "icc1_high": [0.24], "icc2": [0.71], "verdict": ["Teams share it."],
    ...     "speak": ["yes"], "reason": [""]})
    >>> figure = plot_teams(dossier)
    >>> figure.data[1].x, figure.data[1].name
    ((0.18,), 'may be spoken of')
    """
    house.require_columns(dossier, _NEEDED, chart="plot_teams")
    if reason := house.why_nothing(dossier, ICC1):
        return house.empty_chart(_TITLE, reason, chart="plot_teams", table="team_dossier")
    rows, wave = house.one_wave(dossier, wave)
    known = rows[ICC1].notna()
    drawn, rest = rows[known], rows[~known]
    for speak in house.in_order(drawn[SPEAK]):
        if speak not in _MAY:
            raise InputError(
                "Whether a team's mean may be spoken of is yes, with care or no.",
                column=SPEAK,
                found=speak,
                possible=_MAY,
            )
    traces: list[Any] = []
    for speak in _MAY:
        traces += _marks(drawn[drawn[SPEAK] == speak], speak)
    traces += [
        house.words(
            [f"ICC(2) {house.say(value)}" for value in drawn[ICC2]],
            [int(index) for index in drawn.index],
            side=1.0,
            colour=house.BLACK,
        ),
        house.words(
            [house.why_empty(row) for row in rest.to_dict("records")],
            [int(index) for index in rest.index],
        ),
    ]
    reach = house.span(
        *(house.numbers(drawn[name]) for name in (ICC1_LOW, ICC1, ICC1_HIGH)), around=0.0
    )
    view = house.View(
        name="teams",
        traces=traces,
        rows=[house.scale_title(scale) for scale in rows[SCALE]],
        subtitle=(
            f"{wave}. ICC(1): what one answer shares with its team. "
            "ICC(2): how reliable a team's mean is"
        ),
    )
    return house.figure(
        [view],
        title=_TITLE,
        alt=_alt(drawn, rest, wave),
        chart="plot_teams",
        table="team_dossier",
        layout={
            "xaxis": {
                "range": reach,
                "autorange": reach is None,
                "zeroline": True,
                "zerolinecolor": house.BLACK,
                "title": {"text": "ICC(1), with 95 % interval"},
            },
            "xaxis2": house.MARGIN_AXIS,
            "margin": {"r": 100},
            "legend": {"traceorder": "normal"},
        },
        foot=104,
    )


def _marks(rows: pd.DataFrame, speak: str) -> list[Any]:
    if rows.empty:
        return []
    colour, symbol, name = _MAY[speak]
    at = [int(index) for index in rows.index]
    return [
        house.whiskers(
            house.numbers(rows[ICC1_LOW]), house.numbers(rows[ICC1_HIGH]), at, colour=colour
        ),
        go.Scatter(
            x=house.numbers(rows[ICC1]),
            y=at,
            mode="markers",
            marker={"color": colour, "symbol": symbol, "size": 10},
            name=name,
            showlegend=True,
            hovertext=[_hover(row) for row in rows.to_dict("records")],
            hoverinfo="text",
        ),
    ]


def _hover(row: Row) -> str:
    lines = [
        house.scale_title(row[SCALE], width=120),
        f"ICC(1) {house.say(row[ICC1])} "
        f"({house.say(row[ICC1_LOW])} to {house.say(row[ICC1_HIGH])})",
        f"ICC(2) {house.say(row[ICC2])}",
    ]
    if not house.missing(row[VERDICT]):
        lines.append(house.wrapped(row[VERDICT], width=60, lines=6))
    return "<br>".join(filter(None, lines))


def _alt(drawn: pd.DataFrame, rest: pd.DataFrame, wave: str) -> str:
    text = (
        f"ICC(1) of {len(drawn) + len(rest)} scales with intervals and whether team means may be "
        f"spoken of, wave {house.plain(wave)}."
    )
    for speak, (*_, name) in _MAY.items():
        scales = [house.plain(title_of(scale)) for scale in drawn.loc[drawn[SPEAK] == speak, SCALE]]
        if scales:
            text += f" {name.capitalize()}: {', '.join(scales)}."
    if not rest.empty:
        text += f" Not estimable: {', '.join(house.plain(title_of(s)) for s in rest[SCALE])}."
    return text
