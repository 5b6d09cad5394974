"""Workbooks as programs and people leave them: file -> how its bytes are made."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable

from tests.bad_inputs.parts import (
    DRAWING,
    EPOCH,
    MAIN,
    RELATION,
    ROWS,
    XML,
    Parts,
    book,
    cell,
    cells_of,
    packed,
    relations,
    row_of,
    sheet,
)

LAUGHS = (
    '<!DOCTYPE lolz [<!ENTITY a0 "canary">'
    + "".join(f'<!ENTITY a{n + 1} "{f"&a{n};" * 10}">' for n in range(9))
    + "]>"
)
OUTSIDE = '<!DOCTYPE x [<!ENTITY a0 SYSTEM "file:///etc/hostname">]>'
LAST = 1_048_576  # rows of a sheet


def one(rows: str | list = ROWS, **parts: str) -> bytes:
    """A workbook of one sheet."""
    return packed(book({"Answers": sheet(rows, **parts)}))


def changed(row: int, place: int, written: str, *, extra: Parts | None = None) -> bytes:
    """The answers with one cell written otherwise; rows and places counted from 1 and 0."""
    rows = ""
    for number, values in enumerate(ROWS, start=1):
        cells = cells_of(values, number)
        if number == row:
            cells[place] = written
        rows += f'<row r="{number}">{"".join(cells)}</row>'
    return packed(book({"Answers": sheet(rows)}, extra=extra))


def with_doctype(part: str, declared: str) -> bytes:
    shared = f'{XML}<sst xmlns="{MAIN}"><si><t>&a9;</t></si></sst>'
    parts = book({"Answers": sheet()}, extra={"xl/sharedStrings.xml": shared.replace("&a9;", "x")})
    text = str(parts[part])
    parts[part] = text.replace(XML, XML + declared).replace("<t>x<", "<t>&a9;<")
    return packed(parts)


def without(part: str) -> bytes:
    parts = book({"Answers": sheet()})
    del parts[part]
    return packed(parts)


def replaced(part: str, old: str, new: str) -> bytes:
    parts = book({"Answers": sheet()})
    assert old in str(parts[part])
    parts[part] = str(parts[part]).replace(old, new)
    return packed(parts)


def archive(*names: str) -> bytes:
    return packed(dict.fromkeys(names, "canary"))


def shared(*texts: str) -> Parts:
    listed = "".join(f"<si>{text}</si>" for text in texts)
    return {"xl/sharedStrings.xml": f'{XML}<sst xmlns="{MAIN}">{listed}</sst>'}


def styles() -> Parts:
    """A style that shows a number as a date."""
    fonts = "<fonts><font/></fonts><fills><fill><patternFill/></fill></fills>"
    borders = "<borders><border/></borders>"
    formats = '<cellXfs><xf numFmtId="0"/><xf numFmtId="14" applyNumberFormat="1"/></cellXfs>'
    return {
        "xl/styles.xml": f'{XML}<styleSheet xmlns="{MAIN}">{fonts}{borders}'
        f"<cellStyleXfs><xf/></cellStyleXfs>{formats}</styleSheet>"
    }


def overlapping() -> bytes:
    """Every entry of the list of contents points to the first part."""
    data = bytearray(one())
    place = data.find(b"PK\x01\x02")
    while place > 0:
        data[place + 42 : place + 46] = bytes(4)
        place = data.find(b"PK\x01\x02", place + 1)
    return bytes(data)


def many_parts() -> bytes:
    return packed(book({"Answers": sheet()}) | {f"xl/{n}": "" for n in range(20_000)})


def unfolding() -> bytes:
    """2 GiB of zeros: 128 entries of the list of contents for one part of 16 MiB."""
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w", zipfile.ZIP_BZIP2) as whole:
        for name, text in book({"Answers": sheet()}).items():
            whole.writestr(zipfile.ZipInfo(name, EPOCH), text)
        info = zipfile.ZipInfo("xl/media/1", EPOCH)
        info.compress_type = zipfile.ZIP_BZIP2
        whole.writestr(info, bytes(1 << 24))
        whole.filelist += [whole.filelist[-1]] * 127
    return data.getvalue()


def backwards(text: str, tag: str) -> str:
    """The elements of a sheet in the other order."""
    return "".join(f"<{tag} {part}" for part in reversed(text.split(f"<{tag} ")[1:]))


def merged_header() -> bytes:
    above = ["who", "team", "Tea", None, None, "note"]
    below = [None, None, "tea_1", "tea_2", "tea_3", None]
    merged = '<mergeCells count="1"><mergeCell ref="C1:E1"/></mergeCells>'
    return one([above, below, *ROWS[1:]], foot=merged)


_WRITTEN = "".join(row_of(values, row) for row, values in enumerate(ROWS, start=1))
_PLAIN = _WRITTEN.replace("<row", '<row ht="15"')
_CHART = (
    f'{XML}<chartsheet xmlns="{MAIN}" xmlns:r="{RELATION}"><sheetViews>'
    '<sheetView workbookViewId="0"/></sheetViews><drawing r:id="rId1"/></chartsheet>'
)
_DRAWING = {
    "xl/chartsheets/_rels/sheet1.xml.rels": relations(
        f'<Relationship Id="rId1" Type="{RELATION}/drawing" Target="../drawings/drawing1.xml"/>'
    ),
    "xl/drawings/drawing1.xml": f'{XML}<xdr:wsDr xmlns:xdr="{DRAWING}"/>',
}
_SUMS = sheet([["Team", "Mean"], ["Red", 4], ["Blue", 2]])
_STRICT = "http://purl.oclc.org/ooxml/spreadsheetml/main"

SMALL: dict[str, Callable[[], bytes]] = {
    "numbers_as_texts.xlsx": lambda: one([[v if v is None else str(v) for v in r] for r in ROWS]),
    "hidden_first.xlsx": lambda: packed(
        book({"Lists": sheet([["Red"], ["Blue"]]), "Answers": sheet()}, hidden=("Lists",))
    ),
    "chart_first.xlsx": lambda: packed(
        book({"Chart1": _CHART, "Answers": sheet()}, extra=_DRAWING)
    ),
    "only_chart.xlsx": lambda: packed(book({"Chart1": _CHART}, extra=_DRAWING)),
    "empty_first.xlsx": lambda: packed(book({"Sheet1": sheet([]), "Answers": sheet()})),
    "summary_first.xlsx": lambda: packed(book({"Summary": _SUMS, "Answers": sheet()})),
    "lists_behind.xlsx": lambda: packed(book({"Answers": sheet(), "Lists": _SUMS})),
    "no_sheet.xlsx": lambda: packed(book({})),
    "merged_header.xlsx": merged_header,
    "title.xlsx": lambda: one([["Tea survey 2026"], [], *ROWS]),
    "not_worked_out.xlsx": lambda: changed(2, 2, '<c r="C2"><f>1+3</f></c>'),
    "worked_out.xlsx": lambda: changed(2, 2, '<c r="C2"><f>1+3</f><v>4</v></c>'),
    "last_not_worked_out.xlsx": lambda: changed(3, 5, '<c r="F3"><f>A1</f></c>'),
    "worked_out_empty.xlsx": lambda: changed(2, 2, '<c r="C2" t="str"><f>A9</f><v></v></c>'),
    "formula_error.xlsx": lambda: changed(
        2, 2, '<c r="C2" t="e"><f>VLOOKUP(A2,Z:Z,1)</f><v>#N/A</v></c>'
    ),
    "formula_text.xlsx": lambda: changed(2, 2, '<c r="C2" t="str"><f>A1</f><v>canary</v></c>'),
    "date.xlsx": lambda: changed(2, 2, '<c r="C2" s="1"><v>46024</v></c>', extra=styles()),
    "true.xlsx": lambda: changed(2, 2, '<c r="C2" t="b"><v>1</v></c>'),
    "half.xlsx": lambda: changed(2, 2, '<c r="C2"><v>3.9999999999999996</v></c>'),
    "no_number.xlsx": lambda: changed(2, 2, '<c r="C2"><v>canary</v></c>'),
    "unknown_type.xlsx": lambda: changed(2, 2, '<c r="C2" t="zz"><v>4</v></c>'),
    "no_such_place.xlsx": lambda: changed(2, 2, '<c r="ZZZZ2"><v>4</v></c>'),
    "row_zero.xlsx": lambda: one(_WRITTEN.replace('<row r="2"', '<row r="0"')),
    "declared_small.xlsx": lambda: one(head='<dimension ref="A1"/>'),
    "declared_large.xlsx": lambda: one(head='<dimension ref="A1:XFD1048576"/>'),
    "far_below.xlsx": lambda: one(
        _WRITTEN + f'<row r="{LAST}">{cell("canary", 16_383, LAST)}</row>'
    ),
    "far_right.xlsx": lambda: one(
        _WRITTEN.replace("</row>", cell("canary", 16_383, 1) + "</row>", 1)
    ),
    "hidden_rows.xlsx": lambda: one(_WRITTEN.replace('<row r="3"', '<row hidden="1" r="3"')),
    "blank_rows_between.xlsx": lambda: one([*ROWS[:3], [], [" "], *ROWS[3:]]),
    "rows_backwards.xlsx": lambda: one(backwards(_WRITTEN, "row")),
    "cells_backwards.xlsx": lambda: one(
        "".join(
            f'<row r="{number}">{backwards("".join(cells_of(values, number)), "c")}</row>'
            for number, values in enumerate(ROWS, start=1)
        )
    ),
    "row_twice.xlsx": lambda: one(_WRITTEN + row_of(["P4", "Red", 1, 1, 1, None], 5)),
    "cell_twice.xlsx": lambda: changed(2, 2, '<c r="C2"><v>4</v></c><c r="C2"><v>1</v></c>'),
    "no_places.xlsx": lambda: one(
        "".join(
            "<row>" + "".join(cell(v, 0, 1).replace('r="A1"', "") or "<c/>" for v in r) + "</row>"
            for r in ROWS
        )
    ),
    "rich_text.xlsx": lambda: changed(
        2,
        1,
        '<c r="B2" t="s"><v>0</v></c>',
        extra=shared(
            '<r><t>R</t></r><r><rPr><b/></rPr><t>ed</t></r><rPh sb="0" eb="1"><t>x</t></rPh>'
        ),
    ),
    "escaped.xlsx": lambda: changed(1, 2, cell("tea_1_x000D_", 2, 1)),
    "text_lacking.xlsx": lambda: changed(
        2, 1, '<c r="B2" t="s"><v>99</v></c>', extra=shared("<t>canary</t>")
    ),
    "texts_lacking.xlsx": lambda: changed(2, 1, '<c r="B2" t="s"><v>0</v></c>'),
    "sheet_lacking.xlsx": lambda: without("xl/worksheets/sheet1.xml"),
    "book_lacking.xlsx": lambda: without("xl/workbook.xml"),
    "types_lacking.xlsx": lambda: without("[Content_Types].xml"),
    "relations_lacking.xlsx": lambda: without("xl/_rels/workbook.xml.rels"),
    "sheet_cut.xlsx": lambda: replaced("xl/worksheets/sheet1.xml", "</sheetData></worksheet>", ""),
    "no_xml.xlsx": lambda: packed(book({"Answers": "canary"})),
    "laughs_sheet.xlsx": lambda: with_doctype("xl/worksheets/sheet1.xml", LAUGHS),
    "laughs_texts.xlsx": lambda: with_doctype("xl/sharedStrings.xml", LAUGHS),
    "laughs_book.xlsx": lambda: with_doctype("xl/workbook.xml", LAUGHS),
    "outside.xlsx": lambda: with_doctype("xl/sharedStrings.xml", OUTSIDE),
    "strict.xlsx": lambda: packed(
        {
            name: str(text).replace(MAIN, _STRICT)
            for name, text in book({"Answers": sheet()}).items()
        }
    ),
    "prefixed.xlsx": lambda: packed(
        book(
            {
                "Answers": sheet()
                .replace("</", "</x:")
                .replace("<", "<x:")
                .replace("<x:/x:", "</x:")
                .replace("<x:?", "<?")
                .replace("xmlns=", "xmlns:x=")
            }
        )
    ),
    "utf_16.xlsx": lambda: packed(
        book({"Answers": sheet()})
        | {"xl/worksheets/sheet1.xml": sheet().replace("UTF-8", "UTF-16").encode("utf-16")}
    ),
    "macros.xlsx": lambda: packed(
        book({"Answers": sheet()}, extra={"xl/vbaProject.bin": "canary"})
        | {
            "[Content_Types].xml": str(book({"Answers": sheet()})["[Content_Types].xml"]).replace(
                "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml",
                "application/vnd.ms-excel.sheet.macroEnabled.main+xml",
            )
        }
    ),
    "old_dates.xlsx": lambda: replaced(
        "xl/workbook.xml", "<sheets>", '<workbookPr date1904="1"/><sheets>'
    ),
    "climbing.xlsx": lambda: packed(
        book({"Answers": sheet()}) | {"../../canary.txt": "x", "/etc/canary": "x"}
    ),
    "overlapping.xlsx": overlapping,
    "truncated.xlsx": lambda: one()[:-200],
    "half_there.xlsx": lambda: one()[: len(one()) // 2],
    "rubbish_behind.xlsx": lambda: one() + b"canary" * 50,
    "rubbish_in_front.xlsx": lambda: b"canary" * 50 + one(),
    "word.xlsx": lambda: archive("[Content_Types].xml", "word/document.xml"),
    "presentation.xlsx": lambda: archive("[Content_Types].xml", "ppt/presentation.xml"),
    "open_document.xlsx": lambda: archive("mimetype", "content.xml", "META-INF/manifest.xml"),
    "binary_book.xlsx": lambda: archive("[Content_Types].xml", "xl/workbook.bin"),
    "numbers.xlsx": lambda: archive("Index/Document.iwa", "Metadata/Properties.plist"),
    "answers_zipped.xlsx": lambda: archive("answers.csv"),
    "answers_zipped.csv": lambda: archive("answers.csv"),
    "book.csv": one,
    "open_document.ods": lambda: archive("mimetype", "content.xml", "META-INF/manifest.xml"),
    "macros.xlsm": one,
    "unfolding.xlsx": unfolding,
}
# Too large to keep: made when the tests run.
LARGE: dict[str, Callable[[], bytes]] = {
    "many_parts.xlsx": many_parts,
    "blank_rows.xlsx": lambda: one(  # as a spreadsheet saves a column that has a colour
        _WRITTEN + '<row><c s="0"/></row>' * (LAST - len(ROWS)),
        head=f'<dimension ref="A1:F{LAST}"/>',
    ),
}
