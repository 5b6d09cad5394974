"""Whether an association runs through a third score, within teams and between teams.

Psychological safety may go with fewer barriers because people who feel safe collaborate better.
The indirect effect a * b multiplies two paths: from x to the mediator m, and from m to y beside x.
Within a team and between teams these are different questions, so each predictor enters twice: as
the distance from the team's mean and as that mean (design 1-1-1). Where x is a property of the
team itself (2-1-1) there is only the path between teams.

Paths drawn as arrows look like causes. They are not: the answers come from one source at one
time, and a model that turns the arrows round would fit as well.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from cultureplus import columns as c
from cultureplus.errors import InputError, did_you_mean
from cultureplus.estimability import MIN_RESIDUAL_DF, too_few
from cultureplus.listwise import COLLINEAR, Rows, listwise
from cultureplus.mixed import MixedFit, random_intercepts

DESIGNS = ("1-1-1", "2-1-1")
LEVELS = (c.WITHIN, c.BETWEEN)
EFFECTS = ("a", "b", "direct", "indirect", "total")
NOTE = "an association, not a cause; answers of one wave have no order in time"

_NUMBERS = (c.ESTIMATE, c.SE, c.DF, c.P, c.LOW, c.HIGH)
COLUMNS = [
    c.PREDICTOR, c.MEDIATOR, c.OUTCOME, c.LEVEL, c.EFFECT, *_NUMBERS, c.N, c.N_GROUPS,
    c.NOTE, c.REASON,
]  # fmt: skip
_FEWEST_DRAWS = 1000


def mediation(
    x: pd.Series,
    m: pd.Series,
    y: pd.Series,
    group: pd.Series,
    design: str = "1-1-1",
    *,
    draws: int = 10_000,
    seed: int = 1,
) -> pd.DataFrame:
    """The paths from x through a mediator m to y, people in groups, at each level.

    `x`, `m`, `y`: numbers, `group`: one label per row, all aligned by index; rows missing any are
    left out. `design`: '1-1-1' (all three differ between people; levels within and between) or
    '2-1-1' (x is the same for everybody of a group; between only). Returns, per level, the effects
    a (x to m), b (m to y beside x), direct (x to y beside m), indirect (a times b) and total (x to
    y alone), with predictor, mediator, outcome, level, effect, estimate (answer range per answer
    range), se (delta method for indirect), df (Satterthwaite), p, low, high (95 %), n, n_groups,
    note, reason. Every path is a random-intercept model with fixed slopes. The indirect effect has
    no p: its interval comes from `draws` products of paths drawn from their t distributions. Within
    groups direct and indirect add up to total; between groups so far as groups are of one size. A
    level without variation, where m is collinear with x, or with fewer than ten degrees of freedom
    is not estimable. Raises `InputError` for another design, or an x that varies within groups in
    a 2-1-1 design.

    References: Zhang, Zyphur & Preacher (2009), Organizational Research Methods 12, 695-719;
    Preacher & Selig (2012), Communication Methods and Measures 6, 77-98.
    R: lmerTest::lmer(y ~ x_within + x_mean + m_within + m_mean + (1 | group)).

    >>> draw = np.random.default_rng(1)
    >>> x = pd.Series(draw.normal(size=300))
    >>> m = 0.6 * x + draw.normal(size=300)
    >>> y = -0.5 * m + draw.normal(size=300)
    >>> found = mediation(x, m, y, pd.Series(np.repeat(np.arange(30), 10)))
    >>> found.loc[found["level"] == "within", ["effect", "estimate", "low", "high"]].round(2)
         effect  estimate   low  high
    0         a      0.71  0.59  0.83
    1         b     -0.53 -0.66 -0.40
    2    direct     -0.11 -0.27  0.05
    3  indirect     -0.38 -0.49 -0.27
    4     total     -0.48 -0.63 -0.34
    """
    if design not in DESIGNS:
        raise InputError(
            f"There is no design '{design}'.", possible=DESIGNS, fix=did_you_mean(design, DESIGNS)
        )
    if draws < _FEWEST_DRAWS or seed < 0:
        raise InputError(f"An interval needs {_FEWEST_DRAWS} draws and a seed from 0 up.")
    rows = listwise({"x": x, "m": m, "y": y}, group)
    if design == "2-1-1" and rows.n and rows.varies_within("x"):
        raise InputError(
            "In a 2-1-1 design x is the same for everybody of a group; this x is not.",
            fix='design="1-1-1", or x.groupby(group).transform("mean")',
        )
    levels = LEVELS if design == "1-1-1" else LEVELS[1:]
    why = {level: _why_not(rows, level) for level in levels}
    fits = _fits(rows, _terms(rows)) if not all(why.values()) else {}
    table = pd.concat(
        [
            _empty(level, why[level])
            if why[level]
            else _paths(fits, level, draws, np.random.default_rng([seed, LEVELS.index(level)]))
            for level in levels
        ],
        ignore_index=True,
    )
    named = [each.name for each in (x, m, y)]
    known = len({str(name) for name in named if name is not None}) == len(named)
    for column, name, letter in zip(
        (c.PREDICTOR, c.MEDIATOR, c.OUTCOME), named, "xmy", strict=True
    ):
        table[column] = str(name) if known else letter
    return table.assign(**{c.N: rows.n, c.N_GROUPS: rows.n_groups, c.NOTE: NOTE})[COLUMNS]


def _too_few(rows: Rows, level: str) -> str:
    freedom = rows.n - rows.n_groups - 2 if level == "within" else rows.n_groups - 3
    return too_few(max(freedom, 0), MIN_RESIDUAL_DF, f"degrees of freedom {level} groups")


def _why_not(rows: Rows, level: str) -> str:
    """Why a level has no paths, or ''."""
    if reason := _too_few(rows, level):
        return reason
    for name in ("x", "m"):
        if level == "within" and not rows.varies_within(name):
            return f"not estimable: within a group everybody has the same {name}"
        if level == "between" and not rows.varies_between(name):
            return f"not estimable: every group has the same mean of {name}"
    return f"not estimable: m is collinear with x {level} groups" if _tied(rows, level) else ""


def _part(rows: Rows, name: str, level: str) -> pd.Series:
    """What a score has at a level: the distance from the group's mean, or that mean."""
    means = pd.Series(rows.group_means(name))
    return rows.numbers[name] - means if level == c.WITHIN else means


def _tied(rows: Rows, level: str) -> bool:
    """Whether x says all that m does at a level, beyond what rounding leaves."""
    x, m = ((part := _part(rows, name, level)) - part.mean() for name in ("x", "m"))
    rest = m - x * (x @ m) / (x @ x)
    return bool(rest @ rest < COLLINEAR * (m @ m))


def _terms(rows: Rows) -> dict[str, pd.Series]:
    """The columns that the models may take: each part of x and m that varies for itself."""
    terms: dict[str, pd.Series] = {}
    for name in ("x", "m"):
        for level, varies in ((c.WITHIN, rows.varies_within), (c.BETWEEN, rows.varies_between)):
            if not varies(name) or _too_few(rows, level):
                continue
            if name == "m" and f"x {level}" in terms and _tied(rows, level):
                continue
            terms[f"{name} {level}"] = _part(rows, name, level)
    return terms


def _fits(rows: Rows, terms: dict[str, pd.Series]) -> dict[str, MixedFit]:
    """The three models: m on x, y on x and m, y on x alone."""
    of_x = pd.DataFrame({name: term for name, term in terms.items() if name.startswith("x")})
    group = pd.Series(rows.codes)
    return {
        "m": random_intercepts(rows.numbers["m"], of_x, group),
        "y": random_intercepts(rows.numbers["y"], pd.DataFrame(terms), group),
        "total": random_intercepts(rows.numbers["y"], of_x, group),
    }


def _paths(
    fits: dict[str, MixedFit], level: str, draws: int, draw: np.random.Generator
) -> pd.DataFrame:
    """The five effects of one level."""
    failed = [fit.reason for fit in fits.values() if fit.status == "not_estimable"]
    if failed:
        return _empty(level, failed[0])
    sources = {"a": ("m", "x"), "b": ("y", "m"), "direct": ("y", "x"), "total": ("total", "x")}
    found = {
        effect: fits[model].coefficients.set_index(c.TERM).loc[f"{name} {level}", list(_NUMBERS)]
        for effect, (model, name) in sources.items()
    }
    a, b = found["a"], found["b"]
    product = np.prod(
        [each[c.ESTIMATE] + each[c.SE] * draw.standard_t(each[c.DF], draws) for each in (a, b)],
        axis=0,
    )
    low, high = np.percentile(product, [2.5, 97.5])
    found["indirect"] = pd.Series(
        {
            c.ESTIMATE: a[c.ESTIMATE] * b[c.ESTIMATE],
            c.SE: np.hypot(a[c.ESTIMATE] * b[c.SE], b[c.ESTIMATE] * a[c.SE]),
            c.DF: np.nan,
            c.P: np.nan,
            c.LOW: low,
            c.HIGH: high,
        }
    )
    table = pd.DataFrame([found[effect] for effect in EFFECTS]).astype("float64")
    said = "; ".join(dict.fromkeys(fit.reason for fit in fits.values() if fit.reason))
    return table.assign(**{c.LEVEL: level, c.EFFECT: EFFECTS, c.REASON: said}).reset_index(
        drop=True
    )


def _empty(level: str, reason: str) -> pd.DataFrame:
    table = pd.DataFrame({c.LEVEL: level, c.EFFECT: EFFECTS})
    return table.assign(**dict.fromkeys(_NUMBERS, np.nan), **{c.REASON: reason})
