"""The audit: what eight attackers find in published tables, and nothing in good ones.

The reports are made here from people whose answers are known, so a sum that an attacker claims to
know can be held against the true one. Each leak is planted where the simpler attackers are blind to
it, and mended by one more hidden cell.
"""

from __future__ import annotations

import math
import shutil

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cultureplus import columns as c
from cultureplus.cli import main
from cultureplus.crossed import crossed_name, crossed_units, pairs_of
from cultureplus.disclosure import telling
from cultureplus.disclosure.attackers import (
    ATTACKERS,
    COALITION,
    GAUSS,
    INSIDER,
    INTERVAL,
    JOINERS,
    RERUN,
    SUBTRACTION,
    UNION,
)
from cultureplus.disclosure.audit import audit
from cultureplus.disclosure.bounds import Means, Sizes
from cultureplus.disclosure.lattice import lattice_of
from cultureplus.disclosure.named_people import systems_of, uncrossed
from cultureplus.disclosure.reasons import HIDDEN_WITH, hidden_below
from cultureplus.disclosure.released_cells import _MANY, read_released
from cultureplus.disclosure.suppress import suppress
from cultureplus.errors import InputError
from cultureplus.manifest import write_manifest
from cultureplus.notebooks_run import read_notebook
from cultureplus.published import publish
from cultureplus.released import unique_tables, write_tables
from cultureplus.report import published_tables
from tests.small_surveys import ROOT

WAVE, BEFORE = "2026Q3", "2026Q2"
FEW = hidden_below(5)


def write_report(folder, min_n=5, title="Small", **tables):
    """A report's folder with these tables and nothing else."""
    folder.mkdir(parents=True)
    data = {name: publish(table, name).as_data() for name, table in tables.items()}
    write_tables(folder / "tables", data)
    parameters = {"title": title, "wave": WAVE, "min_n": min_n}
    write_manifest(folder, inputs=[], parameters=parameters)
    return folder


def rows(cells, *, scale="trust", wave=WAVE, value=4.0, range_=(1, 7)):
    """A table of units: name -> people, or a pair (people, mean), or a reason where hidden.

    A name is a unit with its lens, as 'team a' or 'team x site a x b'.
    """
    table = []
    for name, what in cells.items():
        n, mean = what if isinstance(what, tuple) else (what, value)
        hidden = isinstance(n, str)
        table.append(
            {
                c.WAVE: wave, c.LENS: name[0], c.UNIT: name[1], c.SCALE: scale,
                c.N: math.nan if hidden else n, c.MEAN: math.nan if hidden else mean,
                c.LOWEST: range_[0], c.HIGHEST: range_[1],
                c.SHOWN: not hidden, c.REASON: n if hidden else "",
            }
        )  # fmt: skip
    return pd.DataFrame(table)


def lens(name, **units):
    return {(name, unit): what for unit, what in units.items()}


def crossing(one, other, **units):
    """Cells of two lenses crossed: a_b=... is the unit 'a x b'."""
    return {
        (crossed_name(one, other), crossed_name(*unit.split("_"))): what
        for unit, what in units.items()
    }


def everybody(n, mean=4.0):
    return {(c.ALL, c.ALL): (n, mean)}


def found_by(found):
    """Who found something that is a breach."""
    return set(found.findings.loc[found.findings[c.BREACH], c.ATTACKER])


def cells_of(people, scale="trust", *, wave=WAVE):
    """Every unit and every pair of people's lenses: n and mean, nothing hidden."""
    lenses = [name for name in people if name != scale]
    units = {c.ALL: pd.Series(c.ALL, people.index)} | {name: people[name] for name in lenses}
    units |= {name: crossed_units(people, *both) for name, both in pairs_of(lenses).items()}
    parts = []
    for name, unit in units.items():
        groups = people[scale].groupby(unit)
        part = pd.DataFrame({c.N: groups.count(), c.MEAN: groups.mean()})
        part = part.rename_axis(c.UNIT).reset_index()
        parts.append(part.assign(**{c.WAVE: wave, c.LENS: name, c.SCALE: scale}))
    return pd.concat(parts, ignore_index=True)[[c.WAVE, c.LENS, c.UNIT, c.SCALE, c.N, c.MEAN]]


def released(table, reasons=None, *, hide=True):
    """Cells with those hidden that have a reason, by default all of too few people; rounded."""
    keys = zip(table[c.LENS], table[c.UNIT], strict=True)
    small = [FEW if n < 5 else "" for n in table[c.N]]
    why = small if reasons is None else [reasons[key] for key in keys]
    out = table.astype({c.N: "float64"})
    out[c.MEAN] = out[c.MEAN].round(2).where(out[c.N] >= 100, out[c.MEAN].round(1))
    out[c.REASON], out[c.SHOWN] = why, [not reason for reason in why]
    out[[c.N, c.MEAN]] = out[[c.N, c.MEAN]].where(out[c.SHOWN])
    return out.assign(**{c.LOWEST: 1, c.HIGHEST: 7})


def organisation(seed, people=45):
    """Some people of three lenses with scores on the answer range."""
    draw = np.random.default_rng(seed)
    units = {"function": 3, "location": 3, "level": 2}
    table = pd.DataFrame(
        {
            name: draw.choice([f"{name} {k}" for k in range(count)], people,
                              p=draw.dirichlet(np.full(count, 3.0)))
            for name, count in units.items()
        }
    )  # fmt: skip
    return table.assign(trust=draw.integers(3, 22, people) / 3)


def plan_of(people):
    """The reasons of the house's own suppression."""
    decided = suppress(lattice_of(people[["function", "location", "level"]]), 5)
    return dict(zip(zip(decided[c.LENS], decided[c.UNIT], strict=True), decided[c.REASON],
                    strict=True))  # fmt: skip


# Leaks: per attacker a report in which only that one finds something, and it mended.

ONE_HIDDEN = everybody(30) | lens("team", a=14, b=13, c=FEW)
TWO_HIDDEN = everybody(30) | lens("team", a=14, b=HIDDEN_WITH, c=FEW)


def test_subtraction_finds_the_last_hidden_part(tmp_path):
    table = rows(ONE_HIDDEN | {("team", "a"): (14, 4.2)})
    found = audit(write_report(tmp_path / "one", unit_scores=table))
    assert found_by(found) == {SUBTRACTION}
    [finding] = found.findings.to_dict("records")
    assert (finding[c.GROUP], finding[c.FEWEST], finding[c.MOST]) == ("c (team)", 3, 3)
    # 30 x 4 - 14 x 4.2 - 13 x 4 = 9.2 of three people, give or take half a step of each mean.
    assert finding[c.LOW] < 9.2 / 3 < finding[c.HIGH]
    assert finding[c.MADE_OF] == "everybody - a (team) - b (team)"
    assert (
        found_by(audit(write_report(tmp_path / "b" / "two", unit_scores=rows(TWO_HIDDEN)))) == set()
    )


def test_a_cell_hidden_in_one_table_and_shown_in_another_is_shown(tmp_path):
    hidden, shown = rows(TWO_HIDDEN), rows(everybody(30) | lens("team", b=13))
    found = audit(write_report(tmp_path / "both", unit_scores=hidden, teams=shown))
    assert found_by(found) == {SUBTRACTION}


def test_tables_of_other_people_are_not_put_together(tmp_path):
    hidden, shown = rows(TWO_HIDDEN), rows(everybody(30) | lens("team", b=13), scale="voice")
    assert not audit(write_report(tmp_path / "both", unit_scores=hidden, teams=shown)).breached


def spoilt(seed, key):
    """The released cells of an organisation by the house's plan, and with one hidden mark gone."""
    people = organisation(seed)
    table, reasons = cells_of(people), plan_of(people)
    assert reasons[key] == HIDDEN_WITH
    return released(table, reasons), released(table, reasons | {key: ""})


@pytest.mark.parametrize(
    ("seed", "key", "who"),
    [
        (2, ("function x level", "function 0 x level 1"), SUBTRACTION),
        (3, ("location x level", "location 2 x level 0"), GAUSS),
        (2, ("function x location", "function 2 x location 0"), UNION),
    ],
)
def test_one_hidden_mark_less_is_found_by_the_simplest_attacker_who_can(tmp_path, seed, key, who):
    good, bad = spoilt(seed, key)
    assert not audit(
        write_report(tmp_path / "mended" / "good", unit_scores=good), searches=0
    ).breached
    found = audit(write_report(tmp_path / "bad", unit_scores=bad), searches=0)
    assert found_by(found) == {who}
    assert found.findings[c.MOST].between(1, 4).all()
    assert found.findings[c.EXACT].all()


@pytest.mark.parametrize("seed", range(8))
def test_what_is_found_is_true(tmp_path, seed):
    """Each sum that is claimed holds the true mean of just so many people."""
    people = organisation(seed)
    found = audit(
        write_report(tmp_path / "all", unit_scores=released(cells_of(people))), searches=0
    ).findings
    single = found.loc[found[c.ATTACKER].isin([SUBTRACTION, GAUSS])]
    truth = {
        f"{row[c.UNIT]} ({row[c.LENS]})": (row[c.N], row[c.MEAN])
        for row in cells_of(people).to_dict("records")
    }
    assert len(single)
    for row in single.to_dict("records"):
        n, mean = truth[row[c.GROUP]]
        assert row[c.FEWEST] == row[c.MOST] == n
        assert row[c.LOW] - 1e-6 <= mean <= row[c.HIGH] + 1e-6


def test_plans_are_clean_and_thresholds_are_not(tmp_path):
    leaking = 0
    for seed in range(20):
        people = organisation(100 + seed)
        table = cells_of(people)
        good = write_report(tmp_path / f"good {seed}", unit_scores=released(table, plan_of(people)))
        bad = write_report(tmp_path / f"bad {seed}", unit_scores=released(table))
        found = audit(good, searches=0, earlier=[])
        assert not found.breached, found
        leaking += len(found_by(audit(bad, searches=0, earlier=[]))) >= 2
    assert leaking >= 15  # of 20 found out by several attackers


def seven(mean):
    """Team a of seven people with this mean, crossed with two ranks, the crossing hidden."""
    whole = (7 * mean + 33 * 4) / 40
    return (
        everybody(40, round(whole, 1))
        | lens("team", a=(7, mean), b=33)
        | lens("rank", h=(20, round(whole, 1)), j=(20, round(whole, 1)))
        | crossing("team", "rank", a_h=FEW, a_j=FEW, b_h=HIDDEN_WITH, b_j=HIDDEN_WITH)
    )


EXTREME = seven(6.8)


def test_intervals_of_extreme_cells_are_found(tmp_path):
    """Three or four of seven people at 6.8 of 7 are at 6.4 at least; of seven at 4 anywhere."""
    found = audit(write_report(tmp_path / "bad", items=rows(EXTREME).assign(item="t1")))
    assert found_by(found) == {INTERVAL}
    assert set(found.findings[c.GROUP]) == {"a x h (team x rank)", "a x j (team x rank)"}
    lowest = 7 - (7 * 0.25) / 3
    assert found.findings[c.LOW].to_numpy() == pytest.approx([lowest] * 2, abs=1e-3)
    assert not found.findings[c.EXACT].any()
    calm = rows(seven(4.0)).assign(item="t1")
    assert not audit(write_report(tmp_path / "mended" / "good", items=calm)).breached


def test_means_that_do_not_fit_one_another_are_said(tmp_path):
    table = rows(EXTREME | everybody(40, 1.5)).assign(item="t1")
    found = audit(write_report(tmp_path / "wrong", items=table))
    assert not found.breached
    assert found.looked_at.set_index(c.ATTACKER).loc[INTERVAL, c.UNDECIDED] == 2


def test_a_score_of_several_answers_is_held_to_half_a_point(tmp_path):
    found = audit(write_report(tmp_path / "score", unit_scores=rows(EXTREME)))
    assert found_by(found) == set()


def test_a_narrow_answer_range_is_no_finding(tmp_path):
    table = rows(EXTREME, range_=(1, 2)).assign(item="t1")
    table[c.MEAN] = (table[c.MEAN] - 1) / 6 + 1
    assert not audit(write_report(tmp_path / "two", items=table)).breached


def crossed_functions(site, **functions):
    """All cells of functions and two sites crossed hidden; s has `site` people."""
    total = sum(functions.values())
    pairs = {"F_s": HIDDEN_WITH, "F_t": FEW}
    for name in functions:
        if name != "F":
            pairs |= {f"{name}_s": FEW, f"{name}_t": HIDDEN_WITH}
    return (
        everybody(total)
        | lens("function", **functions)
        | lens("site", s=site, t=total - site)
        | crossing("function", "site", **pairs)
    )


def test_an_insider_takes_the_own_answer_out(tmp_path):
    """F less s is F in t less G in s: whoever is alone in the latter has the sum of three."""
    table = rows(crossed_functions(18, F=20, G=20))
    found = audit(write_report(tmp_path / "bad", unit_scores=table))
    assert found_by(found) == {INSIDER}
    [finding] = found.findings.loc[found.findings[c.BREACH]].to_dict("records")
    assert (finding[c.GROUP], finding[c.MOST]) == ("F x t (function x site)", 3)
    assert "alone in G x s" in finding[c.NOTE]
    mended = rows(crossed_functions(15, F=20, G=20))
    assert not audit(write_report(tmp_path / "mended" / "good", unit_scores=mended)).breached


def test_two_who_talk_find_what_neither_finds_alone(tmp_path):
    """F less s is F in t and u less G and H in s: two people on either side of it."""

    def cells(site):
        return (
            everybody(50)
            | lens("function", F=20, G=15, H=15)
            | lens("site", s=site, t=15, u=35 - site)
            | crossing("function", "site", F_s=HIDDEN_WITH, F_t=FEW, F_u=FEW, G_s=FEW, H_s=FEW,
                       G_t=HIDDEN_WITH, G_u=HIDDEN_WITH, H_t=HIDDEN_WITH, H_u=HIDDEN_WITH)
        )  # fmt: skip

    found = audit(write_report(tmp_path / "bad", unit_scores=rows(cells(20))))
    assert found_by(found) == {COALITION}
    some = found.findings.loc[found.findings[c.BREACH]]
    assert "F x t (function x site) + F x u (function x site)" in set(some[c.GROUP])
    assert set(some[c.MOST]) == {2}
    good = write_report(tmp_path / "mended" / "good", unit_scores=rows(cells(16)))
    assert not audit(good).breached


TEAMS = everybody(40, 4.2) | lens("team", a=12, b=13, c=15)


@pytest.mark.parametrize(
    ("then", "people"),
    [
        (everybody(39, 4.2) | lens("team", a=11, b=13, c=15), (1, 1)),  # a late answer
        (everybody(40, 4.2) | lens("team", a=12, b=(13, 4.4), c=15), (1, 13)),  # replaced
    ],
)
def test_a_rerun_gives_away_who_came_late(tmp_path, then, people):
    write_report(tmp_path / "old", unit_scores=rows(then))
    new = write_report(tmp_path / "new", unit_scores=rows(TEAMS))
    found = audit(new)
    assert found_by(found) == {RERUN}
    assert people in set(zip(found.findings[c.FEWEST], found.findings[c.MOST], strict=True))
    assert found_by(audit(new, earlier=[tmp_path / "old"])) == {RERUN}
    assert not audit(new, earlier=[]).breached


def test_the_same_report_twice_says_nothing_new(tmp_path):
    write_report(tmp_path / "old", unit_scores=rows(TEAMS))
    assert not audit(write_report(tmp_path / "new", unit_scores=rows(TEAMS))).breached


def test_an_earlier_report_of_the_same_people_that_shows_more_counts(tmp_path):
    now = everybody(40) | lens("team", a=30, b=HIDDEN_WITH, c=FEW)
    then = everybody(40) | lens("team", a=30, b=6)
    write_report(tmp_path / "old", unit_scores=rows(then))
    assert found_by(audit(write_report(tmp_path / "new", unit_scores=rows(now)))) == {RERUN}


def test_another_survey_beside_the_report_is_not_held_against_it(tmp_path):
    write_report(tmp_path / "other", title="Other", unit_scores=rows(TEAMS | lens("team", a=11)))
    assert not audit(write_report(tmp_path / "new", unit_scores=rows(TEAMS))).breached


def changes(cells):
    """A table of changes of linked people."""
    table = rows(cells, value=0.1).rename(columns={c.MEAN: c.CHANGE})
    return table.assign(**{c.PREVIOUS: BEFORE, c.DESIGN: "linked"})


@pytest.mark.parametrize(("linked", "came_and_left"), [(28, 3), (25, None)])
def test_joiners_and_leavers(tmp_path, linked, came_and_left):
    """30 now, 29 then: of 28 linked people, two came and one left; of 25, five and four."""
    both = pd.concat([rows(everybody(30)), rows(everybody(29, 4.1), wave=BEFORE)])
    table = changes({(c.ALL, c.ALL): (linked, 0.1)})
    found = audit(write_report(tmp_path / "report", unit_scores=both, change=table))
    assert found_by(found) == ({JOINERS} if came_and_left else set())
    if came_and_left:
        assert found.findings[c.MOST].tolist() == [came_and_left]


def test_joiners_are_seen_with_the_means_of_an_earlier_report(tmp_path):
    write_report(tmp_path / "old", unit_scores=rows(everybody(29, 4.1), wave=BEFORE))
    new = write_report(
        tmp_path / "new", unit_scores=rows(everybody(30)),
        change=changes({(c.ALL, c.ALL): (28, 0.1)}),
    )  # fmt: skip
    assert found_by(audit(new)) == {JOINERS}
    assert not audit(new, earlier=[]).breached


def test_joiners_are_seen_in_what_the_units_leave_of_everybody(tmp_path):
    now = everybody(60) | lens("team", a=30, b=HIDDEN_WITH, d=HIDDEN_WITH)
    then = everybody(60) | lens("team", a=30, b=HIDDEN_WITH, d=HIDDEN_WITH)
    both = pd.concat([rows(now), rows(then, wave=BEFORE)])
    some = changes(everybody(52, 0.1) | lens("team", a=(24, 0.1)))  # 16 in all, 12 of them in a
    found = audit(write_report(tmp_path / "report", unit_scores=both, change=some))
    # Somebody may have moved into or out of a, so it is told but not called a breach.
    assert found.findings[c.ATTACKER].tolist() == [JOINERS]
    assert found.findings[c.MOST].tolist() == [4]
    assert not found.breached
    assert "1 can't be ruled out" in repr(found)


def test_differences_of_two_means_have_no_people_of_their_own(tmp_path):
    both = pd.concat([rows(everybody(30)), rows(everybody(29, 4.1), wave=BEFORE)])
    table = changes({(c.ALL, c.ALL): (28, 0.1)}).assign(**{c.DESIGN: "two means"})
    assert audit(write_report(tmp_path / "r", unit_scores=both, change=table)).findings.empty


# Words and numbers of the audit itself


def test_every_attacker_says_how_much_it_looked_at(tmp_path):
    found = audit(write_report(tmp_path / "one", unit_scores=rows(TWO_HIDDEN)))
    assert found.looked_at[c.ATTACKER].tolist() == list(ATTACKERS)
    seen = found.looked_at.set_index(c.ATTACKER)
    assert seen.loc[[SUBTRACTION, GAUSS, UNION, INTERVAL], c.LOOKED_AT].tolist() == [1] * 4
    assert seen.loc[SUBTRACTION, c.EQUATIONS] == 1
    assert seen.loc[GAUSS, c.CELLS] == 2


def test_who_answered_every_item_is_not_who_has_a_score(tmp_path):
    """Agreement counts complete answers: together with scores it makes up groups of one."""
    units = rows({**everybody(30), **lens("team", a=10, b=10, c=10)})
    cells = lens("team", a=10, b=9, c=10)
    agreement = rows(cells).drop(columns=[c.MEAN, c.LOWEST, c.HIGHEST])
    report = write_report(tmp_path / "report", scores=units, team_agreement=agreement)
    assert not audit(report).breached
    read = read_released(report)
    assert read.columns[WAVE, "trust", "", ""].cells["team", "b"].n == 10
    # Its own counts are attacked all the same.
    hidden = rows(everybody(30) | lens("team", a=10, b=17, c=FEW)).drop(columns=[c.MEAN])
    few = write_report(tmp_path / "few", scores=units, team_agreement=hidden)
    assert audit(few).breached


def test_people_without_a_unit_are_people(tmp_path):
    cells = everybody(30) | lens("team", a=14, b=13)
    found = audit(write_report(tmp_path / "three", unit_scores=rows(cells)))
    assert found_by(found) == {SUBTRACTION}
    assert found.findings[c.GROUP].tolist() == ["people without a unit in it"]
    whole = everybody(27) | lens("team", a=14, b=13)
    assert not audit(write_report(tmp_path / "mended" / "none", unit_scores=rows(whole))).breached


def test_the_audit_is_the_same_each_time_and_in_any_order_of_rows(tmp_path):
    people = organisation(3)
    table = released(cells_of(people))
    one = audit(write_report(tmp_path / "a" / "r", unit_scores=table), searches=0)
    again = audit(tmp_path / "a" / "r", searches=0)
    other = audit(write_report(tmp_path / "b" / "r", unit_scores=table.iloc[::-1]), searches=0)
    pd.testing.assert_frame_equal(one.findings, again.findings)
    assert repr(one) == repr(again)
    names = [c.ATTACKER, c.FEWEST, c.BREACH]
    assert sorted(map(tuple, one.findings[names].to_numpy())) == sorted(
        map(tuple, other.findings[names].to_numpy())
    )


def test_counts_alone_are_attacked_too(tmp_path):
    table = rows(ONE_HIDDEN).drop(columns=[c.SCALE, c.MEAN, c.LOWEST, c.HIGHEST])
    table = table.assign(**{c.RESPONSE_RATE: 0.7})
    found = audit(write_report(tmp_path / "one", response=table))
    assert found_by(found) == {SUBTRACTION}
    assert found.findings[c.LOW].isna().all()


def test_the_size_from_which_means_are_finer_is_that_of_the_plan():
    assert _MANY == telling.MANY


@given(st.text(alphabet='ab x"', min_size=1), st.text(alphabet='ab x"', min_size=1))
@settings(max_examples=60, deadline=None)
def test_a_crossed_name_is_taken_apart_again(one, other):
    assert uncrossed(crossed_name(one, other)) == (one, other)


def test_names_that_a_spreadsheet_would_run_are_read_as_they_were(tmp_path):
    cells = everybody(30) | {("team", "=1+1"): 14, ("team", "b"): 13, ("team", "-c"): FEW}
    found = audit(write_report(tmp_path / "risky", unit_scores=rows(cells)))
    assert found.findings[c.GROUP].tolist() == ["-c (team)"]


def test_a_mean_that_several_readings_narrow(tmp_path):
    """5.0 in steps of 0.1 and 66 per cent of 1 to 7 in whole points: 4.95 to 4.99."""
    table = rows(everybody(30, 5.0) | lens("team", a=(16, 4.4), b=(14, 5.7)))
    table = table.assign(**{c.POMP: [66.0, 58.0, 77.0]})
    column = read_released(write_report(tmp_path / "r", t=table)).columns[WAVE, "trust", "", ""]
    cell = column.cells[c.ALL, c.ALL]
    assert (round(cell.low, 6), round(cell.high, 6)) == (4.95, 4.99)
    assert (column.low, column.high, column.assumed) == (1, 7, False)


def test_readings_that_are_made_from_the_rounded_mean_say_nothing_new(tmp_path):
    table = rows(everybody(30, 5.0) | lens("team", a=(16, 4.4), b=(14, 5.7)))
    table = table.assign(**{c.POMP: [67.0, 57.0, 78.0], c.LOW: table[c.MEAN] - 0.3,
                            c.HIGH: table[c.MEAN] + 0.3})  # fmt: skip
    column = read_released(write_report(tmp_path / "r", t=table)).columns[WAVE, "trust", "", ""]
    cell = column.cells[c.ALL, c.ALL]
    assert (round(cell.low, 6), round(cell.high, 6)) == (4.95, 5.05)


def test_a_mean_at_the_end_is_a_bound_only(tmp_path):
    table = rows(everybody(30, 6.9))
    column = read_released(write_report(tmp_path / "r", t=table)).columns[WAVE, "trust", "", ""]
    assert column.cells[c.ALL, c.ALL].high == math.inf
    assert round(column.cells[c.ALL, c.ALL].low, 6) == 6.85


def test_the_ends_of_an_interval_are_those_that_brute_force_finds():
    """Two hidden cells of five people, whole answers 1 to 7, mean 6.4 to 6.6."""
    cells = {(c.ALL, c.ALL): (5, ""), ("t", "a"): (None, FEW), ("t", "b"): (None, "")}
    [system] = systems_of(cells, ["t"])
    sizes = Sizes.of(system, 5, small=FEW, there=True)
    means = Means(sizes, np.array([6.4, -math.inf, -math.inf]),
                  np.array([6.6, math.inf, math.inf]), (1.0, 7.0))  # fmt: skip
    place = system.keys.index(("t", "a"))
    # One person may have any answer that leaves four others at most 7: 32 - 28 = 4 at least.
    assert means.narrow(np.array([place]), 2.9) == {}
    assert means.narrow(np.array([place]), 3.0)[place] == pytest.approx((4.0, 7.0))


# The command line and what is refused


def test_the_command_says_what_it_found(tmp_path, capsys):
    bad = write_report(tmp_path / "bad" / "r", unit_scores=rows(ONE_HIDDEN))
    assert main(["audit", str(bad)]) == 1
    said = capsys.readouterr().out
    assert "subtraction: 1 found (1 columns, 1 cells, 1 equations)" in said
    assert "c (team), 3 people, mean" in said
    good = write_report(tmp_path / "good" / "r", unit_scores=rows(TWO_HIDDEN))
    assert main(["audit", str(good)]) == 0
    said = capsys.readouterr().out
    assert said.count("nothing found") == 8
    assert "nothing about too few people follows" in said


def test_the_command_takes_earlier_reports(tmp_path, capsys):
    new = write_report(tmp_path / "new" / "r", unit_scores=rows(TEAMS))
    old = write_report(tmp_path / "o", unit_scores=rows(TEAMS | lens("team", a=11)))
    older = write_report(tmp_path / "p", unit_scores=rows(TEAMS))
    assert main(["audit", str(new)]) == 0
    both = ["--earlier", str(older), "--earlier", str(old)]
    assert main(["audit", str(new), *both]) == 1
    assert "rerun: 1 found" in capsys.readouterr().out


def cut(path, keep):
    path.write_bytes(path.read_bytes()[:keep])


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (lambda r: shutil.rmtree(r), "There is no folder"),
        (lambda r: (r / "manifest.json").unlink(), "There is no manifest.json"),
        (lambda r: (r / "manifest.json").write_text('{"outputs": {}}'), "how small a group"),
        (lambda r: (r / "tables" / "unit_scores.csv").unlink(), "is missing"),
        (lambda r: cut(r / "tables" / "unit_scores.csv", -9), "cut off"),
        (lambda r: cut(r / "tables" / "unit_scores.csv", 0), "cut off"),
        (lambda r: (r / "tables" / "unit_scores.csv").write_bytes(b"\xff\xfe\n"), "cut off"),
        (lambda r: (r / "tables" / "unit_scores.csv").write_text("a\n1\n"), "not as the run"),
    ],
)
def test_what_is_no_report_is_refused(tmp_path, spoil, words, capsys):
    report = write_report(tmp_path / "r", unit_scores=rows(ONE_HIDDEN))
    spoil(report)
    with pytest.raises(InputError, match=words):
        audit(report)
    assert main(["audit", str(report)]) == 2
    assert words in capsys.readouterr().err


def test_a_number_that_is_none_is_refused_without_being_told(tmp_path):
    report = write_report(tmp_path / "r", unit_scores=rows(ONE_HIDDEN))
    path = report / "tables" / "unit_scores.csv"
    path.write_bytes(path.read_bytes().replace(b",14,", b",secret,"))
    with pytest.raises(InputError, match="row 3, column 'n'") as refused:
        audit(report)
    assert "secret" not in str(refused.value)


def test_an_unreadable_folder_beside_the_report_is_said_not_refused(tmp_path):
    report = write_report(tmp_path / "r", unit_scores=rows(TWO_HIDDEN))
    other = write_report(tmp_path / "other", unit_scores=rows(TWO_HIDDEN))
    cut(other / "tables" / "unit_scores.csv", -9)
    seen = audit(report).looked_at.set_index(c.ATTACKER)
    assert seen.loc[RERUN, c.NOTE] == "0 earlier reports, 1 unreadable"


@pytest.mark.slow
def test_the_released_tables_of_the_sample_give_nothing_away(tmp_path):
    """The tables of the committed notebooks, which nbval holds equal to a run's, as a report."""
    paths = sorted((ROOT / "notebooks").glob("*.ipynb"))
    tables = unique_tables(
        [table for path in paths for table in published_tables(read_notebook(path))]
    )
    assert {"unit_scores", "crossed_barriers", "change"} <= set(tables)
    write_tables(tmp_path / "tables", tables)
    write_manifest(tmp_path, inputs=[], parameters={"title": "Sample", "min_n": 5})
    found = audit(tmp_path)
    assert not found.breached, found.findings.to_string()
    assert len(found.looked_at) == 8
