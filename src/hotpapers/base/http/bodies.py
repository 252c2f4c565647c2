"""Bodies and lines, decompressed and size-limited as they arrive: a bomb fails at the first byte over the limit."""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Iterator

from hotpapers.base.errors import NetError

PIECE = 65_536
"""The most bytes decompressed at once."""


def read_body(chunks: Iterable[bytes], coding: str, limit: int) -> bytes:
    """The decompressed body; at most `limit` bytes before and after decompression. Raises NetError, and zlib.error
    for a damaged body."""
    return b"".join(_bounded(decompress(_bounded(chunks, limit), coding), limit))


def _bounded(chunks: Iterable[bytes], limit: int) -> Iterator[bytes]:
    size = 0
    for chunk in chunks:
        size += len(chunk)
        if size > limit:
            raise NetError(f"the response has more than {limit:,} bytes")
        yield chunk


def decompress(chunks: Iterable[bytes], coding: str) -> Iterator[bytes]:
    """The bytes of a body with this Content-Encoding: gzip or none, since we ask for no other."""
    if coding in ("", "identity"):
        yield from chunks
    elif coding in ("gzip", "x-gzip"):
        yield from _gunzip(chunks)
    else:
        raise NetError(f"the response is compressed as {coding}, which was not asked for")


def _gunzip(chunks: Iterable[bytes]) -> Iterator[bytes]:
    """Decompress one or more gzip members, as RFC 1952 allows; anything after them is padding. Raises zlib.error."""
    decompressor = None
    for data in chunks:
        while data:
            if decompressor is None or decompressor.eof:
                if decompressor is not None and data[0] != 0x1F:
                    break
                decompressor = zlib.decompressobj(16 + zlib.MAX_WBITS)
            yield from _decompress(decompressor, data)
            data = decompressor.unused_data
    if decompressor is not None and not decompressor.eof:
        raise zlib.error("the compressed body ends early")


def _decompress(decompressor: zlib._Decompress, data: bytes) -> Iterator[bytes]:
    while True:
        piece = decompressor.decompress(data, PIECE)
        if piece:
            yield piece
        data = decompressor.unconsumed_tail
        if decompressor.eof or (not data and len(piece) < PIECE):
            return


class LineSplitter:
    """Splits incoming bytes into lines, without their ends (LF or CR LF), none longer than `limit` bytes."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._partial = bytearray()

    def feed(self, chunk: bytes) -> list[bytes]:
        """The lines that this chunk completes. Raises NetError if a line is too long."""
        self._partial += chunk
        # a long line may come byte by byte, and must not be searched each time
        *ended, self._partial = self._partial.split(b"\n") if b"\n" in chunk else [self._partial]
        if any(len(line) > self._limit for line in (*ended, self._partial)):
            raise NetError(f"a line has more than {self._limit:,} bytes")
        return [bytes(line).removesuffix(b"\r") for line in ended]

    def partial_line(self) -> bytes:
        """The unfinished last line."""
        return bytes(self._partial)
