"""The store: every observation, written once, in chained batches, in SQLite or PostgreSQL.

record         `Record`: open a store, write batches, view it at a moment
batches        one transaction, one position, one manifest; manifest: what a batch added, closed and forgot
item_rows      items as rows and as hashes; row_groups: many at once; item_checks: validation before writing
identities     posts, accounts and papers by number; commitments: what hashes cover instead of words and keys
as_of          rows as observed up to a moment and known at a position; ordered_scan: all rows in order; readings:
               whether and when networks were read
parsing        payloads and the items parsed from them, before any lock is taken
raw_archive    raw payloads, also unreadable ones in quarantine; reparse: parse payloads again
tombstones     which posts and accounts were forgotten; wordless_rows: rows without words
reaction_marks which post a reaction belongs to; paper_names: what papers are called
meta           the store's own values; statistics: its figures
verify         check the chain, then every row; or a frozen issue against the chain
issue_contents decode frozen issues
database       the interface to databases: sqlite, schema (migrations); leftovers: files of killed backups, which
               forgetting deletes

What this package imports is what most of the program uses of it.
"""

from __future__ import annotations

from hotpapers.record.as_of import AsOfView
from hotpapers.record.batches import WrittenBatch, cursor_of, last_written_at
from hotpapers.record.commitments import canonical_json
from hotpapers.record.database import (
    Database,
    column_among,
    first_column,
    first_value,
    rows_among,
    sql_placeholders,
    statement_slices,
)
from hotpapers.record.identities import NUMBER, NUMBERS, is_pseudonym, key_begins, key_of, numbers_of
from hotpapers.record.item_rows import (
    SPECS,
    RowOf,
    StoredRow,
    columns_with_commitments,
    read_row,
    read_with_commitments,
    select_columns,
)
from hotpapers.record.meta import read_meta, read_prefixed, save_meta, write_meta
from hotpapers.record.record import Record, current_time, is_server, store_path
