"""Reading stored payloads again: the same reader changes nothing, a better reader changes only what it reads better."""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress

import msgspec
import pytest

from hotpapers.base.errors import Stopped
from hotpapers.base.model import HOUR, Item, Post, RawPayload
from hotpapers.base.network_terms import TERMS
from hotpapers.collect import reprocessing
from hotpapers.collect.change_filter import SharedPaperIndex, TrackedPosts
from hotpapers.collect.collect_job import CollectJob
from hotpapers.collect.job_factory import ConfiguredSource, read_settings
from hotpapers.collect.sources import CORE, SOURCES
from hotpapers.jobs.connection import Connection
from hotpapers.record import AsOfView, Record
from hotpapers.record.reparse import ReparsePlan
from hotpapers.record.verify import check_record
from tests.collect import job_setup
from tests.collect.story_source import StorySettings, StorySource
from tests.loopback.clock import SteppedClock, moment
from tests.loopback.direct_client import DirectClient
from tests.loopback.settings import settings_toml
from tests.loopback.world import World

WORLD = World(1, "2026-02-23", post_rate=4)
NOW = moment("2026-03-12T15:00")


def collect(record: Record, store: str, name: str) -> ConfiguredSource:
    """Runs three rounds of a network, ten hours apart, between which posts are edited, counted and deleted. Returns
    the settings."""
    names, tracked = SharedPaperIndex(), TrackedPosts(record, name, NOW)
    for now in range(NOW, NOW + 30 * HOUR, 10 * HOUR):
        http = DirectClient(WORLD, SteppedClock(now), stop_at=now + HOUR)
        table = tomllib.loads(settings_toml(http.bases))["source"][name]
        configured_source = ConfiguredSource(name, read_settings(name, table, ""))
        source = SOURCES[name][0](configured_source.settings, tracked, names.names)
        job = CollectJob(source, Connection(http), tracked, TERMS[name], names=names)
        loop = job_setup.loop_of(job, store, http, "one")
        with suppress(Stopped):  # streams don't end by themselves
            loop.attempt(once=True)
        loop._leases.end(loop.job.name)
        loop._close_store()
    return configured_source


@pytest.mark.long
@pytest.mark.parametrize("name", SOURCES)
def test_what_was_just_read_is_read_as_it_was(sqlite_url: str, name: str) -> None:
    with Record(sqlite_url) as record:
        if name != "arxiv":
            collect(record, sqlite_url, "arxiv")
        configured_source, head = collect(record, sqlite_url, name), record.head
        plan = reprocessing.plan(record, configured_source, TERMS[name])
        assert plan.kept > 0 and plan.is_nothing and not plan.unreadable, plan
        assert reprocessing.reprocess(record, configured_source, TERMS[name]).position is None
        assert record.head == head


# ---- changed readers -------------------------------------------------------------------------------------


class OldReader(StorySource):
    """An older version that cannot read stories with comments."""

    def read(self, payload: RawPayload) -> Iterable[Item]:
        if msgspec.json.decode(payload.body)["comment_count"]:
            raise ValueError("comments are new to it")
        return super().read(payload)


class LowercaseReader(StorySource):
    """Reads titles in lower case."""

    def read(self, payload: RawPayload) -> Iterable[Item]:
        for item in super().read(payload):
            yield msgspec.structs.replace(item, text=item.text.lower()) if isinstance(item, Post) else item


class FailingReader(StorySource):
    """Cannot read anything any more."""

    def read(self, payload: RawPayload) -> Iterable[Item]:
        raise ValueError("not today")


class EmptyReader(StorySource):
    """Finds nothing in what it reads."""

    def read(self, payload: RawPayload) -> Iterable[Item]:
        return ()


def story(short_id: str, title: str, comments: int = 0) -> dict[str, object]:
    return {
        "short_id": short_id, "created_at": "2026-03-12T09:00:00.000-05:00", "title": title,
        "url": f"https://arxiv.org/abs/2603.0{short_id[-4:]}", "score": 3, "comment_count": comments,
        "submitter_user": "tansy", "description_plain": "",
    }  # fmt: skip


STORIES = [story("a11001", "Teapots that Pour Themselves"), story("a11002", "Kettles", 4)]
CHOICE = ConfiguredSource("hackernews", StorySettings())
UseReader = Callable[[type[StorySource]], None]


@pytest.fixture
def use_reader(monkeypatch: pytest.MonkeyPatch) -> UseReader:
    """Makes the program read stories, as those of Hacker News, with another reader."""
    return lambda reader: monkeypatch.setitem(CORE, "hackernews", (reader, StorySettings))


@pytest.fixture
def old_record(store_url: str) -> Iterator[Record]:
    """A record of two stories, one of which an older version could not read."""
    with job_setup.collect_setup(store_url, msgspec.json.encode(STORIES), source=OldReader(StorySettings())) as setup:
        setup.loop.attempt(once=True)
        yield setup.record


def texts(view: AsOfView) -> list[str]:
    return sorted(row.item.text for row in view.latest(Post))


def test_a_better_reader_says_what_it_would_change_and_changes_that(old_record: Record, use_reader: UseReader) -> None:
    use_reader(LowercaseReader)
    old_view, head = old_record.view(), old_record.head
    plan = reprocessing.plan(old_record, CHOICE, TERMS["hackernews"])
    added = {"post": 2, "snapshot": 1, "mention": 1}  # the account is already known
    assert plan == ReparsePlan({"post": 1}, added, kept=1, unreadable=0, apart=1, readable=1)
    assert old_record.head == head, "a plan changes nothing"
    result = reprocessing.reprocess(old_record, CHOICE, TERMS["hackernews"])
    assert result.added == sum(added.values())
    assert texts(old_record.view()) == ["kettles", "teapots that pour themselves"]
    assert texts(old_view) == ["Teapots that Pour Themselves"], "what issues were made from stays"
    assert reprocessing.plan(old_record, CHOICE, TERMS["hackernews"]).is_nothing
    assert not check_record(old_record.database, old_record.hasher).findings


def test_a_reader_that_cannot_read_any_more_changes_nothing(old_record: Record, use_reader: UseReader) -> None:
    use_reader(FailingReader)
    head = old_record.head
    plan = reprocessing.plan(old_record, CHOICE, TERMS["hackernews"])
    assert plan == ReparsePlan({}, {}, kept=1, unreadable=1, apart=1, readable=0) and plan.is_nothing
    assert reprocessing.reprocess(old_record, CHOICE, TERMS["hackernews"]).quarantined == 1
    assert old_record.head == head


def test_a_reader_that_makes_nothing_of_it_closes_all_and_says_so_before(
    old_record: Record, use_reader: UseReader
) -> None:
    use_reader(EmptyReader)
    plan = reprocessing.plan(old_record, CHOICE, TERMS["hackernews"])
    removals = {"account": 1, "post": 1, "mention": 1, "snapshot": 1}
    assert plan == ReparsePlan(removals, {}, kept=1, unreadable=0, apart=1, readable=1)
    reprocessing.reprocess(old_record, CHOICE, TERMS["hackernews"])
    assert texts(old_record.view()) == []
    assert not check_record(old_record.database, old_record.hasher).findings
