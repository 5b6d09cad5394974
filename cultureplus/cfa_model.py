"""What a factor model says: which answers share a cause, and what then follows for the data.

Every item belongs to one factor; the factors may belong to one second-order factor, and items
worded the other way round may share a method factor of their own. Several groups hold the same
model with some of its numbers in common. Free numbers stand in one vector; all that follows from
them (covariances, means, thresholds) is arithmetic that also takes complex numbers, so that first
and second derivatives come from an imaginary step (Squire & Trapp 1998), exact to the last digit.

References: Bollen (1989), Structural equations with latent variables; Muthén & Asparouhov (2002),
Mplus web note 4 (delta parametrisation); Wu & Estabrook (2016), Psychometrika 81, 1014-1045;
Squire & Trapp (1998), SIAM Review 40, 110-112.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from math import prod
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from cultureplus.errors import InputError, did_you_mean

Array = NDArray[np.float64]
Codes = NDArray[np.intp]
Numbers = NDArray[Any]  # real, or complex while differentiating
Entries = dict[str, Numbers]  # one array per kind of number: (..., groups, rows, columns)

METHOD = "method"  # the factor that reversed wordings share
EQUAL = ("loadings", "intercepts", "residuals", "thresholds")
_STEP = 1e-30  # imaginary step: nothing is subtracted, so it may be as small as one likes
_BATCH = 4_000_000  # numbers held at a time while differentiating


@dataclass(frozen=True)
class Structure:
    """Which item belongs where: `factor_of` and `method_items` go by position."""

    items: tuple[str, ...]
    factors: tuple[str, ...]
    factor_of: Codes
    second_order: str | None
    method_items: Codes

    @cached_property
    def pairs(self) -> tuple[Codes, Codes]:
        """Every pair of items once, in the order of `numpy.tril_indices`."""
        return np.tril_indices(len(self.items), -1)

    @property
    def columns(self) -> int:
        """Columns of the loading matrix, the method factor among them."""
        return len(self.factors) + bool(self.method_items.size)

    def first_items(self) -> Codes:
        """Per column of the loading matrix the item named first: its loading is reported as 1."""
        first = [int(np.flatnonzero(self.factor_of == j)[0]) for j in range(len(self.factors))]
        return np.array(first + list(self.method_items[:1]), dtype=np.intp)

    def pattern(self) -> NDArray[np.bool_]:
        """Items x columns: where a loading stands."""
        found = np.zeros((len(self.items), self.columns), dtype=bool)
        found[np.arange(len(self.items)), self.factor_of] = True
        found[self.method_items, -1] |= bool(self.method_items.size)
        return found


@dataclass(frozen=True)
class Layout:
    """Where the free numbers stand: entry = fixed value + the parameter that `index` names."""

    structure: Structure
    groups: int
    ordinal: bool
    cuts: Codes  # per threshold, its item
    means: bool  # whether means are part of the model
    shapes: dict[str, tuple[int, ...]]
    fixed: Array
    index: Codes  # per entry, its parameter or -1
    n_par: int
    n_moments: int

    @property
    def df(self) -> int:
        """What the data say more than the model needs."""
        return self.n_moments - self.n_par

    def entries(self, theta: Numbers) -> Entries:
        """Every number of the model, by kind, for one vector or a stack of them."""
        padded = np.concatenate([theta, np.zeros((*theta.shape[:-1], 1))], axis=-1)
        flat = self.fixed + padded[..., self.index]
        lead = theta.shape[:-1]
        return {
            name: flat[..., place].reshape(lead + self.shapes[name])
            for name, place in self._places.items()
        }

    @cached_property
    def _places(self) -> dict[str, slice]:
        """Where each kind of entry stands among all of them."""
        found, at = {}, 0
        for name, shape in self.shapes.items():
            found[name] = slice(at, at + prod(shape))
            at += prod(shape)
        return found

    @cached_property
    def _by_parameter(self) -> tuple[Codes, Codes]:
        """The free entries sorted by their parameter, and where each parameter's begin."""
        free = np.flatnonzero(self.index >= 0)
        free = free[np.argsort(self.index[free], kind="stable")]
        return free, np.searchsorted(self.index[free], np.arange(self.n_par))

    @cached_property
    def own_group(self) -> Codes:
        """Per parameter the only group that it stands in, -1 where it stands in several."""
        group = np.concatenate(
            [np.repeat(np.arange(self.groups), prod(shape[1:])) for shape in self.shapes.values()]
        )
        free = self.index >= 0
        first, last = np.full(self.n_par, self.groups), np.full(self.n_par, -1)
        np.minimum.at(first, self.index[free], group[free])
        np.maximum.at(last, self.index[free], group[free])
        return np.where(first == last, first, -1)

    @cached_property
    def step(self) -> Codes:
        """Per parameter the step of `derivative` that it takes: groups' own ones go together."""
        found = np.cumsum(self.own_group < 0) - 1
        for group in range(self.groups):
            mine = self.own_group == group
            found[mine] = (self.own_group < 0).sum() + np.arange(mine.sum())
        return found

    @cached_property
    def cut_of(self) -> Array:
        """Thresholds x items: 1 where a threshold is the item's."""
        return (self.cuts[:, None] == np.arange(len(self.structure.items))).astype("float64")

    def collect(self, slopes: Entries) -> Numbers:
        """The slope in each parameter from the slopes in the entries."""
        lead = slopes["loading"].shape[:-3]
        flat = np.concatenate([slopes[name].reshape(*lead, -1) for name in self.shapes], axis=-1)
        entries, starts = self._by_parameter
        return np.add.reduceat(flat[..., entries], starts, axis=-1)

    def average(self, entries: Mapping[str, Array]) -> Array:
        """A parameter vector from wished-for entries; shared ones meet in the middle."""
        flat = np.concatenate([entries[name].ravel() for name in self.shapes])
        free = self.index >= 0
        counts = np.bincount(self.index[free], minlength=self.n_par)
        sums = np.bincount(self.index[free], weights=flat[free], minlength=self.n_par)
        return np.asarray(sums / counts, dtype="float64")


def read_model(
    model: Mapping[str, Sequence[str]],
    columns: Collection[object],
    *,
    second_order: str | None = None,
    method: Sequence[str] = (),
) -> Structure:
    """The structure that a dict of factor -> items describes, checked against the columns.

    Raises `InputError` for an unknown item, an item on two factors, a factor without items, a
    method item that is on no factor, or a factor's name used twice.

    >>> read_model({"trust": ["a", "b"], "care": ["c", "d"]}, ["a", "b", "c", "d"]).factors
    ('trust', 'care')
    """
    names: list[str] = []
    factor_of: list[int] = []
    if not model:
        raise InputError("A factor model needs at least one factor.", fix='{"trust": ["a", "b"]}')
    known = [str(column) for column in columns]
    for place, (factor, items) in enumerate(model.items()):
        if isinstance(items, str) or not len(items):
            raise InputError("A factor needs a list of items.", column=factor, found=items)
        for item in items:
            if item not in known:
                raise InputError(
                    f"Can't find the item '{item}' of the factor '{factor}'.",
                    possible=known, fix=did_you_mean(item, known),
                )  # fmt: skip
            if item in names:
                raise InputError(f"The item '{item}' stands in the model twice.", column=factor)
            if known.count(item) > 1:
                raise InputError(f"Two columns are called '{item}'.")
            names.append(item)
            factor_of.append(place)
    for item in method:
        if item not in names:
            raise InputError(f"The method item '{item}' is on no factor.", possible=names)
    taken = [*model, *([] if second_order is None else [second_order])]
    taken += [METHOD] if method else []
    if len(set(taken)) < len(taken):
        raise InputError("Two factors have the same name.", found=", ".join(taken))
    return Structure(
        items=tuple(names),
        factors=tuple(map(str, model)),
        factor_of=np.array(factor_of, dtype=np.intp),
        second_order=second_order,
        method_items=np.array(sorted({names.index(item) for item in method}), dtype=np.intp),
    )


def lay_out(
    structure: Structure,
    *,
    groups: int,
    markers: Codes,
    equal: Collection[str] = (),
    cuts: Codes | None = None,
    means: bool = False,
) -> Layout:
    """Place the free numbers, with what is equal across groups standing once.

    `markers`: per column of the loading matrix the item whose loading is held at 1. `cuts`: per
    threshold its item, for ordered answers; None for measurements. Means of factors become free
    (in all groups but the first) once intercepts are equal; for ordered answers the identification
    is that of Wu & Estabrook (2016), where an item of two answers keeps its scale until thresholds,
    loadings and intercepts are equal.
    """
    p, m, t = len(structure.items), structure.columns, 0 if cuts is None else len(cuts)
    traits = len(structure.factors)
    shapes: dict[str, tuple[int, ...]] = {
        "loading": (groups, p, m), "factor": (groups, m, m), "second": (groups, m),
        "top": (groups,), "residual": (groups, p), "intercept": (groups, p), "mean": (groups, m),
        "threshold": (groups, t), "scale": (groups, p),
    }  # fmt: skip
    fixed = {name: np.zeros(shape) for name, shape in shapes.items()}
    index = {name: np.full(shape, -1, dtype=np.intp) for name, shape in shapes.items()}
    fixed["scale"][:] = 1.0
    count = 0

    def free(name: str, where: NDArray[np.bool_], *, shared: bool, later: bool = False) -> None:
        """Number the entries of one group's mask; `later` leaves the first group fixed."""
        nonlocal count
        size = int(where.sum())
        for group in range(int(later), groups):
            again = shared and group > int(later)
            start = count - size if again else count
            index[name][group][where] = np.arange(start, start + size)
            count += 0 if again else size

    pattern = structure.pattern()
    marker = np.zeros_like(pattern)
    marker[markers, np.arange(m)] = True
    fixed["loading"][:, marker] = 1.0
    free("loading", pattern & ~marker, shared="loadings" in equal)
    pairs = np.eye(m, dtype=bool)
    if structure.second_order is None:
        pairs[:traits, :traits] = np.tri(traits, dtype=bool)
    else:
        second = np.arange(m) < traits
        fixed["second"][:, 0] = 1.0
        free("second", second & (np.arange(m) > 0), shared="loadings" in equal)
        for group in range(groups):
            index["top"][group] = count
            count += 1
    free("factor", pairs, shared=False)
    index["factor"] = np.maximum(index["factor"], index["factor"].swapaxes(1, 2))
    every = np.ones(p, dtype=bool)
    if cuts is None:
        free("residual", every, shared="residuals" in equal)
        if means:
            free("intercept", every, shared="intercepts" in equal)
        moments = p * (p + 1) // 2 + p * means
    else:
        same = "thresholds" in equal
        level = same and "intercepts" in equal
        two = np.bincount(cuts, minlength=p) == 1
        free("threshold", np.ones(t, dtype=bool), shared=same)
        if same and not level:
            free("intercept", every, shared=False, later=True)
        if same:
            loose = every if level and "loadings" in equal else ~two
            free("scale", loose, shared=False, later=True)
            fixed["scale"][1:, loose] = 0.0
        moments = p * (p - 1) // 2 + t
    if "intercepts" in equal:
        free("mean", np.ones(m, dtype=bool), shared=False, later=True)
    return Layout(
        structure, groups, cuts is not None,
        np.zeros(0, dtype=np.intp) if cuts is None else cuts, means, shapes,
        np.concatenate([fixed[name].ravel() for name in shapes]),
        np.concatenate([index[name].ravel() for name in shapes]),
        count, groups * moments,
    )  # fmt: skip


def factor_covariance(entries: Entries) -> Numbers:
    """Covariance of the factors, what they owe to the second-order factor included."""
    second = entries["second"]
    owed = entries["top"][..., None, None] * second[..., :, None] * second[..., None, :]
    return entries["factor"] + owed


def common(entries: Entries) -> Numbers:
    """What the items share through the factors: items x items."""
    loading = entries["loading"]
    return loading @ factor_covariance(entries) @ loading.swapaxes(-1, -2)


def implied_mean(entries: Entries) -> Numbers:
    """Means that follow: intercepts plus loadings times factor means."""
    return entries["intercept"] + (entries["loading"] @ entries["mean"][..., None])[..., 0]


def implied_covariance(entries: Entries) -> Numbers:
    """Covariances of measured items that follow."""
    residual = entries["residual"]
    return common(entries) + residual[..., None] * np.eye(residual.shape[-1])


def implied_correlation(entries: Entries) -> Numbers:
    """Correlations of what underlies ordered answers, their diagonal left as it comes."""
    scale = entries["scale"]
    return scale[..., :, None] * common(entries) * scale[..., None, :]


def implied_thresholds(entries: Entries, cuts: Codes) -> Numbers:
    """Thresholds that follow, in units of each item's own spread."""
    shift = implied_mean(entries)[..., cuts]
    return entries["scale"][..., cuts] * (entries["threshold"] - shift)


def slopes_in_entries(entries: Entries, in_common: Numbers, in_mean: Numbers) -> Entries:
    """Chain rule from the slopes in `common` (symmetric) and in the means to all entries."""
    loading, second = entries["loading"], entries["second"]
    psi = factor_covariance(entries)
    in_psi = loading.swapaxes(-1, -2) @ in_common @ loading
    to_second = (in_psi @ second[..., None])[..., 0]
    return {
        "loading": 2 * in_common @ loading @ psi
        + in_mean[..., None] * entries["mean"][..., None, :],
        "factor": in_psi,
        "second": 2 * entries["top"][..., None] * to_second,
        "top": (second * to_second).sum(axis=-1),
        "residual": np.diagonal(in_common, axis1=-2, axis2=-1),
        "intercept": in_mean,
        "mean": (loading.swapaxes(-1, -2) @ in_mean[..., None])[..., 0],
        "threshold": np.zeros_like(entries["threshold"]),
        "scale": np.zeros_like(entries["scale"]),
    }


def derivative(
    function: Callable[[Numbers], Numbers], theta: Array, size: int, step: Codes | None = None
) -> Array:
    """Slopes of a function of the parameters, one row per parameter, by an imaginary step.

    `function` takes a stack of parameter vectors; `size` is how many numbers it holds for one;
    `step`: per parameter the number of its step, those of one number being stepped at once: then
    there is a row per step, the sum of its parameters' slopes.

    >>> derivative(lambda x: x**3, np.array([2.0]), 1)
    array([[12.]])
    """
    step = np.arange(len(theta)) if step is None else step
    steps = int(step.max()) + 1
    at_once = max(1, min(steps, _BATCH // max(size, 1)))
    blocks = []
    for start in range(0, steps, at_once):
        rows = np.arange(start, min(start + at_once, steps))
        stack = theta + 1j * _STEP * (step == rows[:, None])
        blocks.append(function(stack).imag / _STEP)
    return np.concatenate(blocks)


def group_slopes(
    layout: Layout, function: Callable[[Numbers], Numbers], theta: Array, size: int
) -> Array:
    """Slopes of what each group has for itself (stack x groups x numbers): a row per parameter."""
    found = derivative(function, theta, size, layout.step)[layout.step]
    own = layout.own_group[:, None]
    found[(own >= 0) & (own != np.arange(layout.groups))] = 0.0
    return found


def complete_rows(
    items: pd.DataFrame, names: Sequence[str], group: pd.Series | None
) -> tuple[list[Array], list[str], str]:
    """Complete answers per group (labels sorted), the labels, and why nothing can be fitted.

    Rows that miss an answer or their group are left out; the reason is '' where all is well.
    Raises `InputError` where an answer is no number or the group does not belong to the rows.
    """
    try:
        values = items[list(names)].to_numpy(dtype="float64", na_value=np.nan)
    except (TypeError, ValueError) as error:
        raise InputError("An item holds something that is no number.") from error
    if np.isinf(values).any():
        raise InputError("An item holds an infinite number.")
    whole = ~np.isnan(values).any(axis=1)
    codes, labels = np.zeros(len(values), dtype=np.intp), np.array([""])
    if group is not None:
        if not group.index.equals(items.index):
            raise InputError("The group has other rows than the items.", fix="give both one index")
        codes, labels = pd.factorize(group, sort=True)
        whole &= codes >= 0
    parts = [values[whole & (codes == place)] for place in range(len(labels))]
    titles = [str(label) for label in labels]
    for name, column in zip(names, values.T, strict=True):
        if np.isnan(column).all():
            return parts, titles, f"not estimable: nobody answered {name}"
    for part, title in zip(parts, titles, strict=True):
        if reason := _why_not(part, names):
            where = f" in {title}" if group is not None else ""
            return parts, titles, f"not estimable: {reason}{where}"
    return parts, titles, "" if parts else "not estimable: no group"


def _why_not(values: Array, names: Sequence[str]) -> str:
    n, p = values.shape
    if n <= p:
        return f"{n} complete rows for {p} items"
    for name, column in zip(names, values.T, strict=True):
        if np.ptp(column) == 0:
            return f"everybody answered {name} alike"
    r = np.corrcoef(values, rowvar=False).reshape(p, p)
    alike = np.argwhere(np.abs(np.tril(r, -1)) > 1 - 1e-10)
    if len(alike):
        second, first = alike[0]
        return (
            f"{names[first]} and {names[second]} say the same (correlation {r[second, first]:.0f})"
        )
    if np.linalg.eigvalsh(r)[0] < 1e-10:
        return "one item follows exactly from the others"
    return ""
