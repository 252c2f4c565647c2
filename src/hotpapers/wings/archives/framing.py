"""An archive's content in blocks of whole lines, in bounded memory, and positions in it."""

from __future__ import annotations

import hashlib
from codecs import BOM_UTF8
from collections.abc import Generator, Iterator, Sequence
from typing import BinaryIO, NamedTuple

from hotpapers.base.errors import InputError

MAX_LINE_BYTES = 2**25
"""Bytes of a line, which may be a page of posts, that are read. The rest of a longer one is skipped."""
BLOCK = 2**20
TAIL = 512
"""Bytes before a position that identify it."""


class ArchiveBlock(NamedTuple):
    """Whole lines, from `start` to `end` in the decompressed content.

    `ended`: False for an unterminated last line, which is alone in its block: a broken connection may have cut it off.
    `tail`: the content's last bytes before `end`.
    """

    start: int
    end: int
    data: bytes
    tail: bytes
    ended: bool = True


def line_blocks(stream: BinaryIO, offset: int = 0) -> Iterator[ArchiveBlock]:
    """The lines of a stream from an offset on. A line that is too long comes in its own block, truncated. Raises
    InputError after yielding what could be read."""
    pending = b""
    for chunk in _chunks(stream):
        cut = chunk.rfind(b"\n") + 1
        if cut:
            data = b"".join((pending, memoryview(chunk)[:cut]))  # copied once: there is much of it
            tail = data[-TAIL:]
            yield ArchiveBlock(offset, offset + len(data), data, tail)
            offset = offset + len(data)
            pending = chunk[cut:]
        else:
            pending += chunk
        if len(pending) >= MAX_LINE_BYTES:
            offset = yield from _too_long(stream, offset, pending)
            pending = b""
    if pending:
        end = offset + len(pending)
        yield ArchiveBlock(offset, end, pending, pending[-TAIL:], ended=False)


def _chunks(stream: BinaryIO) -> Iterator[bytes]:
    """The stream's bytes, in chunks the size of a block. Raises InputError after yielding what could be read."""
    read = getattr(stream, "read1", stream.read)
    parts = []
    size = 0
    try:
        while part := read(BLOCK - size):
            parts.append(part)
            size += len(part)
            if size >= BLOCK:
                yield b"".join(parts)
                parts = []
                size = 0
    except InputError:
        yield b"".join(parts)
        raise
    yield b"".join(parts)


def _too_long(stream: BinaryIO, offset: int, pending: bytes) -> Generator[ArchiveBlock, None, int]:
    """Yields one truncated line; returns where the next one begins."""
    end = offset + len(pending)
    last = pending
    while not last.endswith(b"\n") and (last := stream.readline(BLOCK)):
        end += len(last)
        tail = last
    yield ArchiveBlock(
        offset, end, pending[:MAX_LINE_BYTES], (tail if end > offset + len(pending) else pending)[-TAIL:]
    )
    return end


ANYWAY = -1
"""For events that are relevant whatever else is known."""


class EventStamp(NamedTuple):
    """`at`: when the network learned of the event, µs UTC. `rank`: its place among events of the same moment.
    `needed_mark`: the mark of the post, reaction or account that must be known for it to be relevant, or ANYWAY.
    `known_marks`: the marks of the items that it makes known."""

    at: int
    rank: int
    needed_mark: int = ANYWAY
    known_marks: tuple[int, ...] = ()


class Unit(NamedTuple):
    """A line: the `number`-th of its block, from `start` to `end` in the block's bytes. Of an event, also its place in
    time, or why it is unreadable."""

    number: int
    start: int
    end: int
    content: bytes
    stamp: EventStamp | None = None
    problem: Exception | None = None


class FilteredBlock(NamedTuple):
    """A block's lines that may be relevant, and how many lines it has; of events, also the keys of posts that name
    papers, to which other events may refer."""

    lines: int
    units: list[Unit]
    keys: Sequence[bytes] = ()


def with_gaps(filtered: FilteredBlock) -> Iterator[Unit | None]:
    """The lines that may be relevant, and None wherever others, which were readable, have been dropped."""
    number = 0
    for unit in filtered.units:
        if unit.number > number:
            yield None
        yield unit
        number = unit.number + 1
    if filtered.lines > number:
        yield None


def lines_of(data: bytes) -> Iterator[Unit]:
    """The lines of a block, with their line ends but without byte order marks. Blank lines are skipped and not
    counted."""
    number = end = 0
    has_mark = BOM_UTF8 in data
    for line in data.split(b"\n"):
        full_end = end + len(line) + 1
        full_line = line + data[end + len(line) : full_end]
        end += len(full_line)
        content = full_line.removeprefix(BOM_UTF8) if has_mark else full_line
        if content and not content.isspace():
            yield Unit(number, end - len(full_line), end, content)
            number += 1


def short_digest(data: bytes) -> str:
    """A short digest, to check whether bytes are unchanged."""
    return hashlib.blake2b(data, digest_size=12).hexdigest()


def go_to(stream: BinaryIO, offset: int, length: int, digest: str) -> bool:
    """Reads up to an offset. Returns whether the last `length` bytes before it match a digest."""
    remaining = offset - length
    while remaining > 0 and (block := stream.read(min(remaining, BLOCK))):
        remaining -= len(block)
    return remaining == 0 and short_digest(stream.read(length)) == digest
