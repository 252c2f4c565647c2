"""Reads X's posts into items."""

from __future__ import annotations

import html
from collections.abc import Container, Sequence

import msgspec

from hotpapers.base.ids.mentions.paper_index import PaperIndex
from hotpapers.base.model import Account, Item, Post, RawPayload, Snapshot, TextLink
from hotpapers.collect.sources.decoding import decode_entry, decode_or_none, microseconds_of, unreadable_key
from hotpapers.collect.sources.paper_mentions import gone_post, mentions_of, title_verdicts
from hotpapers.wings.x.objects import (
    NOBODY,
    XMetrics,
    XPost,
    XPostId,
    XPostWithAuthor,
    XProblem,
    XResponse,
    XUrl,
    XUser,
)

NETWORK = "x"


def search_payloads(response: XResponse, known: Container[str], at: int) -> list[RawPayload]:
    """The posts that a search found, each with its author; edited known posts are of kind `edit`."""
    users = {user.id: raw for raw in response.users if (user := decode_or_none(raw, XUser))}
    payloads = []
    for raw in response.data:
        entry = decode_or_none(raw, XPostId)
        body = msgspec.json.encode(XPostWithAuthor(raw, users.get(entry.author_id, NOBODY) if entry else NOBODY))
        edited = entry is not None and entry.first != entry.id and f"{NETWORK}:{entry.first}" in known
        payloads.append(
            RawPayload("edit" if edited else "post", entry.first if entry else unreadable_key(raw), body, at)
        )
    return payloads


def count_payloads(response: XResponse, identifiers: Sequence[str], at: int) -> list[RawPayload]:
    """The posts that were looked up, and those that are gone. Posts that the response does not mention are skipped."""
    entries = [(decode_or_none(raw, XPostId), raw) for raw in response.data]
    payloads = [
        RawPayload("counts", entry.first if entry else unreadable_key(raw), bytes(raw), at) for entry, raw in entries
    ]
    problems = [(decode_or_none(raw, XProblem), raw) for raw in response.errors]
    missing = set(identifiers) - {payload.key for payload in payloads}
    removals = [
        RawPayload("gone", p.value, bytes(raw), at) for p, raw in problems if p and p.gone and p.value in missing
    ]
    return [*payloads, *removals]


def read_post(body: bytes, at: int, names: PaperIndex, *, edited: bool) -> list[Item]:
    """A post with its papers and counts; nothing for a native repost, or if it names no paper, unless it was edited."""
    pair = msgspec.json.decode(body, type=XPostWithAuthor)
    tweet = decode_entry(pair.tweet, XPost)
    author = decode_or_none(pair.author, XUser) or tweet.author
    if any(reference.type == "retweeted" for reference in tweet.referenced_tweets):
        return []
    return _items(tweet, author or XUser(tweet.author_id), at, names, edited)


def read_counts(key: str, body: bytes, at: int) -> list[Item]:
    """The counts of a known post."""
    return _snapshot(key, decode_entry(body, XPost).public_metrics, at)


def read_gone(key: str, body: bytes, at: int) -> list[Item]:
    """That a known post is no longer visible."""
    problem = decode_or_none(body, XProblem)
    return [gone_post(NETWORK, key, at, (problem.gone if problem else "") or "deleted")]


def _items(tweet: XPost, author: XUser, at: int, names: PaperIndex, edited: bool) -> list[Item]:
    key, account = f"{NETWORK}:{tweet.first}", f"{NETWORK}:{author.id}" if author.id else ""
    text, links = _text_and_links(tweet)
    urls = _urls(tweet)
    mentions = mentions_of(key, at, text, [t for u in urls for t in (u.unwound_url, u.expanded_url) if t], names)
    if not (mentions or edited):
        return []
    references = {r.type: f"{NETWORK}:{r.id}" for r in tweet.referenced_tweets}
    limits = [*(["sensitive"] if tweet.possibly_sensitive else []), *(["protected"] if author.protected else [])]
    post = Post(
        post=key,
        network=NETWORK,
        account=account,
        created_at=microseconds_of(tweet.created_at) if tweet.created_at else at,
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
    author_account = Account(account=account, handle=author.username, name=author.name, observed_at=at)
    doubts = title_verdicts(mentions, text, names, was_edited=edited)
    return [post, *([author_account] if account else []), *_snapshot(key, tweet.public_metrics, at), *mentions, *doubts]


def _snapshot(key: str, counts: XMetrics | None, at: int) -> list[Item]:
    if counts is None:
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


def _urls(tweet: XPost) -> list[XUrl]:
    entities = tweet.note_tweet.entities if tweet.note_tweet else tweet.entities
    return entities.urls if entities else []


def _text_and_links(tweet: XPost) -> tuple[str, tuple[TextLink, ...]]:
    """The text as readers see it: unescaped, and with displayed addresses in place of short ones."""
    full_text = tweet.note_tweet.text if tweet.note_tweet else tweet.text
    text, links, at = "", [], 0
    for url in sorted(_urls(tweet), key=lambda u: (u.start, u.end)):
        if not at <= url.start < url.end <= len(full_text):
            continue
        text += html.unescape(full_text[at : url.start])
        display = url.display_url or html.unescape(full_text[url.start : url.end])
        links.append(TextLink(len(text), len(text) + len(display), url.unwound_url or url.expanded_url))
        text, at = text + display, url.end
    return text + html.unescape(full_text[at:]), tuple(link for link in links if link.target)
