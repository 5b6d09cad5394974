"""From the cells of an export to answers, one column at a time.

A cell is blank, a missing code, a number in the declared range or a known label; anything else is
refused with its file, column and row. The cell itself is never quoted.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from cultureplus.errors import InputError
from cultureplus.instrument import Instrument, Option
from cultureplus.raw_table import RawTable
from cultureplus.spelling import plain_text

_ALL_LANGUAGES = ""
_TICKED = {"1", "true", "yes", "x", "checked", "selected"}
_UNTICKED = {"", "0", "false", "no", "unchecked", "not selected"}


def ratings(
    raw: RawTable,
    column: str,
    instrument: Instrument,
    *,
    missing: tuple[float, ...],
    labels: Mapping[str, Mapping[str, int]],
    languages: pd.Series | None,
) -> pd.Series:
    """One column of ratings as whole numbers in the declared range, missing where blank.

    `languages`: the language of each record, where the export says it; labels are then read in
    that language only.
    """
    cells = raw.frame[column]
    codes, values, is_text = _distinct(cells)
    values = np.where(np.isin(values, missing), np.nan, values)
    inside = (values >= instrument.low) & (values <= instrument.high) & (values == np.rint(values))
    wrong = ~inside & ~np.isnan(values)
    if is_text.any():
        texts = pd.Series(is_text[codes], index=cells.index)
        found = _labelled(raw, column, texts, instrument, labels, languages)
        numbers = pd.Series(values[codes], index=cells.index).where(~texts, found)
    else:
        numbers = pd.Series(values[codes], index=cells.index)
    if wrong.any():
        outside = pd.Series(wrong[codes], index=cells.index)
        raise InputError(
            "An answer is outside the declared range.",
            file=raw.file,
            row=raw.row(outside.idxmax()),
            column=column,
            found=f"{int(outside.sum())} such cells in this column",
            possible=[*range(instrument.low, instrument.high + 1), "blank"],
            fix="correct the cell, or add its code to missing.codes in survey.toml",
        )
    return numbers


def _distinct(cells: pd.Series) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Each cell's place among the distinct ones, and of these the number and whether it is a text.

    A survey has few distinct answers, so each is looked at once.
    """
    codes, distinct = pd.factorize(cells.to_numpy(dtype="object"), use_na_sentinel=False)
    values = np.full(len(distinct), np.nan)
    is_text = np.zeros(len(distinct), dtype=bool)
    for place, cell in enumerate(distinct):
        tidy = "" if cell is None or cell is pd.NA or cell != cell else plain_text(cell)
        try:
            values[place] = float(tidy) if tidy else np.nan
        except ValueError:
            is_text[place] = True
        if np.isinf(values[place]) or (tidy and np.isnan(values[place])):
            values[place], is_text[place] = np.nan, True
    return codes, values, is_text


def _labelled(
    raw: RawTable,
    column: str,
    texts: pd.Series,
    instrument: Instrument,
    labels: Mapping[str, Mapping[str, int]],
    languages: pd.Series | None,
) -> pd.Series:
    if not labels:
        raise InputError(
            "A cell holds a text where a number is expected.",
            file=raw.file,
            row=raw.row(texts.idxmax()),
            column=column,
            found=f"{int(texts.sum())} texts in this column",
            possible=[*range(instrument.low, instrument.high + 1), "blank"],
            fix=f'name the labels: instruments.{instrument.id}.labels = "..." in survey.toml',
        )
    spoken = _languages(raw, column, texts, labels, languages)
    known = _by_language(labels)
    tidy = raw.frame.loc[texts, column].map(plain_text)
    values = pd.Series(
        [
            known[tongue].get(label, np.nan)
            for tongue, label in zip(spoken.loc[texts], tidy, strict=True)
        ],
        index=tidy.index,
        dtype="float64",
    )
    if values.isna().any():
        place = values.isna().idxmax()
        tongue = spoken.loc[place]
        raise InputError(
            "A cell holds a text that is not among the answer labels"
            + (f" in '{tongue}'." if tongue else "."),
            file=raw.file,
            row=raw.row(place),
            column=column,
            found=f"{int(values.isna().sum())} such cells in this column",
            possible=known[tongue],
            fix="add the label to its list under [labels] in survey.toml, letter by letter "
            "(capitals and punctuation count)",
        )
    return values.reindex(raw.frame.index)


def _languages(
    raw: RawTable,
    column: str,
    texts: pd.Series,
    labels: Mapping[str, Mapping[str, int]],
    languages: pd.Series | None,
) -> pd.Series:
    """The language whose labels each record is read in."""
    if languages is None:
        return pd.Series(_ALL_LANGUAGES, index=raw.frame.index)
    short = languages.map(lambda cell: plain_text(cell).lower().split("-")[0])
    unknown = texts & ~short.isin(list(labels))
    if unknown.any():
        raise InputError(
            "There are no answer labels in the language of this record.",
            file=raw.file,
            row=raw.row(unknown.idxmax()),
            column=column,
            possible=labels,
            fix="add the language under [labels] in survey.toml",
        )
    return short


def _by_language(labels: Mapping[str, Mapping[str, int]]) -> dict[str, Mapping[str, int]]:
    """The labels of each language, and those of all together for records of unknown language.

    A label that means two different numbers in two languages means nothing without a language.
    """
    together: dict[str, int] = {}
    for each in labels.values():
        for label, value in each.items():
            if together.setdefault(label, value) != value:
                raise InputError(
                    f"The label '{label}' stands for two different answers.",
                    file="survey.toml",
                    fix="name the language column: columns.language",
                )
    return {**labels, _ALL_LANGUAGES: together}


def ticks(raw: RawTable, column: str, option: Option, missing: tuple[float, ...]) -> pd.Series:
    """One option of a select-all question as 1 (ticked) or 0 (not ticked)."""
    blank = {str(int(code)) if code.is_integer() else str(code) for code in missing} | {""}
    cells = raw.frame[column]
    places, distinct = pd.factorize(cells.to_numpy(dtype="object"), use_na_sentinel=False)
    own = plain_text(option.text).casefold()
    ticked = np.zeros(len(distinct), dtype=bool)
    unclear = np.zeros(len(distinct), dtype=bool)
    for place, cell in enumerate(distinct):
        tidy = "" if cell is None or cell is pd.NA or cell != cell else plain_text(cell)
        tidy = tidy.removesuffix(".0").casefold()
        ticked[place] = tidy in _TICKED or (tidy != "" and tidy == own)
        unclear[place] = not ticked[place] and tidy not in _UNTICKED and tidy not in blank
    strange = pd.Series(unclear[places], index=cells.index)
    if strange.any():
        raise InputError(
            "A select-all cell is neither ticked nor blank.",
            file=raw.file,
            row=raw.row(strange.idxmax()),
            column=column,
            possible=["1", "0", "blank", "the option's text"],
            fix="export select-all questions with one column per option",
        )
    return pd.Series(ticked[places], index=cells.index, dtype="float64")
