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
    "agreement_bands": "dossier",
    "answer_shares": "item_answers",
    "barrier_prevalence": "silos",
    "buzz_profile": "buzz",
    "communities": "network",
    "compare_groups": "comparability",
    "compare_waves": "change",
    "ei_by_unit": "network",
    "ei_index": "network",
    "first_seams": "seams",
    "flag_counts": "sensitivity",
    "headline_scores": "headline",
    "instrument_evidence": "evidence",
    "item_profile": "item_statistics",
    "link_choices": "link_sensitivity",
    "link_drivers": "link_tables",
    "link_levels": "link_tables",
    "link_odds": "link_tables",
    "link_paths": "link_tables",
    "link_ranges": "link_sensitivity",
    "link_sentences": "link_words",
    "load_instruments": "instrument",
    "main_scales": "units",
    "open_quarter": "quarter",
    "pairs_of": "crossed",
    "plan_reporting": "disclosure.plan",
    "plot_agreement": "charts.agreement",
    "plot_answers": "charts.answers",
    "plot_barriers": "charts.barriers",
    "plot_buzz": "charts.buzz",
    "plot_change": "charts.change",
    "plot_density": "charts.network",
    "plot_drivers": "charts.drivers",
    "plot_ei": "charts.network",
    "plot_importance": "charts.importance",
    "plot_item_profile": "charts.item_profile",
    "plot_ladder": "charts.ladder",
    "plot_loadings": "charts.loadings",
    "plot_mediation": "charts.mediation",
    "plot_parallel_analysis": "charts.parallel",
    "plot_reliability": "charts.reliability",
    "plot_response": "charts.response",
    "plot_seam_map": "charts.seams",
    "plot_silo_links": "charts.silo_links",
    "plot_teams": "charts.teams",
    "plot_unit_heatmap": "charts.heatmap",
    "plot_units": "charts.units",
    "plot_walls": "charts.walls",
    "publish": "published",
    "published_values": "evidence",
    "read_survey": "intake",
    "release_changes": "disclosure.changes",
    "reliability": "reliability",
    "response": "units",
    "same_source_check": "same_source",
    "score": "scoring",
    "screen": "screening",
    "seam_map": "seams",
    "show_density": "network",
    "show_seams": "seams",
    "silo_links": "relate",
    "structure_of": "structure",
    "team_agreement": "dossier",
    "team_dossier": "dossier",
    "tie_density": "network",
    "tie_response": "network",
    "ties_by_lens": "tie_lenses",
    "unit_scores": "units",
    "walls": "lens_shares",
    "wave_ties": "network",
    "with_and_without_flagged": "sensitivity",
    "with_warnings": "comparability",
    "without_flagged": "sensitivity",
    "write_questionnaire": "questionnaires",
}

__all__ = ["__version__", *_HOME]


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module 'cultureplus' has no attribute '{name}'")
    module = import_module(f"cultureplus.{_HOME[name]}")
    return module if _HOME[name] == name else getattr(module, name)  # that module can be called


def __dir__() -> list[str]:
    return sorted([*globals(), *_HOME])
