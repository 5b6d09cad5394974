"""What goes with silo barriers, and at which level.

A coefficient plot in three colours, because one question hides three. Within: do people who score
higher than their own colleagues meet fewer barriers? Between: do units that score higher on average
meet fewer? Contextual: what being in such a unit adds for two people with the same score. The
three often disagree, and reading one for another is the commonest error of the field. All of it is
association; none of it says what would happen if a score were raised.
"""

from __future__ import annotations

from typing import Any

import pandas as pd
import plotly.graph_objects as go

from cultureplus.charts import house
from cultureplus.columns import (
    EFFECT,
    ESTIMATE,
    N_GROUPS,
    OUTCOME,
    PREDICTOR,
    REASON,
    STD,
    STD_HIGH,
    STD_LOW,
    N,
    P,
    title_of,
)
from cultureplus.errors import InputError

_NEEDED = (
    OUTCOME,
    PREDICTOR,
    EFFECT,
    ESTIMATE,
    P,
    STD,
    STD_LOW,
    STD_HIGH,
    N,
    N_GROUPS,
    REASON,
)
_TITLE = "What goes with silo barriers?"
_ABREAST = 4  # panels beside one another before a menu takes over
_GAP = 0.035
# Colour and shape both tell the effects apart, so that a black and white print still does.
_EFFECTS: dict[str, tuple[str, str, float, str]] = {
    "within": (house.BLUE, "circle", -0.26, "within units"),
    "between": (house.VERMILLION, "square", 0.0, "between units"),
    "contextual": (house.GREEN, "diamond", 0.26, "contextual"),
}

Row = dict[Any, Any]


def plot_silo_links(links: pd.DataFrame) -> go.Figure:
    """Draw the standardised effects of each score on each barrier, one panel per barrier.

    Parameters
    ----------
    links
        One row per outcome, predictor and effect: `outcome, predictor, effect` ("within",
        "between" or "contextual"), `estimate, p, std, std_low, std_high` (95 % interval),
        `n, n_groups, reason`.

    Returns
    -------
    go.Figure
        Up to four panels; further outcomes through a menu. An effect that can't be estimated is
        marked as such at zero, with the reason on hovering.

    Raises
    ------
    InputError
        Where the table lacks a column or names another effect.

    References
    ----------
    Enders & Tofighi (2007), Psychological Methods 12, 121-138.

    Examples
    --------
    >>> links = pd.DataFrame({
    ...     "outcome": "silo_barriers.silos", "predictor": "trust", "effect": ["within"],
    ...     "estimate": [-0.3], "p": [0.001], "std": [-0.25], "std_low": [-0.31],
    ...     "std_high": [-0.19], "n": [400], "n_groups": [40], "reason": [""]})
    >>> list(plot_silo_links(links).data[1].x)
    [-0.25]
    """
    house.require_columns(links, _NEEDED, chart="plot_silo_links")
    if reason := house.why_nothing(links, STD):
        return house.empty_chart(_TITLE, reason, chart="plot_silo_links", table="silo_links")
    # What was not asked is a row without an effect; it has a reason and nothing to draw.
    absent = links[EFFECT].fillna("") == ""
    if absent.all():
        reasons = "; ".join(map(str, house.in_order(links[REASON])))
        return house.empty_chart(_TITLE, reasons, chart="plot_silo_links", table="silo_links")
    links = links[~absent].reset_index(drop=True)
    for effect in house.in_order(links[EFFECT]):
        if effect not in _EFFECTS:
            raise InputError(
                "An effect is within, between or contextual.",
                column=EFFECT,
                found=effect,
                possible=_EFFECTS,
            )
    outcomes = house.in_order(links[OUTCOME])
    pages = [outcomes[start : start + _ABREAST] for start in range(0, len(outcomes), _ABREAST)]
    width = max(len(page) for page in pages)
    rows = house.in_order(links[PREDICTOR])
    return house.figure(
        [_view(links, page, rows, width) for page in pages],
        title=_TITLE,
        alt=_alt(links, outcomes, rows),
        chart="plot_silo_links",
        table="silo_links",
        layout=_panels(links, width),
        head=34,
        foot=100,
    )


def _axis(panel: int) -> str:
    return "x" if panel == 0 else f"x{panel + 1}"


def _panels(links: pd.DataFrame, width: int) -> dict[str, Any]:
    span = (1 - _GAP * (width - 1)) / width
    layout: dict[str, Any] = {"legend": {"traceorder": "normal"}}
    ends = [house.numbers(links[name]) for name in (STD_LOW, STD, STD_HIGH)]
    reach = house.span(*ends, around=0.0)
    for panel in range(width):
        start = panel * (span + _GAP)
        layout["xaxis" + _axis(panel)[1:]] = {
            "domain": [round(start, 4), round(min(start + span, 1), 4)],
            "anchor": "y",
            # One range for all panels, or a small effect in one would look like a large one.
            "range": reach,
            "zeroline": True,
            "zerolinecolor": house.BLACK,
            "nticks": 4,
            "title": {"text": "standardised effect"},
        }
    return layout


def _view(links: pd.DataFrame, page: list[Any], rows: list[Any], width: int) -> house.View:
    traces: list[Any] = []
    for panel, outcome in enumerate(page):
        for effect in _EFFECTS:
            own = links[(links[OUTCOME] == outcome) & (links[EFFECT] == effect)]
            traces += _marks(own.to_dict("records"), rows, effect, panel)
    span = (1 - _GAP * (width - 1)) / width
    return house.View(
        name=", ".join(title_of(outcome).rsplit(": ", 1)[-1] for outcome in page),
        traces=traces,
        rows=[house.wrapped(title_of(row), width=26, lines=2) for row in rows],
        subtitle=(
            "Standardised effects with 95 % intervals: an association, not a cause. "
            "Left of zero: fewer barriers"
        ),
        row_height=50,
        layout={
            "annotations": [
                {
                    "text": house.wrapped(title_of(outcome), width=64 // width, lines=2),
                    "x": round(panel * (span + _GAP), 4),
                    "y": 1,
                    "xref": "paper",
                    "yref": "paper",
                    "xanchor": "left",
                    "yanchor": "bottom",
                    "align": "left",
                    "showarrow": False,
                    "font": {"size": 12},
                }
                for panel, outcome in enumerate(page)
            ]
        },
    )


def _marks(records: list[Row], rows: list[Any], effect: str, panel: int) -> list[Any]:
    colour, symbol, shift, name = _EFFECTS[effect]
    place = {row: round(number + shift, 2) for number, row in enumerate(rows)}
    drawn = [row for row in records if not house.missing(row[STD])]
    rest = [row for row in records if house.missing(row[STD])]
    at = [place[row[PREDICTOR]] for row in drawn]
    traces: list[Any] = [
        house.whiskers(
            house.numbers(row[STD_LOW] for row in drawn),
            house.numbers(row[STD_HIGH] for row in drawn),
            at,
            colour=colour,
            axis=_axis(panel),
        ),
        go.Scatter(
            x=house.numbers(row[STD] for row in drawn),
            y=at,
            xaxis=_axis(panel),
            mode="markers",
            marker={"color": colour, "symbol": symbol, "size": 9},
            name=name,
            legendgroup=effect,
            showlegend=panel == 0,
            hovertext=[_hover(row) for row in drawn],
            hoverinfo="text",
        ),
    ]
    if rest:
        traces.append(
            go.Scatter(
                x=[0.0] * len(rest),
                y=[place[row[PREDICTOR]] for row in rest],
                xaxis=_axis(panel),
                mode="text",
                text=["not estimable"] * len(rest),
                textposition="middle right",
                textfont={"size": 10, "color": house.GREY},
                cliponaxis=False,
                showlegend=False,
                hovertext=[
                    f"{_heading(row)}<br>{house.label(house.why_empty(row), width=120)}"
                    for row in rest
                ],
                hoverinfo="text",
            )
        )
    return traces


def _heading(row: Row) -> str:
    return f"{house.scale_title(row[PREDICTOR], width=80)}, {row[EFFECT]}"


def _hover(row: Row) -> str:
    ends = f"{house.say(row[STD_LOW])} to {house.say(row[STD_HIGH])}"
    p = house.numbers([row[P]])[0]
    chance = "not known" if p is None else ("< 0.001" if p < 0.001 else f"= {p:.3f}")
    return "<br>".join(
        [
            _heading(row),
            f"standardised {house.say(row[STD])} ({ends})",
            f"raw {house.say(row[ESTIMATE])}, p {chance}",
            f"n = {house.say(row[N], digits=0)} in {house.say(row[N_GROUPS], digits=0)} units",
        ]
    )


def _alt(links: pd.DataFrame, outcomes: list[Any], rows: list[Any]) -> str:
    text = (
        f"Coefficient plot: {len(rows)} scores against {len(outcomes)} barriers, within and "
        "between units, standardised, with intervals; association, not cause."
    )
    drawn = links[links[STD].notna()]
    if not drawn.empty:
        far = house.furthest(drawn.assign(distance=drawn[STD].abs()), "distance")
        text += (
            f" Furthest from zero: {house.plain(title_of(far[PREDICTOR]))} on "
            f"{house.plain(title_of(far[OUTCOME]))}, {far[EFFECT]} ({house.say(far[STD])})."
        )
    lost = len(links) - len(drawn)
    if lost:
        text += f" {lost} {'effect is' if lost == 1 else 'effects are'} not estimable."
    return text
