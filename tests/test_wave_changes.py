"""Questions and units that are others than in the wave before: noticed, told, and warned of."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from cultureplus.asked import Asked
from cultureplus.change import compare_waves
from cultureplus.charts.ladder import plot_ladder
from cultureplus.comparability import compare_groups, with_warnings
from cultureplus.intake import read_survey
from cultureplus.raw_table import RawTable
from cultureplus.scoring import score
from cultureplus.wave_changes import changed_questions, changed_units, never_linked
from tests.small_surveys import people_of, scale, survey_of

TRUST = scale(["q1", "q2"], high=7, favourable=(6, 7))


def raw(questions=None, labels=None, columns=("q1", "q2")) -> RawTable:
    frame = pd.DataFrame({name: ["1"] for name in columns}, dtype="str")
    return RawTable(frame, "a.csv", 2, questions=questions or {}, labels=labels or {})


def told(then: RawTable, now: RawTable, answers: pd.DataFrame | None = None) -> list[list[str]]:
    exports = {"Q1": then, "Q2": now}
    none = pd.DataFrame(index=pd.MultiIndex.from_tuples([], names=["wave", "respondent"]))
    asked = {"trust": Asked(TRUST)}
    found = changed_questions(exports, asked, none if answers is None else answers)
    assert found["wave"].isin(["Q2"]).all()
    return found[["item", "note"]].to_numpy().tolist()


@pytest.mark.parametrize("text", [
    "I speak up here.", "i speak up here", " I  speak\u00a0up here!", "",
    "<p>I speak <b>up</b> here.</p>", "I speak up here.\ufeff",
])  # fmt: skip
def test_another_dress_is_no_other_wording(text):
    assert told(raw({"q1": "I speak up here."}), raw({"q1": text})) == []


def test_a_sign_written_as_an_entity_is_no_other_wording():
    then, now = (raw({"q1": f"Sales {sign} care listen."}) for sign in ("&", "&amp;"))
    assert told(then, now) == []


def test_another_wording_is_told_with_both():
    found = told(raw({"q1": "I speak up here."}), raw({"q1": "We speak up here."}))
    assert found == [["q1", "other wording: 'I speak up here.', now 'We speak up here.'"]]
    ((_, note),) = told(raw({"q2": "a" * 200}), raw({"q2": "b" * 200}))
    assert len(note) < 180


def test_an_item_that_one_wave_did_not_ask_is_not_compared():
    now = raw({"q1": "New."}, columns=("q1",))
    assert told(raw({"q1": "New.", "q2": "Old."}), now) == []


def test_other_labelled_answers_are_told():
    five, seven = ({str(code): "x" for code in range(1, high + 1)} for high in (5, 7))
    found = told(raw(labels={"q1": five}), raw(labels={"q1": seven}))
    assert found == [["q1", "other answers: 5 labelled answers then, 7 labelled answers now"]]
    assert told(raw(labels={"q1": five}), raw(labels={"q1": dict(five)})) == []


def test_an_answer_whose_label_is_another_one_is_told():
    """The same codes the other way round would turn every mean over."""
    then = {"1": "Disagree", "2": "Neither", "3": "Agree"}
    found = told(raw(labels={"q1": then}), raw(labels={"q1": {"1": "Agree", "2": "Neither",
                                                              "3": "Disagree"}}))  # fmt: skip
    assert found == [["q1", "answer 1 was 'Disagree', now 'Agree'"]]
    same = {code: f" {label.upper()}!" for code, label in then.items()}
    assert told(raw(labels={"q1": then}), raw(labels={"q1": same})) == []


def drawn(then: int, now: int, size: int = 300, top: float = 0.2) -> pd.DataFrame:
    """Answers of two waves, up to these; the top one as often as said."""
    draw = np.random.default_rng(4)
    parts = []
    for wave, high in (("Q1", then), ("Q2", now)):
        values = draw.integers(1, high, (size, 2)).astype("float64")
        values[draw.random((size, 2)) < top] = high
        index = pd.MultiIndex.from_product([[wave], range(size)], names=["wave", "respondent"])
        parts.append(pd.DataFrame(values, index=index, columns=["q1", "q2"]))
    return pd.concat(parts)


@pytest.mark.parametrize(
    ("answers", "count"),
    [
        (drawn(5, 7), 1),
        (drawn(7, 5), 1),
        (drawn(7, 7), 0),
        (drawn(6, 7, top=0.01), 0),  # so seldom that it may be missing by chance
        (drawn(5, 7, size=150), 0),  # too few to tell
    ],
)
def test_a_range_that_grew_or_shrank_is_told(answers, count):
    found = told(raw(), raw(), answers)
    assert len(found) == count
    if count:
        assert found[0][0] == ""
        assert found[0][1].startswith("other answers used: 1 to ")


def test_no_false_alarm_where_both_waves_use_the_whole_range():
    """Small waves of people who hardly ever give the lowest answer."""
    draw = np.random.default_rng(9)
    alarms = 0
    for _ in range(200):
        parts = []
        for wave in ("Q1", "Q2"):
            values = draw.choice(
                np.arange(1.0, 8), (210, 2), p=[0.015, 0.05, 0.1, 0.2, 0.3, 0.2, 0.135]
            )
            index = pd.MultiIndex.from_product([[wave], range(210)], names=["wave", "respondent"])
            parts.append(pd.DataFrame(values, index=index, columns=["q1", "q2"]))
        alarms += bool(told(raw(), raw(), pd.concat(parts)))
    assert alarms <= 1


def people(teams: dict[str, list[str]]) -> pd.DataFrame:
    return pd.concat([people_of({"team": names}, wave=wave) for wave, names in teams.items()])


def test_what_one_person_wrote_in_place_of_a_unit_is_not_told():
    table = people({"Q1": [*["Sales"] * 3, "canary"], "Q2": [*["Ops"] * 3, "canary too"]})
    assert [told for _, told in changed_units(table, {"team": "team"})] == [
        "team: of wave Q1 not here Sales; new Ops"
    ]
    assert list(changed_units(table, {"team": "Line manager"})) == []


def test_units_of_other_names_are_told_with_the_nearest():
    found = list(
        changed_units(
            people({"Q1": ["Sales", "HR"] * 2, "Q2": ["Sales EMEA", "HR"] * 2}), {"team": "team"}
        )
    )
    assert found == [(
        "Q2",
        "team: of wave Q1 not here Sales; new Sales EMEA; if it has another name: "
        'rename.team "Sales" = "Sales EMEA"',
    )]  # fmt: skip
    assert list(changed_units(people({"Q1": ["HR", "IT"], "Q2": ["HR"]}), {"team": "team"})) == []


@pytest.fixture
def two_waves(make_survey):
    """The small survey as two Qualtrics exports, in the second of which one question is another."""

    def export(name: str, question: str) -> tuple[str, str]:
        head = "ResponseId,team,tea_1,tea_2\nid,Team,How is the tea?," + question + "\n"
        ids = ",".join(f'"{{""ImportId"":""{place}""}}"' for place in range(4)) + "\n"
        rows = "".join(
            f"{name}{n},{'Red' if n % 2 else 'Blue'},{n % 5 + 1},{n % 4 + 1}\n" for n in range(20)
        )
        return f"{name}.csv", head + ids + rows

    def write(question: str):
        toml = [
            ('kind = "plain"', 'kind = "qualtrics"'),
            ('respondent = "who"\ncomment = "note"\n', ""),
            ('[instruments.drinks]\n[instruments.visits]\nlens = "team"\n', ""),
        ]  # fmt: skip
        files = dict([export("q2", "Is it hot?"), export("q3", question)])
        return read_survey(make_survey({"survey.toml": toml} | files))

    return write


def test_a_changed_question_stands_in_the_log_and_beside_the_change(two_waves):
    survey = two_waves("Is it cold?")
    assert survey.changed[["wave", "previous", "scale", "item"]].to_numpy().tolist() == [
        ["2026Q3", "2026Q2", "tea", "tea_2"]
    ]
    said = "tea_2 is not what it was in wave 2026Q2: other wording: 'Is it hot?', now 'Is it cold?'"
    assert said in set(survey.import_log["decision"])
    ladders = compare_groups(survey, by=["wave"])
    assert ladders[["level", "holds"]].to_numpy().tolist() == [["questions", False]]
    warned = with_warnings(compare_waves(score(survey)), ladders)
    assert warned["warning"].unique().tolist() == [
        "its questions or its answers are not those of the wave before: do not compare means of "
        "the two waves"
    ]
    assert "does not hold" in {trace.name for trace in plot_ladder(ladders).data}
    assert survey.in_waves(["2026Q2"]).changed.empty


def test_the_same_question_is_not_told_of(two_waves):
    survey = two_waves("Is it <i>hot</i>?")
    assert survey.changed.empty
    assert not survey.import_log["decision"].str.contains("is not what it was").any()
    assert "questions" not in set(compare_groups(survey, by=["wave"])["level"])


def test_changes_are_by_waves_of_a_survey():
    index = pd.MultiIndex.from_product([["Q1"], ["p"]], names=["wave", "respondent"])
    survey = survey_of(
        pd.DataFrame({"q1": [1.0]}, index=index), people_of({"team": ["a"]}), [TRUST]
    )
    assert survey.changed.empty


def keys(first: int, last: int) -> pd.Series:
    return pd.Series([f"k{place}" for place in range(first, last)])


def test_waves_in_which_nobody_comes_back_are_told_of():
    told = never_linked({"Q1": keys(0, 30), "Q2": keys(29, 50), "Q3": keys(50, 70)})
    assert list(told) == ["Q3"]
    assert told["Q3"].startswith("no key of wave Q2 comes back, so the two can't be linked")
    assert never_linked({"Q1": keys(0, 30), "Q2": keys(30, 39)}) == {}  # of few nothing is said


def test_keys_that_are_written_otherwise_are_told_of_in_the_log(make_survey):
    toml = [('comment = "note"\n', ""), ("[instruments.drinks]\n[instruments.visits]\n"
            'lens = "team"\n', "")]  # fmt: skip
    head, row = "who,team,tea_1,tea_2,tea_3\n", "{0},Red,{1},2,3\n"
    files = {
        name: head + "".join(row.format(who(place), place % 5 + 1) for place in range(12))
        for name, who in (("q2.csv", "{:05}".format), ("q3.csv", str))
    }
    log = read_survey(make_survey({"survey.toml": toml} | files)).import_log
    told = log.loc[log["decision"].str.startswith("no key of wave 2026Q2 comes back")]
    assert told[["file", "wave"]].to_numpy().tolist() == [["q3.csv", "2026Q3"]]
