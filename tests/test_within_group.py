"""Agreement: against R, at the edges, by chance, and what may not matter."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cultureplus.errors import InputError
from cultureplus.within_group import (
    NULLS,
    agreement_band,
    agreement_test,
    icc_bootstrap,
    null_variance,
    unit_reliability,
    within_group,
)
from tests.small_surveys import oracle, table

CASES = oracle("within_group")
AGREEMENT = [name for name, case in CASES.items() if "r_star" in case]
RELIABLE = [name for name in CASES if name.startswith("reliable_")]
CHANCE = [name for name in CASES if name.startswith("chance_")]


def numbers(values: list) -> list[float]:
    return [np.nan if value is None else float(value) for value in values]


def teams(seed: int = 1, *, groups: int = 30, shared: float = 0.5, size: tuple = (3, 12)):
    """Made-up answers 1-7 to four items, and a score that the group partly shares."""
    draw = np.random.default_rng(seed)
    label = np.repeat([f"t{place:02d}" for place in range(groups)], draw.integers(*size, groups))
    codes = pd.factorize(label)[0]
    centre = draw.normal(size=groups)[codes] * np.sqrt(shared)
    person = draw.normal(size=len(label)) * np.sqrt(1 - shared)
    items = {
        name: np.clip(np.round(4 + centre + person + 0.6 * draw.normal(size=len(label))), 1, 7)
        for name in ("a", "b", "c", "d")
    }
    return pd.DataFrame(items), pd.Series(label), pd.Series(centre + person)


# ------------------------------------------------------------------------------------ against R
@pytest.mark.parametrize("name", AGREEMENT)
def test_agreement_is_that_of_r(name):
    case = CASES[name]
    data = table(case["data"])
    found = within_group(data[case["items"]], data[case["group"]], *case["range"])
    found = found.assign(group=found["group"].astype("str")).set_index("group")
    mine = found.loc[case["groups"]]
    assert mine["n"].tolist() == case["n"]
    for index in ("r_star", "ad_m", "a_wg"):
        assert mine[index].tolist() == pytest.approx(
            numbers(case[index]), rel=1e-8, abs=1e-8, nan_ok=True
        )
    gone = found.drop(index=case["groups"])
    assert gone["rwg"].isna().all()
    assert (gone["n"] == 0).all()


@pytest.mark.parametrize("null", NULLS)
@pytest.mark.parametrize("name", AGREEMENT)
def test_rwg_is_that_of_r_under_every_null(name, null):
    case = CASES[name]
    data = table(case["data"])
    found = within_group(data[case["items"]], data[case["group"]], *case["range"], null=null)
    mine = found.assign(group=found["group"].astype("str")).set_index("group").loc[case["groups"]]
    assert mine["rwg"].tolist() == pytest.approx(
        numbers(case["rwg"][null]), rel=1e-8, abs=1e-8, nan_ok=True
    )


@pytest.mark.parametrize("name", RELIABLE)
def test_the_reliability_of_each_mean_is_that_of_lme4(name):
    case = CASES[name]
    data = table(case["data"])
    found = unit_reliability(data[case["value"]], data[case["group"]])
    found = found.assign(group=found["group"].astype("str")).set_index("group")
    assert found.loc[case["groups"], "n"].tolist() == case["n"]
    assert found.loc[case["groups"], "reliability"].tolist() == pytest.approx(
        case["reliability"], rel=1e-4
    )


@pytest.mark.parametrize("name", CHANCE)
def test_chance_agreement_is_that_of_multilevel(name):
    """Both draw at random: 20,000 teams there, 10,000 here."""
    case = CASES[name]
    items = table(case["data"])[case["items"]].dropna().reset_index(drop=True)
    label = pd.Series("everybody else", index=items.index).astype("object")
    start = 0
    for size in case["sizes"]:
        label.iloc[start : start + size] = f"team of {size}"
        start += size
    label.iloc[start:] = [f"rest {place // 400}" for place in range(len(label) - start)]
    found = agreement_test(items, label, *case["range"], seed=3).set_index("group")
    critical = [found.loc[f"team of {size}", "critical"] for size in case["sizes"]]
    assert critical == pytest.approx(case["critical"], abs=0.025)


# ------------------------------------------------------------------------------ null distributions
@pytest.mark.parametrize(
    ("answers", "expected"),
    [
        (5, (2.00, 1.34, 0.90, 0.44, 1.32, 1.04)),
        (6, (35 / 12, 1.85, 1.26, 0.69, 1.45, 1.25)),
        (7, (4.00, 2.90, 2.14, 1.39, 2.10, 1.40)),
    ],
)
def test_published_null_variances(answers, expected):
    found = [null_variance(null, 1, answers) for null in NULLS]
    assert found == pytest.approx(expected, abs=1e-12)
    assert [null_variance(null, 0, answers - 1) for null in NULLS] == found


def test_other_ranges_have_the_nulls_that_have_a_formula():
    assert null_variance("uniform", 0, 10) == pytest.approx(10)
    # 1, 2, 3, 4, 3, 2, 1 hundredths of a pyramid with nine steps
    steps = np.array([1, 2, 3, 4, 5, 4, 3, 2, 1]) / 25
    by_hand = (steps * (np.arange(9) - 4) ** 2).sum()
    assert null_variance("triangular", 1, 9) == pytest.approx(by_hand)
    with pytest.raises(InputError, match="not defined for a range of 9"):
        null_variance("heavy skew", 1, 9)
    with pytest.raises(InputError, match="did you mean 'uniform'"):
        null_variance("unifrom", 1, 5)
    with pytest.raises(InputError, match="from low to high"):
        null_variance("uniform", 5, 1)


def test_the_null_follows_the_declared_range_not_the_answers_seen():
    items = pd.DataFrame({"a": [3, 4, 5, 3, 4, 5], "b": [3, 4, 5, 5, 4, 3]})
    group = pd.Series(list("xxxyyy"))
    five, seven = (within_group(items, group, 1, high)["rwg"] for high in (5, 7))
    assert (seven > five).all()
    assert five.tolist() == pytest.approx([2 / 3, 2 / 3])


# -------------------------------------------------------------------------------------- hard cases
def test_a_team_of_one_an_empty_and_a_split_team():
    items = pd.DataFrame(
        {"a": [3, 1, 1, 5, 5, np.nan], "b": [3, 1, 1, 5, 5, 2]}, index=list("ABCDEF")
    )
    group = pd.Series(["one", *["split"] * 4, "gap"], index=items.index)
    found = within_group(items, group, 1, 5).set_index("group")
    assert found["n"].to_dict() == {"gap": 0, "one": 1, "split": 4}
    assert found.loc["split", "rwg"] == 0  # truncated: a plain rwg(j) would be above 1
    assert found.loc["split", "r_star"] == pytest.approx(1 - (16 / 3) / 2)
    assert found.loc["split", "a_wg"] == pytest.approx(-1)
    assert found.loc["split", "ad_m"] == 2
    assert not found.loc["split", "ad_agrees"]
    assert found.loc[["one", "gap"], ["rwg", "r_star", "ad_m", "a_wg"]].isna().all(axis=None)
    assert found.loc[["one", "gap"], "ad_agrees"].isna().all()
    assert "needs two people" in found.loc["one", "reason"]
    assert "nobody answered" in found.loc["gap", "reason"]
    assert found.loc["split", "reason"] == ""


def test_agreement_of_everybody_is_perfect_wherever_the_mean_lies():
    items = pd.DataFrame({"a": [5, 5, 3, 3], "b": [5, 5, 2, 2]})
    found = within_group(items, pd.Series(list("xxyy")), 1, 5)
    assert found[["rwg", "r_star", "a_wg"]].eq(1).all(axis=None)
    assert found["ad_m"].eq(0).all()
    assert found["band"].tolist() == ["very strong"] * 2


def test_a_wg_beyond_its_bounds_is_missing_and_says_so():
    items = pd.DataFrame({"a": [1, 1, 2, 1, 1, 2], "b": [1, 2, 1, 3, 2, 4]})
    found = within_group(items, pd.Series(list("xxxyyy")), 1, 5)
    assert found["a_wg"].tolist() == pytest.approx([np.nan, 2 / 3], nan_ok=True)
    assert found["a_wg_items"].tolist() == [0, 1]
    assert found["reason"].tolist() == [
        "a_wg is not estimable: the mean lies too near an end of the range",
        "a_wg rests on 1 of 2 items: the other means lie too near an end",
    ]
    assert found["rwg"].notna().all()


@pytest.mark.parametrize(("answers", "allowed"), [(5, 5 / 6), (6, 1.0), (7, 7 / 6)])
def test_the_average_deviation_is_held_against_a_sixth_of_the_answers(answers, allowed):
    # Two people d apart have an average deviation of d / 2.
    items = pd.DataFrame({"a": [2.0, 2 + 2 * allowed, 2.0, 2.02 + 2 * allowed]})
    found = within_group(items, pd.Series(list("xxyy")), 1, answers)
    assert found["ad_agrees"].tolist() == [True, False]


def test_unused_categories_and_missing_groups_are_no_groups():
    items = pd.DataFrame({"a": [3, 3, 4, 4]})
    group = pd.Series(pd.Categorical(["x", "x", None, "y"], categories=["z", "y", "x"]))
    assert sorted(within_group(items, group, 1, 5)["group"]) == ["x", "y"]


def test_nothing_at_all_is_an_empty_table():
    nothing = within_group(pd.DataFrame({"a": []}), pd.Series([], dtype="str"), 1, 5)
    assert len(nothing) == 0
    assert list(nothing)[:3] == ["group", "n", "rwg"]
    unanswered = pd.DataFrame({"a": [np.nan] * 3})
    assert within_group(unanswered, pd.Series(list("xxx")), 1, 5)["n"].tolist() == [0]
    assert agreement_test(unanswered, pd.Series(list("xxx")), 1, 5, seed=1)["p"].isna().all()


@pytest.mark.parametrize("wrong", [0, 6, np.inf])
def test_an_answer_outside_the_range_is_refused_and_not_quoted(wrong):
    items = pd.DataFrame({"fine": [3.0, 4], "bad": [wrong, 3]})
    with pytest.raises(InputError, match="outside the declared range 1-5") as error:
        within_group(items, pd.Series(list("xx")), 1, 5)
    assert error.value.column == "bad"


def test_words_other_people_and_no_items_are_refused():
    with pytest.raises(InputError, match="columns of numbers"):
        within_group(pd.DataFrame({"a": ["x", "y"]}), pd.Series(list("xx")), 1, 5)
    with pytest.raises(InputError, match="no item"):
        within_group(pd.DataFrame(index=[0, 1]), pd.Series(list("xx")), 1, 5)
    items = pd.DataFrame({"a": [1, 2]})
    with pytest.raises(InputError, match="index differs"):
        within_group(items, pd.Series(list("xx"), index=[5, 6]), 1, 5)
    with pytest.raises(InputError, match="index differs"):
        within_group(items, pd.Series(list("xxx")), 1, 5)
    turned = pd.Series(["y", "x"], index=[1, 0])  # the same people in another order: aligned
    assert within_group(items, turned, 1, 5)["group"].tolist() == ["x", "y"]


@pytest.mark.parametrize(
    ("rwg", "word"),
    [(0.0, "none"), (0.3, "none"), (0.31, "weak"), (0.5, "weak"), (0.51, "moderate"),
     (0.7, "moderate"), (0.71, "strong"), (0.9, "strong"), (0.91, "very strong"),
     (1.0, "very strong"), (np.nan, "")],
)  # fmt: skip
def test_bands(rwg, word):
    assert agreement_band(rwg) == word


# ------------------------------------------------------------------------------ what may not matter
@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 10_000))
def test_the_order_of_rows_and_items_changes_nothing(seed):
    items, group, _ = teams(seed % 7)
    draw = np.random.default_rng(seed)
    rows = draw.permutation(len(items))
    before = within_group(items, group, 1, 7)
    after = within_group(items.iloc[rows][["d", "b", "a", "c"]], group.iloc[rows], 1, 7)
    pd.testing.assert_frame_equal(before, after, rtol=1e-10, atol=1e-10)


@settings(max_examples=50, deadline=None)
@given(
    answers=st.lists(st.lists(st.integers(1, 5), min_size=2, max_size=2), min_size=2, max_size=12)
)
def test_indices_stay_in_their_ranges_and_turning_changes_nothing(answers):
    items = pd.DataFrame(answers, columns=["a", "b"])
    group = pd.Series("x", index=items.index)
    found = within_group(items, group, 1, 5)
    turned = within_group(6 - items, group, 1, 5)
    assert 0 <= found["rwg"][0] <= 1
    assert found["r_star"][0] <= found["rwg"][0] + 1e-12 <= 1 + 2e-12
    assert 0 <= found["ad_m"][0] <= 2
    assert np.isnan(found["a_wg"][0]) or -1 - 1e-9 <= found["a_wg"][0] <= 1
    pd.testing.assert_frame_equal(found, turned, rtol=1e-10, atol=1e-10)


@pytest.mark.parametrize("null", ["uniform", "pooled"])
def test_the_same_seed_gives_the_same_test_in_any_order(null):
    items, group, _ = teams(2)
    rows = np.random.default_rng(3).permutation(len(items))
    before = agreement_test(items, group, 1, 7, seed=9, draws=500, null=null)
    after = agreement_test(
        items.iloc[rows][["c", "a", "d", "b"]], group.iloc[rows], 1, 7, seed=9, draws=500, null=null
    )
    pd.testing.assert_frame_equal(before, after, rtol=1e-10, atol=1e-10)
    other = agreement_test(items, group, 1, 7, seed=10, draws=500, null=null)
    assert not before["p"].equals(other["p"])


# --------------------------------------------------------------------------------- by chance alone
@pytest.mark.parametrize("null", ["uniform", "pooled"])
def test_people_who_answer_by_chance_are_significant_in_one_case_of_twenty(null):
    draw = np.random.default_rng(5)
    size, groups = 6, 400
    common = draw.normal(size=size * groups)
    latent = [0.8 * common + 0.6 * draw.normal(size=size * groups) for _ in range(3)]
    items = pd.DataFrame(
        {f"q{n}": np.ceil(5 * pd.Series(each).rank(pct=True)) for n, each in enumerate(latent)}
    )
    group = pd.Series(np.repeat(np.arange(groups), size))
    found = agreement_test(items, group, 1, 5, seed=1, draws=2000, null=null)
    share = (found["p"] <= 0.05).mean()
    assert 0.02 <= share <= 0.085  # four standard errors of 400 teams
    reached = found["rwg"] >= found["critical"] - 1e-9
    assert (reached == (found["p"] <= 0.05)).all()


def test_agreement_that_is_more_than_the_organisations_is_found():
    items, group, _ = teams(4, shared=0.9, size=(8, 12))
    found = agreement_test(items, group, 1, 7, seed=1, draws=999, null="pooled")
    assert (found["p"] <= 0.05).mean() > 0.8
    mixed = pd.Series(np.random.default_rng(1).permutation(group.to_numpy()))
    assert (
        agreement_test(items, mixed, 1, 7, seed=1, draws=999, null="pooled")["p"] <= 0.05
    ).mean() < 0.25


def test_two_people_and_one_item_cannot_be_told_from_chance():
    """Two people who answer blindly meet on one of five answers every fifth time."""
    found = agreement_test(pd.DataFrame({"a": [3, 3]}), pd.Series(list("xx")), 1, 5, seed=1)
    assert found["p"][0] == pytest.approx(0.2, abs=0.02)
    assert np.isnan(found["critical"][0])


def test_a_test_of_a_crowd_and_of_one_is_not_given():
    items = pd.DataFrame({"a": [3] * 502 + [4] * 4, "b": [3, 4] * 253})
    group = pd.Series(["crowd"] * 501 + ["one"] + ["four"] * 4)
    found = agreement_test(items, group, 1, 5, seed=1, draws=99).set_index("group")
    assert found["p"].isna().to_dict() == {"crowd": True, "four": False, "one": True}
    assert "at most 500" in found.loc["crowd", "reason"]
    assert "needs two people" in found.loc["one", "reason"]
    with pytest.raises(InputError, match="at least 99 draws"):
        agreement_test(items, group, 1, 5, seed=1, draws=50)
    with pytest.raises(InputError, match="no null 'normal'"):
        agreement_test(items, group, 1, 5, seed=1, null="normal")


# ------------------------------------------------------------------- how reliable the means are
def test_bigger_teams_have_more_reliable_means_and_no_variance_none():
    _, group, score = teams(6, shared=0.3)
    found = unit_reliability(score, group)
    by_size = found.sort_values("n")["reliability"]
    assert by_size.is_monotonic_increasing
    assert by_size.between(0, 1, inclusive="neither").all()
    flat = pd.Series([1.0, 2.0, 3.0] * 10)
    none = unit_reliability(flat, pd.Series(np.repeat(np.arange(10), 3)))
    assert none["reliability"].eq(0).all()
    assert (none["reason"] == "no variance between groups is left").all()
    alone = unit_reliability(flat, pd.Series("x", index=flat.index))
    assert alone["reliability"].isna().all()
    assert alone["reason"].str.startswith("not estimable").all()


def test_bootstrap_meets_the_analysis_of_variance():
    data = table("tests/oracle/data/bh1996.csv")
    case = oracle("icc")["bh1996_leadership"]
    found = icc_bootstrap(data["leadership"], data["group"], seed=1)
    assert found["icc1"] == pytest.approx(case["icc1"], rel=1e-10)
    assert found["icc2"] == pytest.approx(case["icc2"], rel=1e-10)
    assert found["icc1_low"] < found["icc1"] < found["icc1_high"]
    assert found["icc2_low"] < found["icc2"] < found["icc2_high"]
    # Close to the interval from F, which supposes normal scores and equal teams.
    assert found["icc1_low"] == pytest.approx(case["icc1_low"], abs=0.03)
    assert found["icc1_high"] == pytest.approx(case["icc1_high"], abs=0.05)


def test_bootstrap_keeps_to_its_seed_and_not_to_the_order_of_rows():
    _, group, score = teams(8)
    rows = np.random.default_rng(1).permutation(len(score))
    before = icc_bootstrap(score, group, 300, seed=4)
    after = icc_bootstrap(score.iloc[rows], group.iloc[rows], 300, seed=4)
    names = [name for name in before.index if name.startswith("icc")]
    assert after[names].tolist() == pytest.approx(before[names].tolist(), abs=1e-10)
    assert icc_bootstrap(score, group, 300, seed=5)["icc1_low"] != before["icc1_low"]


@pytest.mark.parametrize(
    ("score", "group", "reason"),
    [
        ([1.0, 2, 3, 4], list("aabb"), "2 groups, at least 10 needed"),
        (list(range(12)), list(range(12)), "every group has one person"),
        ([3.0] * 24, list(range(12)) * 2, "no variance"),
        (list(np.arange(12.0)) * 2, list(range(12)) * 2, "no variance"),
        ([np.nan] * 24, list(range(12)) * 2, "0 groups"),
    ],
)
def test_a_bootstrap_that_cannot_be_says_why(score, group, reason):
    found = icc_bootstrap(pd.Series(score), pd.Series(group), 100, seed=1)
    assert reason in found["reason"]
    assert np.isnan(float(found["icc1"]))


@pytest.mark.parametrize(("groups", "rho"), [(40, 0.1), (60, 0.3)])
def test_the_bootstrap_interval_covers_the_truth(groups, rho):
    """200 surveys with unequal teams: 95 % less four standard errors, and not always."""
    draw = np.random.default_rng(11)
    inside = []
    for seed in range(200):
        codes = np.repeat(np.arange(groups), draw.integers(4, 16, groups))
        score = np.sqrt(rho) * draw.normal(size=groups)[codes]
        score = score + np.sqrt(1 - rho) * draw.normal(size=len(codes))
        found = icc_bootstrap(pd.Series(score), pd.Series(codes), 400, seed=seed)
        inside.append(found["icc1_low"] <= rho <= found["icc1_high"])
    assert 0.885 <= np.mean(inside) < 1


def test_true_agreement_is_recovered():
    """A latent spread known beforehand: rwg of large teams is what it must be."""
    draw = np.random.default_rng(12)
    answers = pd.DataFrame(draw.choice([3, 4, 5], size=(40 * 200, 3), p=[0.25, 0.5, 0.25]))
    found = within_group(answers, pd.Series(np.repeat(np.arange(200), 40)), 1, 7)
    ratio = 0.5 / 4
    assert found["r_star"].mean() == pytest.approx(1 - ratio, abs=0.003)
    assert found["rwg"].mean() == pytest.approx(
        3 * (1 - ratio) / (3 * (1 - ratio) + ratio), abs=2e-3
    )


def test_a_million_people_are_no_hindrance():
    draw = np.random.default_rng(13)
    items = pd.DataFrame(draw.integers(1, 8, (1_000_000, 3)))
    group = pd.Series(draw.integers(0, 50_000, 1_000_000))
    found = within_group(items, group, 1, 7)
    assert found["n"].sum() == 1_000_000
    assert "band" in found
