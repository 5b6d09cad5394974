"""The buzz profile: four keys, as the plan left them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from cultureplus.buzz import KEYS, buzz_profile
from cultureplus.disclosure.plan import plan_reporting
from cultureplus.errors import InputError
from cultureplus.intake import read_survey
from cultureplus.scoring import score
from cultureplus.units import unit_scores
from tests.small_surveys import ROOT, WAVE

PLACE = ["wave", "lens", "unit", "scale"]


@pytest.fixture(scope="module")
def units():
    survey = read_survey(ROOT / "data" / "sample", waves=["2026Q2", "2026Q3"])
    return plan_reporting(survey).apply(unit_scores(score(survey), by=["function", "team"]))


def test_each_unit_has_its_four_keys_beside_the_whole(units):
    found = buzz_profile(units)
    count = units[["wave", "lens", "unit"]].drop_duplicates().shape[0]
    assert len(found) == 4 * count
    assert found["scale"].tolist() == list(KEYS) * count
    known = units.set_index(PLACE)["pomp"]
    own = known.reindex(pd.MultiIndex.from_frame(found[PLACE])).to_numpy()
    np.testing.assert_array_equal(found["pomp"], own)
    top = found.assign(lens="all", unit="all")[PLACE]
    np.testing.assert_array_equal(
        found["whole"], known.reindex(pd.MultiIndex.from_frame(top)).to_numpy()
    )
    assert found["pomp"].dropna().between(0, 100).all()


def test_what_the_plan_hides_stays_hidden(units):
    found = buzz_profile(units)
    hidden = ~found["shown"]
    assert hidden.any()
    assert found.loc[hidden, ["n", "pomp"]].isna().all().all()
    assert found.loc[hidden, "reason"].str.startswith("hidden").all()
    assert found["whole"].notna().all()


def test_numbers_in_hidden_rows_are_not_passed_on(units):
    loud = units.assign(pomp=units["pomp"].fillna(99.0), n=units["n"].fillna(3.0))
    pd.testing.assert_frame_equal(buzz_profile(loud), buzz_profile(units))


def test_a_function_with_one_person_is_hidden_and_follows_from_no_other():
    survey = read_survey(ROOT / "data" / "sample", waves=["2026Q3"])
    people = survey.people.copy()
    alone = people.index[people["responded"].to_numpy(dtype=bool)][0]
    people.loc[alone, "function"] = "Alone"
    survey = replace(survey, people=people)
    told = plan_reporting(survey).apply(unit_scores(score(survey), by="function"))
    found = buzz_profile(told)
    mine = found[found["unit"] == "Alone"]
    assert mine["scale"].tolist() == list(KEYS)
    assert not mine["shown"].any()
    assert mine[["n", "pomp"]].isna().all(axis=None)
    assert mine["reason"].str.startswith("hidden").all()
    # The whole less all functions but one would be that one: a second function is hidden with it.
    functions = found[(found["lens"] == "function") & (found["scale"] == KEYS[0])]
    assert (~functions["shown"]).sum() >= 2


def test_a_key_that_was_not_asked_says_so(units):
    found = buzz_profile(units[units["scale"] != "learning_leadership"])
    lost = found["scale"] == "learning_leadership"
    assert lost.sum() * 4 == len(found)
    assert set(found.loc[lost, "reason"]) == {"not asked in this survey"}
    assert found.loc[lost, ["n", "pomp", "whole"]].isna().all().all()
    assert found.loc[~lost, "whole"].notna().all()


def test_none_of_the_keys_asked(units):
    found = buzz_profile(units[units["scale"] == "silo_barriers"])
    assert set(found["reason"]) <= {"not asked in this survey"}
    assert found["pomp"].isna().all()


def test_a_table_without_a_plan_is_refused(units):
    with pytest.raises(InputError, match="reporting plan"):
        buzz_profile(units.drop(columns="shown"))
    with pytest.raises(InputError, match="reporting plan"):
        buzz_profile([1])


@pytest.mark.parametrize("name", ["wave", "lens", "unit", "scale", "n", "pomp", "reason"])
def test_a_missing_column_is_named(units, name):
    with pytest.raises(InputError, match=f"Can't find the column '{name}'"):
        buzz_profile(units.drop(columns=name))


def test_two_rows_for_one_scale_are_refused(units):
    with pytest.raises(InputError, match="more than one row"):
        buzz_profile(pd.concat([units, units]))


def test_an_empty_table_gives_an_empty_profile(units):
    found = buzz_profile(units.iloc[:0])
    assert found.empty
    assert list(found) == [*PLACE, "n", "pomp", "whole", "shown", "reason"]


def test_without_the_whole_there_is_no_line_for_it():
    one = pd.DataFrame(
        {
            "wave": WAVE, "lens": "team", "unit": ["A"], "scale": "psychological_safety",
            "n": [9], "pomp": [70.0], "shown": [True], "reason": [""],
        }
    )  # fmt: skip
    found = buzz_profile(one)
    assert found["whole"].isna().all()
    assert found["pomp"].tolist()[2] == 70.0
