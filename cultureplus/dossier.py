"""May we speak of teams: every index of agreement and reliability together, and a verdict in words.

A team's mean is a number about the team only under conditions, and which ones depends on what the
questions compose (Chan 1998). Where each member reports on something shared, members must agree and
teams must differ. Where the mean is just the sum of its people, agreement is not asked for. Where
the construct is how far people differ, the mean says nothing of it. The limits stand once, below.

References: Chan (1998), J. Applied Psychology 83, 234-246; LeBreton & Senter (2008),
Organizational Research Methods 11, 815-852; Bliese (2000), in Klein & Kozlowski, Multilevel theory,
349-381.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from cultureplus import columns as c
from cultureplus.agreement import agreement_test, icc, unit_reliability, within_group
from cultureplus.errors import InputError
from cultureplus.estimability import MIN_RESIDUAL_DF, too_few
from cultureplus.instrument import Instrument
from cultureplus.pooled_agreement import pooled_agreement
from cultureplus.scoring import scale_items, score
from cultureplus.survey import Survey

YES, WITH_CARE, NO = "yes", "with care", "no"
BANDS = ("none", "weak", "moderate", "strong", "very strong")

AGREE_WELL, AGREE_SOMEWHAT = 0.71, 0.51  # of the median rwg, bands of LeBreton & Senter (2008)
RELIABLE, HARDLY = 0.70, 0.50  # of ICC(2); Klein et al. (2000), in Klein & Kozlowski, 512-553
_LEVEL = 0.05
_DRAWS, _SEED = 2000, 1

COMPOSITION, AGREEING = "composition", "agreeing"
_AGREEMENT = [
    "rwg_median", "rwg_pooled", "rwg_low", "rwg_high", c.R_STAR, c.AD_M, c.A_WG, AGREEING,
]  # fmt: skip
_ICC = ["n", "n_groups", "n_mean", "n0", c.ICC1, c.ICC1_LOW, c.ICC1_HIGH, "icc1_mean_n", c.ICC2]
_ICC += ["f", c.P]
_DOSSIER = [
    c.WAVE, c.SCALE, COMPOSITION, *_ICC, c.RELIABILITY, *_AGREEMENT, c.SPEAK, c.VERDICT, c.REASON,
]  # fmt: skip
_UNITS = [
    c.WAVE, c.LENS, c.UNIT, c.SCALE, c.N, c.BAND, "beyond_chance", c.RELIABILITY, c.RWG, c.R_STAR,
    c.AD_M, c.A_WG, c.REASON,
]  # fmt: skip
_MODELS = {
    "": "No composition model is declared; judged as if members report on something shared",
    "consensus": "Members report on themselves and their mean stands for something shared",
    "referent_shift": "Members report on something shared",
    "additive": "The mean is the sum of its people and needs no agreement",
    "dispersion": "The construct is how far people differ",
}
_NEED_NO_AGREEMENT = ("additive", "dispersion")


@dataclass(frozen=True)
class _Scale:
    """One scale in one wave, ready to be looked at by unit."""

    wave: str
    name: str
    instrument: Instrument
    items: pd.DataFrame
    scores: pd.Series
    units: pd.Series


def team_dossier(survey: Survey, by: str = "team") -> pd.DataFrame:
    """All indices of whether a unit's mean is a property of the unit, with a verdict in words.

    `by`: a lens. Returns, per wave and scale: wave, scale, composition (Chan's model, as the
    instrument declares it), the columns of `agreement.icc`, reliability (median of
    tau2/(tau2 + sigma2/n) over units, 0-1), rwg_median (over units of two and more), rwg_pooled
    with rwg_low and rwg_high (95 %), r_star (pooled), ad_m (median, in answers), a_wg (median),
    agreeing (share of units that agree more than chance would, p at most .05, uniform null with
    items correlated as observed), speak ('yes', 'with care', 'no'), verdict, reason ('' or why it
    is not estimable, and then speak is 'no').

    'yes' needs a median rwg of .71 and an ICC(2) of .70, both to two decimals as they are said, and
    an ICC(1) whose interval lies above 0; below .51, or with an interval that does not lie above 0,
    the answer is 'no'; 'with care' lies between. An additive mean is spoken of at least with care,
    whatever its members agree on; of a dispersion construct the mean is never. Fewer than ten
    residual degrees of freedom, or no unit with two complete rows where members must agree: not
    estimable. The pooled indices need ten units of two and more. Who misses an answer is left out
    of agreement, who misses the score or the unit of everything. A survey without that lens gives
    one row with the reason.

    References: Chan (1998); LeBreton & Senter (2008); Bliese (2000).
    """
    if reason := _no_lens(survey, by):
        return _only_reason(_DOSSIER, survey, reason)
    return pd.DataFrame([_row(each, by) for each in _scales(survey, by)], columns=_DOSSIER)


def team_agreement(survey: Survey, by: str = "team") -> pd.DataFrame:
    """How far the people of each unit agree on each scale, and how reliable the unit's mean is.

    `by`: a lens. Returns wave, lens, unit, scale, n (complete rows), band (rwg in words),
    beyond_chance (whether p of `agreement_test` is at most .05), reliability (0-1), rwg, r_star,
    ad_m, a_wg, reason. It is a table of units: `plan.apply` comes before anybody sees it.

    Reference: LeBreton & Senter (2008).
    """
    parts = [] if _no_lens(survey, by) else [_by_unit(each) for each in _scales(survey, by)]
    if not parts:
        return pd.DataFrame(columns=_UNITS)
    return pd.concat(parts, ignore_index=True).assign(**{c.LENS: by})[_UNITS]


def agreement_bands(units: pd.DataFrame) -> pd.DataFrame:
    """In how many units people agree how much, of a table of `team_agreement` after a plan.

    Returns wave, lens, scale, band (none to very strong), n_units (shown units in it), share (of
    the shown units, 0-1), n_hidden, reason.

    >>> shown = pd.DataFrame({"wave": "Q1", "lens": "team", "unit": ["a", "b"], "scale": "trust",
    ...     "band": ["strong", "none"], "shown": True})
    >>> agreement_bands(shown)["share"].tolist()
    [0.5, 0.0, 0.0, 0.5, 0.0]
    """
    if c.SHOWN not in units:
        raise InputError(
            "Units are counted only after a reporting plan.", fix="plan.apply(team_agreement(...))"
        )
    rows = []
    for (wave, lens, scale), mine in units.groupby([c.WAVE, c.LENS, c.SCALE], sort=False):
        known = mine[mine[c.SHOWN] & mine[c.BAND].isin(BANDS)]
        hidden = int((~mine[c.SHOWN]).sum())
        for band in BANDS:
            count = int((known[c.BAND] == band).sum())
            rows.append(
                {
                    c.WAVE: wave, c.LENS: lens, c.SCALE: scale, c.BAND: band, c.N_UNITS: count,
                    c.SHARE: count / len(known) if len(known) else np.nan, "n_hidden": hidden,
                    c.REASON: "" if len(known) else "no unit can be shown",
                }
            )  # fmt: skip
    names = [c.WAVE, c.LENS, c.SCALE, c.BAND, c.N_UNITS, c.SHARE, "n_hidden", c.REASON]
    return pd.DataFrame(rows, columns=names)


def _no_lens(survey: Survey, by: str) -> str:
    return "" if by in survey.lenses else f"this survey has no {by}"


def _only_reason(names: list[str], survey: Survey, reason: str) -> pd.DataFrame:
    row = dict.fromkeys(names, np.nan) | {c.WAVE: survey.wave, c.SCALE: "", c.SPEAK: NO}
    return pd.DataFrame([row | {c.VERDICT: "", c.REASON: reason}], columns=names)


def _scales(survey: Survey, by: str) -> list[_Scale]:
    scores = score(survey)
    found = []
    for instrument in survey.instruments.values():
        if instrument.kind != "rating":
            continue
        for name, items in scale_items(survey, instrument).items():
            for wave in survey.waves:
                rows = items.index.get_level_values(c.WAVE) == wave
                mine = items.loc[rows]
                people = scores.reindex(mine.index)
                found.append(_Scale(wave, name, instrument, mine, people[name], people[by]))
    return found


def _row(scale: _Scale, by: str) -> dict[str, object]:
    instrument = scale.instrument
    row: dict[str, object] = dict.fromkeys(_DOSSIER, np.nan)
    row |= {c.WAVE: scale.wave, c.SCALE: scale.name, COMPOSITION: instrument.composition}
    found = icc(scale.scores, scale.units)
    row |= {name: found[name] for name in ("n", "n_groups", "n_mean")}
    if reason := _why_not(found, by, anybody=scale.scores.notna().any()):
        return row | _not_estimable(reason)
    row |= dict(found)
    low, high = instrument.low, instrument.high
    agreed = within_group(scale.items, scale.units, low, high)
    agreed = agreed[agreed[c.N] >= 2]
    pooled = pooled_agreement(scale.items, scale.units, low, high)
    tested = _tested(scale)
    row[c.RELIABILITY] = unit_reliability(scale.scores, scale.units)[c.RELIABILITY].median()
    row |= {"rwg_pooled": pooled[c.RWG], "rwg_low": pooled["rwg_low"]}
    row |= {"rwg_high": pooled["rwg_high"], c.R_STAR: pooled[c.R_STAR]}
    row |= {name: agreed[name].median() for name in (c.AD_M, c.A_WG)}
    row["rwg_median"] = agreed[c.RWG].median()
    row[AGREEING] = (tested[c.P].dropna() <= _LEVEL).mean()
    if agreed.empty and instrument.composition not in _NEED_NO_AGREEMENT:
        return row | _not_estimable(f"not estimable: no {by} has two complete rows")
    row[c.SPEAK], row[c.VERDICT] = _verdict(row, instrument, by)
    row[c.REASON] = ""
    return row


def _not_estimable(reason: str) -> dict[str, str]:
    said = f"Not to be spoken of: {reason.removeprefix('not estimable: ')}."
    return {c.SPEAK: NO, c.VERDICT: said, c.REASON: reason}


def _tested(scale: _Scale) -> pd.DataFrame:
    return agreement_test(
        scale.items, scale.units, scale.instrument.low, scale.instrument.high,
        seed=_SEED, draws=_DRAWS,
    )  # fmt: skip


def _by_unit(scale: _Scale) -> pd.DataFrame:
    table = within_group(scale.items, scale.units, scale.instrument.low, scale.instrument.high)
    tested = _tested(scale)
    reliable = unit_reliability(scale.scores, scale.units).set_index(c.GROUP)[c.RELIABILITY]
    table["beyond_chance"] = pd.array(
        [None if np.isnan(p) else bool(p <= _LEVEL) for p in tested[c.P]], dtype="boolean"
    )
    table[c.RELIABILITY] = reliable.reindex(table[c.GROUP]).to_numpy()
    table[c.WAVE], table[c.SCALE] = scale.wave, scale.name
    return table.rename(columns={c.GROUP: c.UNIT})


def _verdict(row: dict[str, object], instrument: Instrument, by: str) -> tuple[str, str]:
    """Whether units may be spoken of, and why, from the numbers of a row."""
    model = instrument.composition
    if model == "dispersion":
        return NO, f"{_MODELS[model]}: speak of the spread within {by}s, not of their means."
    names = (c.ICC1, c.ICC1_LOW, c.ICC1_HIGH, c.ICC2, "rwg_median")
    icc1, low, high, icc2, agree = (float(str(row[name])) for name in names)
    # Judged as they are said, to two decimals, like the bands of rwg.
    icc2, agree, differ = round(icc2, 2), round(agree, 2), low > 0
    where = "above 0" if differ else "below 0" if high < 0 else "holds 0"
    apart = "differ" if differ else "can't be told apart"
    differing = f"{by}s {apart} (ICC(1) {_say(icc1)}, interval {where})"
    single = f"one {by}'s mean is reliable at {_say(max(icc2, 0.0))}"
    if icc2 < HARDLY:
        single += ", too little to single one out"
    agreeing = f"the typical {by} agrees {_how_much(agree)} (median rwg {_say(agree)})"
    if model == "additive":
        speak = YES if differ and icc2 >= RELIABLE else WITH_CARE
        reasons = [differing, single]
    elif not differ or agree < AGREE_SOMEWHAT:
        speak, reasons = NO, [agreeing, differing]
    else:
        speak = YES if agree >= AGREE_WELL and icc2 >= RELIABLE else WITH_CARE
        reasons = [agreeing, differing, single]
    head = {YES: f"May be spoken of at the level of {by}s", WITH_CARE: "May be spoken of with care",
            NO: f"Not to be spoken of at the level of {by}s"}[speak]  # fmt: skip
    if model == "additive" and not differ:
        head = f"May be given for a {by}, but {by}s not compared"
    verdict = f"{head}: {'; '.join(reasons)}. {_MODELS[model]}."
    if model != "additive" and instrument.referent not in ("", by, "person", "leader"):
        verdict += f" It is asked of the {instrument.referent}: a mean is its picture from there."
    return speak, verdict


def _how_much(rwg: float) -> str:
    if rwg >= AGREE_WELL:
        return "well"
    return "moderately" if rwg >= AGREE_SOMEWHAT else "too little"


def _say(number: float) -> str:
    """A number as the field writes it.

    >>> [_say(number) for number in (0.706, -0.02, -0.001, 1.0)]
    ['.71', '-.02', '.00', '1.00']
    """
    return f"{round(number, 2) + 0.0:.2f}".replace("0.", ".", 1)


def _why_not(found: pd.Series, by: str, *, anybody: bool) -> str:
    if found["n"] == 0 and anybody:
        return f"not estimable: nobody who has a score has a {by}"
    if found["n"] == 0:
        return "not estimable: nobody has a score"
    if found["n_groups"] < 2:
        return f"not estimable: one {by} only"
    if found["n"] <= found["n_groups"]:
        return f"not estimable: every {by} has one person"
    left = int(found["n"] - found["n_groups"])
    if few := too_few(left, MIN_RESIDUAL_DF, f"degrees of freedom within {by}s"):
        return few
    return "" if found.notna().all() else f"not estimable: no variance within or between {by}s"
