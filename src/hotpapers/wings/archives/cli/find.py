"""`hotpapers find`: prints the papers that a text mentions."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from typing import Any, BinaryIO, NamedTuple

import click
import msgspec

from hotpapers.base.errors import InputError, require
from hotpapers.base.papers.categories import servers_with_keys
from hotpapers.base.papers.mentions import PaperMention
from hotpapers.base.papers.mentions.paper_index import PaperIndex
from hotpapers.base.papers.paper_servers import paper_id
from hotpapers.cli import common
from hotpapers.cli.terminal import fail_if, print_error, strip_controls
from hotpapers.keep.transfer import streams
from hotpapers.record import Record, current_time
from hotpapers.record.paper_names import load_names
from hotpapers.site.configured_site import EMPTY_STORE
from hotpapers.wings.archives.bulk import find_in_file, in_bytes

MAX_LINE_BYTES = 1_000_000
"""Bytes of a line in which names are looked for; the rest counts as the next line."""


class NamedPaper(NamedTuple):
    """A paper that a text names by its title, DOI or own page; `start`: where the line begins, in bytes."""

    id: str
    start: int
    form: str
    version: None = None
    end: None = None


@common.command("""
  hotpapers find page.html
  curl -s https://example.org | hotpapers find --json | jq -r .id | sort -u
  hotpapers find notes.txt --any-server
  hotpapers find notes.txt --store hotpapers.db""")
@click.argument("files", metavar="[FILE…]", nargs=-1, type=click.Path(readable=False))
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object per mention; start and end are in bytes.")
@click.option("--any-server", is_flag=True, help="Also find papers of other servers than arXiv; slower.")
@click.option(
    "--store",
    metavar="STORE",
    type=click.Path(readable=False),
    help="Also find papers of this store by title, DOI and pages of their own.",
)
@common.debug_option
def find(files: tuple[str, ...], as_json: bool, store: str | None, any_server: bool) -> None:
    """Find the papers mentioned in a text.

    Reads files or standard input and prints one line per mention. Without --store, papers are found by identifiers and
    addresses; no store is needed.
    """
    names = PaperIndex(servers=servers_with_keys() if any_server else ())
    if store is not None:
        names.replace(_names_of(store))
    is_by_line = any_server or store is not None
    failures = 0
    for file in files or (streams.STDIN,):
        try:
            with streams.open_input(file) as stream:
                for mention in _with_names(stream, names) if is_by_line else find_in_file(stream):
                    # not echo, which flushes every line: there may be millions
                    file_name = streams.name_of(file) if len(files) > 1 else ""
                    sys.stdout.write(_mention_line(mention, as_json, file_name))
        except InputError as problem:
            failures += 1
            print_error(str(problem))
    fail_if(failures)


def _names_of(store: str) -> PaperIndex:
    require(store != "", EMPTY_STORE)
    with Record(store, create=False) as record:
        return load_names(record, current_time(), since=0)


def _with_names(stream: BinaryIO, names: PaperIndex) -> Iterator[PaperMention | NamedPaper]:
    """The mentions of a text, line by line: by identifier, then by name what the line does not identify."""
    start = 0
    while line := stream.readline(MAX_LINE_BYTES):
        text = line.decode("utf-8", "surrogateescape")
        identified = set()
        for mention in in_bytes(names.named_by_ids(text), text):
            identified.add(mention.id)
            id = paper_id(mention.id)
            yield mention._replace(id=id, start=start + mention.start, end=start + mention.end)
        for match in names.papers_in(text):
            if match.paper not in identified:
                identified.add(match.paper)
                yield NamedPaper(paper_id(match.paper), start, match.form)
        start += len(line)


def _mention_line(mention: PaperMention | NamedPaper, as_json: bool, file: str) -> str:
    if as_json:
        line: dict[str, Any] = {"file": strip_controls(file)} if file else {}
        line |= {name: getattr(mention, name) for name in ("id", "version", "start", "end", "form")}
        return msgspec.json.encode(line).decode() + "\n"
    version = f"v{mention.version}" if mention.version else ""
    prefix = f"{strip_controls(file)}: " if file else ""
    if mention.end is not None:
        place = f"at {mention.start}"
    else:
        place = f"in the line at {mention.start}"
    return f"{prefix}{mention.id}{version}  {mention.form} {place}\n"
