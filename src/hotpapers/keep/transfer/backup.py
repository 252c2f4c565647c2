"""Back up a whole store into one file, while others read and write, and restore it."""

from __future__ import annotations

import logging
import os
import tempfile
from bisect import bisect_left
from collections.abc import Mapping, Sequence
from contextlib import closing, suppress
from operator import attrgetter
from pathlib import Path
from typing import Any, NamedTuple

from hotpapers.base.errors import (
    CorruptStore,
    FullStore,
    NewerStore,
    NotAStore,
    NotFound,
    ReadOnlyStore,
    StoreError,
    UsageError,
)
from hotpapers.base.file_modes import PRIVATE, link_target, real_path
from hotpapers.base.logs import log_event
from hotpapers.keep.privacy import forget, forgotten_file
from hotpapers.keep.privacy.forgotten_file import DAMAGED, TOMBSTONE, ForgottenFile, ForgottenMark
from hotpapers.keep.transfer import queries
from hotpapers.record import batches, schema
from hotpapers.record.database import Database
from hotpapers.record.leftovers import FOLDER, check_part_exists, unfinished_copy
from hotpapers.record.meta import HOME, save_meta
from hotpapers.record.record import Record, current_time, is_server, open_database, store_path
from hotpapers.record.sqlite import SqliteDatabase, check_name


class RestoreResult(NamedTuple):
    """`position`: of the restored record. `lost_batches`: how many batches of the replaced store it lacks.
    `forgotten_again`: number of keys forgotten again. `aside`: where a damaged or newer store was moved."""

    position: int
    lost_batches: int
    forgotten_again: int
    aside: str


class _ReplacedStore(NamedTuple):
    """The data kept from the store that a backup replaces. `confirmed`: since when each subscriber is confirmed, by
    mark. `marks`: of who was forgotten and who left. `deliveries`: their states. `unreadable`: `damaged` or `newer` if
    it cannot be read."""

    where: str = ""
    position: int = 0
    secret: str = ""
    confirmed: Mapping[str, int] = {}
    marks: frozenset[ForgottenMark] = frozenset()
    copies: Sequence[tuple[int, str, str]] = ()
    deliveries: Sequence[tuple[Any, ...]] = ()
    unreadable: str = ""


# ---- backup --------------------------------------------------------------------------------------------


def back_up_store(record: Record, target: Path) -> int:
    """Copy the store into a SQLite store at `target`, also over another one, which the command `backup` refuses; the
    copy's position. The copy is remembered for `forget`.

    Raises UsageError if the target is this store, a folder or a device, NotAStore if it is another kind of file, and
    StoreError if it cannot be written or `forget` removed the unfinished copy.
    """
    check_name(target)
    if not target.parent.is_dir():
        raise UsageError(f"{target.parent}: no such folder for the backup; create it first")
    if isinstance(record.database, SqliteDatabase) and target.exists() and target.samefile(record.database.path):
        raise UsageError(f"{target}: is the store itself; name another file for the backup")
    if target.exists() and not target.is_file():  # a device such as /dev/null would be replaced for all programs
        raise UsageError(f"{target}: is not a file; name another one")
    if target.exists():
        SqliteDatabase(target).close()  # raises unless it is a store: other files must not be replaced
    forgotten_file.complete_file(record.database, record.hasher)
    with suppress(ReadOnlyStore, FullStore):  # such a store needs its backup even more
        queries.note_copy(record, "backup", str(real_path(target)))
        if isinstance(record.database, SqliteDatabase):
            save_meta(record.database, HOME, str(real_path(record.database.path).parent))
    try:
        with unfinished_copy(target) as (path, _):
            part = Path(path)
            copy_into(record.database, part)
            check_part_exists(part, target)
            position = _position(part)
            _put_backup(part, target)
    except OSError as problem:
        raise StoreError(f"{target}: cannot be written: {problem.strerror}") from problem
    return position


def _put_backup(part: Path, target: Path) -> None:
    """Put a finished backup at its target. If another process has the old backup open, its log would be taken for the
    new file's. So the file is then not replaced, but its content is, in one transaction."""
    if not target.with_name(target.name + "-wal").exists():
        os.replace(part, target)
        return
    with closing(SqliteDatabase(target)) as older, closing(SqliteDatabase(part)) as copied:
        older.become(copied)


def copy_into(database: Database, part: Path) -> None:
    """Copy a snapshot of a store into a new SQLite file."""
    if isinstance(database, SqliteDatabase):
        database.copy_to(part)
        return
    with (
        tempfile.TemporaryDirectory(dir=part.parent, prefix=FOLDER) as folder,
        closing(SqliteDatabase(Path(folder) / "copy.db")) as copied,
    ):
        copied.migrate(schema.MIGRATIONS)
        with database.snapshot(), copied.write():
            queries.copy_tables(database, copied, copied)
            queries.continue_originals(copied, queries.last_original(database))
        copied.copy_to(part)


def _position(backup_file: Path) -> int:
    """The position of a backup's record. The file is opened read-only."""
    with closing(SqliteDatabase(backup_file, read_only=True)) as copied:
        return batches.head(copied).position


# ---- restore -------------------------------------------------------------------------------------------


def restore_backup(source: Path, store: str, *, replace: bool = False, as_backed_up: bool = False) -> RestoreResult:
    """Replace a store by a backup, in one transaction. First, posts and accounts forgotten since the backup are
    forgotten in it too, and subscribers who left since then are removed, according to the replaced store and the file
    beside it.

    Raises NotFound if there is no backup, and UsageError if a record would be overwritten without `replace`, or if
    nothing says who was forgotten and `as_backed_up` is not given. A store that is damaged or from a newer program, and
    so cannot be read, is moved aside, not overwritten.
    """
    if not source.is_file():
        raise NotFound(f"{source}: no such backup")
    if not source.stat().st_size:
        raise NotAStore(f"{source}: is empty; nothing was restored")
    position = _position(source)
    replaced = _replaced_store(store)
    if not replace and (replaced.position or replaced.unreadable):
        content = (
            f"a {replaced.unreadable} store" if replaced.unreadable else f"a record of {replaced.position} batches"
        )
        raise UsageError(f"{replaced.where}: contains {content}; add --replace to replace it by the backup")
    store_folder = None if is_server(store) else store_path(store).absolute().parent
    if store_folder and not store_folder.is_dir():
        raise UsageError(f"{store_folder}: no such folder for the store; create it first")
    with tempfile.TemporaryDirectory(prefix=FOLDER, dir=store_folder) as folder:
        part = Path(folder) / "restored.db"
        with closing(SqliteDatabase(source, read_only=True)) as backed_up:
            backed_up.copy_to(part)
        with Record(str(part), create=False) as record:
            listed = ForgottenFile() if is_server(store) else _listed(store_path(store), record)
            problem = "" if replaced.secret == record.secret() else listed.problem
            lost = _lost_batches(store, record, replaced.position) if replaced.position else 0
            known = _with_file(replaced, record, listed.marks)
            if (known is None or problem == DAMAGED) and not as_backed_up:
                lack = problem if problem == DAMAGED else "has no entries for this record"
                raise UsageError(
                    f"{_file_name(store)} {lack}, so anyone forgotten or unsubscribed since the backup was made would "
                    "be restored; add --as-backed-up if there was nobody"
                )
            forgotten = _take_over(record, known or replaced)
            aside = replaced.unreadable and f"{link_target(store_path(store)).absolute()}.{replaced.unreadable}"
            if aside:  # it contains people's words, so `forget` must name it
                queries.note_copy(record, f"{replaced.unreadable} store", aside)
        if aside:
            _move_aside(link_target(store_path(store)), aside)
        _put(part, store)
    with Record(store, create=False) as record:
        forgotten_file.complete_file(record.database, record.hasher)
    if problem:
        reason = f"{_file_name(store)} {problem}"
        log_event(f"{reason}: somebody forgotten or unsubscribed since may be back", level=logging.WARNING)
    return RestoreResult(position, lost, forgotten, aside)


def _replaced_store(store: str) -> _ReplacedStore:
    try:
        with Record(store, create=False) as record:
            confirmed = queries.confirmed_since(record.database)
            marks = forgotten_file.marks_of(record.database)
            copies = queries.copies(record.database)
            all_delivery_states = queries.all_delivery_states(record.database)
            return _ReplacedStore(
                record.database.where,
                record.head.position,
                record.secret(),
                confirmed,
                marks,
                copies,
                all_delivery_states,
            )
    except NotFound:
        return _ReplacedStore()
    except NotAStore as problem:
        raise NotAStore(f"{problem}; move it away to restore a backup there") from problem
    except (CorruptStore, NewerStore) as problem:
        if is_server(store):
            raise
        unreadable = "newer" if isinstance(problem, NewerStore) else "damaged"
        return _ReplacedStore(str(store_path(store)), unreadable=unreadable)


def _lost_batches(store: str, restored: Record, position: int) -> int:
    """How many batches of a store a restored record lacks; all up to the position if the store is damaged."""
    with suppress(StoreError), Record(store, create=False) as record:
        return lacking_batches(record, restored)
    return position


def lacking_batches(record: Record, other: Record) -> int:
    """How many batches of a record another one lacks: those after the last that both have."""
    position = record.head.position
    shared = bisect_left(
        range(1, position + 1),
        True,
        key=lambda n: batches.chain_at(record.database, n) != batches.chain_at(other.database, n),
    )
    return position - shared


def _with_file(
    replaced: _ReplacedStore, restored: Record, lines: frozenset[ForgottenMark] | None
) -> _ReplacedStore | None:
    """Combines the replaced store's data about the restored record with the lines of the sidecar file. Returns None if
    neither knows that record."""
    is_same_record = replaced.secret == restored.secret()
    if lines is None:
        return replaced if is_same_record else None
    known = replaced if is_same_record else replaced._replace(marks=frozenset(), deliveries=(), confirmed={})
    # not of subscribers who have confirmed again since
    marks = known.marks.union(
        line for line in lines if line.what == TOMBSTONE or known.confirmed.get(line.mark, 0) <= line.at
    )
    return known._replace(secret=restored.secret(), marks=marks)


def _listed(path: Path, restored: Record) -> ForgottenFile:
    file = forgotten_file.file_beside(path)
    try:
        return forgotten_file.read_whole(file, restored.hasher)
    except OSError as problem:
        raise UsageError(f"{file}: cannot be read: {problem.strerror}; nothing was restored") from problem


def _file_name(store: str) -> str:
    return "the database" if is_server(store) else str(forgotten_file.file_beside(store_path(store)))


def _move_aside(path: Path, aside: str) -> None:
    for suffix in ("", "-wal", "-shm"):
        file = Path(f"{path}{suffix}")
        target = Path(f"{aside}{suffix}")
        target.unlink(missing_ok=True)  # from an earlier restore
        if file.exists():
            file.replace(target).chmod(PRIVATE)


def _take_over(record: Record, replaced: _ReplacedStore) -> int:
    """Repeat the replaced store's forgetting, and keep its list of copies; the number of keys forgotten."""
    with record.database.write():
        queries.add_copies(record.database, replaced.copies)
        if record.secret() != replaced.secret:
            return 0
        forgotten = {mark for mark in replaced.marks if mark.what == TOMBSTONE}
        leavers = sorted(replaced.marks - forgotten, key=attrgetter("at"))
        queries.merge_leavers(record.database, leavers)
        queries.merge_delivery_states(record.database, replaced.deliveries)
        marks = frozenset(mark.mark for mark in forgotten) - record.forgotten().known
        if not marks:
            return 0
        keys = queries.keys_marked(record, marks)
        forget.erase_keys(record, keys, marks=marks, at=current_time())
    record.database.erase_traces()
    return len(keys)


def _put(part: Path, store: str) -> None:
    """Copy the prepared backup into the store in one transaction, so a crash leaves the old or the new content."""
    with closing(open_database(store)) as target, closing(SqliteDatabase(part)) as copied:
        if isinstance(target, SqliteDatabase):
            target.become(copied)
            return
        target.migrate(schema.MIGRATIONS)
        with target.write():
            queries.copy_tables(copied, target, copied)
            queries.restart_numbers(copied, target)
