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
from cultureplus.tie_table import Codes, TieTable, checked, tie_table

Array = NDArray[np.float64]
Labels = NDArray[np.uint8] | NDArray[np.uint16]

INTERNAL, EXTERNAL, NAMING, PERSON = "internal", "external", "naming", "person"
NULL_MEAN, NULL_LOW, NULL_HIGH = "null_mean", "null_low", "null_high"
PERMUTATIONS = 10_000

_NAMES = [
    c.UNIT, c.N, NAMING, INTERNAL, EXTERNAL, c.OBSERVED, NULL_MEAN, NULL_LOW, NULL_HIGH, c.P,
    c.REASON,
]  # fmt: skip
_BATCH = 500  # permutations of one generator, so that the answer knows nothing of threads
_THREADS = 2
_HELD = 20_000_000  # labels held at once by a thread
_ROWS = 250  # ties looked at together: what they need stays close to the processor
NO_TIES = "not estimable: no ties here"
ONE_UNIT = "no null: there is only one unit"
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
    null where there is one unit only. Raises `InputError` where a table is not as said.

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
    busy = (people[INTERNAL] + people[EXTERNAL] > 0).to_numpy()
    naming = np.bincount(table.unit[busy], minlength=len(table.labels))
    found[c.N] = [int(n.sum()), *n]
    found[NAMING] = [int(naming.sum()), *naming]
    external = _external(internal, total, directed=directed)
    found[INTERNAL] = [int(internal.sum()), *internal]
    found[EXTERNAL] = [len(table.start) - int(internal.sum()), *external]
    found[c.OBSERVED] = observed
    found[[NULL_MEAN, NULL_LOW, NULL_HIGH, c.P]] = np.nan
    reason = ONE_UNIT if len(table.labels) < 2 else "" if _moves(table, groups) else NOTHING_MOVES
    if len(table.start) and not reason:
        null = _null(table, groups, permutations, seed, directed=directed)
        found[[NULL_MEAN, NULL_LOW, NULL_HIGH, c.P]] = _against(observed, null)
    nothing = (found[INTERNAL] + found[EXTERNAL] == 0).to_numpy()
    found.loc[nothing, [NULL_MEAN, NULL_LOW, NULL_HIGH, c.P]] = np.nan
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


def _moves(table: TieTable, groups: Codes) -> bool:
    """Whether any group holds two units, so that a permutation changes something."""
    pairs = np.unique(groups * max(len(table.labels), 1) + table.unit)
    return len(pairs) > len(np.unique(groups))


def _people(table: TieTable, *, directed: bool) -> pd.DataFrame:
    same = table.unit[table.start] == table.unit[table.end]
    ends = [table.start] if directed else [table.start, table.end]
    size = len(table.people)
    internal = sum(np.bincount(end[same], minlength=size) for end in ends)
    external = sum(np.bincount(end[~same], minlength=size) for end in ends)
    found = pd.DataFrame(
        {PERSON: table.people, c.UNIT: table.labels[table.unit], INTERNAL: internal}
    )
    found[EXTERNAL] = external
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


def _null(table: TieTable, groups: Codes, permutations: int, seed: int, *, directed: bool) -> Array:
    """The indices under permuted units: a row per permutation, everybody and then each unit.

    Each batch draws from a generator of its own: the same seed gives the same numbers however many
    threads share the batches.
    """
    size = len(table.labels)
    order = np.argsort(groups, kind="stable")
    blocks = np.split(order, np.flatnonzero(np.diff(groups[order])) + 1)
    blocks = [part for part in blocks if len(np.unique(table.unit[part])) > 1]
    small = np.uint8 if size < 255 else np.uint16
    degree = _degree(table, directed=directed).astype("float64")
    starts = [min(_BATCH, permutations - first) for first in range(0, permutations, _BATCH)]

    width = max(16, min(_BATCH, _HELD // max(len(table.people), 1)))

    def batch(rows: int, random: np.random.Generator) -> Array:
        unit: Codes = table.unit.astype(small)
        internal, total = np.empty((rows, size)), np.empty((rows, size))
        parts = [unit[block] for block in blocks]
        for first in range(0, rows, width):
            last = min(first + width, rows)
            drawn = np.empty((len(unit), last - first), dtype=small)
            for row in range(first, last):
                for block, part in zip(blocks, parts, strict=True):
                    random.shuffle(part)
                    unit[block] = part
                total[row] = np.bincount(unit, weights=degree, minlength=size)
                drawn[:, row - first] = unit
            internal[first:last] = _inside(table, drawn)
        return _indices(internal, total, len(table.start), directed=directed)

    seeds = np.random.SeedSequence(seed).spawn(len(starts))
    with ThreadPoolExecutor(_THREADS) as threads:
        found = threads.map(batch, starts, map(np.random.default_rng, seeds))
        return np.concatenate(list(found))


def _inside(table: TieTable, drawn: Labels) -> Array:
    """Ties inside each unit: a row per column of `drawn`, which has a label per person.

    The columns are looked at together, so that the labels of a person are read in one piece.
    """
    size, columns = len(table.labels), drawn.shape[1]
    found = np.zeros(size * columns, dtype="int64")
    for low in range(0, len(table.start), _ROWS):
        part = slice(low, low + _ROWS)
        start = drawn.take(table.start[part], axis=0)
        place = np.flatnonzero(start == drawn.take(table.end[part], axis=0))
        cells = start.ravel()[place] * np.int64(columns) + place % columns
        found += np.bincount(cells, minlength=size * columns)
    return found.reshape(size, columns).T.astype("float64")


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
