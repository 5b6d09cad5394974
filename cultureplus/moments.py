"""Dates with a time of day, as forms write them into every record."""

from __future__ import annotations

import re

_MOMENT = re.compile(
    r"\d{1,4}[./-] ?\d{1,2}[./-] ?\d{1,4}[^0-9]{1,10}\d{1,2}[.:]\d{2}(?:[.:]\d{2}(?:\.\d+)?)?"
    r"(?:[^0-9]{0,12}|.{0,8}(?:UTC|GMT)[+\u2212-]?[0-9:]{0,5})"
)


def is_moment(text: str) -> bool:
    """Whether a tidy text is a date and a time of day, in whichever country's order.

    >>> [is_moment(each) for each in ("12/13/2019 9:50:29", "2022/10/17 6:31:58 PM UTC-5")]
    [True, True]
    >>> [is_moment(each) for each in ("2019-12-13", "9:50", "4", "")]
    [False, False, False, False]
    """
    return _MOMENT.fullmatch(text) is not None
