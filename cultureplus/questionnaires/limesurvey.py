"""LimeSurvey: a survey as tab-separated structure, the .txt that its Import survey reads.

One row a group (G), question (Q), subquestion (SQ) and answer (A), with UTF-8's byte order mark.
An instrument is an array (type F) with its items as subquestions, a select-all question a multiple
choice (type M) with its options as subquestions. Codes are letters and digits only, 20 at most
(`limesurvey_code` says how); the export then has `question[subquestion]`, which is read without a
mapping. No question is mandatory: an answer that was forced tells nothing.

Texts are HTML to LimeSurvey and `{...}` is an expression: what would be taken for one of these, or
would end a cell or begin a formula in a spreadsheet, is written as an entity. So is every letter
beyond ASCII: the importer tells the encoding by the first 10,000 bytes, which may end within one.

Checked against `TSVImportSurvey`, `createXMLfromData` and `fileCsvToUtf8` of LimeSurvey 6
(application/helpers/admin/import_helper.php), the rules of its model Question, and a
structure that LimeSurvey exported. A question belongs to the group above it, a subquestion and an
answer to the question above; columns that the importer does not know are attributes.
"""

from __future__ import annotations

import html
from collections.abc import Sequence

from cultureplus.errors import InputError
from cultureplus.questionnaires.pages import Page, Question
from cultureplus.tool_columns import limesurvey_code

BACK = 'export as csv, headings "Question code", responses "Answer codes"'
_COLUMNS = (
    "class", "type/scale", "name", "relevance", "text", "help", "language", "validation",
    "mandatory", "other", "default", "same_default", "exclude_all_others",
)  # fmt: skip
_SETTINGS = {
    "format": "G",  # a group a page
    "showgroupinfo": "X",  # the names of groups are the instruments': nothing for respondents
    "showqnumcode": "X",
}
_LABEL_CODE = 5  # characters of an answer's code
_LONGEST_TITLE = 200


def write(pages: Sequence[Page], *, title: str, language: str) -> bytes:
    """The questionnaire as LimeSurvey imports it.

    Raises `InputError` for two codes that are one to LimeSurvey, for an answer that its codes
    cannot hold, and for a title that is too long.
    """
    if len(title) > _LONGEST_TITLE:
        raise InputError(
            "This title is too long for LimeSurvey.",
            found=f"{len(title)} characters",
            possible=[f"at most {_LONGEST_TITLE}"],
        )
    rows = [_row("S", name="language", text=language)]
    rows += [_row("S", name=name, text=value) for name, value in _SETTINGS.items()]
    rows.append(_row("SL", name="surveyls_title", text=title, language=language))
    _refuse_one([page.id for page in pages])
    for place, page in enumerate(pages):
        rows += _group(page, f"G{place}", language)
    text = "".join("\t".join(row) + "\n" for row in [list(_COLUMNS), *rows])
    return text.encode("utf-8-sig")


def _group(page: Page, place: str, language: str) -> list[list[str]]:
    spoken = {"language": language}
    kind = {"type/scale": "M" if page.select_all else "F"}
    alone = ";".join(limesurvey_code(each.name) for each in page.questions if each.exclusive)
    rows = [
        _row("G", name=page.id, relevance="1", **{"type/scale": place}, **spoken),
        _row(
            "Q", name=limesurvey_code(page.id), relevance="1", text=_text(page.text),
            mandatory="N", other="N", exclude_all_others=alone, **kind, **spoken,
        ),
    ]  # fmt: skip
    _refuse_one([each.name for each in page.questions])
    rows += [_subquestion(each, language) for each in page.questions]
    for value, label in page.answers:
        if value < 0 or len(str(value)) > _LABEL_CODE:
            raise InputError(
                f"'{page.id}' has answers for which LimeSurvey has no codes.",
                found=value,
                possible=["0 to 99999"],
                fix="move the range in the instrument's file, such as 0-6 instead of -3 to 3",
            )
        rows.append(_row("A", name=str(value), text=_text(label), **{"type/scale": "0"}, **spoken))
    return rows


def _subquestion(question: Question, language: str) -> list[str]:
    return _row(
        "SQ", name=limesurvey_code(question.name), relevance="1", text=_text(question.row),
        language=language, **{"type/scale": "0"},
    )  # fmt: skip


def _row(kind: str, **cells: str) -> list[str]:
    return [kind if column == "class" else cells.get(column, "") for column in _COLUMNS]


def _refuse_one(names: Sequence[str]) -> None:
    """LimeSurvey takes capitals for small letters where it compares codes."""
    seen: dict[str, str] = {}
    for name in names:
        other = seen.setdefault(limesurvey_code(name).casefold(), name)
        if other != name:
            raise InputError(
                f"'{other}' and '{name}' have one code in LimeSurvey.",
                found=limesurvey_code(name),
                fix="give one of them another id in the instrument's file",
            )


def _text(text: str) -> str:
    """A text in which nothing is a tag, an expression, a quotation of cells or a formula."""
    found = html.escape(text, quote=False).encode("ascii", "xmlcharrefreplace").decode()
    for sign in '{}"\\':
        found = found.replace(sign, f"&#{ord(sign)};")
    return f"&#{ord(found[0])};{found[1:]}" if found.startswith(("=", "+", "-", "@")) else found
