"""A batch's manifest: what it added, closed and pruned; each chained to the batch before."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Any

import msgspec
import zstandard

from hotpapers.record.items import canonical_json

GENESIS = hashlib.sha256(b"hotpapers record 1").digest()
"""What the first batch is chained to."""

HASH = 32


class Manifest(msgspec.Struct, frozen=True):
    """`labels[i]` (kind, key …, moment) names the item whose hash is `hashes[32 i : 32 i + 32]`.

    `closed` and `pruned` name rows of earlier batches: (position, index in that batch's manifest).
    """

    labels: list[tuple[Any, ...]]
    hashes: bytes
    closed: list[tuple[int, int]] = []
    pruned: list[tuple[int, int]] = []

    def hash(self, index: int) -> bytes:
        """The hash of the index-th item."""
        return self.hashes[HASH * index : HASH * index + HASH]


_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(Manifest).decode


def pack(manifest: Manifest) -> bytes:
    """A manifest as it is stored: MessagePack, Zstandard."""
    return zstandard.ZstdCompressor(level=1).compress(_encode(manifest))


def unpack(blob: bytes) -> Manifest:
    """The inverse of `pack`."""
    return _decode(zstandard.ZstdDecompressor().decompress(blob, max_output_size=2**31))


def link(before: bytes, position: int, at: int, source: str, cursor: str | None, manifest: Manifest) -> bytes:
    """The batch's chain value: SHA-256(chain before ‖ SHA-256(header as RFC 8785 JSON) ‖ hashes).

    Labels are left out: each hash covers its item's key, and a label changes when its key is forgotten.
    """
    header: dict[str, Any] = {
        "at": at,
        "closed": manifest.closed,
        "cursor": cursor,
        "position": position,
        "pruned": manifest.pruned,
        "source": source,
    }
    return hashlib.sha256(before + hashlib.sha256(canonical_json(header)).digest() + manifest.hashes).digest()


def index_of(manifest: Manifest, label: Sequence[Any]) -> int:
    """The index of a label. Raises ValueError."""
    return manifest.labels.index(tuple(label))
