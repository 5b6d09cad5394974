"""The manifest: every file of a run accounted for, and any change to one seen."""

from __future__ import annotations

import hashlib
import json

import pytest

import cultureplus
from cultureplus.errors import InputError
from cultureplus.manifest import differences, files_in, read_manifest, write_manifest


@pytest.fixture
def run(tmp_path):
    folder = tmp_path / "report"
    (folder / "tables").mkdir(parents=True)
    (folder / "report.html").write_text("page", encoding="utf-8")
    (folder / "tables" / "units.csv").write_text("unit\nSales\n", encoding="utf-8")
    export = tmp_path / "answers.csv"
    export.write_bytes(b"a\n1\n")
    write_manifest(folder, inputs=[("answers.csv", export)], parameters={"min_n": 5})
    return folder


def test_it_says_what_went_in_what_came_out_and_by_which_code(run):
    content = read_manifest(run)
    assert content["inputs"] == {"answers.csv": hashlib.sha256(b"a\n1\n").hexdigest()}
    assert content["outputs"] == {
        "report.html": hashlib.sha256(b"page").hexdigest(),
        "tables/units.csv": hashlib.sha256(b"unit\nSales\n").hexdigest(),
    }
    assert content["parameters"] == {"min_n": 5}
    assert content["cultureplus"] == cultureplus.__version__
    assert {"numpy", "pandas", "scipy", "plotly"} <= set(content["packages"])
    assert "manifest.json" not in files_in(run)


def test_it_knows_neither_clock_nor_place(run, tmp_path):
    text = (run / "manifest.json").read_text(encoding="utf-8")
    assert str(tmp_path) not in text
    export = tmp_path / "answers.csv"
    write_manifest(run, inputs=[("answers.csv", export)], parameters={"min_n": 5})
    assert (run / "manifest.json").read_text(encoding="utf-8") == text


def test_an_untouched_run_has_no_differences(run):
    assert differences(run) == []


def change(run):
    (run / "report.html").write_text("pagE", encoding="utf-8")


def remove(run):
    (run / "tables" / "units.csv").unlink()


def add(run):
    (run / "tables" / "more.csv").write_text("", encoding="utf-8")


def add_manifest_elsewhere(run):
    (run / "tables" / "manifest.json").write_text("{}", encoding="utf-8")


def swap_for_folder(run):
    (run / "report.html").unlink()
    (run / "report.html").mkdir()


@pytest.mark.parametrize(
    ("meddle", "said"),
    [
        (change, ["report.html was changed after the run"]),
        (remove, ["tables/units.csv is missing"]),
        (add, ["tables/more.csv does not belong to the run"]),
        (add_manifest_elsewhere, ["tables/manifest.json does not belong to the run"]),
        (swap_for_folder, ["report.html is missing"]),
    ],
)
def test_every_kind_of_change_is_seen(run, meddle, said):
    meddle(run)
    assert differences(run) == said


def test_no_manifest_is_an_input_error(tmp_path):
    with pytest.raises(InputError, match=r"no manifest\.json"):
        read_manifest(tmp_path)


@pytest.mark.parametrize(
    "text", ["", "{", "[]", "null", "{}", '{"outputs": []}', '{"outputs": 3}', "\ufeff{}"]
)
def test_a_spoilt_manifest_is_an_input_error(tmp_path, text):
    (tmp_path / "manifest.json").write_text(text, encoding="utf-8")
    with pytest.raises(InputError, match="can't be read"):
        read_manifest(tmp_path)


def test_a_manifest_that_is_not_text_is_an_input_error(tmp_path):
    (tmp_path / "manifest.json").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(InputError, match="can't be read"):
        read_manifest(tmp_path)


def test_it_is_json_that_a_person_can_read(run):
    text = (run / "manifest.json").read_text(encoding="utf-8")
    assert text == json.dumps(json.loads(text), indent=2, sort_keys=True) + "\n"
