"""An archive's lines or frames, one after the other, in bounded memory; and where in it one is."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from typing import BinaryIO

from hotpapers.errors import InputError

LONGEST = 2**25
"""Bytes of a line, a page of posts, that are read; what follows of a longer one is passed over."""
LARGEST_FRAME = 2**24
"""Bytes of a frame: three times what the network allows."""
BLOCK = 2**20


class LineReader:
    """The lines of a stream, each with its end if it has one, blank ones left out.

    `here`: the first byte after the line that was given last, and that line, or its end; `before`: the same of the
    line before it. `ended`: whether the line is whole: the last one may have been cut off when a connection broke.
    `cut`: it was given back for that.
    """

    def __init__(self, stream: BinaryIO, offset: int = 0) -> None:
        self._stream, self._blank = stream, 0
        self.here = self.before = (offset, b"")
        self.ended, self.cut = True, False

    def __iter__(self) -> Iterator[bytes]:
        readline = self._stream.readline
        while line := readline(LONGEST):
            if line.isspace():
                self._blank += len(line)
                continue
            self.before = self.here
            self.here = (self.here[0] + self._blank + len(line), line)
            self._blank = 0
            if not line.endswith(b"\n"):
                self._without_end(line)
            yield line

    def _without_end(self, line: bytes) -> None:
        """The last line, or one that is too long: the rest of it is passed over."""
        self.ended = len(line) == LONGEST
        while self.ended and not self.here[1].endswith(b"\n") and (more := self._stream.readline(BLOCK)):
            self.here = (self.here[0] + len(more), more)

    def give_back(self) -> None:
        """The last line could not be read because the rest of it is missing: it was not given."""
        self.here, self.cut = self.before, True


class FrameReader:
    """Binary frames, each after its length (four bytes, little-endian). The same attributes as `LineReader`."""

    def __init__(self, stream: BinaryIO, offset: int = 0) -> None:
        self._stream = stream
        self.here = self.before = (offset, b"")
        self.ended, self.cut = True, False

    def __iter__(self) -> Iterator[bytes]:
        """Raises InputError where no frame can begin: what follows cannot be read either."""
        while head := self._stream.read(4):
            length = int.from_bytes(head, "little")
            if len(head) == 4 and not 0 < length <= LARGEST_FRAME:
                raise InputError(f"no frame begins at byte {self.here[0]:,}: its length cannot be {length:,}")
            frame = self._stream.read(length) if len(head) == 4 else b""
            if len(head) < 4 or len(frame) < length:
                self.cut = True
                return
            self.before = self.here
            self.here = (self.here[0] + 4 + length, frame)
            yield frame

    def give_back(self) -> None:
        """A frame that is given is whole."""


def mark(data: bytes) -> str:
    """A short digest, to tell whether bytes are the same as before."""
    return hashlib.blake2b(data, digest_size=12).hexdigest()


def go_to(stream: BinaryIO, offset: int, length: int, digest: str) -> bool:
    """Reads up to an offset; whether the last `length` bytes before it are those of a digest."""
    left = offset - length
    while left > 0:
        block = stream.read(min(left, BLOCK))
        if not block:
            return False
        left -= len(block)
    return left == 0 and mark(stream.read(length)) == digest
