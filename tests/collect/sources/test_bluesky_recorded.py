"""Every recording of Bluesky is either read or listed here with the reason why not."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from hotpapers.base.model import Account, Item, Mention, Post, RawPayload, Reaction, Snapshot
from hotpapers.base.papers.mentions.paper_index import NO_NAMES
from hotpapers.collect.sources.bluesky import BlueskySettings, BlueskySource, schemas
from hotpapers.collect.sources.bluesky.stream_filter import EventFilter
from tests.collect.sources.cases import AT
from tests.collect.sources.net import ScriptedClient, reply

WRITES = "a response to a write; the program only reads"
GENERATOR = "a feed generator's response; generators are not queried"
SEARCH = "search requires an account, so it is not used"
NOT_REQUESTED = "not requested: getPosts returns counts, handle and labels at once"
REPOSITORY = "a whole repository; the stream has each record as it comes"
NOT_READ = {
    "local/_index.json": "the recorder's own list of its files",
    "local/applyWrites.json": WRITES,
    "local/createAccount.json": WRITES,
    "local/createRecord_post.json": WRITES,
    "local/createRecord_unauth.json": WRITES,
    "local/createSession_badpw.json": WRITES,
    "local/deleteRecord.json": WRITES,
    "local/av_getFeedGenerator.json": GENERATOR,
    "local/fg_describeFeedGenerator.json": GENERATOR,
    "local/fg_getFeedSkeleton_page1.json": GENERATOR,
    "local/fg_getFeedSkeleton_page2.json": GENERATOR,
    "local/fg_getFeedSkeleton_unknown.json": GENERATOR,
    "local/searchPosts_missing_q.json": SEARCH,
    "local/searchPostsV2_domains.json": SEARCH,
    "local/searchPostsV2_nothing.json": SEARCH,
    "local/searchPostsV2_query.json": SEARCH,
    "local/describeServer.json": NOT_REQUESTED,
    "local/getLikes.json": NOT_REQUESTED,
    "local/getPostThread_notfound.json": NOT_REQUESTED,
    "local/getProfile.json": NOT_REQUESTED,
    "local/getProfile_unknown.json": NOT_REQUESTED,
    "local/getRecord_missing.json": NOT_REQUESTED,
    "local/getRepostedBy.json": NOT_REQUESTED,
    "local/listRecords_posts.json": NOT_REQUESTED,
    "local/plc_did_doc.json": NOT_REQUESTED,
    "local/resolveHandle.json": NOT_REQUESTED,
    "local/unknown_method.json": NOT_REQUESTED,
    "local/getRepo_alice.car": REPOSITORY,
    "network/getRepo_calabro.car": REPOSITORY,
    "network/getRepo_calabro.records.tsv": REPOSITORY,
}
# Post views anywhere in an answer: number of posts, number of mentions.
VIEWS = {
    "local/av_getFeed.json": (3, 4),
    "local/getAuthorFeed_page1.json": (1, 1),
    "local/getAuthorFeed_page2.json": (1, 1),
    "local/getPostThread.json": (2, 2),
    "local/getPosts_mixed_missing.json": (4, 3),
    "local/getQuotes.json": (1, 0),
    "local/searchPosts_arxiv.json": (2, 2),
    "local/searchPosts_domain.json": (0, 0),
    "local/searchPosts_empty.json": (0, 0),
    "local/searchPosts_page1.json": (2, 2),
    "local/searchPosts_page2.json": (2, 3),
    "local/searchPosts_q_domain.json": (6, 7),
}
REFUSALS = ("local/getPosts_bad_uri.json", "local/getPosts_too_many.json")
JETSTREAM = ("network/jetstream_v1_golden10.jsonl", "network/jetstream_v1_same_window_152_events.jsonl")
FRAMES = {
    "local/firehose_session.frames.bin": 33,
    "local/firehose_cursor0_first5.frames.bin": 5,
    "local/firehose_future_cursor.frames.bin": 1,
    "network/relay_firehose_150_frames.u32le.bin.zst": 150,
}
MANIFEST = "network/relay_firehose_manifest.json"
BLUESKY = BlueskySource(BlueskySettings())


@pytest.fixture
def bluesky(shared: Path) -> Path:
    return shared / "recordings" / "bluesky"


def test_every_recording_is_in_one_list(bluesky: Path) -> None:
    files = sorted(file.relative_to(bluesky).as_posix() for file in bluesky.rglob("*") if file.is_file())
    assert sorted([*NOT_READ, *VIEWS, *REFUSALS, *JETSTREAM, *FRAMES, MANIFEST]) == files and len(files) == 51


# ---- views ---------------------------------------------------------------------------------------------


def views_in(value: Any) -> Iterator[Any]:
    """Posts with their counts, without those nested in others."""
    if isinstance(value, dict) and "record" in value and "likeCount" in value:
        yield value
    elif isinstance(value, dict | list):
        for part in value.values() if isinstance(value, dict) else value:
            yield from views_in(part)


@pytest.mark.parametrize("path", VIEWS)
def test_views_are_read(bluesky: Path, path: str) -> None:
    body = json.loads(bluesky.joinpath(path).read_bytes())["response"]["json"]
    items = [
        item
        for view in views_in(body)
        for item in BLUESKY.read(RawPayload("counts", view["uri"], json.dumps(view).encode(), AT))
    ]
    kinds = [type(item) for item in items]
    assert kinds.count(Post) == kinds.count(Snapshot) == kinds.count(Account)
    assert (kinds.count(Post), kinds.count(Mention)) == VIEWS[path]


def test_a_view_has_its_counts_its_link_and_its_card(bluesky: Path) -> None:
    body = json.loads(bluesky.joinpath("local/getPosts_mixed_missing.json").read_bytes())["response"]["json"]
    post, account, mention, snapshot = BLUESKY.read(RawPayload("counts", "", json.dumps(body["posts"][0]).encode(), AT))
    assert isinstance(post, Post) and isinstance(account, Account)
    [link] = post.links
    assert post.text[link.start : link.end] == "arxiv.org/abs/2210.036..." and link.target.endswith("/2210.03629")
    assert isinstance(mention, Mention) and (mention.paper, mention.found_in) == ("arxiv:2210.03629", "link")
    assert isinstance(snapshot, Snapshot)
    assert (snapshot.likes, snapshot.reposts, snapshot.replies, snapshot.quotes) == (1, 1, 1, 1)
    dated_post = next(iter(BLUESKY.read(RawPayload("counts", "", json.dumps(body["posts"][3]).encode(), 2 * AT))))
    assert isinstance(dated_post, Post) and dated_post.created_at // 10**12 == 1795


@pytest.mark.parametrize("path", REFUSALS)
def test_a_batch_that_is_refused_is_asked_one_by_one(bluesky: Path, path: str) -> None:
    answer = json.loads(bluesky.joinpath(path).read_bytes())["response"]
    http = ScriptedClient(lambda _: reply(answer["status"], json.dumps(answer["json"]).encode()))
    assert [page.payloads for page in BLUESKY.counts(http, ["bluesky:a", "bluesky:b"])] == [[]]
    assert len(http.requests) == 3


# ---- the stream ----------------------------------------------------------------------------------------


class EveryPost:
    """Tracks every post."""

    def __contains__(self, key: object) -> bool:
        return True


def items_of(events: list[bytes]) -> list[Item]:
    event_filter = EventFilter(EveryPost(), reactions=True, remembers=1000, names=NO_NAMES)
    payloads = [payload for body in events for payload in event_filter.payloads(schemas.read_event(body), body, AT)]
    return [item for payload in payloads for item in BLUESKY.read(payload)]


def count(items: list[Item], kind: type[Item]) -> int:
    return sum(isinstance(item, kind) for item in items)


def test_ten_events_of_jetstream_are_read(bluesky: Path) -> None:
    items = items_of((bluesky / JETSTREAM[0]).read_bytes().splitlines())
    assert count(items, Reaction) > 0 and count(items, Mention) == 0
