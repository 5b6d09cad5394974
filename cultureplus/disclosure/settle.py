"""The remainder rule: what is taken from anything leaves nobody, or at least `min_n` people.

It is all that can be done for a table of which only the numbers of people are known, and not who
they are. Whoever takes the shown units away from the whole, or from a unit of a coarser lens that
they lie in, is left with nobody or with enough people; if not, the smallest shown unit is hidden as
well. Lenses that lie in one another (teams in functions) are taken away one after the other. Lenses
that cross are not looked at together: for that the people must be known (`suppress`).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from math import isnan, nan

from cultureplus.disclosure.reasons import HIDDEN_WITH

Units = dict[str, tuple[float, str]]  # per unit its people, and why it is hidden ('' where shown)
Nesting = dict[str, dict[str, dict[str, str]]]  # lens -> coarser lens -> unit -> the unit it is in


def settle(
    lenses: Mapping[str, Units], nesting: Nesting, min_n: int, *, total: float | None = None
) -> dict[str, Units]:
    """Hide further units until nothing that can be taken from anything leaves a few people.

    `lenses`: per lens its units; `nesting`: per lens and coarser lens, the unit in which each unit
    lies; `total`: everybody, missing where unknown. Returns the lenses with their reasons.

    >>> lenses = {"team": {"a": (3, "hidden (<5)"), "b": (7, ""), "c": (9, "")}}
    >>> settle(lenses, {}, 5, total=19)["team"]["b"]
    (7, 'hidden (protects a smaller unit)')
    """
    done: dict[str, Units] = {}
    for lens in sorted(lenses, key=lambda lens: len(nesting.get(lens, {}))):  # the coarser first
        upper = _remainders(lens, done | {lens: lenses[lens]}, nesting, total)
        done[lens] = complement(lenses[lens], upper, min_n)
    return {lens: done[lens] for lens in lenses}


def complement(
    units: Units, remainders: Iterable[tuple[Sequence[str], float]], min_n: int
) -> Units:
    """Hide further units of a lens until in each remainder nobody or at least `min_n` are hidden.

    `remainders`: the units that lie in it, and how many people of it are in no unit. The smallest
    unit is hidden first, and of equals the first by name.

    >>> complement({"a": (6, ""), "b": (7, "")}, [(["a", "b"], 2)], 5)["a"]
    (6, 'hidden (protects a smaller unit)')
    """
    found = dict(units)
    every = [
        (sorted(members, key=lambda unit: (units[unit][0], unit)), outside)
        for members, outside in remainders
    ]
    settled = False
    while not settled:
        settled = True
        for members, outside in every:
            hidden = outside + sum(found[unit][0] for unit in members if found[unit][1])
            if 0 < hidden < min_n:
                open_ = [unit for unit in members if not found[unit][1] and found[unit][0] > 0]
                if open_:
                    found[open_[0]] = (found[open_[0]][0], HIDDEN_WITH)
                    settled = False
    return found


def _remainders(
    lens: str, lenses: Mapping[str, Units], nesting: Nesting, total: float | None
) -> Iterator[tuple[list[str], float]]:
    """What is left of the whole, or of a unit, when coarser lenses are taken from it in turn.

    `lenses`: this lens and the coarser ones, these decided. Each remainder is given by the units of
    this lens that lie in it, and its people outside of these (0 where nobody can count them).
    """
    chains = _chains([name for name in lenses if name != lens], lens, nesting)
    # The narrowest first: what is hidden for a part is often enough for the whole.
    for chain in sorted(chains, key=len, reverse=True):
        for start, (people, _) in lenses[chain[0]].items() if chain else ():
            top = [(chain[0], {start})]
            yield _remainder(lens, chain[1:], lenses, nesting, people, top)
        yield _remainder(lens, chain, lenses, nesting, nan if total is None else total, [])


def _chains(coarser: list[str], lens: str, nesting: Nesting) -> Iterator[list[str]]:
    """Every row of lenses, coarse to fine, each lying in the one before and `lens` in the last."""
    yield []
    for place, name in enumerate(coarser):
        if name in nesting.get(lens, {}):
            yield from ([*chain, name] for chain in _chains(coarser[:place], name, nesting))


def _remainder(
    lens: str,
    chain: list[str],
    lenses: Mapping[str, Units],
    nesting: Nesting,
    people: float,
    within: list[tuple[str, set[str]]],
) -> tuple[list[str], float]:
    """The units of `lens` that no shown unit of the chain covers, and the people in no unit."""

    def lying(name: str) -> list[str]:
        parents = nesting.get(name, {})
        return [u for u in lenses[name] if all(parents[top].get(u) in some for top, some in within)]

    for name in chain:
        units = lying(name)
        people -= sum(lenses[name][unit][0] for unit in units if not lenses[name][unit][1])
        within = [*within, (name, {unit for unit in units if lenses[name][unit][1]})]
    members = lying(lens)
    outside = people - sum(lenses[lens][unit][0] for unit in members)
    return members, 0.0 if isnan(outside) else max(outside, 0.0)
