"""TOML that is written here is read back as what it was, comments and all."""

from __future__ import annotations

import tomllib

import hypothesis.strategies as st
from hypothesis import given, settings

from cultureplus.toml_writer import Noted, Remark, toml_text

TEXT = st.text(st.characters(codec="utf-8"), max_size=12)
VALUE = st.one_of(TEXT, st.integers(-999, 999), st.booleans(), st.lists(TEXT, max_size=4))
TABLE = st.dictionaries(TEXT, VALUE, max_size=4)


@settings(max_examples=25, deadline=None)
@given(st.dictionaries(TEXT, st.one_of(VALUE, TABLE), max_size=5), TEXT)
def test_what_is_written_is_read_back_whatever_the_notes(values, note):
    noted = {key: Noted(value, note) for key, value in values.items()}
    assert tomllib.loads(toml_text(values)) == values
    assert (
        tomllib.loads(toml_text({"a remark": Remark(note), **noted})) == {**values}
        or "a remark" in values
    )


def test_comments_stand_on_their_lines():
    text = toml_text(
        {
            "1": Remark("above\nall"),
            "title": Noted("A # b", "a guess"),
            "units": Noted({"team": "t"}, "by name"),
            "items": Noted([{"id": "a"}, {"id": "b"}], ""),
            "empty": {},
        }
    )
    assert text.split("\n") == [
        "# above all",
        'title = "A # b"  # a guess',
        "",
        "[units]  # by name",
        'team = "t"',
        "",
        "[[items]]",
        'id = "a"',
        "",
        "[[items]]",
        'id = "b"',
        "",
        "[empty]",
        "",
    ]
