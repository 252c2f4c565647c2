"""Mentions of papers in bulk: buffers and files of any size, about as fast as a search for a few words.

Returns exactly the mentions of `hotpapers.base.papers.mentions.find`, called line by line, with their places in bytes.
A line ends at `\\n`; bytes are UTF-8, and no mention contains an invalid one. Hyperscan searches for all needles in
one pass. The text around a needle then decides, in all but one line in a thousand.
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from functools import cache

import hyperscan

from hotpapers.base.papers.arxiv.addresses import AFTER, BEFORE, COMMONEST, NEEDLES, Mention, match_address
from hotpapers.base.papers.mentions import PaperMention, find, is_unambiguous, match_decoded
from hotpapers.base.text.unescaping import INVISIBLE, REWRITTEN

BLOCK = 3 << 18
"""Bytes read at a time: few enough to stay in the processor's cache."""

MARGIN = 2_048
"""A mention and everything that decides about it are within this many bytes. A line longer than a block is cut into
pieces that overlap by twice as much; only a mention stretched further by invisible characters can be missed there."""

Bytes = bytes | bytearray
Places = list[tuple[int, str]]
"""Needles by position; an empty name where an invisible character may split a needle."""


def find_in_file(stream: io.BufferedIOBase | io.RawIOBase, block: int = BLOCK) -> Iterator[PaperMention]:
    """The mentions of a whole input; `start` and `end` count bytes from its beginning. Memory stays near `block`."""
    data = bytearray(max(block, 4 * MARGIN))
    filled = before = 0  # bytes of `data` in use, and bytes of the input before it
    first = 0  # where in the input mentions must begin that were not yet given
    while True:
        read = stream.readinto(memoryview(data)[filled:]) or 0
        end = cut = data.rfind(_END, filled, filled + read) + 1
        filled += read
        last = None
        if not read:
            end = cut = filled
        elif not cut and filled == len(data):  # a piece of a long line
            end = filled
            cut = filled - 2 * MARGIN
            last = before + filled - MARGIN
        for mention in _mentions(data, end, before):
            if first <= mention.start and (last is None or mention.start < last):
                yield mention
        before += cut
        first = last or 0
        if not read:
            return
        data[: filled - cut] = data[cut:filled]
        filled -= cut


def in_bytes(mentions: list[PaperMention], text: str) -> list[PaperMention]:
    """Mentions in a text with places in its bytes instead of code points. Bytes that are not UTF-8 are surrogates in
    the text, as the error handler `surrogateescape` makes them. The mentions are in order."""
    if text.isascii():
        return mentions
    moved = []
    after = place = 0
    for mention in mentions:
        start = place + _length(text[after : mention.start])
        place = start + _length(text[mention.start : mention.end])
        after = mention.end
        moved.append(mention._replace(start=start, end=place))
    return moved


def _length(text: str) -> int:
    return len(text.encode("utf-8", "surrogateescape"))


# ---- one block ---------------------------------------------------------------------------------------

_END = b"\n"


def _mentions(data: Bytes, high: int, offset: int) -> list[PaperMention]:
    """The mentions in the lines of `data[:high]`, with `offset` added to their places."""
    mentions = []
    after = 0
    for place, needle in needle_places(data, high):
        if place < after:
            continue
        before = data[place - 10 : place]
        https = before == b"https://ar"
        if (https or before[1:] == b"http://ar") and (common := _commonest(data, place, high)):
            path, new, version = common.groups()
            after = common.end()
            number = int(version) if version else None
            mentions.append(
                PaperMention(new.decode(), number, offset + place - 9 - https, offset + after, path.decode())
            )
            continue
        mention = _nearby(data, needle, place, high)
        if mention is None:
            line = data.rfind(_END, 0, place) + 1
            end = data.find(_END, place, high)
            after = high if end < 0 else end
            while mentions and mentions[-1].start >= offset + line:
                mentions.pop()
            mentions += _in_line(data[line:after], offset + line)
        elif mention is not NOTHING:
            start, end, id, version, form = mention
            mentions.append(PaperMention(id, version, offset + max(start, after), offset + end, form))
            after = end
    return mentions


def _in_line(line: Bytes, offset: int) -> list[PaperMention]:
    """The mentions in a line, with `offset` added to their places."""
    text = line.decode("utf-8", "surrogateescape")
    return [
        mention._replace(start=offset + mention.start, end=offset + mention.end)
        for mention in in_bytes(find(text), text)
    ]


NOTHING: Mention = (0, 0, "", None, "")

# https://arxiv.org/abs/2101.04869 or similar, with no escape after it: most mentions are like this.
_commonest = re.compile(rb"xiv" + COMMONEST.encode() + rb"(?![A-Z]|\.?[%&\\<\x80-\xff])").match


def _nearby(data: Bytes, needle: str, place: int, high: int) -> Mention | None:
    """Searches the text near a needle: returns a mention or NOTHING. Returns None if the whole line must be
    searched."""
    first = max(0, place - BEFORE)
    last = min(high, place + AFTER + 1)
    text = data[first:last].decode("latin-1").lower()
    if REWRITTEN in text:
        return None
    mention = match_address(text, needle, place - first) if needle else None
    if not needle or not is_unambiguous(text, place - first, mention):
        if not needle or not text.isascii():
            return None
        mention = match_decoded(text, needle, place - first)
    if mention is None:
        return NOTHING
    start, end, id, version, form = mention
    return first + start, first + end, id, version, form


# ---- needles -----------------------------------------------------------------------------------------

_ANY = frozenset(range(256))
_BEFORE = (frozenset(b"rRaA"), frozenset(b"rR"), frozenset(b"/_"), _ANY, _ANY)
"""The byte before each needle in a mention: the last one of "ar" or "alpha", a slash, or any. Otherwise an escape ends
there: with a hex digit, a semicolon, the end of <wbr>, or a non-ASCII character, which may mean a slash or nothing."""
_NEEDLES = (
    rb"[ra0-9a-f;>\x80-\xff]xiv",
    rb"[r0-9a-f;>\x80-\xff]5iv",
    rb"[/_0-9a-f;>\x80-\xff]papers",
    rb"xxx[.&\\%<\[({\x80-\xff]",  # its dot, or where an escape of it begins
    rb"adsabs",
)
# An invisible character splits a needle only between letters of one.
_SPLITTING = tuple(rb"[xi5paersdb\x80-\xff]" + character.encode() + rb"[ivapersx.db]" for character in INVISIBLE)
_LENGTHS = (3, 3, 6, 4, 6, *(len(character.encode()) + 1 for character in INVISIBLE))
"""Of each match, the bytes from its needle or invisible character to its end."""


@cache
def _database() -> hyperscan.Database:
    patterns = (*_NEEDLES, *_SPLITTING)
    database = hyperscan.Database()
    database.compile(
        expressions=patterns, ids=range(len(patterns)), elements=len(patterns), flags=hyperscan.HS_FLAG_CASELESS
    )
    return database


def needle_places(data: Bytes, high: int) -> Places:
    """The needles in `data[:high]`, by position."""
    places = []

    def note(number: int, _start: int, end: int, _flags: int, _context: object) -> None:
        place = end - _LENGTHS[number]
        if number >= len(NEEDLES):
            places.append((place, ""))
        elif data[place - 1] in _BEFORE[number] or _escape_near(data, place):
            places.append((place, NEEDLES[number]))

    with memoryview(data) as whole, whole[:high] as view:
        _database().scan(view, match_event_handler=note)  # type: ignore[type-var]  # takes any buffer
    places.sort()
    return places


def _escape_near(data: Bytes, place: int) -> bool:
    """Whether an escape may end before a position; none is longer than 48 bytes."""
    near = data[max(0, place - 48) : place]
    if not near.isascii():
        return True
    return b"%" in near or b"&" in near or b"\\" in near or b"<" in near
