"""Interruptions of a real network: the program stops, or the relay stops."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from hotpapers.base.model import Coverage
from hotpapers.record import Record
from tests.atproto import record_queries
from tests.atproto.conftest import MakeSite
from tests.atproto.network import Network, Person, running_network
from tests.atproto.site import Site

PAPER = "2210.03629"


@pytest.fixture
def relay(home: Path) -> Iterator[Network]:
    """A network that a test may break, without a view."""
    with running_network(home) as network:
        yield network


def write_posts(person: Person, *words: str) -> set[str]:
    """Write posts that each name a paper; returns their URIs."""
    return {person.post(f"{word}: arXiv:{PAPER}").uri for word in words}


def recorded_posts(site: Site) -> set[str]:
    """The URIs of the posts in the record, each recorded once."""
    with Record(site.store) as record:
        assert record_queries.repeated_observations(record) == []
        return set(record_queries.posts(record.view()))


def gaps(site: Site) -> list[Coverage]:
    """The periods that the record marks as not fully read."""
    with Record(site.store) as record:
        return [row for row in record_queries.coverage(record.view()) if row.state != "complete"]


def test_what_is_said_while_the_program_is_away_is_neither_lost_nor_doubled(relay: Network, site_of: MakeSite) -> None:
    site, anna = site_of(relay), relay.person()
    write_posts(anna, "Before anybody listens")
    with site.collecting():
        uris = write_posts(anna, "One", "Two")
    assert recorded_posts(site) == uris
    uris |= write_posts(anna, "Three", "Four")  # nobody is listening
    with site.collecting():
        uris |= write_posts(anna, "Five")
    assert recorded_posts(site) == uris
    with site.collecting():
        pass
    assert recorded_posts(site) == uris and gaps(site) == []


def test_killed_at_work_it_is_taken_over_and_nothing_is_lost_or_doubled(relay: Network, site_of: MakeSite) -> None:
    site, anna = site_of(relay), relay.person()
    with site.collecting() as collector:
        uris = write_posts(anna, *map(str, range(20)))
        collector.kill()
    uris |= write_posts(anna, "Nobody hears this now")
    with site.collecting():
        uris |= write_posts(anna, "Somebody does")
    assert recorded_posts(site) == uris and gaps(site) == []


def test_a_relay_that_comes_back_is_resumed(relay: Network, site_of: MakeSite) -> None:
    site, anna = site_of(relay), relay.person()
    with site.collecting():
        uris = write_posts(anna, "One")
    uris |= write_posts(anna, "Two")
    relay.tell("restart", kept=True)
    uris |= write_posts(anna, "Three")
    with site.collecting():
        uris |= write_posts(anna, "Four")
    assert recorded_posts(site) == uris and gaps(site) == []
