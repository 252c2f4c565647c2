"""A network's HTML as plain text with its links: the words that a reader saw, and the links' targets.

It has a parser of its own, because html.parser raises on some input and takes minutes on other. Here each character
is looked at a bounded number of times, and broken markup is handled like in browsers (WHATWG HTML §13.2.5).
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from typing import NamedTuple

from hotpapers.base.model import TextLink, storable_text
from hotpapers.base.text.raised_text import with_superscripts

_BLOCKS = "p div blockquote pre li ul ol tr table h1 h2 h3 h4 h5 h6"
_VOID = "br img hr wbr input meta link source area base col embed track"
_RAW = "script style title textarea iframe noembed noframes xmp"
"""Elements without markup inside that end only with their own end tag; none of them is shown."""
BLOCKS, VOID, RAW = (frozenset(names.split()) for names in (_BLOCKS, _VOID, _RAW))
HIDDEN = frozenset(("invisible", "quote-inline"))
"""Classes that Mastodon does not show: parts of an address, the placeholder line of a quotation."""
SHORTENED = "ellipsis"
"""The class of the visible part of a long address, which Mastodon shows with an ellipsis after it."""
MAX_HTML_CHARS = 200_000
"""Characters of HTML that are read; the rest of a longer message is dropped."""
MAX_LINKS = 500

_ATTRIBUTE_PATTERN = r"""[\s/]*+([^\s/>][^\s/>=]*+)(?:\s*+=\s*+(?:"([^"]*+)"|'([^']*+)'|([^\s>]*+)))?+"""
_ATTRIBUTE = re.compile(_ATTRIBUTE_PATTERN)
_TAG = re.compile(
    rf"<(?P<ends>/?)(?P<name>[A-Za-z][^\s/>]*+)(?P<attributes>(?:{_ATTRIBUTE_PATTERN})*+)(?P<closed>[\s/]*+>)?+"
)
_BLANKS = re.compile(r"[ \t\r\n\f]+")
_LONG_NUMBER = re.compile(r"&#[0-9]{40,}+;?")


def html_to_text(source: str) -> tuple[str, tuple[TextLink, ...]]:
    """The visible text of an HTML message, and its links (code points in that text). Never raises.

    Paragraphs are separated by an empty line, `<br>` is a line break, and other runs of whitespace become one blank,
    except in `<pre>`. Parts hidden by their class are left out, and parts shortened by their class end with an
    ellipsis; link targets are kept whole.
    """
    page = _Page()
    for piece in _pieces(with_superscripts(source[:MAX_HTML_CHARS])):
        if isinstance(piece, str):
            page.text(piece)
        elif piece.ends:
            page.end(piece.name)
        else:
            page.start(piece)
    return page.result()


class _Tag(NamedTuple):
    name: str
    ends: bool
    attributes: dict[str, str]

    @property
    def classes(self) -> frozenset[str]:
        return frozenset(self.attributes.get("class", "").split())


def _pieces(source: str) -> Iterator[_Tag | str]:
    """Tags and the text between them, in order. An unclosed tag is dropped with everything after it."""
    at = 0
    while at < len(source):
        mark = source.find("<", at)
        if mark < 0:
            mark = len(source)
        if mark > at:
            yield _unescaped(source[at:mark])
        if match := _TAG.match(source, mark):
            if not match["closed"]:
                return
            tag = _Tag(match["name"].lower(), bool(match["ends"]), _attributes(match["attributes"]))
            at = match.end()
            yield tag
            if tag.name in RAW and not tag.ends:  # nothing inside is markup, up to its own end tag
                end_tag = re.compile(rf"</{tag.name}(?=[\s/>])", re.IGNORECASE | re.ASCII).search(source, at)
                at = end_tag.start() if end_tag else len(source)
        elif source.startswith(("<!", "<?", "</"), mark):
            end = "-->" if source.startswith("<!--", mark) else ">"
            place = source.find(end, mark)
            at = len(source) if place < 0 else place + len(end)
        else:
            yield source[mark : mark + 1]
            at = mark + 1


def _attributes(text: str) -> dict[str, str]:
    """The attributes in a tag, the first of each name."""
    result: dict[str, str] = {}
    for name, *values in _ATTRIBUTE.findall(text):
        result.setdefault(name.lower(), _unescaped("".join(values)))
    return result


def _unescaped(text: str) -> str:
    return html.unescape(_LONG_NUMBER.sub("\ufffd", text)) if "&" in text else text


class _Page:
    """The text and links shown so far."""

    def __init__(self) -> None:
        self._parts: list[str] = []
        self._length = 0
        self._last = "\n"
        self._links: list[TextLink] = []
        self._open: tuple[int, str] | None = None
        self._invisible_tag = ""
        self._depth = 0
        self._pending = ""
        self._pre = 0
        self._shortened = ""

    def start(self, tag: _Tag) -> None:
        if self._invisible_tag == "p" and tag.name in BLOCKS:
            self._invisible_tag = ""  # a paragraph ends where the next block begins
        if self._invisible_tag:
            self._depth += tag.name == self._invisible_tag
        elif tag.name == "br":
            if self._length and not self._pending:
                self._add("\n")
        elif tag.name in VOID or tag.name in RAW:
            pass
        elif tag.name == "template" or HIDDEN & tag.classes:
            self._invisible_tag = tag.name
            self._depth = 1
        elif tag.name == "a":
            self._close_link()
            self._open = (self._length, tag.attributes.get("href", "").strip())
        else:
            self._pre += tag.name == "pre"
            self._shortened = tag.name if SHORTENED in tag.classes else self._shortened
            self._part(tag.name)

    def end(self, name: str) -> None:
        if self._invisible_tag:
            self._depth -= name == self._invisible_tag
            self._invisible_tag = self._invisible_tag if self._depth else ""
        elif name == "a":
            self._close_link()
        else:
            self._pre = max(0, self._pre - (name == "pre"))
            if name == self._shortened:
                self._add("…")
                self._shortened = ""
            self._part(name)

    def text(self, text: str) -> None:
        if self._invisible_tag:
            return
        if not self._pre:
            text = _BLANKS.sub(" ", text)
            if self._pending or self._last in " \n":
                text = text.lstrip(" ")
        elif not self._length:
            text = text.lstrip()
        if text:
            gap = self._pending
            self._pending = ""
            if gap:
                if self._open is not None and self._open[0] == self._length:  # the link begins after the gap
                    self._open = (self._length + len(gap), self._open[1])
                self._add(gap)
            self._add(text)

    def _part(self, name: str) -> None:
        """A block begins or ends: add a line break before the next text, and an empty line around paragraphs."""
        if name in BLOCKS and self._length:
            self._pending = "\n\n" if name == "p" else self._pending or "\n"

    def _add(self, text: str) -> None:
        self._parts.append(text)
        self._length += len(text)
        self._last = text[-1]

    def _close_link(self) -> None:
        if self._open is not None:
            start, target = self._open
            if target and len(self._links) < MAX_LINKS:
                self._links.append(TextLink(start, self._length, target))
            self._open = None

    def result(self) -> tuple[str, tuple[TextLink, ...]]:
        """The text and the links, without surrounding whitespace."""
        self._close_link()
        text = storable_text("".join(self._parts)).rstrip()
        return text, tuple(_tight(text, link) for link in self._links)


def _tight(text: str, link: TextLink) -> TextLink:
    start = min(link.start, len(text))
    end = min(link.end, len(text))
    span = text[start:end]
    start += len(span) - len(span.lstrip())
    return TextLink(start, max(start, start + len(span.strip())), storable_text(link.target))
