"""`cultureplus init` on an export of each kind: proposed, confirmed, read, with nothing left open.

Each export holds psychological safety as the tool would write it: answers as labels where the tool
writes labels, addresses and names where it adds them.
"""

from __future__ import annotations

import csv
import re

import openpyxl
import pandas as pd
import pytest

from cultureplus.cli import main
from cultureplus.errors import InputError
from cultureplus.instrument import load_instruments
from cultureplus.intake import read_survey
from cultureplus.proposing.init_survey import init_survey, open_places
from cultureplus.settings import read_settings
from tests.test_tool_columns import EXPORTS, as_read, exported, people

PS = load_instruments()["psychological_safety"]
TEXTS = [item.text for item in PS.items]
N = 21
ANSWERS = [[(row * (place + 1)) % 7 + 1 for place in range(7)] for row in range(N)]
IN_WORDS = [[PS.answer_labels[answer - 1] for answer in row] for row in ANSWERS]
TEAMS = [("Red", "Blue", "Green")[row % 3] for row in range(N)]
MAILS = [f"canary{row}@x.example" for row in range(N)]
OPENER = "How far do you agree?"


def table(path, *rows, mark=","):
    if path.suffix == ".xlsx":
        book = openpyxl.Workbook()
        for row in rows:
            book.active.append(row)
        book.save(path)
        return path
    with path.open("w", encoding="utf-8-sig", newline="") as stream:
        csv.writer(stream, delimiter=mark).writerows(rows)
    return path


def qualtrics(folder):
    names = ["ResponseId", "RecipientEmail", "UserLanguage", "Team", *(f"Q4_{i}" for i in range(7))]
    asked = ["Response ID", "Recipient Email", "User Language", "Your team?"]
    asked += [f"{OPENER} - {text}" for text in TEXTS]
    ids = ['{"ImportId":"x"}'] * len(names)
    rows = [[f"R_{n}", MAILS[n], "EN", TEAMS[n], *IN_WORDS[n]] for n in range(N)]
    return [table(folder / "2026Q3.csv", names, asked, ids, *rows)]


def surveymonkey(folder):
    first = ["Respondent ID", "Collector ID", "Start Date", "End Date", "IP Address"]
    first += ["Email Address", "Which team are you in?", OPENER, *[""] * 6]
    second = [*[""] * 6, "Response", *TEXTS]
    dates = ["11/03/2021 07:40:47 PM"] * 2
    rows = [
        [f"1144000000{n:02}", "400000001", *dates, "192.0.2.1", MAILS[n], TEAMS[n], *IN_WORDS[n]]
        for n in range(N)
    ]
    return [table(folder / "2026Q3.csv", first, second, *rows)]


def limesurvey(folder):
    head = ["id. Response ID", "submitdate. Date submitted", "startlanguage. Start language"]
    head += ["token. Access code", "team. Which team are you in?"]
    head += [f"PS[SQ{n:03}]. {OPENER} [{text}]" for n, text in enumerate(TEXTS, 1)]
    rows = [
        [n, "2026-09-01 10:00:00", "en", f"canary{n}", TEAMS[n], *IN_WORDS[n]] for n in range(N)
    ]
    return [table(folder / "2026Q3.csv", head, *rows, mark=";")]


def googleforms(folder):
    head = ["Timestamp", "Email Address", "Which team are you in?"]
    head += [f"{OPENER} [{text}]" for text in TEXTS]
    rows = [["10/17/2022 18:31:58", MAILS[n], TEAMS[n], *IN_WORDS[n]] for n in range(N)]
    return [table(folder / "2026Q3.csv", head, *rows)]


def microsoftforms(folder):
    head = ["ID", "Start time", "Completion time", "Email", "Name", "Your team\u00a0"]
    time = "8/20/25 12:51:45"
    rows = [[n, time, time, "anonymous", "", TEAMS[n], *IN_WORDS[n]] for n in range(N)]
    return [table(folder / "2026Q3.xlsx", [*head, *TEXTS], *rows)]


def spss(folder):
    pyreadstat = pytest.importorskip("pyreadstat")
    columns = {"who": [float(n) for n in range(N)], "team": [n % 3 + 1.0 for n in range(N)]}
    columns |= {f"v{place}": [float(row[place]) for row in ANSWERS] for place in range(7)}
    labels = dict(enumerate(PS.answer_labels, 1))
    pyreadstat.write_sav(
        pd.DataFrame(columns),
        str(folder / "2026Q3.sav"),
        column_labels=["Who", "Team", *TEXTS],
        variable_value_labels={f"v{place}": labels for place in range(7)}
        | {"team": {1: "Red", 2: "Blue", 3: "Green"}},
    )
    return [folder / "2026Q3.sav"]


def redcap(folder):
    names = ["record_id", "email", "team", *(f"v{place}" for place in range(7)), "form_1_complete"]
    rows = [[n, MAILS[n], TEAMS[n], *ANSWERS[n], 2] for n in range(N)]
    choices = " | ".join(f"{code}, {text}" for code, text in enumerate(PS.answer_labels, 1))
    heads = ["field_name", "form_name", "section_header", "field_type", "field_label"]
    heads += ["select_choices_or_calculations", "text_validation_type_or_show_slider_number"]
    fields = [["record_id", "form_1", "", "text", "Record", "", ""]]
    fields += [["email", "form_1", "", "text", "E-mail", "", "email"]]
    fields += [["team", "form_1", "", "text", "Team", "", ""]]
    fields += [
        [f"v{place}", "form_1", "", "radio", text, choices, ""] for place, text in enumerate(TEXTS)
    ]
    data = table(folder / "2026Q3.csv", names, *rows)
    return [data, table(folder / "dictionary.csv", heads, *fields)]


def plain(folder):
    rows = [[f"canary{n}", TEAMS[n], *ANSWERS[n]] for n in range(N)]
    head = ["respondent", "team", *(item.id for item in PS.items)]
    return [table(folder / "2026Q3.xlsx", head, *rows)]


def parquet(folder):
    frame = pd.DataFrame(ANSWERS, columns=[item.id for item in PS.items]).assign(team=TEAMS)
    frame.to_parquet(folder / "2026Q3.parquet")
    return [folder / "2026Q3.parquet"]


KINDS = {
    "qualtrics": (qualtrics, "RecipientEmail"), "surveymonkey": (surveymonkey, "Email Address"),
    "limesurvey": (limesurvey, "token"), "googleforms": (googleforms, "Email Address"),
    "microsoftforms": (microsoftforms, "ID"), "spss": (spss, "who"),
    "redcap": (redcap, "record_id"),
    "plain": (plain, "respondent"), "parquet": (parquet, None),
}  # fmt: skip


@pytest.mark.parametrize("kind", KINDS)
def test_an_export_of_each_kind_comes_out_whole(tmp_path, kind):
    make, key = KINDS[kind]
    said = []
    target = init_survey(make(tmp_path), tmp_path, say=said.append)
    text = target.read_text(encoding="utf-8")
    assert open_places(target) == []
    assert "canary" not in text + "".join(said)
    target.write_text(re.sub(r"  # guess:[^\n]*", "", text), encoding="utf-8")
    settings = read_settings(target)
    assert settings.kind == kind.replace("parquet", "plain")
    assert list(settings.asked) == ["psychological_safety"]
    assert settings.columns.get("respondent") == key
    assert list(settings.units) == ["team"]
    survey = read_survey(target)
    found = survey.answers[[item.id for item in PS.items]].to_numpy().tolist()
    assert sorted(found) == sorted([float(each) for each in row] for row in ANSWERS)
    assert sorted(survey.people["team"]) == sorted(TEAMS)


@pytest.mark.parametrize("to", EXPORTS)
def test_a_questionnaire_that_was_written_here_is_recognised_when_it_comes_back(tmp_path, to):
    given = people()
    rows, mark = exported(to, EXPORTS[to], given)
    target = init_survey([table(tmp_path / "2026Q3.csv", *rows, mark=mark)], tmp_path, say=no_word)
    text = target.read_text(encoding="utf-8")
    assert open_places(target) == []
    assert ".columns]" not in text  # each stands under its own name, or under the tool's
    target.write_text(re.sub(r"  # guess:[^\n]*", "", text), encoding="utf-8")
    found = read_survey(target).answers.reset_index(drop=True)
    wanted = as_read(given)
    assert sorted(found) == sorted(wanted)
    pd.testing.assert_frame_equal(found[list(wanted)], wanted)


def no_word(line):
    """For what is said and not looked at."""


def test_the_walk_from_a_form_to_a_checked_survey(tmp_path, capsys):
    (export,) = googleforms(tmp_path)
    folder = tmp_path / "survey"
    assert main(["init", str(export), str(folder)]) == 0
    assert capsys.readouterr().out.splitlines()[-1] == f"  2. cultureplus check {folder}"
    assert main(["check", str(folder)]) == 0
    assert "guesses are left: survey.toml, lines" in capsys.readouterr().out
    target = folder / "survey.toml"
    text = target.read_text(encoding="utf-8")
    target.write_text(text.replace('"Which team are you in?"', '"Which team?"'), encoding="utf-8")
    assert main(["check", str(folder)]) == 2
    line = text[: text.index("team = ")].count("\n") + 1
    assert capsys.readouterr().err.endswith(f"where: survey.toml, line {line}\n")
    target.write_text(re.sub(r"  # guess:[^\n]*", "", text), encoding="utf-8")
    assert main(["check", str(folder)]) == 0
    assert capsys.readouterr().out.endswith(f"Next: cultureplus run {folder}\n")


@pytest.mark.parametrize(("header", "rows", "says"), [
    (["record_id", "redcap_survey_identifier", *(f"ps_{n}" for n in range(1, 8)), "team"],
     [[n, "", *ANSWERS[n], n % 3 + 1] for n in range(N)], "--dictionary"),
    (["id", "submitdate", "lastpage", "startlanguage", *(f"G01Q0{n}" for n in range(1, 8))],
     [[n, "2026-03-02 09:14:21", 3, "en", *(f"AO0{a}" for a in ANSWERS[n])] for n in range(N)],
     "headings 'question code & question text'"),
])  # fmt: skip
def test_an_export_that_could_say_more_is_told_how(tmp_path, header, rows, says):
    said: list[str] = []
    init_survey([table(tmp_path / "a.csv", header, *rows)], tmp_path / "s", say=said.append)
    assert [line for line in said if line.startswith("  1. better: ") and says in line]


def test_codes_of_units_stand_in_their_order(tmp_path):
    names = {str(code): f"Unit {code}" for code in range(1, 12)}
    frame = pd.DataFrame({"dept": [n % 11 + 1 for n in range(44)]}).sample(frac=1, random_state=3)
    for place, name in enumerate(("ps_1", "ps_2", "ps_3", "ps_4", "ps_5", "ps_6", "ps_7")):
        frame[name] = [float((n + place) % 7 + 1) for n in range(44)]
    labels = {"dept": {float(code): name for code, name in names.items()}}
    write_sav = pytest.importorskip("pyreadstat").write_sav
    write_sav(frame.astype(float), tmp_path / "a.sav", variable_value_labels=labels)
    init_survey([tmp_path / "a.sav"], tmp_path / "s", say=lambda line: None)
    text = (tmp_path / "s" / "survey.toml").read_text(encoding="utf-8")
    assert re.findall(r'^(\d+) = "Unit', text, re.MULTILINE) == list(names)


@pytest.mark.parametrize("dress", [str.upper, lambda name: name.replace("_", "."), str.title])
def test_items_and_options_in_another_spelling_are_known_by_name(tmp_path, dress):
    barriers = load_instruments()["barriers_named"]
    names = [*(item.id for item in PS.items), *(barriers.column(o.id) for o in barriers.options)]
    rows = [[*ANSWERS[n], *(n >> place & 1 for place in range(7)), TEAMS[n]] for n in range(N)]
    init_survey(
        [table(tmp_path / "2026Q3.csv", [*map(dress, names), "team"], *rows)],
        tmp_path / "s", say=lambda line: None,
    )  # fmt: skip
    written = tmp_path / "s" / "survey.toml"
    text = written.read_text(encoding="utf-8")
    assert f'ps_1 = "{dress("ps_1")}"' in text
    assert "[instruments.psychological_safety]  # guess: 7 columns have the names" in text
    written.write_text(re.sub(r"  # guess:[^\n]*", "", text), encoding="utf-8")
    survey = read_survey(written)
    assert survey.answers.iloc[:, :7].to_numpy().tolist() == ANSWERS
    assert set(survey.instruments) == {"psychological_safety", "barriers_named"}


def test_two_columns_of_one_name_but_for_capitals_are_not_chosen_between(tmp_path):
    header = [*(f"PS_{n}" for n in range(1, 8)), *(f"Ps_{n}" for n in range(1, 8)), "team"]
    rows = [[*ANSWERS[n], *ANSWERS[n], TEAMS[n]] for n in range(N)]
    said: list[str] = []
    init_survey([table(tmp_path / "a.csv", header, *rows)], tmp_path / "s", say=said.append)
    assert "  no questionnaire was recognised" in said


def with_sheets(path, *first):
    """A workbook whose answers stand on the second sheet."""
    book = openpyxl.Workbook()
    for row in first:
        book.active.append(row)
    answers = book.create_sheet("Answers")
    for row in ([*TEXTS, "team"], *([*ANSWERS[n], TEAMS[n]] for n in range(N))):
        answers.append(row)
    book.save(path)
    return path


def test_sheets_that_are_not_read_are_told(tmp_path):
    path = with_sheets(tmp_path / "a.xlsx", ["question", "team"], ["ps_1", "Red"])
    said: list[str] = []
    init_survey([path], tmp_path / "s", say=said.append)
    assert "  only the first of its sheets was read, not 1 other" in said
    assert any("1. move the sheet with the answers in front of the others" in each for each in said)


def test_a_cover_sheet_without_a_header_is_refused_with_the_other_sheets_told(tmp_path):
    path = with_sheets(tmp_path / "a.xlsx", ["Culture survey"], ["For the board"])
    with pytest.raises(
        InputError, match=r"header\.\n  found: only the first of its sheets was read"
    ):
        init_survey([path], tmp_path / "s")


def test_codes_of_which_a_file_explains_the_ends_alone_are_open_and_why_is_said(tmp_path):
    """What stands above the codes is no label: it may not give way to a code of its name."""
    pyreadstat = pytest.importorskip("pyreadstat")
    pyreadstat.write_sav(
        pd.DataFrame({f"v{place}": [1.0, 2.0, 4.0, 7.0] for place in range(7)}),
        str(tmp_path / "2026Q3.sav"),
        column_labels=TEXTS,
        variable_value_labels={
            f"v{place}": {1: "Strongly agree", 7: "Strongly disagree"} for place in range(7)
        },
    )
    path = init_survey([tmp_path / "2026Q3.sav"], tmp_path / "survey", say=lambda line: None)
    lines = path.read_text("utf-8").split("[labels.answers_1_7.any]\n")[1].splitlines()[:5]
    assert lines[0].startswith("# Which answer is which number, from 1 to 7?")
    assert lines[1:] == ["1 = 7", "7 = 1", '2 = "?"', '4 = "?"']


def test_a_code_that_is_another_unit_in_another_wave_is_open(tmp_path):
    pyreadstat = pytest.importorskip("pyreadstat")
    for wave, second in (("2026Q2", "Sales"), ("2026Q3", "Finance")):
        frame = pd.DataFrame({"department": [n % 2 + 1.0 for n in range(N)]})
        frame[[f"v{place}" for place in range(7)]] = [[float(a) for a in row] for row in ANSWERS]
        pyreadstat.write_sav(
            frame, str(tmp_path / f"{wave}.sav"), column_labels=["Department", *TEXTS],
            variable_value_labels={"department": {1: "IT", 2: second}},
        )  # fmt: skip
    exports = [tmp_path / "2026Q2.sav", tmp_path / "2026Q3.sav"]
    text = init_survey(exports, tmp_path / "s", say=lambda line: None).read_text("utf-8")
    assert re.search(r'\[rename\.function\].*do not say the same\n1 = "IT"\n2 = "\?"\n', text)
