"""Strict readers for the output of channels that find anything active in it."""

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
"""Elements that load and run nothing unless they have handlers, styles or links."""
SCRIPTS = ("reader.js", "search.js", "search_index.js")
FORM = {"form", "fieldset", "legend", "select", "option", "textarea", "input", "button", "label", "output"}
"""Elements of pages that ask the reader for input; such pages contain no text from elsewhere."""
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
    """Everything in a page that could load, run, send or deceive. `own`: the page's own elements that are allowed."""
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
    """The site's script and style, and a page's metadata."""
    if one.tag in FORM:
        return one.attributes.get("method", "get") == "get"
    if one.tag == "script":
        return set(one.attributes) == {"src"} and one.attributes["src"].endswith(SCRIPTS)
    if one.tag == "link":
        return one.attributes["rel"] in ("stylesheet", "icon", "canonical", "alternate")
    policy = one.attributes.get("http-equiv", "Content-Security-Policy")
    return one.tag == "meta" and policy == "Content-Security-Policy"


def _is_plain(target: str, tag: str) -> bool:
    """Whether a target is within the site; or, in a link, a plain web address or a mail to the desk."""
    if not target or target.startswith(("#", "?")) or re.fullmatch(r"(?:\.\./)*[\w./#-]+", target):
        return not target.startswith("//")
    if tag not in ("a", "link"):
        return False
    if target.startswith("mailto:"):
        return re.fullmatch(r"mailto:[^\s<>\"]*", target) is not None
    parts = urlsplit(target)
    return parts.scheme in ("http", "https") and bool(parts.hostname) and "@" not in parts.netloc and "\\" not in target
