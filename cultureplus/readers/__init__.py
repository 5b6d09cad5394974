"""Readers: one file per export format, each ending in a `RawTable`.

`kind` in survey.toml names the reader. To add a format, write its file with a function
`read(path, *, delimiter)` and name it here.
"""

from __future__ import annotations

from collections.abc import Callable

from cultureplus.raw_table import RawTable
from cultureplus.readers import plain, qualtrics

READERS: dict[str, Callable[..., RawTable]] = {"plain": plain.read, "qualtrics": qualtrics.read}
