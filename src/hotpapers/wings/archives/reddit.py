"""Reddit as others archived it: submissions and comments, one per line, as Pushshift and its successors write them.

Listings from Reddit's own API are read too. Whatever the shape, it becomes what the source reads: a comment is a post
without a title. Deletions and removals, whether seen when the dump was made or at a later check, count only for posts
in the record.
"""

from __future__ import annotations

import html
import re
from collections.abc import Sequence
from functools import partial
from typing import Any

import msgspec

from hotpapers.base.errors import InputError
from hotpapers.base.model import RawPayload
from hotpapers.base.text.timestamps import SECOND
from hotpapers.collect.sources.batched_requests import EDIT
from hotpapers.collect.sources.decoding import entry_decoder
from hotpapers.wings.archives.format import (
    Moment,
    SourceArchive,
    is_object,
)
from hotpapers.wings.reddit.post_parser import DELETED, REMOVED
from hotpapers.wings.reddit.source import RedditSettings, RedditSource

NAME = re.compile(r"t[13]_[0-9a-z]{1,13}")
BARE = re.compile(r"[<>]|&(?!(?:amp|lt|gt);)")
"""Signs that do not occur in escaped text."""
PASSED_OVER = frozenset(("t2", "t4", "t5", "t6", "more", "LiveUpdate"))
"""Kinds of things in listings that are not posts."""


class _Meta(msgspec.Struct):
    """The findings of a second check, a day or so later."""

    retrieved_2nd_on: Moment = None
    was_deleted_later: bool | None = None
    removal_type: str | None = None


class _Thing(msgspec.Struct):
    kind: str | None = None
    data: msgspec.Raw = msgspec.Raw(b"")
    children: list[msgspec.Raw] | None = None
    replies: msgspec.Raw = msgspec.Raw(b"")
    id: str = ""
    name: str | None = None
    author: str | None = None
    author_fullname: str | None = None
    created_utc: Moment = None
    edited: Any = None
    title: str | None = None
    url: str | None = None
    selftext: str | None = None
    body: str | None = None
    link_id: Any = None
    parent_id: Any = None
    score: int | None = None
    num_comments: int | None = None
    over_18: bool | None = None
    crosspost_parent: str | None = None
    crosspost_parent_list: msgspec.Raw = msgspec.Raw(b"null")
    gallery_data: msgspec.Raw = msgspec.Raw(b"null")
    removed_by_category: str | None = None
    retrieved_on: Moment = None
    retrieved_utc: Moment = None
    meta: _Meta | None = msgspec.field(name="_meta", default=None)

    def full_name(self) -> str:
        """A name such as t3_abc123; older dumps have only the last part. Raises InputError."""
        name = self.name or f"{'t3_' if self.body is None else 't1_'}{self.id}"
        if not NAME.fullmatch(name):
            raise InputError(f"not a submission or comment: {name[:40]!r}")
        return name

    def later(self) -> _Meta:
        """The findings of the second check; without one, all at their defaults."""
        return self.meta or _Meta()

    def removed(self) -> str | None:
        """Who removed it, if anybody did; see also `deleted`."""
        later = self.later()
        is_removed_later = later.was_deleted_later and (later.removal_type or "").startswith("removed")
        return self.removed_by_category or (
            "moderator" if is_removed_later or REMOVED in (self.body, self.selftext) else None
        )

    def deleted(self) -> bool:
        """Whether its author deleted it, or no longer exists."""
        if self.later().was_deleted_later:
            return True
        return DELETED in (self.author, self.body, self.selftext)


_thing = entry_decoder(_Thing, strict=False)


class RedditArchive(SourceArchive):
    """Submissions and comments, in any mix."""

    network = "reddit"
    only_known = frozenset(("counts", EDIT))
    source = partial(RedditSource, RedditSettings(), ())

    def entry(self, line: bytes) -> Sequence[RawPayload]:
        """Extracts the payloads of a line, or of a listing on it, about papers and about posts that are gone."""
        thing = _thing(line)
        if b"&" in line:
            for name in ("title", "url", "selftext", "body"):
                setattr(thing, name, _as_written(getattr(thing, name)))
        if thing.kind is not None and is_object(thing.data):
            return () if thing.kind in PASSED_OVER else self.take(bytes(thing.data))
        if thing.children is not None:
            return self.page(thing.children, self.take)
        if is_object(thing.replies):
            replies = self.take(bytes(thing.replies))
        else:
            replies = ()
        return [*self._payloads(thing), *replies]

    def _payloads(self, thing: _Thing) -> Sequence[RawPayload]:
        name = thing.full_name()
        if thing.created_utc is None:
            raise InputError("not a submission or comment: created_utc is missing")
        gone = thing.deleted() or bool(thing.removed())
        parts = (thing.crosspost_parent_list, thing.gallery_data)
        shared = [bytes(part).decode("utf-8", "replace") for part in parts]
        words = (thing.title, thing.url, thing.selftext, thing.body, *shared)
        may_name = self._target.may_name("\n".join(filter(None, words)))
        if not (gone or may_name or thing.edited):
            return ()
        created_at = self._target.when_made(thing.created_utc)
        body = msgspec.json.encode(_submission(thing, name, created_at, gone=gone))
        # Its score is from the last time it was seen
        seen_times = (thing.retrieved_on, thing.retrieved_utc, thing.later().retrieved_2nd_on)
        when_seen = self._target.when_seen(created_at, seen_times)
        if gone:
            kinds = ["counts"]
        else:
            kinds = [*(["post"] if may_name else []), *([EDIT] if thing.edited else [])]
        return [RawPayload(kind, name, body, when_seen) for kind in kinds]


def _as_written(words: str | None) -> str | None:
    """Unescaped text. Reddit escapes three characters unless asked not to, and so do most dumps; if one of them occurs
    bare, the text is not escaped."""
    if not words or BARE.search(words):
        return words
    return html.unescape(words)


def _submission(thing: _Thing, name: str, created_at: int, *, gone: bool) -> dict[str, object]:
    """A submission or comment in the shape of submissions in Reddit's own API."""
    return {
        "name": name,
        "created_utc": created_at // SECOND,
        "author": DELETED if gone else thing.author,
        "author_fullname": thing.author_fullname,
        "title": thing.title or "",
        "url": thing.url,
        "selftext": thing.selftext if thing.body is None else thing.body,
        "score": thing.score,
        "num_comments": thing.num_comments,
        "over_18": thing.over_18,
        "crosspost_parent": thing.crosspost_parent,
        "crosspost_parent_list": thing.crosspost_parent_list,
        "gallery_data": thing.gallery_data,
        "removed_by_category": thing.removed(),
        "link_id": thing.link_id,
        "parent_id": thing.parent_id,
    }
