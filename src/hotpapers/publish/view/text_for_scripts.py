"""Titles and abstracts for scripts, which build from them what `tex.tex_to_markup` shows, without reading HTML.

A text is a string, or a list of strings and formulas; a formula is a tree: `["math", {"alttext": "x^2"}, ["msup", {},
["mi", {}, "x"], ["mn", {}, "2"]]]`. So a script can only make the elements that it knows.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from xml.etree.ElementTree import Element

from markupsafe import Markup

from hotpapers.publish.view.mathml import tree_of
from hotpapers.publish.view.tex import pieces_of

ScriptText = str | list[Any]
"""A value of the JSON described above."""


def script_text(text: str) -> ScriptText:
    """A text with TeX as a script reads it."""
    pieces = pieces_of(text)
    if not any(isinstance(piece, Markup) for piece in pieces):
        return "".join(pieces)
    return [_node(tree_of(piece)) if isinstance(piece, Markup) else piece for piece in pieces]


def _node(element: Element) -> list[Any]:
    return [element.tag, element.attrib, *_content(element)]


def _content(element: Element) -> Iterator[Any]:
    if element.text:
        yield element.text
    for child in element:
        yield _node(child)
        if child.tail:
            yield child.tail
