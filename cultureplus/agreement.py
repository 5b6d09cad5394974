"""Whether a team's mean is a property of the team.

The intraclass correlation ICC(1) says how much of a single answer is shared within teams; ICC(2)
how reliable the team means are. Both come from the one-way analysis of variance with teams of
unequal size. Two conventions for "the" size exist and are both given, labelled.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from cultureplus.tails import f_above, f_quantile
from cultureplus.within_group import (
    agreement_test,
    icc_bootstrap,
    unit_reliability,
    within_group,
)

__all__ = [
    "agreement_test",
    "icc",
    "icc_bootstrap",
    "unit_reliability",
    "within_group",
]

_ICC = (
    "icc1", "icc1_low", "icc1_high", "icc2", "icc1_mean_n", "f", "p", "n_groups", "n", "n0",
    "n_mean",
)  # fmt: skip
_NOTHING = 1e-20  # of the mean square: what rounding leaves of a variance that is nought


def icc(values: pd.Series, group: pd.Series, *, level: float = 0.95) -> pd.Series:
    """ICC(1), ICC(2) and the F test of one score over groups.

    `values`: one number per person; `group`: aligned with it. Rows missing either are left out.
    Returns `icc1` = (MSB - MSW)/(MSB + (n0 - 1) MSW) with its interval (from F and n0, approximate
    for unequal groups), `icc2` = (MSB - MSW)/MSB, `icc1_mean_n` (the mean group size instead of
    n0), `f`, `p`, `n_groups`, `n`, `n0`, `n_mean`. All but the counts are missing where
    there are fewer than two groups, no group of two, or no variance within or between groups.

    Reference: Bliese (2000), in Klein & Kozlowski, Multilevel theory, 349-381.
    R: multilevel::ICC1 gives `icc1_mean_n`.

    >>> found = icc(pd.Series([1, 2, 3, 4, 5, 6]), pd.Series(list("aabbcc")))
    >>> round(float(found["icc1"]), 4), round(float(found["icc2"]), 4)
    (0.8824, 0.9375)
    """
    table = pd.DataFrame({"value": values, "group": group}).dropna()
    grouped = table.groupby("group")["value"]
    sizes = grouped.size().to_numpy(dtype="float64")
    k, n = len(sizes), len(table)
    found = pd.Series(np.nan, index=list(_ICC))
    found["n_groups"], found["n"] = k, n
    if k:
        found["n_mean"] = n / k
    if k < 2 or n <= k:
        return found
    means = grouped.transform("mean")
    found["n0"] = n0 = (n - (sizes**2).sum() / n) / (k - 1)
    msb = ((means - table["value"].mean()) ** 2).sum() / (k - 1)
    msw = ((table["value"] - means) ** 2).sum() / (n - k)
    # Means of equal numbers differ in the sixteenth place; that is no variance.
    nothing = _NOTHING * (table["value"] ** 2).mean()
    if msw <= nothing or msb <= nothing:
        return found
    f = msb / msw
    tail = (1 - level) / 2
    low = f / f_quantile(1 - tail, k - 1, n - k)
    high = f / f_quantile(tail, k - 1, n - k)
    found["icc1"] = (msb - msw) / (msb + (n0 - 1) * msw)
    found["icc1_low"] = (low - 1) / (low + n0 - 1)
    found["icc1_high"] = (high - 1) / (high + n0 - 1)
    found["icc2"] = (msb - msw) / msb
    found["icc1_mean_n"] = (msb - msw) / (msb + (n / k - 1) * msw)
    found["f"], found["p"] = f, f_above(f, k - 1, n - k)
    return found
