"""A header that is somebody's record is not quoted as names of columns."""

from __future__ import annotations

import pytest

from cultureplus.no_record import holds_values


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("2026-11-01 10:00:00", True), ("11/1/26 10:00:00", True), ("1.11.2026", True),
        ("192.0.2.7", True), ("a@b.org", True), ("4,5", True),
        ("2026-03", False), ("1-2", False), ("1.2.3.4.5", False), ("1.2.3 Trust", False),
    ],
)  # fmt: skip
def test_names_that_are_values(name, expected):
    assert holds_values(["who", name]) is expected
