"""The raw files of a simulated survey, as they would lie in a folder before anybody read them.

The exports look like those of a survey tool: three header rows, columns about the recording, codes
for questions that were seen and left out, answers to one instrument as texts in the language of
the respondent. The file of people has one unit spelt in several ways, as such files do. Every file
is UTF-8 with plain line ends, so that the same simulation gives the same bytes on each system.
"""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pandas as pd

from cultureplus import columns
from cultureplus.instrument import Instrument
from cultureplus.simulate.draws import Draws
from cultureplus.simulate.responses import question_columns
from cultureplus.simulate.roster import TENURE, UNITS
from cultureplus.toml_writer import toml_text

KINDS = ("qualtrics", "plain")
MISSING_CODE = -99
SALT = "no secret: these people are made up"
DURATION = "Duration (in seconds)"
_TEXT_INSTRUMENT = "collaboration_energy"  # exported as answer texts
_LABELS = {
    "EN": (
        "Strongly disagree", "Disagree", "Neither agree nor disagree", "Agree", "Strongly agree",
    ),
    "DE": (
        "Stimme gar nicht zu", "Stimme eher nicht zu", "Teils, teils", "Stimme eher zu",
        "Stimme voll zu",
    ),
}  # fmt: skip
# Column of the export: its question text and its import id.
_METADATA = {
    "StartDate": ("Start Date", "startDate"),
    "EndDate": ("End Date", "endDate"),
    "Status": ("Response Type", "status"),
    "IPAddress": ("IP Address", "ipAddress"),
    "Progress": ("Progress", "progress"),
    DURATION: (DURATION, "duration"),
    "Finished": ("Finished", "finished"),
    "RecordedDate": ("Recorded Date", "recordedDate"),
    "ResponseId": ("Response ID", "_recordId"),
    "RecipientLastName": ("Recipient Last Name", "recipientLastName"),
    "RecipientFirstName": ("Recipient First Name", "recipientFirstName"),
    "RecipientEmail": ("Recipient Email", "recipientEmail"),
    "ExternalReference": ("External Data Reference", "externalDataReference"),
    "LocationLatitude": ("Location Latitude", "locationLatitude"),
    "LocationLongitude": ("Location Longitude", "locationLongitude"),
    "DistributionChannel": ("Distribution Channel", "distributionChannel"),
    "UserLanguage": ("User Language", "userLanguage"),
}
_COMMENT = "comment"
_COMMENT_TEXT = "What else would you like to say about working together here?"
_ALPHABET = "ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz23456789"
# The three spellings of one unit: a second space, other capitals, a space that does not break.
_SPELT = "Customer Care"
_SPELLINGS = ("Customer  Care", "customer care", "Customer\u00a0Care")
_SPELL_EVERY = 61

Rows = Iterable[Sequence[object]]


def write_survey(
    folder: Path,
    *,
    kind: str,
    seed: int,
    waves: Sequence[str],
    people: pd.DataFrame,
    answers: pd.DataFrame,
    seen: Sequence[int],
    ties: pd.DataFrame,
    instruments: Mapping[str, Instrument],
    truth: Mapping[str, Any],
    people_file: bool,
    note: str,
) -> Path:
    """Write exports, people, ties, survey.toml, truth.toml and README.md; gives back the folder."""
    asked = question_columns(instruments, truth["organisation"]["function_names"])
    (folder / "exports").mkdir(parents=True, exist_ok=True)
    units = pd.DataFrame()
    if not people_file:
        keys = [columns.WAVE, columns.RESPONDENT]
        units = answers[keys].merge(people, on=keys, how="left")[[*UNITS, TENURE]]
    for place, wave in enumerate(waves):
        chosen = [row for row, each in enumerate(answers[columns.WAVE]) if each == wave]
        part = answers.iloc[chosen].reset_index(drop=True)
        extra = units.iloc[chosen].reset_index(drop=True) if not people_file else units
        reached = [seen[row] for row in chosen]
        target = folder / "exports" / f"{wave}.csv"
        if kind == "qualtrics":
            _write(target, *_qualtrics(seed, wave, place, part, reached, asked, instruments, extra))
        else:
            _write(target, [], _plain(part, asked, extra))
    if people_file:
        _write(folder / "people.csv", [], _people_rows(people))
    if len(ties):
        _write(folder / "ties.csv", [], [list(ties.columns), *ties.itertuples(index=False)])
    settings = _settings(kind, waves, instruments, ties=len(ties) > 0, people_file=people_file)
    _text(folder / "survey.toml", toml_text(settings))
    _text(folder / "truth.toml", toml_text(truth))
    readme = _readme(seed, truth, note, ties=len(ties) > 0, people_file=people_file)
    _text(folder / "README.md", readme)
    return folder


def _qualtrics(
    seed: int,
    wave: str,
    place: int,
    answers: pd.DataFrame,
    seen: Sequence[int],
    asked: Mapping[str, tuple[str, str]],
    instruments: Mapping[str, Instrument],
    units: pd.DataFrame,
) -> tuple[list[list[object]], list[list[object]]]:
    """The three header rows, and the rows of answers by the time they were recorded."""
    unit_names = list(units.columns)
    header: list[list[object]] = [
        [*_METADATA, *asked, _COMMENT, *unit_names],
        [
            *(text for text, _ in _METADATA.values()),
            *_question_texts(asked, instruments),
            _COMMENT_TEXT,
            *unit_names,
        ],
        [
            json.dumps({"ImportId": each} | ({"timeZone": "Z"} if "Date" in each else {}))
            for each in (
                *(name for _, name in _METADATA.values()),
                *(f"QID{number}" for number in range(1, len(asked) + 2)),
                *unit_names,
            )
        ],
    ]
    draws = Draws(seed, f"recording {wave}")
    start = _first_day(wave, place)
    rows: list[tuple[str, str, list[object]]] = []
    texts = units.astype("object").values.tolist() if unit_names else [[]] * len(answers)
    records = answers.to_dict("records")
    for row, answer in enumerate(records):
        language = str(answer[columns.LANGUAGE])
        metadata = _recording(draws, start, answer, seen[row], len(asked))
        cells = [
            _cell(answer[name], instruments[instrument], language, seen=place_of < seen[row])
            for place_of, (name, (instrument, _)) in enumerate(asked.items())
        ]
        line = [*metadata.values(), *cells, answer[_COMMENT], *texts[row]]
        rows.append((str(metadata["RecordedDate"]), str(answer[columns.RESPONDENT]), line))
    return header, [line for _, _, line in sorted(rows, key=lambda each: each[:2])]


def _recording(
    draws: Draws, start: datetime, answer: Mapping[Any, Any], seen: int, n_columns: int
) -> dict[str, object]:
    """What a survey tool notes about a recording; nothing in it points to anybody."""
    day, hour, second, address, channel = draws.uniform(5).tolist()
    # Most answer in the first days, in working hours.
    begun = start + timedelta(
        days=int(14 * day * day), hours=7 + int(11 * hour), seconds=int(3600 * second)
    )
    ended = begun + timedelta(seconds=int(answer[columns.SECONDS]))
    recorded = ended + timedelta(seconds=1)
    letters = draws.whole(0, len(_ALPHABET) - 1, 15).tolist()
    # Addresses are left out, or come from a block that is set aside for documentation.
    host = f"192.0.2.{1 + int(254 * address)}" if address < 0.1 else ""
    found: dict[str, object] = dict.fromkeys(_METADATA, "")
    found.update(
        StartDate=f"{begun:%Y-%m-%d %H:%M:%S}",
        EndDate=f"{ended:%Y-%m-%d %H:%M:%S}",
        Status=0,
        IPAddress=host,
        Progress=100 if seen == n_columns else 100 * seen // n_columns,
        Finished=int(seen == n_columns),
        RecordedDate=f"{recorded:%Y-%m-%d %H:%M:%S}",
        ResponseId="R_" + "".join(_ALPHABET[letter] for letter in letters),
        ExternalReference=answer[columns.RESPONDENT],
        DistributionChannel="email" if channel < 0.9 else "anonymous",
        UserLanguage=answer[columns.LANGUAGE],
    )
    found[DURATION] = int(answer[columns.SECONDS])
    return found


def _cell(value: float, instrument: Instrument, language: str, *, seen: bool) -> object:
    if instrument.kind == "select_all":
        return 1 if value == 1 else ""
    if value != value:  # NaN: nothing was ticked
        # A function that one does not work with is never asked about: blank, not left out.
        return MISSING_CODE if seen and instrument.kind == "rating" else ""
    if instrument.id == _TEXT_INSTRUMENT:
        return _LABELS[language][int(value) - instrument.low]
    return int(value)


def _plain(
    answers: pd.DataFrame, asked: Mapping[str, tuple[str, str]], units: pd.DataFrame
) -> list[list[object]]:
    names = [columns.RESPONDENT, columns.SECONDS, columns.LANGUAGE]
    rows: list[list[object]] = [[*names, *asked, _COMMENT, *units.columns]]
    texts = units.astype("object").values.tolist() if len(units.columns) else [[]] * len(answers)
    for row, answer in enumerate(answers.to_dict("records")):
        cells = ["" if answer[name] != answer[name] else int(answer[name]) for name in asked]
        rows.append([*(answer[name] for name in names), *cells, answer[_COMMENT], *texts[row]])
    return rows


def _people_rows(people: pd.DataFrame) -> list[list[object]]:
    """The file of people, with one unit spelt now this way, now that."""
    rows: list[list[object]] = [list(people.columns)]
    place = list(people.columns).index("function")
    met = 0
    for record in people.astype("object").values.tolist():
        if record[place] == _SPELT:
            met += 1
            if met % _SPELL_EVERY == 0:
                record[place] = _SPELLINGS[met // _SPELL_EVERY % len(_SPELLINGS)]
        rows.append(record)
    return rows


def _question_texts(
    asked: Mapping[str, tuple[str, str]], instruments: Mapping[str, Instrument]
) -> list[str]:
    """Each column's question; the first statement of a page has its instruction above it."""
    texts, begun = [], set()
    for name, part in asked.values():
        instrument = instruments[name]
        if instrument.kind == "rating":
            text = next(item.text for item in instrument.items if item.id == part)
            first = "How far do you agree?\n" if name not in begun else ""
            texts.append(first + text)
        elif instrument.kind == "select_all":
            option = next(each.text for each in instrument.options if each.id == part)
            texts.append(f"{instrument.about} - {option}")
        else:
            texts.append(instrument.items[0].text.replace("{unit}", part))
        begun.add(name)
    return texts


def _first_day(wave: str, place: int) -> datetime:
    """The first Monday of a quarter's second month; other waves follow one another by quarters."""
    quarter = re.fullmatch(r"(\d{4})Q([1-4])", wave)
    year, nth = 2026 + place // 4, place % 4 + 1
    if quarter:
        year, nth = int(quarter[1]), int(quarter[2])
    first = datetime(year, 3 * nth - 1, 1)
    return first + timedelta(days=(7 - first.weekday()) % 7)


def _settings(
    kind: str,
    waves: Sequence[str],
    instruments: Mapping[str, Instrument],
    *,
    ties: bool,
    people_file: bool,
) -> dict[str, Any]:
    """The tables of survey.toml."""
    qualtrics = kind == "qualtrics"
    found: dict[str, Any] = {
        "title": "A made-up organisation",
        "kind": kind,
        "instrument_files": [],
        "salt": SALT,
        "waves": {wave: f"exports/{wave}.csv" for wave in waves},
        "columns": {
            "respondent": "ExternalReference" if qualtrics else columns.RESPONDENT,
            "seconds": DURATION if qualtrics else columns.SECONDS,
            "language": "UserLanguage" if qualtrics else columns.LANGUAGE,
            "comment": _COMMENT,
        },
        "units": {unit: unit for unit in UNITS},
    }
    if people_file:
        found["people"] = {
            "file": "people.csv", "respondent": columns.RESPONDENT, "wave": columns.WAVE,
        }  # fmt: skip
    if ties:
        found["ties"] = {
            "file": "ties.csv", "wave": columns.WAVE, "from": columns.FROM, "to": columns.TO,
        }  # fmt: skip
    found["adjust"] = {"columns": [TENURE]}
    if qualtrics:
        found["missing"] = {"codes": [MISSING_CODE]}
    texts = qualtrics and _TEXT_INSTRUMENT in instruments
    if texts:
        found["labels"] = {
            "agree5": {
                language.lower(): {label: number for number, label in enumerate(labels, start=1)}
                for language, labels in _LABELS.items()
            }
        }
    found["instruments"] = {
        name: {"labels": "agree5"} if texts and name == _TEXT_INSTRUMENT
        else {"lens": "function"} if instrument.kind == "matrix"
        else {}
        for name, instrument in instruments.items()
    }  # fmt: skip
    return found


def _readme(
    seed: int, truth: Mapping[str, Any], note: str, *, ties: bool, people_file: bool
) -> str:
    house = truth["organisation"]
    files = ["- `survey.toml`: which column of the exports is what", "- `exports/`: one per wave"]
    files += ["- `people.csv`: everybody invited, per wave"] if people_file else []
    files += ["- `ties.csv`: who named whom as someone they work with"] if ties else []
    files += ["- `truth.toml`: what is true in this organisation, in numbers"]
    return f"""# A made-up organisation

These data are synthetic. No person stands behind any row: people, teams, answers and comments were
drawn by `cultureplus.simulate.organisation` with seed {seed}. Any likeness to a real organisation
is chance.

{house["people"]} people in {house["teams"]} teams, {house["functions"]} functions and \
{house["locations"]} locations were asked {len(house["waves"])} times \
({", ".join(house["waves"])}); {truth["response"]["rate"]:.0%} answered.

{chr(10).join(files)}

Untidy on purpose, as real exports are: questions seen and left out, people who stop half-way or
tick without reading, and one unit spelt in several ways.

The same seed gives the same bytes.{" " + note if note else ""}
"""


def _write(target: Path, quoted: Rows, rows: Rows) -> None:
    """A csv file; `quoted` rows come first, the second and later of them wholly in quotes."""
    with target.open("w", encoding="utf-8", newline="") as stream:
        plain = csv.writer(stream, lineterminator="\n")
        every = csv.writer(stream, lineterminator="\n", quoting=csv.QUOTE_ALL)
        for place, row in enumerate(quoted):
            (every if place else plain).writerow(row)
        plain.writerows(rows)


def _text(target: Path, text: str) -> None:
    target.write_text(text, encoding="utf-8", newline="\n")
