"""Which columns of an export are which questions: by the item's id, or by its wording.

A column is taken for one item, an item for one column, and only where no other comes near; what is
not clear is left to a person and said. An instrument is proposed where most of its items are
found: one column that reads like an item is a coincidence.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from cultureplus.instrument import Instrument
from cultureplus.joined import divisions
from cultureplus.proposing.column_facts import Facts
from cultureplus.proposing.likeness import (
    ALIKE,
    best_match,
    likeness,
    parts_of,
    plain_words,
    reads_like,
)
from cultureplus.spelling import same_name, slug

ENOUGH = 0.6  # the share of its items that an instrument is proposed with
_CLEAR = 0.05
_UNIT = "{unit}"
_LOOKED_AT = 300  # different cells
_MOSTLY = 0.5  # of these must be made of options alone
_JOINS = (";", ",", "|", "/")


@dataclass(frozen=True)
class Found:
    """A column for an item: `share` of likeness of its wording, 1 where the words are the same.

    `by_name`: the column has the item's id as its name; `share` is then 0 where the file does not
    say what was asked.
    """

    column: str
    share: float
    by_name: bool = False
    respelt: bool = False  # in other capitals or with other signs than it is read by default

    @property
    def is_sure(self) -> bool:
        """Whether nothing is left to confirm: the same words, or the id with like words."""
        return self.share == 1 or (self.by_name and self.share >= ALIKE)


@dataclass(frozen=True)
class Match:
    """An instrument and its columns: item, option or unit -> what was found for it.

    `form`: "full", or "pulse" where only the short form was found; `missing`: items of that form
    without a column; `spare`: items found that the short form does not read; `joined`: the one
    column that holds all ticked options, and `joins` what stands between them there, where the
    file itself does not say it; `lens`: that of the units of a matrix.
    """

    instrument: Instrument
    found: Mapping[str, Found]
    form: str = "full"
    missing: tuple[str, ...] = ()
    spare: tuple[str, ...] = ()
    joined: str = ""
    joins: str = ""
    lens: str = ""

    @property
    def columns(self) -> list[str]:
        """The columns that are read for it."""
        return [each.column for each in self.found.values()] + [self.joined] * bool(self.joined)


@dataclass
class Matches:
    """What was matched, and what came near and was not taken, in words."""

    taken: list[Match] = field(default_factory=list)
    near: list[str] = field(default_factory=list)

    @property
    def columns(self) -> set[str]:
        """All columns that a match reads."""
        return {column for each in self.taken for column in each.columns}


def match_items(
    facts: Mapping[str, Facts],
    instruments: Iterable[Instrument],
    *,
    called: Mapping[str, str] | None = None,
) -> Matches:
    """Rated items and select-all questions among the columns (matrices need units: see below).

    `called`: columns that a tool had to rename, each with the name that it has here.
    """
    known = list(instruments)
    matches = Matches()
    called = called or {}
    silent = [name for name, each in facts.items() if each.asked in ("", name)]
    respelt = _respelt([name for name in silent if name not in called], known)
    called = {**respelt, **called}
    free = {name: each for name, each in facts.items() if not each.identifying}
    ratings = [each for each in known if each.kind == "rating"]
    owner = {item.id: each for each in ratings for item in each.items}
    chosen = _assigned(free, ratings, called, matches)
    for instrument in ratings:
        mine = {item: found for item, found in chosen.items() if owner[item] is instrument}
        if mine:
            _take_rating(instrument, mine, matches)
    for instrument in known:
        if instrument.kind == "select_all":
            _take_options(instrument, free, called, matches)
    for place, match in enumerate(matches.taken):
        found = {
            key: replace(each, respelt=each.by_name and each.column in respelt)
            for key, each in match.found.items()
        }
        matches.taken[place] = replace(match, found=found)
    return matches


def _assigned(
    free: Mapping[str, Facts],
    ratings: Sequence[Instrument],
    called: Mapping[str, str],
    matches: Matches,
) -> dict[str, Found]:
    """One column for each item, where it is clear which."""
    owner = {item.id: each for each in ratings for item in each.items}
    wording = {item.id: item.text for each in ratings for item in each.items}
    item_of = {text: name for name, text in wording.items() if text}
    offers: dict[str, list[Found]] = defaultdict(list)
    for name, each in free.items():
        item = called.get(name, name)
        if item in wording:
            found = _by_name(each, wording[item], owner[item])
            if found is None:
                matches.near.append(
                    f"column '{name}' has the name of an item of '{owner[item].id}', but not its "
                    "words or its range"
                )
                continue
        else:
            best = max(
                filter(None, (best_match(header, item_of) for header in each.headers)),
                key=lambda pair: pair[1],
                default=None,
            )
            if best is None:
                like = next(
                    (item_of[text] for text in item_of for header in each.headers
                     if reads_like(header, text)), None,
                )  # fmt: skip
                if like is not None:
                    matches.near.append(f"column '{name}' is like '{like}', in other words")
                continue
            item, found = item_of[best[0]], Found(name, best[1])
        offers[item].append(found)
    chosen = {}
    for item, several in offers.items():
        several.sort(key=lambda found: (found.by_name, found.share), reverse=True)
        first = several[0]
        rival = next((each for each in several[1:] if first.share - each.share < _CLEAR), None)
        if rival is not None and not first.by_name:
            matches.near.append(
                f"columns '{first.column}' and '{rival.column}' both read like '{item}'"
            )
        else:
            chosen[item] = first
    return chosen


def _by_name(facts: Facts, wording: str, instrument: Instrument) -> Found | None:
    """The column named as an item, if what is known of it does not speak against that."""
    asked = facts.asked if facts.asked != facts.name else ""
    share = likeness(asked, wording) if asked and wording else 0.0
    if asked and wording and not share:
        return None
    labelled = facts.has_labels or not facts.texts
    if not share and not (labelled and facts.within(instrument.low, instrument.high)):
        return None
    return Found(facts.name, share, by_name=True)


def _respelt(names: Iterable[str], instruments: Iterable[Instrument]) -> dict[str, str]:
    """Columns in other capitals or with other signs, and the name that is read by default.

    >>> from cultureplus.instrument import load_instruments
    >>> _respelt(["PS_1", "ps.2", "ps_2", "PS 3", "ps-3", "id"], load_instruments().values())
    {'PS_1': 'ps_1'}
    """
    names = list(names)
    own: set[str] = set()
    for each in instruments:
        own |= {each.column(item.id) for item in each.items}
        own |= {each.column(option.id) for option in each.options}
    own -= set(names)
    found: dict[str, list[str]] = defaultdict(list)
    for name in names:
        if slug(name) in own:
            found[slug(name)].append(name)
    return {several[0]: name for name, several in found.items() if len(several) == 1}


def _take_rating(instrument: Instrument, mine: Mapping[str, Found], matches: Matches) -> None:
    every = [item.id for item in instrument.items]
    pulse = [item.id for item in instrument.items if item.pulse]
    missing = [item for item in every if item not in mine]
    if not missing:
        matches.taken.append(Match(instrument, mine))
    elif pulse and all(item in mine for item in pulse) and len(mine) < ENOUGH * len(every):
        spare = tuple(item for item in mine if item not in pulse)
        found = {item: mine[item] for item in pulse}
        matches.taken.append(Match(instrument, found, form="pulse", spare=spare))
    elif len(mine) >= max(2, ENOUGH * len(every)):
        matches.taken.append(Match(instrument, mine, missing=tuple(missing)))
    else:
        columns = ", ".join(f"'{found.column}'" for found in mine.values())
        matches.near.append(
            f"{len(mine)} of {len(every)} items of '{instrument.id}' seem to be here ({columns}): "
            "too few to propose it"
        )


def _take_options(
    question: Instrument, free: Mapping[str, Facts], called: Mapping[str, str], matches: Matches
) -> None:
    """A select-all question: one column for each option."""
    options = {option.id: option.text for option in question.options}
    own = {question.column(option): option for option in options}
    found = {
        own[called.get(name, name)]: Found(name, 1.0, by_name=True)
        for name in free
        if called.get(name, name) in own
    }
    if not found:
        found = _options_by_text(options, free)
    missing = tuple(option for option in options if option not in found)
    if len(found) >= max(2, ENOUGH * len(options)):
        matches.taken.append(Match(question, found, missing=missing))
        return
    for name, each in free.items():
        joins = _together(options, each) if name not in matches.columns else None
        if joins is not None:
            said = "" if joins == each.joins else joins
            matches.taken.append(Match(question, {}, joined=name, joins=said))
            return


def _together(options: Mapping[str, str], facts: Facts) -> str | None:
    """What stands between options in the cells of a column; None where it holds no options."""
    texts = [same_name(text) for text in list(facts.texts)[:_LOOKED_AT]]
    pieces = {same_name(text): option for option, text in options.items()}
    here = {option for piece, option in pieces.items() if any(piece in text for text in texts)}
    if len(here) < max(2, ENOUGH * len(options)):
        return None
    best: tuple[float, str] = (0.0, "")
    for joins in [facts.joins] if facts.joins else _JOINS:
        known = sum(not divisions(text, pieces, joins)[0].unknown for text in texts)
        best = max(best, (known / len(texts), joins))
    return best[1] if best[0] >= _MOSTLY else None


def _options_by_text(options: Mapping[str, str], free: Mapping[str, Facts]) -> dict[str, Found]:
    offers: dict[str, list[tuple[str, Found]]] = defaultdict(list)
    for name, each in free.items():
        if len(each.counts) > 3:  # ticked, not ticked, and a code for what was left out
            continue
        for header in each.headers:
            for part in parts_of(header):
                share, option = max((likeness(part, text), key) for key, text in options.items())
                if share >= ALIKE and len(parts_of(part)) == len(parts_of(options[option])):
                    question = plain_words(header[: len(header) - len(part)])
                    offers[option].append((question, Found(name, share)))
    asked = Counter(question for several in offers.values() for question, _ in several)
    if not asked:
        return {}
    block = asked.most_common(1)[0][0]
    found = {}
    for option, several in offers.items():
        fitting = {each.column: each for question, each in several if question == block}
        if len(fitting) == 1:
            found[option] = next(iter(fitting.values()))
    return found


def match_matrix(
    question: Instrument,
    facts: Mapping[str, Facts],
    units: Mapping[str, Sequence[str]],
    *,
    called: Mapping[str, str] | None = None,
) -> Match | None:
    """A question that rates each unit of a lens: `units` (lens -> the names of its units).

    `called`: as in `match_items`. A column is taken for a unit by the name that is read by default,
    or where its header asks the question of that unit, as a sentence or with the unit in brackets.
    """
    best: Match | None = None
    for lens, names in units.items():
        found: dict[str, Found] = {}
        own = {question.column(slug(unit)): unit for unit in names}
        for name, each in facts.items():
            named = own.get((called or {}).get(name, name))
            unit = named or _unit_asked(question.items[0].text, each.headers, names)
            if unit is None or each.identifying:
                continue
            if unit in found:
                return None
            if each.has_labels or each.within(question.low, question.high):
                found[unit] = Found(name, 1.0, by_name=named is not None)
        most = len(best.found) if best else 0
        if len(found) >= max(2, ENOUGH * len(names)) and len(found) > most:
            missing = tuple(unit for unit in names if unit not in found)
            best = Match(question, found, missing=missing, lens=lens)
    return best


def _unit_asked(template: str, headers: Sequence[str], names: Iterable[str]) -> str | None:
    """The unit of which a header asks the question of the matrix."""
    general = plain_words(template.replace(_UNIT, " "))
    for header in headers:
        for unit in names:
            if plain_words(template.replace(_UNIT, unit)) in map(plain_words, parts_of(header)):
                return unit
            for part in parts_of(header)[1:]:
                stem = header[: len(header) - len(part)]
                if same_name(part.strip(" ])}")) == same_name(unit) and (
                    likeness(stem.rstrip(" [({-:"), general) >= ALIKE
                ):
                    return unit
    return None
