"""Polychoric correlations: against R, against a direct root, and what must never change them."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import integrate, optimize, stats

from cultureplus.errors import InputError
from cultureplus.polychoric import BOUND, polychoric, two_step

ROOT = Path(__file__).resolve().parent.parent
CASES = json.loads((ROOT / "tests" / "oracle" / "polychoric.json").read_text("utf-8"))["cases"]
FIVE = (-1.5, -0.7, 0.2, 1.1)


def survey(n=500, seed=1, loadings=(0.8, 0.7, -0.6, 0.5), cuts=FIVE):
    """Made-up answers to items with one common factor."""
    draw = np.random.default_rng(seed)
    common = draw.normal(size=(n, 1))
    loading = np.array(loadings)
    leaning = loading * common + np.sqrt(1 - loading**2) * draw.normal(size=(n, len(loading)))
    names = [f"q{place}" for place in range(1, len(loading) + 1)]
    return pd.DataFrame(np.digitize(leaning, cuts) + 1, columns=names)


def below(h, k, r):
    """Share of a bivariate normal below h and k, by the angle form of Plackett's integral."""
    turned, _ = integrate.quad(
        lambda angle: np.exp(-(h * h + k * k - 2 * h * k * np.sin(angle)) / 2 / np.cos(angle) ** 2),
        0,
        np.arcsin(r),
        epsabs=1e-13,
    )
    return stats.norm.cdf(h) * stats.norm.cdf(k) + turned / (2 * np.pi)


@pytest.mark.parametrize("name", CASES)
def test_agrees_with_lavaan_and_psych(name):
    case = CASES[name]
    items = pd.read_csv(ROOT / case["data"])[case["items"]]
    fit = two_step(items, empty_cells=case["empty_cells"])
    pairs = pd.DataFrame(case["pairs"])
    assert len(items) == case["n_rows"]
    assert (fit.n, fit.status, fit.reason) == (case["n"], "ok", "")
    assert [len(case["thresholds"][item]) for item in items] == fit.thresholds.groupby(
        "item", sort=False
    ).size().to_list()
    np.testing.assert_allclose(
        fit.thresholds["estimate"], np.concatenate([case["thresholds"][i] for i in items]),
        atol=1e-12,
    )  # fmt: skip
    assert fit.pairs[["item", "other"]].to_numpy().tolist() == (
        pairs[["item", "other"]].to_numpy().tolist()
    )
    # By formula to the last digits; where a cell was filled the numbers are lavaan's alone.
    np.testing.assert_allclose(
        fit.pairs["r"], pairs["r"], atol=1e-7 if case["empty_cells"] else 1e-11
    )
    np.testing.assert_allclose(fit.pairs["se"], pairs["se"], rtol=2e-7)
    np.testing.assert_allclose(np.trace(fit.acov), case["acov_trace"], rtol=1e-7)
    np.testing.assert_allclose(fit.acov.sum(), case["acov_sum"], rtol=1e-7)
    if "acov" in case:
        np.testing.assert_allclose(fit.acov, np.array(case["acov"]), atol=1e-6)
    matrix = polychoric(items, empty_cells=case["empty_cells"])
    pd.testing.assert_frame_equal(matrix, fit.correlations)
    assert matrix.loc[pairs["item"][0], pairs["other"][0]] == fit.pairs["r"][0]


def test_the_oracle_has_enough_to_be_worth_reading():
    values = sum(
        2 * len(case["pairs"]) + sum(len(each) for each in case["thresholds"].values())
        for case in CASES.values()
    )
    assert values >= 400
    assert sum("acov" in case for case in CASES.values()) == 2


@settings(max_examples=60, deadline=None)
@given(st.tuples(*[st.integers(3, 200)] * 4))
def test_a_table_of_two_by_two_has_the_tetrachoric_as_its_root(cells):
    items = pd.DataFrame(
        np.repeat([[0, 0], [0, 1], [1, 0], [1, 1]], cells, axis=0), columns=["a", "b"]
    )
    n = sum(cells)
    h = stats.norm.ppf((cells[0] + cells[1]) / n)
    k = stats.norm.ppf((cells[0] + cells[2]) / n)
    root = optimize.brentq(lambda r: below(h, k, r) - cells[0] / n, -0.99999, 0.99999, xtol=1e-13)
    assert polychoric(items).loc["a", "b"] == pytest.approx(root, abs=1e-8)


@settings(max_examples=25, deadline=None)
@given(
    st.integers(0, 10_000),
    st.sampled_from([(0.4,), (-0.5, 1.2), FIVE, (-1.8, -1.2, -0.6, 0.0, 0.6, 1.4)]),
    st.permutations(range(4)),
    st.sampled_from(["q1", "q2", "q3", "q4"]),
)
def test_order_turning_and_recoding_change_nothing_else(seed, cuts, order, turned):
    items = survey(200, seed, cuts=cuts)
    fit = two_step(items)

    shuffled = items.sample(frac=1, random_state=seed).iloc[:, order]
    again = two_step(shuffled)
    swapped = again.correlations.loc[items.columns, items.columns]
    np.testing.assert_allclose(swapped, fit.correlations, atol=1e-10)
    names = dict(zip(again.names, range(len(again.names)), strict=True))
    place = [
        names[name] if name in names else names["~".join(reversed(name.split("~")))]
        for name in fit.names
    ]
    np.testing.assert_allclose(again.acov[np.ix_(place, place)], fit.acov, atol=1e-8, rtol=1e-8)

    other = two_step(items.assign(**{turned: -items[turned]}))
    sign = np.where(items.columns == turned, -1.0, 1.0)
    np.testing.assert_allclose(
        other.correlations, fit.correlations * np.outer(sign, sign), atol=1e-10
    )
    np.testing.assert_allclose(other.pairs["se"], fit.pairs["se"], rtol=1e-8)

    recoded = two_step(items**3 + 0.5)
    np.testing.assert_allclose(recoded.correlations, fit.correlations, atol=1e-12)
    np.testing.assert_allclose(recoded.acov, fit.acov, atol=1e-12)


def test_an_answer_that_nobody_gave_has_no_threshold():
    items = survey()
    gap = items.assign(q1=items["q1"].replace(3, 2))
    ordered = pd.Categorical.from_codes(gap["q1"] - 1, list("abcde"), ordered=True)
    fit, named = two_step(gap), two_step(gap.assign(q1=ordered))
    mine = fit.thresholds[fit.thresholds["item"] == "q1"]
    assert mine["threshold"].to_list() == [1, 2, 3]
    assert mine["answer"].to_list() == [1, 2, 4]
    assert named.thresholds["answer"].to_list()[:3] == ["a", "b", "d"]
    pd.testing.assert_frame_equal(named.correlations, fit.correlations)
    assert fit.acov.shape == (3 + 3 * 4 + 6,) * 2


def test_every_kind_of_number_gives_the_same():
    items = survey(120, cuts=(0.1,)) - 1
    items.loc[5, "q1"] = np.nan
    fit = polychoric(items)
    kinds = items.assign(
        q1=items["q1"].astype("Int64"), q2=items["q2"] == 1, q3=items["q3"].astype(object),
        q4=items["q4"].astype("float32"),
    )  # fmt: skip
    pd.testing.assert_frame_equal(polychoric(kinds), fit)
    assert two_step(kinds).n == 119


def test_the_true_values_and_their_errors_come_back():
    """300 surveys: the estimates scatter as `acov` says, and 95 % intervals hold the truth."""
    fits = [two_step(survey(300, seed)) for seed in range(300)]
    found = np.array([np.concatenate([fit.thresholds["estimate"], fit.pairs["r"]]) for fit in fits])
    loading = np.array([0.8, 0.7, -0.6, 0.5])
    rows, others = np.tril_indices(4, -1)
    truth = np.concatenate([np.tile(FIVE, 4), loading[rows] * loading[others]])
    said = np.mean([fit.acov for fit in fits], axis=0) / 300
    se = np.sqrt([np.diag(fit.acov) / 300 for fit in fits])
    np.testing.assert_allclose(found.mean(axis=0), truth, atol=0.03)
    np.testing.assert_allclose(found.std(axis=0), np.sqrt(np.diag(said)), rtol=0.12)
    held = (np.abs(found - truth) < 1.96 * se).mean(axis=0)
    assert 0.94 < held.mean() < 0.96
    assert held.min() > 0.91
    # Not the variances alone: correlations of the estimates, off the diagonal, too.
    spread = np.sqrt(np.diag(said))
    gap = np.corrcoef(found.T) - said / np.outer(spread, spread)
    assert np.abs(gap).max() < 0.2
    np.testing.assert_allclose(fits[0].thresholds["se"], se[0][:16], rtol=1e-10)


def test_many_people_are_taken_in_blocks():
    items = survey(100)
    many = pd.concat([items] * 90, ignore_index=True)
    few, all_of_them = two_step(items), two_step(many)
    assert all_of_them.n == 9000
    np.testing.assert_allclose(all_of_them.correlations, few.correlations, atol=1e-11)
    np.testing.assert_allclose(all_of_them.acov, few.acov, atol=1e-9)


def test_without_the_covariance_the_rest_is_the_same():
    items = survey()
    bare, full = two_step(items, acov=False), two_step(items)
    assert bare.acov is None
    assert bare.pairs["se"].isna().all()
    assert full.pairs["se"].notna().all()
    pd.testing.assert_frame_equal(bare.thresholds, full.thresholds)
    assert bare.names == full.names
    assert full.names[-2:] == ("q4~q2", "q4~q3")


PERFECT = pd.Series([1, 2, 3, 4, 5] * 10)


@pytest.mark.parametrize(
    ("one", "other", "sign"),
    [
        (PERFECT, PERFECT, 1),
        (PERFECT, -PERFECT, -1),
        (PERFECT > 2, PERFECT > 3, 1),  # never the second without the first
        (PERFECT > 2, PERFECT < 3, -1),
        (PERFECT > 2, PERFECT == 1, -1),
        (PERFECT, (PERFECT + 1) // 2, 1),
    ],
)
def test_a_table_as_good_as_perfect_lies_at_the_bound(one, other, sign):
    items = pd.DataFrame({"a": one, "b": other})
    fit = two_step(items)
    assert fit.correlations.loc["a", "b"] == sign * BOUND
    assert fit.status == "bounded"
    assert fit.reason == (
        "a with b: as good as perfect, given at the bound of 0.9999 without a standard error"
    )
    cuts = len(fit.thresholds)
    assert np.isnan(fit.acov[-1]).all()
    assert np.isfinite(fit.acov[:cuts, :cuts]).all()
    assert polychoric(items.iloc[::-1, ::-1]).loc["a", "b"] == sign * BOUND


def test_half_a_person_makes_an_empty_cell_estimable():
    items = pd.DataFrame({"a": PERFECT > 2, "b": PERFECT > 3})
    fit = two_step(items, empty_cells=0.5)
    h, k = stats.norm.ppf([0.4, 0.6])
    # 20 people below both, half of one moved out, the margins held.
    root = optimize.brentq(lambda r: below(h, k, r) - 19.5 / 50, 0, 0.9999, xtol=1e-13)
    assert fit.status == "ok"
    assert fit.pairs["r"][0] == pytest.approx(root, abs=1e-8)
    with pytest.raises(InputError, match="at most half a person"):
        two_step(items, empty_cells=1)


def test_items_without_variance_are_set_aside_with_their_reason():
    items = survey().assign(same=3, nobody=np.nan)
    fit, clean = two_step(items), two_step(survey())
    assert fit.status == "partial"
    assert fit.reason == "not estimable: everybody answered same alike; nobody answered nobody"
    assert fit.n == 500
    kept = list(clean.correlations)
    pd.testing.assert_frame_equal(fit.correlations.loc[kept, kept], clean.correlations)
    assert fit.correlations[["same", "nobody"]].isna().all(axis=None)
    reasons = fit.pairs.set_index(["item", "other"])["reason"]
    assert reasons["same", "q1"] == "not estimable: everybody answered same alike"
    assert reasons["nobody", "same"] == (
        "not estimable: everybody answered same alike; nobody answered nobody"
    )
    assert reasons["q2", "q1"] == ""
    place = [fit.names.index(name) for name in clean.names]
    np.testing.assert_allclose(fit.acov[np.ix_(place, place)], clean.acov, atol=1e-12)
    rest = [at for at in range(len(fit.names)) if at not in place]
    assert np.isnan(fit.acov[rest]).all()


@pytest.mark.parametrize(
    ("items", "reason"),
    [
        (survey(2), "not estimable: 2 complete rows, at least 10 needed"),
        (survey(9), "not estimable: 9 complete rows, at least 10 needed"),
        (survey(0), "not estimable: nobody answered q1; nobody answered q2; "),
        (pd.DataFrame({"a": [1] * 20, "b": [1, 2] * 10}), "not estimable: everybody answered a "),
        (pd.DataFrame({"a": [np.nan] * 20}), "not estimable: nobody answered a"),
        (
            pd.DataFrame({"a": [1, np.nan] * 10, "b": [np.nan, 1] * 10}),
            "not estimable: 0 complete rows, at least 10 needed",
        ),
    ],
)
def test_what_cannot_be_estimated_is_missing_with_the_reason(items, reason):
    fit = two_step(items)
    assert fit.status == "not_estimable"
    assert fit.reason.startswith(reason)
    matrix = fit.correlations.to_numpy(copy=True)
    off = ~np.eye(len(matrix), dtype=bool)
    assert np.isnan(matrix[off]).all()
    assert np.isnan(fit.acov[len(fit.thresholds) :]).all()
    assert "not_estimable" in repr(fit)


def test_one_item_alone_has_thresholds():
    fit = two_step(survey()[["q1"]])
    assert (fit.status, len(fit.thresholds), len(fit.pairs)) == ("ok", 4, 0)
    assert fit.correlations.to_numpy().tolist() == [[1.0]]


@pytest.mark.parametrize(
    ("items", "message"),
    [
        (pd.DataFrame(), "at least one column"),
        (pd.DataFrame({"a": ["1", "2"]}), "column 'a': an item holds numbers"),
        (pd.DataFrame({"a": [1, "2"]}), "column 'a': an item holds numbers"),
        (pd.DataFrame({"a": pd.Categorical([1, 2])}), "column 'a': an item holds numbers"),
        (pd.DataFrame({"a": np.arange(31.0)}), "31 different answers"),
        (pd.DataFrame({"a": [1, 2, np.inf]}), "an infinite answer"),
        (pd.DataFrame([[1, 2]], columns=["a", "a"]), "column 'a': two items have one name"),
    ],
)
def test_what_is_no_ordered_answer_is_refused(items, message):
    with pytest.raises(InputError, match=message):
        two_step(items)


def test_an_extreme_table_still_has_its_maximum():
    """Thresholds far out and a few people against the grain, against a plain search."""
    cells = np.array([[20000, 3, 0], [40, 2, 1], [1, 0, 4]])
    where = np.argwhere(cells)
    items = pd.DataFrame(np.repeat(where, cells[tuple(where.T)], axis=0), columns=["a", "b"])
    r = polychoric(items).loc["a", "b"]
    n = cells.sum()
    h = np.array([-9, *stats.norm.ppf(np.cumsum(cells.sum(axis=1))[:2] / n), 9])
    k = np.array([-9, *stats.norm.ppf(np.cumsum(cells.sum(axis=0))[:2] / n), 9])

    def likelihood(at):
        corners = np.array([[below(x, y, at) for y in k] for x in h])
        chance = np.diff(np.diff(corners, axis=0), axis=1)
        return float((cells * np.log(np.maximum(chance, 1e-15))).sum())

    best = optimize.minimize_scalar(
        lambda at: -likelihood(at), bounds=(0.3, 0.99), method="bounded", options={"xatol": 1e-9}
    )
    assert r == pytest.approx(best.x, abs=1e-5)
