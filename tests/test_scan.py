"""The scanner: every planted leak is found, and nothing is found where nothing was planted.

The survey of these tests is made so that whatever came from a person can be known again: odd
identifiers, comments that nobody else wrote, tenures with six decimals. Each case writes one file
twice, once with something of a respondent in it and once with the same of somebody made up.
"""

from __future__ import annotations

import base64
import bz2
import csv
import gzip
import io
import json
import lzma
import pickle
import shutil
import struct
import tarfile
import zipfile
import zlib
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from urllib.parse import quote

import nbformat
import nbformat.v4 as nb
import numpy as np
import openpyxl
import pandas as pd
import plotly.graph_objects as go
import pytest

from cultureplus.disclosure import scan as scanning
from cultureplus.disclosure.artefacts import BOMB, PICKLE
from cultureplus.disclosure.contents import ROW_CHART, UNOPENED
from cultureplus.disclosure.fingerprints import words_of
from cultureplus.disclosure.scan import COLUMN, COMMENT, EXACT, IDENTIFIER, ROW, scan
from cultureplus.disclosure.sheets import PIVOT
from cultureplus.errors import InputError
from cultureplus.identity import identities_of
from cultureplus.intake import read_survey
from cultureplus.notebooks_run import read_notebook
from cultureplus.released import unique_tables, write_tables
from cultureplus.report import Chapter, published_tables, write_report
from cultureplus.run import run_quarter
from cultureplus.scoring import keyed, score
from cultureplus.settings import read_settings
from tests.small_surveys import ROOT, SALT, hashed_key
from tests.test_run import two_notebooks

ITEMS = {"skill": 12, "trust": 7, "vision": 9}
UNITS = ("Mill", "Yard", "Office", "Lab", "Shop", "Dock")
PEOPLE = 72
NOUNS = ("kettle", "lantern", "ferry", "orchard", "violin", "glacier", "harbour", "compass")
VERBS = ("forgets", "repairs", "follows", "borrows", "paints", "counts", "answers", "ignores")
PLACES = ("attic", "cellar", "meadow", "station", "tunnel", "bakery", "museum", "canteen")


def questionnaire(name, count):
    items = "".join(
        f'[[items]]\nid = "{name}_{item}"\ntext = "Statement {item} on {name}."\n'
        for item in range(1, count + 1)
    )
    return (
        f'id = "{name}"\ntitle = "{name.title()}"\nsource = "Made here"\nlicence = "ours"\n'
        f'validity = "None yet"\n[answers]\nlow = 1\nhigh = 7\nfavourable = [6, 7]\n'
        f'[scoring]\nreversed = ["{name}_2"]\n{items}'
    )


def identifier(person):
    return f"kx{(person + 1) * 7919 % 9973:04d}-q"


def remark(person):
    """Sixteen words, in this order written by one person only."""
    draw = np.random.default_rng(900 + person)
    parts = [
        f"the {draw.choice(NOUNS)} {draw.choice(VERBS)} every {draw.choice(PLACES)}"
        for _ in range(3)
    ]
    return f"{parts[0].title()}, and {parts[1]}; then — {parts[2]} number {person}."


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    place = tmp_path_factory.mktemp("canary") / "survey"
    place.mkdir()
    for name, count in ITEMS.items():
        (place / f"{name}.toml").write_text(questionnaire(name, count), encoding="utf-8")
    files = ", ".join(f'"{name}.toml"' for name in ITEMS)
    asked = "\n".join(f"[instruments.{name}]" for name in ITEMS)
    (place / "survey.toml").write_text(
        f'title = "Canaries"\nkind = "plain"\ninstrument_files = [{files}]\n'
        f'salt = "{SALT}"\n[waves]\n2026Q3 = "answers.csv"\n'
        '[columns]\nrespondent = "who"\ncomment = "note"\nseconds = "took"\n'
        '[units]\nfunction = "function"\nlocation = "location"\n'
        f'[adjust]\ncolumns = ["tenure"]\n{asked}\n',
        encoding="utf-8",
    )
    draw = np.random.default_rng(20261122)
    names = [f"{name}_{item}" for name, count in ITEMS.items() for item in range(1, count + 1)]
    with (place / "answers.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["who", "function", "location", "tenure", "took", "note", *names])
        for person in range(PEOPLE):
            leaning = draw.normal(4, 1)
            answers = np.clip(np.rint(draw.normal(leaning, 1.3, len(names))), 1, 7).astype(int)
            cells = [str(each) for each in answers]
            if person % 9 == 4:
                cells[3] = ""
            where = UNITS[person % 6], ("North", "South")[person // 6 % 2]
            note = (
                ("Too loud", "Fine thanks", "Less email")[person // 12 % 3]
                if person % 12 == 11
                else remark(person)
            )
            writer.writerow([
                identifier(person), *where, f"{draw.uniform(0, 30):.6f}", 300 + person, note,
                *cells,
            ])  # fmt: skip
    return place


@pytest.fixture(scope="module")
def survey(folder):
    return read_survey(folder)


@pytest.fixture(scope="module")
def identities(folder):
    return identities_of(read_settings(folder))


@pytest.fixture(scope="module")
def search(survey, identities):
    """The scan of a path against the survey, its fingerprints taken once."""
    known = scanning.fingerprints_of(survey, identities)

    def run(path, **limits):
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(scanning, "fingerprints_of", lambda *_: known)
            return scan(path, survey, **limits)

    return run


@dataclass(frozen=True)
class Leak:
    """What a person, or nobody, gave: one of each kind."""

    id: str
    ids: list[str]
    comment: str
    short: list[str]
    row: list
    turned: list
    table: list[list]
    gap: list
    score: float
    column: list[float]
    unit: list[float]
    tenure: float

    @property
    def fragment(self) -> str:
        return " ".join(self.comment.split()[3:13])


@pytest.fixture(scope="module")
def leaks(survey):
    """True: of respondents. False: the same of people made up, who answered likewise."""
    answers, scores = survey.answers, score(survey)
    trust = survey.instruments["trust"]
    skill = [item.id for item in survey.instruments["skill"].items]
    turned = keyed(answers, trust)
    complete = answers.dropna()
    gap = answers.loc[answers.isna().any(axis=1), skill].iloc[2]
    values = scores["skill"]
    order = np.random.default_rng(5).permutation(len(values))
    office = values[(scores["function"] == "Office").to_numpy()]
    mine = Leak(
        id=identifier(17),
        ids=[identifier(person) for person in (30, 4, 51)],
        comment=remark(17),
        short=["Too loud", "Fine thanks", "Less email"],
        row=complete.iloc[20].astype(int).tolist(),
        turned=pd.concat([keyed(answers, each) for each in survey.instruments.values()], axis=1)
        .loc[complete.index].iloc[20].astype(int).tolist(),
        table=turned.iloc[10:22].astype(int).values.tolist(),
        gap=[None if np.isnan(each) else int(each) for each in gap],
        score=float(values[(values - values.round(3)).abs() > 1e-6].iloc[7]),
        column=values.iloc[order].tolist(),
        unit=office.tolist(),
        tenure=float(survey.people["tenure"].iloc[9]),
    )  # fmt: skip
    draw = np.random.default_rng(77)

    # Away from whole answers, so that no made-up score is by accident somebody's.
    shift = 0.0137 + draw.choice([-1, 0, 1], PEOPLE) / 12

    def other(values):
        return [None if each is None else int(draw.integers(1, 8)) for each in values]

    nobody = Leak(
        id="kx0000-q",
        ids=["kx0000-q", "kx00001-q", "qkx0042"],
        comment="Our meetings start late, and nobody minds; still we begin again on every Monday "
        "with more patience.",
        short=["Too cold", "Thanks all", "More tea"],
        row=other(mine.row),
        turned=other(mine.turned),
        table=[other(row) for row in mine.table],
        gap=other(mine.gap),
        score=mine.score + 2.7e-4,
        column=(np.array(mine.column) + shift).tolist(),
        unit=(np.array(mine.unit) + shift[: len(mine.unit)]).tolist(),
        tenure=mine.tenure + 2e-6,
    )
    return {True: mine, False: nobody}


# --- what is planted, and in what -----------------------------------------------------------

CASES: dict[str, tuple[Callable[[Path, Leak], None], set[str]]] = {}


def case(*kinds):
    def keep(write):
        CASES[write.__name__] = write, set(kinds)
        return write

    return keep


def write(path, content):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content.encode() if isinstance(content, str) else content)


def as_csv(rows, sign=","):
    text = io.StringIO()
    csv.writer(text, delimiter=sign, lineterminator="\n").writerows(
        [["" if cell is None else cell for cell in row] for row in rows]
    )
    return text.getvalue()


def b64(data):
    return base64.b64encode(data.encode() if isinstance(data, str) else data).decode()


def zipped(**members):
    raw = io.BytesIO()
    with zipfile.ZipFile(raw, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name.replace("__", "."), content)
    return raw.getvalue()


PAGE = "<!DOCTYPE html><html><head><title>Report</title></head><body>{}</body></html>"
NAMES = [f"q{place}" for place in range(1, 29)]


@case(IDENTIFIER)
def id_in_prose(folder, leak):
    write(folder / "notes.md", f"# Notes\n\nWe thank {leak.id}, who said it first.\n")


@case(IDENTIFIER)
def id_in_other_case(folder, leak):
    write(folder / "notes.txt", f"see <{leak.id.upper()}>")


@case(IDENTIFIER)
def id_in_a_file_name(folder, leak):
    write(folder / f"profile_{leak.id}.txt", "a profile")


@case(IDENTIFIER)
def id_in_a_csv(folder, leak):
    write(folder / "a.csv", as_csv([["unit", "n"], ["Mill", 12], [leak.id, 1]]))


@case(IDENTIFIER)
def id_as_a_json_name(folder, leak):
    write(folder / "a.json", json.dumps({"units": {leak.id: {"mean": 3.4}}}))


@case(IDENTIFIER)
def id_under_a_json_name_that_stands_twice(folder, leak):
    write(folder / "a.json", f'{{"note": "{leak.id}", "note": "nothing"}}')


@case(IDENTIFIER)
def id_with_escapes_in_json(folder, leak):
    spelled = "".join(f"\\u{ord(sign):04x}" for sign in leak.id)
    write(folder / "a.json", f'["{spelled}"]')


@case(IDENTIFIER)
def id_in_utf_16(folder, leak):
    write(folder / "a.csv", f"unit\tn\n{leak.id}\t1\n".encode("utf-16"))


@case(IDENTIFIER)
def id_in_html_entities(folder, leak):
    spelled = "".join(f"&#{ord(sign)};" for sign in leak.id)
    write(folder / "a.html", PAGE.format(f"<p>By {spelled}</p>"))


@case(IDENTIFIER)
def id_in_an_html_attribute(folder, leak):
    write(folder / "a.html", PAGE.format(f'<p title="from {leak.id}">A point</p>'))


@case(IDENTIFIER)
def id_in_an_html_comment(folder, leak):
    write(folder / "a.html", PAGE.format(f"<p>A point</p><!-- {leak.id} -->"))


@case(IDENTIFIER)
def id_in_a_hover_text(folder, leak):
    figure = go.Figure(go.Scatter(x=[1, 2], y=[3, 4], text=["Mill", leak.id]))
    write(folder / "a.html", figure.to_html(include_plotlyjs=False))


@case(IDENTIFIER)
def id_in_an_address(folder, leak):
    write(folder / "a.html", PAGE.format(f'<a href="x?{quote("who=" + leak.id, safe="")}">x</a>'))


@case(IDENTIFIER)
def ids_in_a_download_link(folder, leak):
    link = "data:text/csv;charset=utf-8," + quote("\n".join(["who", *leak.ids]), safe="")
    write(folder / "a.html", PAGE.format(f'<a download href="{link}">x</a>'))


@case(IDENTIFIER)
def ids_in_a_packed_link(folder, leak):
    link = "data:application/gzip;base64," + b64(gzip.compress("\n".join(leak.ids).encode()))
    write(folder / "a.html", PAGE.format(f'<a href="{link}">x</a>'))


@case(IDENTIFIER)
def id_as_short_base64(folder, leak):
    write(folder / "a.json", json.dumps({"token": b64(leak.id)}))


@case(COMMENT)
def comment_in_text(folder, leak):
    write(folder / "a.txt", f"One said: {leak.comment}")


@case(COMMENT)
def comment_in_capitals_over_lines(folder, leak):
    write(folder / "a.md", "> " + leak.comment.upper().replace(" ", "\n>   "))


@case(COMMENT)
def part_of_a_comment(folder, leak):
    write(folder / "a.json", json.dumps({"quote": f"... {leak.fragment} ..."}))


@case(COMMENT)
def comment_with_marks_in_html(folder, leak):
    first, _, rest = leak.comment.partition(" ")
    write(folder / "a.html", PAGE.format(f"<p><b>{first}</b> {rest}</p>"))


@case(COMMENT)
def comment_in_a_script(folder, leak):
    write(folder / "a.html", PAGE.format(f"<script>var a = {json.dumps(leak.comment)};</script>"))


@case(COMMENT)
def short_comments_in_a_column(folder, leak):
    write(folder / "a.csv", as_csv([["n", "note"], *([1, each] for each in leak.short)]))


@case(ROW)
def answers_in_a_csv(folder, leak):
    write(folder / "a.csv", as_csv([["unit", *NAMES], ["Mill", *leak.row]]))


@case(ROW)
def answers_in_a_csv_with_semicolons(folder, leak):
    write(folder / "a.csv", as_csv([NAMES, [f"{each},0" for each in leak.row]], sign=";"))


@case(ROW)
def answers_in_a_tsv(folder, leak):
    write(folder / "a.tsv", as_csv([leak.row], sign="\t"))


@case(ROW)
def keyed_answers_in_json(folder, leak):
    write(folder / "a.json", json.dumps({"profile": [float(each) for each in leak.turned]}))


@case(ROW)
def answers_by_name_in_json(folder, leak):
    write(folder / "a.json", json.dumps([dict(zip(NAMES, leak.row, strict=True))]))


@case(ROW)
def answers_in_json_lines(folder, leak):
    lines = [json.dumps({"q": place, "answer": each}) for place, each in enumerate(leak.row)]
    write(folder / "a.jsonl", "\n".join(lines))


@case(ROW)
def answers_with_a_gap(folder, leak):
    write(folder / "a.csv", as_csv([NAMES[:12], leak.gap]))


@case(ROW)
def answers_of_several_to_a_short_scale(folder, leak):
    write(folder / "a.csv", as_csv([NAMES[:7], *leak.table]))


@case(ROW)
def answers_in_an_html_table(folder, leak):
    row = "".join(f"<td>{each}</td>" for each in leak.row)
    write(folder / "a.html", PAGE.format(f"<table><tr>{row}</tr></table>"))


@case(ROW)
def answers_in_plain_text(folder, leak):
    write(folder / "a.txt", "a person:\n" + "\n".join(map(str, leak.row)))


@case(ROW)
def answers_in_a_script(folder, leak):
    write(folder / "a.html", PAGE.format(f"<script>const a={leak.row};draw(a)</script>"))


@case(ROW)
def answers_in_a_heat_map(folder, leak):
    figure = go.Figure(go.Heatmap(z=np.array(leak.table, dtype="int8")))
    assert "bdata" in figure.to_json()
    write(folder / "a.json", figure.to_json())


@case(ROW)
def answers_in_a_long_table(folder, leak):
    rows = [["item", "answer"], *zip(NAMES, leak.row, strict=True)]
    write(folder / "a.csv", as_csv(rows))


@case(EXACT)
def score_in_json(folder, leak):
    write(folder / "a.json", json.dumps({"unit": "Mill", "mean": leak.score}))


@case(EXACT)
def score_with_four_decimals(folder, leak):
    write(folder / "a.csv", as_csv([["unit", "mean"], ["Mill", f"{leak.score:.4f}"]]))


@case(EXACT)
def tenure_of_a_person(folder, leak):
    write(folder / "a.csv", as_csv([["unit", "tenure"], ["Mill", f"{leak.tenure:.6f}"]]))


@case(EXACT)
def score_in_a_figure(folder, leak):
    figure = go.Figure(go.Scatter(x=np.array([2.5, leak.score, 3.5]), y=np.array([1.0, 2, 3])))
    write(folder / "a.html", figure.to_html(include_plotlyjs=False))


@case(COLUMN)
def one_entry_per_person_in_json(folder, leak):
    write(folder / "a.json", json.dumps({"values": [round(each, 2) for each in leak.column]}))


@case(COLUMN)
def one_entry_per_person_in_a_csv(folder, leak):
    write(folder / "a.csv", as_csv([["score"], *([round(each, 1)] for each in leak.column)]))


@case(COLUMN)
def one_entry_per_person_shifted_and_stretched(folder, leak):
    values = np.array(leak.column)
    standard = (values - values.mean()) / values.std()
    write(folder / "a.json", json.dumps({"z": standard.tolist()}))


@case(COLUMN)
def one_entry_per_person_of_a_unit(folder, leak):
    figure = go.Figure(go.Scatter(y=[round(each, 2) for each in leak.unit]))
    write(folder / "a.json", figure.to_json())


@case(COLUMN)
def one_entry_per_person_as_bytes(folder, leak):
    figure = go.Figure(go.Scatter(y=np.array(leak.column)))
    assert "bdata" in figure.to_json()
    write(folder / "a.html", figure.to_html(include_plotlyjs=False))


@case(COLUMN)
def one_entry_per_person_in_single_precision(folder, leak):
    data = {"y": {"dtype": "f4", "bdata": b64(np.array(leak.column, "<f4").round(3).tobytes())}}
    write(folder / "a.json", json.dumps(data))


@case(COLUMN)
def one_entry_per_person_as_raw_doubles(folder, leak):
    write(folder / "a.json", json.dumps({"buffer": b64(np.array(leak.column, "<f8").tobytes())}))


@case(COLUMN)
def one_entry_per_person_in_an_array_file(folder, leak):
    raw = io.BytesIO()
    np.save(raw, np.array(leak.column))
    write(folder / "a.npy", raw.getvalue())


@case(COLUMN)
def one_entry_per_person_in_packed_arrays(folder, leak):
    raw = io.BytesIO()
    np.savez_compressed(raw, a=np.array(leak.column))
    write(folder / "a.npz", raw.getvalue())


def notebook(folder, *cells, metadata=None, name="1_a.ipynb"):
    folder.mkdir(parents=True, exist_ok=True)
    nbformat.write(nb.new_notebook(cells=list(cells), metadata=metadata or {}), folder / name)


def output(bundle):
    return nb.new_code_cell("x", outputs=[nb.new_output("display_data", data=bundle)])


@case(IDENTIFIER)
def id_in_a_notebooks_source(folder, leak):
    notebook(folder, nb.new_code_cell(f'survey.people.loc["{leak.id}"]\nlook()\n'))


@case(IDENTIFIER)
def id_in_a_notebooks_metadata(folder, leak):
    notebook(folder, nb.new_markdown_cell("x"), metadata={"papermill": {"who": leak.id}})


@case(IDENTIFIER)
def id_in_a_checkpoint(folder, leak):
    notebook(folder, nb.new_markdown_cell("x"))
    notebook(
        folder / ".ipynb_checkpoints", nb.new_markdown_cell(leak.id), name="1_a-checkpoint.ipynb"
    )


@case(COMMENT)
def comment_in_a_notebooks_stream(folder, leak):
    stream = nb.new_output("stream", text=f"warning: {leak.comment}\nat cell 3\n")
    notebook(folder, nb.new_code_cell("x", outputs=[stream]))


@case(ROW)
def answers_in_a_notebooks_frame(folder, leak):
    frame = pd.DataFrame([leak.row, leak.row[::-1]])
    notebook(folder, output({"text/html": frame.to_html(), "text/plain": "a frame"}))


@case(ROW)
def answers_in_a_notebooks_plain_frame(folder, leak):
    frame = pd.DataFrame([leak.row[:12], leak.row[::-1][:12]])
    notebook(folder, output({"text/plain": repr(frame)}))


@case(ROW)
def answers_in_a_notebooks_figure(folder, leak):
    figure = go.Figure(go.Scatter(y=leak.row)).to_plotly_json()
    notebook(folder, output({"application/vnd.plotly.v1+json": json.loads(json.dumps(figure))}))


@case(IDENTIFIER)
def id_in_an_attachment(folder, leak):
    cell = nb.new_markdown_cell("![x](attachment:a.txt)")
    cell["attachments"] = {"a.txt": {"text/plain": b64(f"by {leak.id}, with thanks")}}
    notebook(folder, cell)


def png(*chunks, behind=b""):
    def chunk(kind, body):
        check = struct.pack(">I", zlib.crc32(kind + body))
        return struct.pack(">I", len(body)) + kind + body + check

    head = chunk(b"IHDR", struct.pack(">IIBBBBB", 1, 1, 8, 0, 0, 0, 0))
    pixels = chunk(b"IDAT", zlib.compress(b"\0\0"))
    extra = b"".join(chunk(kind, body) for kind, body in chunks)
    return b"\x89PNG\r\n\x1a\n" + head + extra + pixels + chunk(b"IEND", b"") + behind


@case(IDENTIFIER)
def id_in_a_pictures_text(folder, leak):
    write(folder / "a.png", png((b"tEXt", b"Comment\0" + leak.id.encode())))


@case(COMMENT)
def comment_in_a_pictures_packed_text(folder, leak):
    body = b"Comment\0\0" + zlib.compress(leak.comment.encode())
    write(folder / "a.png", png((b"zTXt", body)))


@case(IDENTIFIER)
def id_in_a_pictures_international_text(folder, leak):
    write(folder / "a.png", png((b"iTXt", b"Title\0\0\0en\0\0" + leak.id.encode())))


@case(COMMENT)
def comment_in_a_pictures_packed_international_text(folder, leak):
    body = b"Title\0\1\0en\0\0" + zlib.compress(leak.comment.encode())
    write(folder / "a.png", png((b"iTXt", body)))


@case(IDENTIFIER)
def id_in_a_pictures_exif(folder, leak):
    write(folder / "a.png", png((b"eXIf", b"MM\0*\0\0\0\x08\0\x01" + leak.id.encode() + b"\0")))


@case(IDENTIFIER)
def id_behind_a_picture(folder, leak):
    write(folder / "a.png", png(behind=zipped(a__txt=leak.id)))


@case(IDENTIFIER)
def id_in_a_notebooks_picture(folder, leak):
    picture = b64(png((b"tEXt", b"Comment\0" + leak.id.encode())))
    wrapped = "\n".join(picture[at : at + 76] for at in range(0, len(picture), 76)) + "\n"
    notebook(folder, output({"image/png": wrapped}))


def book(folder, change=None, *, rows=(("unit", "n"), ("Mill", 12))):
    folder.mkdir(parents=True, exist_ok=True)
    made = openpyxl.Workbook()
    for row in rows:
        made.active.append(row)
    if change:
        change(made)
    made.save(folder / "a.xlsx")


def with_part(folder, name, content):
    """A workbook with one more part in its archive."""
    book(folder)
    with zipfile.ZipFile(folder / "a.xlsx", "a") as archive:
        archive.writestr(name, content)


@case(IDENTIFIER)
def id_in_a_workbook(folder, leak):
    book(folder, rows=[("unit", "n"), (leak.id, 1)])


@case(ROW)
def answers_on_a_hidden_sheet(folder, leak):
    def change(made):
        sheet = made.create_sheet("x")
        sheet.append(leak.row)
        sheet.sheet_state = "veryHidden"

    book(folder, change)


@case(ROW)
def answers_down_a_sheet(folder, leak):
    book(folder, rows=[("item", "answer"), *zip(NAMES, leak.row, strict=True)])


@case(COMMENT)
def comment_beside_a_workbooks_cell(folder, leak):
    def change(made):
        made.active["A1"].comment = openpyxl.comments.Comment(leak.comment, "x")

    book(folder, change)


@case(IDENTIFIER)
def id_in_a_workbooks_properties(folder, leak):
    book(folder, lambda made: setattr(made.properties, "keywords", f"for {leak.id}"))


@case(IDENTIFIER)
def id_in_a_formula(folder, leak):
    book(folder, rows=[("unit", f'=COUNTIF(A:A,"{leak.id}")')])


@case(IDENTIFIER)
def id_as_a_name_of_a_sheet(folder, leak):
    book(folder, lambda made: made.create_sheet(leak.id))


@case(COMMENT)
def comment_in_a_workbooks_own_xml(folder, leak):
    with_part(folder, "customXml/item1.xml", f"<root><note>{leak.comment}</note></root>")


@case(IDENTIFIER)
def id_in_a_comment_of_a_workbooks_xml(folder, leak):
    with_part(folder, "customXml/item1.xml", f"<root><!-- {leak.id} --><a>b</a></root>")


@case(COLUMN)
def one_entry_per_person_in_a_workbook_with_gaps(folder, leak):
    rows = [(None, "a", round(each, 2)) if at % 3 else (1, None, round(each, 2))
            for at, each in enumerate(leak.column)]  # fmt: skip
    book(folder, rows=rows)


@case(ROW)
def answers_kept_by_a_workbooks_chart(folder, leak):
    points = "".join(f'<pt idx="{at}"><v>{each}</v></pt>' for at, each in enumerate(leak.row))
    with_part(folder, "xl/charts/chart1.xml", f"<c><numCache>{points}</numCache></c>")


@case(EXACT)
def score_in_a_workbook(folder, leak):
    book(folder, rows=[("unit", "mean"), ("Mill", leak.score)])


@case(COLUMN)
def one_entry_per_person_in_a_workbook(folder, leak):
    book(folder, rows=[("mean",), *((round(each, 3),) for each in leak.column)])


@case(IDENTIFIER)
def id_in_gzip(folder, leak):
    write(folder / "a.csv.gz", gzip.compress(as_csv([["who"], [leak.id]]).encode()))


@case(IDENTIFIER)
def id_in_a_second_part_of_gzip(folder, leak):
    write(folder / "a.gz", gzip.compress(b"a,b\n1,2\n") + gzip.compress(leak.id.encode()))


@case(IDENTIFIER)
def id_in_bz2(folder, leak):
    write(folder / "a.bz2", bz2.compress(leak.id.encode()))


@case(IDENTIFIER)
def id_in_xz(folder, leak):
    write(folder / "a.xz", lzma.compress(leak.id.encode()))


@case(ROW)
def answers_in_a_zip_in_a_zip(folder, leak):
    write(folder / "a.zip", zipped(b__zip=zipped(c__csv=as_csv([NAMES, leak.row]))))


@case(IDENTIFIER)
def id_as_a_name_in_a_zip(folder, leak):
    write(folder / "a.zip", zipped(**{f"{leak.id}__txt": "x"}))


@case(IDENTIFIER)
def id_in_a_zip_behind_a_page(folder, leak):
    write(folder / "a.html", PAGE.format("x").encode() + zipped(a__txt=leak.id))


@case(ROW)
def answers_in_base64_in_gzip_in_json(folder, leak):
    inner = b64(gzip.compress(json.dumps({"a": leak.row}).encode()))
    write(folder / "a.json.gz", gzip.compress(json.dumps({"state": inner}).encode()))


@case(COMMENT)
def comment_in_zlib_in_a_page(folder, leak):
    packed = b64(zlib.compress(leak.comment.encode()))
    write(folder / "a.html", PAGE.format(f"<script>load('{packed}')</script>"))


@case(IDENTIFIER)
def id_in_tar(folder, leak):
    raw = io.BytesIO()
    with tarfile.open(fileobj=raw, mode="w:gz") as archive:
        entry = tarfile.TarInfo("a.txt")
        content = f"by {leak.id}\n".encode()
        entry.size = len(content)
        archive.addfile(entry, io.BytesIO(content))
    write(folder / "a.tar.gz", raw.getvalue())


@pytest.mark.parametrize("name", CASES)
def test_a_planted_leak_is_found(search, leaks, tmp_path, name):
    plant, kinds = CASES[name]
    plant(tmp_path / "out", leaks[True])
    found = search(tmp_path / "out")
    assert kinds <= set(found["kind"]), found.to_string()
    said = found.to_string().casefold()
    for secret in (leaks[True].id, *leaks[True].ids, leaks[True].comment, str(leaks[True].score)):
        assert secret.casefold() not in said


@pytest.mark.parametrize("name", CASES)
def test_the_same_of_nobody_is_no_finding(search, leaks, tmp_path, name):
    plant, _ = CASES[name]
    plant(tmp_path / "out", leaks[False])
    found = search(tmp_path / "out")
    assert found.empty, found.to_string()


def test_every_kind_is_planted_in_many_ways():
    assert len(CASES) >= 30
    assert set().union(*(kinds for _, kinds in CASES.values())) == {
        IDENTIFIER, COMMENT, ROW, EXACT, COLUMN,
    }  # fmt: skip


# --- what is a finding whatever it holds ----------------------------------------------------


class Dumped:
    """Something that a careless cell might pickle."""


def figure_of(trace):
    return go.Figure(trace).to_json()


def locked_zip():
    raw = bytearray(zipped(a__txt="x" * 50))
    raw[6] |= 1  # the flag that says: a password is needed
    raw[raw.index(b"PK\x01\x02") + 8] |= 1
    return bytes(raw)


def nested(times):
    content = b"a"
    for _ in range(times):
        content = gzip.compress(content)
    return content


def with_entities(names=12):
    """The laughter that grows with every line."""
    lines = [f'<!ENTITY a{at} "{f"&a{at - 1};" * 10 if at else "ha"}">' for at in range(names)]
    return f"<!DOCTYPE x [{''.join(lines)}]><x>&a{names - 1};</x>"


def workbook_with(name, content):
    raw = io.BytesIO()
    openpyxl.Workbook().save(raw)
    with zipfile.ZipFile(raw, "a") as archive:
        archive.writestr(name, content)
    return raw.getvalue()


RECORDS = "<pivotCacheRecords>" + '<r><n v="4"/><n v="2"/></r>' * 7 + "</pivotCacheRecords>"
SUSPECTS = {
    "pickle": ("a.pkl", pickle.dumps({"a": [1, 2]}), PICKLE),
    "a pickle by another name": ("a.txt", pickle.dumps({"a": [1, 2]}), PICKLE),
    "an old pickle": ("a.pickle", pickle.dumps([1, 2], protocol=0), PICKLE),
    "a pickle in gzip": ("a.bin", gzip.compress(pickle.dumps([1, 2])), PICKLE),
    "a pickle in base64": ("a.json", json.dumps({"m": b64(pickle.dumps([1] * 30))}), PICKLE),
    "a packed model": ("a.joblib", zlib.compress(pickle.dumps([1, 2])), PICKLE),
    "an array of objects": ("a.npz", None, PICKLE),
    "histogram": ("a.json", figure_of(go.Histogram(x=[1, 2])), ROW_CHART),
    "box": ("a.json", figure_of(go.Box(y=[1, 2])), ROW_CHART),
    "violin": ("a.json", figure_of(go.Violin(y=np.array([1.0, 2]))), ROW_CHART),
    "2d histogram": ("a.json", figure_of(go.Histogram2d(x=[1], y=[2])), ROW_CHART),
    "scatter matrix": ("a.json", figure_of(go.Splom(dimensions=[{"values": [1]}])), ROW_CHART),
    "box with summary and sample": (
        "a.json", figure_of(go.Box(q1=[1], median=[2], q3=[3], y=[[1, 2, 3]])), ROW_CHART,
    ),
    "histogram in a page": (
        "a.html", go.Figure(go.Histogram(x=[1, 2])).to_html(include_plotlyjs=False), ROW_CHART,
    ),
    "pivot": ("a.xlsx", workbook_with("xl/pivotCache/pivotCacheRecords1.xml", RECORDS), PIVOT),
    "a bomb of gzip": ("a.gz", gzip.compress(bytes(30_000_000)), BOMB),
    "a bomb of bz2": ("a.bz2", bz2.compress(bytes(30_000_000)), BOMB),
    "a bomb of xz": ("a.xz", lzma.compress(bytes(30_000_000)), BOMB),
    "a bomb of zlib": ("a.z", zlib.compress(bytes(30_000_000)), BOMB),
    "a bomb of zip": ("a.zip", zipped(a__txt=bytes(30_000_000)), BOMB),
    "a bomb in a workbook": ("a.xlsx", workbook_with("xl/a.bin", bytes(30_000_000)), BOMB),
    "a bomb of many small parts": (
        "a.zip", zipped(**{f"{at}__txt": bytes(500_000) for at in range(60)}), BOMB,
    ),
    "a bomb in a picture": (
        "a.png", png((b"zTXt", b"a\0\0" + zlib.compress(bytes(30_000_000)))), BOMB,
    ),
    "packed again and again": ("a.gz", nested(12), BOMB),
    "too large a file": ("a.txt", "a " * 11_000_000, BOMB),
    "entities": ("a.xlsx", workbook_with("xl/a.xml", with_entities()), UNOPENED),
    "half a gzip": ("a.gz", gzip.compress(b"abc" * 500)[:-20], UNOPENED),
    "half a zip": ("a.zip", zipped(a__txt="abc" * 500)[:-20], UNOPENED),
    "half a picture": ("a.png", png((b"tEXt", b"a\0b" * 50))[:80], UNOPENED),
    "half a part": ("a.xlsx", workbook_with("xl/a.xml", "<a><b>"), UNOPENED),
    "locked": ("a.zip", locked_zip(), UNOPENED),
    "brackets without end": ("a.json", "[" * 200_000 + "]" * 200_000, UNOPENED),
    "brackets in a script": ("a.html", f"<p>a</p><script>{'[' * 200_000}1</script>", UNOPENED),
    "a page of nonsense": ("a.html", "<p>a</p><p>b</p><![what[ever]]>", UNOPENED),
    "a database": ("a.db", b"SQLite format 3\0" + bytes(range(256)) * 8, UNOPENED),
    "parquet": ("a.parquet", b"PAR1" + bytes(range(256)) * 8 + b"PAR1", UNOPENED),
    "bytes of no kind": ("a.bin", bytes(range(256)) * 8, UNOPENED),
    "numbers that are none": (
        "a.json", json.dumps({"y": {"dtype": "f8", "bdata": b64(b"12345678901")}}), UNOPENED,
    ),
    "numbers of no kind": (
        "a.json", json.dumps({"y": {"dtype": "O", "bdata": b64(bytes(16))}}), UNOPENED,
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", SUSPECTS)
def test_what_nobody_can_look_into_is_a_finding(search, tmp_path, name):
    file, content, kind = SUSPECTS[name]
    if content is None:
        raw = io.BytesIO()
        np.savez(raw, a=np.array([Dumped], dtype=object))
        content = raw.getvalue()
    write(tmp_path / "out" / file, content)
    found = search(tmp_path / "out", most_bytes=20_000_000)
    assert kind in set(found["kind"]), found.to_string()
    assert set(found["file"]) == {file}


def test_a_damaged_file_is_read_as_far_as_it_goes(search, leaks, tmp_path):
    content = "\n".join([leaks[True].id, *(f"{at * 7919 % 9973}" for at in range(9000))])
    write(tmp_path / "a.gz", gzip.compress(content.encode())[:-4000])
    write(tmp_path / "b.zip", zipped(a__txt=leaks[True].id)[:-30])
    found = search(tmp_path)
    assert set(zip(found["file"], found["kind"], strict=True)) >= {
        ("a.gz", UNOPENED), ("a.gz", IDENTIFIER), ("b.zip", UNOPENED),
    }  # fmt: skip


def test_a_link_to_a_folder_is_a_finding_and_one_to_a_file_is_read(search, leaks, tmp_path):
    (tmp_path / "out").mkdir()
    write(tmp_path / "else" / "a.txt", leaks[True].id)
    (tmp_path / "out" / "folder").symlink_to(tmp_path / "else")
    (tmp_path / "out" / "file.txt").symlink_to(tmp_path / "else" / "a.txt")
    found = search(tmp_path / "out")
    assert list(zip(found["file"], found["kind"], strict=True)) == [
        ("file.txt", IDENTIFIER), ("folder", UNOPENED),
    ]  # fmt: skip


def test_one_bad_file_hides_no_other(search, leaks, tmp_path):
    write(tmp_path / "a.gz", gzip.compress(bytes(30_000_000)))
    write(tmp_path / "b.txt", leaks[True].id)
    found = search(tmp_path, most_bytes=20_000_000)
    assert found["file"].tolist() == ["a.gz", "b.txt"]


# --- what is no finding ---------------------------------------------------------------------


def harmless(survey):
    """Files that look like leaks and are none."""
    people = survey.people.index.get_level_values("respondent")
    complete = survey.answers.dropna().astype(int)
    counts = complete["skill_1"].value_counts().sort_index()
    return {
        "ids in longer words": ("a.txt", f"{people[0]}x9 x{people[1]} {people[2]}0"),
        "words of the questionnaire": ("a.md", "Statement 3 on skill. Statement 4 on trust."),
        "names of units": ("a.csv", as_csv([["unit", "n"], *([unit, 12] for unit in UNITS)])),
        "a short run of answers": ("a.json", json.dumps([complete.iloc[0].tolist()[:5]])),
        "one row of a short scale among many": (
            "a.csv",
            as_csv([
                complete.iloc[3, 12:19].tolist() if at == 50
                else np.random.default_rng(at).integers(1, 8, 7).tolist()
                for at in range(400)
            ]),
        ),
        "counting": ("a.json", json.dumps(list(range(1, 29)))),
        "one answer throughout": ("a.json", json.dumps([4] * 40)),
        "how many gave each answer": ("a.json", json.dumps(counts.tolist())),
        "rounded means": ("a.json", json.dumps({"mean": 3.667, "sd": 1.333, "n": 72})),
        "a box computed before": (
            "a.json", figure_of(go.Box(q1=[1.5], median=[2.5], q3=[3.5], x=["Mill"])),
        ),
        "a template with histograms": (
            "a.json", json.dumps({"template": {"data": {"histogram": [{"type": "histogram"}]}}}),
        ),
        "a figure's own fractions": (
            "a.json", json.dumps({"domain": [0.0, 1 / 3], "width": 2 / 3, "x": 0.14285714}),
        ),
        "seven words of a comment": ("a.txt", " ".join(words_of(remark(3))[2:9])),
        "a short comment as a word of prose": ("a.txt", "It is too loud here, says the sign."),
        "an empty file": ("a.txt", ""),
        "an empty page": ("a.html", PAGE.format("")),
        "a picture": ("a.png", png()),
        "a photograph": ("a.jpg", b"\xff\xd8\xff\xe0" + bytes(range(256)) * 4),
    }  # fmt: skip


def test_what_is_common_is_no_finding(search, survey, tmp_path):
    for name, (file, content) in harmless(survey).items():
        write(tmp_path / name / file, content)
    found = search(tmp_path)
    assert found.empty, found.to_string()


def test_a_comment_that_quotes_the_questionnaire_is_no_finding(survey, tmp_path):
    quoted = "Statement 3 on skill. Statement 4 on skill. Statement 5 on skill."
    first = survey.comments.assign(text=[quoted, *survey.comments["text"].iloc[1:]])
    asked = replace(
        survey.instruments["skill"],
        items=tuple(replace(item, text=quoted) for item in survey.instruments["skill"].items),
    )
    write(tmp_path / "a.md", f"We asked: {quoted}")
    said = replace(survey, comments=first)
    assert scan(tmp_path, said)["kind"].tolist() == [COMMENT]
    known = replace(said, instruments={**survey.instruments, "skill": asked})
    assert scan(tmp_path, known).empty


# --- identifiers of other kinds -------------------------------------------------------------


def with_ids(survey, ids):
    """The survey with other identifiers for its people."""
    known = survey.people.index.get_level_values("respondent")
    new = dict(zip(known, ids, strict=True))

    def renamed(table):
        return table.rename(index=new, level="respondent")

    notes = survey.comments.assign(respondent=survey.comments["respondent"].map(new))
    return replace(
        survey, answers=renamed(survey.answers), people=renamed(survey.people), comments=notes
    )


NUMBERS = [str(100 + place * 31 % 97) for place in range(PEOPLE)]
WORDS = [
    f"{one}{two}"
    for one in "abcdefgh"
    for two in ("nna", "ert", "ia", "on", "us", "elle", "ik", "aro", "y")
]
MAILS = [f"{name}.{place}@firm.example" for place, name in enumerate(WORDS)]
FULL = [f"{name.title()} {WORDS[-1 - place].title()}son" for place, name in enumerate(WORDS)]
LONG = [str(20230017 + place * 7) for place in range(PEOPLE)]


@pytest.mark.parametrize(
    ("ids", "content", "found"),
    [
        # A short number is an identifier only under such a name, or as the list of everybody.
        (NUMBERS, f"We asked {NUMBERS[3]} people.", False),
        (NUMBERS, json.dumps({"n": int(NUMBERS[3])}), False),
        (NUMBERS, json.dumps({"respondent": int(NUMBERS[3])}), True),
        (NUMBERS, as_csv([["unit", "Employee ID"], ["Mill", NUMBERS[5]]]), True),
        (NUMBERS, as_csv([["unit", "n"], ["Mill", NUMBERS[5]]]), False),
        (NUMBERS, json.dumps({"labels": [int(each) for each in sorted(NUMBERS)]}), True),
        (NUMBERS, json.dumps({"labels": [int(each) for each in NUMBERS[:6]]}), False),
        # So is a single word, or as one of several.
        (WORDS, f"{WORDS[3]} is a word", False),
        (WORDS, json.dumps({"who": WORDS[3]}), True),
        (WORDS, json.dumps({"text": WORDS[10:16]}), True),
        (WORDS, json.dumps({"text": [*WORDS[10:16], "mill", "yard"]}), False),
        (FULL, "Ａ" + FULL[0][1:], True),  # a wide letter is the same letter
        (FULL, f"{'é' * 999_995} {FULL[9]} {'é' * 9}", True),  # where two parts of a text meet
        (MAILS, f"x{MAILS[4]} {MAILS[4]}", True),
        (MAILS, f"<p>write to <b>{MAILS[4].upper()}</b>", True),
        (MAILS, f"<p>write to <b>x{MAILS[4]}</b>", False),
        (FULL, f"thanks to {FULL[4]}.", True),
        (FULL, f"thanks to {FULL[4].split()[1]}.", False),
        (LONG, f"number {LONG[4]}", True),
        (LONG, json.dumps({"a": int(LONG[4])}), True),
        (LONG, json.dumps({"a": float(f"0.{LONG[4]}")}), False),
        (LONG, f"number {LONG[4]}1", False),
        (["Mill town", *FULL[1:]], "Mill town", True),
        (["Mill", *FULL[1:]], as_csv([["unit", "n"], ["Mill", 12]]), False),  # a unit's name
    ],
)  # fmt: skip
def test_identifiers_are_told_from_other_words_and_numbers(survey, tmp_path, ids, content, found):
    write(tmp_path / "out" / "a.txt", content)
    result = scan(tmp_path / "out", with_ids(survey, ids))
    assert result.empty is not found, result.to_string()
    if found:
        assert set(result["kind"]) <= {IDENTIFIER, COLUMN}


def test_a_place_named_after_a_person_is_masked(survey, tmp_path):
    named = with_ids(survey, WORDS)
    write(tmp_path / "out" / f"{WORDS[7]}.json", json.dumps({WORDS[8]: {"list": WORDS[20:26]}}))
    found = scan(tmp_path / "out", named).to_string()
    assert IDENTIFIER in found
    assert not [word for word in WORDS if f"{word}." in found or f".{word}" in found]


# --- chance ---------------------------------------------------------------------------------


def test_strangers_who_answer_alike_are_hardly_ever_taken_for_respondents(survey):
    """New people from where the survey's came from: what coincides does so by chance."""
    search = scanning._Search(scanning.fingerprints_of(survey))
    draw = np.random.default_rng(4)
    wrong = dict.fromkeys(["one row", "five short rows", "a column"], 0)
    trials = 600
    for _ in range(trials):
        leaning = draw.normal(4, 1, (PEOPLE, 1))
        answers = np.clip(np.rint(draw.normal(leaning, 1.3, (PEOPLE, 28))), 1, 7).tolist()
        grids = {
            "one row": [answers[0]],
            "five short rows": [row[12:19] for row in answers[:5]],
            "a column": [[row[0] for row in answers]],
        }
        for name, rows in grids.items():
            wrong[name] += bool(list(search.at(scanning.Grid("", (), rows))))
    # Each grid is held against several questionnaires, each at 1 in 1,000.
    assert all(count <= 3 for count in wrong.values()), wrong


# --- mangled files --------------------------------------------------------------------------


@pytest.mark.parametrize("name", CASES)
def test_a_mangled_file_ends_in_findings_or_in_none_but_never_in_a_crash(
    search, leaks, tmp_path, name
):
    plant, _ = CASES[name]
    plant(tmp_path / "out", leaks[True])
    draw = np.random.default_rng(len(name))
    files = sorted(path for path in (tmp_path / "out").rglob("*") if path.is_file())
    whole = [path.read_bytes() for path in files]
    for _ in range(6):
        for path, content in zip(files, whole, strict=True):
            bytes_ = bytearray(content)
            for place in draw.integers(0, len(bytes_), 1 + len(bytes_) // 200):
                bytes_[place] = draw.integers(0, 256)
            path.write_bytes(bytes_[: draw.integers(1, len(bytes_) + 1)])
        assert list(search(tmp_path / "out").columns) == ["file", "place", "kind", "hint"]


# --- limits, refusals, order ----------------------------------------------------------------


def test_what_is_not_there_is_refused(survey, tmp_path):
    with pytest.raises(InputError, match="There is no nowhere"):
        scan(tmp_path / "nowhere", survey)


def test_one_file_may_be_scanned_by_itself(search, leaks, tmp_path):
    write(tmp_path / "a.txt", f"by\n{leaks[True].id}")
    assert search(tmp_path / "a.txt").values.tolist() == [
        ["a.txt", "line 2", IDENTIFIER, "k*******"]
    ]


def test_a_scan_has_its_columns_and_an_order(search, leaks, tmp_path):
    assert list(search(tmp_path).columns) == ["file", "place", "kind", "hint"]
    for name in ("b", "a", "c/a"):
        write(tmp_path / f"{name}.json", json.dumps([leaks[True].comment, leaks[True].id]))
    found = search(tmp_path)
    assert found["file"].tolist() == sorted(found["file"])
    pd.testing.assert_frame_equal(found, search(tmp_path))


def test_a_survey_that_asks_little_can_be_scanned_for(make_survey, tmp_path):
    folder = make_survey()
    small, identities = read_survey(folder), identities_of(read_settings(folder))
    write(tmp_path / "out" / "a.json", json.dumps({"a": [4, 5, 1, 2], "respondent": "P3"}))
    assert scan(tmp_path / "out", small, identities)["kind"].tolist() == [IDENTIFIER]


WHO = "who,team,IPAddress,First Name,Last Name,mail,Device Type,Latitude,tea_1,tea_2"
NEVER = '[instruments.drinks]\n[instruments.visits]\nlens = "team"\n'


@pytest.mark.parametrize(
    ("content", "found"),
    [
        ("a@tea.example", True),
        ("write to B@Tea.example!", True),
        (hashed_key("a@tea.example"), True),
        (hashed_key("nobody@tea.example"), False),
        ("from 192.0.2.7 at noon", True),
        ("from 192.0.2.70 at noon", False),
        ("Ada Mold said so", True),
        ("Mold, Ada", False),  # a sign between them
        ("Mold Ada", True),
        ("Ada said so", False),  # one word may be any word
        (json.dumps({"a": [1, 2], "firstname": "Ada"}), True),
        ("ada.mold@home.example", True),
        ("most wrote on a Phone 7", False),  # many people's
        ("a talk with Red Baron", False),  # a unit is called so, too
    ],
)
def test_what_is_dropped_on_reading_is_looked_for(make_survey, tmp_path, content, found):
    rows = "a@tea.example,Red Baron,192.0.2.7,Ada,Mold,ada.mold@home.example,Phone 7,52.5,1,2\n"
    rows += "b@tea.example,Blue,192.0.2.8,Bo,Wick,bo@home.example,Phone 7,52.6,2,2\n"
    rows += "c@tea.example,Blue,192.0.2.9,Red,Baron,red@home.example,Phone 7,52.7,2,2\n"
    folder = make_survey({
        "survey.toml": [('comment = "note"\n', ""), (NEVER, ""), ('2026Q2 = "q2.csv"\n', "")],
        "q3.csv": f"{WHO}\n{rows}",
    })  # fmt: skip
    survey, identities = read_survey(folder), identities_of(read_settings(folder))
    assert "@tea.example" not in survey.people.to_csv()
    write(tmp_path / "out" / "a.txt", content)
    if content.startswith("{"):
        (tmp_path / "out" / "a.txt").rename(tmp_path / "out" / "a.json")
    result = scan(tmp_path / "out", survey, identities)
    assert result["kind"].tolist() == [IDENTIFIER] * found, result.to_string()


# --- a whole run ----------------------------------------------------------------------------


def test_rows_shown_by_a_notebook_are_found(folder, search, tmp_path):
    own = two_notebooks(tmp_path / "own")
    for path in own.glob("1*"):
        notebook = nbformat.read(path, as_version=4)
        notebook.cells[-1].source = "quarter.scores.head(9)"
        nbformat.write(notebook, path)
    report = run_quarter(folder, out=tmp_path / "out", notebooks=own, say=lambda _: None)
    found = search(report.parent / "notebooks")
    assert set(found["file"]) == {"1_units.ipynb"}
    assert {IDENTIFIER, EXACT} <= set(found["kind"])


@pytest.mark.slow
def test_nothing_of_a_canary_leaves_a_run(folder, search, tmp_path):
    report = run_quarter(folder, out=tmp_path / "out", say=lambda _: None)
    found = search(report.parent)
    assert found.empty, found.to_string()
    # The same folder is not clean once a cell has shown a person.
    path = report.parent / "notebooks" / "10_report.ipynb"
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace("The short version", f"For {identifier(3)}", 1), encoding="utf-8")
    assert path.read_text(encoding="utf-8") != text
    assert set(search(path)["kind"]) == {IDENTIFIER}


@pytest.mark.slow
def test_the_committed_notebooks_carry_nothing_of_a_single_person_and_the_sample_does(tmp_path):
    """Notebooks, and the report and tables made of them; files that hold the rows are found."""
    shutil.copytree(ROOT / "notebooks", tmp_path / "notebooks")
    chapters = [
        Chapter(path.stem, read_notebook(path)) for path in sorted(tmp_path.rglob("*.ipynb"))
    ]
    page = write_report(chapters, title="Sample", subtitle="of the committed notebooks")
    (tmp_path / "report.html").write_text(page, encoding="utf-8")
    tables = [table for each in chapters for table in published_tables(each.notebook)]
    write_tables(tmp_path / "tables", unique_tables(tables))
    for name in ("exports/2026Q3.csv", "README.md", "survey.toml"):
        shutil.copy(ROOT / "data" / "sample" / name, tmp_path / Path(name).name)
    sample = ROOT / "data" / "sample"
    found = scan(tmp_path, read_survey(sample), identities_of(read_settings(sample)))
    assert set(found["file"]) == {"2026Q3.csv"}
    assert {IDENTIFIER, COMMENT} <= set(found["kind"])
