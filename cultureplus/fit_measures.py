"""How far a factor model is from the data, in the numbers that readers expect.

Each compares the test statistic with something: with its degrees of freedom (RMSEA), with a model
in which no two items go together (CFI, TLI), or it leaves the test aside and looks at what remains
of the correlations (SRMR).

References: Steiger & Lind (1980); Steiger (1998), Structural Equation Modeling 5, 411-419 (several
groups); Bentler (1990), Psychological Bulletin 107, 238-246; Tucker & Lewis (1973), Psychometrika
38, 1-10.
"""

from __future__ import annotations

import numpy as np
import scipy
from numpy.typing import NDArray

from cultureplus.tails import chi2_above, chi2_below

Array = NDArray[np.float64]

CHISQ, PVALUE, CFI, TLI, RMSEA, SRMR = "chisq", "pvalue", "cfi", "tli", "rmsea", "srmr"


def p_of(chisq: float, df: int) -> float:
    """Probability of a test statistic at least as large under a true model; NaN without df."""
    return float(chi2_above(chisq, df)) if df > 0 else np.nan


def cfi_of(chisq: float, df: int, baseline: float, baseline_df: int) -> float:
    """Comparative fit index, 0 to 1; NaN where there is nothing to explain.

    >>> round(cfi_of(85.306, 24, 918.852, 36), 3)
    0.931
    """
    mine = max(chisq - df, 0.0)
    worst = max(mine, baseline - baseline_df)
    return float(1 - mine / worst) if worst > 0 else 1.0 if mine == 0 else np.nan


def tli_of(chisq: float, df: int, baseline: float, baseline_df: int) -> float:
    """Tucker-Lewis index: near 1 is good; it may pass 1. A model without df gets 1.

    >>> round(tli_of(85.306, 24, 918.852, 36), 3)
    0.896
    """
    if df == 0:
        return 1.0
    apart = (baseline - baseline_df) * df
    return float(1 - (chisq - df) * baseline_df / apart) if apart != 0 else np.nan


def rmsea_of(
    chisq: float, df: float, n: float, groups: int = 1, *, level: float = 0.90
) -> tuple[float, float, float]:
    """Root mean square error of approximation per df (0 is perfect) with its interval.

    `n`: people (less one per group where the test counts so). Steiger's correction for several
    groups is in. A model without df gets 0.

    >>> [round(each, 3) for each in rmsea_of(85.306, 24, 301)]
    [0.092, 0.071, 0.114]
    """
    if not np.isfinite(chisq):
        return np.nan, np.nan, np.nan
    if df == 0:
        return 0.0, 0.0, 0.0
    tail = (1 - level) / 2
    misfit = (
        max(chisq - df, 0.0),
        _noncentrality(chisq, df, 1 - tail),
        _noncentrality(chisq, df, tail),
    )
    point, low, high = (float(np.sqrt(groups * each / (df * n))) for each in misfit)
    return point, low, high


def _noncentrality(chisq: float, df: float, below: float) -> float:
    """The noncentrality under which a share `below` of tests is smaller than this one."""

    def gap(value: float) -> float:
        return float(chi2_below(chisq, df, value)) - below

    if gap(0.0) <= 0:
        return 0.0
    high = max(chisq - df, 1.0) + 10 * np.sqrt(2 * df + 4 * max(chisq, 1.0)) + 10
    return float(scipy.optimize.brentq(gap, 0.0, high, xtol=1e-10 * high, rtol=1e-12))


def srmr_of(observed: Array, implied: Array, n: Array, means: tuple[Array, Array] | None) -> float:
    """Standardised root mean square residual (0 is perfect), groups averaged by their people.

    `observed`, `implied`: groups x items x items. `means`: observed and implied, groups x items,
    where means are part of the model; their residuals then count as well.
    """
    p = observed.shape[-1]
    rows, cols = np.tril_indices(p)
    sd = np.sqrt(np.diagonal(observed, axis1=1, axis2=2))
    apart = ((observed - implied) / (sd[:, :, None] * sd[:, None, :]))[:, rows, cols]
    if means is not None:
        apart = np.concatenate([apart, (means[0] - means[1]) / sd], axis=1)
    each = np.sqrt((apart**2).mean(axis=1))
    return float((n * each).sum() / n.sum())
