"""The declared links from further sides: each table is what its analysis gives, pair by pair."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from cultureplus import columns as c
from cultureplus.declared import OUTCOMES, PREDICTORS
from cultureplus.errors import InputError
from cultureplus.intake import read_survey
from cultureplus.link_tables import CARRIERS, link_drivers, link_levels, link_odds, link_paths
from cultureplus.relate import drivers, levels, mediation, silo_links
from cultureplus.scoring import score
from tests.small_surveys import ROOT, scores_of

FROM_SCORES = [link_levels, link_drivers, link_paths]


@pytest.fixture(scope="module")
def survey():
    everything = read_survey(ROOT / "data" / "sample")
    return everything.in_waves([everything.wave])


@pytest.fixture(scope="module")
def scores(survey):
    return score(survey)


def without(scores, *names):
    return scores.drop(columns=[name for name in scores if str(name).split(":")[0] in names])


# ---------------------------------------------------------------------------- pair by pair
def test_levels_of_every_declared_pair(scores):
    found = link_levels(scores).set_index(["outcome", "predictor"])
    assert list(found.index) == [(y, x) for y in OUTCOMES for x in PREDICTORS]
    one = levels(scores[PREDICTORS[2]], scores[OUTCOMES[0]], scores["team"]).iloc[0]
    mine = found.loc[OUTCOMES[0], PREDICTORS[2]]
    pd.testing.assert_series_equal(mine[one.index], one, check_names=False)


def test_drivers_of_every_barrier_use_the_same_people(scores):
    found = link_drivers(scores, draws=100)
    assert list(found["outcome"].unique()) == list(OUTCOMES)
    assert set(found["predictor"]) == set(CARRIERS)
    assert found["n"].nunique() == found["n_groups"].nunique() == 1
    kept = scores.dropna(subset=[*CARRIERS, *OUTCOMES])
    assert found["n"].iloc[0] == len(kept) < len(scores)
    x = kept[[f"{name}:pomp" for name in CARRIERS]]
    own = drivers(kept[OUTCOMES[1]], x, kept["team"], draws=100)
    mine = found[found["outcome"] == OUTCOMES[1]]
    for name in ("lmg", "low", "high", "johnson", "r2"):
        assert mine[name].to_numpy() == pytest.approx(own[name].to_numpy(), abs=1e-12)


def test_means_beside_importance_are_as_coarse_as_a_plan_makes_them(scores):
    found = link_drivers(scores, draws=100)
    for name in ("mean", "mean_low", "mean_high"):
        assert (found[name] == found[name].round(0)).all()
    assert found["mean"].between(50, 75).all()  # on 0-100, not on the answer range


def test_the_path_to_every_barrier(scores):
    found = link_paths(scores)
    assert list(found["outcome"].unique()) == list(OUTCOMES)
    people = scores
    one = mediation(
        people["psychological_safety"], people["collaboration_skill"], people[OUTCOMES[2]],
        people["team"],
    )  # fmt: skip
    mine = found[found["outcome"] == OUTCOMES[2]].reset_index(drop=True)
    pd.testing.assert_frame_equal(mine, one)


def test_another_path_can_be_asked_for(scores):
    path = ("learning_leadership", "psychological_safety")
    found = link_paths(scores, outcome=OUTCOMES[0], path=path)
    assert set(zip(found["predictor"], found["mediator"], strict=True)) == {path}
    with pytest.raises(InputError, match="There is no scale 'leadership'"):
        link_paths(scores, path=("leadership", "psychological_safety"))


def test_odds_of_every_barrier_that_can_be_named(survey, scores):
    found = link_odds(survey)
    named = [name.partition(".")[2] for name in survey.answers if name.startswith("barriers_named")]
    assert list(found["barrier"].unique()) == [name for name in named if name != "none"]
    assert set(found["predictor"]) == set(PREDICTORS)
    assert (found["p_adjusted"] >= found["p"]).all()
    planted = found.set_index(["barrier", "predictor"]).loc[("silos", "collaboration_skill")]
    assert planted["high"] < 1
    assert planted["ame_high"] < 0


def test_only_the_last_wave_counts():
    rng = np.random.default_rng(1)
    waves = [
        scores_of(
            {"x": rng.normal(size=60), "y": rng.normal(size=60)},
            {"team": [f"t{n % 12}" for n in range(60)]},
            wave=wave,
        )
        for wave in ("2026Q1", "2026Q2")
    ]
    both = pd.concat(waves)
    for ask in (link_levels, link_drivers):
        pd.testing.assert_frame_equal(
            ask(both, outcome="y", predictors=["x"]), ask(waves[1], outcome="y", predictors=["x"])
        )


# ---------------------------------------------------------------------------- what is not there
@pytest.mark.parametrize("ask", FROM_SCORES)
def test_a_scale_that_was_not_asked_says_so_and_the_others_stay(ask, scores):
    found = ask(without(scores, OUTCOMES[1]))
    lost = found[found["outcome"] == OUTCOMES[1]]
    assert set(lost["reason"]) == {f"not asked in this survey: {OUTCOMES[1]}"}
    assert (found[found["outcome"] != OUTCOMES[1]]["n"] > 0).all()
    assert list(found) == list(ask(scores))


@pytest.mark.parametrize("ask", FROM_SCORES)
def test_nothing_asked_keeps_every_column(ask, scores):
    found = ask(without(scores, *OUTCOMES, *CARRIERS))
    assert list(found) == list(ask(scores))
    assert found["reason"].str.startswith("not asked").all()
    assert (found["n"] == 0).all()


@pytest.mark.parametrize("ask", [link_levels, link_paths])
def test_a_survey_without_teams_says_so(ask, scores):
    found = ask(scores.drop(columns="team"))
    assert set(found["reason"]) == {"not estimable: this survey has no team"}


def test_shares_without_teams_draw_people(scores):
    found = link_drivers(scores.drop(columns="team"), outcome=OUTCOMES[0], draws=100)
    assert (found["n_groups"] == found["n"]).all()
    assert found["low"].notna().all()


def test_odds_that_cannot_be_had_say_why(survey):
    columns = [c.BARRIER, c.PREDICTOR, c.ODDS_RATIO, c.AME, c.P_ADJUSTED, c.N, c.REASON]
    rest = {name: each for name, each in survey.instruments.items() if name != "barriers_named"}
    unasked = type(survey)(**{**survey.__dict__, "instruments": rest})
    found = link_odds(unasked)
    assert found["reason"].tolist() == ["not asked in this survey: barriers_named"]
    assert set(columns) <= set(found)
    lenses = tuple(lens for lens in survey.lenses if lens != "team")
    without_teams = type(survey)(
        **{**survey.__dict__, "lenses": lenses, "people": survey.people.drop(columns="team")}
    )
    found = link_odds(without_teams)
    assert found["reason"].tolist() == ["not estimable: this survey has no team"]
    assert set(columns) <= set(found)


@pytest.mark.parametrize("ask", FROM_SCORES)
def test_a_misspelt_scale_is_one_clear_error(ask, scores):
    with pytest.raises(InputError, match=r"There is no scale 'silo_barriers\.silo'"):
        ask(scores, outcome="silo_barriers.silo")


@pytest.mark.parametrize("ask", [silo_links, *FROM_SCORES])
def test_a_scale_is_not_related_to_itself(ask, scores):
    safety = "psychological_safety"
    with pytest.raises(InputError, match="can't be related to itself"):
        ask(scores, outcome=safety)
