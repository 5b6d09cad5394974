"""Careless answering: who may have ticked without reading.

No index proves that somebody was careless. Each looks at another trace of it: long strings of one
answer and little variation (before items are turned round), halves of scales and near-synonyms
that contradict each other (after), answers far from everybody's, hardly any time, the very answers
of somebody else. So people are flagged and counted and never dropped; whoever wants to know what
the flagged change reruns an analysis without them and shows both.

What counts as a flag, and who says so, stands once in `RULES`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from cultureplus import columns as c
from cultureplus.careless import (
    DUPLICATES,
    EVEN_ODD,
    IRV,
    LONGEST_STRING,
    MAHALANOBIS,
    MIN_ANSWERS,
    MIN_PAIRS,
    MIN_SCALES,
    SECONDS_PER_ITEM,
    SYNONYM_R,
    SYNONYMS,
    Array,
    Flags,
    as_numbers,
    duplicates,
    even_odd,
    longest_string,
    mahalanobis,
    response_variability,
    synonym_pairs,
    synonyms_of,
)
from cultureplus.estimability import MIN_COMPLETE_ROWS
from cultureplus.instrument import Instrument, Item
from cultureplus.survey import Survey

_Asked = tuple[Instrument, tuple[Item, ...]]

FLAGS, FLAGGED = "flags", "flagged"


@dataclass(frozen=True)
class Rule:
    """One index: what it is, when it is a flag, and who set the threshold."""

    index: str
    about: str
    flagged: str
    threshold: float
    source: str


RULES: tuple[Rule, ...] = (
    Rule(
        LONGEST_STRING,
        "longest run of one answer to rated items, before turning; a gap neither ends nor "
        "lengthens it",
        "at least half of the rated answers given, of 10 or more",
        0.5,
        "Curran (2016), Journal of Experimental Social Psychology 66, 4-19",
    ),
    Rule(
        IRV,
        "standard deviation of a person's rated answers on 0-1, before turning; of 10 or more",
        "below the wave's lower quartile by more than 1.5 interquartile ranges",
        1.5,
        "index: Dunn, Heggestad, Shanock & Theilgard (2018), Journal of Business and Psychology "
        "33, 105-121; fence: Tukey (1977), Exploratory data analysis",
    ),
    Rule(
        EVEN_ODD,
        "correlation of the odd with the even items over 3 or more scales, after turning, "
        "lengthened by Spearman-Brown",
        "below .30",
        0.30,
        "Johnson (2005), Journal of Research in Personality 39, 103-129, after Jackson",
    ),
    Rule(
        SYNONYMS,
        "correlation over 3 or more pairs of items that correlate above .60 in the wave, after "
        "turning",
        "below 0",
        0.0,
        "pairs: Meade & Craig (2012), Psychological Methods 17, 437-455; no threshold is agreed "
        "on, below 0 is the choice of this project",
    ),
    Rule(
        MAHALANOBIS,
        "p of the squared distance from everybody's mean, per instrument answered completely; "
        "the smallest, times their number",
        "below .001",
        0.001,
        "Meade & Craig (2012), Psychological Methods 17, 437-455",
    ),
    Rule(
        SECONDS_PER_ITEM,
        "seconds taken by the number of questions answered",
        "below 2",
        2.0,
        "Huang, Curran, Keeney, Poposki & DeShon (2012), Journal of Business and Psychology 27, "
        "99-114",
    ),
    Rule(
        DUPLICATES,
        "how many others of the wave gave the same rated answers, of 10 or more",
        "1 or more",
        1.0,
        "no published threshold, the choice of this project",
    ),
)
_THRESHOLD = {rule.index: rule.threshold for rule in RULES}


def screening_rules() -> pd.DataFrame:
    """The rules of `screen`: index, about, flagged (when), threshold, source.

    >>> screening_rules().loc[5, ["index", "flagged"]].tolist()
    ['seconds_per_item', 'below 2']
    """
    return pd.DataFrame([asdict(rule) for rule in RULES])


def screen(survey: Survey) -> pd.DataFrame:
    """Every index of careless answering for everybody who answered, wave by wave.

    Returns one row per person and wave, indexed by (wave, respondent), nobody left out:
    longest_string (answers), irv (0 to about 0.5 of the range), even_odd and synonyms (-1 to 1),
    mahalanobis (p, 0-1), seconds_per_item, duplicates (others with the same answers); flags (how
    many indices are flagged), flagged (their names), reason (which are missing, and why). Rated
    items alone count, on 0-1 where instruments of several ranges meet; a string ends where the
    answer range changes. Missing indices flag nobody. The thresholds are those of
    `screening_rules`.

    References: Meade & Craig (2012), Psychological Methods 17, 437-455; Curran (2016), Journal of
    Experimental Social Psychology 66, 4-19.
    """
    names = [rule.index for rule in RULES]
    if len(survey.answers) == 0:
        return pd.DataFrame(columns=[*names, FLAGS, FLAGGED, c.REASON], index=survey.answers.index)
    waves = survey.answers.index.get_level_values(c.WAVE)
    parts = [_screen_wave(survey, waves == wave) for wave in survey.waves if (waves == wave).any()]
    return pd.concat(parts).reindex(survey.answers.index)


def _screen_wave(survey: Survey, rows: Flags) -> pd.DataFrame:
    answers = survey.answers.loc[rows]
    asked = _asked(survey, answers)
    given = answers[[item.id for _, items in asked for item in items]]
    raw = _on_one_range(asked, answers, turn=False)
    turned = _on_one_range(asked, answers, turn=True)
    counts = raw.notna().sum(axis=1).to_numpy()
    enough = counts >= MIN_ANSWERS
    alike = synonym_pairs(turned)
    few = f"fewer than {MIN_ANSWERS} rated answers"
    found = pd.DataFrame(
        {
            LONGEST_STRING: longest_string(_marked(asked, answers)).where(enough),
            IRV: response_variability(raw).where(enough),
            EVEN_ODD: even_odd(turned, _scales(asked)),
            SYNONYMS: synonyms_of(turned, alike),
            MAHALANOBIS: _smallest_p(asked, answers),
            SECONDS_PER_ITEM: _seconds_per_item(survey, answers),
            DUPLICATES: duplicates(given).where(enough),
        },
        index=answers.index,
    ).astype("float64")
    why_missing = {
        LONGEST_STRING: few,
        IRV: few,
        EVEN_ODD: f"fewer than {MIN_SCALES} scales with both halves answered, or no variation",
        SYNONYMS: f"{len(alike)} pairs of items correlate above {SYNONYM_R}, {MIN_PAIRS} needed"
        if len(alike) < MIN_PAIRS
        else f"fewer than {MIN_PAIRS} pairs answered, or no variation",
        MAHALANOBIS: "no instrument answered completely, and by enough people",
        SECONDS_PER_ITEM: "no time recorded",
        DUPLICATES: few,
    }
    flagged = _flagged(found, counts)
    missing = found.isna().to_numpy()
    found[FLAGS] = flagged.sum(axis=1)
    found[FLAGGED] = _joined(flagged, list(_THRESHOLD), ", ")
    reasons = [f"{index}: {why_missing[index]}" for index in _THRESHOLD]
    found[c.REASON] = _joined(missing, reasons, "; ")
    return found


def _flagged(found: pd.DataFrame, counts: NDArray[np.int64]) -> Flags:
    """Which indices are flagged, a column per rule; a missing index is never flagged."""
    spread = found[IRV].dropna().to_numpy()
    fence = -np.inf
    if len(spread) >= MIN_COMPLETE_ROWS:
        low, high = np.quantile(spread, [0.25, 0.75])
        fence = low - _THRESHOLD[IRV] * (high - low)
    flags = {
        LONGEST_STRING: found[LONGEST_STRING] >= _THRESHOLD[LONGEST_STRING] * counts,
        IRV: found[IRV] < fence,
        DUPLICATES: found[DUPLICATES] >= _THRESHOLD[DUPLICATES],
    }
    for index in (EVEN_ODD, SYNONYMS, MAHALANOBIS, SECONDS_PER_ITEM):
        flags[index] = found[index] < _THRESHOLD[index]
    return np.column_stack([flags[index].to_numpy(dtype="bool") for index in _THRESHOLD])


def _joined(flags: Flags, words: Sequence[str], between: str) -> NDArray[np.object_]:
    """Per row the words whose flag is set; few combinations serve many rows."""
    kinds, places = np.unique(
        flags @ (1 << np.arange(len(words))), return_inverse=True
    )  # a combination is a whole number
    said = [
        between.join(word for place, word in enumerate(words) if kind >> place & 1)
        for kind in kinds.tolist()
    ]
    return np.array(said, dtype="object")[places]


def _asked(survey: Survey, answers: pd.DataFrame) -> list[_Asked]:
    """The rated instruments with those of their items that are in the answers."""
    found = [
        (each, tuple(item for item in each.items if item.id in answers))
        for each in survey.instruments.values()
        if each.kind == "rating"
    ]
    return [(each, items) for each, items in found if items]


def _on_one_range(asked: Sequence[_Asked], answers: pd.DataFrame, *, turn: bool) -> pd.DataFrame:
    """All rated items as shares of their range, 0-1, as given or turned round."""
    columns = {}
    for instrument, items in asked:
        for item in items:
            place = (answers[item.id] - instrument.low) / (instrument.high - instrument.low)
            columns[item.id] = 1.0 - place if turn and item.reversed else place
    return pd.DataFrame(columns, index=answers.index)


def _marked(asked: Sequence[_Asked], answers: pd.DataFrame) -> pd.DataFrame:
    """The answers as given, made different where their range is: a 5 of 5 is no 5 of 7."""
    ranges = dict.fromkeys((each.low, each.high) for each, _ in asked)
    span = (
        1
        + max((high for _, high in ranges), default=0)
        - min((low for low, _ in ranges), default=0)
    )
    apart = {limits: float(span * place) for place, limits in enumerate(ranges)}
    columns = {
        item.id: answers[item.id] + apart[instrument.low, instrument.high]
        for instrument, items in asked
        for item in items
    }
    return pd.DataFrame(columns, index=answers.index)


def _scales(asked: Sequence[_Asked]) -> dict[str, list[str]]:
    """The smallest scales there are: subscales, or an instrument that has none."""
    found: dict[str, list[str]] = {}
    for instrument, items in asked:
        for item in items:
            found.setdefault(f"{instrument.id}.{item.subscale}", []).append(item.id)
    return found


def _smallest_p(asked: Sequence[_Asked], answers: pd.DataFrame) -> Array:
    """The smallest p over the instruments a person answered completely, times their number."""
    smallest, number = np.full(len(answers), np.inf), np.zeros(len(answers))
    for _, items in asked:
        p = mahalanobis(answers[[item.id for item in items]])[c.P].to_numpy()
        np.fmin(smallest, p, out=smallest)
        number += ~np.isnan(p)
    return np.where(number > 0, np.minimum(smallest * np.maximum(number, 1), 1.0), np.nan)


def _seconds_per_item(survey: Survey, answers: pd.DataFrame) -> Array:
    """Time by the ratings given and the select-all questions answered; missing where unknown."""
    if c.SECONDS not in survey.people:
        return np.full(len(answers), np.nan)
    questions = np.zeros(len(answers))
    for each in survey.instruments.values():
        names = [name for name in answers if str(name).startswith(f"{each.id}.")]
        if each.kind == "rating":
            names = [item.id for item in each.items if item.id in answers]
        there = answers[names].notna().to_numpy()
        questions += there.any(axis=1) if each.kind == "select_all" else there.sum(axis=1)
    seconds = as_numbers(survey.people[c.SECONDS].reindex(answers.index))
    known = (seconds > 0) & (questions > 0)
    return np.where(known, seconds / np.where(known, questions, 1.0), np.nan)
