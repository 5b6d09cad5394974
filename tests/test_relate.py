"""Silo barriers on scores: within, between and contextual, against lmerTest, and none at all."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from cultureplus.declared import OUTCOMES, PREDICTORS
from cultureplus.errors import InputError
from cultureplus.intake import read_survey
from cultureplus.mixed import random_intercepts
from cultureplus.relate import (
    CONFIRMATORY,
    EFFECTS,
    EXPLORATORY,
    silo_links,
)
from cultureplus.scoring import score
from tests.small_surveys import ARMY, army, oracle, scores_of, table

ROOT = Path(__file__).resolve().parent.parent
CASES = oracle("mixed")
COLUMNS = [
    "outcome", "predictor", "effect", "r", "estimate", "se", "df", "t", "p", "low", "high", "std",
    "std_low", "std_high", "p_adjusted", "family", "detectable", "n", "n_groups", "adjusted_for",
    "reason",
]  # fmt: skip
NUMBERS = COLUMNS[3:14]


def scores_from(case) -> pd.DataFrame:
    if "army" in case["data"]:
        frame = army()
        return scores_of({name: frame[name] for name in ARMY}, {"team": frame["company"]})
    frame = table(case["data"])
    names = [case["outcome"], *case["predictors"]]
    return scores_of({name: frame[name] for name in names}, {"team": frame[case["group"]]})


SPLIT = {name: case for name, case in CASES.items() if case["split"]}


@pytest.mark.parametrize("case", SPLIT.values(), ids=list(SPLIT))
def test_the_three_effects_against_r(case):
    scores = scores_from(case)
    found = silo_links(scores, outcome=case["outcome"], predictors=case["predictors"])
    assert list(found) == COLUMNS
    assert list(zip(found["effect"], found["predictor"], strict=True)) == [
        (effect, name) for effect in EFFECTS for name in case["predictors"]
    ]
    known = case["coefficients"] | case["contextual"]
    frame = scores.dropna(subset=[case["outcome"], *case["predictors"]])
    for row in found.to_dict("records"):
        expected = known[f"{row['predictor']}_{row['effect']}"]
        for name in ("estimate", "se", "df", "t", "low", "high"):
            near = 1e-4 * max(abs(expected[name]), expected["se"])
            assert row[name] == pytest.approx(expected[name], abs=near), name
        assert row["p"] == pytest.approx(expected["p"], rel=2e-3, abs=1e-12)
        assert (row["n"], row["n_groups"]) == (case["n"], case["n_groups"])
        assert (row["reason"] == "") is (case["status"] == "ok")
        x, y = frame[row["predictor"]], frame[case["outcome"]]
        assert row["r"] == pytest.approx(np.corrcoef(x, y)[0, 1], rel=1e-10)
        ratio = x.std() / y.std()
        for name, source in (("std", "estimate"), ("std_low", "low"), ("std_high", "high")):
            assert row[name] == pytest.approx(row[source] * ratio, rel=1e-10)


def test_the_total_correlation_of_the_army_survey():
    levels = oracle("levels")["army_leadership_climate_hostility"]
    scores = scores_from(CASES["army_leadership"])
    found = silo_links(scores, outcome="hostility", predictors=["leadership_climate"])
    assert found["r"].tolist() == pytest.approx([levels["total"]] * 3, rel=1e-8)


# ---------------------------------------------------------------------------- a made-up survey
def made(teams: int = 30, size: int = 5, *, seed: int = 2) -> pd.DataFrame:
    """Teams in which each default score goes with each default barrier."""
    rng = np.random.default_rng(seed)
    group = np.repeat(np.arange(teams), size)
    x = {name: rng.normal(size=len(group)) + rng.normal(size=teams)[group] for name in PREDICTORS}
    y = {
        name: rng.normal(size=len(group)) + 0.3 * rng.normal(size=teams)[group]
        - 0.8 * x[PREDICTORS[place]]
        for place, name in enumerate(OUTCOMES)
    }  # fmt: skip
    return scores_of(x | y, {"team": [f"t{n:02d}" for n in group], "function": ["f"] * len(group)})


def test_the_defaults_are_every_barrier_on_every_score():
    found = silo_links(made())
    assert found["outcome"].unique().tolist() == list(OUTCOMES)
    assert found["predictor"].unique().tolist() == list(PREDICTORS)
    assert len(found) == 27
    assert found[NUMBERS].notna().all(axis=None)
    assert (found["p"].between(0, 1)).all()
    assert (found["low"] < found["estimate"]).all()
    assert (found["estimate"] < found["high"]).all()
    for place, outcome in enumerate(OUTCOMES):
        rows = found[(found["outcome"] == outcome) & (found["effect"] == "within")]
        assert (rows["p"] < 1e-6).tolist() == [n == place for n in range(3)]
        assert rows["estimate"].iloc[place] == pytest.approx(-0.8, abs=0.25)


def test_the_contextual_effect_is_between_less_within():
    wide = silo_links(made()).pivot(
        index=["outcome", "predictor"], columns="effect", values="estimate"
    )
    np.testing.assert_allclose(
        wide["contextual"], wide["between"] - wide["within"], rtol=1e-6, atol=1e-7
    )


def test_the_order_of_people_does_not_matter():
    scores = made()
    moved = silo_links(scores.sample(frac=1, random_state=1))
    np.testing.assert_allclose(moved[NUMBERS], silo_links(scores)[NUMBERS], rtol=1e-5, atol=1e-8)


def test_people_missing_a_score_or_a_team_are_left_out():
    scores = made()
    scores.iloc[0, scores.columns.get_loc(PREDICTORS[0])] = np.nan
    scores.iloc[7, scores.columns.get_loc("team")] = None
    found = silo_links(scores, outcome=OUTCOMES[1])
    assert (found["n"] == 148).all()
    kept = scores.drop(index=scores.index[[0, 7]])
    pd.testing.assert_frame_equal(found, silo_links(kept, outcome=OUTCOMES[1]))


def test_what_was_not_asked_is_a_row_that_says_so():
    scores = made().drop(columns=[OUTCOMES[1], f"{OUTCOMES[1]}:n_answered"])
    scores = scores.drop(columns=[PREDICTORS[2], f"{PREDICTORS[2]}:n_answered"])
    found = silo_links(scores)
    assert list(found) == COLUMNS
    said = found[found["reason"].str.startswith("not asked")]
    assert said[["outcome", "predictor"]].to_numpy().tolist() == [
        [OUTCOMES[1], ""], ["", PREDICTORS[2]],
    ]  # fmt: skip
    assert said[NUMBERS].isna().all(axis=None)
    rest = found.drop(index=said.index)
    assert set(rest["outcome"]) == {OUTCOMES[0], OUTCOMES[2]}
    assert set(rest["predictor"]) == set(PREDICTORS[:2])
    assert rest["estimate"].notna().all()


def test_a_survey_with_none_of_it_has_only_such_rows():
    found = silo_links(scores_of({"trust": [1.0, 2.0]}, {"team": ["a", "b"]}))
    assert len(found) == 6
    assert found["reason"].str.startswith("not asked in this survey: ").all()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"outcome": "silo_barriers.silo"}, "no scale 'silo_barriers.silo'"),
        ({"predictors": ["trust"]}, "no scale 'trust'"),
        ({"predictors": [PREDICTORS[0], PREDICTORS[0]]}, "stands twice"),
    ],
)
def test_a_wrong_name_is_refused(change, message):
    with pytest.raises(InputError, match=message):
        silo_links(made(), **change)


# ---------------------------------------------------------------------------- not estimable
def only(scores: pd.DataFrame, **changes) -> pd.DataFrame:
    return silo_links(scores, outcome=OUTCOMES[0], predictors=[PREDICTORS[0]], **changes)


def with_values(scores: pd.DataFrame, name: str, values) -> pd.DataFrame:
    return scores.assign(**{name: np.asarray(values, dtype="float64")})


def test_few_teams_have_within_effects_alone():
    # One predictor leaves k - 2 degrees of freedom among teams, of which ten are needed.
    few, enough = only(made(teams=11)), only(made(teams=12))
    assert few["estimate"].notna().tolist() == [True, False, False]
    assert few["reason"].tolist() == [
        "", *["not estimable: 9 degrees of freedom among teams, at least 10 needed"] * 2,
    ]  # fmt: skip
    assert (few["n_groups"] == 11).all()
    assert enough["estimate"].notna().all()


HARD = {
    "few people": (lambda s: s.iloc[:12], "9 degrees of freedom among people"),
    "nobody": (lambda s: with_values(s, OUTCOMES[0], [np.nan] * len(s)), "among people"),
    "one team": (lambda s: s.assign(team="t"), "every team has the same mean"),
    "teams of one": (
        lambda s: s.assign(team=[f"t{n}" for n in range(len(s))]), "within a team everybody",
    ),
    "a constant outcome": (lambda s: with_values(s, OUTCOMES[0], [4.1] * len(s)), "nothing is"),
    "a constant predictor": (
        lambda s: with_values(s, PREDICTORS[0], [4.1] * len(s)), "within a team everybody",
    ),
    "a predictor of teams": (
        lambda s: with_values(s, PREDICTORS[0], np.repeat(np.linspace(1.1, 4.3, 30), 5)),
        "within a team everybody has the same psychological_safety",
    ),
    "a predictor alike in all teams": (
        lambda s: with_values(s, PREDICTORS[0], [1.1, 2.3, 3.7, 4.1, 2.9] * 30),
        "every team has the same mean of psychological_safety",
    ),
    "an outcome of teams": (
        lambda s: with_values(s, OUTCOMES[0], np.repeat(np.linspace(1.1, 4.3, 30) ** 2, 5)),
        "within groups nothing",
    ),
}  # fmt: skip


@pytest.mark.parametrize("few_teams", [False, True], ids=["thirty teams", "six teams"])
@pytest.mark.parametrize(("change", "reason"), HARD.values(), ids=list(HARD))
def test_what_can_not_be_estimated_says_why(change, reason, few_teams):
    scores = change(made())
    if few_teams:
        scores = scores.iloc[:30]
    found = only(scores)
    assert found["effect"].tolist() == list(EFFECTS)
    assert found[NUMBERS].isna().all(axis=None)
    assert found["reason"].str.startswith("not estimable: ").all()
    assert found["reason"].str.contains(reason, regex=False).all()


def test_a_survey_without_the_lens_says_so():
    found = only(made(), by="squad")
    assert set(found["reason"]) == {"not estimable: this survey has no squad"}
    assert found["effect"].tolist() == list(EFFECTS)


def test_a_singular_fit_has_numbers_and_says_so():
    scores = scores_from(CASES["flat_split"])
    found = silo_links(scores, outcome="barrier", predictors=["safety", "mindset", "skill"])
    assert set(found["reason"]) == {"no variance between groups is left"}
    assert found["estimate"].notna().all()


def test_of_several_waves_the_last_one_is_used():
    # The same people twice would halve the standard errors without a word.
    survey = read_survey(ROOT / "data" / "sample", waves=["2026Q2", "2026Q3"])
    scores = score(survey)
    last = scores.loc[scores.index.get_level_values("wave") == "2026Q3"]
    pd.testing.assert_frame_equal(silo_links(scores), silo_links(last))


# ---------------------------------------------------------------------------- beside the scores
def with_people(scores: pd.DataFrame, **columns) -> pd.DataFrame:
    """The same scores with further columns of people, where `score` puts them."""
    place = list(scores.columns).index("responded")
    scores = scores.copy()
    for name, values in columns.items():
        scores.insert(place, name, values)
    return scores


def test_level_and_tenure_stand_in_each_model():
    scores = made()
    rng = np.random.default_rng(5)
    level = pd.Series(rng.choice(["Lead", "Staff", "Staff"], len(scores)), scores.index)
    tenure = pd.Series(rng.gamma(2.0, 3.0, len(scores)), scores.index)
    scores[OUTCOMES[0]] += 0.8 * (level == "Lead") - 0.1 * tenure
    scores = with_people(scores, level=level, tenure_years=tenure)
    found = silo_links(scores)
    assert (found["adjusted_for"] == "tenure_years, level").all()
    x = scores[list(PREDICTORS)]
    means = x.groupby(scores["team"]).transform("mean")
    beside = pd.DataFrame({"lead": (level == "Lead").astype(float), "tenure": tenure})
    design = pd.concat([x - means, means.add_suffix(" t"), beside], axis=1)
    by_hand = random_intercepts(scores[OUTCOMES[0]], design, scores["team"]).coefficients
    by_hand = by_hand.set_index("term")
    mine = found[(found["outcome"] == OUTCOMES[0]) & (found["effect"] == "within")]
    for row in mine.to_dict("records"):
        for number in ("estimate", "se", "df", "p"):
            expected = by_hand.loc[row["predictor"], number]
            assert row[number] == pytest.approx(expected, rel=1e-5, abs=1e-12), number
    alone = silo_links(scores, adjust=())
    assert (alone["adjusted_for"] == "").all()
    assert not np.allclose(alone["estimate"], found["estimate"], rtol=1e-3)
    shuffled = silo_links(scores.sample(frac=1.0, random_state=1))
    for number in ("estimate", "se", "p_adjusted", "detectable"):
        assert shuffled[number].tolist() == pytest.approx(found[number].tolist(), rel=1e-6)


def test_what_is_adjusted_for_is_there_and_says_something():
    scores = with_people(made(), site="North", tenure_years=1.0)
    everybody_alike = silo_links(scores)  # a constant explains nothing and takes nothing
    assert everybody_alike["adjusted_for"].eq("tenure_years").all()
    plain = silo_links(made())
    assert everybody_alike["estimate"].tolist() == pytest.approx(plain["estimate"].tolist())
    with pytest.raises(InputError, match="no column 'tenure' to adjust for") as caught:
        silo_links(scores, adjust=["tenure"])
    assert "tenure_years" in str(caught.value)
    missing = scores.assign(tenure_years=np.where(np.arange(len(scores)) < 7, np.nan, 1.0))
    assert set(silo_links(missing)["n"]) == {len(scores) - 7}


def test_declared_pairs_are_one_family_and_all_others_another():
    found = silo_links(made(teams=14, size=4, seed=8))
    first = found[found["family"] == CONFIRMATORY]
    assert len(first) == 18
    assert set(first["effect"]) == {"within", "between"}
    p = first["p"].to_numpy()
    order = np.argsort(p)
    holm = np.empty_like(p)
    holm[order] = np.minimum(np.maximum.accumulate(p[order] * np.arange(18, 0, -1)), 1.0)
    assert first["p_adjusted"].tolist() == pytest.approx(holm.tolist(), rel=1e-12)
    rest = found[found["family"] == EXPLORATORY]
    assert set(rest["effect"]) == {"contextual"}
    p = np.sort(rest["p"].to_numpy())[::-1]
    hochberg = np.minimum.accumulate(p * len(p) / np.arange(len(p), 0, -1))
    assert sorted(rest["p_adjusted"]) == pytest.approx(sorted(np.minimum(hochberg, 1.0)), rel=1e-12)
    one = silo_links(made(), confirmatory=[(PREDICTORS[0], OUTCOMES[0])])
    assert (one["family"] == CONFIRMATORY).sum() == 2
    declared = one[one["family"] == CONFIRMATORY]
    assert declared["p_adjusted"].tolist() == pytest.approx(
        [min(2 * declared["p"].min(), 1.0), max(2 * declared["p"].min(), declared["p"].max())]
    )


def test_the_smallest_effect_is_seen_four_times_in_five():
    rng = np.random.default_rng(3)
    teams = np.repeat(np.arange(25), 6)
    x = rng.normal(size=len(teams)) + 0.5 * rng.normal(size=25)[teams]
    seen, sizes = [], []
    for _ in range(150):
        noise = rng.normal(size=len(teams)) + 0.3 * rng.normal(size=25)[teams]
        size = 0.228  # in answers; what is detectable here, on average
        scores = scores_of({"x": x, "y": size * x + noise}, {"team": [f"t{n}" for n in teams]})
        row = silo_links(scores, outcome="y", predictors=["x"]).iloc[0]
        seen.append(row["p"] < 0.05)
        sizes.append(row["detectable"] * scores["y"].std() / scores["x"].std())
    assert np.mean(sizes) == pytest.approx(size, rel=0.02)
    assert np.mean(seen) == pytest.approx(0.8, abs=0.1)  # three standard errors of 150 draws
