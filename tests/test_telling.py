"""How exactly a number is told: nobody's answer can be worked out from what stands in one row.

For a single question every set of answers that a small group could have given is gone through:
those that are told alike must be five or more, whatever was answered.
"""

from __future__ import annotations

import itertools

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cultureplus.disclosure.telling import MANY, SOME, Asked, tell

ALIKE = 5  # sets of answers that must look the same


def sets_of_answers(people: int, answers: int) -> np.ndarray:
    """Every way in which people may give 1 to `answers`, as counts: sets x answers."""
    bars = np.array(list(itertools.combinations(range(people + answers - 1), answers - 1)))
    ends = np.full((len(bars), 1), -1), np.full((len(bars), 1), people + answers - 1)
    return np.diff(np.hstack([ends[0], bars, ends[1]]), axis=1) - 1


def asked(rows: int, *, items: float = 1, low: float = 1, high: float = 5, whole: int = 500):
    index = range(rows)
    return Asked(*(pd.Series(float(x), index) for x in (items, low, high, whole)))


def readings(counts: np.ndarray, favourable: int = 2) -> pd.DataFrame:
    """What is computed of one question: mean, interval, favourable share, against a whole of 3."""
    n, answers = counts[0].sum(), np.arange(1, counts.shape[1] + 1)
    mean = counts @ answers / n
    sd = np.sqrt(np.maximum(counts @ answers**2 - n * mean**2, 0) / (n - 1))
    half = 2.5 * sd / np.sqrt(n)
    share = counts[:, -favourable:].sum(axis=1) / n
    pomp = 100 * (mean - 1) / (counts.shape[1] - 1)
    return pd.DataFrame({
        "mean": mean, "low": mean - half, "high": mean + half, "pomp": pomp,
        "difference": mean - 3.21, "favourable": share, "favourable_difference": share - 0.333,
    })  # fmt: skip


def told_alike(told: pd.DataFrame) -> int:
    """How many sets of answers the rarest told row stands for."""
    return int(told.fillna(-99).round(6).value_counts().min())


def of(people: int, rows: int) -> pd.Series:
    return pd.Series(float(people), range(rows))


@pytest.mark.parametrize("answers", [3, 5, 7])
@pytest.mark.parametrize("people", [5, 6, 7, 9, 11])
def test_a_single_question_of_few_people_leaves_five_sets_of_answers(people, answers):
    counts = sets_of_answers(people, answers)
    exact = readings(counts)
    assert told_alike(exact) == 1  # mean, interval and share give every answer back
    told = tell(exact, of(people, len(counts)), asked(len(counts), high=answers))
    assert told_alike(told) >= ALIKE
    assert told[["low", "high", "favourable", "favourable_difference"]].isna().all(axis=None)


@pytest.mark.parametrize(
    ("people", "answers"),
    [(20, 3), (29, 3), (30, 3), (60, 3), (61, 3), (100, 3), (301, 3), (20, 4), (40, 4), (20, 5)],
)
def test_the_shares_of_its_answers_leave_five_sets_of_answers(people, answers):
    counts = sets_of_answers(people, answers)
    rows = pd.DataFrame({"share": counts.ravel() / people, "low": 1.0, "high": float(answers)})
    together = pd.Series(np.repeat(np.arange(len(counts)), answers))
    told = tell(rows, of(people, len(rows)), asked(len(rows)), items=True, answers=together)
    assert told_alike(pd.DataFrame(told["share"].to_numpy().reshape(counts.shape))) >= ALIKE
    assert (told["low"] == 1).all()


@pytest.mark.parametrize("people", [20, 33, 250, 1000])
def test_a_share_alone_leaves_five_numbers_of_people(people):
    rows = pd.DataFrame({"share": np.arange(people + 1) / people})
    told = tell(rows, of(people, len(rows)), asked(len(rows)), items=True)
    assert told_alike(told) >= ALIKE


def test_shares_of_fewer_people_are_not_told():
    rows = pd.DataFrame({"share": [0.5]})
    told = [tell(rows, of(n, 1), asked(1), items=True)["share"][0] for n in (SOME - 1, SOME)]
    assert np.isnan(told[0])
    assert told[1] == 0.5


def test_a_question_with_two_answers_has_no_mean_that_may_be_told():
    counts = sets_of_answers(9, 2)
    told = tell(readings(counts, 1), of(9, len(counts)), asked(len(counts), high=2))
    assert told.isna().all(axis=None)


@pytest.mark.parametrize("people", [5, 40, 400])
def test_nobody_and_everybody_are_never_told(people):
    rows = pd.DataFrame({"mean": [1.0, 5.0], "favourable": [0.0, 1.0]})
    told = tell(rows, of(people, 2), asked(2, items=3))
    assert 1 < told["mean"][0] < told["mean"][1] < 5
    assert 0 < told["favourable"][0] < told["favourable"][1] < 1
    rows = pd.DataFrame({"share": [0.0, 1.0]})
    told = tell(rows, of(max(people, SOME), 2), asked(2), items=True)
    assert 0 < told["share"][0] < told["share"][1] < 1


def test_an_interval_leaves_every_score_open():
    """Five people who answered alike: the interval is as wide as if they differed by a point."""
    rows = pd.DataFrame({"mean": [3.0], "low": [3.0], "high": [3.0]})
    told = tell(rows, of(5, 1), asked(1, items=7))
    half = (told["high"] - told["low"])[0] / 2
    # t(4) half / sqrt(5) is what a deviation of `spread` gives; one person is off by at most this.
    spread = half * np.sqrt(5) / 2.776
    assert spread * 4 / np.sqrt(5) >= 0.5
    wide = pd.DataFrame({"mean": [3.0], "low": [2.0], "high": [4.0]})
    assert tell(wide, of(5, 1), asked(1, items=7)).equals(wide)


@given(st.floats(1.6, 4.4), st.floats(-0.049, 0.049), st.sampled_from([30, 150]))
@settings(max_examples=60, deadline=None)
def test_what_stands_beside_a_mean_says_no_more_of_it_than_the_mean(mean, nudge, people):
    """Two rows whose means are told alike, and that differ in nothing else, are told alike."""
    rows = pd.DataFrame({"mean": [mean, mean + nudge * (1 if people < MANY else 0.1)]})
    rows["low"], rows["high"] = rows["mean"] - 0.4, rows["mean"] + 0.4
    rows["pomp"], rows["difference"] = 25 * (rows["mean"] - 1), rows["mean"] - 3.2
    told = tell(rows, of(people, 2), asked(2, items=6))
    if told["mean"][0] == told["mean"][1]:
        assert told.iloc[0].tolist() == told.iloc[1].tolist()


def test_a_scale_of_which_nothing_is_known_is_only_rounded():
    rows = pd.DataFrame({"mean": [1.0], "pomp": [61.26], "favourable": [0.0]})
    nothing = Asked(*(pd.Series([np.nan]) for _ in range(3)), whole=pd.Series([0.0]))
    told = tell(rows, of(9, 1), nothing)
    assert told.iloc[0].tolist() == [1.0, 61.0, 0.0]
