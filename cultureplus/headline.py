"""The headline numbers: every scale in one row, with how far it can be trusted."""

from __future__ import annotations

import pandas as pd

from cultureplus import columns as c
from cultureplus.disclosure.plan import ReportingPlan
from cultureplus.dossier import team_dossier
from cultureplus.reliability import alphas
from cultureplus.survey import Survey
from cultureplus.units import unit_scores

_SHOWN = [c.SCALE, c.N, c.MEAN, c.LOW, c.HIGH, c.FAVOURABLE]


def headline_scores(survey: Survey, scores: pd.DataFrame, plan: ReportingPlan) -> pd.DataFrame:
    """Every scale over everybody: mean, favourable share, alpha, and what teams share.

    `survey` and `scores`: one wave. Returns scale, n, mean, low, high (95 %), favourable (0-1),
    alpha, icc1 (of the lens 'team'), missing where not estimable or not shown, and teams (whether
    teams may be spoken of: 'yes', 'with care', 'no').
    """
    whole = plan.apply(unit_scores(scores, by=[]))[_SHOWN]
    together = alphas(survey).set_index(c.SCALE)[[c.ALPHA]]
    teams = team_dossier(survey).set_index(c.SCALE)[[c.ICC1, c.SPEAK]]
    joined = whole.set_index(c.SCALE).join(together).join(teams)
    return joined.rename(columns={c.SPEAK: "teams"}).reset_index()
