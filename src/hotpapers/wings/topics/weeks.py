"""The topics of a publication's weeks, from its frozen issues alone.

A week is over with the first issue after which none of the same week can follow. What counts of each issue is the
edition that was the latest at that moment; later corrections change no topics. So the topics of a week that is over are
as frozen as its issues, and anybody who has the issues gets the same bytes.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, timedelta
from functools import cached_property, lru_cache, partial

import msgspec

from hotpapers.base.errors import NotFound
from hotpapers.base.model import IssueReader, Publication, Window
from hotpapers.issues.windows import label_after
from hotpapers.publish.query.schemas import Schema
from hotpapers.publish.view.tops import period_of
from hotpapers.record.commitments import canonical_json, sha256
from hotpapers.wings.personal.kept import Saving, cached_value
from hotpapers.wings.topics.finding import (
    BEFORE,
    METHOD,
    MIN_BEFORE,
    DiscussedPaper,
    TopicGroup,
    discussed_paper,
    find_topics,
    set_of,
)
from hotpapers.wings.topics.groups import has_group

LINE = 26
"""Weeks of a topic's line, the week itself included."""
CACHED_DAYS = 256
CACHED_WEEKS = 64


class TopicIssue(Schema, kw_only=True):
    """An issue that was counted."""

    day: str
    edition: int
    digest: str


class TopicPaper(Schema, kw_only=True):
    """A paper of a topic, with its most voices in an issue of the week."""

    paper: str
    voices: int


class Topic(Schema, kw_only=True):
    """A topic: the papers that have the first of its groups, most voices first; the groups, the strongest first; and
    by week, the latest last, how many papers had the first group."""

    name: str
    papers: tuple[TopicPaper, ...]
    groups: tuple[TopicGroup, ...]
    line: tuple[int, ...]


class WeekTopics(Schema, kw_only=True):
    """The topics of a week. `issues`: all that were counted, those of the weeks before, too; `papers`, `weight`,
    `squares`: the number of discussed papers, the sum of their weights and of these squared; `before_*`: the same of
    the weeks before, of which `before_weeks` have issues."""

    method: str
    publication: str
    week: str
    issues: tuple[TopicIssue, ...]
    papers: int
    weight: int
    squares: int
    before_weeks: int
    before_papers: int
    before_weight: int
    before_squares: int
    topics: tuple[Topic, ...]

    @property
    def data(self) -> bytes:
        """As RFC 8785 JSON: what is frozen."""
        return canonical_json(self)

    @property
    def digest(self) -> str:
        """The SHA-256 of `data`, in hexadecimal."""
        return sha256(self.data).hex()


SAVING = Saving(METHOD, canonical_json, partial(msgspec.json.decode, type=WeekTopics))


class TopicWeeks:
    """The weeks of a publication. Raises NotFound if the reader has no such publication."""

    def __init__(self, reader: IssueReader, publication: str) -> None:
        self._reader = reader
        self._name = publication
        known = {item.publication: item for item in reader.publications()}
        if publication not in known:
            raise NotFound(f"{publication}: no such publication")
        self._publication = known[publication]
        self._issue = lru_cache(CACHED_DAYS)(self._read_issue)

    @cached_property
    def _days(self) -> Mapping[str, list[str]]:
        """The days of each week's issues, ascending."""
        weeks: dict[str, list[str]] = {}
        if self._publication.window != "monthly":
            for day in self._reader.days(self._name):
                weeks.setdefault(self.week_of(day), []).append(day)
        return weeks

    def week_of(self, day: str) -> str:
        """The week of an issue, such as 2026-W47."""
        return period_of("week", self._publication.window, day)

    @cached_property
    def closing_days(self) -> dict[str, str]:
        """The weeks that are over and can be compared, ascending, each with the day of the issue that ended it."""
        weeks = list(self._days)
        closing = dict[str, str]()
        for n, week in enumerate(weeks):
            if sum(earlier in self._days for earlier in weeks_up_to(week, BEFORE + 1)[:-1]) < MIN_BEFORE:
                continue
            if is_last_of_week(self._publication, self._days[week][-1]):
                closing[week] = self._days[week][-1]
            elif n + 1 < len(weeks):
                closing[week] = self._days[weeks[n + 1]][0]
        return closing

    def latest(self) -> str:
        """The latest week that is over; empty if there is none."""
        return next(reversed(self.closing_days), "")

    def topics(self, week: str) -> WeekTopics:
        """The topics of a week, as they were counted once. Raises NotFound if it is not over, or cannot be compared."""
        latest_first = self._counted_days(week)[::-1]  # no other week has the same latest day
        make = partial(self.count, week)
        return cached_value(self._reader, "topics", self._name, latest_first, make, CACHED_WEEKS, SAVING)

    def _counted_days(self, week: str) -> list[str]:
        if week not in self.closing_days:
            raise NotFound(f"{self._name} {week}: has no topics: no issues, not over yet, or too few weeks before")
        return [day for earlier in weeks_up_to(week, LINE) for day in self._days.get(earlier, ())]

    def count(self, week: str) -> WeekTopics:
        """The topics of a week, counted now. Raises NotFound."""
        days = self._counted_days(week)
        issue_header = self._reader.issue_header(self._name, self.closing_days[week], 1)
        at = issue_header.frozen_at
        weeks = [list(self._papers(earlier, at)) for earlier in weeks_up_to(week, LINE)]
        here = weeks[-1]
        before = weeks[-1 - BEFORE : -1]
        counted = set_of(here)
        there = set_of([paper for papers in before for paper in papers])
        return WeekTopics(
            method=METHOD,
            publication=self._name,
            week=week,
            issues=tuple(self._counted(day, at) for day in days),
            **counted._asdict(),
            before_weeks=sum(map(bool, before)),
            **{f"before_{name}": value for name, value in there._asdict().items()},
            topics=tuple(
                Topic(
                    name=topic.name,
                    papers=tuple(TopicPaper(paper=paper.paper, voices=paper.voices) for paper in topic.papers),
                    groups=topic.groups,
                    line=tuple(
                        sum(has_group(paper.text, topic.groups[0].group) for paper in papers) for papers in weeks
                    ),
                )
                for topic in find_topics(here, before)
            ),
        )

    def _papers(self, week: str, at: int) -> Iterator[DiscussedPaper]:
        """The discussed papers of a week, by key, each with its most voices."""
        best: dict[str, DiscussedPaper] = {}
        for day in self._days.get(week, ()):
            for paper in self._issue(day, self._edition(day, at)):
                if paper.paper not in best or paper.voices > best[paper.paper].voices:
                    best[paper.paper] = paper
        return (best[key] for key in sorted(best))

    def _edition(self, day: str, at: int) -> int:
        """The edition of a day's issue that was the latest at a moment."""
        header = self._reader.issue_header(self._name, day)
        while header.frozen_at > at and header.content.edition > 1:
            header = self._reader.issue_header(self._name, day, header.content.edition - 1)
        return header.content.edition

    def _counted(self, day: str, at: int) -> TopicIssue:
        edition = self._edition(day, at)
        issue_header = self._reader.issue_header(self._name, day, edition)
        return TopicIssue(day=day, edition=edition, digest=issue_header.digest)

    def _read_issue(self, day: str, edition: int) -> Sequence[DiscussedPaper]:
        issue = self._reader.issue(self._name, day, edition)
        return [
            discussed_paper(
                entry.paper,
                entry.voices,
                issue.papers[entry.paper].title,
                issue.papers[entry.paper].abstract or issue.papers[entry.paper].summary,
            )
            for entry in issue.content.all_entries
        ]


def is_week(text: str) -> bool:
    """Whether a text names an ISO week."""
    match = re.fullmatch(r"([0-9]{4})-W([0-9]{2})", text)
    try:
        return bool(match and date.fromisocalendar(int(match[1]), int(match[2]), 1))
    except ValueError:
        return False


def weeks_up_to(week: str, count: int) -> list[str]:
    """A number of weeks in a row, of which this one is the last."""
    monday = date.fromisocalendar(int(week[:4]), int(week[6:]), 1)
    days = ((monday - timedelta(weeks=n)).isoformat() for n in reversed(range(count)))
    return [period_of("week", "daily", day) for day in days]


def counts_of(topic: Topic, of_week: WeekTopics, window: Window) -> dict[int, int]:
    """A topic's papers in the weeks of its line that have issues, by the number of the week."""
    known = {period_of("week", window, issue.day) for issue in of_week.issues}
    weeks = weeks_up_to(of_week.week, LINE)
    return {n: count for n, count in enumerate(topic.line) if weeks[n] in known}


def is_last_of_week(publication: Publication, day: str) -> bool:
    """Whether no issue of the same week can follow. Unknown for a listing, which appears when somebody imports it."""
    following = label_after(publication, day)
    if publication.window == "listing":
        return False
    if not following:
        return True
    return period_of("week", publication.window, following) != period_of("week", publication.window, day)
