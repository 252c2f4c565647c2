"""Reading stored payloads again: the same reader changes nothing, a better one changes what it reads better."""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress

import msgspec
import pytest

from hotpapers.errors import Stopped
from hotpapers.ingest import reprocessing
from hotpapers.ingest.change_filter import TrackedPosts
from hotpapers.ingest.collect_job import CollectJob, Connection
from hotpapers.ingest.job_factory import ConfiguredSource, read_settings
from hotpapers.ingest.shared_index import SharedPaperIndex
from hotpapers.model import HOUR, Item, Post, RawPayload
from hotpapers.sources import SOURCES
from hotpapers.sources.lobsters import LobstersSettings, LobstersSource
from hotpapers.store import AsOfView, Record
from hotpapers.store.reparse import ReparsePlan
from hotpapers.store.verify import check
from hotpapers.terms import TERMS
from tests.ingest import made
from tests.loopback.clock import SteppedClock, moment
from tests.loopback.loopnet import LoopClient
from tests.loopback.settings import settings_toml
from tests.loopback.world import World

WORLD = World(1, "2026-02-23", talk=4)
NOW = moment("2026-03-12T15:00")


def collected(record: Record, store: str, name: str) -> ConfiguredSource:
    """Runs three rounds of a network, ten hours apart; posts are edited, counted and deleted meanwhile. Returns the
    settings."""
    names, known = SharedPaperIndex(), TrackedPosts(record, name, NOW)
    for at in range(NOW, NOW + 30 * HOUR, 10 * HOUR):
        http = LoopClient(WORLD, SteppedClock(at), stop_at=at + HOUR)
        table = tomllib.loads(settings_toml(http.bases))["source"][name]
        choice = ConfiguredSource(name, read_settings(name, table, ""))
        source = SOURCES[name][0](choice.settings, known, names.names)
        job = CollectJob(source, Connection(http), known, TERMS[name], names=names)
        rounds = made.rounds_of(job, store, http, "one")
        with suppress(Stopped):  # streams don't end by themselves
            rounds.attempt(once=True)
        rounds._leases.end(rounds.job.name)
        rounds._close_store()
    return choice


@pytest.mark.long
@pytest.mark.parametrize("name", SOURCES)
def test_what_was_just_read_is_read_as_it_was(sqlite_url: str, name: str) -> None:
    with Record(sqlite_url) as record:
        if name != "arxiv":
            collected(record, sqlite_url, "arxiv")
        choice, chain = collected(record, sqlite_url, name), record.head
        planned = reprocessing.plan(record, choice, TERMS[name])
        assert planned.kept > 0 and planned.is_nothing and not planned.unreadable, planned
        assert reprocessing.reprocess(record, choice, TERMS[name]).position is None
        assert record.head == chain


# ---- changed readers -------------------------------------------------------------------------------------


class Picky(LobstersSource):
    """An older version that cannot read stories with comments."""

    def read(self, seen: RawPayload) -> Iterable[Item]:
        if msgspec.json.decode(seen.body)["comment_count"]:
            raise ValueError("comments are new to it")
        return super().read(seen)


class Better(LobstersSource):
    """Reads titles in lower case."""

    def read(self, seen: RawPayload) -> Iterable[Item]:
        for item in super().read(seen):
            yield msgspec.structs.replace(item, text=item.text.lower()) if isinstance(item, Post) else item


class Worse(LobstersSource):
    """Cannot read anything any more."""

    def read(self, seen: RawPayload) -> Iterable[Item]:
        raise ValueError("not today")


class Deaf(LobstersSource):
    """Finds nothing in what it reads."""

    def read(self, seen: RawPayload) -> Iterable[Item]:
        return ()


def story(own: str, title: str, comments: int = 0) -> dict[str, object]:
    return {
        "short_id": own, "created_at": "2026-03-12T09:00:00.000-05:00", "title": title,
        "url": f"https://arxiv.org/abs/2603.0{own[-4:]}", "score": 3, "comment_count": comments,
        "submitter_user": "tansy", "description_plain": "",
    }  # fmt: skip


STORIES = [story("a11001", "Teapots that Pour Themselves"), story("a11002", "Kettles", 4)]
CHOICE = ConfiguredSource("lobsters", LobstersSettings())
Reads = Callable[[type[LobstersSource]], None]


@pytest.fixture
def reads(monkeypatch: pytest.MonkeyPatch) -> Reads:
    """Makes the program read Lobsters with another reader."""
    return lambda reader: monkeypatch.setitem(SOURCES, "lobsters", (reader, LobstersSettings))


@pytest.fixture
def old(store_url: str) -> Iterator[Record]:
    """A record of two stories, one of which an older version could not read."""
    with made.reading(store_url, msgspec.json.encode(STORIES), source=Picky(LobstersSettings())) as job:
        job.rounds.attempt(once=True)
        yield job.record


def texts(view: AsOfView) -> list[str]:
    return sorted(row.item.text for row in view.latest(Post) if isinstance(row.item, Post))


def test_a_better_reader_says_what_it_would_change_and_changes_that(old: Record, reads: Reads) -> None:
    reads(Better)
    before, chain = old.view(), old.head
    planned = reprocessing.plan(old, CHOICE, TERMS["lobsters"])
    added = {"post": 2, "snapshot": 1, "mention": 1}  # the account is already known
    assert planned == ReparsePlan({"post": 1}, added, kept=1, unreadable=0, apart=1, readable=1)
    assert old.head == chain, "a plan changes nothing"
    done = reprocessing.reprocess(old, CHOICE, TERMS["lobsters"])
    assert done.added == sum(added.values())
    assert texts(old.view()) == ["kettles", "teapots that pour themselves"]
    assert texts(before) == ["Teapots that Pour Themselves"], "what issues rest on stays"
    assert reprocessing.plan(old, CHOICE, TERMS["lobsters"]).is_nothing
    assert not check(old.database, old.hasher).findings


def test_a_reader_that_cannot_read_any_more_changes_nothing(old: Record, reads: Reads) -> None:
    reads(Worse)
    chain = old.head
    planned = reprocessing.plan(old, CHOICE, TERMS["lobsters"])
    assert planned == ReparsePlan({}, {}, kept=1, unreadable=1, apart=1, readable=0) and planned.is_nothing
    assert reprocessing.reprocess(old, CHOICE, TERMS["lobsters"]).quarantined == 1
    assert old.head == chain


def test_a_reader_that_makes_nothing_of_it_closes_all_and_says_so_before(old: Record, reads: Reads) -> None:
    reads(Deaf)
    planned = reprocessing.plan(old, CHOICE, TERMS["lobsters"])
    closed = {"account": 1, "post": 1, "mention": 1, "snapshot": 1}
    assert planned == ReparsePlan(closed, {}, kept=1, unreadable=0, apart=1, readable=1)
    reprocessing.reprocess(old, CHOICE, TERMS["lobsters"])
    assert texts(old.view()) == []
    assert not check(old.database, old.hasher).findings
