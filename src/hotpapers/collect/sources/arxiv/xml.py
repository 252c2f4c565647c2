"""Parses arXiv's XML as a tree, and cuts it into pieces that stay byte for byte as received.

The parser is expat. Document types are refused, and with them every entity except the five of XML itself: nothing
expands, nothing is fetched. Names lose their prefix (`arxiv:DOI` is `DOI`), so a piece can be read without the
namespaces declared outside it.

A piece does not say where it came from. That context is stored around it: `<seen feed="cs">…</seen>`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from xml.etree.ElementTree import Element, TreeBuilder
from xml.parsers import expat
from xml.sax.saxutils import quoteattr

from hotpapers.base.errors import InputError

MAX_XML_DEPTH = 40
"""Most levels of nested elements; arXiv uses seven."""
MAX_XML_PARTS = 200_000
"""Most elements and attributes of a document; a page of 1,300 records has some 40,000."""


def parse(data: bytes) -> Element:
    """The tree of a document or a piece. Raises InputError."""
    return _Reader(data, "").tree


def split_pieces(data: bytes, name: str) -> tuple[Element, list[bytes]]:
    """The tree of a document without the elements of a name, and these elements as received. Raises InputError."""
    reader = _Reader(data, name)
    return reader.tree, reader.pieces


def wrap(piece: bytes, **context: str) -> bytes:
    """A piece with its context around it."""
    attributes = " ".join(f"{name}={quoteattr(value)}" for name, value in context.items())
    return f"<seen {attributes}>".encode() + piece + b"</seen>"


def unwrap(body: bytes) -> tuple[Element, Mapping[str, str]]:
    """A piece's tree and its context: the reverse of `wrap`. Raises InputError."""
    tree = parse(body)
    if tree.tag != "seen":
        return tree, {}
    if len(tree) != 1:
        raise InputError("arXiv's XML: expected one element")
    return tree[0], tree.attrib


def text_at(tree: Element, path: str) -> str:
    """The text of the first element at a path, whitespace collapsed; empty if there is none."""
    return " ".join((tree.findtext(path) or "").split())


class _Reader:
    """Builds the tree, leaving out elements named `cut_name`, which are kept as bytes."""

    def __init__(self, data: bytes, cut_name: str) -> None:
        self.pieces: list[bytes] = []
        self._data = data
        self._cut_name = cut_name
        self._depth = self._cut_depth = self._start = self._parts = 0
        self._builder = TreeBuilder()
        self._parser: Any = expat.ParserCreate()
        self._parser.buffer_text = True
        self._parser.XmlDeclHandler = _only_utf8
        self._parser.StartDoctypeDeclHandler = _refuse_doctype
        self._parser.StartElementHandler = self._open
        self._parser.EndElementHandler = self._close
        self._parser.CharacterDataHandler = self._text
        try:
            self._parser.Parse(data, True)
        except expat.ExpatError as problem:
            raise InputError(f"arXiv's XML: {problem}") from problem
        self.tree: Element = self._builder.close()

    def _open(self, name: str, attributes: dict[str, str]) -> None:
        self._depth += 1
        self._parts += 1 + len(attributes)
        if self._depth > MAX_XML_DEPTH or self._parts > MAX_XML_PARTS:
            raise InputError(f"arXiv's XML: more than {MAX_XML_DEPTH} nested elements or {MAX_XML_PARTS:,} parts")
        local = name.rpartition(":")[2]
        if self._cut_depth or local == self._cut_name:
            self._start = self._start if self._cut_depth else self._parser.CurrentByteIndex
            self._cut_depth += 1
        else:
            self._builder.start(local, {key.rpartition(":")[2]: value for key, value in attributes.items()})

    def _close(self, name: str) -> None:
        self._depth -= 1
        if not self._cut_depth:
            self._builder.end(name.rpartition(":")[2])
            return
        self._cut_depth -= 1
        if not self._cut_depth:
            end = self._parser.CurrentByteIndex
            if self._data.startswith(f"</{name}".encode(), end):  # else `<name/>`, which has ended already
                end = self._data.index(b">", end) + 1
            self.pieces.append(self._data[self._start : end])

    def _text(self, data: str) -> None:
        if not self._cut_depth:
            self._builder.data(data)


def _only_utf8(version: str, encoding: str | None, standalone: int) -> None:
    if (encoding or "utf-8").lower() not in ("utf-8", "utf8", "us-ascii", "ascii"):
        raise InputError(f"arXiv's XML: must be UTF-8, not {encoding}")


def _refuse_doctype(*declared: object) -> None:
    raise InputError("arXiv's XML: must not have a document type")
