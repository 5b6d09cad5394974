"""Ordered answers: against R, against two sets of answers of the same people, and where none is."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from cultureplus.errors import InputError
from cultureplus.ordinal_reliability import (
    categorical_omega,
    estimate_categorical_omega,
    estimate_ordinal_alpha,
    ordinal_alpha,
)
from cultureplus.polychoric import polychoric
from cultureplus.reliability import alpha
from tests.small_surveys import oracle
from tests.test_omega import items_of, one_factor, with_covariance

CASES = {name: case for name, case in oracle("omega").items() if "ordinal_alpha" in case}


def answers_of(leanings: np.ndarray, cuts, values=None) -> pd.DataFrame:
    """What people with these leanings answer, the thresholds being the same for all items."""
    coded = np.digitize(leanings, cuts)
    given = coded + 1.0 if values is None else np.asarray(values, dtype="float64")[coded]
    return pd.DataFrame(given, columns=list("abcdefghijkl")[: leanings.shape[1]])


def leaning(n, loading, *, seed=1, sets=1) -> list[np.ndarray]:
    """Sets of leanings of the same n people that share nothing but one factor."""
    draw = np.random.default_rng(seed)
    loading = np.asarray(loading)
    factor = draw.normal(size=(n, 1))
    own = np.sqrt(1 - loading**2)
    return [factor * loading + draw.normal(size=(n, len(loading))) * own for _ in range(sets)]


# ------------------------------------------------ against R
@pytest.mark.parametrize("case", CASES.values(), ids=list(CASES))
def test_ordinal_alpha_is_that_of_psych(case):
    assert ordinal_alpha(items_of(case)) == pytest.approx(case["ordinal_alpha"], rel=1e-7)


@pytest.mark.parametrize(
    "case",
    [case for case in CASES.values() if "categorical_omega" in case],
    ids=[name for name, case in CASES.items() if "categorical_omega" in case],
)
def test_categorical_omega_is_that_of_semtools(case):
    items = items_of(case)
    assert categorical_omega(items) == pytest.approx(case["categorical_omega"], rel=1e-6)
    observed = categorical_omega(items, total="observed")
    assert observed == pytest.approx(case["categorical_omega_observed"], rel=1e-6)


# ------------------------------------------------ against what they mean
@pytest.mark.parametrize(
    ("loading", "cuts", "values"),
    [
        ([0.8, 0.7, 0.6, 0.5], [-1.5, -0.5, 0.5, 1.5], None),
        ([0.8, 0.7, 0.6, 0.5], [0.8], None),
        ([0.9, 0.5, 0.4], [-2.0, -1.4, -0.7], None),
        ([0.7, 0.7, 0.7, 0.7, 0.7], [-1.0, 0.3, 1.0], [1, 2, 5, 7]),  # 3, 4 and 6 never given
        ([0.8, 0.7, -0.6, 0.5], [-1.0, 0.0, 1.0], None),
    ],
    ids=["five answers", "two answers", "skewed", "answers never given", "contradicting"],
)
def test_categorical_omega_is_how_two_sets_of_answers_of_the_same_people_agree(
    loading, cuts, values
):
    """Reliability is the correlation of a sum with another that shares nothing but the factor."""
    first, second = (
        answers_of(each, cuts, values) for each in leaning(60_000, loading, seed=4, sets=2)
    )
    agreement = np.corrcoef(first.sum(axis=1), second.sum(axis=1))[0, 1]
    assert categorical_omega(first) == pytest.approx(agreement, abs=0.012)
    # Where the model is true it does not matter which variance of the sum is taken.
    assert categorical_omega(first, total="observed") == pytest.approx(agreement, abs=0.012)


def test_ordinal_alpha_is_the_alpha_of_what_lies_underneath():
    (values,) = leaning(40_000, [0.7] * 4)
    coarse = answers_of(values, [0.5, 1.5])
    underneath = alpha(pd.DataFrame(values))
    assert ordinal_alpha(coarse) == pytest.approx(underneath, abs=0.01)
    # No score of the answers is that reliable.
    assert categorical_omega(coarse) < underneath - 0.08
    assert alpha(coarse) < underneath - 0.08


def test_ordinal_alpha_is_the_alpha_of_the_polychoric_matrix():
    items = answers_of(leaning(300, [0.8, 0.7, 0.6])[0], [-1, 0, 1])
    r = polychoric(items).to_numpy()
    between = r[np.tril_indices(3, -1)].mean()
    assert ordinal_alpha(items) == pytest.approx(3 * between / (1 + 2 * between), abs=1e-12)


def test_with_many_answers_categorical_omega_is_as_good_as_that_of_measurements():
    loading = np.array([0.8, 0.7, 0.6, 0.5])
    (values,) = leaning(20_000, loading)
    expected = loading.sum() ** 2 / one_factor(loading).sum()
    fine = answers_of(values, np.linspace(-2.4, 2.4, 13))
    assert categorical_omega(fine) == pytest.approx(expected, abs=0.012)


# ------------------------------------------------ what changes nothing
@pytest.mark.parametrize("coefficient", [ordinal_alpha, categorical_omega])
def test_order_units_and_gaps_change_nothing(coefficient):
    items = items_of(CASES["bfi_agreeable"])
    before = coefficient(items)
    gap = pd.DataFrame([[1, 2, np.nan, 4, 5], [np.nan] * 5], columns=list(items))
    other = {
        "people": items.sample(frac=1, random_state=3),
        "items": items.iloc[:, [3, 1, 4, 0, 2]],
        "turned": 7 - items,
        "units": items * 25 - 25,
        "gaps": pd.concat([items, gap]),
        "numbers for names": items.set_axis(range(5), axis=1),
    }
    for what, changed in other.items():
        assert coefficient(changed) == pytest.approx(before, abs=1e-9), what


def test_an_answer_that_one_item_never_got_keeps_its_place():
    items = answers_of(leaning(400, [0.8, 0.7, 0.6])[0], [-1, 0, 1])
    moved = items.assign(a=items["a"].replace(4.0, 5.0))  # a: 1, 2, 3, 5
    assert ordinal_alpha(moved) == pytest.approx(ordinal_alpha(items), abs=1e-12)
    assert abs(categorical_omega(moved) - categorical_omega(items)) > 1e-4


# ------------------------------------------------ where there is none
GOOD = answers_of(leaning(80, [0.8, 0.7, 0.6, 0.5])[0], [-0.7, 0.7])
HARD = {
    "one item": (GOOD[["a"]], "one item has no internal consistency"),
    "a duplicated item": (GOOD.assign(e=GOOD["a"]), "a .* e"),
    "an item and its opposite": (GOOD.assign(e=4 - GOOD["a"]), "a .* e"),
    "a constant item": (GOOD.assign(e=2.0), "everybody answered e alike"),
    "an item without answers": (GOOD.assign(e=np.nan), "nobody answered e"),
    "nine people": (GOOD.iloc[:9], "9 complete rows, at least 10 needed"),
    "nobody": (GOOD.iloc[:0], "nobody answered a"),
    "measurements": (
        GOOD.assign(e=np.arange(80.0)), "e has 80 different answers, at most 30",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("items", "reason"), HARD.values(), ids=list(HARD))
def test_what_can_not_be_estimated_says_why(items, reason):
    for estimate, coefficient in (
        (estimate_ordinal_alpha, ordinal_alpha),
        (estimate_categorical_omega, categorical_omega),
    ):
        value, why = estimate(items)
        assert np.isnan(value)
        assert why.startswith("not estimable: ")
        assert pd.Series(why).str.contains(reason).all()
        with pytest.raises(InputError, match="is not estimable"):
            coefficient(items)


def test_two_items_have_an_ordinal_alpha_and_no_omega():
    items = GOOD[["a", "b"]]
    r = polychoric(items).loc["a", "b"]
    assert ordinal_alpha(items) == pytest.approx(2 * r / (1 + r), abs=1e-12)
    value, why = estimate_categorical_omega(items)
    assert np.isnan(value)
    assert "two items do not say how strongly each speaks" in why


def test_more_shared_than_there_is_gives_no_omega():
    leanings = with_covariance([[1, 0.8, 0.8], [0.8, 1, 0.4], [0.8, 0.4, 1]], n=800)
    items = answers_of(leanings.to_numpy(), [-1, 0, 1])
    value, why = estimate_categorical_omega(items)
    assert np.isnan(value)
    assert "impossible" in why
    assert 0.7 < ordinal_alpha(items) < 0.95


def test_items_that_contradict_each_other_have_an_alpha_below_nought_or_none():
    opposed = with_covariance([[1, -0.8], [-0.8, 1]], n=400)
    assert ordinal_alpha(answers_of(opposed.to_numpy(), [-1, 0, 1])) < -1


@pytest.mark.parametrize("coefficient", [ordinal_alpha, categorical_omega])
@pytest.mark.parametrize(
    ("items", "words"),
    [
        (GOOD["a"], "DataFrame"),
        (GOOD.assign(e=["often", "never"] * 40), "number"),
        (GOOD.assign(e=np.inf), "infinite"),
        (GOOD.set_axis(["a", "b", "b", "c"], axis=1), "one name|are called 'b'"),
    ],
    ids=["a column", "words", "infinite", "a name twice"],
)
def test_what_is_no_items_is_refused_in_one_sentence(coefficient, items, words):
    with pytest.raises(InputError, match=words):
        coefficient(items)


def test_an_unknown_variance_of_the_sum_is_refused():
    with pytest.raises(InputError, match="no such variance"):
        categorical_omega(GOOD, total="sum")
