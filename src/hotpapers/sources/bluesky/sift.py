"""What of the stream concerns us: posts that name papers, and what befalls the posts that are tracked.

This is done for every event of the network, hundreds in a second, and hundreds of times as fast after an outage:
an envelope is decoded without its record, and most events are let go after one look.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Container

import msgspec

from hotpapers.mentions import spans
from hotpapers.model import Seen
from hotpapers.sources.bluesky import wire
from hotpapers.sources.bluesky.records import MOST_LINKS, address, key_of
from hotpapers.sources.matching import LONGEST

UNREADABLE = (msgspec.MsgspecError, ValueError, RecursionError)
"""What decoders raise for nonsense."""


class Sieve:
    """Keeps what concerns us. `known`: keys of posts, and of accounts, that the record tracks.

    It remembers which reaction was for which post, for the last `remembers` of them: a withdrawal names the
    reaction alone. `fresh` holds posts and accounts that it let through and that `known` may not have yet.
    """

    def __init__(self, known: Container[str], *, reactions: bool, remembers: int) -> None:
        self._known, self._reactions, self._remembers = known, reactions, remembers
        self._posts: OrderedDict[str, str] = OrderedDict()
        self.fresh: set[str] = set()

    def seen(self, event: wire.Event, body: bytes, at: int) -> Seen | None:
        """What an event says that concerns us. Raises what decoders raise for nonsense."""
        commit = event.commit
        if commit is None:
            return self._account(event, body, at) if event.account else None
        collection = commit.collection
        if collection == wire.POST:
            return self._post(event, commit, body, at)
        if self._reactions and collection in (wire.LIKE, wire.REPOST):
            return self._reaction(event, commit, body, at)
        return None

    def _tracked(self, id: str) -> bool:
        key = key_of(id)
        return key in self._known or key in self.fresh

    def _post(self, event: wire.Event, commit: wire.Commit, body: bytes, at: int) -> Seen | None:
        if commit.operation != "delete":
            if not names_paper(commit.record):
                return None
            uri = address(event.did, wire.POST, commit.rkey)
            self.fresh.update((key_of(uri), key_of(event.did)))
            return Seen("post", uri, body, at)
        uri = address(event.did, wire.POST, commit.rkey)
        return Seen("gone", uri, body, at) if self._tracked(uri) else None

    def _reaction(self, event: wire.Event, commit: wire.Commit, body: bytes, at: int) -> Seen | None:
        if commit.operation == "delete":
            uri = address(event.did, commit.collection, commit.rkey)
            post = self._posts.pop(uri, None)
            if post is None:
                return None
            told = msgspec.json.encode({"post": post, "event": msgspec.Raw(body)})
            return Seen("withdrawn", uri, told, at)
        post = wire.pointing(commit.record).subject.uri
        if not self._tracked(post):
            return None
        uri = address(event.did, commit.collection, commit.rkey)
        self._posts[uri] = post
        if len(self._posts) > self._remembers:
            self._posts.popitem(last=False)
        return Seen("reaction", uri, body, at)

    def _account(self, event: wire.Event, body: bytes, at: int) -> Seen | None:
        return Seen("account", event.did, body, at) if self._tracked(event.did) else None


def names_paper(record: msgspec.Raw) -> bool:
    """Whether a post names a paper: by the same search as when it is read, over all its words and links at once.

    A record that is not as it should be is a post only if its bytes name one: then it is kept, and seen to be broken.
    """
    try:
        post = wire.post_record(record)
    except UNREADABLE:
        return bool(spans(bytes(record).decode("utf-8", "replace")[:LONGEST]))
    searched = post.text[:LONGEST]
    links = post.facet_targets()[:MOST_LINKS] if post.facets else []
    if post.embed is not None:
        links += post.embed.cards()
    return bool(spans("\n".join((searched, *links)) if links else searched))
