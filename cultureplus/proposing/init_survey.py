"""From an export to a first survey.toml: `cultureplus init`.

The export is only read. It stays where it is, and survey.toml names it from there: answers of
people are not copied about. What is printed are names of columns, counts and what is left to do.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from secrets import token_hex

from cultureplus import readers
from cultureplus.errors import InputError, counted
from cultureplus.export_file import ExportFile
from cultureplus.guesses import guesses_in, guesses_said
from cultureplus.instrument import load_instruments
from cultureplus.proposing.draft_instrument import draft_text
from cultureplus.proposing.first_look import FirstLook
from cultureplus.proposing.match_items import Match
from cultureplus.proposing.proposal import Proposal, propose, shared_labels
from cultureplus.proposing.proposed_toml import (
    named,
    proposed_toml,
    said_blocks,
    said_near,
    seen_from,
    title_of,
)
from cultureplus.redcap_dictionary import begins_as_dictionary
from cultureplus.settings import FILE_NAME
from cultureplus.toml_source import OPEN, read_toml

_FEW_RECORDS = 5  # so few on the first of several sheets are no answers


def exports_and_folder(words: Sequence[str]) -> tuple[list[Path], Path]:
    """The files that were named, and the folder for survey.toml: the last word, if it is no file.

    >>> exports_and_folder(["q2.csv", "q3.csv", "my_survey"])[1].name
    'my_survey'
    """
    *before, last = map(Path, words)
    is_file = last.is_file() or last.suffix.lower() in readers.endings()
    if before and (last.is_dir() or not is_file):
        return before, last
    if last.is_dir():
        raise InputError(
            f"{last} is a folder, not an export.",
            possible=sorted(each.name for each in last.iterdir() if each.is_file()),
            fix=f"cultureplus init {last / 'EXPORT'} {last}",
        )
    return [*before, last], Path()


def init_survey(
    exports: Sequence[Path],
    folder: Path,
    *,
    people: Path | None = None,
    ties: Path | None = None,
    dictionary: Path | None = None,
    instruments: Sequence[Path] = (),
    drafts: Mapping[str, str] | None = None,
    say: Callable[[str], None] = print,
) -> Path:
    """Propose a survey.toml for exports and write it into a folder; returns its path.

    `exports`: one file per wave, or one file (a REDCap dictionary among them is taken as such);
    `people`, `ties`: files beside them; `instruments`: questionnaires of one's own; `drafts`: name
    of a new questionnaire -> pattern of its columns.
    Raises `InputError` where a survey.toml is there already, and for what can't be read.
    """
    drafts = drafts or {}
    target = folder / FILE_NAME
    for path in [target, *(folder / f"{name}.toml" for name in drafts)]:
        if path.exists():
            raise InputError(
                f"There is a {path.name} in {folder} already; it is left as it is.",
                fix="name another folder, or rename that file first",
            )
    if folder.exists() and not folder.is_dir():
        raise InputError(f"{folder} is a file.", fix="name a folder")
    exports, dictionary = _parted(exports, dictionary)
    known = load_instruments(*instruments)
    proposal = propose(
        exports, known.values(), people=people, ties=ties, dictionary=dictionary, drafts=drafts
    )
    files = [seen_from(folder, path) for path in instruments] + [f"{name}.toml" for name in drafts]
    text = proposed_toml(
        proposal,
        folder,
        title=title_of(folder.resolve().name),
        salt=token_hex(16),
        instrument_files=files,
    )
    folder.mkdir(parents=True, exist_ok=True)
    written = []
    for match in proposal.matches.taken:
        if match.instrument.id in drafts:
            written.append(folder / f"{match.instrument.id}.toml")
            _write(written[-1], draft_text(match))
    _write(target, text)
    for line in [*_found(proposal), "", *_left(proposal, folder, [target, *written])]:
        say(line)
    return target


def _parted(exports: Sequence[Path], dictionary: Path | None) -> tuple[Sequence[Path], Path | None]:
    """The exports, and the dictionary that was named or stands among them."""
    if dictionary is not None or len(exports) < 2:
        return exports, dictionary
    texts = [path for path in exports if path.is_file() and path.suffix.lower() != ".xlsx"]
    found = [path for path in texts if begins_as_dictionary(ExportFile(path))]
    if len(found) != 1:
        return exports, None
    return [path for path in exports if path != found[0]], found[0]


def _write(path: Path, text: str) -> None:
    """The whole file or none of it."""
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "w", encoding="utf-8", newline="\n") as stream:
            stream.write(text)
        Path(name).chmod(0o644)
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


def _found(proposal: Proposal) -> list[str]:
    """What was found, in words: names of columns and counts, nothing of anybody."""
    lines = []
    for wave, look in proposal.looks.items():
        title = readers.READERS[look.kind].title
        why = f" ({look.evidence})" if look.evidence else ""
        of_wave = f", wave {wave}" if wave else ""
        lines.append(
            f"{look.export.name}: {title}{why}, {counted(len(look.raw.frame), 'record')}, "
            f"{counted(look.raw.frame.shape[1], 'column')}{of_wave}"
        )
        lines += [f"  {note}" for note in look.raw.notes if "sheets" in note]
    first = proposal.first.export
    lines += [f"  {each}: {getattr(first, each)!r}" for each in proposal.first.guessed]
    if proposal.wave is not None:
        waves = len(proposal.facts[proposal.wave.column].counts)
        lines.append(f"  waves: {waves} in column '{proposal.wave.column}'")
    key = proposal.respondent.column if proposal.respondent else ""
    near = proposal.spoilt_key
    none = "no column found" if near is None else f"not column '{near.column}': {near.why}"
    lines.append("  respondent: " + (f"column '{key}'" if key else none))
    who = [name for name, each in proposal.facts.items() if each.identifying and name != key]
    if who:
        lines.append(f"  about somebody, dropped on reading: {named(who)}")
    for lens, role in proposal.units.items():
        lines.append(f"  {lens}: column '{role.column}'")
    for name in ("seconds", "language", "comment"):
        role = getattr(proposal, name)
        if role is not None:
            lines.append(f"  {name}: column '{role.column}'")
    labels = shared_labels(proposal)
    lines += [
        f"  {match.instrument.id}: {_items(match)}{_labels(match, labels)}"
        for match in proposal.matches.taken
    ]
    if not proposal.matches.taken:
        lines.append("  no questionnaire was recognised")
    lines += [f"  not taken: {each}" for each in said_near(proposal)]
    lines += [f"  no questionnaire for: {each}" for each in said_blocks(proposal)]
    return lines


def _items(match: Match) -> str:
    if match.joined:
        return f"all options in column '{match.joined}'"
    what = {"rating": "item", "select_all": "option", "matrix": "unit"}[match.instrument.kind]
    some = f" of {len(match.found) + len(match.missing)}" if match.missing else ""
    short = " (short form)" if match.form != "full" else ""
    return f"{len(match.found)}{some} {what}{'s' * (len(match.found) != 1)} found{short}"


def _labels(match: Match, labels: Mapping[str, object]) -> str:
    return ", answers as texts" if match.instrument.id in labels else ""


def _left(proposal: Proposal, folder: Path, files: Sequence[Path]) -> list[str]:
    """What is left to do, numbered, the next command last."""
    lines = [f"{FILE_NAME} is written in {folder}. The export stays where it is. Left to do:"]
    steps = [_better(proposal.first)] if _better(proposal.first) else []
    open_lines = open_places(files[0])
    if open_lines:
        places = ", ".join(map(str, open_lines))
        steps.append(f'fill in what is open ("{OPEN}"): {FILE_NAME}, lines {places}')
    said = guesses_said(guesses_in(files))
    if said:
        steps.append(f"{said}; look at each, then delete its comment")
    if not proposal.units:
        steps.append("name a column under [units] that says where people are, if there is one")
    if proposal.superiors:
        steps.append(
            f"{named(proposal.superiors)} names a person, so it is no lens by itself: a report "
            "would call units by these names. Better is a column of the teams' own names; without "
            "one, write this one under [units] and each team's own name under [rename]"
        )
    if not proposal.matches.taken:
        steps.append(f"write a file for your questionnaire: see the end of {FILE_NAME}")
    steps.append(f"cultureplus check {folder}")
    return lines + [f"  {place}. {step}" for place, step in enumerate(steps, 1)]


def _better(look: FirstLook) -> str:
    """How the export would say more of its questions, or ''."""
    if look.kind == "redcap" and look.export.dictionary is None:
        return (
            "better: what codes and boxes mean stands in the data dictionary; with --dictionary "
            "FILE and a new folder it is used"
        )
    if look.kind == "limesurvey" and not look.raw.questions:
        return (
            "better: export with the headings 'question code & question text' and full answers; "
            "here are codes only, and questions are known by their words"
        )
    if any("sheets" in note for note in look.raw.notes) and len(look.raw.frame) < _FEW_RECORDS:
        return "move the sheet with the answers in front of the others, and name another folder"
    return ""


def open_places(path: Path) -> list[int]:
    """The lines of a TOML file on which something is still to be written."""
    table = read_toml(path)
    return [line for key, line in table.lines.items() if table.at(key) == OPEN]
