"""A questionnaire before any tool's format: pages of questions, their codes, texts and answers.

One instrument is one page. The order is the instrument's; which items are reversed, what a
questionnaire is called and what it is about is nothing that respondents are told: it would steer
them. Only the question of a select-all instrument is its `about`.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

from cultureplus.errors import InputError
from cultureplus.instrument import Instrument
from cultureplus.spelling import plain_text, slug

FORMS = ("full", "pulse")
_UNIT = "{unit}"
_LONGEST = 5000  # a workbook's cell holds 32,767 and cuts what is longer
_SPACES = re.compile(r"[\t\n\r\x0b\x0c\x1c-\x1f\x85\u2028\u2029]+ *| {2,}")


@dataclass(frozen=True)
class Question:
    """One column of the export: an item, an option or a unit.

    `name`: its id (of a unit the slug); `text`: as it is asked on its own; `row`: as it stands
    below the page's text; `exclusive`: an option that goes with no other.
    """

    column: str
    name: str
    text: str
    row: str
    exclusive: bool = False


@dataclass(frozen=True)
class Page:
    """One instrument as it is asked: `text` above the questions, the answers with their labels.

    A select-all page has no answers: its questions are the options.
    """

    id: str
    title: str
    text: str
    questions: tuple[Question, ...]
    answers: tuple[tuple[int, str], ...] = ()

    @property
    def select_all(self) -> bool:
        """Whether several of the page's questions may be ticked, as options of one question."""
        return not self.answers


def pages_of(
    instruments: Sequence[Instrument], *, units: Sequence[str], form: str, language: str
) -> tuple[Page, ...]:
    """The pages of a questionnaire.

    `units`: the names of the units that a matrix rates; `form`: "full" or "pulse". Raises
    `InputError` for a wording that is not there, units that are lacking or not needed, a form that
    an instrument does not have, and two questions of one code.
    """
    if form not in FORMS:
        raise InputError(f"There is no form '{form}'.", possible=FORMS)
    names = _units(units, instruments)
    pages = tuple(_page(each, names, form, language) for each in instruments)
    owner: dict[str, str] = {}
    for page in pages:
        for question in page.questions:
            other = owner.setdefault(question.column, page.id)
            if other != page.id:
                raise InputError(
                    f"'{other}' and '{page.id}' both have a question '{question.column}'.",
                    fix="give one of them another id in its file, or ask them in two surveys",
                )
    return pages


def _units(units: Sequence[str], instruments: Sequence[Instrument]) -> tuple[str, ...]:
    rating = [each.id for each in instruments if each.kind == "matrix"]
    names = tuple(plain_text(each) for each in units)
    if bool(rating) is not bool(names):
        raise InputError(
            f"'{rating[0]}' rates the units of a lens, and none is named."
            if rating
            else "Units are named, and no instrument here rates them.",
            fix='--units "Customer service" Finance, or --units FILE with one name a line: the '
            "names that the export will have"
            if rating
            else "leave --units out, or add an instrument of kind 'matrix', such as seam_rating",
        )
    slugs: dict[str, str] = {}
    for name in names:
        other = slugs.setdefault(slug(name), name)
        if not name or other is not name:
            raise InputError(
                f"The units '{other}' and '{name}' would have one column." if name
                else "A unit has no name.",
                fix="name each unit once" if name else "leave the blank one out",
            )  # fmt: skip
    if len(names) == 1:
        raise InputError(
            "Units rate one another, and only one is named.", fix="name all units of the lens"
        )
    return names


def _page(instrument: Instrument, units: tuple[str, ...], form: str, language: str) -> Page:
    if instrument.kind == "rating" and form == "pulse":
        instrument = instrument.pulse()
        if not instrument.items:
            raise InputError(
                f"'{instrument.id}' has no such form.",
                possible=["full"],
                fix="mark items with pulse = true in the instrument's file, or ask it in full",
            )
    _refuse_unworded(instrument)
    if instrument.kind == "select_all":
        text = instrument.about
        rows = [
            (option.id, option.text, option.text, option.exclusive) for option in instrument.options
        ]
    elif instrument.kind == "matrix":
        asked = instrument.items[0].text
        asked = asked if _UNIT in asked else f"{asked} ({_UNIT})"
        text = asked.replace(_UNIT, "…")
        rows = [(slug(unit), asked.replace(_UNIT, unit), unit, False) for unit in units]
    else:
        text = ""
        rows = [(item.id, item.text, item.text, False) for item in instrument.items]
    return Page(
        id=instrument.id,
        title=one_line(instrument.title),
        text=one_line(text),
        questions=tuple(
            Question(instrument.column(name), name, one_line(full), one_line(row), alone)
            for name, full, row, alone in rows
        ),
        answers=() if instrument.kind == "select_all" else _answers(instrument, language),
    )


def _refuse_unworded(instrument: Instrument) -> None:
    blank = [item.id for item in instrument.items if not one_line(item.text)]
    blank += [option.id for option in instrument.options if not one_line(option.text)]
    if instrument.wording == "withheld" or blank:
        raise InputError(
            f"The wording of '{instrument.id}' is not here, so it can't be asked.",
            found=f"no text for {', '.join(blank)}" if blank else 'wording = "withheld"',
            fix="write an instrument file with an id of its own, the items that you may use and "
            'wording = "permitted", and name it with --instruments',
        )
    if instrument.kind == "select_all" and not one_line(instrument.about):
        raise InputError(
            f"'{instrument.id}' says nowhere what is asked.",
            fix='about = "..." in its file is the question above the options',
        )


def _answers(instrument: Instrument, language: str) -> tuple[tuple[int, str], ...]:
    """Each answer with its label; where none is declared, its number and which end is which."""
    values = range(instrument.low, instrument.high + 1)
    labels = [one_line(label) for label in instrument.answer_labels]
    if labels and not all(labels):
        raise InputError(
            f"An answer label of '{instrument.id}' is blank.", fix="answers.labels in its file"
        )
    if not labels and language.split("-")[0] != "en":
        raise InputError(
            f"'{instrument.id}' has no answer labels, and only in English is it said here which "
            "end is which.",
            fix="answers.labels in its file",
        )
    if not labels:
        labels = [str(value) for value in values]
        labels[0] += " (lowest)"
        labels[-1] += " (highest)"
    return tuple(zip(values, labels, strict=True))


def one_line(text: str) -> str:
    r"""A text without line breaks, tabs and control characters, otherwise as it was written.

    >>> one_line("  Who\tasks\r\n  whom?\x00 ")
    'Who asks whom?'
    """
    if len(text) > _LONGEST:
        raise InputError(
            "A text is too long to be asked.",
            found=f"{len(text)} characters, beginning '{one_line(text[:30])}'",
            possible=[f"at most {_LONGEST} characters"],
        )
    spaced = _SPACES.sub(" ", text)
    kept = "".join(sign for sign in spaced if not _no_character(sign))
    return _SPACES.sub(" ", kept).strip()


def _no_character(sign: str) -> bool:
    """Whether no file of text or XML can hold it: controls, surrogates, U+FFFE and the like."""
    return unicodedata.category(sign) in ("Cc", "Cs") or ord(sign) & 0xFFFE == 0xFFFE
