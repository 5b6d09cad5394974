"""The import log: what was read, recoded, merged and dropped, while a survey is being read."""

from __future__ import annotations

import pandas as pd

from cultureplus.raw_table import RawTable

_COLUMNS = ("file", "wave", "column", "decision", "rows_in", "rows_out")


class ImportLog:
    """A list of decisions; `table()` gives it as file, wave, column, decision, rows_in, rows_out.

    >>> log = ImportLog()
    >>> log.add("answers.csv", "previews left out", rows=(12, 10))
    >>> log.table()[["file", "decision", "rows_out"]].values.tolist()
    [['answers.csv', 'previews left out', 10]]
    """

    def __init__(self) -> None:
        self._rows: list[tuple[object, ...]] = []

    def add(
        self,
        file: str,
        decision: str,
        *,
        wave: str = "",
        column: str = "",
        rows: tuple[int, int] | None = None,
    ) -> None:
        """Note one decision; `rows` counts records before and after it."""
        self._rows.append((file, wave, column, decision, *(rows or (None, None))))

    def read(self, raw: RawTable, *, wave: str = "", kept: int | None = None) -> None:
        """Note how many records a file has, what its reader decided, and what it left out.

        `kept`: how many of its records are used (default: all).
        """
        count = len(raw.frame) + sum(raw.left_out.values())
        self.add(raw.file, "read", wave=wave, rows=(count, count if kept is None else kept))
        for note in raw.notes:
            self.add(raw.file, note, wave=wave)
        for what, left in raw.left_out.items():
            self.add(raw.file, what, wave=wave, rows=(count, count - left))
            count -= left

    def table(self) -> pd.DataFrame:
        """The decisions in the order in which they were taken."""
        table = pd.DataFrame(self._rows, columns=list(_COLUMNS))
        return table.astype({"rows_in": "Int64", "rows_out": "Int64"})
