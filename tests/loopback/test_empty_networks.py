"""Networks that answer with empty lists, know no post any longer, or fail, for hours and days: nothing is missing where
coverage says complete, no visible post is gone, and what was missed is read later."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path

import pytest

from hotpapers.base.model import DAY, HOUR, Coverage, Post
from hotpapers.base.terms import TERMS
from hotpapers.collect.change_filter import TrackedPosts
from hotpapers.collect.collect_job import CollectJob, Connection
from hotpapers.collect.recount_job import RecountJob
from hotpapers.issues.coverage import covered_ranges
from hotpapers.record import Record
from tests.ingest.job_setup import loop_of
from tests.loopback import expected
from tests.loopback.clock import SteppedClock, moment
from tests.loopback.direct_client import DirectClient
from tests.loopback.faults import Plan, fault
from tests.loopback.reading import make_source
from tests.loopback.script import Message, is_visible, messages_between
from tests.loopback.world import World

NETWORKS = ("mastodon", "hackernews", "reddit", "reddit feeds", "huggingface", "lobsters", "feeds", "x")
KINDS = ("empty", "404", "500")
LENGTHS = (3, 12, 30)
START = moment("2026-03-10T09:00")
BEGIN = START + 2 * DAY + HOUR // 2
"""When the faults begin: between two rounds, on a working day."""
DELAYS = {"mastodon": HOUR, "hackernews": HOUR, "huggingface": 0}
"""How long after it was made a post may be missing."""
X_SILENCE = 4 * HOUR
"""How long an empty search of X is believed, as a check costs money."""


@lru_cache(1)
def world() -> World:
    return World(1, "2026-02-23", post_rate=4)


class Site:
    """The jobs of one network, in hourly rounds, and their record. `restarts`: whether each round is a new process."""

    def __init__(self, network: str, record: Record, store: str, plan: Plan, *, restarts: bool = False) -> None:
        self.network, self.record, self._store, self._plan, self._restarts = network, record, store, plan, restarts
        self.clock = SteppedClock(START)
        self.start()

    def start(self) -> None:
        """Starts a process."""
        http = DirectClient(world(), self.clock, self._plan)
        self.bases, name = http.bases, self.network.split()[0]
        changes = {"client_id": "", "client_secret": ""} if self.network == "reddit feeds" else {}
        tracked, terms = TrackedPosts(self.record, name, self.clock.now()), TERMS[name]
        source = make_source(name, http.bases, tracked, **changes)
        recount = RecountJob(make_source(name, http.bases, **changes), Connection(http), terms)
        jobs = (CollectJob(source, Connection(http), tracked, terms), recount)
        self.loops = [loop_of(job, self._store, http, "one") for job in jobs]

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
                loop.attempt()
                assert loop.problem is None

    def messages(self, since: int, until: int) -> Iterator[Message]:
        return messages_between(world(), self.network.split()[0], since, until)

    def known(self) -> dict[str, Post]:
        rows = (row.item for row in self.record.view().latest(Post, "1 = 1"))
        return {item.post: item for item in rows if isinstance(item, Post)}

    def missing(self) -> dict[str, Message]:
        """Posts that could be found, still exist and are not in the record, although there was time to read them."""
        known, now = self.known(), self.clock.now()
        until = now - HOUR - DELAYS.get(self.network, HOUR // 2)
        return {
            key: message
            for message in self.messages(START, until)
            if message.references and expected.is_findable(message) and is_visible(message, now)
            if not (message.limits or message.author.labels)
            if (key := expected.key(message, self.bases)) not in known
        }

    def complete(self, at: int) -> bool:
        """Whether coverage says of a moment that the network was read completely."""
        spans = [row.item for row in self.record.view().latest(Coverage, "1 = 1") if isinstance(row.item, Coverage)]
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


@contextmanager
def running_site(network: str, folder: Path, plan: Plan, *, restarts: bool = False) -> Iterator[Site]:
    store = str(folder / "hotpapers.db")
    with Record(store) as record:
        site = Site(network, record, store, plan, restarts=restarts)
        try:
            yield site
        finally:
            site.close()


def cases() -> Iterator[object]:
    for kind in KINDS:
        for hours in LENGTHS:
            is_fast = (kind, hours) == ("empty", 12)
            yield pytest.param(kind, hours, marks=() if is_fast else pytest.mark.long, id=f"{kind} for {hours} h")


@pytest.mark.parametrize("network", NETWORKS)
@pytest.mark.parametrize(("kind", "hours"), list(cases()))
def test_a_network_that_shows_nothing(network: str, kind: str, hours: int, tmp_path: Path) -> None:
    check_site(network, kind, hours, tmp_path)


@pytest.mark.long
@pytest.mark.parametrize("network", NETWORKS)
@pytest.mark.parametrize("kind", ["empty", "404"])
def test_a_network_that_shows_nothing_to_collect_once(network: str, kind: str, tmp_path: Path) -> None:
    """Each round is a new process, which remembers nothing."""
    check_site(network, kind, 12, tmp_path, restarts=True)


def check_site(network: str, kind: str, hours: int, folder: Path, *, restarts: bool = False) -> None:
    end = BEGIN + hours * HOUR
    plan = Plan([fault(network.split(maxsplit=1)[0], kind, BEGIN, end)])
    with running_site(network, folder, plan, restarts=restarts) as site:
        site.run(BEGIN)
        assert not site.missing() and not site.wrongly_gone() and site.known()
        site.run(end)
        missing = site.missing()
        falsely_complete = [key for key, message in missing.items() if site.complete(message.at)]
        if network == "x" and kind == "empty":
            falsely_complete = [key for key in falsely_complete if missing[key].at > BEGIN + X_SILENCE]
        assert not falsely_complete, f"{len(falsely_complete)} of {len(missing)} missing posts"
        assert hours < 12 or not site.complete(end - 2 * HOUR)
        assert not site.wrongly_gone()
        site.run(end + 9 * HOUR)
        assert not site.missing() and not site.wrongly_gone()
        assert site.complete(end - 2 * HOUR) and site.complete(end + 7 * HOUR)
