"""The network of a survey: who works with whom, and whether units are walls.

Each wave's ties, taken with the units of a lens: the E-I index against chance, the density of ties
from unit to unit, and how much of the roster was heard. The measures themselves take any table of
ties; what is made here goes on to a reporting plan and from there to charts.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from cultureplus import columns as c
from cultureplus.circles import Communities, communities, crossing
from cultureplus.disclosure.plan import ReportingPlan
from cultureplus.ei import ALL_ALONE, ONE_UNIT, PERMUTATIONS, EiResult, ei_index
from cultureplus.errors import InputError, did_you_mean
from cultureplus.network_description import (
    assortativity,
    brokerage,
    density_matrix,
    roster_response,
    roster_warning,
)
from cultureplus.survey import Survey, check_wave
from cultureplus.tie_table import tie_table
from cultureplus.unit_pairs import hidden_pairs

__all__ = [
    "Communities",
    "EiResult",
    "assortativity",
    "brokerage",
    "communities",
    "crossing",
    "density_matrix",
    "ei_by_unit",
    "ei_index",
    "roster_response",
    "roster_warning",
    "show_density",
    "tie_density",
    "tie_response",
    "wave_ties",
]

_NULL = [c.OBSERVED, c.NULL_MEAN, c.NULL_LOW, c.NULL_HIGH, c.P]
_EI = [c.WAVE, c.LENS, c.UNIT, c.N, c.INVITED, *_NULL, c.WARNING, c.REASON]
_DENSITY = [c.WAVE, c.LENS, c.FROM, c.TO, c.N, c.TIES, c.POSSIBLE, c.DENSITY, c.WARNING, c.REASON]
_COUNTS = [c.SELF, c.STRANGERS, c.TWICE]
_RESPONSE = [
    c.WAVE, c.INVITED, c.N, c.RESPONSE_RATE, c.TO_SILENT, c.TIES, *_COUNTS, c.WARNING, c.REASON,
]  # fmt: skip
_NONE = "not estimable: no ties in this wave"
_NOWHERE = "not estimable: nobody has a unit"
_ALIKE = "hidden (all ties are of one kind)"


def wave_ties(
    survey: Survey, by: str = "function", wave: str | None = None
) -> tuple[pd.DataFrame, pd.Series]:
    """The ties of one wave and the units of everybody who could be named.

    `by`: a lens; `wave`: by default the last one. Returns ties (wave, from, to) and a Series
    person -> unit, as the functions of a network take them. Raises `InputError` for an unknown lens
    or wave.
    """
    if by not in survey.lenses:
        raise InputError(
            f"There is no lens '{by}' in this survey.",
            possible=survey.lenses,
            fix=did_you_mean(by, survey.lenses) or "name it under [units] in survey.toml",
        )
    wave = survey.wave if wave is None else wave
    check_wave(wave, survey.waves)
    ties = survey.ties.loc[survey.ties[c.WAVE] == wave].reset_index(drop=True)
    rows = survey.people.index.get_level_values(c.WAVE) == wave
    return ties, survey.people.loc[rows, by].droplevel(c.WAVE)


def ei_by_unit(
    survey: Survey,
    by: str = "function",
    *,
    within: str | None = None,
    permutations: int = PERMUTATIONS,
    seed: int = 1,
) -> pd.DataFrame:
    """The E-I index of everybody and of each unit in every wave, for a report.

    `by`: a lens; `within`: a lens inside whose units labels are permuted. Ties are directed and
    count where they are named. Returns wave, lens, unit ('all' first), n (people who name
    somebody), invited (missing where unknown), observed (-1 to 1), null_mean, null_low, null_high
    (95 %), p, warning (where few of the roster name somebody), reason. The index and its null are
    rounded to 0.01; where all ties of a unit are inside, or all outside, the index is withheld, for
    it would say what each person answered. Goes through `plan.apply`. A wave without ties is one
    row that says so. For the measures themselves see `ei_index`.
    """
    parts = []
    for wave in survey.waves:
        ties, units = wave_ties(survey, by, wave)
        if ties.empty:
            parts.append(_without(wave, _EI) | {c.LENS: c.ALL, c.UNIT: c.ALL, c.N: 0})
            continue
        found = ei_index(
            ties,
            units,
            permutations,
            seed=seed,
            within=None if within is None else wave_ties(survey, within, wave)[1],
        ).units
        # With one unit, or with people alone, every index is the same: nobody's answer is told.
        plain = found[c.REASON].isin([ONE_UNIT, ALL_ALONE])
        alike = (found[c.INTERNAL] == 0) ^ (found[c.EXTERNAL] == 0)
        found[_NULL[:-1]] = found[_NULL[:-1]].round(2) + 0.0
        found[c.P] = found[c.P].round(4)
        found.loc[alike, _NULL] = np.nan
        found[c.REASON] = found[c.REASON].mask(alike & ~plain, _ALIKE)
        known = bool(survey.people.loc[[wave], c.RESPONDED].notna().any())
        found[c.INVITED] = found[c.N].astype("float64") if known else np.nan
        found[c.N] = found[c.NAMING]
        found[c.WAVE] = wave
        found[c.LENS] = [c.ALL, *[by] * (len(found) - 1)]
        found[c.WARNING] = roster_response(ties, units.index)[c.WARNING]
        parts += found[_EI].to_dict("records")
    return pd.DataFrame(parts, columns=_EI).astype({c.INVITED: "float64"})


def _without(wave: str, names: list[str]) -> dict[str, object]:
    """The row of a wave without ties."""
    return dict.fromkeys(names, np.nan) | {c.WAVE: wave, c.WARNING: "", c.REASON: _NONE}


def tie_density(survey: Survey, by: str = "function") -> pd.DataFrame:
    """How many of the possible ties there are from unit to unit, in every wave.

    `by`: a lens. Who answered the survey, or names somebody, counts as heard. Returns wave, lens
    and what `density_matrix` gives, with warning (where few of the roster name somebody). Holds
    every cell however small: it goes through `show_density` before anybody sees it. A wave without
    ties, or where nobody has a unit, is one row that says so.
    """
    parts = []
    for wave in survey.waves:
        ties, units = wave_ties(survey, by, wave)
        if ties.empty or units.isna().all():
            empty = {c.LENS: by, c.FROM: "", c.TO: "", c.N: 0, c.TIES: 0, c.POSSIBLE: 0}
            empty[c.REASON] = _NONE if ties.empty else _NOWHERE
            parts.append(pd.DataFrame([_without(wave, _DENSITY) | empty]))
            continue
        answered = survey.people.loc[[wave], c.RESPONDED].droplevel(c.WAVE).fillna(value=True)
        found = density_matrix(ties, units, respondents=answered.index[answered.astype("bool")])
        warning = roster_response(ties, units.index)[c.WARNING]
        parts.append(found.assign(**{c.WAVE: wave, c.LENS: by, c.WARNING: warning}))
    return pd.concat(parts, ignore_index=True)[_DENSITY]


def show_density(table: pd.DataFrame, plan: ReportingPlan) -> pd.DataFrame:
    """Hide and round a table of densities so that nothing about few people can be read from it.

    `table`: as `tie_density` gives it. Adds `shown` and `reason`. A cell is hidden where the plan
    hides the unit that names, where fewer than `min_n` people of it were heard, or where the unit
    that is named has fewer than `min_n` respondents. Cells with fewer than `min_n` ties, also with
    none, are shown as such and without a number. Densities are rounded to 0.0001.
    """
    table = table.reset_index(drop=True)
    reason = hidden_pairs(table, plan, made_by="tie_density")
    reason = reason.mask(table[c.FROM].eq(""), "")  # a wave without ties: there is nobody to hide
    hidden = reason != ""
    few = ~hidden & (table[c.POSSIBLE] > 0) & (table[c.TIES] < plan.min_n)
    out = table.astype(
        {c.N: "float64", c.TIES: "float64", c.POSSIBLE: "float64", c.DENSITY: "float64"}
    )
    out[c.DENSITY] = out[c.DENSITY].round(4)
    out[[c.TIES, c.DENSITY]] = out[[c.TIES, c.DENSITY]].mask(hidden | few)
    out[[c.N, c.POSSIBLE]] = out[[c.N, c.POSSIBLE]].mask(hidden)
    out[c.SHOWN] = ~hidden
    told = out[c.REASON].mask(few, f"fewer than {plan.min_n} ties")
    out[c.REASON] = reason.mask(~hidden, told)
    return out[[*_DENSITY[:-1], c.SHOWN, c.REASON]]


def tie_response(survey: Survey) -> pd.DataFrame:
    """How many of each wave's roster name somebody, and a warning where that is too few.

    Returns wave, invited, n (who name somebody), response_rate (0-1), to_silent (share of ties to
    people who name nobody), ties (between two people of the survey, each once), self, strangers,
    twice (left out: to oneself, from or to somebody who is not in the survey, already there),
    warning, reason; see `roster_response`. Where nobody knows who was invited the rate is missing:
    those who did not answer cannot be counted.
    """
    rows = []
    for wave in survey.waves:
        ties = survey.ties.loc[survey.ties[c.WAVE] == wave]
        if ties.empty:
            none: dict[str, object] = dict.fromkeys([c.N, c.TIES, *_COUNTS], 0)
            rows.append(_without(wave, _RESPONSE) | none)
            continue
        people = survey.people.loc[[wave]]
        roster = people.index.get_level_values(c.RESPONDENT)
        row = roster_response(ties, roster).to_dict()
        if people[c.RESPONDED].isna().all():
            unknown = "unknown: there is no list of who was invited"
            row |= {c.INVITED: np.nan, c.RESPONSE_RATE: np.nan, c.WARNING: "", c.REASON: unknown}
        counts = tie_table(ties, pd.Series(c.ALL, index=roster)).counts
        row |= {c.TIES: counts[c.KEPT]} | counts[_COUNTS].to_dict()
        rows.append(row | {c.WAVE: wave})
    numbers = [c.INVITED, c.RESPONSE_RATE, c.TO_SILENT]
    return pd.DataFrame(rows, columns=_RESPONSE).astype(dict.fromkeys(numbers, "float64"))
