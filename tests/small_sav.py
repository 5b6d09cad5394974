"""SPSS files by hand, byte by byte, as no program would write them or in ways that few do."""

from __future__ import annotations

import struct
import zlib

SYSMIS = -1.7976931348623157e308
UTF8, CP1252, ASCII = 65001, 1252, 2


def small_sav(
    rows=((1.0, "red"), (2.0, "blue")),
    variables=(("Q1", 0), ("TEAM", 8)),
    *,
    order="<",
    packed=0,
    declared=None,
    code=UTF8,
    encoding="utf-8",
    said=None,
    weight=0,
    bias=100.0,
    missing=(),
    extensions=(),
    labels=b"",
    label_of="",
    codes=None,
    tail=b"",
):
    """The bytes of a file.

    `packed`: 0 for plain data, 1 for bytecode, 2 for zlib; `declared`: rows as the header says;
    `code`: of the machine record, None for no such record; `said`: the text of the encoding record;
    `labels`: what stands between variables and extensions; `codes`: bytecode to use as it is.
    """
    ints = lambda *values: struct.pack(f"{order}{len(values)}i", *values)  # noqa: E731
    magic = b"$FL3" if packed == 2 else b"$FL2"
    count = len(rows) if declared is None else declared
    width = sum(max(1, (size + 7) // 8) for _, size in variables)
    head = magic + b"@(#) SPSS DATA FILE small".ljust(60) + ints(2, width, packed, weight, count)
    head += struct.pack(order + "d", bias) + b"01 Jan 2615:00:00" + b" " * 64 + bytes(3)
    body = b""
    for name, size in variables:
        shape = 0x010000 | size << 8 if size else 0x050800
        own = missing if name == label_of else ()
        body += ints(2, size, 0, len(own), shape, shape) + name.encode(encoding).ljust(8)
        body += b"".join(struct.pack(order + "d", each) for each in own)
        body += (ints(2, -1, 0, 0, 0, 0) + b" " * 8) * ((size + 7) // 8 - 1)
    body += labels
    if code is not None:
        body += ints(7, 3, 4, 8, 1, 0, 0, -1, 1, 1, 2 if order == "<" else 1, code)
    if said is not None:
        body += ints(7, 20, 1, len(said)) + said
    for subtype, size, data in extensions:
        body += ints(7, subtype, size, len(data) // size) + data
    body += ints(999, 0)
    cells = b""
    for row in rows:
        for value, (_, size) in zip(row, variables, strict=True):
            if size:
                cells += value.encode(encoding).ljust((size + 7) // 8 * 8)
            else:
                cells += struct.pack(order + "d", SYSMIS if value is None else value)
    if packed:
        cells = bytecode(cells) if codes is None else codes
    if packed == 2:
        cells = blocks([cells], len(head + body), order)
    return head + body + cells + tail


def bytecode(cells):
    """Cells as eight literals a word, the last word filled up."""
    words = [cells[place : place + 64] for place in range(0, len(cells), 64)]
    return b"".join(bytes([253] * (len(word) // 8)).ljust(8, b"\0") + word for word in words)


def blocks(parts, start, order="<", packer=zlib.compress):
    """The data of a zlib file: head, blocks, trailer."""
    packed = [packer(part) for part in parts]
    trailer = start + 24 + sum(map(len, packed))
    head = struct.pack(order + "3q", start, trailer, 24 * (len(parts) + 1))
    table, full, place = b"", start, start + 24
    for part, small in zip(parts, packed, strict=True):
        table += struct.pack(order + "qqii", full, place, len(part), len(small))
        full, place = full + len(part), place + len(small)
    return (
        head + b"".join(packed) + struct.pack(order + "qqii", -100, 0, 4190208, len(parts)) + table
    )
