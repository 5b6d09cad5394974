"""The units beside one another on one scale.

Each unit's mean as a dot with its 95 % interval, from the highest to the lowest, against the mean
of the whole organisation. Units whose intervals overlap widely should not be ranked against each
other, whatever their order on the page. Units that the reporting plan hides are listed as hidden,
in alphabetical order, so that their place says nothing.
"""

from __future__ import annotations

from typing import Any

import pandas as pd
import plotly.graph_objects as go

from cultureplus.charts import house
from cultureplus.columns import (
    ALL,
    DIFFERENCE,
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
from cultureplus.errors import InputError

_NEEDED = (WAVE, LENS, UNIT, SCALE, N, MEAN, LOW, HIGH, DIFFERENCE, SHOWN, REASON)
_TITLE = "How do the units differ?"
_CROWDED = 40  # rows beyond which they move closer together


def plot_units(
    units: pd.DataFrame, *, lens: str | None = None, wave: str | None = None
) -> go.Figure:
    """Draw each unit's mean with its interval, sorted, one scale at a time.

    Parameters
    ----------
    units
        Unit scores that went through a reporting plan: `wave, lens, unit, scale, n, mean` (on the
        answer range), `low`, `high` (95 % interval), `difference` (from the whole), `shown`,
        `reason`; where there is a column `warning` ('' or a sentence), a warned scale is marked and
        the sentence stands below the subtitle.
    lens
        Which lens to draw; the first one in the table where nothing is said.
    wave
        Which wave to draw; the newest in the table where nothing is said.

    Returns
    -------
    go.Figure
        With a menu over the scales. Hidden units and units without a mean are listed with the
        reason instead of a mark.

    Raises
    ------
    InputError
        Where the table lacks `shown` (no reporting plan) or another column, or where the lens or
        the wave is not in it.

    Examples
    --------
    >>> units = pd.DataFrame({
    ...     "wave": "2026Q3", "lens": "team", "unit": ["A", "B"], "scale": "trust",
    ...     "n": [9, float("nan")], "mean": [3.5, float("nan")], "low": [3.1, float("nan")],
    ...     "high": [3.9, float("nan")], "difference": [0.5, float("nan")],
    ...     "shown": [True, False], "reason": ["", "hidden (<5)"]})
    >>> print(plot_units(units).layout.meta["alt"])
    Means of 2 units by team on Trust, wave 2026Q3. The only one shown: A (3.5). 1 is hidden.
    """
    house.require_plan(units)
    house.require_columns(units, _NEEDED, chart="plot_units")
    if reason := house.why_nothing(units, MEAN):
        return house.empty_chart(_TITLE, reason, chart="plot_units", table="unit_scores")
    rows, wave = house.one_wave(units, wave)
    lens = _lens(rows, lens)
    seen = rows[rows[LENS].astype(str) == lens]
    whole = rows[rows[LENS].astype(str) == ALL]
    scales = house.in_order(seen[SCALE])
    views = [
        _view(seen[seen[SCALE] == scale], whole[whole[SCALE] == scale], str(scale), lens, wave)
        for scale in scales
    ]
    first = seen[seen[SCALE] == scales[0]]
    spoken = house.warned(_drawn(seen)).spoken
    return house.figure(
        views,
        title=_TITLE,
        alt=_alt(first, str(scales[0]), lens, wave, len(scales) - 1) + spoken,
        chart="plot_units",
        table="unit_scores",
        layout={
            "xaxis": {"title": {"text": "mean, with 95 % interval"}},
            "xaxis2": house.MARGIN_AXIS,
        },
        foot=104,
    )


def _lens(rows: pd.DataFrame, lens: str | None) -> str:
    possible = house.lenses(rows)
    if lens is None:
        return possible[0]
    if lens not in possible:
        raise InputError("This lens is not in the table.", found=lens, possible=possible)
    return lens


def _view(rows: pd.DataFrame, whole: pd.DataFrame, scale: str, lens: str, wave: str) -> house.View:
    drawn, rest = _drawn(rows), _rest(rows)
    warned = house.warned(drawn)
    at = list(range(len(drawn)))
    count = len(drawn) + len(rest)
    traces: list[Any] = [
        house.whiskers(house.numbers(drawn[LOW]), house.numbers(drawn[HIGH]), at),
        go.Scatter(
            x=house.numbers(drawn[MEAN]),
            y=at,
            mode="markers",
            marker={"color": house.BLUE, "size": 9},
            name="unit",
            hovertext=[_hover(row) for row in drawn.to_dict("records")],
            hoverinfo="text",
        ),
        house.words(
            [house.why_empty(row) for row in rest.to_dict("records")],
            list(range(len(drawn), count)),
        ),
    ]
    centre = _whole_mean(drawn, whole)
    if centre is not None:
        traces.append(house.reference(centre, count, name="whole organisation"))
    reach = house.span(*(house.numbers(drawn[name]) for name in (LOW, MEAN, HIGH)), around=centre)
    labels = [
        house.label(house.unit_name(row[LENS], row[UNIT]))
        for row in [*drawn.to_dict("records"), *rest.to_dict("records")]
    ]
    return house.View(
        name=warned.title(scale),
        traces=traces,
        rows=labels,
        subtitle=f"{warned.title(scale)}, by {lens}, {wave}",
        notes=warned.notes,
        row_height=24 if count <= _CROWDED else 18,
        layout={"xaxis.range": reach, "xaxis.autorange": reach is None},
    )


def _drawn(rows: pd.DataFrame) -> pd.DataFrame:
    numbers = rows[house.shown(rows) & rows[MEAN].notna()]
    return numbers.sort_values([MEAN, UNIT], ascending=[False, True])


def _rest(rows: pd.DataFrame) -> pd.DataFrame:
    return rows[~(house.shown(rows) & rows[MEAN].notna())].sort_values(UNIT)


def _whole_mean(drawn: pd.DataFrame, whole: pd.DataFrame) -> float | None:
    whole = _drawn(whole)
    if not whole.empty:
        return house.numbers(whole[MEAN])[0]
    # Without a row of the whole, any unit leads to it: its mean less its distance.
    compared = drawn[drawn[DIFFERENCE].notna()]
    if compared.empty:
        return None
    return house.numbers(compared[MEAN] - compared[DIFFERENCE])[0]


def _hover(row: dict[Any, Any]) -> str:
    # The unit stands at the edge; with a hundred teams every repeated word weighs on the file.
    return (
        f"{house.say(row[MEAN])} ({house.say(row[LOW])} to {house.say(row[HIGH])})<br>"
        f"{house.say(row[DIFFERENCE], sign=True)} against the whole, "
        f"n = {house.say(row[N], digits=0)}"
    )


def _alt(rows: pd.DataFrame, scale: str, lens: str, wave: str, more: int) -> str:
    drawn = _drawn(rows)
    text = (
        f"Means of {rows[UNIT].nunique()} units by {house.plain(lens)} on "
        f"{house.plain(title_of(scale))}, wave {house.plain(wave)}."
    )
    if drawn.empty:
        text += " No unit can be shown."
    elif len(drawn) == 1:
        only = drawn.iloc[0]
        text += f" The only one shown: {house.plain(only[UNIT])} ({house.say(only[MEAN])})."
    else:
        best, worst = drawn.iloc[0], drawn.iloc[-1]
        text += (
            f" Highest: {house.plain(best[UNIT])} ({house.say(best[MEAN])}), "
            f"lowest: {house.plain(worst[UNIT])} ({house.say(worst[MEAN])})."
        )
    text += house.hidden_count(rows)
    return text + (f" A menu offers {more} more scales." if more > 0 else "")
