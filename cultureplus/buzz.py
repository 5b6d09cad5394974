"""The buzz: the four keys of a collaborative culture side by side.

A leader who is learning, a collective growth mindset, a psychologically safe environment and
connecting conversations are said to belong together. The profile lays the four beside one another
on the one scale that they share, 0-100 of what is possible, with the whole organisation beside
each unit. It adds no statistic: that a key is low does not say what made it low.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from cultureplus import columns as c
from cultureplus.errors import InputError

KEYS = (
    "learning_leadership",
    "collective_growth_mindset",
    "psychological_safety",
    "connecting_conversations",
)

_NAMES = [c.WAVE, c.LENS, c.UNIT, c.SCALE, c.N, c.POMP, c.WHOLE, c.SHOWN, c.REASON]


def buzz_profile(units: pd.DataFrame) -> pd.DataFrame:
    """The four keys of each unit on 0-100, beside the whole organisation.

    `units`: unit scores that went through a reporting plan. Returns, per wave and unit and in the
    order of the keys: wave, lens, unit, scale, n, pomp (0-100), whole (pomp of everybody together),
    shown, reason. A key that was not asked keeps its row and says so; what the plan hides stays
    hidden. Raises `InputError` for a table without a plan or a missing column.

    >>> units = pd.DataFrame({
    ...     "wave": "2026Q3", "lens": ["all", "team"], "unit": ["all", "A"], "n": [40, 9],
    ...     "scale": "psychological_safety", "pomp": [61.0, 70.0], "shown": True, "reason": ""})
    >>> buzz_profile(units)[["unit", "scale", "pomp", "whole"]].iloc[[2, 6]].values.tolist()
    [['all', 'psychological_safety', 61.0, 61.0], ['A', 'psychological_safety', 70.0, 61.0]]
    """
    if not isinstance(units, pd.DataFrame) or c.SHOWN not in units:
        raise InputError(
            "The profile takes unit scores that went through a reporting plan.",
            found="a table without the column 'shown'",
            fix="buzz_profile(plan.apply(unit_scores(scores)))",
        )
    for name in (c.WAVE, c.LENS, c.UNIT, c.SCALE, c.N, c.POMP, c.REASON):
        if name not in units:
            raise InputError(f"Can't find the column '{name}'.", found=", ".join(map(str, units)))
    place = [c.WAVE, c.LENS, c.UNIT]
    mine = units.loc[units[c.SCALE].isin(KEYS)].set_index([*place, c.SCALE])
    if not mine.index.is_unique:
        raise InputError(
            "A unit has more than one row for a scale.", fix="make the table with unit_scores"
        )
    rows = units[place].drop_duplicates().merge(pd.DataFrame({c.SCALE: KEYS}), how="cross")
    keys = pd.MultiIndex.from_frame(rows[[*place, c.SCALE]])
    for name in (c.N, c.POMP):
        rows[name] = mine[name].reindex(keys).to_numpy(dtype="float64")
    asked = mine[c.SHOWN].astype("boolean").reindex(keys)
    there = keys.isin(mine.index)
    rows[c.SHOWN] = asked.fillna(value=False).to_numpy(dtype=bool) | ~there
    reason = mine[c.REASON].reindex(keys).to_numpy()
    rows[c.REASON] = np.where(there, reason, "not asked in this survey")
    rows[[c.N, c.POMP]] = rows[[c.N, c.POMP]].where(rows[c.SHOWN])
    top = rows.loc[rows[c.LENS] == c.ALL].set_index([c.WAVE, c.SCALE])[c.POMP]
    rows[c.WHOLE] = top.reindex(pd.MultiIndex.from_frame(rows[[c.WAVE, c.SCALE]])).to_numpy()
    return rows[_NAMES]
