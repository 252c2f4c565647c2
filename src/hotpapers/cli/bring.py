"""Commands that bring in and hand out: import, export, find."""

from __future__ import annotations

import io
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, TypeAlias, cast

import click
import msgspec
import zstandard

from hotpapers import classic_text
from hotpapers.cli import common
from hotpapers.errors import InputError
from hotpapers.mentions import Found, scan
from hotpapers.record import Record
from hotpapers.record.backup import note_copy
from hotpapers.record.exchange import reading, tables
from hotpapers.record.importers import classic

Reader: TypeAlias = "io.BufferedReader[Any]"
ZSTD_MAGIC = b"\x28\xb5\x2f\xfd"


def _open(file: str) -> Reader:
    """A file or standard input (`-`), unpacked where it is Zstandard."""
    try:
        stream = cast("io.RawIOBase", sys.stdin.buffer) if file == "-" else io.FileIO(file)
        raw: Reader = io.BufferedReader(stream, 2**20)
        packed = raw.peek(4)[:4] == ZSTD_MAGIC
    except OSError as problem:
        raise InputError(f"cannot be read: {problem.strerror}", file=file) from problem
    if packed:
        return io.BufferedReader(zstandard.ZstdDecompressor(max_window_size=2**31).stream_reader(raw), 2**20)
    return raw


def _named(file: str) -> str:
    return "standard input" if file == "-" else file


@click.command(
    "import",
    epilog="""\b
Examples:
  hotpapers import classic posts/*.md --store hotpapers.db
  hotpapers import jsonl record.jsonl.zst
  zcat old.jsonl.gz | hotpapers import jsonl -""",
)
@click.argument("format_", metavar="FORMAT", type=click.Choice(["classic", "jsonl", "parquet"]))
@click.argument("files", metavar="FILE…", nargs=-1, required=True)
@common.json_option
@common.store_options
def import_(
    format_: str, files: tuple[str, ...], as_json: bool, store: str | None, config: Path | None, debug: bool
) -> None:
    """Take files of others into the record: classic issues, or a record in JSONL or Parquet.

    `-` is standard input. A file that cannot be read is refused with its line and reason; the others still go in.
    Importing a file twice changes nothing.
    """
    take: dict[str, Callable[[Record, str], classic.Imported | reading.Taken]] = {
        "classic": _import_classic, "jsonl": _import_jsonl, "parquet": _import_parquet
    }  # fmt: skip
    done: list[object] = []
    refused: list[InputError] = []
    with common.open_record(store, config, create=True) as record, common.progress(files, "Importing") as bar:
        for file in bar:
            try:
                done.append(take[format_](record, file))
            except InputError as problem:
                refused.append(problem)
    _report(done, refused, as_json)


def _import_classic(record: Record, file: str) -> classic.Imported:
    with _open(file) as stream:
        data = stream.read(classic_text.MAX_FILE + 1)
    return classic.import_classic(record, _named(file), data)


def _import_jsonl(record: Record, file: str) -> reading.Taken:
    with _open(file) as stream:
        return reading.import_lines(record, _named(file), _lines(stream))


def _lines(stream: Reader) -> Iterator[bytes]:
    while line := stream.readline(reading.LONGEST_LINE + 1):
        yield line


def _import_parquet(record: Record, file: str) -> reading.Taken:
    return reading.import_lines(record, file, tables.parquet_lines(file))


def _report(done: list[object], refused: list[InputError], as_json: bool) -> None:
    if as_json:
        problems = [{"file": p.file, "line": p.line, "reason": p.reason} for p in refused]
        common.print_json({"imported": done, "refused": problems})
    else:
        for line in (*_classic_summary(done), *_taken_summary(done)):
            click.echo(line)
    for problem in refused:
        click.echo(f"hotpapers: refused {problem}", err=True)
    if refused:
        raise click.exceptions.Exit(1)


def _classic_summary(done: list[object]) -> Iterator[str]:
    files = [one for one in done if isinstance(one, classic.Imported)]
    for one in files:
        if one.repaired:
            yield f"{one.file}: was UTF-8 read as Mac Roman; repaired"
        if one.state == "later":
            yield f"{one.file}: {one.day} was listed before with other words or counts; kept as a later observation"
        yield from (f"{one.file}: {note}" for note in one.notes)
    if files:
        new = sum(one.state != "known" for one in files)
        places = sum(one.places for one in files)
        yield f"{len(files)} listings, {places:,} places; {new} new, {len(files) - new} known"


def _taken_summary(done: list[object]) -> Iterator[str]:
    for one in done:
        if not isinstance(one, reading.Taken):
            continue
        if one.restored:
            yield f"{one.restored:,} batches restored as they were"
        if one.added or one.known or not one.restored:
            yield f"{one.added:,} items added, {one.known:,} known"
        if one.later:
            yield f"{one.later:,} items say other things of a known moment; kept as later observations"
        if one.refused:
            yield f"{one.refused:,} items speak of what was forgotten and stayed out"
        if one.issues_left:
            yield f"{one.issues_left:,} issues left out: they rest on another store's batches"


@click.command(
    epilog="""\b
Examples:
  hotpapers export --format jsonl > record.jsonl
  hotpapers export --format jsonl --records --output public.jsonl.zst
  hotpapers export --format csv --publication hot-papers > entries.csv"""
)
@click.option(
    "--format",
    "format_",
    type=click.Choice(["jsonl", "parquet", "csv", "bibtex"]),
    default="jsonl",
    show_default=True,
    help="jsonl and parquet hold the record; csv and bibtex what issues list.",
)
@click.option("--records", is_flag=True, help="Only what was observed: no issues, no batches. To be read or changed.")
@click.option(
    "--output",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Write here instead; Zstandard if it ends in .zst.",
)
@common.store_options
def export(
    format_: str, records: bool, output: Path | None, store: str | None, config: Path | None, debug: bool
) -> None:
    """Write the record to standard output, in the exchange format.

    A full export rebuilds the store elsewhere, issues and all, and verifies there. It holds the store's secret and
    everything in it: to hand out what was observed, use --records.
    """
    with common.open_record(store, config) as record:
        chunks = tables.EXPORTS[format_](record, records)
        if output is None:
            out = sys.stdout.buffer
            for chunk in chunks:
                out.write(chunk)
            out.flush()
        else:
            _write_whole(output, chunks)
            note_copy(record, "export", str(output.resolve()))


def _write_whole(output: Path, chunks: Iterator[bytes]) -> None:
    part = output.with_name(output.name + ".part")
    with part.open("wb") as raw:
        if output.suffix == ".zst":
            with zstandard.ZstdCompressor(level=10).stream_writer(raw, closefd=False) as packed:
                for chunk in chunks:
                    packed.write(chunk)
        else:
            raw.writelines(chunks)
    part.replace(output)


@click.command(
    epilog="""\b
Examples:
  hotpapers find page.html
  curl -s https://example.org | hotpapers find --json | jq -r .id | sort -u"""
)
@click.argument("files", metavar="[FILE…]", nargs=-1)
@click.option("--json", "as_json", is_flag=True, help="One JSON object a mention; start and end are code points.")
@click.option("--debug", is_flag=True, help="Show a traceback when something fails.")
def find(files: tuple[str, ...], as_json: bool, debug: bool) -> None:
    """Print the papers named in any text, one line a mention: standard input, or files.

    Needs no store. Exit status 1 when nothing was found.
    """
    found = 0
    for file in files or ("-",):
        with _open(file) as stream:
            for mention in scan.find_in_file(stream):
                found += 1
                click.echo(_mention_line(mention, as_json, f"{file}: " if len(files) > 1 else ""))
    if not found:
        raise click.exceptions.Exit(1)


def _mention_line(mention: Found, as_json: bool, prefix: str) -> str:
    if as_json:
        said = {"id": mention.id, "version": mention.version, "start": mention.start, "end": mention.end}
        return msgspec.json.encode(said | {"form": mention.form}).decode()
    version = f"v{mention.version}" if mention.version else ""
    return f"{prefix}{mention.id}{version}  {mention.form} at {mention.start}"
