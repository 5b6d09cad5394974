"""Which lens carries the differences: shares that add up, and what was put into the sample."""

from __future__ import annotations

import tomllib

import numpy as np
import pandas as pd
import pytest

from cultureplus.charts.walls import plot_walls
from cultureplus.errors import InputError
from cultureplus.intake import read_survey
from cultureplus.lens_shares import walls
from cultureplus.mixed import random_intercepts
from cultureplus.reliability import alphas
from cultureplus.scoring import score
from tests.small_surveys import ROOT, scores_of

SAMPLE = ROOT / "data" / "sample"
TRUTH = tomllib.loads((SAMPLE / "truth.toml").read_text("utf-8"))["variance_shares"]
WAVES = ("2025Q4", "2026Q3")


def organisation(n=160, *, seed=1, **more):
    """Eight teams crossed with four sites, differing by team."""
    rng = np.random.default_rng(seed)
    team, site = rng.integers(0, 8, n), rng.integers(0, 4, n)
    trust = 3 + 0.8 * rng.normal(size=8)[team] + 0.2 * rng.normal(size=4)[site]
    values = {"trust": trust + rng.normal(size=n), "care": rng.normal(size=n)}
    units = {"team": [f"t{k}" for k in team], "site": [f"s{k}" for k in site]}
    return scores_of(values, units | {name: column(n, team) for name, column in more.items()})


# ---------------------------------------------------------------------------- the sample
@pytest.fixture(scope="module")
def sample():
    """First and last wave, the constructs whose make-up is known; without levels."""
    survey = read_survey(SAMPLE)
    scores = score(survey)
    known = [name for name in TRUTH if name in scores]
    two = scores[scores.index.get_level_values("wave").isin(WAVES)]
    found = walls(two, known, ["function", "location", "team"])
    alpha = alphas(survey).set_index(["wave", "scale"])["alpha"]
    # Error of measurement is nobody's share but the person's: what units share of the true values
    # is seen through the reliability of the score.
    seen = []
    for row in found.to_dict("records"):
        share, through = TRUTH[row["scale"]][row["lens"]], alpha[row["wave"], row["scale"]]
        seen.append(1 - (1 - share) * through if row["lens"] == "person" else share * through)
    return found.assign(truth=seen)


def test_the_truth_of_the_sample_lies_in_the_intervals(sample):
    assert (sample["reason"] == "").all()
    assert sample["scale"].nunique() == 9
    assert len(sample) == 2 * 9 * 4
    inside = (sample["low"] <= sample["truth"]) & (sample["truth"] <= sample["high"])
    # Of 72 intervals three or four may miss; scales hang together, so a miss seldom comes alone.
    assert inside.mean() >= 0.9
    # And they are intervals that say something: what one lens holds they deny to another.
    last = sample[sample["wave"] == WAVES[-1]].set_index(["scale", "lens"])
    assert last.loc[("silo_barriers.silos", "function"), "low"] > 0.01
    assert last.loc[("silo_barriers.silos", "team"), "high"] < 0.1
    assert last.loc[("learning_leadership", "team"), "low"] > 0.05
    team = last["high"].xs("team", level="lens")
    assert team["collaboration_energy"] < 0.05 < team.drop("collaboration_energy").min()


def test_the_wall_that_was_built_is_the_highest(sample):
    highest = sample[sample["lens"] != "person"].groupby(["wave", "scale"])["share"].idxmax()
    names = sample["lens"].loc[highest].to_numpy()
    found = pd.Series(names, index=highest.index)
    for wave in WAVES:
        assert found[wave, "silo_barriers.silos"] == "function"
        for scale in ("learning_leadership", "psychological_safety", "connecting_conversations"):
            assert found[wave, scale] == "team", scale


def test_the_shares_of_a_scale_add_up(sample):
    total = sample.groupby(["wave", "scale"])["share"].sum()
    np.testing.assert_allclose(total, 1, atol=1e-12)
    assert ((sample["low"] <= sample["share"]) & (sample["share"] <= sample["high"])).all()
    assert sample["low"].ge(0).all()
    assert sample["high"].le(1).all()


# ---------------------------------------------------------------------------- rows and columns
def test_what_is_in_the_table():
    found = walls(organisation())
    assert list(found) == [
        "wave", "scale", "lens", "n", "n_units", "share", "low", "high", "reason",
    ]  # fmt: skip
    assert found["scale"].tolist() == ["trust"] * 3 + ["care"] * 3
    assert found["lens"].tolist() == ["team", "site", "person"] * 2
    assert found["n_units"].tolist() == [8, 4, 160] * 2
    assert (found["n"] == 160).all()
    trust = found[found["scale"] == "trust"].set_index("lens")
    assert trust["share"].idxmax() == "team"
    assert trust.loc["team", "low"] > trust.loc["site", "share"]
    care = found[found["scale"] == "care"].set_index("lens")
    assert care.loc["person", "low"] > 0.8


def test_each_share_is_that_of_the_model():
    scores = organisation()
    fit = random_intercepts(scores["trust"], None, scores[["team", "site"]])
    found = walls(scores, "trust").set_index("lens")
    for lens, name in {"team": "team", "site": "site", "person": "residual"}.items():
        assert found.loc[lens, "share"] == pytest.approx(
            fit.variances[name] / fit.variances.sum(), rel=1e-12
        )


def test_parts_of_a_scale_only_on_request():
    scores = organisation()
    parts = scores.rename(
        columns={"care": "trust.care", "care:n_answered": "trust.care:n_answered"}
    )
    assert set(walls(parts)["scale"]) == {"trust"}
    assert set(walls(parts, ["trust.care"], "team")["scale"]) == {"trust.care"}


def test_each_wave_for_itself():
    one = organisation()
    other = organisation(seed=2).rename(index={"2026Q3": "2026Q4"})
    both = walls(pd.concat([other, one]), "trust")
    assert both["wave"].unique().tolist() == ["2026Q3", "2026Q4"]
    alone = walls(one, "trust")
    pd.testing.assert_frame_equal(both[both["wave"] == "2026Q3"], alone)


def test_order_does_not_matter():
    scores = organisation()
    found = walls(scores.sample(frac=1, random_state=1), "trust", ["site", "team"])
    before = walls(scores, "trust").set_index("lens").loc[["site", "team", "person"]]
    pd.testing.assert_frame_equal(
        found.set_index("lens"), before, rtol=1e-6, atol=1e-9, check_exact=False
    )


def test_who_lacks_a_score_or_a_lens_is_left_out():
    scores = organisation()
    scores.loc[scores.index[:7], "trust"] = np.nan
    scores.loc[scores.index[5:10], "site"] = None
    found = walls(scores, "trust")
    assert (found["n"] == 150).all()
    whole = walls(scores.drop(scores.index[:10]), "trust")
    pd.testing.assert_frame_equal(found, whole, rtol=1e-9, atol=1e-12)
    assert (walls(scores, "trust", "team")["n"] == 153).all()


# ---------------------------------------------------------------------------- not estimable
LEFT_OUT = {
    "two units": (lambda n, team: ["a", "b"] * (n // 2), "2 units of 'extra', at least 3 needed"),
    "one unit": (lambda n, team: ["a"] * n, "1 unit of 'extra', at least 3 needed"),
    "nobody": (lambda n, team: [None] * n, "0 units of 'extra', at least 3 needed"),
    "the same units": (lambda n, team: [f"x{k}" for k in team], "its units are those of 'team'"),
    "units of one": (lambda n, team: [f"x{k}" for k in range(n)], "every extra has one person"),
}


@pytest.mark.parametrize(("column", "reason"), LEFT_OUT.values(), ids=list(LEFT_OUT))
def test_a_lens_that_can_not_be_used_is_left_out(column, reason):
    scores = organisation(extra=column)
    if reason.startswith("0"):
        scores["extra"] = pd.Series(None, index=scores.index, dtype="object")
    found = walls(scores, "trust").set_index("lens")
    assert found.loc["extra", "reason"] == f"not estimable: {reason}"
    assert found.loc["extra", ["share", "low", "high"]].isna().all()
    others = walls(scores, "trust", ["team", "site"]).set_index("lens")
    pd.testing.assert_frame_equal(found.drop(index="extra"), others)


def test_a_function_with_one_person_is_a_unit_like_the_others():
    scores = organisation(function=lambda n, team: np.where(np.arange(n), team % 4, 9).astype(str))
    assert (scores["function"] == "9").sum() == 1
    found = walls(scores, "trust").set_index("lens")
    assert found.loc["function", ["n", "n_units"]].tolist() == [160, 5]
    assert (found["reason"] == "").all()
    assert found[["share", "low", "high"]].notna().all(axis=None)
    np.testing.assert_allclose(found["share"].sum(), 1, atol=1e-12)


def test_a_lens_that_is_too_small_once_others_are_missing():
    # The third house is only of people who tell no site.
    scores = organisation(third=lambda _, team: np.where(team < 2, team, 9).astype("str"))
    scores.loc[scores["third"] == "9", "site"] = None
    found = walls(scores, "trust", ["site", "third"]).set_index("lens")
    assert found.loc["third", "reason"] == "not estimable: 2 units of 'third', at least 3 needed"
    assert found.loc["site", "share"] >= 0


@pytest.mark.parametrize(
    ("spoil", "reason"),
    [
        (lambda scores: scores.head(16), "degrees of freedom among people, at least 10 needed"),
        (lambda scores: scores.assign(trust=3.0), "nothing is left to explain"),
        (lambda scores: scores.assign(trust=np.nan), "no lens can be used"),
        (lambda scores: scores.assign(team="t", site="s"), "no lens can be used"),
        (
            lambda scores: scores.assign(trust=scores["team"].str[1:].astype("float64")),
            "within groups nothing is left to explain",
        ),
    ],
)
def test_what_can_not_be_estimated_says_why(spoil, reason):
    found = walls(spoil(organisation()), "trust")
    assert found["lens"].tolist() == ["team", "site", "person"]
    assert found["reason"].str.startswith("not estimable: ").all()
    assert reason in found["reason"].iloc[-1]
    assert found[["share", "low", "high"]].isna().all(axis=None)


BAD = {
    "scale": ({"scale": "trst"}, "(?s)no scale 'trst'.*did you mean 'trust'"),
    "lens": ({"lenses": ["team", "sight"]}, "(?s)no lens 'sight'.*did you mean 'site'"),
    "twice": ({"lenses": ["team", "team"]}, "A lens stands twice"),
}


@pytest.mark.parametrize(("asked", "message"), BAD.values(), ids=list(BAD))
def test_what_is_not_there_is_named(asked, message):
    with pytest.raises(InputError, match=message):
        walls(organisation(), **asked)


# ---------------------------------------------------------------------------- the chart
def test_the_chart_has_the_highest_wall_first_and_people_in_words():
    scores = organisation(extra=lambda n, team: ["a", "b"] * (n // 2))
    figure = plot_walls(walls(scores, ["trust", "care"]))
    bars, _, words = figure.data[:3]
    assert list(bars.x) == sorted(bars.x, reverse=True)
    assert list(figure.layout.yaxis.ticktext) == ["team", "site", "extra", "within all of them"]
    assert "2 units of" in words.text[0]
    assert "each person&#x27;s own" in words.text[1] or "each person's own" in words.text[1]
    assert [button.label for button in figure.layout.updatemenus[0].buttons] == ["Trust", "Care"]


def test_the_chart_says_that_it_shows_no_cause():
    figure = plot_walls(walls(organisation(), "trust"))
    assert "not why: no cause" in figure.layout.title.subtitle.text
    assert "not why: no cause" in figure.layout.meta["alt"]
    assert "Highest: team" in figure.layout.meta["alt"]
