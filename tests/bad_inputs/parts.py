"""What workbooks are made of: the parts of an .xlsx archive, written by hand."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping

ROWS = [
    ["who", "team", "tea_1", "tea_2", "tea_3", "note"],
    ["P1", "Red", 4, 5, 2, "fine"],
    ["P2", "Blue", 2, 3, 1, None],
    ["P3", "Blue", 1, 2, 3, "canary"],
    ["P4", "Red", 5, 4, 4, None],
]
XML = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
_OFFICE = "http://schemas.openxmlformats.org"
MAIN = f"{_OFFICE}/spreadsheetml/2006/main"
RELATION = f"{_OFFICE}/officeDocument/2006/relationships"
DRAWING = f"{_OFFICE}/drawingml/2006/spreadsheetDrawing"
PACKAGE = f"{_OFFICE}/package/2006/relationships"
TYPES = "application/vnd.openxmlformats-officedocument.spreadsheetml"
EPOCH = (2026, 1, 1, 0, 0, 0)

Parts = dict[str, str | bytes]


def letter(place: int) -> str:
    """The column's name in a spreadsheet, counted from 0."""
    name = ""
    place += 1
    while place:
        place, rest = divmod(place - 1, 26)
        name = chr(65 + rest) + name
    return name


def cell(value: object, place: int, row: int) -> str:
    """One cell of a sheet, texts within it."""
    where = f'r="{letter(place)}{row}"'
    if value is None:
        return ""
    if isinstance(value, str):
        return f'<c {where} t="inlineStr"><is><t>{value}</t></is></c>'
    return f"<c {where}><v>{value}</v></c>"


def cells_of(values: list, row: int) -> list[str]:
    return [cell(value, place, row) for place, value in enumerate(values)]


def row_of(values: list, row: int) -> str:
    return f'<row r="{row}">{"".join(cells_of(values, row))}</row>'


def sheet(rows: str | list = ROWS, *, head: str = "", foot: str = "") -> str:
    """A worksheet: rows of values, or rows already written."""
    if not isinstance(rows, str):
        rows = "".join(row_of(values, row) for row, values in enumerate(rows, start=1))
    return f'{XML}<worksheet xmlns="{MAIN}">{head}<sheetData>{rows}</sheetData>{foot}</worksheet>'


def book(
    sheets: Mapping[str, str], *, hidden: tuple[str, ...] = (), extra: Parts | None = None
) -> Parts:
    """The parts of a workbook with these sheets, each name with its XML; `extra` replaces parts."""
    listed = related = typed = ""
    parts: Parts = {}
    for number, (name, text) in enumerate(sheets.items(), start=1):
        state = ' state="hidden"' if name in hidden else ""
        kind = "chartsheet" if "<chartsheet" in text else "worksheet"
        listed += f'<sheet name="{name}" sheetId="{number}"{state} r:id="rId{number}"/>'
        path = f"{kind}s/sheet{number}.xml"
        related += f'<Relationship Id="rId{number}" Type="{RELATION}/{kind}" Target="{path}"/>'
        typed += f'<Override PartName="/xl/{path}" ContentType="{TYPES}.{kind}+xml"/>'
        parts[f"xl/{path}"] = text
    for name, kind in (("sharedStrings", "sharedStrings"), ("styles", "styles")):
        if extra and f"xl/{name}.xml" in extra:
            related += f'<Relationship Id="{name}" Type="{RELATION}/{kind}" Target="{name}.xml"/>'
            typed += f'<Override PartName="/xl/{name}.xml" ContentType="{TYPES}.{kind}+xml"/>'
    workbook = (
        f'{XML}<workbook xmlns="{MAIN}" xmlns:r="{RELATION}"><sheets>{listed}</sheets></workbook>'
    )
    types = (
        f'{XML}<Types xmlns="{_OFFICE}/package/2006/content-types">'
        '<Default Extension="rels" '
        'ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
        '<Default Extension="xml" ContentType="application/xml"/>'
        f'<Override PartName="/xl/workbook.xml" ContentType="{TYPES}.sheet.main+xml"/>'
        f"{typed}</Types>"
    )
    whole = f'<Relationship Id="rId1" Type="{RELATION}/officeDocument" Target="xl/workbook.xml"/>'
    return {
        "[Content_Types].xml": types,
        "_rels/.rels": relations(whole),
        "xl/workbook.xml": workbook,
        "xl/_rels/workbook.xml.rels": relations(related),
        **parts,
        **(extra or {}),
    }


def relations(listed: str) -> str:
    return f'{XML}<Relationships xmlns="{PACKAGE}">{listed}</Relationships>'


def packed(parts: Mapping[str, str | bytes]) -> bytes:
    """An archive of these parts, with the same bytes every time."""
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w") as archive:
        for name, content in parts.items():
            info = zipfile.ZipInfo(name, EPOCH)
            info.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(info, content)
    return data.getvalue()
