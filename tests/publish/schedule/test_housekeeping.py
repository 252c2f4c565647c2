"""Housekeeping updates who has standing as the record grows; tests control the clock."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from email.utils import formatdate
from functools import partial
from typing import NamedTuple

import pytest

from hotpapers.base import network_terms
from hotpapers.base.http import ServerClocks
from hotpapers.base.model import DAY, HOUR, Item
from hotpapers.discussion.engagement.recounts import queries as recount_queries
from hotpapers.discussion.engagement.standing.queries import (
    ENOUGH_KNOWN,
    KNOWN_FOR,
    known_accounts,
    learn_standing,
    relearn_standing,
)
from hotpapers.jobs.connection import Connection
from hotpapers.jobs.leases import Leases
from hotpapers.jobs.loop import Clock, JobLoop
from hotpapers.publish.schedule import housekeeping
from hotpapers.publish.schedule.clock_check import PATIENCE, is_believable
from hotpapers.publish.schedule.health import SiteHealth
from hotpapers.publish.schedule.housekeeping import HousekeepingJob
from hotpapers.record import Record, current_time
from hotpapers.wings.mail import subscribers
from tests.collect.sources.net import START, ScriptedClient
from tests.issues.made import paper, post, write

PAPERS = (1, 2, 3)


class HouseRounds(NamedTuple):
    """The job's rounds, its store, and the clock (a list of one moment)."""

    rounds: JobLoop
    record: Record
    clock: list[int]

    def round(self, at: int) -> str:
        """A round at a moment; returns its state."""
        self.clock[0] = at
        next_attempt = self.rounds.attempt()
        assert next_attempt is not None
        return next_attempt.state

    def standing(self) -> list[tuple[int, ...]]:
        """The table, by account."""
        return self.record.database.rows("SELECT * FROM standing ORDER BY account")


@pytest.fixture
def house(sqlite_url: str) -> Iterator[HouseRounds]:
    with house_rounds(sqlite_url) as rounds:
        yield rounds


@contextmanager
def house_rounds(sqlite_url: str, witnesses: ServerClocks | None = None) -> Iterator[HouseRounds]:
    open_record, clock = partial(Record, sqlite_url), [START]
    line = Connection(ScriptedClient(lambda url: b"", now=START))
    with Record(sqlite_url) as record:
        rounds = JobLoop(
            HousekeepingJob.name,
            lambda: HousekeepingJob(
                line, "", lambda work, once: SiteHealth(True, (), ()), network_terms.TERMS, witnesses
            ),
            open_record, Leases(open_record, "one"), Clock(lambda: clock[0], lambda s: None),
        )  # fmt: skip
        yield HouseRounds(rounds, record, clock)
        rounds._close_store()


def posts_of(account: int, papers: tuple[int, ...] = PAPERS) -> list[Item]:
    """Posts of an account about papers."""
    name = f"did:plc:{account:024}"
    posts = (
        post(n, f"bluesky:at://{name}/app.bsky.feed.post/{n}", START + n * HOUR, account=f"bluesky:{name}")
        for n in papers
    )
    return [item for group in posts for item in group]


def test_after_a_round_a_freeze_has_nothing_left_to_learn(house: HouseRounds) -> None:
    write(house.record, *map(paper, PAPERS), (item for n in range(ENOUGH_KNOWN) for item in posts_of(n)))
    assert house.round(START + DAY) == "idle"
    view = house.record.view(START + DAY + KNOWN_FOR)
    assert len(known_accounts(view) or ()) == ENOUGH_KNOWN
    assert learn_standing(house.record.database) == 0


def test_after_a_clock_was_ahead_it_goes_on_at_once(house: HouseRounds) -> None:
    house.round(START + 365 * DAY)
    subscribers.ask(house.record, "daily", "a@moth.example", START)
    write(house.record, *map(paper, PAPERS), posts_of(1))
    house.round(START + 8 * DAY)
    assert house.standing() and not subscribers.all_subscribers(house.record)


def test_it_learns_each_hour_new_activity_and_not_in_every_round(house: HouseRounds) -> None:
    write(house.record, *map(paper, PAPERS), posts_of(1))
    house.round(START + DAY)
    standing_before = house.standing()
    write(house.record, posts_of(2))
    house.round(START + DAY + housekeeping.LEARN_EVERY - 1)
    assert house.standing() == standing_before and len(standing_before) == 1
    house.round(START + DAY + housekeeping.LEARN_EVERY)
    assert len(house.standing()) == 2 and house.standing()[:1] == standing_before


def test_hour_by_hour_it_learns_what_would_be_learned_at_once(house: HouseRounds) -> None:
    write(house.record, *map(paper, PAPERS))
    for hour, papers in enumerate(((1,), (1, 2), (2,), (3,), (1,))):
        for account in range(hour, 5):
            write(house.record, posts_of(account, papers))
        house.round(START + DAY + hour * housekeeping.LEARN_EVERY)
    learned_rows = house.standing()
    relearn_standing(house.record.database)
    assert (
        house.standing() == learned_rows
        and any(row[-1] for row in learned_rows)
        and not all(row[-1] for row in learned_rows)
    )


def test_nothing_is_old_by_a_clock_that_no_network_confirms(sqlite_url: str) -> None:
    """As at a start without a network, or after a jump: what is deleted does not come back."""
    witnesses = ServerClocks(lambda: 0.0)
    with house_rounds(sqlite_url, witnesses) as house:
        write(house.record, posts_of(1))
        recount_queries.follow_new_posts(house.record.database, "bluesky", 0, START + DAY)
        followed = "SELECT count(*) FROM recount"
        listener = witnesses.listener()
        write(house.record, paper(9))
        for date in (None, START):
            if date:
                listener({"date": formatdate(date / 1e6, usegmt=True)}, START)
            house.round(current_time() + 90 * DAY)
            assert house.record.database.rows(followed) == [(3,)]
        listener({"date": formatdate((current_time() + 90 * DAY) / 1e6, usegmt=True)}, current_time() + 90 * DAY)
        house.round(current_time() + 90 * DAY + HOUR)
        assert house.record.database.rows(followed) == [(0,)]


def test_a_process_that_reads_no_network_keeps_house_after_a_day(sqlite_url: str) -> None:
    """Other processes of the site read them."""
    seconds = [0.0]
    witnesses = ServerClocks(lambda: seconds[0])
    with house_rounds(sqlite_url, witnesses) as house:
        write(house.record, paper(9))
        at = current_time()
        assert not is_believable(house.record.database, witnesses, at)
        seconds[0] += PATIENCE + 1
        assert is_believable(house.record.database, witnesses, at)
