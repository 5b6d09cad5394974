"""Names as people type them, and the one name that they mean.

Exports spell a department in three ways: another capital, a double space, a space that does not
break, an accent in two code points. Such spellings are one name, and the commonest of them is
used. Anything further apart stays apart: guessing is not merging.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata

import pandas as pd

# Nobody types these into a name, and a terminal that prints one obeys it.
_CONTROL = re.compile(r"[\x00-\x08\x0e-\x1b\x7f-\x84\x86-\x9f]")  # those that are no spaces


def plain_text(text: object) -> str:
    r"""A text in one Unicode form (NFKC), with single spaces and without control characters.

    >>> plain_text(" Customer\u00a0 care "), plain_text("Sales\x1b[2J")
    ('Customer care', 'Sales[2J')
    """
    return " ".join(_CONTROL.sub("", unicodedata.normalize("NFKC", str(text))).split())


def same_name(name: object) -> str:
    """What all spellings of one name have in common.

    >>> same_name("Customer  CARE") == same_name("customer care ")
    True
    """
    return plain_text(name).casefold()


def merge_spellings(names: pd.Series) -> tuple[pd.Series, dict[str, list[str]]]:
    """Give each name its commonest spelling, and say which spellings were merged.

    `names`: texts, blank where there is none. Returns the names (missing where blank), and for
    each name that had several spellings the list of them.

    >>> merged, spellings = merge_spellings(pd.Series(["Sales", "sales ", "Sales", ""]))
    >>> merged.tolist(), spellings
    (['Sales', 'Sales', 'Sales', nan], {'Sales': ['Sales', 'sales ']})
    """
    raw = names.astype("str").fillna("")
    table = pd.DataFrame({"raw": pd.Series(raw.unique(), dtype="str")})
    table["tidy"] = [plain_text(name) for name in table["raw"]]
    table["key"] = [same_name(name) for name in table["raw"]]
    table["count"] = table["raw"].map(raw.value_counts())
    best: dict[str, str] = {}
    spellings: dict[str, list[str]] = {}
    for key, group in table[table["key"] != ""].groupby("key", sort=True):
        counts = group.groupby("tidy")["count"].sum()
        best[str(key)] = str(min(counts.index, key=lambda name: (-counts[name], name)))
        if len(group) > 1:
            spellings[best[str(key)]] = sorted(group["raw"])
    chosen = dict(zip(table["raw"], table["key"].map(best), strict=True))
    return raw.map(chosen).astype("str"), spellings


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
