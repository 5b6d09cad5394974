"""What a newcomer meets first: the settings, the pins, the make file and the CI script.

Bounds are written for people in two places (pip's and conda's) and pins in a third, so the three
are held against each other here. The scripts are tried with stand-ins for the programs they call:
what matters is which of them decides the verdict and what a newcomer is told when one is missing.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tomllib
import zipfile
from importlib.metadata import distributions, version
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name
from packaging.version import Version

import cultureplus

ROOT = Path(__file__).resolve().parent.parent
PYPROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
PROJECT = PYPROJECT["project"]
RUNTIME = [Requirement(text) for text in PROJECT["dependencies"]]
EXTRAS = {
    extra: [Requirement(text) for text in texts]
    for extra, texts in PROJECT["optional-dependencies"].items()
}
BUILD = [Requirement(text) for text in PYPROJECT["build-system"]["requires"]]
SEVEN = {"jupyterlab", "nbval", "pandas", "pingouin", "plotly", "scipy", "statsmodels"}
# The oldest patch release of each Python that the pins must suit: Debian 12 has 3.11.2.
PYTHONS = {"3.11": "3.11.2", "3.12": "3.12.1", "3.13": "3.13.0"}
SYSTEMS = {"linux": ("posix", "Linux"), "darwin": ("posix", "Darwin"), "win32": ("nt", "Windows")}


def lines_of(name: str) -> list[str]:
    text = (ROOT / name).read_text(encoding="utf-8")
    bare = (line.split("#", 1)[0].rstrip() for line in text.splitlines())
    return [line for line in bare if line]


def bounds(requirements: list[Requirement]) -> dict[str, SpecifierSet]:
    return {canonicalize_name(each.name): each.specifier for each in requirements}


def pins_for(python: str, system: str) -> dict[str, list[str]]:
    os_name, platform_system = SYSTEMS[system]
    environment = {
        "python_version": python,
        "python_full_version": PYTHONS[python],
        "sys_platform": system,
        "os_name": os_name,
        "platform_system": platform_system,
    }
    pins: dict[str, list[str]] = {}
    for line in lines_of("constraints.txt"):
        pin = Requirement(line)
        if pin.marker is None or pin.marker.evaluate(environment):
            pins.setdefault(canonicalize_name(pin.name), []).append(str(pin.specifier))
    return pins


# --- names, version, licence --------------------------------------------------------------------


def test_the_version_is_written_once_in_effect():
    assert cultureplus.__version__ == PROJECT["version"]


def test_the_licence_is_gpl_3_or_later():
    text = (ROOT / "LICENSE").read_text(encoding="utf-8")
    assert PROJECT["license"] == "GPL-3.0-or-later"
    assert "GNU GENERAL PUBLIC LICENSE" in text
    assert "Version 3, 29 June 2007" in text
    assert "END OF TERMS AND CONDITIONS" in text


def test_the_command_line_starts_where_the_settings_say():
    assert PROJECT["scripts"] == {"cultureplus": "cultureplus.cli:main"}


def test_every_dependency_has_a_lower_and_an_upper_bound():
    for each in [*RUNTIME, *(each for extra in EXTRAS.values() for each in extra), *BUILD]:
        assert {spec.operator for spec in each.specifier} == {">=", "<"}, each.name


# --- conda against pip --------------------------------------------------------------------------


def test_conda_asks_for_what_pip_asks_for():
    text = "\n".join(lines_of("environment.yml"))
    channels = re.search(r"^channels:\n((?:  - .*\n)+)", text, flags=re.MULTILINE)
    assert channels is not None
    assert channels[1] == "  - conda-forge\n"
    listed = re.findall(r"^  - ([\w.-]+[<>=].*)$", text, flags=re.MULTILINE)
    conda = bounds([Requirement(each) for each in listed])
    assert conda.pop("python") == SpecifierSet(PROJECT["requires-python"])
    assert conda == bounds([*RUNTIME, *EXTRAS["test"]])
    assert conda.keys() >= SEVEN
    assert text.endswith("  - pip:\n      - -e .")


# --- pins ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("system", SYSTEMS)
@pytest.mark.parametrize("python", PYTHONS)
def test_one_pin_inside_the_bounds_for_each_dependency(python, system):
    pins = pins_for(python, system)
    assert {name for name, found in pins.items() if len(found) != 1} == set()
    for name, allowed in bounds([*RUNTIME, *EXTRAS["test"], *EXTRAS["browser"], *BUILD]).items():
        assert name in pins, f"{name} has no pin for Python {python} on {system}"
        pin = re.fullmatch(r"==(.+)", pins[name][0])
        assert pin is not None
        assert Version(pin[1]) in allowed, f"{name} {pin[1]} is outside {allowed}"


def test_what_only_another_system_needs_is_pinned_for_it():
    windows, mac, linux = (pins_for("3.12", system) for system in ("win32", "darwin", "linux"))
    assert {"colorama", "pywinpty"} <= windows.keys()
    assert "appnope" in mac.keys() - windows.keys()
    assert not {"appnope", "colorama", "pywinpty"} & linux.keys()


def test_the_pins_suit_the_oldest_patch_release_of_this_python():
    python = "{}.{}".format(*sys.version_info)
    if python not in PYTHONS:
        pytest.skip(f"no pins were made for Python {python}")
    pinned = pins_for(python, "linux")
    checked = 0
    for dist in distributions():
        if pinned.get(canonicalize_name(dist.name)) == [f"=={dist.version}"]:
            allowed = SpecifierSet(dist.metadata.get("Requires-Python") or "")
            assert PYTHONS[python] in allowed, f"{dist.name} {dist.version} needs Python {allowed}"
            checked += 1
    if checked == 0:
        pytest.skip("this environment was not made from constraints.txt")


def test_what_is_installed_here_is_what_the_settings_allow():
    for name, allowed in bounds([*RUNTIME, *EXTRAS["test"]]).items():
        assert Version(version(name)) in allowed, name


# --- nothing that ties the files to a place -----------------------------------------------------


@pytest.mark.parametrize(
    "name",
    [
        "pyproject.toml",
        "constraints.txt",
        "environment.yml",
        "Makefile",
        ".ci/run",
        ".gitignore",
        "tests/nbval_sanitize.cfg",
        "tools/constraints.py",
    ],
)
def test_no_host_and_no_machine_path_is_named(name):
    text = (ROOT / name).read_text(encoding="utf-8")
    places = [
        r"\w+://",
        r"\bwww\.",
        r"\b[\w-]+\.(?:com|org|net|io|dev)\b",
        r"index[-_]url|find[-_]links|trusted[-_]host|--hash",
        r"/(?:home|root|work|tmp|Users)/",
    ]
    found = {place: re.findall(place, text, flags=re.IGNORECASE) for place in places}
    assert {place: hits for place, hits in found.items() if hits} == {}


# --- what nbval may overlook --------------------------------------------------------------------


@pytest.mark.parametrize(
    ("saved", "cleaned"),
    [
        ("made at 09:41:07", "made at CLOCK"),
        ("made at 09:41:07.123456", "made at CLOCK"),
        ("on 2026-11-22", "on DATE"),
        ("2026-11-22T23:59:00Z", "DATETCLOCKZ"),
        ("<Figure at 0x7f3a5c0012d0>", "<Figure at ADDRESS>"),
        ("/var/x/ipykernel_311/2047.py:3: note", "CELL:3: note"),
        ("C:\\Temp\\ipykernel_311\\2047.py:3: note", "CELL:3: note"),
    ],
)
def test_times_and_places_are_overlooked(saved, cleaned):
    assert sanitise(saved) == cleaned


@pytest.mark.parametrize(
    "kept",
    ["4.25", "0.305", "1,234", "2026Q3", "67 %", "n = 120 of 1200", "0x7f", "-0.12 [-0.31, 0.07]"],
)
def test_numbers_are_never_overlooked(kept):
    assert sanitise(kept) == kept


def sanitise(text: str) -> str:
    from nbval.plugin import get_sanitize_patterns

    settings = (ROOT / "tests" / "nbval_sanitize.cfg").read_text(encoding="utf-8")
    patterns = get_sanitize_patterns(settings)
    assert len(patterns) == settings.count("\n[")
    for pattern, replacement in patterns:
        text = re.sub(pattern, replacement, text)
    return text


# --- the wheel ----------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def wheel_names(tmp_path_factory):
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
    (wheel,) = folder.glob("cultureplus-*-py3-none-any.whl")
    with zipfile.ZipFile(wheel) as archive:
        return set(archive.namelist())


@pytest.mark.parametrize(
    ("folder", "pattern", "inside"),
    [
        ("notebooks", "*.ipynb", "cultureplus/notebooks"),
        ("data/sample", "*.toml", "cultureplus/sample"),
        ("data/sample", "*.csv", "cultureplus/sample"),
        ("cultureplus/instruments", "*.toml", "cultureplus/instruments"),
        ("cultureplus/templates", "*.*", "cultureplus/templates"),
        ("cultureplus", "*.py", "cultureplus"),
    ],
)
def test_the_wheel_carries_what_a_run_needs(wheel_names, folder, pattern, inside):
    found = [path.relative_to(ROOT / folder) for path in (ROOT / folder).rglob(pattern)]
    sources = {f"{inside}/{path.as_posix()}" for path in found if ".ipynb_" not in str(path)}
    assert sources, f"nothing in {folder} matches {pattern}"
    assert sources <= wheel_names


def test_the_wheel_carries_nothing_else(wheel_names):
    tops = {name.split("/")[0] for name in wheel_names}
    assert tops == {"cultureplus", f"cultureplus-{PROJECT['version']}.dist-info"}
    assert not [name for name in wheel_names if re.search(r"checkpoint|__pycache__|test_", name)]


# --- the make file and the CI script, with stand-ins for what they call -------------------------

needs_shell = pytest.mark.skipif(
    os.name == "nt" or shutil.which("make") is None, reason="needs make and a POSIX shell"
)


def stand_in(folder: Path, name: str, script: str) -> None:
    folder.mkdir(exist_ok=True)
    path = folder / name
    path.write_text(f"#!/bin/sh\n{script}\n", encoding="utf-8")
    path.chmod(0o755)


def environment_making(tmp_path: Path, *settings: str) -> subprocess.CompletedProcess[str]:
    """Ask for the environment alone, with only stand-in Pythons to choose from."""
    target = f"{tmp_path}/env"
    return subprocess.run(
        ["make", "--no-print-directory", f"{target}/bin/python", f"VENV={target}", *settings],
        cwd=ROOT,
        env={"PATH": f"{tmp_path / 'bin'}:{shell_only(tmp_path)}"},
        capture_output=True,
        text=True,
        check=False,
    )


def shell_only(tmp_path: Path) -> Path:
    """Make a folder with the few programs that the make file calls, and no Python at all."""
    folder = tmp_path / "shell"
    folder.mkdir()
    for name in ("sh", "make", "cksum", "cut", "rm", "mkdir", "touch"):
        found = shutil.which(name)
        assert found is not None
        (folder / name).symlink_to(found)
    return folder


# Stand-ins answer by what they are asked: `-c "... version_info ..."`, `-c "import ensurepip"`.
UNRUNNABLE = 'echo "command not found" >&2; exit 127'
TOO_OLD = "exit 1"
NO_ENSUREPIP = 'case "$2" in *ensurepip*) exit 1;; *print*) echo 3.12;; esac'
ABLE = 'if [ "$2" = venv ]; then echo "$0" "$@"; fi; if [ "$1" = --version ]; then echo Py; fi'


@needs_shell
def test_make_takes_the_first_python_that_can_make_an_environment(tmp_path):
    for name, script in {
        "python3.13": UNRUNNABLE,
        "python3.12": NO_ENSUREPIP,
        "python3.11": TOO_OLD,
        "python3": ABLE,
    }.items():
        stand_in(tmp_path / "bin", name, script)
    done = environment_making(tmp_path)
    assert done.returncode == 0, done.stderr
    assert f"{tmp_path}/bin/python3 -m venv {tmp_path}/env" in done.stdout


@needs_shell
def test_make_takes_the_python_it_is_given(tmp_path):
    stand_in(tmp_path / "bin", "python3.13", ABLE)
    stand_in(tmp_path / "bin", "mine", ABLE)
    done = environment_making(tmp_path, "PYTHON=mine")
    assert done.returncode == 0, done.stderr
    assert f"{tmp_path}/bin/mine -m venv" in done.stdout


@needs_shell
@pytest.mark.parametrize(
    ("pythons", "told"),
    [
        ({}, "needs Python 3.11 or newer"),
        ({"python3.13": UNRUNNABLE, "python3": TOO_OLD}, "needs Python 3.11 or newer"),
        ({"python3": NO_ENSUREPIP}, "apt install python3.12-venv"),
    ],
)
def test_make_says_what_to_install(tmp_path, pythons, told):
    for name, script in pythons.items():
        stand_in(tmp_path / "bin", name, script)
    done = environment_making(tmp_path)
    assert done.returncode != 0
    assert told in done.stderr
    assert not (tmp_path / "env").exists()


@needs_shell
@pytest.mark.parametrize(("lint", "tests", "verdict"), [(0, 0, 0), (2, 0, 1), (0, 2, 1), (2, 2, 1)])
def test_ci_runs_lint_and_tests_and_fails_with_either(tmp_path, lint, tests, verdict):
    (tmp_path / ".ci").mkdir()
    script = Path(shutil.copy(ROOT / ".ci" / "run", tmp_path / ".ci" / "run"))
    assert os.access(ROOT / ".ci" / "run", os.X_OK)
    answers = (
        f'case "$1" in lint) exit {lint};; test) echo "7 passed in 1.00s"; exit {tests};; esac'
    )
    stand_in(tmp_path / "bin", "make", f'echo "$1" >>{tmp_path}/calls; {answers}')
    stand_in(tmp_path / "bin", "chromium", "exit 0")
    stand_in(tmp_path / "bin", "apt-get", "exit 1")
    stand_in(tmp_path / "bin", "python", "exit 0")
    done = subprocess.run(
        [script],
        env={"PATH": f"{tmp_path / 'bin'}:{os.environ['PATH']}", "PYTHON": "python"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == verdict
    assert (tmp_path / "calls").read_text(encoding="utf-8").split() == ["lint", "test"]
    assert done.stdout.splitlines()[-1] == "7 passed in 1.00s"
