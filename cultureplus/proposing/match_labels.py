"""Which answer labels stand in the columns of a question, and which codes mean no answer.

Only labels that people share are looked at: few, short, repeated. They go into survey.toml, where a
person gives or confirms their numbers, and nowhere else.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from cultureplus.cells import as_number
from cultureplus.instrument import Instrument
from cultureplus.proposing.answer_words import BY_NUMBER, Meaning, meaning_of
from cultureplus.proposing.column_facts import MOST_LABELS, NO_ANSWER_CODES, Facts
from cultureplus.proposing.match_items import Match
from cultureplus.raw_table import RawTable
from cultureplus.spelling import plain_text

ANY = "any"  # labels of records whose language the export does not say
_LONGEST = 80
_Record = tuple[str, Hashable]  # file and place in it
_USUAL_CODE = -99


@dataclass(frozen=True)
class Labels:
    """The labels of one question: language -> what they mean; `too_many`: texts that are none."""

    tongues: Mapping[str, Meaning]
    too_many: bool = False

    def numbers(self, code: int) -> dict[str, dict[str, int | None]]:
        """Language -> label -> number, labels of no answer with this code."""
        return {
            tongue: {**meaning.numbers, **dict.fromkeys(meaning.no_answer, code)}
            for tongue, meaning in self.tongues.items()
        }


def labels_of(
    match: Match, facts: Mapping[str, Facts], raws: Sequence[RawTable], language: str | None
) -> Labels | None:
    """The labels in the columns of a rated question; None where all its cells are numbers.

    `language`: the column that says each record's language.
    """
    question = match.instrument
    if question.kind == "select_all":
        return None
    coded = _coded(match, facts)
    if coded is not None:
        return coded
    pooled: dict[str, dict[str, set[_Record]]] = {}
    for raw in raws:
        for column in match.columns:
            if column in raw.frame:
                _count(raw, column, language, pooled)
    found: dict[str, Meaning] = {}
    for tongue, texts in pooled.items():
        shared = [
            text for text, records in texts.items()
            if (len(records) > 1 or _is_known(text, question)) and len(text) <= _LONGEST
        ]  # fmt: skip
        if len(shared) > MOST_LABELS + 1:  # one of them may mean no answer
            return Labels({}, too_many=True)
        if shared:
            meaning = meaning_of(shared, question.answer_labels, question.low, question.high)
            found[tongue] = meaning
    return Labels(dict(sorted(found.items()))) if found else None


def _count(
    raw: RawTable, column: str, language: str | None, pooled: dict[str, dict[str, set[_Record]]]
) -> None:
    """Note records in which each text stands: two at most per column, for two share a label.

    What one person writes in several columns is not shared.
    """
    cells = raw.frame[column]
    spoken = None if language is None else raw.frame.get(language)
    groups = [(ANY, cells)] if spoken is None else list(cells.groupby(spoken))
    for tongue, part in groups:
        for some in (part, part.loc[part.duplicated()]):
            for place, cell in some.drop_duplicates().items():
                tidy = plain_text(cell)
                if tidy and as_number(tidy) is None:
                    name = plain_text(tongue).lower().replace("_", "-") or ANY
                    records = pooled.setdefault(name, {}).setdefault(tidy, set())
                    records.add((raw.file, place))


def _is_known(text: str, question: Instrument) -> bool:
    meaning = meaning_of([text], question.answer_labels, question.low, question.high)
    return bool(meaning.no_answer) or None not in meaning.numbers.values()


def _coded(match: Match, facts: Mapping[str, Facts]) -> Labels | None:
    """Codes that the file itself explains, where they are not the instrument's own numbers."""
    question = match.instrument
    together = _explained(match, facts)
    if not together:
        return None
    meaning = meaning_of(together.values(), question.answer_labels, question.low, question.high)
    codes = {code: meaning.numbers.get(label) for code, label in together.items()}
    known = {code: number for code, number in codes.items() if number is not None}
    if not known or all(as_number(code) == number for code, number in known.items()):
        return None
    between = {f"{number:g}" for number in _numbers(match, facts)} - set(known)
    if between:  # only the ends are explained
        return Labels({ANY: Meaning({**known, **dict.fromkeys(sorted(between))}, "", "")})
    return Labels({ANY: Meaning(dict(known), meaning.language, "what the file says of its codes")})


def _explained(match: Match, facts: Mapping[str, Facts]) -> dict[str, str] | None:
    """What the files say of the codes in its columns; None where they do not say the same."""
    explained = [facts[c] for c in match.columns if c in facts and facts[c].labels]
    if any(each.texts for each in explained):
        return {}
    if any(each.disputed for each in explained):
        return None
    together: dict[str, str] = {}
    for each in explained:
        for code, label in each.labels.items():
            if together.setdefault(code, label) != label:
                return None
    return together


def _numbers(match: Match, facts: Mapping[str, Facts]) -> set[float]:
    """The numbers in the columns of a question, codes of no answer aside."""
    low, high = match.instrument.low, match.instrument.high
    several = [facts[column] for column in match.columns if column in facts]
    return {
        number
        for each in several
        for number in each.numbers
        if low <= number <= high or number not in NO_ANSWER_CODES
    }


def doubt_about(match: Match, facts: Mapping[str, Facts], labels: Labels | None) -> str:
    """Why the numbers in a question's columns may not be the instrument's; '' for no reason.

    `labels`: what `labels_of` found; numbers that stand beside labels are answers too.
    """
    question = match.instrument
    if question.kind == "select_all" or (labels is not None and labels.too_many):
        return ""
    said = _explained(match, facts) if labels is None else {}
    if said is None:
        return "not the same is said of the codes in all columns and files"
    meaning = meaning_of(said.values(), question.answer_labels, question.low, question.high)
    if None in meaning.numbers.values():
        named = [f"{code} '{label}'" for code, label in said.items() if label in meaning.numbers]
        return f"the file calls its codes {named[0]} to {named[-1]}; is that from low to high?"
    numbers = _numbers(match, facts)
    for each in labels.tongues.values() if labels is not None else ():
        if each.how not in ("", BY_NUMBER):  # of words it is said how many occur
            return ""
        numbers |= {number for number in each.numbers.values() if number is not None}
    if not numbers or {question.low, question.high} <= numbers:
        return ""
    least, most = min(numbers), max(numbers)
    return (
        f"{least:g} to {most:g} occur where its answers go from {question.low} to {question.high}"
    )


def codes_of_no_answer(matches: Iterable[Match], facts: Mapping[str, Facts]) -> list[int]:
    """Codes outside the range of what was matched, and those that the file says mean no answer."""
    found: set[int] = set()
    taken: set[int] = set()
    for match in matches:
        question = match.instrument
        low = 1 if question.kind == "select_all" else question.low
        taken |= set(range(low, question.high + 1))
        for name in match.columns:
            each = facts.get(name)
            if each is None:
                continue
            found |= {int(number) for number in each.numbers if number in NO_ANSWER_CODES}
            silent = meaning_of(each.labels.values(), (), question.low, question.high).no_answer
            said = {as_number(code) for code, label in each.labels.items() if label in silent}
            found |= {int(code) for code in said if code is not None and code in each.numbers}
    return sorted(found - taken)


def code_for_labels(codes: Sequence[int]) -> int:
    """The code that labels of no answer get: one that is there already, or the usual one.

    >>> code_for_labels([-9, 99]), code_for_labels([])
    (-9, -99)
    """
    return codes[0] if codes else _USUAL_CODE
