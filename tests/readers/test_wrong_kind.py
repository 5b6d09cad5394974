"""Every real export, stated as every wrong kind: the error names the right one.

What each holds is tested with its reader. The Google Forms workbook is large and is held against
the other kinds there.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cultureplus import readers
from cultureplus.errors import InputError
from cultureplus.export_file import ExportFile
from cultureplus.grid import Grid, laid_down
from cultureplus.readers import READERS, evidence_in, open_grid, read_export

# file -> its kind
TEXTS = {
    "rse-survey-2018/public_data.csv": "limesurvey",
    "exports/limesurvey_rse_us2017_public.csv": "limesurvey",
    "exports/qualtrics_ropensci_sample.csv": "qualtrics",
    "exports/qualtrics_ropensci_sample_legacy.csv": "qualtrics",
    "exports/redcap_checkboxes-1_data.csv": "redcap",
    "exports/redcap_checkboxes-1_dictionary.csv": "redcap",
    "exports/redcap_survey_data.csv": "redcap",
    "exports/redcap_survey_dictionary.csv": "redcap",
    "exports/surveymonkey_538_flying_1header.csv": "surveymonkey",
    "exports/surveymonkey_cncf_ambassadors_2021.csv": "surveymonkey",
    "exports/surveymonkey_cncf_maintainers_2020H1.csv": "surveymonkey",
}
STRUCTURE = "exports/limesurvey_rse_us2017_tsv_structure.txt"
SPSS = ["missing_char.sav", "sample.sav", "sample.zsav", "sample_missing.sav"]


@pytest.mark.parametrize("name", TEXTS)
def test_a_file_is_of_its_kind_and_no_other(open_data, monkeypatch, name):
    own = TEXTS[name]
    export = ExportFile(open_data(name))
    grid = open_grid(export)  # opened once, as each kind would
    monkeypatch.setattr(readers, "open_grid", lambda _: grid)
    assert list(evidence_in(grid)) == [own]
    for kind in set(READERS) - {own}:
        with pytest.raises(InputError) as caught:
            read_export(kind, export)
        message = str(caught.value)
        assert message.startswith(f"{export.name}: This is a {READERS[own].title}, not a ")
        assert message.endswith(f'fix: kind = "{own}" in survey.toml')


@pytest.mark.parametrize("name", SPSS)
@pytest.mark.parametrize("kind", sorted(set(READERS) - {"spss"}))
def test_a_file_that_names_its_own_types_is_no_other_kind(open_data, name, kind):
    with pytest.raises(InputError) as caught:
        read_export(kind, ExportFile(open_data(f"exports/spss_pyreadstat_{name}")))
    assert str(caught.value).endswith('fix: kind = "spss" in survey.toml')


@pytest.mark.parametrize("kind", READERS)
def test_the_structure_of_a_survey_is_no_export_of_any_kind(open_data, kind):
    export = ExportFile(open_data(STRUCTURE), delimiter="\t")
    with pytest.raises(InputError, match="the structure of a LimeSurvey survey"):
        read_export(kind, export)
    with pytest.raises(InputError, match=r"delimiter = \"\\t\""):
        read_export(kind, replace(export, delimiter=","))


@pytest.mark.parametrize("kind", sorted(set(READERS) - {"spss"}))
def test_an_export_divided_by_another_mark_says_so_whatever_the_kind(tmp_path, kind):
    path = tmp_path / "results.csv"
    path.write_text(
        '\ufeff"id. Response ID";"Q1[A]. All in all, how? [Tea]"\n"1";"so, so"\n', encoding="utf-8"
    )
    with pytest.raises(InputError) as caught:
        read_export(kind, ExportFile(path))
    assert str(caught.value) == (
        "results.csv: This table is divided by ';', not by ','.\n"
        '  fix: say so at the top of survey.toml: delimiter = ";"'
    )
    if kind != "limesurvey":
        with pytest.raises(InputError, match=r'kind = "limesurvey" in survey\.toml'):
            read_export(kind, ExportFile(path, delimiter=";"))


CELL = st.sampled_from(
    ["", "", " ", "4", "12345678", "How?", "Respondent ID", "Collector ID", "Response", "Total",
     '{"ImportId":"QID1"}', '{"ImportId":1}', "ResponseId", "ResponseID", "ResponseSet",
     "R_2YPOQ602ER1jkf1", "Status", "V1", "id", "submitdate", "lastpage", "Q1[A]. How?", "Q1.",
     "class", "type/scale", "relevance", "Timestamp", "How? [Tea]", "Start time", "a;b;"]
)  # fmt: skip
QUICK = settings(max_examples=60, deadline=None, derandomize=True, database=None)


@QUICK
@given(
    rows=st.integers(1, 5).flatmap(
        lambda width: st.lists(
            st.lists(CELL, min_size=width, max_size=width), min_size=1, max_size=5
        )
    ),
    kind=st.sampled_from(sorted(set(READERS) - {"spss"})),
)
def test_any_small_table_is_read_or_refused(rows, kind):
    cells = laid_down(rows)
    if cells is None:
        return
    grid = Grid(ExportFile(Path("a.csv")), cells)
    assert all(isinstance(why, str) for why in evidence_in(grid).values())
    try:
        raw = READERS[kind].read(grid)
    except InputError:
        return
    assert raw.frame.columns.is_unique
    assert set(raw.identifying) <= set(raw.frame)
    assert set(raw.questions) <= set(raw.frame)
    assert 0 < len(raw.frame) + sum(raw.left_out.values()) <= len(rows)
