"""How many factors the answers hold: Horn's parallel analysis.

Even answers that have nothing to do with each other give a first eigenvalue above 1, by chance. A
factor is worth keeping where its eigenvalue passes nearly all of those that chance gives. What
chance gives is drawn as correlation matrices themselves (Bartlett's decomposition of the Wishart
distribution), so that a million people take no longer than a hundred. For polychoric correlations
the drawn ones are widened: where nothing is related, coarse answers make them vary more, by the
information about the leaning that the answers of each item keep (Olsson 1979).

References: Horn (1965), Psychometrika 30, 179-185; Bartlett (1933), Proceedings of the Royal
Society of Edinburgh 53, 260-283; Olsson (1979), Psychometrika 44, 443-460.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from cultureplus import columns as c
from cultureplus.cfa_model import complete_rows
from cultureplus.errors import InputError
from cultureplus.one_thread import one_thread
from cultureplus.polychoric import polychoric
from cultureplus.tails import normal_quantile

Array = NDArray[np.float64]

_COLUMNS = ["factor", "observed", "reference", "keep", c.REASON]


@one_thread
def parallel_analysis(
    items: pd.DataFrame,
    *,
    seed: int,
    ordinal: bool = False,
    draws: int = 1000,
    percentile: float = 95,
) -> pd.DataFrame:
    """Eigenvalues of the answers beside those that chance alone would give.

    `items`: one row per person; rows with a missing answer are left out. `ordinal`: polychoric
    instead of Pearson correlations. Returns factor (1 to the number of items), observed, reference
    (the given percentile of `draws` matrices of unrelated items, as many people), keep (this and
    all before pass their reference), reason ('' or why it is not estimable). The same seed gives
    the same table, whatever the order of rows and columns.

    Reference: Horn (1965), with the 95th percentile. R: psych::fa.parallel(x, fa = "pc").

    >>> draw = np.random.default_rng(1)
    >>> trust = draw.normal(size=300)
    >>> items = pd.DataFrame({name: trust + draw.normal(size=300) for name in "abcd"})
    >>> parallel_analysis(items, seed=1)["keep"].tolist()
    [True, False, False, False]
    """
    if draws < 20 or not 0 < percentile < 100:
        raise InputError("Parallel analysis needs 20 draws and a percentile between 0 and 100.")
    names = [str(name) for name in items.columns]
    if not names:
        raise InputError("Parallel analysis needs items.")
    p = len(names)
    parts, _, reason = complete_rows(items.set_axis(names, axis=1), names, None)
    empty = pd.DataFrame(
        {"factor": range(1, p + 1), "observed": np.nan, "reference": np.nan, "keep": False}
    )
    if reason:
        return empty.assign(**{c.REASON: reason})[_COLUMNS]
    values = parts[0]
    widen = np.ones(p)
    if ordinal:
        r = polychoric(pd.DataFrame(values, columns=names)).to_numpy(dtype="float64")
        widen = np.array([1 / np.sqrt(_kept(column)) for column in values.T])
    else:
        r = np.corrcoef(values, rowvar=False).reshape(p, p)
    if not np.isfinite(r).all():
        text = "not estimable: an item has no polychoric correlation"
        return empty.assign(**{c.REASON: text})[_COLUMNS]
    observed = np.linalg.eigvalsh(r)[::-1]
    # Sorted, so that the order of the columns does not decide which draw is whose.
    chance = _by_chance(len(values), np.sort(widen), draws, seed)
    reference = np.percentile(chance, percentile, axis=0)
    keep = np.logical_and.accumulate(observed > reference)
    return empty.assign(observed=observed, reference=reference, keep=keep, **{c.REASON: ""})


def _kept(column: Array) -> float:
    """Share of a normal leaning's variance that the answers to one item still tell apart."""
    _, counts = np.unique(column, return_counts=True)
    share = counts / counts.sum()
    cuts = normal_quantile(np.cumsum(share)[:-1])
    density = np.exp(-(cuts**2) / 2) / np.sqrt(2 * np.pi)
    mass = np.diff(np.concatenate([[0.0], density, [0.0]]))
    return float((mass**2 / share).sum())


def _by_chance(n: int, widen: Array, draws: int, seed: int) -> Array:
    """Eigenvalues, largest first, of `draws` correlation matrices of unrelated items."""
    p = len(widen)
    draw = np.random.default_rng(seed)
    root = np.tril(draw.standard_normal((draws, p, p)), -1)
    freedom = n - 1 - np.arange(p)
    root[:, np.arange(p), np.arange(p)] = np.sqrt(draw.chisquare(freedom, (draws, p)))
    root /= np.linalg.norm(root, axis=2, keepdims=True)
    r = np.clip(root @ root.swapaxes(1, 2) * np.outer(widen, widen), -1.0, 1.0)
    r[:, np.arange(p), np.arange(p)] = 1.0
    return np.asarray(np.linalg.eigvalsh(r)[:, ::-1])
