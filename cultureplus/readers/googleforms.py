"""Google Forms: the time stamp, then one column a question, whose header is its text.

Read are the responses as the form itself downloads them (csv), and as the linked spreadsheet is
saved (csv, tsv, xlsx), with the interface in any language. Rows of a grid have columns of their
own, `Question [Row]`. Answers are texts; several in one cell stand with `;` between them in what
the form downloads (its time stamps name the time zone) and with `, ` in a spreadsheet. Scores of a
quiz, and the feedback to it, are left out. Of a summary there is no csv or workbook.
"""

from __future__ import annotations

import re
from dataclasses import replace

from cultureplus.errors import InputError, counted
from cultureplus.grid import Grid
from cultureplus.moments import is_moment
from cultureplus.raw_table import RawTable, told_apart, under_header
from cultureplus.spelling import plain_text

_STAMPS = {
    "Timestamp", "Zeitstempel", "Horodateur", "Marca temporal", "Marca de temps",
    "Carimbo de data/hora", "Informazioni cronologiche", "Tijdstempel", "Tidstämpel",
    "Tidsstempel", "Aikaleima", "Sygnatura czasowa", "Časové razítko", "Časová pečiatka",
    "Időbélyeg", "Zaman damgası", "Marcaj de timp", "Отметка времени",
    "タイムスタンプ", "时间戳记", "時間戳記", "타임스탬프", "Cap waktu",
}  # fmt: skip
_E_MAIL_NAMES = {
    "Username", "Email Address", "Email address", "Email", "Nutzername", "E-Mail-Adresse",
    "Nom d'utilisateur", "Adresse e-mail", "Nombre de usuario",
    "Dirección de correo electrónico", "Nome de usuário", "Endereço de e-mail",
    "Nome utente", "Indirizzo email", "Gebruikersnaam", "E-mailadres",
    "メールアドレス", "ユーザー名",
}  # fmt: skip
_E_MAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")
_WITH_ZONE = re.compile(r"\d{4}/\d{1,2}/\d{1,2} \d{1,2}:\d{2}:\d{2} (?:\S+ \S.*|(?:UTC|GMT)\S*)")
_SCORE = re.compile(r"(?:--|[0-9]+(?:\.[0-9]+)?) / [0-9]+(?:\.[0-9]+)?")
_PART = re.compile(r"(.+) \[[^\[\]]+\]")
_FIRST_SCORES = 4  # the total stands among the tool's own columns, before the questions


def marks(grid: Grid) -> str:
    """What shows that a file is of this kind, or ''."""
    first, *others = grid.texts(0) or [""]
    asked = any(" " in plain_text(text) or text.rstrip().endswith("?") for text in others)
    if plain_text(first) in _STAMPS and asked and is_moment(plain_text(_cell(grid, 1))):
        return "its first column is a form's time stamp, and its headers are questions"
    return ""


def read(grid: Grid) -> RawTable:
    """Read the responses to a Google form.

    Raises `InputError` where the first column is not the time stamp.
    """
    texts = [plain_text(text) for text in grid.texts(0)]
    below = (plain_text(cell) for cell in grid.cells[0].iloc[1:].fillna(""))
    stamp = next(filter(None, below), "")
    if texts[0] not in _STAMPS and not (texts[0] and is_moment(stamp)):
        raise InputError(
            "The first column of a Google Forms export is the time stamp; here it is not.",
            file=grid.file,
            row=grid.row(0),
            fix='export it again without moving columns or rows, or kind = "plain" in survey.toml',
        )
    names, again = told_apart(texts)
    raw = under_header(grid, header_rows=1, names=names)
    graded = _graded(raw, names, texts)
    notes = [*raw.notes, *again]
    if graded:
        notes.append(f"{counted(len(graded), 'column')} with scores or feedback of a quiz left out")
    asked = dict(zip(names, texts, strict=True))
    kept = [name for name in raw.frame if name not in graded]
    named = {name: "e-mail" for name in kept[1:] if _is_e_mail(raw, name, names)}
    return replace(
        raw,
        frame=raw.frame[kept],
        questions={name: asked[name] for name in kept[1:] if name not in named},
        identifying=named,
        joins=";" if _WITH_ZONE.fullmatch(stamp) else ", ",
        notes=tuple(notes),
    )


def _cell(grid: Grid, place: int) -> str:
    return next(iter(grid.texts(place)), "")


def _is_e_mail(raw: RawTable, name: str, names: list[str]) -> bool:
    """The tool's own column of addresses: by its name, or the second one by what it holds."""
    if name in _E_MAIL_NAMES:
        return True
    filled = raw.frame[name][raw.frame[name] != ""] if name == names[1] else ()
    return len(filled) > 0 and all(_E_MAIL.fullmatch(cell.strip()) for cell in filled)


def _graded(raw: RawTable, names: list[str], texts: list[str]) -> set[str]:
    """The columns of a quiz's scores (`3 / 5`), and of the feedback that stands beside them."""
    bases = {}
    for name, text in zip(names, texts, strict=True):
        part = _PART.fullmatch(text)
        if name and part and part[1] in texts:
            bases[name] = part[1]
    scores = {name for name in [*bases, *names[1:_FIRST_SCORES]] if name and _is_score(raw, name)}
    beside = {bases[name] for name in scores if name in bases}
    return scores | {name for name, base in bases.items() if base in beside}


def _is_score(raw: RawTable, name: str) -> bool:
    filled = raw.frame[name][raw.frame[name] != ""]
    return len(filled) > 0 and all(_SCORE.fullmatch(cell.strip()) for cell in filled.unique())
