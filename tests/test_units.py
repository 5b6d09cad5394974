"""Units against the whole: means, intervals, response, and who is counted."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cultureplus.errors import InputError
from cultureplus.instrument import load_instruments
from cultureplus.scoring import score
from cultureplus.units import half_width, lenses_of, main_scales, response, unit_scores
from tests.small_surveys import WAVE, army, oracle, people_of, scale, scores_of, survey_of, table

FINITE = {name: case for name, case in oracle("change").items() if "se_plain" in case}
COLUMNS = [
    "wave", "lens", "unit", "scale", "n", "invited", "mean", "low", "high", "pomp", "favourable",
    "difference", "favourable_difference", "reason",
]  # fmt: skip


def heard(case) -> pd.Series:
    """The scores of a case, and missing ones for who was invited and not heard."""
    if case["data"].startswith("data/army"):
        values = army()["leadership_climate"]
    else:
        waves = table(case["data"])
        team = next((part for part in ("t02", "t14") if part in case["rows"]), None)
        waves = waves if team is None else waves[waves["team"] == team]
        values = waves["after" if case["mean"] > 4.8 else "before"].dropna()
    silent = [np.nan] * (case["invited"] - len(values))
    return pd.Series([*values, *silent], dtype="float64")


@pytest.mark.parametrize("case", FINITE.values(), ids=list(FINITE))
@pytest.mark.parametrize("known", [True, False], ids=["invited known", "unknown"])
def test_means_and_intervals_against_r(case, known):
    values = heard(case)
    scores = scores_of({"trust": values}, {"team": ["x"] * len(values)})
    if known:
        scores["responded"] = values.notna().to_numpy()
    for row in unit_scores(scores).to_dict("records"):
        assert (row["n"], row["reason"]) == (case["n"], "")
        assert row["mean"] == pytest.approx(case["mean"], rel=1e-10)
        low, high = ("low", "high") if known else ("low_plain", "high_plain")
        assert row["low"] == pytest.approx(case[low], rel=1e-10)
        assert row["high"] == pytest.approx(case[high], rel=1e-10)
        assert row["invited"] == pytest.approx(case["invited"] if known else np.nan, nan_ok=True)


def test_a_table_by_hand():
    scores = scores_of(
        {"trust": [1, 3, 5, 4, np.nan], "skill": [2, 2, 4, np.nan, np.nan]},
        {"team": ["b", "b", "a", "a", None], "level": ["x"] * 5},
    )
    found = unit_scores(scores, by="team")
    assert list(found) == COLUMNS
    assert found[["lens", "unit", "scale", "n"]].to_numpy().tolist() == [
        ["all", "all", "trust", 4], ["all", "all", "skill", 3],
        ["team", "a", "trust", 2], ["team", "a", "skill", 1],
        ["team", "b", "trust", 2], ["team", "b", "skill", 2],
    ]  # fmt: skip
    assert found["mean"].tolist() == pytest.approx([3.25, 8 / 3, 4.5, 4.0, 2.0, 2.0])
    assert found["difference"].tolist() == pytest.approx([0, 0, 1.25, 4 / 3, -1.25, -2 / 3])
    assert found["favourable"].tolist() == pytest.approx([0.5, 1 / 3, 1.0, 1.0, 0.0, 0.0])
    assert found["favourable_difference"].tolist() == pytest.approx(
        [0, 0, 0.5, 2 / 3, -0.5, -1 / 3]
    )
    assert found["pomp"].tolist() == pytest.approx([56.25, 125 / 3, 87.5, 75, 25, 25])
    # One answer has a mean and no interval; two that are alike have an interval of no width.
    assert found["reason"].tolist() == ["", "", "", "no interval: one answer", "", ""]
    assert np.isnan([found.loc[3, "low"], found.loc[3, "high"]]).all()
    assert (found.loc[5, "low"], found.loc[5, "high"]) == (2.0, 2.0)
    # t with one degree of freedom: 12.706 x 0.7071 / sqrt 2.
    assert found.loc[2, "high"] - 4.5 == pytest.approx(12.7062047 * 0.5, rel=1e-8)


@given(
    st.lists(
        st.tuples(
            st.sampled_from(["x", "y", "z"]), st.one_of(st.none(), st.floats(1, 5, width=16))
        ),
        min_size=1, max_size=20,
    ),
    st.randoms(),
)  # fmt: skip
@settings(deadline=None, max_examples=10)
def test_units_add_up_to_the_whole(people, random):
    teams, values = zip(*people, strict=True)
    scores = scores_of({"trust": values}, {"team": teams})
    found = unit_scores(scores)
    whole = found[found["lens"] == "all"].iloc[0]
    parts = found[found["lens"] == "team"]
    assert parts["unit"].tolist() == sorted(set(teams))
    assert parts["n"].sum() == whole["n"] == sum(value is not None for value in values)
    assert (parts["reason"] == "no data").tolist() == (parts["n"] == 0).tolist()
    there = parts[parts["n"] > 0]
    for name in ("mean", "favourable", "pomp"):
        if whole["n"]:
            assert np.average(there[name], weights=there["n"]) == pytest.approx(whole[name])
    known = there.dropna(subset="low")
    assert (known["low"] <= known["mean"]).all()
    assert (known["mean"] <= known["high"]).all()
    np.testing.assert_allclose(there["difference"], there["mean"] - whole["mean"])
    order = list(range(len(scores)))
    random.shuffle(order)
    pd.testing.assert_frame_equal(unit_scores(scores.iloc[order]), found)


def test_waves_are_compared_with_their_own_whole():
    scores = pd.concat([
        scores_of({"trust": [1, 2, 3]}, {"team": list("aab")}, wave="1"),
        scores_of({"trust": [4, 5, 3]}, {"team": list("aab")}, wave="2"),
    ])  # fmt: skip
    found = unit_scores(scores).set_index(["wave", "unit"])["difference"]
    assert found.loc[("1", "a")] == pytest.approx(-0.5)
    assert found.loc[("2", "a")] == pytest.approx(0.5)


def test_a_scale_that_was_not_asked_in_a_wave_is_no_data():
    scores = pd.concat([
        scores_of({"trust": [1, 2], "new": [np.nan] * 2}, {"team": list("ab")}, wave="1"),
        scores_of({"trust": [4, 5], "new": [3, 4]}, {"team": list("ab")}, wave="2"),
    ])  # fmt: skip
    found = unit_scores(scores)
    gone = found[(found["wave"] == "1") & (found["scale"] == "new")]
    assert gone["reason"].tolist() == ["no data"] * 3
    assert gone["n"].tolist() == [0, 0, 0]
    numbers = ["mean", "low", "high", "pomp", "favourable", "difference"]
    assert gone[numbers].isna().all(axis=None)


def test_a_survey_without_scales_or_without_units():
    people = people_of({"team": ["x", "y"]})
    question = load_instruments()["barriers_named"]
    answers = pd.DataFrame({"barriers_named.silos": [1.0, 0.0]}, index=people.index)
    empty = unit_scores(score(survey_of(answers, people, [question])))
    assert list(empty) == COLUMNS
    assert len(empty) == 0
    alone = unit_scores(scores_of({"trust": [1.0, 2.0]}, {}))
    assert alone["lens"].tolist() == ["all"]


def test_lenses_are_the_text_columns_before_responded():
    scores = scores_of({"trust": [1.0]}, {"team": ["x"], "level": ["y"]})
    scores.insert(2, "tenure_years", [4.0])
    assert lenses_of(scores) == ["team", "level"]
    assert unit_scores(scores)["lens"].tolist() == ["all", "team", "level"]
    assert unit_scores(scores, by=["level"])["lens"].tolist() == ["all", "level"]
    assert unit_scores(scores, by=[])["lens"].tolist() == ["all"]


def test_an_unknown_lens_is_refused_with_the_way_out():
    scores = scores_of({"trust": [1.0]}, {"team": ["x"]})
    with pytest.raises(InputError, match="no lens 'teams'") as caught:
        unit_scores(scores, by="teams")
    assert "team" in str(caught.value).replace("teams", "")


def test_main_scales_leave_subscales_of_a_total_out():
    found = pd.DataFrame({"scale": ["a.x", "a", "b.x", "b.y"], "n": range(4)})
    assert main_scales(found)["scale"].tolist() == ["a", "b.x", "b.y"]


@pytest.mark.parametrize(
    ("sd", "n", "invited", "expected"),
    [
        (1.0, 1, 5.0, np.nan),
        (np.nan, 0, 5.0, np.nan),
        (2.0, 4, 4.0, 0.0),
        (2.0, 4, 3.0, 0.0),  # more answers than were invited is no negative correction
        (2.0, 4, np.nan, 3.182446305),
        (2.0, 4, 8.0, 3.182446305 * np.sqrt(0.5)),
    ],
)
def test_half_width(sd, n, invited, expected):
    found = half_width(pd.Series([sd]), pd.Series([n]), pd.Series([invited]))
    assert found.tolist() == pytest.approx([expected], nan_ok=True, rel=1e-8)


# ---------------------------------------------------------------------------- response
def test_response_with_and_without_a_list_of_the_invited():
    known = people_of({"team": ["a", "a", "b", "b"]}, responded=[True, False, True, True])
    answers = pd.DataFrame({"a": 3.0}, index=known.index[known["responded"]])
    found = response(survey_of(answers, known, [scale(["a"])]))
    assert list(found) == ["wave", "lens", "unit", "invited", "n", "response_rate", "reason"]
    assert found.drop(columns="reason").to_numpy().tolist() == [
        [WAVE, "all", "all", 4, 3, 0.75], [WAVE, "team", "a", 2, 1, 0.5],
        [WAVE, "team", "b", 2, 2, 1.0],
    ]  # fmt: skip
    assert (found["reason"] == "").all()
    unknown = people_of({"team": ["a", "a", "b"]})
    answers = pd.DataFrame({"a": 3.0}, index=unknown.index)
    found = response(survey_of(answers, unknown, [scale(["a"])]))
    assert found["n"].tolist() == [3, 2, 1]
    assert found[["invited", "response_rate"]].isna().all(axis=None)
    assert found["reason"].str.startswith("unknown: ").all()


def test_response_without_lenses_and_where_nobody_answered():
    people = people_of({}, responded=[True, False])
    answers = pd.DataFrame({"a": [3.0]}, index=people.index[:1])
    found = response(survey_of(answers, people, [scale(["a"])]))
    assert found[["lens", "n", "response_rate"]].to_numpy().tolist() == [["all", 1, 0.5]]
    nobody = people_of({"team": ["a"]}, responded=[False])
    found = response(survey_of(answers.iloc[:0], nobody, [scale(["a"])]))
    assert found["response_rate"].tolist() == [0.0, 0.0]
