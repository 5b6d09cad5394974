"""The rows that have everything: numbers side by side, each with its group, in one fixed order.

An analysis of several scores uses the people who have all of them. Which row stands first must
not matter, down to the last digit and to what a seed draws; so rows are sorted by their group and
their numbers before anything is summed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from cultureplus.errors import InputError

Array = NDArray[np.float64]
Codes = NDArray[np.intp]

COLLINEAR = 1e-10  # of a column's variance: what the others leave of one that they hold


@dataclass(frozen=True)
class Rows:
    """Complete rows: `numbers` (one column per name), `codes` of their groups, `n`, `n_groups`."""

    numbers: pd.DataFrame
    codes: Codes
    n: int
    n_groups: int

    def group_means(self, name: str) -> Array:
        """The mean of a column in each row's group."""
        values = self.numbers[name].to_numpy(dtype="float64")
        means = np.bincount(self.codes, weights=values) / np.bincount(self.codes)
        return np.asarray(means[self.codes], dtype="float64")

    def varies(self, name: str) -> bool:
        """Whether people differ at all, beyond what rounding leaves."""
        values = self.numbers[name].to_numpy(dtype="float64")
        return bool(self.n) and bool(np.ptp(values) > self._least(name))

    def varies_within(self, name: str) -> bool:
        """Whether people of one group differ, beyond what rounding leaves."""
        away = np.abs(self.numbers[name].to_numpy() - self.group_means(name))
        return bool(self.n) and bool(away.max() > self._least(name))

    def varies_between(self, name: str) -> bool:
        """Whether the means of the groups differ, beyond what rounding leaves."""
        return bool(self.n) and bool(np.ptp(self.group_means(name)) > self._least(name))

    def tied(self, names: Mapping[str, str]) -> str:
        """Why these columns can't stand in one model, by the names to call them, or ''.

        A column that does not vary, or that the columns before it make up, is named.
        """
        z = np.empty((self.n, len(names)))
        for place, (column, name) in enumerate(names.items()):
            if not self.varies(column):
                return f"not estimable: {name} does not vary"
            values = self.numbers[column].to_numpy(dtype="float64")
            z[:, place] = (values - values.mean()) / values.std()
            slopes = np.linalg.lstsq(z[:, :place], z[:, place], rcond=None)[0]
            rest = z[:, place] - z[:, :place] @ slopes
            if rest @ rest < COLLINEAR * self.n:
                known = list(names.values())
                held = [known[i] for i in np.flatnonzero(np.abs(slopes) > np.sqrt(COLLINEAR))]
                return f"not estimable: {name} is collinear with {', '.join(held)}"
        return ""

    def _least(self, name: str) -> float:
        return 1e-12 * float(self.numbers[name].abs().max())


def listwise(columns: Mapping[str, pd.Series], group: pd.Series | None) -> Rows:
    """The rows that miss neither a number nor their group, sorted by group and numbers.

    `columns`: names and numbers, aligned by index; `group`: one label per row, or None where
    everybody stands alone. Raises `InputError` where something is no number, is infinite, or has
    other rows than the first column.

    >>> score = pd.Series([2.0, 1.0, None])
    >>> rows = listwise({"trust": score}, pd.Series(["b", "a", "a"]))
    >>> rows.numbers["trust"].tolist(), rows.codes.tolist(), rows.n_groups
    ([1.0, 2.0], [0, 1], 2)
    """
    first = next(iter(columns.values()))
    table = pd.DataFrame(
        {name: _numbers(_aligned(values, first, name), name) for name, values in columns.items()}
    )
    known = table.notna().all(axis=1).to_numpy()
    codes = np.zeros(len(table), dtype=np.intp)
    if group is not None:
        codes, labels = pd.factorize(_aligned(group, first, "group"))
        known = known & (codes >= 0)
        by_name = sorted(range(len(labels)), key=lambda place: str(labels[place]))
        codes = np.append(np.argsort(by_name), -1)[codes]
    table, codes = table[known], codes[known]
    order = np.lexsort([*(table[name] for name in sorted(table)), codes])
    table = table.iloc[order].reset_index(drop=True)
    if group is None:
        codes = np.arange(len(table))
    else:
        codes = np.unique(codes[order], return_inverse=True)[1]
    groups = int(codes[-1]) + 1 if len(codes) else 0
    return Rows(table, np.asarray(codes, dtype=np.intp), len(table), groups)


def _aligned(values: Any, first: pd.Series, name: str) -> pd.Series:
    if not isinstance(values, pd.Series):
        raise InputError(f"'{name}' is not a Series.", found=type(values).__name__)
    if values.index.equals(first.index):
        return values
    if len(values) != len(first) or not same_people(first.index, values.index):
        raise InputError(
            f"'{name}' has other rows than the first column.", fix="give both one index"
        )
    return values.reindex(first.index)


def same_people(one: pd.Index, other: pd.Index) -> bool:
    """Whether every row of one index is a row of the other, each named once.

    >>> same_people(pd.Index(["p1", "p2"]), pd.Index(["p2", "p1", "p3"]))
    True
    """
    if not (one.is_unique and other.is_unique) or one.nlevels != other.nlevels:
        return False
    return bool((other.get_indexer(one) >= 0).all())


def _numbers(values: pd.Series, name: str) -> Array:
    try:
        found = values.to_numpy(dtype="float64", na_value=np.nan)
    except (TypeError, ValueError) as error:
        raise InputError("A score holds something that is no number.", column=name) from error
    if np.isinf(found).any():
        raise InputError("A score holds an infinite number.", column=name)
    return np.asarray(found, dtype="float64")
