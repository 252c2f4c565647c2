"""Interruptions of a real firehose: the program stops, the relay stops, or comes back as another one."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from hotpapers.model import Coverage
from hotpapers.sources.bluesky.parser import tid_time
from hotpapers.store import Record
from tests.atproto import told
from tests.atproto.conftest import MakeSite
from tests.atproto.network import Network, Person, running_network
from tests.atproto.site import Site

PAPER = "2210.03629"


@pytest.fixture
def relay(home: Path) -> Iterator[Network]:
    """A network that a test may break: a firehose without a view."""
    with running_network(home) as running:
        yield running


def said_by(person: Person, *words: str) -> set[str]:
    """Write posts that each name a paper."""
    return {person.post(f"{word}: arXiv:{PAPER}").uri for word in words}


def kept(site: Site) -> set[str]:
    """The posts in the record, each once."""
    with Record(site.store) as record:
        assert told.said_twice(record) == []
        return set(told.posts(record.view()))


def gaps(site: Site) -> list[Coverage]:
    """The periods that the record marks as not fully read."""
    with Record(site.store) as record:
        return [one for one in told.coverage(record.view()) if one.state != "complete"]


def covers(gap: Coverage, posts: set[str]) -> bool:
    """Whether all of these posts were made in a gap."""
    moments = [tid_time(uri.rpartition("/")[2]) for uri in posts]
    return all(moment is not None and gap.from_at <= moment <= gap.until_at for moment in moments)


def test_what_is_said_while_the_program_is_away_is_neither_lost_nor_doubled(relay: Network, site_of: MakeSite) -> None:
    site, anna = site_of(relay), relay.person()
    said_by(anna, "Before anybody listens")
    with site.collecting():
        said = said_by(anna, "One", "Two")
    assert kept(site) == said
    said |= said_by(anna, "Three", "Four")  # nobody is listening
    with site.collecting():
        said |= said_by(anna, "Five")
    assert kept(site) == said
    with site.collecting():
        pass
    assert kept(site) == said and gaps(site) == []


def test_killed_at_work_it_is_taken_over_and_nothing_is_lost_or_doubled(relay: Network, site_of: MakeSite) -> None:
    site, anna = site_of(relay), relay.person()
    with site.collecting() as listening:
        said = said_by(anna, *map(str, range(20)))
        listening.kill()
    said |= said_by(anna, "Nobody hears this now")
    with site.collecting():
        said |= said_by(anna, "Somebody does")
    assert kept(site) == said and gaps(site) == []


def test_a_relay_that_comes_back_is_resumed(relay: Network, site_of: MakeSite) -> None:
    site, anna = site_of(relay), relay.person()
    with site.collecting():
        said = said_by(anna, "One")
    said |= said_by(anna, "Two")
    relay.tell("restart", kept=True)
    said |= said_by(anna, "Three")
    with site.collecting():
        said |= said_by(anna, "Four")
    assert kept(site) == said and gaps(site) == []


def test_a_relay_that_begins_anew_is_a_gap_that_is_told(relay: Network, site_of: MakeSite) -> None:
    site, anna = site_of(relay), relay.person()
    with site.collecting():
        said = said_by(anna, "One", "Two", "Three")
    relay.tell("restart", kept=False)
    bert = relay.person()
    lost = said_by(bert, "Four")  # in a new sequence that starts at one
    ended = site.once()
    assert ended.status == 1 and "FutureCursor" in ended.words
    [gap] = gaps(site)
    assert gap.state == "partial" and covers(gap, lost)
    with site.collecting():
        said |= said_by(bert, "Five")
    assert kept(site) == said


def test_what_a_relay_no_longer_has_is_a_gap_that_is_told(relay: Network, site_of: MakeSite) -> None:
    site, anna = site_of(relay), relay.person()
    with site.collecting():
        said = said_by(anna, "One")
    lost = said_by(anna, "Two")
    relay.tell("restart", kept=True, pds={"repoBackfillLimitMs": 1})
    ended = site.once()
    assert ended.status == 1 and "no longer has the events after" in ended.words
    [gap] = gaps(site)
    assert gap.state == "partial" and covers(gap, lost)
    with site.collecting():
        said |= said_by(anna, "Three")
    assert kept(site) == said
