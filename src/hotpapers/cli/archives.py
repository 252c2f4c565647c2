"""The part of `import` that reads archives of networks."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import cache, partial
from typing import TYPE_CHECKING, NamedTuple, NoReturn, TypeAlias

import click

from hotpapers.cli import common, streams
from hotpapers.cli.terminal import NumberRange
from hotpapers.errors import InputError
from hotpapers.ids import timestamps
from hotpapers.model import HttpClient
from hotpapers.ranking.words import count_noun
from hotpapers.store import Record, now
from hotpapers.terms import NetworkTerms, Table
from hotpapers.transfer.packed import LONG_WINDOW
from hotpapers.transfer.remote_files import RemoteFile, is_remote, remote_file

if TYPE_CHECKING:
    from hotpapers.ingest.archives import ArchiveFile, ImportedFile
    from hotpapers.transfer import classic_import
    from hotpapers.transfer.jsonl import importer

FORMATS = {
    "arxiv": "arxiv",
    "jetstream": "bluesky",
    "firehose": "bluesky",
    "car": "bluesky",
    "eventdata": "",
    "hackernews": "hackernews",
    "reddit": "reddit",
    "x": "x",
}
"""Each format's network, empty for several; as in `hotpapers.ingest.archives`, which is imported only when needed."""
WITH_MOMENTS = ("jetstream", "firehose", "car")
"""Formats in which every event has its own moment."""


ImportOutcome: TypeAlias = "classic_import.ClassicImport | importer.ImportResult | ImportedFile"


class ImportTask(NamedTuple):
    """An import: files of a format into a record. `seen_at`: when they were made, if they do not say so themselves.
    `progress`: called with each step. `done`, `refused`: the result of each file. `notes`: further messages."""

    format: str
    files: Sequence[str]
    context: common.CommandContext
    record: Record
    seen_at: int | None
    progress: streams.ProgressCallback
    done: list[tuple[str, ImportOutcome]]
    refused: list[InputError]
    notes: list[str]

    def take(self, files: Iterable[tuple[str, ImportOutcome | InputError]]) -> None:
        """Records the results of files, by name."""
        for name, result in files:
            if isinstance(result, InputError):
                self.refused.append(result)
            else:
                self.done.append((name, result))


class DateParam(click.ParamType[int]):
    """A day, or a moment, as µs UTC."""

    name = "date"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> int:
        """Fails if it is neither, or lies in the future."""
        at = timestamps.parse_iso(str(value))
        if at is None:
            self.fail(f"{value!r} is not a date such as 2026-07-01 or a time such as 2026-07-01T12:30:00Z.", param, ctx)
        if at > now():
            self.fail(f"{value!r} is in the future.", param, ctx)
        return at


seen_at_option = click.option(
    "--seen-at", type=DateParam(), metavar="DATE",
    help="When a dump was made, if its lines do not say. [default: the file's date]",
)  # fmt: skip


workers_option = click.option(
    "--workers", type=NumberRange(1, 256), metavar="N",
    help="Number of processes that read an archive. [default: one per core; a single one for small archives]",
)  # fmt: skip
SMALL = 2**25
"""Bytes of files that are read faster than other processes can start."""


def check(format_: str, context: common.CommandContext, seen_at: int | None, workers: int | None) -> None:
    """Raises UsageError if an archive cannot be imported with these options."""
    network = FORMATS.get(format_)
    common.require(workers is None or network is not None, f"--workers is for archives, not for {format_}")
    common.require(seen_at is None or network is not None, f"--seen-at is for archives, not for {format_}")
    common.require(
        seen_at is None or format_ not in WITH_MOMENTS, f"--seen-at: every event in {format_} has its own moment"
    )
    if network is not None:
        require_readable(format_, context)


def require_readable(format_: str, context: common.CommandContext) -> None:
    """Raises UsageError if the settings forbid reading a format's network."""
    network = FORMATS[format_]
    is_refused = bool(network) and context.terms[network].read == "no"
    common.require(not is_refused, f'{network} is disabled in your settings: [terms.{network}] read = "no"')


def terms_of(format_: str, context: common.CommandContext) -> NetworkTerms | Table:
    """The terms of a format's network, or of all networks for a format with several."""
    return context.terms[FORMATS[format_]] if FORMATS[format_] else context.terms


class ArchiveInput(NamedTuple):
    """A file as given. `remote`: its properties, if it is at an address. `problem`: why that cannot be read."""

    file: str
    remote: RemoteFile | None = None
    problem: InputError | None = None

    def size(self) -> int:
        """Bytes; 0 when that cannot be known."""
        return self.remote.size if self.remote else streams.size_of([self.file])


def inputs(files: Sequence[str], context: common.CommandContext) -> list[ArchiveInput]:
    """The files, local or at addresses. Raises UsageError for an unsupported kind of address."""
    web = _web_client(context)
    return [_input(file, web) for file in files]


def _input(file: str, web: Callable[[], HttpClient]) -> ArchiveInput:
    if not is_remote(file):
        return ArchiveInput(file)
    try:
        return ArchiveInput(file, remote_file(file, web))
    except InputError as problem:
        return ArchiveInput(file, problem=problem)


def _web_client(context: common.CommandContext) -> Callable[[], HttpClient]:
    """Opens an HTTP client, once, that reaches internal addresses only if the settings name them."""

    @cache
    def opener() -> HttpClient:
        from hotpapers.ingest.job_factory import addresses

        http = context.http(tuple(addresses(context.settings)), reserve=lambda *_: 0.0)
        click.get_current_context().call_on_close(http.close)
        return http

    return opener


def total_size(files: Sequence[ArchiveInput]) -> int:
    """Bytes of all files together; 0 when that cannot be known."""
    return 0 if any(streams.is_pipe(file.file) for file in files) else sum(file.size() for file in files)


def take(task: ImportTask, inputs: Sequence[ArchiveInput], workers: int | None) -> None:
    """Imports each file in turn; a refused file does not stop the others."""
    from hotpapers.ingest.archives import ArchiveImporter  # imports all sources: not for every command

    archives = [file_of(file, task.seen_at, task.progress) for file in inputs]
    count, terms, store = workers or _usual_workers(inputs), terms_of(task.format, task.context), task.context.store
    with ArchiveImporter(task.record, task.format, archives, terms, now(), count, store, task.progress) as importer:
        for file, result in zip(archives, importer.results(), strict=True):
            if not isinstance(result, InputError) and result.whole and not result.before:
                task.progress(file.size)  # already imported: it was not opened
            task.take([(file.name, result)])


def _usual_workers(files: Sequence[ArchiveInput]) -> int:
    """One per core; a single one for small files. The size of a pipe is unknown."""
    if not any(streams.is_pipe(file.file) for file in files) and total_size(files) < SMALL:
        return 1
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def file_of(archive: ArchiveInput, seen_at: int | None, progress: streams.ProgressCallback | None) -> ArchiveFile:
    """A file and what is known of it before it is read. An unreadable file raises its error when it is opened."""
    from hotpapers.ingest.archives import HEAD, ArchiveFile

    if archive.remote or archive.problem:
        return _remote(archive, seen_at, progress)
    file = archive.file
    head, size, changed_at = b"", 0, now()
    if file != streams.STDIN and os.path.isfile(file):
        size, changed_at = os.stat(file).st_size, os.stat(file).st_mtime_ns // 1_000
        with contextlib.suppress(OSError), open(file, "rb") as raw:
            head = raw.read(HEAD)
    opener = partial(streams.open_input, file, progress, LONG_WINDOW)
    moment = changed_at if seen_at is None else seen_at
    path = "" if streams.is_pipe(file) else file
    altered = partial(_is_altered, file, os.stat(file)) if head else bool
    return ArchiveFile(streams.name_of(file), opener, head, size, moment, altered, path, seen_at or 0)


def _remote(archive: ArchiveInput, seen_at: int | None, progress: streams.ProgressCallback | None) -> ArchiveFile:
    """The same for a file at an address."""
    from hotpapers.ingest.archives import HEAD, ArchiveFile

    try:
        if archive.remote is None:
            raise archive.problem or InputError("cannot be read")
        name, size, changed_at, open_, altered = archive.remote
        with open_() as raw:
            head = raw.read(HEAD) or b""
    except InputError as problem:
        name = problem.file or archive.file
        return ArchiveFile(name, partial(_refused, problem), b"", 0, now())
    opener = partial(streams.open_input, name, progress, LONG_WINDOW, open_)
    moment = seen_at if seen_at is not None else now() if changed_at is None else changed_at
    return ArchiveFile(name, opener, head, size, moment, altered, given_at=seen_at or 0)


def _refused(problem: InputError) -> NoReturn:
    raise problem


def _is_altered(file: str, earlier: os.stat_result) -> bool:
    """Whether a file was modified since an earlier look, other than by appending. Replacing it does not count."""
    try:
        current = os.stat(file)
    except OSError:
        return False
    same = current.st_ino == earlier.st_ino and current.st_dev == earlier.st_dev
    return same and (
        current.st_size < earlier.st_size
        or (current.st_size == earlier.st_size and current.st_mtime_ns != earlier.st_mtime_ns)
    )


def result_lines(file: ImportedFile) -> Iterator[str]:
    """The result of a file, for people."""
    if file.whole:
        yield "read by an earlier import"
        return
    if file.before:
        yield f"resumed after {count_noun(file.before, 'line')}, where an earlier import stopped"
    if file.stored_until:
        yield f"resumed after {timestamps.rfc3339(file.stored_until)}: an earlier import stored the events up to then"
    additions = (count_noun(file.papers, "paper"),) if file.papers and not file.posts else (
        count_noun(file.posts, "post"), count_noun(file.mentions, "mention"), count_noun(file.reactions, "reaction"),
        count_noun(file.snapshots, "snapshot"),
    )  # fmt: skip
    yield f"{count_noun(file.lines, 'line')} read; added: {', '.join(additions)}"
    if file.passed:
        kinds = ", ".join(f"{name} {number:,}" for name, number in file.passed.items())
        yield f"{count_noun(sum(file.passed.values()), 'event')} about papers ignored: {kinds}"
    if file.gone:
        yield f"{count_noun(file.gone, 'post')} in the record marked as gone"
    if file.unknown:
        yield f"{count_noun(file.unknown, 'mentioned paper')} not in the record"
    if file.refused:
        yield f"{count_noun(file.refused, 'item')} skipped: forgotten in this store"
    if file.quarantined:
        yield f"{file.quarantined:,} unreadable; see `hotpapers quarantine`"
    if file.cut:
        yield "the last line is cut off and was skipped"
