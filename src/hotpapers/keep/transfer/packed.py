"""Read files and streams, plain or compressed (Zstandard, gzip), whole or in part, in bounded memory."""

from __future__ import annotations

import gzip
import io
import os
import zlib
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple, TypeAlias, cast

import zstandard

from hotpapers.base.errors import InputError

BLOCK = 2**20
ZSTD_MAGIC = b"\x28\xb5\x2f\xfd"
GZIP_MAGIC = b"\x1f\x8b"
PACKED_READ = 2**17
MAX_WINDOW_BYTES = 2**27
"""The largest window for decompression in bytes, the default of the `zstd` program."""
SKIPPED = range(0x184D2A50, 0x184D2A60)
"""The magic numbers of skippable frames."""

Reader: TypeAlias = "io.BufferedReader[Any]"
ProgressCallback = Callable[[int], object]


def is_zstd(magic: bytes) -> bool:
    """Whether content with these first four bytes is Zstandard. `pzstd` writes a skippable frame before each other."""
    return magic == ZSTD_MAGIC or int.from_bytes(magic, "little") in SKIPPED


@contextmanager
def open_unpacked(raw: io.RawIOBase, name: str, on_progress: ProgressCallback | None, window: int) -> Iterator[Reader]:
    """A stream's content, decompressed if it is Zstandard or gzip. `on_progress`: called with the number of bytes just
    read. `window`: the largest window for decompression in bytes.

    Raises InputError if it cannot be read, also later, while reading.
    """
    counted = io.BufferedReader(CountedInput(raw, name, on_progress), BLOCK)
    magic = counted.peek(4)[:4]
    if is_zstd(magic):
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
        raise unreadable_file(file, problem) from problem
    with raw:
        yield raw


def unreadable_file(file: str, problem: OSError) -> InputError:
    """The error for a file that cannot be read, with a remedy."""
    hint = f"; name the files in it, such as {file.rstrip('/')}/*" if isinstance(problem, IsADirectoryError) else ""
    return InputError(f"cannot be read: {problem.strerror}{hint}", file=file)


class CountedInput(io.RawIOBase):
    """A stream that reports the bytes read or skipped. `name`: that of a file on disk, as in Python's file objects."""

    def __init__(self, source: io.RawIOBase, name: str, on_progress: ProgressCallback | None) -> None:
        self.name: object = source.name if isinstance(source, io.FileIO) else -1
        self._title = name
        self._on_progress = on_progress
        self._source = source
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
            raise unreadable_file(self._title, problem) from problem
        self._at += count
        if self._on_progress:
            self._on_progress(count)
        return count


class ChunkStream(io.RawIOBase):
    """Chunks as a stream. An exception from the iterator is raised after all chunks before it were read."""

    def __init__(self, chunks: Iterator[bytes]) -> None:
        self._chunks = chunks
        self._ready = memoryview(b"")

    @classmethod
    def buffered(cls, chunks: Iterator[bytes]) -> Reader:
        """A buffered stream of chunks."""
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


# ---- Zstandard -------------------------------------------------------------------------------------------


class _Step(NamedTuple):
    """The next bytes that a walk over frames needs: how many, and whether to skip them. `between`: this is a frame
    boundary."""

    size: int
    skip: bool = False
    between: bool = False


def frame_steps() -> Generator[_Step, bytes, None]:
    """Walk over frames without decompressing them (RFC 8878, 3.1). If no frame begins, the rest is skipped;
    decompressing it will fail."""
    while True:
        magic = yield _Step(4, between=True)
        if int.from_bytes(magic, "little") in SKIPPED:
            size = int.from_bytes((yield _Step(4)), "little")
            yield _Step(size, skip=True)
            continue
        if magic != ZSTD_MAGIC:
            yield _Step(2**62, skip=True)
        descriptor = (yield _Step(1))[0]
        # The number of bytes in a frame's header after its descriptor: window, dictionary, content size
        is_single = descriptor >> 5 & 1
        size_flag = descriptor >> 6
        size = (is_single, 2, 4, 8)[size_flag]
        yield _Step((not is_single) + (0, 1, 2, 4)[descriptor & 3] + size, skip=True)
        is_last = False
        while not is_last:
            head = int.from_bytes((yield _Step(3)), "little")
            is_last = bool(head & 1)
            yield _Step(1 if head >> 1 & 3 == 1 else head >> 3, skip=True)
        if descriptor & 4:
            yield _Step(4, skip=True)


class _Frames:
    """Compressed bytes on their way to the decompressor; tracks whether they end at a frame boundary."""

    def __init__(self, source: Reader) -> None:
        self._source = source
        self._steps = frame_steps()
        self._step = next(self._steps)
        self._head = b""
        self._left = self._step.size

    @property
    def is_between(self) -> bool:
        """Whether all frames so far are complete."""
        return self._step.between and not self._head

    def read(self, size: int = -1) -> bytes:
        """Read the next bytes."""
        data = self._source.read1(size)
        place = 0
        while place < len(data) or not self._left:
            count = min(self._left, len(data) - place)
            if not self._step.skip:
                self._head += data[place : place + count]
            place += count
            self._left -= count
            if not self._left:
                self._step = self._steps.send(self._head)
                self._head = b""
                self._left = self._step.size
        return data


def _unpacked_zstd(source: Reader, name: str, window: int) -> Iterator[bytes]:
    """The content of one or more frames. An incomplete last frame is an error, not the end."""
    frames = _Frames(source)
    unpacker = zstandard.ZstdDecompressor(max_window_size=window)
    stream = unpacker.stream_reader(cast("Any", frames), read_size=PACKED_READ, read_across_frames=True)
    try:
        while chunk := stream.read(BLOCK):
            yield chunk
    except zstandard.ZstdError as problem:
        raise InputError(f"cannot be unpacked: {problem}", file=name) from problem
    if not frames.is_between:
        raise breaks_off(name)


def breaks_off(name: str) -> InputError:
    """The error for a compressed file that ends too early."""
    return InputError("cannot be unpacked: it is truncated; was it copied completely?", file=name)


def _unpacked_gzip(source: Reader, name: str) -> Iterator[bytes]:
    """The content of one or more members. An incomplete last member is an error, not the end."""
    stream = gzip.GzipFile(fileobj=source, mode="rb")
    try:
        while chunk := stream.read1(BLOCK):
            yield chunk
    except EOFError as problem:
        raise breaks_off(name) from problem
    except (OSError, zlib.error) as problem:
        raise InputError(f"cannot be unpacked: {problem}", file=name) from problem
