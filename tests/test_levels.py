"""One correlation per level, against R, and what the verdict may say."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from cultureplus.errors import InputError
from cultureplus.levels import levels
from tests.small_surveys import ARMY, army, oracle, table

CASES = oracle("levels")
NUMBERS = [
    "total", "within", "within_low", "within_high", "between", "between_low", "between_high",
    "between_weighted",
]  # fmt: skip


def columns_of(case):
    frame = army() if "army" in case["data"] else table(case["data"])
    x, y = (case[name].removeprefix("mean of ") for name in ("x", "y"))
    assert "army" not in case["data"] or {x, y} <= set(ARMY)
    return frame[x], frame[y], frame[case["group"]]


def one(x, y, group) -> dict:
    found = levels(x, y, group)
    assert len(found) == 1
    return found.iloc[0].to_dict()


@pytest.mark.parametrize("case", CASES.values(), ids=list(CASES))
def test_the_correlations_of_r(case):
    found = levels(*columns_of(case))
    assert list(found) == [*NUMBERS, "n", "n_groups", "verdict", "reason"]
    for name in ("total", "within", "between", "between_weighted"):
        assert found.loc[0, name] == pytest.approx(case[name], rel=1e-8, abs=1e-10), name
    assert found.loc[0, ["n", "n_groups"]].tolist() == [case["n"], case["n_groups"]]
    assert found.loc[0, "reason"] == ""
    assert found.loc[0, "verdict"]


def test_the_published_levels_of_hours_and_wellbeing():
    # Bliese & Halverson (1996), all 99 groups, as in the manual of R's multilevel.
    frame = table("tests/oracle/data/bh1996_wellbeing.csv")
    found = one(frame["hours"], frame["wellbeing"], frame["group"])
    known = {"total": -0.163, "within": -0.111, "between": -0.667, "between_weighted": -0.712}
    assert {name: round(found[name], 3) for name in known} == known
    assert (found["n"], found["n_groups"]) == (7382, 99)
    assert found["verdict"].startswith("the levels differ: ")


def test_the_intervals_are_fishers_on_the_right_degrees_of_freedom():
    # A correlation of squares with f degrees of freedom has variance 1 / (f - 2) after Fisher's z.
    case = CASES["balanced_safety_barrier"]
    found = one(*columns_of(case))
    for name, freedom in (("within", 192 - 24), ("between", 24 - 1)):
        z = np.arctanh([found[f"{name}_low"], case[name], found[f"{name}_high"]])
        half = 1.959963984540054 / np.sqrt(freedom - 2)
        assert np.diff(z) == pytest.approx([half, half], rel=1e-7)


def made(within: float, between: float, *, teams=60, size=10, noise=1.0, seed=1):
    """Scores whose slopes within and between teams are these, with the same noise at either."""
    draw = np.random.default_rng(seed)
    team = np.repeat(np.arange(teams), size)
    mean, away = draw.normal(size=teams)[team], draw.normal(size=teams * size)
    blur = draw.normal(size=teams)[team] + draw.normal(size=teams * size)
    y = between * mean + within * away + noise * blur
    return pd.Series(mean + away), pd.Series(y), pd.Series(team)


@pytest.mark.parametrize(
    ("within", "between", "verdict"),
    [
        (-0.5, 1.0, "opposite signs: within teams -0."),
        (0.1, 1.0, "the levels differ: within teams 0."),
        (0.5, 0.5, "no difference shown: within teams 0."),
        (0.0, 0.0, "no difference shown"),
    ],
)
def test_the_verdict(within, between, verdict):
    found = one(*made(within, between))
    assert found["verdict"].startswith(verdict)
    assert f"between teams {found['between']:.2f}" in found["verdict"]


def test_no_proof_of_equality_is_claimed():
    assert "no proof that they are equal" in one(*made(0.5, 0.5))["verdict"]


def test_perfect_correlations_have_an_interval_of_nothing():
    found = one(*made(0.5, 0.5, noise=0.0))
    assert found["within"] == pytest.approx(1, abs=1e-12)
    assert found["within_low"] == pytest.approx(1, abs=1e-12)
    assert found["within_high"] <= 1


def test_people_missing_anything_are_left_out():
    x, y, team = made(0.4, 0.4)
    whole = one(x, y, team)
    x[3], y[20], team = np.nan, np.nan, team.astype("object")
    team[41] = None
    found = one(x, y, team)
    assert (found["n"], found["n_groups"]) == (597, 60)
    kept = ~np.isin(np.arange(600), [3, 20, 41])
    assert found == one(x[kept], y[kept], team[kept])
    assert found["within"] != whole["within"]


def test_the_order_of_rows_changes_nothing():
    x, y, team = made(0.4, -0.4)
    moved = np.random.default_rng(1).permutation(len(x))
    pd.testing.assert_frame_equal(
        levels(x.iloc[moved], y.iloc[moved], team.iloc[moved]), levels(x, y, team), check_exact=True
    )
    # One index is enough: the order in which each column comes does not matter either.
    pd.testing.assert_frame_equal(
        levels(x.iloc[moved], y, team), levels(x, y, team), check_exact=True
    )


def test_a_group_of_one_person_speaks_between_groups_only():
    x, y, group = made(0.4, 0.4)
    alone = pd.Series([9.0], index=[len(x)])
    found = one(*(pd.concat([each, alone]) for each in (x, y, group + 100)))
    whole = one(x, y, group)
    assert (found["n"], found["n_groups"]) == (whole["n"] + 1, whole["n_groups"] + 1)
    assert found["within"] == pytest.approx(whole["within"], rel=1e-12)
    assert found["between"] > whole["between"] + 0.1
    assert found["reason"] == ""


HARD = {
    "one team": (lambda x, y, g: (x, y, g * 0), ["within"], "0 degrees of freedom between teams"),
    "teams of one": (
        lambda x, y, g: (x, y, pd.Series(range(len(x)))), ["between"],
        "0 degrees of freedom within teams",
    ),
    "eleven teams": (
        lambda x, y, g: (x[:110], y[:110], g[:110]), ["within"],
        "9 degrees of freedom between teams, at least 10",
    ),
    "x of the team": (
        lambda x, y, g: (x.groupby(g).transform("mean"), y, g), ["between"],
        "x alike within teams",
    ),
    "x alike in all teams": (
        lambda x, y, g: (x - x.groupby(g).transform("mean"), y, g), ["within"],
        "x alike between teams",
    ),
    "constant": (lambda x, y, g: (x * 0 + 4.1, y * 0 + 2.2, g), [], "x and y alike among people"),
    "few people": (
        lambda x, y, g: (x[:11], y[:11], g[:11]), [], "9 degrees of freedom among people",
    ),
    "nobody": (lambda x, y, g: (x * np.nan, y, g), [], "0 degrees of freedom among people"),
}  # fmt: skip


@pytest.mark.parametrize(("change", "known", "reason"), HARD.values(), ids=list(HARD))
def test_a_level_that_can_not_be_told_says_why(change, known, reason):
    found = one(*change(*made(0.4, 0.4)))
    for level in ("within", "between"):
        numbers = [found[name] for name in NUMBERS if name.startswith(level)]
        assert np.isfinite(numbers).all() if level in known else np.isnan(numbers).all()
    assert found["reason"].startswith("not estimable: ")
    assert reason in found["reason"]
    if known:
        assert found["verdict"].startswith(f"{known[0]} teams only; this says nothing")
    else:
        assert found["verdict"] == "no level can be told"


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda x, y, g: (x.to_numpy(), y, g), "'x' is not a Series"),
        (lambda x, y, g: (x, y.astype(str) + "a", g), "no number"),
        (lambda x, y, g: (x.replace(x[0], np.inf), y, g), "infinite"),
        (lambda x, y, g: (x, y.iloc[1:], g), "'y' has other rows"),
        (lambda x, y, g: (x, y, g.set_axis([0] * len(g))), "'group' has other rows"),
    ],
)
def test_bad_input_is_refused(change, message):
    with pytest.raises(InputError, match=message):
        levels(*change(*made(0.4, 0.4)))
