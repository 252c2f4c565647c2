"""Rendered files onto a disk: each whole or not at all, only where something changed; and off it where they end."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import NamedTuple

from hotpapers.errors import HotPapersError, UsageError
from hotpapers.model import File

PART = ".hotpapers.part"
"""The file that is being written. One name for all: what a crash leaves behind goes with the next writing. So only
one process at a time writes to a folder."""


class Wrote(NamedTuple):
    """How many files there are, and how many changed or went."""

    files: int
    changed: int


def write_files(output: Path, files: Iterable[File]) -> Wrote:
    """Writes files below a folder, which is made. Raises UsageError where the folder cannot be written."""
    count = changed = 0
    part = output / PART
    try:
        output.mkdir(parents=True, exist_ok=True)
        root = output.resolve()
        with _alone(root), _cleared(part):
            for file in files:
                changed += _write(root, part, file)
                count += bool(file.data)
    except OSError as problem:
        raise UsageError(f"{problem.filename or output}: cannot be written: {problem.strerror}") from problem
    return Wrote(count, changed)


@contextmanager
def _alone(root: Path) -> Iterator[None]:
    """Waits until no other process writes to the folder. The lock ends with the process, however that ends."""
    folder = os.open(root, os.O_RDONLY)
    try:
        with suppress(OSError):  # a file system without locks: then the operator sees to it
            fcntl.flock(folder, fcntl.LOCK_EX)
        yield
    finally:
        os.close(folder)


@contextmanager
def _cleared(part: Path) -> Iterator[None]:
    """Nothing half written is left at the end."""
    try:
        yield
    finally:
        with suppress(OSError):
            part.unlink()


def _write(root: Path, part: Path, file: File) -> bool:
    target = root / file.path
    if not target.parent.resolve().is_relative_to(root) or target.name in ("", ".", "..", PART):
        raise HotPapersError(f"{file.path}: a channel's file outside of its folder")
    if not file.data:
        return _removed(target)
    if not target.is_symlink():
        with suppress(FileNotFoundError):
            if target.read_bytes() == file.data:
                return False
    target.parent.mkdir(parents=True, exist_ok=True)
    part.write_bytes(file.data)
    os.replace(part, target)
    return True


def _removed(target: Path) -> bool:
    try:
        target.unlink()
    except (FileNotFoundError, NotADirectoryError):
        return False
    with suppress(OSError):
        target.parent.rmdir()  # if nothing else is in it
    return True
