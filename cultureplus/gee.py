"""Yes or no, people in groups: a logit model of the population, by estimating equations.

The working correlation is exchangeable: any two people of a group are alike to the same degree. Its
inverse needs only the group's sums, so a round is one pass over the rows. Slopes are right even
where the working correlation is not; their covariance comes from what the groups leave, after
Mancl and DeRouen, who undo the pull of each group on its own fit: (I - H)^-1 of a group of n people
is moved through the sandwich and becomes a matrix of the size of the terms.

References: Liang & Zeger (1986), Biometrika 73, 13-22; Mancl & DeRouen (2001), Biometrics 57,
126-134.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import special

Array = NDArray[np.float64]
Codes = NDArray[np.intp]

_ROUNDS = 200
_STEP = 1e-11  # of a slope, in standard deviations of its score, where the rounds end
_FAR = 30.0  # log odds per standard deviation: beyond this there is no estimate
_GROUPS_AT_ONCE = 10_000


@dataclass(frozen=True)
class GeeFit:
    """Slopes (the intercept first), their bias-reduced covariance, the working correlation."""

    slopes: Array
    covariance: Array
    correlation: float


def gee(y: Array, design: Array, codes: Codes, *, exchangeable: bool = True) -> GeeFit | None:
    """Fit a logit model to people in groups, or None where the equations have no solution.

    `y`: 0 or 1; `design`: the terms, a column of ones first, the others best with mean 0 and
    standard deviation 1; `codes`: the group of each row, numbered from 0 and in order. Scale and
    correlation are moment estimates with the terms taken off. There is no solution where the
    rounds do not end, or where the correlation is one that groups of this size cannot have.

    Reference: Mancl & DeRouen (2001). R: gee::gee for the slopes.

    >>> y, ones = np.array([0.0, 1, 1, 1] * 5), np.ones((20, 1))
    >>> fit = gee(y, ones, np.repeat(np.arange(10), 2))
    >>> round(float(special.expit(fit.slopes[0])), 6), round(fit.correlation, 3)
    (0.75, -0.352)
    """
    sizes = np.bincount(codes).astype("float64")
    starts = np.searchsorted(codes, np.arange(len(sizes)))
    n, p = design.shape
    pairs = float((sizes * (sizes - 1)).sum() / 2)
    if exchangeable and pairs <= p:
        return None
    largest = float(sizes.max())
    slopes, alike = np.zeros(p), 0.0
    for _ in range(_ROUNDS):
        z, e = _scaled(y, design, slopes)
        if not (np.isfinite(z).all() and np.isfinite(e).all()):
            return None
        pull = alike / (1 + (sizes - 1) * alike)
        z_sums, e_sums = np.add.reduceat(z, starts), np.add.reduceat(e, starts)
        bread = z.T @ z - (z_sums * pull[:, None]).T @ z_sums
        score = z.T @ e - z_sums.T @ (pull * e_sums)
        try:
            step = np.linalg.solve(bread, score)
        except np.linalg.LinAlgError:
            return None
        slopes = slopes + step
        if not np.abs(slopes).max() < _FAR:
            return None
        before = alike
        if exchangeable:
            e = _scaled(y, design, slopes)[1]
            e_sums = np.add.reduceat(e, starts)
            scale = e @ e / (n - p)
            alike = float(((e_sums @ e_sums - e @ e) / 2) / scale / (pairs - p))
            if not (alike < 1 and alike * (largest - 1) > -1):
                return None
        if np.abs(step).max() < _STEP and abs(alike - before) < _STEP:
            covariance = _covariance(y, design, slopes, alike, starts, sizes)
            return None if covariance is None else GeeFit(slopes, covariance, alike)
    return None


def _scaled(y: Array, design: Array, slopes: Array) -> tuple[Array, Array]:
    """Terms and residuals, each in units that give every answer the variance 1."""
    share = special.expit(design @ slopes)
    spread = np.sqrt(share * (1 - share))
    with np.errstate(divide="ignore", invalid="ignore"):
        return design * spread[:, None], (y - share) / spread


def _covariance(
    y: Array, design: Array, slopes: Array, alike: float, starts: Codes, sizes: Array
) -> Array | None:
    """The sandwich, with each group's residuals freed of its own pull."""
    z, e = _scaled(y, design, slopes)
    p = z.shape[1]
    pull = alike / (1 + (sizes - 1) * alike)
    z_sums, e_sums = np.add.reduceat(z, starts), np.add.reduceat(e, starts)
    scores = np.add.reduceat(z * e[:, None], starts) - z_sums * (pull * e_sums)[:, None]
    scores /= 1 - alike
    bread = (z.T @ z - (z_sums * pull[:, None]).T @ z_sums) / (1 - alike)
    meat = np.zeros((p, p))
    ends = np.append(starts[1:], len(y))
    try:
        inverse = np.linalg.inv(bread)
        for first in range(0, len(sizes), _GROUPS_AT_ONCE):
            part = slice(first, first + _GROUPS_AT_ONCE)
            rows = slice(starts[part][0], ends[part][-1])
            products = np.add.reduceat(
                z[rows, :, None] * z[rows, None, :], starts[part] - rows.start
            )
            sums = z_sums[part]
            products -= pull[part, None, None] * sums[:, :, None] * sums[:, None, :]
            left = np.eye(p) - products @ inverse / (1 - alike)
            freed = np.linalg.solve(left, scores[part][:, :, None])[:, :, 0]
            meat += freed.T @ freed
    except np.linalg.LinAlgError:
        return None
    found = inverse @ meat @ inverse
    sound = np.isfinite(found).all() and (np.diag(found) > 0).all()
    return np.asarray(found) if sound else None
