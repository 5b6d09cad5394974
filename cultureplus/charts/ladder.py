"""Whether a scale measures the same thing in every group, rung by rung.

A ladder of ever stricter claims: the same items belong together; the steps between answers lie
alike (only asked where answers are ordered steps); the items speak equally strongly; people of
equal standing answer alike. Relations may be compared across groups from the third on, means only
from the last. Above a rung that does not hold there is nothing more to reach.
"""

from __future__ import annotations

from typing import Any

import pandas as pd
import plotly.graph_objects as go

from cultureplus.charts import house
from cultureplus.columns import (
    BY,
    CFI,
    CHANGE_CFI,
    HOLDS,
    REASON,
    RMSEA,
    RUNG,
    SCALE,
    SRMR,
    VERDICT,
    WAVE,
    title_of,
)
from cultureplus.errors import InputError

_NEEDED = (WAVE, SCALE, BY, RUNG, CFI, RMSEA, SRMR, CHANGE_CFI, HOLDS, VERDICT, REASON)
_TITLE = "Is it the same thing in every group?"
_STEPS = "thresholds"  # the rung that only ordered answers have
_QUESTIONS = "questions"  # the rung that only waves have which asked something else
_COLUMNS = {
    "same questions": (_QUESTIONS,),
    "same structure": ("configural",),
    "same steps": (_STEPS,),
    "same strength": ("metric", "loadings"),
    "same level": ("scalar", "intercepts"),
}
_COLUMN_OF = {rung: column for column, rungs in _COLUMNS.items() for rung in rungs}
_MARKS: dict[str, tuple[str, dict[str, Any]]] = {
    "holds": ("✓", {"symbol": "square", "color": house.BLUE, "size": 20}),
    "does not hold": ("", {"symbol": "x", "color": house.VERMILLION, "size": 14}),
    "not reached": (
        "",
        {"symbol": "square-open", "color": house.GREY, "size": 18, "line": {"width": 1.2}},
    ),
}
_LOST = "not estimable"

Row = dict[Any, Any]


def plot_ladder(ladder: pd.DataFrame, *, wave: str | None = None) -> go.Figure:
    """Draw which rungs of measurement invariance hold for each scale, one grouping at a time.

    Parameters
    ----------
    ladder
        One row per scale, grouping and rung: `wave, scale, by` (what the groups are), `level` (the
        rung: "configural", "metric", "scalar", or for ordered answers "configural", "thresholds",
        "loadings", "intercepts"; "questions" where other ones were asked; '' where none was
        tried), `cfi` (at most 1), `rmsea, srmr` (from 0), `change_cfi` (against the rung before),
        `holds` (true or false), `verdict` (a sentence), `reason`.
    wave
        Which wave to draw; the newest in the table where nothing is said.

    Returns
    -------
    go.Figure
        With a menu over the groupings. A rung above one that does not hold is drawn as not
        reached; one that can't be estimated says so, with the reason on hovering.

    Raises
    ------
    InputError
        Where the table lacks a column or names another rung, or the wave is not in it.

    References
    ----------
    Meredith (1993), Psychometrika 58, 525-543; Chen (2007), Structural Equation Modeling 14,
    464-504.

    Examples
    --------
    >>> ladder = pd.DataFrame({
    ...     "wave": "2026Q3", "scale": "trust", "by": "function",
    ...     "level": ["configural", "metric", "scalar"], "cfi": [0.98, 0.98, 0.93],
    ...     "rmsea": [0.04, 0.04, 0.07], "srmr": [0.02, 0.03, 0.05],
    ...     "change_cfi": [float("nan"), 0.0, -0.05], "holds": [True, True, False],
    ...     "verdict": "", "reason": ""})
    >>> [(trace.name, trace.x) for trace in plot_ladder(ladder).data[:2]]
    [('holds', (0, 1)), ('does not hold', (2,))]
    """
    house.require_columns(ladder, _NEEDED, chart="plot_ladder")
    fitted = ladder.loc[ladder[RUNG] != _QUESTIONS]
    if len(fitted) == len(ladder) and (reason := house.why_nothing(ladder, CFI)):
        return house.empty_chart(_TITLE, reason, chart="plot_ladder", table="invariance_ladder")
    for rung in house.in_order(_rung(row) for row in ladder.to_dict("records")):
        if rung and rung not in _COLUMN_OF:
            raise InputError(
                "A rung has another name.", column=RUNG, found=rung, possible=_COLUMN_OF
            )
    rows, wave = house.one_wave(ladder, wave)
    rows = rows.assign(state=_states(rows))
    there = {_COLUMN_OF.get(rung) for rung in rows[RUNG]}
    # Some rungs have a column only where a scale was asked for them.
    seldom = {_COLUMN_OF[_STEPS], _COLUMN_OF[_QUESTIONS]}
    columns = [name for name in _COLUMNS if name in there or name not in seldom]
    groupings = house.in_order(rows[BY].astype(str))
    return house.figure(
        [_view(rows[rows[BY].astype(str) == by], by, columns, wave) for by in groupings],
        title=_TITLE,
        alt=_alt(
            rows[rows[BY].astype(str) == groupings[0]], groupings[0], wave, len(groupings) - 1
        ),
        chart="plot_ladder",
        table="invariance_ladder",
        layout={
            "xaxis": {
                "tickvals": list(range(len(columns))),
                "ticktext": [
                    name + ("<br>(ordered answers only)" if name == _COLUMN_OF[_STEPS] else "")
                    for name in columns
                ],
                "range": [-0.5, len(columns) - 0.5],
                "side": "top",
                "ticks": "",
                "showgrid": False,
                "tickangle": 0,
            },
            "yaxis": {"showgrid": True, "gridcolor": "#E4E4E4"},
            "legend": {"traceorder": "normal"},
        },
        head=40,
        foot=64,
    )


def _states(rows: pd.DataFrame) -> list[str]:
    """What each rung is drawn as, in the order of the rows."""
    order = {rung: number for number, rung in enumerate(["", *_COLUMN_OF])}
    states = dict.fromkeys(range(len(rows)), "")
    fallen: set[tuple[str, str]] = set()
    records = rows.to_dict("records")
    for place in sorted(states, key=lambda place: order[_rung(records[place])]):
        row = records[place]
        key = (str(row[BY]), str(row[SCALE]))
        holds = not house.missing(row[HOLDS]) and bool(row[HOLDS])
        if _rung(row) == _QUESTIONS:
            states[place] = "does not hold"
        elif _reason(row) or house.missing(row[CFI]):
            states[place] = _LOST
        elif key in fallen:
            states[place] = "not reached"
        else:
            states[place] = "holds" if holds else "does not hold"
        if states[place] != "holds":
            fallen.add(key)
    return list(states.values())


def _rung(row: Row) -> str:
    return "" if house.missing(row[RUNG]) else str(row[RUNG])


def _reason(row: Row) -> str:
    return "" if house.missing(row[REASON]) else str(row[REASON]).strip()


def _view(rows: pd.DataFrame, by: str, columns: list[str], wave: str) -> house.View:
    scales = house.in_order(rows[SCALE])
    line = {scale: number for number, scale in enumerate(scales)}
    column = {rung: columns.index(name) for rung, name in _COLUMN_OF.items() if name in columns}
    traces: list[Any] = []
    for state, (sign, marker) in _MARKS.items():
        own = rows[rows["state"] == state].to_dict("records")
        if own:
            traces.append(
                go.Scatter(
                    x=[column[row[RUNG]] for row in own],
                    y=[line[row[SCALE]] for row in own],
                    mode="markers+text" if sign else "markers",
                    marker=marker,
                    text=sign or None,
                    textfont={"color": house.PAPER, "size": 14},
                    name=state,
                    showlegend=True,
                    hovertext=[_hover(row) for row in own],
                    hoverinfo="text",
                )
            )
    lost = rows[rows["state"] == _LOST].to_dict("records")
    for wide in (False, True):
        texts = _lost_words(lost, rows, column, line, wide=wide)
        if texts:
            traces.append(
                go.Scatter(
                    x=[x for x, *_ in texts],
                    y=[y for _, y, *_ in texts],
                    mode="text",
                    text=[text for *_, text, _ in texts],
                    textposition="top right" if wide else "top center",  # above the row's line
                    textfont={"size": 11, "color": house.GREY},
                    cliponaxis=False,
                    showlegend=False,
                    hovertext=[hover for *_, hover in texts],
                    hoverinfo="text",
                )
            )
    return house.View(
        name=f"By {by}",
        traces=traces,
        rows=[house.scale_title(scale) for scale in scales],
        subtitle=(
            f"By {by}, {wave}. To compare relations the same strength is needed, "
            "for means the same level too"
        ),
        row_height=32,
    )


def _lost_words(
    lost: list[Row],
    rows: pd.DataFrame,
    column: dict[str, int],
    line: dict[Any, int],
    *,
    wide: bool,
) -> list[tuple[float, int, str, str]]:
    """Place, words and hover of what is not estimable: once a row where no rung of it is."""
    texts: list[tuple[float, int, str, str]] = []
    for scale in house.in_order(row[SCALE] for row in lost):
        own = [row for row in lost if row[SCALE] == scale]
        reasons = house.in_order(house.why_empty(row) for row in own)
        whole = len(own) == int((rows[SCALE] == scale).sum()) and len(reasons) == 1
        if whole != wide:
            continue
        if whole:
            texts.append((-0.4, line[scale], house.label(reasons[0], width=90), _hover(own[0])))
            continue
        texts += [(column.get(row[RUNG], 0), line[scale], _LOST, _hover(row)) for row in own]
    return texts


def _hover(row: Row) -> str:
    # The scale stands at the edge; in every cell it would weigh on the file.
    if row["state"] == _LOST:
        return house.wrapped(house.why_empty(row), width=60, lines=4)
    numbers = (
        f"CFI {house.say(row[CFI], digits=3)}, RMSEA {house.say(row[RMSEA], digits=3)}, "
        f"SRMR {house.say(row[SRMR], digits=3)}"
    )
    if not house.missing(row[CHANGE_CFI]):
        numbers += f"<br>change of CFI {house.say(row[CHANGE_CFI], digits=3, sign=True)}"
    verdict = "" if house.missing(row[VERDICT]) else str(row[VERDICT])
    if row["state"] == "holds":
        verdict = verdict.partition(" (")[0]  # its brackets hold the numbers again
    return "<br>".join(filter(None, [numbers, house.wrapped(verdict, width=60, lines=6)]))


def _alt(rows: pd.DataFrame, by: str, wave: str, more: int) -> str:
    scales = house.in_order(rows[SCALE])
    text = (
        f"Which rungs of measurement invariance hold for {len(scales)} scales by "
        f"{house.plain(by)}, wave {house.plain(wave)}."
    )
    held = rows[rows["state"] == "holds"]
    for name, rungs in _COLUMNS.items():
        asked = rows.loc[rows[RUNG].isin(rungs), SCALE].nunique()
        if asked:
            count = held.loc[held[RUNG].isin(rungs), SCALE].nunique()
            text += f" {name.capitalize()}: {count} of {asked}."
    lost = house.in_order(rows.loc[rows["state"] == _LOST, SCALE])
    if lost:
        text += f" Not estimable: {', '.join(house.plain(title_of(scale)) for scale in lost)}."
    return text + (f" A menu offers {more} more groupings." if more > 0 else "")
