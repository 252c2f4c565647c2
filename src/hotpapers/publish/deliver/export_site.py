"""Writes frozen issues to files and keeps the state of each; writes them again after something was forgotten or hidden.

Deliveries name a folder as `file:site?store=hotpapers.db`: with a relative path if it is within the store's folder, so
both can be moved together, otherwise with an absolute path. The name includes the store that wrote the folder: a copy
of a store has the same deliveries and must leave the original's folders alone; a store that was moved keeps its own.
A file cannot know whether the database that it was copied from still exists, so it leaves that one's folders alone.
"""

from __future__ import annotations

import glob
import os
from collections import Counter
from collections.abc import Collection, Sequence
from itertools import groupby
from pathlib import Path
from typing import NamedTuple
from urllib.parse import quote, unquote_to_bytes

from hotpapers.base import model, network_terms
from hotpapers.base.errors import HotPapersError, UsageError
from hotpapers.base.file_modes import real_path
from hotpapers.issues.repository import RecordIssueReader
from hotpapers.publish.deliver import delivery_states, queries, size_budget
from hotpapers.publish.deliver.files import WriteCounts, check_owner, create_folder, write_files
from hotpapers.publish.deliver.queries import DeliveryKey
from hotpapers.publish.render import find_channel
from hotpapers.publish.view.site_config import NOBODY, SiteConfig
from hotpapers.publish.view.site_paths import issue_path
from hotpapers.record import Database, Record, current_time, read_meta, write_meta
from hotpapers.record.database import server_database
from hotpapers.record.meta import HOME

LARGE = 100
"""Issues from which two processes write a site: starting Python takes as long as writing ten issues."""


class ExportedSite(NamedTuple):
    """The number of files, and of those changed or removed. `forecast`: the folder's size, if the site has a budget."""

    files: int
    changed: int
    forecast: size_budget.SizeForecast | None = None

    @property
    def warning(self) -> str:
        """A warning for the operator; empty while there is room."""
        return self.forecast.warning if self.forecast else ""


def export_site(
    record: Record,
    publication: str,
    days: Sequence[str],
    to: str,
    output: Path,
    site_config: SiteConfig = NOBODY,
    allowed: network_terms.Table = network_terms.TERMS,
    store: str = "",
    *,
    force: bool = False,
) -> ExportedSite:
    """Renders the frozen issues of some days through a channel into a folder, and stores that this was done.

    `site_config.feeds`: whether feeds are about to be written there, too, if they were not yet. `allowed`: the
    networks' terms, which decide how posts are shown. `store`: where the record was opened from, to let a second
    process help with a large site.

    Each edition is marked as *sending* before and *sent* after. So the content of a folder is always known, even half
    of it after a crash, and is rendered again when something is forgotten. The record gets one delivery of an edition,
    with the first of a channel's folders that has it.

    Raises UsageError if the folder contains another publication's files, or somebody's own without `force`, or cannot
    be written.
    """
    target = target_of(record.database, output)
    has_feeds = site_config.feeds or publication in publications_in(record, output, "feeds")
    site_config = site_config.of(publication, output)._replace(feeds=has_feeds)
    channel_of_site = find_channel(to, site_config)
    # one publication per folder and channel: files with the same names would overwrite each other
    others = sorted(publications_in(record, output, to) - {publication})
    if others and _has_files(to, output):
        raise UsageError(f"{output}: contains the {to} files of {others[0]!r}; choose another folder with --output")
    if others:  # their files were deleted, and are not to come back
        with record.database.write():
            queries.delete_states(record.database, others, to, target)
    if not force:
        check_folder_owner(record, output)
    create_folder(output)  # first: a folder that cannot be created is not remembered
    not_sent = _not_sent(record, publication, days, to, target)
    unsent_digests = {
        DeliveryKey(publication, day, edition, to, target): digest for day, (edition, digest) in not_sent.items()
    }
    if to == "site" and any(edition > 1 for edition, _ in not_sent.values()):  # any page may link to a removed paper
        days = sorted({*days, *sent_days(record, publication, to, output)})
    if unsent_digests:
        delivery_states.begin_all(record, unsent_digests, current_time())
    issue_reader = RecordIssueReader(record, allowed)
    if to == "site" and store and len(days) >= LARGE and (os.cpu_count() or 1) > 1:
        from hotpapers.publish.deliver import parallel  # no other channel needs it

        task = parallel.ParallelTask(store, publication, tuple(days), site_config, allowed)
        counts = parallel.write_parallel(output, issue_reader, task)
    else:
        counts = write_files(output, channel_of_site.render(issue_reader, publication, days))
    exported = _within_budget(issue_reader, publication, to, output, site_config, counts, len(days))
    if unsent_digests:
        delivery_states.finish_all(record, unsent_digests, current_time())
    return exported


class WrittenDay(NamedTuple):
    """A day's issue that a channel wrote to a folder."""

    folder: PublishedFolder
    publication: str
    channel: str
    day: str


def _written(record: Record, *, whole: bool = False) -> list[WrittenDay]:
    """Lists the days written to folders, in order; also days written in part, unless `whole`. What this store has
    written where another one had is its own."""
    rows = queries.delivered_editions(record.database, whole=whole)
    targets = {row[0] for row in rows}
    folders = {target: folder_of(record.database, target) for target in targets}
    written = sorted({WrittenDay(folder, *columns) for target, *columns in rows if (folder := folders[target])})
    own = {row[:3] for row in written if not row.folder.owner}
    return [row for row in written if not row.folder.owner or (PublishedFolder(row.folder.path), *row[1:3]) not in own]


def publications_in(record: Record, output: Path, channel: str) -> set[str]:
    """The publications that a channel has written to a folder."""
    folder = PublishedFolder(real_path(output))
    return {row.publication for row in _written(record) if (row.folder, row.channel) == (folder, channel)}


def folders_of(record: Record, publication: str) -> dict[str, frozenset[Path]]:
    """The folders that this store has written a publication to, by channel, with links resolved."""
    folders: dict[str, frozenset[Path]] = {}
    for folder, name, to, _ in _written(record):
        if name == publication and not folder.owner:
            folders[to] = folders.get(to, frozenset()) | {real_path(folder.path)}
    return folders


def site_forecasts(record: Record, budget: int) -> list[size_budget.SizeForecast]:
    """Size forecasts of the existing site folders. `budget`: bytes that each may have."""
    written = _written(record, whole=True)
    sites = Counter((row.folder, row.publication) for row in written if row.channel == "site")
    items = record.view().items(model.Publication)
    windows = {item.publication: item.window for item in items}
    return [
        size_budget.forecast_size(folder.path, budget, days, windows.get(name, "listing"))
        for (folder, name), days in sites.items()
        if not folder.owner and folder.path.is_dir()
    ]


def _within_budget(
    issue_reader: RecordIssueReader,
    publication: str,
    to: str,
    output: Path,
    site_config: SiteConfig,
    counts: WriteCounts,
    written: int,
) -> ExportedSite:
    """Folds a site that is full, if it has a budget. Measuring a large folder takes longer than writing an issue: it is
    done when a twentieth of the issues were `written`, and each time while the folder is nearly full."""
    if to != "site" or not site_config.budget:
        return ExportedSite(*counts)
    record = issue_reader.record
    name = f"room {site_config.budget} {target_of(record.database, output)}"
    room = int(read_meta(record.database, name) or 0) - written
    size_forecast = None
    if room <= 0:
        size = size_budget.site_size(output)
        if folded_counts := size_budget.fold_pages(output, issue_reader, publication, site_config, size):
            counts = folded_counts
            size = size_budget.site_size(output)
        size_forecast = size_budget.SizeForecast(str(real_path(output)), size, site_config.budget, None)
        room = 0 if size_forecast.is_near else len(sent_days(record, publication, "site", output)) // 20
    with record.database.write():
        write_meta(record.database, name, str(room))
    return ExportedSite(*counts, size_forecast)


def unsent_days(record: Record, publication: str, to: str, output: Path) -> list[str]:
    """The days whose latest edition a channel has not written to a folder yet, ascending."""
    days = list(queries.latest_editions(record, publication))
    return sorted(_not_sent(record, publication, days, to, target_of(record.database, output)))


def deleted_days(record: Record, publication: str, to: str, output: Path) -> list[str]:
    """The days that a channel has written to a folder from which its files have been deleted, ascending; empty if they
    are there."""
    return [] if _has_files(to, output) else sent_days(record, publication, to, output)


def _has_files(to: str, output: Path) -> bool:
    """Whether a folder that a channel has written to still has its files."""
    if first_file := _FIRST_FILES.get(to):
        return (output / first_file).is_file()
    return output.is_dir() and any(output.iterdir())


def sent_days(record: Record, publication: str, to: str, output: Path) -> list[str]:
    """The days with an issue that a channel has written to a folder, ascending."""
    target = target_of(record.database, output)
    sent = queries.sent_editions(record.database, publication, to, target)
    days = {day for day, *_ in sent}
    return sorted(days & queries.latest_editions(record, publication).keys())


_FIRST_FILES = {"site": "index.html", "feeds": "feeds/issues.atom"}
"""A file that a channel always writes; the others write one for each day."""


def check_folder_owner(record: Record, output: Path) -> None:
    """Raises UsageError if a folder that this store has not written to yet has somebody's own files."""
    if not output.is_dir():
        return
    folders = {row.folder for row in _written(record)}
    own_paths = {real_path(folder.path) for folder in folders}
    if real_path(output) not in own_paths:
        if store := _file(record.database):
            own_paths.update(store.parent.glob(f"{glob.escape(store.name)}*"))
        check_owner(output, own_paths)


def _not_sent(
    record: Record, publication: str, days: Sequence[str], to: str, target: str
) -> dict[str, queries.Edition]:
    """The latest editions of some days that are missing in the folder, or whose delivery is missing in the record, as
    in a restored backup."""
    sent = queries.sent_editions(record.database, publication, to, target)
    recorded = queries.editions_in_record(record.database, publication, to)
    latest = queries.latest_editions(record, publication)
    return {
        day: latest[day]
        for day in days
        if day in latest and ((day, *latest[day]) not in sent or (day, latest[day][0]) not in recorded)
    }


class RerenderedFolder(NamedTuple):
    """A folder that issues were written to. `rendered`: whether it was rendered again; `reason`: why not, or not all;
    `is_own`: false if another store, of which this one is a copy, wrote it."""

    folder: Path
    publication: str
    channel: str
    rendered: bool
    reason: str = ""
    is_own: bool = True


def export_again(
    record: Record,
    site_config: SiteConfig = NOBODY,
    allowed: network_terms.Table = network_terms.TERMS,
    only: Collection[tuple[str, str]] | None = None,
) -> list[RerenderedFolder]:
    """Renders again everything delivered to folders: the same days, from the record's current state.

    `only`: just these issues, by publication and day.
    """
    written = _written(record)
    with_feeds = {(row.folder, row.publication) for row in written if row.channel == "feeds"}
    issue_reader = RecordIssueReader(record, allowed)
    result = []
    for (folder, publication, to), group in groupby(written, key=lambda row: row[:3]):
        days = {row.day for row in group}
        config = site_config.of(publication, folder.path)._replace(feeds=(folder, publication) in with_feeds)
        if only is None:
            chosen_days = None
        else:
            chosen_days = {day for name, day in only if name == publication}
        again = RerenderedFolder(folder.path, publication, to, rendered=False)
        if folder.owner:
            result.append(again._replace(reason=f"belongs to {folder.owner}", is_own=False))
        elif chosen_days is None or chosen_days:
            result.append(_render_again(issue_reader, again, days, chosen_days, config))
    return result


def _render_again(
    issue_reader: RecordIssueReader,
    again: RerenderedFolder,
    delivered: set[str],
    chosen_days: set[str] | None,
    site_config: SiteConfig,
) -> RerenderedFolder:
    """Renders the delivered days again, limited to some days if given."""
    folder, publication, to, *_ = again
    if not folder.is_dir():
        return again._replace(reason="no longer exists")
    # a site also has pages for days adjacent to delivered ones, and these may have changed since
    frozen_days = set(issue_reader.days(publication))
    days_on_disk = {day for day in frozen_days if (folder / issue_path(day)).is_file()}
    days_to_render = (delivered | days_on_disk) & frozen_days
    if chosen_days is not None and _has_files(to, folder):  # all of a folder that was emptied
        days_to_render &= chosen_days
    try:
        files = find_channel(to, site_config).render(issue_reader, publication, sorted(days_to_render))
        counts = write_files(folder, files)
        _within_budget(issue_reader, publication, to, folder, site_config, counts, len(days_to_render))
    except HotPapersError as problem:
        return again._replace(reason=str(problem))
    reason = ""
    missing = sorted(delivered - frozen_days)
    if missing and chosen_days is None:  # in a restored record
        days, issues = (" and later days", "their issues") if len(missing) > 1 else ("", "its issue")
        reason = f"not updated: {missing[0]}{days}; the record does not have {issues} (anymore)"
    return again._replace(rendered=True, reason=reason)


PREFIX = "file:"
"""Prefix of a target that names a folder."""
_STORE = "?store="


class PublishedFolder(NamedTuple):
    """A folder that was published to. `owner`: the other store that it belongs to; empty if it is this store's."""

    path: Path
    owner: str = ""


def target_of(database: Database, output: Path) -> str:
    """The target of deliveries to a folder. Only that of a database on a server has an absolute path but no file."""
    folder = real_path(output)
    store = _file(database)
    if store is None:
        return _target(folder, server_database(database))
    if folder.is_relative_to(store.parent):
        return _target(folder.relative_to(store.parent), store.name)
    return _target(folder, str(store))


def folder_of(database: Database, target: str) -> PublishedFolder | None:
    """The folder that a target names; None for other targets."""
    if not target.startswith(PREFIX):
        return None
    parts = target.removeprefix(PREFIX).partition(_STORE)
    folder, _, owner = (os.fsdecode(unquote_to_bytes(part)) for part in parts)
    store = _file(database)
    if Path(folder).is_absolute() and not Path(owner).is_absolute():  # a server's database wrote it: see target_of
        is_own = store is None and owner == server_database(database)
        return PublishedFolder(Path(folder), "" if is_own else owner)
    home = store.parent if store else Path.cwd()
    before = Path(read_meta(database, HOME) or home)
    if not store or ((before / folder).exists() and not (home / folder).exists()):
        home = before
    writer = home / owner
    return PublishedFolder(home / folder, "" if writer == store or not writer.exists() else str(writer))


def _target(folder: Path, store: str) -> str:
    return f"{PREFIX}{quote(os.fsencode(folder))}{_STORE}{quote(store)}"


def _file(database: Database) -> Path | None:
    """The store's file; None for a database on a server."""
    return real_path(database.where) if database.name == "sqlite" else None
