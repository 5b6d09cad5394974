"""What people carry with them into the survey.

Each person has, per wave, a value on each construct: what the function, the location and the team
share, what is the person's own (most of it lasting, some of it the mood of the day), and what
follows from the other constructs by the paths of the model. On top lie the differences between
levels, the one change that happens to all, and what the programme does to those who take part.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from cultureplus.simulate import model
from cultureplus.simulate.draws import DECIMALS, Draws, Flags, Floats, standardised
from cultureplus.simulate.roster import Roster


@dataclass(frozen=True)
class Programme:
    """Who takes part in the peer-learning groups, by person number, and per row since when."""

    persons: tuple[int, ...]
    exposed: Flags  # per row: takes part in this wave
    effective: Flags  # per row: the effect is there


def draw_programme(seed: int, roster: Roster, participants: int) -> Programme:
    """Mostly team leads, plus specialists, of those who are there when the programme starts."""
    waves = roster.code("wave_no")
    exposed = np.zeros(len(waves), dtype=bool)
    if len(roster.waves) <= model.PROGRAMME_STARTS or participants == 0:
        return Programme((), exposed, exposed.copy())
    draws = Draws(seed, "programme")
    here = waves == model.PROGRAMME_STARTS
    persons, levels = roster.code("person")[here], roster.code("level_no")[here]
    leads = persons[levels == 2].tolist()
    others = persons[levels == 1].tolist()
    n_leads = min(round(0.65 * participants), len(leads))
    chosen = [leads[place] for place in draws.order(len(leads))[:n_leads]]
    rest = draws.order(len(others))[: participants - n_leads]
    chosen += [others[place] for place in rest]
    takes_part = np.isin(roster.code("person"), chosen)
    exposed = takes_part & (waves >= model.PROGRAMME_STARTS)
    effective = takes_part & (waves >= model.PROGRAMME_WORKS)
    return Programme(tuple(sorted(chosen)), exposed, effective)


def draw_latents(
    seed: int, roster: Roster, programme: Programme, subscales: dict[str, list[str]]
) -> dict[str, Floats]:
    """Per construct and subscale the latent value of each row of the roster.

    `subscales`: the subscale ids (`instrument.subscale`) of each construct that has some.
    """
    between, within = _between(seed, roster), _within(seed, roster)
    levels = roster.code("level_no")
    waves = roster.code("wave_no")
    found: dict[str, Floats] = {}
    for construct in model.CONSTRUCTS:
        value = between[construct] + within[construct]
        value = value + np.asarray(model.LEVEL_EFFECTS[construct])[levels]
        if construct == model.DRIFT_CONSTRUCT:
            value = value + np.where(waves >= model.DRIFT_WAVE, model.DRIFT, 0.0)
        found[construct] = value
        for subscale in subscales.get(construct, []):
            own = _personal(seed, f"subscale {subscale}", roster)
            found[subscale] = model.SUBSCALE * value + math.sqrt(1 - model.SUBSCALE**2) * own
    for scale, effect in model.PROGRAMME.items():
        if scale in found:
            found[scale] = found[scale] + np.where(programme.effective, effect, 0.0)
    return {scale: np.round(value, DECIMALS) for scale, value in found.items()}


def _between(seed: int, roster: Roster) -> dict[str, Floats]:
    """What the units share: drawn per unit, standardised over people, passed along the paths."""
    names = {"function": roster.functions, "location": roster.locations, "team": roster.teams}
    walls: dict[str, Floats] = {}
    own: dict[str, Floats] = {}
    # The wall of the silos is drawn first and kept apart from every other difference between
    # functions: else, with eight functions, chance would mix it into the slopes between teams.
    order = (model.SILOS, *(each for each in model.CONSTRUCTS if each != model.SILOS))
    for construct in order:
        total = np.zeros(len(roster.rows), dtype=np.float64)
        for place, unit in enumerate(model.SHARED):
            n = len(names[unit])
            pattern = standardised(
                Draws(seed, f"{unit} {construct}").normal(n),
                roster.first_wave_sizes(f"{unit}_no", n),
                against=walls.get(unit),
            )
            if construct == model.SILOS and unit == "function":
                walls[unit] = pattern
            spread = math.sqrt(model.OWN[construct][place])
            total = total + spread * pattern[roster.code(f"{unit}_no")]
        own[construct] = total
    return _along_paths(own, within=False)


def _within(seed: int, roster: Roster) -> dict[str, Floats]:
    """What is a person's own, passed along the paths."""
    own = {
        construct: math.sqrt(variance) * _personal(seed, construct, roster)
        for construct, variance in model.own_within().items()
    }
    common = _personal(seed, "grumble", roster)
    for barrier in model.BARRIERS:
        spread = math.sqrt(model.own_within()[barrier])
        own[barrier] = math.sqrt(1 - model.GRUMBLE) * own[barrier] + (
            math.sqrt(model.GRUMBLE) * spread * common
        )
    return _along_paths(own, within=True)


def _personal(seed: int, topic: str, roster: Roster) -> Floats:
    """A value of variance 1 per row, of which the stable share stays with the person."""
    lasting = Draws(seed, f"person {topic}").normal(roster.n_persons)[roster.code("person")]
    passing = Draws(seed, f"moment {topic}").normal(len(roster.rows))
    return math.sqrt(model.STABLE) * lasting + math.sqrt(1 - model.STABLE) * passing


def _along_paths(own: dict[str, Floats], *, within: bool) -> dict[str, Floats]:
    found: dict[str, Floats] = {}
    for construct in model.CONSTRUCTS:
        value = own[construct]
        for cause, slope in model.slopes_into(construct, within=within).items():
            value = value + slope * found[cause]
        found[construct] = value
    return found
