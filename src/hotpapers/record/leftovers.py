"""Files left by killed backups, exports and restores: complete copies of a store, which forgetting must delete, too."""

from __future__ import annotations

import errno
import fcntl
import os
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from hotpapers.base import errors, file_modes
from hotpapers.record.database import Database
from hotpapers.record.sqlite import SqliteDatabase

FOLDER = file_modes.TEMPORARY
"""The prefix of the names of folders in which copies are prepared."""
_KIND = "copy"
"""Tells unfinished copies of a store from other temporary files in the same folder."""
AT_WORK = 600.0
"""Seconds since its last write after which a folder is no longer in use."""


@contextmanager
def unfinished_copy(target: Path) -> Iterator[file_modes.TemporaryFile]:
    """A private file for a copy until it is finished, beside its place. Raises OSError."""
    with file_modes.temporary_file(target.parent, file_modes.PRIVATE, _KIND) as part:
        try:
            yield part
        finally:
            _remove_companions(part.path)


def _remove_companions(path: str) -> None:
    """Removes the files that SQLite keeps beside a store that is being written."""
    for suffix in ("-journal", "-wal", "-shm"):
        with suppress(OSError):
            os.unlink(f"{path}{suffix}")


def check_part_exists(part: str | Path, target: Path) -> None:
    """Raise StoreError if an unfinished copy was deleted meanwhile: `forget` mistook it for a killed one's, or it
    contained words that were being forgotten."""
    if not os.path.exists(part):
        raise errors.StoreError(
            f"{target}: not written, because `hotpapers forget` ran meanwhile, which removes unfinished copies; run "
            "the same command again"
        )


def remove_unfinished(database: Database) -> list[str]:
    """Remove the leftovers of killed copies next to this store and where its copies went.

    Returns the paths that could not be removed or may be in use.
    """
    return sorted(str(path) for path in _leftovers(database) if not _is_removed(path))


def _leftovers(database: Database) -> Iterator[Path]:
    targets = database.rows("SELECT DISTINCT target FROM copy")
    folders = {Path(target).parent for (target,) in targets if target != "-"}
    if isinstance(database, SqliteDatabase):
        folders.add(database.path.absolute().parent)
    for folder in folders:
        yield from file_modes.temporary_files(folder, _KIND)
        with suppress(OSError):
            yield from (path for path in folder.glob(f"{FOLDER}*") if path.is_dir())


def _is_removed(path: Path) -> bool:
    """Remove a path if possible, but not a folder in use: one that an import has locked, or one just written to,
    which a running restore may use."""
    with suppress(OSError):
        if not path.is_dir():
            path.unlink()
            _remove_companions(str(path))
        elif time.time() - max(file.stat().st_mtime for file in (path, *path.iterdir())) > AT_WORK:
            remove_unlocked(path)
    return not path.exists()


def remove_unlocked(folder: Path) -> None:
    """Remove a folder. Raises OSError if a process holds a lock on it."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as problem:
            if problem.errno == errno.EWOULDBLOCK:  # otherwise a file system without locks
                raise
        shutil.rmtree(folder, ignore_errors=True)
    finally:
        os.close(descriptor)
