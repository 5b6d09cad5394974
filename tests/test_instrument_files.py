"""The questionnaires that come with the package, read as a careful author would read them.

Nothing here uses the library's scoring: the worked examples are computed again with the few lines
of arithmetic that METHOD.md states, so that a file and the scoring can't be wrong together.
"""

from __future__ import annotations

import difflib
import itertools
import re
import tomllib
from collections import Counter

import pytest

from cultureplus.instrument import Instrument, bundled_paths, load_instruments

BUNDLED = load_instruments()
RATING = {name: each for name, each in BUNDLED.items() if each.kind == "rating"}
OWN_RATING = {name: each for name, each in RATING.items() if each.wording == "own"}


def numbered(prefix: str, count: int) -> list[str]:
    return [f"{prefix}_{number}" for number in range(1, count + 1)]


# What other parts of the project hold on to: item ids by scale, and the items keyed the other way.
ITEMS: dict[str, tuple[dict[str, list[str]], set[str]]] = {
    "psychological_safety": ({"": numbered("ps", 7)}, {"ps_1", "ps_4", "ps_6"}),
    "collective_growth_mindset": ({"": numbered("cgm", 6)}, {"cgm_2", "cgm_5"}),
    "collaboration_skill": (
        {
            "active_listening": numbered("cs_listening", 3),
            "managing_conflict": numbered("cs_conflict", 3),
            "shared_problem_solving": numbered("cs_solving", 3),
            "self_regulation": numbered("cs_regulation", 3),
            "humility": numbered("cs_humility", 3),
            "curiosity": numbered("cs_curiosity", 3),
            "caring_orientation": numbered("cs_caring", 3),
        },
        {"cs_listening_3", "cs_regulation_3"},
    ),
    "silo_barriers": (
        {
            "silos": numbered("sb_silos", 3),
            "missing_vision": numbered("sb_vision", 3),
            "control_holding": numbered("sb_control", 3),
        },
        {"sb_silos_3"},
    ),
    "learning_leadership": ({"": numbered("ll", 5)}, {"ll_4"}),
    "connecting_conversations": ({"": numbered("cc", 5)}, set()),
    "collaboration_outcomes": (
        {
            "trust": numbered("co_trust", 3),
            "mutual_support": numbered("co_support", 3),
            "engagement": numbered("co_engagement", 3),
            "loyalty": numbered("co_loyalty", 3),
            "problem_solving": numbered("co_solving", 3),
            "innovation": numbered("co_innovation", 3),
        },
        set(),
    ),
    "collaboration_energy": ({"": numbered("ce", 4)}, set()),
    "edmondson_1999": ({"": numbered("e99", 7)}, {"e99_1", "e99_3", "e99_5"}),
}
RANGES = {
    "psychological_safety": (1, 7, (6, 7)),
    "collective_growth_mindset": (1, 7, (6, 7)),
    "collaboration_skill": (1, 5, (4, 5)),
    "silo_barriers": (1, 5, (1, 2)),
    "learning_leadership": (1, 5, (4, 5)),
    "connecting_conversations": (1, 5, (4, 5)),
    "collaboration_outcomes": (1, 5, (4, 5)),
    "collaboration_energy": (1, 5, (4, 5)),
    "edmondson_1999": (1, 7, (6, 7)),
    "seam_rating": (1, 7, (6, 7)),
}
OPTIONS = {
    "barriers_named": [
        "silos", "missing_vision", "control_holding", "time", "incentives", "tools", "none",
    ],
    "programme_exposure": [
        "peer_learning_group", "mentorship_circle", "cross_department_project",
        "community_of_practice", "none",
    ],
}  # fmt: skip
MIN_ANSWERED = {
    "collaboration_skill": 0.6,  # two of the three items of a subscale
    "silo_barriers": 0.6,
    "collaboration_outcomes": 0.6,
    "collaboration_energy": 0.75,  # three of four
}
PULSE = {
    "psychological_safety": 4,
    "collective_growth_mindset": 3,
    "collaboration_skill": 7,
    "silo_barriers": 3,
    "learning_leadership": 2,
    "connecting_conversations": 2,
    "collaboration_outcomes": 3,
    "collaboration_energy": 1,
}


def test_the_folder_holds_the_declared_instruments_each_in_a_file_of_its_name():
    assert set(BUNDLED) == {*ITEMS, *OPTIONS, "seam_rating"}
    for path in bundled_paths():
        assert tomllib.loads(path.read_text("utf-8"))["id"] == path.stem


@pytest.mark.parametrize("name", ITEMS)
def test_items_keys_and_subscales(name):
    by_scale, turned = ITEMS[name]
    instrument = BUNDLED[name]
    found: dict[str, list[str]] = {}
    for item in instrument.items:
        found.setdefault(item.subscale, []).append(item.id)
    assert found == by_scale
    assert list(instrument.subscales) == [scale for scale in by_scale if scale]
    assert {item.id for item in instrument.items if item.reversed} == turned


@pytest.mark.parametrize("name", RANGES)
def test_ranges_and_labels(name):
    instrument = BUNDLED[name]
    assert (instrument.low, instrument.high, instrument.favourable) == RANGES[name]
    labels = instrument.answer_labels
    assert len(set(labels)) == len(labels)
    if instrument.wording == "own":
        assert len(labels) == instrument.high - instrument.low + 1


def test_the_share_of_answers_that_a_score_needs():
    assert {name: each.min_answered for name, each in RATING.items()} == {
        name: MIN_ANSWERED.get(name, 0.8) for name in RATING
    }


def test_only_sums_that_mean_something_have_a_total():
    assert "collaboration_skill" in BUNDLED["collaboration_skill"].scales
    assert "silo_barriers" not in BUNDLED["silo_barriers"].scales
    assert "collaboration_outcomes" not in BUNDLED["collaboration_outcomes"].scales


@pytest.mark.parametrize("name", OPTIONS)
def test_select_all_questions_end_with_an_exclusive_none(name):
    options = BUNDLED[name].options
    assert [option.id for option in options] == OPTIONS[name]
    assert [option.id for option in options if option.exclusive] == ["none"]


def test_published_shares_of_barriers_say_that_their_base_is_unverified():
    published = {each.scale: each for each in BUNDLED["barriers_named"].published}
    assert {scale: each.value for scale, each in published.items()} == {
        "barriers_named.silos": 0.67,
        "barriers_named.missing_vision": 0.32,
        "barriers_named.control_holding": 0.32,
    }
    for each in published.values():
        assert each.statistic == "share"
        assert each.n is None
        assert "unverified" in each.note


@pytest.mark.parametrize("name", sorted(BUNDLED))
def test_published_values_are_a_reference_and_say_so(name):
    for each in BUNDLED[name].published:
        assert "a reference, not a norm" in each.note
        assert each.source


def test_the_seam_question_names_the_other_unit():
    (item,) = BUNDLED["seam_rating"].items
    assert item.text.count("{unit}") == 1
    assert "Sales" in item.text.format(unit="Sales")


def test_item_ids_are_unique_over_all_files():
    counts = Counter(item.id for each in BUNDLED.values() for item in each.items)
    assert [name for name, count in counts.items() if count > 1] == []


def test_pulse_form():
    marked = {
        name: [item for item in each.items if item.pulse]
        for name, each in BUNDLED.items()
        if any(item.pulse for item in each.items)
    }
    assert {name: len(items) for name, items in marked.items()} == PULSE
    assert sum(PULSE.values()) <= 25
    assert set(marked) == set(OWN_RATING)
    for name in ("collaboration_skill", "silo_barriers"):
        assert {item.subscale for item in marked[name]} == set(BUNDLED[name].subscales)
    assert any(item.reversed for items in marked.values() for item in items)


@pytest.mark.parametrize("name", BUNDLED)
def test_each_file_says_what_it_is_and_what_is_known_of_it(name):
    instrument = BUNDLED[name]
    for part in ("title", "about", "validity", "source", "licence", "referent"):
        assert len(getattr(instrument, part)) > 3, part
    assert instrument.referent in {"person", "team", "organisation", "leader", "function"}
    if instrument.wording == "own":
        assert instrument.licence == "GPL-3.0-or-later"
        assert instrument.validity.startswith("None yet:")
    else:
        assert "not included" in instrument.licence
        assert instrument.citation
    if instrument.citation:
        # Authors (year). Title. Journal, volume(issue), pages.
        assert re.fullmatch(r".+ \(\d{4}\)\. .+, \d+\(\d+\), \d+-\d+\.", instrument.citation)


def test_shared_properties_declare_their_composition_model():
    # A tick is a fact and needs no agreement in the team.
    without = {"barriers_named", "programme_exposure"}
    assert {name for name, each in BUNDLED.items() if not each.composition} == without


@pytest.mark.parametrize("name", BUNDLED)
def test_own_wordings_have_text_and_withheld_ones_none(name):
    instrument = BUNDLED[name]
    for part in (*instrument.items, *instrument.options):
        assert bool(part.text) == (instrument.wording == "own"), part.id


def test_only_the_published_scale_withholds_its_wording():
    withheld = [name for name, each in BUNDLED.items() if each.wording != "own"]
    assert withheld == ["edmondson_1999"]


TEXTS = [(item.id, item.text) for each in OWN_RATING.values() for item in each.items]


def test_no_two_items_say_nearly_the_same():
    near = [
        (one, other)
        for (one, first), (other, second) in itertools.combinations(TEXTS, 2)
        if difflib.SequenceMatcher(None, first.lower(), second.lower()).ratio() >= 0.8
    ]
    assert near == []


@pytest.mark.parametrize(("item", "text"), TEXTS)
def test_items_are_short_plain_sentences(item, text):
    assert re.fullmatch(r"[A-Z][^.?!]*\.", text), "one statement, one full stop"
    assert len(text.split()) <= 18
    negations = re.findall(r"\b(?:not|never|no|nobody|nothing|none|without|un\w+ly)\b|n't\b", text)
    assert len(negations) <= 1, negations


@pytest.mark.parametrize("name", sorted(name for name in OWN_RATING if ITEMS[name][1]))
def test_reversed_items_are_not_simple_negations(name):
    for item in BUNDLED[name].items:
        if item.reversed:
            assert not re.search(r"\b(?:not|never|don't|doesn't)\b", item.text)


# ---------------------------------------------------------------------------- worked examples
def worked(instrument: Instrument, answers: dict[str, float]) -> dict[str, float | None]:
    """The scores of one person by plain arithmetic, independent of the library's scoring."""
    if instrument.kind == "matrix":
        mean = sum(answers.values()) / len(answers) if answers else None
        return {instrument.id: mean}
    if instrument.kind == "select_all":
        return {
            f"{instrument.id}.{option.id}": float(answers.get(option.id, 0)) if answers else None
            for option in instrument.options
        }
    by_scale, turned = ITEMS[instrument.id]
    scales = {f"{instrument.id}.{scale}": items for scale, items in by_scale.items() if scale}
    if instrument.id not in {"silo_barriers", "collaboration_outcomes"}:
        scales[instrument.id] = [item for items in by_scale.values() for item in items]
    low, high, _ = RANGES[instrument.id]
    scores: dict[str, float | None] = {}
    for scale, items in scales.items():
        keyed = [
            low + high - answers[item] if item in turned else answers[item]
            for item in items
            if item in answers
        ]
        enough = len(keyed) / len(items) >= MIN_ANSWERED.get(instrument.id, 0.8)
        scores[scale] = sum(keyed) / len(keyed) if enough else None
    return scores


EXAMPLES = [
    pytest.param(each, place, id=f"{name}-{place + 1}")
    for name, each in BUNDLED.items()
    for place in range(len(each.examples))
]


@pytest.mark.parametrize(("instrument", "place"), EXAMPLES)
def test_worked_examples(instrument, place):
    example = instrument.examples[place]
    expected = worked(instrument, dict(example.answers))
    assert set(example.scores) == set(expected)
    for scale, score in expected.items():
        stated = example.scores[scale]
        if score is None:
            assert stated is None, scale
        else:
            # The file states six decimals, rounded: half a unit of the last one is the most.
            assert stated == pytest.approx(score, abs=5.1e-7, rel=0), scale


@pytest.mark.parametrize("name", BUNDLED)
def test_examples_cover_a_score_and_a_missing_one(name):
    examples = BUNDLED[name].examples
    scores = [score for example in examples for score in example.scores.values()]
    assert len(examples) >= 2
    assert None in scores
    assert any(score is not None for score in scores)


@pytest.mark.parametrize("name", RATING)
def test_examples_cover_a_missing_answer_that_is_forgiven_and_each_turned_item(name):
    instrument = RATING[name]
    examples = instrument.examples
    forgiven = [
        scale
        for example in examples
        for scale, score in example.scores.items()
        if score is not None and any(i.id not in example.answers for i in instrument.scales[scale])
    ]
    assert forgiven
    middle = (instrument.low + instrument.high) / 2
    for item in instrument.items:
        if item.reversed:  # an answer in the middle would not show whether it was turned
            assert any(example.answers.get(item.id, middle) != middle for example in examples)


@pytest.mark.parametrize("name", [name for name in RATING if ITEMS[name][1]])
def test_forgetting_to_turn_items_would_be_seen(name):
    """The examples have teeth: scored without keying, at least one of them is wrong."""
    instrument = RATING[name]

    def flat(example):
        return {
            scale: sum(given) / len(given)
            for scale, items in instrument.scales.items()
            if (given := [example.answers[i.id] for i in items if i.id in example.answers])
        }

    assert any(
        score is not None and abs(flat(example)[scale] - score) > 0.01
        for example in instrument.examples
        for scale, score in example.scores.items()
    )
