"""Collaboration-culture surveys: score them, relate them to silo barriers, show the results.

    import cultureplus as cp

    survey = cp.read_survey("data/sample")
    scores = cp.score(survey)
    plan = cp.plan_reporting(survey, min_n=5)
    units = plan.apply(cp.unit_scores(scores, by="function"))

Each name is imported from its module when it is first used, so `import cultureplus` costs nothing.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

__version__ = "0.1.0"

_HOME = {
    "answer_shares": "item_answers",
    "barrier_prevalence": "silos",
    "compare_waves": "change",
    "instrument_evidence": "evidence",
    "headline_scores": "headline",
    "load_instruments": "instrument",
    "main_scales": "units",
    "open_quarter": "quarter",
    "plan_reporting": "disclosure.plan",
    "plot_answers": "charts.answers",
    "plot_barriers": "charts.barriers",
    "plot_change": "charts.change",
    "plot_reliability": "charts.reliability",
    "plot_response": "charts.response",
    "plot_silo_links": "charts.silo_links",
    "plot_unit_heatmap": "charts.heatmap",
    "plot_units": "charts.units",
    "publish": "published",
    "read_survey": "intake",
    "reliability": "reliability",
    "response": "units",
    "score": "scoring",
    "screen": "screening",
    "silo_links": "relate",
    "team_dossier": "agreement",
    "unit_scores": "units",
}

__all__ = ["__version__", *_HOME]


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module 'cultureplus' has no attribute '{name}'")
    module = import_module(f"cultureplus.{_HOME[name]}")
    return module if _HOME[name] == name else getattr(module, name)  # that module can be called


def __dir__() -> list[str]:
    return sorted([*globals(), *_HOME])
