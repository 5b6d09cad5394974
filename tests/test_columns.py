"""Each name of a table column stands once, in columns.py."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

import cultureplus
from cultureplus import columns

PACKAGE = Path(cultureplus.__file__).parent
NAMES = {
    name: value
    for name, value in vars(columns).items()
    if name.isupper() and isinstance(value, str)
}
# module, constant -> why the word is no column there
NO_COLUMN = {
    ("cfa_model", "METHOD"): "a factor's name in a model, not how an interval was made",
    ("fit_measures", "CFI"): "an index of fit as it stands in a Series; a sibling of columns.py",
    ("fit_measures", "RMSEA"): "likewise",
    ("fit_measures", "SRMR"): "likewise",
}


def constants(source):
    """Names that a module gives to texts at its top, as (name, text), tuples taken apart."""
    found = []
    for node in ast.parse(source).body:
        if isinstance(node, ast.AnnAssign):
            targets, value = [node.target], node.value
        elif isinstance(node, ast.Assign):
            targets, value = node.targets, node.value
        else:
            continue
        for target in targets:
            names, values = [target], [value]
            if isinstance(target, ast.Tuple) and isinstance(value, ast.Tuple):
                names, values = target.elts, value.elts
            for one, text in zip(names, values, strict=True):
                if isinstance(text, ast.Constant) and isinstance(text.value, str):
                    found.append((one.id, text.value))
    return found


def copies(module, source):
    """The constants of a module that say what columns.py says."""
    return [
        (module, name)
        for name, value in constants(source)
        if value in NAMES.values() and (module, name) not in NO_COLUMN
    ]


MODULES = {
    ".".join(path.relative_to(PACKAGE).with_suffix("").parts): path.read_text("utf-8")
    for path in sorted(PACKAGE.rglob("*.py"))
}


@pytest.mark.parametrize("module", [name for name in MODULES if name != "columns"])
def test_no_module_names_a_column_again(module):
    assert copies(module, MODULES[module]) == []


def test_columns_itself_gives_each_text_one_name():
    texts = [value for _, value in constants(MODULES["columns"])]
    assert sorted(texts) == sorted(set(texts))
    assert len(texts) > 100


def test_each_exception_is_needed():
    held = {(module, name) for module in MODULES for name, _ in constants(MODULES[module])}
    assert set(NO_COLUMN) <= held
    for module, name in NO_COLUMN:
        assert dict(constants(MODULES[module]))[name] in NAMES.values()


@pytest.mark.parametrize(
    ("source", "seen"),
    [
        ('SHARE = "share"', True),
        ('_PERSON = "person"  # again', True),
        ('WAVE, TEAM = "wave", "team"', True),
        ('WAVE: Final = "wave"', True),
        ('A = B = "wave"', True),
        ("WAVE = c.WAVE", False),
        ('TEAM = "team"', False),
        ('def f():\n    wave = "wave"', False),
    ],
)
def test_a_copy_is_seen(source, seen):
    assert bool(copies("somewhere", source)) is seen
