"""What an SPSS file says of itself, counted without its parser."""

from __future__ import annotations

import struct

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cultureplus import spss_layout as layout_module
from cultureplus.errors import InputError
from cultureplus.export_file import ExportFile
from cultureplus.spss_layout import spss_layout
from tests.small_sav import ASCII, CP1252, UTF8, blocks, bytecode, small_sav


@pytest.fixture
def laid(tmp_path):
    def write_and_walk(data, name="a.sav"):
        path = tmp_path / name
        path.write_bytes(data)
        return spss_layout(ExportFile(path))

    return write_and_walk


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("packed", [0, 1, 2])
@pytest.mark.parametrize("declared", [None, -1])
def test_rows_and_variables_are_counted(laid, order, packed, declared):
    rows = [(1.0, "red", "a text of 20 letters"), (2.0, "blue", "x"), (None, "", "")]
    variables = [("Q1", 0), ("TEAM", 8), ("NOTE", 20)]
    found = laid(small_sav(rows, variables, order=order, packed=packed, declared=declared))
    assert (found.rows, found.width, found.numeric) == (3, 5, 1)
    assert found.rows_declared == (3 if declared is None else None)
    assert (found.with_missing, found.long_missing, found.weight) == (0, False, 0)


@pytest.mark.parametrize(
    ("how", "encoding"),
    [
        ({"code": UTF8}, "utf_8"),
        ({"code": CP1252}, "cp1252"),
        ({"code": 28605}, "iso8859_15"),
        ({"code": ASCII}, ""),  # written by many whatever the letters are
        ({"code": 3}, ""),
        ({"code": 0}, ""),
        ({"code": None}, ""),
        ({"code": ASCII, "said": b"UTF-8"}, "UTF-8"),
        ({"code": UTF8, "said": b"windows-1252"}, "windows-1252"),
        ({"code": UTF8, "said": b"windows-874"}, "cp874"),
        ({"code": None, "said": b""}, ""),
        ({"code": 99}, None),
        ({"code": -5}, None),
        ({"said": b"canary"}, None),
        ({"said": b"rot13"}, None),
        ({"said": b"a\0b"}, None),
    ],
)
def test_an_encoding_is_stated_by_one_of_two_records(laid, how, encoding):
    if encoding is None:
        with pytest.raises(InputError, match="is not known here") as caught:
            laid(small_sav(**how))
        assert "canary" not in str(caught.value)
    else:
        assert laid(small_sav(**how)).encoding == encoding


def test_missing_values_and_weight_are_seen(laid):
    found = laid(small_sav(missing=[8.0, 9.0], label_of="Q1", weight=1))
    assert (found.with_missing, found.weight) == (1, 1)
    assert laid(small_sav(extensions=[(22, 1, b"whatever")])).long_missing


@pytest.mark.parametrize("packed", [0, 1, 2])
def test_a_file_that_ends_early_is_refused_wherever_it_ends(laid, tmp_path, packed):
    data = small_sav(packed=packed)
    laid(data)
    for stop in range(len(data) - 1, 0, -3):
        with (tmp_path / "a.sav").open("r+b") as file:
            file.truncate(stop)
        with pytest.raises(InputError):
            spss_layout(ExportFile(tmp_path / "a.sav"))


SHIFTED = small_sav()[:-8]  # the last cell is missing: a row and a half
Q1 = struct.pack("<i", 2) + struct.pack("<5i", 0, 0, 0, 0x050800, 0x050800) + b"Q1      "
LABELS = struct.pack("<2i", 3, 1) + struct.pack("<d", 1.0) + b"\x03yes" + bytes(4)


def labelled(*places, of=4):
    return LABELS + struct.pack(f"<{2 + len(places)}i", of, len(places), *places)


DAMAGED = {
    "half a row": (SHIFTED, "its data end after 1 rows and a part of one, its header says 2"),
    "a row fewer": (small_sav(declared=3), "its data end after 2 rows, its header says 3"),
    "a row more": (small_sav(declared=1), "its data end after 2 rows, its header says 1"),
    "two numbers of rows": (
        small_sav(extensions=[(16, 8, struct.pack("<2q", 1, 7))]), "its header says 7"),
    "no row count and half a row": (small_sav(declared=-1)[:-8], "after 1 rows and a part of one"),
    "no row count and an early end": (
        small_sav(packed=1, declared=-1, codes=b"\x65\xfe\xfc\0\0\0\0\0" + bytes(8)),
        "its data end before the file does"),
    "a literal without its bytes": (
        small_sav(packed=1, codes=b"\x65\xfe\x66\xfd\0\0\0\0"), "it ends within a cell"),
    "another order of numbers": (
        small_sav().replace(struct.pack("<i", 999), struct.pack(">i", 999)), "no program writes"),
    "another bias": (small_sav(packed=1, bias=0.0), "its header holds what no program writes"),
    "compressed in a way of its own": (small_sav(packed=3), "its header holds"),
    "fewer rows than none": (small_sav(declared=-2), "its header holds"),
    "weighted by nothing": (small_sav(weight=9), "weights cases by a variable that is not there"),
    "two variables of a name": (
        small_sav(variables=[("Q1", 0), ("Q1", 8)]), "not those that other parts of it name"),
    "a long name of nobody": (
        small_sav(extensions=[(13, 1, b"Q2=question\tTEAM=team")]), "other parts of it name"),
    "a very long text of nobody": (
        small_sav(extensions=[(14, 1, b"NOTE=00300\0\t")]), "other parts of it name"),
    "a text without its rest": (
        small_sav(variables=[("Q1", 0), ("TEAM", 8)]).replace(
            struct.pack("<2i", 2, 8), struct.pack("<2i", 2, 9)), "shorter or longer than declared"),
    "a text with more than its rest": (
        small_sav().replace(Q1, Q1 + struct.pack("<6i", 2, -1, 0, 0, 0, 0) + b" " * 8),
        "shorter or longer than declared"),
    "four missing values": (
        small_sav(missing=[1.0] * 4, label_of="Q1"), "declared in a way that no program writes"),
    "a text shown as a number": (
        small_sav().replace(struct.pack("<i", 0x010800), struct.pack("<i", 0x050800)),
        "declared in a way that no program writes"),
    "a number shown as a text": (
        small_sav().replace(struct.pack("<i", 0x050800), struct.pack("<i", 0x010800)),
        "declared in a way that no program writes"),
    "a number shown as nothing known": (
        small_sav().replace(struct.pack("<i", 0x050800), struct.pack("<i", 0x0D0800)),
        "declared in a way that no program writes"),
    "labels of a variable that is not there": (
        small_sav(labels=labelled(3)), "value labels belong to no variable"),
    "labels of numbers and texts": (
        small_sav(labels=labelled(1, 2)), "value labels belong to variables of another kind"),
    "labels of nobody": (small_sav(labels=labelled(1, of=5)), "value labels belong to no variable"),
    "more labels than bytes": (
        small_sav(labels=struct.pack("<2i", 3, 2**30)), "has no length"),
    "labels of a negative number": (small_sav(labels=struct.pack("<2i", 3, -1)), "has no length"),
    "an extension of negative length": (
        small_sav(labels=struct.pack("<4i", 7, 5, -1, 8)), "has no length"),
    "an extension over the end": (
        small_sav(labels=struct.pack("<4i", 7, 5, 2**30, 2**30)), "it ends before its data do"),
    "a record of its own": (small_sav(labels=struct.pack("<i", 5)), "no program writes"),
    "only a header": (small_sav()[:176], "it ends before its data do"),
    "less than a header": (small_sav()[:100], "it ends within its header"),
}  # fmt: skip


@pytest.mark.parametrize("case", DAMAGED)
def test_damage_is_named(laid, case):
    data, found = DAMAGED[case]
    with pytest.raises(InputError) as caught:
        laid(data)
    assert str(caught.value).startswith("a.sav: This SPSS file is damaged.\n  found: ")
    assert found in str(caught.value)
    assert "save it again, or export csv" in str(caught.value)


def test_what_is_told_apart_from_damage_is_sound(laid):
    """The cases above are refused for what they say and not for how they were built."""
    assert laid(small_sav(labels=labelled(1))).rows == 2
    assert laid(small_sav(extensions=[(16, 8, struct.pack("<2q", 1, 2))])).rows == 2
    assert laid(small_sav(extensions=[(13, 1, b"Q1=question\tTEAM=team")])).rows == 2
    stop = bytes([101, 254, 102, 254, 252, 0, 0, 0])
    assert laid(small_sav(packed=1, declared=-1, codes=stop)).rows == 2


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"", "This file is empty."),
        (b"who,team\nP1,Red\n", "This is not an SPSS file."),
        (b"PK\x03\x04", "This is not an SPSS file."),
        (b"SR\x00\x04\x00\x01IDL", "This is not an SPSS file."),  # other programs' .sav
        (b"ASCII SPSS PORT FILE".rjust(60) + bytes(200), "found: a portable SPSS file"),
        (small_sav(rows=[()], variables=[]), "There is no variable in this file."),
    ],
)
def test_what_is_no_spss_file_is_said(laid, data, says):
    with pytest.raises(InputError, match=r"^a\.sav: ") as caught:
        laid(data)
    assert says in str(caught.value)


# --- what is too large --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("limit", "most", "how", "found"),
    [
        ("MOST_BYTES", 500, {"rows": [(1.0, "a")] * 40}, "0 MiB"),
        ("MOST_ELEMENTS", 79, {"rows": [(1.0, "a")] * 40}, "40 rows of 2 elements"),
        ("MOST_ELEMENTS", 79, {"rows": [(1.0, "a")] * 40, "declared": -1}, "unpack to more"),
        ("MOST_ELEMENTS", 9, {"packed": 1, "declared": -1, "codes": b"\x65" * 16}, "to more"),
        ("MOST_ELEMENTS", 9, {"packed": 2, "declared": -1, "codes": b"\x65" * 16}, "to more"),
        ("MOST_BYTES", 700, {"packed": 2, "declared": -1, "codes": bytes(4000)}, "to more"),
    ],
)  # fmt: skip
def test_what_is_too_large_is_said(laid, monkeypatch, limit, most, how, found):
    laid(small_sav(**how))
    monkeypatch.setattr(layout_module, limit, most)
    with pytest.raises(InputError) as caught:
        laid(small_sav(**how))
    assert "This SPSS file is larger than what is read." in str(caught.value)
    assert found in str(caught.value)


def test_the_declared_rows_alone_can_be_too_many(laid):
    with pytest.raises(InputError, match="larger than what is read"):
        laid(small_sav(declared=2**31 - 1))


def test_a_block_that_unfolds_too_far_is_not_unfolded(laid):
    full = bytes(layout_module._MOST_IN_A_BLOCK + 8)
    with pytest.raises(InputError, match="unpacks to more than any program writes"):
        laid(small_sav(packed=2, codes=full))


# --- bytecode -----------------------------------------------------------------------------------


def counted(data):
    """How many elements bytecode has, code by code; None where it breaks off."""
    total, place = 0, 0
    while place < len(data):
        word, place = data[place : place + 8], place + 8
        if len(word) < 8:
            return None
        for code in word:
            if code == 252:
                return total if place <= len(data) else None
            total += code != 0
            place += 8 * (code == 253)
    return total if place == len(data) else None


CODES = st.lists(st.sampled_from([0, 1, 100, 251, 252, 253, 253, 254, 255]), min_size=8, max_size=8)


@settings(max_examples=100, deadline=None, derandomize=True, database=None)
@given(st.lists(st.one_of(CODES.map(bytes), st.just(b"literal.")), max_size=12), st.integers(1, 40))
def test_elements_are_counted_as_code_by_code(words, size):
    data = b"".join(words)
    chunks = (data[place : place + size] for place in range(0, len(data), size))
    try:
        found = layout_module._counted(chunks)[0]
    except layout_module._Damaged:
        found = None
    assert found == counted(data)


@pytest.mark.parametrize("cut", [8, 24, 72])
def test_a_word_may_be_divided_between_two_blocks(laid, cut):
    data = bytecode(b"12345678" * 20)
    plain = small_sav([("12345678", "12345678")] * 10, [("A", 8), ("B", 8)], packed=0)
    start = len(plain) - 160
    head = plain[:72] + struct.pack("<i", 2) + plain[76:start]
    sound = b"$FL3" + head[4:] + blocks([data[:cut], data[cut:]], start)
    assert laid(sound).rows == 10


@pytest.mark.parametrize("place", [0, 8, 16])
def test_the_blocks_fill_the_file(laid, place):
    data = bytearray(small_sav(packed=2))
    start = data.index(struct.pack("<2i", 999, 0)) + 8
    data[start + place] ^= 8
    with pytest.raises(InputError, match="its compressed blocks are not where it says"):
        laid(bytes(data))


def test_a_block_that_does_not_unpack_is_refused(laid):
    data = bytearray(small_sav(packed=2))
    start = data.index(struct.pack("<2i", 999, 0)) + 8
    data[start + 30] ^= 255
    with pytest.raises(InputError, match="a compressed block"):
        laid(bytes(data))
