"""How files are created: with exact permissions, whatever the umask, and complete or not at all.

The program's own files are private, published ones readable by everyone. A file is written under a random name beside
its place and then renamed, so readers see the old one or the new one, and nobody can prepare the name with a link or a
file of his own.
"""

from __future__ import annotations

import os
import re
import secrets
import stat
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO, NamedTuple

PRIVATE = 0o600
PUBLISHED_FILE, PUBLISHED_FOLDER = 0o644, 0o755
TEMPORARY = ".hotpapers-"
"""The prefix of temporary names, of files and folders."""
PART = ".part"
_TEMPORARY_FILE = re.compile(re.escape(TEMPORARY) + r"(\w*-)?[0-9a-f]{16}" + re.escape(PART), re.ASCII)


class TemporaryFile(NamedTuple):
    """A new, empty file under a random name, open for writing."""

    path: str
    out: BinaryIO


def real_path(path: str | Path) -> Path:
    """A path without symbolic links, as far as it exists. Of links in a circle, a path that cannot be opened: Python's
    `Path.resolve` raises RuntimeError there before 3.13."""
    return Path(os.path.realpath(path))


def link_target(path: Path) -> Path:
    """The target of a path that is a symbolic link, whether or not it exists; else the path itself."""
    return real_path(path) if path.is_symlink() else path


def make_private(path: Path) -> None:
    """Creates an empty file that only the owner can read, following symbolic links, unless it exists. Errors are
    ignored: opening the file next will raise them."""
    with suppress(OSError):
        _create(str(link_target(path)), PRIVATE).close()


@contextmanager
def temporary_file(folder: str | Path, mode: int, kind: str = "") -> Iterator[TemporaryFile]:
    """A new file in a folder, to be renamed when it is complete; otherwise it is removed at the end. `kind`: a word in
    its name. Raises OSError."""
    path = os.path.join(folder, f"{TEMPORARY}{kind and kind + '-'}{secrets.token_hex(8)}{PART}")
    out = _create(path, mode)
    try:
        with out:
            yield TemporaryFile(path, out)
    finally:
        with suppress(OSError):
            os.unlink(path)


def temporary_files(folder: str | Path, kind: str = "") -> list[Path]:
    """The temporary files of a kind that killed processes of this user left in a folder, or that are being written."""
    files = []
    with suppress(OSError), os.scandir(folder) as entries:
        for entry in entries:
            match = _TEMPORARY_FILE.fullmatch(entry.name)
            if not match or (match[1] or "") != (kind and f"{kind}-") or not entry.is_file(follow_symlinks=False):
                continue
            if entry.stat(follow_symlinks=False).st_uid == os.geteuid():
                files.append(Path(entry.path))
    return files


def remove_temporary_files(folder: str | Path) -> None:
    """Removes files that killed processes left in a folder that no other process is writing to now."""
    for file in temporary_files(folder):
        with suppress(OSError):
            file.unlink()


def write_atomically(target: Path, data: bytes, mode: int = PUBLISHED_FILE) -> None:
    """Writes a file, or replaces it; a link is replaced and not followed. Returns once it is on disk. Raises
    OSError."""
    with temporary_file(target.parent, mode) as part:
        part.out.write(data)
        part.out.flush()
        os.fsync(part.out.fileno())
        os.replace(part.path, target)
    folder = os.open(target.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def write_new(file: Path, data: bytes) -> None:
    """Writes a private file that must not exist yet, not even as a link. Raises OSError."""
    with _create(str(file), PRIVATE) as out:
        out.write(data)


def is_private(path: Path) -> bool:
    """Whether only its owner may read or write a file; always true for devices and pipes. Raises OSError."""
    mode = path.stat().st_mode
    return not stat.S_ISREG(mode) or not mode & 0o077


def _create(path: str, mode: int) -> BinaryIO:
    """Creates a file with exactly these permissions, which never has more. Raises FileExistsError if the name is
    taken, even by a link to nowhere."""
    file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, mode)
    try:
        os.fchmod(file, mode)
        return open(file, "wb")
    except BaseException:
        os.close(file)
        raise


def make_published_folders(folder: Path) -> None:
    """Creates a folder and its missing parents, which everyone may enter; existing ones are left unchanged. Raises
    OSError."""
    try:
        os.mkdir(folder)
        folder.chmod(PUBLISHED_FOLDER)
    except FileExistsError:
        if not folder.is_dir():
            raise
    except FileNotFoundError:
        make_published_folders(folder.parent)
        make_published_folders(folder)


def too_open(files: Iterable[Path]) -> list[Path]:
    """The existing files among these that users other than their owner may read or write."""
    result = []
    for file in files:
        with suppress(OSError):
            if not is_private(file):
                result.append(file)
    return result
