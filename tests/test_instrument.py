"""Loading a questionnaire: what is refused, in which words, and on which line.

People write these files by hand. Each case takes a good file, spoils one thing, and states the line
that the complaint must name and words that it must hold.
"""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest

from cultureplus.errors import InputError
from cultureplus.instrument import (
    PublishedValue,
    bundled_paths,
    instrument_or_error,
    load_instruments,
)

GOOD = """\
id = "tea_breaks"
title = "Tea breaks"
validity = "None yet."
source = "Made for these tests."
licence = "GPL-3.0-or-later"

[answers]
low = 1
high = 5
labels = ["a", "b", "c", "d", "e"]
favourable = [4, 5]

[scoring]
min_answered = 0.5
reversed = ["tea_2"]

[[subscales]]
id = "length"
title = "Length"

[[items]]
id = "tea_1"
text = "Our breaks are long."
subscale = "length"

[[items]]
id = "tea_2"
text = "Our breaks are short."
subscale = "length"
pulse = true

[[examples]]
answers = { tea_1 = 4, tea_2 = 1 }
scores = { tea_breaks = 4.5, "tea_breaks.length" = 4.5 }
"""
TICKS = """\
id = "drinks"
title = "Drinks"
kind = "select_all"
validity = "None yet."
source = "Made for these tests."
licence = "GPL-3.0-or-later"

[[options]]
id = "tea"
text = "Tea"

[[options]]
id = "none"
text = "None of these"
exclusive = true

[[examples]]
answers = { tea = 1 }
scores = { "drinks.tea" = 1, "drinks.none" = 0 }

[[published]]
scale = "drinks.tea"
statistic = "share"
value = 0.4
n = 120
source = "A paper."
note = "Asked elsewhere."
"""
GRID = """\
id = "visits"
title = "Visits"
kind = "matrix"
validity = "None yet."
source = "Made for these tests."
licence = "GPL-3.0-or-later"

[answers]
low = 1
high = 3
favourable = [3]

[matrix]
text = "How welcome are you at {unit}?"

[[examples]]
answers = { Sales = 3 }
scores = { visits = 3 }
"""


def spoil(text: str, old: str, new: str) -> str:
    assert text.count(old) == 1, f"the case must change one thing: {old!r}"
    return text.replace(old, new)


def complaint(folder: Path, text: str) -> InputError:
    path = folder / "mine.toml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(InputError) as caught:
        load_instruments(path)
    assert caught.value.file == "mine.toml"
    return caught.value


def test_a_good_file_of_each_kind_loads(tmp_path):
    paths = []
    for name, text in {"tea": GOOD, "drinks": TICKS, "visits": GRID}.items():
        paths.append(tmp_path / f"{name}.toml")
        paths[-1].write_text(text, encoding="utf-8")
    found = load_instruments(*paths)
    assert len(found) == len(bundled_paths()) + 3

    tea = found["tea_breaks"]
    assert (tea.low, tea.high, tea.favourable, tea.min_answered) == (1, 5, (4, 5), 0.5)
    assert tea.answer_labels == ("a", "b", "c", "d", "e")
    assert [(item.id, item.reversed, item.pulse) for item in tea.items] == [
        ("tea_1", False, False),
        ("tea_2", True, True),
    ]
    assert {scale: len(items) for scale, items in tea.scales.items()} == {
        "tea_breaks": 2,
        "tea_breaks.length": 2,
    }
    assert dict(tea.examples[0].scores) == {"tea_breaks": 4.5, "tea_breaks.length": 4.5}

    drinks = found["drinks"]
    assert [(o.id, o.exclusive) for o in drinks.options] == [("tea", False), ("none", True)]
    assert drinks.published == (
        PublishedValue("drinks.tea", "share", 0.4, "A paper.", "Asked elsewhere.", 120),
    )
    assert drinks.scales == {}
    assert found["visits"].items[0].text == "How welcome are you at {unit}?"
    assert repr(tea) == "Instrument(tea_breaks: rating, 2 items, answers 1-5)"
    assert repr(drinks) == "Instrument(drinks: select_all, 2 options, answers 0-1)"


def test_what_a_file_may_leave_out(tmp_path):
    path = tmp_path / "short.toml"
    path.write_text(
        'id = "short"\ntitle = "Short"\nvalidity = "v"\nsource = "s"\nlicence = "l"\n'
        "[answers]\nlow = 0\nhigh = 10\nfavourable = [9, 10]\n"
        '[[items]]\nid = "short_1"\ntext = "One."\n',
        encoding="utf-8",
    )
    short = load_instruments(path)["short"]
    assert (short.kind, short.wording, short.min_answered, short.total) == (
        "rating", "own", 0.8, True,
    )  # fmt: skip
    assert list(short.scales) == ["short"]
    assert not short.items[0].reversed


def test_an_instrument_cannot_be_changed():
    instrument = load_instruments()["psychological_safety"]
    with pytest.raises(dataclasses.FrozenInstanceError):
        instrument.low = 0


# case: (text that is spoilt, what is taken out, what is put in, line, words of the complaint)
BROKEN = {
    "unknown key at the top": (
        GOOD, 'title = "Tea', 'tittle = "Tea', 2,
        ["The key 'tittle' is not known here", "possible: about", "did you mean 'title'?"]),
    "unknown table": (
        GOOD, "[scoring]", "[scorings]", 13, ["'scorings' is not", "did you mean 'scoring'?"]),
    "unknown key in answers": (
        GOOD, "labels =", "lables =", 10, ["'lables' is not known", "did you mean 'labels'?"]),
    "unknown key in scoring": (
        GOOD, "reversed =", "reverse =", 15, ["'reverse' is not known", "'reversed'?"]),
    "unknown key in the second item": (
        GOOD, "pulse = true", "puls = true", 30, ["'puls' is not known", "did you mean 'pulse'?"]),
    "unknown key in a subscale": (
        GOOD, 'title = "Length"', 'name = "Length"', 19,
        ["'name' is not known", "possible: id, title", "remove or rename it"]),
    "unknown key in an example": (
        GOOD, "answers = {", "answer = {", 33, ["'answer' is not known", "'answers'?"]),
    "unknown key in an option": (
        TICKS, "exclusive", "exclusiv", 15, ["'exclusiv' is not known", "'exclusive'?"]),
    "unknown key in matrix": (
        GRID, "text =", "txt =", 14, ["'txt' is not known", "did you mean 'text'?"]),
    "id missing": (GOOD, 'id = "tea_breaks"\n', "", None, ["'id' is missing", "add 'id = ...'"]),
    "title missing": (GOOD, 'title = "Tea breaks"\n', "", None, ["'title' is missing"]),
    "validity missing": (GOOD, 'validity = "None yet."\n', "", None, ["'validity' is missing"]),
    "source missing": (GOOD, 'source = "Made for these tests."\n', "", None, ["'source' is"]),
    "licence missing": (GOOD, 'licence = "GPL-3.0-or-later"\n', "", None, ["'licence' is"]),
    "id of an item missing": (GOOD, 'id = "tea_2"\n', "", 26, ["'id' is missing here"]),
    "low missing": (GOOD, "low = 1\n", "", 7, ["'low' is missing", "found: high, labels"]),
    "favourable missing": (GOOD, "favourable = [4, 5]\n", "", 7, ["'favourable' is missing"]),
    "title of a subscale missing": (GOOD, 'title = "Length"\n', "", 17, ["'title' is missing"]),
    "text of an option missing": (TICKS, 'text = "Tea"\n', "", 8, ["'text' is missing"]),
    "text of a matrix missing": (
        GRID, 'text = "How welcome are you at {unit}?"\n', "", 13, ["'text' is missing"]),
    "title is a number": (
        GOOD, '"Tea breaks"', "3", 2, ["'title' must be a text in quotes", "a whole number"]),
    "low is a text": (
        GOOD, "low = 1", 'low = "1"', 8,
        ["'low' must be a whole number", "found: a text in quotes"]),
    "low is a fraction": (GOOD, "low = 1", "low = 1.5", 8, ["must be a whole number"]),
    "low is true": (GOOD, "low = 1", "low = true", 8, ["a whole number", "found: true or false"]),
    "favourable is a number": (
        GOOD, "favourable = [4, 5]", "favourable = 4", 11, ["'favourable' must be a list"]),
    "min_answered is a text": (
        GOOD, "= 0.5", '= "half"', 14, ["must be a whole number or a number"]),
    "reversed is a text": (GOOD, '["tea_2"]', '"tea_2"', 15, ["'reversed' must be a list"]),
    "pulse is a text": (GOOD, "pulse = true", 'pulse = "yes"', 30, ["must be true or false"]),
    "answers are a number": (
        GOOD, GOOD[GOOD.index("[answers]") : GOOD.index("[scoring]")], "answers = 5\n", 7,
        ["'answers' must be a table", "found: a whole number"]),
    "an example score is a text": (
        GOOD, "tea_breaks = 4.5, ", 'tea_breaks = "high", ', 34, ["'tea_breaks' must be"]),
    "a published value is a text": (TICKS, "0.4", '"40 %"', 24, ["'value' must be"]),
    "a published value without a source": (
        TICKS, 'source = "A paper."\n', "", 21, ["'source'"]),
    "a published value without a note": (
        TICKS, 'note = "Asked elsewhere."\n', "", 21, ["'note'"]),
    "a published value of nobody": (TICKS, "n = 120", "n = 0", 25, ["at least one person"]),
    "a published value of no option": (
        TICKS, '"drinks.tea"\nstat', '"drinks.te"\nstat', 22, ["did you mean 'drinks.tea'"]),
    "a published statistic unknown": (
        TICKS, '"share"', '"median"', 23, ["There is no statistic 'median'", "possible: mean"]),
    "id with capitals": (GOOD, '"tea_breaks"', '"Tea breaks"', 1, ["lower-case", "Tea breaks"]),
    "item id with a dot": (GOOD, 'id = "tea_1"', 'id = "tea.1"', 22, ["lower-case letters"]),
    "kind unknown": (
        TICKS, '"select_all"', '"select_al"', 3,
        ["no kind of instrument 'select_al'", "possible: rating, select_all, matrix",
         "did you mean 'select_all'?"]),
    "composition unknown": (
        GOOD, 'title = "Tea', 'composition = "consensu"\ntitle = "Tea', 2,
        ["'consensu' is no composition", "did you mean 'consensus'?"]),
    "wording unknown": (
        GOOD, 'title = "Tea', 'wording = "theirs"\ntitle = "Tea', 2,
        ["'theirs' is no wording", "possible: own, withheld, permitted"]),
    "range the wrong way round": (GOOD, "low = 1", "low = 9", 9, ["from low to high", "9-5"]),
    "range of one answer": (GOOD, "low = 1", "low = 5", 9, ["from low to high", "5-5"]),
    "too few labels": (GOOD, ', "e"]', "]", 10, ["A range of 1-5 has 5 labels", "found: 4"]),
    "favourable above the range": (
        GOOD, "[4, 5]", "[5, 6]", 11, ["favourable answer lies outside the range 1-5", "found: 6"]),
    "favourable below the range": (GOOD, "[4, 5]", "[0]", 11, ["outside the range 1-5"]),
    "favourable is no whole number": (GOOD, "[4, 5]", "[4.5]", 11, ["outside the range 1-5"]),
    "min_answered above one": (GOOD, "= 0.5", "= 80", 14, ["above 0 and at most at 1"]),
    "min_answered zero": (GOOD, "= 0.5", "= 0", 14, ["above 0 and at most at 1"]),
    "min_answered not a number at all": (GOOD, "= 0.5", "= nan", 14, ["above 0 and at most"]),
    "item twice": (GOOD, 'id = "tea_2"', 'id = "tea_1"', 27, ["'tea_1' stands here twice"]),
    "subscale twice": (
        GOOD, "[[items]]\nid = \"tea_1\"",
        "[[subscales]]\nid = \"length\"\ntitle = \"Again\"\n\n[[items]]\nid = \"tea_1\"", 22,
        ["The subscale 'length' stands here twice"]),
    "option twice": (TICKS, 'id = "none"', 'id = "tea"', 13, ["'tea' stands here twice"]),
    "reversed item that does not exist": (
        GOOD, '["tea_2"]', '["tea2"]', 15,
        ["The reversed item 'tea2' does not exist", "possible: tea_1, tea_2", "did you mean"]),
    "reversed item far from any": (GOOD, '["tea_2"]', '["coffee"]', 15, ["'coffee' does not"]),
    "reversed item is a number": (GOOD, '["tea_2"]', "[2]", 15, ["item '2' does not exist"]),
    "reversed item twice": (GOOD, '["tea_2"]', '["tea_2", "tea_2"]', 15, ["'tea_2' stands here"]),
    "subscale of an item undeclared": (
        GOOD, 'subscale = "length"\n\n[[items]]', 'subscale = "lenght"\n\n[[items]]', 24,
        ["'tea_1' belongs to no declared subscale", "did you mean 'length'?"]),
    "item without a subscale": (
        GOOD, 'subscale = "length"\npulse', "pulse", 26,
        ["'tea_2' belongs to no declared subscale", "possible: length"]),
    "subscale without any declared": (
        GOOD, '[[subscales]]\nid = "length"\ntitle = "Length"\n', "", 21,
        ["The subscale 'length' is not declared", "declare it under [[subscales]]"]),
    "subscale without items": (
        GOOD, "[[items]]\nid = \"tea_1\"",
        "[[subscales]]\nid = \"empty\"\ntitle = \"Empty\"\n\n[[items]]\nid = \"tea_1\"", 17,
        ["The subscale 'empty' has no items"]),
    "options are a text": (
        TICKS, TICKS[TICKS.index("[[options]]") : TICKS.index("[[examples]]")],
        'options = "x"\n', 8,
        ["'options' must be a list"]),
    "options are texts": (
        TICKS, TICKS[TICKS.index("[[options]]") : TICKS.index("[[examples]]")],
        'options = ["x"]\n', 8, ["'options' must be tables", "[[options]]"]),
    "an example answer above the range": (
        GOOD, "tea_1 = 4", "tea_1 = 6", 33, ["answer to 'tea_1' lies outside the range 1-5"]),
    "an example answer below the range": (GOOD, "tea_1 = 4", "tea_1 = 0", 33, ["range 1-5"]),
    "an example tick of 2": (TICKS, "tea = 1 ", "tea = 2 ", 18, ["outside the range 0-1"]),
    "an example answer of a matrix": (GRID, "Sales = 3", "Sales = 4", 17, ["the range 1-3"]),
    "an example answer to no item": (
        GOOD, "tea_1 = 4", "tea_9 = 4", 33, ["'tea_9' is not known", "possible: tea_1, tea_2"]),
    "an example score of no scale": (
        GOOD, '"tea_breaks.length"', '"tea_breaks.lenth"', 34,
        ["'tea_breaks.lenth' is not known", "did you mean 'tea_breaks.length'?"]),
    "an example score without quotes": (
        GOOD, '"tea_breaks.length" = 4.5', "other.length = 4.5", 34, ["'other' is not known"]),
    "an example score of no option": (
        TICKS, '"drinks.none"', '"drinks.milk"', 19, ["'drinks.milk' is not known"]),
    "published above one": (TICKS, "0.4", "40", 24, ["A share lies between 0 and 1"]),
    "published below zero": (TICKS, "0.4", "-0.1", 24, ["lies between 0 and 1"]),
    "published not a number at all": (TICKS, "0.4", "nan", 24, ["lies between 0 and 1"]),
    "select_all with items": (
        TICKS, "[[examples]]", '[[items]]\nid = "x"\n\n[[examples]]', 17,
        ["An instrument of kind 'select_all' has no 'items'"]),
    "select_all with a range": (
        TICKS, "[[examples]]", "[answers]\nlow = 1\n\n[[examples]]", 17, ["has no 'answers'"]),
    "rating with options": (GOOD, "[[items]]\nid = \"tea_1\"",
        "[[options]]\nid = \"x\"\n\n[[items]]\nid = \"tea_1\"", 21,
        ["An instrument of kind 'rating' has no 'options'"]),
    "matrix with scoring": (GRID, "[matrix]", "[scoring]\n\n[matrix]", 13, ["has no 'scoring'"]),
    "not TOML": (GOOD, "low = 1", "low =", 8, ["This is not valid TOML", "texts stand in quotes"]),
    "key twice": (GOOD, "low = 1", "low = 1\nlow = 2", 9, ["This is not valid TOML"]),
    "quote left open": (GOOD, '"Tea breaks"', '"Tea breaks', 2, ["This is not valid TOML"]),
}  # fmt: skip


@pytest.mark.parametrize("case", BROKEN)
def test_broken_files(tmp_path, case):
    text, old, new, line, words = BROKEN[case]
    problem = complaint(tmp_path, spoil(text, old, new))
    assert problem.line == line, str(problem)
    for word in words:
        assert word in str(problem)
    assert str(problem).startswith("mine.toml" if line is None else f"mine.toml, line {line}: ")


@pytest.mark.parametrize(
    ("text", "rest", "words"),
    [
        (GOOD, "\n[[items]]", "An instrument needs items."),
        (TICKS, "\n[[options]]", "A select-all question needs options."),
    ],
)
def test_nothing_to_ask(tmp_path, text, rest, words):
    head, _, _ = text.partition(rest)
    head = spoil(head, 'reversed = ["tea_2"]', "") if text is GOOD else head
    assert words in str(complaint(tmp_path, head))


def test_not_utf_8(tmp_path):
    path = tmp_path / "latin.toml"
    path.write_bytes(GOOD.replace("breaks", "br\u00e9aks").encode("latin-1"))
    with pytest.raises(InputError, match=r"latin\.toml: This is not UTF-8 text\.\n  fix: save it"):
        load_instruments(path)


def test_a_byte_order_mark_and_windows_line_ends_do_no_harm(tmp_path):
    path = tmp_path / "notepad.toml"
    path.write_bytes(b"\xef\xbb\xbf" + GOOD.replace("\n", "\r\n").encode())
    assert "tea_breaks" in load_instruments(path)
    path.write_bytes(spoil(GOOD, "labels", "lables").replace("\n", "\r\n").encode())
    with pytest.raises(InputError, match=r"line 10: "):
        load_instruments(path)


def test_a_file_that_is_not_there(tmp_path):
    with pytest.raises(InputError, match=r"There is no file .*nowhere\.toml") as caught:
        load_instruments(tmp_path / "nowhere.toml")
    assert "check the path" in str(caught.value)


def test_a_folder_is_no_file(tmp_path):
    with pytest.raises(InputError, match="can't be read"):
        load_instruments(tmp_path)


def test_an_id_that_a_bundled_instrument_has(tmp_path):
    problem = complaint(
        tmp_path,
        spoil(GOOD, '"tea_breaks"', '"silo_barriers"')
        .replace("tea_breaks = 4.5", "silo_barriers = 4.5")
        .replace("tea_breaks.l", "silo_barriers.l"),
    )
    assert problem.line == 1
    assert "'silo_barriers' is taken by silo_barriers.toml" in str(problem)
    assert "give yours an id of its own" in str(problem)


def test_an_item_id_that_another_instrument_has(tmp_path):
    """Items of all instruments are columns of one table of answers."""
    problem = complaint(
        tmp_path,
        spoil(GOOD.replace("tea_1", "ll_1"), '"tea_breaks"', '"mine"').replace(
            "tea_breaks", "mine"
        ),
    )
    assert problem.line == 22
    assert "The item id 'll_1' is taken by learning_leadership.toml" in str(problem)


def test_two_files_with_one_id(tmp_path):
    (tmp_path / "first.toml").write_text(GOOD, encoding="utf-8")
    (tmp_path / "second.toml").write_text(GOOD, encoding="utf-8")
    with pytest.raises(InputError, match=r"second\.toml, line 1: .* taken by first\.toml"):
        load_instruments(tmp_path / "first.toml", tmp_path / "second.toml")


def test_asking_for_an_instrument_that_is_not_there():
    instruments = load_instruments()
    assert instrument_or_error(instruments, "silo_barriers") is instruments["silo_barriers"]
    with pytest.raises(InputError, match="did you mean 'silo_barriers'"):
        instrument_or_error(instruments, "silo_bariers")
    with pytest.raises(InputError, match="instrument_files ="):
        instrument_or_error(instruments, "zzz")
