"""The seams: how well the work between two units goes, seen from both sides.

Value is made where functions meet, and that is where it is lost as well. Everybody rates the work
with the other units; a seam is what two units say of each other. A low rating on both sides and a
gap between the sides are different troubles, so both stand in the table. A rating tells how the
work is felt to go. It does not tell whose doing that is.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from cultureplus import columns as c
from cultureplus.answer_sets import ENOUGH_SETS, sets_with_interval, sets_with_mean
from cultureplus.disclosure.plan import ReportingPlan
from cultureplus.errors import InputError, did_you_mean
from cultureplus.survey import Survey
from cultureplus.tails import t_quantile
from cultureplus.unit_pairs import hidden_pairs

_NAMES = [
    c.WAVE, c.LENS, c.FROM, c.TO, c.N, c.SCORE, c.LOW, c.HIGH, c.REVERSE, c.GAP, c.GAP_LOW,
    c.GAP_HIGH, c.BOTH, c.BOTH_LOW, c.BOTH_HIGH, c.PRIORITY, c.LOWEST, c.HIGHEST, c.REASON,
]  # fmt: skip
_FIRST = [
    c.WAVE, c.LENS, c.PRIORITY, c.FROM, c.TO, c.BOTH, c.BOTH_LOW, c.BOTH_HIGH, c.VERDICT, c.SCORE,
    c.REVERSE, c.GAP, c.GAP_LOW, c.GAP_HIGH, c.SHOWN, c.REASON,
]  # fmt: skip
_PAIR = [c.REVERSE, c.GAP, c.GAP_LOW, c.GAP_HIGH, c.BOTH, c.BOTH_LOW, c.BOTH_HIGH]
_MANY = 100  # people from whom on a mean is told to 0.01
_NO_DATA, _ONE = "no data", "no interval: one answer"
_TOO_ALIKE = "hidden (nearly everybody answered alike)"


def seam_map(survey: Survey, instrument: str = "seam_rating") -> pd.DataFrame:
    """How each unit rates its work with each other unit, and what both sides say together.

    `instrument`: a matrix, which rates the units of a lens. Returns, per wave and ordered pair of
    units: wave, lens, from (who rates), to (who is rated), n (raters), score (mean, answer range),
    low, high (95 %, t), reverse (score of the other direction), gap (score minus reverse) with
    gap_low, gap_high (95 %, Welch), both (mean of the two directions) with both_low, both_high,
    priority (1 for the pair with the lowest `both`; the two directions share it), lowest and
    highest (answer range), reason. Ratings of the own unit and by people without a unit are left
    out. A pair that only one side rated has no gap, no `both` and no priority. Where the survey
    did not ask the instrument there is one row with the reason. The table holds every cell however
    small: it goes through `show_seams` before anybody sees it. Raises `InputError` where the
    instrument is no matrix.

    References: Gittell (2002), Management Science 48, 1408-1426, for the question; Welch (1947),
    Biometrika 34, 28-35, for the gap.
    """
    absent = survey.not_asked(instrument)
    if absent:
        empty = dict.fromkeys(_NAMES, np.nan) | dict.fromkeys([c.LENS, c.FROM, c.TO], "")
        row = empty | {c.WAVE: survey.wave, c.N: 0, c.REASON: absent}
        return pd.DataFrame([row], columns=_NAMES)
    asked = survey.instruments[instrument]
    if asked.kind != "matrix":
        matrices = [name for name, each in survey.instruments.items() if each.kind == "matrix"]
        raise InputError(
            f"'{instrument}' does not rate units.",
            possible=matrices,
            fix=did_you_mean(instrument, matrices) or "name an instrument of kind matrix",
        )
    lens = survey.matrix_lens[instrument]
    ratings = _ratings(survey, instrument, lens)
    cells = ratings.groupby([c.WAVE, c.FROM, c.TO])[c.SCORE].agg(["count", "mean", "var"])
    keys = [
        (wave, one, other)
        for wave in survey.waves
        for units in [_units(survey, ratings, wave, lens)]
        for one in units
        for other in units
        if one != other
    ]
    index = pd.MultiIndex.from_tuples(keys, names=[c.WAVE, c.FROM, c.TO])
    cells = cells.reindex(index) if keys else cells.iloc[:0]
    table = cells.reset_index().rename(columns={"count": c.N, "mean": c.SCORE})
    table[c.N] = table[c.N].fillna(0).astype("int64")
    table[c.LENS] = lens
    table[c.LOWEST], table[c.HIGHEST] = asked.low, asked.high
    return _with_pairs(table)[_NAMES]


def _ratings(survey: Survey, instrument: str, lens: str) -> pd.DataFrame:
    """One row per rating of another unit: wave, from, to, score."""
    names = [name for name in survey.answers if name.startswith(f"{instrument}.")]
    own = survey.people[lens].reindex(survey.answers.index)
    parts = [
        pd.DataFrame(
            {
                c.WAVE: survey.answers.index.get_level_values(c.WAVE),
                c.FROM: own.to_numpy(),
                c.TO: name.removeprefix(f"{instrument}."),
                c.SCORE: survey.answers[name].to_numpy(dtype="float64"),
            }
        )
        for name in names
    ]
    if not parts:
        return pd.DataFrame(columns=[c.WAVE, c.FROM, c.TO, c.SCORE])
    table = pd.concat(parts, ignore_index=True).dropna()
    return table.loc[table[c.FROM] != table[c.TO]]


def _units(survey: Survey, ratings: pd.DataFrame, wave: str, lens: str) -> list[str]:
    """The units that have people in a wave or are rated in it, in order of their names."""
    people = survey.people.loc[survey.people.index.get_level_values(c.WAVE) == wave, lens]
    rated = ratings.loc[ratings[c.WAVE] == wave, c.TO]
    return sorted({*people.dropna(), *rated})


def _with_pairs(table: pd.DataFrame) -> pd.DataFrame:
    """Intervals, and each cell beside the other direction."""
    n = table[c.N].astype("float64")
    square = (table["var"] / n.where(n > 0)).astype("float64")
    half = _t(n - 1) * np.sqrt(square)
    table[c.LOW], table[c.HIGH] = table[c.SCORE] - half, table[c.SCORE] + half
    places = _places(table)
    table[c.REVERSE] = _turned(table[c.SCORE], places)
    other, their = _turned(square, places), _turned(n, places)
    together = square + other
    with np.errstate(divide="ignore", invalid="ignore"):
        df = together**2 / (square**2 / (n - 1) + other**2 / (their - 1))
    half = _t(df.where(together > 0, n + their - 2)) * np.sqrt(together)
    table[c.GAP] = table[c.SCORE] - table[c.REVERSE]
    table[c.GAP_LOW], table[c.GAP_HIGH] = table[c.GAP] - half, table[c.GAP] + half
    table[c.BOTH] = (table[c.SCORE] + table[c.REVERSE]) / 2
    table[c.BOTH_LOW], table[c.BOTH_HIGH] = table[c.BOTH] - half / 2, table[c.BOTH] + half / 2
    table[c.REASON] = np.select([n == 0, n == 1], [_NO_DATA, _ONE], "")
    return _ranked(table)


def _t(df: pd.Series) -> pd.Series:
    return pd.Series(t_quantile(0.975, df.where(df > 0)), index=df.index)


def _places(table: pd.DataFrame) -> NDArray[np.intp]:
    """Per row, where the row of the other direction stands; -1 where there is none."""
    keys = pd.MultiIndex.from_frame(table[[c.WAVE, c.FROM, c.TO]])
    back = pd.MultiIndex.from_frame(table[[c.WAVE, c.TO, c.FROM]])
    return np.asarray(keys.get_indexer(back))


def _turned(column: pd.Series, places: NDArray[np.intp]) -> pd.Series:
    """The values of the other direction."""
    values = np.append(column.to_numpy(dtype="float64"), np.nan)
    return pd.Series(values[places], index=column.index)


def _ranked(table: pd.DataFrame) -> pd.DataFrame:
    """Number the pairs of a wave from the one that both sides together rate lowest."""
    names = table[[c.FROM, c.TO]].astype("str")
    pair = names.min(axis=1) + "\0" + names.max(axis=1)
    pairs = pd.DataFrame({c.WAVE: table[c.WAVE], "pair": pair, c.BOTH: table[c.BOTH]})
    pairs = pairs.dropna().drop_duplicates([c.WAVE, "pair"]).sort_values([c.WAVE, c.BOTH, "pair"])
    rank = pairs.assign(rank=pairs.groupby(c.WAVE).cumcount() + 1).set_index([c.WAVE, "pair"])
    keys = pd.MultiIndex.from_arrays([table[c.WAVE], pair])
    table[c.PRIORITY] = rank["rank"].reindex(keys).to_numpy(dtype="float64")
    return table


def show_seams(table: pd.DataFrame, plan: ReportingPlan) -> pd.DataFrame:
    """Hide and round a seam map so that nothing about few people can be read from it.

    `table`: as `seam_map` gives it. Adds `shown` and `reason`. A cell is hidden where the plan
    hides the unit that rates, where fewer than `min_n` people rate, or where fewer than `min_n`
    people are rated; and where fewer than five sets of answers would give what is told: then the
    interval is withheld, and if that is not enough the cell. Means are rounded to 0.1 (0.01 from
    100 raters on); gap, pair mean, their intervals and priority are made anew from what is shown,
    so they tell no more. Raises `InputError` for a table that is not a seam map.
    """
    absent = [name for name in _NAMES if name not in table]
    if absent and c.N in table:
        raise InputError("This is no seam map.", found=f"no {', '.join(absent)}", fix="seam_map")
    table = table.reset_index(drop=True)
    reason = hidden_pairs(table, plan, made_by="seam_map")
    nothing = table[c.N] == 0
    reason = reason.mask(nothing & table[c.LENS].eq(""), "")  # not asked: there is nobody to hide
    out = table.astype(dict.fromkeys([c.N, c.SCORE, c.LOW, c.HIGH, *_PAIR], "float64"))
    digits = np.where(out[c.N] >= _MANY, 2, 1)
    for name in (c.SCORE, c.LOW, c.HIGH):
        out[name] = np.where(digits == 2, out[name].round(2), out[name].round(1)) + 0.0
    told = out[c.REASON].copy()
    for row in out.index[(reason == "") & (out[c.N] > 1)]:
        mean, start, end = (float(out.loc[row, name]) for name in (c.SCORE, c.LOW, c.HIGH))
        n, low, high = (int(out.loc[row, name]) for name in (c.N, c.LOWEST, c.HIGHEST))
        if sets_with_interval(n, low, high, (mean, start, end), int(digits[row])) >= ENOUGH_SETS:
            continue
        out.loc[row, [c.LOW, c.HIGH]] = np.nan
        told[row] = "interval hidden (it would tell single answers)"
        if sets_with_mean(n, low, high, mean, int(digits[row])) < ENOUGH_SETS:
            reason[row] = _TOO_ALIKE
    hidden = reason != ""
    for name in (c.N, c.SCORE, c.LOW, c.HIGH):
        out[name] = out[name].mask(hidden)
    out = _pairs_of_shown(out)
    out[[*_PAIR, c.PRIORITY]] = out[[*_PAIR, c.PRIORITY]].mask(hidden)
    out[c.SHOWN] = ~hidden
    out[c.REASON] = reason.mask(~hidden, told)
    return out[[*_NAMES[:-1], c.SHOWN, c.REASON]]


def first_seams(seams: pd.DataFrame, most: int = 10) -> pd.DataFrame:
    """The pairs of units whose work together is rated lowest, each pair once, lowest first.

    `seams`: a seam map that went through `show_seams`; `most`: how many pairs of each wave. Returns
    wave, lens, priority, from (the side that rates lower), to, both (mean of the two, answer range)
    with both_low, both_high, verdict, score (of the lower side), reverse (of the other), gap (score
    minus reverse) with gap_low, gap_high (95 %), shown, reason. The verdict says whether the
    whole interval lies under the mean of all pairs that are shown, and whether the gap's interval
    leaves nought out; of twenty pairs that are alike one is called low or uneven by chance. A pair
    of which one side is hidden is left out; where none is left one row says why. Raises
    `InputError` for a table that did not go through `show_seams`.
    """
    absent = [name for name in (*_NAMES, c.SHOWN) if name not in seams]
    if absent:
        raise InputError(
            "The first seams are taken from a seam map that may be shown.",
            found=f"no {', '.join(absent)}",
            fix="first_seams(show_seams(seam_map(survey), plan))",
        )
    told = seams.loc[seams[c.SHOWN] & seams[c.PRIORITY].notna()]
    lower = told.sort_values([c.WAVE, c.PRIORITY, c.SCORE, c.FROM], kind="stable")
    pairs = lower.drop_duplicates([c.WAVE, c.PRIORITY])
    usual = pairs.groupby(c.WAVE)[c.BOTH].transform("mean")
    found = pairs.assign(**{c.VERDICT: _verdicts(pairs, usual)})
    found = found.groupby(c.WAVE, sort=False).head(most).reset_index(drop=True)
    if found.empty:
        silent = seams.iloc[:1].assign(**{c.VERDICT: ""}) if len(seams) else found
        found = silent.assign(**{c.FROM: "", c.TO: "", c.REASON: _why_none(seams)})
    return found[_FIRST]


def _verdicts(pairs: pd.DataFrame, usual: pd.Series) -> list[str]:
    found = []
    for row, mean in zip(pairs.to_dict("records"), usual, strict=True):
        low = row[c.BOTH_HIGH] < mean
        said = "lower than the seams together" if low else "not told apart from the others"
        if row[c.GAP_HIGH] < 0:
            said += f"; {row[c.FROM]} sees it lower than {row[c.TO]}"
        found.append(said)
    return found


def _why_none(seams: pd.DataFrame) -> str:
    reasons = [str(reason) for reason in seams[c.REASON].dropna() if str(reason)]
    return next(iter(reasons), "no pair was rated from both sides")


def _pairs_of_shown(out: pd.DataFrame) -> pd.DataFrame:
    """Reverse, gap, pair mean, their intervals and priority from the rounded numbers that are told.

    The half-widths of two independent means add up by their squares.
    """
    places = _places(out)
    out[c.REVERSE] = _turned(out[c.SCORE], places)
    own, other = ((out[c.HIGH] - out[c.LOW]) / 2, (_turned(out[c.HIGH] - out[c.LOW], places)) / 2)
    half = np.sqrt(own**2 + other**2)
    out[c.GAP] = out[c.SCORE] - out[c.REVERSE]
    out[c.BOTH] = (out[c.SCORE] + out[c.REVERSE]) / 2
    out[c.GAP_LOW], out[c.GAP_HIGH] = out[c.GAP] - half, out[c.GAP] + half
    out[c.BOTH_LOW], out[c.BOTH_HIGH] = out[c.BOTH] - half / 2, out[c.BOTH] + half / 2
    for name in _PAIR[1:]:
        out[name] = out[name].round(2) + 0.0
    return _ranked(out)
