"""Fifty runs killed at drawn moments: what stands afterwards, and what the next run makes of it.

Each run replaces a released report by another one and is killed, kernels and all: half of them at a
moment drawn over the whole run, half in its last stretch, when the report is written and takes the
place of the earlier one. A kill passes if the present wave's folder holds, byte for byte, the
earlier report or the new one, if the other wave's report and the ledger are whole, if nothing half
passes for complete, and if one more run leaves every byte as an undisturbed run does.

    python benchmarks/killed.py [number of kills]
"""

from __future__ import annotations

import contextlib
import io
import shutil
import sys
import tempfile
from collections import Counter
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from tests.test_killed import (  # noqa: E402 - the tests stand beside, not in the package
    WAVE,
    bytes_in,
    inside,
    kill_at,
    released,
    repeat,
    undisturbed,
    write_world,
    wrong_after,
    wrong_with,
)

RESULTS = ROOT / "benchmarks" / "results" / "killed.md"
SEED = 20261123
_STATES = ("the earlier report", "the new report")


def drawn(kills: int, took: float, last: float) -> list[tuple[bool, float]]:
    """The moments: whether after the last stretch began, and how many seconds after."""
    draw = np.random.default_rng(SEED)
    half = kills // 2
    return [(False, float(draw.uniform(0, took))) for _ in range(kills - half)] + [
        (True, float(draw.uniform(0, last))) for _ in range(half)
    ]


def quietly(place: Path) -> dict[str, str]:
    """One run to its end that says nothing."""
    with contextlib.redirect_stdout(io.StringIO()):
        return repeat(place)


def main() -> None:
    kills = int(sys.argv[1]) if len(sys.argv) > 1 else 50
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        base = released(write_world(place / "base"))
        earlier = bytes_in(base / "reports")
        shutil.copytree(base, place / "done")
        took, last = undisturbed(place / "done")
        later = bytes_in(place / "done" / "reports")
        counts: Counter[tuple[str, str, str]] = Counter()
        wrong: list[str] = []
        for number, (writing, after) in enumerate(drawn(kills, took, last), start=1):
            world = place / str(number)
            shutil.copytree(base, world)
            said = kill_at(world, writing=writing, after=after)
            left = sorted(path.name for path in (world / "reports").iterdir())
            found = wrong_with(world, earlier, later)
            is_old = inside(bytes_in(world / "reports"), WAVE) == inside(earlier, WAVE)
            quietly(world)
            found += wrong_after(world, later)
            wrong += [f"kill {number} ({after:.2f} s): {each}" for each in found]
            stretch = "the last stretch" if writing else "the whole run"
            line = said.partition(":")[0] or "nothing yet"
            line = "the report's address" if line.startswith("/") else line
            counts[stretch, line, _STATES[not is_old]] += 1
            print(
                number, stretch, f"{after:.2f}", line, _STATES[not is_old], left, found, flush=True
            )
            shutil.rmtree(world)
    lines = ["| drawn over | last said | what stood there, whole | kills |", "|---|---|---|---|"]
    lines += [f"| {' | '.join(key)} | {count} |" for key, count in sorted(counts.items())]
    verdict = (
        f"{kills} kills (seed {SEED}; an undisturbed run took {took:.1f} s, "
        f"its last stretch {last:.1f} s): "
        f"{len(wrong)} findings. After each kill every file of the reports and of the ledger was "
        "compared by its hash, and again after one more run."
    )
    text = "\n".join(["# Killed", "", verdict, "", *lines, *(f"- {line}" for line in wrong), ""])
    RESULTS.write_text(text, encoding="utf-8")
    print(text)


if __name__ == "__main__":
    main()
