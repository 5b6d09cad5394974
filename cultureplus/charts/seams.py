"""The seam map: where the work between two units goes badly.

Rows rate columns. The colour of a cell is its distance from the middle of the answer range; the
number is the mean rating. The pairs that both sides together rate lowest are numbered: there a
conversation may begin. The map tells how the work is felt to go. It does not show why, nor whose
doing it is.
"""

from __future__ import annotations

from typing import Any

import pandas as pd
import plotly.graph_objects as go

from cultureplus.charts import house
from cultureplus.charts.pairs import Cell, grid, hidden_cells
from cultureplus.columns import (
    BOTH,
    BOTH_HIGH,
    BOTH_LOW,
    FROM,
    GAP,
    GAP_HIGH,
    GAP_LOW,
    HIGH,
    HIGHEST,
    LENS,
    LOW,
    LOWEST,
    PRIORITY,
    REASON,
    REVERSE,
    SCORE,
    SHOWN,
    TO,
    WAVE,
    N,
)

_NEEDED = (
    WAVE, LENS, FROM, TO, N, SCORE, LOW, HIGH, REVERSE, GAP, GAP_LOW, GAP_HIGH, BOTH, BOTH_LOW,
    BOTH_HIGH, PRIORITY, LOWEST, HIGHEST, SHOWN, REASON,
)  # fmt: skip
_TITLE = "Where are the seams?"
_NUMBERED = 3  # pairs whose place is written into their cells
_NOT_SHOWN = "Ratings tell how the work is felt to go, not why and not whose doing it is"


def plot_seam_map(seams: pd.DataFrame, *, wave: str | None = None) -> go.Figure:
    """Draw how each unit rates its work with each other unit.

    Parameters
    ----------
    seams
        A seam map that went through `show_seams`: `wave, lens, from` (who rates), `to` (who is
        rated), `n, score` (answer range), `low, high` (95 %), `reverse, gap, gap_low, gap_high,
        both, both_low, both_high, priority` (1 for the pair rated lowest), `lowest, highest`
        (answer range), `shown, reason`.
    wave
        Which wave to draw; the newest in the table where nothing is said.

    Returns
    -------
    go.Figure
        Rows rate columns; the three pairs rated lowest are numbered. Hidden cells are grey, cells
        without ratings white; the reason comes on hovering.

    Raises
    ------
    InputError
        Where the table lacks `shown` (no reporting plan) or another column, or the wave is not
        in it.

    Examples
    --------
    >>> seams = pd.DataFrame({
    ...     "wave": "2026Q3", "lens": "team", "from": ["A", "B"], "to": ["B", "A"], "n": [30, 40],
    ...     "score": [3.2, 4.0], "low": [2.9, 3.7], "high": [3.5, 4.3], "reverse": [4.0, 3.2],
    ...     "gap": [-0.8, 0.8], "gap_low": [-1.2, 0.4], "gap_high": [-0.4, 1.2], "both": 3.6,
    ...     "both_low": 3.4, "both_high": 3.8, "priority": 1, "lowest": 1, "highest": 7,
    ...     "shown": True, "reason": ""})
    >>> figure = plot_seam_map(seams)
    >>> list(figure.data[0].z[0]), figure.data[0].text[0][1]
    ([None, 3.2], '3.2<br>no. 1')
    """
    house.require_plan(seams, fix="show_seams(table, plan)")
    house.require_columns(seams, _NEEDED, chart="plot_seam_map")
    if reason := house.why_nothing(seams, SCORE):
        return house.empty_chart(_TITLE, reason, chart="plot_seam_map", table="seam_map")
    rows, wave = house.one_wave(seams, wave)
    drawn = rows[house.shown(rows) & rows[SCORE].notna()]
    lowest, highest = (_end(rows, name) for name in (LOWEST, HIGHEST))
    middle = (lowest + highest) / 2
    limit = _limit(drawn, middle)
    found = grid(
        rows,
        SCORE,
        text=_text,
        hover=_hover,
        colours={
            "colorscale": [
                [place / (len(house.DIVERGING) - 1), colour]
                for place, colour in enumerate(house.DIVERGING)
            ],
            "zmin": middle - limit,
            "zmax": middle + limit,
        },
    )
    span = f"{house.say(lowest)} (worst) to {house.say(highest)} (best)"
    return house.figure(
        [
            house.View(
                name="seams",
                traces=found.traces,
                rows=found.rows,
                subtitle=f"{wave}. Rows rate their work with columns, {span}",
                notes=[
                    f"No. 1 to {_NUMBERED}: pairs with the lowest mean of both sides",
                    _NOT_SHOWN,
                ],
                row_height=38,
            )
        ],
        title=_TITLE,
        alt=_alt(rows, drawn, wave),
        chart="plot_seam_map",
        table="seam_map",
        layout={"xaxis": found.axis, "margin": {"r": 48}},
        head=found.head,
        foot=32,
    )


def _end(rows: pd.DataFrame, name: str) -> float:
    known = rows[name].dropna()
    return 0.0 if known.empty else float(known.iloc[0])


def _limit(drawn: pd.DataFrame, middle: float) -> float:
    # In steps of a half, so that a small change between quarters does not repaint the whole map.
    away = (drawn[SCORE].astype(float) - middle).abs()
    return 1.0 if away.empty else max(1.0, -(-round(float(away.max()), 3) // 0.5) * 0.5)


def _text(cell: Cell) -> str:
    place = cell[PRIORITY]
    score = house.say(cell[SCORE])
    if house.missing(place) or place > _NUMBERED:
        return score
    return f"{score}<br>no. {house.say(place, digits=0)}"


def _between(cell: Cell, low: str, high: str) -> str:
    if house.missing(cell[low]) or house.missing(cell[high]):
        return ""
    return f" ({house.say(cell[low])} to {house.say(cell[high])})"


def _hover(cell: Cell) -> str:
    lines = [
        f"{house.label(cell[FROM])} on {house.label(cell[TO])}: {house.say(cell[SCORE])}"
        f"{_between(cell, LOW, HIGH)}, n = {house.say(cell[N], digits=0)}"
    ]
    if not house.missing(cell[REVERSE]):
        lines += [
            f"the other way {house.say(cell[REVERSE])}, gap "
            f"{house.say(cell[GAP], sign=True)}{_between(cell, GAP_LOW, GAP_HIGH)}",
            f"both sides {house.say(cell[BOTH])}{_between(cell, BOTH_LOW, BOTH_HIGH)}, "
            f"no. {house.say(cell[PRIORITY], digits=0)} from below",
        ]
    reason = "" if house.missing(cell[REASON]) else str(cell[REASON]).strip()
    return "<br>".join([*lines, *([house.wrapped(reason, width=60)] if reason else [])])


def _alt(rows: pd.DataFrame, drawn: pd.DataFrame, wave: str) -> str:
    text = (
        f"Seam map of {rows[FROM].nunique()} units that rate their work with each other, "
        f"wave {house.plain(wave)}."
    )
    pairs = drawn[drawn[PRIORITY].notna()]
    if not pairs.empty:
        low: dict[Any, Any] = house.furthest(pairs, PRIORITY, lowest=True)
        text += (
            f" Lowest from both sides: {house.plain(low[FROM])} and {house.plain(low[TO])} "
            f"({house.say(low[BOTH])})."
        )
        wide = house.furthest(pairs.assign(**{GAP: pairs[GAP].abs()}), GAP)
        text += (
            f" Widest gap: {house.plain(wide[FROM])} and {house.plain(wide[TO])} "
            f"({house.say(wide[GAP])})."
        )
    return f"{text}{hidden_cells(rows)} {_NOT_SHOWN}."
