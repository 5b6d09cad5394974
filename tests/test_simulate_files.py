"""The files of a simulated survey: the same bytes each time, and nothing lost on the way."""

from __future__ import annotations

import csv
import runpy
import tomllib
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from cultureplus.errors import InputError
from cultureplus.simulate import Simulation, organisation
from cultureplus.toml_writer import toml_text

ROOT = Path(__file__).resolve().parent.parent
SAMPLE = ROOT / "data" / "sample"
MAKER = runpy.run_path(str(ROOT / "tools" / "make_sample.py"), run_name="maker")
SMALL = {"people": 60, "teams": 8, "functions": 3}


@pytest.fixture(scope="module")
def sample() -> Simulation:
    return organisation(seed=MAKER["SEED"])


def rows_of(path: Path) -> list[list[str]]:
    with path.open(encoding="utf-8", newline="") as stream:
        return list(csv.reader(stream))


def contents(folder: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def test_the_committed_sample_is_the_one_that_the_seed_makes(sample, tmp_path):
    fresh = contents(sample.write(tmp_path, note=MAKER["NOTE"]))
    committed = contents(SAMPLE)
    assert sorted(fresh) == sorted(committed)
    assert [name for name in fresh if fresh[name] != committed[name]] == []
    assert sum(map(len, fresh.values())) < 6_000_000


def test_the_same_seed_gives_the_same_bytes_and_another_seed_does_not(tmp_path):
    for name, seed in (("one", 1), ("same", 1), ("other", 2)):
        organisation(seed=seed, **SMALL).write(tmp_path / name)
    one, same, other = (contents(tmp_path / name) for name in ("one", "same", "other"))
    assert one == same
    assert one["exports/2026Q3.csv"] != other["exports/2026Q3.csv"]


def test_an_export_has_three_header_rows_and_gives_the_answers_back(sample, tmp_path):
    sample.write(tmp_path)
    wave = sample.waves[2]
    names, texts, imports, *rows = rows_of(tmp_path / "exports" / f"{wave}.csv")
    assert names[:3] == ["StartDate", "EndDate", "Status"]
    assert texts[names.index("ps_1")].startswith("How far do you agree?\n")
    assert texts[names.index("ps_2")] == sample.instruments["psychological_safety"].items[1].text
    assert imports[0] == '{"ImportId": "startDate", "timeZone": "Z"}'
    table = pd.DataFrame(rows, columns=names).set_index("ExternalReference")
    answers = sample.answers[sample.answers.wave == wave].set_index("respondent")
    assert set(table.index) == set(answers.index)
    settings = tomllib.loads((tmp_path / "survey.toml").read_text(encoding="utf-8"))
    labels = settings["labels"]["agree5"]
    for key, row in table.head(150).iterrows():
        answer = answers.loc[key]
        for name in answers.columns.intersection(names):
            cell, value = row[name], answer[name]
            if name == "comment":
                assert cell == value
            elif name.startswith(("barriers_named", "programme_exposure")):
                assert cell == ("1" if value == 1 else "")
            elif np.isnan(value):
                assert cell in ("", "-99")
            elif name.startswith("ce_"):
                assert labels[row["UserLanguage"].lower()][cell] == value
            else:
                assert cell == str(int(value))
    assert (table[["RecipientEmail", "RecipientLastName", "LocationLatitude"]] == "").all(axis=None)
    assert table["IPAddress"].str.fullmatch(r"|192\.0\.2\.\d+").all()
    assert (table["UserLanguage"] == answers["language"][table.index]).all()
    assert (table["Duration (in seconds)"].astype(int) == answers["seconds"][table.index]).all()


def test_seen_and_left_out_is_coded_but_never_reached_is_blank(sample, tmp_path):
    sample.write(tmp_path)
    names, _, _, *rows = rows_of(tmp_path / "exports" / f"{sample.waves[0]}.csv")
    table = pd.DataFrame(rows, columns=names)
    stopped = table["Finished"] == "0"
    assert 0 < stopped.sum() == sample.truth["break_offs"][sample.waves[0]]
    assert (table.loc[stopped, "Progress"].astype(int) < 100).all()
    assert (table.loc[stopped, ["ce_3", "ce_4"]] == "").all(axis=None)
    assert (table.loc[~stopped, "ce_1"] == "-99").any()
    assert not (table.loc[~stopped, "ce_1"] == "").any()
    assert not table.filter(regex="seam_rating|barriers_named").isin(["-99"]).any(axis=None)


def test_the_people_file_spells_one_unit_in_several_ways(sample, tmp_path):
    sample.write(tmp_path)
    header, *rows = rows_of(tmp_path / "people.csv")
    assert header == list(sample.people.columns)
    found = pd.Series([row[2] for row in rows]).value_counts()
    variants = found[[name for name in found.index if name not in set(sample.people["function"])]]
    assert set(variants.index) == {"Customer  Care", "customer care", "Customer\u00a0Care"}
    assert variants.sum() < 20
    assert len(rows) == len(sample.people)


def test_settings_name_what_is_there(sample, tmp_path):
    sample.write(tmp_path)
    settings = tomllib.loads((tmp_path / "survey.toml").read_text(encoding="utf-8"))
    assert list(settings) == [
        "title", "kind", "instrument_files", "salt", "waves", "columns", "units", "people", "ties",
        "adjust", "missing", "labels", "instruments",
    ]  # fmt: skip
    assert settings["kind"] == "qualtrics"
    assert list(settings["instruments"]) == list(sample.instruments)
    assert settings["instruments"]["collaboration_energy"] == {"labels": "agree5"}
    assert settings["instruments"]["seam_rating"] == {"lens": "function"}
    for wave, name in settings["waves"].items():
        header = rows_of(tmp_path / name)[0]
        assert set(settings["columns"].values()) <= set(header), wave
    assert set(settings["units"].values()) <= set(rows_of(tmp_path / "people.csv")[0])


def test_the_truth_can_be_read_back(sample, tmp_path):
    sample.write(tmp_path)
    truth = tomllib.loads((tmp_path / "truth.toml").read_text(encoding="utf-8"))
    assert truth == sample.truth
    assert truth["paths"]["learning_leadership -> silo_barriers.control_holding"] == {
        "within": -0.25, "between": -0.7, "contextual": -0.45,
    }  # fmt: skip
    readme = (tmp_path / "README.md").read_text(encoding="utf-8")
    assert "synthetic" in readme
    assert "No person stands behind" in readme
    assert f"seed {sample.seed}" in readme


def test_without_a_people_file_the_units_stand_in_the_export(tmp_path):
    bare = organisation(seed=9, people_file=False, ties=False, **SMALL)
    bare.write(tmp_path)
    assert not (tmp_path / "people.csv").exists()
    assert not (tmp_path / "ties.csv").exists()
    names, _, _, *rows = rows_of(tmp_path / "exports" / "2025Q4.csv")
    table = pd.DataFrame(rows, columns=names).set_index("ExternalReference")
    people = bare.people[bare.people.wave == "2025Q4"].set_index("respondent")
    assert (table["team"] == people["team"][table.index]).all()
    settings = tomllib.loads((tmp_path / "survey.toml").read_text(encoding="utf-8"))
    assert "people" not in settings
    assert "ties" not in settings
    assert set(settings["units"].values()) <= set(names)


def test_a_plain_export_has_one_header_row_and_numbers(tmp_path):
    plain = organisation(seed=9, **SMALL)
    plain.write(tmp_path, kind="plain")
    header, *rows = rows_of(tmp_path / "exports" / "2025Q4.csv")
    assert header[:4] == ["respondent", "seconds", "language", "ps_1"]
    table = pd.DataFrame(rows, columns=header)
    assert set(table["ce_1"]) <= {"", "1", "2", "3", "4", "5"}
    assert len(table) == (plain.answers["wave"] == "2025Q4").sum()
    settings = tomllib.loads((tmp_path / "survey.toml").read_text(encoding="utf-8"))
    assert settings["kind"] == "plain"
    assert "missing" not in settings
    with pytest.raises(InputError, match="no kind of export 'qualtrix'"):
        plain.write(tmp_path, kind="qualtrix")


@pytest.mark.parametrize(
    "values",
    [
        {"a": 1, "b": 0.5, "c": True, "d": "x \"y\" \n ü \\"},
        {"a b": {"c.d": {"e": [1, 2]}, "f": []}},
        {"long": [f"P{n:04d}" for n in range(60)]},
        {"empty": {}, "nested": {"empty": {}, "full": {"x": -99}}},
    ],
)  # fmt: skip
def test_toml_text_is_read_back_as_it_was(values):
    assert tomllib.loads(toml_text(values)) == values


def test_nobody_answers(tmp_path):
    silent = organisation(seed=8, response_rate=0, **SMALL)
    assert len(silent.answers) == 0
    silent.write(tmp_path)
    assert len(rows_of(tmp_path / "exports" / "2025Q4.csv")) == 3
