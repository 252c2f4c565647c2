"""The append-only file beside a SQLite store, `hotpapers.db.forgotten`. When a backup replaces a lost or damaged store,
it shows who was forgotten and which subscribers left since the backup.

    secret 0f3a…              the store whose marks follow: a hash of its secret
    tombstone 5d41… 1767…     the mark of a forgotten key, and when (µs UTC)
    ended 9c1e… 1767…         the mark of a subscriber who left, or `bounced`, and since when

Marks are keyed by the secret, which is not in the file. Lines are written before the change is committed, so a crash
may leave an extra line, but never loses one. `complete` adds lines that could not be written.
"""

from __future__ import annotations

import hashlib
import logging
import os
import re
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

from hotpapers import file_modes
from hotpapers.logs import log_event
from hotpapers.privacy import queries
from hotpapers.store import tombstones
from hotpapers.store.database import Database
from hotpapers.store.item_rows import KeyedHasher
from hotpapers.store.sqlite import SqliteDatabase

SUFFIX = ".forgotten"
_LINE = re.compile(r"(secret) ([0-9a-f]{32})|(tombstone|ended|bounced) ([0-9a-f]{32}) ([0-9]{1,19})")


class ForgottenMark(NamedTuple):
    """One line. `what`: tombstone, ended or bounced. `at`: since when, µs UTC."""

    what: str
    mark: str
    at: int


def file_of(database: Database) -> Path | None:
    """The file of a store; None for a store on a server, which has none."""
    return file_beside(database.path) if isinstance(database, SqliteDatabase) else None


def file_beside(store: Path) -> Path:
    """The file of a store in a file. It is the same through whichever link the store is opened."""
    own = file_modes.linked(store)
    return own.with_name(own.name + SUFFIX)


def fingerprint(hasher: KeyedHasher) -> str:
    """Identifies a store's marks without revealing its secret."""
    return hashlib.blake2b(b"", key=hasher.secret, digest_size=16, person=b"fingerprint").hexdigest()


def read(file: Path, hasher: KeyedHasher) -> frozenset[ForgottenMark] | None:
    """A store's marks in a file; None if the file has no entries for this store or does not exist.

    Truncated lines are ignored. Raises OSError if the file exists but cannot be read.
    """
    try:
        text = file.read_bytes().decode("ascii", "replace")
    except FileNotFoundError:
        return None
    own_fingerprint, known, entries = fingerprint(hasher), False, set()
    inside = False
    for line in text.splitlines():
        match = _LINE.fullmatch(line)
        if match and match[1]:
            inside = match[2] == own_fingerprint
            known = known or inside
        elif match and inside:
            entries.add(ForgottenMark(match[3], match[4], int(match[5])))
    return frozenset(entries) if known else None


def append(database: Database, hasher: KeyedHasher, lines: Iterable[ForgottenMark]) -> None:
    """Add marks. Call inside the transaction that makes them. A missing file is created with all marks."""
    file = file_of(database)
    if file is None:
        return
    if not file.exists():
        complete(database, hasher)
    _write(file, hasher, lines)


def complete(database: Database, hasher: KeyedHasher) -> None:
    """Add all marks that the file lacks; creates the file if needed."""
    file = file_of(database)
    if file is None:
        return
    try:
        known = read(file, hasher)
    except OSError as problem:
        _complain(file, problem)
        return
    missing = sorted(_of_store(database) - (known or frozenset()))
    if missing or known is None:
        _write(file, hasher, missing)


def _of_store(database: Database) -> set[ForgottenMark]:
    known_tombstones = (ForgottenMark("tombstone", mark, at) for mark, at in tombstones.all_tombstones(database))
    return {*known_tombstones, *(ForgottenMark(*row) for row in queries.marks_of_leavers(database))}


def _write(file: Path, hasher: KeyedHasher, lines: Iterable[ForgottenMark]) -> None:
    """Append marks, starting with the store's fingerprint on a new line, in case a crash left a partial line."""
    text = "".join([f"\nsecret {fingerprint(hasher)}\n", *(f"{kind} {mark} {at}\n" for kind, mark, at in lines)])
    try:
        file_modes.make_private(file)
        with open(file, "ab", buffering=0) as out:
            out.write(text.encode())
            os.fsync(out.fileno())
    except OSError as problem:
        _complain(file, problem)


def _complain(file: Path, problem: OSError) -> None:
    """Log the problem only: forgetting and unsubscribing must not fail because of this file."""
    log_event(
        "cannot write the list of who was forgotten beside the store",
        level=logging.WARNING,
        file=file,
        reason=problem.strerror,
    )
