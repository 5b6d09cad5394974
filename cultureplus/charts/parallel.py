"""How many factors the answers hold, against how many the questionnaire claims.

The eigenvalues of the answers from the largest to the smallest, beside those that chance alone
would give. Factors are worth keeping as long as the line of the answers stays above the line of
chance. The method counts; it does not say what the factors mean, and a strong common factor may
hide weaker ones behind it.
"""

from __future__ import annotations

from typing import Any

import pandas as pd
import plotly.graph_objects as go

from cultureplus.charts import house
from cultureplus.columns import (
    EXPECTED,
    FACTOR,
    KEEP,
    OBSERVED,
    REASON,
    REFERENCE,
    SCALE,
    WAVE,
    title_of,
)

_NEEDED = (WAVE, SCALE, FACTOR, OBSERVED, REFERENCE, KEEP, EXPECTED, REASON)
_TITLE = "How many factors do the answers hold?"
_HEIGHT = 300  # pixels of the plot
_CROWDED = 25  # factors beyond which not every one has its number on the axis

Row = dict[Any, Any]


def plot_parallel_analysis(eigenvalues: pd.DataFrame, *, wave: str | None = None) -> go.Figure:
    """Draw the eigenvalues of the answers against those of chance, one scale at a time.

    Parameters
    ----------
    eigenvalues
        One row per scale and factor: `wave, scale, factor` (1 to the number of items), `observed`
        and `reference` (eigenvalues of the answers and of chance), `keep` (whether this and all
        before pass their reference), `expected` (how many factors the questionnaire claims),
        `reason`.
    wave
        Which wave to draw; the newest in the table where nothing is said.

    Returns
    -------
    go.Figure
        With a menu over the scales. A scale without eigenvalues gives the reason instead.

    Raises
    ------
    InputError
        Where the table lacks a column, or the wave is not in it.

    References
    ----------
    Horn (1965), Psychometrika 30, 179-185.

    Examples
    --------
    >>> eigenvalues = pd.DataFrame({
    ...     "wave": "2026Q3", "scale": "trust", "factor": [1, 2, 3], "observed": [1.9, 0.6, 0.5],
    ...     "reference": [1.1, 1.0, 0.9], "keep": [True, False, False], "expected": 1,
    ...     "reason": ""})
    >>> print(plot_parallel_analysis(eigenvalues).layout.title.subtitle.text)
    Trust, 2026Q3: 1 factor passes chance; the questionnaire claims 1
    """
    house.require_columns(eigenvalues, _NEEDED, chart="plot_parallel_analysis")
    if reason := house.why_nothing(eigenvalues, OBSERVED):
        return house.empty_chart(
            _TITLE, reason, chart="plot_parallel_analysis", table="parallel_analysis"
        )
    rows, wave = house.one_wave(eigenvalues, wave)
    scales = house.in_order(rows[SCALE])
    return house.figure(
        [_view(rows[rows[SCALE] == scale], str(scale), wave) for scale in scales],
        title=_TITLE,
        alt=_alt(rows[rows[SCALE] == scales[0]], str(scales[0]), wave, len(scales) - 1),
        chart="plot_parallel_analysis",
        table="parallel_analysis",
        layout={
            "xaxis": {"showgrid": False, "title": {"text": "factor"}},
            "xaxis2": house.MARGIN_AXIS,
            "yaxis": {"gridcolor": "#E4E4E4", "title": {"font": {"size": 12}}},
            "legend": {"traceorder": "normal"},
        },
        foot=104,
    )


def _view(rows: pd.DataFrame, scale: str, wave: str) -> house.View:
    known = rows[rows[OBSERVED].notna()].sort_values(FACTOR)
    if known.empty:
        reason = "; ".join(house.in_order(house.why_empty(row) for row in rows.to_dict("records")))
        return house.View(
            name=title_of(scale),
            traces=[house.words([reason], [0])],
            rows=[house.scale_title(scale)],
            subtitle=f"{title_of(scale)}, {wave}",
            layout={"xaxis.visible": False, "yaxis.showgrid": False, "yaxis.title.text": ""},
        )
    factors = [int(value) for value in known[FACTOR]]
    observed, by_chance = house.numbers(known[OBSERVED]), house.numbers(known[REFERENCE])
    top = max(value for value in [*observed, *by_chance, 1.0] if value is not None) * 1.08
    hovers = [_hover(row) for row in known.to_dict("records")]
    traces: list[Any] = [
        go.Scatter(
            x=factors,
            y=by_chance,
            mode="lines+markers",
            line={"color": house.GREY, "width": 1.6, "dash": "dash"},
            marker={"color": house.GREY, "size": 6, "symbol": "diamond"},
            name="what chance gives",
            hovertext=hovers,
            hoverinfo="text",
        ),
        go.Scatter(
            x=factors,
            y=observed,
            mode="lines+markers",
            line={"color": house.BLUE, "width": 1.6},
            marker={
                # Filled above chance, open below: a print in black and white says it too.
                "color": [house.BLUE if keep else house.PAPER for keep in _kept(known)],
                "line": {"color": house.BLUE, "width": 1.6},
                "size": 9,
            },
            name="the answers (filled: passes chance)",
            hovertext=hovers,
            hoverinfo="text",
        ),
    ]
    claimed = _claimed(rows)
    if claimed is not None:
        traces.append(
            go.Scatter(
                x=[claimed + 0.5] * 2,
                y=[0, round(top, 3)],
                mode="lines",
                line={"color": house.VERMILLION, "width": 1.6, "dash": "dot"},
                name="the questionnaire claims those to the left",
                hoverinfo="skip",
            )
        )
    return house.View(
        name=title_of(scale),
        traces=traces,
        rows=[""],
        subtitle=f"{title_of(scale)}, {wave}: {_verdict(known, claimed)}",
        row_height=_HEIGHT,
        layout={
            "xaxis.visible": True,
            "yaxis.showgrid": True,
            "xaxis.range": [0.5, max([*factors, claimed or 0]) + 0.6],
            "xaxis.dtick": 1 if len(factors) <= _CROWDED else 5,
            "xaxis.tick0": 1 if len(factors) <= _CROWDED else 0,
            "yaxis.range": [0, round(top, 3)],
            "yaxis.tickvals": None,
            "yaxis.ticktext": None,
            "yaxis.title.text": "eigenvalue",
        },
    )


def _kept(rows: pd.DataFrame) -> list[bool]:
    return [not house.missing(keep) and bool(keep) for keep in rows[KEEP]]


def _claimed(rows: pd.DataFrame) -> int | None:
    said = rows[EXPECTED].dropna()
    return None if said.empty else int(said.iloc[0])


def _verdict(known: pd.DataFrame, claimed: int | None) -> str:
    count = sum(_kept(known))
    passes = "1 factor passes" if count == 1 else f"{count or 'no'} factors pass"
    return f"{passes} chance" + ("" if claimed is None else f"; the questionnaire claims {claimed}")


def _hover(row: Row) -> str:
    return (
        f"factor {house.say(row[FACTOR], digits=0)}<br>answers {house.say(row[OBSERVED])}, "
        f"chance {house.say(row[REFERENCE])}"
    )


def _alt(rows: pd.DataFrame, scale: str, wave: str, more: int) -> str:
    text = (
        f"Eigenvalues of the answers to {house.plain(title_of(scale))} against those of chance, "
        f"wave {house.plain(wave)}"
    )
    known = rows[rows[OBSERVED].notna()]
    if known.empty:
        text += ". Not estimable."
    else:
        first = known.sort_values(FACTOR).iloc[0]
        text += (
            f": {_verdict(known, _claimed(rows))}. First eigenvalue "
            f"{house.say(first[OBSERVED])}, by chance {house.say(first[REFERENCE])}."
        )
    return text + (f" A menu offers {more} more scales." if more > 0 else "")
