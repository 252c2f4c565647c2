"""A batch's manifest: what it added, closed, pruned and forgot; each chained to the batch before.

It lists rows by number, and of each hash no more than names the row that was changed: the chain holds the hash of all
of them, its `root`. Numbers are a store's own and stand in no hash."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from itertools import accumulate, chain, groupby
from operator import itemgetter, sub
from typing import Any, NamedTuple

import msgspec
import zstandard

from hotpapers.store.commitments import canonical_json

HASH = 32
CHECK = 8
"""Bytes of a row's hash that are kept while the row is there."""

RowName = tuple[str, int]
"""A row: its kind and its number."""
Pair = tuple[int, int]
"""A row, or an identity, of an earlier batch: (position, index in that batch's manifest)."""
Remainder = tuple[int, int, str]
"""A row of which parts were forgotten, and the hash of what is left of it: see `StoredRow.remainder_hash`."""
ErasedIdentity = tuple[int, int, str]
"""An identity that was forgotten, and the pseudonym in its place."""


class BatchStamp(NamedTuple):
    """When a batch was written (µs UTC), of which source, and where that resumes; None where it stays."""

    at: int
    source: str
    cursor: str | None = None


class Manifest(msgspec.Struct, frozen=True):
    """The rows of a batch in order: `kinds` says how many of which kind follow each other, `steps` by how much each
    number is higher than the one before of its kind, `checks` how each hash begins, `root` is the SHA-256 of all
    hashes.

    `identities`: the first number and how many identities the batch brought; `persons`: how many of them, the first
    ones, are posts and accounts. `closed`, `pruned`, `forgotten` and `erased` speak of earlier batches; `kept`: by
    index the whole hashes of rows that were pruned since. `tombstones`: marks of what must not come back. `origins[i]`:
    the original that the item was read from, 0 for none; empty where no item was read from one."""

    kinds: list[tuple[str, int]]
    steps: list[int]
    checks: bytes
    root: bytes
    identities: tuple[int, int] = (0, 0)
    persons: int = 0
    kept: dict[int, bytes] = {}
    closed: list[Pair] = []
    pruned: list[Pair] = []
    forgotten: list[Remainder] = []
    erased: list[ErasedIdentity] = []
    tombstones: list[str] = []
    origins: list[int] = []

    def __len__(self) -> int:
        """How many rows there are."""
        return len(self.steps)

    def rows(self) -> Iterator[RowName]:
        """The rows in order."""
        at = 0
        for kind, count in self.kinds:
            for number in accumulate(self.steps[at : at + count]):
                yield kind, number
            at += count

    def check(self, index: int) -> bytes:
        """How the hash of the index-th row begins."""
        return self.checks[CHECK * index : CHECK * index + CHECK]

    def origin(self, index: int) -> int:
        """The original of the index-th item, 0 for none."""
        return self.origins[index] if self.origins else 0


def listing(rows: Iterable[RowName], hashes: Sequence[bytes], **changes: Any) -> Manifest:
    """A manifest of rows and their hashes; `changes`: its other fields."""
    groups = [(kind, [number for _, number in group]) for kind, group in groupby(rows, itemgetter(0))]
    return listing_of(groups, hashes, **changes)


def listing_of(groups: Sequence[tuple[str, Sequence[int]]], hashes: Sequence[bytes], **changes: Any) -> Manifest:
    """The same of rows as kinds with their numbers."""
    return Manifest(
        [(kind, len(numbers)) for kind, numbers in groups],
        list(chain.from_iterable(map(sub, numbers, (0, *numbers)) for _, numbers in groups)),
        b"".join([each[:CHECK] for each in hashes]),
        root_of(hashes),
        **changes,
    )


def root_of(hashes: Iterable[bytes]) -> bytes:
    """What the chain holds of a batch's rows: SHA-256 of their hashes, in order."""
    return hashlib.sha256(b"".join(hashes)).digest()


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
    count = len(listed)
    if (
        sum(number for _, number in listed.kinds) != count
        or len(listed.checks) != CHECK * count
        or len(listed.origins) not in (0, count)
        or not 0 <= listed.persons <= listed.identities[1]
        or listed.identities[0] < 0
    ):
        raise ValueError(f"{count} rows, {len(listed.checks)} bytes of hashes, {len(listed.origins)} origins")
    return listed


def link(before: bytes, position: int, stamp: BatchStamp, manifest: Manifest) -> bytes:
    """The batch's chain value: SHA-256(chain before ‖ SHA-256(header as RFC 8785 JSON) ‖ root).

    The header says how many posts and accounts came, what was forgotten, and its tombstones, only where there are any.
    Numbers are left out: each hash covers its item's key. So are origins: what is kept raw does not move with the
    record."""
    header: dict[str, Any] = {
        "at": stamp.at,
        "closed": manifest.closed,
        "cursor": stamp.cursor,
        "position": position,
        "pruned": manifest.pruned,
        "source": stamp.source,
    }
    rarely: dict[str, Any] = {
        "erased": manifest.erased,
        "forgotten": manifest.forgotten,
        "identities": manifest.persons,
        "tombstones": manifest.tombstones,
    }
    header |= {name: value for name, value in rarely.items() if value}
    return hashlib.sha256(before + hashlib.sha256(canonical_json(header)).digest() + manifest.root).digest()


def genesis(secret: bytes) -> bytes:
    """What the first batch is chained to: SHA-256("hotpapers record 1" ‖ secret). So the chain binds the secret too."""
    return hashlib.sha256(b"hotpapers record 1" + secret).digest()


def indices(manifest: Manifest) -> dict[RowName, int]:
    """Where each row stands."""
    return {row: index for index, row in enumerate(manifest.rows())}


def without(manifest: Manifest, pruned: dict[int, bytes]) -> Manifest:
    """The same manifest with the whole hashes of rows that go, by index; its chain value stays."""
    return msgspec.structs.replace(manifest, kept={**manifest.kept, **pruned})
