"""The structure behind the items: factor models, invariance, number of factors, distinctness.

What a questionnaire calls a scale is a claim: these items share one cause, in every group alike,
and the next scale's items share another. `cfa` tests the first, `invariance` the second,
`parallel_analysis` asks the answers without a claim, `htmt2` whether two scales are two.

References: see each; for the whole, Brown (2015), Confirmatory factor analysis for applied
research.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import combinations

import numpy as np
import pandas as pd

from cultureplus import cfa_model as cm
from cultureplus import columns as c
from cultureplus.cfa import cfa
from cultureplus.cfa_report import CfaFit
from cultureplus.invariance import Chance, invariance
from cultureplus.parallel import parallel_analysis
from cultureplus.polychoric import polychoric

__all__ = ["CfaFit", "Chance", "cfa", "htmt2", "invariance", "parallel_analysis"]


def htmt2(
    items: pd.DataFrame, model: Mapping[str, Sequence[str]], *, ordinal: bool = False
) -> pd.DataFrame:
    """Whether two factors are two: correlations across them against those within.

    `items`: one row per person, keyed; rows with a missing answer are left out. `model`: factor ->
    its items. `ordinal`: polychoric instead of Pearson correlations. Returns factor, other, htmt2
    (geometric mean of the correlations across, over the root of the two geometric means within;
    sizes without sign; below .85 the factors are distinct), n, reason ('' or why it is not
    estimable). A factor of one item counts as measured without error.

    Reference: Roemer, Schuberth & Henseler (2021), Industrial Management & Data Systems 121,
    2637-2650. R: semTools::htmt(model, items, htmt2 = TRUE).

    >>> draw = np.random.default_rng(1)
    >>> one, two = draw.normal(size=(2, 500))
    >>> items = pd.DataFrame({name: one + draw.normal(size=500) for name in "ab"}
    ...     | {name: one + two + draw.normal(size=500) for name in "cd"})
    >>> htmt2(items, {"trust": ["a", "b"], "care": ["c", "d"]}).round(1)
      factor other  htmt2    n reason
    0  trust  care    0.7  500
    """
    structure = cm.read_model(model, items.columns)
    names = list(structure.items)
    items = items.set_axis([str(name) for name in items.columns], axis=1)
    parts, _, reason = cm.complete_rows(items, names, None)
    r: cm.Array = np.full((len(names),) * 2, np.nan)
    if not reason and ordinal:
        r = polychoric(pd.DataFrame(parts[0], columns=names)).to_numpy(dtype="float64")
    elif not reason:
        r = np.asarray(np.corrcoef(parts[0], rowvar=False)).reshape(r.shape)
    with np.errstate(divide="ignore"):  # a correlation of nought makes the mean nought
        logs = np.log(np.abs(r))
    rows = []
    for first, second in combinations(range(len(structure.factors)), 2):
        mine = np.flatnonzero(structure.factor_of == first)
        theirs = np.flatnonzero(structure.factor_of == second)
        across = logs[np.ix_(mine, theirs)].mean()
        within = [_mean_below(logs[np.ix_(each, each)]) for each in (mine, theirs)]
        flat = not reason and not np.isfinite(within).all()
        why = reason or ("not estimable: no correlation within a factor" if flat else "")
        value = np.nan if why else float(np.exp(across - sum(within) / 2))
        rows.append(
            {
                "factor": structure.factors[first], "other": structure.factors[second],
                "htmt2": value, c.N: len(parts[0]), c.REASON: why,
            }
        )  # fmt: skip
    return pd.DataFrame(rows, columns=["factor", "other", "htmt2", c.N, c.REASON])


def _mean_below(logs: cm.Array) -> float:
    """Mean over the pairs of one factor; 0 (a correlation of 1) where it has one item."""
    rows, cols = np.tril_indices(len(logs), -1)
    return float(logs[rows, cols].mean()) if len(rows) else 0.0
