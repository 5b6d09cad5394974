"""What the analyses of the sample should come to, from organisations ten times as large.

`data/sample/truth.toml` holds the effects between what people carry with them. A survey sees them
through answers in categories, through teams of which a part answers, and beside other scores that
go together with them; so each is seen smaller, and a part of it at another place. How much is not
worked out by hand: organisations of 10,000 people are drawn from the same truth by
`cultureplus.simulate`, each with teams, functions and people of its own, and analysed by the same
calls as the sample. Their mean is what the sample's interval should hold. They have one wave: the
change of the last wave and the programme, which are in the sample, are not in them. The mean of
each number stands beside its standard error over organisations.

    python benchmarks/expected_in_sample.py 20 2  # organisations, and processes that share them
"""

from __future__ import annotations

import sys
import time
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import numpy as np
import pandas as pd

from cultureplus import columns as c
from cultureplus.lens_shares import walls
from cultureplus.relate import OUTCOMES as BARRIERS
from cultureplus.relate import barrier_odds, mediation, silo_links
from cultureplus.scoring import score
from cultureplus.simulate import organisation
from cultureplus.survey import Survey

ROOT = Path(__file__).resolve().parent.parent
TABLE = ROOT / "benchmarks" / "results" / "expected_in_sample.csv"
SEED, ORGANISATIONS, PEOPLE, WAVE = 900, 20, 10_000, "2026Q3"
ANALYSIS, SE = "analysis", "se"
KEY = [ANALYSIS, c.OUTCOME, c.PREDICTOR, c.EFFECT]

LEADERSHIP, MINDSET = "learning_leadership", "collective_growth_mindset"
SAFETY, SKILL = "psychological_safety", "collaboration_skill"
CONVERSATIONS, ENERGY = "connecting_conversations", "collaboration_energy"
FOUR = [LEADERSHIP, MINDSET, SAFETY, SKILL]
RESULTS = [
    f"collaboration_outcomes.{name}"
    for name in (
        "trust", "mutual_support", "engagement", "loyalty", "problem_solving", "innovation",
    )
]  # fmt: skip
# Barriers on all four scores, of which some go with each barrier and the others do not; every
# other score on what leads to it.
MODELS: tuple[tuple[list[str], list[str]], ...] = (
    (list(BARRIERS), FOUR),
    ([MINDSET], [LEADERSHIP]),
    ([SAFETY], [LEADERSHIP]),
    ([SKILL], [SAFETY, MINDSET]),
    ([CONVERSATIONS], [SAFETY, SKILL]),
    (RESULTS, [SKILL, CONVERSATIONS]),
    ([ENERGY], [MINDSET]),
)
SHARED = [*FOUR, CONVERSATIONS, *BARRIERS, ENERGY]
ROUTE = (SAFETY, SKILL, BARRIERS[0])


# ------------------------------------------------------------------------------------ the analyses
def links(scores: pd.DataFrame) -> pd.DataFrame:
    """Every path with what competes with it, all pairs of a model declared; in standard units."""
    parts = []
    for outcomes, predictors in MODELS:
        pairs = {(x, y) for x in predictors for y in outcomes}
        parts.append(
            silo_links(scores, outcome=outcomes, predictors=predictors, confirmatory=pairs)
        )
    found = pd.concat(parts, ignore_index=True)
    ends = found.drop(columns=[c.ESTIMATE, c.LOW, c.HIGH])
    return ends.rename(columns={c.STD: c.ESTIMATE, c.STD_LOW: c.LOW, c.STD_HIGH: c.HIGH})


def shares(scores: pd.DataFrame, scales: Sequence[str]) -> pd.DataFrame:
    """The share of each lens in the differences between people."""
    found = walls(scores, list(scales))
    return found.rename(columns={c.SCALE: c.OUTCOME, c.LENS: c.EFFECT, c.SHARE: c.ESTIMATE})


def route(scores: pd.DataFrame) -> pd.DataFrame:
    """Silos on psychological safety through skill, within teams and between them."""
    found = mediation(*(scores[name] for name in ROUTE), scores["team"])
    return found.assign(**{c.EFFECT: found["level"] + " " + found[c.EFFECT]})


def odds(scores: pd.DataFrame, survey: Survey) -> pd.DataFrame:
    """Naming a barrier on the four scores: average marginal effects."""
    names = [each.rpartition(".")[2] for each in BARRIERS]
    named = survey.answers[[f"barriers_named.{name}" for name in names]].set_axis(names, axis=1)
    scores = scores.loc[scores.index.isin(named.index)]
    found = barrier_odds(scores, named.reindex(scores.index), FOUR, "team")
    found = found.drop(columns=[c.LOW, c.HIGH])
    new = {c.BARRIER: c.OUTCOME, "ame": c.ESTIMATE, "ame_low": c.LOW, "ame_high": c.HIGH}
    return found.rename(columns=new).assign(**{c.EFFECT: "ame"})


def analyses(
    survey: Survey, scores: pd.DataFrame, *, scales: Sequence[str] = SHARED
) -> pd.DataFrame:
    """All of them for one wave: analysis, outcome, predictor, effect, estimate, low, high, p."""
    parts = {
        "links": links(scores),
        "shares": shares(scores, scales),
        "route": route(scores),
        "odds": odds(scores, survey),
    }
    named = [table.assign(**{ANALYSIS: name}) for name, table in parts.items()]
    found = pd.concat(named, ignore_index=True)
    found[c.PREDICTOR] = found[c.PREDICTOR].fillna("")
    return found.set_index(KEY)[[c.ESTIMATE, c.LOW, c.HIGH, c.P, c.P_ADJUSTED, c.FAMILY, c.REASON]]


# ---------------------------------------------------------------------------------- what is drawn
def large_survey(seed: int, people: int = PEOPLE) -> Survey:
    """One wave of an organisation of the sample's truth, its answers as they would be read."""
    made = organisation(seed=seed, people=people, waves=[WAVE], comments=0, ties=False)
    index = [c.WAVE, c.RESPONDENT]
    answers = made.answers.set_index(index)
    answers = answers.rename(
        columns=lambda name: name.replace("barriers_named_", "barriers_named.")
    )
    everybody = made.people.set_index(index)
    everybody[c.RESPONDED] = everybody.index.isin(answers.index)
    return Survey(
        title="A large organisation",
        waves=(WAVE,),
        lenses=("function", "location", "level", "team"),
        adjust=("tenure_years",),
        instruments={
            name: each for name, each in made.instruments.items() if each.kind == "rating"
        },
        answers=answers,
        people=everybody.astype({c.RESPONDED: "boolean"}),
        ties=made.ties,
        comments=made.comments,
        import_log=pd.DataFrame(),
        matrix_lens={},
    )


def estimates(seed: int, people: int = PEOPLE, scales: Sequence[str] = SHARED) -> pd.Series:
    """All estimates of one large organisation."""
    survey = large_survey(seed, people)
    return analyses(survey, score(survey), scales=scales)[c.ESTIMATE]


def expected() -> pd.DataFrame:
    """The table as it was written: by analysis, outcome, predictor, effect: expected, se."""
    return pd.read_csv(TABLE, keep_default_na=False).set_index(KEY)


def main(organisations: int = ORGANISATIONS, workers: int = 1) -> None:
    start = time.perf_counter()
    with ProcessPoolExecutor(workers) as pool:
        found = list(pool.map(estimates, range(SEED, SEED + organisations)))
    each = pd.concat(found, axis=1)
    mean, error = each.mean(axis=1), each.std(axis=1) / np.sqrt(organisations)
    text = pd.DataFrame({c.EXPECTED: mean, SE: error}).round(4).reset_index().to_csv(index=False)
    if organisations >= ORGANISATIONS:  # a smaller trial is looked at and not kept
        TABLE.write_text(text, encoding="utf-8")
    print(text)
    print(f"{time.perf_counter() - start:.0f} s", file=sys.stderr)


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
