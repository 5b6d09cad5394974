"""What a fitted factor model looks like: its tables, and whether its numbers can be.

The search works in units that suit it; people read each factor in the units of the item that the
model names first, and standardised numbers beside. All standard errors of what is reported come
from the covariance of the free numbers by the delta method.

Reference: Rosseel (2012), Journal of Statistical Software 48(2), whose conventions of reporting
are followed.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from cultureplus import cfa_model as cm
from cultureplus import columns as c
from cultureplus.cfa_model import Array, Layout, Numbers

FIT = (
    "chisq", "df", "pvalue", "cfi", "tli", "rmsea", "rmsea_low", "rmsea_high", "srmr", "aic",
    "bic", "n", "n_parameters",
)  # fmt: skip
SCALED = (
    "chisq_scaled", "pvalue_scaled", "cfi_scaled", "tli_scaled", "rmsea_scaled",
    "rmsea_scaled_low", "rmsea_scaled_high", "chisq_mean",
)  # fmt: skip


@dataclass(frozen=True)
class Free:
    """The numbers that a fit was free to choose, for whatever else follows from them.

    `unit`: per item, by what it was divided before fitting; `centre`: what was taken off before.
    `covariance`: of sampling, of `theta`.
    """

    layout: Layout
    theta: Array
    covariance: Array
    centre: Array
    unit: Array

    def follow(self, function: Callable[[cm.Entries], Numbers]) -> tuple[Array, Array]:
        """What follows from the entries, with its standard errors by the delta method.

        `function` takes the entries of one vector or a stack (see `Layout.entries`) and returns the
        numbers in a last axis.
        """

        def along(theta: Numbers) -> Numbers:
            return function(self.layout.entries(theta))

        with np.errstate(invalid="ignore"):  # an impossible variance has no root: missing
            values = along(self.theta)
            held = 8 * max(values.size, self.layout.groups * len(self.unit) ** 2)
            slopes = cm.derivative(along, self.theta, held)
            spread = np.einsum("ik,ij,jk->k", slopes, self.covariance, slopes, optimize=True)
            errors = np.sqrt(np.where(spread > 0, spread, 0.0))
        return values, np.where(np.isnan(spread) | np.isnan(values), np.nan, errors)


@dataclass(frozen=True)
class CfaFit:
    """A fitted factor model; every table has a column `group` where there are groups.

    `loadings`: factor, item, estimate, se (the item named first is held at 1), std (-1 to 1),
    std_se. `factor_correlations`: factor, other, estimate, se. `residuals`: item, estimate, se,
    std (share that is the item's own), std_se. `intercepts`: item, estimate, se, empty where means
    are no part of the model. `factor_means`: factor, estimate, se. `thresholds`: item, threshold
    (from 1), estimate, se, empty for measurements. `fit`: see `cfa`.

    `status`: 'ok'; 'heywood: x1' (an impossible number, the item or factor named); 'not_converged'
    or 'not_estimable' (all numbers missing). `reason` says it in a sentence. `free`: the numbers
    from which all these follow, with their covariance; None where there are none.
    """

    loadings: pd.DataFrame
    thresholds: pd.DataFrame
    factor_correlations: pd.DataFrame
    residuals: pd.DataFrame
    intercepts: pd.DataFrame
    factor_means: pd.DataFrame
    fit: pd.Series
    estimator: str
    groups: tuple[str, ...]
    status: str
    reason: str = ""
    free: Free | None = None

    def _repr_html_(self) -> str:
        fit = self.fit.to_frame().T.round(3).to_html(index=False)
        return f"<p>{self._head()}</p>{fit}{self.loadings.round(3).to_html(index=False)}"

    def __repr__(self) -> str:
        fit = self.fit.dropna().round(3).to_string()
        return f"{self._head()}\n{self.loadings.round(3).to_string(index=False)}\n{fit}"

    def _head(self) -> str:
        people = f"{self.fit['n']:.0f} people"
        groups = f" in {len(self.groups)} groups" if self.groups else ""
        what = f"factor model ({self.estimator}): {people}{groups}"
        return f"{what}, {self.status} {self.reason}".rstrip()


def reported(layout: Layout, e: cm.Entries, centre: Array | None, unit: Array | None) -> Numbers:
    """All reported numbers of one vector (or a stack), in the order of `tables`.

    Factors leave the scale of their strongest item for that of the item named first; measurements
    go back to their own units.
    """
    structure = layout.structure
    p, m, traits = len(structure.items), structure.columns, len(structure.factors)
    centre = np.zeros(p) if centre is None else centre
    unit = np.ones(p) if unit is None else unit
    real = e["loading"] * unit[:, None]
    first = real[..., structure.first_items(), np.arange(m)]
    psi = cm.factor_covariance(e)
    with np.errstate(invalid="ignore", divide="ignore"):
        sd = np.sqrt(np.diagonal(psi, axis1=-2, axis2=-1))
        shared = np.diagonal(cm.common(e), axis1=-2, axis2=-1)
        total = e["scale"] ** -2.0 if layout.ordinal else shared + e["residual"]
        # A factor points where the item named first points.
        sd = sd * np.sign(first.real)
        std = e["loading"] * sd[..., None, :] / np.sqrt(total)[..., None]
        scaled = real / first[..., None, :]
        correlation = psi / (sd[..., :, None] * sd[..., None, :])
        second = e["second"] * first / (e["second"] * first)[..., :1]
        second_std = e["second"] * np.sqrt(e["top"])[..., None] / sd
        second_std = second_std * np.sign(second_std.real)[..., :1]
        own = (total - shared) / total
    rows, cols = np.nonzero(structure.pattern())
    order = np.lexsort((rows, cols))
    rows, cols = rows[order], cols[order]
    below = np.tril_indices(traits, -1)
    residual = (total - shared) * unit**2
    blocks = [scaled[..., rows, cols], std[..., rows, cols]]
    if structure.second_order is not None:
        blocks += [second[..., :traits], second_std[..., :traits]]
    blocks += [correlation[..., below[0], below[1]], residual, own]
    if layout.means or layout.ordinal:
        blocks += [centre + unit * e["intercept"], e["mean"] * first]
    if layout.ordinal:
        blocks += [e["threshold"]]
    return np.concatenate([each.reshape(*each.shape[:-2], -1) for each in blocks], axis=-1)


def impossible(layout: Layout, theta: Array) -> list[str]:
    """Items with a negative residual, factors with a negative variance or correlating above 1."""
    structure, e = layout.structure, layout.entries(theta)
    shared = np.diagonal(cm.common(e), axis1=-2, axis2=-1)
    with np.errstate(divide="ignore"):
        residual = e["scale"] ** -2.0 - shared if layout.ordinal else e["residual"]
    own = np.diagonal(e["factor"], axis1=-2, axis2=-1)
    bad = [name for place, name in enumerate(structure.items) if (residual[:, place] < 0).any()]
    names = [*structure.factors, cm.METHOD]
    bad += [names[place] for place in np.flatnonzero((own < 0).any(axis=0))]
    if structure.second_order is not None and (e["top"] < 0).any():
        bad.append(structure.second_order)
    psi = cm.factor_covariance(e)
    for second, first in zip(*np.tril_indices(len(structure.factors), -1), strict=True):
        product = psi[:, first, first] * psi[:, second, second]
        if (psi[:, first, second] ** 2 > product).any():
            bad += [name for name in (names[first], names[second]) if name not in bad]
    return bad


def measures(fit: Mapping[str, float], estimator: str) -> dict[str, float]:
    """The numbers that fits of this kind have, in their order; NaN where this one has none."""
    wanted = [*FIT, *(SCALED if estimator != "ml" else ())]
    return {name: float(fit.get(name, np.nan)) for name in wanted}


def tables(
    layout: Layout,
    labels: tuple[str, ...],
    estimator: str,
    values: Array,
    errors: Array,
    fit: Mapping[str, float],
    status: str,
    reason: str,
    free: Free | None = None,
) -> CfaFit:
    """The fit as people read it, from the numbers of `reported` and their standard errors."""
    structure, groups = layout.structure, layout.groups
    at = 0

    def take(size: int) -> tuple[Array, Array]:
        nonlocal at
        chosen = slice(at, at + size * groups)
        at += size * groups
        return values[chosen], errors[chosen]

    def table(names: Mapping[str, Sequence[object]], **numbers: Array) -> pd.DataFrame:
        size = len(next(iter(names.values())))
        found = pd.DataFrame(
            {c.GROUP: np.repeat(np.array(labels or ("",), dtype=object), size)}
            | {name: list(each) * groups for name, each in names.items()}
            | numbers
        )
        found[c.GROUP] = found[c.GROUP].astype("str")
        return found if labels else found.drop(columns=c.GROUP)

    def empty(*names: str) -> pd.DataFrame:
        return pd.DataFrame(columns=[*([c.GROUP] if labels else []), *names])

    every = [*structure.factors, cm.METHOD]
    rows, cols = np.nonzero(structure.pattern())
    order = np.lexsort((rows, cols))
    keys = {
        c.FACTOR: [every[place] for place in cols[order]],
        c.ITEM: [structure.items[place] for place in rows[order]],
    }
    (estimate, se), (std, std_se) = take(len(rows)), take(len(rows))
    loadings = table(keys, **{c.ESTIMATE: estimate, c.SE: se, c.STD: std, c.STD_SE: std_se})
    if structure.second_order is not None:
        traits = list(structure.factors)
        keys = {c.FACTOR: [structure.second_order] * len(traits), c.ITEM: traits}
        (estimate, se), (std, std_se) = take(len(traits)), take(len(traits))
        more = table(keys, **{c.ESTIMATE: estimate, c.SE: se, c.STD: std, c.STD_SE: std_se})
        loadings = pd.concat([loadings, more], ignore_index=True)
    second, first = np.tril_indices(len(structure.factors), -1)
    estimate, se = take(len(first))
    pairs = {c.FACTOR: [every[j] for j in first], c.OTHER: [every[j] for j in second]}
    correlations = table(pairs, **{c.ESTIMATE: estimate, c.SE: se})
    (estimate, se), (std, std_se) = take(len(structure.items)), take(len(structure.items))
    item_keys = {c.ITEM: structure.items}
    residuals = table(item_keys, **{c.ESTIMATE: estimate, c.SE: se, c.STD: std, c.STD_SE: std_se})
    intercepts, means = empty(c.ITEM, c.ESTIMATE, c.SE), empty(c.FACTOR, c.ESTIMATE, c.SE)
    thresholds = empty(c.ITEM, c.THRESHOLD, c.ESTIMATE, c.SE)
    if layout.means or layout.ordinal:
        estimate, se = take(len(structure.items))
        intercepts = table(item_keys, **{c.ESTIMATE: estimate, c.SE: se})
        estimate, se = take(structure.columns)
        means = table({c.FACTOR: every[: structure.columns]}, **{c.ESTIMATE: estimate, c.SE: se})
    if layout.ordinal:
        estimate, se = take(len(layout.cuts))
        numbers = [
            int((layout.cuts[:place] == item).sum()) + 1 for place, item in enumerate(layout.cuts)
        ]
        cut_keys = {c.ITEM: [structure.items[item] for item in layout.cuts], c.THRESHOLD: numbers}
        thresholds = table(cut_keys, **{c.ESTIMATE: estimate, c.SE: se})
    return CfaFit(
        loadings, thresholds, correlations, residuals, intercepts, means,
        pd.Series(measures(fit, estimator)),
        estimator, labels, status, reason, free,
    )  # fmt: skip
