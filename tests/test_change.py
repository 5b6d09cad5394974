"""Change between waves: linked or two cross-sections, against R, and where there is none."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cultureplus.change import CROSS_SECTION, LINKED, compare_waves
from cultureplus.errors import InputError
from tests.small_surveys import oracle, scores_of, table

CASES = oracle("change")
COLUMNS = [
    "wave", "previous", "lens", "unit", "scale", "design", "n", "change", "low", "high",
    "effect_size", "reason",
]  # fmt: skip


def two_waves(*, anonymous: bool) -> pd.DataFrame:
    frame = table("tests/oracle/data/two_waves.csv")
    before = scores_of({"trust": frame["before"]}, {"team": frame["team"]}, wave="1")
    after = scores_of({"trust": frame["after"]}, {"team": frame["team"]}, wave="2")
    if anonymous:
        after = after.rename(index=lambda key: f"other {key}", level="respondent")
    return pd.concat([before, after])


@pytest.mark.parametrize(("unit", "ending"), [("all", ""), ("t14", "_team_t14")])
def test_linked_change_against_r(unit, ending):
    found = compare_waves(two_waves(anonymous=False)).set_index("unit").loc[unit]
    expected = CASES[f"linked{ending}"]
    assert (found["design"], found["reason"]) == (LINKED, "")
    for name in ("n", "change", "low", "high", "effect_size"):
        assert found[name] == pytest.approx(expected[name], rel=1e-8), name


@pytest.mark.parametrize(("unit", "ending"), [("all", ""), ("t14", "_team_t14")])
def test_two_cross_sections_against_r(unit, ending):
    found = compare_waves(two_waves(anonymous=True)).set_index("unit").loc[unit]
    expected = CASES[f"cross_section{ending}"]
    assert (found["design"], found["reason"]) == (CROSS_SECTION, "")
    assert found["n"] == min(expected["n_before"], expected["n_after"])
    for name in ("change", "low", "high"):
        assert found[name] == pytest.approx(expected["welch"][name], rel=1e-8), name
    assert found["effect_size"] == pytest.approx(expected["effect_size"], rel=1e-8)


@pytest.mark.parametrize("anonymous", [False, True])
def test_the_table_has_every_unit_and_turns_round(anonymous):
    scores = two_waves(anonymous=anonymous)
    found = compare_waves(scores)
    assert list(found) == COLUMNS
    assert found["lens"].tolist() == ["all"] + ["team"] * (len(found) - 1)
    assert (found["wave"] == "2").all()
    assert (found["previous"] == "1").all()
    back = compare_waves(scores, wave="1", previous="2").set_index("unit")
    there = found.set_index("unit").loc[back.index]
    np.testing.assert_allclose(back["change"], -there["change"])
    np.testing.assert_allclose(back["low"], -there["high"])
    assert back["n"].tolist() == there["n"].tolist()
    moved = compare_waves(
        pd.concat([scores.loc[["1"]].sample(frac=1, random_state=3),
                   scores.loc[["2"]].sample(frac=1, random_state=4)])
    )  # fmt: skip
    pd.testing.assert_frame_equal(moved, found)


def waves(*tables: dict, teams: list | None = None) -> pd.DataFrame:
    """One wave after the other: per scale the scores of the same people, in one team each."""
    return pd.concat([
        scores_of(values, {"team": teams or ["x"] * len(next(iter(values.values())))},
                  wave=str(place + 1))
        for place, values in enumerate(tables)
    ])  # fmt: skip


def test_a_change_by_hand():
    scores = waves({"trust": [1, 2, 3, np.nan]}, {"trust": [2, 4, 3, 5]})
    found = compare_waves(scores).set_index("lens").loc["all"]
    assert (found["n"], found["change"]) == (3, 1.0)  # of 1, 2 and 0
    assert found["effect_size"] == pytest.approx(1.0)  # the earlier ones have sd 1
    half = 4.30265273 / np.sqrt(3)  # t with 2 degrees of freedom, sd 1
    assert (found["low"], found["high"]) == pytest.approx((1 - half, 1 + half), rel=1e-7)


@given(
    st.lists(
        st.tuples(*[st.one_of(st.none(), st.integers(1, 5))] * 2, st.sampled_from("xyz")),
        min_size=2, max_size=15,
    )
)  # fmt: skip
@settings(deadline=None, max_examples=10)
def test_linked_change_is_the_mean_of_each_ones_own(people):
    before, after, teams = zip(*people, strict=True)
    scores = waves({"trust": before}, {"trust": after}, teams=list(teams))
    found = compare_waves(scores)
    linked = any(one is not None and other is not None for one, other, _ in people)
    assert set(found["design"]) == {LINKED if linked else CROSS_SECTION}
    for row in found.to_dict("records"):
        mine = [p for p in people if row["unit"] in ("all", p[2])]
        steps = [b - a for a, b, _ in mine if a is not None and b is not None]
        if linked:
            assert row["n"] == len(steps)
            expected = np.mean(steps) if steps else np.nan
            assert row["change"] == pytest.approx(expected, nan_ok=True)
        if row["n"] >= 2:
            assert row["low"] <= row["change"] <= row["high"] or np.isnan(row["low"])
        else:
            assert row["reason"]
            assert np.isnan([row["low"], row["high"]]).all()
        if np.isnan(row["effect_size"]):
            assert row["reason"]


def test_people_count_in_the_unit_they_are_in_now():
    then = scores_of({"trust": [1, 1, 1, 1]}, {"team": list("aabb")}, wave="1")
    now = scores_of({"trust": [2, 2, 5, 2]}, {"team": list("aaab")}, wave="2")
    found = compare_waves(pd.concat([then, now])).set_index("unit")
    assert found["change"].to_dict() == pytest.approx({"all": 1.75, "a": 2.0, "b": 1.0})
    assert found["n"].to_dict() == {"all": 4, "a": 3, "b": 1}


def test_waves_in_order_of_time_and_by_name():
    scores = waves({"trust": [1, 2]}, {"trust": [2, 3]}, {"trust": [5, 6]})
    assert compare_waves(scores).loc[0, ["wave", "previous", "change"]].tolist() == ["3", "2", 3.0]
    assert compare_waves(scores, "2").loc[0, ["previous", "change"]].tolist() == ["1", 1.0]
    assert compare_waves(scores, "3", "1").loc[0, "change"] == 4.0


def test_the_first_wave_has_nothing_before_it():
    scores = waves({"trust": [1, 2]}, {"trust": [2, 3]})
    for found in (compare_waves(scores, "1"), compare_waves(scores.loc[["1"]])):
        assert list(found) == COLUMNS
        (row,) = found.to_dict("records")
        assert row["reason"] == "not estimable: there is no wave before 1"
        assert (row["n"], row["unit"]) == (0, "all")
        assert np.isnan([row["change"], row["low"], row["high"], row["effect_size"]]).all()


@pytest.mark.parametrize(
    ("chosen", "message"),
    [(("9",), "no wave '9'"), (("2", "9"), "no wave '9'"), (("2", "2"), "with itself")],
)
def test_a_wave_that_can_not_be_compared_is_refused(chosen, message):
    with pytest.raises(InputError, match=message):
        compare_waves(waves({"trust": [1, 2]}, {"trust": [2, 3]}), *chosen)


HARD = {
    "a scale that is new": ([np.nan] * 4, [1, 2, 3, 4], "no data in one of the two waves"),
    "a scale that is gone": ([1, 2, 3, 4], [np.nan] * 4, "no data in one of the two waves"),
    "one person in both": ([1, 2, np.nan, np.nan], [np.nan, 3, 3, 4], "no interval: one answer"),
    "all alike before": ([4.1] * 4, [1, 2, 3, 4], "everybody answered alike in the earlier wave"),
    "all alike in both": ([4.1] * 4, [4.1] * 4, "everybody answered alike in the earlier wave"),
}


@pytest.mark.parametrize("anonymous", [False, True])
@pytest.mark.parametrize(("before", "after", "reason"), HARD.values(), ids=list(HARD))
def test_what_has_no_number_says_why(before, after, reason, anonymous):
    scores = waves({"trust": before, "anchor": [1, 2, 3, 4]}, {"trust": after, "anchor": [2] * 4})
    if anonymous:
        now = scores.loc[["2"]].rename(index=lambda key: f"other {key}", level="respondent")
        scores = pd.concat([scores.loc[["1"]], now])
    found = compare_waves(scores)
    rows = found[found["scale"] == "trust"]
    if "one answer" in reason and anonymous:
        assert (rows["n"] == 2).all()  # the smaller of two and three
        return
    assert rows["reason"].str.contains(reason, regex=False).all()
    assert rows["effect_size"].isna().all()
    assert rows["change"].isna().all() == ("no data" in reason)


def test_linked_needs_the_same_people_not_the_same_list():
    # Everybody is invited twice, and nobody answers twice.
    scores = waves(
        {"trust": [1, 2, 3, np.nan, np.nan, np.nan]}, {"trust": [np.nan, np.nan, np.nan, 4, 5, 6]}
    )
    found = compare_waves(scores)
    assert set(found["design"]) == {CROSS_SECTION}
    assert found["change"].tolist() == pytest.approx([3.0, 3.0])


def test_a_unit_that_is_new_has_no_change():
    then = scores_of({"trust": [1, 2, 3]}, {"team": list("aaa")}, wave="1")
    now = scores_of({"trust": [1, 2, 3, 4]}, {"team": list("aaab")}, wave="2")
    row = compare_waves(pd.concat([then, now])).set_index("unit").loc["b"]
    assert (row["n"], row["reason"]) == (0, "no data in one of the two waves")
