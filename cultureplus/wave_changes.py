"""What changed from one wave to the next besides the answers: questions, ranges, names of units.

A mean that moved may only mean that the question moved. So each item's wording is compared with
that of the wave before it, as far as the exports say what was asked, and so are the codes that a
file declares and the answers that were used: a wave in which hundreds of answers never go beyond 5,
where the next one goes on to 7, was asked on another range. Nothing is mended here. The import log
says it, and means of two waves carry a warning.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from itertools import pairwise

import numpy as np
import pandas as pd

from cultureplus import columns as c
from cultureplus.asked import Asked
from cultureplus.errors import counted, nearest
from cultureplus.instrument import Instrument
from cultureplus.quotable import counts_of, quotable
from cultureplus.raw_table import RawTable
from cultureplus.spelling import in_order, without_markup
from cultureplus.survey import CHANGED
from cultureplus.tool_columns import columns_in

_ENOUGH = 400  # answers; a hundredth of them that never occurs is then no chance (e to the -8)
_OFTEN = 0.02
_LONGEST = 70  # letters of a question that are quoted
_MOST = 6  # names that are listed
_FEW_KEYS = 10


def changed_questions(
    exports: Mapping[str, RawTable], asked: Mapping[str, Asked], answers: pd.DataFrame
) -> pd.DataFrame:
    """Questions that are not the same in two waves that follow one another.

    `exports`: per wave, in order; `answers`: indexed by (wave, respondent). Returns wave, previous,
    scale (the instrument), item ('' for the whole
    instrument), note (a sentence). An item that a
    file says nothing of is taken for unchanged.

    >>> from cultureplus.instrument import Item
    >>> one, two = (RawTable(pd.DataFrame({"q": []}), "a.csv", 2, questions={"q": text})
    ...             for text in ("I speak up.", "<b>I am heard.</b>"))
    >>> trust = Asked(Instrument("t", "T", "rating", "", "", "", "", items=(Item("q"),)))
    >>> print(changed_questions({"1": one, "2": two}, {"t": trust}, pd.DataFrame())["note"][0])
    other wording: 'I speak up.', now 'I am heard.'
    """
    rows = []
    for previous, wave in pairwise(exports):
        for name, each in asked.items():
            then, now = (exports[key] for key in (previous, wave))
            found = [*_reworded(then, now, each), *_recoded(then, now, each)]
            found += _stretched(answers, previous, wave, each.instrument)
            rows += [(wave, previous, name, item, what) for item, what in found]
    return pd.DataFrame(rows, columns=list(CHANGED))


def _pairs(then: RawTable, now: RawTable, asked: Asked) -> Iterator[tuple[str, str, str]]:
    """Each item or option with its column of then and of now, where both waves have one."""
    before = columns_in(then, asked.instrument, asked.places)
    for item, column in columns_in(now, asked.instrument, asked.places).items():
        if column in now.frame and before.get(item) in then.frame:
            yield item, before[item], column


def _reworded(then: RawTable, now: RawTable, asked: Asked) -> Iterator[tuple[str, str]]:
    for item, before, after in _pairs(then, now, asked):
        texts = [
            without_markup(raw.questions.get(column, ""))
            for raw, column in ((then, before), (now, after))
        ]
        if all(texts) and _bare(texts[0]) != _bare(texts[1]):
            old, new = (_shortened(text) for text in texts)
            yield item, f"other wording: '{old}', now '{new}'"


def _bare(text: str) -> str:
    """A question without what says nothing: capitals, and signs at its ends and between words."""
    return " ".join(re.findall(r"\w+", text.casefold()))


def _shortened(text: str) -> str:
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 3]}..."


def _recoded(then: RawTable, now: RawTable, asked: Asked) -> Iterator[tuple[str, str]]:
    for item, before, after in _pairs(then, now, asked):
        codes = [then.labels.get(before, {}), now.labels.get(after, {})]
        if all(codes) and set(codes[0]) != set(codes[1]):
            counts = [counted(len(each), "labelled answer") for each in codes]
            yield item, f"other answers: {counts[0]} then, {counts[1]} now"
            continue
        for code in codes[0] if all(codes) else ():
            texts = [each[code] for each in codes]
            if _bare(texts[0]) != _bare(texts[1]):
                old, new = map(_shortened, texts)
                yield item, f"answer {code} was '{old}', now '{new}'"
                break


def _stretched(
    answers: pd.DataFrame, previous: str, wave: str, instrument: Instrument
) -> Iterator[tuple[str, str]]:
    """Where an end of the range is used often in one wave and never in the other."""
    items = [item.id for item in instrument.items if item.id in answers]
    if instrument.kind != "rating" or not items:
        return
    waves = answers.index.get_level_values(c.WAVE)
    used, counts = [], []
    for key in (previous, wave):
        cells = answers.loc[waves == key, items].to_numpy()
        values, count = np.unique(cells[~np.isnan(cells)], return_counts=True)
        used.append(values)
        counts.append(count)
    if min(count.sum() for count in counts) < _ENOUGH:
        return
    for one, other in ((0, 1), (1, 0)):
        kept = used[other][counts[other] / counts[other].sum() >= _OFTEN]
        if len(kept) and (kept.max() > used[one].max() or kept.min() < used[one].min()):
            spans = [f"{each.min():.0f} to {each.max():.0f}" for each in used]
            yield "", f"other answers used: {spans[0]} then, {spans[1]} now"
            return


def never_linked(keys: Mapping[str, pd.Series]) -> dict[str, str]:
    """Waves in which nobody comes back from the wave before, and what to say of each.

    `keys`: the respondents' keys of each wave, in order. Of small waves nothing is said.

    >>> some, others = pd.Series(range(10)), pd.Series(range(10, 20))
    >>> list(never_linked({"Q1": some, "Q2": some, "Q3": others}))
    ['Q3']
    """
    return {
        now: f"no key of wave {before} comes back, so the two can't be linked: are keys written "
        "alike in both?"
        for before, now in pairwise(keys)
        if min(len(keys[before]), len(keys[now])) >= _FEW_KEYS
        and not keys[now].isin(keys[before]).any()
    }


def changed_units(people: pd.DataFrame, lenses: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """Per wave and lens, units that are gone or new since the wave before: (wave, sentence).

    `people`: indexed by (wave, respondent), with the lenses; `lenses`: with the column of each. A
    unit that may be what one person wrote is not told.
    """
    for previous, wave in pairwise(people.index.unique(c.WAVE)):
        for lens, column in lenses.items():
            then, now = (counts_of(people.loc[key, lens]) for key in (previous, wave))
            gone, new = (
                sorted(quotable(column, one) - set(other), key=in_order)
                for one, other in ((then, now), (now, then))
            )
            if not gone or not new:
                continue  # a unit that was closed or opened has no other name
            told = f"{lens}: of wave {previous} not here {_listed(gone)}; new {_listed(new)}"
            for old in gone:
                if likely := nearest(old, new):
                    told += f'; if it has another name: rename.{lens} "{old}" = "{likely}"'
                    break
            yield wave, told


def _listed(names: list[str]) -> str:
    more = f" and {len(names) - _MOST} more" if len(names) > _MOST else ""
    return ", ".join(names[:_MOST]) + more
