"""A batch's manifest: the rows that it added, closed, pruned and forgot. Each is chained to the batch before.

It lists rows by number, with only the first bytes of each hash, which suffice to find the changed row. The chain covers
`root`, the hash of all hashes. Numbers are local to a store and not part of any hash."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from itertools import accumulate, chain, groupby
from operator import itemgetter, sub
from typing import Any, NamedTuple

import msgspec
import zstandard

from hotpapers.record.commitments import canonical_json

HASH = 32
CHECK = 8
"""Bytes of a row's hash that are kept while the row exists."""

RowName = tuple[str, int]
"""A row: its kind and number."""
Pair = tuple[int, int]
"""A row or identity of an earlier batch: (position, index in that batch's manifest)."""
Remainder = tuple[int, int, str]
"""A row of which parts were forgotten, and the hash of the rest; see `StoredRow.remainder_hash`."""
ErasedIdentity = tuple[int, int, str]
"""A forgotten identity, and the pseudonym that replaced its key."""


class BatchStamp(NamedTuple):
    """When a batch was written (µs UTC), its source, and the source's new cursor; None if it does not change."""

    at: int
    source: str
    cursor: str | None = None


class Manifest(msgspec.Struct, frozen=True):
    """The rows of a batch in order. `kinds`: the kinds and their numbers of rows. `steps`: the difference of each
    row's number from the one before of its kind. `checks`: the first bytes of each hash. `root`: the SHA-256 of all
    hashes.

    `identities`: the first number and the count of identities added. `persons`: how many of them are posts and
    accounts, which come first. `closed`, `pruned`, `forgotten`, `erased`: rows and identities of earlier batches.
    `kept`: by index, the whole hashes of rows that were pruned later. `tombstones`: marks of keys and names that must
    not come back. `origins[i]`: the raw payload from which the item was parsed, 0 for none; empty if there are none."""

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
        """The number of rows."""
        return len(self.steps)

    def rows(self) -> Iterator[RowName]:
        """The rows in order."""
        at = 0
        for kind, count in self.kinds:
            for number in accumulate(self.steps[at : at + count]):
                yield kind, number
            at += count

    def check(self, index: int) -> bytes:
        """The first bytes of the hash of the index-th row."""
        return self.checks[CHECK * index : CHECK * index + CHECK]

    def origin(self, index: int) -> int:
        """The raw payload of the index-th item, 0 for none."""
        return self.origins[index] if self.origins else 0


def build_manifest(rows: Iterable[RowName], hashes: Sequence[bytes], **changes: Any) -> Manifest:
    """A manifest of rows and their hashes; `changes`: its other fields."""
    groups = [(kind, [number for _, number in group]) for kind, group in groupby(rows, itemgetter(0))]
    return listing_of(groups, hashes, **changes)


def listing_of(groups: Sequence[tuple[str, Sequence[int]]], hashes: Sequence[bytes], **changes: Any) -> Manifest:
    """A manifest of rows given as kinds with their numbers, and of their hashes."""
    return Manifest(
        [(kind, len(numbers)) for kind, numbers in groups],
        list(chain.from_iterable(map(sub, numbers, (0, *numbers)) for _, numbers in groups)),
        b"".join([each[:CHECK] for each in hashes]),
        root_of(hashes),
        **changes,
    )


def root_of(hashes: Iterable[bytes]) -> bytes:
    """The hash of a batch's rows that the chain covers: SHA-256 of their hashes, in order."""
    return hashlib.sha256(b"".join(hashes)).digest()


_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(Manifest).decode


def pack(manifest: Manifest) -> bytes:
    """A manifest as stored: MessagePack, compressed with Zstandard."""
    return zstandard.ZstdCompressor(level=1).compress(_encode(manifest))


def unpack(blob: bytes) -> Manifest:
    """A stored manifest, as `pack` wrote it. Raises ValueError for anything else."""
    try:
        listed = _decode(zstandard.ZstdDecompressor().decompress(blob, max_output_size=2**31))
    except (zstandard.ZstdError, MemoryError) as problem:
        raise ValueError(f"not a manifest: {problem}") from problem
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


def chain_value(before: bytes, position: int, stamp: BatchStamp, manifest: Manifest) -> bytes:
    """The batch's chain value: SHA-256(chain before ‖ SHA-256(header as RFC 8785 JSON) ‖ root).

    The header gives the number of new posts and accounts, what was forgotten, and the tombstones, each only if there
    are any. Row numbers are left out, because each hash covers its item's key. Origins are left out, because raw
    payloads are not exported with the record."""
    header: dict[str, Any] = {"position": position, "closed": manifest.closed, "pruned": manifest.pruned}
    rarely: dict[str, Any] = {
        "erased": manifest.erased,
        "forgotten": manifest.forgotten,
        "identities": manifest.persons,
        "tombstones": manifest.tombstones,
    }
    header |= stamp._asdict() | {name: value for name, value in rarely.items() if value}
    hasher = hashlib.sha256(canonical_json(header))
    return hashlib.sha256(before + hasher.digest() + manifest.root).digest()


def genesis_value(secret: bytes) -> bytes:
    """The value to which the first batch is chained: SHA-256("hotpapers record 1" ‖ secret). So the chain covers the
    secret too."""
    return hashlib.sha256(b"hotpapers record 1" + secret).digest()
