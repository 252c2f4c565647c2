"""A strict page parser: anything not well-formed fails, and tests can query the rest."""

from __future__ import annotations

from html.parser import HTMLParser
from typing import NamedTuple

VOID = {"meta", "link", "br", "hr", "img", "input", "path"}
"""Elements without an end tag; the pages write `<path/>`."""


class Element(NamedTuple):
    """A start tag with the names of its ancestors, outermost first."""

    tag: str
    attributes: dict[str, str]
    ancestors: tuple[str, ...]


class Page(HTMLParser):
    """A page's elements in order, its ids, and its text with spaces at element boundaries."""

    def __init__(self, page: bytes) -> None:
        super().__init__(convert_charrefs=True)
        self.elements: list[Element] = []
        self.ids: list[str] = []
        self.words: list[str] = []
        self._open: list[str] = []
        self.feed(page.decode("utf-8"))
        self.close()
        assert not self._open, f"never closed: {self._open}"
        assert len(self.ids) == len(set(self.ids)), "duplicate id"

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Records the element. An attribute without a value has the value ""."""
        assert len(dict(attrs)) == len(attrs), f"duplicate attribute: {tag} {attrs}"
        attributes = {name: value or "" for name, value in attrs}
        self.elements.append(Element(tag, attributes, tuple(self._open)))
        self.ids += [attributes["id"]] if "id" in attributes else []
        if tag not in VOID:
            self._open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        """Every end tag must close the element opened last."""
        if tag not in VOID:
            assert self._open and self._open.pop() == tag, f"</{tag}> out of order"

    def handle_data(self, data: str) -> None:
        """Collects text."""
        self.words.append(data)

    def unknown_decl(self, data: str) -> None:
        """No page has one."""
        raise AssertionError(data)

    handle_comment = handle_pi = unknown_decl

    @property
    def text(self) -> str:
        """The page's text, with single spaces."""
        return " ".join(" ".join(self.words).split())

    def all(self, tag: str) -> list[Element]:
        """All elements with this tag."""
        return [element for element in self.elements if element.tag == tag]

    def structure(self) -> list[tuple[str, tuple[str, ...], tuple[str, ...]]]:
        """The page without texts and values: elements, attribute names, ancestors; except formulas, which may come from
        texts."""
        return [
            (element.tag, tuple(sorted(element.attributes)), element.ancestors)
            for element in self.elements
            if element.tag != "math" and "math" not in element.ancestors and element.attributes != {"class": "tex"}
        ]
