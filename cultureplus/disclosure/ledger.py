"""The release ledger: what was released before, so that the next release gives nobody away.

One file, release-ledger.json, stands beside the report folders. Each release of a wave leaves an
entry: the smallest group that was shown, keyed hashes of the people who were counted, and who of
them stood in which published cell and answered which question. It holds no answers and no ids in
clear. (The ids were hashed once before, with the salt of survey.toml, when the files were read; an
entry notes a keyed hash of that salt, so that a rerun with another one is refused.) Still it is a
file about persons: whoever has it, the salt and the list of ids can tell who answered, and in which
unit. It belongs beside the reports and is handed on to nobody.

Every entry carries a digest of itself and of the one before it. The manifest of each report names
the digests of its entries: of its own wave, and of the one before it, whose answers make the
change. So a ledger that was edited, cut short or lost is noticed as long as one of its reports
stands beside it. It guards against mistakes, not against somebody who may write here: another
folder, another title in survey.toml, or taking the reports away as well begins anew.

What one run does: it takes a lock, reads and checks the ledger, holds its waves against what was
released of them (`snapshots` says what is looked for), writes the next ledger under another name,
puts the report in place and renames the ledger last. A run that was stopped between the two is
finished by the next one, which finds the new entry named by a report.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import os
import platform
import secrets
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path
from typing import Any

from cultureplus.disclosure.snapshots import Snapshot, almost_the_same, given_away, same_people
from cultureplus.errors import InputError, counted
from cultureplus.manifest import RELEASE, read_manifest

FILE_NAME = "release-ledger.json"
_NEXT = ".release-ledger.next"
_LOCK = ".release-ledger.lock"
_WRITTEN = 60  # seconds after which a lock that can't be read belongs to nobody
_ABOUT = "Keep this file beside the reports, and hand it on to nobody."
_FORMAT = 2
_DIGESTS = "digests"  # in a manifest, per wave
_DIGITS = 16  # of a respondent's hash: no two of a million people share one by chance
_RESTORE = f"restore {FILE_NAME} from a copy, or name a folder elsewhere with --out"


@dataclass(frozen=True)
class Entry:
    """One release of one wave; `digest` covers the entry and the digest of the one before."""

    number: int
    survey: str
    snapshot: Snapshot
    previous: str
    digest: str


@dataclass(frozen=True)
class Ledger:
    """All releases of a folder in their order; `salt` keys the hashes of its respondents."""

    salt: str
    entries: tuple[Entry, ...] = ()

    def keyed(self, respondent: str) -> str:
        """A respondent's hash: HMAC-SHA256 with the ledger's salt, shortened.

        >>> Ledger("00").keyed("P1") == Ledger("01").keyed("P1")
        False
        """
        found = hmac.new(bytes.fromhex(self.salt), respondent.encode(), hashlib.sha256)
        return found.hexdigest()[:_DIGITS]


@dataclass(frozen=True)
class Admission:
    """What a run may go on with: the ledger as it will be, its own entry, and what is to be said.

    `entries`: of the waves of the report, its own last; `is_new`: whether the ledger has to be
    written.
    """

    ledger: Ledger
    entries: tuple[Entry, ...]
    is_new: bool
    lines: tuple[str, ...]

    @property
    def entry(self) -> Entry:
        """The entry that the report belongs to."""
        return self.entries[-1]

    @property
    def named(self) -> dict[str, Any]:
        """What the report's manifest says of it; the same for the same release."""
        digests = {entry.snapshot.wave: entry.digest for entry in self.entries}
        return {"entry": self.entry.number, _DIGESTS: digests}


def admit(ledger: Ledger, survey: str, snapshots: Sequence[Snapshot]) -> Admission:
    """Hold the waves of a run against what was released of them before, and enter them.

    `survey`: its title; `snapshots`: of each wave whose answers enter the report, in order of time,
    the wave that the report is about last. A wave that was released in just this way keeps its
    entry. Raises `InputError`, naming nobody, where `min_n` is lower than it was in an earlier
    release, where respondents' keys were hashed with another salt then, or where two releases of
    one wave would give fewer than `min_n` people away.

    >>> def of(people):
    ...     cells = {("all", "all"): tuple(range(len(people)))}
    ...     return Snapshot("2026Q3", 5, True, tuple(people), cells, {})
    >>> first = admit(Ledger("00"), "Tea", [of("abcdef")])
    >>> first.entry.number, first.is_new, admit(first.ledger, "Tea", [of("abcdef")]).is_new
    (1, True, False)
    >>> admit(first.ledger, "Tea", [of("abcdefghijk")]).lines
    ('wave 2026Q3 was released before, with other people or other cells; this is entry 2 of \
release-ledger.json',)
    """
    known = [entry for entry in ledger.entries if entry.survey == survey]
    for entry in known:
        _refuse_lower(entry.snapshot, snapshots[-1].min_n)
        _refuse_other_salt(entry.snapshot, snapshots[-1])
    lines: list[str] = []
    entered = ledger
    mine: list[Entry] = []
    for snapshot in snapshots:
        before = [entry for entry in known if entry.snapshot.wave == snapshot.wave]
        own = next((entry for entry in before if entry.snapshot == snapshot), None)
        if own is not None:
            mine.append(own)
            continue
        for entry in before:
            _refuse_close(entry.snapshot, snapshot)
        own = _next_entry(entered, survey, snapshot)
        entered = replace(entered, entries=(*entered.entries, own))
        mine.append(own)
        if before:
            lines.append(
                f"wave {snapshot.wave} was released before, with other people or other cells; "
                f"this is entry {own.number} of {FILE_NAME}"
            )
    for earlier, later in pairwise(snapshots):
        cells = almost_the_same(earlier, later, later.min_n)
        if cells:
            lines.append(
                f"close: {counted(len(cells), 'cell')} of waves {earlier.wave} and {later.wave} "
                f"differ by fewer than {later.min_n} people"
            )
    return Admission(entered, tuple(mine), entered is not ledger, tuple(lines))


def _refuse_lower(released: Snapshot, min_n: int) -> None:
    if min_n < released.min_n:
        raise InputError(
            f"min_n can't be lowered: wave {released.wave} was released with {released.min_n}.",
            file=FILE_NAME,
            found=f"min_n {min_n}",
            fix=f"--min-n {released.min_n}",
        )


def _refuse_other_salt(released: Snapshot, now: Snapshot) -> None:
    """With another salt everybody is somebody new, and no rerun would ever be close to a release.

    The ledger keeps a keyed hash of the salt, and so knows another one without knowing either.
    """
    if released.salt and now.salt and released.salt != now.salt:
        raise InputError(
            f"The salt in survey.toml is not the one with which wave {released.wave} was released:"
            " nobody could be recognised.",
            file=FILE_NAME,
            fix="restore the line 'salt = ...' of survey.toml as it was then; where it is lost, "
            "name a folder elsewhere with --out, and hold the releases against each other yourself",
        )


def _refuse_close(released: Snapshot, now: Snapshot) -> None:
    """Raise where this release beside an earlier one of the same wave gives a few people away."""
    if not (released.linked and now.linked) and not same_people(released, now):
        raise InputError(
            f"Wave {now.wave} was released before, and its records are no longer the same. Without "
            "a respondent's key nobody can tell how many people differ.",
            file=FILE_NAME,
            fix="restore the files as they were released, or release them under another wave",
        )
    cells = given_away(released, now, now.min_n)
    if cells:
        raise InputError(
            f"Wave {now.wave} was released before with almost the same people: the two releases "
            f"together would give fewer than {now.min_n} people away.",
            file=FILE_NAME,
            found=f"{counted(len(cells), 'cell')} that would do so",
            fix="wait until more late answers are in, restore the files as they were released, or "
            "release under another wave",
        )


# --- the file -------------------------------------------------------------------------------


def read_ledger(folder: Path) -> Ledger:
    """The ledger of a folder of reports; a new one, not yet written, where nothing was released.

    Finishes what a stopped run left. Raises `InputError` where the ledger was altered, or where a
    report beside it names an entry that it does not have.
    """
    named = _named_by_reports(folder)
    _finish(folder, {digest for digests in named.values() for digest in digests})
    path = folder / FILE_NAME
    if not path.exists():
        if named:
            raise InputError(
                "The release ledger is lost: a report here names an entry of it.",
                file=FILE_NAME,
                found=f"{counted(len(named), 'such report')}, {sorted(named)[0]} among them",
                fix=_RESTORE,
            )
        return Ledger(secrets.token_hex(16))
    ledger = _parsed(path)
    known = {entry.digest for entry in ledger.entries}
    lost = sorted(name for name, digests in named.items() if not digests <= known)
    if lost:
        raise InputError(
            "The release ledger was altered or cut short: it lacks an entry that a report names.",
            file=FILE_NAME,
            found=f"{counted(len(lost), 'such report')}, {lost[0]} among them",
            fix=f"{_RESTORE}; a report that was made elsewhere belongs into another folder",
        )
    return ledger


def write_next(folder: Path, ledger: Ledger) -> None:
    """Write a ledger under another name, to be put in place after the report is."""
    entries = ",\n".join(_json(_plain(entry)) for entry in ledger.entries)
    head = f'"about": {_json(_ABOUT)},\n"format": {_FORMAT},\n"salt": {_json(ledger.salt)}'
    text = f'{{\n{head},\n"entries": [\n{entries}\n]\n}}\n'
    # Others on the same machine need not read it.
    number = os.open(folder / _NEXT, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(number, "w", encoding="utf-8", newline="\n") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())


def put_in_place(folder: Path) -> None:
    """Let the ledger that `write_next` wrote take the place of the one before, if there is one."""
    with suppress(FileNotFoundError):
        (folder / _NEXT).replace(folder / FILE_NAME)


def entry_of(report: Path) -> tuple[bool, str]:
    """Whether the ledger beside a report has its entry, and a sentence that says so.

    The sentence is '' where the report's manifest names no entry. Where no ledger stands beside the
    report, as in a folder that was handed on, nothing is wrong, and the sentence says that too.
    Raises `InputError` where there is no manifest.
    """
    manifest = read_manifest(report)
    digests = _digests_in(manifest)
    if not digests:
        return True, ""
    path = report.resolve().parent / FILE_NAME
    if not path.exists():
        return True, f"no {FILE_NAME} stands beside it: what was released before can't be checked"
    try:
        ledger = _parsed(path)
    except InputError as problem:
        return False, f"{FILE_NAME} is not as the run wrote it: {problem.sentence}"
    if digests <= {entry.digest for entry in ledger.entries}:
        return True, f"{FILE_NAME} has it as entry {manifest[RELEASE].get('entry')}"
    with suppress(InputError, FileNotFoundError):
        if digests <= {entry.digest for entry in _parsed(report.resolve().parent / _NEXT).entries}:
            return True, "its entry is written and waits for the next run to put it in place"
    return False, f"{FILE_NAME} does not have the entry of this report"


def _finish(folder: Path, named: set[str]) -> None:
    """Put a waiting ledger in place if its report is, else throw it away."""
    path = folder / _NEXT
    if not path.exists():
        return
    with suppress(InputError):
        if _parsed(path).entries[-1].digest in named:
            put_in_place(folder)
            return
    path.unlink()


def _named_by_reports(folder: Path) -> dict[str, set[str]]:
    """Per report folder the digests of the ledger's entries that its manifest names."""
    found = {}
    for path in sorted(folder.iterdir()) if folder.is_dir() else ():
        if path.name.startswith(".") or not path.is_dir():
            continue  # half a run, or an earlier report on its way out
        with suppress(InputError, OSError):
            digests = _digests_in(read_manifest(path))
            if digests:
                found[path.name] = digests
    return found


def _digests_in(manifest: dict[str, Any]) -> set[str]:
    release = manifest.get(RELEASE)
    digests = release.get(_DIGESTS) if isinstance(release, dict) else None
    return {str(digest) for digest in digests.values()} if isinstance(digests, dict) else set()


def _parsed(path: Path) -> Ledger:
    """The ledger in a file, its chain of digests checked."""
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        if content["format"] != _FORMAT:
            raise InputError(
                "This release ledger was written by another version of cultureplus.",
                file=FILE_NAME,
                found=f"format {content['format']}",
                possible=[_FORMAT],
                fix="run the version that wrote it, or name a folder elsewhere with --out",
            )
        ledger = Ledger(str(content["salt"]))
        bytes.fromhex(ledger.salt)
        for line in content["entries"]:
            entry = _next_entry(ledger, line["survey"], _snapshot(line))
            if _plain(entry) != line:
                raise ValueError
            ledger = replace(ledger, entries=(*ledger.entries, entry))
    except (ValueError, KeyError, TypeError, AttributeError):
        raise InputError(
            "The release ledger was altered: its entries no longer follow from one another.",
            file=FILE_NAME,
            fix=_RESTORE,
        ) from None
    return ledger


def _next_entry(ledger: Ledger, survey: str, snapshot: Snapshot) -> Entry:
    last = ledger.entries[-1].digest if ledger.entries else _hash(ledger.salt)
    entry = Entry(len(ledger.entries) + 1, survey, snapshot, last, "")
    content = {name: value for name, value in _plain(entry).items() if name != "digest"}
    return replace(entry, digest=_hash(_json(content)))


def _plain(entry: Entry) -> dict[str, Any]:
    """An entry as it stands in the file."""
    snapshot = entry.snapshot
    return {
        "entry": entry.number,
        "survey": entry.survey,
        "wave": snapshot.wave,
        "min_n": snapshot.min_n,
        "linked": snapshot.linked,
        "salt": snapshot.salt,
        "people": list(snapshot.people),
        "cells": [
            {"lens": lens, "unit": unit, "members": list(places)}
            for (lens, unit), places in sorted(snapshot.cells.items())
        ],
        "without": {name: list(places) for name, places in sorted(snapshot.without.items())},
        "previous": entry.previous,
        "digest": entry.digest,
    }


def _snapshot(line: dict[str, Any]) -> Snapshot:
    return Snapshot(
        wave=line["wave"],
        min_n=line["min_n"],
        linked=line["linked"],
        people=tuple(line["people"]),
        cells={(each["lens"], each["unit"]): tuple(each["members"]) for each in line["cells"]},
        without={name: tuple(places) for name, places in line["without"].items()},
        salt=line["salt"],
    )


def _json(content: object) -> str:
    return json.dumps(content, sort_keys=True, separators=(",", ":"))


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


# --- one run at a time ----------------------------------------------------------------------


@contextmanager
def alone_in(folder: Path) -> Iterator[None]:
    """Hold a folder of reports for one run; raises `InputError` where another run holds it.

    A lock whose process has ended on this machine is taken over.
    """
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / _LOCK
    holder = {"pid": os.getpid(), "machine": platform.node()}
    if not _created(path, holder):
        _take_away_stale(path)
        if not _created(path, holder):
            raise _busy()
    try:
        yield
    finally:
        path.unlink(missing_ok=True)


def _created(path: Path, holder: dict[str, Any]) -> bool:
    try:
        number = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return False
    with os.fdopen(number, "w", encoding="utf-8") as file:
        file.write(json.dumps(holder))
    return True


def _take_away_stale(path: Path) -> None:
    """Remove the lock of a process that is no more; raises `InputError` where it may be alive."""
    try:
        text = path.read_text(encoding="utf-8")
        holder = json.loads(text)
        alive = holder["machine"] != platform.node() or _lives(int(holder["pid"]))
    except FileNotFoundError:
        return  # it has just ended
    except (ValueError, KeyError, TypeError):
        # Being written at this moment, or its writer was killed while it wrote.
        with suppress(FileNotFoundError):
            if time.time() - path.stat().st_mtime < _WRITTEN:
                raise _busy() from None
        alive = False
    if alive:
        raise _busy()
    # Of two runs that come upon it, one renames it; and it makes sure that it took the stale one.
    own = path.with_name(f"{_LOCK}.{os.getpid()}")
    try:
        path.rename(own)
    except FileNotFoundError:
        return
    if own.read_text(encoding="utf-8") != text:
        own.rename(path)
        raise _busy()
    own.unlink()


def _lives(pid: int) -> bool:
    if os.name == "nt":  # there the signal that asks would end the process
        return True
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except (PermissionError, OverflowError):
        return True
    return True


def _busy() -> InputError:
    return InputError(
        "Another run is at work in this folder.",
        file=_LOCK,
        fix=f"wait until it is done; where no run is at work, delete {_LOCK}",
    )
