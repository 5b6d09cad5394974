"""The house's floors: who may import whom, and which third party lives in which room.

Imports go downwards only and siblings never meet, so a module can be read, tested and replaced
knowing only what stands below it. The list here is the plan of the house; a new module is put on
the lowest floor that carries it. Imports inside functions count like those at the top.
"""

from __future__ import annotations

import ast
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

import cultureplus

PACKAGE = Path(cultureplus.__file__).parent

# From the ground up; a name here is the module's way inside the package.
FLOORS = (
    # words, errors and files as they are
    ("errors", "columns", "estimability", "one_thread", "text_columns", "charts",
     "charts.privacy", "disclosure", "tails", "many_tests", "simulate.model", "simulate.draws",
     "toml_writer", "mixed_sums", "moments", "disclosure.page", "disclosure.reasons",
     "crossed", "spss_child",
     "file_signature"),
    # what a name means
    ("spelling",),
    # one kind of file, one table, one kernel
    ("cell_looks", "quotable",
     "toml_source", "export_file", "declared_range", "published", "released", "manifest",
     "notebooks_run", "listwise", "gee", "fit_measures", "answer_sets", "mixed_search", "tie_table",
     "careless", "cfa_model", "polychoric", "charts.labels", "disclosure.contents",
     "disclosure.row_space", "disclosure.lattice", "disclosure.settle", "disclosure.telling",
     "disclosure.named_people", "simulate.roster", "questionnaires.units_file"),
    ("grid", "even_text", "spss_layout", "no_record",
     "guesses", "mending"),
    ("raw_table", "text_file", "workbook", "spss_file",
     "proposing", "proposing.likeness", "proposing.answer_words"),
    ("parquet_file", "redcap_dictionary", "import_log"),
    # questionnaires, one file per export format, the twin of a chart, one analysis of columns
    ("spoilt_names", "wave_order",
     "instrument", "mixed", "levels", "drivers", "barrier_odds", "ei", "circles",
     "network_description", "declared", "cfa_estimate", "cfa_report", "parallel",
     "charts.tables", "charts.warned", "disclosure.sheets", "readers.googleforms",
     "readers.limesurvey", "readers.microsoftforms", "readers.plain", "readers.qualtrics",
     "readers.redcap", "readers.spss", "readers.surveymonkey",
     "disclosure.attack", "disclosure.released_cells", "disclosure.bounds",
     "simulate.latents", "simulate.talk"),
    # the survey, what a cell means, the look of every chart
    ("survey", "readers", "cells", "misplaced", "asked", "tool_columns", "cfa", "within_group",
     "mediation",
     "charts.house", "disclosure.artefacts", "disclosure.suppress", "disclosure.few_people",
     "simulate.responses"),
    # settings, the pages of a questionnaire, scores, one analysis or one plot per file
    ("settings", "joined", "proposing.column_facts", "proposing.first_look", "scoring", "units",
     "invariance",
     "item_answers", "silos", "evidence",
     "omega", "ordinal_reliability", "pooled_agreement", "questionnaires.pages",
     "charts.agreement", "charts.answers", "charts.barriers", "charts.buzz", "charts.change",
     "charts.drivers", "charts.heatmap", "charts.importance", "charts.mediation", "charts.pairs",
     "charts.walls", "charts.item_profile", "charts.ladder", "charts.loadings", "charts.parallel",
     "charts.reliability", "charts.response", "charts.silo_links", "charts.teams", "charts.units",
     "report", "disclosure.attackers",
     "simulate.files", "simulate.truths"),
    # who answered what; which cells may be shown; a questionnaire in a tool's format
    ("disclosure.answering", "disclosure.two_releases", "identity", "questionnaires.limesurvey",
     "questionnaires.markdown", "questionnaires.qualtrics", "questionnaires.xlsform"),
    ("disclosure.patterns", "disclosure.audit", "questionnaires"),
    # which columns are what in an export that nobody has described yet
    ("proposing.match_items", "proposing.match_roles"),
    ("proposing.match_labels", "proposing.draft_instrument"),
    ("proposing.proposal",),
    ("proposing.proposed_toml",),
    ("proposing.init_survey",),
    # which units may be shown
    ("disclosure.plan",),
    # people, and what needs scores
    ("people", "reliability", "item_statistics", "screening", "factor", "agreement", "change",
     "relate", "lens_shares", "buzz", "unit_pairs", "disclosure.changes",
     "disclosure.fingerprints",
     "disclosure.snapshots", "charts.network", "charts.seams", "simulate.simulation"),
    # each person's answers, the page that begins a report, several analyses side by side
    ("answers", "wave_changes", "dossier", "link_words", "link_tables", "same_source",
     "sensitivity", "structure", "network", "seams", "disclosure.ledger", "disclosure.scan",
     "simulate"),
    # reading a survey; whether what was measured may be compared
    ("intake", "comparability", "headline", "link_sensitivity", "tie_lenses"),
    # a quarter, opened for a notebook
    ("quarter",),
    # the run of all notebooks
    ("run",),
    # the command line
    ("cli",),
    ("__main__",),
)  # fmt: skip

COMPUTING = {
    "answer_sets", "barrier_odds", "buzz", "circles", "declared", "drivers", "ei", "gee",
    "lens_shares", "levels", "listwise", "many_tests", "mediation", "mixed_search", "mixed_sums",
    "network", "network_description", "seams", "tie_lenses", "tie_table", "unit_pairs",
    "comparability", "declared_range", "dossier", "link_sensitivity", "link_tables", "link_words",
    "omega",
    "ordinal_reliability", "pooled_agreement", "same_source", "sensitivity", "structure",
    "careless", "cfa", "cfa_estimate", "cfa_model", "cfa_report", "factor", "fit_measures",
    "invariance", "item_statistics", "parallel", "polychoric", "screening", "within_group",
    "agreement", "change", "headline", "item_answers", "mixed", "relate", "reliability", "scoring",
    "silos", "tails", "units",
}  # fmt: skip
CHARTS = {"charts"} | {name for floor in FLOORS for name in floor if name.startswith("charts.")}
SIMULATE = {name for floor in FLOORS for name in floor if name.startswith("simulate")}
READING = {
    "proposing.column_facts",
    "proposing.match_labels",
    "proposing.proposal",
    "answers",
    "cells",
    "crossed",
    "even_text",
    "grid",
    "identity",
    "import_log",
    "intake",
    "no_record",
    "joined",
    "parquet_file",
    "people",
    "quotable",
    "raw_table",
    "readers.redcap",
    "readers.spss",
    "spelling",
    "spss_file",
    "spoilt_names",
    "spss_layout",
    "survey",
    "text_columns",
    "wave_changes",
    "wave_order",
    "workbook",
}
DISCLOSURE = {name for floor in FLOORS for name in floor if name.startswith("disclosure.")}
NOTEBOOK_ROOMS = {"notebooks_run", "run", "report"}

# Third party -> the modules that may import it. What is not here is imported nowhere.
ROOMS = {
    "pandas": COMPUTING | CHARTS | SIMULATE | READING
    | DISCLOSURE | {"evidence", "published", "quarter", "cli"},
    "numpy": COMPUTING | SIMULATE | READING | DISCLOSURE,
    "scipy": COMPUTING
    | {"disclosure.attack", "disclosure.lattice", "disclosure.row_space", "disclosure.telling"}
    | {"disclosure.bounds", "disclosure.changes", "disclosure.few_people"}
    | {"disclosure.named_people", "disclosure.patterns"},
    "defusedxml": {"disclosure.sheets", "workbook"},
    "threadpoolctl": {"one_thread"},
    "statsmodels": COMPUTING,
    "pingouin": COMPUTING,
    "plotly": CHARTS | {"report"},
    "openpyxl": {"questionnaires.xlsform", "released", "workbook"},
    "pyarrow": {"even_text", "grid", "parquet_file", "text_columns"},
    "pyreadstat": {"spss_child"},
    "nbclient": NOTEBOOK_ROOMS,
    "nbformat": NOTEBOOK_ROOMS,
    "traitlets": {"notebooks_run"},
    "jinja2": {"report"},
    "markupsafe": {"report"},
    "mistune": {"report"},
}  # fmt: skip
NEVER_AT_THE_TOP = {"statsmodels", "pingouin", "openpyxl", "pyarrow", "pyreadstat", "nbclient"}
HEAVY = {
    "IPython", "jinja2", "nbclient", "nbformat", "numpy", "openpyxl", "pandas", "pingouin",
    "plotly", "pyarrow", "pyreadstat", "scipy", "statsmodels",
}  # fmt: skip


@dataclass(frozen=True)
class Import:
    """One import: the module that holds it, its line, what is imported, whether at the top."""

    module: str
    line: int
    target: str
    at_top: bool

    def __str__(self) -> str:
        return f"{self.module}:{self.line} imports {self.target}"


def modules(package=PACKAGE):
    """Every module's way inside the package, and its file; the package itself is ''."""
    found = {}
    for path in sorted(package.rglob("*.py")):
        parts = path.relative_to(package).with_suffix("").parts
        found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    return found


def imports_of(name, source, known):
    """All imports of a module; those of our own package as ways inside it."""
    tree = ast.parse(source)
    at_top = {id(node) for node in tree.body}
    found = []
    for node in ast.walk(tree):
        targets = []
        if isinstance(node, ast.Import):
            targets = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            assert not node.level, f"{name}:{node.lineno} imports by dots"
            for alias in node.names:
                whole = f"{node.module}.{alias.name}"
                inside = whole.removeprefix("cultureplus.") in known
                targets.append(whole if inside else node.module)
        found += [Import(name, node.lineno, target, id(node) in at_top) for target in targets]
    return found


def own(target):
    """The way inside the package, or None for somebody else's module."""
    if target == "cultureplus":
        return ""
    return target.removeprefix("cultureplus.") if target.startswith("cultureplus.") else None


def floor_violations(found, floors=FLOORS):
    place = {name: floor for floor, names in enumerate(floors) for name in names}
    wrong = []
    for each in found:
        below = own(each.target)
        # The package itself holds the version and imports nothing: it is the ground.
        if below not in place or each.module not in place:
            continue
        if place[below] >= place[each.module]:
            wrong.append(str(each))
    return wrong


def room_violations(found, rooms=ROOMS):
    wrong = []
    for each in found:
        party = each.target.partition(".")[0]
        if party == "cultureplus" or party in sys.stdlib_module_names:
            continue
        if each.module not in rooms.get(party, ()):
            wrong.append(f"{each}: not its room")
        elif party in NEVER_AT_THE_TOP and each.at_top:
            wrong.append(f"{each}: only inside a function")
    return wrong


MODULES = modules()
FOUND = [
    each
    for name, path in MODULES.items()
    for each in imports_of(name, path.read_text(encoding="utf-8"), MODULES)
]


def test_every_module_is_on_one_floor():
    placed = [name for floor in FLOORS for name in floor]
    assert sorted(placed) == sorted(name for name in MODULES if name)


def test_imports_go_downwards_only():
    assert floor_violations(FOUND) == []


def test_third_parties_are_in_their_rooms():
    assert room_violations(FOUND) == []


def test_every_room_is_of_modules_that_exist():
    assert set().union(*ROOMS.values()) <= set(MODULES)


def test_the_package_itself_imports_nothing_of_its_own():
    assert [str(each) for each in FOUND if each.module == "" and own(each.target)] == []


def test_modules_are_imported_by_name_only_where_names_are_looked_up():
    """An import by text would go round the floors."""
    users = {name for name, path in MODULES.items() if "import_module" in path.read_text("utf-8")}
    assert users == {""}
    assert not [name for name, path in MODULES.items() if "__import__" in path.read_text("utf-8")]


def test_charts_and_computing_meet_only_in_words():
    """Charts know columns, not statistics; statistics know no charts."""
    words = {"columns", "errors"}
    for each in FOUND:
        target = own(each.target)
        if target in (None, ""):
            continue
        if each.module in CHARTS:
            assert target in words | CHARTS, each
        elif target in CHARTS:
            assert (each.module, target) == ("report", "charts.privacy"), each


def test_nothing_in_the_house_needs_the_simulator():
    users = [each for each in FOUND if own(each.target) in SIMULATE]
    assert {each.module for each in users} <= SIMULATE


@pytest.mark.parametrize(
    ("module", "line", "wrong"),
    [
        ("survey", "from cultureplus.units import unit_scores", True),  # upwards
        ("units", "from cultureplus.silos import barrier_prevalence", True),  # a sibling
        ("units", "import cultureplus.silos", True),
        ("units", "from cultureplus import silos", True),
        ("units", "def f() -> None:\n    from cultureplus import silos", True),  # out of sight
        ("units", "from cultureplus.survey import Survey", False),
        ("manifest", "import cultureplus", False),
    ],
)
def test_a_wrong_floor_is_seen(module, line, wrong):
    assert bool(floor_violations(imports_of(module, line, MODULES))) is wrong


@pytest.mark.parametrize(
    ("module", "line", "wrong"),
    [
        ("units", "import plotly.graph_objects as go", True),
        ("charts.units", "import plotly.graph_objects as go", False),
        ("charts.units", "from scipy import stats", True),
        ("charts.units", "import numpy as np", True),
        ("relate", "import statsmodels.api as sm", True),  # heavy: inside the function
        ("relate", "def f() -> None:\n    import statsmodels.api as sm", False),
        ("intake", "import pyarrow", True),
        ("quarter", "import nbformat", True),
        ("charts.units", "import ipywidgets", True),
        ("quarter", "import json", False),
    ],
)
def test_a_wrong_room_is_seen(module, line, wrong):
    assert bool(room_violations(imports_of(module, line, MODULES))) is wrong


def test_a_step_by_dots_is_seen():
    with pytest.raises(AssertionError, match="by dots"):
        imports_of("units", "from . import silos", MODULES)


@pytest.mark.parametrize("module", ["cultureplus", "cultureplus.cli"])
def test_importing_the_house_is_cheap(module):
    code = f"import sys, {module}; print(' '.join(sys.modules))"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True,
        cwd=PACKAGE.parent,
    )  # fmt: skip
    loaded = {name.partition(".")[0] for name in done.stdout.split()}
    assert module.partition(".")[0] in loaded
    assert loaded & HEAVY == set()
