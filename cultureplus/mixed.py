"""People in teams, functions, locations: a regression with random intercepts, by REML.

For y = X b + sum of Z_k u_k + e only sums over groups enter the restricted likelihood, so one pass
over the rows is enough however many there are. Groupings may be nested or crossed. The ratios of
the variances are found where the derivatives of the likelihood are zero (or at zero: a singular
fit, which is said), the degrees of freedom of each coefficient are Satterthwaite's.

References: Harville (1977), JASA 72, 320-338; Satterthwaite (1946), Biometrics Bulletin 2, 110-114;
Giesbrecht & Burns (1985), Biometrics 41, 477-486.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from itertools import combinations

import numpy as np
import pandas as pd
import scipy
from numpy.typing import NDArray

from cultureplus import columns as c
from cultureplus.errors import InputError
from cultureplus.mixed_search import lowest, profile_interval
from cultureplus.mixed_sums import Codes, Curve, Sums, deviance, point, profiled, slopes, sums_of
from cultureplus.one_thread import one_thread
from cultureplus.tails import chi2_quantile, normal_quantile, t_above, t_quantile

Array = NDArray[np.float64]

RESIDUAL = "residual"
_TERMS = (c.TERM, c.ESTIMATE, c.SE, c.DF, c.T, c.P, c.LOW, c.HIGH)
_RATIOS = np.concatenate([[0.0], np.logspace(-6, 6, 25)])  # where to look for the variance ratio
_NOTHING = 1e-20  # of the sum of squares: what rounding leaves of nought
_PLAIN = 1e-6  # of the sum of squares: so much is something, whatever the rounding of sums
_LOST = 1e-12  # of the sum of squares: less than that within groups is lost in sums over them
_SAME = 1e-9  # of a grouping's information: what rounding leaves of nought
_MOST_OTHERS = 2000  # groups beside the largest grouping: their square matrix is held
_MOST_PROFILED = 400  # of them, above which a profile would take minutes
_LEVEL = 0.95


@dataclass(frozen=True)
class MixedFit:
    """A fitted model: `coefficients`, `variances` (per grouping, residual), `icc`, `loglik`.

    `status` is 'ok', 'singular' (a grouping has no variance left) or 'not_estimable'; `reason` says
    why. `icc` is the share of all groupings together; `r2_marginal` is what the columns of x
    explain, `r2_conditional` they and the groupings (Nakagawa & Schielzeth 2013). `intervals` and
    `shares` are made when they are first asked for.
    """

    coefficients: pd.DataFrame
    variances: pd.Series
    icc: float
    loglik: float
    status: str
    n: int
    n_groups: int
    reason: str = ""
    r2_marginal: float = np.nan
    r2_conditional: float = np.nan
    n_units: pd.Series = field(default_factory=lambda: pd.Series(dtype="int64"))
    _sums: Sums | None = field(default=None, repr=False, compare=False)

    @cached_property
    def shares(self) -> pd.DataFrame:
        """The share of each variance in the sum of all, with a 95 % interval.

        One row per grouping, then the residual: grouping, share (0-1), share_low, share_high,
        method. 'profile' is the profile of the restricted likelihood; with more than 400 groups
        beside the largest grouping it is 'wald', from the curvature, on the logit scale, missing
        where a variance is 0; not estimable: the reason.
        """
        values = self.variances.to_numpy(dtype="float64")
        table = pd.DataFrame({c.GROUPING: self.variances.index, c.SHARE: values / values.sum()})
        ends = self._ends(share=True)
        return table.assign(
            **{c.SHARE_LOW: ends[:, 0], c.SHARE_HIGH: ends[:, 1], c.METHOD: self._method}
        )

    @cached_property
    def intervals(self) -> pd.DataFrame:
        """95 % intervals of the variances and of their shares of the sum of all.

        One row per grouping, then the residual: grouping, variance, low, high, then share (0-1),
        share_low, share_high, method as in `shares` ('wald': variances on the logarithmic scale).
        """
        values = self.variances.to_numpy(dtype="float64")
        ends = self._ends(share=False)
        table = self.shares.copy()
        for place, (name, column) in enumerate(
            ((c.VARIANCE, values), (c.LOW, ends[:, 0]), (c.HIGH, ends[:, 1])), start=1
        ):
            table.insert(place, name, column)
        return table

    @property
    def _method(self) -> str:
        if self._sums is None:
            return self.reason
        return "profile" if self._sums.others <= _MOST_PROFILED else "wald"

    def _ends(self, *, share: bool) -> Array:
        values = self.variances.to_numpy(dtype="float64")
        if self._sums is None:
            return np.full((len(values), 2), np.nan)
        ends = _profile_ends if self._method == "profile" else _wald_ends
        return ends(self._sums, values, share=share)

    def _repr_html_(self) -> str:
        return str(self.coefficients.round(3).to_html(index=False))

    def __repr__(self) -> str:
        where = f"{self.n_groups} groups"
        if len(self.n_units) > 1:
            where = ", ".join(f"{n} of {name}" for name, n in self.n_units.items())
        head = f"random intercepts: {self.n} rows in {where}, {self.status}"
        return f"{head} {self.reason}\n{self.coefficients.round(3).to_string(index=False)}"


@one_thread
def random_intercepts(
    y: pd.Series, x: pd.DataFrame | None, groups: pd.Series | pd.DataFrame
) -> MixedFit:
    """Fit y on x with a random intercept per group, by REML.

    `y`: numbers; `x`: numeric columns aligned with y, or None for the intercept alone; `groups`:
    one label per row, or a DataFrame with one column per grouping, crossed or nested. Rows missing
    anything are left out. `coefficients`: term, estimate, se, df (Satterthwaite), t, p, low, high
    (95 %); `variances`: one per grouping in its column's name ('group' for a Series), then
    'residual'; `n_units`: groups per grouping. Not estimable, with the reason, for one group, fewer
    rows than terms, collinear columns, groupings that can not be told apart, or no residual
    variance (over all or within the groups). Raises `InputError` for what is no finite number.

    Reference: Harville (1977). R: lmerTest::lmer(y ~ x + (1 | a) + (1 | b)).

    >>> y = pd.Series([1.0, 2.0, 2.0, 3.0, 5.0, 6.0])
    >>> fit = random_intercepts(y, None, pd.Series(list("aabbcc")))
    >>> fit.status, round(float(fit.coefficients.loc[0, "estimate"]), 3)
    ('ok', 3.167)
    """
    names, values, design, terms, codes, units = _tables(y, x, groups)
    reason = _why_not(values, design, terms, names, codes, units)
    if reason:
        return _not_estimable(terms, names, units, len(values), reason)
    # Centred columns keep the cross products small; the intercept is put back at the end.
    centre = design.mean(axis=0) * (np.arange(design.shape[1]) > 0)
    level = float(values.mean())
    y_centred, x_centred = values - level, design - centre
    sums = sums_of(y_centred, x_centred, codes, units)
    reason = _aliased(sums, names) or _nothing_within(sums, y_centred, x_centred, codes)
    if reason:
        return _not_estimable(terms, names, units, len(values), reason)
    return _fit(sums, _best_ratios(sums), centre, level, terms, names)


# ---------------------------------------------------------------------------- what was given
def _tables(
    y: pd.Series, x: pd.DataFrame | None, groups: pd.Series | pd.DataFrame
) -> tuple[list[str], Array, Array, list[str], list[Codes], list[int]]:
    """Names of groupings, y, columns with the intercept, terms, group numbers, groups of each."""
    whole = groups.to_frame("group") if isinstance(groups, pd.Series) else groups
    names = [str(name) for name in whole.columns]
    if not names:
        raise InputError("groups has no column: at least one grouping is needed.")
    for name in names:
        if names.count(name) > 1 or name == RESIDUAL:
            why = "is the name of what is left" if name == RESIDUAL else "stands twice"
            raise InputError(f"A grouping needs a name of its own: '{name}' {why}.")
    y, x, whole = _aligned(y, x, whole)
    columns = [] if x is None else [x.iloc[:, place] for place in range(x.shape[1])]
    terms = ["intercept", *(str(column.name) for column in columns)]
    numbers = [_numbers(y, "y"), *(_numbers(each, str(each.name)) for each in columns)]
    found = [pd.factorize(whole.iloc[:, place])[0] for place in range(len(names))]
    there = np.ones(len(y), dtype=bool)
    for each in numbers:
        there &= ~np.isnan(each)
    for each in found:
        there &= each >= 0
    if not there.all():
        numbers = [each[there] for each in numbers]
        found = [pd.factorize(each[there])[0] for each in found]
    codes = [np.asarray(each, dtype=np.intp) for each in found]
    units = [int(each.max()) + 1 if len(each) else 0 for each in codes]
    design = np.column_stack([np.ones(len(numbers[0])), *numbers[1:]])
    return names, numbers[0], design, terms, codes, units


def _aligned(
    y: pd.Series, x: pd.DataFrame | None, groups: pd.DataFrame
) -> tuple[pd.Series, pd.DataFrame | None, pd.DataFrame]:
    """All three in the rows of y."""
    for table in (x, groups):
        if table is None or table.index.equals(y.index):
            continue
        if not (table.index.is_unique and y.index.is_unique):
            raise InputError("Rows can't be matched: y, x and groups name some rows twice.")
    if x is not None and not x.index.equals(y.index):
        x = x.reindex(y.index)
    return y, x, groups if groups.index.equals(y.index) else groups.reindex(y.index)


def _numbers(column: pd.Series, name: str) -> Array:
    try:
        values = column.to_numpy(dtype="float64", na_value=np.nan)
    except (TypeError, ValueError) as error:
        raise InputError("This column holds something that is no number.", column=name) from error
    if np.isinf(values).any():
        raise InputError("This column holds an infinite number.", column=name)
    return np.asarray(values, dtype="float64")


# ---------------------------------------------------------------------------- whether it can be
def _why_not(
    y: Array, x: Array, terms: list[str], names: list[str], codes: list[Codes], units: list[int]
) -> str:
    n, p = x.shape
    of = [f" of '{name}'" if len(names) > 1 else "" for name in names]
    for place, k in enumerate(units):
        if k < 2:
            return f"not estimable: {k} group{of[place]}"
    if n <= p:
        return f"not estimable: {n} rows for {p} terms"
    if max(units) == n:
        return f"not estimable: every group{of[int(np.argmax(units))]} has one row"
    for i, j in combinations(range(len(units)), 2):
        if units[i] == units[j] and same_groups(codes[i], codes[j]):
            return f"not estimable: '{names[i]}' and '{names[j]}' are the same groups"
    others = sum(units) - max(units)
    if others > _MOST_OTHERS:
        return (
            f"not estimable: {others} groups beside those of the largest grouping, at most "
            f"{_MOST_OTHERS} can be held"
        )
    reason = _collinear(x, terms)
    if reason:
        return reason
    if _unexplained(y, x) <= _NOTHING * max((y**2).sum(), 1e-300):
        return "not estimable: nothing is left to explain"
    return ""


def same_groups(one: Codes, other: Codes) -> bool:
    """Whether two groupings, given as numbers from 0, put the same people together.

    >>> same_groups(np.array([0, 0, 1]), np.array([1, 1, 0]))
    True
    """
    first = np.full(int(np.max(one)) + 1, -1, dtype=np.intp)
    first[one] = other
    return bool((first[one] == other).all()) and int(np.max(other)) == int(np.max(one))


def _collinear(x: Array, terms: list[str]) -> str:
    """The first column that does not vary, or that those before it explain."""
    n, p = x.shape
    if p == 1:
        return ""
    centred = x[:, 1:] - x[:, 1:].mean(axis=0)
    products = centred.T @ centred
    norm = np.sqrt(np.diag(products))
    plain = bool((norm > 1e-6 * np.sqrt(n) * np.abs(x[:, 1:]).max(axis=0)).all())
    if plain:
        # Sums of products tell most cases at once; a near one is looked at row by row.
        try:
            left = np.diag(np.linalg.cholesky(products / np.outer(norm, norm)))
        except np.linalg.LinAlgError:
            left = np.zeros(p - 1)
        if (left**2 > _PLAIN).all():
            return ""
    scale = np.abs(x).max(axis=0)
    for place in range(1, p):
        if np.ptp(x[:, place]) <= 1e-12 * scale[place]:
            return f"not estimable: {terms[place]} does not vary"
        before, mine = centred[:, : place - 1], centred[:, place - 1]
        if place > 1:
            rest = mine - before @ np.linalg.lstsq(before, mine, rcond=None)[0]
            if (rest**2).sum() < 1e-10 * (mine**2).sum():
                return f"not estimable: {terms[place]} is collinear with the terms before it"
    return ""


def _unexplained(y: Array, x: Array) -> float:
    """The sum of squares that least squares leave."""
    rest = y - x @ np.linalg.lstsq(x.T @ x, x.T @ y, rcond=None)[0]
    if (rest**2).sum() > _PLAIN * (y**2).sum():
        return float((rest**2).sum())
    rest = y - x @ np.linalg.lstsq(x, y, rcond=None)[0]
    return float((rest**2).sum())


def _aliased(sums: Sums, names: list[str]) -> str:
    """The first grouping whose variance can not be told from the terms or from the rest."""
    k = len(names)
    at = point(sums, np.zeros(k))
    known = np.empty((k + 1, k + 1))
    known[0, 0], known[0, 1:], known[1:, 0] = sums.n - sums.columns, at.traces, at.traces
    known[1:, 1:] = at.information
    for place in range(1, k + 1):
        own, name = known[place, place], names[place - 1]
        quoted = f"'{name}'" if k > 1 else "the groups"
        if own <= _SAME * sums.levels[place - 1]:
            return f"not estimable: the terms take up all differences between {quoted}"
        before, mine = known[:place, :place], known[:place, place]
        if own - mine @ np.linalg.lstsq(before, mine, rcond=None)[0] <= _SAME * own:
            return f"not estimable: {quoted} can not be told from " + (
                "the other groupings" if place > 1 else "single rows"
            )
    return ""


def _nothing_within(sums: Sums, y: Array, x: Array, codes: list[Codes]) -> str:
    """Whether y is known exactly once everybody's groups are."""
    total = float(y @ y)
    if point(sums, np.full(len(codes), 1e8)).rest > _PLAIN * total:
        return ""
    # Every group with a mean of its own: first from the sums, then row by row.
    known = sums.within[:-1, :-1]
    found = np.linalg.lstsq(known, sums.within[:-1, -1], rcond=None)[0]
    rest = y - x @ found[sums.others :]
    start = 0
    for place, each in enumerate(codes):
        if place != sums.lead:
            rest = rest - found[start : start + sums.levels[place]][each]
            start += sums.levels[place]
    lead = codes[sums.lead]
    rest = rest - (np.bincount(lead, weights=rest) / np.bincount(lead))[lead]
    if float(rest @ rest) > _LOST * max(total, 1e-300):
        return ""
    return "not estimable: within groups nothing is left to explain"


# ---------------------------------------------------------------------------- the fit
def _best_ratios(sums: Sums) -> Array:
    """The variance ratios of highest restricted likelihood, 0 at the boundary."""
    k = len(sums.levels)
    if k == 1:
        return np.array([_best_ratio(sums)])
    starts = [np.full(k, 0.1), np.full(k, 1.0)]
    if sums.others <= _MOST_PROFILED:
        starts += [np.zeros(k), *(0.01 + np.eye(k))]
    return lowest(lambda ratios: profiled(sums, ratios), starts)[0]


def _best_ratio(sums: Sums) -> float:
    def slope(ratio: float) -> float:
        return float(profiled(sums, np.array([ratio])).slope[0])

    slopes = [slope(ratio) for ratio in _RATIOS]
    candidates = [0.0] if slopes[0] >= 0 else []
    for low, high, before, after in zip(_RATIOS, _RATIOS[1:], slopes, slopes[1:], strict=False):
        if before < 0 <= after:
            candidates.append(float(scipy.optimize.brentq(slope, low, high, xtol=1e-14)))
    if not candidates:
        candidates = [float(_RATIOS[-1])]
    return min(candidates, key=lambda ratio: profiled(sums, np.array([ratio])).value)


def _fit(
    sums: Sums, ratios: Array, centre: Array, level: float, terms: list[str], names: list[str]
) -> MixedFit:
    at = point(sums, ratios)
    p = len(centre)
    free = sums.n - p
    s = at.rest / free
    back = np.eye(p)  # from centred columns to the columns as given
    back[0] -= np.where(np.arange(p) > 0, centre, 0.0)
    b = back @ at.b
    b[0] += level
    covariance = s * back @ at.inverse @ back.T
    se = np.sqrt(np.diag(covariance))
    some = np.flatnonzero(ratios > 0)
    df = np.full(p, float(free))
    if len(some):
        # In the residual variance and the ratios that are not 0; what is 0 does not vary.
        change = [covariance / s]
        turns = slopes(sums, at)
        change += [s * back @ at.inverse @ turns[k] @ at.inverse @ back.T for k in some]
        bend = np.empty((len(some) + 1, len(some) + 1))
        bend[0, 0] = free / s**2
        bend[0, 1:] = bend[1:, 0] = at.quads[some] / s**2
        square = np.ix_(some, some)
        bend[1:, 1:] = 2 * at.bends[square] / s - at.information[square]
        g = np.column_stack([np.diag(each) for each in change])
        spread = 2 * np.linalg.inv(bend)
        df = 2 * np.diag(covariance) ** 2 / np.einsum("ki,ij,kj->k", g, spread, g)
    t = b / se
    half = t_quantile(0.5 + _LEVEL / 2, df) * se
    coefficients = pd.DataFrame(
        {
            c.TERM: terms, c.ESTIMATE: b, c.SE: se, c.DF: df, c.T: t,
            c.P: 2 * t_above(np.abs(t), df), c.LOW: b - half, c.HIGH: b + half,
        }
    )  # fmt: skip
    return _told(sums, ratios, s, at.b, coefficients, names)


def _told(
    sums: Sums, ratios: Array, s: float, b: Array, coefficients: pd.DataFrame, names: list[str]
) -> MixedFit:
    """The fit as tables, with its status."""
    p = len(b)
    total = float(ratios.sum())
    moment = _moment(sums)
    fixed = float(b[1:] @ moment @ b[1:]) / (sums.n - 1)
    whole = fixed + s * (1 + total)
    free = sums.n - p
    deviance_ = profiled(sums, ratios).value + free * (1 + np.log(2 * np.pi / free))
    none = [name for name, ratio in zip(names, ratios, strict=True) if not ratio > 0]
    between = "groups" if len(names) == 1 else "the groups of " + " and ".join(map(repr, none))
    return MixedFit(
        coefficients,
        pd.Series([*(s * ratios), s], index=[*names, RESIDUAL]),
        icc=total / (1 + total),
        loglik=-deviance_ / 2,
        status="singular" if none else "ok",
        reason=f"no variance between {between} is left" if none else "",
        n=sums.n,
        n_groups=sum(sums.levels),
        r2_marginal=fixed / whole,
        r2_conditional=(fixed + s * total) / whole,
        n_units=pd.Series(sums.levels, index=names),
        _sums=sums,
    )


def _moment(sums: Sums) -> Array:
    """Products of the centred columns over all rows."""
    q = sums.others
    whole = sums.within + sums.weighted((1 / sums.sizes)[None, :])[0]
    return whole[q + 1 : -1, q + 1 : -1]


def _not_estimable(
    terms: list[str], names: list[str], units: list[int], n: int, reason: str
) -> MixedFit:
    empty = pd.DataFrame(dict.fromkeys(_TERMS, np.nan), index=range(len(terms)))
    empty[c.TERM] = terms
    return MixedFit(
        empty,
        pd.Series(np.nan, index=[*names, RESIDUAL]),
        icc=np.nan,
        loglik=np.nan,
        status="not_estimable",
        n=n,
        n_groups=sum(units),
        reason=reason,
        n_units=pd.Series(units, index=names),
    )


# ---------------------------------------------------------------------------- intervals
@one_thread
def _profile_ends(sums: Sums, values: Array, *, share: bool) -> Array:
    """Low and high of each variance, or of its share, by the profile of the deviance."""

    def curve(variances: Array) -> Curve:
        return deviance(sums, variances)

    least = curve(values).value
    drop = float(chi2_quantile(_LEVEL, 1))
    places = range(len(values))
    return np.array(
        [profile_interval(curve, values, least, k, share=share, drop=drop) for k in places]
    )


@one_thread
def _wald_ends(sums: Sums, values: Array, *, share: bool) -> Array:
    """The same from the curvature at the top, on the scale of the logarithm or of the logit."""
    found = np.full((len(values), 2), np.nan)
    some = np.flatnonzero(values > 0)
    spread = 2 * np.linalg.inv(deviance(sums, values).bend[np.ix_(some, some)])
    z = normal_quantile(0.5 + _LEVEL / 2)
    total = values.sum()
    for place, k in enumerate(some):
        slope = (np.arange(len(some)) == place) / values[k]
        here = values[k]
        if share:
            here = values[k] / (total - values[k])
            slope = (slope - 1 / total) * (1 + here)
        wide = np.exp(z * np.sqrt(slope @ spread @ slope) * np.array([-1, 1]))
        ends = here * wide
        found[k] = ends / (1 + ends) if share else ends
    return found
