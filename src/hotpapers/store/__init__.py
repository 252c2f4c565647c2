"""The store: every observation, written once, in chained batches, in SQLite or PostgreSQL.

record         `Record`: opened, written in batches, viewed at a moment
batches        one transaction, one position, one manifest; manifest: what a batch added, closed, forgot
item_rows      items as rows and as hashes; item_checks: what an item must be before it is written
as_of          rows as observed up to a moment and known at a position; ordered_scan: all of them in order
parsing        payloads with what was read from them, before any lock
raw_archive    raw payloads; quarantine: those that no parser could read; reparse: parsed again
tombstones     which posts and people were forgotten; redaction: rows without words
reaction_marks which reaction was for which post
verify         the chain, then every row; chain_check: what a frozen issue says of it
database       what is asked of a database: sqlite, postgres, schema (migrations)
"""

from __future__ import annotations

from hotpapers.store.as_of import AsOfView
from hotpapers.store.batches import WrittenBatch
from hotpapers.store.record import Record, now

__all__ = ["AsOfView", "Record", "WrittenBatch", "now"]
