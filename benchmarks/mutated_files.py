"""Mutated exports: whatever the bytes are, the end is a table or one `InputError`.

Each file is a sound one with a few accidents: bits flipped, spans taken out or doubled, numbers set
to extremes, the end cut off. Wrong is an exception of another kind, a warning, a file that takes
longer than ten seconds, an answer outside the declared range, and a table that was taken although
it is short and nothing says so: an SPSS file beside the sound one, for its header counts its rows;
a text or a workbook beside what stands in the mutated file itself, counted in another way, for no
reader can know of a row that is gone. That a cell was changed into another possible one nobody can
see either, where the format has no checksum; such tables are counted and no more.

    python benchmarks/mutated_files.py --kind csv|xlsx|sav [--count 3000] [--seed 1]

An SPSS file is parsed in a process of its own here as well, under the same limits; only that this
process is forked off the present one, in which the parser is loaded and never runs, so that a file
takes milliseconds.
"""

from __future__ import annotations

import argparse
import csv
import io
import os
import random
import re
import select
import struct
import sys
import tempfile
import time
import warnings
import zipfile
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from itertools import zip_longest
from pathlib import Path

import numpy as np
import pandas as pd
import pyreadstat
from defusedxml.ElementTree import fromstring
from openpyxl import Workbook

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from cultureplus import spss_child  # noqa: E402
from cultureplus.cells import ratings  # noqa: E402
from cultureplus.errors import InputError  # noqa: E402
from cultureplus.export_file import ExportFile  # noqa: E402
from cultureplus.instrument import Instrument, Item  # noqa: E402
from cultureplus.raw_table import RawTable  # noqa: E402
from cultureplus.readers import READERS, read_export, spss  # noqa: E402
from cultureplus.spelling import plain_text  # noqa: E402
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

    `front`: the share of accidents that hit the first `head` bytes; `change`: how a file of this
    kind comes to harm, by default as any bytes do; `held`: how many records and columns a file has
    by another way of counting, where its own header does not say.
    """

    ending: str
    sound: Callable[[Path], dict[str, bytes]]
    read: Callable[[ExportFile], RawTable]
    head: int
    front: float
    change: Callable[[bytes, int], bytes] | None = None
    held: Callable[[Path], tuple[int, int]] | None = None

    def harmed(self, data: bytes, seed: int) -> bytes:
        """The file after some accidents."""
        if self.change is not None:
            return self.change(data, seed)
        return mutate(data, seed, head=self.head, front=self.front)


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
        wanted = kind.held(path) if kind.held is not None else _size(whole)
        word, said = _against(table, whole, wanted)
    if heard:
        word, said = WRONG[1], str(heard[0].message)
    if seconds > TOO_LONG:
        word = WRONG[2]
    return End(word, said, seconds)


def _size(table: RawTable) -> tuple[int, int]:
    """How many records, those left out with a word included, and columns."""
    return len(table.frame) + sum(table.left_out.values()), table.frame.shape[1]


def _against(table: RawTable, whole: RawTable, wanted: tuple[int, int]) -> tuple[str, str]:
    """What a table that was taken is, beside the one of the sound file.

    `wanted`: how many records and columns it should have.
    """
    rows, columns = _size(table)
    shape = f"{rows} rows of {columns} for {wanted[0]} of {wanted[1]}"
    short = rows < wanted[0] or columns < wanted[1]
    news = [note for note in table.notes if note not in whole.notes]
    if short and not news:
        return WRONG[3], shape
    if table.frame.shape != whole.frame.shape:
        said = "said so" if news or table.left_out else "as the file has it"
        return f"taken, of another size, and {said}", "; ".join(news) or shape
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


# --- texts and workbooks -----------------------------------------------------------------------

ITEMS = tuple(Item(f"q{number}", "") for number in range(1, 9))
RATED = Instrument(
    id="q", title="", kind="rating", about="", validity="", source="", licence="", low=1, high=5,
    favourable=(4, 5), items=ITEMS,
)  # fmt: skip
HEADS = {"qualtrics": 3, "surveymonkey": 2}


def read_rated(export: ExportFile) -> RawTable:
    """What the reader does, and then every answer held against the declared range."""
    raw = read_export(_kind_of(export.path), export)
    for item in ITEMS:
        if item.id in raw.frame:
            found = ratings(
                raw, item.id, RATED, missing=(-99.0,), labels={}, languages=None, tally=Counter()
            )
            if not found.dropna().isin(range(RATED.low, RATED.high + 1)).all():
                raise ArithmeticError(f"an answer out of range in {item.id}")
    return raw


def _kind_of(path: Path) -> str:
    return next((kind for kind in READERS if kind in path.name), "plain")


def people(rows: int) -> list[list[object]]:
    """A header and made-up records: a key, a team, answers 1-5 and a remark."""
    draw = random.Random(7)
    said = ("", "", "fine, really", 'we "share"', "two\nlines", "größer 🍵", "=1+1", " ")
    found: list[list[object]] = [["who", "team", *(item.id for item in ITEMS), "note"]]
    for number in range(rows):
        answers = [draw.choice((1, 2, 3, 4, 5, 5, -99, "")) for _ in ITEMS]
        found.append([f"P{number:03d}", draw.choice("AB"), *answers, draw.choice(said)])
    return found


def sound_csv(folder: Path) -> dict[str, bytes]:
    """Real exports of four tools, where they are, and a table in several dresses."""
    found = {}
    for name, file in {
        "qualtrics.csv": "qualtrics_ropensci_sample.csv",
        "surveymonkey.csv": "surveymonkey_cncf_ambassadors_2021.csv",
        "redcap.csv": "redcap_survey_data.csv",
    }.items():
        if (SHARED / file).exists():
            found[name] = (SHARED / file).read_bytes()
    for name, quoting, ends_with, before in (
        ("plain.csv", csv.QUOTE_MINIMAL, "\n", ""),
        ("quoted.csv", csv.QUOTE_ALL, "\r\n", "\ufeff"),
    ):
        text = io.StringIO()
        csv.writer(text, quoting=quoting, lineterminator=ends_with).writerows(people(60))
        found[name] = (before + text.getvalue()).encode()
    return found


def held_text(path: Path) -> tuple[int, int]:
    """Records with anything in them and columns with a name, as Python's own reader divides."""
    text = path.read_bytes().decode("utf-8-sig", errors="replace")
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    rows = list(csv.reader(io.StringIO(text)))
    first = next((place for place, row in enumerate(rows) if any(map(str.strip, row))), 0)
    return _held(rows[first:], path)


def _held(rows: list[list[str]], path: Path) -> tuple[int, int]:
    heads = HEADS.get(_kind_of(path), 1)
    while heads < len(rows) and _kind_of(path) == "surveymonkey" and not any(rows[heads][:2]):
        heads += 1  # a further row of the header: nobody's number stands there
    records = rows[heads:]
    if heads > 1:  # a column may have its name from any of several rows
        columns = sum(any(cells) for cells in zip_longest(*records))
    else:
        columns = sum(plain_text(name) != "" for name in rows[0]) if rows else 0
    return sum(any(cell != "" for cell in row) for row in records), columns


def sound_xlsx(folder: Path) -> dict[str, bytes]:
    """A workbook as it is, and one whose texts stand in a part of their own."""
    book = Workbook()
    for row in people(25):
        book.active.append([None if cell == "" else cell for cell in row])
        for cell in book.active[book.active.max_row]:
            if cell.data_type == "f":  # a comment that begins with "=", kept as the text it is
                cell.data_type = "s"
    book.create_sheet("notes").append(["made up"])
    book.save(folder / "inline.xlsx")
    with zipfile.ZipFile(folder / "inline.xlsx") as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    texts: list[bytes] = []

    def shared(found: re.Match[bytes]) -> bytes:
        texts.append(found[2])
        return found[1] + b't="s"><v>%d</v></c>' % (len(texts) - 1)

    sheet = "xl/worksheets/sheet1.xml"
    cell = rb'(<c r="[A-Z]+[0-9]+" )t="inlineStr"><is>(<t[^>]*>[^<]*</t>)</is></c>'
    parts[sheet] = re.sub(cell, shared, parts[sheet])
    space = b'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'
    every = b"".join(b"<si>" + text + b"</si>" for text in texts)
    parts["xl/sharedStrings.xml"] = b"<sst " + space + b">" + every + b"</sst>"
    office = b"http://schemas.openxmlformats.org/officeDocument/2006/relationships/sharedStrings"
    parts["xl/_rels/workbook.xml.rels"] = parts["xl/_rels/workbook.xml.rels"].replace(
        b"</Relationships>",
        b'<Relationship Id="rId99" Type="' + office + b'" Target="sharedStrings.xml"/>'
        b"</Relationships>",
    )
    kind = b"application/vnd.openxmlformats-officedocument.spreadsheetml.sharedStrings+xml"
    parts["[Content_Types].xml"] = parts["[Content_Types].xml"].replace(
        b"</Types>",
        b'<Override PartName="/xl/sharedStrings.xml" ContentType="' + kind + b'"/></Types>',
    )
    return {"inline.xlsx": (folder / "inline.xlsx").read_bytes(), "shared.xlsx": _packed(parts)}


def _packed(parts: dict[str, bytes]) -> bytes:
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, part in parts.items():
            archive.writestr(zipfile.ZipInfo(name), part)
    return data.getvalue()


PIECES = (
    b'"', b'""', b",", b";", b"\n", b"\r\n", b"\r", b" ", b"\t", b"0", b"9", b"-99", b"1e9", b"=1",
    b",,", b"\n\n", "\u00a0".encode(), "\ufeff".encode(), "\u200b".encode(), b"NA", b"3.5", b"\x00",
)  # fmt: skip


def mutate_text(data: bytes, seed: int) -> bytes:
    """Accidents of any bytes, or, mostly, of whole signs: put in, taken out, doubled, moved."""
    draw = random.Random(seed)
    if draw.random() < 0.25:
        return mutate(data, seed, head=400, front=0.3)
    text = data.decode("utf-8")
    for _ in range(draw.choice((1, 1, 2, 3))):
        place = draw.randrange(min(400, len(text)) if draw.random() < 0.3 else len(text))
        span = draw.choice((0, 0, 1, 1, 2, 4, 8, 40, 200))
        piece = draw.choice(
            (draw.choice(PIECES).decode(), "", text[place : place + span] * 2, text[-span:])
        )
        text = text[:place] + piece + text[place + span :] or " "
    return text.encode()


_XML = re.compile(rb"<row.*?</row>|<c .*?</c>|<si>.*?</si>|\"[^\"]*\"|>[^<>]+<", re.DOTALL)


def mutate_xml(data: bytes, seed: int) -> bytes:
    """Accidents that leave XML whole: elements, values and texts taken out, doubled, exchanged."""
    draw = random.Random(seed)
    for _ in range(draw.choice((1, 1, 2, 4))):
        found = list(_XML.finditer(data))
        if not found:
            return data
        one = draw.choice(found)
        alike = [each for each in found if each[0][:2] == one[0][:2]]
        quoted = one[0].startswith((b'"', b">"))
        number = b"%d" % draw.choice(EXTREMES)
        new = draw.choice((
            draw.choice(alike)[0],
            one[0][:1] + one[0][-1:] if quoted else b"",
            one[0][:1] + number + one[0][-1:] if quoted else one[0] * 2,
        ))  # fmt: skip
        data = data[: one.start()] + new + data[one.end() :]
    return data


def mutate_book(data: bytes, seed: int) -> bytes:
    """Accidents in the archive as it is, or, mostly, in one of its parts before it is packed."""
    draw = random.Random(seed)
    if draw.random() < 0.15:
        return mutate(data, seed)
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    telling = [name for name in parts if "sheet1" in name or "shared" in name or "workbook" in name]
    name = draw.choice(telling if draw.random() < 0.8 else list(parts))
    parts[name] = (mutate if draw.random() < 0.15 else mutate_xml)(parts[name], seed)
    return _packed(parts)


def held_book(path: Path) -> tuple[int, int]:
    """Rows with a value and columns with a heading, as the sheet's XML has them."""
    with zipfile.ZipFile(path) as archive:
        root = fromstring(archive.read("xl/worksheets/sheet1.xml"), forbid_dtd=True)
    rows = []
    for row in root.iter("{*}row"):
        texts = ["".join(cell.itertext()).strip() for cell in row.findall("{*}c")]
        if any(texts):
            rows.append(texts)
    return max(len(rows) - 1, 0), sum(text != "" for text in rows[0]) if rows else 0


KINDS = {
    "csv": Kind(
        ".csv", sound_csv, read_rated, head=0, front=0.0, change=mutate_text, held=held_text
    ),
    "xlsx": Kind(
        ".xlsx", sound_xlsx, read_rated, head=0, front=0.0, change=mutate_book, held=held_book
    ),
    "sav": Kind(".sav", sound_sav, read_forked, head=900, front=0.5),
}


# --- the run ------------------------------------------------------------------------------------


def ends(kind: Kind, folder: Path, count: int, seed: int) -> list[tuple[str, int, End]]:
    """Mutate and read `count` files: of which sound one, with which seed, how it ended."""
    sound = kind.sound(folder)
    whole = {}
    for name, data in sound.items():
        path = folder / f"sound_{Path(name).stem}{kind.ending}"
        path.write_bytes(data)
        whole[name] = kind.read(ExportFile(path))
    found = []
    for number in range(count):
        name = list(sound)[number % len(sound)]
        path = folder / f"mutated_{Path(name).stem}{kind.ending}"
        path.write_bytes(kind.harmed(sound[name], seed + number))
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
