"""A publication's history as a transparency log: Merkle tree, signed checkpoints, tiles, proofs, cosignatures.

    merkle                   RFC 6962 trees and proofs, and the files that hold one (C2SP tlog-tiles)
    notes                    signed text: checkpoints, what witnesses sign, proofs (C2SP signed-note and tlog-…)
    policies                 how many witnesses must sign (C2SP tlog-policy)
    signatures               the only file that imports `cryptography`
    entries, log_files, log_keys   a log's leaves, its folder, and the key that signs it
    publication_log          extends a log from the store (`queries`)
    site_logs                where a site's logs are, what a command adds, and what is on its pages, with proofs
    witness_client           has a log cosigned by witnesses (C2SP tlog-witness)
    saved_issues             checks a saved page; mirrors: a copy of a whole site, and makes one
    log_keeping              extends logs while the program runs, and writes their files alone
    observations             published observations, without words and names, and their hourly files
    alarms                   what is wrong with a log, until it is acknowledged
    settings, commands, wing   `[transparency]`; `hotpapers log`; registers the wing's hooks

docs/examples/check_proof.py checks proofs without this package.

A log contains only digests. Its format and its limits: docs/wings/proof.md.
"""
