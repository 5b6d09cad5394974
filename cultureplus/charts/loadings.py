"""How strongly each item speaks for its factor.

Standardised loadings with their intervals, the items under the factor that they are said to
belong to. A loading near 1 says that the answer is nearly all factor, one near 0 that it is nearly
all its own. The lines at .40 and .70 are customary rules of thumb and no law: at .70 factor and
item's own share weigh about the same.
"""

from __future__ import annotations

from typing import Any

import pandas as pd
import plotly.graph_objects as go

from cultureplus.charts import house
from cultureplus.columns import (
    FACTOR,
    HIGH,
    ITEM,
    LOW,
    REASON,
    REVERSED,
    SCALE,
    STD,
    TEXT,
    WAVE,
    N,
    title_of,
)

_NEEDED = (WAVE, SCALE, FACTOR, ITEM, TEXT, REVERSED, N, STD, LOW, HIGH, REASON)
_TITLE = "How strongly does each item speak for its factor?"
_RULES = {0.40: "rule of thumb .40", 0.70: "rule of thumb .70"}  # customary, named as such

Row = dict[Any, Any]


def plot_loadings(loadings: pd.DataFrame, *, wave: str | None = None) -> go.Figure:
    """Draw each item's standardised loading with its interval, grouped by factor.

    Parameters
    ----------
    loadings
        One row per scale, factor and item: `wave, scale, factor, item, text, reversed, n, std`
        (standardised loading, -1 to 1 in an admissible solution), `low, high` (95 % interval),
        `reason`.
    wave
        Which wave to draw; the newest in the table where nothing is said.

    Returns
    -------
    go.Figure
        With a menu over the scales. Where a scale has several factors each stands above its items.
        Items without a loading are listed with the reason; a reason beside loadings that are there
        stands below the subtitle.

    Raises
    ------
    InputError
        Where the table lacks a column, or the wave is not in it.

    References
    ----------
    Brown (2015), Confirmatory factor analysis for applied research, 2nd ed.

    Examples
    --------
    >>> loadings = pd.DataFrame({
    ...     "wave": "2026Q3", "scale": "trust", "factor": "trust", "item": ["t1"],
    ...     "text": ["We keep our word."], "reversed": False, "n": 300, "std": 0.71, "low": 0.64,
    ...     "high": 0.78, "reason": ""})
    >>> plot_loadings(loadings).data[1].x
    (0.71,)
    """
    house.require_columns(loadings, _NEEDED, chart="plot_loadings")
    if reason := house.why_nothing(loadings, STD):
        return house.empty_chart(_TITLE, reason, chart="plot_loadings", table="loadings")
    rows, wave = house.one_wave(loadings, wave)
    scales = house.in_order(rows[SCALE])
    ends = house.span(*(house.numbers(rows[name]) for name in (LOW, STD, HIGH)), around=0.0)
    low, high = ends or (0.0, 1.0)
    return house.figure(
        [_view(rows[rows[SCALE] == scale], str(scale), wave) for scale in scales],
        title=_TITLE,
        alt=_alt(rows[rows[SCALE] == scales[0]], str(scales[0]), wave, len(scales) - 1),
        chart="plot_loadings",
        table="loadings",
        layout={
            **house.rules(_RULES),
            "xaxis": {
                # One range for every scale of the menu.
                "range": [min(-0.02, low), max(1.02, high)],
                "zeroline": True,
                "zerolinecolor": house.BLACK,
                "title": {"text": "standardised loading, with 95 % interval"},
            },
            "showlegend": False,
        },
        head=20,
    )


def _lines(rows: pd.DataFrame) -> list[Row | str]:
    """The rows from top to bottom; of several factors each begins with its title."""
    factors = house.in_order(rows[FACTOR])
    if len(factors) == 1:
        return list(rows.to_dict("records"))
    lines: list[Row | str] = []
    for factor in factors:
        lines += [str(factor), *rows[rows[FACTOR] == factor].to_dict("records")]
    return lines


def _factor(factor: str, scale: str) -> str:
    short = factor.removeprefix(f"{scale}.")
    return title_of(short or factor)


def _view(rows: pd.DataFrame, scale: str, wave: str) -> house.View:
    lines = _lines(rows)
    known = {
        place: row
        for place, row in enumerate(lines)
        if not isinstance(row, str) and not house.missing(row[STD])
    }
    without = {
        place: row
        for place, row in enumerate(lines)
        if not isinstance(row, str) and house.missing(row[STD])
    }
    heads = {place: row for place, row in enumerate(lines) if isinstance(row, str)}
    labels = ["" if isinstance(row, str) else house.wording(row) for row in lines]
    traces: list[Any] = [
        house.whiskers(
            house.numbers(row[LOW] for row in known.values()),
            house.numbers(row[HIGH] for row in known.values()),
            list(known),
        ),
        go.Scatter(
            x=house.numbers(row[STD] for row in known.values()),
            y=list(known),
            mode="markers",
            marker={"color": house.BLUE, "size": 9},
            hovertext=[_hover(row, labels[place]) for place, row in known.items()],
            hoverinfo="text",
        ),
    ]
    if without:
        reasons = [house.why_empty(row) for row in without.values()]
        traces.append(house.words(reasons, [*without], axis="x"))
    if heads:
        # Words begin at zero, or the line there would cross them out.
        titles = house.words([], [*heads], axis="x")
        titles.x = [0] * len(heads)
        titles.text = [
            "\u00a0" + house.label(_factor(factor, scale), width=40) for factor in heads.values()
        ]
        titles.textfont = {"size": 12, "color": house.BLACK, "weight": 700}
        traces.append(titles)
    one = house.in_order(rows[FACTOR])
    named = f", factor {title_of(one[0])}" if len(one) == 1 and str(one[0]) != scale else ""
    return house.View(
        name=title_of(scale),
        traces=traces,
        rows=labels,
        subtitle=(
            f"{title_of(scale)}{named}, {wave}. (R): worded the other way round, here turned"
        ),
        notes=_caveats([*known.values()])[:3],
        row_height=36,
    )


def _caveats(drawn: list[Row]) -> list[str]:
    """What the table says against loadings that are there: an impossible number elsewhere, say."""
    said = [str(row[REASON]).strip() for row in drawn if not house.missing(row[REASON])]
    return house.in_order(text for text in said if text)


def _hover(row: Row, label: str) -> str:
    lines = [
        f"{house.say(row[STD])} ({house.say(row[LOW])} to {house.say(row[HIGH])})",
        f"n = {house.say(row[N], digits=0)}",
    ]
    if "…" in label:  # only a wording that was cut is worth its weight a second time
        lines.insert(0, house.wrapped(row[TEXT], width=60, lines=4))
    return "<br>".join(lines)


def _alt(rows: pd.DataFrame, scale: str, wave: str, more: int) -> str:
    count = len(house.in_order(rows[FACTOR]))
    text = (
        f"Standardised loadings of {rows[ITEM].nunique()} items of "
        f"{house.plain(title_of(scale))} on {count} {'factor' if count == 1 else 'factors'}, "
        f"wave {house.plain(wave)}, with intervals."
    )
    drawn = rows[rows[STD].notna()]
    if not drawn.empty:
        best, worst = house.furthest(drawn, STD), house.furthest(drawn, STD, lowest=True)
        text += f" Highest: {_reading(best)}; lowest: {_reading(worst)}."
    if len(drawn) < len(rows):
        text += f" Not estimable: {len(rows) - len(drawn)}."
    for caveat in _caveats(drawn.to_dict("records"))[:3]:
        text += f" Beware: {house.plain(caveat).rstrip('.')}."
    text += " Lines mark the rules of thumb .40 and .70."
    return text + (f" A menu offers {more} more scales." if more > 0 else "")


def _reading(row: Row) -> str:
    return f"'{house.plain(house.item_text(row), width=80)}' ({house.say(row[STD])})"
