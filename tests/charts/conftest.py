"""Made-up tables with the columns that the charts draw, small enough to follow by eye."""

from __future__ import annotations

import math

import pandas as pd
import pytest

NAN = math.nan
WAVE = "2026Q3"
SCALES = ("psychological_safety", "collaboration_skill.curiosity", "collaboration_outcomes.trust")


def unit_table(names, *, lens="function", hidden=(), scales=SCALES, start=3.0):
    """Unit scores with made-up but orderly numbers; hidden units carry none."""
    rows = []
    for s, scale in enumerate(scales):
        for u, unit in enumerate(names):
            known = unit not in hidden
            mean = start + 0.1 * ((u * 7 + s * 3) % 11)
            rows.append(
                {
                    "wave": WAVE,
                    "lens": lens,
                    "unit": unit,
                    "scale": scale,
                    "n": 20 + u if known else NAN,
                    "invited": 30 + u if known else NAN,
                    "mean": mean if known else NAN,
                    "low": mean - 0.2 if known else NAN,
                    "high": mean + 0.2 if known else NAN,
                    "pomp": 50.0 if known else NAN,
                    "favourable": 0.4 + 0.02 * ((u * 5 + s) % 9) if known else NAN,
                    "difference": mean - 3.5 if known else NAN,
                    "favourable_difference": 0.02 * ((u * 5 + s) % 9) - 0.08 if known else NAN,
                    "shown": known,
                    "reason": "" if known else "hidden (<5)",
                }
            )
    return pd.DataFrame(rows)


@pytest.fixture
def units():
    whole = unit_table(["all"], lens="all", start=3.5)
    functions = unit_table(["Sales", "Engineering", "Legal", "Care"], hidden=("Legal",))
    teams = unit_table([f"Team {number}" for number in range(1, 7)], lens="team")
    return pd.concat([whole, functions, teams], ignore_index=True)


@pytest.fixture
def response():
    return pd.DataFrame(
        {
            "wave": WAVE,
            "lens": ["all", "function", "function", "function", "team"],
            "unit": ["all", "Sales", "Legal", "Care", "Team 1"],
            "invited": [100, 40, NAN, 30, 12],
            "n": [71, 30, NAN, 24, 9],
            "response_rate": [0.71, 0.75, NAN, 0.8, 0.75],
            "shown": [True, True, False, True, True],
            "reason": ["", "", "hidden (<5)", "", ""],
        }
    )


def answer_table(shares, *, scale="psychological_safety", low=1, item="ps1", **changes):
    row = {
        "wave": WAVE,
        "scale": scale,
        "item": item,
        "text": "In this team one may say that something went wrong.",
        "reversed": False,
        "low": low,
        "high": low + len(shares) - 1,
        "n": 120,
        "shown": True,
        "reason": "",
    } | changes
    table = pd.DataFrame([row] * len(shares))
    table["answer"] = range(low, low + len(shares))
    table["share"] = list(shares)
    return table


@pytest.fixture
def answers():
    return pd.concat(
        [
            answer_table([0.05, 0.08, 0.12, 0.2, 0.25, 0.2, 0.1]),
            answer_table([0.3, 0.25, 0.2, 0.1, 0.05, 0.06, 0.04], item="ps2", reversed=True),
            answer_table([0.1, 0.15, 0.3, 0.25, 0.2], scale="collaboration_energy", item="e1"),
        ],
        ignore_index=True,
    )


@pytest.fixture
def reliability():
    return pd.DataFrame(
        {
            "wave": WAVE,
            "scale": list(SCALES),
            "n": [310, 305, 8],
            "n_items": [7, 3, 3],
            "alpha": [0.862, 0.713, NAN],
            "alpha_low": [0.838, 0.654, NAN],
            "alpha_high": [0.883, 0.764, NAN],
            "reason": ["", "", "fewer than 10 complete rows"],
        }
    )


@pytest.fixture
def barriers():
    return pd.DataFrame(
        {
            "wave": WAVE,
            "barrier": ["silos", "missing_vision", "control_holding", "tools"],
            "n": [400, 400, 400, 0],
            "share": [0.583, 0.352, 0.291, NAN],
            "low": [0.534, 0.306, 0.249, NAN],
            "high": [0.63, 0.4, 0.337, NAN],
            "published": [0.67, 0.32, 0.32, NAN],
            "note": ["The base of the published figures is unverified."] * 3 + [""],
            "reason": ["", "", "", "nobody was asked"],
        }
    )


@pytest.fixture
def links():
    rows = []
    for o, outcome in enumerate(("silos", "missing_vision", "control_holding")):
        for p, predictor in enumerate(SCALES):
            for e, effect in enumerate(("within", "between", "contextual")):
                std = -0.4 + 0.07 * o + 0.11 * p + 0.13 * e
                rows.append(
                    {
                        "outcome": f"silo_barriers.{outcome}",
                        "predictor": predictor,
                        "effect": effect,
                        "r": std,
                        "estimate": std * 1.3,
                        "se": 0.05,
                        "df": 90.0,
                        "t": -3.0,
                        "p": 0.004,
                        "low": std * 1.3 - 0.1,
                        "high": std * 1.3 + 0.1,
                        "std": std,
                        "std_low": std - 0.09,
                        "std_high": std + 0.09,
                        "n": 900,
                        "n_groups": 110,
                        "reason": "",
                    }
                )
    table = pd.DataFrame(rows)
    lost = (table["effect"] == "contextual") & (table["predictor"] == SCALES[2])
    table.loc[lost, ["estimate", "std", "std_low", "std_high"]] = NAN
    table.loc[lost, "reason"] = "the units do not differ"
    return table


@pytest.fixture
def change():
    rows = []
    for lens, names in {"all": ["all"], "function": ["Sales", "Legal", "Care"]}.items():
        for u, unit in enumerate(names):
            for s, scale in enumerate(SCALES):
                known = unit != "Legal"
                move = 0.15 * (s - 1) + 0.04 * u
                rows.append(
                    {
                        "wave": WAVE,
                        "previous": "2026Q2",
                        "lens": lens,
                        "unit": unit,
                        "scale": scale,
                        "design": "repeated cross-section",
                        "n": 200 if known else NAN,
                        "change": move if known else NAN,
                        "low": move - 0.1 if known else NAN,
                        "high": move + 0.1 if known else NAN,
                        "effect_size": move / 0.8 if known else NAN,
                        "shown": known,
                        "reason": "" if known else "hidden (<5)",
                    }
                )
    return pd.DataFrame(rows)


WARNING = "means of functions may not be compared: the items do not speak equally in every group"


@pytest.fixture
def warned_units(units):
    """Unit scores of which one scale may not be compared by function."""
    told = (units["lens"] == "function") & (units["scale"] == SCALES[1])
    return units.assign(warning=[WARNING if one else "" for one in told])


@pytest.fixture
def warned_change(change):
    told = change["scale"] == SCALES[1]
    return change.assign(warning=[WARNING if one else "" for one in told])


@pytest.fixture
def omegas(reliability):
    """Reliability with omega for the first scale, without for the second."""
    return reliability.assign(
        omega=[0.871, NAN, NAN],
        omega_low=[0.845, NAN, NAN],
        omega_high=[0.894, NAN, NAN],
        reason=["", "omega is not estimable: no fit", "fewer than 10 complete rows"],
    )


def item_rows(scale, count, *, lost=(), warned=()):
    """Item statistics with orderly numbers; lost items have none, warned ones run against."""
    rows = []
    for i in range(count):
        known = i not in lost
        r = (-0.31 if i in warned else 0.35 + 0.04 * i) if known else NAN
        rows.append(
            {
                "wave": WAVE,
                "scale": scale,
                "item": f"i{i}",
                "text": f"One may say in this team what went wrong, number {i}.",
                "reversed": i % 2 == 1,
                "n": 200 + i,
                "missing": 0.02 + 0.01 * i,
                "mean": 3.2 + 0.1 * i,
                "sd": 1.1,
                "floor": 0.04 + 0.01 * i,
                "ceiling": 0.12 + 0.01 * i,
                "r_rest": r,
                "alpha_dropped": 0.7 + 0.01 * i if known else NAN,
                "warning": f"'i{i}' runs against the other items" if i in warned else "",
                "reason": "" if known else "not estimable: everybody answered it alike",
            }
        )
    return rows


@pytest.fixture
def items():
    return pd.DataFrame(
        item_rows(SCALES[0], 4, lost=[3], warned=[1]) + item_rows("collaboration_skill", 3)
    )


@pytest.fixture
def loadings():
    rows = []
    for scale, factors in {
        "collaboration_skill": ("collaboration_skill.curiosity", "collaboration_skill.humility"),
        SCALES[0]: (SCALES[0],),
    }.items():
        for f, factor in enumerate(factors):
            for i in range(3):
                known = (scale, i) != (SCALES[0], 2)
                std = 0.5 + 0.1 * i + 0.05 * f
                rows.append(
                    {
                        "wave": WAVE,
                        "scale": scale,
                        "factor": factor,
                        "item": f"{factor}_{i}",
                        "text": f"One may say in this team what went wrong, number {i}.",
                        "reversed": i == 1,
                        "n": 310,
                        "std": std if known else NAN,
                        "low": std - 0.06 if known else NAN,
                        "high": std + 0.06 if known else NAN,
                        "reason": "" if known else "not estimable: made up",
                    }
                )
    return pd.DataFrame(rows)


@pytest.fixture
def eigenvalues():
    rows = []
    for scale, observed, expected in (
        ("collaboration_skill", [3.1, 1.4, 0.8, 0.7], 3),
        (SCALES[0], [1.9, 0.6, 0.5], 1),
        ("collaboration_energy", [NAN, NAN], 1),
    ):
        for place, value in enumerate(observed):
            chance = 1.2 - 0.1 * place
            lost = math.isnan(value)
            rows.append(
                {
                    "wave": WAVE,
                    "scale": scale,
                    "factor": place + 1,
                    "observed": value,
                    "reference": NAN if lost else chance,
                    "keep": value > chance,
                    "expected": expected,
                    "reason": "not estimable: made up" if lost else "",
                }
            )
    return pd.DataFrame(rows)


@pytest.fixture
def bands():
    rows = []
    for lens, scale, counts, hidden in (
        ("function", SCALES[0], [1, 2, 3, 8, 6], 4),
        ("function", SCALES[1], [0, 0, 5, 5, 0], 0),
        ("team", SCALES[0], [10, 5, 20, 4, 1], 30),
        ("team", SCALES[1], None, 70),
    ):
        for b, band in enumerate(("none", "weak", "moderate", "strong", "very strong")):
            rows.append(
                {
                    "wave": WAVE,
                    "lens": lens,
                    "scale": scale,
                    "band": band,
                    "n_units": counts[b] if counts else 0,
                    "share": counts[b] / sum(counts) if counts else NAN,
                    "n_hidden": hidden,
                    "reason": "" if counts else "no unit can be shown",
                }
            )
    return pd.DataFrame(rows)


@pytest.fixture
def dossier():
    return pd.DataFrame(
        {
            "wave": WAVE,
            "scale": [*SCALES, "collaboration_energy"],
            "icc1": [0.21, 0.08, -0.02, NAN],
            "icc1_low": [0.15, 0.02, -0.06, NAN],
            "icc1_high": [0.28, 0.14, 0.03, NAN],
            "icc2": [0.78, 0.55, -0.1, NAN],
            "verdict": ["Teams share it.", "Teams share some of it.", "It is of persons.", ""],
            "speak": ["yes", "with care", "no", "no"],
            "reason": ["", "", "", "not estimable: nobody has a score"],
        }
    )


CONTINUOUS = ("configural", "metric", "scalar")
ORDINAL = ("configural", "thresholds", "loadings", "intercepts")


def ladder_rows(scale, by, rungs, held):
    """One ladder with orderly fit; its first `held` rungs hold."""
    return [
        {
            "wave": WAVE,
            "scale": scale,
            "by": by,
            "level": rung,
            "cfi": 0.981 - 0.012 * r,
            "rmsea": 0.041 + 0.003 * r,
            "srmr": 0.022 + 0.01 * r,
            "change_cfi": -0.012 if r else NAN,
            "holds": r < held,
            "verdict": f"Rung {r} of {scale} (CFI {0.981 - 0.012 * r:.3f}).",
            "reason": "",
        }
        for r, rung in enumerate(rungs)
    ]


@pytest.fixture
def ladder():
    rows = ladder_rows(SCALES[0], "function", CONTINUOUS, 3)
    rows += ladder_rows(SCALES[1], "function", ORDINAL, 2)
    rows += ladder_rows(SCALES[2], "function", ORDINAL, 4)
    rows += ladder_rows(SCALES[0], "language", CONTINUOUS, 0)
    rows.append(
        ladder_rows(SCALES[1], "language", ("configural",), 0)[0]
        | {"level": "", "cfi": NAN, "rmsea": NAN, "srmr": NAN, "verdict": ""}
        | {"reason": "not tested: fewer than two groups"}
    )
    return pd.DataFrame(rows)


@pytest.fixture
def walls():
    """Two scales with all lenses; for one of them the locations are too few."""
    rows = []
    for scale, shares in (
        ("silo_barriers.silos", (0.11, 0.02, 0.0, 0.05)),
        (SCALES[0], (0.03, NAN, 0.01, 0.12)),
    ):
        parts = dict(zip(("function", "location", "level", "team"), shares, strict=True))
        parts["person"] = 1 - sum(share for share in shares if not math.isnan(share))
        for lens, share in parts.items():
            known = not math.isnan(share)
            rows.append(
                {
                    "wave": WAVE,
                    "scale": scale,
                    "lens": lens,
                    "n": 820,
                    "n_units": {"function": 8, "team": 109, "person": 820}.get(lens, 4),
                    "share": share,
                    "low": share / 2 if known else NAN,
                    "high": share + 0.08 if lens != "person" else share + 0.01,
                    "reason": "" if known else "not estimable: 2 units of 'location'",
                }
            )
    return pd.DataFrame(rows)


@pytest.fixture
def drivers():
    """Shares of three scores, with both intervals; the fourth could not be weighed."""
    rows = []
    names = (*SCALES, "collaboration_skill.humility")
    for p, (predictor, lmg) in enumerate(zip(names, (0.21, 0.12, 0.05, NAN), strict=True)):
        known = not math.isnan(lmg)
        mean = 58.0 + 4 * p if known else NAN
        rows.append(
            {
                "predictor": predictor,
                "r": 0.5 - 0.1 * p if known else NAN,
                "lmg": lmg,
                "low": lmg - 0.04,
                "high": lmg + 0.06,
                "johnson": lmg + 0.01 * (1 - p),
                "johnson_low": lmg - 0.05,
                "johnson_high": lmg + 0.07,
                "mean": mean,
                "mean_low": mean - 1.5,
                "mean_high": mean + 1.5,
                "r2": 0.38,
                "n": 640,
                "n_groups": 92,
                "reason": "" if known else "not estimable: made up",
            }
        )
    return pd.DataFrame(rows)


@pytest.fixture
def mediation():
    """Paths at both levels; between groups those of the mediator are not known."""
    rows = []
    for level, shift in (("within", 0.0), ("between", 0.2)):
        for effect, path in {
            "a": 0.42, "b": -0.31, "direct": -0.12, "indirect": -0.13, "total": -0.25,
        }.items():  # fmt: skip
            known = level == "within" or effect not in {"b", "indirect"}
            estimate = path + shift if known else NAN
            rows.append(
                {
                    "predictor": SCALES[0],
                    "mediator": SCALES[1],
                    "outcome": "silo_barriers.silos",
                    "level": level,
                    "effect": effect,
                    "estimate": estimate,
                    "se": 0.04 if known else NAN,
                    "df": 540.0 if known else NAN,
                    "p": 0.003 if known else NAN,
                    "low": estimate - 0.08,
                    "high": estimate + 0.08,
                    "n": 640,
                    "n_groups": 92,
                    "note": "an association, not a cause",
                    "reason": "" if known else "not estimable: made up",
                }
            )
    return pd.DataFrame(rows)


@pytest.fixture
def seams():
    """Four functions that rate each other; what Legal says is hidden."""
    rows = []
    for f, one in enumerate(names := ["Sales", "Engineering", "Legal", "Care"]):
        for t, other in enumerate(names):
            if f == t:
                continue
            known = one != "Legal"
            score, back = 3.0 + 0.3 * ((3 * f + t) % 7), 3.0 + 0.3 * ((3 * t + f) % 7)
            pair = known and other != "Legal"
            rows.append(
                {
                    "wave": WAVE,
                    "lens": "function",
                    "from": one,
                    "to": other,
                    "n": 20 + f + t if known else NAN,
                    "score": score if known else NAN,
                    "low": score - 0.3 if known else NAN,
                    "high": score + 0.3 if known else NAN,
                    "reverse": back if pair else NAN,
                    "gap": score - back if pair else NAN,
                    "gap_low": score - back - 0.4 if pair else NAN,
                    "gap_high": score - back + 0.4 if pair else NAN,
                    "both": (score + back) / 2 if pair else NAN,
                    "both_low": (score + back) / 2 - 0.2 if pair else NAN,
                    "both_high": (score + back) / 2 + 0.2 if pair else NAN,
                    "priority": f + t if pair else NAN,
                    "lowest": 1,
                    "highest": 7,
                    "shown": known,
                    "reason": "" if known else "hidden (<5)",
                }
            )
    return pd.DataFrame(rows)


@pytest.fixture
def density():
    rows = []
    for f, one in enumerate(names := ["Sales", "Engineering", "Legal"]):
        for t, other in enumerate(names):
            known = one != "Legal"
            few = (one, other) == ("Sales", "Legal")
            value = 0.021 if f == t else 0.002 + 0.001 * f + 0.0005 * t
            rows.append(
                {
                    "wave": WAVE,
                    "lens": "function",
                    "from": one,
                    "to": other,
                    "n": 30 + f if known else NAN,
                    "ties": 12 + 3 * f + t if known and not few else NAN,
                    "possible": 900 + 30 * t if known else NAN,
                    "density": value if known and not few else NAN,
                    "warning": "69 % of the roster name somebody, under 70 %",
                    "shown": known,
                    "reason": "hidden (<5)" if not known else "fewer than 5 ties" if few else "",
                }
            )
    return pd.DataFrame(rows)


@pytest.fixture
def ei():
    rows = []
    for u, (lens, unit) in enumerate(
        [("all", "all"), *(("function", unit) for unit in ("Sales", "Legal", "Care"))]
    ):
        known = unit != "Legal"
        rows.append(
            {
                "wave": WAVE,
                "lens": lens,
                "unit": unit,
                "n": 90 - 20 * u if known else NAN,
                "invited": 100 - 20 * u if known else NAN,
                "observed": -0.4 + 0.1 * u if known else NAN,
                "null_mean": 0.7 + 0.03 * u if known else NAN,
                "null_low": 0.6 + 0.03 * u if known else NAN,
                "null_high": 0.8 + 0.03 * u if known else NAN,
                "p": 0.004 if known else NAN,
                "warning": "69 % of the roster name somebody, under 70 %",
                "shown": known,
                "reason": "" if known else "hidden (<5)",
            }
        )
    return pd.DataFrame(rows)


@pytest.fixture
def buzz():
    rows = []
    for u, (lens, unit) in enumerate(
        [("all", "all"), *(("function", unit) for unit in ("Sales", "Legal", "Care"))]
    ):
        known = unit != "Legal"
        for k, key in enumerate(
            (
                "learning_leadership",
                "collective_growth_mindset",
                "psychological_safety",
                "connecting_conversations",
            )
        ):
            rows.append(
                {
                    "wave": WAVE,
                    "lens": lens,
                    "unit": unit,
                    "scale": key,
                    "n": 90 - 20 * u if known else NAN,
                    "pomp": 60.0 + (5 * u + 3 * k) % 11 if known else NAN,
                    "whole": 60.0 + 3 * k,
                    "shown": known,
                    "reason": "" if known else "hidden (<5)",
                }
            )
    return pd.DataFrame(rows)
