"""Marks the matches of a search in a text. Everything is escaped."""

from __future__ import annotations

import re
from collections.abc import Sequence

from markupsafe import Markup, escape

from hotpapers.base.text.clean_text import displayable_text

OPEN, CLOSE = "\ue000", "\ue001"
"""Stand for the ends of a mark while a text is changed; texts that have them are not marked."""
_SIGNS = re.compile(f"[{OPEN}{CLOSE}]")
_PAIRS = re.compile(f"(?:[^{OPEN}{CLOSE}]*{OPEN}[^{OPEN}{CLOSE}]*{CLOSE})*[^{OPEN}{CLOSE}]*")

Spans = Sequence[tuple[int, int]]
"""Start and end of each mark, in code points, in order and without overlaps."""


def mark_spans(text: str, spans: Spans) -> Markup:
    """A text with these spans marked."""
    signed = with_signs(text, 0, len(text), spans)
    return escape(displayable_text(text)) if signed == text else _as_marks(signed)


def with_signs(text: str, start: int, end: int, spans: Spans) -> str:
    """A part of a text with signs around the spans in it."""
    if _SIGNS.search(text):
        return text[start:end]
    parts = []
    at = start
    for first, last in spans:
        if start < last and first < end and first < last:
            first = max(first, start)
            last = min(last, end)
            parts += [text[at:first], OPEN, text[first:last], CLOSE]
            at = last
    return "".join([*parts, text[at:end]])


def from_signs(signed: str, text: str) -> Markup:
    """The text with marks in place of signs; without any if the signs got lost, or if it is another text without
    them."""
    if signed == text or not _PAIRS.fullmatch(signed) or _SIGNS.sub("", signed) != text:
        return escape(displayable_text(text))
    return _as_marks(signed)


def _as_marks(signed: str) -> Markup:
    html = str(escape(displayable_text(signed)))
    return Markup(html.replace(OPEN, "<mark>").replace(CLOSE, "</mark>"))
