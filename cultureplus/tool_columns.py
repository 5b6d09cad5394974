"""How survey tools name the columns of a questionnaire that was written here.

A column is meant to be called after its question: a rated item by its id, an option or a rated unit
`<instrument>_<option or unit>`. Not every tool can do that. LimeSurvey allows no underscore in a
code and writes what belongs to one question as `question[part]`; XLSForm tools write an option as
`question/option`; Qualtrics numbers the options of a question that takes several. What each of
them writes follows from the instrument alone, so no mapping in survey.toml is needed for it: the
same functions give the codes when a questionnaire is written and the columns when it comes back.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping

from cultureplus.instrument import Instrument
from cultureplus.raw_table import RawTable
from cultureplus.spelling import same_name, slug, without_markup

LIMESURVEY_LENGTH = 20
# Words that LimeSurvey keeps for itself, as code of a question or of a part of one.
_LIMESURVEY_TAKEN = {
    "comment", "gid", "lang", "other", "qid", "savedid", "self", "sgq", "sid", "that", "this",
    "time", "token",
}  # fmt: skip


def limesurvey_code(name: str) -> str:
    """The code that stands for an id or slug in LimeSurvey: letters and digits, 20 at most.

    An underscore becomes X, which no id has. A word that LimeSurvey keeps for itself gets an X
    behind it. What is then too long keeps its beginning and gets the first six digits of its
    SHA-256 behind another X.

    >>> limesurvey_code("ps_1"), limesurvey_code("time"), limesurvey_code("team_spirit")
    ('psX1', 'timeX', 'teamXspirit')
    >>> limesurvey_code("collective_growth_mindset")
    'collectiveXgrX9e91cf'
    """
    code = name.replace("_", "X") + ("X" if name in _LIMESURVEY_TAKEN else "")
    if len(code) <= LIMESURVEY_LENGTH:
        return code
    digest = hashlib.sha256(name.encode()).hexdigest()[:6]
    return f"{code[: LIMESURVEY_LENGTH - 7]}X{digest}"


def columns_in(raw: RawTable, instrument: Instrument, places: Mapping[str, str]) -> dict[str, str]:
    """Where each item, option or unit stands in an export, under whatever name its tool gave it.

    `places`: the column of each as survey.toml or the instrument has it. A column that is there
    stays, and so does one that survey.toml names; otherwise the one that a tool would have
    written, if the export has it. A numbered option counts only where the export's own text of
    that column is the option's.
    """
    numbered = _numbered(raw, instrument)
    found = {}
    for key, column in places.items():
        name = slug(key) if instrument.kind == "matrix" else key
        found[key] = column
        if column in raw.frame or column != instrument.column(name):
            continue
        question, part = limesurvey_code(instrument.id), limesurvey_code(name)
        written = [f"{question}[{part}]", f"{question}_{part}", f"{instrument.id}/{name}"]
        written += numbered.get(name, [])
        there = [each for each in written if each in raw.frame]
        if len(there) == 1:
            found[key] = there[0]
    return found


def _numbered(raw: RawTable, instrument: Instrument) -> dict[str, list[str]]:
    """Per option the columns `<instrument>_<number>` whose text in the export is the option's."""
    found: dict[str, list[str]] = {}
    for column in raw.frame.columns if instrument.options else ():
        if not re.fullmatch(rf"{instrument.id}_[0-9]+", column):
            continue
        asked = same_name(without_markup(raw.questions.get(column, "")))
        fits = [
            option.id
            for option in instrument.options
            if asked == same_name(option.text) or asked.endswith(f" - {same_name(option.text)}")
        ]
        if len(fits) == 1:
            found.setdefault(fits[0], []).append(column)
    return found
