"""Alpha, its interval and the table of all reliabilities: against R, and where there is none."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pingouin
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import cultureplus as cp
from cultureplus.errors import InputError
from cultureplus.instrument import Item
from cultureplus.reliability import alpha, alphas, feldt_interval, reliability
from cultureplus.scoring import keyed
from tests.small_surveys import oracle, people_of, scale, survey_of, table

CASES = oracle("alpha")
OMEGA_CASES = oracle("omega")
FURTHER = [
    "omega", "omega_low", "omega_high", "omega_hierarchical", "ordinal_alpha", "categorical_omega",
]  # fmt: skip


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
    survey = survey_of(raw.set_axis(people.index), people, [instrument])
    found = reliability(survey)
    first = ["wave", "scale", "n", "n_items", "alpha", "alpha_low", "alpha_high"]
    assert list(found) == [*first, *FURTHER, "reason"]
    # The part that needs no factor model can be had alone.
    assert list(alphas(survey)) == [*first, "reason"]
    pd.testing.assert_frame_equal(alphas(survey)[first], found[first])
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
    assert np.isnan([row[name] for name in FURTHER]).all()
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


# ------------------------------------------------ beside alpha
def table_of(answers: pd.DataFrame, instrument) -> pd.DataFrame:
    people = people_of({}, responded=[None] * len(answers))
    return reliability(survey_of(answers.set_axis(people.index), people, [instrument]))


@pytest.mark.parametrize("name", ["army_hostility", "five_point", "seven_point", "bfi_agreeable"])
def test_omega_and_the_ordinal_coefficients_in_the_table_against_r(name):
    case = OMEGA_CASES[name]
    low, high = case["range"] or (0, 4)
    instrument = scale(case["items"], low=low, high=high, turned=case["reversed"])
    (row,) = table_of(table(case["data"])[case["items"]], instrument).to_dict("records")
    assert (row["n"], row["n_items"], row["reason"]) == (case["n"], case["n_items"], "")
    for column in set(FURTHER) - {"omega_hierarchical"}:
        assert row[column] == pytest.approx(case[column], rel=1e-5), column
    assert np.isnan(row["omega_hierarchical"])  # no subscales


def with_subscales(subscales: dict[str, list[str]], *, low=1, high=6, turned=(), total=True):
    """A rated instrument whose items belong to subscales."""
    names = [item for mine in subscales.values() for item in mine]
    items = tuple(
        Item(item, f"Text of {item}.", subscale=name, reversed=item in turned)
        for name, mine in subscales.items()
        for item in mine
    )
    plain = scale(names, low=low, high=high)
    return replace(plain, items=items, subscales={name: name for name in subscales}, total=total)


def test_hierarchical_omega_stands_at_the_total_score_of_an_instrument_with_subscales():
    case = OMEGA_CASES["subscales"]["big_five"]
    subscales = {name.lower(): mine for name, mine in case["subscales"].items()}
    answers = table(case["data"])[[item for mine in subscales.values() for item in mine]]
    found = table_of(answers, with_subscales(subscales, turned=case["reversed"]))
    assert (found["reason"] == "").all()
    by_scale = found.set_index("scale")["omega_hierarchical"]
    assert by_scale["trust"] == pytest.approx(case["omega_hierarchical"], rel=1e-4)
    assert by_scale.drop("trust").isna().all()
    assert found.loc[found["scale"] == "trust", "omega"].item() > by_scale["trust"] + 0.1


def test_two_subscales_have_no_factor_behind_them():
    answers = table("tests/oracle/data/bfi_five.csv")[["E3", "E4", "E5", "O1", "O3", "O4"]]
    instrument = with_subscales({"e": ["E3", "E4", "E5"], "o": ["O1", "O3", "O4"]})
    found = table_of(answers, instrument).set_index("scale")
    assert found.loc["trust", "reason"] == (
        "omega hierarchical is not estimable: 2 subscales, at least 3 needed"
    )
    assert found.loc["trust", ["omega", "ordinal_alpha", "categorical_omega"]].notna().all()
    assert (found.loc[["trust.e", "trust.o"], "reason"] == "").all()
    # Without a score over all items there is nothing to ask.
    alone = table_of(answers, replace(instrument, total=False))
    assert alone["scale"].tolist() == ["trust.e", "trust.o"]


def drawn(n=200, seed=2) -> pd.DataFrame:
    draw = np.random.default_rng(seed)
    leaning = draw.normal(size=(n, 1)) + draw.normal(size=(n, 4))
    return pd.DataFrame(np.digitize(leaning, [-1.5, -0.5, 0.5, 1.5]) + 1.0, columns=list("abcd"))


SOME = drawn()
PARTLY = {
    "two items": (
        SOME[["a", "b"]], ["omega", "categorical_omega"],
        "omega, categorical omega are not estimable: two items do not say how strongly each "
        "speaks for the scale, at least 3 needed",
    ),
    "a duplicated item": (
        SOME.assign(d=SOME["a"]), ["omega", "ordinal_alpha", "categorical_omega"],
        "omega, categorical omega are not estimable: a and d say the same (correlation 1); "
        "ordinal alpha is not estimable: a with d: as good as perfect",
    ),
    "a slider": (
        SOME.assign(d=np.arange(200) + 20 * SOME["a"]), ["ordinal_alpha", "categorical_omega"],
        "ordinal alpha, categorical omega are not estimable: d has ",
    ),
    "more numbers than people": (
        pd.concat([SOME.iloc[3:15], SOME.iloc[3:15, :3].add_suffix("2")[::-1].set_axis(
            range(3, 15))], axis=1),
        ["omega", "ordinal_alpha", "categorical_omega"],
        "omega is not estimable: 12 people for 14 free numbers",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("items", "missing", "words"), PARTLY.values(), ids=list(PARTLY))
def test_what_is_missing_beside_an_alpha_is_named_with_its_reason(items, missing, words):
    (row,) = table_of(items, scale(list(items), low=0, high=400)).to_dict("records")
    assert row["alpha_low"] < row["alpha"] < row["alpha_high"]
    assert words in row["reason"]
    for name in ("omega", "ordinal_alpha", "categorical_omega"):
        assert np.isnan(row[name]) == (name in missing), name


def test_an_answer_that_was_never_given_is_no_obstacle():
    items = SOME.assign(b=SOME["b"].replace({4.0: 5.0}))
    (row,) = table_of(items, scale(list(items))).to_dict("records")
    assert row["reason"] == ""
    assert 0.5 < row["categorical_omega"] < row["ordinal_alpha"] < 0.9


def test_the_order_of_people_and_items_changes_no_column():
    case = OMEGA_CASES["bfi_neurotic"]
    answers = table(case["data"])[case["items"]]
    numbers = ["n", "alpha", "alpha_low", "alpha_high", *FURTHER]
    before = table_of(answers, scale(case["items"], high=6))[numbers]
    other = answers.sample(frac=1, random_state=9).reset_index(drop=True)
    after = table_of(other, scale(case["items"][::-1], high=6))[numbers]
    pd.testing.assert_frame_equal(before, after, rtol=0, atol=1e-9)


def test_the_coefficients_are_functions_of_the_callable_module():
    for name in ("omega", "ordinal_alpha", "categorical_omega"):
        assert 0.5 < getattr(cp.reliability, name)(SOME) < 1
    with pytest.raises(InputError, match="at least 3 needed"):
        cp.reliability.omega_hierarchical(SOME, {"x": ["a", "b"], "y": ["c", "d"]})


@pytest.mark.parametrize(
    "items",
    [SOME["a"], SOME.assign(d="often"), SOME.assign(d=np.inf)],
    ids=["a column", "words", "infinite"],
)
def test_alpha_of_what_is_no_items_is_refused(items):
    with pytest.raises(InputError, match=r"DataFrame|no number|infinite"):
        alpha(items)
