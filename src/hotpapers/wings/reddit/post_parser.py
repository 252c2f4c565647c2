"""Reads Reddit's posts, from its API and its feeds, into items."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Annotated, Any

import msgspec

from hotpapers.base.errors import PartiallyRead
from hotpapers.base.model import Item, Mention, Post, RawPayload, Snapshot, TextLink
from hotpapers.base.papers.mentions.paper_index import PaperIndex
from hotpapers.base.text.html_text import html_to_text
from hotpapers.collect.sources.batched_requests import overlap_problem
from hotpapers.collect.sources.decoding import Count, Flag, Score, decode_entry, decode_or_none
from hotpapers.collect.sources.paper_mentions import (
    gone_post,
    join_title,
    mentions_of,
    with_mentions,
    with_papers,
)
from hotpapers.collect.sources.thread_payloads import MAX_REPLIES, REPLY, gap_payload
from hotpapers.wings.feeds.feed_parser import FeedEntry

NETWORK = "reddit"
DELETED = "[deleted]"
REMOVED = "[removed]"
BY_AUTHOR = frozenset(("deleted", "author"))
# Placeholders in place of a title: "[deleted by user]", "[ Removed by Reddit ]".
_TITLE_PLACEHOLDER = re.compile(r"\[ ?(deleted|removed) by [^\]]{1,60}\]", re.IGNORECASE | re.ASCII)


def too_many(subreddit: str, number: int, oldest: float) -> PartiallyRead:
    """The error for a list of newest posts that doesn't reach back to the last reading. `oldest`: when its oldest post
    was created, in seconds."""
    reason = f"r/{subreddit}: more posts than the {number} newest since it was last read"
    return PartiallyRead(reason, lost_until=round(oldest * 1e6))


def known_missing(subreddit: str, last: float | None, times: Sequence[float], now: int) -> PartiallyRead | None:
    """The error for a whole list that has neither the newest known post nor an earlier one. `last`, `times`: when these
    and the listed posts were created, in seconds."""
    if not last or (times and min(times) <= last):
        return None
    return overlap_problem(f"r/{subreddit}", round(last * 1e6), now)


class GalleryItem(msgspec.Struct):
    """A picture of a gallery: its caption, and where it leads."""

    caption: str | None = ""
    outbound_url: str | None = ""


class Gallery(msgspec.Struct):
    """The pictures of a post."""

    items: list[GalleryItem] = []


class PostContent(msgspec.Struct):
    """A post's content; a crosspost also has the content of the original."""

    title: str = ""
    url: str | None = ""
    selftext: str | None = ""
    gallery_data: Gallery | None = None

    @property
    def words(self) -> str:
        """Its text with captions, in Markdown."""
        captions = [item.caption for item in self._pictures if item.caption]
        return "\n\n".join([self.selftext or "", *captions]).strip()

    @property
    def targets(self) -> list[str]:
        """Where it leads."""
        outbound_urls = (item.outbound_url for item in self._pictures)
        return [target for target in (self.url, *outbound_urls) if target]

    @property
    def _pictures(self) -> list[GalleryItem]:
        return self.gallery_data.items if self.gallery_data else []


class RedditPost(PostContent, kw_only=True):
    """A post, as the API has it."""

    name: str
    created_utc: Annotated[float, msgspec.Meta(ge=0, le=1e10)] | None = None
    author: str | None = ""
    removed_by_category: str | None = None
    edited: bool | float | None = False
    author_fullname: str | None = None
    score: Score | None = None
    num_comments: Count | None = None
    over_18: Flag = False
    crosspost_parent: str | None = ""
    crosspost_parent_list: list[PostContent] | None = None
    parent_id: Any = None
    """The parent of a comment, `t1_…` or `t3_…`; the oldest dumps have a number."""

    @property
    def created_at(self) -> int | None:
        """µs UTC, in whole seconds; None if it doesn't say."""
        return None if self.created_utc is None else int(self.created_utc) * 1_000_000

    @property
    def gone(self) -> str:
        """Why it no longer exists; empty while it does."""
        if self.removed_by_category and self.removed_by_category not in BY_AUTHOR:
            return "removed"
        return "deleted" if self.removed_by_category or self.author == DELETED else ""

    @property
    def reply_to(self) -> str:
        """The key of what a comment replies to; empty for a submission."""
        parent = self.parent_id if isinstance(self.parent_id, str) else ""
        return f"{NETWORK}:{parent}" if parent.startswith(("t1_", "t3_")) else ""


class _Child(msgspec.Struct):
    data: msgspec.Raw


class RedditListingData(msgspec.Struct):
    """A page of a list, and the token for the next one."""

    children: list[_Child]
    after: str | None = None


class RedditListing(msgspec.Struct):
    """A list, as the API has it."""

    data: RedditListingData


class RedditComment(msgspec.Struct):
    """A comment, as the API has it in its thread; without `body`, comments that it leaves out. `replies`: a list, or an
    empty text."""

    name: str
    parent_id: str
    body: str | None = None
    author: str | None = ""
    author_fullname: str | None = None
    created_utc: float | None = None
    score: int | None = None
    replies: msgspec.Raw = msgspec.Raw(b'""')

    @property
    def is_gone(self) -> bool:
        """Whether only its place is left."""
        return self.author == DELETED or self.body in (DELETED, REMOVED)


def comment_payloads(thread: RedditListing, at: int) -> Iterator[RawPayload | None]:
    """The comments of a thread, the nearest first, as posts whose text they are. None if there are others."""
    waiting = [child.data for child in thread.data.children]
    for number, raw in enumerate(waiting):
        comment = decode_or_none(raw, RedditComment)
        if number == MAX_REPLIES or comment is None or comment.body is None or comment.name[:3] != "t1_":
            yield None
            return
        if comment.is_gone:
            yield gap_payload(comment.name, comment.parent_id, at)
        else:
            fields = msgspec.structs.asdict(comment) | {"selftext": comment.body, "body": None, "replies": None}
            yield RawPayload(REPLY, comment.name, msgspec.json.encode(fields), at)
        below = decode_or_none(comment.replies, RedditListing)
        waiting += [child.data for child in below.data.children] if below else []


def read_api(key: str, payload: RawPayload, names: PaperIndex) -> list[Item]:
    """A post with its papers (`post`), also without any (`edit`, `reply`); or its counts, or that it is gone
    (`counts`)."""
    at = payload.at
    submission = decode_entry(payload.body, RedditPost)
    if submission.gone:
        if payload.kind == "counts":
            return [gone_post(NETWORK, key, at, submission.gone, submission.created_at or 0)]
        return []
    likes = None if submission.score is None else max(submission.score, 0)
    snapshot = Snapshot(post=key, likes=likes, replies=submission.num_comments, observed_at=at)
    if payload.kind == "counts":
        return [snapshot]
    title = " ".join(submission.title.split())
    target = submission.url or ""
    handle = submission.author or ""
    text = f"{title}\n\n{submission.words}".strip()  # Markdown, as written
    mentions = _mentions(key, text, submission, at, names)
    own_id = submission.author_fullname or (handle and f"@{handle.lower()}")
    post = Post(
        post=key,
        network=NETWORK,
        account=own_id and f"{NETWORK}:{own_id}",
        created_at=submission.created_at or at,
        text=text,
        links=(TextLink(0, len(title), target),) if target.startswith("http") and title else (),
        handle=handle,
        reply_to=submission.reply_to,
        quotes=f"{NETWORK}:{submission.crosspost_parent}" if submission.crosspost_parent else "",
        limits=("over_18",) if submission.over_18 else (),
        observed_at=at,
    )
    was_edited = payload.kind in ("edit", REPLY)
    return with_mentions(post, mentions, names, [snapshot], was_edited=was_edited)


def _mentions(key: str, text: str, post: RedditPost, at: int, names: PaperIndex) -> list[Mention]:
    """The papers that a post names itself, and those that the post it shares names."""
    own_mentions = mentions_of(key, at, text, post.targets, names)
    papers = {mention.paper for mention in own_mentions}
    shared_mentions = [
        msgspec.structs.replace(mention, found_in="embed")
        for original in (post.crosspost_parent_list or ())[:1]
        for mention in mentions_of(key, at, f"{original.title}\n\n{original.words}", original.targets, names)
        if mention.paper not in papers
    ]
    return [*own_mentions, *shared_mentions]


def gone_from_feed(entry: FeedEntry) -> str:
    """Why an entry's post no longer exists, by the placeholder for its author, title or text; empty while it does."""
    body = _body(entry)[0].strip()
    placeholder = _TITLE_PLACEHOLDER.fullmatch(entry.title.strip())
    if (
        entry.author.removeprefix("/u/") == DELETED
        or body == DELETED
        or (placeholder and placeholder[1].lower() == "deleted")
    ):
        return "deleted"
    return "removed" if placeholder or body == REMOVED else ""


def read_feed(key: str, payload: RawPayload, names: PaperIndex) -> list[Item]:
    """An entry's post (`feed`), whose link is the anchor `[link]`; for a known post also that it is gone (`thread`)."""
    at = payload.at
    entry = msgspec.json.decode(payload.body, type=FeedEntry)
    if removal := gone_from_feed(entry):
        if payload.kind == "thread":
            return [gone_post(NETWORK, key, at, removal, entry.published or 0)]
        return []
    content, anchors = html_to_text(entry.content)
    target = next((k.target for k in reversed(anchors) if content[k.start : k.end] == "[link]"), "")
    title = html_to_text(entry.title)[0]
    text, links = join_title(title, target, *_body(entry))
    handle = entry.author.removeprefix("/u/")
    account = handle and f"{NETWORK}:@{handle.lower()}"
    post = Post(
        post=key,
        network=NETWORK,
        account=account,
        created_at=entry.published or at,
        text=text,
        links=links,
        handle=handle,
        observed_at=at,
    )
    return with_papers(post, [target, *links], names)


def _body(entry: FeedEntry) -> tuple[str, tuple[TextLink, ...]]:
    """The author's text, which is between two marker comments."""
    return html_to_text(entry.content.partition("<!-- SC_OFF -->")[2].partition("<!-- SC_ON -->")[0])
