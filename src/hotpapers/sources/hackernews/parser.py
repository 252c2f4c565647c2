"""Reads hits of Algolia's search and Firebase's items into our items."""

from __future__ import annotations

import msgspec

from hotpapers.ids.html_text import plain
from hotpapers.ids.mentions.paper_index import PaperIndex
from hotpapers.model import Account, Item, Post, Snapshot, TextLink
from hotpapers.sources.paper_matching import gone_post, join_title, mentions_of, title_verdicts

NETWORK = "hackernews"


class AlgoliaHit(msgspec.Struct):
    """A story or comment as Algolia's search returns it."""

    object_id: str = msgspec.field(name="objectID")
    created_at_i: int
    author: str = ""
    title: str | None = None
    url: str | None = None
    points: int | None = None
    num_comments: int | None = None
    story_text: str | None = None
    comment_text: str | None = None
    story_id: int | None = None


class FirebaseItem(msgspec.Struct):
    """An item as Firebase returns it; `null` means that it does not have the item."""

    id: int
    time: int = 0
    type: str = ""
    deleted: bool = False
    dead: bool = False
    score: int | None = None
    descendants: int | None = None


def read_hit(body: bytes, at: int, names: PaperIndex) -> list[Item]:
    """A story or comment with its papers."""
    hit = msgspec.json.decode(body, type=AlgoliaHit)
    key = f"{NETWORK}:{hit.object_id}"
    text, links = _text_and_links(hit)
    mentions = mentions_of(key, at, text, [*([hit.url] if hit.url else []), *links], names)
    return [*_post(key, hit, text, links, at), *mentions, *title_verdicts(mentions, text, names)] if mentions else []


def read_counts(body: bytes, at: int) -> list[Item]:
    """An item's current score and comments, or that it is gone; nothing for a comment, whose score is not public."""
    item = msgspec.json.decode(body, type=FirebaseItem | None)
    if item is None:
        return []
    key = f"{NETWORK}:{item.id}"
    if item.deleted or item.dead:
        reason = "deleted" if item.deleted else "removed"
        return [gone_post(NETWORK, key, at, reason, item.time * 1_000_000)]
    if item.score is None:
        return []
    return [Snapshot(post=key, likes=max(item.score, 0), replies=item.descendants, observed_at=at)]


def _text_and_links(hit: AlgoliaHit) -> tuple[str, tuple[TextLink, ...]]:
    """A story's title, linked as a whole, and its text; or a comment's text."""
    if hit.comment_text is not None:
        return plain(hit.comment_text)
    return join_title(hit.title or "", hit.url, *plain(hit.story_text or ""))


def _post(key: str, hit: AlgoliaHit, text: str, links: tuple[TextLink, ...], at: int) -> list[Item]:
    account = f"{NETWORK}:{hit.author}"
    reply_to = f"{NETWORK}:{hit.story_id}" if hit.comment_text is not None and hit.story_id else ""
    items: list[Item] = [
        Post(
            post=key, network=NETWORK, account=account, created_at=hit.created_at_i * 1_000_000, text=text, links=links,
            lang="en", handle=hit.author, reply_to=reply_to, observed_at=at,
        ),
        Account(account=account, handle=hit.author, observed_at=at),
    ]  # fmt: skip
    if hit.comment_text is None and hit.points is not None:
        items.append(Snapshot(post=key, likes=hit.points, replies=hit.num_comments, observed_at=at))
    return items
