"""One thread for many small matrices.

Linear algebra libraries hand even small matrices to all processors, which then wait for each other;
where processors are shared, as by two notebooks at once, the same sums take ten times as long.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache, wraps
from typing import ParamSpec, TypeVar

from threadpoolctl import ThreadpoolController

_P = ParamSpec("_P")
_R = TypeVar("_R")


@cache
def _controller() -> ThreadpoolController:
    """Made at the first use, when the libraries are there to be found."""
    return ThreadpoolController()


def one_thread(function: Callable[_P, _R]) -> Callable[_P, _R]:
    """The same function, its linear algebra on one thread; before and after all is as it was.

    >>> one_thread(sum)([1, 2])
    3
    """

    @wraps(function)
    def alone(*args: _P.args, **options: _P.kwargs) -> _R:
        with _controller().limit(limits=1, user_api="blas"):
            return function(*args, **options)

    return alone
