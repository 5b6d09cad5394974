"""How exactly a shown number is told: fine enough to be read, too coarse to give answers back.

Means are told to 0.1, from 100 people on to 0.01. Everything else that stands beside a mean is told
from the told mean, so it says no more of the mean than the mean itself does: the interval is laid
around it, per cent of what is possible and the difference to the whole are worked out from it.

Three things would still tell what each person answered, and are banded by size alone, never by a
look at the answers:

- A mean or share at the end of what is possible says that everybody answered alike. It is drawn in
  until at least four answers may differ: what is told there stands for everything beyond.
- An interval of no width says the same. None is told narrower than would leave each person's score
  open by half a point to either side.
- Mean, standard deviation and share of favourable answers of one question give all answers of few
  people back. Below 100 people only the mean of a single question is told, so far from the ends
  that five or more sets of answers have it (not at all where there is no such place). The shares of
  its answers are told from 20 people on, in steps of at least three people that add up to one: each
  rounded for itself, they would now and then leave a single set of answers.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from cultureplus import columns as c
from cultureplus.tails import t_quantile

MANY = 100  # from here on a mean to 0.01 says no more of the sum than one to 0.1 does of ten people
_OPEN_ANSWERS = 4  # so many steps away from the end at least: five ways to take them
_FEWER_WAYS = {1: np.inf, 2: 8, 3: 5}  # where an answer can take one, two or three steps only
_OPEN_SCORE = 0.5  # points to either side of a score that an interval leaves open
_STEPS = np.array([0.01, 0.02, 0.05, 0.1, 0.25])
SOME = 20  # people behind the shares of one question, at least
_STEP = 3  # people in a step of shares, at least, where all shares stand together
_STEP_ALONE = 5
_CENTRES = (c.MEAN, c.CHANGE)
_SHARES = (c.FAVOURABLE, c.FAVOURABLE_DIFFERENCE, c.SHARE, c.RESPONSE_RATE, c.RELIABILITY)
_AGREEMENT = (c.RWG, c.R_STAR, c.AD_M, c.A_WG)  # each tells of the spread, as a deviation would
_BESIDE = (c.LOW, c.HIGH, c.FAVOURABLE, c.FAVOURABLE_DIFFERENCE, c.EFFECT_SIZE)


@dataclass(frozen=True, eq=False)
class Asked:
    """What lies behind the rows of a table: answers per person, and the range of an answer.

    `items`, `low`, `high`: one number per row, missing where nobody knows; `whole`: how many people
    the whole has that each row is compared with.
    """

    items: pd.Series
    low: pd.Series
    high: pd.Series
    whole: pd.Series


def tell(
    table: pd.DataFrame,
    n: pd.Series,
    asked: Asked,
    *,
    items: bool = False,
    answers: pd.Series | None = None,
) -> pd.DataFrame:
    """The numeric columns of a table as they may be told.

    `table`: its numbers, missing where hidden; `n`: people behind each row; `items`: each row is a
    single question; `answers`: each row is one answer to one, its low and high are the range of
    answers, and rows of the same number here are all answers to the same. Columns that tell
    nothing of answers (counts, keys) come back as they were.

    >>> def column(*values):
    ...     return pd.Series(values, dtype="float64")
    >>> table = pd.DataFrame({"mean": [3.14, 1.0], "pomp": [53.5, 0.0]})
    >>> tell(table, column(10, 5), Asked(column(3, 7), column(1, 1), column(5, 5), column(90, 90)))
       mean  pomp
    0   3.1  52.0
    1   1.2   5.0
    """
    out = table.copy()
    many = n >= MANY
    given = n * asked.items
    span = asked.high - asked.low
    few = (asked.items == 1) & ~many
    centre = None if answers is not None else next((name for name in _CENTRES if name in out), None)
    if centre is not None:
        steps = span.map(_FEWER_WAYS).fillna(_OPEN_ANSWERS).where(asked.items == 1, _OPEN_ANSWERS)
        # Several questions always leave room; a single one of few people may not.
        near = steps / given
        near = near.where(asked.items == 1, near.clip(upper=span / 4))
        bottom, top = (
            (asked.low + near, asked.high - near)
            if centre == c.MEAN
            else (near - span, span - near)
        )
        told = _between(
            _rounded(out[centre], many), _to_grid(bottom, many, np.ceil),
            _to_grid(top, many, np.floor),
        ).mask(few & (near >= span / 2))  # fmt: skip
        for name, sign in ((c.LOW, -1), (c.HIGH, 1)):
            if name in out:
                width = _rounded((out[name] - out[centre]).abs(), many)
                widest = np.maximum(width, _to_grid(_narrowest(n), many, np.ceil))
                out[name] = _rounded(told + sign * widest, many)
        if c.DIFFERENCE in out and centre == c.MEAN:
            whole = _rounded(out[c.MEAN] - out[c.DIFFERENCE], asked.whole >= MANY)
            out[c.DIFFERENCE] = _rounded(told - whole, many)
        if c.POMP in out and centre == c.MEAN:
            reached = 100 * (told - asked.low) / span
            out[c.POMP] = reached.where(span.notna(), out[c.POMP]).round(0)
        out[centre] = told
    if c.FAVOURABLE in out:
        near = (_OPEN_ANSWERS / given).clip(lower=0.01, upper=0.25)
        told = _between(out[c.FAVOURABLE].round(2), near, 1 - near).round(2)
        if c.FAVOURABLE_DIFFERENCE in out:
            whole = (out[c.FAVOURABLE] - out[c.FAVOURABLE_DIFFERENCE]).round(2)
            out[c.FAVOURABLE_DIFFERENCE] = told - whole
        out[c.FAVOURABLE] = told
    if c.SHARE in out and (items or answers is not None):
        out[c.SHARE] = _shares(out[c.SHARE], n, answers).where(n >= SOME)
    for name in _BESIDE:
        if name in out and answers is None:
            out[name] = out[name].mask(few)
    for name in out:
        if name in (c.MEAN, c.LOW, c.HIGH, c.DIFFERENCE, c.CHANGE, c.EFFECT_SIZE):
            out[name] = _rounded(out[name], many) if answers is None else out[name]
        elif name in _SHARES:
            out[name] = out[name].round(2)
        elif name in _AGREEMENT:
            out[name] = out[name].round(1).where(many)
        elif name == c.POMP:
            out[name] = out[name].round(0)
        out[name] += 0.0  # no minus zero
    return out


def _shares(shares: pd.Series, n: pd.Series, together: pd.Series | None) -> pd.Series:
    """Shares in steps of several people; those that are together add up to one by largest rest."""
    people = _STEP if together is not None else _STEP_ALONE
    step = pd.Series(_STEPS[np.searchsorted(_STEPS[:-1], people / n.clip(lower=1))], n.index)
    units = (shares / step).round(9)
    if together is None:
        told = units.round()
    else:
        floor = np.floor(units)
        rest = (units - floor).round(9)
        left = (1 / step - floor.groupby(together).transform("sum")).round()
        place = rest.groupby(together).rank(method="first", ascending=False)
        told = floor + (place <= left)
    return _between(told * step, step, 1 - step)


def _rounded(values: pd.Series, many: pd.Series) -> pd.Series:
    values = values.round(9)
    return values.round(2).where(many, values.round(1))


def _to_grid(values: pd.Series, many: pd.Series, turned: Any) -> pd.Series:
    """The next value that can be told, upwards or downwards."""
    steps = pd.Series(np.where(many, 100.0, 10.0), values.index)
    return turned((values * steps).round(6)) / steps


def _between(values: pd.Series, bottom: pd.Series, top: pd.Series) -> pd.Series:
    """Drawn in to what may be told, where that is known."""
    drawn = np.minimum(np.maximum(values, bottom), top)
    return drawn.where(drawn.notna(), values)


def _narrowest(n: pd.Series) -> pd.Series:
    """Half the width of an interval that leaves each person's score open by half a point."""
    others = (n - 1).where(n > 1)
    return pd.Series(_OPEN_SCORE * t_quantile(0.975, others) / others, n.index)
