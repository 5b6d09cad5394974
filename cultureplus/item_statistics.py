"""Items: how each one behaves in its scale.

Before a scale is trusted its items are looked at one by one: does everybody tick the same end, who
passes it over, does it go with the others, would the scale hold together better without it. An
item that runs against the others most often has a key that somebody forgot to turn round, or
turned round twice; it is named.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from cultureplus import columns as c
from cultureplus.declared_range import numbers_in_range
from cultureplus.estimability import MIN_COMPLETE_ROWS, too_few
from cultureplus.instrument import Instrument
from cultureplus.scoring import scale_items
from cultureplus.survey import Survey

Array = NDArray[np.float64]

_NAMES = (
    c.ITEM, c.N, c.MISSING, c.MEAN, c.SD, c.FLOOR, c.CEILING, c.R_REST, c.ALPHA_DROPPED,
    c.WARNING, c.REASON,
)  # fmt: skip


def item_table(items: pd.DataFrame, low: int, high: int) -> pd.DataFrame:
    """What each item of one scale adds to it, in the order of the columns.

    `items`: keyed, one row per person, answers from low to high (the declared range). Returns
    item, n (who answered it), missing (0-1), mean, sd, floor and ceiling (shares, 0-1, of the
    lowest and highest answer after keying), all of whoever answered the item; r_rest (correlation
    with the sum of the other items, -1 to 1) and alpha_dropped (alpha of the other items, at most
    1; needs two of them), both on rows without a missing answer; warning (a sentence that names an
    item with r_rest below 0), reason ('' or why r_rest is not estimable). Raises `InputError` for
    an answer outside the range.

    Reference: Nunnally & Bernstein (1994), Psychometric theory, 301-306. R: psych::alpha gives
    r_rest as r.drop and alpha_dropped as raw_alpha of alpha.drop.

    >>> rows = [1, 2, 3, 4, 5] * 2
    >>> items = pd.DataFrame({"a": rows, "b": rows, "c": [6 - answer for answer in rows]})
    >>> found = item_table(items, 1, 5)
    >>> found["floor"].tolist(), found["warning"].tolist()[2]
    ([0.2, 0.2, 0.2], "'c' runs against the other items: is its key forgotten, or turned twice?")
    """
    values = numbers_in_range(items, low, high)
    names = [str(name) for name in items.columns]
    there = ~np.isnan(values)
    n = there.sum(axis=0)
    some = np.where(n > 0, n, np.nan)
    mean = np.where(there, values, 0.0).sum(axis=0) / some
    squares = (np.where(there, values - mean, 0.0) ** 2).sum(axis=0)
    r_rest, dropped, reasons = _with_the_rest(values[there.all(axis=1)], n, names)
    return pd.DataFrame(
        {
            c.ITEM: names,
            c.N: n,
            c.MISSING: 1 - n / len(values) if len(values) else np.nan,
            c.MEAN: mean,
            c.SD: np.sqrt(squares / np.where(n > 1, n - 1, np.nan)),
            c.FLOOR: (values == low).sum(axis=0) / some,
            c.CEILING: (values == high).sum(axis=0) / some,
            c.R_REST: r_rest,
            c.ALPHA_DROPPED: dropped,
            c.WARNING: [_warning(name, r) for name, r in zip(names, r_rest, strict=True)],
            c.REASON: reasons,
        }
    )


def _warning(item: str, r: float) -> str:
    if not r < 0:
        return ""
    return f"'{item}' runs against the other items: is its key forgotten, or turned twice?"


def _with_the_rest(
    complete: Array, answered: NDArray[np.int64], names: list[str]
) -> tuple[Array, Array, list[str]]:
    """Per item: correlation with the sum of the others, alpha without it, why not."""
    rows, k = complete.shape
    nothing = np.full(k, np.nan)
    whole = "not estimable: one item has no others to go with" if k < 2 else ""
    if not whole and (answered == 0).all():
        whole = "not estimable: nobody answered these items"
    if not whole and (answered == 0).any():
        whole = f"not estimable: nobody answered {names[int(np.argmin(answered))]}"
    whole = whole or too_few(rows, MIN_COMPLETE_ROWS, "complete rows")
    if whole:
        return nothing, nothing, [whole] * k
    mean, covariance = complete.mean(axis=0), np.zeros((k, k))
    step = max(64, 2**18 // k**2)  # larger products wait for processors that may be busy
    for start in range(0, rows, step):
        part = complete[start : start + step] - mean
        covariance += part.T.copy() @ part
    covariance /= rows - 1
    own = np.diag(covariance).copy()
    own[np.ptp(complete, axis=0) == 0] = 0.0
    shared = covariance.sum(axis=0)
    rest = shared.sum() - 2 * shared + own  # variance of the sum of the others
    others = own.sum() - own
    rest[rest <= 1e-12 * np.maximum(others, 1e-300)] = 0.0  # the others cancel out
    defined = (own > 0) & (rest > 0)
    scale = np.sqrt(np.where(defined, own * rest, np.nan))
    r = np.clip((shared - own) / scale, -1.0, 1.0)
    dropped = nothing
    if k > 2:
        ratio = others / np.where(rest > 0, rest, np.nan)
        dropped = (k - 1) / (k - 2) * (1 - ratio)
    reasons = ["" if fine else _alone(mine) for fine, mine in zip(defined, own, strict=True)]
    return r, dropped, reasons


def _alone(variance: float) -> str:
    if variance == 0:
        return "not estimable: everybody answered it alike"
    return "not estimable: the other items have the same sum for everybody"


def item_profile(survey: Survey) -> pd.DataFrame:
    """The item table of every rated scale and subscale in every wave of a survey.

    Returns wave, scale, item, text, reversed, then the columns of `item_table`. The share missing
    is of everybody who answered anything in that wave. An item that an instrument turns round is
    warned of as turned for nothing; the others as not turned. An item that fewer than ten people
    answered has no numbers but n: what few people ticked is theirs.
    """
    parts = []
    for instrument in survey.instruments.values():
        if instrument.kind != "rating":
            continue
        for scale, items in scale_items(survey, instrument).items():
            for wave in survey.waves:
                mine = items.loc[items.index.get_level_values(c.WAVE) == wave]
                found = _described(item_table(mine, instrument.low, instrument.high), instrument)
                few = found[c.N] < MIN_COMPLETE_ROWS
                numbers = [c.MISSING, c.MEAN, c.SD, c.FLOOR, c.CEILING]
                found[numbers] = found[numbers].mask(few)
                found.insert(0, c.WAVE, wave)
                found.insert(1, c.SCALE, scale)
                parts.append(found)
    if not parts:
        names = [c.WAVE, c.SCALE, c.ITEM, c.TEXT, c.REVERSED, *_NAMES[1:]]
        return pd.DataFrame(columns=names)
    return pd.concat(parts, ignore_index=True)


def _described(found: pd.DataFrame, instrument: Instrument) -> pd.DataFrame:
    known = {item.id: item for item in instrument.items}
    keys = [known[name].reversed for name in found[c.ITEM]]
    found.insert(1, c.TEXT, [known[name].text for name in found[c.ITEM]])
    found.insert(2, c.REVERSED, keys)
    found[c.WARNING] = [
        f"'{item}' runs against the other items: it is turned round, should it not be?"
        if text and turned
        else f"'{item}' runs against the other items: is its reverse key forgotten?"
        if text
        else ""
        for item, text, turned in zip(found[c.ITEM], found[c.WARNING], keys, strict=True)
    ]
    return found
