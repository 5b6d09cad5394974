"""The declared links, looked at from further sides.

Effects within and between teams are one answer to what goes with a barrier. The same scores and
barriers are asked four questions more: do people and teams tell the same story, which score carries
how much of what all explain together, does a link run through another score, and what goes with
naming a barrier at all. Each function asks one of them of every declared pair and returns one
table. Whatever it says of causes, it says that it shows none.
"""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from cultureplus import columns as c
from cultureplus.barrier_odds import COLUMNS as ODDS_COLUMNS
from cultureplus.barrier_odds import barrier_odds
from cultureplus.declared import question_of
from cultureplus.drivers import COLUMNS as DRIVERS_COLUMNS
from cultureplus.drivers import drivers
from cultureplus.levels import COLUMNS as LEVELS_COLUMNS
from cultureplus.levels import levels
from cultureplus.many_tests import benjamini_hochberg
from cultureplus.mediation import COLUMNS as MEDIATION_COLUMNS
from cultureplus.mediation import mediation
from cultureplus.scoring import score
from cultureplus.survey import Survey
from cultureplus.units import no_lens

CARRIERS = (
    "learning_leadership",
    "collective_growth_mindset",
    "psychological_safety",
    "connecting_conversations",
    "collaboration_skill",
)
PATH = ("psychological_safety", "collaboration_skill")
NAMED = "barriers_named"
_POMP_STEP = 0  # decimals of a mean on 0-100, as a reporting plan rounds it


def link_levels(
    scores: pd.DataFrame,
    by: str = "team",
    outcome: str | Sequence[str] | None = None,
    predictors: Sequence[str] | None = None,
) -> pd.DataFrame:
    """Each score with each barrier over people, within teams and between teams, with a verdict.

    `scores`, `by`, `outcome`, `predictors`: as in `silo_links`; the last wave. Returns outcome,
    predictor, verdict (whether the levels agree) and what else `relate.levels` gives: total,
    within, between and between_weighted correlations (-1 to 1) with intervals, n, n_groups, reason.
    A pair that was not asked, or a survey without that lens, is a row that says so.

    Reference: Robinson (1950), American Sociological Review 15, 351-357.

    >>> index = pd.MultiIndex.from_product([["Q1"], range(60)], names=["wave", "respondent"])
    >>> scores = pd.DataFrame({"team": [f"t{n // 3}" for n in range(60)], "responded": True,
    ...     "x": [n % 3 + n // 3 for n in range(60)], "x:n_answered": 1,
    ...     "y": [2 * (n // 3) - n % 3 for n in range(60)], "y:n_answered": 1}, index=index)
    >>> found = link_levels(scores, outcome="y", predictors=["x"])
    >>> found[["within", "between"]].round(2).values.tolist()
    [[-1.0, 1.0]]
    """
    question = question_of(scores, outcome, predictors)
    people, parts = question.scores, []
    for y in question.outcomes:
        for x in question.predictors:
            if reason := question.not_asked(x, y) or no_lens(people, by):
                part = _silent(LEVELS_COLUMNS, reason)
            else:
                part = levels(people[x], people[y], people[by])
            parts.append(part.assign(**{c.OUTCOME: y, c.PREDICTOR: x}))
    numbers = [name for name in LEVELS_COLUMNS if name != c.VERDICT]
    return pd.concat(parts, ignore_index=True)[[c.OUTCOME, c.PREDICTOR, c.VERDICT, *numbers]]


def link_drivers(
    scores: pd.DataFrame,
    by: str = "team",
    outcome: str | Sequence[str] | None = None,
    predictors: Sequence[str] | None = None,
    *,
    draws: int = 1000,
    seed: int = 1,
) -> pd.DataFrame:
    """Which scores carry the explained variance of each barrier, and where they stand.

    `scores`, `by`, `outcome`: as in `silo_links`; the last wave; `predictors`: default the four
    keys and collaboration skill, those that were asked. Returns outcome and what `relate.drivers`
    gives; means are per cent of what is possible (0-100), rounded as a reporting plan rounds them.
    All barriers use the same people, those who have every score and a team: results of people who
    differ by a few would tell the few apart. What was not asked is a row that says so.

    References: Lindeman, Merenda & Gold (1980), Introduction to bivariate and multivariate
    analysis, 119 ff.; Johnson (2000), Multivariate Behavioral Research 35, 1-19.

    >>> index = pd.MultiIndex.from_product([["Q1"], range(20)], names=["wave", "respondent"])
    >>> x = [n % 5 + 1 for n in range(20)]
    >>> scores = pd.DataFrame({"team": "a", "responded": True, "x": x, "x:n_answered": 1,
    ...     "x:pomp": [25 * (one - 1) for one in x], "y": x, "y:n_answered": 1}, index=index)
    >>> found = link_drivers(scores, outcome="y", predictors=["x"])
    >>> found[["lmg", "mean"]].round(2).values.tolist()
    [[1.0, 50.0]]
    """
    question = question_of(scores, outcome, predictors, usual=CARRIERS)
    used = [name for name in question.predictors if not question.not_asked(name)]
    asked = [name for name in question.outcomes if not question.not_asked(name)]
    grouped = [] if no_lens(question.scores, by) else [by]
    people = question.scores.dropna(subset=[*used, *asked, *grouped])
    group = people[by] if grouped else None
    parts = []
    for y in asked if used else []:
        x = people[[c.reading(name, c.POMP) for name in used]].set_axis(used, axis=1)
        part = drivers(people[y], x, group, draws=draws, seed=seed)
        means = [c.MEAN, c.MEAN_LOW, c.MEAN_HIGH]
        part[means] = part[means].round(9).round(_POMP_STEP)
        parts.append(part.assign(**{c.OUTCOME: y}))
    empty = _silent(DRIVERS_COLUMNS, "").assign(**{c.OUTCOME: "", c.PREDICTOR: ""})
    for column, names in ((c.OUTCOME, question.outcomes), (c.PREDICTOR, question.predictors)):
        lost = ((name, question.not_asked(name)) for name in names)
        parts += [empty.assign(**{column: name, c.REASON: why}) for name, why in lost if why]
    return pd.concat(parts, ignore_index=True)[[c.OUTCOME, *DRIVERS_COLUMNS]]


def link_paths(
    scores: pd.DataFrame,
    by: str = "team",
    outcome: str | Sequence[str] | None = None,
    path: tuple[str, str] = PATH,
    *,
    draws: int = 10_000,
    seed: int = 1,
) -> pd.DataFrame:
    """Whether the association of a score with each barrier runs through another score.

    `scores`, `by`, `outcome`: as in `silo_links`; the last wave; `path`: the score and the one in
    between (default psychological safety, through collaboration skill). Returns what
    `relate.mediation` gives, one block per barrier, by the 1-1-1 design. What was not asked, or a
    survey without that lens, is a row that says so.

    Reference: Zhang, Zyphur & Preacher (2009), Organizational Research Methods 12, 695-719.

    >>> index = pd.MultiIndex.from_product([["Q1"], range(3)], names=["wave", "respondent"])
    >>> scores = pd.DataFrame({"team": "a", "responded": True}, index=index)
    >>> print(link_paths(scores).loc[0, "reason"].partition(":")[0])
    not asked in this survey
    """
    question = question_of(scores, outcome, None if path == PATH else path, usual=path)
    people, parts = question.scores, []
    x, m = question.predictors
    for y in question.outcomes:
        if reason := question.not_asked(x, m, y) or no_lens(people, by):
            names = {c.PREDICTOR: x, c.MEDIATOR: m, c.OUTCOME: y, c.LEVEL: "", c.EFFECT: ""}
            parts.append(_silent(MEDIATION_COLUMNS, reason).assign(**names, **{c.NOTE: ""}))
        else:
            three = (people[x], people[m], people[y])
            parts.append(mediation(*three, people[by], draws=draws, seed=seed))
    return pd.concat(parts, ignore_index=True)[MEDIATION_COLUMNS]


def link_odds(
    survey: Survey, by: str = "team", predictors: Sequence[str] | None = None
) -> pd.DataFrame:
    """What goes with naming each barrier: odds and share of people per step of each score.

    `survey`: its last wave is used; `by`, `predictors`: as in `silo_links`. Returns what
    `relate.barrier_odds` gives for each barrier of the select-all question (without "none of
    these"), with p_adjusted (Benjamini-Hochberg over all, which are exploratory). What was not
    asked, or a survey without that lens, is a row that says so.

    References: Liang & Zeger (1986), Biometrika 73, 13-22; Benjamini & Hochberg (1995), JRSS B 57,
    289-300.
    """
    survey = survey.in_waves([survey.wave])
    question = question_of(score(survey), None, predictors)
    used = [name for name in question.predictors if not question.not_asked(name)]
    reason = survey.not_asked(NAMED) or no_lens(question.scores, by)
    if not used:
        reason = reason or question.not_asked(*question.predictors)
    if reason:
        names = {c.BARRIER: "", c.PREDICTOR: "", c.STATUS: "not_estimable"}
        table = _silent(ODDS_COLUMNS, reason).assign(**names)
    else:
        options = [each.id for each in survey.instruments[NAMED].options if not each.exclusive]
        asked = [name for name in options if f"{NAMED}.{name}" in survey.answers]
        named = survey.answers[[f"{NAMED}.{name}" for name in asked]].set_axis(asked, axis=1)
        table = barrier_odds(question.scores, named.reindex(question.scores.index), used, by)
    known = table[c.P].notna()
    table[c.P_ADJUSTED] = float("nan")
    table.loc[known, c.P_ADJUSTED] = benjamini_hochberg(table.loc[known, c.P])
    places = [*ODDS_COLUMNS]
    places.insert(places.index(c.P) + 1, c.P_ADJUSTED)
    return table[places]


def _silent(columns: Sequence[str], reason: str) -> pd.DataFrame:
    """A row without numbers that says why."""
    row = dict.fromkeys(columns, float("nan")) | {c.N: 0, c.N_GROUPS: 0, c.REASON: reason}
    return pd.DataFrame([row | ({c.VERDICT: ""} if c.VERDICT in columns else {})])
