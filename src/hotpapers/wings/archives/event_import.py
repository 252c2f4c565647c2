"""Imports archives of events: scans all files in two passes, then stores what was found in order of time, as if it came
now."""

from __future__ import annotations

import fcntl
import os
import pickle
import shutil
import tempfile
from array import array
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from itertools import islice
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple

import msgspec
import zstandard

from hotpapers.base.errors import FullStore, InputError, ReadOnlyStore
from hotpapers.base.ids import timestamps
from hotpapers.base.model import DAY
from hotpapers.collect.sources.bluesky.parser import author_of
from hotpapers.keep.transfer.packed import BLOCK
from hotpapers.record import Record
from hotpapers.record.batches import cursor_of
from hotpapers.record.leftovers import FOLDER
from hotpapers.record.sqlite import SqliteDatabase
from hotpapers.wings.archives import queries
from hotpapers.wings.archives.batch import MAX_BATCH_BYTES, MAX_BATCH_FINDINGS, ArchiveBatch
from hotpapers.wings.archives.event_stamps import ANYWAY, mark_of
from hotpapers.wings.archives.format import UNREADABLE
from hotpapers.wings.archives.formats import EVENTS
from hotpapers.wings.archives.framing import mark
from hotpapers.wings.archives.imported_file import ALTERED, ArchiveFile, ArchiveTask, ImportedFile
from hotpapers.wings.archives.jetstream import withdrawn_addresses
from hotpapers.wings.archives.jetstream_filter import key_in
from hotpapers.wings.archives.parts import FilePart, parts_of
from hotpapers.wings.archives.scan import PartScan, Progress, Scanner, ScanTask
from hotpapers.wings.archives.spill import KnownMarks, SpilledEvent, full_disk_as_error, merged, with_less_overlap
from hotpapers.wings.archives.workers import scan_part

PREFIX = f"{FOLDER}import-"
Scan = Callable[[Sequence[ScanTask], Progress], Iterator[PartScan]]


def _pack(stream: BinaryIO, path: str) -> None:
    """Writes a stream into a file with fast compression. Raises OSError, and InputError after writing what could be
    read."""
    read = getattr(stream, "read1", stream.read)
    with open(path, "wb") as raw, zstandard.ZstdCompressor(level=1).stream_writer(raw) as out:
        while block := read(BLOCK):
            out.write(block)


class FileScan(NamedTuple):
    """A file after the first pass: its parts, the scan of each, and why it is not imported or only in part."""

    file: ArchiveFile
    parts: tuple[FilePart, ...] = ()
    scans: tuple[PartScan, ...] = ()
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
        self._task, self._spec, self._progress = task, EVENTS[task.kind], _Halves(task.progress)
        self._record, self._marks = task.record, KnownMarks()

    def results(self) -> Iterator[ImportedFile | InputError]:
        """The result for each file, once all are stored. Raises FullStore, ReadOnlyStore."""
        with spill_folder(self._record, self._task.staging) as folder:
            scan = self._scan(folder)
            scanned_files = self._second_pass(folder, scan, self._first_pass(folder, scan))
            files = [file for file, _ in scanned_files]
            runs = [
                run
                for file, second_scans in scanned_files
                for part in (*file.scans, *second_scans)
                for run in part.runs
            ]
            recorder = EventRecorder(self._task, _digest(files))
            known = KnownKeys(self._record, self._marks)
            is_known = self._marks.__contains__ if known.are_marks_enough else None
            events = merged(with_less_overlap(runs, folder), is_known)
            counts = recorder.take(events, known, lambda: os.utime(folder))
        for number, file in enumerate(files):
            yield self._result(file, number, counts)

    def _scan(self, folder: Path) -> Scan:
        """The function that scans parts, in this process or in others."""
        pool = self._task.pool
        if pool is None:
            scanner = Scanner(self._spec, self._task.target, folder)
            return lambda tasks, progress: (scanner.scan(task, progress) for task in tasks)
        setup = self._task.setup(folder)
        return lambda tasks, progress: (scan for _, scan in pool.map(scan_part, setup, tasks, progress))

    # ---- the passes --------------------------------------------------------------------------------------

    def _first_pass(self, folder: Path, scan: Scan) -> list[FileScan]:
        files = [self._parts(number, file, folder) for number, file in enumerate(self._task.files)]
        tasks = [ScanTask(part, f"first{part.file}-{part.start}") for file in files for part in file.parts]
        scans = scan(tasks, self._progress)
        return [
            self._checked(file._replace(scans=tuple(self._noted(next(scans)) for _ in file.parts))) for file in files
        ]

    def _parts(self, number: int, file: ArchiveFile, folder: Path) -> FileScan:
        """A file split into parts. Input that can be read only once is copied first."""
        path, problem = file.path, None
        if not path:
            path = str(folder / f"copy{number}")
            try:
                with full_disk_as_error(folder), file.open() as stream:
                    _pack(stream, path)
            except InputError as error:
                problem = error
        in_lines = self._spec.convert is None and self._task.pool is not None
        is_readable = os.path.exists(path) or file.path
        parts = parts_of(number, path, file.name, in_lines=in_lines, copy=not file.path) if is_readable else []
        return FileScan(file, tuple(parts), problem=problem)

    def _checked(self, file: FileScan) -> FileScan:
        """The first-pass result for a file: nothing is imported if it has another format or changed meanwhile;
        otherwise the problem says why it cannot be read to its end."""
        unreadable = next((scan.unreadable for scan in file.scans if scan.unreadable.lines), None)
        problem = file.problem or next((scan.problem for scan in file.scans if scan.problem), None)
        if unreadable and (file.scans[0].is_another_kind or not any(scan.readable for scan in file.scans)):
            return file.without((problem or unreadable.refusal(self._task.kind)).reason)
        if file.file.altered():
            return file.without(ALTERED)
        if problem is None:
            return file
        ending = f"; the {file.lines:,} lines before that were imported" if file.lines else ""
        return file._replace(problem=InputError(problem.reason + ending, file=file.file.name))

    def _second_pass(
        self, folder: Path, scan: Scan, files: Sequence[FileScan]
    ) -> list[tuple[FileScan, tuple[PartScan, ...]]]:
        keys = set(self._recorded())
        keys.update(key for file in files for part in file.scans for key in part.keys)
        if not keys:
            return [(file, ()) for file in files]
        path = folder / "keys"
        with full_disk_as_error(folder):
            path.write_bytes(pickle.dumps(list(keys)))
        tasks = [
            ScanTask(part, f"second{part.file}-{part.start}", str(path), first.end)
            for file in files
            for part, first in zip(file.parts, file.scans, strict=bool(file.scans))
        ]
        scans = scan(tasks, self._progress)
        return [self._checked_again(file, tuple(self._noted(next(scans)) for _ in file.scans)) for file in files]

    def _checked_again(self, file: FileScan, scans: tuple[PartScan, ...]) -> tuple[FileScan, tuple[PartScan, ...]]:
        """A file that can no longer be read, or has changed since the first pass, is left out completely."""
        problem = next((scan.problem for scan in scans if scan.problem), None)
        if problem is not None:
            return file.without(problem.reason), ()
        return (file.without(ALTERED), ()) if file.scans and file.file.altered() else (file, scans)

    def _noted(self, scan: PartScan) -> PartScan:
        """A part's scan, after adding its marks to the known ones."""
        self._marks.add(array("I", scan.known_marks))
        return scan._replace(known_marks=b"")

    def _recorded(self) -> Iterator[bytes]:
        """The lookup keys of all posts in the record; adds the marks of these posts and their accounts to the known
        ones."""
        for key in queries.posts_of(self._record, "bluesky"):
            uri = key.partition(":")[2]
            self._marks.add((mark_of(uri),))
            with suppress(InputError):  # a pseudonym
                self._marks.add((mark_of(author_of(uri)),))
            yield key_in(key)

    def _result(self, file: FileScan, number: int, counts: EventCounts) -> ImportedFile | InputError:
        if file.problem is not None:
            return file.problem
        unknown = len(counts.named[number]) - len(
            set(queries.known_keys(self._record, "paper", "paper", counts.named[number]))
        )
        figures: dict[str, Any] = {
            name: figure for (file_number, name), figure in counts.figures.items() if file_number == number
        }
        lines, before = (0, file.lines) if counts.is_repeat else (file.lines, 0)
        result = ImportedFile(file.file.name, counts.is_repeat, lines, before, counts.stored_until, unknown=unknown)
        return result._replace(cut=any(scan.cut for scan in file.scans), **figures)


def _digest(files: Sequence[FileScan]) -> str | None:
    """A digest of what was found in files, in any order; None if one of them cannot be identified again."""
    if not all(file.file.head for file in files):
        return None
    marks = (
        f"{mark(file.file.head)} {file.lines} {sum(scan.check for scan in file.scans)} {bool(file.problem)}"
        for file in files
    )
    return mark("\n".join(sorted(marks)).encode())


class _Halves:
    """Reports half of the bytes read, as everything is read twice."""

    def __init__(self, progress: Progress) -> None:
        self._progress, self._left = progress, 0

    def __call__(self, count: int) -> None:
        half, self._left = divmod(self._left + count, 2)
        self._progress(half)


@contextmanager
def spill_folder(record: Record, staging: str = "") -> Iterator[Path]:
    """A private folder for sorted events and results of processes: in `staging`, or next to the store if it is a file.
    Removes folders left by killed imports. Raises FullStore, ReadOnlyStore."""
    parent = record.database.path.absolute().parent if isinstance(record.database, SqliteDatabase) else None
    parent = Path(staging).absolute() if staging else parent
    for old in parent.glob(f"{PREFIX}*") if parent else ():
        _remove_unused(old)
    place = parent or Path(tempfile.gettempdir())
    try:
        with full_disk_as_error(place / "_"):
            folder = Path(tempfile.mkdtemp(prefix=PREFIX, dir=place))
    except OSError as problem:  # which names a folder that nobody knows
        raise ReadOnlyStore(f"{place}: cannot be written: {problem.strerror}") from problem
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        os.close(descriptor)


def _remove_unused(folder: Path) -> None:
    with suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            shutil.rmtree(folder, ignore_errors=True)
        finally:
            os.close(descriptor)


AHEAD = 2_000
"""Events for which the record is queried at once."""


class EventCursor(msgspec.Struct, frozen=True):
    """How far an import is. `files`: a digest of what was found in the first pass. Everything up to a moment (µs UTC)
    is stored and nothing later: events of one moment are stored together, as each may affect the others."""

    files: str
    upto: int


class EventCounts(NamedTuple):
    """Results: up to which moment events were stored before, as in `ImportedFile`; counts by file number and the names
    there; the papers that each file newly named; and whether everything was stored before."""

    stored_until: int
    figures: Counter[tuple[int, str]]
    named: dict[int, set[str]]
    is_repeat: bool


class EventRecorder:
    """Stores events of one kind of archive. `files`: a digest of what was found in the first pass, None if the files
    cannot be identified again."""

    def __init__(self, task: ArchiveTask, files: str | None) -> None:
        self._record, self._format = task.record, EVENTS[task.kind].make(task.target)
        self._batch = ArchiveBatch(task, self._format, in_order=True)
        self._files, start_cursor = files, _parse_cursor(cursor_of(task.record.database, task.job))
        self._start_cursor = start_cursor if start_cursor and start_cursor.files == files else None
        self._figures: Counter[tuple[int, str]] = Counter()
        self._stored_before = self._start_cursor.upto if self._start_cursor else 0
        self._at = self._stored = self._stored_before

    def take(self, events: Iterator[SpilledEvent], known: KnownKeys, at_work: Callable[[], object]) -> EventCounts:
        """Stores all events. `at_work` is called now and then. Raises FullStore."""
        following = (event for event in events if not self._start_cursor or event.at > self._start_cursor.upto)
        relevant = (event for event in following if known.is_relevant(event))
        is_new = False
        while chunk := list(islice(relevant, AHEAD)):
            is_new = True
            self._format.prepare([event.content for event in chunk])
            for event in chunk:
                if event.at != self._at:
                    self._store_if_much(event.at)
                self._at = event.at
                self._take(event)
            at_work()
        self._store()
        is_repeat = bool(self._start_cursor) and not is_new
        return EventCounts(self._stored_before, self._figures, self._batch.named, is_repeat)

    def _take(self, event: SpilledEvent) -> None:
        try:
            payloads = self._format.take(event.content)
        except UNREADABLE as problem:
            self._batch.quarantine_line(event.content, problem, event.file)
            return
        if payloads:
            self._batch.add(payloads, event.file)

    def _store_if_much(self, at: int) -> None:
        """Called before the first event of a moment. No batch spans more than a day: waiting posts are tracked however
        old they are."""
        batch, is_next_day = self._batch, at // DAY != self._at // DAY
        if batch.count >= MAX_BATCH_FINDINGS or batch.size >= MAX_BATCH_BYTES or (batch.count and is_next_day):
            self._store()

    def _store(self) -> None:
        cursor = EventCursor(self._files, self._at) if self._files else None
        text = msgspec.json.encode(cursor).decode() if cursor else None
        try:
            self._figures += self._batch.store(text)
        except FullStore as problem:
            raise FullStore(
                f"{self._record.database.where}: no room left on the disk; {self._progress()}. Free some space and"
                " import the same files again to continue."
            ) from problem
        self._stored = self._at

    def _progress(self) -> str:
        if not self._stored:
            return "nothing was imported"
        return f"events up to {timestamps.rfc3339(self._stored)} were imported"


class KnownKeys:
    """What must be known for an event to be relevant: posts, reactions and accounts in these files and in the
    record."""

    def __init__(self, record: Record, marks: KnownMarks) -> None:
        self._marks, self._reaction = marks, record.hasher.reaction
        self._recorded: KnownMarks | None = None
        for reaction_mark in queries.all_marks(record):
            self._recorded = self._recorded or KnownMarks()
            self._recorded.add((reaction_mark,))

    @property
    def are_marks_enough(self) -> bool:
        """Whether all that is known has a mark."""
        return self._recorded is None

    def is_relevant(self, event: SpilledEvent) -> bool:
        """Whether an event is about something known. Rarely also true when it is not."""
        if event.needed_mark == ANYWAY or event.needed_mark in self._marks:
            return True
        recorded = self._recorded
        return recorded is not None and any(
            self._reaction(address) in recorded for address in withdrawn_addresses(event.content)
        )


def _parse_cursor(text: str | None) -> EventCursor | None:
    """The cursor; None if there is none or another version of this program wrote it."""
    try:
        return msgspec.json.decode(text or "null", type=EventCursor | None)
    except msgspec.MsgspecError:
        return None
