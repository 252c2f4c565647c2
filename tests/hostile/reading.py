"""Strict readings of what channels write: whatever is alive in it is found."""

from __future__ import annotations

import re
from collections.abc import Iterable
from urllib.parse import urlsplit

from tests.render.html import Element, Page

FORMULAS = {
    "math", "mrow", "mi", "mn", "mo", "mtext", "mspace", "mfrac", "msqrt", "mroot", "mstyle", "mpadded", "mphantom",
    "msub", "msup", "msubsup", "munder", "mover", "munderover", "mmultiscripts", "mprescripts", "mtable", "mtr", "mtd",
}  # fmt: skip
DEAD = {
    "html", "head", "title", "body", "header", "footer", "main", "nav", "section", "article", "aside", "div", "span",
    "p", "h1", "h2", "h3", "h4", "ul", "ol", "li", "dl", "dt", "dd", "a", "em", "strong", "small", "code", "pre", "bdi",
    "abbr", "blockquote", "figure", "figcaption", "cite", "time", "table", "caption", "thead", "tbody", "tr", "th",
    "td", "hr", "br", "details", "summary", "svg", "path", "polyline", "circle", "kbd", "var", "sup", "sub", "wbr",
    "mark", "noscript",
}  # fmt: skip
"""Elements that load and run nothing, whatever their attributes but for handlers, styles and links."""
SCRIPTS = ("reader.js", "search.js", "search_index.js")
FORM = {"form", "fieldset", "legend", "select", "option", "textarea", "input", "button", "label", "output"}
"""What pages have that ask the reader for something: no text from elsewhere stands on them."""
TARGETS = (
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
ODD = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\ufdd0-\ufdef\ufffe\uffff\ud800-\udfff]")


def alive(page: Page, own: Iterable[str] = ("script", "meta", "link")) -> list[str]:
    """What of a page could load, run, send or deceive. `own`: elements of the page's own that may be there."""
    return [f"{one.tag} {one.attributes}" for one in page.elements if not _is_dead(one, set(own))] + [
        f"sign {found[0]!r}" for found in [ODD.search(page.text)] if found
    ]


def _is_dead(one: Element, own: set[str]) -> bool:
    if one.tag not in DEAD | FORMULAS and not (one.tag in own and _is_own(one)):
        return False
    names = set(one.attributes)
    if any(name.startswith("on") for name in names) or names & {"style", "srcdoc", "is", "contenteditable"}:
        return False
    return all(_is_plain(one.attributes[name], one.tag) for name in names & set(TARGETS))


def _is_own(one: Element) -> bool:
    """The site's script and style, and what a page says of itself."""
    if one.tag in FORM:
        return one.attributes.get("method", "get") == "get"
    if one.tag == "script":
        return set(one.attributes) == {"src"} and one.attributes["src"].endswith(SCRIPTS)
    if one.tag == "link":
        return one.attributes["rel"] in ("stylesheet", "icon", "canonical", "alternate")
    policy = one.attributes.get("http-equiv", "Content-Security-Policy")
    return one.tag == "meta" and policy == "Content-Security-Policy"


def _is_plain(target: str, tag: str) -> bool:
    """A way within the site; in a link also a web address without tricks, or a mail to the desk."""
    if not target or target.startswith(("#", "?")) or re.fullmatch(r"(?:\.\./)*[\w./#-]+", target):
        return not target.startswith("//")
    if tag not in ("a", "link"):
        return False
    if target.startswith("mailto:"):
        return re.fullmatch(r"mailto:[^\s<>\"]*", target) is not None
    parts = urlsplit(target)
    return parts.scheme in ("http", "https") and bool(parts.hostname) and "@" not in parts.netloc and "\\" not in target
