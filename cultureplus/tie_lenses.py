"""Whether ties stop at the same walls as scores: every kind of unit beside what chance gives.

Functions, locations, levels and teams are held against the ties one after the other: do people name
colleagues across their borders less often than people dealt to units by chance would, and do
circles of people who name each other keep to the units? Only the whole is told here, no unit.
"""

from __future__ import annotations

import pandas as pd

from cultureplus import columns as c
from cultureplus.estimability import MIN_COMPLETE_ROWS, too_few
from cultureplus.network import (
    assortativity,
    communities,
    crossing,
    ei_index,
    tie_response,
    wave_ties,
)
from cultureplus.survey import Survey

CIRCLES = "circles"
SHARED, SHARED_MEAN = "shared", "shared_null_mean"
SHARED_LOW, SHARED_HIGH, SHARED_P = "shared_null_low", "shared_null_high", "shared_p"

_NULL = [c.OBSERVED, c.NULL_MEAN, c.NULL_LOW, c.NULL_HIGH, c.P]
_SHARED = [SHARED, SHARED_MEAN, SHARED_LOW, SHARED_HIGH, SHARED_P]
_NAMES = [
    c.WAVE, c.LENS, c.N_UNITS, c.N, c.TIES, *_NULL, c.ASSORTATIVITY, CIRCLES, *_SHARED, c.WARNING,
    c.REASON,
]  # fmt: skip


def ties_by_lens(survey: Survey, *, permutations: int = 10_000, seed: int = 1) -> pd.DataFrame:
    """How far the ties of each wave keep to the units of each lens, beside chance.

    Returns, per wave and lens: wave, lens, n_units, n (people who name somebody), ties, observed
    (E-I of all ties, -1 to 1), null_mean, null_low, null_high (95 % of the permutations), p
    (two-sided), assortativity (at most 1), circles (communities found in the ties), shared (what
    circles and units have in common, 0-1) with shared_null_mean, _low, _high and shared_p (a tenth
    of the permutations), warning (where few of the roster name somebody), reason. Not estimable
    without ties, with one unit, or where fewer than ten people name somebody.

    References: Krackhardt & Stern (1988), Social Psychology Quarterly 51, 123-140; Newman (2003),
    Physical Review E 67, 026126; Danon, Díaz-Guilera, Duch & Arenas (2005), J. Statistical
    Mechanics P09008.
    """
    heard = tie_response(survey).set_index(c.WAVE)
    rows = []
    for wave in survey.waves:
        members: pd.Series | None = None
        for lens in survey.lenses:
            ties, units = wave_ties(survey, lens, wave)
            if members is None:  # circles know of no units: all people stand in one to find them
                everybody = pd.Series("", index=units.index)
                members = communities(ties, everybody, seed=seed).members
            row = {c.WAVE: wave, c.LENS: lens, c.WARNING: heard.loc[wave, c.WARNING]}
            rows.append(row | _measured(ties, units, members, permutations, seed))
    return pd.DataFrame(rows, columns=_NAMES)


def _measured(
    ties: pd.DataFrame, units: pd.Series, members: pd.Series, permutations: int, seed: int
) -> dict[str, object]:
    """One lens of one wave."""
    row: dict[str, object] = {c.N_UNITS: units.nunique(), c.N: 0, c.TIES: 0}
    if ties.empty:
        return row | {c.REASON: "not estimable: no ties in this wave"}
    index = ei_index(ties, units, permutations, seed=seed)
    whole = index.units.iloc[0]
    naming = int(whole[c.NAMING])
    if reason := too_few(naming, MIN_COMPLETE_ROWS, "people who name somebody"):
        return row | {c.REASON: reason}
    row |= {c.N: naming, c.TIES: int(index.counts["kept"]), c.REASON: whole[c.REASON]}
    row |= {name: float(whole[name]) for name in _NULL}
    row[c.ASSORTATIVITY] = float(assortativity(ties, units)[c.ASSORTATIVITY])
    shared = crossing(members, units, max(permutations // 10, 100), seed=seed).iloc[0]
    row[CIRCLES] = int(members.nunique())
    return row | dict(zip(_SHARED, shared[_NULL].astype("float64"), strict=True))
