"""Marks of guesses: found in comments only, said by line, and in the way of a report."""

from __future__ import annotations

import pytest

from cultureplus.cli import main
from cultureplus.errors import InputError
from cultureplus.guesses import guesses_in, guesses_said, marked, refuse_guesses

TEXT = """\
title = "# guess: no"  # fine
about = '''
# guess: no
'''
kind = "plain"  # guess: yes
# guess: yes
list = [ # Guess: yes
  "# guess: no",
]
[table]  #guess: yes
key = "a" # I guess: no
"""


def test_marks_are_comments(tmp_path):
    path = tmp_path / "survey.toml"
    path.write_text(TEXT, encoding="utf-8")
    (tmp_path / "answers.csv").write_text("# guess: no\n", encoding="utf-8")
    assert guesses_in([path, tmp_path / "answers.csv"]) == {"survey.toml": [5, 6, 7, 10]}
    with pytest.raises(InputError, match=r"survey.toml, line 5: Nobody has confirmed"):
        refuse_guesses([path])
    path.write_text("title = 1\n", encoding="utf-8")
    refuse_guesses([path])


def test_many_lines_are_counted():
    said = guesses_said({"a.toml": list(range(1, 12)), "b.toml": [3]})
    assert (
        said
        == "12 guesses are left: a.toml, lines 1, 2, 3, 4, 5, 6, 7, 8 and 3 more; b.toml, line 3"
    )
    assert guesses_said({"b.toml": [3]}) == "1 guess is left: b.toml, line 3"
    assert marked("why").startswith("guess: why")


def test_check_says_what_is_left_and_run_refuses(make_survey, capsys, tmp_path):
    marks = ('team = "team"', 'team = "team"  # guess: its name')
    folder = make_survey(
        {"survey.toml": marks, "tea.toml": ('id = "tea"', 'id = "tea" # guess: x')}
    )
    assert main(["check", str(folder)]) == 0
    out = capsys.readouterr().out
    assert "2 guesses are left: survey.toml, line 14; tea.toml, line 1." in out
    assert main(["run", str(folder), "--out", str(tmp_path / "out")]) == 2
    assert "survey.toml, line 14: Nobody has confirmed the guesses" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_check_names_the_next_command_where_no_guess_is_left(make_survey, capsys):
    folder = make_survey()
    assert main(["check", str(folder)]) == 0
    assert capsys.readouterr().out.endswith(f"Nothing is wrong. Next: cultureplus run {folder}\n")
