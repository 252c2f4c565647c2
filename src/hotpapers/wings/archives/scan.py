"""Scans a part of an archive of events, in either of two passes, in any process.

The first pass looks for everything relevant by itself: posts that name papers, edits, deletions and account events. The
second looks for references to posts that the first pass found anywhere in the archive, or that the record has. Both
spill what they find with the moment at which it happened, so neither the order of files nor how they are split makes a
difference.
"""

from __future__ import annotations

import pickle
import zlib
from array import array
from collections.abc import Callable, Iterator
from functools import lru_cache, partial
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from hotpapers.base.errors import InputError
from hotpapers.base.model import HOUR
from hotpapers.wings.archives.format import ImportTarget
from hotpapers.wings.archives.framing import EventStamp, Unit, with_gaps
from hotpapers.wings.archives.jetstream import JetstreamArchive
from hotpapers.wings.archives.jetstream_filter import JetstreamBlockFilter, PostKeys
from hotpapers.wings.archives.parts import FilePart, open_part
from hotpapers.wings.archives.spill import SpilledEvent, write_events
from hotpapers.wings.archives.wrong_format import UnreadableLines

Progress = Callable[[int], object]
"""Called with the number of compressed bytes read."""


class ScanTask(NamedTuple):
    """A part to scan. In the second pass, `keys` is a file with the keys of posts to which references are searched, in
    the part's first `end` bytes, decompressed; in the first pass it is empty."""

    part: FilePart
    keys: str = ""
    end: int = 0


class PartScan(msgspec.Struct):
    """The result of scanning a part. `lines`: how many, without blank ones. `readable`: whether any was; `unreadable`:
    those that were not. `cut`: the last line is incomplete and was left out. `problem`: why the rest of the part cannot
    be read. `end`: bytes read, decompressed. `keys`: of posts that name papers. `check`: a checksum of the findings.
    `known_marks`: marks of the items that it makes known. `events`: the files with the findings."""

    lines: int = 0
    readable: bool = False
    unreadable: UnreadableLines = UnreadableLines()
    cut: bool = False
    problem: InputError | None = None
    end: int = 0
    keys: list[bytes] = []
    check: int = 0
    known_marks: Any = msgspec.field(default_factory=partial(array, "I"))
    events: list[str] = []

    @property
    def is_another_kind(self) -> bool:
        """Whether so many lines at its beginning were unreadable that a file beginning like this is refused."""
        return not self.readable and self.unreadable.are_enough

    def spilled(self, unit: Unit, file: int) -> SpilledEvent:
        """An event of a file, after noting it. Unreadable ones come before all others."""
        stamp = unit.stamp or EventStamp(0, 0)
        content = unit.content.rstrip(b"\r\n")
        event = SpilledEvent(stamp.at, stamp.rank, content, stamp.needed_mark, file)
        self.check += zlib.crc32(event.content)
        self.known_marks.extend(stamp.known_marks)
        return event


class Scanner:
    """Scans parts; what it finds is spilled into a folder. Keeps the keys of posts that it last read."""

    def __init__(self, format: type[JetstreamArchive], target: ImportTarget, folder: Path) -> None:
        self._format = format
        self._folder = folder
        self._block_filter = JetstreamBlockFilter(target.names, target.now + HOUR)
        self._post_keys = lru_cache(maxsize=1)(lambda path: PostKeys.of(pickle.loads(Path(path).read_bytes())))

    def scan(self, task: ScanTask, progress: Progress) -> PartScan:
        """The content of a part; what it contains is spilled. Raises FullStore."""
        scan = PartScan()
        find = self._referring if task.keys else self._relevant
        try:
            scan.events = write_events(self._folder, find(task, scan, progress))
        except InputError as problem:
            return PartScan(problem=problem)
        return scan

    def _referring(self, task: ScanTask, scan: PartScan, progress: Progress) -> Iterator[SpilledEvent]:
        """References to known posts, only as far as the first pass read: the file may have grown, or be incomplete
        there."""
        posts = self._post_keys(task.keys)
        with open_part(task.part, progress) as stream:
            for block in self._format.blocks(stream):
                for unit in self._block_filter.referring(block.data, posts):
                    if block.start + unit.end <= task.end:
                        yield scan.spilled(unit, task.part.file)
                if block.end >= task.end:
                    return

    def _relevant(self, task: ScanTask, scan: PartScan, progress: Progress) -> Iterator[SpilledEvent]:
        """Yields the events that are relevant by themselves. An unreadable line is added when it turns out not to be
        the last one of all: a broken connection may have cut that off."""
        part = task.part
        last = None
        try:
            for unit in self._units(part, scan, progress):
                if last:
                    yield scan.spilled(last, part.file)
                last = unit if unit and unit.problem else None
                if unit and unit.problem:
                    scan.unreadable = scan.unreadable.plus(unit.content, unit.problem)
                    if scan.is_another_kind and not part.start:
                        break
                else:
                    scan.readable = True
                    if unit:
                        yield scan.spilled(unit, part.file)
        except InputError as error:
            scan.problem = error
        scan.cut = last is not None and not part.end and (scan.cut or scan.unreadable.is_truncated)
        if last and scan.cut:
            scan.end = last.start
            scan.lines = scan.lines - 1
        elif last:
            yield scan.spilled(last, part.file)

    def _units(self, part: FilePart, scan: PartScan, progress: Progress) -> Iterator[Unit | None]:
        """The lines of a part that may be relevant, with where they begin in it; None for those in between."""
        with open_part(part, progress) as stream:
            for block in self._format.blocks(stream):
                filtered = self._block_filter.filter(block.data)
                for unit in with_gaps(filtered):
                    yield unit and unit._replace(start=block.start + unit.start)
                scan.lines += filtered.lines
                scan.keys += filtered.keys
                scan.end = block.end
                scan.cut = not block.ended
