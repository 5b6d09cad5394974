"""With and without the flagged: what changes, what must not, and what few people are spared."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from cultureplus.disclosure.plan import plan_reporting
from cultureplus.errors import InputError
from cultureplus.instrument import Instrument, Option
from cultureplus.reliability import alphas
from cultureplus.scoring import score
from cultureplus.screening import screen
from cultureplus.sensitivity import flag_counts, with_and_without_flagged, without_flagged
from tests.small_surveys import people_of, scale, survey_of

BARRIERS = Instrument(
    id="barriers_named", title="Barriers", kind="select_all", about="", validity="None yet.",
    source="Made here.", licence="GPL-3.0-or-later",
    options=(Option("silos", "Silos"), Option("none", "None", exclusive=True)),
)  # fmt: skip
SCALES = {
    "psychological_safety": 7, "collective_growth_mindset": 6, "silo_barriers": 5, "energy": 4,
}  # fmt: skip


def one_wave(n, wave, seed, teams, first=0):
    draw = np.random.default_rng(seed)
    people = people_of({"team": [f"t{place % teams:02d}" for place in range(n)]}, wave=wave)
    names = [f"p{place:03d}" for place in range(first, first + n)]
    people.index = pd.MultiIndex.from_product([[wave], names], names=["wave", "respondent"])
    common = draw.normal(size=n)
    answers = {}
    for name, items in SCALES.items():
        standing = 0.6 * common + 0.8 * draw.normal(size=n)
        for place in range(items):
            raw = 3.4 + 0.9 * standing + 0.5 * draw.normal(size=n)
            answers[f"{name}_{place}"] = np.clip(np.round(raw), 1, 5)
    answers["barriers_named.silos"] = (draw.random(n) < 0.5).astype("float64")
    answers["barriers_named.none"] = 1 - answers["barriers_named.silos"]
    return people, pd.DataFrame(answers, index=people.index)


def surveyed(n=200, *, waves=1, seed=1, teams=20, linked=True):
    """People who read what they tick: hardly anybody carries two flags."""
    sizes = n if isinstance(n, list) else [n] * waves
    starts = [0] * waves if linked else np.cumsum([0, *sizes[:-1]]).tolist()
    parts = [
        one_wave(size, f"w{place + 1}", seed + place, teams, start)
        for place, (size, start) in enumerate(zip(sizes, starts, strict=True))
    ]
    people, answers = (pd.concat(each) for each in zip(*parts, strict=True))
    instruments = [
        scale([f"{name}_{place}" for place in range(items)], name=name, turned=[f"{name}_0"])
        for name, items in SCALES.items()
    ]
    for name in SCALES:  # given as ticked: the first item of each scale is turned
        answers[f"{name}_0"] = 6 - answers[f"{name}_0"]
    return survey_of(answers, people, [*instruments, BARRIERS])


def careless(survey, count, *, wave=None, skip=()):
    """The first people of a wave tick 5 throughout; `skip`: how many of them skip a scale."""
    answers = survey.answers.copy()
    rows = np.flatnonzero(answers.index.get_level_values("wave") == (wave or survey.wave))[:count]
    rated = [name for name in answers if not name.startswith("barriers")]
    answers.iloc[rows, answers.columns.get_indexer(rated)] = 5.0
    for name, skipped in dict(skip).items():
        mine = [item for item in rated if item.startswith(name)]
        answers.iloc[rows[:skipped], answers.columns.get_indexer(mine)] = np.nan
    return replace(survey, answers=answers)


def rows_of(table, result):
    return table[table["result"] == result].set_index("scale")


# ---------------------------------------------------------------------------- planted carelessness
def test_careless_people_change_the_results_as_they_must():
    """Whoever ticks 5 throughout contradicts the turned items: without them alpha is higher."""
    clean = surveyed()
    survey = careless(clean, 30)
    flags = screen(survey)["flags"]
    assert (flags.iloc[:30] >= 3).all()
    n_flagged = int((flags >= 2).sum())
    assert 30 <= n_flagged < 50
    found = with_and_without_flagged(survey)
    alpha = rows_of(found, "alpha")
    assert set(alpha.index) == set(SCALES)
    assert (alpha["difference"] > 0.03).all()
    kept = survey.answers[(flags < 2).to_numpy()]
    for both, answers in (("value", survey.answers), ("value_without", kept)):
        again = alphas(replace(survey, answers=answers)).set_index("scale")["alpha"]
        assert alpha[both].to_dict() == pytest.approx(again.reindex(alpha.index).to_dict())
    means = rows_of(found, "mean")
    scores = score(replace(survey, answers=kept))
    for name in SCALES:
        assert means.loc[name, "value_without"] == pytest.approx(scores[name].mean())
        assert means.loc[name, "n_without"] == 200 - n_flagged
    assert (found["reason"] == "")[found["value"].notna()].all()
    numbers = found[["value", "value_without", "difference"]].dropna()
    assert (numbers["value_without"] - numbers["value"]).equals(numbers["difference"])
    assert set(found["result"]) >= {"mean", "favourable", "alpha", "icc1", "barrier named"}


def test_where_nobody_is_flagged_both_columns_are_the_same():
    survey = surveyed(120)
    found = with_and_without_flagged(survey, at_least=7)
    assert found["n"].equals(found["n_without"])
    assert found["value"].equals(found["value_without"])
    assert found["difference"].dropna().eq(0).all()
    assert found["difference"].notna().sum() >= 4 * 4 + 2


@pytest.mark.parametrize(("count", "shown"), [(1, False), (9, False), (10, True), (14, True)])
def test_one_to_nine_people_between_the_two_are_hidden(count, shown):
    survey = careless(surveyed(90, seed=3), count)
    flagged = int((screen(survey)["flags"] >= 3).sum())
    assert flagged == count
    found = with_and_without_flagged(survey, at_least=3)
    rows = found[found["result"].isin(["mean", "favourable", "alpha", "icc1", "barrier named"])]
    assert rows["value"].notna().all()
    hidden = rows[["n_without", "value_without", "difference"]].isna()
    assert hidden.to_numpy().all() if not shown else not hidden.to_numpy().any()
    reason = "" if shown else "hidden (fewer than 10 people differ)"
    assert set(rows["reason"]) == {reason}


def test_where_flagged_people_skipped_a_scale_that_scale_alone_is_hidden():
    """Twelve are flagged; three of them skipped energy, so nine differ there."""
    survey = careless(surveyed(90, seed=3), 12, skip={"energy": 3})
    found = with_and_without_flagged(survey, at_least=3)
    for result in ("mean", "favourable", "alpha", "icc1"):
        rows = rows_of(found, result)
        assert rows.loc["energy", ["n_without", "value_without", "difference"]].isna().all()
        assert rows.loc["energy", "reason"].startswith("hidden")
        others = rows.drop(index="energy")
        assert (others["n"] - others["n_without"]).eq(12).all()
        assert others["difference"].notna().all()


# ---------------------------------------------------------------------------- changes
def test_a_linked_change_leaves_out_who_is_flagged_in_either_wave():
    survey = careless(careless(surveyed(120, waves=2, seed=5), 12, wave="w1"), 14, wave="w2")
    flags = screen(survey)["flags"] >= 3
    now, then = (set(flags.loc[wave].index[flags.loc[wave]]) for wave in ("w2", "w1"))
    assert (len(now), len(then)) == (14, 12)
    rows = rows_of(with_and_without_flagged(survey, at_least=3), "change")
    assert set(rows["detail"]) == {"w1"}
    assert rows["n"].eq(120).all()
    assert rows["n_without"].eq(120 - len(now | then)).all()
    assert (rows["reason"] == "").all()


@pytest.mark.parametrize(
    ("now", "then", "hidden"),
    [(0, 0, False), (12, 0, False), (12, 11, False), (0, 5, True), (12, 5, True), (5, 12, True)],
)
def test_a_change_of_other_people_hides_few_in_either_wave(now, then, hidden):
    """Of two cross-sections the smaller one gives n, and the few may be in the larger."""
    survey = surveyed([130, 100], waves=2, seed=5, linked=False)
    survey = careless(careless(survey, now, wave="w2"), then, wave="w1")
    flags = screen(survey)["flags"] >= 3
    assert flags.groupby(level="wave").sum().to_dict() == {"w1": then, "w2": now}
    rows = rows_of(with_and_without_flagged(survey, at_least=3), "change")
    assert len(rows) == len(SCALES)
    assert rows["n"].eq(100).all()
    assert rows["value"].notna().all()
    assert (rows["value_without"].isna() == hidden).all()
    assert (rows["n_without"].isna() == hidden).all()
    assert (rows["reason"].str.startswith("hidden") == hidden).all()


def test_one_wave_has_no_change():
    assert "change" not in set(with_and_without_flagged(surveyed(60))["result"])


# ---------------------------------------------------------------------------- what is not there
def test_without_teams_or_barriers_the_rest_stands():
    survey = surveyed(120)
    people = survey.people.drop(columns="team")
    teamless = replace(survey, people=people, lenses=())
    found = with_and_without_flagged(teamless)
    assert "icc1" not in set(found["result"])
    assert rows_of(found, "mean")["value"].notna().all()
    instruments = {name: each for name, each in survey.instruments.items() if name in SCALES}
    unnamed = with_and_without_flagged(replace(survey, instruments=instruments))
    (row,) = unnamed[unnamed["result"] == "barrier named"].to_dict("records")
    assert row["reason"] == "not asked in this survey: barriers_named"
    assert np.isnan(row["value"])


@pytest.mark.parametrize("n", [0, 1, 4, 9])
def test_of_few_people_nothing_is_given(n):
    survey = surveyed(60)
    few = replace(survey, answers=survey.answers.iloc[:n])
    found = with_and_without_flagged(few)
    assert found[["value", "value_without", "difference"]].isna().all(axis=None)
    assert found["reason"].str.startswith("not ").all()


def test_a_sample_that_leaves_few_people_is_not_given():
    """Of twenty-four people fifteen are flagged: nine are left."""
    survey = careless(surveyed(24, seed=6), 15)
    flags = screen(survey)["flags"].to_numpy()
    assert (flags[:15] >= 1).all()
    found = rows_of(with_and_without_flagged(survey, at_least=1), "mean")
    left = int((flags < 1).sum())
    assert left < 10
    assert found["n"].eq(24).all()
    assert found["value"].notna().all()
    assert found["value_without"].isna().all()
    assert (found["reason"] == "without the flagged not estimable: fewer than 10 people").all()


def test_a_survey_without_ratings():
    survey = surveyed(40)
    unrated = replace(survey, instruments={"barriers_named": BARRIERS})
    found = with_and_without_flagged(unrated)
    assert set(found["result"]) == {"barrier named"}
    assert found["value"].equals(found["value_without"])
    assert flag_counts(screen(unrated))["flags"].eq(0).all()


# ---------------------------------------------------------------------------- counts of flags
@pytest.mark.parametrize(("count", "shown"), [(0, True), (1, False), (9, False), (10, True)])
def test_counts_of_one_to_nine_are_hidden(count, shown):
    screened = screen(careless(surveyed(90, seed=3), count))
    found = flag_counts(screened).set_index("index")
    row = found.loc["longest_string"]
    assert row["n"] == 90
    if shown:
        assert (row["flags"], row["share"], row["reason"]) == (count, count / 90, "")
    else:
        assert np.isnan([row["flags"], row["share"]]).all()
        assert row["reason"] == "hidden (1 to 9)"
    for index in found.index.drop("in all"):
        true = screened["flagged"].str.split(", ").map(lambda names, i=index: i in names).sum()
        given = found.loc[index, "flags"]
        assert (np.isnan(given) and 1 <= true <= 9) or given == true, index


def test_the_last_row_of_a_wave_counts_who_carries_two():
    screened = screen(careless(surveyed(90, waves=2, seed=3), 15))
    found = flag_counts(screened)
    assert found["wave"].drop_duplicates().tolist() == ["w1", "w2"]
    last = found[found["index"] == "in all"].set_index("wave")
    true = (screened["flags"] >= 2).groupby(level="wave").sum()
    assert true["w2"] >= 15
    assert last.loc["w2", "flags"] == true["w2"]
    assert last.loc["w2", "share"] == true["w2"] / 90
    assert (found["source"].str.len() > 10).all()
    nobody = surveyed(30)
    assert len(flag_counts(screen(replace(nobody, answers=nobody.answers.iloc[:0])))) == 0


# ---------------------------------------------------------------------------- the survey without
def test_without_the_flagged_everything_else_stays():
    survey = careless(surveyed(120, waves=2), 20)
    flags = screen(survey)["flags"]
    left = without_flagged(survey)
    pd.testing.assert_frame_equal(left.answers, survey.answers[(flags < 2).to_numpy()])
    assert len(left.answers) < len(survey.answers) - 19
    pd.testing.assert_frame_equal(left.people, survey.people)
    for name in ("waves", "lenses", "instruments", "title", "adjust"):
        assert getattr(left, name) == getattr(survey, name), name
    pd.testing.assert_frame_equal(
        plan_reporting(left).cells, plan_reporting(survey).cells
    )  # who was asked decides what may be shown, not who was believed
    rows = np.random.default_rng(1).permutation(len(survey.answers))
    mixed = without_flagged(replace(survey, answers=survey.answers.iloc[rows]))
    assert set(mixed.answers.index) == set(left.answers.index)


def test_the_more_flags_are_asked_for_the_fewer_are_left_out():
    survey = careless(surveyed(120), 20)
    flags = screen(survey)["flags"]
    kept = [len(without_flagged(survey, at_least=k).answers) for k in (1, 2, 3, 8)]
    assert kept == [int((flags < k).sum()) for k in (1, 2, 3, 8)]
    assert kept[0] < kept[-1] == 120


@pytest.mark.parametrize("at_least", [0, -1])
def test_people_without_a_flag_are_not_left_out(at_least):
    for function in (without_flagged, with_and_without_flagged):
        with pytest.raises(InputError, match="no flag"):
            function(surveyed(30), at_least=at_least)


def test_the_order_of_people_changes_nothing():
    survey = careless(surveyed(120), 20)
    rows = np.random.default_rng(2).permutation(120)
    mixed = replace(survey, answers=survey.answers.iloc[rows])
    one, other = with_and_without_flagged(survey), with_and_without_flagged(mixed)
    pd.testing.assert_frame_equal(one, other, rtol=1e-8, atol=1e-10)
