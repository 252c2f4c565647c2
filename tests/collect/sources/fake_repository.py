"""Made-up AT Protocol repositories, intact or damaged.

The tree follows https://atproto.com/specs/repository: a key's level is the number of leading pairs of zero bits in its
SHA-256.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from typing import Any

import libipld

from tests.collect.sources.bluesky_events import ANNA, tid

Blocks = dict[bytes, bytes]


def block(value: Any, blocks: Blocks) -> bytes:
    """Adds a value; returns its CID."""
    data = libipld.encode_dag_cbor(value)
    cid = b"\x01\x71\x12\x20" + hashlib.sha256(data).digest()
    blocks[cid] = data
    return cid


def layer(key: str) -> int:
    """The level of a key in the tree, from 0."""
    bits = f"{int.from_bytes(hashlib.sha256(key.encode()).digest()):0256b}"
    return (len(bits) - len(bits.lstrip("0"))) // 2


def tree(leaves: Sequence[tuple[str, bytes]], blocks: Blocks, level: int | None = None) -> bytes | None:
    """Adds the nodes above some sorted leaves; returns the root's CID, or None if there are no leaves."""
    level = max((layer(key) for key, _ in leaves), default=0) if level is None else level
    if not leaves and level >= 0:
        return None
    parts: list[list[tuple[str, bytes]]] = [[]]
    own: list[tuple[str, bytes]] = []
    for leaf in leaves:
        if layer(leaf[0]) == level:
            own.append(leaf)
            parts.append([])
        else:
            parts[-1].append(leaf)
    below = [tree(part, blocks, level - 1) if part else None for part in parts]
    entries, last = [], ""
    for (key, cid), right in zip(own, below[1:], strict=True):
        prefix_length = next(
            (n for n, (a, b) in enumerate(zip(last, key, strict=False)) if a != b), min(len(last), len(key))
        )
        entries.append({"p": prefix_length, "k": key[prefix_length:].encode(), "v": cid, "t": right})
        last = key
    return block({"l": below[0], "e": entries}, blocks)


def fake_repository(
    records: Mapping[str, Any], *, did: str = ANNA, at: int = 1_783_100_000_000_000, **more: Any
) -> tuple[bytes, Blocks]:
    """The commit's CID and all blocks of a repository. `records`: by path; `at`: the commit's time."""
    blocks: Blocks = {}
    leaves = sorted((path, block(record, blocks)) for path, record in records.items())
    root = tree(leaves, blocks) or block({"l": None, "e": []}, blocks)
    commit = {"did": did, "version": 3, "data": root, "rev": tid(at), "prev": None, "sig": bytes(64)} | more
    return block(commit, blocks), dict(reversed(blocks.items()))


def car(root: bytes, blocks: Mapping[bytes, bytes]) -> bytes:
    """A CAR file with the given blocks."""
    header = libipld.encode_dag_cbor({"version": 1, "roots": [root]})
    return b"".join([varint(len(header)), header, *(section(cid, data) for cid, data in blocks.items())])


def section(cid: bytes, data: bytes) -> bytes:
    """One block as a section of a CAR file."""
    return varint(len(cid) + len(data)) + cid + data


def varint(number: int) -> bytes:
    """Unsigned LEB128."""
    return bytes([number]) if number < 128 else bytes([number & 127 | 128]) + varint(number >> 7)
