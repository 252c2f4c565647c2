"""A site that reads one network of the loopback internet in hourly rounds, without sockets, and what is wrong with its
record."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from typing import Any

from hotpapers.base.http.retry_policy import Retryable
from hotpapers.base.model import DAY, HOUR, Announcement, Coverage, Post, Snapshot
from hotpapers.base.network_terms import TERMS
from hotpapers.base.papers.arxiv.calendar import announced_at
from hotpapers.collect.change_filter import SharedPaperIndex, TrackedPosts
from hotpapers.collect.collect_job import CollectJob, RecountJob
from hotpapers.issues.coverage import covered_ranges
from hotpapers.jobs.connection import Connection
from hotpapers.jobs.loop import Job
from hotpapers.record import Record
from tests.collect.job_setup import loop_of
from tests.loopback import expected, reddit
from tests.loopback.clock import SteppedClock, moment
from tests.loopback.direct_client import Change, DirectClient
from tests.loopback.faults import Plan
from tests.loopback.hosts import HANDLERS, answer_request
from tests.loopback.network_state import NetworkState, Reply, Request, utc
from tests.loopback.reading import make_source
from tests.loopback.script import Account, Message, account_exists, is_visible, messages_between
from tests.loopback.world import World

MOVED = "moved.loopback"
"""The host that a moved network answers from."""
START = moment("2026-03-10T09:00")
BEGIN = START + 2 * DAY + HOUR // 2
"""When the faults begin: between two rounds, on a working day."""
DELAYS = {"mastodon": HOUR, "hackernews": HOUR, "huggingface": 0}
"""How long after it was made a post may be missing."""


SETTINGS: Mapping[str, dict[str, Any]] = {
    "reddit feeds": {"client_id": "", "client_secret": ""},
    "reddit own feeds": {
        "client_id": "", "client_secret": "", "feed_token": reddit.FEED_TOKEN, "feed_user": reddit.FEED_USER,
    },
    "arxiv": {"archives": ["cs", "math"]},
}  # fmt: skip


@lru_cache(1)
def world() -> World:
    return World(1, "2026-02-23", post_rate=4)


class Site:
    """The jobs of one network, in hourly rounds, and their record. `restarts`: whether each round is a new process.
    `change`: how its platform has changed; `blind`: the form of naming a paper that is not expected to be found."""

    def __init__(self, network: str, record: Record, store: str, plan: Plan, *, restarts: bool = False) -> None:
        self.network, self.record, self._store, self._plan, self._restarts = network, record, store, plan, restarts
        self.clock = SteppedClock(START)
        self.change: Change | None = None
        self.blind = ""
        self.start()

    def start(self) -> None:
        """Starts a process."""
        http = DirectClient(
            world(), self.clock, self._plan, others={MOVED: self._answer_elsewhere}, change=self._changed
        )
        self.bases, name = http.bases, self.network.split()[0]
        changes = SETTINGS.get(self.network, {})
        tracked, terms = TrackedPosts(self.record, name, self.clock.now()), TERMS[name]
        source = make_source(name, http.bases, tracked, **changes)
        recount = RecountJob(make_source(name, http.bases, **changes), Connection(http), terms)
        reading = CollectJob(source, Connection(http), tracked, terms, names=SharedPaperIndex())
        jobs: list[Job] = [reading] if name == "arxiv" else [reading, recount]
        self.loops = [loop_of(job, self._store, http, "one") for job in jobs]

    def _changed(self, request: Request, ask: Callable[[Request], Reply]) -> Reply | Retryable:
        return self.change(request, ask) if self.change else ask(request)

    def _answer_elsewhere(self, request: Request, now: int) -> Reply:
        """The network at another host."""
        host = next(host for host in HANDLERS if host.partition(".")[0] == self.network.split()[0])
        return answer_request(NetworkState(world(), now, host, self.bases), request, None).reply

    def close(self) -> None:
        for loop in self.loops:
            loop._leases.end(loop.name)
            loop._close_store()

    def run(self, until: int) -> None:
        """Runs rounds on the hour until a moment."""
        while (at := (self.clock.now() // HOUR + 1) * HOUR) <= until:
            self.clock.to(at)
            if self._restarts:
                self.close()
                self.start()
            for loop in self.loops:
                loop.attempt(once=True)
                assert loop.problem is None

    def messages(self, since: int, until: int) -> Iterator[Message]:
        network = self.network.split()[0]
        return iter(()) if network == "arxiv" else messages_between(world(), network, since, until)

    def known(self) -> dict[str, Post]:
        rows = (row.item for row in self.record.view().latest(Post, "1 = 1"))
        return {item.post: item for item in rows}

    def missing(self) -> dict[str, Message]:
        """Posts that could be found, still exist and are not in the record, although there was time to read them. A
        stream begins with the first round."""
        if self.network == "arxiv":
            return self._missing_announcements()
        known, now = self.known(), self.clock.now()
        until = now - HOUR - DELAYS.get(self.network, HOUR // 2)
        return {
            key: message
            for message in self.messages(START + (HOUR if self.network == "bluesky" else 0), until)
            if message.references and expected.is_findable(message) and is_visible(message, now)
            if account_exists(message.author, message.at)  # else no stream ever told of it
            if not (message.limits or message.author.labels)
            if any(reference.form != self.blind for reference in message.references)
            if (key := expected.key(message, self.bases)) not in known
        }

    def _missing_announcements(self) -> dict[str, Message]:
        """The same for arXiv: what it announced, twelve hours later, each with the moment."""
        known, nobody = self._announcements(), Account("arxiv", "", "", "")
        return {
            f"{item.paper} {label}": Message("arxiv", item.paper, at, nobody, "")
            for label, at in self._days()
            if at < self.clock.now() - 12 * HOUR
            for item in self._announced(label)
            if (item.paper, label) not in known
        }

    def _days(self) -> list[tuple[str, int]]:
        """The days of arXiv since the start, each with the moment of its announcement."""
        labels = [utc(START + day * DAY).date().isoformat() for day in range((self.clock.now() - START) // DAY + 1)]
        return [(label, at) for label in labels if START < (at := announced_at(label)) <= self.clock.now()]

    def _announced(self, label: str) -> list[expected.ExpectedAnnouncement]:
        archives = SETTINGS["arxiv"]["archives"]
        return [item for item in expected.announcements(world(), label) if item.category in archives]

    def _announcements(self) -> set[tuple[str, str]]:
        return {(item.paper, item.day) for item in self.record.view().items(Announcement)}

    def complete(self, at: int) -> bool:
        """Whether coverage says of a moment that the network was read completely."""
        spans = [row.item for row in self.record.view().latest(Coverage, "1 = 1")]
        return any(
            piece.start <= at < piece.end and piece.by is not None and not piece.severity
            for piece in covered_ranges(spans, START, self.clock.now())
        )

    def wrongly_gone(self) -> list[str]:
        """Posts recorded as gone that are visible."""
        gone = {key for key, post in self.known().items() if post.gone}
        now = self.clock.now()
        visible = (message for message in self.messages(START - 9 * DAY, now) if is_visible(message, now))
        return [key for message in visible if (key := expected.key(message, self.bases)) in gone]

    def misdated(self) -> list[str]:
        """Posts recorded with another moment than that of their creation, papers with another day than that of their
        announcement."""
        if self.network == "arxiv":
            right = {(item.paper, label) for label, _ in self._days() for item in self._announced(label)}
            days = {label for label, _ in self._days()}
            return [f"{paper} {day}" for paper, day in self._announcements() - right if day in days]
        moments = {
            expected.key(message, self.bases): message.at
            for message in self.messages(START - 9 * DAY, self.clock.now())
            if self.network != "x" or not message.edit  # X dates a post by its last edit
        }
        return [
            key
            for key, post in self.known().items()
            if not post.gone and post.created_at != moments.get(key, post.created_at)
        ]

    def miscounted(self) -> list[str]:
        """Posts with likes that they never had at that moment."""
        messages = {
            expected.key(message, self.bases): message for message in self.messages(START - 9 * DAY, self.clock.now())
        }
        return [
            item.post
            for item in self.record.view().items(Snapshot)
            if item.post in messages and item.likes is not None
            if (figures := expected.figures(messages[item.post], item.observed_at)) and figures.likes != item.likes
        ]


@contextmanager
def running_site(network: str, folder: Path, plan: Plan, *, restarts: bool = False) -> Iterator[Site]:
    store = str(folder / "hotpapers.db")
    with Record(store) as record:
        site = Site(network, record, store, plan, restarts=restarts)
        try:
            yield site
        finally:
            site.close()
