"""Surveys small enough to follow by eye, made in memory."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

import pandas as pd

from cultureplus.identity import hashed
from cultureplus.instrument import Instrument, Item
from cultureplus.survey import Survey

ROOT = Path(__file__).parents[1]
WAVE = "2026Q3"
SALT = "an old teapot full of buttons"
SAMPLE_SALT = "no secret: these people are made up"  # as data/sample/survey.toml has it


def hashed_key(raw: str, salt: str = SALT) -> str:
    """The key of a respondent as it stands in a survey, from the one in its files."""
    return hashed(pd.Series([raw]), salt).iloc[0]


def oracle(topic: str) -> dict[str, dict]:
    """The cases of one topic as R computed them."""
    path = ROOT / "tests" / "oracle" / f"{topic}.json"
    return json.loads(path.read_text("utf-8"))["cases"]


def table(path: str) -> pd.DataFrame:
    return pd.read_csv(ROOT / path)


ARMY = {
    "leadership_climate": [f"lead_{n}" for n in range(1, 12)],
    "task_significance": [f"task_{n}" for n in range(1, 4)],
    "hostility": [f"hostile_{n}" for n in range(1, 6)],
}


def army() -> pd.DataFrame:
    """The soldiers' answers with the mean of each scale beside them."""
    found = table("data/army2002/answers.csv")
    return found.assign(**{scale: found[items].mean(axis=1) for scale, items in ARMY.items()})


def scale(
    items: Sequence[str],
    *,
    name: str = "trust",
    low: int = 1,
    high: int = 5,
    favourable: Sequence[int] = (4, 5),
    turned: Sequence[str] = (),
    min_answered: float = 0.8,
) -> Instrument:
    """A rated instrument with these items."""
    return Instrument(
        id=name, title=name, kind="rating", about="", validity="None yet.", source="Made here.",
        licence="GPL-3.0-or-later", low=low, high=high, favourable=tuple(favourable),
        min_answered=min_answered,
        items=tuple(Item(item, f"Text of {item}.", reversed=item in turned) for item in items),
    )  # fmt: skip


def people_of(
    units: Mapping[str, Sequence], *, responded: Sequence | None = None, wave: str = WAVE
) -> pd.DataFrame:
    """One row per person of a wave: the lenses given, and whether they answered."""
    size = len(next(iter(units.values()))) if units else len(responded or ())
    keys = [f"p{place:03d}" for place in range(size)]
    index = pd.MultiIndex.from_product([[wave], keys], names=["wave", "respondent"])
    people = pd.DataFrame({lens: list(names) for lens, names in units.items()}, index=index)
    people = people.astype("str")
    people["responded"] = pd.array([None] * size if responded is None else list(responded))
    return people.astype({"responded": "boolean"})


def survey_of(
    answers: pd.DataFrame, people: pd.DataFrame, instruments: Sequence[Instrument]
) -> Survey:
    """A survey of these answers and people, both by (wave, respondent)."""
    waves = tuple(dict.fromkeys(people.index.get_level_values("wave")))
    lenses = tuple(name for name in people if name != "responded")
    return Survey(
        title="Small",
        waves=waves,
        lenses=lenses,
        adjust=(),
        instruments={each.id: each for each in instruments},
        answers=answers,
        people=people,
        ties=pd.DataFrame(columns=["wave", "from", "to"]),
        comments=pd.DataFrame(columns=["wave", "respondent", "text"]),
        import_log=pd.DataFrame(),
        matrix_lens={},
    )


def scores_of(
    values: Mapping[str, Sequence], units: Mapping[str, Sequence], *, wave: str = WAVE
) -> pd.DataFrame:
    """A score table with these scores (1-5), as `score` would give it."""
    size = len(next(iter(values.values())))
    people = people_of(units, responded=[None] * size, wave=wave)
    for name, column in values.items():
        numbers = pd.Series(list(column), index=people.index, dtype="float64")
        people[name] = numbers
        people[f"{name}:n_answered"] = numbers.notna().astype("int64")
        people[f"{name}:pomp"] = 25 * (numbers - 1)
        people[f"{name}:favourable"] = (numbers >= 4).astype("float64").where(numbers.notna())
    return people
