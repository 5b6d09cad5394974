"""What goes wrong, said once and said well.

People meet an error late in the evening before the board meets. So each one says where it is
(file, line or row, column), what was found, what would be possible, and how to mend it. It never
quotes an answer: what somebody answered is nobody's business in a log.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable

_MOST_NAMED = 12


class CultureplusError(Exception):
    """Anything that this library refuses to do, in one message a person can act on."""


class InputError(CultureplusError):
    """A file, a setting or a table is not as it must be.

    The sentence comes first; whatever is known of place, finding, possibilities and mending
    follows in a fixed order.

    >>> print(InputError("Can't find the column 'team'.", file="people.csv",
    ...                  possible=["respondent", "unit"], fix='units.team = "unit"'))
    people.csv: Can't find the column 'team'.
      possible: respondent, unit
      fix: units.team = "unit"
    """

    def __init__(
        self,
        sentence: str,
        *,
        file: object = None,
        line: int | None = None,
        column: object = None,
        row: int | None = None,
        found: object = None,
        possible: Iterable[object] = (),
        fix: str | None = None,
    ) -> None:
        self.sentence = sentence
        self.file = None if file is None else str(file)
        self.line, self.row, self.fix = line, row, fix
        self.column = None if column is None else str(column)
        place = [] if file is None else [str(file)]
        place += [] if line is None else [f"line {line}"]
        place += [] if row is None else [f"row {row}"]
        place += [] if column is None else [f"column '{column}'"]
        lines = [f"{', '.join(place)}: {sentence}" if place else sentence]
        if found is not None:
            lines.append(f"  found: {found}")
        names = [str(name) for name in possible]
        if names:
            more = f" and {len(names) - _MOST_NAMED} more" if len(names) > _MOST_NAMED else ""
            lines.append(f"  possible: {', '.join(names[:_MOST_NAMED])}{more}")
        if fix:
            lines.append(f"  fix: {fix}")
        super().__init__("\n".join(lines))

    def mended_at(self, where: str) -> InputError:
        """The same error, saying as well where the setting stands that mends it.

        >>> print(InputError("No.", fix='kind = "plain"').mended_at("survey.toml, line 2"))
        No.
          fix: kind = "plain"
          where: survey.toml, line 2
        """
        self.args = (f"{self}\n  where: {where}",)
        return self


class NotebookFailed(CultureplusError):
    """A notebook of the run stopped at a cell; `notebook` holds what ran until then."""

    def __init__(self, message: str, notebook: object = None) -> None:
        self.notebook = notebook
        super().__init__(message)


def counted(number: int, noun: str) -> str:
    """A number of things in words.

    >>> counted(1, "such cell"), counted(2, "such cell")
    ('1 such cell', '2 such cells')
    """
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def nearest(name: str, possible: Iterable[object]) -> str | None:
    """The possible name that a misspelt one most likely means, or None; capitals don't matter.

    >>> nearest("functoin", ["team", "Function"])
    'Function'
    """
    likely = by_likeness(name, possible)
    close = likely and difflib.get_close_matches(str(name).casefold(), [likely[0].casefold()])
    return likely[0] if close else None


def by_likeness(name: str, possible: Iterable[object]) -> list[str]:
    """The possible names, the one most like a misspelt one first.

    >>> by_likeness("taem", ["function", "team"])
    ['team', 'function']
    """

    def unlike(other: str) -> float:
        return -difflib.SequenceMatcher(None, other.casefold(), str(name).casefold()).ratio()

    return sorted(map(str, possible), key=unlike)


def did_you_mean(name: str, possible: Iterable[object]) -> str | None:
    """A ready `fix` sentence for a misspelt name, or None where nothing is close.

    >>> did_you_mean("functoin", ["team", "function"])
    "did you mean 'function'?"
    """
    close = nearest(name, possible)
    return None if close is None else f"did you mean '{close}'?"
