"""The connector of Reddit."""

from __future__ import annotations

import re
from collections.abc import Container, Iterable, Iterator, Sequence

import msgspec

from hotpapers.base.ids.mentions.paper_index import NO_NAMES, PaperIndex
from hotpapers.base.model import DAY, HttpClient, Item, PayloadPage, RawPayload
from hotpapers.base.settings.limits import AtLeastOne
from hotpapers.collect.sources.batched_requests import ids_in
from hotpapers.collect.sources.endpoint_rotation import EndpointRotation
from hotpapers.collect.sources.paper_mentions import gone_post
from hotpapers.wings.reddit import post_parser
from hotpapers.wings.reddit.oauth_api import RedditApi
from hotpapers.wings.reddit.post_parser import NETWORK
from hotpapers.wings.reddit.subreddit_feeds import RedditFeeds

_KEY = re.compile(rf"{NETWORK}:(t3_[0-9a-z]{{1,13}})", re.ASCII)


class RedditSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`subreddits`: which are read. `client_id`, `client_secret`: the operator's own application; without them, the
    feeds are read. `feed_token`, `feed_user`: what the addresses of the operator's own feeds have, if feeds are shown
    only to accounts. `web`, `api`: base addresses. `every`: seconds between rounds."""

    subreddits: tuple[str, ...] = ("MachineLearning",)
    client_id: str = ""
    client_secret: str = ""
    feed_token: str = ""
    feed_user: str = ""
    web: str = "https://www.reddit.com"
    api: str = "https://oauth.reddit.com"
    every: AtLeastOne = 900

    def __post_init__(self) -> None:
        if bool(self.feed_token) != bool(self.feed_user):
            raise ValueError(
                "feed_token and feed_user belong together; copy both from the address of one of your feeds"
            )


class RedditSource:
    """The connector. The cursor keeps the newest creation time read from each subreddit, in seconds."""

    name = NETWORK

    def __init__(self, settings: RedditSettings, known: Container[str] = (), names: PaperIndex = NO_NAMES) -> None:
        self.settings, self.known, self.names = settings, known, names
        self.every = settings.every
        self.reach: int | None = DAY
        self._rotation = EndpointRotation()
        self._read_since: dict[str, int] = {}
        has_key = bool(settings.client_id and settings.client_secret)
        self._reader = (
            RedditApi(settings.web, settings.api, settings.client_id, settings.client_secret, known)
            if has_key
            else RedditFeeds(settings.web, settings.every, known, (settings.feed_token, settings.feed_user))
        )

    def pages(self, http: HttpClient, cursor: str | None) -> Iterator[PayloadPage]:
        """The newest posts of each subreddit. A failing subreddit doesn't stop the others; its error is raised last."""
        newest = msgspec.json.decode(cursor, type=dict[str, float]) if cursor else {}
        self._reader.begin(http)
        parts = ((name, self._reader.new_posts(http, name, newest)) for name in self.settings.subreddits)
        yield from self._rotation.pages(http, parts, final_pages=self._reader.end(http))

    def pages_since(self, http: HttpClient, cursor: str | None, since: int) -> Iterator[PayloadPage]:
        """A round in which each subreddit is first read back to a moment, as far as its list goes; again in a new
        process, which cannot know how far an earlier one came."""
        newest = msgspec.json.decode(cursor, type=dict[str, float]) if cursor else {}
        self._reader.begin(http)
        parts = ((name, self._new_since(http, name, newest, since)) for name in self.settings.subreddits)
        yield from self._rotation.pages(http, parts, final_pages=self._reader.end(http))
        if len(self._read_since) == len(set(self.settings.subreddits)):
            yield PayloadPage(since=max(self._read_since.values()))

    def _new_since(self, http: HttpClient, name: str, newest: dict[str, float], since: int) -> Iterator[PayloadPage]:
        if name in self._read_since:
            yield from self._reader.new_posts(http, name, newest)
            return
        complete_from = since
        for page in self._reader.new_posts(http, name, newest, since / 1e6):
            complete_from = max(complete_from, page.since or 0)
            yield page._replace(since=None)
        self._read_since[name] = complete_from

    def counts(self, http: HttpClient, keys: Sequence[str]) -> Iterator[PayloadPage]:
        """With a key, current scores and comments; without one, only whether the posts still exist."""
        names = ids_in(keys, _KEY)
        if names:
            self._reader.begin(http)
            yield from self._reader.current_posts(http, names, self.settings.subreddits)

    def read(self, payload: RawPayload) -> Iterable[Item]:
        """Reads a post with its papers, from the API or a feed; its counts; or that it is gone."""
        key = f"{NETWORK}:{payload.key}"
        if payload.kind == "gone":
            return [gone_post(NETWORK, key, payload.at, "deleted")]
        read = post_parser.read_feed if payload.kind in ("feed", "thread") else post_parser.read_api
        return read(key, payload.kind, payload.body, payload.at, self.names)
