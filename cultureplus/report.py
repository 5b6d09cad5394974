"""The report: executed notebooks as one page that works without code, network or server.

Text, tables and charts are taken from the notebooks' outputs as they are; code is left out. Charts
stay alive (hover, menus) through plotly's script, which is inside the page once; a content-security
policy forbids the page to run or fetch anything else. Tables open at a click; those that stand open
are printed.
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from importlib import resources
from typing import Any

import jinja2
import mistune
from markupsafe import Markup
from nbformat import NotebookNode

from cultureplus import published
from cultureplus.charts.privacy import chart_config

CHART_MIME = "application/vnd.plotly.v1+json"
_OPEN_ROWS = 12  # a table up to this long stands open
_MOST_ROWS = 150  # of a longer one the rest is in the tables folder
_DRAW = """
document.querySelectorAll("script.figure").forEach(function (data) {
  var figure = JSON.parse(data.textContent);
  Plotly.newPlot(data.previousElementSibling, figure.data, figure.layout, figure.config);
});
"""


@dataclass(frozen=True)
class Chapter:
    """One executed notebook: its file name without ending, and the notebook."""

    name: str
    notebook: NotebookNode


def published_tables(notebook: NotebookNode) -> list[dict[str, Any]]:
    """The tables that a notebook published, in order."""
    return [
        published.read_published(output["data"][published.MIME])
        for cell in notebook.cells
        for output in cell.get("outputs", [])
        if published.MIME in output.get("data", {})
    ]


def write_report(chapters: Sequence[Chapter], *, title: str, subtitle: str) -> str:
    """The page of these notebooks, in the order given, as HTML text.

    Text outputs that are neither a published table nor a chart are left out, as is all code.
    """
    from plotly.offline import get_plotlyjs

    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("cultureplus", "templates"),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    style = (resources.files("cultureplus") / "templates" / "report.css").read_text("utf-8")
    scripts = [get_plotlyjs(), _DRAW]
    parts = [_chapter(chapter) for chapter in chapters]
    return environment.get_template("report.html.j2").render(
        title=title,
        subtitle=subtitle,
        chapters=parts,
        style=Markup(style),  # noqa: S704 - our own file
        scripts=[Markup(script) for script in scripts],  # noqa: S704 - plotly's and our own
        policy=_policy(scripts),
    )


def _policy(scripts: Sequence[str]) -> str:
    """Only these scripts may run, styles and pictures are the page's own, nothing is fetched."""
    digests = [hashlib.sha256(script.encode("utf-8")).digest() for script in scripts]
    allowed = " ".join(f"'sha256-{base64.b64encode(digest).decode()}'" for digest in digests)
    return (
        f"default-src 'none'; script-src {allowed}; style-src 'unsafe-inline'; "
        "img-src data: blob:; base-uri 'none'; form-action 'none'"
    )


def _chapter(chapter: Chapter) -> dict[str, Any]:
    blocks: list[dict[str, Any]] = []
    heading = chapter.name
    for cell in chapter.notebook.cells:
        if cell.cell_type == "markdown":
            first, _, rest = cell.source.partition("\n")
            if first.startswith("# ") and heading == chapter.name:
                heading = first[2:].strip()
                blocks.append({"kind": "text", "html": _markdown(rest)})
            else:
                blocks.append({"kind": "text", "html": _markdown(cell.source)})
        for output in cell.get("outputs", []):
            block = _output(output.get("data", {}), f"{chapter.name}-{len(blocks)}")
            if block:
                blocks.append(block)
    return {"id": chapter.name, "heading": heading, "blocks": _figures_first(blocks)}


def _figures_first(blocks: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """In a notebook the table comes first, on the page the chart does and the table is its twin."""
    ordered = list(blocks)
    for place in range(len(ordered) - 1):
        one, two = ordered[place], ordered[place + 1]
        if one["kind"] == "table" and two["kind"] == "chart":
            ordered[place], ordered[place + 1] = two, {**one, "open": False}
    return ordered


def _output(data: dict[str, Any], identifier: str) -> dict[str, Any] | None:
    if published.MIME in data:
        table = published.read_published(data[published.MIME])
        return {
            "kind": "table",
            "html": Markup(  # noqa: S704 - escaped there
                published.as_html(table, rows=_MOST_ROWS, rest=f"tables/{table['name']}.csv")
            ),
            "caption": table["caption"] or table["name"],
            "rows": len(table["rows"]),
            "open": table["key"] or len(table["rows"]) <= _OPEN_ROWS,
            "key": table["key"],
        }
    if CHART_MIME in data:
        figure = data[CHART_MIME]
        layout = figure.get("layout", {})
        meta = layout.get("meta") or {}
        return {
            "kind": "chart",
            "id": identifier,
            "alt": meta.get("alt", "") if isinstance(meta, dict) else "",
            "height": int(layout.get("height") or 450),
            "data": _script_data({"data": figure["data"], "layout": layout, "config": _config()}),
        }
    return None


def _config() -> dict[str, Any]:
    return {**chart_config(), "responsive": True}


def _script_data(value: Any) -> Markup:
    """JSON that stays data inside a script element, whatever texts it holds."""
    text = json.dumps(value, ensure_ascii=False, sort_keys=True, allow_nan=False)
    for sign, code in (("<", "\\u003c"), (">", "\\u003e"), ("&", "\\u0026")):
        text = text.replace(sign, code)
    return Markup(text)  # noqa: S704 - no sign is left that HTML reads


def _markdown(text: str) -> Markup:
    """A notebook's own prose as HTML; HTML inside it is shown as text, not run."""
    lower = re.sub(r"^(#+ )", r"#\1", text, flags=re.MULTILINE)  # chapters are second-level
    return Markup(_PROSE(lower))  # noqa: S704 - mistune escapes


_PROSE = mistune.create_markdown(escape=True, plugins=["table"])
