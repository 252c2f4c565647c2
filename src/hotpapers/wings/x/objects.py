"""The used parts of X's API v2, read into items. https://docs.x.com/x-api/fundamentals/data-dictionary"""

from __future__ import annotations

import datetime
import html
from collections.abc import Container, Sequence
from typing import Annotated

import msgspec

from hotpapers.base.model import Item, Post, RawPayload, Snapshot, TextLink
from hotpapers.base.papers.mentions.paper_index import PaperIndex
from hotpapers.base.text.timestamps import of_x_post
from hotpapers.base.untrusted_json import BROKEN
from hotpapers.collect.sources.decoding import (
    Count,
    Flag,
    decode_entries,
    decode_entry,
    decode_or_none,
    entry_decoder,
    microseconds_of,
    unreadable_key,
)
from hotpapers.collect.sources.paper_mentions import gone_post, with_papers

NETWORK = "x"
NOT_FOUND = "/resource-not-found"
NOT_SHOWN = "/not-authorized-for-resource"
"""Endings of the problem types that mean a post is no longer visible."""
NOBODY = msgspec.Raw(b"null")
Id = Annotated[str, msgspec.Meta(pattern=r"^[0-9]{1,20}\Z")]


class XUser(msgspec.Struct):
    """An account."""

    id: Id
    username: str = ""
    name: str = ""
    protected: Flag = False


class XUrl(msgspec.Struct):
    """An address in a post: the position of its short form, what is displayed there, where it leads."""

    start: int = 0
    end: int = 0
    expanded_url: str = ""
    unwound_url: str = ""
    display_url: str = ""


class _Entities(msgspec.Struct):
    urls: list[XUrl] = []


class _Note(msgspec.Struct):
    """The full text of a post of more than 280 characters."""

    text: str
    entities: _Entities | None = None


class XMetrics(msgspec.Struct):
    """A post's public counts."""

    retweet_count: Count | None = None
    like_count: Count | None = None
    reply_count: Count | None = None
    quote_count: Count | None = None
    impression_count: Count | None = None


class _Reference(msgspec.Struct):
    type: str
    id: Id


class XPostId(msgspec.Struct):
    """The part of a post that identifies it."""

    id: Id
    author_id: str | int = ""
    edit_history_tweet_ids: list[Id] = []

    @property
    def author_key(self) -> str:
        """The author's id as a text; empty if it is missing."""
        return str(self.author_id)

    @property
    def first(self) -> str:
        """The id of its first version: every edit gets an id of its own."""
        return self.edit_history_tweet_ids[0] if self.edit_history_tweet_ids else self.id


class XPost(XPostId):
    """A post."""

    text: str = ""
    author: XUser | None = None
    created_at: datetime.datetime | None = None
    lang: str = "und"
    entities: _Entities | None = None
    note_tweet: _Note | None = None
    public_metrics: msgspec.Raw = NOBODY
    referenced_tweets: list[_Reference] = []
    possibly_sensitive: Flag = False


_decode_metrics = entry_decoder(XMetrics, strict=False)
"""In some exports, numbers are texts."""


class XPostWithAuthor(msgspec.Struct):
    """A post and its author, as they are in a response."""

    tweet: msgspec.Raw
    author: msgspec.Raw = NOBODY


class XProblem(msgspec.Struct):
    """Why a response lacks something that was asked for."""

    value: str = ""
    resource_type: str = ""
    title: str = ""
    type: str = ""

    @property
    def gone(self) -> str:
        """Why a post is no longer visible; empty for any other problem, such as too many requests."""
        if self.resource_type != "tweet" or not self.type.endswith((NOT_FOUND, NOT_SHOWN)):
            return ""
        if self.type.endswith(NOT_SHOWN):
            return "protected"
        return "suspended" if self.title == "Forbidden" else "deleted"


class _Meta(msgspec.Struct):
    next_token: str = ""


class _Includes(msgspec.Struct):
    users: list[msgspec.Raw] = []


class XResponse(msgspec.Struct):
    """A response: posts, included users, the token for the next page, and errors about parts of it."""

    data: list[msgspec.Raw] = []
    includes: _Includes | None = None
    meta: _Meta | None = None
    errors: list[msgspec.Raw] = []

    @property
    def users(self) -> list[msgspec.Raw]:
        return self.includes.users if self.includes else []

    @property
    def next_token(self) -> str:
        return self.meta.next_token if self.meta else ""

    @property
    def ids(self) -> list[str]:
        return [entry.id for raw in self.data if (entry := decode_or_none(raw, XPostId))]


# ---- posts, into items --------------------------------------------------------------------------------


def search_payloads(response: XResponse, known: Container[str], at: int) -> list[RawPayload]:
    """The posts that a search found, each with its author; edited known posts are of kind `edit`."""
    users = {user.id: raw for raw in response.users if (user := decode_or_none(raw, XUser))}
    payloads = []
    for raw in response.data:
        entry = decode_or_none(raw, XPostId)
        x_post_with_author = XPostWithAuthor(raw, users.get(entry.author_key, NOBODY) if entry else NOBODY)
        body = msgspec.json.encode(x_post_with_author)
        edited = entry is not None and entry.first != entry.id and f"{NETWORK}:{entry.first}" in known
        payloads.append(
            RawPayload("edit" if edited else "post", entry.first if entry else unreadable_key(raw), body, at)
        )
    return payloads


def count_payloads(response: XResponse, identifiers: Sequence[str], at: int) -> list[RawPayload]:
    """The posts that were looked up, and those that are gone. Posts that the response does not mention are skipped."""
    payloads = [payload for _, payload in decode_entries(response.data, XPostId, lambda post: post.first, "counts", at)]
    problems = [(decode_or_none(raw, XProblem), raw) for raw in response.errors]
    missing = set(identifiers) - {payload.key for payload in payloads}
    removals = [
        RawPayload("gone", p.value, bytes(raw), at) for p, raw in problems if p and p.gone and p.value in missing
    ]
    return [*payloads, *removals]


def read_post(payload: RawPayload, names: PaperIndex) -> list[Item]:
    """A post with its papers and counts; nothing for a native repost, or if it names no paper, unless it was edited. Of
    a known post, its counts, or that it is no longer visible."""
    key = f"{NETWORK}:{payload.key}"
    at = payload.at
    if payload.kind == "counts":
        return _snapshot(key, decode_entry(payload.body, XPost).public_metrics, at)
    if payload.kind == "gone":
        problem = decode_or_none(payload.body, XProblem)
        return [gone_post(NETWORK, key, at, (problem.gone if problem else "") or "deleted")]
    pair = msgspec.json.decode(payload.body, type=XPostWithAuthor)
    tweet = decode_entry(pair.tweet, XPost)
    author = decode_or_none(pair.author, XUser) or tweet.author or XUser(tweet.author_key)
    if any(reference.type == "retweeted" for reference in tweet.referenced_tweets):
        return []
    key = f"{NETWORK}:{tweet.first}"
    references = {r.type: f"{NETWORK}:{r.id}" for r in tweet.referenced_tweets}
    text, links = _text_and_links(tweet)
    urls = [*(_urls(tweet.note_tweet) if tweet.note_tweet else ()), *_urls(tweet)]
    targets = [target for url in urls for target in (url.unwound_url, url.expanded_url)]
    limits = [*(["sensitive"] if tweet.possibly_sensitive else []), *(["protected"] if author.protected else [])]
    post = Post(
        post=key,
        network=NETWORK,
        account=f"{NETWORK}:{author.id}" if author.id else "",
        created_at=microseconds_of(tweet.created_at) if tweet.created_at else of_x_post(tweet.first),
        text=text,
        links=links,
        lang=tweet.lang,
        handle=author.username,
        name=author.name,
        limits=tuple(limits),
        reply_to=references.get("replied_to", ""),
        quotes=references.get("quoted", ""),
        observed_at=at,
    )
    was_edited = payload.kind == "edit"
    return with_papers(post, targets, names, _snapshot(key, tweet.public_metrics, at), was_edited=was_edited)


def _snapshot(key: str, metrics: msgspec.Raw, at: int) -> list[Item]:
    try:
        counts = _decode_metrics(metrics)
    except BROKEN:
        return []
    return [
        Snapshot(
            post=key,
            reposts=counts.retweet_count,
            likes=counts.like_count,
            replies=counts.reply_count,
            quotes=counts.quote_count,
            views=counts.impression_count,
            observed_at=at,
        )
    ]


def _urls(text: XPost | _Note) -> list[XUrl]:
    return text.entities.urls if text.entities else []


def _text_and_links(tweet: XPost) -> tuple[str, tuple[TextLink, ...]]:
    """The text as readers see it: unescaped, and with displayed addresses in place of short ones."""
    whole = tweet.note_tweet or tweet
    full_text = whole.text
    text = ""
    links = []
    at = 0
    for url in sorted(_urls(whole), key=lambda u: (u.start, u.end)):
        if not at <= url.start < url.end <= len(full_text):
            continue
        text += html.unescape(full_text[at : url.start])
        display = url.display_url or html.unescape(full_text[url.start : url.end])
        end = len(text) + len(display)
        text_link = TextLink(len(text), end, url.unwound_url or url.expanded_url)
        links.append(text_link)
        text = text + display
        at = url.end
    unescaped = html.unescape(full_text[at:])
    return text + unescaped, tuple(link for link in links if link.target)
