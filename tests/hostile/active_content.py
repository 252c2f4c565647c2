"""Strict readers for the output of channels that find anything active in it."""

from __future__ import annotations

import re
from collections.abc import Iterable
from urllib.parse import urlsplit

from tests.publish.render.html import Element, Page

MATH_ELEMENTS = {
    "math", "mrow", "mi", "mn", "mo", "mtext", "mspace", "mfrac", "msqrt", "mroot", "mstyle", "mpadded", "mphantom",
    "msub", "msup", "msubsup", "munder", "mover", "munderover", "mmultiscripts", "mprescripts", "mtable", "mtr", "mtd",
}  # fmt: skip
INERT = {
    "html", "head", "title", "body", "header", "footer", "main", "nav", "section", "article", "aside", "div", "span",
    "p", "h1", "h2", "h3", "h4", "ul", "ol", "li", "dl", "dt", "dd", "a", "em", "strong", "small", "code", "pre", "bdi",
    "abbr", "blockquote", "figure", "figcaption", "cite", "time", "table", "caption", "thead", "tbody", "tfoot", "tr",
    "th", "td", "hr", "br", "details", "summary", "svg", "path", "polyline", "circle", "kbd", "var", "sup", "sub",
    "wbr", "mark", "noscript",
}  # fmt: skip
"""Elements that load and run nothing unless they have handlers, styles or links."""
SCRIPTS = tuple(
    f"{name}.js"
    for name in (
        "reader", "storage", "bookmarklet", "search", "search_words", "search_index", "search_spelling", "unfold",
        "paper_actions", "library", "dois",
    )
)  # fmt: skip
FORM_ELEMENTS = {"form", "fieldset", "legend", "select", "option", "textarea", "input", "button", "label", "output"}
"""Elements of pages that ask the reader for input; such pages contain no text from elsewhere."""
TARGET_ATTRIBUTES = (
    "href",
    "src",
    "srcset",
    "action",
    "formaction",
    "data",
    "poster",
    "background",
    "ping",
    "cite",
    "xlink:href",
)
CONTROL_CHARACTERS = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\ufdd0-\ufdef\ufffe\uffff\ud800-\udfff]")


FORM_PAGES = ("reading/index.html", "search/index.html")
"""The site's own pages with a form."""
SWITCH = {"fieldset": 1, "legend": 1, "label": 3, "input": 3}
"""How many of which elements let a reader choose how much of an issue to see."""


def own_elements(path: str, page: Page) -> set[str]:
    """The site's own elements that one of its pages may contain."""
    if path.endswith("404.html") and page.all("style"):
        return {"meta", "style"}
    if path.endswith(FORM_PAGES):
        return {"script", "meta", "link", *FORM_ELEMENTS}
    return {"script", "meta", "link", *(SWITCH if _is_switch(page) else ())}


def _is_switch(page: Page) -> bool:
    choices = [(element.attributes.get("type"), element.attributes.get("name")) for element in page.all("input")]
    return choices == [("radio", "show")] * 3 and {tag: len(page.all(tag)) for tag in SWITCH} == SWITCH


def active_parts(page: Page, own_elements: Iterable[str] = ("script", "meta", "link")) -> list[str]:
    """Everything in a page that could load, run, send or deceive. `own_elements`: the site's that are
    allowed."""
    return [
        f"{element.tag} {element.attributes}" for element in page.elements if not _is_inert(element, set(own_elements))
    ] + [f"character {match[0]!r}" for match in [CONTROL_CHARACTERS.search(page.text)] if match]


def _is_inert(element: Element, own_elements: set[str]) -> bool:
    if element.tag not in INERT | MATH_ELEMENTS and not (element.tag in own_elements and _is_own(element)):
        return False
    names = set(element.attributes)
    if any(name.startswith("on") for name in names) or names & {"style", "srcdoc", "is", "contenteditable"}:
        return False
    return all(_is_plain(element.attributes[name], element.tag) for name in names & set(TARGET_ATTRIBUTES))


def _is_own(element: Element) -> bool:
    """The site's script and style, and a page's metadata."""
    if element.tag in FORM_ELEMENTS:
        return element.attributes.get("method", "get") == "get"
    if element.tag == "script":
        return set(element.attributes) - {"defer"} == {"src"} and element.attributes["src"].endswith(SCRIPTS)
    if element.tag == "style":  # its hash is in the page's policy
        return not element.attributes
    if element.tag == "link":
        return element.attributes["rel"] in ("stylesheet", "icon", "canonical", "alternate")
    policy = element.attributes.get("http-equiv", "Content-Security-Policy")
    return element.tag == "meta" and policy == "Content-Security-Policy"


def _is_plain(target: str, tag: str) -> bool:
    """Whether a target is within the site; or, in a link, a plain web address or mail address."""
    if not target or target.startswith(("#", "?")) or re.fullmatch(r"(?:\.\./)*[\w./#-]+", target):
        return not target.startswith("//")
    if tag not in ("a", "link"):
        return False
    if target.startswith("mailto:"):
        return re.fullmatch(r"mailto:[^\s<>\"]*", target) is not None
    parts = urlsplit(target)
    return parts.scheme in ("http", "https") and bool(parts.hostname) and "@" not in parts.netloc and "\\" not in target
