"""Fitting a factor model: the numbers under which the data are least surprising.

Measurements are fitted by normal theory (ML); ordered answers by weighted least squares on their
thresholds and polychoric correlations (diagonal weights, DWLS). Both start from each factor's own
principal factor, walk by Newton's method with the exact curvature (the expected one where the
exact one is no valley) and halve a step that does not lead down. What kurtosis or the weights do
to the test and the standard errors is put right afterwards: the sandwich of Huber and White, the
scaling of Yuan & Bentler (in the variant of Asparouhov & Muthén 2005), and the mean- and variance-
adjusted test (Asparouhov & Muthén 2010).

References: Jöreskog (1969), Psychometrika 34, 183-202; Yuan & Bentler (2000), Sociological
Methodology 30, 165-200; Asparouhov & Muthén (2005), Multivariate statistical modeling with survey
data; (2010), Simple second order chi-square correction; Muthén, du Toit & Spisic (1997).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Protocol

import numpy as np
from scipy import linalg

from cultureplus import cfa_model as cm
from cultureplus.cfa_model import Array, Codes, Layout, Numbers, Structure

_ROUNDS = 100
_HALVINGS = 30
_CLOSE = 1e-9  # decrement below which rounding says more about the value than the step does
_DONE = 1e-17  # decrement after which one more Newton step is the last
_SINGULAR = 1e-9  # least eigenvalue of the scaled information of an identified model
_NOT_IDENTIFIED = "not estimable: the model is not identified"
_RAN_AWAY = "no minimum was found: the items may share too little for this model"
_BLOCK = 4096  # people at a time, so that memory does not grow with their number


class Problem(Protocol):
    """What the search needs to know of a way to fit."""

    @property
    def layout(self) -> Layout:
        """Where the free numbers stand."""

    def value(self, theta: Array) -> float:
        """What is to be as small as possible."""

    def gradient(self, theta: Numbers) -> Numbers:
        """Its slopes, for one vector or a stack."""

    def expected(self, theta: Array) -> Array:
        """Its curvature under a true model, never negative."""


@dataclass(frozen=True)
class Solution:
    """Where the search ended; `reason` is '' where it ended in a minimum."""

    theta: Array
    status: str
    reason: str = ""


@dataclass(frozen=True)
class NormalTheory:
    """Maximum likelihood on means and covariances (divisor n) of one or several groups."""

    layout: Layout
    n: Array
    mean: Array  # groups x items
    cov: Array  # groups x items x items

    @cached_property
    def weight(self) -> Array:
        """How much a group counts: its share of the people."""
        return np.asarray(self.n / self.n.sum())

    @cached_property
    def _spread(self) -> Array:
        """Per group the logarithm of the determinant of what was observed."""
        return np.asarray(np.linalg.slogdet(self.cov)[1])

    def value(self, theta: Array) -> float:
        """Twice the negative log-likelihood ratio per person; infinite where it has no meaning."""
        entries = self.layout.entries(theta)
        sigma, apart = cm.implied_covariance(entries), self.mean - cm.implied_mean(entries)
        total = 0.0
        for group, weight in enumerate(self.weight):
            try:
                factor = np.linalg.cholesky(sigma[group])
            except np.linalg.LinAlgError:
                return np.inf
            spread = self.cov[group] + np.outer(apart[group], apart[group])
            half = linalg.solve_triangular(factor, spread, lower=True)
            trace = linalg.solve_triangular(factor, half.T, lower=True).trace()
            logs = 2 * np.log(np.diag(factor)).sum() - self._spread[group]
            total += weight * (logs + trace - len(factor))
        return float(total)

    def gradient(self, theta: Numbers) -> Numbers:
        """Slopes of `value` in the parameters."""
        entries = self.layout.entries(theta)
        inverse = np.linalg.inv(cm.implied_covariance(entries))
        apart = self.mean - cm.implied_mean(entries)
        spread = self.cov + apart[..., :, None] * apart[..., None, :]
        weight = self.weight
        in_sigma = weight[:, None, None] * (inverse - inverse @ spread @ inverse)
        in_mean = -2 * weight[:, None] * (inverse @ apart[..., None])[..., 0]
        return self.layout.collect(cm.slopes_in_entries(entries, in_sigma, in_mean))

    def moments_slopes(self, theta: Array) -> tuple[Array, Array]:
        """Slopes of covariances and of means, one row per parameter and group."""
        layout = self.layout
        g, p = self.mean.shape

        def flat(stack: Numbers) -> Numbers:
            entries = layout.entries(stack)
            sigma = cm.implied_covariance(entries).reshape(len(stack), g, p * p)
            return np.concatenate([sigma, cm.implied_mean(entries)], axis=-1)

        slopes = cm.group_slopes(layout, flat, theta, g * p * (p + 1))
        return slopes[..., : p * p].reshape(-1, g, p, p), slopes[..., p * p :]

    def expected(self, theta: Array) -> Array:
        """Expected curvature of `value`: twice the information of one person."""
        sigma = cm.implied_covariance(self.layout.entries(theta))
        in_sigma, in_mean = self.moments_slopes(theta)
        q = self.layout.n_par
        total = np.zeros((q, q))
        for group, weight in enumerate(self.weight):
            root = linalg.solve_triangular(
                np.linalg.cholesky(sigma[group]), np.eye(len(sigma[group])), lower=True
            )
            turned = (root @ in_sigma[:, group] @ root.T).reshape(q, -1)
            shifted = in_mean[:, group] @ root.T
            total += weight * (turned @ turned.T + 2 * shifted @ shifted.T)
        return total

    def scores_product(self, theta: Array, people: list[Array]) -> Array:
        """Mean outer product of single people's scores: the meat of the sandwich."""
        entries = self.layout.entries(theta)
        sigma, mean = cm.implied_covariance(entries), cm.implied_mean(entries)
        in_sigma, in_mean = self.moments_slopes(theta)
        p = mean.shape[-1]
        rows, cols = np.tril_indices(p)
        twice = np.where(rows == cols, 0.5, 1.0)
        total = np.zeros((self.layout.n_par,) * 2)
        for group, values in enumerate(people):
            inverse = np.linalg.inv(sigma[group])
            weights = (in_sigma[:, group][:, rows, cols] * twice).T
            base = inverse[rows, cols] @ weights
            for start in range(0, len(values), _BLOCK):
                y = (values[start : start + _BLOCK] - mean[group]) @ inverse
                score = (y[:, rows] * y[:, cols]) @ weights - base + y @ in_mean[:, group].T
                total += score.T @ score
        return np.asarray(total / self.n.sum())


@dataclass(frozen=True)
class LeastSquares:
    """Diagonally weighted least squares on thresholds and polychoric correlations."""

    layout: Layout
    n: Array
    thresholds: Array  # groups x thresholds
    correlations: Array  # groups x pairs, in the order of numpy.tril_indices
    acov: Array  # groups x statistics x statistics, of sqrt(n) times the statistics

    @cached_property
    def statistics(self) -> Array:
        """What is to be met: thresholds, then correlations, per group."""
        return np.concatenate([self.thresholds, self.correlations], axis=1)

    @cached_property
    def share(self) -> Array:
        """How much a group counts: its people less one, as a share of all."""
        return np.asarray((self.n - 1) / (self.n - 1).sum())

    @cached_property
    def weight(self) -> Array:
        """Per group and statistic: the group's share over the sampling variance."""
        return self.share[:, None] / np.diagonal(self.acov, axis1=1, axis2=2)

    def implied(self, theta: Numbers) -> Numbers:
        """What the model makes of them."""
        entries = self.layout.entries(theta)
        rows, cols = self.layout.structure.pairs
        correlations = cm.implied_correlation(entries)[..., rows, cols]
        return np.concatenate(
            [cm.implied_thresholds(entries, self.layout.cuts), correlations], axis=-1
        )

    def value(self, theta: Array) -> float:
        """Weighted sum of squares of what is not met."""
        apart = self.statistics - self.implied(theta)
        return float((self.weight * apart**2).sum())

    def gradient(self, theta: Numbers) -> Numbers:
        """Slopes of `value` in the parameters."""
        layout, t = self.layout, len(self.layout.cuts)
        entries = layout.entries(theta)
        pull = -2 * self.weight * (self.statistics - self.implied(theta))
        in_cut, in_pair = pull[..., :t], pull[..., t:]
        p = len(layout.structure.items)
        rows, cols = layout.structure.pairs
        in_r = np.zeros((*in_pair.shape[:-1], p, p), dtype=in_pair.dtype)
        in_r[..., rows, cols] = in_r[..., cols, rows] = in_pair / 2
        scale = entries["scale"]
        in_common = scale[..., :, None] * in_r * scale[..., None, :]
        scaled = in_cut * scale[..., layout.cuts]
        slopes = cm.slopes_in_entries(entries, in_common, -(scaled @ layout.cut_of))
        bare = entries["threshold"] - cm.implied_mean(entries)[..., layout.cuts]
        slopes["residual"] = np.zeros_like(scale)
        slopes["threshold"] = scaled
        shared = cm.common(entries)
        apart = 2 * ((in_r * shared) @ scale[..., None])[..., 0]
        slopes["scale"] = (in_cut * bare) @ layout.cut_of + apart
        return layout.collect(slopes)

    def slopes(self, theta: Array) -> Array:
        """Slopes of all statistics, one row per parameter and group."""
        return cm.group_slopes(self.layout, self.implied, theta, 4 * self.statistics.size)

    def expected(self, theta: Array) -> Array:
        """Curvature of `value` but for the bend of the model (Gauss-Newton)."""
        flat = (self.slopes(theta) * np.sqrt(self.weight)).reshape(self.layout.n_par, -1)
        return np.asarray(2 * flat @ flat.T)

    def adjusted(self, theta: Array) -> tuple[Array, float, float]:
        """Robust covariance of the parameters and the first two moments of the test."""
        slopes = self.slopes(theta)
        weight = self.weight * (self.n / self.n.sum() / self.share)[:, None]
        flat = (slopes * weight).reshape(self.layout.n_par, -1)
        bread = np.linalg.inv(flat @ slopes.reshape(self.layout.n_par, -1).T)
        meat = np.zeros_like(bread)
        first = second = 0.0
        for group, share in enumerate(self.n / self.n.sum()):
            j, w = slopes[:, group], weight[group]
            spread = self.acov[group] / share
            product = w[:, None] * spread
            first += float(np.trace(product))
            second += float((product * product.T).sum())
            wj = w * j
            half = wj @ spread
            meat += half @ wj.T
            second -= 2 * float(np.trace(bread @ (half * w) @ half.T))
        first -= float(np.trace(bread @ meat))
        second += float(np.trace(bread @ meat @ bread @ meat))
        return bread @ meat @ bread, first, second

    def baseline(self) -> tuple[float, float]:
        """Value and second moment of the test where no two items go together."""
        t = self.thresholds.shape[1]
        value = float((self.weight[:, t:] * self.correlations**2).sum())
        second = 0.0
        for acov in self.acov:
            pairs = acov[t:, t:] / np.diag(acov)[t:, None]
            second += float((pairs * pairs.T).sum())
        return value, second


def curvature(problem: Problem, theta: Array) -> Array:
    """Exact second derivatives of the value, from its analytic gradient."""
    layout = problem.layout
    p, g = len(layout.structure.items), layout.groups
    found = cm.derivative(problem.gradient, theta, 8 * g * p * p, layout.step)[layout.step]
    # Groups meet only in the numbers that they share, and these take their steps alone.
    own = layout.own_group
    shared = own < 0
    found[~shared[:, None] & (own[:, None] != own)] = 0.0
    found[np.ix_(~shared, shared)] = found[np.ix_(shared, ~shared)].T
    return np.asarray((found + found.T) / 2)


def search(problem: Problem, start: Array) -> Solution:
    """Walk down from `start` until nothing changes, or say why there is no bottom."""
    theta, value = start, problem.value(start)
    if not np.isfinite(value):
        return Solution(theta, "not_converged", _RAN_AWAY)
    # A starting point may be flat by its own symmetry; a model that is flat nearby is so anywhere.
    nearby = start * (1 + 0.03 * np.sin(np.arange(len(start)) + 1.0))
    if _flat(problem, start) and _flat(problem, nearby):
        return Solution(theta, "not_estimable", _NOT_IDENTIFIED)
    for _ in range(_ROUNDS):
        slope = problem.gradient(theta)
        step, decrement = _step(problem, theta, slope)
        if not np.isfinite(decrement):
            return Solution(theta, "not_estimable", _NOT_IDENTIFIED)
        if decrement < _DONE:
            theta = theta + step
            if _flat(problem, theta):
                return Solution(theta, "not_estimable", _NOT_IDENTIFIED)
            return Solution(theta, "ok")
        length, moved = 1.0, np.nan
        for _ in range(_HALVINGS):
            moved = problem.value(theta + length * step)
            if moved < value or (decrement < _CLOSE and np.isfinite(moved)):
                break
            length /= 2
        else:
            return Solution(theta, "not_converged", _RAN_AWAY)
        theta, value = theta + length * step, moved
    return Solution(theta, "not_converged", _RAN_AWAY)


def _flat(problem: Problem, theta: Array) -> bool:
    """Whether the data do not say where along some direction the truth is."""
    bend = problem.expected(theta)
    spread = np.sqrt(np.maximum(np.diag(bend), 1e-300))
    return bool(np.linalg.eigvalsh(bend / np.outer(spread, spread))[0] < _SINGULAR)


def _step(problem: Problem, theta: Array, slope: Array) -> tuple[Array, float]:
    for exact in (True, False):
        bend = curvature(problem, theta) if exact else problem.expected(theta)
        spread = np.sqrt(np.maximum(np.diag(bend), 1e-300))
        try:
            factor = linalg.cho_factor(bend / np.outer(spread, spread), check_finite=False)
        except (linalg.LinAlgError, ValueError):
            continue
        step = -linalg.cho_solve(factor, slope / spread, check_finite=False) / spread
        if np.isfinite(step).all() and (down := float(-slope @ step)) >= 0:
            return step, down
    return np.zeros_like(theta), np.nan


def principal_factor(r: Array) -> Array:
    """Loadings of one factor on correlated items, communalities met by a few rounds.

    `r`: a correlation matrix, or many in leading axes, which the loadings then have as well.

    >>> r = np.array([[1.0, 0.56, 0.48], [0.56, 1.0, 0.42], [0.48, 0.42, 1.0]])
    >>> principal_factor(r).round(1)
    array([0.8, 0.7, 0.6])
    """
    k = r.shape[-1]
    if k == 1:
        return np.full(r.shape[:-1], 0.8)
    if k == 2:
        between = r[..., 0, 1]
        size = np.sqrt(np.clip(np.abs(between), 0.05, 0.9))
        return np.stack([size, np.where(between >= 0, size, -size)], axis=-1)
    diagonal = np.arange(k)
    reduced = r.copy()
    reduced[..., diagonal, diagonal] = 0.0
    found = np.clip(np.abs(reduced).max(axis=-2), 0.1, 0.9)
    loading = np.sqrt(found)
    for _ in range(25):
        reduced[..., diagonal, diagonal] = found
        values, vectors = np.linalg.eigh(reduced)
        loading = vectors[..., -1] * np.sqrt(np.maximum(values[..., -1:], 0.05))
        found = np.clip(loading**2, 0.05, 0.95)
    strongest = np.abs(loading).argmax(axis=-1)[..., None]
    points = np.sign(np.take_along_axis(loading, strongest, axis=-1))
    return np.asarray(np.clip(loading * points, -0.97, 0.97))


def starting_loadings(structure: Structure, r: Array) -> Array:
    """Standardised loadings to begin with, items x columns, from a correlation matrix (or many)."""
    found = np.zeros((*r.shape[:-2], len(structure.items), structure.columns))
    for place in range(len(structure.factors)):
        mine = np.flatnonzero(structure.factor_of == place)
        found[..., mine, place] = principal_factor(r[..., mine[:, None], mine])
    if structure.method_items.size:
        found[..., structure.method_items, -1] = 0.3
    return found


def start(layout: Layout, markers: Codes, r: Array, fill: dict[str, Array]) -> Array:
    """A starting point from each group's correlation matrix; `fill` holds what is known besides.

    `fill` may hold 'sd' (groups x items), 'intercept' and 'threshold'.
    """
    structure = layout.structure
    entries = {name: np.zeros(shape) for name, shape in layout.shapes.items()}
    entries["scale"][:] = 1.0
    traits = len(structure.factors)
    for group, loading in enumerate(starting_loadings(structure, r)):
        phi = np.eye(structure.columns)
        phi[:traits, :traits] = _starting_factors(structure, loading[:, :traits], r[group])
        shared = np.einsum("ij,jk,ik->i", loading, phi, loading)
        sd = fill["sd"][group] if "sd" in fill else np.ones(len(loading))
        scaled = loading * sd[:, None]
        unit = scaled[markers, np.arange(structure.columns)]
        unit = np.where(np.abs(unit) < 0.05, 0.05, unit)
        entries["loading"][group] = scaled / unit
        psi = phi * np.outer(unit, unit)
        if structure.second_order is not None:
            general = principal_factor(phi[:traits, :traits])
            general = np.where(np.abs(general) < 0.1, 0.1, general)
            psi = np.diag(np.diag(psi) * (1 - np.append(general, [0.0])[: len(psi)] ** 2))
            entries["second"][group, :traits] = general * unit[:traits] / (general[0] * unit[0])
            entries["top"][group] = (general[0] * unit[0]) ** 2
        entries["factor"][group] = psi
        entries["residual"][group] = np.maximum(1 - shared, 0.1) * sd**2
    for name in ("intercept", "threshold"):
        if name in fill:
            entries[name] = fill[name]
    return layout.average(entries)


def _starting_factors(structure: Structure, loading: Array, r: Array) -> Array:
    """Correlations of the factors by least squares, drawn together until they are possible."""
    size = (loading**2).sum(axis=0)
    phi = loading.T @ r @ loading / np.outer(size, size)
    phi = np.clip(phi, -0.9, 0.9)
    np.fill_diagonal(phi, 1.0)
    while np.linalg.eigvalsh(phi)[0] < 0.05:
        phi = 0.9 * phi + 0.1 * np.eye(len(phi))
    return np.asarray(phi)
