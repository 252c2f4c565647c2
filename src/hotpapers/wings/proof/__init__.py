"""A publication's history as a transparency log: Merkle tree, signed checkpoints, tiles, proofs, cosignatures.

    merkle, tiles            RFC 6962 trees and proofs; the files that hold one (C2SP tlog-tiles)
    notes, checkpoints       signed text, and what witnesses sign (C2SP signed-note, tlog-checkpoint, tlog-cosignature)
    policies                 how many witnesses must sign (C2SP tlog-policy)
    proofs                   a proof that an entry is in a log, as one text (C2SP tlog-proof)
    signatures               the only file that imports `cryptography`
    entries, log_files, log_keys   a log's leaves, its folder, and the key that signs it
    publication_log          extends a log from the store (`queries`); observation_files: its hourly observations
    config                   where the logs are, and what a command adds to them; site_logs: those on a site's pages
    witness_client           has a log cosigned by witnesses (C2SP tlog-witness)
    saved_issues             checks a saved page; mirrors: a copy of a whole site, and makes one
    saved_answers            a saved answer about an issue, compared with what its content gives
    issue_proof, log_pages   an issue's proof and a log, on pages
    log_keeping              extends logs while the program runs, and writes their files alone
    observations             published observations, without words and names
    alarms                   what is wrong with a log, until it is acknowledged
    settings, cli, wing      `[transparency]`; `hotpapers log`; what the wing hooks into the core

docs/examples/check_proof.py checks proofs without this package.

A log contains only digests. Its format and its limits: docs/wings/proof.md.
"""
