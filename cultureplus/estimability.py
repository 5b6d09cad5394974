"""When a number may not be given, and how to say so.

"Not estimable" is a value: the numbers are missing and a sentence in `reason` says why. The
thresholds stand here once, so that no analysis is more generous than another.
"""

from __future__ import annotations

MIN_COMPLETE_ROWS = 10  # complete answers below which a reliability means nothing
MIN_RESIDUAL_DF = 10  # degrees of freedom that must be left behind a coefficient


def too_few(count: int, needed: int, what: str) -> str:
    """A reason, or '' where there are enough.

    >>> too_few(7, 10, "complete rows"), too_few(12, 10, "complete rows")
    ('not estimable: 7 complete rows, at least 10 needed', '')
    """
    return f"not estimable: {count} {what}, at least {needed} needed" if count < needed else ""
