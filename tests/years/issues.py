"""Check issues and pages against scenario, faults and script: once each, on time, truthful about what was not read."""

from __future__ import annotations

import datetime
import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple
from zoneinfo import ZoneInfo

from hotpapers.base.model import DAY, HOUR, IssueContent, NetworkReading
from hotpapers.base.papers.arxiv import calendar as days
from hotpapers.record import Record
from hotpapers.record.issue_contents import decode_content
from tests.loopback import expected
from tests.loopback.script import Message, is_visible
from tests.sites.gap_texts import wrong_gaps
from tests.years.fault_plan import ReadablePeriods, Span, merge_spans, outage_spans_with_counts
from tests.years.oracle import POST_NETWORKS, Oracle, RecordedPosts, utc

ANNOUNCEMENT_LIMIT = 12 * HOUR
"""How long a daily issue waits for its announcement."""
CHECK_INTERVAL = HOUR // 2
"""How often the simulation checks for issues that are due."""
RECOVERY = 3 * HOUR
"""How long all jobs need to complete a round after a failure."""
LATE_POSTS = 4 * HOUR
"""An issue may miss posts of this last period before it closes, since networks are read in turn."""


class Schedule(NamedTuple):
    """When a publication appears: how often, at what hour, in which zone."""

    name: str
    hour: int
    zone: ZoneInfo

    def closing_time(self, day: datetime.date) -> int:
        """When the issue of a day closes, µs."""
        return round(datetime.datetime.combine(day, datetime.time(self.hour), self.zone).timestamp()) * 1_000_000

    def has_issue(self, day: datetime.date) -> bool:
        """Whether there is an issue of a day."""
        if self.name == "daily":
            return day.weekday() < 5
        return day.weekday() == 0 if self.name == "weekly" else day.day == 1


SCHEDULES = (
    Schedule("daily", 8, ZoneInfo("Europe/Zurich")),
    Schedule("weekly", 6, ZoneInfo("America/New_York")),
    Schedule("monthly", 8, ZoneInfo("Asia/Tokyo")),
)


LATE = 4 * DAY
"""By how much an issue may be late whose hour came while the program was off."""


class Issue(NamedTuple):
    """A frozen issue."""

    schedule: Schedule
    day: datetime.date
    frozen_at: int
    content: IssueContent

    def __str__(self) -> str:
        return f"{self.schedule.name} {self.day}"


class Issues:
    """All issues of a record, and what they must be like."""

    def __init__(self, record: Record, oracle: Oracle) -> None:
        self.oracle, self.scenario = oracle, oracle.scenario
        self.rows = record.database.rows('SELECT publication, "day", edition, observed_at, content FROM issue')
        schedules = {schedule.name: schedule for schedule in SCHEDULES}
        self.issues = [
            Issue(schedules[name], datetime.date.fromisoformat(day), at, decode_content(content, IssueContent))
            for name, day, _, at, content in self.rows
        ]
        self.store_spans = merge_spans([*oracle.pauses, *oracle.scenario.store_outages, *oracle.scenario.full_disks])
        self.readable = {
            network: ReadablePeriods([*outage_spans_with_counts(oracle.scenario.faults, network), *self.store_spans])
            for network in POST_NETWORKS
        }

    # ---- present, once, on time --------------------------------------------------------------------------

    def due(self) -> Iterator[tuple[Schedule, datetime.date]]:
        """All issues that must exist: closed after the program first started, and half a day before the end."""
        day = datetime.datetime.fromtimestamp(self.scenario.start / 1e6, datetime.UTC).date()
        while (midnight := _midnight(day)) < self.scenario.end:
            for schedule in SCHEDULES:
                if (
                    schedule.has_issue(day)
                    and self.scenario.start
                    < schedule.closing_time(day)
                    < self.scenario.end - ANNOUNCEMENT_LIMIT - RECOVERY
                ):
                    yield schedule, day
            day += datetime.timedelta(days=1)
            assert midnight < _midnight(day)

    def missing_or_extra(self) -> Iterator[str]:
        """Issues that are missing, present twice, or not due."""
        present = [(issue.schedule.name, issue.day) for issue in self.issues]
        due = [(schedule.name, day) for schedule, day in self.due()]
        duplicates = sorted({label for label in present if present.count(label) > 1})
        needed = [(schedule.name, day) for schedule, day in self.due() if not self.is_off(schedule.closing_time(day))]
        yield from (f"{name} {day}: missing" for name, day in needed if (name, day) not in present)
        yield from (f"{name} {day}: exists {present.count((name, day))} times" for name, day in duplicates)
        end = self.scenario.end - ANNOUNCEMENT_LIMIT - RECOVERY
        decided = [issue for issue in self.issues if issue.schedule.closing_time(issue.day) < end]
        yield from (f"{issue}: not due" for issue in decided if (issue.schedule.name, issue.day) not in due)

    def is_off(self, moment: int) -> bool:
        """Whether the program does not run at a moment, or what it read then is lost: an issue of that hour comes late,
        or not at all."""
        return any(span.start <= moment < span.end for span in (*self.scenario.pauses, self.scenario.lost_span))

    def late_issues(self) -> Iterator[str]:
        """Issues frozen before they closed, or later than necessary."""
        for issue in self.issues:
            closing_time = issue.schedule.closing_time(issue.day)
            cut = issue.content.as_of
            if self.is_off(closing_time) and closing_time <= cut <= issue.frozen_at <= closing_time + LATE:
                continue
            description = f"{issue}: closes at {utc(closing_time)}, cut at {utc(cut)}, frozen at {utc(issue.frozen_at)}"
            if issue.frozen_at < closing_time or not closing_time <= cut <= closing_time + ANNOUNCEMENT_LIMIT:
                yield description
            elif issue.frozen_at > self.deadline(issue):
                yield f"{description}; could have been at {utc(self.deadline(issue))}"

    def deadline(self, issue: Issue) -> int:
        """The deadline for freezing an issue: one check after it closed, its announcement existed or the wait for it
        ended, and the store could be used."""
        closing_time = issue.schedule.closing_time(issue.day)
        earliest = closing_time if self.announced_in_time(issue) else closing_time + ANNOUNCEMENT_LIMIT
        return self._usable(earliest) + CHECK_INTERVAL + HOUR // 60

    def announced_in_time(self, issue: Issue) -> bool:
        """Whether the day's announcement must have been read when its issue closed, or was not expected."""
        label, closing_time = issue.day.isoformat(), issue.schedule.closing_time(issue.day)
        if issue.schedule.name != "daily" or not days.has_announcement(label):
            return True
        return self.oracle.readable["arxiv"].has_round(days.closes_at(label), closing_time)

    def _usable(self, moment: int) -> int:
        """The first moment from then on at which the program runs and its store is usable. The hour after a failure
        does not count, since retries take time."""
        for span in self.store_spans:
            if span.start <= moment < span.end + HOUR:
                return span.end + HOUR
        return moment

    # ---- networks that were not read ---------------------------------------------------------------------

    def false_claims(self, recorded: RecordedPosts) -> Iterator[str]:
        """Networks that an issue calls read, all the time or outside of the gaps that it tells, although they were down
        when it closed, or posts are missing; and issues that do not report from where the one before ended."""
        yield from self._wrong_beginnings()
        for issue in self.issues:
            readings = {reading.network: reading for reading in issue.content.readings}
            for network in POST_NETWORKS:
                reading = readings.get(network)
                if reading is None:
                    yield f"{issue}: does not say how {network} was read"
                else:
                    yield from self._wrong_claims(issue, reading, recorded)

    def _wrong_beginnings(self) -> Iterator[str]:
        cuts: dict[str, int] = {}
        for issue in sorted(self.issues, key=lambda issue: issue.day):
            content, name = issue.content, issue.schedule.name
            start = cuts.get(name) if name == "daily" else content.from_at
            if start and content.read_from != start:
                yield f"{issue}: reports from {utc(content.read_from or 0)}, not from {utc(start)}"
            cuts[name] = content.as_of

    def _wrong_claims(self, issue: Issue, reading: NetworkReading, recorded: RecordedPosts) -> Iterator[str]:
        network, gaps = reading.network, reading.gaps or ()
        outage = self._outage_at(network, issue.content.as_of)
        is_told = any(issue.content.as_of - gap.until_at < RECOVERY for gap in gaps)
        if outage and issue.content.as_of - outage.start >= RECOVERY and not is_told:
            yield f"{issue}: calls {network} read, which was down since {utc(outage.start)}"
        missing_posts = [
            key
            for at, key in self._findable_posts(issue, network)
            if not any(gap.from_at <= at < gap.until_at for gap in gaps)
            and not self._was_recorded(key, issue, recorded)
        ]
        if missing_posts:
            yield f"{issue}: calls {network} read outside of {gaps}, but lacks {missing_posts[:3]}"

    def _outage_at(self, network: str, moment: int) -> Span | None:
        """The outage that kept a network from being read at a moment."""
        spans = merge_spans([*outage_spans_with_counts(self.scenario.faults, network), *self.store_spans])
        return next((span for span in spans if span.start <= moment < span.end), None)

    def _findable_posts(self, issue: Issue, network: str) -> Iterator[tuple[int, str]]:
        """The times and keys of posts in the period that an issue reports that could be found before it closed."""
        start, cut = max(issue.content.read_from or 0, self.scenario.start), issue.content.as_of
        for day in range(start // DAY, cut // DAY + 1):
            for message in self.oracle.script.messages(network, day):
                is_in_time = message.references and start <= message.at <= cut - LATE_POSTS
                if is_in_time and expected.is_findable(message) and self._is_always_visible(message, cut):
                    yield message.at, expected.key(message, self.oracle.bases)

    @staticmethod
    def _is_always_visible(message: Message, until: int) -> bool:
        """Whether a post was visible all the time until an issue closed."""
        author_leaves = message.at <= message.author.gone_from <= until
        return is_visible(message, message.at) and is_visible(message, until) and not author_leaves

    @staticmethod
    def _was_recorded(key: str, issue: Issue, recorded: RecordedPosts) -> bool:
        rows = recorded.posts.get(key, ())
        return any(row.since <= issue.content.position and row.observed_at <= issue.content.as_of for row in rows)

    def needless_doubts(self) -> Iterator[str]:
        """Networks that an issue calls incomplete although nothing had been wrong since shortly before the period that
        it reports, and gaps during which nothing was wrong."""
        for issue in self.issues:
            content = issue.content
            for reading in content.readings:
                start = (content.read_from or 0) - RECOVERY
                if reading.network not in POST_NETWORKS or start <= self.scenario.start + DAY:
                    continue
                readable = self.readable[reading.network]
                if reading.state != "complete" and readable.is_clear(start, content.as_of):
                    yield f"{issue}: {reading}"
                for gap in reading.gaps or ():
                    if readable.is_clear(gap.from_at - RECOVERY, gap.until_at):
                        yield f"{issue}: {reading.network} has a gap from {utc(gap.from_at)} to {utc(gap.until_at)}"

    def wrong_counts(self) -> Iterator[str]:
        """Issues with a wrong number of announced papers, or with one that could not be known."""
        for issue in self.issues:
            label = issue.day.isoformat()
            if issue.schedule.name != "daily":
                continue
            announcements = expected.announcements(self.oracle.script, label)
            announced_papers = {item.paper for item in announcements if item.type != "replacement"}
            count, is_known = issue.content.announced, self.announced_in_time(issue)
            if (is_known and count != len(announced_papers)) or (count is not None and count != len(announced_papers)):
                yield f"{issue}: says {count} were announced, not {len(announced_papers)}"

    # ---- pages -------------------------------------------------------------------------------------------

    def pages(self, public: Path) -> Iterator[str]:
        """Issues without a page, and pages that do not tell when a network was not read, or tell it wrongly."""
        for issue in self.issues:
            name, day = issue.schedule.name, issue.day.isoformat()
            folder = public if name == "daily" else public / name  # the first publication has the folder itself
            page, markdown = folder / "site" / day / "index.html", folder / "markdown" / f"{day}.md"
            if not (page.is_file() and markdown.is_file()):
                yield f"{issue}: has no page"
                continue
            facts = _facts_in(markdown.read_text("utf-8"))
            yield from (f"{issue}: its page says {facts!r}: {error}" for error in wrong_gaps(issue.content, facts))


def _facts_in(markdown: str) -> str:
    """The line of facts, without what escapes its signs."""
    head = markdown.partition("\n## ")[0]
    return re.sub(r"\\([^\w\s])", r"\1", next((line for line in head.splitlines() if " · " in line), ""))


def _midnight(day: datetime.date) -> int:
    return round(datetime.datetime.combine(day, datetime.time(), datetime.UTC).timestamp()) * 1_000_000
