"""A link in a sentence: what goes with a barrier, at which level, how much, how sure, what not.

The report is read by people who do not read tables of coefficients. The words are made from the
numbers by rule, so that the same number always gets the same word, and none of them says cause.
"""

from __future__ import annotations

import pandas as pd

from cultureplus import columns as c
from cultureplus.errors import InputError

SMALL, MEDIUM, LARGE = 0.10, 0.30, 0.50  # of a standardised effect; Cohen (1988), for r
_LEVEL = 0.05
_NAMES = [c.OUTCOME, c.PREDICTOR, "sentence"]


def link_sentences(links: pd.DataFrame) -> pd.DataFrame:
    """Each predictor of each barrier in two sentences, from a table of `silo_links`.

    Returns outcome, predictor, sentence. An effect counts as found where its adjusted p is at most
    .05; small from .10, medium from .30, large from .50 standard deviations. Where nothing is
    found the smallest effect that would have been stands in its place. Raises `InputError` for
    another table.

    Reference: Cohen (1988), Statistical power analysis, 79-81 (words for sizes).

    >>> one = {"outcome": "silos", "predictor": "trust", "std": -0.4, "std_low": -0.5,
    ...     "std_high": -0.3, "p_adjusted": 0.001, "detectable": 0.1, "reason": ""}
    >>> links = pd.DataFrame([one | {"effect": "within"},
    ...     one | {"effect": "between", "p_adjusted": 0.4, "detectable": 0.25}])
    >>> print(link_sentences(links)["sentence"][0])
    Within teams: people higher than their colleagues on trust rate 'silos' lower, a medium link \
(-.40; -.50 to -.30). Between teams: no link found; one below .25 could not have been seen.
    """
    needed = [c.OUTCOME, c.PREDICTOR, c.EFFECT, c.STD, c.P_ADJUSTED, c.DETECTABLE, c.REASON]
    absent = [name for name in needed if name not in links]
    if absent:
        raise InputError(
            "Sentences are made of a table of silo_links.", found=f"no {', '.join(absent)}"
        )
    rows = []
    for (outcome, predictor), mine in links.groupby([c.OUTCOME, c.PREDICTOR], sort=False):
        by = mine.set_index(c.EFFECT)
        parts = [
            f"{where} teams: {_said(by.loc[effect], str(outcome), str(predictor), effect)}."
            for effect, where in (("within", "Within"), ("between", "Between"))
            if effect in by.index
        ]
        sentence = " ".join(parts) or f"{mine[c.REASON].iloc[0]}."
        rows.append((outcome, predictor, sentence))
    return pd.DataFrame(rows, columns=_NAMES)


def _said(row: pd.Series, outcome: str, predictor: str, effect: str) -> str:
    if pd.isna(row[c.STD]):
        return str(row[c.REASON])
    if not row[c.P_ADJUSTED] <= _LEVEL:
        return f"no link found; one below {_number(row[c.DETECTABLE])} could not have been seen"
    x, y = (c.title_of(name).split(": ")[-1].lower() for name in (predictor, outcome))
    less = "lower" if row[c.STD] < 0 else "higher"
    who = "people higher than their colleagues" if effect == "within" else "teams higher"
    span = f"{_number(row[c.STD_LOW])} to {_number(row[c.STD_HIGH])}"
    said = f"{who} on {x} rate '{y}' {less}"
    return f"{said}, a {_size(abs(row[c.STD]))} link ({_number(row[c.STD])}; {span})"


def _size(effect: float) -> str:
    for word, least in (("large", LARGE), ("medium", MEDIUM), ("small", SMALL)):
        if effect >= least:
            return word
    return "very small"


def _number(value: float) -> str:
    return f"{round(float(value), 2) + 0.0:.2f}".replace("0.", ".", 1)
