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
from pathlib import Path
from typing import NamedTuple, cast

from hotpapers.base.errors import InputError
from hotpapers.base.model import HOUR
from hotpapers.wings.archives.event_stamps import EventStamp
from hotpapers.wings.archives.format import ImportTarget
from hotpapers.wings.archives.format_guess import MAX_UNREADABLE_LINES, UnreadableLines
from hotpapers.wings.archives.formats import EventSpec
from hotpapers.wings.archives.framing import ArchiveBlock
from hotpapers.wings.archives.jetstream_filter import JetstreamBlockFilter, KeptEvent, PostKeys
from hotpapers.wings.archives.parts import FilePart, open_part
from hotpapers.wings.archives.spill import SpilledEvent, SpillRun, SpillWriter

Progress = Callable[[int], object]
"""Called with the number of compressed bytes read."""


class ScanTask(NamedTuple):
    """A part to scan. In the second pass, `keys` is a file with the keys of posts to which references are searched, in
    the part's first `end` bytes, decompressed; in the first pass it is empty. `name`: of the files it spills to."""

    part: FilePart
    name: str
    keys: str = ""
    end: int = 0


class PartScan(NamedTuple):
    """The result of scanning a part. `lines`: how many, without blank ones. `readable`: whether any was; `unreadable`:
    those that were not. `cut`: the last line is incomplete and was left out. `problem`: why the rest of the part cannot
    be read. `end`: bytes read, decompressed. `keys`: of posts that name papers. `check`: a checksum of what was found.
    `known_marks`: marks of what it makes known."""

    lines: int = 0
    readable: bool = False
    unreadable: UnreadableLines = UnreadableLines()
    cut: bool = False
    problem: InputError | None = None
    end: int = 0
    keys: tuple[bytes, ...] = ()
    check: int = 0
    known_marks: bytes = b""
    runs: tuple[SpillRun, ...] = ()

    @property
    def is_another_kind(self) -> bool:
        """Whether so many lines at its beginning were unreadable that a file beginning like this is refused."""
        return not self.readable and self.unreadable.lines >= MAX_UNREADABLE_LINES


class Scanner:
    """Scans parts; what it finds is spilled into a folder."""

    def __init__(self, spec: EventSpec, target: ImportTarget, folder: Path) -> None:
        self._spec, self._folder = spec, folder
        self._block_filter = JetstreamBlockFilter(target.names, target.now + HOUR)
        self._posts: dict[str, PostKeys] = {}  # by the name of the file that has them

    def scan(self, task: ScanTask, progress: Progress) -> PartScan:
        """The content of a part. Raises FullStore."""
        writer = SpillWriter(self._folder, task.name)
        if not task.keys:
            return _FirstPass(self._spec, self._block_filter, writer, task.part).scan(progress)
        if task.keys not in self._posts:
            self._posts = {task.keys: PostKeys.of(pickle.loads(Path(task.keys).read_bytes()))}
        known_marks = array("I")
        try:
            for event in self._referring(task, progress):
                stamp = cast("EventStamp", event.stamp)
                writer.add(spilled(stamp, event.unit.content, task.part.file))
                known_marks.extend(stamp.known_marks)
        except InputError as problem:
            return PartScan(problem=problem)
        return PartScan(known_marks=known_marks.tobytes(), runs=tuple(writer.runs()))

    def _referring(self, task: ScanTask, progress: Progress) -> Iterator[KeptEvent]:
        """References to known posts, only as far as the first pass read: the file may have grown, or be incomplete
        there."""
        with open_part(task.part, progress) as stream:
            for block in self._spec.blocks(stream):
                for event in self._block_filter.referring(block.data, self._posts[task.keys]):
                    if block.start + event.unit.end <= task.end:
                        yield event
                if block.end >= task.end:
                    return


class _FirstPass:
    """The first pass over a part."""

    def __init__(
        self, spec: EventSpec, block_filter: JetstreamBlockFilter, writer: SpillWriter, part: FilePart
    ) -> None:
        self._spec, self._block_filter, self._writer, self._part = spec, block_filter, writer, part
        self._lines = self._end = self._check = 0
        self._readable = self._ended = False
        self._unreadable = UnreadableLines()
        self._last: tuple[int, bytes] | None = None
        self._keys: list[bytes] = []
        self._known_marks = array("I")

    def scan(self, progress: Progress) -> PartScan:
        """What is relevant by itself. Raises FullStore."""
        problem = None
        try:
            with open_part(self._part, progress) as stream:
                for block in self._spec.blocks(stream):
                    self._read(block)
                    if self._is_another_kind():
                        break
        except InputError as error:
            problem = error
        return self._result(problem, cut=self._left_out())

    def _result(self, problem: InputError | None, *, cut: bool) -> PartScan:
        return PartScan(
            self._lines,
            self._readable,
            self._unreadable,
            cut,
            problem,
            self._end,
            tuple(self._keys),
            self._check,
            self._known_marks.tobytes(),
            tuple(self._writer.runs()),
        )

    def _is_another_kind(self) -> bool:
        return not self._part.start and not self._readable and self._unreadable.lines >= MAX_UNREADABLE_LINES

    def _read(self, block: ArchiveBlock) -> None:
        filtered = self._block_filter.filter(block.data)
        events = filtered.events
        for number, event in enumerate(events):
            self._readable = self._readable or event.unit.number > number  # a line before it was readable and dropped
            self._add_last()
            self._take(event, block.start + event.unit.start)
            if self._is_another_kind():
                return
        if filtered.lines > len(events):
            self._readable = True
        if filtered.lines and (not events or events[-1].unit.number < filtered.lines - 1):
            self._add_last()
        self._lines += filtered.lines
        self._keys += filtered.keys
        self._end, self._ended = block.end, block.ended

    def _take(self, event: KeptEvent, place: int) -> None:
        content, stamp = event.unit.content, event.stamp
        if stamp is not None:
            self._readable = True
            self._add(stamp, content)
            self._known_marks.extend(stamp.known_marks)
            return
        assert event.problem is not None
        self._unreadable, self._last = self._unreadable.plus(content, event.problem), (place, content)

    def _add_last(self) -> None:
        """Adds the last unreadable line, which turned out not to be the last line of all."""
        if self._last is not None:
            self._add(EventStamp(0, 0), self._last[1])
            self._last = None

    def _add(self, stamp: EventStamp, content: bytes) -> None:
        event = spilled(stamp, content, self._part.file)
        self._check += zlib.crc32(event.content)
        self._writer.add(event)

    def _left_out(self) -> bool:
        """Whether the last line was left out, because a broken connection may have cut it off."""
        if self._last is None or self._part.end or (self._ended and not self._unreadable.is_truncated):
            self._add_last()
            return False
        self._end, self._lines = self._last[0], self._lines - 1
        return True


def spilled(stamp: EventStamp, content: bytes, file: int) -> SpilledEvent:
    """An event of a file, with its place in time."""
    return SpilledEvent(stamp.at, stamp.rank, content.rstrip(b"\r\n"), stamp.needed_mark, file)
