"""File permissions, whatever the umask: the program's own files are private, published ones readable by everyone."""

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
    """The target of a path that is a symbolic link, whether or not it exists; else the path itself."""
    return path.resolve() if path.is_symlink() else path


def make_private(path: Path) -> None:
    """Creates an empty file that only the owner can read, following symbolic links, unless it exists. Errors are
    ignored: opening the file next will raise them."""
    with suppress(OSError):
        os.close(_private(str(linked(path)), os.O_WRONLY | os.O_CREAT | os.O_EXCL))


def open_private(path: Path) -> BinaryIO:
    """Opens a file for overwriting, readable only by the owner. Raises OSError."""
    return open(path, "wb", opener=_private)


def open_published(path: str | Path) -> BinaryIO:
    """Opens a file for overwriting, readable by everyone. Raises OSError."""
    return open(path, "wb", opener=_published)


def is_private(path: Path) -> bool:
    """Whether only its owner may read or write a file; always true for devices and pipes. Raises OSError."""
    mode = path.stat().st_mode
    return not stat.S_ISREG(mode) or not mode & 0o077


def _private(path: str, flags: int) -> int:
    return _open_private(path, flags, PRIVATE)


def _published(path: str, flags: int) -> int:
    return _open_private(path, flags, PUBLISHED_FILE)


def _open_private(path: str, flags: int, mode: int) -> int:
    """Opens a file with exactly these permissions: a new file never has more, and an existing one is changed."""
    file = os.open(path, flags, mode)
    try:
        if stat.S_ISREG(os.fstat(file).st_mode):
            os.fchmod(file, mode)
    except BaseException:
        os.close(file)
        raise
    return file


def make_published_folders(folder: Path) -> None:
    """Creates a folder and its missing parents, which everyone may enter; existing ones are left unchanged. Raises
    OSError."""
    missing = list(takewhile(lambda path: not path.exists(), (folder, *folder.parents)))
    for path in reversed(missing):
        with suppress(FileExistsError):  # another process was faster
            path.mkdir()
            path.chmod(PUBLISHED_FOLDER)
    folder.mkdir(exist_ok=True)


def too_open(files: Iterable[Path]) -> list[Path]:
    """The existing files among these that users other than their owner may read or write."""
    return [file for file in files if _others_may(file)]


def _others_may(file: Path) -> bool:
    try:
        return not is_private(file)
    except OSError:
        return False
