"""Survey tools in small: what each makes of its file, and what it exports of people's answers.

Written from each tool's documentation. An import checks what the tool would check (codes, tags,
sheets) and knows nothing but the file; an export is made from that import.
"""

from __future__ import annotations

import csv
import html
import io
import json
import re
import zipfile

import pandas as pd
from openpyxl import load_workbook

import cultureplus as cp
from cultureplus.questionnaires import TARGETS
from cultureplus.questionnaires.pages import pages_of
from cultureplus.tool_columns import limesurvey_code

BUNDLED = {name: each for name, each in cp.load_instruments().items() if each.wording == "own"}
UNITS = ("Customer service", "Finance", "IT")

# --- in ---------------------------------------------------------------------------------------


class Asked:
    """One question as a tool has it: code, text, choices (code, label), parts (code, text)."""

    def __init__(self, code, text, *, many):
        self.code, self.text, self.many = code, text, many
        self.choices, self.parts = [], []


def qualtrics_import(content):
    """The questions of an Advanced Format TXT: tags stand on lines of their own."""
    lines = content.decode("utf-8").split("\n")
    assert lines[0] == "[[AdvancedFormat]]"
    found, state = [], ""
    for line in lines[1:]:
        tag = re.fullmatch(r"\[\[([A-Za-z]+)(?::(.*))?\]\]", line)
        if tag is None:
            assert "[[" not in line
            assert "${" not in line
            text = html.unescape(line)
            if state == "ID":
                found[-1].text, state = text, "text"
            elif state == "Choice":
                found[-1].choices[-1] += (text,)
                state = "label"
            else:
                assert line == ""
            continue
        state, value = tag.groups()
        if state == "Question":
            assert re.fullmatch("MC:(SingleAnswer:Horizontal|MultipleAnswer:Vertical)", value)
            found.append(Asked("", "", many="Multiple" in value))
        elif state == "ID":
            found[-1].code = value
        elif state == "Choice":
            assert value.isdecimal()
            found[-1].choices.append((value,))
        else:
            assert state in ("Block", "AdvancedChoices")
    assert all(len(choice) == 2 for each in found for choice in each.choices)
    return found


def limesurvey_import(content):
    """The questions of a tab-separated structure, its codes checked as LimeSurvey checks them."""
    text = content.decode("utf-8")
    assert text[0] == "\ufeff"
    content[:10_000].decode("utf-8")  # by these it tells the encoding
    rows = list(csv.DictReader(io.StringIO(text[1:]), delimiter="\t", strict=True))
    assert {row["text"] for row in rows if row["class"] == "S" and row["name"] == "language"}
    assert all(len(row["text"]) <= 200 for row in rows if row["name"] == "surveyls_title")
    found = []
    for row in rows:
        assert not (row["text"] or "").startswith(("=", "+", "-", "@"))
        assert not {"{", "}", "<", '"'} & set(row["text"])
        text = html.unescape(row["text"])
        if row["class"] in ("Q", "SQ"):
            assert 1 <= len(row["name"]) <= 20
            assert re.fullmatch("[A-Za-z0-9]+", row["name"])
            assert row["name"].lower() not in {"time", "other", "self", "this", "that", "sid"}
        if row["class"] == "Q":
            assert row["name"][0].isalpha()
            assert row["type/scale"] in "FM"
            found.append(Asked(row["name"], text, many=row["type/scale"] == "M"))
            found[-1].alone = row["exclude_all_others"].split(";")
        elif row["class"] == "SQ":
            found[-1].parts.append((row["name"], text))
        elif row["class"] == "A":
            assert re.fullmatch("[A-Za-z0-9]{1,5}", row["name"])
            found[-1].choices.append((row["name"], text))
        else:
            assert row["class"] in ("S", "SL", "G")
    codes = [each.code.lower() for each in found]
    assert len(set(codes)) == len(codes)
    for each in found:
        parts = [code.lower() for code, _ in each.parts]
        assert len(set(parts)) == len(parts)
        assert set(each.alone) <= {"", *(code for code, _ in each.parts)}
    return found


def xlsform_import(content):
    """The questions of a workbook with the sheets survey, choices and settings."""
    book = load_workbook(io.BytesIO(content))
    assert book.sheetnames == ["survey", "choices", "settings"]
    cells = [cell for sheet in book for row in sheet for cell in row if cell.value is not None]
    assert {cell.data_type for cell in cells} == {"s"}
    assert b"<f>" not in b"".join(map(zipfile.ZipFile(io.BytesIO(content)).read, SHEETS))
    survey, choices, _ = (
        [{head.value: cell.value for head, cell in zip(sheet[1], row, strict=True)} for row in rows]
        for sheet, rows in ((sheet, list(sheet)[1:]) for sheet in book)
    )
    found = []
    for row in survey:
        kind, name = row["type"].split(" ")
        assert re.fullmatch("[a-z_][a-z0-9_]*", row["name"])
        found.append(Asked(row["name"], row["label"], many=kind == "select_multiple"))
        found[-1].constraint = row["constraint"]
        found[-1].choices = [(c["name"], c["label"]) for c in choices if c["list_name"] == name]
        assert found[-1].choices
        assert not any(" " in code for code, _ in found[-1].choices)
    assert len({each.code for each in found}) == len(found)
    return found


SHEETS = [f"xl/worksheets/sheet{n}.xml" for n in (1, 2, 3)]
IMPORTS = {
    "qualtrics": qualtrics_import,
    "limesurvey": limesurvey_import,
    "xlsform": xlsform_import,
}


def written(instruments, to, *, units=(), form="full", language="en"):
    pages = pages_of(instruments, units=units, form=form, language=language)
    return TARGETS[to].write(pages, title="Survey", language=language)


# --- and out ----------------------------------------------------------------------------------


def cell(value):
    return "" if pd.isna(value) else str(value)


def ticked_by(given, question, option):
    return given[f"{question}.{option}"]


def qualtrics_export(content, given):
    """Three header rows; a question of several answers has a column per choice, with its number."""
    head = [("ResponseId", "Response ID", "_recordId"), ("department", "department", "department")]
    columns = [[f"R_{place}" for place in range(len(given))], list(given["department"])]
    for number, each in enumerate(qualtrics_import(content), start=1):
        if not each.many:
            head.append((each.code, each.text, f"QID{number}"))
            column = each.code
            if column.startswith("seam_rating_"):
                column = next(f"seam_rating.{u}" for u in UNITS if f" {u} " in each.text)
            columns.append([cell(value) for value in given[column]])
            continue
        options = [option.id for option in BUNDLED[each.code].options]
        # As after somebody has moved the first choice to the end: its number stays with it.
        order = list(zip(each.choices, options, strict=True))
        for (code, label), option in [*order[1:], order[0]]:
            text = f"{each.text} - {label}"
            head.append((f"{each.code}_{code}", text, f"QID{number}_{code}"))
            columns.append(["1" if v == 1 else "" for v in ticked_by(given, each.code, option)])
    rows = [[part[place] for part in head] for place in range(2)]
    rows.append([json.dumps({"ImportId": part[2]}, separators=(",", ":")) for part in head])
    return [*rows, *map(list, zip(*columns, strict=True))], ","


def limesurvey_export(content, given, *, join="[{}]", ticked=("Y", ""), texts=False):
    """Question codes as headings, `question[part]`, or codes with texts; answers as codes."""
    head = ["id", "submitdate", "lastpage", "startlanguage", "department"]
    columns = [[str(number) for number in range(1, len(given) + 1)]]
    columns += [[each] * len(given) for each in ("2026-09-30 09:00:00", "5", "en")]
    columns.append(list(given["department"]))
    head = [f"{code}. {code.title()}" for code in head] if texts else head
    units = dict(
        zip(map(limesurvey_code, ["customer_service", "finance", "it"]), UNITS, strict=True)
    )
    names = {limesurvey_code(name): name for name in given}
    for each in limesurvey_import(content):
        question = next(name for name in BUNDLED if limesurvey_code(name) == each.code)
        options = {limesurvey_code(option.id): option.id for option in BUNDLED[question].options}
        for code, text in each.parts:
            heading = each.code + join.format(code)
            head.append(f"{heading}. {each.text} [{text}]" if texts else heading)
            if each.many:
                found = ticked_by(given, question, options[code])
                columns.append([ticked[0] if value == 1 else ticked[1] for value in found])
            else:
                column = f"seam_rating.{units[code]}" if question == "seam_rating" else names[code]
                columns.append([cell(value) for value in given[column]])
    return [head, *map(list, zip(*columns, strict=True))], ";"


def xlsform_export(content, given, *, split="/"):
    """Names as headings; of a select_multiple both the list and a column per choice."""
    head, columns = ["start", "department"], [["2026-09-30T09:00:00.000+02:00"] * len(given)]
    columns.append(list(given["department"]))
    for each in xlsform_import(content):
        head.append(each.code)
        if not each.many:
            column = each.code
            if column.startswith("seam_rating_"):
                column = next(f"seam_rating.{u}" for u in UNITS if f" {u} " in each.text)
            columns.append([cell(value) for value in given[column]])
            continue
        codes = [code for code, _ in each.choices]
        picked = [
            [code for code in codes if given[f"{each.code}.{code}"][place] == 1]
            for place in range(len(given))
        ]
        columns.append([" ".join(row) for row in picked])
        for code in codes:  # nothing at all where nothing was picked
            head.append(f"{each.code}{split}{code}")
            columns.append([str(int(code in row)) if row else "" for row in picked])
    return [head, *map(list, zip(*columns, strict=True))], ";"
