"""Pooled agreement: against R, by hand, at the edges, and what may not matter."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from cultureplus.errors import InputError
from cultureplus.pooled_agreement import pooled_agreement
from cultureplus.within_group import within_group
from tests.small_surveys import oracle, table

CASES = oracle("pooled_agreement")
INDICES = [f"{name}{end}" for name in ("r_star", "rwg") for end in ("", "_low", "_high")]


def teams(seed: int, *, groups: int = 20, size: tuple[int, int] = (2, 9), items: int = 3):
    """Made-up answers 1-5 of people in teams."""
    draw = np.random.default_rng(seed)
    label = np.repeat([f"t{place:03d}" for place in range(groups)], draw.integers(*size, groups))
    centre = draw.normal(size=groups)[pd.factorize(label)[0]]
    answers = np.round(3 + 0.5 * centre[:, None] + draw.normal(size=(len(label), items)))
    names = [f"q{place}" for place in range(items)]
    return pd.DataFrame(np.clip(answers, 1, 5), columns=names), pd.Series(label)


def pairs(*apart: float):
    """Teams of two who stand so far apart on one item of 1-5."""
    values = [each for gap in apart for each in (3 - gap / 2, 3 + gap / 2)]
    return pd.DataFrame({"a": values}), pd.Series(np.repeat(np.arange(len(apart)), 2))


# ------------------------------------------------------------------------------------ against R
@pytest.mark.parametrize("name", CASES)
def test_pooled_agreement_is_that_of_r(name):
    case = CASES[name]
    data = table(case["data"])
    for null, indices in case["by_null"].items():
        found = pooled_agreement(
            data[case["items"]], data[case["group"]], *case["range"],
            null=null, level=case["level"],
        )  # fmt: skip
        for index in ("r_star", "rwg"):
            mine = [float(found[f"{index}{end}"]) for end in ("", "_low", "_high")]
            assert mine == pytest.approx(indices[index], rel=1e-8, abs=1e-8)
        assert found[["n", "n_groups", "n_alone", "n_incomplete"]].tolist() == [
            case[count] for count in ("n", "n_groups", "n_alone", "n_incomplete")
        ]
        assert found["reason"] == ""


# --------------------------------------------------------------------------------------- by hand
def test_ten_pairs_by_hand():
    """Five pairs at one place and five 2 apart: squares within 0 or 2, each on one df."""
    found = pooled_agreement(*pairs(*[0] * 5, *[2] * 5), 1, 5)
    factor = np.exp(stats.t.ppf(0.975, 9) / 3)  # the error of 1 is a third
    assert found["r_star"] == pytest.approx(1 - 1 / 2)
    assert found["r_star_low"] == pytest.approx(1 - factor / 2)
    assert found["r_star_high"] == pytest.approx(1 - 1 / factor / 2)
    assert found["rwg"] == pytest.approx(0.5)
    assert found["rwg_low"] == 0
    assert found["rwg_high"] == pytest.approx(found["r_star_high"])
    assert found[["n", "n_groups"]].tolist() == [20, 10]


def test_teams_of_one_size_pool_to_their_mean():
    items, group = teams(1, size=(5, 6))
    each = within_group(items, group, 1, 5)
    assert pooled_agreement(items, group, 1, 5)["r_star"] == pytest.approx(each["r_star"].mean())


def test_a_large_team_counts_for_its_people():
    """The large team agrees, the pairs do not: pooled is nearer to the team than their mean is."""
    items, group = pairs(*[4] * 10)
    items = pd.concat([items, pd.DataFrame({"a": [3.0] * 41})], ignore_index=True)
    group = pd.concat([group, pd.Series([99] * 41)], ignore_index=True)
    found = pooled_agreement(items, group, 1, 5)
    assert found["r_star"] == pytest.approx(1 - (10 * 8) / (10 + 40) / 2)


def test_more_teams_and_a_lower_level_make_it_narrower():
    def width(groups: int, level: float) -> float:
        found = pooled_agreement(*teams(2, groups=groups), 1, 5, level=level)
        return found["r_star_high"] - found["r_star_low"]

    assert width(200, 0.95) < 0.5 * width(20, 0.95)
    assert width(20, 0.8) < width(20, 0.95) < width(20, 0.99)


# ------------------------------------------------------------------------------------- the edges
def test_who_is_alone_or_incomplete_is_left_out_and_counted():
    items, group = teams(3)
    whole = pooled_agreement(items, group, 1, 5)
    more = pd.DataFrame(
        {"q0": [5, 1, np.nan, 2], "q1": [5, 1, 1, 2], "q2": [5, 1, 1, 2]}, dtype="float64"
    )
    labels = pd.Series(["alone", "left", "left", None])
    found = pooled_agreement(
        pd.concat([items, more], ignore_index=True),
        pd.concat([group, labels], ignore_index=True), 1, 5,
    )  # fmt: skip
    assert found[["n_alone", "n_incomplete"]].tolist() == [2, 2]
    assert whole[["n_alone", "n_incomplete"]].tolist() == [0, 0]
    same = [*INDICES, "n", "n_groups"]
    assert found[same].tolist() == pytest.approx(whole[same].tolist(), abs=1e-12)


@pytest.mark.parametrize("groups", [0, 1, 9, 10])
def test_fewer_than_ten_teams_are_not_estimable(groups):
    """Teams of one are no teams here."""
    items, group = pairs(*([0, 2] * 5)[:groups], 0)
    items, group = items.iloc[:-1], group.iloc[:-1]
    found = pooled_agreement(items, group, 1, 5)
    assert found["n_groups"] == groups
    assert found["n_alone"] == 1
    if groups == 10:
        assert found["reason"] == ""
        assert found[INDICES].notna().all()
    else:
        assert found["reason"] == (
            f"not estimable: {groups} groups of two or more, at least 10 needed"
        )
        assert found[INDICES].isna().all()


@pytest.mark.parametrize(("apart", "r_star"), [(0, 1.0), (2, 0.0), (4, -3.0)])
def test_teams_that_are_all_the_same_have_no_interval(apart, r_star):
    found = pooled_agreement(*pairs(*[apart] * 12), 1, 5)
    assert found["r_star"] == pytest.approx(r_star)
    assert found["rwg"] == pytest.approx(max(r_star, 0.0))
    assert found["reason"] == "no interval: all groups agree to the same degree"
    assert found[["r_star_low", "r_star_high", "rwg_low", "rwg_high"]].isna().all()


def test_agreement_of_all_but_one_team_has_an_interval_below_one():
    found = pooled_agreement(*pairs(*[0] * 11, 2), 1, 5)
    assert 0 < found["r_star_low"] < found["r_star"] < found["r_star_high"] < 1


def test_nothing_at_all_is_not_estimable():
    nothing = pooled_agreement(pd.DataFrame({"a": []}), pd.Series([], dtype="str"), 1, 5)
    assert nothing["reason"].startswith("not estimable: 0 groups")
    assert nothing[["n", "n_groups", "n_incomplete", "n_alone"]].tolist() == [0] * 4


@pytest.mark.parametrize("level", [0, 1, 95, -0.5, np.nan])
def test_a_level_that_is_none_is_refused(level):
    with pytest.raises(InputError, match="between 0 and 1"):
        pooled_agreement(*teams(4), 1, 5, level=level)


def test_wrong_answers_groups_and_nulls_are_refused():
    items, group = teams(5)
    with pytest.raises(InputError, match="outside the declared range 1-4"):
        pooled_agreement(items, group, 1, 4)
    with pytest.raises(InputError, match="did you mean 'uniform'"):
        pooled_agreement(items, group, 1, 5, null="unifrom")
    with pytest.raises(InputError, match="index differs"):
        pooled_agreement(items, group.iloc[1:], 1, 5)
    with pytest.raises(InputError, match="columns of numbers"):
        pooled_agreement(items.astype("str") + "!", group, 1, 5)


# ------------------------------------------------------------------------------ what may not matter
@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 10_000))
def test_order_turning_and_names_change_nothing(seed):
    items, group = teams(seed % 7)
    rows = np.random.default_rng(seed).permutation(len(items))
    before = pooled_agreement(items, group, 1, 5)
    after = pooled_agreement(
        6 - items.iloc[rows][["q2", "q0", "q1"]], "team " + group.iloc[rows], 1, 5
    )
    assert after[INDICES].tolist() == pytest.approx(before[INDICES].tolist(), abs=1e-10)
    assert after[["n", "n_groups"]].tolist() == before[["n", "n_groups"]].tolist()


@settings(max_examples=50, deadline=None)
@given(
    answers=st.lists(st.lists(st.integers(1, 5), min_size=2, max_size=2), min_size=20, max_size=40),
    level=st.floats(0.01, 0.999),
)
def test_estimates_lie_in_their_intervals_and_ranges(answers, level):
    items = pd.DataFrame(answers, columns=["a", "b"])
    group = pd.Series(np.arange(len(items)) // 2)
    found = pooled_agreement(items, group, 1, 5, level=level)
    assert -3 - 1e-12 <= found["r_star"] <= 1
    assert found["rwg"] >= found["r_star"] - 1e-12
    if not found["reason"]:
        assert found["r_star_low"] < found["r_star"] < found["r_star_high"] < 1
        assert 0 <= found["rwg_low"] <= found["rwg"] <= found["rwg_high"] < 1


def test_a_hundred_thousand_people_are_no_hindrance():
    draw = np.random.default_rng(6)
    items = pd.DataFrame(draw.integers(1, 6, (100_000, 5)))
    found = pooled_agreement(items, pd.Series(draw.integers(0, 10_000, 100_000)), 1, 5)
    assert found["n"] + found["n_alone"] == 100_000
    assert found["r_star_low"] < 0 < found["r_star_high"]  # they answer by chance
