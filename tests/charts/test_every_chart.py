"""What holds for every chart: its table is its twin, and what is hidden leaves no trace."""

from __future__ import annotations

import json
import math
import re

import pandas as pd
import pytest

from cultureplus.charts.agreement import plot_agreement
from cultureplus.charts.answers import plot_answers
from cultureplus.charts.barriers import plot_barriers
from cultureplus.charts.buzz import plot_buzz
from cultureplus.charts.change import plot_change
from cultureplus.charts.drivers import plot_drivers
from cultureplus.charts.heatmap import plot_unit_heatmap
from cultureplus.charts.importance import plot_importance
from cultureplus.charts.item_profile import plot_item_profile
from cultureplus.charts.ladder import plot_ladder
from cultureplus.charts.loadings import plot_loadings
from cultureplus.charts.mediation import plot_mediation
from cultureplus.charts.network import plot_density, plot_ei
from cultureplus.charts.parallel import plot_parallel_analysis
from cultureplus.charts.reliability import plot_reliability
from cultureplus.charts.response import plot_response
from cultureplus.charts.seams import plot_seam_map
from cultureplus.charts.silo_links import plot_silo_links
from cultureplus.charts.teams import plot_teams
from cultureplus.charts.units import plot_units
from cultureplus.charts.walls import plot_walls
from cultureplus.errors import InputError

NOT_ASKED = "There is nothing to draw: these questions were not asked."


def plot_change_of_functions(table):
    return plot_change(table, lens="function")


SCORES = ["n", "invited", "mean", "low", "high", "pomp"]
SCORES += ["favourable", "difference", "favourable_difference"]
# chart, its table, the numbers that it draws, the numbers that must never come from a hidden row
CHARTS = [
    (plot_answers, "answers", ["share", "n"], ["share", "n"]),
    (plot_response, "response", ["response_rate"], ["n", "invited", "response_rate"]),
    (plot_reliability, "reliability", ["alpha", "alpha_low", "alpha_high"], []),
    (
        plot_unit_heatmap,
        "units",
        ["favourable", "favourable_difference", "mean", "low", "high", "n"],
        SCORES,
    ),
    (
        plot_units,
        "units",
        ["mean", "low", "high", "n"],
        SCORES,
    ),
    (plot_barriers, "barriers", ["share", "low", "high", "published"], []),
    (plot_silo_links, "links", ["std", "std_low", "std_high"], []),
    (plot_change, "change", ["change", "low", "high"], ["n", "change", "low", "high"]),
    (
        plot_change_of_functions,
        "change",
        ["change", "low", "high"],
        ["n", "change", "low", "high", "effect_size"],
    ),
    (plot_units, "warned_units", ["mean", "low", "high", "n"], SCORES),
    (plot_unit_heatmap, "warned_units", ["favourable", "favourable_difference", "mean"], SCORES),
    (plot_change, "warned_change", ["change", "low", "high"], ["n", "change", "low", "high"]),
    (
        plot_reliability,
        "omegas",
        ["alpha", "alpha_low", "alpha_high", "omega", "omega_low", "omega_high"],
        [],
    ),
    (
        plot_item_profile,
        "items",
        ["r_rest", "floor", "ceiling", "missing", "mean", "sd", "alpha_dropped", "n"],
        [],
    ),
    (plot_loadings, "loadings", ["std", "low", "high", "n"], []),
    (plot_parallel_analysis, "eigenvalues", ["observed", "reference", "expected"], []),
    (plot_agreement, "bands", ["share", "n_units", "n_hidden"], []),
    (plot_teams, "dossier", ["icc1", "icc1_low", "icc1_high", "icc2"], []),
    (plot_ladder, "ladder", ["cfi", "rmsea", "srmr", "change_cfi"], []),
    (plot_walls, "walls", ["share", "low", "high", "n", "n_units"], []),
]
SEAMS = ["score", "low", "high", "reverse", "gap", "gap_low", "gap_high"]
SEAMS += ["both", "both_low", "both_high", "n"]
TIED = ["observed", "null_mean", "null_low", "null_high", "p", "n"]
CHARTS += [
    (plot_seam_map, "seams", SEAMS, [*SEAMS, "priority"]),
    (plot_density, "density", ["density", "ties", "possible", "n"], ["density", "ties", "n"]),
    (plot_ei, "ei", TIED, [*TIED, "invited"]),
    (plot_buzz, "buzz", ["pomp", "whole", "n"], ["pomp", "whole", "n"]),
]
WEIGHED = ["lmg", "low", "high"]
CHARTS += [
    (
        plot_drivers,
        "drivers",
        [*WEIGHED, "johnson", "johnson_low", "johnson_high", "r2", "n", "n_groups"],
        [],
    ),
    (plot_importance, "drivers", [*WEIGHED, "mean", "mean_low", "mean_high", "n"], []),
    (plot_mediation, "mediation", ["estimate", "low", "high", "n", "n_groups"], []),
]
WITHOUT_ROWS = (plot_parallel_analysis, plot_importance, plot_mediation)  # numbers on both axes
COUNTS = {"ties", "possible", "n", "n_units", "n_groups", "n_hidden", "expected"}
NAMES = [chart.__name__ for chart, *_ in CHARTS]
UNIT_CHARTS = [
    case
    for case in CHARTS
    if case[1]
    in {"units", "response", "change", "warned_units", "warned_change"}
    | {"seams", "density", "ei", "buzz"}
]
HOSTILE = [
    "<b>bold</b>",
    "<script>alert(1)</script>",
    "<a href='javascript:alert(1)'>click</a>",
    "$x^2$ $\\href{javascript:alert(1)}{x}$",
    "%{meta.alt} %{x}",
    'quote " and \\ and & and &lt;i&gt;',
    "left‮thgir",
    "one\ntwo\x00three " * 20,
]


@pytest.fixture(params=CHARTS, ids=NAMES)
def case(request):
    chart, table, drawn, secret = request.param
    return chart, request.getfixturevalue(table), drawn, secret


def texts(node):
    """All texts of a figure that plotly could draw (the alternative text is not drawn)."""
    if isinstance(node, dict):
        for key, value in node.items():
            if key not in {"meta", "template"}:
                yield from texts(value)
    elif isinstance(node, list):
        for value in node:
            yield from texts(value)
    elif isinstance(node, str):
        yield node


def a_drawn_row(table, column, chart):
    lens = "function" if chart is not plot_change else "all"
    rows = table[table[column].notna()]
    if "lens" in table:
        rows = rows[rows["lens"] == lens]
    return rows.index[0]


def test_same_table_same_bytes(case):
    chart, table, *_ = case
    first = chart(table.copy()).to_json()
    assert chart(table.copy()).to_json() == first
    assert "bdata" not in first
    assert '"uid"' not in first


def test_the_table_is_left_as_it_was(case):
    chart, table, *_ = case
    before = table.copy()
    chart(table)
    pd.testing.assert_frame_equal(table, before)


def test_row_labels_of_the_table_do_not_matter(case):
    chart, table, *_ = case
    mixed = table.set_axis([7] * len(table), axis="index")
    assert chart(mixed).to_json() == chart(table).to_json()


def test_each_drawn_number_shows(case):
    chart, table, drawn, _ = case
    first = chart(table).to_json()
    for column in drawn:
        changed = table.copy()
        changed[column] = changed[column].astype(float)
        changed.loc[a_drawn_row(table, column, chart), column] += 1 if column in COUNTS else 0.01
        assert chart(changed).to_json() != first, column


def test_digits_past_the_third_do_not_show(case):
    chart, table, drawn, _ = case
    moved = table.copy()
    for column in drawn:
        moved[column] = moved[column].astype(float) + 1e-9
    assert chart(moved).to_json() == chart(table).to_json()


@pytest.mark.parametrize(("chart", "name"), [(c[0], c[1]) for c in UNIT_CHARTS])
def test_a_table_without_a_plan_is_refused(chart, name, request):
    table = request.getfixturevalue(name).drop(columns="shown")
    way = {"seams": "show_seams(table, plan)", "density": "show_density(table, plan)"}
    fix = re.escape(f"fix: {way.get(name, 'plan.apply(table)')}")
    with pytest.raises(InputError, match=f"(?s)reporting plan.*{fix}"):
        chart(table)


@pytest.mark.parametrize("as_index", [True, False])
def test_rows_of_people_are_refused(case, as_index):
    """With all columns that the chart asks for: a table by respondent is still no aggregate."""
    chart, table, *_ = case
    rows = table.assign(respondent=[f"p{place}" for place in range(len(table))])
    with pytest.raises(InputError, match="rows of people") as caught:
        chart(rows.set_index("respondent") if as_index else rows)
    assert "p0" not in str(caught.value)


def test_a_missing_column_is_named(case):
    chart, table, drawn, _ = case
    with pytest.raises(InputError, match=f"does not have: '{drawn[0]}'"):
        chart(table.drop(columns=drawn[0]))


def test_no_table_is_refused(case):
    chart, *_ = case
    with pytest.raises(InputError):
        chart({"unit": ["Sales"]})


def test_nothing_of_a_hidden_row_leaves_a_trace(case):
    """Whatever numbers stand in hidden rows, the bytes of the figure are the same."""
    chart, table, _, secret = case
    if not secret:
        assert "shown" not in table
        return
    table = table.copy()
    if chart in (plot_answers, plot_change):
        table.loc[0, "shown"] = False
        table.loc[0, "reason"] = "hidden (<5)"
    hidden = ~table["shown"]
    assert hidden.any()
    bare, filled = table.copy(), table.copy()
    for number, column in enumerate(secret):
        bare[column] = bare[column].astype(float).mask(hidden, math.nan)
        filled[column] = filled[column].astype(float)
        filled.loc[hidden, column] = [3.98761 + number + i / 7 for i in range(int(hidden.sum()))]
    assert chart(filled).to_json() == chart(bare).to_json()
    assert "hidden (&lt;5)" in "".join(texts(json.loads(chart(filled).to_json())))


@pytest.mark.parametrize("leave", [False, None, math.nan, "yes", 0])
def test_only_a_plain_yes_is_leave_to_show(units, leave):
    units["shown"] = units["shown"].astype(object)
    units.loc[units["unit"] == "Sales", "shown"] = leave
    without = units.copy()
    without.loc[units["unit"] == "Sales", ["mean", "low", "high", "n", "difference"]] = math.nan
    without.loc[units["unit"] == "Sales", ["favourable", "favourable_difference"]] = math.nan
    for chart in (plot_units, plot_unit_heatmap):
        assert chart(units).to_json() == chart(without).to_json()


def test_everything_hidden_is_still_a_chart(case):
    chart, table, *_ = case
    if "shown" not in table:
        return
    figure = chart(table.assign(shown=False, reason="hidden (<5)"))
    assert "hidden (&lt;5)" in "".join(texts(json.loads(figure.to_json())))


def test_an_empty_table_says_so(case):
    chart, table, *_ = case
    figure = chart(table.iloc[:0])
    assert len(figure.data) == 0
    assert figure.layout.annotations[0].text == NOT_ASKED
    assert figure.layout.meta["alt"].endswith(NOT_ASKED)


def test_one_reason_for_everything_stands_alone(case):
    # Forty-nine rows that all say the same would hide the sentence in a list.
    chart, table, (column, *_), _ = case
    why = "not estimable: made up for this test"
    table = table.assign(**{column: float("nan"), "reason": why})
    table = table.assign(shown=True) if "shown" in table else table
    for other in {"std", "omega"} & set(table):
        table = table.assign(**{other: float("nan")})
    figure = chart(table)
    assert len(figure.data) == 0
    assert [note.text for note in figure.layout.annotations] == [why]


def test_one_row_is_enough(case):
    chart, table, drawn, _ = case
    row = a_drawn_row(table, drawn[0], chart)
    figure = chart(table.loc[[row]])
    assert figure.layout.updatemenus == ()
    if chart in WITHOUT_ROWS:
        assert figure.layout.yaxis.ticktext is None
    else:
        assert len(figure.layout.yaxis.ticktext) == 1


@pytest.mark.parametrize("label", HOSTILE)
def test_labels_are_never_markup(case, label):
    chart, table, *_ = case
    table = table.copy()
    names = [
        "unit",
        "from",
        "to",
        "scale",
        "item",
        "text",
        "barrier",
        "outcome",
        "predictor",
        "mediator",
        "reason",
    ]
    for column in [*names, "factor", "warning", "verdict", "by"]:
        if column in table and table[column].dtype != "int64":  # a factor may be a number
            table[column] = [f"{label}{value}" for value in table[column]]
    for column in ("wave", "previous", "design", "note"):
        if column in table:
            table[column] = label
    if chart is plot_mediation:  # on the ladder the level is one of a few known words
        table["level"] = [label + value for value in table["level"]]
    if "lens" in table and chart is not plot_change_of_functions:
        table["lens"] = [value if value == "all" else label + value for value in table["lens"]]
    figure = chart(table)
    for text in texts(json.loads(figure.to_json())):
        inner = text.replace("<br>", "").replace("%{text}", "")
        assert not set(inner) & set("<>$\u202e\x00\n"), text
        assert "%{" not in inner, text
    assert not set(figure.layout.meta["alt"]) & set('<>"\u202e\x00\n')


def test_each_figure_has_alternative_text_and_names_its_twin(case):
    chart, table, *_ = case
    meta = chart(table).layout.meta
    assert meta["alt"].endswith(".")
    assert len(meta["alt"]) > 40
    assert meta["chart"].startswith("plot_")
    assert meta["table"] in {
        *("answers", "response", "reliability", "unit_scores"),
        *("barriers", "silo_links", "change"),
        *("item_statistics", "loadings", "parallel_analysis", "agreement_bands"),
        *("team_dossier", "invariance_ladder"),
        *("seam_map", "tie_density", "ei_by_unit", "buzz_profile"),
        *("walls", "drivers", "mediation"),
    }


def test_a_reason_stands_where_a_number_is_missing(case):
    chart, table, drawn, _ = case
    # An effect is marked as not estimable in its panel; there the reason comes on hovering.
    lost = table.copy()
    columns = [column for column in drawn if column not in {"n", "published"}]
    lost[columns] = math.nan
    lost["reason"] = "too few answers to tell"
    found = "".join(texts(json.loads(chart(lost).to_json())))
    if chart is plot_unit_heatmap:
        assert "–" in found
    else:
        assert "too few answers to tell" in found


def test_menus_show_one_view_and_switch_everything_else_off(case):
    chart, table, *_ = case
    figure = chart(table)
    if not figure.layout.updatemenus:
        assert all(trace.visible is None for trace in figure.data)
        return
    buttons = figure.layout.updatemenus[0].buttons
    shown = [button.args[0]["visible"] for button in buttons]
    assert [trace.visible for trace in figure.data] == list(shown[0])
    # Each trace belongs to exactly one choice.
    assert [sum(column) for column in zip(*shown, strict=True)] == [1] * len(figure.data)
    assert figure.layout.height == buttons[0].args[1]["height"]


def test_an_unknown_wave_is_refused_and_the_newest_is_drawn(case):
    chart, table, *_ = case
    if "wave" not in table or chart is plot_change_of_functions:
        return
    with pytest.raises(InputError, match=r"(?s)found: 2031Q1.*possible: 2026Q3"):
        chart(table, wave="2031Q1")
    both = pd.concat([table, table.assign(wave="2026Q1")])
    assert chart(both).to_json() == chart(table).to_json()
    assert "2026Q1" in chart(both, wave="2026Q1").to_json()
