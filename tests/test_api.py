"""What `import cultureplus as cp` offers: every name there, each explained, each kept lazy."""

from __future__ import annotations

import doctest
import inspect
import pkgutil
from importlib import import_module

import pytest

import cultureplus as cp

NAMES = [name for name in cp.__all__ if name != "__version__"]
# The module `reliability` holds the coefficients and can itself be called for the table.
CALLABLE_MODULES = {"reliability"}
FIXED = {
    "barrier_prevalence", "compare_waves", "load_instruments", "plan_reporting", "read_survey",
    "reliability", "score", "silo_links", "team_dossier", "unit_scores",
}  # fmt: skip
# An example of these would be a survey's files, or longer than what it explains.
NEED_A_SURVEY = {
    "answer_shares", "compare_waves", "headline_scores", "instrument_evidence", "open_quarter",
    "ei_by_unit", "first_seams", "link_choices", "link_odds", "published_values", "seam_map",
    "show_density", "show_seams", "structure_of", "tie_density", "tie_response", "ties_by_lens",
    "read_survey", "silo_links", "wave_ties",
}  # fmt: skip


def function_of(name):
    found = getattr(cp, name)
    return found if inspect.isfunction(found) else getattr(found, name)


def test_the_names_that_were_promised_are_there():
    assert set(NAMES) >= FIXED
    assert sorted(set(cp.__all__)) == sorted(cp.__all__)


@pytest.mark.parametrize("name", NAMES)
def test_every_name_is_found_and_can_be_called(name):
    assert callable(getattr(cp, name))
    assert name in dir(cp)


def test_a_name_that_is_not_there_is_an_attribute_error():
    with pytest.raises(AttributeError, match="'no_such_thing'"):
        _ = cp.no_such_thing
    assert not hasattr(cp, "no_such_thing")


def test_no_module_hides_a_name():
    """Importing a module sets its name on the package, over a function of that name."""
    modules = {module.name for module in pkgutil.iter_modules(cp.__path__)}
    assert modules & set(NAMES) == CALLABLE_MODULES


def test_a_module_that_can_be_called_is_still_the_module():
    import cultureplus.reliability

    assert cp.reliability is cultureplus.reliability
    assert inspect.isfunction(cp.reliability.alpha)


@pytest.mark.parametrize("name", NAMES)
def test_every_name_is_explained(name):
    function = function_of(name)
    text = inspect.getdoc(function) or ""
    assert text.split("\n\n")[0].rstrip().endswith("."), "begins with a sentence"
    signature = inspect.signature(function)
    hints = [signature.return_annotation, *(p.annotation for p in signature.parameters.values())]
    assert inspect.Signature.empty not in hints


@pytest.mark.parametrize("name", NAMES)
def test_options_are_named_when_they_are_given(name):
    """A call is read without counting commas: no more than four arguments go by place."""
    parameters = inspect.signature(function_of(name)).parameters.values()
    by_place = [p.name for p in parameters if p.kind is p.POSITIONAL_OR_KEYWORD]
    assert len(by_place) <= 4


@pytest.mark.parametrize("name", [name for name in NAMES if name not in NEED_A_SURVEY])
def test_where_a_name_lives_there_is_an_example_that_is_run(name):
    module = import_module(function_of(name).__module__)
    found = doctest.DocTestFinder().find(module, module.__name__)
    assert any(test.examples for test in found)


@pytest.mark.parametrize("name", NAMES)
def test_a_name_tells_what_comes_back(name):
    returned = str(inspect.signature(function_of(name)).return_annotation)
    assert name.startswith("plot_") == returned.endswith("Figure")


def test_the_version_is_the_one_that_is_installed():
    import tomllib
    from pathlib import Path

    project = Path(cp.__file__).parent.parent / "pyproject.toml"
    assert tomllib.loads(project.read_text("utf-8"))["project"]["version"] == cp.__version__
