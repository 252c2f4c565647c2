"""X as others archived it: responses of its API v2, in lines.

    {"data": […], "includes": {…}, "__twarc": {…}}     a page of API v2, or one post with its related objects
    {"id": "…", "author": {…}, "referenced_tweets": …} a post of v2 with everything nested inside ("flattened")
    {"id": "…", "action": "delete", "reason": …}       a post to delete, from a compliance job

A repost includes the post that it repeats, a quote the one that it quotes, each with its own counts. Every version of
an edited post has its own id; a version that is not the last was seen, at the latest, when the next was made. Later
ones take away papers that they no longer name.

Ids are trusted most: they contain the time of posting. Texts, links and counts are taken as given; `retrieved_at` and
`redacted_at` only say when a post was seen or gone.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial

import msgspec

from hotpapers.base.errors import InputError
from hotpapers.base.model import DAY, RawPayload
from hotpapers.base.text import timestamps
from hotpapers.collect.sources.batched_requests import EDIT
from hotpapers.collect.sources.decoding import decode_or_none, entry_decoder
from hotpapers.wings.archives.format import (
    Moment,
    SourceArchive,
    decode_list,
    is_object,
)
from hotpapers.wings.x.objects import NOBODY, XPostId, XPostWithAuthor, XProblem, XUser
from hotpapers.wings.x.source import XSettings, XSource

NULL = msgspec.Raw(b"null")


class _Twarc(msgspec.Struct):
    """The field added by the collecting program (twarc)."""

    retrieved_at: Moment = None


class _Includes(msgspec.Struct):
    users: list[msgspec.Raw] = []
    tweets: list[msgspec.Raw] = []


class _Line(msgspec.Struct):
    data: msgspec.Raw = msgspec.Raw(b"")
    includes: _Includes | None = None
    errors: list[msgspec.Raw] = []
    meta: msgspec.Raw = msgspec.Raw(b"")
    twarc: msgspec.Raw = msgspec.field(name="__twarc", default=NULL)
    id: str | int | None = None
    text: str | None = None
    referenced_tweets: list[msgspec.Raw] = []
    action: str | None = None
    redacted_at: Moment = None


_line = msgspec.json.Decoder(_Line).decode
_own = entry_decoder(XPostId)


class XArchive(SourceArchive):
    """Lines in any of these shapes, in any mix."""

    network = "x"
    only_known = frozenset(("gone", EDIT))
    source = partial(XSource, XSettings(), ())

    def entry(self, line: bytes) -> Sequence[RawPayload]:
        """The posts on a line that name papers, and those that it reports gone."""
        entry = _line(line)
        if entry.data or entry.errors or entry.meta:
            return self._page_of_posts(entry)
        if entry.action is not None:
            if entry.action != "delete":
                return ()
            number = self._number(str(entry.id))
            when_seen = self._target.when_seen(0, (entry.redacted_at,))
            return [RawPayload("gone", str(number), b"null", when_seen)]
        if entry.id is not None and entry.text is not None:
            # The posts nested inside a flattened post
            posts = [raw for raw in entry.referenced_tweets if b'"text"' in bytes(raw)]
            take = partial(self._post, users={}, at=self._at(entry))
            return [*take(line), *self.entries(posts, take)]
        raise InputError("contains no post")

    def _at(self, line: _Line) -> int:
        twarc = decode_or_none(line.twarc, _Twarc) or _Twarc()
        return self._target.when_seen(0, (twarc.retrieved_at,))

    def _page_of_posts(self, line: _Line) -> list[RawPayload]:
        """A page's posts, those that they repeat or quote, and those that it reports gone."""
        at = self._at(line)
        includes = line.includes or _Includes()
        users = {user.id: raw for raw in includes.users if (user := decode_or_none(raw, XUser))}
        if is_object(line.data):
            data = [line.data]
        elif line.data and line.data != NULL:
            data = decode_list(line.data)
        else:
            data = []
        take = partial(self._post, users=users, at=at)
        entries = self.entries(line.errors, partial(self._gone_by, at=at))
        page = self.page(data, take)
        return [
            *page,
            *self.entries(includes.tweets, take),
            *entries,
        ]

    def _post(self, raw: bytes, users: Mapping[str, msgspec.Raw], at: int) -> Sequence[RawPayload]:
        own = _own(raw)
        number = self._number(own.id)
        history = [self._number(id) for id in own.edit_history_tweet_ids]
        following = [id for id in history if id > number]
        if following:
            at = min(at, timestamps.of_x_post(str(min(following))))
        author = XPostWithAuthor(msgspec.Raw(raw), users.get(own.author_key, NOBODY))
        first = min([number, *history])
        body = msgspec.json.encode(author)
        seen_at = max(at, timestamps.of_x_post(own.id))
        kinds = ["post"] if self._target.may_name(raw.decode("utf-8", "replace")) else []
        kinds += [EDIT] if number > first else []
        return [RawPayload(kind, str(first), body, seen_at) for kind in kinds]

    def _gone_by(self, raw: bytes, at: int) -> Sequence[RawPayload]:
        problem = decode_or_none(raw, XProblem)
        if problem and problem.gone:
            return [RawPayload("gone", str(self._number(problem.value)), raw, at)]
        return []

    def _number(self, id: str) -> int:
        """A post's id as a number. Raises InputError if it is not one, or of a post from the future."""
        if not (id.isascii() and id.isdigit() and len(id) < 20):
            raise InputError(f"not a post id: {id[:40]!r}")
        if timestamps.of_x_post(id) > self._target.now + DAY:
            raise InputError(f"the id of a post from the future: {id}")
        return int(id)
