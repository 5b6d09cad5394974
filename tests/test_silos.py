"""Barriers named: shares and their intervals, against R and where teams are few."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from cultureplus.instrument import Instrument, Option, PublishedValue
from cultureplus.silos import barrier_prevalence, clustered_se, wilson
from tests.small_surveys import WAVE, oracle, people_of, scale, survey_of, table

CASES = oracle("prevalence")


def named_in(case) -> tuple[pd.Series, pd.Series]:
    frame = table(case["data"])
    column, _, least = case["named"].partition(" >= ")
    named = frame[column] >= int(least) if least else frame[column]
    teams = frame[case["group"]]
    keep = named.notna() & teams.notna()
    return named[keep].astype("float64"), teams[keep].astype("str")


def question(*options: Option) -> Instrument:
    return Instrument(
        id="barriers_named", title="Barriers", kind="select_all", about="", validity="", source="",
        licence="", options=options or (Option("silos", "Silos"),),
        published=(PublishedValue("barriers_named.silos", "share", 0.67, "a paper", "a note"),),
    )  # fmt: skip


def asked(named, teams=None, *, responded=None):
    people = people_of({} if teams is None else {"team": ["x"] * len(named)},
                       responded=responded or [None] * len(named))  # fmt: skip
    if teams is not None:
        people["team"] = pd.Series(list(teams), index=people.index, dtype="str")
    answers = pd.DataFrame({"barriers_named.silos": list(named)}, index=people.index)
    return survey_of(answers, people, [question()])


@pytest.mark.parametrize("case", CASES.values(), ids=list(CASES))
def test_shares_and_intervals_against_r(case):
    named, teams = named_in(case)
    assert clustered_se(named, teams) == pytest.approx(case["se_clustered"], rel=1e-8)
    low, high = wilson(case["share"], case["n"])
    assert low == pytest.approx(case["low_wilson"], rel=1e-8, abs=1e-15)
    assert high == pytest.approx(case["high_wilson"], rel=1e-8)
    (row,) = barrier_prevalence(asked(named, teams)).to_dict("records")
    assert (row["n"], row["reason"]) == (case["n"], "")
    assert row["share"] == pytest.approx(case["share"], rel=1e-12)
    assert case["n_groups"] >= 10
    which = "wilson" if case["n_named"] == 0 else "clustered"
    assert row["low"] == pytest.approx(max(0, case[f"low_{which}"]), rel=1e-8, abs=1e-15)
    assert row["high"] == pytest.approx(case[f"high_{which}"], rel=1e-8)


def test_the_table_and_the_published_share():
    (row,) = barrier_prevalence(asked([1, 0, 1, 1] * 3)).to_dict("records")
    assert list(row) == [
        "wave", "barrier", "n", "share", "low", "high", "published", "note", "reason",
    ]  # fmt: skip
    assert (row["wave"], row["barrier"], row["n"], row["share"]) == (WAVE, "silos", 12, 0.75)
    assert (row["published"], row["note"]) == (0.67, "a note")
    options = (Option("time", "Time"),)
    people = people_of({}, responded=[None] * 12)
    answers = pd.DataFrame({"barriers_named.time": [1.0, 0.0, 0.0] * 4}, index=people.index)
    (row,) = barrier_prevalence(survey_of(answers, people, [question(*options)])).to_dict("records")
    assert np.isnan(row["published"])


NINE = [f"t{n}" for n in range(9) for _ in range(4)]
TEN = [f"t{n}" for n in range(10) for _ in range(4)]


@pytest.mark.parametrize(
    ("named", "teams", "by_wilson"),
    [
        ([1, 0, 0, 0] * 9, NINE, True),
        ([1, 1, 1, 1, 0, 0, 0, 0] * 5, TEN, False),
        ([0] * 40, TEN, True),
        ([1] * 40, TEN, True),
        ([1, 0, 0, 0] * 9, None, True),
        ([1, 0] * 20, ["t"] * 40, True),
        ([1, 0] * 20, [None] * 40, True),
    ],
    ids=["nine teams", "ten teams", "nobody", "everybody", "no lens", "one team", "no team"],
)
def test_which_interval(named, teams, by_wilson):
    (row,) = barrier_prevalence(asked(named, teams)).to_dict("records")
    share, n = sum(named) / len(named), len(named)
    if by_wilson:
        assert (row["low"], row["high"]) == pytest.approx(wilson(share, n))
    else:
        half = stats.t.ppf(0.975, 9) * clustered_se(pd.Series(named), pd.Series(teams))
        assert half > 0.2
        assert (row["low"], row["high"]) == pytest.approx((share - half, share + half))
    assert 0 <= row["low"] <= share <= row["high"] <= 1
    assert row["low"] < row["high"]


def test_people_without_a_team_are_no_team():
    # Twenty people without a team all name it; as one team they would look like one opinion.
    named = [1, 0] * 20 + [1] * 20
    teams = TEN + [None] * 20
    (row,) = barrier_prevalence(asked(named, teams)).to_dict("records")
    alone = pd.Series(TEN + [f"alone {n}" for n in range(20)])
    half = stats.t.ppf(0.975, 29) * clustered_se(pd.Series(named), alone)
    assert row["high"] - row["share"] == pytest.approx(half, rel=1e-10)


def test_clusters_of_one_person_are_a_simple_sample():
    named = pd.Series([1, 0, 0, 1, 1, 0, 1, 0, 0, 0])
    expected = named.std() / np.sqrt(10)
    assert clustered_se(named, pd.Series(range(10))) == pytest.approx(expected, rel=1e-12)


def test_intervals_stay_between_nought_and_one():
    teams = TEN
    (rare,) = barrier_prevalence(asked([1, *[0] * 39], teams)).to_dict("records")
    (often,) = barrier_prevalence(asked([0, *[1] * 39], teams)).to_dict("records")
    assert rare["low"] == 0
    assert often["high"] == 1


@given(st.integers(0, 60), st.integers(0, 60))
def test_wilson_holds_the_share_and_mirrors(named, others):
    n = named + others
    if n:
        low, high = wilson(named / n, n)
        assert -1e-15 <= low - 1e-15 <= named / n <= high + 1e-15 <= 1 + 2e-15
        assert wilson(others / n, n) == pytest.approx((1 - high, 1 - low), abs=1e-12)
        # Both ends solve |p - share| = z se(p).
        for end in (low, high):
            se = np.sqrt(end * (1 - end) / n)
            # At an end of 0 or 1 rounding is magnified by the root.
            assert abs(end - named / n) == pytest.approx(1.959963985 * se, abs=1e-6)
        wider = wilson(named / n, n, level=0.99)
        assert wider[0] <= low + 1e-15
        assert wider[1] >= high - 1e-15


def test_who_passed_the_question_over_is_left_out():
    (row,) = barrier_prevalence(asked([1, 0, np.nan, np.nan] * 5)).to_dict("records")
    assert (row["n"], row["share"]) == (10, 0.5)


def test_a_question_that_was_not_asked_is_one_row_that_says_so():
    people = people_of({}, responded=[None] * 2)
    answers = pd.DataFrame({"a": [1.0, 2.0]}, index=people.index)
    (row,) = barrier_prevalence(survey_of(answers, people, [scale(["a"])])).to_dict("records")
    assert row["reason"] == "not asked in this survey: barriers_named"
    assert np.isnan([row["n"], row["share"], row["low"], row["high"]]).all()


def test_a_wave_in_which_it_was_not_asked_says_so():
    people = pd.concat([people_of({}, responded=[None] * 10, wave=wave) for wave in ("1", "2")])
    answers = pd.DataFrame({"barriers_named.silos": [np.nan] * 10 + [1.0, 0.0] * 5}, people.index)
    found = barrier_prevalence(survey_of(answers, people, [question()]))
    assert found["wave"].tolist() == ["1", "2"]
    assert found["reason"].tolist() == ["not estimable: nobody was asked in this wave", ""]
    assert found["n"].tolist() == [0, 10]
    assert np.isnan(found.loc[0, ["share", "low", "high"]].astype("float64")).all()


@pytest.mark.parametrize("n", [1, 4, 9])
def test_the_ticks_of_a_few_people_are_not_given_as_shares(n):
    (row,) = barrier_prevalence(asked([1] + [0] * (n - 1))).to_dict("records")
    assert row["reason"] == f"not estimable: {n} answers to this question, at least 10 needed"
    assert row["n"] == 0
    assert np.isnan([row["share"], row["low"], row["high"]]).all()
