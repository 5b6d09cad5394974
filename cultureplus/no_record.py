"""Rows that are no records, and records that are no header.

People put two exports into one file, header and all; spreadsheets write totals below the answers;
somebody deletes the first row. Read as they stand, such tables gain a respondent or lose one, so
they are refused with the row.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

import pandas as pd

from cultureplus.errors import InputError
from cultureplus.spelling import plain_text, same_name

_LAST = 5  # records among which what sums up the others may stand
# What such a row begins with, in the languages of the commoner spreadsheets.
_SUMS = frozenset({
    "total", "totals", "grand total", "subtotal", "sum", "count", "average", "mean", "median",
    "minimum", "maximum", "standard deviation", "gesamt", "gesamtergebnis", "summe", "anzahl",
    "mittelwert", "durchschnitt", "total general", "total g\u00e9n\u00e9ral", "somme", "nombre",
    "moyenne", "suma", "promedio", "totale", "totale complessivo", "totaal", "eindtotaal",
    "gemiddelde", "summa", "suma ko\u0144cowa", "\u015brednia",
    "\u0438\u0442\u043e\u0433\u043e", "\u5408\u8a08", "\u603b\u8ba1", "\u5e73\u5747",
})  # fmt: skip
_LOOKED_AT = 200  # filled cells of a column
_MOSTLY = 0.9
_ENOUGH, _AGAIN, _SEVERAL = 20, 2, 3  # filled cells, times of each text, columns of such texts
# What programs call a column whose name they did not find.
_MADE_UP = re.compile(r"(?i)(?:unnamed:?|column|field|spalte|_c|\.{3})[ _]?[0-9]+")
_DIGIT = re.compile("[0-9]")
_NUMBER = re.compile(r"[+-]?[0-9]+(?:[.,][0-9]+)?%?")
# A day with its year, alone or with a time; an IP address.
_OF_A_RECORD = re.compile(
    r"(?:[0-9]{4}([-./])[0-9]{1,2}\1[0-9]{1,2}|[0-9]{1,2}([-./])[0-9]{1,2}\2[0-9]{4}"
    r"|[0-9]{1,2}/[0-9]{1,2}/[0-9]{2})(?:,?[ T][0-9]{1,2}:.*)?|[0-9]{1,3}(?:\.[0-9]{1,3}){3}"
)


def holds_values(names: Iterable[str]) -> bool:
    """Whether what should be names of columns looks like a record: numbers, addresses, times.

    >>> holds_values(["who", "tea_1"]), holds_values(["P1", "4"])
    (False, True)
    """
    return any(
        _NUMBER.fullmatch(name) or "@" in name or _OF_A_RECORD.fullmatch(name) for name in names
    )


def shown_as_header(frame: pd.DataFrame) -> bool:
    """Whether the cells show that the names above them are names and no record.

    They do where numbers, days or addresses stand below something else, or numbered keys below a
    word. Words below words show little: whoever stands first may be alone in their unit. Only where
    it would be so in several columns are these words names.
    """
    names = [str(name) for name in frame.columns]
    if holds_values(names):
        return False
    for place, name in enumerate(names):
        cells = frame.iloc[:, place]
        some = cells.loc[cells != ""].head(_LOOKED_AT)
        if not name or some.empty or is_made_up(name):
            continue
        numbered = not _DIGIT.search(name) and some.nunique() >= _MOSTLY * len(some)
        if some.map(lambda cell: holds_values([plain_text(cell)])).mean() >= _MOSTLY or (
            numbered and some.str.contains(_DIGIT).mean() >= _MOSTLY
        ):
            return True
    return _are_strange(frame)


def _are_strange(frame: pd.DataFrame) -> bool:
    """Whether three names or more stand above texts that all come again, and none is one of these.

    >>> rows = [["yes", "no", "North"], ["no", "yes", "South"]] * 10
    >>> _are_strange(pd.DataFrame(rows, columns=["I speak up", "I am heard", "Site"]))
    True
    """
    strange = 0
    for place, name in enumerate(map(str, frame.columns)):
        cells = frame.iloc[:, place]
        counts = cells.loc[cells != ""].value_counts()
        if not name or is_made_up(name) or counts.sum() < _ENOUGH or counts.min() < _AGAIN:
            continue
        if same_name(name) in map(same_name, counts.index):
            return False
        strange += 1
    return strange >= _SEVERAL


def is_made_up(name: str) -> bool:
    """Whether a program called a column so because it found no name.

    >>> is_made_up("Unnamed: 3"), is_made_up("q3")
    (True, False)
    """
    return _MADE_UP.fullmatch(name) is not None


def is_one_of(name: str, cells: pd.Series) -> bool:
    """Whether the name of a column of keys looks like a key of it: `P1` above P2, P3 and so on.

    >>> is_one_of("P1", pd.Series(["P2", "P3"])), is_one_of("who", pd.Series(["P2", "P3"]))
    (True, False)
    """
    some = [plain_text(cell) for cell in cells.loc[cells != ""].head(_LOOKED_AT)]
    if not _DIGIT.search(name) or not some:
        return False
    return any(
        sum(shape(cell) == shape(name) for cell in some) >= _MOSTLY * len(some)
        for shape in (_without_numbers, _letters_and_digits)
    )


def _without_numbers(text: str) -> str:
    return re.sub("[0-9]+", "#", text)


def _letters_and_digits(text: str) -> str:
    return re.sub("[0-9]", "9", re.sub(r"[^\W\d_]", "a", text))


def refuse_odd_rows(frame: pd.DataFrame, names: Sequence[str], file: str, first_row: int) -> None:
    """Raise `InputError` where the header stands again among the records, or sums stand below.

    `frame`: the filled records as texts, a column per name; its index plus `first_row` is the row
    of the file.
    """
    place = next((place for place, name in enumerate(names) if name), None)
    if place is None:
        return
    cells = frame.iloc[:, place]
    for label in frame.index[cells.isin([names[place], f"\ufeff{names[place]}"])][:_LAST]:
        if len(names) > 1 and [plain_text(cell) for cell in frame.loc[label]] == list(names):
            raise InputError(
                "The header stands here again.",
                file=file,
                row=int(label) + first_row,
                fix="delete this row if the records below it belong here; if they are another "
                "export, give it a file of its own",
            )
    last = frame.iloc[-_LAST:]
    for label, row in zip(last.index, last.to_numpy(dtype="object"), strict=True):
        first, *others = [tidy for tidy in map(plain_text, row) if tidy] or [""]
        # A department may be called Total; but beside it stands somebody's id or text.
        if first.casefold().rstrip(" :") in _SUMS and all(map(_NUMBER.fullmatch, others)):
            raise InputError(
                "This row sums up the others: it is no record.",
                file=file,
                row=int(label) + first_row,
                fix="delete it, and whatever else stands below the last record",
            )
