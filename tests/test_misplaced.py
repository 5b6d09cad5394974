"""A column whose own words are another item's is not read for this one."""

from __future__ import annotations

import pandas as pd
import pytest

from cultureplus.errors import InputError
from cultureplus.instrument import load_instruments
from cultureplus.misplaced import refuse_misplaced
from cultureplus.raw_table import RawTable

KNOWN = load_instruments()
PS = KNOWN["psychological_safety"]
TEXTS = {item.id: item.text for item in PS.items}
NAMES = {item: f"Q2_{place}" for place, item in enumerate(TEXTS, 1)}


def refuse(questions, columns=NAMES, instrument=PS):
    frame = pd.DataFrame({name: ["1"] for name in questions}, dtype="str")
    asked = {name: text for name, text in questions.items() if text}
    raw = RawTable(frame, "a.csv", 2, questions=asked)
    refuse_misplaced(raw, instrument, columns, key="instruments.psychological_safety.columns")


DRESSES = [
    "{}", "How far do you agree? - {}", "<p>How far?</p> <b>{}</b>", "How far? [{}]", "  {} ",
    "Thinking of your team&nbsp;now: {}",
]  # fmt: skip


@pytest.mark.parametrize("dress", DRESSES)
def test_the_items_own_words_pass_and_anothers_do_not(dress):
    asked = {NAMES[item]: dress.format(text) for item, text in TEXTS.items()}
    refuse(asked)
    asked["Q2_1"], asked["Q2_2"] = asked["Q2_2"], asked["Q2_1"]
    with pytest.raises(InputError) as caught:
        refuse(asked)
    assert str(caught.value) == (
        "a.csv, column 'Q2_1': This column asks what 'ps_2' says, and is read for 'ps_1'.\n"
        '  fix: instruments.psychological_safety.columns.ps_1 = "Q2_2" in survey.toml; where '
        "another wave has it as it is, exchange the names of the columns in one of the files"
    )


def test_words_of_nobody_are_not_looked_at():
    refuse({name: f"Our own words, number {name}" for name in NAMES.values()})
    refuse(dict.fromkeys(NAMES.values(), ""))  # the file does not say what was asked
    refuse({"Q2_1": TEXTS["ps_1"]})  # a column that is not there is somebody else's error


def test_names_that_are_the_question_are_its_words():
    columns = {item: f"Agree? [{text}]" for item, text in TEXTS.items()}
    refuse(dict.fromkeys(columns.values(), ""), columns)
    columns["ps_3"] = columns["ps_4"]
    with pytest.raises(InputError, match="asks what 'ps_4' says, and is read for 'ps_3'"):
        refuse(dict.fromkeys(columns.values(), ""), columns)


def test_options_are_held_to_their_words_too():
    question = KNOWN["barriers_named"]
    columns = {option.id: f"Q7_{place}" for place, option in enumerate(question.options, 1)}
    asked = {
        columns[each.id]: f"What? - Selected Choice - {each.text}" for each in question.options
    }
    refuse(asked, columns, question)
    with pytest.raises(InputError, match="asks what 'time' says, and is read for 'silos'"):
        refuse(asked | {"Q7_1": asked["Q7_4"]}, columns, question)
