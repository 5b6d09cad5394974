"""Waves of one file: known as periods or stated in order; nobody's name becomes one."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cultureplus.errors import InputError
from cultureplus.intake import read_survey
from cultureplus.wave_order import in_time

QUICK = settings(max_examples=40, deadline=None, derandomize=True, database=None)

ONE_FILE = [
    ('[waves]\n2026Q2 = "q2.csv"\n2026Q3 = "q3.csv"\n\n', 'export = "all.csv"\n{0}\n'),
    ('comment = "note"', 'wave = "wave"'),
    ('[instruments.drinks]\n[instruments.visits]\nlens = "team"\n', ""),
]


@pytest.fixture
def survey_of(make_survey):
    """A survey of one file whose records have these waves, six people each."""

    def make(waves, stated=""):
        rows = "".join(
            f"P{n},{wave},{'Red' if n % 2 else 'Blue'},{n % 5 + 1},{n % 3 + 1}\n"
            for wave in waves
            for n in range(6)
        )
        (old, new), *others = ONE_FILE
        toml = [(old, new.format(stated)), *others]
        return read_survey(
            make_survey({"survey.toml": toml, "all.csv": f"who,wave,team,tea_1,tea_2\n{rows}"})
        )

    return make


@pytest.mark.parametrize(
    ("waves", "expected"),
    [
        (["2026Q3", "2026Q2"], ("2026Q2", "2026Q3")),
        (["10", "9"], ("9", "10")),
        (["wave 10", "wave 9"], ("wave 9", "wave 10")),
        (["Q4 2026", "Q3 2026"], ("Q3 2026", "Q4 2026")),
        (["Q1 2026", "Q4 2025"], ("Q4 2025", "Q1 2026")),
        (["T1", "T0"], ("T0", "T1")),
        (["2026-03-01"], ("2026-03-01",)),
    ],
)
def test_periods_are_waves_in_order(survey_of, waves, expected):
    assert survey_of(waves).waves == expected


def test_other_waves_stand_in_the_order_that_is_stated(survey_of):
    assert survey_of(["after", "before"], 'waves = ["before", "after"]').waves == (
        "before", "after",
    )  # fmt: skip
    many = ["3/26", "12/25"]
    assert survey_of(many, f'waves = ["{many[0]}", " {many[1]}"]').waves == tuple(many)


@pytest.mark.parametrize(
    "waves",
    [
        ["canary Meier", "canary Smith", "canary Jones"],  # line managers
        ["canary"],
        ["2026Q2", "canary"],
        ["P17", "P18"],
        ["100231", "100232"],
        ["after", "before"],
    ],
)
def test_what_is_no_period_is_refused_without_a_word_of_it(survey_of, waves):
    with pytest.raises(InputError) as caught:
        survey_of(waves)
    said = str(caught.value)
    assert not [wave for wave in waves if wave in said.replace('["before", "after"]', "")]
    assert 'waves = ["before", "after"]' in said
    assert "where: survey.toml, a new line at the top" in said


def test_periods_whose_order_is_not_told_are_named(survey_of):
    with pytest.raises(InputError, match="order of these waves can't be told") as caught:
        survey_of(["2026Q1", "2026H2"])
    assert "found: 2026Q1, 2026H2" in str(caught.value)
    assert "where: survey.toml, a new line at the top" in str(caught.value)


@pytest.mark.parametrize("names", [
    ["Q4 2025", "Q1 2026"],
    ["2025Q4", "2026Q1", "2026Q2"],
    ["2025-12-01", "2026-03-01", "2026-11-01"],
    ["4. Quartal 2025", "1. Quartal 2026"],
    ["FY25 H2", "FY26 H1"],
    ["Q3/25", "Q1/26"],
    ["wave 2", "wave 10"],
    ["2025", "2026"],
    ["2026"],
])  # fmt: skip
def test_numbers_tell_the_order(names):
    assert in_time(names) == names
    assert in_time(names[::-1]) == names


@pytest.mark.parametrize("names", [
    ["pre", "post"],
    ["March 2026", "June 2026"],
    ["12/25", "3/26"],
    ["2H25", "1H26"],
    ["Q1 2026", "2026 Q1"],
    ["2026", "2026Q1"],
    ["wave 1", "wave 1b"],
    ["01.12.2025", "03.02.2026"],
])  # fmt: skip
def test_an_order_that_names_do_not_tell_is_not_made_up(names):
    assert in_time(names) is None


@QUICK
@given(st.sets(st.tuples(st.integers(1990, 2060), st.integers(1, 4)), min_size=2, max_size=8))
def test_quarters_are_in_time_however_they_are_written(quarters):
    for written in ("{0}Q{1}", "Q{1} {0}", "{0}-0{1}", "quarter {1} {0}"):
        names = [written.format(*each) for each in sorted(quarters)]
        assert in_time(list(reversed(names))) == names


@pytest.mark.parametrize(
    ("stated", "words"),
    [
        ('waves = ["before"]', "all.csv, row 8, column 'wave': A record is of a wave that"),
        ('waves = ["before", "after", "later"]', "No record is of the wave 'later', which"),
        ('waves = ["before", "before", "after"]', "line 6: Each wave needs a name of its own."),
        ('waves = ["before", " "]', "line 6: Each wave needs a name of its own."),
        ('waves = ["before", 3]', "line 6: Each wave needs a name of its own."),
    ],
)
def test_stated_waves_are_those_of_the_file(survey_of, stated, words):
    with pytest.raises(InputError, match=re.escape(words)) as caught:
        survey_of(["before", "after"], stated)
    assert "canary" not in str(caught.value)


def test_a_list_of_waves_goes_with_one_file(make_survey):
    toml = ('[waves]\n2026Q2 = "q2.csv"\n2026Q3 = "q3.csv"\n', 'waves = ["2026Q3"]\n')
    with pytest.raises(InputError, match="Name either one file per wave under"):
        read_survey(make_survey({"survey.toml": toml}))
