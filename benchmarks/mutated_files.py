"""Mutated exports: whatever the bytes are, the end is a table or one `InputError`.

Each file is a sound one with a few accidents: bits flipped, spans taken out or doubled, numbers set
to extremes, the end cut off. Wrong is an exception of another kind, a warning, a file that takes
longer than ten seconds, and a table that was taken although it is shorter or narrower than the
sound one and nothing says so. That a cell was changed into another possible one no reader can see,
where the format has no checksum; such tables are counted and no more.

    python benchmarks/mutated_files.py --kind sav [--count 3000] [--seed 1]

An SPSS file is parsed in a process of its own here as well, under the same limits; only that this
process is forked off the present one, in which the parser is loaded and never runs, so that a file
takes milliseconds.
"""

from __future__ import annotations

import argparse
import os
import random
import select
import struct
import sys
import tempfile
import time
import warnings
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import pyreadstat

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from cultureplus import spss_child  # noqa: E402
from cultureplus.errors import InputError  # noqa: E402
from cultureplus.export_file import ExportFile  # noqa: E402
from cultureplus.raw_table import RawTable  # noqa: E402
from cultureplus.readers import spss  # noqa: E402
from cultureplus.spss_file import TIMED_OUT, Limits, read_spss  # noqa: E402

SHARED = ROOT.parent / "shared" / "data" / "exports"
RESULTS = ROOT / "benchmarks" / "results"
TOO_LONG = 10.0
EXTREMES = (
    0,
    1,
    -1,
    2,
    3,
    6,
    7,
    8,
    127,
    252,
    253,
    255,
    256,
    999,
    32767,
    65536,
    2**31 - 1,
    -(2**31),
)
DOUBLES = (0.0, -1.0, 1e308, -1e308, 5e-324, float("inf"), float("nan"), -sys.float_info.max)


@dataclass(frozen=True)
class Kind:
    """One kind of file: its sound files, how one is read, and where its bytes matter most.

    `front`: the share of accidents that hit the first `head` bytes.
    """

    ending: str
    sound: Callable[[Path], dict[str, bytes]]
    read: Callable[[ExportFile], RawTable]
    head: int
    front: float


@dataclass(frozen=True)
class End:
    """How one file ended: a word, what was said, and seconds."""

    word: str
    said: str
    seconds: float


WRONG = ("another exception", "a warning", "over ten seconds", "taken although short")


def mutate(data: bytes, seed: int, *, head: int = 0, front: float = 0.0) -> bytes:
    """One to three accidents; the same seed gives the same ones."""
    draw = random.Random(seed)
    for _ in range(draw.choice((1, 1, 1, 2, 3))):
        place = draw.randrange(min(head, len(data)) if draw.random() < front else len(data))
        span = draw.choice((1, 2, 4, 8, 8, 16, 32, 64, 200))
        data = draw.choice(_ACCIDENTS)(bytearray(data), place, span, draw)
        if not data:
            return b""
    return data


def _flip(data: bytearray, place: int, span: int, draw: random.Random) -> bytes:
    for _ in range(draw.choice((1, 1, 2, 8))):
        at = min(len(data) - 1, place + draw.randrange(span))
        data[at] ^= 1 << draw.randrange(8)
    return bytes(data)


def _number(data: bytearray, place: int, span: int, draw: random.Random) -> bytes:
    whole = struct.pack(draw.choice("<>") + "i", draw.choice(EXTREMES))
    number = whole if draw.random() < 0.8 else struct.pack("<d", draw.choice(DOUBLES))
    place -= place % 4 if draw.random() < 0.8 else 0  # where numbers mostly stand
    data[place : place + len(number)] = number
    return bytes(data)


def _fill(data: bytearray, place: int, span: int, draw: random.Random) -> bytes:
    data[place : place + span] = bytes([draw.choice((0, 32, 252, 253, 255))]) * span
    return bytes(data)


def _noise(data: bytearray, place: int, span: int, draw: random.Random) -> bytes:
    data[place : place + span] = draw.randbytes(span)
    return bytes(data)


def _remove(data: bytearray, place: int, span: int, draw: random.Random) -> bytes:
    del data[place : place + span]
    return bytes(data)


def _double(data: bytearray, place: int, span: int, draw: random.Random) -> bytes:
    return bytes(data[: place + span] + data[place:])


def _swap(data: bytearray, place: int, span: int, draw: random.Random) -> bytes:
    other = draw.randrange(len(data))
    one, two = sorted((place, other))
    return bytes(data[:one] + data[two : two + span] + data[one:two] + data[two + span :])


def _cut(data: bytearray, place: int, span: int, draw: random.Random) -> bytes:
    return bytes(data[:place])


_ACCIDENTS = (_flip, _flip, _flip, _number, _number, _fill, _noise, _remove, _double, _swap, _cut)


def end_of(kind: Kind, path: Path, whole: RawTable) -> End:
    """Read one file and say how it ended, held against the sound one."""
    start = time.perf_counter()
    with warnings.catch_warnings(record=True) as heard:
        warnings.simplefilter("always")
        try:
            table: RawTable | None = kind.read(ExportFile(path))
            word, said = "", ""
        except InputError as problem:
            lines = str(problem).splitlines()
            found = [line for line in lines if line.startswith("  found:")]
            table, word = None, "refused"
            said = " ".join([lines[0].partition(": ")[2], *found])
        except Exception as problem:  # what must never happen
            table, word, said = None, WRONG[0], repr(problem)
    seconds = time.perf_counter() - start
    if table is not None:
        word, said = _against(table, whole)
    if heard:
        word, said = WRONG[1], str(heard[0].message)
    if seconds > TOO_LONG:
        word = WRONG[2]
    return End(word, said, seconds)


def _against(table: RawTable, whole: RawTable) -> tuple[str, str]:
    """What a table that was taken is, beside the one of the sound file."""
    rows = len(table.frame) + sum(table.left_out.values())
    wanted = len(whole.frame) + sum(whole.left_out.values())
    shape = f"{rows} rows of {table.frame.shape[1]} for {wanted} of {whole.frame.shape[1]}"
    short = rows < wanted or table.frame.shape[1] < whole.frame.shape[1]
    news = [note for note in table.notes if note not in whole.notes]
    if short and not news:
        return WRONG[3], shape
    if table.frame.shape != whole.frame.shape:
        return "taken, of another size, and said so", "; ".join(news) or shape
    if list(table.frame) != list(whole.frame):
        return "taken, with other names", ""
    if (table.frame.to_numpy() != whole.frame.to_numpy()).any():
        return f"taken, with other cells{', and a note' if news else ''}", ""
    same = table.labels == whole.labels and table.questions == whole.questions
    return f"taken, {'the same' if same and not news else 'with other labels or notes'}", ""


# --- SPSS ---------------------------------------------------------------------------------------


def forked(source: Path, folder: Path, limits: Limits) -> int:
    """Parse in a fork of this process, in which the parser is loaded but never runs.

    What the fork has of this process from its start comes on top of its limit of memory.
    """
    own = int(Path("/proc/self/statm").read_text("ascii").split()[0]) * os.sysconf("SC_PAGE_SIZE")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # of forks beside other threads
        child = os.fork()
    if child == 0:
        status = 1
        try:
            os.dup2(os.open(os.devnull, os.O_WRONLY), 2)
            spss_child.limit(own + limits.memory, limits.cpu_seconds, limits.file_bytes)
            status = spss_child.parse(str(source), str(folder))
        finally:
            os._exit(status)
    handle = os.pidfd_open(child)
    try:
        ready, _, _ = select.select([handle], [], [], limits.clock_seconds)
        if not ready:
            os.kill(child, 9)
        _, status = os.waitpid(child, 0)
    finally:
        os.close(handle)
    return os.waitstatus_to_exitcode(status) if ready else TIMED_OUT


def read_forked(export: ExportFile) -> RawTable:
    """What the reader does, with a forked parser."""
    return spss.raw_table(read_spss(export, run=forked), export.name)


def sound_sav(folder: Path) -> dict[str, bytes]:
    """The real files, where they are, and written ones with everything that the format has."""
    found = {path.name: path.read_bytes() for path in sorted(SHARED.glob("spss_*.*sav"))}
    draw = np.random.default_rng(1)
    rows = 120
    frame = pd.DataFrame({f"q{i}": draw.integers(1, 8, rows).astype(float) for i in range(12)})
    frame["q3"] = frame["q3"] / 4
    frame["team"] = draw.choice(["Red", "Blue", "Café", "DK"], rows)
    frame["comment"] = ["we " * int(size) for size in draw.integers(0, 120, rows)]
    frame["note"] = draw.choice(["a longer text", "another long text", "no"], rows)
    frame["day"] = pd.Timestamp("2026-03-01").date()
    options = {
        "column_labels": [f"Question {name}: größer?" for name in frame],
        "variable_value_labels": {f"q{i}": {1: "never", 7: "always"} for i in range(6)}
        | {"note": {"no": "nothing to say"}},
        "missing_ranges": {"q0": [7], "q1": [{"lo": 6, "hi": 99}], "team": ["DK"], "note": ["no"]},
        "note": "written by a benchmark",
    }
    for name, how in {
        "plain.sav": {},
        "bytecode.sav": {"row_compress": True},
        "zlib.zsav": {"compress": True},
    }.items():
        pyreadstat.write_sav(frame, str(folder / name), **options, **how)
        found[name] = (folder / name).read_bytes()
    return found


KINDS = {"sav": Kind(".sav", sound_sav, read_forked, head=900, front=0.5)}


# --- the run ------------------------------------------------------------------------------------


def ends(kind: Kind, folder: Path, count: int, seed: int) -> list[tuple[str, int, End]]:
    """Mutate and read `count` files: of which sound one, with which seed, how it ended."""
    sound = kind.sound(folder)
    whole = {}
    for name, data in sound.items():
        (folder / f"sound{kind.ending}").write_bytes(data)
        whole[name] = kind.read(ExportFile(folder / f"sound{kind.ending}"))
    found = []
    path = folder / f"mutated{kind.ending}"
    for number in range(count):
        name = list(sound)[number % len(sound)]
        mutated = mutate(sound[name], seed + number, head=kind.head, front=kind.front)
        path.write_bytes(mutated)
        found.append((name, seed + number, end_of(kind, path, whole[name])))
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kind", choices=KINDS, required=True)
    parser.add_argument("--count", type=int, default=3000)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        start = time.perf_counter()
        found = ends(KINDS[options.kind], Path(folder), options.count, options.seed)
        took = time.perf_counter() - start
    words = Counter(end.word for _, _, end in found)
    said = Counter(end.said for _, _, end in found if end.word == "refused")
    wrong = [each for each in found if each[2].word in WRONG]
    slowest = max(end.seconds for _, _, end in found)
    lines = [
        f"# Mutated {options.kind} files",
        "",
        f"{options.count} files (seeds from {options.seed}) in {took:.0f} s, the slowest in "
        f"{slowest:.2f} s; wrong: {len(wrong)}.",
        "",
        "| end | files |",
        "|---|---|",
        *(f"| {word} | {count} |" for word, count in words.most_common()),
        "",
        "| refused with | files |",
        "|---|---|",
        *(f"| {text} | {count} |" for text, count in said.most_common(40)),
        "",
        *(f"- {name}, seed {number}: {end.word}: {end.said}" for name, number, end in wrong[:50]),
    ]
    text = "\n".join(lines).rstrip() + "\n"
    (RESULTS / f"mutated_{options.kind}.md").write_text(text, encoding="utf-8")
    print(text)


if __name__ == "__main__":
    main()
