"""Communities in the ties: circles of people, found without looking at the units.

People who name each other often form a circle, whatever the chart of the organisation says. The
circles are found by greedy moves that raise modularity (the Louvain method), begun anew from what
was found until that gains nothing worth having, and from several orders of the people, of which the
best is kept; the same ties and seed give the same circles. How far they cross the borders of the
units stands beside what chance gives: the same circles with the units of the people permuted.
Circles are a reading of the ties, not groups that anybody has declared.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from cultureplus import columns as c
from cultureplus.tie_table import NO_TIES, Codes, TieTable, checked, tie_table

Array = NDArray[np.float64]

SHARED, MOSTLY = "shared_information", "largest_unit_share"

_GAIN = 1e-12  # a smaller gain is rounding
_WORTH = 1e-4  # of modularity; for a smaller gain nothing is begun anew
_ORDERS = 20  # further orders tried; the moves depend on who moves first
_LARGE = 60_000  # pairs counted from both ends, above which one order has to do
_NAMES = [c.MEASURE, c.OBSERVED, c.NULL_MEAN, c.NULL_LOW, c.NULL_HIGH, c.P, c.REASON]


@dataclass(frozen=True, eq=False)
class Communities:
    """Circles in the ties and how far they keep to the units.

    `crossing`: two measures against their null (see `communities`); `table`: per circle its size,
    how many units it holds and the share of the largest; `members`: person -> circle, for use
    inside the library, never for a report; `modularity`: of the circles; `counts`: ties given, left
    out and kept.
    """

    crossing: pd.DataFrame
    table: pd.DataFrame
    members: pd.Series
    modularity: float
    counts: pd.Series

    def _repr_html_(self) -> str:
        return str(self.crossing.round(3).to_html(index=False))

    def __repr__(self) -> str:
        head = f"{len(self.table)} communities, modularity {self.modularity:.3f}"
        return f"{head}\n{self.crossing.round(3).to_string(index=False)}"


def communities(
    ties: pd.DataFrame, units: pd.Series, permutations: int = 1000, *, seed: int = 1
) -> Communities:
    """Find circles of people in the ties and say how far they cross the units.

    `ties`: from, to (one wave; who names whom plays no part, two people who name each other are
    tied twice as strongly); `units`: person -> unit. People without a tie are in no circle. The
    result's `crossing` has, for two measures, observed, null_mean, null_low, null_high (2.5 and
    97.5 % of the permutations), p (two-sided), reason: shared_information (0-1, mutual information
    over the mean entropy: 1 where circles are the units, near 0 where they have nothing to do with
    them) and largest_unit_share (0-1, the share of people whose circle is mostly their own unit).
    `table`: community, n, n_units, unit (the largest), largest (its share, 0-1). Not estimable
    without ties; no null for a single unit or circle.

    References: Blondel, Guillaume, Lambiotte & Lefebvre (2008), J. Statistical Mechanics P10008;
    Danon, Díaz-Guilera, Duch & Arenas (2005), ibid. P09008; Traag (2015), Physical Review E 92,
    032801, for looking again only where something moved.

    >>> ties = pd.DataFrame({"from": list("abcdefa"), "to": list("bcaefdd")})
    >>> found = communities(ties, pd.Series(list("xxxyyy"), index=list("abcdef")), seed=1)
    >>> found.members.tolist(), found.crossing["observed"].round(6).tolist()
    ([1, 1, 1, 2, 2, 2], [1.0, 1.0])
    """
    permutations = checked(permutations)
    table = tie_table(ties, units)
    tied = np.zeros(len(table.people), dtype=bool)
    tied[table.start] = tied[table.end] = True
    graph = _graph(table)
    circle, modularity = _best(graph, seed)
    circle = _numbered(circle, tied)
    members = pd.Series(circle[tied] + 1, index=table.people[tied], name=c.COMMUNITY, dtype="int64")
    kept = crossing(members, units, permutations, seed=seed)
    return Communities(kept, _described(table, circle), members, modularity, table.counts)


def crossing(
    members: pd.Series, units: pd.Series, permutations: int = 1000, *, seed: int = 1
) -> pd.DataFrame:
    """How far circles keep to units, beside the same circles with the units permuted.

    `members`: person -> circle, as `communities` finds them; `units`: person -> unit, of any lens;
    people without a unit are left out. Returns what `Communities.crossing` holds.

    >>> members = pd.Series([1, 1, 2, 2], index=list("abcd"))
    >>> crossing(members, pd.Series(list("xxyy"), index=list("abcd")))["observed"].tolist()
    [1.0, 1.0]
    """
    own = units.reindex(members.index)
    known = own.notna().to_numpy()
    codes = pd.factorize(own[known], sort=True)[0].astype("int64")
    circle = _from_zero(members.to_numpy(dtype="int64")[known])[0]
    return _crossing(circle, codes, checked(permutations), seed)


Graph = list[dict[int, float]]  # per node its neighbours and how strong the tie is


def _graph(table: TieTable) -> Graph:
    graph: Graph = [{} for _ in range(len(table.people))]
    for one, other in zip(table.start.tolist(), table.end.tolist(), strict=True):
        graph[one][other] = graph[one].get(other, 0.0) + 1.0
        graph[other][one] = graph[other].get(one, 0.0) + 1.0
    return graph


def _best(graph: Graph, seed: int) -> tuple[Codes, float]:
    """The circles of highest modularity among several orders in which people may move."""
    random = np.random.default_rng(seed)
    size = len(graph)
    best, most = _louvain(graph)
    runs = _ORDERS if sum(map(len, graph)) <= _LARGE else 0
    for _ in range(runs):
        order = random.permutation(size)
        place = np.argsort(order).tolist()
        mixed = [{place[other]: w for other, w in graph[node].items()} for node in order.tolist()]
        circle, modularity = _louvain(mixed)
        if modularity > most + _GAIN:
            best, most = circle[place], modularity
    return best, most


def _louvain(graph: Graph) -> tuple[Codes, float]:
    """The circle of each node and the modularity of all, begun anew as long as that is worth it.

    Merged nodes never part again, so the first round leaves people where they were put before the
    circles took shape; a round that begins from these circles moves them.
    """
    circle = np.arange(len(graph), dtype="int64")
    total = sum(sum(ties.values()) for ties in graph)  # each tie twice, loops as they stand
    if total == 0:
        return circle, float("nan")
    circle, most = _round(graph, total, circle)
    while True:
        again, modularity = _round(graph, total, circle)
        gain = modularity - most
        if gain > _GAIN:
            circle, most = again, modularity
        if gain <= _WORTH:
            return circle, most


def _round(graph: Graph, total: float, begin: Codes) -> tuple[Codes, float]:
    """Local moves from these circles, then merging and moves in turn until nothing merges."""
    circle, moved = np.arange(len(graph), dtype="int64"), begin.tolist()
    while True:
        moved = _moves(graph, total, moved)
        places = {name: place for place, name in enumerate(dict.fromkeys(moved))}
        group = np.array([places[name] for name in moved], dtype="int64")
        circle = group[circle]
        if len(places) == len(graph):
            break
        graph = _merged(graph, group.tolist(), len(places))
        moved = list(range(len(graph)))
    strength = [sum(ties.values()) for ties in graph]
    inside = sum(ties.get(node, 0.0) for node, ties in enumerate(graph))
    return circle, inside / total - sum((own / total) ** 2 for own in strength)


def _moves(graph: Graph, total: float, begin: list[int]) -> list[int]:
    """Move nodes one by one to the neighbouring circle that gains most, until none is waiting.

    A node waits at the outset, and again when somebody next to it has moved to another circle:
    elsewhere hardly anything has changed, and going round all nodes anew takes ten times as long.
    """
    circle = list(begin)
    own = [sum(ties.values()) for ties in graph]
    strength = [0.0] * len(graph)
    for there, weight in zip(circle, own, strict=True):
        strength[there] += weight
    around = [[pair for pair in ties.items() if pair[0] != n] for n, ties in enumerate(graph)]
    queue, waits = deque(range(len(graph))), [True] * len(graph)
    while queue:
        node = queue.popleft()
        waits[node] = False
        here, mine = circle[node], own[node]
        near: dict[int, float] = {here: 0.0}
        for other, weight in around[node]:
            there = circle[other]
            near[there] = near.get(there, 0.0) + weight
        strength[here] -= mine
        factor = mine / total
        best, most = here, near[here] - factor * strength[here]
        for there, weight in near.items():
            gain = weight - factor * strength[there]
            if gain > most + _GAIN:
                best, most = there, gain
        strength[best] += mine
        if best == here:
            continue
        circle[node] = best
        for other, _ in around[node]:
            if not waits[other] and circle[other] != best:
                waits[other] = True
                queue.append(other)
    return circle


def _merged(graph: Graph, group: list[int], size: int) -> Graph:
    """Each group as one node; ties inside it become a loop, counted from both ends."""
    merged: Graph = [{} for _ in range(size)]
    for node, ties in enumerate(graph):
        mine = merged[group[node]]
        for other, weight in ties.items():
            there = group[other]
            mine[there] = mine.get(there, 0.0) + weight
    return merged


def _numbered(circle: Codes, tied: NDArray[np.bool_]) -> Codes:
    """The circles from the largest to the smallest, from 0; -1 for who has no tie."""
    found = np.full(len(circle), -1, dtype="int64")
    _, first, codes, sizes = np.unique(
        circle[tied], return_index=True, return_inverse=True, return_counts=True
    )
    rank = np.empty(len(sizes), dtype="int64")
    rank[np.lexsort((first, -sizes))] = np.arange(len(sizes))
    found[tied] = rank[codes]
    return found


def _described(table: TieTable, circle: Codes) -> pd.DataFrame:
    inside = circle >= 0
    size, units = int(np.max(circle, initial=-1)) + 1, len(table.labels)
    counts = np.bincount(circle[inside] * units + table.unit[inside], minlength=size * units)
    cells = counts.reshape(size, units)
    n = cells.sum(axis=1)
    top = cells.argmax(axis=1) if units else np.zeros(size, dtype="int64")
    return pd.DataFrame(
        {
            c.COMMUNITY: np.arange(1, size + 1),
            c.N: n,
            c.N_UNITS: (cells > 0).sum(axis=1),
            c.UNIT: table.labels[top] if units else [],
            c.LARGEST: cells.max(axis=1, initial=0) / np.maximum(n, 1),
        }
    )


def _crossing(circle: Codes, unit: Codes, permutations: int, seed: int) -> pd.DataFrame:
    found = pd.DataFrame({c.MEASURE: [SHARED, MOSTLY]})
    found[[c.OBSERVED, c.NULL_MEAN, c.NULL_LOW, c.NULL_HIGH, c.P]] = np.nan
    found[c.REASON] = ""
    if not len(circle):
        found[c.REASON] = NO_TIES
        return found[_NAMES]
    codes, units = _from_zero(unit)
    size = int(np.max(circle)) + 1
    shape: Mapping[str, int] = {"circles": size, "units": units}
    observed = _measures(circle * units + codes, shape)
    found[c.OBSERVED] = observed
    if size < 2 or units < 2:
        found.loc[:, c.OBSERVED] = [np.nan, observed[1]]
        few = "unit" if units < 2 else "community"
        found[c.REASON] = f"no null: there is only one {few}"
        return found[_NAMES]
    random = np.random.default_rng(seed)
    null = np.empty((permutations, 2))
    for row in range(permutations):
        random.shuffle(codes)
        null[row] = _measures(circle * units + codes, shape)
    found[c.NULL_MEAN] = null.mean(axis=0)
    found[[c.NULL_LOW, c.NULL_HIGH]] = np.quantile(null, [0.025, 0.975], axis=0).T
    below = (null <= observed + _GAIN).sum(axis=0)
    above = (null >= observed - _GAIN).sum(axis=0)
    found[c.P] = np.minimum(1.0, 2 * (1 + np.minimum(below, above)) / (permutations + 1))
    return found[_NAMES]


def _from_zero(codes: Codes) -> tuple[Codes, int]:
    known, places = np.unique(codes, return_inverse=True)
    return places.astype("int64"), len(known)


def _measures(pairs: Codes, shape: Mapping[str, int]) -> Array:
    """Mutual information over the mean entropy, and the share in the largest unit of the circle."""
    counts = np.bincount(pairs, minlength=shape["circles"] * shape["units"])
    cells = counts.reshape(shape["circles"], shape["units"])
    n = float(len(pairs))
    by_circle, by_unit = _entropy(cells.sum(axis=1) / n), _entropy(cells.sum(axis=0) / n)
    both = _entropy(cells.ravel() / n)
    mean = (by_circle + by_unit) / 2
    shared = (by_circle + by_unit - both) / mean if mean > 0 else np.nan
    return np.array([max(shared, 0.0), cells.max(axis=1).sum() / n])


def _entropy(shares: Array) -> float:
    shares = shares[shares > 0]
    return float(-(shares * np.log(shares)).sum())
