"""A folder with the events of downloaded blocks, so that an interrupted download goes on with the next block.

`archive.json` says what they are from; a file for each segment has their lines, a Zstandard frame for each block;
`blocks` says which blocks are complete, and where each ends. It is written last, so that a block is there or is not.
"""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Iterable, Iterator
from pathlib import Path

import msgspec
import zstandard

from hotpapers.base.errors import UsageError
from hotpapers.base.file_modes import write_atomically
from hotpapers.wings.archives.replay.block_events import Period

LEVEL = 6
ALL = -1
"""In place of a number: all of the segment's blocks are there."""


class SpoolOrigin(msgspec.Struct, frozen=True):
    """The origin of a folder's blocks."""

    host: str
    since: int
    until: int
    collections: tuple[str, ...]

    @property
    def period(self) -> Period:
        """The period whose records are kept."""
        return Period(self.since, self.until)


class BlockSpool:
    """The folder. `done`: the numbers of the complete blocks, by segment. Raises UsageError if it is of another archive
    or period: numbers of blocks are an archive's own."""

    def __init__(self, folder: Path, origin: SpoolOrigin) -> None:
        self._folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        self._check(folder / "archive.json", origin)
        self.done = defaultdict[str, set[int]](set)
        ends = self._read_progress()
        for path in folder.glob("*.jsonl.zst"):
            os.truncate(path, ends.get(path.name.removesuffix(".jsonl.zst"), 0))

    def _check(self, file: Path, origin: SpoolOrigin) -> None:
        content = msgspec.json.encode(origin)
        if not file.exists():
            write_atomically(file, content)
        elif file.read_bytes() != content:
            raise UsageError(
                f"{self._folder} has blocks of another archive or period; name another folder: --folder DIR"
            )

    def _read_progress(self) -> dict[str, int]:
        """Notes the complete blocks; where the last one of each segment ends. A torn last line is dropped."""
        file = self._folder / "blocks"
        content = file.read_bytes() if file.exists() else b""
        whole = content[: content.rfind(b"\n") + 1]
        if whole != content:
            os.truncate(file, len(whole))
        ends = {}
        for line in whole.decode().splitlines():
            segment, number, end = line.split(" ")
            self.done[segment].add(int(number))
            ends[segment] = int(end)
        return ends

    def path(self, segment: str) -> Path:
        """The file with the lines of a segment."""
        return self._folder / f"{segment}.jsonl.zst"

    def files(self) -> list[str]:
        """The files that have lines."""
        return [str(path) for path in sorted(self._folder.glob("*.jsonl.zst")) if path.stat().st_size]

    def lines(self, segment: str) -> Iterator[bytes]:
        """The lines of a segment's complete blocks."""
        path = self.path(segment)
        if path.exists() and path.stat().st_size:
            with path.open("rb") as raw:
                reader = zstandard.ZstdDecompressor().stream_reader(raw, read_across_frames=True)
                yield from b"".join(iter(lambda: reader.read(2**20), b"")).splitlines(keepends=True)

    def add(self, segment: str, number: int, lines: Iterable[bytes]) -> None:
        """Adds a block's lines."""
        content = b"".join(lines)
        with self.path(segment).open("ab") as file:
            if content:
                file.write(zstandard.ZstdCompressor(level=LEVEL).compress(content))
                file.flush()
                os.fsync(file.fileno())
            end = file.tell()
        self._note(segment, number, end)

    def complete(self, segment: str) -> None:
        """Notes that all of a segment's blocks are there."""
        path = self.path(segment)
        self._note(segment, ALL, path.stat().st_size if path.exists() else 0)

    def _note(self, segment: str, number: int, end: int) -> None:
        with (self._folder / "blocks").open("ab") as progress:
            progress.write(f"{segment} {number} {end}\n".encode())
            progress.flush()
            os.fsync(progress.fileno())
        self.done[segment].add(number)
