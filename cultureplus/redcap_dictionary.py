"""REDCap's data dictionary: which fields a project has, what they ask and which choices they give.

The csv as the project page downloads it (or a workbook made of it), and as the tool's interface for
programs writes it, with other names for the same columns. What divides its cells is seen from its
own first line.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from cultureplus.errors import InputError
from cultureplus.export_file import ExportFile
from cultureplus.grid import Grid
from cultureplus.spelling import plain_text
from cultureplus.text_file import text_grid
from cultureplus.workbook import book_grid

# The columns that are needed: as downloaded, and as written for programs.
_HEADERS = {
    "Variable / Field Name": "name", "field_name": "name",
    "Form Name": "form", "form_name": "form",
    "Field Type": "kind", "field_type": "kind",
    "Field Label": "label", "field_label": "label",
    "Choices, Calculations, OR Slider Labels": "choices",
    "select_choices_or_calculations": "choices",
    "Text Validation Type OR Show Slider Number": "validation",
    "text_validation_type_or_show_slider_number": "validation",
    "Identifier?": "identifier", "identifier": "identifier",
}  # fmt: skip
_NEEDED = ("name", "form", "kind", "label", "choices")
_CHOSEN = ("radio", "dropdown", "checkbox")
_FIXED = {"yesno": {"1": "Yes", "0": "No"}, "truefalse": {"1": "True", "0": "False"}}
_TAG = re.compile(r"</?[A-Za-z][^<>]*>")
_CONTACT = {"email": "e-mail", "phone": "phone number", "zipcode": "postcode"}
_BIRTH = re.compile(r"\b(?:dob|birth|geburt\w*|naissance|nacimiento|nascimento|nascita)", re.I)
_BEGINS = re.compile(rb"(?:\xef\xbb\xbf)?(\"?)(?:Variable / Field Name|field_name)\1([,;|\t])")


@dataclass(frozen=True)
class Field:
    """One field: `choices` are its codes and their texts; `holds` what it tells about somebody.

    `holds` is '' unless the dictionary flags the field as an identifier or says by its type that it
    holds an address, a phone number or a date of birth.
    """

    name: str
    form: str
    kind: str
    label: str
    choices: Mapping[str, str] = field(default_factory=dict)
    holds: str = ""

    @property
    def columns(self) -> dict[str, str]:
        """The columns that an export has for the field, each with the text of its option, or ''."""
        if self.kind == "descriptive":
            return {}
        if self.kind != "checkbox":
            return {self.name: ""}
        return {f"{self.name}___{_as_name(code)}": text for code, text in self.choices.items()}


def is_dictionary(grid: Grid) -> bool:
    """Whether a file is a data dictionary."""
    roles = {_HEADERS.get(plain_text(text)) for text in grid.texts(0)}
    return roles.issuperset(_NEEDED)


def begins_as_dictionary(export: ExportFile) -> bool:
    """Whether a text file begins as a data dictionary does."""
    return _BEGINS.match(export.beginning(60)) is not None


def read_dictionary(export: ExportFile) -> dict[str, Field]:
    """The fields of the dictionary beside an export, by name, in their order.

    Raises `InputError` where `export.dictionary` is missing or is no data dictionary.
    """
    path = export.dictionary or export.path
    file = replace(export, path=path, dictionary=None, decimal=".")
    file.refuse_absent()
    if file.suffix == ".xlsx":
        grid = book_grid(file)
    else:
        divided = _BEGINS.match(file.beginning(60))
        grid = text_grid(replace(file, delimiter=divided[2].decode() if divided else ","))
    if not is_dictionary(grid):
        raise InputError(
            "This is not a REDCap data dictionary.",
            file=file.name,
            fix="download the data dictionary of the project, and name it in survey.toml: "
            'dictionary = "..."',
        )
    roles = [_HEADERS.get(plain_text(text), "") for text in grid.texts(0)]
    cells = grid.cells.iloc[1:].fillna("")
    found: dict[str, Field] = {}
    for row in cells.to_numpy().tolist():
        said = {role: str(cell) for role, cell in zip(roles, row, strict=True) if role}
        name = plain_text(said["name"])
        if name:
            found[name] = _field(name, said)
    return found


def _field(name: str, said: Mapping[str, str]) -> Field:
    kind = said["kind"].strip().lower()
    label = without_tags(said["label"])
    if kind in _CHOSEN:
        parts = [part.partition(",") for part in said["choices"].split("|")]
        choices = {
            code.strip(): without_tags(text) or code.strip()
            for code, _, text in parts
            if code.strip()
        }
    else:
        choices = dict(_FIXED.get(kind, {}))
    validation = said.get("validation", "").strip().lower()
    holds = next((what for part, what in _CONTACT.items() if validation.startswith(part)), "")
    if validation.startswith("date") and _BIRTH.search(f"{name.replace('_', ' ')} {label}"):
        holds = "date of birth"
    if not holds and said.get("identifier", "").strip().lower() in ("y", "yes"):
        holds = "what the dictionary flags as an identifier"
    return Field(name, plain_text(said["form"]), kind, label, choices, holds)


def without_tags(text: str) -> str:
    """A label without the HTML that it may be written in, tidied.

    >>> without_tags("How <b>good</b> is it?<br/> 1 < 2")
    'How good is it? 1 < 2'
    """
    return plain_text(_TAG.sub(" ", text))


def _as_name(code: str) -> str:
    """A choice's code as it stands in the name of its column."""
    return re.sub(r"[^a-z0-9_]", "_", code.lower())
