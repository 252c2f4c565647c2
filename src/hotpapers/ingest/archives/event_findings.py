"""Findings for event formats: what scanning a part found in each pass. They are imported like the archive itself, with
scans made earlier."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

import msgspec

from hotpapers.errors import InputError
from hotpapers.ingest.archives.event_import import EventImport, FileScan, Scan
from hotpapers.ingest.archives.findings import LINES, REFERENCES, FilterJob, FindingsFolder
from hotpapers.ingest.archives.format import ImportTarget
from hotpapers.ingest.archives.formats import EVENTS
from hotpapers.ingest.archives.imported_file import ALTERED, ArchiveFile
from hotpapers.ingest.archives.jetstream_filter import PostKeys
from hotpapers.ingest.archives.parts import FilePart
from hotpapers.ingest.archives.scan import PartScan, Scanner, ScanTask
from hotpapers.ingest.archives.spill import SpilledEvent, SpillWriter, merged, with_less_overlap
from hotpapers.terms import NetworkTerms, Table
from hotpapers.transfer.parquet_reader import rows_of

KNOWN = "known"


class EventRow(NamedTuple):
    """A row. `kind`: event or end. An event: the `number`-th of its part, with its moment (µs UTC), rank and `asks` as
    in `EventStamp`. An end: comes after `number` events; `content` is a `ScanFigures` as MessagePack, `keys` are those
    of posts that name papers, and `problem` says why nothing more could be read, or is empty."""

    part: int
    number: int
    kind: str
    at: int = 0
    rank: int = 0
    asks: int = 0
    content: bytes = b""
    keys: Sequence[bytes] = ()
    problem: str = ""


class ScanFigures(msgspec.Struct, frozen=True):
    """A part's figures, as in `PartScan`."""

    lines: int
    readable: bool
    bad: int
    samples: tuple[bytes, ...]
    reason: str
    cut: bool
    end: int
    check: int
    tells: bytes


_figures = msgspec.msgpack.Decoder(ScanFigures).decode


class EventReader:
    """Scans parts for a job."""

    def __init__(self, job: FilterJob) -> None:
        self._job, self._spec = job, EVENTS[job.format]
        self._block_filter = self._spec.block_filter(job.target())
        self._posts = PostKeys.of(job.known if job.ends else ())

    def rows(self, number: int) -> Iterator[EventRow]:
        """A part's rows, once all of it was scanned."""
        job, part = self._job, self._job.parts[number]
        with TemporaryDirectory(prefix="hotpapers-") as name:
            scanner = Scanner(self._spec, self._block_filter, Path(name), {KNOWN: self._posts})
            task = ScanTask(part, "part", KNOWN, job.ends[number]) if job.ends else ScanTask(part, "part")
            scan, count = scanner.scan(task, int), 0
            problem = ALTERED if job.files[part.file].altered() else scan.problem.reason if scan.problem else ""
            for count, event in enumerate(merged(with_less_overlap(list(scan.runs), Path(name))), 1):
                yield EventRow(number, count, "event", event.at, event.rank, event.asks, event.content)
        figures = ScanFigures(**{field: getattr(scan, field) for field in ScanFigures.__struct_fields__})
        yield EventRow(number, count, "end", content=msgspec.msgpack.encode(figures), keys=scan.keys, problem=problem)


def end_of(content: bytes) -> int:
    """How far a part was read in the first pass, from the content of its end row."""
    return _figures(content).end


class FindingsEvents(EventImport):
    """Imports findings of events into a record."""

    def __init__(
        self, findings: FindingsFolder, place: ImportTarget, files: Sequence[ArchiveFile], terms: NetworkTerms | Table
    ) -> None:
        self._findings = findings
        self._altered: set[int] = set()
        watched = [file._replace(altered=partial(self._is_altered, number)) for number, file in enumerate(files)]
        super().__init__(findings.about.format, place, watched, terms, 1, "", int)

    def _is_altered(self, file: int) -> bool:
        return file in self._altered

    @contextmanager
    def _scanning(self, folder: Path) -> Iterator[Scan]:
        yield lambda tasks, progress: (self._scan(task, folder) for task in tasks)

    def _parts(self, number: int, file: ArchiveFile, folder: Path) -> FileScan:
        """Each part's start is its number, not a position in the file."""
        parts = (FilePart(number, "", file.name, part) for part in self._findings.parts(number))
        return FileScan(file, tuple(parts))

    def _scan(self, task: ScanTask, folder: Path) -> PartScan:
        """What was found in a part. Raises InputError if rows are missing, and FullStore."""
        number, table = task.part.start, self._findings.tables.get(REFERENCES if task.keys else LINES)
        if table is None:  # no part had a post that names a paper, and the store had no posts
            return PartScan()
        writer, count, end = SpillWriter(folder, task.name), 0, None
        for row in map(EventRow._make, rows_of(str(table[number]), EventRow._fields)):
            count += row.kind == "event"
            if end or (row.part, row.number) != (number, count):
                raise self._findings.gap(number)
            if row.kind == "end":
                end = row
            else:
                writer.add(SpilledEvent(row.at, row.rank, row.content, row.asks, task.part.file))
        if end is None:
            raise self._findings.gap(number)
        return self._told_at(end, task.part.file)._replace(runs=tuple(writer.runs()))

    def _told_at(self, end: EventRow, file: int) -> PartScan:
        try:
            figures = msgspec.structs.asdict(_figures(end.content))
        except msgspec.MsgspecError as nonsense:
            raise InputError("not findings written by hotpapers", file=str(self._findings.folder)) from nonsense
        if end.problem == ALTERED:
            self._altered.add(file)
        problem = InputError(end.problem) if end.problem else None
        return PartScan(**figures, problem=problem, keys=tuple(end.keys))
