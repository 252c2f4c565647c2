"""The part of `import` that takes in archives of networks."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import TYPE_CHECKING

import click

from hotpapers.cli import common, streams
from hotpapers.cli.terminal import count
from hotpapers.errors import InputError
from hotpapers.ids import timestamps
from hotpapers.store import Record, now

if TYPE_CHECKING:
    from hotpapers.ingest.archives import ArchiveFile, ImportedFile

FORMATS = {
    "arxiv": "arxiv",
    "jetstream": "bluesky",
    "firehose": "bluesky",
    "hackernews": "hackernews",
    "reddit": "reddit",
    "x": "x",
}
"""As in `hotpapers.ingest.archives`, which is loaded when it is needed: each format's network."""
WITH_MOMENTS = ("jetstream", "firehose")
"""Formats in which everything has a moment of its own."""


class DateParam(click.ParamType[int]):
    """A day, or a moment, as µs UTC."""

    name = "date"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> int:
        """Fails for what is none, and for what is still to come."""
        at = timestamps.parse_iso(str(value))
        if at is None:
            self.fail(f"{value!r} is no day such as 2026-07-01 and no moment such as 2026-07-01T12:30:00Z.", param, ctx)
        if at > now():
            self.fail(f"{value!r} is still to come.", param, ctx)
        return at


seen_at_option = click.option(
    "--seen-at", type=DateParam(), metavar="DATE",
    help="When a dump was made, if its lines do not say. [default: the file's date]",
)  # fmt: skip


workers_option = click.option(
    "--workers", type=click.IntRange(1, 256), metavar="N",
    help="Processes that read an archive. [default: one a core; small archives: none]",
)  # fmt: skip
SMALL = 2**25
"""Bytes of files that are read before other processes have begun."""


def check(format_: str, home: common.CommandContext, seen_at: int | None, workers: int | None) -> None:
    """Raises UsageError where an archive cannot be taken in as asked."""
    network = FORMATS.get(format_)
    common.need(workers is None or network is not None, f"--workers is for archives, not for {format_}.")
    common.need(seen_at is None or network is not None, f"--seen-at is for archives, not for {format_}.")
    common.need(
        seen_at is None or format_ not in WITH_MOMENTS, f"--seen-at: every event in {format_} has its own moment."
    )
    refused = network is not None and home.terms[network].read == "no"
    common.need(not refused, f'{network} is disabled in your settings: [terms.{network}] read = "no"')


def take(
    format_: str, home: common.CommandContext, seen_at: int | None, workers: int | None, record: Record,
    files: Sequence[str], progress: streams.Told,
    done: Callable[[str, ImportedFile], object], refused: Callable[[InputError], object],
) -> None:  # fmt: skip
    """Each file in turn; one that is refused keeps no other out."""
    from hotpapers.ingest.archives import ArchiveImporter  # with all sources: not for every command

    archives = [_file(file, seen_at, progress) for file in files]
    count = workers or _usual_workers(files)
    terms = home.terms[FORMATS[format_]]
    with ArchiveImporter(record, format_, archives, terms, now(), count, home.store) as importer:
        for file in archives:
            try:
                taken = importer.take(file)
            except InputError as problem:
                refused(problem)
                continue
            if taken.whole and not taken.before:
                progress(file.size)  # it was not opened
            done(file.name, taken)


def _usual_workers(files: Sequence[str]) -> int:
    """One a core; one in all for little. Of standard input nobody knows how much comes."""
    if streams.STDIN not in files and streams.size_of(files) < SMALL:
        return 1
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _file(file: str, seen_at: int | None, progress: streams.Told) -> ArchiveFile:
    """What is known of a file before it is read. One that cannot be read says so when it is opened."""
    from hotpapers.ingest.archives import HEAD, ArchiveFile

    head, size, changed_at = b"", 0, now()
    if file != streams.STDIN and os.path.isfile(file):
        size, changed_at = os.stat(file).st_size, os.stat(file).st_mtime_ns // 1_000
        with contextlib.suppress(OSError), open(file, "rb") as raw:
            head = raw.read(HEAD)
    opened = partial(streams.open_input, file, progress, streams.LONG_WINDOW)
    moment = changed_at if seen_at is None else seen_at
    return ArchiveFile(streams.name_of(file), opened, head, size, moment, _altered(file) if head else bool)


def _altered(file: str) -> Callable[[], bool]:
    """Tells whether a file was written to since now, other than at its end. One that another took the place of is read
    on as it was."""
    then = os.stat(file)

    def is_altered() -> bool:
        try:
            at = os.stat(file)
        except OSError:
            return False
        same = at.st_ino == then.st_ino and at.st_dev == then.st_dev
        return same and (
            at.st_size < then.st_size or (at.st_size == then.st_size and at.st_mtime_ns != then.st_mtime_ns)
        )

    return is_altered


def result_lines(file: ImportedFile) -> Iterator[str]:
    """What became of a file, for people."""
    if file.whole:
        yield "read by an earlier import"
        return
    if file.before:
        yield f"went on after {count(file.before, 'line')}, where an earlier import stopped"
    added = (count(file.papers, "paper"),) if file.papers and not file.posts else (
        count(file.posts, "post"), count(file.mentions, "mention"), count(file.reactions, "reaction"),
        count(file.snapshots, "snapshot"),
    )  # fmt: skip
    yield f"{count(file.lines, 'line')} read; added: {', '.join(added)}"
    if file.gone:
        yield f"{count(file.gone, 'post')} that the record has {'is' if file.gone == 1 else 'are'} gone"
    if file.unknown:
        yield f"{count(file.unknown, 'paper')} named that the record does not have"
    if file.refused:
        yield f"{count(file.refused, 'item')} about what was forgotten here stayed out"
    if file.quarantined:
        yield f"{file.quarantined:,} could not be read: kept apart, each with the reason"
    if file.cut:
        yield "the last line breaks off, and was left out"
