"""Paths through a mediator, within teams and between, against lmerTest and drawing by R."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest

from cultureplus.charts.mediation import plot_mediation
from cultureplus.errors import InputError
from cultureplus.mediation import EFFECTS, NOTE, mediation
from tests.small_surveys import army, oracle, table

CASES = oracle("mediation")
NUMBERS = ["estimate", "se", "df", "p", "low", "high"]
COLUMNS = [
    "predictor", "mediator", "outcome", "level", "effect", *NUMBERS, "n", "n_groups", "note",
    "reason",
]  # fmt: skip


def columns_of(case):
    frame = army() if "army" in case["data"] else table(case["data"])
    x, m, y, group = (frame[case[name]] for name in ("x", "m", "y", "group"))
    if case["design"] == "2-1-1":
        whole = frame[[case[name] for name in ("x", "m", "y", "group")]].notna().all(axis=1)
        x = x.where(whole).groupby(group).transform("mean")
    return x, m, y, group, case["design"]


@pytest.mark.parametrize("case", CASES.values(), ids=list(CASES))
def test_the_paths_of_r(case):
    found = mediation(*columns_of(case))
    levels = ["within", "between"] if case["design"] == "1-1-1" else ["between"]
    assert list(found) == COLUMNS
    assert found["level"].unique().tolist() == levels
    assert found["effect"].tolist() == list(EFFECTS) * len(levels)
    assert (found["n"] == case["n"]).all()
    assert (found["n_groups"] == case["n_groups"]).all()
    assert set(found["note"]) == {NOTE}
    assert (found["reason"] == "").all()
    for row in found.to_dict("records"):
        known = case[row["level"]][row["effect"]]
        near = 1e-4 * max(abs(known["estimate"]), known["se"])
        assert row["estimate"] == pytest.approx(known["estimate"], abs=near)
        assert row["se"] == pytest.approx(known["se"], rel=1e-4)
        if row["effect"] == "indirect":
            # Ten thousand draws against two million: within four errors of such an end.
            assert row["low"] == pytest.approx(known["low"], abs=4 * known["error_low"])
            assert row["high"] == pytest.approx(known["high"], abs=4 * known["error_high"])
            assert np.isnan([row["df"], row["p"]]).all()
        else:
            assert row["df"] == pytest.approx(known["df"], rel=1e-3)
            assert row["p"] == pytest.approx(known["p"], rel=2e-3, abs=1e-12)
            for end in ("low", "high"):
                assert row[end] == pytest.approx(known[end], abs=3 * near)


def made(*, a=(0.6, 0.5), b=(-0.5, -0.7), direct=(0.0, 0.2), teams=60, size=8, sizes=None, seed=4):
    """x, m and y with these paths within and between teams."""
    draw = np.random.default_rng(seed)
    team = np.repeat(np.arange(teams), size if sizes is None else sizes)
    n = len(team)

    def parts(spread):
        away = draw.normal(size=n)
        away -= (np.bincount(team, weights=away) / np.bincount(team))[team]
        return away, spread * draw.normal(size=teams)[team]

    xw, xb = parts(0.8)
    ew, eb = parts(0.4)
    mw, mb = a[0] * xw + ew, a[1] * xb + eb
    fw, fb = parts(0.4)
    yw, yb = b[0] * mw + direct[0] * xw + fw, b[1] * mb + direct[1] * xb + fb
    names = ("safety", "skill", "silos")
    pairs = ((xw, xb), (mw, mb), (yw, yb))
    columns = [
        pd.Series(4 + one + two, name=name) for name, (one, two) in zip(names, pairs, strict=True)
    ]
    return [*columns, pd.Series([f"t{n:02d}" for n in team])]


def wide(found: pd.DataFrame) -> pd.DataFrame:
    return found.set_index(["level", "effect"])


def test_with_few_teams_the_paths_are_drawn_from_t():
    found = wide(mediation(*made(teams=14), draws=400_000))
    a, b = (found.loc[("between", effect)] for effect in "ab")
    assert b["df"] < 15
    draw = np.random.default_rng(5)
    product = np.prod(
        [each["estimate"] + each["se"] * draw.standard_t(each["df"], 400_000) for each in (a, b)],
        axis=0,
    )
    ends = np.percentile(product, [2.5, 97.5])
    row = found.loc[("between", "indirect")]
    assert [row["low"], row["high"]] == pytest.approx(ends, abs=0.01 * (ends[1] - ends[0]))


def test_the_paths_that_were_put_in_are_found():
    found = wide(mediation(*made(teams=200)))
    truth = {
        "within": (0.6, -0.5, 0.0, -0.3, -0.3), "between": (0.5, -0.7, 0.2, -0.35, -0.15),
    }  # fmt: skip
    for level, values in truth.items():
        for effect, value in zip(EFFECTS, values, strict=True):
            row = found.loc[(level, effect)]
            assert row["estimate"] == pytest.approx(value, abs=3 * row["se"]), (level, effect)
            assert row["low"] < row["estimate"] < row["high"]
    assert found.loc[("within", "indirect"), "high"] < 0
    assert found.loc[("between", "indirect"), "high"] < 0


def test_no_path_is_no_indirect_effect():
    found = wide(mediation(*made(b=(0.0, 0.0))))
    for level in ("within", "between"):
        row = found.loc[(level, "indirect")]
        assert row["low"] < 0 < row["high"]
        assert found.loc[(level, "a"), "p"] < 0.01


def test_direct_and_indirect_make_the_total():
    equal = wide(mediation(*made()))["estimate"]
    draw = np.random.default_rng(1)
    unequal = wide(mediation(*made(sizes=draw.integers(2, 20, 60))))["estimate"]
    for level, estimate, near in (
        ("within", equal, 1e-9), ("between", equal, 1e-6), ("within", unequal, 1e-9),
    ):  # fmt: skip
        sum_of = estimate[level, "direct"] + estimate[level, "indirect"]
        assert sum_of == pytest.approx(estimate[level, "total"], abs=near), level


def test_the_levels_do_not_touch_each_other():
    # Moving whole teams changes nothing within; turning people inside a team nothing between.
    x, m, y, team = made()
    shift = team.map({name: k for k, name in enumerate(team.unique())})
    moved = mediation(x + 0.3 * shift, m - 0.2 * shift, y + 0.1 * shift, team)
    found = mediation(x, m, y, team)
    rows = found["level"] == "within"
    np.testing.assert_allclose(
        moved.loc[rows, "estimate"], found.loc[rows, "estimate"], rtol=1e-9, atol=1e-10
    )
    assert not np.allclose(moved.loc[~rows, "estimate"], found.loc[~rows, "estimate"])


def test_a_property_of_the_team_has_paths_between_only():
    x, m, y, team = made()
    of_team = x.groupby(team).transform("mean")
    found = mediation(of_team, m, y, team, design="2-1-1")
    assert found["level"].unique().tolist() == ["between"]
    both = mediation(x, m, y, team)
    between = both[both["level"] == "between"]
    # With teams of one size the paths between are those of the 1-1-1 design.
    np.testing.assert_allclose(found["estimate"], between["estimate"], rtol=1e-6)
    with pytest.raises(InputError, match="In a 2-1-1 design x is the same"):
        mediation(x, m, y, team, design="2-1-1")


def test_same_seed_same_numbers_in_any_order():
    columns = made()
    found = mediation(*columns, seed=7)
    moved = np.random.default_rng(2).permutation(len(columns[0]))
    other = mediation(*[column.iloc[moved] for column in columns], seed=7)
    pd.testing.assert_frame_equal(found, other, check_exact=True)
    new = mediation(*columns, seed=8)
    rows = found["effect"] == "indirect"
    assert (new.loc[rows, "low"] != found.loc[rows, "low"]).all()
    pd.testing.assert_frame_equal(new[~rows], found[~rows])


def test_missing_answers_leave_people_out():
    columns = made()
    for place, column in zip((3, 50, 90, 91), columns, strict=True):
        column[place] = None
    found = mediation(*columns)
    assert (found["n"] == 476).all()
    kept = ~np.isin(np.arange(480), [3, 50, 90, 91])
    pd.testing.assert_frame_equal(found, mediation(*[column[kept] for column in columns]))


def test_names_come_from_the_columns():
    columns = made()
    found = mediation(*columns)
    assert found.loc[0, ["predictor", "mediator", "outcome"]].tolist() == [
        "safety", "skill", "silos",
    ]  # fmt: skip
    bare = mediation(*[column.rename(None) for column in columns])
    assert bare.loc[0, ["predictor", "mediator", "outcome"]].tolist() == ["x", "m", "y"]


HARD = {
    "one team": (
        lambda x, m, y, g: (x, m, y, g.where(g == "t", "t")),
        "not estimable: 1 group", "not estimable: 0 degrees of freedom between groups",
    ),
    "teams of one": (
        lambda x, m, y, g: (x, m, y, pd.Series([f"p{n}" for n in range(len(x))])),
        "not estimable: 0 degrees of freedom within groups", "not estimable: every group has one",
    ),
    "twelve teams": (
        lambda x, m, y, g: tuple(each[:96] for each in (x, m, y, g)),
        "", "not estimable: 9 degrees of freedom between groups, at least 10",
    ),
    "x of the team": (
        lambda x, m, y, g: (x.groupby(g).transform("mean"), m, y, g),
        "not estimable: within a group everybody has the same x", "",
    ),
    "m of the team": (
        lambda x, m, y, g: (x, m.groupby(g).transform("mean"), y, g),
        "not estimable: within a group everybody has the same m",
        "not estimable: within groups nothing is left to explain",
    ),
    "x alike in all teams": (
        lambda x, m, y, g: (x - x.groupby(g).transform("mean"), m, y, g),
        "", "not estimable: every group has the same mean of x",
    ),
    "m is x": (
        lambda x, m, y, g: (x, 2 * x + 1, y, g),
        "not estimable: m is collinear with x within groups",
        "not estimable: m is collinear with x between groups",
    ),
    "m is x between teams": (
        lambda x, m, y, g: (
            x, m - m.groupby(g).transform("mean") - 2 * x.groupby(g).transform("mean"), y, g,
        ),
        "", "not estimable: m is collinear with x between groups",
    ),
    "a constant outcome": (
        lambda x, m, y, g: (x, m, y * 0 + 4.1, g),
        "not estimable: nothing is left to explain", "not estimable: nothing is left to explain",
    ),
    "nobody": (
        lambda x, m, y, g: (x, m * np.nan, y, g),
        "not estimable: 0 degrees of freedom within", "not estimable: 0 degrees of freedom between",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("change", "within", "between"), HARD.values(), ids=list(HARD))
def test_a_level_that_can_not_be_told_says_why(change, within, between):
    found = mediation(*change(*made()))
    for level, reason in (("within", within), ("between", between)):
        rows = found[found["level"] == level]
        assert rows["effect"].tolist() == list(EFFECTS)
        if reason:
            assert rows[NUMBERS].isna().all(axis=None)
            assert rows["reason"].str.startswith(reason).all()
        else:
            assert rows["estimate"].notna().all()
            assert not rows["reason"].str.startswith("not estimable").any()


def test_a_level_keeps_its_numbers_when_the_other_has_none():
    x, m, y, team = made()
    whole = wide(mediation(x, m, y, team))
    flat = wide(mediation(x - x.groupby(team).transform("mean"), m, y, team))
    np.testing.assert_allclose(
        flat.loc["within", "estimate"], whole.loc["within", "estimate"], rtol=1e-8, atol=1e-9
    )


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"design": "1-1-2"}, "no design '1-1-2'"),
        ({"draws": 10}, "1000 draws"),
        ({"seed": -1}, "seed from 0"),
    ],
)
def test_a_wrong_option_is_refused(options, message):
    with pytest.raises(InputError, match=message):
        mediation(*made(), **options)


def test_columns_that_do_not_belong_together_are_refused():
    x, m, y, team = made()
    with pytest.raises(InputError, match="'m' has other rows"):
        mediation(x, m.iloc[1:], y, team)
    with pytest.raises(InputError, match="no number"):
        mediation(x, m, y.astype(str) + "!", team)


# ---------------------------------------------------------------------------- chart
def said(figure) -> str:
    return json.dumps(json.loads(figure.to_json()), ensure_ascii=False)


def test_the_picture_draws_the_numbers_of_its_table():
    found = mediation(*made())
    before = found.copy()
    figure = plot_mediation(found)
    assert plot_mediation(found).to_json() == figure.to_json()
    pd.testing.assert_frame_equal(found, before)
    for column in ("estimate", "low", "high"):
        for row in range(len(found)):
            moved = found.copy()
            moved.loc[row, column] += 0.01
            assert plot_mediation(moved).to_json() != figure.to_json(), (row, column)
    for word in ("Safety", "Skill", "Silos", "a = ", "indirect = "):
        assert word in said(figure)
    assert "No arrow is a cause" in figure.layout.title.subtitle.text
    assert len(figure.layout.updatemenus[0].buttons) == 2
    assert figure.layout.meta["alt"].endswith(".")
    assert "bdata" not in figure.to_json()


def test_an_arrow_is_dashed_where_zero_is_in_the_interval():
    found = mediation(*made())
    row = found.index[(found["level"] == "within") & (found["effect"] == "a")][0]
    dashes = []
    for low in (0.1, -0.1):
        found.loc[row, ["low", "high"]] = low, 0.9
        dashes.append(plot_mediation(found).data[0].line.dash)
    assert dashes == ["solid", "dash"]


def test_a_level_without_numbers_says_so():
    x, m, y, team = made()
    part = plot_mediation(mediation(x.groupby(team).transform("mean"), m, y, team))
    assert "a: not estimable" in said(part)
    assert "within a group everybody has the same x" in said(part)
    none = plot_mediation(mediation(x, m, y * 0 + 4.1, team))
    assert len(none.data) == 0
    assert none.layout.annotations[0].text.startswith("not estimable: ")
    assert "not asked" in plot_mediation(mediation(x, m, y, team).iloc[:0]).layout.meta["alt"]


def test_what_is_no_mediation_is_refused():
    found = mediation(*made())
    with pytest.raises(InputError, match="does not have: 'low'"):
        plot_mediation(found.drop(columns="low"))
    with pytest.raises(InputError, match="one path stands twice"):
        plot_mediation(pd.concat([found, found]))
    with pytest.raises(InputError, match="no such effect"):
        plot_mediation(found.assign(effect="c"))


@pytest.mark.parametrize("label", ["<b>bold</b>", "$x^2$ %{x}", "left\u202ethgir\x00"])
def test_labels_are_never_markup(label):
    x, m, y, team = made()
    found = mediation(x.rename(label), m, y.rename(f"{label} y"), team)
    found = found.assign(reason=label, note=label)
    figure = json.loads(plot_mediation(found).to_json())
    figure["layout"].pop("meta"), figure["layout"].pop("template")
    text = json.dumps(figure, ensure_ascii=False).replace("<br>", "")
    assert not set(text) & set("<>$\u202e\x00")
    assert "%{" not in text
    assert not set(plot_mediation(found).layout.meta["alt"]) & set('<>"\u202e\x00\n')
