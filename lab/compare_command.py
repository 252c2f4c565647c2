"""`python -m lab compare`: compares the counts of two collectors and explains each difference."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import NamedTuple

import click

from hotpapers.base.errors import ReadOnlyStore, UsageError, require
from hotpapers.base.model import DAY
from hotpapers.base.text import timestamps
from hotpapers.base.text.words import count_noun
from hotpapers.cli import common
from hotpapers.cli.terminal import print_error, print_line, print_result, progress_bar
from hotpapers.keep.transfer import queries as transfer_queries
from hotpapers.keep.transfer import streams
from hotpapers.keep.transfer.jsonl import importer
from hotpapers.record import Record, batches, database
from hotpapers.site import importing
from hotpapers.wings.peers.commands import is_address, named_site
from hotpapers.wings.peers.following.follow_job import RECORD, fetch_site
from lab.comparison import queries
from lab.comparison.compare import compare_collectors, page_of, text_of
from lab.comparison.extract import Period, extract_lines
from lab.comparison.facts import CollectorFacts, decode_file, nameless, read_facts
from lab.comparison.lines import FORMAT, ComparisonHeader, encode_line
from lab.comparison.shared_key import SharedKey, random_key, read_key, write_key

SQLITE_MAGIC = b"SQLite format 3\x00"
USUAL_DAYS = 30
"""The default period in days."""
BEGINNING = 400
"""Bytes at the start of a file that identify a comparison file."""


class ComparedSource(NamedTuple):
    """One of the two: a store, an export or a comparison file. `until`: the end of what it knows; `facts`: what it
    knows of a period, marked with a key; `header`: only for a comparison file, whose period and key are fixed."""

    until: int
    facts: Callable[[Period, SharedKey], CollectorFacts]
    header: ComparisonHeader | None = None


@common.command("""
  python -m lab compare hotpapers.db other.db
  python -m lab compare --new-key shared.key
  python -m lab compare --extract ours.jsonl.zst --key shared.key
  python -m lab compare ours.jsonl.zst theirs.jsonl.zst --output comparison.md""")
@click.argument("collectors", nargs=-1, metavar="[A B]", type=click.Path(readable=False))
@click.option(
    "--key",
    "key_file",
    metavar="FILE",
    type=common.FILE_OR_FOLDER,
    help="The key that both operators share, for comparison files.",
)
@click.option("--new-key", metavar="FILE", type=common.FILE_OR_FOLDER, help="Write a new key to FILE and exit.")
@click.option(
    "--extract", metavar="FILE", type=common.FILE, help="Write this store's comparison file, for the other operator."
)
@click.option(
    "--since", metavar="DATE", help="Only papers announced since then (UTC). [default: 30 days before --until]"
)
@click.option("--until", metavar="DATE", help="Only what was known by then (UTC). [default: the last batch]")
@click.option("--output", metavar="FILE", type=common.FILE, help="Also write the page to FILE, in Markdown.")
@common.force_option
@common.site_options
def compare(
    collectors: tuple[str, ...],
    key_file: Path | None,
    new_key: Path | None,
    extract: Path | None,
    since: str | None,
    until: str | None,
    output: Path | None,
    force: bool,
    as_json: bool,
    site: common.Site,
) -> None:
    """Compare the counts of two collectors and explain each difference.

    A and B are stores, exports, comparison files, or addresses of sites that publish observations. The causes of
    differences are forgetting, version, rule, coverage and moment; the rest is unexplained.

    A comparison file contains no words, names or handles, only marks made with a key that both operators share.
    """
    bounds = Period(_moment(since) if since else 0, _moment(until) if until else 0)
    tasks = [bool(collectors), new_key is not None, extract is not None]
    require(sum(tasks) == 1, "name two collectors, or use --extract FILE or --new-key FILE")
    if new_key is not None:
        require(not new_key.exists(), f"{new_key}: already exists; name another file, or delete it if it is not in use")
        with streams.explain_errors(new_key):
            write_key(new_key, random_key())
        print_line(
            f"{new_key}: new key created. Send it to the other operator over a secure channel, and to nobody else."
        )
    elif extract is not None:
        require(not site.is_store_file(extract), f"{extract}: is the store itself; name another file")
        streams.check_owner(extract, _EXTRACT, force=force)
        _extract(extract, key_file, bounds, site)
    else:
        require(len(collectors) == 2, "name two collectors: stores, exports, comparison files or sites")
        streams.require_writable(output, own=_PAGE, force=force)
        _compare(collectors, key_file, bounds, output, as_json, site)


_EXTRACT = re.compile(rb'\{"kind":"header","format":"hotpapers-comparison"')
_PAGE = re.compile(rb"# Two collectors compared\n")


def _moment(text: str) -> int:
    moment = timestamps.parse_iso(text)
    if moment is None:
        raise UsageError(f"{text}: not a date; write it like 2026-03-09 or 2026-03-09T12:00Z")
    return moment


def _period(bounds: Period, last: int) -> Period:
    """The requested period. `last`: the end of what is known. Raises UsageError if it is empty."""
    until = min(bounds.until, last) if bounds.until else last
    since = bounds.since or until - USUAL_DAYS * DAY
    require(since < until, "the period is empty: --since is not before --until, or the store has no data yet")
    return Period(since, until)


# ---- comparison files for another operator ---------------------------------------------------------------


def _last_known(record: Record) -> int:
    """Until when a store knows how networks were read; if it reads none, when its last batch was written."""
    return queries.last_observed(record.view()) or batches.last_written_at(record.database)


def _extract(output: Path, key_file: Path | None, bounds: Period, site: common.Site) -> None:
    if key_file is None:
        raise UsageError("--extract needs --key FILE; --new-key creates a key for both operators to use")
    key = read_key(key_file)
    with site.opened() as record:
        period = _period(bounds, _last_known(record))
        with suppress(ReadOnlyStore):
            transfer_queries.note_copy(record, "export", streams.target_of(output))
        lines = 0

        def encoded() -> Iterator[bytes]:
            nonlocal lines
            for line in extract_lines(record, period, key):
                lines += 1
                yield encode_line(line)

        streams.write_file(output, encoded())
    if output != streams.STDOUT:
        print_line(f"{output}: {count_noun(lines, 'line')}")


# ---- the comparison --------------------------------------------------------------------------------------


def _compare(
    names: Sequence[str],
    key_file: Path | None,
    bounds: Period,
    output: Path | None,
    as_json: bool,
    site: common.Site,
) -> None:
    with tempfile.TemporaryDirectory(prefix="hotpapers-") as folder:
        sources = [_source(name, Path(folder) / f"{n}.db", site) for n, name in enumerate(names)]
        key = _shared_key(sources, key_file)
        since = max((source.header.since for source in sources if source.header), default=0)
        bounds = bounds._replace(since=bounds.since or since)
        period = _period(bounds, min(source.until for source in sources))
        a, b = (source.facts(period, key) for source in sources)
    if is_address(names[1]):
        b = nameless(b)
    elif is_address(names[0]):
        a = nameless(a)
    comparison = compare_collectors(a, b)
    labels = [database.without_password(name) for name in names]
    if output is not None:
        streams.write_file(output, iter([page_of(comparison, labels).encode()]))
        if output == streams.STDOUT:
            return
    print_result({"a": labels[0], "b": labels[1], **comparison._asdict()}, text_of(comparison), as_json)


def _source(name: str, scratch: Path, site: common.Site) -> ComparedSource:
    """One of the two, by its name. Raises InputError, UsageError and NetError."""
    if is_address(name):
        return _store(name, str(fetch_observations(name, scratch.with_suffix(""), site)))
    if "://" in name:
        return _store(name, name)
    with streams.open_input(name) as stream:
        beginning = stream.peek(BEGINNING)[:BEGINNING]
        if beginning.startswith(SQLITE_MAGIC):
            return _store(name, name)
        if f'"{FORMAT}"'.encode() in beginning:
            facts = read_facts(decode_file(importing.lines_of(stream), streams.name_of(name)), streams.name_of(name))
            return ComparedSource(facts.header.until, lambda *_: facts, facts.header)
        with Record(str(scratch)) as record:
            importer.import_lines(record, streams.name_of(name), importing.lines_of(stream))
    return _store(name, str(scratch))


def _store(name: str, store: str) -> ComparedSource:
    with Record(store, create=False) as record:
        until = _last_known(record)

    def extracted(period: Period, key: SharedKey) -> CollectorFacts:
        with Record(store, create=False) as record:
            return read_facts(extract_lines(record, period, key), name)

    return ComparedSource(until, extracted)


def _shared_key(sources: Sequence[ComparedSource], key_file: Path | None) -> SharedKey:
    if key_file is not None:
        return read_key(key_file)
    files = sum(source.header is not None for source in sources)
    require(files != 1, "one of the two is a comparison file; add --key FILE with the key it was made with")
    return SharedKey(random_key())


def fetch_observations(url: str, folder: Path, site: common.Site) -> Path:
    """A store in a folder with the verified observations that a site publishes; what could not be verified is printed.
    Raises UsageError if there are none, NetError if the site does not answer."""
    other = named_site(url, None, None, site)._replace(folder=folder, own_logs=None)
    folder.mkdir()
    store = folder / RECORD
    with Record(str(store)) as peer, site.site_client(other.url) as http:
        observations = fetch_site(other, peer, http, site.terms, partial(progress_bar, "Fetching"))
    for problem in observations.all_problems:
        print_error(problem)
    require(bool(observations.until), f"{url}: no observations published for the last 90 days")
    return store
