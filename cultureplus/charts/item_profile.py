"""The items of a scale one by one: who goes with the others, who stands apart.

At the left each item's correlation with the sum of the other items; an item below zero runs
against its own scale, most often because its key was forgotten or turned twice, and says so. At
the right the shares of people at the two ends of the answers and without an answer: an item that
everybody answers alike tells nobody apart. The line at .30 is a customary rule of thumb and no law.
"""

from __future__ import annotations

import math
from typing import Any

import pandas as pd
import plotly.graph_objects as go

from cultureplus.charts import house
from cultureplus.columns import (
    ALPHA_DROPPED,
    CEILING,
    FLOOR,
    ITEM,
    MEAN,
    MISSING,
    R_REST,
    REASON,
    REVERSED,
    SCALE,
    SD,
    TEXT,
    WARNING,
    WAVE,
    N,
    title_of,
)

_NEEDED = (
    WAVE,
    SCALE,
    ITEM,
    TEXT,
    REVERSED,
    N,
    MISSING,
    MEAN,
    SD,
    FLOOR,
    CEILING,
    R_REST,
    ALPHA_DROPPED,
    WARNING,
    REASON,
)
_TITLE = "How does each item behave in its scale?"
_RULE = 0.30  # customary (Nunnally & Bernstein 1994), drawn and named as such
# Each share starts a small axis of its own; a bar of 100 % and its number fit between two starts.
_SHARES: dict[str, tuple[float, str, str]] = {
    FLOOR: (0.0, "lowest<br>answer", "#F2B680"),
    CEILING: (1.9, "highest<br>answer", "#8FBBE0"),
    MISSING: (3.8, "not<br>answered", house.PALE),
}
_END = 5.7

Row = dict[Any, Any]


def plot_item_profile(items: pd.DataFrame, *, wave: str | None = None) -> go.Figure:
    """Draw how each item goes with the others of its scale, and the shares at its ends.

    Parameters
    ----------
    items
        One row per scale and item: `wave, scale, item, text, reversed, n` (who answered it),
        `missing` (share, 0 to 1), `mean, sd` (on the answer range, keyed), `floor, ceiling`
        (shares of the lowest and highest answer after keying, 0 to 1), `r_rest` (correlation with
        the sum of the other items, -1 to 1), `alpha_dropped` (alpha of the other items, at most
        1), `warning` ('' or a sentence), `reason`.
    wave
        Which wave to draw; the newest in the table where nothing is said.

    Returns
    -------
    go.Figure
        With a menu over the scales. An item without a correlation is listed with the reason; an
        item with a warning is drawn in another colour and shape, with its sentence.

    Raises
    ------
    InputError
        Where the table lacks a column, or the wave is not in it.

    References
    ----------
    Nunnally & Bernstein (1994), Psychometric theory, 301-306, on .30.

    Examples
    --------
    >>> items = pd.DataFrame({
    ...     "wave": "2026Q3", "scale": "trust", "item": ["t1"], "text": ["We keep our word."],
    ...     "reversed": False, "n": 300, "missing": 0.02, "mean": 3.4, "sd": 1.1, "floor": 0.04,
    ...     "ceiling": 0.12, "r_rest": 0.52, "alpha_dropped": 0.8, "warning": "", "reason": ""})
    >>> figure = plot_item_profile(items)
    >>> figure.data[0].x, figure.data[1].x
    ((0.52,), (0.04, 0.12, 0.02))
    """
    house.require_columns(items, _NEEDED, chart="plot_item_profile")
    if reason := house.why_nothing(items, R_REST):
        return house.empty_chart(_TITLE, reason, chart="plot_item_profile", table="item_statistics")
    rows, wave = house.one_wave(items, wave)
    scales = house.in_order(rows[SCALE])
    shared = house.rules({_RULE: "rule of thumb .30"})
    return house.figure(
        [_view(rows[rows[SCALE] == scale], str(scale), wave) for scale in scales],
        title=_TITLE,
        alt=_alt(rows, str(scales[0]), wave, len(scales) - 1),
        chart="plot_item_profile",
        table="item_statistics",
        layout={
            **shared,
            "xaxis": {
                "domain": [0, 0.57],
                "range": _reach(rows),
                "zeroline": True,
                "zerolinecolor": house.BLACK,
                "title": {"text": "correlation with the sum of the other items"},
            },
            "xaxis3": {
                "domain": [0.62, 1],
                "anchor": "y",
                "range": [0, _END],
                "side": "top",
                "tickvals": [start for start, *_ in _SHARES.values()],
                "ticktext": [name for _, name, _ in _SHARES.values()],
                "ticklabelshift": 24,
                "tickangle": 0,
                "tickfont": {"size": 11},
                "ticks": "",
                "showline": False,
            },
            "barmode": "overlay",
            "bargap": 0.5,
            "showlegend": False,
        },
        head=36,
    )


def _reach(rows: pd.DataFrame) -> list[float]:
    # One range for every scale of the menu, or a weak scale would look like a strong one.
    known = [value for value in house.numbers(rows[R_REST]) if value is not None]
    low = min([0.0, *known])
    return [math.floor(low * 10 - 0.3) / 10, 1.0]


def _warning(row: Row) -> str:
    return "" if house.missing(row[WARNING]) else str(row[WARNING]).strip()


def _view(rows: pd.DataFrame, scale: str, wave: str) -> house.View:
    records = rows.to_dict("records")
    places = [place for place, row in enumerate(records) if not house.missing(row[R_REST])]
    drawn = [records[place] for place in places]
    rest = [place for place in range(len(records)) if place not in places]
    alarms = [_warning(row) for row in drawn]
    labels = [house.wording(row) for row in records]
    traces: list[Any] = [
        go.Scatter(
            x=house.numbers(row[R_REST] for row in drawn),
            y=places,
            mode="markers",
            marker=_looks(alarms),
            hovertext=[
                _hover(row, labels[place]) for row, place in zip(drawn, places, strict=True)
            ],
            hoverinfo="text",
        ),
        _bars(records),
    ]
    # Words begin at zero, or the line there would cross them out.
    warned = {
        place: "\u00a0" + house.wrapped(alarm, width=46, lines=2).replace("<br>", "<br>\u00a0")
        for place, alarm in zip(places, alarms, strict=True)
        if alarm
    }
    if warned:
        sentences = house.words([], [*warned], colour=house.VERMILLION, axis="x")
        traces.append(sentences.update(x=[0] * len(warned), text=[*warned.values()]))
    if rest:
        reasons = [house.why_empty(records[place]) for place in rest]
        traces.append(house.words(reasons, rest, axis="x"))
    return house.View(
        name=title_of(scale),
        traces=traces,
        rows=labels,
        subtitle=f"{title_of(scale)}, {wave}. (R): worded the other way round, here turned",
        row_height=42,
    )


def _looks(alarms: list[str]) -> dict[str, Any]:
    if not any(alarms):
        return {"color": house.BLUE, "size": 9}
    return {
        "color": [house.VERMILLION if alarm else house.BLUE for alarm in alarms],
        "symbol": ["x" if alarm else "circle" for alarm in alarms],
        "size": 9,
    }


def _bars(records: list[Row]) -> go.Bar:
    """All three shares as one trace, each on its own stretch of one axis."""
    pairs = [
        (place, row[name], *_SHARES[name])
        for name in _SHARES
        for place, row in enumerate(records)
        if not house.missing(row[name])
    ]
    return go.Bar(
        x=house.numbers(share for _, share, *_ in pairs),
        base=[start for _, _, start, *_ in pairs],
        y=[place for place, *_ in pairs],
        xaxis="x3",
        orientation="h",
        marker={"color": [colour for *_, colour in pairs]},
        text=[f"{house.say(share, digits=0, times=100)} %" for _, share, *_ in pairs],
        textposition="outside",
        textfont={"size": 11, "color": house.BLACK},
        cliponaxis=False,
        hoverinfo="skip",
    )


def _hover(row: Row, label: str) -> str:
    lines = [
        f"{house.say(row[R_REST])} with the other items",
        f"alpha without it {house.say(row[ALPHA_DROPPED])}",
        f"mean {house.say(row[MEAN])}, SD {house.say(row[SD])}, n = {house.say(row[N], digits=0)}",
    ]
    if "…" in label:  # only a wording that was cut is worth its weight a second time
        lines.insert(0, house.wrapped(row[TEXT], width=60, lines=4))
    return "<br>".join(lines)


def _name(row: Row) -> str:
    return house.plain(house.item_text(row), width=80)


def _alt(rows: pd.DataFrame, scale: str, wave: str, more: int) -> str:
    own = rows[rows[SCALE] == scale]
    text = (
        f"{len(own)} items of {house.plain(title_of(scale))}, wave {house.plain(wave)}: "
        "correlation of each with the sum of the others, and shares at the lowest and highest "
        "answer and without an answer."
    )
    drawn = own[own[R_REST].notna()]
    if not drawn.empty:
        best, worst = house.furthest(drawn, R_REST), house.furthest(drawn, R_REST, lowest=True)
        text += (
            f" Highest correlation: '{_name(best)}' ({house.say(best[R_REST])}), "
            f"lowest: '{_name(worst)}' ({house.say(worst[R_REST])})."
        )
    if len(drawn) < len(own):
        text += f" Not estimable: {len(own) - len(drawn)}."
    alarms = house.in_order(filter(None, map(_warning, rows.to_dict("records"))))
    for alarm in alarms[:3]:
        text += f" Warning: {house.plain(alarm).rstrip('.?')}."
    if len(alarms) > 3:
        text += f" {len(alarms) - 3} more warnings."
    return text + (f" A menu offers {more} more scales." if more > 0 else "")
