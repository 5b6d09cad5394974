"""The committed notebooks, looked at as files: what nbval's comparison does not see.

A stripped notebook, a picture, an error that is raised again, a line on stderr or a path of
somebody's computer all pass a run of nbval. Each check below is a function from a notebook to what
is wrong with it, and each is tried on a notebook with exactly that wrong planted in it.
"""

from __future__ import annotations

import ast
import copy
import csv
import json
import re
import statistics
from pathlib import Path

import nbformat
import nbformat.v4 as nb
import pandas as pd
import pytest

from cultureplus import columns as c
from cultureplus.identity import hashed
from cultureplus.notebooks_run import parameters_of
from cultureplus.published import publish
from cultureplus.report import CHART_MIME, published_tables
from cultureplus.settings import read_settings

ROOT = Path(__file__).resolve().parent.parent
PATHS = sorted((ROOT / "notebooks").glob("*.ipynb"))
MOST_BYTES = 500_000
MOST_LINES, MEDIAN_LINES = 12, 3
PARAMETERS = {"survey", "wave", "min_n"}
MIN_N = 5

# Outputs of cells with this tag may differ; the banner and an explorer would be the only ones.
IGNORED = "nbval-ignore-output"
RAISES = "raises-exception"
COMPUTING = {"groupby", "pivot_table", "agg", "apply", "merge"}
ROWS_INSIDE = {"histogram", "histogram2d", "histogram2dcontour", "box", "violin"}
PLACE = re.compile(
    r"""(?<![\w.:/])/(home|Users|root|tmp|var|opt|usr|mnt|work|private|builds?)/ # a path of Unix
      | (?<!\w)[A-Za-z]:\\\\?\w          # or of Windows
      | (?<!\w)~/ | file:// | ipykernel_\d | localhost | 127\.0\.0\.1""",
    re.VERBOSE,
)


def code_cells(notebook):
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def outputs(notebook):
    return [output for cell in code_cells(notebook) for output in cell.outputs]


def figures(notebook):
    return [out.data[CHART_MIME] for out in outputs(notebook) if CHART_MIME in out.get("data", {})]


def lines(cell):
    return [line for line in cell.source.splitlines() if line.strip() and line.strip()[0] != "#"]


def headings(notebook):
    """All headings, each with its marks, in order."""
    return [
        line
        for cell in notebook.cells
        if cell.cell_type == "markdown"
        for line in cell.source.splitlines()
        if re.match(r"#+ ", line)
    ]


def all_texts(value):
    """Every text in a piece of JSON, the keys too."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for key, inside in value.items():
            yield key
            yield from all_texts(inside)
    elif isinstance(value, list):
        for inside in value:
            yield from all_texts(inside)


def all_numbers(value):
    if isinstance(value, float):
        yield value
    elif isinstance(value, dict):
        for inside in value.values():
            yield from all_numbers(inside)
    elif isinstance(value, list):
        for inside in value:
            yield from all_numbers(inside)


# --- the checks: from a notebook to what is wrong with it ------------------------------------


def not_executed(notebook):
    """A stripped or half-run notebook has nothing to compare."""
    counts = [cell.execution_count for cell in code_cells(notebook)]
    if counts != list(range(1, len(counts) + 1)):
        yield f"execution counts are {counts}"
    shown = sum(1 for cell in code_cells(notebook) if cell.outputs)
    if shown < 2:
        yield f"only {shown} cells have an output"
    for cell in code_cells(notebook):
        last = ast.parse(cell.source).body[-1]
        if isinstance(last, ast.Expr) and not cell.outputs:
            yield f"nothing is saved of {cell.source.splitlines()[-1]}"


def noisy(notebook):
    for cell in code_cells(notebook):
        for output in cell.outputs:
            if output.output_type == "error" and RAISES not in cell.metadata.get("tags", []):
                yield f"an error is saved: {output.ename}"
            if output.output_type == "stream":
                yield f"a line on {output.name} is saved"


def not_compared(notebook):
    """Outputs that nbval skips, or that hide numbers from it."""
    ignored = [cell for cell in code_cells(notebook) if IGNORED in cell.metadata.get("tags", [])]
    if len(ignored) > 1:
        yield f"{len(ignored)} cells are ignored"
    for output in outputs(notebook):
        kinds = set(output.get("data", {}))
        if any(kind.startswith("image/") for kind in kinds):
            yield "a picture is saved"
        if kinds & {"application/javascript", "application/vnd.jupyter.widget-view+json"}:
            yield "a script or a widget is saved"
        if "plotly" in output.get("data", {}).get("text/html", "").lower():
            yield "a chart is saved as HTML"
    if "widgets" in notebook.metadata:
        yield "the state of widgets is saved"
    for figure in figures(notebook):
        if "bdata" in set(all_texts(figure)):
            yield "a chart holds raw doubles"
        if any(number != round(number, 4) for number in all_numbers(figure["data"])):
            yield "a chart holds numbers that were not rounded"


def talkative(notebook):
    """Paths, names of people, machines, and when it ran."""
    for text in all_texts(json.loads(nbformat.writes(notebook))):
        found = PLACE.search(text)
        if found:
            yield f"a place of a computer: {text[max(0, found.start() - 20) : found.end() + 20]}"
    if set(notebook.metadata) - {"kernelspec", "language_info"}:
        yield f"metadata {sorted(notebook.metadata)}"
    if set(notebook.metadata.get("language_info", {})) - {"name"}:
        yield "the version of Python is saved"
    for cell in notebook.cells:
        if set(cell.metadata) - {"tags"}:
            yield f"metadata of a cell {sorted(cell.metadata)}"


def too_large(notebook):
    size = len(nbformat.writes(notebook).encode("utf-8"))
    if size >= MOST_BYTES:
        yield f"{size} bytes"


def wrong_parameters(notebook):
    tagged = [c for c in code_cells(notebook) if "parameters" in c.metadata.get("tags", [])]
    if len(tagged) != 1:
        yield f"{len(tagged)} cells are tagged 'parameters'"
    elif set(parameters_of(notebook)) != PARAMETERS or len(lines(tagged[0])) != len(PARAMETERS):
        yield f"the parameters are {sorted(parameters_of(notebook))}"


def unlike_a_question(notebook):
    first = notebook.cells[0]
    title = first.source.splitlines()[0] if first.cell_type == "markdown" else ""
    if not re.fullmatch(r"# \S.*\?", title):
        yield f"the title is no question: {title}"
    if sum(heading.startswith("# ") for heading in headings(notebook)) != 1:
        yield "there is not one title"


def hard_to_read(notebook):
    counts = [len(lines(cell)) for cell in code_cells(notebook)]
    if statistics.median(counts) > MEDIAN_LINES:
        yield f"the median cell has {statistics.median(counts)} lines"
    if max(counts) > MOST_LINES:
        yield f"a cell has {max(counts)} lines"
    loops = (ast.For, ast.While, ast.AsyncFor, ast.comprehension)
    defines = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Lambda)
    for cell in code_cells(notebook):
        tree = ast.parse(cell.source)
        for node in ast.walk(tree):
            if isinstance(node, loops):
                yield "a loop"
            if isinstance(node, defines):
                yield "a definition"
            computes = isinstance(node, ast.Attribute) and node.attr in COMPUTING
            if computes and ast.unparse(node) not in {"plan.apply", "quarter.plan.apply"}:
                yield f"a computation: {node.attr}"
    imports = sum("import " in cell.source for cell in code_cells(notebook))
    if imports != 1:
        yield f"{imports} cells import"


def about_few(notebook, keys=frozenset()):
    """Rows of persons, keys of persons, or numbers of units that are too small."""
    raw = nbformat.writes(notebook)
    found = set(re.findall(r"[\w-]+", raw)) & set(keys)
    if found:
        yield f"{len(found)} keys of respondents"
    if any(trace.get("type") in ROWS_INSIDE for fig in figures(notebook) for trace in fig["data"]):
        yield "a chart that holds every row"
    for table in published_tables(notebook):
        names = table["columns"]
        if c.RESPONDENT in names:
            yield f"{table['name']}: a row per person"
        if c.UNIT in names and c.SHOWN not in names:
            yield f"{table['name']}: units without a plan"
        for row in table["rows"]:
            cells = dict(zip(names, row, strict=True))
            small = cells.get(c.N)
            if cells.get(c.UNIT, c.ALL) != c.ALL and small is not None and small < MIN_N:
                yield f"{table['name']}: a unit of {small}"
            hidden = cells.get(c.SHOWN) is False and str(cells.get(c.REASON)).startswith("hidden")
            if hidden and any(cells.get(name) is not None for name in (c.N, c.MEAN, c.LOW, c.POMP)):
                yield f"{table['name']}: a hidden unit has numbers"


CHECKS = (
    not_executed,
    noisy,
    not_compared,
    talkative,
    too_large,
    wrong_parameters,
    unlike_a_question,
    hard_to_read,
    about_few,
)


# --- the committed notebooks ------------------------------------------------------------------


def read(path):
    return nbformat.read(path, as_version=4)


@pytest.fixture(scope="module")
def respondents():
    """Their keys, as they stand in the file and as they stand in a survey."""
    with (ROOT / "data" / "sample" / "people.csv").open(encoding="utf-8-sig", newline="") as file:
        raw = sorted({row["respondent"] for row in csv.DictReader(file)})
    salt = read_settings(ROOT / "data" / "sample").salt
    return frozenset([*raw, *hashed(pd.Series(raw), salt)])


def test_there_are_notebooks():
    assert [path.name[:2] for path in PATHS] == [
        f"{number:02d}" for number in range(1, len(PATHS) + 1)
    ]
    assert len(PATHS) >= 7


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
@pytest.mark.parametrize("path", PATHS, ids=lambda path: path.stem)
def test_a_committed_notebook_is_as_it_must_be(path, check):
    assert sorted(set(check(read(path)))) == []


@pytest.mark.parametrize("path", PATHS, ids=lambda path: path.stem)
def test_a_committed_notebook_names_nobody(path, respondents):
    assert len(respondents) > 1000
    assert sorted(set(about_few(read(path), respondents))) == []


@pytest.mark.parametrize("path", PATHS, ids=lambda path: path.stem)
def test_a_committed_notebook_is_valid_and_stays_small_on_disk(path):
    nbformat.validate(read(path))
    assert path.stat().st_size < MOST_BYTES


def numbered(headings_found):
    return [re.sub(r"^#+ ", "", each) for each in headings_found if re.match(r"#+ \d", each)]


def test_the_headings_are_the_steps_of_the_method():
    """METHOD.md explains every step under the heading that stands in the notebook."""
    method = re.findall(r"^#+ .*$", (ROOT / "METHOD.md").read_text(encoding="utf-8"), re.MULTILINE)
    steps = [step for step in numbered(method) if not step.startswith("0")]  # 0: before the first
    assert [step for path in PATHS for step in numbered(headings(read(path)))] == steps
    assert len(steps) >= 15


def test_the_steps_are_counted_by_chapter():
    for place, path in enumerate(PATHS, start=1):
        notebook = read(path)
        steps = [step.split(" ")[0] for step in numbered(headings(notebook))]
        if path.stem.endswith("report"):  # the short version has no steps of its own
            assert steps == []
            continue
        assert steps == [str(place), *(f"{place}.{step}" for step in range(1, len(steps)))]
        assert len(steps) == len(headings(notebook)), "every heading has its number"


# --- the checks themselves: a sound notebook passes, each planted wrong is found ---------------


def table(frame, name="units"):
    return nb.new_output(
        "execute_result", data=publish(frame, name)._repr_mimebundle_(), execution_count=1
    )


UNITS = pd.DataFrame(
    {
        "unit": ["Sales", "Legal"],
        "n": [12, None],
        "mean": [3.5, None],
        "shown": [True, False],
        "reason": ["", "hidden (<5)"],
    }
)
FIGURE = {"data": [{"type": "bar", "x": [3.5], "y": ["Sales"]}], "layout": {"title": {"text": "t"}}}


@pytest.fixture
def sound():
    cells = [
        nb.new_markdown_cell("# 1 How are we?\n\nA question."),
        nb.new_code_cell("import cultureplus as cp", execution_count=1),
        nb.new_code_cell(
            'survey = "../data/sample"\nwave = None\nmin_n = 5',
            execution_count=2,
            metadata={"tags": ["parameters"]},
        ),
        nb.new_markdown_cell("## 1.1 Who?"),
        nb.new_code_cell('cp.publish(units, "units")', execution_count=3, outputs=[table(UNITS)]),
        nb.new_code_cell(
            "cp.plot_units(units)",
            execution_count=4,
            outputs=[nb.new_output("display_data", data={CHART_MIME: copy.deepcopy(FIGURE)})],
        ),
    ]
    spec = {"display_name": "Python 3", "language": "python", "name": "python3"}
    metadata = {"kernelspec": spec, "language_info": {"name": "python"}}
    return nb.new_notebook(cells=cells, metadata=metadata)


def test_a_sound_notebook_passes(sound):
    nbformat.validate(sound)
    assert [wrong for check in CHECKS for wrong in check(sound)] == []
    assert list(about_few(sound, {"P0001"})) == []


def strip(notebook):
    for cell in code_cells(notebook):
        cell.outputs, cell.execution_count = [], None


def set_count(notebook):
    notebook.cells[-1].execution_count = 9


def drop_one_output(notebook):
    notebook.cells[-1].outputs = []


def say(stream):
    def plant(notebook):
        notebook.cells[-1].outputs.append(nb.new_output("stream", name=stream, text="hm\n"))

    return plant


def plant_error(notebook):
    notebook.cells[-1].outputs.append(nb.new_output("error", ename="E", evalue="", traceback=[]))


def plant_data(**data):
    def plant(notebook):
        kinds = {kind.replace("__", "/"): text for kind, text in data.items()}
        notebook.cells[-1].outputs.append(nb.new_output("display_data", data=kinds))

    return plant


def plant_widgets(notebook):
    notebook.metadata["widgets"] = {}


def ignore_two(notebook):
    for cell in code_cells(notebook)[-2:]:
        cell.metadata["tags"] = [IGNORED]


def draw(**trace):
    def plant(notebook):
        notebook.cells[-1].outputs[0].data[CHART_MIME]["data"][0].update(trace)

    return plant


def title_chart(text):
    def plant(notebook):
        notebook.cells[-1].outputs[0].data[CHART_MIME]["layout"]["title"]["text"] = text

    return plant


def cell_metadata(notebook):
    notebook.cells[-1].metadata["execution"] = {"iopub.execute_input": "2026-01-01T00:00:00Z"}


def python_version(notebook):
    notebook.metadata["language_info"]["version"] = "3.11.2"


def papermill(notebook):
    notebook.metadata["papermill"] = {"duration": 1}


def grow(notebook):
    notebook.cells[0].source += "x" * MOST_BYTES


def source(place, text):
    def plant(notebook):
        notebook.cells[place].source = text

    return plant


def untag(notebook):
    notebook.cells[2].metadata["tags"] = []


def publish_units(**columns):
    def plant(notebook):
        frame = UNITS.assign(**columns)
        notebook.cells[4].outputs = [table(frame)]

    return plant


def units_without_plan(notebook):
    bundle = notebook.cells[4].outputs[0].data
    bundle.update(publish(UNITS.drop(columns="shown").rename(columns={"unit": "x"}), "units")
                  ._repr_mimebundle_())  # fmt: skip
    for kind, text in bundle.items():
        bundle[kind] = text.replace('"x"', '"unit"')


def rows_of_persons(notebook):
    bundle = notebook.cells[4].outputs[0].data
    for kind, text in bundle.items():
        bundle[kind] = text.replace('"unit"', '"respondent"')


PLANTED = [
    (not_executed, strip),
    (not_executed, set_count),
    (not_executed, drop_one_output),
    (noisy, say("stderr")),
    (noisy, say("stdout")),
    (noisy, plant_error),
    (not_compared, plant_data(image__png="aGk=")),
    (not_compared, plant_data(image__svg="<svg/>")),
    (not_compared, plant_data(text__html="<script>Plotly.newPlot()</script>")),
    (not_compared, plant_data(application__javascript="x")),
    (not_compared, plant_widgets),
    (not_compared, ignore_two),
    (not_compared, draw(x={"dtype": "f8", "bdata": "AAA="})),
    (not_compared, draw(x=[3.512345])),
    (talkative, title_chart("read from /home/anna/survey")),
    (talkative, title_chart("C:\\Users\\anna")),
    (talkative, title_chart("see ~/survey")),
    (talkative, title_chart("/tmp/ipykernel_12/3.py")),
    (talkative, source(0, "# 1 How are we?\n\n[here](file:///x)")),
    (talkative, cell_metadata),
    (talkative, python_version),
    (talkative, papermill),
    (too_large, grow),
    (wrong_parameters, untag),
    (wrong_parameters, source(2, 'survey = "x"\nwave = None')),
    (wrong_parameters, source(2, 'survey = "x"\nwave = None\nmin_n = 5\nmore = 1')),
    (wrong_parameters, source(2, 'survey = "x"\nwave = None\nmin_n = 5\nprint(1)')),
    (unlike_a_question, source(0, "# 1 How we are")),
    (unlike_a_question, source(0, "Is this a title?")),
    (unlike_a_question, source(3, "# Another?")),
    (hard_to_read, source(4, "for x in y:\n    x")),
    (hard_to_read, source(4, "[x for x in y]")),
    (hard_to_read, source(4, "def f():\n    pass")),
    (hard_to_read, source(4, "f = lambda: 1")),
    (hard_to_read, source(4, 'units.groupby("unit").mean()')),
    (hard_to_read, source(4, "units.apply(len)")),
    (hard_to_read, source(4, "\n".join(f"a{n} = {n}" for n in range(13)))),
    (hard_to_read, source(4, "import pandas as pd")),
    (about_few, publish_units(n=[12, 4], shown=[True, True])),
    (about_few, publish_units(n=[12, 9])),
    (about_few, publish_units(mean=[3.5, 3.1])),
    (about_few, draw(type="box")),
    (about_few, draw(type="histogram")),
    (about_few, units_without_plan),
    (about_few, rows_of_persons),
]


@pytest.mark.parametrize(("check", "plant"), PLANTED)
def test_a_planted_wrong_is_found(sound, check, plant):
    plant(sound)
    assert list(check(sound))


def test_every_check_is_tried():
    assert {check for check, _ in PLANTED} == set(CHECKS)


@pytest.mark.parametrize(
    "plant",
    [
        title_chart("P0001"),
        draw(customdata=[["P0001", 3]]),
        source(0, "# 1 How are we?\n\nP0001 said so."),
        publish_units(unit=["Sales", "P0001"]),
    ],
)
def test_the_key_of_a_respondent_is_found_wherever_it_stands(sound, plant):
    plant(sound)
    assert list(about_few(sound, {"P0001"})) == ["1 keys of respondents"]


@pytest.mark.parametrize(
    "text",
    [
        "a/b/home/c",
        "and/or",
        "9/tmp",
        "12:30",
        "the work/home balance",
        "https://example.org/tmp/x",
    ],
)
def test_ordinary_words_are_no_places(text):
    assert not PLACE.search(text)
