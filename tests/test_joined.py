"""Several answers in one cell: what is taken apart, what is refused, what the log counts."""

from __future__ import annotations

import itertools
from collections import Counter

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cultureplus import joined
from cultureplus.asked import Together
from cultureplus.cells import MISSING_CODES
from cultureplus.errors import InputError
from cultureplus.intake import read_survey
from cultureplus.joined import divisions, ticked_together
from cultureplus.raw_table import RawTable
from cultureplus.settings import read_settings
from cultureplus.spelling import same_name

QUICK = settings(max_examples=60, deadline=None, derandomize=True, database=None)
PIECES = {
    "milk, please": "milk", "milk": "milk", "sugar": "sugar", "a; b": "both",
    "none of these": "none", "don't know": "",
}  # fmt: skip

# cell, what stands between: options, unknown pieces
DIVIDED = {
    "one": ("Sugar", ", ", {"sugar"}, 0),
    "two": ("Sugar, None of these", ", ", {"sugar", "none"}, 0),
    "the mark within an option": ("Milk, please", ", ", {"milk"}, 0),
    "the mark within the first": ("Milk, please, Sugar", ", ", {"milk", "sugar"}, 0),
    "the mark within the last": ("Sugar, Milk, please", ", ", {"milk", "sugar"}, 0),
    "an option and its beginning": ("Milk, Milk, please", ", ", {"milk"}, 0),
    "a mark at the end": ("Sugar;milk;", ";", {"sugar", "milk"}, 0),
    "two marks in a row": ("Sugar;;milk", ";", {"sugar", "milk"}, 0),
    "only marks": (";; ;", ";", set(), 0),
    "semicolon within an option": ("a; b;Sugar;", ";", {"both", "sugar"}, 0),
    "capitals and odd spaces": (" SUGAR ,\u00a0milk ", ", ", {"sugar", "milk"}, 0),
    "no space at the mark": ("sugar,milk", ", ", {"sugar", "milk"}, 0),
    "line breaks between": ("sugar\nmilk", "\n", {"sugar", "milk"}, 0),
    "no option": ("don't know", ", ", set(), 0),
    "no option beside one": ("don't know, sugar", ", ", {"sugar"}, 0),
    "blank": ("", ", ", set(), 0),
    "free text at the end": ("sugar, honey from home", ", ", {"sugar"}, 1),
    "free text with the mark": ("sugar, honey, or jam", ", ", {"sugar"}, 2),
    "free text in front": ("honey;sugar;", ";", {"sugar"}, 1),
    "an option at the beginning of free text": ("sugary things", ", ", set(), 1),
    "an option at the end of free text": ("no sugar", ", ", set(), 1),
    "letters that small letters make longer": ("\u0130;sugar", ";", {"sugar"}, 1),
}


@pytest.mark.parametrize(("cell", "joins", "options", "unknown"), DIVIDED.values(), ids=DIVIDED)
def test_a_cell_is_divided_into_known_pieces(cell, joins, options, unknown):
    found = divisions(cell, PIECES, joins)
    assert [(set(each.options), each.unknown) for each in found] == [(options, unknown)]


def test_a_cell_with_two_divisions_has_two():
    pieces = {"tea": "t", "milk": "m", "tea, milk": "tm"}
    found = [set(each.options) for each in divisions("tea, milk, milk", pieces, ", ")]
    assert found == [{"m", "t"}, {"m", "tm"}]
    assert len(divisions("tea, milk", pieces | {"tea, milk": "t", "milk": "t"}, ", ")) == 1


@given(
    st.data(),
    st.lists(st.text("ab,; ", min_size=1).map(same_name).filter(bool), min_size=1, max_size=5,
             unique=True),
    st.sampled_from([", ", ";", ",", "; "]),
)  # fmt: skip
@QUICK
def test_what_is_joined_is_among_the_divisions(data, pieces, joins):
    known = {piece: f"o{place}" for place, piece in enumerate(pieces)}
    chosen = data.draw(st.lists(st.sampled_from(pieces), unique=True))
    # An option of nothing but marks can't be told from marks that part nothing.
    chosen = [piece for piece in chosen if piece.strip(",; ")]
    found = divisions(joins.join(chosen), known, joins)
    assert {known[piece] for piece in chosen} in [
        {option for option in each.options if pieces[int(option[1:])].strip(",; ")}
        for each in found
    ]
    assert {each.unknown for each in found} == {0}


@given(st.sets(st.sampled_from(["Red", "Green, light", "Blue; dark", "(Other)"])))
@QUICK
def test_texts_of_which_none_begins_another_come_back_whole(chosen):
    known = {same_name(text): text for text in ("Red", "Green, light", "Blue; dark", "(Other)")}
    for joins, order in itertools.product([", ", ";"], [sorted, lambda each: sorted(each)[::-1]]):
        found = divisions(joins.join(order(chosen)) + joins, known, joins)
        assert [set(each.options) for each in found] == [chosen]


def test_a_long_free_text_is_divided_in_time():
    found = divisions("yes, " * 4000 + "sugar", PIECES, ", ")
    assert [(set(each.options), each.unknown) for each in found] == [({"sugar"}, 4000)]


# ---- a column ----

OPTIONS = {"milk": "Milk, please", "sugar": "Sugar"}


def ticked(cells, *, ignore=False, joins="", table=", ", labels=None, missing=(-99.0,)):
    frame = pd.DataFrame({"q": pd.Series(cells, dtype="str")})
    raw = RawTable(frame, "a.csv", 2, joins=table, labels={"q": labels or {}})
    tally: Counter[str] = Counter()
    found = ticked_together(
        raw, Together("q", PIECES, joins, ignore), OPTIONS, question="drinks", missing=missing,
        tally=tally,
    )  # fmt: skip
    return found.astype("int64").to_numpy().tolist(), +tally


def test_a_column_is_taken_apart_and_counted():
    found, tally = ticked(
        ["", "Milk, please", "Sugar, Milk, please", "-99", "sugar, honey", "honey", "don't know",
         "sugar, don't know", "-99.0", "honey"],
        ignore=True,
    )  # fmt: skip
    assert found == [
        [0, 0], [1, 0], [1, 1], [0, 0], [0, 1], [0, 0], [0, 0], [0, 1], [0, 0], [0, 0],
    ]  # fmt: skip
    assert tally == {
        joined.TAKEN_APART: 7, joined.UNLISTED: 1, joined.NO_OPTION: 1, joined.NOTHING_ELSE: 3,
        MISSING_CODES: 2,
    }  # fmt: skip


@pytest.mark.parametrize("declared", [{"9": "Sugar"}, {"1": "Sugar", "9": "Milk, please"}])
def test_the_number_of_an_option_is_no_missing_code(declared):
    with pytest.raises(InputError) as caught:
        ticked(["9", "1,9", ""], table=",", labels=declared, missing=(-99.0, 9.0))
    assert str(caught.value) == (
        "a.csv, column 'q': A missing code is also the number of an option here.\n"
        "  fix: give missing answers another code in the export and under missing.codes in "
        "survey.toml, or export this question as texts"
    )
    assert ticked(["8", "Sugar", ""], labels={"8": "don't know"}, missing=(8.0,))[0][0] == [0, 0]


@pytest.mark.parametrize("code", [-99.0, -1234567.0, -99.5])
def test_a_missing_code_is_one_with_however_many_decimals(code):
    cells = [f"{code:.2f}", f"{code:.1f}", "Sugar"]
    assert ticked(cells, missing=(code,)) == (
        [[0, 0], [0, 0], [0, 1]], {MISSING_CODES: 2, joined.TAKEN_APART: 1},
    )  # fmt: skip


def test_survey_toml_says_what_stands_between_before_the_tool_does():
    assert ticked(["milk|sugar"], joins="|", table="")[0] == [[1, 1]]
    with pytest.raises(InputError) as caught:
        ticked(["milk|sugar"], table="")
    assert 'instruments.drinks.joins = ";"' in str(caught.value)
    assert caught.value.column == "q"


def test_codes_that_the_file_declares_are_known():
    labels = {"1": "Sugar", "2": "Milk,  please", "3": "Honey"}
    assert ticked(["1,2", "2"], table=",", labels=labels)[0] == [[1, 1], [1, 0]]
    with pytest.raises(InputError, match="row 2"):
        ticked(["3"], table=",", labels=labels)


def test_an_unknown_piece_is_refused_without_being_shown():
    with pytest.raises(InputError) as caught:
        ticked(["sugar", "", "canary", "sugar, canary"])
    assert str(caught.value) == (
        "a.csv, row 4, column 'q': A cell holds a text that is not among the options.\n"
        "  found: 2 such cells in this column\n"
        "  possible: Milk, please, Sugar\n"
        "  fix: say in survey.toml which option it is: instruments.drinks.choices = "
        '{ "..." = "milk" }, "" for none; if people could write an answer of their own: '
        'instruments.drinks.unlisted = "ignore"'
    )


def test_a_cell_with_two_meanings_is_refused(monkeypatch):
    monkeypatch.setitem(PIECES, "please", "sugar")
    with pytest.raises(InputError) as caught:
        ticked(["sugar", "milk, please", "milk, please"], ignore=True)
    assert str(caught.value).startswith(
        "a.csv, row 3, column 'q': A cell can be taken apart into options in more than one way.\n"
        "  found: 2 such cells in this column\n"
    )


# ---- a survey ----

ONE_COLUMN = (
    "[instruments.drinks]",
    '[instruments.drinks]\ncolumn = "What  with it?"\njoins = ";"\nunlisted = "ignore"\n'
    'choices = { "Milch" = "milk", "Wei\u00df nicht" = "" }',
)


def with_one_column(make_survey, cells, change=ONE_COLUMN):
    changes = {"survey.toml": change}
    for name, part in (("q2.csv", cells[:2]), ("q3.csv", cells[2:])):
        rows = [f'P{n},Red,3,3,2,2,"{cell}",\n' for n, cell in enumerate(part, start=1)]
        head = "who,team,tea_1,tea_2,visits_red,visits_blue,What with it?,note\n"
        changes[name] = head + "".join(rows)
    return make_survey(changes)


def test_a_question_in_one_column_is_a_question_like_any_other(make_survey):
    cells = ["Milk, please;Sugar", "none;", "milch;None of these", "WEISS NICHT;", "honey;", ""]
    survey = read_survey(with_one_column(make_survey, cells))
    found = survey.answers[["drinks.milk", "drinks.sugar", "drinks.none"]]
    assert found.astype("object").where(found.notna(), None).to_numpy().tolist() == [
        [1, 1, 0], [0, 0, 1], [1, 0, 0], [None] * 3, [None] * 3, [None] * 3,
    ]  # fmt: skip
    log = survey.import_log
    decisions = log.loc[log["wave"] == "2026Q3", "decision"].tolist()
    assert [each for each in decisions if "ratings" not in each][2:] == [  # read, keys hashed
        "'none' ticked beside others in 1 record: the others count",
        f"3 cells {joined.TAKEN_APART}",
        f"2 cells {joined.NOTHING_ELSE}",
    ]
    assert "honey" not in log.to_string()


def test_a_column_that_is_not_there_is_explained(make_survey):
    change = ("[instruments.drinks]", '[instruments.drinks]\ncolumn = "What with this?"')
    folder = with_one_column(make_survey, ["sugar"] * 4, change)
    with pytest.raises(InputError) as caught:
        read_survey(folder)
    assert "Can't find the column 'What with this?'." in str(caught.value)
    assert 'instruments.drinks.column = "What with it?" in survey.toml' in str(caught.value)


# case: what stands under [instruments.drinks], its line, how the sentence begins, what else
REFUSED = {
    "choices without a column": (
        'choices = { "x" = "milk" }', 29, "'choices' belongs to a question", ['column = "..."']),
    "column and columns": (
        'column = "q"\ncolumns = { milk = "x" }', 30, "'columns' does not go with 'column'",
        ["choices"]),
    "column and labels": (
        'column = "q"\nlabels = "agree"', 30, "'labels' does not go with 'column'", []),
    "column no text": ("column = 3", 29, "'column' must be a text", []),
    "no such option": (
        'column = "q"\nchoices = { "x" = "milc" }', 30, "'drinks' has no option 'milc'.",
        ["possible: milk, sugar, none", "did you mean 'milk'?"]),
    "one text for two options": (
        'column = "q"\nchoices = { "x" = "milk", "X " = "sugar" }', 30,
        "Each choice needs a text of its own.", []),
    "a blank text": (
        'column = "q"\nchoices = { " " = "milk" }', 30, "Each choice needs a text", []),
    "unknown way with other texts": (
        'column = "q"\nunlisted = "drop"', 30, "What to do with other texts?",
        ["possible: refuse, ignore"]),
    "nothing between": ('column = "q"\njoins = ""', 30, "Something must stand between", []),
}  # fmt: skip


@pytest.mark.parametrize(("text", "line", "beginning", "further"), REFUSED.values(), ids=REFUSED)
def test_settings_that_contradict_are_refused(make_survey, text, line, beginning, further):
    change = ("[instruments.drinks]", f"[instruments.drinks]\n{text}")
    with pytest.raises(InputError) as caught:
        read_settings(make_survey({"survey.toml": change}))
    assert caught.value.line == line
    assert caught.value.sentence.startswith(beginning)
    for words in further:
        assert words in str(caught.value)


def test_an_option_whose_id_is_anothers_text_needs_a_choice(make_survey):
    changes = {
        "drinks.toml": ('id = "sugar"', 'id = "milk_please"'),
        "survey.toml": ("[instruments.drinks]", '[instruments.drinks]\ncolumn = "q"'),
    }
    changes["drinks.toml"] = [changes["drinks.toml"], ('"Milk, please"', '"Milk_please"')]
    with pytest.raises(InputError, match="'milk_please' stands for two options"):
        read_settings(make_survey(changes))
    changes["survey.toml"] = (
        "[instruments.drinks]",
        '[instruments.drinks]\ncolumn = "q"\nchoices = { milk_please = "milk" }',
    )
    together = read_settings(make_survey(changes)).asked["drinks"].together
    assert together is not None
    assert together.pieces["milk_please"] == "milk"
