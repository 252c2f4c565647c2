"""The connector of Lobsters."""

from __future__ import annotations

import datetime
import re
from collections.abc import Container, Generator, Iterable, Iterator, Sequence
from urllib.parse import urlsplit

import msgspec

from hotpapers.base.errors import NetError, PartiallyRead
from hotpapers.base.ids.html_text import plain
from hotpapers.base.ids.mentions.paper_index import NO_NAMES, PaperIndex
from hotpapers.base.model import DAY, Account, HttpClient, Item, PayloadPage, Post, RawPayload, Snapshot
from hotpapers.base.settings.limits import AtLeastOne
from hotpapers.collect.sources.batched_requests import GONE, ids_in, one_by_one
from hotpapers.collect.sources.decoding import (
    Count,
    Score,
    decode_entry,
    decode_or_none,
    decode_response,
    microseconds_of,
    unreadable_key,
)
from hotpapers.collect.sources.list_checks import check_overlap
from hotpapers.collect.sources.paper_mentions import gone_post, join_title, mentions_of, title_verdicts
from hotpapers.collect.sources.removals import RemovalCheck

NETWORK = "lobsters"
FULL = 25
"""Stories per page; a page with fewer is the last."""
MAX_PAGES = 10
"""Most pages that a round reads."""
_KEY = re.compile(rf"{NETWORK}:([0-9a-z]{{1,20}})", re.ASCII)
_TAGS = re.compile(r"</[a-z]{1,10}>")
_STORY = re.compile(r".*/s/([0-9a-z]{1,20})(?:\.json|/.*)?", re.ASCII)


class LobstersSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`base`: the site. `domains`: whose story lists are read. `every`: seconds between rounds, at least an hour."""

    base: str = "https://lobste.rs"
    domains: tuple[str, ...] = ("arxiv.org",)
    every: AtLeastOne = 3600


class _User(msgspec.Struct):
    username: str = ""


class _Story(msgspec.Struct):
    short_id: str
    created_at: datetime.datetime
    title: str = ""
    url: str = ""
    score: Score | None = None
    comment_count: Count | None = None
    description_plain: str = ""
    submitter_user: str | _User = ""

    @property
    def words(self) -> str:
        """What its author says of it, also if that is HTML after all."""
        text = self.description_plain.rstrip()
        return plain(text)[0] if _TAGS.search(text) else text


class _StoryId(msgspec.Struct):
    short_id: str


class _StoryTime(msgspec.Struct):
    created_at: datetime.datetime


class _MergedStory(msgspec.Struct):
    merged_into: str = ""


class LobstersSource:
    """The connector. The cursor is the start of the last round that found stories, in µs."""

    name = NETWORK

    def __init__(self, settings: LobstersSettings, known: Container[str] = (), names: PaperIndex = NO_NAMES) -> None:
        self.settings, self.known, self.names = settings, known, names
        self.every = max(settings.every, 3600)
        self.reach: int | None = None
        self._removal_check = RemovalCheck()

    def pages(self, http: HttpClient, cursor: str | None) -> Iterator[PayloadPage]:
        """The stories of each domain back to a day before the last round; at first only the newest page."""
        since = int(cursor) - DAY if cursor else http.now()
        complete_from = yield from self._stories_since(http, cursor, since)
        if complete_from > since:
            reason = f"more stories than the {MAX_PAGES * FULL} newest of a domain since it was last read"
            raise PartiallyRead(reason, lost_until=complete_from)

    def pages_since(self, http: HttpClient, cursor: str | None, since: int) -> Iterator[PayloadPage]:
        """The stories of each domain back to a moment."""
        complete_from = yield from self._stories_since(http, cursor, since)
        yield PayloadPage(since=complete_from)

    def _stories_since(self, http: HttpClient, cursor: str | None, since: int) -> Generator[PayloadPage, None, int]:
        """The stories of each domain back to a moment, page by page. Returns the moment since which all are listed.
        Raises PartiallyRead if there are none, though there were."""
        started_at, complete_from, any_story = http.now(), since, False
        for domain in self.settings.domains:
            oldest = http.now()
            for number in range(1, MAX_PAGES + 1):
                stories, at = self._list(http, domain, number)
                yield PayloadPage([_payload(story, at) for story in stories])
                any_story = any_story or bool(stories)
                created = [
                    microseconds_of(entry.created_at)
                    for story in stories
                    if (entry := decode_or_none(story, _StoryTime))
                ]
                oldest = min([oldest, *created])
                if oldest <= since or len(stories) < FULL:
                    oldest = since
                    break
            complete_from = max(complete_from, oldest)
        if not any_story:
            check_overlap(", ".join(self.settings.domains), int(cursor) if cursor else None, started_at)
        yield PayloadPage((), str(started_at) if any_story else cursor)
        return complete_from

    def _list(self, http: HttpClient, domain: str, number: int = 1) -> tuple[list[msgspec.Raw], int]:
        """A page of a domain's stories, and when it came."""
        page = f"/page/{number}" if number > 1 else ""
        response = http.get(f"{self.settings.base}/domains/{domain}{page}.json")
        return decode_response(response, list[msgspec.Raw]), response.at

    def counts(self, http: HttpClient, keys: Sequence[str]) -> Iterator[PayloadPage]:
        """Each story's current score and comments, or that it is gone."""
        return self._removal_check.pages(
            ids_in(keys, _KEY),
            lambda short_ids: one_by_one(short_ids, lambda short_id: self._story(http, short_id)),
            lambda: self._listed(http),
        )

    def _listed(self, http: HttpClient) -> list[str]:
        """The newest stories of a domain."""
        for domain in self.settings.domains:
            stories, at = self._list(http, domain)
            if stories:
                return [_payload(story, at).key for story in stories]
        return []

    def _story(self, http: HttpClient, short_id: str) -> PayloadPage:
        """One story. If it was merged into another, the site redirects to that one."""
        response = http.get(f"{self.settings.base}/s/{short_id}.json", accept=GONE)
        if response.status in GONE:
            return PayloadPage([RawPayload("gone", short_id, b"null", response.at)])
        other = _STORY.fullmatch(urlsplit(response.url).path)
        if other and other[1] != short_id:
            return PayloadPage(
                [RawPayload("gone", short_id, msgspec.json.encode({"merged_into": other[1]}), response.at)]
            )
        if decode_response(response, _StoryId).short_id != short_id:
            raise NetError(f"{response.url}: answered with a different story")
        return PayloadPage([RawPayload("counts", short_id, response.body, response.at)])

    def read(self, payload: RawPayload) -> Iterable[Item]:
        """Reads a story with its papers, a story's counts, or that it is gone."""
        key = f"{NETWORK}:{payload.key}"
        if payload.kind == "gone":
            merged = decode_or_none(payload.body, _MergedStory)
            return [gone_post(NETWORK, key, payload.at, "merged" if merged and merged.merged_into else "deleted")]
        story = decode_entry(payload.body, _Story)
        likes = None if story.score is None else max(story.score, 0)
        snapshot = Snapshot(post=key, likes=likes, replies=story.comment_count, observed_at=payload.at)
        if payload.kind == "counts":
            return [snapshot]
        text = f"{story.title}\n{story.words}"
        mentions = mentions_of(key, payload.at, text, [story.url], self.names)
        doubts = title_verdicts(mentions, text, self.names)
        return [*_post(key, story, payload.at), snapshot, *mentions, *doubts] if mentions else []


def _payload(story: msgspec.Raw, at: int) -> RawPayload:
    entry = decode_or_none(story, _StoryId)
    return RawPayload("post", entry.short_id if entry else unreadable_key(story), bytes(story), at)


def _post(key: str, story: _Story, at: int) -> list[Item]:
    user = story.submitter_user if isinstance(story.submitter_user, str) else story.submitter_user.username
    account = f"{NETWORK}:{user}" if user else ""
    text, links = join_title(story.title, story.url, story.words)
    return [
        Post(
            post=key,
            network=NETWORK,
            account=account,
            created_at=microseconds_of(story.created_at),
            text=text,
            links=links,
            lang="en",
            handle=user,
            observed_at=at,
        ),
        *([Account(account=account, handle=user, observed_at=at)] if account else []),
    ]
