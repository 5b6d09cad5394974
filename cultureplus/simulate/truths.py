"""The truth of one simulation as a table of numbers, ready to be written beside the data.

Two kinds of truth stand here: what was put in (paths, shares of variance, loadings, effects), and
what it came to in this draw (how many answered, who was careless, what the functions' walls are),
so that a test can hold an analysis against the one and against the other.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from cultureplus import columns
from cultureplus.instrument import Instrument
from cultureplus.simulate import model
from cultureplus.simulate.draws import Floats, Whole
from cultureplus.simulate.latents import Programme
from cultureplus.simulate.responses import CARELESS, SEEN, item_truth, seam_effects, thresholds
from cultureplus.simulate.roster import Roster

_DECIMALS = 4


def truth_of(
    seed: int,
    roster: Roster,
    latents: pd.DataFrame,
    answers: pd.DataFrame,
    programme: Programme,
    instruments: Mapping[str, Instrument],
    shares: Mapping[str, float],
    *,
    anonymous: bool,
) -> dict[str, Any]:
    """Everything that is known of a simulation, in nested tables of plain values."""
    return {
        "seed": seed,
        "anonymous": anonymous,
        "asked": dict(shares),
        "organisation": _organisation(roster),
        "paths": {
            f"{path.cause} -> {path.effect}": {
                "within": path.within,
                "between": path.between,
                "contextual": round(path.between - path.within, _DECIMALS),
            }
            for path in model.PATHS
        },
        "variance_shares": {
            construct: {unit: round(share, _DECIMALS) for unit, share in parts.items()}
            for construct, parts in model.shares().items()
        },
        "team_icc": dict(model.TEAM_ICC),
        "level_effects": {
            construct: dict(zip(model.LEVELS, effects, strict=True))
            for construct, effects in model.LEVEL_EFFECTS.items()
        },
        "stability": {"stable_share": model.STABLE, "subscale_loading": model.SUBSCALE,
                      "barriers_in_common": model.GRUMBLE},
        "programme": _programme(roster, programme),
        "drift": _drift(roster),
        "careless": _by_wave(roster, answers[answers[CARELESS]]),
        "break_offs": _counts(roster, answers[answers[SEEN] < answers[SEEN].max()]),
        "response": _response(roster, answers),
        "items": _items(instruments),
        "barriers_named": _named(answers),
        "seams": {
            f"{one} -> {other}": effect
            for (one, other), effect in seam_effects(seed, roster.functions).items()
        },
        "seam_ratings": {"silos_of_the_rater": model.SEAM_SILOS},
        "ties": dict(model.TIE_KINDS),
        "comments": {**{f"we_{key}": value for key, value in model.WE.items()},
                     "i_of_the_rest": model.I_OF_THE_REST},
        "realised": _realised(roster, latents),
    }  # fmt: skip


def _organisation(roster: Roster) -> dict[str, Any]:
    sizes = roster.first_wave_sizes("team_no", len(roster.teams))
    first = roster.rows[roster.code("wave_no") == 0]
    return {
        "people": len(first),
        "waves": list(roster.waves),
        "functions": len(roster.functions),
        "function_names": list(roster.functions),
        "locations": len(roster.locations),
        "levels": len(model.LEVELS),
        "teams": len(roster.teams),
        "smallest_team": min(sizes),
        "largest_team": max(sizes),
        "people_by_function": _sizes(first["function"]),
        "people_by_location": _sizes(first["location"]),
        "people_by_level": _sizes(first["level"]),
        **roster.moves,
    }


def _sizes(names: pd.Series[Any]) -> dict[str, int]:
    return {str(name): int(n) for name, n in names.value_counts().sort_index().items()}


def _programme(roster: Roster, programme: Programme) -> dict[str, Any]:
    keys = roster.rows.loc[programme.exposed, columns.RESPONDENT]
    waves = roster.waves
    if not programme.persons:
        return {"participants": 0}
    return {
        "option": "programme_exposure.peer_learning_group",
        "participants": len(programme.persons),
        "exposed_from": waves[model.PROGRAMME_STARTS],
        "effective_from": (
            waves[model.PROGRAMME_WORKS] if len(waves) > model.PROGRAMME_WORKS else "never"
        ),
        "effects": dict(model.PROGRAMME),
        "other_programmes": dict.fromkeys(model.OTHER_PROGRAMMES, 0.0),
        "respondents": sorted(set(keys)),
    }


def _drift(roster: Roster) -> dict[str, Any]:
    if len(roster.waves) <= model.DRIFT_WAVE:
        return {}
    return {
        "construct": model.DRIFT_CONSTRUCT,
        "from": roster.waves[model.DRIFT_WAVE],
        "effect": model.DRIFT,
    }


def _counts(roster: Roster, rows: pd.DataFrame) -> dict[str, int]:
    return {wave: int((rows[columns.WAVE] == wave).sum()) for wave in roster.waves}


def _by_wave(roster: Roster, rows: pd.DataFrame) -> dict[str, Any]:
    return {
        "n": _counts(roster, rows),
        "respondents": {
            wave: sorted(rows.loc[rows[columns.WAVE] == wave, columns.RESPONDENT])
            for wave in roster.waves
        },
    }


def _response(roster: Roster, answers: pd.DataFrame) -> dict[str, Any]:
    people = roster.rows
    keys = [columns.WAVE, columns.RESPONDENT]
    came = people.merge(answers[keys].assign(came=1), on=keys, how="left")["came"].notna()
    by_function = {
        name: round(float(came[people["function"] == name].sum()) / int(n), _DECIMALS)
        for name, n in _sizes(people["function"]).items()
    }
    return {
        "invited": _counts(roster, people),
        "respondents": _counts(roster, answers),
        "rate": round(len(answers) / len(people), _DECIMALS),
        "rate_by_function": by_function,
    }


def _items(instruments: Mapping[str, Instrument]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    place = 0
    for instrument in instruments.values():
        if instrument.kind != "rating":
            continue
        cuts = list(thresholds(instrument))
        table: dict[str, Any] = {"thresholds": cuts, "loading": {}, "shift": {}}
        for item in instrument.items:
            table["loading"][item.id], table["shift"][item.id] = item_truth(item, place)
            place += 1
        found[instrument.id] = table
    return found


def _named(answers: pd.DataFrame) -> dict[str, Any]:
    if "barriers_named_none" not in answers:
        return {}
    answered = answers[answers["barriers_named_none"].notna()]
    found: dict[str, Any] = {"none": {}}
    for option, (loading, cut) in model.NAMED.items():
        found[option] = {"loading": loading, "cut": cut}
    for option, table in found.items():
        ticked = int((answered[f"barriers_named_{option}"] == 1).sum())
        table["share"] = round(ticked / max(1, len(answered)), _DECIMALS)
    return found


def _realised(roster: Roster, latents: pd.DataFrame) -> dict[str, Any]:
    """Of all invited: how far teams differ in each wave, and where each function stands."""
    waves = roster.code("wave_no")
    teams = roster.code("team_no")
    functions = roster.code("function_no")
    icc: dict[str, Any] = {}
    means: dict[str, Any] = {}
    for construct in model.CONSTRUCTS:
        values = np.asarray(latents[construct], dtype=np.float64)
        icc[construct] = {
            wave: _icc1(values[waves == place], teams[waves == place])
            for place, wave in enumerate(roster.waves)
        }
        grouped = _groups(values, functions)
        means[construct] = {
            name: round(math.fsum(grouped[place]) / len(grouped[place]), _DECIMALS)
            for place, name in enumerate(roster.functions)
        }
    return {"latent_team_icc": icc, "latent_mean_by_function": means}


def _groups(values: Floats, codes: Whole) -> dict[int, list[float]]:
    found: dict[int, list[float]] = {}
    for value, code in zip(values.tolist(), codes.tolist(), strict=True):
        found.setdefault(code, []).append(value)
    return found


def _icc1(values: Floats, codes: Whole) -> float:
    """ICC(1) from the one-way analysis of variance, with exactly rounded sums.

    Groups too few to compare give 0: nothing is shared by teams that are not there.
    """
    groups = list(_groups(values, codes).values())
    n, k = len(values), len(groups)
    if k < 2 or n <= k:
        return 0.0
    grand = math.fsum(values.tolist()) / n
    means = [math.fsum(group) / len(group) for group in groups]
    between = math.fsum(
        len(group) * (mean - grand) ** 2 for group, mean in zip(groups, means, strict=True)
    ) / (k - 1)
    within = math.fsum(
        (value - mean) ** 2 for group, mean in zip(groups, means, strict=True) for value in group
    ) / (n - k)
    size = (n - math.fsum(len(group) ** 2 for group in groups) / n) / (k - 1)
    return round((between - within) / (between + (size - 1) * within), _DECIMALS)
