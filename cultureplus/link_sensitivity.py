"""Would another choice have told another story: the links under other rules.

Who counts as careless, how many answers make a score, how small a team may be, what else stands in
the model: each is a choice, and an effect that lives by one of them is none. So every link is
fitted again under each other choice, and the range of its estimates stands beside it.

Reference: Simonsohn, Simmons & Nelson (2020), Nature Human Behaviour 4, 1208-1214 (the idea of
showing all reasonable specifications).
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd

from cultureplus import columns as c
from cultureplus.estimability import MIN_COMPLETE_ROWS
from cultureplus.relate import silo_links
from cultureplus.scoring import score
from cultureplus.sensitivity import without_flagged
from cultureplus.survey import Survey
from cultureplus.units import lenses_of

AS_REPORTED = "as reported"
CHOICE = "choice"
_KEY = [c.OUTCOME, c.PREDICTOR, c.EFFECT]
_NAMES = [*_KEY, CHOICE, c.N, c.N_GROUPS, c.STD, c.STD_LOW, c.STD_HIGH, c.REASON]
_RANGE = [*_KEY, c.STD, "smallest", "largest", "choices", "same_sign", c.REASON]


def link_choices(survey: Survey, by: str = "team") -> pd.DataFrame:
    """Every within and between effect of `silo_links` under each of several choices.

    `survey`: the last wave is used. Choices: as reported; without people who carry two flags of
    careless answering; a score from half of the items on; teams of five and more; nothing adjusted
    for; each score alone in its model. Returns outcome, predictor, effect, choice, n, n_groups,
    std, std_low, std_high (in standard deviations over all people), reason. Where a choice adds or
    takes one to nine people its numbers are hidden: theirs would follow from the difference.

    Reference: Simonsohn, Simmons & Nelson (2020).
    """
    parts = [
        links.loc[links[c.EFFECT].isin(["within", "between"])].assign(**{CHOICE: choice})
        for choice, links in _choices(survey.in_waves([survey.wave]), by)
    ]
    table = pd.concat(parts, ignore_index=True)[_NAMES]
    reported = table[table[CHOICE] == AS_REPORTED].set_index(_KEY)[c.N]
    keys = pd.MultiIndex.from_frame(table[_KEY])
    apart = (table[c.N] - reported.reindex(keys).to_numpy()).abs()
    few = (apart > 0) & (apart < MIN_COMPLETE_ROWS)
    numbers = [c.N, c.STD, c.STD_LOW, c.STD_HIGH]
    table[numbers] = table[numbers].astype("float64").mask(few)
    hidden = f"hidden (fewer than {MIN_COMPLETE_ROWS} people differ)"
    table[c.REASON] = table[c.REASON].mask(few, hidden)
    return table


def link_ranges(choices: pd.DataFrame) -> pd.DataFrame:
    """How far each effect moves over the choices of `link_choices`.

    Returns outcome, predictor, effect, std (as reported), smallest and largest std, choices (how
    many could be shown), same_sign (whether all of them point the same way), reason.

    >>> table = pd.DataFrame({"outcome": "silos", "predictor": "trust", "effect": "within",
    ...     "choice": ["as reported", "another"], "std": [-0.4, -0.3], "reason": ""})
    >>> link_ranges(table)[["smallest", "largest", "same_sign"]].values.tolist()
    [[-0.4, -0.3, True]]
    """
    rows = []
    for key, mine in choices.groupby(_KEY, sort=False):
        known = mine[c.STD].dropna()
        reported = mine[mine[CHOICE] == AS_REPORTED].iloc[0]
        signs = np.sign(known).unique()
        row = dict(zip(_KEY, key, strict=True)) | {
            c.STD: reported[c.STD], "smallest": known.min(), "largest": known.max(),
            "choices": len(known), "same_sign": len(signs) == 1, c.REASON: reported[c.REASON],
        }  # fmt: skip
        rows.append(row)
    return pd.DataFrame(rows, columns=_RANGE)


def _choices(survey: Survey, by: str) -> Iterator[tuple[str, pd.DataFrame]]:
    scores = score(survey)
    links = silo_links(scores, by)
    yield AS_REPORTED, links
    yield "without the flagged", silo_links(score(without_flagged(survey)), by)
    yield "half of the items enough", silo_links(score(survey, min_answered=0.5), by)
    if by in survey.lenses:
        sizes = scores.groupby(by)[c.RESPONDED].transform("sum")
        yield "teams of five and more", silo_links(scores[sizes >= 5], by)
    others = [lens for lens in lenses_of(scores) if lens != by]
    yield "nothing adjusted for", silo_links(scores.drop(columns=others), by, adjust=())
    known = set(c.scale_columns(scores))
    pairs = links.loc[links[c.PREDICTOR].isin(known) & links[c.OUTCOME].isin(known)]
    alone = [
        silo_links(scores, by, outcome=str(y), predictors=[str(x)])
        for y, x in pairs[[c.OUTCOME, c.PREDICTOR]].drop_duplicates().to_numpy()
    ]
    if alone:
        yield "each score alone", pd.concat(alone, ignore_index=True)
