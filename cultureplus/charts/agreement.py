"""How far the people of a unit agree with each other.

A unit's mean speaks for the unit only where its people say much the same. Each bar holds all units
of which a scale's agreement may be told, from those without agreement at the left to those with
very strong agreement at the right. The bands are customary (LeBreton & Senter 2008); what stands
in the bars are numbers of units, never names.
"""

from __future__ import annotations

from typing import Any

import pandas as pd
import plotly.graph_objects as go

from cultureplus.charts import house
from cultureplus.columns import BAND, LENS, N_HIDDEN, N_UNITS, REASON, SCALE, SHARE, WAVE, title_of
from cultureplus.errors import InputError

_NEEDED = (WAVE, LENS, SCALE, BAND, N_UNITS, SHARE, N_HIDDEN, REASON)
_TITLE = "How many units agree, and how much?"
_LEGIBLE = 0.05  # shares below this have no room for their number
# From vermillion over grey to blue, in the order of the bands.
_BANDS = {
    "none": house.VERMILLION,
    "weak": "#F2B680",
    "moderate": "#D9D9D9",
    "strong": "#8FBBE0",
    "very strong": house.BLUE,
}

Row = dict[Any, Any]


def plot_agreement(bands: pd.DataFrame, *, wave: str | None = None) -> go.Figure:
    """Draw the shares of units in each band of agreement, one lens at a time.

    Parameters
    ----------
    bands
        One row per lens, scale and band: `wave, lens, scale, band` ("none", "weak", "moderate",
        "strong" or "very strong"), `n_units` (units in it), `share` (of the units shown, 0 to 1),
        `n_hidden` (units not shown, the same in all rows of a scale), `reason`.
    wave
        Which wave to draw; the newest in the table where nothing is said.

    Returns
    -------
    go.Figure
        With a menu over the lenses. A scale without shares is listed with the reason.

    Raises
    ------
    InputError
        Where the table lacks a column or names another band, or the wave is not in it.

    References
    ----------
    LeBreton & Senter (2008), Organizational Research Methods 11, 815-852.

    Examples
    --------
    >>> bands = pd.DataFrame({
    ...     "wave": "2026Q3", "lens": "team", "scale": "trust", "band": ["moderate", "strong"],
    ...     "n_units": [4, 12], "share": [0.25, 0.75], "n_hidden": 3, "reason": ""})
    >>> [(bar.name, bar.x[0]) for bar in plot_agreement(bands).data[:5] if bar.x]
    [('moderate', 25.0), ('strong', 75.0)]
    """
    house.require_columns(bands, _NEEDED, chart="plot_agreement")
    if reason := house.why_nothing(bands, SHARE):
        return house.empty_chart(_TITLE, reason, chart="plot_agreement", table="agreement_bands")
    for band in house.in_order(bands.loc[bands[SHARE].notna(), BAND]):
        if band not in _BANDS:
            raise InputError(
                "A band of agreement has another name.", column=BAND, found=band, possible=_BANDS
            )
    rows, wave = house.one_wave(bands, wave)
    names = house.in_order(rows[LENS].astype(str))
    return house.figure(
        [_view(rows[rows[LENS].astype(str) == lens], lens, wave) for lens in names],
        title=_TITLE,
        alt=_alt(rows[rows[LENS].astype(str) == names[0]], names[0], wave, len(names) - 1),
        chart="plot_agreement",
        table="agreement_bands",
        layout={
            "barmode": "stack",
            "bargap": 0.3,
            "xaxis": {
                "range": [0, 100],
                "ticksuffix": " %",
                "title": {"text": "share of units; in the bars: number of units"},
            },
            "xaxis2": house.MARGIN_AXIS,
            "margin": {"r": 132},
            "legend": {"traceorder": "normal"},
        },
        foot=104,
    )


def _view(rows: pd.DataFrame, lens: str, wave: str) -> house.View:
    scales = house.in_order(rows[SCALE])
    place = {scale: number for number, scale in enumerate(scales)}
    known = rows[rows[SHARE].notna()]
    traces: list[Any] = []
    for band, colour in _BANDS.items():
        own = known[known[BAND] == band].to_dict("records")
        own = [row for row in own if house.numbers([row[SHARE]], times=100)[0]]
        traces.append(
            go.Bar(
                x=house.numbers((row[SHARE] for row in own), times=100),
                y=[place[row[SCALE]] for row in own],
                orientation="h",
                name=band,
                marker={"color": colour, "line": {"color": house.PAPER, "width": 1}},
                text=[
                    house.say(row[N_UNITS], digits=0) if float(row[SHARE]) >= _LEGIBLE else ""
                    for row in own
                ],
                textposition="inside",
                insidetextanchor="middle",
                textangle=0,
                textfont={"size": 11},
                hovertext=[_hover(row) for row in own],
                hoverinfo="text",
                showlegend=True,
            )
        )
    drawn = house.in_order(known[SCALE])
    first = {row[SCALE]: row for row in reversed(rows.to_dict("records"))}
    traces.append(
        house.words(
            [_counts(known[known[SCALE] == scale]) for scale in drawn],
            [place[scale] for scale in drawn],
            side=1.0,
            colour=house.BLACK,
        )
    )
    rest = [scale for scale in scales if scale not in drawn]
    if rest:
        traces.append(
            house.words(
                [house.why_empty(first[scale]) for scale in rest],
                [place[scale] for scale in rest],
            )
        )
    return house.View(
        name=f"By {lens}",
        traces=traces,
        rows=[house.scale_title(scale) for scale in scales],
        subtitle=f"Agreement of the people in each {lens}, {wave}. The bands are customary ones",
        row_height=30,
    )


def _counts(rows: pd.DataFrame) -> str:
    counts = [value for value in house.numbers(rows[N_UNITS]) if value is not None]
    text = f"{house.say(sum(counts), digits=0)} units"
    hidden = _hidden(rows)
    return f"{text}, {house.say(hidden, digits=0)} hidden" if hidden else text


def _hidden(rows: pd.DataFrame) -> float:
    """The most units that are hidden on any of these scales."""
    return max((value for value in house.numbers(rows[N_HIDDEN]) if value is not None), default=0.0)


def _hover(row: Row) -> str:
    return "<br>".join(
        [
            f"agreement: {row[BAND]}",
            f"{house.say(row[SHARE], digits=0, times=100)} % of units "
            f"({house.say(row[N_UNITS], digits=0)})",
        ]
    )


def _alt(rows: pd.DataFrame, lens: str, wave: str, more: int) -> str:
    count = rows[SCALE].nunique()
    text = (
        f"Shares of units by {house.plain(lens)} in five bands of agreement, from none to very "
        f"strong, on {count} {'scale' if count == 1 else 'scales'}, wave {house.plain(wave)}."
    )
    known = rows[rows[SHARE].notna()]
    if not known.empty:
        top = house.furthest(known, SHARE)
        text += (
            f" Largest share: {top[BAND]} agreement on {house.plain(title_of(top[SCALE]))} "
            f"({house.say(top[SHARE], digits=0, times=100)} % of units)."
        )
    if hidden := _hidden(rows):
        text += f" Up to {house.say(hidden, digits=0)} units are hidden."
    lost = [scale for scale in house.in_order(rows[SCALE]) if scale not in set(known[SCALE])]
    if lost:
        text += f" Not estimable: {', '.join(house.plain(title_of(scale)) for scale in lost)}."
    return text + (f" A menu offers {more} more lenses." if more > 0 else "")
