"""What the flagged change: the main results with and without those who may not have read.

Nobody is dropped for a flag. Whoever wants to know whether careless answers carry a result takes
them out for a moment and looks at both. The difference between the two tells of the people between
them, so it is given only where they are nobody or at least ten.

Reference: Meade & Craig (2012), Psychological Methods 17, 437-455.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pandas as pd

from cultureplus import columns as c
from cultureplus.agreement import icc
from cultureplus.change import CROSS_SECTION, compare_waves
from cultureplus.errors import InputError
from cultureplus.estimability import MIN_COMPLETE_ROWS
from cultureplus.relate import silo_links
from cultureplus.reliability import alphas
from cultureplus.scoring import score
from cultureplus.screening import FLAGS, RULES, screen, screening_rules
from cultureplus.silos import barrier_prevalence
from cultureplus.survey import Survey
from cultureplus.units import unit_scores

AT_LEAST = 2  # flags from which on a person is left out: one alone is often chance
_KEY = ["result", c.SCALE, "detail"]
_BEFORE = "n_before"  # people of the earlier wave, where they are not those of the later one
_UNKNOWN = "not estimable"
_NAMES = [
    *_KEY, c.N, "value", "n_without", "value_without", c.DIFFERENCE, c.REASON,
]  # fmt: skip


def flag_counts(screened: pd.DataFrame) -> pd.DataFrame:
    """How many people each index flags, of a table of `screen`, per wave.

    Returns wave, index, flagged (when it is a flag), n (for whom the index is known), flags (how
    many of them), share (0-1), source; the last row of a wave counts people with two flags and
    more. Counts from one to nine are not given.

    >>> one = pd.DataFrame({"longest_string": [9.0], "flags": [0], "flagged": [""]},
    ...     index=pd.MultiIndex.from_tuples([("Q1", "p")], names=["wave", "respondent"]))
    >>> flag_counts(one)[["index", "n", "flags"]].values.tolist()[0]
    ['longest_string', 1, 0]
    """
    rules = screening_rules().set_index("index")
    rows: list[dict[str, object]] = []
    for wave, mine in screened.groupby(level=c.WAVE, sort=False):
        for rule in RULES:
            if rule.index not in mine:
                continue
            known = mine[mine[rule.index].notna()]
            named = known["flagged"].str.split(", ").map(lambda names, i=rule.index: i in names)
            about = {"flagged": rule.flagged, "source": rules.loc[rule.index, "source"]}
            rows.append({c.WAVE: wave, "index": rule.index, **about, **_counted(named)})
        about = {"flagged": f"{AT_LEAST} flags or more", "source": "the choice of this project"}
        many = mine[FLAGS] >= AT_LEAST
        rows.append({c.WAVE: wave, "index": "in all", **about, **_counted(many)})
    names = [c.WAVE, "index", "flagged", c.N, FLAGS, c.SHARE, c.REASON, "source"]
    return pd.DataFrame(rows, columns=names)


def _counted(named: pd.Series) -> dict[str, object]:
    n, count = len(named), int(named.sum())
    few = 0 < count < MIN_COMPLETE_ROWS
    return {
        c.N: n, FLAGS: np.nan if few else count,
        c.SHARE: np.nan if few or not n else count / n,
        c.REASON: f"hidden (1 to {MIN_COMPLETE_ROWS - 1})" if few else "",
    }  # fmt: skip


def without_flagged(survey: Survey, *, at_least: int = AT_LEAST) -> Survey:
    """The same survey without the answers of people who carry so many flags; nobody is uninvited.

    Any analysis can be rerun on it. Raises `InputError` where `at_least` is below 1.

    Reference: Meade & Craig (2012).
    """
    if at_least < 1:
        raise InputError("A person with no flag is not left out.", fix="at_least=1 or more")
    kept = screen(survey)[FLAGS] < at_least
    return replace(survey, answers=survey.answers.loc[kept.to_numpy()])


def with_and_without_flagged(survey: Survey, *, at_least: int = AT_LEAST) -> pd.DataFrame:
    """Every main result of the last wave, with everybody and without the flagged.

    `survey`: the waves up to the last one. Returns result (mean, favourable, alpha, icc1, barrier
    named, within and between (standardised effects on a barrier), change), scale (or barrier),
    detail (the predictor; the wave before), n, value (means and changes on the answer range, all
    others 0-1 or -1 to 1), n_without, value_without, difference, reason. Each result leaves out who
    misses what it needs. A row whose two samples differ by one to nine people shows the second one
    not at all; a value of fewer than ten people is not given. Raises `InputError` where `at_least`
    is below 1.

    Reference: Meade & Craig (2012).
    """
    both = [_main_results(each) for each in (survey, without_flagged(survey, at_least=at_least))]
    table = both[0].merge(both[1], on=_KEY, how="left", suffixes=("", "_without"))
    few = pd.Series(data=False, index=table.index)
    for name in (c.N, _BEFORE):
        apart = table[name] - table[f"{name}_without"]
        few |= (apart > 0) & (apart < MIN_COMPLETE_ROWS)
    value, other = table["value"], table["value_without"].mask(few)
    unknown = other.isna() & ~few
    reason = table[c.REASON].where(value.isna(), "")
    reason = reason.mask(
        few & value.notna(), f"hidden (fewer than {MIN_COMPLETE_ROWS} people differ)"
    )
    alone = "without the flagged " + table[f"{c.REASON}_without"].fillna(_UNKNOWN)
    table[c.REASON] = reason.mask(unknown & value.notna(), alone)
    table["n_without"] = table["n_without"].mask(few)
    table["value_without"] = other
    table[c.DIFFERENCE] = other - value
    return table[_NAMES]


def _main_results(survey: Survey) -> pd.DataFrame:
    """The main results, those of fewer than ten people without a value."""
    table = pd.concat(list(_results(survey)), ignore_index=True)
    table = table.astype({c.N: "float64", _BEFORE: "float64", "value": "float64"})
    nobody = table[c.N] < MIN_COMPLETE_ROWS
    table["value"] = table["value"].mask(nobody)
    said = table[c.REASON].where(table[c.REASON].str.startswith("not "), _UNKNOWN)
    few = said.eq(_UNKNOWN) & nobody
    table[c.REASON] = said.mask(few, f"{_UNKNOWN}: fewer than {MIN_COMPLETE_ROWS} people")
    return table


def _results(survey: Survey) -> Iterator[pd.DataFrame]:
    """The main results as long tables: result, scale, detail, n, value."""
    wave = survey.in_waves([survey.wave])
    history = score(survey)
    scores = history.loc[history.index.get_level_values(c.WAVE) == survey.wave]
    scales = [name for name in c.scale_columns(scores) if c.is_main(name, c.scale_columns(scores))]
    whole = unit_scores(scores, by=[])
    for name in (c.MEAN, c.FAVOURABLE):
        yield _long(name, whole[whole[c.SCALE].isin(scales)], name)
    reliable = alphas(wave)
    yield _long(c.ALPHA, reliable[reliable[c.SCALE].isin(scales)], c.ALPHA)
    if "team" in survey.lenses:
        shared = [icc(scores[name], scores["team"]) for name in scales]
        table = pd.DataFrame({c.SCALE: scales, c.N: [each[c.N] for each in shared]})
        yield _long(c.ICC1, table.assign(value=[each[c.ICC1] for each in shared]), "value")
    named = barrier_prevalence(wave).rename(columns={c.BARRIER: c.SCALE})
    yield _long("barrier named", named, c.SHARE)
    links = silo_links(scores)
    links = links[links[c.EFFECT].isin(["within", "between"])].rename(columns={c.OUTCOME: c.SCALE})
    for effect, mine in links.groupby(c.EFFECT, sort=False):
        yield _long(str(effect), mine.assign(detail=mine[c.PREDICTOR]), c.STD)
    if len(survey.waves) > 1:
        moved = compare_waves(history)
        moved = moved[(moved[c.LENS] == c.ALL) & moved[c.SCALE].isin(scales)]
        moved = moved.assign(detail=moved[c.PREVIOUS])
        if (moved[c.DESIGN] == CROSS_SECTION).any():  # n is the smaller of the two
            answered = history[scales].notna().groupby(level=c.WAVE, sort=False).sum()
            moved[c.N] = moved[c.SCALE].map(answered.loc[survey.wave])
            moved[_BEFORE] = moved[c.SCALE].map(answered.loc[survey.waves[-2]])
        yield _long(c.CHANGE, moved, c.CHANGE)


def _long(result: str, table: pd.DataFrame, value: str) -> pd.DataFrame:
    found = table.assign(result=result, value=table[value])
    for name, nothing in (("detail", ""), (_BEFORE, np.nan), (c.REASON, "")):
        if name not in found:
            found[name] = nothing
    return found[[*_KEY, c.N, _BEFORE, "value", c.REASON]]
