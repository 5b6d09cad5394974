"""A first draft of an instrument: a block of questions that an export holds and no file describes.

The draft has the items with the words that the export gives them and the answers that stand in
their columns. What no export says is left to a person and marked: which items are worded the other
way round, which answers are favourable, whose wording it is.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from fnmatch import fnmatchcase
from typing import Any

from cultureplus.errors import InputError, by_likeness, did_you_mean
from cultureplus.guesses import marked
from cultureplus.instrument import Instrument, Item
from cultureplus.proposing.answer_words import are_answers, meaning_of, numbered
from cultureplus.proposing.column_facts import MOST_LABELS, NO_ANSWER_CODES, Facts
from cultureplus.proposing.likeness import parts_of
from cultureplus.proposing.match_items import Found, Match
from cultureplus.spelling import plain_text, slug
from cultureplus.toml_writer import Noted, Remark, toml_text

_ID = re.compile(r"[a-z][a-z0-9_]*")
_LONGEST_ID = 30
_TO = " -> "  # between the first and the last column of a pattern
_OF_A_SHELL = re.compile(r"['\"$`!\\*?]")  # signs that may mean something there
_LEAST_START = 7  # letters of a name that stand for it


def drafted(
    name: str, pattern: str, facts: Mapping[str, Facts], *, taken: Collection[str] = ()
) -> Match:
    """The columns whose names fit a pattern (`sat_*`) as an instrument of rated items.

    Where names have nothing in common, the pattern tells the first and the last column:
    `My pay* -> My desk*`. `taken`: item ids that other instruments have. Raises `InputError` where
    no column fits, and where the columns do not share one range of answers.
    """
    if not _ID.fullmatch(name):
        raise InputError(
            "An instrument's name is lower-case letters, digits and underscores, beginning with a "
            "letter.",
            found=name,
            fix=f"for example: --draft {slug(name)} {pattern!r}",
        )
    if name in taken:
        raise InputError(
            f"There is an instrument '{name}' already.", fix="give the draft another name"
        )
    columns = [column for column in _fitting(pattern, facts) if not facts[column].identifying]
    if not columns:
        raise InputError(
            f"No column's name fits '{pattern}'.",
            possible=by_likeness(pattern, facts),
            fix=did_you_mean(pattern, facts)
            or f"write the start of the names and a star: 'sat_*'; or 'the first{_TO}the last'",
        )
    low, high, labels = _range(name, [facts[column] for column in columns])
    items: list[Item] = []
    found: dict[str, Found] = {}
    for place, column in enumerate(columns, 1):
        own = slug(column)
        short = " " not in column and len(own) <= _LONGEST_ID
        fits = short and _ID.fullmatch(own) and own not in {*found, *taken}
        item = Item(own if fits else f"{name}_{place}", _wording(facts[column], columns, facts))
        items.append(item)
        found[item.id] = Found(column, 1.0, by_name=item.id == column)
    instrument = Instrument(
        id=name, title=name.replace("_", " ").capitalize(), kind="rating", about="",
        validity="Nothing is known of it yet.", source="The words of the export.",
        licence="Not said", wording="permitted", low=low, high=high, answer_labels=labels,
        favourable=tuple(range(high - (high - low) // 3, high + 1)), items=tuple(items),
    )  # fmt: skip
    return Match(instrument, found)


def _fitting(pattern: str, names: Iterable[str]) -> list[str]:
    """The names that fit a pattern, or stand from one that fits to another."""
    names = list(names)
    wanted = plain_text(pattern).casefold().replace("[", "[[]")  # a bracket is a bracket
    found = [name for name in names if fnmatchcase(name.casefold(), wanted)]
    first, arrow, last = pattern.partition(_TO)
    if found or not arrow:
        return found
    ends = _fitting(first, names)[:1] + _fitting(last, names)[-1:]
    places = [names.index(end) for end in ends]
    return names[places[0] : places[1] + 1] if len(places) == 2 else []


def pattern_of(block: Sequence[str], names: Collection[str]) -> str:
    """What `drafted` takes for a block of columns, to be put between single quotes in a shell.

    >>> pattern_of(["My pay", "My boss's car"], ["Where?", "My pay", "My boss's car", "My desk"])
    'My pay* -> My boss*'
    """
    return _TO.join(_start(name, names) for name in (block[0], block[-1]))


def _start(name: str, names: Collection[str]) -> str:
    """The start of a name that no other has, with a star; a sign that a shell takes is a ?."""
    for length in range(min(len(name), _LEAST_START), len(name) + 1):
        pattern = _OF_A_SHELL.sub("?", name[:length]).rstrip() + "*"
        if _fitting(pattern, names) == [name]:
            return pattern
    return _OF_A_SHELL.sub("?", name)


def _range(name: str, several: list[Facts]) -> tuple[int, int, tuple[str, ...]]:
    """The answers of the columns: from low to high, and their labels where they are known."""
    texts: dict[str, int] = {}
    numbers: set[float] = set()
    for facts in several:
        for text, n in facts.texts.items():
            # Once in each of several columns may be one person's text.
            texts[text] = max(texts.get(text, 0), n + are_answers([text]))
        numbers |= {each for each in facts.numbers if each not in NO_ANSWER_CODES}
        texts.update(dict.fromkeys(facts.labels.values(), 2) if facts.texts else {})
    shared = [text for text, n in texts.items() if n > 1]
    if shared and not numbers and len(shared) <= MOST_LABELS + 1:
        for count in range(2, MOST_LABELS + 1):
            meaning = meaning_of(shared, (), 1, count)
            if meaning.how and count >= len(meaning.numbers):
                ordered = tuple(meaning.numbers) if len(meaning.numbers) == count else ()
                return 1, count, ordered
        silent = meaning_of(shared, (), 1, 2).no_answer
        return 1, max(2, len(shared) - len(silent)), ()
    ends = numbered(shared)
    numbers |= set(ends.values())
    if numbers and len(ends) == len(shared) and all(number == int(number) for number in numbers):
        low, high = int(min(numbers)), int(max(numbers))
        if low < high <= low + MOST_LABELS:
            return low, high, ()
    raise InputError(
        f"The columns for '{name}' do not share one range of answers.",
        found=f"{len(shared)} texts and {len(numbers)} numbers in {len(several)} columns",
        fix="choose columns that were answered on the same scale; each scale is an instrument",
    )


def _wording(facts: Facts, columns: list[str], known: Mapping[str, Facts]) -> str:
    """What was asked, without the question that stands in front of every column of the block."""
    text = facts.asked or facts.name
    for part in reversed(parts_of(text)):
        front = text[: len(text) - len(part)]
        others = [known[column].asked or known[column].name for column in columns]
        if len(front) > 5 and len(others) > 1 and all(each.startswith(front) for each in others):
            return plain_text(part.strip(" ])}")) or text
    return plain_text(text)


def draft_text(match: Match) -> str:
    """The draft as an instrument's file."""
    question = match.instrument
    answers: dict[str, Any] = {"low": question.low, "high": question.high}
    if question.answer_labels:
        answers["labels"] = list(question.answer_labels)
    answers["favourable"] = Noted(
        list(question.favourable), marked("the upper answers; which ones are good to get?")
    )
    values: dict[str, Any] = {
        "1": Remark("A draft of an instrument, from the columns of an export."),
        "id": question.id,
        "title": question.title,
        "wording": question.wording,
        "source": Noted(question.source, marked("whose words are these, and who may use them?")),
        "licence": question.licence,
        "validity": question.validity,
        "answers": Noted(answers, marked(_ends_said(question))),
        "scoring": {
            "min_answered": question.min_answered,
            "reversed": Noted(
                [], marked("ids of items worded the other way round; these turn a score over")
            ),
        },
        "items": [
            {"id": item.id, "text": item.text} if item.text else {"id": item.id}
            for item in question.items
        ],
    }
    return toml_text(values)


def _ends_said(question: Instrument) -> str:
    if question.answer_labels:
        return "the labels of the columns, in the order that is usual; which end is high?"
    return f"{question.low} to {question.high} follows from the columns; is it what was offered?"
