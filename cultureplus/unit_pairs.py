"""Pairs of units through the reporting plan: what one unit says of another.

Such a cell is told by few or many people of the unit it comes from, and it is about the people of
the other one. It is shown only where both are enough. No totals of rows or columns are told, so no
hidden cell follows from them by subtraction.
"""

from __future__ import annotations

import pandas as pd

from cultureplus import columns as c
from cultureplus.disclosure.plan import ReportingPlan
from cultureplus.disclosure.reasons import hidden_below
from cultureplus.errors import InputError

_NEEDED = (c.WAVE, c.LENS, c.FROM, c.TO, c.N)
_NOT_PLANNED = "hidden (not in the plan)"


def hidden_pairs(table: pd.DataFrame, plan: ReportingPlan, *, made_by: str) -> pd.Series:
    """Why each pair of units may not be shown, or ''.

    `table`: at least wave, lens, from, to, n (people of `from` behind the cell). A cell is hidden
    where the plan hides `from`, where 1 to `min_n` - 1 people are behind it, and where `to` has
    fewer than `min_n` respondents. Raises `InputError` where a column is missing.
    """
    absent = [name for name in _NEEDED if name not in table]
    if absent:
        raise InputError(
            f"A table of pairs of units has the columns {', '.join(_NEEDED)}.",
            found=f"no {', '.join(absent)}",
            fix=f"make it with {made_by}",
        )
    cells = plan.cells.set_index([c.WAVE, c.LENS, c.UNIT])
    keys = [pd.MultiIndex.from_frame(table[[c.WAVE, c.LENS, end]]) for end in (c.FROM, c.TO)]
    reason = cells[c.REASON].reindex(keys[0]).set_axis(table.index).fillna(_NOT_PLANNED)
    few = table[c.N].between(0, plan.min_n, inclusive="neither")
    reason = reason.mask((reason == "") & few, hidden_below(plan.min_n))
    rated = cells[c.N].reindex(keys[1]).set_axis(table.index).fillna(0)
    about = f"hidden (about <{plan.min_n} people)"
    return reason.mask((reason == "") & (rated < plan.min_n), about)
