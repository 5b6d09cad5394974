"""An HTML page taken apart, leniently, as a browser would: nothing in it is left out."""

from __future__ import annotations

from html.parser import HTMLParser


class Page(HTMLParser):
    """The parts of a page: words, comments among them; tables; scripts; attributes."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.words: list[str] = []
        self.tables: list[list[list[str]]] = []
        self.scripts: list[str] = []
        self.attributes: list[str] = []
        self._script = False
        self._open: list[list[list[str]]] = []
        self._cell = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note what begins, and every attribute's value."""
        self.attributes += [value for _, value in attrs if value]
        if tag in ("script", "style"):
            self._script = True
            self.scripts.append("")
        elif tag == "table":
            self._open.append([])
            self.tables.append(self._open[-1])
        elif self._open and tag == "tr":
            self._open[-1].append([])
        elif self._open and self._open[-1] and tag in ("td", "th"):
            self._open[-1][-1].append("")
            self._cell = True

    def handle_endtag(self, tag: str) -> None:
        """Note what ends."""
        if tag in ("script", "style"):
            self._script = False
        elif tag == "table" and self._open:
            self._open.pop()
        elif tag in ("td", "th", "tr"):
            self._cell = False

    def handle_data(self, data: str) -> None:
        """Put words where they belong."""
        if self._script:
            self.scripts[-1] += data
            return
        if data.strip():
            self.words.append(data)
        if self._cell and self._open and self._open[-1] and self._open[-1][-1]:
            self._open[-1][-1][-1] += data.strip()

    def handle_comment(self, data: str) -> None:
        """A comment hides nothing."""
        self.scripts.append(data)

    def handle_decl(self, decl: str) -> None:
        """Nor does a declaration."""
        self.scripts.append(decl)

    def unknown_decl(self, data: str) -> None:
        """Nor one that nobody knows."""
        self.scripts.append(data)

    def handle_pi(self, data: str) -> None:
        """Nor an instruction."""
        self.scripts.append(data)
