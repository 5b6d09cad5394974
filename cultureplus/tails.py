"""Tails and quantiles of the distributions that tests and intervals rest on.

The same functions stand under `scipy.stats`; but that takes as long to import as pandas, and is
imported anew by each notebook of a run and each command. Outside of where a distribution lives a
tail is 0 or 1, and without degrees of freedom it is missing.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import special

Array = NDArray[np.float64]


def t_quantile(share: Any, df: Any) -> Array:
    """Below which a share of Student's t lies.

    >>> t_quantile(0.975, [1, 10, np.inf]).round(3)
    array([12.706,  2.228,  1.96 ])
    """
    return special.stdtrit(_numbers(df), _numbers(share))


def t_above(value: Any, df: Any) -> Array:
    """The share of Student's t above a value.

    >>> t_above(2.228, 10).round(3)
    np.float64(0.025)
    """
    return special.stdtr(_numbers(df), -_numbers(value))


def f_quantile(share: Any, df1: Any, df2: Any) -> Array:
    """Below which a share of F lies.

    >>> f_quantile(0.95, 3, 20).round(3)
    np.float64(3.098)
    """
    return special.fdtri(_numbers(df1), _numbers(df2), _numbers(share))


def f_above(value: Any, df1: Any, df2: Any) -> Array:
    """The share of F above a value.

    >>> f_above([3.098, -1], 3, 20).round(3)
    array([0.05, 1.  ])
    """
    return special.fdtrc(_numbers(df1), _numbers(df2), np.maximum(_numbers(value), 0.0))


def chi2_quantile(share: Any, df: Any) -> Array:
    """Below which a share of chi-square lies.

    >>> chi2_quantile(0.95, 1).round(3)
    np.float64(3.841)
    """
    degrees = _numbers(df)
    found = 2 * special.gammaincinv(degrees / 2, _numbers(share))
    return np.where(degrees > 0, found, np.nan)[()]


def chi2_above(value: Any, df: Any) -> Array:
    """The share of chi-square above a value.

    >>> chi2_above([3.841, -1, 2], [1, 1, 0]).round(3)
    array([0.05, 1.  ,  nan])
    """
    degrees = _numbers(df)
    found = special.chdtrc(degrees, np.maximum(_numbers(value), 0.0))
    return np.where(degrees > 0, found, np.nan)[()]


def chi2_below(value: Any, df: Any, noncentrality: Any = 0.0) -> Array:
    """The share of chi-square below a value, which a noncentrality moves upwards.

    >>> chi2_below(10, 5, [0, 5]).round(3)
    array([0.925, 0.566])
    """
    return special.chndtr(_numbers(value), _numbers(df), noncentrality)


def normal_quantile(share: Any) -> Array:
    """Below which a share of the normal distribution lies, in standard deviations.

    >>> normal_quantile(0.975).round(3)
    np.float64(1.96)
    """
    return special.ndtri(_numbers(share))


def _numbers(values: Any) -> Array:
    return np.asarray(values, dtype="float64")
