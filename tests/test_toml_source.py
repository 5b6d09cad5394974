"""Where each key of a TOML file stands: a complaint that names the wrong line is worse than none.

The cases are what a person may write and a quick scan would trip over: texts of several lines that
look like keys, brackets in comments, quoted and dotted keys, tables in tables.
"""

from __future__ import annotations

from pathlib import Path

import hypothesis.strategies as st
import pytest
from hypothesis import given, settings

from cultureplus.errors import InputError
from cultureplus.toml_source import read_toml


def places(folder: Path, text: str) -> dict[tuple[str | int, ...], int]:
    path = folder / "places.toml"
    path.write_bytes(text.encode("utf-8"))
    return dict(read_toml(path).lines)


LINES = {
    "comments and blank lines": ('# a = 1\n\na = 1 # b = [\n b = 2\n', {("a",): 3, ("b",): 4}),
    "multi-line text": (
        'a = """first\nfalse = 1\n[no]\n"""\nb = 1\n', {("a",): 1, ("b",): 5}),
    "multi-line text that begins on the next line": (
        'a = """\nfalse = 1\n"""\nb = 1\n', {("a",): 1, ("b",): 4}),
    "multi-line text, literal": ("a = '''\n[no]\n'''\nb = 1\n", {("a",): 1, ("b",): 4}),
    "multi-line text with quotes in it": (
        'a = """\nsay "no = 1" and \\"""\nx = 1\n"""\nb = 1\n', {("a",): 1, ("b",): 5}),
    "multi-line text on one line": ('a = """x"""\nb = 1\n', {("a",): 1, ("b",): 2}),
    "multi-line list": (
        'a = [ # [[\n  "x = 1",\n  [1, 2], # ]\n]\nb = 1\n', {("a",): 1, ("b",): 5}),
    "multi-line text in a list": ('a = ["""\nx = 1""",\n"y"]\nb = 1\n', {("a",): 1, ("b",): 4}),
    "brackets and signs in texts": (
        'a = "[ # = "\nb = \'[[\'\nc = "\\"["\nd = 1\n',
        {("a",): 1, ("b",): 2, ("c",): 3, ("d",): 4}),
    "quotes in comments": ('a = 1 # isn\'t """ so\nb = 1\n', {("a",): 1, ("b",): 2}),
    "tables": (
        "[one] # first\nx = 1\n[ one . two ]\nx = 1\n",
        {("one",): 1, ("one", "x"): 2, ("one", "two"): 3, ("one", "two", "x"): 4}),
    "arrays of tables": (
        "[[a]]\nx = 1\n[[ a ]]\nx = 1\n",
        {("a", 0): 1, ("a", 0, "x"): 2, ("a", 1): 3, ("a", 1, "x"): 4}),
    "arrays in arrays of tables": (
        "[[a]]\n[[a.b]]\nx = 1\n[[a.b]]\nx = 1\n[a.c]\ny = 1\n[[a]]\n[[a.b]]\nx = 1\n",
        {("a", 0, "b", 0, "x"): 3, ("a", 0, "b", 1, "x"): 5, ("a", 0, "c", "y"): 7,
         ("a", 1): 8, ("a", 1, "b", 0, "x"): 10}),
    "dotted keys": (
        "a.b = 1\na . c = 2\n[t]\nd.e.f = 3\n",
        {("a", "b"): 1, ("a", "c"): 2, ("t", "d", "e", "f"): 4}),
    "quoted keys": (
        '"a.b" = 1\n\'c d\' = 2\n["x.y"]\n"z = 1".w = 3\n',
        {("a.b",): 1, ("c d",): 2, ("x.y",): 3, ("x.y", "z = 1", "w"): 4}),
    "escapes in quoted keys": ('"a\\"b" = 1\nc = 2\n', {('a"b',): 1, ("c",): 2}),
    "bare keys of digits and dashes": ("1-a = 1\n2 = 2\n", {("1-a",): 1, ("2",): 2}),
    "line separators inside a text are no new line": (
        'a = "x\u2028y\u0085z"\nb = 1\n', {("a",): 1, ("b",): 2}),
    "windows line ends": ('a = 1\r\n[t]\r\nb = """\r\n"""\r\nc = 1\r\n',
        {("a",): 1, ("t",): 2, ("t", "b"): 3, ("t", "c"): 5}),
}  # fmt: skip


@pytest.mark.parametrize("case", LINES)
def test_lines_of_keys(tmp_path, case):
    text, expected = LINES[case]
    found = places(tmp_path, text)
    assert {key: found.get(key) for key in expected} == expected
    invented = {key for key in found if {"false", "no"} & set(key)}
    assert not invented


def test_a_long_word_in_a_text_takes_no_time(tmp_path):
    """A pattern that backtracks over every word would not come back from this one."""
    text = 'a = """\n' + "w" * 40 + '\n"""\nb = 1\n'
    assert places(tmp_path, text)[("b",)] == 4


BARE = st.text("abz019_-", min_size=1, max_size=6)
KEYS = st.one_of(
    BARE.map(lambda name: (name, name)),
    st.text("ab .=#[]'", max_size=6).map(lambda name: (name, f'"{name}"')),
)
VALUES = st.sampled_from(
    [
        "1", '"x"', "'# ['", "true", "[]", "[1, [2]]", "{ k = 1 }", '"a"  # [c', "[\n1, # ]\n2,\n]",
        '"""\nk = 1\n[k]\n"""', "'''x\n\n[[k]]\n'''", '["""\n""", "]"]', '"\\"["',
    ]
)  # fmt: skip
GAPS = st.sampled_from(["", "\n", "# k = 1\n", "  # [k]\n\n"])


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_lines_of_any_keys(tmp_path_factory, data):
    """A document is put together piece by piece, counting lines; reading finds the same lines."""
    text, expected = "", {}
    for number in range(data.draw(st.integers(1, 4))):
        text += data.draw(GAPS)
        if number:  # the first keys stand at the top, the others under their header
            expected["list", number - 1] = text.count("\n") + 1
            text += "[[list]]" + data.draw(st.sampled_from(["\n", "  # [[no]]\n"]))
        table = ("list", number - 1) if number else ()
        keys = data.draw(st.lists(KEYS, max_size=4, unique_by=lambda key: key[0]))
        for name, written in keys:
            if name == "list":
                continue
            text += data.draw(GAPS)
            expected[(*table, name)] = text.count("\n") + 1
            text += f"{written} = {data.draw(VALUES)}\n"
    found = places(tmp_path_factory.mktemp("toml"), text)
    found.pop(("list",), None)  # an array as a whole may have a line, too
    assert found == expected


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("a = " + "[" * 5000 + "]" * 5000, "nested too deeply"),
        ('kind = "plain"\ninstrument_files = ["\\u0000.toml"]\ntitle = "x"', "no file can have"),
    ],
)
def test_what_would_break_the_parser_is_an_error_of_ours(tmp_path, text, sentence):
    from cultureplus.settings import read_settings

    (tmp_path / "survey.toml").write_text(text + '\n[waves]\n2026Q3 = "a.csv"\n', encoding="utf-8")
    with pytest.raises(InputError) as caught:
        read_settings(tmp_path)
    assert sentence in str(caught.value)
