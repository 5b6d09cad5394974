"""Who names a barrier: odds ratios and marginal effects, against R and by hand."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from cultureplus.barrier_odds import ALONE, barrier_odds
from cultureplus.errors import InputError
from tests.small_surveys import army, oracle, table

CASES = oracle("barrier_odds")
NUMBERS = ["odds_ratio", "low", "high", "p", "ame", "ame_low", "ame_high"]
COLUMNS = ["barrier", "predictor", *NUMBERS, "n", "n_groups", "status", "reason"]


@pytest.mark.parametrize("case", CASES.values(), ids=list(CASES))
def test_the_odds_and_effects_of_r(case):
    frame = army() if "army" in case["data"] else table(case["data"])
    column = frame[case["column"]]
    named = (column >= case["at_least"]).astype("float64").where(column.notna())
    found = barrier_odds(frame, named.to_frame("named"), case["predictors"], frame[case["group"]])
    assert list(found) == COLUMNS
    assert found["predictor"].tolist() == case["predictors"]
    for row in found.to_dict("records"):
        known = case["terms"][row["predictor"]]
        assert (row["n"], row["n_groups"]) == (case["n"], case["n_groups"])
        assert (row["status"], row["reason"]) == ("ok", "")
        for name in ("odds_ratio", "low", "high"):
            assert np.log(row[name]) == pytest.approx(np.log(known[name]), abs=1e-4 * known["se"])
        assert row["p"] == pytest.approx(known["p"], rel=1e-3)
        for name in ("ame", "ame_low", "ame_high"):
            width = known["ame_high"] - known["ame_low"]
            assert row[name] == pytest.approx(known[name], abs=1e-5 * width), name


def test_few_teams_get_wider_intervals_than_the_usual_errors_give():
    # The bias-reduced errors are never below the usual ones by design, here in R's own numbers.
    for case in CASES.values():
        for known in case["terms"].values():
            assert known["se"] > known["se_robust"]


def made(*, teams=40, size=10, slopes=(-0.8, 0.0), alike=0.5, seed=6, per_team=None):
    """Scores and two barriers; the first goes with the scores as the slopes say."""
    draw = np.random.default_rng(seed)
    team = np.repeat(np.arange(teams), size if per_team is None else per_team)
    n = len(team)
    index = pd.MultiIndex.from_product([["2026Q3"], [f"p{k:04d}" for k in range(n)]])
    scores = pd.DataFrame(
        {f"x{k}": 4 + draw.normal(size=n) for k in range(len(slopes))}, index=index
    )
    scores["team"] = [f"t{k:03d}" for k in team]
    effect = (scores[[f"x{k}" for k in range(len(slopes))]] - 4).to_numpy() @ slopes
    effect += alike * draw.normal(size=teams)[team]
    named = {
        "silos": draw.uniform(size=n) < 1 / (1 + np.exp(-effect)),
        "vision": draw.uniform(size=n) < 0.3,
    }
    return scores, pd.DataFrame(named, index=index).astype("float64")


def odds(scores, barriers, predictors=("x0", "x1")):
    return barrier_odds(scores, barriers, list(predictors), "team")


def test_what_was_put_in_is_found():
    # Slopes hold for a team; over teams they are a little flatter (Zeger, Liang & Albert 1988).
    found = odds(*made(teams=150, alike=0.3)).set_index(["barrier", "predictor"])
    flatter = 1 / np.sqrt(1 + 0.3459 * 0.3**2)
    row = found.loc[("silos", "x0")]
    assert row["low"] < np.exp(-0.8 * flatter) < row["high"]
    assert row["p"] < 1e-6
    assert row["ame_high"] < 0
    for barrier, predictor in (("silos", "x1"), ("vision", "x0"), ("vision", "x1")):
        row = found.loc[(barrier, predictor)]
        assert row["low"] < 1 < row["high"]
        assert row["ame_low"] < 0 < row["ame_high"]


def test_statsmodels_by_hand():
    from statsmodels.genmod.cov_struct import Exchangeable
    from statsmodels.genmod.families import Binomial
    from statsmodels.genmod.generalized_estimating_equations import GEE

    scores, barriers = made()
    design = np.column_stack([np.ones(len(scores)), scores[["x0", "x1"]]])
    model = GEE(
        barriers["silos"].to_numpy(), design, groups=scores["team"].to_numpy(), family=Binomial(),
        cov_struct=Exchangeable(),
    )  # fmt: skip
    fit = model.fit(cov_type="bias_reduced", ctol=1e-10)
    found = odds(scores, barriers)
    found = found[found["barrier"] == "silos"]
    assert np.log(found["odds_ratio"]).tolist() == pytest.approx(fit.params[1:], rel=1e-6)
    # t on teams less terms, 40 - 3.
    half = 2.026192463 * np.sqrt(np.diag(fit.cov_robust_bc))[1:]
    np.testing.assert_allclose(np.log(found["high"] / found["odds_ratio"]), half, rtol=1e-6)
    # The effect: how the mean share moves when everybody's score moves a little.
    for place, effect in enumerate(found["ame"], start=1):
        shares = []
        for step in (1e-4, -1e-4):
            moved = design.copy()
            moved[:, place] += step
            shares.append((1 / (1 + np.exp(-moved @ fit.params))).mean())
        assert effect == pytest.approx((shares[0] - shares[1]) / 2e-4, rel=1e-6)


def test_another_unit_of_the_score_is_another_unit_of_the_effect():
    scores, barriers = made()
    found = odds(scores, barriers)
    tenth = odds(scores.assign(x0=10 * scores["x0"] + 3), barriers)
    rows = found["predictor"] == "x0"
    np.testing.assert_allclose(
        10 * np.log(tenth.loc[rows, "odds_ratio"]), np.log(found.loc[rows, "odds_ratio"]), rtol=1e-6
    )
    np.testing.assert_allclose(10 * tenth.loc[rows, "ame"], found.loc[rows, "ame"], rtol=1e-6)
    np.testing.assert_allclose(tenth["p"], found["p"], rtol=1e-5)
    np.testing.assert_allclose(tenth.loc[~rows, NUMBERS], found.loc[~rows, NUMBERS], rtol=1e-6)


def test_not_named_turns_the_odds_round():
    scores, barriers = made()
    found, turned = odds(scores, barriers), odds(scores, 1 - barriers)
    np.testing.assert_allclose(turned["odds_ratio"], 1 / found["odds_ratio"], rtol=1e-6)
    np.testing.assert_allclose(turned["ame_low"], -found["ame_high"], rtol=1e-5, atol=1e-9)


def test_the_order_of_rows_changes_nothing():
    scores, barriers = made()
    moved = np.random.default_rng(1).permutation(len(scores))
    expected = odds(scores, barriers)
    pd.testing.assert_frame_equal(
        odds(scores.iloc[moved], barriers.iloc[moved]), expected, check_exact=True
    )
    pd.testing.assert_frame_equal(odds(scores.iloc[moved], barriers), expected, check_exact=True)


def test_the_group_may_be_a_series_or_a_column():
    scores, barriers = made()
    by_series = barrier_odds(scores, barriers, ["x0", "x1"], scores["team"])
    pd.testing.assert_frame_equal(by_series, odds(scores, barriers))


@pytest.mark.parametrize("kind", ["bool", "boolean", "int64", "Int64", "object"])
def test_named_may_be_any_kind_of_yes(kind):
    scores, barriers = made()
    pd.testing.assert_frame_equal(odds(scores, barriers.astype(kind)), odds(scores, barriers))


def test_people_missing_anything_are_left_out_per_barrier():
    scores, barriers = made()
    scores.iloc[0, 0] = np.nan
    scores.iloc[15, 2] = None
    barriers.iloc[30, 0] = np.nan
    found = odds(scores, barriers)
    assert found["n"].tolist() == [397, 397, 398, 398]
    kept = ~np.isin(np.arange(400), [0, 15, 30])
    again = odds(scores[kept], barriers[kept])
    pd.testing.assert_frame_equal(found.iloc[:2], again.iloc[:2])
    # People of whom the barriers' table knows nothing have no answer.
    fewer = odds(scores, barriers.iloc[:200])
    assert fewer["n"].tolist() == [197, 197, 198, 198]


def test_people_who_stand_alone_are_independent():
    scores, barriers = made(teams=300, size=1)
    found = odds(scores, barriers)
    assert set(found["reason"]) == {ALONE}
    assert set(found["status"]) == {"ok"}
    # Then the slopes are those of plain logistic regression, by Newton's steps.
    design = np.column_stack([np.ones(300), scores[["x0", "x1"]]])
    slopes = np.zeros(3)
    for _ in range(30):
        share = 1 / (1 + np.exp(-design @ slopes))
        information = design.T @ (design * (share * (1 - share))[:, None])
        slopes += np.linalg.solve(information, design.T @ (barriers["silos"] - share))
    assert np.log(found["odds_ratio"].iloc[:2]).tolist() == pytest.approx(slopes[1:], rel=1e-7)


def test_people_less_alike_than_any_correlation_allows_are_independent():
    scores, barriers = made(teams=60, size=2, alike=0)
    barriers["silos"] = np.tile([0.0, 1.0], 60)
    found = odds(scores, barriers[["silos"]])
    assert set(found["status"]) == {"ok"}
    assert set(found["reason"]) == {ALONE}
    assert found[NUMBERS].notna().all(axis=None)


def named(barriers, values):
    return barriers.assign(silos=np.asarray(values, dtype="float64"))


HARD = {
    "nobody": (lambda s, b: (s, named(b, [0] * 400)), "nobody names it"),
    "everybody": (lambda s, b: (s, named(b, [1] * 400)), "everybody names it"),
    "three people": (
        lambda s, b: (s, named(b, [1] * 3 + [0] * 397)), "fewer than 10 people name it",
    ),
    "all but three": (
        lambda s, b: (s, named(b, [0] * 3 + [1] * 397)), "fewer than 10 people don't name it",
    ),
    "separated": (
        lambda s, b: (s, named(b, s["x0"] > 4)), "the predictors tell without error who names it",
    ),
    "nearly separated": (
        # All above a score name it, and of those at the score itself some do.
        lambda s, b: (
            s.assign(x0=s["x0"].round()),
            named(b, np.where(s["x0"].round() == 4, np.arange(400) % 2, s["x0"].round() > 4)),
        ),
        "the predictors tell without error who names it",
    ),
    "one team": (lambda s, b: (s.assign(team="t"), b), "1 group"),
    "eleven teams": (
        lambda s, b: (s.assign(team=[f"t{k % 11}" for k in range(400)]), b),
        "8 degrees of freedom among groups, at least 10",
    ),
    "few people": (lambda s, b: (s.iloc[::20], b), ""),
    "collinear": (lambda s, b: (s.assign(x1=3 * s["x0"] - 1), b), "x1 is collinear with x0"),
    "constant": (lambda s, b: (s.assign(x0=4.1), b), "x0 does not vary"),
    "no scores": (lambda s, b: (s.assign(x0=np.nan), b), "nobody has both"),
}  # fmt: skip


@pytest.mark.parametrize(("change", "reason"), HARD.values(), ids=list(HARD))
def test_what_can_not_be_estimated_says_why(change, reason):
    found = odds(*change(*made()))
    found = found[found["barrier"] == "silos"]
    assert found["predictor"].tolist() == ["x0", "x1"]
    assert found[NUMBERS].isna().all(axis=None)
    assert set(found["status"]) == {"not_estimable"}
    assert found["reason"].str.startswith(f"not estimable: {reason}").all()


def test_one_barrier_that_fails_leaves_the_others():
    scores, barriers = made()
    found = odds(scores, named(barriers, [0] * 400))
    assert found["status"].tolist() == ["not_estimable"] * 2 + ["ok"] * 2


@pytest.mark.parametrize("kept", ["within", "between"])
def test_a_predictor_without_a_level_has_odds(kept):
    scores, barriers = made()
    means = scores.groupby("team")["x1"].transform("mean")
    scores["x1"] = means if kept == "between" else scores["x1"] - means
    found = odds(scores, barriers)
    assert set(found["status"]) == {"ok"}
    assert found[NUMBERS].notna().all(axis=None)


def test_fifteen_predictors_in_forty_rows():
    scores, barriers = made(teams=40, size=1, slopes=[0.0] * 15)
    found = odds(scores, barriers[["silos"]], [f"x{k}" for k in range(15)])
    assert len(found) == 15
    finite = found[NUMBERS].notna().all(axis=1)
    assert (finite == (found["status"] == "ok")).all()
    assert (found.loc[~finite, "reason"] != "").all()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda s, b: (s, b, ["x0", "trust"], "team"), "no column 'trust'"),
        (lambda s, b: (s, b, ["x0", "x0"], "team"), "stands twice"),
        (lambda s, b: (s, b, [], "team"), "at least one predictor"),
        (lambda s, b: (s, b[[]], ["x0"], "team"), "at least one predictor and one barrier"),
        (lambda s, b: (s, b, ["x0"], "taem"), "(?s)no column 'taem'.*did you mean 'team'"),
        (lambda s, b: (s, b + 1, ["x0"], "team"), "named .1. or not"),
        (
            lambda s, b: (s, b.astype("object").replace(1, "yes"), ["x0"], "team"),
            "named .1. or not",
        ),
        (lambda s, b: (s, b["silos"], ["x0"], "team"), "barriers are a table"),
        (lambda s, b: (s, b.set_axis(range(400)), ["x0"], "team"), "barriers have other rows"),
        (lambda s, b: (s, b.rename({"2026Q3": "2026Q2"}), ["x0"], "team"), "no row in common"),
        (lambda s, b: (s.assign(x0="a"), b, ["x0"], "team"), "no number"),
    ],
)
def test_bad_input_is_refused(change, message):
    with pytest.raises(InputError, match=message):
        barrier_odds(*change(*made()))
