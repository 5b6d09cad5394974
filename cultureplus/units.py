"""How units differ: one row per unit and scale, with interval and against the whole.

A unit's people are nearly all of its people, so the interval of its mean is corrected for a finite
population where it is known who was invited. Tables made here hold every unit however small; they
go through a reporting plan before anybody sees or draws them.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from cultureplus import columns as c
from cultureplus.crossed import crossed_units, pairs_of
from cultureplus.errors import InputError, did_you_mean
from cultureplus.survey import Survey
from cultureplus.tails import t_quantile

_NAMES = [
    c.WAVE, c.LENS, c.UNIT, c.SCALE, c.N, c.INVITED, c.MEAN, c.LOW, c.HIGH, c.POMP, c.FAVOURABLE,
    c.DIFFERENCE, c.FAVOURABLE_DIFFERENCE, c.REASON,
]  # fmt: skip


def lenses_of(scores: pd.DataFrame) -> list[str]:
    """The lenses of a score table: its text columns before `responded`."""
    before = list(scores.columns).index(c.RESPONDED)
    return [name for name in scores.columns[:before] if not _is_number(scores[name])]


def no_lens(scores: pd.DataFrame, by: str) -> str:
    """Why nothing can be related by a lens that these scores do not have, or ''."""
    return "" if by in lenses_of(scores) else f"not estimable: this survey has no {by}"


def _is_number(column: pd.Series) -> bool:
    return bool(pd.api.types.is_numeric_dtype(column))


def unit_scores(scores: pd.DataFrame, by: str | Sequence[str] | None = None) -> pd.DataFrame:
    """The mean of every scale in every unit of the lenses, and of everybody together.

    `scores`: as `score` gives them; `by`: a lens or several (default: every lens), or two lenses
    crossed, as 'function x level'. Returns wave, lens, unit, scale, n (with a score), invited
    (missing where unknown), mean (answer range), low, high (95 %, t, corrected for a finite
    population), pomp (0-100), favourable (0-1), difference and favourable_difference (against the
    whole), reason. The whole stands as lens 'all'.

    Reference: Cochran (1977), Sampling techniques, 3rd ed., section 2.8, for the correction.
    """
    lenses = lenses_of(scores)
    pairs = pairs_of(lenses)
    wanted = lenses if by is None else [by] if isinstance(by, str) else list(by)
    for lens in wanted:
        if lens in pairs and lens not in lenses:
            scores = scores.assign(**{lens: crossed_units(scores, *pairs[lens])})
        elif lens not in lenses:
            possible = [*lenses, *pairs]
            raise InputError(
                f"There is no lens '{lens}' in these scores.",
                possible=possible,
                fix=did_you_mean(lens, possible) or "name it under [units] in survey.toml",
            )
    whole = _by_lens(scores.assign(**{c.ALL: c.ALL}), c.ALL)
    table = pd.concat([whole, *(_by_lens(scores, lens) for lens in wanted)], ignore_index=True)
    base = whole.set_index([c.WAVE, c.SCALE])[[c.MEAN, c.FAVOURABLE]]
    overall = base.reindex(pd.MultiIndex.from_frame(table[[c.WAVE, c.SCALE]]))
    table[c.DIFFERENCE] = table[c.MEAN].to_numpy() - overall[c.MEAN].to_numpy()
    table[c.FAVOURABLE_DIFFERENCE] = (
        table[c.FAVOURABLE].to_numpy() - overall[c.FAVOURABLE].to_numpy()
    )
    return table[_NAMES]


def main_scales(table: pd.DataFrame) -> pd.DataFrame:
    """The rows of a table whose scale is no subscale of another one in it.

    `table`: any table with a column `scale`.

    >>> table = pd.DataFrame({"scale": ["skill", "skill.curiosity", "trust"]})
    >>> main_scales(table)["scale"].tolist()
    ['skill', 'trust']
    """
    scales = set(table[c.SCALE])
    return table.loc[[c.is_main(scale, scales) for scale in table[c.SCALE]]]


def _by_lens(scores: pd.DataFrame, lens: str) -> pd.DataFrame:
    """Long table of one lens: a row per wave, unit and scale."""
    rows = scores.reset_index()
    groups = rows.groupby([c.WAVE, lens], sort=True)
    scales = c.scale_columns(scores)
    readings = {
        c.N: groups[scales].count(),
        c.MEAN: groups[scales].mean(),
        c.SD: groups[scales].std(),
        c.POMP: _renamed(groups, scales, c.POMP),
        c.FAVOURABLE: _renamed(groups, scales, c.FAVOURABLE),
    }
    invited = groups.size().where(groups[c.RESPONDED].count() > 0)
    table = pd.DataFrame({name: wide.stack() for name, wide in readings.items()})
    table.index.names = [c.WAVE, c.UNIT, c.SCALE]
    table = table.reset_index()
    table[c.INVITED] = invited.reindex(pd.MultiIndex.from_frame(table[[c.WAVE, c.UNIT]])).to_numpy(
        dtype="float64"
    )
    table.insert(1, c.LENS, lens)
    half = half_width(table[c.SD], table[c.N], table[c.INVITED])
    table[c.LOW], table[c.HIGH] = table[c.MEAN] - half, table[c.MEAN] + half
    table[c.REASON] = np.select(
        [table[c.N] == 0, table[c.N] == 1], ["no data", "no interval: one answer"], ""
    )
    return table


def _renamed(groups: Any, scales: list[str], name: str) -> pd.DataFrame:
    """The means of a further reading, under the names of the scales."""
    means: pd.DataFrame = groups[[c.reading(scale, name) for scale in scales]].mean()
    return means.set_axis(scales, axis=1)


def half_width(sd: pd.Series, n: pd.Series, invited: pd.Series) -> pd.Series:
    """Half the width of a mean's 95 % interval, corrected for a finite population where known.

    `sd`: standard deviation; `n`: people with a score; `invited`: people in the population, missing
    where unknown (then no correction). Missing where n < 2.

    >>> one = pd.Series([1.0])
    >>> half_width(one, pd.Series([16]), pd.Series([20.0])).round(4).tolist()
    [0.2383]
    """
    left = (1 - n / invited).clip(lower=0).fillna(1.0)
    t = pd.Series(t_quantile(0.975, (n - 1).where(n > 1)), index=n.index)
    return t * sd / np.sqrt(n) * np.sqrt(left)


def response(survey: Survey) -> pd.DataFrame:
    """How many were invited and answered, in every unit of every lens and in all.

    Returns wave, lens, unit, invited, n, response_rate (0-1; missing where nobody knows who was
    invited), reason.
    """
    units = survey.units
    whole = survey.people.reset_index().groupby(c.WAVE)[c.RESPONDED]
    known = whole.count() > 0
    top = pd.DataFrame(
        {c.INVITED: whole.size().where(known), c.N: whole.sum().where(known, whole.size())}
    ).reset_index()
    top.insert(1, c.LENS, c.ALL)
    top.insert(2, c.UNIT, c.ALL)
    table = pd.concat([top, units], ignore_index=True) if len(units) else top
    table[c.RESPONSE_RATE] = (table[c.N] / table[c.INVITED]).astype("float64")
    unknown = "unknown: there is no list of who was invited"
    table[c.REASON] = np.where(table[c.INVITED].isna(), unknown, "")
    return table.astype({c.INVITED: "float64", c.N: "int64"})
