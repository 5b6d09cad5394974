"""The house style of every chart, and what a chart may never do.

A chart draws a table that somebody else computed: it knows columns, not statistics. What all
charts have in common stands here: quiet looks that print, colours that colour-blind readers can
tell apart, labels that are text and never markup, numbers rounded before they are stored, an
alternative text, and the name of the table that holds the same numbers. Two promises are kept
here as well: a chart of units takes only a table that went through a reporting plan, and no
chart offers to send itself anywhere.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain
from typing import Any, Final

import plotly.graph_objects as go
import plotly.io as pio

from cultureplus.charts.labels import (
    HIDDEN,
    NO_DATA,
    escape,
    label,
    missing,
    numbers,
    plain,
    say,
    scale_title,
    unit_name,
    wrapped,
)
from cultureplus.charts.privacy import CONFIG, chart_config, keep_charts_at_home
from cultureplus.charts.tables import (
    by_outcome,
    furthest,
    hidden_count,
    in_order,
    lenses,
    one_wave,
    require_columns,
    require_plan,
    shown,
    why_empty,
    why_nothing,
)
from cultureplus.charts.warned import Warned, warned
from cultureplus.columns import ITEM, REVERSED, TEXT

# The charts import from here alone; what lies below (labels, tables, privacy, warned) they find
# here too.
__all__ = [
    "BLACK",
    "BLUE",
    "CONFIG",
    "DIVERGING",
    "GREEN",
    "GREY",
    "HIDDEN",
    "MARGIN_AXIS",
    "NO_DATA",
    "PALE",
    "PAPER",
    "TEMPLATE",
    "TEMPLATE_NAME",
    "VERMILLION",
    "View",
    "Warned",
    "by_outcome",
    "chart_config",
    "empty_chart",
    "escape",
    "figure",
    "furthest",
    "hidden_count",
    "in_order",
    "item_text",
    "keep_charts_at_home",
    "label",
    "lenses",
    "missing",
    "numbers",
    "one_wave",
    "plain",
    "reference",
    "require_columns",
    "require_plan",
    "rules",
    "say",
    "scale_title",
    "shown",
    "span",
    "unit_name",
    "warned",
    "whiskers",
    "why_empty",
    "why_nothing",
    "wording",
    "words",
    "wrapped",
]

# Okabe and Ito's set for colour-blind readers; of it only the four with at least 3:1 against white.
BLUE: Final = "#0072B2"
VERMILLION: Final = "#D55E00"
GREEN: Final = "#00855F"  # their bluish green, a shade darker for thin marks on paper
BLACK: Final = "#222222"
GREY: Final = "#595959"
PALE: Final = "#D0D0D0"
PAPER: Final = "#FFFFFF"
# Orange to blue through near-white: the two hues that no common colour blindness confuses.
DIVERGING: Final = ("#B35900", "#F2B680", "#F4F4F4", "#8FBBE0", "#1F5A99")

TEMPLATE_NAME: Final = "cultureplus"
TEMPLATE: Final = go.layout.Template(
    layout={
        "font": {"family": "Arial, Helvetica, sans-serif", "size": 13, "color": BLACK},
        "paper_bgcolor": PAPER,
        "plot_bgcolor": PAPER,
        "colorway": [BLUE, VERMILLION, GREEN, BLACK],
        "dragmode": False,
        "hovermode": "closest",
        "hoverlabel": {"align": "left", "bgcolor": PAPER, "font": {"size": 12, "color": BLACK}},
        "title": {
            "x": 0,
            "xref": "container",
            "xanchor": "left",
            "y": 1,
            "yref": "container",
            "yanchor": "top",
            "pad": {"l": 16, "t": 14},
            "font": {"size": 17},
            "subtitle": {"font": {"size": 12, "color": GREY}},
        },
        "xaxis": {
            "gridcolor": "#E4E4E4",
            "zeroline": False,
            "linecolor": "#B0B0B0",
            "ticks": "outside",
            "tickcolor": "#B0B0B0",
            "tickfont": {"size": 12},
            "title": {"font": {"size": 12}, "standoff": 8},
        },
        "yaxis": {
            "showgrid": False,
            "zeroline": False,
            "automargin": True,
            "tickfont": {"size": 12},
            "ticks": "",
            "ticklabelstandoff": 8,
        },
        "legend": {
            "orientation": "h",
            "x": 0,
            "xref": "container",
            "xanchor": "left",
            "y": 0,
            "yref": "container",
            "yanchor": "bottom",
            "font": {"size": 12},
            "itemclick": False,
            "itemdoubleclick": False,
        },
        "margin": {"l": 24, "r": 32, "t": 80, "b": 56},
    }
)
pio.templates[TEMPLATE_NAME] = TEMPLATE

_TITLE, _LINE, _MENU = 58, 16, 40  # pixels: the title's band, one subtitle line, the menu
# The menu hangs a fixed number of pixels above the plot, however tall the plot becomes.
_MENU_LOOKS: Final[dict[str, Any]] = {
    "x": 0,
    "xanchor": "left",
    "y": 1,
    "yanchor": "bottom",
    "bgcolor": PAPER,
    "bordercolor": "#B0B0B0",
    "font": {"size": 12},
    "showactive": True,
}


@dataclass(frozen=True)
class View:
    """One choice of a chart's menu: its traces, its rows from top to bottom, its subtitle.

    `name`, `subtitle` and `notes` (sentences below the subtitle) are raw text; `rows` are ready
    labels (`label` or `wrapped`).
    """

    name: str
    traces: Sequence[Any]
    rows: Sequence[str]
    subtitle: str = ""
    notes: Sequence[str] = ()
    row_height: int = 26
    layout: Mapping[str, Any] = field(default_factory=dict)


def figure(
    views: Sequence[View],
    *,
    title: str,
    alt: str,
    chart: str,
    table: str,
    layout: Mapping[str, Any] | None = None,
    head: int = 0,
    foot: int = 56,
) -> go.Figure:
    """A figure in the house style with one row per label, and a menu where there is a choice.

    `title` is the chart's own sentence, `alt` its alternative text, `chart` and `table` name the
    drawing function and the table that holds the same numbers; `head` and `foot` are the pixels
    kept free above the plot (beyond title, subtitle and menu) and below it.

    >>> figure([View("a", [], ["x"])], title="T", alt="A.", chart="c", table="t").layout.meta["alt"]
    'A.'
    """
    subtitles = [
        "<br>".join(filter(None, (wrapped(text, width=100, lines=2) for text in texts)))
        for texts in ([view.subtitle, *view.notes] for view in views)
    ]
    lines = max(text.count("<br>") + 1 if text else 0 for text in subtitles)
    top = _TITLE + _LINE * lines + (_MENU if len(views) > 1 else 0) + head
    owner = [index for index, view in enumerate(views) for _ in view.traces]
    changes: list[dict[str, Any]] = []
    for view, subtitle in zip(views, subtitles, strict=True):
        count = max(len(view.rows), 1)
        changes.append(
            {
                "height": top + foot + max(count * view.row_height, 80),
                "title.subtitle.text": subtitle,
                "yaxis.tickvals": list(range(len(view.rows))),
                "yaxis.ticktext": list(view.rows),
                "yaxis.range": [count - 0.5, -0.5],
                **view.layout,
            }
        )
    fig = go.Figure(list(chain.from_iterable(view.traces for view in views)))
    fig.update_layout(
        template=TEMPLATE_NAME,
        title_text=title,
        margin_t=top,
        margin_b=foot,
        meta={"alt": alt, "chart": chart, "table": table},
        **{key.replace(".", "_"): value for key, value in changes[0].items()},
    )
    fig.update_layout(layout)
    if len(views) > 1:
        for index, trace in zip(owner, fig.data, strict=True):
            trace.visible = index == 0
        buttons = [
            {
                "label": label(view.name, width=48),
                "method": "update",
                "args": [{"visible": [index == number for index in owner]}, changes[number]],
            }
            for number, view in enumerate(views)
        ]
        fig.update_layout(updatemenus=[{**_MENU_LOOKS, "buttons": buttons, "pad": {"b": 8 + head}}])
    return fig


def empty_chart(title: str, reason: str, *, chart: str = "", table: str = "") -> go.Figure:
    """A figure for nothing to draw: it says why in a sentence, in the picture and in its text.

    >>> empty_chart("Barriers", "not asked in this survey: silo_barriers").layout.meta["alt"]
    'Barriers: not asked in this survey: silo_barriers'
    """
    fig = go.Figure()
    fig.update_layout(
        template=TEMPLATE_NAME,
        title_text=label(title, width=90),
        height=150,
        margin={"t": _TITLE, "b": 24},
        xaxis_visible=False,
        yaxis_visible=False,
        annotations=[
            {
                "text": wrapped(reason, width=90),
                "x": 0,
                "y": 0.5,
                "xref": "paper",
                "yref": "paper",
                "xanchor": "left",
                "showarrow": False,
                "align": "left",
                "font": {"size": 13, "color": GREY},
            }
        ],
        meta={"alt": f"{plain(title)}: {plain(reason)}", "chart": chart, "table": table},
    )
    return fig


# Words beside a row stand on an axis of their own, from 0 at the left to 1 at the right edge.
MARGIN_AXIS: Final[dict[str, Any]] = {
    "overlaying": "x",
    "range": [0, 1],
    "visible": False,
    "fixedrange": True,
}


def whiskers(
    lows: Sequence[float | None],
    highs: Sequence[float | None],
    at: Sequence[float],
    *,
    colour: str = GREY,
    axis: str = "x",
    y_axis: str = "y",
) -> go.Scatter:
    """Intervals as one trace of horizontal lines; the ends are the table's own numbers.

    >>> list(whiskers([1.0], [2.0], [0]).x)
    [1.0, 2.0, None]
    """
    pairs = [
        (low, high, y)
        for low, high, y in zip(lows, highs, at, strict=True)
        if low is not None and high is not None
    ]
    return go.Scatter(
        x=[end for low, high, _ in pairs for end in (low, high, None)],
        y=[end for *_, y in pairs for end in (y, y, None)],
        mode="lines",
        line={"color": colour, "width": 1.6},
        hoverinfo="skip",
        showlegend=False,
        xaxis=axis,
        yaxis=y_axis,
    )


def words(
    texts: Sequence[str],
    at: Sequence[float],
    *,
    side: float = 0.0,
    colour: str = GREY,
    axis: str = "x2",
) -> go.Scatter:
    r"""Words that stand beside rows, at the left (0) or the right (1) edge of the plot.

    The chart that uses them sets `xaxis2` to `MARGIN_AXIS`; with `axis="x"` they begin at the
    number `side` of the chart's own axis instead.

    >>> list(words(["hidden (<5)"], [3]).text)
    ['\xa0hidden (&lt;5)']
    """
    return go.Scatter(
        x=[side] * len(texts),
        y=list(at),
        xaxis=axis,
        mode="text",
        # The space in front keeps the words off the axis without moving their anchor out of range.
        text=["\u00a0" + label(text, width=70) for text in texts],
        textposition="middle right",
        textfont={"size": 11, "color": colour},
        cliponaxis=False,
        hoverinfo="skip",
        showlegend=False,
    )


def span(*ends: Sequence[float | None], around: float | None = None) -> list[float] | None:
    """The stretch of an axis that holds all numbers with a little air, or None for none.

    >>> span([1.0, None], [2.0]), span([]), span([0.2], around=0.0)
    ([0.95, 2.05], None, [-0.01, 0.21])
    """
    known = [end for series in ends for end in series if end is not None]
    known += [] if around is None or not known else [around]
    if not known:
        return None
    air = 0.05 * (max(known) - min(known)) or 0.5
    return [round(min(known) - air, 3), round(max(known) + air, 3)]


def reference(value: float, rows: int, *, name: str, dash: str = "dash") -> go.Scatter:
    """A vertical line over all rows, named in the legend.

    >>> list(reference(0.7, 2, name="rule of thumb").y)
    [-0.5, 1.5]
    """
    return go.Scatter(
        x=[value, value],
        y=[-0.5, rows - 0.5],
        mode="lines",
        line={"color": BLACK, "width": 1, "dash": dash},
        name=name,
        hoverinfo="skip",
    )


def rules(named: Mapping[float, str]) -> dict[str, Any]:
    """Vertical lines named above the plot, as a layout that every view of a menu shares.

    The chart that uses them keeps at least 18 pixels free above its plot (`head`).

    >>> rules({0.3: "rule of thumb .30"})["annotations"][0]["text"]
    'rule of thumb .30'
    """
    sides = ["right", "left"] if len(named) == 2 else ["center"] * len(named)
    return {
        "shapes": [
            {
                "type": "line",
                "x0": value,
                "x1": value,
                "y0": 0,
                "y1": 1,
                "yref": "paper",
                "layer": "between",
                "line": {"color": BLACK, "width": 1.4, "dash": "dot"},
            }
            for value in named
        ],
        "annotations": [
            {
                "text": escape(name),
                "x": value,
                "y": 1,
                "yref": "paper",
                # The names of two lines lean apart: they never meet, however close the lines.
                "xanchor": sides[place],
                "yanchor": "bottom",
                "showarrow": False,
                "font": {"size": 11, "color": GREY},
            }
            for place, (value, name) in enumerate(named.items())
        ],
    }


def item_text(item: Mapping[Any, Any]) -> str:
    """An item's wording as raw text; without one, its identifier.

    >>> item_text({"item": "ps1", "text": ""})
    'ps1'
    """
    text = item[TEXT]
    return str(item[ITEM]) if missing(text) or not str(text).strip() else str(text)


def wording(item: Mapping[Any, Any], *, width: int = 44, lines: int = 2) -> str:
    """An item's wording as the label of its row, with (R) where it is worded the other way round.

    >>> wording({"item": "ps1", "text": "Mistakes are held against you.", "reversed": True})
    'Mistakes are held against you. (R)'
    """
    mark = " (R)" if not missing(item[REVERSED]) and bool(item[REVERSED]) else ""
    return wrapped(item_text(item), width=width, lines=lines) + mark


keep_charts_at_home()
