"""How a publication is doing, in plain words: the latest issue's age, when the next is due, what was read.

Pages are written once and read later, so nothing here depends on the current time. The page says when the next issue
is due, and anyone who reads it after that sees that something has stopped.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from hotpapers.base.model import HOUR, IssueContent, NetworkReading, Publication, PublishedIssue, is_retrospective
from hotpapers.base.papers.announcement_days import calendar
from hotpapers.base.text import timestamps
from hotpapers.base.text.clean_text import one_line
from hotpapers.base.text.words import count_noun
from hotpapers.issues.windows import TIMES, announcement_limit, label_after
from hotpapers.publish.view import phrases, site_paths
from hotpapers.publish.view.reading_words import gap_of_day

MAX_MISSING = 20
"""Days without an issue in a row that are listed one by one."""
GRACE = 2 * HOUR
"""How long after its period ends an issue may take to be made and published."""


class NetworkState(NamedTuple):
    """How a network was read for these issues: in one sentence, and per day where it was not read in full."""

    name: str
    text: str
    days: tuple[tuple[str, str], ...]


class DayState(NamedTuple):
    """A day: its issue's path, empty if it has none, and what was done, in words."""

    day: str
    path: str
    text: str
    frozen: str


class NextIssue(NamedTuple):
    """The next issue: its day, and when it is due at the latest, in words and as ISO 8601."""

    day: str
    text: str
    at: str


class PublicationState(NamedTuple):
    """How a publication is doing. `due`: None if no next issue is expected. `ended`: the day of the last issue if the
    publication has ended, otherwise empty."""

    latest: str
    path: str
    frozen: str
    frozen_at: str
    due: NextIssue | None
    ended: str
    days: tuple[DayState, ...]
    networks: tuple[NetworkState, ...]
    corrections: tuple[tuple[str, str, str], ...]


def state_of(publication: Publication, issues: Sequence[PublishedIssue]) -> PublicationState:
    """The state according to the latest issues, newest last."""
    latest = issues[-1] if issues else None
    due = next_issue_after(publication, latest.content.day) if latest else None
    contents = [issue.content for issue in reversed(issues)]
    rows_of: dict[str, list[tuple[IssueContent, NetworkReading]]] = {}
    for content in contents:
        for reading in content.readings:
            rows_of.setdefault(reading.network, []).append((content, reading))
    has_ended = publication.last_day and not due
    return PublicationState(
        latest=phrases.issue_heading(publication.window, latest.content.day) if latest else "",
        path=site_paths.issue_path(latest.content.day) if latest else "",
        frozen=phrases.minute_name(latest.frozen_at) if latest else "",
        frozen_at=timestamps.format_rfc3339(latest.frozen_at) if latest else "",
        due=due,
        ended=phrases.issue_heading(publication.window, str(publication.last_day)) if has_ended else "",
        days=tuple(_days(issues)),
        networks=tuple(_network(network, rows, contents[0]) for network, rows in sorted(rows_of.items())),
        corrections=tuple(
            (_name(content), site_paths.issue_path(content.day), one_line(content.reason))
            for content in contents
            if content.reason
        ),
    )


def next_issue_after(publication: Publication, day: str) -> NextIssue | None:
    """The issue after this day's; None for retrospective publications and after the last issue."""
    following = "" if is_retrospective(publication.publication) else label_after(publication, day)
    if not following:
        return None
    at = announcement_limit(publication, following) + GRACE
    name = phrases.issue_heading(publication.window, following)
    return NextIssue(name, phrases.minute_name(at), timestamps.format_rfc3339(at))


def first_due(publication: Publication) -> str:
    """When a publication's first issue is due."""
    if publication.window == "listing":
        return "The first one appears when a listing is imported."
    if publication.window != "daily":
        return f"The first one is due when its {TIMES[publication.window]} is over."
    return f"The first one is due on a weekday, after {publication.hour:02}:00 {one_line(publication.zone)}."


# ---- days --------------------------------------------------------------------------------------------------


def _days(issues: Sequence[PublishedIssue]) -> Iterable[DayState]:
    """The issues, newest first, and between them the days that should have one but don't."""
    next_day = ""
    unread_days = tuple[str, ...]()
    for issue in reversed(issues):
        day = issue.content.day
        publication = issue.content.publication
        if next_day and not is_retrospective(publication.publication):
            missing = list(_missing(publication, day, next_day, unread_days))
            yield from reversed(_shortened(missing))
        facts = one_line(" · ".join(phrases.facts(issue, with_reasons=False)))
        frozen = phrases.minute_name(issue.frozen_at)
        yield DayState(_name(issue.content), site_paths.issue_path(day), facts, frozen)
        next_day = day
        unread_days = issue.days_without_issue


def _shortened(missing: Sequence[DayState]) -> Sequence[DayState]:
    """Days without an issue, ascending; many as one row."""
    if len(missing) <= MAX_MISSING:
        return missing
    return [DayState(f"{missing[0].day} to {missing[-1].day}", "", "no issues", "")]


def _missing(publication: Publication, first: str, last: str, unread_days: Sequence[str]) -> Iterable[DayState]:
    """The days between two days, both excluded. `unread_days`: those on which not enough was read in time."""
    day = label_after(publication, first)
    while "" < day < last:
        holiday = calendar.holiday_reason(day) if publication.window == "daily" else ""
        reason = f"nothing was announced ({holiday})" if holiday else "none was made"
        text = f"no issue: {phrases.NOT_IN_TIME if day in unread_days else reason}"
        yield DayState(phrases.issue_name(publication.window, day), "", text, "")
        day = label_after(publication, day)


# ---- networks ----------------------------------------------------------------------------------------------


def _network(network: str, rows: list[tuple[IssueContent, NetworkReading]], latest: IssueContent) -> NetworkState:
    full = sum(reading.state == "complete" for _, reading in rows)
    last = rows[0][0]
    issues = count_noun(len(rows), "issue")
    if full < len(rows):
        text = f"for {full} of {issues}"
    elif last is not latest:
        text = f"until the issue of {_name(last)}"
    else:
        text = f"for all of the last {issues}" if full > 1 else "for the latest issue"
    days = []
    for content, reading in rows:
        if reading.state != "complete":  # what a server answered is for the operator: `status`
            days.append((_name(content), gap_of_day(content, reading)))
    return NetworkState(phrases.network_name(network), f"read in full {text}", tuple(days))


def _name(content: IssueContent) -> str:
    return phrases.issue_name(content.publication.window, content.day)
