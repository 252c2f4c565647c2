"""Reading counts again when they are due, from a real source into a real record."""

from __future__ import annotations

import json

import msgspec
import pytest

from hotpapers.base.errors import NetError, RetryLater
from hotpapers.base.model import DAY, HOUR, Coverage, Post, Snapshot
from hotpapers.collect.collect_job import LATE, RecountJob
from hotpapers.collect.sources.bluesky import BlueskySettings, BlueskySource
from hotpapers.jobs import queries as jobs_queries
from hotpapers.record import Record
from tests.collect.job_setup import recount_setup
from tests.collect.sources.net import START, ScriptedClient, reply
from tests.collect.story_source import LIST, StorySettings, StorySource


def story(short_id: str, score: int) -> bytes:
    created_at = "2026-01-01T00:00:00Z"
    link = "https://arxiv.org/abs/2512.00001"
    content = {"short_id": short_id, "created_at": created_at, "title": "On moss", "score": score, "url": link}
    return json.dumps({**content, "comment_count": 0}).encode()


def post(short_id: str) -> Post:
    return Post(
        post=f"hackernews:{short_id}", network="hackernews", account="hackernews:f", created_at=START, observed_at=START
    )


def likes_in(record: Record) -> list[int | None]:
    rows = record.database.rows("SELECT likes FROM snapshot WHERE until = 0 ORDER BY observed_at")
    return [row[0] for row in rows]


@pytest.mark.long
def test_counts_are_read_at_four_ages_and_no_more(store_url: str) -> None:
    times: list[int] = []

    def respond(url: str) -> bytes:
        times.append(http.now())
        return story("aa", len(times))

    http = ScriptedClient(respond)
    source = StorySource(StorySettings(), ())
    with recount_setup(store_url, source, http) as setup:
        setup.record.append([post("aa")], source="test")
        while http.now() < START + 10 * DAY:
            attempt = setup.loop.attempt()
            assert attempt is not None and attempt.state == "idle"
            http.sleep(HOUR / 1e6 / 4)
        ages = [round((at - START) / HOUR) for at in times]
        assert ages == [6, 24, 72, 168]
        assert likes_in(setup.record) == [1, 2, 3, 4]
        assert jobs_queries.load_state(setup.record, "hackernews/counts").items >= 4


def test_posts_that_seemed_old_by_a_clock_that_was_ahead_are_followed(store_url: str) -> None:
    """As on a machine that starts without a network."""
    http = ScriptedClient(list_or_story)
    with recount_setup(store_url, StorySource(StorySettings(), ()), http) as setup:
        setup.record.append([post("aa")], source="test")
        http.sleep(40 * DAY / 1e6)
        setup.loop.attempt()
        http.sleep((7 * HOUR - 40 * DAY) / 1e6)
        for _ in range(2):
            setup.loop.attempt()
            http.sleep(HOUR / 1e6)
        assert likes_in(setup.record) == [1]


def test_what_is_gone_is_noticed(store_url: str) -> None:
    http = ScriptedClient(lambda url: story("bb", 1) if url.endswith("bb.json") else reply(404))
    with recount_setup(store_url, StorySource(StorySettings(), ()), http) as setup:
        setup.record.append([post("aa"), post("bb")], source="test")
        http.sleep(7 * 3600)
        setup.loop.attempt()
        assert gone_in(setup.record) == ["hackernews:aa"]


def test_a_site_that_answers_404_everywhere_deletes_nothing(store_url: str) -> None:
    """Not even a single post at a time, and not for good."""
    is_blind = True
    http = ScriptedClient(lambda url: reply(404) if is_blind else list_or_story(url))
    with recount_setup(store_url, StorySource(StorySettings(), ()), http) as setup:
        setup.record.append([post("aa")], source="test")
        for _ in range(3):
            http.sleep(12 * 3600)
            setup.loop.attempt()
            assert gone_in(setup.record) == [] and setup.loop.problem is None
        is_blind = False
        http.sleep(12 * 3600)
        setup.loop.attempt()
        assert gone_in(setup.record) == [] and likes_in(setup.record) == [1]


def list_or_story(url: str) -> bytes:
    return b"[" + story("aa", 1) + b"]" if url == LIST else story("aa", 1)


def gone_in(record: Record) -> list[str]:
    rows = record.view().latest(Post, "t.gone <> ''")
    return [row.item.post for row in rows]


def test_a_wait_is_seen_and_what_was_answered_before_is_kept(store_url: str) -> None:
    """The network answers for one of two posts and then asks to wait: only the other post is requested again."""

    def respond(url: str) -> bytes:
        urls.append(url)
        if len(urls) == 2:
            raise RetryLater(3600, "no more")
        short_id = url.rsplit("/", 1)[1].removesuffix(".json")
        return story(short_id, 5)

    urls: list[str] = []
    http = ScriptedClient(respond)
    with recount_setup(store_url, StorySource(StorySettings(), ()), http) as setup:
        setup.record.append([post("aa"), post("bb")], source="test")
        http.sleep(7 * 3600)
        attempt = setup.loop.attempt()
        assert attempt is not None and attempt.state == "waiting"
        assert jobs_queries.load_state(setup.record, "hackernews/counts").failing_since is not None
        http.sleep(3600)
        attempt = setup.loop.attempt()
        assert attempt is not None and attempt.state == "idle"
        assert len(urls) == 3 and urls[1] == urls[2]
        assert setup.record.count(Snapshot) == 2


def test_a_network_whose_counts_cannot_be_read_is_read_in_part(store_url: str) -> None:
    """A post whose likes are unknown must not look like a post without likes."""
    http = ScriptedClient(lambda url: reply(503))
    with recount_setup(store_url, StorySource(StorySettings(), ()), http) as setup:
        setup.record.append([post("aa")], source="test")
        http.sleep(7 * 3600)
        start = http.now()
        for _ in range(3):
            assert setup.loop.attempt() is not None
            http.sleep(40 * 60)
        [row] = setup.record.view().latest(Coverage)
        assert row.item.reason.startswith("counts: ")
        assert (row.item.network, row.item.state) == ("hackernews", "partial")
        assert 0 <= row.item.from_at - start < 60_000_000
        assert row.item.until_at > start + HOUR, "a shorter delay is not reported"


def test_for_whom_nobody_answers_is_asked_again_later(store_url: str) -> None:
    http = ScriptedClient(lambda url: story("aa", 5) if url.endswith("aa.json") else reply(500))
    with recount_setup(store_url, StorySource(StorySettings(), ()), http) as setup:
        setup.record.append([post("aa"), post("bb")], source="test")
        http.sleep(7 * 3600)
        assert setup.loop.attempt() is not None
        count = len(http.requests)
        assert setup.loop.attempt() is not None and len(http.requests) == count
        http.sleep(6 * 3600)
        assert setup.loop.attempt() is not None
        assert [request.url[-7:] for request in http.requests[count:]] == ["bb.json"]


def test_refused_posts_do_not_keep_the_others_from_being_counted(store_url: str) -> None:
    """The first posts in line answer 403, as if their subreddit had gone private."""
    http = ScriptedClient(lambda url: story("aa", 5) if url.endswith("aa.json") else reply(403))
    short_ids = [f"{letter}{letter}" for letter in "bcdefgh"]
    with recount_setup(store_url, StorySource(StorySettings(), ()), http) as setup:
        setup.record.append([post(short_id) for short_id in short_ids], source="test")
        setup.record.append([post("aa")], source="test")
        http.sleep(7 * 3600)
        attempt = setup.loop.attempt()
        assert attempt is not None and attempt.state == "idle"
        assert likes_in(setup.record) == [5]
        requests = len(http.requests)
        assert setup.loop.attempt() is not None and len(http.requests) == requests


def test_counts_that_are_missing_for_more_than_an_hour_are_a_network_read_in_part(store_url: str) -> None:
    http = ScriptedClient({})
    with recount_setup(store_url, StorySource(StorySettings(), ()), http) as setup:
        job, context = setup.loop.job, setup.context()
        assert isinstance(job, RecountJob)
        http.advance(LATE / 1e6)
        for since, rows in ((None, 0), (START + 1, 0), (START, 0), (START - 1, 1)):
            context.note(failing_since=since)
            job._record_failure(context, NetError("no route"))
            assert setup.record.count(Coverage) == rows
        [row] = setup.record.view().latest(Coverage, "t.network = ?", ("hackernews",))
        assert isinstance(row.item, Coverage)
        report = (row.item.from_at, row.item.until_at, row.item.state, row.item.reason)
        assert report == (START - 1, START + LATE, "partial", "counts: no route")


def test_what_is_kept_of_an_error_names_no_post(store_url: str) -> None:
    """The reason stays in issues and exports for good; the post may be forgotten."""
    http = ScriptedClient({})
    with recount_setup(store_url, StorySource(StorySettings(), ()), http) as setup:
        job, context = setup.loop.job, setup.context()
        assert isinstance(job, RecountJob)
        http.advance(2 * LATE / 1e6)
        context.note(failing_since=START)
        job._record_failure(
            context,
            NetError("https://stories.example:8080/s/abcdef.json: answered 500 at https://a.example/x/y, again"),
        )
        [row] = setup.record.view().latest(Coverage, "t.network = ?", ("hackernews",))
        assert isinstance(row.item, Coverage)
        assert row.item.reason == "counts: https://stories.example:8080: answered 500 at https://a.example, again"


def test_a_view_that_knows_no_posts_makes_none_gone(store_url: str) -> None:
    """Bluesky's view fails for an hour, but answers 200."""
    keys = [f"bluesky:at://did:plc:a/app.bsky.feed.post/{n}" for n in range(6)]
    posts = [
        msgspec.structs.replace(post("aa"), post=key, network="bluesky", account="bluesky:did:plc:a") for key in keys
    ]

    def answer(url: str) -> bytes:
        uris = [key.removeprefix("bluesky:") for key in keys]
        views = [{"uri": uri, "author": {"did": "did:plc:a"}, "record": {}} for uri in uris]
        return json.dumps({"posts": [] if http.now() < START + 8 * HOUR else views[1:]}).encode()

    http = ScriptedClient(answer)
    with recount_setup(store_url, BlueskySource(BlueskySettings()), http) as setup:
        setup.record.append(posts, source="test")
        states = []
        for hours in (7, 1, 6):
            http.sleep(hours * 3600)
            attempt = setup.loop.attempt()
            assert attempt is not None
            states.append(attempt.state)
        assert states == ["partial", "idle", "idle"], "it asks again six hours after the first time"
        gone = [item.post for item in setup.record.view().items(Post) if item.gone]
        assert gone == [posts[0].post]
