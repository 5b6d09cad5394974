"""Items in their scales: against R, forgotten keys, and items that tell nothing."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from cultureplus.errors import InputError
from cultureplus.intake import read_survey
from cultureplus.item_statistics import item_profile, item_table
from tests.small_surveys import ROOT, oracle, people_of, scale, survey_of, table

DESCRIBED = {name: case for name, case in oracle("screening").items() if name.startswith("items_")}
ALPHA = oracle("alpha")


def keyed_items(case: dict) -> pd.DataFrame:
    items = table(case["data"])[case["items"]].astype("float64")
    low, high = case["range"]
    for name in case["reversed"]:
        items[name] = low + high - items[name]
    return items


@pytest.mark.parametrize("name", DESCRIBED)
def test_every_column_is_that_of_r(name):
    case = DESCRIBED[name]
    found = item_table(keyed_items(case), *case["range"])
    assert found["item"].tolist() == case["items"]
    assert found["n"].tolist() == case["n"]
    for column in ("missing", "mean", "sd", "floor", "ceiling", "r_rest", "alpha_dropped"):
        assert found[column].tolist() == pytest.approx(case[column], rel=1e-8, abs=1e-10)
    assert found["reason"].eq("").all()


@pytest.mark.parametrize("name", ALPHA)
def test_items_against_the_rest_are_those_of_psych(name):
    case = ALPHA[name]
    found = item_table(keyed_items(case), *case["range"]).set_index("item")
    for column, key in (("r_rest", "item_rest_r"), ("alpha_dropped", "alpha_if_dropped")):
        assert found[column].to_dict() == pytest.approx(case[key], rel=1e-8, abs=1e-10)
    assert found["mean"].to_dict() == pytest.approx(case["item_means"], rel=1e-8)


def test_a_forgotten_key_is_named_and_nothing_else():
    case = DESCRIBED["items_bfi_agreeableness_key_forgotten"]
    found = item_table(keyed_items(case), *case["range"]).set_index("item")
    assert "'A1' runs against the other items" in found.loc["A1", "warning"]
    assert found.drop(index="A1")["warning"].eq("").all()
    right = item_table(keyed_items(DESCRIBED["items_bfi_agreeableness"]), 1, 6)
    assert right["warning"].eq("").all()


def answers(n: int = 60, seed: int = 1) -> pd.DataFrame:
    draw = np.random.default_rng(seed)
    common = draw.normal(size=n)
    return pd.DataFrame(
        {
            name: np.clip(np.round(3 + common + 0.7 * draw.normal(size=n)), 1, 5)
            for name in ("a", "b", "c", "d")
        }
    )


@pytest.mark.parametrize(
    ("turned_in_answers", "declared", "word"),
    [("b", [], "is its reverse key forgotten"), (None, ["b"], "should it not be")],
)
def test_a_survey_says_which_way_the_key_is_wrong(turned_in_answers, declared, word):
    given = answers()
    if turned_in_answers:
        given[turned_in_answers] = 6 - given[turned_in_answers]
    people = people_of({"team": ["x"] * len(given)})
    survey = survey_of(
        given.set_index(people.index), people, [scale(list("abcd"), turned=declared)]
    )
    found = item_profile(survey).set_index("item")
    assert word in found.loc["b", "warning"]
    assert found.loc["b", "warning"].startswith("'b' runs against")
    assert found.drop(index="b")["warning"].eq("").all()


def test_the_sample_has_no_forgotten_key_and_its_items_go_together():
    found = item_profile(read_survey(ROOT / "data" / "sample"))
    assert found["warning"].eq("").all()
    assert found["r_rest"].min() > 0.2
    assert found["missing"].between(0, 0.1).all()
    assert not found.duplicated(["wave", "scale", "item"]).any()
    assert found.loc[found["item"] == "ps_1", "reversed"].all()


def test_a_constant_item_tells_nothing_and_spoils_no_other():
    given = answers().assign(same=3.0)
    found = item_table(given, 1, 5).set_index("item")
    assert np.isnan(found.loc["same", "r_rest"])
    assert found.loc["same", "reason"] == "not estimable: everybody answered it alike"
    others = found.drop(index="same")
    pd.testing.assert_series_equal(
        others["r_rest"], item_table(answers(), 1, 5).set_index("item")["r_rest"]
    )
    assert others["reason"].eq("").all()


@pytest.mark.parametrize(
    ("items", "reason"),
    [
        (answers()[["a"]], "one item has no others"),
        (answers().assign(gone=np.nan), "nobody answered gone"),
        (answers() * np.nan, "nobody answered these items"),
        (answers(9), "9 complete rows, at least 10 needed"),
        (answers(2), "2 complete rows"),
        (answers(0), "nobody answered these items"),
    ],
)
def test_what_cannot_be_estimated_says_why(items, reason):
    found = item_table(items, 1, 5)
    assert len(found) == items.shape[1]
    assert found["r_rest"].isna().all()
    assert found["alpha_dropped"].isna().all()
    assert found["reason"].str.contains(reason, regex=False).all()
    assert found["warning"].eq("").all()


def test_items_that_cancel_each_other_out():
    one = answers()["a"]
    found = item_table(pd.DataFrame({"a": one, "b": 6 - one, "c": answers(seed=2)["c"]}), 1, 5)
    assert "the same sum" in found.set_index("item").loc["c", "reason"]
    assert np.isnan(found["r_rest"][2])


def test_two_items_have_a_correlation_and_no_alpha_without_one():
    pair = answers()[["a", "b"]]
    found = item_table(pair, 1, 5)
    assert found["r_rest"].tolist() == pytest.approx([pair.corr().iloc[0, 1]] * 2)
    assert found["alpha_dropped"].isna().all()


def test_twins_and_ends():
    twin = answers().assign(e=lambda t: t["a"])
    r = item_table(twin, 1, 5).set_index("item")["r_rest"]
    assert r["a"] == pytest.approx(r["e"])
    ends = item_table(pd.DataFrame({"a": [1, 1, 5, np.nan], "b": [2, 3, 4, 5]}), 1, 5)
    assert ends["floor"].tolist() == pytest.approx([2 / 3, 0])
    assert ends["ceiling"].tolist() == pytest.approx([1 / 3, 1 / 4])
    assert ends["missing"].tolist() == [0.25, 0]


def test_the_order_of_rows_and_columns_changes_nothing():
    given = answers().mask(np.random.default_rng(3).random((60, 4)) < 0.1)
    rows = np.random.default_rng(4).permutation(60)
    before = item_table(given, 1, 5).set_index("item")
    after = item_table(given.iloc[rows][list("cadb")], 1, 5).set_index("item").loc[list("abcd")]
    pd.testing.assert_frame_equal(before, after, rtol=1e-10, atol=1e-10)


def test_answers_outside_the_range_words_and_nothing_are_refused():
    with pytest.raises(InputError, match="outside the declared range 1-5") as error:
        item_table(pd.DataFrame({"a": [1, 2], "b": [3, 6]}), 1, 5)
    assert error.value.column == "b"
    with pytest.raises(InputError, match="columns of numbers"):
        item_table(pd.DataFrame({"a": ["often", "never"]}), 1, 5)
    with pytest.raises(InputError, match="no item"):
        item_table(pd.DataFrame(index=[1, 2]), 1, 5)


def test_a_survey_without_ratings_is_an_empty_table():
    people = people_of({"team": ["x"]})
    empty = item_profile(survey_of(pd.DataFrame(index=people.index), people, []))
    assert len(empty) == 0
    assert {"wave", "scale", "item", "r_rest", "warning", "reason"} <= set(empty)


@pytest.mark.parametrize(("n", "shown"), [(1, False), (9, False), (10, True)])
def test_what_few_people_ticked_is_not_told(n, shown):
    given = answers()
    given.iloc[n:, 0] = np.nan
    people = people_of({"team": ["x"] * len(given)})
    found = item_profile(survey_of(given.set_index(people.index), people, [scale(list("abcd"))]))
    numbers = ["missing", "mean", "sd", "floor", "ceiling"]
    few = found.loc[found["item"] == "a"].iloc[0]
    assert few["n"] == n
    assert few[numbers].notna().tolist() == [shown] * 5
    assert found["r_rest"].notna().tolist() == [shown] * 4  # on complete rows, of which there are n
    assert (found["warning"] == "").all()
    others = found[found["item"] != "a"]
    assert others[numbers].notna().all(axis=None)
    table = item_table(given, 1, 5).set_index("item").loc[list("bcd"), numbers]
    pd.testing.assert_frame_equal(others.set_index("item")[numbers], table)


def test_every_wave_has_its_own_profile():
    one, other = answers(), answers(seed=2) * np.nan
    waves = [people_of({"team": ["x"] * 60}, wave=wave) for wave in ("w1", "w2")]
    parts = [part.set_index(people.index) for part, people in zip((one, other), waves, strict=True)]
    survey = survey_of(pd.concat(parts), pd.concat(waves), [scale(list("abcd"))])
    found = item_profile(survey)
    assert found["wave"].tolist() == ["w1"] * 4 + ["w2"] * 4
    first, second = found[found["wave"] == "w1"], found[found["wave"] == "w2"]
    assert first["r_rest"].tolist() == item_table(one, 1, 5)["r_rest"].tolist()
    assert second["n"].eq(0).all()
    assert second["reason"].str.contains("nobody answered these items").all()
