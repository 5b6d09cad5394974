"""REDCap: one row a record (and event), with the data dictionary beside it.

Read are csv exports with codes or with labels, under names of variables or under field labels (as
"CSV, labels" writes them), of projects with or without events. A checkbox field has a column a
choice, `field___code`. The dictionary (`dictionary = "..."` in survey.toml) says what is asked,
what codes mean and which fields identify somebody; without it none of this is known, which is
noted. Rows of repeated instruments or events are no main record of a person and are left out.
Codes for missing data are the project's own: those that are no choice are noted, and are to stand
under missing.codes.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

import pandas as pd

from cultureplus.errors import InputError, counted
from cultureplus.grid import Grid
from cultureplus.raw_table import RawTable, has_header, told_apart, under_header
from cultureplus.redcap_dictionary import Field, is_dictionary, read_dictionary, without_tags
from cultureplus.spelling import plain_text

# The tool's own columns: as variables, and under field labels.
_OWN = {
    "redcap_event_name": "Event Name",
    "redcap_repeat_instrument": "Repeat Instrument",
    "redcap_repeat_instance": "Repeat Instance",
    "redcap_data_access_group": "Data Access Group",
    "redcap_survey_identifier": "Survey Identifier",
}
_COMPLETE, _TIMESTAMP = "_complete", "_timestamp"
_COMPLETE_LABEL, _TIMESTAMP_LABEL = "Complete?", "Survey Timestamp"
_STATUS = {"0": "Incomplete", "1": "Unverified", "2": "Complete"}
_LOOKED_AT = 3  # records


def marks(grid: Grid) -> str:
    """What shows that a file is of this kind, or ''."""
    if is_dictionary(grid):
        return "it is a REDCap data dictionary"
    texts = [plain_text(text) for text in grid.texts(0)]
    own = next((name for name in texts if name in _OWN), "")
    if own:
        return f"it has a column '{own}'"
    done = [place for place, name in enumerate(texts) if name.endswith(_COMPLETE)]
    if _are_states(grid, done):
        if any(re.fullmatch(r"[a-z][a-z0-9_]*___[a-z0-9_]+", name) for name in texts):
            return "it has checkbox columns ('___') and columns of completed forms ('_complete')"
        forms = {texts[place].removesuffix(_COMPLETE) for place in done}
        if texts[0] == "record_id" or any(f"{form}{_TIMESTAMP}" in texts for form in forms):
            return "it has columns of completed forms ('_complete')"
    under_labels = [place for place, name in enumerate(texts) if name == _COMPLETE_LABEL]
    if _are_states(grid, under_labels, labels=True):
        return "it has columns of completed forms ('Complete?')"
    return ""


def read(grid: Grid) -> RawTable:
    """Read the records of a REDCap project.

    Raises `InputError` where the file is itself a dictionary, where it and the dictionary named
    beside it do not belong together, and where only rows of repeated instruments are left.
    """
    if is_dictionary(grid):
        raise InputError(
            "This is a data dictionary: it says what was asked, not what was answered.",
            file=grid.file,
            fix='name the exported records there, and this file as dictionary = "..." '
            "at the top of survey.toml",
        )
    texts = [plain_text(text) for text in grid.texts(0)]
    fields = read_dictionary(grid.export) if grid.export.dictionary else {}
    is_labelled = _COMPLETE_LABEL in texts
    by_label = is_labelled and bool(fields)
    names, again = told_apart(_by_label(grid, texts, fields) if by_label else texts)
    raw = under_header(grid, header_rows=1, names=names)
    if fields:
        _refuse_strangers(raw, fields)
        raw = _described(raw, fields)
    else:
        asked = {name: text for name, text in zip(names, texts, strict=True) if name}
        raw = replace(
            raw,
            questions={name: asked[name] for name in raw.frame} if is_labelled else {},
            notes=(*raw.notes, *again, "no dictionary: what codes mean and which columns identify "
                   'somebody is not known (dictionary = "..." in survey.toml)'),
        )  # fmt: skip
    identifier = _own(raw, "redcap_survey_identifier")
    if identifier:
        raw = replace(raw, identifying={**raw.identifying, identifier: "survey identifier"})
    raw = _without_repeats(raw)
    return replace(raw, notes=(*raw.notes, *_states(raw), *_several_events(raw)))


def _are_states(grid: Grid, places: Sequence[int], *, labels: bool = False) -> bool:
    """Whether these columns hold nothing but states of forms in the first records, and any."""
    known = {*_STATUS.values(), *(() if labels else _STATUS)}
    rows = [grid.texts(place) for place in range(1, 1 + _LOOKED_AT)]
    cells = {row[place].strip() for row in rows if row for place in places} - {""}
    return bool(cells) and cells <= known


def _own(raw: RawTable, name: str) -> str:
    """The tool's own column as this file calls it, or ''."""
    return next((each for each in (name, _OWN[name]) if each in raw.frame), "")


def _by_label(grid: Grid, texts: Sequence[str], fields: Mapping[str, Field]) -> list[str]:
    """The variables' names for columns that are headed by field labels."""
    known: dict[str, list[str]] = {}
    form = {}
    for each in fields.values():
        for name, option in each.columns.items():
            label = f"{each.label} (choice={option})" if option else each.label
            known.setdefault(label, []).append(name)
            form[name] = each.form
    headed = Counter(map(without_tags, texts))
    back = {label: name for name, label in _OWN.items()}
    names: list[str] = []
    used: Counter[str] = Counter()
    for text in map(without_tags, texts):
        if text in known:
            if headed[text] != len(known[text]):
                raise InputError(
                    "Which of several fields with this label is this?",
                    file=grid.file,
                    column=text,
                    possible=known[text],
                    fix="export the records again as raw data, under names of variables",
                )
            names.append(known[text][used[text]])
            used[text] += 1
        else:
            names.append(back.get(text, text))
    for place, text in enumerate(texts):  # these belong to the form of the field beside them
        if text == _COMPLETE_LABEL:
            names[place] = _beside(names[:place][::-1], form) + _COMPLETE
        elif text == _TIMESTAMP_LABEL:
            names[place] = _beside(names[place + 1 :], form) + _TIMESTAMP
    return names


def _beside(names: Iterable[str], form: Mapping[str, str]) -> str:
    return next((form[name] for name in names if name in form), "")


def _refuse_strangers(raw: RawTable, fields: Mapping[str, Field]) -> None:
    """Refuse records with columns that the dictionary knows nothing of."""
    forms = {each.form for each in fields.values()}
    known = {name for each in fields.values() for name in each.columns} | set(_OWN)
    known |= {form + end for form in forms for end in (_COMPLETE, _TIMESTAMP)}
    strange = [name for name in raw.frame if name not in known and not _is_box(name, fields)]
    if strange:
        raise InputError(
            "The records and the dictionary do not belong together.",
            file=raw.file,
            column=strange[0] if has_header(raw, known) else None,  # it may be somebody's record
            found=f"{counted(len(strange), 'column')} that the dictionary does not list",
            fix="download both from the same project at the same time",
        )


def _described(raw: RawTable, fields: Mapping[str, Field]) -> RawTable:
    """The table with what the dictionary says of its columns."""
    questions, labels, identifying, odd = {}, {}, {}, []
    for each in fields.values():
        for name, option in each.columns.items():
            if name not in raw.frame:
                continue
            questions[name] = f"{each.label} [{option}]" if option else each.label
            if each.holds:
                identifying[name] = each.holds
            if each.choices and not option:
                labels[name] = dict(each.choices)
                known = {*each.choices, *each.choices.values(), ""}
                if not set(map(plain_text, raw.frame[name].unique())) <= known:
                    odd.append(name)
    labels |= {name: _STATUS for name in raw.frame if name not in questions and _is_state(name)}
    odd += [name for name in raw.frame if name not in questions and _is_box(name, fields)]
    notes = raw.notes
    if odd:
        notes += (f"codes that are no choice in {', '.join(odd)}: if they mean missing data, "
                  "missing.codes in survey.toml",)  # fmt: skip
    return replace(raw, questions=questions, labels=labels, identifying=identifying, notes=notes)


def _is_box(name: str, fields: Mapping[str, Field]) -> bool:
    """Whether this is a column of a checkbox field, be it of a choice or of another code."""
    base, mark, _ = name.partition("___")
    return bool(mark) and base in fields and fields[base].kind == "checkbox"


def _is_state(name: str) -> bool:
    return name.endswith(_COMPLETE) or name.startswith(_COMPLETE_LABEL)


def _without_repeats(raw: RawTable) -> RawTable:
    """The main records only; rows of repeated instruments or events are counted."""
    repeats = pd.Series(data=False, index=raw.frame.index)
    for own in ("redcap_repeat_instrument", "redcap_repeat_instance"):
        name = _own(raw, own)
        if name:
            repeats |= raw.frame[name].str.strip() != ""
    if not repeats.any():
        return raw
    if repeats.all():
        raise InputError(
            "There are only rows of repeated instruments or events here.",
            file=raw.file,
            fix="export the instruments that each person answers once; a survey that was repeated "
            "is exported repetition by repetition, one file a wave",
        )
    left_out = {"rows of repeated instruments or events left out": int(repeats.sum())}
    return replace(raw, frame=raw.frame.loc[~repeats], left_out={**raw.left_out, **left_out})


def _states(raw: RawTable) -> list[str]:
    """For each form that not everybody has completed, how many have not."""
    done = {"2", _STATUS["2"]}
    notes = []
    for name in raw.frame:
        cells = raw.frame[name].str.strip()
        is_field = name in raw.questions and name.endswith(_COMPLETE)
        if (
            is_field
            or not _is_state(name)
            or not cells.isin([*_STATUS, *_STATUS.values(), ""]).all()
        ):
            continue
        count = int((~cells.isin(done)).sum())
        if count:
            notes.append(f"'{name}': {counted(count, 'record')} not complete, kept")
    return notes


def _several_events(raw: RawTable) -> list[str]:
    name = _own(raw, "redcap_event_name")
    count = raw.frame[name].nunique() if name else 0
    if count < 2:
        return []
    return [f'{count} events: if they are waves, columns.wave = "{name}"']
