"""Untrusted XML, cut down before it reaches a parser that takes quadratic time for some input.

Expat, which is always linear, goes first. Where a feed exceeds the limits, everything before the entry that exceeds
them is kept, and the open elements are closed.
"""

from __future__ import annotations

import re
from typing import Any, NamedTuple
from xml.parsers import expat

from hotpapers.base.errors import InputError

MAX_XML_PARTS = 30_000
"""Most elements and attributes of a feed that are read: 500 entries of 60."""
MAX_ATTRIBUTES = 200
MAX_XML_DEPTH = 100
MAX_TEXT_CHARS = 1_000_000
"""Most characters in an element without another element in between."""
MAX_ENTRY_OFFSET = 5_000_000
"""An entry must begin within this many bytes to be read."""
MAX_ENTITIES = 300
ENTRIES = ("item", "entry")

# Only from the start of a run: from every place in it, runs that are just too short would take a minute.
_BLANKS = re.compile(rb"(?<!\s)\s{1000,}")
_WORD = re.compile(rb"(?<![\w.+-])([\w.+-]{2000})[\w.+-]+", re.ASCII)
_XML_DECLARATION = re.compile(r"^\s*<\?xml[^>]*\?>")


def tidy(body: bytes) -> bytes:
    """Shorten runs of thousands of spaces or letters, on which feedparser's regular expressions take quadratic time.

    UTF-16 is converted to UTF-8 first, to find these runs.
    """
    if body[:2] in (b"\xff\xfe", b"\xfe\xff"):
        body = _XML_DECLARATION.sub("", body.decode("utf-16", "replace")).encode("utf-8", "replace")
    return _WORD.sub(rb"\1", _BLANKS.sub(b" ", body)).lstrip()


def is_small(body: bytes) -> bool:
    """Whether broken markup has few enough parts to repair quickly."""
    return body.count(b"<") + body.count(b"=") <= MAX_XML_PARTS


def truncate(body: bytes) -> bytes | None:
    """The document, cut where it exceeds the limits; None if it is not well-formed. Raises InputError if that is
    before the end of the first entry."""
    size_check = _SizeCheck()
    try:
        size_check.parser.Parse(body, True)
    except _TooMuch:
        return size_check.truncated(body)
    except (expat.ExpatError, ValueError, LookupError):
        return None
    return body


class _TooMuch(Exception):
    """A limit is exceeded at this place."""


class _Entry(NamedTuple):
    """Where an entry begins, and the elements around it."""

    start: int
    within: tuple[str, ...]


class _SizeCheck:
    """Goes through a document and stops where a limit is exceeded."""

    def __init__(self) -> None:
        self._open: list[str] = []
        self._entry: _Entry | None = None
        self._entries = self._parts = self._text = self._entities = 0
        self.parser: Any = expat.ParserCreate()
        self.parser.StartElementHandler = self._start
        self.parser.EndElementHandler = self._end
        self.parser.CharacterDataHandler = self._check_text
        self.parser.AttlistDeclHandler = _refuse
        self.parser.EntityDeclHandler = self._check_entities

    def truncated(self, body: bytes) -> bytes:
        """Everything before the entry in which it stopped, with end tags for all elements open there."""
        if self._entry is None or not self._entries:
            raise InputError("too much data in or before the first entry")
        ends = "".join(f"</{name}>" for name in reversed(self._entry.within))
        return body[: self._entry.start] + ends.encode()

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        is_in_entry = self._entry is not None and len(self._open) > len(self._entry.within)
        if name.rpartition(":")[2].lower() in ENTRIES and not is_in_entry:
            self._entry = _Entry(self.parser.CurrentByteIndex, tuple(self._open))
            self._stop_if(self._entry.start > MAX_ENTRY_OFFSET)
        self._open.append(name)
        self._parts += 1 + len(attributes)
        self._text = 0
        self._stop_if(
            self._parts > MAX_XML_PARTS or len(attributes) > MAX_ATTRIBUTES or len(self._open) > MAX_XML_DEPTH
        )

    def _end(self, name: str) -> None:
        self._open.pop()
        self._text = 0
        if self._entry and len(self._open) == len(self._entry.within):
            self._entries += 1

    def _check_text(self, text: str) -> None:
        self._text += len(text)
        self._stop_if(self._text > MAX_TEXT_CHARS)

    def _check_entities(self, *declared: object) -> None:
        self._entities += 1
        self._stop_if(self._entities > MAX_ENTITIES)

    def _stop_if(self, is_too_much: bool) -> None:
        if is_too_much:
            raise _TooMuch


def _refuse(*declared: object) -> None:
    raise _TooMuch
