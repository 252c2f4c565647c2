"""The file beside a SQLite store by which a backup, put in the place of a lost or damaged store, knows who was
forgotten and who has left since it was made: `hotpapers.db.forgotten`, to which lines are only ever added.

    secret 0f3a…              whose marks follow: a hash of the store's secret
    tombstone 5d41… 1767…     the mark of a forgotten key, and when (µs UTC)
    ended 9c1e… 1767…         the mark of a subscriber who has left, or `bounced`, and since when

Marks are keyed by the secret, which is not in the file. A line is written before what it tells of is committed: a crash
in between leaves a line too many, never one too few. What could not be written is made up for by `complete`.
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
    """One mark: `tombstone`, `ended` or `bounced`; since when, µs UTC."""

    what: str
    mark: str
    at: int


def file_of(database: Database) -> Path | None:
    """The file of a store; None for one on a server, whose database is asked instead."""
    return beside(database.path) if isinstance(database, SqliteDatabase) else None


def beside(store: Path) -> Path:
    """The file of a store in a file: one, by whichever link the store is opened."""
    own = file_modes.linked(store)
    return own.with_name(own.name + SUFFIX)


def fingerprint(hasher: KeyedHasher) -> str:
    """What tells a store's marks from another's, and nothing of its secret."""
    return hashlib.blake2b(b"", key=hasher.secret, digest_size=16, person=b"fingerprint").hexdigest()


def read(file: Path, hasher: KeyedHasher) -> frozenset[ForgottenMark] | None:
    """The marks of a store in a file; None where the file says nothing of that store, or is not there.

    A line that a crash cut off says nothing. Raises OSError where the file is there and cannot be read.
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
    """Adds marks, in the midst of the transaction that makes them. A file that is not there is begun with all."""
    file = file_of(database)
    if file is None:
        return
    if not file.exists():
        complete(database, hasher)
    _write(file, hasher, lines)


def complete(database: Database, hasher: KeyedHasher) -> None:
    """Adds whatever the store knows and the file does not; begins the file where there is none."""
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
    """Each addition names whose marks they are, and begins on a line of its own, whatever a crash left."""
    text = "".join([f"\nsecret {fingerprint(hasher)}\n", *(f"{kind} {mark} {at}\n" for kind, mark, at in lines)])
    try:
        file_modes.make_private(file)
        with open(file, "ab", buffering=0) as out:
            out.write(text.encode())
            os.fsync(out.fileno())
    except OSError as problem:
        _complain(file, problem)


def _complain(file: Path, problem: OSError) -> None:
    """Somebody who leaves is not to be kept because a file cannot be written."""
    log_event("not kept beside the store", level=logging.WARNING, file=file, reason=problem.strerror)
