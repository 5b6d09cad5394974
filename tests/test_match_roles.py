"""Which columns say who, where, how long, in which language: by name and by what stands in them."""

from __future__ import annotations

import pandas as pd
import pytest

from cultureplus.proposing import match_roles as roles
from cultureplus.proposing.column_facts import facts_of
from cultureplus.raw_table import RawTable

N = 12


def facts(columns, **more):
    frame = pd.DataFrame({name: [str(cell) for cell in cells] for name, cells in columns.items()})
    return facts_of([RawTable(frame, "a.csv", 2, **more)])


KEYS = [f"P{place}" for place in range(N)]
NAMES = ["Sales", "Product"] * (N // 2)
NUMBERS = list(range(100, 100 + N))


@pytest.mark.parametrize(
    ("columns", "expected"),
    [
        ({"Response ID": KEYS, "External Data Reference": KEYS}, "External Data Reference"),
        ({"token": KEYS, "id": NUMBERS}, "token"),
        ({"E-mail": KEYS}, "E-mail"),
        ({"record_id": KEYS}, "record_id"),
        ({"caseid": NUMBERS}, "caseid"),
        ({"Personal-Nr.": KEYS}, "Personal-Nr."),
        ({"Nutzername": KEYS}, "Nutzername"),
        ({"participant_id": KEYS, "email": [f"{key}@x.org" for key in KEYS]}, "participant_id"),
        ({"participant_id": ["P1", *KEYS[1:-1], "P1"]}, None),  # one stands here twice
        ({"token": ["", *KEYS[1:]]}, None),  # one has none
        ({"score": NUMBERS}, None),  # no name of a key
    ],
)
def test_the_respondent(columns, expected):
    found = roles.respondent_key([facts(columns)])
    assert (found and found.column) == expected


@pytest.mark.parametrize(
    ("columns", "why"),
    [
        ({"employee_id": ["P1", *KEYS[1:]]}, "1 record with a key that stands above already"),
        ({"token": ["", *KEYS[1:]]}, "1 without one"),
        ({"token": ["", *KEYS[2:], "P2"]}, "1 record with a key that stands above already, "
         "1 without one"),
        ({"token": [*KEYS[:6], *KEYS[:6]]}, None),  # half of them
        ({"token": KEYS}, None),
        ({"team": ["P1", *KEYS[1:-1], "P1"]}, None),
    ],
)  # fmt: skip
def test_a_key_that_a_few_records_spoil_is_told(columns, why):
    table = facts(columns)
    found = roles.spoilt_key([table])
    assert (found and found.why) == why
    assert (found and found.column) == (why and next(iter(columns)))


def test_a_response_id_is_said_not_to_link_waves():
    assert "can't link waves" in roles.respondent_key([facts({"ResponseId": KEYS})]).why


def test_a_key_that_comes_back_is_better_than_one_that_does_not():
    now = facts({"token": KEYS, "email": KEYS})
    before = facts({"token": [f"Q{key}" for key in KEYS], "email": KEYS[::-1]})
    found = roles.respondent_key([before, now])
    assert (found.column, found.why.split(", ")[1]) == ("email", "and most come back")
    alone = roles.respondent_key(
        [facts({"token": KEYS}), facts({"token": [f"Q{k}" for k in KEYS]})]
    )
    assert "none comes back" in alone.why


@pytest.mark.parametrize(
    ("name", "cells", "lens"),
    [
        ("department", NAMES, "function"),
        ("Abteilung", NAMES, "function"),
        ("Which department do you work in?", NAMES, "function"),
        ("businessUnit", NAMES, "function"),
        ("Standort", NAMES, "location"),
        ("In which country do you work?", NAMES, "location"),
        ("jobLevel", NAMES, "level"),
        ("What is your level?", NAMES, "level"),
        ("\u00c9quipe", NAMES, "team"),
        ("Your team", NAMES, "team"),
        # no units
        ("department", KEYS, None),  # each has one of its own
        ("department", ["Sales"] * N, None),  # all have the same
        ("department", [1, 2] * (N // 2), None),  # codes without names
        ("What age group are you in?", ["18-30", "31-50"] * (N // 2), None),
        ("How would you rate your level of experience?", NAMES, None),
        ("I like my team.", ["Agree", "Disagree"] * (N // 2), None),
        ("I involve that department from the start.", NAMES, None),
        ("colour", NAMES, None),
    ],
)
def test_units(name, cells, lens):
    found = roles.unit_columns(facts({name: cells}), ())
    assert list(found) == ([] if lens is None else [lens])


def test_the_word_itself_goes_before_a_sentence_and_taken_columns_stay_taken():
    table = facts({"Which team are you in?": NAMES, "team": NAMES, "dept": NAMES})
    found = roles.unit_columns(table, {"dept"})
    assert found["team"].column == "team"
    assert "dept" not in {role.column for role in found.values()}
    assert "function" not in found


def test_what_tells_who_somebody_is_serves_for_nothing_else():
    table = facts({"office": NAMES, "country": NAMES}, identifying={"office": "coordinates"})
    assert roles.unit_columns(table, ())["location"].column == "country"


@pytest.mark.parametrize(
    ("find", "name", "cells", "is_it"),
    [
        (roles.seconds_column, "Duration (in seconds)", NUMBERS, True),
        (roles.seconds_column, "interviewtime", NUMBERS, True),
        (roles.seconds_column, "duration", KEYS, False),
        (roles.language_column, "UserLanguage", ["EN", "DE"] * (N // 2), True),
        (roles.language_column, "Start language", ["en", "de"] * (N // 2), True),
        (roles.language_column, "language", ["I speak no languages at all"] * N, False),
        (roles.wave_column, "Wave", ["2026Q2", "2026Q3"] * (N // 2), True),
        (roles.wave_column, "wave", KEYS, False),
        (roles.wave_column, "wave", ["2026Q3"] * N, False),
        (roles.wave_column, "wave", ["2026Q2", "2026Q3"] * (N // 2 - 1) + ["", ""], False),
        (roles.wave_column, "answer", ["2026Q2", "2026Q3"] * (N // 2), False),
    ],
)
def test_other_columns(find, name, cells, is_it):
    assert (find(facts({name: cells})) is not None) is is_it


def test_comments_and_numbers_about_people():
    text = [f"It could be a little better, number {place} says" for place in range(N)]
    table = facts({"note": text, "Any comments?": text[::-1], "team": NAMES})
    found, free = roles.comment_column(table, ())
    assert found.column == "Any comments?"
    assert free == ["note", "Any comments?"]
    one, _ = roles.comment_column(facts({"note": text}), ())
    assert one.column == "note"
    assert roles.comment_column(facts({"Comments": NAMES}), ())[0] is None
    names = facts({"Comments": text}, identifying={"Comments": "name"})
    assert roles.comment_column(names, ()) == (None, [])
    years = facts({"tenure_years": NUMBERS, "score": NUMBERS, "fte": KEYS})
    assert [role.column for role in roles.adjust_columns(years, ())] == ["tenure_years"]


def test_columns_that_hold_keys():
    table = facts({"from": KEYS, "to": KEYS[::-1], "weight": NUMBERS})
    assert roles.holding(table, set(KEYS)) == ["from", "to"]
    assert roles.holding(table, set()) == []


@pytest.mark.parametrize(
    "cells",
    [
        [f"2026/03/{place + 1:02} 9:14:21 AM MEZ" for place in range(N)],
        [f"{place + 1}.3.2026 09:14:21 in the morning" for place in range(N)],
        [";".join(f"Something {what} to tick" for what in "abcdefg" if (place >> "abcdefg".index(
            what)) % 2) + ";" for place in range(20, 20 + 3 * N)],
    ],
)  # fmt: skip
def test_times_and_ticked_answers_are_no_comments(cells):
    assert roles.comment_column(facts({"Zeitstempel": cells}), ()) == (None, [])


@pytest.mark.parametrize(
    ("stem", "wave"),
    [
        ("2026Q3", ("2026Q3", True)),
        ("Culture survey Q3-2026 (final)", ("2026Q3", True)),
        ("answers_2026-09", ("2026-09", True)),
        ("survey_wave_2", ("wave 2", True)),
        ("Q2", ("Q2", True)),
        ("maintainers_2020H1", ("2020H1", True)),
        ("pulse 2025", ("2025", True)),
        ("Pulse 2026_March 9, 2026_10.12", ("2026-03", True)),
        ("Pulse+2026_March+9%2C+2026_10.12", ("2026-03", True)),
        ("9. Okt. 2025 Puls", ("2025-10", True)),
        ("Umfrage März 2026", ("2026-03", True)),
        ("May I ask 2026", ("2026", True)),
        ("marketing 2026", ("2026", True)),
        ("my_answers", ("my_answers", False)),
        ("export (12)", ("export 12", False)),
        ("12026Q31", ("12026Q31", False)),
        ("***", ("first", False)),
    ],
)
def test_waves_in_names_of_files(stem, wave):
    assert roles.wave_named(stem) == wave


BOSSES = ["Anna Canary", "Ben Canary"] * (N // 2)


@pytest.mark.parametrize(
    "name",
    ["Line manager", "Supervisor", "Vorgesetzte", "Manager", "Team lead", "F\u00fchrungskraft",
     "Who is your line manager?", "Teamleiter", "Reports to"],
)  # fmt: skip
def test_a_column_that_names_a_superior_is_no_lens(name):
    several = facts({name: BOSSES, "department": NAMES})
    found = roles.unit_columns(several, set())
    assert {lens: role.column for lens, role in found.items()} == {"function": "department"}
    assert roles.superiors(several, set()) == [name]


def test_a_question_that_names_a_superior_counts_as_well():
    several = facts({"Q4": BOSSES}, questions={"Q4": "Who is your line manager?"})
    assert roles.superiors(several, set()) == ["Q4"]
    assert roles.superiors(facts({"Manager": ["Yes", "No"] * 6, "team": NAMES}), set()) == []
    assert roles.superiors(facts({"Manager": NUMBERS}), set()) == []
