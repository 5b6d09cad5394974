"""REDCap: codes and labels, the dictionary, checkboxes, events, repeats, who is named."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cultureplus.errors import InputError
from cultureplus.export_file import ExportFile
from cultureplus.intake import read_survey
from cultureplus.readers import evidence_in, open_grid, read_export
from cultureplus.redcap_dictionary import read_dictionary

QUICK = settings(
    max_examples=20, deadline=None, derandomize=True, database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)  # fmt: skip
HEAD = [
    "Variable / Field Name", "Form Name", "Field Type", "Field Label",
    "Choices, Calculations, OR Slider Labels", "Text Validation Type OR Show Slider Number",
    "Identifier?", "Branching Logic (Show field only if...)",
]  # fmt: skip
DICTIONARY = [
    HEAD,
    ["record_id", "about", "text", "Record ID", "", "", "", ""],
    ["intro", "about", "descriptive", "<p>Welcome</p>", "", "", "", ""],
    ["born", "about", "text", "Date of birth", "", "date_dmy", "", ""],
    ["met", "about", "text", "Date of the meeting", "", "date_dmy", "", ""],
    ["mail", "about", "text", "Reach me at", "", "email", "", ""],
    ["nick", "about", "text", "Called", "", "", "y", ""],
    ["tea", "tea", "radio", "How <b>good</b> is it?", "1, Bad | 2, Fair, rather | -9, No idea", "",
     "", "[met] <> ''"],
    ["with", "tea", "checkbox", "With what?", "1, Milk|B, Sugar, brown|-9, <i>None</i>", "", "",
     ""],
    ["hot", "tea", "yesno", "Hot?", "", "", "", ""],
]  # fmt: skip
NAMES = [
    "record_id", "redcap_event_name", "redcap_survey_identifier", "about_timestamp", "born", "met",
    "mail", "nick", "about_complete", "tea", "with___1", "with___b", "with____9", "hot",
    "tea_complete",
]  # fmt: skip
LABELS = [
    "Record ID", "Event Name", "Survey Identifier", "Survey Timestamp", "Date of birth",
    "Date of the meeting", "Reach me at", "Called", "Complete?", "How good is it?",
    "With what? (choice=Milk)", "With what? (choice=Sugar, brown)", "With what? (choice=None)",
    "Hot?", "Complete?",
]  # fmt: skip
CODES = [
    ["1", "q1_arm_1", "", "2026-01-01 10:00", "1-1-1980", "", "a@b.org", "Al", "2", "2", "1", "0",
     "0", "1", "2"],
    ["1", "q2_arm_1", "", "", "", "", "", "", "0", "-9", "0", "0", "1", "", "1"],
    ["2", "q1_arm_1", "", "", "", "", "", "", "2", "", "0", "0", "0", "", "0"],
]  # fmt: skip
TEXTS = [
    ["1", "Q1", "", "2026-01-01 10:00", "1-1-1980", "", "a@b.org", "Al", "Complete",
     "Fair, rather", "Checked", "Unchecked", "Unchecked", "Yes", "Complete"],
]  # fmt: skip


def write(path: Path, rows, mark=","):
    text = io.StringIO()
    csv.writer(text, delimiter=mark).writerows(rows)
    path.write_bytes(text.getvalue().encode())
    return path


def read(folder, rows, dictionary=DICTIONARY, *, mark=",", kind="redcap"):
    beside = None if dictionary is None else write(folder / "dictionary.csv", dictionary)
    path = write(folder / "records.csv", rows, mark)
    return read_export(kind, ExportFile(path, delimiter=mark, dictionary=beside))


# ---- real files ----


@pytest.mark.parametrize(
    ("name", "shape", "questions", "filled", "identifying"),
    [
        ("checkboxes-1", (4, 13), 11, 51, []),
        ("survey", (2, 33), 25, 21,
         ["dob", "email", "first_name", "last_name", "address", "telephone_1",
          "redcap_survey_identifier"]),
    ],
)  # fmt: skip
def test_a_real_export_is_read(open_data, name, shape, questions, filled, identifying):
    path = open_data(f"exports/redcap_{name}_data.csv")
    beside = open_data(f"exports/redcap_{name}_dictionary.csv")
    raw = read_export("redcap", ExportFile(path, dictionary=beside))
    assert raw.frame.shape == shape
    assert len(raw.questions) == questions
    assert int((raw.frame != "").sum().sum()) == filled
    assert list(raw.identifying) == identifying
    assert list(evidence_in(open_grid(ExportFile(path)))) == ["redcap"]
    for kind in ("plain", "qualtrics", "googleforms", "microsoftforms"):
        with pytest.raises(InputError, match='kind = "redcap"'):
            read_export(kind, ExportFile(path))
    without = read_export("redcap", ExportFile(path))
    assert without.frame.equals(raw.frame)
    assert (without.questions, without.labels) == ({}, {})
    assert without.notes[0].startswith("no dictionary: what codes mean")


def test_a_real_dictionary_is_no_export_and_fits_one_export_only(open_data):
    other = open_data("exports/redcap_survey_dictionary.csv")
    with pytest.raises(InputError, match="This is a data dictionary"):
        read_export("redcap", ExportFile(other))
    path = open_data("exports/redcap_checkboxes-1_data.csv")
    with pytest.raises(InputError) as caught:
        read_export("redcap", ExportFile(path, dictionary=other))
    assert str(caught.value) == (
        "redcap_checkboxes-1_data.csv, column 'record_id': The records and the dictionary do not "
        "belong together.\n"
        "  found: 13 columns that the dictionary does not list\n"
        "  fix: download both from the same project at the same time"
    )


# ---- what the dictionary says ----


def test_codes_are_explained(tmp_path):
    raw = read(tmp_path, [NAMES, *CODES])
    assert list(raw.frame) == NAMES
    assert raw.questions["tea"] == "How good is it?"
    assert raw.questions["with___b"] == "With what? [Sugar, brown]"
    assert "intro" not in raw.questions
    assert raw.labels["tea"] == {"1": "Bad", "2": "Fair, rather", "-9": "No idea"}
    assert raw.labels["hot"] == {"1": "Yes", "0": "No"}
    assert raw.labels["tea_complete"]["1"] == "Unverified"
    assert "with___1" not in raw.labels
    assert raw.identifying == {
        "born": "date of birth", "mail": "e-mail",
        "nick": "what the dictionary flags as an identifier",
        "redcap_survey_identifier": "survey identifier",
    }  # fmt: skip
    assert raw.notes == (
        "'about_complete': 1 record not complete, kept",
        "'tea_complete': 2 records not complete, kept",
        '2 events: if they are waves, columns.wave = "redcap_event_name"',
    )


def test_labels_under_field_labels_come_under_the_names_of_variables(tmp_path):
    raw = read(tmp_path, [LABELS, *TEXTS])
    assert list(raw.frame) == NAMES
    assert raw.frame.iloc[0].tolist() == TEXTS[0]
    assert raw.questions == read(tmp_path, [NAMES, *CODES]).questions
    assert raw.notes == ()
    with pytest.raises(InputError, match='kind = "redcap"'):
        read(tmp_path, [LABELS, *TEXTS], None, kind="plain")


def test_labels_without_a_dictionary_keep_their_headers(tmp_path):
    raw = read(tmp_path, [LABELS, *TEXTS], None)
    assert list(raw.frame)[-1] == "Complete? (2)"
    assert raw.questions["How good is it?"] == "How good is it?"
    assert raw.identifying == {"Survey Identifier": "survey identifier"}


def test_a_label_of_two_fields_is_not_guessed(tmp_path):
    twice = [*DICTIONARY, ["hot_2", "tea", "yesno", "Hot?", "", "", "", ""]]
    with pytest.raises(InputError) as caught:
        read(tmp_path, [LABELS, *TEXTS], twice)
    assert caught.value.column == "Hot?"
    assert "possible: hot, hot_2" in str(caught.value)
    both = [[*row[:-1], extra, row[-1]] for row, extra in zip([LABELS, *TEXTS], ["Hot?", "No"],
                                                              strict=True)]  # fmt: skip
    assert list(read(tmp_path, both, twice).frame)[-3:] == ["hot", "hot_2", "tea_complete"]


def test_codes_that_are_no_choice_are_named_by_their_columns(tmp_path):
    odd = [[*row] for row in CODES]
    odd[1][9] = "canary"
    rows = [[*row, extra] for row, extra in zip([NAMES, *odd], ["with___ni", *"000"], strict=True)]
    note = read(tmp_path, rows).notes[0]
    assert note.startswith("codes that are no choice in tea, with___ni: ")
    assert "canary" not in note


# ---- rows ----


def test_rows_of_repeats_are_left_out_and_counted(tmp_path):
    head = [
        "record_id",
        "redcap_repeat_instrument",
        "redcap_repeat_instance",
        "tea",
        "tea_complete",
    ]
    rows = [["1", "", "", "2", "2"], ["1", "visit", "1", "", ""], ["1", "", "2", "1", "2"],
            ["2", "", "", "1", "2"], ["2", "visit", "", "", ""]]  # fmt: skip
    for dictionary in (DICTIONARY, None):
        raw = read(tmp_path, [head, *rows], dictionary)
        assert raw.frame["record_id"].tolist() == ["1", "2"]
        assert raw.left_out == {"rows of repeated instruments or events left out": 3}
        assert [raw.row(label) for label in raw.frame.index] == [2, 5]
    with pytest.raises(InputError, match="only rows of repeated instruments"):
        read(tmp_path, [head, rows[1]])


# ---- the dictionary's own file ----


def as_program_writes(rows):
    names = ["field_name", "form_name", "field_type", "field_label",
             "select_choices_or_calculations", "text_validation_type_or_show_slider_number",
             "identifier", "branching_logic"]  # fmt: skip
    return [names, *rows[1:]]


@pytest.mark.parametrize("mark", [",", ";", "\t"])
@pytest.mark.parametrize("head", [lambda rows: rows, as_program_writes])
@pytest.mark.parametrize("bom", [b"", b"\xef\xbb\xbf"])
def test_a_dictionary_is_read_however_it_is_divided(tmp_path, mark, head, bom):
    path = write(tmp_path / "d.csv", head(DICTIONARY), mark)
    path.write_bytes(bom + path.read_bytes())
    found = read_dictionary(ExportFile(tmp_path / "r.csv", delimiter=";", dictionary=path))
    assert list(found) == [row[0] for row in DICTIONARY[1:]]
    assert found["intro"].columns == {}
    assert found["with"].columns == {
        "with___1": "Milk", "with___b": "Sugar, brown", "with____9": "None",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("name", "label", "validation", "flag", "holds"),
    [
        ("dob", "When?", "date_ymd", "", "date of birth"),
        ("b", "Geburtsdatum", "date_dmy", "y", "date of birth"),
        ("town", "Place of birth", "", "", ""),
        ("began", "When did you join?", "date_ymd", "", ""),
        ("call", "Call me", "phone_australia", "", "phone number"),
        ("id", "Staff number", "integer", "Y", "what the dictionary flags as an identifier"),
        ("n", "How many?", "integer", "", ""),
    ],
)
def test_what_a_field_tells_about_somebody(tmp_path, name, label, validation, flag, holds):
    rows = [HEAD, [name, "f", "text", label, "", validation, flag, ""]]
    path = write(tmp_path / "d.csv", rows)
    assert read_dictionary(ExportFile(path, dictionary=path))[name].holds == holds


@QUICK
@given(
    st.dictionaries(
        st.integers(-9, 99).map(str),
        st.text("ab ,;'\u00e9", min_size=1, max_size=6).map(str.strip).filter(bool),
        min_size=1, max_size=6,
    )
)  # fmt: skip
def test_choices_are_read_as_they_are_written(tmp_path, choices):
    written = " | ".join(f"{code}, {text}" for code, text in choices.items())
    rows = [HEAD, ["tea", "f", "dropdown", "Tea?", written, "", "", ""]]
    path = write(tmp_path / "d.csv", rows)
    found = read_dictionary(ExportFile(path, dictionary=path))["tea"].choices
    assert found == {code: " ".join(text.split()) for code, text in choices.items()}


WRONG = {
    "records named as the dictionary": (
        [NAMES, *CODES], [NAMES, *CODES], "dictionary.csv: This is not a REDCap data dictionary."),
    "a dictionary named as the export": (
        DICTIONARY, DICTIONARY, "records.csv: This is a data dictionary: it says what was asked"),
    "another project's dictionary": (
        [NAMES, *CODES], DICTIONARY[:-1],
        "records.csv, column 'hot': The records and the dictionary do not belong together."),
    "a state of an unknown form": (
        [["record_id", "x_complete"], ["1", "2"]], DICTIONARY,
        "records.csv, column 'x_complete': The records and the dictionary do not"),
    "a variable's name among labels": (
        [["record_id", "Record ID", "Complete?"], ["1", "2", "Complete"]], DICTIONARY,
        "records.csv, column 'record_id (2)': The records and the dictionary do not"),
    "a label that is not known": (
        [["Record ID", "canary?", "Complete?"], ["1", "2", "Complete"]], DICTIONARY,
        "records.csv, column 'canary?': The records and the dictionary do not"),
}  # fmt: skip


@pytest.mark.parametrize(("rows", "dictionary", "beginning"), WRONG.values(), ids=WRONG)
def test_a_wrong_file_is_refused(tmp_path, rows, dictionary, beginning):
    with pytest.raises(InputError) as caught:
        read(tmp_path, rows, dictionary)
    assert str(caught.value).startswith(beginning)


def test_a_dictionary_that_is_not_there_is_named(tmp_path):
    path = write(tmp_path / "records.csv", [NAMES, *CODES])
    with pytest.raises(InputError, match=r"There is no file .*gone\.csv"):
        read_export("redcap", ExportFile(path, dictionary=tmp_path / "gone.csv"))


def test_a_project_is_read_as_a_survey(make_survey):
    folder = make_survey(
        {"survey.toml": """\
title = "Tea at work"
kind = "redcap"
instrument_files = ["tea.toml", "drinks.toml"]
export = "records.csv"
dictionary = "dictionary.csv"
salt = "an old teapot full of buttons"

[columns]
respondent = "record_id"
wave = "redcap_event_name"

[missing]
codes = [-9]

[instruments.tea]
columns = { tea_1 = "tea", tea_2 = "hot" }

[instruments.drinks]
columns = { milk = "with___1", sugar = "with___b", none = "with____9" }
""",
         "tea.toml": ("low = 1", "low = 0")}
    )  # fmt: skip
    write(folder / "dictionary.csv", DICTIONARY)
    write(folder / "records.csv", [NAMES, *CODES])
    survey = read_survey(folder)
    found = survey.answers.astype("object").where(survey.answers.notna(), None)
    assert found.reset_index(drop=True).to_numpy().tolist() == [
        [2, 1, 1, 0, 0],
        [None, None, 0, 0, 1],
    ]
    assert survey.waves == ("q1_arm_1", "q2_arm_1")


@pytest.mark.parametrize(
    "rows",
    [
        [["who", "tea_complete"], ["P1", "2"]],
        [["who", "a___b", "tea"], ["P1", "1", "2"]],
        [["record_id", "tea_complete"], ["P1", "yes"]],
        [["who", "a___b", "tea_complete"], ["P1", "1", "37"]],
        [["Complete?", "tea"], ["yes", "2"]],
        [["record_id"], ["1"]],
    ],
)
def test_a_plain_table_stays_one(tmp_path, rows):
    assert read(tmp_path, rows, None, kind="plain").frame.shape == (1, len(rows[0]))
