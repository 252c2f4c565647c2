"""Check issues and pages against story, plan and script: present once, on time, honest about what was not read."""

from __future__ import annotations

import datetime
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple
from zoneinfo import ZoneInfo

from hotpapers import announcement_days as days
from hotpapers.issues.build import read_content
from hotpapers.model import DAY, HOUR, IssueContent, NetworkReading
from hotpapers.store import Record
from tests.loopback import expected
from tests.loopback.script import Message, is_visible
from tests.years.oracle import TALKING, Held, Oracle, utc
from tests.years.weather import Calm, Span, joined, unreadable

LIMIT = 12 * HOUR
"""How long a daily issue waits for its announcement."""
LOOK = HOUR // 2
"""How often the simulation checks for due issues."""
BACK_AGAIN = 3 * HOUR
"""How long after a trouble all jobs need to complete a round."""
LATELY = 4 * HOUR
"""A post made this shortly before an issue closes may be missed, since networks are read in turns."""


class Schedule(NamedTuple):
    """When a publication appears: how often, at what hour, in which zone."""

    name: str
    hour: int
    zone: ZoneInfo

    def closes(self, day: datetime.date) -> int:
        """When the issue of a day closes, µs."""
        return round(datetime.datetime.combine(day, datetime.time(self.hour), self.zone).timestamp()) * 1_000_000

    def has(self, day: datetime.date) -> bool:
        """Whether there is an issue of a day."""
        if self.name == "daily":
            return day.weekday() < 5
        return day.weekday() == 0 if self.name == "weekly" else day.day == 1

    def window(self, content: IssueContent) -> int:
        """The start of the period for which an issue reports how networks were read."""
        return content.as_of - DAY if self.name == "daily" else content.from_at


SCHEDULES = (
    Schedule("daily", 8, ZoneInfo("Europe/Zurich")),
    Schedule("weekly", 6, ZoneInfo("America/New_York")),
    Schedule("monthly", 8, ZoneInfo("Asia/Tokyo")),
)


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
        self.oracle, self.story = oracle, oracle.story
        self.rows = record.database.rows('SELECT publication, "day", edition, observed_at, content FROM issue')
        named = {one.name: one for one in SCHEDULES}
        self.all = [
            Issue(named[name], datetime.date.fromisoformat(day), at, read_content(content))
            for name, day, _, at, content in self.rows
        ]
        self.store = joined([*oracle.stopped, *oracle.story.away, *oracle.story.full])
        self.well = {one: Calm([*unreadable(oracle.story.faults, one), *self.store]) for one in TALKING}

    # ---- present, once, on time --------------------------------------------------------------------------

    def due(self) -> Iterator[tuple[Schedule, datetime.date]]:
        """All issues that must exist: closed after the program first started, and half a day before the end."""
        day = datetime.datetime.fromtimestamp(self.story.start / 1e6, datetime.UTC).date()
        while (at := _midnight(day)) < self.story.end:
            for one in SCHEDULES:
                if one.has(day) and self.story.start < one.closes(day) < self.story.end - LIMIT - BACK_AGAIN:
                    yield one, day
            day += datetime.timedelta(days=1)
            assert at < _midnight(day)

    def labels(self) -> Iterator[str]:
        """Issues that are missing, present twice, or not due."""
        found = [(one.schedule.name, one.day) for one in self.all]
        wanted = [(one.name, day) for one, day in self.due()]
        twice = sorted({one for one in found if found.count(one) > 1})
        yield from (f"{name} {day}: missing" for name, day in wanted if (name, day) not in found)
        yield from (f"{name} {day}: there {found.count((name, day))} times" for name, day in twice)
        early = [one for one in self.all if one.schedule.closes(one.day) < self.story.end - LIMIT - BACK_AGAIN]
        yield from (f"{one}: not due" for one in early if (one.schedule.name, one.day) not in wanted)

    def punctual(self) -> Iterator[str]:
        """Issues frozen before they closed, or later than necessary."""
        for one in self.all:
            closes = one.schedule.closes(one.day)
            frozen = f"{one}: closes at {utc(closes)}, cut at {utc(one.content.as_of)}, frozen at {utc(one.frozen_at)}"
            if one.frozen_at < closes or not closes <= one.content.as_of <= closes + LIMIT:
                yield frozen
            elif one.frozen_at > self.latest(one):
                yield f"{frozen}; could have been at {utc(self.latest(one))}"

    def latest(self, one: Issue) -> int:
        """The deadline for freezing an issue: one look after it closed and its announcement was there, or its wait ran
        out, and the store could be used."""
        closes = one.schedule.closes(one.day)
        ready = closes if self.announced_in_time(one) else closes + LIMIT
        return self._usable(ready) + LOOK + HOUR // 60

    def announced_in_time(self, one: Issue) -> bool:
        """Whether the day's announcement was surely read when its issue closed, or was not expected."""
        label, closes = one.day.isoformat(), one.schedule.closes(one.day)
        if one.schedule.name != "daily" or not days.expected(label):
            return True
        return self.oracle.calm["arxiv"].some(days.closes_at(label), closes)

    def _usable(self, moment: int) -> int:
        """The first moment from then on when the program runs and its store is usable. The hour after a failure does
        not count, since retries take time."""
        for one in self.store:
            if one.start <= moment < one.end + HOUR:
                return one.end + HOUR
        return moment

    # ---- unread networks are named -----------------------------------------------------------------------

    def honest(self, held: Held) -> Iterator[str]:
        """Networks that an issue calls fully read although they were down when it closed, or posts are missing."""
        for one in self.all:
            readings = {reading.network: reading for reading in one.content.readings}
            for network in TALKING:
                reading = readings.get(network)
                if reading is None:
                    yield f"{one}: does not say how {network} was read"
                elif reading.state == "complete":
                    yield from self._doubts(one, network, held)

    def _doubts(self, one: Issue, network: str, held: Held) -> Iterator[str]:
        away = self._away(network, one.content.as_of)
        if away and one.content.as_of - away.start >= BACK_AGAIN:
            yield f"{one}: calls {network} read, which was away since {utc(away.start)}"
        missing = [key for key, said in self._said(one, network) if not self._in_time(key, said, one, held)]
        if missing:
            yield f"{one}: calls {network} read, and lacks {missing[:3]}"

    def _away(self, network: str, moment: int) -> Span | None:
        """The trouble that kept a network from being read at a moment."""
        spans = joined([*unreadable(self.story.faults, network), *self.store])
        return next((span for span in spans if span.start <= moment < span.end), None)

    def _said(self, one: Issue, network: str) -> Iterator[tuple[str, Message]]:
        """Posts of an issue's window that could be found until it closed."""
        start = max(one.schedule.window(one.content), self.story.start)
        for day in range(start // DAY, one.content.as_of // DAY + 1):
            for said in self.oracle.script.messages(network, day):
                in_time = said.references and start <= said.at <= one.content.as_of - LATELY
                if in_time and expected.is_findable(said) and self._stays(said, one.content.as_of):
                    yield expected.key(said, self.oracle.bases), said

    @staticmethod
    def _stays(said: Message, cut: int) -> bool:
        """Whether a post was visible all the time until an issue closed."""
        return is_visible(said, said.at) and is_visible(said, cut) and not said.at <= said.author.gone_from <= cut

    @staticmethod
    def _in_time(key: str, said: Message, one: Issue, held: Held) -> bool:
        rows = held.posts.get(key, ())
        return any(row.since <= one.content.position and row.observed_at <= one.content.as_of for row in rows)

    def calm(self) -> Iterator[str]:
        """Networks that a daily issue calls incomplete although nothing was wrong for more than a day."""
        for one in self.all:
            for reading in one.content.readings if one.schedule.name == "daily" else ():
                start = one.content.as_of - DAY - BACK_AGAIN
                calm = reading.network in TALKING and self.well[reading.network].whole(start, one.content.as_of)
                if calm and start > self.story.start + DAY and reading.state != "complete":
                    yield f"{one}: {reading}"

    def announced(self) -> Iterator[str]:
        """Issues with a wrong number of announced papers, or with one that nobody could know."""
        for one in self.all:
            label = one.day.isoformat()
            if one.schedule.name != "daily":
                continue
            wanted = {a.paper for a in expected.announcements(self.oracle.script, label) if a.type != "replacement"}
            told, in_time = one.content.announced, self.announced_in_time(one)
            if (in_time and told != len(wanted)) or (told is not None and told != len(wanted)):
                yield f"{one}: says {told} were announced, not {len(wanted)}"

    # ---- pages -------------------------------------------------------------------------------------------

    def pages(self, public: Path) -> Iterator[str]:
        """Issues without a page, and pages that do not name a network that was not fully read."""
        for one in self.all:
            folder, day = public / one.schedule.name, one.day.isoformat()
            page, plain = folder / "site" / day / "index.html", folder / "markdown" / f"{day}.md"
            if not (page.is_file() and plain.is_file()):
                yield f"{one}: has no page"
                continue
            for reading in one.content.readings:
                if reading.state != "complete" and not _is_named(reading, plain.read_text("utf-8")):
                    yield f"{one}: its page does not say that {reading.network} was {reading.state}"


def _is_named(reading: NetworkReading, text: str) -> bool:
    head = text.partition("\n## ")[0].casefold().replace(" ", "")
    return reading.network in head and ("inpart" in head or "unknown" in head)


def _midnight(day: datetime.date) -> int:
    return round(datetime.datetime.combine(day, datetime.time(), datetime.UTC).timestamp()) * 1_000_000
