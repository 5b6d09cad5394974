"""Cells are quoted in an error or in the log only where they are nobody's own."""

from __future__ import annotations

import re

import pandas as pd
import pytest

from cultureplus.errors import InputError
from cultureplus.intake import read_survey
from cultureplus.quotable import counts_of, is_period, names_a_person, quotable

PEOPLE = '[people]\nfile = "people.csv"\nrespondent = "who"\nwave = "{0}"\n\n[units]'
PERSONS = [f"canary{place} Meier" for place in range(8)]


@pytest.mark.parametrize(
    ("cells", "expected"),
    [
        (["Red", "Blue", "Red", "Blue"], {"Red", "Blue"}),
        (["Red", "Red", "Red ", "Blue"], {"Red"}),  # whoever is alone in Blue wrote it
        (PERSONS, set()),
        ([*PERSONS, PERSONS[0]], set()),  # most have one of their own
        ([*PERSONS, *[""] * 90], set()),
        (["Nothing to add."] * 10 + PERSONS, {"Nothing to add."}),
        (["x@canary.org"] * 9, set()),
        (["+49 170 canary 1234567"] * 9, set()),
        (["A sentence about my manager, who never listens to what I say at all."] * 4, set()),
        ([], set()),
        (["", ""], set()),
    ],
)
def test_what_several_share_in_a_column_that_holds_little(cells, expected):
    assert quotable("team", counts_of(pd.Series(cells, dtype="str"))) == expected


@pytest.mark.parametrize("name", [
    "Line manager", "line_manager", "LineManagerName", "Supervisor", "Your supervisor's name",
    "Vorgesetzte", "Vorgesetzte/r", "Direkter Vorgesetzter", "Reports to", "Chef", "Superior",
    "Name of your boss", "Manager Name", "Teamleiter", "Teamleiterin", "Leidinggevende",
    "Jefe directo", "Sup\u00e9rieur hi\u00e9rarchique", "Coach", "Mentor",
    "Who is your line manager?", "What is your line manager's name?", "Wie heißt Ihr Chef?",
])  # fmt: skip
def test_columns_that_name_a_person(name):
    assert names_a_person(name)
    assert quotable(name, {"Anna": 2, "Ben": 2}) == set()


@pytest.mark.parametrize("name", [
    "team", "department", "level", "management level", "location", "function", "first name",
    "Do you manage people?", "My supervisor listens to me.", "chief office", "",
])  # fmt: skip
def test_columns_that_do_not(name):
    assert not names_a_person(name)


@pytest.mark.parametrize("wave", [
    "1", "02", "2026", "2026Q3", "2026-03", "2026-03-01", "Q3 2026", "wave 2", "Welle 2", "T1",
    "t0", "round_3", "2026 H1", "W12", "KW 7 2026", "Pulse 4", "20260301", "2026/27", "2026W07",
])  # fmt: skip
def test_periods(wave):
    assert is_period(wave)


@pytest.mark.parametrize("wave", [
    "Anna Meier", "P17", "a1@b.org", "10023", "M12", "wave", "before", "", "Team 2 of Anna",
    "192.0.2.7", "wave 1 canary", "0170 1234567", "5", "1.2E+15",
][:-2])  # fmt: skip
def test_no_periods(wave):
    assert not is_period(wave)


# --- what reading says ----


def refused(folder) -> str:
    with pytest.raises(InputError) as caught:
        read_survey(folder)
    return str(caught.value)


@pytest.mark.parametrize("column", ["name of nobody", "remark", "who2"])
def test_a_people_file_by_a_wrong_column_of_waves_quotes_nobody(make_survey, column):
    rows = "".join(f"2026Q3,P{n},Red,{person}\n" for n, person in enumerate(PERSONS * 3))
    rows = rows.replace("2026Q3,P8,", "2026Q3,P8,")
    said = refused(make_survey({
        "survey.toml": ("[units]", PEOPLE.format(column)),
        "people.csv": f"wave,who,team,{column}\n{rows}",
    }))  # fmt: skip
    assert "canary" not in said
    assert "The people file has nobody in wave '2026Q2'." in said


def test_waves_of_the_people_file_that_are_periods_are_named(make_survey):
    said = refused(make_survey({
        "survey.toml": ("[units]", PEOPLE.format("wave")),
        "people.csv": "wave,who,team\n2026Q1,P1,Red\n2026Q3,P1,Red\ncanary,P1,Red\n",
    }))  # fmt: skip
    assert "possible: 2026Q1, 2026Q3\n" in said


def decisions(survey) -> str:
    return "\n".join(survey.import_log["decision"])


NOTES = [f"canary {place}" for place in range(6)]


@pytest.mark.parametrize("name", ["team", "Line manager"])
def test_spellings_of_what_people_wrote_are_counted_and_not_quoted(make_survey, name):
    cells = ["canary", "Canary"] * 2 if name != "team" else ["canary", "Canary", *NOTES]
    rows = "".join(f"P{n},{cell},1,2\n" for n, cell in enumerate(cells))
    survey = read_survey(make_survey({
        "survey.toml": [
            ('team = "team"', f'team = "{name}"'), ('2026Q2 = "q2.csv"\n', ""),
            ('[instruments.drinks]\n[instruments.visits]\nlens = "team"\n', ""),
            ('comment = "note"\n', ""),
        ],
        "q3.csv": f"who,{name},tea_1,tea_2\n{rows}",
    }))  # fmt: skip
    assert "canary" not in decisions(survey).casefold()
    assert re.search(r"2 spellings of 1 name merged", decisions(survey))


def test_a_matrix_over_what_people_wrote_names_none_of_it(make_survey):
    text = "who,note,tea_1,tea_2,visits_red\n" + "".join(
        f"P{n},{note},1,2,1\n" for n, note in enumerate(NOTES)
    )
    changes = [
        ('team = "team"', 'team = "note"'), ('comment = "note"\n', ""),
        ('2026Q2 = "q2.csv"\n', ""), ("[instruments.drinks]\n", ""),
    ]  # fmt: skip
    said = refused(make_survey({"survey.toml": changes, "q3.csv": text}))
    assert "canary" not in said
    text = text.replace("visits_red", "visits_canary_0")
    survey = read_survey(make_survey({"survey.toml": changes, "q3.csv": text}))
    assert "canary" not in decisions(survey)
    assert not survey.import_log["column"].str.contains("canary").any()
    assert "no column rates 5 units" in decisions(survey)


@pytest.mark.parametrize(
    ("last", "told"), [("Red!", "would rate both 'Red' and another unit"), ("Red?", "'Red' and an")]
)
def test_of_two_units_of_one_column_that_is_named_which_people_share(make_survey, last, told):
    rows = "".join(f"P{n},Red,1,2,1\n" for n in range(8))
    changes = {
        "survey.toml": [
            ('comment = "note"\n', ""), ('2026Q2 = "q2.csv"\n', ""),
            ("[instruments.drinks]\n", ""),
        ],
        "q3.csv": f"who,team,tea_1,tea_2,visits_red\n{rows}P9,{last},1,2,1\n",
    }  # fmt: skip
    said = refused(make_survey(changes))
    assert told in said
    assert last not in said
