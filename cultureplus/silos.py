"""What stands between us: how many people name each barrier.

The shares carry intervals that know of teams (people in one team see the same walls), and stand
beside what a published survey found, whose base is unverified: a reference, never a norm.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from cultureplus import columns as c
from cultureplus.estimability import MIN_COMPLETE_ROWS, too_few
from cultureplus.survey import Survey
from cultureplus.tails import normal_quantile, t_quantile

_NAMES = [c.WAVE, c.BARRIER, c.N, c.SHARE, c.LOW, c.HIGH, c.PUBLISHED, c.NOTE, c.REASON]
_MIN_TEAMS = 10  # below this a team-clustered standard error is itself guesswork
_QUESTION = "barriers_named"


def barrier_prevalence(survey: Survey, question: str = _QUESTION, by: str = "team") -> pd.DataFrame:
    """The share of people who name each barrier, with a team-clustered interval.

    `question`: a select-all instrument; people who ticked nothing, not even "none", are left out.
    Returns wave, barrier, n (who answered the question), share (0-1), low, high (95 %; linearised
    over teams with t on teams - 1, Wilson where there are fewer than ten teams or nobody or
    everybody names it; who has no team stands alone; fewer than ten answers are not estimable),
    published (0-1 or missing), note, reason.

    References: Wilson (1927), JASA 22, 209-212; Cochran (1977), Sampling techniques, ch. 9A.
    """
    absent = survey.not_asked(question)
    if absent:
        empty = dict.fromkeys(_NAMES, np.nan) | {c.WAVE: survey.wave, c.BARRIER: "", c.NOTE: ""}
        return pd.DataFrame([empty | {c.REASON: absent}], columns=_NAMES)
    rows = []
    shares = {
        found.scale: found
        for found in survey.instruments[question].published
        if found.statistic == "share"
    }
    for wave in survey.waves:
        mine = survey.answers.loc[survey.answers.index.get_level_values(c.WAVE) == wave]
        teams = survey.people[by].reindex(mine.index) if by in survey.lenses else None
        for option in survey.instruments[question].options:
            name = f"{question}.{option.id}"
            named = mine[name].dropna() if name in mine else pd.Series(dtype="float64")
            row: dict[str, object] = {c.WAVE: wave, c.BARRIER: option.id, c.N: len(named)}
            if known := shares.get(name):
                row |= {c.PUBLISHED: known.value, c.NOTE: known.note}
            else:
                row |= {c.PUBLISHED: np.nan, c.NOTE: ""}
            if named.empty:
                row[c.REASON] = "not estimable: nobody was asked in this wave"
            else:
                row[c.REASON] = too_few(len(named), MIN_COMPLETE_ROWS, "answers to this question")
            if row[c.REASON]:  # few people's ticks are theirs, whatever the plan shows
                row |= {c.N: 0, c.SHARE: np.nan, c.LOW: np.nan, c.HIGH: np.nan}
            else:
                low, high = _interval(named, None if teams is None else teams.loc[named.index])
                row |= {c.SHARE: float(named.mean()), c.LOW: low, c.HIGH: high}
            rows.append(row)
    return pd.DataFrame(rows, columns=_NAMES).astype({c.PUBLISHED: "float64"})


def _interval(named: pd.Series, teams: pd.Series | None) -> tuple[float, float]:
    share = float(named.mean())
    if teams is None or teams.nunique() < _MIN_TEAMS or share in (0.0, 1.0):
        return wilson(share, len(named))
    codes, known = pd.factorize(teams)
    codes[codes < 0] = len(known) + np.arange((codes < 0).sum())  # without a team: alone
    groups = pd.Series(codes, index=named.index)
    half = float(t_quantile(0.975, groups.nunique() - 1)) * clustered_se(named, groups)
    return max(0.0, share - half), min(1.0, share + half)


def clustered_se(values: pd.Series, groups: pd.Series) -> float:
    """Standard error of a mean over people in groups, by linearisation (k/(k-1) correction).

    >>> values, groups = pd.Series([1, 1, 0, 0]), pd.Series(list("aabb"))
    >>> round(clustered_se(values, groups), 4)
    0.5
    """
    sums = (values - values.mean()).groupby(groups, dropna=False).sum()
    k = len(sums)
    return float(np.sqrt(k / (k - 1) * (sums**2).sum()) / len(values))


def wilson(share: float, n: int, *, level: float = 0.95) -> tuple[float, float]:
    """The Wilson interval of a share of n people.

    >>> low, high = wilson(0.0, 10)
    >>> round(low, 4), round(high, 4)
    (0.0, 0.2775)
    """
    z = float(normal_quantile(1 - (1 - level) / 2))
    middle = (share + z**2 / (2 * n)) / (1 + z**2 / n)
    half = z / (1 + z**2 / n) * np.sqrt(share * (1 - share) / n + z**2 / (4 * n**2))
    return float(max(0.0, middle - half)), float(min(1.0, middle + half))
