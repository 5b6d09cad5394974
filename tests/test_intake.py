"""Reading a whole survey: the same answers whatever the order, and a log that adds up."""

from __future__ import annotations

import csv
import dataclasses
import io
import json
import random
import re
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cultureplus.errors import InputError
from cultureplus.intake import read_survey
from cultureplus.scoring import score
from tests.small_surveys import hashed_key

DATA = Path(__file__).parents[1] / "data"
QUICK = settings(
    max_examples=6, deadline=None, derandomize=True, database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)  # fmt: skip
PEOPLE = ("[units]", '[people]\nfile = "people.csv"\nrespondent = "who"\nwave = "wave"\n\n[units]')
DROP = (PEOPLE[0], PEOPLE[1].replace("\n\n", '\nstrangers = "drop"\n\n'))
TIES = ("[missing]", '[ties]\nfile = "ties.csv"\nfrom = "a"\nto = "b"\n\n[missing]')
P1, P2, P3, P4, P5 = (hashed_key(f"P{number}") for number in range(1, 6))
KEYS = "keys replaced by keyed hashes"
TABLES = ("answers", "people", "ties", "comments")


def same(left, right) -> None:
    for name in TABLES:
        pd.testing.assert_frame_equal(getattr(left, name), getattr(right, name), obj=name)


# ---- what is read ----


def test_the_small_survey_answer_by_answer(make_survey):
    survey = read_survey(make_survey({"survey.toml": [PEOPLE, TIES], "ties.csv": "a,b\nP1,P2\n"}))
    answers = survey.answers.astype("object").where(survey.answers.notna(), None)
    assert answers.reset_index().to_numpy().tolist() == [
        ["2026Q2", P1, 4, 5, 1, 0, 0, 2, None],
        ["2026Q2", P2, 2, 3, 0, 0, 1, None, 3],
        ["2026Q3", P1, 4, 4, 1, 1, 0, 2, None],
        ["2026Q3", P2, 3, 3, 0, 0, 1, None, 3],
        ["2026Q3", P3, 1, 2, 1, 0, 0, None, 1],
        ["2026Q3", P4, 5, None, None, None, None, 1, None],
    ]
    assert list(survey.answers) == [
        "tea_1", "tea_2", "drinks.milk", "drinks.sugar", "drinks.none", "visits.Blue", "visits.Red",
    ]  # fmt: skip
    assert survey.people.reset_index().to_numpy().tolist() == [
        ["2026Q2", P1, "Red", True], ["2026Q2", P2, "Blue", True],
        ["2026Q3", P1, "Red", True], ["2026Q3", P2, "Blue", True],
        ["2026Q3", P3, "Blue", True], ["2026Q3", P4, "Red", True],
        ["2026Q3", P5, "Red", False],
    ]  # fmt: skip
    assert survey.units.to_numpy().tolist() == [
        ["2026Q2", "team", "Blue", 1, 1], ["2026Q2", "team", "Red", 1, 1],
        ["2026Q3", "team", "Blue", 2, 2], ["2026Q3", "team", "Red", 3, 2],
    ]  # fmt: skip
    assert survey.comments.to_numpy().tolist() == [["2026Q3", P1, "A note,\nover two lines"]]
    assert survey.ties.to_numpy().tolist() == [["2026Q3", P1, P2]]
    assert (survey.waves, survey.wave, survey.lenses) == (("2026Q2", "2026Q3"), "2026Q3", ("team",))
    assert survey.matrix_lens == {"visits": "team"}
    assert survey.not_asked("tea", "coffee") == "not asked in this survey: coffee"


def test_without_a_people_file_nobody_knows_who_was_invited(make_survey):
    survey = read_survey(make_survey())
    assert survey.people["responded"].isna().all()
    assert survey.units["invited"].isna().all()
    assert survey.units["n"].tolist() == [1, 1, 2, 2]


def test_a_people_file_without_waves_holds_for_all_of_them(make_survey):
    folder = make_survey(
        {"survey.toml": (PEOPLE[0], PEOPLE[1].replace('wave = "wave"\n', "")),
         "people.csv": "who,team\nP1,Red\nP2,Blue\nP3,Blue\nP4,Red\nP5,Red\n"}
    )  # fmt: skip
    people = read_survey(folder).people["responded"]
    assert people.loc["2026Q2"].tolist() == [True, True, False, False, False]
    assert people.loc["2026Q3"].tolist() == [True, True, True, True, False]


def test_units_come_from_the_people_file_where_there_is_one(make_survey):
    folder = make_survey({"survey.toml": PEOPLE, "q3.csv": ("P3,Blue", "P3,Elsewhere")})
    assert read_survey(folder).people.loc[("2026Q3", P3), "team"] == "Blue"


def test_a_missing_code_is_no_comment(make_survey):
    texts = [('"A note,\nover two lines"', "-99.0"), ("3,,\n", "3,,-99 of us\n")]
    survey = read_survey(make_survey({"q3.csv": texts}))
    assert survey.comments["text"].tolist() == ["-99 of us"]
    told = survey.import_log.query("column == 'note'")["decision"].tolist()
    assert told == ["1 cell with a missing code counted as blank"]


def test_a_unit_named_like_a_number_stays_a_name(make_survey):
    changes = [("P1,Red", "P1,007"), ("P4,Red", "P4,007"), ("P2,Blue", "P2,1e3")]
    without = '[instruments.visits]\nlens = "team"\n'
    survey = read_survey(make_survey({"q3.csv": changes, "survey.toml": (without, "")}))
    assert survey.people.loc["2026Q3", "team"].tolist() == ["007", "1e3", "Blue", "007"]


def test_waves_of_one_file_come_in_the_order_of_their_numbers(make_survey):
    toml = [
        ('[waves]\n2026Q2 = "q2.csv"\n2026Q3 = "q3.csv"\n\n', 'export = "all.csv"\n\n'),
        ('comment = "note"', 'wave = "quarter"'),
        ('[instruments.drinks]\n[instruments.visits]\nlens = "team"\n', ""),
    ]
    text = "who,quarter,team,tea_1,tea_2\nP1,10,Red,1,2\nP2,9,Red,3,4\nP1, 9,Red,5,4\n"
    survey = read_survey(make_survey({"survey.toml": toml, "all.csv": text}))
    assert survey.waves == ("9", "10")
    assert survey.answers["tea_1"].tolist() == [3, 5, 1]
    log = survey.import_log
    assert log[["file", "wave", "decision"]].to_numpy().tolist() == [
        ["all.csv", "", "read"],
        ["all.csv", "", KEYS],
        ["all.csv", "9", "2 records of this wave"],
        ["all.csv", "10", "1 record of this wave"],
    ]


ROSTER = "who,team,tenure\nP1,Red,1\nP2,Blue,2\nP3,Blue,3\nP4,Red,4\nP5,Red,5\n"


@pytest.mark.parametrize(
    ("renaming", "teams"),
    [
        ('Red = "Crimson"', ["Crimson", "Blue", "Blue", "Crimson"]),
        ('" rED " = "Crimson"', ["Crimson", "Blue", "Blue", "Crimson"]),
        ('Red = "blue"', ["Blue", "Blue", "Blue", "Blue"]),
        ('Red = "Blue"\nBlue = "Red"', ["Blue", "Red", "Red", "Blue"]),
        ('Red = ""', [None, "Blue", "Blue", None]),
        ('"*" = "Other"', ["Other", "Other", "Other", "Other"]),
        ('"*" = "Other"\nred = "Red"', ["Red", "Other", "Other", "Red"]),
        ('Red = "Blue"\n"*" = "Other"', ["Blue", "Blue", "Blue", "Blue"]),
    ],
)
def test_units_are_renamed(make_survey, renaming, teams):
    changes = [("[missing]", f"[rename.team]\n{renaming}\n\n[missing]")]
    changes.append(('[instruments.visits]\nlens = "team"\n', ""))
    found = read_survey(make_survey({"survey.toml": changes})).people.loc["2026Q3", "team"]
    assert found.astype("object").where(found.notna(), None).tolist() == teams


def test_units_of_one_person_are_told_of(make_survey):
    """Names that people wrote themselves would stand in a report, though without numbers."""
    people = ROSTER.replace("P1,Red", "P1,a").replace("P2,Blue", "P2,b").replace("P3,Blue", "P3,c")
    changes = [("[units]", '[people]\nfile = "people.csv"\nrespondent = "who"\n\n[units]')]
    changes.append(('[instruments.visits]\nlens = "team"\n', ""))
    for text, told in ((ROSTER, 0), (people, 1)):
        files = {"survey.toml": changes, "people.csv": text}
        log = read_survey(make_survey(files)).import_log
        assert log["decision"].str.contains("team have one person").sum() == told


def test_an_instrument_that_a_wave_did_not_ask_is_missing_there(make_survey):
    survey = read_survey(make_survey({"q2.csv": ("visits_red,visits_blue", "a,b")}))
    assert survey.answers.loc["2026Q2", "visits.Blue"].isna().all()
    assert survey.answers.loc["2026Q3", "visits.Blue"].notna().sum() == 2


def test_ticking_none_beside_others_counts_as_the_others(make_survey):
    survey = read_survey(make_survey({"q3.csv": ("P3,Blue,1,2,1,0,0", "P3,Blue,1,2,1,0,1")}))
    row = survey.answers.loc[("2026Q3", P3), ["drinks.milk", "drinks.sugar", "drinks.none"]]
    assert row.tolist() == [1, 0, 0]


def test_a_rating_of_ones_own_team_does_not_count(make_survey):
    survey = read_survey(make_survey({"q3.csv": ("0,0,1,3,,", "0,0,1,3,2,")}))
    assert survey.answers.loc["2026Q3", "visits.Blue"].fillna(0).tolist() == [2, 0, 0, 1]


def test_adjusting_columns_and_seconds_are_numbers(make_survey):
    toml = [
        PEOPLE,
        ("[missing]", '[adjust]\ncolumns = ["tenure"]\n\n[missing]'),
        ('comment = "note"', 'seconds = "note"'),
    ]
    q3 = [('"A note,\nover two lines"', "61.5"), ("P4,Red,5,,0,0,0,,1,", "P4,Red,5,,0,0,0,,1,?")]
    folder = make_survey({"survey.toml": toml, "people.csv": ("Red,7", "Red,-99"), "q3.csv": q3})
    people = read_survey(folder).people.loc["2026Q3"].fillna(-1)
    assert people["tenure"].tolist() == [1.75, 2.25, -1, -1, 8]
    assert people["seconds"].tolist() == [61.5, -1, -1, -1, -1]


# ---- one survey, many files ----


def shuffled(path: Path, chance: random.Random, *, columns: bool) -> None:
    """The same records in another order, and the columns too."""
    rows = [row for row in csv.reader(io.StringIO(path.read_text("utf-8"))) if row]
    order = list(range(len(rows[0])))
    if columns:
        chance.shuffle(order)
    records = rows[1:]
    chance.shuffle(records)
    text = io.StringIO()
    csv.writer(text).writerows([[row[place] for place in order] for row in [rows[0], *records]])
    path.write_text(text.getvalue(), encoding="utf-8", newline="")


@given(st.integers(0, 10**6))
@QUICK
def test_the_order_of_rows_and_columns_changes_nothing(make_survey, seed):
    folder = make_survey({"survey.toml": PEOPLE})
    wanted = read_survey(folder)
    chance = random.Random(seed)
    for name in ("q2.csv", "q3.csv", "people.csv"):
        shuffled(folder / name, chance, columns=True)
    found = read_survey(folder)
    pd.testing.assert_frame_equal(found.answers.sort_index(), wanted.answers.sort_index())
    pd.testing.assert_frame_equal(found.people.sort_index(), wanted.people.sort_index())
    pd.testing.assert_frame_equal(found.units, wanted.units)
    pd.testing.assert_frame_equal(score(found).sort_index(), score(wanted).sort_index())
    pd.testing.assert_frame_equal(found.import_log, wanted.import_log)


def test_reading_is_deterministic():
    first, second = read_survey(DATA / "army2002"), read_survey(DATA / "army2002" / "survey.toml")
    same(first, second)
    pd.testing.assert_frame_equal(first.import_log, second.import_log)


# ---- waves ----


def test_one_wave_read_is_the_wave_of_the_whole(make_survey):
    folder = make_survey({"survey.toml": [PEOPLE, TIES], "ties.csv": "a,b\nP1,P2\n"})
    whole = read_survey(folder)
    for waves in (["2026Q2"], ["2026Q3"], ["2026Q3", "2026Q2"]):
        read, kept = read_survey(folder, waves=waves), whole.in_waves(waves)
        same(read, kept)
        assert read.waves == kept.waves == tuple(sorted(waves))
    assert len(whole.answers) == 6


@pytest.mark.parametrize("waves", [["2026Q4"], ["2026Q3", "2026Q9"], [""]])
def test_a_wave_that_is_not_there_is_refused(make_survey, waves):
    folder = make_survey()
    for call in (
        lambda: read_survey(folder, waves=waves),
        lambda: read_survey(folder).in_waves(waves),
    ):
        with pytest.raises(
            InputError, match=r"^There is no wave '.*' in this survey\.\n"
        ) as caught:
            call()
        assert "possible: 2026Q2, 2026Q3" in str(caught.value)


def test_no_wave_at_all_is_refused(make_survey):
    with pytest.raises(InputError, match="No wave is named"):
        read_survey(make_survey(), waves=[])
    with pytest.raises(InputError, match="No wave is named"):
        read_survey(make_survey()).in_waves([])


# ---- the survey and its log ----


def test_a_survey_cannot_be_changed(make_survey):
    survey = read_survey(make_survey())
    for name in ("answers", "people", "title", "waves"):
        with pytest.raises(dataclasses.FrozenInstanceError):
            setattr(survey, name, None)


def test_a_survey_says_what_it_is(make_survey):
    assert repr(read_survey(make_survey({"survey.toml": PEOPLE}))) == (
        "Survey('Tea at work': waves 2026Q2, 2026Q3; 7 people rows, 6 answered; 3 instruments; "
        "lenses team)"
    )


def records_left(survey, file: str) -> int:
    """Follow a file's records through the log; each step takes in what the one before let out."""
    steps = survey.import_log.query("file == @file").dropna(subset="rows_in")
    assert steps["decision"].iloc[0] == "read"
    assert steps["rows_in"].iloc[1:].tolist() == steps["rows_out"].iloc[:-1].tolist()
    assert (steps["rows_in"] >= steps["rows_out"]).all()
    return int(steps["rows_out"].iloc[-1])


def test_the_rows_of_the_log_add_up(make_survey):
    strangers = ("P3,Blue", "P9,Blue")
    silent = ("P4,Red,5,,0,0,0,,1,", "P4,Red,,,0,0,0,,,")
    survey = read_survey(make_survey({"survey.toml": DROP, "q3.csv": [strangers, silent]}))
    assert records_left(survey, "q2.csv") == 2 == len(survey.answers.loc["2026Q2"])
    assert records_left(survey, "q3.csv") == 2 == len(survey.answers.loc["2026Q3"])
    q3 = survey.import_log.query("file == 'q3.csv'").dropna(subset="rows_in")
    assert q3[["rows_in", "rows_out"]].to_numpy().tolist() == [[4, 4], [4, 3], [3, 2]]


def test_previews_add_up_too(make_survey):
    head = "Status,who,team,tea_1,tea_2\n"
    ids = ",".join(
        ['"' + json.dumps({"ImportId": "x"}).replace('"', '""').replace(" ", "") + '"'] * 5
    )
    both = f"{head},,,,\n{ids}\n0,P1,Red,1,2\n1,P2,Red,3,3\n0,P3,Red,,\n"
    toml = [
        ('kind = "plain"', 'kind = "qualtrics"'),
        ('comment = "note"\n', ""),
        ('[instruments.drinks]\n[instruments.visits]\nlens = "team"\n', ""),
    ]
    later = both + "\n"  # the same bytes would be one file for two waves
    survey = read_survey(make_survey({"survey.toml": toml, "q2.csv": both, "q3.csv": later}))
    log = survey.import_log.query("wave == '2026Q3' and decision != @KEYS")
    assert log[["decision", "rows_in", "rows_out"]].to_numpy().tolist() == [
        ["read", 3, 3],
        ["previews and test answers left out", 3, 2],
        ["records without any answer left out", 2, 1],
    ]
    assert survey.answers.index.tolist() == [("2026Q2", P1), ("2026Q3", P1)]


@pytest.mark.parametrize("name", ["sample", "army2002"])
def test_the_logs_of_the_data_add_up(name):
    survey = read_survey(DATA / name)
    log = survey.import_log
    exports = log.loc[log["wave"] != "", "file"].unique()
    assert sum(records_left(survey, file) for file in exports) == len(survey.answers)


WRONG = {"another table": "person,colour\nP1,canary\nP2,canary\n", "only keys": "who\nP1\nP2\n"}


@pytest.mark.parametrize("wrong", WRONG.values(), ids=WRONG)
@pytest.mark.parametrize("keys", ["", 'respondent = "who"\n'])
@pytest.mark.parametrize("waves", [None, ["2026Q2"], ["2026Q3"]])
def test_a_file_without_a_column_of_any_question_is_no_wave(make_survey, wrong, keys, waves):
    changes = [
        ('respondent = "who"\ncomment = "note"\n', keys), ('[units]\nteam = "team"\n', ""),
        ('[instruments.visits]\nlens = "team"\n', ""),
    ]  # fmt: skip
    folder = make_survey({"survey.toml": changes, "q2.csv": wrong})
    with pytest.raises(InputError, match=r"q2\.csv: .*(No question of|Can't find)") as caught:
        read_survey(folder, waves=waves)
    assert not re.search(r"canary|\bP1", str(caught.value))


def test_a_wave_that_asked_one_of_several_instruments_is_read(make_survey):
    survey = read_survey(make_survey({"q2.csv": "who,team,tea_1,tea_2,note\nP1,Red,4,5,\n"}))
    assert survey.waves == ("2026Q2", "2026Q3")
