"""From what people carry with them to what stands in the export.

Not everybody answers, and readiness differs between units. Whoever answers meets statements: the
latent value, the noise of the single statement, thresholds, and for a statement keyed the other
way the mirrored answer. Some skip a question, some stop half-way, and a few do not read at all:
they tick one column from top to bottom, or at random, and are done in no time.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np
import pandas as pd

from cultureplus import columns
from cultureplus.instrument import Instrument, Item
from cultureplus.simulate import model
from cultureplus.simulate.draws import DECIMALS, Draws, Flags, Floats, Whole, standardised
from cultureplus.simulate.latents import Programme
from cultureplus.simulate.roster import Roster

SEEN = "columns_seen"  # how many question columns a respondent came to see
CARELESS = "careless"

# The questionnaire, in the order in which it is asked.
QUESTIONS = (
    "psychological_safety",
    "collective_growth_mindset",
    "collaboration_skill",
    "learning_leadership",
    "connecting_conversations",
    "silo_barriers",
    "barriers_named",
    "seam_rating",
    "collaboration_outcomes",
    "collaboration_energy",
    "programme_exposure",
)
_GERMAN = 0.12, 0.60  # share of German speakers: elsewhere, and in the first location
_LEFT_OPEN = 0.01  # share who leave the page open over lunch


@dataclass(frozen=True)
class Care:
    """How well people fill in: shares of respondents, and for `missing` of answers."""

    response_rate: float
    careless: float
    missing: float
    break_off: float


def slug(unit: str) -> str:
    """A unit's name as part of a column name: lower-case letters, digits and underscores.

    >>> slug("Customer Care")
    'customer_care'
    """
    return re.sub(r"[^a-z0-9]+", "_", unit.lower()).strip("_")


def question_columns(
    instruments: Mapping[str, Instrument], functions: Sequence[str]
) -> dict[str, tuple[str, str]]:
    """Each column of answers with its instrument and its item, option or unit, in asked order."""
    found: dict[str, tuple[str, str]] = {}
    for name, instrument in instruments.items():
        if instrument.kind == "rating":
            found |= {item.id: (name, item.id) for item in instrument.items}
        elif instrument.kind == "select_all":
            found |= {f"{name}_{each.id}": (name, each.id) for each in instrument.options}
        else:
            found |= {f"{name}_{slug(unit)}": (name, unit) for unit in functions}
    return found


def who_responds(seed: int, roster: Roster, rate: float) -> Flags:
    """Per row of the roster whether the person answers (bool)."""
    parts = model.RESPONSE_PARTS
    ready = np.asarray(model.RESPONSE_BY_LEVEL)[roster.code("level_no")]
    for unit, names in (("function", roster.functions), ("team", roster.teams)):
        sizes = roster.first_wave_sizes(f"{unit}_no", len(names))
        pattern = standardised(Draws(seed, f"response {unit}").normal(len(names)), sizes)
        ready = ready + math.sqrt(parts[unit]) * pattern[roster.code(f"{unit}_no")]
    lasting = Draws(seed, "response person").normal(roster.n_persons)[roster.code("person")]
    passing = Draws(seed, "response moment").normal(len(roster.rows))
    rest = 1.0 - math.fsum(parts.values())
    ready = ready + math.sqrt(parts["person"]) * lasting + math.sqrt(rest) * passing
    if rate in (0, 1):
        return np.full(len(ready), rate == 1)
    # The little that managers are readier is taken off again, so that the rate is the one asked.
    level = math.fsum(np.asarray(model.RESPONSE_BY_LEVEL)[roster.code("level_no")].tolist())
    cut = round(NormalDist().inv_cdf(1 - rate), 6) + round(level / len(ready), 6)
    return np.asarray(np.round(ready, DECIMALS) > cut)


def draw_answers(
    seed: int,
    roster: Roster,
    latents: Mapping[str, Floats],
    programme: Programme,
    instruments: Mapping[str, Instrument],
    care: Care,
) -> pd.DataFrame:
    """One row per respondent and wave: answers as numbers, NaN where there is none."""
    keep = np.flatnonzero(who_responds(seed, roster, care.response_rate))
    n = len(keep)
    here = {scale: value[keep] for scale, value in latents.items()}
    asked = question_columns(instruments, roster.functions)
    answers: dict[str, Floats] = {}
    place = 0
    for name, instrument in instruments.items():
        if instrument.kind == "rating":
            for item in instrument.items:
                factor = here[f"{name}.{item.subscale}" if item.subscale else name]
                answers[item.id] = _rate(seed, instrument, item, factor, place)
                place += 1
        elif name == "barriers_named":
            answers |= _named(seed, instrument, here)
        elif name == "programme_exposure":
            answers |= _exposure(seed, instrument, programme.exposed[keep])
        else:
            own = roster.code("function_no")[keep]
            answers |= _seams(seed, name, roster.functions, own, here[model.SILOS])

    careless = Draws(seed, "careless").uniform(n) < care.careless
    _overwrite_careless(seed, answers, asked, instruments, careless)
    _leave_out(seed, answers, asked, instruments, care.missing)
    seen = _break_off(seed, answers, _page_starts(asked, instruments), care.break_off)
    frame = roster.rows.loc[keep, [columns.WAVE, columns.RESPONDENT]].reset_index(drop=True)
    located = roster.code("location_no")[keep]
    speaks = Draws(seed, "language").uniform(roster.n_persons)[roster.code("person")[keep]]
    german = speaks < np.where(located == 0, _GERMAN[1], _GERMAN[0])
    extra = {
        columns.SECONDS: _seconds(seed, seen, careless),
        columns.LANGUAGE: np.where(german, "DE", "EN"),
        SEEN: seen,
        CARELESS: careless,
    }
    # One concat: adding a hundred columns one by one would copy the table a hundred times.
    return pd.concat(
        [frame, pd.DataFrame(extra), pd.DataFrame({name: answers[name] for name in asked})], axis=1
    )


def item_truth(item: Item, place: int) -> tuple[float, float]:
    """Loading and difficulty of the item at a place (counted from 0) of the questionnaire."""
    loading = model.LOADINGS[place % len(model.LOADINGS)]
    if item.reversed:
        loading = round(loading * model.REVERSED_LOADING, 4)
    return loading, model.SHIFTS[(place * 3) % len(model.SHIFTS)]


def thresholds(instrument: Instrument) -> tuple[float, ...]:
    """Where the latent answer passes into the next category; barriers are endorsed less."""
    if instrument.id == "silo_barriers":
        return model.THRESHOLDS_BARRIER
    return model.THRESHOLDS_7 if instrument.high == 7 else model.THRESHOLDS_5


def _cut(latent: Floats, cuts: tuple[float, ...], low: int) -> Floats:
    rounded = np.round(latent, DECIMALS)
    answer = np.full(len(latent), float(low))
    for cut in cuts:
        answer = answer + (rounded > cut)
    return answer


def _rate(seed: int, instrument: Instrument, item: Item, factor: Floats, place: int) -> Floats:
    loading, shift = item_truth(item, place)
    noise = Draws(seed, f"item {item.id}").normal(len(factor))
    latent = loading * factor + math.sqrt(1 - loading**2) * noise + shift
    keyed = _cut(latent, thresholds(instrument), instrument.low)
    return instrument.low + instrument.high - keyed if item.reversed else keyed


def _named(seed: int, instrument: Instrument, latents: Mapping[str, Floats]) -> dict[str, Floats]:
    """Barriers ticked; whoever ticks none of them ticks `none`."""
    three = (model.SILOS, model.VISION, model.CONTROL)
    overall = (latents[three[0]] + latents[three[1]] + latents[three[2]]) / math.sqrt(3)
    found: dict[str, Floats] = {}
    for option, (loading, cut) in model.NAMED.items():
        factor = latents[model.NAMED_FACTOR[option]] if option in model.NAMED_FACTOR else overall
        noise = Draws(seed, f"named {option}").normal(len(factor))
        latent = loading * factor + math.sqrt(1 - loading**2) * noise
        found[option] = (np.round(latent, DECIMALS) > cut).astype(np.float64)
    return _with_none(instrument, found)


def _exposure(seed: int, instrument: Instrument, exposed: Flags) -> dict[str, Floats]:
    found: dict[str, Floats] = {"peer_learning_group": exposed.astype(np.float64)}
    for option, share in model.OTHER_PROGRAMMES.items():
        ticked = Draws(seed, f"exposure {option}").uniform(len(exposed)) < share
        found[option] = ticked.astype(np.float64)
    return _with_none(instrument, found)


def _with_none(instrument: Instrument, ticked: dict[str, Floats]) -> dict[str, Floats]:
    """The options of a select-all question as columns; `none` is ticked where nothing else is."""
    zeros = np.zeros(len(next(iter(ticked.values()))), dtype=np.float64)
    total = zeros
    for column in ticked.values():
        total = total + column
    every = ticked | {"none": (total == 0).astype(np.float64)}
    return {f"{instrument.id}_{each.id}": every.get(each.id, zeros) for each in instrument.options}


def seam_effects(seed: int, functions: Sequence[str]) -> dict[tuple[str, str], float]:
    """How each function sees its work with each other one, in latent standard deviations."""
    draws = Draws(seed, "seam pairs")
    found: dict[tuple[str, str], float] = {}
    for place, one in enumerate(functions):
        for other in functions[place + 1 :]:
            both = round(model.SEAM_SPREAD * float(draws.normal(1)[0]), 4)
            found[one, other] = model.BAD_SEAMS.get((one, other), both)
            found[other, one] = model.BAD_SEAMS.get((other, one), both)
    return found


def _seams(
    seed: int, name: str, functions: Sequence[str], own: Whole, silos: Floats
) -> dict[str, Floats]:
    """Each person rates three to five other functions."""
    n, k = len(own), len(functions)
    effects = np.zeros((k, k))
    for (one, other), effect in seam_effects(seed, functions).items():
        effects[functions.index(one), functions.index(other)] = effect
    lots = Draws(seed, "seam choice").uniform(n, k)
    lots[np.arange(n), own] = 2.0  # nobody rates the own function: its lot comes last
    rank = np.argsort(np.argsort(lots, axis=1, kind="stable"), axis=1, kind="stable")
    wanted = np.minimum(Draws(seed, "seam number").whole(3, 5, n), k - 1)
    found: dict[str, Floats] = {}
    for place, unit in enumerate(functions):
        noise = Draws(seed, f"seam {unit}").normal(n)
        spread = math.sqrt(1 - model.SEAM_SILOS**2)
        latent = effects[own, place] + model.SEAM_SILOS * silos + spread * noise
        score = _cut(latent, model.THRESHOLDS_7, 1)
        found[f"{name}_{slug(unit)}"] = np.where(rank[:, place] < wanted, score, np.nan)
    return found


def _overwrite_careless(
    seed: int,
    answers: dict[str, Floats],
    asked: Mapping[str, tuple[str, str]],
    instruments: Mapping[str, Instrument],
    careless: Flags,
) -> None:
    """Half of the careless tick one column from top to bottom, half tick at random."""
    n = len(careless)
    draws = Draws(seed, "how careless")
    straight = draws.uniform(n) < 0.5
    column = draws.uniform(n)  # which place of the scale, as a share of its length
    for name, (instrument_id, _) in asked.items():
        instrument = instruments[instrument_id]
        if instrument.kind == "select_all":
            continue
        steps = instrument.high - instrument.low + 1
        random = np.floor(draws.uniform(n) * steps)
        # The same place of the scale on every page, seldom at its very ends.
        fixed = np.floor((0.25 + 0.6 * column) * steps)
        ticked = instrument.low + np.where(straight, fixed, random)
        there = careless & ~np.isnan(answers[name])
        answers[name] = np.where(there, ticked, answers[name])


def _leave_out(
    seed: int,
    answers: dict[str, Floats],
    asked: Mapping[str, tuple[str, str]],
    instruments: Mapping[str, Instrument],
    share: float,
) -> None:
    """Single ratings are skipped; a select-all question is skipped as a whole."""
    draws = Draws(seed, "missing")
    n = len(next(iter(answers.values())))
    skipped: dict[str, Flags] = {}
    for name, (instrument_id, _) in asked.items():
        out = draws.uniform(n) < share
        if instruments[instrument_id].kind == "select_all":
            out = skipped.setdefault(instrument_id, out)
        answers[name] = np.where(out, np.nan, answers[name])


def _page_starts(
    asked: Mapping[str, tuple[str, str]], instruments: Mapping[str, Instrument]
) -> Whole:
    """Where one can stop, per column: a select-all question is seen whole or not at all."""
    first: dict[str, int] = {}
    starts = []
    for place, (instrument_id, _) in enumerate(asked.values()):
        begun = first.setdefault(instrument_id, place)
        starts.append(begun if instruments[instrument_id].kind == "select_all" else place)
    return np.asarray(starts, dtype=np.int64)


def _break_off(seed: int, answers: dict[str, Floats], starts: Whole, share: float) -> Whole:
    """Some stop between a third of the way and nine tenths; gives back how far each came."""
    n = len(next(iter(answers.values())))
    draws = Draws(seed, "break off")
    stops = draws.uniform(n) < share
    reached = np.floor((0.33 + 0.57 * draws.uniform(n)) * len(starts)).astype(np.int64)
    seen = np.where(stops, starts[reached], len(starts))
    for place, name in enumerate(answers):
        answers[name] = np.where(seen <= place, np.nan, answers[name])
    return seen


def _seconds(seed: int, seen: Whole, careless: Flags) -> Whole:
    """Four to ten seconds a question; who does not read needs about one."""
    n = len(seen)
    draws = Draws(seed, "seconds")
    pace = draws.uniform(n)
    each = np.where(careless, 0.5 + 0.9 * pace, 3.8 + 6.0 * pace * pace)
    lunch = (draws.uniform(n) < _LEFT_OPEN) & ~careless
    pause = np.where(lunch, 1200 + 3000 * draws.uniform(n), 0.0)
    return np.asarray(np.floor(each * seen + pause), dtype=np.int64)
