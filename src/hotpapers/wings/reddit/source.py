"""The connector of Reddit: with the operator's own key, new posts and counts; without one, new posts from its feeds."""

from __future__ import annotations

import base64
import math
import re
from collections.abc import Container, Iterable, Mapping, Sequence
from functools import partial

import msgspec

from hotpapers.base.http.redact_errors import HIDDEN
from hotpapers.base.keys import own_id
from hotpapers.base.model import DAY, HttpClient, Item, Pages, PayloadPage, RawPayload, Response, ThreadPayloads
from hotpapers.base.settings.limits import AtLeastOne
from hotpapers.base.struct_types import SettingsStruct
from hotpapers.collect.sources.batched_requests import (
    GONE,
    PostSource,
    RemovalCheck,
    check_overlap,
    first_ids,
    ids_in,
    one_by_one,
)
from hotpapers.collect.sources.decoding import decode_or_none, decode_response, unreadable_key
from hotpapers.collect.sources.thread_payloads import absent_post
from hotpapers.wings.feeds.feed_parser import FeedEntry, feed_entries
from hotpapers.wings.reddit import post_parser
from hotpapers.wings.reddit.post_parser import (
    NETWORK,
    RedditListing,
    RedditPost,
    comment_payloads,
    gone_from_feed,
    known_missing,
    too_many,
)

_KEY = re.compile(rf"{NETWORK}:(t3_[0-9a-z]{{1,13}})", re.ASCII)


class RedditSettings(SettingsStruct):
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


# ---- with a key ---------------------------------------------------------------------------------------

BATCH = 100
MAX_PAGES = 10
COMMENTS = 500
"""Comments of a post that are asked for: the most that the API returns at once."""
OVERLAP = 6 * 3600
"""Seconds that are read again: in their first hours, posts are held back, approved, removed and edited."""


class _Token(msgspec.Struct):
    access_token: str


class RedditApi:
    """Reads Reddit's API. Each round gets a new token first."""

    def __init__(self, settings: RedditSettings, known: Container[str]) -> None:
        self._web = settings.web
        self._api = settings.api
        self._known = known
        credentials = base64.b64encode(f"{settings.client_id}:{settings.client_secret}".encode())
        self._basic = credentials.decode()
        self._headers: Mapping[str, str] = {}
        self._removal_check = RemovalCheck(BATCH)

    def begin(self, http: HttpClient) -> None:
        headers = {"authorization": f"Basic {self._basic}"}
        response = http.post(
            f"{self._web}/api/v1/access_token",
            form={"grant_type": "client_credentials"},
            headers=headers,
        )
        self._headers = {"authorization": f"Bearer {decode_response(response, _Token).access_token}"}

    def new_posts(self, http: HttpClient, subreddit: str, newest: dict[str, float], back: float | None = None) -> Pages:
        """The newest posts back to the last reading, with an overlap. The first time: the newest hundred, or those
        since `back` (in seconds); the last page then says how far the list went if it ended before that. A list ends
        after a thousand posts, or with the subreddit's first one."""
        last = newest.get(subreddit)
        times = list[float]()
        after = ""
        since = back if back is not None or last is None else last - OVERLAP
        for number in range(1, MAX_PAGES + 1):
            if number == MAX_PAGES and back is None:
                since = last  # posts from before are read again, as far as there are pages
            more_params = {"after": after} if after else {}
            payloads, page_times, after = self._listing(http, f"/r/{subreddit}/new", "post", more_params)
            times += page_times
            is_end = not (after and page_times)
            problem = known_missing(subreddit, last, times, http.now()) if is_end else None
            is_complete = is_end or since is None or min(page_times) < since
            is_cut = number == MAX_PAGES and back is not None and (oldest := min(times, default=back)) >= back
            if (is_complete or is_cut) and not problem:
                newest[subreddit] = max([last or 0.0, *times])
            complete_from = round(oldest * 1e6) if is_cut else None
            yield PayloadPage(payloads, msgspec.json.encode(newest).decode(), since=complete_from)
            if problem:
                raise problem
            if is_complete or is_cut:
                return
        newest[subreddit] = max([last or 0.0, *times])
        leaves = too_many(subreddit, MAX_PAGES * BATCH, min(page_times))
        yield PayloadPage((), msgspec.json.encode(newest).decode(), leaves=leaves)
        raise leaves

    def end(self, http: HttpClient) -> Pages:
        """Nothing: the next round starts at the usual time."""
        return iter(())

    def current_posts(self, http: HttpClient, names: Sequence[str], subreddits: Sequence[str]) -> Pages:
        """Current scores and comments; posts that Reddit leaves out are gone, if it still has others."""
        lists = (self._listing(http, f"/r/{name}/new", "post", {})[0] for name in subreddits)

        def ask(names: Sequence[str]) -> Pages:
            starts = range(0, len(names), BATCH)
            batches = [names[start : start + BATCH] for start in starts]
            return one_by_one(batches, partial(self._info, http))

        return self._removal_check.pages(names, ask, partial(first_ids, lists))

    def thread(self, http: HttpClient, name: str) -> ThreadPayloads:
        """The comments on a post, the most liked first; none if it is gone."""
        params = {"limit": str(COMMENTS), "sort": "top", "raw_json": "1"}
        url = f"{self._api}/comments/{name.removeprefix('t3_')}"
        response = http.get(url, params=params, headers=self._headers, accept=GONE)
        if response.status in GONE:
            return [None]
        *_, comments = decode_response(response, tuple[msgspec.Raw, RedditListing])
        return list(comment_payloads(comments, response.at))

    def _info(self, http: HttpClient, names: Sequence[str]) -> PayloadPage:
        id_list = ",".join(names)
        payloads, _, _ = self._listing(http, "/api/info", "counts", {"id": id_list})
        keys = {payload.key for payload in payloads}
        # else a missing post may be one of the entries without a readable id
        if keys.issubset(names):
            missing = [name for name in names if name not in keys]
        else:
            missing = []
        return PayloadPage([*payloads, *(RawPayload("gone", name, b"null", http.now()) for name in missing)])

    def _listing(
        self, http: HttpClient, path: str, kind: str, more_params: Mapping[str, str]
    ) -> tuple[list[RawPayload], list[float], str]:
        """A page's posts, their creation times, and the token for the next page; empty on the last one."""
        params = {"limit": str(BATCH), "raw_json": "1", **more_params}
        url = f"{self._api}{path}"
        response = http.get(url, params=params, headers=self._headers)
        data = decode_response(response, RedditListing).data
        entries = [(decode_or_none(child.data, RedditPost), bytes(child.data)) for child in data.children]
        payloads = list[RawPayload]()
        for thing, body in entries:
            if thing is None:
                payloads.append(RawPayload(kind, unreadable_key(body), body, response.at))
            elif thing.name[:3] == "t3_":  # removals and edits are only reported for posts in the record
                known = kind == "counts" or f"{NETWORK}:{thing.name}" in self._known
                if known and thing.gone:
                    kinds = ["counts"]
                else:
                    kinds = [kind, *(["edit"] if known and thing.edited else [])]
                payloads += [RawPayload(kind, thing.name, body, response.at) for kind in kinds]
        times = [thing.created_utc for thing, _ in entries if thing is not None and thing.created_utc is not None]
        return payloads, times, data.after or ""


# ---- without a key ------------------------------------------------------------------------------------

FULL = 25
"""Posts of a full feed: with this many or more, there may be older ones that it leaves out."""
SOONEST = 300
"""Least seconds between two rounds."""


class RedditFeeds:
    """Reads Reddit's feeds: the operator's own, or those that everybody may see."""

    def __init__(self, settings: RedditSettings, known: Container[str]) -> None:
        self._token = settings.feed_token
        self._params = {"feed": self._token, "user": settings.feed_user} if self._token else {}
        self._web = settings.web
        self._every = settings.every
        self._known = known
        self._intervals: dict[str, float] = {}
        self._doubted = set[str]()
        self._removal_check = RemovalCheck()

    def begin(self, http: HttpClient) -> None:
        """Nothing to do: feeds need no token."""

    def new_posts(self, http: HttpClient, subreddit: str, newest: dict[str, float], back: float | None = None) -> Pages:
        """The newest posts. If all of them are newer than the last reading, some were missed. The first time, the page
        says how far the feed goes if that is not as far `back` as was wanted."""
        last_time = newest.get(subreddit)
        response = http.get(f"{self._web}/r/{subreddit}/new/.rss", params=self._params, accept=(304,))
        if response.status == 304:
            if subreddit in self._doubted:
                check_overlap(f"r/{subreddit}", round((last_time or 0.0) * 1e6), http.now())
            return
        times, payloads = self._posts(response)
        if len(payloads) < FULL:
            doubt = known_missing(subreddit, last_time, times, http.now())
        else:
            doubt = None
        if doubt:
            self._doubted.add(subreddit)
            yield PayloadPage(payloads)
            raise doubt
        self._doubted.discard(subreddit)
        if times:
            newest[subreddit] = max([last_time or 0.0, *times])
            self._intervals[subreddit] = max(times) - min(times) if len(times) >= FULL else math.inf
        is_cut = back is not None and len(times) >= FULL and min(times) > back
        since = round(min(times) * 1e6) if is_cut else None
        is_incomplete = last_time is not None and len(times) >= FULL and min(times) > last_time
        leaves = too_many(subreddit, len(times), min(times)) if is_incomplete else None
        cursor = msgspec.json.encode(newest).decode()
        yield PayloadPage(payloads, cursor, since=since, leaves=leaves)
        if leaves:
            raise leaves

    def end(self, http: HttpClient) -> Pages:
        """Schedule the next round sooner than usual if a feed fills up faster."""
        pause = max(min(self._intervals.values(), default=self._every * 2) / 2, SOONEST)
        if pause < self._every:
            yield PayloadPage(next_at=http.now() + int(pause * 1e6))

    def current_posts(self, http: HttpClient, names: Sequence[str], subreddits: Sequence[str]) -> Pages:
        """Each post as its own feed has it now, or that it is gone. There are no counts."""
        urls = (f"{self._web}/r/{name}/new/.rss" for name in subreddits)
        lists = (self._posts(http.get(url, params=self._params))[1] for url in urls)
        return self._removal_check.pages_one_by_one(names, partial(self._thread, http), lists)

    def thread(self, http: HttpClient, name: str) -> ThreadPayloads:
        """None: feeds do not say what a comment answers."""
        return [None]

    def _thread(self, http: HttpClient, name: str) -> PayloadPage:
        """One post. A refusal (403, 429) says nothing about it."""
        response = http.get(f"{self._web}/comments/{name.removeprefix('t3_')}/.rss", params=self._params, accept=GONE)
        if response.status in GONE:
            return PayloadPage([RawPayload("gone", name, b"null", response.at)])
        matching = [entry for entry in feed_entries(response.body, response.headers, response.url) if entry.id == name]
        return PayloadPage([RawPayload("thread", name, self._body(entry), response.at) for entry in matching[:1]])

    def _posts(self, response: Response) -> tuple[list[float], list[RawPayload]]:
        """When the posts in a subreddit's feed were published, in seconds, and the posts, without comments. Only posts
        in the record are reported as removed."""
        feed = feed_entries(response.body, response.headers, response.url)
        posts = [entry for entry in feed if entry.id.startswith("t3_")]
        removed = {entry.id for entry in posts if f"{NETWORK}:{entry.id}" in self._known and gone_from_feed(entry)}
        payloads = [
            RawPayload("thread" if entry.id in removed else "feed", entry.id, self._body(entry), response.at)
            for entry in posts
        ]
        return [entry.published / 1e6 for entry in posts if entry.published is not None], payloads

    def _body(self, entry: FeedEntry) -> bytes:
        """An entry as it is stored: without the token, should a link have it."""
        body = msgspec.json.encode(entry)
        if self._token:
            return body.replace(self._token.encode(), HIDDEN.encode())
        return body


# ---- the connector ------------------------------------------------------------------------------------


class RedditSource(PostSource[RedditSettings]):
    """The connector. The cursor keeps the newest creation time read from each subreddit, in seconds."""

    name = NETWORK
    reach = DAY

    def _set_up(self) -> None:
        self._read_since: dict[str, int] = {}
        has_key = self.settings.client_id and self.settings.client_secret
        self._reader = (RedditApi if has_key else RedditFeeds)(self.settings, self.known)

    def pages(self, http: HttpClient, cursor: str | None, since: int | None = None) -> Pages:
        """The newest posts of each subreddit. A failing subreddit doesn't stop the others; its error is raised last."""
        if cursor:
            newest = msgspec.json.decode(cursor, type=dict[str, float])
        else:
            newest = {}
        self._reader.begin(http)
        parts = ((name, self._new_posts(http, name, newest, since)) for name in self.settings.subreddits)
        yield from self._rotation.pages(http, parts, final_pages=self._reader.end(http))

    def pages_since(self, http: HttpClient, cursor: str | None, since: int) -> Pages:
        """A round in which each subreddit is first read back to a moment, as far as its list goes; again in a new
        process, which cannot know how far an earlier one came."""
        yield from self.pages(http, cursor, since)
        if len(self._read_since) == len(set(self.settings.subreddits)):
            yield PayloadPage(since=max(self._read_since.values()))

    def _new_posts(self, http: HttpClient, name: str, newest: dict[str, float], since: int | None) -> Pages:
        if since is None or name in self._read_since:
            yield from self._reader.new_posts(http, name, newest)
            return
        complete_from = since
        for page in self._reader.new_posts(http, name, newest, since / 1e6):
            complete_from = max(complete_from, page.since or 0)
            yield page._replace(since=None)
        self._read_since[name] = complete_from

    def counts(self, http: HttpClient, keys: Sequence[str]) -> Pages:
        """With a key, current scores and comments; without one, only whether the posts still exist."""
        names = ids_in(keys, _KEY)
        if names:
            self._reader.begin(http)
            yield from self._reader.current_posts(http, names, self.settings.subreddits)

    def thread(self, http: HttpClient, post: str) -> ThreadPayloads:
        """The comments on a post, with a key."""
        if not _KEY.fullmatch(post):
            return [None]
        self._reader.begin(http)
        return self._reader.thread(http, own_id(post))

    def read(self, payload: RawPayload) -> Iterable[Item]:
        """Reads a post with its papers, from the API or a feed; a comment; its counts; or that it is gone."""
        key = f"{NETWORK}:{payload.key}"
        if absent := absent_post(NETWORK, payload):
            return [absent]
        read = post_parser.read_feed if payload.kind in ("feed", "thread") else post_parser.read_api
        return read(key, payload, self.names)
