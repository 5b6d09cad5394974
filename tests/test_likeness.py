"""Headers as tools print them are found to be the item; other questions in like words are not."""

from __future__ import annotations

import random

import pytest

from cultureplus.instrument import load_instruments
from cultureplus.proposing.likeness import best_match, likeness

ITEMS = {
    item.text: item.id
    for instrument in load_instruments().values()
    for item in instrument.items
    if item.text and instrument.kind == "rating"
}

DRESSED = {
    "as it is": ("Bad news travels in this team as fast as good news.", "ps_3"),
    "capitals and punctuation": ("BAD NEWS TRAVELS IN THIS TEAM AS FAST AS GOOD NEWS", "ps_3"),
    "the question of the block in front": (
        "How far do you agree? Bad news travels in this team as fast as good news.", "ps_3"),
    "a dash between": (
        "How far do you agree? - Bad news travels in this team as fast as good news.", "ps_3"),
    "a row in brackets": (
        "How far do you agree? [Bad news travels in this team as fast as good news.]", "ps_3"),
    "a code in front": ("ps_3. Bad news travels in this team as fast as good news.", "ps_3"),
    "a number in front": ("12. Bad news travels in this team as fast as good news.", "ps_3"),
    "tags and signs": (
        "<p>Bad news&nbsp;travels in <b>this</b> team as fast as good news.</p>", "ps_3"),
    "cut off": ("Once the most senior person has spoken, the re...", "ps_6"),
    "cut off with one sign": ("Our team\u2019s conversations bring out\u2026", "cc_5"),
    "another spelling": (
        "If I were looking for a job today, I would choose this organization again.",
        "co_loyalty_2"),
    "a short form": ("I can say in this team that I don't understand something.", "ps_2"),
    "a slip of the pen": ("I notice when a colleague has to much work.", None),
    "a letter less": ("I notice when a coleague has too much work.", None),
    "a word in the plural": ("My manager asks our team for advices before making a plan.", "ll_1"),
    "a word more": ("I ask for some advice on tasks that others know better than I do.",
        "cs_humility_2"),
}  # fmt: skip

NEAR_MISSES = [
    # a "not" more or less
    "I can not tell this team early that my work will be late.",
    "Bad news does not travel in this team as fast as good news.",
    "I never make time for a colleague who is having a bad day.",
    # another referent
    "Bad news travels in this department as fast as good news.",
    "In this organisation it is wiser to keep my doubts to myself.",
    "Our manager talks to us about skills that he or she is still learning.",
    "Teams here keep back information that others need.",
    "My manager sees when a colleague has too much work.",
    "We notice when a colleague has too much work.",
    # another matter in the same frame
    "I get money from other departments easily.",
    "I ask for help on tasks that others hate more than I do.",
    "When a meeting goes well for me, my mood lifts it for the others.",
    "In the last few years my team has lost an old idea in practice.",
    # how often
    "I often let people finish speaking before I answer.",
    # questionnaires of others on the same subject
    "If you make a mistake on this team, it is often held against you.",
    "It is safe to take a risk on this team.",
    "It is difficult to ask other members of this team for help.",
    "Members of this team are able to bring up problems and tough issues.",
    "I feel that my contribution is recognised by my line manager.",
    "People in this organization can change how talented they are.",
    "I feel free to talk to my manager about problems.",
    # too short to be sure of
    "I let people",
    "Work between",
    "In our team",
    "Our team's conversations...",
    "Work between departments...",
    "Departments",
    "",
]


@pytest.mark.parametrize("case", DRESSED)
def test_an_item_is_found_in_the_dress_of_a_tool(case):
    header, item = DRESSED[case]
    found = best_match(header, ITEMS)
    assert (found and ITEMS[found[0]]) == item


@pytest.mark.parametrize("header", NEAR_MISSES)
def test_another_question_in_like_words_is_not_taken(header):
    assert best_match(header, ITEMS) is None


def test_no_item_is_taken_for_another():
    for header, item in ITEMS.items():
        found = best_match(f"How far do you agree? [{header}]", ITEMS)
        assert found is not None
        assert (ITEMS[found[0]], found[1]) == (item, 1.0)


def test_cut_off_headers_are_found_or_left_and_never_taken_for_another():
    draw = random.Random(3)
    kept = 0
    for header, item in ITEMS.items():
        short = header[: draw.randint(10, len(header))]
        found = best_match(f"{short}...", ITEMS)
        assert found is None or ITEMS[found[0]] == item
        kept += found is not None
    assert kept > len(ITEMS) / 2


def test_only_the_same_words_are_sure():
    assert likeness("A. I like tea", "I like tea.") == 1
    assert likeness("Once the most senior person has spoken, the rest", ITEMS_BY_ID["ps_6"]) < 1


ITEMS_BY_ID = {item: text for text, item in ITEMS.items()}
