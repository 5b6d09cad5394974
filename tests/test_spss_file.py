"""The parser of SPSS files runs apart and within limits, and nothing that it says is believed.

The child that is tried is the real one, in which another module takes the parser's place and does
what a parser does that was led astray: it sleeps, spins, takes memory, crashes, lies.
"""

from __future__ import annotations

import json
import os
import shutil
import struct
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import pytest

from benchmarks.mutated_files import forked
from cultureplus import spss_child, spss_file
from cultureplus.errors import InputError
from cultureplus.export_file import ExportFile
from cultureplus.spss_child import ANSWER, DONE, NUMBERS, TEXTS
from cultureplus.spss_file import Limits, read_spss, run_apart
from tests.small_sav import ASCII, CP1252, UTF8, small_sav

pytestmark = pytest.mark.skipif(os.name == "nt", reason="limits and forks are those of POSIX")
EXPORTS = Path(__file__).resolve().parents[2] / "shared" / "data" / "exports"
LIMITS = Limits(memory=2**29, cpu_seconds=2, file_bytes=2**16, clock_seconds=20)


@pytest.fixture
def export(tmp_path):
    path = tmp_path / "a.sav"
    path.write_bytes(small_sav())
    return ExportFile(path)


@pytest.fixture(autouse=True)
def nothing_left(tmp_path, monkeypatch):
    """Temporary folders are made in one of our own, which is empty when a test has ended."""
    place = tmp_path / "temporary"
    place.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(place))
    yield
    assert list(place.iterdir()) == []


# --- the real files -----------------------------------------------------------------------------

REAL = {  # rows, variables, cells that are system-missing, labelled variables, user-missing ones
    "spss_pyreadstat_missing_char.sav": (2, 1, 0, 1, 1),
    "spss_pyreadstat_sample.sav": (5, 7, 3, 2, 0),
    "spss_pyreadstat_sample.zsav": (5, 7, 3, 2, 0),
    "spss_pyreadstat_sample_missing.sav": (7, 7, 10, 2, 3),
}


@pytest.mark.parametrize("name", REAL)
def test_the_real_files_go_in(name):
    if not EXPORTS.is_dir():
        pytest.skip("the real exports are not beside this checkout")
    table = read_spss(ExportFile(EXPORTS / name))
    rows, variables, blank, labelled, with_missing = REAL[name]
    assert (table.rows, table.rows_declared, len(table.columns)) == (rows, rows, variables)
    numbers = [each.cells for each in table.columns if not each.is_text]
    assert sum(int(np.isnan(cells).sum()) for cells in numbers) == blank
    assert sum(bool(each.labels) for each in table.columns) == labelled
    assert sum(bool(each.missing) for each in table.columns) == with_missing
    assert table.encoding_stated


def test_what_the_file_says_of_a_variable_comes_along():
    if not EXPORTS.is_dir():
        pytest.skip("the real exports are not beside this checkout")
    columns = read_spss(
        ExportFile(EXPORTS / "spss_pyreadstat_sample_missing.sav"), run=forked
    ).columns
    found = {each.name: each for each in columns}
    assert found["myord"].labels == (
        (-1.0, "missing"),
        (1.0, "low"),
        (2.0, "medium"),
        (3.0, "high"),
    )
    assert found["myord"].missing == ((-1.0, -1.0), (-2.0, -2.0), (-3.0, -3.0))
    assert found["mynum"].missing == ((2000.0, 3000.0), (-1.0, -1.0))
    assert [found["myord"].measure, found["mynum"].measure] == ["ordinal", "scale"]
    assert (found["mydate"].format, found["mydate"].width, found["mydate"].label) == (
        "EDATE10", 8, "date")  # fmt: skip


# --- apart --------------------------------------------------------------------------------------


def test_the_parser_is_never_loaded_here(export):
    code = (
        "import sys; from pathlib import Path; from cultureplus.export_file import ExportFile\n"
        "from cultureplus.spss_file import read_spss\n"
        f"rows = read_spss(ExportFile(Path({str(export.path)!r}))).rows\n"
        "print(rows, 'pyreadstat' in sys.modules)"
    )
    root = Path(spss_file.__file__).parents[1]
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=root
    )
    assert done.stdout == "2 False\n"


STAND_IN = """
import importlib.util, os, sys, time, types
spec = importlib.util.spec_from_file_location("spss_child", {child!r})
child = importlib.util.module_from_spec(spec)
spec.loader.exec_module(child)
def read_sav(*args, **options):
{body}
parser = types.ModuleType("pyreadstat")
parser.read_sav = read_sav
sys.modules["pyreadstat"] = parser
sys.exit(child.main(*sys.argv[1:]))
"""


def led_astray(tmp_path, body, limits=LIMITS):
    """Runs the real child with a parser that does this instead of parsing."""
    program = tmp_path / "child.py"
    body = "\n".join(f"    {line}" for line in body.splitlines())
    program.write_text(STAND_IN.format(child=spss_child.__file__, body=body), "utf-8")
    return lambda source, folder, _: run_apart(source, folder, limits, program=program)


BREAKS = "its parser breaks down"
MEMORY = "its parser asks for more memory than it gets"
ENDINGS = {
    "a crash": ("import signal; os.kill(os.getpid(), signal.SIGSEGV)", BREAKS),
    "an abort": ("os.abort()", BREAKS),
    "an end without a word": ("os._exit(1)", BREAKS),
    "an endless loop": ("while True: pass", BREAKS),
    "too much memory": ("bytearray(2**31)", MEMORY),
    "memory that its parser can't get": ("raise OSError('Unable to allocate memory')", MEMORY),
    "too large a file": ("open('x', 'wb').write(bytes(2**20))", "its parser refuses it"),
    "a complaint": ("raise ValueError('canary')", "its parser refuses it"),
    "a warning": ("import warnings; warnings.warn('canary'); os._exit(0)", "its parser refuses it"),
    "noise": ("os.write(1, b'canary'); os.write(2, b'canary'); os._exit(3)", BREAKS),
}


@pytest.mark.parametrize("case", ENDINGS)
def test_however_the_child_ends_there_is_one_error(tmp_path, export, capfd, case):
    body, found = ENDINGS[case]
    limits = Limits(LIMITS.memory, 1, LIMITS.file_bytes, 20)
    with pytest.raises(InputError) as caught:
        read_spss(export, run=led_astray(tmp_path, body, limits))
    assert str(caught.value) == (
        f"a.sav: This SPSS file can't be read.\n  found: {found}\n"
        "  fix: open it in SPSS or PSPP and save it again, or export csv from there"
    )
    assert capfd.readouterr() == ("", "")


def test_a_child_that_sleeps_is_ended_by_the_clock(tmp_path, export):
    limits = Limits(LIMITS.memory, 1, LIMITS.file_bytes, 0.4)
    with pytest.raises(InputError, match="its parser does not come to an end"):
        read_spss(export, run=led_astray(tmp_path, "time.sleep(60)", limits))


def test_nobody_else_looks_into_its_folder_and_no_core_is_dumped(tmp_path, export):
    body = (
        "import resource\n"
        "closed = os.stat('.').st_mode & 0o077 == 0 and not os.listdir('.')\n"
        "os._exit(40 + closed + 2 * (resource.getrlimit(resource.RLIMIT_CORE) == (0, 0)))"
    )
    ended = []
    run = led_astray(tmp_path, body)
    with pytest.raises(InputError):
        read_spss(export, run=lambda *args: ended.append(run(*args)) or ended[0])
    assert ended == [43]


def test_the_limits_grow_with_the_file(export):
    given = []
    with pytest.raises(InputError):
        read_spss(export, run=lambda *args: given.append(args[2]) or 1)
    assert given == [Limits(spss_file.MEMORY, 4, spss_file.FILE_BYTES, 40)]


def test_nothing_is_started_for_a_file_that_is_too_large(export, monkeypatch):
    monkeypatch.setattr("cultureplus.spss_layout.MOST_ELEMENTS", 3)
    with pytest.raises(InputError, match="larger than what is read"):
        read_spss(export, run=lambda *args: pytest.fail("started"))


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("packed", [0, 1, 2])
def test_the_parser_is_told_how_many_rows_there_are(export, order, packed):
    """Or else it takes room for a hundred thousand rows of each variable."""
    rows = [(1.0, "red"), (None, "blue"), (3.0, "")]
    sound = small_sav(rows, order=order, packed=packed)
    export.path.write_bytes(small_sav(rows, order=order, packed=packed, declared=-1))
    parsed = []

    def run(source, folder, limits):
        parsed.append(source.read_bytes())
        return forked(source, folder, limits)

    table = read_spss(export, run=run)
    assert parsed == [sound]
    assert (table.rows, table.rows_declared) == (3, None)
    assert table.columns[0].cells.tolist()[::2] == [1.0, 3.0]
    assert table.columns[1].cells == ("red", "blue", "")


def test_the_child_is_found_from_anywhere(export, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PYTHONPATH", "nowhere")
    assert read_spss(ExportFile(Path("a.sav"))).rows == 2


def test_a_missing_package_is_said(export, monkeypatch):
    monkeypatch.setattr(spss_file, "_NEEDED", ("no_such_package",))
    with pytest.raises(InputError, match="The package 'no_such_package' is missing"):
        read_spss(export)


# --- what it says -------------------------------------------------------------------------------


def put(key, *, value, column=0):
    def change(answer):
        answer["columns"][column][key] = value

    return change


FIRST = struct.pack("d", 1.0)
LABELS = struct.pack("<2id", 3, 1, 1.0) + b"\x03j\xe4h" + bytes(4) + struct.pack("<3i", 4, 1, 1)
LIES = {
    "another number of rows": lambda answer: answer.update(rows=3),
    "rows as a text": lambda answer: answer.update(rows="2"),
    "no columns": lambda answer: answer.update(columns=[]),
    "a column fewer": lambda answer: answer["columns"].pop(),
    "a column twice": lambda answer: answer["columns"].append(answer["columns"][0]),
    "columns that are none": lambda answer: answer.update(columns=5),
    "a number that is a text": put("is_text", value=True),
    "neither number nor text": put("is_text", value=0),
    "no name": put("name", value=" "),
    "a long name": put("name", value="x" * 300),
    "a name that is a number": put("name", value=5),
    "the other's name": put("name", value="TEAM"),
    "half a letter as a name": put("name", value="\ud800"),
    "a letter that is no byte": put("name", value="\u0100"),
    "nothing in a name": put("name", value="a\0b"),
    "a label that is a number": put("label", value=1.5),
    "a measure of its own": put("measure", value="canary"),
    "a width that is none": put("width", value=1.5),
    "a format that is none": put("format", value=None),
    "a label of a text": put("labels", value=[["one", "1"]]),
    "a label of nothing": put("labels", value=[[float("nan"), "1"]]),
    "a label of infinity": put("labels", value=[[float("inf"), "1"]]),
    "a label of yes": put("labels", value=[[True, "1"]]),
    "a label that is none": put("labels", value=[[1.0, None]]),
    "three parts of a label": put("labels", value=[[1.0, "a", "b"]]),
    "a label of a number in texts": put("labels", value=[[1.0, "1"]], column=1),
    "missing values lost": put("missing", value=[]),
    "missing values of another": put("missing", value=[["a", "a"]], column=1),
    "missing values the wrong way round": put("missing", value=[[9.0, 8.0]]),
    "missing values that are none": put("missing", value=[[float("nan"), float("nan")]]),
    "four missing values": put("missing", value=[[1.0, 1.0]] * 4),
    "a longer text": put("storage", value=9, column=1),
    "no length of a text": put("storage", value=0, column=1),
    "a length as a text": put("storage", value="8", column=1),
}
FILES = {
    "no answer": (ANSWER, None),
    "half an answer": (ANSWER, b'{"rows": 2'),
    "an answer in another shape": (ANSWER, b"[2]"),
    "fewer numbers": (NUMBERS, FIRST),
    "more numbers": (NUMBERS, FIRST * 3),
    "an endless number": (NUMBERS, FIRST + struct.pack("d", float("inf"))),
    "no file of numbers": (NUMBERS, None),
    "fewer texts": (TEXTS, b'[["red"]]'),
    "no texts": (TEXTS, b"[]"),
    "more texts": (TEXTS, b'[["red", "blue"], ["red", "blue"]]'),
    "a text that is none": (TEXTS, b'[["red", 5]]'),
    "texts in another encoding": (TEXTS, b'[["red", "caf\xe9"]]'),
    "texts of other bytes": (TEXTS, b'[["red", "\\u0100"]]'),
    "half a letter": (TEXTS, b'[["red", "\\ud800"]]'),
    "deep texts": (TEXTS, b"[" * 100_000),
}


@pytest.fixture(scope="module")
def told(tmp_path_factory):
    """What the parser says of a sound file, to be spoilt."""
    folder = tmp_path_factory.mktemp("told")
    (folder / "a.sav").write_bytes(small_sav(missing=[8.0, 9.0], label_of="Q1"))
    (folder / "answer").mkdir()
    assert forked(folder / "a.sav", folder / "answer", LIMITS) == DONE
    return folder


@pytest.mark.parametrize("case", [None, *LIES, *FILES])
def test_an_answer_that_contradicts_the_file_is_refused(told, case):
    def run(source, folder, limits):
        shutil.copytree(told / "answer", folder, dirs_exist_ok=True)
        if case in LIES:
            answer = json.loads((folder / ANSWER).read_text("utf-8"))
            LIES[case](answer)
            (folder / ANSWER).write_text(json.dumps(answer), "utf-8")
        elif case in FILES:
            name, data = FILES[case]
            (folder / name).unlink() if data is None else (folder / name).write_bytes(data)
        return DONE

    export = ExportFile(told / "a.sav")
    if case is None:
        assert read_spss(export, run=run).rows == 2
        return
    with pytest.raises(InputError) as caught:
        read_spss(export, run=run)
    assert str(caught.value).startswith("a.sav: What this SPSS file holds does not hold together.")


def lied(told, change, **files):
    """Read the file of which the parser says something else, in one voice."""

    def run(source, folder, limits):
        shutil.copytree(told, folder, dirs_exist_ok=True)
        answer = json.loads((folder / ANSWER).read_text("utf-8"))
        change(answer["columns"])
        (folder / ANSWER).write_text(json.dumps(answer), "utf-8")
        for name, data in files.items():
            (folder / {"numbers": NUMBERS, "texts": TEXTS}[name]).write_bytes(data)
        return DONE

    return run


def test_a_text_that_is_called_a_number_throughout_is_refused(told):
    run = lied(
        told / "answer",
        lambda columns: columns[1].update(is_text=False),
        numbers=FIRST * 4,
        texts=b"[]",
    )
    with pytest.raises(InputError, match="does not hold together"):
        read_spss(ExportFile(told / "a.sav"), run=run)


def test_missing_values_of_long_texts_are_those_of_the_file(export, tmp_path):
    export.path.write_bytes(small_sav([(1.0, "red")], [("Q1", 0), ("NOTE", 20)]))
    told = tmp_path / "answer"
    told.mkdir()
    assert forked(export.path, told, LIMITS) == DONE
    assert read_spss(export, run=lied(told, lambda columns: None)).rows == 1
    with pytest.raises(InputError, match="does not hold together"):
        read_spss(
            export, run=lied(told, lambda columns: columns[1].update(missing=[["red", "red"]]))
        )


# --- encodings ----------------------------------------------------------------------------------

CAFE = [(1.0, "café"), (2.0, "blue")]
FULL = [(1.0, "xxxxxxxé"), (2.0, "blue")]


@pytest.mark.parametrize(
    ("how", "declared", "text"),
    [
        ({"code": UTF8}, "utf-8", "café"),
        ({"code": CP1252, "encoding": "cp1252"}, "utf-8", "café"),
        ({"code": UTF8, "said": b"windows-1252", "encoding": "cp1252"}, "utf-8", "café"),
        ({"code": CP1252, "encoding": "cp1252"}, "mac-roman", "café"),  # the file knows better
        ({"code": ASCII, "encoding": "cp1252"}, "cp1252", "café"),
        ({"code": ASCII, "encoding": "utf-8"}, "utf-8", "café"),
        ({"code": None, "encoding": "mac-roman"}, "mac-roman", "café"),
        ({"code": UTF8, "encoding": "cp1252"}, "cp1252", None),
        ({"code": ASCII, "encoding": "cp1252"}, "utf-8", None),
    ],
)
def test_letters_are_read_as_the_file_or_else_the_settings_say(export, how, declared, text):
    export.path.write_bytes(small_sav(CAFE, **how))
    file = ExportFile(export.path, encoding=declared)
    if text is None:
        with pytest.raises(InputError, match=r"^a\.sav, row 1, column 'TEAM': A text is") as caught:
            read_spss(file, run=forked)
        assert "caf" not in str(caught.value)
        assert ('encoding = "cp1252"' in str(caught.value)) is (how["code"] == ASCII)
    else:
        table = read_spss(file, run=forked)
        assert table.columns[1].cells == (text, "blue")
        assert (table.beyond_ascii, table.columns[1].cut) == (True, 0)


def test_half_a_letter_at_the_end_of_a_full_text_goes_and_is_counted(export):
    export.path.write_bytes(small_sav([(1.0, "xxxxxxx"), (2.0, "blue")]))
    data = export.path.read_bytes().replace(b"xxxxxxx ", "xxxxxxxé".encode()[:8])
    export.path.write_bytes(data)
    column = read_spss(export, run=forked).columns[1]
    assert (column.cells, column.cut) == (("xxxxxxx", "blue"), 1)


@pytest.mark.parametrize("where", ["name", "label"])
def test_letters_outside_cells_are_looked_at_too(export, where):
    name = "Größe" if where == "name" else "Q1"
    labels = LABELS if where == "label" else b""
    file = small_sav([(1.0,)], [(name, 0)], code=UTF8, encoding="cp1252", labels=labels)
    export.path.write_bytes(file)
    with pytest.raises(InputError, match="is not in utf_8, as the file says that it is") as caught:
        read_spss(export, run=forked)
    assert "The name of a" if where == "name" else "column 'Q1': What the" in str(caught.value)
