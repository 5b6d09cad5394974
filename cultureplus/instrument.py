"""Instruments: questionnaires as data.

An instrument is one TOML file: its items, the declared answer range, which items are keyed the
other way round, which answers count as favourable, how many answers a score needs, where it comes
from, what is known of its validity, what others have published about it, and worked examples that a
test recomputes. A new questionnaire needs no Python.

Three kinds of question exist. `rating` items are answered on the declared range and scored.
A `select_all` question lists options of which several may be ticked. A `matrix` question asks one
rating of each unit of a lens (each function rates its work with every other one).
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from importlib import resources
from pathlib import Path
from typing import Any

from cultureplus.errors import InputError, did_you_mean
from cultureplus.toml_source import TomlTable, read_toml

KINDS = ("rating", "select_all", "matrix")
_ID = re.compile(r"[a-z][a-z0-9_]*")
_TOP = {
    "id", "title", "kind", "about", "referent", "composition", "wording", "source", "licence",
    "citation", "validity", "answers", "scoring", "subscales", "items", "options", "matrix",
    "published", "examples",
}  # fmt: skip
STATISTICS = ("mean", "sd", "share", "favourable", "alpha", "omega", "icc1", "icc2", "rwg")
_SHARES = ("share", "favourable", "rwg")


@dataclass(frozen=True)
class Item:
    """One rated statement: `text` is empty where the wording is someone's property."""

    id: str
    text: str = ""
    subscale: str = ""
    reversed: bool = False
    pulse: bool = False


@dataclass(frozen=True)
class Option:
    """One option of a select-all question; an exclusive one goes with no other."""

    id: str
    text: str
    exclusive: bool = False


@dataclass(frozen=True)
class PublishedValue:
    """What somebody else found: a reference to look at, never a norm.

    `scale`: a scale, or `question.option`; `n`: how many people it rests on, or None where that is
    not known; `note`: what stands between it and a comparison.
    """

    scale: str
    statistic: str
    value: float
    source: str
    note: str
    n: int | None = None


@dataclass(frozen=True)
class Example:
    """Answers of one made-up person and the scores that follow, worked by hand."""

    answers: Mapping[str, float]
    scores: Mapping[str, float | None]


@dataclass(frozen=True)
class Instrument:
    """One questionnaire, checked.

    `low`, `high`: the declared answer range; `favourable`: answers, after keying, that count as
    favourable; `min_answered`: the share of a scale's items that a score needs; `total`: whether
    there is a score over all items beside those of the subscales.
    """

    id: str
    title: str
    kind: str
    about: str
    validity: str
    source: str
    licence: str
    citation: str = ""
    wording: str = "own"
    referent: str = ""
    composition: str = ""
    low: int = 0
    high: int = 1
    answer_labels: tuple[str, ...] = ()
    favourable: tuple[int, ...] = ()
    min_answered: float = 0.8
    total: bool = True
    items: tuple[Item, ...] = ()
    subscales: Mapping[str, str] = field(default_factory=dict)
    options: tuple[Option, ...] = ()
    published: tuple[PublishedValue, ...] = ()
    examples: tuple[Example, ...] = ()

    @property
    def scales(self) -> dict[str, tuple[Item, ...]]:
        """Each score that this instrument gives, with its items; empty unless rated items."""
        found: dict[str, tuple[Item, ...]] = {}
        if self.kind != "rating":
            return found
        if self.total or not self.subscales:
            found[self.id] = self.items
        for subscale in self.subscales:
            found[f"{self.id}.{subscale}"] = tuple(
                item for item in self.items if item.subscale == subscale
            )
        return found

    def column(self, name: str) -> str:
        """The column of an item, an option or a rated unit, unless survey.toml says another.

        `name`: its id, or the slug of the unit.
        """
        return name if self.kind == "rating" else f"{self.id}_{name}"

    def pulse(self) -> Instrument:
        """The short form: the items marked `pulse`, and the subscales that still have one."""
        items = tuple(item for item in self.items if item.pulse)
        left = {item.subscale for item in items}
        subscales = {name: title for name, title in self.subscales.items() if name in left}
        return replace(self, items=items, subscales=subscales, examples=())

    def __repr__(self) -> str:
        what = f"{len(self.items)} items" if self.items else f"{len(self.options)} options"
        return f"Instrument({self.id}: {self.kind}, {what}, answers {self.low}-{self.high})"


def bundled_paths() -> list[Path]:
    """The instrument files that come with the package, in order of name."""
    folder = Path(str(resources.files("cultureplus") / "instruments"))
    return sorted(folder.glob("*.toml"))


def load_instruments(*paths: str | Path) -> dict[str, Instrument]:
    """The bundled instruments and those of the given files, by id.

    `paths`: TOML files of your own. Raises `InputError`, with file and line, for an unknown key, a
    repeated id, an answer outside the declared range, a reversed item that does not exist, and an
    id that a bundled instrument has already.

    >>> instruments = load_instruments()
    >>> instruments["psychological_safety"].low, instruments["psychological_safety"].high
    (1, 7)
    """
    found: dict[str, Instrument] = {}
    origin: dict[str, str] = {}
    owner: dict[str, str] = {}
    for path in [*bundled_paths(), *map(Path, paths)]:
        table = read_toml(path)
        instrument = _instrument(table)
        if instrument.id in found:
            raise table.error(
                "id",
                f"The instrument id '{instrument.id}' is taken by {origin[instrument.id]}.",
                fix="give yours an id of its own",
            )
        for place, item in enumerate(instrument.items):
            # Items of all instruments are columns of one table of answers.
            if item.id in owner:
                part = table.tables("items")[place] if instrument.kind == "rating" else table
                raise part.error(
                    "id",
                    f"The item id '{item.id}' is taken by {owner[item.id]}.",
                    fix="give yours an id of its own",
                )
            owner[item.id] = table.file
        found[instrument.id] = instrument
        origin[instrument.id] = table.file
    return found


def _instrument(table: TomlTable) -> Instrument:
    table.refuse_unknown(_TOP)
    kind = table.get("kind", str, "rating")
    if kind not in KINDS:
        raise table.error(
            "kind",
            f"There is no kind of instrument '{kind}'.",
            possible=KINDS,
            fix=did_you_mean(kind, KINDS),
        )
    common: dict[str, Any] = {
        "id": _identifier(table),
        "title": table.need("title", str),
        "kind": kind,
        "about": table.get("about", str, ""),
        "validity": table.need("validity", str),
        "source": table.need("source", str),
        "licence": table.need("licence", str),
        "citation": table.get("citation", str, ""),
        "referent": table.get("referent", str, ""),
        "composition": _one_of(
            table, "composition", ("", "additive", "consensus", "referent_shift", "dispersion")
        ),
        "wording": _one_of(table, "wording", ("own", "withheld", "permitted")),
    }
    if kind == "select_all":
        _refuse_parts(table, kind, ("answers", "scoring", "subscales", "items", "matrix"))
        return _completed(table, Instrument(**common, options=_options(table)))
    if kind == "matrix":
        _refuse_parts(table, kind, ("scoring", "subscales", "items", "options"))
        part = table.table("matrix")
        part.refuse_unknown({"text"})
        item = Item(common["id"], part.need("text", str))
        return _completed(table, Instrument(**common, **_answers(table), items=(item,)))
    _refuse_parts(table, kind, ("options", "matrix"))
    subscales = _subscales(table)
    items, min_answered, total = _items(table, subscales)
    instrument = Instrument(
        **common,
        **_answers(table),
        items=items,
        subscales=subscales,
        min_answered=min_answered,
        total=total,
    )
    return _completed(table, instrument)


def _refuse_parts(table: TomlTable, kind: str, names: tuple[str, ...]) -> None:
    for name in names:
        if name in table.values:
            raise table.error(name, f"An instrument of kind '{kind}' has no '{name}'.")


def _identifier(table: TomlTable) -> str:
    found = table.need("id", str)
    if not _ID.fullmatch(found):
        raise table.error(
            "id",
            "An id is lower-case letters, digits and underscores, beginning with a letter.",
            found=found,
        )
    return str(found)


def _one_of(table: TomlTable, key: str, possible: tuple[str, ...]) -> str:
    value = table.get(key, str, possible[0])
    if value not in possible:
        raise table.error(
            key,
            f"'{value}' is no {key}.",
            possible=[name for name in possible if name],
            fix=did_you_mean(value, possible),
        )
    return str(value)


def _answers(table: TomlTable) -> dict[str, Any]:
    part = table.table("answers")
    part.refuse_unknown({"low", "high", "labels", "favourable"})
    low, high = part.need("low", int), part.need("high", int)
    if not low < high:
        raise part.error(
            "high", "The answer range must run from low to high.", found=f"{low}-{high}"
        )
    labels = part.get("labels", list, [])
    if labels and len(labels) != high - low + 1:
        raise part.error(
            "labels", f"A range of {low}-{high} has {high - low + 1} labels.", found=len(labels)
        )
    favourable = part.need("favourable", list)
    for answer in favourable:
        if isinstance(answer, bool) or not isinstance(answer, int) or not low <= answer <= high:
            raise part.error(
                "favourable",
                f"A favourable answer lies outside the range {low}-{high}.",
                found=answer,
            )
    return {
        "low": low,
        "high": high,
        "answer_labels": tuple(str(label) for label in labels),
        "favourable": tuple(sorted(favourable)),
    }


def _subscales(table: TomlTable) -> dict[str, str]:
    found: dict[str, str] = {}
    for part in table.tables("subscales"):
        part.refuse_unknown({"id", "title"})
        identifier = _identifier(part)
        if identifier in found:
            raise part.error("id", f"The subscale '{identifier}' stands here twice.")
        found[identifier] = part.need("title", str)
    return found


def _items(table: TomlTable, subscales: Mapping[str, str]) -> tuple[tuple[Item, ...], float, bool]:
    scoring = table.table("scoring")
    scoring.refuse_unknown({"min_answered", "reversed", "total"})
    min_answered = float(scoring.get("min_answered", (int, float), 0.8))
    if not 0 < min_answered <= 1:
        raise scoring.error("min_answered", "A share of items lies above 0 and at most at 1.")
    turned = scoring.get("reversed", list, [])
    parts = table.tables("items")
    if not parts:
        raise table.error("items", "An instrument needs items.", fix="add [[items]] with an id")
    items: list[Item] = []
    for part in parts:
        part.refuse_unknown({"id", "text", "subscale", "pulse"})
        item = Item(
            id=_identifier(part),
            text=part.get("text", str, ""),
            subscale=part.get("subscale", str, ""),
            reversed=part.values.get("id") in turned,
            pulse=part.get("pulse", bool, False),
        )
        if item.id in {other.id for other in items}:
            raise part.error("id", f"The item '{item.id}' stands here twice.")
        # Where subscales are declared each item has one of them; where none is, no item has any.
        if item.subscale not in (subscales or ("",)):
            raise part.error(
                "subscale",
                f"The item '{item.id}' belongs to no declared subscale."
                if subscales
                else f"The subscale '{item.subscale}' is not declared.",
                possible=subscales,
                fix=did_you_mean(item.subscale, subscales) or "declare it under [[subscales]]",
            )
        items.append(item)
    known = [item.id for item in items]
    for name, count in Counter(map(str, turned)).items():
        if name not in known:
            raise scoring.error(
                "reversed",
                f"The reversed item '{name}' does not exist.",
                possible=known,
                fix=did_you_mean(name, known),
            )
        if count > 1:
            raise scoring.error("reversed", f"The reversed item '{name}' stands here twice.")
    empty = set(subscales) - {item.subscale for item in items}
    if empty:
        raise table.error("subscales", f"The subscale '{min(empty)}' has no items.")
    return tuple(items), min_answered, bool(scoring.get("total", bool, True))


def _options(table: TomlTable) -> tuple[Option, ...]:
    parts = table.tables("options")
    if not parts:
        raise table.error("options", "A select-all question needs options.", fix="add [[options]]")
    options: list[Option] = []
    for part in parts:
        part.refuse_unknown({"id", "text", "exclusive"})
        option = Option(
            id=_identifier(part),
            text=part.need("text", str),
            exclusive=part.get("exclusive", bool, False),
        )
        if option.id in {other.id for other in options}:
            raise part.error("id", f"The option '{option.id}' stands here twice.")
        options.append(option)
    return tuple(options)


def _completed(table: TomlTable, instrument: Instrument) -> Instrument:
    """The instrument with what others have published, and with its worked examples."""
    return _with_examples(table, replace(instrument, published=_published(table, instrument)))


def _published(table: TomlTable, instrument: Instrument) -> tuple[PublishedValue, ...]:
    found = []
    possible = list(instrument.scales) or [instrument.id]
    possible += [f"{instrument.id}.{option.id}" for option in instrument.options]
    for part in table.tables("published"):
        part.refuse_unknown({"scale", "statistic", "value", "n", "source", "note"})
        scale = part.get("scale", str, instrument.id)
        if scale not in possible:
            raise part.error(
                "scale",
                f"The published value is of '{scale}', which is not here.",
                possible=possible,
                fix=did_you_mean(scale, possible),
            )
        statistic = part.need("statistic", str)
        if statistic not in STATISTICS:
            raise part.error(
                "statistic",
                f"There is no statistic '{statistic}'.",
                possible=STATISTICS,
                fix=did_you_mean(statistic, STATISTICS),
            )
        value = float(part.need("value", (int, float)))
        low, high = _reach(statistic, instrument)
        if not low <= value <= high:
            raise part.error(
                "value", f"A {statistic} lies between {low:g} and {high:g}.", found=value
            )
        n = part.get("n", int)
        if n is not None and n < 1:
            raise part.error("n", "A published value rests on at least one person.", found=n)
        source, note = part.need("source", str), part.need("note", str)
        found.append(PublishedValue(scale, statistic, value, source, note, n))
    return tuple(found)


def _reach(statistic: str, instrument: Instrument) -> tuple[float, float]:
    """The smallest and largest value that a statistic of this instrument can have."""
    if statistic == "mean":
        return instrument.low, instrument.high
    if statistic == "sd":
        return 0.0, (instrument.high - instrument.low) * 0.75
    return (0.0, 1.0) if statistic in _SHARES else (-1.0, 1.0)


def _with_examples(table: TomlTable, instrument: Instrument) -> Instrument:
    """The instrument with its worked examples, whose names and answers must fit it."""
    examples = []
    for part in table.tables("examples"):
        part.refuse_unknown({"about", "answers", "scores"})
        answers, scores = part.table("answers"), part.table("scores")
        if instrument.kind == "rating":
            answers.refuse_unknown([item.id for item in instrument.items])
            scores.refuse_unknown(instrument.scales)
        elif instrument.kind == "select_all":
            answers.refuse_unknown([option.id for option in instrument.options])
            scores.refuse_unknown([f"{instrument.id}.{option.id}" for option in instrument.options])
        else:
            scores.refuse_unknown([instrument.id])
        for key in answers.values:
            answer = answers.get(key, (int, float))
            if not instrument.low <= answer <= instrument.high:
                raise answers.error(
                    key,
                    f"The answer to '{key}' lies outside the range "
                    f"{instrument.low}-{instrument.high}.",
                    found=answer,
                )
        worked = {
            scale: None if value == "missing" else float(scores.get(scale, (int, float)))
            for scale, value in scores.values.items()
        }
        examples.append(Example(dict(answers.values), worked))
    return replace(instrument, examples=tuple(examples))


def instrument_or_error(instruments: Mapping[str, Instrument], name: str) -> Instrument:
    """The instrument of that id, or an error that lists what there is."""
    if name not in instruments:
        raise InputError(
            f"There is no instrument '{name}'.",
            possible=sorted(instruments),
            fix=did_you_mean(name, instruments) or 'name its file: instrument_files = ["..."]',
        )
    return instruments[name]
