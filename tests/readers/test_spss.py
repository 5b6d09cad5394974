"""What an SPSS file becomes: texts as in a csv, labels beside them, and a word for the rest."""

from __future__ import annotations

import datetime as dt
import os
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks.mutated_files import forked
from cultureplus.errors import InputError
from cultureplus.export_file import ExportFile
from cultureplus.intake import read_survey
from cultureplus.readers import read_export, spss
from cultureplus.spss_file import SpssColumn, SpssTable, read_spss
from tests.small_sav import ASCII, small_sav

pytestmark = pytest.mark.skipif(os.name == "nt", reason="limits and forks are those of POSIX")
EXPORTS = Path(__file__).resolve().parents[3] / "shared" / "data" / "exports"
GONE = "records without any value left out"


def read(path):
    return spss.raw_table(read_spss(ExportFile(path), run=forked), path.name)


@pytest.fixture
def written(tmp_path):
    """Write a frame with the library that other people's files are written with, and read it."""
    pyreadstat = pytest.importorskip("pyreadstat")

    def write_and_read(frame, name="a.sav", **options):
        pyreadstat.write_sav(pd.DataFrame(frame), str(tmp_path / name), **options)
        return read(tmp_path / name)

    return write_and_read


def cells(raw):
    return {name: raw.frame[name].tolist() for name in raw.frame}


# --- the real files -----------------------------------------------------------------------------

SAMPLE = {
    "mychar": ["a", "b", "c", "d", "e"],
    "mynum": ["1.1", "1.2", "-1000.3", "-1.4", "1000.3"],
    "mydate": ["2018-05-06", "1880-05-06", "1960-01-01", "1583-01-01", ""],
    "dtime": [
        "2018-05-06 10:10:10", "1880-05-06 10:10:10", "1960-01-01 00:00:00",
        "1583-01-01 00:00:00", "",
    ],
    "mylabl": ["1", "2", "1", "2", "1"],
    "myord": ["1", "2", "3", "1", "1"],
    "mytime": ["10:10:10", "23:10:10", "00:00:00", "16:10:10", ""],
}  # fmt: skip
NAMES = ("character", "numeric", "date", "datetime", "labeled", "ordinal", "time")
SEXES = {"1": "Male", "2": "Female"}
ORDER = {"1": "low", "2": "medium", "3": "high"}


@pytest.mark.parametrize("ending", [".sav", ".zsav"])
def test_a_real_file_is_read_cell_by_cell(ending):
    path = EXPORTS / f"spss_pyreadstat_sample{ending}"
    if not path.exists():
        pytest.skip("the real exports are not beside this checkout")
    raw = read(path)
    assert cells(raw) == SAMPLE
    assert raw.questions == dict(zip(SAMPLE, NAMES, strict=True))
    assert raw.labels == {"mylabl": SEXES, "myord": ORDER}
    assert (raw.notes, raw.left_out, raw.row(raw.frame.index[0])) == ((), {}, 1)


def test_a_real_file_with_user_missing_ranges():
    path = EXPORTS / "spss_pyreadstat_sample_missing.sav"
    if not path.exists():
        pytest.skip("the real exports are not beside this checkout")
    raw = read(path)
    assert (raw.frame.shape, raw.left_out) == ((6, 7), {GONE: 1})
    assert int((raw.frame == "").to_numpy().sum()) == 9
    assert raw.notes == (
        "5 user-missing cells in 3 columns (mynum: 2, mylabl: 1, myord: 2): blank",
    )
    assert raw.labels == {"mylabl": SEXES, "myord": ORDER}  # without those of missing values


def test_a_real_file_with_a_missing_letter():
    path = EXPORTS / "spss_pyreadstat_missing_char.sav"
    if not path.exists():
        pytest.skip("the real exports are not beside this checkout")
    raw = read(path)
    assert (cells(raw), raw.left_out) == ({"mychar": ["a"]}, {GONE: 1})
    assert raw.row(raw.frame.index[0]) == 2
    assert raw.notes == ("1 user-missing cell in 1 column (mychar: 1): blank",)
    assert raw.labels == {"mychar": {"a": "labeled"}}


# --- numbers and what is missing ----------------------------------------------------------------


@pytest.mark.parametrize("how", [{}, {"row_compress": True}, {"compress": True}])
def test_numbers_are_the_texts_that_they_are_in_a_csv(written, how):
    raw = written({"q": [4.0, 4.5, -0.0, 1e15, 0.1, np.nan, 1e22]}, **how)
    assert cells(raw) == {"q": ["4", "4.5", "0", "1000000000000000", "0.1", "1" + "0" * 22]}
    assert raw.left_out == {GONE: 1}
    assert [raw.row(label) for label in raw.frame.index] == [1, 2, 3, 4, 5, 7]


MISSING = {
    "one": ([9], [9], 1),
    "three": ([7, 8, 9], [7, 8, 9], 3),
    "a range": ([{"lo": 7, "hi": 9}], [7, 8, 9], 3),
    "up from the lowest": ([{"lo": float("-inf"), "hi": 2}], [1, 2], 2),
    "down from the highest": ([{"lo": 8, "hi": float("inf")}], [8, 9], 2),
    "a range and one": ([{"lo": 7, "hi": 8}, 1], [1, 7, 8], 3),
    "none of them there": ([99], [], 0),
}


@pytest.mark.parametrize("case", MISSING)
def test_user_missing_values_are_blank_and_counted(written, case):
    declared, gone, count = MISSING[case]
    values = [1.0, 2.0, 3.0, 7.0, 8.0, 9.0]
    raw = written({"q": values, "id": list("abcdef")}, missing_ranges={"q": declared})
    assert cells(raw)["q"] == ["" if value in gone else f"{value:.0f}" for value in values]
    cells_said = f"{count} user-missing cell{'' if count == 1 else 's'} in 1 column (q: {count})"
    assert raw.notes == ((f"{cells_said}: blank",) if count else ())


def test_texts_can_be_user_missing_be_they_short_or_long(written):
    raw = written(
        {"team": ["Red", "DK", "  Blue"], "note": ["no answer given", "a long answer", "DK"]},
        missing_ranges={"team": ["DK"], "note": ["DK", "no"]},
    )
    assert cells(raw) == {
        "team": ["Red", "", "  Blue"],
        "note": ["no answer given", "a long answer", ""],
    }
    assert raw.notes == ("2 user-missing cells in 2 columns (team: 1, note: 1): blank",)


def test_padding_goes_and_other_spaces_stay():
    texts = ("Red   ", "  Blue ", "DK ", "x\u00a0")
    column = SpssColumn("q", "", True, "A8", 8, "nominal", (), (("DK  ", "DK  "),), texts)
    raw = spss.raw_table(SpssTable((column,), 4, 4, "utf-8", True, ""), "a.sav")
    assert cells(raw) == {"q": ["Red", "  Blue", "x\u00a0"]}
    assert raw.notes == ("1 user-missing cell in 1 column (q: 1): blank",)


def test_many_columns_are_not_all_named(written):
    raw = written(
        {f"q{i}": [1.0, 9.0] for i in range(30)}, missing_ranges={f"q{i}": [9] for i in range(30)}
    )
    (note,) = raw.notes
    assert note.startswith("30 user-missing cells in 30 columns (q0: 1, q1: 1, ")
    assert note.endswith("q11: 1 and 18 more): blank")


@settings(max_examples=60, deadline=None, derandomize=True, database=None)
@given(st.lists(st.one_of(st.none(), st.integers(0, 12)), min_size=1, max_size=20), st.data())
def test_a_cell_is_blank_if_and_only_if_it_is_missing(values, data):
    bound = st.one_of(st.integers(0, 12), st.just(float("inf")), st.just(float("-inf")))
    ranges = [
        sorted(data.draw(st.tuples(bound, bound))) for _ in range(data.draw(st.integers(0, 2)))
    ]
    numbers = np.array([np.nan if value is None else value for value in values], dtype=float)
    missing = tuple((float(low), float(high)) for low, high in ranges)
    column = SpssColumn("q", "", False, "F8.2", 8, "scale", (), missing, numbers)
    other = SpssColumn("id", "", True, "A1", 1, "nominal", (), (), ("x",) * len(values))
    raw = spss.raw_table(SpssTable((column, other), len(values), None, "utf-8", True, ""), "a.sav")
    gone = [value is None or any(low <= value <= high for low, high in missing) for value in values]
    assert cells(raw)["q"] == ["" if out else str(v) for v, out in zip(values, gone, strict=True)]


# --- labels -------------------------------------------------------------------------------------

LABELS = {
    "whole": ([1.0, 2.0], {1: "yes", 2: "no"}, {"1": "yes", "2": "no"}, ()),
    "not of every value": (
        [1.0, 3.0, 3.0, np.nan], {1: "yes", 2: "no"}, {"1": "yes", "2": "no"},
        ("cells whose code has no label in 1 column (q: 2): kept as the file has them",)),
    "of parts": (
        [1.5], {1.5: "half"}, {"1.5": "half"},
        ("labels of codes that are no whole numbers in 1 column (q: 1): kept as the file has "
         "them",)),
    "twice the same": (
        [1.0, 2.0], {1: "yes", 2: "yes "}, {"1": "yes", "2": "yes"},
        ("two codes with the same label in 1 column (q: 1): kept as the file has them",)),
    "of a missing value": ([1.0], {1: "yes", 9: "don't know"}, {"1": "yes"}, ()),
    "of texts": (["a", "b"], {"a": "yes", "b": "no"}, {"a": "yes", "b": "no"}, ()),
}  # fmt: skip


@pytest.mark.parametrize("case", LABELS)
def test_labels_stand_beside_the_codes(written, case):
    values, labels, found, notes = LABELS[case]
    raw = written(
        {"q": values, "id": ["x"] * len(values)},
        variable_value_labels={"q": labels},
        missing_ranges={"q": [9]} if 9 in labels else {},
    )
    assert raw.labels == {"q": found}
    assert raw.notes == notes
    plain = [
        "" if value != value else f"{value:g}" if value in (1, 1.5, 2, 3) else value
        for value in values
    ]
    assert cells(raw)["q"] == plain


def test_a_variable_in_which_only_missing_values_have_labels_has_none(written):
    raw = written(
        {"age": [31.0, 99.0, 47.0], "id": ["x", "y", "z"]},
        variable_value_labels={"age": {99: "No answer"}}, missing_ranges={"age": [99]},
    )  # fmt: skip
    assert raw.labels == {}
    assert raw.notes == ("1 user-missing cell in 1 column (age: 1): blank",)


def test_a_label_of_what_is_no_date_may_stand_in_a_variable_of_dates():
    labels = ((-1.0, "not yet"), (13744944000.0, "first day"))
    column = SpssColumn(
        "day", "", False, "DATE11", 11, "scale", labels, (), np.array([13744944000.0])
    )
    raw = spss.raw_table(SpssTable((column,), 1, 1, "utf-8", True, ""), "a.sav")
    assert raw.labels == {"day": {"-1": "not yet", "2018-05-06": "first day"}}
    assert raw.notes == ()


def test_a_code_with_two_labels_is_refused():
    labels = (("a", "yes"), ("a ", "no"))
    column = SpssColumn("q", "", True, "A8", 8, "nominal", labels, (), ("a",))
    with pytest.raises(InputError, match=r"^a\.sav, column 'q': A code has two labels"):
        spss.raw_table(SpssTable((column,), 1, 1, "utf-8", True, ""), "a.sav")


def test_numbers_that_nobody_answered_are_pointed_at(written):
    raw = written({"q": [6.0134700169916e-154, 2.0, -1e300], "id": ["a", "b", "c"]})
    assert raw.notes == (
        "numbers beyond all that people can answer in 1 column (q: 2): kept as the file has them",
    )


# --- dates, names, long texts -------------------------------------------------------------------


def test_dates_are_iso_and_times_are_durations(written):
    raw = written(
        {
            "day": [dt.date(2026, 3, 1), None],
            "moment": [dt.datetime(2026, 3, 1, 14, 5, 6, 500000), None],
            "clock": [dt.time(3, 4, 5), dt.time(0, 0)],
            "month": [13744944000.0, np.nan],
            "took": [100.5 * 3600, 3.25],
        },
        variable_format={"month": "MOYR8", "took": "DTIME12"},
    )
    assert cells(raw) == {
        "day": ["2026-03-01", ""],
        "moment": ["2026-03-01 14:05:06.5", ""],
        "clock": ["03:04:05", "00:00:00"],
        "month": ["2018-05-06", ""],
        "took": ["100:30:00", "00:00:03.25"],
    }


@pytest.mark.parametrize("wrong", [-1.0, 1e12, 1e300])
def test_a_date_outside_the_calendar_is_an_error(written, wrong):
    with pytest.raises(InputError) as caught:
        written({"day": [13744944000.0, wrong, wrong]}, variable_format={"day": "DATE11"})
    said = str(caught.value)
    assert said.startswith("a.sav, row 2, column 'day': A date is outside the years 1582 to 9999")
    assert "found: 2 such cells" in said


def test_a_time_longer_than_the_calendar_is_an_error(written):
    with pytest.raises(InputError, match=r"row 3, column 'took': .* a time longer than them"):
        written({"took": [-1.0, 60.0, 1e300]}, variable_format={"took": "TIME8"})


def test_names_questions_and_texts_in_any_letters(written):
    raw = written(
        {"größe": [1.0], "名前": ["日本 "], "x" * 64: ["é" * 300 + " "]},
        column_labels=["Wie groß\nist  es?", None, "ある質問"],
        compress=True,
    )
    assert cells(raw) == {"größe": ["1"], "名前": ["日本"], "x" * 64: ["é" * 300]}
    assert raw.questions == {"größe": "Wie groß ist es?", "x" * 64: "ある質問"}


def test_a_very_long_text_is_whole(written):
    long = "".join(f"{number} " for number in range(4000)).strip()
    raw = written({"a": ["short", long], "b": [1.0, 2.0], "c": ["x" * 252, "y" * 255]})
    assert cells(raw) == {"a": ["short", long], "b": ["1", "2"], "c": ["x" * 252, "y" * 255]}


# --- what the file leaves open ------------------------------------------------------------------


def test_what_the_file_leaves_open_is_noted(tmp_path):
    path = tmp_path / "a.sav"
    rows = [(1.0, "café"), (2.0, "blue")]
    path.write_bytes(small_sav(rows, declared=-1, code=ASCII, weight=1))
    assert read(path).notes == (
        "the file does not say how many records it has: 2 found",
        "the file does not say how its letters are coded: read as utf-8",
        "the file weights records by 'Q1': not done here",
    )
    path.write_bytes(small_sav(code=ASCII))
    assert read(path).notes == ()  # plain letters are the same in all


@pytest.mark.parametrize("rows", [[], [(None, "")], [(None, "   ")]])
def test_a_file_without_records_is_refused(tmp_path, rows):
    (tmp_path / "a.sav").write_bytes(small_sav(rows))
    with pytest.raises(InputError, match="There is no record in this file"):
        read(tmp_path / "a.sav")


def test_two_names_that_are_one_are_refused(tmp_path):
    variables = [("\u212b", 0), ("\u00c5", 0)]  # the sign and the letter
    (tmp_path / "a.sav").write_bytes(small_sav([(1.0, 2.0)], variables))
    with pytest.raises(InputError, match="Two columns have the same name"):
        read(tmp_path / "a.sav")


# --- the kind -----------------------------------------------------------------------------------


def test_the_kind_is_spss(tmp_path):
    path = tmp_path / "A.SAV"
    path.write_bytes(small_sav())
    assert cells(read_export("spss", ExportFile(path))) == {
        "Q1": ["1", "2"],
        "TEAM": ["red", "blue"],
    }
    with pytest.raises(InputError, match='kind = "spss"'):
        read_export("plain", ExportFile(path))


@pytest.mark.parametrize(
    ("name", "data", "says"),
    [
        ("a.sav", b"who,team\nP1,Red\n", "This is not an SPSS file."),
        ("a.csv", b"who,team\nP1,Red\n", "This is not an SPSS file."),
        ("a.sav", b"", "This file is empty."),
        ("a.zsav", small_sav(packed=2)[:-40], "This SPSS file is damaged."),
        ("b.sav", None, "There is no file"),
    ],
)
def test_what_is_no_spss_file_is_not_read_as_one(tmp_path, name, data, says):
    if data is not None:
        (tmp_path / name).write_bytes(data)
    with pytest.raises(InputError, match=says):
        read_export("spss", ExportFile(tmp_path / name))


def test_a_survey_is_read_from_spss_files(make_survey):
    pyreadstat = pytest.importorskip("pyreadstat")
    folder = make_survey({"survey.toml": [
        ('kind = "plain"', 'kind = "spss"'), ('"q3.csv"', '"q3.sav"'), ('2026Q2 = "q2.csv"\n', ""),
        ('[instruments.drinks]\n[instruments.visits]\nlens = "team"\n', ""),
    ]})  # fmt: skip
    frame = pd.DataFrame(
        {
            "who": ["P1", "P2", "P3"],
            "team": ["Red", "Blue", "Red"],
            "tea_1": [1.0, 2.0, 9.0],
            "tea_2": [5.0, 4.0, 3.0],
            "note": ["", "", "warm"],
        }
    )
    pyreadstat.write_sav(frame, str(folder / "q3.sav"), missing_ranges={"tea_1": [9]})
    survey = read_survey(folder)
    assert survey.answers["tea_1"].fillna(0).tolist() == [1, 2, 0]
    assert survey.answers["tea_2"].tolist() == [5, 4, 3]
    noted = survey.import_log.loc[survey.import_log["file"] == "q3.sav", "decision"].tolist()
    assert noted[:2] == ["read", "1 user-missing cell in 1 column (tea_1: 1): blank"]
