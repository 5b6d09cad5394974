"""What tells who somebody is does not come into a survey, and keys come in as hashes."""

from __future__ import annotations

import re
import tomllib

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cultureplus.errors import InputError
from cultureplus.identity import hashed, identities_of, telling_columns
from cultureplus.intake import read_survey
from cultureplus.raw_table import RawTable
from cultureplus.settings import read_settings
from cultureplus.spelling import plain_text
from tests.small_surveys import SALT, hashed_key

OTHER = "another teapot full of pins"
PEOPLE = '[people]\nfile = "people.csv"\nrespondent = "who"\nwave = "wave"\n\n[units]'
TIES = '[ties]\nfile = "ties.csv"\nfrom = "a"\nto = "b"\n\n[missing]'
LEFT_OUT = "left out, for it tells who somebody is: "


def raw(identifying=None, **columns):
    return RawTable(pd.DataFrame(columns, dtype="str"), "a.csv", 2, identifying=identifying or {})


# --- which columns ----


@pytest.mark.parametrize(
    ("name", "what"),
    [
        ("IPAddress", "IP address"), ("IP Address", "IP address"), ("ipaddr", "IP address"),
        ("ip_address", "IP address"), ("Adresse IP", "IP address"), ("E-Mail", "e-mail"),
        ("RecipientEmail", "e-mail"), ("Email Address", "e-mail"), ("E-Mail-Adresse", "e-mail"),
        ("Correo electrónico", "e-mail"), ("RecipientFirstName", "name"), ("First Name", "name"),
        ("Recipient Last Name", "name"), ("Vorname", "name"), ("Prénom", "name"),
        ("Name", "name"), ("LocationLatitude", "coordinates"), ("Latitude", "coordinates"),
        ("Location Longitude", "coordinates"), ("Längengrad", "coordinates"),
        ("User Agent", "device"), ("Browser", "device"), ("DEVICE", "device"),
        ("Phone number", "telephone number"),
        # no part of a name counts
        ("Device satisfaction", None), ("username_1", None), ("unit name", None), ("ps_1", None),
        ("location", None), ("language", None), ("UserLanguage", None), ("email_overload", None),
        ("respondent", None), ("team", None), ("platform", None), ("ip_1", None),
    ],
)  # fmt: skip
def test_columns_are_known_by_their_whole_name(name, what):
    found = telling_columns(raw(**{name: ["1", "2"]}))
    assert {key: each.what for key, each in found.items()} == ({name: what} if what else {})


@pytest.mark.parametrize(
    ("cells", "what"),
    [
        (["a@b.org", "c.d+e@f.co.uk", ""], "e-mail"),
        (["a@b.org"] * 9 + ["none"], "e-mail"),
        (["a@b.org"] * 8 + ["none", "no"], None),
        (["write to a@b.org", "b@c.org or not"], None),
        (["192.0.2.1", "2001:db8::1", "::1"], "IP address"),
        (["300.0.2.1", "1.2.3"], None),
        (["12:34:56", "01:02:03"], None),  # times of day
        (["52.5200, 13.4050", "-33.87;151.21", "(48.85 2.35)"], "coordinates"),
        (["4, 5", "3;2", "1.5 2.5"], None),
        (["95.12, 13.40"], None),
        (["4", "5"], None),
        (["", ""], None),
        ([], None),
        ([""] * 500 + ["a@b.org"] * 3, "e-mail"),
        (["x"] * 300 + ["a@b.org"] * 300, None),
    ],
)
def test_columns_are_known_by_what_nearly_every_cell_is(cells, what):
    found = telling_columns(raw(column=cells))
    assert [each.what for each in found.values()] == ([what] if what else [])


def test_a_reader_that_knows_its_tool_is_believed():
    found = telling_columns(raw({"V6": "IP address"}, V6=["x"], V7=["y"]))
    assert {name: (each.what, each.seen) for name, each in found.items()} == {
        "V6": ("IP address", "written by the survey tool")
    }


# --- hashes ----


@given(st.lists(st.text(max_size=6), max_size=6))
@settings(max_examples=25, deadline=None, derandomize=True, database=None)
def test_a_hash_tells_the_same_keys_from_others_and_nothing_else(keys):
    cells = pd.Series(keys, dtype="str")
    found = hashed(cells, SALT)
    tidy = [plain_text(key) for key in keys]
    assert [bool(one) for one in found] == [bool(key) for key in tidy]
    assert len(set(found)) == len(set(tidy))
    assert all(re.fullmatch("[0-9a-f]{16}|", one) for one in found)
    assert hashed(cells.iloc[::-1], SALT).tolist() == found.tolist()[::-1]
    assert not set(found) & set(hashed(cells, OTHER)) - {""}


def test_an_address_is_the_same_in_capitals_and_a_key_of_another_kind_is_not():
    one, same, *others = hashed(pd.Series(["Ann@x.org", "ann@X.org", "A1", "a1", "A@1"]), SALT)
    assert one == same
    assert len({one, *others}) == 4


def test_a_long_salt_counts_to_its_end():
    assert hashed_key("P1", "x" * 80 + "y") != hashed_key("P1", "x" * 80 + "z")


# --- a survey ----


def mentioned(survey):
    """Every text in the tables of a survey."""
    tables = (survey.answers, survey.people, survey.ties, survey.comments, survey.import_log)
    return "\n".join(table.reset_index().to_csv() for table in tables)


def with_identity(text):
    """The same records with an address, a name and a place in front."""
    head, *rows = text.splitlines()
    new = [f"Canary{n},192.0.2.{n},52.5,{row}" for n, row in enumerate(rows)]
    return "\n".join([f"First Name,IP,Latitude,{head}", *new]) + "\n"


def test_no_table_of_a_survey_holds_a_key_or_what_was_dropped(make_survey):
    from tests.conftest import FILES

    folder = make_survey({
        "survey.toml": [("[units]", PEOPLE), ("[missing]", TIES)],
        "ties.csv": with_identity("a,b\nP1,P2\nP2,P9\n"),
        "q2.csv": with_identity(FILES["q2.csv"]),
        "people.csv": with_identity(FILES["people.csv"]),
    })  # fmt: skip
    survey = read_survey(folder)
    text = mentioned(survey)
    assert not re.search(r"\bP[1-9]\b|Canary|192\.0|52\.5", text)
    assert hashed_key("P1") in text
    assert survey.ties.iloc[:, 1:].to_numpy().tolist() == [
        [hashed_key("P1"), hashed_key("P2")], [hashed_key("P2"), hashed_key("P9")],
    ]  # fmt: skip
    assert set(survey.ties["from"]) <= set(survey.people.loc["2026Q3"].index)
    log = survey.import_log
    said = log.loc[log["decision"].str.startswith(LEFT_OUT), ["file", "wave", "decision"]]
    columns = f"{LEFT_OUT}First Name (name), IP (IP address), Latitude (coordinates)"
    assert sorted(said.to_numpy().tolist()) == [
        ["people.csv", "", columns], ["q2.csv", "2026Q2", columns], ["ties.csv", "", columns],
    ]  # fmt: skip
    keyed = log.loc[log["decision"] == "keys replaced by keyed hashes", ["file", "column"]]
    assert keyed.to_numpy().tolist() == [
        ["q2.csv", "who"], ["q3.csv", "who"], ["people.csv", "who"],
        ["ties.csv", "a"], ["ties.csv", "b"],
    ]  # fmt: skip
    found = identities_of(read_settings(folder))
    assert set(found.keys.values()) == {"P1", "P2", "P3", "P4", "P5", "P9"}
    assert all(hashed_key(key) == one for one, key in found.keys.items())
    assert {"Canary0", "192.0.2.1", "52.5"} <= found.contents
    assert "P1" not in repr(found)


def test_a_column_that_tells_who_somebody_is_may_be_the_key(make_survey):
    changes = {
        "survey.toml": ('respondent = "who"', 'respondent = "E-Mail"'),
        "q2.csv": ("who,team", "E-Mail,team"), "q3.csv": ("who,team", "E-Mail,team"),
    }  # fmt: skip
    survey = read_survey(make_survey(changes))
    assert survey.answers.loc["2026Q3"].index[0] == hashed_key("P1")
    assert not survey.import_log["decision"].str.startswith(LEFT_OUT).any()


def test_the_same_salt_links_waves_and_another_one_gives_other_keys(make_survey):
    one = read_survey(make_survey())
    assert set(one.answers.loc["2026Q2"].index) <= set(one.answers.loc["2026Q3"].index)
    other = read_survey(make_survey({"survey.toml": (SALT, OTHER)}))
    assert not set(one.answers.index) & set(other.answers.index)
    assert (one.answers.to_numpy() == other.answers.to_numpy()).sum() > 20  # in the files' order


def read_as(line, new):
    """One line changed, and a column that is called 'Name'."""
    header = "visits_red,", "Name,"
    return {"survey.toml": (line, new), "q2.csv": header, "q3.csv": header}


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        (read_as('team = "team"', 'team = "Name"'),
         ["line 14, column 'Name'", "can't be read as units.team.", "name in q2.csv, by its name",
          "rename it in the file"]),
        (read_as('comment = "note"', 'comment = "Name"'), ["can't be read as columns.comment."]),
        (read_as('comment = "note"', 'seconds = "Name"'), ["can't be read as columns.seconds."]),
        (read_as('comment = "note"', 'language = "Name"'), ["can't be read as columns.language."]),
        (read_as("[missing]", '[adjust]\ncolumns = ["Name"]\n[missing]'),
         ["can't be read as adjust.columns."]),
        (read_as("[instruments.tea]", '[instruments.tea]\ncolumns = { tea_1 = "Name" }'),
         ["can't be read as 'tea'."]),
        ({"survey.toml": ('comment = "note"', 'comment = "who"')},
         ["line 11, column 'who'", "holds respondents' keys can't be read as columns.comment too"]),
        ({"survey.toml": ("[units]", PEOPLE), "people.csv": "wave,who,team\n"
          "2026Q2,P1,canary@a.org\n2026Q2,P2,canary@b.org\n2026Q3,P3,canary@c.org\n"},
         ["can't be read as units.team.", "e-mail in people.csv, by its cells"]),
    ],
)  # fmt: skip
def test_nothing_that_tells_who_somebody_is_is_read_as_something_else(make_survey, changes, words):
    folder = make_survey(changes)
    with pytest.raises(InputError) as caught:
        read_survey(folder)
    text = str(caught.value)
    assert [word for word in words if word not in text] == [], text
    assert "canary" not in text


def test_without_a_salt_one_is_proposed_that_works_as_it_stands(make_survey):
    folder = make_survey({"survey.toml": (f'salt = "{SALT}"\n', "")})
    with pytest.raises(InputError, match=r"survey\.toml: Respondents' keys are hashed") as caught:
        read_settings(folder)
    line = re.search(r'salt = "[0-9a-f]{32}"$', str(caught.value))[0]
    with pytest.raises(InputError) as again:
        read_settings(folder)
    assert line not in str(again.value)  # drawn anew
    text = (folder / "survey.toml").read_text("utf-8")
    (folder / "survey.toml").write_text(f"{line}\n{text}", encoding="utf-8")
    assert read_settings(folder).salt == tomllib.loads(line)["salt"]
    assert line not in repr(read_settings(folder))


def test_a_salt_is_long_and_is_not_told(make_survey):
    with pytest.raises(InputError, match="line 4: A salt has at least 16") as caught:
        read_settings(make_survey({"survey.toml": (SALT, "canary")}))
    assert "found: 6 characters" in str(caught.value)
    assert "canary" not in str(caught.value)


def test_who_has_no_keys_needs_no_salt(make_survey):
    changes = [(f'salt = "{SALT}"\n', ""), ('respondent = "who"\n', "")]
    survey = read_survey(make_survey({"survey.toml": changes}))
    assert survey.answers.loc["2026Q2"].index.tolist() == ["2026Q2/2", "2026Q2/3"]


def test_a_misspelt_key_is_found_among_the_columns_that_would_be_dropped(make_survey):
    changes = {
        "survey.toml": ('respondent = "who"', 'respondent = "Emial"'),
        "q2.csv": ("who,team", "Email,team"), "q3.csv": ("who,team", "Email,team"),
    }  # fmt: skip
    with pytest.raises(InputError, match=r'columns\.respondent = "Email"'):
        read_survey(make_survey(changes))


IN_ONE_FILE = [
    ('[waves]\n2026Q2 = "q2.csv"\n2026Q3 = "q3.csv"\n\n', 'export = "all.csv"\n\n'),
    ('[instruments.drinks]\n[instruments.visits]\nlens = "team"\n', ""),
]
MANY = "".join(f"P{n},canary note {n},Red,1,2\n" for n in range(8))


@pytest.mark.parametrize(
    ("wave", "rows", "words"),
    [
        ("who", "canary,1,Red,1,2\nCanary,1,Red,3,4\n", "keys can't be read as columns.wave too"),
        ("note", "P1,canary@a.org,Red,1,2\nP2,Canary@a.org,Red,3,4\n", "found: e-mail in all.csv"),
        ("note", MANY, "found: 8 different cells in 8 records"),
    ],
)
def test_what_people_are_or_wrote_is_no_wave_and_is_not_quoted(make_survey, wave, rows, words):
    toml = [*IN_ONE_FILE, ('comment = "note"', f'wave = "{wave}"')]
    changes = {"survey.toml": toml, "all.csv": f"who,note,team,tea_1,tea_2\n{rows}"}
    with pytest.raises(InputError, match=re.escape(words)) as caught:
        read_survey(make_survey(changes))
    assert "canary" not in str(caught.value).casefold()


@pytest.mark.parametrize("name", ["canary@a.org", "192.0.2.77"])
def test_a_column_named_as_its_cells_is_a_record(name):
    other = name.replace("canary", "b").replace("77", "8")
    with pytest.raises(InputError, match="looks like a record") as caught:
        telling_columns(raw(**{name: [other, other]}))
    assert name not in str(caught.value)


def test_a_shortened_id_is_seen_before_ids_are_hashed(make_survey):
    toml = (
        "[units]",
        '[people]\nfile = "people.csv"\nrespondent = "who"\nwave = "wave"\n\n[units]',
    )
    people = "wave,who,team\n2026Q2,P1,Red\n2026Q2,1.23E+15,Red\n"
    with pytest.raises(InputError, match=r"people\.csv, row 3, column 'who': A spreadsheet has"):
        read_survey(make_survey({"survey.toml": toml, "people.csv": people}))


@pytest.mark.parametrize("line", [TIES, TIES.replace('"a"', '"canary"').replace('"b"', '"P2"')])
def test_people_of_a_first_tie_are_no_names_of_columns(make_survey, line):
    ties = "canary,P2\ncanary,P1\nP1,P2\n"
    with pytest.raises(InputError, match="looks like a record") as caught:
        read_survey(make_survey({"survey.toml": ("[missing]", line), "ties.csv": ties}))
    assert "canary" not in str(caught.value)


@pytest.mark.parametrize("end", ["a", "b"])
@pytest.mark.parametrize(
    ("cell", "words"),
    [("1.23E+15", "A spreadsheet has shortened this id"), ("#REF!", "An id is an error of a")],
)
def test_a_spoilt_id_of_a_tie_is_seen_before_ids_are_hashed(make_survey, end, cell, words):
    row = f"P1,{cell}" if end == "b" else f"{cell},P1"
    with pytest.raises(InputError, match=f"ties.csv, row 3, column '{end}': {words}") as caught:
        read_survey(make_survey({
            "survey.toml": ("[missing]", TIES), "ties.csv": f"a,b\nP1,P2\n{row}\n",
        }))  # fmt: skip
    assert cell not in str(caught.value)


def test_ties_of_waves_that_are_none_are_refused(make_survey):
    line = TIES.replace('to = "b"', 'to = "b"\nwave = "note"')
    with pytest.raises(
        InputError, match=r"ties\.csv, column 'note': No tie is of a wave"
    ) as caught:
        read_survey(make_survey({
            "survey.toml": ("[missing]", line), "ties.csv": "a,b,note\nP1,P2,canary\n",
        }))  # fmt: skip
    assert "canary" not in str(caught.value)
    kept = {"survey.toml": ("[missing]", line), "ties.csv": "a,b,note\nP1,P2,2026Q2\n"}
    assert len(read_survey(make_survey(kept)).ties) == 1
    assert read_survey(make_survey(kept), waves=["2026Q3"]).ties.empty
