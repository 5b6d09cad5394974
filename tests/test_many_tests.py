"""Adjusted p: as statsmodels and R's p.adjust give them, whatever the order."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from statsmodels.stats.multitest import multipletests

from cultureplus.many_tests import benjamini_hochberg, holm

BOTH = pytest.mark.parametrize(
    ("adjusted", "method"), [(holm, "holm"), (benjamini_hochberg, "fdr_bh")]
)


@BOTH
@pytest.mark.parametrize("size", [1, 2, 5, 40])
def test_statsmodels_agrees(adjusted, method, size):
    draw = np.random.default_rng(size)
    p = pd.Series(draw.uniform(size=size) ** 3, index=draw.permutation(size))
    p[p < 0.01] = 0.01  # some are alike
    found = adjusted(p)
    assert found.index.equals(p.index)
    np.testing.assert_allclose(found, multipletests(p, method=method)[1], rtol=1e-14)


@BOTH
def test_the_order_of_the_tests_changes_nothing(adjusted, method):
    p = pd.Series([0.2, 0.01, 0.9, 0.03, 0.01])
    for seed in range(5):
        pd.testing.assert_series_equal(
            adjusted(p.sample(frac=1, random_state=seed)).sort_index(), adjusted(p)
        )


@BOTH
def test_a_family_of_none_and_of_one(adjusted, method):
    assert adjusted(pd.Series([], dtype="float64")).empty
    assert adjusted(pd.Series([0.04])).tolist() == [0.04]


def test_by_hand():
    """R: p.adjust(c(.01, .02, .03, .04, .05), "holm"), and "BH"."""
    p = pd.Series([0.01, 0.02, 0.03, 0.04, 0.05])
    assert holm(p).round(6).tolist() == [0.05, 0.08, 0.09, 0.09, 0.09]
    assert benjamini_hochberg(p).round(6).tolist() == [0.05] * 5
