"""ICC(1) and ICC(2): against R, by the analysis of variance, and where there is none."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from cultureplus.agreement import icc
from tests.small_surveys import army, oracle, table

CASES = oracle("icc")
NUMBERS = ("icc1", "icc1_low", "icc1_high", "icc2", "icc1_mean_n", "f", "p", "n0", "n_mean")


def columns_of(name: str) -> tuple[pd.Series, pd.Series]:
    case = CASES[name]
    if name.startswith("army_"):
        frame, value = army(), name.removeprefix("army_")
    else:
        frame, value = table(case["data"]), case["value"]
    if name.endswith("without_singletons"):
        frame = frame[frame.groupby(case["group"])[value].transform("size") > 1]
    return frame[value], frame[case["group"]]


@pytest.mark.parametrize("name", CASES)
def test_icc_against_r(name):
    found = icc(*columns_of(name))
    expected = CASES[name]
    assert (found["n"], found["n_groups"]) == (expected["n"], expected["n_groups"])
    for number in NUMBERS:
        assert found[number] == pytest.approx(expected[number], rel=1e-8, abs=1e-300), number


def test_the_known_values_of_the_army_survey():
    frame = army()
    known = {"leadership_climate": 0.0880, "task_significance": 0.0804, "hostility": 0.0540}
    for scale_, value in known.items():
        assert round(icc(frame[scale_], frame["company"])["icc1_mean_n"], 4) == value


@given(
    st.lists(
        st.lists(st.integers(1, 7).map(float), min_size=1, max_size=6), min_size=2, max_size=6
    ),
    st.randoms(),
)
@settings(deadline=None, max_examples=30)
def test_icc_is_the_analysis_of_variance(teams, random):
    values = pd.Series([value for team in teams for value in team])
    group = pd.Series([f"t{place}" for place, team in enumerate(teams) for _ in team])
    found = icc(values, group)
    k, n = len(teams), len(values)
    assert (found["n"], found["n_groups"]) == (n, k)
    within = sum(((np.array(team) - np.mean(team)) ** 2).sum() for team in teams)
    between = ((values - values.mean()) ** 2).sum() - within
    if n == k or within < 1e-9 or between < 1e-9:
        assert found[["icc1", "icc2", "f", "p"]].isna().all()
        return
    msb, msw = between / (k - 1), within / (n - k)
    f, p = stats.f_oneway(*teams)
    assert found["f"] == pytest.approx(f, rel=1e-8)
    assert found["p"] == pytest.approx(p, rel=1e-6)
    assert found["icc2"] == pytest.approx(1 - msw / msb, rel=1e-8, abs=1e-8)
    # What a team shares and what it does not add up to the variance.
    tau2 = (msb - msw) / found["n0"]
    assert found["icc1"] == pytest.approx(tau2 / (tau2 + msw), rel=1e-8, abs=1e-8)
    assert found["icc1_low"] <= found["icc1"] <= found["icc1_high"] <= 1
    order = list(range(n))
    random.shuffle(order)
    again = icc(values.iloc[order] * 3 - 10, group.iloc[order])
    pd.testing.assert_series_equal(found, again, rtol=1e-7, atol=1e-9)


def test_rows_without_a_score_or_a_team_are_left_out():
    values, group = columns_of("unequal_safety")
    more = pd.concat([values, pd.Series([7.0, np.nan])], ignore_index=True)
    teams = pd.concat([group, pd.Series([None, group.iloc[0]])], ignore_index=True)
    pd.testing.assert_series_equal(icc(values, group), icc(more, teams))


def test_a_higher_level_is_a_wider_interval():
    values, group = columns_of("balanced_safety")
    one, other = icc(values, group), icc(values, group, level=0.99)
    assert other["icc1_low"] < one["icc1_low"] < one["icc1_high"] < other["icc1_high"]


# ---------------------------------------------------------------------------- not estimable
# Numbers like 4.1 are no sums of halves: their means differ from them in the sixteenth place.
HARD = {
    "nobody": ([np.nan] * 15, list("aaabbbcccdddeee"), "nobody has a score"),
    "one team": ([1.1, 2.3, 3.7] * 5, ["a"] * 15, "one team only"),
    "no team": ([1.1, 2.3, 3.7] * 5, [None] * 15, "nobody has a score"),
    "teams of one": ([1.1, 2.3, 3.7] * 5, [f"t{n}" for n in range(15)], "has one person"),
    "constant": ([4.1] * 15, list("aaabbbcccdddeee"), "no variance"),
    "constant in each team": (
        [v for v in (1.1, 2.3, 3.7, 4.1, 2.9) for _ in range(3)], list("aaabbbcccdddeee"),
        "no variance",
    ),
    "teams with one mean": ([1.1, 2.3, 3.7] * 5, list("aaabbbcccdddeee"), "no variance"),
}  # fmt: skip


@pytest.mark.parametrize(("values", "group", "reason"), HARD.values(), ids=list(HARD))
def test_what_can_not_be_estimated_is_missing_and_says_why(values, group, reason):
    found = icc(pd.Series(values), pd.Series(group, dtype="str"))
    assert found[["icc1", "icc1_low", "icc1_high", "icc2", "icc1_mean_n", "f", "p"]].isna().all()
