"""SurveyMonkey: one to three header rows, who is told of, what only looks like an export."""

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
ABOUT = [
    "Respondent ID", "Collector ID", "Start Date", "End Date", "IP Address", "Email Address",
    "First Name", "Last Name", "Custom Data 1",
]  # fmt: skip
ASKED = ["Which tea?", "", "", "How is\u00a0the tea?", "", "Why?", "Why?", "Where?"]
BELOW = [
    "Green", "Black", "Other (please specify)", "Taste", "Price", "Open-Ended Response",
    "Open-Ended Response", "Response",
]  # fmt: skip
NAMES = [
    "Which tea? [Green]", "Which tea? [Black]", "Which tea? [Other (please specify)]",
    "How is the tea? [Taste]", "How is the tea? [Price]", "Why?", "Why? (2)", "Where?",
]  # fmt: skip
WHO = ["114400000001", "400000001", "11/03/2021 07:40:47 PM", "", "192.0.2.1", "a@b.example"]
RECORDS = [
    [*WHO, "Ann", "", "Sales", "Green", "", "", "Good", "Fair", "so,\nthere", "", "Zürich"],
    [*WHO, "", "", "", "", "Black", "Maté", "", "", "", "", "Home"],
]


@pytest.mark.parametrize(
    ("name", "records", "columns", "questions", "answered"),
    [
        ("538_flying_1header", 1040, 27, 26, 23977 - 1040),
        ("cncf_ambassadors_2021", 44, 18, 14, 620 - 4 * 44),
        ("cncf_maintainers_2020H1", 79, 71, 67, 1631 - 4 * 79),
    ],
)
def test_a_real_export_is_read(open_data, name, records, columns, questions, answered):
    path = open_data(f"exports/surveymonkey_{name}.csv")
    raw = read_export("surveymonkey", ExportFile(path))
    assert raw.frame.shape == (records, columns)
    assert len(raw.questions) == questions
    assert int((raw.frame[list(raw.questions)] != "").sum().sum()) == answered
    assert (raw.identifying, raw.notes, raw.left_out) == ({}, (), {})
    assert raw.frame.iloc[:, 0].str.fullmatch("[0-9]{10,11}").all()
    with pytest.raises(InputError) as caught:
        read_export("plain", ExportFile(path))
    assert "This is a SurveyMonkey export, not a plain table." in str(caught.value)
    assert 'fix: kind = "surveymonkey" in survey.toml' in str(caught.value)


@pytest.mark.parametrize(
    ("name", "encoding"),
    [("a.csv", "utf-8"), ("a.csv", "utf-8-sig"), ("a.csv", "cp1252"), ("a.xlsx", "utf-8")],
)
def test_two_header_rows_become_one_name(read_rows, name, encoding):
    rows = [[*ABOUT, *ASKED], [*[""] * 9, *BELOW], *RECORDS]
    raw = read_rows(rows, "surveymonkey", name, encoding)
    assert list(raw.frame) == [*ABOUT, *NAMES]
    assert raw.frame.to_numpy().tolist() == RECORDS
    assert list(raw.questions) == NAMES
    assert raw.questions["Why? (2)"] == "Why?"
    assert raw.identifying == {
        "IP Address": "IP address", "Email Address": "e-mail", "First Name": "name",
        "Last Name": "name",
    }  # fmt: skip
    assert raw.notes == ("asked twice or more, told apart by a number: 'Why?'",)
    assert raw.row(0) == 3


def test_a_matrix_with_columns_has_three_header_rows(read_rows):
    rows = [
        ["Respondent ID", "Collector ID", "Rate the drinks", "", "", "", "Why?"],
        ["", "", "Tea", "", "Coffee", "", "Open-Ended Response"],
        ["", "", "Taste", "Price", "Taste", "Price", ""],
        ["114400000001", "1", "4", "3", "2", "1", "so"],
    ]
    raw = read_rows(rows, "surveymonkey")
    assert list(raw.frame)[2:] == [
        "Rate the drinks [Tea - Taste]", "Rate the drinks [Tea - Price]",
        "Rate the drinks [Coffee - Taste]", "Rate the drinks [Coffee - Price]", "Why?",
    ]  # fmt: skip
    assert raw.frame.to_numpy().tolist() == [rows[3]]
    assert raw.row(0) == 4


@pytest.mark.parametrize("number", ["respondent_id", "RespondentID", "Respondent ID"])
def test_all_spellings_of_the_own_columns_are_known(read_rows, number):
    heads = [number, "collector_id", "ip_address", "custom_1", "How?"]
    raw = read_rows([heads, ["1", "2", "192.0.2.1", "x", "so"]], "surveymonkey")
    assert raw.identifying == {"ip_address": "IP address"}
    assert raw.questions == {"How?": "How?"}


@pytest.mark.parametrize(
    ("heads", "told"),
    [
        (
            ["Befragten-ID", "Collector-ID", "IP-Adresse", "Vorname"],
            {"IP-Adresse": "IP address", "Vorname": "name"},
        ),
        (
            ["A", "Collector ID", "B", "C"],
            dict.fromkeys("ABC", "data about the respondent"),
        ),
    ],
)
def test_in_other_languages_what_stands_before_the_questions_may_tell_who_it_is(
    read_rows, heads, told
):
    rows = [
        [*heads, "Was?", ""],
        [*[""] * 4, "Tee", "Saft"],
        ["12345678", "1", "x", "y", "Tee", ""],
    ]
    raw = read_rows(rows, "surveymonkey")
    assert list(raw.frame)[4:] == ["Was? [Tee]", "Was? [Saft]"]
    assert raw.identifying == told
    with pytest.raises(InputError, match="This is a SurveyMonkey export, not a plain table"):
        read_rows(rows, "plain")


def test_an_export_without_a_record_is_refused(read_rows):
    rows = [[*ABOUT, *ASKED], [*[""] * 9, *BELOW]]
    with pytest.raises(InputError, match="There is no record in this file, only a header"):
        read_rows(rows, "surveymonkey")


@pytest.mark.parametrize(
    "rows",
    [
        [["Tea at work", "", ""], ["Which tea?", "", ""], ["Answer Choices", "Responses", ""]],
        [["", "Poor", "Good", "Total", "Weighted Average"], ["Taste", "1", "2", "3", "1.67"]],
    ],
)
def test_a_summary_is_refused(read_rows, rows):
    with pytest.raises(InputError) as caught:
        read_rows(rows, "surveymonkey", "s.xlsx")
    assert str(caught.value) == (
        "s.xlsx: This is a summary: counts per question, not what each person answered.\n  fix: "
        "export in SurveyMonkey, Analyze Results > Save As > Export file > All responses data"
    )
    with pytest.raises(InputError, match="This is a SurveyMonkey export, not a plain table"):
        read_rows(rows, "plain", "s.xlsx")


PLAIN = [
    [["RespondentID", "How?"], ["P1", "so"]],
    [["RespondentID", "tea_1"], ["12345678", "4"]],
    [["RespondentID", "How?"], ["12345678", "so"], ["", "so"]],
    [["who", "How?"], ["12345678", "so"]],
    [["who", "team", "x", "", "How?"], ["", "", "", "4", "so"], ["12345678", "", "", "4", ""]],
    [["who", "team", "x", "y", "How?"], ["", "", "", "4", "5"], ["12345678", "", "", "4", "5"]],
    [["who", "team", "x", "", "How?"], ["", "", "", "4", "5"], ["P2", "", "", "4", "5"]],
    [["who", "team", "x", "", "How?"], ["", "", "", "so", ""], ["12345678", "", "", "4", "5"]],
    [["who", "team", "", "How?"], ["", "", "so", "so"], ["12345678", "", "4", "5"]],
    [["who"], ["1"]],
]


@pytest.mark.parametrize("rows", PLAIN)
def test_a_plain_table_is_not_taken_for_one(read_rows, rows):
    read_rows(rows, "plain")
    with pytest.raises(InputError) as caught:
        read_rows(rows, "surveymonkey")
    assert str(caught.value).startswith(
        "export.csv, row 1: A SurveyMonkey export begins with the respondents' numbers; here it "
        "does not."
    )


WORD = st.text("aZé?;-", min_size=1, max_size=5)


@QUICK
@given(
    asked=st.lists(
        st.tuples(WORD, st.lists(WORD, min_size=1, max_size=3, unique=True)),
        min_size=1, max_size=4, unique_by=lambda each: each[0],
    ),
    record=st.lists(st.sampled_from(["", "1", "so"]), min_size=12, max_size=12),
)  # fmt: skip
def test_what_the_tool_writes_comes_back(read_rows, asked, record):
    first, second, names = ["Respondent ID"], [""], ["Respondent ID"]
    for question, options in asked:
        first += [question, *[""] * (len(options) - 1)]
        second += options
        names += (
            [question] if len(options) == 1 else [f"{question} [{option}]" for option in options]
        )
    cells = ["12345678", *record[: len(first) - 1]]
    raw = read_rows([first, second, cells], "surveymonkey")
    assert list(raw.frame) == names
    assert raw.frame.to_numpy().tolist() == [cells]
