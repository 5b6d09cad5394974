"""The names of units, as they are given on the command line or in a file."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from cultureplus.errors import InputError


def unit_names(given: Sequence[str]) -> tuple[str, ...]:
    """Two or more names as they are; a single one is a text file with one name a line.

    Raises `InputError` where a single one is no file: there are never units without another.

    >>> unit_names(["Finance", "Customer service"])
    ('Finance', 'Customer service')
    """
    if len(given) != 1:
        return tuple(given)
    path = Path(given[0])
    try:
        lines = path.read_bytes().decode("utf-8-sig").splitlines()
    except UnicodeDecodeError:
        raise InputError(
            "This is not UTF-8 text.", file=path.name, fix="save it as UTF-8, one name a line"
        ) from None
    except (OSError, ValueError):  # a name with a null sign is a ValueError
        raise InputError(
            f"There is no file {path} with the names of units.",
            fix='name all units, --units "Customer service" Finance, or a file with one a line',
        ) from None
    names = tuple(line for line in lines if line.strip())
    if len(names) < 2:
        raise InputError(
            "Fewer than two units are named here.", file=path.name, fix="one name a line"
        )
    return names
