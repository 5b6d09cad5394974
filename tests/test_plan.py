"""The reporting plan: what it hides, what it leaves, and an attacker who finds nothing.

Organisations are drawn at random and kept small, because in small ones the rules meet their edges.
The attacker has all that is published, of units and of two lenses crossed, and tries every sum and
difference of it where that is few enough to be tried.
"""

from __future__ import annotations

import dataclasses
import itertools

import numpy as np
import pandas as pd
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from cultureplus.change import compare_waves
from cultureplus.crossed import crossed_units, pairs_of
from cultureplus.disclosure.plan import LOWEST_MIN_N, ReportingPlan, plan_reporting
from cultureplus.disclosure.reasons import HIDDEN_WITH, hidden_below
from cultureplus.disclosure.settle import settle
from cultureplus.errors import InputError
from cultureplus.intake import read_survey
from cultureplus.item_answers import answer_shares
from cultureplus.scoring import score
from cultureplus.survey import Survey
from cultureplus.units import response, unit_scores
from tests.small_surveys import ROOT, WAVE, people_of, scale, scores_of, survey_of

KEYS = ("wave", "previous", "lens", "unit", "scale", "item", "text", "reversed", "design", "answer")
TOO_FEW = hidden_below(5)


def planned(people: pd.DataFrame, min_n: int = 5) -> ReportingPlan:
    answers = pd.DataFrame({"a": 3.0}, index=people.index)
    return plan_reporting(survey_of(answers, people, [scale(["a"])]), min_n=min_n)


def org(**units) -> pd.DataFrame:
    """People by lens, each lens given as 'sizes of its units' or as names of all people's units."""
    lenses = {}
    for lens, names in units.items():
        if isinstance(names, dict):
            names = [unit for unit, size in names.items() for _ in range(size)]
        lenses[lens] = names
    return people_of(lenses).replace({"": None, "nan": None})


def shown(plan: ReportingPlan, lens: str) -> list[str]:
    cells = plan.cells[(plan.cells["lens"] == lens) & plan.cells["shown"]]
    return cells["unit"].tolist()


# ---------------------------------------------------------------------------- random organisations
@st.composite
def nested(draw) -> pd.DataFrame:
    """Functions, in them departments, in them teams; some people have no team or department."""
    rows = []
    for f in range(draw(st.integers(1, 3))):
        for d in range(draw(st.integers(1, 2))):
            for t in range(draw(st.integers(1, 2))):
                size = draw(st.one_of(st.integers(1, 6), st.integers(1, 14)))
                rows += [(f"F{f}", f"D{f}{d}", f"T{f}{d}{t}")] * size
        rows += [(f"F{f}", f"D{f}0", None)] * draw(st.sampled_from([0, 0, 0, 1, 4, 6]))
        rows += [(f"F{f}", None, None)] * draw(st.sampled_from([0, 0, 0, 1, 5]))
    rows += [(None, None, None)] * draw(st.sampled_from([0, 0, 0, 2, 5]))
    function, department, team = zip(*rows, strict=True)
    people = org(function=function, department=department, team=team)
    keep = draw(st.lists(st.sampled_from(["function", "department"]), unique=True))
    order = draw(st.permutations([*keep, "team"]))
    return people[[*order, "responded"]]


@st.composite
def crossed(draw) -> pd.DataFrame:
    """Any lenses, as they come."""
    size = draw(st.integers(1, 60))
    unit = {"function": "FGH", "location": "NSEW", "level": "12345678"}
    lenses = {}
    for lens in draw(st.permutations(list(unit)))[: draw(st.integers(1, 3))]:
        name = st.sampled_from([*unit[lens], *unit[lens][:1] * 3, None])
        lenses[lens] = draw(st.lists(name, min_size=size, max_size=size))
    return org(**lenses)


def lenses_of(people: pd.DataFrame) -> list[str]:
    return [name for name in people if name != "responded"]


def parents_of(people: pd.DataFrame, lens: str) -> list[str]:
    """The lenses in whose units the units of this one lie, found in another way than the plan's."""
    found = []
    for other in lenses_of(people):
        pairs = set(zip(people[lens].fillna(""), people[other].fillna(""), strict=True))
        pairs = {(unit, outer) for unit, outer in pairs if unit}
        alone = len({unit for unit, _ in pairs}) == len(pairs)
        if other != lens and pairs and alone and all(outer for _, outer in pairs):
            found.append(other)
    return found


def attack(published: list[set[str]], min_n: int) -> set[str] | None:
    """Fewer than `min_n` people whose sum follows from published sums, or None.

    Every sum and difference of the published sets is tried; a leak is one that leaves each person
    either in once or out.
    """
    # People who are in the same sets can't be told apart: one column for all of them.
    everybody = sorted(set().union(*published))
    kinds: dict[tuple[bool, ...], set[str]] = {}
    for person in everybody:
        kinds.setdefault(tuple(person in group for group in published), set()).add(person)
    member = np.array(list(kinds), dtype="int8").T
    sizes = np.array([len(kind) for kind in kinds.values()])
    signs = np.array(list(itertools.product((0, 1, -1), repeat=len(published))), dtype="int8")
    sums = signs @ member
    clean = ((sums == 0) | (sums == 1)).all(axis=1)
    count = np.where(clean, sums @ sizes, 0)
    leaks = np.flatnonzero((count > 0) & (count < min_n))
    if not len(leaks):
        return None
    return set().union(*itertools.compress(kinds.values(), sums[leaks[0]] == 1))


def sets_of(people: pd.DataFrame, units: list[tuple[str, str]]) -> list[set[str]]:
    """The people in each published cell, each set once."""
    pairs = pairs_of(lenses_of(people))
    found = []
    for lens, unit in units:
        names = crossed_units(people, *pairs[lens]) if lens in pairs else people.get(lens)
        found.append(set(people.index if lens == "all" else people.index[names == unit]))
    return [each for place, each in enumerate(found) if each not in found[:place]]


def test_the_attacker_knows_how_to_subtract():
    whole, most, pair = {*"abcdefgh"}, {*"abcdef"}, {*"ab"}
    assert attack([whole, most], 5) == {*"gh"}
    assert attack([whole, most], 2) is None
    assert attack([whole, {*"abc"}, {*"defg"}], 2) == {*"h"}  # two steps
    assert attack([{*"abcdefg"}, {*"efghijk"}, {*"abcdefghijk"}], 4) == {*"efg"}  # in both
    assert attack([most, pair], 5) in (pair, {*"cdef"})


@given(nested(), st.sampled_from([5, 5, 6, 8]))
@settings(deadline=None, max_examples=50)
def test_nothing_small_follows_from_lenses_in_one_another(people, min_n):
    cells = planned(people, min_n).cells
    open_ = cells.loc[cells["shown"], ["lens", "unit"]].itertuples(index=False, name=None)
    published = sets_of(people, list(open_))
    assume(len(published) <= 10)  # 3 to the tenth sums
    assert attack(published, min_n) is None if published else True


@given(crossed(), st.sampled_from([5, 5, 7]))
@settings(deadline=None, max_examples=25)
def test_nothing_small_follows_from_one_lens_and_those_around_it(people, min_n):
    cells = planned(people, min_n).cells
    open_ = cells[cells["shown"]]
    for lens in lenses_of(people):
        for outer in [None, *parents_of(people, lens)]:
            mine = open_[open_["lens"].isin(["all", lens, outer])]
            published = sets_of(people, list(zip(mine["lens"], mine["unit"], strict=True)))
            if 0 < len(published) <= 10:
                assert attack(published, min_n) is None, (lens, outer)


@given(st.one_of(nested(), crossed()), st.sampled_from([5, 5, 6, 9]))
@settings(deadline=None, max_examples=20)
def test_hidden_people_are_none_or_enough(people, min_n):
    plan = planned(people, min_n)
    hidden = set(plan.cells.loc[~plan.cells["shown"], ["lens", "unit"]].itertuples(index=False))
    for lens in lenses_of(people):
        sizes = people.groupby(lens).size()
        cells = plan.cells[plan.cells["lens"] == lens].set_index("unit")
        assert cells["n"].to_dict() == sizes.to_dict()
        assert (cells.loc[cells["shown"], "n"] >= min_n).all()
        assert (cells.loc[cells["n"] < min_n, "reason"] == hidden_below(min_n)).all()
        assert cells.loc[~cells["shown"], "reason"].isin([hidden_below(min_n), HIDDEN_WITH]).all()
        assert (cells.loc[cells["shown"], "reason"] == "").all()
        covered = people[lens].isin(cells.index[cells["shown"]])
        for outer in [None, *parents_of(people, lens)]:
            of = plan.cells[plan.cells["lens"] == ("all" if outer is None else outer)]
            open_ = set(of.loc[of["shown"], "unit"])
            groups = {"all": people.index} if outer is None else people.groupby(outer).groups
            for unit, group in groups.items():
                if unit not in open_:
                    continue
                left = int((~covered.loc[group]).sum())
                assert left == 0 or left >= min_n, (lens, outer)
    whole = plan.cells[plan.cells["lens"] == "all"].iloc[0]
    assert whole["n"] == len(people)
    assert whole["shown"] == (len(people) >= min_n)
    assert len(hidden) < len(plan.cells) or len(people) < min_n


@given(st.one_of(nested(), crossed()), st.randoms())
@settings(deadline=None, max_examples=10)
def test_neither_the_order_of_people_nor_of_lenses_matters(people, random):
    plan = planned(people)
    order = list(range(len(people)))
    random.shuffle(order)
    moved = planned(people.iloc[order])
    pd.testing.assert_frame_equal(plan.cells, moved.cells)
    again = planned(people)
    pd.testing.assert_frame_equal(plan.cells, again.cells)
    pd.testing.assert_frame_equal(plan.parents, again.parents)


@given(crossed(), st.randoms())
@settings(deadline=None, max_examples=12)
def test_the_plan_does_not_look_at_answers(people, random):
    values = [random.choice([1.0, 3.0, 5.0, np.nan]) for _ in range(len(people))]
    answers = pd.DataFrame({"a": values}, index=people.index)
    one = plan_reporting(survey_of(answers, people, [scale(["a"])]))
    pd.testing.assert_frame_equal(one.cells, planned(people).cells)


@given(st.lists(st.integers(1, 15), min_size=1, max_size=8))
@settings(deadline=None, max_examples=8)
def test_with_one_lens_a_higher_minimum_hides_the_same_and_more(sizes):
    people = org(team={f"t{place}": size for place, size in enumerate(sizes)})
    before = set(shown(planned(people, 5), "team"))
    for min_n in range(6, 12):
        now = set(shown(planned(people, min_n), "team"))
        assert now <= before
        before = now


# ---------------------------------------------------------------------------- cases
CASES = {
    "all large": ({"a": 5, "b": 6}, ["a", "b"]),
    "one small takes the next smallest": ({"a": 4, "b": 9, "c": 7}, ["b"]),
    "two small are enough for each other": ({"a": 2, "b": 3, "c": 5}, ["c"]),
    "two small are not enough": ({"a": 2, "b": 2, "c": 5, "d": 6}, ["d"]),
    "only one left": ({"a": 1, "b": 8}, []),
    "all small": ({"a": 4, "b": 4}, []),
    "of equals the first by name": ({"z": 6, "m": 6, "a": 1}, ["z"]),
    "alone and large": ({"a": 5}, ["a"]),
    "alone and small": ({"a": 4}, []),
}


@pytest.mark.parametrize(("sizes", "expected"), CASES.values(), ids=list(CASES))
def test_one_lens(sizes, expected):
    assert shown(planned(org(team=sizes)), "team") == expected


@pytest.mark.parametrize(
    ("without", "expected"), [(0, ["a", "b"]), (1, ["b"]), (4, ["b"]), (5, ["a", "b"])]
)
def test_people_without_a_unit_count_as_hidden(without, expected):
    people = org(team=["a"] * 6 + ["b"] * 8 + [None] * without)
    assert shown(planned(people), "team") == expected


def test_people_of_a_function_without_a_team_count_as_hidden_in_it():
    # Sales less its teams would be two people.
    people = org(
        function=["Sales"] * 16 + ["Care"] * 12,
        team=["s1"] * 6 + ["s2"] * 8 + [None] * 2 + ["c1"] * 6 + [None] * 6,
    )
    plan = planned(people)
    assert shown(plan, "function") == ["Care", "Sales"]
    assert shown(plan, "team") == ["c1", "s2"]


def test_a_hidden_function_is_not_the_sum_of_its_shown_teams():
    # Legal (3) takes Care (7) with it; Care's one team would give Care, and so Legal, away.
    people = org(
        function={"Legal": 3, "Care": 7, "Sales": 20},
        team={"l": 3, "c": 7, "s1": 5, "s2": 15},
    )
    plan = planned(people)
    assert shown(plan, "function") == ["Sales"]
    assert "c" not in shown(plan, "team")


def test_two_lenses_that_are_the_same_hide_the_same():
    people = org(function={"a": 3, "b": 7, "c": 7}, location={"x": 3, "z": 7, "y": 7})
    plan = planned(people)
    assert (shown(plan, "function"), shown(plan, "location")) == (["c"], ["y"])


def test_the_order_of_the_lenses_in_a_survey_does_not_matter():
    people = org(
        function={"Legal": 3, "Care": 7, "Sales": 20}, team={"l": 3, "c": 7, "s1": 5, "s2": 15}
    )
    one, other = planned(people), planned(people[["team", "function", "responded"]])
    assert shown(one, "team") == shown(other, "team")
    assert shown(one, "function") == shown(other, "function")


def test_each_wave_has_its_own_plan_and_only_respondents_count():
    one = org(team={"a": 6, "b": 8})
    two = people_of({"team": ["a"] * 6 + ["b"] * 8}, responded=[False] * 2 + [True] * 12, wave="2")
    people = pd.concat([one, two])
    plan = planned(people)
    assert plan.cells[plan.cells["lens"] == "team"].to_dict("list") == {
        "wave": [WAVE, WAVE, "2", "2"],
        "lens": ["team"] * 4,
        "unit": ["a", "b", "a", "b"],
        "n": [6, 8, 4, 8],
        "shown": [True, True, False, False],
        "reason": ["", "", TOO_FEW, HIDDEN_WITH],
    }
    assert plan.cells.loc[plan.cells["lens"] == "all", "n"].tolist() == [14, 12]
    assert "min_n=5" in repr(plan)


def test_a_survey_without_lenses_has_a_plan_of_one_cell():
    plan = planned(people_of({}, responded=[None] * 7))
    assert plan.cells.drop(columns="wave").to_dict("list") == {
        "lens": ["all"], "unit": ["all"], "n": [7], "shown": [True], "reason": [""],
    }  # fmt: skip
    assert not planned(people_of({}, responded=[None] * 4)).cells["shown"].any()


def test_a_wave_in_which_nobody_answered_shows_nothing():
    people = people_of({"team": ["a"] * 6}, responded=[False] * 6)
    plan = planned(people)
    assert plan.cells["n"].tolist() == [0]
    assert not plan.cells["shown"].any()


@pytest.mark.parametrize("min_n", [4, 0, -5, 5.5, True, "6", None, float("nan"), float("inf")])
def test_a_minimum_that_protects_nobody_is_refused(min_n):
    with pytest.raises(InputError, match="whole number of at least 5") as caught:
        planned(org(team={"a": 9}), min_n)
    assert "can't be protected" in str(caught.value)


@pytest.mark.parametrize("min_n", [5, 5.0, np.int64(5), LOWEST_MIN_N])
def test_a_minimum_may_come_as_any_whole_number(min_n):
    assert planned(org(team={"a": 9}), min_n).min_n == 5


def test_settle_leaves_what_nobody_can_take_apart():
    lenses = {"team": {"a": (3.0, TOO_FEW), "b": (6.0, "")}}
    assert settle(lenses, {}, 5) == {"team": {"a": (3.0, TOO_FEW), "b": (6.0, HIDDEN_WITH)}}
    assert settle({"team": {"b": (6.0, "")}}, {}, 5, total=12)["team"]["b"][1] == ""
    assert settle({"team": {"b": (6.0, "")}}, {}, 5, total=9)["team"]["b"][1] == HIDDEN_WITH


# ---------------------------------------------------------------------------- tables
def scored(people: pd.DataFrame, gaps: dict[str, list[int]] | None = None) -> pd.DataFrame:
    """Scores 1 to 5 in turn; `gaps`: per further scale the people (by place) who have none."""
    values = {"trust": [1.0 + place % 5 for place in range(len(people))]}
    for name, places in (gaps or {}).items():
        values[name] = [np.nan if n in places else v for n, v in enumerate(values["trust"])]
    scores = scores_of(values, {lens: people[lens].tolist() for lens in lenses_of(people)})
    for lens in lenses_of(people):
        scores[lens] = people[lens].to_numpy()
    return scores


def check_hidden_is_blank(before: pd.DataFrame, after: pd.DataFrame) -> None:
    assert list(after) == [*(n for n in before if n not in ("shown", "reason")), "shown", "reason"]
    numbers = [n for n in after.select_dtypes("number") if n not in KEYS]
    assert set(numbers) >= {"n"}
    assert after.loc[~after["shown"], numbers].isna().all(axis=None)
    assert (after.loc[~after["shown"], "reason"] != "").all()
    pd.testing.assert_frame_equal(
        after[[n for n in after if n in KEYS]], before[[n for n in before if n in KEYS]]
    )
    there = after.loc[after["shown"], "n"].dropna()
    assert there.tolist() == before.loc[there.index, "n"].tolist()
    assert ((there >= 5) | (there == 0)).all()


@given(st.one_of(nested(), crossed()), st.data())
@settings(deadline=None, max_examples=12)
def test_a_table_shows_no_more_than_its_plan_and_nothing_of_few(people, data):
    # Each scale is answered by some: what it shows must stand against the attacker on its own.
    place = st.integers(0, len(people) - 1)
    gaps = data.draw(st.lists(place, unique=True, max_size=12))
    scores = scored(people, {"some": gaps})
    plan = planned(people)
    table = unit_scores(scores)
    after = plan.apply(table)
    check_hidden_is_blank(table, after)
    open_ = plan.cells[plan.cells["shown"]].set_index(["lens", "unit"]).index
    rows = after[after["shown"]]
    assert pd.MultiIndex.from_frame(rows[["lens", "unit"]]).isin(open_).all()
    rows = rows[(rows["scale"] == "some") & (rows["n"] > 0)]
    chain = len(lenses_of(people)) == 1 or "team" in people
    published = sets_of(
        people[scores["some"].notna().to_numpy()],
        list(zip(rows["lens"], rows["unit"], strict=True)),
    )
    if chain and 0 < len(published) <= 10:
        assert attack(published, 5) is None
    again = plan.apply(after)
    pd.testing.assert_frame_equal(again, after)


@given(nested(), st.data())
@settings(deadline=None, max_examples=8)
def test_a_table_of_one_lens_stands_beside_the_others(people, data):
    """Lenses asked for one by one show no unit that follows from the plan's other tables."""
    plan = planned(people)
    scores = scored(people)
    units = []
    for lens in lenses_of(people):
        table = plan.apply(unit_scores(scores, by=lens))
        units += table.loc[table["shown"], ["lens", "unit"]].itertuples(index=False, name=None)
    published = sets_of(people, list(dict.fromkeys(units)))
    if 0 < len(published) <= 10:
        assert attack(published, 5) is None


def rows_of(**columns) -> pd.DataFrame:
    size = max(len(value) for value in columns.values() if isinstance(value, list))
    return pd.DataFrame({"wave": [WAVE] * size, "lens": ["team"] * size} | columns)


def test_a_scale_with_few_answers_hides_in_the_scale_alone():
    people = org(team={"a": 6, "b": 8, "c": 9})
    after = planned(people).apply(unit_scores(scored(people, {"some": [0, 1]})))
    teams = after[after["lens"] == "team"].set_index(["scale", "unit"])["reason"]
    assert teams["trust"].tolist() == ["", "", ""]
    assert teams["some"].to_dict() == {"a": TOO_FEW, "b": HIDDEN_WITH, "c": ""}


def test_a_scale_is_kept_safe_from_the_table_of_a_lens_that_is_not_in_it():
    # A and B are hidden functions; in one scale a1 and b1 have four answers together, which whole
    # less C less b2 would give.
    people = org(
        function={"A": 4, "B": 12, "C": 20}, team={"a1": 4, "b1": 5, "b2": 7, "c1": 5, "c2": 15}
    )
    plan = planned(people)
    assert (shown(plan, "function"), shown(plan, "team")) == (["C"], ["b2", "c1", "c2"])
    scores = scored(people, {"some": [0, 1, 2, 4, 5]})
    for lenses in ("team", ["function", "team"], None):
        after = plan.apply(unit_scores(scores, by=lenses))
        teams = after[(after["lens"] == "team") & (after["scale"] == "some") & after["shown"]]
        assert teams["unit"].tolist() == ["c1", "c2"]


def test_people_without_a_unit_count_in_each_scale_as_they_answered_it():
    people = org(team=["a"] * 6 + ["b"] * 8 + [None] * 5)
    after = planned(people).apply(unit_scores(scored(people, {"some": [14, 15, 16]})))
    teams = after[after["lens"] == "team"].set_index(["scale", "unit"])["reason"]
    assert teams["trust"].tolist() == ["", ""]
    assert teams["some"].to_dict() == {"a": HIDDEN_WITH, "b": ""}


def test_nobody_answering_is_no_data_and_not_hidden():
    people = org(team={"a": 6, "b": 8})
    after = planned(people).apply(unit_scores(scored(people, {"some": list(range(6))})))
    row = after[(after["scale"] == "some") & (after["unit"] == "a")].iloc[0]
    assert (row["shown"], row["reason"], row["n"]) == (True, "no data", 0)
    assert np.isnan(row["mean"])


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
def test_rows_of_a_unit_that_differ_in_an_unknown_column_fall_together(order):
    table = rows_of(unit=["a", "a"], barrier=["silos", "time"], n=[3, 9], share=[0.33, 0.44])
    people = org(team={"a": 9, "b": 9})
    after = planned(people).apply(table.iloc[list(order)])
    assert after["share"].isna().all()


def test_an_earlier_wave_is_kept_apart_from_another_earlier_wave():
    people = pd.concat([org(team={"a": 9, "b": 9}), *(
        people_of({"team": ["a"] * 9 + ["b"] * 9}, wave=wave) for wave in ("w1", "w2")
    )])  # fmt: skip
    table = rows_of(unit=["a", "a"], previous=["w1", "w2"], n=[3, 9], change=[0.5, 0.25])
    after = planned(people).apply(table)
    assert after["shown"].tolist() == [False, True]
    assert after["change"].tolist() == pytest.approx([np.nan, 0.2], nan_ok=True)


def test_a_change_is_shown_only_where_both_waves_are():
    then = people_of({"team": ["a"] * 6 + ["b"] * 6 + ["c"] * 9}, wave="1")
    now = people_of({"team": ["a"] * 3 + ["b"] * 6 + ["c"] * 12}, wave="2")
    people = pd.concat([then, now])
    scores = pd.concat([
        scores_of({"trust": [1.0 + n % 5 for n in range(21)]}, {"team": then["team"]}, wave="1"),
        scores_of({"trust": [5.0 - n % 4 for n in range(21)]}, {"team": now["team"]}, wave="2"),
    ])  # fmt: skip
    plan = planned(people)
    assert shown(plan, "team") == ["a", "b", "c", "c"]  # two waves
    table = compare_waves(scores)
    after = plan.apply(table)
    check_hidden_is_blank(table, after)
    teams = after[after["lens"] == "team"].set_index("unit")
    assert teams["reason"].to_dict() == {"a": TOO_FEW, "b": HIDDEN_WITH, "c": ""}
    assert after.loc[after["lens"] == "all", "shown"].tolist() == [True]
    backwards = plan.apply(compare_waves(scores, wave="1", previous="2"))
    teams = backwards[backwards["lens"] == "team"].set_index("unit")
    assert teams["shown"].to_dict() == {"a": False, "b": False, "c": True}


def test_a_first_wave_has_no_change_and_passes():
    people = org(team={"a": 6})
    after = planned(people).apply(compare_waves(scored(people)))
    assert after["shown"].tolist() == [True]
    assert "no wave before" in after.loc[0, "reason"]


def test_units_waves_and_lenses_that_the_plan_does_not_know_are_hidden():
    plan = planned(org(team={"a": 9, "b": 9}))
    table = rows_of(unit=["a", "new", "a", "a"], n=[9, 9, 9, 9], mean=[3.0] * 4)
    table.loc[2, "wave"], table.loc[3, "lens"] = "1999", "colour"
    after = plan.apply(table)
    assert after["shown"].tolist() == [True, False, False, False]
    assert set(after["reason"][1:]) == {"hidden (not in the plan)"}


ROUNDED = {
    "mean": [(3.14159, 3.1, 3.14)],
    "low": [(2.96, 3.0, 2.96)],
    "high": [(3.25, 3.2, 3.25)],
    "difference": [(-0.04, 0.0, -0.04)],
    "change": [(0.151, 0.2, 0.15)],
    "effect_size": [(-0.349, -0.3, -0.35)],
    "favourable": [(0.4567, 0.46, 0.46)],
    "favourable_difference": [(-0.004, 0.0, 0.0)],
    "share": [(0.125, 0.12, 0.12)],
    "response_rate": [(0.6789, 0.68, 0.68)],
    "reliability": [(0.714, 0.71, 0.71)],
    "rwg": [(0.9249, None, 0.9)],  # of few people agreement gives answers back
    "r_star": [(-0.04, None, 0.0)],
    "ad_m": [(0.5501, None, 0.6)],
    "a_wg": [(-0.26, None, -0.3)],
    "pomp": [(61.26, 61.0, 61.0)],
    "n": [(99, 99, None)],
    "invited": [(143.0, 143.0, 143.0)],
}


@pytest.mark.parametrize("column", [name for name in ROUNDED if name != "n"])
def test_rounding(column):
    ((exact, few, many),) = ROUNDED[column]
    plan = planned(org(team={"a": 99, "b": 100, "c": 101}))
    table = rows_of(unit=["a", "b", "c"], n=[99, 100, 101], **{column: [exact] * 3})
    after = plan.apply(table)[column]
    assert after[1:].tolist() == [many, many]
    assert np.isnan(after[0]) if few is None else after[0] == few
    assert not np.signbit(after[after == 0]).any()


TOLD = {
    "words": (["weak", "strong", "weak"], ""),
    "truths": ([True, False, True], None),
    "truths with gaps": (pd.array([True, None, False], dtype="boolean"), None),
    "words with gaps": (["weak", None, "strong"], ""),
    "whole numbers": ([1, 2, 3], None),
}


@pytest.mark.parametrize(("values", "nothing"), TOLD.values(), ids=list(TOLD))
@pytest.mark.parametrize("order", [(0, 1, 2), (2, 0, 1)])
def test_whatever_a_column_tells_of_a_hidden_unit_is_gone(values, nothing, order):
    plan = planned(org(team={"a": 4, "b": 7, "c": 9}))
    table = rows_of(unit=["a", "b", "c"], n=[4, 7, 9]).assign(told=values)
    table = table.iloc[list(order)].reset_index(drop=True)
    after = plan.apply(table)
    assert after.loc[after["shown"], "unit"].tolist() == ["c"]
    hidden = after.loc[~after["shown"], "told"]
    assert hidden.eq("").all() if nothing == "" else hidden.isna().all()
    place = table["unit"].tolist().index("c")
    assert after["told"][place] == table["told"][place]
    assert plan.apply(after)["told"].equals(after["told"])


def test_what_is_known_of_an_item_is_no_answer():
    plan = planned(org(team={"a": 4, "b": 7, "c": 9}))
    about = {"item": ["q"] * 3, "text": ["I ask."] * 3, "reversed": [True] * 3, "design": ["x"] * 3}
    after = plan.apply(rows_of(unit=["a", "b", "c"], n=[4, 7, 9], **about))
    assert after["shown"].sum() == 1
    for name, values in about.items():
        assert after[name].tolist() == values


def test_the_declared_range_of_an_item_is_no_mean():
    people = org(team={"a": 60, "b": 60})
    answers = pd.DataFrame({"a": [1.0, 3.0, 5.0] * 40}, index=people.index)
    survey = survey_of(answers, people, [scale(["a"])])
    table = answer_shares(survey)
    after = plan_reporting(survey).apply(table)
    assert (after["low"] == 1).all()
    assert (after["high"] == 5).all()
    assert after["answer"].tolist() == [1, 2, 3, 4, 5]
    assert after["share"].tolist() == [0.35, 0.05, 0.35, 0.05, 0.3]  # in steps of people


def test_response_rates_are_hidden_with_their_units():
    people = people_of({"team": ["a"] * 9 + ["b"] * 9}, responded=[True] * 3 + [False] * 6
                       + [True] * 9)  # fmt: skip
    answers = pd.DataFrame({"a": 3.0}, index=people.index[people["responded"]])
    survey = survey_of(answers, people, [scale(["a"])])
    table = response(survey)
    after = plan_reporting(survey).apply(table)
    check_hidden_is_blank(table, after)
    assert after["shown"].tolist() == [True, False, False]
    assert after.loc[0, ["invited", "n", "response_rate"]].tolist() == [18, 12, 0.67]


@pytest.mark.parametrize("column", ["wave", "lens", "unit", "n"])
def test_a_table_without_a_key_is_refused(column):
    people = org(team={"a": 9})
    with pytest.raises(InputError, match="table of units") as caught:
        planned(people).apply(unit_scores(scored(people)).drop(columns=column))
    assert column in str(caught.value)


def test_a_table_keeps_its_own_reasons_and_is_left_as_it_was():
    plan = planned(org(team={"a": 9, "b": 9}))
    table = rows_of(unit=["b", "a"], n=[9, 9], mean=[np.nan, 3.33], reason=["so it is", ""])
    table.index = [7, 7]
    copy = table.copy()
    after = plan.apply(table)
    pd.testing.assert_frame_equal(table, copy)
    assert after["reason"].tolist() == ["so it is", ""]
    assert after.index.tolist() == [0, 1]


def test_what_was_hidden_once_stays_hidden():
    people = org(team={"a": 6, "b": 8, "c": 9})
    plan = planned(people)
    once = plan.apply(unit_scores(scored(people, {"some": [0, 1]})))
    assert not once["shown"].all()
    pd.testing.assert_frame_equal(plan.apply(once), once)


def test_an_empty_table_stays_empty():
    plan = planned(org(team={"a": 9}))
    after = plan.apply(rows_of(unit=["a"], n=[9], mean=[3.0]).iloc[:0])
    assert list(after) == ["wave", "lens", "unit", "n", "mean", "shown", "reason"]
    assert len(after) == 0


def test_a_plan_is_frozen():
    plan = planned(org(team={"a": 9}))
    with pytest.raises(dataclasses.FrozenInstanceError):
        plan.min_n = 1


# -------------------------------------------------------------------------- pairs, and who answered
def gappy(people: pd.DataFrame, gaps: dict[str, list[int]]) -> tuple[Survey, pd.DataFrame]:
    """A survey of two instruments of two questions; `gaps`: who left a question out."""
    answers = pd.DataFrame(3.0, index=people.index, columns=["a", "b", "x", "y"])
    for name, places in gaps.items():
        answers.iloc[[place for place in places if place < len(people)],
                     answers.columns.get_loc(name)] = np.nan  # fmt: skip
    instruments = [
        scale(["a", "b"], name="trust", min_answered=0.5),
        scale(["x", "y"], name="voice", min_answered=1.0),
    ]
    survey = survey_of(answers, people, instruments)
    return survey, score(survey)


def open_cells(table: pd.DataFrame) -> list[tuple[str, str]]:
    rows = table.loc[table["shown"] & (table["n"] > 0), ["lens", "unit"]]
    return list(rows.itertuples(index=False, name=None))


@given(
    st.one_of(nested(), crossed()),
    st.dictionaries(st.sampled_from("abxy"), st.lists(st.integers(0, 59), max_size=6), max_size=3),
)
@settings(deadline=None, max_examples=25)
def test_nothing_small_follows_within_those_who_answered(people, gaps):
    survey, scores = gappy(people, gaps)
    plan = plan_reporting(survey)
    every = [*lenses_of(people), *pairs_of(lenses_of(people))]
    table = plan.apply(unit_scores(scores, by=every))
    for name in ("trust", "voice"):
        mine = open_cells(table[table["scale"] == name])
        there = scores.index[scores[name].notna()]
        published = [each & set(there) for each in sets_of(people, mine)]
        published = [each for place, each in enumerate(published) if each not in published[:place]]
        if 0 < len(published) <= 9:
            assert attack(published, 5) is None, name


def test_one_pattern_holds_for_all_scores_of_an_instrument_and_no_other():
    people = org(team={"a": 6, "b": 8, "c": 9})
    survey, scores = gappy(people, {"x": [0, 1]})
    after = plan_reporting(survey).apply(unit_scores(scores)).set_index(["scale", "unit"])
    assert after.loc["trust", "shown"].all()
    assert after.loc[("voice", "a"), "reason"] == TOO_FEW
    assert after.loc["voice", "shown"].sum() == 2  # the whole and one team


def test_single_questions_have_a_pattern_within_that_of_their_scale():
    people = org(team={"a": 6, "b": 8, "c": 30})
    survey, _ = gappy(people, {"x": [0, 1]})  # two of a: too few answers to x, and to the scale
    plan = plan_reporting(survey)
    rows = rows_of(unit=["a", "b", "c"], n=[6, 8, 30], share=[0.5] * 3, scale=["voice"] * 3)
    of_y = plan.apply(rows.assign(item="y"))
    assert of_y["shown"].tolist() == [False, False, True]
    assert plan.apply(rows.assign(item="a", scale="trust"))["shown"].all()


def test_crossed_cells_are_told_and_hidden_like_units():
    people = org(function=["F"] * 20 + ["G"] * 20, level=["1"] * 12 + ["2"] * 8 + ["1"] * 17
                 + ["2"] * 3)  # fmt: skip
    plan = planned(people)
    pairs = plan.cells[plan.cells["lens"] == "function x level"].set_index("unit")
    assert pairs["n"].to_dict() == {"F x 1": 12, "F x 2": 8, "G x 1": 17, "G x 2": 3}
    assert pairs["reason"].to_dict() == {
        "F x 1": HIDDEN_WITH, "F x 2": HIDDEN_WITH, "G x 1": HIDDEN_WITH, "G x 2": TOO_FEW,
    }  # fmt: skip
    table = plan.apply(unit_scores(scored(people), by="function x level"))
    assert table.loc[table["lens"] != "all", "mean"].isna().all()
    inside = plan.parents[plan.parents["unit"] == "G x 2"].set_index("parent_lens")["parent"]
    assert inside.to_dict() == {"function": "G", "level": "2"}


def test_every_team_of_the_sample_has_a_level_above_it_that_is_shown():
    sample = read_survey(ROOT / "data" / "sample")
    now = sample.in_waves([sample.wave])
    plan = plan_reporting(now)
    open_ = set(plan.cells.loc[plan.cells["shown"], ["lens", "unit"]].itertuples(index=False,
                name=None))  # fmt: skip
    above = plan.parents[plan.parents["lens"] == "team"]
    assert set(above["parent_lens"]) == {"function"}
    assert all(("function", name) in open_ for name in above["parent"])
    hidden = plan.cells[(plan.cells["lens"] == "team") & ~plan.cells["shown"]]
    assert len(hidden) > 0
