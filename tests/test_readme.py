"""The walk that README promises: a person's own survey, from file to report, without Python."""

from __future__ import annotations

import json
import random
import re
from pathlib import Path

import pytest

from cultureplus.cli import main

ROOT = Path(__file__).resolve().parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """The three files of the walk, two of them taken from the README itself."""
    place = tmp_path_factory.mktemp("walk") / "my_survey"
    place.mkdir()
    voice, survey = re.findall(r"```toml\n(.*?)```", README, flags=re.DOTALL)
    (place / "voice.toml").write_text(voice, encoding="utf-8")
    (place / "survey.toml").write_text(survey, encoding="utf-8")
    draw = random.Random(7)
    rows = ["department,voice_1,voice_2,voice_3"]
    for person in range(40):
        answers = [draw.randint(1, 5) for _ in range(3)]
        rows.append(f"{('North', 'South', 'West')[person % 3]},{','.join(map(str, answers))}")
    (place / "answers.csv").write_text("\n".join(rows) + "\n", encoding="utf-8")
    return place


def test_the_walk_ends_with_a_report(folder, capsys):
    report = folder.parent / "my_report"
    assert main(["check", str(folder)]) == 0
    assert main(["run", str(folder), "--out", str(report)]) == 0
    assert main(["verify", str(report)]) == 0
    assert main(["audit", str(report)]) == 0
    assert main(["scan", str(report), "--survey", str(folder)]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert str(report / "report.html") in lines
    page = (report / "report.html").read_text(encoding="utf-8")
    assert "I say what I think." in page
    numbers = json.loads((report / "key_numbers.json").read_text(encoding="utf-8"))
    assert [row["scale"] for row in numbers["headline"]] == ["voice"]
    assert numbers["headline"][0]["n"] == 40


def test_the_example_in_the_walk_is_right(folder):
    import pandas as pd

    from cultureplus.instrument import load_instruments
    from cultureplus.scoring import keyed, score_items

    voice = load_instruments(folder / "voice.toml")["voice"]
    for example in voice.examples:
        answers = keyed(pd.DataFrame([example.answers]), voice)
        found = score_items(answers, voice, min_answered=voice.min_answered)
        assert found["mean"].iloc[0] == pytest.approx(example.scores["voice"], abs=1e-6)


def test_the_notebook_lines_run():
    code = re.findall(r"```python\n(.*?)```", README, flags=re.DOTALL)[0]
    names: dict[str, object] = {}
    exec(code.replace("data/sample", str(ROOT / "data" / "sample")), names)
    assert {"survey", "scores", "plan", "units"} <= set(names)


def test_what_the_privacy_page_names_is_there():
    page = (ROOT / "PRIVACY.md").read_text(encoding="utf-8")
    named = re.findall(r"\b(?:tests|benchmarks)/[\w./]+\w", page)
    assert len(named) > 10
    assert [name for name in named if not (ROOT / name).exists()] == []
    for command in set(re.findall(r"`cultureplus (\w+) ", page)):
        with pytest.raises(SystemExit) as stopped:
            main([command, "--help"])
        assert stopped.value.code == 0, command
