"""The file beside a SQLite store, `hotpapers.db.forgotten`. When a backup replaces a lost or damaged store, it shows
who was forgotten and which subscribers left since the backup; `backup.restore_backup` forgets them again.

    hotpapers-forgotten 2 0000000000000211 77ab…    how many bytes follow at least, and a hash of these
    secret 0f3a… 2 all        the store whose marks follow: a hash of its secret; `all`: these are all
    tombstone 5d41… 1767…     the mark of a forgotten key, and when (µs UTC)
    ended 9c1e… 1767…         the mark of a subscriber who left, or `bounced`, and since when
    damaged                   before this the file was damaged; stores without `all` after it may lack marks

Marks are keyed by the secret, which is not in the file. Lines are added at the end, before the change is committed: a
crash may leave an extra line, but never loses one, and a file that has lost anything is recognized. `complete_file`
adds lines that could not be written. Files of earlier versions have no first line.
"""

from __future__ import annotations

import fcntl
import hashlib
import logging
import os
import re
from collections.abc import Collection, Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO, NamedTuple

from hotpapers.base import file_modes
from hotpapers.base.logs import log_event
from hotpapers.keep.privacy import queries
from hotpapers.record import sqlite, tombstones
from hotpapers.record.database import Database
from hotpapers.record.item_rows import KeyedHasher

SUFFIX = ".forgotten"
_NAME = "hotpapers-forgotten"
_HEADER = re.compile(rf"{_NAME} 2 ([0-9]{{16}}) ([0-9a-f]{{32}})\n".encode())
_LINE = re.compile(
    r"(secret) ([0-9a-f]{32})( 2)?( all)?|(tombstone|ended|bounced) ([0-9a-f]{32}) ([0-9]{1,18})|damaged"
)
TOMBSTONE = "tombstone"
DAMAGED = "is damaged or has lost its end"
UNMARKED = "was written by an earlier version, so it does not show whether it is complete"


class ForgottenMark(NamedTuple):
    """One line. `what`: tombstone, ended or bounced. `at`: since when, µs UTC."""

    what: str
    mark: str
    at: int


def file_of(database: Database) -> Path | None:
    """The file of a store; None for a store on a server, which has none."""
    return file_beside(database.path) if isinstance(database, sqlite.SqliteDatabase) else None


def file_beside(store: Path) -> Path:
    """The file of a store in a file. It is the same through whichever link the store is opened."""
    own = file_modes.link_target(store)
    return own.with_name(own.name + SUFFIX)


def marks_fingerprint(hasher: KeyedHasher) -> str:
    """Identifies a store's marks without revealing its secret."""
    return hashlib.blake2b(b"", key=hasher.secret, digest_size=16, person=b"fingerprint").hexdigest()


class ForgottenFile(NamedTuple):
    """A file's entries for a store. `marks`: None if it has none. `problem`: DAMAGED or UNMARKED, or empty. `body`: its
    bytes without the first line. `is_broken`: they are not those that were written."""

    marks: frozenset[ForgottenMark] | None = None
    problem: str = ""
    body: bytes = b""
    is_broken: bool = False


def read_whole(file: Path, hasher: KeyedHasher) -> ForgottenFile:
    """A store's marks in a file, and whether the file is whole.

    Truncated lines are ignored. Raises OSError if the file exists but cannot be read.
    """
    try:
        return _parsed(file.read_bytes(), hasher)
    except FileNotFoundError:
        return ForgottenFile()


def _parsed(data: bytes, hasher: KeyedHasher) -> ForgottenFile:
    header = _HEADER.match(data)
    own = marks_fingerprint(hasher)
    entries = set[ForgottenMark]()
    body = data[header.end() :] if header else data
    is_known = is_inside = lacks_marks = is_newer = False
    for line in body.decode("ascii", "replace").splitlines():
        match = _LINE.fullmatch(line)
        if match and match[1]:
            is_inside = match[2] == own
            is_newer = is_newer or bool(match[3])
            is_known = is_known or is_inside
            lacks_marks = lacks_marks and not (is_inside and match[4])
        elif match and match[5] and is_inside:
            forgotten_mark = ForgottenMark(match[5], match[6], int(match[7]))
            entries.add(forgotten_mark)
        elif match and not match[5]:
            lacks_marks = True
    is_broken = is_newer or data.startswith(_NAME[:4].encode())
    if header:
        size = int(header[1])
        is_broken = len(body) < size or _checksum(body[:size]) != header[2].decode()
    problem = "" if header or not data else UNMARKED
    if is_broken or lacks_marks:
        problem = DAMAGED
    return ForgottenFile(frozenset(entries) if is_known else None, problem, body, is_broken)


def _checksum(data: bytes) -> str:
    return hashlib.blake2b(data, digest_size=16).hexdigest()


def complete_file(database: Database, hasher: KeyedHasher, new: Collection[ForgottenMark] = ()) -> None:
    """Add new marks to a whole file, else all that it lacks; creates the file if needed. Call inside the transaction
    that makes new marks."""
    file = file_of(database)
    if file is None:
        return
    try:
        with _locked(file) as stream:
            old = _parsed(stream.read(), hasher)
            if old.is_broken:
                log_event(f"the list of who was forgotten {DAMAGED}", level=logging.WARNING, file=file)
            is_whole = old.marks is not None and not old.problem
            marks = {*new, *(() if new and is_whole else marks_of(database))}
            missing = marks - (old.marks or frozenset()) if is_whole else marks
            if missing or not is_whole:
                body = old.body + _block(old, hasher, missing, all_marks=not is_whole)
                header = f"{_NAME} 2 {len(body):016d} {_checksum(body)}\n".encode()
                file_modes.write_atomically(file_modes.link_target(file), header + body, file_modes.PRIVATE)
    except OSError as problem:
        # Log the problem only: forgetting and unsubscribing must not fail because of this file
        log_event(
            "cannot write the list of who was forgotten beside the store",
            level=logging.WARNING,
            file=file,
            reason=problem.strerror,
        )


@contextmanager
def _locked(file: Path) -> Iterator[BinaryIO]:
    """The file, created if it does not exist, while no other process writes to it."""
    while True:
        file_modes.make_private(file)
        with open(file, "rb") as stream:
            with suppress(OSError):  # a file system without locks
                fcntl.flock(stream, fcntl.LOCK_EX)
            if os.path.samestat(os.fstat(stream.fileno()), file.stat()):  # not replaced meanwhile
                yield stream
                return


def marks_of(database: Database) -> frozenset[ForgottenMark]:
    """All marks of a store."""
    known_tombstones = ((TOMBSTONE, *row) for row in tombstones.all_tombstones(database))
    rows = (*known_tombstones, *queries.marks_of_leavers(database))
    return frozenset(ForgottenMark(*row) for row in rows)


def _block(old: ForgottenFile, hasher: KeyedHasher, marks: Iterable[ForgottenMark], *, all_marks: bool) -> bytes:
    """Lines to add, starting with the store's fingerprint on a new line, in case a crash left a partial line."""
    head = ["\ndamaged" if old.is_broken else "", f"secret {marks_fingerprint(hasher)} 2{' all' * all_marks}"]
    return "\n".join([*head, *(f"{kind} {mark} {at}" for kind, mark, at in sorted(marks)), ""]).encode()
