"""Who is invited, wave by wave.

A team belongs to one function and sits mostly in one location; it has one manager, and the manager
of every sixth team of a function is its head. Between waves some people leave, some join and some
move to another team. A respondent's key is drawn at random, so that neither its number nor its
order says who came first or who works where.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from cultureplus import columns
from cultureplus.errors import InputError
from cultureplus.simulate.draws import Draws, Whole
from cultureplus.simulate.model import LEVELS

# Each function with its size relative to the others.
FUNCTIONS = {
    "Operations": 5,
    "Product": 4,
    "Sales": 4,
    "Customer Care": 3,
    "Technology": 3,
    "Logistics": 3,
    "Finance": 2,
    "Human Resources": 2,
}
LOCATIONS = ("Harbour", "North", "Hillside", "Riverside")
_LOCATION_CUTS = (0.40, 0.70, 0.88)  # where a team sits: most in the first, fewest in the last
_TEAM_WORDS = (
    "Alder", "Birch", "Cedar", "Dune", "Elm", "Fern", "Gorse", "Heron", "Iris", "Juniper",
    "Kestrel", "Larch", "Maple", "Nettle", "Osprey", "Pine", "Quince", "Rowan", "Sorrel", "Teal",
    "Umber", "Violet", "Willow", "Yarrow",
)  # fmt: skip
_AWAY = 0.08  # share of people who sit elsewhere than their team
_SPECIALISTS = 0.32  # share of those who manage nobody
_HEAD_EVERY = 6

TENURE = "tenure_years"
UNITS = ("function", "location", "level", "team")


@dataclass(frozen=True)
class Roster:
    """Everybody invited, one row per wave and person, with names and with numbers.

    `rows` has the columns wave, respondent, function, location, level, team, tenure_years and,
    for the drawing of answers, wave_no, person, function_no, location_no, level_no, team_no.
    """

    rows: pd.DataFrame
    waves: tuple[str, ...]
    functions: tuple[str, ...]
    locations: tuple[str, ...]
    teams: tuple[str, ...]
    n_persons: int
    moves: dict[str, list[int]]

    def code(self, name: str) -> Whole:
        """The numbers of a kind of unit (or of wave_no, person), one per row."""
        return np.asarray(self.rows[name], dtype=np.int64)

    def first_wave_sizes(self, name: str, n: int) -> list[int]:
        """How many people each unit of a kind has at first."""
        here = self.code(name)[self.code("wave_no") == 0]
        return [int(size) for size in np.bincount(here, minlength=n)]


@dataclass
class _Person:
    """One person as things stand in the wave at hand."""

    team: int
    location: int
    level: int
    tenure: float


@dataclass
class _House:
    """The organisation as it stands while the waves go by."""

    functions: list[int]  # of each team
    locations: list[int]
    size: tuple[int, int]
    people: dict[int, _Person]
    draws: Draws

    def sizes(self) -> list[int]:
        counts = [0] * len(self.functions)
        for person in self.people.values():
            counts[person.team] += 1
        return counts

    def seat(self, team: int, n_locations: int) -> int:
        """Where a member of a team sits: mostly where the team does."""
        away = float(self.draws.uniform(1)[0]) < _AWAY
        return self.draws.pick(n_locations) if away else self.locations[team]

    def open_team(self) -> int:
        """A team with room for one more, any as likely."""
        sizes = self.sizes()
        room = [team for team, size in enumerate(sizes) if size < self.size[1]]
        return room[self.draws.pick(len(room))]


def draw_roster(
    seed: int,
    *,
    people: int,
    waves: Sequence[str],
    teams: int,
    functions: int,
    locations: int,
    team_sizes: tuple[int, int],
    turnover: float,
    anonymous: bool,
) -> Roster:
    """Draw units and people, then let the waves pass over them."""
    _check(people, teams, functions, locations, team_sizes)
    house = _draw_house(seed, people, teams, functions, locations, team_sizes)
    records: list[tuple[int, int, int, int, int, float]] = []
    moves: dict[str, list[int]] = {"joiners": [], "leavers": [], "movers": []}
    n_persons = people
    for wave_no in range(len(waves)):
        if wave_no:
            n_persons = _turn_over(house, n_persons, turnover, locations, moves)
        records += [
            (wave_no, number, each.team, each.location, each.level, each.tenure + 0.25 * wave_no)
            for number, each in sorted(house.people.items())
        ]
    names = _team_names(house.functions)
    keys = _keys(seed, n_persons, len(waves), anonymous=anonymous)
    used_functions = tuple(FUNCTIONS)[:functions]
    used_locations = LOCATIONS[:locations]
    rows = pd.DataFrame(
        {
            columns.WAVE: [waves[record[0]] for record in records],
            columns.RESPONDENT: [keys[record[0]][record[1]] for record in records],
            "function": [used_functions[house.functions[record[2]]] for record in records],
            "location": [used_locations[record[3]] for record in records],
            "level": [LEVELS[record[4]] for record in records],
            "team": [names[record[2]] for record in records],
            TENURE: [int(record[5] * 10) / 10 for record in records],
            "wave_no": [record[0] for record in records],
            "person": [record[1] for record in records],
            "function_no": [house.functions[record[2]] for record in records],
            "location_no": [record[3] for record in records],
            "level_no": [record[4] for record in records],
            "team_no": [record[2] for record in records],
        }
    )
    # By key, so that the order of the file says as little as the key itself.
    rows = rows.sort_values(["wave_no", columns.RESPONDENT], ignore_index=True)
    return Roster(
        rows, tuple(waves), used_functions, used_locations, tuple(names), n_persons, moves
    )


def _check(
    people: int, teams: int, functions: int, locations: int, team_sizes: tuple[int, int]
) -> None:
    for name, value, most in (
        ("functions", functions, len(FUNCTIONS)),
        ("locations", locations, len(LOCATIONS)),
    ):
        if not 1 <= value <= most:
            raise InputError(f"'{name}' lies between 1 and {most}.", found=value)
    smallest, largest = team_sizes
    if not 1 <= smallest <= largest:
        raise InputError("'team_sizes' are the smallest and the largest size.", found=team_sizes)
    if teams < functions:
        raise InputError(
            f"{functions} functions need at least {functions} teams.",
            found=teams,
            fix="ask for fewer functions or for more teams",
        )
    if not smallest * teams <= people <= largest * teams:
        raise InputError(
            f"{people} people do not fit into {teams} teams of {smallest} to {largest}.",
            fix=f"ask for {smallest * teams} to {largest * teams} people, or for other teams",
        )


def _draw_house(
    seed: int, people: int, teams: int, functions: int, locations: int, team_sizes: tuple[int, int]
) -> _House:
    draws = Draws(seed, "roster")
    owners = _owners(teams, list(FUNCTIONS.values())[:functions])
    cuts = _LOCATION_CUTS[: locations - 1]
    seats = [sum(float(u) >= cut for cut in cuts) for u in draws.uniform(teams)]
    sizes = _team_sizes(draws, people, teams, team_sizes)

    house = _House(owners, seats, team_sizes, {}, draws)
    number = 0
    for team, size in enumerate(sizes):
        nth = team - owners.index(owners[team])  # which team of its function this is
        for place in range(size):
            if place == 0:
                level = 3 if nth % _HEAD_EVERY == 0 else 2
            else:
                level = int(float(draws.uniform(1)[0]) < _SPECIALISTS)
            u = float(draws.uniform(1)[0])
            tenure = 0.3 + 12 * u * u + (2.0 if level >= 2 else 0.0)
            house.people[number] = _Person(team, house.seat(team, locations), level, tenure)
            number += 1
    return house


def _owners(teams: int, weights: list[int]) -> list[int]:
    """The function of each team: one each at least, the others to whoever is furthest behind.

    >>> _owners(5, [3, 1])
    [0, 0, 0, 0, 1]
    """
    counts = [1] * len(weights)
    for _ in range(teams - len(weights)):
        behind = [count / weight for count, weight in zip(counts, weights, strict=True)]
        counts[behind.index(min(behind))] += 1
    return [owner for owner, count in enumerate(counts) for _ in range(count)]


def _team_sizes(draws: Draws, people: int, teams: int, bounds: tuple[int, int]) -> list[int]:
    """Many small teams and few large ones, adding up to all people."""
    smallest, largest = bounds
    skewed = draws.uniform(teams)
    skewed = skewed * skewed
    sizes = [smallest + int(value * (largest - smallest + 1)) for value in skewed.tolist()]
    sizes = [min(size, largest) for size in sizes]
    while sum(sizes) != people:
        step = 1 if sum(sizes) < people else -1
        team = draws.pick(teams)
        if smallest <= sizes[team] + step <= largest:
            sizes[team] += step
    return sizes


def _turn_over(
    house: _House, n_persons: int, turnover: float, locations: int, moves: dict[str, list[int]]
) -> int:
    """Let some leave, some move and some join; managers stay, and no team falls below its least.

    Gives back the number of persons there have ever been.
    """
    wanted = round(turnover * len(house.people))
    sizes = house.sizes()
    members = [number for number, person in house.people.items() if person.level < 2]
    free: list[int] = []
    for place in house.draws.order(len(members)):
        team = house.people[members[place]].team
        if sizes[team] > house.size[0] and len(free) < 2 * wanted:
            sizes[team] -= 1
            free.append(members[place])
    leavers, movers = free[0::2], free[1::2]
    for number in leavers:
        del house.people[number]
    for number in movers:
        person = house.people[number]
        target = house.open_team()
        house.people[number] = _Person(
            target, house.seat(target, locations), person.level, person.tenure
        )
    joiners = range(n_persons, n_persons + len(leavers))
    wave_so_far = 0.25 * (len(moves["joiners"]) + 1)
    for number in joiners:
        team = house.open_team()
        level = int(float(house.draws.uniform(1)[0]) < _SPECIALISTS)
        # Tenure counts from the first wave, so who joins now starts below zero then.
        tenure = 0.2 * float(house.draws.uniform(1)[0]) - wave_so_far
        house.people[number] = _Person(team, house.seat(team, locations), level, tenure)
    for name, group in (("joiners", joiners), ("leavers", leavers), ("movers", movers)):
        moves[name].append(len(group))
    return n_persons + len(leavers)


def _team_names(owners: list[int]) -> list[str]:
    """A function and a word for each team; a second round of words gets a number."""
    names, counts = [], dict.fromkeys(owners, 0)
    functions = tuple(FUNCTIONS)
    for owner in owners:
        # Each function begins at another word, so that a word alone names no team.
        place = counts[owner]
        counts[owner] += 1
        word = _TEAM_WORDS[(place * 5 + owner * 3) % len(_TEAM_WORDS)]
        again = place // len(_TEAM_WORDS)
        names.append(f"{functions[owner]} {word}" + (f" {again + 1}" if again else ""))
    return names


def _keys(seed: int, n_persons: int, n_waves: int, *, anonymous: bool) -> list[list[str]]:
    """A key per wave and person: the same in all waves, or a new one in each."""
    draws = Draws(seed, "keys")
    if not anonymous:
        keys = [f"P{number + 1:04d}" for number in draws.order(n_persons)]
        return [keys] * n_waves
    numbers = draws.order(n_persons * n_waves)
    return [
        [f"A{number + 1:05d}" for number in numbers[wave * n_persons : (wave + 1) * n_persons]]
        for wave in range(n_waves)
    ]
