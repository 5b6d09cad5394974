"""The paths from one score through another to an outcome, with their numbers.

A triangle: left the score, above the mediator, right the outcome. Each arrow carries its estimate
and interval; below stand the indirect, the direct and the total effect. The arrows say in which
order the model was written, not in which order things happen: one wave has no order in time, and
no arrow is a cause.
"""

from __future__ import annotations

from typing import Any

import pandas as pd
import plotly.graph_objects as go

from cultureplus.charts import house
from cultureplus.columns import (
    EFFECT,
    ESTIMATE,
    HIGH,
    LEVEL,
    LOW,
    MEDIATOR,
    N_GROUPS,
    NOTE,
    OUTCOME,
    PREDICTOR,
    REASON,
    N,
    title_of,
)
from cultureplus.errors import InputError

_NEEDED = (
    PREDICTOR, MEDIATOR, OUTCOME, LEVEL, EFFECT, ESTIMATE, LOW, HIGH, N, N_GROUPS, NOTE, REASON,
)  # fmt: skip
_TITLE = "Does the association run through a third score?"
_EFFECTS = ("a", "b", "direct", "indirect", "total")
_HEIGHT = 330  # pixels of the plot
_PLACES = {PREDICTOR: (0.14, 0.32), MEDIATOR: (0.5, 0.9), OUTCOME: (0.86, 0.32)}
_ARROWS = {
    "a": (PREDICTOR, MEDIATOR), "b": (MEDIATOR, OUTCOME), "direct": (PREDICTOR, OUTCOME),
}  # fmt: skip
# Where the numbers of each effect stand, and to which side of that point.
_WORDS = {
    "a": (0.295, 0.64, "middle left"), "b": (0.705, 0.64, "middle right"),
    "direct": (0.5, 0.37, "middle center"), "indirect": (0.5, 0.17, "middle center"),
    "total": (0.5, 0.05, "middle center"),
}  # fmt: skip

Row = dict[Any, Any]


def plot_mediation(mediation: pd.DataFrame) -> go.Figure:
    """Draw the paths of mediations with their numbers, one outcome and level at a time.

    Parameters
    ----------
    mediation
        One row per path, level and effect: `predictor, mediator, outcome` (names), `level`
        ("within" or "between"), `effect` ("a", "b", "direct", "indirect" or "total"), `estimate,
        low, high` (95 % interval), `n, n_groups, note, reason`. Where a path has no numbers level
        and effect are ''.

    Returns
    -------
    go.Figure
        A path picture, with a menu over outcomes and levels. A solid arrow where the interval
        leaves zero out, a dashed one where it does not. A level without numbers gives the reason.

    Raises
    ------
    InputError
        Where the table lacks a column, names another effect, or holds one of a path twice.

    References
    ----------
    Zhang, Zyphur & Preacher (2009), Organizational Research Methods 12, 695-719.

    Examples
    --------
    >>> mediation = pd.DataFrame({
    ...     "predictor": "safety", "mediator": "skill", "outcome": "silos", "level": "within",
    ...     "effect": ["a", "b", "direct", "indirect", "total"],
    ...     "estimate": [0.5, -0.4, -0.1, -0.2, -0.3], "low": [0.4, -0.5, -0.2, -0.27, -0.4],
    ...     "high": [0.6, -0.3, 0.02, -0.13, -0.2], "n": 300, "n_groups": 40, "note": "no cause",
    ...     "reason": ""})
    >>> plot_mediation(mediation).data[4].text[0]
    'a = 0.5 (0.4 to 0.6)'
    """
    house.require_columns(mediation, _NEEDED, chart="plot_mediation")
    if reason := house.why_nothing(mediation, ESTIMATE):
        return house.empty_chart(_TITLE, reason, chart="plot_mediation", table="mediation")
    for effect in house.in_order(mediation[EFFECT]):
        if effect not in (*_EFFECTS, ""):  # a path that was not asked has no effect
            raise InputError(
                "There is no such effect.", column=EFFECT, found=effect, possible=_EFFECTS
            )
    if mediation.duplicated([*_PLACES, LEVEL, EFFECT]).any():
        raise InputError("An effect of one path stands twice in the table.")
    parts = [part for _, part in mediation.groupby([*_PLACES, LEVEL], sort=False)]
    several = len(mediation[[*_PLACES]].drop_duplicates()) > 1
    blank = {"visible": False, "range": [0, 1], "fixedrange": True}
    return house.figure(
        [_view(part, several=several) for part in parts],
        title=_TITLE,
        alt=_alt(parts[0], len(parts) - 1),
        chart="plot_mediation",
        table="mediation",
        layout={"xaxis": blank, "yaxis": blank, "showlegend": False},
        foot=24,
    )


def _view(rows: pd.DataFrame, *, several: bool) -> house.View:
    level = str(rows[LEVEL].iloc[0])
    records = {row[EFFECT]: row for row in rows.to_dict("records")}
    any_row = next(iter(records.values()))
    people, groups = (house.say(any_row[name], digits=0) for name in (N, N_GROUPS))
    note = "" if house.missing(any_row[NOTE]) else str(any_row[NOTE])
    reasons = house.in_order(
        str(row[REASON])
        for row in records.values()
        if not house.missing(row[REASON]) and str(row[REASON]).strip()
    )
    names = [title_of(str(any_row[OUTCOME]))] if several else []
    return house.View(
        name=": ".join([*names, *([f"{level} groups"] if level else [])]),
        traces=[
            *(_arrow(effect, records.get(effect)) for effect in _ARROWS),
            _boxes(any_row),
            *(_numbers(effect, records.get(effect)) for effect in _EFFECTS),
        ],
        rows=[""],
        subtitle=(
            f"{level.capitalize()} groups, {people} people in {groups} groups, 95 % intervals. "
            "No arrow is a cause"
            if level
            else "No arrow is a cause"
        ),
        notes=[text[:1].upper() + text[1:] for text in [note, *reasons[:1]] if text],
        row_height=_HEIGHT,
        layout={"yaxis.range": [0, 1], "yaxis.tickvals": None, "yaxis.ticktext": None},
    )


def _clear(row: Row) -> bool:
    """Whether the interval leaves zero out."""
    low, high = house.numbers([row[LOW], row[HIGH]])
    return low is not None and high is not None and low * high > 0


def _arrow(effect: str, row: Row | None) -> go.Scatter:
    start, end = _ARROWS[effect]
    (x0, y0), (x1, y1) = _PLACES[start], _PLACES[end]
    # The line stops short of the words at either end.
    cut = 0.16
    x = [x0 + cut * (x1 - x0), x1 - cut * (x1 - x0)]
    y = [y0 + cut * (y1 - y0), y1 - cut * (y1 - y0)]
    sure = row is not None and _clear(row)
    return go.Scatter(
        x=house.numbers(x),
        y=house.numbers(y),
        mode="lines+markers",
        line={"color": house.BLUE if sure else house.GREY, "width": 2 if sure else 1.4,
              "dash": "solid" if sure else "dash"},
        marker={"symbol": ["circle", "arrow"], "size": [1, 13], "angleref": "previous",
                "color": house.BLUE if sure else house.GREY},
        hoverinfo="skip",
    )  # fmt: skip


def _boxes(row: Row) -> go.Scatter:
    names = [row[column] for column in _PLACES]
    return go.Scatter(
        x=[place[0] for place in _PLACES.values()],
        y=[place[1] for place in _PLACES.values()],
        mode="text",
        text=[house.wrapped(title_of(str(name)), width=24, lines=2) for name in names],
        textfont={"size": 13, "color": house.BLACK},
        hovertext=[house.scale_title(name, width=120) for name in names],
        hoverinfo="text",
    )


def _numbers(effect: str, row: Row | None) -> go.Scatter:
    x, y, side = _WORDS[effect]
    if row is None:
        text = hover = ""
    elif house.missing(row[ESTIMATE]):
        text = f"{effect}: not estimable"
        hover = house.wrapped(house.why_empty(row), width=60, lines=4)
    else:
        ends = f"({house.say(row[LOW])} to {house.say(row[HIGH])})"
        text = hover = f"{effect} = {house.say(row[ESTIMATE])} {ends}"
    return go.Scatter(
        x=[x],
        y=[y],
        mode="text",
        text=[text],
        textposition=side,
        textfont={"size": 12, "color": house.BLACK if text == hover else house.GREY},
        hovertext=[hover],
        hoverinfo="text",
    )


def _alt(rows: pd.DataFrame, more: int) -> str:
    any_row, level = rows.iloc[0], str(rows[LEVEL].iloc[0])
    names = [house.plain(title_of(str(any_row[name]))) for name in _PLACES]
    text = (
        f"Path picture: {names[0]} through {names[1]} to {names[2]}, {house.plain(level)} groups; "
        "association, not cause."
    )
    found = rows[(rows[EFFECT] == "indirect") & rows[ESTIMATE].notna()]
    if found.empty:
        text += " The indirect effect is not estimable."
    else:
        row = found.iloc[0].to_dict()
        text += (
            f" Indirect effect {house.say(row[ESTIMATE])} "
            f"({house.say(row[LOW])} to {house.say(row[HIGH])})."
        )
    return text + (f" A menu offers {more} more pictures." if more > 0 else "")
