"""Opening released files, whatever they are packed in.

Archives, compressed files, workbooks, pictures and arrays are opened one inside the other until
only text and numbers are left. What can't be opened, or would grow beyond a limit, is a finding: a
file that nobody can look into has no place among released ones. The limits hold for each file, so
that a few kilobytes made to fill a disk end as one line.
"""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import os
import re
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path, PurePosixPath
from typing import IO, Any

import numpy as np

from cultureplus.disclosure.contents import (
    UNOPENED,
    Blob,
    Piece,
    Problem,
    Text,
    floats_of,
    grid_of,
    in_text,
)
from cultureplus.disclosure.sheets import in_part, shared_strings
from cultureplus.errors import InputError

MOST_BYTES = 64_000_000  # of one file, all that is packed in it together
DEEPEST = 8
_MOST_MEMBERS = 10_000
_BLOCK = 1 << 20
BOMB = "too large to open"
PICKLE = "pickle"
_PICKLED = re.compile(rb"\x80[\x02-\x05]")
_PICKLE_NAMES = {".pkl", ".pickle", ".joblib", ".dill"}
_PNG = b"\x89PNG\r\n\x1a\n"
_PACKED: dict[bytes, tuple[str, Callable[[io.BytesIO], Any]]] = {
    b"\x1f\x8b": ("gzip", lambda raw: gzip.GzipFile(fileobj=raw)),
    b"BZh": ("bz2", bz2.BZ2File),
    b"\xfd7zXZ": ("xz", lzma.LZMAFile),
}
_MEDIA = (
    b"\xff\xd8\xff", b"GIF8", b"RIFF", b"%PDF", b"wOFF", b"wOF2", b"\x00\x01\x00\x00", b"OTTO",
    b"\x00\x00\x01\x00",
)  # fmt: skip
_SENTENCES = re.compile(rb"[\x20-\x7e]{4,}|(?:[\x20-\x7e]\x00){4,}")
_BROKEN = (
    EOFError, OSError, RuntimeError, NotImplementedError, ValueError, KeyError, IndexError,
    zlib.error, lzma.LZMAError, zipfile.BadZipFile,
)  # fmt: skip


class _TooMuchError(Exception):
    """The limit is reached."""


def pieces(
    path: Path, *, most_bytes: int = MOST_BYTES, deepest: int = DEEPEST
) -> Iterator[tuple[str, Piece]]:
    """Every piece of every file under a folder (or of one file), with the file's way from it.

    Raises `InputError` where there is nothing at the path.
    """
    if not path.exists():
        raise InputError(f"There is no {path.name}.", fix="name a folder or a file")
    for name, file in _files(path):
        yield name, Text("its name", name)
        if file.is_symlink() and file.is_dir():
            yield name, Problem("", UNOPENED, "a link to a folder")
            continue
        opener = _Opener(most_bytes, deepest)
        for piece in opener.file(file):
            yield name, piece


def _files(path: Path) -> Iterator[tuple[str, Path]]:
    if path.is_file():
        yield path.name, path
        return
    for folder, folders, files in os.walk(path):
        folders.sort()
        links = [each for each in folders if (Path(folder) / each).is_symlink()]
        for each in sorted([*files, *links]):
            file = Path(folder) / each
            yield file.relative_to(path).as_posix(), file


class _Opener:
    """One file and what is left of its limit."""

    def __init__(self, most_bytes: int, deepest: int) -> None:
        self._left = most_bytes
        self._deepest = deepest

    def file(self, path: Path) -> Iterator[Piece]:
        try:
            with path.open("rb") as file:
                data = self._read(file)
            yield from self._bytes(data, "", path.name, 0)
        except _TooMuchError:
            yield Problem("", BOMB, "opened, it is larger than the limit")
        except OSError:
            yield Problem("", UNOPENED, "the file can't be read")

    def _read(self, file: IO[bytes]) -> bytes:
        """All of it, or `_TooMuchError`; never more in memory than the limit."""
        blocks = []
        while block := file.read(_BLOCK):
            self._left -= len(block)
            if self._left < 0:
                raise _TooMuchError
            blocks.append(block)
        return b"".join(blocks)

    def _bytes(
        self, data: bytes, place: str, name: str, depth: int, *, declared: bool = True
    ) -> Iterator[Piece]:
        if depth > self._deepest:
            yield Problem(place, BOMB, f"packed more than {self._deepest} times")
            return
        known = self._known(data, place, name, depth)
        if known is not None:
            yield from known
        elif (text := _as_text(data)) is not None:
            yield from self._text(text, place, depth)
        elif not declared:
            yield from _perhaps_numbers(data, place)
        else:
            if not data.startswith(_MEDIA):
                yield Problem(place, UNOPENED, "a kind of file that can't be looked into")
            yield from self._text(_sentences(data), place, depth)
            yield from self._streams(data, place, depth)

    def _known(self, data: bytes, place: str, name: str, depth: int) -> Iterator[Piece] | None:
        """The pieces of a packed file, or None where it is not one."""
        for sign, (kind, opened) in _PACKED.items():
            if data.startswith(sign):
                return self._packed(data, _in(place, kind), name, depth, opened)
        if data.startswith(_PNG):
            return self._picture(data, place, depth)
        if data.startswith(b"\x93NUMPY"):
            return _array(data, place)
        if (_PICKLED.match(data) and data.endswith(b".")) or _suffix(name) in _PICKLE_NAMES:
            return self._pickle(data, place, depth)
        # A zip is read from its end, so something else may stand before it.
        if data.startswith(b"PK\x03\x04") or b"PK\x05\x06" in data[-(1 << 16) - 22 :]:
            return self._archive(data, place, depth)
        if data[257:262] == b"ustar":
            return self._tar(data, place, depth)
        if data[:1] == b"\x78" and len(data) > 2 and not int.from_bytes(data[:2], "big") % 31:
            inflate = zlib.decompressobj()
            try:
                inflate.decompress(data, 64)
            except zlib.error:
                return None
            return self._inflated(data, _in(place, "zlib"), name, depth)
        return None

    def _text(self, text: str, place: str, depth: int) -> Iterator[Piece]:
        try:
            for piece in in_text(text, place):
                if isinstance(piece, Blob):
                    yield from self._bytes(
                        piece.data, piece.place, "", depth + 1, declared=piece.declared
                    )
                else:
                    yield piece
        except RecursionError:
            yield Problem(place, UNOPENED, "nested too deeply")

    def _packed(
        self,
        data: bytes,
        place: str,
        name: str,
        depth: int,
        opened: Callable[[io.BytesIO], Any],
    ) -> Iterator[Piece]:
        blocks, whole = [], True
        file = opened(io.BytesIO(data))
        try:
            # In small steps, so that what stands before the damage is read.
            while block := file.read1(_BLOCK):
                self._left -= len(block)
                if self._left < 0:
                    raise _TooMuchError
                blocks.append(block)
        except _BROKEN:
            whole = False
        if not whole:
            yield Problem(place, UNOPENED, "it ends too early or is damaged")
        if blocks:
            inside = PurePosixPath(name).stem if "." in name else name
            yield from self._bytes(b"".join(blocks), place, inside, depth + 1)

    def _inflated(self, data: bytes, place: str, name: str, depth: int) -> Iterator[Piece]:
        inflate = zlib.decompressobj()
        try:
            content = inflate.decompress(data, self._left + 1)
        except zlib.error:
            yield Problem(place, UNOPENED, "it is damaged")
            return
        self._left -= len(content)
        if self._left < 0:
            raise _TooMuchError
        yield from self._bytes(content, place, PurePosixPath(name).stem, depth + 1, declared=False)

    def _archive(self, data: bytes, place: str, depth: int) -> Iterator[Piece]:
        try:
            archive = zipfile.ZipFile(io.BytesIO(data))
            entries = archive.infolist()
        except _BROKEN:
            yield Problem(place, UNOPENED, "an archive that is damaged")
            yield from self._text(_sentences(data), place, depth)
            return
        if len(entries) > _MOST_MEMBERS:
            yield Problem(place, BOMB, f"an archive of more than {_MOST_MEMBERS} files")
            return
        yield Text(_in(place, "names"), "\n".join(entry.filename for entry in entries))
        if archive.comment:
            yield from self._text(archive.comment.decode("latin-1"), _in(place, "note"), depth)
        start = min((entry.header_offset for entry in entries), default=0)
        if start:
            yield from self._bytes(data[:start], place, "", depth + 1, declared=False)
        office = any(entry.filename == "[Content_Types].xml" for entry in entries)
        shared: list[str] = []
        # Shared strings first: the sheets point at them.
        for entry in sorted(entries, key=lambda entry: "sharedStrings" not in entry.filename):
            if entry.is_dir():
                continue
            where = _in(place, entry.filename)
            if entry.comment or entry.extra:
                yield from self._text(_sentences(entry.comment + b"\n" + entry.extra), where, depth)
            try:
                with archive.open(entry) as file:
                    content = self._read(file)
            except _BROKEN:
                yield Problem(where, UNOPENED, "damaged, or locked by a password")
                continue
            if office and entry.filename.endswith((".xml", ".rels", ".vml")):
                if entry.filename.endswith("sharedStrings.xml"):
                    shared = shared_strings(content)
                for piece in in_part(content, where, shared):
                    if isinstance(piece, Text):
                        yield from self._text(piece.text, where, depth + 1)
                    else:
                        yield piece
            else:
                yield from self._bytes(content, where, entry.filename, depth + 1)

    def _tar(self, data: bytes, place: str, depth: int) -> Iterator[Piece]:
        try:
            with tarfile.open(fileobj=io.BytesIO(data), mode="r:") as archive:
                for entry in archive:
                    where = _in(place, entry.name)
                    yield Text(where, entry.name)
                    file = archive.extractfile(entry) if entry.isfile() else None
                    if file is not None:
                        yield from self._bytes(self._read(file), where, entry.name, depth + 1)
        except (*_BROKEN, tarfile.TarError):
            yield Problem(place, UNOPENED, "an archive that is damaged")

    def _picture(self, data: bytes, place: str, depth: int) -> Iterator[Piece]:
        """The parts of a png that are not pixels, and what stands behind its end."""
        at = len(_PNG)
        while at < len(data):
            size, kind = int.from_bytes(data[at : at + 4], "big"), data[at + 4 : at + 8]
            body = data[at + 8 : at + 8 + size]
            where = _in(place, kind.decode("latin-1"))
            at += 12 + size
            if at > len(data):
                yield Problem(place, UNOPENED, "a picture that ends too early")
            if kind in (b"tEXt", b"zTXt", b"iTXt"):
                key, _, rest = body.partition(b"\0")
                # Packed text begins somewhere behind the keyword; where it does is its own sign.
                packed = re.search(rb"\x78[\x01\x5e\x9c\xda]", rest)
                yield from self._text(_loosely(key + b"\n" + rest), where, depth)
                if packed:
                    yield from self._inflated(rest[packed.start() :], where, "", depth)
            elif kind not in (b"IDAT", b"IHDR", b"IEND", b"PLTE", b"tRNS"):
                yield from self._text(_sentences(body), where, depth)
            if kind == b"IEND":
                break
        if data[at:]:
            yield from self._bytes(data[at:], _in(place, "behind the picture"), "", depth + 1)

    def _pickle(self, data: bytes, place: str, depth: int) -> Iterator[Piece]:
        yield Problem(place, PICKLE, "Python objects, which may hold all rows")
        yield from self._text(_sentences(data), place, depth)

    def _streams(self, data: bytes, place: str, depth: int) -> Iterator[Piece]:
        """The packed parts of a PDF."""
        if not data.startswith(b"%PDF"):
            return
        for match in re.finditer(rb"stream\r?\n(.*?)endstream", data, re.DOTALL):
            yield from self._bytes(
                match.group(1), _in(place, "stream"), "", depth + 1, declared=False
            )


def _array(data: bytes, place: str) -> Iterator[Piece]:
    try:
        values = np.load(io.BytesIO(data), allow_pickle=False)
    except _BROKEN:
        yield Problem(place, PICKLE, "an array of Python objects, or a damaged one")
        return
    if values.dtype.kind in "iufb" and values.size:
        yield grid_of(
            values.reshape(-1, values.shape[-1] if values.ndim > 1 else values.size), place
        )
    else:
        yield Text(place, "\n".join(map(str, values.ravel().tolist())))


def _perhaps_numbers(data: bytes, place: str) -> Iterator[Piece]:
    """Bytes of no known kind inside a text: double-precision numbers, if they look like such."""
    if len(data) >= 32 and len(data) % 8 == 0:
        values = np.frombuffer(data, "<f8")
        size = np.abs(values[~np.isnan(values)])
        if len(size) and bool(((size == 0) | ((size > 1e-6) & (size < 1e9))).all()):
            yield floats_of(data, "f8", place)


def _as_text(data: bytes) -> str | None:
    """Bytes as text, or None where they are none."""
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        return data.decode("utf-16", errors="replace")
    if data[1:2] == b"\0" or data[:1] == b"\0":
        order = "utf-16-le" if data[1:2] == b"\0" else "utf-16-be"
        text = data.decode(order, errors="replace")
        return text if _reads(text) else None
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = data.decode("latin-1")
    return text if _reads(text) else None


def _reads(text: str) -> bool:
    start = text[:4096]
    strange = sum(not (sign.isprintable() or sign in "\t\r\n\f") for sign in start)
    return strange <= len(start) // 50


def _loosely(data: bytes) -> str:
    return data.decode("utf-8", errors="replace")


def _sentences(data: bytes) -> str:
    """The readable parts of a binary file, one a line."""
    found = (match.group().replace(b"\0", b"") for match in _SENTENCES.finditer(data))
    return b"\n".join(found).decode("ascii")


def _in(place: str, inside: str) -> str:
    return f"{place} > {inside}" if place else inside


def _suffix(name: str) -> str:
    return PurePosixPath(name).suffix.lower()
