"""What a notebook publishes: what may be, how it is rounded and read, and that it comes back."""

from __future__ import annotations

import html.parser
import json
import math

import pandas as pd
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from cultureplus import published
from cultureplus.errors import InputError
from cultureplus.published import MIME, as_html, as_text, publish, read_published

NAN = math.nan
HOSTILE = (
    "=1+1",
    "<script>alert(1)</script>",
    "</script>",
    "<img src=x onerror=alert(1)>",
    '" onmouseover="x',
    "\u202egnp.exe",
    "$x$",
    "a & b",
    "\\N",
    "\\",
    'a "b", c\nd',
    "a\r\nb\rc",
)


def there_and_back(table):
    bundle = publish(table, "t", "A table")._repr_mimebundle_()
    return read_published(bundle[MIME])


@pytest.mark.parametrize("name", ["", "Response", "two words", "a-b", "../a", "a/b", "é", "1a"])
def test_a_name_is_a_file_name(name):
    with pytest.raises(InputError, match="file name"):
        publish(pd.DataFrame({"a": [1]}), name)


@pytest.mark.parametrize(
    "table",
    [
        pd.DataFrame({"respondent": ["P1"], "mean": [1.0]}),
        pd.DataFrame({"mean": [1.0]}, index=pd.Index(["P1"], name="respondent")),
        pd.DataFrame(
            {"mean": [1.0]},
            index=pd.MultiIndex.from_tuples([("w", "P1")], names=["wave", "respondent"]),
        ),
    ],
)
def test_a_row_per_person_is_never_published(table):
    with pytest.raises(InputError, match="row per person"):
        publish(table, "scores")


def test_units_are_published_only_after_a_plan():
    units = pd.DataFrame({"unit": ["Sales"], "mean": [3.0]})
    with pytest.raises(InputError, match=r"plan\.apply"):
        publish(units, "units")
    assert publish(units.assign(shown=True), "units").table["unit"].tolist() == ["Sales"]


def test_numbers_are_rounded_for_good_and_the_table_given_is_not():
    given_table = pd.DataFrame({"alpha": [0.81234, -0.0001], "icc1": [0.123456, 0.5], "n": [3, 4]})
    found = publish(given_table, "t").table
    assert found["alpha"].tolist() == [0.812, 0.0]
    assert math.copysign(1, found["alpha"][1]) == 1  # no minus nought
    assert found["icc1"].tolist() == [0.1235, 0.5]
    assert found["n"].tolist() == [3, 4]
    assert given_table["alpha"].tolist() == [0.81234, -0.0001]


def test_what_is_missing_is_null_and_whole_numbers_are_whole():
    table = pd.DataFrame(
        {
            "mean": [3.0, NAN, math.inf],
            "wave": ["w", None, "x"],
            "n": pd.array([1, None, 2], "Int64"),
        }
    )
    assert publish(table, "t").as_data()["rows"] == [
        [3, "w", 1],
        [None, None, None],
        [None, "x", 2],
    ]


cells = {
    "number": st.none()
    | st.integers(-(10**9), 10**9)
    | st.floats(-1e6, 1e6).map(lambda x: round(x, 3)),
    "truth": st.none() | st.booleans(),
    "text": st.none()
    | st.text(st.characters(codec="utf-8", exclude_characters="\x00"))
    | st.sampled_from(HOSTILE),
}


@example([{"number": 1, "truth": True, "text": text} for text in HOSTILE], "")
@given(st.lists(st.fixed_dictionaries(cells), max_size=6), st.text(max_size=5))
def test_an_output_gives_back_the_table(rows, caption):
    data = {
        "name": "t",
        "caption": caption,
        "key": False,
        "columns": list(cells),
        "rows": [[published._plain(row[name]) for name in cells] for row in rows],
    }
    assert read_published(published._as_output(data)) == data


def test_an_output_has_a_row_a_line():
    """So that a person who compares two versions of a notebook sees the row that moved."""
    output = publish(pd.DataFrame({"a": [1, 2], "b": ["x", "y"]}), "t")._repr_mimebundle_()[MIME]
    head, *rows = output.splitlines()
    assert json.loads(head)["kinds"] == ["number", "text"]
    assert rows == ["1,x", "2,y"]


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_texts_come_back_and_are_escaped(text):
    table = pd.DataFrame({"unit": [text], "mean": [3.5], "shown": [True]})
    data = there_and_back(table)
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    assert data["rows"] == [[text, 3.5, True]]

    seen = []

    class Reader(html.parser.HTMLParser):
        def handle_starttag(self, tag, attrs):
            seen.append((tag, dict(attrs)))

        def handle_data(self, data):
            seen.append(data)

    Reader(convert_charrefs=True).feed(as_html(data | {"caption": text}))
    tags = {each[0] for each in seen if isinstance(each, tuple)}
    assert tags <= {"table", "caption", "thead", "tbody", "tr", "th", "td"}
    assert all(set(each[1]) <= {"class"} for each in seen if isinstance(each, tuple))
    assert seen.count(text) == 2  # the caption and the cell, as texts


def body(data, rows=None):
    return as_text(data, rows).splitlines()[1:]


def test_a_table_reads_as_a_person_reads_it():
    table = pd.DataFrame(
        {
            "scale": ["collaboration_skill.humility", "trust"],
            "response_rate": [0.685, NAN],
            "p": [0.0004, 0.04],
            "mean": [3.0, 2.25],
            "linked": [True, False],
            "reason": ["", ""],
        }
    )
    assert body(there_and_back(table)) == [
        "scale                          response rate  p       mean  linked",
        "Collaboration skill: humility  68 %           < .001  3.00  yes",
        "Trust                                         0.04    2.25  no",
    ]


def test_the_interval_of_a_share_is_read_like_the_share_but_an_answer_range_is_not():
    barrier = pd.DataFrame({"barrier": ["silos"], "share": [0.6], "low": [0.557], "high": [0.63]})
    assert body(there_and_back(barrier))[1] == "Silos    60 %   56 %  63 %"
    answers = pd.DataFrame({"item": ["a"], "share": [0.6], "low": [1], "high": [7]})
    assert body(there_and_back(answers))[1] == "a     60 %   1    7"


def test_what_a_plan_hides_reads_as_hidden_and_rounded_numbers_get_no_zeros():
    table = pd.DataFrame(
        {
            "unit": ["all", "Sales", "Legal"],
            "mean": [3.25, 3.1, NAN],
            "shown": [True, True, False],
            "reason": ["", "", "hidden (<5)"],
        }
    )
    assert body(there_and_back(table)) == [
        "unit   mean    reason",
        "all    3.25",
        "Sales  3.1",
        "Legal  hidden  hidden (<5)",
    ]


def test_a_table_that_says_why_it_is_empty_says_only_that():
    table = pd.DataFrame({"wave": ["w"], "alpha": [NAN], "reason": ["not asked in this survey"]})
    assert body(there_and_back(table)) == ["wave  reason", "w     not asked in this survey"]


def test_an_unexplained_empty_column_stays():
    assert body(there_and_back(pd.DataFrame({"wave": ["w"], "alpha": [NAN]})))[0] == "wave  alpha"


@pytest.mark.parametrize(
    ("rows", "shown", "more"),
    [(12, 12, None), (13, 12, "and 1 more row"), (20, 12, "and 8 more rows")],
)
def test_a_notebook_shows_the_first_rows_and_says_how_many_are_left(rows, shown, more):
    table = publish(pd.DataFrame({"value": range(rows)}), "t", "Caption")
    lines = repr(table).splitlines()
    assert lines[:2] == ["Caption", "value"]
    assert [line.strip() for line in lines[2 : 2 + shown]] == [str(row) for row in range(shown)]
    assert lines[2 + shown :] == ([more] if more else [])
    assert table._repr_html_().count("<tr>") == shown + 1
    assert len(there_and_back(table.table)["rows"]) == rows  # the output carries all


def test_the_rest_of_a_table_is_pointed_at():
    data = there_and_back(pd.DataFrame({"value": range(5)}))
    assert as_html(data, rows=3, rest="tables/<t>.csv").endswith(
        "<p>and 2 more rows in tables/&lt;t&gt;.csv</p>"
    )


def test_columns_are_laid_out_by_what_they_hold():
    table = pd.DataFrame(
        {"n": [1, 2], "yes": [True, False], "why": ["x" * 60, "y"], "of": ["a", "b"]}
    )
    page = as_html(there_and_back(table))
    assert "<th class=number>n</th><th>yes</th><th class=long>why</th><th>of</th>" in page
    assert "<td class=number>1</td><td>yes</td>" in page


def test_an_empty_table_is_a_table():
    data = there_and_back(pd.DataFrame({"a": pd.Series(dtype="float64"), "reason": []}))
    assert data["rows"] == []
    assert as_text(data) == "A table\na"
    assert "<tbody></tbody>" in as_html(data)


def test_a_table_of_pairs_needs_a_plan_as_well():
    pairs = pd.DataFrame({"from": ["Sales"], "to": ["Legal"], "score": [4.2]})
    with pytest.raises(InputError, match="show_seams"):
        publish(pairs, "seams")
    assert publish(pairs.assign(shown=True), "seams").name == "seams"
