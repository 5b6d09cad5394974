"""That nbval sees a change: one digit, one point, one title, one formula, one answer.

A committed notebook is copied, with the sample beside it, and run by the options of the Makefile.
It must be green as it is, and red for each mutation alone; else a green run would say nothing.
Saved outputs are changed in one copy, each in a cell of its own: just these cells must be red.
"""

from __future__ import annotations

import csv
import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest

from cultureplus.report import CHART_MIME

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = ROOT / "cultureplus"
NAME = "03_may_we_speak_of_teams.ipynb"
FORMULA = ("agreement.py", "(msb - msw) / (msb + (n0 - 1) * msw)", "(msb - msw) / (msb + n0 * msw)")


def nbval_options():
    """What `make test` gives to nbval, taken from the Makefile itself."""
    text = (ROOT / "Makefile").read_text(encoding="utf-8").replace("\\\n", " ")
    (found,) = re.findall(r"^NBVAL := (.*)$", text, flags=re.MULTILINE)
    return shlex.split(found.replace("$(HERE)", str(ROOT)))


def nbval(folder, *, package=ROOT):
    """Run nbval over all notebooks under a folder: per copy, its green cells and its red ones."""
    outer = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")}
    environment = outer | {"PYTHONPATH": str(package)}
    imported = subprocess.run(
        [sys.executable, "-c", "import cultureplus; print(cultureplus.__file__)"],
        cwd=folder, env=environment, capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert Path(imported.stdout.strip()).parent == package / "cultureplus"
    done = subprocess.run(
        [sys.executable, "-m", "pytest", *nbval_options(), "-p", "no:cacheprovider",
         "-p", "no:randomly", "-p", "no:xdist", "-rA", "--rootdir", str(folder),
         "-c", os.devnull, str(folder)],
        cwd=folder, env=environment, capture_output=True, text=True, check=False,
    )  # fmt: skip
    cells = re.findall(
        r"^(PASSED|FAILED|ERROR) (\S+?)[\\/]notebooks[\\/]\S+?::Cell (\d+)",
        done.stdout,
        re.MULTILINE,
    )
    assert cells, done.stdout + done.stderr
    found = {}
    for verdict, place, cell in cells:
        green_red = found.setdefault(Path(place).name, (set(), set()))
        green_red[verdict != "PASSED"].add(int(cell))
    # Red because of one thing, not because nothing ran.
    assert all(green for green, _ in found.values())
    return found


def copy_of(place, name):
    """The notebook with the sample beside it, as in the checkout; the data are only pointed at."""
    (place / name / "notebooks").mkdir(parents=True)
    (place / name / "data").mkdir()
    sample = place / name / "data" / "sample"
    try:
        sample.symlink_to(ROOT / "data" / "sample", target_is_directory=True)
    except OSError:  # Windows, without the right to make links
        shutil.copytree(ROOT / "data" / "sample", sample)
    return Path(shutil.copy(ROOT / "notebooks" / NAME, place / name / "notebooks" / NAME))


def change_outputs(path, changes):
    """Make each change in the first cell that it can change and no other has; returns the cells."""
    notebook = nbformat.read(path, as_version=4)
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    places = {}
    for change in changes:
        before = nbformat.writes(notebook)
        places[change.__name__] = next(
            place
            for place, cell in enumerate(code)
            if place not in places.values()
            and any(change(output.get("data", {})) for output in cell.outputs)
        )
        assert nbformat.writes(notebook) != before
    nbformat.write(notebook, path)
    return places


def one_digit(data):
    """One digit of one number that a person reads in a table."""
    text = data.get("text/plain", "")
    found = re.search(r"(?<=0\.\d)\d", text)
    if not found:
        return False
    digit = str((int(found.group()) + 1) % 10)
    data["text/plain"] = text[: found.start()] + digit + text[found.end() :]
    return True


def one_row(data):
    """The same in the rows that are handed on, of which a person sees only the first."""
    kinds = [kind for kind in data if kind.endswith("table.csv")]
    if not kinds or "0.8" not in data[kinds[0]]:
        return False
    head, _, tail = data[kinds[0]].rpartition("0.8")
    data[kinds[0]] = head + "0.9" + tail
    return True


def one_point(data):
    """One plotted value, by a thousandth."""
    if CHART_MIME not in data:
        return False
    for trace in data[CHART_MIME]["data"]:
        for place, value in enumerate(trace.get("x", [])):
            if isinstance(value, float):
                trace["x"][place] = round(value + 0.001, 3)
                return True
    return False


def one_title(data):
    if CHART_MIME not in data:
        return False
    title = data[CHART_MIME]["layout"]["xaxis"]["title"]
    title["text"] = title["text"].swapcase()
    return True


def one_answer(folder):
    """One answer of one person, in the latest export, from one end of the range to the other."""
    sample = folder / "data" / "sample"
    if sample.is_symlink():
        sample.unlink()
        shutil.copytree(ROOT / "data" / "sample", sample)
    export = sorted((sample / "exports").glob("*.csv"))[-1]
    with export.open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.reader(file))
    column = rows[0].index("ps_1")
    person = next(row for row in rows[3:] if row[column] in {"1", "7"})
    person[column] = "7" if person[column] == "1" else "1"
    with export.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file, lineterminator="\n").writerows(rows)


@pytest.fixture(scope="module")
def verdicts(tmp_path_factory):
    """Per mutation its red cells, and those that are red for no reason ('untouched').

    One nbval over the copies, and one with a changed package.
    """
    place = tmp_path_factory.mktemp("mutations")
    copy_of(place, "untouched")
    changed = change_outputs(copy_of(place, "outputs"), (one_digit, one_row, one_point, one_title))
    one_answer(copy_of(place, "one_answer").parent.parent)
    found = nbval(place)

    other = tmp_path_factory.mktemp("other_package")
    shutil.copytree(PACKAGE, other / "cultureplus", ignore=shutil.ignore_patterns("__pycache__"))
    file, formula, wrong = FORMULA
    source = (other / "cultureplus" / file).read_text(encoding="utf-8")
    assert source.count(formula) == 1
    (other / "cultureplus" / file).write_text(source.replace(formula, wrong), encoding="utf-8")
    copy_of(other / "run", "one_formula")
    found |= nbval(other / "run", package=other)
    red = {name: cells for name, (_, cells) in found.items()}
    assert found.keys() == {"untouched", "outputs", "one_answer", "one_formula"}
    by_output = {name: red["outputs"] & {cell} for name, cell in changed.items()}
    for_no_reason = red["untouched"] | (red.pop("outputs") - set(changed.values()))
    return red | by_output | {"untouched": for_no_reason}


MUTATIONS = ["one_digit", "one_row", "one_point", "one_title", "one_answer", "one_formula"]


@pytest.mark.slow
def test_the_notebook_is_green_as_it_is(verdicts):
    assert verdicts["untouched"] == set(), "run `make notebooks` and look at what changed"


@pytest.mark.slow
@pytest.mark.parametrize("mutation", MUTATIONS)
def test_nbval_turns_red_for(verdicts, mutation):
    assert verdicts["untouched"] == set()
    assert verdicts[mutation]


def test_the_sanitiser_lets_every_number_through():
    """It may hide when and where a cell ran, never a figure."""
    import configparser

    rules = configparser.RawConfigParser()
    rules.read(ROOT / "tests" / "nbval_sanitize.cfg", encoding="utf-8")
    numbers = [
        "0.836",
        "-0.0168",
        "1200",
        "69 %",
        "< .001",
        "2026Q3",
        "713.462",
        "4.95, 4.91",
        "1,7",
    ]
    for section in rules.sections():
        for number in numbers:
            assert not re.search(rules[section]["regex"], number), (section, number)
    hidden = ["12:34:56", "2026-10-01", "0x7f3a2b4c5d6e", "/x/ipykernel_12/345.py"]
    for text in hidden:
        assert any(re.fullmatch(rules[section]["regex"], text) for section in rules.sections())


def test_the_options_are_those_of_the_makefile():
    options = nbval_options()
    assert "--nbval" in options
    assert "--nbval-lax" not in options
    assert Path(options[options.index("--nbval-sanitize-with") + 1]).is_file()
    assert json.dumps(options).count("$(") == 0
