"""Imports findings into a record, with the same result as the archive itself."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import BinaryIO

from hotpapers.errors import InputError
from hotpapers.ingest.archives.block_filter import FilteredBlock
from hotpapers.ingest.archives.event_findings import FindingsEvents
from hotpapers.ingest.archives.file_import import ArchiveImporter
from hotpapers.ingest.archives.findings import FindingsFolder
from hotpapers.ingest.archives.formats import EVENTS
from hotpapers.ingest.archives.framing import ArchiveBlock, ArchiveContent
from hotpapers.ingest.archives.imported_file import ArchiveFile, ImportedFile
from hotpapers.ingest.archives.line_findings import blocks_of, rest_of
from hotpapers.store import Record
from hotpapers.terms import NetworkTerms, Table


class FindingsImporter(ArchiveImporter):
    """Imports findings; if interrupted, resumes as an import of the archive would. `files`: those that the findings are
    from."""

    def __init__(self, record: Record, findings: FindingsFolder, terms: NetworkTerms | Table, now: int) -> None:
        self._findings = findings
        self.files = [
            ArchiveFile(file.name, _raise_missing, file.head, file.size, file.seen_at) for file in findings.about.files
        ]
        super().__init__(record, findings.about.format, self.files, terms, now)

    def results(self) -> Iterator[ImportedFile | InputError]:
        """The result for each file. Raises FullStore, and InputError if findings of events are incomplete."""
        if self._findings.about.format in EVENTS:
            yield from FindingsEvents(self._findings, self.place, self.files, self.terms).results()
        else:
            yield from super().results()

    @contextmanager
    def _opened(self, file: ArchiveFile) -> Iterator[ArchiveContent]:
        yield _MissingContent()

    def blocks(self, content: ArchiveContent, offset: int) -> Generator[FilteredBlock]:
        """The blocks of the current file, from an offset in its content on."""
        for filtered in blocks_of(self._findings, self._number - 1):
            if filtered.block.end > offset or not filtered.block.ended:
                yield filtered if filtered.block.start >= offset else rest_of(filtered, offset)


class _MissingContent:
    """Stands for content that is not here, only its findings. `go_to` does not check the bytes before a position."""

    def go_to(self, offset: int, length: int, digest: str) -> bool:
        return True

    def blocks(self, offset: int) -> Iterator[ArchiveBlock]:
        return iter(())


def _raise_missing() -> AbstractContextManager[BinaryIO]:
    raise InputError("cannot be read: only its findings are here")
