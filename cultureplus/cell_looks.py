"""What a cell looks like that can't be read, said without saying what stands in it.

Whoever has to mend a cell needs to know whether a spreadsheet spoilt it, and how.
"""

from __future__ import annotations

import re

from cultureplus.spelling import plain_text

_MONTH = r"(?:jan|feb|m[a\u00e4]r|apr|ma[iyj]|jun|jul|aug|sep|o[ck]t|nov|de[cz])[a-z]*\.?"
SPREADSHEET_ERROR = "an error of a spreadsheet"
_LOOKS: tuple[tuple[str, str, str], ...] = (
    (r"#[\u00a1\u00bf]?[^\W\d_]+(?:/0!|/[^\W\d_]|[!?])|#nv|#arg", SPREADSHEET_ERROR,
     "mend the formula or clear the cell, and save the file again"),
    (r"=.+", "a formula", "put its value in its place"),
    (r"[+-]?\d+(?:[.,]\d+)? ?%", "a percentage",
     "export the answers themselves, not shares of answers"),
    (r"\d{1,3}(?:[,.' ]\d{3})+", "a number with marks between its thousands",
     "write the number without them"),
    (r"[+-]?\d+,\d+", "a number with a comma",
     'if it marks decimals: decimal = "," at the top of survey.toml; if it stands between two '
     "answers: export one column per option"),
    (r"\d+(?: ?[;|/] ?\d+)+ ?;?|\d+ ?;", "several numbers, or one of several",
     "export a question with several answers as one column per option"),
    (rf"\d{{1,4}}[-./]\d{{1,2}}(?:[-./]\d{{1,4}})?(?:[ t]\d{{1,2}}:.*)?|\d{{1,2}}[-. ]{_MONTH}"
     rf"(?:[-. ]\d+)?|{_MONTH}[-. ]\d{{1,4}}", "a date",
     "a spreadsheet makes dates of answers such as 1-2: export again and do not open the file "
     "there, or read this column as text there"),
    (r"'[+-]?\d+(?:[.,]\d+)?", "a number behind an apostrophe", "delete the apostrophe"),
    (r"[\u2010-\u2015\u2212]\d+(?:[.,]\d+)?", "a number behind a dash",
     "write a minus sign as a hyphen"),
    (r"n/?a|n\.a\.|null|nil|nan|none|missing|k\.? ?a\.?|[-.?*_/\u2010-\u2015]+",
     "a word or a mark for no answer", "clear the cell"),
    (r"\d+ ?[-.:=()\u2010-\u2015]? ?[^\W\d].*", "a number and its label",
     "export numbers only"),
)  # fmt: skip


def look_of(cell: object) -> tuple[str, str] | None:
    """What a cell looks like and what to do about it, or None where it is just a text.

    >>> look_of("#N/A")[0], look_of("02-Jan")[0], look_of("Agree")
    ('an error of a spreadsheet', 'a date', None)
    """
    tidy = plain_text(cell)
    for pattern, what, fix in _LOOKS:
        if re.fullmatch(pattern, tidy, re.IGNORECASE):
            return what, fix
    return None


def words_only(text: str) -> str:
    """A text without capitals, punctuation and dashes, to see whether only these differ.

    >>> words_only("Don\u2019t  know!") == words_only("don't know")
    True
    """
    return re.sub(r"[\W_]+", "", plain_text(text).casefold())
