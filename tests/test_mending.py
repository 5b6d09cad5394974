"""An error ends with the line of survey.toml that mends it, or with where a new one belongs.

Each case spoils one thing in the small survey of conftest; the lines are those of its survey.toml.
"""

from __future__ import annotations

import pytest

from cultureplus.errors import InputError
from cultureplus.intake import read_survey
from cultureplus.mending import place_of, with_place
from cultureplus.toml_source import read_toml

LABELS = ("[instruments.tea]", '[instruments.tea]\nlabels = "agree"')

# case: (changes, where)
MENDED = {
    "a column that is there by another name": (
        {"survey.toml": ('respondent = "who"', 'respondent = "whom"')}, "survey.toml, line 10"),
    "a unit": ({"survey.toml": ('team = "team"', 'team = "squad"')}, "survey.toml, line 14"),
    "an item without a mapping": (
        {"q2.csv": ("tea_1", "tea_one"), "q3.csv": ("tea_1", "tea_one")},
        "survey.toml, a new table [instruments.tea.columns] below that of line 27"),
    "an item with a mapping": (
        {"survey.toml": ("[instruments.tea]", '[instruments.tea.columns]\ntea_1 = "no"')},
        "survey.toml, line 28"),
    "a mapping in one line": (
        {"survey.toml": ("[instruments.tea]", '[instruments.tea]\ncolumns = { tea_2 = "no" }')},
        "survey.toml, line 28"),
    "labels not named": (
        {"q3.csv": ("P3,Blue,1", "P3,Blue,canary")}, "survey.toml, a new line below line 27"),
    "a label that is not listed": (
        {"survey.toml": LABELS, "q3.csv": ("P3,Blue,1", "P3,Blue,canary")}, "survey.toml, line 19"),
    "a label of one of two sets": (
        {"survey.toml": [
            LABELS, ("[labels.agree.en]", "[labels.other.en]\nx = 1\n[labels.agree.en]")],
         "q3.csv": ("P3,Blue,1", "P3,Blue,canary")}, "survey.toml, line 21"),
    "a code out of range": (
        {"q3.csv": ("P3,Blue,1", "P3,Blue,77")}, "survey.toml, line 17"),
    "codes that nothing names yet": (
        {"survey.toml": ("[missing]\ncodes = [-99]\n\n", ""),
         "q3.csv": ("P3,Blue,1", "P3,Blue,77")},
        "survey.toml, a new table [missing] at the end"),
    "delimiter": (
        {"q2.csv": "who;team;tea_1\nP1;Red;4\n"}, "survey.toml, a new line at the top"),
    "delimiter that is said": (
        {"survey.toml": ('kind = "plain"', 'kind = "plain"\ndelimiter = ";"')},
        "survey.toml, line 3"),
    "kind": (
        {"survey.toml": ('kind = "plain"', 'kind = "qualtrics"')}, "survey.toml, line 2"),
    "a file that is not there": ({"q3.csv": None}, "survey.toml, line 7"),
}  # fmt: skip


@pytest.mark.parametrize("case", MENDED)
def test_the_error_names_the_line(make_survey, case):
    changes, where = MENDED[case]
    with pytest.raises(InputError) as found:
        read_survey(make_survey(changes))
    assert str(found.value).split("\n")[-1] == f"  where: {where}"
    assert "canary" not in str(found.value)


@pytest.mark.parametrize(
    "changes",
    [
        {"q3.csv": ("P3,Blue", "P1,Blue")},  # a respondent twice: the file is to be mended
        {"survey.toml": ('title = "Tea', 'tilte = "Tea')},  # names its line already
    ],
)
def test_other_errors_are_left_as_they_are(make_survey, changes):
    with pytest.raises(InputError) as found:
        read_survey(make_survey(changes))
    assert "where:" not in str(found.value)


def test_quoted_keys_and_names_of_columns_are_told_apart(tmp_path):
    path = tmp_path / "survey.toml"
    path.write_text('[units]\n"my team" = "kind = x"\nteam = "t"\n', encoding="utf-8")
    table = read_toml(path)
    for fix, line in {
        'if it has another name: units."my team" = "..."': 2,
        'units.team = "kind = y"': 3,
    }.items():
        said = with_place(InputError("No.", fix=fix), table)
        assert str(said).endswith(f"where: survey.toml, line {line}")
    path.write_text("units.team = 't'\n[instruments.tea.columns]\na = 'b'\n", encoding="utf-8")
    dotted = read_toml(path)
    assert place_of(("units", "other"), dotted) == "survey.toml, a new line beside line 1"
    where = "survey.toml, a new table [instruments.tea] above line 2"
    assert place_of(("instruments", "tea", "labels"), dotted) == where
    assert place_of(("units", "other"), table) == "survey.toml, a new line below line 1"
