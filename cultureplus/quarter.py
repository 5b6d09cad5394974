"""One quarter of a survey, opened for a notebook: the wave, what came before it, and the plan."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from cultureplus import columns as c
from cultureplus.disclosure.plan import LOWEST_MIN_N, ReportingPlan, plan_reporting
from cultureplus.intake import read_survey
from cultureplus.scoring import score
from cultureplus.survey import Survey, check_wave


@dataclass(frozen=True, eq=False)
class Quarter:
    """A wave and its history.

    `survey` and `scores` hold the wave alone; `history` and `score_history` it and all earlier
    waves; `plan` says which cells of the wave and of the one before may be shown.
    """

    survey: Survey
    history: Survey
    scores: pd.DataFrame
    score_history: pd.DataFrame
    plan: ReportingPlan
    wave: str

    def __repr__(self) -> str:
        return f"Quarter {self.wave} of {self.history!r}"


def open_quarter(survey: str | Path, wave: str | None = None, min_n: int = LOWEST_MIN_N) -> Quarter:
    """Read a survey up to a wave, score it and make its reporting plan.

    `survey`: survey.toml or its folder; `wave`: default the last one, later waves are ignored;
    `min_n`: the smallest number of respondents that is shown. Raises `InputError` as
    `read_survey` and `plan_reporting` do.
    """
    everything = read_survey(survey)
    chosen = wave or everything.wave
    check_wave(chosen, everything.waves)
    history = everything.in_waves(everything.waves[: everything.waves.index(chosen) + 1])
    scores = score(history)
    now = scores.loc[scores.index.get_level_values(c.WAVE) == chosen]
    plan = plan_reporting(history.in_waves(history.waves[-2:]), min_n=min_n)
    return Quarter(history.in_waves([chosen]), history, now, scores, plan, chosen)
