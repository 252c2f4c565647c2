"""What must be so on a site, by the script and its owner's calendar alone. Pure.

Where it depends on the minute at which a network is asked, there are two bounds.
"""

from __future__ import annotations

import datetime
import re
from collections.abc import Iterator, Sequence
from functools import cached_property, lru_cache
from typing import NamedTuple

from hotpapers.base.model import DAY, HOUR
from hotpapers.base.papers.arxiv import calendar as days
from tests.loopback import expected, preprints
from tests.loopback.faults import parse
from tests.loopback.script import Message, count_reactions, final_counts, is_visible
from tests.loopback.world import CAMPAIGN_SIZE
from tests.sites import listed
from tests.sites.calendars import OwnersSettings, PublicationSettings, Site, Story
from tests.sites.listed import ListedPaper
from tests.years.fault_plan import Span

ROUND = HOUR // 3
"""How long a program that has just started, or woken up, needs to read all networks."""
LATE_POSTS = 4 * HOUR
"""Posts of this last period before an issue closes may be missing, since networks are read in turn."""
LOOKBACK = {"bluesky": 23 * HOUR, "huggingface": 2 * DAY, "lobsters": 5 * DAY, "feeds": 4 * DAY, "reddit": 4 * DAY}
"""For how long a post can be read from a network at these scripts' rates; others never forget within three weeks."""
SEARCH_SPAN = 7 * DAY
AGES = (24, 72, 168)
"""Hours after the announcement at which papers are measured."""
ANNOUNCEMENT_LIMIT = 12 * HOUR
"""How long a daily issue waits for its announcement."""


class Bounds(NamedTuple):
    """A number is one of these, both included."""

    least: int
    most: int

    def __contains__(self, value: object) -> bool:
        return isinstance(value, int) and self.least <= value <= self.most

    def __str__(self) -> str:
        return f"{self.least} to {self.most}" if self.least < self.most else str(self.least)


class Truth:
    """The truth about a site."""

    def __init__(self, site: Site, script: Story) -> None:
        self.site, self.script = site, script
        self.late_posts = max(LATE_POSTS, site.every + 2 * HOUR)
        self.start, self.end = site.periods[0].start, site.periods[-1].end

    @lru_cache  # noqa: B019
    def settings_at(self, at: int) -> OwnersSettings:
        """The owner's settings at a moment."""
        return OwnersSettings(self.site.period_at(at).settings)

    def networks_at(self, at: int) -> frozenset[str]:
        """The networks of posts that are read at a moment."""
        return self.settings_at(at).networks

    # ---- time ----------------------------------------------------------------------------------------------

    def running(self, start: int, end: int) -> int:
        """How long the program worked between two moments, µs."""
        return sum(max(0, min(span.end, end) - max(span.start, start)) for span in self.site.running)

    def is_running(self, start: int, end: int) -> bool:
        """Whether it worked all the time between two moments, apart from minutes."""
        return start >= self.start and end - start - self.running(start, end) < HOUR

    def break_at(self, at: int) -> Span | None:
        """The break that a moment is in."""
        return next((gap for gap in self.site.breaks if gap.start <= at < gap.end), None)

    # ---- papers ----------------------------------------------------------------------------------------------

    def paper(self, key: str) -> ListedPaper | None:
        """A paper by its key in the record."""
        server, _, id = key.partition(":")
        if server == "arxiv":
            paper = self.script.paper(id)
            return listed.from_arxiv(paper) if paper else None
        work = self._works.get(id)
        return listed.from_server(work) if work else None

    def notice(self, key: str) -> str:
        """The type of the notice about a paper of another server than arXiv; empty without one."""
        work = self._works.get(key.partition(":")[2])
        return preprints.notice_of(work) if work else ""

    @cached_property
    def _works(self) -> dict[str, preprints.Preprint]:
        """The first versions on other servers, by DOI, of the site's time and of the month and a half before."""
        days_since = range(self.start // DAY - 45, self.end // DAY + 1)
        works = (work for server in self._servers for day in days_since for work in preprints.new_works(server, day))
        return {work.doi: work for work in works}

    def announced(self, publication: PublicationSettings, label: str) -> list[ListedPaper]:
        """The papers that a publication is about and that arXiv announced as new, or newly listed, on a day, or other
        servers posted as new since the weekday before."""
        papers = map(listed.from_arxiv, self.script.papers(label) if "arxiv" in publication.servers else ())
        posted = [*papers, *self.posted(publication, label)]
        return [paper for paper in posted if self.is_wanted(paper, publication)]

    def posted(self, publication: PublicationSettings, label: str) -> Iterator[ListedPaper]:
        """The papers of a publication's other servers that belong to an issue, of all fields."""
        for server in publication.servers:
            for day in listed.posted_days(label) if server != "arxiv" else ():
                yield from map(listed.from_server, preprints.new_works(server, day))

    def refusals(self, server: str) -> list[Span]:
        """When a server of papers could not be read."""
        host = "crossref" if server in listed.REGISTERED else "arxiv" if server == "arxiv" else "openrxiv"
        faults = map(parse, self.site.faults)
        return [Span(fault.start, fault.end) for fault in faults if fault.target == host]

    def could_know_announcement(self, label: str, by: int) -> bool:
        """Whether the program had time to read a day's announcement in its feeds by a moment."""
        return self.knows_announcement_at(label) <= by

    def knows_announcement_at(self, label: str) -> int:
        """When the program had time to read a day's announcement in its feeds."""
        start = days.closes_at(label)
        start = next((span.end + HOUR for span in self.refusals("arxiv") if span.start <= start < span.end), start)
        missing = ROUND
        for span in self.site.running:
            begin = max(span.start, start)
            if span.end - begin >= missing:
                return begin + missing
            missing -= max(0, span.end - begin)
        return self.end

    def candidates(self, servers: Sequence[str], start: int, end: int) -> Iterator[ListedPaper]:
        """The papers that servers announced between two moments."""
        day = datetime.datetime.fromtimestamp(start / 1e6, datetime.UTC).date()
        while "arxiv" in servers and days.announced_at(day.isoformat()) <= end:
            label = day.isoformat()
            if days.has_announcement(label) and days.announced_at(label) > start:
                yield from map(listed.from_arxiv, self.script.papers(label))
            day += datetime.timedelta(days=1)
        for server in servers:
            works = listed.works_between(server, start, end) if server != "arxiv" else ()
            yield from (work for work in works if work.announced_at > start)

    # ---- talk ------------------------------------------------------------------------------------------------

    def considered(self, servers: Sequence[str], start: int, end: int, *, weekly: bool) -> Bounds:
        """How many papers of servers an issue considers: of those announced between two moments, the ones that people
        talked about by the later one; a weekly one, all that people talked about between them."""
        papers = list(self.candidates(servers, start - 30 * DAY if weekly else start, end))
        talked = {
            id: [message for message in messages if message.at > start or not weekly]
            for id, messages in self.messages_by_paper(start, end).items()
        }
        titles = {paper.title for paper in papers if talked.get(paper.id)}
        moments = {paper.id: end if paper.announced_at <= start else measured_at(paper, end) for paper in papers}
        certain = sum(
            any(self.is_surely_read(message, moments[paper.id]) for message in talked.get(paper.id, ()))
            for paper in papers
        )
        possible = sum(bool(talked.get(paper.id)) or paper.title in titles for paper in papers)
        return Bounds(certain, possible)

    @lru_cache(40)  # noqa: B019
    def messages_by_paper(self, start: int, end: int) -> dict[str, list[Message]]:
        """The messages between two moments by paper, on the networks that the site, or its neighbor, ever reads."""
        sites = (self.site, self.site.follows) if self.site.follows else (self.site,)
        periods = [period for site in sites for period in site.periods]
        networks = {name for period in periods for name in OwnersSettings(period.settings).networks}
        result: dict[str, list[Message]] = {}
        for network in sorted(networks):
            for day in range(start // DAY, end // DAY + 1):
                for message in self.script.messages(network, day):
                    if message.at <= end:
                        for paper in message.papers:
                            result.setdefault(paper, []).append(message)
        return result

    def is_surely_read(self, message: Message, by: int) -> bool:
        """Whether a person's post was there to be read, and counted, by a moment, and its network was read in time."""
        if message.author.bot or not self.is_findable(message) or is_limited(message) or self._is_campaign(message):
            return False
        if any(reference.form == "prose" for reference in message.references):
            return False  # may be doubtful
        if message.network == "x":
            return False  # may be too dear
        always_visible = is_visible(message, message.at) and is_visible(message, by) and message.gone_at > by
        if not always_visible or message.at <= message.author.gone_from <= by:
            return False
        until = min(by, message.at + LOOKBACK.get(message.network, SEARCH_SPAN))
        start = max(message.at, self.start)
        if message.at < self.start and message.network not in ("hackernews", "huggingface"):
            return False  # read back, as far as the network allows
        return message.at <= by - self.late_posts and self.network_time(message.network, start, until) >= HOUR

    def is_findable(self, message: Message) -> bool:
        """Whether a network is searched for what a post names: other servers only if a publication has their papers."""
        if not listed.names_server(message):
            return expected.is_findable(message)
        is_wanted = {reference.form for reference in message.references} <= self._servers
        return is_wanted and (message.network == "hackernews" or expected.is_findable(message))

    @cached_property
    def _servers(self) -> frozenset[str]:
        texts = {period.settings for period in self.site.periods}
        return frozenset(server for text in texts for server in OwnersSettings(text).servers)

    def network_time(self, network: str, start: int, end: int) -> int:
        """How long a network was being read between two moments."""
        return sum(
            max(0, min(span.end, end) - max(span.start, start))
            for period in self.site.periods if network in OwnersSettings(period.settings).networks
            for span in period.running
        )  # fmt: skip

    def _is_campaign(self, message: Message) -> bool:
        return message.network == "bluesky" and message.author in self.script.accounts("bluesky")[-CAMPAIGN_SIZE:]

    def voices(self, paper: ListedPaper, network: str, window: tuple[int, int], as_of: int) -> Bounds:
        """How many voices a paper can have had on a network in posts between two moments, in an issue as of another:
        people who posted, and their posts' likes and reposts as they were when they were read, which may be later if
        the program did not run then. Texts that appear on several networks count on one of them."""
        since, until = window
        messages = [message for message in self._about(paper, network, until) if message.at > since]
        others = {
            (message.words, message.author.name)
            for other in self.networks_at(until) - {network}
            for message in self._about(paper, other, until)
        }
        texts, names = {words for words, _ in others}, {name for _, name in others}
        unique = [
            message for message in messages
            if message.words not in texts and message.author.name not in names and self.is_surely_read(message, until)
            and not message.edited_at <= until
        ]  # fmt: skip
        least = len({message.author.id for message in unique if not message.story or network != "hackernews"})
        read_at = until if self.is_running(until - DAY, until) else as_of
        return Bounds(least, sum(1 + _most_reactions(message, read_at) for message in messages))

    def _about(self, paper: ListedPaper, network: str, until: int) -> list[Message]:
        """The messages about a paper, or about another of the same title, on a network up to a moment."""
        since = paper.announced_at - DAY
        messages_by_paper = self.messages_by_paper(since // DAY * DAY, (until // DAY + 1) * DAY)
        ids = {paper.id} | {other.id for other in self._twins(paper, until)}
        messages = (message for id in sorted(ids) for message in messages_by_paper.get(id, ()))
        return [message for message in messages if message.network == network and message.at <= until]

    def _twins(self, paper: ListedPaper, until: int) -> list[ListedPaper]:
        return self._papers_by_title(until // DAY).get(paper.title, [])

    @lru_cache(40)  # noqa: B019
    def _papers_by_title(self, day: int) -> dict[str, list[ListedPaper]]:
        result: dict[str, list[ListedPaper]] = {}
        for paper in self.candidates(("arxiv", *sorted(self._servers)), day * DAY - 30 * DAY, (day + 1) * DAY):
            result.setdefault(paper.title, []).append(paper)
        return result

    def readable_posts(self, network: str, start: int, end: int) -> Iterator[Message]:
        """Posts about papers that a network showed between two moments to everybody who read it completely."""
        for day in range(start // DAY, end // DAY + 1):
            for message in self.script.messages(network, day):
                is_in_time = message.references and max(start, self.start) <= message.at <= end - self.late_posts
                if is_in_time and self.is_findable(message) and _stays(message, end):
                    yield message

    def is_wanted(self, paper: ListedPaper, settings: PublicationSettings) -> bool:
        """Whether a publication is about a paper: by its categories and words."""
        text = _words(f"{paper.title} {paper.abstract}")
        is_included = not settings.include or any(_words(phrase) in text for phrase in settings.include)
        is_excluded = any(_words(phrase) in text for phrase in settings.exclude)
        return in_fields(paper, settings.categories) and is_included and not is_excluded


def measured_at(paper: ListedPaper, cut: int) -> int:
    """When a paper is measured for an issue: at the last age that it reached, or else at the cut (*Ages* in
    docs/reference/rebuilding.md)."""
    return max((at for age in AGES if (at := paper.announced_at + age * HOUR) <= cut), default=cut)


def _words(text: str) -> str:
    """A text's words, each between spaces, to be searched for a phrase."""
    return " ".join(["", *re.findall(r"\w+", text.casefold()), ""])


def in_fields(paper: ListedPaper, fields: Sequence[str]) -> bool:
    """Whether a paper is listed in one of some categories or archives; in any, if there are none."""
    return not fields or any(
        category == field or category.startswith(f"{field}.") for category in paper.categories for field in fields
    )


def closing_time(publication: PublicationSettings, day: str) -> int:
    """When the issue of a day closes by the clock, µs."""
    time = datetime.time(publication.hour)
    moment = datetime.datetime.combine(datetime.date.fromisoformat(day), time, publication.zone)
    return round(moment.timestamp()) * 1_000_000


def has_issue(publication: PublicationSettings, day: str) -> bool:
    """Whether a publication has an issue of a day."""
    weekday = datetime.date.fromisoformat(day).weekday()
    return weekday < 5 if publication.window == "daily" else weekday == 0


def is_limited(message: Message) -> bool:
    """Whether a network's terms forbid keeping anything of a post but that it is limited."""
    return message.network == "mastodon" and bool(message.limits or message.author.labels)


def _stays(message: Message, until: int) -> bool:
    author_leaves = message.at <= message.author.gone_from <= until
    return is_visible(message, message.at) and is_visible(message, until) and not author_leaves


def _most_reactions(message: Message, until: int) -> int:
    """The most reactions that a post can have had by a moment: those withdrawn since, too."""
    final = final_counts(message)
    extra = 1 if message.network in ("hackernews", "lobsters", "reddit") else 0
    return extra + sum(count_reactions(message, until, number) for number in (final.likes, final.reposts))
