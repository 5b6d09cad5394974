from __future__ import annotations

import subprocess
import sys

import pandas as pd
import plotly.graph_objects as go
import plotly.io as pio
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cultureplus.charts import house, privacy
from cultureplus.charts.labels import escape, label, numbers, plain, say, wrapped


def luminance(colour):
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one, other):
    bright, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (bright + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("colour", [house.BLUE, house.VERMILLION, house.GREEN])
def test_marks_stand_out_from_paper(colour):
    assert contrast(colour, house.PAPER) >= 3


@pytest.mark.parametrize("colour", [house.BLACK, house.GREY])
def test_words_can_be_read(colour):
    assert contrast(colour, house.PAPER) >= 4.5


def test_words_can_be_read_on_a_hidden_cell():
    assert contrast(house.GREY, house.PALE) >= 4.5


def test_the_two_ends_of_the_diverging_scale_are_equally_strong():
    low, high = house.DIVERGING[0], house.DIVERGING[-1]
    assert contrast(low, house.PAPER) >= 4.5
    assert contrast(high, house.PAPER) >= 4.5


def test_every_renderer_keeps_charts_at_home():
    with_settings = [name for name in pio.renderers if hasattr(pio.renderers[name], "config")]
    assert "plotly_mimetype" in with_settings
    assert "notebook" in with_settings
    assert "browser" in with_settings
    for name in with_settings:
        config = pio.renderers[name].config
        assert config["showSendToCloud"] is False, name
        assert config["plotlyServerURL"] == "", name
        assert config["typesetMath"] is False, name


def test_what_a_notebook_stores_has_no_address_to_send_to():
    stored = pio.renderers["plotly_mimetype"].to_mimebundle(go.Figure().to_dict())
    (figure,) = stored.values()
    assert figure["config"]["showSendToCloud"] is False
    assert figure["config"]["plotlyServerURL"] == ""


def test_writing_a_page_leaves_the_settings_as_they_were():
    before = house.chart_config()
    go.Figure().to_html(config=house.chart_config(), include_plotlyjs=False)
    assert before == house.CONFIG
    assert house.chart_config()["toImageButtonOptions"] is not house.CONFIG["toImageButtonOptions"]


class ZMQInteractiveShell:
    """Stands for the shell of a Jupyter kernel, which goes by this name."""


class TerminalInteractiveShell:
    """Stands for IPython in a terminal."""


class FakeIPython:
    def __init__(self, shell):
        self.get_ipython = lambda: shell


@pytest.mark.parametrize(
    ("shell", "expected"),
    [(ZMQInteractiveShell(), "plotly_mimetype"), (TerminalInteractiveShell(), "json")],
)
def test_only_a_kernel_changes_the_default_renderer(monkeypatch, shell, expected):
    before = pio.renderers.default
    monkeypatch.setitem(sys.modules, "IPython", FakeIPython(shell))
    try:
        pio.renderers.default = "json"
        privacy.keep_charts_at_home()
        assert pio.renderers.default == expected
    finally:
        pio.renderers.default = before


def test_plotly_keeps_its_own_default_template():
    code = (
        "import plotly.io as pio; before = pio.templates.default, pio.renderers.default;"
        "import cultureplus.charts.house;"
        "assert (pio.templates.default, pio.renderers.default) == before"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


@given(st.text())
def test_an_escaped_text_holds_nothing_that_plotly_reads(text):
    for made in (escape(text), label(text), wrapped(text).replace("<br>", "")):
        assert not set(made) & set("<>$")
        assert "%{" not in made


@given(st.text(), st.integers(min_value=2, max_value=60))
def test_a_plain_text_is_one_short_line_without_brackets(text, width):
    made = plain(text, width=width)
    assert len(made) <= width
    assert not set(made) & set('<>"\n\r\t')


def test_the_house_says_where_it_cut():
    assert label("x" * 50, width=10) == "x" * 9 + "…"
    assert wrapped("one two three four", width=7, lines=2).endswith("…")


@given(st.lists(st.floats(allow_infinity=False, min_value=-1e6, max_value=1e6)))
def test_numbers_are_plain_rounded_floats(values):
    made = numbers(values)
    assert len(made) == len(values)
    for before, after in zip(values, made, strict=True):
        if before != before:
            assert after is None
        else:
            assert type(after) is float
            assert after == round(before, 3)
            assert str(after) != "-0.0"


@pytest.mark.parametrize(
    ("value", "options", "expected"),
    [
        (4.0, {}, "4"),
        (120, {"digits": 0}, "120"),
        (0.305, {"digits": 0, "times": 100}, "30"),
        (-0.5, {"sign": True}, "−0.5"),
        (0.0, {"sign": True}, "+0"),
        (None, {}, "not known"),
    ],
)
def test_numbers_in_words(value, options, expected):
    assert say(value, **options) == expected


def test_empty_chart_says_why_in_picture_and_text():
    figure = house.empty_chart("What stands between us?", "not asked: <silo_barriers>")
    assert figure.layout.annotations[0].text == "not asked: &lt;silo_barriers&gt;"
    assert figure.layout.meta["alt"] == "What stands between us?: not asked: ‹silo_barriers›"


def test_the_template_travels_with_the_figure(units):
    view = house.View("a", [go.Scatter(x=[1.0], y=[0])], ["row"])
    figure = house.figure([view], title="T", alt="A.", chart="c", table="t")
    assert figure.layout.template.layout.legend.orientation == "h"
    assert pio.templates.default != house.TEMPLATE_NAME


def test_rows_run_from_top_to_bottom_and_make_the_height():
    def height(rows):
        view = house.View("a", [], [str(row) for row in range(rows)], row_height=20)
        figure = house.figure([view], title="T", alt="A.", chart="c", table="t")
        assert list(figure.layout.yaxis.range) == [rows - 0.5, -0.5]
        return figure.layout.height

    assert height(110) - height(10) == 100 * 20


def test_notes_stand_below_the_subtitle_and_make_room():
    def figure(notes):
        view = house.View("a", [], ["row"], subtitle="S", notes=notes)
        return house.figure([view], title="T", alt="A.", chart="c", table="t").layout

    assert figure(["one <b>", "two"]).title.subtitle.text == "S<br>one &lt;b&gt;<br>two"
    assert figure(["one", "two"]).margin.t - figure([]).margin.t == 2 * 16
    assert figure(["one", "two"]).height - figure([]).height == 2 * 16


def test_the_names_of_two_rules_lean_apart():
    sides = [note["xanchor"] for note in house.rules({0.4: "a", 0.7: "b"})["annotations"]]
    assert sides == ["right", "left"]


def test_waves_are_named_not_numbered():
    rows, wave = house.one_wave(pd.DataFrame({"wave": ["2025Q4", "2026Q1"], "n": [1, 2]}), None)
    assert (wave, rows["n"].tolist()) == ("2026Q1", [2])
