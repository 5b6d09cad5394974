"""Seams: the means of both directions, the planted bad ones, and what may be told of them."""

from __future__ import annotations

import itertools
import tomllib
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from cultureplus.answer_sets import sets_with_interval, sets_with_mean
from cultureplus.disclosure.plan import plan_reporting
from cultureplus.errors import InputError
from cultureplus.instrument import Instrument
from cultureplus.intake import read_survey
from cultureplus.seams import first_seams, seam_map, show_seams
from tests.small_surveys import ROOT, WAVE, people_of, scale, survey_of

SAMPLE = ROOT / "data" / "sample"
TRUTH = tomllib.loads((SAMPLE / "truth.toml").read_text("utf-8"))
NUMBERS = ["n", "score", "low", "high", "reverse", "gap", "gap_low", "gap_high", "both",
           "both_low", "both_high", "priority"]  # fmt: skip


def matrix(name="seam_rating"):
    return Instrument(
        id=name, title="Seams", kind="matrix", about="", validity="None.", source="Here.",
        licence="GPL-3.0-or-later", low=1, high=7, favourable=(6, 7), min_answered=0.0,
    )  # fmt: skip


def rated(units, ratings, *, wave=WAVE, responded=None):
    """A survey of people in units and their ratings: unit -> one rating per person."""
    people = people_of({"function": units}, wave=wave, responded=responded)
    answers = pd.DataFrame(
        {f"seam_rating.{unit}": list(values) for unit, values in ratings.items()},
        index=people.index,
        dtype="float64",
    )
    return replace(survey_of(answers, people, [matrix()]), matrix_lens={"seam_rating": "function"})


def cell(table, one, other):
    return table[(table["from"] == one) & (table["to"] == other)].iloc[0]


@pytest.fixture(scope="module")
def sample():
    return read_survey(SAMPLE)


@pytest.fixture(scope="module")
def found(sample):
    return seam_map(sample)


@pytest.fixture
def three():
    """Eight of A, six of B, five of C; everybody rates the other two."""
    units = list("AAAAAAAABBBBBBCCCCC")
    a = [np.nan] * 8 + [2, 3, 3, 4, 5, 2] + [6, 4, 5, 3, 2]
    b = [5, 6, 4, 3, 5, 6, 7, 2] + [np.nan] * 6 + [1, 4, 6, 5, 3]
    g = [3, 5, 4, 2, 6, 4, 5, 1] + [4, 6, 2, 5, 3, 7] + [np.nan] * 5
    return rated(units, {"A": a, "B": b, "C": g})


# --- the table -----------------------------------------------------------------------------


def test_a_cell_is_the_mean_of_its_raters_with_a_t_interval(three):
    table = seam_map(three)
    own = np.array([5, 6, 4, 3, 5, 6, 7, 2])
    row = cell(table, "A", "B")
    interval = stats.t.interval(0.95, 7, loc=own.mean(), scale=stats.sem(own))
    assert (row["n"], row["score"]) == (8, own.mean())
    assert (row["low"], row["high"]) == pytest.approx(interval, rel=1e-12)
    assert (row["lens"], row["lowest"], row["highest"]) == ("function", 1, 7)


def test_the_gap_is_welchs(three):
    one, other = np.array([5, 6, 4, 3, 5, 6, 7, 2]), np.array([2, 3, 3, 4, 5, 2])
    row = cell(seam_map(three), "A", "B")
    welch = stats.ttest_ind(one, other, equal_var=False).confidence_interval(0.95)
    assert row["gap"] == pytest.approx(one.mean() - other.mean(), rel=1e-12)
    assert (row["gap_low"], row["gap_high"]) == pytest.approx(tuple(welch), rel=1e-12)
    assert row["both"] == pytest.approx((one.mean() + other.mean()) / 2)
    half = (welch.high - welch.low) / 4
    assert (row["both_low"], row["both_high"]) == pytest.approx(
        (row["both"] - half, row["both"] + half), rel=1e-12
    )


def test_both_directions_of_a_pair_mirror_each_other(found):
    keys = ["wave", "from", "to"]
    back = found.rename(columns={"from": "to", "to": "from"})
    both = found.merge(back, on=keys, suffixes=("", "_back"), validate="1:1")
    assert both["reverse"].equals(both["score_back"])
    for one, other, sign in (("gap", "gap", -1), ("gap_low", "gap_high", -1), ("both", "both", 1)):
        np.testing.assert_allclose(both[one], sign * both[f"{other}_back"], rtol=1e-12)
    assert both["priority"].equals(both["priority_back"])


def test_priority_counts_pairs_from_the_lowest(found):
    for _, rows in found.groupby("wave"):
        ranks = rows.sort_values("both")["priority"].to_list()
        assert ranks == sorted([*range(1, 29), *range(1, 29)])
        assert rows.loc[rows["priority"] == 1, "both"].nunique() == 1


def test_the_planted_seams_come_out(found):
    """Effects are in latent standard deviations; the four waves together tell them apart."""
    truth = {tuple(key.split(" -> ")): value for key, value in TRUTH["seams"].items()}
    means = found.groupby(["from", "to"])["score"].mean()
    silos = pd.Series(TRUTH["realised"]["latent_mean_by_function"]["silo_barriers.silos"])
    rater = TRUTH["seam_ratings"]["silos_of_the_rater"]
    expected = pd.Series({pair: value + rater * silos[pair[0]] for pair, value in truth.items()})
    assert means.corr(expected.reindex(means.index)) > 0.95
    worst = min(truth, key=truth.get)
    both = (means + means.swaplevel().reindex(means.index)).sort_values()
    assert set(both.index[0]) == set(worst)
    for wave, rows in found.groupby("wave"):
        assert set(rows.loc[rows["priority"] == 1, "from"]) == set(worst), wave


def test_planted_gaps_are_seen_and_even_seams_are_not_called_more_than_chance_has_it(found):
    truth = {tuple(key.split(" -> ")): value for key, value in TRUTH["seams"].items()}
    silos = TRUTH["realised"]["latent_mean_by_function"]["silo_barriers.silos"]
    rater = TRUTH["seam_ratings"]["silos_of_the_rater"]
    uneven = [(one, other) for one, other in truth if truth[one, other] < truth[other, one]]
    assert len(uneven) == 2
    for one, other in uneven:
        rows = found[(found["from"] == one) & (found["to"] == other)]
        assert (rows["gap"] < 0).all()
        assert (rows["gap_high"] < 0).sum() >= 2, (one, other)
    even = found[[
        truth[row["from"], row["to"]] == truth[row["to"], row["from"]] and row["from"] < row["to"]
        and abs(rater * (silos[row["from"]] - silos[row["to"]])) < 0.05
        for _, row in found.iterrows()
    ]]  # fmt: skip
    called = (even["gap_low"] > 0) | (even["gap_high"] < 0)
    assert len(even) >= 20
    assert called.sum() <= stats.binom.ppf(0.999, len(even), 0.05)


def test_the_order_of_people_and_columns_plays_no_part(three):
    answers = three.answers.iloc[::-1, ::-1]
    turned = replace(three, answers=answers, people=three.people.iloc[::-1])
    pd.testing.assert_frame_equal(seam_map(turned), seam_map(three))


# --- hard cases ----------------------------------------------------------------------------


def test_not_asked_is_one_row_that_says_so():
    survey = survey_of(pd.DataFrame(), people_of({"function": list("AB")}), [])
    table = seam_map(survey)
    assert table["reason"].tolist() == ["not asked in this survey: seam_rating"]
    shown = show_seams(table, plan_reporting(survey))
    assert shown["reason"].tolist() == table["reason"].tolist()


def test_an_instrument_that_rates_no_units_is_refused():
    people = people_of({"function": list("AB")})
    answers = pd.DataFrame({"i1": [1.0, 2.0]}, index=people.index)
    survey = survey_of(answers, people, [scale(["i1"])])
    with pytest.raises(InputError, match="does not rate units"):
        seam_map(survey, "trust")


def test_a_function_with_one_person_and_one_nobody_rates():
    survey = rated(list("AABC"), {"A": [np.nan, np.nan, 3, np.nan], "B": [5] + [np.nan] * 3})
    table = seam_map(survey).set_index(["from", "to"])
    assert table.loc[("B", "A"), ["n", "score", "reason"]].tolist() == [
        1, 3.0, "no interval: one answer",
    ]  # fmt: skip
    assert np.isnan(table.loc[("B", "A"), "gap_low"])
    assert table.loc[("B", "A"), "gap"] == -2
    assert table.loc[("A", "C"), ["n", "reason"]].tolist() == [0, "no data"]
    assert table.loc[("C", "A"), ["n", "reason"]].tolist() == [0, "no data"]
    assert table["priority"].notna().sum() == 2


def test_own_unit_and_people_without_a_unit_are_left_out():
    survey = rated(["A", "A", "B", None], {"A": [7, 6, 3, 1], "B": [5, 4, 7, 1]})
    table = seam_map(survey)
    assert list(zip(table["from"], table["to"], strict=True)) == [("A", "B"), ("B", "A")]
    assert table["n"].tolist() == [2, 1]


def test_one_unit_has_no_seams():
    survey = rated(list("AAAAA"), {"A": [1, 2, 3, 4, 5]})
    table = seam_map(survey)
    assert table.empty
    assert show_seams(table, plan_reporting(survey)).empty


def test_a_wave_without_ratings_says_no_data(three):
    empty = people_of({"function": list("AB")}, wave="2026Q4")
    survey = replace(three, waves=(*three.waves, "2026Q4"), people=pd.concat([three.people, empty]))
    table = seam_map(survey)
    assert set(table.loc[table["wave"] == "2026Q4", "reason"]) == {"no data"}
    pd.testing.assert_frame_equal(table[table["wave"] == WAVE], seam_map(three))


def test_everybody_of_one_mind_has_an_interval_of_nothing_and_is_hidden():
    units = ["A"] * 6 + ["B"] * 6
    survey = rated(units, {"A": [np.nan] * 6 + [4] * 6, "B": [4] * 6 + [np.nan] * 6})
    row = cell(seam_map(survey), "A", "B")
    assert (row["low"], row["high"], row["gap_low"], row["gap_high"]) == (4, 4, 0, 0)
    shown = cell(show_seams(seam_map(survey), plan_reporting(survey)), "A", "B")
    # A mean of 4.0 may come from many sets of answers; an interval of nothing from one only.
    assert (shown["score"], shown["shown"]) == (4.0, True)
    assert np.isnan(shown["low"])
    assert shown["reason"] == "interval hidden (it would tell single answers)"


# --- what may be told ----------------------------------------------------------------------


def test_means_are_rounded_and_the_pair_is_made_of_what_is_shown(sample, found):
    table = show_seams(found, plan_reporting(sample))
    assert table["shown"].all()
    many = found["n"] >= 100
    assert many.any()
    assert not many.all()
    for name in ("score", "low", "high"):
        expected = found[name].round(1).where(~many, found[name].round(2))
        np.testing.assert_allclose(table[name], expected, atol=1e-12)
    np.testing.assert_allclose(table["gap"], table["score"] - table["reverse"], atol=1e-9)
    np.testing.assert_allclose(table["both"], (table["score"] + table["reverse"]) / 2, atol=0.0051)
    np.testing.assert_allclose(table["gap_low"], found["gap_low"], atol=0.25)
    assert table.groupby(["wave", "priority"]).size().eq(2).all()


def test_what_the_plan_hides_leaves_no_trace():
    """Whatever C's and D's people answer, and however they are rated: the same bytes."""
    units = list("AAAAAAAABBBBBBCCCCD")
    draws = np.random.default_rng(5).integers(1, 8, (len(units), 4)).astype("float64")
    own = np.array(units)[:, None] == np.array(list("ABCD"))
    answers = np.where(own, np.nan, draws)
    survey = rated(units, dict(zip("ABCD", answers.T, strict=True)))
    plan = plan_reporting(survey)
    table = show_seams(seam_map(survey), plan)
    told = table.set_index(["from", "to"])["reason"]
    assert told["C", "A"] == told["D", "B"] == told["C", "D"] == "hidden (<5)"
    assert told["A", "C"] == told["B", "D"] == "hidden (about <5 people)"
    assert told["A", "B"] == told["B", "A"] == ""
    assert table.loc[~table["shown"], NUMBERS].isna().all().all()
    turned = answers.copy()
    turned[14:] = 8 - turned[14:]
    turned[:, 2:] = 8 - turned[:, 2:]
    other = rated(units, dict(zip("ABCD", turned.T, strict=True)))
    assert not seam_map(other).equals(seam_map(survey))
    pd.testing.assert_frame_equal(show_seams(seam_map(other), plan), table)


def test_few_raters_are_hidden_and_the_other_direction_tells_nothing_of_them(three):
    answers = three.answers.copy()
    answers.iloc[4:8, 1] = np.nan  # only four of A rate B
    survey = replace(three, answers=answers)
    plan = plan_reporting(survey)
    table = show_seams(seam_map(survey), plan).set_index(["from", "to"])
    assert table.loc[("A", "B"), "reason"] == "hidden (<5)"
    other = table.loc[("B", "A")]
    assert other["shown"]
    pair = ["reverse", "gap", "gap_low", "gap_high", "both", "both_low", "both_high", "priority"]
    assert other[pair].isna().all()
    answers.iloc[:4, 1] = [1, 1, 2, 7]
    again = show_seams(seam_map(replace(three, answers=answers)), plan).set_index(["from", "to"])
    pd.testing.assert_frame_equal(again, table)


def test_a_mean_at_the_end_of_the_range_is_hidden():
    units = ["A"] * 6 + ["B"] * 6
    survey = rated(
        units, {"A": [np.nan] * 6 + [1, 5, 3, 4, 6, 2], "B": [7, 7, 7, 7, 7, 6] + [np.nan] * 6}
    )
    table = show_seams(seam_map(survey), plan_reporting(survey)).set_index(["from", "to"])
    assert table.loc[("A", "B"), "reason"] == "hidden (nearly everybody answered alike)"
    assert table.loc[("A", "B"), NUMBERS].isna().all()
    assert table.loc[("B", "A"), "score"] == 3.5


def test_a_wave_that_is_not_in_the_plan_is_hidden(three):
    plan = plan_reporting(three)
    table = show_seams(seam_map(three).assign(wave="2031Q1"), plan)
    assert set(table["reason"]) == {"hidden (not in the plan)"}


def test_another_table_is_refused(three):
    plan = plan_reporting(three)
    with pytest.raises(InputError, match="pairs of units"):
        show_seams(pd.DataFrame({"unit": ["A"]}), plan)
    with pytest.raises(InputError, match="no seam map"):
        show_seams(seam_map(three).drop(columns="gap"), plan)


# --- how many sets of answers --------------------------------------------------------------


@pytest.mark.parametrize(("n", "low", "high"), [(5, 1, 7), (6, 1, 5), (7, 0, 3), (9, 1, 2)])
def test_sets_are_counted_as_listing_them_does(n, low, high):
    lists = [
        np.array(one) for one in itertools.combinations_with_replacement(range(low, high + 1), n)
    ]
    t = stats.t.ppf(0.975, n - 1)
    told = []
    for one in lists:
        half = t * one.std(ddof=1) / np.sqrt(n)
        told.append(tuple(np.round([one.mean(), one.mean() - half, one.mean() + half], 1) + 0.0))
    means = [mean for mean, *_ in told]
    for one in told:
        assert sets_with_mean(n, low, high, one[0], 1) == min(means.count(one[0]), 5)
        assert sets_with_interval(n, low, high, one, 1) == min(told.count(one), 5)


@pytest.mark.parametrize("high", [2, 3, 4, 7])
def test_many_people_near_an_end_are_counted_as_well(high):
    """Sets near the end are the ways to write the distance with steps up to the range's width."""
    n = 31
    for away in range(12):
        parts = [range(away // step + 1) for step in range(1, high)]
        ways = sum(
            sum((place + 1) * count for place, count in enumerate(one)) == away
            for one in itertools.product(*parts)
        )
        assert sets_with_mean(n, 1, high, round(1 + away / n, 2), 2) == min(ways, 5), away


def test_a_mean_near_the_end_gathers_all_sums_that_round_to_it():
    # 6.995 of 400 people: two steps below all sevens, in two ways; one step and none round to it.
    assert sets_with_mean(400, 1, 7, 7.0, 2) == 4


# ---------------------------------------------------------------------------- the first ones
def test_the_first_seams_are_the_planted_ones_each_once(sample, found):
    shown = show_seams(found, plan_reporting(sample))
    last = first_seams(shown).query(f"wave == '{sample.wave}'")
    assert len(last) == 10
    assert last["priority"].tolist() == list(range(1, 11))
    assert last["both"].is_monotonic_increasing
    assert (last["score"] <= last["reverse"]).all()
    assert (last["gap"] <= 0).all()
    top = last.iloc[0]
    assert {top["from"], top["to"]} == {"Operations", "Product"}
    assert top["verdict"].startswith("lower than the seams together")
    pairs = [frozenset(pair) for pair in zip(last["from"], last["to"], strict=True)]
    assert len(set(pairs)) == 10


def test_a_gap_is_named_with_the_side_that_rates_lower(three):
    rows = show_seams(seam_map(three), plan_reporting(three))
    some = first_seams(rows)
    assert len(some) >= 1
    for row in some.to_dict("records"):
        named = f"{row['from']} sees it lower than {row['to']}" in row["verdict"]
        assert named == (row["gap_high"] < 0)
    assert len(first_seams(rows, most=1)) == 1


def test_no_pair_from_both_sides_says_so():
    people = people_of({"function": list("aaaabbbb")})
    survey = survey_of(pd.DataFrame(index=people.index), people, [])
    (row,) = first_seams(show_seams(seam_map(survey), plan_reporting(survey))).to_dict("records")
    assert row["reason"] == "not asked in this survey: seam_rating"
    assert np.isnan(row["both"])
    with pytest.raises(InputError, match="may be shown"):
        first_seams(seam_map(survey))
