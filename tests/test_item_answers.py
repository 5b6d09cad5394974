"""The shares of answers to each item, and the items whose shares would tell on people."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cultureplus.disclosure.plan import plan_reporting
from cultureplus.evidence import instrument_evidence
from cultureplus.headline import headline_scores
from cultureplus.instrument import load_instruments
from cultureplus.item_answers import answer_shares
from cultureplus.scoring import score
from tests.small_surveys import ARMY, WAVE, army, oracle, people_of, scale, survey_of

COLUMNS = [
    "wave", "lens", "unit", "scale", "item", "text", "reversed", "low", "high", "n", "answer",
    "share", "reason",
]  # fmt: skip


def survey(answers: dict, *instruments, units=None):
    size = len(next(iter(answers.values())))
    people = people_of(units or {}, responded=[None] * size)
    return survey_of(pd.DataFrame(answers, index=people.index), people, list(instruments))


def test_a_table_by_hand():
    one = survey({"a": [1.0, 1, 3, 5, np.nan]}, scale(["a"], turned=["a"]))
    found = answer_shares(one)
    assert list(found) == COLUMNS
    assert found["answer"].tolist() == [1, 2, 3, 4, 5]
    assert found["share"].tolist() == [0.5, 0.0, 0.25, 0.0, 0.25]  # as answered, not turned
    first = found.iloc[0]
    assert first[["wave", "lens", "unit", "scale", "item", "n"]].tolist() == [
        WAVE, "all", "all", "trust", "a", 4,
    ]  # fmt: skip
    assert first[["text", "low", "high", "reason"]].tolist() == ["Text of a.", 1, 5, ""]
    assert found["reversed"].all()


@given(st.lists(st.one_of(st.none(), st.integers(0, 4)), min_size=1, max_size=30))
@settings(deadline=None, max_examples=40)
def test_shares_add_up_and_alike_answers_stay_inside(given_):
    found = answer_shares(
        survey({"a": np.array(given_, dtype="float64")}, scale(["a"], low=0, high=4))
    )
    there = [answer for answer in given_ if answer is not None]
    if not there:
        assert len(found) == 0
        assert list(found) == COLUMNS
        return
    assert (found["n"] == len(there)).all()
    # On one answer, or on two neighbours, the shares would say what everybody said.
    if max(there) - min(there) <= 1:
        assert found["share"].isna().all()
        assert set(found["reason"]) == {"hidden (nearly everybody answered alike)"}
    else:
        expected = [there.count(answer) / len(there) for answer in range(5)]
        assert found["share"].tolist() == pytest.approx(expected)
        assert set(found["reason"]) == {""}


@pytest.mark.parametrize(
    ("given_", "hidden"),
    [([3, 3, 3], True), ([2, 3, 3], True), ([2, 4, 4], False), ([0, 4], False), ([4], True)],
)
def test_answers_on_one_or_two_neighbouring_categories_are_hidden(given_, hidden):
    found = answer_shares(
        survey({"a": np.array(given_, dtype="float64")}, scale(["a"], low=0, high=4))
    )
    assert found["share"].isna().all() == hidden
    assert (found["reason"] != "").all() == hidden


def test_items_not_asked_or_not_asked_in_a_wave_are_left_out():
    people = pd.concat([people_of({}, responded=[None] * 3, wave=wave) for wave in ("1", "2")])
    answers = pd.DataFrame({"a": [1.0, 3, 5, *[np.nan] * 3], "b": [1.0, 2, 4] * 2}, people.index)
    ticks = load_instruments()["barriers_named"]
    both = survey_of(answers, people, [scale(["a", "b", "gone"]), ticks])
    found = answer_shares(both)
    assert found.groupby(["item", "wave"]).size().to_dict() == {
        ("a", "1"): 5, ("b", "1"): 5, ("b", "2"): 5,
    }  # fmt: skip


# ---------------------------------------------------------------------------- headline
def army_survey():
    frame = army()
    people = people_of({"team": frame["company"]})
    ranges = {"leadership_climate": (1, 5), "task_significance": (1, 5), "hostility": (0, 4)}
    instruments = [
        scale(ARMY[name], name=name, low=low, high=high) for name, (low, high) in ranges.items()
    ]
    items = [item for names in ARMY.values() for item in names]
    return survey_of(frame[items].set_axis(people.index), people, instruments)


def test_the_headline_joins_mean_alpha_and_icc():
    one = army_survey()
    found = headline_scores(one, score(one), plan_reporting(one)).set_index("scale")
    alphas, iccs = oracle("alpha"), oracle("icc")
    frame = army()
    assert list(found.index) == list(ARMY)
    for name, row in found.iterrows():
        assert row["mean"] == round(frame[name].mean(), 2)
        assert row["n"] == 2042
        assert row["alpha"] == pytest.approx(alphas[f"army_{name}"]["alpha"], rel=1e-8)
        assert row["icc1"] == pytest.approx(iccs[f"army_{name}"]["icc1"], rel=1e-8)


def test_a_headline_without_teams_and_of_few_people():
    one = survey({"a": [1.0, 2, 3], "b": [1.0, 3, 3]}, scale(["a", "b"]))
    (row,) = headline_scores(one, score(one), plan_reporting(one)).to_dict("records")
    assert row["scale"] == "trust"
    numbers = ["n", "mean", "low", "high", "favourable", "alpha", "icc1"]
    assert np.isnan([row[name] for name in numbers]).all()


def test_evidence_repeats_what_the_files_say():
    files = load_instruments()
    chosen = [files[name] for name in ("silo_barriers", "barriers_named", "seam_rating")]
    one = survey({"a": [1.0]}, *chosen)
    found = instrument_evidence(one)
    assert found["asked"].tolist() == [
        "9 items in 3 subscales", "7 options, several may be ticked",
        "one rating of each other unit",
    ]  # fmt: skip
    assert found["answers"].tolist() == ["1 to 5", "", "1 to 7"]
    assert found["min_answered"].tolist() == pytest.approx([0.6, np.nan, np.nan], nan_ok=True)
    assert found["validity"].tolist() == [each.validity for each in chosen]
    assert found["validity"].str.startswith("None yet").all()
