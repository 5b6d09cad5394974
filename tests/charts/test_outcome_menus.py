"""Charts of several outcomes: one at a time through a menu, each drawn from its own rows."""

from __future__ import annotations

import pytest

from cultureplus.charts.drivers import plot_drivers
from cultureplus.charts.importance import plot_importance
from cultureplus.charts.mediation import plot_mediation
from cultureplus.declared import OUTCOMES
from cultureplus.intake import read_survey
from cultureplus.link_tables import CARRIERS, link_drivers, link_paths
from cultureplus.scoring import score
from tests.small_surveys import ROOT


@pytest.fixture(scope="module")
def scores():
    everything = read_survey(ROOT / "data" / "sample")
    return score(everything.in_waves([everything.wave]))


@pytest.fixture(scope="module")
def drivers(scores):
    return link_drivers(scores, draws=100)


@pytest.fixture(scope="module")
def paths(scores):
    return link_paths(scores, draws=1000)


def choices(figure):
    (menu,) = figure.layout.updatemenus
    return [button.label for button in menu.buttons]


def numbers_of(figure, button, kind, axis="x"):
    """What a choice shows: the values of its first visible trace of a kind."""
    visible = figure.layout.updatemenus[0].buttons[button].args[0]["visible"]
    traces = [trace for trace, seen in zip(figure.data, visible, strict=True) if seen]
    return [list(getattr(trace, axis)) for trace in traces if trace.type == kind]


def test_each_barrier_is_a_choice_with_its_own_bars(drivers):
    figure = plot_drivers(drivers)
    assert choices(figure) == [
        "Silo barriers: silos", "Silo barriers: missing vision", "Silo barriers: control holding",
    ]  # fmt: skip
    for place, outcome in enumerate(OUTCOMES):
        mine = drivers.loc[drivers["outcome"] == outcome, "lmg"].sort_values(ascending=False)
        (bars,) = numbers_of(figure, place, "bar")
        assert bars == pytest.approx((100 * mine).round(3).tolist(), abs=1e-9)
    assert "A menu offers 2 more outcomes" in figure.layout.meta["alt"]
    assert "Silo barriers: silos" in figure.layout.title.subtitle.text


def test_importance_shows_one_barrier_at_a_time(drivers):
    figure = plot_importance(drivers)
    assert len(choices(figure)) == 3
    for place, outcome in enumerate(OUTCOMES):
        mine = drivers[drivers["outcome"] == outcome].sort_values("lmg", ascending=False)
        points = numbers_of(figure, place, "scatter", "y")[2]
        assert points == pytest.approx((100 * mine["lmg"]).round(3).tolist(), abs=1e-9)


def test_every_path_and_level_is_a_picture(paths):
    figure = plot_mediation(paths)
    assert choices(figure)[:2] == [
        "Silo barriers: silos: within groups", "Silo barriers: silos: between groups",
    ]  # fmt: skip
    assert len(choices(figure)) == 6
    one = plot_mediation(paths[paths["outcome"] == OUTCOMES[0]])
    assert choices(one) == ["within groups", "between groups"]


def test_what_was_not_asked_is_said_in_the_picture(scores):
    lost = [name for name in scores if str(name).split(":")[0] in (OUTCOMES[0], CARRIERS[0])]
    rest = scores.drop(columns=lost)
    figure = plot_drivers(link_drivers(rest, draws=100))
    assert len(choices(figure)) == 3
    texts = [text for trace in figure.data if trace.type == "scatter" for text in trace.text or ()]
    assert any(OUTCOMES[0] in text for text in texts)
    assert any(CARRIERS[0] in text for text in texts)
    pictures = plot_mediation(link_paths(rest, draws=1000))
    assert "Silo barriers: silos" in choices(pictures)
    assert plot_importance(link_drivers(rest, draws=100)).layout.meta["alt"]
