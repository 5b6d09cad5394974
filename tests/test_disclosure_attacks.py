"""The attack benchmark in small: the same attackers on a few small organisations.

The table of 200 organisations is in `benchmarks/results/disclosure_attacks.md`.
"""

from __future__ import annotations

import numpy as np
import pytest

from benchmarks.disclosure import organisations
from benchmarks.disclosure_attacks import ATTACKERS, RULES, attacked_one, made_up
from cultureplus.disclosure.plan import plan_reporting

SMALL = [
    (number, membership)
    for number, (_, membership) in enumerate(organisations(60))
    if len(membership) < 110
][:2]


@pytest.fixture(scope="module", params=SMALL, ids=lambda each: f"organisation {each[0]}")
def organisation(request):
    number, membership = request.param
    return number, made_up(membership, np.random.default_rng([20269, number]))


def found_under(rule, organisation):
    number, survey = organisation
    plan = plan_reporting(survey) if rule == RULES[2] else None
    return attacked_one(survey, rule, plan, np.random.default_rng([20270, number]))


def test_no_attacker_finds_few_people_in_what_the_plan_shows(organisation):
    found = found_under(RULES[2], organisation)
    assert {name: found[name] for name in ATTACKERS if found[name]} == {}
    assert found["kept"] > 0.4 * found["enough"]


def test_the_same_attackers_find_many_where_only_the_threshold_holds(organisation):
    found = found_under(RULES[0], organisation)
    for name in ("subtraction", "Gauss", "union", "insider", "coalition of two", "late answer"):
        assert found[name] > 0, name
    assert found["joiners and leavers"] > 0
