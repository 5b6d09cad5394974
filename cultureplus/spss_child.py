"""What runs apart: the C parser of SPSS files, in a process of its own and within limits.

A damaged or malicious .sav file can crash this parser or make it ask for any amount of memory. So
it never runs in the process of the caller. This file is run by its path in a new interpreter that
sees nothing of this package; it leaves its answer as plain numbers and JSON in a folder, and how
it ended as its exit status. Whoever reads the answer trusts none of it.
"""

from __future__ import annotations

import json
import sys
import warnings
from array import array
from pathlib import Path
from typing import Any

# How it ends; anything else (a signal, a traceback) is a crash.
DONE, REFUSED, NO_MEMORY = 0, 20, 21
# What it leaves: what the columns are, the numeric ones one after another, the others as lists.
ANSWER, NUMBERS, TEXTS = "answer.json", "numbers", "texts.json"
# Every byte is a letter in it, so texts come out as the bytes they are and the host decodes them:
# the parser itself drops half a letter at the end of a text without a word.
BYTES = "ISO-8859-1"


def limit(memory: int, cpu_seconds: int, file_bytes: int) -> None:
    """Take away from this process, for good, what the parser has no need of.

    `memory`: bytes of address space; `file_bytes`: of each file it writes. Systems without such
    limits are left as they are: there the caller's clock is what ends it.
    """
    try:
        import resource
    except ImportError:  # Windows
        return
    for what, most in (
        (resource.RLIMIT_CORE, 0),  # a core dump would hold the answers
        (resource.RLIMIT_AS, memory),
        (resource.RLIMIT_CPU, cpu_seconds),
        (resource.RLIMIT_FSIZE, file_bytes),
    ):
        hard = resource.getrlimit(what)[1]
        bound = most if hard == resource.RLIM_INFINITY else min(most, hard)
        try:
            resource.setrlimit(what, (bound, bound))
        except (OSError, ValueError):  # macOS takes no limit of the address space
            continue


def parse(source: str, folder: str) -> int:
    """Read an SPSS file and leave the answer in a folder; returns how it ended."""
    try:
        import pyreadstat

        with warnings.catch_warnings():
            warnings.simplefilter("error")  # a repeated name is renamed with nothing but a warning
            cells, facts = pyreadstat.read_sav(
                source,
                encoding=BYTES,
                user_missing=True,
                disable_datetime_conversion=True,
                output_format="dict",
            )
        _leave(cells, facts, Path(folder))
    except MemoryError:
        return NO_MEMORY
    except Exception as problem:
        return NO_MEMORY if "allocate" in str(problem) else REFUSED
    return DONE


def _leave(cells: dict[str, list[Any]], facts: Any, folder: Path) -> None:
    columns, texts = [], []
    nothing = float("nan")
    with (folder / NUMBERS).open("wb") as numbers:
        for name, label in zip(facts.column_names, facts.column_labels, strict=True):
            is_text = facts.readstat_variable_types[name] == "string"
            if is_text:
                texts.append(["" if cell is None else cell for cell in cells[name]])
            else:
                filled = [nothing if cell is None else cell for cell in cells[name]]
                array("d", filled).tofile(numbers)
            columns.append(
                {
                    "name": name,
                    "label": label or "",
                    "is_text": is_text,
                    "format": facts.original_variable_types[name] or "",
                    "storage": facts.variable_storage_width[name],
                    "width": facts.variable_display_width[name],
                    "measure": facts.variable_measure[name],
                    "labels": list(facts.variable_value_labels.get(name, {}).items()),
                    "missing": [
                        [each["lo"], each["hi"]] for each in facts.missing_ranges.get(name, [])
                    ],
                }
            )
    with (folder / TEXTS).open("w", encoding="utf-8") as file:
        json.dump(texts, file, ensure_ascii=False)
    answer = {"rows": facts.number_rows, "columns": columns}
    (folder / ANSWER).write_text(json.dumps(answer), encoding="utf-8")


def main(source: str, folder: str, limits: str, *places: str) -> int:
    """Limit this process and read the file; `places`: where installed packages are found."""
    limit(*(int(each) for each in limits.split(",")))
    sys.path += places
    return parse(source, folder)


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
