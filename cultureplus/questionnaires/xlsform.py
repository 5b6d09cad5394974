"""XLSForm: a workbook with the sheets survey, choices and settings, for KoboToolbox and ODK.

Each item is a `select_one` named by its id, a select-all question one `select_multiple`. There are
no groups, because some exports put a group's name before each column. What comes back has the
names as they stand here, and `question/option` for an option.

Every cell is a text, whatever it begins with, so no spreadsheet runs one. `${` refers to another
question in a form and cannot be written otherwise: a text with it is refused. Forms show Markdown,
so a word between asterisks is shown in italics.

Checked with pyxform 4.5, by which ODK and KoboToolbox convert such workbooks: without a warning.
"""

from __future__ import annotations

import io
from collections.abc import Sequence
from typing import Any

from cultureplus.errors import InputError
from cultureplus.questionnaires.pages import Page
from cultureplus.released import without_clock

BACK = (
    'export as csv with "XML values and headers" and, where several answers may be ticked, a '
    'column for each (KoboToolbox), or "Split select multiples" (ODK Central)'
)
_SURVEY = ("type", "name", "label", "required", "appearance", "constraint")
_CHOICES = ("list_name", "name", "label")
_SETTINGS = ("form_title", "form_id", "default_language")
_TAKEN = {"meta", "instanceid", "instancename"}  # names that a form has already
_WIDTHS = {"label": 80, "type": 34, "name": 28, "list_name": 28, "constraint": 50}


def write(pages: Sequence[Page], *, title: str, language: str) -> bytes:
    """The questionnaire as a workbook that KoboToolbox and ODK import.

    Raises `InputError` for a name that a form has already, and for a text with '${'.
    """
    survey: list[tuple[str, ...]] = []
    choices: list[tuple[str, ...]] = []
    for page in pages:
        answers = f"{page.id}_answers"
        if page.select_all:
            alone = [each.name for each in page.questions if each.exclusive]
            rule = " and ".join(
                f"not(selected(., '{name}') and count-selected(.) > 1)" for name in alone
            )
            survey.append((f"select_multiple {answers}", page.id, page.text, "no", "", rule))
            choices += [(answers, each.name, each.row) for each in page.questions]
            continue
        survey += [
            (f"select_one {answers}", each.column, each.text, "no", "likert", "")
            for each in page.questions
        ]
        choices += [(answers, str(value), label) for value, label in page.answers]
    _refuse_names([row[1] for row in survey])
    return _workbook(
        {
            "survey": [_SURVEY, *survey],
            "choices": [_CHOICES, *choices],
            "settings": [_SETTINGS, (title, "survey", language)],
        }
    )


def _refuse_names(names: Sequence[str]) -> None:
    for name in names:
        if name in _TAKEN or names.count(name) > 1:
            raise InputError(
                f"A question of a form can't be called '{name}': that name is taken.",
                fix="give it another id in the instrument's file",
            )


def _workbook(sheets: dict[str, list[tuple[str, ...]]]) -> bytes:
    from openpyxl import Workbook
    from openpyxl.styles import Font
    from openpyxl.utils import get_column_letter

    book = Workbook()
    book.remove(book.active)
    for name, rows in sheets.items():
        sheet = book.create_sheet(name)
        for place, row in enumerate(rows, start=1):
            for column, text in enumerate(row, start=1):
                if "${" in text:
                    raise InputError(
                        "A text has '${' in it, which refers to another question in a form.",
                        found=text,
                        fix="word it otherwise in the instrument's file",
                    )
                if text:
                    cell: Any = sheet.cell(place, column)
                    cell.value, cell.data_type = text, "s"  # "=..." would be a formula
                    cell.quotePrefix = True  # stays a text where somebody edits it
        for column, heading in enumerate(rows[0], start=1):
            sheet.cell(1, column).font = Font(bold=True)
            sheet.column_dimensions[get_column_letter(column)].width = _WIDTHS.get(heading, 16)
        sheet.freeze_panes = "A2"
    raw = io.BytesIO()
    book.save(raw)
    return without_clock(raw.getvalue())
