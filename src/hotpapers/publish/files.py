"""Rendered files onto a disk: each whole or not at all, and only where something changed."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

from hotpapers.errors import HotPapersError, UsageError
from hotpapers.model import File


class Wrote(NamedTuple):
    """How many files there are, and how many of them changed."""

    files: int
    changed: int


def write_files(output: Path, files: Iterable[File]) -> Wrote:
    """Writes files below a folder, which is made. Raises UsageError where the folder cannot be written."""
    count = changed = 0
    try:
        output.mkdir(parents=True, exist_ok=True)
        for file in files:
            changed += _write(output, file)
            count += 1
    except OSError as problem:
        raise UsageError(f"{problem.filename or output}: cannot be written: {problem.strerror}") from problem
    return Wrote(count, changed)


def _write(output: Path, file: File) -> bool:
    target = output / file.path
    if not target.resolve().is_relative_to(output.resolve()):
        raise HotPapersError(f"{file.path}: a channel's file outside of its folder")
    try:
        if target.read_bytes() == file.data:
            return False
    except FileNotFoundError:
        target.parent.mkdir(parents=True, exist_ok=True)
    part = target.with_name(target.name + ".part")
    part.write_bytes(file.data)
    os.replace(part, target)
    return True
