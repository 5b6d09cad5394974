"""Each chart beside its table: the numbers in the traces are the table's own, row by row."""

from __future__ import annotations

import math

import pandas as pd
import pytest

from cultureplus.charts import house
from cultureplus.charts.agreement import plot_agreement
from cultureplus.charts.answers import plot_answers
from cultureplus.charts.barriers import plot_barriers
from cultureplus.charts.change import plot_change
from cultureplus.charts.heatmap import plot_unit_heatmap
from cultureplus.charts.item_profile import plot_item_profile
from cultureplus.charts.ladder import plot_ladder
from cultureplus.charts.loadings import plot_loadings
from cultureplus.charts.parallel import plot_parallel_analysis
from cultureplus.charts.reliability import plot_reliability
from cultureplus.charts.response import plot_response
from cultureplus.charts.silo_links import plot_silo_links
from cultureplus.charts.teams import plot_teams
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


def test_omega_stands_below_alpha_with_a_mark_of_its_own(omegas):
    figure = plot_reliability(omegas)
    whiskers, alphas, more, dots = figure.data[:4]
    assert (list(alphas.x), list(dots.x)) == ([0.862, 0.713], [0.871])
    assert ends(more) == [(0.845, 0.894)]
    # Rows count downwards; a scale without omega keeps its alpha in the middle of its row.
    assert alphas.y[0] < 0 < dots.y[0]
    assert alphas.y[1] == 1
    assert list(whiskers.y[::3]) == list(alphas.y)
    assert alphas.marker.symbol != dots.marker.symbol
    assert (alphas.name, dots.name) == ("alpha", "omega")
    assert "omega is not estimable: no fit" in alphas.hovertext[1]
    assert "Highest omega: Psychological safety (0.87)" in figure.layout.meta["alt"]


def test_an_omega_without_an_alpha_is_drawn(omegas):
    lost = omegas.assign(alpha=math.nan, alpha_low=math.nan, alpha_high=math.nan, reason="why")
    dots = plot_reliability(lost).data[3]
    assert (list(dots.x), list(dots.y)) == ([0.871], [0])


def test_columns_of_omega_without_a_number_change_nothing(reliability):
    empty = reliability.assign(omega=math.nan, omega_low=math.nan, omega_high=math.nan)
    assert plot_reliability(empty).to_json() == plot_reliability(reliability).to_json()


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


# --- warnings ------------------------------------------------------------------------------

SENTENCE = "means of functions may not be compared: the items do not speak equally in every group"


def view_of(figure, name):
    """What a button of the menu sets, found by the beginning of its name."""
    (button,) = [b for b in figure.layout.updatemenus[0].buttons if b.label.startswith(name)]
    return button


def test_a_warned_scale_carries_a_dagger_and_its_sentence(warned_units):
    figure = plot_units(warned_units, lens="function")
    warned = view_of(figure, "Collaboration skill: curiosity")
    assert warned.label == "Collaboration skill: curiosity †"
    subtitle = warned.args[1]["title.subtitle.text"]
    assert subtitle.startswith("Collaboration skill: curiosity †, by function")
    assert f"<br>† {SENTENCE}" in subtitle
    for name in ("Psychological safety", "Collaboration outcomes: trust"):
        plain = view_of(figure, name)
        assert "†" not in plain.label + plain.args[1]["title.subtitle.text"]
    assert f"Warning on Collaboration skill: curiosity: {SENTENCE}." in figure.layout.meta["alt"]


def test_the_heat_map_warns_only_of_the_lens_that_it_shows(warned_units):
    figure = plot_unit_heatmap(warned_units)
    by_function, by_team = (button.args[1] for button in figure.layout.updatemenus[0].buttons)
    assert list(by_function["xaxis.ticktext"]) == ["Psychological safety", "Curiosity †", "Trust"]
    assert list(figure.layout.xaxis.ticktext) == list(by_function["xaxis.ticktext"])
    assert by_function["title.subtitle.text"].endswith(f"<br>† {SENTENCE}")
    assert "†" not in "".join(by_team["xaxis.ticktext"]) + by_team["title.subtitle.text"]
    assert SENTENCE in figure.layout.meta["alt"]


def test_a_heat_map_of_the_other_lens_first_still_shows_its_own_names(warned_units):
    figure = plot_unit_heatmap(warned_units.iloc[::-1])
    assert "†" not in "".join(figure.layout.xaxis.ticktext)
    assert "†" in "".join(figure.layout.updatemenus[0].buttons[1].args[1]["xaxis.ticktext"])


def test_changes_under_a_warning_carry_the_dagger_at_their_row(warned_change):
    figure = plot_change(warned_change)
    assert list(figure.layout.yaxis.ticktext) == [
        "Psychological safety",
        "Collaboration skill: curiosity †",
        "Collaboration outcomes: trust",
    ]
    assert figure.layout.title.subtitle.text.endswith(f"<br>† {SENTENCE}")
    by_function = plot_change(warned_change, lens="function")
    assert view_of(by_function, "Collaboration skill: curiosity").label.endswith(" †")
    assert "†" not in "".join(by_function.layout.yaxis.ticktext)


@pytest.mark.parametrize("chart", [plot_units, plot_unit_heatmap])
def test_without_a_warning_nothing_changes(units, chart):
    bare = chart(units).to_json()
    for empty in ("", " ", None, math.nan):
        assert chart(units.assign(warning=empty)).to_json() == bare


def test_a_warning_of_a_hidden_unit_stays_with_it(units):
    hidden = units.assign(warning=["" if shown else SENTENCE for shown in units["shown"]])
    for chart in (plot_units, plot_unit_heatmap):
        assert chart(hidden).to_json() == chart(units).to_json()


def test_changes_without_a_warning_are_drawn_as_before(change):
    assert plot_change(change.assign(warning="")).to_json() == plot_change(change).to_json()


def test_each_sentence_has_a_mark_of_its_own(change):
    change.loc[change["scale"] == "psychological_safety", "warning"] = "one"
    change.loc[change["scale"] == "collaboration_outcomes.trust", "warning"] = "two"
    figure = plot_change(change)
    assert [label[-1] for label in figure.layout.yaxis.ticktext] == ["†", "y", "‡"]
    assert figure.layout.title.subtitle.text.endswith("<br>† one<br>‡ two")


def test_many_sentences_leave_room_for_the_chart_and_lose_no_mark():
    scales = [f"s{number}" for number in range(9)]
    table = pd.DataFrame({"scale": scales, "warning": [f"why {scale}" for scale in scales]})
    found = house.warned(table)
    assert set(found.marks) == set(scales)
    assert found.notes == ["† why s0", "‡ why s1", "§ why s2", "¶ 6 more warnings are in the table"]


def test_a_scale_with_two_warnings_carries_both_marks():
    table = pd.DataFrame({"scale": ["a", "a", "b", "a"], "warning": ["x", "y", "y", "x"]})
    assert house.warned(table).marks == {"a": "†‡", "b": "‡"}


# --- items ---------------------------------------------------------------------------------


def shares(trace):
    """The bars of an item profile as (row, start, share)."""
    return list(zip(trace.y, trace.base, trace.x, strict=True))


def test_item_profile_shows_each_items_correlation_and_shares(items):
    figure = plot_item_profile(items)
    own = items[items["scale"] == "psychological_safety"]
    dots, bars, sentence, reason = figure.data[:4]
    assert list(dots.x) == rounded(own["r_rest"].dropna())
    assert list(dots.y) == [0, 1, 2]
    starts = dict(zip(("floor", "ceiling", "missing"), figure.layout.xaxis3.tickvals, strict=True))
    assert shares(bars) == [
        (row, starts[name], round(share, 3))
        for name in starts
        for row, share in enumerate(own[name])
    ]
    assert list(bars.text[:4]) == ["4 %", "5 %", "6 %", "7 %"]
    assert (list(reason.y), list(reason.x)) == ([3], [0])
    assert "everybody answered it alike" in reason.text[0]
    assert list(sentence.y) == [1]


def test_an_item_under_a_warning_looks_different_and_says_why(items):
    figure = plot_item_profile(items)
    dots, _, sentence = figure.data[:3]
    assert dots.marker.color == (house.BLUE, house.VERMILLION, house.BLUE)
    assert dots.marker.symbol == ("circle", "x", "circle")
    assert (
        sentence.text[0].replace("<br>\u00a0", " ").strip() == "'i1' runs against the other items"
    )
    assert sentence.textfont.color == house.VERMILLION
    assert "Warning: 'i1' runs against the other items." in figure.layout.meta["alt"]


def test_a_warning_in_another_scale_of_the_menu_is_told_as_well(items):
    turned = pd.concat([items.iloc[4:], items.iloc[:4]])
    assert "Warning: 'i1' runs against" in plot_item_profile(turned).layout.meta["alt"]


def test_item_profiles_share_one_axis_that_holds_zero_and_one(items):
    low, high = plot_item_profile(items).layout.xaxis.range
    assert low < -0.31
    assert high == 1
    assert plot_item_profile(items.iloc[4:]).layout.xaxis.range[0] <= 0


def test_item_rows_go_by_their_wording(items):
    labels = plot_item_profile(items).layout.yaxis.ticktext
    assert labels[0] == "One may say in this team what went wrong,<br>number 0."
    assert labels[1].endswith(" (R)")
    items["text"] = ""
    assert plot_item_profile(items).layout.yaxis.ticktext[0] == "i0"


def test_a_cut_wording_stands_whole_in_the_hover(items):
    items["text"] = "A wording of many words " * 6 + "ends here."
    assert "ends here." in plot_item_profile(items).data[0].hovertext[0].replace("<br>", " ")


# --- loadings ------------------------------------------------------------------------------


def test_loadings_stand_under_the_titles_of_their_factors(loadings):
    figure = plot_loadings(loadings)
    own = loadings[loadings["scale"] == "collaboration_skill"]
    whiskers, dots, titles = figure.data[:3]
    assert list(dots.x) == rounded(own["std"])
    assert list(dots.y) == [1, 2, 3, 5, 6, 7]
    assert ends(whiskers) == list(zip(rounded(own["low"]), rounded(own["high"]), strict=True))
    assert list(titles.y) == [0, 4]
    assert list(titles.text) == ["\u00a0Curiosity", "\u00a0Humility"]
    assert [label == "" for label in figure.layout.yaxis.ticktext] == [
        row in titles.y for row in range(8)
    ]


def test_a_scale_of_one_factor_needs_no_title(loadings):
    figure = plot_loadings(loadings[loadings["scale"] == "psychological_safety"])
    assert len(figure.layout.yaxis.ticktext) == 3
    assert list(figure.data[2].text) == ["\u00a0not estimable: made up"]


def test_a_lone_factor_of_another_name_is_named(loadings):
    lone = loadings[loadings["factor"] == "collaboration_skill.humility"]
    assert "factor Collaboration skill: humility" in plot_loadings(lone).layout.title.subtitle.text


def test_rules_of_thumb_are_named_as_such(loadings, items):
    assert [line.x0 for line in plot_loadings(loadings).layout.shapes] == [0.4, 0.7]
    assert [note.text for note in plot_loadings(loadings).layout.annotations] == [
        "rule of thumb .40",
        "rule of thumb .70",
    ]
    assert [line.x0 for line in plot_item_profile(items).layout.shapes] == [0.3]


def test_what_stands_against_loadings_stands_below_the_title(loadings):
    loadings["reason"] = "the variance of i3 is below zero"
    figure = plot_loadings(loadings)
    assert figure.layout.title.subtitle.text.endswith("<br>the variance of i3 is below zero")
    assert "Beware: the variance of i3 is below zero." in figure.layout.meta["alt"]


@pytest.mark.parametrize(("std", "inside"), [(1.3, (0, 1.3)), (-0.7, (-0.7, 1))])
def test_a_loading_beyond_the_usual_is_in_sight(loadings, std, inside):
    low, high = plot_loadings(loadings.assign(std=std, low=std, high=std)).layout.xaxis.range
    assert low < inside[0] < inside[1] < high


# --- parallel analysis ---------------------------------------------------------------------


def test_scree_lines_are_the_tables_eigenvalues(eigenvalues):
    figure = plot_parallel_analysis(eigenvalues)
    own = eigenvalues[eigenvalues["scale"] == "collaboration_skill"]
    by_chance, answers, claim = figure.data[:3]
    assert list(answers.x) == list(by_chance.x) == [1, 2, 3, 4]
    assert list(answers.y) == rounded(own["observed"])
    assert list(by_chance.y) == rounded(own["reference"])
    assert answers.marker.color == (house.BLUE, house.BLUE, house.PAPER, house.PAPER)
    assert set(claim.x) == {3.5}
    assert figure.layout.title.subtitle.text.endswith(
        "2 factors pass chance; the questionnaire claims 3"
    )


@pytest.mark.parametrize(
    ("keep", "words"),
    [
        ([False, False, False], "no factors pass chance"),
        ([True, False, False], "1 factor passes chance"),
        ([True, True, True], "3 factors pass chance"),
    ],
)
def test_the_count_of_factors_in_words(eigenvalues, keep, words):
    own = eigenvalues[eigenvalues["scale"] == "psychological_safety"].assign(keep=keep)
    figure = plot_parallel_analysis(own)
    assert f": {words}; the questionnaire claims 1" in figure.layout.title.subtitle.text
    assert f": {words}; " in figure.layout.meta["alt"]


def test_without_a_claim_there_is_no_line_of_it(eigenvalues):
    figure = plot_parallel_analysis(eigenvalues.iloc[:4].assign(expected=math.nan))
    assert len(figure.data) == 2
    assert figure.layout.title.subtitle.text.endswith("2 factors pass chance")


def test_a_scale_without_eigenvalues_gives_its_reason(eigenvalues):
    figure = plot_parallel_analysis(eigenvalues)
    lost = view_of(figure, "Collaboration energy").args
    (words,) = [t for t, seen in zip(figure.data, lost[0]["visible"], strict=True) if seen]
    assert words.text == ("\u00a0not estimable: made up",)
    assert lost[1]["xaxis.visible"] is False
    back = view_of(figure, "Psychological safety").args[1]
    assert back["xaxis.visible"] is True
    assert back["yaxis.tickvals"] is None


def test_the_claim_is_in_sight_even_beyond_the_last_factor(eigenvalues):
    figure = plot_parallel_analysis(eigenvalues.iloc[:4].assign(expected=9))
    assert figure.layout.xaxis.range[1] > 9.5


# --- agreement -----------------------------------------------------------------------------

BANDS = ["none", "weak", "moderate", "strong", "very strong"]


def test_agreement_bars_are_the_shares_from_none_to_very_strong(bands):
    figure = plot_agreement(bands)
    bars = [trace for trace in figure.data if trace.type == "bar" and trace.visible]
    assert [bar.name for bar in bars] == BANDS
    assert bars[0].marker.color == house.VERMILLION
    assert bars[-1].marker.color == house.BLUE
    assert [list(bar.x) for bar in bars] == [[5.0], [10.0], [15.0, 50.0], [40.0, 50.0], [30.0]]
    assert [list(bar.text) for bar in bars] == [["1"], ["2"], ["3", "5"], ["8", "5"], ["6"]]
    assert [button.label for button in figure.layout.updatemenus[0].buttons] == [
        "By function",
        "By team",
    ]


def test_the_order_of_the_bands_is_not_that_of_the_table(bands):
    mixed = bands.iloc[::-1]
    bars = [trace for trace in plot_agreement(mixed).data if trace.type == "bar"]
    assert [bar.name for bar in bars[:5]] == BANDS


def test_units_that_are_not_shown_are_counted_beside_the_bar(bands):
    figure = plot_agreement(bands)
    counts = [trace for trace in figure.data if trace.type == "scatter"]
    assert [text.strip("\u00a0") for text in counts[0].text] == ["20 units, 4 hidden", "10 units"]
    assert counts[2].text == ("\u00a0no unit can be shown",)
    assert "Up to 4 units are hidden." in figure.layout.meta["alt"]


def test_an_unknown_band_is_refused(bands):
    with pytest.raises(InputError, match=r"(?s)found: superb.*possible: none, weak, moderate"):
        plot_agreement(bands.replace({"band": {"weak": "superb"}}))


# --- teams ---------------------------------------------------------------------------------


def test_teams_show_icc_by_what_may_be_said(dossier):
    figure = plot_teams(dossier)
    looks = {"yes": "circle", "with care": "diamond", "no": "x"}
    pairs = list(zip(figure.data[0:6:2], figure.data[1:6:2], strict=True))
    for row, (whiskers, dots) in enumerate(pairs):
        own = dossier.iloc[row]
        assert (list(dots.x), list(dots.y)) == ([own["icc1"]], [row])
        assert ends(whiskers) == [(own["icc1_low"], own["icc1_high"])]
        assert dots.marker.symbol == looks[own["speak"]]
        assert whiskers.line.color == dots.marker.color
        assert own["verdict"] in dots.hovertext[0]
    assert [dots.name for _, dots in pairs] == [
        "may be spoken of",
        "may be spoken of with care",
        "may not be spoken of",
    ]
    beside, lost = figure.data[6:]
    assert beside.text[0].strip("\u00a0") == "ICC(2) 0.78"
    assert (list(lost.y), lost.text) == ([3], ("\u00a0not estimable: nobody has a score",))


def test_zero_is_in_sight_of_the_teams(dossier):
    moved = dossier.iloc[:1]
    low, high = plot_teams(moved).layout.xaxis.range
    assert low < 0 < high


def test_another_word_on_teams_is_refused(dossier):
    with pytest.raises(InputError, match=r"(?s)found: perhaps.*possible: yes, with care, no"):
        plot_teams(dossier.replace({"speak": {"no": "perhaps"}, "scale": {"x": "y"}}))


# --- ladder --------------------------------------------------------------------------------


def cells(figure, by):
    """State of each cell of one grouping: (row, column) -> name of its mark, or its words."""
    seen = view_of(figure, f"By {by}").args[0]["visible"]
    found = {}
    for trace, visible in zip(figure.data, seen, strict=True):
        if visible:
            states = trace.text if trace.mode == "text" else [trace.name] * len(trace.x)
            found |= dict(zip(zip(trace.y, trace.x, strict=True), states, strict=True))
    return found


def test_each_rung_has_its_column_and_its_mark(ladder):
    figure = plot_ladder(ladder)
    assert [text.split("<br>")[0] for text in figure.layout.xaxis.ticktext] == [
        "same structure",
        "same steps",
        "same strength",
        "same level",
    ]
    holds, fails, beyond = "holds", "does not hold", "not reached"
    assert cells(figure, "function") == {
        **{(0, column): holds for column in (0, 2, 3)},  # no ordered answers, no steps
        (1, 0): holds,
        (1, 1): holds,
        (1, 2): fails,
        (1, 3): beyond,
        **{(2, column): holds for column in range(4)},
    }
    assert cells(figure, "language") == {
        (0, 0): fails,
        (0, 2): beyond,
        (0, 3): beyond,
        (1, -0.4): "not tested: fewer than two groups",
    }


def test_colour_and_shape_both_tell_the_rungs_apart(ladder):
    marks = {trace.name: trace.marker for trace in plot_ladder(ladder).data if trace.name}
    assert len({mark.color for mark in marks.values()}) == 3
    assert len({mark.symbol for mark in marks.values()}) == 3


def test_above_a_fallen_rung_nothing_is_reached_whatever_the_table_says(ladder):
    ladder.loc[(ladder["level"] == "metric") & (ladder["by"] == "function"), "holds"] = False
    assert cells(plot_ladder(ladder), "function")[0, 3] == "not reached"


def test_the_order_of_the_rungs_is_not_that_of_the_table(ladder):
    own = ladder[ladder["scale"] != "collaboration_outcomes.trust"]
    turned = own.iloc[::-1]
    there = {
        (plot_ladder(own).layout.yaxis.ticktext[row], column): state
        for (row, column), state in cells(plot_ladder(own), "function").items()
    }
    figure = plot_ladder(turned)
    rows = view_of(figure, "By function").args[1]["yaxis.ticktext"]
    again = {
        (rows[row], column): state for (row, column), state in cells(figure, "function").items()
    }
    assert again == there


def test_without_ordered_answers_there_is_no_column_of_steps(ladder):
    figure = plot_ladder(ladder[ladder["scale"] == "psychological_safety"])
    assert list(figure.layout.xaxis.ticktext) == ["same structure", "same strength", "same level"]
    assert set(cells(figure, "function")) == {(0, 0), (0, 1), (0, 2)}


def test_one_rung_that_cannot_be_estimated_says_so_in_its_cell(ladder):
    one = (ladder["level"] == "loadings") & (ladder["scale"] == "collaboration_outcomes.trust")
    ladder.loc[one, ["cfi", "reason"]] = [math.nan, "not estimable: no fit"]
    figure = plot_ladder(ladder)
    assert cells(figure, "function")[2, 2] == "not estimable"
    assert cells(figure, "function")[2, 3] == "not reached"
    assert "Not estimable: Collaboration outcomes: trust." in figure.layout.meta["alt"]


def test_a_rungs_hover_has_its_numbers_and_its_verdict(ladder):
    holds, fails = plot_ladder(ladder).data[:2]
    assert holds.hovertext[1] == (
        "CFI 0.969, RMSEA 0.044, SRMR 0.032<br>change of CFI −0.012<br>"
        "Rung 1 of psychological_safety"
    )
    assert (
        fails.hovertext[0]
        .replace("<br>", " ")
        .endswith("Rung 2 of collaboration_skill.curiosity (CFI 0.957).")
    )


def test_an_unknown_rung_is_refused(ladder):
    with pytest.raises(InputError, match=r"(?s)found: roof.*possible: questions, configural"):
        plot_ladder(ladder.replace({"level": {"metric": "roof"}}))


# --- size ----------------------------------------------------------------------------------


def test_large_questionnaires_stay_light(items, loadings, ladder, bands):
    """Forty rows of each, in a notebook that has to stay small with many other charts."""
    forty = range(40)
    wide = {
        plot_item_profile: [items.iloc[[0]].assign(item=f"i{i}") for i in forty],
        plot_loadings: [loadings.iloc[[0]].assign(item=f"i{i}") for i in forty],
        plot_agreement: [bands.iloc[:5].assign(scale=f"scale_{i}") for i in forty],
        plot_ladder: [ladder.iloc[3:7].assign(scale=f"scale_{i}") for i in forty],
    }
    for chart, parts in wide.items():
        figure = chart(pd.concat(parts))
        assert len(figure.layout.yaxis.ticktext) == 40
        assert figure.layout.height > 40 * 24
        assert len(figure.to_json()) < 30_000, chart.__name__
