"""How much a header reads like a question: the wording of one item, as a survey tool prints it.

Tools print an item with the question of its block in front, with tags, in brackets, or cut off.
The wording itself must be the item's: another referent ("my department" for "my team"), a "not"
more or less, or another "often" makes another item, however alike the letters are.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable
from functools import lru_cache

from cultureplus.spelling import without_markup

ALIKE = 0.85  # the least share of letters in common
_NEAR = 0.8  # and for a header that is mentioned only
_SPELT = 0.8  # letters in common of two spellings or endings of a word
_LONG_WORD = 4
_SHORTEST = 20  # letters that a cut-off header has at least
_FEWEST = 4  # and words
_WORD = re.compile(r"\w+(?:['\u2019]\w+)?")
_CUT = re.compile(r"\s*(?:\u2026|\.{3})\s*$")
# Where the question of a block may end and an item begin.
_BORDER = re.compile(r"(?:[?.!:;|]|\s[-\u2013\u2014:])\s+|[\[({]")
# Words that decide what an item says; these must be the same on both sides.
# These decide what an item says, so their spelling is no matter of taste.
_WORDS_THAT_DECIDE = """
    not no never none nobody nothing neither without hardly rarely seldom sometimes often usually
    mostly always team teams department departments organisation company function functions unit
    units group groups manager managers leader leaders colleague colleagues people well badly
    their there your them they other others more most
    """
_DECISIVE = frozenset(_WORDS_THAT_DECIDE.split())
# A header with one of these more or less is the same item.
_SMALL_WORDS = "a an the of to that which in on at for and or is are be also just some"
_SMALL = frozenset(_SMALL_WORDS.split())
_SHORT_FORMS = {"don't": "do not", "doesn't": "does not", "can't": "can not", "cannot": "can not",
    "won't": "will not", "isn't": "is not", "aren't": "are not", "didn't": "did not",
    "haven't": "have not", "hasn't": "has not", "wouldn't": "would not", "couldn't": "could not",
    "i'm": "i am", "it's": "it is", "we're": "we are", "i'd": "i would",
}  # fmt: skip
_SAME = {"organization": "organisation", "organizations": "organisations", "behavior": "behaviour"}


@lru_cache(maxsize=20_000)
def plain_words(text: str) -> str:
    """A text as bare words: no tags, capitals or punctuation, short forms written out.

    >>> plain_words("<b>I don't&nbsp;mind!</b>")
    'i do not mind'
    """
    tidy = without_markup(text).casefold().replace("\u2019", "'")
    words = [_SHORT_FORMS.get(word, word) for word in _WORD.findall(tidy)]
    return " ".join(_SAME.get(word, word) for word in words)


@lru_cache(maxsize=20_000)
def parts_of(text: str) -> tuple[str, ...]:
    """A header and what may be the item in it, longest first.

    >>> parts_of("How far do you agree? [I like tea.]")
    ('How far do you agree? [I like tea.]', '[I like tea.]', 'I like tea.]')
    """
    found = [text]
    for border in _BORDER.finditer(text):
        rest = text[border.end() :]
        if rest.strip(" ])}") and rest not in found:
            found.append(rest)
    return tuple(found)


def likeness(header: str, wording: str) -> float:
    """How surely a header prints this wording: 1 where the words are the same, 0 where not at all.

    Between them lies the share of letters in common where the words that decide are the same, and
    the share that is left of a wording that was cut off.

    >>> likeness("How far do you agree? - I like tea.", "I like tea.")
    1.0
    >>> likeness("I do not like tea.", "I like tea.")
    0.0
    """
    meant = _word_set(wording)
    if len(_word_set(header) & meant) < min(_FEWEST - 1, len(meant)):
        return 0.0
    return max((_likeness(part, wording) for part in parts_of(header)), default=0.0)


@lru_cache(maxsize=20_000)
def _word_set(text: str) -> frozenset[str]:
    return frozenset(plain_words(text).split())


@lru_cache(maxsize=200_000)
def _likeness(part: str, wording: str) -> float:
    mine, meant = plain_words(_CUT.sub("", part.rstrip(" ])}"))), plain_words(wording)
    if not mine or not meant:
        return 0.0
    if mine == meant:
        return 1.0
    if _is_cut_off(mine, meant):
        return min(0.99, 0.9 + 0.09 * len(mine) / len(meant))
    ours, theirs = mine.split(), meant.split()
    if not _say_the_same(ours, theirs):
        return 0.0
    share = _letters(mine, meant)
    return min(share, 0.99) if share >= ALIKE else 0.0


def _letters(mine: str, meant: str) -> float:
    return difflib.SequenceMatcher(None, mine, meant, autojunk=False).ratio()


def _is_cut_off(mine: str, meant: str) -> bool:
    long_enough = len(mine) >= _SHORTEST and mine.count(" ") + 1 >= _FEWEST
    return long_enough and meant.startswith(mine)


def _say_the_same(ours: list[str], theirs: list[str]) -> bool:
    """Whether two wordings differ in small words and in spelling only."""
    common = difflib.SequenceMatcher(None, ours, theirs, autojunk=False)
    for tag, a, b, c, d in common.get_opcodes():
        if tag == "equal":
            continue
        mine, meant = ours[a:b], theirs[c:d]
        for word in list(mine):
            like = next((each for each in meant if _spelt_alike(word, each)), None)
            if like is not None:
                mine.remove(word)
                meant.remove(like)
        if not _SMALL.issuperset(mine + meant):
            return False
    return True


def _spelt_alike(mine: str, meant: str) -> bool:
    if min(len(mine), len(meant)) < _LONG_WORD or {mine, meant} & _DECISIVE:
        return False
    return _letters(mine, meant) >= _SPELT


def reads_like(header: str, wording: str) -> bool:
    """Whether a header has most letters of a wording, even if it says something else.

    >>> reads_like("I get money from other departments.", "I get answers from other departments.")
    True
    """
    if len(_word_set(header) & _word_set(wording)) < _word_set_share(wording):
        return False
    meant = plain_words(wording)
    return any(_letters(plain_words(part), meant) >= _NEAR for part in parts_of(header))


def _word_set_share(wording: str) -> float:
    return max(_FEWEST - 1, 0.6 * len(_word_set(wording)))


def best_match(header: str, wordings: Iterable[str]) -> tuple[str, float] | None:
    """The one wording that a header prints, and how surely; None where it is none or not clear.

    >>> best_match("i like tea", ["I like tea.", "I like coffee."])
    ('I like tea.', 1.0)
    """
    found = sorted(((likeness(header, each), each) for each in wordings), reverse=True)
    if not found or found[0][0] < ALIKE:
        return None
    if len(found) > 1 and found[1][0] > 0 and found[0][0] - found[1][0] < _CLEAR:
        return None
    return found[0][1], found[0][0]


_CLEAR = 0.05  # the second best must be so much less like it
