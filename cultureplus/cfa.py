"""Do these items measure what they are said to measure: confirmatory factor analysis.

A model says which items share a factor. Fitted, it says how strongly each item speaks for its
factor (loading), how much is its own (residual), how the factors go together, and how far all
this is from the answers. A fit that failed, or whose numbers are impossible, says so in `status`.

References: Jöreskog (1969), Psychometrika 34, 183-202; Rosseel (2012), Journal of Statistical
Software 48(2), whose defaults of identification and divisors are followed.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TypeVar

import numpy as np
import pandas as pd

from cultureplus import cfa_estimate as ce
from cultureplus import cfa_model as cm
from cultureplus import cfa_report as cr
from cultureplus import fit_measures as fm
from cultureplus.cfa_model import Array, Codes, Layout, Numbers, Structure
from cultureplus.cfa_report import CfaFit
from cultureplus.errors import InputError
from cultureplus.one_thread import one_thread
from cultureplus.polychoric import ordered_moments, two_step

ESTIMATORS = ("ml", "mlr", "wlsmv")
_TRIES = 3  # items in whose units a runaway search is begun
_P = TypeVar("_P", bound=ce.Problem)


@dataclass(frozen=True)
class _Ordered:
    """Thresholds, correlations and their covariance in each group, and why there are none."""

    thresholds: Array  # groups x cuts
    r: Array  # groups x pairs
    acov: Array
    reason: str


@dataclass(frozen=True)
class Sample:
    """Complete answers and the model that they are asked about; `reason` says why none is fitted.

    What does not depend on what is equal across groups is computed once for all fits.
    """

    structure: Structure
    people: list[Array]
    labels: tuple[str, ...]  # () without groups
    estimator: str
    reason: str = ""

    @property
    def n(self) -> Array:
        """People per group."""
        return np.array([len(part) for part in self.people], dtype="float64")

    @cached_property
    def ordered(self) -> _Ordered:
        """The moments of ordered answers, for which every group must use the same answers."""
        names = list(self.structure.items)
        found = [ordered_moments(part) for part in self.people]
        for place, (_, _, acov) in enumerate(found):
            if not np.isfinite(acov).all():
                said = two_step(pd.DataFrame(self.people[place], columns=names)).reason
                where = f" in {self.labels[place]}" if self.labels else ""
                why = said.removeprefix("not estimable: ") or "no sampling covariance"
                return _Ordered(*(np.zeros((0, 0)),) * 3, f"not estimable{where}: {why}")
        thresholds, r, acov = (np.array(each) for each in zip(*found, strict=True))
        return _Ordered(thresholds, r, acov, "")

    def dealt(self, random: np.random.Generator) -> Sample:
        """The same people dealt to groups of the same sizes at random.

        The order of the rows has no part in it: people are sorted by their answers first.
        """
        together = np.concatenate(self.people)
        columns = np.argsort(np.array(self.structure.items))
        together = together[np.lexsort(together[:, columns].T)]
        ends = np.cumsum([len(part) for part in self.people])[:-1]
        return replace(self, people=np.split(together[random.permutation(len(together))], ends))


@dataclass(frozen=True)
class Measures:
    """How well a model fits: `fit`, `groups`, `status` and `reason` as in `CfaFit`."""

    fit: Mapping[str, float]
    groups: tuple[str, ...]
    status: str
    reason: str


@dataclass(frozen=True)
class _Data:
    """A sample, and what is equal across its groups."""

    sample: Sample
    equal: tuple[str, ...]

    @property
    def structure(self) -> Structure:
        return self.sample.structure

    @property
    def people(self) -> list[Array]:
        return self.sample.people

    @property
    def labels(self) -> tuple[str, ...]:
        return self.sample.labels

    @property
    def estimator(self) -> str:
        return self.sample.estimator

    @property
    def n(self) -> Array:
        return self.sample.n


@dataclass(frozen=True)
class _Fitted:
    problem: ce.Problem
    solution: ce.Solution
    covariance: Array  # of the parameters
    fit: dict[str, float]
    centre: Array  # per item, what was taken off and by what it was divided before fitting
    unit: Array


def cfa(
    items: pd.DataFrame,
    model: Mapping[str, Sequence[str]],
    estimator: str = "ml",
    group: pd.Series | None = None,
    equal: Collection[str] = (),
    *,
    second_order: str | None = None,
    method: Sequence[str] = (),
) -> CfaFit:
    """Fit a factor model in which each item belongs to one factor.

    `items`: one row per person, keyed; rows with a missing answer (or group) are left out. `model`:
    factor -> its items. `estimator`: 'ml' (normal theory), 'mlr' (the same with standard errors and
    a test that hold without normality; for six and more answers), 'wlsmv' (polychoric correlations,
    diagonally weighted; for up to five answers). `group`: a label per row; numbers named in `equal`
    (loadings, intercepts, residuals; thresholds for 'wlsmv') are the same in all groups, the first
    in sorted order being the one whose factor means are 0. `second_order`: the name of one factor
    behind all others. `method`: reversed wordings that share a factor 'method', uncorrelated with
    the rest.

    `fit`: chisq, df, pvalue, cfi, tli, rmsea, rmsea_low, rmsea_high (90 %), srmr, aic, bic, n,
    n_parameters; 'mlr' and 'wlsmv' add chisq_scaled, pvalue_scaled, cfi_scaled, tli_scaled,
    rmsea_scaled, rmsea_scaled_low, rmsea_scaled_high, chisq_mean (what chisq is on average where
    the model holds). aic and bic are missing with 'wlsmv'. Not
    estimable, with the reason: fewer people than free numbers, an item without variance or equal
    to another, an answer that one group never gives ('wlsmv'), a model that is not identified.
    Raises `InputError` for a model that does not fit the columns.

    Reference: Rosseel (2012). R: lavaan::cfa(model, items, estimator = ..., group = ...).

    >>> draw = np.random.default_rng(1)
    >>> trust = draw.normal(size=500)
    >>> items = pd.DataFrame({name: trust + draw.normal(size=500) for name in "abcd"})
    >>> found = cfa(items, {"trust": ["a", "b", "c", "d"]})
    >>> found.status, int(found.fit["df"])
    ('ok', 2)
    >>> found.loadings["std"].round(1).tolist()
    [0.7, 0.7, 0.7, 0.6]
    """
    equal = _checked(estimator, group, equal)
    sample = sample_of(items, model, estimator, group, second_order=second_order, method=method)
    return _fit(sample, equal)


def sample_of(
    items: pd.DataFrame,
    model: Mapping[str, Sequence[str]],
    estimator: str,
    group: pd.Series | None,
    *,
    second_order: str | None = None,
    method: Sequence[str] = (),
) -> Sample:
    """The complete rows, for fits that differ only in what is equal; arguments as in `cfa`."""
    _checked(estimator, group, ())
    structure = cm.read_model(model, items.columns, second_order=second_order, method=method)
    items = items.set_axis([str(name) for name in items.columns], axis=1)
    people, titles, reason = cm.complete_rows(items, structure.items, group)
    return Sample(structure, people, tuple(titles) if group is not None else (), estimator, reason)


@one_thread
def _fit(sample: Sample, equal: tuple[str, ...]) -> CfaFit:
    data = _Data(sample, equal)
    if sample.reason:
        return _without_numbers(data, _layout(data, None), "not_estimable", sample.reason)
    fitted, layout, reason = _fitted(data)
    if fitted is None:
        return _without_numbers(data, layout, "not_estimable", reason)
    return _described(data, fitted)


@one_thread
def measures_of(sample: Sample, equal: tuple[str, ...]) -> Measures:
    """How well the model fits with these numbers equal across groups, without its tables."""
    fitted, reason = None, sample.reason
    if not reason:
        fitted, _, reason = _fitted(_Data(sample, equal))
    if fitted is None:
        fit, status = _no_fit(sample), "not_estimable"
    else:
        fit, status, reason = _judged(sample, fitted)
    return Measures(cr.measures(fit, sample.estimator), sample.labels, status, reason)


@one_thread
def chisq_of(sample: Sample, equal: tuple[str, ...]) -> float:
    """The chi-square of `measures_of` alone, in half the time; NaN where there is none."""
    fitted = None if sample.reason else _fitted(_Data(sample, equal), chisq_only=True)[0]
    return fitted.fit.get("chisq", np.nan) if fitted is not None else np.nan


def _checked(estimator: str, group: pd.Series | None, equal: Collection[str]) -> tuple[str, ...]:
    if estimator not in ESTIMATORS:
        raise InputError("No such estimator.", found=estimator, possible=ESTIMATORS)
    ordinal = estimator == "wlsmv"
    possible = [name for name in cm.EQUAL if name != ("residuals" if ordinal else "thresholds")]
    names = (equal,) if isinstance(equal, str) else tuple(equal)
    for name in names:
        if name not in possible:
            raise InputError(
                f"With '{estimator}' this can't be equal.", found=name, possible=possible
            )
    if names and group is None:
        raise InputError("What is equal is equal across groups: give the group of each row.")
    if ordinal and "intercepts" in names and "thresholds" not in names:
        raise InputError(
            "Equal intercepts of ordered answers need equal thresholds.", fix="add 'thresholds'"
        )
    return names


def _layout(data: _Data, cuts: Codes | None, markers: Codes | None = None) -> Layout:
    """The layout, every factor in units of its marker (the item named first unless said)."""
    return cm.lay_out(
        data.structure,
        groups=max(len(data.people), 1),
        markers=data.structure.first_items() if markers is None else markers,
        equal=data.equal,
        cuts=cuts,
        means=len(data.people) > 1,
    )


def _markers(structure: Structure, loading: Array) -> Codes:
    """Per factor the item that speaks most strongly for it, loadings being items x columns."""
    return np.asarray(np.where(structure.pattern(), np.abs(loading), -1.0).argmax(axis=0))


def _solved(
    data: _Data, build: Callable[[Layout], _P], cuts: Codes | None, r: Array, fill: dict[str, Array]
) -> tuple[_P, ce.Solution]:
    """Search for the minimum; `r`: groups x items x items; `fill`: see `cfa_estimate.start`.

    A factor is held in units of one item. Where that item turns out to say nothing, the search runs
    away, and is begun again in units of the item that then speaks most strongly.
    """
    structure = data.structure
    pooled = np.average(r, axis=0, weights=data.n)
    markers = _markers(structure, ce.starting_loadings(structure, pooled))
    tried: set[tuple[int, ...]] = set()
    while True:
        tried.add(tuple(markers))
        layout = _layout(data, cuts, markers)
        problem = build(layout)
        solution = ce.search(problem, ce.start(layout, markers, r, fill))
        loading = np.abs(layout.entries(solution.theta)["loading"]).sum(axis=0)
        markers = _markers(structure, loading)
        if solution.status != "not_converged" or tuple(markers) in tried or len(tried) == _TRIES:
            return problem, solution


def _fitted(data: _Data, *, chisq_only: bool = False) -> tuple[_Fitted | None, Layout, str]:
    fit = _fit_ordinal if data.estimator == "wlsmv" else _fit_normal
    return fit(data, chisq_only=chisq_only)


def _why_not(layout: Layout, n: float) -> str:
    if layout.df < 0:
        return f"not estimable: {layout.n_moments} moments for {layout.n_par} free numbers"
    if n < layout.n_par:
        return f"not estimable: {n:.0f} people for {layout.n_par} free numbers"
    return ""


def _fit_normal(data: _Data, *, chisq_only: bool) -> tuple[_Fitted | None, Layout, str]:
    n, total = data.n, data.n.sum()
    centre = sum(part.sum(axis=0) for part in data.people) / total
    within = [((part - part.mean(axis=0)) ** 2).sum(axis=0) for part in data.people]
    unit = np.sqrt(np.sum(within, axis=0) / total)
    people = [(part - centre) / unit for part in data.people]
    mean = np.array([part.mean(axis=0) for part in people])
    cov = np.array([np.cov(part, rowvar=False, ddof=0) for part in people])
    cov = cov.reshape(len(people), len(unit), len(unit))
    sd = np.sqrt(np.diagonal(cov, axis1=1, axis2=2))
    r = cov / (sd[:, :, None] * sd[:, None, :])
    layout = _layout(data, None)
    if reason := _why_not(layout, total):
        return None, layout, reason

    def build(layout: Layout) -> ce.NormalTheory:
        return ce.NormalTheory(layout, n, mean, cov)

    problem, solution = _solved(data, build, None, r, {"sd": sd, "intercept": mean})
    layout = problem.layout
    theta, robust = solution.theta, data.estimator == "mlr"
    if solution.status != "ok":
        return _Fitted(problem, solution, np.zeros((0, 0)), {}, centre, unit), layout, ""
    chisq, df = total * max(problem.value(theta), 0.0), layout.df
    if chisq_only:
        only = {"chisq": chisq}
        return _Fitted(problem, solution, np.zeros((0, 0)), only, centre, unit), layout, ""
    bend = (ce.curvature(problem, theta) if robust else problem.expected(theta)) / 2
    covariance = np.linalg.inv(bend) / total
    groups, p = mean.shape
    free_means = layout.means * p
    logs = np.log(sd).sum(axis=1) * 2 - np.linalg.slogdet(cov)[1]
    base, base_df = float((n * logs).sum()), groups * p * (p - 1) // 2
    entries = layout.entries(theta)
    fit = _indices(chisq, df, base, base_df, total, groups)
    loglik = -0.5 * (
        chisq + (n * np.linalg.slogdet(cov)[1]).sum() + total * p * (1 + np.log(2 * np.pi))
    )
    loglik -= total * np.log(unit).sum()
    fit["aic"] = -2 * loglik + 2 * layout.n_par
    fit["bic"] = -2 * loglik + np.log(total) * layout.n_par
    means = (mean, cm.implied_mean(entries)) if layout.means else None
    fit["srmr"] = fm.srmr_of(cov, cm.implied_covariance(entries), n, means)
    if robust:
        meat = problem.scores_product(theta, people)
        inverse = np.linalg.inv(bend)
        covariance = inverse @ meat @ inverse / total
        full = alone = 0.0
        for values, m, s in zip(people, mean, cov, strict=True):
            away = values - m
            distance = np.einsum("ij,ij->i", away @ np.linalg.inv(s), away)
            full += free_means + ((distance**2).mean() - p) / 2
            alone += free_means + ((away**4).mean(axis=0) / np.diag(s) ** 2 - 1).sum() / 2
        scale = (full - float(np.trace(meat @ inverse))) / df if df else np.nan
        base_scale = (full - alone) / base_df if base_df else np.nan
        fit |= _scaled(_over(chisq, scale), df, _over(base, base_scale), base_df, total, groups)
        fit["chisq_mean"] = scale * df
        if scale > 0:  # the interval is that of a chi-square with as many df as the test's mean
            _, low, high = fm.rmsea_of(chisq, df * scale, total, groups)
            fit |= {"rmsea_scaled_low": low, "rmsea_scaled_high": high}
    return _Fitted(problem, solution, covariance, fit, centre, unit), layout, ""


def _over(chisq: float, scale: float) -> float:
    """A scaled test; a scale that is not above nought scales nothing."""
    return chisq / scale if scale > 0 else np.nan


def _fit_ordinal(data: _Data, *, chisq_only: bool) -> tuple[_Fitted | None, Layout, str]:
    names = list(data.structure.items)
    used = [[tuple(np.unique(column)) for column in part.T] for part in data.people]
    for group, mine in enumerate(used):
        for place, name in enumerate(names):
            gone = set().union(*(other[place] for other in used)) - set(mine[place])
            if gone:
                where = data.labels[group]
                reason = f"not estimable: nobody in {where} gave {name} the answer {min(gone):g}"
                return None, _layout(data, None), reason
    cuts = np.repeat(np.arange(len(names)), [len(each) - 1 for each in used[0]])
    if data.n.sum() < len(cuts):  # spares the correlations
        layout = _layout(data, cuts)
        return None, layout, _why_not(layout, data.n.sum())
    moments = data.sample.ordered
    if moments.reason:
        return None, _layout(data, cuts), moments.reason
    rows, cols = np.tril_indices(len(names), -1)
    r = np.tile(np.eye(len(names)), (len(data.people), 1, 1))
    r[:, rows, cols] = r[:, cols, rows] = moments.r
    thresholds = moments.thresholds
    n = data.n
    layout = _layout(data, cuts)
    if reason := _why_not(layout, n.sum()):
        return None, layout, reason

    def build(layout: Layout) -> ce.LeastSquares:
        return ce.LeastSquares(layout, n, thresholds, moments.r, moments.acov)

    problem, solution = _solved(data, build, cuts, r, {"threshold": thresholds})
    layout = problem.layout
    nothing, unit = np.zeros(len(names)), np.ones(len(names))
    if solution.status != "ok":
        return _Fitted(problem, solution, np.zeros((0, 0)), {}, nothing, unit), layout, ""
    theta, df, groups = solution.theta, layout.df, len(n)
    counted = (n - 1).sum()
    chisq = counted * problem.value(theta)
    if chisq_only:
        only = {"chisq": chisq}
        return _Fitted(problem, solution, np.zeros((0, 0)), only, nothing, unit), layout, ""
    covariance, first, second = problem.adjusted(theta)
    base_value, base_second = problem.baseline()
    base, base_df = counted * base_value, groups * len(rows)
    fit = _indices(chisq, df, base, base_df, counted, groups) | {"aic": np.nan, "bic": np.nan}
    fit["n"] = n.sum()
    implied = cm.implied_correlation(layout.entries(theta))
    diagonal = np.eye(len(names), dtype=bool)
    implied[:, diagonal] = 1.0
    fit["srmr"] = fm.srmr_of(r, implied, n, None)
    fit["chisq_mean"] = first
    fit |= _scaled(
        _shifted(chisq, df, first, second), df,
        _shifted(base, base_df, float(base_df), base_second), base_df, counted, groups,
    )  # fmt: skip
    return _Fitted(problem, solution, covariance / counted, fit, nothing, unit), layout, ""


def _shifted(chisq: float, df: int, first: float, second: float) -> float:
    """Mean- and variance-adjusted test: a x chisq + b has the moments of its df."""
    if df == 0:
        return chisq
    a = np.sqrt(df / second)
    return float(a * chisq + df - a * first)


def _indices(
    chisq: float, df: int, base: float, base_df: int, n: float, groups: int
) -> dict[str, float]:
    rmsea, low, high = fm.rmsea_of(chisq, df, n, groups)
    return {
        "chisq": chisq, "df": df, "pvalue": fm.p_of(chisq, df), "n": n,
        "cfi": fm.cfi_of(chisq, df, base, base_df), "tli": fm.tli_of(chisq, df, base, base_df),
        "rmsea": rmsea, "rmsea_low": low, "rmsea_high": high,
    }  # fmt: skip


def _scaled(
    chisq: float, df: int, base: float, base_df: int, n: float, groups: int
) -> dict[str, float]:
    found = _indices(chisq, df, base, base_df, n, groups)
    names = {"chisq", "pvalue", "cfi", "tli", "rmsea"}
    scaled = {f"{name}_scaled": found[name] for name in names}
    return scaled | {
        "rmsea_scaled_low": found["rmsea_low"],
        "rmsea_scaled_high": found["rmsea_high"],
    }


def _described(data: _Data, fitted: _Fitted) -> CfaFit:
    solution, layout = fitted.solution, fitted.problem.layout
    fit, status, reason = _judged(data.sample, fitted)
    if solution.status != "ok":
        return _without_numbers(data, layout, status, reason)

    free = cr.Free(layout, solution.theta, fitted.covariance, fitted.centre, fitted.unit)

    def report(entries: cm.Entries) -> Numbers:
        return cr.reported(layout, entries, free.centre, free.unit)

    values, errors = free.follow(report)
    return cr.tables(layout, data.labels, data.estimator, values, errors, fit, status, reason, free)


def _judged(sample: Sample, fitted: _Fitted) -> tuple[dict[str, float], str, str]:
    """The measures of a search's end, and whether its numbers can be: status and reason."""
    solution, layout = fitted.solution, fitted.problem.layout
    if solution.status != "ok":
        return _no_fit(sample), solution.status, solution.reason
    fit = fitted.fit | {"n_parameters": layout.n_par}
    wild = ", ".join(cr.impossible(layout, solution.theta))
    if not wild:
        return fit, "ok", ""
    reason = f"impossible (variance below 0 or correlation above 1): {wild}"
    return fit, f"heywood: {wild}", reason


def _no_fit(sample: Sample) -> dict[str, float]:
    return {"n": float(sample.n.sum()), "df": np.nan}


def _without_numbers(data: _Data, layout: Layout, status: str, reason: str) -> CfaFit:
    size = len(cr.reported(layout, layout.entries(np.zeros(layout.n_par)), None, None))
    gone = np.full(size, np.nan)
    fit = _no_fit(data.sample)
    return cr.tables(layout, data.labels, data.estimator, gone, gone, fit, status, reason)
