"""Files and streams that are read: plain or packed (Zstandard, gzip), whole or in part, in bounded memory."""

from __future__ import annotations

import gzip
import io
import os
import zlib
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from typing import Any, BinaryIO, NamedTuple, TypeAlias, cast

import zstandard

from hotpapers.errors import InputError

BLOCK = 2**20
ZSTD_MAGIC = b"\x28\xb5\x2f\xfd"
GZIP_MAGIC = b"\x1f\x8b"
PACKED_READ = 2**17
LARGEST_WINDOW = 2**27
"""Bytes that unpacking may look back, as the `zstd` program has it."""
LONG_WINDOW = 2**31
"""The same for dumps that were packed with `--long=31`: so much memory is then needed."""
SKIPPED = range(0x184D2A50, 0x184D2A60)
"""How frames begin that unpackers pass over."""

Reader: TypeAlias = "io.BufferedReader[Any]"
ProgressCallback = Callable[[int], object]


@contextmanager
def open_unpacked(raw: io.RawIOBase, name: str, on_progress: ProgressCallback | None, window: int) -> Iterator[Reader]:
    """What a stream holds, unpacked where it is Zstandard or gzip. `on_progress` gets the bytes read so far; `window`:
    bytes that unpacking may look back.

    Raises InputError where it cannot be read, also in the midst of it.
    """
    counted = io.BufferedReader(CountedInput(raw, name, on_progress), BLOCK)
    magic = counted.peek(4)[:4]
    if magic == ZSTD_MAGIC:
        yield ChunkStream.buffered(_unpacked_zstd(counted, name, window))
    elif magic.startswith(GZIP_MAGIC):
        yield ChunkStream.buffered(_unpacked_gzip(counted, name))
    else:
        yield counted


@contextmanager
def open_file(file: str) -> Iterator[io.RawIOBase]:
    """A file, raw. Raises InputError."""
    try:
        raw = io.FileIO(file)
    except OSError as problem:
        raise unreadable(file, problem) from problem
    with raw:
        yield raw


@contextmanager
def open_range(
    file: str, start: int, end: int, on_progress: ProgressCallback | None = None, *, plain: bool = False
) -> Iterator[Reader]:
    """Bytes of a file from one place to another (0: to its end), unpacked: whole frames, or a `plain` file's."""
    with open_file(file) as raw:
        raw.seek(start)
        part = ChunkStream(_first_bytes(raw, end - start)) if end else raw
        if plain:
            yield io.BufferedReader(CountedInput(part, file, on_progress), BLOCK)
            return
        with open_unpacked(part, file, on_progress, LONG_WINDOW) as stream:
            yield stream


def is_packed(stream: Reader) -> bool:
    """Whether what `open_unpacked` gave unpacks anything."""
    return isinstance(stream.raw, ChunkStream)


def unreadable(file: str, problem: OSError) -> InputError:
    """The error that a file cannot be read, with what to do about it."""
    hint = f"; name the files in it, such as {file.rstrip('/')}/*" if isinstance(problem, IsADirectoryError) else ""
    return InputError(f"cannot be read: {problem.strerror}{hint}", file=file)


class CountedInput(io.RawIOBase):
    """What is read from a stream, or passed over, told. `name`: of a file on a disk, as Python's own files have it."""

    def __init__(self, source: io.RawIOBase, name: str, on_progress: ProgressCallback | None) -> None:
        self.name: object = source.name if isinstance(source, io.FileIO) else -1
        self._title, self._on_progress, self._source = name, on_progress, source
        self._at = source.tell() if self.seekable() else 0
        self._into = cast("Callable[[Any], int | None]", getattr(source, "readinto1", source.readinto))

    def seekable(self) -> bool:
        return isinstance(self._source, io.FileIO) and self._source.seekable()

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        at = self._source.seek(offset, whence)
        if self._on_progress and at > self._at:
            self._on_progress(at - self._at)
        self._at = at
        return at

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        try:
            count = self._into(buffer) or 0
        except OSError as problem:
            raise unreadable(self._title, problem) from problem
        self._at += count
        if self._on_progress:
            self._on_progress(count)
        return count


class ChunkStream(io.RawIOBase):
    """Chunks as a stream. What making them raises comes after all of those before."""

    def __init__(self, chunks: Iterator[bytes]) -> None:
        self._chunks, self._ready = chunks, memoryview(b"")

    @classmethod
    def buffered(cls, chunks: Iterator[bytes]) -> Reader:
        """The same with a buffer."""
        return io.BufferedReader(cls(chunks), BLOCK)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        while not self._ready and (chunk := next(self._chunks, None)) is not None:
            self._ready = memoryview(chunk)
        size = min(len(buffer), len(self._ready))
        buffer[:size] = self._ready[:size]
        self._ready = self._ready[size:]
        return size


def _first_bytes(source: io.RawIOBase, left: int) -> Iterator[bytes]:
    while left and (chunk := source.read(min(left, BLOCK))):
        left -= len(chunk)
        yield chunk


# ---- Zstandard -------------------------------------------------------------------------------------------


class _Step(NamedTuple):
    """What a walk over frames wants next: so many bytes, to look at or to pass over. `between`: a frame may end
    here."""

    size: int
    skip: bool = False
    between: bool = False


def _frame_steps() -> Generator[_Step, bytes, None]:
    """Over frames without unpacking them (RFC 8878, 3.1). Bytes that begin no frame are passed over: unpacking them
    fails."""
    while True:
        magic = yield _Step(4, between=True)
        if int.from_bytes(magic, "little") in SKIPPED:
            size = int.from_bytes((yield _Step(4)), "little")
            yield _Step(size, skip=True)
            continue
        if magic != ZSTD_MAGIC:
            yield _Step(2**62, skip=True)
        descriptor = (yield _Step(1))[0]
        yield _Step(_header_size(descriptor), skip=True)
        is_last = False
        while not is_last:
            head = int.from_bytes((yield _Step(3)), "little")
            is_last = bool(head & 1)
            yield _Step(1 if head >> 1 & 3 == 1 else head >> 3, skip=True)
        if descriptor & 4:
            yield _Step(4, skip=True)


def _header_size(descriptor: int) -> int:
    """Bytes of a frame's header after its descriptor: window, dictionary, size of the content."""
    is_single, size_flag = descriptor >> 5 & 1, descriptor >> 6
    size = (is_single, 2, 4, 8)[size_flag]
    return (not is_single) + (0, 1, 2, 4)[descriptor & 3] + size


class _FrameWalk:
    """Whether packed bytes that come in pieces end where a frame ends."""

    def __init__(self) -> None:
        self._steps = _frame_steps()
        self._step = next(self._steps)
        self._head, self._left = b"", self._step.size

    @property
    def is_between(self) -> bool:
        """Whether all frames so far are whole."""
        return self._step.between and not self._head

    def feed(self, data: bytes) -> None:
        """Takes in what comes next."""
        place = 0
        while place < len(data) or not self._left:
            count = min(self._left, len(data) - place)
            if not self._step.skip:
                self._head += data[place : place + count]
            place += count
            self._left -= count
            if not self._left:
                self._step = self._steps.send(self._head)
                self._head, self._left = b"", self._step.size


def zstd_frames(file: str, least: int) -> list[int]:
    """Places in a file of Zstandard at which frames begin, at least so many bytes apart, from 0 on; nothing behind the
    last whole frame. Raises OSError."""
    places, steps = [0], _frame_steps()
    with open(file, "rb") as raw:
        step, place, size = next(steps), 0, os.fstat(raw.fileno()).st_size
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


class _Frames:
    """Packed bytes on their way to an unpacker, watched."""

    def __init__(self, source: Reader) -> None:
        self._source, self.walk = source, _FrameWalk()

    def read(self, size: int = -1) -> bytes:
        """What comes next."""
        data = self._source.read1(size)
        self.walk.feed(data)
        return data


def _unpacked_zstd(source: Reader, name: str, window: int) -> Iterator[bytes]:
    """What one or more frames hold; a last one that breaks off is an error, not an end."""
    frames, unpacker = _Frames(source), zstandard.ZstdDecompressor(max_window_size=window)
    stream = unpacker.stream_reader(cast("Any", frames), read_size=PACKED_READ, read_across_frames=True)
    try:
        while chunk := stream.read(BLOCK):
            yield chunk
    except zstandard.ZstdError as problem:
        raise InputError(f"cannot be unpacked: {problem}", file=name) from problem
    if not frames.walk.is_between:
        raise breaks_off(name)


def breaks_off(name: str) -> InputError:
    """The error that a packed file ends too early."""
    return InputError("cannot be unpacked: it breaks off; was it copied as a whole?", file=name)


def _unpacked_gzip(source: Reader, name: str) -> Iterator[bytes]:
    """What one or more members hold; a last one that breaks off is an error, not an end."""
    stream = gzip.GzipFile(fileobj=source, mode="rb")
    try:
        while chunk := stream.read1(BLOCK):
            yield chunk
    except EOFError as problem:
        raise breaks_off(name) from problem
    except (OSError, zlib.error) as problem:
        raise InputError(f"cannot be unpacked: {problem}", file=name) from problem


def pack(stream: BinaryIO, path: str) -> None:
    """Writes all that a stream has into a file, packed quickly. Raises OSError, and InputError after what could be
    read."""
    read = getattr(stream, "read1", stream.read)
    with open(path, "wb") as raw, zstandard.ZstdCompressor(level=1).stream_writer(raw) as out:
        while block := read(BLOCK):
            out.write(block)
