"""A small survey on disk that a test may spoil: `make_survey` writes it and returns its folder."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from tests.small_surveys import SALT

Change = str | bytes | None | tuple[str, str] | list[tuple[str, str]]

_HEAD = 'title = "{0}"\nvalidity = "None."\nsource = "Made for tests."\nlicence = "GPL"\n'
FILES = {
    "survey.toml": f"""\
title = "Tea at work"
kind = "plain"
instrument_files = ["tea.toml", "drinks.toml", "visits.toml"]
salt = "{SALT}"
[waves]
2026Q2 = "q2.csv"
2026Q3 = "q3.csv"

[columns]
respondent = "who"
comment = "note"

[units]
team = "team"

[missing]
codes = [-99]

[labels.agree.en]
"Not at all" = 1
Fully = 5

[labels.agree.de]
"Gar nicht" = 1
Ganz = 5

[instruments.tea]
[instruments.drinks]
[instruments.visits]
lens = "team"
""",
    "tea.toml": f"""\
id = "tea"
{_HEAD.format("Tea")}
[answers]
low = 1
high = 5
favourable = [4, 5]

[[items]]
id = "tea_1"

[[items]]
id = "tea_2"
""",
    "drinks.toml": f"""\
id = "drinks"
kind = "select_all"
{_HEAD.format("Drinks")}
[[options]]
id = "milk"
text = "Milk, please"

[[options]]
id = "sugar"
text = "Sugar"

[[options]]
id = "none"
text = "None of these"
exclusive = true
""",
    "visits.toml": f"""\
id = "visits"
kind = "matrix"
{_HEAD.format("Visits")}
[answers]
low = 1
high = 3
favourable = [3]

[matrix]
text = "How welcome are you at {{unit}}?"
""",
    "people.csv": """\
wave,who,team,tenure
2026Q2,P1,Red,1.5
2026Q2,P2,Blue,2
2026Q3,P1,Red,1.75
2026Q3,P2,Blue,2.25
2026Q3,P3,Blue,
2026Q3,P4,Red,7
2026Q3,P5,Red,8
""",
    "q2.csv": """\
who,team,tea_1,tea_2,drinks_milk,drinks_sugar,drinks_none,visits_red,visits_blue,note
P1,Red,4,5,1,0,0,,2,
P2,Blue,2,3,0,0,1,3,,
""",
    "q3.csv": """\
who,team,tea_1,tea_2,drinks_milk,drinks_sugar,drinks_none,visits_red,visits_blue,note
P1,Red,4,4,1,1,0,,2,"A note,
over two lines"
P2,Blue,3,3,0,0,1,3,,

P3,Blue,1,2,1,0,0,1,,
P4,Red,5,,0,0,0,,1,
""",
}


@pytest.fixture
def make_survey(tmp_path: Path) -> Callable[..., Path]:
    """Write the small survey, changed: {file: new text, bytes, None (absent), (old, new) pairs}."""

    def write(changes: Mapping[str, Change] | None = None) -> Path:
        folder = tmp_path / "survey"
        folder.mkdir(exist_ok=True)
        for name, change in ({name: [] for name in FILES} | dict(changes or {})).items():
            path = folder / name
            if change is None:
                path.unlink(missing_ok=True)
            elif isinstance(change, bytes):
                path.write_bytes(change)
            elif isinstance(change, str):
                path.write_bytes(change.encode())
            else:
                text = FILES[name]
                for old, new in [change] if isinstance(change, tuple) else change:
                    assert text.count(old) == 1, f"{name}: a case changes one place: {old!r}"
                    text = text.replace(old, new)
                path.write_bytes(text.encode())
        return folder

    return write
