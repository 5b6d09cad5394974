"""From the cells of an export to answers, one column at a time.

A cell is blank, a missing code, a number in the declared range or a known label; anything else is
refused with its file, column and row. The cell itself is never quoted.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence

import numpy as np
import pandas as pd

from cultureplus.cell_looks import look_of, words_only
from cultureplus.errors import InputError, counted
from cultureplus.instrument import Instrument, Option
from cultureplus.raw_table import RawTable
from cultureplus.spelling import plain_text, tidied
from cultureplus.text_columns import distinct_texts

_ALL_LANGUAGES = ""
MISSING_CODES = "with a missing code counted as blank"
LABELS = "read through labels"

# LimeSurvey writes Y or Yes where ticked, N or No where not, and N/A where it was not shown, in
# the language of the survey.
_TICKED = {
    "true", "yes", "y", "x", "checked", "selected", "ja", "oui", "s\u00ed", "s\u00ec", "sim",
}  # fmt: skip
_UNTICKED = {
    "", "false", "no", "n", "n/a", "unchecked", "not selected", "nein", "non", "nee",
    "n\u00e3o",
}  # fmt: skip


def ratings(
    raw: RawTable,
    column: str,
    instrument: Instrument,
    *,
    missing: tuple[float, ...],
    labels: Mapping[str, Mapping[str, int]],
    languages: pd.Series | None,
    tally: Counter[str],
) -> pd.Series:
    """One column of ratings as whole numbers in the declared range, missing where blank.

    `languages`: the language of each record, where the export says it; labels are then read in
    that language only. `tally` is added to: how many cells were recoded, by kind.
    """
    cells = raw.frame[column]
    known = {label for each in labels.values() for label in each}
    codes, values, is_text = _distinct(cells, known)
    coded = np.isin(values, missing)
    if coded.any():
        tally[MISSING_CODES] += int(coded[codes].sum())
        values = np.where(coded, np.nan, values)
    renumbered = _renumbered(labels, missing)
    if renumbered and (bare := ~np.isnan(values)).any():
        _refuse_bare(raw, column, pd.Series(bare[codes], index=cells.index), renumbered)
    inside = (values >= instrument.low) & (values <= instrument.high) & (values == np.rint(values))
    wrong = ~inside & ~np.isnan(values)
    if is_text.any():
        texts = pd.Series(is_text[codes], index=cells.index)
        found = _labelled(raw, column, texts, instrument, labels, languages)
        gone = found.isin(missing)
        tally[LABELS] += int((texts & ~gone).sum())
        tally[MISSING_CODES] += int(gone.sum())
        found = found.mask(gone)
        numbers = pd.Series(values[codes], index=cells.index).where(~texts, found)
    else:
        numbers = pd.Series(values.take(codes), index=cells.index, copy=False)
    if wrong.any():
        outside = pd.Series(wrong[codes], index=cells.index)
        raise InputError(
            "An answer is outside the declared range.",
            file=raw.file,
            row=raw.row(outside.idxmax()),
            column=column,
            found=f"{counted(int(outside.sum()), 'such cell')} in this column",
            possible=[*range(instrument.low, instrument.high + 1), "blank"],
            fix="correct the cell, or add its code to missing.codes in survey.toml if it means no "
            "answer; where all answers are numbered otherwise, give each its number under [labels]",
        )
    return numbers


def _renumbered(
    labels: Mapping[str, Mapping[str, int]], missing: Collection[float]
) -> dict[str, int]:
    """Labels that are numbers and stand for other ones: an export's 0 that is the range's 1."""
    return {
        label: value
        for each in labels.values()
        for label, value in each.items()
        if as_number(label) not in (None, value) and value not in missing
    }


def _refuse_bare(raw: RawTable, column: str, bare: pd.Series, labels: Mapping[str, int]) -> None:
    """Refuse a number that is no label where others are: taken as it is, two answers become one."""
    label, value = next(iter(labels.items()))
    raise InputError(
        "A number is not among the answer labels, though these give numbers another meaning.",
        file=raw.file,
        row=raw.row(bare.idxmax()),
        column=column,
        found=f"{counted(int(bare.sum()), 'such cell')} in this column, where the label "
        f"'{label}' stands for {value}",
        fix="give every number its own label under [labels] in survey.toml, written as in the "
        "file, also those that stay as they are",
    )


def _distinct(cells: pd.Series, known: set[str]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Each cell's place among the distinct ones, and of these the number and whether it is a text.

    A survey has few distinct answers, so each is looked at once. A known label is a text even
    where it looks like a number: what survey.toml says of it holds.
    """
    codes, distinct = distinct_texts(cells)
    values = np.full(len(distinct), np.nan)
    is_text = np.zeros(len(distinct), dtype=bool)
    for place, cell in enumerate(distinct):
        tidy = plain_text(cell)
        number = None if tidy in known else as_number(tidy)
        is_text[place] = tidy != "" and number is None
        values[place] = np.nan if number is None else number
    return codes, values, is_text


def as_number(tidy: str) -> float | None:
    """The finite number that a tidy text spells, or None.

    >>> as_number("4"), as_number("4.5"), as_number("nan"), as_number("1_0"), as_number("")
    (4.0, 4.5, None, None, None)
    """
    try:
        number = float(tidy)
    except ValueError:
        return None
    return number if np.isfinite(number) and "_" not in tidy else None


def is_code(tidy: str, missing: Collection[float]) -> bool:
    """Whether a tidy text spells one of the missing codes, with however many decimals.

    >>> is_code("-99.00", (-99.0,)), is_code("", (-99.0,))
    (True, False)
    """
    return as_number(tidy) in missing


def _labelled(
    raw: RawTable,
    column: str,
    texts: pd.Series,
    instrument: Instrument,
    labels: Mapping[str, Mapping[str, int]],
    languages: pd.Series | None,
) -> pd.Series:
    if not labels:
        look = look_of(raw.frame.at[texts.idxmax(), column])
        naming = f'name the labels: instruments.{instrument.id}.labels = "..." in survey.toml'
        raise InputError(
            "A cell holds a text where a number is expected.",
            file=raw.file,
            row=raw.row(texts.idxmax()),
            column=column,
            found=f"{counted(int(texts.sum()), 'text')} in this column{_like(look)}",
            possible=[*range(instrument.low, instrument.high + 1), "blank"],
            fix=f"{look[1]}; if it is an answer, {naming}" if look else naming,
        )
    spoken = _languages(raw, column, texts, labels, languages)
    known = labels if languages is not None else {_ALL_LANGUAGES: _together(labels)}
    tidy = tidied(raw.frame.loc[texts, column])
    meant = [
        known[tongue].get(label) for tongue, label in zip(spoken.loc[texts], tidy, strict=True)
    ]
    values = pd.Series(meant, index=tidy.index, dtype="float64")
    if values.isna().any():
        place = values.isna().idxmax()
        tongue = spoken.loc[place]
        look = look_of(tidy.loc[place])
        if words_only(tidy.loc[place]) in map(words_only, known[tongue]):
            look = ("a known label but for capitals or punctuation", "")
        raise InputError(
            "A cell holds a text that is not among the answer labels"
            + (f" in '{tongue}'." if tongue else "."),
            file=raw.file,
            row=raw.row(place),
            column=column,
            found=f"{counted(int(values.isna().sum()), 'such cell')} in this column{_like(look)}",
            possible=known[tongue],
            fix="add the label to its list under [labels] in survey.toml, letter by letter "
            "(capitals and punctuation count); one that means no answer gets a missing code",
        )
    return values.reindex(raw.frame.index)


def _like(look: tuple[str, str] | None) -> str:
    return f"; the one in this row looks like {look[0]}" if look else ""


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
    spoken = languages.map(lambda cell: _tongue(plain_text(cell), labels))
    unknown = texts & ~spoken.isin(list(labels))
    if unknown.any():
        raise InputError(
            "There are no answer labels in the language of this record.",
            file=raw.file,
            row=raw.row(unknown.idxmax()),
            column=column,
            found=counted(int(unknown.sum()), "such record"),
            possible=labels,
            fix="add the language under [labels] in survey.toml, or say in the record's cell which "
            "of these it is",
        )
    return spoken


def _tongue(cell: str, labels: Mapping[str, Mapping[str, int]]) -> str:
    """The language of a record among those that have labels: 'pt-BR' itself, or else 'pt'."""
    full = cell.lower().replace("_", "-")
    return full if full in labels else full.split("-")[0]


def _together(labels: Mapping[str, Mapping[str, int]]) -> dict[str, int]:
    """The labels of all languages, for records of unknown language.

    A label that means two different numbers in two languages means nothing without a language.
    """
    together: dict[str, int] = {}
    for each in labels.values():
        for label, value in each.items():
            if together.setdefault(label, value) != value:
                raise InputError(
                    f"The label '{label}' stands for two different answers.",
                    file="survey.toml",
                    fix="name the column that holds each record's language: columns.language",
                )
    return together


def ticks(
    raw: RawTable,
    column: str,
    option: Option,
    *,
    question: str,
    missing: tuple[float, ...],
    labels: Mapping[str, Mapping[str, int]],
    tally: Counter[str],
) -> pd.Series:
    """One option of a select-all question as 1 (ticked) or 0 (not ticked).

    `labels`: what further texts mean (an option's text in another language is 1). `tally` is added
    to: how many cells were recoded, by kind.
    """
    further = _together(labels)
    cells = raw.frame[column]
    places, distinct = distinct_texts(cells)
    texts = [plain_text(cell) for cell in distinct]
    meant = [_tick(text, option, further, missing) for text in texts]
    unclear = [text for text, tick in zip(texts, meant, strict=True) if tick is None]
    if unclear:
        strange = pd.Series(np.array([tick is None for tick in meant])[places], index=cells.index)
        raise InputError(
            "A select-all cell is neither ticked nor blank.",
            file=raw.file,
            row=raw.row(strange.idxmax()),
            column=column,
            found=f"{counted(int(strange.sum()), 'such cell')} in this column",
            possible=["1", "0", "blank", "the option's text"],
            fix=_ticks_fix(unclear, question, alone=1.0 not in meant),
        )
    values = np.array(meant, dtype="float64")
    coded = np.isnan(values)
    labelled = np.array([text in further for text in texts], dtype=bool) & ~coded
    for decision, which in {MISSING_CODES: coded, LABELS: labelled}.items():
        if which.any():
            tally[decision] += int(which[places].sum())
    return pd.Series(np.where(coded, 0.0, values)[places], index=cells.index)


def _tick(
    text: str, option: Option, further: Mapping[str, int], missing: Collection[float]
) -> float | None:
    """1 for a tidy text that means ticked, 0 for not ticked, NaN for a missing code, else None."""
    number, tidy = as_number(text), text.casefold()
    if text in further:
        return np.nan if further[text] in missing else float(further[text] == 1)
    if number == 1 or tidy in _TICKED:
        return 1.0
    is_blank = number == 0 or tidy in _UNTICKED
    if tidy and tidy == plain_text(option.text).casefold():
        return None if is_blank else 1.0  # an option "No": ticked, or the word for not ticked?
    if is_code(text, missing):
        return np.nan
    return 0.0 if is_blank else None


def _ticks_fix(unclear: Sequence[str], question: str, *, alone: bool) -> str:
    """How to mend a column that holds these texts; `alone`: with no ticked cell beside them."""
    meaning = f'instruments.{question}.labels = "..." in survey.toml'
    numbers = [as_number(text) for text in unclear]
    if alone and len(numbers) == 1 and (numbers[0] or 0) > 1:
        # SurveyMonkey writes an option's own number for a tick, LimeSurvey may write 2 for none.
        return (
            f"say what this number means, 1 for ticked or 0 for not ticked: {meaning}; if it means "
            "no answer, add it to missing.codes"
        )
    if any(number is not None for number in numbers):
        first = "add a code that means no answer to missing.codes in survey.toml;"
    else:
        first = "export select-all questions with one column per option, as numbers;"
    return f"{first} or say what the texts mean: {meaning}"
