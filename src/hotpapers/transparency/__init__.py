"""A publication's history as a transparency log: Merkle tree, signed checkpoints, tiles, proofs, cosignatures.

    merkle, tiles            RFC 6962 trees and proofs; the files that hold one (C2SP tlog-tiles)
    notes, checkpoints       signed text, and what witnesses sign (C2SP signed-note, tlog-checkpoint, tlog-cosignature)
    policies                 how many witnesses must sign (C2SP tlog-policy)
    proofs                   that something stands in a log, in one text (C2SP tlog-proof)
    signatures               the only file that imports `cryptography`

A log holds digests alone. Its format and its limits: docs/explanation/proof.md.
"""
