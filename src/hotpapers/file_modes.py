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


def linked(path: Path) -> Path:
    """The file itself, where a path is a symbolic link to it: there or not."""
    return path.resolve() if path.is_symlink() else path


def make_private(path: Path) -> None:
    """Makes an empty file for the owner alone, unless something is there; behind a symbolic link too. Where it cannot
    be made, nothing happens: whoever opens it next says why."""
    with suppress(OSError):
        os.close(_private(str(linked(path)), os.O_WRONLY | os.O_CREAT | os.O_EXCL))


def open_private(path: Path) -> BinaryIO:
    """Opens a file to write it anew, readable by the owner alone. Raises OSError."""
    return open(path, "wb", opener=_private)


def open_published(path: str | Path) -> BinaryIO:
    """Opens a file to write it anew, readable by everybody. Raises OSError."""
    return open(path, "wb", opener=_published)


def is_private(path: Path) -> bool:
    """Whether nobody but its owner may read or write a file; a device or a pipe always is. Raises OSError."""
    mode = path.stat().st_mode
    return not stat.S_ISREG(mode) or not mode & 0o077


def _private(path: str, flags: int) -> int:
    return _open_private(path, flags, PRIVATE)


def _published(path: str, flags: int) -> int:
    return _open_private(path, flags, PUBLISHED_FILE)


def _open_private(path: str, flags: int, mode: int) -> int:
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
    missing = list(takewhile(lambda path: not path.exists(), (folder, *folder.parents)))
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
        return not is_private(file)
    except OSError:
        return False
