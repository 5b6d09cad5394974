"""Labels that go into a proposal are those that people share."""

from __future__ import annotations

import pandas as pd
import pytest

from cultureplus.instrument import load_instruments
from cultureplus.proposing.column_facts import facts_of
from cultureplus.proposing.draft_instrument import draft_text, drafted
from cultureplus.proposing.init_survey import init_survey
from cultureplus.proposing.match_items import Found, Match
from cultureplus.proposing.match_labels import ANY, doubt_about, labels_of
from cultureplus.raw_table import RawTable
from tests.small_surveys import scale


def test_what_one_person_writes_twice_is_no_label():
    mine, ours = "canary, as always", "hardly"
    frame = pd.DataFrame({"a": [mine, ours, "Agree", ""], "b": [mine, "Agree", ours, ""]})
    raw = RawTable(frame, "a.csv", 2)
    match = Match(scale(["a", "b"]), {name: Found(name, 1.0) for name in "ab"})
    found = labels_of(match, facts_of([raw]), [raw], None)
    assert found is not None
    assert set(found.tongues[ANY].numbers) == {"Agree", ours}


WORDS = ("Strongly disagree", "Disagree", "Neutral", "Agree", "Strongly agree")
ALL = "1 2 3 4 5"
# case: what the file says of the codes in each of two columns, the cells, label numbers, the doubt
CODED = {
    "nothing is said": ([{}, {}], ALL, None, ""),
    "as in the instrument": ([dict(zip("12345", WORDS, strict=True))] * 2, ALL, None, ""),
    "turned round": (
        [dict(zip("54321", WORDS, strict=True))] * 2, ALL,
        {"5": 1, "4": 2, "3": 3, "2": 4, "1": 5}, ""),
    "only the ends, turned round": (
        [{"1": WORDS[-1], "5": WORDS[0]}] * 2, ALL,
        {"1": 5, "5": 1, "2": None, "3": None, "4": None}, ""),
    "only the ends": ([{"1": WORDS[0], "5": WORDS[-1]}] * 2, ALL, None, ""),
    "one column turned round": (
        [dict(zip("54321", WORDS, strict=True)), dict(zip("12345", WORDS, strict=True))], ALL,
        None, "not the same is said of the codes in all columns and files"),
    "words that are not known": (
        [dict(zip("12345", "vwxyz", strict=True))] * 2, ALL, None,
        "the file calls its codes 1 'v' to 5 'z'; is that from low to high?"),
    "a code of no answer": ([{"99": "No answer"}] * 2, ALL + " 99", None, ""),
    "an end that nobody chose": ([{}, {}], "2 3 4 5 99", None,
        "2 to 5 occur where its answers go from 1 to 5"),
    "from nought": ([{}, {}], "0 1 2 3 4", None, "0 to 4 occur where its answers go from 1 to 5"),
    "words at the ends of fewer": (
        [{}, {}], "1-disagree 2 3 4-agree", {"1-disagree": 1, "4-agree": 4},
        "1 to 4 occur where its answers go from 1 to 5"),
    "words, of which one is not there": (
        [{}, {}], "Never Rarely Sometimes Often", dict(zip(
            ("Never", "Rarely", "Sometimes", "Often"), (1, 2, 3, 4), strict=True)), ""),
}  # fmt: skip


@pytest.mark.parametrize("case", CODED)
def test_numbers_that_may_mean_something_else_are_doubted(case):
    said, cells, numbers, doubt = CODED[case]
    frame = pd.DataFrame({name: cells.split() * 3 for name in "ab"})
    labels = {name: each for name, each in zip("ab", said, strict=True) if each}
    raw = RawTable(frame, "a.sav", 2, labels=labels)
    match = Match(scale(["a", "b"]), {name: Found(name, 1.0) for name in "ab"})
    found = labels_of(match, facts_of([raw]), [raw], None)
    assert (found.tongues[ANY].numbers if found else None) == numbers
    assert doubt_about(match, facts_of([raw]), found) == doubt


def test_fewer_answers_than_the_instrument_has_are_a_guess_to_confirm(tmp_path):
    """All words are the items', but five answers of seven may be another scale."""
    texts = [item.text for item in load_instruments()["psychological_safety"].items]
    rows = [",".join(f'"{text}"' for text in texts), *[",".join(str(n) * 7) for n in range(1, 6)]]
    path = tmp_path / "q3.csv"
    path.write_text("\n".join(rows) + "\n", encoding="utf-8")
    written = init_survey([path], tmp_path / "survey", say=lambda line: None).read_text("utf-8")
    assert "[instruments.psychological_safety]  # guess: 1 to 5 occur where" in written


def test_what_one_person_wrote_in_several_columns_is_no_answer_of_a_draft():
    cells = [*["1 - No", "2 - Yes"] * 4, "3 - canary"]
    both = facts_of([RawTable(pd.DataFrame({"q_1": cells, "q_2": cells}), "a.csv", 2)])
    assert "canary" not in draft_text(drafted("ours", "q_*", both))


def test_codes_that_another_wave_explains_otherwise_are_doubted():
    there = pd.DataFrame({name: ALL.split() for name in "ab"})
    raws = [
        RawTable(there, "a.sav", 2, labels={name: dict(zip(codes, WORDS, strict=True))
                                            for name in "ab"})
        for codes in ("54321", "12345")
    ]  # fmt: skip
    match = Match(scale(["a", "b"]), {name: Found(name, 1.0) for name in "ab"})
    facts = facts_of(raws)
    assert facts["a"].disputed == {"1", "2", "4", "5"}
    assert labels_of(match, facts, raws, None) is None
    assert doubt_about(match, facts, None).startswith("not the same is said of the codes")
    assert facts_of(raws[:1])["a"].disputed == frozenset()
