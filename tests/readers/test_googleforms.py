"""Google Forms: downloads and spreadsheets, grids, quizzes, several answers in one cell."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cultureplus.errors import InputError
from cultureplus.export_file import ExportFile
from cultureplus.intake import read_survey
from cultureplus.readers import READERS, evidence_in, open_grid
from cultureplus.spelling import plain_text

QUICK = settings(
    max_examples=20, deadline=None, derandomize=True, database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)  # fmt: skip
REAL = "exports/googleforms_rstudio_2019.xlsx"
DOWNLOADED = "2022/10/17 6:31:58 PM EST"
SHEET = "10/17/2022 18:31:58"
HEAD = ["Timestamp", "Email Address", "Which tea?", "How good? [Taste]", "How good? [Colour]"]
RECORD = [SHEET, "a@b.org", "Green, Black", "Agree", ""]


def test_a_real_export_is_read_and_is_no_other_kind(open_data):
    grid = open_grid(ExportFile(open_data(REAL)))  # opened once: it is large
    assert list(evidence_in(grid)) == ["googleforms"]
    raw = READERS["googleforms"].read(grid)
    assert raw.frame.shape == (1838, 52)
    assert (len(raw.questions), len(raw.identifying)) == (51, 0)
    assert int((raw.frame.drop(columns="Timestamp") != "").sum().sum()) == 73495
    assert raw.joins == ", "
    assert raw.notes == ()
    assert raw.first_row == 2
    asked = "How would you rate your level of experience using R?"
    assert raw.questions[asked] == asked
    assert raw.frame[asked].nunique() == 5


@pytest.mark.parametrize("name", ["export.csv", "export.tsv", "export.xlsx"])
def test_a_grid_has_a_column_a_row_and_the_address_is_known(read_rows, name):
    raw = read_rows([HEAD, RECORD], "googleforms", name)
    assert list(raw.frame) == HEAD
    assert list(raw.questions) == HEAD[2:]
    assert raw.identifying == {"Email Address": "e-mail"}
    assert raw.frame.iloc[0].tolist() == RECORD


@pytest.mark.parametrize(
    ("stamp", "joins"),
    [
        (DOWNLOADED, ";"), ("2026/07/29 9:00:00 AM UTC+3", ";"),
        ("2020/05/01 3:34:12 nachm. MESZ", ";"), (SHEET, ", "), ("2020/05/01 15:34:12", ", "),
        ("17.10.2022 18:31:58", ", "), ("2019-12-13 09:50:29.878000", ", "),
    ],
)  # fmt: skip
def test_what_stands_between_answers_depends_on_where_the_file_is_from(read_rows, stamp, joins):
    assert read_rows([HEAD, [stamp, *RECORD[1:]]], "googleforms").joins == joins


@pytest.mark.parametrize(
    ("first", "second"),
    [("Zeitstempel", "Nutzername"), ("Horodateur", "Adresse e-mail"), ("Временная метка", "Адрес")],
)
def test_the_interface_may_speak_any_language(read_rows, first, second):
    raw = read_rows([[first, second, *HEAD[2:]], RECORD], "googleforms")
    assert raw.identifying == {second: "e-mail"}
    assert next(iter(raw.frame)) == first


def test_scores_of_a_quiz_are_left_out(read_rows):
    head = [
        "Timestamp", "Total score", "2 + 2?", "2 + 2? [Score]", "2 + 2? [Feedback]",
        "Odds [Heads]", "Odds [Heads] [Score]", "Odds [Heads] [Feedback]", "Note", "Note [Own]",
    ]  # fmt: skip
    records = [
        [DOWNLOADED, "2.00 / 2", "4", "1.00 / 1", "", "1 / 2", "1.00 / 1", "yes", "a", "b"],
        [DOWNLOADED, "0.00 / 2", "5", "-- / 1", "no", "1 / 3", "0.00 / 1", "", "c", "3 / 4"],
    ]
    raw = read_rows([head, *records], "googleforms")
    assert list(raw.frame) == ["Timestamp", "2 + 2?", "Odds [Heads]", "Note", "Note [Own]"]
    assert raw.notes == ("5 columns with scores or feedback of a quiz left out",)


def test_an_answer_that_looks_like_a_score_is_an_answer(read_rows):
    head = ["Timestamp", "a?", "b?", "c?", "How often? [Tea]"]
    raw = read_rows([head, [SHEET, "x", "y", "z", "1 / 2"]], "googleforms")
    assert list(raw.frame) == head


def test_a_question_asked_twice_is_told_apart(read_rows):
    head = ["Timestamp", "Why\nnot?", "Why  not?"]
    raw = read_rows([head, [SHEET, "a", "b"]], "googleforms")
    assert raw.questions == {"Why not?": "Why not?", "Why not? (2)": "Why not?"}
    assert "'Why not?'" in raw.notes[0]


@QUICK
@given(
    st.lists(
        st.tuples(
            st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=8),
            st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=8),
        ).filter(lambda pair: plain_text(pair[0])),
        min_size=1, max_size=5, unique_by=lambda pair: plain_text(pair[0]),
    )
)  # fmt: skip
def test_what_a_form_writes_is_read_back(read_rows, pairs):
    head, answers = zip(*[(f"Q: {text}?", answer) for text, answer in pairs], strict=True)
    raw = read_rows([["Timestamp", *head], [DOWNLOADED, *answers]], "googleforms")
    assert list(raw.questions) == [plain_text(text) for text in head]
    assert raw.frame.iloc[0].tolist() == [DOWNLOADED, *answers]


def test_a_form_is_read_as_a_survey(make_survey):
    folder = make_survey(
        {"survey.toml": """\
title = "Tea at work"
kind = "googleforms"
instrument_files = ["tea.toml", "drinks.toml"]
salt = "an old teapot full of buttons"

[waves]
2026Q3 = "form.csv"

[columns]
respondent = "Email Address"

[labels.agree.en]
Disagree = 1
Agree = 5

[instruments.tea]
labels = "agree"
columns = { tea_1 = "How good? [Taste]", tea_2 = "How good? [Colour]" }

[instruments.drinks]
column = "What with it?"
unlisted = "ignore"
""",
         "form.csv": (
            "Timestamp,Email Address,How good? [Taste],How good? [Colour],What with it?\n"
            '10/17/2022 18:31:58,a@b.org,Agree,,"Milk, please, Sugar"\n'
            '10/17/2022 18:32:00,c@d.org,Disagree,Agree,"Sugar, honey, if any"\n'
            "10/17/2022 18:33:00,e@f.org,Agree,Agree,None of these\n"
         )}
    )  # fmt: skip
    answers = read_survey(folder).answers
    found = answers.astype("object").where(answers.notna(), None).to_numpy().tolist()
    assert sorted(found, key=str) == [[1, 5, 0, 1, 0], [5, 5, 0, 0, 1], [5, None, 1, 1, 0]]


WRONG = {
    "no time stamp": ([["who", "tea?"], ["P1", "canary"]], "googleforms",
                      "The first column of a Google Forms export is the time stamp"),
    "no name for it": ([["", "tea?"], [SHEET, "4"]], "googleforms", "The first column of a"),
    "only a header": ([HEAD], "googleforms", "There is no record in this file"),
    "as another form": ([HEAD, RECORD], "microsoftforms", "This is a Google Forms export, not a M"),
    "as a plain table": ([HEAD, RECORD], "plain", "This is a Google Forms export, not a plain"),
}  # fmt: skip


@pytest.mark.parametrize(("rows", "kind", "sentence"), WRONG.values(), ids=WRONG)
def test_a_wrong_file_is_refused(read_rows, rows, kind, sentence):
    with pytest.raises(InputError) as caught:
        read_rows(rows, kind)
    assert caught.value.sentence.startswith(sentence)
    assert "canary" not in str(caught.value)


@pytest.mark.parametrize(
    "rows",
    [
        [["Timestamp"], [SHEET]],
        [["Timestamp", "who", "tea_1"], [SHEET, "P1", "3"]],  # names, not questions
        [["Timestamp", "How good?"], ["1602345678", "3"]],
        [["timestamp", "How good?"], [SHEET, "3"]],
        [["who", "How good?"], [SHEET, "3"]],
    ],
)
def test_a_plain_table_stays_one(read_rows, rows):
    assert read_rows(rows, "plain").frame.shape == (1, len(rows[0]))
