"""Shares of explained variance: against R, pingouin and published examples, and drawn anew."""

from __future__ import annotations

import json
import math
from itertools import permutations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cultureplus.charts.drivers import plot_drivers
from cultureplus.charts.importance import plot_importance
from cultureplus.drivers import drivers, johnson, lmg
from cultureplus.errors import InputError
from tests.small_surveys import oracle, table

CASES = oracle("drivers")
SHARES = ["lmg", "low", "high", "johnson", "johnson_low", "johnson_high"]
NUMBERS = ["r", *SHARES, "mean", "mean_low", "mean_high", "r2"]
COLUMNS = ["predictor", *NUMBERS, "n", "n_groups", "reason"]
FEW = {"draws": 200}


@pytest.mark.parametrize("name", [name for name in CASES if "data" in CASES[name]])
def test_the_shares_of_r(name):
    case = CASES[name]
    frame, predictors = table(case["data"]), case["predictors"]
    predictors = [predictors] if isinstance(predictors, str) else predictors
    found = drivers(frame[case["outcome"]], frame[predictors], **FEW)
    assert list(found) == COLUMNS
    assert found["predictor"].tolist() == predictors
    for column in ("lmg", "johnson", "r"):
        expected = np.ravel(case[column])
        np.testing.assert_allclose(found[column], expected, rtol=1e-8, atol=1e-12)
    assert found["r2"].tolist() == pytest.approx([case["r2"]] * len(predictors), rel=1e-10)
    assert (found["n"] == case["n"]).all()
    assert (found["reason"] == "").all()


# R's own data sets: the same shares by our script in R (every order with lm; singular values) and
# as others print them, each with as many digits as were seen.
PUBLISHED = {
    # calc.relimp(type = "lmg") of R's relaimpo, quoted in the tests of a public survey library; the
    # paper that goes with relaimpo, Grömping (2006), has this data set, but was not at hand.
    ("swiss", lmg): (
        [0.0570912207681, 0.1711730289002, 0.2601346786244, 0.1055701503735, 0.1127659229265],
        1e-12,
    ),
    # The read-me of R's dominanceanalysis prints the average contributions to three digits.
    ("attitude", lmg): ([0.371, 0.051, 0.156, 0.120, 0.007, 0.028], 5e-4),
    # The article on regression methods of R's rwa prints raw relative weights.
    ("mtcars", johnson): ([0.2096904, 0.1883043, 0.1799590, 0.2706812], 5e-8),
}


@pytest.mark.parametrize("name", [name for name in CASES if "correlations" in CASES[name]])
def test_shares_of_known_data_are_those_of_r(name):
    case = CASES[name]
    r = np.array(case["correlations"])[None]
    assert lmg(r)[0] == pytest.approx(case["lmg"], rel=1e-9)
    assert johnson(r)[0] == pytest.approx(case["johnson"], rel=1e-9)


@pytest.mark.parametrize(("name", "shares"), PUBLISHED, ids=[name for name, _ in PUBLISHED])
def test_shares_that_others_published(name, shares):
    published, digits = PUBLISHED[name, shares]
    found = shares(np.array(CASES[name]["correlations"])[None])[0]
    np.testing.assert_allclose(found, published, rtol=0, atol=digits)


def test_relative_weights_of_a_published_correlation_matrix():
    # The example of relWt in R's iopsych (the outcome last) and its output, as rdrr.io shows them.
    r = np.array(
        [
            [1.0, 0.2, 0.3, 0.4, -0.4],
            [0.2, 1.0, 0.5, 0.1, 0.1],
            [0.3, 0.5, 1.0, 0.2, -0.3],
            [0.4, 0.1, 0.2, 1.0, 0.4],
            [-0.4, 0.1, -0.3, 0.4, 1.0],
        ]
    )
    published = [0.24066119, 0.05492664, 0.12143476, 0.28158189]
    found = johnson(np.roll(r, 1, axis=(0, 1))[None])[0]
    np.testing.assert_allclose(found, published, rtol=0, atol=5e-9)


def test_pingouin_finds_the_same_lmg():
    pingouin = pytest.importorskip("pingouin")
    frame = table("tests/oracle/data/bfi_250.csv").dropna()
    predictors = ["A1", "A2", "C1", "C2", "E1", "N3", "N4"]
    known = pingouin.linear_regression(frame[predictors], frame["N1"], relimp=True)
    known = known[known["names"] != "Intercept"]
    found = drivers(frame["N1"], frame[predictors], **FEW)
    np.testing.assert_allclose(found["lmg"], known["relimp"], rtol=1e-8)


def correlations(p: int, seed: int) -> np.ndarray:
    scores = np.random.default_rng(seed).normal(size=(4 * p + 8, p + 1))
    scores[:, 1:] += 0.6 * scores[:, :1] + 0.5 * scores[:, [1]]
    return np.corrcoef(scores, rowvar=False)


def r2(r: np.ndarray, chosen: list[int]) -> float:
    if not chosen:
        return 0.0
    return float(r[0, chosen] @ np.linalg.solve(r[np.ix_(chosen, chosen)], r[chosen, 0]))


@given(p=st.integers(1, 5), seed=st.integers(0, 10_000))
@settings(max_examples=40, deadline=None)
def test_lmg_is_the_mean_over_all_orders(p, seed):
    r = correlations(p, seed)
    gains = np.zeros(p)
    orders = list(permutations(range(1, p + 1)))
    for order in orders:
        for place, one in enumerate(order):
            gains[one - 1] += r2(r, list(order[: place + 1])) - r2(r, list(order[:place]))
    assert lmg(r[None])[0] == pytest.approx(gains / len(orders), abs=1e-11)


@given(p=st.integers(1, 15), seed=st.integers(0, 10_000))
@settings(max_examples=15, deadline=None)
def test_both_kinds_of_shares_make_r2(p, seed):
    r = np.stack([correlations(p, seed + k) for k in range(6)])
    whole = [r2(each, list(range(1, p + 1))) for each in r]
    for shares in (lmg(r), johnson(r)):
        assert shares.shape == (6, p)
        assert (shares >= -1e-12).all()
        assert shares.sum(axis=1) == pytest.approx(whole, abs=1e-9)


def test_uncorrelated_predictors_have_their_squared_correlations():
    r = np.eye(4)
    r[0, 1:] = r[1:, 0] = [0.5, -0.3, 0.0]
    for shares in (lmg(r[None]), johnson(r[None])):
        assert shares[0] == pytest.approx([0.25, 0.09, 0.0], abs=1e-12)


def test_a_matrix_without_full_rank_shares_what_is_twice_there():
    # In a draw of few groups two predictors may coincide.
    r = np.array([[1.0, 0.6, 0.6, 0.0], [0.6, 1, 1, 0], [0.6, 1, 1, 0], [0, 0, 0, 1]])[None]
    for shares in (lmg(r), johnson(r)):
        assert shares[0] == pytest.approx([0.18, 0.18, 0.0], abs=1e-9)


# ---------------------------------------------------------------------------- drawn anew
def made(teams=40, size=6, *, p=3, seed=3, alike=0.7):
    """Scores whose first predictor carries most; people of a team are alike."""
    draw = np.random.default_rng(seed)
    team = np.repeat(np.arange(teams), size)

    def column():
        return alike * draw.normal(size=teams)[team] + draw.normal(size=teams * size)

    x = pd.DataFrame({f"x{k}": column() for k in range(p)})
    y = x["x0"] + 0.4 * x.to_numpy() @ np.linspace(1, 0, p) + column()
    return y, x, pd.Series([f"t{n:03d}" for n in team])


def test_the_interval_draws_whole_groups():
    y, x, team = made(alike=1.5)
    found = drivers(y, x, team, draws=1000)
    assert (found["n_groups"] == 40).all()
    # The same by hand: teams chosen with replacement, everything computed from their rows.
    draw = np.random.default_rng(99)
    rows = {name: np.flatnonzero(team == name) for name in team.unique()}
    by_hand = []
    for _ in range(1000):
        chosen = np.concatenate([rows[name] for name in draw.choice(list(rows), len(rows))])
        scores = np.column_stack([y.iloc[chosen], x.iloc[chosen]])
        by_hand.append(np.corrcoef(scores, rowvar=False))
    for values, low, high in (
        (lmg(np.stack(by_hand)), "low", "high"),
        (johnson(np.stack(by_hand)), "johnson_low", "johnson_high"),
    ):
        ends = np.percentile(values, [2.5, 97.5], axis=0)
        near = 0.15 * (ends[1] - ends[0]).max()
        np.testing.assert_allclose(found[[low, high]].T, ends, atol=near)
    means = np.array([x.groupby(team).mean().std() / math.sqrt(40)]) * 1.96
    width = (found["mean_high"] - found["mean_low"]).to_numpy() / 2
    np.testing.assert_allclose(width, means[0], rtol=0.15)
    # People drawn one by one would look surer of a mean than teams allow.
    alone = drivers(y, x, draws=1000)
    assert ((alone["mean_high"] - alone["mean_low"]) < width).all()
    assert (alone["n_groups"] == 240).all()


@pytest.mark.parametrize("odd", [0, 5, 11])
def test_every_group_may_be_drawn(odd):
    # One team stands far from the others: wherever it is in the list, the interval must know it.
    y, x, team = made(teams=12, size=10, alike=0)
    x["x1"] += 5.0 * (team == f"t{odd:03d}")
    row = drivers(y, x, team, draws=1000).set_index("predictor").loc["x1"]
    # Twelve draws bring the odd team 0 to 3 times: 0 to 3/12 of 5, about a mean of 5/12.
    assert row["mean_high"] - row["mean_low"] == pytest.approx(5 * 3 / 12, abs=0.35)


def test_the_shares_do_not_depend_on_the_groups():
    y, x, team = made()
    same = ["predictor", "r", "lmg", "johnson", "mean", "r2", "n"]
    pd.testing.assert_frame_equal(
        drivers(y, x, team, **FEW)[same], drivers(y, x, **FEW)[same], rtol=1e-12
    )


@pytest.mark.parametrize("grouped", [True, False])
def test_same_seed_same_numbers_in_any_order(grouped):
    y, x, team = made()
    moved = np.random.default_rng(1).permutation(len(y))
    first = drivers(y, x, team if grouped else None, seed=5, **FEW)
    other = drivers(
        y.iloc[moved], x.iloc[moved], team.iloc[moved] if grouped else None, seed=5, **FEW
    )
    pd.testing.assert_frame_equal(first, other, check_exact=True)
    turned = drivers(y, x[["x2", "x0", "x1"]], team if grouped else None, seed=5, **FEW)
    turned = turned.set_index("predictor").loc[["x0", "x1", "x2"]].reset_index()
    pd.testing.assert_frame_equal(first, turned, rtol=1e-9, atol=1e-11)
    new = drivers(y, x, team if grouped else None, seed=6, **FEW)
    assert (first["low"] != new["low"]).all()
    assert (first["lmg"] == new["lmg"]).all()


def test_fifteen_predictors_in_forty_rows():
    y, x, _ = made(teams=40, size=1, p=15)
    found = drivers(y, x, **FEW)
    assert len(found) == 15
    assert found[NUMBERS].notna().all(axis=None)
    assert found["lmg"].sum() == pytest.approx(found["r2"].iloc[0])
    # So few rows drawn anew lean far upwards; the interval holds the share all the same.
    for share, low, high in (("lmg", "low", "high"), ("johnson", "johnson_low", "johnson_high")):
        assert (found[low] <= found[share]).all()
        assert (found[share] <= found[high]).all()
    # Twelve rows fewer leave eleven degrees of freedom, fourteen fewer do not leave ten.
    assert (drivers(y[:28], x[:28], **FEW)["reason"] == "").all()
    few = drivers(y[:25], x[:25], **FEW)
    assert few[NUMBERS].isna().all(axis=None)
    assert set(few["reason"]) == {
        "not estimable: 9 residual degrees of freedom, at least 10 needed"
    }


def test_missing_answers_leave_people_out():
    y, x, team = made()
    y[4], x.loc[9, "x1"], team[11] = np.nan, np.nan, None
    found = drivers(y, x, team, **FEW)
    assert (found["n"] == 237).all()
    kept = ~np.isin(np.arange(240), [4, 9, 11])
    pd.testing.assert_frame_equal(found, drivers(y[kept], x[kept], team[kept], **FEW))


@pytest.mark.parametrize(("teams", "word"), [(1, "1 groups"), (9, "9 groups")])
def test_few_groups_have_shares_and_no_interval(teams, word):
    y, x, team = made(teams=teams, size=30)
    found = drivers(y, x, team, **FEW)
    assert found[["lmg", "johnson", "r2", "mean"]].notna().all(axis=None)
    ends = ["low", "high", "johnson_low", "johnson_high", "mean_low", "mean_high"]
    assert found[ends].isna().all(axis=None)
    assert set(found["reason"]) == {f"no interval: {word}, at least 10 needed"}


@pytest.mark.parametrize("kept", ["within", "between"])
def test_a_predictor_without_a_level_has_its_share(kept):
    # The shares are of people: they do not ask at which level a predictor varies.
    y, x, team = made()
    means = x["x1"].groupby(team).transform("mean")
    x["x1"] = means if kept == "between" else x["x1"] - means
    found = drivers(y, x, team, **FEW)
    assert (found["reason"] == "").all()
    assert found[NUMBERS].notna().all(axis=None)
    r = np.corrcoef(np.column_stack([y, x]), rowvar=False)[None]
    np.testing.assert_allclose(found["lmg"], lmg(r)[0], rtol=1e-9)


def test_teams_of_one_are_people():
    y, x, _ = made()
    alone = pd.Series([f"p{n:03d}" for n in range(len(y))])
    found = drivers(y, x, alone, draws=1000)
    people = drivers(y, x, draws=1000)
    np.testing.assert_allclose(
        found[["lmg", "low", "high"]], people[["lmg", "low", "high"]], atol=0.03
    )


HARD = {
    "collinear": (
        lambda y, x: (y, x.assign(x2=2 * x["x0"] - x["x1"])), "x2 is collinear with x0, x1",
    ),
    "a double": (lambda y, x: (y, x.assign(x2=x["x1"] + 3)), "x2 is collinear with x1"),
    "constant": (lambda y, x: (y, x.assign(x1=4.1)), "x1 does not vary"),
    "constant outcome": (lambda y, x: (y * 0 + 4.1, x), "the outcome does not vary"),
    "nobody": (lambda y, x: (y * np.nan, x), "0 residual degrees of freedom"),
}  # fmt: skip


@pytest.mark.parametrize(("change", "reason"), HARD.values(), ids=list(HARD))
def test_what_can_not_be_estimated_says_why(change, reason):
    y, x, team = made()
    y, x = change(y, x)
    found = drivers(y, x, team, **FEW)
    assert found["predictor"].tolist() == ["x0", "x1", "x2"]
    assert found[NUMBERS].isna().all(axis=None)
    assert found["reason"].str.startswith(f"not estimable: {reason}").all()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda y, x: (y, pd.concat([x] * 6, axis=1).set_axis(range(18), axis=1)), "At most 15"),
        (lambda y, x: (y, x.set_axis(["a", "b", "a"], axis=1)), "stands twice"),
        (lambda y, x: (y, x[[]]), "no predictor"),
        (lambda y, x: (y, x["x0"]), "Predictors are a table"),
        (lambda y, x: (y.iloc[1:], x), "other rows"),
        (lambda y, x: (y, x.assign(x1="high")), "no number"),
    ],
)
def test_bad_input_is_refused(change, message):
    y, x, _ = made()
    with pytest.raises(InputError, match=message):
        drivers(*change(y, x), **FEW)


def test_no_interval_from_a_handful_of_draws():
    y, x, _ = made()
    with pytest.raises(InputError, match="100 draws"):
        drivers(y, x, draws=10)


# ---------------------------------------------------------------------------- charts
def drawn() -> pd.DataFrame:
    y, x, team = made()
    return drivers(y, x.set_axis(["trust", "skill.curiosity", "care"], axis=1), team, **FEW)


def said(figure) -> str:
    return json.dumps(json.loads(figure.to_json()), ensure_ascii=False)


@pytest.mark.parametrize("chart", [plot_drivers, plot_importance])
def test_a_chart_draws_the_numbers_of_its_table(chart):
    found = drawn()
    figure = chart(found)
    before = found.copy()
    assert chart(found).to_json() == figure.to_json()
    pd.testing.assert_frame_equal(found, before)
    columns = ["lmg", "low", "high"] + (["mean"] if chart is plot_importance else ["johnson", "r2"])
    for column in columns:
        moved = found.copy()
        moved[column] += 0.01
        assert chart(moved).to_json() != figure.to_json(), column
    assert "bdata" not in figure.to_json()
    assert "cause" in figure.layout.title.subtitle.text
    assert figure.layout.meta["alt"].endswith(".")
    assert "Trust" in said(figure)


def test_the_bars_stand_by_their_share():
    found = drawn().sort_values("lmg")
    figure = plot_drivers(found)
    bars = next(trace for trace in figure.data if trace.type == "bar")
    assert list(bars.x) == sorted(bars.x, reverse=True)
    assert bars.x[0] == round(100 * found["lmg"].max(), 3)


@pytest.mark.parametrize("chart", [plot_drivers, plot_importance])
def test_a_chart_without_numbers_gives_the_reason(chart):
    y, x, team = made()
    figure = chart(drivers(y, x.assign(x1=4.1), team, **FEW))
    assert len(figure.data) == 0
    assert figure.layout.annotations[0].text == "not estimable: x1 does not vary"
    with pytest.raises(InputError, match="does not have: 'lmg'"):
        chart(drawn().drop(columns="lmg"))
    assert "not asked" in chart(drawn().iloc[:0]).layout.annotations[0].text


@pytest.mark.parametrize("chart", [plot_drivers, plot_importance])
def test_shares_without_interval_are_drawn_with_the_reason(chart):
    y, x, team = made(teams=9, size=30)
    figure = chart(drivers(y, x, team, **FEW))
    assert "no interval: 9 groups" in said(figure)
    assert len(figure.data) > 0


@pytest.mark.parametrize("chart", [plot_drivers, plot_importance])
@pytest.mark.parametrize("label", ["<b>bold</b>", "$x^2$ %{x}", "left\u202ethgir\x00"])
def test_labels_are_never_markup(chart, label):
    found = drawn().assign(predictor=[f"{label}{n}" for n in range(3)])
    figure = json.loads(chart(found).to_json())
    figure["layout"].pop("meta"), figure["layout"].pop("template")
    text = json.dumps(figure, ensure_ascii=False).replace("<br>", "")
    assert not set(text) & set("<>$\u202e\x00")
    assert "%{" not in text
    assert not set(chart(found).layout.meta["alt"]) & set('<>"\u202e\x00\n')
