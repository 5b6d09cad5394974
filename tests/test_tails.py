"""Tails and quantiles are those of scipy.stats, which the package itself never waits for."""

from __future__ import annotations

import subprocess
import sys
from itertools import product
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from cultureplus import tails

SHARES = (np.nan, 1e-9, 0.025, 0.5, 0.975, 1 - 1e-9)
DEGREES = (np.nan, -1, 0, 0.5, 1, 3.3, 24, 1e4)
VALUES = (np.nan, -np.inf, -2, 0, 1e-9, 1, 5, 300, np.inf)


@pytest.mark.parametrize(
    ("mine", "theirs", "ranges"),
    [
        (tails.t_quantile, stats.t.ppf, (SHARES, DEGREES)),
        (tails.t_above, stats.t.sf, (VALUES, DEGREES)),
        (tails.f_quantile, stats.f.ppf, (SHARES, DEGREES, DEGREES)),
        (tails.f_above, stats.f.sf, (VALUES, DEGREES, DEGREES)),
        (tails.chi2_quantile, stats.chi2.ppf, (SHARES, DEGREES)),
        (tails.chi2_above, stats.chi2.sf, (VALUES, DEGREES)),
        (tails.chi2_below, stats.ncx2.cdf, (VALUES[3:], DEGREES[3:], (0.1, 5, 300))),
        (tails.chi2_below, stats.chi2.cdf, (VALUES[3:], DEGREES[3:])),
        (tails.normal_quantile, stats.norm.ppf, (SHARES,)),
    ],
)
def test_scipy_agrees(mine, theirs, ranges):
    cases = np.array(list(product(*ranges))).T
    np.testing.assert_allclose(mine(*cases), theirs(*cases), rtol=1e-12, atol=1e-300)
    one = [column[-1] for column in cases]
    assert mine(*one) == pytest.approx(theirs(*one), nan_ok=True)


def test_a_column_is_as_good_as_an_array():
    degrees = pd.Series([3.0, np.nan, 8.0], index=["c", "a", "b"])
    found = tails.t_quantile(0.975, degrees)
    assert isinstance(found, np.ndarray)  # whoever wants the index says so
    np.testing.assert_array_equal(found, stats.t.ppf(0.975, degrees))


def test_nothing_waits_for_what_takes_long_to_import():
    code = (
        "import sys, cultureplus, cultureplus.cli, cultureplus.run\n"
        "for name in cultureplus.__all__: getattr(cultureplus, name)\n"
        "print(' '.join(sys.modules))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True,
        cwd=Path(__file__).resolve().parent.parent,
    )  # fmt: skip
    loaded = set(done.stdout.split())
    assert "cultureplus.comparability" in loaded
    # `scipy.optimize` comes when it is first used (`import scipy` is enough): few surveys need it.
    assert loaded & {"scipy.stats", "scipy.optimize", "statsmodels", "pingouin"} == set()
