"""The table of bad inputs, tests/bad_inputs/README.md: what it says is what is said.

The README is read by people and by this test. Each of its rows names a file as a tool or a person
left it, what survey.toml says of it, and the whole error or what was read and logged.
"""

from __future__ import annotations

import re
import shutil
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
import pytest

from cultureplus.errors import InputError
from cultureplus.intake import read_survey
from cultureplus.survey import Survey

FOLDER = Path(__file__).parent / "bad_inputs"
README = (FOLDER / "README.md").read_text("utf-8")
BESIDE = {"README.md", "make.py"}
_BARS = re.compile(r"(?<!\\)\|")


@dataclass(frozen=True)
class Row:
    """One class of bad input: its files, the lines of survey.toml that differ, what is said."""

    number: int
    what: str
    files: tuple[str, ...]
    settings: tuple[str, ...]
    without: tuple[str, ...]
    said: str


def rows_of(text: str) -> list[Row]:
    found = []
    for line in text.splitlines():
        if not re.match(r"\| *[0-9]", line):
            continue
        number, what, files, read_with, said = (
            cell.strip() for cell in _BARS.split(line.strip().strip("|"))
        )
        without = tuple(re.findall("without `([^`]+)`", read_with))
        lines = tuple(span for span in re.findall("`([^`]+)`", read_with) if span not in without)
        found.append(
            Row(int(number), what, tuple(re.findall("`([^`]+)`", files)), lines, without, said)
        )
    return found


def block(title: str) -> str:
    """The fenced block that follows a title."""
    return re.search(rf"`{re.escape(title)}`[^`]*:\n\n```\w*\n(.*?)```", README, re.DOTALL)[1]


def as_cell(text: str) -> str:
    """A message as it stands in a cell of the README."""
    return "<br>".join(line.strip() for line in text.splitlines()).replace("|", r"\|")


ROWS = rows_of(README)
SURVEY, TEA, MEANT = (block(name) for name in ("survey.toml", "tea.toml", "answers.csv"))


def write_survey(folder: Path, row: Row) -> Path:
    """The survey of the README with the files and the settings of a row."""
    lines = dict.fromkeys(line.split(" = ")[0] for line in SURVEY.splitlines())
    for line in [*SURVEY.splitlines(), *row.settings]:
        lines[line.split(" = ")[0]] = line
    for key in row.without:
        del lines[key]
    folder.mkdir(exist_ok=True)
    text = "\n".join(line for line in lines.values() if line)
    (folder / "survey.toml").write_text(text.replace("FILE", Path(row.files[0]).name), "utf-8")
    (folder / "tea.toml").write_text(TEA, "utf-8")
    for name in row.files:
        source, target = FOLDER / name, folder / Path(name).name
        (shutil.copytree if source.is_dir() else shutil.copyfile)(source, target)
    return folder


def content(survey: Survey) -> str:
    """What was answered, by whom and where: row by row, whatever the order."""
    table = survey.people[list(survey.lenses)].join(survey.answers).reset_index("respondent")
    return "\n".join(sorted(",".join(map(str, row)) for row in table.to_numpy().tolist()))


def outcome(folder: Path, meant: str) -> str:
    """What is said of a survey: the error, or what was read and what the import log decided."""
    try:
        survey = read_survey(folder)
    except InputError as problem:
        return as_cell(str(problem))
    answered = int(survey.answers.notna().sum().sum())
    whole = content(survey) == meant
    lines = [f"Read{' whole' if whole else ''}: {len(survey.answers)} records, {answered} answers."]
    for line in survey.import_log.astype("object").itertuples(index=False):
        if line.decision in ("read", "keys replaced by keyed hashes"):
            continue
        place = ", ".join(part for part in (line.file, line.wave, line.column) if part)
        counted = "" if pd.isna(line.rows_in) else f" ({line.rows_in} rows in, {line.rows_out} out)"
        lines.append(f"{place}: {line.decision}{counted}")
    return as_cell("\n".join(lines))


@pytest.fixture(autouse=True)
def bare(monkeypatch):
    """Without the bundled instruments, which no row asks."""
    monkeypatch.setattr("cultureplus.instrument.bundled_paths", list)


@pytest.fixture(scope="module")
def meant(tmp_path_factory) -> str:
    folder = tmp_path_factory.mktemp("meant")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("cultureplus.instrument.bundled_paths", list)
        write_survey(folder, Row(0, "", ("README.md",), (), (), ""))
        (folder / "README.md").rename(folder / "answers.csv")
        (folder / "answers.csv").write_text(MEANT, "utf-8")
        toml = folder / "survey.toml"
        toml.write_text(toml.read_text("utf-8").replace("README.md", "answers.csv"), "utf-8")
        return content(read_survey(folder))


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row.number} {row.files[0]}")
def test_what_the_table_says_is_said(tmp_path, meant, row):
    said = outcome(write_survey(tmp_path / "survey", row), meant)
    said = re.sub("<br>where: [^<]*$", "", said)  # lines of survey.toml: see test_mending.py
    assert said == row.said
    places = re.split("<br>possible: |<br>fix: ", said)
    assert not re.search("canary|77|Traceback", places[0])


def test_every_file_belongs_to_a_row_and_every_row_has_its_files():
    named = {name for row in ROWS for name in row.files}
    there = {
        path.relative_to(FOLDER).as_posix()
        for path in FOLDER.rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    } - BESIDE
    assert {name for name in there if not any(name.startswith(each) for each in named)} == set()
    assert {name for name in named if not (FOLDER / name).exists()} == set()


def test_the_table_has_a_hundred_classes_and_none_twice():
    assert [row.number for row in ROWS] == list(range(1, len(ROWS) + 1))
    assert len(ROWS) >= 100
    assert max(Counter(row.what for row in ROWS).values()) == 1
    assert max(Counter((row.files, row.settings, row.without) for row in ROWS).values()) == 1
