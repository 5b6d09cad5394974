"""The release ledger: what two releases give away, and a file that notices its own changes.

The first half holds snapshots against each other, small enough to see by eye who would be given
away. The second half runs waves of a small survey into one folder; no cell of a notebook is
executed there, because the ledger decides before any is.
"""

from __future__ import annotations

import csv
import json
import os
import platform
import re
import stat
import subprocess
import sys
from pathlib import Path

import nbformat
import nbformat.v4 as nb
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cultureplus.cli import main
from cultureplus.disclosure.ledger import (
    FILE_NAME,
    Ledger,
    admit,
    alone_in,
    put_in_place,
    read_ledger,
    write_next,
)
from cultureplus.disclosure.plan import plan_reporting
from cultureplus.disclosure.snapshots import (
    Snapshot,
    almost_the_same,
    given_away,
    same_people,
    snapshot_of,
)
from cultureplus.errors import InputError
from cultureplus.intake import read_survey
from cultureplus.manifest import differences, files_in, read_manifest
from cultureplus.run import run_quarter
from cultureplus.scoring import score
from tests.small_surveys import SALT, hashed_key

ALL = ("all", "all")
NEXT, LOCK = ".release-ledger.next", ".release-ledger.lock"


def release(lenses, *, hidden=(), without=None, min_n=5, wave="w", linked=True):
    """A snapshot of people given per lens as {person: unit}; everybody of the first lens counts."""
    people = tuple(sorted(next(iter(lenses.values()))))
    cells = {ALL: tuple(range(len(people)))}
    for lens, units in lenses.items():
        for unit in sorted({unit for unit in units.values() if unit}):
            members = tuple(p for p, name in enumerate(people) if units.get(name) == unit)
            cells[lens, unit] = members
    absent = {
        column: tuple(p for p, name in enumerate(people) if name in names)
        for column, names in (without or {}).items()
    }
    shown = {cell: members for cell, members in cells.items() if cell not in hidden}
    return Snapshot(wave, min_n, linked, people, shown, absent)


def named(letter, count):
    return [f"{letter}{number:02d}" for number in range(count)]


def units(**sizes):
    """{person: unit}: ten people of unit A are a00 to a09."""
    return {name: unit for unit, size in sizes.items() for name in named(unit.lower(), size)}


BASE = units(A=10, B=10)


# --- what two releases of one wave give away ------------------------------------------------


@pytest.mark.parametrize(
    ("later", "given"),
    [
        (BASE, []),
        (units(A=11, B=10), [ALL, ("team", "A")]),
        (units(A=9, B=10), [ALL, ("team", "A")]),
        (units(A=14, B=10), [ALL, ("team", "A")]),
        (units(A=15, B=10), []),
        (units(A=13, B=13), [("team", "A"), ("team", "B")]),  # the whole alone would be well
        (units(A=15, B=15), []),
        (units(A=10, B=10, C=5), []),
        (BASE | {"a00": "B"}, [("team", "A"), ("team", "B")]),  # a move: nobody came or left
        (BASE | dict.fromkeys(named("a", 5), "B"), []),
        # One came and one left: two people's answers differ, fewer than five.
        ({name: unit for name, unit in units(A=11, B=10).items() if name != "a00"}, None),
    ],
)
def test_late_answers_leavers_and_moves(later, given):
    found = given_away(release({"team": BASE}), release({"team": later}), 5)
    assert found == ([ALL, ("team", "A")] if given is None else given)


def test_what_comes_to_a_hidden_unit_shows_in_the_remainder():
    """Twelve came, ten of them to shown units; the other two are what is left of the whole."""
    before, after = units(A=10, B=10, C=6), units(A=15, B=15, C=8)
    hidden = [("team", "C")]
    found = given_away(
        release({"team": before}, hidden=hidden), release({"team": after}, hidden=hidden), 5
    )
    assert found == [("team", "all")]


def test_a_remainder_inside_a_coarser_unit():
    """Teams in functions: of seven new people of one function two are in a team not shown."""
    function = {"A": "F", "B": "F", "C": "G"}

    def lenses(**sizes):
        team = units(**sizes)
        return {"team": team, "function": {name: function[unit] for name, unit in team.items()}}

    before = release(lenses(A=10, B=6, C=20), hidden=[("team", "B")])
    after = release(lenses(A=15, B=8, C=25), hidden=[("team", "B")])
    assert ("team", "F") in given_away(before, after, 5)


def test_units_that_only_one_release_shows_are_taken_away_together():
    """The same people, other cells: what both show leaves three people of the whole."""
    people = units(A=10, B=10, C=3, D=7)
    small = ("team", "C")
    before = release({"team": people}, hidden=[small, ("team", "D")])
    after = release({"team": people}, hidden=[small, ("team", "A")])
    assert given_away(before, after, 5) == [("team", "all")]
    assert given_away(before, before, 5) == []


def test_somebody_who_answered_one_more_question():
    before = release({"team": BASE}, without={"trust": ["a00", "b00"], "voice": []})
    after = release({"team": BASE}, without={"trust": ["b00"], "voice": []})
    assert given_away(before, after, 5) == [ALL, ("team", "A")]
    assert not same_people(before, after)
    # A column that one of the two did not ask says nothing.
    assert given_away(before, release({"team": BASE}, without={"voice": []}), 5) == []


def test_a_column_with_too_few_answers_was_not_published():
    most = [*named("a", 7), *named("b", 6)]
    before = release({"team": BASE}, without={"trust": most}, min_n=8)
    after = release({"team": BASE}, without={"trust": most[1:]}, min_n=8)
    assert given_away(before, after, 8) == []  # seven and eight answers; seven are not shown
    assert given_away(after, release({"team": BASE}, without={"trust": most[2:]}, min_n=8), 8) == [
        ALL
    ]


def test_changes_of_two_lenses_that_are_nearly_the_same_people():
    """Seven people came to A, six of them to site X: each cell is well, their difference is one."""
    team, site = units(A=10, B=10), dict.fromkeys(BASE, "Y") | dict.fromkeys(named("a", 10), "X")
    new = named("n", 7)
    more = [f"m{number:02d}" for number in range(9)]
    later_team = team | dict.fromkeys(new, "A") | dict.fromkeys(more, "B")
    later_site = site | dict.fromkeys(new[:6], "X") | dict.fromkeys([new[6], *more], "Y")
    before = release({"team": team, "site": site})
    after = release({"team": later_team, "site": later_site})
    found = given_away(before, after, 5)
    assert {("team", "A"), ("site", "X")} <= set(found)


PEOPLE = st.dictionaries(
    st.sampled_from(named("p", 12)), st.sampled_from(["A", "B", "C"]), min_size=3
)


@given(PEOPLE, PEOPLE, st.sets(st.sampled_from(["A", "B", "C"])))
def test_every_small_difference_of_a_cell_is_found_and_the_order_is_of_no_matter(one, two, hide):
    hidden = [("team", unit) for unit in hide]
    earlier = release({"team": one}, hidden=hidden, min_n=1)
    later = release({"team": two}, hidden=hidden, min_n=1)
    found = given_away(earlier, later, 4)
    assert found == given_away(later, earlier, 4)
    for unit in {*one.values(), *two.values()} - hide:
        parts = [{name for name, own in each.items() if own == unit} for each in (one, two)]
        if all(parts):
            assert (("team", unit) in found) >= (0 < len(parts[0] ^ parts[1]) < 4)
    assert (ALL in found) >= (0 < len(one.keys() ^ two.keys()) < 4)
    assert given_away(earlier, earlier, 4) == []


def test_waves_that_differ_by_few_people_are_counted_only_where_people_are_linked():
    one, two = units(A=10, B=10), units(A=11, B=16)
    assert almost_the_same(release({"team": one}), release({"team": two}), 5) == [("team", "A")]
    assert almost_the_same(release({"team": one}), release({"team": one}), 5) == []
    unlinked = release({"team": two}, linked=False)
    assert almost_the_same(release({"team": one}), unlinked, 5) == []


def test_a_snapshot_holds_respondents_and_no_others(make_survey):
    survey = read_survey(make_survey())
    found = snapshot_of(
        survey, score(survey), plan_reporting(survey), "2026Q3", linked=True, keyed=str
    )
    assert found.people == tuple(sorted(hashed_key(f"P{number}") for number in range(1, 5)))
    assert found.cells == {}  # four people: nothing is shown
    assert found.without["tea_2"] == (found.people.index(hashed_key("P4")),)
    assert found.without["tea_1"] == ()
    assert "visits.red" not in found.without or found.without["visits.red"]


def test_who_was_invited_and_did_not_answer_is_not_in_it(make_survey):
    listed = '[people]\nfile = "people.csv"\nrespondent = "who"\nwave = "wave"\n\n[units]'
    survey = read_survey(make_survey({"survey.toml": ("[units]", listed)}))
    assert len(survey.in_waves(["2026Q3"]).people) == 5
    found = snapshot_of(
        survey, score(survey), plan_reporting(survey), "2026Q3", linked=True, keyed=str
    )
    assert found.people == tuple(sorted(hashed_key(f"P{number}") for number in range(1, 5)))


# --- the file -------------------------------------------------------------------------------


def two_entries():
    first = admit(Ledger("ab" * 16), "Tea", [release({"team": BASE}, without={"trust": ["a00"]})])
    return admit(first.ledger, "Tea", [release({"team": BASE}, wave="v", min_n=6)]).ledger


def test_a_ledger_is_read_as_it_was_written(tmp_path):
    ledger = two_entries()
    write_next(tmp_path, ledger)
    assert not (tmp_path / FILE_NAME).exists()
    put_in_place(tmp_path)
    assert read_ledger(tmp_path) == ledger
    assert [path.name for path in tmp_path.iterdir()] == [FILE_NAME]
    if os.name != "nt":
        assert stat.S_IMODE((tmp_path / FILE_NAME).stat().st_mode) == 0o600


def test_a_new_ledger_has_a_salt_of_its_own_and_is_not_written(tmp_path):
    one, two = read_ledger(tmp_path), read_ledger(tmp_path)
    assert one.entries == ()
    assert one.salt != two.salt
    assert one.keyed("P1") != two.keyed("P1")
    assert re.fullmatch("[0-9a-f]{16}", one.keyed("P1"))
    assert list(tmp_path.iterdir()) == []


def entry(change):
    def alter(content):
        change(content["entries"][0])

    return alter


ALTERATIONS = {
    "min_n": entry(lambda line: line.update(min_n=4)),
    "wave": entry(lambda line: line.update(wave="x")),
    "survey": entry(lambda line: line.update(survey="x")),
    "number": entry(lambda line: line.update(entry=2)),
    "linked": entry(lambda line: line.update(linked=False)),
    "a person more": entry(lambda line: line["people"].append("z")),
    "a member less": entry(lambda line: line["cells"][1]["members"].pop()),
    "another unit": entry(lambda line: line["cells"][1].update(unit="x")),
    "a missing answer": entry(lambda line: line["without"]["trust"].append(3)),
    "a word more": entry(lambda line: line.update(note="x")),
    "no people": entry(lambda line: line.pop("people")),
    "its digest": entry(lambda line: line.update(digest="0" * 64)),
    "the first is gone": lambda content: content["entries"].pop(0),
    "swapped": lambda content: content["entries"].reverse(),
    "twice": lambda content: content["entries"].append(content["entries"][1]),
    "another salt": lambda content: content.update(salt="cd" * 16),
    "no salt": lambda content: content.pop("salt"),
    "a salt of another kind": lambda content: content.update(salt="salt"),
    "no entries": lambda content: content.pop("entries"),
    "entries of another kind": lambda content: content.update(entries=3),
}


@pytest.mark.parametrize("what", ALTERATIONS)
def test_an_altered_ledger_is_noticed(tmp_path, what):
    write_next(tmp_path, two_entries())
    put_in_place(tmp_path)
    path = tmp_path / FILE_NAME
    content = json.loads(path.read_text("utf-8"))
    ALTERATIONS[what](content)
    path.write_text(json.dumps(content), encoding="utf-8")
    with pytest.raises(InputError, match="was altered") as caught:
        read_ledger(tmp_path)
    assert "fix: restore" in str(caught.value)


@pytest.mark.parametrize("text", ["", "{", "[]", "null", "3", "\ufeff{}"])
def test_what_is_no_ledger_is_noticed(tmp_path, text):
    (tmp_path / FILE_NAME).write_text(text, encoding="utf-8")
    with pytest.raises(InputError, match="was altered"):
        read_ledger(tmp_path)


def test_a_ledger_of_another_format_is_not_read(tmp_path):
    (tmp_path / FILE_NAME).write_text('{"format": 1}', encoding="utf-8")
    with pytest.raises(InputError, match="another version"):
        read_ledger(tmp_path)


def test_surveys_of_one_folder_do_not_meet():
    other = admit(two_entries(), "Coffee", [release({"team": units(A=11, B=10)})])
    assert other.entry.number == 3
    assert other.entry.previous == other.ledger.entries[1].digest
    with pytest.raises(InputError, match="almost the same people"):
        admit(other.ledger, "Coffee", [release({"team": units(A=12, B=10)})])


def test_a_wave_is_held_against_all_its_releases():
    """Two late answers after a second release that was far enough from the first."""
    first = admit(Ledger("00"), "Tea", [release({"team": BASE})])
    second = admit(first.ledger, "Tea", [release({"team": units(A=20, B=20)})])
    assert second.entry.number == 2
    assert any("was released before" in line for line in second.lines)
    for later in (units(A=22, B=20), units(A=12, B=10)):
        with pytest.raises(InputError, match="almost the same people"):
            admit(second.ledger, "Tea", [release({"team": later})])
    back = admit(second.ledger, "Tea", [release({"team": BASE})])
    assert (back.entry, back.is_new) == (first.entry, False)


# --- one run at a time ----------------------------------------------------------------------


def test_a_folder_is_held_by_one_run(tmp_path):
    with (
        alone_in(tmp_path / "new"),
        pytest.raises(InputError, match="Another run"),
        alone_in(tmp_path / "new"),
    ):
        pytest.fail("two runs in one folder")
    assert list((tmp_path / "new").iterdir()) == []


def test_a_lock_is_given_back_when_a_run_fails(tmp_path):
    with pytest.raises(KeyboardInterrupt), alone_in(tmp_path):
        raise KeyboardInterrupt
    assert list(tmp_path.iterdir()) == []


def an_ended_process():
    child = subprocess.Popen([sys.executable, "-c", ""])
    child.wait()
    return child.pid


@pytest.mark.skipif(os.name == "nt", reason="nobody can ask there whether a process lives")
def test_the_lock_of_an_ended_run_is_taken_over(tmp_path):
    holder = {"pid": an_ended_process(), "machine": platform.node()}
    (tmp_path / LOCK).write_text(json.dumps(holder))
    with alone_in(tmp_path):
        assert json.loads((tmp_path / LOCK).read_text())["pid"] == os.getpid()
    assert list(tmp_path.iterdir()) == []


def test_of_two_runs_that_find_an_old_lock_one_goes_on(tmp_path, monkeypatch):
    """While one asks whether the holder lives, the other has taken the old lock over."""
    (tmp_path / LOCK).write_text(json.dumps({"pid": 1, "machine": platform.node()}))
    fresh = json.dumps({"pid": 2, "machine": platform.node()})

    def lives(pid):
        (tmp_path / LOCK).write_text(fresh)
        return False

    monkeypatch.setattr("cultureplus.disclosure.ledger._lives", lives)
    with pytest.raises(InputError, match="Another run"), alone_in(tmp_path):
        pytest.fail("two runs in one folder")
    assert {path.name: path.read_text() for path in tmp_path.iterdir()} == {LOCK: fresh}


@pytest.mark.parametrize("text", ["", "{", "[]", '{"pid": 1}'])
def test_a_lock_that_says_nothing_is_respected(tmp_path, text):
    (tmp_path / LOCK).write_text(text)
    with pytest.raises(InputError, match="Another run") as caught, alone_in(tmp_path):
        pytest.fail("two runs in one folder")
    assert f"delete {LOCK}" in str(caught.value)
    assert (tmp_path / LOCK).read_text() == text


def test_the_lock_of_another_machine_is_respected(tmp_path):
    holder = {"pid": an_ended_process(), "machine": "elsewhere"}
    (tmp_path / LOCK).write_text(json.dumps(holder))
    with pytest.raises(InputError, match="Another run"), alone_in(tmp_path):
        pytest.fail("two runs in one folder")


# --- runs into one folder -------------------------------------------------------------------

VOICE = """\
id = "voice"
title = "Voice"
source = "Our own wording"
licence = "ours"
validity = "None yet"

[answers]
low = 1
high = 5
favourable = [4, 5]

[[items]]
id = "voice_1"
text = "I say what I think."
[[items]]
id = "voice_2"
text = "What I say is heard."
"""
SETTINGS = """\
title = "{title}"
kind = "plain"
instrument_files = ["voice.toml"]
{salt}
[waves]
2026Q2 = "2026Q2.csv"
2026Q3 = "2026Q3.csv"
{respondent}
[units]
team = "team"

[instruments.voice]
"""
LINKED = '[columns]\nrespondent = "who"\n'
OLD, NEW = f'salt = "{SALT}"', f'salt = "{SALT} and pins"'
TEAMS = {"A": 12, "B": 9, "C": 8}


def secret(team, number):
    return f"Person-{team}-{number}"


def write_wave(survey, wave, teams, *, skip=()):
    with (survey / f"{wave}.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["who", "team", "voice_1", "voice_2"])
        for team, size in teams.items():
            for number in range(size):
                who = secret(team, number)
                second = "" if who in skip else 1 + number * 7 % 5
                writer.writerow([who, team, 1 + number * 3 % 5, second])


@pytest.fixture
def place(tmp_path, monkeypatch):
    """A survey of two waves and a notebook; no cell of it is run, and each that would is noted."""
    survey = tmp_path / "survey"
    survey.mkdir()
    (survey / "voice.toml").write_text(VOICE, encoding="utf-8")
    write_settings(survey)
    write_wave(survey, "2026Q2", TEAMS)
    write_wave(survey, "2026Q3", {"A": 20, "B": 20, "C": 20})
    parameters = nb.new_code_cell(
        'survey = "."\nwave = None\nmin_n = 5', id="p", metadata={"tags": ["parameters"]}
    )
    (tmp_path / "own").mkdir()
    nbformat.write(nb.new_notebook(cells=[parameters]), tmp_path / "own" / "1_report.ipynb")
    ran = []

    def execute(notebook, *, folder, name):
        ran.append(name)
        return notebook

    monkeypatch.setattr("cultureplus.run.execute", execute)
    tmp_path.joinpath("reports").mkdir()
    return tmp_path, ran


def write_settings(survey, *, title="Voices", respondent=LINKED, salt=OLD):
    text = SETTINGS.format(title=title, respondent=respondent, salt=salt)
    (survey / "survey.toml").write_text(text, encoding="utf-8")


def run(folder, wave="2026Q2", **options):
    """One run; returns what it said after its last step."""
    said = []
    run_quarter(
        folder / "survey", wave=wave, out=folder / "reports" / options.pop("name", wave),
        notebooks=folder / "own", say=said.append, **options,
    )  # fmt: skip
    return [line for line in said if not line.startswith("step")]


def kept(folder):
    return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def refused(place, match, wave="2026Q2", **options):
    """A run that is refused before any notebook runs, and that leaves everything as it was."""
    folder, ran = place
    before, begun = kept(folder), len(ran)
    with pytest.raises(InputError, match=match) as caught:
        run(folder, wave, **options)
    assert kept(folder) == before
    assert len(ran) == begun
    assert "fix:" in str(caught.value)
    assert "Person" not in str(caught.value)
    return str(caught.value)


def entries(folder):
    return json.loads((folder / "reports" / FILE_NAME).read_text("utf-8"))["entries"]


def test_a_run_leaves_an_entry_that_holds_nobody_in_clear(place):
    folder, _ = place
    assert run(folder) == []
    (line,) = entries(folder)
    assert (line["entry"], line["survey"], line["wave"], line["min_n"]) == (
        1, "Voices", "2026Q2", 5,
    )  # fmt: skip
    assert len(line["people"]) == sum(TEAMS.values())
    assert {cell["unit"]: len(cell["members"]) for cell in line["cells"]} == TEAMS | {"all": 29}
    release = read_manifest(folder / "reports" / "2026Q2")["release"]
    assert release == {"entry": 1, "digests": {"2026Q2": line["digest"]}}
    text = (folder / "reports" / FILE_NAME).read_text("utf-8")
    assert "Person" not in text
    assert not re.search(r"20\d\d-\d\d-\d\d", text)  # no date
    page = "".join(
        (folder / "reports" / "2026Q2" / name).read_text("utf-8", errors="replace")
        for name in files_in(folder / "reports" / "2026Q2")
    )
    assert json.loads(text)["salt"] not in page
    assert sorted(each.name for each in (folder / "reports").iterdir()) == ["2026Q2", FILE_NAME]


def test_the_same_release_again_keeps_its_entry_and_every_byte(place):
    folder, _ = place
    run(folder)
    before = kept(folder / "reports")
    # The order of the rows is no matter to the ledger.
    path = folder / "survey" / "2026Q2.csv"
    text = path.read_text("utf-8")
    assert run(folder) == []
    assert kept(folder / "reports") == before
    head, *rows = text.splitlines(keepends=True)
    path.write_text(head + "".join(reversed(rows)), encoding="utf-8")
    assert run(folder) == []
    assert len(entries(folder)) == 1


def test_a_late_answer_is_refused_before_anything_runs(place):
    folder, _ = place
    run(folder)
    write_wave(folder / "survey", "2026Q2", TEAMS | {"A": 13})
    said = refused(place, "almost the same people")
    assert "2 cells" in said  # the whole and the team
    write_wave(folder / "survey", "2026Q2", TEAMS, skip=[secret("B", 1)])
    refused(place, "almost the same people")
    # A folder's other name is no way round it.
    refused(place, "almost the same people", name="other")


def test_enough_late_answers_are_entered_as_a_further_release(place):
    folder, _ = place
    run(folder)
    write_wave(folder / "survey", "2026Q2", TEAMS | {"A": 18})
    (said,) = run(folder)
    assert said.startswith("wave 2026Q2 was released before")
    first, second = entries(folder)
    assert second["previous"] == first["digest"]
    assert read_manifest(folder / "reports" / "2026Q2")["release"]["entry"] == 2
    write_wave(folder / "survey", "2026Q2", TEAMS | {"A": 19})
    refused(place, "almost the same people")


def test_late_answers_of_the_wave_before_are_refused_in_the_next_report(place):
    folder, _ = place
    run(folder)
    write_wave(folder / "survey", "2026Q2", TEAMS | {"C": 9})
    refused(place, "Wave 2026Q2 was released before", "2026Q3")
    # Whoever released the later wave only has shown the change from the earlier one.
    write_wave(folder / "survey", "2026Q2", TEAMS)
    run(folder, "2026Q3")
    assert [line["wave"] for line in entries(folder)] == ["2026Q2", "2026Q3"]


def test_a_report_enters_the_wave_before_it_as_well(place):
    folder, _ = place
    run(folder, "2026Q3")
    assert [line["wave"] for line in entries(folder)] == ["2026Q2", "2026Q3"]
    release = read_manifest(folder / "reports" / "2026Q3")["release"]
    assert release["entry"] == 2
    assert release["digests"] == {line["wave"]: line["digest"] for line in entries(folder)}
    write_wave(folder / "survey", "2026Q2", TEAMS | {"C": 9})
    refused(place, "Wave 2026Q2 was released before")


def test_min_n_is_never_lowered_after_a_release(place):
    folder, _ = place
    run(folder, min_n=8)
    said = refused(place, "min_n can't be lowered", min_n=7)
    assert "fix: --min-n 8" in said
    refused(place, "min_n can't be lowered", "2026Q3", min_n=5)
    run(folder, "2026Q3", min_n=9)
    refused(place, "min_n can't be lowered", min_n=8)
    write_settings(folder / "survey", title="Another survey")
    run(folder, min_n=5, name="other")


def test_waves_of_nearly_the_same_people_are_said(place):
    folder, _ = place
    write_wave(folder / "survey", "2026Q3", TEAMS | {"A": 13, "B": 20})
    run(folder)
    assert run(folder, "2026Q3") == [
        "close: 1 cell of waves 2026Q2 and 2026Q3 differ by fewer than 5 people"
    ]


def test_without_keys_only_the_very_same_records_are_released_again(place):
    folder, _ = place
    write_settings(folder / "survey", respondent="")
    run(folder)
    before = kept(folder / "reports")
    run(folder)
    assert kept(folder / "reports") == before
    write_wave(folder / "survey", "2026Q2", TEAMS | {"A": 30})
    refused(place, "no longer the same")
    assert not entries(folder)[0]["linked"]


def test_a_rerun_with_another_salt_is_noticed(place):
    """Everybody would be somebody new, and one late answer more would not be seen."""
    folder, _ = place
    run(folder)
    write_settings(folder / "survey", salt=NEW)
    write_wave(folder / "survey", "2026Q2", TEAMS | {"A": 13})
    refused(place, "The salt in survey.toml is not the one with which wave 2026Q2 was released")
    refused(place, "not the one with which wave 2026Q2", wave="2026Q3")
    write_settings(folder / "survey", salt=OLD)
    refused(place, "almost the same people")
    ledger = (folder / "reports" / FILE_NAME).read_text("utf-8")
    assert SALT not in ledger
    assert len(entries(folder)[0]["salt"]) == 16


def test_another_survey_beside_it_has_a_salt_of_its_own(place):
    folder, _ = place
    run(folder)
    write_settings(folder / "survey", title="Other voices", salt=NEW)
    run(folder, name="other")
    assert len({line["salt"] for line in entries(folder)}) == 2


def drop_ledger(reports):
    (reports / FILE_NAME).unlink()


def cut_ledger(reports):
    path = reports / FILE_NAME
    content = json.loads(path.read_text("utf-8"))
    content["entries"].pop()
    path.write_text(json.dumps(content), encoding="utf-8")


def begin_anew(reports):
    write_next(reports, two_entries())
    put_in_place(reports)


def edit_ledger(reports):
    path = reports / FILE_NAME
    text = path.read_text("utf-8")
    assert text.count('"min_n":5') == 1
    path.write_text(text.replace('"min_n":5', '"min_n":4'), encoding="utf-8")


@pytest.mark.parametrize(
    ("meddle", "run_says", "verify_says", "code"),
    [
        (drop_ledger, "ledger is lost", f"no {FILE_NAME} stands beside it", 0),
        (cut_ledger, "cut short", "does not have the entry of this report", 1),
        (begin_anew, "cut short", "does not have the entry of this report", 1),
        (edit_ledger, "was altered", "is not as the run wrote it", 1),
    ],
)
def test_a_lost_or_altered_ledger_stops_the_next_run(
    place, capsys, meddle, run_says, verify_says, code
):
    folder, _ = place
    run(folder)
    report = str(folder / "reports" / "2026Q2")
    assert main(["verify", report]) == 0
    assert f"{FILE_NAME} has it as entry 1\n" in capsys.readouterr().out
    meddle(folder / "reports")
    said = refused(place, run_says, "2026Q3")
    assert "2026Q2" in said or meddle is edit_ledger
    assert main(["verify", report]) == code
    assert verify_says in capsys.readouterr().out


def test_a_report_of_a_time_before_the_ledger_is_no_obstacle(place, capsys):
    folder, _ = place
    run(folder)
    drop_ledger(folder / "reports")
    manifest = folder / "reports" / "2026Q2" / "manifest.json"
    content = json.loads(manifest.read_text("utf-8"))
    del content["release"]
    manifest.write_text(json.dumps(content), encoding="utf-8")
    assert main(["verify", str(manifest.parent)]) == 0
    assert FILE_NAME not in capsys.readouterr().out
    run(folder)
    assert len(entries(folder)) == 1


@pytest.mark.parametrize(
    "text",
    [
        "{",
        "[]",
        '{"outputs": {}, "release": 3}',
        '{"outputs": {}, "release": {"digests": 3}}',
        '{"name": "an app"}',
    ],
)
def test_foreign_manifests_beside_are_passed_over(place, text):
    folder, _ = place
    (folder / "reports" / "app").mkdir()
    (folder / "reports" / "app" / "manifest.json").write_text(text)
    run(folder)
    assert len(entries(folder)) == 1


def test_files_that_change_during_a_run_stop_it(place, monkeypatch):
    """The notebooks would have read what the ledger has not seen."""
    folder, _ = place

    def execute(notebook, *, folder, name):
        write_wave(folder.parents[2] / "survey", "2026Q2", TEAMS | {"A": 13})
        return notebook

    monkeypatch.setattr("cultureplus.run.execute", execute)
    with pytest.raises(InputError, match="changed while the run was at work"):
        run(folder)
    assert list((folder / "reports").iterdir()) == []


# --- stopped in the middle ------------------------------------------------------------------


class StoppedError(Exception):
    """Stands for a process that ends here."""


def stop_at(monkeypatch, name):
    def stop(*_):
        raise StoppedError

    with monkeypatch.context() as patch:
        patch.setattr(f"cultureplus.run.{name}", stop)
        yield


def test_a_run_stopped_before_its_report_stood_leaves_no_entry(place, monkeypatch):
    folder, _ = place
    run(folder)
    before = kept(folder / "reports")
    for _ in stop_at(monkeypatch, "write_next"):
        with pytest.raises(StoppedError):
            run(folder, "2026Q3")
    assert kept(folder / "reports") == before
    write_next(folder / "reports", two_entries())  # had it come as far as this
    assert run(folder) == []
    assert kept(folder / "reports") == before


def test_a_run_stopped_after_its_report_stood_is_finished_by_the_next(place, monkeypatch):
    folder, _ = place
    for _ in stop_at(monkeypatch, "put_in_place"):
        with pytest.raises(StoppedError):
            run(folder)
    assert sorted(path.name for path in (folder / "reports").iterdir()) == [NEXT, "2026Q2"]
    report = kept(folder / "reports" / "2026Q2")
    assert run(folder) == []
    assert kept(folder / "reports" / "2026Q2") == report
    assert len(entries(folder)) == 1
    assert differences(folder / "reports" / "2026Q2") == []
    assert not (folder / "reports" / NEXT).exists()


def test_a_stopped_run_keeps_the_wave_before_even_where_its_own_entry_was_there(place, monkeypatch):
    """An older report released again, after a wave was put before it in survey.toml."""
    folder, _ = place
    toml = folder / "survey" / "survey.toml"
    both = toml.read_text("utf-8")
    toml.write_text(both.replace('2026Q2 = "2026Q2.csv"\n', ""), encoding="utf-8")
    run(folder, "2026Q3")
    toml.write_text(both, encoding="utf-8")
    for _ in stop_at(monkeypatch, "put_in_place"):
        with pytest.raises(StoppedError):
            run(folder, "2026Q3")
    run(folder, "2026Q3")
    assert [line["wave"] for line in entries(folder)] == ["2026Q3", "2026Q2"]
    assert read_manifest(folder / "reports" / "2026Q3")["release"]["entry"] == 1


def test_a_lock_that_was_cut_off_while_it_was_written_is_taken_over(tmp_path):
    (tmp_path / LOCK).write_text('{"pid": 1', encoding="utf-8")
    with pytest.raises(InputError), alone_in(tmp_path):
        pytest.fail("it may be being written at this moment")
    os.utime(tmp_path / LOCK, (1_000_000_000, 1_000_000_000))
    with alone_in(tmp_path):
        assert (tmp_path / LOCK).exists()
    assert not (tmp_path / LOCK).exists()


def test_a_run_stopped_between_the_two_renamings_leaves_the_earlier_release(place, monkeypatch):
    """The report waits under its other name, the next ledger is written and belongs to nobody."""
    folder, _ = place
    run(folder)
    before = kept(folder / "reports")
    write_wave(folder / "survey", "2026Q2", TEAMS | {"A": 18})
    rename = Path.rename

    def stop(path, target):
        if path.name.endswith(".part"):
            raise StoppedError
        return rename(path, target)

    with monkeypatch.context() as patch:
        # Where the two folders can be exchanged in one step there is no between.
        patch.setattr("cultureplus.run._exchanged", lambda *_: False)
        patch.setattr(Path, "rename", stop)
        with pytest.raises(StoppedError):
            run(folder)
    assert sorted(path.name for path in (folder / "reports").iterdir()) == [
        ".2026Q2.old", ".2026Q2.part", NEXT, FILE_NAME,
    ]  # fmt: skip
    write_wave(folder / "survey", "2026Q2", TEAMS)
    run(folder)
    assert kept(folder / "reports") == before


def test_half_a_ledger_is_thrown_away(place):
    folder, _ = place
    run(folder)
    before = kept(folder / "reports")
    (folder / "reports" / NEXT).write_text('{"format": 1, "sal')
    run(folder)
    assert kept(folder / "reports") == before


def test_a_run_beside_another_is_refused(place):
    folder, _ = place
    with alone_in(folder / "reports"):
        refused(place, "Another run is at work")
    run(folder)
