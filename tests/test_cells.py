"""One column of cells: what becomes a number, what becomes a blank, and what is refused."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cultureplus import cells
from cultureplus.errors import InputError
from cultureplus.instrument import Instrument, Option
from cultureplus.raw_table import RawTable

QUICK = settings(max_examples=80, deadline=None, derandomize=True, database=None)
TEA = Instrument("tea", "Tea", "rating", "", "", "", "", low=0, high=10)
MILK = Option("milk", "Milk,  please")
AGREE = {"en": {"Yes": 10, "No": 0}, "de": {"Ja": 10, "Nein": 0}}


def table(values: list[str]) -> RawTable:
    return RawTable(pd.DataFrame({"q": pd.Series(values, dtype="str")}), "a.csv", 2)


def ratings(values, *, missing=(-99.0,), labels=None, languages=None, tally=None):
    spoken = None if languages is None else pd.Series(languages, dtype="str")
    found = cells.ratings(
        table(values), "q", TEA, missing=missing, labels=labels or {}, languages=spoken,
        tally=Counter() if tally is None else tally,
    )  # fmt: skip
    return [None if np.isnan(value) else value for value in found]


def ticks(values, *, missing=(-99.0,), labels=None, tally=None):
    found = cells.ticks(
        table(values), "q", MILK, question="drinks", missing=missing, labels=labels or {},
        tally=Counter() if tally is None else tally,
    )  # fmt: skip
    return found.tolist()


# ---- ratings ----


@pytest.mark.parametrize(
    ("cell", "value"),
    [
        ("4", 4), ("4.0", 4), (" 4 ", 4), ("\u00a04", 4), ("04", 4), ("+4", 4), ("4e0", 4),
        ("\uff14", 4), ("1e1", 10), ("0", 0), ("-0", 0), ("10", 10),
        ("", None), (" ", None), ("\u00a0", None), ("-99", None), ("-99.0", None), (" -99 ", None),
    ],
)  # fmt: skip
def test_a_cell_is_a_number_or_blank(cell, value):
    assert ratings([cell, "7"]) == [value, 7]


OUTSIDE = ["11", "-1", "4.5", "0.0001", "-98", "99", "1e3", "10.0000001"]
TEXTS = ["nan", "NaN", "inf", "-inf", "Infinity", "1e999", "NA", "null", "None", "4,0", "1_0",
         "0x4", "4 5", "four", "?", "4\u20445", "\u00bd", "TRUE", "-"]  # fmt: skip


@pytest.mark.parametrize("cell", OUTSIDE)
def test_a_number_outside_the_range_is_refused(cell):
    with pytest.raises(InputError) as caught:
        ratings(["4", "", cell, cell])
    assert str(caught.value).startswith("a.csv, row 4, column 'q': An answer is outside")
    assert "found: 2 such cells in this column" in str(caught.value)


@pytest.mark.parametrize("cell", TEXTS)
def test_a_text_without_labels_is_refused(cell):
    with pytest.raises(InputError) as caught:
        ratings(["4", cell, "5", cell])
    assert str(caught.value).startswith("a.csv, row 3, column 'q': A cell holds a text")
    assert "found: 2 texts in this column" in str(caught.value)


@given(st.lists(st.integers(0, 10) | st.just(-99) | st.none(), min_size=1, max_size=20))
@QUICK
def test_whole_numbers_come_back_as_they_are(values):
    wanted = [None if value == -99 else value for value in values]
    assert ratings(["" if value is None else str(value) for value in values]) == wanted


@given(st.text(max_size=8))
@QUICK
def test_any_cell_is_read_or_refused_and_never_quoted(cell):
    cell = f"{cell}\u2603"  # a snowman is no number
    with pytest.raises(InputError) as caught:
        ratings([cell])
    assert "\u2603" not in str(caught.value)


@given(st.floats())
@QUICK
def test_only_whole_numbers_of_the_range_pass(number):
    try:
        (value,) = ratings([repr(number)])
    except InputError:
        assert not (0 <= number <= 10 and number == int(number))
    else:
        assert value == number or (value is None and number == -99)


def test_missing_codes_are_counted():
    tally = Counter()
    assert ratings(["-99", "3", "", "-98.5", "-99"], missing=(-99.0, -98.5), tally=tally) == [
        None, 3, None, None, None,
    ]  # fmt: skip
    assert +tally == Counter({cells.MISSING_CODES: 3})


# ---- labels ----


def test_labels_and_numbers_may_stand_in_one_column():
    tally = Counter()
    values = ratings(["Yes", " No ", "7", "", "-99", "Ja"], labels=AGREE, tally=tally)
    assert values == [10, 0, 7, None, None, 10]
    assert +tally == Counter({cells.LABELS: 3, cells.MISSING_CODES: 1})


def test_a_label_may_mean_no_answer():
    tally = Counter()
    labels = {"en": {"Yes": 10, "I can't say": -99}}
    assert ratings(["Yes", "I can't say", "-99"], labels=labels, tally=tally) == [10, None, None]
    assert +tally == Counter({cells.LABELS: 1, cells.MISSING_CODES: 2})


@pytest.mark.parametrize("cell", ["1", "0.0", "7"])
def test_where_a_label_gives_a_number_another_meaning_every_number_needs_one(cell):
    some = {"": {"0": 1, "2": 2, "DK": -99, "9": -99}}
    assert ratings(["0", "2", "", "-99", "DK", "9"], labels=some)[:2] == [1, 2]
    with pytest.raises(InputError, match="though these give numbers another meaning") as caught:
        ratings(["0", cell], labels=some)
    assert "row 3" in str(caught.value)
    assert "found: 1 such cell in this column, where the label '0' stands for 1" in str(
        caught.value
    )


def test_a_label_that_looks_like_a_number_means_what_is_declared():
    assert ratings(["18", "1", "2"], labels={"en": {"18": 1, "1": 9, "2": 2}}) == [1, 9, 2]


@pytest.mark.parametrize("cell", ["yes", "YES", "Yes.", "Ye", "Yess", "Y es"])
def test_a_label_is_never_guessed(cell):
    with pytest.raises(InputError) as caught:
        ratings(["Yes", "No", cell], labels=AGREE)
    message = str(caught.value)
    assert message.startswith("a.csv, row 4, column 'q': A cell holds a text that is not among")
    assert "possible: Yes, No, Ja, Nein" in message


@pytest.mark.parametrize("language", ["de", "DE", " de ", "de-CH", "de_AT", "DE-ch"])
def test_a_record_is_read_in_its_own_language(language):
    same = {"en": {"Gift": 1}, "de": {"Gift": 9}}
    assert ratings(["Gift", "Gift"], labels=same, languages=["en", language]) == [1, 9]


def test_a_language_with_its_region_is_found_before_the_language():
    labels = {"pt-br": {"Sim": 10}, "pt": {"Sim": 9}}
    assert ratings(["Sim", "Sim"], labels=labels, languages=["PT-BR", "pt-PT"]) == [10, 9]


def test_a_label_of_another_language_is_refused():
    with pytest.raises(InputError, match=r"row 3, column 'q': .* in 'de'") as caught:
        ratings(["Ja", "Yes"], labels=AGREE, languages=["de", "de"])
    assert "possible: Ja, Nein" in str(caught.value)


@pytest.mark.parametrize("language", ["fr", "", "canary"])
def test_a_text_in_an_unknown_language_is_refused_but_a_number_is_read(language):
    assert ratings(["4"], labels=AGREE, languages=[language]) == [4]
    with pytest.raises(InputError) as caught:
        ratings(["4", "Yes"], labels=AGREE, languages=["fr", language])
    message = str(caught.value)
    assert message.startswith("a.csv, row 3, column 'q': There are no answer labels")
    assert "possible: en, de" in message
    assert "canary" not in message


def test_labels_that_contradict_one_another_need_a_language():
    same = {"en": {"Gift": 1}, "de": {"Gift": 9}}
    assert ratings(["4", ""], labels=same) == [4, None]
    with pytest.raises(InputError, match=r"The label 'Gift' stands for two different answers\."):
        ratings(["Gift"], labels=same)


# ---- ticks ----


@pytest.mark.parametrize(
    ("cell", "tick"),
    [
        ("1", 1), ("1.0", 1), ("true", 1), ("TRUE", 1), ("Yes", 1), ("Y", 1), ("x", 1), ("X", 1),
        ("Checked", 1), ("Selected", 1), ("Milk, please", 1), (" milk,\u00a0PLEASE ", 1),
        ("Ja", 1), ("Oui", 1), ("S\u00ed", 1), ("Nein", 0), ("Non", 0), ("Nee", 0),
        ("0", 0), ("0.0", 0), ("False", 0), ("no", 0), ("N", 0), ("N/A", 0),
        ("Unchecked", 0), ("Not selected", 0), ("", 0), (" ", 0), ("-99", 0), ("-99.0", 0),
        ("1.00", 1), ("0.00", 0), ("-99.00", 0),
    ],
)  # fmt: skip
def test_an_option_is_ticked_or_not(cell, tick):
    assert ticks([cell, "1"]) == [tick, 1]


@pytest.mark.parametrize("cell", ["2", "-1", "-98", "Milk", "Milk please", "nan", "on", "1;2", "-"])
def test_an_unclear_tick_is_refused(cell):
    with pytest.raises(InputError) as caught:
        ticks(["1", "0", cell])
    message = str(caught.value)
    assert message.startswith("a.csv, row 4, column 'q': A select-all cell is neither ticked nor")
    assert 'instruments.drinks.labels = "..."' in message


@pytest.mark.parametrize("code", [-1234567.0, -99.5, 1e15])
def test_a_missing_code_of_any_size_is_not_ticked(code):
    assert ticks([f"{code:.2f}", "1"], missing=(code,)) == [0, 1]


@pytest.mark.parametrize("text", ["No", "N/A", "0", "False"])
def test_an_option_that_is_called_not_ticked_needs_labels(text):
    def read(cells_, labels):
        return cells.ticks(
            table(cells_), "q", Option("none", text), question="drinks", missing=(),
            labels=labels, tally=Counter(),
        ).tolist()  # fmt: skip

    with pytest.raises(InputError, match="neither ticked nor blank"):
        read(["Yes", text, ""], {})
    assert read(["Yes", text, ""], {"en": {text: 0}}) == [1, 0, 0]
    assert read(["", text, ""], {"en": {text: 1}}) == [0, 1, 0]
    assert read(["Yes", ""], {}) == [1, 0]


def test_recoded_ticks_are_counted():
    tally = Counter()
    labels = {"de": {"Ja": 1, "Nein": 0, "Keine Angabe": -99}}
    cells_ = ["1", "0", "", "-99", "Ja", "Nein", "Nein", "Keine Angabe"]
    assert ticks(cells_, labels=labels, tally=tally) == [1, 0, 0, 0, 1, 0, 0, 0]
    assert +tally == Counter({cells.LABELS: 3, cells.MISSING_CODES: 2})


def test_the_number_of_an_option_is_no_missing_code_yet():
    with pytest.raises(InputError) as caught:
        ticks(["", "3", "3"])
    assert str(caught.value).endswith(
        "fix: say what this number means, 1 for ticked or 0 for not ticked: "
        'instruments.drinks.labels = "..." in survey.toml; if it means no answer, add it to '
        "missing.codes"
    )
    assert ticks(["", "3", "3"], labels={"en": {"3": 1}}) == [0, 1, 1]
    assert ticks(["1", "2", "2"], labels={"en": {"2": 0}}) == [1, 0, 0]


def test_labels_say_what_a_ticked_text_means():
    labels = {"de": {"Milch, bitte": 1, "Nein, danke": 0}}
    assert ticks(["Milch, bitte", "Nein, danke", "1", ""], labels=labels) == [1, 0, 1, 0]
