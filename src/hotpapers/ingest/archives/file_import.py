"""Taking archives into the record: in batches, each with where it ended, so that what was broken off goes on."""

from __future__ import annotations

import contextlib
from collections import Counter
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from typing import Any, BinaryIO, NamedTuple, Self

import msgspec

from hotpapers.errors import FullStore, InputError
from hotpapers.ingest import queries
from hotpapers.ingest.archives.batch import KEPT, ArchiveBatch
from hotpapers.ingest.archives.format import UNREADABLE, ArchiveFormat, ImportTarget
from hotpapers.ingest.archives.format_guess import looks_like
from hotpapers.ingest.archives.formats import FORMATS
from hotpapers.ingest.archives.framing import TAIL, ArchiveBlock, ArchiveContent, Unit, mark
from hotpapers.ingest.archives.sifting import NOTHING, SiftedBlock, sifted_here
from hotpapers.ingest.archives.workers import SifterPool, SifterSetup
from hotpapers.store import Record
from hotpapers.store.batches import cursor_of
from hotpapers.store.paper_names import load_names
from hotpapers.terms import NetworkTerms, Table

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
    input. `size`: in bytes, `seen_at`: when what has no moment of its own was seen, µs UTC. `altered`: whether what was
    read since it was opened is there no longer."""

    name: str
    open: Callable[[], AbstractContextManager[BinaryIO]]
    head: bytes
    size: int
    seen_at: int
    altered: Callable[[], bool] = bool


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

    def and_again(self, later: ImportedFile) -> ImportedFile:
        """The same after the file was read once more: what was added then too."""
        names = ("posts", "mentions", "reactions", "snapshots", "gone", "refused", "unknown")
        sums: dict[str, Any] = {name: getattr(self, name) + getattr(later, name) for name in names}
        lines, before = max(self.lines, later.lines), max(self.before, later.before)
        return self._replace(whole=self.whole and later.whole, lines=lines, before=before, **sums)


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
    """Archives of one kind into a record, one file after the other. `files` are all that will be given to `take`, in
    that order. `terms`: of the format's network, or of all where its lines are of several. `workers`:
    processes that sift what is read; with 1 none is started. Use as a context manager where there are several."""

    def __init__(
        self, record: Record, kind: str, files: Sequence[ArchiveFile], terms: NetworkTerms | Table, now: int,
        workers: int = 1, store: str = "",
    ) -> None:  # fmt: skip
        self.record, self.job, self.terms = record, f"import:{kind}", terms
        self.kind, self.place = FORMATS[kind], ImportTarget(record, load_names(record, now, 0), now, now)
        self.format: ArchiveFormat = self.kind.make(self.place)
        self.before: str | None = ""
        self._number = 0
        self._resume, self._cursor = _found_again(cursor_of(record.database, self.job), files)
        self._sifted, self.close = self._sifting(kind, workers, store)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _sifting(
        self, kind: str, workers: int, store: str
    ) -> tuple[Callable[[Iterator[ArchiveBlock]], Generator[SiftedBlock]], Callable[[], None]]:
        """What sifts a file's blocks, and what ends it."""
        known = self.kind.known(self.record)
        if workers == 1:
            sifter = self.kind.sifter(self.place, known)
            return lambda blocks: sifted_here(blocks, sifter, self.kind.units), lambda: None
        setup = SifterSetup(kind, store, self.record.head.position, self.place.now)
        pool = SifterPool(workers, setup, known)
        return pool.sifted, pool.close

    def blocks(self, content: ArchiveContent, offset: int) -> Generator[SiftedBlock]:
        """A file's blocks from an offset on, sifted."""
        return self._sifted(content.blocks(offset))

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
            with self._opened(file) as content:
                if content.go_to(self._cursor.offset, self._cursor.length, self._cursor.last):
                    return FileImport(self, file, before, content, self._cursor).to_the_end()
        with self._opened(file) as content:
            return FileImport(self, file, before, content, None).to_the_end()

    @contextlib.contextmanager
    def _opened(self, file: ArchiveFile) -> Iterator[ArchiveContent]:
        with file.open() as stream, self.kind.content(stream) as content:
            yield content


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


class FilePlace(NamedTuple):
    """Where in a file one is: `offset` in its content, the bytes before it, and how many lines were read."""

    offset: int
    tail: bytes
    lines: int


def _place_in(block: ArchiveBlock, end: int, lines: int) -> FilePlace | None:
    """The place so many bytes into a block; None at its beginning, which is where the one before ends."""
    return FilePlace(block.start + end, block.data[max(end - TAIL, 0) : end], lines) if end else None


class FileImport:
    """One file, from where it begins or an earlier import ended."""

    def __init__(
        self, importer: ArchiveImporter, file: ArchiveFile, before: str | None, content: ArchiveContent,
        begun: ImportCursor | None,
    ) -> None:  # fmt: skip
        self._importer, self._file, self._before = importer, file, before
        self._begun = begun.lines if begun else 0
        self._place = self._place_before = FilePlace(begun.offset if begun else 0, b"", self._begun)
        self._blocks = importer.blocks(content, self._place.offset)
        self._batch = ArchiveBatch(importer.record, importer.job, importer.format, importer.terms, importer.place.now)
        self._bad, self._readable, self._cut = 0, begun is not None, False
        self._last_is_bad = self._truncated = False
        self._samples: list[bytes] = []
        self._reason = ""
        self._position, self._stored, self._is_altered = importer.record.head.position, self._place, False
        self._figures: Counter[str] = Counter()
        self._passed: Counter[str] = Counter()

    def to_the_end(self) -> ImportedFile:
        """Reads all lines. Raises InputError where the file cannot be read any further, what was read being kept, or is
        none of its format."""
        try:
            with contextlib.closing(self._blocks):
                self._read_blocks()
            self._store()
        except InputError as problem:
            reason = problem.reason
            if self._readable and not self._is_altered:
                self._store()
            if self._readable:
                reason += f"; {self._stored.lines:,} lines before that are imported"
            raise InputError(reason, file=self._file.name) from problem
        unknown = queries.count_unknown_papers(self._importer.record, self._importer.job, self._position)
        count = self._place.lines - self._begun
        whole = bool(self._begun) and not count
        done = ImportedFile(self._file.name, whole, count, self._begun, self._cut, unknown=unknown)
        figures: dict[str, Any] = dict(self._figures) | {"passed": dict(sorted(self._passed.items()))}
        return done._replace(**figures)

    def _read_blocks(self) -> None:
        ended = True
        for sifted in self._blocks:
            self._read_block(sifted)
            ended, self._cut = sifted.block.ended, sifted.block.cut
        self._leave_out_what_breaks_off(ended=ended)
        if not self._readable and self._bad:
            raise self._refusal()

    def _read_block(self, sifted: SiftedBlock) -> None:
        block, first = sifted.block, self._place.lines
        self._passed.update(sifted.passed)
        self._importer.format.prepare([unit.content for unit in sifted.kept])
        for n, unit in enumerate(sifted.kept):
            self._readable = self._readable or unit.number > n  # one that was let go
            self._last_is_bad = False
            self._place = self._place_before = _place_in(block, unit.start, first + unit.number) or self._place
            self._read_line(unit)
            self._place = _place_in(block, unit.end, first + unit.number + 1) or self._place
            self._store_if_much()
        if sifted.lines > len(sifted.kept):
            self._readable = True
        if sifted.lines and (not sifted.kept or sifted.kept[-1].number < sifted.lines - 1):
            self._last_is_bad = False
        self._place = FilePlace(block.end, block.tail, first + sifted.lines)
        self._store_if_much()

    def _store_if_much(self) -> None:
        batch = self._batch
        if (
            batch.count >= MOST_SEEN or batch.size >= MOST_BYTES
            or self._place.offset - self._stored.offset >= MOST_READ
        ):  # fmt: skip
            self._store()

    def _read_line(self, unit: Unit) -> None:
        try:
            payloads = self._importer.format.take(unit.content)
        except UNREADABLE as problem:
            self._cannot_read(unit.content, problem)
            return
        self._readable = True
        if payloads:
            if self._batch.must_wait(payloads):
                self._store()
            self._batch.add(payloads)

    def _cannot_read(self, line: bytes, problem: Exception) -> None:
        """A line for quarantine. Raises InputError where it is one of so many, and none could be read."""
        if len(self._samples) < MOST_SAMPLES:
            self._samples.append(line[:KEPT])
            self._reason = self._reason or str(problem)
        self._batch.set_apart(line, problem)
        self._bad += 1
        self._last_is_bad, self._truncated = True, TRUNCATED in str(problem)
        if not self._readable and self._bad >= MOST_UNREADABLE:
            raise self._refusal()

    def _leave_out_what_breaks_off(self, *, ended: bool) -> None:
        """The last line may be one that a broken connection left: it is no part of what is read, and is read when the
        rest of it is there."""
        if self._last_is_bad and self._batch.count and (not ended or self._truncated):
            self._batch.take_out()
            self._place, self._cut = self._place_before, True

    def _refusal(self) -> InputError:
        many = f"of its first {MOST_UNREADABLE} lines" if self._bad >= MOST_UNREADABLE else "of its lines"
        name = self._importer.job.partition(":")[2]
        return InputError(
            f"not of the format {name}: none {many} can be read ({self._reason[:200]});"
            f" it looks like {looks_like(self._samples, name)}"
        )

    def _store(self) -> None:
        """What was found up to a place; unless nothing could be read yet: then it may be no archive at all."""
        self._is_altered = self._file.altered()
        if self._is_altered:
            raise InputError("was changed while it was read; import it again when nobody writes it any more")
        if not self._readable:
            return
        try:
            self._figures += self._batch.store(self._cursor(self._place))
        except FullStore as problem:
            raise FullStore(
                f"{self._importer.record.database.where}: no room left on the disk; the first {self._stored.lines:,}"
                f" lines of {self._file.name} are imported. Free some and import the same files again: it goes on"
                " there."
            ) from problem
        self._stored = self._place

    def _cursor(self, place: FilePlace) -> str | None:
        if self._before is None or not self._file.head:
            return None
        length = len(place.tail)
        cursor = ImportCursor(self._before, mark(self._file.head), place.offset, length, mark(place.tail), place.lines)
        return msgspec.json.encode(cursor).decode()
