"""survey.toml: what is refused, in which words, and on which line.

Each case spoils one place of the small survey's settings; the lines are those of that file.
"""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest

from cultureplus.errors import InputError
from cultureplus.settings import read_settings

KIND = 'kind = "plain"'
UNITS = '[units]\nteam = "team"'
MISSING = "[missing]\ncodes = [-99]"
TEA = "[instruments.tea]"
TEA_MORE = "[instruments.tea]\n"

# case: (old, new, line, how the sentence begins, what else the message says)
REFUSED = {
    "unknown key": (
        'title = "Tea', 'tilte = "Tea', 1, "The key 'tilte' is not known here.",
        ["did you mean 'title'?"]),
    "title missing": ('title = "Tea at work"\n', "", None, "'title' is missing here.", []),
    "kind missing": ("\n" + KIND, "", None, "'kind' is missing here.", ["add 'kind = ...'"]),
    "kind unknown": (
        KIND, 'kind = "qualtrix"', 2, "There is no reader for exports of kind 'qualtrix'.",
        ["possible: plain, ", "did you mean 'qualtrics'?"]),
    "kind no text": (KIND, "kind = 3", 2, "'kind' must be a text in quotes.", []),
    "delimiter of two characters": (
        KIND, KIND + '\ndelimiter = ";;"', 3, "'delimiter' can't be this.",
        [r'possible: ";", ",", "\t", "|"']),
    "delimiter blank": (KIND, KIND + '\ndelimiter = ""', 3, "'delimiter' can't be this.", []),
    "delimiter a quotation mark": (
        KIND, KIND + "\ndelimiter = '\"'", 3, "'delimiter' can't be this.", []),
    "no waves and no export": (
        '[waves]\n2026Q2 = "q2.csv"\n2026Q3 = "q3.csv"', "", None, "Name either one file per wave",
        ['2026Q3 = "answers.csv"']),
    "waves and export": (
        KIND, KIND + '\nexport = "all.csv"', 3, "Name either one file per wave under [waves]", []),
    "one file without a wave column": (
        '[waves]\n2026Q2 = "q2.csv"\n2026Q3 = "q3.csv"', 'export = "all.csv"', 7,
        "With one file for all waves, and only then, a column says the wave.", []),
    "a wave column with one file per wave": (
        'comment = "note"', 'wave = "quarter"', 11, "With one file for all waves, and only then,",
        ["no columns.wave"]),
    "one file for two waves": (
        '"q3.csv"', '"q2.csv"', 7, "The file 'q2.csv' stands for two waves.",
        ["name each wave's own export"]),
    "a wave without a name": (
        "2026Q3 =", '" " =', 7, "Each wave needs a name of its own.", []),
    "two spellings of one wave": (
        '2026Q2 = "q2.csv"\n2026Q3', '"2026 Q3" = "q2.csv"\n"2026  Q3"', 7,
        "Each wave needs a name of its own.", ["found: '2026 Q3'"]),
    "a wave that is no file": ('"q3.csv"', "3", 7, "'2026Q3' must be a text in quotes.", []),
    "unknown column role": (
        'respondent = "who"', 'respondant = "who"', 10, "The key 'respondant' is not known here.",
        ["did you mean 'respondent'?"]),
    "column no text": ('"who"', "[1]", 10, "'respondent' must be a text in quotes.", []),
    "lens no text": (UNITS, "[units]\nteam = 1", 14, "'team' must be a text in quotes.", []),
    "lens called wave": (
        UNITS, UNITS + '\nwave = "w"', 15, "A lens can't be called 'wave': that name is taken.",
        ['my_wave = "w"']),
    "lens called all": (
        UNITS, UNITS + '\nall = "w"', 15, "A lens can't be called 'all': that name is taken.", []),
    "lens called like a score": (
        UNITS, UNITS + '\ntea = "w"', 15, "A lens can't be called 'tea': that name is taken.", []),
    "renaming in an unknown lens": (
        MISSING, MISSING + '\n[rename.taem]\na = "b"', 18, "The key 'taem' is not known here.",
        ["possible: team", "did you mean 'team'?"]),
    "people without a file": (
        MISSING, MISSING + '\n[people]\nrespondent = "who"', 18, "'file' is missing here.", []),
    "people without a respondent": (
        MISSING, MISSING + '\n[people]\nfile = "people.csv"', 18, "'respondent' is missing here.",
        []),
    "people, unknown key": (
        MISSING, MISSING + '\n[people]\nfile = "p"\nrespondent = "w"\nweve = "w"', 21,
        "The key 'weve' is not known here.", ["did you mean 'wave'?"]),
    "people, unknown way with strangers": (
        MISSING, MISSING + '\n[people]\nfile = "p"\nrespondent = "w"\nstrangers = "ignore"', 21,
        "What to do with strangers?", ["possible: refuse, drop"]),
    "ties without an end": (
        MISSING, MISSING + '\n[ties]\nfile = "t"\nfrom = "a"', 18, "'to' is missing here.", []),
    "adjusting columns no list": (
        MISSING, MISSING + '\n[adjust]\ncolumns = "tenure"', 19,
        "'columns' must be a list in square brackets.", []),
    "adjusting column called like a lens": (
        MISSING, MISSING + '\n[adjust]\ncolumns = ["team"]', 19,
        "An adjusting column can't be called 'team'", ["rename the column in the file"]),
    "adjusting column twice": (
        MISSING, MISSING + '\n[adjust]\ncolumns = ["age", "age"]', 19,
        "An adjusting column can't be called 'age'", []),
    "missing code no number": (
        "[-99]", '["-99"]', 17, "A missing code is a number.", ["codes = [-99]"]),
    "missing code true": ("[-99]", "[true]", 17, "A missing code is a number.", []),
    "missing code infinite": ("[-99]", "[inf]", 17, "A missing code is a number.", []),
    "missing code is an answer": (
        "[-99]", "[-99, 5]", 17, "The missing code 5 is also an answer to 'tea'.",
        ["codes below 1 or above 5", "another code in the export"]),
    "no instrument": (
        '[instruments.tea]\n[instruments.drinks]\n[instruments.visits]\nlens = "team"\n', "", None,
        "No instrument is named.",
        ["possible: barriers_named", "[instruments.psychological_", "--draft"]),
    "instrument not known": (
        TEA, "[instruments.tee]", 27, "There is no instrument 'tee'.", ["did you mean 'tea'?"]),
    "instrument like no other": (
        TEA, "[instruments.zzz]", 27, "There is no instrument 'zzz'.", ["instrument_files = ["]),
    "unknown key of an instrument": (
        TEA, TEA_MORE + 'column = "x"', 28, "The key 'column' is not known here.",
        ["did you mean 'columns'?"]),
    "unknown form": (
        TEA, TEA_MORE + 'form = "short"', 28, "'tea' has no such form.", ["possible: full, pulse"]),
    "pulse form without a marked item": (
        TEA, TEA_MORE + 'form = "pulse"', 28, "'tea' has no such form.", ["pulse = true"]),
    "pulse form of a select-all question": (
        "[instruments.drinks]", '[instruments.drinks]\nform = "pulse"', 29,
        "'drinks' has no such form.", []),
    "unknown item": (
        TEA, TEA_MORE + 'columns = { tea_3 = "x" }', 28, "The key 'tea_3' is not known here.",
        ["possible: tea_1, tea_2"]),
    "unknown option": (
        "[instruments.drinks]", '[instruments.drinks]\ncolumns.milc = "x"', 29,
        "The key 'milc' is not known here.", ["did you mean 'milk'?"]),
    "items mapped twice": (
        TEA, TEA_MORE + 'columns = { tea_1 = "Q1", tea_2 = "Q1" }', 28,
        "The column 'Q1' is read for 'tea_1' and for 'tea_2'.", ["a column of its own"]),
    "item mapped on another's column": (
        TEA, TEA_MORE + 'columns = { tea_1 = "tea_2" }', 28,
        "The column 'tea_2' is read for 'tea_1' and for 'tea_2'.", []),
    "option mapped on an item's column": (
        "[instruments.drinks]", '[instruments.drinks]\ncolumns = { milk = "tea_1" }', 29,
        "The column 'tea_1' is read for 'tea_1' and for 'milk'.", []),
    "answers as comments": (
        'comment = "note"', 'comment = "tea_1"', 11,
        "The column 'tea_1' is read for 'tea_1' and as columns.comment.", ["take one of the two"]),
    "answers as units": (
        'team = "team"', 'team = "drinks_milk"', 14,
        "The column 'drinks_milk' is read for 'milk' and as units.team.", ["another column"]),
    "matrix without a lens": (
        '\nlens = "team"', "", 29, "'visits' rates the units of a lens: name it.",
        ["possible: team"]),
    "matrix of an unknown lens": (
        'lens = "team"', 'lens = "function"', 30, "There is no lens 'function' under [units].",
        ["possible: team"]),
    "lens where there is none": (
        TEA, TEA_MORE + 'lens = "team"', 28, "'tea' has no lens.", []),
    "labels not there": (
        TEA, TEA_MORE + 'labels = "agrees"', 28, "There are no labels 'agrees'.",
        ["possible: agree", "did you mean 'agree'?"]),
    "label outside the range": (
        TEA_MORE, TEA_MORE + 'labels = "agree"\n[labels.agree.fr]\n"Tr\u00e8s" = 6\n', 30,
        "This label lies outside the range 1-5 of 'tea'.",
        ["found: 6", "gets one of missing.codes"]),
    "label no number": (
        TEA_MORE, TEA_MORE + 'labels = "agree"\n[labels.agree.fr]\n"Bien" = "4"\n', 30,
        "'Bien' must be a whole number.", []),
    "labels without a language": (
        TEA_MORE, TEA_MORE + 'labels = "flat"\n[labels.flat]\n"Bien" = 4\n', 30,
        "'Bien' must be a table.", []),
    "a label with two meanings": (
        TEA_MORE, TEA_MORE + 'labels = "agree"\n[labels.agree.fr]\n"A  b" = 4\n"A b" = 5\n', 31,
        "The label 'A b' stands here for two answers.", []),
    "no TOML": ("[units]", "[units", 13, "This is not valid TOML.", []),
    "a key twice": ('respondent = "who"', 'respondent = "a"\nrespondent = "b"', 11,
        "This is not valid TOML.", []),
}  # fmt: skip


def complaint(folder: Path) -> InputError:
    with pytest.raises(InputError) as caught:
        read_settings(folder)
    return caught.value


@pytest.mark.parametrize(
    ("old", "new", "line", "beginning", "further"), REFUSED.values(), ids=REFUSED
)
def test_bad_settings_are_refused(make_survey, old, new, line, beginning, further):
    problem = complaint(make_survey({"survey.toml": (old, new)}))
    assert problem.file == "survey.toml"
    assert problem.line == line
    assert problem.sentence.startswith(beginning)
    for words in further:
        assert words in str(problem)


def test_a_missing_code_that_means_ticked_is_refused(make_survey):
    changes = [(TEA_MORE, ""), ("codes = [-99]", "codes = [1]")]
    problem = complaint(make_survey({"survey.toml": changes}))
    assert problem.sentence == "The missing code 1 is also an answer to 'drinks'."
    changes = [(TEA_MORE, ""), ("codes = [-99]", "codes = [0]")]
    assert read_settings(make_survey({"survey.toml": changes})).missing == (0.0,)


def test_settings_that_are_not_text_are_refused(make_survey):
    folder = make_survey({"survey.toml": b"title = \xff"})
    assert complaint(folder).sentence == "This is not UTF-8 text."


def test_what_the_settings_hold(make_survey):
    settings = read_settings(make_survey())
    assert settings.title == "Tea at work"
    assert list(settings.exports) == ["2026Q2", "2026Q3"]
    assert settings.units == {"team": "team"}
    assert settings.missing == (-99.0,)
    assert (settings.people, settings.ties, settings.export) == (None, None, None)
    assert {file.delimiter for file in settings.exports.values()} == {","}
    assert settings.asked["drinks"].places == {
        "milk": "drinks_milk", "sugar": "drinks_sugar", "none": "drinks_none",
    }  # fmt: skip
    assert settings.asked["visits"].places == {}
    assert settings.asked["visits"].lens == "team"
    names = [path.name for path in settings.files]
    assert names == ["survey.toml", "tea.toml", "drinks.toml", "visits.toml", "q2.csv", "q3.csv"]
    with pytest.raises(dataclasses.FrozenInstanceError):
        settings.title = "x"


def test_the_file_the_folder_and_a_byte_order_mark_are_the_same(make_survey):
    folder = make_survey()
    wanted = read_settings(folder)
    assert read_settings(folder / "survey.toml") == wanted
    text = (folder / "survey.toml").read_bytes()
    (folder / "survey.toml").write_bytes(b"\xef\xbb\xbf" + text.replace(b"\n", b"\r\n"))
    assert read_settings(folder).asked == wanted.asked


def test_settings_of_another_name_are_read_and_named(make_survey):
    folder = make_survey()
    (folder / "survey.toml").rename(folder / "pilot.toml")
    assert read_settings(folder / "pilot.toml").files[0] == folder / "pilot.toml"
    text = (folder / "pilot.toml").read_text("utf-8")
    (folder / "pilot.toml").write_text(text.replace('"plain"', '"plane"'), encoding="utf-8")
    assert complaint(folder / "pilot.toml").file == "pilot.toml"


def test_columns_and_labels_compare_without_odd_spaces(make_survey):
    settings = read_settings(
        make_survey(
            {"survey.toml": [
                (TEA_MORE, TEA_MORE + 'labels = "agree"\ncolumns = { tea_1 = " Q\u00a01 " }\n'),
                ('"Not at all" = 1', '" Not  at\u00a0all" = 1\n"Can\'t say" = -99'),
                ("[labels.agree.de]", "[labels.agree.DE_at]"),
            ]}
        )
    )  # fmt: skip
    tea = settings.asked["tea"]
    assert tea.places == {"tea_1": "Q 1", "tea_2": "tea_2"}
    assert tea.labels == {
        "en": {"Not at all": 1, "Can't say": -99, "Fully": 5},
        "de-at": {"Gar nicht": 1, "Ganz": 5},
    }


def test_the_pulse_form_asks_the_marked_items_only(make_survey):
    folder = make_survey(
        {"tea.toml": ('id = "tea_2"', 'id = "tea_2"\npulse = true'),
         "survey.toml": (TEA, TEA_MORE + 'form = "pulse"')}
    )  # fmt: skip
    assert list(read_settings(folder).asked["tea"].places) == ["tea_2"]
