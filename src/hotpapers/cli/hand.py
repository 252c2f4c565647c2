"""Commands that hand a record out as a whole, and take one back: export, backup."""

from __future__ import annotations

import sys
from collections.abc import Generator, Mapping
from contextlib import closing, suppress
from pathlib import Path

import click

from hotpapers.cli import common, streams
from hotpapers.cli.terminal import complain, count, print_json, say
from hotpapers.errors import ReadOnlyStore
from hotpapers.ranking import words
from hotpapers.store import Record
from hotpapers.terms import ids_only
from hotpapers.transfer import backup as copies
from hotpapers.transfer import tables
from hotpapers.transfer.jsonl.exporter import ExportRequest

WHOLE = ("jsonl", "parquet")
"""Formats that hold a record; the others hold what issues list."""


@click.command(
    epilog="""\b
Examples:
  hotpapers export --format jsonl > record.jsonl
  hotpapers export --format jsonl --records --output public.jsonl.zst
  hotpapers export --format csv > entries.csv"""
)
@click.option(
    "--format",
    "format_",
    type=click.Choice(list(tables.EXPORTS)),
    default="jsonl",
    show_default=True,
    help="jsonl and parquet hold the record; csv and bibtex what issues list.",
)
@click.option("--records", is_flag=True, help="Only what was observed: no issues, no batches. To be read or changed.")
@click.option(
    "--all-words",
    is_flag=True,
    help="Everything, for your own use or another database of yours, whatever the networks' terms.",
)
@click.option(
    "--output",
    type=click.Path(path_type=Path, dir_okay=False, readable=False),
    metavar="FILE",
    help="Write here instead; Zstandard if it ends in .zst.",
)
@common.store_options
def export(format_: str, records: bool, all_words: bool, output: Path | None, home: common.CommandContext) -> None:
    """Write the record to standard output.

    In the exchange format. A full export rebuilds the store elsewhere, issues and all, and verifies there. It holds the
    store's secret: to hand out what was observed, use --records. Where a network's terms allow identifiers alone, posts
    and accounts go without words and names, but for what an imported listing printed.
    """
    for option in [name for name, given in (("--records", records), ("--all-words", all_words)) if given]:
        common.need(format_ in WHOLE, f"{option} goes with {' and '.join(WHOLE)}; {format_} lists issues")
    if output is None:
        terminal = sys.stdout is not None and sys.stdout.isatty()
        common.need(format_ != "parquet" or not terminal, "Parquet is nothing for a terminal; add --output FILE")
    else:
        common.need(not common.is_store_file(output, home), f"{output}: is the store itself; name another file")
    wanted = ExportRequest(records, () if all_words else ids_only(home.terms), _tell_withheld)
    with common.open_record(home) as record, closing(_chunks(record, format_, wanted)) as chunks:
        if format_ in WHOLE:
            _note(record, "to standard output" if output is None else str(output.resolve()))
        if output is None:
            streams.write_out(chunks)
        else:
            streams.write_file(output, chunks)


def _chunks(record: Record, format_: str, wanted: ExportRequest) -> Generator[bytes, None, None]:
    """The export; whoever stops early closes it, and with it the snapshot that it reads."""
    yield from tables.EXPORTS[format_](record, wanted)


def _tell_withheld(rows: Mapping[str, int]) -> None:
    """Says on standard error what went out as identifiers alone: standard output may be the export."""
    if rows:
        networks = ", ".join(words.network_name(name) for name in sorted(rows))
        number = count(sum(rows.values()), "row")
        complain(f"{number} without words and names, as the terms of {networks} have it; --all-words writes everything")


def _note(record: Record, target: str) -> None:
    """Remembers the copy, so that forgetting can name it; a store that cannot be written cannot forget either."""
    with suppress(ReadOnlyStore):
        copies.note_copy(record, "export", target)


@click.command(
    epilog="""\b
Examples:
  hotpapers backup hotpapers-2026-11-20.db
  hotpapers backup hotpapers-2026-11-20.db --restore --replace"""
)
@click.argument("file", metavar="FILE", type=click.Path(path_type=Path, dir_okay=False, readable=False))
@click.option("--restore", is_flag=True, help="Put the backup in the store's place instead.")
@click.option("--replace", is_flag=True, help="With --restore: even if the store holds a record.")
@click.option(
    "--as-backed-up",
    is_flag=True,
    help="With --restore: even if nothing says who was forgotten or has unsubscribed since the backup was made.",
)
@common.json_option
@common.store_options
def backup(
    file: Path, restore: bool, replace: bool, as_backed_up: bool, as_json: bool, home: common.CommandContext
) -> None:
    """Copy the store into one file, or put such a copy back.

    While others read and write. The copy is a store itself (SQLite, also of a PostgreSQL store). What was forgotten
    after it was made is forgotten again when it is put back, and who has unsubscribed stays away: as the store says
    that it replaces, or the file beside that (hotpapers.db.forgotten). Where neither does, it is refused.
    """
    common.need(restore or not replace, "--replace goes with --restore")
    common.need(restore or not as_backed_up, "--as-backed-up goes with --restore")
    common.need(not common.is_store_file(file, home), f"{file}: is the store itself; name another file")
    if restore:
        done = copies.restore(file, home.store, replace=replace, as_backed_up=as_backed_up)
        _tell_restored(file, done, as_json)
        return
    _check_target(file)
    with common.open_record(home) as record:
        position = copies.backup(record, file)
    if as_json:
        print_json({"backup": str(file), "position": position})
    else:
        say(f"{file}: the record up to batch {position:,}")


def _check_target(file: Path) -> None:
    """Raises NotAStore rather than write over a file that is no backup."""
    if file.exists() and file.stat().st_size:
        with Record(str(file), create=False):
            pass


def _tell_restored(file: Path, done: copies.RestoreResult, as_json: bool) -> None:
    if as_json:
        print_json({"restored": str(file), **done._asdict()})
        return
    say(f"restored: the record up to batch {done.position:,}")
    if done.lost_batches:
        say(f"the store that was replaced had {count(done.lost_batches, 'later batch', 'later batches')}")
    if done.forgotten_again:
        say(f"forgotten again: {done.forgotten_again:,}")
