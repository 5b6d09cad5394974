"""The command line: which words it knows, what it says, and with which code it ends."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

import cultureplus
from cultureplus import cli
from cultureplus.cli import main
from cultureplus.errors import CultureplusError, InputError, NotebookFailed
from cultureplus.manifest import write_manifest

ROOT = Path(cultureplus.__file__).resolve().parent.parent
ARMY = ROOT / "data" / "army2002"


@pytest.fixture
def report(tmp_path):
    folder = tmp_path / "report"
    folder.mkdir()
    (folder / "report.html").write_text("page", encoding="utf-8")
    (folder / "key_numbers.json").write_text("{}", encoding="utf-8")
    write_manifest(folder, inputs=[], parameters={})
    return folder


# --- words ----------------------------------------------------------------------------------


@pytest.mark.parametrize("words", [[], ["frobnicate"], ["run", "a", "b"], ["run", "--min-n", "x"]])
def test_wrong_words_end_with_two_and_a_hint(words, capsys):
    with pytest.raises(SystemExit) as ended:
        main(words)
    assert ended.value.code == 2
    assert "usage: cultureplus" in capsys.readouterr().err


def test_the_version_is_said(capsys):
    with pytest.raises(SystemExit) as ended:
        main(["--version"])
    assert ended.value.code == 0
    assert capsys.readouterr().out == f"{cultureplus.__version__}\n"


def test_help_names_every_command(capsys):
    with pytest.raises(SystemExit):
        main(["--help"])
    said = capsys.readouterr().out
    for command in ("init", "run", "check", "verify", "scan", "new", "lab", "questionnaire"):
        assert re.search(rf"^    {command}\s", said, re.MULTILINE)


def test_run_hands_its_words_on(monkeypatch, capsys, tmp_path):
    asked = {}

    def run_quarter(survey, **options):
        asked.update(options, survey=survey)
        options["say"]("step 1 of 1")
        return tmp_path / "report.html"

    monkeypatch.setattr("cultureplus.run.run_quarter", run_quarter)
    words = [
        "run",
        "here",
        "--wave",
        "2026Q3",
        "--out",
        "there",
        "--min-n",
        "7",
        "--notebooks",
        "n",
    ]
    assert main(words) == 0
    asked.pop("say")
    assert asked == {
        "survey": "here", "wave": "2026Q3", "out": "there", "min_n": 7, "notebooks": "n",
    }  # fmt: skip
    assert capsys.readouterr().out == f"step 1 of 1\n{tmp_path / 'report.html'}\n"
    assert main(["run"]) == 0
    asked.pop("say")
    assert asked == {"survey": ".", "wave": None, "out": None, "min_n": 5, "notebooks": None}


@pytest.mark.parametrize(
    ("problem", "code", "said"),
    [
        (NotebookFailed("1_a.ipynb: cell 3 stopped"), 1, "1_a.ipynb: cell 3 stopped\n"),
        (InputError("No.", file="a.csv", row=3), 2, "a.csv, row 3: No.\n"),
        (CultureplusError("No."), 2, "No.\n"),
        (KeyboardInterrupt(), 130, "stopped; an earlier report is untouched\n"),
    ],
)
def test_what_stops_a_run_is_one_message_and_a_code(monkeypatch, capsys, problem, code, said):
    def run_quarter(survey, **options):
        raise problem

    monkeypatch.setattr("cultureplus.run.run_quarter", run_quarter)
    assert main(["run"]) == code
    assert capsys.readouterr() == ("", said)


def test_a_bug_of_ours_is_not_dressed_up_as_bad_input(monkeypatch):
    def run_quarter(survey, **options):
        raise ZeroDivisionError

    monkeypatch.setattr("cultureplus.run.run_quarter", run_quarter)
    with pytest.raises(ZeroDivisionError):
        main(["run"])


# --- check ----------------------------------------------------------------------------------


def test_check_says_what_was_read(capsys):
    assert main(["check", str(ARMY)]) == 0
    out, err = capsys.readouterr()
    assert err == ""
    assert "answers.csv" in out
    assert "2042 rows in" in out


def test_check_writes_nothing(make_survey, capsys):
    folder = make_survey()
    before = sorted(folder.rglob("*"))
    assert main(["check", str(folder)]) == 0
    assert sorted(folder.rglob("*")) == before
    assert "Tea at work" in capsys.readouterr().out


@pytest.mark.parametrize("change", [{"survey.toml": None}, {"q3.csv": None}, {"survey.toml": "x"}])
def test_check_ends_with_two_where_something_is_wrong(make_survey, capsys, change):
    folder = make_survey(change)
    assert main(["check", str(folder)]) == 2
    out, err = capsys.readouterr()
    assert next(iter(change)) in err
    assert out == ""
    assert "Traceback" not in err


# --- verify ---------------------------------------------------------------------------------


def test_verify_an_untouched_report(report, capsys):
    assert main(["verify", str(report)]) == 0
    assert capsys.readouterr().out == "2 files are as the run wrote them\n"


def change(report):
    (report / "report.html").write_text("PAGE", encoding="utf-8")
    return "report.html was changed after the run"


def remove(report):
    (report / "report.html").unlink()
    return "report.html is missing"


def add(report):
    (report / "more.txt").write_text("", encoding="utf-8")
    return "more.txt does not belong to the run"


@pytest.mark.parametrize("meddle", [change, remove, add])
def test_verify_a_report_that_was_touched(report, capsys, meddle):
    said = meddle(report)
    assert main(["verify", str(report)]) == 1
    assert capsys.readouterr().out == f"{said}\n"


@pytest.mark.parametrize("place", ["nowhere", "."])
def test_verify_what_is_no_report(tmp_path, monkeypatch, capsys, place):
    monkeypatch.chdir(tmp_path)
    assert main(["verify", place]) == 2
    assert "no manifest.json" in capsys.readouterr().err


# --- scan -----------------------------------------------------------------------------------


def test_scan_what_may_be_released(make_survey, report, capsys):
    assert main(["scan", str(report), "--survey", str(make_survey())]) == 0
    out, err = capsys.readouterr()
    assert out == f"nothing in {report} comes from a single person of this survey\n"
    assert err == ""


def test_scan_says_where_but_not_what(make_survey, report, capsys):
    folder = make_survey({"q3.csv": ("A note,\nover two lines", "The blue kettle leaks again")})
    (report / "a.csv").write_text("lens,unit\nteam,the BLUE kettle\nleaks again!\n")
    (report / "b.pkl").write_bytes(b"\x80\x04K\x01.")
    assert main(["scan", str(report), "--survey", str(folder)]) == 1
    out, err = capsys.readouterr()
    assert [line.partition(":")[0] for line in out.splitlines()] == ["a.csv", "b.pkl"]
    assert "comment" in out.splitlines()[0]
    assert "kettle" not in out
    assert err == ""


@pytest.mark.parametrize("wrong", ["path", "survey"])
def test_scan_of_what_is_not_there(make_survey, report, tmp_path, capsys, wrong):
    places = {"path": report, "survey": make_survey()} | {wrong: tmp_path / "nowhere"}
    assert main(["scan", str(places["path"]), "--survey", str(places["survey"])]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert "nowhere" in err
    assert "Traceback" not in err


# --- new ------------------------------------------------------------------------------------


def test_new_lays_out_a_folder_and_says_what_next(tmp_path, capsys):
    folder = tmp_path / "deep" / "ours"
    assert main(["new", str(folder)]) == 0
    assert sorted(path.name for path in folder.iterdir()) == ["notebooks", "survey.toml"]
    assert len(list((folder / "notebooks").glob("*.ipynb"))) >= 7
    said = capsys.readouterr().out
    assert f"cultureplus check {folder}" in said
    # What is not yet as it must be is the export, and `check` says so by its name.
    assert main(["check", str(folder)]) == 2
    assert "answers.csv" in capsys.readouterr().err


def test_what_new_lays_out_is_read_once_the_export_is_there(tmp_path, capsys):
    main(["new", str(tmp_path / "ours")])
    rows = ["respondent,department," + ",".join(f"ps_{item}" for item in range(1, 8))]
    rows += [f"P{person},Sales,{','.join(['4'] * 7)}" for person in range(6)]
    (tmp_path / "ours" / "answers.csv").write_text("\n".join(rows), encoding="utf-8")
    capsys.readouterr()
    assert main(["check", str(tmp_path / "ours")]) == 0
    assert "6 rows in" in capsys.readouterr().out


def test_new_lays_notebooks_beside_a_survey_that_is_described_already(make_survey, capsys):
    folder = make_survey()
    before = (folder / "survey.toml").read_bytes()
    assert main(["new", str(folder)]) == 0
    assert "is left as it is" in capsys.readouterr().out
    assert (folder / "survey.toml").read_bytes() == before
    assert len(list((folder / "notebooks").glob("*.ipynb"))) >= 7
    assert main(["new", str(folder)]) == 2  # its notebooks are left as they are as well


def test_new_takes_an_empty_folder_but_none_that_holds_something(tmp_path, capsys):
    (tmp_path / "empty").mkdir()
    assert main(["new", str(tmp_path / "empty")]) == 0
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "mine.txt").write_text("mine")
    (tmp_path / "file").write_text("mine")
    capsys.readouterr()
    for place in ("full", "file", "empty"):
        assert main(["new", str(tmp_path / place)]) == 2
        assert "not an empty folder" in capsys.readouterr().err
    assert [path.name for path in (tmp_path / "full").iterdir()] == ["mine.txt"]


# --- lab ------------------------------------------------------------------------------------


@pytest.fixture
def started(monkeypatch):
    commands = []

    def call(command, **_):
        commands.append(command)
        return 0

    monkeypatch.setattr(cli.subprocess, "call", call)
    return commands


def option(command, name):
    (found,) = [word for word in command if word.startswith(f"--{name}=")]
    return found.partition("=")[2]


def test_lab_opens_where_the_notebooks_are_without_pop_ups(started, tmp_path):
    (tmp_path / "notebooks").mkdir()
    assert main(["lab", str(tmp_path), "--no-browser"]) == 0
    (command,) = started
    assert command[:3] == [sys.executable, "-m", "jupyterlab"]
    assert command[-1] == "--no-browser"
    assert option(command, "notebook-dir") == str(tmp_path)
    settings = Path(option(command, "LabApp.app_settings_dir"))
    overrides = json.loads((settings / "overrides.json").read_text(encoding="utf-8"))
    news = overrides["@jupyterlab/apputils-extension:notification"]
    assert news == {"fetchNews": "false", "checkForUpdates": False}


def test_lab_opens_a_browser_unless_told_not_to(started, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert main(["lab"]) == 0
    assert "--no-browser" not in started[0]
    assert option(started[0], "notebook-dir") == str(tmp_path)


def test_lab_hands_on_how_it_ended(monkeypatch, tmp_path):
    monkeypatch.setattr(cli.subprocess, "call", lambda *_, **__: 3)
    assert main(["lab", str(tmp_path)]) == 3


def test_lab_needs_a_folder(started, tmp_path, capsys):
    assert main(["lab", str(tmp_path / "nowhere")]) == 2
    assert "nowhere" in capsys.readouterr().err
    assert started == []


def test_every_option_of_lab_is_known_to_jupyterlab(started, tmp_path):
    """JupyterLab only warns of a misspelt option and goes on without it."""
    from jupyter_server.serverapp import ServerApp
    from jupyterlab.labapp import LabApp

    main(["lab", str(tmp_path)])
    for word in started[0][3:]:
        name = word.lstrip("-").partition("=")[0]
        owner, dot, trait = name.partition(".")
        if not dot:
            assert name in LabApp().aliases
        else:
            (cls,) = {cls for cls in [LabApp, *ServerApp.classes] if cls.__name__ == owner}
            assert trait in cls.class_trait_names(config=True)


def test_the_script_is_the_same_command(tmp_path):
    """As it is typed: by itself, in a folder of its own, nothing imported before."""
    code = "import sys; from cultureplus.cli import main; sys.exit(main(['verify', '.']))"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=False,
        env={"PYTHONPATH": str(ROOT)},
    )  # fmt: skip
    assert done.returncode == 2
    assert done.stdout == ""
    assert done.stderr.startswith("There is no manifest.json")
