"""Labels that go into a proposal are those that people share."""

from __future__ import annotations

import pandas as pd

from cultureplus.proposing.column_facts import facts_of
from cultureplus.proposing.match_items import Found, Match
from cultureplus.proposing.match_labels import ANY, labels_of
from cultureplus.raw_table import RawTable
from tests.small_surveys import scale


def test_what_one_person_writes_twice_is_no_label():
    mine, ours = "canary, as always", "hardly"
    frame = pd.DataFrame({"a": [mine, ours, "Agree", ""], "b": [mine, "Agree", ours, ""]})
    raw = RawTable(frame, "a.csv", 2)
    match = Match(scale(["a", "b"]), {name: Found(name, 1.0) for name in "ab"})
    found = labels_of(match, facts_of([raw]), [raw], None)
    assert found is not None
    assert set(found.tongues[ANY].numbers) == {"Agree", ours}
