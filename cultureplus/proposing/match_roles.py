"""Which columns say who answers, when, where in the organisation, how long and in which language.

By the column's name in a few languages, and by what its cells look like. A column that tells who
somebody is serves for nothing but the respondent's key.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from cultureplus.errors import counted
from cultureplus.proposing.answer_words import are_answers
from cultureplus.proposing.column_facts import Facts
from cultureplus.quotable import names_a_person
from cultureplus.spelling import plain_text, same_name, slug

# Keys that a person keeps from wave to wave, the surest first; then those made anew each time.
_LASTING = (
    "respondent", "participant", "person", "externalreference", "externaldatareference",
    "participantid", "participantcode", "respondentcode", "respondentkey", "respid", "personid",
    "personalcode", "employeeid", "employeenumber", "employeeno", "staffid", "staffnumber",
    "memberid", "panelistid", "userid", "username", "nutzername", "pseudonym", "code", "token",
    "recordid", "caseid", "who", "personalnummer", "personalnr", "mitarbeiternummer",
    "mitarbeiternr", "teilnehmer", "teilnehmercode", "teilnehmernr", "matricule", "participante",
    "deelnemer",
    "email", "emailaddress", "recipientemail", "mail", "emailadresse", "customdata1",
)  # fmt: skip
_EACH_TIME = (
    "responseid", "respondentid", "submissionid", "id", "responsenumber", "antwortid", "idreponse",
    "ids", "instanceid", "sessionid", "nr", "no",
)  # fmt: skip
_SECONDS = (
    "durationinseconds", "duration", "seconds", "interviewtime", "totaltime", "timetaken",
    "timeinseconds", "dauer", "bearbeitungszeit", "durationseconds", "durationsec",
)  # fmt: skip
_LANGUAGE = (
    "userlanguage", "startlanguage", "language", "lang", "locale", "sprache", "langue", "idioma",
    "taal", "respondentlanguage",
)  # fmt: skip
_WAVE = (
    "wave", "quarter", "round", "period", "surveywave", "welle", "quartal", "vague", "ronda",
    "oleada", "meetmoment", "redcapeventname", "timepoint", "cycle", "trimestre", "kwartaal",
)  # fmt: skip
_COMMENT = (
    "comment", "comments", "remark", "remarks", "feedback", "suggestion", "suggestions",
    "kommentar", "kommentare", "anmerkung", "anmerkungen", "bemerkung", "bemerkungen",
    "commentaire", "commentaires", "remarque", "comentario", "comentarios", "opmerking",
    "opmerkingen", "freitext", "freetext",
)  # fmt: skip
_OPEN_QUESTION = re.compile(r"(?i)\b(anything|what) else\b|\bin your own words\b|\bnoch etwas\b")
_BEGINS_AS_TIME = re.compile(r"\d{1,4}([-./])\d{1,2}\1\d{1,4}[ T]+\d{1,2}:\d\d")
_LENSES = {
    "function": "function department dept division unit businessunit orgunit organisationalunit "
    "organizationalunit directorate abteilung bereich organisationseinheit "
    "fachbereich ressort fonction département departement direction departamento área afdeling",
    "location": "location site office country city region campus building standort land ort "
    "niederlassung pays lieu ville país ubicación sede locatie vestiging workplace",
    "level": "level grade seniority rank hierarchy manager management managerial leader "
    "jobrole joblevel position career hierarchieebene ebene führungskraft führungsebene niveau "
    "grado nivel functieniveau rolle role",
    "team": "team squad teamname équipe equipe equipo crew gruppe group",
}
# In a sentence these mean something else as often: "age group", "level of experience".
_ONLY_ALONE = (
    "group", "gruppe", "groupe", "grade", "rank", "position", "career", "management", "leader",
    "niveau", "nivel", "ort", "land", "direction", "area", "campus", "building",
)  # fmt: skip
_ADJUST = (
    "tenure", "tenureyears", "yearshere", "yearsinorganisation", "yearsincompany", "serviceyears",
    "lengthofservice", "yearsofservice", "fte", "hours", "hoursperweek", "weeklyhours",
    "betriebszugehörigkeit", "dienstjahre", "ancienneté", "antigüedad", "dienstjaren",
)  # fmt: skip
_ENDS = ("from", "to", "source", "target", "sender", "receiver", "von", "an", "ego", "alter")
_USUAL = (
    frozenset((*_LASTING, *_EACH_TIME, *_SECONDS, *_LANGUAGE, *_WAVE, *_COMMENT, *_ADJUST, *_ENDS))
    .union(*(words.split() for words in _LENSES.values()))
    .difference(_ONLY_ALONE)
)
_ASKS = re.compile(
    r"(?i)^(in what|which|what|where|in which|please (choose|select|name)|welche|wo|in welch|"
    r"quel|dans|cu[aá]l|welk)"
)
_MOST_WORDS = 6  # a longer header that speaks of comments may ask something else
_IN_A_SENTENCE = 100  # the word of a lens is one of several
_MOST_UNITS = 400
_SPOILT = 0.2  # the share of records that a key may lack or repeat and still be meant as one
_MOST_WAVES = 40


@dataclass(frozen=True)
class Role:
    """A column for a role, and why it is proposed."""

    column: str
    why: str


@lru_cache(maxsize=20_000)
def squashed(name: str) -> str:
    """A name without capitals, spaces and signs.

    >>> squashed("Duration (in seconds)")
    'durationinseconds'
    """
    return "".join(sign for sign in plain_text(name).casefold() if sign.isalnum())


def usually_named(names: Iterable[str]) -> set[str]:
    """The names that columns of exports and of lists of people usually have.

    >>> sorted(usually_named(["Duration (in seconds)", "Team", "Team Red"]))
    ['Duration (in seconds)', 'Team']
    """
    return {name for name in names if squashed(name) in _USUAL}


def respondent_key(waves: Sequence[Mapping[str, Facts]]) -> Role | None:
    """The column that says who answers: one for each record, and the same in the next wave.

    `waves`: the columns of each wave's records.
    """
    common = [name for name in waves[0] if all(name in wave for wave in waves)]
    keys = {squashed(name): name for name in reversed(common) if all(w[name].is_key for w in waves)}
    if len(waves) > 1:
        # A key by name that never comes back can't link waves; another that does is better.
        linking = {key: name for key, name in keys.items() if _comes_back(name, waves)}
        keys = {key: name for key, name in keys.items() if key in linking} or keys
    for key in _LASTING:
        if key in keys:
            return Role(keys[key], f"each record has one of its own{_linked(keys[key], waves)}")
    for key in _EACH_TIME:
        if key in keys:
            return Role(
                keys[key],
                "each record has one of its own, but the tool gives a new one each time: it can't "
                "link waves; leave this line out, or name a key that people keep",
            )
    return None


def spoilt_key(waves: Sequence[Mapping[str, Facts]]) -> Role | None:
    """A column that is named as a lasting key and would be one, but for a few of its records."""
    for key in _LASTING:
        for name in waves[0]:
            if squashed(name) != key or not all(name in wave for wave in waves):
                continue
            rows = sum(wave[name].rows for wave in waves)
            filled = sum(wave[name].filled for wave in waves)
            again = filled - sum(len(wave[name].counts) for wave in waves)
            if 0 < again + rows - filled <= _SPOILT * rows:
                told = [f"{counted(again, 'record')} with a key that stands above already"]
                told = told * (again > 0) + [f"{rows - filled} without one"] * (filled < rows)
                return Role(name, ", ".join(told))
    return None


def _comes_back(name: str, waves: Sequence[Mapping[str, Facts]]) -> bool:
    first, *others = (set(wave[name].counts) for wave in waves)
    return any(len(first & other) >= 0.1 * min(len(first), len(other)) for other in others)


def _linked(name: str, waves: Sequence[Mapping[str, Facts]]) -> str:
    if len(waves) < 2:
        return ""
    if _comes_back(name, waves):
        return ", and most come back" if _mostly(name, waves) else ", and some come back"
    return ", but none comes back in another wave: it can't link waves"


def _mostly(name: str, waves: Sequence[Mapping[str, Facts]]) -> bool:
    last, before = set(waves[-1][name].counts), set(waves[-2][name].counts)
    return 2 * len(last & before) >= min(len(last), len(before))


def wave_column(facts: Mapping[str, Facts]) -> Role | None:
    """The column of one file that says to which wave a record belongs."""
    for name, each in facts.items():
        few = 1 < len(each.counts) <= _MOST_WAVES and min(each.counts.values()) > 1
        if squashed(name) in _WAVE and few and each.filled == each.rows:
            return Role(name, f"its name, and {len(each.counts)} waves in it")
    return None


def seconds_column(facts: Mapping[str, Facts]) -> Role | None:
    """How long each record took."""
    for key in _SECONDS:
        for name, each in facts.items():
            if squashed(name) == key and each.is_numeric and len(each.counts) > 1:
                sure = "second" in name.casefold() or key == "interviewtime"
                return Role(name, "its name" + ("" if sure else "; are these seconds?"))
    return None


def language_column(facts: Mapping[str, Facts]) -> Role | None:
    """In which language each record was answered."""
    for key in _LANGUAGE:
        for name, each in facts.items():
            short = each.counts and max(map(len, each.counts)) <= 12
            if squashed(name) == key and short and len(each.counts) <= 40 and not each.is_numeric:
                return Role(name, "its name")
    return None


def comment_column(
    facts: Mapping[str, Facts], taken: Collection[str]
) -> tuple[Role | None, list[str]]:
    """The column of comments, and all that hold free text."""
    free = [
        name
        for name, each in facts.items()
        if name not in taken and not each.identifying and _is_free_text(each)
    ]
    named = [name for name in free if _speaks_of_comments(facts[name])]
    if len(named) == 1 or (named and squashed(named[0]) in _COMMENT):
        return Role(named[0], "free text, and its name"), free
    return (Role(free[0], "the only free text") if len(free) == 1 else None), free


def _is_free_text(facts: Facts) -> bool:
    texts = facts.texts
    if len(texts) < 2 or facts.is_numeric:
        return False
    length = sum(len(text) * n for text, n in texts.items()) / sum(texts.values())
    spaced = sum(" " in text for text in texts) / len(texts)
    if sum(_BEGINS_AS_TIME.match(text) is not None for text in texts) > 0.5 * len(texts):
        return False
    parts = [part for text in texts for part in re.split(r"[;,|]", text.casefold()) if part.strip()]
    ticked = len(texts) > 5 and 4 * len({part.strip() for part in parts}) <= len(parts)
    return len(texts) > 0.5 * sum(texts.values()) and length > 20 and spaced > 0.6 and not ticked


def _speaks_of_comments(facts: Facts) -> bool:
    for header in facts.headers:
        words = [squashed(word) for word in re.split(r"[\s_]+", header)]
        short = len(words) <= _MOST_WORDS and not set(words).isdisjoint(_COMMENT)
        if short or _OPEN_QUESTION.search(header):
            return True
    return False


def unit_columns(facts: Mapping[str, Facts], taken: Collection[str]) -> dict[str, Role]:
    """Lens -> column: where in the organisation people are."""
    found: dict[str, Role] = {}
    for lens, words in _LENSES.items():
        fitting = [
            (place, name)
            for name, each in facts.items()
            if name not in taken
            and not each.identifying
            and _holds_units(each)
            and not any(map(names_a_person, each.headers))
            for place in [_place_among(each, words.split())]
            if place is not None
        ]
        for place, (nearness, name) in enumerate(sorted(fitting, key=lambda pair: pair[0])):
            key = lens if place == 0 else slug(name)[:30]
            if place and nearness >= _IN_A_SENTENCE and not _ASKS.match(name):
                continue
            if name not in (role.column for role in found.values()) and key not in found:
                count = len({same_name(unit) for unit in facts[name].counts})
                found[key] = Role(name, f"its name, and {count} different ones")
    return found


def superiors(facts: Mapping[str, Facts], taken: Collection[str]) -> list[str]:
    """The columns that say whose people somebody belongs to; a lens of them would name persons."""
    return [
        name
        for name, each in facts.items()
        if name not in taken
        and not each.identifying
        and any(map(names_a_person, each.headers))
        and each.texts
        and not each.is_numeric
        and not are_answers(each.texts)
    ]


def _place_among(facts: Facts, words: Sequence[str]) -> int | None:
    """How near a column's name is to a lens: 0 for the word itself; None for not at all."""
    if squashed(facts.name) in words:
        return words.index(squashed(facts.name))
    for header in facts.headers:
        bare = [squashed(word) for word in re.split(r"[\s_./-]+", _divided(header))]
        hit = [words.index(word) for word in bare if word in words and word not in _ONLY_ALONE]
        if hit and (len(bare) <= 4 or (len(bare) <= 16 and _ASKS.match(header))):
            return _IN_A_SENTENCE + min(hit) + 10 * len(bare)
    return None


def _divided(name: str) -> str:
    """A name in camel case as words."""
    return re.sub(r"(?<=[a-z])(?=[A-Z])", " ", name)


def _holds_units(facts: Facts) -> bool:
    counts = facts.counts
    return (
        1 < len(counts) <= _MOST_UNITS
        and (not facts.is_numeric or len(facts.explained) >= 0.9 * len(counts))
        and 2 * len(counts) <= facts.filled
        and facts.filled >= 0.3 * facts.rows
        and max(map(len, counts)) <= 80
    )


def adjust_columns(facts: Mapping[str, Facts], taken: Collection[str]) -> list[Role]:
    """Numbers by which comparisons are adjusted, such as years of service."""
    return [
        Role(name, "its name, and numbers in it")
        for name, each in facts.items()
        if name not in taken and squashed(name) in _ADJUST and each.is_numeric
        and not each.texts
    ]  # fmt: skip


def holding(facts: Mapping[str, Facts], keys: Collection[str], *, least: float = 0.9) -> list[str]:
    """The columns of a file in which most cells are among these keys."""
    if not keys:
        return []
    return [
        name
        for name, each in facts.items()
        if each.counts
        and sum(n for cell, n in each.counts.items() if cell in keys) >= least * each.filled
    ]


def of_waves(facts: Mapping[str, Facts], waves: Collection[str]) -> list[str]:
    """The columns of a file in which all these waves stand, or some if the name says so."""
    return [
        name
        for name, each in facts.items()
        if len(each.counts) <= _MOST_WAVES
        and (any if squashed(name) in _WAVE else all)(wave in each.counts for wave in waves)
    ]


# A month as people and tools write it in a file's name ("March 9, 2026", "9. März 2026").
_MONTHS = (
    "jan(?:uary|uar)?", "feb(?:ruary|ruar)?", "m(?:ar|är)(?:ch|z)?", "apr(?:il)?", "ma[yi]",
    "june?|juni", "july?|juli", "aug(?:ust)?", "sept?(?:ember)?", "o[ck]t(?:ober)?",
    "nov(?:ember)?", "de[cz](?:ember)?",
)  # fmt: skip
_MONTH = re.compile(
    rf"(?i)(?<![^\W\d_])(?P<m>{'|'.join(f'(?:{each})' for each in _MONTHS)})"
    r"(?![^\W\d_])[\s_.,+-]*(?:\d{1,2}(?!\d)(?:[\s_.,+-]|%2C)*)?(?P<y>20\d\d)(?!\d)"
)
# What a file's name says of its wave, the most telling first, and how the wave is then called.
_WAVE_NAMES = (
    (r"(?P<y>20\d\d)[\s_.-]*[Qq](?P<q>[1-4])(?!\d)", "{y}Q{q}"),
    (r"(?<![A-Za-z])[Qq](?P<q>[1-4])[\s_.-]*(?P<y>20\d\d)", "{y}Q{q}"),
    (r"(?P<y>20\d\d)[\s_.-]*[Hh](?P<h>[12])(?!\d)", "{y}H{h}"),
    (r"(?P<y>20\d\d)[_.-](?P<m>0[1-9]|1[0-2])(?!\d)", "{y}-{m}"),
    (r"(?i)(?<![a-z0-9])(?:wave|welle|round|w)[\s_.-]*0?(?P<n>\d{1,2})(?!\d)", "wave {n}"),
    (r"(?<![A-Za-z])[Qq](?P<q>[1-4])(?!\d)", "Q{q}"),
    (r"(?<!\d)(?P<y>20\d\d)(?!\d)", "{y}"),
)


def wave_named(file_stem: str) -> tuple[str, bool]:
    """The wave that a file's name says, and whether it says one.

    >>> wave_named("answers_2026-Q3_final"), wave_named("Q3 2026"), wave_named("survey")
    (('2026Q3', True), ('2026Q3', True), ('survey', False))
    >>> wave_named("Pulse_March 9, 2026_10.12")
    ('2026-03', True)
    """
    for pattern, told in _WAVE_NAMES:
        if "{m}" in told and (hit := _MONTH.search(file_stem)):
            place = [bool(re.fullmatch(each, hit["m"], re.I)) for each in _MONTHS].index(True) + 1
            return f"{hit['y']}-{place:02}", True
        if hit := re.search(pattern, file_stem):
            return told.format(**hit.groupdict()), True
    return plain_text(re.sub(r"[^\w-]+", " ", file_stem)) or "first", False
