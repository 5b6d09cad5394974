"""Words and numbers as they enter a chart.

Names of units, wordings of items and reasons come from somebody's file, and plotly reads markup,
links, formulas and field names in every text it draws. So each text passes here on its way in:
one line or a few, cut to a sensible length, disarmed. Numbers pass here too: rounded, so that the
same table gives the same figure on every machine.
"""

from __future__ import annotations

import html
import textwrap
import unicodedata
from collections.abc import Iterable
from typing import Any, Final, cast

import pandas as pd

from cultureplus.columns import ALL, title_of

NO_DATA: Final = "no data"
HIDDEN: Final = "hidden"


def missing(value: object) -> bool:
    """Whether a single value of a table is missing.

    >>> missing(float("nan")), missing(None), missing("")
    (True, True, False)
    """
    return bool(pd.isna(cast(Any, value)))


def plain(text: object, *, width: int = 200) -> str:
    r"""Text from data as one clean line: no control characters, no angle brackets, cut to width.

    This is for alternative text, which other programs place where they like.

    >>> plain("<b>Sales</b>\n North"), plain("Research and development", width=12)
    ('‹b›Sales‹/b› North', 'Research an…')
    """
    line = _one_line(text, width)
    return line.translate({ord("<"): "‹", ord(">"): "›", ord('"'): "'"})


def escape(text: object) -> str:
    """Text from data with everything that plotly would read as markup, formula or field disarmed.

    >>> escape("<b>A&B</b>"), escape("$x^2$ %{y}")
    ('&lt;b&gt;A&amp;B&lt;/b&gt;', '&#36;x^2&#36; &#37;{y}')
    """
    safe = html.escape(str(text), quote=False)
    return safe.replace("$", "&#36;").replace("%{", "&#37;{")


def label(text: object, *, width: int = 34) -> str:
    """Text from data as a short label: one line, cut at `width` characters, escaped.

    >>> label("Research & development of the north", width=14)
    'Research &amp; de…'
    """
    return escape(_one_line(text, width))


def wrapped(text: object, *, width: int = 44, lines: int = 3) -> str:
    """Text from data over several lines, cut after the last one, escaped.

    >>> wrapped("In this team it is safe to take a risk", width=20, lines=2)
    'In this team it is<br>safe to take a risk'
    """
    parts = textwrap.wrap(_one_line(text, 1000), width, max_lines=lines, placeholder=" …")
    return "<br>".join(escape(part) for part in parts)


def _one_line(text: object, width: int) -> str:
    letters = " ".join(str(text).split())
    # Category C holds control and direction-changing characters: they can reverse a whole label.
    letters = "".join(c for c in letters if not unicodedata.category(c).startswith("C"))
    return letters if len(letters) <= width else letters[: width - 1].rstrip() + "…"


def numbers(values: Iterable[Any], *, times: float = 1.0) -> list[float | None]:
    """Numbers as they enter a figure: scaled, rounded to 3 decimals, missing as None.

    >>> numbers([0.123456, float("nan"), -0.0], times=100)
    [12.346, None, 0.0]
    """
    # First without the noise of the order of summing: half of a last digit is always the same half.
    exact = [None if missing(value) else round(float(value) * times, 9) for value in values]
    return [None if value is None else round(value, 3) + 0.0 for value in exact]


def say(value: object, *, digits: int = 2, times: float = 1.0, sign: bool = False) -> str:
    """A number as words for a label, without digits that it does not have.

    >>> say(4.3), say(-0.125, sign=True), say(0.666, digits=0, times=100), say(float("nan"))
    ('4.3', '−0.12', '67', 'not known')
    """
    rounded = numbers([value], times=times)[0]
    if rounded is None:
        return "not known"
    text = f"{rounded:+.{digits}f}" if sign else f"{rounded:.{digits}f}"
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    return text.replace("-", "−")


def unit_name(lens: object, unit: object) -> str:
    """A unit's name for a reader; everybody together is the whole organisation.

    >>> unit_name("all", "all"), unit_name("team", "North 1")
    ('Whole organisation', 'North 1')
    """
    return "Whole organisation" if str(lens) == ALL else str(unit)


def scale_title(scale: object, *, width: int = 40) -> str:
    """A scale's name as a ready label.

    >>> scale_title("psychological_safety")
    'Psychological safety'
    """
    return label(title_of(str(scale)), width=width)
