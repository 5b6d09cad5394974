"""Columns whose own words are those of another item than the one they are read for.

A survey tool numbers its columns, and the numbers move when somebody moves a question: `Q2_1` of
the next wave may be another statement. Where an export says what a column asks, and that is word
for word another item of the same instrument, somebody's answers would count for the wrong item.
"""

from __future__ import annotations

from collections.abc import Mapping

from cultureplus.cell_looks import words_only
from cultureplus.errors import InputError
from cultureplus.instrument import Instrument
from cultureplus.raw_table import RawTable
from cultureplus.spelling import without_markup

_LEAST = 12  # letters of a wording that is nobody else's by chance


def refuse_misplaced(
    raw: RawTable, instrument: Instrument, columns: Mapping[str, str], *, key: str
) -> None:
    """Raise `InputError` where a column asks, word for word, what another item or option says.

    `columns`: item or option -> the column that is read for it; `key`: what stands in front of an
    item's name in survey.toml. What stands in front of the wording does not matter; a column whose
    words are of no item is not looked at.
    """
    texts = {item.id: item.text for item in instrument.items}
    texts |= {option.id: option.text for option in instrument.options}
    wordings = {name: words_only(text) for name, text in texts.items()}
    wordings = {name: words for name, words in wordings.items() if len(words) >= _LEAST}
    for name, column in columns.items():
        asked = _asked(raw, column)
        own = wordings.get(name)
        if column not in raw.frame or (own and asked.endswith(own)):
            continue
        other = [each for each, words in wordings.items() if asked.endswith(words)]
        if other:
            right = [each for each in raw.frame if own and _asked(raw, each).endswith(own)]
            place = right[0].replace("\\", "\\\\").replace('"', '\\"') if len(right) == 1 else "..."
            raise InputError(
                f"This column asks what '{other[0]}' says, and is read for '{name}'.",
                file=raw.file,
                column=column,
                fix=f'{key}.{name} = "{place}" in survey.toml; where another wave has it as it '
                "is, exchange the names of the columns in one of the files",
            )


def _asked(raw: RawTable, column: str) -> str:
    return words_only(without_markup(raw.questions.get(column, column)))
