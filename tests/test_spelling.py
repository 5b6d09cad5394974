"""Spellings: what is one name, and which of its spellings is used."""

from __future__ import annotations

import string

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cultureplus.spelling import in_order, merge_spellings, plain_text, same_name, slug
from cultureplus.text_columns import distinct_texts

QUICK = settings(max_examples=40, deadline=None, derandomize=True, database=None)


def merged(names: list[str]) -> tuple[list[str | None], dict[str, list[str]]]:
    places, texts = distinct_texts(pd.Series(names, dtype="str"))
    found, spellings = merge_spellings(texts, np.bincount(places, minlength=len(texts)))
    return [found[place] for place in places], spellings


@pytest.mark.parametrize(
    ("names", "wanted"),
    [
        (["Sales", "sales", "SALES", "Sales"], ["Sales"] * 4),
        (["Caf\u00e9", "Cafe\u0301", "Caf\u00e9"], ["Caf\u00e9"] * 3),
        (["R&D", " R&D", "R&D\u00a0"], ["R&D"] * 3),
        (["Customer  care", "Customer care", "Customer\tcare"], ["Customer care"] * 3),
        (["STRASSE", "Stra\u00dfe", "Stra\u00dfe"], ["Stra\u00dfe"] * 3),
        (["\ufb01nance", "finance"], ["finance"] * 2),
        (["b", "B"], ["B", "B"]),  # as common: the first of the alphabet
        (["1", "01", "1.0"], ["1", "01", "1.0"]),  # names, no numbers
        (["Sale", "Sales", "S ales"], ["Sale", "Sales", "S ales"]),
        (["", " ", "\u00a0", "nan", "None"], [None, None, None, "nan", "None"]),
    ],
)
def test_spellings_of_one_name_become_one(names, wanted):
    assert merged(names)[0] == wanted


def test_what_was_merged_is_told():
    _, spellings = merged(["Sales", "sales ", "Sales", "Care", "", "R&D", "r&d", "r&d"])
    assert spellings == {"Sales": ["Sales", "sales "], "r&d": ["R&D", "r&d"]}


@given(
    st.lists(st.sampled_from(["a", "A", " a", "b", "B ", "", "\u00e9", "e\u0301"])), st.randoms()
)
@QUICK
def test_the_order_of_rows_changes_nothing(names, chance):
    shuffled = names.copy()
    chance.shuffle(shuffled)
    assert dict(zip(names, merged(names)[0], strict=True)) == dict(
        zip(shuffled, merged(shuffled)[0], strict=True)
    )
    assert merged(names)[1] == merged(shuffled)[1]


@given(st.lists(st.text(max_size=4), min_size=1, max_size=6))
@QUICK
def test_merging_again_changes_nothing(names):
    once, _ = merged(names)
    again, spellings = merged([name or "" for name in once])
    assert again == once
    assert spellings == {}


@given(st.text(max_size=10))
@QUICK
def test_tidying_twice_is_tidying_once(text):
    assert plain_text(plain_text(text)) == plain_text(text)
    assert same_name(f"  {text} ") == same_name(text)


@pytest.mark.parametrize(
    ("name", "wanted"),
    [
        ("People & Culture", "people_culture"), ("  R&D  ", "r_d"), ("\u00c9quipe 7", "equipe_7"),
        ("Sales", "sales"), ("a__b", "a_b"),
    ],
)  # fmt: skip
def test_a_slug_is_a_plain_name(name, wanted):
    assert slug(name) == wanted


@given(st.text(min_size=1, max_size=10))
@QUICK
def test_a_slug_always_names_something(name):
    assert slug(name)
    assert set(slug(name)) <= set(string.ascii_lowercase + string.digits + "_")


def test_names_of_other_scripts_have_slugs_of_their_own():
    assert len({slug(name) for name in ("\u55b6\u696d", "\u958b\u767a", "\u8ca9\u58f2")}) == 3


def test_numbers_within_names_sort_as_numbers():
    names = ["2026Q10", "2026Q9", "2025Q12", "wave 2", "wave 10", "10", "9", ""]
    assert sorted(names, key=in_order) == [
        "", "9", "10", "2025Q12", "2026Q9", "2026Q10", "wave 2", "wave 10",
    ]  # fmt: skip
