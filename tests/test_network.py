"""Networks: every measure against R, the null against what can be worked out, the hard cases."""

from __future__ import annotations

import itertools
import math
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from cultureplus import ei as ei_module
from cultureplus.charts.network import plot_density, plot_ei
from cultureplus.circles import _crossing
from cultureplus.disclosure.plan import plan_reporting
from cultureplus.errors import InputError
from cultureplus.intake import read_survey
from cultureplus.network import (
    assortativity,
    brokerage,
    communities,
    density_matrix,
    ei_by_unit,
    ei_index,
    roster_response,
    roster_warning,
    show_density,
    tie_density,
    tie_response,
    wave_ties,
)
from cultureplus.tie_table import tie_table
from tests.small_surveys import ROOT, WAVE, oracle, people_of, survey_of, table

CASES = oracle("network")
REAL = oracle("real_networks")
OPEN_DATA = ROOT.parent / "shared" / "data" / "networks"
ROLES = ["coordinator", "consultant", "gatekeeper", "representative", "liaison"]
NULL = ["null_mean", "null_low", "null_high", "p"]


def ties_of(*pairs):
    """Ties written as two letters each: 'ab' says that a names b."""
    return pd.DataFrame({"from": [p[0] for p in pairs], "to": [p[1] for p in pairs]}, dtype="str")


def units_of(people, units):
    return pd.Series(list(units), index=list(people), dtype="str")


def made_up(lens):
    people = table("tests/oracle/data/network_people.csv").set_index("person")[lens]
    return table("tests/oracle/data/network_ties.csv"), people


def real(case):
    files = [OPEN_DATA / f"{case[name]}.csv" for name in ("ties_of", "people_of")]
    if not all(path.exists() for path in files):
        pytest.skip("the networks of real firms are not here")
    ties, people = map(pd.read_csv, files)
    people = people.set_index("id") if "id" in people else people.set_index(people.index + 1)
    return ties, people[case["lens"]]


def network(name):
    return made_up(CASES[name]["lens"]) if name in CASES else real(REAL[name])


ALL_CASES = pytest.mark.parametrize("name", [*CASES, *REAL])


def case_of(name):
    return (CASES | REAL)[name]


# --- against R -----------------------------------------------------------------------------


@ALL_CASES
@pytest.mark.parametrize("directed", [True, False], ids=["directed", "undirected"])
def test_ei_against_r(name, directed):
    case, (ties, units) = case_of(name), network(name)
    found = ei_index(ties, units, permutations=100, directed=directed).units
    prefix = "" if directed else "undirected_"
    internal, external = case.get(f"{prefix}internal"), case.get(f"{prefix}external")
    assert found["unit"].tolist() == ["all", *case["units"]]
    assert found["n"].tolist() == [sum(case["n"]), *case["n"]]
    assert found["internal"].tolist() == [sum(internal), *internal]
    assert found["external"].tolist()[1:] == external
    ties_counted = case["ties"] if directed else case["pairs"]
    assert found.loc[0, ["internal", "external"]].sum() == ties_counted
    expected = [case[f"{prefix}ei_all"], *case[f"{prefix}ei"]]
    expected = [np.nan if value is None else value for value in expected]
    np.testing.assert_allclose(found["observed"], np.array(expected, dtype=float), rtol=1e-10)


@ALL_CASES
def test_assortativity_and_modularity_against_r(name):
    case, (ties, units) = case_of(name), network(name)
    for directed, prefix in ((True, ""), (False, "undirected_")):
        found = assortativity(ties, units, directed=directed)
        for measure in ("assortativity", "modularity"):
            assert found[measure] == pytest.approx(case[f"{prefix}{measure}"], rel=1e-10)
        assert found["reason"] == ""


@ALL_CASES
def test_brokerage_against_r(name):
    case, (ties, units) = case_of(name), network(name)
    found = brokerage(ties, units)
    assert found[ROLES].iloc[1:].to_numpy().tolist() == case["roles"]
    assert found.loc[0, ROLES].tolist() == np.sum(case["roles"], axis=0).tolist()
    assert found.loc[0, "brokered"] == np.sum(case["roles"])


def test_brokerage_in_small_portions_is_the_same(monkeypatch):
    ties, units = made_up("unit")
    whole = brokerage(ties, units)
    monkeypatch.setattr("cultureplus.network_description._PATHS", 7)
    pd.testing.assert_frame_equal(brokerage(ties, units), whole)


@pytest.mark.parametrize("name", CASES)
def test_density_against_r(name):
    case, (ties, units) = CASES[name], made_up(CASES[name]["lens"])
    found = density_matrix(ties, units)
    size = len(case["units"])
    assert found["ties"].to_numpy().reshape(size, size).tolist() == case["mixing"]
    assert found["possible"].to_numpy().reshape(size, size).tolist() == case["possible"]
    known = found["possible"] > 0
    assert (found["density"] * found["possible"])[known].round(9).tolist() == (
        found.loc[known, "ties"].tolist()
    )
    assert (found.loc[~known, "reason"] != "").all()
    assert found.loc[~known, "density"].isna().all()


@pytest.mark.parametrize("name", CASES)
def test_circles_against_units_against_r(name):
    case, (_, units) = CASES[name], made_up(CASES[name]["lens"])
    own = pd.factorize(units.reindex(case["tied"]), sort=True)[0].astype("int64")
    found = _crossing(np.array(case["circles"]) - 1, own, 100, 1).set_index("measure")["observed"]
    for measure in ("shared_information", "largest_unit_share"):
        assert found[measure] == pytest.approx(case[measure], rel=1e-10)


@ALL_CASES
def test_communities_are_as_dense_as_those_of_igraph(name):
    case, (ties, units) = case_of(name), network(name)
    found = communities(ties, units, permutations=100)
    assert found.modularity >= case["modularity_greedy"] - 1e-9
    assert found.modularity >= case["modularity_louvain"] - 1e-9  # the best of twenty runs


@ALL_CASES
def test_modularity_is_that_of_the_circles_themselves(name):
    ties, units = network(name)
    found = communities(ties, units, permutations=100)
    kept = tie_table(ties, units)
    pairs = pd.DataFrame({"from": kept.people[kept.start], "to": kept.people[kept.end]})
    both = pd.concat([pairs, pairs.set_axis(["to", "from"], axis=1)])
    circle = found.members
    inside = (both["from"].map(circle) == both["to"].map(circle)).mean()
    share = both["from"].map(circle).value_counts(normalize=True)
    assert found.modularity == pytest.approx(inside - (share**2).sum(), rel=1e-9)


def groupings(size):
    """Every way to part so many people into circles."""
    found = [[0]]
    for _ in range(size - 1):
        found = [[*old, circle] for old in found for circle in range(max(old) + 2)]
    return np.array(found)


@pytest.mark.parametrize("seed", range(12))
def test_no_other_circles_of_seven_people_are_denser(seed):
    draws = np.random.default_rng(seed)
    named = np.triu(draws.random((7, 7)) < 0.35, 1) | np.tril(draws.random((7, 7)) < 0.25, -1)
    names = np.array(list("abcdefg"))
    ties = pd.DataFrame({"from": names[np.nonzero(named)[0]], "to": names[np.nonzero(named)[1]]})
    weight = named + 1.0 * named.T
    surplus = weight - np.outer(weight.sum(axis=0), weight.sum(axis=0)) / weight.sum()
    best = max(surplus[one[:, None] == one].sum() for one in groupings(7)) / weight.sum()
    found = communities(ties, units_of("abcdefg", "xxxyyyy"), 100)
    assert found.modularity == pytest.approx(best, abs=1e-12)


def test_circles_that_were_planted_are_found_among_many_people():
    """Forty circles of fifty in 2,000 people, eight in ten ties inside: as many as are counted."""
    draws = np.random.default_rng(9)
    start = draws.integers(0, 2000, 12_000)
    near = (start // 50) * 50 + draws.integers(0, 50, 12_000)
    end = np.where(draws.random(12_000) < 0.8, near, draws.integers(0, 2000, 12_000))
    units = pd.Series(np.arange(2000) // 50)
    found = communities(pd.DataFrame({"from": start, "to": end}), units, 100)
    assert len(found.table) == 40
    assert found.crossing.loc[0, "observed"] > 0.99


KNOWN = [
    ("onadata-departments/email", 1005, 42, 24_929, 0.31),
    ("onadata-departments/workfrance", 211, 12, 932, -0.47),
]


@pytest.mark.parametrize(("name", "people", "units", "ties", "index"), KNOWN)
def test_figures_that_are_known_of_the_departments(name, people, units, ties, index):
    """Sizes as published, and the E-I index that others computed from the same files."""
    files = {"ties_of": f"{name}_edgelist", "people_of": f"{name}_vertices", "lens": "dept"}
    table_, found = real(files)
    assert (len(found), found.nunique(), len(table_)) == (people, units, ties)
    assert round(ei_index(table_, found, 100).units.loc[0, "observed"], 2) == index


@pytest.mark.parametrize(
    ("relation", "ties"), [("advice", 892), ("cowork", 1104), ("friends", 575)]
)
def test_the_lawyers_have_as_many_ties_as_published(relation, ties):
    files = {"ties_of": f"lazega-lawyers/law_{relation}_edges", "lens": "office"}
    table_, units = real(files | {"people_of": f"lazega-lawyers/law_{relation}_nodes"})
    found = ei_index(table_, units, 100)
    assert found.units.loc[0, "n"] == 71
    assert found.counts["kept"] == ties


# --- the null ------------------------------------------------------------------------------


@ALL_CASES
def test_the_null_has_the_mean_that_can_be_worked_out(name):
    """E of the share inside is the share of pairs inside, however the ties lie."""
    case, (ties, units) = case_of(name), network(name)
    found = ei_index(ties, units, permutations=2000, seed=3).units.loc[0]
    sd = (found["null_high"] - found["null_low"]) / 3.92
    assert found["null_mean"] == pytest.approx(case["null_mean_all"], abs=4 * sd / 2000**0.5)
    assert found["null_low"] < found["null_mean"] < found["null_high"]


def every_permutation(ties, units, groups=None):
    """The E-I of all ties under every way to give the people of a group its units."""
    groups = np.zeros(len(units)) if groups is None else groups.to_numpy()
    codes = pd.factorize(units)[0]
    start, end = (units.index.get_indexer(ties[name]) for name in ("from", "to"))
    blocks = [np.flatnonzero(groups == group) for group in np.unique(groups)]
    for choice in itertools.product(*(itertools.permutations(codes[b]) for b in blocks)):
        label = np.empty(len(codes), dtype=int)
        for block, order in zip(blocks, choice, strict=True):
            label[block] = order
        yield 2 * (label[start] != label[end]).mean() - 1


@pytest.mark.parametrize("grouped", [False, True], ids=["over all", "within"])
@pytest.mark.parametrize("bits", [20, 40], ids=["short keys", "long keys"])
def test_the_null_is_that_of_all_permutations(grouped, bits, monkeypatch):
    monkeypatch.setattr("cultureplus.ei._CHANCE", bits)
    ties = ties_of("ab", "bc", "ca", "cd", "de", "fe", "ef", "ad", "gf")
    units = units_of("abcdefg", "xxxyyyz")
    groups = units_of("abcdefg", "1122112") if grouped else None
    exact = np.array(list(every_permutation(ties, units, groups)))
    found = ei_index(ties, units, 20_000, seed=2, within=groups).units.loc[0]
    low, high = (
        (exact <= found["observed"] + 1e-9).mean(),
        (exact >= found["observed"] - 1e-9).mean(),
    )
    assert found["null_mean"] == pytest.approx(exact.mean(), abs=4 * exact.std() / 20_000**0.5)
    assert found["p"] == pytest.approx(min(1, 2 * min(low, high)), abs=0.02)


def unevenness(people, groups, *, bits, rows=30_000):
    """Chi-square of how often each way to deal out the units was drawn, and its df."""
    keys = ei_module._keys(np.array(people), np.array(groups))
    low = int(keys.unit).bit_length()
    keys = replace(keys, chance=keys.chance & type(keys.chance)((1 << low + bits) - 1))
    drawn = ei_module._permuted(keys, rows, np.random.default_rng(7))
    count = np.unique(drawn, axis=0, return_counts=True)[1]
    parts = [np.array(people)[np.array(groups) == group] for group in set(groups)]
    ways = math.prod(len(set(itertools.permutations(part.tolist()))) for part in parts)
    assert len(count) == ways
    expected = rows / ways
    return ((count - expected) ** 2 / expected).sum(), ways - 1


@pytest.mark.parametrize("bits", [1, 3, 25], ids=lambda bits: f"{bits} bits of chance")
@pytest.mark.parametrize(
    ("people", "groups"),
    [([0, 0, 1, 1, 2], [0] * 5), ([0, 1, 1, 0, 1, 2], [0, 0, 0, 1, 1, 1]), ([3, 0, 1], [0, 0, 0])],
)
def test_every_way_to_deal_out_the_units_is_as_likely(people, groups, bits):
    """Also where most people draw the same number, which with one bit they do."""
    chi_square, df = unevenness(people, groups, bits=bits)
    assert chi_square < stats.chi2.isf(1e-4, df)


def test_equal_numbers_left_as_they_are_would_be_seen(monkeypatch):
    monkeypatch.setattr("cultureplus.ei._settle", lambda *_: None)
    chi_square, df = unevenness([0, 0, 1, 1, 2], [0] * 5, bits=3)
    assert chi_square > 10 * stats.chi2.isf(1e-4, df)


@pytest.mark.parametrize("directed", [True, False], ids=["directed", "undirected"])
@pytest.mark.parametrize("units", [3, 300], ids=["few units", "many units"])
def test_ties_inside_are_counted_as_one_by_one(units, directed, monkeypatch):
    """With somebody whom all others name, and with people without any tie."""
    monkeypatch.setattr("cultureplus.ei._PEOPLE", 64)
    draws = np.random.default_rng(6)
    ties = pd.DataFrame(draws.integers(0, 700, (3000, 2)), columns=["from", "to"])
    star = pd.DataFrame({"from": np.arange(1, 700), "to": 0})
    who = pd.Series(draws.integers(0, units, 800))
    found = tie_table(pd.concat([ties, star, star.rename(columns={"from": "to", "to": "from"})]),
                      who, directed=directed)  # fmt: skip
    layout = ei_module._layout(found)
    size = len(found.labels)
    kind = np.uint8 if size < 256 else np.uint16
    drawn = np.array([draws.permutation(found.unit) for _ in range(5)]).astype(kind)
    inside = ei_module._inside(layout, drawn.T[layout.people], size)
    for row, labels in enumerate(drawn):
        own = labels[found.start][labels[found.start] == labels[found.end]]
        assert inside[row].tolist() == np.bincount(own, minlength=size).tolist()
    assert len(layout.others) < 60  # nobody holds the ties of the one whom all name
    assert sum(map(len, layout.others)) == len(found.start)


def test_many_ties_of_one_person_do_not_overflow():
    """Each names each: 300 people of one unit among 301 hold more ties than a byte counts."""
    pairs = np.array(list(itertools.combinations(range(301), 2)))
    ties = pd.DataFrame(pairs, columns=["from", "to"])
    found = ei_index(ties, pd.Series([0] * 300 + [1]), 100).units
    assert found.loc[0, "internal"] == 300 * 299 / 2
    # In a network of all ties every permutation gives the same.
    assert found.loc[0, "null_low"] == found.loc[0, "null_high"] == found.loc[0, "observed"]


def test_within_keeps_the_units_of_each_group():
    """Ties follow location and units do too: within locations nothing is left of it."""
    draws = np.random.default_rng(8)
    place = np.repeat(["north", "south"], 60)
    units = np.where(draws.random(120) < np.where(place == "north", 0.85, 0.15), "x", "y")
    people = [f"p{n:03d}" for n in range(120)]
    start = draws.integers(0, 120, 900)
    near = (start // 60) * 60 + draws.integers(0, 60, 900)
    ties = pd.DataFrame({"from": np.array(people)[start], "to": np.array(people)[near]})
    units, place = pd.Series(units, index=people), pd.Series(place, index=people)
    alone = ei_index(ties, units, 1000, seed=1).units.loc[0]
    inside = ei_index(ties, units, 1000, seed=1, within=place).units.loc[0]
    assert alone["p"] < 0.005
    assert inside["p"] > 0.05
    assert inside["null_mean"] < alone["null_mean"] - 0.3


def test_twenty_equal_units_and_random_ties_give_a_high_raw_index_and_no_finding():
    draws = np.random.default_rng(4)
    people = [f"p{n:03d}" for n in range(400)]
    ties = pd.DataFrame(
        {name: np.array(people)[draws.integers(0, 400, 3000)] for name in ("from", "to")}
    )
    units = pd.Series([f"u{n % 20:02d}" for n in range(400)], index=people)
    found = ei_index(ties, units, 2000, seed=1).units
    assert found.loc[0, "observed"] == pytest.approx(0.9, abs=0.02)
    assert found.loc[0, "null_mean"] == pytest.approx(1 - 2 * 19 / 399, abs=0.002)
    assert found.loc[0, "p"] > 0.05
    assert (found["p"] < 0.05).sum() <= 5


def test_p_is_even_where_units_play_no_part():
    """Under the null p is below .05 about one time in twenty."""
    draws = np.random.default_rng(12)
    people = [f"p{n:02d}" for n in range(60)]
    units = pd.Series(["x", "y", "z"] * 20, index=people)
    called = 0
    for _ in range(150):
        ends = np.array(people)[draws.integers(0, 60, (2, 240))]
        found = ei_index(pd.DataFrame({"from": ends[0], "to": ends[1]}), units, 100, seed=1)
        called += found.units.loc[0, "p"] < 0.05
    assert 1 <= called <= 17  # binomial of 150 at .05: both ends at about one in a thousand


def test_the_same_seed_gives_the_same_numbers_whatever_the_order_of_rows():
    ties, units = made_up("unit")
    first = ei_index(ties, units, 700, seed=5)
    again = ei_index(ties.iloc[::-1], units, 700, seed=5)
    pd.testing.assert_frame_equal(first.units, again.units)
    other = ei_index(ties, units, 700, seed=6)
    assert not first.units[NULL].equals(other.units[NULL])
    one = communities(ties, units, 200, seed=5)
    two = communities(ties.iloc[::-1], units, 200, seed=5)
    pd.testing.assert_frame_equal(one.crossing, two.crossing)
    pd.testing.assert_series_equal(one.members, two.members)
    people = units.sample(frac=1, random_state=3)
    assert people.index.tolist() != units.index.tolist()
    pd.testing.assert_frame_equal(ei_index(ties, people, 700, seed=5).units, first.units)
    mixed = communities(ties, people, 200, seed=5)
    pd.testing.assert_frame_equal(mixed.crossing, one.crossing)
    pd.testing.assert_series_equal(mixed.members, one.members)


def test_names_of_several_kinds_have_an_order_as_well():
    ties = pd.DataFrame({"from": [1, "b", 2.5, "a"], "to": ["b", 1, "a", 1]}, dtype="object")
    units = pd.Series(list("xyxy"), index=pd.Index([1, "b", 2.5, "a"], dtype="object"))
    found = ei_index(ties, units, 200, seed=2).units
    pd.testing.assert_frame_equal(ei_index(ties, units.iloc[::-1], 200, seed=2).units, found)
    assert found.loc[0, ["internal", "external"]].tolist() == [0, 4]


def test_the_number_of_threads_plays_no_part(monkeypatch):
    ties, units = made_up("unit")
    first = ei_index(ties, units, 1200, seed=5).units
    monkeypatch.setattr("cultureplus.ei._THREADS", 1)
    pd.testing.assert_frame_equal(ei_index(ties, units, 1200, seed=5).units, first)


def test_communities_cross_units_as_much_as_chance_where_units_play_no_part():
    draws = np.random.default_rng(3)
    people = [f"p{n:03d}" for n in range(150)]
    circle = np.arange(150) // 30
    start = draws.integers(0, 150, 900)
    end = (start // 30) * 30 + draws.integers(0, 30, 900)
    ties = pd.DataFrame({"from": np.array(people)[start], "to": np.array(people)[end]})
    mixed = communities(ties, pd.Series(draws.permutation(circle).astype(str), index=people), 400)
    assert len(mixed.table) == 5
    assert (mixed.crossing["p"] > 0.02).all()
    own = communities(ties, pd.Series(circle.astype(str), index=people), 400)
    assert own.crossing["observed"].round(9).tolist() == [1.0, 1.0]
    assert (own.crossing["p"] < 0.01).all()
    assert own.table["largest"].tolist() == [1.0] * 5


# --- persons -------------------------------------------------------------------------------


def test_persons_add_up_to_their_unit_and_are_not_printed():
    ties, units = made_up("unit")
    found = ei_index(ties, units, 100)
    sums = found.people.groupby("unit")[["internal", "external"]].sum()
    own = found.units.iloc[1:].set_index("unit")[["internal", "external"]]
    assert (sums == own).all().all()
    assert found.people["observed"].notna().sum() == found.units.loc[0, "naming"]
    assert "p10" not in repr(found) + found._repr_html_()
    assert "p10" not in repr(communities(ties, units, 100))


def test_a_person_by_hand():
    ties = ties_of("ab", "ac", "ad", "ba")
    found = ei_index(ties, units_of("abcd", "xxyy"), 100).people.set_index("person")
    assert found.loc["a", ["internal", "external"]].tolist() == [1, 2]
    assert found.loc["a", "observed"] == pytest.approx(1 / 3)
    assert found.loc["c", "reason"] == "not estimable: no ties here"
    both = ei_index(ties, units_of("abcd", "xxyy"), 100, directed=False).people.set_index("person")
    assert both.loc["c", ["internal", "external"]].tolist() == [0, 1]


# --- untidy ties ---------------------------------------------------------------------------


def test_what_cannot_be_counted_is_left_out_and_counted():
    ties = ties_of("ab", "ab", "ba", "aa", "zz", "za", "az", "an", "nm", "cb")
    units = pd.Series(["x", "x", "y", None, None], index=list("abcnm"))
    found = ei_index(ties, units, 100)
    assert found.counts.to_dict() == {
        "given": 10, "self": 2, "strangers": 2, "no_unit": 2, "twice": 1, "kept": 3,
    }  # fmt: skip
    assert found.units.loc[0, ["n", "internal", "external"]].tolist() == [3, 2, 1]
    plain = ei_index(ties_of("ab", "ba", "cb"), units_of("abc", "xxy"), 100)
    pd.testing.assert_frame_equal(found.units, plain.units)
    one = ei_index(ties, units, 100, directed=False)
    assert one.counts[["twice", "kept"]].tolist() == [2, 2]


@settings(max_examples=60, deadline=None)
@given(
    pairs=st.lists(st.tuples(st.sampled_from("abcdefz"), st.sampled_from("abcdefz")), max_size=25),
    labels=st.lists(st.sampled_from(["x", "y", None]), min_size=6, max_size=6),
    directed=st.booleans(),
)
def test_counts_add_up_and_the_index_stays_in_its_range(pairs, labels, directed):
    ties = pd.DataFrame(pairs, columns=["from", "to"])
    units = pd.Series(labels, index=list("abcdef"), dtype="object")
    found = ei_index(ties, units, 100, directed=directed)
    assert found.counts[["self", "strangers", "no_unit", "twice", "kept"]].sum() == len(pairs)
    assert found.units["observed"].dropna().between(-1, 1).all()
    assert found.units.loc[0, ["internal", "external"]].sum() == found.counts["kept"]
    assert (found.units["reason"].ne("") | found.units["p"].between(0, 1)).all()
    assert found.units.loc[found.units["observed"].isna(), "reason"].ne("").all()


# --- hard cases ----------------------------------------------------------------------------

NO_TIES = "not estimable: no ties here"


def test_no_ties_at_all():
    ties, units = ties_of(), units_of("abc", "xxy")
    found = ei_index(ties, units, 100).units
    assert found["reason"].tolist() == [NO_TIES] * 3
    assert found[["observed", *NULL]].isna().all().all()
    assert assortativity(ties, units)["reason"] == NO_TIES
    assert brokerage(ties, units)["reason"].tolist() == [NO_TIES] * 3
    assert density_matrix(ties, units)["ties"].sum() == 0
    circles = communities(ties, units, 100)
    assert circles.table.empty
    assert circles.crossing["reason"].tolist() == [NO_TIES] * 2
    assert roster_response(ties, units.index)["reason"] == NO_TIES


def test_nobody_at_all():
    ties, units = ties_of("ab"), pd.Series([], dtype="str")
    assert ei_index(ties, units, 100).units["reason"].tolist() == [NO_TIES]
    assert density_matrix(ties, units).empty
    assert communities(ties, units, 100).members.empty
    assert roster_response(ties, [])["reason"] == "not estimable: nobody is on the roster"


def test_one_unit():
    ties, units = ties_of("ab", "bc"), units_of("abc", "xxx")
    found = ei_index(ties, units, 100).units
    assert found["observed"].tolist() == [-1.0, -1.0]
    assert set(found["reason"]) == {"no null: there is only one unit"}
    assert found[NULL].isna().all().all()
    assert assortativity(ties, units)["reason"] == "not estimable: one unit has all ties"
    circles = communities(ties, units, 100).crossing
    assert set(circles["reason"]) == {"no null: there is only one unit"}


def test_every_unit_is_one_person():
    ties, units = ties_of("ab", "bc", "ca"), units_of("abc", "xyz")
    found = ei_index(ties, units, 100).units
    assert found["observed"].tolist() == [1.0] * 4
    assert set(found["reason"]) == {"no null: every unit is one person"}
    assert found[NULL].isna().all().all()
    assert assortativity(ties, units)["assortativity"] == pytest.approx(-0.5)
    circles = communities(ties, units, 100)
    assert circles.table["n_units"].tolist() == [3]
    assert set(circles.crossing["reason"]) == {"no null: there is only one community"}
    assert (density_matrix(ties, units)["reason"] != "").sum() == 3


def test_a_unit_with_one_person_and_one_without_ties():
    ties, units = ties_of("ab", "ba", "ca", "bc"), units_of("abcd", "xxyz")
    found = ei_index(ties, units, 200).units.set_index("unit")
    assert found.loc["y", ["n", "internal", "external", "observed"]].tolist() == [1, 0, 1, 1.0]
    assert found.loc["z", "reason"] == NO_TIES
    assert np.isnan(found.loc["z", "p"])
    cells = density_matrix(ties, units).set_index(["from", "to"])
    assert cells.loc[("y", "y"), "reason"] == "not estimable: no tie is possible here"
    assert cells.loc[("y", "x"), "density"] == 0.5


def test_disconnected_people_are_fine():
    ties = ties_of("ab", "bc", "ca", "de", "ef", "fd")
    found = communities(ties, units_of("abcdefg", "xxxyyyy"), 100)
    assert found.members.to_dict() == dict(zip("abcdef", [1, 1, 1, 2, 2, 2], strict=True))
    assert ei_index(ties, units_of("abcdefg", "xxxyyyy"), 100).units.loc[0, "observed"] == -1


def test_units_that_follow_the_groups_have_no_null():
    units = units_of("abcd", "xxyy")
    found = ei_index(ties_of("ab", "ac"), units, 100, within=units_of("abcd", "1122")).units
    assert found.loc[0, "reason"] == "no null: within each group everybody has the same unit"
    assert found.loc[0, "observed"] == 0


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"ties": pd.DataFrame({"a": ["x"]})}, "columns from and to"),
        ({"ties": None}, "columns from and to"),
        ({"units": ["x"]}, "Units are a Series"),
        ({"units": pd.Series(["x", "y"], index=["a", "a"])}, "two units"),
        ({"ties": ties_of("ab", "ba").assign(wave=["w1", "w2"])}, "several waves"),
        ({"ties": pd.DataFrame({"from": ["a"], "to": [None]})}, "no 'from' or no 'to'"),
        ({"permutations": 10}, "at least 100"),
        ({"permutations": 1000.5}, "at least 100"),
        ({"permutations": True}, "at least 100"),
        ({"permutations": "many"}, "at least 100"),
        ({"within": ["x"]}, "`within` is a Series"),
        ({"within": pd.Series(["1"], index=["a"])}, "has a place in `within`"),
    ],
)
def test_bad_input_is_one_clear_error(change, words):
    given_ = {"ties": ties_of("ab"), "units": units_of("ab", "xy"), "permutations": 100} | change
    with pytest.raises(InputError, match=words):
        ei_index(**given_)


# --- density and response ------------------------------------------------------------------


def test_who_was_not_heard_could_not_name_anybody():
    ties, units = ties_of("ab", "ac"), units_of("abcd", "xxyy")
    found = density_matrix(ties, units, respondents=["a", "c"]).set_index(["from", "to"])
    assert found.loc[("x", "x"), ["n", "ties", "possible", "density"]].tolist() == [1, 1, 1, 1.0]
    assert found.loc[("x", "y"), ["n", "ties", "possible", "density"]].tolist() == [1, 1, 2, 0.5]
    assert found.loc[("y", "x"), ["n", "ties", "possible"]].tolist() == [1, 0, 2]
    # Who names somebody was heard, whatever the list says.
    again = density_matrix(ties, units, respondents=["c"]).set_index(["from", "to"])
    pd.testing.assert_frame_equal(again, found)


def test_undirected_density_counts_each_pair_of_people_once():
    ties, units = ties_of("ab", "ba", "ac", "cd"), units_of("abcd", "xxyy")
    found = density_matrix(ties, units, directed=False).set_index(["from", "to"])
    assert found["ties"].tolist() == [1, 1, 1, 1]
    assert found["possible"].tolist() == [1, 4, 4, 1]
    heard = density_matrix(ties, units, directed=False, respondents=["a"])
    people, units = "abcd", units.to_dict()
    speak = {"a", "c"}  # c names d, so c was heard
    for row in heard.to_dict("records"):
        pairs = {
            frozenset((i, j)) for i in people for j in people
            if i != j and units[i] == row["from"] and units[j] == row["to"] and {i, j} & speak
        }  # fmt: skip
        assert row["possible"] == len(pairs), row


def test_response_of_a_roster():
    ties = ties_of("ab", "ab", "bb", "ca", "cx", "xa")
    found = roster_response(ties, list("abcd"))
    assert found[["invited", "n", "response_rate"]].tolist() == [4, 2, 0.5]
    assert found["to_silent"] == 0.5
    assert "50 %" in found["warning"]


@pytest.mark.parametrize(
    ("rate", "words"),
    [(0.8, ""), (0.7999, "under 80 %"), (0.7, "under 80 %"), (0.6999, "under 70 %"), (0.0, "0 %")],
)
def test_the_warning_follows_the_rate(rate, words):
    found = roster_warning(rate)
    assert (found == "") is (words == "")
    assert words in found


# --- surveys -------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def sample():
    return read_survey(ROOT / "data" / "sample")


def small(units, ties, *, responded=None):
    people = people_of({"function": units}, responded=responded)
    survey = survey_of(pd.DataFrame(index=people.index), people, [])
    names = people.index.get_level_values("respondent")
    rows = [(WAVE, names[one], names[other]) for one, other in ties]
    return replace(survey, ties=pd.DataFrame(rows, columns=["wave", "from", "to"]))


def test_the_sample_keeps_to_its_functions_and_says_how_few_were_heard(sample):
    """The sample's ties are drawn inside teams and functions; `truth.toml` says how often."""
    found = ei_by_unit(sample, permutations=200)
    whole = found[found["lens"] == "all"].set_index("wave")
    assert whole["reason"].tolist() == ["", *["not estimable: no ties in this wave"] * 2, ""]
    asked = whole[whole["reason"] == ""]
    assert (asked["observed"] < asked["null_low"] - 0.5).all()
    assert asked["warning"].str.contains("under 70 %").all()
    response = tie_response(sample).set_index("wave")
    assert response["n"].to_dict() == whole["n"].to_dict()
    assert (response.loc[asked.index, "response_rate"] == asked["n"] / asked["invited"]).all()
    units = found[found["lens"] == "function"]
    assert units.groupby("wave")["n"].sum().to_dict() == asked["n"].to_dict()


def test_functions_still_hold_ties_within_locations_but_not_within_teams(sample):
    last = sample.in_waves([sample.wave])
    found = ei_by_unit(last, within="location", permutations=200).iloc[0]
    assert found["observed"] < found["null_low"] - 0.5
    teams = ei_by_unit(last, within="team", permutations=200).iloc[0]
    assert teams["reason"] == "no null: within each group everybody has the same unit"


def test_waves_and_lenses_are_those_of_the_survey(sample):
    ties, units = wave_ties(sample, "location", "2025Q4")
    assert set(ties["wave"]) == {"2025Q4"}
    assert len(units) == 1200
    with pytest.raises(InputError, match="did you mean 'function'"):
        wave_ties(sample, "functoin")
    with pytest.raises(InputError, match="no wave"):
        wave_ties(sample, wave="2031Q1")


def test_an_index_of_one_kind_of_ties_is_withheld():
    """Six people who all name inside only: -1.00 would be what each of them answered."""
    inside = [(one, (one + 1) % 6) for one in range(6)]
    mixed = [(6, 7), (7, 0), (8, 9), (9, 6), (10, 11), (11, 3)]
    survey = small(list("AAAAAABBBBBB"), inside + mixed)
    found = ei_by_unit(survey, permutations=100).set_index("unit")
    assert found.loc["A", "reason"] == "hidden (all ties are of one kind)"
    assert np.isnan(found.loc["A", "observed"])
    assert found.loc["B", "observed"] == pytest.approx(-0.33)
    shown = plan_reporting(survey).apply(found.reset_index())
    assert shown["shown"].all()
    assert shown.set_index("unit").loc["A", "reason"] == "hidden (all ties are of one kind)"


def test_few_who_name_somebody_are_hidden_by_the_plan():
    ties = [(one, (one + 1) % 8) for one in range(8)] + [(8, 9), (9, 0), (10, 9), (11, 1)]
    survey = small(list("AAAAAAAABBBBBB"), ties)
    found = plan_reporting(survey).apply(ei_by_unit(survey, permutations=100)).set_index("unit")
    assert found.loc["B", "reason"] == "hidden (<5)"
    assert np.isnan(found.loc["B", "observed"])


def test_densities_through_the_plan():
    draws = np.random.default_rng(2)
    units = list("AAAAAAAAAABBBBBBBBCCCDDD")
    ties = {tuple(sorted(draws.choice(18, 2, replace=False), reverse=True)) for _ in range(60)}
    ties |= {(18, 0), (19, 20), (0, 19), (21, 3), (22, 23), (23, 9)}
    survey = small(units, sorted(ties))
    raw = tie_density(survey)
    table_ = show_density(raw, plan_reporting(survey)).set_index(["from", "to"])
    told = table_["reason"]
    assert told["C", "A"] == told["C", "C"] == "hidden (<5)"
    assert told["B", "A"] == ""
    few = raw.set_index(["from", "to"])["ties"].between(0, 4) & table_["shown"]
    assert few.any()
    assert set(told[few]) == {"fewer than 5 ties"}
    assert table_.loc[few, ["ties", "density"]].isna().all().all()
    numbers = table_.loc[~table_["shown"], ["n", "ties", "possible", "density"]]
    assert len(numbers)
    assert numbers.isna().all().all()


def everybody(*people):
    return list(itertools.permutations(people, 2))


NOBODY = [None] * 10
HARD = {
    # ties, units: reason of the whole organisation's index, and of each cell of the densities
    "one unit": (
        "A" * 8, everybody(*range(8)), "no null: there is only one unit", [""],
    ),
    "every unit one person": (
        "ABCDEFGH", everybody(*range(8)), "no null: every unit is one person", ["hidden (<5)"] * 64,
    ),
    "disconnected": (
        "A" * 6 + "B" * 6, everybody(*range(6)) + everybody(*range(6, 12)),
        "hidden (all ties are of one kind)", ["", "fewer than 5 ties", "fewer than 5 ties", ""],
    ),
    "self ties alone": (
        "AAAAABBBBB", [(n, n) for n in range(10)],
        "not estimable: no ties here", ["fewer than 5 ties"] * 4,
    ),
    "a function with one person": (
        "AAAAAABBBBBBC", everybody(*range(13)), "",
        [*["hidden (protects a smaller unit)"] * 3, "", "", "hidden (about <5 people)",
         *["hidden (<5)"] * 3],
    ),
    "nobody has a unit": (
        NOBODY, everybody(*range(10)),
        "not estimable: no ties here", ["not estimable: nobody has a unit"],
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", HARD)
def test_hard_cases_on_the_way_to_a_report(name):
    units, ties, whole, cells = HARD[name]
    survey = small(list(units), ties)
    plan = plan_reporting(survey)
    index = plan.apply(ei_by_unit(survey, permutations=100))
    assert index.loc[0, "reason"] == whole
    assert (index["observed"].notna() | index["reason"].ne("")).all()
    assert index.loc[index["reason"].ne(""), NULL].isna().all().all()
    told = show_density(tie_density(survey), plan)
    assert told["reason"].tolist() == cells
    assert told["density"].notna().tolist() == [reason == "" for reason in cells]
    heard = tie_response(survey).iloc[0]
    assert heard["ties"] + heard["self"] == len(ties)
    assert heard["reason"].startswith("unknown")
    for chart, table_ in ((plot_ei, index), (plot_density, told)):
        assert chart(table_).layout.meta["alt"]


def test_ties_that_a_report_leaves_out_are_counted():
    survey = small(list("AAAAABBBBB"), [])
    pairs = [("p000", "p001"), ("p000", "p001"), ("p001", "p000"), ("p002", "p002"), ("p003", "zz"),
             ("zz", "p003"), ("yy", "yy")]  # fmt: skip
    ties = pd.DataFrame([(WAVE, *pair) for pair in pairs], columns=["wave", "from", "to"])
    found = tie_response(replace(survey, ties=ties)).iloc[0]
    assert found[["ties", "self", "strangers", "twice"]].tolist() == [2, 2, 2, 1]
    index = ei_by_unit(replace(survey, ties=ties), permutations=100)
    assert index.loc[0, "n"] == 2
    cells = tie_density(replace(survey, ties=ties))
    assert cells["ties"].tolist() == [2, 0, 0, 0]


def test_who_names_whom_plays_a_part_in_a_report():
    """One unit names the other and is not named: an index each, and a density each way."""
    survey = small(list("AAAAAABBBBBB"), [(a, b) for a in range(6) for b in range(6, 12)] +
                   everybody(*range(6, 12)) + [(0, 1)])  # fmt: skip
    found = ei_by_unit(survey, permutations=100).set_index("unit")
    assert found.loc["A", "observed"] == pytest.approx(35 / 37, abs=0.005)
    assert found.loc["B", "reason"] == "hidden (all ties are of one kind)"
    cells = show_density(tie_density(survey), plan_reporting(survey)).set_index(["from", "to"])
    assert cells.loc[("A", "B"), "density"] == 1.0
    assert cells.loc[("B", "A"), "reason"] == "fewer than 5 ties"


def test_a_wave_without_ties_is_said_everywhere():
    survey = small(list("AAAAABBBBB"), [])
    none = "not estimable: no ties in this wave"
    plan = plan_reporting(survey)
    assert ei_by_unit(survey)["reason"].tolist() == [none]
    assert plan.apply(ei_by_unit(survey))["reason"].tolist() == [none]
    assert show_density(tie_density(survey), plan)["reason"].tolist() == [none]
    heard = tie_response(survey)
    assert heard["reason"].tolist() == [none]
    assert heard.loc[0, ["n", "ties", "self", "strangers", "twice"]].tolist() == [0] * 5


def test_without_a_list_of_the_invited_the_rate_is_not_known():
    survey = small(list("AAAAABBBBB"), [(0, 1), (1, 7)])
    found = tie_response(survey).iloc[0]
    assert np.isnan(found["response_rate"])
    assert found["reason"].startswith("unknown")
    assert ei_by_unit(survey, permutations=100)["invited"].isna().all()
    known = small(list("AAAAABBBBB"), [(0, 1), (1, 7)], responded=[True] * 4 + [False] * 6)
    assert tie_response(known).iloc[0]["response_rate"] == 0.2
    assert ei_by_unit(known, permutations=100)["invited"].tolist() == [10, 5, 5]
    assert tie_density(known)["n"].tolist() == [4, 4, 0, 0]
