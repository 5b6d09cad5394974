"""A header that is somebody's record is not quoted as names of columns."""

from __future__ import annotations

import re

import pandas as pd
import pytest

from cultureplus.errors import InputError
from cultureplus.intake import read_survey
from cultureplus.no_record import holds_values, shown_as_header
from cultureplus.proposing.init_survey import init_survey
from cultureplus.raw_table import RawTable, column_of


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("2026-11-01 10:00:00", True), ("11/1/26 10:00:00", True), ("1.11.2026", True),
        ("192.0.2.7", True), ("a@b.org", True), ("4,5", True),
        ("2026-03", False), ("1-2", False), ("1.2.3.4.5", False), ("1.2.3 Trust", False),
    ],
)  # fmt: skip
def test_names_that_are_values(name, expected):
    assert holds_values(["who", name]) is expected


# --- files without a header ----

PEOPLE = '[people]\nfile = "people.csv"\nrespondent = "{0}"\n\n[units]'
KEYS = {
    "numbered": ["canary1", "canary2", "canary3", "canary4", "canary5"],
    "numbers": ["77001", "77002", "77003", "77004", "77005"],
    "names": ["canary Meier", "canary Ng", "canary Lee", "canary Roe", "canary O'Neil"],
}


@pytest.mark.parametrize("keys", KEYS.values(), ids=KEYS)
@pytest.mark.parametrize("named", ["first", "who"])
def test_people_without_a_header_are_refused_and_none_is_quoted(make_survey, keys, named):
    own = '"who"' if named == "who" else f'"{keys[0]}"'
    rows = "".join(f"{key},Red,1,2\n" for key in keys)
    folder = make_survey({
        "survey.toml": [
            ("[units]\nteam = \"team\"", PEOPLE.replace('"{0}"', own) + '\nteam = "Team Red"'),
            ('[instruments.drinks]\n[instruments.visits]\nlens = "team"\n', ""),
            ('comment = "note"\n', ""), ('2026Q2 = "q2.csv"\n', ""),
        ],
        "q3.csv": f"who,team,tea_1,tea_2\n{rows}",
        "people.csv": "".join(f"{key},Team Red\n" for key in keys),
    })  # fmt: skip
    with pytest.raises(
        InputError, match=r"looks like a record|nothing in the file shows"
    ) as caught:
        read_survey(folder)
    said = str(caught.value)
    assert "people.csv" in said
    assert not [key for key in keys if key in said]


WORDS = ["canary one", "canary two", "canary three", "canary four"]
TEXTS = {
    "words": pd.DataFrame([WORDS[1:], WORDS[:-1]], columns=[f"{each}!" for each in WORDS[:3]]),
    "a note and a name": pd.DataFrame({"canary Meier": ["x y"], "It is canary.": ["I like it."]}),
}


@pytest.mark.parametrize("frame", TEXTS.values(), ids=TEXTS)
def test_words_that_nobody_repeats_are_not_listed_as_columns(frame):
    raw = RawTable(frame.astype("str"), "a.csv", 2)
    with pytest.raises(InputError, match="Can't find the column 'who'") as caught:
        column_of(raw, "who", setting="columns.respondent")
    assert "canary" not in str(caught.value)
    assert "put the row with the names of the columns in front" in str(caught.value)


def test_names_that_a_program_made_up_show_no_header():
    made_up = ["Unnamed: 1", "Unnamed: 2", "column 3"]
    frame = pd.DataFrame(
        {"canary said it": ["a@b.org", "c@d.org"]} | {key: ["1", "2"] for key in made_up}
    )
    with pytest.raises(InputError, match="Can't find the column 'who'") as caught:
        column_of(RawTable(frame, "a.csv", 2), "who", setting="columns.respondent")
    assert "canary" not in str(caught.value)


def test_columns_that_stand_as_rows_are_not_listed():
    frame = pd.DataFrame({"who": ["team", "tea_1"], "canary1": ["Red", "4"], "canary2": ["", "5"]})
    with pytest.raises(InputError, match="Can't find the column 'unit'") as caught:
        column_of(RawTable(frame, "a.csv", 2), "unit", setting="units.unit", known={"who", "tea_1"})
    assert "canary" not in str(caught.value)


@pytest.mark.parametrize(
    ("more", "taken"),
    [
        ({}, {"other", "team"}),  # survey.toml knows one of the names
        ({"questions": {"whom": "Who?"}}, ()),  # the reader knows that this is a header
        ({"number": ["1", ""]}, ()),  # numbers below a word
    ],
)
def test_a_header_that_is_shown_to_be_one_is_listed(more, taken):
    questions = more.pop("questions", {})
    frame = pd.DataFrame({"whom": ["a", "b"], "team": ["c", "d"]} | more)
    raw = RawTable(frame, "a.csv", 2, questions=questions)
    with pytest.raises(InputError, match=r'possible: .*whom.* columns\.respondent = "whom"'):
        pass_on(raw, taken)


def pass_on(raw, taken):
    try:
        column_of(raw, "who", setting="columns.respondent", taken=taken)
    except InputError as problem:
        raise InputError(re.sub(r"\s+", " ", str(problem))) from None


SHARED = pd.DataFrame([["yes", "no", "North"], ["no", "yes", "South"]] * 10)


@pytest.mark.parametrize(
    ("first", "rows", "expected"),
    [
        (["I speak up", "I am heard", "Site"], 20, True),
        (["yes", "no", "canary"], 20, False),  # somebody who is alone in their unit
        (["canary", "No", "canary"], 20, False),
        (["I speak up", "I am heard", "Site"], 18, False),  # too few to say
        (["I speak up", "I am heard", "Unnamed: 2"], 20, False),
    ],
)
def test_words_that_would_be_strange_as_a_record_are_a_header(first, rows, expected):
    assert shown_as_header(SHARED.head(rows).set_axis(first, axis=1)) is expected


@pytest.mark.parametrize("kind", ["numbers", "labels", "words", "people", "rows"])
def test_init_of_a_file_without_a_header_quotes_nothing_of_it(tmp_path, kind):
    rows = {
        "numbers": [f"canary{n},Red,{n % 5 + 1},{n % 3 + 1},canary says {n}" for n in range(12)],
        "labels": [f"canary{n},Red canary,Agree,Agree,canary says {n}" for n in range(12)],
        "words": [
            f"canary {'abcdefghijkl'[n]},canary {n},canary says {n} of it" for n in range(12)
        ],
        "people": [f"canary{n},Red" for n in range(12)],
        "rows": [
            ",".join([name, *(f"{cell}{n}" for n in range(12))])
            for name, cell in {"who": "canary", "team": "T", "note": "x", "tenure": ""}.items()
        ],
    }[kind]
    export, people = tmp_path / "2026Q3.csv", None
    export.write_text("\n".join(rows) + "\n")
    if kind == "people":
        people = tmp_path / "people.csv"
        people.write_text(export.read_text())
        export.write_text("who,ps_1\n" + "".join(f"canary{n},4\n" for n in range(1, 12)))
    said: list[str] = []
    with pytest.raises(InputError, match="header") as caught:
        init_survey([export], tmp_path / "out", people=people, say=said.append)
    assert "canary" not in "\n".join([*said, str(caught.value)])
    assert not (tmp_path / "out").exists()
