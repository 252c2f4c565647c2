"""Mentions of papers in bulk: buffers and files of any size, as fast as a search for a few words.

Returns exactly the results of `hotpapers.base.papers.mentions.find`, called line by line. A line ends at `\\n`; bytes
are UTF-8, and invalid ones become U+FFFD. Most of the time goes into searching for needles, which stringzilla does. The
text around a needle then decides, in all but one line in a thousand.
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterator

from stringzilla import Str, utf8_uncased_matches  # type: ignore[import-not-found]

from hotpapers.base.papers.arxiv.addresses import AFTER, BEFORE, COMMONEST, NEEDLES, Mention, match_address
from hotpapers.base.papers.mentions import PaperMention, find, is_unambiguous, match_decoded
from hotpapers.base.text.unescaping import INVISIBLE, REWRITTEN

__all__ = ["Str", "find_in_file", "needle_places"]

BLOCK = 3 << 18
"""Bytes read at a time: few enough to stay in the processor's cache during the search for every needle."""

MARGIN = 2_048
"""A mention and everything that decides about it are within this many bytes. A line longer than a block is cut into
pieces that overlap by twice as much; only a mention stretched further by invisible characters can be missed there."""

Bytes = bytes | bytearray
Places = list[tuple[int, str]]
"""Needles by position; an empty name where an invisible character may split a needle."""


def find_in_file(stream: io.BufferedIOBase | io.RawIOBase, block: int = BLOCK) -> Iterator[PaperMention]:
    """The mentions of a whole input; `start` and `end` count code points from its beginning. Memory use stays near
    `block`."""
    data = bytearray(max(block, 4 * MARGIN))
    filled = before = 0  # bytes of `data` in use, and code points before it
    first = 0  # where mentions must begin that were not yet given, in code points
    while True:
        read = stream.readinto(memoryview(data)[filled:]) or 0
        end = cut = data.rfind(_END, filled, filled + read) + 1
        filled += read
        last: int | None = None
        if not read:
            end = cut = filled
        elif not cut and filled == len(data):  # a piece of a long line
            end = filled
            cut = _whole_character(data, filled - 2 * MARGIN)
            whole_end = _whole_character(data, filled - MARGIN)
            last = before + _characters(data[:whole_end])
        counted = 0
        for line, mention in _mentions(data, end):
            before += _characters(data[counted:line])
            counted = line
            start = before + mention.start
            if first <= start and (last is None or start < last):
                yield PaperMention(mention.id, mention.version, start, before + mention.end, mention.form)
        before += _characters(data[counted:cut])
        first = last or 0
        if not read:
            return
        data[: filled - cut] = data[cut:filled]
        filled -= cut


# ---- one block ---------------------------------------------------------------------------------------

_END = b"\n"


def _mentions(data: Bytes, high: int) -> list[tuple[int, PaperMention]]:
    """The mentions in the lines of `data[:high]`: a line's position in data, and the result of `find` for it."""
    mentions: list[tuple[int, PaperMention]] = []
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
            mentions.append(_mentions_of(data, place - 9 - https, after, new.decode(), number, path.decode()))
            continue
        mention = _nearby(data, needle, place, high)
        if mention is None:
            line = data.rfind(_END, 0, place) + 1
            end = data.find(_END, place, high)
            after = high if end < 0 else end
            while mentions and mentions[-1][0] == line:
                mentions.pop()
            mentions_in_line = find(data[line:after].decode("utf-8", "replace"))
            mentions += [(line, mention) for mention in mentions_in_line]
        elif mention is not NOTHING:
            start, end, id, version, form = mention
            mentions.append(_mentions_of(data, max(start, after), end, id, version, form))
            after = end
    return mentions


NOTHING: Mention = (0, 0, "", None, "")

# https://arxiv.org/abs/2101.04869 or similar, with no escape after it: most mentions are like this.
_commonest = re.compile(rb"xiv" + COMMONEST.encode() + rb"(?![A-Z]|\.?[%&\\<\x80-\xff])").match


def _mentions_of(
    data: Bytes, start: int, end: int, id: str, version: int | None, form: str
) -> tuple[int, PaperMention]:
    """The mention at `data[start:end]`, with positions relative to its line."""
    line = data.rfind(_END, 0, start) + 1
    before = data[line:start]
    begin = start - line if before.isascii() else _characters(before)
    # the same as PaperMention(…) in half the time: this runs for every mention
    fields = (id, version, begin, begin + end - start, form)
    return line, tuple.__new__(PaperMention, fields)


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


def _characters(data: Bytes) -> int:
    return len(data) if data.isascii() else len(data.decode("utf-8", "replace"))


def _whole_character(data: bytearray, place: int) -> int:
    """The nearest position, at or before this one, that does not split a character."""
    return next((place - back for back in range(4) if data[place - back] & 0xC0 != 0x80), place)


# ---- needles -----------------------------------------------------------------------------------------

# The byte before a needle in a mention: the last one of "ar" or "alpha", a slash, or any. Otherwise an escape ends
# there.
_ANY = bytes(range(256))
_WORDS = [
    (needle, needle.encode(), frozenset(before))
    for needle, before in zip(NEEDLES, (b"rRaA", b"rR", b"/_", _ANY, _ANY), strict=True)
]
_ESCAPE_ENDS = frozenset(b"0123456789abcdefABCDEF;>") | frozenset(range(0x80, 0x100))
"""The last byte of an escape: a hex digit, a semicolon, the end of <wbr>, or of a non-ASCII character, which may mean a
slash or nothing."""
# The bytes beside an invisible character that splits a needle.
_INSIDE_BEFORE = frozenset(b"xXiI5pPaAeErRdDsSbB") | frozenset(range(0x80, 0x100))
_INSIDE_AFTER = frozenset(b"iIvVaApPeErRsSxX.dDbB")


def needle_places(data: Bytes, high: int) -> Places:
    """The needles in `data[:high]`, by position."""
    with memoryview(data) as whole, whole[:high] as view:
        block = Str(view)  # finds and counts like bytes, several times faster
        places = [
            (place, needle)
            for needle, word, before in _WORDS
            for mention in utf8_uncased_matches(block, word)
            if (last := data[(place := mention.offset_within(block)) - 1]) in before
            or (last in _ESCAPE_ENDS and _escape_near(data, place))
        ]
        if not data.isascii():
            places += _split_at(data, high, block)
        del block
    places.sort()
    return places


def _escape_near(data: Bytes, place: int) -> bool:
    """Whether an escape may end before a position; none is longer than 48 bytes."""
    near = data[max(0, place - 48) : place]
    if not near.isascii():
        return True
    return b"%" in near or b"&" in near or b"\\" in near or b"<" in near


def _split_at(data: Bytes, high: int, block: Str) -> Places:
    """Positions of invisible characters between letters of a needle. `block`: `data[:high]`."""
    places = []
    for word in map(str.encode, INVISIBLE):
        place = block.find(word)
        while place >= 0:
            after = place + len(word)
            if after < high and data[after] in _INSIDE_AFTER and data[place - 1] in _INSIDE_BEFORE:
                places.append((place, ""))
            place = block.find(word, place + 1)
    return places
