"""Scoring: worked examples, rules at their edges, and what may not matter."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cultureplus.errors import InputError
from cultureplus.instrument import Instrument, load_instruments
from cultureplus.intake import read_survey
from cultureplus.scoring import keyed, scale_items, score, score_items
from tests.small_surveys import ROOT, oracle, people_of, scale, scores_of, survey_of, table

ARMY_FILES = [
    ROOT / "data" / "army2002" / f"{name}.toml"
    for name in ("leadership_climate", "task_significance", "hostility")
]
EVERY = load_instruments(*ARMY_FILES)
RATING = {name: each for name, each in EVERY.items() if each.kind == "rating"}


# ---------------------------------------------------------------------------- worked examples
def written(folder: Path, instrument: Instrument) -> Path:
    """A survey on disk in which one person after the other gives the answers of an example.

    Everybody also answers an anchor question, so that who passes the instrument over stays in.
    """
    anchor = 'id = "anchor"\ntitle = "Anchor"\nvalidity = "v"\nsource = "s"\nlicence = "l"\n'
    anchor += "[answers]\nlow = 1\nhigh = 2\nfavourable = [2]\n"
    anchor += '[[items]]\nid = "anchor_1"\ntext = "Here."\n'
    (folder / "anchor.toml").write_text(anchor, encoding="utf-8")
    names = {
        "rating": [item.id for item in instrument.items],
        "select_all": [option.id for option in instrument.options],
        "matrix": sorted({unit for each in instrument.examples for unit in each.answers}),
    }[instrument.kind]
    rows = [
        {"anchor_1": 1, "function": "Elsewhere", **dict(each.answers)}
        for each in instrument.examples
    ]
    # A seam is rated with the units that there are, so each has somebody.
    rows += [{"anchor_1": 1, "function": name} for name in names if instrument.kind == "matrix"]
    frame = pd.DataFrame(rows, columns=["anchor_1", "function", *names])
    frame.set_axis(["anchor_1", "function", *(f"c{n}" for n in range(len(names)))], axis=1).to_csv(
        folder / "answers.csv", index=False
    )
    files = ["anchor.toml"]
    if instrument.id not in load_instruments():
        files.append(f"{instrument.id}.toml")
        source = next(path for path in ARMY_FILES if path.stem == instrument.id)
        (folder / source.name).write_bytes(source.read_bytes())
    settings_ = [
        'title = "Examples"', 'kind = "plain"', f"instrument_files = {files}",
        '[waves]', 'now = "answers.csv"', "[units]", 'function = "function"',
        "[instruments.anchor]", f"[instruments.{instrument.id}]",
        *(['lens = "function"'] if instrument.kind == "matrix" else []),
        f"[instruments.{instrument.id}.columns]",
        *(f'"{name}" = "c{place}"' for place, name in enumerate(names)),
    ]  # fmt: skip
    (folder / "survey.toml").write_text("\n".join(settings_), encoding="utf-8")
    return folder


@pytest.mark.parametrize("name", EVERY)
def test_the_worked_examples_from_a_file_of_answers_to_scores(tmp_path, name):
    instrument = EVERY[name]
    survey = read_survey(written(tmp_path, instrument))
    scores = survey.answers if instrument.kind == "select_all" else score(survey)
    assert instrument.examples
    for place, example in enumerate(instrument.examples):
        row = scores.iloc[place]
        for scale_, stated in example.scores.items():
            if stated is None:
                assert np.isnan(row[scale_]), (place, scale_)
            else:
                assert row[scale_] == pytest.approx(stated, abs=5.1e-7, rel=0), (place, scale_)


@pytest.mark.parametrize("name", [name for name, each in RATING.items() if each.wording == "own"])
def test_the_pulse_form_is_scored_on_its_own_items(name):
    pulse = RATING[name].pulse()
    answers = pd.DataFrame({item.id: [float(pulse.low)] for item in pulse.items})
    people = people_of({}, responded=[None])
    found = score(survey_of(answers.set_axis(people.index), people, [pulse])).iloc[0]
    for scale_, items in pulse.scales.items():
        turned = sum(item.reversed for item in items)
        span = pulse.high - pulse.low
        assert found[scale_] == pytest.approx(pulse.low + span * turned / len(items)), scale_
        assert found[f"{scale_}:n_answered"] == len(items) > 0


@pytest.mark.parametrize("share", [0.8, 0.5])
@pytest.mark.parametrize("case", oracle("alpha").values(), ids=list(oracle("alpha")))
def test_scores_by_the_answered_share_against_r(case, share):
    instrument = scale(
        case["items"], low=case["range"][0], high=case["range"][1], turned=case["reversed"]
    )
    turned = keyed(table(case["data"]), instrument)
    found = score_items(turned, instrument, min_answered=share)["mean"].dropna()
    expected = case[f"score_min_share_{share}"]
    assert len(found) == expected["n"]
    assert found.mean() == pytest.approx(expected["mean"], rel=1e-12)
    assert found.std() == pytest.approx(expected["sd"], rel=1e-10)
    for item, mean in case["item_means"].items():
        assert turned[item].mean() == pytest.approx(mean, rel=1e-12)


# ---------------------------------------------------------------------------- rules
@st.composite
def answered(draw):
    """An instrument and answers to it, some of them missing."""
    low = draw(st.integers(-3, 2))
    high = low + draw(st.integers(1, 10))
    names = [f"i{place}" for place in range(draw(st.integers(1, 7)))]
    turned = draw(st.lists(st.sampled_from(names), unique=True))
    favourable = draw(st.lists(st.integers(low, high), unique=True))
    instrument = scale(names, low=low, high=high, turned=turned, favourable=favourable)
    one = st.one_of(st.none(), st.integers(low, high))
    rows = draw(st.lists(st.tuples(*[one] * len(names)), min_size=1, max_size=8))
    return instrument, pd.DataFrame(rows, columns=names, dtype="float64")


@given(answered())
@settings(deadline=None, max_examples=30)
def test_turning_twice_changes_nothing_and_keeps_the_range(case):
    instrument, answers = case
    once = keyed(answers, instrument)
    pd.testing.assert_frame_equal(keyed(once, instrument), answers)
    assert once.isna().equals(answers.isna())
    assert ((once >= instrument.low) & (once <= instrument.high) | once.isna()).all(axis=None)
    for item in instrument.items:
        turned = once[item.id].dropna() != answers[item.id].dropna()
        middle = answers[item.id].dropna() * 2 == instrument.low + instrument.high
        assert (turned == (item.reversed & ~middle)).all()


@given(answered(), st.sampled_from([0.2, 0.5, 0.6, 0.75, 0.8, 1.0]), st.randoms())
@settings(deadline=None, max_examples=40)
def test_readings_of_a_score(case, share, random):
    instrument, answers = case
    found = score_items(answers, instrument, min_answered=share)
    for row, given_ in zip(found.itertuples(), answers.to_numpy(), strict=True):
        there = [answer for answer in given_ if not np.isnan(answer)]
        assert row.n_answered == len(there)
        # In hundredths, so that the rule is exact here whatever it is there.
        enough = len(there) * 100 >= round(share * 100) * len(given_) and there
        if not enough:
            assert np.isnan([row.mean, row.pomp, row.favourable]).all()
            continue
        assert row.mean == pytest.approx(sum(there) / len(there), abs=1e-12)
        assert instrument.low <= row.mean <= instrument.high
        pomp = 100 * (row.mean - instrument.low) / (instrument.high - instrument.low)
        assert row.pomp == pytest.approx(pomp, abs=0.0051)
        assert 0 <= row.pomp <= 100
        liked = sum(answer in instrument.favourable for answer in there)
        assert row.favourable == pytest.approx(liked / len(there))
    order = list(range(len(answers)))
    random.shuffle(order)
    moved = score_items(answers.iloc[order], instrument, min_answered=share)
    pd.testing.assert_frame_equal(moved, found.iloc[order])


@pytest.mark.parametrize(
    ("items", "given_", "share", "scored"),
    [
        (5, 4, 0.8, True),
        (5, 3, 0.8, False),
        (10, 8, 0.8, True),
        (10, 7, 0.8, False),
        (3, 2, 2 / 3, True),
        (3, 1, 2 / 3, False),
        (3, 2, 0.6, True),
        (4, 3, 0.75, True),
        (7, 5, 0.8, False),
        (7, 6, 0.8, True),
        (35, 28, 0.8, True),
        (2, 1, 0.5, True),
        (2, 0, 0.0001, False),
        (6, 6, 1.0, True),
        (6, 5, 1.0, False),
    ],
)
def test_how_many_answers_are_enough(items, given_, share, scored):
    row = pd.DataFrame({f"i{n}": [3.0 if n < given_ else np.nan] for n in range(items)})
    found = score_items(row, scale(row.columns), min_answered=share).iloc[0]
    assert found["n_answered"] == given_
    assert found["mean"] == pytest.approx(3.0 if scored else np.nan, nan_ok=True)


def test_the_range_is_the_declared_one_not_the_observed():
    instrument = scale(["a", "b"], low=1, high=7, turned=["a"], favourable=[6, 7])
    answers = pd.DataFrame({"a": [2.0, 4.0], "b": [3.0, 5.0]})
    assert keyed(answers, instrument)["a"].tolist() == [6.0, 4.0]


def small() -> tuple[pd.DataFrame, pd.DataFrame]:
    people = people_of({"team": ["x", "x", "y", ""]}, responded=[True, True, True, False])
    answers = pd.DataFrame(
        {"a": [1.0, 2.0, np.nan], "b": [5.0, np.nan, np.nan], "other": [1.0, 1.0, 2.0]},
        index=people.index[:3],
    )
    return answers, people


def test_a_score_table_has_everybody_invited_and_says_who_answered_how_much():
    answers, people = small()
    both = [scale(["a", "b"]), scale(["other"], name="other")]
    found = score(survey_of(answers, people, both))
    assert list(found) == [
        "team", "responded", "trust", "trust:n_answered", "trust:pomp", "trust:favourable",
        "other", "other:n_answered", "other:pomp", "other:favourable",
    ]  # fmt: skip
    assert found.index.equals(people.index)
    assert found["trust"].tolist() == pytest.approx([3.0, np.nan, np.nan, np.nan], nan_ok=True)
    assert found["trust:n_answered"].tolist() == [2, 1, 0, 0]
    assert found["trust:n_answered"].dtype == "int64"
    lenient = score(survey_of(answers, people, both), min_answered=0.5)
    assert lenient["trust"].tolist() == pytest.approx([3.0, 2.0, np.nan, np.nan], nan_ok=True)


@pytest.mark.parametrize("share", [0, -0.1, 1.01])
def test_a_rule_outside_its_range_is_refused(share):
    answers, people = small()
    with pytest.raises(InputError, match="share of items"):
        score(survey_of(answers, people, [scale(["a", "b"])]), min_answered=share)


def test_an_instrument_with_an_item_that_was_not_asked_has_no_score():
    answers, people = small()
    survey = survey_of(answers, people, [scale(["a", "gone"]), scale(["other"], name="other")])
    assert scale_items(survey, survey.instruments["trust"]) == {}
    assert "trust" not in score(survey)


def test_a_survey_that_only_ticks_boxes_has_people_and_no_scores():
    question = load_instruments()["barriers_named"]
    people = people_of({"team": ["x", "y"]})
    answers = pd.DataFrame(
        {f"barriers_named.{each.id}": [1.0, 0.0] for each in question.options}, index=people.index
    )
    assert list(score(survey_of(answers, people, [question]))) == ["team", "responded"]


def test_a_rated_matrix_is_the_mean_of_the_ratings_given():
    seam = load_instruments()["seam_rating"]
    people = people_of({"function": ["A", "B", "C"]})
    answers = pd.DataFrame(
        {"seam_rating.A": [np.nan, 7.0, np.nan], "seam_rating.B": [2.0, np.nan, np.nan],
         "seam_rating.C": [5.0, np.nan, np.nan]},
        index=people.index,
    )  # fmt: skip
    found = score(survey_of(answers, people, [seam]))["seam_rating"]
    assert found.tolist() == pytest.approx([3.5, 7.0, np.nan], nan_ok=True)


def test_the_small_score_tables_of_these_tests_look_like_real_ones():
    made = scores_of({"trust": [4.0, 2.0]}, {"team": ["x", "y"]})
    people = people_of({"team": ["x", "y"]})
    answers = pd.DataFrame({"a": [4.0, 2.0]}, index=people.index)
    pd.testing.assert_frame_equal(made, score(survey_of(answers, people, [scale(["a"])])))
