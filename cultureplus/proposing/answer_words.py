"""What usual answer labels mean: agreement and frequency in a few languages, and no answer.

Used only to propose numbers for labels; a person confirms each, and reading knows only what
survey.toml says.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from cultureplus.spelling import same_name

# Language: scales from low to high; `/` divides words that stand at the same place.
_SCALES: dict[str, tuple[str, ...]] = {
    "en": (
        "strongly disagree/totally disagree/completely disagree/fully disagree | disagree/somewhat "
        "disagree/tend to disagree/rather disagree/slightly disagree | neither agree nor disagree/"
        "neutral/neither/undecided/neither disagree nor agree/neither agree or disagree | agree/"
        "somewhat agree/tend to agree/rather agree/slightly agree | strongly agree/totally agree/"
        "completely agree/fully agree",
        "strongly disagree | disagree | somewhat disagree/slightly disagree | neither agree nor "
        "disagree/neutral | somewhat agree/slightly agree | agree | strongly agree",
        "strongly disagree | disagree | agree | strongly agree",
        "strongly disagree | disagree | somewhat disagree/slightly disagree | somewhat agree/"
        "slightly agree | agree | strongly agree",
        "never | rarely/seldom | sometimes/occasionally | often/frequently/usually | always/very "
        "often",
        "never | sometimes | often | always",
        "very dissatisfied/extremely dissatisfied | dissatisfied/somewhat dissatisfied | neither "
        "satisfied nor dissatisfied/neutral | satisfied/somewhat satisfied | very satisfied/"
        "extremely satisfied",
        "not at all | slightly/a little | moderately/somewhat | very/very much/quite a bit | "
        "extremely/completely",
    ),
    "de": (
        "stimme gar nicht zu/stimme überhaupt nicht zu/trifft gar nicht zu/trifft überhaupt nicht "
        "zu/stimme nicht zu/lehne stark ab | stimme eher nicht zu/trifft eher nicht zu/lehne eher "
        "ab | teils, teils/teils teils/teils/teils/weder noch/neutral/unentschieden | stimme eher "
        "zu/trifft eher zu | stimme voll zu/stimme voll und ganz zu/trifft voll zu/trifft voll und "
        "ganz zu/stimme völlig zu",
        "stimme überhaupt nicht zu/stimme gar nicht zu/trifft überhaupt nicht zu/trifft gar nicht "
        "zu | stimme nicht zu/trifft nicht zu | stimme eher nicht zu/trifft eher nicht zu | teils, "
        "teils/teils teils/neutral/weder noch/unentschieden | stimme eher zu/trifft eher zu | "
        "stimme zu/trifft zu | stimme voll und ganz zu/stimme voll zu/stimme völlig zu/trifft voll "
        "und ganz zu/trifft voll zu",
        "stimme nicht zu/trifft nicht zu | stimme eher nicht zu/trifft eher nicht zu | teils, "
        "teils/teils teils/neutral | stimme eher zu/trifft eher zu | stimme zu/trifft zu",
        "trifft nicht zu/stimme nicht zu/stimme gar nicht zu | trifft eher nicht zu/stimme eher "
        "nicht zu | trifft eher zu/stimme eher zu | trifft zu/stimme zu/stimme voll zu",
        "nie/niemals | selten | manchmal/gelegentlich | oft/häufig | immer/sehr oft/sehr häufig",
    ),
    "fr": (
        "pas du tout d'accord/tout à fait en désaccord/fortement en désaccord | plutôt pas "
        "d'accord/pas d'accord/en désaccord | ni d'accord ni pas d'accord/neutre/ni en accord ni "
        "en désaccord | plutôt d'accord/d'accord/en accord | tout à fait d'accord/fortement en "
        "accord",
        "pas du tout d'accord | plutôt pas d'accord | plutôt d'accord | tout à fait d'accord",
        "jamais | rarement | parfois/de temps en temps | souvent | toujours/très souvent",
    ),
    "es": (
        "totalmente en desacuerdo/muy en desacuerdo | en desacuerdo/algo en desacuerdo | ni de "
        "acuerdo ni en desacuerdo/neutral/neutro | de acuerdo/algo de acuerdo | totalmente de "
        "acuerdo/muy de acuerdo",
        "nunca | rara vez/raramente | a veces/algunas veces | a menudo/con frecuencia | siempre/"
        "casi siempre",
    ),
    "nl": (
        "helemaal mee oneens/helemaal niet mee eens/sterk mee oneens/zeer mee oneens | mee oneens/"
        "niet mee eens | niet mee eens, niet mee oneens/neutraal/niet eens, niet oneens/noch mee "
        "eens noch mee oneens | mee eens | helemaal mee eens/sterk mee eens/zeer mee eens",
        "nooit | zelden | soms | vaak | altijd/heel vaak",
    ),
}  # fmt: skip
BY_NUMBER = "the number in the label"
_NO_ANSWER = frozenset(
    """
    don't know|i don't know|do not know|can't say|i can't say|cannot say|not applicable|n a|na|
    no answer|no opinion|prefer not to say|prefer not to answer|not sure|does not apply|
    weiß nicht|weiss nicht|ich weiß nicht|kann ich nicht beurteilen|keine angabe|keine antwort|
    ne sait pas|je ne sais pas|sans réponse|sans objet|non applicable|
    no sabe|no sé|no contesta|no aplica|prefiero no responder|
    weet niet|weet ik niet|geen antwoord|niet van toepassing|geen mening
    """.replace("\n", "")
    .replace("    ", "")
    .split("|")
)
_NUMBERED = re.compile(r"^[(\[]?(-?\d{1,2})[)\]]?(?:\s*[-\u2013\u2014:.=(]\s*|\s+)\D")


@dataclass(frozen=True)
class Meaning:
    """Labels and their numbers (None: open), the language that they are of, and how that is known.

    `no_answer`: labels that mean no answer.
    """

    numbers: dict[str, int | None]
    language: str
    how: str
    no_answer: tuple[str, ...] = ()


def meaning_of(labels: Iterable[str], own: Sequence[str], low: int, high: int) -> Meaning:
    """What these labels mean on a range from low to high.

    `own`: the labels of the instrument, from low to high, where it has them.

    >>> meaning_of(["Agree", "Strongly disagree"], [], 1, 5).numbers
    {'Strongly disagree': 1, 'Agree': 4}
    >>> meaning_of(["Tea", "Milk"], [], 1, 5).numbers
    {'Milk': None, 'Tea': None}
    """
    tidy = {label: _plain(label) for label in labels}
    silent = tuple(sorted(label for label, text in tidy.items() if text in _NO_ANSWER))
    said = {label: text for label, text in tidy.items() if label not in silent}
    scales = [("en", [[label] for label in own], "the instrument's own labels")] if own else []
    scales += [
        (language, [place.split("/") for place in line.split("|")], "usual words, in this order")
        for language, lines in _SCALES.items()
        for line in lines
    ]
    for language, places, how in scales:
        at = {_plain(word): low + n for n, words in enumerate(places) for word in words}
        numbers = [at.get(text) for text in said.values()]
        known = said and None not in numbers and len(set(numbers)) == len(numbers)
        if known and len(places) == high - low + 1 and not _whole_elsewhere(said.values(), places):
            found = dict(zip(said, numbers, strict=True))
            ordered: dict[str, int | None] = dict(
                sorted(found.items(), key=lambda pair: pair[1] or 0)
            )
            return Meaning(ordered, language, how, silent)
    values = numbered(said)
    fits = values and all(low <= value <= high for value in values.values())
    if fits and not _turned(values, [places for _, places, _ in scales]):
        return Meaning(dict(values), "", BY_NUMBER, silent)
    return Meaning(dict.fromkeys(sorted(said)), "", "", silent)


def numbered(labels: Iterable[str]) -> dict[str, int]:
    """Labels that begin with their number, in its order; {} unless each has one of its own.

    >>> numbered(["10 - Completely", "0 - Not at all"]), numbered(["1 = No", "Yes"])
    ({'0 - Not at all': 0, '10 - Completely': 10}, {})
    """
    hits = {label: _NUMBERED.match(label) for label in labels}
    found = {label: int(hit[1]) for label, hit in hits.items() if hit}
    if len(found) < len(hits) or len(set(found.values())) < len(found):
        return {}
    return dict(sorted(found.items(), key=lambda pair: pair[1]))


def _turned(values: Mapping[str, int], scales: Iterable[Sequence[Sequence[str]]]) -> bool:
    """Whether the words behind the numbers run from high to low: `1 - Agree, 2 - Disagree`."""
    words = [_plain(_NUMBERED.sub(lambda hit: hit[0][-1], label).rstrip(")]")) for label in values]
    falls = rises = False
    for places in scales:
        at = {_plain(word): n for n, several in enumerate(places) for word in several}
        found = [at[word] for word in words if word in at]
        if len(found) == len(words) > 1:
            falls = falls or found == sorted(found, reverse=True)
            rises = rises or found == sorted(found)
    return falls and not rises


def are_answers(labels: Iterable[str], own: Iterable[str] = ()) -> bool:
    """Whether all of these are words of answers: usual ones, or `own`, those of an instrument.

    >>> are_answers(["Agree", "Never"]), are_answers(["Sales", "Never"])
    (True, False)
    """
    known = _WORDS | _NO_ANSWER | {_plain(label) for label in own}
    return all(_plain(label) in known for label in labels)


def _whole_elsewhere(texts: Iterable[str], places: Sequence[Sequence[str]]) -> bool:
    """Whether these labels are all of a shorter usual scale: then it was asked in fewer steps."""
    said = set(texts)
    return any(
        len(line.split("|")) == len(said) < len(places)
        and all(said & {_plain(word) for word in place.split("/")} for place in line.split("|"))
        for lines in _SCALES.values()
        for line in lines
    )


def _plain(label: str) -> str:
    return same_name(label).replace("\u2019", "'").replace("/", " ").strip(" .!")


_YES_AND_NO = {"yes", "no", "ja", "nein", "oui", "non", "sí", "si", "nee", "true", "false"}
_WORDS = _YES_AND_NO | frozenset(
    _plain(word)
    for lines in _SCALES.values()
    for line in lines
    for place in line.split("|")
    for word in place.split("/")
)
