"""Files as raw tables: the same cells from every kind of file, and rows as a spreadsheet counts."""

from __future__ import annotations

import csv
import io
import re
import zipfile
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from openpyxl import Workbook
from pyarrow import parquet

from cultureplus import readers
from cultureplus.errors import InputError
from cultureplus.export_file import ExportFile
from cultureplus.intake import read_survey
from cultureplus.raw_table import RawTable, column_of
from cultureplus.readers import READERS, read_export

QUICK = settings(
    max_examples=30, deadline=None, derandomize=True, database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)  # fmt: skip


def write_rows(path: Path, rows: list[list[str]], *, newline: str = "\n") -> Path:
    """A csv or a workbook in which rows[i] is row i + 1 of the spreadsheet."""
    if path.suffix == ".xlsx":
        book = Workbook()
        for number, row in enumerate(rows, start=1):
            for place, cell in enumerate(row, start=1):
                if cell != "":
                    book.active.cell(number, place, cell)
        book.save(path)
    else:
        text = io.StringIO()
        csv.writer(text, lineterminator=newline, quoting=csv.QUOTE_ALL).writerows(rows)
        path.write_bytes(text.getvalue().encode())
    return path


def read(path: Path, kind: str = "plain", **options) -> RawTable:
    return read_export(kind, ExportFile(path, **options))


def read_text(folder: Path, text: str | bytes, **options) -> RawTable:
    path = folder / "table.csv"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return read(path, **options)


# ---- rows ----


@QUICK
@given(
    kind=st.sampled_from(["plain", "qualtrics"]),
    ending=st.sampled_from([".csv", ".xlsx"]),
    newline=st.sampled_from(["\n", "\r\n", "\r"]),
    above=st.integers(0, 3),
    records=st.lists(
        st.sampled_from([["P", "fine"], ["P", "two\nlines"], ["", ""], ["P", ""]]),
        min_size=1, max_size=8,
    ),
    data=st.data(),
)  # fmt: skip
def test_a_record_is_named_by_the_row_in_which_a_spreadsheet_shows_it(
    tmp_path, kind, ending, newline, above, records, data
):
    head = [["who", "note"]]
    if kind == "qualtrics":
        head += [["Who\nare you?", "Anything\nelse?"], ['{"ImportId":"a"}', '{"ImportId":"b"}']]
    rows = [["", ""]] * above + head + records
    place = data.draw(st.integers(above + len(head), len(rows) - 1))
    rows[place] = ["wanted", "x"]
    raw = read(write_rows(tmp_path / f"table{ending}", rows, newline=newline), kind)
    found = raw.frame.index[raw.frame["who"] == "wanted"]
    assert [raw.row(label) for label in found] == [place + 1]
    assert len(raw.frame) == sum(row != ["", ""] for row in rows[above + len(head) :])


def test_rows_of_a_parquet_file_count_its_records(make_survey):
    folder = make_survey({"survey.toml": ('"q3.csv"', '"q3.parquet"')})
    table = pd.read_csv(folder / "q3.csv")
    table.assign(tea_1=[4, 3, 77, 5]).to_parquet(folder / "q3.parquet")
    with pytest.raises(InputError, match=r"q3.parquet, row 3, column 'tea_1'"):
        read_survey(folder)


# ---- the same survey from every kind of file ----


def variants(folder: Path) -> dict[str, Path]:
    """q3.csv as every kind of file, and as text in every dress."""
    text = (folder / "q3.csv").read_text("utf-8")
    rows = list(csv.reader(io.StringIO(text)))
    table = pd.read_csv(folder / "q3.csv")  # blanks make numbers into floats
    found = {
        "bom.csv": b"\xef\xbb\xbf" + text.encode(),
        "windows.csv": text.replace("\n", "\r\n").encode(),
        "blank_above.csv": ("\n,,,,,,,,,\n" + text).encode(),
        "blank_below.csv": (text + "\n,,,,,,,,,\n\n").encode(),
        "no_last_line_break.csv": text.rstrip("\n").encode(),
        "spaces.csv": text.replace("P3,Blue,1", " P3 , Blue , 1 ").encode(),
        "names.csv": text.replace("who,team,", "\u00a0who,team  ,").encode(),
        "tabs.tsv": "\n".join("\t".join(f'"{cell}"' for cell in row) for row in rows).encode(),
    }
    paths = {}
    for name, data in found.items():
        paths[name] = folder / name
        paths[name].write_bytes(data)
    paths["numbers.xlsx"] = folder / "numbers.xlsx"
    table.to_excel(paths["numbers.xlsx"], index=False)
    paths["texts.xlsx"] = write_rows(folder / "texts.xlsx", rows)
    for name, each in {
        "floats": table,
        "nullable": table.convert_dtypes(),
        "objects": table.astype("object"),
        "categories": table.astype("category"),
        "respondent_as_index": table.set_index("who"),
        "filtered": pd.concat([table, table]).iloc[:4],
    }.items():
        paths[f"{name}.parquet"] = folder / f"{name}.parquet"
        each.to_parquet(paths[f"{name}.parquet"])
    return paths


def test_every_kind_of_file_gives_the_same_survey(make_survey):
    folder = make_survey()
    wanted = read_survey(folder)
    for name in variants(folder):
        make_survey({"survey.toml": ('"q3.csv"', f'"{name}"')})
        found = read_survey(folder)
        for part in ("answers", "people", "comments"):
            pd.testing.assert_frame_equal(getattr(found, part), getattr(wanted, part), obj=name)


def test_semicolons_are_read_where_they_are_declared(make_survey):
    survey = make_survey({"survey.toml": ('kind = "plain"', 'kind = "plain"\ndelimiter = ";"')})
    for name in ("q2.csv", "q3.csv"):
        text = (survey / name).read_text("utf-8").replace("A note,", "A note;")
        (survey / name).write_text(text.replace(",", ";"), encoding="utf-8")
    assert read_survey(survey).answers["tea_2"].sum() == 5 + 3 + 4 + 3 + 2
    assert read_survey(survey).comments["text"].tolist() == ["A note;\nover two lines"]


def test_parquet_numbers_come_as_a_csv_spells_them(tmp_path):
    path = tmp_path / "table.parquet"
    pd.DataFrame(
        {
            "float": [1.0, np.nan, 2.5],
            "integer": pd.array([7, None, 8], dtype="Int64"),
            "truth": pd.array([True, None, False], dtype="boolean"),
            "text": ["01", None, "nan"],
            "list": [[1], None, [2]],
            4: [101, 102, 103],
        }
    ).rename(columns=str).to_parquet(path)
    frame = read(path).frame
    assert frame.drop(columns="list").to_numpy().tolist() == [
        ["1", "7", "True", "01", "101"],
        ["", "", "", "", "102"],
        ["2.5", "8", "False", "nan", "103"],
    ]


@pytest.mark.parametrize(
    "kind", [pa.binary(), pa.large_binary(), pa.binary_view(), pa.binary(2)], ids=str
)
def test_parquet_bytes_are_the_text_that_they_spell(tmp_path, kind):
    cells = [b"P1", b"\xc3\xbc", None] if kind == pa.binary(2) else [b"P1", b"", None]
    table = pa.table({"who": ["a", "b", "c"], "cell": pa.array(cells, kind)})
    parquet.write_table(table, tmp_path / "table.parquet")
    wanted = [cell.decode() if cell else "" for cell in cells]
    assert read(tmp_path / "table.parquet").frame["cell"].tolist() == wanted


@pytest.mark.parametrize(("time", "zone"), [(1, "Nowhere/Land"), (10**15, None), (10**15, "UTC")])
def test_parquet_times_of_no_known_zone_or_year_are_refused(tmp_path, time, zone):
    moments = pa.array([time, None], pa.timestamp("ms", zone))
    parquet.write_table(pa.table({"q": ["a", "b"], "at": moments}), tmp_path / "table.parquet")
    with pytest.raises(InputError) as caught:
        read(tmp_path / "table.parquet")
    assert str(caught.value) == (
        "table.parquet, column 'at': This column holds times of no known zone or year.\n"
        "  fix: write it again as text, or leave this column out"
    )


def rewritten(path: Path, part: str, old: bytes, new: bytes) -> Path:
    """A copy of a workbook in which one part is written as other programs write it."""
    copy = path.with_name("copy.xlsx")
    with zipfile.ZipFile(path) as before, zipfile.ZipFile(copy, "w") as after:
        for name in before.namelist():
            data = before.read(name)
            if name.endswith(part):
                data, count = re.subn(old, new, data, flags=re.DOTALL)
                assert count == 1
            after.writestr(name, data)
    return copy


@pytest.mark.parametrize(
    ("part", "old", "new"),
    [
        ("sheet1.xml", b'<dimension ref="[^"]*"', b'<dimension ref="A1"'),
        ("sheet1.xml", b"<dimension [^>]*>", b""),
        # the library that opens workbooks warns of these, to no use of ours
        ("styles.xml", b"<cellStyles.*</cellStyles>", b""),
        ("sheet1.xml", b"</sheetData>", b"</sheetData><extLst><ext uri="
         b'"{CCE6A557-97BC-4b89-ADB6-D9C93CAAB3DF}"/></extLst>'),
    ],
    ids=["declared too small", "no declared size", "no styles", "an extension"],
)  # fmt: skip
def test_workbooks_of_other_programs_are_read_whole(tmp_path, part, old, new):
    path = write_rows(tmp_path / "table.xlsx", [["who", "q"], ["P1", "3"], ["P2", "4"]])
    raw = read(rewritten(path, part, old, new))
    assert raw.frame.to_numpy().tolist() == [["P1", "3"], ["P2", "4"]]


def test_further_sheets_are_not_read(tmp_path):
    book = Workbook()
    book.active.append(["who"])
    book.active.append(["P1"])
    book.create_sheet().append(["canary"])
    book.save(tmp_path / "table.xlsx")
    raw = read(tmp_path / "table.xlsx")
    assert raw.frame.to_numpy().tolist() == [["P1"]]


@pytest.mark.parametrize("blank", [False, True])
def test_an_empty_workbook_is_refused(tmp_path, blank):
    book = Workbook()
    if blank:
        book.active.append([" ", " "])
    book.save(tmp_path / "table.xlsx")
    with pytest.raises(InputError, match=r"^table.xlsx: .* is empty\."):
        read(tmp_path / "table.xlsx")


def test_a_truncated_workbook_or_parquet_file_is_refused(tmp_path):
    path = write_rows(tmp_path / "table.xlsx", [["who"], ["P1"]])
    path.write_bytes(path.read_bytes()[:-200])
    with pytest.raises(InputError, match=r"^table.xlsx: This is not a workbook"):
        read(path)
    path = tmp_path / "table.parquet"
    pd.DataFrame({"who": ["P1"]}).to_parquet(path)
    path.write_bytes(path.read_bytes()[:-200])
    with pytest.raises(InputError, match=r"^table.parquet: This is not a parquet file"):
        read(path)


def test_parquet_without_a_record_is_refused(tmp_path):
    path = tmp_path / "table.parquet"
    pd.DataFrame({"who": pd.Series([], dtype="str")}).to_parquet(path)
    with pytest.raises(InputError, match=r"^table.parquet: There is no record"):
        read(path)


@given(
    st.lists(
        st.lists(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0\r")),
                 min_size=3, max_size=3),
        min_size=1, max_size=5,
    )
)  # fmt: skip
@QUICK
def test_what_a_csv_writer_writes_is_read_back(tmp_path, records):
    wanted = [row for row in records if any(row)]
    path = write_rows(tmp_path / "table.csv", [["a", "b", "c"], *records])
    if wanted:
        assert read(path).frame.to_numpy().tolist() == wanted
    else:
        with pytest.raises(InputError, match="only a header"):
            read(path)


# ---- columns ----


def test_a_column_that_is_not_there_is_explained(tmp_path):
    raw = read_text(tmp_path, "who,department\nP1,Sales\n")
    with pytest.raises(InputError) as caught:
        column_of(raw, "departement", setting="units.function")
    assert str(caught.value) == (
        "table.csv: Can't find the column 'departement'.\n"
        "  possible: department, who\n"
        '  fix: if it has another name: units.function = "department" in survey.toml'
    )


def test_a_long_list_of_columns_is_cut(tmp_path):
    raw = read_text(tmp_path, ",".join(f"q{n}" for n in range(30)) + "\n" + "1," * 29 + "1\n")
    with pytest.raises(InputError, match=r"possible: q.*, q[0-9]+ and 18 more\n"):
        column_of(raw, "canary", setting="x")


def test_each_kind_of_export_has_a_reader():
    files = Path(readers.__file__).parent.glob("*.py")
    assert set(READERS) == {path.stem for path in files} - {"__init__"}
