"""Crossref's Event Data: who linked to a paper where, as Crossref saw it.

    {"subj_id": "https://reddit.com/r/…", "obj_id": "https://doi.org/10.48550/…", "source_id": "reddit", …}  an event
    {"status": "ok", "message": {"events": […]}}            a page of events from the query API
    {"pages": [{"actions": [{"events": […]}]}], …}          an evidence record: how events came about

Only sources whose subjects are posts with the same keys as in the live sources become posts: `reddit`, `twitter`,
`hackernews`. Others are counted and skipped: a Wikipedia page is nobody's voice, and a feed article has another key
when it is read live. An event has no words but a title, no counts, and often no author.

https://www.eventdata.crossref.org/guide/data/events/ · https://www.eventdata.crossref.org/guide/data/updates/
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence

import msgspec

from hotpapers.classic import post_moment
from hotpapers.engagement.queries import is_recorded
from hotpapers.ingest.archives.block_filter import FilterResult, LineBlockFilter
from hotpapers.ingest.archives.format import (
    ArchiveFormat,
    ImportTarget,
    Moment,
    entries,
    made_at,
    page,
    seen_at,
    timely,
)
from hotpapers.ingest.pipeline import SNAPSHOT
from hotpapers.model import Account, Item, Mention, Post, RawPayload, Reaction, TextLink, storable
from hotpapers.model.keys import handle_key
from hotpapers.sources.paper_mentions import mentions_of, title_verdicts

REDDIT = re.compile(
    r"https?://(?:\w+\.)?reddit\.com/r/\w+/comments/(\w{1,13})(?:/[^/?#]*(?:/(\w{1,13}))?)?/?(?:[?#].*)?"
)
TWEET = re.compile(r"(?:https?://(?:\w+\.)?twitter\.com/\w{1,20}/status(?:es)?/|twitter://status\?id=)(\d{1,19})")
HACKER_NEWS = re.compile(r"https?://news\.ycombinator\.com/item\?id=(\d{1,15})")
PROFILE = re.compile(
    r"(?:https?://(?:\w+\.)?twitter\.com/|twitter://user\?screen_name=|https?://(?:\w+\.)?reddit\.com/u(?:ser)?/"
    r"|https?://news\.ycombinator\.com/user\?id=)([\w-]{1,40})/?"
)
LAST_ID = 2**63


class _Author(msgspec.Struct):
    url: str | None = None


class _Subject(msgspec.Struct, rename="kebab"):
    title: str | None = None
    author: _Author | None = None
    original_tweet_url: str | None = None
    original_tweet_author: str | None = None


class _Object(msgspec.Struct):
    pid: str | None = None
    url: str | None = None


class _Action(msgspec.Struct):
    events: list[msgspec.Raw] = []


class _Page(msgspec.Struct):
    actions: list[_Action] = []


class _Message(msgspec.Struct):
    events: list[msgspec.Raw] = []


class _Event(msgspec.Struct):
    subj_id: str = ""
    obj_id: str = ""
    source_id: str = ""
    occurred_at: Moment = None
    timestamp: Moment = None
    action: str = "add"
    updated: str | None = None
    subj: _Subject | None = None
    obj: _Object | None = None
    message: _Message | None = None
    pages: list[_Page] | None = None

    def papers(self) -> list[str]:
        """The addresses that may name a paper."""
        return [text for text in (self.obj_id, self.obj and self.obj.pid, self.obj and self.obj.url) if text]


class LinkedPost(msgspec.Struct):
    """A post that links to a paper, as described by an event. `repeats`: the post that it reposts; then it is not a
    post itself."""

    network: str
    id: str
    created_at: int
    links: list[str]
    title: str = ""
    handle: str = ""
    repeats: str = ""
    repeated_handle: str = ""


def _reddit(event: _Event) -> tuple[str, str]:
    match = REDDIT.fullmatch(event.subj_id)
    return ("reddit", f"t1_{match[2]}" if match[2] else f"t3_{match[1]}") if match else ("", "")


def _tweet(event: _Event) -> tuple[str, str]:
    id = tweet_id(event.subj_id)
    return ("x", id) if id else ("", "")


def _hacker_news(event: _Event) -> tuple[str, str]:
    match = HACKER_NEWS.fullmatch(event.subj_id)
    return ("hackernews", match[1]) if match else ("", "")


POSTS: dict[str, Callable[[_Event], tuple[str, str]]] = {
    "reddit": _reddit, "twitter": _tweet, "hackernews": _hacker_news,
}  # fmt: skip
"""By source: a function that gives the network and id of the post that is an event's subject."""


OTHERS = frozenset(
    ("cambia-lens", "crossref", "datacite", "f1000", "hypothesis", "newsfeed", "plaudit", "reddit-links",
     "stackexchange", "web", "wikipedia", "wordpressdotcom")
)  # fmt: skip
"""Sources that are skipped, and counted by name."""


def tweet_id(address: str) -> str:
    """The id in the address of an X post; empty for anything else."""
    match = TWEET.match(address)
    return match[1] if match and 0 < int(match[1]) < LAST_ID else ""


_event = msgspec.json.Decoder(_Event).decode
_list = msgspec.json.Decoder(list[msgspec.Raw]).decode
_linked = msgspec.json.Decoder(LinkedPost).decode


class EventDataArchive(ArchiveFormat):
    """Events, pages of them and evidence records, in any mix. `passed`: counts of skipped events about papers, by
    source or reason. A post already in the record stays as it is, but may gain papers that it was not known to name."""

    network = ""

    def __init__(self, place: ImportTarget) -> None:
        super().__init__(place)
        self._new_keys: set[str] = set()
        self.passed: Counter[str] = Counter()

    def take(self, line: bytes) -> Sequence[RawPayload]:
        """The posts on a line that link to papers."""
        if line.startswith(b"["):
            return page(_list(line), self.take, self._place.now)
        event = _event(line)
        if event.message is not None:
            return page(event.message.events, self.take, self._place.now)
        if event.pages is not None:
            events = (raw for part in event.pages for action in part.actions for raw in action.events)
            return list(entries(events, self.take, self._place.now))
        return self._take_event(event)

    def _take_event(self, event: _Event) -> Sequence[RawPayload]:
        if not event.subj_id or not event.obj_id or not event.source_id:
            raise ValueError("not an event: subj_id, obj_id or source_id is missing")
        if not self._place.may_name("\n".join(event.papers())):
            return ()
        reason = _passed_over(event)
        network, id = ("", "") if reason else POSTS[event.source_id](event)
        if not id:
            self.passed[reason or event.source_id] += 1
            return ()
        post = _linked_post(event, network, id, made_at(self._place, event.occurred_at))
        at = seen_at(self._place, post.created_at, [event.timestamp or event.occurred_at])
        return [RawPayload(SNAPSHOT, f"{network}:{id}", msgspec.json.encode(post), at)]

    def read(self, payload: RawPayload) -> Iterable[Item]:
        """A post with its papers, or a repost with the post it repeats. Of a post already in the record, only the
        repost and newly named papers."""
        link = _linked(payload.body)
        post_items = (_repeated if link.repeats else _post_items)(link, payload.at, self._place)
        new_items = self._news(f"{link.network}:{link.repeats or link.id}", post_items) if post_items else []
        return [*new_items, *(_repost(link, payload.at) if post_items else ())]

    def _news(self, key: str, items: list[Item]) -> list[Item]:
        """A post's items. Of a known post, only mentions of papers that it was not known to name: each paper has its
        own event."""
        is_known = key in self._new_keys or is_recorded(self._place.record, key)
        new_items = [item for item in items if not is_known or (isinstance(item, Mention) and not self._is_named(item))]
        self._new_keys.update((key, *(f"{key} {item.paper}" for item in new_items if isinstance(item, Mention))))
        return new_items

    def _is_named(self, mention: Mention) -> bool:
        is_in_batch = f"{mention.post} {mention.paper}" in self._new_keys
        return is_in_batch or self._place.record.view().latest_row(Mention, mention.post, mention.paper) is not None

    def learned(self) -> None:
        """Everything parsed is in the record."""
        self._new_keys.clear()


def _passed_over(event: _Event) -> str:
    """Why an event about a paper is skipped; empty if it may not be."""
    if event.updated == "deleted":
        return "withdrawn by Crossref"
    if event.action != "add":
        return "links taken back"
    if event.source_id in POSTS:
        return ""
    return event.source_id if event.source_id in OTHERS else "another source"


def _linked_post(event: _Event, network: str, id: str, created_at: int) -> LinkedPost:
    subject = event.subj or _Subject()
    original = tweet_id(subject.original_tweet_url or "") if network == "x" else ""
    return LinkedPost(
        network, id, created_at, event.papers(), " ".join((subject.title or "").split()) if network != "x" else "",
        _handle(subject.author.url if subject.author else ""), original if original != id else "",
        _handle(subject.original_tweet_author),
    )  # fmt: skip


def _handle(profile: str | None) -> str:
    match = PROFILE.fullmatch(profile or "")
    return match[1] if match else ""


def _post_items(link: LinkedPost, at: int, place: ImportTarget) -> list[Item]:
    """A post as its source would give it, as far as known."""
    key, title = f"{link.network}:{link.id}", storable(link.title)
    mentions = mentions_of(key, at, title, link.links, place.names)
    address = next((text for text in reversed(link.links) if text.startswith(("https://", "http://"))), "")
    post = Post(
        post=key, network=link.network, account=_account(link.network, link.handle), created_at=link.created_at,
        text=title, links=(TextLink(0, len(title), storable(address)),) if title and address else (),
        handle=link.handle, observed_at=at,
    )  # fmt: skip
    accounts = _author_accounts(link.network, link.handle, at)
    return timely([post, *accounts, *mentions, *title_verdicts(mentions, title, place.names)]) if mentions else []


def _repeated(link: LinkedPost, at: int, place: ImportTarget) -> list[Item]:
    """The reposted post. Its id contains when it was made."""
    created_at = min(post_moment(link.repeats), link.created_at)
    original = LinkedPost(link.network, link.repeats, created_at, link.links, handle=link.repeated_handle)
    return _post_items(original, at, place)


def _repost(link: LinkedPost, at: int) -> Iterator[Item]:
    """The repost, if its account is known."""
    if link.repeats and link.handle:
        yield from _author_accounts(link.network, link.handle, at)
        yield Reaction(
            post=f"{link.network}:{link.repeats}", account=_account(link.network, link.handle), type="repost",
            observed_at=at,
        )  # fmt: skip


def _account(network: str, handle: str) -> str:
    """The account by its handle, which is all that an event has. On Hacker News, the handle is the account's id."""
    if not handle:
        return ""
    return f"{network}:{handle}" if network == "hackernews" else handle_key(network, handle)


def _author_accounts(network: str, handle: str, at: int) -> list[Item]:
    return [Account(account=_account(network, handle), handle=handle, observed_at=at)] if handle else []


class EventDataBlockFilter(LineBlockFilter):
    """Keeps lines with posts that link to papers, and counts skipped events about papers."""

    def __init__(self, format: EventDataArchive) -> None:
        super().__init__(format)
        self._format = format

    def filter(self, data: bytes) -> FilterResult:
        """Examines each line by itself."""
        self._format.passed.clear()
        return super().filter(data)._replace(passed=dict(self._format.passed))
