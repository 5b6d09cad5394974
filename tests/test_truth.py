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

from benchmarks.expected_in_sample import (
    ANALYSIS,
    BARRIERS,
    FOUR,
    LEADERSHIP,
    MINDSET,
    RESULTS,
    SAFETY,
    SKILL,
    analyses,
    estimates,
    expected,
)
from cultureplus.change import compare_waves
from cultureplus.dossier import team_dossier
from cultureplus.intake import read_survey
from cultureplus.network import ei_index, wave_ties
from cultureplus.relate import silo_links
from cultureplus.reliability import reliability
from cultureplus.scoring import score
from cultureplus.seams import seam_map
from cultureplus.silos import barrier_prevalence
from cultureplus.simulate import model, organisation
from cultureplus.units import response, unit_scores
from tests.small_surveys import ROOT, SAMPLE_SALT, hashed_key

SAMPLE = ROOT / "data" / "sample"
TRUTH = tomllib.loads((SAMPLE / "truth.toml").read_text("utf-8"))
WAVES = TRUTH["organisation"]["waves"]
NAMED = [name for name in TRUTH["barriers_named"] if name != "none"]
TICK = TRUTH["programme"]["option"]
SINGULAR = "no variance between"


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
    known = {hashed_key(name, SAMPLE_SALT) for name in told["respondents"]}
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
    assert (found["reason"].eq("") | found["reason"].str.startswith(SINGULAR)).all()
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


# ---------------------------------------------------------------------------- what should be seen
# A path is put in between what people carry with them. Through categories, through the part of a
# team that answers, and beside other scores it is seen smaller: how large, the same analyses of
# much larger organisations of the same truth say (benchmarks/expected_in_sample.py).
RARE = 0.001


def most_missing(intervals: int) -> int:
    """So many intervals of 95 % may miss; more would do so one time in a thousand."""
    return int(stats.binom(intervals, 0.05).isf(RARE))


@pytest.fixture(scope="module")
def seen(survey, scores):
    """Per wave each estimate of the sample with its interval, beside what is expected of it."""
    should = expected()
    parts = {}
    for wave in WAVES:
        scales = list(SHARES) if wave == WAVES[-1] else ["silo_barriers.silos"]
        found = analyses(survey, scores.loc[[wave]], scales=scales)
        found = found.join(should)
        assert found["expected"].notna().all()
        found["inside"] = (found["low"] <= found["expected"]) & (found["expected"] <= found["high"])
        parts[wave] = found
    return pd.concat(parts, names=["wave"]).sort_index()


SHARES = [name for name in TRUTH["team_icc"] if name != "collaboration_outcomes"]
PATHS = {tuple(name.split(" -> ")): path for name, path in TRUTH["paths"].items()}
TRUE = [
    (outcome, cause, effect)
    for (cause, named), path in PATHS.items()
    for outcome in (RESULTS if named == "collaboration_outcomes" else [named])
    for effect, size in path.items()
    if size != 0
]
NULL_LINKS = [
    (barrier, each) for barrier in BARRIERS for each in FOUR if (each, barrier) not in PATHS
]


def test_what_should_be_seen_is_what_a_large_organisation_shows():
    """One that is not among those the table was made from."""
    fresh = estimates(17, scales=["silo_barriers.silos"])
    should = expected().reindex(fresh.index)
    assert should.notna().all(axis=None)
    one = should["se"] * np.sqrt(20)  # of a single organisation
    assert ((fresh - should["expected"]).abs() < 5 * one + 0.01).all()


def test_what_should_be_seen_is_a_part_of_what_was_put_in():
    """Reliability takes a part of each path, and never its sign."""
    should = expected()["expected"].loc["links"]
    for outcome, cause, effect in TRUE:
        path = PATHS[(cause, "collaboration_outcomes" if outcome in RESULTS else outcome)][effect]
        size = should[(outcome, cause, effect)]
        assert np.sign(size) == np.sign(path)
        assert abs(size) < 1.1 * abs(path)
    for outcome, other in NULL_LINKS:
        assert abs(should[(outcome, other, "within")]) < 0.06
        assert abs(should[(outcome, other, "between")]) < 0.08


@pytest.mark.parametrize("link", TRUE, ids=" ".join)
def test_true_effects_lie_in_their_intervals(seen, link):
    row = seen.loc[(WAVES[-1], "links", *link)]
    assert row["reason"] == "" or row["reason"].startswith(SINGULAR)
    assert row["inside"]


@pytest.mark.parametrize("link", NULL_LINKS, ids=" ".join)
def test_links_that_are_not_there_are_not_called(seen, link):
    rows = seen.loc[(WAVES[-1], "links", *link)]
    assert rows["family"].to_dict() == {
        "within": "confirmatory", "between": "confirmatory", "contextual": "exploratory",
    }  # fmt: skip
    assert (rows["p_adjusted"] >= 0.05).all()
    assert ((rows["low"] < 0) & (rows["high"] > 0)).all()


def test_the_links_that_are_there_are_called_and_found_where_they_are_strong(seen):
    rows = seen.loc[(WAVES[-1], "links")]
    called = rows.loc[list(BARRIERS)].query("p_adjusted < 0.05").index
    assert set(called) == {
        ("silo_barriers.silos", SKILL, "within"),
        ("silo_barriers.silos", SKILL, "between"),
        ("silo_barriers.missing_vision", MINDSET, "within"),
        ("silo_barriers.control_holding", LEADERSHIP, "between"),
        ("silo_barriers.control_holding", LEADERSHIP, "contextual"),
    }


def test_four_waves_miss_as_often_as_chance_lets_them(seen):
    """An interval of 95 % misses one time in twenty."""
    for analysis, rows in seen.groupby(ANALYSIS):
        assert (~rows["inside"]).sum() <= most_missing(len(rows)), analysis
    assert (~seen["inside"]).sum() <= most_missing(len(seen))
    # The bound is one: with intervals half as wide it would be passed.
    links = seen.xs("links", level=ANALYSIS)
    half = (links["high"] - links["low"]) / 4
    assert ((links["estimate"] - links["expected"]).abs() > half).sum() > most_missing(len(links))


def test_what_a_team_adds_is_called_where_it_does_and_else_by_chance(seen):
    links = seen.xs("links", level=ANALYSIS)
    contextual = links.xs("contextual", level="effect").reset_index()
    true = [
        PATHS.get((row["predictor"], row["outcome"]), {}).get("contextual", 0) != 0
        for _, row in contextual.iterrows()
    ]
    assert sum(true) == 2 * len(WAVES)
    none = contextual[~np.array(true)]
    assert (none["p"] < 0.05).sum() <= most_missing(len(none))


# ---------------------------------------------------------------------------- walls
def test_the_wall_of_the_silos_is_the_function(seen):
    told = TRUTH["variance_shares"]["silo_barriers.silos"]
    lenses = ["function", "location", "level", "team"]
    for wave in WAVES:
        rows = seen.loc[(wave, "shares", "silo_barriers.silos", "")]
        assert rows.loc["function", "inside"]
        assert rows.loc["function", "low"] > 0
        assert rows.loc[lenses, "estimate"].idxmax() == "function"
    # Three items of a barrier in five categories: about seven tenths of its variance is its own.
    assert 0.65 < rows.loc["function", "expected"] / told["function"] < 0.85


@pytest.mark.parametrize("scale", SHARES)
def test_what_each_lens_carries_lies_in_its_interval(seen, scale):
    rows = seen.loc[(WAVES[-1], "shares", scale, "")]
    missed = set(rows.index[~rows["inside"]])
    # One in 45: by chance the teams of the last wave differ little in skill.
    assert missed == ({"team"} if scale == SKILL else set())


# ---------------------------------------------------------------------------- routes
def test_safety_goes_with_silos_through_skill(seen):
    rows = seen.loc[(WAVES[-1], "route", "silo_barriers.silos", SAFETY)]
    assert rows["inside"].all()
    a = PATHS[(SAFETY, SKILL)]
    b = PATHS[(SKILL, "silo_barriers.silos")]
    for level in ("within", "between"):
        indirect = rows.loc[f"{level} indirect"]
        assert np.sign(indirect["expected"]) == np.sign(a[level] * b[level])
        assert indirect["high"] < 0
        direct = rows.loc[f"{level} direct"]
        assert direct["low"] < 0 < direct["high"]  # there is no other path


# ---------------------------------------------------------------------------- who names a barrier
def test_naming_a_barrier_goes_with_what_its_scale_goes_with(seen):
    """The silos are named by people of less skill, and so on; marginal effects, in four waves."""
    for barrier, cause in (
        ("silos", SKILL), ("missing_vision", MINDSET), ("control_holding", LEADERSHIP),
    ):  # fmt: skip
        rows = seen.xs(("odds", barrier, cause, "ame"), level=[1, 2, 3, 4])
        assert (rows["expected"] < 0).all()
        assert (rows["high"] < 0).sum() >= 3
        last = rows.loc[WAVES[-1]]
        assert last["inside"]
        assert last["high"] < 0


# ---------------------------------------------------------------------------- seams
def mean_rating(standing: float) -> float:
    """What people tick on average whose view of a seam is normal round a standing."""
    ticked = 1 + stats.norm.sf(np.array(model.THRESHOLDS_7) - standing).sum()
    # Half of the careless tick one place of the scale everywhere, half anything.
    places = np.floor((0.25 + 0.6 * (np.arange(1000) + 0.5) / 1000) * 7) + 1
    careless = (places.mean() + 4) / 2
    share = TRUTH["asked"]["careless"]
    return float((1 - share) * ticked + share * careless)


@pytest.fixture(scope="module")
def seams(survey):
    silos = TRUTH["realised"]["latent_mean_by_function"]["silo_barriers.silos"]
    by_silos = TRUTH["seam_ratings"]["silos_of_the_rater"]
    table = seam_map(survey)
    table["expected"] = [
        mean_rating(TRUTH["seams"][f"{one} -> {other}"] + by_silos * silos[one])
        for one, other in zip(table["from"], table["to"], strict=True)
    ]
    return table.set_index(["wave", "from", "to"])


def test_seams_are_rated_as_they_were_put(seams):
    found = (seams["low"] <= seams["expected"]) & (seams["expected"] <= seams["high"])
    assert len(found) == 4 * 56
    assert (~found).sum() <= most_missing(len(found))
    back = seams["expected"].reindex(seams.index.reorder_levels([0, 2, 1])).to_numpy()
    gap = seams["expected"] - back
    missed = ~((seams["gap_low"] <= gap) & (gap <= seams["gap_high"]))
    assert missed.sum() / 2 <= most_missing(len(gap) // 2)  # both directions are one gap
    assert ((seams["score"] - seams["expected"]).abs() < 1).all()


def test_the_bad_seams_come_out(seams):
    for wave in WAVES:
        rows = seams.loc[wave]
        assert rows.loc[("Operations", "Product"), "priority"] == 1
        # Bad from one side only: the largest gap of all is planted between Sales and Finance.
        assert rows["gap"].idxmin() == ("Sales", "Finance")
        assert rows.loc[("Sales", "Finance"), "gap_high"] < 0
        assert rows.loc[("Technology", "Customer Care"), "gap_high"] < 0
    pairs = seams.groupby(["from", "to"])["score"].mean().sort_values()
    bad = {tuple(name.split(" -> ")) for name, effect in TRUTH["seams"].items() if effect <= -0.8}
    assert len(bad) == 4
    assert set(pairs.index[:4]) == bad


# ---------------------------------------------------------------------------- ties
@pytest.fixture(scope="module")
def large_network():
    """Whom people name in an organisation eight times as large, of the same truth."""
    return organisation(
        seed=23, people=10_000, waves=WAVES[-1:], comments=0, instruments=["psychological_safety"]
    )


@pytest.mark.parametrize("wave", [WAVES[0], WAVES[-1]])
@pytest.mark.parametrize("lens", ["function", "team", "location"])
def test_ties_stay_inside_as_far_as_was_put_in(survey, large_network, lens, wave):
    ties, units = wave_ties(survey, lens, wave)
    found = ei_index(ties, units, 999).units.iloc[0]
    people = large_network.people.set_index("respondent")[lens]
    large = ei_index(large_network.ties, people, 100).units.iloc[0]
    inside = large["internal"] / (large["internal"] + large["external"])
    share, n = found["internal"] / len(ties), len(ties)
    told = TRUTH["ties"]
    least = {
        "function": told["same team"] + told["same function"],
        "team": told["same team"],
        "location": told["same location"],
    }
    # Small teams are soon named through, which costs a nomination now and then.
    assert inside > 0.9 * least[lens]
    # Four standard errors, half as large again: the ties of one person are not independent.
    assert share == pytest.approx(inside, abs=6 * np.sqrt(inside * (1 - inside) / n))
    assert found["observed"] < found["null_low"]
    assert found["p"] == pytest.approx(2 / 1000)


@pytest.mark.parametrize("wave", [WAVES[0], WAVES[-1]])
def test_every_function_keeps_to_itself(survey, wave):
    found = ei_index(*wave_ties(survey, "function", wave), 999).units
    assert len(found) == 9
    assert (found["observed"] < found["null_low"]).all()
    assert (found["observed"] < 0).all()
