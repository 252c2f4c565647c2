"""Hacker News as others archived it: hits of Algolia's search, items of Firebase, table rows.

Whatever the shape, a story or comment becomes a hit, as the source reads it; a deleted or dead one becomes an item.

    {"objectID": "8863", "created_at_i": …}            a hit; {"hits": […]}: a page of them
    {"id": 8863, "by": "ada", "time": …, "type": …}    an item, with `parent`, `text`, `score`, `descendants`
    {"id": 8863, "author": "ada", "children": […]}     a tree from Algolia; each node is an item
    {"id": "8863", "by": "ada", "timestamp": "2007-…"} a row from BigQuery, Hugging Face or ClickHouse: numbers may be
                                                       text, flags 0 and 1, kinds numbers, moments in any form
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

import msgspec

from hotpapers.base.errors import InputError
from hotpapers.base.model import RawPayload
from hotpapers.base.text.timestamps import SECOND
from hotpapers.collect.sources.decoding import entry_decoder
from hotpapers.collect.sources.hackernews import HackerNewsSettings, HackerNewsSource
from hotpapers.wings.archives.format import (
    Moment,
    SourceArchive,
    is_object,
    moment_of,
)

KINDS = ("", "story", "comment", "poll", "pollopt", "job")
"""Kinds by the numbers that some tables use for them."""
PASSED_OVER = frozenset(("job", "pollopt"))
"""Kinds that the live source does not read."""


class _Row(msgspec.Struct):
    id: int | None = None
    object_id: str | int | None = msgspec.field(name="objectID", default=None)
    hits: list[msgspec.Raw] | None = None
    children: list[msgspec.Raw] | None = None
    type: int | str | None = None
    tags: list[str] = msgspec.field(name="_tags", default=[])
    by: str | None = None
    author: str | None = None
    time: Moment = None
    created_at_i: Moment = None
    timestamp: Moment = None
    time_ts: Moment = None
    created_at: Moment = None
    title: str | None = None
    url: str | None = None
    text: str | None = None
    story_text: str | None = None
    comment_text: str | None = None
    score: int | None = None
    points: int | None = None
    descendants: int | list[Any] | None = None
    num_comments: int | None = None
    story_id: int | None = None
    parent: int | None = None
    parent_id: int | None = None
    deleted: bool | None = None
    dead: bool | None = None
    retrieved_at: Moment = None
    retrieved_on: Moment = None
    retrieved_utc: Moment = None

    def kind(self) -> str:
        """story, comment, poll, pollopt, job; guessed from other fields if missing."""
        if isinstance(self.type, str) and self.type:
            return self.type
        if isinstance(self.type, int) and 0 < self.type < len(KINDS):
            return KINDS[self.type]
        if not PASSED_OVER.isdisjoint(self.tags):
            return "job"
        is_comment = self.comment_text is not None or (not self.title and bool(self.parent or self.parent_id))
        return "comment" if is_comment else "story"

    def created_times(self) -> Moment:
        """When it was made, whatever the field is called."""
        candidates = (self.time, self.created_at_i, self.timestamp, self.time_ts, self.created_at)
        return next((moment for moment in candidates if moment not in (None, "")), None)


_row = entry_decoder(_Row, strict=False)


class HackerNewsArchive(SourceArchive):
    """Lines in any of these shapes, in any mix."""

    network = "hackernews"
    only_known = frozenset(("counts",))
    source = partial(HackerNewsSource, HackerNewsSettings(), ())

    def entry(self, line: bytes) -> Sequence[RawPayload]:
        """The stories and comments on a line that name papers, and its deleted or dead items."""
        if line.startswith(b"null"):
            return ()  # an item that Firebase does not know
        row = _row(line)
        if row.hits is not None:
            return self.page(row.hits, self.take)
        children = filter(is_object, row.children or ())
        entries = self.entries(children, self.take)
        return [*self._payloads(row), *entries]

    def _payloads(self, row: _Row) -> Sequence[RawPayload]:
        id = row.object_id if row.object_id is not None else row.id
        if id is None:
            raise InputError("item without an id")
        handle = row.by or row.author
        moments = (row.retrieved_at, row.retrieved_on, row.retrieved_utc)
        seen_moment = partial(self._target.when_seen, moments=moments)
        if row.deleted or row.dead or not handle:
            time = (moment_of(row.created_times()) or 0) // SECOND
            dead = bool(row.dead)
            counts = {"id": int(id), "time": time, "dead": dead, "deleted": not row.dead}
            return [RawPayload("counts", str(id), msgspec.json.encode(counts), seen_moment(0))]
        texts = (row.title, row.url, row.text, row.story_text, row.comment_text)
        if row.kind() in PASSED_OVER or not self._target.may_name("\n".join(filter(None, texts))):
            return ()
        created_at = self._target.when_made(row.created_times())
        body = msgspec.json.encode(_hit(row, str(id), handle, created_at))
        return [RawPayload("post", str(id), body, seen_moment(created_at))]


def _hit(row: _Row, id: str, handle: str, created_at: int) -> dict[str, object]:
    """An item in Algolia's shape."""
    comment = row.kind() == "comment"
    replies = row.num_comments if row.num_comments is not None else row.descendants
    return {
        "objectID": id,
        "created_at_i": created_at // SECOND,
        "author": handle,
        "title": row.title,
        "url": row.url,
        "points": row.points if row.points is not None else row.score,
        "num_comments": replies if isinstance(replies, int) else None,
        "story_text": None if comment else row.story_text or row.text,
        "comment_text": (row.comment_text or row.text or "") if comment else None,
        "story_id": row.story_id if comment else None,
        "parent_id": (row.parent_id or row.parent) if comment else None,
    }
