"""Mangled files: whatever the bytes are, the end is a Survey or an InputError.

Nobody who opens a broken file should meet the traceback of a parser.
"""

from __future__ import annotations

import random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from openpyxl import Workbook

from cultureplus.errors import InputError
from cultureplus.intake import read_survey
from cultureplus.survey import Survey

PEOPLE = ("[units]", '[people]\nfile = "people.csv"\nrespondent = "who"\nwave = "wave"\n\n[units]')

PIECES = [
    *(bytes([code]) for code in b"\0\t\n\r\x1a\xff \"#',.1;=[\\]x{"),
    *(word.encode() for word in ("-99", "nan", "inf", "1e999", "0_1", "=1", "true", "2026-01-01")),
    *(word.encode() for word in ("\r\n", "[[", '"""', "\ufeff", "\u00a0", "\u2028", "\U0001f375")),
    b"",
]


def mutate(source: bytes, seed: int) -> bytes:
    """Some bytes taken out and others put in at one to three places."""
    chance = random.Random(seed)
    data = source
    for _ in range(chance.randint(1, 3)):
        start = chance.randint(0, len(data))
        stop = start + chance.choice([0, 0, 0, 1, 1, 2, 7, 40])
        data = data[:start] + chance.choice(PIECES) + data[stop:]
    return data


SEEDS = st.integers(0, 2**32)
QUICK = settings(
    max_examples=60, deadline=None, derandomize=True, database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)  # fmt: skip


def end_of(folder) -> object:
    try:
        return read_survey(folder)
    except InputError as problem:
        return problem


@pytest.fixture
def bare(monkeypatch):
    """Without the bundled instruments, which the small survey does not ask."""
    monkeypatch.setattr("cultureplus.instrument.bundled_paths", list)


@pytest.mark.parametrize("name", ["survey.toml", "tea.toml", "q3.csv", "people.csv"])
def test_mutated_files_give_a_survey_or_an_input_error(make_survey, bare, name):
    folder = make_survey({"survey.toml": PEOPLE})
    # A remark in which anything may be changed, or next to nothing of a changed file is still read.
    remark = b"# " + b"-" * 400 if name.endswith(".toml") else b""
    source = (folder / name).read_bytes() + remark
    ends = set()

    @QUICK
    @given(SEEDS)
    def hold(seed):
        (folder / name).write_bytes(mutate(source, seed))
        ends.add(type(end_of(folder)))

    hold()
    assert ends == {Survey, InputError}


def test_mutated_workbooks_give_a_survey_or_an_input_error(make_survey, bare):
    folder = make_survey({"survey.toml": ('"q3.csv"', '"q3.xlsx"')})
    book = Workbook()
    for row in [["who", "team", "tea_1", "tea_2"], ["P1", "Red", 1, 2]]:
        book.active.append(row)
    book.save(folder / "q3.xlsx")
    source = (folder / "q3.xlsx").read_bytes()
    ends = set()

    @settings(QUICK, max_examples=100)
    @given(SEEDS, st.integers(0, len(source) - 1))
    def hold(seed, stop):
        data = mutate(source, seed) if seed % 2 else source[:stop]
        (folder / "q3.xlsx").write_bytes(data)
        ends.add(type(end_of(folder)))

    hold()
    assert InputError in ends
