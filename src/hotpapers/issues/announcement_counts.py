"""When an issue's papers were announced, in words: the same on the command line, on pages and in answers."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

import msgspec

from hotpapers.base.model import Entry, IssueContent, Retrospective
from hotpapers.base.papers import paper_servers
from hotpapers.base.papers.announcement_days import (
    ANNOUNCING,
    announcement_day,
    is_announced,
    is_of_issue,
    posted_since,
)
from hotpapers.base.papers.categories import place_of, servers_of
from hotpapers.base.text.words import count_noun, format_number
from hotpapers.issues.coverage import PARTLY, REFUSED, unread_words
from hotpapers.issues.windows import LONG, TIMES, waits_for_announcement

_WEEKDAYS = "Monday Tuesday Wednesday Thursday Friday Saturday Sunday"
WEEKDAYS = tuple(_WEEKDAYS.split())


def announcement_phrase(content: IssueContent, entry: Entry) -> str:
    """`announced that day`, `posted the day before`, `first discussed on Friday`; empty if unknown."""
    if not entry.announced_at:
        return ""
    day = _day_text(content, announcement_day(entry.paper, entry.announced_at))
    server = paper_servers.server_of(entry.paper)
    verb = "posted" if server.has_list else "first discussed"
    return f"{'announced' if is_announced(entry.paper) else verb} {day}"


def _day_text(content: IssueContent, label: str) -> str:
    if content.publication.window in LONG:
        return f"on {label}"
    days = (date.fromisoformat(content.day) - date.fromisoformat(label)).days
    if -1 <= days <= 1:
        return ("that day", "the day before", "the day after")[days]
    if 1 < days < 7:
        return f"on {WEEKDAYS[date.fromisoformat(label).weekday()]}"
    return f"on {label}"


def announcement_facts(content: IssueContent) -> Iterator[str]:
    """For an issue of our own: how many papers it has, when they were announced, and how many others there were."""
    return filter(None, _facts(content))


def _facts(content: IssueContent) -> Iterator[str]:
    papers = count_noun(len(content.entries), "paper")
    considered = f"{format_number(content.considered)} talked about{_of_all(content)}"
    if content.publication.window != "daily":
        yield f"{papers}, of {considered}"
        yield count_further(content)
        return
    if not waits_for_announcement(content.publication):
        yield papers
        yield count_further(content)
        yield f"{_announced(content)}, {considered}"
        return
    yield f"{papers}{_announcement_days(content)}"
    yield count_further(content)
    if content.announced is None:
        yield _announced(content) if content.servers else "the day’s announcement is not in the record"
        yield considered
    elif "" in _periods_of_entries(content):
        yield considered
    else:
        yield f"{_announced(content)}, {considered}"
    if inferred_days(content.retrospective):
        yield "announcement days inferred"


def _of_all(content: IssueContent) -> str:
    """Whose papers are considered, if these are more than those of the publication."""
    if not is_limited(content):
        return ""
    is_on_one = len(servers_of(content.publication.categories)) == 1
    return " in all fields" if is_on_one else " in all fields of its servers"


def when_announced(content: IssueContent) -> str:
    """When the papers counted as `announced` were: `announced that day`, `posted on Tuesday`, or both; on Mondays
    `posted from Friday to Sunday`."""
    servers = servers_of(content.publication.categories)
    parts = ["announced that day"] if ANNOUNCING in servers else []
    if servers != (ANNOUNCING,):
        first = date.fromisoformat(posted_since(content.day)).weekday()
        last = date.fromisoformat(content.day).weekday() - 1
        days = f"on {WEEKDAYS[first]}" if first == last else f"from {WEEKDAYS[first]} to {WEEKDAYS[last]}"
        parts.append(f"posted {days}")
    return " or ".join(parts)


def count_listed(content: IssueContent, papers: int) -> str:
    """How many papers were announced or posted in an issue's time: `8 papers announced`, `at least 6 papers posted`."""
    servers = servers_of(content.publication.categories)
    if servers == (ANNOUNCING,):
        verb = "announced"
    else:
        verb = "announced or posted" if ANNOUNCING in servers else "posted"
    return f"{_at_least(content)}{count_noun(papers, 'paper')} {verb}"


def _announced(content: IssueContent) -> str:
    """`8 posted on Tuesday`; `at least 8` if a server was not read in full."""
    count = content.announced
    if count is None:
        return f"how many were {when_announced(content)} is not known{_by_server(content)}"
    return f"{_at_least(content)}{_number(count)} {when_announced(content)}{_by_server(content)}"


def _number(count: int) -> str:
    return format_number(count) if count else "none"


def _by_server(content: IssueContent) -> str:
    """` (18 on arXiv, at least 6 on bioRxiv)`; empty if the publication has one server, all had none, or no number is
    known."""
    not_read = _not_read(content)
    counts = []
    for count in content.announced_on or ():
        if count.papers is not None:
            least = "at least " if count.server in not_read else ""
            counts.append(f"{least}{_number(count.papers)} {place_of(count.server)}")
    return f" ({', '.join(counts)})" if counts and content.announced != 0 else ""


def _at_least(content: IssueContent, whole: str = "") -> str:
    """`at least ` if a server was not read in full, else `whole`."""
    return "at least " if _not_read(content) else whole


def _not_read(content: IssueContent) -> set[str]:
    """The servers that were not read in full."""
    return {reading.network for reading in content.servers or () if reading.state != "complete"}


def count_further(content: IssueContent) -> str:
    """`228 more above 500`, `3 more without two regulars`: how many papers follow the entries; empty if none do."""
    if not content.further:
        return ""
    least = content.publication.least_score
    is_above = content.further[0].score >= least
    reason = f"above {format_number(least)}" if is_above else "without two regulars"
    return f"{format_number(len(content.further))} more {reason}"


def inferred_days(retrospective: Retrospective | msgspec.UnsetType) -> str:
    """How many papers have an inferred announcement day, as a sentence; empty if all were observed."""
    if not retrospective or not retrospective.inferred:
        return ""
    papers = count_noun(retrospective.inferred, "paper")
    return f"For {papers}, the announcement day is inferred from the submission time, not observed."


def _announcement_days(content: IssueContent) -> str:
    """` of the 69 announced that day`, `: 4 of the 69 announced that day, 6 from before`, `: the only one announced
    that day, 6 from before`, `, announced on Friday`; empty if the issue has no papers or their days are unknown.

    An issue that closes late in the day may have papers of the next day.
    """
    periods = _periods_of_entries(content)
    if not periods:
        return ""
    others = [period for period in periods if period]
    counts = [f"{format_number(others.count(period))} {period}" for period in _PERIODS if period in others]
    total = f" of {_at_least(content, 'the ')}{format_number(content.announced)}" if content.announced else ""
    if len(others) < len(periods):
        todays = "" if total else ","
        if others:
            todays = f": {format_number(len(periods) - len(others))}"
        if total == " of the 1":
            todays = ":" if others else ","
            total = " the only one"
        by_server = _by_server(content) if total else ""  # else the numbers follow by themselves
        return ", ".join([f"{todays}{total} {when_announced(content)}{by_server}", *counts])
    days = {announcement_phrase(content, entry) for entry in content.entries}
    if len(days) == 1:
        return f", {days.pop()}"
    return f": {', '.join(counts)}" if len(counts) > 1 else f", announced in the days {others[0].removeprefix('from ')}"


_PERIODS = ("from before", "posted that day", "from after")
"""When entries were announced that are not among those counted for their issue. On the day itself only other servers'
are, which count for the next issue."""


def _periods_of_entries(content: IssueContent) -> list[str]:
    """For each entry one of `_PERIODS`, or nothing if it is among those announced for the issue; an empty list unless
    the days of all are known."""
    periods = []
    for entry in content.entries:
        if not entry.announced_at:
            return []
        day = announcement_day(entry.paper, entry.announced_at)
        if is_of_issue(entry.paper, day, content.day):
            periods.append("")
        else:
            periods.append(_PERIODS[(day > content.day) - (day < content.day) + 1])
    return periods


def is_limited(content: IssueContent) -> bool:
    """Whether the publication covers only some papers; the others are considered too, but left out."""
    publication = content.publication
    return bool(publication.categories or publication.include or publication.exclude)


def empty_reason(content: IssueContent) -> str:
    """The reason why an issue built here has no papers: none were talked about, as far as networks were read, or none
    qualified. A retrospective issue may know the day from archives although no network was read."""
    unread = set(unread_words(content).values())
    is_known = unread <= {""} or (content.retrospective and content.considered)
    if not is_known and unread.isdisjoint(("", PARTLY)):
        return unread_sentence(content, "could be" if REFUSED in unread else "was")
    if not content.considered:
        limit = "" if is_known else ", as far as networks were read"
        fields = " of these fields" if is_limited(content) else ""
        return f"Quiet {TIMES[content.publication.window]}: nobody discussed a new paper{fields}{limit}."
    if is_limited(content):
        papers = "no paper of this publication’s fields"
    elif content.considered == 1:
        papers = "no paper talked about"
    else:
        papers = f"none of the {count_noun(content.considered, 'paper')} talked about"
    new, exception = (" new", "leaving out what earlier issues held, ") if content.earlier else ("", "")
    if content.compared and content.compared.young and content.publication.least_entries:
        regulars = ", two of them regulars" if content.further else ""
        return f"Nothing{new} to show yet: {exception}{papers} reached 3 people{regulars}."
    least = format_number(content.publication.least_score)
    return f"Nothing{new} reached the threshold: {exception}{papers} scored {least} or more."


def unread_sentence(content: IssueContent, verb: str) -> str:
    """The sentence for an issue for which no network was read, or could be."""
    time = TIMES[content.publication.window]
    return f"No network {verb} read for this {time}, so nothing is known about what people discussed."
