"""Mentions in bulk: buffers and files of any size, line by line, as fast as a search for a few words.

    scan_file(stream)       every line's mentions in a file or pipe, in constant memory
    find_in_file(stream)    the mentions of the whole input as one text

Gives exactly what `find` gives line by line. A line ends at `\\n`; bytes are UTF-8, and invalid ones become U+FFFD.
Most of the time goes into searching for needles, which stringzilla does. The text around a needle then decides, in all
but one line in a thousand.

`parting` names the invisible characters that may be inside a needle, between x and i, say. Each additional one costs a
pass over the bytes. With only USUAL, a scan is a quarter faster and misses what only testers write.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import BinaryIO, NamedTuple

from stringzilla import Str, utf8_uncased_matches  # type: ignore[import-not-found]

from hotpapers.base.ids.arxiv.addresses import AFTER, BEFORE, COMMONEST, NEEDLES, Mention, match
from hotpapers.base.ids.arxiv.unescaping import INVISIBLE, REWRITTEN
from hotpapers.base.ids.mentions import PaperMention, find, is_unambiguous, match_decoded

__all__ = ["USUAL", "Str", "find_in_file", "needle_places", "scan_file"]

USUAL = "\u00ad\u200b"
"""Soft hyphen and zero-width blank: programs put them into words and addresses to allow line breaks."""

BLOCK = 3 << 18
"""Bytes read at a time: few enough to stay in the processor's cache during the search for every needle."""

MARGIN = 2_048
"""A mention and everything that decides about it are within this many bytes. A line longer than a block is cut into
pieces that overlap by twice as much; only a mention stretched further by invisible characters can be missed there."""

Bytes = bytes | bytearray
Places = list[tuple[int, str]]
"""Needles by position; an empty name where an invisible character may split a needle."""


def scan_file(stream: BinaryIO, parting: str = INVISIBLE, block: int = BLOCK) -> Iterator[tuple[int, PaperMention]]:
    """Every line's mentions: the offset of the line in the input, in bytes, and the mention as `find` gives it for that
    line. Memory use stays near `block`."""
    for part in _parts(stream, block):
        for at, mention in _mentions(part.data, 0, part.end, parting):
            if at:
                yield part.offset + at, mention
            elif part.owns(mention):
                yield part.line, _shift(mention, part.before)


def find_in_file(stream: BinaryIO, parting: str = INVISIBLE, block: int = BLOCK) -> Iterator[PaperMention]:
    """The mentions of a whole input; `start` and `end` count code points from its beginning."""
    characters_before = 0
    for part in _parts(stream, block):
        counted_to, characters = 0, characters_before
        for at, mention in _mentions(part.data, 0, part.end, parting):
            characters += _characters(part.data[counted_to:at])
            counted_to = at
            if at or part.owns(mention):
                yield _shift(mention, characters)
        characters_before = characters + _characters(part.data[counted_to : part.consumed])


# ---- one block ---------------------------------------------------------------------------------------

_END = b"\n"


def _mentions(data: Bytes, low: int, high: int, parting: str) -> list[tuple[int, PaperMention]]:
    """The mentions in the whole lines of `data[low:high]`: a line's position in data, and what `find` gives for it."""
    mentions: list[tuple[int, PaperMention]] = []
    after = low
    for place, needle in needle_places(data, low, high, parting):
        if place < after:
            continue
        before = data[place - 10 : place]
        https = before == b"https://ar"
        if (https or before[1:] == b"http://ar") and (common := _commonest(data, place, high)):
            path, new, version = common.groups()
            after = common.end()
            number = int(version) if version else None
            mentions.append(_mentions_of(data, low, place - 9 - https, after, new.decode(), number, path.decode()))
            continue
        mention = _nearby(data, needle, low, place, high)
        if mention is None:
            line, after = _line(data, low, place, high)
            while mentions and mentions[-1][0] == line:
                mentions.pop()
            mentions += [(line, mention) for mention in find(data[line:after].decode("utf-8", "replace"))]
        elif mention is not NOTHING:
            start, end, id, version, form = mention
            mentions.append(_mentions_of(data, low, max(start, after), end, id, version, form))
            after = end
    return mentions


NOTHING: Mention = (0, 0, "", None, "")

# https://arxiv.org/abs/2101.04869 or similar, with no escape after it: most mentions are like this.
_commonest = re.compile(rb"xiv" + COMMONEST.encode() + rb"(?![A-Z]|\.?[%&\\<\x80-\xff])").match


def _mentions_of(
    data: Bytes, low: int, start: int, end: int, id: str, version: int | None, form: str
) -> tuple[int, PaperMention]:
    """The mention at `data[start:end]`, with positions relative to its line."""
    line = data.rfind(_END, low, start) + 1 or low
    before = data[line:start]
    begin = start - line if before.isascii() else _characters(before)
    # the same as PaperMention(…) in half the time: this runs for every mention
    return line, tuple.__new__(PaperMention, (id, version, begin, begin + end - start, form))


def _nearby(data: Bytes, needle: str, low: int, place: int, high: int) -> Mention | None:
    """What the text near a needle shows: a mention or NOTHING; None if the whole line must be searched."""
    first = max(low, place - BEFORE)
    text = data[first : min(high, place + AFTER + 1)].decode("latin-1").lower()
    if REWRITTEN in text:
        return None
    mention = match(text, needle, place - first) if needle else None
    if not needle or not is_unambiguous(text, place - first, mention):
        if not needle or not text.isascii():
            return None
        mention = match_decoded(text, needle, place - first)
    if mention is None:
        return NOTHING
    start, end, id, version, form = mention
    return first + start, first + end, id, version, form


def _line(data: Bytes, low: int, place: int, high: int) -> tuple[int, int]:
    """Where the line around a position begins and ends."""
    end = data.find(_END, place, high)
    return data.rfind(_END, low, place) + 1 or low, high if end < 0 else end


def _characters(data: Bytes) -> int:
    return len(data) if data.isascii() else len(data.decode("utf-8", "replace"))


def _shift(mention: PaperMention, by: int) -> PaperMention:
    return mention._replace(start=mention.start + by, end=mention.end + by) if by else mention


# ---- needles -----------------------------------------------------------------------------------------

# The byte before a needle in a mention: the last one of "ar" or "alpha", a slash, or any. Otherwise an escape ends
# there.
_ANY = bytes(range(256))
_WORDS = [
    (needle, needle.encode(), frozenset(before))
    for needle, before in zip(NEEDLES, (b"rRaA", b"rR", b"/_", _ANY, _ANY), strict=True)
]
_ESCAPE_ENDS = frozenset(b"0123456789abcdefABCDEF;>") | frozenset(range(0x80, 0x100))
"""The last byte of an escape: a hex digit, a semicolon, the end of <wbr>, or of a non-ASCII character, which may stand
for a slash or nothing."""
# The bytes beside an invisible character that splits a needle.
_INSIDE_BEFORE = frozenset(b"xXiI5pPaAeErRdDsSbB") | frozenset(range(0x80, 0x100))
_INSIDE_AFTER = frozenset(b"iIvVaApPeErRsSxX.dDbB")


def needle_places(data: Bytes, low: int, high: int, parting: str) -> Places:
    """The needles in `data[low:high]`, by position."""
    with memoryview(data) as whole, whole[low:high] as view:
        block = Str(view)  # finds and counts like bytes, several times faster
        places = [
            (place, needle)
            for needle, word, before in _WORDS
            for mention in utf8_uncased_matches(block, word)
            if (last := data[(place := low + mention.offset_within(block)) - 1]) in before
            or (last in _ESCAPE_ENDS and _escape_near(data, place))
        ]
        if not data.isascii():
            places += _split_at(data, low, high, parting, block.find)
        del block
    places.sort()
    return places


def _escape_near(data: Bytes, place: int) -> bool:
    """Whether an escape may end before a position; none is longer than 48 bytes."""
    near = data[max(0, place - 48) : place]
    return not near.isascii() or b"%" in near or b"&" in near or b"\\" in near or b"<" in near


def _split_at(data: Bytes, low: int, high: int, parting: str, search: Callable[[bytes, int], int]) -> Places:
    """Positions of invisible characters between letters of a needle. `search` looks through `data[low:high]`."""
    places = []
    for character in parting:
        word = character.encode()
        for place in _each(search, word):
            before, after = low + place - 1, low + place + len(word)
            if after < high and data[after] in _INSIDE_AFTER and data[before] in _INSIDE_BEFORE:
                places.append((low + place, ""))
    return places


def _each(search: Callable[[bytes, int], int], word: bytes) -> Iterator[int]:
    place = search(word, 0)
    while place >= 0:
        yield place
        place = search(word, place + 1)


# ---- a stream ----------------------------------------------------------------------------------------


class _Part(NamedTuple):
    """`data[:end]` is whole lines, or a piece of a line longer than a block. Valid until the next part is read."""

    data: bytearray
    end: int
    consumed: int
    """How many bytes are not in the next part."""
    offset: int
    """The offset of the data's first byte in the input."""
    line: int
    """The offset of the first line's first byte in the input."""
    before: int
    """How many characters of the first line were in earlier parts."""
    own: tuple[int, int | None]
    """Where in the first line, in characters, a mention must begin to belong to this part."""

    def owns(self, mention: PaperMention) -> bool:
        """Whether a mention in the first line belongs to this part; `mention` counts from the data's beginning."""
        start, (first, last) = mention.start + self.before, self.own
        return first <= start and (last is None or start < last)


def _parts(stream: BinaryIO, block: int) -> Iterator[_Part]:
    data = bytearray(max(block, 4 * MARGIN))
    filled = offset = line = before = first = 0
    while True:
        read = _read(stream, data, filled)
        cut = data.rfind(_END, filled, filled + read) + 1
        filled += read
        if cut or not read:
            cut = cut or filled
            yield _Part(data, cut, cut, offset, line, before, (first, None))
            line, before, first = offset + cut, 0, 0
        elif filled == len(data):
            complete, cut = _whole_character(data, filled - MARGIN), _whole_character(data, filled - 2 * MARGIN)
            last = before + _characters(data[:complete])
            yield _Part(data, filled, cut, offset, line, before, (first, last))
            before, first = before + _characters(data[:cut]), last
        if not read:
            return
        data[: filled - cut] = data[cut:filled]
        offset, filled = offset + cut, filled - cut


def _read(stream: BinaryIO, data: bytearray, filled: int) -> int:
    """Read what the stream has now into the rest of the buffer; returns 0 only at the end of the stream."""
    readinto = getattr(stream, "readinto", None)
    with memoryview(data) as view, view[filled:] as room:
        if readinto:
            return int(readinto(room) or 0)
        length = stream.read(len(room))
        room[: len(length)] = length
        return len(length)


def _whole_character(data: bytearray, place: int) -> int:
    """The nearest position, at or before this one, that does not split a character."""
    return next((place - back for back in range(4) if data[place - back] & 0xC0 != 0x80), place)
