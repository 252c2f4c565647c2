"""Writes the whole site into an empty folder, from the record alone: for hosts that keep no files between runs."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from functools import partial
from pathlib import Path
from typing import NamedTuple

from hotpapers.base.errors import UsageError
from hotpapers.base.model import Publication
from hotpapers.issues.repository import RecordIssueReader
from hotpapers.publish.deliver import size_budget
from hotpapers.publish.deliver.export_site import render_whole
from hotpapers.publish.deliver.files import write_files
from hotpapers.publish.view.site_config import SiteConfig

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
