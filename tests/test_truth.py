"""What was put into the sample must come out of the analyses.

The sample's organisation was drawn from numbers that stand in `truth.toml`. Where chance has a say
the tolerance is reasoned from it: an interval of 95 % misses one time in twenty, a correlation seen
through answers in categories is smaller than the latent one.
"""

from __future__ import annotations

import tomllib

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from cultureplus.change import compare_waves
from cultureplus.dossier import team_dossier
from cultureplus.intake import read_survey
from cultureplus.relate import silo_links
from cultureplus.reliability import reliability
from cultureplus.scoring import score
from cultureplus.silos import barrier_prevalence
from cultureplus.units import response, unit_scores
from tests.small_surveys import ROOT

SAMPLE = ROOT / "data" / "sample"
TRUTH = tomllib.loads((SAMPLE / "truth.toml").read_text("utf-8"))
WAVES = TRUTH["organisation"]["waves"]
NAMED = [name for name in TRUTH["barriers_named"] if name != "none"]
TICK = TRUTH["programme"]["option"]


@pytest.fixture(scope="module")
def survey():
    return read_survey(SAMPLE)


@pytest.fixture(scope="module")
def scores(survey):
    return score(survey)


@pytest.fixture(scope="module")
def last(scores):
    return scores.loc[[WAVES[-1]]]


# ---------------------------------------------------------------------------- counts: exact
def test_who_was_invited_and_answered(survey):
    found = response(survey)
    whole = found[found["lens"] == "all"].set_index("wave")
    assert whole["invited"].to_dict() == TRUTH["response"]["invited"]
    assert whole["n"].to_dict() == TRUTH["response"]["respondents"]
    rate = whole["n"].sum() / whole["invited"].sum()
    assert rate == pytest.approx(TRUTH["response"]["rate"], abs=5e-5)
    assert rate == pytest.approx(TRUTH["asked"]["response_rate"], abs=0.02)
    functions = found[found["lens"] == "function"].groupby("unit")[["n", "invited"]].sum()
    by_function = (functions["n"] / functions["invited"]).round(4)
    assert by_function.to_dict() == TRUTH["response"]["rate_by_function"]


def test_the_units_of_the_organisation(survey):
    first = survey.people.loc[WAVES[0]]
    told = TRUTH["organisation"]
    assert survey.lenses == ("function", "location", "level", "team")
    for lens in ("function", "location", "level"):
        assert first[lens].value_counts().to_dict() == told[f"people_by_{lens}"]
    sizes = first["team"].value_counts()
    assert (sizes.min(), sizes.max()) == (told["smallest_team"], told["largest_team"])


# ---------------------------------------------------------------------------- barriers named
def test_prevalence(survey):
    found = barrier_prevalence(survey)
    for name in [*NAMED, "none"]:
        rows = found[found["barrier"] == name]
        pooled = np.average(rows["share"], weights=rows["n"])
        assert pooled == pytest.approx(TRUTH["barriers_named"][name]["share"], abs=5e-5)
        # Of four intervals at most one may miss what all four waves say together.
        inside = (rows["low"] <= pooled) & (pooled <= rows["high"])
        assert inside.sum() >= 3, name
    for name in NAMED:
        # Ticked where a value of variance 1 passes the cut; four waves of the same people are
        # worth about twice one wave, and some people tick without reading.
        expected = stats.norm.sf(TRUTH["barriers_named"][name]["cut"])
        assert TRUTH["barriers_named"][name]["share"] == pytest.approx(expected, abs=0.04), name


# ---------------------------------------------------------------------------- teams
OTHERS = [name for name, value in TRUTH["team_icc"].items() if value > 0]


@pytest.fixture(scope="module")
def dossier(survey):
    return team_dossier(survey).set_index(["scale", "wave"])


@pytest.mark.parametrize("scale", [name for name in OTHERS if name != "collaboration_outcomes"])
def test_what_teams_share(dossier, scale):
    expected = TRUTH["team_icc"][scale]
    found = dossier.loc[scale]
    # A wave knows its ICC to about 0.035, four waves of the same teams to about 0.03.
    assert found["icc1"].mean() == pytest.approx(expected, abs=0.04)
    inside = (found["icc1_low"] <= expected) & (expected <= found["icc1_high"])
    assert inside.sum() >= 3
    assert (found["p"] < 0.05).sum() >= 3


def test_the_dossier_speaks_of_the_scales_that_teams_share_and_of_no_other(dossier):
    """What `truth.toml` gives a share of teams may be spoken of, what it gives none may not."""
    now = dossier.xs(WAVES[-1], level="wave")["speak"]
    for scale, share in TRUTH["team_icc"].items():
        mine = [name for name in now.index if name == scale or name.startswith(f"{scale}.")]
        assert mine, scale
        for name in mine:
            assert (now[name] == "no") == (share == 0), name


def test_each_outcome_is_shared_by_teams_as_far_as_it_is_an_outcome(dossier):
    names = [name for name in dossier.index.levels[0] if name.startswith("collaboration_outcomes.")]
    assert len(names) == 6
    found = dossier.loc[names, "icc1"].groupby("scale").mean()
    assert found.mean() == pytest.approx(TRUTH["team_icc"]["collaboration_outcomes"], abs=0.04)


def test_energy_belongs_to_persons(dossier):
    found = dossier.loc["collaboration_energy"]
    assert TRUTH["team_icc"]["collaboration_energy"] == 0
    assert abs(found["icc1"].mean()) < 0.03
    assert (found["icc1_low"] < 0).all()
    assert (found["p"] > 0.05).all()


def test_scales_hold(survey):
    found = reliability(survey)
    whole = found[~found["scale"].str.contains(".", regex=False)]
    assert (whole["reason"] == "").all()
    # Items load .65 to .78, so five to seven of them reach about .8 in categories.
    assert whole["alpha"].between(0.70, 0.95).all()
    assert (found["alpha_low"] < found["alpha"]).all()
    assert (found["alpha"] < found["alpha_high"]).all()


# ---------------------------------------------------------------------------- units
@pytest.mark.parametrize(
    "scale", ["silo_barriers.silos", "learning_leadership", "psychological_safety"]
)
def test_functions_stand_where_they_were_put(scores, scale):
    found = unit_scores(scores, by="function")
    rows = found[(found["lens"] == "function") & (found["scale"] == scale)]
    means = rows.groupby("unit")["mean"].mean()
    truth = pd.Series(TRUTH["realised"]["latent_mean_by_function"][scale])
    # Eight functions, their order blurred by who answered and by categories.
    assert means.corr(truth.reindex(means.index)) > 0.9


def test_the_whole_organisation_has_the_interval_of_its_size(scores):
    found = unit_scores(scores, by=[])
    row = found[(found["scale"] == "psychological_safety")].iloc[-1]
    values = scores.loc[WAVES[-1], "psychological_safety"].dropna()
    left = 1 - len(values) / 1200
    half = stats.t.ppf(0.975, len(values) - 1) * values.sem() * np.sqrt(left)
    assert (row["low"], row["high"]) == pytest.approx((row["mean"] - half, row["mean"] + half))


# ---------------------------------------------------------------------------- change
def whole_change(scores, wave=None, previous=None):
    found = compare_waves(scores, wave, previous)
    return found[found["lens"] == "all"].set_index("scale")


def test_the_one_change_that_happened_to_everybody(scores):
    assert TRUTH["drift"]["from"] == WAVES[-1]
    name = TRUTH["drift"]["construct"]
    found = whole_change(scores)
    assert set(found["design"]) == {"linked"}
    assert found.loc[name, "low"] > 0
    # In standard deviations; the scale measures the latent change through its reliability.
    assert found.loc[name, "effect_size"] == pytest.approx(TRUTH["drift"]["effect"], abs=0.07)
    others = found.drop(index=name)
    changed = (others["low"] > 0) | (others["high"] < 0)
    # Of 22 scales one or two look changed by chance, and a subscale takes its scale along.
    assert changed.sum() <= 3
    assert others["effect_size"].abs().max() < found.loc[name, "effect_size"]
    before = whole_change(scores, WAVES[2], WAVES[1])
    assert before.loc[name, "low"] < 0 < before.loc[name, "high"]


def test_the_programme_raises_trust_and_lowers_silos(survey, scores):
    """Participants from before the effect to after it, beside everybody else."""
    told = TRUTH["programme"]
    ticked = survey.answers[TICK].groupby("respondent").max() == 1
    people = scores.index.get_level_values("respondent")
    took_part = people.isin(ticked.index[ticked])
    known = set(told["respondents"])
    assert len(known & set(ticked.index[ticked])) > 0.9 * len(known & set(ticked.index))
    there = whole_change(scores[took_part], WAVES[-1], WAVES[0])
    rest = whole_change(scores[~took_part], WAVES[-1], WAVES[0])
    for scale, effect in told["effects"].items():
        row, other = there.loc[scale], rest.loc[scale]
        assert row["n"] >= 40
        assert np.sign(row["change"]) == np.sign(effect)
        assert (row["low"] > 0) if effect > 0 else (row["high"] < 0)
        # Reliability takes a part of it, and about fifty people leave a lot to chance.
        assert row["effect_size"] == pytest.approx(0.85 * effect, abs=0.3)
        assert other["low"] < 0 < other["high"]


# ---------------------------------------------------------------------------- links
def link(scores, outcome, predictors):
    found = silo_links(scores, outcome=outcome, predictors=predictors)
    # What a barrier has of its own from team to team may be nought beside the score.
    assert found["reason"].isin(["", "no variance between groups is left"]).all()
    return found.set_index(["predictor", "effect"])


def test_skill_goes_with_lower_silos_within_teams(last):
    path = TRUTH["paths"]["collaboration_skill -> silo_barriers.silos"]
    found = link(last, "silo_barriers.silos", ["collaboration_skill"])
    within = found.loc[("collaboration_skill", "within")]
    assert within["high"] < 0
    assert within["p"] < 1e-10
    # Seen through scales of reliability about .9 and .7.
    assert within["std"] == pytest.approx(path["within"] * np.sqrt(0.9 * 0.7), abs=0.1)
    assert found.loc[("collaboration_skill", "between"), "high"] < 0
    contextual = found.loc[("collaboration_skill", "contextual")]
    assert path["contextual"] == 0
    assert contextual["low"] < 0 < contextual["high"]


def test_learning_leaders_hold_less_control_and_more_so_between_teams(last):
    path = TRUTH["paths"]["learning_leadership -> silo_barriers.control_holding"]
    found = link(last, "silo_barriers.control_holding", ["learning_leadership"])
    effects = found.loc["learning_leadership"]
    assert effects.loc["within", "high"] < 0
    assert effects.loc["between", "estimate"] < effects.loc["within", "estimate"]
    assert path["contextual"] < 0
    assert effects.loc["contextual", "high"] < 0
    assert effects.loc["contextual", "std"] == pytest.approx(path["contextual"], abs=0.25)


def test_each_barrier_finds_its_own_score(last):
    found = silo_links(last).set_index(["outcome", "predictor", "effect"])
    for outcome, cause in (
        ("silo_barriers.silos", "collaboration_skill"),
        ("silo_barriers.missing_vision", "collective_growth_mindset"),
    ):
        within = found.xs((outcome, "within"), level=("outcome", "effect"))
        assert within["p"].idxmin() == cause
        assert within.loc[cause, "high"] < 0
        others = within.drop(index=cause)
        assert ((others["low"] < 0) & (others["high"] > 0)).all()
