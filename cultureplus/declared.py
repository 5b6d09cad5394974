"""The declared question: which scores are held against which barriers, and in which wave.

What is to be tested was said before anybody saw an answer: three scores, three silo barriers. Every
analysis of links asks about these unless it is told otherwise, and asks about one wave, because
waves pooled would count the same people several times.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd

from cultureplus import columns as c
from cultureplus.errors import InputError, did_you_mean

OUTCOMES = ("silo_barriers.silos", "silo_barriers.missing_vision", "silo_barriers.control_holding")
PREDICTORS = ("psychological_safety", "collective_growth_mindset", "collaboration_skill")


@dataclass(frozen=True, eq=False)
class Question:
    """The scores of one wave, and the scales to relate; `known` are the scales that were asked."""

    scores: pd.DataFrame
    outcomes: list[str]
    predictors: list[str]
    known: frozenset[str]

    def not_asked(self, *names: str) -> str:
        """Why these scales can't be related, or ''."""
        absent = [name for name in names if name not in self.known]
        return f"not asked in this survey: {', '.join(absent)}" if absent else ""


def question_of(
    scores: pd.DataFrame,
    outcome: str | Sequence[str] | None = None,
    predictors: Sequence[str] | None = None,
    *,
    usual: Sequence[str] = PREDICTORS,
) -> Question:
    """What is related to what: the scales named, or the declared ones, in the last wave.

    `scores`: as `score` gives them; `usual`: the predictors where none are named. A declared scale
    that the survey did not ask is kept and answers `not_asked`. Raises `InputError` for a named
    scale that is not there, for one that is named twice, and for one that stands on both sides.

    >>> index = pd.MultiIndex.from_product([["Q1", "Q2"], ["p1"]], names=["wave", "respondent"])
    >>> scores = pd.DataFrame({"responded": True, "trust": 4.0, "trust:n_answered": 3}, index=index)
    >>> asked = question_of(scores, predictors=["trust"])
    >>> len(asked.scores), asked.not_asked("trust"), asked.not_asked(asked.outcomes[0])
    (1, '', 'not asked in this survey: silo_barriers.silos')
    """
    known = c.scale_columns(scores)
    outcomes = [outcome] if isinstance(outcome, str) else list(outcome or OUTCOMES)
    chosen = [predictors] if isinstance(predictors, str) else list(predictors or usual)
    for names, what in ((outcomes, "An outcome"), (chosen, "A predictor")):
        if len(set(names)) < len(names):
            raise InputError(f"{what} stands twice in the list.", found=", ".join(names))
    for name in [*(outcomes if outcome else ()), *(chosen if predictors else ())]:
        if name not in known:
            raise InputError(
                f"There is no scale '{name}' in these scores.",
                possible=known,
                fix=did_you_mean(name, known),
            )
    for name in outcomes:
        if name in chosen:
            raise InputError(
                f"'{name}' can't be related to itself: it stands on both sides.",
                fix="name other predictors",
            )
    waves = scores.index.get_level_values(c.WAVE)
    if len(waves):
        scores = scores.loc[waves == waves[-1]]
    return Question(scores, outcomes, chosen, frozenset(known))
