"""A publication's history as a transparency log: Merkle tree, signed checkpoints, tiles, proofs, cosignatures.

    merkle, tiles            RFC 6962 trees and proofs; the files that hold one (C2SP tlog-tiles)
    notes, checkpoints       signed text, and what witnesses sign (C2SP signed-note, tlog-checkpoint, tlog-cosignature)
    policies                 how many witnesses must sign (C2SP tlog-policy)
    proofs                   a proof that an entry is in a log, as one text (C2SP tlog-proof)
    signatures               the only file that imports `cryptography`

A log contains only digests. Its format and its limits: docs/explanation/proof.md.
"""
