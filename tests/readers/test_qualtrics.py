"""Qualtrics: three header rows and two, previews, who is told of, select-all columns."""

from __future__ import annotations

import json
from collections import Counter

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cultureplus.cells import ticks
from cultureplus.errors import InputError
from cultureplus.export_file import ExportFile
from cultureplus.instrument import Option
from cultureplus.readers import read_export

QUICK = settings(
    max_examples=15, deadline=None, derandomize=True, database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)  # fmt: skip


def ids(*names: str, **more: str) -> list[str]:
    return [json.dumps({"ImportId": name} | more, separators=(",", ":")) for name in names]


def three(heads: list[str], import_ids: list[str], *records: list[str]) -> list[list[str]]:
    return [heads, [f"{head}\ntext" for head in heads], ids(*import_ids), *records]


# ---- real exports ----


@pytest.mark.parametrize(
    ("name", "columns", "answered", "first_row"), [("", 20, 15, 4), ("_legacy", 15, 13, 3)]
)
def test_a_real_export_is_read(open_data, name, columns, answered, first_row):
    path = open_data(f"exports/qualtrics_ropensci_sample{name}.csv")
    raw = read_export("qualtrics", ExportFile(path))
    assert raw.frame.shape == (1, columns)
    assert len(raw.questions) == columns
    assert int((raw.frame != "").sum().sum()) == answered
    assert raw.frame[["Q1", "Q2"]].to_numpy().tolist() == [["2", "Hello World!"]]
    assert raw.questions["Q1"] == "This is a multiple choice question."
    assert (raw.first_row, raw.row(0)) == (first_row, first_row)
    assert raw.identifying["IPAddress"] == "IP address"
    with pytest.raises(InputError) as caught:
        read_export("plain", ExportFile(path))
    assert "This is a Qualtrics export, not a plain table." in str(caught.value)
    assert 'fix: kind = "qualtrics" in survey.toml' in str(caught.value)


def test_the_older_export_names_its_numbered_columns_in_the_second_row(open_data):
    path = open_data("exports/qualtrics_ropensci_sample_legacy.csv")
    raw = read_export("qualtrics", ExportFile(path))
    assert list(raw.frame)[:4] == ["ResponseID", "ResponseSet", "Name", "ExternalDataReference"]
    assert raw.notes == ("columns V1 to V10 are named by the second header row",)
    assert raw.identifying == {
        "Name": "name", "ExternalDataReference": "reference to a list of people",
        "EmailAddress": "e-mail", "IPAddress": "IP address", "LocationLatitude": "coordinates",
        "LocationLongitude": "coordinates", "LocationAccuracy": "coordinates",
    }  # fmt: skip


# ---- header rows ----


def test_questions_travel_along_and_previews_are_left_out(read_rows):
    rows = [
        ["Status", "who", " Q1 "],
        ["Response\nType", "Who are\n\nyou?", "How much?"],
        ids("status", "x", "QID1"),
        *(["0", "P1", "3"], ["1", "P2", "4"], ["Survey Preview", "P3", "4"], ["17", "P4", "1"]),
        *(["2", "P5", "1"], ["IP Address", "P6", "2"], ["", "", ""], ["16", "P7", "5"]),
    ]
    raw = read_rows(rows, "qualtrics")
    assert raw.questions == {"Status": "Response Type", "who": "Who are you?", "Q1": "How much?"}
    assert raw.frame["who"].tolist() == ["P1", "P6", "P7"]
    assert raw.left_out == {"previews and test answers left out": 4}
    assert [raw.row(label) for label in raw.frame.index] == [4, 9, 11]


@pytest.mark.parametrize(
    ("status", "left_out"),
    [
        *[(each, True) for each in (
            "1", "Survey Preview", "2", "Survey Test", "9", "Survey Preview Spam",
            "17", "Offline Survey Preview",
        )],
        *[(each, False) for each in (
            "0", "IP Address", "4", "Imported", "8", "Spam", "12", "Imported Spam", "16", "Offline",
            "32", "EX", "40", "EX Spam", "48", "EX Offline",
        )],
    ],
)  # fmt: skip
def test_records_of_tests_are_left_out_be_they_coded_or_in_words(read_rows, status, left_out):
    rows = three(["Status", "who"], ["status", "x"], [status, "P1"], ["0", "P2"])
    found = read_rows(rows, "qualtrics").frame["who"].tolist()
    assert found == (["P2"] if left_out else ["P1", "P2"])


def test_the_status_of_a_plain_table_means_nothing(read_rows):
    raw = read_rows([["Status", "who"], ["1", "P1"], ["0", "P2"]], "plain")
    assert raw.frame["who"].tolist() == ["P1", "P2"]
    assert raw.left_out == {}


@pytest.mark.parametrize(
    ("name", "encoding"),
    [("a.csv", "utf-8-sig"), ("a.tsv", "utf-16"), ("a.tsv", "utf-8"), ("a.xlsx", "utf-8")],
)
def test_every_kind_of_file_gives_the_same_table(read_rows, name, encoding):
    rows = three(["ResponseId", "Q1", "Q1_3_TEXT"], ["_recordId", "QID1", "QID1_3_TEXT"])
    rows.append(["R_2YPOQ602ER1jkf1", "4", "Größe\nund mehr"])
    raw = read_rows(rows, "qualtrics", name, encoding)
    assert raw.frame.to_numpy().tolist() == [rows[3]]
    assert raw.questions["Q1_3_TEXT"] == "Q1_3_TEXT text"
    assert raw.joins == ","


MODERN = [["ResponseId", "Q1"], ["Response ID", "How?"], ["R_2YPOQ602ER1jkf1", "4"]]
PLAIN_NAMES = [["ResponseID", "ResponseSet", "Q1"], ["ResponseID", "ResponseSet", "How?"]]


@pytest.mark.parametrize(
    ("rows", "why"),
    [
        (MODERN, "its column 'ResponseId' holds ids of Qualtrics below a second header row"),
        (
            [*PLAIN_NAMES, ["R_1", "Default Response Set", "4"]],
            "its second row has the columns 'ResponseID' and 'ResponseSet' of Qualtrics",
        ),
    ],
)
def test_two_header_rows_are_known_by_what_stands_below(read_rows, rows, why):
    raw = read_rows(rows, "qualtrics", "a.xlsx")
    assert raw.frame["Q1"].tolist() == ["4"]
    assert raw.questions["Q1"] == "How?"
    assert raw.row(0) == 3
    assert raw.notes == ()
    with pytest.raises(InputError) as caught:
        read_rows(rows, "plain", "a.xlsx")
    assert str(caught.value) == (
        "a.xlsx: This is a Qualtrics export, not a plain table.\n"
        f'  found: {why}\n  fix: kind = "qualtrics" in survey.toml'
    )


@pytest.mark.parametrize(
    "rows",
    [
        [MODERN[0], MODERN[2], MODERN[2]],  # somebody has taken the further header rows out
        [["ResponseId", "Q1"], ["1", "4"], ["2", "4"]],
        [["V1", "V2"], ["ResponseID", "x"], ["R_2YPOQ602ER1jkf1", "x"]],
        [["who"], ["x"]],
    ],
)
def test_a_plain_table_is_not_taken_for_one(read_rows, rows):
    assert len(read_rows(rows, "plain").frame) == len(rows) - 1
    with pytest.raises(InputError, match="The third row of a Qualtrics export holds import ids"):
        read_rows([*rows, rows[-1]], "qualtrics")


def test_a_numbered_name_stays_where_the_name_below_it_is_taken(read_rows):
    rows = [
        ["V1", "V2", "V3", "Name"],
        ["ResponseID", "ResponseSet", "Name", "Name of your team"],
        ["R_2YPOQ602ER1jkf1", "", "Ann", "Blue"],
    ]
    raw = read_rows(rows, "qualtrics")
    assert list(raw.frame) == ["ResponseID", "ResponseSet", "V3", "Name"]
    assert raw.identifying == {"V3": "name"}


def test_a_numbered_name_stays_where_there_are_import_ids(read_rows):
    raw = read_rows(three(["V1", "x"], ["QID1", "x"], ["4", ""]), "qualtrics")
    assert list(raw.frame) == ["V1", "x"]
    assert raw.notes == ()


# ---- who is told of ----


@pytest.mark.parametrize(
    ("head", "import_id", "what"),
    [
        ("IPAddress", "ipAddress", "IP address"), ("IP", "ipAddress", "IP address"),
        ("RecipientFirstName", "recipientFirstName", "name"),
        ("RecipientEmail", "recipientEmail", "e-mail"),
        ("ExternalReference", "externalDataReference", "reference to a list of people"),
        ("LocationLatitude", "locationLatitude", "coordinates"),
        ("Q_Browser", "Q_Browser", "device"), ("UserAgent", "UserAgent", "device"),
        ("Meta_Browser", "QID3_BROWSER", "device"), ("Q3_Resolution", "QID3_RESOLUTION", "device"),
        ("Q3_Operating System", "QID3_OS", "device"), ("Q3_Version", "QID3_VERSION", "device"),
        ("Version", "1_QID9", None), ("App_Version", "QID9", None), ("Browser", "QID9", None),
        ("IPAddress", "QID9_TEXT", None), ("Name", "QID9", None), ("Name", "Name", None),
        ("UserLanguage", "userLanguage", None), ("ResponseId", "_recordId", None),
    ],
)  # fmt: skip
def test_what_tells_who_somebody_is_is_known_by_its_import_id(read_rows, head, import_id, what):
    heads, numbers = ["Q3_Browser", "x"], ["QID3_BROWSER", "x"]
    raw = read_rows(three([*heads, head], [*numbers, import_id], ["", "1", "2"]), "qualtrics")
    wanted = {"Q3_Browser": "device"} | ({head: what} if what else {})
    assert raw.identifying == wanted


@pytest.mark.parametrize("cell", ["[1]", "{}", '{"ImportId":5}', "{", "1" * 5000, ""])
def test_a_third_row_that_is_no_import_id_everywhere_is_read(read_rows, cell):
    rows = three(["a", "b"], ["QID1", "QID2"], ["1", "2"])
    rows[2][1] = cell
    assert read_rows(rows, "qualtrics").identifying == {}


# ---- select-all columns ----


@pytest.mark.parametrize(
    ("cells", "missing", "ticked"),
    [
        (["1", "", "-99"], (-99.0,), [1, 0, 0]),
        (["1", "0", "-77.0"], (-77.0, -99.0), [1, 0, 0]),
        (["Tea, green", "", "-99"], (-99.0,), [1, 0, 0]),
    ],
)
def test_select_all_columns_hold_numbers_texts_or_codes(read_rows, cells, missing, ticked):
    records = [[cell, "x"] for cell in cells]
    raw = read_rows(three(["Q5_1", "x"], ["QID5", "x"], *records), "qualtrics")
    option = Option("tea", "Tea, green")
    found = ticks(
        raw, "Q5_1", option, question="drinks", missing=missing, labels={}, tally=Counter()
    )
    assert found.tolist() == ticked


def test_a_code_that_is_not_declared_is_named_in_the_fix(read_rows):
    raw = read_rows(three(["Q5_1", "x"], ["QID5", "x"], ["1", ""], ["-99", ""]), "qualtrics")
    with pytest.raises(InputError) as caught:
        ticks(
            raw,
            "Q5_1",
            Option("tea", "Tea"),
            question="drinks",
            missing=(),
            labels={},
            tally=Counter(),
        )
    assert str(caught.value) == (
        "export.csv, row 5, column 'Q5_1': A select-all cell is neither ticked nor blank.\n"
        "  found: 1 such cell in this column\n"
        "  possible: 1, 0, blank, the option's text\n"
        "  fix: add a code that means no answer to missing.codes in survey.toml; or say what the "
        'texts mean: instruments.drinks.labels = "..." in survey.toml'
    )


NAME = st.builds("{}Q{}{}".format, st.sampled_from(["", "1_"]), st.integers(1, 99),
                 st.sampled_from(["", "_1", "_3_TEXT"]))  # fmt: skip
TEXT = st.text('aZ é\n",;{}-', max_size=10)


@QUICK
@given(asked=st.dictionaries(NAME, TEXT, min_size=2, max_size=5), data=st.data())
def test_what_the_tool_writes_comes_back(read_rows, asked, data):
    record = [data.draw(TEXT) for _ in asked]
    record[0] = "x"
    rows = [list(asked), list(asked.values()), ids(*(f"QID{name}" for name in asked)), record]
    raw = read_rows(rows, "qualtrics")
    assert list(raw.frame) == list(asked)
    assert raw.questions == {name: " ".join(text.split()) for name, text in asked.items()}
    assert raw.frame.to_numpy().tolist() == [record]
