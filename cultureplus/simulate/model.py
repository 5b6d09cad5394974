"""What is true in the made-up organisation, in numbers.

Each construct is a latent value of variance 1 per person and wave (before the small differences
between levels), made of what a function shares, what a location shares, what a team shares, what
stays with a person and what belongs to the day. The constructs hang together by paths, and a path
may have another slope between teams than between the people within a team: leaders who learn go
with less control held back much more from team to team than from colleague to colleague.

The numbers of this file are the truth that the analyses must find again; `truth.toml` of a written
simulation repeats them.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

LEADERSHIP = "learning_leadership"
MINDSET = "collective_growth_mindset"
SAFETY = "psychological_safety"
SKILL = "collaboration_skill"
CONVERSATIONS = "connecting_conversations"
SILOS = "silo_barriers.silos"
VISION = "silo_barriers.missing_vision"
CONTROL = "silo_barriers.control_holding"
OUTCOMES = "collaboration_outcomes"
ENERGY = "collaboration_energy"
TRUST = "collaboration_outcomes.trust"

# In causal order: a path leads from an earlier one to a later one.
CONSTRUCTS = (
    LEADERSHIP, MINDSET, SAFETY, SKILL, CONVERSATIONS, SILOS, VISION, CONTROL, OUTCOMES, ENERGY,
)  # fmt: skip


@dataclass(frozen=True)
class Path:
    """A slope from one construct to another, among the people of a team and between teams."""

    cause: str
    effect: str
    within: float
    between: float


PATHS = (
    Path(LEADERSHIP, MINDSET, 0.25, 0.25),
    Path(LEADERSHIP, SAFETY, 0.45, 0.45),
    Path(SAFETY, SKILL, 0.50, 0.50),
    Path(MINDSET, SKILL, 0.15, 0.15),
    Path(SAFETY, CONVERSATIONS, 0.35, 0.35),
    Path(SKILL, CONVERSATIONS, 0.20, 0.20),
    Path(SKILL, SILOS, -0.50, -0.50),
    Path(MINDSET, VISION, -0.40, -0.40),
    Path(LEADERSHIP, VISION, -0.15, -0.15),
    Path(LEADERSHIP, CONTROL, -0.25, -0.70),  # the contextual effect: -0.45
    Path(SKILL, OUTCOMES, 0.35, 0.35),
    Path(CONVERSATIONS, OUTCOMES, 0.20, 0.20),
    Path(MINDSET, ENERGY, 0.30, 0.00),
)

SHARED = ("function", "location", "team")

# The variance that each kind of unit adds to a construct beyond what the paths bring along. The
# wall of the barrier `silos` is the function. Energy belongs to persons: no team has its own.
OWN = {
    LEADERSHIP: (0.020, 0.005, 0.200),
    MINDSET: (0.010, 0.003, 0.055),
    SAFETY: (0.015, 0.005, 0.140),
    SKILL: (0.010, 0.005, 0.045),
    CONVERSATIONS: (0.015, 0.005, 0.085),
    SILOS: (0.110, 0.006, 0.004),
    VISION: (0.020, 0.005, 0.100),
    CONTROL: (0.012, 0.005, 0.020),
    OUTCOMES: (0.010, 0.005, 0.125),
    ENERGY: (0.000, 0.000, 0.003),
}

# What a survey should find as ICC(1) of the scale by team, about, once items are answered in
# categories and some people answer carelessly.
TEAM_ICC = {
    SAFETY: 0.15,
    SKILL: 0.08,
    MINDSET: 0.06,
    LEADERSHIP: 0.18,
    CONVERSATIONS: 0.10,
    SILOS: 0.10,
    VISION: 0.10,
    CONTROL: 0.10,
    OUTCOMES: 0.08,
    ENERGY: 0.00,
}

LEVELS = ("Associate", "Specialist", "Team lead", "Head")
# The higher up, the rosier the view.
LEVEL_EFFECTS = {
    LEADERSHIP: (0.0, 0.0, 0.10, 0.25),
    MINDSET: (0.0, 0.0, 0.10, 0.20),
    SAFETY: (0.0, 0.05, 0.25, 0.40),
    SKILL: (0.0, 0.0, 0.10, 0.15),
    CONVERSATIONS: (0.0, 0.0, 0.15, 0.25),
    SILOS: (0.0, 0.05, 0.0, -0.10),
    VISION: (0.0, 0.0, -0.20, -0.40),
    CONTROL: (0.0, 0.0, -0.30, -0.60),
    OUTCOMES: (0.0, 0.0, 0.10, 0.20),
    ENERGY: (0.0, 0.0, 0.05, 0.10),
}

STABLE = 0.7  # share of what is a person's own that stays from wave to wave
# Who grumbles about one barrier grumbles about the others: the share of a person's own view of a
# barrier that all three have in common.
GRUMBLE = 0.30
BARRIERS = (SILOS, VISION, CONTROL)
SUBSCALE = 0.8  # loading of a subscale on its construct; the rest is its own

# The programme: peer-learning groups. Who takes part ticks it from the second wave on; the effect
# is there from their second wave in the programme on, in latent standard deviations.
PROGRAMME = {TRUST: 0.50, SILOS: -0.45}
PROGRAMME_STARTS, PROGRAMME_WORKS = 1, 2  # wave numbers, counted from 0
# The one change that happens to everybody, in the fourth wave.
DRIFT_CONSTRUCT, DRIFT_WAVE, DRIFT = CONVERSATIONS, 3, 0.15

# Loadings and difficulties go round these lists, item by item.
LOADINGS = (0.78, 0.70, 0.74, 0.68, 0.72, 0.65, 0.76)
REVERSED_LOADING = 0.90  # a reversed item measures a little less well
SHIFTS = (0.10, -0.15, 0.0, 0.15, -0.10, 0.05, -0.05)

# Where the latent answer passes from one category to the next.
THRESHOLDS_7 = (-2.05, -1.48, -0.99, -0.41, 0.31, 1.13)
THRESHOLDS_5 = (-1.64, -0.99, -0.20, 0.77)
THRESHOLDS_BARRIER = (-1.13, -0.23, 0.55, 1.41)

# Naming a barrier: ticked where loading x factor + rest passes the cut.
NAMED = {
    "silos": (0.60, -0.25),
    "missing_vision": (0.55, 0.31),
    "control_holding": (0.55, 0.52),
    "time": (0.20, 0.20),
    "incentives": (0.25, 0.45),
    "tools": (0.20, 0.50),
}
NAMED_FACTOR = {"silos": SILOS, "missing_vision": VISION, "control_holding": CONTROL}

# Share who tick the other programmes, whose effect is none.
OTHER_PROGRAMMES = {
    "mentorship_circle": 0.12,
    "cross_department_project": 0.18,
    "community_of_practice": 0.10,
}

# Seams known to be bad, in latent standard deviations; a pair that stands here in one direction
# only is seen as bad from that side alone.
BAD_SEAMS = {
    ("Product", "Operations"): -1.0,
    ("Operations", "Product"): -1.0,
    ("Sales", "Finance"): -0.9,
    ("Technology", "Customer Care"): -0.8,
}
SEAM_SPREAD = 0.25  # standard deviation of all other pairs, the same both ways
SEAM_SILOS = -0.40  # what the rater's own silo barrier adds

# Answering at all: how the readiness to respond is made up (variance 1 in all), and by level.
RESPONSE_PARTS = {"function": 0.06, "team": 0.08, "person": 0.40}
RESPONSE_BY_LEVEL = (0.0, 0.0, 0.25, 0.35)

# Whom people name as someone they work with: shares of nominations by kind of colleague.
TIE_KINDS = {"same team": 0.40, "same function": 0.25, "same location": 0.15, "anyone": 0.20}

# A sentence of a comment speaks of "we" with this chance; of the rest, so many speak of "I".
WE = {"base": 0.30, "psychological_safety": 0.10, "level": 0.10}
I_OF_THE_REST = 0.60

Table = dict[str, dict[str, float]]


def covariances(own: Mapping[str, float], *, within: bool) -> Table:
    """Covariances of all constructs that follow from own variances and the paths.

    >>> own = dict.fromkeys(CONSTRUCTS, 0.0) | {LEADERSHIP: 0.2}
    >>> round(covariances(own, within=False)[CONTROL][CONTROL], 3)  # 0.7 x 0.7 x 0.2
    0.098
    """
    found: Table = {}
    for construct in CONSTRUCTS:
        slopes = slopes_into(construct, within=within)
        row = {
            other: math.fsum(slope * found[cause][other] for cause, slope in slopes.items())
            for other in found
        }
        explained = math.fsum(slope * row[cause] for cause, slope in slopes.items())
        found[construct] = row | {construct: own[construct] + explained}
        for other, value in row.items():
            found[other][construct] = value
    return found


def slopes_into(construct: str, *, within: bool) -> dict[str, float]:
    """The causes of a construct with their slopes, within or between teams."""
    return {
        path.cause: path.within if within else path.between
        for path in PATHS
        if path.effect == construct
    }


def shares() -> Table:
    """Per construct, the variance that each kind of unit shares, and what is the person's.

    The four add up to 1.

    >>> parts = shares()[SILOS]
    >>> parts["function"] > 3 * parts["team"], round(sum(parts.values()), 9)
    (True, 1.0)
    """
    found: Table = {construct: {} for construct in CONSTRUCTS}
    for place, unit in enumerate(SHARED):
        table = covariances({each: OWN[each][place] for each in CONSTRUCTS}, within=False)
        for construct in CONSTRUCTS:
            found[construct][unit] = table[construct][construct]
    for parts in found.values():
        parts["person"] = 1.0 - math.fsum(parts.values())
    return found


def own_within() -> dict[str, float]:
    """The variance that is a person's own, so that with the paths each construct has variance 1."""
    parts = shares()
    own = dict.fromkeys(CONSTRUCTS, 0.0)
    for construct in CONSTRUCTS:  # in causal order: causes are complete when they are needed
        explained = covariances(own, within=True)[construct][construct]
        own[construct] = parts[construct]["person"] - explained
    return own
