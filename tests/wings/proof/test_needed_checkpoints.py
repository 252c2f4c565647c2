"""Deleting checkpoints changes no proof of an issue, even if witnesses were late or absent."""

from __future__ import annotations

import hashlib
import random
from pathlib import Path

import pytest

pytest.importorskip("cryptography", reason="signatures need the extra `transparency`")

from hotpapers.wings.proof import entries, notes
from hotpapers.wings.proof.log_files import LogEntries, StoredLog
from hotpapers.wings.proof.merkle import WIDTH, MerkleTree, leaf_hash
from hotpapers.wings.proof.notes import COSIGNATURE_ED25519, Checkpoint, SigningKey
from hotpapers.wings.proof.policies import witness_policy
from hotpapers.wings.proof.publication_log import unneeded_sizes
from hotpapers.wings.proof.site_logs import PublicationLogs
from tests.wings.proof.cosigners import Cosigner, cosign

KEY = SigningKey("papers.example/log/daily/1", bytes(range(32)))
WITNESS = Cosigner("w.example", COSIGNATURE_ED25519, bytes(range(1, 33)))
POLICY = f"witness w {WITNESS.verifier}\nquorum w\n"
FOLDER = Path("daily/1")
SIZE = 3 * WIDTH + 40


def log_of(rng: random.Random) -> StoredLog:
    """One leaf in ten is an issue; a checkpoint every one to four leaves, half of them cosigned, except in one gap."""
    leaves = [
        entries.issue_entry(hashlib.sha256(b"%d" % n).hexdigest()) if n % 10 == 3 else b"other %d" % n
        for n in range(SIZE)
    ]
    tree = MerkleTree(map(leaf_hash, leaves))
    sizes, gap = [SIZE], range(rng.randrange(SIZE), SIZE, 1)[:60]
    while sizes[-1] > 4:
        sizes.append(sizes[-1] - rng.randrange(1, 5))
    checkpoints = []
    for size in reversed(sizes):
        checkpoint = Checkpoint(KEY.name, size, tree.root(size))
        lines = [notes.sign_note(checkpoint.text, KEY)]
        if size not in gap and rng.random() < 0.5:
            lines.append(cosign(checkpoint, WITNESS, size))
        checkpoints.append(checkpoint._replace(signatures=tuple(lines)))
    return StoredLog(FOLDER, LogEntries(leaves), checkpoints, KEY.verifier)


@pytest.mark.parametrize("policy", ["", POLICY])
@pytest.mark.parametrize("seed", range(3))
def test_no_proof_changes(seed: int, policy: str) -> None:
    log = log_of(random.Random(seed))
    unneeded = unneeded_sizes(log, witness_policy(policy))
    needed = [checkpoint for checkpoint in log.checkpoints if checkpoint.size not in unneeded]
    assert len(unneeded) > 100 and max(unneeded) < 2 * WIDTH
    assert all(checkpoint in needed for checkpoint in log.checkpoints if checkpoint.size >= 2 * WIDTH)
    logs_before = PublicationLogs(FOLDER.parent, [log], policy)
    logs_after = PublicationLogs(FOLDER.parent, [StoredLog(FOLDER, log.entries, needed, log.key)], policy)
    digests = [entry[1:].hex() for entry in log.entries if entry[:1] == entries.ISSUE]
    proofs = [logs_before.proof(digest) for digest in digests]
    assert [logs_after.proof(digest) for digest in digests] == proofs
    assert sum(proof is not None and proof.complete for proof in proofs) > 60
    assert unneeded_sizes(StoredLog(FOLDER, log.entries, needed, log.key), witness_policy(policy)) == []


@pytest.mark.parametrize("policy", ["", POLICY])
@pytest.mark.parametrize("seed", range(3))
def test_the_issues_that_wait_for_witnesses(seed: int, policy: str) -> None:
    log = log_of(random.Random(seed))
    early = [signed for signed in log.checkpoints if signed.size < WIDTH or len(signed.signatures) == 1]
    logs = PublicationLogs(FOLDER.parent, [StoredLog(FOLDER, log.entries, early, log.key)], policy)
    digests = [*(entry[1:].hex() for entry in log.entries if entry[:1] == entries.ISSUE), "ab" * 32]
    complete = [proof.complete if proof else None for proof in map(logs.proof, digests)]
    assert list(map(logs.is_complete, digests)) == complete
    incomplete = complete.count(False)
    assert len(digests) > 70 and (40 < incomplete < 60 if policy else not incomplete)


def test_a_young_log_keeps_all() -> None:
    log = log_of(random.Random(1))
    young_log = StoredLog(
        FOLDER,
        log.entries,
        [checkpoint for checkpoint in log.checkpoints if checkpoint.size < 2 * WIDTH],
        log.key,
    )
    assert (
        unneeded_sizes(young_log, witness_policy("")) == []
        and unneeded_sizes(StoredLog(FOLDER), witness_policy("")) == []
    )
