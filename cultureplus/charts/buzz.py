"""The buzz: the four keys of a collaborative culture side by side, unit by unit.

Each key has a panel of its own, 0-100 of what is possible, and in it each unit's dot beside a line
for the whole organisation. The keys are laid side by side to be read together; that two of them
are low in one unit does not show that one made the other so.
"""

from __future__ import annotations

from typing import Any

import pandas as pd
import plotly.graph_objects as go

from cultureplus.charts import house
from cultureplus.columns import (
    ALL,
    LENS,
    POMP,
    REASON,
    SCALE,
    SHOWN,
    UNIT,
    WAVE,
    WHOLE,
    N,
    title_of,
)

_NEEDED = (WAVE, LENS, UNIT, SCALE, N, POMP, WHOLE, SHOWN, REASON)
_TITLE = "Where is the buzz?"
_PANEL = 125  # from the beginning of one panel to that of the next; a panel is 100 wide
_NOT_SHOWN = "Side by side is not cause and effect, and small distances may be chance"

Row = dict[Any, Any]


def plot_buzz(profile: pd.DataFrame, *, wave: str | None = None) -> go.Figure:
    """Draw the four keys of each unit side by side, with the whole organisation in each panel.

    Parameters
    ----------
    profile
        As `buzz_profile` makes it from a table that went through a reporting plan: `wave, lens,
        unit, scale, n, pomp` (0 to 100), `whole` (0 to 100), `shown, reason`.
    wave
        Which wave to draw; the newest in the table where nothing is said.

    Returns
    -------
    go.Figure
        A panel per key and a row per unit, the whole organisation first, with a menu over the
        lenses. Where a key has no number its reason stands in the panel.

    Raises
    ------
    InputError
        Where the table lacks `shown` (no reporting plan) or another column, or the wave is not
        in it.

    Examples
    --------
    >>> profile = pd.DataFrame({
    ...     "wave": "2026Q3", "lens": "team", "unit": ["A"], "scale": "psychological_safety",
    ...     "n": [9], "pomp": [70.0], "whole": [61.0], "shown": [True], "reason": [""]})
    >>> [list(trace.x) for trace in plot_buzz(profile).data[:2]]
    [[61.0], [70.0]]
    """
    house.require_plan(profile)
    house.require_columns(profile, _NEEDED, chart="plot_buzz")
    if reason := house.why_nothing(profile, POMP):
        return house.empty_chart(_TITLE, reason, chart="plot_buzz", table="buzz_profile")
    rows, wave = house.one_wave(profile, wave)
    names = house.lenses(rows)
    keys = [str(key) for key in house.in_order(rows[SCALE])]
    starts = {key: _PANEL * place for place, key in enumerate(keys)}
    width = _PANEL * (len(keys) - 1) + 100
    return house.figure(
        [_view(rows, lens, wave, starts) for lens in names],
        title=_TITLE,
        alt=_alt(rows, names[0], wave, len(names) - 1),
        chart="plot_buzz",
        table="buzz_profile",
        layout={
            "xaxis": {
                "range": [-4, width + 4],
                "tickvals": [start + at for start in starts.values() for at in (0, 50, 100)],
                "ticktext": ["0", "50", "100"] * len(keys),
                "title": {"text": "per cent of what is possible"},
            },
            "annotations": [
                {
                    "text": house.wrapped(title_of(key), width=22, lines=2),
                    "x": start,
                    "y": 1,
                    "yref": "paper",
                    "xanchor": "left",
                    "yanchor": "bottom",
                    "align": "left",
                    "showarrow": False,
                    "font": {"size": 12, "color": house.BLACK},
                }
                for key, start in starts.items()
            ],
            "legend": {"traceorder": "normal"},
        },
        head=36,
        foot=104,
    )


def _view(rows: pd.DataFrame, lens: str, wave: str, starts: dict[str, int]) -> house.View:
    mine = rows[rows[LENS].astype(str).isin([ALL, lens])]
    pairs = [(str(row[LENS]), row[UNIT]) for row in mine.to_dict("records")]
    units = sorted(house.in_order(pairs), key=lambda pair: pair[0] != ALL)
    places = {pair: place for place, pair in enumerate(units)}
    cells = [
        (starts[str(row[SCALE])], places[str(row[LENS]), row[UNIT]], row | {SHOWN: leave})
        for row, leave in zip(mine.to_dict("records"), house.shown(mine), strict=True)
    ]
    drawn = [cell for cell in cells if cell[2][SHOWN] and not house.missing(cell[2][POMP])]
    beside = [cell for cell in drawn if not house.missing(cell[2][WHOLE])]
    rest = _rest([cell for cell in cells if cell not in drawn], len(starts))
    words = house.words([text for *_, text in rest], [at for _, at, _ in rest], axis="x")
    traces: list[Any] = [
        go.Scatter(
            x=_at(beside, WHOLE),
            y=[place for _, place, _ in beside],
            mode="markers",
            marker={"symbol": "line-ns-open", "size": 18, "color": house.GREY},
            name="whole organisation",
            hoverinfo="skip",
        ),
        go.Scatter(
            x=_at(drawn, POMP),
            y=[place for _, place, _ in drawn],
            mode="markers",
            marker={"color": house.BLUE, "size": 10},
            name="unit",
            hovertext=[_hover(row) for *_, row in drawn],
            hoverinfo="text",
        ),
        words.update(x=[start for start, *_ in rest]),
    ]
    return house.View(
        name="Whole organisation" if lens == ALL else f"By {lens}",
        traces=traces,
        rows=[house.label(house.unit_name(*pair)) for pair in units],
        subtitle=f"The four keys, {wave}",
        notes=[_NOT_SHOWN],
        row_height=30,
    )


def _at(cells: list[tuple[int, int, Row]], name: str) -> list[float]:
    values = house.numbers(row[name] for *_, row in cells)
    return [
        round(start + value, 3)
        for (start, *_), value in zip(cells, values, strict=True)
        if value is not None
    ]


def _rest(cells: list[tuple[int, int, Row]], panels: int) -> list[tuple[int, int, str]]:
    """Where reasons stand: once per unit where all its keys are missing alike, else per panel."""
    found: dict[int, list[tuple[int, str]]] = {}
    for start, place, row in cells:
        found.setdefault(place, []).append((start, house.why_empty(row)))
    rest = []
    for place, reasons in found.items():
        alike = len(reasons) == panels and len({text for _, text in reasons}) == 1
        rest += [(start, place, text) for start, text in (reasons[:1] if alike else reasons)]
    return rest


def _hover(row: Row) -> str:
    return "<br>".join(
        [
            house.label(house.unit_name(row[LENS], row[UNIT]), width=120),
            f"{house.scale_title(row[SCALE])} {house.say(row[POMP], digits=0)}, "
            f"whole organisation {house.say(row[WHOLE], digits=0)}",
            f"n = {house.say(row[N], digits=0)}",
        ]
    )


def _alt(rows: pd.DataFrame, lens: str, wave: str, more: int) -> str:
    own = rows[rows[LENS].astype(str) == lens]
    text = (
        f"The keys of a collaborative culture side by side for {own[UNIT].nunique()} units by "
        f"{house.plain(lens)}, 0 to 100, wave {house.plain(wave)}."
    )
    drawn = own[house.shown(own) & own[POMP].notna()]
    for key in house.in_order(drawn[SCALE]):
        mine = drawn[drawn[SCALE] == key]
        best, worst = house.furthest(mine, POMP), house.furthest(mine, POMP, lowest=True)
        text += (
            f" {house.plain(title_of(str(key)))}: highest {_named(best)}, lowest {_named(worst)}."
        )
    text += house.hidden_count(own)
    return f"{text} {_NOT_SHOWN}." + (f" A menu offers {more} more lenses." if more > 0 else "")


def _named(row: Row) -> str:
    name = house.plain(house.unit_name(row[LENS], row[UNIT]))
    return f"{name} ({house.say(row[POMP], digits=0)})"
