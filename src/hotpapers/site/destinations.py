"""Which folder each channel of a publication is written to, and that none moves without a word."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from hotpapers.base.errors import SettingsError, UsageError, require
from hotpapers.base.model import is_retrospective
from hotpapers.base.suggestions import choices
from hotpapers.publish.deliver.export_site import folders_of
from hotpapers.publish.render import CHANNELS
from hotpapers.record import Record
from hotpapers.site.configured_site import ConfiguredSite

AFTERWARDS = frozenset(("site", "markdown"))
"""The channels for issues made afterwards: none that readers subscribe to."""


class ChannelFolder(NamedTuple):
    """A channel and the folder it is written to."""

    channel: str
    folder: Path


def allowed_channels(publication: str | None, to: Sequence[str], output: Path | None) -> Sequence[str]:
    """The channels `to`; for issues made afterwards, only those that may have them, in a folder of their own. Raises
    UsageError."""
    if not is_retrospective(publication or ""):
        return to
    require(output is not None, f"{publication}: name a separate folder with --output")
    require({*to} <= AFTERWARDS, f"{publication}: issues made afterwards can only be published to site or markdown")
    return to or ("site",)


def configured_folders(site: ConfiguredSite, publication: str) -> list[ChannelFolder]:
    """The channels and folders of a publication by the settings. The first publication has the output folder itself,
    so it stays there when others are added; they have subfolders. Raises SettingsError for an unknown channel."""
    settings = site.settings
    for name in settings.publish.channels:
        if name not in CHANNELS:
            raise SettingsError(f"{site.file}: publish.channels: {name!r} is not one of {choices(name, CHANNELS)}")
    folder = _folder(site, _own_folder(site, publication) or settings.publish.output)
    is_other = len(settings.publication) > 1 and publication not in {table.name for table in settings.publication}
    is_below = (is_other or publication in settings.below) and not _own_folder(site, publication)
    return _below(folder / publication if is_below else folder, settings.publish.channels)


def requested_folders(
    site: ConfiguredSite, publication: str, to: Sequence[str], output: Path | None
) -> list[ChannelFolder]:
    """The channels `to`, by default all in the settings, with their folders: those of the settings, or in `output`.
    Raises UsageError for a channel that has no folder."""
    if output is not None:
        return _below(output, to or [channel for channel, _ in configured_folders(site, publication)])
    folders = {channel: ChannelFolder(channel, folder) for channel, folder in configured_folders(site, publication)}
    for name in to:
        require(
            name in folders,
            f"{name} is not among the channels of [publish], so it has no folder; add it to channels in "
            f"{site.file}, or name a folder with --output",
        )
    return [folders[name] for name in dict.fromkeys(to or folders)]


def _below(folder: Path, channels: Iterable[str]) -> list[ChannelFolder]:
    """Several channels have a subfolder each."""
    names = dict.fromkeys(channels)
    return [
        # feeds are part of a site: its pages link to them, and their addresses are below the site's
        ChannelFolder(name, folder / ("site" if name == "feeds" and "site" in names else name))
        if len(names) > 1
        else ChannelFolder(name, folder)
        for name in names
    ]


def check_unmoved(site: ConfiguredSite, record: Record, publication: str) -> None:
    """Raises UsageError if the settings would now write a publication to another folder than before, although no
    setting names that folder: the addresses of its pages would change, and the old pages would never change again."""
    known = folders_of(record, publication)
    for channel, folder in configured_folders(site, publication):
        before = known.get(channel, frozenset())
        if not before or folder.resolve() in before:
            continue
        for earlier, output in _other_layouts(site, publication, channel):
            if earlier.resolve() in before and _has_pages(earlier):
                raise UsageError(
                    f"{publication}: {channel} was written to {earlier} and would now go to {folder}, at other "
                    f"addresses; {_remedy(site, publication, output)}, or move {earlier} away first"
                )


_PAGE = re.compile(r"index\.html|feeds|\d{4}-\d\d-\d\d.*")


def _has_pages(folder: Path) -> bool:
    return folder.is_dir() and any(_PAGE.fullmatch(path.name) for path in folder.iterdir())


def _other_layouts(site: ConfiguredSite, publication: str, channel: str) -> Iterator[tuple[Path, str]]:
    """Where a channel was written if there were more or fewer channels, or if this was the first publication or was
    not; each with the value of `output` that would put it there again, empty if none would."""
    publish = site.settings.publish
    own_folder = _own_folder(site, publication)
    outputs = [own_folder] if own_folder else [publish.output, f"{publish.output}/{publication}"]
    for output in outputs:
        yield dict(_below(_folder(site, output), publish.channels))[channel], output
    for output in outputs:
        for name in ("", channel, "site") if channel == "feeds" else ("", channel):
            yield _folder(site, output) / name, ""


def _remedy(site: ConfiguredSite, publication: str, output: str) -> str:
    publish, bases = site.settings.publish, site.settings.bases
    if not output:
        return "set channels in [publish] as they were, and publish to others with --to and --output"
    lines = [f'output = "{output}"']
    if publish.base:
        base = publish.base if output == publish.output else f"{publish.base}{publication}/"
        lines += [f'base = "{base}"'] if dict(bases)[publication] != base else []
    return f"to keep it there, write {' and '.join(lines)} in its [[publication]] in {site.file}"


def _own_folder(site: ConfiguredSite, publication: str) -> str:
    return next((table.output for table in site.settings.publication if table.name == publication), "")


def _folder(site: ConfiguredSite, output: str) -> Path:
    return site.folder / Path(output).expanduser()
