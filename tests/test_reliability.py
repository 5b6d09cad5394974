"""Alpha and its interval: against R, against pingouin, by its algebra, and where there is none."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pingouin
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import cultureplus as cp
from cultureplus.errors import InputError
from cultureplus.reliability import alpha, feldt_interval, reliability
from cultureplus.scoring import keyed
from tests.small_surveys import oracle, people_of, scale, survey_of, table

CASES = oracle("alpha")


def items_of(case) -> pd.DataFrame:
    low, high = case["range"]
    instrument = scale(case["items"], low=low, high=high, turned=case["reversed"])
    return keyed(table(case["data"]), instrument)


@pytest.mark.parametrize("case", CASES.values(), ids=list(CASES))
def test_alpha_and_interval_against_r(case):
    items = items_of(case)
    value = alpha(items)
    assert value == pytest.approx(case["alpha"], rel=1e-8)
    low, high = feldt_interval(value, case["n"], case["n_items"])
    assert (low, high) == pytest.approx((case["alpha_low"], case["alpha_high"]), rel=1e-8)
    # Without one item, on the rows that are complete in all of them.
    complete = items.dropna()
    for item, without in case["alpha_if_dropped"].items():
        assert alpha(complete.drop(columns=item)) == pytest.approx(without, rel=1e-8)


@pytest.mark.parametrize("case", CASES.values(), ids=list(CASES))
def test_the_reliability_table_against_r(case):
    raw = table(case["data"])[case["items"]]
    people = people_of({}, responded=[None] * len(raw))
    low, high = case["range"]
    instrument = scale(case["items"], low=low, high=high, turned=case["reversed"])
    found = reliability(survey_of(raw.set_axis(people.index), people, [instrument]))
    assert list(found) == [
        "wave", "scale", "n", "n_items", "alpha", "alpha_low", "alpha_high", "reason",
    ]  # fmt: skip
    (row,) = found.to_dict("records")
    assert (row["n"], row["n_items"], row["reason"]) == (case["n"], case["n_items"], "")
    for name in ("alpha", "alpha_low", "alpha_high"):
        assert row[name] == pytest.approx(case[name], rel=1e-8)


def test_pingouin_agrees():
    items = items_of(CASES["seven_point"]).dropna()  # dropped first: it counts the rows before
    value, (low, high) = pingouin.cronbach_alpha(items)
    assert alpha(items) == pytest.approx(value, rel=1e-10)
    assert feldt_interval(alpha(items), *items.shape) == pytest.approx((low, high), abs=5e-4)


def test_the_module_may_be_called_as_a_function():
    people = people_of({}, responded=[None] * 12)
    answers = pd.DataFrame({"a": range(12), "b": range(12)}, index=people.index, dtype="float64")
    survey = survey_of(answers, people, [scale(["a", "b"], low=0, high=11)])
    pd.testing.assert_frame_equal(cp.reliability(survey), reliability(survey))
    assert cp.reliability.alpha(answers) == pytest.approx(1.0)


@given(
    st.lists(st.tuples(*[st.integers(1, 7)] * 4), min_size=3, max_size=15),
    st.floats(0.1, 10),
    st.randoms(),
)
@settings(deadline=None, max_examples=30)
def test_the_algebra_of_alpha(rows, factor, random):
    items = pd.DataFrame(rows, columns=list("abcd"), dtype="float64")
    if items.sum(axis=1).nunique() == 1:
        with pytest.raises(InputError, match="alike"):
            alpha(items)
        return
    value = alpha(items)
    assert value <= 1 + 1e-12
    # k/(k-1) times the mean of all covariances between items over the variance of the sum.
    cov = items.cov().to_numpy()
    between = cov.sum() - np.trace(cov)
    assert value == pytest.approx(4 / 3 * between / cov.sum(), abs=1e-9)
    assert alpha(items * factor + 3) == pytest.approx(value, abs=1e-9)
    order = list(range(len(items)))
    random.shuffle(order)
    assert alpha(items.iloc[order, ::-1]) == pytest.approx(value, abs=1e-12)
    gap = pd.concat([items, pd.DataFrame({"a": [1.0], "b": [7.0]})], ignore_index=True)
    assert alpha(gap) == pytest.approx(value, abs=1e-12)


@pytest.mark.parametrize(
    "items",
    [
        pd.DataFrame({"a": [1.0, 2.0, 3.0]}),
        pd.DataFrame({"a": [1.0, 2.0], "b": [np.nan, 2.0]}),
        pd.DataFrame({"a": [1.0, 3.0], "b": [3.0, 1.0]}),
        pd.DataFrame({"a": [], "b": []}, dtype="float64"),
    ],
    ids=["one item", "one row", "no variance of the sum", "nobody"],
)
def test_alpha_is_not_defined_for_everything(items):
    with pytest.raises(InputError, match="alpha"):
        alpha(items)


def test_the_interval_is_wider_at_a_higher_level_and_closes_with_people():
    low, high = feldt_interval(0.8, 60, 5)
    wide = feldt_interval(0.8, 60, 5, level=0.99)
    assert wide[0] < low < 0.8 < high < wide[1] < 1
    many = feldt_interval(0.8, 6000, 5)
    assert many[1] - many[0] < (high - low) / 8


GOOD = {"a": [1.0, 2.0, 3.0, 4.0] * 4, "b": [2.0, 2.0, 3.0, 5.0] * 4}
HARD = {
    "one item": ({"a": GOOD["a"]}, "one item has no internal consistency"),
    "nobody": ({"a": [np.nan] * 16, "b": [np.nan] * 16}, "nobody was asked in this wave"),
    "an item without answers": ({**GOOD, "c": [np.nan] * 16}, "nobody answered c"),
    "nine complete rows": (
        {"a": GOOD["a"], "b": [*GOOD["b"][:9], *[np.nan] * 7]},
        "9 complete rows, at least 10 needed",
    ),
    "fewer rows than items": (
        {name: [1.0, 2.0, *[np.nan] * 14] for name in "abcde"}, "2 complete rows",
    ),
    "a constant item": ({**GOOD, "c": [4.0] * 16}, "everybody answered c alike"),
    "all constant": ({"a": [4.0] * 16, "b": [4.0] * 16}, "everybody answered a alike"),
    "a constant sum": (
        {"a": GOOD["a"], "b": [5 - value for value in GOOD["a"]]}, "the same sum",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("answers", "reason"), HARD.values(), ids=list(HARD))
def test_what_can_not_be_estimated_says_why(answers, reason):
    people = people_of({}, responded=[None] * 16)
    given_ = pd.DataFrame(answers, index=people.index)
    (row,) = reliability(survey_of(given_, people, [scale(list(answers))])).to_dict("records")
    assert row["reason"].startswith("not estimable: ")
    assert reason in row["reason"]
    assert np.isnan([row["alpha"], row["alpha_low"], row["alpha_high"]]).all()
    assert row["n"] == len(given_.dropna())


def test_ten_complete_rows_are_enough_and_waves_stand_apart():
    people = pd.concat([people_of({}, responded=[None] * 10, wave=wave) for wave in ("1", "2")])
    answers = pd.DataFrame(
        {"a": [1.0, 2.0] * 5 + [np.nan] * 10, "b": [1.0, 3.0] * 5 + [np.nan] * 10},
        index=people.index,
    )
    found = reliability(survey_of(answers, people, [scale(["a", "b"])]))
    assert found["wave"].tolist() == ["1", "2"]
    assert found["n"].tolist() == [10, 0]
    # Variances 1 and 4, of the sum 9 (in the same unit): 2 (1 - 5/9).
    assert found["alpha"].tolist() == pytest.approx([8 / 9, np.nan], nan_ok=True)
    assert found.loc[1, "reason"] == "not estimable: nobody was asked in this wave"
