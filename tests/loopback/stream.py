"""Bluesky's streams: what happens, event by event, in the formats of Jetstream and the relay's firehose.

https://github.com/bluesky-social/jetstream · https://atproto.com/specs/event-stream
"""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from itertools import groupby
from typing import Any, NamedTuple

import msgspec
import zstandard

from hotpapers.model import DAY
from tests.loopback import bluesky, ids, words
from tests.loopback.scene import Request, Scene, iso
from tests.loopback.script import (
    LASTS,
    SECOND,
    WITHDRAWN_AFTER,
    Said,
    Script,
    come_by,
    comes_at,
    counts,
    finals,
    present,
)
from tests.sources.bluesky_events import commit_frame, frame

DELAY = 150_000
"""Microseconds until the network knows of a post."""
MEMORY = DAY
"""How far back a server has events."""
READERS = 3000
"""Accounts that react; the first of them are those that post."""
LIKE, REPOST = "app.bsky.feed.like", "app.bsky.feed.repost"
WINDOW = 5 * SECOND
"""The period within which a server under the fault `reversed` sends the last event first."""
DICTIONARY = b'","record":{"$type":"app.bsky.feed.post","createdAt":"2026-","langs":["en"],"text":"' * 4
"""The dictionary of compressed messages, for clients that ask for them; the real one is in the Jetstream project."""


class Event(NamedTuple):
    """Something that happens. `operation`: create or delete; for accounts active, or why they are not.

    `about`: the post itself, or the post liked or shared.
    """

    time: int
    did: str
    collection: str
    operation: str
    rkey: str
    about: Said | None = None


# ---- what happens ----------------------------------------------------------------------------------------


def events(script: Script, since: int, until: int, *, reactions: bool) -> Iterator[Event]:
    """The events from one moment until another, both included, in order."""
    own = (
        event
        for day in range(since // DAY, until // DAY + 1)
        for event in _of_day(script, day, reactions)
        if since <= event.time <= until
    )
    return heapq.merge(own, _chatter(script, since, until), key=lambda event: event.time)


@lru_cache(16)
def _of_day(script: Script, day: int, reactions: bool) -> Sequence[Event]:
    found = [*_accounts(script, day)]
    for earlier in range(day - LASTS, day + 1):
        for said in script.said("bluesky", earlier):
            found += [event for event in _of_post(said) if event.time // DAY == day]
            found += _reactions(script, said, day) if reactions else ()
    return sorted(found, key=lambda event: event.time)


def _of_post(said: Said) -> Iterator[Event]:
    """The creation and the deletion of a post."""
    if present(said.by, said.at):
        yield Event(said.at + DELAY, said.by.id, bluesky.POST, "create", said.id, said)
        if present(said.by, said.gone_at):
            yield Event(said.gone_at, said.by.id, bluesky.POST, "delete", said.id, said)


def _accounts(script: Script, day: int) -> Iterator[Event]:
    for by in script.accounts("bluesky"):
        if by.left // DAY == day:
            yield Event(by.left, by.id, "", by.why, "")
        if by.back // DAY == day:
            yield Event(by.back, by.id, "", "active", "")


def _reactions(script: Script, said: Said, day: int) -> Iterator[Event]:
    """A post's likes and reposts on a day, and the withdrawals of likes: every tenth is withdrawn."""
    final, start, end = finals(said), day * DAY, min((day + 1) * DAY, said.gone_at) - 1
    if end < start or not present(said.by, said.at):
        return
    for collection, most in ((LIKE, final.likes), (REPOST, final.reposts)):
        for n in range(come_by(said, start - 1, most) + 1, come_by(said, end, most) + 1):
            time = comes_at(said, n, most)
            yield Event(time, _reader(script, said, n), collection, "create", _rkey(time, n), said)
    earlier = -WITHDRAWN_AFTER
    for n in range(come_by(said, start - 1 + earlier, final.likes) + 1, come_by(said, end + earlier, final.likes) + 1):
        if n % 10 == 0:
            given = comes_at(said, n, final.likes)
            yield Event(given + WITHDRAWN_AFTER, _reader(script, said, n), LIKE, "delete", _rkey(given, n), said)


def _rkey(time: int, n: int) -> str:
    return ids.made("bluesky", time + n)


def _reader(script: Script, said: Said, n: int) -> str:
    """The account that gives a post its n-th like; all differ."""
    number = (said.at // SECOND * 7 + n) % READERS
    people = script.accounts("bluesky")
    return people[number].id if number < len(people) else ids.did(f"reader {number}")


def _chatter(script: Script, since: int, until: int) -> Iterator[Event]:
    """Messages about nothing, one every `chatter` seconds, so that the stream is never silent."""
    every = script.chatter * SECOND
    if every:
        for n in range(-(-since // every), until // every + 1):
            yield Event(n * every, _talker(n), bluesky.POST, "create", "")


@lru_cache(1000)
def _did(n: int) -> str:
    return ids.did(f"reader {n}")


def _talker(n: int) -> str:
    return _did(n % 1000)


# ---- as it is sent -------------------------------------------------------------------------------------------


class Tail:
    """One connection to a stream: its events from the cursor on. Each call gives those since the last one."""

    def __init__(self, scene: Scene, asked: Request) -> None:
        self._firehose = asked.path.endswith("subscribeRepos")
        self.wanted = frozenset(asked.params.get("wantedCollections", ()))
        self.packed = "zstd" in asked.headers.get("socket-encoding", "")
        cursor = asked.one("cursor")
        self._last = int(cursor) if cursor.isdigit() else None
        self._first = self._opening(scene.now)
        oldest = scene.now - MEMORY
        self.position = scene.now + 1 if self._last is None else min(max(self._last, oldest), scene.now)

    def _opening(self, now: int) -> list[bytes]:
        """The relay's first message for a cursor that it cannot resume from."""
        if not self._firehose or self._last is None:
            return []
        if self._last > now:
            return [frame("", {"error": "FutureCursor", "message": "cursor is in the future"}, op=-1)]
        return [frame("#info", {"name": "OutdatedCursor"})] if self._last < now - MEMORY else []

    @property
    def reactions(self) -> bool:
        """Whether likes and reposts are requested."""
        return self._firehose or not self.wanted or bool(self.wanted & {LIKE, REPOST})

    def until(self, scene: Scene) -> Iterator[bytes]:
        """The messages since the last call."""
        opening, self._first = self._first, []
        yield from opening
        since, self.position = self.position, scene.now + 1
        told = (e for e in events(scene.script, since, scene.now, reactions=self.reactions) if self._wants(e))
        for event in _in_its_order(told, scene.order):
            message = self._frame(scene, event) if self._firehose else jetstream(scene, event)
            yield _packer().compress(message) if self.packed else message

    def next_at(self, scene: Scene, until: int) -> int | None:
        """When the next event happens, if it does by a moment."""
        told = (e.time for e in events(scene.script, scene.now + 1, until, reactions=self.reactions) if self._wants(e))
        return next(told, None)

    def _wants(self, event: Event) -> bool:
        return self._firehose or not self.wanted or not event.collection or event.collection in self.wanted

    def _frame(self, scene: Scene, event: Event) -> bytes:
        """An event in CBOR. Its number is its time in µs, or one more than the last number."""
        self._last = max((self._last or 0) + 1, event.time)
        time = iso(scene.claims(event.time))
        if not event.collection:
            active = event.operation == "active"
            body = {"did": event.did, "seq": self._last, "time": time, "active": active}
            return frame("#account", body if active else body | {"status": event.operation})
        path = f"{event.collection}/{_own_key(event)}"
        return commit_frame(event.did, path, _record(scene, event), self._last, time)


@lru_cache(1)
def _packer() -> zstandard.ZstdCompressor:
    return zstandard.ZstdCompressor(dict_data=zstandard.ZstdCompressionDict(DICTIONARY))


def _in_its_order(told: Iterable[Event], order: str) -> Iterator[Event]:
    """Events in order; if reversed, every few seconds backward; if doubled, each event twice."""
    if order == "reversed":
        for _, window in groupby(told, key=lambda event: event.time // WINDOW):
            yield from reversed(list(window))
        return
    for event in told:
        yield event
        if order == "doubled":
            yield event


def jetstream(scene: Scene, event: Event) -> bytes:
    """An event in Jetstream's JSON."""
    time = scene.claims(event.time)
    if event.collection and event.about is None:
        return _small_talk(event, time)
    if not event.collection:
        active = event.operation == "active"
        standing = {"active": active, "did": event.did, "seq": event.time, "time": iso(time)}
        standing |= {} if active else {"status": event.operation}
        return msgspec.json.encode({"did": event.did, "time_us": time, "kind": "account", "account": standing})
    commit: dict[str, Any] = {
        "rev": ids.made("bluesky", event.time), "operation": event.operation, "collection": event.collection,
        "rkey": event.rkey,
    }  # fmt: skip
    record = _record(scene, event)
    commit |= {} if record is None else {"record": record, "cid": ids.cid(event.rkey)}
    return msgspec.json.encode({"did": event.did, "time_us": time, "kind": "commit", "commit": commit})


_CHATTER = (
    '{"did":"%s","time_us":%d,"kind":"commit","commit":{"rev":"3aaaaaaaaaa2a","operation":"create","collection":'
    '"app.bsky.feed.post","rkey":"%s","record":{"$type":"app.bsky.feed.post","createdAt":"%s","langs":["en"],'
    '"text":"%s"},"cid":"bafyreia"}}'
)


def _small_talk(event: Event, time: int) -> bytes:
    """A message about nothing. There are many, so they are written without an encoder."""
    return (_CHATTER % (event.did, time, _own_key(event), iso(time), _said(event))).encode()


def _said(event: Event) -> str:
    return words.SMALL_TALK[event.time // SECOND % len(words.SMALL_TALK)]


def _own_key(event: Event) -> str:
    return event.rkey or ids.made("bluesky", event.time)


def _record(scene: Scene, event: Event) -> dict[str, Any] | None:
    """The record in an event; None for a deletion."""
    if event.operation == "delete":
        return None
    if event.about is None:
        return {"$type": bluesky.POST, "createdAt": iso(event.time), "text": _said(event)}
    if event.collection == bluesky.POST:
        return bluesky.record(scene, event.about)
    subject = {"cid": ids.cid(bluesky.uri(event.about)), "uri": bluesky.uri(event.about)}
    return {"$type": event.collection, "createdAt": iso(event.time), "subject": subject}


def voices(script: Script, said: Said, now: int) -> tuple[frozenset[str], frozenset[str]]:
    """The DIDs of those who like a post at a moment, and of those who shared it: the sum of a stream's reactions."""
    given, shared = come_by(said, now, said.fame), counts(said, now).reposts
    back = come_by(said, now - WITHDRAWN_AFTER, said.fame)
    likes = [n for n in range(1, given + 1) if n % 10 or n > back]
    return (
        frozenset(_reader(script, said, n) for n in likes),
        frozenset(_reader(script, said, n) for n in range(1, shared + 1)),
    )
