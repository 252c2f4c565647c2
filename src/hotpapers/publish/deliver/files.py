"""Writes rendered files to disk: each atomically and only if it changed; and removes those that renderers give
no content, such as pages that a corrected issue no longer has.

A folder may be written to if it is empty or ours: nobody's own files are replaced without being asked for.
"""

from __future__ import annotations

import errno
import fcntl
import os
import re
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import NamedTuple

from hotpapers.base.errors import HotPapersError, UsageError, unwritable_path
from hotpapers.base.file_modes import (
    PUBLISHED_FILE,
    make_published_folders,
    real_path,
    remove_temporary_files,
    temporary_file,
)
from hotpapers.base.model import RenderedFile


class WriteCounts(NamedTuple):
    """The number of files, and of those changed or removed."""

    files: int
    changed: int


def check_writable(folder: Path) -> None:
    """Raises UsageError if no file can be written to a folder, or to the one in which it will be created."""
    paths = (folder, *folder.absolute().parents)
    there = next(path for path in paths if path.is_dir())
    try:
        tempfile.TemporaryFile(dir=there).close()
    except OSError as error:
        reason = f"{there}: {error.strerror}; let this user write there, or name another folder"
        raise UsageError(reason) from None


class WrittenPaths(NamedTuple):
    """The files that exist, and those changed or removed."""

    files: frozenset[str]
    changed: frozenset[str]

    def __or__(self, other: WrittenPaths) -> WrittenPaths:
        return WrittenPaths(self.files | other.files, self.changed | other.changed)

    @property
    def counts(self) -> WriteCounts:
        return WriteCounts(len(self.files), len(self.changed))


def write_files(output: Path, files: Iterable[RenderedFile]) -> WriteCounts:
    """Writes files to a folder, which is created if needed. Raises UsageError if the folder cannot be written."""
    with exclusive_folder(output) as (root, _):
        return write_some(root, files).counts


def write_some(root: Path, files: Iterable[RenderedFile]) -> WrittenPaths:
    """Writes files to a folder that no other process writes to. Raises UsageError."""
    present = set[str]()
    changed = set[str]()
    inner_folders = set[str]()
    with _explain_errors(root):
        for file in files:
            if _write(str(root), file, inner_folders):
                changed.add(file.path)
            if file.data:
                present.add(file.path)
    return WrittenPaths(frozenset(present), frozenset(changed))


def create_folder(output: Path) -> None:
    """Creates a folder if needed. Raises UsageError."""
    with _explain_errors(output):
        make_published_folders(output)


@contextmanager
def exclusive_folder(output: Path) -> Iterator[tuple[Path, int]]:
    """Creates a folder if needed, and waits until no other process writes to it. Yields the folder with links resolved,
    and the lock, which is released when this process and all that inherit it have ended. Removes temporary files,
    including those of a process killed earlier. Raises UsageError."""
    create_folder(output)
    with _explain_errors(output):
        root = real_path(output)
        folder = os.open(root, os.O_RDONLY)
    try:
        with suppress(OSError):  # no locks on this file system: the operator must avoid concurrent runs
            fcntl.flock(folder, fcntl.LOCK_EX)
        try:
            yield root, folder
        finally:
            remove_temporary_files(root)
    finally:
        os.close(folder)


@contextmanager
def _explain_errors(output: Path) -> Iterator[None]:
    try:
        yield
    except OSError as problem:
        is_broken = output.is_symlink() and not output.exists()
        reason = "a link that leads nowhere" if is_broken else None
        raise unwritable_path(problem.filename or output, problem, reason) from problem


def _write(root: str, file: RenderedFile, inner_folders: set[str]) -> bool:
    """Writes or removes a file. Returns whether it changed. `inner_folders`: those known to be within the root."""
    target = os.path.join(root, file.path)
    folder, name = os.path.split(target)
    if name in _NO_NAMES or not _is_inside(root, folder, inner_folders):
        raise HotPapersError(f"{file.path}: the channel's file is outside its folder")
    if not file.data:
        try:
            os.unlink(target)
        except (FileNotFoundError, NotADirectoryError):
            return False
        if folder != root:
            with suppress(OSError):
                os.rmdir(folder)  # if nothing else is in it
        return True
    if _holds(target, file.data):
        return False
    with temporary_file(root, PUBLISHED_FILE) as part:
        part.out.write(file.data)
        part.out.close()
        try:
            os.replace(part.path, target)
        except FileNotFoundError:
            make_published_folders(Path(folder))
            os.replace(part.path, target)
    return True


_NO_NAMES = ("", ".", "..")


def _is_inside(root: str, folder: str, inner_folders: set[str]) -> bool:
    """Whether a folder is within the root after following links. Each is checked once, as pages have their own."""
    if folder == root or folder in inner_folders:
        return True
    parent, name = os.path.split(folder)
    if name in _NO_NAMES or not _is_inside(root, parent, inner_folders):
        return False
    if os.path.islink(folder) and not real_path(folder).is_relative_to(root):
        return False
    inner_folders.add(folder)
    return True


def _holds(target: str, data: bytes) -> bool:
    """Whether a file exists with these bytes and is not a link."""
    try:
        with open(target, "rb", buffering=0, opener=lambda path, flags: os.open(path, flags | os.O_NOFOLLOW)) as file:
            if os.fstat(file.fileno()).st_size != len(data):
                return False
            return file.read() == data
    except OSError as problem:
        if problem.errno in (errno.ENOENT, errno.ELOOP):
            return False
        raise


_KEPT = re.compile(r"\..*|CNAME|hotpapers\..*", re.DOTALL)
"""Files that are not pages: files for hosts, hidden files such as those of Git, our own settings and keys."""
_MARKDOWN = re.compile(r"\d{4}-\d\d-\d\d\.md", re.ASCII)
_CLASSIC = re.compile(r"\d{4}-\d\d-\d\d---Hot-Papers\.md", re.ASCII)
_MESSAGE = re.compile(r"\d{4}-\d\d-\d\d\.eml", re.ASCII)
_SITE = ("reader.js", "search_index.js", "method/index.html")
_FEED = "feeds/issues.atom"
_FEEDS = (".atom", ".xml")
_HEAD_BYTES = 10_000
_GENERATOR = b">Hot Papers</generator>"
_DIGEST = b"Check it: `hotpapers verify "


def check_owner(output: Path, own_paths: Iterable[Path] = ()) -> None:
    """Raises UsageError if a folder has files that this program did not write. `own_paths`: the store's own files, and
    the folders that it has written to, which may be below."""
    if not output.is_dir() or is_recognized(output):
        return
    own = {path for own_path in map(real_path, own_paths) for path in (own_path, *own_path.parents)}
    paths = [path for path in real_path(output).iterdir() if not _is_kept(path.name) and path not in own]
    others = sorted(path.name for path in paths if not _has_only_feeds(path))
    if others:
        raise UsageError(
            f"{output}: contains {others[0]}, which this program did not write; choose another folder, or add --force "
            "to write into this one"
        )


def is_recognized(folder: Path) -> bool:
    """Whether a folder looks like one that a channel wrote, maybe of a store that is lost."""
    names = [path.name for path in folder.iterdir() if not _is_kept(path.name)]
    if all((folder / name).is_file() for name in _SITE):
        return True
    if (folder / _FEED).is_file():
        return _GENERATOR in (folder / _FEED).read_bytes()
    if names and all(map(_MARKDOWN.fullmatch, names)):
        return _DIGEST in (folder / max(names)).read_bytes()
    if not names:
        return False
    return any(all(map(form.fullmatch, names)) for form in (_CLASSIC, _MESSAGE))


def _has_only_feeds(path: Path) -> bool:
    """Whether a file is a feed of this program, or a folder has nothing else, such as those of single readers."""
    files = path.rglob("*") if path.is_dir() else [path]
    return all(file.is_dir() or _is_feed(file) for file in files)


def _is_feed(file: Path) -> bool:
    if file.suffix not in _FEEDS or file.is_symlink() or not file.is_file():
        return False
    with file.open("rb") as content:
        return _GENERATOR in content.read(_HEAD_BYTES)


def _is_kept(name: str) -> bool:
    return _KEPT.fullmatch(name) is not None
