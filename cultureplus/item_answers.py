"""What people answered, item by item: the shares behind the diverging bars."""

from __future__ import annotations

import numpy as np
import pandas as pd

from cultureplus import columns as c
from cultureplus.survey import Survey

_NAMES = [
    c.WAVE, c.LENS, c.UNIT, c.SCALE, c.ITEM, c.TEXT, c.REVERSED, c.LOW, c.HIGH, c.N, c.ANSWER,
    c.SHARE, c.REASON,
]  # fmt: skip
_TOO_ALIKE = "hidden (nearly everybody answered alike)"


def answer_shares(survey: Survey) -> pd.DataFrame:
    """The share of each answer to each rated item, over everybody, as answered.

    Returns wave, lens and unit ('all'), scale (the instrument), item, text, reversed, low and high
    (declared range), n (who answered the item), answer, share (0-1), reason. An item to which all
    answers fall on one answer or on two neighbouring ones is marked in `reason` and its shares are
    missing: they would say what each person answered.
    """
    parts = []
    for instrument in survey.instruments.values():
        if instrument.kind != "rating":
            continue
        answers = np.arange(instrument.low, instrument.high + 1)
        for item in instrument.items:
            if item.id not in survey.answers:
                continue
            for wave in survey.waves:
                rows = survey.answers.index.get_level_values(c.WAVE) == wave
                given = survey.answers.loc[rows, item.id].dropna()
                if given.empty:
                    continue
                counts = given.value_counts().reindex(answers, fill_value=0)
                alike = given.max() - given.min() <= 1
                part = pd.DataFrame(
                    {
                        c.ANSWER: answers,
                        c.SHARE: np.nan if alike else counts.to_numpy() / len(given),
                    }
                )
                part[c.REASON] = _TOO_ALIKE if alike else ""
                parts.append(
                    part.assign(
                        **{
                            c.WAVE: wave, c.LENS: c.ALL, c.UNIT: c.ALL, c.SCALE: instrument.id,
                            c.ITEM: item.id, c.TEXT: item.text, c.REVERSED: item.reversed,
                            c.LOW: instrument.low, c.HIGH: instrument.high, c.N: len(given),
                        }
                    )
                )  # fmt: skip
    if not parts:
        return pd.DataFrame(columns=_NAMES)
    return pd.concat(parts, ignore_index=True)[_NAMES]
