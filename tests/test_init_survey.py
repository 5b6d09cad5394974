"""`cultureplus init`: what it recognises, what it writes; nothing is guessed in silence."""

from __future__ import annotations

import random
import re
import shutil
import subprocess
import sys

import pytest

from cultureplus.cli import main
from cultureplus.errors import InputError
from cultureplus.guesses import guesses_in
from cultureplus.intake import read_survey
from cultureplus.proposing.init_survey import exports_and_folder, init_survey, open_places
from cultureplus.proposing.proposal import propose
from cultureplus.settings import read_settings
from cultureplus.spelling import slug
from tests.dressed_sample import (
    INSTRUMENTS,
    LENSES,
    SAMPLE,
    cut_off,
    in_brackets,
    in_words,
    records,
    write,
)

CODES, ASKED, RECORDS = records()
WHERE = ["Which department do you work in?", "Where is your office?", "What is your level?", "Team"]
UNITS = {slug(units[0]): units[0] for _, _, units, _ in RECORDS}.values()
KNOWN = list(INSTRUMENTS.values())


def confirmed(path):
    """survey.toml after a person has left every guess as it is."""
    text = re.sub(r"  # guess:[^\n]*", "", path.read_text(encoding="utf-8"))
    path.write_text(text, encoding="utf-8")
    return path


def counts(settings, headers):
    """How many columns are said to be the item that they are, and how many to be another."""
    right = wrong = 0
    for name, asked in settings.asked.items():
        places = dict(asked.places)
        if asked.lens:
            places = {slug(unit): column for unit, column in asked.columns.items()}
            places = {slug(unit): f"{name}_{slug(unit)}" for unit in UNITS} | places
        for key, column in places.items():
            fits = headers.get(column) in (key, f"{name}_{slug(key)}")
            right, wrong = right + fits, wrong + (not fits)
    return right, wrong


# --- how much of the sample is recognised ---------------------------------------------------


def one_line(text):
    return " ".join(text.split())


DRESSES = {
    "question texts": (lambda code, asked: one_line(asked), "Respondent", LENSES),
    "grids": (in_brackets, "Email Address", WHERE),
    "cut off": (lambda code, asked: cut_off(code, asked, 30), "token", LENSES),
}


@pytest.mark.parametrize("dress", DRESSES)
def test_all_of_the_sample_is_proposed_and_nothing_wrong(tmp_path, dress):
    header, key, where = DRESSES[dress]
    order = random.Random(dress).sample(range(len(CODES)), len(CODES))
    names = {header(CODES[place], ASKED[place]): CODES[place] for place in order}
    rows = [
        [who, *units, *(in_words(CODES[place], cells[place]) for place in order)]
        for who, tongue, units, cells in RECORDS
        if tongue == "EN"
    ]
    path = write(tmp_path / "2026Q3.csv", [key, *where, *names], rows)
    init_survey([path], tmp_path / "survey", say=lambda line: None)
    written = confirmed(tmp_path / "survey" / "survey.toml")
    assert open_places(written) == []
    settings = read_settings(written)
    assert counts(settings, names) == (len(CODES), 0)
    assert settings.units == dict(zip(LENSES, where, strict=True))
    assert settings.columns == {"respondent": key}
    for asked in settings.asked.values():
        own = asked.instrument
        for label, number in asked.labels.get("any", {}).items():
            assert own.answer_labels[number - own.low] == label
    survey = read_survey(written)
    assert survey.answers.shape[1] == len(CODES)
    assert len(survey.answers) == len(rows)
    assert survey.lenses == LENSES


def test_the_samples_own_exports_give_its_own_settings(tmp_path, capsys):
    exports = sorted(str(path) for path in (SAMPLE / "exports").glob("*.csv"))[-2:]
    side = ["--people", str(SAMPLE / "people.csv"), "--ties", str(SAMPLE / "ties.csv")]
    folder = tmp_path / "survey"
    assert main(["init", *exports, str(folder), *side]) == 0
    out = capsys.readouterr().out
    assert out.endswith(f"cultureplus check {folder}\n")
    found, own = read_settings(confirmed(folder / "survey.toml")), read_settings(SAMPLE)
    assert list(found.exports) == ["2026Q2", "2026Q3"]
    for what in ("kind", "columns", "units", "adjust", "missing"):
        assert getattr(found, what) == getattr(own, what)
    assert (found.people.columns, found.ties.columns) == (own.people.columns, own.ties.columns)
    assert set(found.asked) == set(own.asked)
    for name, asked in found.asked.items():
        assert asked.places == own.asked[name].places
        assert (asked.labels, asked.lens) == (own.asked[name].labels, own.asked[name].lens)
    for person in ("P0001", "R_", "192.0.2."):  # nothing of anybody is printed or written
        assert person not in out
        assert person not in (folder / "survey.toml").read_text(encoding="utf-8")


# --- what is not sure is said -----------------------------------------------------------------

PS = [item.text for item in INSTRUMENTS["psychological_safety"].items]
ASKED_HERE = {text: ["1", "4", "7"] for text in PS}


def small(tmp_path, columns, *, name="2026Q3.csv", records=24):
    """A file with a team, and columns whose cells go round."""
    rows = [
        [("Red", "Blue")[row % 2], *(cells[row % len(cells)] for cells in columns.values())]
        for row in range(records)
    ]
    return write(tmp_path / name, ["team", *columns], rows)


def written(tmp_path, columns, **more):
    path = small(tmp_path, columns)
    init_survey([path], tmp_path / "survey", say=lambda line: None, **more)
    return (tmp_path / "survey" / "survey.toml").read_text(encoding="utf-8")


def test_a_questionnaire_of_somebody_else_is_not_taken(tmp_path):
    other = [text.replace("team", "department").replace("wiser", "better") for text in PS]
    text = written(tmp_path, {each: ["1", "4", "7"] for each in other})
    assert "\n[instruments" not in text
    assert "No questionnaire was recognised" in text
    assert "is like 'ps_3', in other words" in text


def test_the_names_of_items_with_other_words_are_not_taken(tmp_path):
    ids = '"{""ImportId"":""x""}"'
    names = [f"ps_{place}" for place in range(1, 8)]
    lines = [
        ",".join(["team", *names]),
        ",".join(["Team", *(f"Another question {place}" for place in range(7))]),
        ",".join([ids] * 8),
        *(["Red" + ",4" * 7, "Blue" + ",5" * 7] * 4),
    ]
    path = tmp_path / "2026Q3.csv"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    proposal = propose([path], KNOWN)
    assert proposal.matches.taken == []
    assert "not its words or its range" in proposal.matches.near[0]


def test_names_alone_are_a_guess_and_numbers_beyond_the_range_speak_against_it(tmp_path):
    names = {f"ps_{place}": ["1", "4", "7"] for place in range(1, 8)}
    text = written(tmp_path, names)
    assert "[instruments.psychological_safety]  # guess: 7 columns have the names" in text
    (tmp_path / "more").mkdir()
    path = small(tmp_path / "more", {name: ["1", "50", "100"] for name in names})
    assert propose([path], KNOWN).matches.taken == []


def test_two_columns_for_one_item_are_left_to_a_person(tmp_path):
    columns = {f"{letter}. {text}": ["1", "7"] for text in PS for letter in "AB"}
    proposal = propose([small(tmp_path, columns)], KNOWN)
    assert proposal.matches.taken == []
    assert "both read like 'ps_1'" in proposal.matches.near[0]


def test_an_item_without_a_column_is_open_and_check_names_its_line(tmp_path, capsys):
    text = written(tmp_path, {each: ["1", "4", "7"] for each in PS[1:]})
    line = text.split("\n").index(
        f'ps_1 = "?"  # no column was found for: {PS[0]}'
    ) + 1  # fmt: skip
    assert main(["check", str(tmp_path / "survey")]) == 2
    assert f"survey.toml, line {line}: 'ps_1' is still open." in capsys.readouterr().err


def test_labels_that_nobody_knows_are_open(tmp_path, capsys):
    text = written(tmp_path, {each: ["Meh", "Well", "Great"] for each in PS})
    assert 'Great = "?"' in text
    assert "from 1 to 7" in text
    assert main(["check", str(tmp_path / "survey")]) == 2
    assert "'Great' is still open." in capsys.readouterr().err


def test_comments_never_become_labels(tmp_path):
    said = [f"canary {row}" for row in range(24)]
    columns = {each: ["1", "4", "7"] for each in PS[1:]} | {PS[0]: said, "Any comments?": said}
    assert "canary" not in written(tmp_path, columns)


def test_what_one_person_wrote_is_no_label(tmp_path):
    words = [*INSTRUMENTS["psychological_safety"].answer_labels] * 3
    columns = {each: [*words, "canary", "Agree", "Agree"] for each in PS[:1]}
    text = written(tmp_path, columns | dict.fromkeys(PS[1:], words))
    assert '"Strongly agree" = 7' in text
    assert "canary" not in text


def test_a_code_that_is_an_answer_elsewhere_is_not_missing():
    import dataclasses

    from cultureplus.proposing.column_facts import Facts
    from cultureplus.proposing.match_items import Found, Match
    from cultureplus.proposing.match_labels import codes_of_no_answer

    short = INSTRUMENTS["silo_barriers"]
    long = dataclasses.replace(INSTRUMENTS["psychological_safety"], high=100)
    facts = {
        "a": Facts("a", 9, {"1": 3, "99": 3, "-99": 3}),
        "b": Facts("b", 9, {"99": 3, "7": 6}),
    }
    one, other = (Match(each, {"x": Found(c, 1.0)}) for each, c in ((short, "a"), (long, "b")))
    assert codes_of_no_answer([one], facts) == [-99, 99]
    assert codes_of_no_answer([one, other], facts) == [-99]


def test_what_tells_who_somebody_is_is_proposed_for_nothing_but_the_key(tmp_path):
    mails = [f"canary{row}@x.example" for row in range(24)]
    columns = {each: ["1", "4", "7"] for each in PS}
    path = small(tmp_path, {"Office": ["192.0.2.1", "192.0.2.2"], "Comment": mails} | columns)
    said = []
    init_survey([path], tmp_path / "survey", say=said.append)
    assert "  about somebody, dropped on reading: 'Office', 'Comment'" in said
    text = (tmp_path / "survey" / "survey.toml").read_text(encoding="utf-8")
    assert "Office" not in text
    assert 'comment = "Comment"' not in text
    assert "salt" not in text  # nobody has a key
    read_survey(confirmed(tmp_path / "survey" / "survey.toml"))


def test_each_survey_has_a_salt_of_its_own(tmp_path):
    columns = {"token": [f"P{row}" for row in range(24)]} | {each: ["1", "7"] for each in PS}
    path = small(tmp_path, columns)
    salts = []
    for name in "ab":
        init_survey([path], tmp_path / name, say=lambda line: None)
        settings = read_settings(tmp_path / name)
        salts.append(settings.salt)
    assert len(set(salts)) == 2
    assert all(len(salt) == 32 for salt in salts)


def test_the_short_form(tmp_path):
    silos = INSTRUMENTS["silo_barriers"]
    columns = {item.text: ["1", "3", "5"] for item in silos.items if item.pulse}
    text = written(tmp_path, columns)
    assert 'form = "pulse"  # guess: only items of the short form' in text
    read_survey(confirmed(tmp_path / "survey" / "survey.toml"))


def test_codes_that_the_file_explains_the_other_way_round(tmp_path):
    import pandas as pd

    from cultureplus.proposing.column_facts import facts_of
    from cultureplus.proposing.match_items import Found, Match
    from cultureplus.proposing.match_labels import labels_of
    from cultureplus.raw_table import RawTable

    own = INSTRUMENTS["collaboration_energy"]
    frame = pd.DataFrame({item.id: ["1", "5", "3"] for item in own.items})
    match = Match(own, {item.id: Found(item.id, 1.0, by_name=True) for item in own.items})

    def labels(order):
        codes = dict(zip("12345", order, strict=True))
        raw = RawTable(frame, "a.sav", 1, labels=dict.fromkeys(frame.columns, codes))
        return labels_of(match, facts_of([raw]), [raw], None)

    assert labels(own.answer_labels) is None
    turned = labels(own.answer_labels[::-1]).tongues["any"].numbers
    assert turned == {"1": 5, "2": 4, "3": 3, "4": 2, "5": 1}


def test_a_select_all_question_in_one_column(tmp_path):
    options = [option.text for option in INSTRUMENTS["barriers_named"].options][:-1]
    cells = [f"{one};{other}" for one in options for other in options if one < other]
    text = written(tmp_path, {"What stands in the way?": cells})
    assert 'column = "What stands in the way?"  # guess: its cells are made of' in text
    assert 'joins = ";"' in text
    survey = read_survey(confirmed(tmp_path / "survey" / "survey.toml"))
    assert survey.answers.filter(like="barriers_named").sum().sum() == 48


# --- files and folders ------------------------------------------------------------------------


def test_waves_by_a_column(tmp_path):
    waves = {"Wave": ["2026Q2", "2026Q2", "2026Q3"], "token": []}
    columns = waves | {each: ["1", "4", "7"] for each in PS}
    columns["token"] = [f"P{row}" for row in range(24)]
    text = written(tmp_path, columns)
    assert 'export = "../2026Q3.csv"' in text
    assert 'wave = "Wave"  # guess: its name, and 2 waves in it' in text
    survey = read_survey(confirmed(tmp_path / "survey" / "survey.toml"))
    assert survey.waves == ("2026Q2", "2026Q3")


def test_waves_that_are_no_periods_are_listed_to_be_put_in_order(tmp_path):
    columns = {"Wave": ["before", "after"]} | {each: ["1", "4", "7"] for each in PS}
    text = written(tmp_path, columns)
    assert 'waves = ["before", "after"]  # guess: are they in order of time?; confirm' in text
    target = tmp_path / "survey" / "survey.toml"
    target.write_text(target.read_text().replace('"after", "before"', '"before", "after"'))
    assert read_survey(confirmed(target)).waves == ("before", "after")


def test_who_leads_people_is_no_lens_and_that_is_said(tmp_path):
    columns = {"Line manager": ["Anna Canary", "Ben Canary"]} | {e: ["1", "4", "7"] for e in PS}
    said: list[str] = []
    init_survey([small(tmp_path, columns)], tmp_path / "survey", say=said.append)
    text = (tmp_path / "survey" / "survey.toml").read_text()
    assert '"Line manager"' not in text
    (line,) = [each for each in said if "'Line manager'" in each]
    assert "names a person" in line
    assert "[units]" in line
    assert "Canary" not in text + "".join(said)


def test_two_files_that_are_not_written_alike_are_refused(tmp_path):
    columns = {each: ["1", "4", "7"] for each in PS}
    one = small(tmp_path, columns)
    two = write(tmp_path / "2026Q2.csv", ["team", "ps_1"], [["Red", "1"]] * 3, mark=";")
    with pytest.raises(InputError, match="do not have the same delimiter"):
        init_survey([one, two], tmp_path / "survey")
    assert not (tmp_path / "survey").exists()


def test_how_the_text_is_written_is_marked(tmp_path):
    path = tmp_path / "2026Q3.csv"
    rows = "".join(f"Caf\u00e9;{row % 7 + 1};{row},5\n" for row in range(20))
    path.write_bytes(f"team;ps_1;tenure_years\n{rows}".encode("cp1252"))
    init_survey([path], tmp_path, say=lambda line: None)
    text = (tmp_path / "survey.toml").read_text(encoding="utf-8")
    for line in ('delimiter = ";"', 'encoding = "cp1252"', 'decimal = ","', 'kind = "plain"'):
        assert f"{line}  # guess: " in text
    assert '2026Q3 = "2026Q3.csv"\n' in text  # lies in the folder: named as it is
    assert 'columns = ["tenure_years"]  # guess:' in text


def test_nothing_that_is_there_is_written_over(tmp_path):
    path = small(tmp_path, {each: ["1", "4", "7"] for each in PS})
    (tmp_path / "survey.toml").write_text("mine", encoding="utf-8")
    with pytest.raises(InputError, match="already; it is left as it is"):
        init_survey([path], tmp_path)
    assert (tmp_path / "survey.toml").read_text(encoding="utf-8") == "mine"
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "sat.toml").write_text("mine", encoding="utf-8")
    with pytest.raises(InputError, match=r"There is a sat\.toml"):
        init_survey([path], tmp_path / "other", drafts={"sat": "*"})
    assert sorted(each.name for each in (tmp_path / "other").iterdir()) == ["sat.toml"]


def test_the_last_word_is_the_folder_unless_it_is_a_file(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "there.d").mkdir()
    (tmp_path / "plain").write_text("x", encoding="utf-8")
    for words, files, folder in [
        (["a.csv"], 1, "."),
        (["a.csv", "new"], 1, "new"),
        (["a.csv", "b.xlsx"], 2, "."),
        (["a.csv", "b.csv", "there.d"], 2, "there.d"),
        (["a.csv", "new.2026"], 1, "new.2026"),
        (["a.csv", "plain"], 2, "."),
    ]:
        exports, found = exports_and_folder(words)
        assert (len(exports), str(found)) == (files, folder)
    with pytest.raises(InputError, match="is a folder, not an export"):
        exports_and_folder(["there.d"])


def test_what_cannot_be_read_writes_nothing(tmp_path, capsys):
    (tmp_path / "a.csv").write_text("", encoding="utf-8")
    assert main(["init", str(tmp_path / "a.csv"), str(tmp_path / "survey")]) == 2
    assert "This file is empty" in capsys.readouterr().err
    assert not (tmp_path / "survey").exists()


@pytest.mark.parametrize(("name", "marked"), [
    ("Pulse_March 9, 2026_10.12.csv", True), ("2026-03.csv", True), ("Pulse 2026Q1.csv", False),
])  # fmt: skip
def test_a_month_in_a_files_name_may_be_that_of_the_download(tmp_path, name, marked):
    path = small(tmp_path, ASKED_HERE, name=name)
    init_survey([path], tmp_path / "survey", say=lambda line: None)
    (line,) = re.findall(r"^2026.*$", (tmp_path / "survey" / "survey.toml").read_text(), re.M)
    assert line.startswith(("2026-03 = ", "2026Q1 = "))
    assert ("guess: the file's name has this month" in line) is marked


def test_a_key_that_repeats_is_told(tmp_path):
    keys = [f"P{place}" for place in range(23)] + ["P3"]
    said: list[str] = []
    path = small(tmp_path, {"employee_id": keys, **ASKED_HERE})
    init_survey([path], tmp_path / "survey", say=said.append)
    told = "1 record with a key that stands above already"
    assert f"  respondent: not column 'employee_id': {told}" in said
    text = (tmp_path / "survey" / "survey.toml").read_text(encoding="utf-8")
    assert f'# respondent = "employee_id" would be the key, but there is {told}' in text


# --- a questionnaire that no file describes -------------------------------------------------


WORDS = ["Strongly disagree", "Disagree", "Neutral", "Agree", "Strongly agree"]


def test_a_draft_of_an_instrument_is_read_with_its_survey(tmp_path, capsys):
    columns = {f"How do you feel? [{what}]": WORDS for what in ("My pay", "My boss", "My desk")}
    path = small(tmp_path, columns)
    folder = tmp_path / "survey"
    assert main(["init", str(path), str(folder), "--draft", "sat", "How do you feel? [*"]) == 0
    capsys.readouterr()
    draft = (folder / "sat.toml").read_text(encoding="utf-8")
    assert 'text = "My pay"' in draft
    assert "reversed = []  # guess: ids of items worded the other way round" in draft
    assert "[answers]  # guess: the labels of the columns, in the order that is usual" in draft
    assert list(guesses_in([folder / "survey.toml", folder / "sat.toml"])) == [
        "survey.toml", "sat.toml",
    ]  # fmt: skip
    confirmed(folder / "sat.toml")
    survey = read_survey(confirmed(folder / "survey.toml"))
    assert survey.instruments["sat"].high == 5
    assert survey.answers["sat_1"].tolist()[:5] == [1, 2, 3, 4, 5]


@pytest.mark.parametrize("questions", [
    ["My pay", "My boss's $car", "The desk"], ["Pay? [a]", "Pay? [b]", "Pay? [c]"],
    ["My pay is fair", "My pay is", "My pay is fair enough"],
])  # fmt: skip
def test_the_command_that_is_proposed_drafts_the_block(tmp_path, capsys, questions):
    text = written(tmp_path, {**dict.fromkeys(questions, WORDS), "Other": ["x", "y"]})
    pattern = re.search(r"^# cultureplus init EXPORT FOLDER --draft ours '(.*)'$", text, re.M)[1]
    folder = tmp_path / "again"
    command = ["init", str(tmp_path / "2026Q3.csv"), str(folder), "--draft", "ours", pattern]
    assert main(command) == 0
    assert "  ours: 3 items found, answers as texts\n" in capsys.readouterr().out
    assert [*read_settings(confirmed(folder / "survey.toml")).asked["ours"].places.values()] == (
        questions
    )


@pytest.mark.parametrize(
    ("name", "pattern", "says"),
    [
        ("sat", "a1 -> nothing*", "No column's name fits"),
        ("sat", "a2 -> a1", "No column's name fits"),
        ("Sat", "a*", "lower-case letters"),
        ("psychological_safety", "a*", "already"),
        ("sat", "zzz*", "No column's name fits"),
        ("sat", "*", "do not share one range"),
    ],
)
def test_a_draft_that_cannot_be(tmp_path, name, pattern, says):
    path = small(tmp_path, {"a1": ["1", "5"], "a2": ["Yes", "No"], "a3": ["x y", "z"]})
    with pytest.raises(InputError, match=says):
        init_survey([path], tmp_path / "survey", drafts={name: pattern})
    assert not (tmp_path / "survey").exists()


def test_two_drafts_have_two_names(tmp_path, capsys):
    path = small(tmp_path, {"a1": ["1", "5"], "a2": ["1", "5"]})
    command = ["init", str(path), str(tmp_path / "s"), "--draft", "a", "a1", "--draft", "a", "a2"]
    assert main(command) == 2
    assert "Two drafts are called 'a'." in capsys.readouterr().err


def test_whoever_stops_reading_along_meets_no_traceback(tmp_path):
    path = small(tmp_path, ASKED_HERE)
    command = [sys.executable, "-m", "cultureplus", "init", str(path), str(tmp_path / "s")]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as run:
        run.stdout.close()
        assert run.stderr.read() == b""
    assert run.returncode == 1


def test_an_export_that_is_not_there_is_no_matter_of_survey_toml(tmp_path):
    with pytest.raises(InputError, match=r"^There is no file .*gone\.csv") as caught:
        init_survey([tmp_path / "gone.csv"], tmp_path / "survey")
    assert "survey.toml" not in str(caught.value)


def test_an_own_instrument_is_matched_by_its_words(tmp_path, make_survey):
    own = make_survey() / "tea.toml"
    text = own.read_text(encoding="utf-8").replace(
        'id = "tea_1"', 'id = "tea_1"\ntext = "The tea here is hot."'
    ).replace('id = "tea_2"', 'id = "tea_2"\ntext = "The cups here are clean."')  # fmt: skip
    shutil.rmtree(own.parent)
    (tmp_path / "tea.toml").write_text(text, encoding="utf-8")
    columns = {"The tea here is hot.": ["1", "5"], "The cups here are clean.": ["2", "4"]}
    found = written(tmp_path, columns, instruments=[tmp_path / "tea.toml"])
    assert 'instrument_files = ["../tea.toml"]' in found
    assert 'tea_2 = "The cups here are clean."' in found
    read_survey(confirmed(tmp_path / "survey" / "survey.toml"))
