"""The answers to a post on Bluesky, from one request for its thread (lexicon app.bsky.feed.getPostThread).

The view leaves out answers that are deleted or against the author's rules, those between accounts that block each
other, and all below them. Gaps are those that the author of the first post has hidden.
"""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from hotpapers.base.model import RawPayload
from hotpapers.collect.sources.bluesky.schemas import AppViewPostUri
from hotpapers.collect.sources.decoding import decode_or_none
from hotpapers.collect.sources.thread_payloads import MAX_REPLIES, REPLY, gap_payload

DEPTH, QUOTATIONS = 40, 100
"""Answers to answers, and quotations, that are requested."""


class _HiddenReplies(msgspec.Struct, rename="camel"):
    hidden_replies: list[str] = []


class _Restriction(msgspec.Struct):
    record: _HiddenReplies | None = None


class _RestrictedPost(msgspec.Struct):
    threadgate: _Restriction | None = None


class ThreadTree(msgspec.Struct):
    """A post with the answers to it; without `post`, one that the view does not show."""

    uri: str = ""
    post: msgspec.Raw = msgspec.Raw(b"null")
    replies: list[msgspec.Raw] | None = None


class ThreadAnswer(msgspec.Struct):
    """The response of getPostThread."""

    thread: ThreadTree


def reply_payloads(thread: ThreadTree, uri: str, at: int) -> Iterator[RawPayload | None]:
    """The answers in the thread of a post, the nearest first. None if there may be others: of a post too far down, or
    that is not shown, the view says nothing about answers."""
    root = decode_or_none(thread.post, _RestrictedPost)
    restriction = root and root.threadgate and root.threadgate.record
    hidden = frozenset(restriction.hidden_replies if restriction else ())
    waiting = [(uri, reply) for reply in thread.replies or ()]
    if thread.replies is None:
        yield None
    for number, (parent, raw) in enumerate(waiting):
        view = decode_or_none(raw, ThreadTree)
        if number == MAX_REPLIES or view is None:
            yield None
            return
        if view.replies is None:
            yield None
        known = decode_or_none(view.post, AppViewPostUri)
        name = known.uri if known else view.uri
        if not name:
            continue
        is_shown = known is not None and name not in hidden
        yield RawPayload(REPLY, name, bytes(view.post), at) if is_shown else gap_payload(name, parent, at)
        waiting += [(name, reply) for reply in view.replies or ()]
