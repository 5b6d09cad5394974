"""What changed between two waves.

Where respondents can be linked, each person's own change is averaged (a paired design); where they
cannot, two cross-sections are compared. The table says which. Effect size stands in standard
deviations of the earlier wave.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy import stats

from cultureplus import columns as c
from cultureplus.errors import InputError
from cultureplus.survey import check_wave
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
        for scale in scales:
            table = (
                _paired(now[scale], then[scale], units_now)
                if linked
                else _two_samples(now[scale], then[scale], units_now, units_then)
            )
            parts.append(table.assign(**{c.LENS: lens, c.SCALE: scale}))
    design = LINKED if linked else CROSS_SECTION
    table = pd.concat(parts, ignore_index=True).assign(
        **{c.WAVE: wave, c.PREVIOUS: previous, c.DESIGN: design}
    )
    return table[_NAMES]


def _paired(now: pd.Series, then: pd.Series, units: pd.Series) -> pd.DataFrame:
    """Mean change of the same people, by the unit they are in now."""
    pairs = pd.DataFrame({"now": now, "then": then.reindex(now.index), c.UNIT: units}).dropna()
    pairs[c.CHANGE] = pairs["now"] - pairs["then"]
    groups = pairs.groupby(c.UNIT)
    table = groups[c.CHANGE].agg(n="size", change="mean", sd="std").reset_index()
    table["before"] = groups["then"].std().to_numpy()
    every = pd.DataFrame({c.UNIT: sorted(units.dropna().unique())})
    table = every.merge(table, on=c.UNIT, how="left").fillna({c.N: 0}).astype({c.N: "int64"})
    se, df = table["sd"] / np.sqrt(table[c.N].clip(lower=1)), table[c.N] - 1
    return _with_interval(table, se, df)


def _two_samples(
    now: pd.Series, then: pd.Series, units_now: pd.Series, units_then: pd.Series
) -> pd.DataFrame:
    """Difference of two means of different people (Welch)."""
    one = now.groupby(units_now).agg(["count", "mean", "std"])
    two = then.groupby(units_then).agg(["count", "mean", "std"]).reindex(one.index)
    table = pd.DataFrame(
        {
            c.UNIT: one.index,
            c.N: np.fmin(one["count"], two["count"].fillna(0)).astype("int64"),
            c.CHANGE: one["mean"] - two["mean"],
            "before": two["std"],
        }
    ).reset_index(drop=True)
    v1, v2 = (one["std"] ** 2 / one["count"]), (two["std"] ** 2 / two["count"])
    df = (v1 + v2) ** 2 / (v1**2 / (one["count"] - 1) + v2**2 / (two["count"] - 1))
    return _with_interval(
        table, np.sqrt(v1 + v2).reset_index(drop=True), df.reset_index(drop=True)
    )


def _with_interval(table: pd.DataFrame, se: pd.Series, df: pd.Series) -> pd.DataFrame:
    half = stats.t.ppf(0.975, df.where(df > 0)) * se
    table[c.LOW], table[c.HIGH] = table[c.CHANGE] - half, table[c.CHANGE] + half
    before = table["before"].where(table["before"] > 0)
    table[c.EFFECT_SIZE] = table[c.CHANGE] / before
    table[c.REASON] = np.where(table[c.N] == 0, "no data in one of the two waves", "")
    return table


def _nothing(scores: pd.DataFrame, wave: str) -> pd.DataFrame:
    """One row that says why there is no change to show."""
    row = dict.fromkeys(_NAMES, np.nan) | {
        c.WAVE: wave, c.PREVIOUS: "", c.LENS: c.ALL, c.UNIT: c.ALL, c.DESIGN: "", c.N: 0,
        c.SCALE: next(iter(c.scale_columns(scores)), ""),
        c.REASON: f"not estimable: there is no wave before {wave}",
    }  # fmt: skip
    return pd.DataFrame([row], columns=_NAMES)
