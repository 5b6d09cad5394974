"""Random intercepts: against lmerTest, by closed forms, and where a fit would be a lie.

The oracle's own search meets its variances to 2e-5 and its degrees of freedom to one in a thousand
of an independent search, so those are compared at 1e-4 and, where the variance between teams is
small, the closed forms below are the finer test.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import statsmodels.formula.api as smf
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from cultureplus.agreement import icc
from cultureplus.mixed import random_intercepts
from tests.small_surveys import army, oracle, table

CASES = oracle("mixed")


def frame_of(case) -> pd.DataFrame:
    columns = [case["outcome"], *case["predictors"], case["group"]]
    frame = army() if "army" in case["data"] else table(case["data"])
    return frame[columns].dropna()


def design_of(case, *, raw: bool = False) -> tuple[pd.Series, pd.DataFrame | None, pd.Series]:
    """Outcome, terms as the case has them (or each score with its team mean), and teams."""
    frame = frame_of(case)
    group = frame[case["group"]]
    x = frame[case["predictors"]]
    if case["split"]:
        means = x.groupby(group).transform("mean")
        first = x.add_suffix("_raw") if raw else (x - means).add_suffix("_within")
        x = pd.concat([first, means.add_suffix("_between")], axis=1)
    return frame[case["outcome"]], x if len(x.columns) else None, group


def check(row: dict, expected: dict) -> None:
    for name, value in expected.items():
        if name == "p":  # at t of 20 a p of 1e-25 follows the last digit of the df
            assert row["p"] == pytest.approx(2 * stats.t.sf(abs(row["t"]), row["df"]), rel=1e-9)
            if value > 1e-12:
                assert row["p"] == pytest.approx(value, rel=1e-3)
        else:
            near = 1e-4 * max(abs(value), expected["se"])
            assert row[name] == pytest.approx(value, abs=near), name


@pytest.mark.parametrize("case", CASES.values(), ids=list(CASES))
def test_against_r(case):
    fit = random_intercepts(*design_of(case))
    assert (fit.status, fit.n, fit.n_groups) == (case["status"], case["n"], case["n_groups"])
    assert (fit.reason == "") is (case["status"] == "ok")
    rows = fit.coefficients.set_index("term").to_dict("index")
    assert list(rows) == list(case["coefficients"])
    for term, expected in case["coefficients"].items():
        check(rows[term], expected)
    assert fit.variances["residual"] == pytest.approx(case["variances"]["residual"], rel=1e-4)
    assert fit.variances["group"] == pytest.approx(case["variances"]["team"], rel=1e-4, abs=1e-12)
    assert fit.icc == pytest.approx(case["icc"], rel=1e-4, abs=1e-12)
    assert fit.loglik == pytest.approx(case["loglik"], abs=1e-6)


SPLIT = {name: case for name, case in CASES.items() if case["split"]}


@pytest.mark.parametrize("case", SPLIT.values(), ids=list(SPLIT))
def test_contextual_effects_against_r(case):
    fit = random_intercepts(*design_of(case, raw=True))
    rows = fit.coefficients.set_index("term").to_dict("index")
    for term, expected in case["contextual"].items():
        check(rows[term.replace("_contextual", "_between")], expected)


def test_statsmodels_agrees():
    # Not on standard errors: its own come from the curvature in all parameters together.
    outcome, x, group = design_of(CASES["unequal_one"])
    frame = pd.DataFrame({"y": outcome, "x": x["safety"], "g": group})
    for method in ("powell", "cg"):  # with lbfgs it may report a fit that is none
        theirs = smf.mixedlm("y ~ x", frame, groups="g").fit(reml=True, method=method)
        ours = random_intercepts(outcome, x, group)
        assert ours.coefficients["estimate"].tolist() == pytest.approx(
            theirs.fe_params.tolist(), rel=1e-4
        )
        assert ours.variances["group"] == pytest.approx(theirs.cov_re.iloc[0, 0], rel=1e-3)
        assert ours.variances["residual"] == pytest.approx(theirs.scale, rel=1e-4)
        assert ours.loglik == pytest.approx(theirs.llf, abs=1e-5)


# ---------------------------------------------------------------------------- closed forms
@given(st.integers(2, 9), st.integers(2, 7), st.floats(-4, 2), st.integers(0, 10**6))
@settings(deadline=None, max_examples=25)
def test_equal_teams_have_a_closed_form(k, size, power, seed):
    """With equal teams REML is the analysis of variance, and the degrees of freedom are known."""
    rng = np.random.default_rng(seed)
    values = rng.normal(size=(k, size)) + 10**power * rng.normal(size=(k, 1))
    group = pd.Series(np.repeat(np.arange(k), size))
    y = pd.Series(values.ravel())
    anova = icc(y, group)
    fit = random_intercepts(y, None, group)
    (row,) = fit.coefficients.to_dict("records")
    assert row["estimate"] == pytest.approx(values.mean(), abs=1e-8)
    if anova["f"] > 1 + 1e-9:
        msw = values.var(axis=1, ddof=1).mean()
        assert fit.status == "ok"
        assert fit.variances["residual"] == pytest.approx(msw, rel=1e-6)
        assert fit.variances["group"] == pytest.approx(msw * (anova["f"] - 1) / size, rel=1e-4)
        assert fit.icc == pytest.approx(anova["icc1"], rel=1e-4)
        assert row["se"] == pytest.approx(values.mean(axis=1).std(ddof=1) / np.sqrt(k), rel=1e-6)
        assert row["df"] == pytest.approx(k - 1, rel=1e-3)
    elif anova["f"] < 1 - 1e-9:
        assert (fit.status, fit.icc) == ("singular", 0)
        assert "no variance between groups" in fit.reason
        assert fit.variances["residual"] == pytest.approx(y.var(), rel=1e-9)
        assert row["df"] == len(y) - 1
        assert row["se"] == pytest.approx(y.std() / np.sqrt(len(y)), rel=1e-9)


def test_a_slope_within_equal_teams_has_the_residual_degrees_of_freedom():
    rng = np.random.default_rng(7)
    values = rng.normal(size=(12, 4)) + rng.normal(size=(12, 1))
    x = pd.DataFrame({"x": np.tile([0.0, 1, 0, 1], 12)})
    fit = random_intercepts(pd.Series(values.ravel()), x, pd.Series(np.repeat(range(12), 4)))
    row = fit.coefficients.set_index("term").loc["x"]
    step = values[:, [1, 3]].mean(axis=1) - values[:, [0, 2]].mean(axis=1)
    assert row["estimate"] == pytest.approx(step.mean(), abs=1e-10)
    assert row["df"] == pytest.approx(12 * 4 - 12 - 1, rel=1e-5)


@st.composite
def uneven(draw):
    sizes = draw(st.lists(st.integers(1, 9), min_size=4, max_size=12))
    rng = np.random.default_rng(draw(st.integers(0, 10**6)))
    group = pd.Series(np.repeat(np.arange(len(sizes)), sizes))
    teams = draw(st.sampled_from([0.0, 0.1, 0.5, 2.0])) * rng.normal(size=len(sizes))
    x = pd.DataFrame({"x": rng.normal(size=len(group)) + 0.5 * teams[group]})
    y = pd.Series(rng.normal(size=len(group)) + teams[group] - 0.4 * x["x"])
    return y, x, group


@given(uneven(), st.randoms())
@settings(deadline=None, max_examples=15)
def test_what_may_not_matter(case, random):
    y, x, group = case
    fit = random_intercepts(y, x, group)
    if fit.status == "not_estimable":
        assert (group.value_counts() == 1).sum() >= len(y) - 4
        return
    found = fit.coefficients.set_index("term")
    assert np.isfinite(found.to_numpy()).all()
    assert (found["df"] > 0).all()
    # Order and the names of teams.
    order = list(range(len(y)))
    random.shuffle(order)
    moved = random_intercepts(y.iloc[order], x.iloc[order], group.map(lambda g: f"team {-g}"))
    np.testing.assert_allclose(moved.coefficients.iloc[:, 1:], found, rtol=1e-5, atol=1e-7)
    # Unit and origin of what is measured, however far away.
    other = random_intercepts(3 * y + 1e5, 10 * x - 1e4, group).coefficients.set_index("term")
    slope, before = other.loc["x"], found.loc["x"]
    assert slope["estimate"] == pytest.approx(0.3 * before["estimate"], rel=1e-4, abs=1e-5)
    for name in ("se", "low", "high"):
        assert slope[name] == pytest.approx(0.3 * before[name], rel=1e-4, abs=1e-5)
    assert slope["df"] == pytest.approx(before["df"], rel=1e-2)
    assert other.loc["intercept", "df"] > 0


def test_the_likelihood_is_at_its_top():
    """Nowhere on a grid of variance ratios is the restricted likelihood higher."""
    outcome, x, group = design_of(CASES["unequal_split"])
    fit = random_intercepts(outcome, x, group)
    design = np.column_stack([np.ones(len(x)), x.to_numpy()])
    same = (group.to_numpy()[:, None] == group.to_numpy()[None, :]).astype("float64")

    def loglik(between: float, residual: float) -> float:
        v = between * same + residual * np.eye(len(design))
        inverse = np.linalg.inv(v)
        a = design.T @ inverse @ design
        rest = outcome - design @ np.linalg.solve(a, design.T @ inverse @ outcome)
        free = len(design) - design.shape[1]
        return -0.5 * (
            np.linalg.slogdet(v)[1] + np.linalg.slogdet(a)[1] + rest @ inverse @ rest
            + free * np.log(2 * np.pi)
        )  # fmt: skip

    top = loglik(*fit.variances)
    assert fit.loglik == pytest.approx(top, abs=1e-8)
    for between in (0, 0.5, 0.98, 1.02, 2):
        for residual in (0.98, 1.02):
            assert (
                loglik(fit.variances["group"] * between, fit.variances["residual"] * residual) < top
            )


# ---------------------------------------------------------------------------- not estimable
GROUP = list("aaabbbcccddd")
NOISE = [1.3, 2.1, 0.4, 2.2, 3.9, 3.1, 1.7, 0.2, 0.9, 4.4, 3.8, 5.1]
HARD = {
    "nobody": ([np.nan] * 12, {}, GROUP, "0 group"),
    "one team": (NOISE, {}, ["a"] * 12, "1 group"),
    "teams of one": (NOISE, {}, [f"t{n}" for n in range(12)], "every group has one row"),
    "fewer rows than terms": (
        [*NOISE[:3], *[np.nan] * 9], {"x": NOISE, "z": NOISE[::-1]}, list("ab" * 6), "3 rows",
    ),
    "constant": ([4.1] * 12, {}, GROUP, "nothing is left to explain"),
    "explained": ([2 * v + 1.1 for v in NOISE], {"x": NOISE}, GROUP, "nothing is left"),
    "constant in teams": (
        [v for v in (1.1, 2.3, 3.7, 4.1) for _ in range(3)], {}, GROUP, "within groups nothing",
    ),
    "explained in teams": (
        [v + 1.1 * "abcd".index(g) ** 2 for v, g in zip(NOISE, GROUP, strict=True)], {"x": NOISE},
        GROUP, "within groups nothing",
    ),
    "a constant predictor": (NOISE, {"x": [4.1] * 12}, GROUP, "x does not vary"),
    "twice the same": (
        NOISE[::-1], {"x": NOISE, "z": [3 * v + 7.7 for v in NOISE]}, GROUP, "z is collinear",
    ),
    "a sum of others": (
        NOISE[::-1],
        {"x": NOISE, "y": [v**2 for v in NOISE], "z": [v - 0.1 * v**2 for v in NOISE]},
        GROUP, "z is collinear",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("y", "x", "group", "reason"), HARD.values(), ids=list(HARD))
def test_what_can_not_be_estimated_says_why(y, x, group, reason):
    predictors = pd.DataFrame(x, dtype="float64") if x else None
    fit = random_intercepts(pd.Series(y), predictors, pd.Series(group))
    assert fit.status == "not_estimable"
    assert fit.reason.startswith("not estimable: ")
    assert reason in fit.reason
    assert fit.coefficients["term"].tolist() == ["intercept", *x]
    assert fit.coefficients.drop(columns="term").isna().all(axis=None)
    assert fit.variances.isna().all()
    assert np.isnan([fit.icc, fit.loglik]).all()
    assert reason in repr(fit)


def test_a_fit_shows_itself():
    outcome, x, group = design_of(CASES["unequal_one"])
    fit = random_intercepts(outcome, x, group)
    assert "safety" in repr(fit)
    assert "23 groups, ok" in repr(fit)
    assert "<table" in fit._repr_html_()


def test_rows_missing_anything_are_left_out():
    outcome, x, group = design_of(CASES["unequal_one"])
    start = outcome.index.max() + 1
    place = [start, start + 1, start + 2]
    fit = random_intercepts(
        pd.concat([outcome, pd.Series([np.nan, 1.0, 1.0], place)]),
        pd.concat([x, pd.DataFrame({"safety": [1.0, np.nan, 1.0]}, place)]),
        pd.concat([group, pd.Series([group.iloc[0], group.iloc[0], None], place)]),
    )
    pd.testing.assert_frame_equal(
        fit.coefficients, random_intercepts(outcome, x, group).coefficients
    )
