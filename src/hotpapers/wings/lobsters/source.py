"""The connector of Lobsters."""

from __future__ import annotations

import datetime
import re
from collections.abc import Generator, Iterable, Iterator, Sequence
from functools import partial
from urllib.parse import urlsplit

import msgspec

from hotpapers.base.errors import NetError, PartiallyRead
from hotpapers.base.keys import own_id
from hotpapers.base.model import DAY, HttpClient, Item, Pages, PayloadPage, Post, RawPayload, Snapshot, ThreadPayloads
from hotpapers.base.papers.mentions.paper_index import PaperIndex
from hotpapers.base.settings.limits import AtLeastOne
from hotpapers.base.struct_types import SettingsStruct
from hotpapers.base.text.html_text import html_to_text
from hotpapers.collect.sources.batched_requests import (
    AGAIN,
    GONE,
    PostSource,
    as_known,
    check_overlap,
    ids_in,
    no_overlap,
    overlap_problem,
    parse_cursor,
)
from hotpapers.collect.sources.decoding import (
    Count,
    Flag,
    Score,
    decode_entries,
    decode_entry,
    decode_or_none,
    decode_response,
    microseconds_of,
)
from hotpapers.collect.sources.paper_mentions import gone_post, join_title, with_papers
from hotpapers.collect.sources.thread_payloads import MAX_REPLIES, REPLY, absent_post, gap_payload

NETWORK = "lobsters"
FULL = 25
"""Stories per page; a page with fewer is the last."""
MAX_PAGES = 10
"""Most pages that a round reads."""
SEVERAL = 2
"""So many stories of a domain are hardly ever all removed together."""
_KEY = re.compile(rf"{NETWORK}:([0-9a-z]{{1,20}})", re.ASCII)
_TAGS = re.compile(r"</[a-z]{1,10}>")
_STORY = re.compile(r"(?:(?!/s/).)*+/s/([0-9a-z]{1,20})(?:\.json|/.*)?", re.ASCII)


class LobstersSettings(SettingsStruct):
    """`base`: the site. `domains`: whose story lists are read. `every`: seconds between rounds, at least an hour."""

    base: str = "https://lobste.rs"
    domains: tuple[str, ...] = ("arxiv.org",)
    every: AtLeastOne = 3600


class _Cursor(msgspec.Struct, frozen=True):
    """When the last round began that read stories, and when each domain last listed several, in µs UTC."""

    read: int = 0
    listed: dict[str, int] = {}


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
        """The author's description as plain text, also if the field contains HTML after all."""
        text = self.description_plain.rstrip()
        return html_to_text(text)[0] if _TAGS.search(text) else text


class _StoryId(msgspec.Struct):
    short_id: str


class _ListedStory(_StoryId):
    created_at: datetime.datetime | None = None


class _MergedStory(msgspec.Struct):
    merged_into: str = ""


class _CommentedStory(_StoryId):
    comments: list[msgspec.Raw] = []


class _Comment(_StoryId):
    created_at: datetime.datetime
    comment: str = ""
    comment_plain: str = ""
    score: Score | None = None
    is_deleted: Flag = False
    is_moderated: Flag = False
    parent_comment: str | None = None
    commenting_user: str | _User = ""


class _PlacedComment(msgspec.Struct):
    """A comment, and the id of what it answers."""

    parent: str
    comment: msgspec.Raw


def _comment_id(short_id: str) -> str:
    """Its address, as comments and stories have ids of their own."""
    return f"https://lobste.rs/c/{short_id}"


def _comments(raws: Sequence[msgspec.Raw], story: str, at: int) -> Iterator[RawPayload | None]:
    """The first comments on a story. None for one that cannot be read, and for others."""
    if len(raws) > MAX_REPLIES:
        yield None
    for raw in raws[:MAX_REPLIES]:
        comment = decode_or_none(raw, _Comment)
        if comment is None:
            yield None
            continue
        parent = _comment_id(comment.parent_comment) if comment.parent_comment else story
        name = _comment_id(comment.short_id)
        if comment.is_deleted or comment.is_moderated:
            yield gap_payload(name, parent, at)
        else:
            body = msgspec.json.encode(_PlacedComment(parent, raw))
            yield RawPayload(REPLY, name, body, at)


def _read_comment(payload: RawPayload, names: PaperIndex) -> list[Item]:
    """A comment, its score, and its papers if it names any."""
    placed = decode_entry(payload.body, _PlacedComment)
    comment = decode_entry(placed.comment, _Comment)
    named = comment.commenting_user
    user = named if isinstance(named, str) else named.username
    text, links = html_to_text(comment.comment) if comment.comment else (comment.comment_plain, ())
    key = f"{NETWORK}:{payload.key}"
    post = Post(
        post=key,
        network=NETWORK,
        account=f"{NETWORK}:{user}" if user else "",
        created_at=microseconds_of(comment.created_at),
        text=text,
        links=links,
        lang="en",
        handle=user,
        reply_to=f"{NETWORK}:{placed.parent}",
        observed_at=payload.at,
    )
    counts = [] if comment.score is None else [Snapshot(post=key, likes=max(comment.score, 0), observed_at=payload.at)]
    return with_papers(post, links, names, counts, was_edited=True)


class LobstersSource(PostSource[LobstersSettings]):
    """The connector. A domain that listed stories must do so again."""

    name = NETWORK

    def _set_up(self) -> None:
        self.every = max(self.every, 3600)
        self._domains = (*self.settings.domains, *self.server_hosts)

    def pages(self, http: HttpClient, cursor: str | None) -> Pages:
        """The stories of each domain back to a day before the last round; at first only the newest page."""
        last = parse_cursor(cursor, _Cursor).read
        since = last - DAY if last else http.now()
        complete_from = yield from self._stories_since(http, cursor, since)
        if last and complete_from > last:
            reason = f"more stories than the {MAX_PAGES * FULL} newest of a domain since it was last read"
            raise PartiallyRead(reason, lost_until=complete_from)

    def pages_since(self, http: HttpClient, cursor: str | None, since: int) -> Pages:
        """The stories of each domain back to a moment."""
        complete_from = yield from self._stories_since(http, cursor, since)
        yield PayloadPage(since=complete_from)

    def _stories_since(self, http: HttpClient, cursor: str | None, since: int) -> Generator[PayloadPage, None, int]:
        """The stories of each domain back to a moment, page by page. Returns the moment since which all are listed.
        Raises PartiallyRead if a domain lists none, though it did, or if none does."""
        before = parse_cursor(cursor, _Cursor)
        started_at = http.now()
        complete_from = since
        listed = {domain: before.listed[domain] for domain in self._domains if domain in before.listed}
        any_story = False
        emptied_domains = []
        for domain in self._domains:
            count, reached = yield from self._domain_since(http, domain, since)
            complete_from = max(complete_from, reached)
            any_story = any_story or count > 0
            if count >= SEVERAL:
                listed[domain] = started_at
            elif not count and overlap_problem(domain, listed.get(domain), started_at):
                emptied_domains.append(domain)
        if emptied_domains:
            raise no_overlap(", ".join(emptied_domains))
        if not any_story:
            check_overlap(", ".join(self._domains), before.read or None, started_at)
        after = msgspec.json.encode(_Cursor(started_at, listed), order="sorted").decode()
        yield PayloadPage((), after if any_story else cursor)
        return complete_from

    def _domain_since(self, http: HttpClient, domain: str, since: int) -> Generator[PayloadPage, None, tuple[int, int]]:
        """A domain's stories back to a moment. Returns how many are listed, and the moment since which all are."""
        count = 0
        oldest = http.now()
        for number in range(1, MAX_PAGES + 1):
            payloads, times = self._list(http, domain, number)
            yield PayloadPage(payloads)
            count += len(payloads)
            oldest = min([oldest, *times])
            if oldest <= since or len(payloads) < FULL:
                return count, since
        return count, oldest

    def _list(self, http: HttpClient, domain: str, number: int = 1) -> tuple[list[RawPayload], list[int]]:
        """A page of a domain's stories, and when they were created."""
        page = f"/page/{number}" if number > 1 else ""
        response = http.get(f"{self.settings.base}/domains/{domain}{page}.json")
        raws = decode_response(response, list[msgspec.Raw])
        stories = decode_entries(raws, _ListedStory, lambda story: story.short_id, "post", response.at)
        times = [microseconds_of(story.created_at) for story, _ in stories if story and story.created_at]
        return [as_known(payload, NETWORK, self.known) for _, payload in stories], times

    def counts(self, http: HttpClient, keys: Sequence[str]) -> Pages:
        """Each story's current score and comments, or that it is gone."""
        lists = (self._list(http, domain)[0] for domain in self._domains)
        ids = ids_in(keys, _KEY)
        return self._removal_check.pages_one_by_one(ids, partial(self._story, http), lists)

    def _story(self, http: HttpClient, short_id: str) -> PayloadPage:
        """One story. If it was merged into another, the site redirects to that one."""
        response = http.get(f"{self.settings.base}/s/{short_id}.json", accept=GONE)
        if response.status in GONE:
            return PayloadPage([RawPayload("gone", short_id, b"null", response.at)])
        other = _STORY.fullmatch(urlsplit(response.url).path)
        if other and other[1] != short_id:
            body = msgspec.json.encode({"merged_into": other[1]})
            return PayloadPage([RawPayload("gone", short_id, body, response.at)])
        if decode_response(response, _StoryId).short_id != short_id:
            raise NetError(f"{response.url}: answered with a different story")
        return PayloadPage([RawPayload("counts", short_id, response.body, response.at)])

    def thread(self, http: HttpClient, post: str) -> ThreadPayloads:
        """The comments on a story; none if it is gone."""
        short_id = own_id(post)
        response = http.get(f"{self.settings.base}/s/{short_id}.json", accept=GONE)
        if response.status in GONE or not _KEY.fullmatch(post):
            return [None]
        story = decode_response(response, _CommentedStory)
        raws = story.comments if story.short_id == short_id else []
        return list(_comments(raws, short_id, response.at))

    def read(self, payload: RawPayload) -> Iterable[Item]:
        """Reads a story with its papers, a story's counts, or that it is gone."""
        key = f"{NETWORK}:{payload.key}"
        if payload.kind == "gone":
            merged = decode_or_none(payload.body, _MergedStory)
            reason = "merged" if merged and merged.merged_into else "deleted"
            return [gone_post(NETWORK, key, payload.at, reason)]
        if absent := absent_post(NETWORK, payload):
            return [absent]
        if payload.kind == REPLY:
            return _read_comment(payload, self.names)
        story = decode_entry(payload.body, _Story)
        likes = None if story.score is None else max(story.score, 0)
        snapshot = Snapshot(post=key, likes=likes, replies=story.comment_count, observed_at=payload.at)
        if payload.kind == "counts":
            return [snapshot]
        user = story.submitter_user if isinstance(story.submitter_user, str) else story.submitter_user.username
        text, links = join_title(story.title, story.url, story.words)
        account = f"{NETWORK}:{user}" if user else ""
        post = Post(
            post=key,
            network=NETWORK,
            account=account,
            created_at=microseconds_of(story.created_at),
            text=text,
            links=links,
            lang="en",
            handle=user,
            observed_at=payload.at,
        )
        was_edited = payload.kind == AGAIN
        return with_papers(post, [story.url], self.names, [snapshot], was_edited=was_edited)
