"""Agreement: whether the people of a team answer alike.

A team's mean stands for the team only if its members see the same thing. The rwg family compares
the variance within a team with that of people who answer without looking: the null distribution.
Its variance always comes from the declared answer range, never from a default of five answers and
never from the answers that happened to be seen. Beside it stand indices without a null (the
average deviation) and with a null that follows the team's mean (a_wg).

Agreement is not reliability: whether teams differ is for ICC(1) and ICC(2), here with an interval
from drawing teams anew, and with the reliability of each team's own mean.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import special

from cultureplus import columns as c
from cultureplus.declared_range import numbers_in_range
from cultureplus.errors import InputError, did_you_mean
from cultureplus.estimability import too_few
from cultureplus.mixed import random_intercepts

Array = NDArray[np.float64]
Codes = NDArray[np.int64]

AD_AGREES, A_WG_ITEMS, CRITICAL = "ad_agrees", "a_wg_items", "critical"

NULLS = ("uniform", "slight skew", "moderate skew", "heavy skew", "triangular", "normal")
# LeBreton and Senter (2008), table 2; the uniform null has a formula and needs no table.
_PUBLISHED = {
    5: (1.34, 0.90, 0.44, 1.32, 1.04),
    6: (1.85, 1.26, 0.69, 1.45, 1.25),
    7: (2.90, 2.14, 1.39, 2.10, 1.40),
}
_BAND_STARTS = np.array([0.31, 0.51, 0.71, 0.91])
_BANDS = np.array(["none", "weak", "moderate", "strong", "very strong", ""], dtype="object")
_LARGEST = 500  # people; larger groups are no teams, and chance agreement is no question there
_CHUNK = 4_000_000  # simulated answers held at once
_LEVEL = 0.05
MIN_GROUPS = 10  # fewer teams drawn anew say little of other teams
_ALIKE = 1e-9  # variances nearer than this are the same number


def null_variance(null: str, low: int, high: int) -> float:
    """The variance of answers given without looking, on the declared range low to high.

    `null`: one of `NULLS`. Uniform: (A^2 - 1)/12 for A answers. The others for five, six and seven
    answers as published; triangular for other ranges by the formula of James, Demaree & Wolf
    (1984), which the published values of six and seven lie below. Raises `InputError` for another
    null, and for a skewed or normal one where no value is published.

    Reference: LeBreton & Senter (2008), Organizational Research Methods 11, 815-852.

    >>> null_variance("uniform", 1, 7), null_variance("slight skew", 1, 5)
    (4.0, 1.34)
    """
    if not low < high or low != int(low) or high != int(high):
        raise InputError("The answer range runs over whole numbers, from low to high.")
    if null not in NULLS:
        raise InputError(
            f"There is no null distribution '{null}'.",
            possible=NULLS,
            fix=did_you_mean(null, NULLS),
        )
    answers = int(high) - int(low) + 1
    if null == "uniform":
        return (answers**2 - 1) / 12
    if answers in _PUBLISHED:
        return _PUBLISHED[answers][NULLS.index(null) - 1]
    if null == "triangular":
        return (answers**2 + 2 * answers - (3 if answers % 2 else 2)) / 24
    raise InputError(
        f"The {null} null is not defined for a range of {answers} answers.",
        possible=["uniform", "triangular", "any null for 5, 6 or 7 answers"],
    )


def agreement_band(rwg: float) -> str:
    """An rwg in the words of LeBreton & Senter (2008); '' where it is missing.

    >>> [agreement_band(value) for value in (0.2, 0.45, 0.7, 0.71, 0.95, float("nan"))]
    ['none', 'weak', 'moderate', 'strong', 'very strong', '']
    """
    return str(_bands(np.array([rwg], dtype="float64"))[0])


def _bands(rwg: Array) -> NDArray[np.object_]:
    # The bands are published to two decimals; a missing value sorts after all of them.
    places = np.searchsorted(_BAND_STARTS, np.round(rwg, 2), side="right")
    return _BANDS[np.where(np.isnan(rwg), len(_BANDS) - 1, places)]


def rwg_j(ratio: Array, items: int) -> Array:
    """The rwg(j) of a mean item variance divided by that of the null, truncated at 0.

    >>> rwg_j(np.array([0.0, 0.5, 1.0, 2.0]), 3).tolist()
    [1.0, 0.75, 0.0, 0.0]
    """
    ratio = np.minimum(ratio, 1.0)
    return np.asarray(items * (1 - ratio) / (items * (1 - ratio) + ratio))


def within_group(
    items: pd.DataFrame, group: pd.Series, low: int, high: int, null: str = "uniform"
) -> pd.DataFrame:
    """How far the members of each group agree on the items of one scale.

    `items`: keyed, one row per person, answers from low to high (the declared range); `group`: one
    label per row. Rows without a group or with a missing answer are left out. Returns, per group
    in order of its label: group, n (complete rows), rwg (0-1; rwg(j) for several items, the mean
    item variance truncated at that of the null), band (in words), r_star (Lindell's, linear and
    not truncated, below 0 where people disagree more than by chance), ad_m (average deviation
    from the item means, in answers), ad_agrees (ad_m at most A/6), a_wg (-1 to 1), a_wg_items (of
    how many items it is the mean), reason. Raises `InputError` for an answer outside the range.

    Where everybody gives the same answer a_wg is 1; else an item whose mean lies so near an end
    of the range that its largest variance cannot be reached has no a_wg.

    References: James, Demaree & Wolf (1984), J. Applied Psychology 69, 85-98; Lindell, Brandt &
    Whitney (1999), Applied Psychological Measurement 23, 127-135; Burke & Dunlap (2002),
    Organizational Research Methods 5, 159-172; Brown & Hauenstein (2005), ibid. 8, 165-184.
    R: multilevel::rwg.j (with ranvar given), rwg.j.lindell, ad.m, awg.

    >>> items = pd.DataFrame({"a": [4, 4, 5, 1, 5], "b": [4, 5, 4, 1, 5]})
    >>> found = within_group(items, pd.Series(list("xxxyy")), 1, 5)
    >>> found[["group", "n", "rwg", "r_star", "ad_m"]].round(3).values.tolist()
    [['x', 3, 0.909, 0.833, 0.444], ['y', 2, 0.0, -3.0, 2.0]]
    """
    expected = null_variance(null, low, high)
    values, codes, labels = complete_rows(items, group, low, high)
    k, size = values.shape[1], len(labels)
    n = per_group(codes, size)
    several = n >= 2
    people = np.where(several, n, np.nan)
    variance, deviation, kappa, defined = (np.zeros(size) for _ in range(4))
    for column in values.T:
        mean = per_group(codes, size, column) / people
        rest = column - mean[codes]
        mine = per_group(codes, size, rest**2) / (people - 1)
        variance += mine
        deviation += per_group(codes, size, np.abs(rest)) / people
        agreed, inside = _a_wg(mine, mean, people, low, high)
        kappa += agreed
        defined += inside
    variance /= k
    rwg = rwg_j(variance / expected, k)
    far = deviation / k > (high - low + 1) / 6 + _ALIKE
    counted = defined.astype("int64")
    return pd.DataFrame(
        {
            c.GROUP: labels,
            c.N: n.astype("int64"),
            c.RWG: rwg,
            c.BAND: _bands(rwg),
            c.R_STAR: 1 - variance / expected,
            c.AD_M: deviation / k,
            AD_AGREES: pd.arrays.BooleanArray(~far, ~several),
            c.A_WG: kappa / np.where(counted > 0, counted, np.nan),
            A_WG_ITEMS: counted,
            c.REASON: _why_not(n, counted, k),
        }
    )


def _a_wg(
    variance: Array, mean: Array, people: Array, low: int, high: int
) -> tuple[Array, NDArray[np.bool_]]:
    """Brown and Hauenstein's index of one item per group, 0 where it is not defined."""
    nearest = (low * (people - 1) + high) / people
    farthest = (high * (people - 1) + low) / people
    alike = variance <= _ALIKE
    inside = (mean >= nearest - _ALIKE) & (mean <= farthest + _ALIKE)
    largest = np.where(inside, (high - mean) * (mean - low) * people / (people - 1), 1.0)
    found = np.where(alike, 1.0, np.where(inside, 1 - 2 * variance / largest, 0.0))
    return found, alike | inside


def _why_not(people: Array, defined: Codes, items: int) -> NDArray[np.object_]:
    """Per group a sentence, or '' where all is well; few sentences serve many groups."""
    pairs = np.column_stack([np.minimum(people, 2).astype("int64"), defined])
    kinds, places = np.unique(pairs, axis=0, return_inverse=True)
    return np.array([_sentence(int(n), int(there), items) for n, there in kinds], dtype="object")[
        places.ravel()
    ]


def _sentence(n: int, defined: int, items: int) -> str:
    if n == 0:
        return "not estimable: nobody answered every item"
    if n == 1:
        return "not estimable: one complete row, agreement needs two people"
    if defined == items:
        return ""
    if defined == 0:
        return "a_wg is not estimable: the mean lies too near an end of the range"
    return f"a_wg rests on {defined} of {items} items: the other means lie too near an end"


def agreement_test(
    items: pd.DataFrame,
    group: pd.Series,
    low: int,
    high: int,
    *,
    seed: int,
    draws: int = 10_000,
    null: str = "uniform",
) -> pd.DataFrame:
    """Whether each group agrees more than people would who do not belong together.

    `null`: 'uniform' draws made-up teams whose answers to each item are uniform over the declared
    range and whose items correlate as observed (Pearson, all complete rows, put on an underlying
    normal); 'pooled' draws teams of real people at random from all groups, without replacement,
    which asks whether a team agrees more than the organisation does. Items, group and missing
    answers as in `within_group`. Returns, per group: group, n, rwg (uniform null), p (share of
    drawn teams of its size that agree at least as much, by the mean item variance), critical (the
    smallest rwg with p at most .05; missing where no agreement could be told from chance), reason.
    The same seed gives the same table, whatever the order of rows and columns.

    References: Cohen, Doveh & Nahum-Shani (2009), Organizational Research Methods 12, 148-164;
    Dunlap, Burke & Smith-Crowe (2003), J. Applied Psychology 88, 356-362; 'pooled': Bliese &
    Halverson (1996), J. Applied Social Psychology 26, 1171-1189.

    >>> items = pd.DataFrame({"a": [3, 3, 3, 3, 1, 5], "b": [3, 3, 3, 3, 5, 1]})
    >>> teams = pd.Series(list("xxxxyy"))
    >>> found = agreement_test(items, teams, 1, 5, seed=1, draws=999)
    >>> found["group"].tolist(), (found["p"] <= 0.05).tolist()
    (['x', 'y'], [True, False])
    """
    if null not in ("uniform", "pooled"):
        raise InputError(f"There is no null '{null}' for a test.", possible=["uniform", "pooled"])
    if draws < 99:
        raise InputError("A p-value needs at least 99 draws.")
    table = within_group(items, group, low, high)[[c.GROUP, c.N, c.RWG, c.R_STAR]]
    values, _, _ = complete_rows(items, group, low, high)
    values = values[:, np.argsort([str(name) for name in items.columns], kind="stable")]
    values = values[np.lexsort(values.T)] if len(values) else values
    sizes = np.unique(table[c.N])
    sizes = sizes[(sizes >= 2) & (sizes <= _LARGEST)]
    expected = null_variance("uniform", low, high)
    k = values.shape[1]
    observed = (1 - table[c.R_STAR].to_numpy()) * expected
    table[c.P], table[CRITICAL] = np.nan, np.nan
    if len(sizes):
        drawn = _drawn_variances(values, sizes, low, high, null=null, seed=seed, draws=draws)
        for place, size in enumerate(sizes):
            mine = np.sort(drawn[:, place])
            rows = (table[c.N] == size).to_numpy()
            below = np.searchsorted(mine, observed[rows] + _ALIKE, side="right")
            table.loc[rows, c.P] = (1 + below) / (draws + 1)
            table.loc[rows, CRITICAL] = _critical(mine, expected, k)
    table[c.REASON] = [_why_no_test(int(rows)) for rows in table[c.N]]
    return table.drop(columns=c.R_STAR)


def _critical(variances: Array, expected: float, items: int) -> float:
    """The rwg of the largest drawn variance that at most 5 % of the draws reach."""
    allowed = int(_LEVEL * (len(variances) + 1)) - 1
    if allowed < 1:
        return np.nan
    beyond = variances[allowed]
    below = variances[variances < beyond - _ALIKE]
    if not len(below):
        return np.nan
    return float(rwg_j(below[-1:] / expected, items)[0])


def _drawn_variances(
    values: Array,
    sizes: NDArray[np.int64],
    low: int,
    high: int,
    *,
    null: str,
    seed: int,
    draws: int,
) -> Array:
    """Mean item variances of drawn teams, one row per draw, one column per size.

    The first members of one large drawn team are a drawn team of every smaller size.
    """
    random = np.random.default_rng(seed)
    largest, k = int(sizes[-1]), values.shape[1]
    centre = (low + high) / 2
    answers = int(high - low + 1)
    cuts = special.ndtri(np.arange(1, answers) / answers)
    root = _root_of_correlations(values)
    found = np.empty((draws, len(sizes)))
    step = max(1, _CHUNK // (largest * k))
    for start in range(0, draws, step):
        count = min(step, draws - start)
        if null == "uniform":
            latent = random.standard_normal((count, largest, k)) @ root
            team = low - centre + np.searchsorted(cuts, latent)
        else:
            rows = np.stack(
                [random.choice(len(values), largest, replace=False) for _ in range(count)]
            )
            team = values[rows] - centre
        sums = np.cumsum(team, axis=1)[:, sizes - 1]
        squares = np.cumsum((team**2).sum(axis=2), axis=1)[:, sizes - 1]
        found[start : start + count] = (squares - (sums**2).sum(axis=2) / sizes) / (sizes - 1) / k
    return found


def _root_of_correlations(values: Array) -> Array:
    """The symmetric root of the items' correlations; an item that does not vary goes with none."""
    k = values.shape[1]
    rest = values - values.mean(axis=0)
    spread = np.sqrt((rest**2).sum(axis=0))
    rest = rest / np.where(spread > 0, spread, 1.0)
    correlations = rest.T @ rest
    correlations[np.diag_indices(k)] = 1.0
    roots, vectors = np.linalg.eigh(correlations)
    return np.asarray((vectors * np.sqrt(np.maximum(roots, 0.0))) @ vectors.T)


def _why_no_test(n: int) -> str:
    if n > _LARGEST:
        return f"not estimable: {n} people, the test is for teams of at most {_LARGEST}"
    return _sentence(n, 1, 1)


def unit_reliability(values: pd.Series, group: pd.Series) -> pd.DataFrame:
    """How reliable the mean of each group is: tau2 / (tau2 + sigma2 / n).

    `values`: one score per person; `group`: aligned. Rows missing either are left out. tau2 (among
    groups) and sigma2 (within) are REML estimates of a random intercept. Returns, per group: group,
    n, reliability (0-1), reason. Where no variance between groups is left it is 0, and said.

    Reference: Bryk & Raudenbush (1992), Hierarchical linear models, ch. 3.

    >>> scores = pd.Series([1.0, 2.0, 2.0, 3.0, 5.0, 6.0, 5.0])
    >>> found = unit_reliability(scores, pd.Series(list("aabbccc")))
    >>> found["n"].tolist(), found["reliability"].round(2).tolist()
    ([2, 2, 3], [0.95, 0.95, 0.96])
    """
    _, codes, labels = complete_rows(values.to_frame("value"), group, -np.inf, np.inf)
    n = per_group(codes, len(labels))
    fit = random_intercepts(values, None, _aligned(values, group))
    between, within = float(fit.variances.iloc[0]), float(fit.variances["residual"])
    people = np.where(n > 0, n, np.nan)
    table = pd.DataFrame({c.GROUP: labels, c.N: n.astype("int64")})
    table[c.RELIABILITY] = between / (between + within / people)
    table[c.REASON] = np.where(n > 0, fit.reason, "not estimable: nobody has a score")
    return table


def icc_bootstrap(
    values: pd.Series, group: pd.Series, draws: int = 2000, *, seed: int, level: float = 0.95
) -> pd.Series:
    """ICC(1) and ICC(2) with intervals from drawing whole groups anew.

    `values`: one score per person; `group`: aligned. Rows missing either are left out. Groups are
    drawn with replacement and only their sums enter. The interval is the studentised one, on the
    logarithm of F at the observed n0, with the standard error of each draw from the influence of
    its groups. Returns icc1, icc1_low, icc1_high, icc2, icc2_low, icc2_high, n, n_groups, draws,
    reason. Not estimable for fewer than ten groups, groups of one only, or no variance. The same
    seed gives the same interval, whatever the order of the rows.

    References: Davison & Hinkley (1997), Bootstrap methods and their application, 2.7 and 5.2;
    Field & Welsh (2007), JRSS B 69, 369-390.

    >>> scores = pd.Series([1.0, 2.0, 3.0] * 10) + pd.Series(range(10)).repeat(3).to_numpy()
    >>> found = icc_bootstrap(scores, pd.Series(range(10)).repeat(3).reset_index(drop=True), seed=1)
    >>> round(float(found["icc1"]), 3), bool(found["icc1_low"] < found["icc1"])
    (0.898, True)
    """
    numbers, codes, labels = complete_rows(values.to_frame("value"), group, -np.inf, np.inf)
    n = per_group(codes, len(labels))
    names = ["icc1", "icc1_low", "icc1_high", "icc2", "icc2_low", "icc2_high"]
    found = pd.Series(dict.fromkeys(names, np.nan), dtype="object")
    groups = int((n > 0).sum())
    found[c.N], found[c.N_GROUPS], found["draws"] = len(numbers), groups, draws
    found[c.REASON] = too_few(groups, MIN_GROUPS, "groups")
    if not found[c.REASON] and len(numbers) == groups:
        found[c.REASON] = "not estimable: every group has one person"
    if found[c.REASON]:
        return found
    sums = _group_sums(numbers[:, 0], codes, n)
    total = sums.sum(axis=0)
    people, squared, _, between, within = total
    if within <= _ALIKE * (between + within) or between <= _ALIKE * (between + within):
        found[c.REASON] = "not estimable: no variance"
        return found
    n0 = (people - squared / people) / (groups - 1)
    products = (sums[:, :, None] * sums[:, None, :]).reshape(groups, -1)
    random = np.random.default_rng(seed)
    with np.errstate(divide="ignore", invalid="ignore"):  # a draw may have nothing within
        centre, error = _log_f(total, products.sum(axis=0), groups, n0)
        weights = random.multinomial(groups, np.full(groups, 1 / groups), size=draws)
        weights = weights.astype("float64")
        again, spread = _log_f(weights @ sums, weights @ products, groups, n0)
        away = (again - centre) / spread
    found["icc1"], found["icc2"] = _iccs(float(centre), n0)
    away = away[np.isfinite(away)]
    if len(away) < 0.9 * draws:
        found[c.REASON] = "no interval: too few of the draws vary"
        return found
    upper, lower = np.quantile(away, [(1 + level) / 2, (1 - level) / 2])
    found["icc1_low"], found["icc2_low"] = _iccs(float(centre - upper * error), n0)
    found["icc1_high"], found["icc2_high"] = _iccs(float(centre - lower * error), n0)
    return found


def _group_sums(values: Array, codes: Codes, n: Array) -> Array:
    """Per group: people, their square, the sum, its square per person, the squares within."""
    centred = values - values.mean()
    total = per_group(codes, len(n), centred)
    mean = total / np.where(n > 0, n, 1.0)
    within = per_group(codes, len(n), (centred - mean[codes]) ** 2)
    return np.column_stack([n, n**2, total, total * mean, within])[n > 0]


def _iccs(log_f: float, n0: float) -> tuple[float, float]:
    """ICC(1) and ICC(2) of a logarithm of F at a group size."""
    f = float(np.exp(log_f))
    return (f - 1) / (f + n0 - 1), 1 - 1 / f


def _log_f(sums: Array, products: Array, groups: int, n0: float) -> tuple[Array, Array]:
    """The logarithm of the F that the ICC(1) of these sums has at group size n0, and its error.

    `sums`: totals of `_group_sums` over the groups drawn, `products`: those of their products. The
    derivatives are taken by a step into the complex plane, exact to rounding.
    """
    slopes = np.empty(sums.shape)
    for place in range(sums.shape[-1]):
        size = 1e-30 * np.maximum(1.0, np.abs(sums[..., place]))
        moved = sums.astype("complex128")
        moved[..., place] += 1j * size
        slopes[..., place] = _log_f_alone(moved, groups, n0).imag / size
    around = products.reshape(*sums.shape, sums.shape[-1])
    around = around - sums[..., :, None] * sums[..., None, :] / groups
    variance = np.einsum("...i,...ij,...j", slopes, around, slopes)
    return _log_f_alone(sums, groups, n0), np.sqrt(variance)


def _log_f_alone(sums: NDArray[Any], groups: int, n0: float) -> NDArray[Any]:
    people, squared, total, between, within = np.moveaxis(sums, -1, 0)
    f = (between - total**2 / people) / (groups - 1) / (within / (people - groups))
    mine = (people - squared / people) / (groups - 1)
    return np.log(1 + n0 * (f - 1) / mine)


def _aligned(rows: pd.DataFrame | pd.Series, group: pd.Series) -> pd.Series:
    if rows.index.equals(group.index):
        return group
    if not (rows.index.is_unique and group.index.is_unique) or len(rows) != len(group):
        raise InputError("The groups are not those of the people: their index differs.")
    if not rows.index.isin(group.index).all():
        raise InputError("The groups are not those of the people: their index differs.")
    return group.reindex(rows.index)


def complete_rows(
    items: pd.DataFrame, group: pd.Series, low: float, high: float
) -> tuple[Array, Codes, pd.Index]:
    """Complete rows as numbers, each with the place of its group, and the groups' labels.

    A group of which nobody is complete keeps its label.

    >>> items = pd.DataFrame({"a": [1, 2, np.nan]})
    >>> values, codes, labels = complete_rows(items, pd.Series(list("yxx")), 1, 5)
    >>> values.tolist(), codes.tolist(), labels.tolist()
    ([[1.0], [2.0]], [1, 0], ['x', 'y'])
    """
    values = numbers_in_range(items, low, high)
    codes, labels = pd.factorize(_aligned(items, group), sort=True)
    kept = (codes >= 0) & ~np.isnan(values).any(axis=1)
    return values[kept], codes[kept].astype("int64"), pd.Index(np.asarray(labels))


def per_group(codes: Codes, groups: int, weights: Array | None = None) -> Array:
    """The rows of each group, counted or their weights added up.

    >>> codes = np.array([0, 2, 2])
    >>> per_group(codes, 3).tolist(), per_group(codes, 3, np.array([1.0, 2.0, 3.0])).tolist()
    ([1.0, 0.0, 2.0], [1.0, 0.0, 5.0])
    """
    return np.asarray(np.bincount(codes, weights=weights, minlength=groups), dtype="float64")
