"""What an export seems to be: everything that a survey.toml would say, each with its reason.

Nothing here is read into a survey. The proposal is written as survey.toml for a person to look at,
and whatever rests on likeness is marked there.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import chain
from pathlib import Path

from cultureplus.errors import InputError, counted
from cultureplus.identity import telling_columns
from cultureplus.instrument import Instrument
from cultureplus.no_record import is_made_up, is_one_of
from cultureplus.proposing import match_roles as roles
from cultureplus.proposing.answer_words import are_answers
from cultureplus.proposing.column_facts import Facts, facts_of
from cultureplus.proposing.draft_instrument import drafted
from cultureplus.proposing.first_look import FirstLook, first_look
from cultureplus.proposing.match_items import Match, Matches, match_items, match_matrix
from cultureplus.proposing.match_labels import (
    Labels,
    code_for_labels,
    codes_of_no_answer,
    labels_of,
)
from cultureplus.proposing.match_roles import Role
from cultureplus.raw_table import NO_HEADER, ROW_OF_NAMES, RawTable, has_header
from cultureplus.spelling import merge_spellings, plain_text, slug, tidied
from cultureplus.tool_columns import columns_in
from cultureplus.wave_order import in_time

_MOST_RATED = 60  # units that a matrix may rate
_LONGEST_SCALE = 7  # answers in words of one's own that are taken for a scale
_BLOCK = 3  # columns that make a block of questions


@dataclass(frozen=True)
class Side:
    """A file beside the exports and the columns of it that are read."""

    path: Path
    columns: Mapping[str, str]


@dataclass(frozen=True)
class Proposal:
    """Files, roles, units, questions and labels, as they seem to be."""

    looks: Mapping[str, FirstLook]  # by wave; one under '' where a column says the wave
    waves_said: bool
    facts: Mapping[str, Facts]
    wave: Role | None
    respondent: Role | None
    spoilt_key: Role | None  # what would say who answers, but for a few records
    seconds: Role | None
    language: Role | None
    comment: Role | None
    free_texts: Sequence[str]
    units: Mapping[str, Role]
    adjust: Sequence[Role]
    people: Side | None
    ties: Side | None
    matches: Matches
    labels: Mapping[str, Labels]
    missing: Sequence[int]
    blocks: Sequence[Sequence[str]] = field(default=())
    superiors: Sequence[str] = field(default=())  # columns that name them: no lens by themselves

    @property
    def first(self) -> FirstLook:
        """One of the looks: kind and writing are the same in all."""
        return next(iter(self.looks.values()))


def propose(
    exports: Sequence[Path],
    instruments: Iterable[Instrument],
    *,
    people: Path | None = None,
    ties: Path | None = None,
    dictionary: Path | None = None,
    drafts: Mapping[str, str] | None = None,
) -> Proposal:
    """Look at exports of one survey and propose what they mean.

    `exports`: one file per wave, or one file; `people`, `ties`: files beside them; `drafts`: new
    instrument -> the pattern that the names of its columns fit. Raises `InputError` for what can't
    be read, and where two exports are not written alike.
    """
    instruments = list(instruments)
    looks, waves_said = _waves([first_look(path, dictionary=dictionary) for path in exports])
    raws = [_told(look.raw) for look in looks.values()]
    facts = facts_of(raws)
    wave = roles.wave_column(facts) if len(looks) == 1 else None
    if wave is not None:
        looks = {"": next(iter(looks.values()))}
        parts = _by_wave(raws[0], wave.column)
    else:
        parts = dict(zip(looks, raws, strict=True))
    matches = match_items(facts, instruments, called=_called(raws[-1], instruments))
    asked = {name for each in matches.taken if not each.joined for name in each.columns}
    for raw in raws:
        if not _in_blocks(facts_of([raw]), matches.columns):
            _refuse_headless(raw, asked)
    matches.taken += _drafts(drafts or {}, facts, instruments, matches.columns)
    taken = matches.columns | ({wave.column} if wave else set())
    by_wave = [facts_of([raw]) for raw in parts.values()] if len(parts) > 1 else [facts]
    respondent, side, at_home = _people(people, by_wave, list(parts), taken)
    taken |= {respondent.column} if respondent else set()
    seconds = roles.seconds_column(facts)
    language = roles.language_column(facts)
    taken |= {role.column for role in (seconds, language) if role}
    home = facts if at_home is None else at_home
    beyond = taken if at_home is None else set(side.columns.values() if side else ())
    own = {label for each in instruments for label in each.answer_labels}
    units = roles.unit_columns(home, beyond | _answer_like(home, beyond, own))
    beyond = beyond | {role.column for role in units.values()}
    adjust = roles.adjust_columns(home, beyond)
    named = {lens: _unit_names(home[role.column]) for lens, role in units.items()}
    free = {name: each for name, each in facts.items() if name not in taken}
    matches.taken += _rated(free, raws[-1], instruments, named)
    taken |= matches.columns
    if at_home is None:
        taken |= beyond | {role.column for role in adjust}
    comment, free_texts = roles.comment_column(facts, taken)
    labels = _labels(matches, facts, raws, language)
    keys = {cell for each in by_wave for cell in each[respondent.column].counts} if (
        respondent) else set()  # fmt: skip
    return Proposal(
        looks=looks,
        waves_said=waves_said,
        facts=facts,
        wave=wave,
        respondent=respondent,
        spoilt_key=None if respondent else roles.spoilt_key(by_wave),
        seconds=seconds,
        language=language,
        comment=comment,
        free_texts=free_texts,
        units=units,
        adjust=adjust,
        people=side,
        ties=_ties(ties, keys, list(parts)),
        matches=matches,
        labels=labels,
        missing=_missing(matches, facts, labels),
        superiors=roles.superiors(home, beyond),
        blocks=_scales(facts, taken | {role.column for role in [comment] if role}),
    )


def _drafts(
    drafts: Mapping[str, str],
    facts: Mapping[str, Facts],
    instruments: Sequence[Instrument],
    taken: set[str],
) -> list[Match]:
    """New instruments from the columns that no other one reads."""
    left = {name: each for name, each in facts.items() if name not in taken}
    ids = {item.id for each in instruments for item in each.items} | {e.id for e in instruments}
    found = []
    for name, pattern in drafts.items():
        found.append(drafted(name, pattern, left, taken=ids))
        ids |= {name, *found[-1].found}
        left = {name: each for name, each in left.items() if name not in found[-1].columns}
    return found


def _rated(
    free: Mapping[str, Facts],
    raw: RawTable,
    instruments: Sequence[Instrument],
    named: Mapping[str, Sequence[str]],
) -> list[Match]:
    """Questions that rate each unit of a lens; `named`: lens -> its units."""
    rated = {lens: names for lens, names in named.items() if len(names) <= _MOST_RATED}
    found = [
        match_matrix(question, free, rated, called=_called(raw, [question], chain(*rated.values())))
        for question in instruments
        if question.kind == "matrix"
    ]
    return [match for match in found if match is not None]


def _labels(
    matches: Matches, facts: Mapping[str, Facts], raws: Sequence[RawTable], language: Role | None
) -> dict[str, Labels]:
    spoken = language.column if language else None
    found = {match.instrument.id: labels_of(match, facts, raws, spoken) for match in matches.taken}
    return {name: labels for name, labels in found.items() if labels is not None}


def _missing(
    matches: Matches, facts: Mapping[str, Facts], labels: Mapping[str, Labels]
) -> list[int]:
    """Codes that mean no answer, with the one that labels of no answer will get."""
    codes = codes_of_no_answer(matches.taken, facts)
    if any(each.no_answer for found in labels.values() for each in found.tongues.values()):
        return sorted({*codes, code_for_labels(codes)})
    return codes


def _told(raw: RawTable) -> RawTable:
    """The table with every column that reading will drop for what it tells of somebody."""
    return replace(
        raw, identifying={name: each.what for name, each in telling_columns(raw).items()}
    )


def _refuse_headless(
    raw: RawTable,
    known: Collection[str] = (),
    ends: Collection[str] = (),
    keys: Collection[str] = (),
) -> None:
    """Refuse a file whose first row may be somebody's: its cells would be written as names.

    `known`: names of questions; `ends`: columns of keys; `keys`: those of the export.
    """
    if any(name in keys or is_one_of(name, raw.frame[name]) for name in ends):
        raise InputError(NO_HEADER, file=raw.file, fix=ROW_OF_NAMES)
    below = raw.frame.iloc[:, 0].map(plain_text)
    exchanged = below.is_unique and len(roles.usually_named(below)) > 1  # rows and columns
    if exchanged or not has_header(raw, roles.usually_named(raw.frame.columns) | set(known)):
        raise InputError(
            "Nothing in the file shows that its first row is a header.",
            file=raw.file,
            found="; ".join(note for note in raw.notes if "sheets" in note) or None,
            fix=f"{ROW_OF_NAMES}; if it is there, name one column so that it shows, such as "
            "respondent or team",
        )


def _in_blocks(facts: Mapping[str, Facts], taken: set[str]) -> bool:
    """Whether columns that share their answers are called otherwise than these answers."""
    return any(
        set(block).isdisjoint(set().union(*(facts[name].counts for name in block)))
        for block in _blocks(facts, taken)
        if not any(map(is_made_up, block))
    )


def _called(
    raw: RawTable, instruments: Iterable[Instrument], units: Iterable[str] = ()
) -> dict[str, str]:
    """Columns that a tool had to rename: the name in the file, and the one that it has here."""
    found = {}
    for each in instruments:
        keys = [item.id for item in each.items] if each.kind == "rating" else []
        keys += [option.id for option in each.options]
        keys += [slug(unit) for unit in units] if each.kind == "matrix" else []
        places = {key: each.column(key) for key in keys}
        for key, column in columns_in(raw, each, places).items():
            if column != places[key]:
                found[column] = places[key]
    return found


def _waves(looks: Sequence[FirstLook]) -> tuple[dict[str, FirstLook], bool]:
    """The files by the wave that their names say, in order of time where all say one."""
    first = looks[0]
    for other in looks[1:]:
        for what in ("kind", "delimiter", "encoding", "decimal"):
            mine, theirs = (
                getattr(each if what == "kind" else each.export, what) for each in (first, other)
            )
            if mine != theirs:
                raise InputError(
                    f"These exports of one survey do not have the same {what}.",
                    file=other.export.name,
                    found=f"'{theirs}' where {first.export.name} has '{mine}'",
                    fix="export all waves in the same way",
                )
    named = [roles.wave_named(look.export.path.stem) for look in looks]
    said = all(each for _, each in named) and len({wave for wave, _ in named}) == len(named)
    names = [wave for wave, _ in named]
    if len(set(names)) < len(names):
        names = [look.export.path.stem for look in looks]
    if len(set(names)) < len(names):
        names = [f"wave {place}" for place in range(1, len(names) + 1)]
    found = dict(zip(names, looks, strict=True))
    in_turn = in_time(names) if said else None
    return {name: found[name] for name in in_turn or found}, in_turn is not None


def _by_wave(raw: RawTable, column: str) -> dict[str, RawTable]:
    waves = tidied(raw.frame[column])
    names = [wave for wave in waves.unique() if wave]
    return {
        wave: replace(raw, frame=raw.frame.loc[waves == wave]) for wave in in_time(names) or names
    }


def _people(
    path: Path | None,
    waves: Sequence[Mapping[str, Facts]],
    names: Sequence[str],
    taken: set[str],
) -> tuple[Role | None, Side | None, dict[str, Facts] | None]:
    """The respondent's key; with a people file, its columns and facts as well.

    With such a file the key is the column whose values stand in it.
    """
    free = [{name: each for name, each in wave.items() if name not in taken} for wave in waves]
    if path is None:
        return roles.respondent_key(free), None, None
    raw = _told(first_look(path).raw)
    facts = facts_of([raw])
    for name in free[-1]:
        if not all(name in wave and wave[name].is_key for wave in free):
            continue
        keys = {cell for wave in free for cell in wave[name].counts}
        for other, each in facts.items():
            among = len(keys & set(each.counts))
            if among >= 0.8 * len(keys):
                _refuse_headless(raw, ends=[other], keys=keys)
                columns = {"respondent": other}
                for column in roles.of_waves(facts, names):
                    columns["wave"] = column
                why = f"{among} of its {len(keys)} keys stand in {path.name}"
                return Role(name, why), Side(path, columns), facts
    raise InputError(
        "No column of the export says who of these people answered.",
        file=path.name,
        fix="name the file without --people, or export with the key that stands in it",
    )


def _ties(path: Path | None, keys: set[str], waves: Sequence[str]) -> Side | None:
    if path is None:
        return None
    raw = first_look(path).raw
    facts = facts_of([raw])
    ends = roles.holding(facts, keys, least=0.5)
    _refuse_headless(raw, ends=ends[:2], keys=keys)
    if len(ends) < 2:
        raise InputError(
            "There are no two columns of respondents' keys here.",
            file=path.name,
            found=f"{counted(len(ends), 'column')} of keys among {len(facts)}",
            fix="write who works with whom with the keys of the export",
        )
    columns = {"from": ends[0], "to": ends[1]}
    for column in roles.of_waves(facts, waves):
        columns["wave"] = column
    return Side(path, columns)


def _unit_names(facts: Facts) -> list[str]:
    """The units in a column, one spelling each, as the survey will name them."""
    said = facts.explained
    names = [said.get(cell, cell) for cell in facts.counts]
    merged, _ = merge_spellings(names, list(facts.counts.values()))
    return sorted({name for name in merged if name})


def _answer_like(facts: Mapping[str, Facts], taken: set[str], own: set[str]) -> set[str]:
    """Columns of answers, hardly units: usual words, or the same few cells as in two others."""
    found = {name for block in _blocks(facts, taken) for name in block}
    return found | {
        name
        for name, each in facts.items()
        if are_answers(each.explained.values() if each.is_numeric else each.texts, own)
    }


def _blocks(facts: Mapping[str, Facts], taken: set[str]) -> list[list[str]]:
    """Columns side by side, not taken, that share their answers: questions of one kind."""
    blocks: list[list[str]] = []
    shared: set[str] = set()
    for name, each in facts.items():
        answers = _answers(each)
        if name in taken or each.identifying or not answers:
            shared = set()
            continue
        both = shared & answers
        if blocks and shared and 2 * len(both) >= max(len(shared), len(answers)):
            blocks[-1].append(name)
            shared |= answers
        else:
            blocks.append([name])
            shared = set(answers)
    return [block for block in blocks if len(block) >= _BLOCK]


def _scales(facts: Mapping[str, Facts], taken: set[str]) -> list[list[str]]:
    """The blocks that were answered on a scale: by number, in usual words, or all in the same."""

    def same_words(block: Sequence[str]) -> bool:
        sets = {frozenset(facts[name].texts) for name in block}
        return len(sets) == 1 and 3 < len(min(sets)) <= _LONGEST_SCALE

    return [
        block
        for block in _blocks(facts, taken)
        if same_words(block)
        or all(
            not facts[name].texts or (len(facts[name].texts) > 2 and are_answers(facts[name].texts))
            for name in block
        )
    ]


def _answers(facts: Facts) -> set[str]:
    """The labels of a column, or its codes where these are few whole numbers."""
    if facts.has_labels and not facts.numbers:
        return set(facts.texts) if len(facts.texts) > 1 else set()
    if not facts.texts and 3 <= len(facts.numbers) <= 12:
        whole = all(number == int(number) and abs(number) <= 1000 for number in facts.numbers)
        return {f"{number:g}" for number in facts.numbers} if whole else set()
    return set()


def shared_labels(proposal: Proposal) -> dict[str, tuple[str, Labels]]:
    """Instrument -> the name of its set of labels, and the set; equal sets have one name."""
    names: dict[str, tuple[str, Labels]] = {}
    seen: dict[str, Labels] = {}
    used: dict[str, int] = defaultdict(int)
    for match in proposal.matches.taken:
        question = match.instrument
        found = proposal.labels.get(question.id)
        if found is None or found.too_many:
            continue
        name = next((name for name, each in seen.items() if each == found), None)
        if name is None:
            base = f"answers_{question.low}_{question.high}"
            used[base] += 1
            name = base if used[base] == 1 else f"{base}_{used[base]}"
            seen[name] = found
        names[question.id] = (name, found)
    return names
