"""Mentions in bulk: buffers and files of any size, line by line, at the pace of a search for a few words.

    scan(buffer)            every line's mentions, in memory
    scan_file(stream)       the same from a file or pipe, in constant memory
    find_in_file(stream)    the mentions of the whole input as one text

Exactly what `find` gives line by line; a line ends at `\\n`, bytes are UTF-8 and what is not becomes U+FFFD. Few
lines hold a needle, so most of the time goes into searching for needles, and that is left to stringzilla (where it is
absent, to `bytes.find`, some ten times slower). All lines of a block that may hold a mention then go through one call.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import BinaryIO, NamedTuple

from hotpapers.arxiv_id.address import NEEDLES
from hotpapers.arxiv_id.plain import INVISIBLE
from hotpapers.mentions import Found, spans

__all__ = ["find_in_file", "scan", "scan_file"]

BLOCK = 1 << 19
"""Bytes read at a time: they stay in the processor's cache while every needle is looked for."""

MARGIN = 2_048
"""Bytes: a mention and all that decides on it lie this close together. A line longer than a block is cut into pieces
that overlap by twice as much; only a mention stretched further by invisible characters can be missed there."""

_WORDS = tuple(needle.encode() for needle in NEEDLES)
_HIDDEN = tuple(character.encode() for character in INVISIBLE)
_END = b"\n"

Bytes = bytes | bytearray


def scan(buffer: Bytes) -> Iterator[tuple[int, Found]]:
    """Every line's mentions: the line's first byte in the buffer, and the mention as `find` gives it for that line."""
    low = 0
    while low < len(buffer):
        high = min(low + BLOCK, len(buffer))
        high = buffer.rfind(_END, low, high) + 1 or buffer.find(_END, high) + 1 or len(buffer)
        yield from _mentions(buffer, low, high)
        low = high


def scan_file(stream: BinaryIO, block: int = BLOCK) -> Iterator[tuple[int, Found]]:
    """The same from a binary stream: the line's first byte in the input, and the mention. Memory stays near `block`."""
    for part in _parts(stream, block):
        for at, found in _mentions(part.data, 0, part.end):
            if at:
                yield part.offset + at, found
            elif part.owns(found):
                yield part.line, part.moved(found)


def find_in_file(stream: BinaryIO, block: int = BLOCK) -> Iterator[Found]:
    """The mentions of a whole input: `start` and `end` are code points from its beginning."""
    passed = 0
    for part in _parts(stream, block):
        counted, characters = 0, passed
        for at, found in _mentions(part.data, 0, part.end):
            characters += _characters(part.data[counted:at])
            counted = at
            if at or part.owns(found):
                yield found._replace(start=found.start + characters, end=found.end + characters)
        passed = characters + _characters(part.data[counted : part.gone])


# ---- one block ---------------------------------------------------------------------------------------


def _mentions(data: Bytes, low: int, high: int) -> Iterator[tuple[int, Found]]:
    """The mentions in `data[low:high]`, which is whole lines: the line's place in data, and what `find` gives for it."""
    lines = _lines(data, low, high)
    texts = [data[start:end].decode("utf-8", "replace") for start, end in lines]
    line, begin = 0, 0
    for start, end, id, version, form in spans("\n".join(texts)):
        while start > begin + len(texts[line]):
            begin += len(texts[line]) + 1
            line += 1
        yield lines[line][0], Found(id, version, start - begin, end - begin, form)


def _lines(data: Bytes, low: int, high: int) -> list[tuple[int, int]]:
    """First and last byte of every line that may hold a mention, by place."""
    lines, end = [], low
    for place in _needle_places(data, low, high):
        if place >= end:
            start = data.rfind(_END, low, place) + 1 or low
            end = data.find(_END, place, high)
            end = high if end < 0 else end
            lines.append((start, end))
    return lines


def _by_find(data: Bytes, low: int, high: int) -> list[int]:
    block = bytes(data[low:high])
    lower = block.lower()
    words = _HIDDEN if not block.isascii() else ()
    return sorted(low + place for word in (*_WORDS, *words) for place in _each(lower.find, word))


def _each(search: Callable[[bytes, int], int], word: bytes) -> Iterator[int]:
    place = search(word, 0)
    while place >= 0:
        yield place
        place = search(word, place + 1)


try:
    from stringzilla import Str, utf8_uncased_matches
except ImportError:
    _needle_places = _by_find
else:

    def _by_stringzilla(data: Bytes, low: int, high: int) -> list[int]:
        with memoryview(data) as whole, whole[low:high] as view:
            block = Str(view)
            places = [low + hit.offset_within(block) for word in _WORDS for hit in utf8_uncased_matches(block, word)]
            if not data.isascii():
                places += [low + place for word in _HIDDEN for place in _each(block.find, word)]
            del block
        places.sort()
        return places

    _needle_places = _by_stringzilla


# ---- a stream ----------------------------------------------------------------------------------------


class _Part(NamedTuple):
    """`data[:end]` is whole lines, or a piece of one that is longer than a block. Valid until the next one is asked."""

    data: bytearray
    end: int
    gone: int
    """So many bytes are not in the next part."""
    offset: int
    """Of the data's first byte in the input."""
    line: int
    """Of the first line's first byte in the input."""
    before: int
    """Characters of the first line that were in parts before."""
    own: tuple[int, int | None]
    """Where in the first line, in characters, a mention begins that is told with this part."""

    def owns(self, found: Found) -> bool:
        start, (first, last) = found.start + self.before, self.own
        return first <= start and (last is None or start < last)

    def moved(self, found: Found) -> Found:
        return found._replace(start=found.start + self.before, end=found.end + self.before)


def _parts(stream: BinaryIO, block: int) -> Iterator[_Part]:
    data = bytearray(max(block, 4 * MARGIN))
    filled = offset = line = before = first = 0
    while True:
        with memoryview(data) as view, view[filled:] as room:
            read = _read(stream, room)
        cut = data.rfind(_END, filled, filled + read) + 1
        filled += read
        if cut or not read:
            cut = cut or filled
            yield _Part(data, cut, cut, offset, line, before, (first, None))
            line, before, first = offset + cut, 0, 0
        elif filled == len(data):
            told, cut = _whole_character(data, filled - MARGIN), _whole_character(data, filled - 2 * MARGIN)
            last = before + _characters(data[:told])
            yield _Part(data, filled, cut, offset, line, before, (first, last))
            before, first = before + _characters(data[:cut]), last
        if not read:
            return
        data[: filled - cut] = data[cut:filled]
        offset, filled = offset + cut, filled - cut


def _read(stream: BinaryIO, room: memoryview) -> int:
    """Fills the room as far as the stream has something now; 0 only at its end."""
    readinto = getattr(stream, "readinto1", None) or getattr(stream, "readinto", None)
    if readinto:
        return readinto(room) or 0
    chunk = stream.read(len(room))
    room[: len(chunk)] = chunk
    return len(chunk)


def _whole_character(data: bytearray, place: int) -> int:
    """The nearest place, at or before this one, that parts no character."""
    return next((place - back for back in range(4) if data[place - back] & 0xC0 != 0x80), place)


def _characters(data: Bytes) -> int:
    return len(data) if data.isascii() else len(data.decode("utf-8", "replace"))
