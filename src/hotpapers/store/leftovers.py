"""What backups, exports and restores leave behind that were killed: whole copies of a store, under other names."""

from __future__ import annotations

import shutil
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from hotpapers.errors import StoreError
from hotpapers.store.database import Database
from hotpapers.store.sqlite import SqliteDatabase

PART = ".part"
"""What the name of a copy ends in until it is whole."""
FOLDER = ".hotpapers-"
"""What the names of the folders begin with in which copies are prepared."""
AT_WORK = 600.0
"""Seconds for which a folder that was written to may still be in use."""


def unfinished_copy(target: Path) -> Path:
    """Where a copy is written until it is whole."""
    return target.with_name(target.name + PART)


def check_there(part: Path, target: Path) -> None:
    """Raises StoreError where a copy is gone before it could be put in its place: it was taken for what a killed one
    left, or it held somebody's words who was being forgotten meanwhile."""
    if not part.exists():
        raise StoreError(
            f"{target}: not written: `hotpapers forget` removes unfinished copies, and ran meanwhile; run the same "
            "command again."
        )


def remove_unfinished(database: Database) -> list[str]:
    """Removes what killed copies of this store left beside it and where copies of it went.

    Returns what could not be removed, or may be in use.
    """
    return sorted(str(path) for path in _leftovers(database) if not _is_removed(path))


def _leftovers(database: Database) -> Iterator[Path]:
    targets = {Path(target) for (target,) in database.rows("SELECT DISTINCT target FROM copy") if target != "-"}
    folders = {target.parent for target in targets}
    if isinstance(database, SqliteDatabase):
        folders.add(database.path.absolute().parent)
    yield from (unfinished_copy(target) for target in targets if unfinished_copy(target).exists())
    for folder in folders:
        with suppress(OSError):
            yield from (path for path in folder.glob(f"{FOLDER}*") if path.is_dir())


def _is_removed(path: Path) -> bool:
    """Folders that were just written to may be those of a restore that runs now."""
    with suppress(OSError):
        if not path.is_dir():
            path.unlink()
        elif time.time() - max(file.stat().st_mtime for file in (path, *path.iterdir())) > AT_WORK:
            shutil.rmtree(path)
    return not path.exists()
