"""Files left by killed backups, exports and restores: complete copies of a store under other names."""

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
"""The suffix of an unfinished copy's name."""
FOLDER = ".hotpapers-"
"""The prefix of the names of folders in which copies are prepared."""
AT_WORK = 600.0
"""Seconds since its last write after which a folder is not in use anymore."""


def unfinished_copy(target: Path) -> Path:
    """The path of a copy until it is finished."""
    return target.with_name(target.name + PART)


def check_part_exists(part: Path, target: Path) -> None:
    """Raise StoreError if an unfinished copy was deleted meanwhile: `forget` mistook it for a killed one's, or it
    contained words that were being forgotten."""
    if not part.exists():
        raise StoreError(
            f"{target}: not written, because `hotpapers forget` ran meanwhile, which removes unfinished copies; run "
            "the same command again"
        )


def remove_unfinished(database: Database) -> list[str]:
    """Remove the leftovers of killed copies next to this store and where its copies went.

    Returns the paths that could not be removed or may be in use.
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
    """Remove a path if possible, but not a folder just written to, which a running restore may use."""
    with suppress(OSError):
        if not path.is_dir():
            path.unlink()
        elif time.time() - max(file.stat().st_mtime for file in (path, *path.iterdir())) > AT_WORK:
            shutil.rmtree(path)
    return not path.exists()
