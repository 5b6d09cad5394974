"""What changed between two waves.

Where respondents can be linked, each person's own change is averaged (a paired design); where they
cannot, two cross-sections are compared. The table says which. Effect size stands in standard
deviations of the earlier wave.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from cultureplus import columns as c
from cultureplus.errors import InputError
from cultureplus.survey import check_wave
from cultureplus.tails import t_quantile
from cultureplus.units import lenses_of

LINKED = "linked"
CROSS_SECTION = "repeated cross-section"
_NAMES = [
    c.WAVE, c.PREVIOUS, c.LENS, c.UNIT, c.SCALE, c.DESIGN, c.N, c.CHANGE, c.LOW, c.HIGH,
    c.EFFECT_SIZE, c.REASON,
]  # fmt: skip


def compare_waves(
    scores: pd.DataFrame, wave: str | None = None, previous: str | None = None
) -> pd.DataFrame:
    """The change of every scale since an earlier wave, in every unit and in all.

    `scores`: at least two waves in order of time, as `score` gives them; default: the last wave
    against the one before. Returns wave, previous, lens, unit, scale, design ('linked' where
    people answer in both waves under one key, else 'repeated cross-section'), n (linked: people in
    both; else the smaller of the two), change (answer range), low, high (95 %, t; Welch for
    cross-sections), effect_size (change / SD of the earlier wave), reason. Linked people count in
    the unit that they are in now.
    """
    waves = list(dict.fromkeys(scores.index.get_level_values(c.WAVE)))
    if wave is None:
        wave = waves[-1]
    check_wave(wave, waves)
    if previous is None:
        place = waves.index(wave)
        if place == 0:
            return _nothing(scores, wave)
        previous = waves[place - 1]
    check_wave(previous, waves)
    if previous == wave:
        raise InputError("A wave can't be compared with itself.", found=wave, possible=waves)
    now, then = scores.xs(wave, level=c.WAVE), scores.xs(previous, level=c.WAVE)
    scales = c.scale_columns(scores)
    answered = [table[scales].notna().any(axis=1) for table in (now, then)]
    both = now.index[answered[0]].intersection(then.index[answered[1]])
    linked = len(both) > 0
    parts = []
    for lens in [c.ALL, *lenses_of(scores)]:
        units_now = pd.Series(c.ALL, now.index) if lens == c.ALL else now[lens]
        units_then = pd.Series(c.ALL, then.index) if lens == c.ALL else then[lens]
        table = (
            _paired(now[scales], then[scales], units_now)
            if linked
            else _two_samples(now[scales], then[scales], units_now, units_then)
        )
        parts.append(table.assign(**{c.LENS: lens}))
    design = LINKED if linked else CROSS_SECTION
    table = pd.concat(parts, ignore_index=True).assign(
        **{c.WAVE: wave, c.PREVIOUS: previous, c.DESIGN: design}
    )
    return table[_NAMES]


def _paired(now: pd.DataFrame, then: pd.DataFrame, units: pd.Series) -> pd.DataFrame:
    """Mean change of the same people, by the unit they are in now."""
    before = then.reindex(now.index)
    change = now - before
    every = sorted(units.dropna().unique())
    groups = change.groupby(units)
    n = groups.count().reindex(every, fill_value=0)
    se = groups.std().reindex(every) / np.sqrt(n.clip(lower=1))
    spread = before.where(change.notna()).groupby(units).std().reindex(every)
    return _table(n, groups.mean().reindex(every), se, n - 1, spread)


def _two_samples(
    now: pd.DataFrame, then: pd.DataFrame, units_now: pd.Series, units_then: pd.Series
) -> pd.DataFrame:
    """Difference of two means of different people (Welch)."""
    one, two = now.groupby(units_now), then.groupby(units_then)
    n1 = one.count()
    n2 = two.count().reindex(n1.index, fill_value=0)
    v1, v2 = one.var() / n1, two.var().reindex(n1.index) / n2
    df = (v1 + v2) ** 2 / (v1**2 / (n1 - 1) + v2**2 / (n2 - 1))
    change = one.mean() - two.mean().reindex(n1.index)
    spread = two.std().reindex(n1.index)
    return _table(n1.where(n1 < n2, n2), change, (v1 + v2) ** 0.5, df, spread)


def _table(
    n: pd.DataFrame, change: pd.DataFrame, se: pd.DataFrame, df: pd.DataFrame, spread: pd.DataFrame
) -> pd.DataFrame:
    """One row per unit and scale, from tables of units by scales."""
    half = se * t_quantile(0.975, df.where(df > 0))
    readings = {
        c.N: n,
        c.CHANGE: change,
        c.LOW: change - half,
        c.HIGH: change + half,
        c.EFFECT_SIZE: change / spread.where(spread > 0),
    }
    table = pd.DataFrame({name: wide.stack() for name, wide in readings.items()})
    table.index.names = [c.UNIT, c.SCALE]
    table[c.REASON] = np.select(
        [table[c.N] == 0, table[c.N] == 1, table[c.EFFECT_SIZE].isna()],
        [
            "no data in one of the two waves",
            "no interval: one answer",
            "no effect size: everybody answered alike in the earlier wave",
        ],
        "",
    )
    return table.reset_index()


def _nothing(scores: pd.DataFrame, wave: str) -> pd.DataFrame:
    """One row that says why there is no change to show."""
    row = dict.fromkeys(_NAMES, np.nan) | {
        c.WAVE: wave, c.PREVIOUS: "", c.LENS: c.ALL, c.UNIT: c.ALL, c.DESIGN: "", c.N: 0,
        c.SCALE: next(iter(c.scale_columns(scores)), ""),
        c.REASON: f"not estimable: there is no wave before {wave}",
    }  # fmt: skip
    return pd.DataFrame([row], columns=_NAMES)
