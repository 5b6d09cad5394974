"""Each chart beside its table: the numbers in the traces are the table's own, row by row."""

from __future__ import annotations

import math

import pandas as pd
import pytest

from cultureplus.charts import house
from cultureplus.charts.answers import plot_answers
from cultureplus.charts.barriers import plot_barriers
from cultureplus.charts.change import plot_change
from cultureplus.charts.heatmap import plot_unit_heatmap
from cultureplus.charts.reliability import plot_reliability
from cultureplus.charts.response import plot_response
from cultureplus.charts.silo_links import plot_silo_links
from cultureplus.charts.units import plot_units
from cultureplus.errors import InputError


def rounded(values, times=1):
    return [round(float(value) * times, 3) for value in values]


def ends(trace):
    """The pairs of ends of a trace of whiskers."""
    return list(zip(trace.x[::3], trace.x[1::3], strict=True))


# --- units ---------------------------------------------------------------------------------


def test_units_are_sorted_by_mean_with_hidden_ones_last(units):
    figure = plot_units(units, lens="function")
    table = units[(units["lens"] == "function") & (units["scale"] == "psychological_safety")]
    table = table.dropna().sort_values("mean", ascending=False)
    whiskers, dots, hidden, whole = figure.data[:4]
    assert list(dots.x) == rounded(table["mean"])
    assert list(dots.y) == [0, 1, 2]
    assert ends(whiskers) == list(zip(rounded(table["low"]), rounded(table["high"]), strict=True))
    assert list(figure.layout.yaxis.ticktext) == [*table["unit"], "Legal"]
    assert (list(hidden.y), list(hidden.text)) == ([3], ["\u00a0hidden (&lt;5)"])
    assert whole.x == (3.5, 3.5)


def test_the_line_of_the_whole_follows_from_any_unit_where_its_row_is_missing(units):
    table = units[units["unit"] == "Sales"]
    line = plot_units(table).data[3]
    first = table.iloc[0]
    assert line.x[0] == round(first["mean"] - first["difference"], 3)
    assert line.name == "whole organisation"


def test_a_hidden_whole_has_no_line(units):
    units.loc[units["lens"] == "all", "shown"] = False
    units["difference"] = math.nan
    assert len(plot_units(units).data) == 3 * units["scale"].nunique()


def test_a_hundred_teams_stay_readable(units):
    many = pd.concat([units[units["unit"] == "Team 1"].assign(unit=f"T{i}") for i in range(110)])
    figure = plot_units(many)
    assert figure.layout.height > 110 * 18
    assert len(figure.layout.yaxis.ticktext) == 110


def test_an_unknown_lens_is_refused(units, change):
    with pytest.raises(InputError, match=r"(?s)found: planet.*possible: function, team"):
        plot_units(units, lens="planet")
    with pytest.raises(InputError, match=r"(?s)found: planet.*possible: all, function"):
        plot_change(change, lens="planet")


# --- response ------------------------------------------------------------------------------


def test_response_bars_are_the_rates_in_per_cent(response):
    figure = plot_response(response)
    bars, counts, hidden = figure.data[:3]
    assert list(bars.x) == [71.0, 80.0, 75.0]
    assert list(figure.layout.yaxis.ticktext) == ["Whole organisation", "Care", "Sales", "Legal"]
    words = [text.removeprefix("\u00a0") for text in counts.text]
    assert words == ["71 %: 71 of 100", "80 %: 24 of 30", "75 %: 30 of 40"]
    assert list(hidden.y) == [3]
    assert [button.label for button in figure.layout.updatemenus[0].buttons] == [
        "By function",
        "By team",
    ]


# --- answers -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("shares", "expected"),
    [
        # odd: the middle answer straddles zero
        ([0.1, 0.2, 0.4, 0.2, 0.1], [(-50, 10), (-40, 20), (-20, 40), (20, 20), (40, 10)]),
        # even: the halves meet at zero
        ([0.1, 0.4, 0.3, 0.2], [(-50, 10), (-40, 40), (0, 30), (30, 20)]),
        ([0.25, 0.75], [(-25, 25), (0, 75)]),
        ([0.0, 0.0, 1.0], [(0, 0), (0, 0), (0, 100)]),
    ],
)
def test_bars_diverge_from_the_middle_of_the_declared_range(answers, shares, expected):
    table = answers.iloc[: len(shares)].assign(
        answer=range(1, len(shares) + 1), share=shares, low=1, high=len(shares)
    )
    figure = plot_answers(table)
    bars = [trace for trace in figure.data if trace.type == "bar"]
    assert [(bar.base[0], bar.x[0]) for bar in bars] == expected


def test_the_middle_is_that_of_the_declared_range_not_of_the_answers_given(answers):
    table = answers[answers["item"] == "ps1"].copy()
    low_only = table[table["answer"] <= 3].assign(share=[0.5, 0.3, 0.2])
    bars = [trace for trace in plot_answers(low_only).data if trace.type == "bar"]
    assert len(bars) == 7
    assert all(bar.base[0] + bar.x[0] <= 0 for bar in bars[:3])


@pytest.mark.parametrize("count", [2, 4, 5, 6, 7, 10, 11])
def test_each_answer_has_a_colour_of_its_own(answers, count):
    table = answers.iloc[[0] * count].assign(
        answer=range(count), share=1 / count, low=0, high=count - 1
    )
    bars = [trace for trace in plot_answers(table).data if trace.type == "bar"]
    assert len({bar.marker.color for bar in bars}) == count
    assert bars[0].marker.color == house.DIVERGING[0]
    assert bars[-1].marker.color == house.DIVERGING[-1]


def test_reversed_items_are_marked_and_items_without_wording_go_by_their_name(answers):
    answers.loc[answers["item"] == "ps1", "text"] = ""
    labels = plot_answers(answers).layout.yaxis.ticktext
    assert labels[0] == "ps1"
    assert labels[1].endswith(" (R)")


def test_one_hidden_answer_hides_its_item(answers):
    answers.loc[3, ["shown", "reason"]] = [False, "hidden (<5)"]
    figure = plot_answers(answers)
    bars = [trace for trace in figure.data if trace.type == "bar" and trace.visible]
    assert all(bar.y == (1,) for bar in bars)
    assert "1 item is hidden." in figure.layout.meta["alt"]


# --- reliability ---------------------------------------------------------------------------


def test_reliability_shows_alpha_with_its_interval_and_two_rules_of_thumb(reliability):
    figure = plot_reliability(reliability)
    whiskers, dots, lower, upper, without = figure.data
    assert list(dots.x) == [0.862, 0.713]
    assert ends(whiskers) == [(0.838, 0.883), (0.654, 0.764)]
    assert (lower.x[0], upper.x[0]) == (0.7, 0.8)
    assert {line.name for line in (lower, upper)} == {"rule of thumb .70", "rule of thumb .80"}
    assert without.text == ("\u00a0fewer than 10 complete rows",)


def test_the_axis_reaches_down_to_a_bad_alpha(reliability):
    reliability.loc[0, "alpha_low"] = -0.32
    assert plot_reliability(reliability).layout.xaxis.range[0] == -0.4


# --- heat map ------------------------------------------------------------------------------


def test_heat_map_cells_are_the_tables_shares_and_distances(units):
    figure = plot_unit_heatmap(units)
    cells, flat = figure.data[:2]
    assert list(figure.layout.yaxis.ticktext) == [
        "Whole organisation",
        "Sales",
        "Engineering",
        "Legal",
        "Care",
    ]
    for line, unit in enumerate(("all", "Sales", "Engineering", "Legal", "Care")):
        own = units[units["unit"] == unit]
        if unit == "Legal":
            assert cells.z[line] == [None] * 3
            assert flat.z[line] == [0.0] * 3
            assert flat.text[line] == ["", "hidden (&lt;5)", ""]
        else:
            assert cells.z[line] == rounded(own["favourable_difference"], 100)
            assert cells.text[line] == [f"{value:.0f}" for value in own["favourable"] * 100]
    assert cells.zmin == -cells.zmax


def test_hidden_and_no_data_do_not_look_alike(units):
    lost = (units["unit"] == "Sales") & (units["scale"] == "psychological_safety")
    units.loc[lost, ["favourable", "favourable_difference"]] = math.nan
    partly = (units["unit"] == "Care") & (units["scale"] == "psychological_safety")
    units.loc[partly, "shown"] = False
    flat = plot_unit_heatmap(units).data[1]
    assert (flat.z[1][0], flat.text[1][0]) == (1.0, "–")
    assert (flat.z[4][0], flat.text[4][0]) == (0.0, "hidden")
    assert flat.colorscale[0][1] != flat.colorscale[1][1]


def test_the_colours_reach_equally_far_to_both_sides(units):
    units.loc[units["unit"] == "Sales", "favourable_difference"] = -0.234
    cells = plot_unit_heatmap(units).data[0]
    assert (cells.zmin, cells.zmax) == (-25.0, 25.0)


def test_columns_go_by_the_subscale_where_that_is_enough(units):
    columns = plot_unit_heatmap(units).layout.xaxis.ticktext
    assert list(columns) == ["Psychological safety", "Curiosity", "Trust"]
    twice = units.replace({"scale": {"psychological_safety": "silo_barriers.trust"}})
    columns = plot_unit_heatmap(twice).layout.xaxis.ticktext
    assert list(columns) == ["Silo barriers: trust", "Curiosity", "Collaboration outcomes: trust"]


# --- barriers ------------------------------------------------------------------------------


def test_barriers_stand_beside_the_published_figures_and_their_caveat(barriers):
    figure = plot_barriers(barriers)
    bars, diamonds, whiskers, without = figure.data
    assert list(bars.x) == [58.3, 35.2, 29.1]
    assert list(diamonds.x) == [67.0, 32.0, 32.0]
    assert ends(whiskers) == [(53.4, 63.0), (30.6, 40.0), (24.9, 33.7)]
    assert diamonds.name == "published figure (base unverified)"
    assert without.text == ("\u00a0nobody was asked",)
    assert "The base of the published figures is unverified." in figure.layout.meta["alt"]


def test_without_published_figures_there_is_no_diamond(barriers):
    figure = plot_barriers(barriers.assign(published=math.nan, note=""))
    assert [trace.name for trace in figure.data if trace.name] == ["named here, with 95 % interval"]
    assert "ublished" not in figure.layout.meta["alt"]


# --- silo links ----------------------------------------------------------------------------


def test_each_barrier_has_its_panel_and_each_effect_its_mark(links):
    figure = plot_silo_links(links)
    outcomes = list(dict.fromkeys(links["outcome"]))
    for panel, outcome in enumerate(outcomes):
        axis = "x" if panel == 0 else f"x{panel + 1}"
        for effect, symbol in (("within", "circle"), ("between", "square")):
            own = links[(links["outcome"] == outcome) & (links["effect"] == effect)]
            dots = [
                trace
                for trace in figure.data
                if trace.xaxis == axis and trace.mode == "markers" and trace.legendgroup == effect
            ]
            assert [list(trace.x) for trace in dots] == [rounded(own["std"])]
            assert dots[0].marker.symbol == symbol
    assert [note.x for note in figure.layout.annotations] == sorted(
        {note.x for note in figure.layout.annotations}
    )
    assert figure.layout.xaxis.range == figure.layout.xaxis3.range


def test_an_effect_that_cannot_be_estimated_says_so(links):
    figure = plot_silo_links(links)
    lost = [trace for trace in figure.data if trace.mode == "text"]
    assert [trace.text for trace in lost] == [("not estimable",)] * 3
    assert "the units do not differ" in lost[0].hovertext[0]
    assert "3 effects are not estimable." in figure.layout.meta["alt"]


def test_the_chart_says_association_and_not_cause(links):
    figure = plot_silo_links(links)
    assert "not a cause" in figure.layout.title.subtitle.text
    assert "not cause" in figure.layout.meta["alt"]


def test_the_alternative_text_keeps_the_sign(links):
    assert "silos, within (−0.4)" in plot_silo_links(links).layout.meta["alt"]


def test_more_outcomes_than_panels_come_through_a_menu(links):
    more = pd.concat([links, links.assign(outcome=links["outcome"] + "_again")])
    buttons = plot_silo_links(more).layout.updatemenus[0].buttons
    assert len(buttons) == 2
    assert len(buttons[0].args[1]["annotations"]) == 4
    assert len(buttons[1].args[1]["annotations"]) == 2


def test_an_unknown_effect_is_refused(links):
    with pytest.raises(InputError, match=r"(?s)found: sideways.*possible: within, between"):
        plot_silo_links(links.replace({"effect": {"within": "sideways"}}))


# --- change --------------------------------------------------------------------------------


def test_change_of_the_whole_draws_every_scale(change):
    figure = plot_change(change)
    whiskers, dots, _ = figure.data
    own = change[change["lens"] == "all"]
    assert list(dots.x) == rounded(own["change"])
    assert ends(whiskers) == list(zip(rounded(own["low"]), rounded(own["high"]), strict=True))
    assert "repeated cross-section" in figure.layout.title.subtitle.text


def test_change_of_units_has_a_menu_over_scales(change):
    figure = plot_change(change, lens="function")
    assert len(figure.layout.updatemenus[0].buttons) == 3
    assert list(figure.layout.yaxis.ticktext) == ["Care", "Sales", "Legal"]
    assert figure.data[2].text == ("\u00a0hidden (&lt;5)",)


def test_zero_is_always_in_sight(change):
    moved = change.assign(low=0.9, change=1.0, high=1.1)
    low, high = plot_change(moved).layout.xaxis.range
    assert low < 0 < high
