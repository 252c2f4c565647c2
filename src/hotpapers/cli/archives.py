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

FORMATS = {"jetstream": "bluesky", "firehose": "bluesky", "hackernews": "hackernews", "reddit": "reddit", "x": "x"}
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


def check(format_: str, home: common.CommandContext, seen_at: int | None) -> None:
    """Raises UsageError where an archive cannot be taken in as asked."""
    network = FORMATS.get(format_)
    common.need(seen_at is None or network is not None, f"--seen-at is for archives, not for {format_}.")
    common.need(
        seen_at is None or format_ not in WITH_MOMENTS, f"--seen-at: every event in {format_} has its own moment."
    )
    refused = network is not None and home.terms[network].read == "no"
    common.need(not refused, f'{network} is disabled in your settings: [terms.{network}] read = "no"')


def take(
    format_: str, home: common.CommandContext, seen_at: int | None, record: Record, files: Sequence[str],
    told: streams.Told,
    done: Callable[[str, ImportedFile], object], refused: Callable[[InputError], object],
) -> None:  # fmt: skip
    """Each file in turn; one that is refused keeps no other out."""
    from hotpapers.ingest.archives import ArchiveImporter  # with all sources: not for every command

    found = [_file(file, seen_at, told) for file in files]
    importer = ArchiveImporter(record, format_, found, home.terms[FORMATS[format_]], now())
    for file in found:
        try:
            taken = importer.take(file)
        except InputError as problem:
            refused(problem)
            continue
        if taken.whole and not taken.before:
            told(file.size)  # it was not opened
        done(file.name, taken)


def _file(file: str, seen_at: int | None, told: streams.Told) -> ArchiveFile:
    """What is known of a file before it is read. One that cannot be read says so when it is opened."""
    from hotpapers.ingest.archives import HEAD, ArchiveFile

    head, size, changed_at = b"", 0, now()
    if file != streams.STDIN and os.path.isfile(file):
        size, changed_at = os.stat(file).st_size, os.stat(file).st_mtime_ns // 1_000
        with contextlib.suppress(OSError), open(file, "rb") as raw:
            head = raw.read(HEAD)
    opened = partial(streams.open_input, file, told, streams.LONG_WINDOW)
    return ArchiveFile(streams.name_of(file), opened, head, size, changed_at if seen_at is None else seen_at)


def result_lines(file: ImportedFile) -> Iterator[str]:
    """What became of a file, for people."""
    if file.whole:
        yield "read by an earlier import"
        return
    if file.before:
        yield f"went on after {count(file.before, 'line')}, where an earlier import stopped"
    added = (
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
