"""What was asked, and what is known of it: source, licence and evidence of validity.

Numbers are only as good as the questions behind them, so every report repeats what each instrument
says of itself, down to "none yet".
"""

from __future__ import annotations

import pandas as pd

from cultureplus.instrument import Instrument
from cultureplus.survey import Survey

_NAMES = ["instrument", "asked", "answers", "min_answered", "source", "licence", "validity"]


def instrument_evidence(survey: Survey) -> pd.DataFrame:
    """One row per instrument asked: asked, answers, min_answered, source, licence, validity.

    `min_answered` is the share of a scale's items (0-1) that a score needs, missing where nothing
    is scored.
    """
    rows = [
        {
            "instrument": instrument.title,
            "asked": _asked(instrument),
            "answers": _range(instrument),
            "min_answered": instrument.min_answered if instrument.kind == "rating" else None,
            "source": instrument.source,
            "licence": instrument.licence,
            "validity": instrument.validity,
        }
        for instrument in survey.instruments.values()
    ]
    return pd.DataFrame(rows, columns=_NAMES).astype({"min_answered": "float64"})


def published_values(survey: Survey) -> pd.DataFrame:
    """What others have published about the questions asked: references to look at, never norms.

    Returns scale, statistic, value (share, favourable and rwg 0-1; mean and sd in answers), n
    (people behind it, missing where not known), note, source.
    """
    rows = [
        {"scale": found.scale, "statistic": found.statistic, "value": found.value, "n": found.n,
         "note": found.note, "source": found.source}
        for instrument in survey.instruments.values()
        for found in instrument.published
    ]  # fmt: skip
    names = ["scale", "statistic", "value", "n", "note", "source"]
    return pd.DataFrame(rows, columns=names).astype({"value": "float64", "n": "float64"})


def _asked(instrument: Instrument) -> str:
    if instrument.kind == "select_all":
        return f"{len(instrument.options)} options, several may be ticked"
    if instrument.kind == "matrix":
        return "one rating of each other unit"
    scales = len(instrument.subscales)
    return f"{len(instrument.items)} items" + (f" in {scales} subscales" if scales else "")


def _range(instrument: Instrument) -> str:
    return "" if instrument.kind == "select_all" else f"{instrument.low} to {instrument.high}"
