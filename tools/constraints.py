"""Write constraints.txt: one pin for every package that an install can bring in.

A survey that is rerun next quarter should be computed by the code that computed it this quarter.
The pins are found by doing what a user does: for each Python a new environment is made and all
extras are installed into it, then the versions found are merged. Where Pythons differ, the pin
carries a marker. Packages that only another operating system needs (colour in a Windows terminal,
for one) never show up in such an environment; they are found by asking every installed package
what it would require there.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent

HEADER = """\
# Every package that `make report`, `make test` or `make lint` can install, pinned.
#
# Made by tools/constraints.py, which installs the project's dependencies and all extras into new
# environments and merges what it finds. To make it anew (or to move one bound in pyproject.toml):
#
#     python tools/constraints.py python3.11 python3.12 python3.13
#
# Take the oldest patch release at hand of each Python: what installs on 3.11.2 installs on 3.11.9,
# and the other way round it may not. Then run `make test` on the oldest and the newest Python. A
# marker is written only where Pythons or operating systems differ.
#
# Use it as `pip install -c constraints.txt -e .`
"""

# Packages that make the environment rather than live in it.
SEED_PACKAGES = {"pip", "setuptools", "wheel", "cultureplus"}

# Runs inside each environment: what is there, and what each package would ask for elsewhere.
PROBE = """
import json, re
from importlib.metadata import distributions
from packaging.requirements import Requirement

name_of = lambda text: re.sub(r"[-_.]+", "-", text).lower()
systems = {
    "win32": {"sys_platform": "win32", "os_name": "nt", "platform_system": "Windows",
              "platform_machine": "AMD64"},
    "darwin": {"sys_platform": "darwin", "os_name": "posix", "platform_system": "Darwin",
               "platform_machine": "arm64"},
}
versions, elsewhere = {}, {}
for dist in distributions():
    versions[name_of(dist.name)] = dist.version
for dist in distributions():
    for text in dist.requires or []:
        wanted = Requirement(text)
        for system, values in systems.items():
            if wanted.marker is None or wanted.marker.evaluate({**values, "extra": ""}):
                name = name_of(wanted.name)
                if name not in versions:
                    elsewhere.setdefault(name, set()).add(system)
print(json.dumps({"versions": versions, "elsewhere": {k: sorted(v) for k, v in elsewhere.items()}}))
"""


def run(*command: str) -> str:
    """Run a command and return what it printed; stop with its own message if it fails."""
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    if done.returncode:
        raise SystemExit(f"{' '.join(command)}\n{done.stdout}{done.stderr}")
    return done.stdout


def wanted_requirements() -> list[str]:
    """List what the package, its extras and its build ask for, as written in pyproject.toml."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    extras = project["project"]["optional-dependencies"].values()
    return [
        *project["project"]["dependencies"],
        *(requirement for extra in extras for requirement in extra),
        *project["build-system"]["requires"],
        "editables",  # hatchling asks for it when it builds an editable install
    ]


def resolve(python: str, folder: Path) -> tuple[str, dict[str, str], dict[str, list[str]]]:
    """Install everything with one Python: its version, the pins, and the names for elsewhere."""
    run(python, "-m", "venv", str(folder))
    inside = str(next(path for path in (folder / "bin", folder / "Scripts") if path.is_dir()))
    inside_python = str(Path(inside) / "python")
    run(inside_python, "-m", "pip", "install", "--quiet", "--upgrade", "pip")
    run(inside_python, "-m", "pip", "install", "--quiet", *wanted_requirements(), "packaging")
    run(inside_python, "-m", "pip", "check")
    version = run(inside_python, "-c", "import sys; print('%d.%d' % sys.version_info[:2])").strip()
    found = json.loads(run(inside_python, "-c", PROBE))
    pins = {k: v for k, v in found["versions"].items() if k not in SEED_PACKAGES}
    elsewhere = {k: v for k, v in found["elsewhere"].items() if k not in SEED_PACKAGES}
    return version, pins, elsewhere


def newest(name: str, python: str) -> str:
    """Return the newest release of a package that cannot be installed on this system."""
    listing = run(python, "-m", "pip", "index", "versions", name)
    return listing.split("(", 1)[1].split(")", 1)[0]


def python_markers(versions: dict[str, str | None]) -> list[tuple[str, str]]:
    """Turn one pin per Python, oldest first, into (pin, marker) pairs, one per run of equals."""
    order = sorted(versions, key=lambda text: tuple(int(part) for part in text.split(".")))
    runs: list[tuple[str | None, list[str]]] = []
    for python in order:
        if runs and runs[-1][0] == versions[python]:
            runs[-1][1].append(python)
        else:
            runs.append((versions[python], [python]))
    lines = []
    for place, (pin, _) in enumerate(runs):
        if pin is None:
            continue
        bounds = []
        if place > 0:
            bounds.append(f'python_version >= "{runs[place][1][0]}"')
        # The last run has no upper end: a Python newer than any tried gets the newest pins.
        if place < len(runs) - 1:
            bounds.append(f'python_version < "{runs[place + 1][1][0]}"')
        lines.append((pin, " and ".join(bounds)))
    return lines


def main() -> None:
    """Resolve with each Python named on the command line and write the file."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("python", nargs="+", help="interpreters, e.g. python3.11 python3.13")
    parser.add_argument("--out", type=Path, default=ROOT / "constraints.txt")
    options = parser.parse_args()

    pins: dict[str, dict[str, str]] = {}
    systems: dict[str, set[str]] = {}
    with tempfile.TemporaryDirectory() as scratch:
        for number, python in enumerate(options.python):
            version, found, elsewhere = resolve(python, Path(scratch) / str(number))
            pins[version] = found
            for name, where in elsewhere.items():
                systems.setdefault(name, set()).update(where)
            print(f"Python {version}: {len(found)} packages", file=sys.stderr)

    lines = []
    for name in sorted(set().union(*pins.values())):
        for pin, marker in python_markers({py: found.get(name) for py, found in pins.items()}):
            lines.append(f"{name}=={pin}" + (f"; {marker}" if marker else ""))
    for name, wanting in systems.items():
        if any(name in found for found in pins.values()):
            continue
        marker = " or ".join(f'sys_platform == "{system}"' for system in sorted(wanting))
        lines.append(f"{name}=={newest(name, options.python[-1])}; {marker}")
    options.out.write_text(HEADER + "\n" + "\n".join(sorted(lines)) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
