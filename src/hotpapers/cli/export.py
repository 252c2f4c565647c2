"""`hotpapers export`: writes the record to standard output or a file."""

from __future__ import annotations

import sys
from collections.abc import Generator, Mapping
from contextlib import closing, suppress
from pathlib import Path

import click

from hotpapers.cli import common, streams
from hotpapers.cli.terminal import echo, print_error
from hotpapers.errors import ReadOnlyStore
from hotpapers.ranking import words
from hotpapers.ranking.words import count_noun
from hotpapers.store import Record, now
from hotpapers.store.sqlite import check_name
from hotpapers.terms import ids_only
from hotpapers.transfer import export_formats
from hotpapers.transfer import queries as transfer_queries
from hotpapers.transfer.jsonl.exporter import ExportRequest

TABLES = "tables"
WHOLE = ("jsonl", "parquet")
"""Formats that contain the record; the others list the papers of issues."""


@common.command("""
  hotpapers export --format jsonl > record.jsonl
  hotpapers export --format jsonl --records --output public.jsonl.zst
  hotpapers export --format tables --output tables""")
@click.option(
    "--format",
    "format_",
    type=click.Choice([*export_formats.EXPORTS, TABLES]),
    default="jsonl",
    show_default=True,
    help="jsonl and parquet contain the record; csv and bibtex the papers of issues.",
)
@click.option("--records", is_flag=True, help="Only the observations, without issues and batches.")
@click.option("--all-words", is_flag=True, help="Include all words, whatever the terms; for your own use only.")
@click.option(
    "--output",
    type=common.FILE_OR_FOLDER,
    metavar="FILE",
    help="The output file, compressed if it ends in .zst; for tables, the output folder.",
)
@common.store_options
def export(format_: str, records: bool, all_words: bool, output: Path | None, context: common.CommandContext) -> None:
    """Export the record.

    Writes the exchange format to standard output. A full export can rebuild the store elsewhere, including its issues,
    and contains its secret; to share observations, use --records. If a network's terms allow only identifiers, posts
    and accounts are exported without words and names, except in imported listings. The format `tables` is a folder of
    Parquet tables for research, without words and names.
    """
    for option in [name for name, is_given in (("--records", records), ("--all-words", all_words)) if is_given]:
        common.require(format_ in WHOLE, f"{option} works only with --format {' or '.join(WHOLE)}")
    if format_ == TABLES:
        _export_tables(output, context)
        return
    if output is None:
        terminal = sys.stdout is not None and sys.stdout.isatty()
        common.require(
            format_ != "parquet" or not terminal, "refusing to write binary to a terminal; add --output FILE"
        )
    else:
        common.require(not common.is_store_file(output, context), f"{output}: is the store itself; name another file")
        common.require(not output.is_dir(), f"{output}: is a folder; name a file")
    request = ExportRequest(records, () if all_words else ids_only(context.terms), _warn_withheld)
    with common.open_record(context) as record, closing(_chunks(record, format_, request)) as chunks:
        if format_ in WHOLE:
            _note(record, "to standard output" if output is None else str(output.resolve()))
        if output is None:
            streams.write_out(chunks)
        else:
            streams.write_file(output, chunks)


def _export_tables(output: Path | None, context: common.CommandContext) -> None:
    """Writes the folder of tables, and prints the number of rows in each."""
    from hotpapers.transfer.research import write_tables

    common.require(output is not None, "tables are a folder of files; add --output DIR")
    assert output is not None
    common.require(not output.is_file(), f"{output}: is a file; name a folder")
    check_name(output)
    with common.open_record(context) as record:
        tables_written = write_tables(record, output, now())
        _note(record, str(output.resolve()))
    for name, rows in tables_written.rows.items():
        echo(f"{name}: {count_noun(rows, 'row')}")
    echo(f"position {tables_written.position:,}, digest {tables_written.digest}")


def _chunks(record: Record, format_: str, request: ExportRequest) -> Generator[bytes, None, None]:
    """The export. Closing it early also closes the snapshot that it reads."""
    yield from export_formats.EXPORTS[format_](record, request)


def _warn_withheld(rows: Mapping[str, int]) -> None:
    """Warns about what was exported without words; on standard error, since standard output may be the export."""
    if rows:
        networks = ", ".join(words.network_name(name) for name in sorted(rows))
        number = count_noun(sum(rows.values()), "row")
        print_error(
            f"{number} exported without words and names, as required by the terms of {networks}; "
            "--all-words includes them"
        )


def _note(record: Record, target: str) -> None:
    """Records the copy, which `forget` later lists; a read-only store cannot forget anyway."""
    with suppress(ReadOnlyStore):
        transfer_queries.note_copy(record, "export", target)
