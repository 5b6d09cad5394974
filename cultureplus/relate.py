"""What goes with silo barriers: within teams, between teams, and what the team adds.

One model per barrier, with a random intercept per team: y = b0 + sum of b_within (x - team mean) +
sum of b_between (team mean). The contextual effect is the difference of the two: what a team's mean
goes with beyond one's own score (Enders & Tofighi 2007). Units in which whole teams lie, such as
functions, have an intercept of their own: teams of one function are not independent. Level, tenure
and what else survey.toml names stand in the model as well. These are associations in answers from
one source; none of them is a cause.

Many tests are made. Those that were declared before the answers were seen are one family and held
to Holm's rule, all others are exploratory (Benjamini-Hochberg). Beside each effect stands the
smallest one that so many people in so many teams would have shown four times in five: what is
smaller could not have been seen.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence

import numpy as np
import pandas as pd

from cultureplus import columns as c
from cultureplus.barrier_odds import barrier_odds as barrier_odds
from cultureplus.declared import OUTCOMES, PREDICTORS, question_of
from cultureplus.drivers import drivers as drivers
from cultureplus.errors import InputError, did_you_mean
from cultureplus.estimability import MIN_RESIDUAL_DF, too_few
from cultureplus.levels import levels as levels
from cultureplus.many_tests import benjamini_hochberg, holm
from cultureplus.mediation import mediation as mediation
from cultureplus.mixed import MixedFit, random_intercepts
from cultureplus.tails import t_quantile
from cultureplus.units import lenses_of, no_lens

EFFECTS = ("within", "between", "contextual")
CONFIRMATORY, EXPLORATORY = "confirmatory", "exploratory"
_LEVEL, _POWER = 0.05, 0.80
_FEWEST_UNITS = 3  # of a lens above the teams: two have one difference, and no variance is known
_ROUNDING = 1e-12  # means of equal numbers differ in the sixteenth place

_NUMBERS = (
    c.R, c.ESTIMATE, c.SE, c.DF, c.T, c.P, c.LOW, c.HIGH, c.STD, c.STD_LOW, c.STD_HIGH,
)  # fmt: skip
_NAMES = [
    c.OUTCOME, c.PREDICTOR, c.EFFECT, *_NUMBERS, c.P_ADJUSTED, c.FAMILY, c.DETECTABLE, c.N,
    c.N_GROUPS, c.ADJUSTED_FOR, c.REASON,
]  # fmt: skip


def silo_links(
    scores: pd.DataFrame,
    by: str = "team",
    outcome: str | Sequence[str] | None = None,
    predictors: Sequence[str] | None = None,
    *,
    adjust: Sequence[str] | None = None,
    confirmatory: Collection[tuple[str, str]] | None = None,
) -> pd.DataFrame:
    """Relate each barrier to the scores, people in teams, all predictors in one model.

    `scores`: as `score` gives them, of which the last wave is used (waves pooled would count the
    same people several times); `by`: the lens whose units are the teams; `outcome`
    and `predictors`: scales (default: the three silo barriers; psychological safety, collective
    growth mindset, collaboration skill); `adjust`: columns of people that stand in each model
    (default: the lens 'level' and the columns named under [adjust]); `confirmatory`: pairs of
    predictor and outcome that were declared beforehand (default: the default ones). Lenses in whose
    units whole teams lie, as functions, have a random intercept of their own. Returns, per outcome,
    predictor and effect (within, between, contextual): r (total correlation), estimate
    (answer range per answer range), se, df (Satterthwaite), t, p, low, high (95 %), std, std_low,
    std_high (in standard deviations over all people), p_adjusted and family (within and between of
    declared pairs: 'confirmatory', Holm; all others 'exploratory', Benjamini-Hochberg), detectable
    (the smallest std that this sample would have shown with a power of 80 %), n, n_groups,
    adjusted_for, reason. People missing any of these, or the team, are left out. Raises
    `InputError` for a scale or a column that is not there.

    References: Enders & Tofighi (2007), Psychological Methods 12, 121-138; Holm (1979),
    Scandinavian Journal of Statistics 6, 65-70; Benjamini & Hochberg (1995), JRSS B 57, 289-300;
    Bloom (1995), Evaluation Review 19, 547-556 (smallest effect).
    """
    question = question_of(scores, outcome, predictors)
    scores = question.scores
    with_ = [name for name in question.predictors if name in question.known]
    beside = _beside(scores, by, adjust)
    parts = [
        _links(scores, by, each, with_, beside)
        for each in question.outcomes
        if with_ and each in question.known
    ]
    not_asked = question.not_asked
    parts += [_empty(y, [""], [""], why) for y in question.outcomes if (why := not_asked(y))]
    parts += [_empty("", [x], [""], why) for x in question.predictors if (why := not_asked(x))]
    table = pd.concat(parts, ignore_index=True)
    above = _above(scores, by, beside) if by in lenses_of(scores) else []
    table[c.ADJUSTED_FOR] = ", ".join([*beside, *above])
    pairs = {(x, y) for x in PREDICTORS for y in OUTCOMES} if confirmatory is None else confirmatory
    return _held_to_family(table, set(pairs))[_NAMES]


def _beside(scores: pd.DataFrame, by: str, adjust: Sequence[str] | None) -> list[str]:
    """The columns of people that stand in each model."""
    before = [str(name) for name in scores.columns[: list(scores.columns).index(c.RESPONDED)]]
    if adjust is None:
        lenses = lenses_of(scores)
        return [name for name in before if name not in lenses or (name == "level" and name != by)]
    for name in adjust:
        if name not in before:
            raise InputError(
                f"There is no column '{name}' to adjust for.",
                possible=before,
                fix=did_you_mean(name, before) or "name it under [adjust] in survey.toml",
            )
    return [name for name in adjust if name != by]


def _above(scores: pd.DataFrame, by: str, beside: Sequence[str]) -> list[str]:
    """The lenses in whose units every team lies wholly, as a function's teams do.

    Where functions share something of a score and of a barrier, teams are not independent of one
    another: a model of teams alone calls links between them too often.
    """
    found = []
    for lens in lenses_of(scores):
        if lens == by or lens in beside:
            continue
        pairs = scores[[by, lens]].dropna(subset=by).drop_duplicates()
        units, nested = pairs[lens].nunique(), not pairs[by].duplicated().any()
        if nested and pairs[lens].notna().all() and _FEWEST_UNITS <= units < len(pairs):
            found.append(lens)
    return found


def _columns_of(people: pd.DataFrame) -> pd.DataFrame:
    """Numbers as distances from their mean, words as yes or no against the commonest of them."""
    columns = {}
    for name in people:
        values = people[name]
        if pd.api.types.is_numeric_dtype(values):
            columns[f"{name} (adjusted)"] = values - values.mean()
            continue
        for word in sorted(set(values) - {values.mode().iloc[0]}):
            columns[f"{name}: {word} (adjusted)"] = (values == word).astype("float64")
    found = pd.DataFrame(columns, index=people.index)
    return found.loc[:, found.nunique() > 1]


def _held_to_family(table: pd.DataFrame, declared: set[tuple[str, str]]) -> pd.DataFrame:
    """Adjust p within each family of tests."""
    pairs = zip(table[c.PREDICTOR], table[c.OUTCOME], strict=True)
    named = np.array([pair in declared for pair in pairs], dtype="bool")
    named &= (table[c.EFFECT] != "contextual").to_numpy()
    table[c.FAMILY] = np.where(named, CONFIRMATORY, EXPLORATORY)
    table[c.P_ADJUSTED] = np.nan
    for family, adjusted in ((CONFIRMATORY, holm), (EXPLORATORY, benjamini_hochberg)):
        mine = (table[c.FAMILY] == family) & table[c.P].notna()
        table.loc[mine, c.P_ADJUSTED] = adjusted(table.loc[mine, c.P])
    return table


def _links(
    scores: pd.DataFrame, by: str, outcome: str, predictors: list[str], beside: list[str]
) -> pd.DataFrame:
    if reason := no_lens(scores, by):
        return _empty(outcome, predictors, EFFECTS, reason)
    above = _above(scores, by, beside)
    rows = scores[[*above, by, outcome, *predictors, *beside]].dropna()
    x = rows[predictors].astype("float64")
    more = _columns_of(rows[beside])
    means = x.groupby(rows[by]).transform("mean")
    n, teams = len(rows), rows[by].nunique()
    reason = too_few(
        n - 2 * len(predictors) - more.shape[1] - 1,
        MIN_RESIDUAL_DF,
        "degrees of freedom among people",
    ) or _flat(x, means, by)
    if reason:
        return _empty(outcome, predictors, EFFECTS, reason, n, teams)
    between = too_few(
        teams - len(predictors) - 1, MIN_RESIDUAL_DF, f"degrees of freedom among {by}s"
    )
    within_only = bool(between)
    centred = x - means
    team_terms = means.add_suffix(" of the team")
    pieces = [centred, more] if within_only else [centred, team_terms, more]
    groups = rows[[*above, by]] if above else rows[by]
    fits = [random_intercepts(rows[outcome], pd.concat(pieces, axis=1), groups)]
    if not within_only:
        raw = pd.concat([x, team_terms, more], axis=1)
        fits.append(random_intercepts(rows[outcome], raw, groups))
    failed = next((fit.reason for fit in fits if fit.status == "not_estimable"), "")
    if failed:
        return _empty(outcome, predictors, EFFECTS, failed, n, teams)
    found = [_effect(fits[0], predictors, "within", outcome, rows, teams)]
    if within_only:
        found.append(_empty(outcome, predictors, EFFECTS[1:], between, n, teams))
    else:
        names = list(team_terms)
        found.append(_effect(fits[0], names, "between", outcome, rows, teams))
        found.append(_effect(fits[1], names, "contextual", outcome, rows, teams))
    return pd.concat(found, ignore_index=True)


def _flat(x: pd.DataFrame, means: pd.DataFrame, by: str) -> str:
    """Why a predictor has no effect within teams, or none between them."""
    for name in x:
        least = _ROUNDING * x[name].abs().max()
        if (x[name] - means[name]).abs().max() <= least:
            return f"not estimable: within a {by} everybody has the same {name}"
        if means[name].max() - means[name].min() <= least:
            return f"not estimable: every {by} has the same mean of {name}"
    return ""


def _effect(
    fit: MixedFit, terms: list[str], effect: str, outcome: str, rows: pd.DataFrame, teams: int
) -> pd.DataFrame:
    """The rows of one kind of effect, raw and in standard deviations of all people."""
    found = fit.coefficients.set_index(c.TERM).loc[terms].reset_index(drop=True)
    predictors = [term.removesuffix(" of the team") for term in terms]
    ratio = (rows[predictors].std() / rows[outcome].std()).to_numpy()
    for name, source in ((c.STD, c.ESTIMATE), (c.STD_LOW, c.LOW), (c.STD_HIGH, c.HIGH)):
        found[name] = found[source] * ratio
    shown = t_quantile(1 - _LEVEL / 2, found[c.DF]) + t_quantile(_POWER, found[c.DF])
    found[c.DETECTABLE] = shown * found[c.SE] * ratio
    found[c.R] = [rows[name].corr(rows[outcome]) for name in predictors]
    found[c.OUTCOME], found[c.PREDICTOR], found[c.EFFECT] = outcome, predictors, effect
    found[c.N], found[c.N_GROUPS] = fit.n, teams
    found[c.REASON] = fit.reason
    return found


def _empty(
    outcome: str,
    predictors: list[str],
    effects: Sequence[str],
    reason: str,
    n: int = 0,
    teams: int = 0,
) -> pd.DataFrame:
    rows = [(outcome, predictor, effect) for effect in effects for predictor in predictors]
    table = pd.DataFrame(rows, columns=[c.OUTCOME, c.PREDICTOR, c.EFFECT])
    for name in (*_NUMBERS, c.DETECTABLE):
        table[name] = np.nan
    return table.assign(**{c.N: n, c.N_GROUPS: teams, c.REASON: reason})
