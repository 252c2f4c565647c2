"""Runs on a host that starts them on a schedule and keeps no files: how they went, and the whole site."""

from __future__ import annotations

import datetime
import json
from collections.abc import Collection, Sequence
from functools import partial
from pathlib import Path
from typing import NamedTuple

import msgspec

from hotpapers.base.errors import UsageError, require
from hotpapers.base.file_modes import write_atomically
from hotpapers.base.model import Publication
from hotpapers.issues.freeze import publication_of
from hotpapers.issues.repository import RecordIssueReader
from hotpapers.publish.deliver import size_budget
from hotpapers.publish.deliver.export_site import render_whole
from hotpapers.publish.deliver.files import write_files
from hotpapers.publish.view.site_config import SiteConfig
from hotpapers.record import Record, now
from hotpapers.record.meta import read_meta, write_meta
from hotpapers.site.configured_site import ConfiguredSite
from hotpapers.site.site_jobs import site_health
from hotpapers.wings.hosting import schedule_status
from hotpapers.wings.hosting.cron_times import TimeOfDay, times

REPORT = "schedule.json"
"""The report in the published site, for monitoring."""
SITE_FOLDERS = "site folders"
"""The name in `meta` of where each publication's pages are: nothing else is left of a site."""


def begin_run(site: ConfiguredSite, because: str) -> str:
    """Records that a run has begun; says so."""
    with site.opened(create=True, publications=True) as record:
        return schedule_status.begin(record, _times(site), now(), because)


def end_run(
    site: ConfiguredSite, outcome: str, output: Path, *, where: str, base: str
) -> tuple[schedule_status.ScheduleReport, int]:
    """Records how a run ended, and writes the whole site with a report into an empty folder. `where`: the address of
    the run's log; `base`: that of the site, if it is not in the settings. Returns the report, and how many
    files the site has."""
    site_config = _site_config(site, base)
    check_empty(output)
    with site.opened(publications=True) as record:
        names = [publication.name for publication in site.settings.publication]
        site.require_publications(names)
        at = now()
        report = schedule_status.end(record, _times(site), at, outcome, site_health(site, record, at).problems, where)
        site_config = site_config._replace(note=schedule_status.sentence(record))
        places = site_folders([publication_of(record, name) for name in names], site.settings.below, site_config)
        _check_unmoved(record, {place.publication.publication: place.below for place in places}, site)
        files = render_all(RecordIssueReader(record, site.terms), places, output)
    public = {name: value for name, value in report._asdict().items() if name != "problems"}
    write_atomically(output / REPORT, msgspec.json.format(msgspec.json.encode(public), indent=2) + b"\n")
    return report, files


def _times(site: ConfiguredSite) -> tuple[TimeOfDay, ...]:
    return times(site.settings.publication, datetime.datetime.now(datetime.UTC).date())


def _site_config(site: ConfiguredSite, base: str) -> SiteConfig:
    """The one in the settings, with the host's address if they have none; feeds are always made."""
    site_config = site.site_config._replace(feeds=True)
    if site_config.base or not base:
        return site_config
    shared = base if base.endswith("/") else f"{base}/"
    return site_config._replace(base=shared, bases=site.settings.bases_below(shared))


def _check_unmoved(record: Record, folders: dict[str, str], site: ConfiguredSite) -> None:
    """Remembers the folder of each publication's pages, empty for the top. Raises UsageError if one would move."""
    known: dict[str, str] = json.loads(read_meta(record.database, SITE_FOLDERS) or "{}")
    for name, folder in folders.items():
        before, after = (f"{path}/" if path else "the top" for path in (known.get(name, folder), folder))
        require(
            before == after,
            f"{name}: its pages are at {before} and would move to {after}, to other addresses; write the publications "
            f"in {site.file} in the order that they had",
        )
    with record.database.write():
        write_meta(record.database, SITE_FOLDERS, json.dumps(known | folders))


CHANNELS = ("site", "feeds")
"""Channels that share a folder."""


class SiteFolder(NamedTuple):
    """A publication, its folder below the output (empty for the output itself), and its site's configuration."""

    publication: Publication
    below: str
    site_config: SiteConfig


def site_folders(
    publications: Sequence[Publication], below: Collection[str], site_config: SiteConfig
) -> list[SiteFolder]:
    """The folders of publications: the first one is the site itself, those `below` have a folder of their name."""
    return [
        SiteFolder(item, item.publication if item.publication in below else "", site_config.of(item.publication))
        for item in publications
    ]


def render_all(issue_reader: RecordIssueReader, folders: Sequence[SiteFolder], output: Path) -> int:
    """Writes the sites and feeds of publications and returns the number of files. Old pages are shortened to fit the
    budget. Raises UsageError if nothing can be written, or if the result is still too large."""
    files = 0
    for site in folders:
        name, folder = site.publication.publication, output / site.below
        for channel_name in CHANNELS:
            files += write_files(folder, render_whole(channel_name, issue_reader, name, site.site_config)).files
        share = site.site_config.budget // len(folders)
        render = partial(render_whole, "site", issue_reader, name, site.site_config)
        size_budget.fold(folder, share, issue_reader, name, render)
    size, budget = size_budget.site_size(output), folders[0].site_config.budget
    if budget and size > budget:
        raise UsageError(size_budget.SizeForecast(str(output), size, budget, None).warning)
    return files


def check_empty(output: Path) -> None:
    """Raises UsageError if a folder is not empty: what another run left there would be published too."""
    if output.is_dir() and any(output.iterdir()):
        raise UsageError(f"{output}: is not empty; name an empty folder with --output")
