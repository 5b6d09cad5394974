"""Scoring: arithmetic, and nothing else.

An item that is keyed the other way round is turned by the declared range, x' = low + high - x. A
score is the mean of the answered items when enough of them are answered; how many there were
travels with it. Beside the mean stand two further readings: the same on 0-100 (per cent of maximum
possible, Cohen et al. 1999) and the share of favourable answers.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from cultureplus import columns as c
from cultureplus.errors import InputError
from cultureplus.instrument import Instrument, Item
from cultureplus.survey import Survey

_TOLERANCE = 1e-9  # 4 of 5 items is 0.8 of them, whatever binary fractions say


def keyed(answers: pd.DataFrame, instrument: Instrument) -> pd.DataFrame:
    """The answers to an instrument's items, reversed ones turned by the declared range.

    `answers`: one row per person, at least the instrument's item columns, numbers in its range;
    missing stays missing. Returns the items in the instrument's order.

    >>> from cultureplus.instrument import load_instruments
    >>> safety = load_instruments()["psychological_safety"]
    >>> one = pd.DataFrame({item.id: [2.0] for item in safety.items})
    >>> keyed(one, safety).iloc[0].tolist()
    [6.0, 2.0, 2.0, 6.0, 2.0, 6.0, 2.0]
    """
    values = np.empty((len(answers), len(instrument.items)), order="F")  # as pandas keeps it
    for place, item in enumerate(instrument.items):
        given = answers[item.id].to_numpy(dtype="float64")
        values[:, place] = instrument.low + instrument.high - given if item.reversed else given
    names = [item.id for item in instrument.items]
    return pd.DataFrame(values, index=answers.index, columns=names, copy=False)


def score_items(
    items: pd.DataFrame, instrument: Instrument, *, min_answered: float
) -> pd.DataFrame:
    """Score keyed items: mean (answer range), n_answered, pomp (0-100), favourable (0-1).

    A row with a smaller share of answered items than `min_answered`, or with none, has missing
    readings; n_answered is always there.

    Reference: Cohen, Cohen, Aiken & West (1999), Multivariate Behavioral Research 34, 315-346.

    >>> from cultureplus.instrument import load_instruments
    >>> safety = load_instruments()["psychological_safety"]
    >>> score_items(pd.DataFrame({"a": [7.0, 6.0], "b": [5.0, None]}), safety, min_answered=0.8)
       mean  n_answered   pomp  favourable
    0   6.0           2  83.33         0.5
    1   NaN           1    NaN         NaN
    """
    total, answered, favourable = (np.zeros(len(items)) for _ in range(3))
    for name in items:  # column by column, as pandas keeps them: a million rows take a second
        given = items[name].to_numpy(dtype="float64")
        there = ~np.isnan(given)
        np.add(total, given, out=total, where=there)
        answered += there
        for answer in instrument.favourable:
            favourable += given == answer
    enough = (answered > 0) & (answered >= min_answered * items.shape[1] - _TOLERANCE)
    divisor = np.where(enough, answered, np.nan)
    mean = total / divisor
    span = instrument.high - instrument.low
    return pd.DataFrame(
        {
            c.MEAN: mean,
            c.N_ANSWERED: answered.astype("int64"),
            c.POMP: (100 * (mean - instrument.low) / span).round(2),
            c.FAVOURABLE: favourable / divisor,
        },
        index=items.index,
    )


def score(survey: Survey, *, min_answered: float | None = None) -> pd.DataFrame:
    """Score every rated instrument of a survey.

    Returns one row per invited person and wave, indexed by (wave, respondent): the lenses, the
    adjusting columns, `responded`, and per scale and subscale its mean (answer range) with
    `scale:n_answered`, `scale:pomp` (0-100) and `scale:favourable` (0-1). A rated matrix (seams)
    is scored as the mean of the ratings given. Missing where too few items are answered;
    `min_answered` (a share) replaces the instruments' own rule, for sensitivity checks.
    """
    if min_answered is not None and not 0 < min_answered <= 1:
        raise InputError("min_answered is a share of items: above 0 and at most 1.")
    parts = {}
    for instrument in survey.instruments.values():
        for scale, items in scale_items(survey, instrument).items():
            rule = instrument.min_answered if min_answered is None else min_answered
            if instrument.kind == "matrix":
                rule = 1 / max(items.shape[1], 1)
            parts[scale] = score_items(items, instrument, min_answered=rule)
    people = survey.people[[*survey.lenses, *survey.adjust, c.RESPONDED]]
    if not parts:  # nothing is rated here, boxes are ticked at most
        return people
    scores = pd.concat(
        [
            table.rename(
                columns={
                    name: scale if name == c.MEAN else c.reading(scale, name) for name in table
                }
            )
            for scale, table in parts.items()
        ],
        axis=1,
    ).reindex(survey.people.index)
    counts = [name for name in scores if name.endswith(f":{c.N_ANSWERED}")]
    scores[counts] = scores[counts].fillna(0).astype("int64")
    return people.join(scores)


def scale_items(survey: Survey, instrument: Instrument) -> dict[str, pd.DataFrame]:
    """The keyed items behind each score of an instrument; none for a select-all question."""
    if instrument.kind == "matrix":
        names = [name for name in survey.answers if name.startswith(f"{instrument.id}.")]
        return {instrument.id: survey.answers[names]}
    if instrument.kind != "rating":
        return {}
    present: list[Item] = [item for item in instrument.items if item.id in survey.answers]
    if len(present) < len(instrument.items):
        return {}
    turned = keyed(survey.answers, instrument)
    return {
        scale: turned[[item.id for item in items]] for scale, items in instrument.scales.items()
    }
