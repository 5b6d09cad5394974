"""Some of the mutated files of `benchmarks/mutated_files.py`, and whether it sees what is wrong."""

from __future__ import annotations

import os
from dataclasses import replace

import pytest

from benchmarks.mutated_files import KINDS, WRONG, Kind, end_of, ends, mutate
from cultureplus.errors import InputError
from cultureplus.export_file import ExportFile

pytestmark = pytest.mark.skipif(os.name == "nt", reason="files are parsed in forks")


@pytest.mark.parametrize("name", KINDS)
def test_no_mutated_file_goes_wrong(name, tmp_path):
    found = ends(KINDS[name], tmp_path, 40, seed=1_000_000)
    assert [each for each in found if each[2].word in WRONG] == []
    assert len({end.word for _, _, end in found}) > 1


def test_the_same_seed_makes_the_same_accidents():
    data = bytes(range(256)) * 8
    first = [mutate(data, seed, head=200, front=0.5) for seed in range(300)]
    assert first == [mutate(data, seed, head=200, front=0.5) for seed in range(300)]
    assert len(set(first)) > 290
    assert {len(each) < len(data) for each in first} == {True, False}


def stand_in(table, problem=None):
    def read(export):
        if problem is not None:
            raise problem
        return table

    return Kind(".csv", dict, read, head=0, front=0.0)


@pytest.mark.parametrize(
    ("change", "word"),
    [
        (lambda raw: raw, "taken, the same"),
        (lambda raw: replace(raw, frame=raw.frame.iloc[1:]), WRONG[3]),
        (lambda raw: replace(raw, frame=raw.frame.iloc[:, 1:]), WRONG[3]),
        (
            lambda raw: replace(raw, frame=raw.frame.iloc[1:], notes=("said",)),
            "taken, of another size, and said so",
        ),
        (
            lambda raw: replace(raw, frame=raw.frame.iloc[1:], left_out={"said": 1}),
            "taken, of another size, and said so",
        ),
        (lambda raw: replace(raw, frame=raw.frame.replace("1", "5")), "taken, with other cells"),
        (lambda raw: replace(raw, labels={}), "taken, with other labels or notes"),
    ],
)
def test_what_became_of_a_table_is_seen(tmp_path, change, word):
    (tmp_path / "sound.csv").write_bytes(b"")
    raw = sound_table()
    assert end_of(stand_in(change(raw)), tmp_path / "sound.csv", raw).word == word


def sound_table():
    import pandas as pd

    from cultureplus.raw_table import RawTable

    frame = pd.DataFrame({"a": ["1", "2"], "b": ["3", "4"]}, dtype="str")
    return RawTable(frame, "a.csv", 1, labels={"a": {"1": "one"}})


@pytest.mark.parametrize(
    ("problem", "word"),
    [
        (InputError("no", found="a"), "refused"),
        (KeyError("x"), WRONG[0]),
        (MemoryError(), WRONG[0]),
    ],
)
def test_what_was_raised_is_seen(tmp_path, problem, word):
    end = end_of(stand_in(None, problem), tmp_path / "a.csv", sound_table())
    assert end.word == word


def test_a_file_is_given_to_the_reader_by_its_path(tmp_path):
    given = []
    kind = Kind(".csv", dict, lambda export: given.append(export) or sound_table(), 0, 0.0)
    end_of(kind, tmp_path / "a.csv", sound_table())
    assert given == [ExportFile(tmp_path / "a.csv")]
