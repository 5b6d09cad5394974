"""Whether groups may be compared: planted bias is found, and warned of where it lies alone.

The surveys are drawn: two short scales answered in five steps, two languages, functions, waves.
Groups of equal standing would answer alike; the bias is what is put on top.
"""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import numpy as np
import pandas as pd
import pytest

from cultureplus.change import compare_waves
from cultureplus.comparability import _joined, compare_groups, with_warnings
from cultureplus.errors import InputError
from cultureplus.factor import invariance
from cultureplus.instrument import Item
from cultureplus.scoring import score
from cultureplus.survey import Survey
from cultureplus.units import unit_scores
from tests.small_surveys import people_of, scale, survey_of

CUTS = np.array([-1.4, -0.5, 0.3, 1.2])
LOADINGS = (0.8, 0.7, 0.75, 0.65, 0.7)
SCALES = {"care": 4, "trust": 5}


def wave_of(n, draw, wave, scales, biased, bias):
    """One wave of people, and their answers; `biased` are those whom the bias meets."""
    people = people_of(
        {
            "function": [f"F{place % 2}" for place in range(n)],
            "language": ["de" if place // 2 % 2 else "en" for place in range(n)],
        },
        wave=wave,
    )
    met = biased(people)
    answers = {}
    for name, items in scales.items():
        standing = draw.normal(size=n) + 0.4 * (people["language"] == "de").to_numpy()
        for place in range(items):
            mine = met & (name == bias.get("scale", "trust")) & (place in bias.get("items", [1]))
            loading = LOADINGS[place] * np.where(mine, bias.get("weaker", 1.0), 1.0)
            own = np.sqrt(1 - LOADINGS[place] ** 2)
            raw = loading * standing + own * draw.normal(size=n) + bias.get("shift", 0.0) * mine
            apart = CUTS + bias.get("steps", 0.0) * np.array([1, -1, 1, -1])
            given = np.where(mine, np.searchsorted(apart, raw), np.searchsorted(CUTS, raw))
            answers[f"{name}_{place}"] = 1.0 + given
    return people, pd.DataFrame(answers, index=people.index)


def surveyed(n, *, by="language", unit="de", seed=1, waves=1, scales=SCALES, **bias) -> Survey:
    """A survey in which one unit answers an item otherwise than people of equal standing."""
    draw = np.random.default_rng(seed)
    parts = []
    for place in range(waves):

        def biased(people, place=place):
            if by == "wave":
                return np.full(len(people), place == 1 and bool(bias))
            return (people[by] == unit).to_numpy() & bool(bias)

        parts.append(wave_of(n, draw, f"w{place + 1}", scales, biased, bias))
    people, answers = (pd.concat(each) for each in zip(*parts, strict=True))
    instruments = [
        scale([f"{name}_{place}" for place in range(items)], name=name)
        for name, items in scales.items()
    ]
    survey = survey_of(answers, people, instruments)
    return replace(survey, lenses=("function",))


def first_failures(ladders: pd.DataFrame) -> dict[tuple[str, str], str]:
    """Per scale and grouping the rung that fails first."""
    bad = ladders[(ladders["level"] != "") & ~ladders["holds"].astype("bool")]
    bad = bad.drop_duplicates(["scale", "by"])
    return dict(zip(zip(bad["scale"], bad["by"], strict=True), bad["level"], strict=True))


# ---------------------------------------------------------------------------- planted bias
BIASED = {
    "a language a step higher": ({"shift": 0.9}, "language", "intercepts"),
    "a function's item speaks weakly": (
        {"weaker": 0.1, "by": "function", "unit": "F1"}, "function", "loadings",
    ),
    "a language's steps lie elsewhere": ({"steps": 0.4}, "language", "thresholds"),
    "a wave a step lower": ({"shift": -0.9, "by": "wave"}, "wave", "intercepts"),
}  # fmt: skip


@cache
def ladders_of(kind: str) -> tuple[Survey, pd.DataFrame]:
    options, by, _ = BIASED[kind]
    survey = surveyed(440, waves=2 if by == "wave" else 1, **options)
    return survey, compare_groups(survey)


@pytest.mark.parametrize("kind", BIASED)
def test_a_planted_bias_is_found_and_nothing_else(kind):
    survey, ladders = ladders_of(kind)
    _, by, rung = BIASED[kind]
    assert first_failures(ladders) == {("trust", by): rung}
    assert set(ladders["by"]) == {"function", "language", *(["wave"] if by == "wave" else [])}
    assert set(ladders["n_groups"]) == {2}
    assert set(ladders["wave"]) == {survey.wave}


WHY = {
    "intercepts": "people of equal standing answer some of its items differently",
    "loadings": "its items do not speak equally strongly in all of them",
    "thresholds": "the steps between its answers lie differently",
}


@pytest.mark.parametrize("kind", BIASED)
def test_the_warning_stands_at_that_scale_and_lens_alone(kind):
    survey, ladders = ladders_of(kind)
    _, by, rung = BIASED[kind]
    scores = score(replace(survey, lenses=("function", "language")))
    units = with_warnings(unit_scores(scores), ladders)
    warned = units[units["warning"] != ""]
    if by == "wave":
        assert warned.empty
        change = with_warnings(compare_waves(scores), ladders)
        hit = change["scale"] == "trust"
        words = f"{WHY[rung]}: do not compare means of the two waves"
        assert set(change["lens"]) == {"all", "function", "language"}
        assert (change.loc[hit, "warning"] == words).all()
        assert (change.loc[~hit, "warning"] == "").all()
        return
    assert (warned["scale"] == "trust").all()
    assert (warned["lens"] == by).all()
    assert len(warned) == ((units["scale"] == "trust") & (units["lens"] == by)).sum() == 2
    assert set(warned["warning"]) == {f"{WHY[rung]}: do not compare means of {by}s"}


def test_a_change_is_not_warned_of_because_functions_differ():
    survey = surveyed(260, waves=2, by="function", unit="F1", shift=1.2)
    ladders = compare_groups(survey, by=["function", "wave"])
    assert ("trust", "function") in first_failures(ladders)
    change = with_warnings(compare_waves(score(survey)), ladders)
    assert (change["warning"] == "").all()


def test_a_total_carries_the_warning_of_its_subscale():
    survey = surveyed(400, shift=1.0)
    whole = scale([f"{name}_{place}" for name, k in SCALES.items() for place in range(k)])
    items = tuple(Item(each.id, subscale=each.id.split("_")[0]) for each in whole.items)
    parted = replace(whole, id="skill", items=items, subscales={"care": "Care", "trust": "Trust"})
    survey = replace(survey, instruments={"skill": parted}, lenses=("language",))
    ladders = compare_groups(survey)
    assert set(ladders["scale"]) == {"skill.care", "skill.trust"}
    units = with_warnings(unit_scores(score(survey)), ladders)
    warned = units[units["lens"] == "language"].groupby("scale")["warning"].first()
    assert warned["skill.care"] == ""
    assert warned["skill"] == warned["skill.trust"]
    assert warned["skill"] == f"{WHY['intercepts']}: do not compare means of languages"
    assert (units.loc[units["lens"] == "all", "warning"] == "").all()


def test_seven_answers_climb_the_ladder_of_measurements():
    draw = np.random.default_rng(2)
    people = people_of({"function": ["F0", "F1"] * 200})
    standing = draw.normal(size=400)
    answers = pd.DataFrame(
        {
            f"q{place}": np.clip(
                np.round(4 + 1.2 * standing + draw.normal(size=400)), 1, 7
            )
            for place in range(5)
        },
        index=people.index,
    )  # fmt: skip
    instrument = scale(list(answers), high=7)
    fair = compare_groups(survey_of(answers, people, [instrument]))
    assert fair["level"].tolist() == ["configural", "metric", "scalar"]
    assert fair["holds"].all()
    second = (people["function"] == "F1").to_numpy()
    biased = answers.assign(q2=np.where(second, (answers["q2"] + 1).clip(1, 7), answers["q2"]))
    found = compare_groups(survey_of(biased, people, [instrument]))
    assert found["holds"].tolist() == [True, True, False]
    assert set(found["estimator"]) == {"mlr"}


# ---------------------------------------------------------------------------- no bias, no warning
def test_without_bias_hardly_any_survey_is_warned_of():
    """One survey in twenty may be warned of by chance, over all its scales and rungs.

    Of fifteen surveys four or more are then warned of in 0.5 % of all sets of fifteen.
    """
    warned, beyond = 0, 0
    for seed in range(15):
        ladders = compare_groups(surveyed(140, seed=seed, scales={"trust": 4}), by=["language"])
        assert (ladders["level"] != "").all()
        warned += bool(first_failures(ladders))
        beyond += bool(ladders["verdict"].str.contains("chance").any())
    assert warned <= 3
    assert beyond > 3  # the limits alone would have warned of these


def test_the_more_scales_and_rungs_the_rarer_must_be_what_is_no_chance(monkeypatch):
    asked = []

    def spied(*arguments, chance):
        asked.append(chance.alpha)
        return invariance(*arguments)

    monkeypatch.setattr("cultureplus.comparability.invariance", spied)
    survey = surveyed(120)
    compare_groups(survey, by=["language", "function"])
    seven = {name: replace(each, high=7) for name, each in survey.instruments.items()}
    compare_groups(replace(survey, instruments=seven), by=["language"], instruments="care")
    # Two scales of three rungs above the first; one scale of two.
    assert asked == pytest.approx([0.05 / 6] * 4 + [0.05 / 2])


# ---------------------------------------------------------------------------- groups
def test_groups_below_fifty_are_left_out_and_counted():
    survey = surveyed(220)
    people = survey.people.copy()
    people["function"] = ["A"] * 100 + ["B"] * 50 + ["C"] * 49 + ["D"] * 21
    found = compare_groups(replace(survey, people=people), by=["function"])
    assert set(found["n_groups"]) == {2}
    assert set(found["left_out"]) == {2}
    assert set(found["n"]) == {150}
    # A missing answer in the group of fifty leaves one group, for that scale alone.
    answers = survey.answers.copy()
    answers.iloc[120, answers.columns.get_loc("trust_0")] = np.nan
    found = compare_groups(replace(survey, people=people, answers=answers), by=["function"])
    assert set(found.loc[found["scale"] == "care", "n_groups"]) == {2}
    (row,) = found[found["scale"] == "trust"].to_dict("records")
    assert row["reason"] == "not tested: fewer than two groups with 50 complete rows"
    assert (row["level"], row["n_groups"], row["left_out"], row["holds"]) == ("", 1, 3, False)
    assert np.isnan([row[name] for name in ("cfi", "rmsea", "srmr", "change_cfi")]).all()
    units = with_warnings(unit_scores(score(survey)), found)
    assert (units["warning"] == "").all()


@pytest.mark.parametrize(
    "units", [["A"] * 200, [None] * 200, [f"u{place}" for place in range(200)]]
)
def test_one_group_none_and_many_small_ones_are_not_tested(units):
    survey = surveyed(200)
    people = survey.people.assign(function=pd.Series(units, index=survey.people.index, dtype="str"))
    found = compare_groups(replace(survey, people=people), by=["function"])
    assert found["level"].eq("").all()
    assert found["reason"].str.startswith("not tested").all()
    assert found["scale"].tolist() == ["care", "trust"]


def test_an_answer_that_one_group_never_gives_is_joined():
    survey = surveyed(400)
    answers = survey.answers.copy()
    german = (survey.people["language"] == "de").to_numpy()
    answers.loc[german & (answers["trust_2"] == 1), "trust_2"] = 2.0
    joined = replace(survey, answers=answers)
    found = compare_groups(joined, by=["language"])
    mine = found[found["scale"] == "trust"]
    assert set(mine["joined"]) == {1}
    assert (mine["reason"] == "").all()
    assert set(found.loc[found["scale"] == "care", "joined"]) == {0}
    # As if nobody had been offered that answer.
    answers.loc[answers["trust_2"] == 1, "trust_2"] = 2.0
    pd.testing.assert_frame_equal(
        mine.drop(columns="joined").reset_index(drop=True),
        compare_groups(replace(survey, answers=answers), by=["language"])
        .query("scale == 'trust'").drop(columns="joined").reset_index(drop=True),
    )  # fmt: skip


@pytest.mark.parametrize(
    ("given", "group", "expected"),
    [
        ([1, 2, 3, 2, 3, 3], [0, 0, 0, 1, 1, 1], [2, 2, 3, 2, 3, 3]),  # the end, inwards
        ([1, 2, 5, 1, 2, 2], [0, 0, 0, 1, 1, 1], [1, 2, 2, 1, 2, 2]),
        # Between its neighbours 1 (two people) and 3 (four): with the rarer.
        ([1, 2, 3, 3, 1, 3, 3], [0, 0, 0, 0, 1, 1, 1], [1, 1, 3, 3, 1, 3, 3]),
        ([1, 1, 5, 5], [0, 0, 1, 1], [1, 1, 5, 5]),  # two answers are not joined
        ([1, 2, 3, 1, 2, 3], [0, 0, 0, 1, 1, 1], [1, 2, 3, 1, 2, 3]),
        ([3, 3, 3, 3], [0, 0, 1, 1], [3, 3, 3, 3]),
    ],
)
def test_rare_answers_join_a_neighbour(given, group, expected):
    values = np.array(given, dtype="float64")
    assert _joined(values, np.array(group)).tolist() == expected
    assert values.tolist() == given  # what was given stays as it is


# ---------------------------------------------------------------------------- waves and names
def test_a_scale_that_a_wave_did_not_ask_is_not_compared_over_waves():
    survey = surveyed(160, waves=2)
    answers = survey.answers.copy()
    first = answers.index.get_level_values("wave") == "w1"
    answers.loc[first, [name for name in answers if name.startswith("care")]] = np.nan
    found = compare_groups(replace(survey, answers=answers), by=["language", "wave"])
    untested = found[found["level"] == ""]
    assert untested[["scale", "by"]].to_numpy().tolist() == [["care", "wave"]]
    assert untested["reason"].tolist() == [
        "not tested: fewer than two groups with 50 complete rows"
    ]
    assert len(found) == 1 + 3 * 4


def test_lenses_are_compared_in_the_last_wave_and_waves_the_last_two():
    survey = surveyed(120, waves=3, scales={"trust": 4})
    found = compare_groups(survey)
    assert set(found.loc[found["by"] == "wave", "n"]) == {240}
    assert set(found.loc[found["by"] == "language", "n"]) == {120}
    alone = compare_groups(survey.in_waves(["w3"]))
    assert set(alone["by"]) == {"function", "language"}
    rest = found[found["by"] != "wave"].reset_index(drop=True)
    pd.testing.assert_frame_equal(rest, alone)
    assert len(compare_groups(survey.in_waves(["w3"]), by=["wave"])) == 0


def test_a_survey_without_languages_ratings_or_lenses():
    survey = surveyed(120)
    people = survey.people.drop(columns="language")
    assert set(compare_groups(replace(survey, people=people))["by"]) == {"function"}
    assert len(compare_groups(replace(survey, people=people, lenses=()))) == 0
    empty = compare_groups(replace(survey, instruments={}))
    assert len(empty) == 0
    units = with_warnings(unit_scores(score(survey)), empty)
    assert (units["warning"] == "").all()


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"by": ["functoin"]}, "function"),
        ({"by": "functoin"}, "function"),
        ({"by": ["function", "team"]}, "Nothing can be compared by 'team' here"),
        ({"instruments": ["trus"]}, "trust"),
        ({"instruments": "edmondson"}, "Nobody can be compared in 'edmondson' here"),
    ],
)
def test_wrong_names_are_told_with_the_right_ones(options, words):
    with pytest.raises(InputError) as caught:
        compare_groups(surveyed(60), **options)
    assert words in str(caught.value)


def test_an_instrument_that_was_not_asked_gives_no_rows_and_no_warning():
    survey = surveyed(60)
    none = compare_groups(survey, instruments=["silo_barriers"])
    assert none.empty
    units = with_warnings(unit_scores(score(survey)), none)
    assert len(units)
    assert (units["warning"] == "").all()


def test_one_name_may_stand_without_a_list():
    survey = surveyed(120)
    one = compare_groups(survey, by="language", instruments="trust")
    pd.testing.assert_frame_equal(
        one, compare_groups(survey, by=["language"], instruments=["trust"])
    )
    assert set(one["by"]) == {"language"}
    assert set(one["scale"]) == {"trust"}


def test_the_order_of_people_and_of_items_changes_nothing():
    survey = surveyed(130, shift=0.5, scales={"trust": 4})
    rows = np.random.default_rng(3).permutation(130)
    mixed = replace(
        survey, answers=survey.answers.iloc[rows], people=survey.people.iloc[rows[::-1]]
    )
    one, other = (compare_groups(each, by=["language"]) for each in (survey, mixed))
    assert one["verdict"].str.contains("chance").any()
    pd.testing.assert_frame_equal(one, other, rtol=1e-6, atol=1e-8)


# ---------------------------------------------------------------------------- warnings by hand
def test_what_could_not_be_tested_on_the_way_is_warned_of():
    ladders = pd.DataFrame(
        {
            "scale": ["a", "a", "b", "b", "c"], "by": ["team"] * 5,
            "level": ["configural", "metric", "configural", "metric", ""],
            "holds": [True, False, False, False, False],
            "reason": ["", "not estimable: x", "", "", "not tested: few"],
        }
    )  # fmt: skip
    table = pd.DataFrame({"scale": [*list("abcd"), "a"], "lens": ["team"] * 4 + ["all"]})
    assert with_warnings(table, ladders)["warning"].tolist() == [
        "this could not be tested: do not compare means of teams",
        "its items do not belong together alike in all of them: do not compare means of teams",
        "", "", "",
    ]  # fmt: skip
    assert "warning" not in table
