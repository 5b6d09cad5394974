"""The dossier on teams: its numbers, its verdicts at every limit, and what a plan leaves of it."""

from __future__ import annotations

from dataclasses import replace
from itertools import product

import numpy as np
import pandas as pd
import pytest

from cultureplus.agreement import agreement_test, icc, unit_reliability, within_group
from cultureplus.disclosure.plan import plan_reporting
from cultureplus.dossier import _verdict, agreement_bands, team_agreement, team_dossier
from cultureplus.errors import InputError
from cultureplus.instrument import Item
from cultureplus.pooled_agreement import pooled_agreement
from tests.small_surveys import army, people_of, scale, survey_of

ITEMS = ["a", "b", "c"]
MODELS = ("", "consensus", "referent_shift", "additive", "dispersion")


def in_teams(sizes, *, shared=1.0, own=0.5, seed=1, items=ITEMS):
    """Answers 1 to 5 of people in teams, and the people: how far teams and people are apart."""
    draw = np.random.default_rng(seed)
    team = np.repeat(np.arange(len(sizes)), sizes)
    common = 3 + shared * draw.normal(size=len(sizes))[team]
    raw = common[:, None] + own * draw.normal(size=(len(team), len(items)))
    people = people_of(
        {"team": [f"t{place:02d}" for place in team], "function": [f"f{n % 4}" for n in team]}
    )
    return pd.DataFrame(np.clip(np.round(raw), 1, 5), index=people.index, columns=items), people


def dossier_of(answers, people, *, composition="referent_shift", by="team", **options):
    instrument = replace(scale(list(answers), **options), composition=composition)
    (row,) = team_dossier(survey_of(answers, people, [instrument]), by).to_dict("records")
    return row


# ---------------------------------------------------------------------------- numbers
def test_the_numbers_are_those_of_the_analyses():
    answers, people = in_teams([3, 4, 5, 6, 7, 8, 2, 3, 4, 5, 1])
    answers.iloc[4, 0] = np.nan
    row = dossier_of(answers, people)
    team = people["team"]
    scores = answers.mean(axis=1).where(answers.notna().all(axis=1))  # 2 of 3 are below 0.8
    for name, value in icc(scores, team).items():
        assert row[name] == value, name
    each = within_group(answers, team, 1, 5)
    each = each[each["n"] >= 2]
    assert row["rwg_median"] == each["rwg"].median()
    assert (row["ad_m"], row["a_wg"]) == (each["ad_m"].median(), each["a_wg"].median())
    pooled = pooled_agreement(answers, team, 1, 5)
    assert [row["rwg_pooled"], row["r_star"]] == [pooled["rwg"], pooled["r_star"]]
    assert [row["rwg_low"], row["rwg_high"]] == [pooled["rwg_low"], pooled["rwg_high"]]
    assert row["reliability"] == unit_reliability(scores, team)["reliability"].median()
    tested = agreement_test(answers, team, 1, 5, seed=1, draws=2000)["p"].dropna()
    assert len(tested) == 10
    assert row["agreeing"] == (tested <= 0.05).mean()


def test_the_range_is_the_declared_one():
    answers, people = in_teams([6] * 12)
    assert dossier_of(answers, people, high=7)["r_star"] > dossier_of(answers, people)["r_star"]


def test_every_scale_stands_in_every_wave():
    frame = army()
    items = ["hostile_1", "hostile_2"]
    parts, answers = [], []
    for wave in ("1", "2"):
        parts.append(people_of({"team": frame["company"]}, wave=wave))
        answers.append(frame[items].set_axis(parts[-1].index))
    answers[1] = answers[1] * np.nan
    instruments = [scale([item], name=item, low=0, high=4) for item in items]
    survey = survey_of(pd.concat(answers), pd.concat(parts), instruments)
    found = team_dossier(survey)
    assert found[["scale", "wave"]].to_numpy().tolist() == [
        ["hostile_1", "1"], ["hostile_1", "2"], ["hostile_2", "1"], ["hostile_2", "2"],
    ]  # fmt: skip
    for row in found[found["wave"] == "1"].itertuples():
        assert row.icc1 == icc(frame[row.scale], frame["company"])["icc1"]
        assert row.reason == ""
    gone = found[found["wave"] == "2"]
    assert (gone["reason"] == "not estimable: nobody has a score").all()
    assert (gone["verdict"] == "Not to be spoken of: nobody has a score.").all()
    assert (gone["speak"] == "no").all()
    units = team_agreement(survey)
    assert units.loc[units["wave"] == "2", ["rwg", "reliability"]].isna().all(axis=None)


def test_subscales_stand_beside_their_scale():
    answers, people = in_teams([5] * 12, items=list("abcd"))
    whole = scale(list("abcd"))
    items = tuple(Item(name, subscale="x" if name in "ab" else "y") for name in "abcd")
    parted = replace(whole, items=items, subscales={"x": "X", "y": "Y"})
    found = team_dossier(survey_of(answers, people, [parted])).set_index("scale")
    assert list(found.index) == ["trust", "trust.x", "trust.y"]
    alone = dossier_of(answers[["a", "b"]], people)
    assert found.loc["trust.x", "icc1"] == alone["icc1"]
    assert found.loc["trust.x", "rwg_median"] == alone["rwg_median"]


# ---------------------------------------------------------------------------- verdicts
def judged(composition, *, agree=0.80, low=0.05, icc2=0.80, icc1=0.20, high=0.40, referent="team"):
    row = {
        "icc1": icc1, "icc1_low": low, "icc1_high": high, "icc2": icc2, "rwg_median": agree,
    }  # fmt: skip
    return _verdict(row, replace(scale(["a"]), composition=composition, referent=referent), "team")


# Judged to two decimals, as they are said.
AGREEMENT = {
    0.20: "too little", 0.50: "too little", 0.5049: "too little", 0.5051: "moderately",
    0.51: "moderately", 0.7049: "moderately", 0.7051: "well", 0.71: "well", 1.0: "well",
}  # fmt: skip
SINGLE = {-0.4: False, 0.0: False, 0.49: False, 0.6949: False, 0.6951: True, 0.70: True, 0.95: True}
DIFFER = {-0.1: False, 0.0: False, 1e-9: True, 0.2: True}
HEADS = {
    "no": "Not to be spoken of at the level of teams: ",
    "yes": "May be spoken of at the level of teams: ",
    "with care": "May be spoken of with care: ",
}


@pytest.mark.parametrize("composition", ["", "consensus", "referent_shift"])
def test_who_reports_on_something_shared_must_agree_and_teams_must_differ(composition):
    for agree, low, icc2 in product(AGREEMENT, DIFFER, SINGLE):
        speak, verdict = judged(composition, agree=agree, low=low, icc2=icc2)
        if not DIFFER[low] or AGREEMENT[agree] == "too little":
            expected = "no"
        elif AGREEMENT[agree] == "well" and SINGLE[icc2]:
            expected = "yes"
        else:
            expected = "with care"
        assert speak == expected, (agree, low, icc2)
        assert verdict.startswith(HEADS[speak])
        assert f"the typical team agrees {AGREEMENT[agree]} " in verdict
        assert ("teams differ" in verdict) == DIFFER[low]


@pytest.mark.parametrize(
    ("low", "icc2", "speak"),
    [(0.1, 0.70, "yes"), (0.1, 0.69, "with care"), (0.0, 0.9, "with care"), (-0.2, 0, "with care")],
)
@pytest.mark.parametrize("agree", [0.0, 0.6, 0.9, np.nan])
def test_a_sum_of_people_needs_no_agreement(agree, low, icc2, speak):
    found, verdict = judged("additive", agree=agree, low=low, icc2=icc2)
    assert found == speak
    assert "agrees" not in verdict
    given = "May be given for a team, but teams not compared: "
    assert verdict.startswith(HEADS[speak] if low > 0 else given)
    assert verdict.endswith("The mean is the sum of its people and needs no agreement.")


@pytest.mark.parametrize("agree", [0.0, 0.9])
def test_of_how_far_people_differ_no_mean_speaks(agree):
    speak, verdict = judged("dispersion", agree=agree, icc2=0.99)
    assert speak == "no"
    assert verdict == (
        "The construct is how far people differ: speak of the spread within teams, not of their "
        "means."
    )


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({}, "agrees well (median rwg .80)"),
        ({"agree": 1.0}, "(median rwg 1.00)"),
        ({"agree": 0.0}, "agrees too little (median rwg .00)"),
        ({"icc1": -0.001, "low": -0.1}, "(ICC(1) .00, interval holds 0)"),
        ({"icc1": -0.02, "low": -0.1}, "(ICC(1) -.02, interval holds 0)"),
        ({"icc1": -0.2, "low": -0.3, "high": -0.1}, "told apart (ICC(1) -.20, interval below 0)"),
        ({"icc1": 0.2}, "teams differ (ICC(1) .20, interval above 0)"),
        ({"icc2": 0.42}, "reliable at .42, too little to single one out."),
        ({"icc2": 0.499}, "reliable at .50."),
        ({"icc2": -0.7}, "reliable at .00, too little"),
        ({"referent": "organisation"}, " It is asked of the organisation: a mean is its picture"),
    ],
)
def test_the_words_of_a_verdict(options, words):
    assert words in judged("referent_shift", **options)[1]


def test_what_the_team_is_asked_about_needs_no_remark():
    for referent in ("team", "person", "leader", ""):
        assert "It is asked of" not in judged("consensus", referent=referent)[1]
    assert "It is asked of" not in judged("additive", referent="organisation")[1]
    assert "No composition model is declared" in judged("")[1]


PLANTED = {
    "shared": ({"shared": 1.0, "own": 0.4}, ["yes", "yes", "yes", "yes", "no"]),
    "nobody agrees": ({"shared": 1.2, "own": 2.5}, ["no", "no", "no", "with care", "no"]),
    "no team differs": ({"shared": 0.0, "own": 0.4}, ["no", "no", "no", "with care", "no"]),
}


@pytest.mark.parametrize(("options", "speak"), PLANTED.values(), ids=list(PLANTED))
def test_planted_teams_get_their_verdict(options, speak):
    answers, people = in_teams([8] * 25, **options)
    found = [dossier_of(answers, people, composition=model)["speak"] for model in MODELS]
    assert found == speak


def test_the_dossier_of_functions_speaks_of_functions():
    answers, people = in_teams([6] * 24)
    row = dossier_of(answers, people, by="function")
    assert row["n_groups"] == 4
    assert row["icc1"] == icc(answers.mean(axis=1), people["function"])["icc1"]
    assert np.isnan(row["rwg_pooled"])  # four functions say little of others
    assert "the typical function agrees" in row["verdict"]
    assert "team" not in row["verdict"]


# ---------------------------------------------------------------------------- not estimable
# Numbers like 4.1 are no sums of halves: their means differ from them in the sixteenth place.
HARD = {
    "nobody": ([np.nan] * 15, list("aaabbbcccdddeee"), "nobody has a score"),
    "one team": ([1.1, 2.3, 3.7] * 5, ["a"] * 15, "one team only"),
    "no team": ([1.1, 2.3, 3.7] * 5, [None] * 15, "nobody who has a score has a team"),
    "teams of one": ([1.1, 2.3, 3.7] * 5, [f"t{n}" for n in range(15)], "has one person"),
    "constant": ([4.1] * 15, list("aaabbbcccdddeee"), "no variance"),
    "constant in each team": (
        [v for v in (1.1, 2.3, 3.7, 4.1, 2.9) for _ in range(3)], list("aaabbbcccdddeee"),
        "no variance",
    ),
    "teams with one mean": ([1.1, 2.3, 3.7] * 5, list("aaabbbcccdddeee"), "no variance"),
    "nine degrees of freedom": (
        [1.0, 2.0, 4.0] * 4 + [1.0, 2.0], list("aaabbbcccdddee"),
        "9 degrees of freedom within teams, at least 10 needed",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("values", "group", "reason"), HARD.values(), ids=list(HARD))
@pytest.mark.parametrize("composition", ["referent_shift", "additive"])
def test_what_can_not_be_estimated_is_missing_and_says_why(values, group, reason, composition):
    people = people_of({"team": ["x"] * len(values)})
    people["team"] = pd.Series(group, index=people.index, dtype="str")
    answers = pd.DataFrame({"a": values}, index=people.index)
    row = dossier_of(answers, people, composition=composition)
    assert row["reason"].startswith("not estimable: ")
    assert reason in row["reason"]
    assert row["verdict"] == f"Not to be spoken of: {row['reason'][15:]}."
    assert row["speak"] == "no"
    assert np.isnan(row["icc1"])
    survey = survey_of(answers, people, [scale(["a"])])
    assert len(team_agreement(survey)) == len(set(group) - {None})


def test_ten_degrees_of_freedom_are_enough():
    people = people_of({"team": list("aaabbbcccdddeee")})
    answers = pd.DataFrame({"a": [1.0, 2, 4, 2, 3, 3, 4, 5, 5, 1, 1, 2, 3, 4, 4]}, people.index)
    row = dossier_of(answers, people)
    assert row["reason"] == ""
    assert row["icc1"] == pytest.approx(icc(answers["a"], people["team"])["icc1"])


@pytest.mark.parametrize("composition", MODELS)
def test_an_item_that_nobody_answered_leaves_scores_but_no_agreement(composition):
    """With four items of five there is a score, and no complete row."""
    answers, people = in_teams([8] * 12, items=list("abcde"))
    row = dossier_of(answers.assign(e=np.nan), people, composition=composition)
    assert row["icc1"] > 0
    assert np.isnan(row["rwg_median"])
    assert "nan" not in row["verdict"]
    if composition in ("additive", "dispersion"):
        assert row["reason"] == ""
        assert row["speak"] == ("yes" if composition == "additive" else "no")
    else:
        assert row["reason"] == "not estimable: no team has two complete rows"
        assert row["speak"] == "no"


def test_a_constant_item_and_scales_of_one_item_are_no_hindrance():
    answers, people = in_teams([8] * 12)
    one = dossier_of(answers[["a"]], people)
    assert one["reason"] == ""
    assert one["rwg_median"] == within_group(answers[["a"]], people["team"], 1, 5)["rwg"].median()
    assert dossier_of(answers.assign(b=3.0), people)["reason"] == ""


def test_a_survey_without_the_lens_says_so():
    people = people_of({"function": ["x", "y"]})
    answers = pd.DataFrame({"a": [1.0, 2.0]}, index=people.index)
    survey = survey_of(answers, people, [scale(["a"])])
    (row,) = team_dossier(survey).to_dict("records")
    assert (row["reason"], row["speak"]) == ("this survey has no team", "no")
    assert team_dossier(survey, by="function").loc[0, "reason"].endswith("has one person")
    assert len(team_agreement(survey)) == 0
    unrated = survey_of(answers[[]], people, [])
    assert len(team_dossier(unrated, by="function")) == 0
    shown = plan_reporting(unrated).apply(team_agreement(unrated, by="function"))
    assert len(agreement_bands(shown)) == 0


# ---------------------------------------------------------------------------- order and chance
def test_the_order_of_people_and_of_items_changes_nothing():
    answers, people = in_teams([4, 5, 6, 7, 3, 5, 6, 4, 8, 2, 1])
    survey = survey_of(answers, people, [scale(ITEMS)])
    rows = np.random.default_rng(5).permutation(len(people))
    mixed = survey_of(answers.iloc[rows][["c", "a", "b"]], people, [scale(["b", "c", "a"])])
    for table in (team_dossier, team_agreement):
        pd.testing.assert_frame_equal(table(survey), table(mixed), rtol=1e-9, atol=1e-12)
        pd.testing.assert_frame_equal(table(survey), table(survey))


def test_people_without_a_team_are_left_out():
    answers, people = in_teams([6] * 12)
    some = people.copy()
    some["team"] = some["team"].where(np.arange(len(some)) % 6 != 0)
    row = dossier_of(answers, some)
    kept = some["team"].notna()
    assert row["n"] == kept.sum()
    assert row["rwg_median"] == dossier_of(answers[kept], people[kept])["rwg_median"]


# ---------------------------------------------------------------------------- units and a plan
def test_units_have_the_numbers_of_their_people():
    answers, people = in_teams([5, 6, 7, 1, 8, 9, 5, 6, 5, 6])
    found = team_agreement(survey_of(answers, people, [scale(ITEMS)]))
    each = within_group(answers, people["team"], 1, 5)
    for name in ("n", "band", "rwg", "r_star", "ad_m", "a_wg", "reason"):
        pd.testing.assert_series_equal(found[name], each[name], check_names=False)
    assert set(found["lens"]) == {"team"}
    p = agreement_test(answers, people["team"], 1, 5, seed=1, draws=2000)["p"]
    assert found["beyond_chance"].isna().tolist() == p.isna().tolist()
    assert found["beyond_chance"].dropna().tolist() == (p.dropna() <= 0.05).tolist()
    assert found["beyond_chance"].any()


def test_a_plan_leaves_nothing_of_hidden_teams():
    answers, people = in_teams([3, 6, 8, 5, 9, 4, 7, 12, 5, 6])
    survey = survey_of(answers, people, [scale(ITEMS)])
    units = team_agreement(survey)
    assert (units["band"] != "").all()
    shown = plan_reporting(survey).apply(units)
    hidden = shown[~shown["shown"]]
    assert {"t00", "t05"} <= set(hidden["unit"])
    assert (hidden["band"] == "").all()
    numbers = ["n", "beyond_chance", "reliability", "rwg", "r_star", "ad_m", "a_wg"]
    assert hidden[numbers].isna().all(axis=None)
    assert hidden["reason"].str.startswith("hidden").all()
    rest = shown[shown["shown"]]
    assert rest["band"].tolist() == units.loc[rest.index, "band"].tolist()
    for name in ("rwg", "r_star", "ad_m", "a_wg"):
        assert rest[name].isna().all(), name  # of few people the word alone
    # The same answers with other people in the hidden teams give the same table.
    other = answers.copy()
    few = people["team"].isin(hidden["unit"])
    other.loc[few] = 6 - other.loc[few].to_numpy()[::-1]
    again = plan_reporting(survey).apply(team_agreement(survey_of(other, people, [scale(ITEMS)])))
    about = ["unit", "band", "rwg", "r_star", "ad_m", "a_wg", "shown", "reason"]
    pd.testing.assert_frame_equal(shown[about], again[about])


def test_bands_count_shown_teams_alone():
    answers, people = in_teams([3, 6, 8, 5, 9, 4, 7, 12, 5, 6])
    survey = survey_of(answers, people, [scale(ITEMS)])
    shown = plan_reporting(survey).apply(team_agreement(survey))
    found = agreement_bands(shown)
    assert found["band"].tolist() == ["none", "weak", "moderate", "strong", "very strong"]
    rest = shown[shown["shown"]]
    assert found["n_units"].sum() == len(rest) < 10
    assert set(found["n_hidden"]) == {10 - len(rest)}
    for row in found.itertuples():
        assert row.n_units == (rest["band"] == row.band).sum()
        assert row.share == row.n_units / len(rest)
    with pytest.raises(InputError, match="only after a reporting plan"):
        agreement_bands(team_agreement(survey))


def test_bands_of_nothing_that_can_be_shown_say_so():
    answers, people = in_teams([3, 4, 3, 4])
    survey = survey_of(answers, people, [scale(ITEMS)])
    found = agreement_bands(plan_reporting(survey).apply(team_agreement(survey)))
    assert found["n_units"].eq(0).all()
    assert found["share"].isna().all()
    assert set(found["reason"]) == {"no unit can be shown"}
    assert set(found["n_hidden"]) == {4}


def test_a_band_that_stands_beside_a_hidden_team_is_not_counted():
    table = pd.DataFrame(
        {
            "wave": "Q1", "lens": "team", "scale": "trust", "unit": list("abc"),
            "band": ["weak", "strong", "strong"], "shown": [True, True, False],
        }
    )  # fmt: skip
    found = agreement_bands(table).set_index("band")
    assert found["n_units"].to_dict() == {
        "none": 0, "weak": 1, "moderate": 0, "strong": 1, "very strong": 0,
    }  # fmt: skip
    assert found["share"].sum() == 1
    assert set(found["n_hidden"]) == {1}
