"""The heat map: where a unit stands apart, and on what.

Units down, scales across. The colour of a cell is its distance from the whole organisation, in
percentage points of favourable answers, with the same strength to both sides; the number in it is
the share of favourable answers. A cell that the reporting plan hides is grey and says so, and a
cell without data is white with a dash: these two must never look alike.
"""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import pandas as pd
import plotly.graph_objects as go

from cultureplus.charts import house
from cultureplus.columns import (
    ALL,
    FAVOURABLE,
    FAVOURABLE_DIFFERENCE,
    HIGH,
    LENS,
    LOW,
    MEAN,
    REASON,
    SCALE,
    SHOWN,
    UNIT,
    WAVE,
    N,
    title_of,
)

_NEEDED = (
    WAVE,
    LENS,
    UNIT,
    SCALE,
    N,
    MEAN,
    LOW,
    HIGH,
    FAVOURABLE,
    FAVOURABLE_DIFFERENCE,
    SHOWN,
    REASON,
)
_TITLE = "Where does a unit stand apart?"
_CROWDED = 40  # rows beyond which they move closer together
_LONGEST = 30  # letters of a column's name
_LETTER = 6.2  # pixels a letter of a column's name takes on its slant

Cell = dict[Any, Any]


def plot_unit_heatmap(units: pd.DataFrame, *, wave: str | None = None) -> go.Figure:
    """Draw units against scales, coloured by distance from the whole, one lens at a time.

    Parameters
    ----------
    units
        Unit scores that went through a reporting plan: `wave, lens, unit, scale, n, mean, low,
        high, favourable` (0 to 1), `favourable_difference` (unit minus whole, -1 to 1), `shown`,
        `reason`; where there is a column `warning` ('' or a sentence), a warned scale is marked and
        the sentence stands below the subtitle.
    wave
        Which wave to draw; the newest in the table where nothing is said.

    Returns
    -------
    go.Figure
        With a menu over the lenses; the whole organisation is the first row of each. Hidden cells
        and cells without data are drawn as such.

    Raises
    ------
    InputError
        Where the table lacks `shown` (no reporting plan) or another column, or the wave is not
        in it.

    Examples
    --------
    >>> units = pd.DataFrame({
    ...     "wave": "2026Q3", "lens": "team", "unit": ["A"], "scale": "trust", "n": [9],
    ...     "mean": [3.5], "low": [3.1], "high": [3.9], "favourable": [0.62],
    ...     "favourable_difference": [0.07], "shown": [True], "reason": [""]})
    >>> figure = plot_unit_heatmap(units)
    >>> figure.data[0].z[0][0], figure.data[0].text[0][0]
    (7.0, '62')
    """
    house.require_plan(units)
    house.require_columns(units, _NEEDED, chart="plot_unit_heatmap")
    if reason := house.why_nothing(units, FAVOURABLE):
        return house.empty_chart(_TITLE, reason, chart="plot_unit_heatmap", table="unit_scores")
    rows, wave = house.one_wave(units, wave)
    scales = [str(scale) for scale in house.in_order(rows[SCALE])]
    names = house.lenses(rows)
    columns = _columns(scales)
    drawn = rows[house.shown(rows) & rows[FAVOURABLE].notna()]
    letters = max(min(len(name), _LONGEST) for name in columns)
    views = [_view(rows, lens, scales, wave, _limit(rows, lens)) for lens in names]
    heads = [_heads(drawn, lens, scales, columns) for lens in names]
    if any(warned.marks for _, warned in heads):
        # Only here do the columns' names depend on the choice in the menu.
        letters += 3
        views = [
            replace(view, notes=warned.notes, layout={"xaxis.ticktext": texts})
            for view, (texts, warned) in zip(views, heads, strict=True)
        ]
    return house.figure(
        views,
        title=_TITLE,
        alt=_alt(rows, names[0], wave, len(names) - 1) + house.warned(drawn).spoken,
        chart="plot_unit_heatmap",
        table="unit_scores",
        layout={
            "xaxis": {
                "tickvals": list(range(len(scales))),
                "ticktext": heads[0][0],
                "ticklabeloverflow": "allow",
                "range": [-0.5, len(scales) - 0.5],
                "side": "top",
                "tickangle": -60,
                "ticks": "",
                "showgrid": False,
            },
            "margin": {"r": 48},
        },
        head=int(16 + letters * _LETTER * 0.87),
        foot=32,
    )


def _columns(scales: list[str]) -> list[str]:
    """Name the columns by the subscale alone where that is enough to tell them apart."""
    full = [title_of(scale) for scale in scales]
    last = [name.rsplit(": ", 1)[-1] for name in full]
    short = [name[:1].upper() + name[1:] for name in last]
    return [
        brief if short.count(brief) == 1 else name for brief, name in zip(short, full, strict=True)
    ]


def _limit(rows: pd.DataFrame, lens: str) -> float:
    # Small teams scatter more than functions: each lens has its own ends, or functions look alike.
    mine = house.shown(rows) & (rows[LENS].astype(str) == lens)
    drawn = rows.loc[mine, FAVOURABLE_DIFFERENCE].dropna().abs()
    widest = 0.0 if drawn.empty else float(drawn.max()) * 100
    # In steps of five, so that a small change between quarters does not repaint the whole map.
    return max(10.0, 5.0 * math.ceil(round(widest, 3) / 5))


def _units(rows: pd.DataFrame, lens: str) -> list[tuple[str, Any]]:
    pairs = [
        (str(row[LENS]), row[UNIT])
        for row in rows.to_dict("records")
        if str(row[LENS]) in (ALL, lens)
    ]
    return sorted(house.in_order(pairs), key=lambda pair: pair[0] != ALL)


def _heads(
    drawn: pd.DataFrame, lens: str, scales: list[str], columns: list[str]
) -> tuple[list[str], house.Warned]:
    """The columns' names as labels, with the marks of the warnings that hold for this lens."""
    warned = house.warned(drawn[drawn[LENS].astype(str).isin([ALL, lens])])
    texts = [
        house.label(name, width=_LONGEST) + warned.mark(scale)
        for name, scale in zip(columns, scales, strict=True)
    ]
    return texts, warned


def _view(rows: pd.DataFrame, lens: str, scales: list[str], wave: str, limit: float) -> house.View:
    units = _units(rows, lens)
    cells = {
        (str(row[LENS]), row[UNIT], str(row[SCALE])): row | {SHOWN: leave}
        for row, leave in zip(rows.to_dict("records"), house.shown(rows), strict=True)
    }
    grid = [[cells.get((*unit, scale)) for scale in scales] for unit in units]
    kept = [[None if _missing(cell) or not _may(cell) else cell for cell in line] for line in grid]
    traces = [
        go.Heatmap(
            z=[[_points(cell) for cell in line] for line in kept],
            text=[[_per_cent(cell) for cell in line] for line in kept],
            texttemplate="%{text}",
            textfont={"size": 12},
            hovertext=[[_hover(cell) for cell in line] for line in kept],
            hoverinfo="text",
            hoverongaps=False,
            colorscale=[
                [place / (len(house.DIVERGING) - 1), colour]
                for place, colour in enumerate(house.DIVERGING)
            ],
            zmin=-limit,
            zmax=limit,
            xgap=2,
            ygap=2,
            colorbar={
                "title": {"text": "points", "font": {"size": 11}},
                "tickfont": {"size": 11},
                "thickness": 12,
                "lenmode": "pixels",
                "len": 150,
                "y": 1,
                "yanchor": "top",
                "outlinewidth": 0,
            },
        ),
        *_flat(grid),
    ]
    return house.View(
        name="Whole organisation" if lens == ALL else f"By {lens}",
        traces=traces,
        rows=[house.label(house.unit_name(*unit)) for unit in units],
        subtitle=(
            f"{wave}. Number: favourable answers in per cent. "
            "Colour: points against the whole organisation"
        ),
        row_height=30 if len(units) <= _CROWDED else 22,
    )


def _may(cell: Cell | None) -> bool:
    return cell is not None and bool(cell[SHOWN])


def _missing(cell: Cell | None) -> bool:
    return cell is None or (bool(cell[SHOWN]) and house.missing(cell[FAVOURABLE]))


def _points(cell: Cell | None) -> float | None:
    # A cell with a share but no comparison (the whole is hidden, say) keeps its number, uncoloured.
    if cell is None:
        return None
    return house.numbers([cell[FAVOURABLE_DIFFERENCE]], times=100)[0] or 0.0


def _per_cent(cell: Cell | None) -> str:
    return "" if cell is None else house.say(cell[FAVOURABLE], digits=0, times=100)


def _hover(cell: Cell | None) -> str:
    if cell is None:
        return ""
    # Unit and scale stand at the edges; repeating them in every cell would double the file.
    return (
        f"{house.say(cell[FAVOURABLE_DIFFERENCE], digits=0, times=100, sign=True)} points<br>"
        f"mean {house.say(cell[MEAN])} ({house.say(cell[LOW])} to {house.say(cell[HIGH])})<br>"
        f"n = {house.say(cell[N], digits=0)}"
    )


def _flat(grid: list[list[Cell | None]]) -> list[go.Heatmap]:
    """Draw the cells without a number: grey where hidden, white where there is nothing."""
    without = [[_missing(cell) or not _may(cell) for cell in line] for line in grid]
    if not any(flag for line in without for flag in line):
        return []
    return [
        go.Heatmap(
            z=[
                [(1.0 if _missing(cell) else 0.0) if flag else None for cell, flag in pairs]
                for pairs in (zip(*both, strict=True) for both in zip(grid, without, strict=True))
            ],
            text=[_flat_words(line) for line in grid],
            texttemplate="%{text}",
            textfont={"size": 10, "color": house.GREY},
            hoverinfo="skip",
            colorscale=[[0, house.PALE], [1, house.PAPER]],
            zmin=0,
            zmax=1,
            showscale=False,
            xgap=2,
            ygap=2,
        )
    ]


def _flat_words(line: list[Cell | None]) -> list[str]:
    words = ["–" if _missing(cell) else "" if _may(cell) else house.HIDDEN for cell in line]
    reasons = {house.why_empty(cell) for cell in line if cell is not None and not _may(cell)}
    if set(words) != {house.HIDDEN} or len(reasons) != 1:
        return words
    # A plan hides a unit on every scale alike: then the reason once, in the middle of the row.
    middle = (len(line) - 1) // 2
    reason = house.label(reasons.pop(), width=40)
    return [reason if place == middle else "" for place in range(len(line))]


def _alt(rows: pd.DataFrame, lens: str, wave: str, more: int) -> str:
    own = rows[rows[LENS].astype(str) == lens]
    text = (
        f"Heat map of {own[UNIT].nunique()} units by {house.plain(lens)} and "
        f"{own[SCALE].nunique()} scales, wave {house.plain(wave)}."
    )
    drawn = own[house.shown(own) & own[FAVOURABLE_DIFFERENCE].notna()]
    if drawn.empty:
        text += " No cell can be compared with the whole."
    else:
        high = house.furthest(drawn, FAVOURABLE_DIFFERENCE)
        low = house.furthest(drawn, FAVOURABLE_DIFFERENCE, lowest=True)
        text += f" Furthest above the whole: {_named(high)}; furthest below: {_named(low)}."
    count = int((~house.shown(own)).sum())
    if count:
        text += f" {count} {'cell is' if count == 1 else 'cells are'} hidden."
    return text + (f" A menu offers {more} more lenses." if more > 0 else "")


def _named(row: Cell) -> str:
    points = house.say(row[FAVOURABLE_DIFFERENCE], digits=0, times=100, sign=True)
    return f"{house.plain(row[UNIT])} on {house.plain(title_of(row[SCALE]))} ({points} points)"
