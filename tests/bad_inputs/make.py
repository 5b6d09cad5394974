"""Makes the bad inputs that are not text, so that nobody needs to trust a file of bytes.

`python -m tests.bad_inputs.make` makes them again; the tests hold the files to what is made.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from tests.bad_inputs import columnar, workbooks

FOLDER = Path(__file__).parent
Made = dict[str, Callable[[], bytes]]

SMALL: Made = {f"xlsx/{name}": made for name, made in workbooks.SMALL.items()}
SMALL |= {f"typed/{name}": made for name, made in columnar.SMALL.items()}
# Not kept: made when the tests run.
LARGE: Made = {f"xlsx/{name}": made for name, made in workbooks.LARGE.items()}
LARGE["text/too_wide.csv"] = lambda: b"q,1," * 10_000
LARGE["text/wide.csv"] = lambda: (
    ",".join(f"q{n}" for n in range(10_000)) + "\n" + "1," * 9_999 + "1\n"
).encode()

if __name__ == "__main__":
    for name, made in SMALL.items():
        (FOLDER / name).parent.mkdir(exist_ok=True)
        (FOLDER / name).write_bytes(made())
