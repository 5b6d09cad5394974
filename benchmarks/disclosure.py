"""The reporting plan over the lattice: its time, and what it keeps.

Organisations are made up: flat ones (departments, locations and roles, crossed) and ones with teams
in functions beside locations and levels. Published are the whole, every unit and every pair. What
attackers find in it is measured by `disclosure_attacks.py`.

    python benchmarks/disclosure.py [name of a size ...]
"""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from itertools import combinations, permutations
from math import comb
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from cultureplus.disclosure.attack import attack
from cultureplus.disclosure.lattice import CELL, LENSES, Lattice, lattice_of
from cultureplus.disclosure.plan import settle
from cultureplus.disclosure.row_space import PRIME, small_span
from cultureplus.disclosure.suppress import suppress

RESULTS = Path(__file__).resolve().parent / "results" / "disclosure.md"
MIN_N = 5


def flat(
    people: int, units: tuple[int, int, int], seed: int = 1, skew: float = 0.7
) -> pd.DataFrame:
    """Departments, locations and roles, drawn independently, some large and many small."""
    draw = np.random.default_rng(seed)
    found = {}
    for lens, count in zip(("department", "location", "role"), units, strict=True):
        weight = 1 / np.arange(1, count + 1) ** skew
        found[lens] = named(lens, draw.choice(count, people, p=weight / weight.sum()))
    return pd.DataFrame(found)


def teams(
    people: int, n_teams: int, functions: int, locations: int, levels: int = 4, seed: int = 1
) -> pd.DataFrame:
    """Teams in functions; a team sits in one place, but for one in twelve; few of high level."""
    draw = np.random.default_rng(seed)
    size = draw.gamma(3, 1, n_teams)
    team = draw.choice(n_teams, people, p=size / size.sum())
    function = np.sort(draw.integers(0, functions, n_teams))[team]
    place = 1 / np.arange(1, locations + 1)
    seat = draw.choice(locations, n_teams, p=place / place.sum())[team]
    away = draw.random(people) < 1 / 12
    location = np.where(away, draw.integers(0, locations, people), seat)
    rare = 0.5 ** np.arange(levels)
    level = draw.choice(levels, people, p=rare / rare.sum())
    columns = {"function": function, "location": location, "level": level, "team": team}
    return pd.DataFrame({lens: named(lens, codes) for lens, codes in columns.items()})


def named(lens: str, codes: np.ndarray) -> list[str]:
    return [f"{lens[0]}{code}" for code in codes]


def organisations(count: int) -> Iterator[tuple[str, pd.DataFrame]]:
    """Organisations of 50 to 20,000 people, the first the largest; every other one flat."""
    draw = np.random.default_rng(20268)
    for number in range(count):
        drawn = int(50 * 400 ** (draw.random() ** 2.5))
        people = drawn if number else 20_000
        if number % 2:
            some = max(people // int(draw.choice([8, 14, 25])), 2)
            functions = int(min(draw.integers(2, 13), some))
            locations, levels = int(draw.integers(2, 7)), int(draw.integers(2, 6))
            yield "teams", teams(people, some, functions, locations, levels, seed=number)
        else:
            wide = people**0.35
            units = tuple(max(int(wide * draw.uniform(0.5, 1.5)), 2) for _ in range(3))
            yield "flat", flat(people, units, seed=number, skew=float(draw.uniform(0, 1.2)))


# ------------------------------------------------------------------------------- what may be shown
def threshold_only(lattice: Lattice, membership: pd.DataFrame) -> np.ndarray:
    return (lattice.cells["n"] >= MIN_N).to_numpy(copy=True)


def remainder_rule(lattice: Lattice, membership: pd.DataFrame) -> np.ndarray:
    """Today's rule for lenses in one another, a pair lying in each of its two lenses."""
    column = {lens: membership[lens] for lens in membership}
    for one, other in combinations(membership, 2):
        column[f"{one} x {other}"] = membership[one] + " x " + membership[other]
    inside: dict[str, dict[str, dict[str, str]]] = {lens: {} for lens in column}
    for lens, other in permutations(column, 2):
        pairs = pd.DataFrame({"unit": column[lens], "outer": column[other]}).drop_duplicates()
        if not pairs["unit"].duplicated().any():
            inside[lens][other] = dict(pairs.itertuples(index=False))
    for lens in list(column):  # a pair of lenses in one another is one of the two
        if " x " in lens and any(lens in inside.get(other, ()) for other in inside[lens]):
            del inside[lens]
    for outer in inside.values():
        for lens in outer.keys() - inside.keys():
            del outer[lens]
    lenses = {}
    for lens in inside:
        sizes = column[lens].value_counts()
        lenses[lens] = {u: (float(n), "" if n >= MIN_N else "few") for u, n in sizes.items()}
    settled = settle(lenses, inside, MIN_N, total=len(membership))
    shown = threshold_only(lattice, membership)
    for lens, unit, cell in lattice.names[["lens", "unit", CELL]].itertuples(index=False):
        if lens in settled:
            shown[cell] &= settled[lens][unit][1] == ""
    return shown


def whole_lattice(lattice: Lattice, membership: pd.DataFrame) -> np.ndarray:
    plan = suppress(lattice, MIN_N)
    shown = np.zeros(len(lattice.cells), bool)
    shown[lattice.names.loc[plan["shown"].to_numpy(), CELL]] = True
    return shown


# -------------------------------------------------------------------------------------- the attacks
def following(lattice: Lattice, shown: np.ndarray) -> np.ndarray:
    """Which cells of fewer than `MIN_N` people follow from the shown ones."""
    span = small_span(lattice.matrix[np.flatnonzero(shown)], np.zeros(len(lattice.sizes), bool))
    null = span.null_vectors(np.random.default_rng(1), 2)
    few = np.flatnonzero(lattice.cells["n"] < MIN_N)
    sums = np.stack([lattice.matrix[few] @ vector % PRIME for vector in null])
    return (sums == 0).all(axis=0)


# ---------------------------------------------------------------------------- time, what is kept
_MOST_BOUNDED = 10_000  # cells of a lattice of which it is worked out what can be kept at most
SIZES = {
    "flat, 20 x 10 x 6": lambda: flat(1_200, (20, 10, 6)),
    "flat, 24 x 12 x 8": lambda: flat(1_200, (24, 12, 8)),
    "100 teams": lambda: teams(1_200, 100, 8, 4),
    "flat, 40 x 20 x 10": lambda: flat(20_000, (40, 20, 10)),
    "flat, 80 x 40 x 12": lambda: flat(20_000, (80, 40, 12)),
    "700 teams": lambda: teams(20_000, 700, 15, 6),
    "5,000 teams": lambda: teams(100_000, 5_000, 20, 8),
}


def most_kept(lattice: Lattice, *, units_stay: bool) -> int:
    """How many large-enough cells any plan can show at most.

    The cells of one unit of the finest lens, crossed or not, must be safe by themselves, and no
    cell is counted for two units: so what each must give up at least adds up. `units_stay`: plans
    that give up a pair before a unit, wherever that is enough within the unit.
    """
    names = lattice.names
    unit = names[names[LENSES] == 1]
    finest = unit["lens"].value_counts(sort=False).idxmax()
    enough = np.flatnonzero(lattice.cells["n"] >= MIN_N)
    kind = lattice.cells[LENSES].to_numpy()
    matrix = lattice.matrix[enough]
    by_atom, length = matrix.T.tocsr(), np.diff(matrix.indptr)
    given_up, left = 0, np.ones(len(enough), bool)
    for cell in unit.loc[unit["lens"] == finest, CELL]:
        inside = lattice.matrix.indices[slice(*lattice.matrix.indptr[[cell, cell + 1]])]
        touched, times = np.unique(by_atom[inside].indices, return_counts=True)
        own = touched[(times == length[touched]) & left[touched]]
        left[own] = False
        rows = matrix[own][:, inside]
        given_up += fewest_hidden(
            rows, lattice.sizes[inside], kind[enough[own]], units_stay=units_stay
        )
    return len(enough) - given_up


def fewest_hidden(rows: Any, sizes: np.ndarray, kind: np.ndarray, *, units_stay: bool) -> int:
    """At least so many of a unit's own cells are hidden in every plan."""
    pairs = [i for i, lenses in enumerate(kind) if lenses == 2]
    for open_ in (pairs, range(len(kind))) if units_stay else (range(len(kind)),):
        for count in range(len(open_) + 1):
            if comb(len(open_), count) > 100:
                return count
            for hidden in combinations(open_, count):
                left = [i for i in range(len(kind)) if i not in hidden]
                if not left or not attack(rows[left], sizes, MIN_N).found:
                    return count
    return 0


def size_table(names: list[str]) -> Iterator[str]:
    yield "| organisation | people | cells | large enough | kept | of units | of pairs "
    yield "| at most, any plan | at most, units before pairs | processor seconds |\n"
    yield "|---|---|---|---|---|---|---|---|---|---|\n"
    for name in names:
        membership = SIZES[name]()
        start = time.process_time()
        lattice = lattice_of(membership)
        shown = whole_lattice(lattice, membership)
        took = time.process_time() - start
        cells = lattice.cells
        enough = (cells["n"] >= MIN_N).to_numpy()
        unit = (cells[LENSES] == 1).to_numpy()
        row = f"| {name} | {len(membership):,} | {len(cells):,} | {enough.sum():,}"
        row += f" | {shown.sum() / enough.sum():.1%}"
        row += f" | {shown[unit].sum() / enough[unit].sum():.1%}"
        row += f" | {shown[~unit].sum() / enough[~unit].sum():.1%}"
        for units_stay in (False, True):
            if len(cells) > _MOST_BOUNDED:
                row += " | not worked out"
            else:
                row += f" | {most_kept(lattice, units_stay=units_stay) / enough.sum():.1%}"
        row += f" | {took:.1f} |\n"
        print(row, end="", flush=True)
        yield row


def main() -> None:
    text = f"""# The reporting plan: its time, and what it keeps

`python benchmarks/disclosure.py`. `min_n` is {MIN_N}. Made-up organisations; processor seconds on
one core. Published: the whole, every unit of every lens, every cell of every two lenses. A cell is
large enough with {MIN_N} people or more. "At most": what the cells of each team (or department)
give away among themselves already; no plan can keep more, nor, where units outlast pairs, more than
the second figure. In organisations with teams every team that has a few people elsewhere, or a few
of another level, gives up one of two: itself, or the pair that holds all the others.

{"".join(size_table(sys.argv[1:] or list(SIZES)))}"""
    RESULTS.write_text(text, encoding="utf-8")
    print(text)


if __name__ == "__main__":
    main()
