"""What `run` tells: what it reads and since when, when issues come, what a late one waits for, what is missing."""

from __future__ import annotations

import datetime
from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from zoneinfo import ZoneInfo

from hotpapers.base.ids.timestamps import day_of
from hotpapers.base.model import DAY
from hotpapers.collect.job_factory import obsolete_settings
from hotpapers.collect.jobs import queries as jobs_queries
from hotpapers.issues.freeze import publication_of
from hotpapers.issues.queries import frozen_days
from hotpapers.publish.schedule.due import ExpectedIssue, FirstIssue, first_issues, next_issues
from hotpapers.record import Record
from hotpapers.site.configured_site import ConfiguredSite
from hotpapers.site.notices import Notice

NO_CONTACT = 'no contact is set: networks and readers cannot reach you; write contact = "…"'


def start_notices(
    record: Record, site: ConfiguredSite, sources: Sequence[str], read_names: Sequence[str], at: int
) -> tuple[list[Notice], list[ExpectedIssue]]:
    """The notices at the start, and the next issues that they tell about. `sources`: what is read; `read_names`: the
    same with followed sites."""
    names = site.own_publications
    new = [name for name in sources if jobs_queries.load_state(record, name).started_at is None]
    issue_days = {name: frozen_days(record, name) for name in names}
    firsts = list(first_issues([publication_of(record, name) for name in names], issue_days, at)) if new else []
    first_names = {first.publication for first in firsts}
    following = list(next_issues(record, names, at))
    announced = [
        *reading_notices(read_names, new, site.settings.run.read_back, at),
        *first_notices(firsts, zones(site), at),
        *next_notices([issue for issue in following if issue.publication not in first_names], zones(site), at),
    ]
    if not site.settings.contact.strip():
        announced.append(
            Notice("no contact", {"reason": NO_CONTACT}, f"{NO_CONTACT[0].upper()}{NO_CONTACT[1:]} in {site.file}.")
        )
    for key in obsolete_settings(site.settings.source):
        announced.append(Notice("obsolete setting", {"key": key}, f"{site.file}: {key} is ignored: it can be deleted."))
    announced.append(Notice("", {}, "To see how it is going, run `hotpapers status` in another window."))
    return announced, following


def reading_notices(sources: Sequence[str], new: Sequence[str], days: int, at: int) -> Iterator[Notice]:
    """What is read. `new`: sources read for the first time; `days`: how many past days to read back."""
    yield Notice("", {}, f"Reading {', '.join(sources)} until stopped (Ctrl-C).")
    if new and days:
        since = day_of(at - days * DAY)
        origin = "" if len(new) == len(sources) else f" from {', '.join(new)}"
        sentence = f"First, it reads back posts{origin} since {since}, as far as each network allows."
        yield Notice("reading back", {"sources": " ".join(new), "since": since}, sentence)


def first_notices(firsts: Sequence[FirstIssue], zone_of: dict[str, str], at: int) -> Iterator[Notice]:
    """When the first issues of new publications appear."""
    for first in firsts:
        moment = local_time(first.at, zone_of[first.publication])
        when = "as soon as that is done" if first.at <= at else f"on {moment}"
        yield Notice(
            "first issue",
            {"publication": first.publication, "day": first.day, "at": moment},
            f"The first issue of {first.publication}, for {first.day}, appears {when}.",
        )


# ---- the next issues ---------------------------------------------------------------------------------------


LOOK = 10_000_000
"""Microseconds between two looks."""


def zones(site: ConfiguredSite) -> dict[str, str]:
    """The time zone of each publication in the settings."""
    return {publication.name: publication.zone for publication in site.settings.publication}


def common_zone(site: ConfiguredSite) -> str:
    """The time zone of all publications, for moments that concern no single one; UTC if they differ."""
    different = set(zones(site).values())
    return different.pop() if len(different) == 1 else "UTC"


def local_time(at: int, zone: str) -> str:
    """`Monday 2026-11-23 at 08:00 Europe/Zurich`."""
    return f"{datetime.datetime.fromtimestamp(at / 1e6, ZoneInfo(zone)):%A %Y-%m-%d at %H:%M} {zone}"


def sentence(following: ExpectedIssue, zone: str, at: int) -> str:
    """What to tell about a publication's next issue. `at`: now, µs UTC."""
    moment = local_time(following.at, zone)
    if following.at > at:
        return f"The next issue of {following.publication}, for {following.day}, comes on {moment}."
    return f"The issue of {following.publication} for {following.day} closed on {moment}, and {_state(following)}."


def _state(late: ExpectedIssue) -> str:
    """What has become of an issue that closed: what it waits for, or why it has not appeared."""
    reason = late.waits_for
    for head in ("the first issue waits for ", "waits for "):
        if reason.startswith(head):
            return f"waits for {reason.removeprefix(head)}"
    is_clause = " is " in reason or ": " in reason  # a failure, in full sentences
    return "is due" if not reason else f"has not appeared: {reason}" if is_clause else f"waits for {reason}"


def next_notices(following: Sequence[ExpectedIssue], zone_of: Mapping[str, str], at: int) -> Iterator[Notice]:
    """What is told about the next issues: those that wait for something, and those that have not closed."""
    for issue in following:
        zone = zone_of.get(issue.publication, "UTC")
        fields: dict[str, Any] = {"publication": issue.publication, "day": issue.day}
        fields["at"] = local_time(issue.at, zone)
        if issue.at <= at and issue.waits_for:
            yield Notice("issue waits", {**fields, "reason": issue.waits_for}, sentence(issue, zone, at))
        elif issue.at > at:
            yield Notice("next issue", fields, sentence(issue, zone, at))


class NextIssueWatch:
    """The next issue of each publication: after one has appeared, or when one begins to wait for something else.
    `announced`: the next issues that people know of."""

    def __init__(self, site: ConfiguredSite, announced: Sequence[ExpectedIssue]) -> None:
        self._site = site
        self._announced = {issue.publication: _essence(issue) for issue in announced}
        self._looked_at = 0

    def look(self, record: Record, at: int) -> Iterator[Notice]:
        if 0 <= at - self._looked_at < LOOK:
            return
        self._looked_at = at
        for issue in next_issues(record, self._site.own_publications, at):
            if self._announced.get(issue.publication) != _essence(issue):
                self._announced[issue.publication] = _essence(issue)
                yield from next_notices([issue], zones(self._site), at)


def _essence(issue: ExpectedIssue) -> tuple[str, str]:
    """What has to change to be announced again: not that one of several networks has been waited for long enough."""
    return issue.day, issue.waits_for.partition(":")[0]
