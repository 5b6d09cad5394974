"""The reporting plan over the lattice: its time, what it keeps, and what it keeps from attackers.

Organisations are made up: flat ones (departments, locations and roles, crossed) and ones with teams
in functions beside locations and levels. Published are the whole, every unit and every pair. Three
ways to choose what is shown are attacked in the same way: the threshold alone, the remainder rule
(each lens, and each pair within its two lenses, for itself), and the plan over the whole lattice.

    python benchmarks/disclosure.py [number of organisations to attack]
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from itertools import combinations, permutations
from pathlib import Path

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
    """Organisations of 50 to 20,000 people, small ones mostly; every other one flat."""
    draw = np.random.default_rng(20268)
    for number in range(count):
        people = int(50 * 400 ** (draw.random() ** 2.5))
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


RULES: dict[str, Callable[[Lattice, pd.DataFrame], np.ndarray]] = {
    "threshold only": threshold_only,
    "remainder rule": remainder_rule,
    "whole lattice": whole_lattice,
}


# -------------------------------------------------------------------------------------- the attacks
def following(lattice: Lattice, shown: np.ndarray) -> np.ndarray:
    """Which cells of fewer than `MIN_N` people follow from the shown ones."""
    span = small_span(lattice.matrix[np.flatnonzero(shown)], np.zeros(len(lattice.sizes), bool))
    null = span.null_vectors(np.random.default_rng(1), 2)
    few = np.flatnonzero(lattice.cells["n"] < MIN_N)
    sums = np.stack([lattice.matrix[few] @ vector % PRIME for vector in null])
    return (sums == 0).all(axis=0)


def attacked(count: int) -> pd.DataFrame:
    """Per organisation and rule: cells kept, hidden cells that follow, unions found."""
    rows = []
    for number, (kind, membership) in enumerate(organisations(count)):
        lattice = lattice_of(membership)
        enough = int((lattice.cells["n"] >= MIN_N).sum())
        for rule, choose in RULES.items():
            start = time.perf_counter()
            shown = choose(lattice, membership)
            took = time.perf_counter() - start
            found = attack(lattice.matrix[np.flatnonzero(shown)], lattice.sizes, MIN_N)
            rows.append(
                {
                    "organisation": number, "kind": kind, "people": len(membership), "rule": rule,
                    "cells": len(shown), "enough": enough, "kept": int(shown.sum()),
                    "few": len(shown) - enough, "follow": int(following(lattice, shown).sum()),
                    "unions": len(found.unions) + len(found.undecided), "seconds": took,
                }
            )  # fmt: skip
    return pd.DataFrame(rows)


def attack_table(found: pd.DataFrame) -> Iterator[str]:
    yield "| organisations | rule | large-enough cells kept | hidden small cells that follow | with"
    yield " any leak | unions found, median / most |\n|---|---|---|---|---|---|\n"
    for kind, some in found.groupby("kind"):
        for rule in RULES:
            each = some[some["rule"] == rule]
            leaking = (each["unions"] > 0).mean()
            kept = each["kept"].sum() / each["enough"].sum()
            yield f"| {kind}, {len(each)} | {rule} | {kept:.0%}"
            yield f" | {each['follow'].sum() / max(each['few'].sum(), 1):.0%} | {leaking:.0%}"
            yield f" | {each['unions'].median():.0f} / {each['unions'].max()} |\n"


# ---------------------------------------------------------------------------- time, what is kept
SIZES = {
    "flat, 20 x 10 x 6": lambda: flat(1_200, (20, 10, 6)),
    "flat, 24 x 12 x 8": lambda: flat(1_200, (24, 12, 8)),
    "100 teams": lambda: teams(1_200, 100, 8, 4),
    "flat, 40 x 20 x 10": lambda: flat(20_000, (40, 20, 10)),
    "flat, 80 x 40 x 12": lambda: flat(20_000, (80, 40, 12)),
    "700 teams": lambda: teams(20_000, 700, 15, 6),
    "5,000 teams": lambda: teams(100_000, 5_000, 20, 8),
}


def size_table(names: list[str]) -> Iterator[str]:
    yield "| organisation | people | cells | large enough | kept | of units | of pairs "
    yield "| seconds |\n"
    yield "|---|---|---|---|---|---|---|---|\n"
    for name in names:
        membership = SIZES[name]()
        start = time.perf_counter()
        lattice = lattice_of(membership)
        shown = whole_lattice(lattice, membership)
        took = time.perf_counter() - start
        cells = lattice.cells
        enough = (cells["n"] >= MIN_N).to_numpy()
        unit = (cells[LENSES] == 1).to_numpy()
        row = f"| {name} | {len(membership):,} | {len(cells):,} | {enough.sum():,}"
        row += f" | {shown.sum() / enough.sum():.0%} | {shown[unit].sum() / enough[unit].sum():.0%}"
        row += f" | {shown[~unit].sum() / enough[~unit].sum():.0%} | {took:.1f} |\n"
        print(row, end="", flush=True)
        yield row


def main() -> None:
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 200
    kept = [name for name in SIZES if not sys.argv[2:] or name in sys.argv[2:]]
    start = time.perf_counter()
    found = attacked(count)
    took = time.perf_counter() - start
    text = f"""# The reporting plan and what can be taken from it

`python benchmarks/disclosure.py {count}`. `min_n` is {MIN_N}. Made-up organisations; the attacks
are linear algebra over all that is shown at once. Times on two cores, one of them used.

## What is kept, and how long it takes

Published: the whole, every unit of every lens, every cell of every two lenses. A cell is large
enough with {MIN_N} people or more.

{"".join(size_table(kept))}
## What an attacker gets

{count} organisations of {found["people"].min():,} to {found["people"].max():,} people and
{found["cells"].min():,} to {found["cells"].max():,} cells. "Follow": the sum of a hidden cell is
a combination of shown ones. "Unions": sets of fewer than {MIN_N} people, cells or not, whose sum is
one (those of up to three atoms where there are any). All in all {took:.0f} seconds.

{"".join(attack_table(found))}
In organisations with teams every team that has a few people elsewhere, or a few of another level,
gives up one of two: itself, or the pair that holds all the others.
"""
    RESULTS.write_text(text, encoding="utf-8")
    print(text)


if __name__ == "__main__":
    main()
