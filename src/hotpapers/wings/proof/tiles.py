"""The files of a Merkle tree and its entries (C2SP tlog-tiles): names and contents. Pure.

A tile has up to 256 hashes of every eighth tree level; a bundle has the up to 256 entries below a tile of level 0.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from itertools import accumulate

from hotpapers.base.errors import NotAProof
from hotpapers.wings.proof.merkle import HASH, MerkleTree

HEIGHT = 8
WIDTH = 1 << HEIGHT
CHECKPOINT_PATH = "checkpoint"
_PREFIX = 2
"""Bytes of the length before each entry of a bundle."""
MAX_ENTRY_BYTES = 256
"""Most bytes of an entry of somebody else's log: today's have at most 51, and a million of them are kept."""


@lru_cache(maxsize=4 * WIDTH)
def tile_path(level: int | str, index: int, width: int = WIDTH) -> str:
    """`tile/0/x001/x234/067`, with `.p/` and the width for a partial tile. `level`: a number, or `entries`."""
    groups = f"{index:03d}"
    groups = groups.zfill(-(-len(groups) // 3) * 3)
    parts = [groups[n : n + 3] for n in range(0, len(groups), 3)]
    name = "/".join([*(f"x{part}" for part in parts[:-1]), parts[-1]])
    return f"tile/{level}/{name}" + (f".p/{width}" if width < WIDTH else "")


def widths(size: int) -> Iterator[tuple[int, int, int]]:
    """(level, index, width) of every tile of a tree with a size."""
    level = 0
    while count := size >> (HEIGHT * level):
        yield from ((level, index, WIDTH) for index in range(count // WIDTH))
        if count % WIDTH:
            yield level, count // WIDTH, count % WIDTH
        level += 1


def tile(tree: MerkleTree, level: int, index: int, width: int) -> bytes:
    """The concatenated hashes of a tile."""
    return b"".join(tree.levels[HEIGHT * level][index * WIDTH : index * WIDTH + width])


def files_of(
    tree: MerkleTree, entries: Sequence[bytes], names: Iterable[tuple[int, int, int]]
) -> Iterator[tuple[str, bytes]]:
    """(path, bytes) of tiles, given by level, index and width, and at level 0 of the bundles of the entries below them;
    no bytes for a partial one that is full by now.

    A partial one is the beginning of a wider one, so only the widest is put together: a growing tile has up to 255
    partial ones.
    """
    needed: dict[tuple[int, int], set[int]] = defaultdict(set)
    for level, index, width in names:
        needed[level, index].add(width)
    for (level, index), tile_widths in needed.items():
        widest = max(tile_widths)
        is_full = widest == WIDTH
        hashes = tile(tree, level, index, widest)
        below = entries[index * WIDTH : index * WIDTH + widest] if level == 0 else ()
        bundled, ends = bundle(below), [0, *accumulate(_PREFIX + len(entry) for entry in below)]
        for width in sorted(tile_widths):
            is_kept = width == WIDTH or not is_full
            yield tile_path(level, index, width), hashes[: width * HASH] if is_kept else b""
            if level == 0:
                yield tile_path("entries", index, width), bundled[: ends[width]] if is_kept else b""


def bundle(entries: Sequence[bytes]) -> bytes:
    """Entries, each preceded by its length in two bytes."""
    return b"".join(len(entry).to_bytes(_PREFIX, "big") + entry for entry in entries)


def read_bundle(data: bytes) -> tuple[list[bytes], int]:
    """The entries of a bundle, and where they end: there may be a part of another one."""
    entries, at = list[bytes](), 0
    while at + _PREFIX <= len(data):
        start = at + _PREFIX
        end = start + int.from_bytes(data[at:start], "big")
        if end > len(data):
            break
        entries.append(data[start:end])
        at = end
    return entries, at


def entries_of(data: bytes, width: int) -> list[bytes]:
    """The entries of a bundle of somebody else's log, which is read before its root can be checked, so it must not fill
    the memory. Raises NotAProof unless there are `width` of them, all whole and none too long."""
    entries, end = read_bundle(data)
    if end < len(data):
        raise NotAProof("the bundle of entries ends within an entry")
    if len(entries) != width:
        raise NotAProof(f"its leaves do not match its checkpoint: {len(entries):,} in a bundle of {width}")
    if max(map(len, entries)) > MAX_ENTRY_BYTES:
        raise NotAProof(f"has a leaf of more than {MAX_ENTRY_BYTES} bytes")
    return entries
