"""A file of an archive as it is given, and what became of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from typing import BinaryIO, NamedTuple

from hotpapers.ingest.archives.block_filter import NOTHING

HEAD = 4_096
"""Bytes from a file's beginning by which it is known again."""
ALTERED = "was changed while it was read; import it again when nobody writes it any more"


class ArchiveFile(NamedTuple):
    """A file of an archive. `open`: its content, unpacked. `head`: its first bytes as it lies there, none for standard
    input. `size`: in bytes, `seen_at`: when what has no moment of its own was seen, µs UTC. `altered`: whether what was
    read since it was opened is there no longer. `path`: where it lies; without one it can be read once alone.
    `given_at`: the moment `seen_at` if somebody gave it, else 0."""

    name: str
    open: Callable[[], AbstractContextManager[BinaryIO]]
    head: bytes
    size: int
    seen_at: int
    altered: Callable[[], bool] = bool
    path: str = ""
    given_at: int = 0

    @property
    def known_by(self) -> bytes:
        """By which it is known again: seen at another moment it is another file. Nothing for standard input."""
        return self.head + (b"%d" % self.given_at if self.head and self.given_at else b"")


class ImportedFile(NamedTuple):
    """What became of a file. `whole`: an earlier import read all of it, with the same files before it.

    `lines`: read now, blank ones left out; `before`: read by an earlier import; `cut`: the last one breaks off, and
    was left for when the rest of it is there. `papers`, `posts`, `mentions`, `reactions`, `snapshots`: added; `gone`:
    posts that were found to be gone. `quarantined`: lines, and entries of lines, that could not be read. `refused`:
    items about what was forgotten. `unknown`: papers that are named in it and that the record has nothing of.
    `passed`: of what was read now, what is about papers and no post, by what it is.
    """

    file: str
    whole: bool = False
    lines: int = 0
    before: int = 0
    cut: bool = False
    papers: int = 0
    posts: int = 0
    mentions: int = 0
    reactions: int = 0
    snapshots: int = 0
    gone: int = 0
    quarantined: int = 0
    refused: int = 0
    unknown: int = 0
    passed: Mapping[str, int] = NOTHING
