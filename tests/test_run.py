"""The quarterly run on a tiny survey: what is written, said, refused and kept.

Three items, one unit column, thirty people, as in README's walk; the names of the units are as
nasty as names get. Most tests use two short notebooks of their own, for a kernel takes seconds.
"""

from __future__ import annotations

import csv
import json
import shutil
import time
from pathlib import Path

import nbformat
import nbformat.v4 as nb
import openpyxl
import pandas as pd
import pytest

from cultureplus.cli import main
from cultureplus.errors import InputError, NotebookFailed
from cultureplus.manifest import differences, files_in
from cultureplus.notebooks_run import execute, parameters_of, read_notebook, with_parameters
from cultureplus.published import publish
from cultureplus.released import quoted
from cultureplus.report import published_tables
from cultureplus.run import lay_out, notebooks_folder, run_quarter, slug_of, told

UNITS = ("=1+1", "<script>alert(1)</script>", "</script>", "<img src=x onerror=alert(1)>",
         "\u202eevil", "$x^2$")  # fmt: skip
WAVE = "2026Q3"
SECRET = "CANARY-4711"
STANDING = ["out", "own", "release-ledger.json", "survey"]  # beside one another after a run

QUESTIONNAIRE = """\
id = "voice"
title = "Voice"
source = "Our own wording"
licence = "ours"
validity = "None yet"

[answers]
low = 1
high = 5
favourable = [4, 5]

[scoring]
reversed = ["voice_3"]

[[items]]
id = "voice_1"
text = "I say what I <b>think</b>."
[[items]]
id = "voice_2"
text = "What I say is heard."
[[items]]
id = "voice_3"
text = "It is safer to keep quiet."

[[examples]]
answers = { voice_1 = 4, voice_2 = 5, voice_3 = 2 }
scores = { voice = 4.333333 }
"""
SETTINGS = """\
title = "Our <i>survey</i>"
kind = "plain"
instrument_files = ["voice.toml"]

[waves]
2026Q3 = "answers.csv"

[units]
function = "department"

[instruments.voice]
"""

HEAD = ["import cultureplus as cp", 'survey = "."\nwave = None\nmin_n = 5']
OPEN = "quarter = cp.open_quarter(survey, wave=wave, min_n=min_n)"
SCORES = "units = quarter.plan.apply(cp.unit_scores(quarter.scores))"
CHART = "cp.plot_unit_heatmap(units)"


def write_survey(folder):
    folder.mkdir(parents=True)
    (folder / "voice.toml").write_text(QUESTIONNAIRE, encoding="utf-8")
    (folder / "survey.toml").write_text(SETTINGS, encoding="utf-8")
    with (folder / "answers.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["department", "voice_1", "voice_2", "voice_3"])
        for person in range(30):
            # Multiplying by numbers without common factors spreads answers, the same each time.
            answers = [1 + person * step % 11 % 5 for step in (3, 5, 7)]
            writer.writerow([UNITS[person % len(UNITS)], *answers])
    return folder


def write_notebook(path, *cells, parameters=HEAD[1]):
    parts = [
        nb.new_markdown_cell("# 1 How are we?", id="title"),
        nb.new_code_cell(HEAD[0], id="imports"),
        nb.new_code_cell(parameters, id="parameters", metadata={"tags": ["parameters"]}),
        *(nb.new_code_cell(source, id=f"cell-{place}") for place, source in enumerate(cells)),
    ]
    path.parent.mkdir(exist_ok=True)
    nbformat.write(nb.new_notebook(cells=parts), path)
    return path


def two_notebooks(folder):
    publish = 'cp.publish(units, "unit_scores", "Scores of units")'
    alphas = 'cp.publish(cp.reliability(quarter.survey), "alphas", "Alpha", key=True)'
    write_notebook(folder / "1_units.ipynb", OPEN, SCORES, publish, CHART)
    write_notebook(folder / "2_report.ipynb", OPEN, alphas)
    return folder


def snapshot(folder):
    return {name: (folder / name).read_bytes() for name in [*files_in(folder), "manifest.json"]}


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    """A survey, two notebooks, and one run of them: folder and what was said."""
    place = tmp_path_factory.mktemp("world")
    survey = write_survey(place / "survey")
    notebooks = two_notebooks(place / "own")
    said = []
    report = run_quarter(survey, out=place / "out", notebooks=notebooks, say=said.append)
    return place, report, said


@pytest.fixture
def again(world, tmp_path):
    """A copy of that world, to be spoilt."""
    shutil.copytree(world[0], tmp_path, dirs_exist_ok=True)
    return tmp_path


# --- what a run writes ----------------------------------------------------------------------


def test_the_folder_holds_what_was_promised_and_nothing_else(world):
    place, report, _ = world
    assert report == place / "out" / "report.html"
    assert files_in(place / "out") == [
        "key_numbers.json",
        "notebooks/1_units.ipynb",
        "notebooks/2_report.ipynb",
        "report.html",
        "tables/alphas.csv",
        "tables/tables.xlsx",
        "tables/unit_scores.csv",
    ]
    assert sorted(each.name for each in place.iterdir()) == STANDING
    assert differences(place / "out") == []


def test_each_step_is_said_when_it_is_done(world):
    _, _, said = world
    assert [line.partition(":")[0] for line in said] == [f"step {n} of 4" for n in range(1, 5)]
    assert said[0].endswith(": reading and checking " + str(world[0] / "survey"))
    assert {line.partition(": ")[2] for line in said[1:3]} == {"1 units", "2 report"}
    assert said[3].endswith(": writing the report and the tables")


def test_the_notebooks_are_executed_with_the_settings_of_the_run(world):
    notebook = read_notebook(world[0] / "out" / "notebooks" / "1_units.ipynb")
    assert parameters_of(notebook) == {"survey": "../../survey", "wave": WAVE, "min_n": 5}
    counts = [cell.execution_count for cell in notebook.cells if cell.cell_type == "code"]
    assert counts == list(range(1, len(counts) + 1))


def test_of_files_elsewhere_only_the_name_is_told(tmp_path):
    here = tmp_path / "survey"
    files = [here / "survey.toml", here / "exports" / "q3.csv", tmp_path / "anna" / "q3.csv"]
    files += [tmp_path / "ben" / "people.csv", tmp_path / "carl" / "people.csv"]
    names = ["survey.toml", "exports/q3.csv", "elsewhere/2/q3.csv"]
    names += ["elsewhere/people.csv", "elsewhere/2/people.csv"]
    assert told(files, here) == dict(zip(names, files, strict=True))


def test_the_manifest_says_what_went_in(world):
    manifest = json.loads((world[0] / "out" / "manifest.json").read_text(encoding="utf-8"))
    assert set(manifest["inputs"]) == {"answers.csv", "survey.toml", "voice.toml"}
    assert manifest["parameters"]["wave"] == WAVE
    assert manifest["parameters"]["min_n"] == 5
    assert str(world[0]) not in json.dumps(manifest)


def test_key_numbers_are_those_of_the_notebook(world):
    numbers = json.loads((world[0] / "out" / "key_numbers.json").read_text(encoding="utf-8"))
    assert {key: numbers[key] for key in ("title", "wave", "min_n")} == {
        "title": "Our <i>survey</i>",
        "wave": WAVE,
        "min_n": 5,
    }
    (row,) = numbers["alphas"]
    assert (row["scale"], row["n"], row["n_items"]) == ("voice", 30, 3)
    from cultureplus.intake import read_survey
    from cultureplus.reliability import reliability

    expected = reliability(read_survey(world[0] / "survey"))["alpha"].round(3).tolist()
    assert [row["alpha"]] == expected
    assert "unit_scores" not in numbers


def test_workbook_csv_and_notebook_hold_the_same(world):
    out = world[0] / "out"
    book = openpyxl.load_workbook(out / "tables" / "tables.xlsx")
    tables = [
        table
        for path in sorted((out / "notebooks").glob("*.ipynb"))
        for table in published_tables(read_notebook(path))
    ]
    assert sorted(book.sheetnames) == sorted(table["name"] for table in tables)
    for table in tables:
        expected = [table["columns"], *([quoted(cell) for cell in row] for row in table["rows"])]
        # An empty text and nothing are the same cell to a workbook.
        sheet = [list(row) for row in book[table["name"]].values]
        assert sheet == [[None if cell == "" else cell for cell in row] for row in expected]
        with (out / "tables" / f"{table['name']}.csv").open(encoding="utf-8-sig", newline="") as f:
            plain = [["" if cell is None else str(cell) for cell in row] for row in expected]
            assert list(csv.reader(f)) == plain


def test_the_same_run_gives_the_same_bytes(world, again):
    run_quarter(again / "survey", out=again / "twin", notebooks=again / "own", say=lambda _: None)
    assert snapshot(again / "twin") == snapshot(world[0] / "out")


def test_hostile_names_are_data_everywhere(world):
    out = world[0] / "out"
    book = openpyxl.load_workbook(out / "tables" / "tables.xlsx")
    cells = [cell for row in book["unit_scores"] for cell in row]
    assert "f" not in {cell.data_type for cell in cells}
    names = {cell.value for cell in cells}
    assert "'=1+1" in names
    assert "=1+1" not in names
    page = (out / "report.html").read_text(encoding="utf-8")
    body = page[page.index("<body") : page.rindex("</section>")]
    assert UNITS[1] not in body
    assert UNITS[3] not in body
    assert "&lt;img src=x onerror=alert(1)&gt;" in body
    assert "alert(1)" in body
    assert body.count("</script>") == body.count('<script type="application/json"')
    assert "Our &lt;i&gt;survey&lt;/i&gt;" in page


# --- where it may write ---------------------------------------------------------------------


@pytest.fixture
def no_kernel(monkeypatch):
    """For rules about folders no cell need run."""

    def execute(notebook, *, folder, name):
        return notebook

    monkeypatch.setattr("cultureplus.run.execute", execute)


def quiet(place, **options):
    return run_quarter(
        place / "survey", out=place / "out", notebooks=place / "own", say=lambda _: None, **options
    )


@pytest.mark.usefixtures("no_kernel")
def test_an_earlier_report_is_replaced(again):
    (again / "own" / "1_units.ipynb").rename(again / "own" / "1_other.ipynb")
    (again / "out" / "notebooks" / ".ipynb_checkpoints").mkdir()
    (again / "out" / "notebooks" / ".ipynb_checkpoints" / "x.ipynb").write_text("{}")
    quiet(again)
    assert "tables/unit_scores.csv" not in files_in(again / "out")
    assert differences(again / "out") == []
    assert "notebooks/1_other.ipynb" in files_in(again / "out")
    assert "notebooks/1_units.ipynb" not in files_in(again / "out")
    assert sorted(each.name for each in again.iterdir()) == STANDING


def add_note(out):
    (out / "minutes.txt").write_text("ours")


def drop_manifest(out):
    (out / "manifest.json").unlink()


def foreign_manifest(out):
    (out / "manifest.json").write_text('{"name": "an app"}')


@pytest.mark.parametrize("change", [add_note, drop_manifest, foreign_manifest])
def test_what_no_run_wrote_is_not_replaced(again, change):
    change(again / "out")
    before = {path: path.read_bytes() for path in again.rglob("*") if path.is_file()}
    with pytest.raises(InputError, match="no run of cultureplus wrote"):
        quiet(again)
    assert {path: path.read_bytes() for path in again.rglob("*") if path.is_file()} == before


def test_a_file_is_not_replaced(again):
    shutil.rmtree(again / "out")
    (again / "out").write_text("ours")
    with pytest.raises(InputError, match="is a file"):
        quiet(again)
    assert (again / "out").read_text() == "ours"


@pytest.mark.parametrize("out", ["survey", ".", "..", "elsewhere"])
def test_neither_the_survey_nor_where_one_works_is_replaced(again, monkeypatch, out):
    (again / "elsewhere").mkdir()
    monkeypatch.chdir(again / "elsewhere")
    place = {"survey": again / "survey", "elsewhere": again / "elsewhere"}.get(out, Path(out))
    with pytest.raises(InputError, match="can't be the report's folder"):
        run_quarter(again / "survey", out=place, notebooks=again / "own", say=lambda _: None)
    assert (again / "survey" / "answers.csv").exists()


def test_a_survey_inside_an_earlier_report_is_not_replaced(again):
    shutil.move(again / "survey", again / "out" / "survey")
    with pytest.raises(InputError, match="can't be the report's folder"):
        run_quarter(
            again / "out" / "survey", out=again / "out", notebooks=again / "own",
            say=lambda _: None,
        )  # fmt: skip
    assert (again / "out" / "survey" / "answers.csv").exists()


@pytest.mark.usefixtures("no_kernel")
def test_an_empty_folder_may_be_named(again):
    shutil.rmtree(again / "out")
    (again / "out").mkdir()
    assert quiet(again).exists()


def test_what_a_killed_run_left_is_mended_by_the_next(again):
    """Killed between the two renamings: the earlier report waits under its other name."""
    (again / "out").rename(again / ".out.old")
    (again / ".out.part").mkdir()
    (again / ".out.part" / "half.txt").write_text("half")
    before = snapshot(again / ".out.old")
    (again / "own" / "2_report.ipynb").unlink()
    write_notebook(again / "own" / "1_units.ipynb", "1 / 0")
    with pytest.raises(NotebookFailed):
        quiet(again)
    assert snapshot(again / "out") == before
    assert sorted(each.name for each in again.iterdir()) == sorted([*STANDING, "out.failed"])


# --- what stops it --------------------------------------------------------------------------

FAILING = f"""\
answers = quarter.survey.answers
raise ValueError("a person answered {SECRET}")"""


def test_a_failing_notebook_leaves_the_earlier_report_whole(again, capsys):
    before = snapshot(again / "out")
    write_notebook(again / "own" / "1_units.ipynb", "1")
    write_notebook(again / "own" / "2_report.ipynb", OPEN, FAILING, "1 + 1")
    command = ["run", str(again / "survey"), "--out", str(again / "out"), "--notebooks",
               str(again / "own")]  # fmt: skip
    assert main(command) == 1
    said = capsys.readouterr().err
    assert said.startswith("2_report.ipynb: cell 5 stopped with ValueError")
    assert "fix:" in said
    assert SECRET not in said
    assert snapshot(again / "out") == before
    partial = again / "out.failed" / "notebooks" / "2_report.ipynb"
    cells = read_notebook(partial).cells
    assert [bool(cell.get("outputs")) for cell in cells[4:]] == [True, False]
    assert cells[4].outputs[0].ename == "ValueError"
    assert SECRET not in json.dumps(cells[4].outputs)

    (again / "own" / "2_report.ipynb").unlink()
    assert main(command) == 0
    assert not (again / "out.failed").exists()


def one_cell(tmp_path, source):
    path = write_notebook(tmp_path / "own" / "1_a.ipynb", source)
    return execute(read_notebook(path), folder=tmp_path, name="1_a.ipynb")


def test_an_error_of_ours_is_said_in_full(tmp_path):
    with pytest.raises(NotebookFailed, match=r"nowhere"):
        one_cell(tmp_path, 'cp.read_survey("nowhere")')


def test_a_foreign_error_inside_the_house_is_placed_but_not_quoted(tmp_path):
    source = f"""\
import pandas as pd
cp.publish(pd.DataFrame({{"scale": [object()], "p": ["{SECRET}"]}}).rename(columns=1), "a")"""
    with pytest.raises(NotebookFailed) as caught:
        one_cell(tmp_path, source)
    assert SECRET not in str(caught.value)
    assert " in cultureplus/" not in str(caught.value)  # pandas' own error, before our code

    inside = f"cp.unit_scores('{SECRET}')"
    with pytest.raises(NotebookFailed) as caught:
        one_cell(tmp_path, inside)
    first = str(caught.value).splitlines()[0]
    assert " in cultureplus/units.py, line " in first
    assert SECRET not in str(caught.value)
    lines = (Path(__file__).parent.parent / "cultureplus" / "units.py").read_text().splitlines()
    assert 0 < int(first.rstrip(".").rsplit(" ", 1)[1]) <= len(lines)


def test_warnings_are_withheld_too(tmp_path):
    executed = one_cell(tmp_path, f'import warnings\nwarnings.warn("{SECRET}")\n"well"')
    (cell,) = [cell for cell in executed.cells if "warnings" in cell.source]
    assert SECRET not in json.dumps(cell.outputs)
    assert [output.output_type for output in cell.outputs] == ["stream", "execute_result"]


def test_nothing_of_the_machine_is_kept(tmp_path):
    executed = one_cell(tmp_path, "1")
    assert set(executed.metadata) == {"kernelspec", "language_info"}
    assert "version" not in executed.metadata.language_info
    assert all(set(cell.metadata) <= {"tags"} for cell in executed.cells)


def test_nobodys_start_up_files_are_read(tmp_path, monkeypatch):
    startup = tmp_path / "ipython" / "profile_default" / "startup"
    startup.mkdir(parents=True)
    (startup / "00.py").write_text("surprise = 1")
    monkeypatch.setenv("IPYTHONDIR", str(tmp_path / "ipython"))
    executed = one_cell(tmp_path, '"surprise" in globals()')
    assert executed.cells[-1].outputs[0].data["text/plain"] == "False"


@pytest.mark.parametrize(
    ("file", "text"),
    [("answers.csv", "department,voice_1,voice_2,voice_3\nA,9,1,1\n"), ("survey.toml", "x = 1")],
)
def test_wrong_input_is_said_before_any_notebook_runs(again, capsys, file, text):
    before = snapshot(again / "out")
    (again / "survey" / file).write_text(text, encoding="utf-8")
    code = main(["run", str(again / "survey"), "--out", str(again / "out"), "--notebooks",
                 str(again / "own")])  # fmt: skip
    out, err = capsys.readouterr()
    assert code == 2
    assert file in err
    assert out.count("step") == 1
    assert snapshot(again / "out") == before
    assert sorted(each.name for each in again.iterdir()) == STANDING


def test_a_wave_that_is_not_there_is_refused_with_those_that_are(again, capsys):
    code = main(["run", str(again / "survey"), "--wave", "2027Q1", "--out", str(again / "out")])
    assert code == 2
    assert WAVE in capsys.readouterr().err


@pytest.mark.parametrize("min_n", [4, 0, -1])
def test_fewer_than_five_are_never_shown(again, min_n, capsys):
    code = main(["run", str(again / "survey"), "--min-n", str(min_n), "--out", str(again / "out")])
    assert code == 2
    assert "5" in capsys.readouterr().err


def test_a_notebook_that_lacks_a_setting_is_refused_before_any_runs(again):
    before = snapshot(again / "out")
    write_notebook(again / "own" / "2_report.ipynb", OPEN, parameters='survey = "."\nwave = None')
    with pytest.raises(InputError, match="'min_n'") as caught:
        quiet(again)
    assert "2_report.ipynb" in str(caught.value)
    assert "possible: survey, wave" in str(caught.value)
    assert snapshot(again / "out") == before


def test_no_notebooks_is_an_input_error(again):
    for path in (again / "own").iterdir():
        path.unlink()
    with pytest.raises(InputError, match="no notebooks"):
        quiet(again)


def test_a_person_who_stops_the_run_does_not_wait_for_the_notebooks_to_come(again, monkeypatch):
    for number in range(3, 8):
        write_notebook(again / "own" / f"{number}_more.ipynb", "1")
    before = snapshot(again / "out")
    begun = []

    def execute_slowly(notebook, *, folder, name):
        begun.append(name)
        time.sleep(0.2)
        return notebook

    def stop(line):
        if line.startswith("step 2"):
            raise KeyboardInterrupt

    monkeypatch.setattr("cultureplus.run.execute", execute_slowly)
    with pytest.raises(KeyboardInterrupt):
        run_quarter(again / "survey", out=again / "out", notebooks=again / "own", say=stop)
    assert len(begun) < 7
    assert snapshot(again / "out") == before
    assert sorted(each.name for each in again.iterdir()) == STANDING


@pytest.mark.usefixtures("no_kernel")
def test_two_notebooks_may_not_publish_different_tables_under_one_name(again):
    for number, name in enumerate(("1_units", "2_report")):
        path = write_notebook(again / "own" / f"{name}.ipynb", "1")
        notebook = read_notebook(path)
        bundle = publish(pd.DataFrame({"a": [number]}), "same")._repr_mimebundle_()
        notebook.cells[-1].outputs = [nb.new_output("display_data", data=bundle)]
        nbformat.write(notebook, path)
    before = snapshot(again / "out")
    with pytest.raises(InputError, match="'same'"):
        quiet(again)
    assert snapshot(again / "out") == before


# --- settings of a notebook -----------------------------------------------------------------


def notebook_of(parameters):
    cell = nb.new_code_cell(parameters, metadata={"tags": ["parameters"]})
    return nb.new_notebook(cells=[nb.new_code_cell("a = 1"), cell])


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ('survey = "x"\nwave = None\nmin_n = 5', {"survey": "x", "wave": None, "min_n": 5}),
        ("# a comment\nnames = ['a']\nlow = -1", {"names": ["a"], "low": -1}),
        ("", {}),
    ],
)
def test_the_settings_of_a_notebook_are_read(source, expected):
    assert parameters_of(notebook_of(source)) == expected


@pytest.mark.parametrize("source", ["wave = latest()", "wave = ", "min_n = n + 1"])
def test_settings_that_are_no_plain_values_are_refused(source):
    with pytest.raises(InputError, match="plain values"):
        parameters_of(notebook_of(source))


def test_settings_are_set_in_a_copy():
    notebook = notebook_of('survey = "x"\nwave = None')
    own = with_parameters(notebook, {"wave": 'a "b"\\'}, name="n.ipynb")
    assert parameters_of(own) == {"survey": "x", "wave": 'a "b"\\'}
    assert parameters_of(notebook)["wave"] is None


def test_an_unknown_setting_is_refused_with_the_known_ones():
    with pytest.raises(InputError) as caught:
        with_parameters(notebook_of('survey = "x"\nwave = None'), {"wav": 1}, name="n.ipynb")
    assert str(caught.value) == (
        "n.ipynb: The notebook has no setting 'wav'.\n"
        "  possible: survey, wave\n"
        "  fix: did you mean 'wave'?"
    )


def test_a_notebook_without_settings_takes_none():
    notebook = nb.new_notebook(cells=[nb.new_code_cell("a = 1")])
    assert parameters_of(notebook) == {}
    assert with_parameters(notebook, {}, name="n").cells[0].source == "a = 1"
    with pytest.raises(InputError, match="add it to the cell tagged 'parameters'"):
        with_parameters(notebook, {"wave": 1}, name="n")


@pytest.mark.parametrize("text", ["", "{", "[]", '{"cells": 3}', "not a notebook"])
def test_what_is_no_notebook_is_refused(tmp_path, text):
    path = tmp_path / "a.ipynb"
    path.write_text(text)
    with pytest.raises(InputError, match="not a notebook"):
        read_notebook(path)
    with pytest.raises(InputError, match="no notebook"):
        read_notebook(tmp_path / "b.ipynb")


@pytest.mark.parametrize(
    ("wave", "folder"),
    [
        ("2026Q3", "2026Q3"),
        ("2026-Q3_a", "2026-Q3_a"),
        ("../up", "up"),
        ("a/b", "a_b"),
        ("..", None),
    ],
)
def test_a_wave_names_its_folder(wave, folder):
    found = slug_of(wave)
    assert found == folder or folder is None
    assert Path(found).name == found
    assert found not in {"", ".", ".."}


# --- laying out -----------------------------------------------------------------------------


def test_notebooks_are_laid_out_empty_and_with_their_survey(tmp_path):
    lay_out(tmp_path, survey="..")
    names = [path.name for path in sorted(notebooks_folder().glob("*.ipynb"))]
    assert sorted(path.name for path in tmp_path.iterdir()) == names
    for name in names:
        notebook = read_notebook(tmp_path / name)
        nbformat.validate(notebook)
        assert parameters_of(notebook)["survey"] == ".."
        code = [cell for cell in notebook.cells if cell.cell_type == "code"]
        assert not any(cell.outputs or cell.execution_count for cell in code)


@pytest.mark.slow
def test_what_new_lays_out_runs(tmp_path, capsys):
    """`new`, one's own files in place of the template's, then a notebook where it stands."""
    folder = tmp_path / "ours"
    assert main(["new", str(folder)]) == 0
    for source in write_survey(tmp_path / "files").iterdir():
        shutil.copy(source, folder / source.name)
    capsys.readouterr()
    assert main(["check", str(folder)]) == 0
    path = folder / "notebooks" / "01_are_the_answers_usable.ipynb"
    executed = execute(read_notebook(path), folder=path.parent, name=path.name)
    assert published_tables(executed)
    for other in list((folder / "notebooks").iterdir()):
        if not other.name.startswith("02"):
            other.unlink()
    report = ["run", str(folder), "--out", str(folder / "report"), "--notebooks"]
    assert main([*report, str(folder / "notebooks")]) == 0
    assert main(["verify", str(folder / "report")]) == 0
