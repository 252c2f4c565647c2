"""Who may read what the program writes, whatever the umask: its own files the owner alone, published ones everybody."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable
from contextlib import suppress
from itertools import takewhile
from pathlib import Path
from typing import BinaryIO

PRIVATE = 0o600
PUBLISHED_FILE, PUBLISHED_FOLDER = 0o644, 0o755


def make_private(path: Path) -> None:
    """Makes an empty file for the owner alone, unless something is there. Where it cannot be made, nothing happens:
    whoever opens it next says why."""
    with suppress(OSError):
        os.close(_private(str(path), os.O_WRONLY | os.O_CREAT | os.O_EXCL))


def open_private(path: Path) -> BinaryIO:
    """Opens a file to write it anew, readable by the owner alone. Raises OSError."""
    return open(path, "wb", opener=_private)


def open_published(path: str | Path) -> BinaryIO:
    """Opens a file to write it anew, readable by everybody. Raises OSError."""
    return open(path, "wb", opener=_published)


def _private(path: str, flags: int) -> int:
    return _opened(path, flags, PRIVATE)


def _published(path: str, flags: int) -> int:
    return _opened(path, flags, PUBLISHED_FILE)


def _opened(path: str, flags: int, mode: int) -> int:
    """A new file never has more rights than `mode`; an old one, or one that the umask cut down, gets exactly these."""
    file = os.open(path, flags, mode)
    try:
        if stat.S_ISREG(os.fstat(file).st_mode):
            os.fchmod(file, mode)
    except BaseException:
        os.close(file)
        raise
    return file


def make_published_folders(folder: Path) -> None:
    """Makes a folder, and those above it that are missing, which everybody may enter; those that are there stay as they
    are. Raises OSError."""
    missing = list(takewhile(lambda one: not one.exists(), (folder, *folder.parents)))
    for path in reversed(missing):
        with suppress(FileExistsError):  # another process was faster
            path.mkdir()
            path.chmod(PUBLISHED_FOLDER)
    folder.mkdir(exist_ok=True)


def too_open(files: Iterable[Path]) -> list[Path]:
    """Those of some files that are there and that others than their owner may read or write."""
    return [file for file in files if _others_may(file)]


def _others_may(file: Path) -> bool:
    try:
        found = file.stat().st_mode
    except OSError:
        return False
    return stat.S_ISREG(found) and bool(found & 0o077)
