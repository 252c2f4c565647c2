"""X as others archived it: responses of its APIs, in lines.

    {"data": […], "includes": {…}, "__twarc": {…}}     a page of API v2, or one post with its related objects
    {"id": "…", "author": {…}, "referenced_tweets": …} a post of v2 with everything nested inside ("flattened")
    {"id_str": "…", "user": {…}, "retweeted_status"…}  a post of API v1.1, also from its streams
    {"statuses": […]}                                  a page of v1.1
    {"id": "…", "action": "delete", "reason": …}       a post to delete, from a compliance job
    {"delete": {"status": {…}}}                        the same in a v1.1 stream

A repost includes the post that it repeats, a quote the one that it quotes, each with its own counts. Every version of
an edited post has its own id; a version that is not the last was seen, at the latest, when the next was made. Posts of
API v1.1 are converted to the shape of v2.
"""

from __future__ import annotations

import datetime
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from typing import Any

import msgspec

from hotpapers.base.errors import InputError
from hotpapers.base.ids import timestamps
from hotpapers.base.model import DAY, RawPayload
from hotpapers.collect.sources.decoding import decode_or_none, entry_decoder
from hotpapers.wings.archives.format import (
    Moment,
    SourceArchive,
    decode_list,
    entries,
    is_object,
    page,
    seen_at,
)
from hotpapers.wings.x.objects import NOBODY, XPostId, XPostWithAuthor, XProblem, XUser
from hotpapers.wings.x.source import XSettings, XSource

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
    """A post of API v1.1. `timestamp_ms`: when a stream sent it."""

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


_decode_status = entry_decoder(ApiV1Post)


def inside(post: ApiV1Post) -> Iterator[msgspec.Raw]:
    """The post that a post repeats, and the one that it quotes."""
    return (raw for raw in (post.retweeted_status, post.quoted_status) if is_object(raw))


def as_second(post: ApiV1Post) -> tuple[dict[str, Any], dict[str, Any]]:
    """A post and its author in the shape of API v2."""
    long = post.extended_tweet
    entities = (long.entities if long else None) or post.entities or _Entities()
    tweet = {
        "id": post.id_str,
        "author_id": post.user.id_str,
        "created_at": _moment(post.created_at),
        "lang": post.lang or "und",
        "text": long.full_text if long else post.full_text or post.text,
        "entities": {"urls": [_url(url) for url in entities.urls if len(url.indices) == 2]},
        "possibly_sensitive": bool(post.possibly_sensitive),
        "public_metrics": {
            "retweet_count": post.retweet_count,
            "like_count": post.favorite_count,
            "reply_count": post.reply_count,
            "quote_count": post.quote_count,
        },
        "referenced_tweets": list(_references(post)),
    }
    user = post.user
    return tweet, {"id": user.id_str, "username": user.screen_name, "name": user.name, "protected": user.protected}


def _url(url: _Url) -> dict[str, Any]:
    start, end = url.indices
    return {"start": start, "end": end, "expanded_url": url.expanded_url or "", "display_url": url.display_url or ""}


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
        raise InputError(f"not a time: {text[:40]!r}") from None


class _Twarc(msgspec.Struct):
    """What the collecting program adds."""

    retrieved_at: Moment = None


class _Includes(msgspec.Struct):
    users: list[msgspec.Raw] = []
    tweets: list[msgspec.Raw] = []


class _DeletedPost(msgspec.Struct):
    id_str: str


class _DeleteNotice(msgspec.Struct):
    status: _DeletedPost
    timestamp_ms: Moment = None


class _Line(msgspec.Struct):
    data: msgspec.Raw = msgspec.Raw(b"")
    includes: _Includes | None = None
    errors: list[msgspec.Raw] = []
    meta: msgspec.Raw = msgspec.Raw(b"")
    twarc: _Twarc | None = msgspec.field(name="__twarc", default=None)
    statuses: list[msgspec.Raw] | None = None
    id: str | int | None = None
    id_str: str | None = None
    text: str | None = None
    full_text: str | None = None
    referenced_tweets: list[msgspec.Raw] = []
    action: str | None = None
    redacted_at: Moment = None
    delete: _DeleteNotice | None = None
    timestamp_ms: Moment = None
    limit: msgspec.Raw = msgspec.Raw(b"")
    warning: msgspec.Raw = msgspec.Raw(b"")
    disconnect: msgspec.Raw = msgspec.Raw(b"")
    scrub_geo: msgspec.Raw = msgspec.Raw(b"")


_line = msgspec.json.Decoder(_Line).decode
_own = entry_decoder(XPostId)


class XArchive(SourceArchive):
    """Lines in any of these shapes, in any mix."""

    network = "x"
    only_known = frozenset(("gone",))
    source = partial(XSource, XSettings(), ())

    def entry(self, line: bytes) -> Sequence[RawPayload]:
        """The posts on a line that name papers, and those that it reports gone."""
        entry = _line(line)
        if entry.statuses is not None:
            return self._page(entry.statuses)
        if entry.data or entry.errors or entry.meta:
            return self._page_of_posts(entry)
        if entry.action is not None or entry.delete is not None:
            if entry.action not in (None, "delete"):
                return ()
            own = entry.delete.status.id_str if entry.delete else str(entry.id)
            moment = entry.delete.timestamp_ms if entry.delete else entry.redacted_at
            return [RawPayload("gone", str(self._number(own)), b"null", seen_at(self._place, 0, (moment,)))]
        if entry.id_str is not None:
            return list(self._first(line, self._at(entry)))
        if entry.id is not None and entry.text is not None:
            # The posts nested inside a flattened post
            posts = [raw for raw in entry.referenced_tweets if b'"text"' in bytes(raw)]
            return [
                *self._post(line, {}, self._at(entry)),
                *entries(posts, partial(self._post, users={}, at=self._at(entry)), self._place.now),
            ]
        if entry.limit or entry.warning or entry.disconnect or entry.scrub_geo:
            return ()  # status messages of a stream
        raise InputError("contains no post")

    def _at(self, line: _Line) -> int:
        moments = (line.twarc.retrieved_at if line.twarc else None, line.timestamp_ms)
        return seen_at(self._place, 0, moments)

    # ---- API v2 ----------------------------------------------------------------------------------------

    def _page_of_posts(self, line: _Line) -> list[RawPayload]:
        """A page's posts, those that they repeat or quote, and those that it reports gone."""
        at, includes = self._at(line), line.includes or _Includes()
        users = {user.id: raw for raw in includes.users if (user := decode_or_none(raw, XUser))}
        data = [line.data] if is_object(line.data) else decode_list(line.data) if line.data else []
        take = partial(self._post, users=users, at=at)
        return [
            *page(data, take, self._place.now),
            *entries(includes.tweets, take, self._place.now),
            *entries(line.errors, partial(self._gone_by, at=at), self._place.now),
        ]

    def _post(self, raw: bytes, users: Mapping[str, msgspec.Raw], at: int) -> Sequence[RawPayload]:
        own = _own(raw)
        number = self._number(own.id)
        if not self._place.may_name(raw.decode("utf-8", "replace")):
            return ()
        history = [self._number(id) for id in own.edit_history_tweet_ids]
        following = [id for id in history if id > number]
        if following:
            at = min(at, timestamps.of_x_post(str(min(following))))
        author = XPostWithAuthor(msgspec.Raw(raw), users.get(own.author_id, NOBODY))
        key = str(min([number, *history]))
        return [RawPayload("post", key, msgspec.json.encode(author), max(at, timestamps.of_x_post(own.id)))]

    # ---- API v1.1 ----------------------------------------------------------------------------------------

    def _first(self, raw: bytes, at: int) -> Iterator[RawPayload]:
        """A post, and those that it repeats or quotes."""
        status = _decode_status(raw)
        number = self._number(status.id_str)
        if self._place.may_name(raw.decode("utf-8", "replace")):
            tweet, author = map(msgspec.Raw, map(msgspec.json.encode, as_second(status)))
            body = msgspec.json.encode(XPostWithAuthor(tweet, author))
            yield RawPayload("post", str(number), body, max(at, timestamps.of_x_post(str(number))))
        yield from entries(inside(status), lambda inner: list(self._first(inner, at)), self._place.now)

    # ---- what is gone --------------------------------------------------------------------------------------

    def _gone_by(self, raw: bytes, at: int) -> Sequence[RawPayload]:
        problem = decode_or_none(raw, XProblem)
        return [RawPayload("gone", str(self._number(problem.value)), raw, at)] if problem and problem.gone else []

    def _number(self, id: str) -> int:
        """A post's id as a number. Raises InputError if it is not one, or of a post from the future."""
        if not (id.isascii() and id.isdigit() and len(id) < 20):
            raise InputError(f"not a post id: {id[:40]!r}")
        if timestamps.of_x_post(id) > self._place.now + DAY:
            raise InputError(f"the id of a post from the future: {id}")
        return int(id)
