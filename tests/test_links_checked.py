"""Links held against their source and against other choices, and put into words."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from cultureplus.declared import OUTCOMES, PREDICTORS
from cultureplus.errors import InputError
from cultureplus.intake import read_survey
from cultureplus.link_sensitivity import AS_REPORTED, link_choices, link_ranges
from cultureplus.link_words import link_sentences
from cultureplus.relate import silo_links
from cultureplus.same_source import same_source_check
from tests.small_surveys import ROOT, scores_of


# ---------------------------------------------------------------------------- one source
def teams_of(size=8, teams=60, *, mood=0.0, shared=0.0, seed=4):
    """x and y in teams: a mood that colours both answers, a state that the team shares."""
    rng = np.random.default_rng(seed)
    group = np.repeat(np.arange(teams), size)
    colour, state = rng.normal(size=len(group)), rng.normal(size=teams)[group]
    x = rng.normal(size=len(group)) + mood * colour + shared * state
    y = rng.normal(size=len(group)) + mood * colour + shared * state
    return scores_of({"x": x, "y": y}, {"team": [f"t{n:02d}" for n in group]})


def checked(scores, **options):
    (row,) = same_source_check(scores, outcome="y", predictors=["x"], **options).to_dict("records")
    return row


def test_a_mood_is_found_out_and_a_shared_state_is_not():
    moody = checked(teams_of(mood=1.0))
    assert moody["same_people"] > 0.35
    assert abs(moody["other_people"]) < 0.15
    assert moody["low"] > 0
    assert moody["verdict"].startswith("Part of the link needs the same people on both sides")
    shared = checked(teams_of(shared=0.7))
    assert shared["other_people"] > 0.3
    assert shared["low"] < 0 < shared["high"]
    assert shared["verdict"].startswith("No sign that the link needs the same people")


def test_the_expected_correlations_of_halves():
    """Halves of four: variance of a mean 1/4 + what the team shares."""
    found = [checked(teams_of(shared=1.0, teams=150, seed=seed)) for seed in range(5)]
    expected = 1.0 / (1.0 + 1.0 / 4)
    assert np.mean([row["same_people"] for row in found]) == pytest.approx(expected, abs=0.03)
    assert np.mean([row["other_people"] for row in found]) == pytest.approx(expected, abs=0.03)


def test_the_interval_of_the_difference_holds_nought_where_nothing_differs():
    outside = sum(
        not row["low"] <= 0 <= row["high"]
        for row in (checked(teams_of(teams=30, size=6, seed=s), splits=40) for s in range(60))
    )
    assert outside <= 9  # binomial(60, .05) passes 9 with p .001


def test_order_and_seed():
    scores = teams_of(mood=0.5, teams=20)
    first = same_source_check(scores, outcome="y", predictors=["x"])
    again = same_source_check(scores.sample(frac=1, random_state=3), outcome="y", predictors=["x"])
    pd.testing.assert_frame_equal(first, again)
    other = same_source_check(scores, outcome="y", predictors=["x"], seed=2)
    assert other.loc[0, "same_people"] != first.loc[0, "same_people"]


@pytest.mark.parametrize(
    ("scores", "reason"),
    [
        (teams_of(teams=12), "9 teams of 4 and more, less three, at least 10 needed"),
        (teams_of(size=3), "-3 teams of 4"),
        (teams_of().assign(x=1.0), "everybody has the same score"),
        (teams_of().drop(columns="team"), "this survey has no team"),
    ],
    ids=["twelve teams", "teams of three", "constant", "no lens"],
)
def test_what_can_not_be_checked_says_why(scores, reason):
    row = checked(scores)
    assert reason in row["reason"]
    assert np.isnan(row["difference"])
    assert row["verdict"] == ""


def test_a_declared_scale_that_was_not_asked_says_so_and_a_misspelt_one_is_refused():
    found = same_source_check(teams_of(), predictors=["x"])
    assert found["reason"].str.startswith("not asked in this survey: silo_barriers.").all()
    with pytest.raises(InputError, match="There is no scale 'z'"):
        same_source_check(teams_of(), outcome="y", predictors=["z"])


def test_too_few_halves_are_refused():
    with pytest.raises(InputError, match="at least 20"):
        same_source_check(teams_of(), outcome="y", predictors=["x"], splits=5)


# ---------------------------------------------------------------------------- in words
def link(effect="within", *, std=-0.4, p=0.001, reason=""):
    return {
        "outcome": "silo_barriers.silos", "predictor": "psychological_safety", "effect": effect,
        "std": std, "std_low": std - 0.1, "std_high": std + 0.1, "p_adjusted": p,
        "detectable": 0.12, "reason": reason,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("rows", "words"),
    [
        ([link()], ["rate 'silos' lower", "a medium link (-.40; -.50 to -.30)"]),
        ([link(std=0.55)], ["rate 'silos' higher", "a large link (.55; .45 to .65)"]),
        ([link(std=-0.1)], ["a small link (-.10; -.20 to .00)"]),
        ([link(std=0.05)], ["a very small link"]),
        ([link(p=0.2)], ["no link found; one below .12 could not have been seen"]),
        ([link("between")], ["Between teams: teams higher on psychological safety rate"]),
        ([link(std=np.nan, reason="not estimable: 9 rows")], ["Within teams: not estimable: 9"]),
        ([link("", std=np.nan, reason="not asked in this survey: x")], ["not asked in this"]),
    ],
)
def test_sentences(rows, words):
    (sentence,) = link_sentences(pd.DataFrame(rows))["sentence"]
    for part in words:
        assert part in sentence
    assert "cause" not in sentence


def test_sentences_need_a_table_of_links():
    with pytest.raises(InputError, match="table of silo_links"):
        link_sentences(pd.DataFrame({"outcome": []}))


# ---------------------------------------------------------------------------- other choices
@pytest.fixture(scope="module")
def survey():
    whole = read_survey(ROOT / "data" / "sample")
    return whole.in_waves([whole.wave])


@pytest.fixture(scope="module")
def choices(survey):
    return link_choices(survey)


def test_every_link_stands_under_every_choice(choices):
    assert choices["choice"].unique().tolist() == [
        AS_REPORTED, "without the flagged", "half of the items enough", "teams of five and more",
        "nothing adjusted for", "each score alone",
    ]  # fmt: skip
    assert (choices.groupby("choice").size() == 2 * len(OUTCOMES) * len(PREDICTORS)).all()


def test_as_reported_is_what_is_reported(survey, choices):
    from cultureplus.scoring import score

    links = silo_links(score(survey))
    links = links[links["effect"] != "contextual"]
    mine = choices[choices["choice"] == AS_REPORTED]
    assert mine["std"].tolist() == links["std"].tolist()
    ranges = link_ranges(choices)
    assert ranges["std"].tolist() == links["std"].tolist()
    assert (ranges["smallest"] <= ranges["std"]).all()
    assert (ranges["std"] <= ranges["largest"]).all()


def test_the_true_links_stand_under_every_choice(choices):
    ranges = link_ranges(choices)
    mine = ranges["outcome"].eq("silo_barriers.silos")
    true = ranges[mine & ranges["predictor"].eq("collaboration_skill")]
    assert len(true) == 2
    assert true["same_sign"].all()
    assert (true["largest"] < -0.2).all()


def test_what_differs_by_few_people_is_hidden(choices):
    hidden = choices[choices["reason"].str.startswith("hidden")]
    assert hidden[["n", "std", "std_low", "std_high"]].isna().all(axis=None)
    reported = choices[choices["choice"] == AS_REPORTED]["n"].iloc[0]
    apart = (choices["n"] - reported).abs().dropna()
    assert not apart.between(1, 9).any()
    assert len(hidden)  # in the sample some choices differ by few


def test_a_survey_without_teams_still_says_why(survey):
    import dataclasses

    alone = dataclasses.replace(
        survey, lenses=("function",), people=survey.people.drop(columns="team")
    )
    found = link_choices(alone)
    assert found["std"].isna().all()
    assert found["reason"].str.contains("no team").all()
