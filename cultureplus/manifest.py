"""The manifest of a run: what went in, what came out, and by which code.

Hashes of every input and output, versions of the code and of the packages that compute, the wave
and the privacy parameters. Nothing in it depends on the clock or on where the run took place; only
the digests of entries in the release ledger differ from ledger to ledger.
"""

from __future__ import annotations

import hashlib
import json
import platform
from collections.abc import Iterable, Mapping
from importlib import metadata
from pathlib import Path
from typing import Any

import cultureplus
from cultureplus.errors import InputError

FILE_NAME = "manifest.json"
RELEASE = "release"  # which entry of the release ledger belongs to the report
_PACKAGES = ("numpy", "pandas", "scipy", "statsmodels", "plotly", "pingouin")


def sha256(path: Path) -> str:
    """The hash of a file's bytes."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        for block in iter(lambda: file.read(1 << 20), b""):
            digest.update(block)
    return digest.hexdigest()


def write_manifest(
    folder: Path,
    *,
    inputs: Iterable[tuple[str, Path]],
    parameters: Mapping[str, Any],
    release: Mapping[str, Any] | None = None,
) -> None:
    """Write manifest.json over everything that stands in a folder.

    `inputs`: the name and the path of each file that was read; `release`: what the release ledger
    calls it, left out where there is none.
    """
    outputs = {name: sha256(folder / name) for name in files_in(folder)}
    content: dict[str, Any] = {
        "parameters": dict(parameters),
        "python": platform.python_version(),
        "cultureplus": cultureplus.__version__,
        "packages": {name: metadata.version(name) for name in _PACKAGES},
        "inputs": {name: sha256(path) for name, path in inputs},
        "outputs": outputs,
    }
    if release is not None:
        content[RELEASE] = dict(release)
    text = json.dumps(content, indent=2, ensure_ascii=False, sort_keys=True) + "\n"
    (folder / FILE_NAME).write_text(text, encoding="utf-8")


def files_in(folder: Path) -> list[str]:
    """The files of a report's folder, by their way from it; the manifest itself left out."""
    names = (path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())
    return sorted(name for name in names if name != FILE_NAME)


def read_manifest(folder: Path) -> dict[str, Any]:
    """The manifest of a report's folder; raises `InputError` where there is none or no longer."""
    path = folder / FILE_NAME
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        content["outputs"].items()
    except FileNotFoundError:
        raise InputError(
            f"There is no {FILE_NAME} in {folder}.", fix="name the folder of a finished run"
        ) from None
    except (ValueError, KeyError, AttributeError, TypeError):
        raise InputError(
            "This manifest can't be read.", file=path.name, fix="run the quarter again"
        ) from None
    return dict(content)


def differences(folder: Path) -> list[str]:
    """What is no longer as the manifest says: one sentence per file, none where all is well."""
    outputs = read_manifest(folder)["outputs"]
    found = []
    for name, digest in outputs.items():
        path = folder / name
        if not path.is_file():
            found.append(f"{name} is missing")
        elif sha256(path) != digest:
            found.append(f"{name} was changed after the run")
    strange = [name for name in files_in(folder) if name not in outputs]
    return found + [f"{name} does not belong to the run" for name in strange]
