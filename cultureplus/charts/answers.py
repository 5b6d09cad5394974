"""The answers to each item, before anything is averaged.

Bars lean to the left for low answers and to the right for high ones; a middle answer, where the
declared range has one, straddles the zero line. So one sees at a glance which way an item leans
and how divided people are, and that is more than a mean can tell. Items worded the other way round
carry "(R)"; their bars show the answers as they were given.
"""

from __future__ import annotations

import math
from typing import Any

import pandas as pd
import plotly.graph_objects as go

from cultureplus.charts import house
from cultureplus.columns import (
    ANSWER,
    HIGH,
    ITEM,
    LOW,
    REASON,
    REVERSED,
    SCALE,
    SHARE,
    SHOWN,
    TEXT,
    WAVE,
    N,
    title_of,
)

_NEEDED = (WAVE, SCALE, ITEM, TEXT, REVERSED, LOW, HIGH, N, ANSWER, SHARE, SHOWN, REASON)
_TITLE = "What did people answer?"
_LEGIBLE = 0.06  # shares below this have no room for their number

Row = dict[Any, Any]


def plot_answers(answers: pd.DataFrame, *, wave: str | None = None) -> go.Figure:
    """Draw the shares of each item's answers as diverging bars, one scale at a time.

    Parameters
    ----------
    answers
        One row per item and answer: `wave, scale, item, text, reversed, low, high` (the declared
        range of the answers), `n, answer, share` (0 to 1), `shown`, `reason`.
    wave
        Which wave to draw; the newest in the table where nothing is said.

    Returns
    -------
    go.Figure
        With a menu over the scales. Items that may not be shown, or that nobody answered, are
        listed with the reason instead of a bar; items without wording go by their identifier.

    Raises
    ------
    InputError
        Where the table lacks a column, or the wave is not in it.

    Examples
    --------
    >>> answers = pd.DataFrame({
    ...     "wave": "2026Q3", "scale": "trust", "item": "t1", "text": "We keep our word.",
    ...     "reversed": False, "low": 1, "high": 3, "n": 10, "answer": [1, 2, 3],
    ...     "share": [0.2, 0.4, 0.4], "shown": True, "reason": ""})
    >>> [(bar.base[0], bar.x[0]) for bar in plot_answers(answers).data[:3]]
    [(-40.0, 20.0), (-20.0, 40.0), (20.0, 40.0)]
    """
    house.require_columns(answers, _NEEDED, chart="plot_answers")
    if reason := house.why_nothing(answers, SHARE):
        return house.empty_chart(_TITLE, reason, chart="plot_answers", table="answers")
    rows, wave = house.one_wave(answers, wave)
    rows = _whole_items(rows)
    scales = house.in_order(rows[SCALE])
    return house.figure(
        [_view(rows[rows[SCALE] == scale], str(scale), wave) for scale in scales],
        title=_TITLE,
        alt=_alt(rows[rows[SCALE] == scales[0]], str(scales[0]), wave, len(scales) - 1),
        chart="plot_answers",
        table="answers",
        layout={
            "barmode": "overlay",
            "bargap": 0.3,
            "xaxis": {
                "tickvals": list(range(-100, 101, 25)),
                "ticktext": [f"{abs(tick)} %" for tick in range(-100, 101, 25)],
                "zeroline": True,
                "zerolinecolor": house.BLACK,
                "title": {"text": "share of answers, low ones to the left, high ones to the right"},
            },
            "xaxis2": house.MARGIN_AXIS,
            "margin": {"r": 76},
            "legend": {"traceorder": "normal"},
        },
        foot=110,
    )


def _whole_items(rows: pd.DataFrame) -> pd.DataFrame:
    """Hide an item as soon as one of its answers is hidden: the rest would give it away."""
    leave, keys = house.shown(rows), [rows[SCALE], rows[ITEM]]
    whole = leave.groupby(keys).transform("all")
    why = rows[REASON].where(~leave).groupby(keys).transform("first")
    return rows.assign(**{SHOWN: whole, REASON: rows[REASON].where(whole, why)})


def _view(rows: pd.DataFrame, scale: str, wave: str) -> house.View:
    items = house.in_order(rows[ITEM])
    first = {row[ITEM]: row for row in reversed(rows.to_dict("records"))}
    allowed = rows[house.shown(rows) & rows[SHARE].notna() & rows[ANSWER].notna()]
    shares: dict[Any, dict[int, float]] = {}
    for row in allowed.to_dict("records"):
        shares.setdefault(row[ITEM], {})[int(row[ANSWER])] = float(row[SHARE])
    options = range(int(rows[LOW].min()), int(rows[HIGH].max()) + 1)
    colours = dict(zip(options, _colours(len(options)), strict=True))
    drawn = [place for place, item in enumerate(items) if item in shares]
    traces: list[Any] = []
    reach = 0.0
    for option in options:
        starts, widths = [], []
        for place in drawn:
            start, width = _bar(shares[items[place]], option, first[items[place]])
            reach = max(reach, abs(start), abs(start + width))
            starts.append(start)
            widths.append(width)
        traces.append(
            go.Bar(
                x=house.numbers(widths, times=100),
                base=house.numbers(starts, times=100),
                y=drawn,
                orientation="h",
                name=str(option),
                marker={"color": colours[option], "line": {"color": house.PAPER, "width": 1}},
                text=[
                    house.say(width, digits=0, times=100) if width >= _LEGIBLE else ""
                    for width in widths
                ],
                textposition="inside",
                insidetextanchor="middle",
                textangle=0,
                textfont={"size": 11},
                hovertext=[
                    _hover(first[items[place]], option, width)
                    for place, width in zip(drawn, widths, strict=True)
                ],
                hoverinfo="text",
            )
        )
    empty = [place for place in range(len(items)) if place not in drawn]
    traces.append(
        house.words(
            [f"n = {house.say(first[items[place]][N], digits=0)}" for place in drawn],
            drawn,
            side=1.0,
            colour=house.BLACK,
        )
    )
    traces.append(house.words([house.why_empty(first[items[place]]) for place in empty], empty))
    edge = min(100, max(25, 10 * math.ceil(reach * 10 + 0.2)))
    return house.View(
        name=title_of(scale),
        traces=traces,
        rows=[house.wording(first[item], width=38, lines=3) for item in items],
        subtitle=f"{title_of(scale)}, {wave}. (R): worded the other way round, answers as given",
        row_height=48,
        layout={"xaxis.range": [-edge, edge]},
    )


def _bar(shares: dict[int, float], option: int, item: Row) -> tuple[float, float]:
    # Twice the middle of the declared range stays a whole number for ranges of either parity.
    twice = int(item[LOW]) + int(item[HIGH])
    width = shares.get(option, 0.0)
    half = shares.get(twice // 2, 0.0) / 2 if twice % 2 == 0 else 0.0
    if 2 * option == twice:
        return -half, width
    nearer = [
        share
        for other, share in shares.items()
        if (2 * option < 2 * other < twice) or (twice < 2 * other < 2 * option)
    ]
    start = half + sum(nearer)
    return (-(start + width), width) if 2 * option < twice else (start, width)


def _colours(count: int) -> list[str]:
    """One colour per answer along the house's diverging scale."""
    anchors = [[int(hue[i : i + 2], 16) for i in (1, 3, 5)] for hue in house.DIVERGING]
    # The middle is greyer than in a heat map: a bar has to stand out from white paper.
    anchors[2] = [0xD9, 0xD9, 0xD9]
    colours = []
    for step in range(count):
        place = step / max(count - 1, 1) * (len(anchors) - 1)
        left = min(int(place), len(anchors) - 2)
        mixed = [
            round(a + (b - a) * (place - left))
            for a, b in zip(anchors[left], anchors[left + 1], strict=True)
        ]
        colours.append("#" + "".join(f"{part:02X}" for part in mixed))
    return colours


def _hover(item: Row, option: int, share: float) -> str:
    return "<br>".join(
        [
            house.wrapped(house.item_text(item), width=60, lines=4),
            f"answer {option}: {house.say(share, digits=0, times=100)} %",
            f"n = {house.say(item[N], digits=0)}",
        ]
    )


def _alt(rows: pd.DataFrame, scale: str, wave: str, more: int) -> str:
    items = rows.drop_duplicates(ITEM)
    low, high = int(rows[LOW].min()), int(rows[HIGH].max())
    text = (
        f"Answers from {low} to {high} to {len(items)} items of {house.plain(title_of(scale))}, "
        f"wave {house.plain(wave)}, as bars that diverge from the middle."
    )
    allowed = rows[house.shown(rows) & rows[SHARE].notna()]
    if not allowed.empty:
        top = house.furthest(allowed, SHARE)
        text += (
            f" The commonest single answer: {house.say(top[ANSWER], digits=0)} to "
            f"'{house.plain(house.item_text(top), width=80)}' "
            f"({house.say(top[SHARE], digits=0, times=100)} %)."
        )
    hidden = int((~house.shown(items)).sum())
    if hidden:
        text += f" {hidden} {'item is' if hidden == 1 else 'items are'} hidden."
    return text + (f" A menu offers {more} more scales." if more > 0 else "")
