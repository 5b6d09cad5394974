"""What a column of an export looks like from outside: how many cells, how different, of what kind.

Only a proposal of survey.toml is made from this; reading never is. Facts are counts and the
column's own words; the cells themselves stay in here, except labels that many people share.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

import pandas as pd

from cultureplus.cells import as_number
from cultureplus.raw_table import RawTable
from cultureplus.spelling import plain_text, same_name

MOST_LABELS = 11  # a scale of 0 to 10 has so many
_LONGEST_LABEL = 80
# Codes that tools and people write for "no answer"; outside the range of answers they are that.
NO_ANSWER_CODES = frozenset(
    (-99, -9, -1, -77, -88, -66, -55, -97, -98, -999, -9999, -8, -7, 97, 98, 99, 997, 998, 999)
)


@dataclass(frozen=True)
class Facts:
    """One column over all files: `counts` (each different filled cell, tidy, and how often).

    `asked`: the question, where the file says it; `labels`: what the file says its codes mean;
    `identifying`: what of a person it holds, as far as the reader knows; `joins`: what stands
    between several answers in one cell, where the tool says so; `rows`: how many records;
    `disputed`: codes of which one file says something else than another.
    """

    name: str
    rows: int
    counts: Mapping[str, int] = field(repr=False)
    asked: str = ""
    labels: Mapping[str, str] = field(default_factory=dict)
    identifying: str = ""
    joins: str = ""
    disputed: frozenset[str] = frozenset()

    @property
    def filled(self) -> int:
        """How many cells hold something."""
        return sum(self.counts.values())

    @property
    def headers(self) -> list[str]:
        """What stands above the cells: the name and, where it differs, the question."""
        return [self.name] if self.asked in ("", self.name) else [self.name, self.asked]

    @cached_property
    def numbers(self) -> dict[float, int]:
        """Cells that are numbers, and how often."""
        found: Counter[float] = Counter()
        for cell, count in self.counts.items():
            number = as_number(cell)
            if number is not None:
                found[number] += count
        return found

    @cached_property
    def texts(self) -> dict[str, int]:
        """Cells that are no numbers, and how often."""
        return {cell: n for cell, n in self.counts.items() if as_number(cell) is None}

    @property
    def is_numeric(self) -> bool:
        """Whether nearly every filled cell is a number."""
        return self.filled > 0 and sum(self.numbers.values()) >= 0.95 * self.filled

    @property
    def explained(self) -> dict[str, str]:
        """The cells that the file says the meaning of, where that is another text."""
        return {
            cell: plain_text(self.labels[cell])
            for cell in self.counts
            if plain_text(self.labels.get(cell, cell)) not in ("", cell)
        }

    @property
    def is_key(self) -> bool:
        """Whether each record has one and no two have the same."""
        return self.rows > 1 and len(self.counts) == self.filled == self.rows

    @property
    def has_labels(self) -> bool:
        """Whether its texts are few, short and shared: answers from a list, or units."""
        texts = self.texts
        return (
            0 < len(texts) <= MOST_LABELS
            and max(map(len, texts)) <= _LONGEST_LABEL
            and sum(texts.values()) >= 2 * len(texts)
        )

    def within(self, low: int, high: int) -> bool:
        """Whether its numbers are answers of this range, codes for no answer aside."""
        return all(
            number in NO_ANSWER_CODES or (low <= number <= high and number == int(number))
            for number in self.numbers
        )


def facts_of(raws: Sequence[RawTable]) -> dict[str, Facts]:
    """The columns of all files by name; what a later file says of a column holds."""
    found: dict[str, Facts] = {}
    for raw in raws:
        for name in raw.frame.columns:
            before = found.get(name)
            counts = _counts(raw.frame[name])
            labels = raw.labels.get(name, {})
            disputed: set[str] = set()
            if before is not None:
                counts = Counter(before.counts) + counts
                both = before.labels.keys() & labels.keys()
                other = {c for c in both if same_name(before.labels[c]) != same_name(labels[c])}
                disputed = {*before.disputed, *other}
            found[name] = Facts(
                name,
                len(raw.frame) + (before.rows if before else 0),
                counts,
                raw.questions.get(name, before.asked if before else ""),
                {**(before.labels if before else {}), **labels},
                raw.identifying.get(name, before.identifying if before else ""),
                raw.joins,
                frozenset(disputed),
            )
    return found


def _counts(cells: pd.Series) -> Counter[str]:
    found: Counter[str] = Counter()
    for cell, count in cells.value_counts(dropna=True).items():
        tidy = plain_text(cell)
        if tidy:
            found[tidy] += int(count)
    return found
