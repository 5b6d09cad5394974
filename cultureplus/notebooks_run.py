"""Running one notebook with parameters, in a kernel of this very Python.

A notebook declares its parameters in a cell tagged `parameters`; a setting that it does not know is
an error, not a silent default. The kernel reads nobody's start-up files. What stops a notebook is
reported by notebook and cell, and never with what a foreign error may quote from the data.
"""

from __future__ import annotations

import ast
import asyncio
import os
import re
import sys
import tempfile
from collections.abc import Mapping
from copy import deepcopy
from pathlib import Path
from typing import Any

import nbformat
from nbformat import NotebookNode

from cultureplus.errors import InputError, NotebookFailed, did_you_mean

_TAG = "parameters"
_TIMEOUT = 600
_OURS = {"InputError", "CultureplusError"}
_WITHHELD = "(message withheld: it may quote an answer)"
_COLOUR = re.compile(r"\x1b\[[0-9;]*m")
_FRAME = re.compile(r"cultureplus[/\\]([\w/\\]+\.py):(\d+)")


def read_notebook(path: Path) -> NotebookNode:
    """A notebook file, version 4."""
    try:
        return nbformat.read(path, as_version=4)
    except FileNotFoundError:
        raise InputError(f"There is no notebook {path}.") from None
    except (nbformat.ValidationError, ValueError, AttributeError, TypeError, KeyError):
        raise InputError("This is not a notebook.", file=path.name) from None


def parameters_of(notebook: NotebookNode) -> dict[str, Any]:
    """Names and defaults in the cell tagged `parameters`; empty where there is no such cell."""
    cell = _parameters_cell(notebook)
    if cell is None:
        return {}
    found = {}
    try:
        for statement in ast.parse(cell.source).body:
            if isinstance(statement, ast.Assign) and isinstance(statement.targets[0], ast.Name):
                found[statement.targets[0].id] = ast.literal_eval(statement.value)
    except (SyntaxError, ValueError):
        raise InputError(
            f"The cell tagged '{_TAG}' holds more than names and plain values.",
            fix="one line per setting, such as: min_n = 5",
        ) from None
    return found


def with_parameters(
    notebook: NotebookNode, settings: Mapping[str, Any], *, name: str
) -> NotebookNode:
    """A copy of the notebook in which these settings stand in the `parameters` cell."""
    known = parameters_of(notebook)
    for setting in settings:
        if setting not in known:
            raise InputError(
                f"The notebook has no setting '{setting}'.",
                file=name,
                possible=known,
                fix=did_you_mean(setting, known) or "add it to the cell tagged 'parameters'",
            )
    own = deepcopy(notebook)
    cell = _parameters_cell(own)
    if cell is not None:
        values = known | dict(settings)
        cell.source = "\n".join(f"{setting} = {value!r}" for setting, value in values.items())
    return own


def _parameters_cell(notebook: NotebookNode) -> NotebookNode | None:
    for cell in notebook.cells:
        if cell.cell_type == "code" and _TAG in cell.metadata.get("tags", []):
            return cell
    return None


def execute(notebook: NotebookNode, *, folder: Path, name: str) -> NotebookNode:
    """Run every cell in order in a fresh kernel, working in `folder`; outputs replace the old ones.

    Raises `NotebookFailed`, with what ran so far in its `notebook`, where a cell stops.
    """
    from nbclient import NotebookClient
    from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError
    from traitlets.config import Config

    # No kernel that somebody registered: this Python, or the numbers would be another's.
    config = Config()
    config.KernelSpecManager.kernel_dirs = []
    config.KernelManager.transport_encryption = "auto"
    client = NotebookClient(
        notebook,
        config=config,
        kernel_name="python3",
        timeout=_TIMEOUT,
        record_timing=False,
        resources={"metadata": {"path": str(folder)}},
    )
    with tempfile.TemporaryDirectory(prefix="cultureplus-") as private:
        environment = os.environ | {
            "IPYTHONDIR": private,
            "PYTHONPATH": os.pathsep.join(path for path in sys.path if path),
        }
        try:
            asyncio.run(client.async_execute(env=environment))  # leaves no loop behind in a thread
        except CellExecutionError as problem:
            place = _failed_cell(notebook)
            ours = problem.ename in _OURS
            where = "" if ours else _our_line(problem.traceback)
            failure = NotebookFailed(
                f"{name}: cell {place} stopped with {problem.ename}{where}.\n"
                + (f"  {problem.evalue}" if ours else f"  {_WITHHELD}")
                + "\n  fix: mend what it says, or run the notebook in JupyterLab to see more",
                notebook,
            )
        except CellTimeoutError:
            failure = NotebookFailed(
                f"{name}: a cell took longer than {_TIMEOUT} seconds.", notebook
            )
        except DeadKernelError:
            failure = NotebookFailed(
                f"{name}: the kernel died; perhaps there is too little memory.", notebook
            )
        else:
            return _tidy(_withhold(notebook))
    _withhold(notebook)
    raise failure from None


def _failed_cell(notebook: NotebookNode) -> int:
    """The number of the cell that stopped, counted from 1 over all cells."""
    for place, cell in enumerate(notebook.cells, start=1):
        if any(output.output_type == "error" for output in cell.get("outputs", [])):
            return place
    return len(notebook.cells)


def _our_line(traceback: str) -> str:
    """Where in this package a foreign error arose, as words; empty where it did not."""
    package = Path(__file__).parent
    for module, line in reversed(_FRAME.findall(_COLOUR.sub("", traceback))):
        if (package / module).is_file():  # nothing else that may stand in a message
            return f" in cultureplus/{Path(module).as_posix()}, line {line}"
    return ""


def _withhold(notebook: NotebookNode) -> NotebookNode:
    """Take foreign errors and warnings out of the outputs: they may quote a cell of the data."""
    for cell in notebook.cells:
        for output in cell.get("outputs", []):
            if output.output_type == "error" and output.ename not in _OURS:
                output.evalue = _WITHHELD
                output.traceback = [f"{output.ename}: {_WITHHELD}"]
            elif output.output_type == "stream" and output.name == "stderr":
                output.text = f"{_WITHHELD}\n"
    return notebook


def _tidy(notebook: NotebookNode) -> NotebookNode:
    """Leave nothing in the metadata that depends on the machine."""
    spec = {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"}
    notebook.metadata = nbformat.from_dict(
        {"kernelspec": spec, "language_info": {"name": "python"}}
    )
    for cell in notebook.cells:
        cell.metadata.pop("execution", None)
    return notebook
