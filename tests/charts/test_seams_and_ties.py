"""Charts of seams, ties and the four keys beside their tables."""

from __future__ import annotations

import math

import pandas as pd
import pytest

from cultureplus.charts import house
from cultureplus.charts.buzz import plot_buzz
from cultureplus.charts.network import plot_density, plot_ei
from cultureplus.charts.seams import plot_seam_map


def cell(figure, row, column, trace=0):
    """Number, words and hover of one cell of a grid."""
    labels = list(figure.layout.yaxis.ticktext), list(figure.layout.xaxis.ticktext)
    y, x = labels[0].index(row), labels[1].index(column)
    drawn = figure.data[trace]
    return drawn.z[y][x], drawn.text[y][x], drawn.hovertext[y][x]


# --- seams ---------------------------------------------------------------------------------


def test_rows_rate_columns_and_the_own_unit_is_blank(seams):
    figure = plot_seam_map(seams)
    row = seams[(seams["from"] == "Sales") & (seams["to"] == "Care")].iloc[0]
    value, words, hover = cell(figure, "Sales", "Care")
    assert value == round(row["score"], 3)
    assert words.split("<br>") == [house.say(row["score"]), "no. 3"]
    assert f"the other way {house.say(row['reverse'])}" in hover
    assert list(figure.layout.yaxis.ticktext) == list(figure.layout.xaxis.ticktext)
    for place in range(4):
        assert [trace.text[place][place] for trace in figure.data] == ["", ""]
        assert [trace.z[place][place] for trace in figure.data] == [None, None]


def test_only_the_first_three_pairs_are_numbered(seams):
    seams["priority"] = seams["priority"].where(seams["priority"].isna(), 4.0)
    words = [text for line in plot_seam_map(seams).data[0].text for text in line]
    assert any(words)
    assert not [text for text in words if "no. " in text]


def test_hidden_seams_and_seams_without_ratings_look_different(seams):
    nothing = (seams["from"] == "Care") & (seams["to"] == "Sales")
    seams.loc[nothing, ["score", "low", "high"]] = math.nan
    seams.loc[nothing, "reason"] = "no data"
    figure = plot_seam_map(seams)
    assert cell(figure, "Legal", "Sales", 1) == (0.0, "hidden", "hidden (&lt;5)")
    assert cell(figure, "Care", "Sales", 1) == (1.0, "–", "no data")
    assert cell(figure, "Care", "Sales")[0] is None


def test_the_middle_of_the_range_has_no_colour(seams):
    colours = plot_seam_map(seams).data[0]
    assert (colours.zmin + colours.zmax) / 2 == 4
    assert colours.zmin <= seams["score"].min()
    assert colours.zmax >= seams["score"].max()


@pytest.mark.parametrize("chart", [plot_seam_map, plot_ei, plot_density, plot_buzz])
def test_each_says_what_it_does_not_show(chart, request):
    name = {plot_seam_map: "seams", plot_ei: "ei", plot_density: "density", plot_buzz: "buzz"}
    figure = chart(request.getfixturevalue(name[chart]))
    said = {
        plot_seam_map: "not why and not whose doing it is",
        plot_ei: "does not show why",
        plot_density: "does not show why",
        plot_buzz: "not cause and effect",
    }[chart]
    assert said in figure.layout.title.subtitle.text
    assert said in figure.layout.meta["alt"]


# --- ties ----------------------------------------------------------------------------------


def test_each_index_stands_on_its_null(ei):
    figure = plot_ei(ei)
    chance, means, dots, hidden = figure.data
    drawn = ei[ei["shown"]]
    assert figure.layout.yaxis.ticktext[0] == "Whole organisation"
    assert list(dots.x) == [round(value, 3) for value in drawn["observed"]]
    assert list(means.x) == [round(value, 3) for value in drawn["null_mean"]]
    assert list(chance.x[::3]) == [round(value, 3) for value in drawn["null_low"]]
    assert list(chance.x[1::3]) == [round(value, 3) for value in drawn["null_high"]]
    assert (list(hidden.y), list(hidden.text)) == ([2], ["\u00a0hidden (&lt;5)"])


def test_an_index_without_a_null_keeps_its_dot(ei):
    ei.loc[ei["unit"] == "Care", ["null_mean", "null_low", "null_high", "p"]] = math.nan
    ei.loc[ei["unit"] == "Care", "reason"] = "no null: there is only one unit"
    chance, _, dots, _ = plot_ei(ei).data
    assert len(dots.x) == 3
    assert len(chance.x) == 6
    assert "there is only one unit" in dots.hovertext[2]


@pytest.mark.parametrize(("chart", "name"), [(plot_ei, "ei"), (plot_density, "density")])
def test_the_warning_on_the_roster_is_told_where_there_is_one(chart, name, request):
    table = request.getfixturevalue(name)
    warned, plain = chart(table), chart(table.drop(columns="warning"))
    assert "69 % of the roster" in warned.layout.title.subtitle.text
    assert "69 % of the roster" in warned.layout.meta["alt"]
    assert "roster" not in plain.to_json()


def test_density_is_per_hundred_and_the_diagonal_does_not_rule_the_colours(density):
    figure = plot_density(density)
    between = density[density["from"] != density["to"]]["density"].max()
    assert cell(figure, "Sales", "Sales")[:2] == (2.1, "2.1")
    assert figure.data[0].zmax == round(100 * between, 3)
    assert cell(figure, "Sales", "Legal", 1) == (1.0, "–", "fewer than 5 ties")


def test_densities_of_several_lenses_get_a_menu_with_their_own_columns(density):
    teams = density.assign(
        lens="team", **{"from": "T " + density["from"], "to": "T " + density["to"]}
    )
    figure = plot_density(pd.concat([density, teams]))
    second = figure.layout.updatemenus[0].buttons[1].args[1]
    assert second["xaxis.ticktext"][0] == "T Sales"
    assert second["yaxis.ticktext"][0] == "T Sales"


# --- buzz ----------------------------------------------------------------------------------


def test_each_key_has_its_panel(buzz):
    figure = plot_buzz(buzz)
    whole, dots, hidden = figure.data
    drawn = buzz[buzz["shown"]].reset_index(drop=True)
    starts = [125 * (place % 4) for place in drawn.index]
    assert list(dots.x) == [
        start + value for start, value in zip(starts, drawn["pomp"], strict=True)
    ]
    assert list(whole.x) == [
        start + value for start, value in zip(starts, drawn["whole"], strict=True)
    ]
    assert [note.text.replace("<br>", " ") for note in figure.layout.annotations] == [
        "Learning leadership",
        "Collective growth mindset",
        "Psychological safety",
        "Connecting conversations",
    ]
    assert (list(hidden.x), list(hidden.y), list(hidden.text)) == (
        [0], [2], ["\u00a0hidden (&lt;5)"],
    )  # fmt: skip


def test_a_key_that_is_missing_gives_its_reason_in_its_panel(buzz):
    lost = buzz["scale"] == "psychological_safety"
    buzz.loc[lost & buzz["shown"], ["pomp", "whole"]] = math.nan
    buzz.loc[lost & buzz["shown"], "reason"] = "not asked in this survey"
    words = plot_buzz(buzz).data[2]
    found = dict(zip(zip(words.x, words.y, strict=True), words.text, strict=True))
    assert found[250, 1] == "\u00a0not asked in this survey"
    assert (0, 1) not in found
