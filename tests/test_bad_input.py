"""Bad input: each kind ends in one clear error or in one line of the import log.

A case spoils one thing in the small survey of conftest and states how the message begins (file,
row, column) and what else it must say. In q3.csv the first record spans two lines and a blank row
stands in the middle, so a row that is counted in lines is a wrong row. Cells that are wrong hold
the word "canary" or the number 77, and no message may repeat them.
"""

from __future__ import annotations

import re

import pytest

from cultureplus import cli
from cultureplus.errors import InputError
from cultureplus.intake import read_survey

PEOPLE = ("[units]", '[people]\nfile = "people.csv"\nrespondent = "who"\nwave = "wave"\n\n[units]')
NO_RESPONDENT = ('respondent = "who"\ncomment', "comment")
AGREE = ("[instruments.tea]", '[instruments.tea]\nlabels = "agree"')
LANGUAGE = ('comment = "note"', 'comment = "note"\nlanguage = "note"')
ONE_FILE = [
    ('[waves]\n2026Q2 = "q2.csv"\n2026Q3 = "q3.csv"\n\n', 'export = "all.csv"\n\n'),
    ('comment = "note"', 'wave = "quarter"'),
    ('[instruments.drinks]\n[instruments.visits]\nlens = "team"\n', ""),
]
ALL = "who,quarter,team,tea_1,tea_2\nP1,2026Q2,Red,1,2\nP1,2026Q3,Red,3,4\n"
QUALTRICS = ('kind = "plain"', 'kind = "qualtrics"')
IDS = '"{""ImportId"":""a""}"' + ',"{""ImportId"":""b""}"' * 9 + "\n"

# case: (changes, how the message begins, what else it says)
REFUSED = {
    # files
    "no survey.toml": (
        {"survey.toml": None}, "There is no file ", ["survey.toml.", "check the path"]),
    "export absent": (
        {"q3.csv": None}, "There is no file ", ["q3.csv.", "check the name in survey.toml"]),
    "people file absent": (
        {"survey.toml": PEOPLE, "people.csv": None}, "There is no file ", ["people.csv."]),
    "a name that no file can have": (
        {"survey.toml": ('"q3.csv"', f'"{"q" * 400}.csv"')}, "There is no file ", []),
    "instrument file absent": ({"tea.toml": None}, "There is no file ", ["tea.toml."]),
    "export is a folder": (
        {"survey.toml": ('"q3.csv"', '"."')}, "", ["is a folder", "name a file in survey.toml"]),
    "export of another kind": (
        {"survey.toml": ('"q3.csv"', '"people.xls"'), "people.xls": "x"},
        "people.xls: Files of this kind are not read.",
        ["found: .xls", "possible: .csv", ".parquet"]),
    "export without an ending": (
        {"survey.toml": ('"q3.csv"', '"people"'), "people": "x"},
        "people: Files of this kind are not read.", ["found: no ending"]),
    "empty export": ({"q3.csv": ""}, "q3.csv: This file is empty.", ["export it again"]),
    "only a byte-order mark": ({"q3.csv": b"\xef\xbb\xbf\r\n"}, "q3.csv: This file is empty.", []),
    "only commas": ({"q3.csv": ",,,\n,,,\n"}, "q3.csv: This file is empty.", []),
    "only a header": (
        {"q3.csv": "who,team,tea_1,tea_2\n\n,,,\n"},
        "q3.csv: There is no record in this file, only a header.", ["export it again"]),
    "cp1252": (
        {"q3.csv": "who,team\nP1,Caf\xe9 canary\n".encode("cp1252")},
        "q3.csv, line 2: This is not UTF-8 text.", ["CSV UTF-8"]),
    "utf-16": ({"q3.csv": "who,team\nP1,Red\n".encode("utf-16")},
        "q3.csv: This is not UTF-8 text.", ['encoding = "utf-16"']),
    "binary": ({"q3.csv": bytes(range(128)) * 4}, "q3.csv: This is not text.", []),
    "workbook called csv": (
        {"q3.csv": b"PK\x03\x04canary"}, "q3.csv: This is a workbook or an archive, not text.",
        ["ending .xlsx"]),
    "csv called xlsx": (
        {"survey.toml": ('"q3.csv"', '"q3.xlsx"'), "q3.xlsx": "who,canary\n"},
        "q3.xlsx: This is not a workbook.", ["save it again as .xlsx"]),
    "csv called parquet": (
        {"survey.toml": ('"q3.csv"', '"q3.parquet"'), "q3.parquet": "who,canary\n"},
        "q3.parquet: This is not a parquet file.", ["write it again"]),
    # shape
    "semicolons read with commas": (
        {"q3.csv": "who;team;tea_1\nP1;Red;4\n"},
        "q3.csv, row 1: There is only one column when cells are divided by ','.",
        ['at the top of survey.toml: delimiter = ";"']),
    "tabs read with commas": (
        {"q3.csv": "who\tteam\tcanary\nP1\tRed\t4\n"},
        "q3.csv, row 1: There is only one column", [r'delimiter = "\t"']),
    "commas read with semicolons": (
        {"survey.toml": ('kind = "plain"', 'kind = "plain"\ndelimiter = ";"')},
        "q2.csv, row 1: There is only one column when cells are divided by ';'.",
        ['delimiter = ","']),
    "row longer than the header": (
        {"q3.csv": ("P3,Blue,1", "P3,Blue,canary,1")},
        "q3.csv, row 5: A row has more cells than the header.",
        ["found: 11 cells where the header in row 1 has 10", "quotation marks"]),
    "title above the header": (
        {"q3.csv": ("who,team", "Tea 2026\nwho,team")},
        "q3.csv, row 2: A row has more cells than the header.", ["nothing stands above the"]),
    "quotation mark not closed": (
        {"q3.csv": ("P3,Blue", 'P3,"Blue canary')},
        "q3.csv, row 5: This row can't be divided into cells.", ["quotation mark"]),
    "text after a closing quotation mark": (
        {"q3.csv": ("P3,Blue", 'P3,"Blue"canary')},
        "q3.csv, row 5: This row can't be divided into cells.", []),
    "two columns of one name": (
        {"q3.csv": ("tea_1,tea_2", "tea_1,tea_1 ")},
        "q3.csv, column 'tea_1': Two columns have the same name.", ["rename one of them"]),
    "qualtrics read as plain": (
        {"q3.csv": "who,team,a,b,c,d,e,f,g,h\n\"W\nho\",,,,,,,,,\n" + IDS + "P1,,,,,,,,,\n"},
        "q3.csv: This is a Qualtrics export, not a plain table.",
        ['kind = "qualtrics" in survey.toml']),
    "plain read as qualtrics": (
        {"survey.toml": QUALTRICS},
        "q2.csv, row 3: The third row of a Qualtrics export holds import ids; here it does not.",
        ['kind = "plain" in survey.toml']),
    "qualtrics with two header rows only": (
        {"survey.toml": QUALTRICS, "q2.csv": "who,team\nWho,Team\n"},
        "q2.csv, row 3: The third row of a Qualtrics export", ["without changing rows"]),
    "qualtrics without a record": (
        {"survey.toml": QUALTRICS, "q2.csv": "who,b,c,d,e,f,g,h,i,j\n,,,,,,,,,\n" + IDS},
        "q2.csv: There is no record in this file", []),
    "only previews": (
        {"survey.toml": QUALTRICS,
         "q2.csv": "Status,b,c,d,e,f,g,h,i,j\n,,,,,,,,,\n" + IDS + "1,P1" + "," * 8 + "\n"
         + "Survey Preview,P2" + "," * 8 + "\n"},
        "q2.csv: There are only previews and test answers in this file.", ["once people have"]),
    # columns
    "respondent column absent": (
        {"survey.toml": ('respondent = "who"', 'respondent = "whom"')},
        "q2.csv: Can't find the column 'whom'.",
        ["possible: who, team, note", 'columns.respondent = "who" in survey.toml']),
    "unit column absent": (
        {"survey.toml": ('team = "team"', 'team = "squad"')},
        "q2.csv: Can't find the column 'squad'.", ['units.team = "..."']),
    "unit column absent from the people": (
        {"survey.toml": PEOPLE, "people.csv": ("who,team", "who,teams")},
        "people.csv: Can't find the column 'team'.", ['units.team = "teams"']),
    "comment column absent": (
        {"q3.csv": ("visits_blue,note", "visits_blue,notes")},
        "q3.csv: Can't find the column 'note'.", ['columns.comment = "notes"']),
    "language column absent": (
        {"survey.toml": ('comment = "note"', 'language = "lang"')},
        "q2.csv: Can't find the column 'lang'.", ['columns.language = ']),
    "seconds column absent": (
        {"survey.toml": ('comment = "note"', 'seconds = "took"')},
        "q2.csv: Can't find the column 'took'.", ['columns.seconds = ']),
    "adjusting column absent": (
        {"survey.toml": [PEOPLE, ("[missing]", '[adjust]\ncolumns = ["tenures"]\n\n[missing]')]},
        "people.csv: Can't find the column 'tenures'.", ['adjust.columns = ["tenure"]']),
    "wave column absent": (
        {"survey.toml": ONE_FILE, "all.csv": ALL.replace("quarter", "kvartal")},
        "all.csv: Can't find the column 'quarter'.", ['columns.wave = ']),
    "item absent in one wave": (
        {"q3.csv": ("tea_1,tea_2", "tea_1,tee_2")},
        "q3.csv: Can't find the column 'tea_2'.", ['instruments.tea.columns.tea_2 = "tee_2"']),
    "instrument in no wave": (
        {"q2.csv": ("tea_1,tea_2", "t1,t2"), "q3.csv": ("tea_1,tea_2", "t1,t2")},
        "q2.csv: Can't find the column 'tea_1'.", ['instruments.tea.columns.tea_1 = "..."']),
    "item absent, and what is like it has another use": (
        {"q3.csv": ("tea_1,tea_2", "tea_1,x")},
        "q3.csv: Can't find the column 'tea_2'.",
        ["possible: visits_red, visits_blue, x\n", 'instruments.tea.columns.tea_2 = "..."']),
    "option absent": (
        {"q3.csv": ("drinks_sugar", "drinks_shugar")},
        "q3.csv: Can't find the column 'drinks_sugar'.",
        ['instruments.drinks.columns.sugar = "drinks_shugar"']),
    "matrix in no wave": (
        {"q2.csv": ("visits_red,visits_blue", "a,b"), "q3.csv": ("visits_red,visits_blue", "a,b")},
        "q2.csv: Can't find the column 'visits_blue'.", ["instruments.visits.columns.Blue = "]),
    "matrix of a lens that nobody has": (
        {"q2.csv": [(",Red,", ",,"), (",Blue,", ",,")],
         "q3.csv": [("P1,Red", "P1,"), ("P2,Blue", "P2,"), ("P3,Blue", "P3,"), ("P4,Red", "P4,")]},
        "survey.toml, line 30: Nobody has a team, so there is nothing that 'visits' rates.",
        ["fill the column 'team'"]),
    "two units share a matrix column": (
        {"q3.csv": ("P4,Red", "P4,Red!")},
        "survey.toml, line 29: One column would rate two units of team.",
        ["instruments.visits.columns"]),
    "missing code as a unit": (
        {"q3.csv": [("P1,Red", "P1,-99.0"), ("P4,Red", "P4,-99.0")]},
        "exports, column 'team': A missing code stands where a unit should be.",
        ["found: 2 such records", 'rename.team."-99.0" = "" in survey.toml']),
    "missing code as a unit of the people file": (
        {"survey.toml": PEOPLE, "people.csv": ("P4,Red", "P4,-99")},
        "people.csv, column 'team': A missing code stands where a unit should be.",
        ["found: 1 such record"]),
    # answers
    "answer above the range": (
        {"q3.csv": ("P3,Blue,1", "P3,Blue,77")},
        "q3.csv, row 5, column 'tea_1': An answer is outside the declared range.",
        ["found: 1 such cell", "possible: 1, 2, 3, 4, 5, blank", "missing.codes"]),
    "answer below the range": (
        {"q3.csv": ("P1,Red,4,4", "P1,Red,4,0")},
        "q3.csv, row 2, column 'tea_2': An answer is outside the declared range.", []),
    "decimal answer": (
        {"q3.csv": ("P4,Red,5", "P4,Red,3.77")},
        "q3.csv, row 6, column 'tea_1': An answer is outside the declared range.", []),
    "1e3": (
        {"q3.csv": ("P4,Red,5", "P4,Red,1e3")},
        "q3.csv, row 6, column 'tea_1': An answer is outside the declared range.", []),
    **{
        f"the word {word}": (
            {"q3.csv": ("P4,Red,5", f"P4,Red,{word}")},
            "q3.csv, row 6, column 'tea_1': A cell holds a text where a number is expected.",
            ["found: 1 text", 'instruments.tea.labels = "..." in survey.toml'])
        for word in ("canary", "nan", "inf", "-Infinity", "NA", "0_4", '"3,5"', "#N/A")
    },
    "missing code not declared": (
        {"survey.toml": ("codes = [-99]", "codes = [-98]"), "q3.csv": ("P3,Blue,1", "P3,Blue,-99")},
        "q3.csv, row 5, column 'tea_1': An answer is outside the declared range.",
        ["add its code to missing.codes"]),
    "rating of a unit outside the range": (
        {"q3.csv": ("0,0,1,3", "0,0,1,77")},
        "q3.csv, row 3, column 'visits_red': An answer is outside the declared range.",
        ["possible: 1, 2, 3, blank"]),
    "text in a select-all cell": (
        {"q3.csv": ("P3,Blue,1,2,1", "P3,Blue,1,2,canary")},
        "q3.csv, row 5, column 'drinks_milk': A select-all cell is neither ticked nor blank.",
        ["found: 1 such", "the option's text", "one column per option, as numbers",
         'instruments.drinks.labels = "..."']),
    "number in a select-all cell": (
        {"q3.csv": ("P3,Blue,1,2,1", "P3,Blue,1,2,77")},
        "q3.csv, row 5, column 'drinks_milk': A select-all cell is neither ticked nor blank.",
        ["found: 1 such", "add a code that means no answer to missing.codes in survey.toml"]),
    "label not in the map": (
        {"survey.toml": AGREE, "q3.csv": ("P3,Blue,1", "P3,Blue,fully canary")},
        "q3.csv, row 5, column 'tea_1': A cell holds a text that is not among the answer labels.",
        ["possible: Not at all, Fully, Gar nicht, Ganz", "capitals and punctuation count"]),
    "label of another language": (
        {"survey.toml": [AGREE, LANGUAGE],
         "q2.csv": [("2,\n", "2,en\n"), ("3,,\n", "3,,en\n")],
         "q3.csv": [('"A note,\nover two lines"', "de"), ("P1,Red,4", "P1,Red,Fully")]},
        "q3.csv, row 2, column 'tea_1': A cell holds a text that is not among the answer labels "
        "in 'de'.", ["possible: Gar nicht, Ganz"]),
    "labels in a language that is not declared": (
        {"survey.toml": [AGREE, LANGUAGE], "q2.csv": ("P1,Red,4", "P1,Red,canary"),
         "q3.csv": ('"A note,\nover two lines"', "canary")},
        "q2.csv, row 2, column 'tea_1': There are no answer labels in the language of this record.",
        ["found: 1 such record", "possible: en, de", "add the language under [labels]"]),
    "one label, two meanings, no language": (
        {"survey.toml": [AGREE, ("Ganz = 5", "Fully = 4")], "q3.csv": ("P3,Blue,1", "P3,Blue,x")},
        "survey.toml: The label 'Fully' stands for two different answers.",
        ["columns.language"]),
    "nobody answered": (
        {name: f"who,team,tea_1,tea_2\n{who},canary,,\n" for name, who in
         (("q2.csv", "P1"), ("q3.csv", "P2"))}
        | {"survey.toml": ('[instruments.drinks]\n[instruments.visits]\nlens = "team"\n', "")},
        "q2.csv, q3.csv: Nobody answered anything here.", []),
    # people
    "respondent twice in a wave": (
        {"q3.csv": ("P4,Red", "P1 ,Red")},
        "q3.csv, row 6, column 'who': A respondent stands here twice in one wave.",
        ["found: the same respondent as in row 2", "keep one"]),
    "respondent twice among the people": (
        {"survey.toml": PEOPLE, "people.csv": ("P4,Red", "P3,Red")},
        "people.csv, row 7, column 'who': A respondent stands here twice in one wave.",
        ["the same respondent as in row 6"]),
    "blank respondent": (
        {"q3.csv": ("P3,Blue", " ,Blue")},
        "q3.csv, row 5, column 'who': A record has no respondent.", ["fill the cell"]),
    "blank respondent among the people": (
        {"survey.toml": PEOPLE, "people.csv": ("2026Q3,P5", "2026Q3,")},
        "people.csv, row 8, column 'who': A record has no respondent.", []),
    "blank wave among the people": (
        {"survey.toml": PEOPLE, "people.csv": ("2026Q3,P5", ",P5")},
        "people.csv, row 8, column 'wave': A person has no wave.", ["fill the cell"]),
    "wave column blank": (
        {"survey.toml": ONE_FILE, "all.csv": ALL + "\ncanary,,Red,1,1\n"},
        "all.csv, row 5, column 'quarter': A record has no wave.", ["fill the cell"]),
    "people file without that wave": (
        {"survey.toml": PEOPLE, "people.csv": "wave,who,team\n2026Q3,P1,Red\n2026Q3,P2,Blue\n"},
        "people.csv: The people file has nobody in wave '2026Q2'.",
        ["possible: 2026Q3", "remove people.wave"]),
    "stranger": (
        {"survey.toml": PEOPLE, "q3.csv": ("P3,Blue", "canary,Blue")},
        "q3.csv, row 5, column 'who': A respondent is not among the people of wave 2026Q3 in "
        "people.csv.", ["found: 1 such record", 'people.strangers = "drop"']),
    "people file, no respondent column": (
        {"survey.toml": [PEOPLE, NO_RESPONDENT]},
        "survey.toml, line 9: With a people file the export needs a column that says who answers.",
        ['columns.respondent = "..."']),
    "text in an adjusting column": (
        {"survey.toml": [PEOPLE, ("[missing]", '[adjust]\ncolumns = ["tenure"]\n\n[missing]')],
         "people.csv": ("Red,8", "Red,canary")},
        "people.csv, row 8, column 'tenure': An adjusting column holds numbers; here is a text.",
        ["found: 1 such cell", "decimal point"]),
    "infinity in an adjusting column": (
        {"survey.toml": [PEOPLE, ("[missing]", '[adjust]\ncolumns = ["tenure"]\n\n[missing]')],
         "people.csv": ("Red,8", "Red,inf")},
        "people.csv, row 8, column 'tenure': An adjusting column holds numbers", []),
    "tie without an end": (
        {"survey.toml": ("[missing]", '[ties]\nfile = "ties.csv"\nfrom = "a"\nto = "b"\n[missing]'),
         "ties.csv": "a,b\nP1,P2\nP3,\n"},
        "ties.csv, row 3, column 'b': A tie has no 'to'.", []),
}  # fmt: skip


def complaint(folder) -> InputError:
    with pytest.raises(InputError) as caught:
        read_survey(folder)
    return caught.value


@pytest.mark.parametrize(("changes", "beginning", "further"), REFUSED.values(), ids=REFUSED)
def test_bad_input_is_refused(make_survey, changes, beginning, further):
    folder = make_survey(changes)
    message = str(complaint(folder))
    assert message.startswith(beginning)
    for words in further:
        assert words in message
    mended = message.partition("possible:")[0] + message.partition("fix:")[2]
    told = mended.replace("'canary'", "").replace(str(folder), "")  # whose number may have a 77
    assert not re.search(r"canary|77", told)


def test_the_cases_without_their_change_are_read(make_survey):
    survey = read_survey(make_survey())
    assert survey.answers["tea_1"].tolist() == [4, 2, 4, 3, 1, 5]
    with_people = read_survey(make_survey({"survey.toml": PEOPLE}))
    assert with_people.people["responded"].tolist() == [True] * 6 + [False]
    assert read_survey(make_survey({"survey.toml": ONE_FILE, "all.csv": ALL})).waves == (
        "2026Q2", "2026Q3",
    )  # fmt: skip


# case: (changes, line of the import log as (file, wave, column, decision, rows in, rows out))
SPELT = {
    "survey.toml": PEOPLE,
    "people.csv": [
        ("2026Q3,P4,Red", "2026Q3,P4, red"),
        ("2026Q3,P5,Red", "2026Q3,P5,R\uff45d\u00a0"),
    ],
}
LOGGED = {
    "three spellings of one team": (
        SPELT, ("people.csv", "", "team", "3 spellings of 'Red' merged", None, None)),
    "stranger, to be dropped": (
        {"survey.toml": (PEOPLE[0], PEOPLE[1].replace("\n\n", '\nstrangers = "drop"\n\n')),
         "q3.csv": ("P3,Blue", "canary,Blue")},
        ("q3.csv", "2026Q3", "", "respondents not in people.csv left out", 4, 3)),
    "no respondent column": (
        {"survey.toml": NO_RESPONDENT},
        ("q3.csv", "2026Q3", "", "no respondent column: waves can't be linked", None, None)),
    "record without an answer": (
        {"q3.csv": ("P4,Red,5,,0,0,0,,1,", "P4,Red,,,0,0,0,,,")},
        ("q3.csv", "2026Q3", "", "records without any answer left out", 4, 3)),
    "rows shorter than the header": (
        {"q3.csv": ("P4,Red,5,,0,0,0,,1,", "P4,Red,5")},
        ("q3.csv", "2026Q3", "", "1 row shorter than the header: what is lacking counts as blank",
         None, None)),
    "column without a name": (
        {"q2.csv": "who,team,tea_1,tea_2,,visits_red,visits_blue,note,\nP1,Red,1,2,canary,,,,\n",
         "survey.toml": ("[instruments.drinks]\n", "")},
        ("q2.csv", "2026Q2", "", "1 column without a name left out", None, None)),
    "blank unit": (
        {"q3.csv": ("P4,Red", "P4,")},
        ("exports", "", "team", "1 record without a team", None, None)),
    "none beside others": (
        {"q3.csv": ("P3,Blue,1,2,1,0,0", "P3,Blue,1,2,1,0,1")},
        ("q3.csv", "2026Q3", "drinks_none",
         "'none' ticked beside others in 1 record: the others count", None, None)),
    "rating of one's own team": (
        {"q3.csv": ("0,0,1,3,,", "0,0,1,3,2,")},
        ("q3.csv", "2026Q3", "", "1 rating of one's own team left out", None, None)),
    "no column for a unit": (
        {"q3.csv": ("visits_red", "visits_rad")},
        ("q3.csv", "2026Q3", "visits_red", "no column rates 'Red'", None, None)),
    "a unit that nobody has is rated": (
        {"survey.toml": ('lens = "team"', 'lens = "team"\ncolumns = { Green = "visits_red" }')},
        ("q3.csv", "2026Q3", "", "no team is called Green: what rates it is not read", None, None)),
    "matrix not asked in one wave": (
        {"q2.csv": ("visits_red,visits_blue", "a,b")},
        ("q2.csv", "2026Q2", "", "not asked in this wave: visits", None, None)),
    "instrument not asked in one wave": (
        {"q2.csv": ("tea_1,tea_2", "a,b")},
        ("q2.csv", "2026Q2", "", "not asked in this wave: tea", None, None)),
    "select-all question not asked in one wave": (
        {"q3.csv": ("drinks_milk,drinks_sugar,drinks_none", "a,b,c")},
        ("q3.csv", "2026Q3", "", "not asked in this wave: drinks", None, None)),
    "missing codes": (
        {"q3.csv": [("P3,Blue,1,2", "P3,Blue,-99,-99.0"), ("P2,Blue,3", "P2,Blue,-99")]},
        ("q3.csv", "2026Q3", "", "3 cells with a missing code counted as blank", None, None)),
    "labels": (
        {"survey.toml": AGREE,
         "q3.csv": [("P3,Blue,1", "P3,Blue,Ganz"), ("P4,Red,5", "P4,Red,Ganz")]},
        ("q3.csv", "2026Q3", "", "2 cells read through labels", None, None)),
    "missing code in an adjusting column": (
        {"survey.toml": [PEOPLE, ("[missing]", '[adjust]\ncolumns = ["tenure"]\n\n[missing]')],
         "people.csv": ("Red,8", "Red,-99")},
        ("people.csv", "", "tenure", "1 cell with a missing code counted as blank", None, None)),
    "text instead of seconds": (
        {"survey.toml": ('comment = "note"', 'seconds = "note"')},
        ("q3.csv", "2026Q3", "note", "1 cell without a number of seconds counted as blank",
         None, None)),
    "renamed unit": (
        {"survey.toml": ("[missing]", '[rename.team]\nRED = "Crimson"\n[missing]')},
        ("exports", "", "team", "'RED' renamed 'Crimson' in 3 records", None, None)),
    "missing code as a unit, renamed": (
        {"survey.toml": ("[missing]", '[rename.team]\n"-99" = ""\n[missing]'),
         "q3.csv": ("P4,Red", "P4,-99")},
        ("exports", "", "team", "1 record without a team", None, None)),
    "renaming that finds nobody": (
        {"survey.toml": ("[missing]", '[rename.team]\nGreen = "Crimson"\n[missing]')},
        ("exports", "", "team", "'Green' renamed 'Crimson' in 0 records", None, None)),
    "tie to somebody unknown": (
        {"survey.toml": ("[missing]", '[ties]\nfile = "ties.csv"\nfrom = "a"\nto = "b"\n[missing]'),
         "ties.csv": "a,b\nP1,P2\nP3,P9\n"},
        ("ties.csv", "", "", "1 tie 'to' somebody who is not in the survey: kept", None, None)),
    "ties of another wave": (
        {"survey.toml": ("[missing]", '[ties]\nfile = "t.csv"\nfrom = "a"\nto = "b"\nwave = "w"\n'
                         "[missing]"),
         "t.csv": "a,b,w\nP1,P2,2026Q3\nP3,P2,2025Q1\n"},
        ("t.csv", "", "", "read", 2, 1)),
    "short row of the people file": (
        {"survey.toml": PEOPLE, "people.csv": ("Red,8", "Red")},
        ("people.csv", "", "", "1 row shorter than the header: what is lacking counts as blank",
         None, None)),
    "nameless column of the ties": (
        {"survey.toml": ("[missing]", '[ties]\nfile = "ties.csv"\nfrom = "a"\nto = "b"\n[missing]'),
         "ties.csv": "a,b,\nP1,P2,often\n"},
        ("ties.csv", "", "", "1 column without a name left out", None, None)),
}  # fmt: skip


@pytest.mark.parametrize(("changes", "line"), LOGGED.values(), ids=LOGGED)
def test_decisions_are_logged(make_survey, changes, line):
    log = read_survey(make_survey(changes)).import_log.astype("object")
    found = log.where(log.notna(), None).to_numpy().tolist()
    assert list(line) in found
    assert "canary" not in str(found)


def test_a_survey_without_teams_is_read(make_survey):
    survey = read_survey(
        make_survey(
            {"survey.toml": [('[units]\nteam = "team"\n', ""), (
                '[instruments.visits]\nlens = "team"\n', "")]}
        )
    )  # fmt: skip
    assert survey.lenses == ()
    assert survey.units.empty
    assert len(survey.answers) == 6


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["check", "{survey}"], "row 5, column 'tea_1': An answer is outside"),
        (["run", "{survey}", "--out", "{report}"], "row 5, column 'tea_1': An answer is outside"),
        (["run", "{good}", "--wave", "2026Q4", "--out", "{report}"],
         "There is no wave '2026Q4' in this survey.\n  possible: 2026Q2, 2026Q3"),
        (["check", "{survey}/nowhere"], "There is no file"),
    ],
)  # fmt: skip
def test_bad_input_ends_with_code_2_and_an_earlier_report_stays_whole(
    make_survey, tmp_path, capsys, arguments, words
):
    good = make_survey().rename(tmp_path / "good")
    survey = make_survey({"q3.csv": ("P3,Blue,1", "P3,Blue,77")})
    report = tmp_path / "report"
    report.mkdir()
    earlier = {"report.html": "earlier", "manifest.json": "{}"}
    for name, text in earlier.items():
        (report / name).write_text(text)
    places = {"survey": survey, "good": good, "report": report}
    assert cli.main([part.format(**places) for part in arguments]) == 2
    said = capsys.readouterr()
    assert words in said.err
    assert "Traceback" not in said.err
    assert {path.name: path.read_text() for path in report.iterdir()} == earlier
    assert sorted(path.name for path in tmp_path.iterdir()) == ["good", "report", "survey"]


def test_check_says_what_was_read(make_survey, capsys):
    assert cli.main(["check", str(make_survey())]) == 0
    assert "q3.csv, 2026Q3: read (4 rows in, 4 out)" in capsys.readouterr().out
