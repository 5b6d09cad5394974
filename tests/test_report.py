"""The report page: what stands on it, what does not, and that data stay data."""

from __future__ import annotations

import base64
import hashlib
import html.parser
import json

import nbformat.v4 as nb
import pandas as pd
import pytest

from cultureplus.published import publish
from cultureplus.report import CHART_MIME, Chapter, published_tables, write_report

HOSTILE = (
    "<script>alert(1)</script>",
    "</script><script>alert(1)</script>",
    "</script ",
    "<!--<script ",
    "<img src=x onerror=alert(1)>",
    "]]>",
    "\u202egnp.exe",
    "a\u2028b\u2029c",
    "$x$ & {{ 7 * 7 }} {% raw %}",
    '"><b onclick="x">',
)


def code(*bundles, source="secret_code()"):
    outputs = [nb.new_output("execute_result", data=data) for data in bundles]
    return nb.new_code_cell(source, outputs=outputs, execution_count=1)


def chart(text="Sales", *, height=300, alt="Alt text"):
    figure = {
        "data": [{"type": "bar", "x": [1.5], "y": [text]}],
        "layout": {"height": height, "meta": {"alt": alt}},
        "config": {"plotlyServerURL": "https://chart-studio.example", "showSendToCloud": True},
    }
    return {CHART_MIME: figure}


def table(rows=2, *, name="units", caption="Units", key=False):
    frame = pd.DataFrame({"n": range(rows)})
    return publish(frame, name, caption, key=key)._repr_mimebundle_()


def chapter(*cells, name="1_usable"):
    return Chapter(name, nb.new_notebook(cells=list(cells)))


def page_of(*cells, title="A survey", subtitle="Wave w"):
    return write_report([chapter(*cells)], title=title, subtitle=subtitle)


class Reader(html.parser.HTMLParser):
    """The page as a browser takes it apart: tags with their attributes and texts, in order."""

    def __init__(self, page):
        super().__init__(convert_charrefs=True)
        self.tags, self.texts, self.inside = [], [], []
        self.feed(page)

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        self.inside.append(tag)

    def handle_endtag(self, tag):
        if tag in self.inside:
            while self.inside.pop() != tag:
                pass

    def handle_data(self, data):
        if data.strip():
            self.texts.append((self.inside[-1] if self.inside else "", data))

    def all(self, tag):
        return [attrs for name, attrs in self.tags if name == tag]

    def text(self):
        return " ".join(text for tag, text in self.texts if tag not in ("script", "style"))

    def scripts(self):
        return [text for tag, text in self.texts if tag == "script"]


def figures(reader):
    return [json.loads(script) for script in reader.scripts() if script.startswith('{"config"')]


def test_chapters_have_headings_links_and_text_but_no_code():
    one = chapter(nb.new_markdown_cell("# 1 Usable?\n\nBefore *any* score.\n\n## 1.1 Who?"), code())
    two = chapter(nb.new_markdown_cell("# 2 Scales?"), name="2_scales")
    reader = Reader(write_report([one, two], title="A survey", subtitle="Wave 2026Q3"))
    text = reader.text()
    assert [link["href"] for link in reader.all("a")] == ["#content", "#1_usable", "#2_scales"]
    ids = [attrs["id"] for _, attrs in reader.tags if "id" in attrs]
    assert len(ids) == len(set(ids))
    assert {"content", "1_usable", "2_scales"} <= set(ids)
    assert ("h1", "A survey") in reader.texts
    assert [text for tag, text in reader.texts if tag == "h2"] == ["1 Usable?", "2 Scales?"]
    assert ("h3", "1.1 Who?") in reader.texts
    assert ("em", "any") in reader.texts
    assert "secret_code" not in text
    assert "Wave 2026Q3" in text


def test_only_tables_and_charts_of_the_outputs_are_on_the_page():
    noise = nb.new_code_cell(
        outputs=[
            nb.new_output("stream", name="stderr", text="STDERR"),
            nb.new_output("stream", name="stdout", text="STDOUT"),
            nb.new_output(
                "execute_result", data={"text/plain": "PLAIN", "text/html": "<b>RICH</b>"}
            ),
            nb.new_output("display_data", data={"image/png": "aGk="}),
        ]
    )
    page = page_of(noise, code(table(), chart()))
    assert not any(word in page for word in ("STDERR", "STDOUT", "PLAIN", "RICH", "aGk="))
    reader = Reader(page)
    assert len(reader.all("table")) == 1
    assert len(figures(reader)) == 1


def test_nothing_is_fetched_and_nothing_else_may_run():
    page = page_of(code(table(), chart()))
    reader = Reader(page)
    addresses = [
        attrs[name]
        for _, attrs in reader.tags
        for name in ("src", "href", "action")
        if name in attrs
    ]
    assert addresses
    assert all(address.startswith("#") for address in addresses)
    assert not reader.all("link")
    assert not [attrs for _, attrs in reader.tags if any(name.startswith("on") for name in attrs)]
    (policy,) = [
        meta["content"]
        for meta in reader.all("meta")
        if meta.get("http-equiv") == "Content-Security-Policy"
    ]
    rules = dict(rule.strip().split(" ", 1) for rule in policy.split(";"))
    running = [script for script in reader.scripts() if not script.startswith('{"config"')]
    hashes = {
        f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"
        for text in running
    }
    assert len(running) == 2
    assert set(rules["script-src"].split()) == hashes
    assert rules["default-src"] == "'none'"
    assert "connect-src" not in rules  # falls back to none


def test_a_chart_never_offers_to_send_itself():
    (figure,) = figures(Reader(page_of(code(chart()))))
    assert figure["config"]["showSendToCloud"] is False
    assert figure["config"]["plotlyServerURL"] == ""
    assert figure["config"]["typesetMath"] is False


def test_a_chart_keeps_its_height_and_says_what_it_shows():
    reader = Reader(page_of(code(chart(height=321, alt='Shares, "high" <first>'))))
    (box,) = [div for div in reader.all("div") if div.get("class") == "chart"]
    assert box["aria-label"] == 'Shares, "high" <first>'
    assert "min-height:321px" in box["style"]
    assert figures(reader)[0]["data"] == [{"type": "bar", "x": [1.5], "y": ["Sales"]}]


@pytest.mark.parametrize("meta", [None, "text", {}])
def test_a_chart_without_alt_text_is_drawn_all_the_same(meta):
    bundle = chart()
    bundle[CHART_MIME]["layout"] = {"meta": meta}
    assert len(figures(Reader(page_of(code(bundle))))) == 1


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_texts_stay_texts(text):
    frame = pd.DataFrame({"unit": [text], "n": [7], "shown": [True]})
    outputs = code(publish(frame, "t", text)._repr_mimebundle_(), chart(text, alt=text))
    words = nb.new_markdown_cell("# " + text.replace("\u2028", "-") + "\n\n" + text)
    plain = Reader(page_of(nb.new_markdown_cell("# A\n\nb"), code(table(1), chart())))
    hostile = Reader(page_of(words, outputs, title=text, subtitle=text))
    tags = {"em", "strong", "p", "th", "td"}  # these may come and go with a text

    def shape(reader):
        return [name for name, _ in reader.tags if name not in tags]

    assert shape(hostile) == shape(plain)
    assert not [attrs for _, attrs in hostile.tags if any(name.startswith("on") for name in attrs)]
    (figure,) = figures(hostile)
    (raw,) = [script for script in hostile.scripts() if script.startswith('{"config"')]
    assert not set("<>&") & set(raw)  # a browser looks for a way out more keenly than this reader
    assert figure["data"][0]["y"] == [text]
    assert figure["layout"]["meta"]["alt"] == text
    assert ("td", text) in hostile.texts
    assert ("h1", text) in hostile.texts


@pytest.mark.parametrize(
    "markdown",
    ["<b onclick='x'>bold</b>", "[link](javascript:alert(1))", "![](data:text/html,x)"],
)
def test_prose_runs_nothing(markdown):
    reader = Reader(page_of(nb.new_markdown_cell(f"# A\n\n{markdown}")))
    inside = [attrs for _, attrs in reader.tags]
    assert not [attrs for attrs in inside if "onclick" in attrs]
    addresses = [attrs.get(name) or "" for attrs in inside for name in ("href", "src")]
    assert not [address for address in addresses if address.startswith(("javascript:", "data:"))]


def kinds(page):
    """Figures, key tables and other tables, in the order of the page; + where a table is open."""
    found = []
    for name, attrs in Reader(page).tags:
        if name == "figure":
            found.append("chart")
        if name == "details":
            found.append("table+" if "open" in attrs else "table")
    return found


@pytest.mark.parametrize(
    ("cells", "order"),
    [
        ([code(table()), code(chart())], ["chart", "table"]),  # the table is the chart's twin
        ([code(table(20)), code(chart())], ["chart", "table"]),
        ([code(table(key=True)), code(chart())], ["chart", "table"]),
        ([code(table(30, key=True))], ["table+"]),
        ([code(table(12))], ["table+"]),
        ([code(table(13))], ["table"]),
        (
            [code(table()), code(chart()), code(table()), code(chart())],
            ["chart", "table", "chart", "table"],
        ),
        ([code(table()), nb.new_markdown_cell("so"), code(chart())], ["table+", "chart"]),
    ],
)
def test_the_chart_comes_first_and_its_table_waits_for_a_click(cells, order):
    assert kinds(page_of(*cells)) == order


@pytest.mark.parametrize(("rows", "said"), [(1, "(1 row)"), (0, "(0 rows)"), (400, "(400 rows)")])
def test_a_table_says_how_long_it_is(rows, said):
    reader = Reader(page_of(code(table(rows, caption="Units"))))
    assert [text for tag, text in reader.texts if tag == "summary"] == [f"Units {said}"]


def test_a_long_table_is_cut_and_says_where_the_rest_is():
    reader = Reader(page_of(code(table(200))))
    assert len(reader.all("tr")) == 1 + 150
    assert "and 50 more rows in tables/units.csv" in reader.text()


def test_a_notebook_without_a_title_goes_by_its_name():
    reader = Reader(page_of(nb.new_markdown_cell("Some words.")))
    assert ("h2", "1_usable") in reader.texts


def test_the_tables_of_a_notebook_are_found_in_order():
    notebook = nb.new_notebook(
        cells=[code(table(name="a")), nb.new_markdown_cell("x"), code(chart(), table(3, name="b"))]
    )
    found = published_tables(notebook)
    assert [each["name"] for each in found] == ["a", "b"]
    assert found[1]["rows"] == [[0], [1], [2]]


def test_the_same_notebooks_give_the_same_page():
    cells = [nb.new_markdown_cell("# A", id="a"), code(table(), chart())]
    assert page_of(*cells) == page_of(*cells)
