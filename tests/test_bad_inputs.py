"""The table of bad inputs, tests/bad_inputs/README.md: what it says is what is said.

The README is read by people and by this test. Each of its rows names a file as a tool or a person
left it, what survey.toml says of it, and the whole error or what was read and logged. Where words
have changed on purpose, `python -m tests.test_bad_inputs` writes what is said now into the README,
to be read before it is committed.
"""

from __future__ import annotations

import json
import re
import resource
import subprocess
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
import pytest

from cultureplus.errors import InputError
from cultureplus.intake import read_survey
from cultureplus.survey import Survey
from tests.bad_inputs import make

FOLDER = Path(__file__).parent / "bad_inputs"
README = (FOLDER / "README.md").read_text("utf-8")
BESIDE = {"README.md", "columnar.py", "make.py", "parts.py", "workbooks.py"}
BUNDLED = "cultureplus.instrument.bundled_paths"  # instruments that no row asks
UNSAID = {"read", "keys replaced by keyed hashes"}  # of every file
SECONDS, MEMORY = 10, 1 << 30
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


def row_of(line: str) -> Row:
    cells = [cell.strip() for cell in _BARS.split(line.strip().strip("|"))]
    number, what, files, read_with, said = cells
    without = tuple(re.findall("without `([^`]+)`", read_with))
    lines = tuple(span for span in re.findall("`([^`]+)`", read_with) if span not in without)
    return Row(int(number), what, tuple(re.findall("`([^`]+)`", files)), lines, without, said)


def is_row(line: str) -> bool:
    return re.match(r"\| *[0-9]", line) is not None


def block(title: str) -> str:
    """The fenced block that follows a title."""
    return re.search(rf"`{re.escape(title)}`[^`]*:\n\n```\w*\n(.*?)```", README, re.DOTALL)[1]


def as_cell(text: str) -> str:
    """A message as it stands in a cell of the README."""
    return "<br>".join(line.strip() for line in text.splitlines()).replace("|", r"\|")


ROWS = [row_of(line) for line in README.splitlines() if is_row(line)]
SURVEY, TEA, MEANT = (block(name) for name in ("survey.toml", "tea.toml", "answers.csv"))
KEPT = [row for row in ROWS if not set(row.files) & set(make.LARGE)]


def bytes_of(name: str) -> bytes:
    return make.LARGE[name]() if name in make.LARGE else (FOLDER / name).read_bytes()


def write_survey(folder: Path, row: Row) -> Path:
    """The survey of the README with the files and the settings of a row."""
    tables: dict[str, dict[str, str]] = {}
    name = ""
    for line in filter(None, SURVEY.splitlines()):
        if line.startswith("["):
            name = line.strip("[]")
        else:
            tables.setdefault(name, {})[line.split(" = ")[0]] = line
    for line in row.settings:
        name, _, key = line.split(" = ")[0].rpartition(".")
        tables.setdefault(name, {})[key] = line.removeprefix(f"{name}.")
    for line in row.without:
        name, _, key = line.rpartition(".")
        del tables[name][key]
    folder.mkdir(exist_ok=True)
    text = "\n".join(
        "\n".join([*([f"\n[{name}]"] if name else []), *lines.values()])
        for name, lines in tables.items()
        if lines
    )
    (folder / "survey.toml").write_text(text.replace("FILE", Path(row.files[0]).name), "utf-8")
    (folder / "tea.toml").write_text(TEA, "utf-8")
    for name in row.files:
        (folder / Path(name).name).write_bytes(bytes_of(name))
    return folder


def content(survey: Survey) -> str:
    """What was answered, by whom and where: row by row, whatever the order."""
    table = survey.people[list(survey.lenses)].join(survey.answers).reset_index("respondent")
    return "\n".join(sorted(",".join(map(str, row)) for row in table.to_numpy().tolist()))


def read_as_meant() -> str:
    with tempfile.TemporaryDirectory() as folder:
        row = Row(0, "", ("README.md",), (), (), "")
        survey = write_survey(Path(folder), row)
        (survey / "README.md").unlink()
        (survey / "answers.csv").write_text(MEANT, "utf-8")
        toml = (survey / "survey.toml").read_text("utf-8")
        (survey / "survey.toml").write_text(toml.replace("README.md", "answers.csv"), "utf-8")
        return content(read_survey(survey))


def outcome(folder: Path, meant: str) -> str:
    """What is said of a survey: the error, or what was read and what the import log decided."""
    try:
        survey = read_survey(folder)
    except InputError as problem:
        return as_cell(str(problem))
    answered = int(survey.answers.notna().sum().sum())
    whole = " whole" if content(survey) == meant else ""
    lines = [f"Read{whole}: {len(survey.answers)} records, {answered} answers."]
    for line in survey.import_log.itertuples(index=False):
        if line.decision in UNSAID:
            continue
        place = ", ".join(part for part in (line.file, line.wave, line.column) if part)
        counts = "" if pd.isna(line.rows_in) else f" ({line.rows_in} rows in, {line.rows_out} out)"
        lines.append(f"{place}: {line.decision}{counts}")
    return as_cell("\n".join(lines))


@pytest.fixture(autouse=True)
def bare(monkeypatch):
    monkeypatch.setattr(BUNDLED, list)


@pytest.fixture(scope="module")
def meant() -> str:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(BUNDLED, list)
        return read_as_meant()


def check(row: Row, said: str) -> None:
    assert said == row.said
    # Among what is possible stand the names of columns, in the way out a name to copy.
    told = re.sub("<br>possible: .*?(?=<br>|$)", "", said)
    assert not re.search("canary|77|Traceback", told)


@pytest.mark.parametrize("row", KEPT, ids=lambda row: f"{row.number} {row.files[0]}")
def test_what_the_table_says_is_said(tmp_path, meant, row):
    check(row, outcome(write_survey(tmp_path / "survey", row), meant))


def test_what_is_too_large_to_keep_takes_neither_long_nor_much_memory():
    """In a process of its own, so that only these files count."""
    code = "from tests import test_bad_inputs; test_bad_inputs.tell_of_large()"
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", code], capture_output=True, text=True, check=False,
        cwd=FOLDER.parents[1],
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    for row in ROWS:
        if row not in KEPT:
            said, seconds = told["rows"][str(row.number)]
            check(row, said)
            assert seconds < SECONDS, row.what
    assert told["memory"] < MEMORY


def tell_of_large() -> None:
    with pytest.MonkeyPatch.context() as patch, tempfile.TemporaryDirectory() as folder:
        patch.setattr(BUNDLED, list)
        meant, rows = read_as_meant(), {}
        for row in ROWS:
            if row not in KEPT:
                survey = write_survey(Path(folder) / str(row.number), row)
                began = time.process_time()
                rows[row.number] = (outcome(survey, meant), time.process_time() - began)
    unit = 1 if sys.platform == "darwin" else 1024
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit
    sys.stdout.write(json.dumps({"rows": rows, "memory": memory}))


def test_every_file_belongs_to_a_row_and_every_row_has_its_files():
    named = {name for row in ROWS for name in row.files}
    there = {
        path.relative_to(FOLDER).as_posix()
        for path in FOLDER.rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    } - BESIDE
    assert there == named - set(make.LARGE)
    assert {*make.SMALL, *make.LARGE} <= named


def test_files_that_are_no_text_are_what_is_made(tmp_path, meant):
    """Byte by byte; where another version of a library packs otherwise, the same must be said."""
    for row in KEPT:
        name = row.files[0]
        made = make.SMALL.get(name, lambda name=name: bytes_of(name))()
        if made != bytes_of(name):
            folder = write_survey(tmp_path / str(row.number), row)
            (folder / Path(name).name).write_bytes(made)
            check(row, outcome(folder, meant))


def test_the_files_are_small():
    sizes = {path.name: path.stat().st_size for path in FOLDER.rglob("*.*") if path.is_file()}
    assert max(size for name, size in sizes.items() if name != "README.md") < 1 << 14


def test_the_table_has_a_hundred_classes_and_none_twice():
    assert [row.number for row in ROWS] == list(range(1, len(ROWS) + 1))
    assert len(ROWS) >= 100
    assert max(Counter(row.what for row in ROWS).values()) == 1
    contents = [
        (tuple(map(bytes_of, row.files)), Path(row.files[0]).suffix, row.settings, row.without)
        for row in KEPT
    ]
    assert max(Counter(contents).values()) == 1


@pytest.mark.skipif(not Path("/proc/self/mem").exists(), reason="no file here fails on reading")
@pytest.mark.parametrize("suffix", ["csv", "xlsx", "parquet"])
def test_a_file_that_fails_while_it_is_read_is_said_to(tmp_path, suffix):
    row = ROWS[0]
    folder = write_survey(tmp_path / "survey", row)
    toml = (folder / "survey.toml").read_text("utf-8")
    (folder / "survey.toml").write_text(toml.replace("empty.csv", f"disk.{suffix}"), "utf-8")
    (folder / f"disk.{suffix}").symlink_to("/proc/self/mem")
    with pytest.raises(InputError) as caught:
        read_survey(folder)
    assert str(caught.value) == (
        f"disk.{suffix}: This file can't be opened.\n  found: Input/output error\n"
        "  fix: close it in other programs, and check who may read it"
    )


def write_what_is_said() -> None:
    with pytest.MonkeyPatch.context() as patch, tempfile.TemporaryDirectory() as folder:
        patch.setattr(BUNDLED, list)
        meant, lines = read_as_meant(), README.splitlines()
        for place, line in enumerate(lines):
            if is_row(line):
                row = row_of(line)
                survey = write_survey(Path(folder) / str(row.number), row)
                head = line.rstrip(" |").removesuffix(row.said)
                lines[place] = f"{head}{outcome(survey, meant)} |"
        (FOLDER / "README.md").write_text("\n".join(lines) + "\n", "utf-8")


if __name__ == "__main__":
    write_what_is_said()
