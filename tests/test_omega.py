"""Omega: against R, against what the items were built from, and where there is none."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from cultureplus.cfa import cfa
from cultureplus.errors import InputError
from cultureplus.omega import (
    estimate_omega,
    estimate_omega_hierarchical,
    omega,
    omega_hierarchical,
)
from cultureplus.reliability import alpha
from tests.small_surveys import oracle, table

SUBSCALE_CASES = oracle("omega")["subscales"]
CASES = {name: case for name, case in oracle("omega").items() if "omega" in case}
CLOSE = 1e-5  # of the search in R; with four factors two digits fewer


def items_of(case, columns=None) -> pd.DataFrame:
    items = table(case["data"])[columns or case["items"]]
    turned = {item: sum(case["range"]) - items[item] for item in case["reversed"]}
    return items.assign(**turned)


def with_covariance(cov, n=60, *, seed=1) -> pd.DataFrame:
    """n people whose items have exactly this covariance (divisor n)."""
    drawn = np.random.default_rng(seed).normal(size=(n, len(cov)))
    drawn -= drawn.mean(axis=0)
    white = np.linalg.inv(np.linalg.cholesky(drawn.T @ drawn / n))
    values = drawn @ white.T @ np.linalg.cholesky(np.asarray(cov)).T
    return pd.DataFrame(values, columns=list("abcdefghijkl")[: len(cov)])


def one_factor(loading, residual=None) -> np.ndarray:
    loading = np.asarray(loading)
    own = 1 - loading**2 if residual is None else np.asarray(residual)
    return np.outer(loading, loading) + np.diag(own)


GENERAL = np.array([0.8, 0.7, 0.9])
LOADING = np.kron(np.eye(3), np.array([[0.8], [0.7], [0.9]]))
OWN = np.diag(1 - (LOADING**2).sum(axis=1))
SUBSCALES = {"x": list("abc"), "y": list("def"), "z": list("ghi")}


def three_subscales(r=None) -> np.ndarray:
    """Covariance of nine items on three factors, with one behind them unless told otherwise."""
    between = np.outer(GENERAL, GENERAL) if r is None else np.asarray(r, dtype="float64")
    np.fill_diagonal(between, 1.0)
    return LOADING @ between @ LOADING.T + OWN


# ------------------------------------------------ against R
@pytest.mark.parametrize("case", CASES.values(), ids=list(CASES))
def test_omega_and_its_interval_are_those_of_lavaan_and_semtools(case):
    items = items_of(case)
    found = estimate_omega(items)
    assert (found.value, found.low, found.high) == pytest.approx(
        (case["omega"], case["omega_low"], case["omega_high"]), rel=CLOSE
    )
    assert omega(items) == found.value
    assert omega(items, total="observed") == pytest.approx(case["omega_observed"], rel=CLOSE)


@pytest.mark.parametrize("case", SUBSCALE_CASES.values(), ids=list(SUBSCALE_CASES))
def test_hierarchical_omega_is_that_of_semtools(case):
    subscales = case["subscales"]
    items = items_of(case, [item for mine in subscales.values() for item in mine])
    value = omega_hierarchical(items, subscales)
    assert value == pytest.approx(case["omega_hierarchical"], rel=1e-4)
    observed = omega_hierarchical(items, subscales, total="observed")
    assert observed == pytest.approx(case["omega_hierarchical_observed"], rel=1e-4)


# ------------------------------------------------ against what it was built of
@pytest.mark.parametrize(
    ("loading", "residual"),
    [
        ([0.8, 0.7, 0.6], None),
        ([0.8, 0.7, 0.6, 0.5], None),
        ([2.0, 0.5, 1.0, 3.0, 0.1], [1.0, 2.0, 0.5, 4.0, 0.01]),
        ([0.8, 0.7, -0.6, 0.5], None),  # one item contradicts the others
        ([-0.8, -0.7, -0.6], None),
    ],
    ids=["three", "four", "unlike items", "a contradicting item", "all turned"],
)
def test_omega_is_the_share_that_was_built_in(loading, residual):
    cov = one_factor(loading, residual)
    part = sum(loading) ** 2
    expected = part / (part + (np.trace(cov) - np.square(loading).sum()))
    items = with_covariance(cov)
    assert omega(items) == pytest.approx(expected, abs=1e-10)
    # Where the model is true the variance that it implies is the one that is observed.
    assert omega(items, total="observed") == pytest.approx(expected, abs=1e-10)


def test_hierarchical_omega_is_the_share_that_was_built_in():
    cov = three_subscales()
    expected = (LOADING @ GENERAL).sum() ** 2 / cov.sum()
    items = with_covariance(cov)
    found = estimate_omega_hierarchical(items, SUBSCALES)
    assert found.value == pytest.approx(expected, abs=1e-10)
    assert found.low < expected < found.high
    # Omega of one factor takes what only a subscale shares for what all share.
    assert omega(items) > expected + 0.05


def test_equally_good_items_have_the_same_omega_and_alpha():
    items = with_covariance(one_factor([0.6] * 5, [0.3, 0.4, 0.5, 0.6, 0.7]))
    assert omega(items) == pytest.approx(alpha(items), abs=1e-10)
    unequal = with_covariance(one_factor([0.9, 0.9, 0.5, 0.4]))
    assert omega(unequal) > alpha(unequal) + 0.005


# ------------------------------------------------ what changes nothing
def test_order_units_and_gaps_change_nothing():
    items = table("tests/oracle/data/bfi_five.csv")[["N1", "N2", "N3", "N4", "N5"]]
    before = estimate_omega(items)
    numbers = (before.value, before.low, before.high)
    other = {
        "people": items.sample(frac=1, random_state=3),
        "items": items.iloc[:, [3, 1, 4, 0, 2]],
        "turned": 7 - items,
        "units": items * 100 - 5,
        "complete": items.dropna(),
        "a column of integers by name": items.dropna().astype("int64").set_axis(range(5), axis=1),
    }
    for what, changed in other.items():
        found = estimate_omega(changed)
        assert (found.value, found.low, found.high) == pytest.approx(numbers, abs=1e-9), what


def test_order_changes_nothing_in_hierarchical_omega():
    items = table("tests/oracle/data/second_order.csv")
    case = SUBSCALE_CASES["second_order"]["subscales"]
    before = omega_hierarchical(items, case)
    turned = {name: mine[::-1] for name, mine in reversed(case.items())}
    shuffled = items.sample(frac=1, random_state=5).iloc[:, ::-1]
    assert omega_hierarchical(shuffled, turned) == pytest.approx(before, abs=1e-9)


def test_items_of_no_subscale_do_not_count():
    items = with_covariance(three_subscales())
    more = items.assign(other=np.nan)
    assert omega_hierarchical(more, SUBSCALES) == omega_hierarchical(items, SUBSCALES)


# ------------------------------------------------ interval
def test_the_interval_is_wider_at_a_higher_level_and_closes_with_people():
    cov = one_factor([0.8, 0.7, 0.6, 0.5])
    found, wide = (estimate_omega(with_covariance(cov), level=level) for level in (0.95, 0.99))
    assert 0 < wide.low < found.low < found.value < found.high < wide.high < 1
    many = estimate_omega(with_covariance(cov, n=6000))
    assert many.value == pytest.approx(found.value, abs=1e-9)
    assert many.high - many.low < (found.high - found.low) / 8


def test_the_interval_knows_that_few_coarse_answers_are_no_bell():
    """Its errors hold without normality: they are not those of normal theory."""
    items = table("data/army2002/answers.csv")[[f"task_{n}" for n in range(1, 4)]]
    robust = estimate_omega(items)
    fit = cfa(items, {"f": list(items)}, "ml")

    def share(entries):
        part = entries["factor"][..., 0, 0] * (fit.free.unit @ entries["loading"])[..., 0] ** 2
        return part / (part + (entries["residual"] * fit.free.unit**2).sum(axis=-1))

    (value,), (se,) = fit.free.follow(share)
    assert value == pytest.approx(robust.value, abs=1e-12)
    normal_width = 2 * 1.96 * se
    assert (robust.high - robust.low) / normal_width > 1.05


def test_loadings_that_cancel_out_leave_nothing():
    found = estimate_omega(with_covariance(one_factor([0.7, 0.7, -0.7, -0.7])))
    assert (found.value, found.reason) == (0.0, "")
    assert np.isnan([found.low, found.high]).all()


# ------------------------------------------------ where there is none
GOOD = with_covariance(one_factor([0.8, 0.7, 0.6, 0.5]))
HARD = {
    "one item": (GOOD[["a"]], "one item has no internal consistency"),
    "two items": (GOOD[["a", "b"]], "two items do not say how strongly each speaks"),
    "a duplicated item": (GOOD.assign(e=GOOD["a"]), "a and e say the same (correlation 1)"),
    "an item and its opposite": (GOOD.assign(e=-GOOD["a"]), "say the same (correlation -1)"),
    "a sum among its items": (GOOD.assign(e=GOOD["a"] + GOOD["b"]), "follows exactly"),
    "a constant item": (GOOD.assign(e=4.0), "everybody answered e alike"),
    "an item without answers": (GOOD.assign(e=np.nan), "nobody answered e"),
    "nine people": (GOOD.iloc[:9], "9 complete rows, at least 10 needed"),
    "nine complete rows": (
        GOOD.assign(e=[*GOOD["b"][:9] ** 2, *[np.nan] * 51]), "9 complete rows, at least 10 needed",
    ),
    "nobody": (GOOD.iloc[:0], "nobody answered a"),
    "more numbers than people": (
        with_covariance(one_factor([0.5] * 11)).iloc[:15], "15 people for 22 free numbers",
    ),
    "three items that do not fit": (
        with_covariance([[1, 0.3, 0.3], [0.3, 1, -0.3], [0.3, -0.3, 1]]), "no minimum was found",
    ),
    "more shared than there is": (
        with_covariance([[1, 0.9, 0.9], [0.9, 1, 0.7], [0.9, 0.7, 1]]), "impossible",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("items", "reason"), HARD.values(), ids=list(HARD))
def test_what_has_no_omega_says_why(items, reason):
    found = estimate_omega(items)
    assert found.reason.startswith("not estimable: ")
    assert reason in found.reason
    assert np.isnan([found.value, found.low, found.high]).all()
    with pytest.raises(InputError, match="omega is not estimable"):
        omega(items)


@pytest.mark.parametrize("seed", range(4))
def test_items_that_share_nothing_have_no_omega(seed):
    """Which step of the fit finds out is a matter of rounding; an omega of 0 says the same."""
    found = estimate_omega(with_covariance(np.eye(4), seed=seed))
    assert found.value == 0 or found.reason.startswith("not estimable: ")
    apart = with_covariance(three_subscales(np.eye(3)), seed=seed)
    behind = estimate_omega_hierarchical(apart, SUBSCALES)
    assert behind.value == 0 or behind.reason.startswith("not estimable: ")


NINE = with_covariance(three_subscales())
HARD_SUBSCALES = {
    "two subscales": (NINE, {"x": list("abc"), "y": list("def")}, "2 subscales, at least 3"),
    "one subscale": (NINE, {"x": list("abc")}, "1 subscale, at least 3"),
    "a subscale of one item": (NINE, {**SUBSCALES, "z": ["g"]}, "z has one item, at least 2"),
    "a duplicated item": (
        NINE.assign(i=NINE["a"]), SUBSCALES, "a and i say the same (correlation 1)",
    ),
    "an item without answers": (NINE.assign(i=np.nan), SUBSCALES, "nobody answered i"),
    "nine people": (NINE.iloc[:9], SUBSCALES, "9 complete rows, at least 10 needed"),
    "subscales that share too much": (
        with_covariance(three_subscales([[1, 0.9, 0.9], [0.9, 1, 0.6], [0.9, 0.6, 1]])), SUBSCALES,
        "impossible",
    ),
}  # fmt: skip


@pytest.mark.parametrize(
    ("items", "subscales", "reason"), HARD_SUBSCALES.values(), ids=list(HARD_SUBSCALES)
)
def test_what_has_no_hierarchical_omega_says_why(items, subscales, reason):
    found = estimate_omega_hierarchical(items, subscales)
    assert found.reason.startswith("not estimable: ")
    assert reason in found.reason
    assert np.isnan([found.value, found.low, found.high]).all()
    with pytest.raises(InputError, match="omega is not estimable"):
        omega_hierarchical(items, subscales)


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: omega(GOOD, total="sum"), "no such variance"),
        (lambda: omega(GOOD["a"]), "DataFrame"),
        (lambda: omega(GOOD.assign(e="often")), "no number"),
        (lambda: omega(GOOD.assign(e=np.inf)), "infinite"),
        (lambda: omega(GOOD.set_axis(["a", "b", "b", "c"], axis=1)), "'b'"),
        (lambda: omega_hierarchical(NINE, SUBSCALES, total=""), "no such variance"),
        (lambda: omega_hierarchical(NINE, {**SUBSCALES, "z": ["gg"]}), "Can't find the item 'gg'"),
        (lambda: omega_hierarchical(NINE, {**SUBSCALES, "z": ["a"]}), "stands in the model twice"),
        (lambda: omega_hierarchical(NINE, {}), "at least one factor"),
        (lambda: omega_hierarchical(NINE.to_numpy(), SUBSCALES), "DataFrame"),
    ],
)
def test_what_is_no_items_is_refused_in_one_sentence(call, words):
    with pytest.raises(InputError, match=words):
        call()
