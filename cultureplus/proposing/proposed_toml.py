"""A proposal as survey.toml: what is sure is written, a guess is marked, the rest is open."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from cultureplus.export_file import ExportFile
from cultureplus.guesses import marked
from cultureplus.proposing.answer_words import BY_NUMBER
from cultureplus.proposing.draft_instrument import pattern_of
from cultureplus.proposing.first_look import FirstLook
from cultureplus.proposing.match_items import Found, Match
from cultureplus.proposing.match_labels import Labels, code_for_labels, doubt_about
from cultureplus.proposing.match_roles import Role
from cultureplus.proposing.proposal import Proposal, Side, shared_labels
from cultureplus.spelling import in_order, slug
from cultureplus.toml_source import OPEN
from cultureplus.toml_writer import Noted, Remark, toml_text
from cultureplus.wave_order import in_time

_MONTH = re.compile(r"20[0-9]{2}-[0-9]{2}")
_MOST_NAMED = 12
_LONGEST = 60  # letters of a column's name, where it is only mentioned


def proposed_toml(
    proposal: Proposal,
    folder: Path,
    *,
    title: str,
    salt: str,
    instrument_files: Sequence[str] = (),
) -> str:
    """The text of survey.toml for a folder; files are named as seen from there.

    `salt`: the secret with which respondents' keys will be hashed, where there are any.
    """
    first = proposal.first
    values: dict[str, Any] = {
        "1": Remark("Proposed from the export. A comment that begins with 'guess:' wants a look:"),
        "2": Remark("correct the line or leave it, then delete the comment. A ? is yours to fill."),
        "title": Noted(title, marked("the folder's name")),
        "kind": Noted(first.kind, first.evidence or marked("no mark of a survey tool is in it")),
        **_writing(first),
    }
    if proposal.respondent is not None:
        values["salt"] = Noted(salt, "hashes the respondents' keys: keep it secret and as it is")
    if first.export.dictionary is not None:
        values["dictionary"] = seen_from(folder, first.export.dictionary)
    if instrument_files:
        values["instrument_files"] = list(instrument_files)
    if proposal.wave is not None:
        values["export"] = seen_from(folder, first.export.path)
        waves = [*proposal.facts[proposal.wave.column].counts]
        if in_time(waves) is None:
            values["waves"] = Noted(waves, marked("are they in order of time?"))
    else:
        values["waves"] = _waves(proposal, folder)
    values["columns"] = _columns(proposal)
    values["units"] = _units(proposal)
    values |= _rename(proposal)
    for name, side in (("people", proposal.people), ("ties", proposal.ties)):
        if side is not None:
            values[name] = _side(side, folder)
    if proposal.adjust:
        names = [role.column for role in proposal.adjust]
        values["adjust"] = {"columns": Noted(names, marked("numbers about people, by name"))}
    if proposal.missing:
        codes = Noted(list(proposal.missing), marked("outside the range of answers"))
        values["missing"] = {"codes": codes}
    values |= _labels(proposal)
    values |= _instruments(proposal)
    return toml_text(values) + _remarks(proposal)


def seen_from(folder: Path, path: Path) -> str:
    """A file's name as seen from a folder, with plain strokes."""
    try:
        return os.path.relpath(path.resolve(), folder.resolve()).replace(os.sep, "/")
    except ValueError:  # another drive
        return str(path.resolve()).replace(os.sep, "/")


def _writing(look: FirstLook) -> dict[str, Any]:
    """How the text is written, where that is not the default."""
    plainest = ExportFile(look.export.path)
    found: dict[str, Any] = {}
    for key in ("delimiter", "encoding", "decimal"):
        value = getattr(look.export, key)
        if value != getattr(plainest, key):
            found[key] = Noted(value, marked(look.guessed.get(key, "found by trying")))
    return found


def _waves(proposal: Proposal, folder: Path) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for wave, look in proposal.looks.items():
        place = seen_from(folder, look.export.path)
        said = "the file's name" if proposal.waves_said else "name the wave, such as 2026Q3"
        dated = _MONTH.fullmatch(wave) is not None
        said += " has this month; was it of the survey, or of the download?" * dated
        sure = proposal.waves_said and "20" in wave and not dated
        found[wave] = place if sure else Noted(place, marked(f"{said}; waves stand in order"))
    return found


def _columns(proposal: Proposal) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name in ("respondent", "wave", "seconds", "language", "comment"):
        role: Role | None = getattr(proposal, name)
        if role is not None:
            found[name] = Noted(role.column, marked(role.why))
    if proposal.spoilt_key is not None:
        found["1"] = Remark(
            f'respondent = "{proposal.spoilt_key.column}"  would be the key, but there is '
            f"{proposal.spoilt_key.why}: mend the file and take this line in; without a key waves "
            "can't be linked"
        )
    elif proposal.respondent is None:
        found["1"] = Remark(
            'respondent = "..."  would name the column with one key per person; none was found, '
            "and without it waves can't be linked"
        )
    if proposal.comment is None and proposal.free_texts:
        names = named(proposal.free_texts)
        found["2"] = Remark(f'comment = "..."  could be one of the free texts: {names}')
    return found


def _units(proposal: Proposal) -> dict[str, Any]:
    if not proposal.units:
        return {
            "1": Remark('function = "department"  would name a column that says where people are;'),
            "2": Remark("none was found. team is the lens of team analyses."),
        }
    return {lens: Noted(role.column, marked(role.why)) for lens, role in proposal.units.items()}


def _rename(proposal: Proposal) -> dict[str, Any]:
    """Names of units that the file holds as codes and explains."""
    if proposal.people is not None:  # units are then read from that file
        return {}
    tables: dict[str, Any] = {}
    for lens, role in proposal.units.items():
        facts = proposal.facts[role.column]
        names = {code: facts.explained[code] for code in sorted(facts.explained, key=in_order)}
        note = "what the file says its codes mean"
        if facts.disputed & names.keys():
            names |= dict.fromkeys(facts.disputed & names.keys(), OPEN)
            note = f"{note}; of an open one the waves do not say the same"
        if names:
            tables[lens] = Noted(names, note)
    return {"rename": tables} if tables else {}


def _side(side: Side, folder: Path) -> dict[str, Any]:
    columns = {
        key: Noted(column, marked("the keys or waves of the export stand in it"))
        for key, column in side.columns.items()
    }
    return {"file": seen_from(folder, side.path), **columns}


def _labels(proposal: Proposal) -> dict[str, Any]:
    tables: dict[str, Any] = {}
    code = code_for_labels(proposal.missing)
    ranges = {match.instrument.id: match.instrument for match in proposal.matches.taken}
    for question, (name, labels) in shared_labels(proposal).items():
        if name not in tables:
            low, high = ranges[question].low, ranges[question].high
            tables[name] = {
                tongue: _tongue(labels, tongue, code, low, high, ranges[question].answer_labels)
                for tongue in labels.tongues
            }
    return {"labels": tables} if tables else {}


def _tongue(
    labels: Labels, tongue: str, code: int, low: int, high: int, own: Sequence[str]
) -> Noted | dict[str, Any]:
    meaning = labels.tongues[tongue]
    table: dict[str, Any] = {}
    if None in meaning.numbers.values():
        table[""] = Remark(  # no label is blank, but one may be any number
            f"Which answer is which number, from {low} to {high}? A label that means no answer "
            f"gets {code}, which then stands under [missing]."
        )
    for label, number in labels.numbers(code)[tongue].items():
        table[label] = OPEN if number is None else number
    if not meaning.how or (tuple(meaning.numbers) == tuple(own) and not meaning.no_answer):
        return table
    some = f"; {len(meaning.numbers)} of {high - low + 1} answers occur" * (
        len(meaning.numbers) < high - low + 1 and meaning.how != BY_NUMBER
    )
    return Noted(table, marked(meaning.how + some))


def _instruments(proposal: Proposal) -> dict[str, Any]:
    names = shared_labels(proposal)
    found: dict[str, Any] = {}
    for match in proposal.matches.taken:
        question = match.instrument
        table: dict[str, Any] = {}
        if match.form != "full":
            table["form"] = Noted(match.form, marked("only items of the short form were found"))
        if match.lens:
            table["lens"] = Noted(match.lens, marked("its units stand in the columns"))
        if match.joined:
            table["column"] = Noted(match.joined, marked("its cells are made of these options"))
        if match.joins:
            table["joins"] = Noted(match.joins, marked("it stands between the options"))
        if question.id in names:
            table["labels"] = names[question.id][0]
        columns = _mapping(match)
        if columns:
            table["columns"] = columns
        doubts = [
            _by_name(match),
            doubt_about(match, proposal.facts, proposal.labels.get(question.id)),
        ]
        why = "; ".join(filter(None, doubts))
        found[question.id] = Noted(table, marked(why)) if why else table
    return {"instruments": found} if found else {}


def _by_name(match: Match) -> str:
    count = sum(each.by_name and not each.is_sure for each in match.found.values())
    why = f"{count} columns have the names of its items, and the file does not say what was asked"
    return why if count else ""


def _mapping(match: Match) -> dict[str, Any]:
    """The lines that say which column is which item; those that are so by default need none."""
    question = match.instrument
    columns: dict[str, Any] = {}
    for name, each in match.found.items():
        if not each.by_name or each.respelt:
            sure = each.is_sure or each.respelt
            columns[name] = each.column if sure else Noted(each.column, _like(each))
    wordings = {item.id: item.text for item in question.items}
    wordings |= {option.id: option.text for option in question.options}
    for name in match.missing:
        if question.kind != "matrix":
            text = wordings[name]
            columns[name] = Noted(OPEN, f"no column was found for: {text}" if text else "not found")
    return columns


def _like(found: Found) -> str:
    return marked(f"{found.share:.0%} like the item's text".replace("%", " %"))


def _remarks(proposal: Proposal) -> str:
    """What came near and was not taken, and how to go on where nothing was found."""
    lines = []
    if not proposal.matches.taken:
        lines += [
            "No questionnaire was recognised. One of your own needs a file beside this one, with",
            "its items and answers (README, 'Your own survey'); name it above, as",
            'instrument_files = ["ours.toml"], and write [instruments.ours] here.',
        ]
    if proposal.matches.near:
        lines += ["Came near and was not taken:", *map("- {}".format, said_near(proposal))]
    if proposal.blocks:
        lines.append("Blocks of questions that no instrument describes:")
        lines += map("- {}".format, said_blocks(proposal))
    if proposal.blocks or not proposal.matches.taken:
        block = proposal.blocks[0] if proposal.blocks else ()
        pattern = pattern_of(block, list(proposal.facts)) if block else "q7_*"
        whose = "the first of these" if block else "columns whose names begin with q7_"
        lines += [
            f"A draft of a questionnaire from {whose} is made in a new folder by",
            f"cultureplus init EXPORT FOLDER --draft ours '{pattern}'",
            "(--draft once for each questionnaire: answers of one scale, one questionnaire)",
        ]
    text = toml_text({str(place): Remark(line) for place, line in enumerate(lines)})
    return f"\n{text}" if lines else ""


def said_blocks(proposal: Proposal) -> list[str]:
    """The blocks of columns that share their answers and belong to no instrument, in words."""
    said = [
        f"{len(block)} columns from {_short(block[0])} to {_short(block[-1])}"
        for block in proposal.blocks
    ]
    return _few(said)


def said_near(proposal: Proposal) -> list[str]:
    """What came near an item or an instrument and was not taken, in words."""
    return _few(proposal.matches.near)


def _few(lines: list[str]) -> list[str]:
    more = len(lines) - _MOST_NAMED
    return lines[:_MOST_NAMED] + ([f"... and {more} more"] if more > 0 else [])


def named(names: Sequence[str]) -> str:
    """Names of columns in a row, the first dozen."""
    more = f" and {len(names) - _MOST_NAMED} more" if len(names) > _MOST_NAMED else ""
    return ", ".join(map(_short, names[:_MOST_NAMED])) + more


def _short(name: str) -> str:
    return f"'{name}'" if len(name) <= _LONGEST else f"'{name[: _LONGEST - 3]}...'"


def title_of(name: str) -> str:
    """A folder's name as a title.

    >>> title_of("my_survey-2026")
    'My survey 2026'
    """
    words = " ".join(name.replace("_", " ").replace("-", " ").split())
    return words[:1].upper() + words[1:] or slug(name)
