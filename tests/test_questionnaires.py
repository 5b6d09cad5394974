"""Questionnaires out: every code once, every text as it was, nothing that a tool would run."""

from __future__ import annotations

import html
import io
import re
import zipfile
from dataclasses import replace
from itertools import chain
from pathlib import Path

import mistune
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

import cultureplus as cp
from cultureplus.cli import main
from cultureplus.errors import InputError
from cultureplus.instrument import Instrument, Item, Option
from cultureplus.questionnaires import TARGETS, back_again
from cultureplus.questionnaires.pages import one_line
from cultureplus.questionnaires.units_file import unit_names
from cultureplus.tool_columns import limesurvey_code
from tests.survey_tools import (
    BUNDLED,
    IMPORTS,
    UNITS,
    limesurvey_import,
    qualtrics_import,
    written,
)  # fmt: skip

GOLDEN = Path(__file__).parent / "questionnaires"
ODD = GOLDEN / "odd.toml"
TOOLS = tuple(IMPORTS)


# --- the files --------------------------------------------------------------------------------


@pytest.mark.parametrize("to", ["qualtrics", "limesurvey", "markdown"])
def test_a_text_is_as_it_was_looked_through(to, tmp_path):
    ending = TARGETS[to].ending
    path = cp.write_questionnaire(
        ["odd_texts", "programme_exposure"],
        to=to, out=tmp_path / f"new{ending}", instruments=[ODD], title="Two texts & more",
    )  # fmt: skip
    assert path.read_bytes() == (GOLDEN / f"{to}{ending}").read_bytes()
    assert [each.name for each in tmp_path.iterdir()] == [path.name]


def test_a_workbook_is_the_same_bytes_each_time():
    first = written(BUNDLED.values(), "xlsform", units=UNITS)
    assert written(BUNDLED.values(), "xlsform", units=UNITS) == first
    with zipfile.ZipFile(io.BytesIO(first)) as parts:
        assert {each.date_time[0] for each in parts.infolist()} == {1980}
        assert set(re.findall(rb"(\d{4})-\d\d-\d\dT", parts.read("docProps/core.xml"))) == {b"1980"}


def expected_codes(form):
    rated = [each for each in BUNDLED.values() if each.kind == "rating"]
    shown = [each.pulse() if form == "pulse" else each for each in rated]
    items = [item.id for each in shown for item in each.items]
    options = [f"{e.id}_{o.id}" for e in BUNDLED.values() for o in e.options]
    return items, options, ["seam_rating_customer_service", "seam_rating_finance", "seam_rating_it"]


@pytest.mark.parametrize("form", ["full", "pulse"])
@pytest.mark.parametrize("to", TOOLS)
def test_every_code_of_every_bundled_instrument_stands_once(to, form):
    asked = IMPORTS[to](written(BUNDLED.values(), to, units=UNITS, form=form))
    items, options, rated = expected_codes(form)
    if to == "limesurvey":
        codes = [code for each in asked if not each.many for code, _ in each.parts]
        names = [name.removeprefix("seam_rating_") for name in items + rated]
        assert sorted(codes) == sorted(limesurvey_code(name) for name in names)
        ticked = [f"{each.code}[{code}]" for each in asked if each.many for code, _ in each.parts]
        assert len(ticked) == len(set(ticked)) == len(options)
    else:
        assert sorted(e.code for e in asked if not e.many) == sorted(items + rated)
        many = [each for each in asked if each.many]
        assert sum(len(each.choices) for each in many) == len(options)
    if to == "xlsform":
        found = [f"{e.code}_{code}" for e in asked if e.many for code, _ in e.choices]
        assert found == options


@pytest.mark.parametrize("form", ["full", "pulse"])
def test_every_code_stands_once_for_people_too(form):
    text = written(BUNDLED.values(), "markdown", units=UNITS, form=form).decode("utf-8")
    codes = re.findall(r"^\| `([^`]+)` \|", text, re.MULTILINE)
    assert sorted(codes) == sorted(chain(*expected_codes(form)))


@pytest.mark.parametrize("to", TARGETS)
def test_respondents_are_not_told_what_is_reversed(to):
    """Turning every item round changes no byte."""
    original = BUNDLED["psychological_safety"]
    turned = [replace(item, reversed=not item.reversed) for item in original.items]
    assert written([replace(original, items=tuple(turned))], to) == written([original], to)


@pytest.mark.parametrize("to", TOOLS)
def test_respondents_are_not_told_what_is_measured(to):
    """Neither the name of the questionnaire nor what it is about is a text of the survey."""
    original = BUNDLED["psychological_safety"]
    content = written([original], to)
    other = replace(original, title="Another title", about="Another story.")
    assert written([other], to) == content


def test_an_option_that_excludes_the_others_does_so_where_a_tool_can():
    content = {to: written([BUNDLED["barriers_named"]], to) for to in ("limesurvey", "xlsform")}
    assert limesurvey_import(content["limesurvey"])[0].alone == ["none"]
    rule = IMPORTS["xlsform"](content["xlsform"])[0].constraint
    assert rule == "not(selected(., 'none') and count-selected(.) > 1)"


# --- texts ------------------------------------------------------------------------------------

MARKS = st.sampled_from([*"=+-@\t\n\r\"'<>&[]{}$\\|`*_#;,", "[[", "]]", "{x}", "&lt;", "\x00", "é"])
TEXTS = st.lists(
    st.one_of(MARKS, st.characters(exclude_categories=["Cs"])), min_size=1, max_size=12
)


def made(texts):
    """An instrument and a select-all question of these texts."""
    common = {"title": "t", "validity": "v", "source": "s", "licence": "l"}
    items = tuple(Item(f"i_{place}", text) for place, text in enumerate(texts))
    options = tuple(Option(f"o_{place}", text) for place, text in enumerate(texts))
    rated = Instrument(
        id="rated", kind="rating", about="", low=1, high=len(texts), items=items,
        answer_labels=tuple(texts), **common,
    )  # fmt: skip
    return rated, Instrument(
        id="ticked", kind="select_all", about=texts[0], options=options, **common
    )


@example(["=1+1", "-2"])
@example(["[[[a]]] $${b}", "c"])
@example(["c\ufffe\ud800", "d"])
@settings(max_examples=40, deadline=None)
@given(st.lists(TEXTS.map("".join), min_size=2, max_size=3))
def test_any_text_comes_through_each_format(texts):
    wanted = [one_line(text) for text in texts]
    for to in TARGETS:
        if not all(wanted):
            with pytest.raises(InputError, match=r"not here|says nowhere|is blank"):
                written(made(texts), to)
            continue
        if to == "xlsform" and any("${" in text for text in wanted):
            with pytest.raises(InputError, match=r"'\$\{' in it"):
                written(made(texts), to)
            continue
        content = written(made(texts), to)
        if to == "markdown":
            assert markdown_texts(content) == [*wanted, *wanted, *wanted]
            continue
        *rated, ticked = IMPORTS[to](content)
        first = rated[0]
        assert [label for _, label in first.choices] == wanted
        asked = first.parts if to == "limesurvey" else [(e.code, e.text) for e in rated]
        assert [text for _, text in asked] == wanted
        assert ticked.text == wanted[0]
        options = ticked.parts if to == "limesurvey" else ticked.choices
        assert [text for _, text in options] == wanted


@pytest.mark.parametrize("shift", range(3))
def test_the_encoding_is_told_wherever_the_first_bytes_end(shift):
    """LimeSurvey looks at 10,000 bytes: a letter cut in two there would tell another one."""
    items = tuple(Item(f"i_{place}", "\u5354\u529b" * 60 + "x" * shift) for place in range(40))
    asked = limesurvey_import(written([rated(items=items)], "limesurvey"))
    assert [text for _, text in asked[0].parts] == [item.text for item in items]


def markdown_texts(content):
    """The middle cells of all tables, as a browser shows them."""
    page = mistune.create_markdown(escape=True, plugins=["table"])(content.decode("utf-8"))
    rows = re.findall(r"<tr>\s*<td>.*?</td>\s*<td>(.*?)</td>", page, re.DOTALL)
    assert not any(re.search(r"<[a-z]", row) for row in rows)
    return [html.unescape(row) for row in rows]


# --- what is refused --------------------------------------------------------------------------

REFUSED = {
    "no such tool": (
        {"to": "qualtrix"}, "Questionnaires are not written for 'qualtrix'.",
        ["possible: qualtrics, limesurvey, xlsform, markdown", "did you mean 'qualtrics'?"]),
    "no instrument": ({"names": []}, "No instrument is named.", ["barriers_named"]),
    "unknown instrument": (
        {"names": ["psychological_saftey"]}, "There is no instrument 'psychological_saftey'.",
        ["did you mean 'psychological_safety'?"]),
    "asked twice": (
        {"names": ["odd_texts", "odd_texts"]}, "'odd_texts' would be asked twice.", []),
    "a wording that is not here": (
        {"names": ["edmondson_1999"]}, "The wording of 'edmondson_1999' is not here",
        ["no text for e99_1, e99_2", 'wording = "permitted"', "--instruments"]),
    "no units": (
        {"names": ["seam_rating"]}, "'seam_rating' rates the units of a lens, and none is named.",
        ["--units"]),
    "units for nothing": (
        {"units": ["IT", "Finance"]}, "Units are named, and no instrument here rates them.", []),
    "one unit": (
        {"names": ["seam_rating"], "units": ["IT"]}, "Units rate one another", ["all units"]),
    "two units of one column": (
        {"names": ["seam_rating"], "units": ["R & D", "R/D"]},
        "The units 'R & D' and 'R/D' would have one column.", []),
    "one unit twice": (
        {"names": ["seam_rating"], "units": ["IT", "IT "]},
        "The units 'IT' and 'IT' would have one column.", ["name each unit once"]),
    "a unit without a name": (
        {"names": ["seam_rating"], "units": ["IT", " "]}, "A unit has no name.", []),
    "no such form": (
        {"form": "short"}, "There is no form 'short'.", ["possible: full, pulse"]),
    "no title": ({"title": " "}, "This can't be a survey's title.", ["found: nothing"]),
    "a title with marks": ({"title": "<b>"}, "This can't be a survey's title.", ["leave out"]),
    "a title that is a formula": ({"title": "=A1"}, "This can't be a survey's title.", []),
    "no language": ({"language": "English"}, "A language is a code.", ["possible: en, de"]),
    "the wrong ending": (
        {"out": "here.csv"}, "A questionnaire for Qualtrics ends in .txt.", ["here.txt"]),
    "a title that is too long for its tool": (
        {"title": "x" * 201, "to": "limesurvey"}, "This title is too long for LimeSurvey.",
        ["found: 201 characters", "at most 200"]),
    "no folder": ({"out": "nowhere/here.txt"}, "nowhere/here.txt can't be written.", ["folder"]),
}  # fmt: skip


@pytest.mark.parametrize("case", REFUSED)
def test_what_is_refused_and_how_it_is_said(case, tmp_path, monkeypatch):
    changed, sentence, more = REFUSED[case]
    monkeypatch.chdir(tmp_path)
    asked = {"names": ["odd_texts"], "to": "qualtrics", "instruments": [ODD]} | changed
    with pytest.raises(InputError) as caught:
        cp.write_questionnaire(asked.pop("names"), **asked)
    assert str(caught.value).startswith(sentence)
    for words in more:
        assert words in str(caught.value)
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_is_there_is_not_written_over(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    path = cp.write_questionnaire(["odd_texts"], to="markdown", instruments=[ODD])
    assert path == Path("questionnaire_markdown.md")
    with pytest.raises(InputError, match=r"questionnaire_markdown\.md is there already"):
        cp.write_questionnaire(["odd_texts"], to="markdown", instruments=[ODD])


COMMON = {"title": "t", "validity": "v", "source": "s", "licence": "l"}


def rated(**more):
    items = (Item("a_b", "One."), Item("axb", "Two."))
    parts = {"id": "odd", "about": "", "low": 1, "high": 3, "items": items, **COMMON, **more}
    return Instrument(kind="rating", **parts)


@pytest.mark.parametrize(
    ("to", "instrument", "language", "sentence"),
    [
        ("limesurvey", rated(), "en", "'a_b' and 'axb' have one code in LimeSurvey."),
        ("limesurvey", rated(low=-1, items=(Item("a", "One."),)), "en", "'odd' has answers for"),
        ("qualtrics", rated(low=-1), "en", "'odd' has answers below 0"),
        ("xlsform", rated(items=(Item("meta", "One."),)), "en", "A question of a form can't be"),
        ("xlsform", rated(items=(Item("a", "Is ${b}?"),)), "en", "A text has '${' in it"),
        ("markdown", rated(), "de", "'odd' has no answer labels, and only in English"),
        ("markdown", rated(answer_labels=("a", " ", "c")), "en", "An answer label of 'odd' is"),
        ("markdown", rated(items=(Item("a", "x" * 5001),)), "en", "A text is too long"),
        ("markdown", rated(wording="withheld"), "en", "The wording of 'odd' is not here"),
    ],
)
def test_what_a_format_cannot_hold_is_refused(to, instrument, language, sentence):
    with pytest.raises(InputError) as caught:
        written([instrument], to, language=language)
    assert str(caught.value).startswith(sentence)


def test_a_pulse_of_which_no_item_is_marked_is_refused():
    with pytest.raises(InputError, match="'odd' has no such form"):
        written([rated()], "markdown", form="pulse")


def test_two_questions_of_one_code_are_refused():
    options = (Option("b", "This."),)
    ticked = Instrument(id="a", kind="select_all", about="Which?", options=options, **COMMON)
    with pytest.raises(InputError, match="'odd' and 'a' both have a question 'a_b'"):
        written([rated(), ticked], "markdown")


# --- answers and units ------------------------------------------------------------------------


def test_answers_without_labels_are_numbers_with_their_ends():
    first = qualtrics_import(written([rated()], "qualtrics"))[0]
    assert first.choices == [("1", "1 (lowest)"), ("2", "2"), ("3", "3 (highest)")]


def test_a_matrix_whose_text_names_no_place_for_the_unit_has_it_behind():
    matrix = replace(BUNDLED["seam_rating"], items=(Item("seam_rating", "How well?"),))
    asked = qualtrics_import(written([matrix], "qualtrics", units=UNITS))
    assert asked[1].text == "How well? (Finance)"
    array = limesurvey_import(written([matrix], "limesurvey", units=UNITS))[0]
    assert array.parts[1] == ("finance", "Finance")


# --- the command ------------------------------------------------------------------------------


def test_the_command_writes_and_says_what_survey_toml_needs(tmp_path, capsys):
    units = tmp_path / "units.txt"
    units.write_text("Finance\n\nCustomer service\n", encoding="utf-8-sig")
    out = tmp_path / "q.txt"
    words = ["questionnaire", "psychological_safety", "seam_rating", "--to", "limesurvey"]
    assert main([*words, "--units", str(units), "--form", "pulse", "--out", str(out)]) == 0
    said = capsys.readouterr().out
    assert said == f"{out}\n{back_again(words[1:3], to='limesurvey', form='pulse')}\n"
    assert 'kind = "limesurvey"' in said
    assert '[instruments.psychological_safety]\n  form = "pulse"\n' in said
    assert '[instruments.seam_rating]\n  lens = "..."' in said
    array = limesurvey_import(out.read_bytes())[1]
    assert [code for code, _ in array.parts] == ["finance", "customerXservice"]


def test_own_instruments_are_named_for_survey_toml_and_nothing_comes_back_from_people():
    said = back_again(["odd_texts"], to="xlsform", instruments=[ODD])
    assert 'instrument_files = ["odd.toml"]' in said
    assert back_again(["odd_texts"], to="markdown", instruments=[ODD]) == ""


def test_the_command_says_one_clear_error(tmp_path, capsys):
    out = tmp_path / "q.txt"
    words = ["questionnaire", "edmondson_1999", "--to", "qualtrics", "--out", str(out)]
    assert main(words) == 2
    assert capsys.readouterr().err.startswith("The wording of 'edmondson_1999' is not here")
    assert not out.exists()


@pytest.mark.parametrize(
    ("content", "sentence"),
    [(b"IT", "Fewer than two units"), (b"\xff", "This is not UTF-8"), (None, "There is no file")],
)
def test_a_file_of_units_that_is_none(content, sentence, tmp_path):
    path = tmp_path / "units.txt"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(InputError, match=sentence):
        unit_names([str(path)])
