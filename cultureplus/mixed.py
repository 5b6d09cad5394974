"""People in teams: a regression with a random intercept per team, by REML.

For y = X b + u_team + e only sums over rows and over teams enter the restricted likelihood, so one
pass over the rows is enough however many there are. The ratio of the two variances is found where
the derivative of the likelihood is zero (or at zero: a singular fit, which is said), the degrees of
freedom of each coefficient are Satterthwaite's.

References: Harville (1977), JASA 72, 320-338; Satterthwaite (1946), Biometrics Bulletin 2, 110-114;
Giesbrecht & Burns (1985), Biometrics 41, 477-486.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import optimize, stats

from cultureplus import columns as c

Array = NDArray[np.float64]

_TERMS = (c.TERM, c.ESTIMATE, c.SE, c.DF, c.T, c.P, c.LOW, c.HIGH)
_RATIOS = np.concatenate([[0.0], np.logspace(-6, 6, 49)])  # where to look for the variance ratio
_STEP = 1e-5  # relative step of the numeric second derivatives
_NOTHING = 1e-20  # of the sum of squares: what rounding leaves of nought


@dataclass(frozen=True)
class MixedFit:
    """A fitted model: `coefficients`, `variances` (group, residual), `icc`, `loglik`, `status`.

    `status` is 'ok', 'singular' (no variance between groups is left) or 'not_estimable'; `reason`
    says why.
    """

    coefficients: pd.DataFrame
    variances: pd.Series
    icc: float
    loglik: float
    status: str
    n: int
    n_groups: int
    reason: str = ""

    def _repr_html_(self) -> str:
        return str(self.coefficients.round(3).to_html(index=False))

    def __repr__(self) -> str:
        head = f"random intercepts: {self.n} rows in {self.n_groups} groups, {self.status}"
        return f"{head} {self.reason}\n{self.coefficients.round(3).to_string(index=False)}"


@dataclass(frozen=True)
class _Sums:
    """All that the restricted likelihood needs to know of the data."""

    sizes: Array  # per group
    xx: Array
    xy: Array
    yy: float
    gx: Array  # per group, sums of x
    gy: Array
    n: int
    terms: list[str] = field(default_factory=list)


def random_intercepts(y: pd.Series, x: pd.DataFrame | None, groups: pd.Series) -> MixedFit:
    """Fit y on x with a random intercept per group, by REML.

    `y`: numbers; `x`: numeric columns aligned with y, or None for the intercept alone; `groups`:
    one label per row. Rows missing anything are left out. `coefficients`: term, estimate, se, df
    (Satterthwaite), t, p, low, high (95 %). Not estimable, with the reason, for one group, fewer
    rows than terms, collinear columns or no residual variance (over all or within the groups).

    Reference: Harville (1977). R: lmerTest::lmer(y ~ x + (1 | group)).

    >>> y = pd.Series([1.0, 2.0, 2.0, 3.0, 5.0, 6.0])
    >>> fit = random_intercepts(y, None, pd.Series(list("aabbcc")))
    >>> fit.status, round(float(fit.coefficients.loc[0, "estimate"]), 3)
    ('ok', 3.167)
    """
    table = pd.DataFrame({"_y": y, "_g": groups})
    columns = [] if x is None else list(x.columns)
    if x is not None:
        table = pd.concat(
            [table, x.set_axis([f"x{i}" for i in range(len(columns))], axis=1)], axis=1
        )
    table = table.dropna()
    values = table["_y"].to_numpy(dtype="float64")
    design = np.column_stack(
        [np.ones(len(table)), table.drop(columns=["_y", "_g"]).to_numpy(dtype="float64")]
    )
    terms = ["intercept", *map(str, columns)]
    codes, labels = pd.factorize(table["_g"])
    reason = _why_not(values, design, terms, codes, len(labels))
    if reason:
        return _not_estimable(terms, len(table), len(labels), reason)
    # Centred columns keep the cross products small; the intercept is put back at the end.
    centre = design.mean(axis=0) * np.array([0.0, *[1.0] * len(columns)])
    level = float(values.mean())
    sums = _sums(values - level, design - centre, codes, len(labels), terms)
    ratio = _best_ratio(sums)
    return _fit(sums, ratio, centre, level)


def _why_not(y: Array, x: Array, terms: list[str], codes: NDArray[np.intp], groups: int) -> str:
    n, p = x.shape
    if groups < 2:
        return f"not estimable: {groups} group"
    if n <= p:
        return f"not estimable: {n} rows for {p} terms"
    if groups == n:
        return "not estimable: every group has one row"
    scale = np.abs(x).max(axis=0)
    for place in range(1, p):
        if np.ptp(x[:, place]) <= 1e-12 * scale[place]:
            return f"not estimable: {terms[place]} does not vary"
        before = (x[:, :place] - x[:, :place].mean(axis=0))[:, 1:]
        mine = x[:, place] - x[:, place].mean()
        if before.size:
            rest = mine - before @ np.linalg.lstsq(before, mine, rcond=None)[0]
            if (rest**2).sum() < 1e-10 * (mine**2).sum():
                return f"not estimable: {terms[place]} is collinear with the terms before it"
    nothing = _NOTHING * max((y**2).sum(), 1e-300)
    if _unexplained(y, x) <= nothing:
        return "not estimable: nothing is left to explain"
    within = np.column_stack([_within(column, codes) for column in (y, *x.T)])
    if _unexplained(within[:, 0], within[:, 1:]) <= nothing:
        return "not estimable: within groups nothing is left to explain"
    return ""


def _unexplained(y: Array, x: Array) -> float:
    """The sum of squares that least squares leave."""
    rest = y - x @ np.linalg.lstsq(x, y, rcond=None)[0]
    return float((rest**2).sum())


def _within(values: Array, codes: NDArray[np.intp]) -> Array:
    """Each value's distance from the mean of its group."""
    means = np.bincount(codes, weights=values) / np.bincount(codes)
    return np.asarray(values - means[codes], dtype="float64")


def _sums(y: Array, x: Array, codes: NDArray[np.intp], groups: int, terms: list[str]) -> _Sums:
    def per_group(values: Array) -> Array:
        return np.asarray(np.bincount(codes, weights=values, minlength=groups), dtype="float64")

    return _Sums(
        sizes=per_group(np.ones(len(y))),
        xx=x.T @ x,
        xy=x.T @ y,
        yy=float(y @ y),
        gx=np.column_stack([per_group(column) for column in x.T]),
        gy=per_group(y),
        n=len(y),
        terms=terms,
    )


def _solve(sums: _Sums, t: float, s: float) -> tuple[Array, Array, float]:
    """X'V^-1X, coefficients and r'V^-1r at variances t (between) and s (residual)."""
    weight = t / (s * (s + sums.sizes * t))
    a = sums.xx / s - (sums.gx * weight[:, None]).T @ sums.gx
    rhs = sums.xy / s - sums.gx.T @ (weight * sums.gy)
    b = np.asarray(np.linalg.solve(a, rhs), dtype="float64")
    rest = sums.yy / s - weight @ sums.gy**2 - b @ rhs
    return a, b, float(rest)


def _slope(sums: _Sums, ratio: float) -> float:
    """Derivative of the profiled REML deviance in the ratio t/s."""
    a, b, rest = _solve(sums, ratio, 1.0)
    d = 1 + ratio * sums.sizes
    left = sums.gy - sums.gx @ b
    da = -(sums.gx / d[:, None] ** 2).T @ sums.gx
    p = len(b)
    return float(
        -(sums.n - p) * (left**2 / d**2).sum() / rest
        + (sums.sizes / d).sum()
        + np.trace(np.linalg.solve(a, da))
    )


def _profiled(sums: _Sums, ratio: float) -> float:
    a, b, rest = _solve(sums, ratio, 1.0)
    free = sums.n - len(b)
    logdet = np.linalg.slogdet(a)[1]
    return float(free * np.log(rest) + np.log1p(ratio * sums.sizes).sum() + logdet)


def _best_ratio(sums: _Sums) -> float:
    """The variance ratio of highest restricted likelihood, 0 at the boundary."""
    slopes = [_slope(sums, ratio) for ratio in _RATIOS]
    candidates = [0.0] if slopes[0] >= 0 else []
    for low, high, before, after in zip(_RATIOS, _RATIOS[1:], slopes, slopes[1:], strict=False):
        if before < 0 <= after:
            candidates.append(
                float(optimize.brentq(lambda r: _slope(sums, r), low, high, xtol=1e-14))
            )
    if not candidates:
        candidates = [float(_RATIOS[-1])]
    return min(candidates, key=lambda ratio: _profiled(sums, ratio))


def _gradient(sums: _Sums, t: float, s: float) -> tuple[Array, list[Array], Array]:
    """Gradient of the REML deviance in (t, s), derivatives of X'V^-1X, and its inverse."""
    a, b, _ = _solve(sums, t, s)
    d = s + sums.sizes * t
    inner = t * (d + s) / (s**2 * d**2)
    da_t = -(sums.gx / d[:, None] ** 2).T @ sums.gx
    da_s = -sums.xx / s**2 + (sums.gx * inner[:, None]).T @ sums.gx
    left = sums.gy - sums.gx @ b
    squares = float(sums.yy - 2 * b @ sums.xy + b @ sums.xx @ b)
    inverse = np.asarray(np.linalg.inv(a), dtype="float64")
    in_t = (sums.sizes / d).sum() + np.trace(inverse @ da_t) - (left**2 / d**2).sum()
    in_s = (
        ((sums.sizes - 1) / s + 1 / d).sum()
        + np.trace(inverse @ da_s)
        - squares / s**2
        + (inner * left**2).sum()
    )
    return np.array([in_t, in_s]), [da_t, da_s], inverse


def _fit(sums: _Sums, ratio: float, centre: Array, level: float) -> MixedFit:
    p = len(centre)
    _, _, rest = _solve(sums, ratio, 1.0)
    s = rest / (sums.n - p)
    t = ratio * s
    _, b, _ = _solve(sums, t, s)
    _, slopes, covariance = _gradient(sums, t, s)
    back = np.eye(p)  # from centred columns to the columns as given
    back[0] -= np.where(np.arange(p) > 0, centre, 0.0)
    b = back @ b
    b[0] += level
    change = [-back @ covariance @ slope @ covariance @ back.T for slope in slopes]
    covariance = back @ covariance @ back.T
    se = np.sqrt(np.diag(covariance))
    df = np.full(p, float(sums.n - p))
    if t > 0:
        spread = 2 * np.linalg.inv(_curvature(sums, t, s))
        g = np.column_stack([np.diag(each) for each in change])
        df = 2 * np.diag(covariance) ** 2 / np.einsum("ki,ij,kj->k", g, spread, g)
    ratio_t = b / se
    half = stats.t.ppf(0.975, df) * se
    coefficients = pd.DataFrame(
        {
            c.TERM: sums.terms, c.ESTIMATE: b, c.SE: se, c.DF: df, c.T: ratio_t,
            c.P: 2 * stats.t.sf(np.abs(ratio_t), df), c.LOW: b - half, c.HIGH: b + half,
        }
    )  # fmt: skip
    deviance = _profiled(sums, ratio) + (sums.n - p) * (1 + np.log(2 * np.pi / (sums.n - p)))
    return MixedFit(
        coefficients,
        pd.Series({"group": t, "residual": s}),
        icc=t / (t + s),
        loglik=-deviance / 2,
        status="ok" if t > 0 else "singular",
        reason="" if t > 0 else "no variance between groups is left",
        n=sums.n,
        n_groups=len(sums.sizes),
    )


def _curvature(sums: _Sums, t: float, s: float) -> Array:
    """Second derivatives of the REML deviance in (t, s), from its exact gradient."""
    at = np.array([t, s])
    rows = []
    for place in range(2):
        step = np.zeros(2)
        step[place] = _STEP * at[place]
        up = _gradient(sums, *(at + step))[0]
        down = _gradient(sums, *(at - step))[0]
        rows.append((up - down) / (2 * step[place]))
    found = np.array(rows)
    return np.asarray((found + found.T) / 2)


def _not_estimable(terms: list[str], n: int, groups: int, reason: str) -> MixedFit:
    empty = pd.DataFrame(dict.fromkeys(_TERMS, np.nan), index=range(len(terms)))
    empty[c.TERM] = terms
    return MixedFit(
        empty,
        pd.Series({"group": np.nan, "residual": np.nan}),
        icc=np.nan,
        loglik=np.nan,
        status="not_estimable",
        n=n,
        n_groups=groups,
        reason=reason,
    )
