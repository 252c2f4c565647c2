"""Writes a publication's log to the folders with its site, without rendering pages."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from hotpapers.base.model import RenderedFile
from hotpapers.issues.repository import RecordIssueReader
from hotpapers.publish.deliver.export_site import folders_of
from hotpapers.publish.deliver.files import write_files
from hotpapers.publish.render.html.site_context import SiteContext
from hotpapers.publish.view.site_config import NOBODY, SiteConfig
from hotpapers.record import Record
from hotpapers.wings.proof.log_pages import POLICY_PATH, LogPages
from hotpapers.wings.proof.site_logs import SiteLogs


def export_logs(record: Record, publication: str, logs: SiteLogs, site_config: SiteConfig = NOBODY) -> int:
    """Writes only the files of a publication's log to each folder with its site. Returns how many changed. Raises
    UsageError for a folder that cannot be written."""
    log = logs.readable(publication)
    if log is None:
        return 0
    site = SiteContext(RecordIssueReader(record), publication, site_config.of(publication))
    folders = sorted(folders_of(record, publication).get("site", ()))
    return sum(
        write_files(folder, _missing_files(LogPages(site, log), folder)).changed
        for folder in folders
        if folder.is_dir()
    )


def _missing_files(pages: LogPages, folder: Path) -> Iterator[RenderedFile]:
    """The files that a site's folder may lack; without bytes, those that `ended`."""
    for path in pages.paths(folder):
        if (page := pages.page(path)) is not None:
            yield RenderedFile(path, page)
    yield from (RenderedFile(path, b"") for path in pages.ended(POLICY_PATH, folder))
