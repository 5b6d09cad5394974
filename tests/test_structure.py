"""The structure of questionnaires: planted factors come out, wrong claims are told, few are not."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import numpy as np
import pandas as pd
import pytest

from cultureplus.factor import cfa, htmt2, parallel_analysis
from cultureplus.instrument import Item
from cultureplus.structure import Structure, structure_of
from tests.small_surveys import people_of, scale, survey_of

ONE = {"": [f"q{place}" for place in range(6)]}
TWO = {"x": ["a1", "a2", "a3", "a4"], "y": ["b1", "b2", "b3", "b4"]}
THREE = {"x": ["a1", "a2", "a3"], "y": ["b1", "b2", "b3"], "z": ["c1", "c2", "c3"]}
CUTS = {5: [-1.2, -0.4, 0.4, 1.2], 7: [-1.5, -0.9, -0.3, 0.3, 0.9, 1.5]}
LOADINGS = (0.8, 0.7, 0.6, 0.75, 0.65, 0.7)
NUMBERS = ["chisq", "df", "pvalue", "cfi", "tli", "rmsea", "rmsea_low", "rmsea_high", "srmr"]


def drawn(parts, n=600, *, high=5, correlation=0.4, turned=(), method=0.0, seed=1):
    """Answers of people whose factors correlate so; `turned` items share a method factor."""
    draw = np.random.default_rng(seed)
    k = len(parts)
    spread = np.full((k, k), correlation) + (1 - correlation) * np.eye(k)
    factors = draw.multivariate_normal(np.zeros(k), spread, n)
    style = draw.normal(size=n)
    answers = {}
    for factor, items in zip(factors.T, parts.values(), strict=True):
        for item, loading in zip(items, LOADINGS, strict=False):
            aside = method if item in turned else 0.0
            own = np.sqrt(1 - loading**2 - aside**2)
            raw = loading * factor + aside * style + own * draw.normal(size=n)
            given = 1.0 + np.searchsorted(CUTS[high], raw)
            answers[item] = high + 1 - given if item in turned else given
    people = people_of({"team": [f"t{place % 20}" for place in range(n)]})
    return pd.DataFrame(answers, index=people.index), people


def instrument(parts, *, high=5, turned=(), name="skill"):
    items = [item for mine in parts.values() for item in mine]
    found = scale(items, name=name, high=high, turned=turned)
    if list(parts) == [""]:
        return found
    parted = tuple(
        Item(item, f"Text of {item}.", subscale=part, reversed=item in turned)
        for part, mine in parts.items() for item in mine
    )  # fmt: skip
    return replace(found, items=parted, subscales={part: part.title() for part in parts})


def structure(answers, people, *instruments) -> Structure:
    return structure_of(survey_of(answers, people, instruments))


@cache
def planted(kind: str) -> Structure:
    """Structures that several tests look at."""
    if kind == "one, seven answers":
        return structure(*drawn(ONE, high=7), instrument(ONE, high=7))
    parts = {"one": ONE, "two": TWO, "three": THREE}[kind]
    return structure(*drawn(parts), instrument(parts))


# ---------------------------------------------------------------------------- planted factors
@pytest.mark.parametrize(
    ("kind", "parts", "estimator"),
    [
        ("one", ONE, "wlsmv"), ("one, seven answers", ONE, "mlr"), ("two", TWO, "wlsmv"),
        ("three", THREE, "wlsmv"),
    ],
)  # fmt: skip
def test_planted_factors_come_out(kind, parts, estimator):
    found = planted(kind)
    fit = found.fit.set_index("model")
    assert fit.loc["as claimed", "verdict"] == "fits well"
    assert set(fit["estimator"]) == {estimator}
    assert fit.loc["as claimed", "n_factors"] == len(parts)
    loadings = found.loadings
    true = np.concatenate([LOADINGS[: len(items)] for items in parts.values()])
    # Six hundred people know a loading to about .03; answers in seven steps take a little of it.
    assert loadings["std"].tolist() == pytest.approx(true, abs=0.1)
    inside = (loadings["low"] < true) & (true < loadings["high"])
    assert inside.mean() >= (0.8 if estimator == "wlsmv" else 0.6)
    kept = found.eigenvalues["keep"].sum()
    assert kept == len(parts)
    assert set(found.eigenvalues["expected"]) == {len(parts)}
    if len(parts) > 1:
        assert fit.loc["one factor", "verdict"] == "does not fit"
        assert found.distinct["distinct"].all()
        assert found.distinct["htmt2"].to_numpy() == pytest.approx(0.4, abs=0.12)


def test_the_tables_are_those_of_the_analyses():
    found = planted("two")
    answers, _ = drawn(TWO)
    model = {f"skill.{part}": items for part, items in TWO.items()}
    fit = cfa(answers, model, "wlsmv")
    row = found.fit.iloc[0]
    for name in ("cfi", "tli", "rmsea", "pvalue", "chisq"):
        assert row[name] == fit.fit[f"{name}_scaled"], name
    assert (row["rmsea_low"], row["rmsea_high"]) == (
        fit.fit["rmsea_scaled_low"], fit.fit["rmsea_scaled_high"],
    )  # fmt: skip
    assert (row["srmr"], row["df"], row["n"]) == (fit.fit["srmr"], fit.fit["df"], 600)
    loadings = found.loadings
    assert loadings["std"].tolist() == fit.loadings["std"].tolist()
    half = 1.959963984540054 * fit.loadings["std_se"] / (1 - fit.loadings["std"] ** 2)
    for end, sign in (("low", -1), ("high", 1)):
        expected = np.tanh(np.arctanh(fit.loadings["std"]) + sign * half)
        assert loadings[end].tolist() == pytest.approx(expected.tolist())
    assert loadings["text"].tolist()[0] == "Text of a1."
    chance = parallel_analysis(answers, seed=1, ordinal=True)
    assert found.eigenvalues["observed"].tolist() == chance["observed"].tolist()
    pairs = htmt2(answers, model, ordinal=True)
    assert found.distinct["htmt2"].tolist() == pairs["htmt2"].tolist()


def test_a_wrong_claim_does_not_fit():
    answers, people = drawn(THREE)
    mixed = {"x": ["a1", "b1", "c1"], "y": ["a2", "b2", "c2"], "z": ["a3", "b3", "c3"]}
    found = structure(answers, people, instrument(mixed))
    assert found.fit["verdict"].str.startswith("does not fit").all()
    assert not found.distinct["distinct"].any()
    lumped = structure(answers, people, instrument({"": [i for p in THREE.values() for i in p]}))
    assert lumped.fit["verdict"].tolist() == ["does not fit"]
    assert lumped.eigenvalues["keep"].sum() == 3 > lumped.eigenvalues["expected"][0]


def test_four_subscales_have_a_rival_behind_them_all():
    parts = {name: [f"{name}{place}" for place in range(3)] for name in "stuv"}
    found = structure(*drawn(parts, correlation=0.6), instrument(parts)).fit.set_index("model")
    assert list(found.index) == ["as claimed", "one factor", "second-order"]
    assert found.loc["second-order", "verdict"] == "fits well"
    assert found.loc["second-order", "df"] == found.loc["as claimed", "df"] + 2


@pytest.mark.parametrize("high", [5, 7])
def test_the_method_factor_of_turned_wordings_is_found(high):
    turned = ("q1", "q3", "q5")
    answers, people = drawn(ONE, high=high, turned=turned, method=0.5)
    found = structure(answers, people, instrument(ONE, high=high, turned=turned))
    fit = found.fit.set_index("model")
    assert list(fit.index) == ["as claimed", "with a method factor"]
    assert fit.loc["as claimed", "verdict"] == "does not fit"
    assert fit.loc["with a method factor", "verdict"] == "fits well"
    assert found.loadings["reversed"].tolist() == [False, True] * 3
    assert (found.loadings["std"] > 0.4).all()  # keyed before the fit
    plain = structure(*drawn(ONE, high=high, turned=turned), instrument(ONE, high=high))
    assert (plain.loadings["std"] < 0).any()  # a forgotten key shows


def test_two_turned_wordings_make_no_factor():
    turned = ("q1", "q3")
    found = structure(*drawn(ONE, turned=turned), instrument(ONE, turned=turned))
    assert found.fit["model"].tolist() == ["as claimed"]


def test_scales_of_two_instruments_are_held_against_each_other():
    draw_one, people = drawn(ONE, high=7)
    other, _ = drawn({"": ["r0", "r1", "r2"]}, seed=2)
    same = draw_one.set_axis([f"s{place}" for place in range(6)], axis=1)
    noise = np.random.default_rng(3).integers(-1, 2, same.shape)
    same = (same + noise).clip(1, 7)
    instruments = [
        instrument(ONE, high=7, name="trust"),
        instrument({"": ["r0", "r1", "r2"]}, name="energy"),
        instrument({"": list(same)}, high=7, name="again"),
    ]
    answers = draw_one.join(other).join(same)
    found = structure(answers, people, *instruments).distinct.set_index(["scale", "other"])
    assert found["distinct"].to_dict() == {
        ("trust", "energy"): True, ("trust", "again"): False, ("energy", "again"): True,
    }  # fmt: skip
    # Up to five answers are ordered categories; two scales of seven are measurements.
    model = {"trust": list(draw_one), "again": list(same)}
    for other_model, ordinal, key in (
        (model, False, ("trust", "again")),
        ({"trust": list(draw_one), "energy": list(other)}, True, ("trust", "energy")),
    ):
        expected = htmt2(answers, other_model, ordinal=ordinal)["htmt2"][0]
        assert found.loc[key, "htmt2"] == expected


def test_the_order_of_people_changes_nothing():
    answers, people = drawn(TWO, 200)
    rows = np.random.default_rng(1).permutation(200)
    one = structure(answers, people, instrument(TWO))
    other = structure(answers.iloc[rows], people, instrument(TWO))
    for name in ("fit", "loadings", "eigenvalues", "distinct"):
        pd.testing.assert_frame_equal(
            getattr(one, name), getattr(other, name), rtol=1e-6, atol=1e-8
        )


def test_only_the_last_wave_is_looked_at():
    now, people = drawn(ONE, 200)
    then, before = drawn(ONE, 300, seed=4)
    before.index = before.index.set_levels(["2026Q2"], level="wave")
    then.index = before.index
    both = structure(pd.concat([then, now]), pd.concat([before, people]), instrument(ONE))
    alone = structure(now, people, instrument(ONE))
    pd.testing.assert_frame_equal(both.fit, alone.fit)
    pd.testing.assert_frame_equal(both.loadings, alone.loadings)


# ---------------------------------------------------------------------------- hard cases
def spoiled(change, n=200, parts=None, high=5):
    parts = parts or ONE
    answers, people = drawn(parts, n, high=high)
    return structure(change(answers), people, instrument(parts, high=high))


HARD = {
    "constant": (lambda t: t.assign(q1=3.0), "everybody answered q1 alike"),
    "twins": (lambda t: t.assign(q1=t["q0"]), "q0 and q1 say the same"),
    "an item not asked": (lambda t: t.assign(q1=np.nan), "nobody answered q1"),
    "nothing asked": (lambda t: t * np.nan, "nobody answered q0"),
    "nobody": (lambda t: t.iloc[:0], "nobody answered q0"),
    "two rows": (lambda t: t.iloc[:2], "2 complete rows for 6 items"),
    "fewer rows than items": (lambda t: t.iloc[:5], "5 complete rows for 6 items"),
    "twelve people": (lambda t: t.iloc[:12], "12 people for "),
}


@pytest.mark.parametrize(("change", "reason"), HARD.values(), ids=list(HARD))
@pytest.mark.parametrize("high", [5, 7])
def test_what_cannot_be_fitted_says_why(change, reason, high):
    found = spoiled(change, high=high)
    (row,) = found.fit.to_dict("records")
    assert reason in row["reason"]
    assert (row["status"], row["verdict"]) == ("not_estimable", "not estimable")
    assert np.isnan([row[name] for name in NUMBERS]).all()
    assert found.loadings[["std", "low", "high"]].isna().all(axis=None)
    assert found.loadings["reason"].str.contains(reason, regex=False).all()
    gone = found.eigenvalues["reason"] != ""
    if reason != "12 people for ":
        assert gone.all()
        assert found.eigenvalues[["observed", "reference"]].isna().all(axis=None)
        assert not found.eigenvalues["keep"].any()


def test_fits_need_ten_people_more_than_free_numbers():
    # Six loadings and six residuals: twelve free numbers.
    few, enough = (spoiled(lambda t, n=n: t.iloc[:n], high=7) for n in (21, 22))
    assert few.fit["reason"].tolist() == [
        "not estimable: 21 people for 12 free numbers, at least 22 needed"
    ]
    assert few.fit["n"].tolist() == [21]
    assert few.fit[NUMBERS].isna().all(axis=None)
    assert few.loadings[["std", "low", "high"]].isna().all(axis=None)
    assert enough.fit["reason"].tolist() == [""]
    assert enough.loadings[["std", "low", "high"]].notna().all(axis=None)


@pytest.mark.parametrize(("rows", "shown"), [(9, False), (10, True)])
def test_eigenvalues_and_pairs_need_ten_complete_rows(rows, shown):
    parts = {"x": ["a1", "a2", "a3"], "y": ["b1", "b2", "b3"]}

    def change(table):
        table = table.iloc[:30].copy()
        table.iloc[rows:, 0] = np.nan
        return table

    found = spoiled(change, parts=parts, high=7)
    few = f"not estimable: {rows} complete rows, at least 10 needed"
    for table, number in ((found.eigenvalues, "observed"), (found.distinct, "htmt2")):
        assert (table["reason"] == ("" if shown else few)).all()
        assert (table[number].notna() == shown).all()
    assert shown or not found.eigenvalues["keep"].any()
    assert found.distinct["distinct"].notna().all() == shown
    assert found.fit["reason"].str.contains("people for").all()


@pytest.mark.parametrize(
    ("items", "verdict", "reason"),
    [
        (["q0"], "not estimable", "moments for"),
        (["q0", "q1"], "not estimable", "moments for"),
        (["q0", "q1", "q2"], "so few items cannot contradict it", ""),
    ],
)
def test_scales_of_few_items(items, verdict, reason):
    answers, people = drawn(ONE, 200)
    found = structure(answers[items], people, instrument({"": items}))
    assert found.fit["verdict"].tolist() == [verdict]
    assert reason in found.fit["reason"][0]
    assert found.eigenvalues["observed"].notna().all()
    assert len(found.eigenvalues) == len(items)


def test_subscales_of_one_item_have_no_factor_of_their_own():
    parts = {"x": ["a1", "a2", "a3"], "y": ["b1"]}
    found = structure(*drawn(parts, 200), instrument(parts))
    assert found.fit["verdict"].tolist()[0] in ("not estimable", "fits well")
    assert found.distinct["htmt2"].notna().all()


def test_an_impossible_loading_is_said_and_has_no_interval():
    """Two items nearly the same, the third hardly related: a loading above 1 fits best."""
    items = ["q0", "q1", "q2"]
    draw = np.random.default_rng(8)
    answers, people = drawn({"": items}, 120, seed=6)
    answers["q1"] = np.where(draw.random(120) < 0.15, 3.0, answers["q0"])
    found = structure(answers, people, instrument({"": items}))
    (row,) = found.fit.to_dict("records")
    assert row["status"].startswith("heywood: ")
    assert row["verdict"].endswith("beware of an impossible number")
    beyond = found.loadings["std"].abs() >= 1
    assert beyond.sum() == 1
    assert found.loadings.loc[beyond, ["low", "high"]].isna().all(axis=None)
    rest = found.loadings[~beyond]
    assert ((rest["low"] > -1) & (rest["low"] < rest["std"])).all()
    assert ((rest["high"] < 1) & (rest["high"] > rest["std"])).all()


def test_a_survey_without_ratings_or_items_has_empty_tables():
    answers, people = drawn(ONE, 50)
    for found in (
        structure(answers, people),
        structure(answers.drop(columns="q0"), people, instrument(ONE)),
    ):
        for name in ("fit", "loadings", "eigenvalues", "distinct"):
            assert len(getattr(found, name)) == 0
        assert {"verdict", "reason"} <= set(found.fit)


def test_a_structure_shows_its_fit():
    found = planted("one")
    assert "structure of the questionnaires" in repr(found)
    assert "fits well" in repr(found)
    assert found._repr_html_().startswith("<table")
