"""Merkle trees of RFC 6962, section 2: hashes, roots, proofs of consistency, and proofs of inclusion, also verified.

Hashes are SHA-256, 32 bytes. Leaves are numbered from 0; a tree of size n has the leaves 0 … n - 1. Proofs are verified
with the algorithm of RFC 9162 (section 2.1.3.2), which has the same tree.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence

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

    def __init__(self, leaf_hashes: Iterable[bytes] = ()) -> None:
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
        path: list[bytes] = []
        low, high = 0, size
        while high - low > 1:
            middle = low + _split(high - low)
            path.append(self._range(middle, high) if index < middle else self._range(low, middle))
            low, high = (low, middle) if index < middle else (middle, high)
        return path[::-1]

    def consistency(self, old: int, size: int) -> list[bytes]:
        """The proof that the tree of size `old` is a prefix of the tree of a size (section 2.1.2). Empty if `old` is 0
        or equal to `size`. Requires old ≤ size."""
        if old in (0, size):
            return []
        path: list[bytes] = []
        low, high = 0, size
        while high != old:
            middle = low + _split(high - low)
            path.append(self._range(middle, high) if old <= middle else self._range(low, middle))
            low, high = (low, middle) if old <= middle else (middle, high)
        return [*([self._range(low, high)] if low else []), *path[::-1]]

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
    node, last, value = index, size - 1, leaf
    for sibling in proof:
        if last == 0:
            return False
        if node & 1 or node == last:
            value = node_hash(sibling, value)
            while node and not node & 1:
                node, last = node >> 1, last >> 1
        else:
            value = node_hash(value, sibling)
        node, last = node >> 1, last >> 1
    return last == 0 and value == root
