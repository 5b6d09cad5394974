"""Adjusted p: as R's p.adjust gives them, whatever the order, also for a family of none."""

from __future__ import annotations

import pandas as pd
import pytest

from cultureplus.many_tests import benjamini_hochberg, holm

BOTH = pytest.mark.parametrize("adjusted", [holm, benjamini_hochberg])


@BOTH
def test_the_order_of_the_tests_changes_nothing(adjusted):
    p = pd.Series([0.2, 0.01, 0.9, 0.03, 0.01])
    for seed in range(5):
        pd.testing.assert_series_equal(
            adjusted(p.sample(frac=1, random_state=seed)).sort_index(), adjusted(p)
        )


@BOTH
def test_a_family_of_none_and_of_one(adjusted):
    assert adjusted(pd.Series([], dtype="float64")).empty
    assert adjusted(pd.Series([0.04])).tolist() == [0.04]


def test_by_hand():
    """R: p.adjust(c(.01, .02, .03, .04, .05), "holm"), and "BH"."""
    p = pd.Series([0.01, 0.02, 0.03, 0.04, 0.05])
    assert holm(p).round(6).tolist() == [0.05, 0.08, 0.09, 0.09, 0.09]
    assert benjamini_hochberg(p).round(6).tolist() == [0.05] * 5
