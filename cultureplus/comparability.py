"""May means be compared: whether a scale is the same thing in every function, language and wave.

A difference between two groups is a difference in what the scale measures only if the scale works
alike in both. The ladder of `factor.invariance` is climbed for every instrument over every lens,
over the languages of the last wave, and over the last two waves. Where a step fails, every table
that compares those groups carries a warning.

Groups too small to be fitted are left out and counted. An ordered answer that one of the groups
never gives is joined with its neighbour in all of them: without that no ladder could be climbed.
Each scale is looked at alone: a model of all subscales together needs more people than units have.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from cultureplus import columns as c
from cultureplus.errors import InputError, did_you_mean
from cultureplus.factor import Chance, invariance
from cultureplus.instrument import bundled_paths
from cultureplus.invariance import CONTINUOUS, ORDINAL
from cultureplus.structure import Claim, claims_of
from cultureplus.survey import Survey

MIN_GROUP = 50  # complete rows below which a group's own factor model is mostly chance
_ALPHA = 0.05  # of all scales and rungs of one grouping together
_NUMBERS = ["cfi", "rmsea", "srmr", "change_cfi", "change_rmsea", "change_srmr"]
_NAMES = [
    c.WAVE, c.SCALE, c.BY, c.RUNG, c.ESTIMATOR, c.N, "n_groups", "left_out", "joined", *_NUMBERS,
    "rule", c.HOLDS, c.VERDICT, c.REASON,
]  # fmt: skip
QUESTIONS = "questions"  # the rung below all others
_WHY = {
    QUESTIONS: "its questions or its answers are not those of the wave before",
    "configural": "its items do not belong together alike in all of them",
    "thresholds": "the steps between its answers lie differently",
    "metric": "its items do not speak equally strongly in all of them",
    "loadings": "its items do not speak equally strongly in all of them",
    "scalar": "people of equal standing answer some of its items differently",
    "intercepts": "people of equal standing answer some of its items differently",
}
_PLURAL = {c.WAVE: "the two waves", c.LANGUAGE: "languages"}


def compare_groups(
    survey: Survey,
    by: str | Collection[str] | None = None,
    instruments: str | Collection[str] | None = None,
) -> pd.DataFrame:
    """How far each instrument is the same in all groups of a lens, in all languages, in two waves.

    `by`: lenses, 'language', 'wave'; default all that the survey has (of one wave 'wave' gives no
    rows). `instruments`: default all that are rated; one that was not asked gives no rows. Lenses
    and languages are compared in the last wave, 'wave' compares the last two. Rows with a missing
    answer are left out. Returns one row per scale (of an instrument with subscales: per subscale),
    by and rung: wave, scale, by, level (the rung), estimator ('mlr', or 'wlsmv' up to five
    answers), n, n_groups, left_out (groups with fewer than 50 complete rows), joined (items of
    which rare answers were joined with their neighbours), cfi, rmsea, srmr and their changes
    (scaled where there are such), rule, holds, verdict, reason. A rung beyond the limits of Chen
    (2007) fails only where chance, dealing the people to the groups anew, would not carry its chi-
    square as far (p at most .05 over all scales and rungs of a grouping; Bonferroni). Where fewer
    than two groups are large enough there is one row without a rung, with the reason. Waves that
    share people are treated as two groups; their chi-square is then too small or too large,
    changes of fit hardly. Where an item had another wording or range in the wave before, waves have
    one rung, 'questions', which does not hold. Raises `InputError` for a grouping or an instrument
    that the survey does not have.

    References: Chen (2007), Structural Equation Modeling 14, 464-504; Wu & Estabrook (2016),
    Psychometrika 81, 1014-1045; joining answers: Rutkowski, Svetina & Liaw (2019), Structural
    Equation Modeling 26, 867-883.
    """
    possible = _groupings(survey)
    wanted = _chosen(by, possible, [*possible, c.WAVE], "Nothing can be compared by")
    rated = [name for name, each in survey.instruments.items() if each.kind == "rating"]
    bundled = [path.stem for path in bundled_paths()]
    asked = _chosen(instruments, rated, [*rated, *bundled], "Nobody can be compared in")
    claims = [
        (Claim(claim.instrument, {scale: items}), answers[items])
        for claim, answers in claims_of(survey)
        if claim.instrument.id in asked
        for scale, items in claim.model.items()
    ]
    parts = [
        (
            _other_questions(survey, claim, answers)
            if name == c.WAVE and _is_changed(survey, claim)
            else _ladder(claim, answers, _group(survey, name, answers), len(claims))
        ).assign(**{c.WAVE: survey.wave, c.BY: name})
        for name in wanted
        for claim, answers in claims
    ]
    if not parts:
        return pd.DataFrame(columns=_NAMES)
    return pd.concat(parts, ignore_index=True)[_NAMES]


def with_warnings(table: pd.DataFrame, ladders: pd.DataFrame) -> pd.DataFrame:
    """A table of units or of changes, each row with the warning that its comparison deserves.

    `table`: scale and lens, and previous where it compares waves; `ladders`: of `compare_groups`.
    Adds `warning`: a sentence for the person who compares, '' where every rung holds, where nothing
    was tested, and for everybody together.

    >>> ladders = pd.DataFrame({"scale": ["trust"], "by": ["team"], "level": ["metric"],
    ...     "holds": [False], "reason": [""]})
    >>> units = pd.DataFrame({"scale": ["trust"], "lens": ["team"], "unit": ["a"]})
    >>> with_warnings(units, ladders)["warning"][0]
    'its items do not speak equally strongly in all of them: do not compare means of teams'
    """
    failed = dict(_failures(ladders))
    across_waves = c.PREVIOUS in table  # then a unit is compared with itself, not with others
    warnings = [
        _warning(failed, str(scale), c.WAVE if across_waves else str(lens))
        for scale, lens in zip(table[c.SCALE], table[c.LENS], strict=True)
    ]
    return table.assign(**{c.WARNING: warnings})


def _warning(failed: Mapping[tuple[str, str], str], scale: str, by: str) -> str:
    """The warning of a scale, or of the first of its subscales that has one."""
    found = [
        sentence
        for (name, grouping), sentence in failed.items()
        if grouping == by and (name == scale or name.startswith(f"{scale}."))
    ]
    return found[0] if found else ""


def _failures(ladders: pd.DataFrame) -> Iterator[tuple[tuple[str, str], str]]:
    """Per instrument and grouping, the warning of the first rung that does not hold."""
    fallen = ladders[~ladders[c.HOLDS].astype("bool") & (ladders[c.RUNG] != "")]
    for (scale, by), rows in fallen.groupby([c.SCALE, c.BY], sort=False):
        first = rows.iloc[0]
        why = _WHY[first[c.RUNG]] if first[c.REASON] == "" else "this could not be tested"
        yield (scale, by), f"{why}: do not compare means of {_PLURAL.get(by, f'{by}s')}"


def _chosen(
    names: str | Collection[str] | None, possible: list[str], known: Collection[str], refused: str
) -> list[str]:
    """Those of the possible names that are wanted, in their order; all where nothing is said."""
    if names is None:
        return possible
    wanted = [names] if isinstance(names, str) else list(names)
    for name in wanted:
        if name not in known:
            raise InputError(
                f"{refused} '{name}' here.", possible=possible, fix=did_you_mean(name, possible)
            )
    return [name for name in possible if name in wanted]


def _groupings(survey: Survey) -> list[str]:
    found = list(survey.lenses)
    if c.LANGUAGE in survey.people:
        found.append(c.LANGUAGE)
    return [*found, c.WAVE] if len(survey.waves) > 1 else found


def _group(survey: Survey, by: str, answers: pd.DataFrame) -> pd.Series:
    """The group of each row; missing for waves that are not compared."""
    waves = pd.Series(answers.index.get_level_values(c.WAVE), index=answers.index, dtype="object")
    if by == c.WAVE:
        return waves.where(waves.isin(survey.waves[-2:]))
    group = survey.people[by].reindex(answers.index).astype("object")
    return group.where(waves == survey.wave)


def _is_changed(survey: Survey, claim: Claim) -> bool:
    """Whether an item of a scale is another one than in the wave before."""
    rows = survey.changed.loc[survey.changed[c.WAVE] == survey.wave]
    items = {item for items in claim.model.values() for item in items}
    whole = (rows[c.SCALE] == claim.instrument.id) & (rows[c.ITEM] == "")
    return bool((whole | rows[c.ITEM].isin(items)).any())


def _other_questions(survey: Survey, claim: Claim, answers: pd.DataFrame) -> pd.DataFrame:
    """The lowest rung of a scale that asked something else in the wave before."""
    there = _group(survey, c.WAVE, answers).notna() & answers.notna().all(axis=1)
    row = dict.fromkeys(_NUMBERS, np.nan) | {
        c.SCALE: next(iter(claim.model)), c.ESTIMATOR: claim.estimator, "n_groups": 2,
        "left_out": 0, "joined": 0, c.RUNG: QUESTIONS, c.N: int(there.sum()), "rule": "",
        c.HOLDS: False, c.VERDICT: f"Does not hold: {_WHY[QUESTIONS]}.", c.REASON: "",
    }  # fmt: skip
    return pd.DataFrame([row])


def _ladder(claim: Claim, answers: pd.DataFrame, group: pd.Series, scales: int) -> pd.DataFrame:
    """The ladder of one scale over the groups of its rows."""
    there = group.notna() & answers.notna().all(axis=1)
    answers, group = answers[there], group[there].astype("str")
    sizes = group.value_counts()
    large = sizes.index[sizes >= MIN_GROUP]
    about = {
        c.SCALE: next(iter(claim.model)), c.ESTIMATOR: claim.estimator,
        "n_groups": len(large), "left_out": len(sizes) - len(large),
    }  # fmt: skip
    kept = group.isin(large)
    answers, group = answers[kept], group[kept]
    if len(large) < 2:
        reason = f"not tested: fewer than two groups with {MIN_GROUP} complete rows"
        row = dict.fromkeys(_NUMBERS, np.nan) | {
            c.RUNG: "", c.N: len(answers), "joined": 0, "rule": "", c.HOLDS: False,
            c.VERDICT: "", c.REASON: reason,
        }  # fmt: skip
        return pd.DataFrame([about | row])
    joined = 0
    if claim.ordinal:
        values = answers.to_numpy(dtype="float64")
        codes = pd.factorize(group, sort=True)[0]
        together = np.column_stack([_joined(column, codes) for column in values.T])
        joined = int((together != values).any(axis=0).sum())
        answers = pd.DataFrame(together, index=answers.index, columns=answers.columns)
    rungs = len(ORDINAL if claim.ordinal else CONTINUOUS) - 1
    chance = Chance(alpha=_ALPHA / scales / rungs)
    table = invariance(answers, claim.model, group, claim.estimator, chance=chance)
    for name in ("cfi", "rmsea"):
        table[name] = table.get(f"{name}_scaled", table[name])
    untold = table[c.VERDICT].str.startswith("Not estimable")
    table[c.REASON] = table[c.VERDICT].where(untold, "").str.replace("Not e", "not e")
    return table.assign(**about, joined=joined)


def _joined(column: NDArray[np.float64], group: NDArray[np.intp]) -> NDArray[np.float64]:
    """Answers of one item, those that some group never gives joined with a neighbour.

    The end of the range joins inwards, an answer between with the rarer of its neighbours.
    """
    column = column.copy()
    while True:
        answers = np.unique(column)
        if len(answers) <= 2:
            return column
        table = np.array([[(column[group == g] == a).sum() for a in answers] for g in set(group)])
        absent = np.flatnonzero((table == 0).any(axis=0))
        if not len(absent):
            return column
        place = int(absent[np.argmin(table.sum(axis=0)[absent])])
        counts = table.sum(axis=0)
        beside = [near for near in (place - 1, place + 1) if 0 <= near < len(answers)]
        into = min(beside, key=lambda near: (counts[near], near))
        column[column == answers[place]] = answers[into]
