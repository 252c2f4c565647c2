"""Rendered files onto a disk: each whole or not at all, and only where something changed."""

from __future__ import annotations

import os
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from hotpapers.errors import HotPapersError, UsageError
from hotpapers.model import File

PART = ".hotpapers.part"
"""The file that is being written. One name for all: what a crash leaves behind goes with the next writing."""


class Wrote(NamedTuple):
    """How many files there are, and how many of them changed."""

    files: int
    changed: int


def write_files(output: Path, files: Iterable[File]) -> Wrote:
    """Writes files below a folder, which is made. Raises UsageError where the folder cannot be written."""
    count = changed = 0
    part = output / PART
    try:
        output.mkdir(parents=True, exist_ok=True)
        root = output.resolve()
        for file in files:
            changed += _write(root, part, file)
            count += 1
    except OSError as problem:
        raise UsageError(f"{problem.filename or output}: cannot be written: {problem.strerror}") from problem
    finally:
        with suppress(OSError):
            part.unlink()
    return Wrote(count, changed)


def _write(root: Path, part: Path, file: File) -> bool:
    target = root / file.path
    if not target.parent.resolve().is_relative_to(root) or target.name in ("", ".", "..", PART):
        raise HotPapersError(f"{file.path}: a channel's file outside of its folder")
    if not target.is_symlink():
        with suppress(FileNotFoundError):
            if target.read_bytes() == file.data:
                return False
    target.parent.mkdir(parents=True, exist_ok=True)
    part.write_bytes(file.data)
    os.replace(part, target)
    return True
