"""Merkle trees: published roots, every proof for sizes up to 300; thousands of rewritten histories are all rejected."""

from __future__ import annotations

import random
from itertools import pairwise

import pytest

from hotpapers.wings.proof.merkle import (
    EMPTY_ROOT,
    MerkleTree,
    leaf_hash,
    node_hash,
    verify_inclusion,
)
from tests.wings.proof import reference
from tests.wings.proof.cosigners import verify_consistency

PUBLISHED = [
    ("", "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d"),
    ("00", "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125"),
    ("10", "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77"),
    ("2021", "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7"),
    ("3031", "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4"),
    ("40414243", "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef"),
    ("5051525354555657", "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c"),
    ("606162636465666768696a6b6c6d6e6f", "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328"),
]
"""Leaves, and the root after each: test data of the Certificate Transparency implementations."""
PUBLISHED_PATH = [
    "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
    "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
]
"""The path of leaf 5 of 8, from the same data."""
LARGEST_SIZE = 300


def tree_of(entries: list[bytes]) -> MerkleTree:
    return MerkleTree(map(leaf_hash, entries))


ENTRIES = [n.to_bytes(2, "big") for n in range(LARGEST_SIZE)]
TREE = tree_of(ENTRIES)


def test_published_roots_and_paths() -> None:
    tree = tree_of([bytes.fromhex(entry) for entry, _ in PUBLISHED])
    assert [tree.root(n).hex() for n in range(1, 9)] == [root for _, root in PUBLISHED]
    assert [node.hex() for node in tree.inclusion(5, 8)] == PUBLISHED_PATH
    assert (
        tree.root(0) == EMPTY_ROOT == bytes.fromhex("e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855")
    )


@pytest.mark.long
def test_every_inclusion_to_300_is_proved_and_at_no_other_place() -> None:
    for size in range(1, LARGEST_SIZE + 1):
        root = TREE.root(size)
        for index in range(size):
            path, leaf = TREE.inclusion(index, size), TREE.levels[0][index]
            assert verify_inclusion(leaf, index, size, path, root)
            assert not verify_inclusion(leaf, (index + 1) % (size + 1), size, path, root)
            assert not verify_inclusion(leaf, index, size, [*path, root], root)
            assert not path or not verify_inclusion(leaf, index, size, path[:-1], root)


@pytest.mark.long
def test_every_consistency_to_300_is_proved_and_with_no_other_root() -> None:
    roots = [TREE.root(size) for size in range(LARGEST_SIZE + 1)]
    for size in range(LARGEST_SIZE + 1):
        for old in range(size + 1):
            proof = TREE.consistency(old, size)
            assert verify_consistency(old, size, proof, roots[old], roots[size])
            if 0 < old < size:
                assert not verify_consistency(old, size, proof, roots[old - 1], roots[size])
                assert not verify_consistency(old, size, proof, roots[old], roots[size - 1])
                assert not verify_consistency(old - 1, size, proof, roots[old], roots[size])
                assert not verify_consistency(old, size, [], roots[old], roots[size])


@pytest.mark.parametrize("size", [*range(1, 40), 64, 65, 127, 200, 300])
def test_both_implementations_agree(size: int) -> None:
    entries = ENTRIES[:size]
    assert TREE.root(size) == reference.mth(entries)
    for index in range(0, size, 1 + size // 20):
        assert TREE.inclusion(index, size) == reference.path(index, entries)
        assert reference.root_of_path(entries[index], index, size, TREE.inclusion(index, size)) == TREE.root(size)
    for old in range(1, size + 1, 1 + size // 20):
        assert TREE.consistency(old, size) == reference.proof(old, entries)


def rewrites(entries: list[bytes], rng: random.Random) -> list[bytes]:
    """A history that rewrites the entries, of any length."""
    rewritten, at = list(entries), rng.randrange(len(entries))
    kind = rng.choice(["change", "remove", "add", "swap", "fork", "cut"])
    if kind == "change":
        rewritten[at] = rng.randbytes(2)
    elif kind == "remove":
        del rewritten[at]
    elif kind == "add":
        rewritten.insert(at, rng.randbytes(2))
    elif kind == "swap":
        other_index = rng.randrange(len(rewritten))
        rewritten[at], rewritten[other_index] = rewritten[other_index], rewritten[at]
    elif kind == "fork":
        rewritten[at:] = [rng.randbytes(2) for _ in range(rng.randrange(1, 40))]
    else:
        del rewritten[at + 1 :]
        rewritten[-1] = rng.randbytes(2)
    return rewritten


def forged_proofs(tree: MerkleTree, old: int, rng: random.Random) -> list[list[bytes]]:
    """What a dishonest log may send: its own proof, the honest one, or hashes left out, repeated or shuffled."""
    own_proof = tree.consistency(min(old, tree.size), tree.size)
    honest_proof = TREE.consistency(old, min(max(tree.size, old), LARGEST_SIZE))
    shuffled = rng.sample(own_proof, len(own_proof))
    return [
        own_proof,
        honest_proof,
        own_proof[1:],
        own_proof[:-1],
        [*own_proof, *own_proof[:1]],
        shuffled,
        [TREE.root(old), *own_proof],
        [rng.randbytes(32)],
    ]


@pytest.mark.long
def test_no_rewritten_history_is_accepted() -> None:
    rng = random.Random(13)
    proofs_tried = 0
    while proofs_tried < 10_000:
        old = rng.randrange(1, 80)
        rewritten = rewrites(ENTRIES[: rng.randrange(old, 100)], rng)
        if rewritten[:old] == ENTRIES[:old]:
            continue  # not a rewrite
        tree = tree_of(rewritten)
        for proof in forged_proofs(tree, old, rng):
            assert not verify_consistency(old, tree.size, proof, TREE.root(old), tree.root(tree.size))
            proofs_tried += 1
    assert proofs_tried >= 10_000


def test_a_node_is_no_leaf() -> None:
    left, right = TREE.levels[0][:2]
    assert leaf_hash(left + right) != node_hash(left, right)
    assert not verify_inclusion(node_hash(left, right), 0, 1, [], leaf_hash(left + right))
    assert all(left_hash != right_hash for left_hash, right_hash in pairwise(TREE.levels[0]))


def test_sizes_that_cannot_be() -> None:
    assert not verify_inclusion(b"", 0, 0, [], EMPTY_ROOT)
    assert not verify_inclusion(TREE.levels[0][0], -1, 1, [], TREE.root(1))
    assert not verify_consistency(2, 1, [], TREE.root(2), TREE.root(1))
    assert not verify_consistency(0, 1, [TREE.root(1)], EMPTY_ROOT, TREE.root(1))
    assert not verify_consistency(0, 1, [], TREE.root(1), TREE.root(1))
    assert not verify_consistency(1, 2, [], TREE.root(1), TREE.root(2))
    assert not verify_consistency(4, 8, [], TREE.root(4), TREE.root(8))
