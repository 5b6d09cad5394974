"""The lattice and what of it is shown: an attacker with all the time in the world finds nothing.

The attacker here shares no line with the one in the library. It goes through every union of fewer
than `min_n` people and reckons with fractions whether the union's sum follows from what is shown.
That is why the organisations here are small.
"""

from __future__ import annotations

import itertools
from fractions import Fraction

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import sparse

from cultureplus.crossed import crossed_name
from cultureplus.disclosure import attack as attack_module
from cultureplus.disclosure.attack import attack, parted, vanishing_sums
from cultureplus.disclosure.lattice import lattice_of
from cultureplus.disclosure.reasons import HIDDEN_WITH, hidden_below
from cultureplus.disclosure.row_space import PRIME, left_null, multiply, reduced_echelon, small_span
from cultureplus.disclosure.suppress import NOT_WANTED, suppress
from cultureplus.errors import InputError


# ---------------------------------------------------------------------------- a slow, sure attacker
def echelon_of(rows):
    """Rows of fractions in reduced echelon form, each with its leading place."""
    done = []
    for row in rows:
        row = [Fraction(int(value)) for value in row]
        for place, other in done:
            row = [a - row[place] * b for a, b in zip(row, other, strict=True)]
        place = next((i for i, value in enumerate(row) if value), None)
        if place is not None:
            row = [value / row[place] for value in row]
            done = [
                (p, [a - other[place] * b for a, b in zip(other, row, strict=True)])
                for p, other in done
            ]
            done.append((place, row))
    return done


def follows(done, target):
    left = [Fraction(int(value)) for value in target]
    for place, row in done:
        left = [a - left[place] * b for a, b in zip(left, row, strict=True)]
    return not any(left)


def unions_of_few(rows, sizes, min_n):
    """Every union of atoms with fewer than `min_n` people whose sum follows from the rows."""
    done = echelon_of(rows)
    small = [atom for atom, size in enumerate(sizes) if size < min_n]
    found = []
    for count in range(1, min_n):
        for union in itertools.combinations(small, count):
            target = np.zeros(len(sizes), int)
            target[list(union)] = 1
            if target @ sizes < min_n and follows(done, target):
                found.append(union)
    return found


def shown_rows(lattice, plan):
    """The rows of the matrix that a plan shows."""
    cells = lattice.names.loc[plan["shown"].to_numpy(), "cell"].unique()
    return lattice.matrix[np.sort(cells)].toarray()


def large_enough(lattice, min_n):
    return lattice.matrix[np.flatnonzero(lattice.cells["n"] >= min_n)]


def people(**lenses):
    """People by lens, a letter a person; '.' is a person without a unit."""
    return pd.DataFrame({lens: list(units) for lens, units in lenses.items()}).replace(".", None)


def shown_of(plan):
    return dict(zip(zip(plan["lens"], plan["unit"], strict=True), plan["shown"], strict=True))


def reasons_of(plan):
    return dict(zip(zip(plan["lens"], plan["unit"], strict=True), plan["reason"], strict=True))


@st.composite
def organisations(draw):
    """One to three lenses, crossed or in one another, units of all sizes, some people without."""
    size = draw(st.integers(1, 40))
    lenses = {}
    for lens in ("function", "place", "level")[: draw(st.integers(1, 3))]:
        units = draw(st.sampled_from(["AB", "ABC", "AAABC", "ABCD"]))
        lenses[lens] = draw(
            st.lists(st.sampled_from([*units, *units, *units, None]), min_size=size, max_size=size)
        )
    if draw(st.booleans()):
        lenses["team"] = [
            unit and unit + draw(st.sampled_from("123")) for unit in lenses["function"]
        ]
    found = pd.DataFrame(lenses)
    # Few atoms keep the slow attacker quick: people are sorted into the first kinds there are.
    kinds = found.drop_duplicates().head(14)
    repeats = draw(st.lists(st.integers(1, 7), min_size=len(kinds), max_size=len(kinds)))
    return kinds.loc[kinds.index.repeat(repeats)].reset_index(drop=True)


# ------------------------------------------------------------------------------------- the lattice
def test_people_who_share_all_units_are_one_atom():
    lattice = lattice_of(people(function="FFFG", level="1122"))
    assert lattice.sizes.tolist() == [2, 1, 1]
    assert lattice.names.loc[0, ["lens", "unit", "n"]].tolist() == ["all", "all", 4]


def test_names_of_the_same_people_are_one_cell():
    lattice = lattice_of(people(function="FFFGG", team="aabcc"))
    cell = lattice.names.set_index(["lens", "unit"])["cell"]
    assert cell["function x team", "F x a"] == cell["team", "a"]
    assert cell["function", "G"] == cell["team", "c"]
    assert lattice.cells["n"].tolist() == [5, 3, 2, 2, 1]
    assert not lattice.cells["lens"].str.contains(" x ").any()


def test_who_has_no_unit_is_in_the_whole_only():
    lattice = lattice_of(people(function="FF.", level="1.1"))
    names = lattice.names.set_index(["lens", "unit"])["n"]
    assert names.to_dict() == {
        ("all", "all"): 3, ("function", "F"): 2, ("level", "1"): 2,
        ("function x level", "F x 1"): 1,
    }  # fmt: skip


def test_only_lenses_without_pairs():
    assert lattice_of(people(a="xy", b="uv"), pairs=False).names["lenses"].max() == 1


@pytest.mark.parametrize("names", [["a", "a"], ["all", "b"]])
def test_a_lens_has_a_name_of_its_own(names):
    with pytest.raises(InputError, match="name of its own"):
        lattice_of(pd.DataFrame([["x", "y"]], columns=names))


def test_nobody_is_no_cell():
    lattice = lattice_of(people(function=""))
    assert lattice.matrix.shape == (0, 0)
    assert suppress(lattice, 5).empty


def test_no_lens_leaves_the_whole():
    plan = suppress(lattice_of(pd.DataFrame(index=range(7))), 5)
    assert plan[["lens", "n", "shown"]].to_numpy().tolist() == [["all", 7, True]]


@given(*[st.text(alphabet='A x"', min_size=1, max_size=5)] * 4)
@settings(derandomize=True, deadline=None)
def test_names_of_pairs_are_never_mistaken(one, other, third, fourth):
    same = crossed_name(one, other) == crossed_name(third, fourth)
    assert same is ((one, other) == (third, fourth))


# ------------------------------------------------------------------------------ rows and their span
@given(st.integers(0, 2**32), st.integers(1, 6), st.integers(1, 6), st.integers(1, 6))
@settings(derandomize=True, deadline=None, max_examples=30)
def test_products_are_those_of_whole_numbers(seed, rows, inner, columns):
    draw = np.random.default_rng(seed)
    one, other = draw.integers(0, PRIME, (rows, inner)), draw.integers(0, PRIME, (inner, columns))
    want = one.astype(object) @ other.astype(object) % PRIME
    assert (multiply(one, other) == want).all()


@given(st.integers(0, 2**32), st.integers(1, 6), st.integers(1, 30))
@settings(derandomize=True, deadline=None, max_examples=30)
def test_combinations_of_nothing(seed, rows, columns):
    draw = np.random.default_rng(seed)
    matrix = draw.integers(0, 2, (rows, columns))
    matrix[-1] = matrix[0]
    null = left_null(matrix)
    assert len(null) == rows - len(echelon_of(matrix))
    assert not multiply(null, matrix).any()


def test_an_echelon_form_says_how_it_was_made():
    matrix = np.array([[0, 2, 1], [1, 1, 1], [1, 3, 2]])
    form, change, leading = reduced_echelon(matrix, keep_zero=True)
    assert leading.tolist() == [0, 1]
    assert (multiply(change, matrix) == form).all()
    assert not form[2].any()


@given(organisations(), st.booleans())
@settings(derandomize=True, deadline=None, max_examples=60)
def test_the_span_of_few_people(membership, all_wide):
    """What vanishes on large atoms, and of what it is made, whichever rows are eliminated first."""
    lattice = lattice_of(membership)
    large = lattice.sizes >= 5
    wide = np.full(lattice.matrix.shape[0], all_wide)
    span = small_span(lattice.matrix, large, wide)
    basis = np.vstack([span.tiny.toarray(), span.huge])
    signed = np.where(basis > PRIME // 2, basis - PRIME, basis)
    assert not basis[:, large].any()
    rows = lattice.matrix.toarray()
    assert len(basis) == len(echelon_of(rows)) - len(echelon_of(rows[:, large]))
    small_whole = np.abs(signed).max(axis=1, initial=0) < 100  # fractions stand as large numbers
    for target, source in zip(signed[small_whole], span.made_of(basis[small_whole]), strict=True):
        assert follows(echelon_of(rows[source]), target)


# ------------------------------------------------------------------------------------- the attacker
def test_a_union_over_crossing_lenses_is_found():
    """No single subtraction gives it: two rows less two columns leave two people."""
    rows = sparse.csr_array(np.array([[1, 1, 0, 0, 0], [0, 0, 1, 1, 1], [1, 0, 1, 0, 0]]))
    assert attack(rows, np.array([4, 9, 9, 4, 9]), 5).unions == []
    rows = sparse.csr_array(np.array([[1, 1, 1, 0], [0, 1, 0, 1], [1, 0, 0, 1], [0, 0, 0, 1]]))
    found = attack(rows, np.array([6, 7, 2, 8]), 5)
    assert found.unions == [(2,)]
    assert found.made_of.tolist() == [[True, True, True, True]]


@given(organisations(), st.sampled_from([2, 3, 5, 6]))
@settings(derandomize=True, deadline=None, max_examples=80)
def test_the_attacker_finds_something_exactly_when_there_is(membership, min_n):
    lattice = lattice_of(membership)
    rows = large_enough(lattice, min_n)
    found = attack(rows, lattice.sizes, min_n)
    sure = unions_of_few(rows.toarray(), lattice.sizes, min_n)
    assert found.found is bool(sure)
    assert set(found.unions) <= set(sure)
    fewest = {union for union in sure if len(union) <= 3 and not any(
        set(other) < set(union) for other in sure)}  # fmt: skip
    assert fewest <= set(found.unions)
    for union, source in zip(found.unions, found.made_of, strict=True):
        target = np.isin(np.arange(len(lattice.sizes)), union)
        assert follows(echelon_of(rows.toarray()[source]), target)


@given(organisations(), st.sampled_from([3, 5]))
@settings(derandomize=True, deadline=None, max_examples=60)
def test_integer_programming_says_the_same(membership, min_n):
    lattice = lattice_of(membership)
    rows = large_enough(lattice, min_n)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(attack_module, "_MOST_SUBSETS", -1)
        patch.setattr(attack_module, "_MOST_PAIRS", -1)
        found = attack(rows, lattice.sizes, min_n)
    sure = unions_of_few(rows.toarray(), lattice.sizes, min_n)
    assert found.found is bool(sure)
    assert not len(found.undecided)
    assert set(found.unions) <= set(sure)


@given(
    st.lists(st.tuples(st.integers(-3, 3), st.integers(1, 3)), min_size=4, max_size=30),
    st.sampled_from([3, 4]),
)
@settings(derandomize=True, deadline=None, max_examples=60)
def test_many_pairs_are_searched_as_few_are(places, longest):
    """The search through very many pairs finds a sum of zero just where the plain one does."""
    numbers = np.array([[value, 5 * value, 7 * value] for value, _ in places]).T % PRIME
    size = np.array([people for _, people in places])
    plain = vanishing_sums(numbers, size, 4, longest)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(attack_module, "_MOST_SUBSETS", -1)
        lean = vanishing_sums(numbers, size, 4, longest)
    assert bool(lean) is bool(plain)
    for found in lean:
        assert not (numbers[:, found].sum(axis=1) % PRIME).any()
        assert size[list(found)].sum() <= 4


@given(organisations(), st.integers(0, 3))
@settings(derandomize=True, deadline=None, max_examples=60)
def test_leaving_out_what_lies_in_many_knots_loses_nothing(membership, seed):
    """With all rows wide every atom is a knot of its own, and the shortcut has most to do."""
    lattice = lattice_of(membership)
    rows = large_enough(lattice, 3)
    wide = np.random.default_rng(seed).random(rows.shape[0]) < 0.8
    plain, short = (attack(rows, lattice.sizes, 3, wide=some) for some in (None, wide))
    assert set(plain.unions) == set(short.unions)


@given(organisations(), st.sampled_from([3, 5]), st.integers(0, 9), st.sampled_from([200, 0]))
@settings(derandomize=True, deadline=None, max_examples=40)
def test_asking_again_among_the_suspects_finds_all_there_is(membership, min_n, seed, plenty):
    """Whatever is hidden after the first attack, and however few unions that one gave."""
    lattice = lattice_of(membership)
    rows = large_enough(lattice, min_n)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(attack_module, "_PLENTY", plenty)
        patch.setattr(attack_module, "_MOST_FOUND", 4000 if plenty else 1)
        suspects = attack(rows, lattice.sizes, min_n).suspects
    left = rows[np.flatnonzero(np.random.default_rng(seed).random(rows.shape[0]) < 0.8)]
    again = attack(left, lattice.sizes, min_n, among=suspects)
    sure = unions_of_few(left.toarray(), lattice.sizes, min_n)
    assert again.found is bool(sure)
    assert {atom for union in sure for atom in union} <= set(np.flatnonzero(suspects))
    held = {atom for union in again.unions for atom in union}
    assert held == {atom for union in sure for atom in union}


@given(organisations(), st.booleans())
@settings(derandomize=True, deadline=None, max_examples=25)
def test_a_union_no_longer_follows_without_the_cells_that_parted_it(membership, whole_stays):
    lattice = lattice_of(membership)
    rows = large_enough(lattice, 5)
    cost = np.asarray(rows @ lattice.sizes, float)
    if whole_stays:
        cost[cost == len(membership)] = np.inf
    for union in attack(rows, lattice.sizes, 5).unions[:3]:
        target = np.isin(np.arange(len(lattice.sizes)), union)
        some = parted(rows, target, cost)
        if some is None:
            # Then nothing that may be hidden helps: what has to stay gives it away alone.
            stays = rows.toarray()[np.isinf(cost)]
            assert follows(echelon_of(stays), target)
            continue
        weights, away = some
        assert np.isfinite(cost[away]).all()
        assert abs(weights[list(union)].sum() - 1) < 1e-6
        assert not follows(echelon_of(np.delete(rows.toarray(), away, axis=0)), target)


# -------------------------------------------------------------------------------- hand-made plans
def test_a_small_unit_hides_another():
    plan = suppress(lattice_of(people(team="a" * 9 + "b" * 7 + "c" * 2)), 5)
    assert reasons_of(plan) == {
        ("all", "all"): "", ("team", "a"): "", ("team", "b"): HIDDEN_WITH,
        ("team", "c"): hidden_below(5),
    }  # fmt: skip


def test_two_small_units_that_are_many_together_hide_no_other():
    plan = suppress(lattice_of(people(team="a" * 9 + "b" * 3 + "c" * 3)), 5)
    assert shown_of(plan)["team", "a"]


def test_pairs_are_hidden_before_units():
    """Four cells of two by two, one of them of two people: the margins stay, the cells go."""
    lattice = lattice_of(
        people(function="F" * 10 + "G" * 20, level="1" * 8 + "2" * 2 + "1" * 9 + "2" * 11)
    )
    shown = shown_of(suppress(lattice, 5))
    assert [name for name, seen in shown.items() if not seen] == [
        ("function x level", "F x 1"), ("function x level", "F x 2"),
        ("function x level", "G x 1"), ("function x level", "G x 2"),
    ]  # fmt: skip


def test_the_whole_is_shown_from_min_n_people_on():
    assert shown_of(suppress(lattice_of(people(team="abcde")), 5))["all", "all"]
    assert not shown_of(suppress(lattice_of(people(team="abcd")), 5))["all", "all"]


def test_people_without_a_unit_are_protected():
    shown = shown_of(suppress(lattice_of(people(team="a" * 9 + "b" * 7 + "..")), 5))
    assert shown == {("all", "all"): True, ("team", "a"): True, ("team", "b"): False}


def test_names_of_one_cell_have_one_fate():
    plan = suppress(lattice_of(people(function="F" * 9 + "G" * 6, team="a" * 9 + "b" * 6)), 5)
    assert plan["shown"].all()
    assert set(plan["lens"]) == {"all", "function", "team", "function x team"}


def test_a_preferred_lens_outlasts_another():
    membership = people(x="A" * 10 + "B" * 2, y="C" * 9 + "D" * 3)
    lattice = lattice_of(membership, pairs=False)
    # A less C is one person, so one of the two must go.
    for lens, unit, other in (("x", "A", ("y", "C")), ("y", "C", ("x", "A"))):
        shown = shown_of(suppress(lattice, 2, prefer=[lens]))
        assert shown[lens, unit]
        assert not shown[other]
    with pytest.raises(InputError, match="no lens 'w'"):
        suppress(lattice, 5, prefer=["w"])


def test_what_is_not_allowed_is_not_shown():
    lattice = lattice_of(people(team="a" * 9 + "b" * 7 + "c" * 2))
    plan = suppress(lattice, 5, allowed={("all", "all"), ("team", "b")})
    assert reasons_of(plan)["team", "a"] == NOT_WANTED
    assert shown_of(plan)["team", "b"]


def test_min_n_is_at_least_one():
    with pytest.raises(InputError, match="at least 1"):
        suppress(lattice_of(people(team="ab")), 0)


# --------------------------------------------------------------------------------------- the plan
@given(organisations(), st.sampled_from([2, 3, 5, 5, 6]))
@settings(derandomize=True, deadline=None, max_examples=60)
def test_nothing_small_follows_from_the_plan(membership, min_n):
    lattice = lattice_of(membership)
    plan = suppress(lattice, min_n)
    assert not (plan["shown"] & (plan["n"] < min_n)).any()
    assert unions_of_few(shown_rows(lattice, plan), lattice.sizes, min_n) == []


def test_the_threshold_alone_leaks():
    """The sure attacker does find something where nothing but the threshold protects."""
    lattice = lattice_of(
        people(function="F" * 10 + "G" * 20, level="1" * 8 + "2" * 2 + "1" * 9 + "2" * 11)
    )
    rows = large_enough(lattice, 5).toarray()
    small = int(np.flatnonzero(lattice.sizes == 2)[0])
    assert unions_of_few(rows, lattice.sizes, 5) == [(small,)]


@given(organisations(), st.sampled_from([2, 3, 5]), st.randoms(use_true_random=False))
@settings(derandomize=True, deadline=None, max_examples=50)
def test_the_order_of_people_changes_nothing(membership, min_n, random):
    order = list(range(len(membership)))
    random.shuffle(order)
    first = suppress(lattice_of(membership), min_n)
    pd.testing.assert_frame_equal(first, suppress(lattice_of(membership.iloc[order]), min_n))


@given(organisations(), st.sampled_from([2, 3, 5]))
@settings(derandomize=True, deadline=None, max_examples=50)
def test_a_plan_can_be_made_again_among_its_own_cells(membership, min_n):
    """Nothing more is hidden the second time: what is shown is safe as it is."""
    lattice = lattice_of(membership)
    plan = suppress(lattice, min_n)
    again = suppress(
        lattice, min_n, allowed={name for name, seen in shown_of(plan).items() if seen}
    )
    assert again["shown"].tolist() == plan["shown"].tolist()


def test_a_larger_organisation_keeps_nearly_all_and_gives_nothing_away():
    draw = np.random.default_rng(5)
    weight = 1 / np.arange(1, 21) ** 0.7
    department = draw.choice(20, 1200, p=weight / weight.sum())
    membership = pd.DataFrame(
        {
            "department": department,
            "place": draw.integers(0, 10, 1200),
            "role": draw.integers(0, 6, 1200),
        }
    ).astype("str")
    lattice = lattice_of(membership)
    plan = suppress(lattice, 5)
    assert not attack(sparse.csr_array(shown_rows(lattice, plan)), lattice.sizes, 5).found
    assert attack(large_enough(lattice, 5), lattice.sizes, 5).found
    assert plan["shown"].sum() > 0.95 * (plan["n"] >= 5).sum()


def test_a_zero_that_is_written_down_counts_nobody():
    """Sparse matrices may hold zeros; an attacker who took them for people would be misled."""
    plain = np.array([[1, 1, 1, 0], [1, 0, 1, 0]])
    rows, columns = np.nonzero(np.ones_like(plain))
    written = sparse.csr_array((plain.ravel(), (rows, columns)), shape=plain.shape)
    assert written.nnz > np.count_nonzero(plain)
    sizes = np.array([9, 2, 9, 9])
    assert attack(written, sizes, 5).unions == attack(plain, sizes, 5).unions == [(1,)]
    assert written.nnz > np.count_nonzero(plain)  # whoever asks keeps the matrix as it was
