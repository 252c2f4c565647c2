"""Freezing issues of a publication, and writing them to the folders of channels."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from hotpapers.base.errors import NotFound
from hotpapers.base.model import Publication
from hotpapers.issues import freeze
from hotpapers.issues import queries as issues_queries
from hotpapers.issues.windows import latest_label
from hotpapers.publish.deliver.export_site import RerenderedFolder, export_site
from hotpapers.record import Record, now
from hotpapers.site.configured_site import ConfiguredSite
from hotpapers.site.destinations import ChannelFolder


class PublishResult(NamedTuple):
    """What was published. `channels`: what each channel did. `folders`: those that were rendered again because the
    rules about what may be shown have changed."""

    publication: str
    days: list[str]
    channels: list[dict[str, Any]]
    folders: list[RerenderedFolder]


def freeze_day(
    site: ConfiguredSite, publication: Publication, day: str, *, again: bool = False, reason: str = ""
) -> freeze.FrozenIssue:
    """The frozen issue of a day. Most days of many are frozen already, so the code that judges and freezes is imported
    only when one is not."""
    record = site.record
    if not again:
        if editions := freeze.editions(record, publication.publication, freeze.check_day(day)):
            return editions[-1]
        freeze.check_recorded(record, publication, day)
        freeze.check_read(record, publication, day, now())
    from hotpapers.issues.judged_freezing import judge_and_freeze

    return judge_and_freeze(
        record, publication, day, site.settings.bots, again=again, reason=reason, further=site.before_freezing()
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
    return latest_label(publication, now())


def published_days(record: Record, publication: Publication) -> list[str]:
    """All days with a frozen issue or a listing. Raises NotFound if there are none."""
    name = publication.publication
    days = {*issues_queries.frozen_days(record, name), *issues_queries.listed_days(record, name)}
    if not days:
        raise NotFound(f"{name}: nothing to publish yet; `hotpapers issue --publication {name}` freezes a first issue")
    return sorted(days)


def write_channels(
    site: ConfiguredSite, name: str, days: Sequence[str], folders: Sequence[ChannelFolder], *, force: bool
) -> list[dict[str, Any]]:
    """Writes issues to the folders of channels; returns what each channel did. Warns about nearly full sites."""
    report = []
    for channel, folder in folders:
        site_config = site.site_config_of(name)._replace(feeds=ChannelFolder("feeds", folder) in folders)
        counts = export_site(site.record, name, days, channel, folder, site_config, site.terms, site.store, force=force)
        report.append({"channel": channel, "output": str(folder), "files": counts.files, "changed": counts.changed})
        if counts.warning:
            site.warn(counts.warning)
    return report
