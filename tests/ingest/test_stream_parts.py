"""Several jobs share Bluesky's stream by accounts: what one of them lets in, the others track from then on."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from itertools import chain

import msgspec
import pytest

from hotpapers.errors import NetError
from hotpapers.ingest.change_filter import TrackedPosts
from hotpapers.ingest.collect_job import CollectJob, Connection
from hotpapers.jobs.loop import JobLoop
from hotpapers.model import HOUR, Item, Post, RawPayload, Reaction
from hotpapers.sources.bluesky import BlueskySettings, BlueskySource
from hotpapers.sources.bluesky.stream_filter import AccountShard
from hotpapers.store import Record
from hotpapers.terms import TERMS
from tests.ingest.job_setup import loop_of
from tests.sources.bluesky_events import at_uri, create, post, reaction_event, tid
from tests.sources.net import START, ScriptedClient

PARTS = [AccountShard(number, 2) for number in (1, 2)]
PEOPLE = [[did for did in (f"did:plc:madeup{n}" for n in range(9)) if part.has(did)] for part in PARTS]
SETTINGS = BlueskySettings(jetstream=("wss://one.example",), mode="stream", silence=0, parts=2)
TEXT = "arXiv:2601.01234, on moss"
AUTHOR = PEOPLE[1][0]
"""An account of the second part, who posts."""
KEY = f"bluesky:{at_uri(AUTHOR, START)}"


@contextmanager
def reader(store: str, part: int, messages: Iterable[bytes], now: int = START + HOUR) -> Iterator[JobLoop]:
    """The job of a part. An attempt reads the messages, one a second, until the connection breaks."""
    http = ScriptedClient(lambda _: chain(messages, [NetError("the server is gone")]), now=now)
    with Record(store) as record:
        tracked = TrackedPosts(record, "bluesky", http.now())
    source = BlueskySource(msgspec.structs.replace(SETTINGS, part=part), tracked)
    job = CollectJob(source, Connection(http), tracked, TERMS["bluesky"], name=f"bluesky/{part}of2")
    loop = loop_of(job, store, http, f"reader {part}")
    try:
        yield loop
    finally:
        loop._close_store()


def posting(*, text: str = TEXT) -> bytes:
    return create(AUTHOR, post(text), rkey=tid(START), time=START)


def likes(start: int) -> list[bytes]:
    """A like of the post by an account of each part."""
    return [
        reaction_event(people[-1], KEY.removeprefix("bluesky:"), time=start + number)
        for number, people in enumerate(PEOPLE)
    ]


def voices(record: Record) -> set[str]:
    """The accounts whose like of the post is in the record."""
    return {item.account.removeprefix("bluesky:") for item in record.view().items(Reaction) if item.post == KEY}


def test_no_part_misses_a_reaction_to_a_post_of_another_part(store_url: str) -> None:
    """The part of the post's author is hours behind, or does not run at all."""
    messages = [posting(), *likes(START + 1)]
    with Record(store_url) as record:
        with reader(store_url, 1, messages) as first:
            first.attempt()
            assert voices(record) == {PEOPLE[0][-1]}
        with reader(store_url, 1, likes(START + 1)) as first, reader(store_url, 2, messages) as second:
            first.attempt()
            second.attempt()
        assert voices(record) == {people[-1] for people in PEOPLE}
        assert record.database.rows("SELECT count(*) FROM post") == [(1,)], "both parts read the post"


def test_a_post_that_another_part_has_just_stored_is_tracked_at_once(store_url: str) -> None:
    def messages() -> Iterator[bytes]:
        with reader(store_url, 2, [posting()]) as second:
            second.attempt()
        yield from [posting(), *likes(START + 1)]

    with Record(store_url) as record, reader(store_url, 1, messages()) as first:
        first.attempt()
        assert voices(record) == {PEOPLE[0][-1]}


def test_a_post_that_two_parts_store_at_once_is_tracked_by_both(
    store_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Record(store_url) as record, reader(store_url, 1, [posting(), *likes(START + 1)]) as first:
        assert isinstance(first.job, CollectJob)
        read = BlueskySource.read

        def read_second(source: BlueskySource, payload: RawPayload) -> Iterable[Item]:
            monkeypatch.setattr(BlueskySource, "read", read)
            with reader(store_url, 2, [posting()]) as second:
                second.attempt()
            return source.read(payload)

        monkeypatch.setattr(BlueskySource, "read", read_second)
        first.attempt()
        assert voices(record) == {PEOPLE[0][-1]}
        assert record.database.rows("SELECT count(*) FROM post") == [(1,)]


def test_other_parts_change_no_post(store_url: str) -> None:
    """Its author deleted it, and the first part reads its beginning only later."""
    with Record(store_url) as record:
        with reader(store_url, 2, [posting(), create(AUTHOR, None, rkey=tid(START), time=START + 2)]) as second:
            second.attempt()
        with reader(store_url, 1, [posting(), create(AUTHOR, None, rkey=tid(START), time=START + 2)]) as first:
            first.attempt()
        [row] = record.view().latest(Post)
        assert isinstance(row.item, Post) and row.item.gone
        assert record.database.rows("SELECT count(*) FROM post") == [(2,)]


def test_a_post_that_is_read_again_keeps_its_author_s_handle(store_url: str) -> None:
    """The counts told of the handle before the part of the author read the post."""
    with Record(store_url) as record:
        with reader(store_url, 1, [posting()]) as first:
            first.attempt()
        [row] = record.view().latest(Post)
        named = msgspec.structs.replace(row.item, handle="ada.example", observed_at=row.item.observed_at + 1)
        record.append([named], source="test")
        with reader(store_url, 2, [posting()], START + 9 * HOUR) as second:
            second.attempt()
        [row] = record.view().latest(Post)
        assert isinstance(row.item, Post) and row.item.handle == "ada.example"
