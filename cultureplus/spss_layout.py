"""How an SPSS system file is laid out: what must come out of it, whoever reads it.

A .sav file carries no checksum. But its header says how many rows there are, its dictionary how
many elements of 8 bytes a row has, and its data can be counted without being understood. Where the
three disagree the file is cut off, damaged or half written, and no parser is asked for its opinion.
Read are `$FL2` (plain and bytecode) and `$FL3` (zlib) files in either byte order.

Reference: the PSPP developers' guide, chapter "System File Format".
"""

from __future__ import annotations

import os
import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import BinaryIO, Literal

import numpy as np

from cultureplus.errors import InputError
from cultureplus.export_file import ExportFile

WAY_OUT = "open it in SPSS or PSPP and save it again, or export csv from there"

# A cell takes about 40 bytes in the parser, so this many stay well under its 4 GiB; it is a survey
# of a million people with 64 questions.
MOST_ELEMENTS = 64_000_000
# SPSS itself stops at 32,767 variables; very long texts take several elements each.
MOST_ELEMENTS_IN_A_ROW = 100_000
# Names, labels and documents; the largest panels have some 10 MB of them.
MOST_DICTIONARY = 32 * 2**20
# Uncompressed, this is what MOST_ELEMENTS take.
MOST_BYTES = 8 * MOST_ELEMENTS + MOST_DICTIONARY

_MAGIC = {b"$FL2": (0, 1), b"$FL3": (2,)}
_PLAIN, _BYTECODE = 0, 1
_HEADER, ROWS_AT = 176, 80
_VARIABLE, _LABELS, _LABELLED, _DOCUMENT, _EXTENSION, _END = 2, 3, 4, 6, 7, 999
_MACHINE, _ENCODING = 3, 20  # extensions that say in which encoding texts are
_ROWS = 16  # an extension with the number of rows, for files of more than two thousand million
# How variables are shown: a text as A or AHEX, a number in one of many ways.
_SHOWN_TEXTS, _SHOWN_NUMBERS = {1, 2}, {*range(3, 13), *range(15, 18), *range(20, 42)}
_LONG_NAMES, _VERY_LONG = 13, 14  # extensions that begin each part with a variable's short name
_LONG_MISSING = 22  # an extension with user-missing values of texts of more than 8 bytes
_UNSAID = {0, 2, 3}  # nothing, or "ASCII", which many programs write whatever the encoding is
_CODES = {  # Windows' code pages -> Python's names; smaller numbers are names themselves (cp1252)
    10000: "mac_roman", 20127: "ascii", 20866: "koi8_r", 20932: "euc_jp", 21866: "koi8_u",
    51932: "euc_jp", 51936: "gb2312", 51949: "euc_kr", 54936: "gb18030", 65001: "utf_8",
} | {28590 + part: f"iso8859_{part}" for part in (*range(1, 12), *range(13, 17))}  # fmt: skip
_IGNORED, _STOP, _LITERAL = 0, 252, 253  # byte codes; each other one stands for an element
_BIAS = 100.0  # what a byte code is more than the number it stands for
_CHUNK = 2**23
_MOST_IN_A_BLOCK = 2**26  # SPSS writes 4 MB


@dataclass(frozen=True)
class SpssLayout:
    """What the file itself says: rows, elements a row, variables, encoding, weight.

    `rows_declared`: None where the header does not say; `rows`: as many as the data hold;
    `numeric`: variables that are numbers; `with_missing`: numbers and texts of at most 8 bytes with
    user-missing values; `long_missing`: whether longer texts have some; `encoding`: of its texts,
    blank where it does not say; `order`: of the bytes in its numbers; `weight`: the element of a
    row, counted from 1, by which cases are weighted, 0 for none.
    """

    rows_declared: int | None
    rows: int
    width: int
    numeric: int
    with_missing: int
    long_missing: bool
    encoding: str
    order: Literal["little", "big"]
    weight: int


class _Damaged(Exception):
    """What is wrong with the file, for the one error that is raised."""


@dataclass
class _Dictionary:
    """What the walk has found so far: one kind and name per element of a row, and the rest."""

    kinds: list[int] = field(default_factory=list)
    names: list[bytes] = field(default_factory=list)
    with_missing: int = 0
    extensions: set[int] = field(default_factory=set)
    mentioned: set[bytes] = field(default_factory=set)
    rows: int = -1
    code: int = 0
    encoding: str = ""

    def check(self) -> None:
        """Names are told apart, and no part speaks of a variable that is not there."""
        own = [name for name, kind in zip(self.names, self.kinds, strict=True) if kind != -1]
        if len(set(own)) < len(own) or not self.mentioned <= set(own):
            raise _Damaged("its variables are not those that other parts of it name")


def spss_layout(export: ExportFile) -> SpssLayout:
    """Walk through a .sav or .zsav file and count what it holds.

    Raises `InputError` where it is no SPSS file, larger than what can be read, cut off, or says
    one thing in its header and another in its data.
    """
    try:
        with export.path.open("rb") as file:
            return _walked(file, export.name)
    except _Damaged as problem:
        raise InputError(
            "This SPSS file is damaged.", file=export.name, found=str(problem), fix=WAY_OUT
        ) from None
    except OSError as problem:
        raise export.closed(problem) from None


def _walked(file: BinaryIO, name: str) -> SpssLayout:
    size = os.fstat(file.fileno()).st_size
    if size == 0:
        raise InputError("This file is empty.", file=name, fix="export it again")
    head = file.read(_HEADER)
    if head[:4] not in _MAGIC:
        raise InputError(
            "This is not an SPSS file.",
            file=name,
            found="a portable SPSS file" if b"SPSS PORT" in head else None,
            possible=[".sav", ".zsav"],
            fix="save it from SPSS as .sav; a table in another form is named by its kind and "
            "ending in survey.toml",
        )
    if size > MOST_BYTES:
        raise _too_large(name, f"{size // 2**20} MiB", f"{MOST_BYTES // 2**20} MiB")
    if len(head) < _HEADER:
        raise _Damaged("it ends within its header")
    order = {2: "<", 3: "<"}.get(int.from_bytes(head[64:68], "little"), ">")
    layout, compression, weight, declared, bias = struct.unpack(order + "i4x3id", head[64:92])
    if (
        layout not in (2, 3)
        or compression not in _MAGIC[head[:4]]
        or declared < -1
        or (compression != _PLAIN and bias != _BIAS)
    ):
        raise _Damaged("its header holds what no program writes")
    walk = _Walk(file, size, order)
    found = walk.dictionary()
    width = len(found.kinds)
    if not 0 <= weight <= width:
        raise _Damaged("its header weights cases by a variable that is not there")
    if width == 0:
        raise InputError("There is no variable in this file.", file=name, fix="export it again")
    if width * max(declared, 0) > MOST_ELEMENTS:
        raise _too_large(name, f"{declared} rows of {width} elements", f"{MOST_ELEMENTS} elements")
    elements, more = walk.elements(compression)
    if elements is None:
        raise _too_large(name, "data that unpack to more", f"{MOST_ELEMENTS} elements")
    if more and declared == -1:
        raise _Damaged("its data end before the file does, and its header does not say where")
    rows, left = divmod(elements, width)
    wrong = [said for said in (declared, found.rows) if said not in (-1, rows)]
    if left or wrong:
        part = " and a part of one" if left else ""
        said = f", its header says {wrong[0]}" if wrong else ""
        raise _Damaged(f"its data end after {rows} rows{part}{said}")
    return SpssLayout(
        rows_declared=None if declared == -1 else declared,
        rows=rows,
        width=width,
        numeric=found.kinds.count(0),
        with_missing=found.with_missing,
        long_missing=_LONG_MISSING in found.extensions,
        encoding=_encoding(found, name),
        order="little" if order == "<" else "big",
        weight=weight,
    )


def _encoding(found: _Dictionary, name: str) -> str:
    """Python's name of the encoding that the file states, blank for none."""
    stated = found.encoding
    if not stated and found.code not in _UNSAID:
        stated = _CODES.get(found.code, f"cp{found.code}")
    for each in (stated, stated.lower().replace("windows-", "cp")):
        try:
            b" ".decode(each or "utf-8")
        except (LookupError, ValueError):
            continue
        return each
    raise InputError(
        "How the letters of this SPSS file are coded is not known here.",
        file=name,
        found="an encoding without a name" if found.encoding else f"code page {found.code}",
        fix=WAY_OUT,
    )


def _too_large(name: str, found: str, most: str) -> InputError:
    return InputError(
        "This SPSS file is larger than what is read.",
        file=name,
        found=found,
        possible=[f"at most {most}"],
        fix="save it with fewer variables or in several files, or export csv",
    )


class _Walk:
    """One pass over an open file, from the dictionary to the end of the data."""

    def __init__(self, file: BinaryIO, size: int, order: str) -> None:
        self._file, self._size, self._order = file, size, order

    def dictionary(self) -> _Dictionary:
        """The records between header and data; the file stands at the data afterwards."""
        found = _Dictionary()
        wanted = 0  # elements that the text before still takes
        while (record := self._int()) != _END:
            if record == _VARIABLE:
                kind = self._variable(found)
                if (kind == -1) is not (wanted > 0):
                    raise _Damaged("a text variable is shorter or longer than declared")
                wanted = wanted - 1 if kind == -1 else max(0, (kind + 7) // 8 - 1)
            elif record == _LABELS:
                self._labels(found)
            elif record == _DOCUMENT:
                self._skip(80 * self._int())
            elif record == _EXTENSION:
                self._extension(found)
            else:
                raise _Damaged("its dictionary holds what no program writes")
            if self._file.tell() > MOST_DICTIONARY:
                raise _Damaged("its dictionary does not end")
        self._skip(4)
        if wanted:
            raise _Damaged("a text variable is shorter or longer than declared")
        found.check()
        return found

    def _variable(self, found: _Dictionary) -> int:
        """One element: 0 for a number, n for a text of n bytes, -1 for the next 8 bytes of one."""
        kind, labelled, missing, shown, _ = self._ints(5)
        shown = shown >> 16 & 255
        if (
            not -1 <= kind <= 255
            or labelled not in (0, 1)
            or missing not in (-3, -2, 0, 1, 2, 3)
            or (kind >= 0 and shown and shown not in (_SHOWN_TEXTS if kind else _SHOWN_NUMBERS))
        ):
            raise _Damaged("a variable is declared in a way that no program writes")
        found.names.append(self._take(8).rstrip(b" \0").upper())
        found.kinds.append(kind)
        found.with_missing += missing != 0
        if labelled:
            self._skip((self._int() + 3) // 4 * 4)
        self._skip(8 * abs(missing))
        if len(found.kinds) > MOST_ELEMENTS_IN_A_ROW:
            raise _Damaged("it declares more variables than SPSS can have")
        return kind

    def _labels(self, found: _Dictionary) -> None:
        for _ in range(self._length(16)):
            self._skip(8)
            self._skip(self._take(1)[0] // 8 * 8 + 7)
        if self._int() != _LABELLED:
            raise _Damaged("value labels belong to no variable")
        places = self._ints(self._length(4))
        if not all(1 <= place <= len(found.kinds) for place in places):
            raise _Damaged("value labels belong to no variable")
        kinds = {found.kinds[place - 1] for place in places}
        if (
            min(kinds, default=0) < 0
            or max(kinds, default=0) > 8
            or (0 in kinds and len(kinds) > 1)
        ):
            raise _Damaged("value labels belong to variables of another kind")

    def _extension(self, found: _Dictionary) -> None:
        subtype, size, count = self._ints(3)
        if size < 0 or count < 0:
            raise _Damaged("a part of its dictionary has no length")
        if subtype == _MACHINE and size * count == 32:
            found.code = self._ints(8)[7]
            return
        if subtype == _ROWS and size * count == 16:
            found.rows = self._longs(2)[1]
            return
        if subtype == _ENCODING:
            found.encoding = self._take(size * count).decode("latin-1").strip(" \0")
            return
        if subtype in (_LONG_NAMES, _VERY_LONG):
            parts = self._take(size * count).rstrip(b"\t\0").split(b"\t")
            found.mentioned.update(part.partition(b"=")[0].strip(b"\0").upper() for part in parts)
        else:
            self._skip(size * count)
        if count:
            found.extensions.add(subtype)

    def elements(self, compression: int) -> tuple[int | None, bool]:
        """How many elements the data hold (None: too many), and whether more follows their end."""
        start = self._file.tell()
        if compression == _PLAIN:
            elements, rest = divmod(self._size - start, 8)
            if rest:
                raise _Damaged("it ends within a cell")
            return (elements if elements <= MOST_ELEMENTS else None), False
        chunks = self._chunks() if compression == _BYTECODE else self._unpacked(start)
        return _counted(chunks)

    def _chunks(self) -> Iterator[bytes]:
        while chunk := self._file.read(_CHUNK):
            yield chunk

    def _unpacked(self, start: int) -> Iterator[bytes]:
        """The blocks of a zlib file one by one; they must fill the file without a gap."""
        head, trailer, length = self._longs(3)
        if head != start or trailer + length != self._size or not start + 24 <= trailer:
            raise _Damaged("its compressed blocks are not where it says")
        self._file.seek(trailer)
        self._longs(2)
        _, blocks = self._ints(2)
        if length != 24 * (blocks + 1):
            raise _Damaged("its compressed blocks are not as many as it says")
        table = struct.unpack(f"{self._order}{'qqii' * blocks}", self._take(24 * blocks))
        place = start + 24
        for block in range(blocks):
            _, offset, full, packed = table[4 * block : 4 * block + 4]
            if offset != place or packed < 0 or place + packed > trailer:
                raise _Damaged("its compressed blocks are not where it says")
            if not 0 <= full <= _MOST_IN_A_BLOCK:
                raise _Damaged("a compressed block unpacks to more than any program writes")
            self._file.seek(offset)
            opened = zlib.decompressobj()
            try:
                chunk = opened.decompress(self._take(packed), full + 1)
            except zlib.error:
                raise _Damaged("a compressed block can't be unpacked") from None
            if len(chunk) != full or not opened.eof or opened.unused_data:
                raise _Damaged("a compressed block is not as long as it says")
            place += packed
            yield chunk
        if place != trailer:
            raise _Damaged("its compressed blocks are not as many as it says")

    def _length(self, least: int) -> int:
        """A number of parts of at least `least` bytes each, which the file must have."""
        count = self._int()
        if not 0 <= count * least <= self._size:
            raise _Damaged("a part of its dictionary has no length")
        return count

    def _int(self) -> int:
        return self._ints(1)[0]

    def _ints(self, count: int) -> tuple[int, ...]:
        return struct.unpack(f"{self._order}{count}i", self._take(4 * count))

    def _longs(self, count: int) -> tuple[int, ...]:
        return struct.unpack(f"{self._order}{count}q", self._take(8 * count))

    def _take(self, count: int) -> bytes:
        taken = self._file.read(count) if 0 <= count <= self._size else b""
        if len(taken) != count:
            raise _Damaged("it ends before its data do")
        return taken

    def _skip(self, count: int) -> None:
        place = self._file.tell() + count
        if count < 0 or place > self._size:
            raise _Damaged("it ends before its data do")
        self._file.seek(place)


def _counted(chunks: Iterator[bytes]) -> tuple[int | None, bool]:
    """The elements of bytecode (None: too many), and whether something follows its end code.

    Bytecode is words of 8 codes, each word followed by the 8 bytes of each literal among them.
    """
    total, skip, rest, size = 0, 0, b"", 0
    for chunk in chunks:
        size += len(chunk)
        if size > MOST_BYTES:  # codes that stand for nothing
            return None, False
        data = rest + chunk
        words = np.frombuffer(data, dtype=np.uint8, count=len(data) // 8 * 8).reshape(-1, 8)
        rest = data[8 * len(words) :]
        live = ~np.maximum.accumulate(words == _STOP, axis=1)
        literals = ((words == _LITERAL) & live).sum(axis=1).tolist()
        counts = ((words != _IGNORED) & live).sum(axis=1).tolist()
        ends = (~live[:, 7]).tolist()
        place = skip
        while place < len(counts):
            total += counts[place]
            if total > MOST_ELEMENTS:
                return None, False
            if ends[place]:
                left = len(data) - 8 * (place + 1) + sum(map(len, chunks)) - 8 * literals[place]
                if left < 0:
                    raise _Damaged("it ends within a cell")
                return total, left > 0
            place += 1 + literals[place]
        skip = place - len(counts)
    if skip or rest:
        raise _Damaged("it ends within a cell")
    return total, False
