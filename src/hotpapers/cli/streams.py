"""Files that are read and written: by name or `-`, plain or packed (Zstandard, and gzip to read), in bounded memory."""

from __future__ import annotations

import io
import os
import shutil
import sys
import tempfile
import zlib
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any, BinaryIO, TypeAlias, cast

import zstandard

from hotpapers.errors import InputError, UsageError
from hotpapers.file_modes import open_private
from hotpapers.store.leftovers import unfinished_copy

STDIN = "-"
BLOCK = 2**20
ZSTD_MAGIC = b"\x28\xb5\x2f\xfd"
GZIP_MAGIC = b"\x1f\x8b"
PACKED_BLOCK = 4096
"""Packed bytes unpacked at a time: they make 128 MB at most, whatever they say."""
LARGEST_WINDOW = 2**27
"""Bytes that unpacking may look back, as the `zstd` program has it."""
LONG_WINDOW = 2**31
"""The same for dumps that were packed with `--long=31`: so much memory is then needed."""

Reader: TypeAlias = "io.BufferedReader[Any]"
Told = Callable[[int], None]


def name_of(file: str) -> str:
    """What a file is called in messages."""
    return "standard input" if file == STDIN else file


def size_of(files: Iterable[str]) -> int:
    """Bytes of all files together, 0 when that cannot be known."""
    try:
        return sum(os.stat(file).st_size for file in files)
    except OSError:
        return 0


@contextmanager
def open_input(
    file: str, on_progress: Told | None = None, window: int = LARGEST_WINDOW,
    opened: Callable[[], io.RawIOBase] | None = None,
) -> Iterator[Reader]:  # fmt: skip
    """A file or standard input (`-`), unpacked where it is Zstandard or gzip. `on_progress` gets the bytes read so far;
    `window`: bytes that unpacking may look back; `opened`: opens what lies elsewhere.

    Raises InputError where it cannot be read, also in the midst of it.
    """
    with opened() if opened else _raw(file) as raw:
        counted = io.BufferedReader(_Counted(raw, file, on_progress), BLOCK)
        unpacker = _unpacker(counted.peek(4)[:4], window)
        yield io.BufferedReader(_Unpacked(counted, name_of(file), unpacker), BLOCK) if unpacker else counted


def _unpacker(magic: bytes, window: int) -> Callable[[], Any] | None:
    """What makes an unpacker of one frame of what begins like this; None where that is not packed."""
    if magic == ZSTD_MAGIC:
        return zstandard.ZstdDecompressor(max_window_size=window).decompressobj
    return partial(zlib.decompressobj, wbits=31) if magic.startswith(GZIP_MAGIC) else None


@contextmanager
def _raw(file: str) -> Iterator[io.RawIOBase]:
    if file == STDIN:
        if sys.stdin is None:
            raise InputError("is closed", file=name_of(file))
        yield cast("io.RawIOBase", sys.stdin.buffer)  # it stays open: it is not ours
        return
    try:
        raw = io.FileIO(file)
    except OSError as problem:
        raise _unreadable(file, problem) from problem
    with raw:
        yield raw


def _unreadable(file: str, problem: OSError) -> InputError:
    hint = f"; name the files in it, such as {file.rstrip('/')}/*" if isinstance(problem, IsADirectoryError) else ""
    return InputError(f"cannot be read: {problem.strerror}{hint}", file=file)


class _Counted(io.RawIOBase):
    """What is read from a stream, or passed over, told. `name`: of a file on a disk, as Python's own files have it."""

    def __init__(self, source: io.RawIOBase, file: str, on_progress: Told | None) -> None:
        self.name: str | int = file if isinstance(source, io.FileIO) else -1
        self._title, self._told, self._source, self._at = name_of(file), on_progress, source, 0
        self._into = cast("Callable[[Any], int | None]", getattr(source, "readinto1", source.readinto))

    def seekable(self) -> bool:
        return isinstance(self._source, io.FileIO) and self._source.seekable()

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        at = self._source.seek(offset, whence)
        if self._told and at > self._at:
            self._told(at - self._at)
        self._at = at
        return at

    def readable(self) -> bool:
        return True

    def readinto(self, room: Any) -> int:
        try:
            count = self._into(room) or 0
        except OSError as problem:
            raise _unreadable(self._title, problem) from problem
        self._at += count
        if self._told:
            self._told(count)
        return count


class _Unpacked(io.RawIOBase):
    """One or more packed frames; a last one that breaks off is an error, not an end."""

    def __init__(self, source: Reader, name: str, unpacker: Callable[[], Any]) -> None:
        self._source, self._name, self._unpacker = source, name, unpacker
        self._frame: Any = None
        self._ready = memoryview(b"")
        self._problem: InputError | None = None

    def readable(self) -> bool:
        return True

    def readinto(self, room: Any) -> int:
        """Fills the room, or up to where nothing more can be had; then the next call says why."""
        count = 0
        while count < len(room) and (self._ready or self._more()):
            size = min(len(room) - count, len(self._ready))
            room[count : count + size] = self._ready[:size]
            self._ready = self._ready[size:]
            count += size
        if self._problem and not count:
            raise self._problem
        return count

    def _more(self) -> bool:
        """Whether there is more, unpacked."""
        try:
            while not self._ready and not self._problem:
                packed = self._source.read(PACKED_BLOCK)
                if not packed:
                    self._end()
                    return False
                self._ready = memoryview(b"".join(self._unpack(packed)))
        except InputError as problem:
            self._problem = problem
        return bool(self._ready)

    def _end(self) -> None:
        if self._frame is not None:
            raise InputError("cannot be unpacked: it breaks off; was it copied as a whole?", file=self._name)

    def _unpack(self, packed: bytes) -> Iterator[bytes]:
        while packed:
            if self._frame is None:
                self._frame = self._unpacker()
            try:
                yield self._frame.decompress(packed)
            except (zstandard.ZstdError, zlib.error) as problem:
                raise InputError(f"cannot be unpacked: {problem}", file=self._name) from problem
            if not self._frame.eof:
                return
            packed, self._frame = self._frame.unused_data, None


@contextmanager
def as_path(file: str) -> Iterator[str]:
    """A file's path; standard input and what is packed come by way of a temporary file."""
    with open_input(file) as stream:
        if file != STDIN and not isinstance(stream.raw, _Unpacked):
            yield file
            return
        with tempfile.NamedTemporaryFile(prefix="hotpapers-") as copy:
            shutil.copyfileobj(stream, copy, BLOCK)
            copy.flush()
            yield copy.name


def write_out(chunks: Iterator[bytes]) -> None:
    """Chunks to standard output."""
    out = sys.stdout.buffer
    for chunk in chunks:
        out.write(chunk)
    out.flush()


def write_file(output: Path, chunks: Iterator[bytes]) -> None:
    """Chunks into a file that is there whole or not at all, for the owner alone; Zstandard if its name ends in .zst.

    Raises UsageError."""
    part = unfinished_copy(output)
    try:
        with open_private(part) as raw:
            _pour(raw, chunks, packed=output.suffix == ".zst")
        part.replace(output)
    except OSError as problem:
        raise UsageError(f"{output}: cannot be written: {problem.strerror}") from problem
    finally:
        part.unlink(missing_ok=True)


def _pour(raw: BinaryIO, chunks: Iterator[bytes], *, packed: bool) -> None:
    if not packed:
        raw.writelines(chunks)
        return
    with zstandard.ZstdCompressor(level=10).stream_writer(raw, closefd=False) as out:
        for chunk in chunks:
            out.write(chunk)
