"""Splits archive files into parts that can be read independently, each with the whole lines that begin in it.

Plain files can be split anywhere, Zstandard files where frames begin. Files with a single frame and gzip files cannot
be split.
"""

from __future__ import annotations

import io
import os
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import NamedTuple

from hotpapers.base.errors import InputError
from hotpapers.keep.transfer.packed import (
    BLOCK,
    GZIP_MAGIC,
    ChunkStream,
    CountedInput,
    ProgressCallback,
    Reader,
    frame_steps,
    is_zstd,
    open_file,
    open_unpacked,
)

PART = 2**24
"""Compressed bytes per part of a Zstandard file."""
PLAIN_PART = 2**27
LONG_WINDOW = 2**31
"""The largest window for decompression in bytes: dumps compressed with `--long=31` need this much memory."""


class FilePart(NamedTuple):
    """A byte range of a file as stored, from `start` to `end` (0: to its end). `file`: the file's number. `name`: its
    name in messages. `plain`: not compressed, whatever it looks like. `copy`: a copy of input that can be read only
    once, whose progress was already reported."""

    file: int
    path: str
    name: str
    start: int
    end: int
    plain: bool
    copy: bool = False


def parts_of(number: int, path: str, name: str, *, in_lines: bool, copy: bool = False) -> list[FilePart]:
    """The parts of a file, or a single one if it cannot be split. An unreadable file is reported when it is read."""
    places = [0]
    plain = False
    if in_lines:
        with suppress(OSError), open(path, "rb") as raw:
            magic = raw.read(4)
            if is_zstd(magic):
                places = zstd_frames(path, PART)
            elif not magic.startswith(GZIP_MAGIC):
                starts = range(0, os.stat(path).st_size, PLAIN_PART)
                places = list(starts) or [0]
                plain = True
    spans = zip(places, [*places[1:], 0], strict=True)
    return [FilePart(number, path, name, *ends, plain, copy) for ends in spans]


@contextmanager
def open_part(part: FilePart, on_progress: Callable[[int], object]) -> Iterator[Reader]:
    """The lines that begin in a part, decompressed. One that begins exactly where the part does belongs to the part
    before. Raises InputError, also while reading."""
    listener = None if part.copy else on_progress
    try:
        if not part.start and not part.end:
            with open_range(part.path, 0, 0, listener, plain=part.plain) as stream:
                yield stream
        else:
            yield ChunkStream.buffered(_lines(part, listener))
    except InputError as problem:
        raise InputError(problem.reason, file=part.name) from problem


def _lines(part: FilePart, on_progress: Callable[[int], object] | None) -> Iterator[bytes]:
    with open_range(part.path, part.start, part.end, on_progress, plain=part.plain) as own:
        if part.start and not b"".join(deque(_rest_of_line(own), maxlen=1)).endswith(b"\n"):
            return  # the file ends within that line
        while chunk := own.read1(BLOCK):
            yield chunk
    if part.end:
        with open_range(part.path, part.end, 0, plain=part.plain) as rest:
            yield from _rest_of_line(rest)


def _rest_of_line(stream: Reader) -> Iterator[bytes]:
    piece = b""
    while not piece.endswith(b"\n") and (piece := stream.readline(BLOCK)):
        yield piece


@contextmanager
def open_range(
    file: str, start: int, end: int, on_progress: ProgressCallback | None = None, *, plain: bool
) -> Iterator[Reader]:
    """The bytes of a file between two offsets (`end` 0: to its end), decompressed: whole frames, or `plain`."""
    with open_file(file) as raw:
        raw.seek(start)
        part = ChunkStream(_first_bytes(raw, end - start)) if end else raw
        if plain:
            yield io.BufferedReader(CountedInput(part, file, on_progress), BLOCK)
            return
        with open_unpacked(part, file, on_progress, LONG_WINDOW) as stream:
            yield stream


def _first_bytes(source: io.RawIOBase, left: int) -> Iterator[bytes]:
    while left and (chunk := source.read(min(left, BLOCK))):
        left -= len(chunk)
        yield chunk


def zstd_frames(file: str, least: int) -> list[int]:
    """Offsets in a Zstandard file at which frames begin, starting with 0, at least `least` bytes apart; none after the
    last complete frame. Raises OSError."""
    places = [0]
    steps = frame_steps()
    with open(file, "rb") as raw:
        step = next(steps)
        place = 0
        size = os.fstat(raw.fileno()).st_size
        while True:
            if step.between and places[-1] + least <= place < size:
                places.append(place)
            head = b"" if step.skip else raw.read(step.size)
            if not step.skip and len(head) < step.size:
                return places
            place += step.size
            if step.skip:
                raw.seek(min(place, 2**62))
            step = steps.send(head)
