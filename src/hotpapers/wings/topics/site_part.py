"""The wing's files on a publication's site.

topics/index.html               the latest week that is over, with links to all others
topics/2026-W47/index.html      the topics of a week
topics/2026-W47/topics.json     the same as data: the bytes that are frozen
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cached_property
from pathlib import Path
from typing import NamedTuple

from hotpapers.base.model import EntrySummary
from hotpapers.base.text.words import count_noun, format_number
from hotpapers.publish.render.html.list_pages import PaperLine, entry_line
from hotpapers.publish.render.html.site_context import PublicationPart
from hotpapers.publish.render.templating import load_macro
from hotpapers.publish.view import site_paths
from hotpapers.publish.view.sparkline import Sparkline, draw_curve
from hotpapers.publish.view.tops import KINDS_OF, period_name, unit_of
from hotpapers.wings.topics.weeks import Topic, TopicWeeks, WeekTopics, counts_of

INDEX = "topics/index.html"
MAX_OTHERS = 8
"""Further groups of a topic that its section names."""
_PATH = re.compile(r"topics/(\d{4}-W\d\d)/(index\.html|topics\.json)", re.ASCII)
_TEMPLATE = Path(__file__).with_name("topics.html")

NamedPath = tuple[str, str]
"""A link's text and target."""


class TopicView(NamedTuple):
    """A topic in words. `arithmetic`: of its strongest group; `others`: the groups that were merged."""

    name: str
    line: Sparkline
    arithmetic: str
    others: str
    lines: list[PaperLine]


def page_path(week: str) -> str:
    """The page of a week."""
    return f"topics/{week}/index.html"


def data_path(week: str) -> str:
    """The data of a week."""
    return f"topics/{week}/topics.json"


class TopicsPart(PublicationPart):
    """The files of one publication's site."""

    @cached_property
    def weeks(self) -> TopicWeeks:
        return TopicWeeks(self._site.issue_reader, self._site.name)

    def has(self, path: str) -> bool:
        return path == INDEX or bool(_PATH.fullmatch(path))

    def day_paths(self, day: str) -> Iterator[str]:
        """The pages of the week that a day's issue ended, and of the one before, which links to it."""
        weeks = list(self.weeks.closing_days)
        for n, week in enumerate(weeks):
            if self.weeks.closing_days[week] == day:
                yield from (page_path(week), data_path(week))
                yield from (page_path(before) for before in weeks[max(n - 1, 0) : n])
                if week == weeks[-1]:
                    yield INDEX

    def week_links(self, week: str) -> Iterator[tuple[str, str]]:
        if week in self.weeks.closing_days:
            yield "topics", page_path(week)

    def page(self, path: str) -> bytes | None:
        match = _PATH.fullmatch(path)
        week = match[1] if match else self.weeks.latest()
        if week not in self.weeks.closing_days:
            return None
        if match and match[2] == "topics.json":
            return self.weeks.topics(week).data
        of_week = self.weeks.topics(week)
        weeks = ["", *self.weeks.closing_days, ""]
        n = weeks.index(week)
        title = f"Topics of {period_name(week)}"
        summary = summary_of(of_week)
        body = load_macro(_TEMPLATE, "page")(
            title,
            summary,
            of_week.digest,
            [self._topic(topic, of_week) for topic in of_week.topics],
            list(map(_named, reversed(self.weeks.closing_days))) if path == INDEX else [],
            top=site_paths.top_path(week) if "week" in KINDS_OF[self._site.publication.window] else "",
            data=data_path(week),
            previous=_named(weeks[n - 1]) if weeks[n - 1] else None,
            next=_named(weeks[n + 1]) if weeks[n + 1] else None,
            root=site_paths.to_root(path),
            unit=unit_of(self._site.publication.window),
        )
        canonical = site_paths.public_url(self._site.site_config.base, page_path(week))
        return self._site.render("wing.html", path, title, summary, body=body, canonical=canonical)

    def _topic(self, topic: Topic, of_week: WeekTopics) -> TopicView:
        others = [group.surface for group in topic.groups if group.surface != topic.name]
        lines = [
            entry_line(self._summary(paper.paper, of_week.week), self._site.publication.window)._replace(
                voices=paper.voices
            )
            for paper in topic.papers
        ]
        shown = ", ".join(others[:MAX_OTHERS]) + (" …" if len(others) > MAX_OTHERS else "")
        # Counts by week as a curve
        counts = counts_of(topic, of_week, self._site.publication.window)
        text = ", ".join(map(str, counts.values()))
        return TopicView(
            topic.name,
            draw_curve(list(counts.items()), f"Papers in each of {len(counts)} weeks with issues: {text}."),
            arithmetic_of(topic, of_week),
            shown,
            lines,
        )

    def _summary(self, paper: str, week: str) -> EntrySummary:
        """A paper's entry in that week, or else, where it was only still talked about, in another."""
        entry_summary = EntrySummary("", 0, paper, paper, (), ())
        entries = self._entries.get(paper, [entry_summary])
        return next((entry for entry in entries if self.weeks.week_of(entry.day) == week), entries[-1])

    @cached_property
    def _entries(self) -> dict[str, list[EntrySummary]]:
        entries: dict[str, list[EntrySummary]] = {}
        for summary in self._site.issue_reader.entry_summaries(self._site.name):
            entries.setdefault(summary.paper, []).append(summary)
        return entries


def summary_of(of_week: WeekTopics) -> str:
    """How many topics, and what was compared."""
    papers = count_noun(of_week.papers, "paper")
    before = format_number(of_week.before_papers)
    topics = count_noun(len(of_week.topics), "topic")
    return f"{topics} in {papers}, compared with {before} of {of_week.before_weeks} weeks before"


def arithmetic_of(topic: Topic, of_week: WeekTopics) -> str:
    """The counts by which a topic stands out, and its z."""
    group = topic.groups[0]
    papers = count_noun(of_week.papers, "paper")
    here = f"{group.papers} of {papers} with weight {group.weight} of {of_week.weight}"
    before = f"{group.before_papers:,} of {of_week.before_papers:,}"
    before_weight = f"{group.before_weight:,} of {of_week.before_weight:,}"
    return f"“{group.surface}”: {here} this week; {before} with {before_weight} before; z = {group.z / 100:.2f}"


def _named(week: str) -> NamedPath:
    return period_name(week), page_path(week)
