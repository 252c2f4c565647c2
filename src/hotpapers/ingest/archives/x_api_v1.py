"""Posts as X's first interface (1.1) told them, as its second one tells them."""

from __future__ import annotations

import datetime
from collections.abc import Iterator
from typing import Any

import msgspec

from hotpapers.errors import InputError
from hotpapers.ingest.archives.format import is_object

MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


class _Url(msgspec.Struct):
    indices: list[int] = []
    expanded_url: str | None = None
    display_url: str | None = None


class _Entities(msgspec.Struct):
    urls: list[_Url] = []


class _Extended(msgspec.Struct):
    full_text: str
    entities: _Entities | None = None


class _User(msgspec.Struct):
    id_str: str
    screen_name: str = ""
    name: str = ""
    protected: bool = False


class ApiV1Post(msgspec.Struct):
    """A post of the first interface. `timestamp_ms`: when a stream told it."""

    id_str: str
    user: _User
    created_at: str
    text: str = ""
    full_text: str | None = None
    extended_tweet: _Extended | None = None
    entities: _Entities | None = None
    lang: str | None = None
    possibly_sensitive: bool | None = None
    retweet_count: int | None = None
    favorite_count: int | None = None
    reply_count: int | None = None
    quote_count: int | None = None
    in_reply_to_status_id_str: str | None = None
    quoted_status_id_str: str | None = None
    retweeted_status: msgspec.Raw = msgspec.Raw(b"")
    quoted_status: msgspec.Raw = msgspec.Raw(b"")
    timestamp_ms: str | None = None


status = msgspec.json.Decoder(ApiV1Post).decode


def inside(post: ApiV1Post) -> Iterator[msgspec.Raw]:
    """The post that a post repeats, and the one that it quotes."""
    return (raw for raw in (post.retweeted_status, post.quoted_status) if is_object(raw))


def as_second(post: ApiV1Post) -> tuple[dict[str, Any], dict[str, Any]]:
    """A post and its author in the shapes of the second interface."""
    long = post.extended_tweet
    entities = (long.entities if long else None) or post.entities or _Entities()
    tweet = {
        "id": post.id_str, "author_id": post.user.id_str, "created_at": _moment(post.created_at),
        "lang": post.lang or "und",
        "text": long.full_text if long else post.full_text or post.text,
        "entities": {"urls": [_url(url) for url in entities.urls if len(url.indices) == 2]},
        "possibly_sensitive": bool(post.possibly_sensitive),
        "public_metrics": {
            "retweet_count": post.retweet_count, "like_count": post.favorite_count, "reply_count": post.reply_count,
            "quote_count": post.quote_count,
        },
        "referenced_tweets": list(_references(post)),
    }  # fmt: skip
    user = post.user
    return tweet, {"id": user.id_str, "username": user.screen_name, "name": user.name, "protected": user.protected}


def _url(url: _Url) -> dict[str, Any]:
    start, end = url.indices
    return {
        "start": start, "end": end, "expanded_url": url.expanded_url or "", "display_url": url.display_url or ""
    }  # fmt: skip


def _references(post: ApiV1Post) -> Iterator[dict[str, str]]:
    if is_object(post.retweeted_status):
        yield {"type": "retweeted", "id": post.id_str}
    if post.in_reply_to_status_id_str:
        yield {"type": "replied_to", "id": post.in_reply_to_status_id_str}
    if post.quoted_status_id_str:
        yield {"type": "quoted", "id": post.quoted_status_id_str}


def _moment(text: str) -> str:
    """`Fri Jan 15 06:38:38 +0000 2021` as ISO 8601. Raises InputError."""
    try:
        _, month, day, time, zone, year = text.split()
        when = f"{year}-{MONTHS.index(month) + 1:02}-{day}T{time}{zone}"
        return datetime.datetime.fromisoformat(when).isoformat()
    except ValueError:
        raise InputError(f"{text[:40]!r} is no moment") from None
