"""Whatever is wrong with files and survey.toml, no message holds what somebody is or wrote.

Every identity, comment and free cell of an export holds a text or number of its own that begins
with a mark, and so do some answers. Then survey.toml takes columns for what they are not, or a file
is spoilt, and reading and `init` speak: what they log, print, write, warn of and refuse with must
not hold a mark. One seed is one case; `python -m tests.test_sentinels 0 2000` tries so many.
"""

from __future__ import annotations

import contextlib
import csv
import io
import random
import re
import sys
import tempfile
import traceback
import warnings
from pathlib import Path

import openpyxl
import pandas as pd
import pytest

from cultureplus.disclosure.plan import plan_reporting
from cultureplus.errors import CultureplusError
from cultureplus.intake import read_survey
from cultureplus.proposing.init_survey import init_survey
from cultureplus.spelling import slug
from tests.conftest import FILES
from tests.small_surveys import SALT

MARK, NUMBER = "zqx", "4047"
LEAK = re.compile(rf"{MARK}|{NUMBER}[0-9]{{3}}", re.IGNORECASE)
N = 18
WORDS = ("amber", "birch", "cedar", "delta", "ember", "flint", "grove", "heath")
ASKED = {"tea_1": "The tea is hot.", "tea_2": "The tea is good."}
KEYS = ("key", "padded", "word", "number", "name", "mail")
# kind: endings; the tool's own columns (name, text in the second row, cell), header rows
KINDS = {
    "plain": ((".csv", ".csv", ".xlsx", ".parquet"), ()),
    "qualtrics": ((".csv", ".xlsx"), (
        ("StartDate", "Start Date", "2026-03-01 10:00:00"), ("ResponseId", "Response ID", "R_1"))),
    "surveymonkey": ((".csv", ".xlsx"), (
        ("Respondent ID", "", "114"), ("Collector ID", "", "4"), ("Start Date", "", "11/03/2021"))),
    "limesurvey": ((".csv",), (
        ("id. Response ID", "", "1"), ("submitdate. Date submitted", "", "2026-09-01 10:00:00"),
        ("startlanguage. Start language", "", "en"))),
    "googleforms": ((".csv", ".xlsx"), (("Timestamp", "", "10/17/2022 18:31:58"),)),
    "microsoftforms": ((".xlsx",), (
        ("ID", "", "1"), ("Start time", "", "8/20/25 12:51:45"),
        ("Completion time", "", "8/20/25 12:51:45"), ("Email", "", "anonymous"), ("Name", "", ""))),
    "redcap": ((".csv",), (("record_id", "", "1"),)),
}  # fmt: skip
HEADS = {"qualtrics": 3, "surveymonkey": 2}
BY_TEXT = ("surveymonkey", "googleforms", "microsoftforms")
SPOILS = (
    "no header", "no header", "one header row gone", "title above", "note above", "shifted left",
    "shifted right", "header below", "header twice", "transposed", "column twice", "sums",
    "short rows", "blank names", "record for header", "rows mixed", "key twice", "cut off",
)  # fmt: skip


class Case:
    """One seed: files in a folder with their survey.toml, and what was done to them."""

    def __init__(self, seed: int, folder: Path) -> None:
        self.draw = random.Random(seed)
        self.folder = folder
        self.count = 100
        self.done: list[str] = []
        self.kind = self.draw.choice(["plain", *KINDS])
        self.suffix = self.draw.choice(KINDS[self.kind][0])
        self.spoils = self.draw.choice([(), (), ("settings",), ("file",), ("settings", "file")])

    def chance(self, share: float) -> bool:
        return self.draw.random() < share

    def mark(self, form: str) -> str:
        """A text that stands nowhere else."""
        self.count += 1
        word = MARK + "".join(chr(97 + int(digit)) for digit in str(self.count))
        other = self.draw.choice(WORDS)
        return {
            "key": f"{MARK}{self.count}", "padded": f"{MARK.upper()}-{self.count:05d}",
            "word": word, "number": f"{NUMBER}{self.count}", "mail": f"{word}@x.org",
            "name": f"{word.title()} {other.title()}", "note": f"I say {word}, and {other}.",
            "short": f"{word} {other}", "period": f"{NUMBER}{self.count}Q1",
            "phone": f"0{NUMBER}{self.count}", "question": f"Is {word} {other}?",
        }[form]  # fmt: skip

    def column(self, *forms: str) -> list[str]:
        form = self.draw.choice(forms)
        return [self.mark(form) for _ in range(N)]

    def table(self, keys: list[str]) -> dict[str, list[str]]:
        """The columns of an export, by their plain names."""
        draw = self.draw
        bosses = [self.mark("name") for _ in range(3)]
        columns = {
            "who": draw.sample(keys, N),
            "contact": self.column("mail"),
            draw.choice(["First Name", "called"]): self.column("name"),
            draw.choice(["Line manager", "Vorgesetzte"]): [draw.choice(bosses) for _ in range(N)],
            "note": ["" if n % 3 else self.mark("note") for n in range(N)],
            "seen": self.column("short", "word", "number", "phone", "name", "question"),
            "team": [draw.choice(["Red", "Blue", "Green"]) for _ in range(N)],
            "quarter": [draw.choice(["2026Q2", "2026Q3"]) for _ in range(N)],
            "years": [str(draw.randint(0, 20)) for _ in range(N)],
        } | {item: [str(draw.randint(1, 5)) for _ in range(N)] for item in ASKED}
        drinks = ["Milk, please", "Sugar", "Milk, please;Sugar", ""]
        columns["drinks"] = [draw.choice(drinks) for _ in range(N)]
        if self.chance(0.2):
            columns["drinks"][draw.randrange(N)] = f"Sugar;{self.mark('short')}"
        if self.chance(0.12):
            cell = self.mark(draw.choice(["number", "short", "note"]))
            columns[draw.choice([*ASKED])][draw.randrange(N)] = cell
        elif self.chance(0.06):
            columns[draw.choice([*ASKED])] = self.column("number", "short", "word")
        if self.chance(0.2):
            columns["team"][draw.randrange(N)] = self.mark("short")
        return columns

    def called(self, name: str) -> str:
        """A column as the export of this kind calls it."""
        if self.kind in BY_TEXT:
            return ASKED.get(name, f"What is your {name}?")
        return slug(name) if self.kind == "redcap" else name

    def sheet(self, columns: dict[str, list[str]]) -> list[list[str]]:
        """All rows of an export, headers first."""
        own = KINDS[self.kind][1]
        texts = [ASKED.get(name, f"What is your {name}?") for name in columns]
        names = [self.called(name) for name in columns]
        if self.kind == "limesurvey":
            names = [f"{name}. {text}" for name, text in zip(names, texts, strict=True)]
        heads = [[name for name, *_ in own] + names]
        if self.kind == "qualtrics":
            heads.append([text for _, text, _ in own] + texts)
            heads.append([f'{{"ImportId":"{place}"}}' for place in range(len(heads[0]))])
        elif self.kind == "surveymonkey":
            heads.append([""] * len(own) + ["Response"] * len(names))
        front = [cell for *_, cell in own]
        return heads + [[*front, *row] for row in zip(*columns.values(), strict=True)]

    def spoil(self, rows: list[list[str]], heads: int) -> list[list[str]]:
        """The rows with something wrong: headers gone, cells shifted, what people add."""
        draw, what = self.draw, self.draw.choice(SPOILS)
        self.done.append(what)
        head, body = rows[:heads], [[*row] for row in rows[heads:]]
        if what == "no header":
            return body
        if what == "one header row gone":
            del head[draw.randrange(heads)]
        elif what == "title above":
            head.insert(0, ["Answers", *[""] * (len(rows[0]) - 1)])
        elif what == "note above":
            head.insert(0, [self.mark("note"), *[""] * (len(rows[0]) - 1)])
        elif what.startswith("shifted"):
            for row in body[:: draw.choice([1, 2])]:
                row.insert(0, row.pop()) if what == "shifted right" else row.append(row.pop(0))
        elif what == "header below":
            return body + head
        elif what == "header twice":
            body[3:3] = head
        elif what == "transposed":
            return [list(row) for row in zip(*head, *body, strict=True)]
        elif what == "column twice":
            place = draw.randrange(len(rows[0]))
            return [[*row, row[place]] for row in [*head, *body]]
        elif what == "sums":
            body.append(["Total", *[""] * (len(rows[0]) - 2), "55"])
        elif what == "short rows":
            body = [row[: len(row) - draw.choice([0, 1, 3])] for row in body]
        elif what == "blank names":
            head[0] = ["" if place % 3 else name for place, name in enumerate(head[0])]
        elif what == "record for header":
            head = [body[0]] * heads
        elif what == "rows mixed":
            rows = [*head, *body]
            draw.shuffle(rows)
            return rows
        elif what == "key twice":
            body.append(body[2])
        elif what == "cut off":
            body[-1] = [*body[-1][:1], f'"{self.mark("note")}']
        return [*head, *body]

    def files(self) -> list[str]:
        """Write the case; the names of its exports."""
        draw, folder = self.draw, self.folder
        keys = [self.mark(form) for form in [draw.choice(KEYS)] for _ in range(N + 4)]
        in_one = self.chance(0.4)
        exports = [f"{name}{self.suffix}" for name in (["all"] if in_one else ["q2", "q3"])]
        people, ties = self.chance(0.3), self.chance(0.2)
        files = [*exports, *["people"] * people * 2, *["ties"] * ties * 2]
        wrong = draw.choice(files) if "file" in self.spoils else ""
        columns = self.table(keys)
        for export in exports:
            rows = self.sheet(columns if in_one else self.table(keys) | {
                name: [*cells] for name, cells in columns.items()
                if name not in ("who", "drinks", *ASKED)
            })  # fmt: skip
            write(folder / export, self.spoil(rows, HEADS.get(self.kind, 1))
                  if export == wrong else rows)  # fmt: skip
        by_wave = self.chance(0.5)
        listed = {name: (cells * 5)[: 2 * len(keys)] for name, cells in columns.items()}
        listed |= {"who": keys * 2, "quarter": sorted(["2026Q2", "2026Q3"] * len(keys))}
        listed = {
            name: cells if by_wave else cells[: len(keys)]
            for name, cells in listed.items() if name not in ASKED
        }  # fmt: skip
        ends = [["from", "to", "when"]]
        ends += [[*draw.sample(keys, 2), self.mark("period")] for _ in range(12)]
        for name, rows in (
            ("people", [[*listed], *map(list, zip(*listed.values(), strict=True))]),
            ("ties", ends),
        ):
            if name in files:
                write(folder / f"{name}.csv", self.spoil(rows, 1) if name == wrong else rows)
        (folder / "survey.toml").write_text(
            self.settings([*columns], exports, people=people, ties=ties, by_wave=by_wave),
            encoding="utf-8",
        )
        for name in ("tea.toml", "visits.toml", "drinks.toml"):
            (folder / name).write_text(FILES[name])
        fields = [
            f"{name},form,,text,What is your {name}?,\n"
            for name in map(slug, ["record id", *columns])
        ]
        (folder / "dictionary.csv").write_text(
            "field_name,form_name,section_header,field_type,field_label,select_choices_or_calculations\n"
            + "".join(fields)
        )
        return exports

    def settings(
        self, names: list[str], exports: list[str], *, people: bool, ties: bool, by_wave: bool
    ) -> str:
        """survey.toml, in which any column may be taken for anything."""
        draw, any_column = self.draw, lambda usual: usual
        if "settings" in self.spoils:
            any_column = lambda usual: draw.choice(names) if self.chance(0.25) else usual  # noqa: E731
        wild = "settings" in self.spoils
        kind = draw.choice([*KINDS]) if wild and self.chance(0.1) else self.kind
        top = ['title = "Tea"', f'kind = "{kind}"', f'salt = "{SALT}"']
        top += ['instrument_files = ["tea.toml", "visits.toml", "drinks.toml"]']
        top += ['dictionary = "dictionary.csv"'] * (kind == "redcap")
        roles = {"respondent": any_column("who"), "comment": any_column("note")}
        if len(exports) == 1:
            top.append(f'export = "{exports[0]}"')
            top += ['waves = ["2026Q2", "2026Q3"]'] * self.chance(0.2)
            roles["wave"] = any_column("quarter")
        roles |= {
            role: draw.choice(names)
            for role in ("seconds", "language")
            if wild and self.chance(0.2)
        }
        roles = {role: name for role, name in roles.items() if not wild or self.chance(0.9)}
        said = (lambda name: name) if people else self.called
        lenses = {"team": any_column("team")}
        lenses |= {"other": draw.choice(names)} if wild and self.chance(0.3) else {}
        items = {item: any_column(item) for item in ASKED}
        lines = [*top]
        if len(exports) == 2:
            lines += ["[waves]", *(f'2026{e[:2].upper()} = "{e}"' for e in exports)]
        lines += ["[columns]", *(f'{role} = "{self.called(n)}"' for role, n in roles.items())]
        lines += ["[units]", *(f'{lens} = "{said(name)}"' for lens, name in lenses.items())]
        if people:
            lines += ["[people]", 'file = "people.csv"', f'respondent = "{any_column("who")}"']
            lines += [f'wave = "{any_column("quarter")}"'] * by_wave
            lines += ['strangers = "drop"'] * self.chance(0.5)
        if ties:
            lines += ["[ties]", 'file = "ties.csv"', 'from = "from"', 'to = "to"']
            lines += ['wave = "when"'] * self.chance(0.2)
        if self.chance(0.3):
            lines += ["[adjust]", f'columns = ["{said(any_column("years"))}"]']
        lines += ["[labels.agree.en]", '"Not at all" = 1', "Fully = 5", "[instruments.tea]"]
        lines += ['labels = "agree"'] * self.chance(0.3)
        lines += ["[instruments.tea.columns]"]
        lines += [f'{item} = "{self.called(name)}"' for item, name in items.items()]
        if self.chance(0.3):
            seen = f'columns = {{ Red = "{self.called("tea_1" if wild else "years")}" }}'
            lines += ["[instruments.visits]", 'lens = "team"', *[seen] * self.chance(0.7)]
        if self.chance(0.3):
            lines += ["[instruments.drinks]", f'column = "{self.called(any_column("drinks"))}"']
            lines += ['joins = ";"', *['unlisted = "ignore"'] * self.chance(0.5)]
        return "\n".join(lines) + "\n"


def write(path: Path, rows: list[list[str]]) -> None:
    if path.suffix == ".xlsx":
        book = openpyxl.Workbook()
        for row in rows:
            book.active.append(row)
        book.save(path)
    elif path.suffix == ".parquet":
        width = max(map(len, rows))
        cells = [[*row, *[""] * width][:width] for row in rows]
        names = [
            name if cells[0].count(name) == 1 else f"{name or 'column'} {n}"
            for n, name in enumerate(cells[0])
        ]
        pd.DataFrame(cells[1:], columns=names).to_parquet(path)
    else:
        with path.open("w", encoding="utf-8", newline="") as stream:
            csv.writer(stream).writerows(rows)


def told(case: Case) -> dict[str, str]:
    """Everything that reading and `init` say of a case, by where they say it."""
    found: dict[str, str] = {}
    exports = case.files()
    spoken = io.StringIO()
    with (
        warnings.catch_warnings(record=True) as warned,
        contextlib.redirect_stdout(spoken),
        contextlib.redirect_stderr(spoken),
    ):
        warnings.simplefilter("always")
        try:
            survey = read_survey(case.folder)
            found["import log"] = survey.import_log.to_csv()
            found["survey"] = f"{survey!r}\n{survey.changed.to_csv()}\n{plan_reporting(survey)!r}"
        except CultureplusError as problem:
            found["error"] = "".join(traceback.format_exception(problem))
        beside = {
            name: case.folder / f"{name}.csv" for name in ("people", "ties")
            if (case.folder / f"{name}.csv").exists()
        }  # fmt: skip
        said: list[str] = []
        try:
            written = init_survey(
                [case.folder / each for each in exports], case.folder / "new", say=said.append,
                dictionary=case.folder / "dictionary.csv" if case.kind == "redcap" else None,
                drafts={"ours": f"{case.called('tea_1')[:5]}*"} if case.chance(0.3) else None,
                **beside,
            )  # fmt: skip
            found["proposal"] = "".join(each.read_text() for each in written.parent.iterdir())
        except CultureplusError as problem:
            found["error of init"] = "".join(traceback.format_exception(problem))
    found["init"] = "\n".join(said)
    found["warnings"] = "\n".join(str(each.message) for each in warned)
    found["output"] = spoken.getvalue()
    return found


def outcome(seed: int) -> tuple[dict[str, str], list[str]]:
    """What a case says, and the lines of it that tell of somebody."""
    with tempfile.TemporaryDirectory() as folder:
        case = Case(seed, Path(folder))
        found = told(case)
    done = ", ".join([case.kind, *case.spoils, *case.done])
    return found, [
        f"seed {seed} ({done}), {where}: {line}"
        for where, text in found.items()
        for line in text.splitlines()
        if LEAK.search(line)
    ]


def test_no_message_holds_what_somebody_is_or_wrote():
    cases = [outcome(seed) for seed in range(50)]
    assert [leak for _, leaks in cases for leak in leaks] == []
    # Where all is refused at once, or nothing is, little is proved.
    assert sum("import log" in said for said, _ in cases) > 7
    assert sum("error" in said for said, _ in cases) > 7
    assert sum("proposal" in said for said, _ in cases) > 7


@pytest.mark.parametrize("form", ["name", "number", "note", "period"])
def test_a_mark_is_seen(form):
    assert LEAK.search(Case(1, Path()).mark(form))


if __name__ == "__main__":
    for each in range(int(sys.argv[1]), int(sys.argv[2])):
        try:
            sys.stdout.write("".join(f"{leak}\n" for leak in outcome(each)[1]))
        except Exception:
            sys.stdout.write(f"seed {each} crashed\n{traceback.format_exc()}")
