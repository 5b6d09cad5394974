"""Answers as numbers, held against the range that was declared for them."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from cultureplus.errors import InputError


def numbers_in_range(items: pd.DataFrame, low: float, high: float) -> NDArray[np.float64]:
    """The answers of a table, one row per person, as numbers; missing where there is none.

    `items`: one column per item, answers from `low` to `high`. Raises `InputError` where there is
    no column, a text, or an answer outside the range.

    >>> numbers_in_range(pd.DataFrame({"a": [1, 5]}), 1, 5).tolist()
    [[1.0], [5.0]]
    """
    if items.shape[1] == 0:
        raise InputError("There is no item here.")
    try:
        values = np.asarray(items.to_numpy(dtype="float64", na_value=np.nan))
    except (TypeError, ValueError):
        raise InputError("Items are columns of numbers, one row per person.") from None
    outside = ((values < low) | (values > high)).any(axis=0)
    if outside.any():
        raise InputError(
            f"An answer lies outside the declared range {low}-{high}.",
            column=items.columns[int(np.argmax(outside))],
            fix="give the range of the instrument, or mend the answers",
        )
    return values
