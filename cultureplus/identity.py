"""Who somebody is stays in the files: what tells it is dropped on reading, keys are hashed.

Survey tools write columns about who answered and from where: IP address, e-mail, names,
coordinates, browser. No analysis needs them. So they are dropped from every file as soon as it is
read, known by what the reader says of its tool, by their name, or by their cells; the import log
says which. One of them may be the respondents' key. Each key is replaced by a keyed hash before
anything else is done, so no table of a `Survey` holds a key as it stands in a file.

The hash is BLAKE2b, keyed with the `salt` of survey.toml: the same salt gives the same person the
same key in every wave and every rerun, and without it nobody can try a list of ids. It has 16
hexadecimal digits, 64 bits: among a million people two share one with a probability of 3 in 100
million (n squared over 2 to the 65th; with 8 digits they would be more than a hundred pairs).

Reference: Aumasson et al. (2013), BLAKE2: simpler, smaller, fast as MD5, ACNS; RFC 7693.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from hashlib import blake2b
from ipaddress import ip_address
from itertools import permutations

import numpy as np
import pandas as pd

from cultureplus import columns as c
from cultureplus.errors import InputError
from cultureplus.import_log import ImportLog
from cultureplus.no_record import is_one_of
from cultureplus.raw_table import NO_HEADER, ROW_OF_NAMES, RawTable, column_of
from cultureplus.readers import read_export, read_table
from cultureplus.settings import Settings
from cultureplus.spelling import plain_text, same_name, tidied
from cultureplus.text_columns import as_bytes, as_digits, may_hold
from cultureplus.toml_source import TomlTable

_BYTES = 8  # of a key's hash; two digits each
_AT_ONCE = 20_000  # keys that are objects at a time: a million would take longer
_MOST_SALT = 64  # bytes that the hash takes as its key

IP, MAIL, NAME, PLACE, DEVICE, PHONE = (
    "IP address", "e-mail", "name", "coordinates", "device", "telephone number",
)  # fmt: skip
# Whole names of columns, compared without case, spaces, hyphens, dots and underscores.
_NAMES = {
    IP: """
        ip, ip address, ipaddr, ip adresse, adresse ip, direccion ip, dirección ip, indirizzo ip,
        endereço ip, endereço de ip, ip adres, ip-adress, adres ip, remote address, client ip
    """,
    MAIL: """
        e-mail, mail, mail address, e-mail address, recipient email, respondent email,
        contact email, user email, participant email, work email, user principal name, upn,
        e-mail-adresse, mailadresse, adresse e-mail, adresse mail, adresse de messagerie, courriel,
        adresse électronique, correo, correo electrónico, dirección de correo electrónico,
        indirizzo e-mail, indirizzo di posta elettronica, posta elettronica, e-mailadres,
        endereço de e-mail, correio eletrónico, correio eletrônico, adres e-mail, e-postadress
    """,
    NAME: """
        name, full name, first name, last name, given name, family name, middle name, surname,
        forename, fname, lname, recipient name, recipient first name, recipient last name,
        respondent name, participant name, employee name, user name, display name, contact name,
        vorname, nachname, familienname, vor- und nachname, benutzername, mitarbeitername,
        nom, prénom, nom de famille, nom complet, nom et prénom, nom d'utilisateur,
        nombre, nombres, apellido, apellidos, nombre completo, nombre y apellidos,
        nombre de usuario, nome, cognome, nome e cognome, nome completo, nome utente, sobrenome,
        apelido, primeiro nome, último nome, naam, voornaam, achternaam, volledige naam,
        gebruikersnaam, imię, nazwisko, imię i nazwisko, förnamn, efternamn, för- och efternamn
    """,
    PLACE: """
        latitude, longitude, lat, lon, lng, lat long, lat lon, latitude longitude, coordinates,
        location latitude, location longitude, geo location, geolocation, gps, gps coordinates,
        gps latitude, gps longitude, breitengrad, längengrad, koordinaten, coordonnées gps,
        latitud, longitud, coordenadas, latitudine, longitudine, latitude e longitude,
        breedtegraad, lengtegraad, coördinaten, szerokość geograficzna, długość geograficzna
    """,
    DEVICE: """
        user agent, browser, browser version, browser type, device, device type, device id,
        device name, device identifier, device model, operating system, os version,
        screen resolution, meta info browser, meta info operating system, mac address,
        advertising id, gerät, gerätetyp, geräte-id, betriebssystem,
        bildschirmauflösung, appareil, type d'appareil, navigateur, système d'exploitation,
        dispositivo, tipo de dispositivo, navegador, sistema operativo, tipo di dispositivo,
        sistema operacional, apparaat, apparaattype, besturingssysteem
    """,
    PHONE: """
        phone, phone number, telephone, telephone number, mobile number, mobile phone, cell phone,
        telefon, telefonnummer, handynummer, téléphone, numéro de téléphone, teléfono,
        número de teléfono, telefono, numero di telefono, telefone, número de telefone,
        telefoonnummer
    """,
}
_MAIL = re.compile(r"(?:mailto:)?[^\s@,;<>\"]+@[^\s@,;<>\"]+\.[^\W\d_]{2,}", re.IGNORECASE)
_PAIR = re.compile(
    r"\(?[-+]?(?:90|[0-8]?[0-9])\.[0-9]{2,}(?:\s*[,;]\s*|\s+)"
    r"[-+]?(?:180|1[0-7][0-9]|[0-9]?[0-9])\.[0-9]{2,}\)?"
)
_NEARLY_EVERY = 0.9
_LOOKED_AT = 200  # filled cells, evenly spread, by which a column is told not to be one
_SPOKEN_OF = (NAME, MAIL, IP, PLACE, PHONE)  # a device is many people's


@dataclass(frozen=True)
class Telling:
    """What a column holds that tells who somebody is, and by what that was seen."""

    what: str
    seen: str


@dataclass(frozen=True)
class Identities:
    """What the files hold and a `Survey` does not.

    `keys`: hash -> key as it stands in a file; `contents`: of the columns that are dropped, devices
    left out.
    """

    keys: Mapping[str, str] = field(default_factory=dict, repr=False)
    contents: frozenset[str] = field(default_factory=frozenset, repr=False)


def hashed(keys: pd.Series, salt: str) -> pd.Series:
    """Each key's hash, 16 hexadecimal digits; blank stays blank.

    `keys`: texts, compared as `plain_text` tidies them, and e-mail addresses without capitals.

    >>> hashed(pd.Series(["P1", " P1", "P2", ""]), "0123456789abcdef").tolist()
    ['c6c837f6bb172259', 'c6c837f6bb172259', 'df8d1a3c4130e70e', '']
    """
    secret = salt.encode()
    # A long salt is used whole: the hash takes so many bytes and no more.
    secret = secret if len(secret) <= _MOST_SALT else blake2b(secret).digest()
    empty = blake2b(key=secret, digest_size=_BYTES)
    tidy = tidied(keys)
    if may_hold(tidy, "@"):  # in one wave somebody is Ann@..., in the next ann@...
        tidy = tidy.mask(tidy.str.fullmatch(_MAIL), tidy.str.casefold())
    found = []
    for start in range(0, len(tidy), _AT_ONCE):
        part = []
        for key in as_bytes(tidy.iloc[start : start + _AT_ONCE]):
            one = empty.copy()
            one.update(key)
            part.append(one.digest())
        found.append(b"".join(part))
    texts = as_digits(b"".join(found), keys.index).rename(keys.name)
    blank = tidy == ""
    return texts.mask(blank, "") if blank.any() else texts


def telling_columns(raw: RawTable) -> dict[str, Telling]:
    """The columns of a file that tell who somebody is or where they sat.

    Raises `InputError` where such a thing is a column's name itself.

    >>> frame = pd.DataFrame({"IPAddress": ["", ""], "x": ["a@b.org", "c@d.org"], "q": ["1", "2"]})
    >>> telling_columns(RawTable(frame, "a.csv", 2))
    {'IPAddress': Telling(what='IP address', seen='by its name'), \
'x': Telling(what='e-mail', seen='by its cells')}
    """
    found = {}
    for name in map(str, raw.frame.columns):
        if name in raw.identifying:
            found[name] = Telling(raw.identifying[name], "written by the survey tool")
        elif _bare(name) in _BY_NAME:
            found[name] = Telling(_BY_NAME[_bare(name)], "by its name")
        else:
            what = _held(raw.frame[name])
            if what and _CELLS[what](name):
                raise InputError(NO_HEADER, file=raw.file, fix=ROW_OF_NAMES)
            if what:
                found[name] = Telling(what, "by its cells")
    return found


def protected(
    settings: Settings, role: str, raw: RawTable, log: ImportLog, *, wave: str = ""
) -> RawTable:
    """A file's records without what tells who somebody is, and with hashes for keys.

    `role`: "columns" (an export), "people" or "ties". Raises `InputError` where survey.toml reads
    a column that tells who somebody is, or a key, as something else.
    """
    keys = _keys(settings, role)
    known = named_columns(settings, role)
    for key, name in keys.items():
        column_of(raw, name, setting=f"{role}.{key}", known=known)
    columns = [raw.frame[name] for name in dict.fromkeys(keys.values())]
    if any(
        is_one_of(str(cells.name), cells)
        or any(may_hold(cells, name) and (cells == name).any() for name in keys.values())
        for cells in columns
    ):
        raise InputError(NO_HEADER, file=raw.file, fix=ROW_OF_NAMES)  # somebody's key is a name
    telling = telling_columns(raw)
    for name, table, key, read_as in _used(settings, role):
        if table.path in (("units",), ("adjust",)) or key == c.WAVE:
            # Now, while the cells still show whether the first row is a header.
            listed = read_as == "adjust.columns"
            column_of(raw, name, setting=read_as, listed=listed, known=known)
        if name in telling or name in keys.values():
            is_key = name in keys.values()
            _refuse(raw, name, None if is_key else telling[name], table, key, read_as)
    gone = {name: each for name, each in telling.items() if name not in keys.values()}
    if gone:
        said = ", ".join(f"{name} ({each.what})" for name, each in gone.items())
        log.add(raw.file, f"left out, for it tells who somebody is: {said}", wave=wave)
    frame = raw.frame.drop(columns=[*gone])
    for name in dict.fromkeys(keys.values()):
        frame[name] = hashed(frame[name], settings.salt)
        log.add(raw.file, "keys replaced by keyed hashes", wave=wave, column=name)
    return replace(raw, frame=frame, identifying={})


def identities_of(settings: Settings) -> Identities:
    """Every key as it stands in the survey's files, and what the dropped columns hold.

    Only whoever looks for leaks needs them. Raises `InputError` where a file can't be read.
    """
    keys: dict[str, str] = {}
    contents: set[str] = set()
    for role, raw in _files(settings):
        own = {name for name in _keys(settings, role).values() if name in raw.frame}
        for name in own:
            distinct = pd.Series(tidied(raw.frame[name]).unique(), dtype="str")
            keys |= dict(zip(hashed(distinct, settings.salt), distinct, strict=True))
        named = []
        for name, each in telling_columns(raw).items():
            if name in own or each.what not in _SPOKEN_OF:
                continue
            cells = tidied(raw.frame[name])
            contents |= set(cells)
            named += [cells] if each.what == NAME else []
        for first, last in permutations(named, 2):
            contents |= set((first + " " + last).loc[(first != "") & (last != "")])
    keys.pop("", None)
    return Identities(keys, frozenset(each for each in contents if any(map(str.isalnum, each))))


def _files(settings: Settings) -> Iterator[tuple[str, RawTable]]:
    exports = [*settings.exports.values(), *([settings.export] if settings.export else [])]
    for file in exports:
        yield "columns", read_export(settings.kind, file)
    for role, side in (("people", settings.people), ("ties", settings.ties)):
        if side is not None:
            yield role, read_table(side.file)


def _places(settings: Settings, role: str) -> Mapping[str, str]:
    """The columns of a file that survey.toml names, by what they are."""
    side = settings.ties if role == "ties" else settings.people
    return settings.columns if role == "columns" else side.columns if side else {}


def _keys(settings: Settings, role: str) -> dict[str, str]:
    """Of these, the columns that hold respondents' keys."""
    places = _places(settings, role)
    return {key: places[key] for key in (c.RESPONDENT, c.FROM, c.TO) if key in places}


def named_columns(settings: Settings, role: str) -> set[str]:
    """Every column of a file that survey.toml or an instrument names; roles as for `protected`."""
    return {*_places(settings, role).values(), *(name for name, *_ in _used(settings, role))}


def _used(settings: Settings, role: str) -> Iterator[tuple[str, TomlTable, str, str]]:
    """What else survey.toml reads from a file: column, table and key that say so, and as what."""
    top = settings.source
    for key, name in _places(settings, role).items():
        if key not in (c.RESPONDENT, c.FROM, c.TO):
            yield name, top.table(role), key, f"{role}.{key}"
    if role == ("columns" if settings.people is None else "people"):
        for lens, name in settings.units.items():
            yield name, top.table("units"), lens, f"units.{lens}"
        for name in settings.adjust:
            yield name, top.table("adjust"), "columns", "adjust.columns"
    if role == "columns":
        for question, asked in settings.asked.items():
            for name in dict.fromkeys([*asked.places.values(), *asked.columns.values()]):
                yield name, top.table("instruments").table(question), "columns", f"'{question}'"


def _refuse(
    raw: RawTable, name: str, telling: Telling | None, table: TomlTable, key: str, read_as: str
) -> None:
    if telling is None:
        raise table.error(
            key,
            f"A column that holds respondents' keys can't be read as {read_as} too.",
            column=name,
            found=f"in {raw.file}",
            fix="name another column, or take this line out",
        )
    raise table.error(
        key,
        f"A column that tells who somebody is can't be read as {read_as}.",
        column=name,
        found=f"{telling.what} in {raw.file}, {telling.seen}",
        fix="name a column that tells of no person; if it holds something else, rename it in the "
        "file",
    )


def _held(cells: pd.Series) -> str:
    """What nearly every filled cell of a column wholly is, or ''."""
    spread = np.linspace(0, len(cells) - 1, min(len(cells), _LOOKED_AT)).astype("int64")
    some = [plain_text(cell) for cell in cells.iloc[spread].tolist() if cell != ""]
    filled = cells
    if len(some) < _LOOKED_AT / 2:  # few are filled: then look at those
        filled = cells.loc[cells != ""]
        spread = np.linspace(0, len(filled) - 1, min(len(filled), _LOOKED_AT)).astype("int64")
        some = [plain_text(cell) for cell in filled.iloc[spread]]
    if not any(sign in text for text in set(some) for sign in _SIGNS):
        return ""
    for what, is_one in _CELLS.items():
        if _share(is_one, some) >= _NEARLY_EVERY / 2 and (
            _share(is_one, [plain_text(cell) for cell in filled if cell != ""]) >= _NEARLY_EVERY
        ):
            return what
    return ""


_SIGNS = "@.:,"  # one of them stands in everything that is known by its cells


def _share(is_one: Callable[[str], bool], cells: list[str]) -> float:
    return sum(map(is_one, cells)) / len(cells)


def is_address(text: str) -> bool:
    """Whether a text is an IP address, of the fourth or the sixth version.

    >>> is_address("192.0.2.1"), is_address("2001:db8::1"), is_address("12:34:56")
    (True, True, False)
    """
    try:
        ip_address(text)
    except ValueError:
        return False
    return True


_CELLS: dict[str, Callable[[str], bool]] = {
    MAIL: lambda text: _MAIL.fullmatch(text) is not None,
    IP: is_address,
    PLACE: lambda text: _PAIR.fullmatch(text) is not None,
}


def _bare(name: str) -> str:
    """A column's name without case and without what stands between its words."""
    return re.sub(r"[\s_.\-]+", "", same_name(name))


_BY_NAME = {
    _bare(name): what
    for what, names in _NAMES.items()
    for name in " ".join(names.split()).split(",")
}
