"""Execute the committed notebooks in place, on the sample, and save their outputs."""

from __future__ import annotations

import sys
from pathlib import Path

import nbformat

from cultureplus.notebooks_run import execute, read_notebook

ROOT = Path(__file__).resolve().parent.parent


def main(names: list[str]) -> None:
    """Execute the notebooks of these names, or all."""
    folder = ROOT / "notebooks"
    for path in sorted(folder.glob("*.ipynb")):
        if names and path.stem not in names:
            continue
        executed = execute(read_notebook(path), folder=folder, name=path.name)
        nbformat.write(executed, path)
        print(f"{path.name}: {path.stat().st_size / 1000:.0f} kB")


if __name__ == "__main__":
    main(sys.argv[1:])
