"""Killed at any moment: the earlier release stands whole, nothing half reads as complete.

A world of two releases (an earlier wave, and a first release of the present one) is run again with
further answers, and the process is killed with the signal that nobody can catch. At that moment the
present wave's folder must hold, byte for byte, either the earlier report or the one that an
undisturbed run makes; the earlier wave's folder is untouched; and the next run leaves every byte as
the undisturbed run does, ledger and all. (Nothing in a report or a ledger holds a date. The ledger
draws a salt when it is begun; here it was begun before.)

Two ways of killing. With kernels, at drawn moments; the benchmark `killed` does so fifty times.
Without, before each single change that the run makes to the folder, and with the file that was
written last cut in half: what the writing leaves at any moment is one of these states.
"""

from __future__ import annotations

import csv
import hashlib
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

import nbformat
import nbformat.v4 as nb
import pandas as pd
import plotly.offline
import pytest

from cultureplus import run as running
from cultureplus.cli import main
from cultureplus.disclosure.ledger import FILE_NAME as LEDGER
from cultureplus.disclosure.ledger import entry_of
from cultureplus.errors import InputError
from cultureplus.manifest import differences
from cultureplus.notebooks_run import parameters_of
from cultureplus.published import publish
from cultureplus.quarter import open_quarter
from cultureplus.run import run_quarter
from tests.small_surveys import ROOT, SALT

WAVE, BEFORE = "2026Q3", "2026Q2"
TEAMS = {"A": 12, "B": 9, "C": 8}
LATER = {team: size + 6 for team, size in TEAMS.items()}  # enough late answers to be let in
WAITING = ".release-ledger.next"
LOCK = ".release-ledger.lock"
HIDDEN = f".{WAVE}."  # how the folders begin in which a run builds and clears away

QUESTIONS = """\
id = "voice"
title = "Voice"
source = "Our own wording"
licence = "ours"
validity = "None yet"
[answers]
low = 1
high = 5
favourable = [4, 5]
[[items]]
id = "voice_1"
text = "I say what I think."
[[items]]
id = "voice_2"
text = "What I say is heard."
"""
SETTINGS = f"""\
title = "Voices"
kind = "plain"
instrument_files = ["voice.toml"]
salt = "{SALT}"
[waves]
{BEFORE} = "{BEFORE}.csv"
{WAVE} = "{WAVE}.csv"
[columns]
respondent = "who"
[units]
team = "team"
[instruments.voice]
"""
CELLS = {
    "1_units": (
        "units = quarter.plan.apply(cp.unit_scores(quarter.scores))",
        'cp.publish(units, "unit_scores", "Scores of units")',
        "cp.plot_unit_heatmap(units)",
    ),
    "2_report": ('cp.publish(cp.reliability(quarter.survey), "alphas", "Alpha", key=True)',),
}


# --- the world ------------------------------------------------------------------------------


def write_wave(survey, wave, teams):
    with (survey / f"{wave}.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["who", "team", "voice_1", "voice_2"])
        for team, size in teams.items():
            for number in range(size):
                writer.writerow([f"{team}{number}", team, 1 + number * 3 % 5, 1 + number * 7 % 5])


def write_world(place):
    """The survey and its notebooks; nothing is released yet."""
    (place / "survey").mkdir(parents=True)
    (place / "survey" / "voice.toml").write_text(QUESTIONS, encoding="utf-8")
    (place / "survey" / "survey.toml").write_text(SETTINGS, encoding="utf-8")
    write_wave(place / "survey", BEFORE, {"A": 20, "B": 20, "C": 20})
    write_wave(place / "survey", WAVE, TEAMS)
    (place / "own").mkdir()
    for name, sources in CELLS.items():
        settings = 'survey = "."\nwave = None\nmin_n = 5'
        cells = [
            nb.new_code_cell("import cultureplus as cp", id="imports"),
            nb.new_code_cell(settings, id="parameters", metadata={"tags": ["parameters"]}),
            nb.new_code_cell(
                "quarter = cp.open_quarter(survey, wave=wave, min_n=min_n)", id="open"
            ),
            *(nb.new_code_cell(text, id=f"cell-{spot}") for spot, text in enumerate(sources)),
        ]
        nbformat.write(nb.new_notebook(cells=cells), place / "own" / f"{name}.ipynb")
    return place


def released(place):
    """Make the two releases of a world; then the late answers come in."""
    for wave in (BEFORE, WAVE):
        run_quarter(
            place / "survey", wave=wave, out=place / "reports" / wave,
            notebooks=place / "own", say=lambda _: None,
        )  # fmt: skip
    write_wave(place / "survey", WAVE, LATER)
    return place


def command(place, wave=WAVE):
    """The arguments of a run of the world."""
    out = place / "reports" / wave
    return ["run", str(place / "survey"), "--wave", wave, "--out", str(out),
            "--notebooks", str(place / "own")]  # fmt: skip


def bytes_in(folder):
    """Every file below a folder with the hash of its bytes; the lock of a killed run left out."""
    return {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and LOCK not in path.name
    }


def inside(reports, folder):
    """Of the bytes of a folder of reports, those of one report or file."""
    return {name: digest for name, digest in reports.items() if name.split("/")[0] == folder}


def wrong_with(place, earlier, later):
    """What is not as it must be after a kill; `earlier`, `later`: the bytes of before and after."""
    now = bytes_in(place / "reports")
    wave = inside(now, WAVE)
    found = []
    if inside(now, BEFORE) != inside(earlier, BEFORE):
        found.append("another wave's report was touched")
    if wave not in (inside(earlier, WAVE), inside(later, WAVE)):
        found.append("the report is neither the earlier one nor the new one")
    if inside(now, LEDGER) not in (inside(earlier, LEDGER), inside(later, LEDGER)):
        found.append("the ledger is neither the earlier one nor the new one")
    if inside(now, LEDGER) != inside(earlier, LEDGER) and wave == inside(earlier, WAVE):
        found.append("the ledger knows of a release that never was")
    for name in (BEFORE, WAVE):
        report = place / "reports" / name
        if not report.is_dir():
            continue  # said above
        if differences(report):
            found.append(f"{name} differs from its manifest")
        # With the new report in place its ledger may still wait under another name.
        waits = now.get(WAITING) == later[LEDGER] and name == WAVE
        if not entry_of(report)[0] and not waits:
            found.append(f"{name} is not in the ledger")
    strange = {name.split("/")[0] for name in now} - {BEFORE, WAVE, LEDGER, WAITING}
    found += [f"{name} is left behind" for name in strange if not name.startswith(HIDDEN)]
    found += [
        f"{name} reads as complete" for name in strange if pretends(place, name, earlier, later)
    ]
    return found


def pretends(place, name, earlier, later):
    """Whether a folder that is no whole report passes for one."""
    folder = place / "reports" / name
    try:
        if not folder.is_dir() or differences(folder):
            return False
    except InputError:  # it has no manifest, or half of one
        return False
    reports = [
        {file.partition("/")[2]: digest for file, digest in inside(all_of, WAVE).items()}
        for all_of in (earlier, later)
    ]
    return bytes_in(folder) not in reports


def wrong_after(place, later):
    """What is not as an undisturbed run leaves it, once the run was repeated."""
    now = bytes_in(place / "reports")
    found = [name for name in sorted(now.keys() | later.keys()) if now.get(name) != later.get(name)]
    left = {path.name for path in (place / "reports").iterdir()} - {BEFORE, WAVE, LEDGER}
    return [f"{name} differs after the repeated run" for name in found] + sorted(left)


# --- killed before each change, without kernels ---------------------------------------------

CHANGES = {"os.rename", "os.remove", "os.rmdir", "os.mkdir", "os.link", "os.symlink"}
WRITES = os.O_WRONLY | os.O_RDWR | os.O_CREAT


def without_kernel(notebook, *, folder, name):
    """A table that depends on the answers, without a kernel and without a second reading."""
    settings = parameters_of(notebook)
    export = folder / settings["survey"] / f"{settings['wave']}.csv"
    count = pd.DataFrame({"records": [len(export.read_text("utf-8").splitlines()) - 1]})
    bundle = publish(count, f"table_{name[0]}", key=True)._repr_mimebundle_()
    notebook.cells[-1].outputs = [nb.new_output("display_data", data=bundle)]
    return notebook


def changed(event, given, folder):
    """The file or folder that this event is about to change below a folder, or ''."""
    if event == "ctypes.dlsym":  # two folders will change places
        return "exchange" if given[1] in ("renameat2", "renamex_np") else ""
    if event == "open" and not (isinstance(given[2], int) and given[2] & WRITES):
        return ""
    if event != "open" and event not in CHANGES:
        return ""
    if event in ("os.remove", "os.rmdir") and given[1] != -1:
        return str(given[0])  # inside a folder that is being cleared away
    path = str(given[0])
    return path if path.startswith(f"{folder}{os.sep}") else ""


def in_a_child(work):
    """Do some work in a copy of this process; returns how it ended and what it said."""
    end, start = os.pipe()
    child = os.fork()
    if child == 0:
        code = 1
        try:
            os.close(end)
            work(start)
            code = 0
        finally:
            os._exit(code)
    os.close(start)
    with os.fdopen(end, encoding="utf-8") as said:
        lines = [json.loads(line) for line in said]
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), lines


def run_once(place, *, kill_at=0):
    """A run without kernels in a process of its own, killed before its change of that number."""

    def work(start):
        count = 0

        def hook(event, given):
            nonlocal count
            path = changed(event, given, place / "reports")
            if not path:
                return
            count += 1
            os.write(start, (json.dumps([event, path]) + "\n").encode())
            if count == kill_at:
                os.kill(os.getpid(), signal.SIGKILL)

        sys.addaudithook(hook)
        run_quarter(
            place / "survey", wave=WAVE, out=place / "reports" / WAVE, notebooks=place / "own",
            say=lambda _: None,
        )  # fmt: skip

    return in_a_child(work)


def sweep(place, *, exchange):
    """Per change of a run: what it was, and what was wrong after it was killed there.

    Without `exchange`, as on a machine whose folders can't change places in one step, only the
    renamings are looked at, which then are others. Every world holds the same survey, and opening
    it changes no file: after the two releases it is opened once for all runs.
    """
    running.execute = without_kernel
    plotly.offline.get_plotlyjs = lambda: ""  # five million signs that would be hashed each time
    if not exchange:
        running._exchanged = lambda *_: False
    base = released(write_world(place / "base"))
    quarter = open_quarter(base / "survey", wave=WAVE)
    running.open_quarter = lambda *_, **__: quarter
    earlier = bytes_in(base / "reports")
    shutil.copytree(base, place / "done")
    code, events = run_once(place / "done")
    later = bytes_in(place / "done" / "reports")
    told = [["no", "nothing", [] if code == 0 and earlier != later else ["there is no new report"]]]
    for number, (event, _) in enumerate(events, start=1):
        if not exchange and event != "os.rename":
            continue
        world = place / str(number)
        shutil.copytree(base, world)
        code, seen = run_once(world, kill_at=number)
        wrong = [] if code == -signal.SIGKILL else ["it was not killed"]
        wrong += wrong_with(world, earlier, later)
        last = Path(seen[-2][1]) if len(seen) > 1 and seen[-2][0] == "open" else None
        # The lock is left alone: half a lock is respected, and the error says what to do.
        if last is not None and last.is_file() and LOCK not in last.name:
            os.truncate(last, last.stat().st_size // 2)
            wrong += wrong_with(world, earlier, later)
        repeated, _ = run_once(world)
        wrong += [] if repeated == 0 else ["it could not be repeated"]
        wrong += wrong_after(world, later)
        told.append([event, Path(seen[-1][1]).name, wrong])
        shutil.rmtree(world)
    return told


def told_by_sweep(place, *, exchange):
    """A sweep in a process that has no threads when it is copied."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.test_killed", str(place), str(int(exchange))],
        cwd=ROOT, capture_output=True, text=True, check=False,
        env=os.environ | {"OPENBLAS_NUM_THREADS": "1"},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


needs_copies = pytest.mark.skipif(
    not hasattr(os, "fork"), reason="a process can't be copied on this system"
)


@pytest.mark.slow
@needs_copies
def test_killed_before_any_change_of_the_folder(tmp_path):
    told = told_by_sweep(tmp_path, exchange=True)
    assert [line for line in told if line[2]] == []
    kinds = {kind for kind, *_ in told}
    assert {"open", "os.mkdir", "os.rename", "os.remove", "os.rmdir"} <= kinds
    places = {place for _, place, _ in told}
    assert {"report.html", "manifest.json", "tables.xlsx", WAITING, f".{WAVE}.part"} <= places
    assert len(told) >= 25


@needs_copies
def test_killed_between_two_renamings_where_folders_cannot_change_places(tmp_path):
    """Then, and only then, the earlier report has its other name until the next run."""
    told = told_by_sweep(tmp_path, exchange=False)
    (between,) = (line for line in told if line[1] == f".{WAVE}.part")
    assert between[2] == ["the report is neither the earlier one nor the new one"]
    assert [line for line in told if line[2] and line is not between] == []
    assert [place for _, place, _ in told[1:]] == [WAVE, f".{WAVE}.part", WAITING]


@pytest.mark.parametrize(
    ("spoil", "found"),
    [
        (f"{WAVE}/report.html", "the report is neither the earlier one nor the new one"),
        (f"{BEFORE}/report.html", "another wave's report was touched"),
        (LEDGER, "the ledger is neither the earlier one nor the new one"),
    ],
)
def test_a_change_of_one_byte_would_be_noticed(tmp_path, monkeypatch, spoil, found):
    monkeypatch.setattr(running, "execute", without_kernel)
    place = released(write_world(tmp_path / "base"))
    earlier = bytes_in(place / "reports")
    assert wrong_with(place, earlier, earlier) == []
    path = place / "reports" / spoil
    path.write_bytes(path.read_bytes()[:-1])
    assert found in wrong_with(place, earlier, earlier)


def test_half_a_report_under_another_name_would_be_noticed(tmp_path, monkeypatch):
    monkeypatch.setattr(running, "execute", without_kernel)
    place = released(write_world(tmp_path / "base"))
    earlier = bytes_in(place / "reports")
    part = place / "reports" / f".{WAVE}.part"
    shutil.copytree(place / "reports" / WAVE, part)
    assert wrong_with(place, earlier, earlier) == []  # a whole one may wait there
    (part / "report.html").unlink()
    assert wrong_with(place, earlier, earlier) == []  # and half a one, which verify tells
    content = json.loads((part / "manifest.json").read_text("utf-8"))
    del content["outputs"]["report.html"]
    (part / "manifest.json").write_text(json.dumps(content), encoding="utf-8")
    assert wrong_with(place, earlier, earlier) == [f".{WAVE}.part reads as complete"]


# --- killed at drawn moments, with kernels --------------------------------------------------


def children_of(process):
    """The processes that a process started, and theirs; kernels have sessions of their own."""
    found = []
    for path in Path(f"/proc/{process}/task").glob("*/children"):
        with suppress(OSError):  # a thread that has just ended
            for child in map(int, path.read_text().split()):
                found += [child, *children_of(child)]
    return found


def begin(place):
    """A run in a process, and a session, of its own."""
    code = "import sys; from cultureplus.cli import main; sys.exit(main(sys.argv[1:]))"
    return subprocess.Popen(
        [sys.executable, "-c", code, *command(place)],
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, start_new_session=True,
    )  # fmt: skip


def undisturbed(place):
    """One run to its end: how many seconds it took, and how many since it began to write."""
    begun = time.monotonic()
    with begin(place) as process:
        writing = [time.monotonic() for line in process.stdout if "writing" in line]
    assert process.returncode == 0
    return time.monotonic() - begun, time.monotonic() - writing[0]


def kill_at(place, *, writing, after):
    """Begin a run and kill it, kernels and all; returns the last line that it said.

    `after`: seconds since it began, or, if `writing`, since it said that it writes the report.
    """
    process = begin(place)
    said = [""]
    while writing and "writing" not in said[-1]:
        said.append(process.stdout.readline())
        assert said[-1], said
    time.sleep(after)
    kernels = children_of(process.pid)
    os.killpg(process.pid, signal.SIGKILL)
    for kernel in kernels:
        with suppress(ProcessLookupError):
            os.kill(kernel, signal.SIGKILL)
    said += process.communicate()[0].splitlines()
    return said[-1].strip()


def repeat(place):
    """One run to its end, with kernels."""
    assert main(command(place)) == 0
    return bytes_in(place / "reports")


if __name__ == "__main__":
    sys.stdout.write(json.dumps(sweep(Path(sys.argv[1]), exchange=sys.argv[2] == "1")))
