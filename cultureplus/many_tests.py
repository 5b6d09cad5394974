"""Many tests at once: p adjusted so that a family of tests promises together what one does.

References: Holm (1979), Scandinavian Journal of Statistics 6, 65-70 (hardly ever even one false
finding); Benjamini & Hochberg (1995), Journal of the Royal Statistical Society B 57, 289-300
(false ones are a small share of the findings). R: p.adjust.
"""

from __future__ import annotations

import numpy as np
import pandas as pd


def holm(p: pd.Series) -> pd.Series:
    """Each p as if the family held it alone; none may be missing.

    >>> holm(pd.Series([0.01, 0.04, 0.03])).round(3).tolist()
    [0.03, 0.06, 0.06]
    """
    order = np.argsort(p.to_numpy(dtype="float64"))
    ranked = p.to_numpy(dtype="float64")[order]
    return _back(np.maximum.accumulate(ranked * np.arange(len(p), 0, -1)), order, p)


def benjamini_hochberg(p: pd.Series) -> pd.Series:
    """Each p as the share of false findings among those as small; none may be missing.

    >>> benjamini_hochberg(pd.Series([0.01, 0.04, 0.03])).round(3).tolist()
    [0.03, 0.04, 0.04]
    """
    order = np.argsort(p.to_numpy(dtype="float64"))
    ranked = p.to_numpy(dtype="float64")[order]
    each = ranked / (np.arange(1, len(p) + 1) / len(p))
    return _back(np.minimum.accumulate(each[::-1])[::-1], order, p)


def _back(ranked: np.ndarray, order: np.ndarray, p: pd.Series) -> pd.Series:
    """Adjusted values in the order of the tests, at most 1."""
    found = np.empty(len(p))
    found[order] = np.minimum(ranked, 1.0)
    return pd.Series(found, index=p.index)
