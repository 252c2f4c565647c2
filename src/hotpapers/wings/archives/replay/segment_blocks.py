"""A block of an archive's segment: its rows, column by column, as one Zstandard frame.

https://github.com/bluesky-social/jetstream/blob/main/docs/README.md, section 3.2
"""

from __future__ import annotations

import struct
from collections.abc import Iterator, Sequence
from itertools import accumulate, pairwise
from typing import NamedTuple

import zstandard

from hotpapers.base.errors import InputError

MAX_BLOCK_BYTES = 2**28
"""Most bytes of a decompressed block: it has 4,096 rows of some hundred bytes each."""
CREATE, UPDATE, DELETE, IDENTITY, ACCOUNT, SYNC = range(1, 7)
FIXED = "QqqBBHBBI"
"""The columns of numbers: sequence number, when it was witnessed, when it counts for others, kind, and the lengths of
the columns of bytes."""
FIXED_BYTES = struct.calcsize(f"<{FIXED}")


class ArchivedRow(NamedTuple):
    """An event. `witnessed_at`: when the archive learned of it, µs UTC. `payload`: DAG-CBOR."""

    kind: int
    witnessed_at: int
    collection: str
    did: str
    rkey: str
    rev: str
    payload: bytes


def rows_of(frame: bytes) -> Iterator[ArchivedRow]:
    """The rows of a block, in order. Raises InputError before the first one if it is damaged."""
    body = _decompressed(frame)
    if len(body) < 4:
        raise InputError("a block without rows")
    (rows,) = struct.unpack_from("<I", body)
    if 4 + rows * FIXED_BYTES > len(body):
        raise InputError("a block that breaks off")
    columns = list(_columns(body, rows))
    lengths = columns[4:]
    starts = list(accumulate(map(sum, lengths), initial=4 + rows * FIXED_BYTES))
    if starts[-1] != len(body):
        raise InputError("a block of another length than its columns")
    parts = [_parts(body, start, sizes) for start, sizes in zip(starts[:-1], lengths, strict=True)]
    for kind, at, *texts, payload in zip(columns[3], columns[1], *parts, strict=True):
        collection, did, rkey, rev = (bytes(text).decode("utf-8", "replace") for text in texts)
        yield ArchivedRow(kind, at, collection, did, rkey, rev, bytes(payload))


def _columns(body: bytes, rows: int) -> Iterator[Sequence[int]]:
    place = 4
    for code in FIXED:
        yield struct.unpack_from(f"<{rows}{code}", body, place)
        place += rows * struct.calcsize(f"<{code}")


def _parts(body: bytes, start: int, sizes: Sequence[int]) -> Iterator[memoryview]:
    view = memoryview(body)
    return (view[first:last] for first, last in pairwise(accumulate(sizes, initial=start)))


def _decompressed(frame: bytes) -> bytes:
    try:
        if zstandard.frame_content_size(frame) > MAX_BLOCK_BYTES:
            raise InputError(f"a block of more than {MAX_BLOCK_BYTES >> 20} MB")
        return zstandard.ZstdDecompressor().decompress(frame, max_output_size=MAX_BLOCK_BYTES)
    except zstandard.ZstdError as problem:
        raise InputError(f"a block that cannot be decompressed: {problem}") from None
