"""The walks of docs/walks.md as they stand there, on the real files; the page about exports."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest

from cultureplus import cli
from cultureplus.export_file import DELIMITERS
from cultureplus.intake import read_survey
from cultureplus.readers import READERS
from cultureplus.reliability import reliability
from cultureplus.run import notebooks_folder
from tests.small_surveys import ROOT

DATA = ROOT.parent / "shared" / "data"
HERE = pytest.mark.skipif(not DATA.is_dir(), reason="the open survey files are not here")
WALKS = {
    "LimeSurvey": "rse-survey-2018/public_data.csv",
    "SurveyMonkey": "exports/surveymonkey_cncf_maintainers_2020H1.csv",
    "Google Forms": "exports/googleforms_rstudio_2019.xlsx",
}


def laid_out(walk: str, folder: Path) -> Path:
    """The folder that a walk describes."""
    text = (ROOT / "docs" / "walks.md").read_text("utf-8")
    chapter = re.search(rf"^## {walk}.*?(?=^## )", text, re.MULTILINE | re.DOTALL)[0]
    shutil.copy(DATA / WALKS[walk], folder)
    for name, content in re.findall(r"^`(\w+\.toml)`\n\n```toml\n(.*?)```", chapter, re.M | re.S):
        (folder / name).write_text(content, encoding="utf-8")
    return folder


@HERE
def test_research_software_engineers_come_to_a_report(tmp_path, capsys):
    folder = laid_out("LimeSurvey", tmp_path)
    survey = read_survey(folder)
    assert survey.import_log["rows_in"].iloc[0] == 997
    assert len(survey.answers) == 857
    assert survey.answers.notna().sum().tolist() == [851, 840, 787, 784, 774]
    assert survey.answers["satis_position"].between(0, 10).sum() == 851
    few = folder / "notebooks"
    few.mkdir()
    shutil.copy(notebooks_folder() / "10_report.ipynb", few)
    report = folder / "out" / "report"
    given = ["run", str(folder), "--out", str(report), "--notebooks", str(few)]
    assert cli.main(given) == 0, capsys.readouterr().err
    assert "Research software engineers 2018" in (report / "report.html").read_text("utf-8")
    assert cli.main(["scan", str(report), "--survey", str(folder)]) == 0
    assert cli.main(["audit", str(report)]) == 0


@HERE
def test_maintainers_are_read_with_both_spellings(tmp_path):
    survey = read_survey(laid_out("SurveyMonkey", tmp_path))
    assert len(survey.answers) == 78
    assert survey.answers.notna().to_numpy().sum() == 343
    assert reliability(survey)["n_items"].tolist() == [5]


@HERE
def test_users_are_read_with_all_their_answers_in_one_cell(tmp_path):
    survey = read_survey(laid_out("Google Forms", tmp_path))
    assert len(survey.answers) == 1802
    named = survey.answers.filter(like="where_help.")
    assert named.sum().tolist() == [1526, 1396, 738, 483, 367]
    assert "387 cells with a text beside the options: the options count" in set(
        survey.import_log["decision"]
    )


def test_the_page_about_exports_names_every_kind_and_setting():
    text = (ROOT / "docs" / "exports.md").read_text("utf-8")
    kinds = re.findall(r"^\| `(\w+)` \|", text, re.MULTILINE)
    assert sorted(kinds) == sorted(READERS)
    assert all(f'"{spelt}"' in text for spelt in DELIMITERS.values())
