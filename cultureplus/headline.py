"""The headline numbers: every scale in one row, with how far it can be trusted."""

from __future__ import annotations

import pandas as pd

from cultureplus import columns as c
from cultureplus.agreement import team_dossier
from cultureplus.disclosure.plan import ReportingPlan
from cultureplus.reliability import reliability
from cultureplus.survey import Survey
from cultureplus.units import unit_scores

_SHOWN = [c.SCALE, c.N, c.MEAN, c.LOW, c.HIGH, c.FAVOURABLE]


def headline_scores(survey: Survey, scores: pd.DataFrame, plan: ReportingPlan) -> pd.DataFrame:
    """Every scale over everybody: mean, favourable share, alpha, and what teams share.

    `survey` and `scores`: one wave. Returns scale, n, mean, low, high (95 %), favourable (0-1),
    alpha, icc1 (of the lens 'team'), missing where not estimable or not shown.
    """
    whole = plan.apply(unit_scores(scores, by=[]))[_SHOWN]
    alphas = reliability(survey).set_index(c.SCALE)[[c.ALPHA]]
    teams = team_dossier(survey).set_index(c.SCALE)[["icc1"]]
    joined = whole.set_index(c.SCALE).join(alphas).join(teams)
    return joined.reset_index()
