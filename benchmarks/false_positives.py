"""False positives: how often is something called in surveys in which nothing goes with anything?

People in teams of unequal size answer items in categories. Scores go together with each other,
barriers have their own differences between teams and between people, and no score has anything to
do with any barrier. Answers are drawn here and scored by the library's `score`; every test comes
from the library's public calls as well. Every survey has its own seed, so a single one can be made
again: `null_surveys([17], SAMPLE)`. Run with OPENBLAS_NUM_THREADS=1.

    python benchmarks/false_positives.py 2000 2  # surveys, and processes that share them
"""

from __future__ import annotations

import gc
import math
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import stats

from cultureplus.instrument import Instrument, load_instruments
from cultureplus.network import ei_index
from cultureplus.relate import (
    CONFIRMATORY,
    EFFECTS,
    EXPLORATORY,
    OUTCOMES,
    PREDICTORS,
    barrier_odds,
    mediation,
    silo_links,
)
from cultureplus.same_source import same_source_check
from cultureplus.scoring import score
from cultureplus.simulate.responses import item_truth, thresholds
from cultureplus.survey import Survey

Array = NDArray[np.float64]

ROOT = Path(__file__).resolve().parent.parent
SEED, SURVEYS = 20264, 2_000
LEVEL = 0.05
TOGETHER = 0.5  # correlation of two scores, between teams and within them
GRUMBLE = 0.3  # correlation of two barriers within teams; between teams they have none
# Latent shares of variance between teams: scores about as in the sample, and a barrier with none,
# so that singular fits are among them.
SCORES_SHARED = (0.20, 0.07, 0.10)
BARRIERS_SHARED = (0.12, 0.12, 0.0)
NAMING = 0.6  # loading of naming a barrier on the barrier
CUTS = (-0.25, 0.31, 0.52)
NAMED = 4  # colleagues whom everybody names in the network
PERMUTATIONS = 499
BATCH = 25  # surveys that are scored together
ASKED = (*PREDICTORS, "silo_barriers")


@dataclass(frozen=True)
class Design:
    """Teams of `least` people and up to `more` above it, small ones more often than large ones.

    Of the variance of each score and of each barrier the two shares in `by_function` are between
    functions, which a model of people in teams does not know.
    """

    name: str
    about: str
    teams: int
    least: int
    more: float
    functions: int
    barriers_shared: tuple[float, float, float] = BARRIERS_SHARED
    by_function: tuple[float, float] = (0.0, 0.0)

    def team_of(self, random: np.random.Generator) -> NDArray[np.int64]:
        """The team of each person."""
        sizes = self.least + (self.more * random.random(self.teams) ** 2).astype("int64")
        return np.repeat(np.arange(self.teams), sizes)


SAMPLE = Design("109 teams", "about 830 people in teams of 2 to 20", 109, 2, 18.5, 8)
SMALL = Design("24 teams", "about 120 people in teams of 2 to 12", 24, 2, 10.5, 4)
FUNCTIONS = replace(
    SAMPLE,
    name="109 teams, 8 functions",
    about="the first, and 2 % of each score and 11 % of each barrier are shared by functions",
    by_function=(0.02, 0.11),
)


# ---------------------------------------------------------------------------------- what is drawn
def latents(
    random: np.random.Generator,
    team: NDArray[np.int64],
    shared: Sequence[float],
    between: float,
    within: float,
) -> Array:
    """Values of variance 1, columns alike to these degrees between teams and within teams."""
    size = len(shared)
    share = np.asarray(shared)
    of_teams = _alike(random, int(team.max()) + 1, size, between)[team]
    of_people = _alike(random, len(team), size, within)
    return np.asarray(np.sqrt(share) * of_teams + np.sqrt(1 - share) * of_people)


def _alike(random: np.random.Generator, rows: int, size: int, correlation: float) -> Array:
    root = np.linalg.cholesky(np.full((size, size), correlation) + (1 - correlation) * np.eye(size))
    return np.asarray(random.normal(size=(rows, size)) @ root.T)


@cache
def _questions() -> dict[str, Instrument]:
    known = load_instruments()
    return {name: known[name] for name in ASKED}


def answers_to(random: np.random.Generator, factors: Mapping[str, Array]) -> dict[str, Array]:
    """Items of the bundled instruments, answered in their categories and before keying."""
    found, place = {}, 0
    for name, instrument in _questions().items():
        cuts = thresholds(instrument)
        for item in instrument.items:
            factor = factors[f"{name}.{item.subscale}" if name == "silo_barriers" else name]
            loading, shift = item_truth(item, place)
            own = math.sqrt(1 - loading**2) * random.normal(size=len(factor))
            keyed = instrument.low + np.searchsorted(cuts, loading * factor + own + shift)
            turned = instrument.low + instrument.high - keyed
            found[item.id] = (turned if item.reversed else keyed).astype("float64")
            place += 1
    return found


def null_surveys(
    numbers: Sequence[int], design: Design, *, together: float = TOGETHER, seed: int = SEED
) -> list[tuple[pd.DataFrame, pd.DataFrame]]:
    """Per survey its scores, as `score` gives them, and which barriers each person names."""
    keys, units, answers, named = [], [], [], []
    for number in numbers:
        random = np.random.default_rng([seed, design.teams, number])
        team = design.team_of(random)
        values = latents(random, team, SCORES_SHARED, together, together)
        barriers = latents(random, team, design.barriers_shared, 0.0, GRUMBLE)
        function = np.arange(design.teams) * design.functions // design.teams
        for mine, share in zip((values, barriers), design.by_function, strict=True):
            if share:
                theirs = random.normal(size=(design.functions, 3))[function][team]
                mine *= math.sqrt(1 - share)
                mine += math.sqrt(share) * theirs
        own = random.normal(size=barriers.shape)
        ticked = NAMING * barriers + math.sqrt(1 - NAMING**2) * own > CUTS
        factors = dict(zip(PREDICTORS, values.T, strict=True))
        factors |= dict(zip(OUTCOMES, barriers.T, strict=True))
        answers.append(pd.DataFrame(answers_to(random, factors)))
        units += [(f"team {place:03d}", f"function {function[place]}") for place in team]
        named.append(ticked.astype("float64"))
        keys.append(pd.MultiIndex.from_product([[f"survey {number}"], range(len(team))]))
    index = keys[0].append(keys[1:]).set_names(["wave", "respondent"])
    scores = _scored(pd.concat(answers).set_axis(index), units)
    found, start = [], 0
    for ticked, key in zip(named, keys, strict=True):
        mine = scores.iloc[start : start + len(ticked)]
        mine = mine.set_axis(key.set_names(index.names))
        found.append((mine, pd.DataFrame(ticked, columns=list(OUTCOMES), index=mine.index)))
        start += len(ticked)
    return found


def _scored(answers: pd.DataFrame, units: Sequence[tuple[str, str]]) -> pd.DataFrame:
    """The scores of several surveys at once, each a wave; without parts of scores and readings."""
    people = pd.DataFrame(units, columns=["team", "function"], index=answers.index)
    people = people.assign(responded=True)
    survey = Survey(
        title="Nothing goes with anything",
        waves=tuple(dict.fromkeys(answers.index.get_level_values("wave"))),
        lenses=("team", "function"),
        adjust=(),
        instruments=_questions(),
        answers=answers,
        people=people.astype({"team": "str", "function": "str", "responded": "boolean"}),
        ties=pd.DataFrame(columns=["wave", "from", "to"]),
        comments=pd.DataFrame(columns=["wave", "respondent", "text"]),
        import_log=pd.DataFrame(),
        matrix_lens={},
    )
    scales = [name for each in (*PREDICTORS, *OUTCOMES) for name in (each, f"{each}:n_answered")]
    return score(survey)[["team", "function", "responded", *scales]]


# -------------------------------------------------------------------------------- what is counted
@dataclass
class Tally:
    """Per kind of test, of each survey how many tests could be made and how many called."""

    found: dict[str, list[tuple[int, int]]] = field(default_factory=dict)
    missing: dict[str, int] = field(default_factory=dict)

    def add(self, kind: str, called: object, made: object | None = None) -> None:
        """One survey's tests of a kind; `made` says which were estimable (all where not said)."""
        flags = np.atleast_1d(np.asarray(called, dtype="bool"))
        there = np.ones_like(flags) if made is None else np.atleast_1d(made).astype("bool")
        self.found.setdefault(kind, []).append((int(there.sum()), int((flags & there).sum())))
        self.missing[kind] = self.missing.get(kind, 0) + int((~there).sum())

    def p(self, kind: str, values: object) -> None:
        """Tests that call where p is below the level."""
        known = np.atleast_1d(np.asarray(values, dtype="float64"))
        self.add(kind, known < LEVEL, ~np.isnan(known))

    def interval(self, kind: str, low: object, high: object) -> None:
        """Tests that call where the interval does not hold 0."""
        ends = np.array([np.atleast_1d(low), np.atleast_1d(high)], dtype="float64")
        self.add(kind, (ends[0] > 0) | (ends[1] < 0), ~np.isnan(ends).any(axis=0))

    def extend(self, other: Tally) -> None:
        for kind, rows in other.found.items():
            self.found.setdefault(kind, []).extend(rows)
            self.missing[kind] = self.missing.get(kind, 0) + other.missing[kind]

    def rate(self, kind: str) -> tuple[int, float, float]:
        """Tests, share of them that called, and its standard error, clustered by survey."""
        tests, called = np.array(self.found[kind], dtype="float64").T
        total = tests.sum()
        if not total:
            return 0, math.nan, math.nan
        share = called.sum() / total
        error = math.sqrt(((called - share * tests) ** 2).sum()) / total
        return int(total), float(share), error


def as_if_independent(scores: pd.DataFrame, outcome: str) -> tuple[Array, Array]:
    """p of the same effects, within and between, from a regression that forgets the teams."""
    x = scores[list(PREDICTORS)]
    means = x.groupby(scores["team"]).transform("mean")
    design = np.column_stack([np.ones(len(x)), x - means, means])
    y = scores[outcome].to_numpy()
    inverse = np.linalg.inv(design.T @ design)
    slopes = inverse @ design.T @ y
    free = len(y) - design.shape[1]
    variance = ((y - design @ slopes) ** 2).sum() / free
    p = 2 * stats.t.sf(np.abs(slopes) / np.sqrt(variance * np.diag(inverse)), free)
    return p[1:4], p[4:7]


# ------------------------------------------------------------------------------------ the studies
LINKS, UNKNOWN = "silo_links: {}", "silo_links, functions not known: {}"
INDEPENDENT = "people taken as independent: {}"
WITH_VARIANCE, WITHOUT = "silo_links: between, fit ok", "silo_links: between, fit singular"
HOLM = "silo_links: any Holm-adjusted p of 18"
BH = "silo_links: any Benjamini-Hochberg p of 9"


def study_links(numbers: Sequence[int], design: Design, *, seed: int = SEED) -> Tally:
    """The three effects of three scores on three barriers, and their families."""
    tally = Tally()
    for scores, _ in null_surveys(numbers, design, seed=seed):
        found = silo_links(scores)
        for effect in EFFECTS:
            tally.p(LINKS.format(effect), found.loc[found["effect"] == effect, "p"])
        tally.interval("silo_links: interval without 0", found["low"], found["high"])
        between = found[found["effect"] == "between"]
        singular = (between["reason"] != "").to_numpy() & between["p"].notna().to_numpy()
        for kind, mine in ((WITH_VARIANCE, ~singular), (WITHOUT, singular)):
            tally.add(kind, (between["p"] < LEVEL).to_numpy()[mine])
        for kind, family in ((HOLM, CONFIRMATORY), (BH, EXPLORATORY)):
            adjusted = found.loc[found["family"] == family, "p_adjusted"]
            tally.add(kind, (adjusted < LEVEL).any(), adjusted.notna().any())
        declared = found.loc[found["family"] == CONFIRMATORY, "p"]
        tally.add("silo_links: any p of 18, not adjusted", (declared < LEVEL).any())
        for effect, p in zip(
            EFFECTS,
            zip(*(as_if_independent(scores, name) for name in OUTCOMES), strict=True),
            strict=False,
        ):
            tally.p(INDEPENDENT.format(effect), np.concatenate(p))
    return tally


def study_functions(numbers: Sequence[int], design: Design, *, seed: int = SEED + 5) -> Tally:
    """The same where functions differ, as the model is and as if nobody knew of functions."""
    tally = Tally()
    for scores, _ in null_surveys(numbers, design, seed=seed):
        for kind, known in ((LINKS, scores), (UNKNOWN, scores.drop(columns="function"))):
            found = silo_links(known)
            for effect in EFFECTS:
                tally.p(kind.format(effect), found.loc[found["effect"] == effect, "p"])
    return tally


def study_mediation(
    numbers: Sequence[int], design: Design, *, together: float, seed: int = SEED + 1
) -> Tally:
    """The indirect effect of safety through skill on silos: there is no path to silos."""
    tally = Tally()
    kind = "mediation: indirect {}, " + ("a true, b = 0" if together else "a = b = 0")
    for scores, _ in null_surveys(numbers, design, together=together, seed=seed):
        x, m, y = (scores[name] for name in (PREDICTORS[0], PREDICTORS[2], OUTCOMES[0]))
        found = mediation(x, m, y, scores["team"]).set_index(["level", "effect"])
        for level in ("within", "between"):
            row = found.loc[(level, "indirect")]
            tally.interval(kind.format(level), row["low"], row["high"])
            if together:
                tally.p(f"mediation: b {level}", found.loc[(level, "b"), "p"])
    return tally


def study_odds(numbers: Sequence[int], design: Design, *, seed: int = SEED + 2) -> Tally:
    """Three named barriers on three scores."""
    tally = Tally()
    for scores, named in null_surveys(numbers, design, seed=seed):
        found = barrier_odds(scores, named, list(PREDICTORS), "team")
        tally.p("barrier_odds: p", found["p"])
        tally.interval("barrier_odds: marginal effect", found["ame_low"], found["ame_high"])
    return tally


def study_halves(numbers: Sequence[int], design: Design, *, seed: int = SEED + 3) -> Tally:
    """Whether the same people say both: nobody's score goes with anybody's barrier."""
    tally = Tally()
    for scores, _ in null_surveys(numbers, design, seed=seed):
        found = same_source_check(scores, outcome=OUTCOMES[0])
        tally.interval("same_source_check: difference", found["low"], found["high"])
    return tally


def study_ties(numbers: Sequence[int], design: Design, *, seed: int = SEED + 4) -> Tally:
    """E-I of people who name anybody at random, in functions of unequal size."""
    tally = Tally()
    for number in numbers:
        random = np.random.default_rng([seed, design.teams, number])
        n = len(design.team_of(random))
        share = 1 + 2 * random.random(design.functions)
        unit = pd.Series(random.choice(design.functions, n, p=share / share.sum())).astype("str")
        start = np.repeat(np.arange(n), NAMED)
        end = (start + random.integers(1, n, len(start))) % n
        ties = pd.DataFrame({"from": start, "to": end}).drop_duplicates()
        found = ei_index(ties, unit, permutations=PERMUTATIONS, seed=number).units
        tally.p("ei_index: all", found["p"].iloc[:1])
        tally.p("ei_index: per unit", found["p"].iloc[1:])
    return tally


# ----------------------------------------------------------------------------------- what is told
Work = Callable[[Sequence[int], Design], Tally]


def study_unrelated(numbers: Sequence[int], design: Design) -> Tally:
    return study_mediation(numbers, design, together=0.0)


def study_half_true(numbers: Sequence[int], design: Design) -> Tally:
    return study_mediation(numbers, design, together=TOGETHER)


# How many surveys of 2,000: what takes long is done for a part of them.
STUDIES: tuple[tuple[Work, Design, float], ...] = (
    (study_links, SAMPLE, 1.0), (study_links, SMALL, 0.3), (study_functions, FUNCTIONS, 0.1),
    (study_half_true, SAMPLE, 0.5), (study_half_true, SMALL, 0.25),
    (study_unrelated, SAMPLE, 0.1), (study_unrelated, SMALL, 0.1),
    (study_odds, SAMPLE, 0.2), (study_odds, SMALL, 0.2),
    (study_ties, SAMPLE, 0.5), (study_ties, SMALL, 0.5),
    (study_halves, SAMPLE, 0.1), (study_halves, SMALL, 0.1),
)  # fmt: skip


def expected_range(tests: int, error: float) -> str:
    """Where a true rate of 5 % comes out in 95 of 100 such benchmarks, in per cent."""
    half = 1.96 * max(math.sqrt(LEVEL * (1 - LEVEL) / max(tests, 1)), error)
    return f"{100 * max(LEVEL - half, 0):.1f}-{100 * (LEVEL + half):.1f}"


def _row(cells: Sequence[object]) -> str:
    return "| " + " | ".join(str(cell) for cell in cells) + " |"


def table(tallies: Mapping[Design, Tally]) -> list[str]:
    head = [
        "kind of test", "design", "surveys", "tests", "not estimable", "called, %", "se",
        "5 % by chance",
    ]  # fmt: skip
    lines = [_row(head), _row(["---"] * len(head))]
    kinds = list(dict.fromkeys(kind for tally in tallies.values() for kind in tally.found))
    for kind in kinds:
        for design, tally in tallies.items():
            if kind not in tally.found:
                continue
            tests, share, error = tally.rate(kind)
            surveys = len(tally.found[kind])
            cells = [
                kind, design.name, f"{surveys:,}", f"{tests:,}", tally.missing[kind],
                f"{100 * share:.2f}", f"{100 * error:.2f}", expected_range(tests, error),
            ]  # fmt: skip
            lines.append(_row(cells))
    return lines


ABOUT = """\
Scores correlate .5 between teams and within them; of the latent scores 20, 7 and 10 % are shared by
teams, of the barriers 12, 12 and 0 %, so that a part of the fits is singular. Seven, six and 21
items of the scores and three of each barrier are answered in their five or seven categories, none
left out, and scored by `score`. Ties go from everybody to four others at random. Where a kind of
test takes long, fewer surveys are made of it. The standard error is clustered by survey; the last
column is where a true rate of 5 % comes out in 95 of 100 such benchmarks. Not estimable: a check
over halves with fewer than thirteen teams of four people."""
READING = """\
- Links within and between teams and what a team adds are called in 5 % of cases, in few teams as
  in many. Fits that come out singular call a little more often and the others a little less, most
  so in few teams: whether a fit is singular is itself chance, and over both the rate holds.
- Eighteen links looked at without adjustment would call something in more than half of all
  surveys; by Holm's rule, and by that of Benjamini and Hochberg, in about one of twenty. Holm's
  rule is strict where tests go together; here they do so too little to show.
- Who takes people of one team as independent calls a link between teams up to twice as often.
- Where functions share a part of a score and of a barrier, a model that does not know of functions
  calls links between teams, and what a team adds, more than one and a half times as often as said.
  `silo_links` gives functions, or whatever teams lie in, an intercept of their own.
- An indirect effect is called in 5 % of cases where its first path is there for certain. Where it
  is weak (between few teams) or absent it is called less often, hardly ever where both paths are
  absent: intervals of products are known to be cautious there.
- The p of barrier odds is a little cautious in few teams; the interval of the marginal effect is
  not."""


def _piece(work: Work, numbers: Sequence[int], design: Design) -> tuple[Tally, float]:
    # statsmodels collects garbage in every adjustment: what was imported need not be looked at.
    gc.collect()
    gc.freeze()
    start = time.process_time()
    return work(numbers, design), time.process_time() - start


def run(surveys: int, workers: int) -> tuple[dict[Design, Tally], dict[str, float]]:
    """What was counted in each design, and the seconds of processor that each study took."""
    tallies = {design: Tally() for design in (SAMPLE, SMALL, FUNCTIONS)}
    spent: dict[str, float] = {}
    with ProcessPoolExecutor(workers) as pool:
        jobs = []
        for work, design, part in STUDIES:
            last = max(round(part * surveys), 1)
            for first in range(0, last, BATCH):
                numbers = range(first, min(first + BATCH, last))
                jobs.append((work, design, pool.submit(_piece, work, numbers, design)))
        for work, design, job in jobs:
            tally, seconds = job.result()
            tallies[design].extend(tally)
            name = f"{work.__name__}, {design.name}"
            if name not in spent:
                print(f"first of {name}", file=sys.stderr, flush=True)
            spent[name] = spent.get(name, 0.0) + seconds
    return tallies, spent


def report(tallies: Mapping[Design, Tally]) -> str:
    lines = ["# False positives", "", "How often a test at 5 % calls where nothing is there.", ""]
    lines += [f"- {design.name}: {design.about}" for design in tallies]
    return "\n".join([*lines, "", ABOUT, "", *table(tallies), "", READING]) + "\n"


def main(surveys: int = SURVEYS, workers: int = 1) -> None:
    start = time.perf_counter()
    tallies, spent = run(surveys, workers)
    text = report(tallies)
    if surveys >= SURVEYS:  # a smaller trial is looked at and not kept
        folder = ROOT / "benchmarks" / "results"
        folder.mkdir(exist_ok=True)
        (folder / "false_positives.md").write_text(text, encoding="utf-8")
    print(text)
    for name, seconds in spent.items():
        print(f"{seconds:.0f} s of processor: {name}", file=sys.stderr)
    print(f"{time.perf_counter() - start:.0f} s", file=sys.stderr)


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
