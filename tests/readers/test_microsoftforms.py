"""Microsoft Forms: the tool's own columns in any language, odd spaces, Likert rows, quizzes."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cultureplus.errors import InputError
from cultureplus.spelling import plain_text

QUICK = settings(
    max_examples=20, deadline=None, derandomize=True, database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)  # fmt: skip
OWN = ["ID", "Start time", "Completion time", "Email", "Name"]
WHO = ["7", "8/20/25 12:51:45", "8/20/25 12:54:25", "anonymous", ""]
ASKED = ["Which tea?\u00a0", "The tea is good. ", "The tea is good.2"]
GIVEN = ["Green;Black, hot;", "Agree\u00a0", ""]


@pytest.mark.parametrize("name", ["export.xlsx", "export.csv", "export.tsv"])
def test_an_export_is_read(read_rows, name):
    raw = read_rows([OWN + ASKED, WHO + GIVEN], "microsoftforms", name)
    tidy = ["Which tea?", "The tea is good.", "The tea is good.2"]
    assert list(raw.frame) == OWN + tidy
    assert raw.questions == {text: text for text in tidy}
    assert raw.identifying == {"Email": "e-mail", "Name": "name"}
    assert raw.joins == ";"
    assert raw.frame.iloc[0].tolist() == WHO + GIVEN
    assert raw.notes == ()


@pytest.mark.parametrize(
    "own",
    [
        ["Id", *OWN[1:]],
        ["ID", "Startzeit", "Fertigstellungszeit", "E-Mail", "Name"],
        ["ID", "Heure de début", "Heure de fin", "Adresse de messagerie", "Nom"],
        ["ID", "開始時刻", "完了時刻", "メール", "名前"],
    ],
)
def test_the_interface_may_speak_any_language(read_rows, own):
    raw = read_rows([own + ASKED, WHO + GIVEN], "microsoftforms")
    assert raw.identifying == {own[3]: "e-mail", own[4]: "name"}
    assert len(raw.questions) == 3
    with pytest.raises(InputError, match='kind = "microsoftforms"'):
        read_rows([own + ASKED, WHO + GIVEN], "plain")


def test_a_language_that_is_not_listed_is_read_where_it_is_named(read_rows):
    own = ["ID", "Čas zahájení", "Čas dokončení", "E-mail", "Jméno"]
    raw = read_rows([own + ASKED, WHO + GIVEN], "microsoftforms")
    assert raw.identifying == {"E-mail": "e-mail", "Jméno": "name"}
    assert read_rows([own + ASKED, WHO + GIVEN], "plain").identifying == {}


def test_a_column_without_a_name_is_told_of_beside_those_of_a_quiz(read_rows):
    rows = [[*OWN, "2 + 2?", "Points - 2 + 2?", ""], [*WHO, "4", "1", "x"]]
    raw = read_rows(rows, "microsoftforms")
    assert list(raw.frame) == [*OWN, "2 + 2?"]
    assert raw.notes == (
        "1 column without a name left out", "1 column with points or feedback of a quiz left out",
    )  # fmt: skip


@pytest.mark.parametrize("own", [OWN[:3], OWN[:4], [*OWN[:3], "Name"]])
def test_a_form_without_e_mail_or_name_is_a_plain_table(read_rows, own):
    rows = [own + ASKED, WHO[: len(own)] + GIVEN]
    with pytest.raises(
        InputError, match=r'^export.csv, row 1: The first five .*[^"]*kind = "plain"'
    ):
        read_rows(rows, "microsoftforms")
    assert list(read_rows(rows, "plain").frame)[len(own) :][0] == "Which tea?"


def test_further_columns_of_the_tool_are_no_questions(read_rows):
    further = ["Total points", "Quiz feedback", "Last modified time", "Language"]
    raw = read_rows([OWN + further + ASKED[:1], [*WHO, "5", "", "", "en", "Green;"]],
                    "microsoftforms")  # fmt: skip
    assert list(raw.questions) == ["Which tea?"]
    assert list(raw.frame) == OWN + further + ["Which tea?"]


def test_points_and_feedback_of_a_quiz_are_left_out(read_rows):
    asked = [
        "2 + 2?",
        "Points - 2 + 2?",
        "Feedback - 2 + 2?",
        "Feedback - on us",
        "Points - 2 + 2?",
    ]
    raw = read_rows([OWN + asked, [*WHO, "4", "1", "well done", "good", "x"]], "microsoftforms")
    assert list(raw.questions) == ["2 + 2?", "Feedback - on us", "Points - 2 + 2? (2)"]
    assert raw.notes == (
        "asked twice or more, told apart by a number: 'Points - 2 + 2?'",
        "2 columns with points or feedback of a quiz left out",
    )


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
    raw = read_rows([[*OWN, *head], [*WHO, *answers]], "microsoftforms")
    assert list(raw.questions) == [plain_text(text) for text in head]
    assert raw.frame.iloc[0].tolist() == [*WHO, *answers]


WRONG = {
    "other columns first": (
        [["who", *OWN], ["canary", *WHO]], "The first five columns of a Microsoft Forms export"),
    "one column": ([["ID"], ["canary"]], "The first five columns of a Microsoft Forms export"),
    "only a header of some language": (
        [["ID", "a", "b", "c", "d", "e"]], "The first five columns of a Microsoft Forms export"),
    "only a header": ([OWN + ASKED], "There is no record in this file"),
}  # fmt: skip


@pytest.mark.parametrize(("rows", "sentence"), WRONG.values(), ids=WRONG)
def test_a_wrong_file_is_refused(read_rows, rows, sentence):
    with pytest.raises(InputError) as caught:
        read_rows(rows, "microsoftforms")
    assert caught.value.sentence.startswith(sentence)
    assert "canary" not in str(caught.value)


def test_a_plain_table_stays_one(read_rows):
    rows = [["ID", "Start", "End", "Email", "Name", "Tea?"], [*WHO, "4"]]
    assert read_rows(rows, "plain").frame.shape == (1, 6)
