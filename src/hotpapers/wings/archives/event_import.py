"""Imports archives of events: scans all files in two passes, then stores the findings in order of time, as if they came
now."""

from __future__ import annotations

import os
import pickle
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from itertools import islice
from pathlib import Path
from typing import NamedTuple

import msgspec
import zstandard

from hotpapers.base.errors import InputError
from hotpapers.base.model import DAY
from hotpapers.base.text import timestamps
from hotpapers.collect.sources.bluesky.parser import author_of
from hotpapers.keep.transfer.packed import BLOCK
from hotpapers.wings.archives import queries
from hotpapers.wings.archives.batch import ArchiveBatch
from hotpapers.wings.archives.event_lines import mark_of
from hotpapers.wings.archives.formats import EVENTS
from hotpapers.wings.archives.framing import ANYWAY, short_digest
from hotpapers.wings.archives.imported_file import ALTERED, ArchiveFile, ArchiveTask, ImportedFile
from hotpapers.wings.archives.jetstream import withdrawn_addresses
from hotpapers.wings.archives.jetstream_filter import key_in
from hotpapers.wings.archives.parts import FilePart, parts_of
from hotpapers.wings.archives.scan import PartScan, Progress, Scanner, ScanTask
from hotpapers.wings.archives.spill import KnownMarks, SpilledEvent, full_disk_as_error, merge_events, spill_folder
from hotpapers.wings.archives.workers import scan_part

Scan = Callable[[Iterable[ScanTask]], Iterator[PartScan]]


class FileScan(NamedTuple):
    """A scanned file: its parts, the scans of each in the two passes, and why it is not imported or only in part."""

    file: ArchiveFile
    parts: Sequence[FilePart] = ()
    scans: Sequence[PartScan] = ()
    references: Sequence[PartScan] = ()
    problem: InputError | None = None

    @property
    def lines(self) -> int:
        """How many lines it has."""
        return sum(scan.lines for scan in self.scans)

    def without(self, reason: str) -> FileScan:
        """The file as one of which nothing is imported."""
        return FileScan(self.file, problem=InputError(reason, file=self.file.name))


class EventImport:
    """An import of files of events, all together."""

    def __init__(self, task: ArchiveTask) -> None:
        self._task = task
        self._format = EVENTS[task.kind]
        self._record = task.record
        self._marks = KnownMarks()
        self._reactions = KnownMarks()

    def results(self) -> Iterator[ImportedFile | InputError]:
        """The result for each file, once all are stored. Raises FullStore, ReadOnlyStore."""
        with spill_folder(self._record, self._task.staging) as folder:
            scan = self._scan(folder)
            files = self._second_pass(folder, scan, self._first_pass(folder, scan))
            recorder = EventRecorder(self._task, _digest(files))
            self._reactions.add(queries.all_marks(self._record))
            paths = [path for file in files for scan in (*file.scans, *file.references) for path in scan.events]
            recorder.take(merge_events(paths, folder, self._is_relevant, recorder.after))
        for number, file in enumerate(files):
            yield file.problem or recorder.result(file, number)

    def _scan(self, folder: Path) -> Scan:
        """The function that scans parts, in this process or in others."""
        pool = self._task.pool
        progress = _halved(self._task.progress)
        if pool is None:
            scanner = Scanner(self._format, self._task.target, folder)
            return lambda tasks: (scanner.scan(task, progress) for task in tasks)
        setup = self._task.setup(folder)
        return lambda tasks: (scan for _, scan in pool.map(scan_part, setup, tasks, progress))

    def _is_relevant(self, needed_mark: int, content: bytes) -> bool:
        """Whether an event is about something known: posts, reactions and accounts in these files and in the record.
        Rarely also true when it is not."""
        if needed_mark == ANYWAY or needed_mark in self._marks:
            return True
        reaction = self._record.hasher.reaction
        if self._reactions.is_empty:
            return False
        return any(reaction(address) in self._reactions for address in withdrawn_addresses(content))

    # ---- the passes --------------------------------------------------------------------------------------

    def _first_pass(self, folder: Path, scan: Scan) -> list[FileScan]:
        numbered_files = enumerate(self._task.files)
        files = [self._parts(number, file, folder) for number, file in numbered_files]
        scans = scan([ScanTask(part) for file in files for part in file.parts])
        return [self._checked(file._replace(scans=self._noted(islice(scans, len(file.parts))))) for file in files]

    def _parts(self, number: int, file: ArchiveFile, folder: Path) -> FileScan:
        """A file split into parts. Input that can be read only once is copied first, as far as it can
        be read."""
        path = file.path or str(folder / f"copy{number}")
        problem = None
        if not file.path:
            try:
                with (
                    full_disk_as_error(folder),
                    file.open() as stream,
                    open(path, "wb") as raw,
                    zstandard.ZstdCompressor(level=1).stream_writer(raw) as out,
                ):
                    read = getattr(stream, "read1", stream.read)
                    while block := read(BLOCK):
                        out.write(block)
            except InputError as error:
                problem = error
        in_lines = self._format.in_lines and self._task.pool is not None
        is_readable = file.path or os.path.exists(path)
        if is_readable:
            parts = parts_of(number, path, file.name, in_lines=in_lines, copy=not file.path)
        else:
            parts = []
        return FileScan(file, parts, problem=problem)

    def _checked(self, file: FileScan) -> FileScan:
        """The first-pass result for a file: nothing is imported if it has another format or changed meanwhile;
        otherwise the problem says why it cannot be read to its end."""
        unreadable_scans = (scan.unreadable for scan in file.scans if scan.unreadable.lines)
        unreadable = next(unreadable_scans, None)
        problem = file.problem or _problem(file.scans)
        if unreadable and (file.scans[0].is_another_kind or not any(scan.readable for scan in file.scans)):
            return file.without((problem or unreadable.refusal(self._task.kind)).reason)
        if file.file.altered():
            return file.without(ALTERED)
        if problem is None:
            return file
        ending = f"; the {file.lines:,} lines before that were imported" if file.lines else ""
        input_error = InputError(problem.reason + ending, file=file.file.name)
        return file._replace(problem=input_error)

    def _second_pass(self, folder: Path, scan: Scan, files: Sequence[FileScan]) -> Sequence[FileScan]:
        """The files with the references in them. One that can no longer be read, or has changed since the first pass,
        is left out completely."""
        keys = {*self._recorded(), *(key for file in files for part in file.scans for key in part.keys)}
        if not keys:
            return files
        path = folder / "keys"
        with full_disk_as_error(folder):
            path.write_bytes(pickle.dumps(list(keys)))
        scans = scan(
            [
                ScanTask(part, str(path), first.end)
                for file in files
                for part, first in zip(file.parts, file.scans, strict=bool(file.scans))
            ]
        )
        return [self._checked_again(file, self._noted(islice(scans, len(file.scans)))) for file in files]

    def _checked_again(self, file: FileScan, references: Sequence[PartScan]) -> FileScan:
        if problem := _problem(references):
            return file.without(problem.reason)
        if file.scans and file.file.altered():
            return file.without(ALTERED)
        return file._replace(references=references)

    def _noted(self, scans: Iterable[PartScan]) -> list[PartScan]:
        """Scans of parts, after adding their marks to the known ones."""
        noted = []
        for scan in scans:
            self._marks.add(scan.known_marks)
            scan.known_marks = ()
            noted.append(scan)
        return noted

    def _recorded(self) -> Iterator[bytes]:
        """The lookup keys of all posts in the record; adds the marks of these posts and their accounts to the known
        ones."""
        for key in queries.posts_of(self._record, "bluesky"):
            uri = key.partition(":")[2]
            self._marks.add((mark_of(uri),))
            with suppress(InputError):  # a pseudonym
                self._marks.add((mark_of(author_of(uri)),))
            yield key_in(key)


def _problem(scans: Iterable[PartScan]) -> InputError | None:
    """Why one of the parts cannot be read to its end."""
    return next((scan.problem for scan in scans if scan.problem), None)


def _digest(files: Sequence[FileScan]) -> str | None:
    """A digest of the findings in files, in any order; None if one of them cannot be identified again."""
    if not all(file.file.head for file in files):
        return None
    marks = (
        f"{short_digest(file.file.head)} {file.lines} {sum(scan.check for scan in file.scans)} {bool(file.problem)}"
        for file in files
    )
    return short_digest("\n".join(sorted(marks)).encode())


def _halved(progress: Progress) -> Progress:
    """Reports half of the bytes read, as everything is read twice."""
    left = 0

    def report(count: int) -> None:
        nonlocal left
        half, left = divmod(left + count, 2)
        progress(half)

    return report


AHEAD = 2_000
"""Events for which the record is queried together."""


class EventCursor(msgspec.Struct, frozen=True):
    """How far an import is. `files`: a digest of the first pass's findings. Everything up to a moment (µs UTC) is
    stored and nothing later: events of one moment are stored together, as each may affect the others."""

    files: str
    upto: int


class EventRecorder:
    """Stores events of one kind of archive. `files`: a digest of the first pass's findings, None if the files cannot be
    identified again. `after`: the moment up to which events were stored before, else -1."""

    def __init__(self, task: ArchiveTask, files: str | None) -> None:
        self._format = EVENTS[task.kind](task.target)
        self._files = files
        self._batch = ArchiveBatch(task, self._format, in_order=True)
        cursor = task.cursor(EventCursor)
        if cursor and cursor.files == files:
            self.after = cursor.upto
        else:
            self.after = -1
        self._at = self._stored = max(self.after, 0)
        self._is_repeat = self.after >= 0

    def take(self, events: Iterator[SpilledEvent]) -> None:
        """Stores all events. Raises FullStore."""
        batch = self._batch
        while chunk := list(islice(events, AHEAD)):
            self._is_repeat = False
            self._format.prepare([event.content for event in chunk])
            for event in chunk:
                # Between two moments. No batch spans more than a day: waiting posts are tracked however old they are.
                if event.at != self._at and (batch.is_full or (batch.count and event.at // DAY != self._at // DAY)):
                    self._store()
                self._at = event.at
                batch.take(event.content, event.file)
        self._store()

    def _store(self) -> None:
        if self._files:
            cursor = msgspec.json.encode(EventCursor(self._files, self._at)).decode()
        else:
            cursor = None
        done = f"events up to {timestamps.format_rfc3339(self._stored)} were" if self._stored else "nothing was"
        self._batch.store(cursor, done)
        self._stored = self._at

    def result(self, file: FileScan, number: int) -> ImportedFile:
        """The summary of a file's import."""
        lines, before = (0, file.lines) if self._is_repeat else (file.lines, 0)
        is_cut = any(scan.cut for scan in file.scans)
        figures = self._batch.figures(number)
        return ImportedFile(file.file.name, self._is_repeat, lines, before, max(self.after, 0), is_cut, **figures)
