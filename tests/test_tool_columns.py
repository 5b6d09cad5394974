"""There and back again: exports as each tool writes them are read without a mapping.

The exports are made from the questionnaire's file by the rules of each tool's documentation
(`tests/survey_tools.py`), and survey.toml names no column of an item.
"""

from __future__ import annotations

import csv
import random
import re

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import cultureplus as cp
from cultureplus.errors import InputError
from cultureplus.questionnaires import TARGETS
from cultureplus.tool_columns import limesurvey_code
from tests.survey_tools import (
    BUNDLED,
    UNITS,
    limesurvey_export,
    qualtrics_export,
    written,
    xlsform_export,
)  # fmt: skip

IDS = st.builds(str.__add__, st.sampled_from("abt"), st.text("ab_1", max_size=40))


@settings(max_examples=100)
@given(st.lists(st.one_of(IDS, st.sampled_from(["time", "other"])), unique=True, max_size=30))
def test_codes_for_limesurvey_fit_and_differ(names):
    codes = [limesurvey_code(name) for name in names]
    assert len(set(codes)) == len(names)
    for code in codes:
        assert re.fullmatch("[a-z][A-Za-z0-9]{0,19}", code)
        assert code not in {"time", "other", "comment"}


def people(seed=20260930):
    """Fifteen people's answers to everything, some blank: per question its column and values."""
    draw = random.Random(seed)
    given = {"department": [UNITS[place % 3] for place in range(15)]}

    def answers(low, high):
        return [draw.choice([None, *range(low, high + 1)]) for _ in range(15)]

    for each in BUNDLED.values():
        if each.kind == "rating":
            given |= {item.id: answers(each.low, each.high) for item in each.items}
        elif each.kind == "matrix":
            given |= {f"{each.id}.{unit}": answers(each.low, each.high) for unit in UNITS}
        else:
            ticks = {f"{each.id}.{option.id}": answers(0, 1) for option in each.options}
            *barriers, none = ticks
            for place in range(15):
                for name in ticks:
                    ticks[name][place] = ticks[name][place] or 0
                if place % 5 == 0:  # nothing is named, or not even that is said
                    for name in barriers:
                        ticks[name][place] = 0
                    ticks[none][place] = int(place % 2)
                elif any(ticks[name][place] for name in barriers):
                    ticks[none][place] = 0
            given |= ticks
    return pd.DataFrame(given, dtype="object")


def as_read(given):
    """What must stand in the survey: own units not rated, unanswered select-alls missing."""
    table = given.drop(columns="department").astype("float64")
    for unit in UNITS:
        table.loc[given["department"] == unit, f"seam_rating.{unit}"] = float("nan")
    for name in ("barriers_named", "programme_exposure"):
        columns = [column for column in table if column.startswith(f"{name}.")]
        table.loc[table[columns].sum(axis=1) == 0, columns] = float("nan")
    return table


EXPORTS = {
    "qualtrics": qualtrics_export,
    "xlsform": xlsform_export,
    "limesurvey": limesurvey_export,
}


def survey_of(folder, rows, delimiter, kind):
    with (folder / "answers.csv").open("w", encoding="utf-8", newline="") as file:
        csv.writer(file, delimiter=delimiter).writerows(rows)
    lines = [
        'title = "There and back"', f'kind = "{kind}"', f'delimiter = "{delimiter}"',
        "[waves]", '2026Q3 = "answers.csv"', "[units]", 'function = "department"',
    ]  # fmt: skip
    for name, each in BUNDLED.items():
        lines.append(f"[instruments.{name}]")
        lines += ['lens = "function"'] if each.kind == "matrix" else []
    (folder / "survey.toml").write_text("\n".join(lines), encoding="utf-8")
    return cp.read_survey(folder)


KINDS = {to: target.kind for to, target in TARGETS.items()}


def exported(to, export, given, **more):
    return export(written(BUNDLED.values(), to, units=UNITS), given, **more)


@pytest.mark.parametrize("to", EXPORTS)
def test_what_comes_back_is_read_without_a_mapping(to, tmp_path):
    given = people()
    rows, delimiter = exported(to, EXPORTS[to], given)
    survey = survey_of(tmp_path, rows, delimiter, KINDS[to])
    wanted = as_read(given)
    found = survey.answers.reset_index(drop=True)
    assert sorted(found) == sorted(wanted)
    assert len(found) == len(wanted)  # everybody answered something
    pd.testing.assert_frame_equal(found[list(wanted)], wanted)


@pytest.mark.parametrize(
    "more",
    [
        {"texts": True},  # headings as code and text
        {"join": "_{}"},  # headings as ExpressionScript code
        {"ticked": ("Y", "N")},
        {"ticked": ("Yes", "No")},
        {"ticked": ("1", "0")},
    ],
)
def test_what_else_limesurvey_can_be_set_to_is_read_as_well(more, tmp_path):
    given = people(seed=3)
    rows, delimiter = exported("limesurvey", limesurvey_export, given, **more)
    found = survey_of(tmp_path, rows, delimiter, KINDS["limesurvey"]).answers
    wanted = as_read(given)
    pd.testing.assert_frame_equal(found.reset_index(drop=True)[list(wanted)], wanted)


def test_the_import_log_says_under_which_names_columns_were_read(tmp_path):
    rows, delimiter = exported("limesurvey", limesurvey_export, people())
    said = list(survey_of(tmp_path, rows, delimiter, KINDS["limesurvey"]).import_log["decision"])
    assert (
        "7 columns of 'barriers_named' read under the names that the survey tool gave them, such "
        "as 'barriersXnamed[silos]' for 'barriers_named_silos'"
    ) in said


def test_two_columns_for_one_option_are_none(tmp_path):
    given = people()
    rows, delimiter = exported("limesurvey", limesurvey_export, given)
    again, _ = exported("limesurvey", limesurvey_export, given, join="_{}")
    place = again[0].index("barriersXnamed_timeX")
    rows = [[*row, other[place]] for row, other in zip(rows, again, strict=True)]
    with pytest.raises(InputError, match="Can't find the column 'barriers_named_time'"):
        survey_of(tmp_path, rows, delimiter, KINDS["limesurvey"])


def edited(rows, old, new):
    assert old in str(rows)
    return [[value.replace(old, new) for value in row] for row in rows]


@pytest.mark.parametrize(
    ("old", "new", "column"),
    [
        # Reworded in Qualtrics: no longer this option.
        ("Too little time for work with other", "No time for work with other", "time"),
        # Two columns of one text: which of them is it?
        ("Systems and tools that do not fit together", "Nothing stands in the way", "tools"),
    ],
)
def test_a_numbered_column_of_another_text_is_not_guessed_at(old, new, column, tmp_path):
    rows, delimiter = exported("qualtrics", qualtrics_export, people())
    with pytest.raises(InputError, match=f"Can't find the column 'barriers_named_{column}'"):
        survey_of(tmp_path, edited(rows, old, new), delimiter, KINDS["qualtrics"])


def test_a_text_that_qualtrics_exports_as_html_is_the_same_text(tmp_path):
    given = people()
    rows, delimiter = exported("qualtrics", qualtrics_export, given)
    rows = edited(rows, "only one's own results", "only one&#39;s own  results")
    found = survey_of(tmp_path, rows, delimiter, KINDS["qualtrics"]).answers
    wanted = as_read(given)["barriers_named.incentives"]
    assert found["barriers_named.incentives"].dropna().tolist() == wanted.dropna().tolist()


def test_a_column_that_survey_toml_names_is_not_looked_for_elsewhere(tmp_path):
    rows, delimiter = exported("limesurvey", limesurvey_export, people())
    survey_of(tmp_path, rows, delimiter, KINDS["limesurvey"])
    path = tmp_path / "survey.toml"
    before = "[instruments.psychological_safety]"
    text = path.read_text("utf-8").replace(before, f'{before}\ncolumns.ps_1 = "question one"')
    path.write_text(text, encoding="utf-8")
    with pytest.raises(InputError, match="Can't find the column 'question one'"):
        cp.read_survey(tmp_path)


def test_a_column_of_its_own_name_is_the_one_that_counts(tmp_path):
    rows, delimiter = exported("limesurvey", limesurvey_export, people())
    rows = [[*row, "ps_1" if place == 0 else "7"] for place, row in enumerate(rows)]
    found = survey_of(tmp_path, rows, delimiter, KINDS["limesurvey"]).answers
    assert set(found["ps_1"]) == {7}
