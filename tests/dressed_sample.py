"""The sample's last wave as other tools would export it: for tests of what `init` recognises.

Units are written beside the answers, as in a survey without a list of people; one team
of each function only, so that a test is quick. Only English records where answers become texts.
"""

from __future__ import annotations

import csv
from functools import cache
from pathlib import Path

from cultureplus.instrument import load_instruments

SAMPLE = Path(__file__).resolve().parent.parent / "data" / "sample"
LENSES = ("function", "location", "level", "team")
INSTRUMENTS = load_instruments()
_OWNER = {item.id: each for each in INSTRUMENTS.values() for item in each.items} | {
    f"{each.id}_{option.id}": each for each in INSTRUMENTS.values() for option in each.options
}


def instrument_of(code):
    """The instrument that a column of the sample belongs to, or None."""
    return INSTRUMENTS["seam_rating"] if code.startswith("seam_rating_") else _OWNER.get(code)


@cache
def records():
    """Codes of the answers' columns, their questions, and records: key, language, units, cells."""
    with (SAMPLE / "people.csv").open(encoding="utf-8") as stream:
        people = {
            row["respondent"]: [row[lens] for lens in LENSES]
            for row in csv.DictReader(stream)
            if row["wave"] == "2026Q3"
        }
    with (SAMPLE / "exports" / "2026Q3.csv").open(encoding="utf-8") as stream:
        names, asked, _, *rows = csv.reader(stream)
    codes = [name for name in names if instrument_of(name)]
    places = [names.index(code) for code in codes]
    key, tongue = names.index("ExternalReference"), names.index("UserLanguage")
    teams = {units[0]: units[3] for units in people.values()}.values()
    found = [
        (row[key], row[tongue], people[row[key]], [row[place] for place in places])
        for row in rows
        if people[row[key]][3] in teams
    ]
    return codes, [asked[place] for place in places], found


def in_words(code, cell):
    """An answer as its label; codes for what was passed over become blank."""
    own = instrument_of(code)
    if cell in ("", "-99"):
        return ""
    if own.kind == "select_all" or not cell.isdecimal():
        return cell
    return own.answer_labels[int(cell) - 1]


def in_brackets(code, asked):
    """A question as a form prints it: the row of a grid in brackets."""
    if code.startswith("seam_rating_"):
        unit = asked.removeprefix("How well does the work between your function and ")
        return f"How well does the work between your function and ... go? [{unit[:-4]}]"
    front, _, rest = asked.partition("\n")
    if instrument_of(code).kind == "select_all":
        front, _, rest = asked.partition(" - ")
    return f"{front if rest else 'How far do you agree?'} [{rest or front}]"


def cut_off(code, asked, letters):
    """An item's text cut off after so many letters."""
    text = asked.partition("\n")[2] or asked
    whole = instrument_of(code).kind != "rating" or len(text) <= letters
    return in_brackets(code, asked) if whole else f"{text[:letters]}..."


def write(path, header, rows, *, mark=","):
    """A csv file."""
    with path.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream, delimiter=mark)
        writer.writerow(header)
        writer.writerows(rows)
    return path
