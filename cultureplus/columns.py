"""The names of table columns, each standing once.

Every table of the house speaks the same words: a wave, a lens (function, location, level, team),
a unit seen through that lens, a scale, a number and how it was made. Computing and drawing meet
only in these names.
"""

from __future__ import annotations

from collections.abc import Collection

WAVE = "wave"
PREVIOUS = "previous"
RESPONDENT = "respondent"
RESPONDED = "responded"
SECONDS = "seconds"
LANGUAGE = "language"
TEXT = "text"
FROM = "from"
TO = "to"

LENS = "lens"
UNIT = "unit"
ALL = "all"  # the lens, and the unit, of everybody together

SCALE = "scale"
ITEM = "item"
ANSWER = "answer"
REVERSED = "reversed"
BARRIER = "barrier"
OUTCOME = "outcome"
PREDICTOR = "predictor"
EFFECT = "effect"
DESIGN = "design"

N = "n"
INVITED = "invited"
N_ITEMS = "n_items"
N_GROUPS = "n_groups"
RESPONSE_RATE = "response_rate"
MEAN = "mean"
SD = "sd"
LOW = "low"
HIGH = "high"
POMP = "pomp"
FAVOURABLE = "favourable"
DIFFERENCE = "difference"
FAVOURABLE_DIFFERENCE = "favourable_difference"
SHARE = "share"
PUBLISHED = "published"
NOTE = "note"
CHANGE = "change"
EFFECT_SIZE = "effect_size"
ALPHA = "alpha"
ALPHA_LOW = "alpha_low"
ALPHA_HIGH = "alpha_high"
ESTIMATE = "estimate"
SE = "se"
DF = "df"
T = "t"
P = "p"
R = "r"
STD = "std"
STD_LOW = "std_low"
STD_HIGH = "std_high"
TERM = "term"
P_ADJUSTED = "p_adjusted"
FAMILY = "family"
DETECTABLE = "detectable"  # the smallest effect that a sample would have shown
ADJUSTED_FOR = "adjusted_for"

LEVEL = "level"  # within or between groups; how far a measurement is the same in all of them
TOTAL = "total"
WITHIN = "within"
WITHIN_LOW = "within_low"
WITHIN_HIGH = "within_high"
BETWEEN = "between"
BETWEEN_LOW = "between_low"
BETWEEN_HIGH = "between_high"
BETWEEN_WEIGHTED = "between_weighted"
MEDIATOR = "mediator"
LMG = "lmg"
JOHNSON = "johnson"
JOHNSON_LOW = "johnson_low"
JOHNSON_HIGH = "johnson_high"
R2 = "r2"
MEAN_LOW = "mean_low"
MEAN_HIGH = "mean_high"
ODDS_RATIO = "odds_ratio"
AME = "ame"  # average marginal effect
AME_LOW = "ame_low"
AME_HIGH = "ame_high"
GROUPING = "grouping"
VARIANCE = "variance"
SHARE_LOW = "share_low"
SHARE_HIGH = "share_high"
METHOD = "method"

SCORE = "score"
REVERSE = "reverse"  # the score of the other direction
GAP = "gap"
GAP_LOW = "gap_low"
GAP_HIGH = "gap_high"
BOTH = "both"
BOTH_LOW = "both_low"
BOTH_HIGH = "both_high"
PRIORITY = "priority"
LOWEST = "lowest"  # the ends of the answer range
HIGHEST = "highest"
WHOLE = "whole"  # the whole organisation beside a unit

FILE = "file"
PLACE = "place"  # inside a file
KIND = "kind"
HINT = "hint"  # what was found, masked

MISSING = "missing"
FLOOR = "floor"
CEILING = "ceiling"
R_REST = "r_rest"
ALPHA_DROPPED = "alpha_dropped"
WARNING = "warning"

OMEGA = "omega"
OMEGA_LOW = "omega_low"
OMEGA_HIGH = "omega_high"
OMEGA_HIERARCHICAL = "omega_hierarchical"
ORDINAL_ALPHA = "ordinal_alpha"
CATEGORICAL_OMEGA = "categorical_omega"

FACTOR = "factor"
OTHER = "other"  # the second of a pair
THRESHOLD = "threshold"  # number of a cut between two neighbouring answers, from 1
STD_SE = "std_se"
CFI = "cfi"
RMSEA = "rmsea"
SRMR = "srmr"
CHANGE_CFI = "change_cfi"
N_FACTORS = "n_factors"
ESTIMATOR = "estimator"
STATUS = "status"
OBSERVED = "observed"
REFERENCE = "reference"
KEEP = "keep"
EXPECTED = "expected"

GROUP = "group"
RWG = "rwg"
BAND = "band"
R_STAR = "r_star"
AD_M = "ad_m"
A_WG = "a_wg"
RELIABILITY = "reliability"
ICC1 = "icc1"
ICC1_LOW = "icc1_low"
ICC1_HIGH = "icc1_high"
ICC2 = "icc2"
N_UNITS = "n_units"
N_HIDDEN = "n_hidden"
SPEAK = "speak"  # whether units may be spoken of

BY = "by"  # what the groups of a comparison are: a lens, the language, the wave
RUNG = LEVEL  # of a ladder: how far a measurement is the same in all groups
HOLDS = "holds"
VERDICT = "verdict"

SHOWN = "shown"
REASON = "reason"

N_ANSWERED = "n_answered"

# networks
PERSON = "person"
TIES = "ties"
POSSIBLE = "possible"
DENSITY = "density"
INTERNAL = "internal"  # ties inside a unit
EXTERNAL = "external"  # ties to other units
NAMING = "naming"  # people with a tie of their own
NULL_MEAN = "null_mean"  # of the permutations, as the interval that follows
NULL_LOW = "null_low"
NULL_HIGH = "null_high"
ASSORTATIVITY = "assortativity"
MODULARITY = "modularity"
BROKERED = "brokered"
TO_SILENT = "to_silent"  # share of ties to people who name nobody
GIVEN = "given"  # ties as they came, of which
SELF = "self"  # name oneself
STRANGERS = "strangers"  # have an end who is not in the survey
NO_UNIT = "no_unit"  # have an end whose unit is not known
TWICE = "twice"  # stand there already
KEPT = "kept"  # are counted
COMMUNITY = "community"
MEASURE = "measure"
LARGEST = "largest"  # share of the largest unit of a community

# audits
ATTACKER = "attacker"
FEWEST = "fewest"  # people whose sum follows: at least and at most
MOST = "most"
MADE_OF = "made_of"  # published cells, added and taken away
EXACT = "exact"  # follows but for rounding
BREACH = "breach"
LOOKED_AT = "looked_at"  # columns, cells and equations of an attacker
CELLS = "cells"
EQUATIONS = "equations"
UNDECIDED = "undecided"
FINDINGS = "findings"
BREACHES = "breaches"


def reading(scale: str, name: str) -> str:
    """The column of a further reading of a scale, beside the column of its mean.

    >>> reading("collaboration_skill.curiosity", POMP)
    'collaboration_skill.curiosity:pomp'
    """
    return f"{scale}:{name}"


def is_reading(column: str) -> bool:
    """Whether a column of a score table is a further reading rather than the score itself.

    >>> is_reading("silo_barriers.silos:favourable"), is_reading("silo_barriers.silos")
    (True, False)
    """
    return ":" in column


def scale_columns(columns: object) -> list[str]:
    """The scales of a score table: the columns that have a count of answers beside them.

    >>> scale_columns(["team", "trust", "trust:n_answered", "trust:pomp"])
    ['trust']
    """
    names = [str(name) for name in columns]  # type: ignore[attr-defined]
    known = set(names)
    return [name for name in names if reading(name, N_ANSWERED) in known]


def title_of(scale: str) -> str:
    """A scale's identifier as words for a table or a chart.

    >>> title_of("collaboration_skill.curiosity"), title_of("psychological_safety")
    ('Collaboration skill: curiosity', 'Psychological safety')
    """
    words = str(scale).replace("_", " ").replace(".", ": ")
    return words[:1].upper() + words[1:]


def is_main(scale: str, scales: Collection[str]) -> bool:
    """Whether a scale is no part of another scale that is there as well.

    >>> is_main("skill.curiosity", ["skill", "skill.curiosity"]), is_main("a.b", ["a.b", "a.c"])
    (False, True)
    """
    parent, dot, _ = str(scale).partition(".")
    return not (dot and parent in scales)
