"""The report of the sample as a person sees it: opened from disk in a Chromium without a network.

Drawn charts, working menus and links, no request but the file itself, no complaint in the console,
and a layout that holds on a laptop, on a telephone and on paper. Skipped where there is no browser.
"""

from __future__ import annotations

import shutil
from pathlib import Path

import nbformat
import pytest

import cultureplus
from cultureplus.report import Chapter, write_report

playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")

ROOT = Path(cultureplus.__file__).resolve().parent.parent
CHROMIUM = next(
    filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None
)
FLAGS = [
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
]  # fmt: skip

pytestmark = [
    pytest.mark.browser,
    pytest.mark.slow,
    pytest.mark.skipif(CHROMIUM is None, reason="there is no Chromium on this machine"),
]

# What a browser must have made of each chart: pictures with marks in them, inside their box.
CHARTS = """() => [...document.querySelectorAll(".chart")].map(box => ({
    id: box.id,
    alt: box.getAttribute("aria-label"),
    pictures: box.querySelectorAll("svg.main-svg").length,
    marks: box.querySelectorAll(
        ".bars .point, .barlayer path, .heatmaplayer image, .scatterlayer path, .textpoint, " +
        ".heatmap-label text, .annotation-text").length,
    width: box.getBoundingClientRect().width,
    drawn: Math.max(0, ...[...box.querySelectorAll("svg.main-svg")]
        .map(svg => svg.getBoundingClientRect().width)),
}))"""
TEXTS = """id => [...document.getElementById(id).querySelectorAll("text")]
    .map(text => text.textContent).join("|")"""


def page_of(some="*"):
    """The report of the sample, from the committed notebooks: nbval holds them equal to a run."""
    chapters = [
        Chapter(path.stem, nbformat.read(path, as_version=4))
        for path in sorted((ROOT / "notebooks").glob(f"{some}.ipynb"))
    ]
    ordered = sorted(chapters, key=lambda chapter: not chapter.name.endswith("report"))
    return write_report(ordered, title="A made-up organisation", subtitle="Wave 2026Q3")


@pytest.fixture(scope="module")
def report(tmp_path_factory):
    page = tmp_path_factory.mktemp("run") / "report.html"
    page.write_text(page_of(), encoding="utf-8")
    return page


@pytest.fixture(scope="module")
def browser():
    with playwright.sync_playwright() as driver:
        chromium = driver.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield chromium
        chromium.close()


class Opened:
    """A page with everything that it asked for and complained about."""

    def __init__(self, browser, path, *, width, height=900):
        self.context = browser.new_context(
            offline=True, viewport={"width": width, "height": height}
        )
        self.page = self.context.new_page()
        self.requests, self.complaints = [], []
        self.page.on("request", lambda request: self.requests.append(request.url))
        self.page.on("console", lambda message: self.complaints.append(message.text))
        self.page.on("pageerror", lambda problem: self.complaints.append(str(problem)))
        self.page.add_init_script(
            "window.refused = [];"
            "document.addEventListener('securitypolicyviolation',"
            " e => window.refused.push(e.violatedDirective + ' ' + e.blockedURI));"
        )
        self.page.goto(path.as_uri())
        self.page.wait_for_function(
            "document.querySelectorAll('.chart').length > 0 &&"
            "[...document.querySelectorAll('.chart')].every(c => c.querySelector('.main-svg'))"
        )
        # As it was opened, before anything was clicked.
        self.wide = self.page.evaluate("document.documentElement.scrollWidth")
        self.first_charts = self.charts()

    def charts(self):
        return self.page.evaluate(CHARTS)


@pytest.fixture(scope="module")
def opened(browser, report):
    """On a laptop."""
    opened = Opened(browser, report, width=1024)
    yield opened
    opened.context.close()


@pytest.fixture(scope="module")
def wide_screen(browser, report):
    opened = Opened(browser, report, width=1920)
    yield opened
    opened.context.close()


@pytest.fixture(scope="module")
def telephone(browser, report):
    opened = Opened(browser, report, width=390)
    yield opened
    opened.context.close()


def test_nothing_is_asked_for_but_the_file_itself(opened, report):
    assert opened.requests == [report.as_uri()]


def test_nothing_is_complained_about(opened):
    assert opened.complaints == []
    assert opened.page.evaluate("window.refused") == []


def test_the_policy_holds_against_what_somebody_might_add(browser, tmp_path):
    """A script, a picture from elsewhere and a handler, written into the page, do nothing.

    The policy is the page's: it is the same whatever chapters there are.
    """
    bad = (
        "<script>document.title = 'taken'</script>"
        "<img src='https://example.org/x.png' onerror=\"document.title = 'taken'\">"
    )
    page = tmp_path / "report.html"
    text = page_of("10_report")
    page.write_text(text.replace('<main id="content">', f'<main id="content">{bad}'), "utf-8")
    opened = Opened(browser, page, width=1280)
    title, refused = opened.page.title(), opened.page.evaluate("window.refused")
    opened.context.close()
    assert title != "taken"
    assert any(each.startswith("script-src") for each in refused)
    assert any(each.startswith("img-src") and "example.org" in each for each in refused)


def test_every_chart_is_drawn_inside_its_box(opened):
    charts = opened.charts()
    assert len(charts) >= 12
    for chart in charts:
        assert chart["pictures"] >= 1, chart
        assert chart["marks"] >= 3, chart
        assert 0 < chart["drawn"] <= chart["width"] + 1, chart


def test_every_chart_says_in_words_what_it_shows(opened):
    for chart in opened.charts():
        assert len(chart["alt"]) > 40, chart
        assert any(sign.isdigit() for sign in chart["alt"]), chart


def test_every_chapter_with_charts_has_tables(opened):
    """Who cannot see a chart, or wants its numbers, finds them beside it."""
    found = opened.page.evaluate(
        "[...document.querySelectorAll('section')].map(s =>"
        " [s.id, s.querySelectorAll('.chart').length, s.querySelectorAll('table').length])"
    )
    assert len(found) >= 7
    assert [name for name, charts, tables in found if charts and not tables] == []


def test_a_menu_changes_what_its_chart_shows(opened):
    page = opened.page
    identifier = page.evaluate(
        "[...document.querySelectorAll('.chart')]"
        ".find(box => box.querySelector('.updatemenu-header')).id"
    )
    before = page.evaluate(TEXTS, identifier)
    header = page.locator(f"[id='{identifier}'] .updatemenu-header").first
    header.scroll_into_view_if_needed()
    header.click()
    page.locator(f"[id='{identifier}'] .updatemenu-dropdown-button").nth(1).click()
    page.wait_for_function(
        "([id, before]) => [...document.getElementById(id).querySelectorAll('text')]"
        ".map(text => text.textContent).join('|') !== before",
        arg=[identifier, before],
    )
    assert opened.complaints == []


def test_the_links_of_the_contents_lead_to_the_chapters(opened):
    page = opened.page
    links = page.locator("nav a")
    assert links.count() >= 7
    for place in range(links.count()):
        link = links.nth(place)
        link.click()
        section = page.locator(f"[id='{link.get_attribute('href')[1:]}']")
        page.wait_for_function(
            "section => { const box = section.getBoundingClientRect();"
            " return box.top < window.innerHeight && box.bottom > 0; }",
            arg=section.element_handle(),
        )
        assert section.locator("h2").inner_text() == link.inner_text()


def test_a_table_opens_at_a_click_and_scrolls_in_its_own_box(opened):
    page = opened.page
    closed = page.locator("details.table:not([open])").first
    scroll = closed.locator(".scroll").element_handle()
    assert not scroll.is_visible()
    closed.locator("summary").click()
    page.wait_for_function("box => box.getBoundingClientRect().height > 0", arg=scroll)
    page.evaluate("document.querySelectorAll('details').forEach(each => { each.open = true; })")
    heights = page.evaluate(
        "[...document.querySelectorAll('.scroll')].map(b => b.getBoundingClientRect().height)"
    )
    assert max(heights) <= 750
    assert "more rows in tables/unit_scores.csv" in page.locator("main").inner_text()


def test_numbers_stand_right_and_texts_left(opened):
    found = opened.page.evaluate(
        "[...document.querySelectorAll('td')].map(td =>"
        " [td.className, getComputedStyle(td).textAlign])"
    )
    kinds = {tuple(each) for each in found}
    assert ("number", "right") in kinds
    assert {align for kind, align in kinds if kind != "number"} <= {"left", "start"}
    assert {align for kind, align in kinds if kind == "number"} == {"right"}


@pytest.mark.parametrize(
    ("screen", "width"), [("wide_screen", 1920), ("opened", 1024), ("telephone", 390)]
)
def test_the_page_fits_the_screen(request, screen, width):
    opened = request.getfixturevalue(screen)
    assert opened.wide <= width
    assert opened.first_charts
    assert all(chart["drawn"] <= chart["width"] + 1 for chart in opened.first_charts)


def test_it_prints_as_a_report(wide_screen):
    opened = wide_screen
    opened.page.emulate_media(media="print")
    assert not opened.page.locator("nav").is_visible()
    hidden = opened.page.evaluate(
        "[...document.querySelectorAll('details[open] .scroll')]"
        ".filter(box => box.scrollHeight > box.clientHeight + 1).length"
    )
    pdf = opened.page.pdf(format="A4")
    assert hidden == 0  # what stands open is printed whole
    pages = pdf.count(b"/Type /Page\n") or pdf.count(b"/Type /Page ")
    assert 8 <= pages <= 40
    assert len(pdf) < 5_000_000
