"""Careless answering: against R, what is planted is found, and nobody is dropped."""

from __future__ import annotations

import tomllib

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import cultureplus.careless as indices
from cultureplus.careless import (
    duplicates,
    even_odd,
    longest_string,
    mahalanobis,
    response_variability,
    synonym_pairs,
    synonyms,
)
from cultureplus.errors import InputError
from cultureplus.intake import read_survey
from cultureplus.screening import RULES, screen, screening_rules
from tests.small_surveys import (
    ROOT,
    SAMPLE_SALT,
    WAVE,
    hashed_key,
    oracle,
    people_of,
    scale,
    survey_of,
    table,
)

SCREENED = {name: case for name, case in oracle("screening").items() if "scales" in case}
INDICES = [rule.index for rule in RULES]


def given_and_turned(case: dict) -> tuple[pd.DataFrame, pd.DataFrame]:
    names = [item for items in case["scales"].values() for item in items]
    answers = table(case["data"])[names].astype("float64")
    turned = answers.copy()
    for item in case["reversed"]:
        turned[item] = sum(case["range"]) - turned[item]
    return answers, turned


def near(values: list) -> object:
    return pytest.approx(
        [np.nan if value is None else value for value in values], rel=1e-8, abs=1e-8, nan_ok=True
    )


# ------------------------------------------------------------------------------------ against R
@pytest.mark.parametrize("name", SCREENED)
def test_indices_are_those_of_r(name):
    case = SCREENED[name]
    answers, turned = given_and_turned(case)
    assert longest_string(answers).tolist() == case["longest_string"]
    assert response_variability(answers).tolist() == near(case["irv"])
    assert even_odd(turned, case["scales"]).tolist() == near(case["even_odd"])
    assert synonyms(turned, above=case["above"]).tolist() == near(case["synonyms"])
    found = mahalanobis(turned)
    assert found["d2"].tolist() == near(case["d2"])
    assert found["p"].tolist() == near(case["p"])
    assert found["df"].dropna().eq(turned.shape[1]).all()


@pytest.mark.parametrize("name", SCREENED)
def test_pairs_of_synonyms_are_those_of_r(name):
    case = SCREENED[name]
    found = synonym_pairs(given_and_turned(case)[1], above=case["above"])
    expected = pd.DataFrame(case["pairs"])
    assert (
        found[["first", "second"]].to_numpy().tolist()
        == expected[["first", "second"]].to_numpy().tolist()
    )
    assert found["r"].tolist() == near(expected["r"].tolist())


# --------------------------------------------------------------------------------- what is planted
@pytest.fixture(scope="module")
def sample():
    return read_survey(ROOT / "data" / "sample")


@pytest.fixture(scope="module")
def found(sample):
    return screen(sample)


@pytest.fixture(scope="module")
def careless(found):
    with (ROOT / "data" / "sample" / "truth.toml").open("rb") as file:
        truth = tomllib.load(file)["careless"]["respondents"]
    planted = {(w, hashed_key(name, SAMPLE_SALT)) for w, names in truth.items() for name in names}
    return np.array([key in planted for key in found.index])


def test_everybody_who_answered_has_a_row_in_the_order_of_the_answers(sample, found):
    assert found.index.equals(sample.answers.index)
    assert list(found) == [*INDICES, "flags", "flagged", "reason"]
    assert found[INDICES].dtypes.eq("float64").all()


def test_the_planted_careless_are_found_and_others_seldom(found, careless):
    assert careless.sum() == 125
    twice = found["flags"] >= 2
    assert twice[careless].mean() > 0.9
    assert twice[~careless].mean() < 0.01


@pytest.mark.parametrize(
    ("index", "at_least", "at_most"),
    [
        ("longest_string", 0.35, 0.005),  # half of the planted ones tick one column
        ("irv", 0.35, 0.01),
        ("even_odd", 0.45, 0.10),
        ("mahalanobis", 0.25, 0.005),
        ("seconds_per_item", 0.95, 0.005),
        ("duplicates", 0.01, 0.0),
    ],
)
def test_each_index_finds_what_it_looks_for(found, careless, index, at_least, at_most):
    flagged = found["flagged"].str.split(", ").map(lambda names: index in names).to_numpy()
    assert flagged[careless].mean() > at_least
    assert flagged[~careless].mean() <= at_most


def test_synonyms_that_the_sample_lacks_are_missing_with_the_reason(found):
    assert found["synonyms"].isna().all()
    assert found["reason"].str.contains("0 pairs of items correlate above 0.6, 3 needed").all()


def test_flags_are_counted_and_named(found):
    named = found["flagged"].map(lambda text: len(text.split(", ")) if text else 0)
    assert named.tolist() == found["flags"].tolist()


# ----------------------------------------------------------------------------- rules at their edges
def straight(n: int = 40, k: int = 12, seed: int = 1, *, high: int = 5) -> pd.DataFrame:
    draw = np.random.default_rng(seed)
    return pd.DataFrame(
        draw.integers(1, high + 1, (n, k)).astype("float64"),
        columns=[f"i{j:02d}" for j in range(k)],
    )


def survey_from(answers: pd.DataFrame, *, seconds: list | None = None, **options):
    people = people_of({"team": ["x"] * len(answers)})
    instrument = scale(list(answers.columns), **options)
    if seconds is not None:
        people["seconds"] = seconds
    return survey_of(answers.set_index(people.index), people, [instrument])


def row(found: pd.DataFrame, place: int) -> pd.Series:
    return found.loc[(WAVE, f"p{place:03d}")]


@pytest.mark.parametrize(("run", "flagged"), [(5, False), (6, True)])
def test_a_string_of_half_the_answers_is_a_flag(run, flagged):
    answers = straight()
    answers.iloc[0] = [3] * run + [1, 2, 4, 5, 1, 2, 4][: 12 - run]
    one = row(screen(survey_from(answers)), 0)
    assert one["longest_string"] == run
    assert ("longest_string" in one["flagged"]) == flagged


def test_a_string_is_looked_for_before_and_halves_after_turning():
    """Who ticks one column contradicts themselves as soon as items are turned."""
    answers = straight(k=12)
    answers.iloc[0] = 5.0
    turned = ["i01", "i03", "i05", "i07", "i09", "i11"]
    parts = {f"s{j}": [f"i{j * 3 + n:02d}" for n in range(3)] for j in range(4)}
    people = people_of({"team": ["x"] * len(answers)})
    instruments = [
        scale(names, name=name, turned=[item for item in names if item in turned])
        for name, names in parts.items()
    ]
    one = row(screen(survey_of(answers.set_index(people.index), people, instruments)), 0)
    assert one["longest_string"] == 12
    assert one["irv"] == 0
    # After turning: odd items 5 and 5, or 1 and 1; the even one always the other end.
    assert one["even_odd"] == -1
    assert "even_odd" in one["flagged"]


def test_a_string_ends_where_the_range_changes():
    answers = straight(k=12)
    answers.iloc[0] = 5.0
    people = people_of({"team": ["x"] * len(answers)})
    two = [
        scale(list(answers)[:6], name="five", high=5),
        scale(list(answers)[6:], name="seven", high=7, favourable=(6, 7)),
    ]
    assert (
        row(screen(survey_of(answers.set_index(people.index), people, two)), 0)["longest_string"]
        == 6
    )


@pytest.mark.parametrize(
    ("seconds", "value", "flagged"),
    [(23.0, 23 / 12, True), (24.0, 2.0, False), (np.nan, np.nan, False), (0.0, np.nan, False)],
)
def test_two_seconds_an_item(seconds, value, flagged):
    answers = straight()
    one = row(screen(survey_from(answers, seconds=[seconds, *[300.0] * 39])), 0)
    assert one["seconds_per_item"] == pytest.approx(value, nan_ok=True)
    assert ("seconds_per_item" in one["flagged"]) == flagged
    assert ("no time recorded" in one["reason"]) == np.isnan(value)


def test_the_same_answers_as_somebody_else_are_a_flag():
    answers = straight()
    answers.iloc[7] = answers.iloc[3]
    found = screen(survey_from(answers))
    assert found["duplicates"].to_numpy()[[3, 7]].tolist() == [1, 1]
    assert found["duplicates"].sum() == 2
    assert found.loc[found["duplicates"] > 0, "flagged"].str.contains("duplicates").all()


def test_few_answers_are_no_evidence():
    answers = straight()
    answers.iloc[0, :] = np.nan
    answers.iloc[1, 9:] = np.nan
    answers.iloc[1, :9] = 3.0
    found = screen(survey_from(answers, seconds=[1.0] * 40))
    for place in (0, 1):
        assert row(found, place)[["longest_string", "irv", "duplicates"]].isna().all()
        assert "longest_string: fewer than 10 rated answers" in row(found, place)["reason"]
    assert np.isnan(row(found, 0)["seconds_per_item"])


def test_a_wave_that_was_not_asked_something_is_screened_on_the_rest():
    first = people_of({"team": ["x"] * 40}, wave="2026Q2")
    second = people_of({"team": ["x"] * 40}, wave="2026Q3")
    people = pd.concat([first, second])
    answers = pd.concat([straight(k=24), straight(k=24, seed=2)]).set_index(people.index)
    answers.iloc[:40, 12:] = np.nan
    instruments = [scale(list(answers)[:12], name="a"), scale(list(answers)[12:], name="b")]
    found = screen(survey_of(answers, people, instruments))
    alone = screen(survey_of(answers.iloc[:40], first, instruments[:1]))
    pd.testing.assert_frame_equal(found.iloc[:40], alone)


def test_a_survey_without_ratings_has_nothing_to_screen():
    people = people_of({"team": ["x", "y"]})
    found = screen(survey_of(pd.DataFrame(index=people.index), people, []))
    assert found["flags"].tolist() == [0, 0]
    assert found[INDICES].isna().all(axis=None)
    nobody = screen(survey_of(pd.DataFrame(index=people.index[:0]), people, []))
    assert list(nobody) == [*INDICES, "flags", "flagged", "reason"]


@pytest.mark.parametrize("rows", [1, 2, 5])
def test_a_handful_of_people_give_no_warning(rows):
    found = screen(survey_from(straight(rows)))
    assert found["mahalanobis"].isna().all()
    assert not found["flagged"].str.contains("irv").any()


def test_every_index_has_one_rule_with_its_source():
    rules = screening_rules()
    assert rules["index"].tolist() == INDICES
    assert rules["index"].is_unique
    assert (rules["source"].str.len() > 20).all()


# ------------------------------------------------------------------------------------- hard cases
def test_collinear_constant_and_twin_items_add_nothing_to_the_distance():
    answers = straight()[["i00", "i01", "i02"]]
    before = mahalanobis(answers)
    more = answers.assign(
        twin=answers["i00"],
        total=answers["i00"] + answers["i01"],
        same=3.0,
        turned=6 - answers["i02"],
    )
    after = mahalanobis(more)
    assert after["df"].eq(3).all()
    assert after["d2"].tolist() == pytest.approx(before["d2"].tolist(), abs=1e-8)


@pytest.mark.parametrize(
    "items",
    [
        straight(9, 2),  # fewer than ten rows
        straight(20, 11),  # fewer than two rows per item
        straight() * np.nan,
        straight() * 0 + 3,
        straight(0),
        straight()[[]],
    ],
)
def test_a_distance_that_cannot_be_is_missing(items):
    found = mahalanobis(items)
    assert len(found) == len(items)
    assert found.isna().all(axis=None)


def test_constant_and_missing_items_have_no_synonyms():
    assert len(synonym_pairs(straight().assign(i00=3.0, i01=np.nan)[["i00", "i01", "i02"]])) == 0
    twins = straight()[["i00"]].assign(b=lambda t: t["i00"])
    assert synonym_pairs(twins)["r"].tolist() == pytest.approx([1.0])
    assert synonyms(twins).isna().all()  # one pair is too few


def test_who_answers_every_half_alike_has_no_correlation():
    one = pd.DataFrame({"a": [3.0], "b": [3.0], "c": [3.0], "d": [3.0], "e": [3.0], "f": [3.0]})
    parts = {"x": ["a", "b"], "y": ["c", "d"], "z": ["e", "f"]}
    assert even_odd(one, parts).isna().all()
    assert even_odd(one.assign(f=np.nan), parts).isna().all()
    with pytest.raises(InputError, match="no item 'g'"):
        even_odd(one, {"x": ["a", "g"]})


def test_duplicates_see_gaps_and_need_all_columns():
    rows = pd.DataFrame({"a": [1, 1, 1, np.nan], "b": [2, np.nan, 2, 2], "c": [0.0, 0, -0.0, 0]})
    assert duplicates(rows).tolist() == [1, 0, 1, 0]
    assert duplicates(rows[[]]).tolist() == [0] * 4
    assert duplicates(pd.concat([rows] * 3)).tolist() == [5, 2, 5, 2] * 3


def test_words_are_refused():
    with pytest.raises(InputError, match="Answers are numbers") as error:
        longest_string(pd.DataFrame({"a": [1, 2], "b": ["often", "never"]}))
    assert error.value.column == "b"


# ------------------------------------------------------------------------------ what may not matter
@settings(max_examples=15, deadline=None)
@given(seed=st.integers(0, 10_000))
def test_the_order_of_people_changes_nothing(seed):
    draw = np.random.default_rng(seed)
    answers = straight(30, 12, seed).mask(draw.random((30, 12)) < 0.05)
    survey = survey_from(answers, seconds=draw.integers(10, 99, 30).tolist())
    rows = draw.permutation(30)
    before = screen(survey)
    mixed = survey_of(survey.answers.iloc[rows], survey.people, list(survey.instruments.values()))
    after = screen(mixed).loc[before.index]
    pd.testing.assert_frame_equal(before, after, rtol=1e-10, atol=1e-10)


def test_the_order_of_columns_matters_to_strings_alone():
    answers, turned = given_and_turned(SCREENED["bfi"])
    names = list(np.random.default_rng(1).permutation(list(turned)))
    for index in (
        lambda items: synonyms(items, above=0.5),
        lambda items: even_odd(items, SCREENED["bfi"]["scales"]),
        lambda items: mahalanobis(items)["d2"],
        lambda items: duplicates(items),
        response_variability,
    ):
        one, other = index(turned), index(turned[names])
        assert other.tolist() == near(one.tolist())
    assert longest_string(answers).tolist() != longest_string(answers[names]).tolist()


@settings(max_examples=40, deadline=None)
@given(
    rows=st.lists(
        st.lists(st.one_of(st.none(), st.integers(1, 3)), min_size=6, max_size=6),
        min_size=1, max_size=8,
    )
)  # fmt: skip
def test_a_string_is_at_least_one_and_at_most_all_answers(rows):
    answers = pd.DataFrame(rows, columns=list("abcdef"), dtype="float64")
    found = longest_string(answers)
    n = answers.notna().sum(axis=1)
    assert (found <= n).all()
    assert ((found >= 1) == (n >= 1)).all()
    alike = answers.nunique(axis=1) <= 1
    assert ((found == n) == alike).all()
    assert found.tolist() == longest_string(answers.iloc[:, ::-1]).tolist()


def test_large_tables_go_through_in_blocks(monkeypatch):
    _, turned = given_and_turned(SCREENED["bfi"])
    before = mahalanobis(turned)["d2"], synonym_pairs(turned, above=0.3)["r"]
    monkeypatch.setattr(indices, "_LEAST_BLOCK", 7)
    monkeypatch.setattr(indices, "_PRODUCT", 1)
    assert mahalanobis(turned)["d2"].tolist() == near(before[0].tolist())
    assert synonym_pairs(turned, above=0.3)["r"].tolist() == near(before[1].tolist())


def test_three_hundred_thousand_people_are_no_hindrance():
    answers = pd.concat([straight(3000, 12)] * 100, ignore_index=True)
    index = pd.MultiIndex.from_product([[WAVE], range(len(answers))], names=["wave", "respondent"])
    people = pd.DataFrame({"team": "x", "responded": True}, index=index)
    found = screen(survey_of(answers.set_index(index), people, [scale(list(answers))]))
    assert len(found) == 300_000
    assert (found["duplicates"] >= 99).all()
