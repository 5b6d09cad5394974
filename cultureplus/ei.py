"""The E-I index: whether ties stay inside the units or cross their borders.

E-I = (external - internal) / (external + internal), from -1 (all ties inside) to +1 (all outside).
The raw index has no meaningful zero: with twenty equal units nineteen in twenty colleagues sit
outside, and people who name anybody at random come to about +.9. So each index stands beside what
chance gives: the same ties, with the units of the people permuted. Only the distance from that
null says whether borders hold ties back. It does not say why.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from cultureplus import columns as c
from cultureplus.errors import InputError
from cultureplus.tie_table import NO_TIES, Codes, TieTable, checked, tie_table

Array = NDArray[np.float64]
Labels = NDArray[np.unsignedinteger]

PERMUTATIONS = 10_000

_NULL = [c.NULL_MEAN, c.NULL_LOW, c.NULL_HIGH, c.P]
_NAMES = [c.UNIT, c.N, c.NAMING, c.INTERNAL, c.EXTERNAL, c.OBSERVED, *_NULL, c.REASON]
_BATCH = 500  # permutations of one generator, so that the answer knows nothing of threads
_THREADS = 2
_TOGETHER = 125  # permutations looked at together
_HELD = 20_000_000  # labels held at once by a thread
_SORTED = 250_000  # keys sorted at once by a thread
_PEOPLE = 800  # people counted together: what they need stays close to the processor
_CHANCE = 20  # bits that have to be left for chance, or the keys are made longer
ONE_UNIT = "no null: there is only one unit"
ALL_ALONE = "no null: every unit is one person"
NOTHING_MOVES = "no null: within each group everybody has the same unit"


@dataclass(frozen=True, eq=False)
class EiResult:
    """The E-I index of everybody and of each unit against chance.

    `units`: one row for 'all' and one per unit (see `ei_index`); `people`: person, unit, internal,
    external, observed, for use inside the library and never for a report; `counts`: ties given,
    left out and kept; `directed`, `permutations`: how it was made.
    """

    units: pd.DataFrame
    people: pd.DataFrame
    counts: pd.Series
    directed: bool
    permutations: int

    def _repr_html_(self) -> str:
        return str(self.units.round(3).to_html(index=False))

    def __repr__(self) -> str:
        kind = "directed" if self.directed else "undirected"
        told = ", ".join(f"{count} {name}" for name, count in self.counts.items())
        return (
            f"E-I index: {kind} ties ({told}), {self.permutations} permutations\n"
            f"{self.units.round(3).to_string(index=False)}"
        )


def ei_index(
    ties: pd.DataFrame,
    units: pd.Series,
    permutations: int = PERMUTATIONS,
    *,
    seed: int = 1,
    within: pd.Series | None = None,
    directed: bool = True,
) -> EiResult:
    """The E-I index of all ties and of each unit, against permuted units.

    `ties`: from, to (one wave); `units`: person -> unit, everybody who could be named; `within`:
    person -> level or location, and labels are then permuted inside each of these only. Directed
    ties count at the unit of the person who names, so that units add up to the whole; with
    `directed=False` a pair is one tie, and one that crosses a border counts in both units.

    The result's `units` has unit ('all' first), n (people), naming (of them with a tie of their
    own), internal, external (ties), observed (-1 to 1), null_mean, null_low, null_high (of the
    permutations, 2.5 and 97.5 %), p (two-sided, twice the smaller tail, its smallest value
    2 / (permutations + 1)), reason. Self ties, ties named twice and ties with people who are not
    in `units` or have no unit are left out and counted in `counts`. Not estimable without ties; no
    null where there is one unit only, or where every unit is one person. Raises `InputError` where
    a table is not as said.

    References: Krackhardt & Stern (1988), Social Psychology Quarterly 51, 123-140; Phipson & Smyth
    (2010), Statistical Applications in Genetics and Molecular Biology 9, for p.

    >>> ties = pd.DataFrame({"from": list("abcdab"), "to": list("badcca")})
    >>> units = pd.Series(list("xxyy"), index=list("abcd"))
    >>> found = ei_index(ties, units, permutations=500, seed=1)
    >>> found.units[["unit", "internal", "external", "observed"]].round(2).values.tolist()
    [['all', 4, 1, -0.6], ['x', 2, 1, -0.33], ['y', 2, 0, -1.0]]
    """
    permutations = checked(permutations)
    table = tie_table(ties, units, directed=directed)
    groups = _groups(table, within)
    internal, total = _sums(table, table.unit, directed=directed)
    observed = _indices(internal, total, len(table.start), directed=directed)
    found = pd.DataFrame({c.UNIT: [c.ALL, *table.labels]})
    n = np.bincount(table.unit, minlength=len(table.labels))
    people = _people(table, directed=directed)
    busy = (people[c.INTERNAL] + people[c.EXTERNAL] > 0).to_numpy()
    naming = np.bincount(table.unit[busy], minlength=len(table.labels))
    found[c.N] = [int(n.sum()), *n]
    found[c.NAMING] = [int(naming.sum()), *naming]
    external = _external(internal, total, directed=directed)
    found[c.INTERNAL] = [int(internal.sum()), *internal]
    found[c.EXTERNAL] = [len(table.start) - int(internal.sum()), *external]
    found[c.OBSERVED] = observed
    found[_NULL] = np.nan
    reason = _why_no_null(table, groups)
    if len(table.start) and not reason:
        null = _null(table, groups, permutations, seed, directed=directed)
        found[_NULL] = _against(observed, null)
    nothing = (found[c.INTERNAL] + found[c.EXTERNAL] == 0).to_numpy()
    found.loc[nothing, _NULL] = np.nan
    found[c.REASON] = np.where(nothing, NO_TIES, reason)
    return EiResult(found[_NAMES], people, table.counts, directed, permutations)


def _groups(table: TieTable, within: pd.Series | None) -> Codes:
    """Per person the group inside which labels are permuted; who has none is one of a group."""
    if within is None:
        return np.zeros(len(table.people), dtype="int64")
    if not isinstance(within, pd.Series) or not within.index.is_unique:
        raise InputError("`within` is a Series: its index the people, each once.")
    absent = int((~table.people.isin(within.index)).sum())
    if absent:
        raise InputError(
            "Not everybody who has a unit has a place in `within`.",
            found=f"{absent} people are not in its index",
            fix="give it for the same people as the units",
        )
    codes, _ = pd.factorize(within.reindex(table.people), sort=True, use_na_sentinel=False)
    return np.asarray(codes, dtype="int64")


def _why_no_null(table: TieTable, groups: Codes) -> str:
    """Why permuting units changes nothing, or ''."""
    if len(table.labels) < 2:
        return ONE_UNIT
    if len(table.labels) == len(table.people):
        return ALL_ALONE
    pairs = np.unique(groups * len(table.labels) + table.unit)
    return NOTHING_MOVES if len(pairs) == len(np.unique(groups)) else ""


def _people(table: TieTable, *, directed: bool) -> pd.DataFrame:
    same = table.unit[table.start] == table.unit[table.end]
    ends = [table.start] if directed else [table.start, table.end]
    size = len(table.people)
    internal = sum(np.bincount(end[same], minlength=size) for end in ends)
    external = sum(np.bincount(end[~same], minlength=size) for end in ends)
    found = pd.DataFrame(
        {c.PERSON: table.people, c.UNIT: table.labels[table.unit], c.INTERNAL: internal}
    )
    found[c.EXTERNAL] = external
    total = np.where(internal + external > 0, internal + external, np.nan)
    found[c.OBSERVED] = (external - internal) / total
    found[c.REASON] = np.where(np.isnan(total), NO_TIES, "")
    return found


def _degree(table: TieTable, *, directed: bool) -> Codes:
    """Per person the ties that count there."""
    degree = np.bincount(table.start, minlength=len(table.people))
    return degree if directed else degree + np.bincount(table.end, minlength=len(table.people))


def _sums(table: TieTable, unit: Codes, *, directed: bool) -> tuple[Codes, Codes]:
    """Per unit its internal ties, and the ties of its people added up."""
    size = len(table.labels)
    start = unit[table.start]
    internal = np.bincount(start[start == unit[table.end]], minlength=size)
    total = np.bincount(unit, weights=_degree(table, directed=directed), minlength=size)
    return internal, total.astype("int64")


def _external(internal: Array | Codes, total: Array | Codes, *, directed: bool) -> Array | Codes:
    # Where both ends count, an internal tie is counted twice among the ties of the people.
    return total - (1 if directed else 2) * internal


def _indices(internal: Array | Codes, total: Array | Codes, ties: int, *, directed: bool) -> Array:
    """E-I of everybody and of each unit, along the last axis; missing where there is no tie."""
    inside = np.asarray(internal, dtype="float64")
    outside = np.asarray(_external(internal, total, directed=directed), dtype="float64")
    whole = inside.sum(axis=-1, keepdims=True)
    inside = np.concatenate([whole, inside], axis=-1)
    outside = np.concatenate([ties - whole, outside], axis=-1)
    both = inside + outside
    return (outside - inside) / np.where(both > 0, both, np.nan)


@dataclass(frozen=True)
class _Keys:
    """What permutations are sorted from: per place its group, room for chance, and a unit.

    A place is somebody's: places go group by group. Numbers that are drawn into the room in the
    middle and then sorted bring the units of each group into an order in which every other order
    is as likely, and sorting is what a processor does fastest.
    """

    fixed: NDArray[np.unsignedinteger]  # group above, unit below
    chance: np.unsignedinteger  # the bits that are drawn
    unit: np.unsignedinteger  # the bits of the unit
    kind: np.dtype[np.unsignedinteger]  # the smallest that holds every unit


def _keys(unit: Codes, groups: Codes) -> _Keys:
    """Keys of these people, `groups` being in order."""
    low = int(np.max(unit, initial=0)).bit_length()
    high = int(np.max(groups, initial=0)).bit_length()
    width = 32 if 32 - low - high >= _CHANCE else 64
    kind = np.dtype(f"uint{width}").type
    above = groups.astype("uint64") << np.uint64(min(width - high, width - 1))
    return _Keys(
        fixed=np.sort((above | unit.astype("uint64")).astype(kind)),  # who sat where plays no part
        chance=kind((1 << (width - high)) - (1 << low)),
        unit=kind((1 << low) - 1),
        kind=np.min_scalar_type((1 << low) - 1),
    )


def _permuted(keys: _Keys, rows: int, random: np.random.Generator) -> Labels:
    """Units dealt out anew inside each group: a row per permutation, a column per place."""
    people, kind = len(keys.fixed), keys.fixed.dtype
    found = np.empty((rows, people), dtype=keys.kind)
    step = max(1, _SORTED // max(people, 1))
    for first in range(0, rows, step):
        part = found[first : first + step]
        words = -(-part.size * kind.itemsize // 8)
        drawn = random.integers(0, 2**64 - 1, words, dtype=np.uint64, endpoint=True).view(kind)
        drawn = drawn[: part.size].reshape(part.shape)
        drawn &= keys.chance
        drawn |= keys.fixed
        drawn.sort(axis=1)
        _settle(drawn, keys.unit, random)
        part[:] = drawn & keys.unit
    return found


def _settle(
    drawn: NDArray[np.unsignedinteger], unit: np.unsignedinteger, random: np.random.Generator
) -> None:
    """Put those who drew the same number into an order by chance, in place.

    Sorted as they are they would stand in the order of their units, which is not every order alike.
    """
    alike = np.flatnonzero((drawn[:, 1:] ^ drawn[:, :-1]) <= unit)
    if not len(alike):
        return
    left = alike + alike // (drawn.shape[1] - 1)  # places in the table read row by row
    places = np.union1d(left, left + 1)
    run = np.cumsum(~np.isin(places - 1, left))  # a run begins where nobody before is alike
    order = np.lexsort((random.permutation(len(places)), run))
    flat = drawn.reshape(-1)
    flat[places] = flat[places[order]]


@dataclass(frozen=True)
class _Layout:
    """Ties laid out for counting: people with a tie, those who hold most ties first.

    Each tie is held by one of its two people, whichever has fewer, so that nobody holds many: where
    both have the same unit it does not matter whose tie it is.
    """

    people: Codes  # of whom each row is
    others: list[Codes]  # the first, second, ... tie held: at whom, of those who hold so many


def _layout(table: TieTable) -> _Layout:
    size = len(table.people)
    both = _degree(table, directed=False)
    turn = both[table.start] > both[table.end]
    holder = np.where(turn, table.end, table.start)
    other = np.where(turn, table.start, table.end)
    held = np.bincount(holder, minlength=size)
    people = np.argsort(-held, kind="stable")
    people = people[both[people] > 0]
    row = np.empty(size, dtype="int64")
    row[people] = np.arange(len(people))
    ties = np.lexsort((row[other], row[holder]))
    first = np.cumsum(held[people]) - held[people]
    number = np.arange(len(ties)) - first[row[holder[ties]]]
    ties = ties[np.argsort(number, kind="stable")]
    return _Layout(people, np.split(row[other[ties]], np.cumsum(np.bincount(number))[:-1]))


def _inside(layout: _Layout, drawn: Labels, size: int) -> Array:
    """Ties inside each unit: a row per permutation, which is a column of `drawn`.

    `drawn` has a row per person of the layout, so that the labels of a person are read in one
    piece; few people are looked at together, to stay close to the processor.
    """
    columns = drawn.shape[1]
    shift = size * np.arange(columns)
    found = np.zeros(size * columns)
    kind = np.min_scalar_type(len(layout.others))
    for low in range(0, len(layout.others[0]), _PEOPLE):
        part = slice(low, low + _PEOPLE)
        own = drawn[part]
        inside = np.zeros(own.shape, dtype=kind)
        for others in layout.others:
            if len(others) <= low:
                break
            same = drawn.take(others[part], axis=0) == own[: len(others) - low]
            inside[: len(same)] += same
        cells = (own + shift).ravel()
        found += np.bincount(cells, weights=inside.ravel(), minlength=len(found))
    return found.reshape(columns, size)


def _null(table: TieTable, groups: Codes, permutations: int, seed: int, *, directed: bool) -> Array:
    """The indices under permuted units: a row per permutation, everybody and then each unit.

    Each batch draws from a generator of its own: the same seed gives the same numbers however many
    threads share the batches.
    """
    size = len(table.labels)
    order = np.argsort(groups, kind="stable")
    keys = _keys(table.unit, groups)
    layout = _layout(table)
    places = np.argsort(order)[layout.people]
    degree = _degree(table, directed=directed)[order].astype("float64")
    width = max(16, min(_TOGETHER, _HELD // max(len(table.people), 1)))

    def batch(rows: int, random: np.random.Generator) -> Array:
        internal, total = np.empty((rows, size)), np.empty((rows, size))
        for first in range(0, rows, width):
            part = slice(first, min(first + width, rows))
            drawn = _permuted(keys, part.stop - first, random)
            total[part] = [np.bincount(row, weights=degree, minlength=size) for row in drawn]
            by_person = np.ascontiguousarray(drawn.T).take(places, axis=0)
            internal[part] = _inside(layout, by_person, size)
        return _indices(internal, total, len(table.start), directed=directed)

    starts = [min(_BATCH, permutations - first) for first in range(0, permutations, _BATCH)]
    seeds = np.random.SeedSequence(seed).spawn(len(starts))
    with ThreadPoolExecutor(_THREADS) as threads:
        found = threads.map(batch, starts, map(np.random.default_rng, seeds))
        return np.concatenate(list(found))


def _against(observed: Array, null: Array) -> Array:
    """Per column: mean and 95 % interval of the null, and the two-sided p."""
    found = np.full((len(observed), 4), np.nan)
    for place, value in enumerate(observed):
        drawn = null[:, place]
        drawn = drawn[~np.isnan(drawn)]  # a unit of few people may be left without a tie
        if np.isnan(value) or not len(drawn):
            continue
        below = np.count_nonzero(drawn <= value + 1e-12)
        above = np.count_nonzero(drawn >= value - 1e-12)
        p = min(1.0, 2 * (1 + min(below, above)) / (len(drawn) + 1))
        found[place] = [drawn.mean(), *np.quantile(drawn, [0.025, 0.975]), p]
    return found
