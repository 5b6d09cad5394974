"""Names as people type them, and the one name that they mean.

Exports spell a department in three ways: another capital, a double space, a space that does not
break, an accent in two code points. Such spellings are one name, and the commonest of them is
used. Anything further apart stays apart: guessing is not merging.
"""

from __future__ import annotations

import hashlib
import html
import re
import unicodedata
from collections.abc import Sequence

import numpy as np
import pandas as pd

from cultureplus.text_columns import distinct_texts, has_blanks, laid_over

# Nobody types these into a name. A terminal that prints one of the first obeys it; the last four
# have no width and come from editors and exports (soft hyphen, byte-order mark and the like).
_UNSEEN = re.compile(r"[\x00-\x08\x0e-\x1b\x7f-\x84\x86-\x9f\u00ad\u200b\u2060\ufeff]")

_TAG = re.compile(r"<[^<>]{0,200}>")
_TIDY = r"(?:[!-~]+(?: [!-~]+)*)?"  # nothing that would have to be tidied


def plain_text(text: object) -> str:
    r"""A text in one Unicode form (NFKC), with single spaces, without what can't be seen.

    >>> plain_text(" Customer\u00a0 care "), plain_text("Sales\x1b[2J")
    ('Customer care', 'Sales[2J')
    >>> plain_text("\ufeff0 - Not at all")
    '0 - Not at all'
    """
    text = str(text)
    if text.isascii() and text.isprintable() and "  " not in text:
        return text.strip()
    return " ".join(_UNSEEN.sub("", unicodedata.normalize("NFKC", text)).split())


def without_markup(text: str) -> str:
    """A question as people read it: tools write questions as HTML.

    >>> without_markup("<b>Time</b>&nbsp;&amp; space")
    'Time & space'
    """
    return plain_text(html.unescape(_TAG.sub(" ", text)))


def tidied(cells: pd.Series) -> pd.Series:
    """Every cell as `plain_text` gives it; each different one is looked at once.

    >>> tidied(pd.Series([" Sales", "Sales", ""])).tolist()
    ['Sales', 'Sales', '']
    """
    if not has_blanks(cells) or cells.str.fullmatch(_TIDY).all():
        return cells
    places, texts = distinct_texts(cells)
    return laid_over(places, [plain_text(text) for text in texts], cells)


def same_name(name: object) -> str:
    """What all spellings of one name have in common.

    >>> same_name("Customer  CARE") == same_name("customer care ")
    True
    """
    return plain_text(name).casefold()


def merge_spellings(
    names: Sequence[str], counts: Sequence[int] | np.ndarray
) -> tuple[list[str | None], dict[str, list[str]]]:
    """Give each name its commonest spelling, and say which spellings were merged.

    `names`: the different texts of a column, blank where there is none; `counts`: how often each is
    there. Returns one name per text (None where blank), and for each name that had several
    spellings the list of them.

    >>> merge_spellings(["Sales", "sales ", ""], [2, 1, 1])
    (['Sales', 'Sales', None], {'Sales': ['Sales', 'sales ']})
    """
    spelt: dict[str, dict[str, int]] = {}  # name in common -> tidy spelling -> how often
    together: dict[str, list[str]] = {}
    for name, count in zip(names, counts, strict=True):
        key = same_name(name)
        tidy = spelt.setdefault(key, {})
        tidy[plain_text(name)] = tidy.get(plain_text(name), 0) + int(count)
        together.setdefault(key, []).append(name)
    best = {key: min(tidy, key=lambda name: (-tidy[name], name)) for key, tidy in spelt.items()}
    spellings = {
        best[key]: sorted(together[key]) for key in sorted(together)
        if key and len(together[key]) > 1
    }  # fmt: skip
    return [best[same_name(name)] or None for name in names], spellings


def in_order(name: str) -> list[tuple[int, str]]:
    """A sorting key that takes numbers within names as numbers.

    >>> sorted(["wave 10", "wave 9"], key=in_order)
    ['wave 9', 'wave 10']
    """
    parts = re.split(r"([0-9]+)", name)
    return [(int(part), "") if part.isdecimal() else (-1, part) for part in parts]


def slug(name: str) -> str:
    """A name as a column or file name: lower-case letters, digits and underscores.

    >>> slug("People & Culture")
    'people_culture'
    """
    ascii_only = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode()
    found = re.sub(r"[^a-z0-9]+", "_", ascii_only.lower()).strip("_")
    return found or hashlib.sha256(name.encode()).hexdigest()[:8]
