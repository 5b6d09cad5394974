"""One file that a survey names, and how it was written: what a reader is given.

Nothing here is guessed: what divides the cells, how the letters are coded and what marks decimals
is what survey.toml says, or the plainest default.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from cultureplus.errors import InputError
from cultureplus.file_signature import LONGEST, evident_kind

DELIMITERS = {";": ";", ",": ",", "\t": r"\t", "|": "|"}  # and how TOML spells them
ENCODINGS = (
    "utf-8", "utf-16", "cp1250", "cp1251", "cp1252", "cp1253", "cp1254", "cp1257", "iso-8859-1",
    "iso-8859-2", "iso-8859-15", "mac-roman", "shift_jis", "gb18030", "big5", "euc-kr",
)  # fmt: skip
DECIMALS = (".", ",")


@dataclass(frozen=True)
class ExportFile:
    """A file and how it was written.

    `delimiter`, `encoding`, `decimal`: of text files; `dictionary`: the file that says what the
    columns are, for tools that write one beside the data.
    """

    path: Path
    delimiter: str = ","
    encoding: str = "utf-8"
    decimal: str = "."
    dictionary: Path | None = None

    @property
    def name(self) -> str:
        """The file's name without its folders."""
        return self.path.name

    @property
    def suffix(self) -> str:
        """The file's ending, in small letters."""
        return self.path.suffix.lower()

    def refuse_absent(self, *, named: str = " in survey.toml") -> None:
        """Raise `InputError` unless there is such a file; `named`: where its name was given."""
        try:
            there, is_file = self.path.exists(), self.path.is_file()
        except OSError:  # a name that no file can have, or a folder that may not be looked into
            there = is_file = False
        if not there:
            raise InputError(
                f"There is no file {self.path}.",
                fix=f"check the name{named}, or put the file there",
            )
        if not is_file:
            raise InputError(f"{self.path} is a folder.", fix=f"name a file{named}")

    def beginning(self, size: int) -> bytes:
        """The file's first bytes. Raises `InputError` where it can't be opened."""
        try:
            with self.path.open("rb") as stream:
                return stream.read(size)
        except OSError as problem:
            raise self.closed(problem) from None

    def refuse_evident(self, wanted: str) -> None:
        """Raise `InputError` where the file begins as some other kind does than the one wanted."""
        if self.name.startswith(("~$", ".~lock.")):
            raise InputError(
                "This is what a spreadsheet leaves beside a file that is open, not the file.",
                file=self.name,
                fix="name the file itself: the same name without what stands in front",
            )
        found = evident_kind(self.beginning(LONGEST))
        if found is not None:
            what, fix = found
            raise InputError(f"This is {what}, not {wanted}.", file=self.name, fix=fix)

    def closed(self, problem: OSError) -> InputError:
        """The error for a file that can't be opened."""
        return InputError(
            "This file can't be opened.",
            file=self.name,
            found=problem.strerror,
            fix="close it in other programs, and check who may read it",
        )
