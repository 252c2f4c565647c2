"""Bluesky's stream: what happens, event by event, in the format of Jetstream.

https://github.com/bluesky-social/jetstream
"""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from itertools import groupby
from typing import Any, NamedTuple

import msgspec

from hotpapers.base.model import DAY
from tests.loopback import bluesky, ids, words
from tests.loopback.network_state import NetworkState, Request, iso
from tests.loopback.script import (
    CHANGE_DAYS,
    SECOND,
    WITHDRAWN_AFTER,
    Message,
    Script,
    account_exists,
    count_reactions,
    counts,
    final_counts,
    reaction_time,
)

DELAY = 150_000
"""Microseconds until the network knows of a post."""
MEMORY = DAY
"""How far back a server has events."""
READERS = 3000
"""Accounts that react; the first of them also post."""
LIKE, REPOST = "app.bsky.feed.like", "app.bsky.feed.repost"
WINDOW = 5 * SECOND
"""The period within which a server under the fault `reversed` sends the last event first."""


class Event(NamedTuple):
    """Something that happens. `operation`: create or delete; for an account its status.

    `post`: the post itself, or the post that is liked or shared.
    """

    time: int
    did: str
    collection: str
    operation: str
    rkey: str
    post: Message | None = None


# ---- what happens ----------------------------------------------------------------------------------------


def events(script: Script, since: int, until: int, *, reactions: bool) -> Iterator[Event]:
    """The events from one moment until another, both included, in order."""
    script_events = (
        event
        for day in range(since // DAY, until // DAY + 1)
        for event in _of_day(script, day, reactions)
        if since <= event.time <= until
    )
    return heapq.merge(script_events, _chatter(script, since, until), key=lambda event: event.time)


@lru_cache(16)
def _of_day(script: Script, day: int, reactions: bool) -> Sequence[Event]:
    events_of_day = [*_accounts(script, day)]
    for earlier in range(day - CHANGE_DAYS, day + 1):
        for message in script.messages("bluesky", earlier):
            events_of_day += [event for event in _of_post(message) if event.time // DAY == day]
            events_of_day += _reactions(script, message, day) if reactions else ()
    return sorted(events_of_day, key=lambda event: event.time)


def _of_post(message: Message) -> Iterator[Event]:
    """The creation and the deletion of a post."""
    if account_exists(message.author, message.at):
        yield Event(message.at + DELAY, message.author.id, bluesky.POST, "create", message.id, message)
        if account_exists(message.author, message.gone_at):
            yield Event(message.gone_at, message.author.id, bluesky.POST, "delete", message.id, message)


def _accounts(script: Script, day: int) -> Iterator[Event]:
    for account in script.accounts("bluesky"):
        if account.gone_from // DAY == day:
            yield Event(account.gone_from, account.id, "", account.status, "")
        if account.gone_until // DAY == day:
            yield Event(account.gone_until, account.id, "", "active", "")


def _reactions(script: Script, message: Message, day: int) -> Iterator[Event]:
    """A post's likes and reposts on a day, and the withdrawals of likes: every tenth is withdrawn."""
    final, start, end = final_counts(message), day * DAY, min((day + 1) * DAY, message.gone_at) - 1
    if end < start or not account_exists(message.author, message.at):
        return
    for collection, total in ((LIKE, final.likes), (REPOST, final.reposts)):
        for n in range(count_reactions(message, start - 1, total) + 1, count_reactions(message, end, total) + 1):
            time = reaction_time(message, n, total)
            yield Event(time, _reader(script, message, n), collection, "create", _rkey(time, n), message)
    shift = -WITHDRAWN_AFTER
    for n in range(
        count_reactions(message, start - 1 + shift, final.likes) + 1,
        count_reactions(message, end + shift, final.likes) + 1,
    ):
        if n % 10 == 0:
            liked_at = reaction_time(message, n, final.likes)
            yield Event(
                liked_at + WITHDRAWN_AFTER, _reader(script, message, n), LIKE, "delete", _rkey(liked_at, n), message
            )


def _rkey(time: int, n: int) -> str:
    return ids.message_id("bluesky", time + n)


def _reader(script: Script, message: Message, n: int) -> str:
    """The account that gives a post its n-th like; all differ."""
    number = (message.at // SECOND * 7 + n) % READERS
    people = script.accounts("bluesky")
    return people[number].id if number < len(people) else ids.did(f"reader {number}")


def _chatter(script: Script, since: int, until: int) -> Iterator[Event]:
    """Irrelevant messages, one every `chatter` seconds, so that the stream is never silent."""
    interval = script.chatter * SECOND
    if interval:
        for n in range(-(-since // interval), until // interval + 1):
            yield Event(n * interval, _chatter_author(n), bluesky.POST, "create", "")


@lru_cache(1000)
def _did(n: int) -> str:
    return ids.did(f"reader {n}")


def _chatter_author(n: int) -> str:
    return _did(n % 1000)


# ---- what is sent --------------------------------------------------------------------------------------------


class Tail:
    """One connection to a stream: its events from the cursor on. Each call yields those since the last call."""

    def __init__(self, state: NetworkState, request: Request) -> None:
        self.collections = frozenset(request.params.get("wantedCollections", ()))
        cursor = request.param("cursor")
        self.position = min(max(int(cursor), state.now - MEMORY), state.now) if cursor.isdigit() else state.now + 1

    @property
    def reactions(self) -> bool:
        """Whether likes and reposts are requested."""
        return not self.collections or bool(self.collections & {LIKE, REPOST})

    def until(self, state: NetworkState) -> Iterator[bytes]:
        """The messages since the last call."""
        since, self.position = self.position, state.now + 1
        new_events = (e for e in events(state.script, since, state.now, reactions=self.reactions) if self._wants(e))
        for event in _reordered(new_events, state.order):
            yield jetstream(state, event)

    def next_at(self, state: NetworkState, until: int) -> int | None:
        """When the next event happens, if it does by a moment."""
        times = (e.time for e in events(state.script, state.now + 1, until, reactions=self.reactions) if self._wants(e))
        return next(times, None)

    def _wants(self, event: Event) -> bool:
        return not self.collections or not event.collection or event.collection in self.collections


def _reordered(new_events: Iterable[Event], order: str) -> Iterator[Event]:
    """Events in the order of a fault: reversed within each few seconds, or doubled."""
    if order == "reversed":
        for _, window in groupby(new_events, key=lambda event: event.time // WINDOW):
            yield from reversed(list(window))
        return
    for event in new_events:
        yield event
        if order == "doubled":
            yield event


def jetstream(state: NetworkState, event: Event) -> bytes:
    """An event in Jetstream's JSON."""
    time = state.network_time(event.time)
    if event.collection and event.post is None:
        return _chatter_message(event, time)
    if not event.collection:
        active = event.operation == "active"
        account_status = {"active": active, "did": event.did, "seq": event.time, "time": iso(time)}
        account_status |= {} if active else {"status": event.operation}
        return msgspec.json.encode({"did": event.did, "time_us": time, "kind": "account", "account": account_status})
    commit: dict[str, Any] = {
        "rev": ids.message_id("bluesky", event.time), "operation": event.operation, "collection": event.collection,
        "rkey": event.rkey,
    }  # fmt: skip
    record = _record(state, event)
    commit |= {} if record is None else {"record": record, "cid": ids.cid(event.rkey)}
    return msgspec.json.encode({"did": event.did, "time_us": time, "kind": "commit", "commit": commit})


_CHATTER = (
    '{"did":"%s","time_us":%d,"kind":"commit","commit":{"rev":"3aaaaaaaaaa2a","operation":"create","collection":'
    '"app.bsky.feed.post","rkey":"%s","record":{"$type":"app.bsky.feed.post","createdAt":"%s","langs":["en"],'
    '"text":"%s"},"cid":"bafyreia"}}'
)


def _chatter_message(event: Event, time: int) -> bytes:
    """An irrelevant message. There are many, so they are written without an encoder."""
    return (_CHATTER % (event.did, time, _own_key(event), iso(time), _chatter_text(event))).encode()


def _chatter_text(event: Event) -> str:
    return words.SMALL_TALK[event.time // SECOND % len(words.SMALL_TALK)]


def _own_key(event: Event) -> str:
    return event.rkey or ids.message_id("bluesky", event.time)


def _record(state: NetworkState, event: Event) -> dict[str, Any] | None:
    """The record in an event; None for a deletion."""
    if event.operation == "delete":
        return None
    if event.post is None:
        return {"$type": bluesky.POST, "createdAt": iso(event.time), "text": _chatter_text(event)}
    if event.collection == bluesky.POST:
        return bluesky.record(state, event.post)
    subject = {"cid": ids.cid(bluesky.uri(event.post)), "uri": bluesky.uri(event.post)}
    return {"$type": event.collection, "createdAt": iso(event.time), "subject": subject}


def reacting_accounts(script: Script, message: Message, now: int) -> tuple[frozenset[str], frozenset[str]]:
    """The DIDs of the accounts that like a post at a moment, and of those that shared it, by all events until then."""
    like_count, repost_count = count_reactions(message, now, message.final_likes), counts(message, now).reposts
    checked_for_withdrawal = count_reactions(message, now - WITHDRAWN_AFTER, message.final_likes)
    likes = [n for n in range(1, like_count + 1) if n % 10 or n > checked_for_withdrawal]
    return (
        frozenset(_reader(script, message, n) for n in likes),
        frozenset(_reader(script, message, n) for n in range(1, repost_count + 1)),
    )
