"""What a network of ties looks like: where ties run, how alike the tied are, who stands between.

None of these says why: people who share a task, a floor or a manager are tied with good reason.
Rosters have gaps as well: whoever did not answer names nobody, and measures of persons suffer
first. How many named somebody therefore stands beside them, with a warning where they are few.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from cultureplus import columns as c
from cultureplus.errors import InputError
from cultureplus.tie_table import NO_TIES, Codes, TieTable, grid, tie_table

ROLES = ("coordinator", "consultant", "gatekeeper", "representative", "liaison")

_ENOUGH, _BARELY = 0.8, 0.7  # of a roster's people, who must name somebody
_PATHS = 2_000_000  # two-step paths held at once


def density_matrix(
    ties: pd.DataFrame,
    units: pd.Series,
    *,
    respondents: Iterable[object] | None = None,
    directed: bool = True,
) -> pd.DataFrame:
    """How many of the possible ties there are, from each unit to each unit.

    `ties`: from, to (one wave); `units`: person -> unit; `respondents`: who was heard (default:
    everybody in `units`); only their ties are possible, and those who name somebody count as heard.
    Returns, per ordered pair of units, the own one included: from, to, n (people heard in `from`),
    ties, possible, density (0-1), reason. With `directed=False` a pair of people is one possible
    tie, possible as soon as one of the two was heard, and the table reads the same both ways. Ties
    that cannot be counted are left out as in `ei_index`. Not estimable where no tie is possible.

    Reference: Wasserman & Faust (1994), Social network analysis, ch. 4 and 10.

    >>> ties = pd.DataFrame({"from": list("abc"), "to": list("bca")})
    >>> units = pd.Series(list("xxy"), index=list("abc"))
    >>> density_matrix(ties, units)[["from", "to", "ties", "possible"]].values.tolist()
    [['x', 'x', 1, 2], ['x', 'y', 1, 2], ['y', 'x', 1, 2], ['y', 'y', 0, 0]]
    """
    table = tie_table(ties, units, directed=directed)
    size = len(table.labels)
    heard = _heard(table, respondents)
    everybody = np.bincount(table.unit, minlength=size)
    speaking = np.bincount(table.unit[heard], minlength=size)
    found = grid(table.unit[table.start], table.unit[table.end], size)
    possible = np.outer(speaking, everybody)
    np.fill_diagonal(possible, speaking * (everybody - 1))
    if not directed:
        silent = everybody - speaking
        inside = (everybody * (everybody - 1) - silent * (silent - 1)) // 2
        possible = np.outer(everybody, everybody) - np.outer(silent, silent)
        np.fill_diagonal(possible, inside)
        found = found + found.T
        np.fill_diagonal(found, found.diagonal() // 2)
    count, room = found.ravel(), possible.ravel()
    return pd.DataFrame(
        {
            c.FROM: table.labels.repeat(size),
            c.TO: np.tile(table.labels, size),
            c.N: speaking.repeat(size),
            c.TIES: count,
            c.POSSIBLE: room,
            c.DENSITY: count / np.where(room > 0, room, np.nan),
            c.REASON: np.where(room > 0, "", "not estimable: no tie is possible here"),
        }
    )


def _heard(table: TieTable, respondents: Iterable[object] | None) -> NDArray[np.bool_]:
    if respondents is None:
        return np.ones(len(table.people), dtype=bool)
    heard = np.asarray(table.people.isin(list(respondents)))
    heard[table.start] = True
    return heard


def assortativity(ties: pd.DataFrame, units: pd.Series, *, directed: bool = True) -> pd.Series:
    """Whether ties join people of one unit more often than units of these sizes make likely.

    `ties`: from, to (one wave); `units`: person -> unit. Returns ties (counted), assortativity (1
    where all ties stay inside, 0 where units play no part, below 0 where ties seek other units),
    modularity (the share of ties inside minus the share to be expected), reason. Ties that cannot
    be counted are left out as in `ei_index`. Not estimable without ties, or where one unit has
    them all.

    Reference: Newman (2003), Physical Review E 67, 026126. R: igraph::assortativity_nominal.

    >>> ties = pd.DataFrame({"from": list("abcd"), "to": list("badc")})
    >>> found = assortativity(ties, pd.Series(list("xxyy"), index=list("abcd")))
    >>> found[["assortativity", "modularity"]].tolist()
    [1.0, 0.5]
    """
    table = tie_table(ties, units, directed=directed)
    mixing = grid(table.unit[table.start], table.unit[table.end], len(table.labels))
    shares = (mixing if directed else mixing + mixing.T).astype("float64")
    found = pd.Series(
        {c.TIES: len(table.start), c.ASSORTATIVITY: np.nan, c.MODULARITY: np.nan, c.REASON: ""},
        dtype="object",
    )
    if not len(table.start):
        found[c.REASON] = NO_TIES
        return found
    shares = shares / shares.sum()
    inside = float(np.trace(shares))
    expected = float(shares.sum(axis=1) @ shares.sum(axis=0))
    found[c.MODULARITY] = inside - expected
    if 1 - expected > 1e-12:
        found[c.ASSORTATIVITY] = (inside - expected) / (1 - expected)
    else:
        found[c.REASON] = "not estimable: one unit has all ties"
    return found


def brokerage(ties: pd.DataFrame, units: pd.Series) -> pd.DataFrame:
    """How often the people of each unit stand between two people who do not name each other.

    `ties`: from, to (one wave, directed); `units`: person -> unit. Wherever a names b, b names d,
    and a does not name d, b is a broker. By the units of the three b is coordinator (all the same),
    consultant (a and d the same, b another), gatekeeper (b and d the same), representative (a and b
    the same) or liaison (three units). Returns, for 'all' and per unit, added up over its people:
    unit, n (people), the five roles, brokered (their sum), reason. Counts grow with the size and
    the ties of a unit; they are no ranking.

    Reference: Gould & Fernandez (1989), Sociological Methodology 19, 89-126. R: sna::brokerage.

    >>> ties = pd.DataFrame({"from": list("abb"), "to": list("bcd")})
    >>> found = brokerage(ties, pd.Series(list("xxyx"), index=list("abcd")))
    >>> found.loc[0, ["coordinator", "representative", "brokered"]].tolist()
    [1, 1, 2]
    """
    table = tie_table(ties, units)
    size = len(table.labels)
    counts = np.zeros((size, len(ROLES)), dtype="int64")
    for first, middle, last in _open_paths(table):
        a, b, d = table.unit[first], table.unit[middle], table.unit[last]
        role = np.select([(a == b) & (b == d), a == d, b == d, a == b], [0, 1, 2, 3], 4)
        counts += np.bincount(b * len(ROLES) + role, minlength=counts.size).reshape(counts.shape)
    n = np.bincount(table.unit, minlength=size)
    found = pd.DataFrame(np.vstack([counts.sum(axis=0), counts]), columns=list(ROLES))
    found.insert(0, c.UNIT, [c.ALL, *table.labels])
    found.insert(1, c.N, [int(n.sum()), *n])
    found[c.BROKERED] = found[list(ROLES)].sum(axis=1)
    found[c.REASON] = "" if len(table.start) else NO_TIES
    return found


def _open_paths(table: TieTable) -> Iterator[tuple[Codes, Codes, Codes]]:
    """All a -> b -> d with a and d different people and no tie from a to d, in portions."""
    people, start, end = len(table.people), table.start, table.end
    there = start * people + end  # in order: each tie once, sorted
    order = np.argsort(start, kind="stable")
    start, end = start[order], end[order]
    first = np.searchsorted(start, np.arange(people + 1))
    steps = (first[1:] - first[:-1])[end]  # how many ways lead on from the end of each tie
    sums = np.concatenate([[0], np.cumsum(steps)])
    low = 0
    while low < len(start):
        high = max(low + 1, int(np.searchsorted(sums, sums[low] + _PATHS, side="right")) - 1)
        ways = steps[low:high]
        tie = np.arange(low, high).repeat(ways)
        place = np.arange(len(tie)) - (sums[low:high] - sums[low]).repeat(ways)
        last = end[first[end[tie]] + place]
        way = start[tie] * people + last
        at = np.minimum(np.searchsorted(there, way), len(there) - 1)
        kept = (start[tie] != last) & (there[at] != way)
        yield start[tie[kept]], end[tie[kept]], last[kept]
        low = high


def roster_response(ties: pd.DataFrame, invited: pd.Index | Iterable[object]) -> pd.Series:
    """How many of a roster name somebody, and a warning where that is too few.

    `ties`: from, to (one wave); `invited`: everybody on the roster. Returns invited, n (who name
    somebody), response_rate (0-1), to_silent (share of ties to people who name nobody, 0-1),
    warning ('' from 80 % on), reason. Below 80 % measures of persons grow unsteady; below 70 %
    those of units do as well.

    References: Costenbader & Valente (2003), Social Networks 25, 283-307; Kossinets (2006), Social
    Networks 28, 247-268.

    >>> ties = pd.DataFrame({"from": ["a", "b"], "to": ["b", "c"]})
    >>> found = roster_response(ties, ["a", "b", "c", "d"])
    >>> found["response_rate"], found["to_silent"]
    (0.5, 0.5)
    """
    if not isinstance(ties, pd.DataFrame) or not {c.FROM, c.TO} <= set(ties):
        raise InputError("Ties are a table with the columns from and to.")
    people = pd.Index(invited).dropna().unique()
    known = ties.loc[ties[c.FROM].isin(people) & ties[c.TO].isin(people)]
    known = known.loc[known[c.FROM] != known[c.TO]].drop_duplicates([c.FROM, c.TO])
    naming = known[c.FROM].nunique()
    rate = naming / len(people) if len(people) else np.nan
    silent = float((~known[c.TO].isin(known[c.FROM])).mean()) if len(known) else np.nan
    if not len(people):
        reason = "not estimable: nobody is on the roster"
    else:
        reason = "" if naming else NO_TIES
    return pd.Series(
        {
            c.INVITED: len(people),
            c.N: int(naming),
            c.RESPONSE_RATE: rate,
            c.TO_SILENT: silent,
            c.WARNING: "" if reason else roster_warning(rate),
            c.REASON: reason,
        },
        dtype="object",
    )


def roster_warning(rate: float) -> str:
    """What a roster's response allows, in a sentence; '' from 80 % on.

    >>> roster_warning(0.85), roster_warning(0.75)[:32]
    ('', '75 % of the roster name somebody')
    """
    if rate >= _ENOUGH:
        return ""
    share = f"{int(100 * rate + 1e-9)} % of the roster name somebody"  # 79.6 is under 80
    if rate >= _BARELY:
        return f"{share}, under 80 %: measures of single people are unsteady"
    return f"{share}, under 70 %: measures of people and of units are unsteady"
