"""Why something is hidden, in the words that stand in tables and charts."""

from __future__ import annotations

HIDDEN_WITH = "hidden (protects a smaller unit)"


def hidden_below(min_n: int) -> str:
    """The reason of a unit or a cell that is too small.

    >>> hidden_below(5)
    'hidden (<5)'
    """
    return f"hidden (<{min_n})"
