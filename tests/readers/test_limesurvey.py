"""LimeSurvey: headings as codes, as texts and as both; who is named; what is no response."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cultureplus.errors import InputError
from cultureplus.export_file import ExportFile
from cultureplus.readers import read_export

QUICK = settings(
    max_examples=15, deadline=None, derandomize=True, database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)  # fmt: skip
CODES = [
    "id", "submitdate", "lastpage", "startlanguage", "ipaddr", "token",
    "tea", "tea[other]", "G01Q02[SQ001]", "G01Q02[SQ001][1]", "Q3[A_B]", "Q4[SQ1comment]", "info",
]  # fmt: skip
TEXTS = [
    "Response ID", "Date submitted", "Last page", "Start language", "IP address", "Access code",
    "Which tea?", "Which tea? [Other]", "How good: is. it? [Taste]",
    "How good: is. it? [Taste][Scale 1]", "[Cups - by day]", "Why? []", "",
]  # fmt: skip
ASKED = [*TEXTS[:10], "Cups - by day", "Why?"]
RECORDS = [
    ["1", "1980-01-01 00:00:00", "3", "en", "192.0.2.1", "aa", "A1", "", "Y", "A2", "2", "", ""],
    ["2", "", "1", "en", "192.0.2.2", "bb", "-oth-", "Maté", "", "", "", "a\nb", ""],
]


@pytest.mark.parametrize(
    ("name", "records", "columns", "questions", "answered"),
    [
        ("exports/limesurvey_rse_us2017_public.csv", 164, 242, 241, 34890 - 164),
        ("rse-survey-2018/public_data.csv", 997, 707, 706, 172724 - 997),
    ],
)
def test_a_real_export_is_read(open_data, name, records, columns, questions, answered):
    raw = read_export("limesurvey", ExportFile(open_data(name)))
    assert raw.frame.shape == (records, columns)
    assert len(raw.questions) == questions
    assert int((raw.frame.drop(columns="id") != "").sum().sum()) == answered
    assert raw.notes == ("the first column has no name: called 'id'",)
    assert raw.identifying == {}
    assert next(iter(raw.frame)) == "id"
    assert "likert0[time1can]" in raw.frame
    assert raw.questions["rse3[SQ001]"] == "Who uses the code that you write?"
    assert not raw.questions["likert0[time1can]"].startswith("[")


@pytest.mark.parametrize("between", [". ", "._.", ": ", " - "])
@pytest.mark.parametrize(
    ("name", "encoding", "delimiter"),
    [
        ("a.csv", "utf-8-sig", ";"), ("a.csv", "utf-8", ","), ("a.tsv", "utf-8", ","),
        ("a.xlsx", "utf-8", ","),
    ],
)  # fmt: skip
def test_codes_before_texts_become_names(read_rows, between, name, encoding, delimiter):
    heads = [f"{code}{between}{text}" for code, text in zip(CODES, TEXTS, strict=True)]
    raw = read_rows([heads, *RECORDS], "limesurvey", name, encoding, delimiter)
    assert list(raw.frame) == CODES
    assert raw.frame.to_numpy().tolist() == RECORDS
    assert raw.questions == dict(zip(CODES[:-1], ASKED, strict=True))
    assert raw.identifying == {"ipaddr": "IP address", "token": "access code"}
    assert raw.notes == ("1 record begun and not submitted: kept",)
    assert (raw.first_row, raw.row(1)) == (2, 3)


def test_codes_alone_are_names_without_questions(read_rows):
    raw = read_rows([CODES, *RECORDS], "limesurvey")
    assert list(raw.frame) == CODES
    assert raw.questions == {}
    assert raw.identifying == {"ipaddr": "IP address", "token": "access code"}


def test_texts_alone_are_names_and_repeated_ones_are_told_apart(read_rows):
    heads = [*TEXTS[:-2], "Which tea?", "Which tea? (2)"]
    raw = read_rows([heads, *RECORDS], "limesurvey")
    assert list(raw.frame) == [*TEXTS[:-2], "Which tea? (3)", "Which tea? (2)"]
    assert raw.questions["Which tea? (3)"] == "Which tea?"
    assert raw.questions["[Cups - by day]"] == "Cups - by day"
    assert raw.identifying == {"IP address": "IP address", "Access code": "access code"}
    assert raw.notes == (
        "asked twice or more, told apart by a number: 'Which tea?'",
        "1 record begun and not submitted: kept",
    )


def test_german_headings_are_known(read_rows):
    heads = ["Antwort ID", "Datum Abgeschickt", "Letzte Seite", "IP-Adresse", "Warum?"]
    raw = read_rows([heads, ["1", "", "2", "192.0.2.1", "Darum"]], "limesurvey")
    assert raw.identifying == {"IP-Adresse": "IP address"}
    assert raw.notes == ("1 record begun and not submitted: kept",)
    with pytest.raises(InputError, match="This is a LimeSurvey export, not a plain table"):
        read_rows([heads, ["1", "", "2", "192.0.2.1", "Darum"]], "plain")


def test_a_column_that_somebody_added_keeps_its_heading(read_rows):
    heads = ["id. Response ID", "Q1[A]. How? [Tea]", "Q2. Why?", "Team lead: name", ""]
    raw = read_rows([heads, ["1", "A1", "so", "Blue", ""]], "limesurvey")
    assert list(raw.frame) == ["id", "Q1[A]", "Q2", "Team lead: name"]


@pytest.mark.parametrize("keys", [["1", "1"], ["1", ""], ["a", "b"]])
def test_a_first_column_without_a_name_that_is_no_number_is_left_out(read_rows, keys):
    rows = [["", "Q1. How?"], *([key, "x"] for key in keys)]
    raw = read_rows(rows, "limesurvey")
    assert list(raw.frame) == ["Q1"]
    assert raw.notes == ("1 column without a name left out",)


def test_a_first_column_without_a_name_is_left_out_where_there_is_an_id(read_rows):
    raw = read_rows([["", "id. Response ID", "Q1. How?"], ["1", "7", "x"]], "limesurvey")
    assert raw.frame.to_numpy().tolist() == [["7", "x"]]


STRUCTURE = [["class", "type/scale", "name", "relevance"], ["S", "", "sid", "1"]]
VV = [
    ["Response ID", "Date submitted", "Last page"],
    ["id", "submitdate", "lastpage"],
    ["1", "", "1"],
]
STATISTICS = [["Results", ""], ["Number of records in this query:", "12"]]


@pytest.mark.parametrize(
    ("rows", "found"),
    [
        (STRUCTURE, "the structure of a LimeSurvey survey"),
        (VV, "a VV file of LimeSurvey"),
        (STATISTICS, "a summary of LimeSurvey: statistics, not responses"),
    ],
)  # fmt: skip
def test_what_holds_no_responses_is_refused(read_rows, rows, found):
    with pytest.raises(InputError) as caught:
        read_rows(rows, "limesurvey")
    assert str(caught.value) == (
        f"export.csv: There are no responses to read here.\n  found: {found}\n"
        "  fix: export in LimeSurvey, Responses > Export > Export responses, as csv with question "
        "codes"
    )
    with pytest.raises(InputError, match="This is a LimeSurvey export, not a plain table"):
        read_rows(rows, "plain")


@pytest.mark.parametrize(
    ("heads", "why"),
    [
        (CODES, "its columns 'lastpage' and 'startlanguage' are those of LimeSurvey"),
        (TEXTS[:-1], "its columns 'Date submitted' and 'Last page' are those of LimeSurvey"),
        (["tea[SQ1]. Good? [Tea]"], "its header has codes with subquestions before the texts"),
    ],
)
def test_another_kind_is_told_what_it_reads(read_rows, heads, why):
    with pytest.raises(InputError) as caught:
        read_rows([heads, ["1"] * len(heads)], "plain")
    assert str(caught.value) == (
        "export.csv: This is a LimeSurvey export, not a plain table.\n"
        f'  found: {why}\n  fix: kind = "limesurvey" in survey.toml'
    )


@pytest.mark.parametrize(
    "heads",
    [
        ["Q1. How?", "Q2. Why?"], ["beta[1]", "beta[2]"], ["id", "token", "lastpage"],
        ["1. How? [Tea]"], ["How? [Tea]. Really", "Last page"], ["submitdate"], [""],
    ],
)  # fmt: skip
def test_a_plain_table_is_not_taken_for_one(read_rows, heads):
    if heads == [""]:
        heads = ["who"]
    assert len(read_rows([heads, ["1"] * len(heads)], "plain").frame) == 1


LETTERS = "aZ09 .:-_[]();\"'"
CODE = st.builds("q{}{}".format, st.integers(0, 99), st.sampled_from(["", "[SQ1]", "[A][1]"]))
TEXT = st.text(LETTERS, max_size=12)


@QUICK
@given(asked=st.dictionaries(CODE, TEXT, min_size=2, max_size=6), data=st.data())
def test_what_the_tool_writes_comes_back(read_rows, asked, data):
    record = [data.draw(TEXT) for _ in asked]
    record[0] = "x"
    rows = [[f"{code}. {text}" for code, text in asked.items()], record]
    raw = read_rows(rows, "limesurvey", delimiter=";")
    assert list(raw.frame) == list(asked)
    assert raw.frame.to_numpy().tolist() == [record]
