"""Columns of texts, taken whole.

A million records have few different answers, units and languages. Whatever is to be known of a
cell is worked out for each different text and then laid over the records; what differs in every
record, such as a key, is at least not turned into an object before it has to be.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
import pandas as pd

_BYTES = 256
_KEY_BYTES = 16
_ODD = np.uint64(0x9E3779B97F4A7C15)  # any large odd number parts the two halves of a key


def distinct_texts(cells: pd.Series) -> tuple[np.ndarray, list[str]]:
    """Each cell's place among the different texts of a column, and these texts.

    `cells`: texts, none missing. The places are whole numbers from 0, one per cell; every text of
    the list is in some cell.

    >>> distinct_texts(pd.Series(["Sales", "", "Sales"]))
    (array([0, 1, 0]), ['Sales', ''])
    """
    found = _of_one_letter(cells)
    if found is not None:
        return found
    places, texts = pd.factorize(cells, use_na_sentinel=False)
    return places, [str(text) for text in texts]


def laid_over(places: np.ndarray, texts: Sequence[str | None], cells: pd.Series) -> pd.Series:
    """A column with the text that each place stands for, under the index and name of `cells`.

    >>> laid_over(np.array([1, 0]), ["a", None], pd.Series(["x", "y"], name="z")).tolist()
    [nan, 'a']
    """
    found = pd.array(texts, dtype="str").take(places)
    return pd.Series(found, index=cells.index, name=cells.name, copy=False)


def may_hold(cells: pd.Series, sign: str) -> bool:
    """Whether a sign may stand in a cell of a column of texts; False is certain, and told at once.

    >>> may_hold(pd.Series(["a+b", ""]), "+"), may_hold(pd.Series(["a+b", ""]), "#")
    (True, False)
    """
    letters = (part.buffers()[2] for part in _parts(cells))
    return any(each is not None and sign.encode() in each.to_pybytes() for each in letters)


def has_blanks(cells: pd.Series) -> bool:
    """Whether anything but visible ASCII signs may stand in a column; False is certain.

    >>> has_blanks(pd.Series(["P1", ""])), has_blanks(pd.Series(["P 1"]))
    (False, True)
    """
    for part in _parts(cells):
        letters = part.buffers()[2]
        if letters is not None:
            codes = np.frombuffer(letters, dtype="uint8")
            if len(codes) and (codes.min() <= ord(" ") or codes.max() > ord("~")):
                return True
    return False


def as_bytes(cells: pd.Series) -> list[bytes]:
    """Every cell of a column of texts as UTF-8.

    >>> as_bytes(pd.Series(["P1", ""]))
    [b'P1', b'']
    """
    import pyarrow as pa

    found: list[bytes] = pa.chunked_array(cells).cast(pa.large_binary()).to_pylist()
    return found


def as_digits(numbers: bytes, index: pd.Index) -> pd.Series:
    r"""Numbers of equally many bytes, one behind the other, as a column of hexadecimal digits.

    >>> as_digits(b"\x01\xff\x00\x10", pd.RangeIndex(2)).tolist()
    ['01ff', '0010']
    """
    import pyarrow as pa

    pairs = np.array([f"{byte:02x}" for byte in range(_BYTES)], dtype="S2").view("uint16")
    letters = pairs[np.frombuffer(numbers, dtype="uint8")]
    width = 2 * len(numbers) // max(len(index), 1)
    bounds = np.arange(len(index) + 1, dtype="int64") * width
    buffers = [None, pa.py_buffer(bounds), pa.py_buffer(letters)]
    texts = pa.Array.from_buffers(pa.large_string(), len(index), buffers)
    return pd.Series(pd.array(texts, dtype="str"), index=index, copy=False)


def all_differ(cells: pd.Series) -> bool:
    """Whether no text of a column stands in it twice.

    >>> all_differ(pd.Series(["P1", "P2"])), all_differ(pd.Series(["P1", "P1"]))
    (True, False)
    """
    numbers = _as_numbers(cells)
    if numbers is None or (np.diff(np.sort(numbers)) == 0).any():  # two texts may have one number
        return not cells.duplicated().any()
    return True


def _as_numbers(cells: pd.Series) -> np.ndarray | None:
    """A number of 64 bits per text, equal for equal texts; None unless all have 16 bytes.

    Keys that were hashed have: to sort these numbers takes a tenth of the time of a table of texts.
    """
    found = []
    for part in _parts(cells):
        bound, letters = _bounds(part)
        if part.null_count or letters is None or (np.diff(bound) != _KEY_BYTES).any():
            return None
        halves = np.frombuffer(letters, dtype="uint8")[bound[0] : bound[-1]].view("uint64")
        found.append(halves[::2] * _ODD + halves[1::2])
    return np.concatenate(found) if found else None


def _parts(cells: pd.Series) -> Iterable[Any]:
    """What a column of texts is stored in."""
    import pyarrow as pa

    return pa.chunked_array(cells.astype("str")).chunks


def _bounds(part: Any) -> tuple[np.ndarray, Any]:
    """Where each text of a part begins and the last one ends, and the letters of all."""
    _, bounds, letters = part.buffers()
    size = part.offset + len(part) + 1
    return np.frombuffer(bounds, dtype="int64")[part.offset : size], letters


def _of_one_letter(cells: pd.Series) -> tuple[np.ndarray, list[str]] | None:
    """The same for ratings, ticks and the like, whose bytes say everything; None for all else."""
    parts = []
    for part in _parts(cells):
        bound, letters = _bounds(part)
        if part.null_count or bound[-1] - bound[0] > len(part):
            return None
        length = np.diff(bound)
        if length.max(initial=0) > 1:
            return None
        found = np.zeros(len(part), dtype="uint8")
        if letters is not None:
            found[length == 1] = np.frombuffer(letters, dtype="uint8")[bound[0] : bound[-1]]
        if np.count_nonzero(found) != bound[-1] - bound[0]:  # a null sign is a letter too
            return None
        parts.append(found)
    if not parts:
        return None
    codes = np.concatenate(parts)
    there = np.flatnonzero(np.bincount(codes, minlength=_BYTES))
    places = np.zeros(_BYTES, dtype="uint8")
    places[there] = np.arange(len(there))
    return places.take(codes), [chr(code) if code else "" for code in there.tolist()]
