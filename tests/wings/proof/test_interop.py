"""Agreement with `aics-tlog` from PyPI, an independent implementation of the same specifications.

Only these tests need it (`pip install aics-tlog aics-witness`, Python 3.12 or later). They are skipped without it,
leaving `reference.py` as the only other implementation.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("cryptography", reason="signatures need the extra `transparency`")

from cryptography.hazmat.primitives.asymmetric import ed25519

from hotpapers.wings.proof import merkle, notes
from hotpapers.wings.proof.merkle import MerkleTree, leaf_hash
from hotpapers.wings.proof.notes import Checkpoint, cosigned_at
from tests.wings.proof.cosigners import cosign
from tests.wings.proof.test_formats import AT, LOG, WITNESS, signed_checkpoint

aics: Any = pytest.importorskip("aics_tlog", reason="aics-tlog is not installed: pip install aics-tlog (Python 3.12)")
ENTRIES = [n.to_bytes(2, "big") for n in range(700)]
TREE = MerkleTree(map(leaf_hash, ENTRIES))


def test_their_proofs_are_ours() -> None:
    their_tree = aics.MerkleTree(ENTRIES)
    for size in range(1, 700, 31):
        assert aics.MerkleTree(ENTRIES[:size]).root() == TREE.root(size)
        proof = TREE.consistency(size, 700)
        assert aics.verify_consistency(size, 700, TREE.root(size), TREE.root(700), proof)
        for index in range(0, size, 1 + size // 7):
            path = TREE.inclusion(index, size)
            assert aics.verify_inclusion(leaf_hash(ENTRIES[index]), index, size, path, TREE.root(size))
    assert their_tree.root() == TREE.root(700)


def test_they_read_our_tiles(tmp_path: Path) -> None:
    for path, data in merkle.files_of(TREE, ENTRIES, merkle.list_tiles(700)):
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_bytes(data)
    reader = aics.FileSystemTileReader(tmp_path)
    assert aics.tree_root_from_tiles(reader, 700) == TREE.root(700)
    assert aics.read_entry(reader, 699, 700) == ENTRIES[699]
    assert aics.inclusion_proof_from_tiles(reader, 300, 700) == TREE.inclusion(300, 700)
    assert aics.consistency_proof_from_tiles(reader, 256, 700) == TREE.consistency(256, 700)


def test_they_check_our_signatures() -> None:
    our_checkpoint = signed_checkpoint(cosign(_checkpoint(), WITNESS, AT), checkpoint=_checkpoint())
    log, witness = (aics.parse_vkey(str(key.verifier)) for key in (LOG, WITNESS))
    result = aics.verify_checkpoint(aics.parse_note(str(our_checkpoint)), log, [witness], 1, now=AT)
    assert result.ok and (result.size, result.root, result.timestamps) == (200, TREE.root(200), {WITNESS.name: AT})
    other_note = our_checkpoint._replace(size=199)
    assert not aics.verify_checkpoint(aics.parse_note(str(other_note)), log, [witness], 1, now=AT).ok


def test_we_check_their_signatures() -> None:
    key, cosigner = (ed25519.Ed25519PrivateKey.from_private_bytes(key_pair.seed) for key_pair in (LOG, WITNESS))
    their_checkpoint = aics.sign_checkpoint(aics.parse_checkpoint(_checkpoint().text), key, LOG.name).serialise()
    assert notes.is_signed(notes.parse_checkpoint(their_checkpoint), [LOG.verifier])
    _, line = aics.sign_cosignature(cosigner, WITNESS.name, AT, LOG.name, 200, TREE.root(200))
    signature = notes.NoteSignature(line.name, line.key_id, line.signature)
    assert cosigned_at(_checkpoint()._replace(signatures=(signature,)), WITNESS.verifier) == AT


def _checkpoint() -> Checkpoint:
    return Checkpoint(LOG.name, 200, TREE.root(200))
