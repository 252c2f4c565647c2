"""From frozen issues to files, and what became of each is kept; and again, after something was forgotten or hidden.

Deliveries name a folder as `file:site?store=hotpapers.db`: one within the store's own folder from there, so that both
can move together; any other by its whole path. Beside it stands the store that wrote it. A copy of a store holds the
same deliveries and must leave the original's folders alone; a store that was moved keeps its own.
"""

from __future__ import annotations

import os
from collections.abc import Collection, Iterable, Iterator, Sequence
from functools import partial
from itertools import groupby
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import quote, unquote_to_bytes

from hotpapers import model, terms
from hotpapers.deliver import delivery_states, queries, size_budget
from hotpapers.deliver.files import WriteCounts, write_files
from hotpapers.deliver.queries import DeliveryKey
from hotpapers.errors import HotPapersError, UsageError
from hotpapers.issues.repository import RecordIssueReader
from hotpapers.model import RenderedFile
from hotpapers.render import channel
from hotpapers.store import Record, now
from hotpapers.store.database import Database, server_database
from hotpapers.view.site_config import NOBODY, SiteConfig
from hotpapers.view.site_paths import issue_path

LARGE = 100
"""Issues from which on two processes write a site: a Python takes as long to begin as ten of them to be written."""


class ExportedSite(NamedTuple):
    """How many files there are, and how many changed or went; how a site's folder is filling that has a budget."""

    files: int
    changed: int
    forecast: size_budget.SizeForecast | None = None

    @property
    def warning(self) -> str:
        """What the operator should know; empty while there is room."""
        return self.forecast.warning if self.forecast else ""


def export_site(
    record: Record, publication: str, days: Sequence[str], to: str, output: Path, site_config: SiteConfig = NOBODY,
    allowed: terms.Table = terms.TERMS, store: str = "",
) -> ExportedSite:  # fmt: skip
    """Renders frozen issues of some days by a channel into a folder, and keeps that it was done.

    `allowed`: the networks' terms, by which posts are shown. `store`: what the record was opened by, where a second
    process may help with a large site.

    Each issue is kept as *sending* before and as *sent* after, once per edition. So whatever a folder holds, also half
    of it after a crash, is known and rendered anew when something is forgotten. With the first folder of a channel that
    has an edition, the record gets its delivery.

    Raises UsageError for a folder that holds another publication's files, or cannot be written.
    """
    site_config = site_config.of(publication)
    channel_of_site = channel(to, site_config)
    target = target_of(record.database, output)
    _check_folder(record, publication, to, target, output)
    unsent_digests = {
        DeliveryKey(publication, day, edition, to, target): digest
        for day, (edition, digest) in _not_sent(record, publication, days, to, target).items()
    }
    if unsent_digests:
        delivery_states.begin_all(record, unsent_digests, now())
    issue_reader = RecordIssueReader(record, allowed)
    if to == "site" and store and len(days) >= LARGE:
        from hotpapers.deliver import parallel  # no other channel needs it

        task = parallel.ParallelTask(store, publication, tuple(days), site_config, allowed)
        written = parallel.write_parallel(output, issue_reader, task)
    else:
        written = write_files(output, channel_of_site.render(issue_reader, publication, days))
    done = ExportedSite(*written)
    if to == "site" and site_config.budget:
        done = _within_budget(issue_reader, publication, output, site_config, written)
    if unsent_digests:
        delivery_states.finish_all(record, unsent_digests, now())
    return done


def site_forecasts(record: Record, most: int) -> list[size_budget.SizeForecast]:
    """How the folders are filling to which sites were written and that are here. `most`: bytes that each may have."""
    sites = _with_folders(record, queries.sent_days(record.database))
    own_folders = [(folder.path, name, days) for folder, name, days in sites if not folder.owner]
    windows = {item.publication: item.window for item in record.view().items(model.Publication)}
    return [
        size_budget.forecast(folder, most, days, windows.get(name, "listing"))
        for folder, name, days in sorted(own_folders)
        if folder.is_dir()
    ]


def _within_budget(
    issue_reader: RecordIssueReader, publication: str, output: Path, site_config: SiteConfig, written: WriteCounts
) -> ExportedSite:
    """Folds a site that is full. Its folder is measured once where there is room: that takes as long as ten pages."""
    size = size_budget.site_size(output)
    whole = partial(_render_whole, issue_reader, publication, site_config)
    folded = size_budget.fold(output, site_config.budget, issue_reader, publication, whole, size)
    if folded:
        written, size = folded, size_budget.site_size(output)
    return ExportedSite(*written, size_budget.SizeForecast(str(output.resolve()), size, site_config.budget, None))


def _render_whole(
    issue_reader: RecordIssueReader, publication: str, site_config: SiteConfig, since: str
) -> Iterator[RenderedFile]:
    """The whole site, where pages of papers are whole since a day."""
    channel_of_site = channel("site", site_config._replace(whole_since=since))
    return channel_of_site.render(issue_reader, publication, issue_reader.days(publication))


def unsent(record: Record, publication: str, to: str, output: Path) -> list[str]:
    """The days whose latest edition a channel has not yet written to a folder, ascending."""
    days = list(queries.latest_editions(record, publication))
    return sorted(_not_sent(record, publication, days, to, target_of(record.database, output)))


def _check_folder(record: Record, publication: str, to: str, target: str, output: Path) -> None:
    """One publication a folder and channel: files of the same name would overwrite each other."""
    if not output.is_dir():
        return
    for other in queries.publications_in(record.database, to, target):
        if other != publication:
            raise UsageError(f"{output}: holds the {to} files of {other!r}; name another folder with --output.")


def _not_sent(
    record: Record, publication: str, days: Sequence[str], to: str, target: str
) -> dict[str, queries.Edition]:
    """The latest editions of some days that a folder lacks, or the record their delivery, as in a backup."""
    sent = queries.sent_editions(record.database, publication, to, target)
    recorded = queries.editions_in_record(record.database, publication, to)
    latest = queries.latest_editions(record, publication)
    return {
        day: latest[day]
        for day in days
        if day in latest and ((day, *latest[day]) not in sent or (day, latest[day][0]) not in recorded)
    }


class RerenderedFolder(NamedTuple):
    """A folder that issues were written to; whether it was rendered anew, and why not, or not all of it. `is_own`:
    false where another store wrote it, of which this one is a copy."""

    folder: Path
    publication: str
    channel: str
    rendered: bool
    reason: str = ""
    is_own: bool = True


def _with_folders(record: Record, rows: Iterable[tuple[Any, ...]]) -> Iterator[tuple[Any, ...]]:
    """Rows that begin with a delivery's target, with the folder in its place; those of no folder left out."""
    for target, *rest in rows:
        if folder := folder_of(record.database, target):
            yield (folder, *rest)


def export_again(
    record: Record, site_config: SiteConfig = NOBODY, allowed: terms.Table = terms.TERMS,
    only: Collection[tuple[str, str]] | None = None,
) -> list[RerenderedFolder]:  # fmt: skip
    """Renders anew what was ever delivered to a folder: the same days, from what the record holds now.

    `only`: nothing but these issues, by publication and day.
    """
    folders_delivered = _with_folders(record, queries.delivered(record.database))
    issue_reader = RecordIssueReader(record, allowed)
    result = []
    for (folder, publication, to), group in groupby(sorted(folders_delivered), key=lambda row: row[:3]):
        days = {row[3] for row in group}
        some = None if only is None else {day for name, day in only if name == publication}
        if folder.owner:
            result.append(
                RerenderedFolder(folder.path, publication, to, False, f"belongs to {folder.owner}", is_own=False)
            )
        elif some is None or some:
            result.append(_render_again(issue_reader, publication, to, folder.path, (days, some), site_config))
    return result


def export_logs(record: Record, publication: str, site_config: SiteConfig) -> int:
    """Writes the files of a publication's log alone into each folder that its site was written to; how many changed.
    Raises UsageError for a folder that cannot be written."""
    from hotpapers.render.html.pages import SiteChannel  # loaded where there are sites

    rows = _with_folders(record, queries.delivered(record.database))
    paths = {folder.path for folder, name, to, _ in rows if (name, to) == (publication, "site") and not folder.owner}
    issue_reader = RecordIssueReader(record)
    return sum(
        write_files(path, SiteChannel(site_config.of(publication)).log_files(issue_reader, publication, path)).changed
        for path in sorted(paths)
        if path.is_dir()
    )


def _render_again(
    issue_reader: RecordIssueReader, publication: str, to: str, folder: Path, days: tuple[set[str], set[str] | None],
    site_config: SiteConfig,
) -> RerenderedFolder:  # fmt: skip
    """The delivered days, or those of some days that are there."""
    if not folder.is_dir():
        return RerenderedFolder(folder, publication, to, False, "is not there any more")
    # a site also has pages of the days beside those that were delivered, and these may be others by now
    known = set(issue_reader.days(publication))
    days_on_disk = {day for day in known if (folder / issue_path(day)).is_file()}
    delivered, some = days
    wanted = (delivered | days_on_disk) & (known if some is None else known & some)
    try:
        channel_of_site = channel(to, site_config.of(publication))
        write_files(folder, channel_of_site.render(issue_reader, publication, sorted(wanted)))
    except HotPapersError as problem:
        return RerenderedFolder(folder, publication, to, False, str(problem))
    return RerenderedFolder(folder, publication, to, True, _left_reason(delivered - known) if some is None else "")


def _left_reason(days: Collection[str]) -> str:
    """What is said of days whose issues a restored record does not have."""
    if not days:
        return ""
    since = f"{min(days)} and later days" if len(days) > 1 else min(days)
    return f"left as it was: {since}, whose issue the record does not have (any more)"


PREFIX = "file:"
"""How a delivery's target names a folder."""
_STORE = "?store="


class PublishedFolder(NamedTuple):
    """A folder that was published to. `owner`: the other store to which it belongs; empty where it is this one's."""

    path: Path
    owner: str = ""


def target_of(database: Database, output: Path) -> str:
    """What deliveries to a folder are known by."""
    folder, store = output.resolve(), _file(database)
    if store is None:
        return _target(folder, server_database(database))
    if folder.is_relative_to(store.parent):
        return _target(folder.relative_to(store.parent), store.name)
    return _target(folder, str(store))


def folder_of(database: Database, target: str) -> PublishedFolder | None:
    """The folder that a delivery went to; None where it went to none."""
    if not target.startswith(PREFIX):
        return None
    parts = target.removeprefix(PREFIX).partition(_STORE)
    folder, _, owner = (os.fsdecode(unquote_to_bytes(part)) for part in parts)
    store = _file(database)
    if store is None:
        return PublishedFolder(Path(folder), "" if owner == server_database(database) else owner)
    writer = store.parent / owner
    return PublishedFolder(store.parent / folder, "" if writer == store or not writer.exists() else str(writer))


def _target(folder: Path, store: str) -> str:
    return f"{PREFIX}{quote(os.fsencode(folder))}{_STORE}{quote(store)}"


def _file(database: Database) -> Path | None:
    """The store's file; None for a database on a server."""
    return Path(database.where).resolve() if database.name == "sqlite" else None
