"""Units against units: the grid that charts of pairs share.

Rows are the units that speak, columns the units that are spoken of. A cell without a number keeps
its place: grey where the plan hides it, white where there is nothing, with the reason on hovering.
The own unit, where it is no pair, stays blank.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd
import plotly.graph_objects as go

from cultureplus.charts import house
from cultureplus.columns import FROM, SHOWN, TO

Cell = dict[Any, Any]

_LONGEST = 26  # letters of a column's name
_LETTER = 6.2  # pixels a letter of a column's name takes on its slant


@dataclass(frozen=True)
class Grid:
    """Ready traces, row labels and column labels of one table of pairs."""

    traces: list[Any]
    rows: list[str]
    columns: list[str]

    @property
    def head(self) -> int:
        """Pixels that the slanting names of the columns need above the plot."""
        letters = max((min(len(name), _LONGEST) for name in self.columns), default=0)
        return int(16 + letters * _LETTER * 0.87)

    @property
    def axis(self) -> dict[str, Any]:
        """The settings of the axis of the columns."""
        return {
            "tickvals": list(range(len(self.columns))),
            "ticktext": self.columns,
            "ticklabeloverflow": "allow",
            "range": [-0.5, len(self.columns) - 0.5],
            "side": "top",
            "tickangle": -60,
            "ticks": "",
            "showgrid": False,
        }


def grid(
    rows: pd.DataFrame,
    value: str,
    *,
    text: Callable[[Cell], str],
    hover: Callable[[Cell], str],
    colours: Mapping[str, Any],
    times: float = 1.0,
) -> Grid:
    """Lay a table of pairs out as a grid of the numbers in `value`.

    `rows`: one wave and lens, went through a reporting plan; `text` and `hover`: what stands in a
    cell and comes up on hovering (ready markup); `colours`: colour scale and its ends; `times`:
    what the number is multiplied with.

    >>> rows = pd.DataFrame({"from": ["a"], "to": ["b"], "score": [4.2], "shown": [True]})
    >>> found = grid(rows, "score", text=str, hover=str, colours={})
    >>> found.rows, found.columns, found.traces[0].z[0][0]
    (['a'], ['b'], 4.2)
    """
    starts, ends = house.in_order(rows[FROM]), house.in_order(rows[TO])
    ends = [unit for unit in starts if unit in ends] + [unit for unit in ends if unit not in starts]
    cells = {
        (row[FROM], row[TO]): row | {SHOWN: leave}
        for row, leave in zip(rows.to_dict("records"), house.shown(rows), strict=True)
    }
    table = [[cells.get((one, other)) for other in ends] for one in starts]
    told = [[cell if _told(cell, value) else None for cell in line] for line in table]
    traces: list[Any] = [
        go.Heatmap(
            z=[
                [
                    None if cell is None else house.numbers([cell[value]], times=times)[0]
                    for cell in line
                ]
                for line in told
            ],
            text=[["" if cell is None else text(cell) for cell in line] for line in told],
            texttemplate="%{text}",
            textfont={"size": 12},
            hovertext=[["" if cell is None else hover(cell) for cell in line] for line in told],
            hoverinfo="text",
            hoverongaps=False,
            xgap=2,
            ygap=2,
            colorbar={
                "tickfont": {"size": 11},
                "thickness": 12,
                "lenmode": "pixels",
                "len": 150,
                "y": 1,
                "yanchor": "top",
                "outlinewidth": 0,
            },
            **colours,
        )
    ]
    rest = [[None if _told(cell, value) else cell for cell in line] for line in table]
    if any(cell is not None for line in rest for cell in line):
        traces.append(_without(rest))
    labels = [house.label(unit, width=_LONGEST) for unit in starts]
    return Grid(traces, labels, [house.label(unit, width=_LONGEST) for unit in ends])


def _told(cell: Cell | None, value: str) -> bool:
    return cell is not None and bool(cell[SHOWN]) and not house.missing(cell[value])


def _without(rest: list[list[Cell | None]]) -> go.Heatmap:
    """The cells without a number: grey where hidden, white where there is nothing."""
    return go.Heatmap(
        z=[[None if cell is None else float(bool(cell[SHOWN])) for cell in line] for line in rest],
        text=[["" if cell is None else _mark(cell) for cell in line] for line in rest],
        texttemplate="%{text}",
        textfont={"size": 10, "color": house.GREY},
        hovertext=[
            [
                "" if cell is None else house.wrapped(house.why_empty(cell), width=50)
                for cell in line
            ]
            for line in rest
        ],
        hoverinfo="text",
        hoverongaps=False,
        colorscale=[[0, house.PALE], [1, house.PAPER]],
        zmin=0,
        zmax=1,
        showscale=False,
        xgap=2,
        ygap=2,
    )


def _mark(cell: Cell) -> str:
    return "–" if cell[SHOWN] else house.HIDDEN


def hidden_cells(rows: pd.DataFrame) -> str:
    """The sentence of an alternative text on how many cells are hidden.

    >>> hidden_cells(pd.DataFrame({"shown": [True, False]}))
    ' 1 cell is hidden.'
    """
    count = int((~house.shown(rows)).sum())
    return f" {count} {'cell is' if count == 1 else 'cells are'} hidden." if count else ""
