"""Ties against every kind of unit at once: the whole of each, beside chance."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from cultureplus.intake import read_survey
from cultureplus.network import assortativity, communities, ei_index, wave_ties
from cultureplus.tie_lenses import ties_by_lens
from tests.small_surveys import ROOT, WAVE, people_of, survey_of

NULL = ["observed", "null_mean", "null_low", "null_high", "p"]
SHARED = ["shared", "shared_null_mean", "shared_null_low", "shared_null_high", "shared_p"]


@pytest.fixture(scope="module")
def sample():
    everything = read_survey(ROOT / "data" / "sample")
    return everything.in_waves([everything.wave])


@pytest.fixture(scope="module")
def found(sample):
    return ties_by_lens(sample, permutations=1000).set_index("lens")


def small(units, pairs):
    people = people_of(units)
    ties = pd.DataFrame(pairs, columns=["from", "to"], dtype="str").assign(wave=WAVE)
    return replace(survey_of(pd.DataFrame(index=people.index), people, []), ties=ties)


def test_each_lens_is_what_its_measures_give(sample, found):
    assert list(found.index) == list(sample.lenses)
    for lens in ("function", "level"):
        ties, units = wave_ties(sample, lens)
        whole = ei_index(ties, units, 1000).units.iloc[0]
        assert found.loc[lens, NULL].tolist() == whole[NULL].tolist()
        assert found.loc[lens, "n"] == whole["naming"]
        alike = assortativity(ties, units)["assortativity"]
        assert found.loc[lens, "assortativity"] == pytest.approx(alike, abs=1e-12)
        crossing = communities(ties, units, 100).crossing.iloc[0]
        assert found.loc[lens, SHARED].tolist() == crossing[NULL].tolist()


def test_the_walls_that_were_planted_in_the_ties_are_seen_and_levels_are_not(found):
    """In the sample ties follow team, function and location; levels play no part."""
    walls = found.loc[["function", "location", "team"]]
    assert (walls["observed"] < walls["null_low"]).all()
    assert (walls["assortativity"] > 0.2).all()
    level = found.loc["level"]
    assert level["null_low"] <= level["observed"] <= level["null_high"]
    assert abs(level["assortativity"]) < 0.03


def test_a_wave_without_ties_and_a_handful_of_people():
    units = {"function": list("aabb"), "team": list("xxyy")}
    silent = ties_by_lens(small(units, []), permutations=100)
    assert set(silent["reason"]) == {"not estimable: no ties in this wave"}
    few = ties_by_lens(small(units, [("p000", "p002"), ("p001", "p000")]), permutations=100)
    assert few["reason"].str.contains("2 people who name somebody, at least 10").all()
    assert few[[*NULL, *SHARED, "assortativity"]].isna().all(axis=None)
    assert set(few["n"]) == {0}


def test_one_unit_has_no_null():
    ring = [(f"p{n:03d}", f"p{(n + 1) % 12:03d}") for n in range(12)]
    survey = small({"function": ["a"] * 12, "team": list("xxxyyy") * 2}, ring)
    found = ties_by_lens(survey, permutations=100).set_index("lens")
    assert "one unit" in found.loc["function", "reason"]
    assert np.isnan(found.loc["function", "null_mean"])
    assert found.loc["team", "reason"] == ""
    assert found.loc["team", "null_low"] <= found.loc["team", "observed"]
