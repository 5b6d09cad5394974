"""[instruments] in survey.toml: which questions were asked, and what their cells mean.

Of each instrument: which column of the export is which item or option, what each answer label
means, and how answers that stand together in one cell are told apart.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from cultureplus.errors import InputError, did_you_mean
from cultureplus.instrument import Instrument, instrument_or_error, load_instruments
from cultureplus.spelling import plain_text, same_name
from cultureplus.toml_source import TomlTable

_KEYS = {"columns", "form", "labels", "lens"}
_TOGETHER = {"column", "choices", "joins", "unlisted"}

Labels = Mapping[str, Mapping[str, int]]


@dataclass(frozen=True)
class Together:
    """A select-all question whose answers stand in one column.

    `pieces`: what each known piece means, spelt as `same_name` does: an option's id, or '' for a
    piece that is no option; `joins`: what stands between pieces, '' for what the tool writes;
    `ignore`: whether an unknown piece is left out rather than refused.
    """

    column: str
    pieces: Mapping[str, str]
    joins: str = ""
    ignore: bool = False


@dataclass(frozen=True)
class Asked:
    """One instrument as this survey asks it: columns of the export, answer labels, lens.

    `together`: where a select-all question has one column for all its options.
    """

    instrument: Instrument
    columns: Mapping[str, str] = field(default_factory=dict)
    labels: Labels = field(default_factory=dict)
    lens: str = ""
    together: Together | None = None

    @property
    def places(self) -> dict[str, str]:
        """The column of the export in which each item or option stands; a matrix has none yet.

        Of options in one column, the question's own name.
        """
        name, question = self.instrument.id, self.instrument
        if self.together:
            return {name: self.together.column}
        rated = () if question.kind == "matrix" else question.items
        own = [item.id for item in rated] + [option.id for option in question.options]
        return {each: self.columns.get(each, question.column(each)) for each in own}


def asked_of(
    table: TomlTable, folder: Path, *, lenses: Collection[str], missing: tuple[float, ...]
) -> dict[str, Asked]:
    """The instruments that survey.toml names, by id.

    `table`: the whole of survey.toml; `folder`: where it stands. Raises `InputError`, with the
    line, for whatever is unknown or contradicts an instrument.
    """
    files = table.get("instrument_files", list, [])
    instruments = load_instruments(*(folder / str(name) for name in files))
    part = table.table("instruments")
    if not part.values:
        raise table.error(
            "instruments",
            "No instrument is named.",
            possible=sorted(instruments),
            fix="name what was asked, such as [instruments.psychological_safety]; a questionnaire "
            "of your own is drafted by cultureplus init EXPORT NEW_FOLDER --draft ours 'q7_*'",
        )
    found: dict[str, Asked] = {}
    for name in part.values:
        mine = part.table(name)
        instrument = _instrument(part, name, instruments)
        columns = mine.table("columns")
        if instrument.kind != "matrix":
            items = [item.id for item in instrument.items]
            columns.refuse_unknown(items + [option.id for option in instrument.options])
        lens = _lens(mine, instrument, lenses)
        together = _together(mine, instrument)
        _refuse_ambiguous(table.table("missing"), instrument, missing)
        labels = _labels(table, mine, instrument, missing)
        named = {key: plain_text(column) for key, column in columns.texts().items()}
        found[name] = Asked(instrument, named, labels, lens, together)
    _refuse_shared(part, found)
    return found


def _instrument(part: TomlTable, name: str, instruments: Mapping[str, Instrument]) -> Instrument:
    """The instrument that a table below [instruments] names, in the form in which it is asked."""
    mine = part.table(name)
    try:
        instrument = instrument_or_error(instruments, name)
    except InputError as problem:
        raise part.error(
            name,
            problem.sentence,
            possible=sorted(instruments),
            fix=did_you_mean(name, instruments) or 'instrument_files = ["its_file.toml"]',
        ) from None
    mine.refuse_unknown(_KEYS | (_TOGETHER if instrument.kind == "select_all" else set()))
    form = mine.get("form", str, "full")
    short = form == "pulse" and instrument.kind == "rating"
    instrument = instrument.pulse() if short else instrument
    if not (short or form == "full") or (instrument.kind == "rating" and not instrument.items):
        raise mine.error(
            "form",
            f"'{name}' has no such form.",
            possible=["full", "pulse"],
            fix="mark items with pulse = true in the instrument's file, or ask it in full",
        )
    return instrument


def _lens(mine: TomlTable, instrument: Instrument, lenses: Collection[str]) -> str:
    """The lens whose units a matrix rates; '' for every other question."""
    lens = str(mine.get("lens", str, ""))
    name, is_matrix = instrument.id, instrument.kind == "matrix"
    if is_matrix and lens in lenses:
        return lens
    if not is_matrix and not lens:
        return ""
    if not is_matrix:
        sentence = f"'{name}' has no lens."
    elif lens:
        sentence = f"There is no lens '{lens}' under [units]."
    else:
        sentence = f"'{name}' rates the units of a lens: name it."
    raise mine.error(
        "lens",
        sentence,
        possible=lenses if is_matrix else (),
        fix=did_you_mean(lens, lenses) if lens else None,
    )


def _together(mine: TomlTable, instrument: Instrument) -> Together | None:
    """How a select-all question in one column is read, or None where it has several."""
    if "column" not in mine.values:
        for key in sorted(_TOGETHER & set(mine.values)):
            raise mine.error(
                key,
                f"'{key}' belongs to a question whose answers stand in one column.",
                fix='name it: column = "..."',
            )
        return None
    for key in sorted({"columns", "labels"} & set(mine.values)):
        raise mine.error(
            key,
            f"'{key}' does not go with 'column': all options stand in that one.",
            fix="say under 'choices' what the words of the export mean, and remove this",
        )
    unlisted = mine.get("unlisted", str, "refuse")
    if unlisted not in ("refuse", "ignore"):
        raise mine.error("unlisted", "What to do with other texts?", possible=["refuse", "ignore"])
    joins = mine.get("joins", str, "")
    if "joins" in mine.values and not joins:
        raise mine.error("joins", "Something must stand between answers.", fix='joins = ";"')
    column = plain_text(mine.need("column", str))
    return Together(column, _pieces(mine, instrument), joins, unlisted == "ignore")


def _pieces(mine: TomlTable, instrument: Instrument) -> dict[str, str]:
    """What each piece means: what `choices` says, else an option's text or its id."""
    choices = mine.table("choices")
    ids = [option.id for option in instrument.options]
    found: dict[str, str] = {}
    for text, option in choices.texts().items():
        if option not in (*ids, ""):
            raise choices.error(
                text,
                f"'{instrument.id}' has no option '{option}'.",
                possible=ids,
                fix=did_you_mean(option, ids) or '"" for a text that is no option',
            )
        piece = same_name(text)
        if not piece or found.setdefault(piece, option) != option:
            raise choices.error(text, "Each choice needs a text of its own.", found=f"'{piece}'")
    own: dict[str, str] = {}
    for each in instrument.options:
        for piece in {same_name(each.text), same_name(each.id)} - {"", *found}:
            if own.setdefault(piece, each.id) != each.id:
                raise mine.error(
                    "column",
                    f"The text '{piece}' stands for two options.",
                    fix=f'say which: choices = {{ "{piece}" = "{each.id}" }}',
                )
    return own | found


def _refuse_ambiguous(table: TomlTable, instrument: Instrument, missing: tuple[float, ...]) -> None:
    """A missing code that is an answer as well would silently take answers away."""
    low = 1 if instrument.kind == "select_all" else instrument.low  # 0 there is "not ticked"
    for code in missing:
        if low <= code <= instrument.high:
            raise table.error(
                "codes",
                f"The missing code {code:g} is also an answer to '{instrument.id}'.",
                possible=[f"codes below {low} or above {instrument.high}"],
                fix="give missing answers another code in the export",
            )


def _labels(
    table: TomlTable, mine: TomlTable, instrument: Instrument, missing: tuple[float, ...]
) -> dict[str, dict[str, int]]:
    """Per language, what each answer label means; labels compare without odd spaces.

    A label may mean a missing code: "I can't say" is no answer.
    """
    name = mine.get("labels", str)
    if name is None:
        return {}
    sets = table.table("labels")
    if name not in sets.values:
        raise mine.error(
            "labels",
            f"There are no labels '{name}'.",
            possible=sets.values,
            fix=did_you_mean(name, sets.values) or f"add [labels.{name}.en]",
        )
    found: dict[str, dict[str, int]] = {}
    for language in sets.table(name).values:
        part = sets.table(name).table(language)
        for label in part.values:
            value = part.get(label, int)
            if value not in missing and not instrument.low <= value <= instrument.high:
                raise part.error(
                    label,
                    f"This label lies outside the range {instrument.low}-{instrument.high} of "
                    f"'{instrument.id}'.",
                    found=value,
                    fix="correct the number; a label that is no answer gets one of missing.codes",
                )
            tongue = found.setdefault(language.lower().replace("_", "-"), {})
            if tongue.setdefault(plain_text(label), value) != value:
                raise part.error(
                    label, f"The label '{plain_text(label)}' stands here for two answers."
                )
    return found


def _refuse_shared(part: TomlTable, asked: Mapping[str, Asked]) -> None:
    """No item and no column may serve two questions."""
    owner: dict[str, str] = {}
    for name, each in asked.items():
        for item, column in each.places.items():
            if column in owner:
                raise part.table(name).error(
                    "columns",
                    f"The column '{column}' is read for '{owner[column]}' and for '{item}'.",
                    fix="give each item a column of its own",
                )
            owner[column] = item
