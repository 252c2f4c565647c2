"""Imports archives in batches, each stored with its end position, so that an interrupted import can resume."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from itertools import groupby
from typing import Any, BinaryIO, NamedTuple

import msgspec

from hotpapers.base.errors import InputError
from hotpapers.base.networks import Network
from hotpapers.record import Record
from hotpapers.record.paper_names import load_names
from hotpapers.wings.archives.batch import ArchiveBatch
from hotpapers.wings.archives.event_import import EventImport
from hotpapers.wings.archives.format import ArchiveFormat, ImportTarget
from hotpapers.wings.archives.formats import EVENTS, LINES
from hotpapers.wings.archives.framing import (
    TAIL,
    ArchiveBlock,
    FilteredBlock,
    Unit,
    go_to,
    line_blocks,
    short_digest,
    with_gaps,
)
from hotpapers.wings.archives.imported_file import ALTERED, ArchiveFile, ArchiveTask, ImportedFile
from hotpapers.wings.archives.parts import FilePart, parts_of
from hotpapers.wings.archives.scan import Progress
from hotpapers.wings.archives.spill import spill_folder
from hotpapers.wings.archives.workers import Pool, filter_block, filter_part
from hotpapers.wings.archives.wrong_format import UnreadableLines

Blocks = Iterator[tuple[ArchiveBlock, FilteredBlock]]
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
    terms: Network,
    now: int,
    progress: Progress = int,
    pool: Pool | None = None,
    staging: str = "",
) -> Iterator[ImportedFile | InputError]:
    """Imports archives of one kind into a record; the result for each file, or why it could not be read to its end.
    `terms`: of the format's network. `progress` gets the bytes read of files that have a path. `pool`: processes that
    filter the lines, if there are any; `staging`: where all of them can write, by default beside the store. Raises
    FullStore."""
    import_target = ImportTarget(record, load_names(record, now, 0), now, now)
    task = ArchiveTask(kind, import_target, files, terms, progress, pool, staging)
    return EventImport(task).results() if kind in EVENTS else import_lines(task)


def import_lines(task: ArchiveTask) -> Iterator[ImportedFile | InputError]:
    """Imports files of lines, one after the other; the result for each."""
    format = LINES[task.kind](task.target)
    before: str | None = ""
    number_of_cursor, cursor = _found_again(task)
    with contextlib.ExitStack() as stack:
        blocks = _filter(task, format, number_of_cursor, stack)
        for number, file in enumerate(task.files):
            try:
                if number < number_of_cursor:
                    result = ImportedFile(file.name, whole=True)
                else:
                    start = cursor if number == number_of_cursor else None
                    file_import = FileImport(task, format, file, before)
                    result = file_import.result(partial(blocks, number), start)
            except InputError as problem:
                yield problem
                before = None  # files after a refused one cannot be resumed
            else:
                yield result
                before = chained_digest(before, file)


def _filter(
    task: ArchiveTask, format: ArchiveFormat, first: int, stack: contextlib.ExitStack
) -> Callable[[int, BinaryIO, int], Blocks]:
    """The function that gives the blocks of a numbered file's stream from an offset on, which must be its position,
    filtered. `first`: the first file that it is asked for."""
    pool = task.pool
    if pool is None:
        return lambda _, stream, offset: ((block, format.filter(block)) for block in line_blocks(stream, offset))
    setup = task.setup(stack.enter_context(spill_folder(task.record, task.staging)))
    if not pool.opens_files:
        return lambda _, stream, offset: pool.map(filter_block, setup, line_blocks(stream, offset), int)
    files = list(enumerate(task.files))[first:]
    parts = [part for n, file in files for part in parts_of(n, file.path, file.name, in_lines=True)]
    filtered_parts = pool.map(filter_part, setup, parts, task.progress)
    by_file = groupby(filtered_parts, lambda done: done[0].file)
    return lambda number, _, offset: _blocks_of_parts(next(parts for n, parts in by_file if n == number), offset)


def _blocks_of_parts(parts: Iterator[tuple[FilePart, Any]], offset: int) -> Blocks:
    """A file's blocks, from an offset on. Raises InputError."""
    start = end = 0
    for _, (blocks, problem) in parts:
        for block, filtered in blocks:
            end = start + block.end
            if end > offset or not block.ended:
                placed = block._replace(start=start + block.start, end=end)
                if placed.start >= offset:
                    yield (placed, filtered)
                else:
                    yield rest_of(placed, filtered, offset)
        if problem:
            raise InputError(problem)
        start = end


def rest_of(block: ArchiveBlock, filtered: FilteredBlock, offset: int) -> tuple[ArchiveBlock, FilteredBlock]:
    """The part of a block after a line. If an earlier import stopped at a line that the filter dropped, some lines are
    counted twice."""
    cut = offset - block.start
    count = max((unit.number + 1 for unit in filtered.units if unit.start < cut), default=0)
    later = [
        unit._replace(number=unit.number - count, start=unit.start - cut, end=unit.end - cut)
        for unit in filtered.units
        if unit.start >= cut
    ]
    return block._replace(start=offset), FilteredBlock(filtered.lines - count, later)


def chained_digest(before: str | None, file: ArchiveFile) -> str | None:
    """A digest of the files up to and including a file; None if one of them cannot be identified again."""
    if before is not None and file.head:
        size = str(file.size).encode()
        return short_digest(before.encode() + file.known_by + size)
    return None


def _found_again(task: ArchiveTask) -> tuple[int, ImportCursor | None]:
    """The number of the file that the cursor points to, and the cursor; 0 and None if no file matches."""
    cursor = task.cursor(ImportCursor)
    before: str | None = ""
    for number, file in enumerate(task.files):
        if cursor and file.head and cursor.before == before and cursor.file == short_digest(file.known_by):
            return number, cursor
        before = chained_digest(before, file)
    return 0, None


class FilePlace(NamedTuple):
    """A position in a file: `offset` in its content, the bytes before it, and how many lines were read."""

    offset: int
    tail: bytes
    lines: int


class FileImport:
    """One file, from its beginning or from where an earlier import ended."""

    def __init__(self, task: ArchiveTask, format: ArchiveFormat, file: ArchiveFile, before: str | None) -> None:
        self._task = task
        self._format = format
        self._file = file
        self._before = before
        self._place = self._stored = FilePlace(0, b"", 0)
        self._batch = ArchiveBatch(task, format)
        self._unreadable = UnreadableLines()
        self._readable = False
        self._before_last: FilePlace | None = None  # the place before the last line, if that is unreadable
        self._cut = False

    def result(self, blocks: Callable[[BinaryIO, int], Blocks], cursor: ImportCursor | None) -> ImportedFile:
        """Imports the file, after a cursor if the part before it is unchanged. Raises InputError if it cannot be read
        any further, after storing the part before, or if it has another format."""
        seen_at = min(self._file.seen_at, self._task.target.now)
        self._format.begin(self._task.target._replace(seen_at=seen_at))
        with self._file.open() as stream:
            if cursor is None:
                return self._to_the_end(blocks(stream, 0))
            if go_to(stream, cursor.offset, cursor.length, cursor.last):
                self._place = self._stored = FilePlace(cursor.offset, b"", cursor.lines)
                self._readable = True
                return self._to_the_end(blocks(stream, cursor.offset))
        return self.result(blocks, None)

    def _to_the_end(self, blocks: Blocks) -> ImportedFile:
        before = self._place.lines
        try:
            ended = True
            for block, filtered in blocks:
                self._read_block(block, filtered)
                ended = block.ended
            if self._before_last and self._batch.count and (not ended or self._unreadable.is_truncated):
                # A broken connection may have cut off the last line: it will be read once it is complete
                self._batch.take_out()
                self._place = self._before_last
                self._cut = True
            if not self._readable and self._unreadable.lines:
                raise self._unreadable.refusal(self._task.kind)
            self._store()
        except InputError as problem:
            reason = problem.reason
            if self._readable:
                if reason != ALTERED:
                    self._store()
                reason += f"; the {self._stored.lines:,} lines before that were imported"
            raise InputError(reason, file=self._file.name) from problem
        count = self._place.lines - before
        whole = before > 0 and not count
        figures = self._batch.figures()
        return ImportedFile(self._file.name, whole, count, before, cut=self._cut, **figures)

    def _read_block(self, block: ArchiveBlock, filtered: FilteredBlock) -> None:
        # Not after the block: its last line may turn out to be cut off
        if self._batch.is_full or self._place.offset - self._stored.offset >= MAX_BATCH_READ_BYTES:
            self._store()
        for unit in with_gaps(filtered):
            problem = self._batch.take(unit.content) if unit else None
            self._before_last = self._place_before(unit, block) if unit and problem else None
            if unit and problem:
                self._unreadable = self._unreadable.plus(unit.content, problem)
                if not self._readable and self._unreadable.are_enough:
                    raise self._unreadable.refusal(self._task.kind)
            else:
                self._readable = True
        lines = self._place.lines + filtered.lines
        self._place = FilePlace(block.end, block.tail, lines)

    def _place_before(self, unit: Unit, block: ArchiveBlock) -> FilePlace:
        if not unit.start:
            return self._place
        tail_start = max(unit.start - TAIL, 0)
        tail = block.data[tail_start : unit.start]
        lines = self._place.lines + unit.number
        return FilePlace(block.start + unit.start, tail, lines)

    def _store(self) -> None:
        """Stores the findings up to here, unless nothing was readable yet: then it may not be an archive at all."""
        if self._file.altered():
            raise InputError(ALTERED)
        if not self._readable:
            return
        stored = f"lines 1 to {self._stored.lines:,} of {self._file.name} were"
        self._batch.store(self._cursor(), stored)
        self._stored = self._place

    def _cursor(self) -> str | None:
        if self._before is None or not self._file.head:
            return None
        offset, tail, lines = self._place
        file = short_digest(self._file.known_by)
        cursor = ImportCursor(self._before, file, offset, len(tail), short_digest(tail), lines)
        return msgspec.json.encode(cursor).decode()
