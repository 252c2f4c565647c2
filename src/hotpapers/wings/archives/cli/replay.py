"""`hotpapers import bluesky`: downloads what an archive of the network has of a period, then imports it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlsplit

import click

from hotpapers.base.errors import require
from hotpapers.base.settings.announce import read_secret
from hotpapers.base.text.words import count_noun
from hotpapers.cli import common
from hotpapers.cli.import_files import run_import
from hotpapers.cli.terminal import format_size, print_line, require_confirmation
from hotpapers.collect.sources.bluesky import schemas
from hotpapers.site.importing import Outcomes
from hotpapers.wings.archives.cli.commands import DateParam, Processes, import_files, result_lines, workers_option
from hotpapers.wings.archives.imported_file import ImportedFile
from hotpapers.wings.archives.replay.archive_api import ArchiveApi, PlannedSegment, bytes_of
from hotpapers.wings.archives.replay.block_events import BlockEvents
from hotpapers.wings.archives.replay.block_spool import ALL, BlockSpool, SpoolOrigin
from hotpapers.wings.archives.replay.download import download_blocks, wanted_segments
from hotpapers.wings.archives.replay.settings import JetstreamSettings

FOREVER = 2**62
BASE = "bluesky-history"
"""The folder in which blocks are kept by default, beside the store."""


SUMMED = ("lines", "posts", "mentions", "reactions", "gone", "quarantined", "refused", "unknown")
"""The figures of `ImportedFile` that are told."""


class ReplayPlan(NamedTuple):
    """The blocks to download. `size`: about how many bytes are missing; `blocks`: how many are there."""

    segments: Sequence[PlannedSegment]
    size: int
    blocks: int


@common.add_examples("""
  hotpapers import bluesky --since 2023-06-01 --until 2023-07-01
  hotpapers import bluesky --since 2026-08-15 --reactions --yes""")
@click.command("bluesky")
@click.option("--since", type=DateParam(), metavar="DATE", required=True, help="Import posts made since this day.")
@click.option("--until", type=DateParam(), metavar="DATE", help="Only posts made before this day. [default: all]")
@click.option("--reactions", is_flag=True, help="Also import likes and reposts, by account.")
@click.option("--folder", type=common.FOLDER, metavar="DIR", help=f"Where to keep blocks. [default: {BASE}]")
@common.yes_option
@workers_option
@common.site_options
def import_bluesky(
    since: int,
    until: int | None,
    reactions: bool,
    folder: Path | None,
    yes: bool,
    workers: int | None,
    as_json: bool,
    site: common.Site,
) -> None:
    """Import Bluesky's history, from its archive.

    Says first how many bytes must be downloaded. What is imported is what is left of that time, not what was seen then.
    If interrupted, run it again: no block is downloaded twice.
    """
    require(site.terms["bluesky"].read != "no", 'bluesky is disabled in your settings: [terms.bluesky] read = "no"')
    settings: JetstreamSettings = site.settings.table("jetstream")
    collections = (schemas.POST, schemas.LIKE, schemas.REPOST) if reactions else (schemas.POST,)
    require(until is None or since < until, "--until must be later than --since")
    origin = SpoolOrigin(settings.host, since, FOREVER if until is None else until, collections)
    spool = BlockSpool(folder or Path(BASE), origin)
    _download(settings, spool, origin, site, yes=yes, as_json=as_json)
    take_files = partial(import_files, "bluesky", None, Processes(workers, None, None))
    run_import(spool.files(), site, take_files, _summary, as_json)


def _download(
    settings: JetstreamSettings, spool: BlockSpool, origin: SpoolOrigin, site: common.Site, *, yes: bool, as_json: bool
) -> None:
    """Downloads what is missing, once it is confirmed; exits if it is not."""
    key = read_secret(settings.key, "jetstream.key")
    pace = {urlsplit(settings.host).hostname or "": 0.0}  # one request at a time; the archive meters bytes
    with site.http([settings.host], secrets=[key] if key else [], pace=pace) as http:
        api = ArchiveApi(http, settings.host, key)
        planned = _plan(api, spool, origin)
        if not as_json:
            print_line(price_line(planned))
        if planned.size:
            require_confirmation(yes, "Download them?", "download them", "nothing was downloaded")
        events = BlockEvents(origin.collections, origin.period)
        with site.progress("Downloading", planned.size, in_bytes=True) as progress:
            download_blocks(api, planned.segments, spool, events, progress)


def _plan(api: ArchiveApi, spool: BlockSpool, origin: SpoolOrigin) -> ReplayPlan:
    sizes = api.sizes()
    segments = wanted_segments(list(api.plan(origin.collections)), sizes, origin.since)
    missing = [segment for segment in segments if ALL not in spool.done[segment.name]]
    total = sum(bytes_of(segment, sizes.get(segment.name), len(spool.done[segment.name])) for segment in missing)
    return ReplayPlan(segments, total, sum(len(numbers - {ALL}) for numbers in spool.done.values()))


def price_line(planned: ReplayPlan) -> str:
    """The price of a download, told before anything is paid."""
    there = f"; {count_noun(planned.blocks, 'block')} there from before" if planned.blocks else ""
    segments = count_noun(len(planned.segments), "segment")
    return f"about {format_size(planned.size)} to download, of {segments}{there}"


def _summary(outcomes: Outcomes) -> Iterator[str]:
    """The sum of all files, for people."""
    if not outcomes:
        yield "nothing of that time"
        return
    is_whole = all(done.whole for _, done in outcomes)
    sums = {name: sum(getattr(done, name) for _, done in outcomes) for name in SUMMED}
    yield from result_lines(ImportedFile("", is_whole, **sums))
