"""A batch's manifest: what it added, closed, pruned and forgot; each chained to the batch before."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Any

import msgspec
import zstandard

from hotpapers.store.item_rows import canonical_json

HASH = 32

Label = tuple[str | int, ...]
"""Kind, key and moment of an item; the kind alone once the row is pruned."""
Pair = tuple[int, int]
"""A row of an earlier batch: (position, index in that batch's manifest)."""
Seal = tuple[int, int, str]
"""A row of which parts were forgotten, and the hash of what is left of it: see `items.seal`."""


class Manifest(msgspec.Struct, frozen=True):
    """`labels[i]` names the item whose hash is `hashes[32 i : 32 i + 32]`.

    `closed`, `pruned` and `forgotten` speak of rows of earlier batches. `tombstones`: marks of what must not come back.
    `origins[i]`: the original that the item was read from, 0 for none; empty where no item was read from one.
    """

    labels: list[Label]
    hashes: bytes
    closed: list[Pair] = []
    pruned: list[Pair] = []
    forgotten: list[Seal] = []
    tombstones: list[str] = []
    origins: list[int] = []

    def hash(self, index: int) -> bytes:
        """The hash of the index-th item."""
        return self.hashes[HASH * index : HASH * index + HASH]

    def origin(self, index: int) -> int:
        """The original of the index-th item, 0 for none."""
        return self.origins[index] if self.origins else 0


_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(Manifest).decode


def pack(manifest: Manifest) -> bytes:
    """A manifest as it is stored: MessagePack, Zstandard."""
    return zstandard.ZstdCompressor(level=1).compress(_encode(manifest))


def unpack(blob: bytes) -> Manifest:
    """The inverse of `pack`. Raises ValueError for anything else."""
    try:
        listed = _decode(zstandard.ZstdDecompressor().decompress(blob, max_output_size=2**31))
    except (zstandard.ZstdError, MemoryError) as problem:
        raise ValueError(f"no manifest: {problem}") from problem
    count = len(listed.labels)
    if len(listed.hashes) != HASH * count or len(listed.origins) not in (0, count):
        raise ValueError(f"{count} labels, {len(listed.hashes)} bytes of hashes, {len(listed.origins)} origins")
    return listed


def link(before: bytes, position: int, at: int, source: str, cursor: str | None, manifest: Manifest) -> bytes:
    """The batch's chain value: SHA-256(chain before ‖ SHA-256(header as RFC 8785 JSON) ‖ hashes).

    The header says what was forgotten, and its tombstones, only where there are any. Labels are left out: each hash
    covers its item's key, and a label changes when its key is forgotten. So are origins: what is kept raw does not
    move with the record.
    """
    header: dict[str, Any] = {
        "at": at,
        "closed": manifest.closed,
        "cursor": cursor,
        "position": position,
        "pruned": manifest.pruned,
        "source": source,
    }
    rarely = {"forgotten": manifest.forgotten, "tombstones": manifest.tombstones}
    header |= {name: said for name, said in rarely.items() if said}
    return hashlib.sha256(before + hashlib.sha256(canonical_json(header)).digest() + manifest.hashes).digest()


def genesis(secret: bytes) -> bytes:
    """What the first batch is chained to: SHA-256("hotpapers record 1" ‖ secret). So the chain binds the secret too."""
    return hashlib.sha256(b"hotpapers record 1" + secret).digest()


def indices(manifest: Manifest) -> dict[Label, int]:
    """Where each label stands."""
    return {label: index for index, label in enumerate(manifest.labels)}


def relabelled(manifest: Manifest, names: dict[int, Label]) -> Manifest:
    """The same manifest with other labels at some indices; its chain value stays."""
    labels: Sequence[Label] = [names.get(index, label) for index, label in enumerate(manifest.labels)]
    return msgspec.structs.replace(manifest, labels=list(labels))
