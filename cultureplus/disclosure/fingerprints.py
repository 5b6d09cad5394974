"""By what one recognises that something comes from a single respondent.

Identifiers and comments are words and are compared as words. Answers are small whole numbers, and
a run of five of them stands in many tables by chance. So everything numeric carries the chance of
coinciding with somebody's answers by accident, computed from the survey itself, and only what is
improbable enough is ever called a finding:

- a row of answers counts when a stranger's row of the same items would hardly ever equal one of
  these: the share of pairs of people who answer alike, carried on from the longest beginning that
  still has pairs alike to the whole row;
- a column counts when drawing as many answers as it has, from all answers to that question, would
  hardly ever give the same ones (the multinomial probability), times how many columns of that
  length there are.
"""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from cultureplus import columns as c
from cultureplus.identity import Identities, is_address
from cultureplus.scoring import keyed, score
from cultureplus.survey import Survey

BY_CHANCE = 1e-3  # what coincides more often than this is no finding
FRAGMENT = 8  # words of a comment in a row
_SENTENCE = 4  # a shorter comment is looked for whole cell by whole cell only
_LEAST_ITEMS = 4
_PAIRS = 10  # fewer pairs alike say nothing
_SCALED = 1_000_000  # numbers are compared to six decimals
_DECIMALS = (6, 3, 2, 1, 0)
_REDRAWN = 20  # from so many values on, a column is also known after shifting and stretching
_WORD = re.compile(r"[^\W_]+")
_LEAST_LETTERS, _LEAST_DIGITS = 4, 7
MISSING = np.int64(-(2**62))

NOBODY = Identities()

Integers = np.ndarray


@dataclass(frozen=True, eq=False)
class Rows:
    """The answers of single people to one run of questions, as hashes; `chance` of a stranger's."""

    name: str
    length: int
    allowed: Integers
    hashes: frozenset[int]
    chance: float


@dataclass(frozen=True, eq=False)
class Fingerprints:
    """What one survey's respondents are recognised by; nothing in it can be read back.

    `ids`: identifiers that are told from other words, by their first word; `plain`: those that are
    not (short numbers, single words); `fragments`: runs of words of comments; `remarks`: very short
    comments; `rows`, `columns` (length and hash -> what it is, by kind), `exact`: scores with more
    than 3 decimals, by how many are compared.
    """

    ids: Mapping[str, tuple[str, ...]] = field(repr=False)
    plain: frozenset[str] = field(repr=False)
    fragments: frozenset[tuple[str, ...]] = field(repr=False)
    words: frozenset[str] = field(repr=False)
    remarks: frozenset[tuple[str, ...]] = field(repr=False)
    rows: tuple[Rows, ...] = field(repr=False)
    columns: Mapping[str, Mapping[tuple[int, int], str]] = field(repr=False)
    exact: Mapping[int, frozenset[int]] = field(repr=False)
    span: tuple[float, float] = field(repr=False)


def fingerprints_of(survey: Survey, identities: Identities = NOBODY) -> Fingerprints:
    """The fingerprints of a survey: all its waves, everybody invited, ties and comments.

    `identities`: keys as they stand in the files and what the dropped columns hold.

    >>> from cultureplus.intake import read_survey
    >>> found = fingerprints_of(read_survey("data/army2002"))
    >>> sorted(found.columns), len(found.fragments)
    (['in order', 'redrawn', 'the same'], 0)
    """
    scores = score(survey)
    vocabulary = _vocabulary(survey)
    ids, plain = _identifiers(survey, identities, [folded(text) for text in vocabulary])
    fragments, remarks = _comments(survey, vocabulary)
    numbers = list(_columns(survey, scores, identities.keys))
    exact = _exact(survey, scores)
    values = [each for found in exact.values() for each in found]
    return Fingerprints(
        ids=ids,
        plain=plain,
        fragments=fragments,
        words=frozenset(word for each in (*fragments, *remarks) for word in each),
        remarks=remarks,
        rows=tuple(_rows(survey)),
        columns=_by_kind(numbers, survey),
        exact=exact,
        span=_span(scores, exact) if values else (0.0, 0.0),
    )


# --- words ----------------------------------------------------------------------------------


def words_of(text: str) -> list[str]:
    """A text's words, without case, signs and line ends.

    >>> words_of("Don’t  ask me")
    ['don', 't', 'ask', 'me']
    """
    return _WORD.findall(folded(text))


def folded(text: str) -> str:
    """A text without case and without the ways in which Unicode spells the same letter."""
    return unicodedata.normalize("NFKC", text).casefold()


def _vocabulary(survey: Survey) -> list[str]:
    """Texts that a report says anyway: names of units, waves and questions, and the questions."""
    texts = [survey.title, *survey.waves, *survey.lenses]
    for lens in survey.lenses:
        texts += survey.people[lens].dropna().astype("str").unique().tolist()
    for each in survey.instruments.values():
        texts += [each.id, each.title, each.about, each.validity, each.source, each.citation]
        texts += [*each.answer_labels, *each.subscales, *each.subscales.values()]
        texts += [part for item in each.items for part in (item.id, item.text)]
        texts += [part for option in each.options for part in (option.id, option.text)]
    return [text for text in texts if text]


def _identifiers(
    survey: Survey, identities: Identities, vocabulary: list[str]
) -> tuple[dict[str, tuple[str, ...]], frozenset[str]]:
    people = survey.people.index.get_level_values(c.RESPONDENT)
    found = {*people, *survey.answers.index.get_level_values(c.RESPONDENT)}
    found |= {*survey.ties[c.FROM], *survey.ties[c.TO], *survey.comments[c.RESPONDENT]}
    found |= {*identities.keys, *identities.keys.values()}
    known = {folded(str(each)).strip() for each in found} - set(vocabulary)
    known |= _unspoken({folded(each).strip() for each in identities.contents}, vocabulary)
    telling: dict[str, list[str]] = {}
    plain = set()
    for text in sorted(known):
        if _is_telling(text):
            telling.setdefault(_WORD.findall(text)[0], []).append(text)
        elif text:
            plain.add(text)
    return {word: tuple(texts) for word, texts in telling.items()}, frozenset(plain)


def _unspoken(names: set[str], vocabulary: list[str]) -> set[str]:
    """Names of people that no unit or question is called after: a report says those anyway."""
    said = [f" {' '.join(_WORD.findall(text))} " for text in vocabulary]
    words = {word for text in said for word in text.split()}

    def spoken(name: str) -> bool:
        parts = _WORD.findall(name)
        return words.issuperset(parts) and any(f" {' '.join(parts)} " in text for text in said)

    return {name for name in names if not spoken(name)}


def _is_telling(text: str) -> bool:
    """Whether a text is an identifier wherever it stands.

    A short number may be a count, and a single word just a word; both are looked for only where
    several stand together or under a name that says so.
    """
    words = _WORD.findall(text)
    letters, digits = any(map(str.isalpha, text)), any(map(str.isdigit, text))
    if not words or len(text) < _LEAST_LETTERS:
        return False
    if is_address(text) or (letters and (digits or len(words) > 1)):
        return True
    return digits and not letters and len(words) == 1 and len(text) >= _LEAST_DIGITS


def _comments(
    survey: Survey, vocabulary: list[str]
) -> tuple[frozenset[tuple[str, ...]], frozenset[tuple[str, ...]]]:
    public = {part for text in vocabulary for part in _runs(words_of(text))}
    fragments: set[tuple[str, ...]] = set()
    remarks: set[tuple[str, ...]] = set()
    for text in survey.comments[c.TEXT]:
        words = words_of(str(text))
        if len(words) >= _SENTENCE:
            fragments.update(_runs(words))
        elif words:
            remarks.add(tuple(words))
    return frozenset(fragments - public), frozenset(remarks)


def _runs(words: list[str]) -> Iterator[tuple[str, ...]]:
    """All runs of eight words, or all the words where there are fewer (but enough)."""
    if len(words) < FRAGMENT:
        if len(words) >= _SENTENCE:
            yield tuple(words)
        return
    for start in range(len(words) - FRAGMENT + 1):
        yield tuple(words[start : start + FRAGMENT])


# --- rows of answers ------------------------------------------------------------------------


def coded(values: np.ndarray) -> Integers:
    """Numbers as whole millionths, missing ones as a number of their own."""
    there = np.isfinite(values) & (np.abs(values) < 1e12)
    return np.where(there, np.rint(np.where(there, values, 0) * _SCALED), MISSING).astype("int64")


def answers_of(rows: Rows) -> list[float]:
    """The answers that these rows consist of."""
    return (rows.allowed[rows.allowed != MISSING] / _SCALED).tolist()


def mixed(codes: Integers) -> Integers:
    """Whole numbers spread over 64 bits so that sums of them hardly ever meet (splitmix64)."""
    with np.errstate(over="ignore"):
        bits = codes.astype("uint64") + np.uint64(0x9E3779B97F4A7C15)
        bits = (bits ^ (bits >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        bits = (bits ^ (bits >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        return bits ^ (bits >> np.uint64(31))


def hashed_rows(codes: Integers) -> Integers:
    """One hash for each row of a table of codes; the order within a row matters."""
    places = mixed(np.arange(1, codes.shape[-1] + 1))
    with np.errstate(over="ignore"):
        return mixed(mixed(codes) ^ places).sum(axis=-1, dtype="uint64")


def uneven(codes: Integers) -> np.ndarray:
    """Which rows go up as well as down: constant, rising and falling ones stand in any table.

    >>> uneven(coded(np.array([[4, 5, 3], [4, 4, 4], [1, np.nan, 2], [2, np.nan, 1]]))).tolist()
    [True, False, False, False]
    """
    # A missing answer is no step: the one before it stands in its place.
    places = np.where(codes != MISSING, np.arange(codes.shape[1]), 0)
    filled = np.take_along_axis(codes, np.maximum.accumulate(places, axis=1), axis=1)
    steps = np.where(filled[:, :-1] == MISSING, 0, np.diff(filled, axis=1))
    return np.asarray((steps > 0).any(axis=1) & (steps < 0).any(axis=1))


def _rows(survey: Survey) -> Iterator[Rows]:
    rated = [each for each in survey.instruments.values() if each.kind == "rating"]
    asked = [each for each in rated if {item.id for item in each.items} <= set(survey.answers)]
    turned = [keyed(survey.answers, each) for each in asked]
    given = [survey.answers[list(each)] for each in turned]
    tables = [(each.id, *pair) for each, *pair in zip(asked, given, turned, strict=True)]
    if len(asked) > 1:
        both = (pd.concat(part, axis=1) for part in (given, turned))
        tables.append(("all rated items", *both))
    for name, before, after in tables:
        yield from _rows_of(name, before, before)
        if not before.equals(after.astype(before.dtypes)):
            yield from _rows_of(f"{name}, keyed", after, before)
    yield from _rows_of("everything asked", survey.answers, survey.answers)


def _rows_of(name: str, answers: pd.DataFrame, given: pd.DataFrame) -> Iterator[Rows]:
    """The rows of people who did not go straight down as they answered (`given`)."""
    if answers.shape[1] < _LEAST_ITEMS:
        return
    codes, first = (coded(table.to_numpy(dtype="float64")) for table in (answers, given))
    codes = codes[(np.mean(codes != MISSING, axis=1) >= 0.5) & uneven(codes) & uneven(first)]
    if len(codes) < 2:
        return
    hashes, counts = np.unique(hashed_rows(codes), return_counts=True)
    alone = hashes[counts == 1]
    allowed = np.union1d(codes, [MISSING])
    # Two estimates that err to the safe side: carried on, and how many here are not alone.
    chance = min(len(alone) * _alike(codes), (len(codes) - len(alone) + 1) / (len(codes) + 1))
    if chance <= 0.5:
        yield Rows(name, codes.shape[1], allowed, frozenset(alone.tolist()), chance)


def _alike(codes: Integers) -> float:
    """The probability that two people answer a whole row alike."""
    pairs = len(codes) * (len(codes) - 1) / 2

    def coincide(part: Integers) -> float:
        counts = np.unique(part, return_counts=True)[1].astype("float64")
        return float((counts * (counts - 1) / 2).sum())

    # A question that everybody answers alike tells nothing, and is as likely as not all the same.
    each = [
        math.log(max(coincide(codes[:, item]), 1) / pairs) if pairs > 1 else 0.0
        for item in range(codes.shape[1])
    ]
    base, at = 0.0, 0
    for length in range(1, codes.shape[1] + 1):
        count = coincide(hashed_rows(codes[:, :length]))
        if count < _PAIRS:
            break
        base, at = math.log(count / pairs), length
    if at == 0:
        return 1.0
    slope = base / sum(each[:at]) if sum(each[:at]) < 0 else 0.0
    return math.exp(min(0.0, base + slope * sum(each[at:])))


# --- columns --------------------------------------------------------------------------------


def _columns(
    survey: Survey, scores: pd.DataFrame, keys: Mapping[str, str]
) -> Iterator[tuple[str, pd.Series]]:
    """Everything numeric that is known of each person."""
    for name in survey.answers:
        yield str(name), survey.answers[name]
    for scale in c.scale_columns(scores):
        for name in (scale, c.reading(scale, c.POMP), c.reading(scale, c.FAVOURABLE)):
            yield name, scores[name]
    for name in (*survey.adjust, c.SECONDS):
        if name in survey.people and pd.api.types.is_numeric_dtype(survey.people[name]):
            yield name, survey.people[name]
    # As they stand in the files: that a hash can be read as a number is chance.
    people = survey.people.index.get_level_values(c.RESPONDENT)
    raw = pd.to_numeric(people.map(lambda key: keys.get(key, key)), errors="coerce")
    ids = pd.Series(raw, index=survey.people.index, dtype="float64")
    ids = ids.where(np.isfinite(ids))
    if ids.notna().any():
        yield c.RESPONDENT, ids


def _groups(survey: Survey) -> dict[str, pd.Series]:
    """Who may stand together in one column: a wave, all waves, the units of a wave."""
    people = survey.people
    wave = people.index.get_level_values(c.WAVE).to_series(index=people.index).astype("str")
    found = {c.WAVE: wave}
    if len(survey.waves) > 1:
        found["waves"] = pd.Series("", index=people.index)
    for lens in survey.lenses:
        found[lens] = (wave + "\0" + people[lens].astype("str")).where(people[lens].notna())
    return found


@dataclass(frozen=True, eq=False)
class _Candidates:
    """Columns of one kind: for each group its length, hash and log probability."""

    name: str
    sizes: np.ndarray
    hashes: Integers
    logs: np.ndarray


def _by_kind(
    numbers: list[tuple[str, pd.Series]], survey: Survey
) -> dict[str, dict[tuple[int, int], str]]:
    """What is improbable enough among all columns of the same length."""
    found: dict[str, list[_Candidates]] = {"the same": [], "in order": [], "redrawn": []}
    for lens, group in _groups(survey).items():
        codes_of = pd.factorize(group)[0]
        by_group = pd.Series(codes_of, index=group.index)
        for name, values in numbers:
            given = values.dropna().astype("float64")
            where = by_group.reindex(given.index).to_numpy()
            inside = where >= 0
            if inside.any():
                label = name if lens in (c.WAVE, "waves") else f"{name} within a {lens}"
                _add(found, label, given.to_numpy()[inside], where[inside])
    kept: dict[str, dict[tuple[int, int], str]] = {}
    for kind, candidates in found.items():
        lengths: dict[int, int] = {}
        for each in candidates:
            for size in each.sizes.tolist():
                lengths[size] = lengths.get(size, 0) + 1
        kept[kind] = {
            (size, value): each.name
            for each in candidates
            for size, value, log in zip(
                each.sizes.tolist(), each.hashes.tolist(), each.logs.tolist(), strict=True
            )
            if size > 1 and log + math.log(lengths[size]) <= math.log(BY_CHANCE)
        }
    return kept


def _add(
    found: dict[str, list[_Candidates]], name: str, values: np.ndarray, group: Integers
) -> None:
    order = np.argsort(group, kind="stable")
    group = np.unique(group[order], return_inverse=True)[1]
    values = values[order]
    sizes = np.bincount(group)
    starts = np.cumsum(sizes) - sizes
    whole = bool((values == np.rint(values)).all())
    for decimals in (0,) if whole else _DECIMALS:
        codes = coded(np.round(values, decimals))
        logs, ordered = _improbable(codes, group, sizes)
        with np.errstate(over="ignore"):
            hashes = np.add.reduceat(mixed(codes), starts)
            places = mixed(np.arange(len(codes)) - starts[group] + 1)
            in_order = np.add.reduceat(mixed(mixed(codes) ^ places), starts)
        found["the same"].append(_Candidates(name, sizes, hashes, logs))
        found["in order"].append(_Candidates(name, sizes, in_order, ordered))
        if decimals in (0, 6) and (sizes >= _REDRAWN).any():
            low = np.minimum.reduceat(values, starts)[group]
            high = np.maximum.reduceat(values, starts)[group]
            large = (sizes[group] >= _REDRAWN) & (high > low)
            if not large.any():
                continue
            share = (values[large] - low[large]) / (high - low)[large]
            part = np.unique(group[large])
            begin = np.cumsum(sizes[part]) - sizes[part]
            for drawn in (share, 1 - share):
                sums = np.add.reduceat(mixed(coded(drawn)), begin)
                found["redrawn"].append(_Candidates(name, sizes[part], sums, logs[part]))


def _improbable(
    codes: Integers, group: Integers, sizes: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """The log probability of each group's values, in any order and in this one."""
    kinds, place, totals = np.unique(codes, return_inverse=True, return_counts=True)
    log_share = np.log(totals / len(codes))
    ordered = np.bincount(group, weights=log_share[place])
    factorials = np.concatenate([[0.0], np.cumsum(np.log(np.arange(1, len(codes) + 1)))])
    pairs, counts = np.unique(group * len(kinds) + place, return_counts=True)
    ways = factorials[sizes] - np.bincount(
        pairs // len(kinds), weights=factorials[counts], minlength=len(sizes)
    )
    return ways + ordered, ordered


def column_keys(values: np.ndarray, decimals: int) -> Iterator[tuple[str, tuple[int, int]]]:
    """The kinds and keys under which a column of numbers would stand among the fingerprints."""
    size = len(values)
    fit = next((step for step in reversed(_DECIMALS) if step >= decimals), 6)
    codes = coded(np.round(values, fit))
    with np.errstate(over="ignore"):
        yield "the same", (size, int(mixed(codes).sum(dtype="uint64")))
        yield "in order", (size, int(hashed_rows(codes)))
        low, high = values.min(), values.max()
        if size >= _REDRAWN and high > low:
            share = coded((values - low) / (high - low))
            yield "redrawn", (size, int(mixed(share).sum(dtype="uint64")))


# --- exact scores ---------------------------------------------------------------------------


def _exact(survey: Survey, scores: pd.DataFrame) -> dict[int, frozenset[int]]:
    """Scores with more than three decimals, as compared at 4 to 9 decimals."""
    tables = [scores[scale] for scale in c.scale_columns(scores)]
    tables += [
        survey.people[name]
        for name in survey.adjust
        if pd.api.types.is_numeric_dtype(survey.people[name])
    ]
    values = np.unique(
        np.concatenate([each.dropna().to_numpy("float64") for each in tables]) if tables else []
    )
    long = values[np.abs(values - np.round(values, 3)) > 1e-9]
    return {
        decimals: frozenset(np.rint(long * 10**decimals).astype("int64").tolist())
        for decimals in range(4, 10)
    }


def _span(scores: pd.DataFrame, exact: Mapping[int, frozenset[int]]) -> tuple[float, float]:
    found = [value / 1e4 for value in exact[4]]
    return min(found), max(found)
