"""Merkle trees of RFC 6962, section 2: hashes, roots, proofs of consistency, and proofs of inclusion, also verified.
The files of a tree and its entries (C2SP tlog-tiles): names and contents.

Hashes are SHA-256, 32 bytes. Leaves are numbered from 0; a tree of size n has the leaves 0 … n - 1. Proofs are verified
with the algorithm of RFC 9162 (section 2.1.3.2), which has the same tree. A tile has up to 256 hashes of every eighth
tree level; a bundle has the up to 256 entries below a tile of level 0.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from itertools import accumulate

from hotpapers.base.errors import NotAProof
from hotpapers.base.grouping import sets_by_key

HASH = 32
"""Bytes of a hash."""
EMPTY_ROOT = hashlib.sha256(b"").digest()


def leaf_hash(entry: bytes) -> bytes:
    """The hash of a leaf."""
    return hashlib.sha256(b"\0" + entry).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """The hash of a node with two children."""
    return hashlib.sha256(b"\1" + left + right).digest()


class MerkleTree:
    """A growing tree. It keeps the hash of every full subtree, about two per leaf."""

    def __init__(self, leaf_hashes: Iterable[bytes]) -> None:
        self.levels: list[list[bytes]] = [[]]
        """`levels[k][i]`: the hash of the 2^k leaves starting at i · 2^k."""
        for leaf in leaf_hashes:
            self.append(leaf)

    @property
    def size(self) -> int:
        """The number of leaves."""
        return len(self.levels[0])

    def append(self, leaf: bytes) -> None:
        """Adds the hash of a leaf, and the nodes that it completes."""
        self.levels[0].append(leaf)
        level = 0
        while len(self.levels[level]) % 2 == 0:
            if level + 1 == len(self.levels):
                self.levels.append([])
            self.levels[level + 1].append(node_hash(*self.levels[level][-2:]))
            level += 1

    def root(self, size: int) -> bytes:
        """The root of the first `size` leaves."""
        return self._range(0, size) if size else EMPTY_ROOT

    def inclusion(self, index: int, size: int) -> list[bytes]:
        """The proof that a leaf is in the tree of a size (section 2.1.1), from its sibling up. Requires
        index < size."""
        nodes_above = self._nodes_above(index, size)
        return [sibling for *_, sibling in nodes_above][::-1]

    def consistency(self, old: int, size: int) -> list[bytes]:
        """The proof that the tree of size `old` is a prefix of the tree of a size (section 2.1.2). Empty if `old` is 0
        or equal to `size`. Requires old ≤ size."""
        if old in (0, size):
            return []
        path: list[bytes] = []
        for low, high, sibling in self._nodes_above(old - 1, size):
            path.insert(0, sibling)
            if high == old:
                path[:0] = [self._range(low, high)] if low else []
                break
        return path

    def _nodes_above(self, leaf: int, size: int) -> Iterator[tuple[int, int, bytes]]:
        """From the root's children down to a leaf: which leaves each node has, low … high - 1, and its sibling."""
        low = 0
        high = size
        while high - low > 1:
            middle = low + _split(high - low)
            if leaf < middle:
                sibling = self._range(middle, high)
                high = middle
            else:
                sibling = self._range(low, middle)
                low = middle
            yield low, high, sibling

    def _range(self, low: int, high: int) -> bytes:
        """The root of the leaves low … high - 1, where low is a multiple of a power of two not smaller than their
        number."""
        count = high - low
        if count & (count - 1) == 0:
            level = count.bit_length() - 1
            return self.levels[level][low >> level]
        middle = low + _split(count)
        return node_hash(self._range(low, middle), self._range(middle, high))


def _split(count: int) -> int:
    """The largest power of two less than `count`, which must be at least 2."""
    return int(1 << ((count - 1).bit_length() - 1))


def verify_inclusion(leaf: bytes, index: int, size: int, proof: Sequence[bytes], root: bytes) -> bool:
    """Whether a proof shows that a leaf's hash is at an index of the tree with a size and root."""
    if not 0 <= index < size:
        return False
    node = index
    last = size - 1
    value = leaf
    for sibling in proof:
        if last == 0:
            return False
        if node & 1 or node == last:
            value = node_hash(sibling, value)
            while node and not node & 1:
                node = node >> 1
                last = last >> 1
        else:
            value = node_hash(value, sibling)
        node = node >> 1
        last = last >> 1
    return last == 0 and value == root


# ---- files ----------------------------------------------------------------------------------------------

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
    starts = range(0, len(groups), 3)
    parts = [groups[n : n + 3] for n in starts]
    folders = (f"x{part}" for part in parts[:-1])
    name = "/".join([*folders, parts[-1]])
    return f"tile/{level}/{name}" + (f".p/{width}" if width < WIDTH else "")


def list_tiles(size: int) -> Iterator[tuple[int, int, int]]:
    """(level, index, width) of every tile of a tree with a size."""
    level = 0
    while count := size >> (HEIGHT * level):
        yield from ((level, index, WIDTH) for index in range(count // WIDTH))
        if count % WIDTH:
            yield level, count // WIDTH, count % WIDTH
        level += 1


def tile_hashes(tree: MerkleTree, level: int, index: int, width: int) -> bytes:
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
    needed = sets_by_key(((level, index), width) for level, index, width in names)
    for (level, index), tile_widths in needed.items():
        widest = max(tile_widths)
        is_full = widest == WIDTH
        hashes = tile_hashes(tree, level, index, widest)
        if level == 0:
            below = entries[index * WIDTH : index * WIDTH + widest]
        else:
            below = ()
        bundled = bundle_entries(below)
        sizes = (_PREFIX + len(entry) for entry in below)
        ends = [0, *accumulate(sizes)]
        for width in sorted(tile_widths):
            is_kept = width == WIDTH or not is_full
            yield tile_path(level, index, width), hashes[: width * HASH] if is_kept else b""
            if level == 0:
                yield tile_path("entries", index, width), bundled[: ends[width]] if is_kept else b""


def bundle_entries(entries: Sequence[bytes]) -> bytes:
    """Entries, each preceded by its length in two bytes."""
    prefixed = (len(entry).to_bytes(_PREFIX, "big") + entry for entry in entries)
    return b"".join(prefixed)


def read_bundle(data: bytes) -> tuple[list[bytes], int]:
    """The entries of a bundle, and where they end: there may be a part of another one."""
    entries = list[bytes]()
    at = 0
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
