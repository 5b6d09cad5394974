"""What answer labels mean: usual words in a few languages, numbers in labels, else nothing."""

from __future__ import annotations

import random

import pytest

from cultureplus.instrument import load_instruments
from cultureplus.proposing.answer_words import are_answers, meaning_of, numbered

# case: (labels from low to high, low, high)
KNOWN = {
    "English": (
        "Strongly disagree|Disagree|Neither agree nor disagree|Agree|Strongly agree", 1, 5),
    "other capitals": (
        "STRONGLY DISAGREE|disagree|Neutral|agree|Strongly Agree", 1, 5),
    "from nought": ("Never|Rarely|Sometimes|Often|Always", 0, 4),
    "seven steps": (
        "Strongly disagree|Disagree|Somewhat disagree|Neither agree nor disagree|Somewhat agree|"
        "Agree|Strongly agree", 1, 7),
    "German": (
        "Stimme gar nicht zu|Stimme eher nicht zu|Teils/teils|Stimme eher zu|"
        "Stimme voll und ganz zu", 1, 5),
    "German, seven steps": (
        "Stimme überhaupt nicht zu|Stimme nicht zu|Stimme eher nicht zu|Teils/teils|"
        "Stimme eher zu|Stimme zu|Stimme voll und ganz zu", 1, 7),
    "French": (
        "Pas du tout d\u2019accord|Plut\u00f4t pas d\u2019accord|Ni d'accord ni pas d'accord|"
        "Plut\u00f4t d'accord|Tout \u00e0 fait d'accord", 1, 5),
    "Spanish": (
        "Totalmente en desacuerdo|En desacuerdo|Ni de acuerdo ni en desacuerdo|De acuerdo|"
        "Totalmente de acuerdo", 1, 5),
    "Dutch": ("Helemaal mee oneens|Mee oneens|Neutraal|Mee eens|Helemaal mee eens", 1, 5),
    "numbers in front": ("1 - not at all|2 - a bit|3 - yes", 1, 3),
    "ends only": ("1 (worst)", 1, 1),
    "numbers with their words": ("1 = Never|2 = Rarely|3 = Sometimes|4 = Often|5 = Always", 1, 5),
}  # fmt: skip


@pytest.mark.parametrize("case", KNOWN)
def test_usual_labels_have_their_numbers_in_any_order(case):
    line, low, high = KNOWN[case]
    labels = line.split("|")
    shuffled = random.Random(1).sample(labels, len(labels))
    found = meaning_of(shuffled, [], low, high)
    assert found.numbers == dict(zip(labels, range(low, high + 1), strict=True))
    assert list(found.numbers) == labels
    assert found.how


OPEN = {
    "own words": (["Tea", "Milk"], 1, 5),
    "five answers where seven are asked for": (KNOWN["English"][0].split("|"), 1, 7),
    "another number of steps": (["Never", "Rarely", "Sometimes", "Often", "Always"], 1, 7),
    "two words for one step": (["Neutral", "Undecided", "Agree"], 1, 5),
    "one word that is none": (["Agree", "Strongly agree", "Perhaps"], 1, 5),
    "a number beyond the range": (["1 - low", "9 - high"], 1, 5),
    "a number twice": (["1 - low", "1 - high"], 1, 5),
    "numbers against their words": (
        ["1 - Strongly agree", "2 - Agree", "3 - Neutral", "4 - Disagree", "5 - Strongly disagree"],
        1,
        5,
    ),
    "ends against their words": (["1 (trifft zu)", "7 (trifft nicht zu)"], 1, 7),
}


@pytest.mark.parametrize("case", OPEN)
def test_what_is_not_clear_is_left_open(case):
    labels, low, high = OPEN[case]
    own = load_instruments()["psychological_safety"].answer_labels if high == 7 else ()
    found = meaning_of(labels, own, low, high)
    assert set(found.numbers) == set(labels)
    assert set(found.numbers.values()) == {None}
    assert found.how == ""


def test_labels_of_no_answer_stand_apart():
    found = meaning_of(["Don\u2019t know", "Agree", "Disagree", "N/A"], [], 1, 5)
    assert found.no_answer == ("Don\u2019t know", "N/A")
    assert found.numbers == {"Disagree": 2, "Agree": 4}
    assert meaning_of(["Keine Angabe"], [], 1, 5).numbers == {}


def test_the_labels_of_an_instrument_come_first():
    for instrument in load_instruments().values():
        if instrument.answer_labels:
            low, high = instrument.low, instrument.high
            found = meaning_of(instrument.answer_labels, instrument.answer_labels, low, high)
            assert list(found.numbers.values()) == list(range(low, high + 1))


def test_words_of_answers_are_told_from_units():
    assert are_answers(["Agree", "agree "])
    assert are_answers(["Yes", "No"])
    assert are_answers(["Very well"], ["Very well"])
    assert not are_answers(["Sales", "Agree"])
    assert numbered(["3", "4"]) == {}  # bare numbers are no labels
