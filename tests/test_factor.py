"""Factor models: R's numbers, what must not matter, and what cannot be estimated."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from cultureplus.cfa_estimate import LeastSquares, NormalTheory, start
from cultureplus.cfa_model import lay_out, read_model
from cultureplus.errors import InputError
from cultureplus.factor import cfa, htmt2, parallel_analysis
from cultureplus.polychoric import polychoric, two_step
from tests.small_surveys import oracle, table

CASES = oracle("factor")
FITS = {name: case for name, case in CASES.items() if "estimator" in case}
TESTS = {
    "visual": ["x1", "x2", "x3"],
    "textual": ["x4", "x5", "x6"],
    "speed": ["x7", "x8", "x9"],
}
CLOSE = {"rel": 1e-4, "abs": 1e-7}


def pupils():
    return table("tests/oracle/data/hs1939.csv")


def fitted(case):
    items = table(case["data"])
    group = items[case["group"]] if case.get("group") else None
    return cfa(
        items, case["model"], case["estimator"], group=group, equal=case["equal"],
        second_order=case.get("second_order"), method=case["method"],
    )  # fmt: skip


def by_name(found, *names):
    """The rows of a table by group ('' where there is none) and names."""
    here = found if "group" in found else found.assign(group="")
    return {tuple(row[name] for name in ("group", *names)): row for _, row in here.iterrows()}


def drawn(n=400, *, seed=1, loadings=(0.8, 0.7, 0.6), factors=2, r=0.4, cuts=None):
    """Answers to factors of equal loadings, cut where cuts are given, and their model."""
    draw = np.random.default_rng(seed)
    phi = np.full((factors, factors), r) + (1 - r) * np.eye(factors)
    scores = draw.multivariate_normal(np.zeros(factors), phi, n)
    items, model = {}, {}
    for place in range(factors):
        model[f"f{place}"] = []
        for which, loading in enumerate(loadings):
            latent = loading * scores[:, place] + np.sqrt(1 - loading**2) * draw.normal(size=n)
            name = f"f{place}_{which}"
            items[name] = latent if cuts is None else np.searchsorted(cuts, latent) + 1.0
            model[f"f{place}"].append(name)
    return pd.DataFrame(items), model


@pytest.mark.parametrize("case", FITS.values(), ids=list(FITS))
def test_lavaan(case):
    fit = fitted(case)
    assert fit.status == "ok"
    assert fit.fit["n"] == case["n"]
    assert fit.fit["n_parameters"] == case["n_parameters"]
    known = {name: value for name, value in case["fit"].items() if value is not None}
    assert fit.fit[list(known)].to_dict() == pytest.approx(known, **CLOSE)
    four = {"estimate": "est", "se": "se", "std": "std", "std_se": "std_se"}
    loadings = by_name(fit.loadings, "factor", "item")
    for row in case["loadings"]:
        mine = loadings[row["label"], row["lhs"], row["rhs"]]
        assert {a: mine[a] for a in four} == pytest.approx(
            {a: row[b] for a, b in four.items()}, **CLOSE
        )
    residuals = by_name(fit.residuals, "item")
    for row in case["residuals"]:
        mine = residuals[row["label"], row["lhs"]]
        # With ordered answers lavaan does not take the residual for a number with an error.
        asked = four if row["se"] else {"estimate": "est", "std": "std"}
        assert {a: mine[a] for a in asked} == pytest.approx(
            {a: row[b] for a, b in asked.items()}, **CLOSE
        )
    correlations = by_name(fit.factor_correlations, "factor", "other")
    for row in case["correlations"]:
        mine = correlations[row["label"], row["lhs"], row["rhs"]]
        assert (mine["estimate"], mine["se"]) == pytest.approx((row["std"], row["std_se"]), **CLOSE)
    if case["thresholds"]:
        thresholds = by_name(fit.thresholds, "item", "threshold")
        assert len(thresholds) == len(case["thresholds"])
        for row in case["thresholds"]:
            mine = thresholds[row["label"], row["lhs"], int(row["rhs"][1:])]
            assert (mine["estimate"], mine["se"]) == pytest.approx((row["est"], row["se"]), **CLOSE)
    for row in case["means"]:
        if row["se"]:
            mine = by_name(fit.factor_means, "factor")[row["label"], row["lhs"]]
            assert (mine["estimate"], mine["se"]) == pytest.approx((row["est"], row["se"]), **CLOSE)


def test_the_textbook_numbers():
    fit = cfa(pupils(), TESTS).fit
    known = {
        "chisq": 85.306, "df": 24, "cfi": 0.931, "tli": 0.896, "rmsea": 0.092, "srmr": 0.065,
        "aic": 7517.490, "bic": 7595.339,
    }  # fmt: skip
    assert {name: round(fit[name], 3) for name in known} == known


@pytest.mark.parametrize(
    ("equal", "chisq", "df"),
    [((), 115.851, 48), (("loadings",), 124.044, 54), (("loadings", "intercepts"), 164.103, 60)],
)
def test_two_schools(equal, chisq, df):
    items = pupils()
    fit = cfa(items, TESTS, group=items["school"], equal=equal).fit
    assert (round(fit["chisq"], 3), fit["df"]) == (chisq, df)


@pytest.mark.parametrize("name", ["htmt2_hs", "htmt2_army"])
def test_htmt2_of_semtools(name):
    case = CASES[name]
    found = htmt2(table(case["data"]), case["model"])
    assert found["htmt2"].tolist() == pytest.approx(
        [row["htmt2"] for row in case["pairs"]], rel=1e-9
    )
    assert set(found["n"]) == {case["n"]}


@pytest.mark.parametrize("name", ["parallel_hs", "parallel_bfi"])
def test_eigenvalues_of_chance(name):
    case = CASES[name]
    found = parallel_analysis(table(case["data"])[case["items"]], seed=3)
    assert found["observed"].tolist() == pytest.approx(case["observed"], rel=1e-9)
    # Both are 95th percentiles of a thousand draws, each with an error of about .003.
    assert found["reference"].tolist() == pytest.approx(case["reference"], abs=0.015)


def problems():
    """One problem of each kind, groups, methods and second order among them, and where to look."""
    draw = np.random.default_rng(5)
    items, model = drawn(300, factors=3, cuts=(-0.8, 0.1, 0.9))
    halves = [items.iloc[:140], items.iloc[140:]]
    ways = [{}, {"second_order": "g"}, {"method": ["f0_2", "f1_2", "f2_2"]}]
    for way in ways:
        structure = read_model(model, items.columns, **way)
        markers = structure.first_items()
        cov = np.array([np.cov(part.to_numpy(), rowvar=False, ddof=0) for part in halves])
        mean = np.array([part.mean().to_numpy() for part in halves])
        r = np.array([part.corr().to_numpy() for part in halves])
        layout = lay_out(
            structure, groups=2, markers=markers, equal=("loadings", "intercepts"), means=True
        )
        n = np.array([140.0, 160.0])
        begin = start(
            layout, markers, r, {"sd": np.sqrt(np.diagonal(cov, 0, 1, 2)), "intercept": mean}
        )
        yield NormalTheory(layout, n, mean, cov), begin * (1 + 0.05 * draw.normal(size=len(begin)))
        found = [two_step(part) for part in halves]
        cuts = np.repeat(np.arange(9), 3)
        rows, cols = np.tril_indices(9, -1)
        for equal in ((), ("thresholds",), ("thresholds", "loadings", "intercepts")):
            layout = lay_out(structure, groups=2, markers=markers, equal=equal, cuts=cuts)
            thresholds = np.array([each.thresholds["estimate"] for each in found])
            pairs = np.array([each.correlations.to_numpy()[rows, cols] for each in found])
            begin = start(layout, markers, r, {"threshold": thresholds})
            acov = np.array([each.acov for each in found])
            problem = LeastSquares(layout, n, thresholds, pairs, acov)
            yield problem, begin * (1 + 0.05 * draw.normal(size=len(begin)))


def test_the_slopes_are_those_of_the_value():
    count = 0
    for problem, theta in problems():
        slope = problem.gradient(theta)
        for place in range(len(theta)):
            step = np.zeros(len(theta))
            step[place] = 1e-5
            by_hand = (problem.value(theta + step) - problem.value(theta - step)) / 2e-5
            assert slope[place] == pytest.approx(by_hand, rel=2e-5, abs=2e-7)
            count += 1
    assert count > 300


@pytest.mark.parametrize("estimator", ["ml", "mlr", "wlsmv"])
def test_the_order_of_rows_and_columns_changes_nothing(estimator):
    items, model = drawn(250, cuts=(-1.0, 0.0, 1.0))
    mixed = items.sample(frac=1, random_state=2)[list(items.columns[::-1])]
    one, other = cfa(items, model, estimator), cfa(mixed, model, estimator)
    pd.testing.assert_frame_equal(one.loadings, other.loadings, rtol=1e-10, atol=1e-10)
    pd.testing.assert_series_equal(one.fit, other.fit, rtol=1e-9, atol=1e-10)


@pytest.mark.parametrize("estimator", ["ml", "mlr"])
def test_units_are_only_units(estimator):
    items = pupils()
    fit = cfa(items, TESTS, estimator, group=items["school"], equal=("loadings", "intercepts"))
    scaled = items.assign(x1=items["x1"] * 1000 + 5e4, x5=items["x5"] / 1000)
    other = cfa(scaled, TESTS, estimator, group=items["school"], equal=("loadings", "intercepts"))
    assert other.fit["chisq"] == pytest.approx(fit.fit["chisq"], rel=1e-9)
    assert other.loadings["std"].tolist() == pytest.approx(fit.loadings["std"].tolist(), rel=1e-8)
    assert other.loadings["estimate"][1] == pytest.approx(
        fit.loadings["estimate"][1] / 1000, rel=1e-8
    )


def test_the_item_named_first_only_sets_the_scale():
    items = pupils()
    turned = {factor: names[::-1] for factor, names in TESTS.items()}
    one, other = cfa(items, TESTS, "mlr"), cfa(items, turned, "mlr")
    pd.testing.assert_series_equal(one.fit, other.fit, rtol=1e-8)
    for column in ("std", "std_se"):
        mine = one.loadings.set_index("item")[column]
        assert mine.to_dict() == pytest.approx(
            other.loadings.set_index("item")[column].to_dict(), rel=1e-8
        )


def test_a_reversed_item_first_turns_its_factor():
    items, model = drawn()
    turned = items.assign(f0_0=-items["f0_0"])
    one, other = cfa(items, model), cfa(turned, model)
    assert other.loadings["std"][0] == pytest.approx(one.loadings["std"][0])
    assert other.loadings["std"][1] == pytest.approx(-one.loadings["std"][1])
    assert other.factor_correlations["estimate"][0] == pytest.approx(
        -one.factor_correlations["estimate"][0]
    )


def test_an_identity_is_fitted_without_error():
    """Moments that follow a model exactly give its numbers back."""
    loading = np.array([0.8, 0.7, 0.6, 0.5])
    sigma = np.outer(loading, loading)
    np.fill_diagonal(sigma, 1.0)
    draw = np.random.default_rng(1).normal(size=(60, 4))
    draw -= draw.mean(axis=0)
    whitened = draw @ np.linalg.inv(np.linalg.cholesky(np.cov(draw, rowvar=False, ddof=0))).T
    items = pd.DataFrame(whitened @ np.linalg.cholesky(sigma).T, columns=list("abcd"))
    fit = cfa(items, {"f": list("abcd")})
    assert fit.fit["chisq"] == pytest.approx(0, abs=1e-10)
    assert fit.loadings["std"].tolist() == pytest.approx(loading.tolist())
    assert fit.residuals["std"].tolist() == pytest.approx((1 - loading**2).tolist())
    assert (fit.fit["cfi"], fit.fit["rmsea"]) == (1.0, 0.0)


def test_simulated_loadings_are_found_again():
    hits = {"mlr": 0, "wlsmv": 0}
    truth = np.array([0.8, 0.7, 0.6] * 2)
    for seed in range(30):
        items, model = drawn(400, seed=seed, cuts=(-1.2, -0.3, 0.5, 1.3))
        found = cfa(items, model, "wlsmv").loadings
        hits["wlsmv"] += int((np.abs(found["std"] - truth) < 1.96 * found["std_se"]).sum())
        items, model = drawn(400, seed=seed)
        found = cfa(items, model, "mlr").loadings
        hits["mlr"] += int((np.abs(found["std"] - truth) < 1.96 * found["std_se"]).sum())
    # 180 intervals each; 95 % are expected, six loadings of one survey going together.
    assert min(hits.values()) >= 180 * 0.90
    assert max(hits.values()) <= 180 * 0.99


def test_two_items_on_a_factor():
    items, model = drawn(loadings=(0.8, 0.7))
    assert cfa(items, model).status == "ok"
    alone = cfa(items, {"f0": model["f0"]})
    assert alone.status == "not_estimable"
    assert alone.reason == "not estimable: 3 moments for 4 free numbers"
    assert alone.loadings["estimate"].isna().all()
    assert cfa(items, {"f0": model["f0"]}, "wlsmv").status == "not_estimable"


def test_a_model_without_df():
    items, model = drawn()
    fit = cfa(items, {"f0": model["f0"]}, "mlr")
    assert fit.status == "ok"
    assert (fit.fit["df"], fit.fit["cfi"], fit.fit["rmsea"]) == (0, 1.0, 0.0)
    assert np.isnan(fit.fit["pvalue"])


def test_not_identified():
    items, model = drawn()
    for way in ({"second_order": "g"}, {"method": model["f0"]}):
        for estimator in ("ml", "wlsmv"):
            cut = items if estimator == "ml" else (items > 0).astype("float64")
            fit = cfa(cut, model, estimator, **way)
            assert fit.status in ("not_estimable", "not_converged"), way
            assert fit.loadings["std"].isna().all()


SPOILT = {
    "constant": (lambda t: t.assign(f0_1=3.0), "everybody answered f0_1 alike"),
    "all missing": (lambda t: t.assign(f0_1=np.nan), "nobody answered f0_1"),
    "duplicated": (
        lambda t: t.assign(f0_1=t["f0_0"]), "f0_0 and f0_1 say the same (correlation 1)",
    ),
    "mirrored": (
        lambda t: t.assign(f1_1=5 - t["f1_0"]), "f1_0 and f1_1 say the same (correlation -1)",
    ),
    "sum": (
        lambda t: t.assign(f0_2=t["f0_0"] + t["f0_1"]), "one item follows exactly from the others",
    ),
    "few rows": (lambda t: t.head(5), "5 complete rows for 6 items"),
    "no rows": (lambda t: t.head(0), "nobody answered f0_0"),
    "fewer rows than numbers": (lambda t: t.head(11), "11 people for"),
}  # fmt: skip


@pytest.mark.parametrize("estimator", ["ml", "mlr", "wlsmv"])
@pytest.mark.parametrize(("spoil", "reason"), SPOILT.values(), ids=list(SPOILT))
def test_not_estimable_says_why(estimator, spoil, reason):
    items, model = drawn(cuts=(-1.0, 0.0, 1.0))
    fit = cfa(spoil(items), model, estimator)
    assert fit.status == "not_estimable"
    assert fit.reason.startswith("not estimable: ")
    assert reason in fit.reason
    assert fit.loadings[["estimate", "se", "std", "std_se"]].isna().all(axis=None)
    assert fit.loadings["item"].tolist() == [*model["f0"], *model["f1"]]
    assert fit.fit.drop("n").isna().all()
    assert reason in repr(fit)


def test_a_heywood_case_is_named():
    r = np.array([[1, 0.9, 0.8], [0.9, 1, 0.6], [0.8, 0.6, 1]])  # .9 x .8 / .6 passes 1
    draw = np.random.default_rng(1).normal(size=(200, 3))
    draw -= draw.mean(axis=0)
    whitened = draw @ np.linalg.inv(np.linalg.cholesky(np.cov(draw, rowvar=False, ddof=0))).T
    items = pd.DataFrame(whitened @ np.linalg.cholesky(r).T, columns=list("abc"))
    fit = cfa(items, {"f": list("abc")})
    assert fit.status == "heywood: a"
    assert fit.residuals.set_index("item").loc["a", "std"] == pytest.approx(1 - 1.2)
    assert "heywood: a" in fit._repr_html_()


def test_factors_that_correlate_above_one_are_named():
    draw = np.random.default_rng(3)
    one = draw.normal(size=200)
    items = pd.DataFrame({name: one + draw.normal(size=200) for name in "abcdef"})
    shared = draw.normal(size=200)
    items[["a", "d"]] = items[["a", "d"]].add(shared, axis=0)  # ties the two factors too closely
    items[["b", "e"]] = items[["b", "e"]].add(draw.normal(size=200), axis=0)
    fit = cfa(items, {"f": list("abc"), "g": list("def")})
    assert fit.factor_correlations["estimate"][0] > 1
    assert fit.status == "heywood: f, g"


def test_a_category_unused_in_one_group():
    items, model = drawn(cuts=(-1.0, 0.0, 1.0))
    group = pd.Series(["north", "south"] * 200)
    items.loc[(group == "south") & (items["f0_1"] == 4), "f0_1"] = 3
    fit = cfa(items, model, "wlsmv", group=group)
    assert fit.status == "not_estimable"
    assert fit.reason == "not estimable: nobody in south gave f0_1 the answer 4"
    assert cfa(items, model, "mlr", group=group).status == "ok"


def test_a_category_nobody_uses_is_none():
    items, model = drawn(cuts=(-1.0, 0.0, 1.0))
    apart = items.where(items < 4, items + 1)  # answers 1, 2, 3, 5
    one, other = cfa(items, model, "wlsmv"), cfa(apart, model, "wlsmv")
    pd.testing.assert_frame_equal(one.loadings, other.loadings)


def test_one_group_is_too_small():
    items, model = drawn()
    group = pd.Series(["north"] * 395 + ["south"] * 5)
    fit = cfa(items, model, group=group)
    assert fit.reason == "not estimable: 5 complete rows for 6 items in south"
    assert set(fit.loadings["group"]) == {"north", "south"}


def test_a_search_that_runs_away_says_so():
    items = pd.DataFrame(np.random.default_rng(3).normal(size=(100, 6)), columns=list("abcdef"))
    fit = cfa(items, {"f": list("abcdef")})
    assert fit.status == "not_converged"
    assert fit.reason.startswith("no minimum was found")
    assert fit.loadings["std"].isna().all()
    assert fit.fit.drop("n").isna().all()


def test_the_strongest_item_may_say_nothing_in_one_group():
    """A factor held in units of that item runs away there, and is taken in units of another."""
    draw = np.random.default_rng(0)
    group = pd.Series(["a"] * 900 + ["b"] * 200)
    trust, second = draw.normal(size=1100), (group == "b").to_numpy()
    items = pd.DataFrame({f"q{k}": 0.6 * trust + 0.8 * draw.normal(size=1100) for k in range(4)})
    items["odd"] = np.where(second, 0.0, 0.95) * trust + 0.3 * draw.normal(size=1100)
    design = np.column_stack([np.ones(200), items.loc[second].drop(columns="odd")])
    own = items.loc[second, "odd"].to_numpy()
    items.loc[second, "odd"] = own - design @ np.linalg.lstsq(design, own, rcond=None)[0]
    fit = cfa(items, {"trust": ["q0", "odd", "q1", "q2", "q3"]}, group=group)
    assert fit.status == "ok"
    odd = fit.loadings.set_index(["item", "group"]).loc["odd", "std"]
    assert odd["a"] > 0.9
    assert odd["b"] == pytest.approx(0, abs=1e-8)


def test_unrelated_answers_do_not_raise():
    draw = np.random.default_rng(9)
    items = pd.DataFrame(draw.normal(size=(60, 6)), columns=list("abcdef"))
    for estimator in ("ml", "mlr", "wlsmv"):
        cut = items if estimator != "wlsmv" else (items > 0).astype("float64")
        fit = cfa(cut, {"f": list("abc"), "g": list("def")}, estimator)
        assert fit.status == "ok" or fit.reason


def test_missing_answers_and_groups_leave_the_row_out():
    items, model = drawn()
    group = pd.Series(["north", "south"] * 200)
    items.loc[:9, "f0_0"] = np.nan
    group = group.mask(group.index >= 390)
    assert cfa(items, model, group=group).fit["n"] == 380
    whole = items.iloc[10:390].astype("Float64")
    assert cfa(whole, model, group=group.iloc[10:390]).fit["n"] == 380


BAD = {
    "unknown item": ({"f": ["a", "q"]}, {}, "Can't find the item 'q'"),
    "twice": ({"f": ["a", "b"], "g": ["b", "c"]}, {}, "stands in the model twice"),
    "no factor": ({}, {}, "at least one factor"),
    "a word": ({"f": "abc"}, {}, "list of items"),
    "no item": ({"f": []}, {}, "list of items"),
    "estimator": ({"f": ["a", "b", "c"]}, {"estimator": "uls"}, "No such estimator"),
    "equal": ({"f": ["a", "b", "c"]}, {"equal": ("loadings",)}, "across groups"),
    "thresholds": ({"f": ["a", "b", "c"]}, {"equal": ("thresholds",)}, "can't be equal"),
    "method": ({"f": ["a", "b"]}, {"method": ["c"]}, "is on no factor"),
    "same name": ({"f": ["a", "b"]}, {"second_order": "f"}, "same name"),
    "other rows": ({"f": ["a", "b"]}, {"group": pd.Series([1, 2])}, "other rows"),
}


@pytest.mark.parametrize(("model", "options", "sentence"), BAD.values(), ids=list(BAD))
def test_what_is_refused(model, options, sentence):
    items = pd.DataFrame({name: [1.0, 2.0, 3.0] for name in "abc"})
    with pytest.raises(InputError, match=sentence):
        cfa(items, model, **options)


def test_answers_must_be_numbers():
    with pytest.raises(InputError, match="no number"):
        cfa(pd.DataFrame({"a": ["yes", "no"], "b": [1, 2]}), {"f": ["a", "b"]})
    with pytest.raises(InputError, match="infinite"):
        cfa(pd.DataFrame({"a": [1, np.inf], "b": [1, 2]}), {"f": ["a", "b"]})


def test_parallel_analysis_of_ordered_answers():
    """The quick reference is that of polychoric correlations of shuffled answers."""
    items, _ = drawn(200, factors=2, r=0.1, cuts=(-1.0, 0.2))
    found = parallel_analysis(items, seed=4, ordinal=True)
    assert found["keep"].tolist() == [True, True, False, False, False, False]
    assert found["observed"].tolist() == pytest.approx(
        np.linalg.eigvalsh(polychoric(items))[::-1].tolist()
    )
    draw = np.random.default_rng(8)
    by_hand = []
    for _ in range(150):
        shuffled = items.apply(lambda column: draw.permutation(column.to_numpy()))
        by_hand.append(np.linalg.eigvalsh(polychoric(shuffled))[::-1])
    assert found["reference"].tolist() == pytest.approx(
        np.percentile(by_hand, 95, axis=0), abs=0.05
    )


def test_parallel_analysis_does_not_depend_on_order():
    items, _ = drawn(150, cuts=(-1.0, 0.2))
    items["f0_0"] = (items["f0_0"] > 1).astype("float64")
    mixed = items.sample(frac=1, random_state=3)[list(items.columns[::-1])]
    for ordinal in (False, True):
        one = parallel_analysis(items, seed=7, ordinal=ordinal)
        pd.testing.assert_frame_equal(one, parallel_analysis(mixed, seed=7, ordinal=ordinal))
    other = parallel_analysis(items, seed=8)
    assert not np.allclose(other["reference"], parallel_analysis(items, seed=7)["reference"])


def test_parallel_analysis_not_estimable():
    items, _ = drawn(5)
    found = parallel_analysis(items, seed=1)
    assert set(found["reason"]) == {"not estimable: 5 complete rows for 6 items"}
    assert not found["keep"].any()
    with pytest.raises(InputError, match="20 draws"):
        parallel_analysis(items, seed=1, draws=3)


def test_htmt2_by_hand():
    """Within .5 and .5, across .25, .25, .25, .25: .25 over the root of .25."""
    r = np.full((4, 4), 0.25)
    r[:2, :2] = r[2:, 2:] = 0.5
    np.fill_diagonal(r, 1.0)
    draw = np.random.default_rng(1).normal(size=(50, 4))
    draw -= draw.mean(axis=0)
    whitened = draw @ np.linalg.inv(np.linalg.cholesky(np.cov(draw, rowvar=False, ddof=0))).T
    items = pd.DataFrame(whitened @ np.linalg.cholesky(r).T, columns=list("abcd"))
    model = {"f": ["a", "b"], "g": ["c", "d"]}
    assert htmt2(items, model)["htmt2"][0] == pytest.approx(0.5)
    gone = htmt2(items.assign(a=1.0), model)
    assert gone["reason"][0] == "not estimable: everybody answered a alike"
    assert np.isnan(gone["htmt2"][0])
    assert htmt2((items > 0).astype("float64"), model, ordinal=True)["htmt2"][0] > 0
