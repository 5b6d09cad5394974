"""Changes beside means: nobody who came, left or moved is what is left over."""

from __future__ import annotations

from itertools import chain

import numpy as np
import pandas as pd
import pytest

from cultureplus.change import compare_waves
from cultureplus.disclosure.changes import MOVES, TWO_MEANS, release_changes
from cultureplus.disclosure.plan import plan_reporting
from cultureplus.errors import InputError
from cultureplus.units import unit_scores
from tests.small_surveys import scores_of, survey_of

NOW, THEN = "2026Q3", "2026Q2"


def wave(units, name, *, start=0, missing=()):
    """Scores of people p000, p001, ... in these units; those of `missing` have none."""
    size = len(next(iter(units.values())))
    values = [float("nan") if place in missing else 1 + place * 3 % 5 for place in range(size)]
    table = scores_of({"trust": values}, units, wave=name)
    names = [f"p{start + place:03d}" for place in range(size)]
    return table.set_axis(pd.MultiIndex.from_product([[name], names], names=table.index.names))


def released(then, now):
    scores = pd.concat([then, now])
    lenses = [name for name in scores.columns if not name.startswith("trust")]
    survey = survey_of(pd.DataFrame(index=scores.index), scores[lenses], [])
    plan = plan_reporting(survey)
    return release_changes(compare_waves(scores), scores, plan), scores, plan


def replaced(table):
    """The cells whose change is the difference of two means instead of the people's own."""
    return [(row.lens, row.unit) for row in table.itertuples() if row.design == TWO_MEANS]


def team(**sizes):
    return {"team": list(chain.from_iterable([name] * size for name, size in sizes.items()))}


def test_one_who_came_would_be_what_is_left():
    """Eleven now, ten then, ten in both: now less then less the change is the eleventh's answer."""
    table, scores, plan = released(wave(team(A=10), THEN), wave(team(A=11), NOW))
    assert replaced(table) == [("all", "all"), ("team", "A")]
    assert table[["low", "high", "effect_size"]].isna().all(axis=None)
    assert set(table["reason"]) == {MOVES}
    means = {}
    for name in (NOW, THEN):
        told = plan.apply(unit_scores(scores.loc[[name]])).set_index(["lens", "unit"])
        means[name] = told.loc[list(zip(table["lens"], table["unit"], strict=True)), "mean"]
    differences = means[NOW].to_numpy() - means[THEN].to_numpy()
    assert table["change"].tolist() == pytest.approx(differences.tolist())
    assert table["n"].tolist() == [10, 10]

    now, then = (scores.xs(name, level="wave")["trust"] for name in (NOW, THEN))
    change = compare_waves(scores).set_index("lens").loc["all"]
    left = now.sum() - then.sum() - change["n"] * change["change"]
    assert left == pytest.approx(now["p010"])
    assert plan.cells["shown"].all()  # the plan by itself would have shown all


@pytest.mark.parametrize(
    ("then", "now", "gone"),
    [
        (team(A=10, B=10), team(A=10, B=10), []),
        (team(A=10, B=10), team(A=10, B=15), []),
        (team(A=10, B=10), team(A=10, B=6), [("all", "all"), ("team", "B")]),
        # One of A and one of B changed places: two in each team, nobody in all. Both teams are
        # hidden, and all less nothing is well.
        (
            {"team": ["A"] * 10 + ["B"] * 10},
            {"team": ["A"] * 9 + ["B"] + ["B"] * 9 + ["A"]},
            [("team", "A"), ("team", "B")],
        ),
    ],
)
def test_who_is_hidden(then, now, gone):
    table, _, _ = released(wave(then, THEN), wave(now, NOW))
    assert replaced(table) == gone
    assert table["shown"].all()


def test_a_hidden_change_does_not_follow_from_the_others():
    """Eight came: seven to A, one to B. All less A would give B's, so one of them goes as well."""
    then = {"team": ["A"] * 10 + ["B"] * 10 + ["C"] * 10}
    now = {"team": then["team"] + ["A"] * 7 + ["B"]}
    table, _, _ = released(wave(then, THEN), wave(now, NOW))
    assert replaced(table) == [("team", "A"), ("team", "B")]
    assert table.set_index(["lens", "unit"])["design"].loc[("team", "C")] == "linked"


def test_units_together_are_no_way_round_a_hidden_whole():
    """Three moved from A to B, two came to A, two left B: five in each team, but four in all."""
    then = wave(team(A=10, B=10), THEN)
    now = wave({"team": ["B"] * 3 + ["A"] * 7 + ["B"] * 10 + ["A"] * 2}, NOW)
    now = now.drop(index=[(NOW, "p010"), (NOW, "p011")])
    assert [len(left_over(pd.concat([then, now]), "team", {unit})) for unit in "AB"] == [5, 5]
    table, _, _ = released(then, now)
    assert replaced(table) == [("all", "all"), ("team", "A")]


def test_a_score_that_somebody_left_out_counts_as_coming():
    then = wave(team(A=10, B=10), THEN, missing={0})
    table, _, _ = released(then, wave(team(A=10, B=10), NOW))
    assert replaced(table) == [("all", "all"), ("team", "A")]


def test_cross_sections_add_nothing_to_their_means():
    table, _, _ = released(wave(team(A=10, B=10), THEN), wave(team(A=11, B=10), NOW, start=500))
    assert replaced(table) == []
    assert table["shown"].all()


def test_one_wave_alone_has_no_changes():
    scores = wave(team(A=10), NOW)
    survey = survey_of(pd.DataFrame(index=scores.index), scores[["team", "responded"]], [])
    found = release_changes(compare_waves(scores), scores, plan_reporting(survey))
    assert replaced(found) == []


def test_what_is_no_table_of_changes_is_refused():
    _, scores, plan = released(wave(team(A=10), THEN), wave(team(A=10), NOW))
    table = compare_waves(scores)
    with pytest.raises(InputError, match="no table of changes"):
        release_changes(table.drop(columns="design"), scores, plan)
    with pytest.raises(InputError, match=f"no wave {THEN}"):
        release_changes(table, scores.loc[[NOW]], plan)


def left_over(scores, lens, units):
    """Who is left over in units together, from the definition and person by person."""
    now, then = (scores.xs(name, level="wave") for name in (NOW, THEN))
    part = {}
    for sign, table in ((1, now), (-1, then)):
        for name, row in table.iterrows():
            if lens == "all" or row[lens] in units:
                part.setdefault(name, {})[sign] = True
    both = set(now.index) & set(then.index)
    found = {}
    for name, waves in part.items():
        # The change holds people who are in both waves, in the unit of now.
        in_change = name in both and 1 in waves
        of_now = (1 in waves) - in_change
        of_then = -(-1 in waves) + in_change
        if of_now or of_then:
            found[name] = (of_now, of_then)
    return found


@pytest.mark.parametrize("seed", range(12))
def test_no_few_people_are_left_over_in_any_sum_that_is_looked_at(seed):
    random = np.random.default_rng(seed)
    functions = {"A": "F", "B": "F", "C": "G", "D": "G", "E": "G"}
    people = [f"p{number:03d}" for number in range(80)]
    place = dict(zip(people, random.choice(list(functions), 80), strict=True))
    moved = {name: str(random.choice(list(functions))) for name in people}
    rate = random.choice([0.01, 0.05, 0.2])
    later = {n: moved[n] if random.random() < rate else place[n] for n in people}
    parts = []
    for name, teams in ((THEN, place), (NOW, later)):
        kept = [person for person in people if random.random() > rate]
        own = {
            "function": [functions[teams[person]] for person in kept],
            "team": [str(teams[person]) for person in kept],
        }
        table = scores_of({"trust": random.integers(1, 6, len(kept)).astype(float)}, own, wave=name)
        index = pd.MultiIndex.from_product([[name], kept], names=table.index.names)
        parts.append(table.set_axis(index))
    table, scores, plan = released(*parts)
    shown = {
        (row.lens, row.unit) for row in table.itertuples() if row.shown and row.design == "linked"
    }
    sums = []
    for lens, unit in shown:
        sums.append([(1, lens, {unit})])
    for lens in ("function", "team"):
        some = {unit for name, unit in shown if name == lens}
        sums.append([(1, lens, some)])
        if ("all", "all") in shown:
            sums.append([(1, "all", set()), (-1, lens, some)])
    for row in plan.parents.loc[plan.parents["wave"] == NOW].itertuples():
        if ("function", row.parent) in shown and row.lens == "team":
            inside = {u for n, u in shown if n == "team" and functions[u] == row.parent}
            sums.append([(1, "function", {row.parent}), (-1, "team", inside)])
    for terms in sums:
        total = {}
        for sign, lens, units in terms:
            for person, (now, then) in left_over(scores, lens, units).items():
                before = total.get(person, (0, 0))
                total[person] = (before[0] + sign * now, before[1] + sign * then)
        few = sum(part != (0, 0) for part in total.values())
        assert not 0 < few < 5, (terms, few)
