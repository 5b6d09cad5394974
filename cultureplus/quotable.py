"""Which cells of a column may be quoted in an error or in the import log.

Names of waves and units help whoever mends a file. But survey.toml may name a column of keys, names
or comments as that of waves or units, and then its cells are somebody's own. So every message that
would list what stands in a column asks here first. A wave may be quoted where it looks like a
period, a unit where several records share it in a column that holds little else; and nothing of a
column that names a person, such as everybody's line manager.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

import pandas as pd

from cultureplus import columns as c
from cultureplus.spelling import plain_text, tidied

_SHARED = 2  # records; what only one has may be what one person wrote
_LONGEST = 60  # letters; a longer text is no name
_OF_A_PERSON = re.compile(r"@|(?:[0-9][ ()/.-]*){6}")  # an address, a telephone number, a long key

# What is no word for a period but stands beside one in names of waves.
_OF_PERIODS = """
    wave welle vague onda ronda oleada meting meetmoment golf fala round runde tour ronde phase fase
    pulse puls pulso survey umfrage befragung sondage enquete encuesta peiling sprint cycle zyklus
    ciclo time timepoint zeitpunkt messzeitpunkt period zeitraum periode quarter quartal trimestre
    kwartaal q t w h hj fy kw half halbjahr semester semestre year jahr annee ano jaar week woche
    semaine semana month monat mois mes maand visit besuch event arm termin part teil messung
    messpunkt erhebung durchgang measurement assessment
"""
_PERIODS = frozenset(_OF_PERIODS.split())
_YEAR = r"(?:19|20)[0-9]{2}"
_NUMBER = rf"{_YEAR}(?:(?:0[1-9]|1[0-2])(?:[0-2][0-9]|3[01])?)?|[0-9]{{1,2}}"
_PIECES = re.compile(rf"(?P<number>(?<![0-9])(?:{_NUMBER})(?![0-9]))|(?P<word>[^\W\d_]+)")
_BETWEEN = re.compile(r"[\s_./:-]*")

# A superior, alone or with what may stand beside it in a header.
_NAMES = """
    manager supervisor boss superior leader lead teamlead teamleader teamleiter teamleiterin
    teamleitung coach mentor foreman reports report vorgesetzte vorgesetzter vorgesetzten
    vorgesetztem vorgesetztenname führungskraft fuhrungskraft chef chefin chefe abteilungsleiter
    abteilungsleiterin gruppenleiter gruppenleiterin responsable supérieur supérieure manageur
    gerente jefe jefa supervisora capo responsabile leidinggevende teamleider baas przełożony
    kierownik chefen linemanager
"""
_BESIDE_THEM = """
    name names named surname first last full id number code key of to the your my a s is who whom
    whose person people direct directly immediate line team functional head disciplinary reporting
    their in r n direkt direkte direkter direkten ihr ihre ihrer ihres der die des dein deine
    deines wer ist fachliche fachlicher disziplinarische disziplinarischer nom prénom du de la le
    votre qui est hiérarchique direto directo directa inmediato inmediata nombre su tu del quién es
    what which how called please enter select choose give write tell us welche welcher welches wie
    heisst was bitte quel quelle cuál cual cómo se llama wie heet hoe
    naam van de je uw direct directe diretto diretta nome do seu
"""
_SUPERIORS = frozenset(_NAMES.split())
_KNOWN = _SUPERIORS.union(_BESIDE_THEM.split())


def quotable(column: str, counts: Mapping[str, int]) -> set[str]:
    """The different cells of a column that are nobody's own.

    `counts`: the cells, tidied and filled, and how many people have each (of one wave, where people
    come back). None is, where fewer than half of them repeat another one or where the column's name
    names a person; else those that several have, unless it is a long text, an address or a
    telephone number.

    >>> quotable("team", {"Red": 2, "Blue": 2}) == {"Red", "Blue"}
    True
    >>> quotable("team", {"Ann": 2, "Ben": 1, "Cem": 1})
    set()
    """
    if names_a_person(column) or 2 * len(counts) > sum(counts.values()):
        return set()
    return {
        text
        for text, count in counts.items()
        if count >= _SHARED and len(text) <= _LONGEST and not _OF_A_PERSON.search(text)
    }


def quotable_units(people: pd.DataFrame, lens: str, column: str) -> set[str]:
    """The units of a lens that may be quoted, in whichever wave several people have them.

    `people`: indexed by wave and respondent; `column`: where the units stand in their file.
    """
    waves = people.groupby(level=c.WAVE, sort=False)[lens]
    return set().union(*(quotable(column, counts_of(cells)) for _, cells in waves))


def counts_of(cells: pd.Series) -> dict[str, int]:
    """How many people have each filled cell.

    >>> counts_of(pd.Series(["Red", "", " Red"]))
    {'Red': 2}
    """
    tidy = tidied(cells.dropna().astype("str"))
    return {str(text): int(count) for text, count in tidy.value_counts().items() if text}


def is_period(wave: str) -> bool:
    """Whether a text is a number of a wave, a date, a year or a part of one, and nothing else.

    >>> is_period("2026Q3"), is_period("wave 2"), is_period("Ann"), is_period("P17")
    (True, True, False, False)
    """
    text, place, some = plain_text(wave), 0, False
    while place < len(text):
        hit = _PIECES.match(text, place)
        if hit is None or (hit["word"] and hit["word"].casefold() not in _PERIODS):
            return False
        some = some or bool(hit["number"])
        between = _BETWEEN.match(text, hit.end())
        place = between.end() if between else hit.end()
    return some


def names_a_person(column: str) -> bool:
    """Whether a column is headed as one that names somebody's superior.

    >>> names_a_person("Line manager"), names_a_person("My manager listens.")
    (True, False)
    """
    parted = re.sub(r"(?<=[^\W\d_A-Z])(?=[A-Z])", " ", plain_text(column))
    words = re.findall(r"[^\W\d_]+", parted.casefold())
    return not _SUPERIORS.isdisjoint(words) and _KNOWN.issuperset(words)
