"""Importing files into a site's record: the formats of the core."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple

from hotpapers.base.errors import InputError
from hotpapers.base.text.words import count_noun
from hotpapers.keep.transfer import streams
from hotpapers.keep.transfer.jsonl import importer, lines
from hotpapers.publish.schedule.publishing import render_by_rules
from hotpapers.record import Record
from hotpapers.site.site import Site

Outcomes = Sequence[tuple[str, Any]]
"""The files that were imported, each with its result, a named tuple."""


class ImportTask(NamedTuple):
    """An import of files into a record. `progress`: called with the bytes of each step. `done`, `refused`: the result
    of each file. `notes`: further messages."""

    files: Sequence[str]
    site: Site
    record: Record
    progress: streams.ProgressCallback
    done: list[tuple[str, Any]]
    refused: list[InputError]
    notes: list[str]

    def take(self, name: str, result: Any) -> None:
        """Records the result of a file; an InputError is that of a refused one."""
        if isinstance(result, InputError):
            self.refused.append(result)
        else:
            self.done.append((name, result))


ImportFiles = Callable[[ImportTask], None]


def import_files(site: Site, files: Sequence[str], take: ImportFiles) -> ImportTask:
    """Imports files; the result of each. `take`: imports them into the record. A missing store is created."""
    size = streams.size_of(files)
    with site.opened(create=True) as record, site.progress("Importing", size, in_bytes=True) as progress:
        task = ImportTask(files, site, record, progress, [], [], [])
        take(task)
        if record.database.name != "sqlite":  # until then it plans queries with the statistics of an emptier store
            record.database.run("ANALYZE")
        if any(getattr(done, "forgotten", 0) for _, done in task.done):  # forgotten in the exporting store
            render_by_rules(record, site.site_config, site.terms)
    return task


def file_by_file(take: Callable[[Record, str, streams.ProgressCallback], importer.ImportResult]) -> ImportFiles:
    """Imports each file on its own. A refused file does not stop the others; of a full export, the batches before the
    refused line stay."""

    def take_all(task: ImportTask) -> None:
        for file in task.files:
            before = task.record.head.position
            try:
                task.done.append((streams.name_of(file), take(task.record, file, task.progress)))
            except InputError as problem:
                task.refused.append(problem)
                if restored := task.record.head.position - before:
                    batches = count_noun(restored, "batch", "batches")
                    task.notes.append(f"{streams.name_of(file)}: {batches} restored, up to the refused line")

    return take_all


def take_jsonl(record: Record, file: str, progress: streams.ProgressCallback) -> importer.ImportResult:
    """Imports the lines of an export."""
    with streams.open_input(file, progress) as stream:
        return importer.import_lines(record, streams.name_of(file), lines_of(stream))


def lines_of(stream: streams.Reader) -> Iterator[bytes]:
    """The lines of a stream; one that is too long is cut one byte beyond the limit, so the reader refuses it."""
    while line := stream.readline(lines.MAX_LINE_BYTES + 1):
        yield line
