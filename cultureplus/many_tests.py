"""Many tests at once: p adjusted so that a family of tests promises together what one does.

References: Holm (1979), Scandinavian Journal of Statistics 6, 65-70 (hardly ever even one false
finding); Benjamini & Hochberg (1995), Journal of the Royal Statistical Society B 57, 289-300
(false ones are a small share of the findings). R: p.adjust.
"""

from __future__ import annotations

import pandas as pd


def holm(p: pd.Series) -> pd.Series:
    """Each p as if the family held it alone; none may be missing.

    >>> holm(pd.Series([0.01, 0.04, 0.03])).round(3).tolist()
    [0.03, 0.06, 0.06]
    """
    return _adjusted(p, "holm")


def benjamini_hochberg(p: pd.Series) -> pd.Series:
    """Each p as the share of false findings among those as small; none may be missing.

    >>> benjamini_hochberg(pd.Series([0.01, 0.04, 0.03])).round(3).tolist()
    [0.03, 0.04, 0.04]
    """
    return _adjusted(p, "fdr_bh")


def _adjusted(p: pd.Series, method: str) -> pd.Series:
    from statsmodels.stats.multitest import multipletests

    found = multipletests(p, method=method)[1] if len(p) else p.to_numpy()
    return pd.Series(found, index=p.index, dtype="float64")
