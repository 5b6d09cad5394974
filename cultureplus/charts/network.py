"""Ties between and inside units: the E-I index against chance, and the density of ties.

The raw E-I index has no meaningful zero, so it is never drawn alone: behind each index lies the
stretch in which it would fall if units played no part. An index to the left of that stretch says
that ties stay inside more than chance has it. Neither chart shows why: shared tasks, floors and
managers tie people as well.
"""

from __future__ import annotations

from typing import Any

import pandas as pd
import plotly.graph_objects as go

from cultureplus.charts import house
from cultureplus.charts.pairs import Cell, grid, hidden_cells
from cultureplus.columns import (
    ALL,
    DENSITY,
    FROM,
    LENS,
    NULL_HIGH,
    NULL_LOW,
    NULL_MEAN,
    OBSERVED,
    POSSIBLE,
    REASON,
    SHOWN,
    TIES,
    TO,
    UNIT,
    WARNING,
    WAVE,
    N,
    P,
)

_EI = (WAVE, LENS, UNIT, N, OBSERVED, NULL_MEAN, NULL_LOW, NULL_HIGH, P, SHOWN, REASON)
_CELLS = (WAVE, LENS, FROM, TO, N, TIES, POSSIBLE, DENSITY, SHOWN, REASON)
_EI_TITLE = "Do ties stay inside?"
_DENSITY_TITLE = "Who works with whom?"
_NOT_WHY = "The chart does not show why: tasks, floors and managers tie people as well"

Row = dict[Any, Any]


def plot_ei(ei: pd.DataFrame, *, wave: str | None = None) -> go.Figure:
    """Draw the E-I index of each unit against the index that chance gives.

    Parameters
    ----------
    ei
        E-I by unit that went through a reporting plan: `wave, lens, unit, n, observed` (-1 to 1),
        `null_mean, null_low, null_high` (95 %), `p, shown, reason`; where there is a column
        `warning` ('' or a sentence), it stands below the subtitle.
    wave
        Which wave to draw; the newest in the table where nothing is said.

    Returns
    -------
    go.Figure
        With a menu over the lenses where there are several; the whole organisation comes first.
        A unit that is hidden or has no index is listed with the reason.

    Raises
    ------
    InputError
        Where the table lacks `shown` (no reporting plan) or another column, or the wave is not
        in it.

    References
    ----------
    Krackhardt & Stern (1988), Social Psychology Quarterly 51, 123-140.

    Examples
    --------
    >>> ei = pd.DataFrame({
    ...     "wave": "2026Q3", "lens": "team", "unit": ["A"], "n": [20], "observed": [-0.4],
    ...     "null_mean": [0.7], "null_low": [0.6], "null_high": [0.8], "p": [0.001],
    ...     "shown": [True], "reason": [""]})
    >>> [list(trace.x) for trace in plot_ei(ei).data[:3]]
    [[0.6, 0.8, None], [0.7], [-0.4]]
    """
    house.require_plan(ei)
    house.require_columns(ei, _EI, chart="plot_ei")
    if reason := house.why_nothing(ei, OBSERVED):
        return house.empty_chart(_EI_TITLE, reason, chart="plot_ei", table="ei_by_unit")
    rows, wave = house.one_wave(ei, wave)
    names = house.lenses(rows)
    return house.figure(
        [_ei_view(rows, lens, wave) for lens in names],
        title=_EI_TITLE,
        alt=_ei_alt(rows, names[0], wave, len(names) - 1),
        chart="plot_ei",
        table="ei_by_unit",
        layout={
            "xaxis": {
                "range": [-1.05, 1.05],
                "tickvals": [-1, -0.5, 0, 0.5, 1],
                "ticktext": ["−1<br>all inside", "−0.5", "0", "0.5", "1<br>all outside"],
                "title": {"text": "E-I index"},
            },
            "xaxis2": house.MARGIN_AXIS,
            "legend": {"traceorder": "normal"},
        },
        foot=120,
    )


def _ei_view(rows: pd.DataFrame, lens: str, wave: str) -> house.View:
    mine = rows[rows[LENS].astype(str).isin([ALL, lens])].reset_index(drop=True)
    mine = mine.iloc[mine[LENS].astype(str).ne(ALL).to_numpy().argsort(kind="stable")]
    mine = mine.reset_index(drop=True)
    known = house.shown(mine) & mine[OBSERVED].notna()
    drawn, rest = mine[known], mine[~known]
    chance = drawn[drawn[NULL_MEAN].notna()]
    traces: list[Any] = [
        house.whiskers(
            house.numbers(chance[NULL_LOW]),
            house.numbers(chance[NULL_HIGH]),
            [int(index) for index in chance.index],
            colour=house.PALE,
        ).update(line_width=9, name="95 % of what chance gives", showlegend=True),
        go.Scatter(
            x=house.numbers(chance[NULL_MEAN]),
            y=[int(index) for index in chance.index],
            mode="markers",
            marker={"symbol": "line-ns-open", "size": 11, "color": house.GREY},
            name="its mean",
            hoverinfo="skip",
        ),
        go.Scatter(
            x=house.numbers(drawn[OBSERVED]),
            y=[int(index) for index in drawn.index],
            mode="markers",
            marker={"color": house.BLUE, "size": 10},
            name="observed",
            hovertext=[_ei_hover(row) for row in drawn.to_dict("records")],
            hoverinfo="text",
        ),
        house.words(
            [house.why_empty(row) for row in rest.to_dict("records")],
            [int(index) for index in rest.index],
        ),
    ]
    return house.View(
        name="Whole organisation" if lens == ALL else f"By {lens}",
        traces=traces,
        rows=[
            house.label(house.unit_name(row[LENS], row[UNIT])) for row in mine.to_dict("records")
        ],
        subtitle=f"{wave}. Left of grey: more ties inside than if units played no part",
        notes=[*_warnings(drawn), _NOT_WHY],
        row_height=30,
    )


def _warnings(rows: pd.DataFrame) -> list[str]:
    if WARNING not in rows:
        return []
    told = [str(text).strip() for text in rows[WARNING] if not house.missing(text)]
    return [text for text in house.in_order(told) if text][:1]


def _ei_hover(row: Row) -> str:
    lines = [
        house.label(house.unit_name(row[LENS], row[UNIT]), width=120),
        f"E-I {house.say(row[OBSERVED], sign=True)}, n = {house.say(row[N], digits=0)}",
    ]
    if house.missing(row[NULL_MEAN]):
        return "<br>".join([*lines, house.wrapped(house.why_empty(row), width=60)])
    return "<br>".join(
        [
            *lines,
            f"by chance {house.say(row[NULL_MEAN], sign=True)} "
            f"({house.say(row[NULL_LOW], sign=True)} to {house.say(row[NULL_HIGH], sign=True)})",
            f"p = {house.say(row[P], digits=3)}",
        ]
    )


def _ei_alt(rows: pd.DataFrame, lens: str, wave: str, more: int) -> str:
    own = rows[rows[LENS].astype(str) == lens]
    text = (
        f"E-I index of {own[UNIT].nunique()} units by {house.plain(lens)} against permuted units, "
        f"wave {house.plain(wave)}."
    )
    drawn = rows[house.shown(rows) & rows[OBSERVED].notna()]
    whole = drawn[drawn[LENS].astype(str) == ALL]
    if not whole.empty:
        first = whole.iloc[0]
        text += f" Whole organisation: {house.say(first[OBSERVED], sign=True)}"
        text += f", by chance {house.say(first[NULL_MEAN], sign=True)}."
    drawn = drawn[drawn[LENS].astype(str) == lens]
    if not drawn.empty:
        low = house.furthest(drawn, OBSERVED, lowest=True)
        text += (
            f" Most inward: {house.plain(house.unit_name(low[LENS], low[UNIT]))} "
            f"({house.say(low[OBSERVED], sign=True)})."
        )
    text += house.hidden_count(own)
    text += "".join(f" {house.plain(note).rstrip('.')}." for note in _warnings(drawn))
    return f"{text} {_NOT_WHY}." + (f" A menu offers {more} more lenses." if more > 0 else "")


def plot_density(density: pd.DataFrame, *, wave: str | None = None) -> go.Figure:
    """Draw how many of the possible ties there are from unit to unit.

    Parameters
    ----------
    density
        Densities that went through `show_density`: `wave, lens, from` (who names), `to` (who is
        named), `n, ties, possible, density` (0 to 1), `shown, reason`; where there is a column
        `warning` ('' or a sentence), it stands below the subtitle.
    wave
        Which wave to draw; the newest in the table where nothing is said.

    Returns
    -------
    go.Figure
        With a menu over the lenses where there are several. The colours end at the highest density
        between two different units, or the diagonal would leave the rest pale.

    Raises
    ------
    InputError
        Where the table lacks `shown` (no reporting plan) or another column, or the wave is not
        in it.

    Examples
    --------
    >>> density = pd.DataFrame({
    ...     "wave": "2026Q3", "lens": "team", "from": ["A"], "to": ["B"], "n": [20], "ties": [12],
    ...     "possible": [400], "density": [0.03], "shown": [True], "reason": [""]})
    >>> plot_density(density).data[0].z[0][0]
    3.0
    """
    house.require_plan(density, fix="show_density(table, plan)")
    house.require_columns(density, _CELLS, chart="plot_density")
    if reason := house.why_nothing(density, DENSITY):
        return house.empty_chart(_DENSITY_TITLE, reason, chart="plot_density", table="tie_density")
    rows, wave = house.one_wave(density, wave)
    names = house.in_order(rows[LENS].astype(str))
    grids = [_density_grid(rows[rows[LENS].astype(str) == lens]) for lens in names]
    views = [
        house.View(
            name=f"By {lens}",
            traces=found.traces,
            rows=found.rows,
            subtitle=f"{wave}. Of 100 possible ties from row to column, how many there are "
            "(–: none or few)",
            notes=[*_warnings(rows), _NOT_WHY],
            row_height=34,
            layout={f"xaxis.{name}": value for name, value in found.axis.items()}
            if len(grids) > 1
            else {},
        )
        for lens, found in zip(names, grids, strict=True)
    ]
    return house.figure(
        views,
        title=_DENSITY_TITLE,
        alt=_density_alt(rows[rows[LENS].astype(str) == names[0]], names[0], wave, len(names) - 1),
        chart="plot_density",
        table="tie_density",
        layout={"xaxis": grids[0].axis, "margin": {"r": 48}},
        head=max(found.head for found in grids),
        foot=32,
    )


def _density_grid(rows: pd.DataFrame) -> Any:
    between = rows[house.shown(rows) & (rows[FROM] != rows[TO])]
    known = [value for value in house.numbers(between[DENSITY], times=100) if value is not None]
    return grid(
        rows,
        DENSITY,
        text=lambda cell: house.say(cell[DENSITY], times=100),
        hover=_density_hover,
        colours={
            "colorscale": [[0, "#F4F4F4"], [1, house.DIVERGING[-2]]],
            "zmin": 0,
            "zmax": max(known, default=1.0) or 1.0,
        },
        times=100,
    )


def _density_hover(cell: Cell) -> str:
    return "<br>".join(
        [
            f"{house.label(cell[FROM])} names {house.label(cell[TO])}",
            f"{house.say(cell[TIES], digits=0)} of {house.say(cell[POSSIBLE], digits=0)} possible "
            f"ties, n = {house.say(cell[N], digits=0)}",
        ]
    )


def _density_alt(rows: pd.DataFrame, lens: str, wave: str, more: int) -> str:
    text = (
        f"Density of ties among {rows[FROM].nunique()} units by {house.plain(lens)}, "
        f"wave {house.plain(wave)}."
    )
    drawn = rows[house.shown(rows) & rows[DENSITY].notna()]
    between = drawn[drawn[FROM] != drawn[TO]]
    for name, found in (("inside a unit", drawn[drawn[FROM] == drawn[TO]]), ("between", between)):
        if not found.empty:
            top = house.furthest(found, DENSITY)
            text += (
                f" Densest {name}: {house.plain(top[FROM])} to {house.plain(top[TO])} "
                f"({house.say(top[DENSITY], times=100)} of 100)."
            )
    text += hidden_cells(rows) + "".join(
        f" {house.plain(note).rstrip('.')}." for note in _warnings(rows)
    )
    return f"{text} {_NOT_WHY}." + (f" A menu offers {more} more lenses." if more > 0 else "")
