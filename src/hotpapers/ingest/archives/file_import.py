"""Taking archives into the record: in batches, each with where it ended, so that what was broken off goes on."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from typing import Any, BinaryIO, NamedTuple

import msgspec

from hotpapers.errors import InputError
from hotpapers.ingest import queries
from hotpapers.ingest.archives.batch import KEPT, ArchiveBatch
from hotpapers.ingest.archives.format import UNREADABLE, ArchiveFormat, ImportTarget
from hotpapers.ingest.archives.format_guess import looks_like
from hotpapers.ingest.archives.formats import FORMATS
from hotpapers.ingest.archives.framing import FrameReader, LineReader, go_to, mark
from hotpapers.store import Record
from hotpapers.store.batches import cursor_of
from hotpapers.store.paper_names import load_names
from hotpapers.terms import NetworkTerms

MOST_SEEN = 5_000
"""Findings of a batch."""
MOST_BYTES = 2**24
"""Bytes of a batch's findings."""
MOST_READ = 2**28
"""Bytes of an archive that are read for one batch."""
MOST_UNREADABLE = 100
"""Lines from the beginning that may be unreadable before a file is taken for one of another kind."""
TRUNCATED = "truncated"
"""What the decoder says of JSON that ends too early."""
MOST_SAMPLES = 3
"""Unreadable lines by which it is told what a file looks like."""
HEAD = 4_096
"""Bytes from a file's beginning by which it is known again."""


class ArchiveFile(NamedTuple):
    """A file of an archive. `open`: its content, unpacked. `head`: its first bytes as it lies there, none for standard
    input. `size`: in bytes, `seen_at`: when what has no moment of its own was seen, µs UTC."""

    name: str
    open: Callable[[], AbstractContextManager[BinaryIO]]
    head: bytes
    size: int
    seen_at: int


class ImportedFile(NamedTuple):
    """What became of a file. `whole`: an earlier import read all of it, with the same files before it.

    `lines`: read now, blank ones left out; `before`: read by an earlier import; `cut`: the last one breaks off, and
    was left for when the rest of it is there. `posts`, `mentions`, `reactions`, `snapshots`: added; `gone`: posts that
    were found to be gone. `quarantined`: lines, and entries of lines, that could not be read. `refused`: items about
    what was forgotten. `unknown`: papers that are named in it and that the record has nothing of.
    """

    file: str
    whole: bool = False
    lines: int = 0
    before: int = 0
    cut: bool = False
    posts: int = 0
    mentions: int = 0
    reactions: int = 0
    snapshots: int = 0
    gone: int = 0
    quarantined: int = 0
    refused: int = 0
    unknown: int = 0


class ImportCursor(msgspec.Struct, frozen=True):
    """Where an import is. `before`: a digest of the files before this one; `file`: of its head; `last`: of the line
    that ends at `offset`, `length` bytes long; `lines`: so many up to there."""

    before: str
    file: str
    offset: int
    length: int
    last: str
    lines: int


class ArchiveImporter:
    """Takes in the files of one command, one after the other.

    The cursor says in which file, after which others, the last batch of this format ended. Given the same files again
    it goes on there; given others it begins anew, and what is in the record already changes nothing.
    """

    def __init__(self, record: Record, kind: str, files: Sequence[ArchiveFile], terms: NetworkTerms, now: int) -> None:
        self.record, self.job, self.terms = record, f"import:{kind}", terms
        self.kind, self.place = FORMATS[kind], ImportTarget(record, load_names(record, now, 0), now, now)
        self.format: ArchiveFormat = self.kind.make(self.place)
        self.before: str | None = ""
        self._number = 0
        self._resume, self._cursor = _found_again(cursor_of(record.database, self.job), files)

    def take(self, file: ArchiveFile) -> ImportedFile:
        """The next file. Raises InputError where it is none of this format, or breaks off."""
        number, before = self._number, self.before
        self._number += 1
        self.before = None  # until the file is through: what comes after one that was refused is not gone on with
        done = ImportedFile(file.name, whole=True) if number < self._resume else self._read(file, number, before)
        self.before = following(before, file)
        return done

    def _read(self, file: ArchiveFile, number: int, before: str | None) -> ImportedFile:
        self.format.begin(self.place._replace(seen_at=min(file.seen_at, self.place.now)))
        if self._cursor is not None and number == self._resume:
            with file.open() as stream:
                if go_to(stream, self._cursor.offset, self._cursor.length, self._cursor.last):
                    return FileImport(self, file, before, stream, self._cursor).to_the_end()
        with file.open() as stream:
            return FileImport(self, file, before, stream, None).to_the_end()


def following(before: str | None, file: ArchiveFile) -> str | None:
    """A digest of the files before a file and of itself; None where one of them cannot be known again."""
    return mark(before.encode() + file.head + str(file.size).encode()) if before is not None and file.head else None


def _found_again(text: str | None, files: Sequence[ArchiveFile]) -> tuple[int, ImportCursor | None]:
    """In which of the files a cursor is; 0 and None where in none."""
    cursor = _parsed(text)
    before: str | None = ""
    for number, file in enumerate(files):
        if cursor and file.head and cursor.before == before and cursor.file == mark(file.head):
            return number, cursor
        before = following(before, file)
    return 0, None


def _parsed(text: str | None) -> ImportCursor | None:
    """A cursor; None where there is none, or one of another version of this program."""
    try:
        return msgspec.json.decode(text or "null", type=ImportCursor | None)
    except msgspec.MsgspecError:
        return None


class FileImport:
    """One file, from where it begins or an earlier import ended."""

    def __init__(
        self, importer: ArchiveImporter, file: ArchiveFile, before: str | None, stream: BinaryIO,
        begun: ImportCursor | None,
    ) -> None:  # fmt: skip
        self._importer, self._file, self._before = importer, file, before
        self._lines = (FrameReader if importer.kind.frames else LineReader)(stream, begun.offset if begun else 0)
        self._begun = begun.lines if begun else 0
        self._batch = ArchiveBatch(importer.record, importer.job, importer.format, importer.terms, importer.place.now)
        self._count, self._bad, self._readable = 0, 0, begun is not None
        self._last_bad: tuple[int, Exception | None] = (-1, None)
        self._samples: list[bytes] = []
        self._reason = ""
        self._position, self._stored_at = importer.record.head.position, self._lines.here[0]
        self._figures: Counter[str] = Counter()

    def to_the_end(self) -> ImportedFile:
        """Reads all lines. Raises InputError where the file cannot be read any further, what was read being kept, or is
        none of its format."""
        try:
            self._read_lines()
        except InputError as problem:
            reason = problem.reason
            if self._readable:
                self._store(self._lines.here)
                reason += f"; {self._begun + self._count:,} lines before that are taken in"
            raise InputError(reason, file=self._file.name) from problem
        self._store(self._lines.here)
        unknown = queries.count_unknown_papers(self._importer.record, self._importer.job, self._position)
        whole, cut = bool(self._begun) and not self._count, self._lines.cut
        done = ImportedFile(self._file.name, whole, self._count, self._begun, cut, unknown=unknown)
        figures: dict[str, Any] = dict(self._figures)
        return done._replace(**figures)

    def _read_lines(self) -> None:
        take, lines, batch = self._importer.format.take, self._lines, self._batch
        for line in lines:
            try:
                payloads = take(line)
            except UNREADABLE as problem:
                self._cannot_read(line, problem)
            else:
                self._readable = True
                if payloads:
                    if batch.must_wait(payloads):
                        self._store(lines.before)
                    batch.add(payloads)
            self._count += 1
            if batch.count >= MOST_SEEN or batch.size >= MOST_BYTES or lines.here[0] - self._stored_at >= MOST_READ:
                self._store(lines.here)
        self._leave_out_what_breaks_off()
        if not self._readable and self._bad:
            raise self._refusal()

    def _cannot_read(self, line: bytes, problem: Exception) -> None:
        """A line for quarantine. Raises InputError where it is one of so many, and none could be read."""
        if len(self._samples) < MOST_SAMPLES:
            self._samples.append(line[:KEPT])
            self._reason = self._reason or str(problem)
        self._batch.set_apart(line, problem)
        self._bad += 1
        self._last_bad = (self._count, problem)
        if not self._readable and self._bad >= MOST_UNREADABLE:
            raise self._refusal()

    def _leave_out_what_breaks_off(self) -> None:
        """The last line may be one that a broken connection left: it is no part of what is read, and is read when the
        rest of it is there."""
        number, problem = self._last_bad
        breaks_off = number == self._count - 1 and (not self._lines.ended or TRUNCATED in str(problem))
        if breaks_off and self._batch.count:
            self._batch.take_out()
            self._lines.give_back()
            self._count -= 1

    def _refusal(self) -> InputError:
        many = f"of its first {MOST_UNREADABLE} lines" if self._bad >= MOST_UNREADABLE else "of its lines"
        name = self._importer.job.partition(":")[2]
        return InputError(
            f"not of the format {name}: none {many} can be read ({self._reason[:200]});"
            f" it looks like {looks_like(self._samples, name)}"
        )

    def _store(self, place: tuple[int, bytes]) -> None:
        """What was found up to a place; unless nothing could be read yet: then it may be no archive at all."""
        if self._readable:
            self._figures += self._batch.store(self._cursor(*place))
            self._stored_at = place[0]

    def _cursor(self, offset: int, last: bytes) -> str | None:
        if self._before is None or not self._file.head:
            return None
        lines = self._begun + self._count
        cursor = ImportCursor(self._before, mark(self._file.head), offset, len(last), mark(last), lines)
        return msgspec.json.encode(cursor).decode()
