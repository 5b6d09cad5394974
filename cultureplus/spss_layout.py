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
from dataclasses import dataclass
from typing import BinaryIO

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
MOST_DICTIONARY = 64 * 2**20
# Uncompressed, this is what MOST_ELEMENTS take.
MOST_BYTES = 8 * MOST_ELEMENTS + MOST_DICTIONARY

_MAGIC = {b"$FL2": (0, 1), b"$FL3": (2,)}
_PLAIN, _BYTECODE = 0, 1
_HEADER = 176
_VARIABLE, _LABELS, _LABELLED, _DOCUMENT, _EXTENSION, _END = 2, 3, 4, 6, 7, 999
_MACHINE, _ENCODING = 3, 20  # extensions that say in which encoding texts are
_LONG_MISSING = 22  # an extension with user-missing values of texts of more than 8 bytes
_UNSAID = {2, 3}  # "ASCII", which many programs write whatever the encoding is
_IGNORED, _STOP, _LITERAL = 0, 252, 253  # byte codes; each other one stands for an element
_CHUNK = 2**23


@dataclass(frozen=True)
class SpssLayout:
    """What the file itself says: rows, elements a row, variables, encoding, weight.

    `rows_declared`: None where the header does not say; `rows`: as many as the data hold;
    `numeric`: variables that are numbers; `with_missing`: numbers and texts of at most 8 bytes with
    user-missing values; `long_missing`: whether longer texts have some; `encoding_stated`: whether
    it says in which encoding its texts are; `weight`: the element of a row, counted from 1, by
    which cases are weighted, 0 for none.
    """

    rows_declared: int | None
    rows: int
    width: int
    numeric: int
    with_missing: int
    long_missing: bool
    encoding_stated: bool
    weight: int


class _Damaged(Exception):
    """What is wrong with the file, for the one error that is raised."""


@dataclass(frozen=True)
class _Dictionary:
    kinds: tuple[int, ...]
    with_missing: int
    extensions: frozenset[int]

    @property
    def encoding_stated(self) -> bool:
        return bool(self.extensions & {_MACHINE, _ENCODING})


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
    layout, compression, weight, declared = struct.unpack(order + "i4x3i", head[64:84])
    if layout not in (2, 3) or compression not in _MAGIC[head[:4]] or declared < -1:
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
    if left or declared not in (-1, rows):
        part = " and a part of one" if left else ""
        said = "" if declared == -1 else f", its header says {declared}"
        raise _Damaged(f"its data end after {rows} rows{part}{said}")
    return SpssLayout(
        rows_declared=None if declared == -1 else declared,
        rows=rows,
        width=width,
        numeric=found.kinds.count(0),
        with_missing=found.with_missing,
        long_missing=_LONG_MISSING in found.extensions,
        encoding_stated=found.encoding_stated,
        weight=weight,
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
        kinds: list[int] = []
        extensions: set[int] = set()
        with_missing, wanted = 0, 0
        while (record := self._int()) != _END:
            if record == _VARIABLE:
                kind, missing = self._variable()
                if (kind == -1) is not (wanted > 0):
                    raise _Damaged("a text variable is shorter or longer than declared")
                wanted = wanted - 1 if kind == -1 else max(0, (kind + 7) // 8 - 1)
                kinds.append(kind)
                with_missing += missing
                if len(kinds) > MOST_ELEMENTS_IN_A_ROW:
                    raise _Damaged("it declares more variables than SPSS can have")
            elif record == _LABELS:
                self._labels()
            elif record == _DOCUMENT:
                self._skip(80 * self._int())
            elif record == _EXTENSION:
                extensions.add(self._extension())
            else:
                raise _Damaged("its dictionary holds what no program writes")
            if self._file.tell() > MOST_DICTIONARY:
                raise _Damaged("its dictionary does not end")
        self._skip(4)
        if wanted:
            raise _Damaged("a text variable is shorter or longer than declared")
        return _Dictionary(tuple(kinds), with_missing, frozenset(extensions))

    def _variable(self) -> tuple[int, int]:
        """Its kind (0 a number, n a text of n bytes, -1 the next 8 bytes of one)."""
        kind, labelled, missing, _, _ = self._ints(5)
        self._skip(8)
        if not -1 <= kind <= 255 or labelled not in (0, 1) or missing not in (-3, -2, 0, 1, 2, 3):
            raise _Damaged("a variable is declared in a way that no program writes")
        if labelled:
            self._skip((self._int() + 3) // 4 * 4)
        self._skip(8 * abs(missing))
        return kind, int(missing != 0)

    def _labels(self) -> None:
        for _ in range(self._length(1, 16)):
            self._skip(8)
            self._skip(self._take(1)[0] // 8 * 8 + 7)
        if self._int() != _LABELLED:
            raise _Damaged("value labels belong to no variable")
        self._skip(4 * self._length(4, 4))

    def _extension(self) -> int:
        """The subtype of this extension, 0 where it says nothing."""
        subtype, size, count = self._ints(3)
        if size < 0 or count < 0:
            raise _Damaged("a part of its dictionary has no length")
        if subtype == _MACHINE and size * count == 32:
            return 0 if self._ints(8)[7] in _UNSAID else _MACHINE
        self._skip(size * count)
        return subtype if count else 0

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
            if offset != place or packed < 0 or full < 0 or place + packed > trailer:
                raise _Damaged("its compressed blocks are not where it says")
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

    def _length(self, least: int, each: int) -> int:
        """A number of parts of at least `each` bytes, which the file must still have."""
        count = self._int()
        if not least <= count + least or count * each > self._size:
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
    total, skip, rest = 0, 0, b""
    for chunk in chunks:
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
            after = place + 1 + literals[place]
            if ends[place]:
                more = after < len(counts) or bool(rest) or any(chunks)
                if after > len(counts) and not more:
                    raise _Damaged("it ends within a cell")
                return total, more
            place = after
        skip = place - len(counts)
    if skip or rest:
        raise _Damaged("it ends within a cell")
    return total, False
