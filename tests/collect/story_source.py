"""A source for tests of the jobs: stories on one page, with counts of their own, and stories that are gone.

It stands in for the source of Hacker News, whose requests and answers are more than these tests need.
"""

from __future__ import annotations

import datetime
from collections.abc import Container, Iterable, Iterator, Sequence

import msgspec

from hotpapers.base.model import Account, HttpClient, Item, PayloadPage, Post, RawPayload, Snapshot
from hotpapers.base.papers.mentions.paper_index import NO_NAMES, PaperIndex
from hotpapers.collect.sources.batched_requests import GONE, RemovalCheck, one_by_one
from hotpapers.collect.sources.decoding import decode_or_none, decode_response, microseconds_of, unreadable_key
from hotpapers.collect.sources.paper_mentions import gone_post, mentions_of

LIST = "https://stories.example/list.json"
NETWORK = "hackernews"


class StorySettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`every`: seconds between rounds."""

    every: int = 3600


class _StoryId(msgspec.Struct):
    short_id: str


class _Story(_StoryId):
    created_at: datetime.datetime
    title: str = ""
    url: str = ""
    score: int | None = None
    comment_count: int | None = None
    submitter_user: str = ""


class StorySource:
    """The connector. The cursor is the start of the last round, in µs."""

    name = NETWORK

    def __init__(self, settings: StorySettings, known: Container[str] = (), names: PaperIndex = NO_NAMES) -> None:
        self.every, self.names = settings.every, names
        self.reach: int | None = None
        self._removal_check = RemovalCheck()

    def pages(self, http: HttpClient, cursor: str | None) -> Iterator[PayloadPage]:
        """The stories of the page."""
        started_at = http.now()
        yield PayloadPage(self._listed(http), str(started_at))

    def _listed(self, http: HttpClient) -> list[RawPayload]:
        response = http.get(LIST)
        stories = decode_response(response, list[msgspec.Raw])
        return [RawPayload("post", _short_id(story), bytes(story), response.at) for story in stories]

    def counts(self, http: HttpClient, keys: Sequence[str]) -> Iterator[PayloadPage]:
        """Each story's current score and comments, or that it is gone."""

        def ask(short_ids: Sequence[str]) -> Iterator[PayloadPage]:
            return one_by_one(short_ids, lambda short_id: self._story(http, short_id))

        short_ids = [key.removeprefix(f"{NETWORK}:") for key in keys]
        return self._removal_check.pages(short_ids, ask, lambda: [story.key for story in self._listed(http)])

    def _story(self, http: HttpClient, short_id: str) -> PayloadPage:
        response = http.get(f"https://stories.example/s/{short_id}.json", accept=GONE)
        if response.status in GONE:
            return PayloadPage([RawPayload("gone", short_id, b"null", response.at)])
        decode_response(response, _StoryId)
        return PayloadPage([RawPayload("counts", short_id, response.body, response.at)])

    def read(self, payload: RawPayload) -> Iterable[Item]:
        """Reads a story with its papers, a story's counts, or that it is gone."""
        key, at = f"{NETWORK}:{payload.key}", payload.at
        if payload.kind == "gone":
            return [gone_post(NETWORK, key, at, "deleted")]
        story = msgspec.json.decode(payload.body, type=_Story)
        snapshot = Snapshot(post=key, likes=story.score, replies=story.comment_count, observed_at=at)
        if payload.kind == "counts":
            return [snapshot]
        user = story.submitter_user
        account = f"{NETWORK}:{user}" if user else ""
        post = Post(
            post=key, network=NETWORK, account=account, created_at=microseconds_of(story.created_at), text=story.title,
            handle=user, observed_at=at,
        )  # fmt: skip
        mentions = mentions_of(key, at, story.title, [story.url], self.names)
        accounts = [Account(account=account, handle=user, observed_at=at)] if user else []
        return [post, *accounts, snapshot, *mentions]


def _short_id(story: msgspec.Raw) -> str:
    entry = decode_or_none(story, _StoryId)
    return entry.short_id if entry else unreadable_key(story)
