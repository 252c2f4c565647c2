"""Freezing issues of a publication, and writing them to the folders of channels, of which none moves without a
word."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from hotpapers.base.errors import NotFound, SettingsError, UsageError, require
from hotpapers.base.file_modes import real_path
from hotpapers.base.installed import hooks_of
from hotpapers.base.model import Publication, is_retrospective
from hotpapers.base.suggestions import list_choices
from hotpapers.base.text.words import count_noun
from hotpapers.issues import freeze
from hotpapers.issues import queries as issues_queries
from hotpapers.issues.windows import latest_label
from hotpapers.publish.deliver.export_site import RerenderedFolder, deleted_days, export_site, folders_of
from hotpapers.publish.render import CHANNELS
from hotpapers.record import Record, current_time
from hotpapers.site.configured_site import ConfiguredSite
from hotpapers.site.hooks import Freezing

if TYPE_CHECKING:
    from threading import Event

    from hotpapers.issues.judged_freezing import BeforeFreezing


class PublishResult(NamedTuple):
    """The result of publishing. `channels`: each channel's summary. `folders`: those that were rendered again because
    the rules about what may be shown have changed."""

    publication: str
    days: list[str]
    channels: list[dict[str, Any]]
    folders: list[RerenderedFolder]


def before_freezing(site: ConfiguredSite, stop: Event | None = None) -> list[BeforeFreezing]:
    """The actions of wings before an issue is frozen, until `stop`. Raises SettingsError."""
    prepare = (hook.prepare(site, stop) for hook in hooks_of(Freezing))
    return [do for do in prepare if do is not None]


def freeze_day(
    site: ConfiguredSite, publication: Publication, day: str, *, again: bool = False, reason: str = ""
) -> freeze.FrozenIssue:
    """The frozen issue of a day. Most days of many are frozen already, so the code that judges and freezes is imported
    only when one is not."""
    record = site.record
    if not again:
        if editions := freeze.list_editions(record, publication.publication, freeze.check_day(day)):
            return editions[-1]
        freeze.check_recorded(record, publication, day)
        freeze.check_read(record, publication, day, current_time())
    from hotpapers.issues.judged_freezing import judge_and_freeze

    return judge_and_freeze(
        record, publication, day, site.settings.bots, again=again, reason=reason, further=before_freezing(site)
    )


def freeze_days(site: ConfiguredSite, publication: Publication, days: Sequence[str]) -> None:
    """Freezes the issues of days, as far as they are not."""
    newer = []
    with site.progress("Freezing", len(days)) as step:
        for day in days:
            if freeze.newer_listing(site.record, freeze_day(site, publication, day)):
                newer.append(day)
            step(1)
    if newer:
        warn_newer(site, newer)


def warn_newer(site: ConfiguredSite, days: Sequence[str]) -> None:
    """Says which listings were observed again since their issues were frozen."""
    first_days = ", ".join(days[:5]) + (" …" if len(days) > 5 else "")
    site.warn(
        f"{first_days}: the record has a later observation of the listing; "
        "`hotpapers issue DATE --again --reason …` makes a new edition"
    )


def latest_day(record: Record, publication: Publication) -> str:
    """The latest day that can have an issue. Raises NotFound if none can."""
    if publication.window == "listing":
        days = issues_queries.listed_days(record, publication.publication)
        if not days:
            raise NotFound(f"{publication.publication}: no listing imported yet; see hotpapers import --help")
        return days[-1]
    return latest_label(publication, current_time())


def published_days(record: Record, publication: Publication) -> list[str]:
    """All days with a frozen issue or a listing. Raises NotFound if there are none."""
    name = publication.publication
    frozen_days = issues_queries.frozen_days(record, name)
    days = {*frozen_days, *issues_queries.listed_days(record, name)}
    if not days:
        raise NotFound(f"{name}: nothing to publish yet; `hotpapers run` freezes a first issue")
    return sorted(days)


def write_channels(
    site: ConfiguredSite, name: str, days: Sequence[str], folders: Sequence[ChannelFolder], *, force: bool
) -> list[dict[str, Any]]:
    """Writes issues to the folders of channels; returns each channel's summary. Warns about nearly full sites."""
    report = []
    for channel, folder in folders:
        site_config = site.site_config_of(name)._replace(feeds=ChannelFolder("feeds", folder) in folders)
        if again := deleted_days(site.record, name, channel, folder):
            site.warn(f"{folder}: {channel} was deleted, and is written again with {count_noun(len(again), 'issue')}")
        days = sorted({*days, *again})
        counts = export_site(site.record, name, days, channel, folder, site_config, site.terms, site.store, force=force)
        report.append({"channel": channel, "output": str(folder), "files": counts.files, "changed": counts.changed})
        if counts.warning:
            site.warn(counts.warning)
    return report


# ---- folders -----------------------------------------------------------------------------------------


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
            raise SettingsError(f"{site.file}: publish.channels: {name!r} is not one of {list_choices(name, CHANNELS)}")
    own_folder = _own_folder(site, publication)
    is_below = not own_folder and (publication in settings.below or _is_unnamed_below(site, publication))
    folder = _folder(site, own_folder or settings.publish.output)
    return _below(folder / publication if is_below else folder, settings.publish.channels)


def _is_unnamed_below(site: ConfiguredSite, publication: str) -> bool:
    """Whether a publication that the settings do not name has a folder of its name: as it was written, or else beside
    several that are named."""
    names = {table.name for table in site.settings.publication}
    if publication in names:
        return False
    output = site.output_folder
    written = chain.from_iterable(folders_of(site.record, publication).values())
    inside = [folder for folder in written if folder.is_relative_to(output)]
    return all(folder.is_relative_to(output / publication) for folder in inside) if inside else len(names) > 1


def requested_folders(
    site: ConfiguredSite, publication: str, to: Sequence[str], output: Path | None
) -> list[ChannelFolder]:
    """The channels `to`, by default all in the settings, with their folders: those of the settings, or in `output`.
    Raises UsageError for a channel that has no folder."""
    if output is not None:
        channels = to or [channel for channel, _ in configured_folders(site, publication)]
        return _below(output, channels)
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
    folders = {name: folder / name if len(names) > 1 else folder for name in names}
    if "feeds" in names:  # part of a site: its pages link to them, and their addresses are below the site's
        folders["feeds"] = folders.get("site", folders["feeds"])
    return list(map(ChannelFolder, folders, folders.values()))


def check_unmoved(site: ConfiguredSite, record: Record, publication: str) -> None:
    """Raises UsageError if the settings would now write a publication to another folder than before, although no
    setting names that folder: the addresses of its pages would change, and the old pages would never change again."""
    known = folders_of(record, publication)
    for channel, folder in configured_folders(site, publication):
        before = known.get(channel, frozenset())
        if not before or real_path(folder) in before:
            continue
        layouts = list(_other_layouts(site, publication, channel))
        if publication not in dict(site.settings.bases):  # its own `output` is unknown
            layouts += [(earlier, "") for earlier in before]
        for earlier, output in layouts:
            if real_path(earlier) not in before or not earlier.is_dir():
                continue
            if any(_PAGE.fullmatch(path.name) for path in earlier.iterdir()):
                remedy = _remedy(site, publication, output)
                raise UsageError(
                    f"{publication}: {channel} was written to {earlier} and would now go to {folder}, at other "
                    f"addresses; {remedy}, or move {earlier} away first"
                )


_PAGE = re.compile(r"index\.html|feeds|\d{4}-\d\d-\d\d.*")


def _other_layouts(site: ConfiguredSite, publication: str, channel: str) -> Iterator[tuple[Path, str]]:
    """Where a channel was written if there were more or fewer channels, or if this was the first publication or was
    not; each with the value of `output` that would put it there again, empty if none would."""
    publish = site.settings.publish
    own_folder = _own_folder(site, publication)
    if own_folder:
        outputs = [own_folder]
    else:
        outputs = [publish.output, f"{publish.output}/{publication}"]
    for output in outputs:
        folders_below = _below(_folder(site, output), publish.channels)
        yield dict(folders_below)[channel], output
    for output in outputs:
        for name in ("", channel, "site") if channel == "feeds" else ("", channel):
            yield _folder(site, output) / name, ""


def _remedy(site: ConfiguredSite, publication: str, output: str) -> str:
    publish = site.settings.publish
    bases = dict(site.settings.bases)
    if publication not in bases:
        return "name the folder with --output"
    if not output:
        return "set channels in [publish] as they were, and publish to others with --to and --output"
    lines = [f'output = "{output}"']
    base = publish.base and (publish.base if output == publish.output else f"{publish.base}{publication}/")
    if base and bases[publication] != base:
        lines.append(f'base = "{base}"')
    return f"to keep it there, write {' and '.join(lines)} in its [[publication]] in {site.file}"


def _own_folder(site: ConfiguredSite, publication: str) -> str:
    return next((table.output for table in site.settings.publication if table.name == publication), "")


def _folder(site: ConfiguredSite, output: str) -> Path:
    return site.folder / Path(output).expanduser()
