"""Imports archives in batches, each stored with its end position, so that an interrupted import can resume."""

from __future__ import annotations

import contextlib
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from itertools import groupby
from typing import Any, BinaryIO, NamedTuple

import msgspec

from hotpapers.base.errors import FullStore, InputError
from hotpapers.base.terms import NetworkTerms
from hotpapers.record import Record
from hotpapers.record.batches import cursor_of
from hotpapers.record.paper_names import load_names
from hotpapers.wings.archives import queries
from hotpapers.wings.archives.batch import MAX_BATCH_BYTES, MAX_BATCH_FINDINGS, ArchiveBatch
from hotpapers.wings.archives.block_filter import FilteredBlock, filtered_block, line_filter
from hotpapers.wings.archives.event_import import EventImport, spill_folder
from hotpapers.wings.archives.format import UNREADABLE, ImportTarget
from hotpapers.wings.archives.format_guess import MAX_UNREADABLE_LINES, UnreadableLines
from hotpapers.wings.archives.formats import EVENTS, LINES
from hotpapers.wings.archives.framing import TAIL, ArchiveBlock, Unit, go_to, line_blocks, mark
from hotpapers.wings.archives.imported_file import ALTERED, ArchiveFile, ArchiveTask, ImportedFile
from hotpapers.wings.archives.parts import FilePart, parts_of
from hotpapers.wings.archives.scan import Progress
from hotpapers.wings.archives.workers import Pool, filter_block, filter_part

MAX_BATCH_READ_BYTES = 2**28
"""Bytes of an archive read per batch."""


class ImportCursor(msgspec.Struct, frozen=True):
    """How far an import is. `before`: a digest of the files before this one; `file`: of what identifies this file;
    `last`: of the `length` bytes that end at `offset`; `lines`: the number of lines up to there."""

    before: str
    file: str
    offset: int
    length: int
    last: str
    lines: int


def import_archives(
    record: Record,
    kind: str,
    files: Sequence[ArchiveFile],
    terms: NetworkTerms,
    now: int,
    progress: Progress = int,
    pool: Pool | None = None,
    staging: str = "",
) -> Iterator[ImportedFile | InputError]:
    """Imports archives of one kind into a record; the result for each file, or why it could not be read to its end.
    `terms`: of the format's network. `progress` gets the bytes read of files that have a path. `pool`: processes that
    filter what is read, if there are any; `staging`: where all of them can write, by default beside the store. Raises
    FullStore."""
    task = ArchiveTask(
        kind, ImportTarget(record, load_names(record, now, 0), now, now), files, terms, progress, pool, staging
    )
    return EventImport(task).results() if kind in EVENTS else LineImport(task).results()


class LineImport:
    """An import of files of lines, one after the other."""

    def __init__(self, task: ArchiveTask) -> None:
        self.task, self.format = task, LINES[task.kind](task.target)
        self.before: str | None = ""
        self._number = 0
        self._resume, self._cursor = _found_again(cursor_of(task.record.database, task.job), task.files)

    def results(self) -> Iterator[ImportedFile | InputError]:
        """The result for each file."""
        with contextlib.ExitStack() as stack:
            self.blocks = self._filter(stack)
            for file in self.task.files:
                try:
                    yield self._take(file)
                except InputError as problem:
                    yield problem

    def _filter(self, stack: contextlib.ExitStack) -> Callable[[BinaryIO, int], Iterator[FilteredBlock]]:
        """The function that gives a stream's blocks from an offset on, which must be its position, filtered."""
        task, pool = self.task, self.task.pool
        if pool is None:
            block_filter = line_filter(self.format)
            return lambda stream, offset: (
                filtered_block(block, block_filter(block.data)) for block in line_blocks(stream, offset)
            )
        setup = task.setup(stack.enter_context(spill_folder(task.record, task.staging)))
        if pool.opens_files:
            files = enumerate(task.files)
            parts = [part for n, file in files for part in parts_of(n, file.path, file.name, in_lines=True)]
            by_file = groupby(pool.map(filter_part, setup, parts, task.progress), lambda done: done[0].file)
            return lambda stream, offset: self._blocks_of_parts(by_file, offset)
        return lambda stream, offset: (
            filtered_block(block, result)
            for block, result in pool.map(filter_block, setup, line_blocks(stream, offset), int)
        )

    def _blocks_of_parts(
        self, by_file: Iterator[tuple[int, Iterator[tuple[FilePart, Any]]]], offset: int
    ) -> Iterator[FilteredBlock]:
        """The current file's blocks, from an offset on. Raises InputError."""
        start = end = 0
        for _, (blocks, problem) in next(parts for number, parts in by_file if number == self._number - 1):
            for filtered in blocks:
                block = filtered.block
                end = start + block.end
                placed = filtered._replace(block=block._replace(start=start + block.start, end=end))
                if end > offset or not block.ended:
                    yield placed if placed.block.start >= offset else rest_of(placed, offset)
            if problem:
                raise InputError(problem)
            start = end

    def _take(self, file: ArchiveFile) -> ImportedFile:
        """Imports the next file. Raises InputError if it has another format or breaks off."""
        number, before = self._number, self.before
        self._number += 1
        self.before = None  # until the file is done: files after a refused one cannot be resumed
        result = ImportedFile(file.name, whole=True) if number < self._resume else self._read(file, number, before)
        self.before = following(before, file)
        return result

    def _read(self, file: ArchiveFile, number: int, before: str | None) -> ImportedFile:
        target = self.task.target
        self.format.begin(target._replace(seen_at=min(file.seen_at, target.now)))
        if self._cursor is not None and number == self._resume:
            with file.open() as stream:
                if go_to(stream, self._cursor.offset, self._cursor.length, self._cursor.last):
                    return FileImport(self, file, before, stream, self._cursor).to_the_end()
        with file.open() as stream:
            return FileImport(self, file, before, stream, None).to_the_end()


def rest_of(filtered: FilteredBlock, offset: int) -> FilteredBlock:
    """The part of a block after a line. If an earlier import stopped at a line that the filter dropped, some lines are
    counted twice."""
    block, cut = filtered.block, offset - filtered.block.start
    count = max((unit.number + 1 for unit in filtered.units if unit.end <= cut), default=0)
    later = [
        Unit(unit.number - count, unit.start - cut, unit.end - cut, unit.content)
        for unit in filtered.units
        if unit.start >= cut
    ]
    return FilteredBlock(block._replace(start=offset), filtered.lines - count, later)


def following(before: str | None, file: ArchiveFile) -> str | None:
    """A digest of the files up to and including a file; None if one of them cannot be identified again."""
    return mark(before.encode() + file.known_by + str(file.size).encode()) if before is not None and file.head else None


def _found_again(text: str | None, files: Sequence[ArchiveFile]) -> tuple[int, ImportCursor | None]:
    """The number of the file that a cursor points to, and the cursor; 0 and None if no file matches."""
    cursor = _parsed(text)
    before: str | None = ""
    for number, file in enumerate(files):
        if cursor and file.head and cursor.before == before and cursor.file == mark(file.known_by):
            return number, cursor
        before = following(before, file)
    return 0, None


def _parsed(text: str | None) -> ImportCursor | None:
    """The cursor; None if there is none or another version of this program wrote it."""
    try:
        return msgspec.json.decode(text or "null", type=ImportCursor | None)
    except msgspec.MsgspecError:
        return None


class FilePlace(NamedTuple):
    """A position in a file: `offset` in its content, the bytes before it, and how many lines were read."""

    offset: int
    tail: bytes
    lines: int


def _place_in(block: ArchiveBlock, end: int, lines: int) -> FilePlace | None:
    """The position `end` bytes into a block; None at its beginning, which is where the previous block ends."""
    return FilePlace(block.start + end, block.data[max(end - TAIL, 0) : end], lines) if end else None


class FileImport:
    """One file, from its beginning or from where an earlier import ended."""

    def __init__(
        self,
        lines: LineImport,
        file: ArchiveFile,
        before: str | None,
        stream: BinaryIO,
        resumed: ImportCursor | None,
    ) -> None:
        self._task, self._format, self._file, self._before = lines.task, lines.format, file, before
        self._resumed_at = resumed.lines if resumed else 0
        self._place = self._place_before = FilePlace(resumed.offset if resumed else 0, b"", self._resumed_at)
        self._blocks = lines.blocks(stream, self._place.offset)
        self._batch = ArchiveBatch(self._task, self._format)
        self._unreadable, self._readable = UnreadableLines(), resumed is not None
        self._last_is_bad = self._cut = False
        self._position, self._stored, self._is_altered = self._task.record.head.position, self._place, False
        self._figures: Counter[str] = Counter()

    def to_the_end(self) -> ImportedFile:
        """Reads all lines. Raises InputError if the file cannot be read any further, after storing what was read, or if
        it has another format."""
        try:
            ended = True
            for filtered in self._blocks:
                self._read_block(filtered)
                ended = filtered.block.ended
            self._leave_out_what_breaks_off(ended=ended)
            if not self._readable and self._unreadable.lines:
                raise self._unreadable.refusal(self._task.kind)
            self._store()
        except InputError as problem:
            reason = problem.reason
            if self._readable and not self._is_altered:
                self._store()
            if self._readable:
                reason += f"; the {self._stored.lines:,} lines before that were imported"
            raise InputError(reason, file=self._file.name) from problem
        unknown = queries.count_unknown_papers(self._task.record, self._task.job, self._position)
        count = self._place.lines - self._resumed_at
        whole = bool(self._resumed_at) and not count
        result = ImportedFile(self._file.name, whole, count, self._resumed_at, cut=self._cut, unknown=unknown)
        figures: dict[str, Any] = dict(self._figures)
        return result._replace(**figures)

    def _read_block(self, filtered: FilteredBlock) -> None:
        block, first = filtered.block, self._place.lines
        self._format.prepare([unit.content for unit in filtered.units])
        for n, unit in enumerate(filtered.units):
            self._readable = self._readable or unit.number > n  # a line before it was readable and dropped
            self._last_is_bad = False
            self._place = self._place_before = _place_in(block, unit.start, first + unit.number) or self._place
            self._read_line(unit)
            self._place = _place_in(block, unit.end, first + unit.number + 1) or self._place
            self._store_if_much()
        if filtered.lines > len(filtered.units):
            self._readable = True
        if filtered.lines and (not filtered.units or filtered.units[-1].number < filtered.lines - 1):
            self._last_is_bad = False
        self._place = FilePlace(block.end, block.tail, first + filtered.lines)
        self._store_if_much()

    def _store_if_much(self) -> None:
        batch = self._batch
        if (
            batch.count >= MAX_BATCH_FINDINGS
            or batch.size >= MAX_BATCH_BYTES
            or self._place.offset - self._stored.offset >= MAX_BATCH_READ_BYTES
        ):
            self._store()

    def _read_line(self, unit: Unit) -> None:
        try:
            payloads = self._format.take(unit.content)
        except UNREADABLE as problem:
            self._cannot_read(unit.content, problem)
            return
        self._readable = True
        if payloads:
            self._batch.add(payloads)

    def _cannot_read(self, line: bytes, problem: Exception) -> None:
        """Quarantines a line. Raises InputError if many were unreadable and none was readable."""
        self._unreadable, self._last_is_bad = self._unreadable.plus(line, problem), True
        self._batch.quarantine_line(line, problem)
        if not self._readable and self._unreadable.lines >= MAX_UNREADABLE_LINES:
            raise self._unreadable.refusal(self._task.kind)

    def _leave_out_what_breaks_off(self, *, ended: bool) -> None:
        """Drops an unreadable last line, which a broken connection may have cut off: it will be read once it is
        complete."""
        if self._last_is_bad and self._batch.count and (not ended or self._unreadable.is_truncated):
            self._batch.take_out()
            self._place, self._cut = self._place_before, True

    def _store(self) -> None:
        """Stores what was found up to here, unless nothing was readable yet: then it may not be an archive at all."""
        self._is_altered = self._file.altered()
        if self._is_altered:
            raise InputError(ALTERED)
        if not self._readable:
            return
        try:
            figures = self._batch.store(self._cursor(self._place))
        except FullStore as problem:
            raise FullStore(
                f"{self._task.record.database.where}: no room left on the disk; the first {self._stored.lines:,}"
                f" lines of {self._file.name} were imported. Free some space and import the same files again to"
                " continue."
            ) from problem
        self._figures += Counter({name: figure for (_, name), figure in figures.items()})
        self._stored = self._place

    def _cursor(self, place: FilePlace) -> str | None:
        if self._before is None or not self._file.head:
            return None
        length = len(place.tail)
        file, last = mark(self._file.known_by), mark(place.tail)
        cursor = ImportCursor(self._before, file, place.offset, length, last, place.lines)
        return msgspec.json.encode(cursor).decode()
