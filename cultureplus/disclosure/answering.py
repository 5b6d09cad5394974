"""Who answered what: the people behind each scale and each single question.

Somebody who left a question out is in no sum of it, so a cell of enough respondents may be a cell
of few answers, and a sum that is safe over all respondents may not be over those who answered. The
questions of one instrument belong together: its score is made of its subscales and items, so what
is hidden of one can be worked out from the others. Hence one pattern for all scores of an
instrument, and one within it for all its single questions.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import pandas as pd

from cultureplus import columns as c
from cultureplus.scoring import scale_items, score
from cultureplus.survey import Survey

Flags = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Question:
    """What a score rests on: how many answers of a person, and the range of each."""

    items: int
    low: float
    high: float


def instrument_of(scale: str) -> str:
    """The instrument that a scale, a subscale or a question belongs to.

    >>> instrument_of("collaboration_skill.curiosity")
    'collaboration_skill'
    """
    return scale.partition(".")[0]


def questions_of(survey: Survey) -> dict[str, Question]:
    """Every scale of a survey with what it rests on; a rated matrix counts as one question."""
    found = {}
    for instrument in survey.instruments.values():
        low, high = float(instrument.low), float(instrument.high)
        for scale, items in scale_items(survey, instrument).items():
            count = 1 if instrument.kind == "matrix" else items.shape[1]
            found[scale] = Question(count, low, high)
        found.setdefault(instrument.id, Question(1, low, high))
    return found


def who_answered(
    survey: Survey, people: pd.Index, wave: str, instrument: str, *, single: bool
) -> dict[str, Flags]:
    """Per column of an instrument, which of some people of a wave have a value.

    `people`: respondents, in the order wanted; `single`: its single questions, or else its scores.
    Returns flags over `people` by column.
    """
    if single:
        asked = survey.instruments[instrument]
        names = {item.id for item in asked.items}
        mine = [
            name for name in survey.answers
            if name in names or str(name).startswith(f"{instrument}.")
        ]  # fmt: skip
        table = survey.answers[mine]
    else:
        only = replace(survey, instruments={instrument: survey.instruments[instrument]})
        scores = score(only)
        table = scores[c.scale_columns(scores)]
    keys = pd.MultiIndex.from_product([[wave], people])
    there = table.reindex(keys).notna()
    return {str(name): there[name].to_numpy(dtype=np.bool_) for name in there}
