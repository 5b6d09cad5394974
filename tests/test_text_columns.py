"""Columns of texts taken whole give what looking at each cell gives."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cultureplus import text_columns
from cultureplus.text_columns import (
    all_differ,
    as_bytes,
    as_digits,
    distinct_texts,
    laid_over,
    may_hold,
)

QUICK = settings(max_examples=60, deadline=None, derandomize=True, database=None)
RATINGS = st.sampled_from(["", "1", "2", "7"])
ANYTHING = st.text(st.characters(exclude_categories=["Cs"]), max_size=3)
CELLS = st.lists(RATINGS, max_size=30) | st.lists(ANYTHING, max_size=30)


def column(cells: list[str], cut: int) -> pd.Series:
    """The cells as a column stored in several parts, each cut out of a longer one."""
    parts = [pd.Series(["x", *part], dtype="str").iloc[1:] for part in (cells[:cut], cells[cut:])]
    return pd.concat(parts, ignore_index=True)


@QUICK
@given(CELLS, st.integers(0, 30))
def test_every_cell_is_at_its_text(cells, cut):
    places, texts = distinct_texts(column(cells, cut))
    assert [texts[place] for place in places] == cells
    assert sorted(texts) == sorted(set(cells))


@pytest.mark.parametrize(
    "cells", [["\0", "", "a"], ["\xfc", "a"], ["", ""], ["10", "1"], ["\u4e00"], []]
)
def test_what_only_looks_like_one_letter_is_told_apart(cells):
    places, texts = distinct_texts(pd.Series(cells, dtype="str"))
    assert [texts[place] for place in places] == cells
    assert len(texts) == len(set(cells))


def test_texts_are_laid_over_a_column():
    cells = pd.Series(["b", "a", "b"], index=[3, 5, 9], name="unit")
    places, texts = distinct_texts(cells)
    found = laid_over(places, [None if text == "a" else text.upper() for text in texts], cells)
    pd.testing.assert_series_equal(
        found, pd.Series(["B", None, "B"], index=[3, 5, 9], name="unit", dtype="str")
    )


@QUICK
@given(CELLS, st.integers(0, 30), st.sampled_from(["#", "1", "\xe9"]))
def test_a_sign_that_may_not_be_there_is_nowhere(cells, cut, sign):
    found = column(cells, cut)
    if any(sign in cell for cell in cells):
        assert may_hold(found, sign)
    assert not may_hold(pd.Series([cell.replace(sign, "") for cell in cells], dtype="str"), sign)


KEYS = st.text("0f", min_size=16, max_size=16)


@QUICK
@given(CELLS | st.lists(KEYS, max_size=8), st.integers(0, 30))
def test_texts_differ_or_one_comes_again(cells, cut):
    assert all_differ(column(cells, cut)) is (len(set(cells)) == len(cells))


def test_keys_of_one_number_are_still_told_apart(monkeypatch):
    monkeypatch.setattr(text_columns, "_ODD", np.uint64(0))
    assert all_differ(pd.Series(["a" * 8 + "c" * 8, "b" * 8 + "c" * 8], dtype="str"))
    assert not all_differ(pd.Series(["a" * 16, "a" * 16], dtype="str"))


@QUICK
@given(CELLS, st.integers(0, 30))
def test_cells_as_bytes(cells, cut):
    assert as_bytes(column(cells, cut)) == [cell.encode() for cell in cells]


@QUICK
@given(st.lists(st.binary(min_size=8, max_size=8), max_size=20))
def test_numbers_as_digits(numbers):
    index = pd.Index(np.arange(len(numbers)) * 2)
    found = as_digits(b"".join(numbers), index)
    assert found.tolist() == [number.hex() for number in numbers]
    assert found.index.equals(index)
    assert found.dtype == "str"
