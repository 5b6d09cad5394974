"""Which wall is highest: how much of the differences between people each lens carries.

People differ in how they see a barrier. Part of it goes with the function that they work in, part
with the location, the level, the team, and the rest is each person's own. One model per scale holds
all lenses at once, so that a function does not borrow what belongs to its teams. A large share
says where people differ; it does not say why.

References: Searle, Casella & McCulloch (1992), Variance components; Bryk & Raudenbush (1992),
Hierarchical linear models, ch. 12 (cross-classified).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from cultureplus import columns as c
from cultureplus.errors import InputError, did_you_mean
from cultureplus.estimability import MIN_RESIDUAL_DF, too_few
from cultureplus.mixed import RESIDUAL, random_intercepts, same_groups
from cultureplus.units import lenses_of

MIN_UNITS = 3  # two units have one difference: no variance can be known from it
_NAMES = [c.WAVE, c.SCALE, c.LENS, c.N, c.N_UNITS, c.SHARE, c.LOW, c.HIGH, c.REASON]


def walls(
    scores: pd.DataFrame,
    scale: str | Sequence[str] | None = None,
    lenses: str | Sequence[str] | None = None,
) -> pd.DataFrame:
    """The share of a scale's variance that each lens carries, all lenses in one model.

    `scores`: as `score` gives them; `scale`: one or several (default: every scale that is no
    part of another); `lenses`: one or several (default: all). Returns one row per wave, scale and
    lens, then 'person' (what no lens carries, error of measurement included): wave, scale, lens,
    n (people in the model), n_units, share (0-1; the shares of a scale add up to 1), low, high
    (95 %, profile of the restricted likelihood), reason. People missing the score or a lens that
    is used are left out. Not estimable, with the reason: a lens with fewer than three units, with
    one person per unit or with the units of another lens (it is left out, the others stay); fewer
    than ten degrees of freedom among people. Raises `InputError` for an unknown scale or lens.

    Reference: Searle, Casella & McCulloch (1992), Variance components. R: lme4::lmer(y ~ 1 +
    (1 | function) + (1 | team)).

    >>> people = pd.MultiIndex.from_product([["2026Q3"], range(40)], names=["wave", "respondent"])
    >>> scores = pd.DataFrame({"team": [f"t{n % 5}" for n in range(40)], "responded": True,
    ...     "trust": [n % 5 + n // 5 % 2 for n in range(40)], "trust:n_answered": 3}, index=people)
    >>> walls(scores)[["lens", "n_units", "share"]].round(2).values.tolist()
    [['team', 5, 0.9], ['person', 40, 0.1]]
    """
    scales = _chosen(
        scale,
        [name for name in c.scale_columns(scores) if c.is_main(name, c.scale_columns(scores))],
        c.scale_columns(scores),
        "scale",
    )
    known = lenses_of(scores)
    wanted = _chosen(lenses, known, known, c.LENS)
    rows = [
        row
        for wave, mine in scores.groupby(level=c.WAVE, sort=True)
        for name in scales
        for row in _walls_of(mine[[*wanted, name]].dropna(subset=name), str(wave), name, wanted)
    ]
    return pd.DataFrame(rows, columns=_NAMES)


def _chosen(
    asked: str | Sequence[str] | None, usual: list[str], possible: list[str], what: str
) -> list[str]:
    if asked is None:
        return usual
    names = [asked] if isinstance(asked, str) else list(asked)
    for name in names:
        if name not in possible:
            raise InputError(
                f"There is no {what} '{name}' in these scores.",
                possible=possible,
                fix=did_you_mean(name, possible),
            )
    if len(set(names)) < len(names):
        raise InputError(f"A {what} stands twice in the list.", found=", ".join(names))
    return names


def _walls_of(
    people: pd.DataFrame, wave: str, scale: str, lenses: list[str]
) -> list[dict[str, object]]:
    """The rows of one scale in one wave."""
    used, left_out = _usable(people, lenses)
    rows = people[[*used, scale]].dropna()
    units = {lens: int(rows[lens].nunique()) for lens in used}
    n = len(rows)
    spent = 1 + sum(units.values()) - len(used)
    reason = too_few(n - spent, MIN_RESIDUAL_DF, "degrees of freedom among people")
    if not used:
        reason = "not estimable: no lens can be used"
    shares = pd.DataFrame(index=[*used, RESIDUAL], columns=[c.SHARE, c.SHARE_LOW, c.SHARE_HIGH])
    if not reason:
        fit = random_intercepts(rows[scale], None, rows[used])
        reason = fit.reason if fit.status == "not_estimable" else ""
        if not reason:
            shares = fit.shares.set_index(fit.variances.index)
    found: list[dict[str, object]] = []
    for lens in [*lenses, c.PERSON]:
        own = RESIDUAL if lens == c.PERSON else lens
        row: dict[str, object] = {c.WAVE: wave, c.SCALE: scale, c.LENS: lens}
        if lens in left_out:
            nothing = dict.fromkeys((c.SHARE, c.LOW, c.HIGH), np.nan)
            row |= {c.N: n, c.N_UNITS: int(people[lens].nunique()), **nothing}
            found.append(row | {c.REASON: left_out[lens]})
            continue
        row |= {c.N: n, c.N_UNITS: units.get(lens, n), c.REASON: reason}
        for name, source in ((c.SHARE, c.SHARE), (c.LOW, c.SHARE_LOW), (c.HIGH, c.SHARE_HIGH)):
            row[name] = float(shares.loc[own, source])
        found.append(row)
    return found


def _usable(people: pd.DataFrame, lenses: list[str]) -> tuple[list[str], Mapping[str, str]]:
    """The lenses that a model can hold, and why the others are left out."""
    left_out = {
        lens: reason for lens in lenses if (reason := _too_small(people[lens].dropna(), lens))
    }
    used = [lens for lens in lenses if lens not in left_out]
    # Who is missing one lens is missing from all: what is left may be too little in its turn.
    while True:
        rows = people[used].dropna()
        worse = {lens: reason for lens in used if (reason := _too_small(rows[lens], lens))}
        if not worse:
            break
        lens = min(worse, key=lambda name: (rows[name].nunique(), used.index(name)))
        left_out[lens] = worse[lens]
        used.remove(lens)
    codes = {lens: pd.factorize(rows[lens])[0] for lens in used}
    for place, lens in reversed(list(enumerate(used))):
        for other in used[:place]:
            if same_groups(codes[lens], codes[other]):
                left_out[lens] = f"not estimable: its units are those of '{other}'"
                used.remove(lens)
                break
    return used, left_out


def _too_small(units: pd.Series, lens: str) -> str:
    count = int(units.nunique())
    if count == len(units) and count >= MIN_UNITS:
        return f"not estimable: every {lens} has one person"
    return too_few(count, MIN_UNITS, f"{'unit' if count == 1 else 'units'} of '{lens}'")
