"""Several groupings at once: against lme4 and lmerTest, against whole matrices, and where it ends.

R's answers are good to about 1e-7 (its search) and 1e-9 (the ends of its profiles); the bounds here
are wider only where a number is a small difference of large ones.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import statsmodels.formula.api as smf
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from cultureplus import mixed, mixed_search, mixed_sums
from cultureplus.errors import InputError
from cultureplus.mixed import random_intercepts
from cultureplus.mixed_search import lowest, profile_interval
from tests.small_surveys import oracle, table

ORACLE = oracle("crossed")
BOUNDARY = ORACLE.pop("boundary")


def design_of(case) -> tuple[pd.Series, pd.DataFrame | None, pd.DataFrame]:
    frame = table(case["data"])
    if "group_hours" in case["predictors"]:
        frame["group_hours"] = frame.groupby("group")["hours"].transform("mean")
    x = frame[case["predictors"]] if case["predictors"] else None
    return frame[case["outcome"]], x, frame[case["groups"]]


def near(found: float, expected: float, bound: float) -> None:
    # A share of 0 and its low end are 0 exactly.
    assert found == pytest.approx(expected, rel=bound, abs=1e-12)


@pytest.fixture(scope="module")
def fits():
    return {name: random_intercepts(*design_of(case)) for name, case in ORACLE.items()}


@pytest.mark.parametrize("name", list(ORACLE))
def test_against_r(fits, name):
    fit, case = fits[name], ORACLE[name]
    assert (fit.status, fit.n) == (case["status"], case["n"])
    rows = fit.coefficients.set_index("term").to_dict("index")
    assert list(rows) == list(case["coefficients"])
    for term, expected in case["coefficients"].items():
        for column in ("estimate", "se", "low", "high"):
            near(rows[term][column], expected[column], 1e-5)
        near(rows[term]["df"], expected["df"], 1e-4)
        own = 2 * stats.t.sf(abs(rows[term]["t"]), rows[term]["df"])
        assert rows[term]["p"] == pytest.approx(own, rel=1e-9)
    assert list(fit.variances.index) == [*case["groups"], "residual"]
    for grouping, expected in case["variances"].items():
        near(fit.variances[grouping], expected, 1e-4)
    assert fit.loglik == pytest.approx(case["loglik"], abs=1e-6)
    near(fit.r2_marginal, case["r2_marginal"], 1e-4)
    near(fit.r2_conditional, case["r2_conditional"], 1e-4)
    assert fit.icc == pytest.approx(1 - fit.variances["residual"] / fit.variances.sum())


@pytest.mark.parametrize("name", list(ORACLE))
def test_intervals_against_r(fits, name):
    rows = fits[name].intervals.set_index("grouping")
    assert (rows.pop("method") == "profile").all()
    assert sorted(rows.index) == sorted(ORACLE[name]["intervals"])
    for grouping, expected in ORACLE[name]["intervals"].items():
        for column, value in expected.items():
            near(rows.loc[grouping, column], value, 1e-4)


def test_the_published_example(fits):
    """bh1996, all groups, as it stands in the handbook of multilevel (to the digits given)."""
    fit = fits["bh1996"]
    found = fit.coefficients.set_index("term")
    assert found["estimate"].round(6).tolist()[1:] == [-0.046461, -0.126926]
    assert found["estimate"].round(3).iloc[0] == 4.741
    assert found["se"].round(6).tolist()[1:] == [0.004888, 0.019403]
    assert fit.variances.round(6).tolist() == [0.013545, 0.780105]
    assert found["df"].round(1).tolist() == [86.0, 7283.1, 98.5]


def test_singular_where_lme4_says_so():
    frame = table(BOUNDARY["data"])
    said = {}
    for case, rows in frame.groupby("case"):
        fit = random_intercepts(rows["y"], None, rows[["a", "b"]])
        said[str(case)] = fit.status == "singular"
        assert bool(fit.variances.min() == 0) is said[str(case)] is bool(fit.reason)
    expected = BOUNDARY["singular"]
    assert 0.2 < np.mean(list(expected.values())) < 0.8
    assert np.mean([said[case] == expected[case] for case in expected]) >= 0.99


def test_statsmodels_agrees():
    y, x, groups = design_of(ORACLE["three"])
    frame = pd.DataFrame({"y": y, "x": x["x"], "size": x["size"], "one": 1}).join(groups)
    parts = {name: f"0 + C({name})" for name in ("func", "location")}
    theirs = smf.mixedlm("y ~ x + size", frame, groups="one", vc_formula=parts, re_formula="0")
    theirs = theirs.fit(reml=True, method="powell")
    ours = random_intercepts(y, x, groups[["func", "location"]])
    assert ours.coefficients["estimate"].tolist() == pytest.approx(
        theirs.fe_params.tolist(), rel=1e-3
    )
    names = list(theirs.model.exog_vc.names)
    for place, name in enumerate(names):
        assert ours.variances[name] == pytest.approx(theirs.vcomp[place], rel=1e-2)
    assert ours.loglik == pytest.approx(theirs.llf, abs=1e-4)


# ---------------------------------------------------------------------------- whole matrices
LEVELS = {"one": [15], "two": [6, 15], "three": [7, 15, 4]}


def made(levels, *, n=120, seed=1):
    rng = np.random.default_rng(seed)
    codes = [rng.integers(0, k, n) for k in levels]
    codes = [pd.factorize(each)[0] for each in codes]
    x = np.column_stack([np.ones(n), rng.normal(size=n)])
    y = rng.normal(size=n) + sum(rng.normal(size=k)[c] for k, c in zip(levels, codes, strict=True))
    return y, x, codes


@pytest.mark.parametrize("levels", LEVELS.values(), ids=list(LEVELS))
@pytest.mark.parametrize("ratios", [(0.5, 0.2, 0.1), (0.0, 0.3, 2.0), (5.0, 0.0, 0.0)])
@pytest.mark.parametrize("kept", [4_000_000, 0])
def test_the_sums_know_what_the_matrices_know(levels, ratios, kept, monkeypatch):
    """Every part of the likelihood by n x n matrices, where the sums are kept by size and not."""
    monkeypatch.setattr(mixed_sums, "_KEPT", kept)
    y, x, codes = made(levels)
    sums = mixed_sums.sums_of(y, x, codes, [int(each.max()) + 1 for each in codes])
    assert (sums.by_size is None) is (kept == 0)
    variances = np.array([*ratios[: len(levels)], 1.0]) * 1.3
    parts = [(each[:, None] == each[None, :]).astype("float64") for each in codes]
    parts.append(np.eye(len(y)))
    v = sum(one * part for one, part in zip(variances, parts, strict=True))
    inverse = np.linalg.inv(v)
    xx = x.T @ inverse @ x
    p = inverse - inverse @ x @ np.linalg.solve(xx, x.T @ inverse)
    found = mixed_sums.deviance(sums, variances)
    expected = np.linalg.slogdet(v)[1] + np.linalg.slogdet(xx)[1] + y @ p @ y
    assert found.value == pytest.approx(expected, rel=1e-10)
    slope = [np.trace(p @ one) - y @ p @ one @ p @ y for one in parts]
    np.testing.assert_allclose(found.slope, slope, rtol=1e-8, atol=1e-8)
    information = [[np.trace(p @ one @ p @ other) for one in parts] for other in parts]
    np.testing.assert_allclose(found.information, information, rtol=1e-8)
    bend = 2 * np.array([[y @ p @ a @ p @ b @ p @ y for a in parts] for b in parts])
    np.testing.assert_allclose(found.bend, bend - information, rtol=1e-7, atol=1e-7)
    at = mixed_sums.point(sums, variances[:-1] / variances[-1])
    np.testing.assert_allclose(at.b, np.linalg.solve(xx, x.T @ inverse @ y), rtol=1e-9)
    for part, turn in zip(parts, mixed_sums.slopes(sums, at), strict=False):
        own = x.T @ inverse @ part @ inverse @ x * variances[-1] ** 2
        np.testing.assert_allclose(turn, own, rtol=1e-8, atol=1e-9)


@pytest.mark.parametrize("levels", LEVELS.values(), ids=list(LEVELS))
def test_the_profiled_deviance_has_these_derivatives(levels):
    y, x, codes = made(levels)
    sums = mixed_sums.sums_of(y, x, codes, [int(each.max()) + 1 for each in codes])
    ratios, step = np.array([0.4, 0.7, 0.2])[: len(levels)], 1e-5
    found = mixed_sums.profiled(sums, ratios)
    for place in range(len(levels)):
        move = step * (np.arange(len(levels)) == place)
        up, down = (mixed_sums.profiled(sums, ratios + sign * move) for sign in (1, -1))
        assert found.slope[place] == pytest.approx((up.value - down.value) / (2 * step), rel=1e-5)
        np.testing.assert_allclose(
            found.bend[place], (up.slope - down.slope) / (2 * step), rtol=1e-5, atol=1e-6
        )


def test_a_balanced_crossing_is_the_analysis_of_variance():
    rng = np.random.default_rng(3)
    values = rng.normal(size=(9, 7)) + rng.normal(size=(9, 1)) + rng.normal(size=(1, 7))
    rows, columns = np.indices(values.shape)
    groups = pd.DataFrame({"row": rows.ravel(), "column": columns.ravel()})
    fit = random_intercepts(pd.Series(values.ravel()), None, groups)
    by_row, by_column = values.mean(axis=1), values.mean(axis=0)
    rest = values - by_row[:, None] - by_column + values.mean()
    error = (rest**2).sum() / (8 * 6)
    assert fit.variances["residual"] == pytest.approx(error, rel=1e-7)
    assert fit.variances["row"] == pytest.approx(by_row.var(ddof=1) - error / 7, rel=1e-6)
    assert fit.variances["column"] == pytest.approx(by_column.var(ddof=1) - error / 9, rel=1e-6)
    low, high = fit.intervals.set_index("grouping").loc["residual", ["low", "high"]]
    assert low < 48 * error / stats.chi2.ppf(0.9, 48) < error < high


# ---------------------------------------------------------------------------- what may not matter
@given(st.randoms(), st.sampled_from(["two", "nested", "three", "one_zero"]))
@settings(deadline=None, max_examples=12)
def test_order_and_names_do_not_matter(random, name):
    y, x, groups = design_of(ORACLE[name])
    fit = random_intercepts(y, x, groups)
    order = list(range(len(y)))
    random.shuffle(order)
    columns = list(groups)
    random.shuffle(columns)
    moved = groups[columns].iloc[order].apply(lambda each: "unit " + each)
    other = random_intercepts(y.iloc[order], None if x is None else x.iloc[order], moved)
    assert other.status == fit.status
    np.testing.assert_allclose(
        other.coefficients.drop(columns=["term", "df"]),
        fit.coefficients.drop(columns=["term", "df"]), rtol=1e-6, atol=1e-12,
    )  # fmt: skip
    np.testing.assert_allclose(other.coefficients["df"], fit.coefficients["df"], rtol=1e-5)
    assert list(other.variances.index) == [*columns, "residual"]
    np.testing.assert_allclose(other.variances[fit.variances.index], fit.variances, rtol=1e-5)


def test_one_column_is_one_series():
    y, x, groups = design_of(ORACLE["nested"])
    one, other = random_intercepts(y, x, groups[["team"]]), random_intercepts(y, x, groups["team"])
    pd.testing.assert_frame_equal(one.coefficients, other.coefficients)
    assert list(one.variances.index) == ["team", "residual"]
    assert list(other.variances.index) == ["group", "residual"]
    assert one.variances.tolist() == other.variances.tolist()
    assert (one.n_groups, one.n_units.to_dict()) == (60, {"team": 60})


@pytest.mark.parametrize("kind", ["category", "int64", "string", "object"])
def test_labels_of_any_kind(kind):
    y, x, groups = design_of(ORACLE["three"])
    numbered = groups.apply(lambda each: pd.factorize(each, sort=True)[0])
    typed = groups.astype(kind) if kind != "int64" else numbered
    one, other = random_intercepts(y, x, typed), random_intercepts(y, x, groups)
    pd.testing.assert_frame_equal(one.coefficients, other.coefficients)


def test_rows_missing_anything_are_left_out():
    y, x, groups = design_of(ORACLE["three"])
    more = pd.DataFrame({"team": ["t001", None, "t001"], "func": ["f1", "f1", "f1"]})
    more["location"] = ["l1", "l1", None]
    more.index = range(len(y), len(y) + 3)
    extra = pd.Series([np.nan, 1.0, 1.0], more.index)
    fit = random_intercepts(
        pd.concat([y, extra]),
        pd.concat([x, pd.DataFrame({"x": 1.0, "size": 1.0}, index=more.index)]),
        pd.concat([groups, more]),
    )
    pd.testing.assert_frame_equal(fit.coefficients, random_intercepts(y, x, groups).coefficients)


def test_rows_are_matched_by_their_names():
    y, x, groups = design_of(ORACLE["two"])
    fit = random_intercepts(y, x.iloc[::-1], groups.sample(frac=1, random_state=1))
    pd.testing.assert_frame_equal(fit.coefficients, random_intercepts(y, x, groups).coefficients)


def test_wald_intervals_are_near_the_profile_where_there_is_much_to_see(monkeypatch):
    y, _, codes = made([40, 30], n=3000, seed=4)
    groups = pd.DataFrame({"a": codes[0], "b": codes[1]})
    by_profile = random_intercepts(pd.Series(y), None, groups).intervals
    monkeypatch.setattr(mixed, "_MOST_PROFILED", 0)
    by_curvature = random_intercepts(pd.Series(y), None, groups).intervals
    assert set(by_curvature["method"]) == {"wald"}
    columns = ["low", "high", "share_low", "share_high"]
    np.testing.assert_allclose(by_curvature[columns], by_profile[columns], rtol=0.12)
    for low, middle, high in (("low", "variance", "high"), ("share_low", "share", "share_high")):
        assert (by_curvature[low] < by_curvature[middle]).all()
        assert (by_curvature[middle] < by_curvature[high]).all()


def test_wald_says_nothing_of_a_variance_of_nought(monkeypatch):
    monkeypatch.setattr(mixed, "_MOST_PROFILED", 0)
    rows = random_intercepts(*design_of(ORACLE["one_zero"])).intervals.set_index("grouping")
    assert rows.loc["func", ["low", "high", "share_low", "share_high"]].isna().all()
    assert rows.drop(index="func").notna().all(axis=None)


def test_nothing_between_groups_leaves_all_to_the_residual():
    frame = table("tests/oracle/data/flat.csv")
    fit = random_intercepts(frame["barrier"], None, frame["team"])
    assert fit.status == "singular"
    group, rest = fit.shares.to_dict("records")
    assert (group["share"], group["share_low"]) == (0, 0)
    assert (rest["share"], rest["share_high"]) == (1, 1)
    assert rest["share_low"] == pytest.approx(1 - group["share_high"], abs=1e-7)


# ---------------------------------------------------------------------------- not estimable
RNG = np.random.default_rng(8)
N = 40
NOISE = RNG.normal(size=N)
A, B = np.arange(N) % 4, np.arange(N) // 4 % 5
HARD = {
    "one group of one grouping": (NOISE, {"a": A, "b": [1] * N}, {}, "1 group of 'b'"),
    "nobody": ([np.nan] * N, {"a": A, "b": B}, {}, "0 group"),
    "every group of one": (NOISE, {"a": A, "b": range(N)}, {}, "every group of 'b' has one row"),
    "the same groups": (NOISE, {"a": A, "b": 7 - A}, {}, "'a' and 'b' are the same groups"),
    "terms are the groups": (
        NOISE, {"a": A, "b": B}, {f"is_{k}": 1.0 * np.equal(A, k) for k in range(3)},
        "the terms take up all differences between 'a'",
    ),
    "constant": ([2.5] * N, {"a": A, "b": B}, {}, "nothing is left to explain"),
    "all in the groups": (
        A + 0.3 * B**2, {"a": A, "b": B}, {}, "within groups nothing is left to explain",
    ),
    "all in the groups and a term": (
        A + 0.3 * B**2 + 2 * NOISE, {"a": A, "b": B}, {"x": NOISE},
        "within groups nothing is left to explain",
    ),
    "collinear": (
        NOISE, {"a": A, "b": B}, {"x": np.arange(N), "z": 3.0 - 2.0 * np.arange(N)},
        "z is collinear",
    ),
    "a constant term": (NOISE, {"a": A, "b": B}, {"x": [3.0] * N}, "x does not vary"),
    "more terms than rows": (
        NOISE, {"a": A, "b": B}, {f"x{k}": RNG.normal(size=N) for k in range(40)},
        "40 rows for 41 terms",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("y", "groups", "x", "reason"), HARD.values(), ids=list(HARD))
def test_what_can_not_be_estimated_says_why(y, groups, x, reason):
    groups, x = pd.DataFrame(groups), pd.DataFrame(x) if x else None
    fit = random_intercepts(pd.Series(y, dtype="float64"), x, groups)
    assert fit.status == "not_estimable"
    assert fit.reason.startswith("not estimable: ")
    assert reason in fit.reason
    assert fit.coefficients.drop(columns="term").isna().all(axis=None)
    assert list(fit.variances.index) == [*groups, "residual"]
    assert fit.variances.isna().all()
    assert np.isnan([fit.icc, fit.loglik, fit.r2_marginal, fit.r2_conditional]).all()
    assert set(fit.intervals["method"]) == {fit.reason}
    assert fit.intervals.drop(columns=["grouping", "method"]).isna().all(axis=None)


def test_too_many_groups_beside_the_largest(monkeypatch):
    monkeypatch.setattr(mixed, "_MOST_OTHERS", 4)
    fit = random_intercepts(pd.Series(NOISE), None, pd.DataFrame({"a": B, "b": np.arange(N) // 3}))
    assert fit.reason.startswith("not estimable: 5 groups beside")


def test_fifteen_terms_of_forty_rows_are_a_value():
    x = pd.DataFrame(np.random.default_rng(2).normal(size=(N, 15))).add_prefix("x")
    fit = random_intercepts(pd.Series(NOISE), x, pd.DataFrame({"a": A, "b": B}))
    assert fit.status in {"ok", "singular"}
    assert np.isfinite(fit.coefficients.drop(columns="term").to_numpy()).all()
    assert (fit.coefficients["df"] > 0).all()


def test_a_grouping_within_another_is_no_obstacle():
    y = pd.Series(NOISE + 0.5 * A)
    fit = random_intercepts(y, None, pd.DataFrame({"outer": A // 2, "inner": A}))
    assert fit.status in {"ok", "singular"}


BAD = {
    "words in y": (["a"] * N, {"a": A}, None, "no number"),
    "infinity": ([*NOISE[:-1], np.inf], {"a": A}, None, "infinite"),
    "words in x": (NOISE, {"a": A}, {"x": ["b"] * N}, "(?s)column 'x'.*no number"),
    "no grouping": (NOISE, {}, None, "no column"),
    "residual": (NOISE, {"residual": A}, None, "is the name of what is left"),
}


@pytest.mark.parametrize(("y", "groups", "x", "message"), BAD.values(), ids=list(BAD))
def test_bad_input_is_one_sentence(y, groups, x, message):
    x = None if x is None else pd.DataFrame(x)
    with pytest.raises(InputError, match=message):
        random_intercepts(pd.Series(y), x, pd.DataFrame(groups, index=range(N)))


def test_a_grouping_stands_once():
    groups = pd.DataFrame(np.column_stack([A, B]), columns=["a", "a"])
    with pytest.raises(InputError, match="'a' stands twice"):
        random_intercepts(pd.Series(NOISE), None, groups)


def test_rows_named_twice_can_not_be_matched():
    groups = pd.DataFrame({"a": A}, index=[0, *range(N - 1)])
    with pytest.raises(InputError, match="name some rows twice"):
        random_intercepts(pd.Series(NOISE), None, groups)


def test_a_crossed_fit_shows_itself(fits):
    text = repr(fits["three"])
    assert "600 rows in 8 of func, 6 of location, 60 of team, ok" in text
    assert "_sums" not in text
    assert "func" in fits["singular"].reason
    assert "location" in fits["singular"].reason


# ---------------------------------------------------------------------------- the search itself
def test_the_search_finds_the_lower_of_two_valleys():
    def curve(z):
        height = float(((z[0] - 1) * (z[0] - 4)) ** 2 + 0.3 * z[0])
        slope = np.array([2 * (z[0] - 1) * (z[0] - 4) * (2 * z[0] - 5) + 0.3])
        bend = np.array([[2 * (2 * z[0] - 5) ** 2 + 4 * (z[0] - 1) * (z[0] - 4)]])
        return height, slope, bend, np.eye(1)

    assert lowest(curve, [np.array([5.0])])[0][0] > 3
    z, here = lowest(curve, [np.array([5.0]), np.array([0.0])])
    assert z[0] < 2
    assert here[1][0] == pytest.approx(0, abs=1e-6)


def test_a_valley_that_is_known_is_not_walked_to_its_ground_again():
    visits = []

    def bowl(z):
        visits.append(z)
        away = z - np.array([1.0, 2.0])
        return (
            float((away**4 + away**2).sum()),
            4 * away**3 + 2 * away,
            np.diag(12 * away**2 + 2),
            np.eye(2),
        )

    alone = lowest(bowl, [np.array([3.0, 5.0])])[0]
    once = len(visits)
    both = lowest(bowl, [np.array([3.0, 5.0]), np.array([3.0, 5.0])])[0]
    assert both.tolist() == alone.tolist()
    assert once < len(visits) - once < 2 * once


@pytest.mark.parametrize("name", ["three", "singular", "nested"])
def test_steps_straight_to_the_ends_find_what_a_slow_search_finds(name, fits, monkeypatch):
    straight, went = mixed_search._straight, []

    def counted(*given, **options):
        went.append(straight(*given, **options))
        return went[-1]

    monkeypatch.setattr(mixed_search, "_straight", counted)
    y, x, groups = design_of(ORACLE[name])
    quick = random_intercepts(y, x, groups).intervals
    assert np.mean([end is not None for end in went]) > 0.6
    monkeypatch.setattr(mixed_search, "_straight", lambda *given, **options: None)
    slow = random_intercepts(y, x, groups).intervals
    pd.testing.assert_frame_equal(quick, slow, rtol=1e-7, atol=1e-9)


def test_an_end_in_another_valley_is_not_overlooked():
    """Beside the held number the other has two valleys: one deep and steep, one wide."""

    def curve(z):
        away = z[0] - 5
        steep, wide = away**2 / 4 + (z[1] - 1) ** 2, 2 + away**2 / 16 + (z[1] - 4) ** 2
        one = steep <= wide
        slope = [away / 2, 2 * (z[1] - 1)] if one else [away / 8, 2 * (z[1] - 4)]
        bend = np.diag([0.5 if one else 0.125, 2.0])
        return float(min(steep, wide)), np.array(slope), bend, np.eye(2)

    drop = float(stats.chi2.ppf(0.95, 1))
    best, steps = np.array([5.0, 1.0]), {"share": False, "drop": drop}
    # Straight on, the steep valley ends the interval; the wide one goes on below its wall.
    root, other = mixed_search._straight(curve, best, 0.0, 0, np.sqrt(5), 1, **steps)
    assert (root**2, other[0]) == pytest.approx((5 + 2 * np.sqrt(drop), 1.0))
    low, high = profile_interval(curve, best, 0.0, 0, **steps)
    assert (low, high) == (0, pytest.approx(5 + 4 * np.sqrt(drop - 2), rel=1e-6))


def test_a_profile_that_never_rises_has_no_end():
    def flat(z):
        # Only the sum is known: one number alone may be anything up to it, and beyond is worse.
        gap = z.sum() - 2.0
        return gap**2, np.full(2, 2 * gap), np.full((2, 2), 2.0), np.eye(2)

    low, high = profile_interval(
        flat, np.array([1.0, 1.0]), 0.0, 0, share=False, drop=stats.chi2.ppf(0.95, 1)
    )
    assert (low, high) == (0, pytest.approx(2 + np.sqrt(stats.chi2.ppf(0.95, 1)), rel=1e-6))
    share = profile_interval(flat, np.array([1.0, 1.0]), 0.0, 0, share=True, drop=3.84)
    assert share == (0, 1)


# ---------------------------------------------------------------------------- whatever comes
@pytest.mark.parametrize("seed", range(40))
def test_small_tables_give_a_value_or_a_reason(seed):
    """Five to thirteen rows, one to three groupings, answers in whole numbers or not."""
    rng = np.random.default_rng(seed)
    n = int(rng.integers(5, 14))
    most = rng.integers(2, 7, 3)
    groups = pd.DataFrame(
        {name: rng.integers(0, k, n) for name, k in zip("abc", most, strict=True)}
    )
    groups = groups.iloc[:, : rng.integers(1, 4)]
    y = pd.Series(rng.normal(size=n) if seed % 2 else rng.integers(1, 5, n) * 1.0)
    fit = random_intercepts(y, None, groups)
    rows = fit.intervals
    if fit.status == "not_estimable":
        assert fit.reason
        assert rows["variance"].isna().all()
        return
    assert np.isfinite(fit.coefficients.drop(columns="term").to_numpy()).all()
    assert (fit.coefficients[["se", "df"]] > 0).all(axis=None)
    for low, middle, high in (("low", "variance", "high"), ("share_low", "share", "share_high")):
        assert (rows[low] >= 0).all()
        assert (rows[low] <= rows[middle]).all()
        assert (rows[middle] <= rows[high]).all()
    assert (rows["share_high"] <= 1).all()
    assert rows["share"].sum() == pytest.approx(1)


@pytest.mark.parametrize(("origin", "unit"), [(1e6, 1.0), (0.0, 1e-6), (0.0, 1e6)])
def test_unit_and_origin_do_not_matter(fits, origin, unit):
    y, x, groups = design_of(ORACLE["three"])
    fit, other = fits["three"], random_intercepts(origin + unit * y, 1e5 * x - 1e7, groups)
    np.testing.assert_allclose(other.variances / unit**2, fit.variances, rtol=1e-7)
    np.testing.assert_allclose(other.shares["share_high"], fit.shares["share_high"], rtol=1e-6)
    slope = other.coefficients.loc[1:, "estimate"] * 1e5 / unit
    np.testing.assert_allclose(slope, fit.coefficients.loc[1:, "estimate"], rtol=1e-7)
    assert other.r2_marginal == pytest.approx(fit.r2_marginal, rel=1e-7)


def test_groups_that_explain_nearly_all_are_no_obstacle():
    y = pd.Series(A + 0.3 * B**2 + 1e-4 * NOISE)
    groups = pd.DataFrame({"a": A, "b": B})
    fit = random_intercepts(y, None, groups)
    assert fit.status == "ok"
    free = N - 8
    both = pd.get_dummies(groups.astype("str"), dtype="float64").to_numpy()
    rest = y - both @ np.linalg.lstsq(both, y, rcond=None)[0]
    assert fit.variances["residual"] == pytest.approx(float((rest**2).sum()) / free, rel=1e-3)
