"""Shuffling: nothing that is published hangs on who of a group gave which answers.

Everybody of one finest group (the same units in every lens, wave by wave) is exchangeable: what is
published about a unit may depend on the answers that its people gave and not on which of them gave
which. So the answers of each group are dealt out anew among its people, the records of every file
are put into another order, and all ten notebooks are computed once more. Not one byte may differ:
neither in the outputs of a cell, nor in the page, the workbook, the csv files or the key numbers.

What moves with a set of answers: time taken, language, comment and the adjusting column (tenure).
What stays with the person: the units, whether there is an answer in each wave, and the ties, for a
tie names people. Linked waves move together, for a person's change is a change of that person.
Left out are the manifest, which holds hashes of the files that were read, and the ledger, which
knows by its hashes who stood in which cell; both are of the input, not of what was found in it.
"""

from __future__ import annotations

import ast
import csv
import json
from collections import defaultdict

import nbformat
import nbformat.v4 as nb
import numpy as np
import pandas as pd
import pytest

import cultureplus as cp
from cultureplus.charts.labels import numbers
from cultureplus.published import Published
from cultureplus.quarter import open_quarter
from cultureplus.released import key_numbers, unique_tables, write_tables
from cultureplus.report import CHART_MIME, Chapter, published_tables, write_report
from cultureplus.run import notebooks_folder
from cultureplus.simulate import organisation

WAVES = ("2026Q2", "2026Q3")
# What the notebooks need to fill each of their tables, and no more: each scale takes seconds.
ASKED = (
    "psychological_safety", "collaboration_skill", "silo_barriers", "barriers_named", "seam_rating",
)  # fmt: skip
LENSES = ("function", "location", "team")
MOVES = ("tenure_years",)  # of the file of people; the whole record of an export moves
FEWEST_MOVED = 0.6  # of the respondents have other answers afterwards, or the test says little


# --- the files ------------------------------------------------------------------------------


def read(path):
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def write(path, records, draw):
    """The records in an order of their own."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(records[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(records[place] for place in draw.permutation(len(records)))


def dealt(people, answered, draw):
    """Per person whose answers they have now: somebody's of the same finest group.

    `people`: the records of the file of people; `answered`: per wave who answered.
    """
    where = defaultdict(list)
    for record in people:
        units = tuple(record[lens] for lens in LENSES)
        where[record["respondent"]].append((record["wave"], *units))
    groups = defaultdict(list)
    for person, places in sorted(where.items()):
        seen = tuple(person in answered[wave] for wave in WAVES)
        groups[(*sorted(places), seen)].append(person)
    found = {}
    for group in groups.values():
        found |= dict(
            zip(group, (group[place] for place in draw.permutation(len(group))), strict=True)
        )
    return found


def shuffled(source, target, *, seed, swap=dealt):
    """The same survey with its answers dealt out anew and its records in another order."""
    draw = np.random.default_rng(seed)
    (target / "exports").mkdir(parents=True)
    (target / "survey.toml").write_bytes((source / "survey.toml").read_bytes())
    exports = {wave: read(source / "exports" / f"{wave}.csv") for wave in WAVES}
    people = read(source / "people.csv")
    answered = {wave: {record["respondent"] for record in exports[wave]} for wave in WAVES}
    giver = swap(people, answered, draw)
    taker = {old: new for new, old in giver.items()}
    for wave, records in exports.items():
        moved = [{**record, "respondent": taker[record["respondent"]]} for record in records]
        write(target / "exports" / f"{wave}.csv", moved, draw)
    known = {(record["wave"], record["respondent"]): record for record in people}
    for record in people:
        theirs = known[record["wave"], giver[record["respondent"]]]
        record["moved"] = {name: theirs[name] for name in MOVES}
    write(target / "people.csv", [{**each, **each.pop("moved")} for each in people], draw)
    write(target / "ties.csv", read(source / "ties.csv"), draw)
    return giver


# --- what is published ----------------------------------------------------------------------


def value_of(source, names):
    """What a cell shows: the value of its last line, where that is an expression."""
    tree = ast.parse(source)
    last = tree.body.pop() if tree.body and isinstance(tree.body[-1], ast.Expr) else None
    exec(compile(tree, "cell", "exec"), names)
    return (
        None if last is None else eval(compile(ast.Expression(last.value), "cell", "eval"), names)
    )


def outputs_of(value):
    if isinstance(value, Published):
        return [nb.new_output("display_data", data=value._repr_mimebundle_())]
    if hasattr(value, "to_plotly_json"):
        return [nb.new_output("display_data", data={CHART_MIME: json.loads(value.to_json())})]
    return []


class Once:
    """The package as a notebook sees it, each call with the same tables made once only.

    Several notebooks make the same table from the same survey, and do so in seconds.
    """

    def __init__(self, quarter):
        self.quarter, self.known, self.kept = quarter, {}, []

    def open_quarter(self, *_, **__):
        return self.quarter

    def __getattr__(self, name):
        found = getattr(cp, name)
        if not callable(found):
            return found

        def call(*given, **options):
            key = (name, *map(id, given), repr(options))
            self.kept.append(given)  # or another table might get the same id
            if key not in self.known:
                self.known[key] = found(*given, **options)
            return self.known[key]

        return call


def executed(survey):
    """Every notebook on a survey, by name; but the one of models over everybody, for their time."""
    once = Once(open_quarter(survey))
    found = []
    for path in sorted(notebooks_folder().glob("*.ipynb")):
        if path.stem.startswith("02"):
            continue
        notebook = nbformat.read(path, as_version=4)
        names = {"cp": once}
        for cell in notebook.cells:
            if cell.cell_type == "code" and cell.source != "import cultureplus as cp":
                cell.outputs = outputs_of(value_of(cell.source, names))
        found.append(Chapter(path.stem, notebook))
    return found


def published(survey, out):
    """Every published file of these notebooks, by name."""
    chapters = executed(survey)
    tables = unique_tables(
        [table for chapter in chapters for table in published_tables(chapter.notebook)]
    )
    write_tables(out / "tables", tables)
    (out / "key_numbers.json").write_text(key_numbers(tables, {}), encoding="utf-8")
    for chapter in chapters:
        nbformat.write(chapter.notebook, out / f"{chapter.name}.ipynb")
    page = write_report(chapters, title="Shuffled", subtitle="Wave")
    (out / "report.html").write_text(page, encoding="utf-8")
    return {
        path.relative_to(out).as_posix(): path.read_bytes()
        for path in sorted(out.rglob("*"))
        if path.is_file()
    }


@pytest.fixture(scope="module")
def survey(tmp_path_factory):
    """Two waves of a small organisation with few, large finest groups."""
    folder = tmp_path_factory.mktemp("shuffled") / "survey"
    made = organisation(
        seed=11, people=150, waves=WAVES, teams=15, functions=3, locations=2,
        team_sizes=(7, 14), response_rate=0.9, turnover=0.02, comments=0.3, instruments=ASKED,
    )  # fmt: skip
    made.write(folder, kind="plain")
    text = (folder / "survey.toml").read_text(encoding="utf-8")
    asked = "[instruments.collaboration_skill]\n"
    for old, new in (
        ('level = "level"\n', ""),  # a fourth lens would leave groups of one
        (asked, f'{asked}form = "pulse"\n'),  # seven items, or it takes a minute
    ):
        assert text.count(old) == 1
        text = text.replace(old, new)
    (folder / "survey.toml").write_text(text, encoding="utf-8")
    return folder


@pytest.mark.slow
def test_no_published_byte_hangs_on_who_of_a_group_answered_what(survey, tmp_path):
    giver = shuffled(survey, tmp_path / "survey", seed=20261123)
    respondents = {r["respondent"] for wave in WAVES for r in read(survey / f"exports/{wave}.csv")}
    moved = sum(giver[person] != person for person in respondents)
    assert moved >= FEWEST_MOVED * len(respondents)
    before = published(survey, tmp_path / "before")
    after = published(tmp_path / "survey", tmp_path / "after")
    assert len(before) >= 30
    assert [name for name in before | after if before.get(name) != after.get(name)] == []


def anywhere(people, answered, draw):
    """Answers dealt out among all who answered in every wave, whatever their units."""
    everybody = sorted(set.intersection(*answered.values()))
    dealt_out = [everybody[place] for place in draw.permutation(len(everybody))]
    alone = {record["respondent"]: record["respondent"] for record in people}
    return alone | dict(zip(everybody, dealt_out, strict=True))


def test_answers_that_left_their_group_would_be_noticed(survey, tmp_path):
    shuffled(survey, tmp_path / "survey", seed=20261123, swap=anywhere)
    told = [
        quarter.plan.apply(cp.unit_scores(quarter.scores, by=["team"])).to_csv()
        for quarter in map(open_quarter, (survey, tmp_path / "survey"))
    ]
    assert told[0] != told[1]


def test_half_of_a_last_digit_goes_the_same_way_in_any_order_of_summing():
    """A change of three points among 120 people is -0.025, or a hair beside it."""
    for half in (0.0125, -0.0025, 2.5e-3, 3.1415):
        hairs = [np.nextafter(half, -9), half, np.nextafter(half, 9)]
        table = cp.publish(pd.DataFrame({"change": hairs}), "t").table
        assert table["change"].nunique() == 1
        assert len(set(numbers(hairs))) == 1
